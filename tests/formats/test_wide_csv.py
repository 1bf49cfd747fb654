"""Wide CSV: one spectrum in a row, one column for each nominal m/z."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import pytest

from nps_spectra.formats.lines import text_lines
from nps_spectra.formats.record import ParsedRecord, RawRecord, RecordFault
from nps_spectra.formats.streams import members
from nps_spectra.formats.wide_csv import FORMAT

COLUMNS = [str(mz) for mz in range(40, 52)]


def row(name: str = "A", label: str = "5", delimiter: str = ",", **cells: str) -> str:
    """A row of zeros but for the cells given as ``mz41="7"``."""
    return delimiter.join([name, *(cells.get(f"mz{mz}", "0") for mz in COLUMNS), label])


HEADER = row("Name", "label", **{f"mz{mz}": mz for mz in COLUMNS})


def split(*lines: str) -> list[RawRecord]:
    return list(FORMAT.split(enumerate("\n".join(lines).split("\n"), start=1)))


def parse(*lines: str, header: str = HEADER) -> ParsedRecord:
    (raw,) = split(header, *lines)
    return FORMAT.parse(raw, "a.csv")


def fault(*lines: str, header: str = HEADER) -> str:
    with pytest.raises(RecordFault) as caught:
        parse(*lines, header=header)
    return str(caught.value)


def test_zeros_are_no_peaks_and_no_repair() -> None:
    record = parse(row(mz41="7", mz43="0.0", mz50="999"))
    assert (list(record.mz), list(record.intensity)) == ([41, 50], [7, 999])
    assert record.repairs == []


def test_name_and_other_columns() -> None:
    record = parse(row("Mephedrone", "0"))
    assert record.fields == {"name": "Mephedrone"}
    assert record.original == [("Name", "Mephedrone"), ("label", "0")]


@pytest.mark.parametrize("column", ["name", "NAME", "Compound", "ID", " Name "])
def test_columns_that_hold_the_name(column: str) -> None:
    assert parse(row("x"), header=HEADER.replace("Name", column)).fields == {"name": "x"}


def test_of_several_name_columns_the_name_is_taken() -> None:
    record = parse(row("7", "Mephedrone"), header=HEADER.replace("Name", "id").replace("label", "name"))
    assert record.fields == {"name": "Mephedrone"}


def test_a_table_without_names_has_none() -> None:
    record = parse(row("x"), header=HEADER.replace("Name", ""))
    assert record.fields == {}
    assert record.original == [("column 1", "x"), ("label", "5")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiters(delimiter: str) -> None:
    header = HEADER.replace(",", delimiter)
    assert FORMAT.sniff(f"{header}\n", "a.csv")
    assert list(parse(row(delimiter=delimiter, mz44="1.5"), header=header).intensity) == [1.5]


def test_quoted_names_with_delimiters_quotes_and_line_ends() -> None:
    first, second = split(HEADER, row('"3,4-MD ""x""\nnote"', mz41="1"), "", row("B", mz42="2"))
    assert FORMAT.parse(first, "").fields["name"] == '3,4-MD "x"\nnote'
    assert FORMAT.parse(second, "").fields["name"] == "B"
    assert (first.line, second.line) == (2, 5)


def test_a_quote_inside_an_unquoted_cell_is_text() -> None:
    assert parse(row('5" tube')).fields["name"] == '5" tube'


def test_a_quote_that_is_never_closed_costs_one_record_only() -> None:
    records = split(HEADER, row('"A'), *(row(f"B{n}") for n in range(40)))
    assert [record.line for record in records] == list(range(2, 43))
    with pytest.raises(RecordFault, match="not a row of a CSV table"):
        FORMAT.parse(records[0], "")
    assert [FORMAT.parse(record, "").fields["name"] for record in records[1:3]] == ["B0", "B1"]


def test_looking_for_the_end_of_a_quote_reads_a_few_lines_only() -> None:
    lines = enumerate([HEADER, row('"A'), *[row()] * 1000], start=1)
    next(FORMAT.split(lines))
    assert next(lines)[0] < 50


@pytest.mark.parametrize("line", [f"{row()},0", row().rpartition(",")[0], "A", ",,,"])
def test_a_wrong_number_of_cells_is_a_fault(line: str) -> None:
    assert fault(line) == f"{line.count(',') + 1} cells, expected 14 as in the header"


@pytest.mark.parametrize(
    ("cell", "found"), [("", "empty"), (" ", "empty"), ("x", "'x'"), ("1_0", "'1_0'"), ("1.2.3", "'1.2.3'")]
)
def test_a_cell_that_is_no_number_is_a_fault_that_names_the_column(cell: str, found: str) -> None:
    assert fault(row(mz43=cell)) == f"column '43' is {found}, expected a number"


@pytest.mark.parametrize("value", ["nan", "inf", "-1"])
def test_numbers_that_no_peak_can_have_are_passed_on_to_the_shared_check(value: str) -> None:
    (found,) = parse(row(mz43=value)).intensity
    assert math.isnan(found) if value == "nan" else found == float(value)


def test_two_columns_for_one_mz_are_a_fault_of_every_row() -> None:
    assert fault(row(), header=HEADER.replace("41", "40.0")) == "the table has two columns for m/z 40"


def test_columns_need_not_be_in_order() -> None:
    header = HEADER.replace("41", "x").replace("50", "41").replace("x", "50")
    assert list(parse(row(mz41="7", mz50="9"), header=header).mz) == [50, 41]


def test_a_table_of_a_header_has_no_records() -> None:
    assert split(HEADER, "") == []


def test_rows_without_a_header_are_faults() -> None:
    for raw in split("a,b", "c,d"):
        with pytest.raises(RecordFault, match="no header"):
            FORMAT.parse(raw, "")


@pytest.mark.parametrize(
    "head",
    [
        "",
        "Name: A\nNum Peaks: 1\n58 999\n",
        "58.1,999\n91,5\n",
        "mixture,components\n",
        "1,2,3\n",
        "country," + ",".join(map(str, range(2010, 2025))) + "\n",
        ",".join(["name", *(f"x{n}" for n in range(30)), *map(str, range(12))]) + "\n",
        '"unclosed,' + ",".join(COLUMNS),
    ],
)
def test_sniff_leaves_other_files(head: str) -> None:
    assert not FORMAT.sniff(head, "a.csv")


def test_the_swgdrug_table(data_folder: Path) -> None:
    """The README of the data counts 628 spectra; `sort | uniq -d` on the file shows the names that occur twice."""
    path = data_folder / "swgdrug_nps_ei" / "spectra.csv"
    records = [
        FORMAT.parse(raw, path.name)
        for member in members(path)
        for raw in FORMAT.split(text_lines(member.open(), Counter()))
    ]
    assert len(records) == 628
    names = Counter(record.fields["name"] for record in records)
    assert [name for name, count in names.items() if count == 2] == [
        "1-(4-Chlorophenyl)piperazine",
        "1-(2,5-Dimethoxybenzyl)piperazine",
    ]
    assert (records[0].fields["name"], records[0].mz[0], records[0].intensity[0]) == ("2-Chloroethcathinone", 41, 0.9)
    assert all(min(record.intensity) > 0 for record in records)
