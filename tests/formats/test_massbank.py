"""MassBank records: every tag kept, the known ones typed, no record lost between two others.

Tags: MassBank record format 2, https://github.com/MassBank/MassBank-web/blob/main/Documentation/MassBankRecordFormat.md
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nps_spectra.formats import read_spectra
from nps_spectra.formats.massbank import FORMAT
from nps_spectra.formats.record import ParsedRecord, RawRecord, RecordFault
from nps_spectra.formats.splash import splash
from nps_spectra.formats.writing import write_spectra
from nps_spectra.spectra import Spectra
from nps_spectra.spectrum import FIELDS, Spectrum

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


def written(spectrum: Spectrum) -> list[str]:
    assert FORMAT.writer is not None
    return FORMAT.writer.record(spectrum).split("\n")


def read(path: Path, text: str) -> Spectrum:
    path.write_text(text, encoding="utf-8")
    (spectrum,) = read_spectra(path, strict=True)
    return spectrum


def said(parsed: ParsedRecord) -> tuple[Any, ...]:
    return (list(parsed.mz), list(parsed.intensity), parsed.fields, parsed.original, parsed.repairs, parsed.notes)


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
        (["AUTHORS: A. Nobody, Nowhere"], "contributor", "A. Nobody, Nowhere"),
        (["AUTHORS: N/A"], "contributor", None),
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
    assert said(parse(text)) == said(parse(RECORD))


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
    assert said(FORMAT.parse(second, "")) == said(parse(RECORD))


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


def test_a_record_is_written_as_it_was_read(tmp_path: Path) -> None:
    lines = written(read(tmp_path / "a.txt", RECORD))
    changed = [(new, old) for new, old in zip(lines, RECORD.split("\n"), strict=True) if new != old]
    # The SPLASH of RECORD is invented; most contributors cut off the relative intensity, 264.7 here, and do not round.
    assert [old for _, old in changed] == [RECORD.split("\n")[29], "  110.0713 26.5 265"]
    assert [new for new, _ in changed][1:] == ["  110.0713 26.5 264"]


def test_what_is_written_of_a_spectrum_from_elsewhere() -> None:
    spectrum = Spectrum(
        [58.0651, 119.0855],
        [0.1, 2.5e6],
        name="A; b",
        synonyms=("x", "y"),
        cas="58-08-2",
        precursor_mz=178.1226,
        adduct="[M+H]+",
        polarity="positive",
        ms_level=2,
        ionization="ESI",
        instrument_type="LC-QTOF",
        collision_energy_ev=35,
        retention_time_s=123.4,
        contributor="Laboratory",
        comment="measured twice",
        original={"Oddity": ("7", "8")},
    )
    assert written(spectrum) == [
        *("ACCESSION: N/A", "RECORD_TITLE: A; b; LC-QTOF; MS2", "DATE: N/A", "AUTHORS: Laboratory", "LICENSE: N/A"),
        *("COMMENT: Oddity: 7", "COMMENT: Oddity: 8", "COMMENT: measured twice"),
        *("CH$NAME: A; b", "CH$NAME: x", "CH$NAME: y", "CH$COMPOUND_CLASS: N/A", "CH$FORMULA: N/A"),
        *("CH$EXACT_MASS: N/A", "CH$SMILES: N/A", "CH$IUPAC: N/A", "CH$LINK: CAS 58-08-2"),
        *("AC$INSTRUMENT: N/A", "AC$INSTRUMENT_TYPE: LC-QTOF", "AC$MASS_SPECTROMETRY: MS_TYPE MS2"),
        *("AC$MASS_SPECTROMETRY: ION_MODE POSITIVE", "AC$MASS_SPECTROMETRY: IONIZATION ESI"),
        *("AC$MASS_SPECTROMETRY: COLLISION_ENERGY 35 eV", "AC$CHROMATOGRAPHY: RETENTION_TIME 123.4 s"),
        *("MS$FOCUSED_ION: PRECURSOR_M/Z 178.1226", "MS$FOCUSED_ION: PRECURSOR_TYPE [M+H]+"),
        f"PK$SPLASH: {splash([58.0651, 119.0855], [0.1, 2.5e6])}",
        *("PK$NUM_PEAK: 2", "PK$PEAK: m/z int. rel.int.", "  58.0651 0.1 1", "  119.0855 2500000 999", "//", ""),
    ]


def test_a_changed_field_replaces_its_line_and_the_old_one_becomes_a_comment(tmp_path: Path) -> None:
    spectrum = read(tmp_path / "a.txt", RECORD)
    lines = written(spectrum.replace(name="Better name", retention_time_s=None, formula="C8H10N4O3"))
    assert "AC$CHROMATOGRAPHY: RETENTION_TIME 4.5 min" not in lines
    assert [line for line in lines if "FORMULA" in line] == ["COMMENT: CH$FORMULA: C8H10N4O2", "CH$FORMULA: C8H10N4O3"]
    assert [line for line in lines if line.startswith("CH$NAME")] == [
        *("CH$NAME: Better name", "CH$NAME: Coded 1", "CH$NAME: 2-(Ugly)-ethylamine: base")
    ]
    assert lines[1] == "RECORD_TITLE: Better name; LC-ESI-QTOF; MS2"
    for old in ("CH$NAME: Ugly amine", "AC$CHROMATOGRAPHY: RETENTION_TIME 4.5 min"):
        assert f"COMMENT: {old}" in lines


def test_type_and_mode_stand_first_even_where_they_are_unknown() -> None:
    lines = written(Spectrum([58], [1], ionization="EI"))
    found = [line.removeprefix("AC$MASS_SPECTROMETRY: ") for line in lines if line.startswith("AC$MASS")]
    assert found == ["MS_TYPE N/A", "ION_MODE N/A", "IONIZATION EI"]


@pytest.mark.parametrize(("mz", "reason"), [([], "no peaks"), ([1e13], "too large for a SPLASH")])
def test_what_cannot_be_written(mz: list[float], reason: str) -> None:
    with pytest.raises(RecordFault, match=reason):
        written(Spectrum(mz, [1] * len(mz)))


def test_measured_records_are_written_as_they_were_read(massbank_spectra: Spectra, tmp_path: Path) -> None:
    """Every 40th record of the release; the SPLASH of each was computed by MassBank."""
    spectra = massbank_spectra.select(np.arange(0, len(massbank_spectra), 40))
    report = write_spectra(spectra, tmp_path / "a.txt", format="massbank")
    assert (report.records_out, report.rejects, report.lost, report.changed) == (len(spectra), [], {}, {})
    for was, now in zip(spectra, read_spectra(tmp_path / "a.txt", strict=True), strict=True):
        assert now.mz.tolist() == was.mz.tolist()
        assert now.intensity.tolist() == was.intensity.tolist()
        assert {name: getattr(now, name) for name in FIELDS} == {name: getattr(was, name) for name in FIELDS}
        counted = was.original["PK$NUM_PEAK"] == (str(len(was)),)
        for key, values in was.original.items():
            # Where peaks of intensity 0 were left out, two lines are of fewer peaks.
            assert now.original[key] == values or (not counted and key in ("PK$NUM_PEAK", "PK$SPLASH"))
