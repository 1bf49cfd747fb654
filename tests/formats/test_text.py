"""Two-column text: one file is one spectrum, and every line is two numbers or a fault."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from nps_spectra.formats.record import ParsedRecord, RawRecord, RecordFault
from nps_spectra.formats.text import FORMAT


def split(text: str) -> list[RawRecord]:
    return list(FORMAT.split(enumerate(text.split("\n"), start=1)))


def parse(text: str, name: str = "a.txt") -> ParsedRecord:
    (raw,) = split(text)
    return FORMAT.parse(raw, name)


def peaks(text: str) -> list[tuple[float, float]]:
    record = parse(text)
    return list(zip(record.mz, record.intensity, strict=True))


def fault(text: str) -> str:
    with pytest.raises(RecordFault) as caught:
        parse(text)
    return str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "58.1\t999\n91\t20.5",
        "58.1 999\n91  20.5",
        "  58.1 \t 999 \n 91 \t 20.5  ",
        "58.1,999\n91, 20.5",
        "58.1;999\n91 ; 20.5",
        "58,1 999\n91 20,5",
        "58,1\t999\n91\t20,5",
        "58,1;999\n91;20,5",
        "5.81e1 9.99E+2\n.91e2 2.05e1",
        "\n58.1 999\n\n\n91 20.5\n\n",
        "# m/z, intensity\n58.1 999\n#\n91 20.5",
        "m/z\tintensity\n58.1\t999\n91\t20.5",
        "mz,Intensity\n58.1,999\n91,20.5",
        '"m/z";"rel. abundance (%)"\n58,1;999\n91;20,5',
        "Mass (Da) Counts\n58.1 999\n91 20.5",
    ],
)
def test_two_columns(text: str) -> None:
    assert peaks(text) == [(58.1, 999), (91, 20.5)]
    assert FORMAT.sniff(text, "a.txt")


def test_order_duplicates_and_zeros_are_left_as_they_are() -> None:
    assert peaks("91 5\n58 0\n91 5\n") == [(91, 5), (58, 0), (91, 5)]


@pytest.mark.parametrize("value", ["nan", "-inf", "-1"])
def test_numbers_that_no_peak_can_have_are_passed_on_to_the_shared_check(value: str) -> None:
    ((_, found),) = peaks(f"58.1 {value}")
    assert math.isnan(found) if value == "nan" else found == float(value)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("data/Mixture1_30V.txt", "Mixture1_30V"),
        ("data.v1/a.tar.xz!x/Fentanyl 0.5.TXT.gz", "Fentanyl 0.5"),
        ("Fentanyl 0.5", "Fentanyl 0.5"),
        (".txt", ".txt"),
    ],
)
def test_the_name_is_that_of_the_file(file: str, name: str) -> None:
    record = parse("58 1", file)
    assert record.fields == {"name": name}
    assert record.notes == ["name taken from the file name"]


def test_comments_and_header_are_kept() -> None:
    assert parse("# DART, +30 V\nm/z intensity\n58 1").original == [
        ("#", "DART, +30 V"),
        ("header", "m/z intensity"),
    ]


def test_decimal_commas_are_noted() -> None:
    assert "decimal commas" in parse("58,1 9").notes


@pytest.mark.parametrize(
    "line", ["abc def", "58.1", "58.1 9 1", "58.1;9", "1_000 5", "58.1 0x10", "٥٨ 1", "m/z intensity", "58.1,9 "]
)
def test_a_line_that_is_not_two_numbers_is_a_fault_that_names_it(line: str) -> None:
    assert "line 4 is" in fault(f"# x\n57 1\n\n{line}\n59 3")


@pytest.mark.parametrize("text", ["58 1,234\n91 12,345", "58,1 1.5", "58 1,234.5"])
def test_commas_that_may_separate_thousands_are_a_fault(text: str) -> None:
    assert "thousands" in fault(text)


def test_decimal_commas_with_three_decimals_in_both_columns_are_no_thousands() -> None:
    assert peaks("58,065 999,120\n91,054 1,250") == [(58.065, 999.12), (91.054, 1.25)]


def test_a_file_of_comments_has_no_peaks() -> None:
    assert peaks("# nothing\nm/z intensity\n") == []


@pytest.mark.parametrize("text", ["", "\n  \n"])
def test_an_empty_file_has_no_record(text: str) -> None:
    assert split(text) == []


def test_the_record_starts_at_the_first_line() -> None:
    assert [(raw.line, len(raw.lines)) for raw in split("\n58 1\n91 2")] == [(1, 3)]


@pytest.mark.parametrize(
    "head",
    [
        "",
        "# only a comment\n",
        "Name: A\nNum Peaks: 2\n58 999\n91 10\n100 5\n101 5\n",
        "ACCESSION: X\n58.1 10 999\n",
        "BEGIN IONS\n58.1 10\n58.2 10\n58.3 10\nEND IONS\n",
        "year,count\n2013,5\n2014,7\n",
        "58,1,2\n91,3,4\n",
        "m/z intensity\nis what we measured\n",
        "The 2 spectra were measured\nin 2021 by us\n",
        "58.1 10\nand then a long\nstory begins\nhere\n",
    ],
)
def test_sniff_leaves_other_files(head: str) -> None:
    assert not FORMAT.sniff(head, "a.txt")


def test_a_bad_line_does_not_make_the_file_unknown() -> None:
    assert FORMAT.sniff("58 1\n91 2\noops\n105 3\n", "a.txt")


def test_the_measured_dart_spectra(data_folder: Path) -> None:
    """Twelve spectra of pure compounds and eighteen of mixtures; peak and line counts are the same."""
    files = sorted((data_folder / "nist_dart_mixtures").glob("*/*.txt"))
    assert len(files) == 30
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert FORMAT.sniff(text, file.name)
        assert len(peaks(text)) == len(text.split()) / 2
    assert peaks((data_folder / "nist_dart_mixtures/pure/Amphetamine_30V.txt").read_text(encoding="utf-8"))[0] == (
        91.055785,
        38466.4625,
    )


@pytest.mark.parametrize(
    "line", ["9" * 300_000 + "x\t1", "m" + " " * 300_000 + "!", "," * 300_000], ids=["digits", "header", "commas"]
)
def test_a_long_line_takes_no_quadratic_time(line: str) -> None:
    # 300,000 steps squared would take minutes: whoever waits here has found it.
    assert not FORMAT.sniff(f"{line}\n{line}", "a.txt")
    with pytest.raises(RecordFault):
        FORMAT.parse(RawRecord(1, ["58\t1", line]), "a.txt")
