"""MassBank records: every tag kept, the known ones typed, no record lost between two others.

Tags: MassBank record format 2, https://github.com/MassBank/MassBank-web/blob/main/Documentation/MassBankRecordFormat.md
"""

from __future__ import annotations

from typing import Any

import pytest

from nps_spectra.formats.massbank import FORMAT
from nps_spectra.formats.record import ParsedRecord, RawRecord, RecordFault

RECORD = """ACCESSION: MSBNK-Nobody-NB000077
RECORD_TITLE: Ugly amine; LC-ESI-QTOF; MS2
DATE: 2024.02.30
AUTHORS: A. Nobody, Institute of Nothing
LICENSE: CC BY
COMMENT: CONFIDENCE invented
COMMENT: INTERNAL_ID 77
CH$NAME: Ugly amine
CH$NAME: Coded 1
CH$NAME: 2-(Ugly)-ethylamine: base
CH$COMPOUND_CLASS: N/A
CH$FORMULA: C8H10N4O2
CH$EXACT_MASS: 194.080376
CH$SMILES: CN1C=NC2=C1C(=O)N(C(=O)N2C)C
CH$IUPAC: InChI=1S/C8H10N4O2/c1-10-4-9-6-5(10)7(13)12(3)8(14)11(6)2/h4H,1-3H3
CH$LINK: CAS 58-08-2
CH$LINK: INCHIKEY RYYVLZVUVIJVGH-UHFFFAOYSA-N
CH$LINK: PUBCHEM CID:0
AC$INSTRUMENT: Imagined QTOF
AC$INSTRUMENT_TYPE: LC-ESI-QTOF
AC$MASS_SPECTROMETRY: MS_TYPE MS2
AC$MASS_SPECTROMETRY: ION_MODE POSITIVE
AC$MASS_SPECTROMETRY: COLLISION_ENERGY 30 eV
AC$CHROMATOGRAPHY: RETENTION_TIME 4.5 min
AC$CHROMATOGRAPHY: RETENTION_INDEX 1843.2
MS$FOCUSED_ION: BASE_PEAK 138.0662
MS$FOCUSED_ION: PRECURSOR_M/Z 195.0877
MS$FOCUSED_ION: PRECURSOR_TYPE [M+H]+
MS$DATA_PROCESSING: RECALIBRATE never
PK$SPLASH: splash10-0000-0900000000-00000000000000000000
PK$ANNOTATION: m/z tentative_formula formula_count
  110.0713 C5H8N3+ 1
  138.0662 C6H8N3O+ 1
PK$NUM_PEAK: 2
PK$PEAK: m/z int. rel.int.
  110.0713 26.5 265
  138.0662 100 999
//
"""


def split(text: str) -> list[RawRecord]:
    return list(FORMAT.split(enumerate(text.split("\n"), start=1)))


def parse(text: str) -> ParsedRecord:
    (raw,) = split(text)
    return FORMAT.parse(raw, "a.txt")


def fault(text: str) -> str:
    with pytest.raises(RecordFault) as caught:
        parse(text)
    return str(caught.value)


def record(*lines: str, peaks: tuple[str, ...] = ("  58 1 999",), declared: str = "1") -> str:
    head = ("ACCESSION: XX000001", *lines, f"PK$NUM_PEAK: {declared}", "PK$PEAK: m/z int. rel.int.", *peaks, "//")
    return "\n".join(head)


def test_typed_fields() -> None:
    parsed = parse(RECORD)
    assert parsed.fields == {
        "accession": "MSBNK-Nobody-NB000077",
        "contributor": "Nobody",
        "licence": "CC BY",
        "name": "Ugly amine",
        "synonyms": ("Coded 1", "2-(Ugly)-ethylamine: base"),
        "formula": "C8H10N4O2",
        "exact_mass": 194.080376,
        "smiles": "CN1C=NC2=C1C(=O)N(C(=O)N2C)C",
        "inchi": "InChI=1S/C8H10N4O2/c1-10-4-9-6-5(10)7(13)12(3)8(14)11(6)2/h4H,1-3H3",
        "cas": "58-08-2",
        "inchikey": "RYYVLZVUVIJVGH-UHFFFAOYSA-N",
        "instrument": "Imagined QTOF",
        "instrument_type": "LC-ESI-QTOF",
        "ionization": "ESI",
        "ms_level": 2,
        "polarity": "positive",
        "collision_energy": "30 eV",
        "collision_energy_ev": 30.0,
        "retention_time_s": 270.0,
        "retention_index": 1843.2,
        "precursor_mz": 195.0877,
        "adduct": "[M+H]+",
        "charge": 1,
    }
    assert (parsed.repairs, parsed.notes) == ([], [])


def test_the_type_of_the_ion_is_the_adduct_where_no_type_of_the_precursor_is_given() -> None:
    # Record format 2, 2.5.1: ION_TYPE is the type of the focused ion, PRECURSOR_TYPE that of the precursor in MS/MS.
    older = RECORD.replace("PRECURSOR_TYPE", "ION_TYPE")
    assert parse(older).fields["adduct"] == "[M+H]+"
    both = RECORD.replace("MS$FOCUSED_ION: BASE_PEAK 138.0662", "MS$FOCUSED_ION: ION_TYPE [M]+*")
    assert parse(both).fields["adduct"] == "[M+H]+"


def test_intensities_are_the_absolute_ones() -> None:
    parsed = parse(RECORD)
    assert (list(parsed.mz), list(parsed.intensity)) == ([110.0713, 138.0662], [26.5, 100])


def test_every_line_but_the_peaks_is_kept_in_order() -> None:
    lines = RECORD.split("\n")
    expected = [tuple(line.split(": ", 1)) for line in lines[: lines.index("//")] if not line.startswith("  ")]
    at = expected.index(("PK$ANNOTATION", "m/z tentative_formula formula_count")) + 1
    expected[at:at] = [("PK$ANNOTATION", "110.0713 C5H8N3+ 1"), ("PK$ANNOTATION", "138.0662 C6H8N3O+ 1")]
    assert parse(RECORD).original == expected


def test_many_records_in_a_file() -> None:
    second = RECORD.replace("NB000077", "NB000078")
    found = split(f"\n{RECORD}\n\n{second}")
    assert [raw.line for raw in found] == [2, 2 + RECORD.count("\n") + 2]
    assert [FORMAT.parse(raw, "").fields["accession"][-2:] for raw in found] == ["77", "78"]


@pytest.mark.parametrize(
    ("lines", "field", "value"),
    [
        (["CH$NAME: N/A", "CH$NAME: Real"], "name", "Real"),
        (["CH$NAME: N/A"], "name", None),
        (["CH$NAME: One"], "synonyms", ()),
        (["CH$LINK: CAS 58-08-2 1-2-3"], "cas", None),
        (["CH$LINK: CAS N/A"], "cas", None),
        (["AC$MASS_SPECTROMETRY: IONIZATION APCI", "AC$INSTRUMENT_TYPE: LC-ESI-QTOF"], "ionization", "APCI"),
        (["AC$INSTRUMENT_TYPE: EI-B"], "ionization", "EI"),
        (["AC$INSTRUMENT_TYPE: QTOF"], "ionization", None),
        (["AC$MASS_SPECTROMETRY: ION_MODE NEGATIVE"], "polarity", "negative"),
        (["AC$MASS_SPECTROMETRY: MS_TYPE MS"], "ms_level", 1),
        (["AC$MASS_SPECTROMETRY: MS_TYPE MS4"], "ms_level", 4),
        (["AC$MASS_SPECTROMETRY: MS_TYPE MSn"], "ms_level", None),
        (["AC$MASS_SPECTROMETRY: COLLISION_ENERGY 35 % (nominal)"], "collision_energy", "35 % (nominal)"),
        (["AC$MASS_SPECTROMETRY: COLLISION_ENERGY 35 % (nominal)"], "collision_energy_ev", None),
        (["AC$MASS_SPECTROMETRY: COLLISION_ENERGY Ramp 20-30 eV"], "collision_energy_ev", None),
        (["AC$CHROMATOGRAPHY: RETENTION_TIME 270 sec"], "retention_time_s", 270.0),
        (["AC$CHROMATOGRAPHY: RETENTION_TIME 4.5 min (in paper: 4 min)"], "retention_time_s", 270.0),
        (["AC$CHROMATOGRAPHY: RETENTION_TIME 4.5"], "retention_time_s", None),
        (["AC$CHROMATOGRAPHY: RETENTION_TIME N/A"], "retention_time_s", None),
        (["MS$FOCUSED_ION: PRECURSOR_M/Z 609.3/448.2/195.1"], "precursor_mz", 195.1),
        (["MS$FOCUSED_ION: PRECURSOR_TYPE [M+2H]2+"], "charge", 2),
        (["MS$FOCUSED_ION: PRECURSOR_TYPE [M-2H]--"], "charge", -2),
        (["CH$EXACT_MASS: 1e999"], "exact_mass", None),
        ([], "contributor", None),
    ],
)
def test_fields(lines: list[str], field: str, value: Any) -> None:
    assert parse(record(*lines)).fields.get(field, () if field == "synonyms" else None) == value


def test_a_retention_time_without_a_unit_is_noted_and_kept() -> None:
    parsed = parse(record("AC$CHROMATOGRAPHY: RETENTION_TIME 4.5"))
    assert parsed.notes == ["retention_time_s: value not understood, kept in the original fields only"]
    assert ("AC$CHROMATOGRAPHY", "RETENTION_TIME 4.5") in parsed.original


@pytest.mark.parametrize("declared", ["3", "", "N/A", "two", "²"])
def test_a_wrong_count_costs_no_peak_and_is_reported(declared: str) -> None:
    parsed = parse(record(peaks=("  58 1 5", "  91 2 999"), declared=declared))
    assert (list(parsed.mz), list(parsed.intensity)) == ([58, 91], [1, 2])
    assert parsed.repairs == ["PK$NUM_PEAK is not the number of peaks: all peaks were read"]


def test_a_record_without_peaks_says_so_by_its_count() -> None:
    parsed = parse(record(peaks=(), declared="N/A"))
    assert (list(parsed.mz), parsed.repairs) == ([], [])


def test_deprecated_is_noted_and_kept() -> None:
    parsed = parse(record("DEPRECATED: 2020-01-01 wrong structure"))
    assert parsed.notes == ["record is marked as deprecated by its contributor"]
    assert ("DEPRECATED", "2020-01-01 wrong structure") in parsed.original


@pytest.mark.parametrize("blank", ["", "  ", "\t"])
def test_a_blank_line_inside_a_record_does_no_harm(blank: str) -> None:
    text = RECORD.replace("  138.0662 100 999", f"{blank}\n  138.0662 100 999").replace("DATE", f"{blank}\nDATE")
    assert parse(text) == parse(RECORD)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (RECORD.replace("//\n", ""), "the record has no end ('//')"),
        (RECORD[: RECORD.index("138.0662 100")], "the record has no end ('//')"),
        (RECORD.replace("PK$PEAK: m/z int. rel.int.\n", ""), "no 'PK$PEAK:' block"),
        (record(peaks=("  58 1 5", "PK$PEAK: m/z int. rel.int.", "  91 1 5")), "two 'PK$PEAK:' blocks"),
        (record(peaks=("  58 1 5", "  91 1")), "peak 2 is '91 1', expected 'm/z int. rel.int.'"),
        (record(peaks=("  58 1 5", "  91 x 5")), "peak 2 is '91 x 5'"),
        (record(peaks=("  58 1 5 7",)), "peak 1 is '58 1 5 7'"),
        (record(peaks=("  58 1_0 5",)), "peak 1 is '58 1_0 5'"),
        (record(peaks=("  58,1 10 5",)), "peak 1 is '58,1 10 5'"),
        (record("no tag here"), "found 'no tag here', expected 'TAG: value'"),
        ("rubbish\n", "found 'rubbish', expected a record that starts with 'ACCESSION:'"),
        ("RECORD_TITLE: x\n//", "expected a record that starts with 'ACCESSION:'"),
    ],
)
def test_reasons(text: str, reason: str) -> None:
    assert reason in fault(text)


def test_a_record_without_an_end_does_not_swallow_the_next() -> None:
    first, second = split(RECORD.replace("//\n", "") + RECORD)
    with pytest.raises(RecordFault, match="no end"):
        FORMAT.parse(first, "")
    assert FORMAT.parse(second, "") == parse(RECORD)


def test_rubbish_between_records_is_a_record_of_its_own() -> None:
    found = split(f"{RECORD}what is\nthis?\n{RECORD}and that")
    length = RECORD.count("\n")
    assert [raw.line for raw in found] == [1, length + 1, length + 3, 2 * length + 3]
    assert [list(raw.lines) for raw in found[1::2]] == [["what is", "this?"], ["and that"]]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (RECORD, True),
        (f"\n\n{RECORD}", True),
        (f"  110.0713 26.5 265\n//\n{RECORD}", True),
        ("Name: A\nACCESSION: 7\nNum Peaks: 1\n58 1", False),
        ("58 1\n91 2", False),
        ("", False),
    ],
)
def test_sniff(head: str, expected: bool) -> None:
    assert FORMAT.sniff(head, "a.txt") is expected
