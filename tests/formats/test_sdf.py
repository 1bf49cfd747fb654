"""SDfiles with mass spectra: molfile, data items, and where a record ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from nps_spectra import Spectra, Spectrum, read_spectra
from nps_spectra.formats import write_spectra
from nps_spectra.formats.record import RawRecord
from nps_spectra.formats.sdf import FORMAT

MOLFILE = """Ethanol
  by hand

  3  2  0  0  0  0  0  0  0  0999 V2000
    0.0000    0.0000    0.0000 C   0  0
    1.0000    0.0000    0.0000 C   0  0
    2.0000    0.0000    0.0000 O   0  0
  1  2  1  0
  2  3  1  0
M  END
"""
V3000 = """Ethanol
  by hand

  0  0  0     0  0            999 V3000
M  V30 BEGIN CTAB
M  V30 COUNTS 1 0 0 0 0
M  V30 BEGIN ATOM
M  V30 1 C 0 0 0 0
M  V30 END ATOM
M  V30 END CTAB
M  END
"""
PEAKS = ">  <NUM PEAKS>\n3\n\n>  <MASS SPECTRAL PEAKS>\n31 999\n45 520\n46 216\n\n"
#: A record as NIST's programs lay it out.
NIST = (
    MOLFILE
    + """>  <NAME>
Ethanol

>  <SYNONYMS>
Ethyl alcohol
Alcohol

>  <FORMULA>
C2H6O

>  <MW>
46

>  <EXACT MASS>
46.041865

>  <CASNO>
64175

>  <ID>
7

>  <INCHIKEY>
LFQSCWFLJHTTHZ-UHFFFAOYSA-N

>  <COMMENT>
made up
for this test

"""
    + PEAKS
    + "$$$$\n"
)


def split(text: str) -> list[RawRecord]:
    return list(FORMAT.split(enumerate(text.removesuffix("\n").split("\n"), start=1)))


def record(*items: tuple[str, str], molfile: str = MOLFILE, peaks: str = PEAKS) -> str:
    return molfile + "".join(f"> <{name}>\n{value}\n\n" for name, value in items) + peaks + "$$$$\n"


@pytest.fixture
def reads(tmp_path: Path) -> Any:
    def read(text: str) -> Spectra:
        path = tmp_path / "a.sdf"
        path.write_text(text, encoding="utf-8")
        spectra = read_spectra(path, format="sdf")
        assert spectra.report.records_in == len(spectra) + spectra.report.records_rejected
        return spectra

    return read


def test_a_record_as_nist_lays_it_out(reads: Any) -> None:
    spectra = reads(NIST)
    (spectrum,) = spectra
    assert (spectrum.mz.tolist(), spectrum.intensity.tolist()) == ([31, 45, 46], [999, 520, 216])
    assert (spectrum.name, spectrum.synonyms) == ("Ethanol", ("Ethyl alcohol", "Alcohol"))
    assert (spectrum.formula, spectrum.nominal_mass, spectrum.exact_mass) == ("C2H6O", 46, 46.041865)
    assert (spectrum.cas, spectrum.inchikey) == ("64-17-5", "LFQSCWFLJHTTHZ-UHFFFAOYSA-N")
    assert (spectrum.accession, spectrum.comment) == ("7", "made up for this test")
    assert spectra.report.repairs == {}


@pytest.mark.parametrize("molfile", [MOLFILE, V3000], ids=["V2000", "V3000"])
def test_the_molfile_is_kept_as_it_stands(reads: Any, molfile: str) -> None:
    (spectrum,) = reads(record(molfile=molfile))
    assert spectrum.original["molfile"] == (molfile.removesuffix("\n"),)


def test_every_item_but_the_peaks_is_kept_as_it_stands(reads: Any) -> None:
    original = reads(NIST)[0].original
    assert original["COMMENT"] == ("made up\nfor this test",)
    assert original["CASNO"] == ("64175",)
    assert "MASS SPECTRAL PEAKS" not in original


@pytest.mark.parametrize(
    "header", ["> <NAME>", ">  <NAME>", ">  <Name> ", "> 25 <NAME>", "> <NAME> (7)", ">\t<NAME>", "> DT12 <name>"]
)
def test_headers_of_items(reads: Any, header: str) -> None:
    assert reads(f"{MOLFILE}{header}\nOther\n\n{PEAKS}$$$$\n")[0].name == "Other"


@pytest.mark.parametrize(
    ("item", "fields"),
    [
        (("PRECURSOR M/Z", "337.2274"), {"precursor_mz": 337.2274, "ms_level": 2}),
        (("PRECURSOR TYPE", "[M+H]+"), {"adduct": "[M+H]+", "charge": 1, "polarity": "positive"}),
        (("ION MODE", "N"), {"polarity": "negative"}),
        (("SPECTRUM TYPE", "MS2"), {"ms_level": 2}),
        (("COLLISION ENERGY", "35 eV"), {"collision_energy": "35 eV", "collision_energy_ev": 35.0}),
        (("INSTRUMENT TYPE", "LC-ESI-QTOF"), {"instrument_type": "LC-ESI-QTOF", "ionization": "ESI"}),
        (("CAS#", "64-17-5"), {"cas": "64-17-5"}),
        (("CASNO", "0"), {"cas": None}),
        (("MW", "46.07"), {"nominal_mass": None, "exact_mass": None}),
        (("MOLECULAR FORMULA", "C2H6O"), {"formula": "C2H6O"}),
        (("RETENTION INDEX", "SemiStdNP=427/5/100 StdNP=418/9/4"), {"retention_index": 427.0}),
        (("RETENTION TIME", "4.5 min"), {"retention_time_s": 270.0}),
        (("SMILES", "CCO"), {"smiles": "CCO"}),
        (("LICENSE", "CC0"), {"licence": "CC0"}),
        (("NISTNO", "291264"), {"accession": "291264"}),
    ],
)
def test_typed_fields(reads: Any, item: tuple[str, str], fields: dict[str, Any]) -> None:
    (spectrum,) = reads(record(item))
    assert {name: getattr(spectrum, name) for name in fields} == fields


def test_without_a_name_the_molfile_names(reads: Any) -> None:
    spectra = reads(record())
    assert (spectra[0].name, spectra.report.notes["name taken from the molfile"]) == ("Ethanol", 1)


@pytest.mark.parametrize(
    "peaks",
    [
        "31 999\n45 520\n46 216",
        "31 999 45 520\n46 216",
        "31 999 45 520 46 216",
        "31 999; 45 520; 46 216;",
        "31,999 45,520 46,216",
    ],
)
def test_peaks_in_every_layout(reads: Any, peaks: str) -> None:
    spectra = reads(record(peaks=f"> <MASS SPECTRAL PEAKS>\n{peaks}\n\n> <NUM PEAKS>\n3\n\n"))
    assert (spectra[0].mz.tolist(), spectra[0].intensity.tolist()) == ([31, 45, 46], [999, 520, 216])
    assert spectra.report.repairs == {}


def test_annotations_of_peaks_are_kept(reads: Any) -> None:
    (spectrum,) = reads(record(peaks='> <MASS SPECTRAL PEAKS>\n31 999 "CH3O+"\n45 520\n\n'))
    assert spectrum.original["Peak annotation"] == ('31 999 "CH3O+"',)


def test_commas_with_two_meanings_are_refused_without_a_count(reads: Any) -> None:
    spectra = reads(record(peaks="> <MASS SPECTRAL PEAKS>\n31,999 45,520\n\n"))
    assert "NUM PEAKS does not tell which" in spectra.report.rejects[0].reason


@pytest.mark.parametrize(
    ("text", "repair"),
    [
        (record(molfile=MOLFILE.replace("M  END\n", "")), "M  END is missing at the end of the molfile"),
        (record(molfile=""), "no molfile before the data items"),
        (record().replace("\n3\n\n>", "\n4\n\n>"), "NUM PEAKS is not the number of peaks: all peaks were read"),
        (record().removesuffix("$$$$\n"), "$$$$ is missing at the end of the record"),
        (record(("COMMENT", "one\n\ntwo")), "blank line inside a data item"),
        (record().replace("45 520\n", "45 520\n\n"), "blank line inside a data item"),
    ],
)
def test_repairs(reads: Any, text: str, repair: str) -> None:
    spectra = reads(text)
    assert spectra[0].mz.tolist() == [31, 45, 46]
    assert spectra.report.repairs == {repair: 1}


def test_a_record_without_end_does_not_swallow_the_next(reads: Any) -> None:
    spectra = reads(record().removesuffix("$$$$\n") + record(("NAME", "Second")) + record(("NAME", "Third")))
    assert [spectrum.name for spectrum in spectra] == ["Ethanol", "Second", "Third"]
    assert [spectrum.source.line for spectrum in spectra if spectrum.source] == [1, 19, 41]
    assert spectra[1].original["molfile"] == (MOLFILE.removesuffix("\n"),)


@pytest.mark.parametrize("cut", ["$$$$\n", "\n$$$$\n", "6\n\n$$$$\n", "46 216\n\n$$$$\n"])
def test_a_record_whose_last_peak_may_be_cut_is_no_spectrum(reads: Any, cut: str) -> None:
    spectra = reads(record() + record().removesuffix(cut).removesuffix("\n"))
    assert len(spectra) == 1
    assert "cut short" in spectra.report.rejects[0].reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (record(peaks=""), "0 data items <MASS SPECTRAL PEAKS>, expected one; found no data items"),
        (record(("PEAKS", "31 999"), peaks=""), "expected one; found <PEAKS>"),
        (record(peaks=PEAKS + PEAKS), "2 data items <MASS SPECTRAL PEAKS>"),
        (record(peaks="> <MASS SPECTRAL PEAKS>\n\n"), "no peaks"),
        (record(peaks="> <MASS SPECTRAL PEAKS>\n31 999 45\n\n"), "not in pairs"),
        (record(peaks="> <MASS SPECTRAL PEAKS>\n31 x\n\n"), "'x' is not a number"),
        (record().replace("45 520\n46 216\n", "45 520\n\n47 2\n48 3\n"), "peaks go on after a blank line: 4 in all"),
        ("\n\n\nM  END\n$$$$\n", "0 data items"),
        ("$$$$\n", "0 data items"),
    ],
)
def test_reasons(reads: Any, text: str, reason: str) -> None:
    spectra = reads(record() + text + record())
    assert len(spectra) == 2
    (reject,) = spectra.report.rejects
    assert (reject.record, reject.line, reason in reject.reason) == (2, 20, True), reject


def test_blank_lines_at_the_end_are_no_record() -> None:
    assert len(split(record() + "\n \n\n")) == 1


@pytest.mark.parametrize("head", [NIST, "x\n\n\nM  END\n> <A>\n1\n", "> <MASS SPECTRAL PEAKS>\n1 2\n"])
def test_sniff_takes_sdfiles(head: str) -> None:
    assert FORMAT.sniff(head, "a.txt")


@pytest.mark.parametrize("head", ["", "Name: A\nComment: > <x>\nNum Peaks: 1\n58 1\n", MOLFILE, "> <html>\n", "58 1\n"])
def test_sniff_leaves_other_files(head: str) -> None:
    assert not FORMAT.sniff(head, "a.sdf")


@pytest.mark.parametrize("molfile", [MOLFILE, V3000], ids=["V2000", "V3000"])
def test_the_structure_survives_reading_and_writing(tmp_path: Path, reads: Any, molfile: str) -> None:
    write_spectra(reads(record(molfile=molfile)), tmp_path / "b.sdf")
    (again,) = read_spectra(tmp_path / "b.sdf", strict=True)
    assert again.original["molfile"] == (molfile.removesuffix("\n"),)


def test_what_is_written_is_an_sdfile_for_rdkit(tmp_path: Path, reads: Any) -> None:
    chem = pytest.importorskip("rdkit.Chem")
    write_spectra([*reads(NIST), Spectrum([58.1], [1], name="no structure")], tmp_path / "b.sdf")
    supplier = chem.SDMolSupplier(str(tmp_path / "b.sdf"))
    first, second = supplier[0], supplier[1]
    assert (chem.MolToSmiles(first), first.GetProp("NAME")) == ("CCO", "Ethanol")
    assert (second.GetNumAtoms(), second.GetProp("MASS SPECTRAL PEAKS")) == (0, "58.1 1")


def test_no_chemistry_package_is_needed() -> None:
    code = "import sys, nps_spectra.formats.sdf; sys.exit('rdkit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
NUMBERS = st.floats(1e-3, 1e6)
SPECTRA = st.builds(
    lambda peaks, **fields: Spectrum([mz for mz, _ in peaks], [height for _, height in peaks], **fields),
    st.lists(st.tuples(st.floats(0.001, 1e6), st.floats(2.0**-100, 2.0**100, width=32)), min_size=1, max_size=30),
    name=st.none() | TEXTS,
    synonyms=st.lists(TEXTS, max_size=3),
    comment=st.none() | TEXTS,
    precursor_mz=st.none() | NUMBERS,
    exact_mass=st.none() | NUMBERS,
    retention_time_s=st.none() | NUMBERS,
    retention_index=st.none() | NUMBERS,
    nominal_mass=st.none() | st.integers(1, 5000),
    charge=st.none() | st.integers(1, 9),
    representation=st.sampled_from([None, "centroid", "profile"]),
)
NUMERIC = ["precursor_mz", "exact_mass", "retention_time_s", "retention_index", "nominal_mass", "charge"]


@given(spectrum=SPECTRA)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(Spectrum([58.1], [1], name="$$$$", synonyms=["> <NAME>", ">"], comment="$$$$"))
@example(Spectrum([58.1], [1], original={"molfile": ["x\n\n\n> <NAME>\n$$$$\nM  END"]}))
@example(Spectrum([58.1], [1], original={"molfile": ["x\n\n  0  0  0  0  0  0 V2000\nM  END\nM  END"]}))
def test_what_is_written_is_read_back(tmp_path: Path, spectrum: Spectrum) -> None:
    path = tmp_path / "a.sdf"
    report = write_spectra([spectrum, spectrum], path)
    first, again = read_spectra(path, strict=True)
    assert first.digest == again.digest
    assert (again.mz.tolist(), again.intensity.tolist()) == (spectrum.mz.tolist(), spectrum.intensity.tolist())
    assert again.representation == spectrum.representation
    for name in NUMERIC:
        assert getattr(again, name) == getattr(spectrum, name)
    for name in {"name", "synonyms", "comment"} - set(report.lost) - set(report.changed):
        assert getattr(again, name) == getattr(spectrum, name) or not getattr(spectrum, name)


@pytest.mark.parametrize("ending", [".sdf", ".jdx"])
def test_a_measured_library_comes_back_whole(data_folder: Path, tmp_path: Path, ending: str) -> None:
    spectra = read_spectra(data_folder / "swgdrug_ei" / "swgdrug_3.4.msp")
    report = write_spectra(spectra, tmp_path / f"a{ending}")
    assert (report.records_out, report.lost, report.changed) == (2733, {}, {})
    again = read_spectra(tmp_path / f"a{ending}", strict=True)
    assert again.mz.tolist() == spectra.mz.tolist()
    assert again.intensity.tolist() == spectra.intensity.tolist()
    assert again.texts("inchikey").to_list() == spectra.texts("inchikey").to_list()
