"""Tables of a round in spreadsheets (XLSX): every cell as the text that it shows, formulas refused, sizes bounded."""

from __future__ import annotations

import datetime
import zipfile
import zlib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from nps_spectra.errors import MissingDependencyError, RoundError

#: Sizes in bytes, packed and unpacked; 10,000 laboratories take some 10 and 200 MB.
_LARGEST: Final = 100_000_000
_LARGEST_UNPACKED: Final = 1_000_000_000
_PARTS: Final = 1000
_COLUMNS: Final = 100
_ROWS: Final = 1_048_576
#: Sheets of a form beside its table; nothing is read from them.
BESIDE: Final = ("instructions", "samples", "menu")


def sheet_rows(path: Path, name: str = "") -> Iterator[list[str]]:
    """Rows of the only sheet, as texts; a percentage has its sign, a date is ISO 8601.

    Of a form, whose further sheets are known, the sheet `name`.

    Raises
    ------
    RoundError
        No spreadsheet, too large, another sheet that may hold something, or a cell with a formula or an error.
    MissingDependencyError
        openpyxl is not installed.
    """
    file = str(path)
    _check_archive(path)
    try:
        openpyxl: Any = import_module("openpyxl")
    except ImportError as error:
        raise MissingDependencyError(
            f"{file}: spreadsheets need openpyxl: pip install 'nps_spectra[proficiency]', or save it as 'CSV UTF-8'"
        ) from error
    try:
        # Formulas are read as such, not as the values that a program left there.
        book = openpyxl.load_workbook(path, read_only=True, data_only=False, keep_links=False)
    except Exception as error:  # openpyxl lets through whatever its parts raise
        raise RoundError(file, None, None, f"is no spreadsheet that can be read ({error})") from error
    try:
        sheets = book.worksheets
        if len(sheets) > 1 and {name, *BESIDE}.issuperset(book.sheetnames) and name in book.sheetnames:
            sheets = [book[name]]
        if len(sheets) != 1:
            names = ", ".join(map(ascii, book.sheetnames[:5]))
            raise RoundError(file, None, None, f"holds {len(book.sheetnames)} sheets ({names}), expected one")
        # What the file says of its size is not trusted.
        sheets[0].reset_dimensions()
        yield from _texts(sheets[0], file)
    finally:
        book.close()


def _texts(sheet: Any, file: str) -> Iterator[list[str]]:
    try:
        for number, cells in enumerate(sheet.iter_rows(), 1):
            if number > _ROWS or len(cells) > _COLUMNS:
                raise RoundError(file, number, None, f"is beyond {_ROWS} rows or {_COLUMNS} columns")
            yield [_text(cell, file, number, place) for place, cell in enumerate(cells, 1)]
    except RoundError:
        raise
    except Exception as error:
        raise RoundError(file, None, None, f"is damaged ({type(error).__name__}: {error})") from error


def _text(cell: Any, file: str, row: int, place: int) -> str:
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        raise RoundError(file, row, str(place), "holds a formula, expected a value; paste values only")
    if cell.data_type == "e":
        raise RoundError(file, row, str(place), f"holds the error {value}, expected a value")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        if "%" in str(cell.number_format):
            return f"{float(f'{100 * value:.15g}'):.15g}%"
        return repr(value).removesuffix(".0")
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    return str(value)


def _check_archive(path: Path) -> None:
    """Refuse what would unpack to a flood, or declares entities, before anything is parsed."""
    file = str(path)
    try:
        if path.stat().st_size > _LARGEST:
            raise RoundError(file, None, None, f"is larger than {_LARGEST} bytes, expected a table of results")
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if len(parts) > _PARTS or sum(part.file_size for part in parts) > _LARGEST_UNPACKED:
                raise RoundError(file, None, None, f"unpacks to more than {_LARGEST_UNPACKED} bytes or {_PARTS} parts")
            for part in parts:
                with archive.open(part) as stream:
                    # Without zeros, UTF-16 reads as ASCII does.
                    if b"<!DOCTYPE" in stream.read(65_536).replace(b"\0", b"").upper():
                        raise RoundError(file, None, None, f"declares a document type in {part.filename!r}: refused")
    except OSError as error:
        raise RoundError(file, None, None, f"cannot be read ({error.strerror})") from error
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError, zlib.error) as error:
        raise RoundError(file, None, None, f"is no XLSX spreadsheet ({error})") from error
