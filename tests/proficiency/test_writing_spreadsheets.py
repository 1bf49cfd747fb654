"""Spreadsheets that are written: no formula, nothing lost, the same bytes, and read back to the same round."""

from __future__ import annotations

import csv
import re
import shutil
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from proficiency.round_files import ROUND, row, write_round

from nps_spectra.cli.main import main
from nps_spectra.errors import MissingDependencyError, OptionError, RoundError
from nps_spectra.proficiency.evaluation import Evaluation, evaluate
from nps_spectra.proficiency.round_spreadsheets import collect_forms, round_to_xlsx, write_forms
from nps_spectra.proficiency.spreadsheets import sheet_rows
from nps_spectra.proficiency.template import write_template
from nps_spectra.proficiency.writing_spreadsheets import write_book
from nps_spectra.tables import csv_text

openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is not installed")

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples"
FORMULAS = ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "=cmd|' /C calc'!A0", "#N/A", "=", "'=1"]


def written(folder: Path, *rows: tuple[Any, ...]) -> Path:
    """A spreadsheet with one sheet of one column."""
    write_book(folder / "a.xlsx", {"one": (("cell",), rows)})
    return folder / "a.xlsx"


def cells(path: Path, sheet: str = "one") -> list[Any]:
    """The cells of the first column as openpyxl reads them, without the header."""
    return [line[0] for line in openpyxl.load_workbook(path)[sheet].iter_rows(min_row=2)]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_is_never_a_formula_or_an_error(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, (text,))
    (cell,) = cells(path)
    assert (cell.value, cell.data_type) == (text, "s")
    assert cell.quotePrefix or text.startswith("'")  # it stays a text when a person edits it
    with zipfile.ZipFile(path) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")


def test_numbers_stay_numbers_and_missing_stays_empty(tmp_path: Path) -> None:
    path = written(tmp_path, (3,), (-2.5,), (True,), (None,), ("3",), (0.1 + 0.2,))
    assert [cell.value for cell in cells(path)] == [3, -2.5, True, None, "3", 0.3]
    assert [cell.data_type for cell in cells(path)] == ["n", "n", "b", "n", "s", "n"]


@given(st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=40), max_size=5))
@settings(deadline=None, max_examples=60)
def test_texts_are_read_back_as_they_were_written(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    """But for what a spreadsheet cannot hold: control characters are spelt, ends of lines are line feeds."""
    path = written(tmp_path_factory.mktemp("texts"), *((text,) for text in texts))
    expected = [
        re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", lambda found: f"\\u{ord(found[0]):04x}", text)
        for text in (text.replace("\r\n", "\n").replace("\r", "\n") for text in texts)
    ]
    assert [line[0] for line in sheet_rows(path, "one")][1:] == expected


def test_the_same_tables_have_the_same_bytes_whenever_they_are_written(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / "2").mkdir()
    one, other = written(tmp_path / "1", ("a",), (1,)), written(tmp_path / "2", ("a",), (1,))
    assert one.read_bytes() == other.read_bytes()
    with zipfile.ZipFile(one) as archive:
        assert {part.date_time for part in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        properties = archive.read("docProps/core.xml").decode()
    assert not re.search(r"\d{4}-\d\d-\d\d", properties)
    assert "openpyxl" not in properties


def test_a_text_too_long_for_a_cell_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"a\.xlsx, sheet one, row 3, column cell: found a text of 32768 letters"):
        written(tmp_path, ("x" * 32_767,), ("x" * 32_768,))
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    rows = [
        row("A", value="51.25", uncertainty="2", coverage_factor="2", remarks="=HYPERLINK(1)"),
        row("A", "SM-4", "none", remarks="two\nlines"),
        row("B", value="<0.5", remarks="y" * 40_000),
        row("C", "SM-9"),
    ]
    return evaluate(write_round(tmp_path_factory.mktemp("round"), rows))


def test_an_evaluation_has_a_sheet_for_each_table_with_the_cells_of_the_csv(
    evaluation: Evaluation, tmp_path: Path
) -> None:
    evaluation.write(tmp_path)
    book = openpyxl.load_workbook(evaluation.write_spreadsheet(tmp_path / "evaluation.xlsx"))
    assert set(book.sheetnames) == {path.stem for path in tmp_path.glob("*.csv")}
    for sheet in book:
        with (tmp_path / f"{sheet.title}.csv").open(encoding="utf-8", newline="") as stream:
            lines = list(csv.reader(stream))
        found = list(sheet.iter_rows(values_only=True))
        assert len(found) == len(lines)
        for line, values in zip(lines, found, strict=True):
            for text, value in zip(line, values, strict=True):
                assert not (isinstance(value, str) and text == "")
                if isinstance(value, bool):
                    assert text == str(value).lower()
                elif isinstance(value, (int, float)):
                    assert float(text) == pytest.approx(value, rel=1e-15)
                elif value is not None and len(text) < 32_768:
                    assert value in (text, text.removeprefix("'"))
    assert book["quantities"]["E2"].value == 51.25


def test_a_remark_too_long_for_a_cell_is_cut_and_says_so(evaluation: Evaluation, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(evaluation.write_spreadsheet(tmp_path / "evaluation.xlsx"))
    (cut,) = (cell.value for line in book["rows"] for cell in line if str(cell.value).startswith("yyy"))
    assert cut.endswith("(cut: 40000 letters, whole in rows.csv)")
    assert len(cut) == 32_767


UGLY = [
    row("A", value="51.50", uncertainty="2", coverage_factor="2", submitted="2026-06-01"),
    row("B", value="50,5", remarks="=1+1"),
    row("C", value="1e2", remarks="-3\nsecond line"),
    row("D", value="<0.5", replicate="01"),
    row("E", value="50.5 %"),
    row("F", value="0.1234567890123456789"),
    row("G", value="49.9", uncertainty="nan", coverage_factor="inf"),
    row("H", "SM-4", "none"),
    row("007", value="1_000"),
    row("../x", value="50"),
]


def tables(evaluation: Evaluation, folder: Path) -> dict[str, str]:
    """All that an evaluation writes."""
    return {path.name: path.read_text(encoding="utf-8") for path in evaluation.write(folder)}


def test_a_round_written_as_spreadsheets_evaluates_to_the_same_bytes(tmp_path: Path) -> None:
    """Also its numbers of rows: the second line of the table is empty."""
    folder = write_round(tmp_path / "1", UGLY)
    path = folder / "submissions.csv"
    head, *lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([head, ",,,\n", *lines]), encoding="utf-8")
    header = "sample,substance,item,replicate,value\n"
    items = "".join(f"SM-1,cocaine,{k},{r},{50 + k / 7 + r / 10}\n" for k in range(10) for r in (1, 2))
    (folder / "homogeneity.csv").write_text(header + items, encoding="utf-8")
    names = [one.name for one in round_to_xlsx(folder, tmp_path / "2")]
    assert names == ["round.toml", "submissions.xlsx", "homogeneity.xlsx"]
    one, other = evaluate(folder), evaluate(tmp_path / "2")
    assert one.submissions == other.submissions
    assert one.round == other.round
    assert tables(one, tmp_path / "3") == tables(other, tmp_path / "4")


@pytest.mark.parametrize("name", ["ice_sm_round", "ice_bs_round"])
def test_the_examples_as_spreadsheets_evaluate_to_the_same_bytes(tmp_path: Path, name: str) -> None:
    assert main(["proficiency", "to-xlsx", str(EXAMPLES / name), "--out", str(tmp_path / "round")]) == 0
    assert evaluate(tmp_path / "round").to_json() == evaluate(EXAMPLES / name).to_json()


def test_a_value_is_a_number_if_that_changes_no_digit_of_what_was_written(tmp_path: Path) -> None:
    round_to_xlsx(write_round(tmp_path / "1", UGLY), tmp_path / "2")
    values = openpyxl.load_workbook(tmp_path / "2" / "submissions.xlsx")["submissions"]["D"][1:]
    assert [cell.value for cell in values] == [
        *("51.50", "50,5", "1e2", "<0.5", "50.5 %", "0.1234567890123456789", 49.9, None, "1_000", 50)
    ]


def test_a_round_is_not_written_over_another(tmp_path: Path) -> None:
    folder = write_round(tmp_path, [row()])
    with pytest.raises(OptionError, match=r"round\.toml is there already"):
        round_to_xlsx(folder, folder)


def test_a_new_round_of_spreadsheets_is_one_without_submissions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["proficiency", "new", str(tmp_path), "--xlsx"]) == 0
    assert "submissions.xlsx" in capsys.readouterr().out
    assert {path.suffix for path in tmp_path.iterdir()} == {".toml", ".xlsx"}
    assert evaluate(tmp_path).submissions.rows == 0
    assert main(["proficiency", "new", str(tmp_path), "--xlsx"]) == 2


SECRET = ROUND.replace('code = "SM-1"', 'code = "SM-1"\ndescription = "cocaine, cut with levamisole"').replace(
    'round = "2026/1"', 'round = "2026/1"\nlaboratories = ["QX-1", "QX-2"]'
)


def test_a_form_tells_the_menu_and_nothing_of_a_sample_or_of_another_laboratory(tmp_path: Path) -> None:
    folder = write_round(tmp_path / "round", toml=SECRET)
    one, other = write_forms(folder, tmp_path / "forms")
    assert (one.name, other.name) == ("QX-1.xlsx", "QX-2.xlsx")
    book = openpyxl.load_workbook(one)
    assert book.sheetnames == ["submissions", "instructions", "samples", "menu"]
    told = {str(cell.value) for sheet in book for line in sheet.iter_rows() for cell in line if cell.value is not None}
    assert {"SM-1", "SM-4", "cocaine", "none", "QX-1", "laboratory: QX-1"} <= told
    text = "\n".join(told)
    for secret in ("QX-2", "levamisole", "benzoylecgonine", "caffeine", "50", "2.5", "blank"):
        assert secret not in text
    assert [cell.value for cell in book["menu"]["A"][1:]] == [
        *("cocaine", "heroin", "MDMA", "ortho-fluorofentanyl", "meta-fluorofentanyl", "para-fluorofentanyl", "none")
    ]


def test_a_form_offers_samples_and_menu_and_admits_other_substances(tmp_path: Path) -> None:
    (path,) = write_forms(write_round(tmp_path / "round"), tmp_path)
    assert path.name == "submissions.xlsx"
    sheet = openpyxl.load_workbook(path)["submissions"]
    menus = {
        str(one.sqref): (one.formula1, bool(one.showErrorMessage)) for one in sheet.data_validations.dataValidation
    }
    assert all(openpyxl.load_workbook(path)[name].protection.sheet for name in ("instructions", "samples", "menu"))
    assert menus == {"B2:B501": ("samples!$A$2:$A$5", True), "C2:C501": ("menu!$A$2:$A$8", False)}


def test_a_form_that_was_filled_in_is_read_as_submissions(tmp_path: Path) -> None:
    folder = write_round(tmp_path / "round", toml=SECRET)
    (folder / "submissions.csv").unlink()
    path = write_forms(folder, tmp_path / "forms")[0]
    book = openpyxl.load_workbook(path)
    book["submissions"].append(["QX-1", "SM-1", "cocaine", 51.5])
    book["submissions"].append(["QX-1", "SM-4", "none"])
    book.save(folder / "submissions.xlsx")
    found = evaluate(folder)
    assert [(one.row, one.laboratory, one.resolution.name, one.value) for one in found.submissions.entries] == [
        *((2, "QX-1", "cocaine", 51.5), (3, "QX-1", "none", None))
    ]
    book.create_sheet("more results")
    book.save(folder / "submissions.xlsx")
    with pytest.raises(RoundError, match="5 sheets"):
        evaluate(folder)


def filled(path: Path, *rows: tuple[Any, ...], name: str | None = None) -> Path:
    """A form with rows written into it."""
    book = openpyxl.load_workbook(path)
    for line in rows:
        book["submissions"].append(list(line))
    target = path.with_name(name or path.name)
    book.save(target)
    return target


def test_forms_are_joined_into_a_round_that_is_evaluated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_round(tmp_path / "round", toml=SECRET)
    (folder / "submissions.csv").unlink()
    one, other = write_forms(folder, tmp_path / "forms")
    filled(one, ("QX-1", "SM-1", "cocaine", 51.5), ("QX-1", "SM-4", "none"))
    filled(other, ("QX-2", "SM-1", "cocaine", "<0.5", None, None, None, None, None, None, "-1"))
    assert main(["proficiency", "collect", str(folder), str(one), str(other)]) == 0
    assert f"{one}: 2 rows" in capsys.readouterr().out
    entries = evaluate(folder).submissions.entries
    assert [(entry.row, entry.laboratory, entry.value, entry.less_than) for entry in entries] == [
        *((2, "QX-1", 51.5, None), (3, "QX-1", None, None), (4, "QX-2", None, 0.5))
    ]
    assert main(["proficiency", "collect", str(folder), str(one)]) == 2


def test_forms_whose_laboratory_is_in_doubt_are_refused(tmp_path: Path) -> None:
    folder = write_round(tmp_path / "round", toml=SECRET)
    (folder / "submissions.csv").unlink()
    form, _ = write_forms(folder, tmp_path / "forms")
    mine, foreign = ("QX-1", "SM-1", "cocaine"), ("QX-2", "SM-1", "cocaine")
    two = filled(form, mine, foreign, name="two.xlsx")
    with pytest.raises(RoundError, match=r"two\.xlsx, row 3, column laboratory: found 'QX-2', expected 'QX-1'"):
        collect_forms(folder, [two])
    again = filled(form, mine, name="again.xlsx")
    with pytest.raises(RoundError, match="'QX-1' has a form already"):
        collect_forms(folder, [filled(form, mine, name="once.xlsx"), again])
    with pytest.raises(RoundError, match="found 'QX-2' in the form of QX-1"):
        collect_forms(folder, [filled(form, foreign)])
    with pytest.raises(OptionError, match="named twice"):
        collect_forms(folder, [again, again])
    assert not (folder / "submissions.xlsx").exists()


def test_without_openpyxl_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    for write in (
        lambda: write_template(tmp_path / "1", xlsx=True),
        lambda: write_forms(EXAMPLES / "ice_sm_round", tmp_path / "1"),
    ):
        with pytest.raises(MissingDependencyError, match=r"nps_spectra\[proficiency\]"):
            write()
    assert (
        main(["proficiency", "evaluate", str(EXAMPLES / "ice_sm_round"), "--out", str(tmp_path / "1"), "--xlsx"]) == 3
    )
    assert not (tmp_path / "1").exists()


def test_evaluate_writes_a_spreadsheet_if_told_to(tmp_path: Path) -> None:
    words = ["proficiency", "evaluate", str(EXAMPLES / "ice_bs_round"), "--no-reports", "--out"]
    assert main([*words, str(tmp_path / "1"), "--xlsx"]) == 0
    assert main([*words, str(tmp_path / "2"), "--xlsx"]) == 0
    one, other = (tmp_path / name / "evaluation.xlsx" for name in "12")
    assert one.read_bytes() == other.read_bytes()


def test_a_laboratory_may_keep_its_csv(tmp_path: Path) -> None:
    """Rows copied out of a form give the same as the form."""
    folder = write_round(tmp_path / "round", [row("A", value="51.5")])
    (form,) = write_forms(folder, tmp_path)
    header = next(sheet_rows(form, "submissions"))
    assert csv_text(header, []).strip() == (folder / "submissions.csv").read_text(encoding="utf-8").splitlines()[0]


def test_spectra_of_laboratories_go_with_a_round_written_as_spreadsheets(tmp_path: Path) -> None:
    """A table that assigns files is copied as it is."""
    shutil.copytree(EXAMPLES / "ice_sm_round", tmp_path / "1")
    files = sorted((tmp_path / "1" / "spectra").rglob("*.*"))
    assert files
    (tmp_path / "1" / "spectra.csv").write_text("file,record,laboratory,sample,substance\n", encoding="utf-8")
    names = [one.name for one in round_to_xlsx(tmp_path / "1", tmp_path / "2")]
    assert {"spectra", "spectra.csv"} <= set(names)
    for one in (*files, tmp_path / "1" / "spectra.csv"):
        assert (tmp_path / "2" / one.relative_to(tmp_path / "1")).read_bytes() == one.read_bytes()
