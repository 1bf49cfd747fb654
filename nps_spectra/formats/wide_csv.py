"""Tables with one spectrum in a row and one column for each nominal m/z."""

from __future__ import annotations

import csv
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from nps_spectra.formats.fields import number
from nps_spectra.formats.record import ParsedRecord, RawRecord, RecordFault, TextFormat

_DELIMITERS: Final = (",", ";", "\t")
_NAME_COLUMNS: Final = ("name", "compound", "id")
#: A table with fewer m/z columns, or only with such numbers as years, is something else.
_FEWEST_COLUMNS: Final = 10
_LARGEST_FIRST_MZ: Final = 500
#: A quoted cell goes over no more lines; a quote that is never closed must not swallow the file.
_MOST_LINES: Final = 16


@dataclass(frozen=True, slots=True)
class _Header:
    """Columns of a table."""

    delimiter: str
    cells: tuple[str, ...]
    mz: tuple[float | None, ...]
    name: int | None
    fault: str | None


def _row(lines: Sequence[str], delimiter: str) -> list[str]:
    """Cells of one record; raises `csv.Error` where quotes are wrong."""
    rows = list(csv.reader([f"{line}\n" for line in lines], delimiter=delimiter, strict=True))
    if len(rows) > 1:
        raise csv.Error("more than one row")
    return rows[0] if rows else []


def _is_open(lines: Sequence[str], delimiter: str) -> bool:
    """Whether a quoted cell goes on in the next line."""
    try:
        _row(lines, delimiter)
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False


def _header(lines: Sequence[str]) -> _Header | None:
    """The columns that a first line names; None if it is no header of such a table."""
    for delimiter in _DELIMITERS:
        try:
            cells = tuple(cell.strip() for cell in _row(lines, delimiter))
        except csv.Error:
            continue
        mz = tuple(number(cell) for cell in cells)
        known = [value for value in mz if value is not None]
        if len(known) < max(_FEWEST_COLUMNS, len(cells) / 2) or min(known) > _LARGEST_FIRST_MZ:
            continue
        lower = [cell.lower() for cell in cells]
        name = next((lower.index(wanted) for wanted in _NAME_COLUMNS if wanted in lower), None)
        twice = sorted(value for value, times in Counter(known).items() if times > 1)
        fault = f"the table has two columns for m/z {twice[0]:g}" if twice else None
        return _Header(delimiter, cells, mz, name, fault)
    return None


def _sniff(head: str, _name: str) -> bool:
    for line in head.split("\n"):
        if line.strip():
            return _header([line]) is not None
    return False


def _split(lines: Iterable[tuple[int, str]]) -> Iterator[RawRecord]:
    source = iter(lines)
    waiting: deque[tuple[int, str]] = deque()

    def following() -> tuple[int, str] | None:
        return waiting.popleft() if waiting else next(source, None)

    header: _Header | None = None
    first = True
    while (item := following()) is not None:
        if not item[1].strip():
            continue
        if first:
            first = False
            header = _header([item[1]])
            if header is not None:
                continue
        delimiter = header.delimiter if header is not None else ","
        taken, texts = [item], [item[1]]
        still_open = '"' in item[1] and _is_open(texts, delimiter)
        while still_open and len(taken) < _MOST_LINES and (more := following()) is not None:
            taken.append(more)
            texts.append(more[1])
            still_open = _is_open(texts, delimiter)
        if still_open:
            waiting.extendleft(reversed(taken[1:]))
            del texts[1:]
        yield RawRecord(item[0], texts, header)


def _parse(raw: RawRecord, _name: str) -> ParsedRecord:
    header: _Header | None = raw.context
    if header is None:
        raise RecordFault("the table has no header with a column for each m/z")
    if header.fault is not None:
        raise RecordFault(header.fault)
    try:
        cells = _row(raw.lines, header.delimiter)
    except csv.Error as error:
        raise RecordFault(f"not a row of a CSV table: {error}") from error
    if len(cells) != len(header.cells):
        raise RecordFault(f"{len(cells)} cells, expected {len(header.cells)} as in the header")
    record = ParsedRecord((), (), dialect="wide CSV")
    mz, intensity = [], []
    for at, (column, cell) in enumerate(zip(header.mz, cells, strict=True)):
        if column is None:
            record.original.append((header.cells[at] or f"column {at + 1}", cell))
            continue
        # Most cells are this one; a zero is how the format writes "no peak".
        if cell == "0":
            continue
        value = _abundance(cell, header.cells[at])
        if value != 0:
            mz.append(column)
            intensity.append(value)
    record.mz, record.intensity = mz, intensity
    if header.name is not None and (name := cells[header.name].strip()):
        record.fields["name"] = name
    return record


def _abundance(cell: str, column: str) -> float:
    try:
        if "_" not in cell:
            return float(cell)
    except ValueError:
        pass
    found = repr(cell[:40]) if cell.strip() else "empty"
    raise RecordFault(f"column {column!r} is {found}, expected a number")


FORMAT: Final = TextFormat(
    name="wide_csv",
    title="table with one row a spectrum",
    extensions=(
        ".csv",
        ".tsv",
    ),
    sniff=_sniff,
    split=_split,
    parse=_parse,
    rank=80,
)
