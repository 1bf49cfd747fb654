"""Rounds in spreadsheets: the same as from CSV; what hides something or floods is refused."""

from __future__ import annotations

import contextlib
import datetime
import random
import zipfile
from pathlib import Path
from typing import Any

import pytest
from proficiency.round_files import COLUMNS, row, write_round

from nps_spectra.errors import NpsSpectraError, RoundError
from nps_spectra.proficiency import evaluate, spreadsheets
from nps_spectra.proficiency.spreadsheets import sheet_rows

openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is not installed")


def book(path: Path, rows: list[list[Any]], formats: dict[tuple[int, int], str] | None = None) -> Path:
    """A spreadsheet of one sheet."""
    workbook = openpyxl.Workbook()
    for cells in rows:
        workbook.active.append(cells)
    for (line, column), number_format in (formats or {}).items():
        workbook.active.cell(line, column).number_format = number_format
    workbook.save(path)
    return path


def test_a_round_from_a_spreadsheet_is_that_from_csv(tmp_path: Path) -> None:
    rows = [row(value="51.5", uncertainty="2", coverage_factor="2"), row("B", "SM-4", "none"), row("C", value="<0.5")]
    one = evaluate(write_round(tmp_path / "1", rows))
    folder = write_round(tmp_path / "2")
    (folder / "submissions.csv").unlink()
    cells = [[float(cell) if cell.replace(".", "").isdigit() else cell for cell in line] for line in rows]
    book(folder / "submissions.xlsx", [list(COLUMNS), *cells])
    assert evaluate(folder).to_json() == one.to_json()


def test_cells_are_the_texts_that_they_show(tmp_path: Path) -> None:
    cells = [50, 50.5, 0.505, datetime.datetime(2026, 6, 30), datetime.datetime(2026, 6, 30, 17, 5), "<0.5", None, 0.1]
    path = book(tmp_path / "a.xlsx", [cells], {(1, 3): "0.0%"})
    assert list(sheet_rows(path)) == [["50", "50.5", "50.5%", "2026-06-30", "2026-06-30T17:05:00", "<0.5", "", "0.1"]]


def test_a_percentage_is_scored_as_one(tmp_path: Path) -> None:
    folder = write_round(tmp_path)
    (folder / "submissions.csv").unlink()
    header = ["laboratory", "sample", "substance", "value"]
    book(folder / "submissions.xlsx", [header, ["A", "SM-1", "cocaine", 0.505]], {(2, 4): "0.00%"})
    assert evaluate(folder).scores[0].value == 50.5


@pytest.mark.parametrize("cell", ["=1+1", '=HYPERLINK("x")', "=cmd|' /C calc'!A0"])
def test_a_formula_is_refused_with_its_place(tmp_path: Path, cell: str) -> None:
    path = book(tmp_path / "a.xlsx", [["laboratory"], [cell]])
    with pytest.raises(RoundError, match=r"a\.xlsx, row 2, column 1: holds a formula"):
        list(sheet_rows(path))


def test_a_second_sheet_and_two_tables_are_refused(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    workbook.create_sheet("hidden")
    workbook.save(tmp_path / "a.xlsx")
    with pytest.raises(RoundError, match="2 sheets"):
        list(sheet_rows(tmp_path / "a.xlsx"))
    folder = write_round(tmp_path / "round")
    book(folder / "submissions.xlsx", [list(COLUMNS)])
    with pytest.raises(RoundError, match=r"submissions\.csv and submissions\.xlsx, expected one"):
        evaluate(folder)


def test_what_floods_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheets, "_LARGEST_UNPACKED", 1_000_000)
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 1_000_001)
    with pytest.raises(RoundError, match="unpacks to more than"):
        list(sheet_rows(tmp_path / "a.xlsx"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused(tmp_path: Path, encoding: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr(
            "xl/workbook.xml", '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'.encode(encoding)
        )
    with pytest.raises(RoundError, match="declares a document type"):
        list(sheet_rows(tmp_path / "a.xlsx"))


def test_damaged_spreadsheets_give_an_error_of_this_package(tmp_path: Path) -> None:
    whole = bytearray(book(tmp_path / "a.xlsx", [list(COLUMNS), list(row())]).read_bytes())
    draw = random.Random(5)
    for _ in range(150):
        damaged = bytearray(whole)
        for _ in range(draw.randint(1, 8)):
            damaged[draw.randrange(len(damaged))] = draw.randrange(256)
        (tmp_path / "b.xlsx").write_bytes(damaged[: draw.choice([len(damaged), draw.randrange(len(damaged))])])
        with contextlib.suppress(NpsSpectraError):
            list(sheet_rows(tmp_path / "b.xlsx"))
