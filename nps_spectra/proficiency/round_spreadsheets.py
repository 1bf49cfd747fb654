"""A round in spreadsheets: its tables as XLSX, and the forms in which laboratories write their results."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from nps_spectra.atomic import replacing
from nps_spectra.errors import OptionError, RoundError
from nps_spectra.proficiency.reading_rounds import read_round
from nps_spectra.proficiency.round_tables import SPECTRA, table_path, table_rows
from nps_spectra.proficiency.rounds import Round
from nps_spectra.proficiency.schema import schema, shown
from nps_spectra.proficiency.spreadsheets import BESIDE
from nps_spectra.proficiency.writing_spreadsheets import (
    checked_rows,
    fill_sheet,
    require_openpyxl,
    save_book,
    write_book,
)

#: Tables of a round with their schemas.
TABLES: Final = {"submissions": "submissions", "homogeneity": "homogeneity", "stability": "homogeneity"}
#: Columns whose cells are numbers where that changes no digit.
_NUMBERS: Final = frozenset(("value", "uncertainty", "coverage_factor"))
#: Rows of a form that have menus to choose from.
_FORM_ROWS: Final = 500
_ABOUT: Final = {"submitted": "date or time of ISO 8601 with its time zone", "remarks": "free text"}


def empty_table(name: str) -> tuple[Sequence[str], list[Sequence[Any]]]:
    """The header of a table of a round, and no row."""
    return tuple(schema(TABLES[name])["properties"]), []


def round_to_xlsx(round_path: str | os.PathLike[str], folder: str | os.PathLike[str]) -> tuple[Path, ...]:
    """Write a round with its tables as XLSX; it evaluates to the same results.

    The laboratories' spectra, and the table that assigns them, are copied. A library that ``round.toml`` names by path
    is looked for from the new folder.

    Parameters
    ----------
    round_path : path
        Folder of the round.
    folder : path
        Another folder, made if it is not there.

    Returns
    -------
    tuple of Path
        What was written.

    Raises
    ------
    OptionError
        A file is there already, or a cell is too long; what cannot be written is named.
    RoundError
        A file of the round cannot be used.
    MissingDependencyError
        openpyxl is not installed.
    """
    source, target = Path(round_path), Path(folder)
    read_round(source)
    tables = {name: path for name in TABLES if (path := table_path(source, name)) is not None}
    written = [target / "round.toml", *(target / f"{name}.xlsx" for name in tables)]
    assigning = [target / f"{SPECTRA}{ending}" for ending in ("", ".csv", ".xlsx")]
    for path in (*written, *assigning, *(target / f"{name}.csv" for name in tables)):
        if path.exists():
            raise OptionError(f"{path} is there already: choose another folder, nothing was written")
    target.mkdir(parents=True, exist_ok=True)
    for name, path in tables.items():
        header, rows = tuple(schema(TABLES[name])["properties"]), table_rows(path, TABLES[name])
        write_book(target / f"{name}.xlsx", {name: (header, _numbered(rows, header))})
    if (source / SPECTRA).is_dir():
        shutil.copytree(source / SPECTRA, target / SPECTRA, symlinks=True)
        written.append(target / SPECTRA)
    assigned = table_path(source, SPECTRA)
    if assigned is not None:
        with replacing(target / assigned.name) as partial:
            shutil.copyfile(assigned, partial)
        written.append(target / assigned.name)
    with replacing(target / "round.toml") as partial:
        shutil.copyfile(source / "round.toml", partial)
    return tuple(written)


def write_forms(round_path: str | os.PathLike[str], folder: str | os.PathLike[str]) -> tuple[Path, ...]:
    """Write a form for each laboratory of a round: ``CODE.xlsx``, or one ``submissions.xlsx`` if none are declared.

    A form says what goes into which column and offers the samples and the menu to choose from. Nothing in it tells
    what a sample holds.

    Parameters
    ----------
    round_path : path
        Folder with ``round.toml``.
    folder : path
        Made if it is not there.

    Returns
    -------
    tuple of Path
        What was written.

    Raises
    ------
    RoundError
        The round cannot be used.
    MissingDependencyError
        openpyxl is not installed.
    """
    round_, _ = read_round(Path(round_path))
    target = Path(folder)
    require_openpyxl()
    target.mkdir(parents=True, exist_ok=True)
    codes: Sequence[str | None] = round_.laboratories or (None,)
    written = [target / f"{'submissions' if code is None else code}.xlsx" for code in codes]
    for code, path in zip(codes, written, strict=True):
        _write_form(round_, code, path)
    return tuple(written)


def collect_forms(
    round_path: str | os.PathLike[str], forms: Iterable[str | os.PathLike[str]]
) -> tuple[Path, dict[str, int]]:
    """Join the forms of laboratories into ``submissions.xlsx`` of a round, in the order given.

    Parameters
    ----------
    round_path : path
        Folder with ``round.toml`` and no submissions.
    forms : iterable of path
        Forms that were filled in, or CSV files with the same columns.

    Returns
    -------
    (Path, dict of str to int)
        What was written, and the rows of each form by its path.

    Raises
    ------
    RoundError
        A form cannot be read, holds rows of two laboratories or of another one than it is named after, or a laboratory
        has two forms; nothing was written.
    OptionError
        Submissions are there already.
    MissingDependencyError
        openpyxl is not installed.
    """
    folder = Path(round_path)
    round_, _ = read_round(folder)
    if (there := table_path(folder, "submissions")) is not None:
        raise OptionError(f"{there} is there already: take it away first, nothing was written")
    header, _ = empty_table("submissions")
    rows: list[list[Any]] = []
    counts: dict[str, int] = {}
    forms_of: dict[str, Path] = {}
    for path in map(Path, forms):
        if str(path) in counts:
            raise OptionError(f"{path} is named twice, nothing was written")
        found = list(table_rows(path, "submissions"))
        for number, cells in found:
            code = cells["laboratory"]
            first = found[0][1]["laboratory"]
            if code != first:
                raise RoundError(
                    str(path), number, "laboratory", f"found {shown(code)}, expected {shown(first)} as in the first row"
                )
            if path.stem in (round_.laboratories or ()) and code != path.stem:
                raise RoundError(str(path), number, "laboratory", f"found {shown(code)} in the form of {path.stem}")
            if forms_of.setdefault(code, path) != path:
                raise RoundError(str(path), number, "laboratory", f"{shown(code)} has a form already: {forms_of[code]}")
            rows.append([_cell(cells.get(column, ""), column) for column in header])
        counts[str(path)] = len(found)
    target = folder / "submissions.xlsx"
    write_book(target, {"submissions": (header, rows)})
    return target, counts


def _numbered(rows: Iterator[tuple[int, dict[str, str]]], header: Sequence[str]) -> Iterator[list[Any]]:
    """Rows at the numbers that they have, empty ones between them."""
    following = 2
    for number, cells in rows:
        yield from ([None] * len(header) for _ in range(number - following))
        yield [_cell(cells.get(column, ""), column) for column in header]
        following = number + 1


def _cell(text: str, column: str) -> str | int | float | None:
    """A number if it is read back as the same text, else the text."""
    if not text:
        return None
    if column in _NUMBERS:
        try:
            value = float(text)
        except ValueError:
            return text
        # openpyxl writes 16 digits, and no infinite number.
        if math.isfinite(value) and repr(float(f"{value:.16g}")).removesuffix(".0") == text:
            return value
    return text


def _write_form(round_: Round, code: str | None, path: Path) -> None:
    openpyxl = require_openpyxl()
    validation: Any = import_module("openpyxl.worksheet.datavalidation")
    book = openpyxl.Workbook(write_only=True)
    header, rows = empty_table("submissions")
    sheet = book.create_sheet("submissions")
    codes = [code] if code is not None else []
    lists: dict[str, tuple[Sequence[str], Sequence[Sequence[Any]]]] = {
        "instructions": (("instructions",), [(line,) for line in _instructions(round_, code)]),
        "samples": (("sample", "laboratory"), _columns([one.code for one in round_.samples], codes)),
        "menu": (("substance",), [(name,) for name in (*round_.menu, "none")]),
    }
    ranges = {"sample": ("samples", "A", len(round_.samples)), "substance": ("menu", "A", len(round_.menu) + 1)}
    if codes:
        ranges["laboratory"] = ("samples", "B", 1)
    for column, (name, letter, count) in ranges.items():
        menu = validation.DataValidation(
            type="list",
            formula1=f"{name}!${letter}$2:${letter}${count + 1}",
            allow_blank=True,
            # Other substances may be reported; another sample or laboratory would be rejected.
            showErrorMessage=column != "substance",
            errorTitle=column,
            error=f"expected a {column} of the list",
        )
        place = openpyxl.utils.get_column_letter(header.index(column) + 1)
        menu.add(f"{place}2:{place}{_FORM_ROWS + 1}")
        sheet.data_validations.append(menu)
    fill_sheet(sheet, header, rows)
    for name in BESIDE:
        other = book.create_sheet(name)
        other.protection.sheet = True
        if name == "instructions":
            other.column_dimensions["A"].width = 110
        titles, lines = lists[name]
        fill_sheet(other, titles, checked_rows(titles, lines, f"{path}, sheet {name}"))
    save_book(book, path)


def _columns(first: Sequence[str], second: Sequence[str]) -> list[tuple[str | None, str | None]]:
    count = max(len(first), len(second))
    one, other = [*first, *[None] * (count - len(first))], [*second, *[None] * (count - len(second))]
    return list(zip(one, other, strict=True))


def _instructions(round_: Round, code: str | None) -> Iterator[str]:
    yield f"{round_.scheme}: {round_.group}, round {round_.name}"
    if code is not None:
        yield f"laboratory: {code}"
    if round_.deadline is not None:
        yield f"results are accepted until {round_.deadline:%Y-%m-%d %H:%M %Z}"
    units = sorted({content.unit for one in round_.samples for content in one.contents if content.unit is not None})
    if units:
        yield f"units of this round: {', '.join(units)}"
    yield (
        "Write one row for each substance found in a sample into the sheet 'submissions', and for a sample in which "
        "nothing was found one row with the substance 'none'. Write values, no formulas. Leave empty what is unknown."
    )
    rules = schema("submissions")
    for column, about in rules["properties"].items():
        needed = "has to be given" if column in rules["required"] else "may be empty"
        yield f"{column} ({needed}): {about.get('description', _ABOUT.get(column, ''))}"
