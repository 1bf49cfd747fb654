"""MGF: one spectrum from BEGIN IONS to END IONS, whatever stands around and inside."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import pytest

from nps_spectra.formats.lines import Lines
from nps_spectra.formats.mgf import FORMAT
from nps_spectra.formats.record import ParsedRecord, RawRecord, RecordFault
from nps_spectra.spectrum import Spectrum

BLOCK = """BEGIN IONS
TITLE=Fentanyl
PEPMASS=337.2274 1200.5
CHARGE=1+
188.1434 999
105.0699 500.5
END IONS
"""


def split(text: str) -> list[RawRecord]:
    return list(FORMAT.split(Lines.of(text)))


def parse(text: str) -> ParsedRecord:
    (raw,) = split(text)
    record = FORMAT.parse(raw, "a.mgf")
    return record if record.peaks is None else record.peaks.otherwise()


def block(*lines: str) -> ParsedRecord:
    return parse("\n".join(["BEGIN IONS", *lines, "58.065 10", "END IONS"]))


def written(spectrum: Spectrum) -> list[str]:
    assert FORMAT.writer is not None
    return FORMAT.writer.record(spectrum).split("\n")


def fault(text: str) -> str:
    with pytest.raises(RecordFault) as caught:
        parse(text)
    return str(caught.value)


def test_peaks_are_given_in_the_order_of_the_file() -> None:
    record = parse(BLOCK)
    assert (list(record.mz), list(record.intensity)) == ([188.1434, 105.0699], [999, 500.5])


def test_typed_fields() -> None:
    record = block(
        "TITLE=Fentanyl",
        "PEPMASS=337.2274",
        "CHARGE=1+",
        "IONMODE=Positive",
        "MSLEVEL=2",
        "RTINSECONDS=312.4",
        "SMILES=CCC(=O)N(C1CCN(CC1)CCC2=CC=CC=C2)C3=CC=CC=C3",
        'INCHI="InChI=1S/CH4/h1H4"',
        "INCHIKEY=PJMPHNIQZUBGLI-UHFFFAOYSA-N",
        "FORMULA=C22H28N2O",
        "ADDUCT=[M+H]+",
        "COLLISION_ENERGY=35 eV",
        "SPECTRUMID=CCMSLIB00000000001",
        "INSTRUMENT=Orbitrap",
    )
    assert record.fields == {
        "name": "Fentanyl",
        "precursor_mz": 337.2274,
        "charge": 1,
        "polarity": "positive",
        "ms_level": 2,
        "retention_time_s": 312.4,
        "smiles": "CCC(=O)N(C1CCN(CC1)CCC2=CC=CC=C2)C3=CC=CC=C3",
        "inchi": "InChI=1S/CH4/h1H4",
        "inchikey": "PJMPHNIQZUBGLI-UHFFFAOYSA-N",
        "formula": "C22H28N2O",
        "adduct": "[M+H]+",
        "collision_energy": "35 eV",
        "collision_energy_ev": 35.0,
        "accession": "CCMSLIB00000000001",
        "instrument": "Orbitrap",
    }
    assert record.notes == []


def test_every_parameter_is_kept_as_it_stands() -> None:
    record = block("Title=a=b", "SCANS=7", "SCANS=8", "LIBRARYQUALITY=")
    assert record.original == [("Title", "a=b"), ("SCANS", "7"), ("SCANS", "8"), ("LIBRARYQUALITY", "")]


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        (["TITLE=scan 7", "NAME=Fentanyl"], "Fentanyl"),
        (["TITLE=scan 7", "NAME=N/A"], "scan 7"),
        (["TITLE=unknown"], "unknown"),
        (["TITLE="], None),
        ([], None),
    ],
)
def test_name(lines: list[str], name: str | None) -> None:
    assert block(*lines).fields.get("name") == name


@pytest.mark.parametrize(
    ("lines", "fields"),
    [
        (["PEPMASS=0"], {}),
        (["PEPMASS=0.0 100"], {}),
        (["PEPMASS="], {}),
        (["PEPMASS=337.2 100 2+"], {"precursor_mz": 337.2, "charge": 2, "polarity": "positive"}),
        (["PEPMASS=337.2", "CHARGE=0"], {"precursor_mz": 337.2}),
        (["CHARGE=0+"], {}),
        (["CHARGE=2-"], {"charge": -2, "polarity": "negative"}),
        (["CHARGE=-2"], {"charge": -2, "polarity": "negative"}),
        (["CHARGE=1", "IONMODE=negative"], {"charge": -1, "polarity": "negative"}),
        (["INCHIAUX=PJMPHNIQZUBGLI-UHFFFAOYSA-N"], {"inchikey": "PJMPHNIQZUBGLI-UHFFFAOYSA-N"}),
        (["INCHIAUX=1/0/N:1,2"], {}),
        (["SMILES=N/A", "FORMULA=unknown"], {}),
    ],
)
def test_values_that_are_missing_or_follow_from_others(lines: list[str], fields: dict[str, Any]) -> None:
    record = block("MSLEVEL=2", *lines)
    assert record.fields == {"ms_level": 2, **fields}
    assert record.notes == []


@pytest.mark.parametrize("line", ["PEPMASS=abc", "PEPMASS=-5", "CHARGE=2+ and 3+", "RTINSECONDS=1-2", "MSLEVEL=x"])
def test_a_value_that_is_not_understood_is_noted_and_does_not_cost_the_record(line: str) -> None:
    record = block(line)
    assert any("not understood" in note for note in record.notes)
    assert record.original == [tuple(line.split("="))]
    assert list(record.mz) == [58.065]


def test_a_charge_without_a_sign_is_noted() -> None:
    record = block("CHARGE=1")
    assert record.fields["polarity"] == "positive"
    assert "CHARGE without a sign and no IONMODE: taken as positive" in record.notes


def test_without_a_level_it_is_msms_and_noted() -> None:
    record = block()
    assert record.fields == {"ms_level": 2}
    assert record.notes == ["MGF without MSLEVEL: taken as MS/MS"]


def test_a_level_of_one_stays() -> None:
    assert block("MSLEVEL=1").fields["ms_level"] == 1


def test_ionisation_named_by_the_instrument() -> None:
    assert block("SOURCE_INSTRUMENT=LC-ESI-qTof").fields["ionization"] == "ESI"


def test_comments_and_blank_lines_are_skipped() -> None:
    inside = BLOCK.replace("CHARGE", "; a comment\n\n/x\nCHARGE")
    record = parse(f"# made by x\n\n!y\n{inside}\n# end\n")
    assert len(record.mz) == 2


def test_parameters_before_the_first_block_hold_for_all_blocks_and_are_kept() -> None:
    records = [FORMAT.parse(raw, "") for raw in split(f"IONMODE=negative\nCHARGE=1-\nTITLE=none\n\n{BLOCK}\n{BLOCK}")]
    assert [record.fields["name"] for record in records] == ["Fentanyl", "Fentanyl"]
    assert [record.fields["polarity"] for record in records] == ["negative", "negative"]
    assert records[1].original[:2] == [("IONMODE", "negative"), ("CHARGE", "1-")]


def test_third_columns_are_ignored() -> None:
    assert list(parse("BEGIN IONS\n58.1 10 1+\n91.2\t20\ty2\nEND IONS").intensity) == [10, 20]


def test_marks_in_lower_case_and_indented() -> None:
    assert len(parse("  begin ions\n 58.1 10\n  end ions  ").mz) == 1


@pytest.mark.parametrize("value", ["nan", "inf", "-1"])
def test_numbers_that_no_peak_can_have_are_passed_on_to_the_shared_check(value: str) -> None:
    (found,) = parse(f"BEGIN IONS\n58.1 {value}\nEND IONS").intensity
    assert math.isnan(found) if value == "nan" else found == float(value)


def test_a_block_without_peaks_has_no_peaks() -> None:
    assert list(parse("BEGIN IONS\nTITLE=a\nEND IONS").mz) == []


@pytest.mark.parametrize("line", ["abc def", "91.1", "1_000 5", "5 1_000", "58,1 10", "58.1;10"])
def test_a_line_that_is_no_peak_is_a_fault_that_names_it(line: str) -> None:
    assert fault(f"BEGIN IONS\n57.1 3\n{line}\nEND IONS") == f"peak 2 is {line!r}, expected 'm/z intensity'"


def test_a_block_cut_short_by_the_next_one_is_a_fault_and_the_next_is_read() -> None:
    first, second = split("BEGIN IONS\nTITLE=a\n58.1 10\n" + BLOCK)
    with pytest.raises(RecordFault, match="END IONS missing"):
        FORMAT.parse(first, "")
    assert FORMAT.parse(second, "").fields["name"] == "Fentanyl"


@pytest.mark.parametrize("text", ["BEGIN IONS", "BEGIN IONS\n", "BEGIN IONS\n58.1 10\n58.2"])
def test_a_block_cut_short_by_the_end_of_the_file_is_a_fault(text: str) -> None:
    assert "END IONS missing" in fault(text)


@pytest.mark.parametrize("between", ["58.1 10", "END IONS", "TITLE=late"])
def test_what_stands_between_blocks_is_a_record_of_its_own_and_a_fault(between: str) -> None:
    records = split(f"{BLOCK}{between}\n{BLOCK}")
    assert [record.line for record in records] == [1, 8, 9]
    with pytest.raises(RecordFault, match="outside a block"):
        FORMAT.parse(records[1], "")


def test_parameters_without_any_block_are_a_fault() -> None:
    assert "outside a block" in fault("CHARGE=1+\nIONMODE=positive\n")


def test_records_know_their_lines() -> None:
    assert [(record.line, len(record.content.split("\n"))) for record in split(f"A=b\n\n{BLOCK}\n{BLOCK}")] == [
        (3, 7),
        (11, 7),
    ]


@pytest.mark.parametrize("head", [BLOCK, "\n# x\nCHARGE=1+\n\nBEGIN IONS\n", "begin ions\n"])
def test_sniff_takes_mgf(head: str) -> None:
    assert FORMAT.sniff(head, "a.txt")


@pytest.mark.parametrize(
    "head",
    ["", "Name: A\nNum Peaks: 1\n58 999\n", "ACCESSION: X\n", "58.1 10\n91 5\n", "prose\nBEGIN IONS\n", "a=b\nc=d\n"],
)
def test_sniff_leaves_other_files(head: str) -> None:
    assert not FORMAT.sniff(head, "a.mgf")


def test_a_precursor_of_other_programs_is_taken_where_pepmass_is_missing() -> None:
    assert block("PRECURSOR_MZ=337.2").fields["precursor_mz"] == 337.2
    assert block("PEPMASS=337.3", "PRECURSOR_MZ=337.2").fields["precursor_mz"] == 337.3


def test_synonyms_are_all_read() -> None:
    assert block("SYNONYM=a", "synonym=b").fields["synonyms"] == ("a", "b")


def test_what_is_written() -> None:
    spectrum = Spectrum(
        [58.065, 91.5],
        [2.5e6, 0.1],
        name="Fentanyl",
        synonyms=("a", "b"),
        precursor_mz=337.2274,
        charge=-2,
        polarity="negative",
        ms_level=3,
        retention_time_s=312.4,
        collision_energy_ev=35,
        nominal_mass=336,
    )
    assert written(spectrum) == [
        *("BEGIN IONS", "TITLE=Fentanyl", "SYNONYM=a", "SYNONYM=b", "PEPMASS=337.2274", "CHARGE=2-"),
        *("RTINSECONDS=312.4", "MSLEVEL=3", "IONMODE=negative", "COLLISION_ENERGY=35 eV", "NOMINAL_MASS=336"),
        *("58.065 2500000", "91.5 0.1", "END IONS", "", ""),
    ]


def test_original_parameters_are_written_as_they_stood() -> None:
    original = {"SCANS": ("7",), "FEATURE_ID": ("12",), "Title": ("a=b",), "PEPMASS": ("337.20 100",)}
    spectrum = Spectrum([58], [1], name="a=b", precursor_mz=337.2, ms_level=2, original=original)
    assert written(spectrum)[:-4] == [
        *("BEGIN IONS", "MSLEVEL=2", "SCANS=7", "FEATURE_ID=12", "Title=a=b", "PEPMASS=337.20 100")
    ]


def test_an_original_parameter_that_a_typed_field_contradicts_is_kept_as_another() -> None:
    spectrum = Spectrum([58], [1], name="new", ms_level=2, original={"TITLE": ("old",), "COMMENT": ("x",)})
    assert written(spectrum)[1:5] == ["TITLE=new", "MSLEVEL=2", "TITLE_AS_READ=old", "COMMENT_AS_READ=x"]


@pytest.mark.parametrize(
    ("key", "line"),
    [("#", "NOTE=x"), ("a=b", "a_b=x"), ("; c", "c=x"), ("BEGIN IONS", "BEGIN IONS=x"), ("58 1", "58 1=x")],
)
def test_no_original_key_can_break_a_record(key: str, line: str) -> None:
    lines = written(Spectrum([58], [1], original={key: ("x",)}))
    assert line in lines
    assert list(parse("\n".join(lines)).mz) == [58]


def test_importing_the_formats_does_not_import_pyteomics() -> None:
    code = "import sys, nps_spectra.formats; sys.exit('pyteomics' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
