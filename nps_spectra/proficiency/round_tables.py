"""Rows of the tables of a round, CSV or XLSX, held against their schema."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from nps_spectra.errors import RoundError
from nps_spectra.proficiency.schema import schema, shown
from nps_spectra.proficiency.spreadsheets import sheet_rows

#: Folder of the laboratories' spectra, and name of the table that says whose they are.
SPECTRA: Final = "spectra"
#: The largest table that is read, in bytes: 10,000 laboratories take some 30 MB.
_LARGEST: Final = 500_000_000


def table_rows(path: Path, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a table with their numbers, as a spreadsheet program counts them; every cell is stripped text.

    Of CSV separated by commas, semicolons or tabs, as the header is, or of an XLSX spreadsheet: one sheet, or a form.

    Raises
    ------
    RoundError
        No UTF-8, no header as the schema `name` asks for, or a row with more cells than the header.
    """
    rules = schema(name)
    lines = sheet_rows(path, name) if path.suffix.casefold() == ".xlsx" else _csv_rows(path)
    header = [cell.strip().casefold() for cell in next(lines, [])]
    while header and not header[-1]:
        header.pop()
    _check_header(header, rules, str(path))
    # A quoted cell may hold line ends: rows are counted, not lines.
    for number, cells in enumerate(lines, 2):
        filled = [cell.strip() for cell in cells]
        if not any(filled):
            continue
        while len(filled) > len(header) and not filled[-1] and path.suffix.casefold() == ".xlsx":
            filled.pop()
        if len(filled) > len(header):
            raise RoundError(
                str(path),
                number,
                None,
                f"has {len(filled)} cells, expected {len(header)} as in the header; "
                "put a text that holds a separator in double quotes",
            )
        padded = [*filled, *[""] * (len(header) - len(filled))]
        yield number, dict(zip(header, padded, strict=True))


def _csv_rows(path: Path) -> Iterator[list[str]]:
    file = str(path)
    try:
        if path.stat().st_size > _LARGEST:
            raise RoundError(file, None, None, f"is larger than {_LARGEST} bytes, expected a table of results")
        with path.open(encoding="utf-8-sig", newline="") as stream:
            text = stream.read()
    except OSError as error:
        raise RoundError(file, None, None, f"cannot be read ({error.strerror}), expected a table") from error
    except UnicodeDecodeError as error:
        raise RoundError(file, None, None, f"is no UTF-8 ({error}); save it as 'CSV UTF-8'") from error
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(text.splitlines(keepends=True), delimiter=separator, strict=True)
    try:
        yield from reader
    except csv.Error as error:
        raise RoundError(file, reader.line_num, None, f"is no CSV: {error}") from error


def table_path(folder: Path, name: str) -> Path | None:
    """``name.csv`` or ``name.xlsx`` in a folder, None if neither is there.

    Raises
    ------
    RoundError
        Both are there.
    """
    found = [path for path in (folder / f"{name}.csv", folder / f"{name}.xlsx") if path.is_file()]
    if len(found) > 1:
        raise RoundError(
            str(folder),
            None,
            None,
            f"holds {found[0].name} and {found[1].name}, expected one of them; take the other away",
        )
    return found[0] if found else None


def has_spectra(folder: Path) -> bool:
    """Whether a round has spectra of laboratories, or a table that names some."""
    return (folder / SPECTRA).is_dir() or table_path(folder, SPECTRA) is not None


def _check_header(header: list[str], rules: dict[str, Any], file: str) -> None:
    known = rules["properties"]
    for column in rules["required"]:
        if column not in header:
            raise RoundError(file, 1, column, f"is missing, expected the columns {', '.join(known)}")
    for column in header:
        if column not in known:
            raise RoundError(file, 1, shown(column), f"is unknown, expected only {', '.join(known)}")
        if header.count(column) > 1:
            raise RoundError(file, 1, column, "is there twice, expected once")
