"""Pairs of m/z and intensity as people and programs write them: one place for all formats of lines.

One pair or several on a line; blanks, tabs, commas or semicolons between the numbers; pairs in brackets; remarks
behind a pair. A comma may be a decimal mark or stand between two numbers: where both readings are possible, the
declared number of pairs must decide.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from nps_spectra.formats.record import RecordFault

_QUOTED: Final = re.compile(r'"[^"]*"')
_BREAK: Final = re.compile(r"[;()\[\]{}]")
_PLAIN: Final = re.compile(r"^[-+0-9.eE\s;]*$")
_PLAIN_WITH_COMMAS: Final = re.compile(r"^[-+0-9.eE\s;,]*$")
# ASCII: float() would take digits of other scripts, too.
_NUMBER: Final = re.compile(
    r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|inf(?:inity)?)", re.IGNORECASE | re.ASCII
)
_ONLY_NUMBERS: Final = re.compile(r"[-+0-9.eE,;()\[\]{}]*")


def pairs_of(
    lines: Sequence[str], declared: int | None, count_field: str
) -> tuple[list[float], list[float], list[str]]:
    """The pairs of numbers on these lines.

    Parameters
    ----------
    lines : sequence of str
        Without line ends.
    declared : int or None
        The number of pairs that the record says it has. It decides between two readings and nothing else.
    count_field : str
        What the format calls that number, for the messages.

    Returns
    -------
    mz, intensity : list of float
    annotations : list of str
        Lines with remarks on peaks, as they stand.

    Raises
    ------
    RecordFault
        Something that is no number, a number without its other half, or commas that may mean two things.

    Examples
    --------
    >>> pairs_of(["58.1 999; 91 80", '119,4 "C9H11+"'], 3, "Num Peaks")
    ([58.1, 91.0, 119.0], [999.0, 80.0, 4.0], ['119,4 "C9H11+"'])
    """
    text = "\n".join(lines)
    quick = _plain_pairs(text, lines) if _PLAIN.match(text) else _comma_pairs(text, declared)
    if quick is not None:
        return (*quick, [])
    annotations: list[str] = []
    chunks = [_chunks_of(line, annotations) for line in lines]
    return (*_pairs(chunks, declared, count_field), annotations)


def _plain_pairs(text: str, lines: Sequence[str]) -> tuple[list[float], list[float]] | None:
    cells = text.replace(";", " ").split()
    if len(cells) % 2 or any(len(line.replace(";", " ").split()) % 2 for line in lines):
        return None
    try:
        return [float(cell) for cell in cells[::2]], [float(cell) for cell in cells[1::2]]
    except ValueError:
        return None  # the careful way finds the cell and says so


def _comma_pairs(text: str, declared: int | None) -> tuple[list[float], list[float]] | None:
    """Pairs with one comma each, as many as declared: no other reading has that number."""
    if "," not in text or not _PLAIN_WITH_COMMAS.match(text):
        return None
    tokens = text.replace(", ", ",").replace(" ,", ",").replace(";", " ").split()
    if len(tokens) != declared or any(token.count(",") != 1 for token in tokens):
        return None
    cells = ",".join(tokens).split(",")
    try:
        return [float(cell) for cell in cells[::2]], [float(cell) for cell in cells[1::2]]
    except ValueError:
        return None


def _chunks_of(line: str, annotations: list[str]) -> list[list[str]]:
    """Groups of cells of one line, as semicolons and brackets make them."""
    words = line.split()
    if len(words) == 3 and ";" not in line and _is_remark(words[2]):
        annotations.append(line.strip())
        line = f"{words[0]} {words[1]}"
    quoted = _QUOTED.findall(line)
    if quoted:
        annotations.append(line.strip())
        line = _QUOTED.sub(";", line)
    if '"' in line:
        raise RecordFault(f"peak line {line.strip()[:40]!r}: a quote is not closed")
    found = []
    for piece in _BREAK.split(line):
        piece = " ".join(piece.split())
        if not piece or piece == ",":
            continue
        # A comma followed by a blank, or a lone comma, can only be a delimiter.
        cells = re.sub(r",\s+|\s+,", " ", piece.strip(",")).split()
        if len(cells) == 3 and not _NUMBER.fullmatch(cells[2].replace(",", ".")) and not quoted:
            annotations.append(line.strip())
            cells = cells[:2]
        found.append(cells)
    return found


def _is_remark(word: str) -> bool:
    return '"' not in word and not _ONLY_NUMBERS.fullmatch(word) and not _NUMBER.fullmatch(word)


def _pairs(lines: list[list[list[str]]], declared: int | None, count_field: str) -> tuple[list[float], list[float]]:
    """m/z and intensity of all lines, in the one reading of the commas that fits."""
    chunks = [cells for line in lines for cells in line]
    as_delimiter = [[part for cell in cells for part in cell.split(",")] for cells in chunks]
    readings = [as_delimiter]
    if any("," in cell for cells in chunks for cell in cells):
        readings.append([[cell.replace(",", ".") for cell in cells] for cells in chunks])
    if chunks and all(len(cells) == 1 for cells in chunks):
        # "58,5;99,9": the semicolon stands between m/z and intensity.
        readings.append([[cell.replace(",", ".") for (cell,) in line] for line in lines])
    readable = [
        reading
        for reading in readings
        if all(len(cells) % 2 == 0 and all(map(_NUMBER.fullmatch, cells)) for cells in reading)
    ]
    if len(readable) > 1:
        readable = [reading for reading in readable if sum(map(len, reading)) == 2 * (declared or 0)]
        if len(readable) != 1:
            raise RecordFault(
                f"commas may be decimal or between m/z and intensity, and {count_field} does not tell which"
            )
    return _numbers(readable[0] if readable else as_delimiter)


def _numbers(chunks: list[list[str]]) -> tuple[list[float], list[float]]:
    mz: list[float] = []
    intensity: list[float] = []
    for cells in chunks:
        for cell in cells:
            if not _NUMBER.fullmatch(cell):
                raise RecordFault(f"peak {len(mz) + 1}: {cell[:40]!r} is not a number")
        if len(cells) % 2:
            raise RecordFault(f"peak {len(mz) + 1 + len(cells) // 2}: {' '.join(cells)[:60]!r} is not in pairs")
        mz += map(float, cells[::2])
        intensity += map(float, cells[1::2])
    return mz, intensity
