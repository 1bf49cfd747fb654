"""Tables as spreadsheets (XLSX): texts are never formulas, numbers stay numbers, the bytes are the same every time."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from nps_spectra.atomic import replacing
from nps_spectra.errors import MissingDependencyError, OptionError
from nps_spectra.tables import FORMULA_STARTS

#: What a sheet and a cell of Excel hold.
LONGEST: Final = 32_767
_ROWS: Final = 1_048_576
#: Characters that XML cannot hold.
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_LINE_ENDS: Final = re.compile("\r\n?")
#: Times of the properties of a document, which would differ from one run to the next.
_TIMES: Final = re.compile(rb"<dcterms:(created|modified)[^>]*>[^<]*</dcterms:\1>")


def write_book(path: Path, sheets: Mapping[str, tuple[Sequence[str], Iterable[Sequence[Any]]]]) -> None:
    r"""Write tables as the sheets of one file, whole or not at all.

    A text stays a text whatever it starts with. Control characters, which a spreadsheet cannot hold, are spelt as
    ``\u001b``, and every end of a line is a line feed. Numbers have 16 significant digits.

    Parameters
    ----------
    path : Path
    sheets : mapping of str to (header, rows)
        Cells are str, int, float, bool or None.

    Raises
    ------
    OptionError
        A text is longer than a cell can hold, or there are more rows than a sheet can hold; nothing was written.
    MissingDependencyError
        openpyxl is not installed.

    Examples
    --------
    >>> import tempfile
    >>> from nps_spectra.proficiency.spreadsheets import sheet_rows
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_book(Path(folder, "a.xlsx"), {"one": (("name", "value"), [("=1+1", 2.5)])})
    ...     list(sheet_rows(Path(folder, "a.xlsx"), "one"))
    [['name', 'value'], ['=1+1', '2.5']]
    """
    # All is checked first: openpyxl cannot be left in the middle of a sheet.
    found = {
        name: (header, checked_rows(header, rows, f"{path}, sheet {name}")) for name, (header, rows) in sheets.items()
    }
    book = require_openpyxl().Workbook(write_only=True)
    for name, (header, rows) in found.items():
        fill_sheet(book.create_sheet(name), header, rows)
    save_book(book, path)


def checked_rows(header: Sequence[str], rows: Iterable[Sequence[Any]], place: str) -> list[list[Any]]:
    """Rows as a sheet can hold them; `place` is named in the message.

    Raises
    ------
    OptionError
        As `write_book`.
    """
    found = []
    for number, row in enumerate(rows, 2):
        if number > _ROWS:
            raise OptionError(f"{place}: more than {_ROWS} rows, which a sheet cannot hold; use CSV")
        cells = [_held(value) if isinstance(value, str) else value for value in row]
        for column, value in zip(header, cells, strict=True):
            if isinstance(value, str) and len(value) > LONGEST:
                raise OptionError(
                    f"{place}, row {number}, column {column}: found a text of {len(value)} letters, a cell holds "
                    f"{LONGEST}; use CSV"
                )
        found.append(cells)
    return found


def fill_sheet(sheet: Any, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write checked rows into a sheet of a write-only workbook, the header bold and always in view."""
    make = _module("openpyxl.cell").WriteOnlyCell
    letters = _module("openpyxl.utils").get_column_letter
    bold = _module("openpyxl.styles").Font(bold=True)
    sheet.freeze_panes = "A2"
    titles = []
    for place, title in enumerate(header, 1):
        if letters(place) not in sheet.column_dimensions:
            sheet.column_dimensions[letters(place)].width = max(len(title) + 3, 10)
        titles.append(make(sheet, title))
        titles[-1].font = bold
    sheet.append(titles)
    for row in rows:
        cells = list(row)
        for place, value in enumerate(cells):
            # What starts with a number sign may be the name of an error.
            if isinstance(value, str) and value.startswith((*FORMULA_STARTS, "#")):
                cells[place] = make(sheet, value)
                cells[place].data_type = "s"
                cells[place].quotePrefix = True  # a text still when a person has edited it
        sheet.append(cells)


def _held(text: str) -> str:
    return _FORBIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", _LINE_ENDS.sub("\n", text))


def cut_text(value: Any, whole: str) -> Any:
    """A value as a cell can hold it: a longer text is cut, and its end names where it stands whole.

    Examples
    --------
    >>> cut_text("short", "rows.csv"), len(cut_text("x" * 40_000, "rows.csv")) <= 32_767
    ('short', True)
    """
    if not isinstance(value, str) or len(value) <= LONGEST:
        return value
    end = f" ... (cut: {len(value)} letters, whole in {whole})"
    # A control character takes six letters.
    return value[: LONGEST // 6 - len(end)] + end if _FORBIDDEN.search(value) else value[: LONGEST - len(end)] + end


def save_book(book: Any, path: Path) -> None:
    """Save a workbook of openpyxl, whole or not at all, without the time and the system it was made on."""
    book.properties.creator = "nps_spectra"
    buffer = io.BytesIO()
    book.save(buffer)
    with replacing(path) as partial, zipfile.ZipFile(buffer) as made, zipfile.ZipFile(partial, "w") as archive:
        for part in made.infolist():
            content = made.read(part)
            if part.filename == "docProps/core.xml":
                content = _TIMES.sub(b"", content)
            fixed = zipfile.ZipInfo(part.filename)  # the first moment that ZIP knows
            fixed.compress_type = zipfile.ZIP_DEFLATED
            fixed.create_system = 0
            archive.writestr(fixed, content)


def require_openpyxl() -> Any:
    """The module openpyxl.

    Raises
    ------
    MissingDependencyError
        It is not installed.
    """
    return _module("openpyxl")


def _module(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise MissingDependencyError(
            "spreadsheets need openpyxl: pip install 'nps_spectra[proficiency]', or use CSV"
        ) from error
