"""NIST MSP: its dialects and fields. The peaks are in test_msp_peaks."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest

from nps_spectra import read_spectra
from nps_spectra.formats.lines import Lines
from nps_spectra.formats.msp import FORMAT
from nps_spectra.formats.reading import parsed_record
from nps_spectra.formats.record import ParsedRecord, RawRecord, RecordFault

SWGDRUG = """
    Name: Ugly amine
    Synon: Coded 1
    Synon: 2-(Ugly)-ethylamine; base
    InChIKey: RYYVLZVUVIJVGH-UHFFFAOYSA-N
    Formula: C8H10N4O2
    MW: 194
    ExactMass: 194.080376
    CASNO: 58082
    ID: 77
    Comment: Provided by nobody / Lot #1
    Num Peaks: 5
    40 4; 41 59; 42 15;
    43 26; 44 999;
"""
NIST = """
    Name: Ugly amine
    Synon: Coded 1
    Synon: $:06 77
    Synon: $:28 RYYVLZVUVIJVGH-UHFFFAOYSA-N
    Formula: C8H10N4O2
    MW: 194
    CAS#: 58-08-2;  NIST#: 229808
    DB#: 77
    Comments: NIST Mass Spectrometry Data Center
    Num Peaks: 2
    43 26; 44 999;
"""
MONA = """
    Name: Ugly amine
    Synon: $:00in-source
    DB#: MoNA000077
    InChIKey: RYYVLZVUVIJVGH-UHFFFAOYSA-N
    Precursor_type: [M+H]+
    Spectrum_type: MS2
    PrecursorMZ: 195.0877
    Instrument_type: LC-ESI-QTOF
    Ion_mode: P
    Collision_energy: 20 eV
    Formula: C8H10N4O2
    MW: 194
    ExactMass: 194.080376
    Comments: "author=A. Nobody" "cas=58-08-2" "SMILES=CN1C=NC2=C1C(=O)N(C(=O)N2C)C" "license=CC BY" "x=1=2"
    Num Peaks: 2
    110.0713 26.5
    138.0662 100
"""
MASSBANK = """
    Name: Ugly amine
    Synon: Coded 1
    DB#: MSBNK-Nobody-NB000077
    InChIKey: RYYVLZVUVIJVGH-UHFFFAOYSA-N
    SMILES: CN1C=NC2=C1C(=O)N(C(=O)N2C)C
    Precursor_type: [M-H]-
    Spectrum_type: MS2
    PrecursorMZ: 193.0731
    Instrument_type: LC-ESI-QFT
    Instrument: Imagined FT
    Ion_mode: N
    ExactMass: 194.080376
    Comments: Parent=193.0731
    Splash: splash10-0000-0900000000-00000000000000000000
    Num Peaks: 1
    138.0662 999
"""
RIKEN = """
    NAME: Ugly amine
    PRECURSORMZ: 195.0877
    PRECURSORTYPE: [M+H]+
    FORMULA: C8H10N4O2
    Ontology: Xanthines
    INCHIKEY: RYYVLZVUVIJVGH-UHFFFAOYSA-N
    SMILES: CN1C=NC2=C1C(=O)N(C(=O)N2C)C
    IONMODE: Positive
    INSTRUMENTTYPE: LC-ESI-QTOF
    COLLISIONENERGY: 20 eV
    Num Peaks: 2
    110.0713\t26.5
    138.0662\t100
"""
MS_DIAL = """
    NAME: Ugly amine
    RETENTIONTIME: 4.5
    RETENTIONINDEX: 1843.2
    PRECURSORMZ: 195.0877
    IONMODE: Positive
    Num Peaks: 1
    138.0662\t100\t"C6H8N3O+"
"""


def split(text: str) -> list[RawRecord]:
    return list(FORMAT.split(Lines.of(text)))


def parse(text: str) -> ParsedRecord:
    (raw,) = split(textwrap.dedent(text))
    return FORMAT.parse(raw, "a.msp")


def header(*lines: str) -> ParsedRecord:
    return parse("\n".join(["Name: A", *lines, "Num Peaks: 1", "58 999"]))


@pytest.mark.parametrize(
    ("text", "dialect", "fields"),
    [
        (
            SWGDRUG,
            "MSP of SWGDRUG",
            {
                "name": "Ugly amine",
                "synonyms": ("Coded 1", "2-(Ugly)-ethylamine; base"),
                "inchikey": "RYYVLZVUVIJVGH-UHFFFAOYSA-N",
                "formula": "C8H10N4O2",
                "nominal_mass": 194,
                "exact_mass": 194.080376,
                "cas": "58-08-2",
                "accession": "77",
                "comment": "Provided by nobody / Lot #1",
            },
        ),
        (
            NIST,
            "MSP of NIST",
            {
                "name": "Ugly amine",
                "synonyms": ("Coded 1",),
                "formula": "C8H10N4O2",
                "nominal_mass": 194,
                "cas": "58-08-2",
                "accession": "229808",
                "comment": "NIST Mass Spectrometry Data Center",
            },
        ),
        (
            MONA,
            "MSP of MoNA",
            {
                "name": "Ugly amine",
                "accession": "MoNA000077",
                "inchikey": "RYYVLZVUVIJVGH-UHFFFAOYSA-N",
                "adduct": "[M+H]+",
                "charge": 1,
                "ms_level": 2,
                "precursor_mz": 195.0877,
                "instrument_type": "LC-ESI-QTOF",
                "ionization": "ESI",
                "polarity": "positive",
                "collision_energy": "20 eV",
                "collision_energy_ev": 20.0,
                "formula": "C8H10N4O2",
                "nominal_mass": 194,
                "exact_mass": 194.080376,
                "contributor": "A. Nobody",
                "cas": "58-08-2",
                "smiles": "CN1C=NC2=C1C(=O)N(C(=O)N2C)C",
                "licence": "CC BY",
            },
        ),
        (
            MASSBANK,
            "MSP of MassBank",
            {
                "name": "Ugly amine",
                "synonyms": ("Coded 1",),
                "accession": "MSBNK-Nobody-NB000077",
                "inchikey": "RYYVLZVUVIJVGH-UHFFFAOYSA-N",
                "smiles": "CN1C=NC2=C1C(=O)N(C(=O)N2C)C",
                "adduct": "[M-H]-",
                "charge": -1,
                "ms_level": 2,
                "precursor_mz": 193.0731,
                "instrument_type": "LC-ESI-QFT",
                "instrument": "Imagined FT",
                "ionization": "ESI",
                "polarity": "negative",
                "exact_mass": 194.080376,
                "comment": "Parent=193.0731",
            },
        ),
        (
            RIKEN,
            "MSP of RIKEN / MS-DIAL",
            {
                "name": "Ugly amine",
                "precursor_mz": 195.0877,
                "adduct": "[M+H]+",
                "charge": 1,
                "ms_level": 2,
                "formula": "C8H10N4O2",
                "inchikey": "RYYVLZVUVIJVGH-UHFFFAOYSA-N",
                "smiles": "CN1C=NC2=C1C(=O)N(C(=O)N2C)C",
                "polarity": "positive",
                "instrument_type": "LC-ESI-QTOF",
                "ionization": "ESI",
                "collision_energy": "20 eV",
                "collision_energy_ev": 20.0,
            },
        ),
        (
            MS_DIAL,
            "MSP of RIKEN / MS-DIAL",
            {
                "name": "Ugly amine",
                "retention_time_s": 270.0,
                "retention_index": 1843.2,
                "precursor_mz": 195.0877,
                "polarity": "positive",
                "ms_level": 2,
            },
        ),
    ],
    ids=["SWGDRUG", "NIST", "MoNA", "MassBank", "RIKEN", "MS-DIAL"],
)
def test_dialects(text: str, dialect: str, fields: dict[str, Any]) -> None:
    record = parse(text)
    if dialect != "MSP of MoNA":
        assert record.fields == fields
    else:
        assert record.fields.pop("comment").startswith('"author=')
        assert record.fields == fields
    assert (record.dialect, record.repairs) == (dialect, [])
    assert FORMAT.sniff(textwrap.dedent(text), "a.txt")


def test_every_field_is_kept_as_it_stands_in_the_order_of_the_file() -> None:
    assert parse(NIST).original == [
        ("Name", "Ugly amine"),
        ("Synon", "Coded 1"),
        ("Synon", "$:06 77"),
        ("Synon", "$:28 RYYVLZVUVIJVGH-UHFFFAOYSA-N"),
        ("Formula", "C8H10N4O2"),
        ("MW", "194"),
        ("CAS#", "58-08-2"),
        ("NIST#", "229808"),
        ("DB#", "77"),
        ("Comments", "NIST Mass Spectrometry Data Center"),
    ]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("\n\nName: A\n58 1\n\n\nName: B\n58 1", [3, 7]),
        ("Name: A\n58 1\nName: B\n58 1\nNAME: C\n58 1", [1, 3, 5]),
        ("name:A\n58 1\n \t \n  Name : B\n58 1", [1, 4]),
        ("", []),
        ("\n \n", []),
    ],
)
def test_where_records_start(text: str, lines: list[int]) -> None:
    assert [raw.line for raw in split(text)] == lines


@pytest.mark.parametrize(
    ("lines", "field", "value"),
    [
        (["CAS#: 58-08-2"], "cas", "58-08-2"),
        (["CASNO: 58082"], "cas", "58-08-2"),
        (["CASNO: 0"], "cas", None),
        (["CAS#: 58-08-3"], "cas", None),
        (["CAS#: N/A;  NIST#: 9"], "accession", "9"),
        (["Formula: C3H8; MW: 44; ExactMass: 44.06"], "exact_mass", 44.06),
        (["Synon: a", "Synonym: b", "SYNON: a"], "synonyms", ("a", "b", "a")),
        (["Formula: C3H8", "Formula: C4H9"], "formula", "C3H8"),
        (["MW: 44", "MW: 45"], "nominal_mass", 44),
        (["MW: 44.1"], "nominal_mass", None),
        (["MW: ²"], "nominal_mass", None),
        (["MW: " + "9" * 5000], "nominal_mass", None),
        (["MW: 0"], "nominal_mass", None),
        (["Ionization: negative"], "polarity", "negative"),
        (["Ion_mode: -"], "polarity", "negative"),
        (["ION MODE: P"], "polarity", "positive"),
        (["Precursor-MZ: 59.1"], "precursor_mz", 59.1),
        (["RetentionTime: 4.5"], "retention_time_s", None),
        (["RetentionTime: 4.5 min"], "retention_time_s", 270.0),
        (["Comment: a: b; c: d"], "comment", "a: b; c: d"),
        (['Comments: "InChI=InChI=1S/CH4/h1H4"'], "inchi", "InChI=1S/CH4/h1H4"),
        (["SMILES: C", 'Comments: "SMILES=CC"'], "smiles", "C"),
        (["Charge: 0"], "charge", None),
    ],
)
def test_fields(lines: list[str], field: str, value: object) -> None:
    assert header(*lines).fields.get(field) == value


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("Name: N: the 2:1 salt", "N: the 2:1 salt"),
        ("NAME:tight", "tight"),
        ("name : 1,2-Dione; mixture", "1,2-Dione; mixture"),
        ("Name:", None),
        ("Name: N/A", None),
    ],
)
def test_name(line: str, name: str | None) -> None:
    assert parse(f"{line}\nNum Peaks: 1\n58 1").fields.get("name") == name


def test_keys_in_any_case() -> None:
    upper = parse("NAME: A\nFORMULA: C3H8\nEXACTMASS: 44.06\nNUM PEAKS: 1\n58 1").fields
    lower = parse("name: A\nformula: C3H8\nexactmass: 44.06\nnum peaks: 1\n58 1").fields
    assert upper == lower == {"name": "A", "formula": "C3H8", "exact_mass": 44.06}


@pytest.mark.parametrize(
    ("head", "name", "expected"),
    [
        ("Name: A\nMW: 1", "a.txt", True),
        ("\n\nNAME: A", "a", True),
        ("Formula: C\nNum Peaks: 1\n58 1", "a.MSP", True),
        ("Formula: C\nNum Peaks: 1\n58 1", "a.txt", False),
        ("# a library\nName: A\nNum Peaks: 1\n58 1", "a.txt", True),
        ("58 1\n91 2\n\nName: A\nNum Peaks: 1\n58 1", "a.msp", True),
        ("58 1\n91 2", "a.msp", False),
        ("", "a.msp", False),
    ],
)
def test_sniff(head: str, name: str, expected: bool) -> None:
    assert FORMAT.sniff(head, name) is expected


@pytest.mark.parametrize(
    "line",
    [
        *("A" + " " * 300_000 + "!", "58" + " " * 300_000 + "1,5", "Retentiontime: 1" + " " * 300_000 + "x"),
        *('"a=' * 20_000, "9" * 300_000 + "x 1"),
    ],
    ids=["field", "peak", "time", "comment", "digits"],
)
def test_a_long_line_takes_no_quadratic_time(line: str) -> None:
    # 300,000 steps squared would take minutes: whoever waits here has found it.
    with pytest.raises(RecordFault):
        parsed_record(FORMAT, RawRecord(1, ["Name: A", line, "Num Peaks: 1", "58 x"]), "")


def test_a_name_may_follow_other_fields(tmp_path: Path) -> None:
    first = "PRECURSOR_MZ: 337.2\nNAME: A\nNum Peaks: 1\n188.1 9\n"
    text = f"{first}\nPRECURSOR_MZ: 150.1\nNAME: B\nNum Peaks: 1\n91.1 9\n"
    (tmp_path / "a.msp").write_text(text, encoding="utf-8")
    spectra = read_spectra(tmp_path / "a.msp")
    assert [(spectrum.name, spectrum.precursor_mz) for spectrum in spectra] == [("A", 337.2), ("B", 150.1)]
    assert spectra.report.records_in == 2
