"""Rows as people send them: each is scored or rejected, and nothing of it is used that is not plain."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from proficiency.round_files import ROUND, row, write_round

from nps_spectra.proficiency import evaluate
from nps_spectra.proficiency.evaluation import Evaluation

CODES = [
    "A",
    "B",
    "a",
    "LAB-1",
    "lab-1",
    "../x",
    "..\\x",
    "/etc/passwd",
    "=1+1",
    "@SUM(1)",
    "+1",
    "-1",
    "CON",
    "A B",
    "\uff1dx",
    "",
]
SUBSTANCES = ["cocaine", "coke", "C01", "cocaine HCl", "caffeine", "none", "ND", "heroin", "fluorofentanyls", ""]
VALUES = [
    *(
        "50",
        "50,5",
        "0",
        "-0",
        "-3",
        "<0.5",
        "< 0",
        "<-1",
        ">90",
        "<=1",
        "\u22640.5",
        "0.5%",
        "50 %",
        "50 mg/g",
        "505 mg/g %",
    ),
    *(
        "nan",
        "inf",
        "-inf",
        "1e400",
        "1e-400",
        "1_000",
        "1,150",
        "1.150,5",
        "0x10",
        "50 ng/mL",
        "=1+1",
        "'-3",
        "+50",
        "\u0665\u0660",
    ),
    *("nd", "n/a", "-", "about 50", "50\u00a0%", "50;60", "5e1", ""),
]
UNITS = ["", "%", "% w/w", "fraction", "mg/g", "ug/g", "ng/mL", "=1", "1", "%%"]
NUMBERS = ["", "2", "0", "-2", "nan", "1e400", "2,0", "k", "0.1"]
TIMES = ["", "2026-06-30", "2026-07-01", "2026-07-01T01:00:00+02:00", "yesterday", "2026-06-30T24:00:00", "0000-01-01"]
ROWS = st.lists(
    st.tuples(
        st.sampled_from(CODES),
        st.sampled_from(["SM-1", "SM-2", "SM-4", "sm-1", "SM-9", "../SM-1", ""]),
        st.sampled_from(SUBSTANCES),
        st.sampled_from(VALUES),
        st.sampled_from(UNITS),
        st.sampled_from(NUMBERS),
        st.sampled_from(NUMBERS),
        st.sampled_from(["", "1", "2", "=1"]),
        st.sampled_from(["", "GC-MS", "gc-ms + ftir", "=cmd", "\u0000"]),
        st.sampled_from(TIMES),
        st.sampled_from(["", "=HYPERLINK(1)", "<script>", "a\nb"]),
    ),
    max_size=14,
)


@given(ROWS)
@settings(max_examples=120, deadline=None)
def test_of_any_rows_each_is_in_the_output_once_and_what_is_not_used_is_told(rows: list[tuple[str, ...]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        evaluation = evaluate(write_round(Path(name), rows))
    submitted = evaluation.submissions
    filled = [cells for cells in rows if any(cells)]
    assert submitted.rows == len(filled) == len(submitted.entries) + len(submitted.rejected)
    assert sorted(one.row for one in (*submitted.entries, *submitted.rejected)) == [
        number for number, cells in enumerate(rows, 2) if any(cells)
    ]
    assert all(one.reason for one in submitted.rejected)
    for entry in submitted.entries:
        cells = rows[entry.row - 2]
        plain = cells[3].casefold() in ("", "-", "n/a")
        assert entry.value is None or 0 < entry.value < float("inf")
        # What was written as a value and is not used has a note.
        assert entry.value is not None or plain or any(note.startswith("value") for note in entry.notes)
    for score in evaluation.scores:
        assert (score.z is None) == (score.verdict == "not_scored")
        assert score.z is not None or score.reason
    assert json.loads(evaluation.to_json())["rows"]["read"] == submitted.rows


@given(ROWS)
@settings(max_examples=40, deadline=None)
def test_no_cell_of_any_table_is_a_formula_or_a_path(rows: list[tuple[str, ...]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        evaluation = evaluate(write_round(Path(name) / "round", rows))
        written = evaluation.write(Path(name) / "out")
        tables = [path.read_text(encoding="utf-8") for path in written if path.suffix == ".csv"]
        assert {path.name for path in (Path(name) / "out").iterdir()} == {path.name for path in written}
    for text in tables:
        for cells in csv.reader(io.StringIO(text)):
            for cell in cells:
                assert not cell.startswith(("=", "+", "@", "\t")), cell
    for code in evaluation.result.laboratories:
        assert code.key.replace("-", "").isalnum()


def scored(folder: Path, *rows: tuple[str, ...], toml: str = ROUND) -> Evaluation:
    return evaluate(write_round(folder, rows, toml))


def test_a_deadline_is_a_moment_wherever_the_laboratory_is(tmp_path: Path) -> None:
    """The deadline ends with 30 June in UTC; at 1 o'clock of 1 July in Vienna it is not over."""
    found = scored(
        tmp_path, row("A", submitted="2026-07-01T01:00:00+02:00"), row("B", submitted="2026-07-01T03:00:00+02:00")
    )
    assert [one.laboratory for one in found.submissions.entries] == ["A"]
    assert "late" in found.submissions.rejected[0].reason


def test_laboratories_of_one_round_may_use_units_of_one_kind(tmp_path: Path) -> None:
    rows = [
        ("A", "51", ""),
        ("B", "0.51", "fraction"),
        ("C", "510", "mg/g"),
        ("D", "510000 ug/g", ""),
        ("E", "51 %", "% w/w"),
    ]
    found = scored(tmp_path, *(row(code, value=value, unit=unit) for code, value, unit in rows))
    assert [one.value for one in found.scores] == pytest.approx([51.0] * 5)
    told = {one.laboratory: one.notes for one in found.submissions.entries}
    assert [code for code, notes in told.items() if any("converted" in note for note in notes)] == ["B", "C", "D"]


def test_replicates_in_two_units_are_joined_in_the_unit_of_the_round(tmp_path: Path) -> None:
    rows = [row(value="50", replicate="1"), row(value="0.52", unit="fraction", replicate="2")]
    (found,) = scored(tmp_path, *rows).scores
    assert (found.value, found.replicates) == (pytest.approx(51.0), 2)


def test_a_censored_replicate_makes_no_mean(tmp_path: Path) -> None:
    (found,) = scored(tmp_path, row(value="50", replicate="1"), row(value="<0.5", replicate="2")).scores
    assert (found.value, found.z, found.less_than) == (None, None, 0.5)
    assert "some replicates are censored" in found.reason


@pytest.mark.parametrize("value", ["<0", "<-1", "< 0.0"])
def test_less_than_nothing_is_no_limit(tmp_path: Path, value: str) -> None:
    (found,) = scored(tmp_path, row(value=value)).scores
    assert (found.value, found.less_than, found.verdict) == (None, None, "not_scored")


def test_a_late_row_makes_no_duplicate_of_one_in_time(tmp_path: Path) -> None:
    found = scored(tmp_path, row(value="50", submitted="2026-06-01"), row(value="60", submitted="2026-07-02"))
    assert found.scores[0].value == 50.0
    assert [one.reason.split(":")[1].strip() for one in found.submissions.rejected] == ["late"]


def test_a_duplicate_under_another_method_is_still_one(tmp_path: Path) -> None:
    found = scored(tmp_path, row(value="50", methods="GC-MS"), row(value="50", methods="LC-MS"))
    assert found.submissions.rejected[0].reason.startswith("duplicate")


def test_codes_that_differ_by_case_only_are_nobody(tmp_path: Path) -> None:
    """Their reports would be one file under Windows: the second would be shown to the first."""
    found = scored(tmp_path, row("LAB-1", value="50"), row("lab-1", value="60"), row("B", value="51"))
    assert [one.laboratory for one in found.submissions.entries] == ["B"]
    assert [one.reason for one in found.submissions.rejected] == [
        "LAB-1 and lab-1 differ by case only: which laboratory is meant?"
    ] * 2
    assert [one.key for one in found.result.laboratories] == ["B"]
    beside = scored(tmp_path / "1", row("LAB-1", value="50"), row("lab-1", sample="SM-9"))
    assert [one.key for one in beside.result.laboratories] == []
    declared = scored(tmp_path / "2", row("LAB-1"), row("lab-1"), toml='laboratories = ["LAB-1"]\n' + ROUND)
    assert [one.laboratory for one in declared.submissions.entries] == ["LAB-1"]


def test_a_name_that_begins_like_a_formula_is_none_in_the_tables(tmp_path: Path) -> None:
    toml = ROUND.replace('"coke" =', '"=coke" =')
    found = scored(tmp_path / "round", row(substance="=coke", value="50"), toml=toml)
    assert found.scores[0].value == 50.0
    found.write(tmp_path / "out")
    for table in ("names.csv", "rows.csv"):
        assert ",'=coke" in f",{(tmp_path / 'out' / table).read_text(encoding='utf-8')}".replace("\n", "\n,")
