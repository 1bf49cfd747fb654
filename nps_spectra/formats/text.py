"""Plain peak lists: two columns, m/z and intensity; one file is one spectrum."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from nps_spectra.formats.numbers import number_columns
from nps_spectra.formats.record import ParsedRecord, RawRecord, RecordFault, TextFormat

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

# float() would also take '1_000' and digits of other scripts; NaN and infinity are left to the check of the peaks.
_NUMBER: Final = re.compile(
    r"[-+]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?|nan|inf(?:inity)?)", re.IGNORECASE | re.ASCII
)
_HEADER: Final = re.compile(
    r"\W*(?:m\s*(?:/\s*)?z|mass(?:es)?|x)\b.*(?:\b(?:rel|int|abund|y\b)|intens|abund|count|height|area)", re.IGNORECASE
)
_THOUSANDS: Final = re.compile(r"\d{1,3}(?:,\d{3})+")
_COMPRESSED: Final = re.compile(r"\.(?:gz|xz|bz2)$", re.IGNORECASE)
_EXTENSION: Final = re.compile(r"\.[A-Za-z]\w{0,4}$")


def _is_data(line: str) -> bool:
    text = line.strip()
    return bool(text) and not text.startswith("#")


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None


def _delimiter(line: str) -> str | None:
    """What separates the two columns; None stands for blanks.

    A comma is the delimiter only where it alone gives two numbers: "58,1 999" has decimal commas.
    """
    text = line.strip()
    for candidate in ("\t", ";"):
        if candidate in text:
            return candidate
    return "," if all(map(_is_number, _cells(text, ","))) and text.count(",") == 1 else None


def _cells(line: str, delimiter: str | None) -> list[str]:
    return [cell.strip() for cell in line.strip().split(delimiter)]


def _columns(lines: Sequence[str], delimiter: str | None) -> tuple[npt.NDArray[np.float64], ...] | None:
    """m/z and intensity of lines that are all of the plainest spelling; None where one has to be looked at."""
    if delimiter is None:
        return number_columns(lines, 2)
    text = "\n".join(lines)
    if " " in text or text.count(delimiter) != len(lines):
        return None
    return number_columns(text.replace(delimiter, " ").split("\n"), 2)


def _is_peak(line: str) -> bool:
    delimiter = _delimiter(line)
    cells = _cells(line, delimiter)
    if delimiter != ",":
        cells = [cell.replace(",", ".") for cell in cells]
    return len(cells) == 2 and all(map(_is_number, cells))


def _sniff(head: str, _name: str) -> bool:
    lines = [line for line in head.split("\n") if _is_data(line)]
    if lines and _HEADER.match(lines[0]):
        lines = lines[1:]
    if lines and _columns(lines, _delimiter(lines[0])) is not None:
        return True
    # A bad line further down is to be named as such, not to make the file unknown.
    return bool(lines) and _is_peak(lines[0]) and 2 * sum(map(_is_peak, lines)) > len(lines)


def _split(lines: Iterable[tuple[int, str]]) -> Iterator[RawRecord]:
    whole = list(lines)
    if any(text.strip() for _, text in whole):
        yield RawRecord(whole[0][0], [text for _, text in whole])


def _parse(raw: RawRecord, file_name: str) -> ParsedRecord:
    record = ParsedRecord((), (), notes=["name taken from the file name"], dialect="two-column text")
    record.fields["name"] = _stem(file_name)
    peaks: list[tuple[int, str]] = []
    for at, line in enumerate(raw.lines, start=raw.line or 1):
        if _is_data(line):
            peaks.append((at, line))
        elif line.strip():
            record.original.append(("#", line.strip().lstrip("#").strip()))
    if peaks and _HEADER.match(peaks[0][1]):
        record.original.append(("header", peaks.pop(0)[1].strip()))
    if not peaks:
        return record
    delimiter = _delimiter(peaks[0][1])
    columns = _columns([line for _, line in peaks], delimiter)
    if columns is not None:
        record.mz, record.intensity = columns
        return record
    rows = [(at, line, _cells(line, delimiter)) for at, line in peaks]
    for at, line, cells in rows:
        if len(cells) != 2:
            raise RecordFault(_expected(at, line))
    if delimiter != "," and any("," in line for _, line in peaks):
        _accept_decimal_commas([cells for _, _, cells in rows])
        record.notes.append("decimal commas")
        rows = [(at, line, [cell.replace(",", ".") for cell in cells]) for at, line, cells in rows]
    for at, line, cells in rows:
        if not all(map(_is_number, cells)):
            raise RecordFault(_expected(at, line))
    record.mz = [float(cells[0]) for _, _, cells in rows]
    record.intensity = [float(cells[1]) for _, _, cells in rows]
    return record


def _expected(at: int, line: str) -> str:
    return f"line {at} is {line.strip()[:40]!r}, expected two numbers: m/z and intensity"


def _accept_decimal_commas(rows: Sequence[Sequence[str]]) -> None:
    """Refuse commas that may separate thousands: read as a decimal mark they would change the spectrum."""
    cells = [cell for row in rows for cell in row]
    thousands = not any("," in row[0] for row in rows) and all(
        _THOUSANDS.fullmatch(cell) for cell in cells if "," in cell
    )
    if thousands or any("." in cell for cell in cells):
        raise RecordFault("commas may be decimal marks or separate thousands: write numbers with a decimal point")


def _stem(file_name: str) -> str:
    """File name without folders, archive and extension."""
    name = PurePosixPath(file_name.rpartition("!")[2]).name
    return _EXTENSION.sub("", _COMPRESSED.sub("", name)) or name


FORMAT: Final = TextFormat(
    name="text",
    title="two-column text",
    extensions=(
        ".txt",
        ".csv",
        ".tsv",
        ".xy",
        ".asc",
        ".dat",
    ),
    sniff=_sniff,
    split=_split,
    parse=_parse,
    rank=90,
)
