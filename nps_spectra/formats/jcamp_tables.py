"""Tabular data of JCAMP-DX: pairs in free format, and ordinates squeezed, as differences and as duplicates.

Source: McDonald & Wilks, Appl. Spectrosc. 1988, 42, 151 (DOI 10.1366/0003702884428734), section 5.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from nps_spectra.formats.record import RecordFault

#: A table that comes to more points is refused, whatever DUP asks for.
MOST_POINTS: Final = 2**21
#: So many points that are no zeros may come from one character of text: DUP must not fill the memory.
_POINTS_A_CHARACTER: Final = 16
_ALLOWANCE: Final = 256

_FREE: Final = re.compile(r"[-+0-9.eE\s,;]*")
_SEPARATORS: Final = str.maketrans(",;", "  ")
_NUMBER: Final = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]\d{1,3})?"
_TOKEN: Final = re.compile(rf"{_NUMBER}|[@A-Ia-i%J-Rj-rS-Zs]\d*\.?\d*|\?", re.ASCII)
_ABSCISSA: Final = re.compile(r"[-+]?\d*\.?(\d*)(?:[eE]([-+]\d+))?", re.ASCII)
_NO_SEPARATOR: Final = re.compile(r"\.\d*\.")
_WITHOUT_SEPARATORS: Final = {ord(letter): None for letter in " \t,;\xa0"}
# The first digit of a number with its sign: squeezed, as a difference, and how often the last one occurs.
_SQUEEZED: Final = {letter: str(digit) for digit, letter in enumerate("@ABCDEFGHI")} | {
    letter: f"-{digit}" for digit, letter in enumerate("abcdefghi", start=1)
}
_DIFFERENCE: Final = {letter: str(digit) for digit, letter in enumerate("%JKLMNOPQR")} | {
    letter: f"-{digit}" for digit, letter in enumerate("jklmnopqr", start=1)
}
_DUPLICATE: Final = {letter: str(digit) for digit, letter in enumerate("STUVWXYZs", start=1)}


@dataclass(slots=True)
class Ordinates:
    """The ordinates of a table ``(X++(Y..Y))``.

    Attributes
    ----------
    values : list of float
        As coded, without the factor; NaN for ``?``, a point that has no value.
    abscissas : list of (int, float, float)
        For each line: which point its abscissa belongs to, the abscissa as written, and half a unit of its last
        digit.
    unchecked : bool
        The last line ends with a difference, and no further line checks its value.
    """

    values: list[float] = field(default_factory=list)
    abscissas: list[tuple[int, float, float]] = field(default_factory=list)
    unchecked: bool = False


def pairs(lines: Sequence[str]) -> tuple[list[float], list[float]]:
    """Abscissas and ordinates of a table ``(XY..XY)`` in free format (AFFN).

    Parameters
    ----------
    lines : sequence of str
        Without comments. Commas, semicolons and blanks all separate numbers.

    Raises
    ------
    RecordFault
        Something that is no number, or a line with half a pair.

    Examples
    --------
    >>> pairs(["41, 520; 43, 1000", "55,630 67,417"])
    ([41.0, 43.0, 55.0, 67.0], [520.0, 1000.0, 630.0, 417.0])
    """
    text = "\n".join(lines)
    if not _FREE.fullmatch(text):
        bad = next(line for line in lines if not _FREE.fullmatch(line))
        raise RecordFault(f"data line {bad.strip()[:40]!r}: expected pairs of numbers 'x, y'")
    rows = [row.split() for row in text.translate(_SEPARATORS).split("\n")]
    if 1 in [len(row) % 2 for row in rows]:
        bad = next(line for line, row in zip(lines, rows, strict=True) if len(row) % 2)
        raise RecordFault(f"data line {bad.strip()[:40]!r} is not in pairs 'x, y'")
    cells = list(itertools.chain.from_iterable(rows))
    try:
        return list(map(float, cells[::2])), list(map(float, cells[1::2]))
    except ValueError:
        bad = next(cell for cell in cells if not re.fullmatch(r"[-+]?(\d+(?:\.\d*)?|\.\d+)([eE][-+]?\d+)?", cell))
        raise RecordFault(f"data: {bad[:40]!r} is not a number") from None


def ordinates(lines: Sequence[str]) -> Ordinates:
    """Ordinates of a table ``(X++(Y..Y))`` in any mixture of the forms AFFN, PAC, SQZ, DIF and DUP.

    Each line starts with an abscissa. After a line that ends with a difference, the first ordinate of the next
    one repeats the last ordinate; it is a check (Y-value check), not a point.

    Parameters
    ----------
    lines : sequence of str
        Without comments.

    Raises
    ------
    RecordFault
        Text of no form, a Y-value check that fails, or more points than a table may have.

    Examples
    --------
    >>> ordinates(["599.860@VKT%TLkj", "604D"]).values
    [0.0, 0.0, 0.0, 0.0, 2.0, 4.0, 4.0, 4.0, 7.0, 5.0, 4.0]
    """
    table = Ordinates()
    budget = _ALLOWANCE + _POINTS_A_CHARACTER * sum(map(len, lines))
    for line in lines:
        tokens = _tokens(line)
        if tokens:
            budget = _read_line(table, line, tokens, budget)
    return table


def _tokens(line: str) -> list[str]:
    tokens = _TOKEN.findall(line)
    if "".join(tokens) != line.translate(_WITHOUT_SEPARATORS).strip() or _NO_SEPARATOR.search(line):
        raise RecordFault(f"data line {line.strip()[:40]!r}: not a number, nor one squeezed by ASDF")
    return tokens


def _read_line(table: Ordinates, line: str, tokens: list[str], budget: int) -> int:
    """Add the points of one line; what is left of the budget of points that are no zeros."""
    values = table.values
    last = values[-1] if values else math.nan
    check = table.unchecked
    table.abscissas.append((len(values) - check, *_abscissa(line, tokens[0])))
    if len(tokens) == 1:
        raise RecordFault(f"data line {line.strip()[:40]!r}: an abscissa without ordinates")
    difference: float | None = None
    for at, token in enumerate(tokens[1:]):
        first = token[0]
        if first in _DUPLICATE:
            repeats = _repeats(line, token, len(values)) if at else 0
            if not repeats:
                raise RecordFault(f"data line {line.strip()[:40]!r}: {token[:20]!r} repeats no point")
            budget -= repeats - 1 if last or difference else 0
            if budget < 0:
                raise RecordFault(f"refused: {token[:20]!r} unpacks to too many points for so short a text")
            if difference is None:
                values.extend(itertools.repeat(last, repeats - 1))
            else:
                values.extend(last + step * difference for step in range(1, repeats))
            last = values[-1]
            continue
        if first in _DIFFERENCE:
            difference = float(_DIFFERENCE[first] + token[1:])
            last += difference
            if not at or math.isnan(last):
                raise RecordFault(f"data line {line.strip()[:40]!r}: {token[:20]!r} is a difference to no value")
        else:
            difference = None
            last = math.nan if first == "?" else float(_SQUEEZED.get(first, first) + token[1:])
            if check and not at:
                # Sums of decimal differences are not exact; whole numbers, which the form is made for, are.
                if not math.isclose(last, values[-1], rel_tol=1e-9, abs_tol=1e-9):
                    raise RecordFault(
                        f"data line {line.strip()[:40]!r}: Y-value check found {last:.10g}, expected {values[-1]:.10g}"
                    )
                continue
        values.append(last)
        budget -= 1 if last else 0
    if len(values) > MOST_POINTS:
        raise RecordFault(f"refused: more than {MOST_POINTS} points in one table")
    table.unchecked = difference is not None
    return budget


def _abscissa(line: str, token: str) -> tuple[float, float]:
    found = _ABSCISSA.fullmatch(token)
    value = float(token) if found and token[-1] not in "+-" else math.inf
    if found is None or not math.isfinite(value):
        raise RecordFault(f"data line {line.strip()[:40]!r}: starts with {token[:20]!r}, expected an abscissa")
    return value, float(f"5e{int(found.group(2) or 0) - len(found.group(1)) - 1}")


def _repeats(line: str, token: str, points: int) -> int:
    """How often the last value occurs in all."""
    digits = _DUPLICATE[token[0]] + token[1:]
    if len(digits) > len(str(MOST_POINTS)) or not digits.isdigit() or points + int(digits) > MOST_POINTS + 1:
        raise RecordFault(
            f"data line {line.strip()[:40]!r}: {token[:20]!r} makes more than the {MOST_POINTS} points of a table"
        )
    return int(digits)
