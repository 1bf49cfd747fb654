"""JSON: what matchms, GNPS, MoNA and PROXI write, what we write, and what damage costs."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nps_spectra.formats import read_spectra, write_spectra
from nps_spectra.formats.json_objects import LARGEST_OBJECT
from nps_spectra.spectra import Spectra
from nps_spectra.spectrum import Spectrum

#: As GNPS' drug library is laid out: every value a text, the peaks a text too.
GNPS = {
    "spectrum_id": "CCMSLIB00000000001",
    "Compound_Name": "Nitazene X",
    "Ion_Source": "LC-ESI",
    "Instrument": "Orbitrap",
    "PI": "A. Nobody",
    "Adduct": "M+H",
    "Precursor_MZ": "353.197",
    "ExactMass": "352.19",
    "Charge": "1",
    "CAS_Number": "58-08-2",
    "Smiles": "CC",
    "INCHI": "InChI=1S/C2H6/c1-2/h1-2H3",
    "Ion_Mode": "Positive",
    "ms_level": "2",
    "peaks_json": "[[72.08, 450.0], [100.112, 9990.5]]",
}
#: As MoNA's service answers.
MONA = {
    "compound": [
        {
            "inchi": "InChI=1S/CH4/h1H4",
            "inchiKey": "VNWKTOKETHGBQD-UHFFFAOYSA-N",
            "metaData": [
                {"category": "none", "computed": True, "name": "SMILES", "value": "C"},
                {"name": "total exact mass", "value": 16.0313},
                {"name": "molecular formula", "value": "CH4"},
            ],
            "names": [{"name": "Methane"}, {"name": "Marsh gas"}],
        }
    ],
    "id": "XX000001",
    "metaData": [
        {"name": "instrument type", "value": "GC-EI-Q"},
        {"name": "ms level", "value": "MS1"},
        {"name": "ionization mode", "value": "positive"},
        {"name": "retention time", "value": 4.5, "unit": "min"},
        {"name": "collision energy", "value": 30, "unit": "eV"},
    ],
    "spectrum": "15:850.5 16:999",
    "submitter": {"id": "nobody", "institution": "Nowhere"},
}
#: As the PSI's PROXI services answer.
PROXI = {
    "usi": "mzspec:X:Y:scan:1",
    "mzs": [110.0713, 138.0662],
    "intensities": [26.5, 100],
    "attributes": [
        {"accession": "MS:1000744", "name": "selected ion m/z", "value": "195.0877"},
        {"accession": "MS:1000041", "name": "charge state", "value": "1"},
        {"accession": "MS:1003061", "name": "spectrum name", "value": "Caffeine"},
    ],
}


def read(folder: Path, text: str, name: str = "a.json") -> Spectra:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return read_spectra(path)


def test_gnps(tmp_path: Path) -> None:
    (spectrum,) = spectra = read(tmp_path, json.dumps([GNPS]))
    assert spectra.report.files[0].formats == ("JSON of GNPS",)
    assert spectrum.mz.tolist() == [72.08, 100.112]
    assert spectrum.intensity.tolist() == [450.0, 9990.5]
    assert (spectrum.name, spectrum.accession, spectrum.contributor) == (
        "Nitazene X",
        "CCMSLIB00000000001",
        "A. Nobody",
    )
    assert (spectrum.precursor_mz, spectrum.exact_mass, spectrum.charge, spectrum.ms_level) == (353.197, 352.19, 1, 2)
    assert (spectrum.ionization, spectrum.polarity, spectrum.cas) == ("ESI", "positive", "58-08-2")
    assert set(spectrum.original) == set(GNPS) - {"peaks_json"}


def test_mona(tmp_path: Path) -> None:
    (spectrum,) = spectra = read(tmp_path, json.dumps([MONA]))
    assert spectra.report.files[0].formats == ("JSON of MoNA",)
    assert (spectrum.name, spectrum.synonyms) == ("Methane", ("Marsh gas",))
    assert (spectrum.smiles, spectrum.formula, spectrum.exact_mass) == ("C", "CH4", 16.0313)
    assert (spectrum.ms_level, spectrum.polarity, spectrum.ionization) == (1, "positive", "EI")
    assert (spectrum.retention_time_s, spectrum.collision_energy_ev) == (270.0, 30.0)
    assert (spectrum.accession, spectrum.contributor) == ("XX000001", "Nowhere")
    assert spectrum.mz.tolist() == [15.0, 16.0]


def test_proxi(tmp_path: Path) -> None:
    (spectrum,) = read(tmp_path, json.dumps(PROXI))
    assert (spectrum.name, spectrum.precursor_mz, spectrum.charge) == ("Caffeine", 195.0877, 1)
    assert spectrum.intensity.tolist() == [26.5, 100.0]


@pytest.mark.parametrize(
    "peaks",
    [
        {"peaks": [[58, 1], [91, 2]]},
        {"peaks": [{"mz": 58, "intensity": 1}, {"mz": 91, "intensity": 2}]},
        {"peaks": "58:1 91:2"},
        {"peaks": "58 1; 91 2;"},
        {"mz": [58, 91], "intensities": [1, 2]},
        {"m/z array": ["58", 91.0], "intensity array": [1, "2"]},
    ],
)
def test_peaks_however_they_are_laid_out(tmp_path: Path, peaks: dict[str, object]) -> None:
    (spectrum,) = read(tmp_path, json.dumps(peaks))
    assert (spectrum.mz.tolist(), spectrum.intensity.tolist()) == ([58.0, 91.0], [1.0, 2.0])


def test_annotations_of_peaks_stay(tmp_path: Path) -> None:
    (spectrum,) = read(tmp_path, json.dumps({"peaks": [[58, 1, "C3H8N+"], [91, 2]]}))
    assert spectrum.original["Peak annotation"] == ('[58, 1, "C3H8N+"]',)


@pytest.mark.parametrize("layout", [None, 2])
@pytest.mark.parametrize("wrapped", [False, True])
def test_lists_lines_and_wrappings(tmp_path: Path, layout: int | None, wrapped: bool) -> None:
    records = [GNPS, MONA, PROXI]
    text = json.dumps({"count": 3, "spectra": records} if wrapped else records, indent=layout)
    assert len(read(tmp_path, text)) == 3
    lines = "\n".join(map(json.dumps, records))
    assert len(read(tmp_path, lines, "a.jsonl")) == 3


def test_keys_that_stand_twice_are_noted_and_both_kept(tmp_path: Path) -> None:
    (spectrum,) = spectra = read(tmp_path, '{"name": "A", "name": "B", "peaks": [[58, 1]]}')
    assert spectrum.name == "B"
    assert sorted(spectrum.original["name"]) == ["A", "B"]
    assert any("more than once" in note for note in spectra.report.notes)


@pytest.mark.parametrize("indent", [None, 1, 4])
@pytest.mark.parametrize("lost", ['"', "]", "}", ":", "["])
def test_a_lost_sign_costs_one_object(tmp_path: Path, lost: str, indent: int | None) -> None:
    good = json.dumps(GNPS, indent=indent)
    if indent:
        good = good.replace("\n", "\n" + " " * indent)
    start = good.index("Compound_Name")
    for at in (place for place in range(start, len(good)) if good[place] == lost):
        bad = good[:at] + good[at + 1 :]
        spectra = read(
            tmp_path, "[\n" + ",\n".join([" " * (indent or 0) + text for text in (good, bad, good, good)]) + "\n]\n"
        )
        report = spectra.report
        assert report.records_in == len(spectra) + report.records_rejected
        # The lost sign may stand in a text or between texts, where the object can still be read.
        assert len(spectra) >= 3, bad


def test_a_list_that_is_not_closed_is_told_after_its_records(tmp_path: Path) -> None:
    spectra = read(tmp_path, json.dumps([GNPS, MONA])[:-1])
    assert len(spectra) == 2
    (reject,) = spectra.report.rejects
    assert "cut short" in reject.reason


@pytest.mark.parametrize("opening", ["[" * 10**6, '{"a":' * 10**6, '[{"a":[' * 10**5, '{"a": "' + "x" * 10**6])
def test_what_is_opened_and_never_closed_is_rejected_at_once(tmp_path: Path, opening: str) -> None:
    spectra = read(tmp_path, json.dumps(GNPS) + "\n" + opening)
    assert len(spectra) == 1
    assert spectra.report.records_rejected in (1, 2)  # the brackets of a list inside the document count by themselves


def test_an_object_without_end_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    with path.open("w") as file:
        file.write('{"peaks": [[58, 1]]}\n{"name": "')
        for _ in range(6):
            file.write("x" * LARGEST_OBJECT)
    tracemalloc.start()
    spectra = read_spectra(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(spectra) == 1
    assert all("16 MiB" in reject.reason or "expected an object" in reject.reason for reject in spectra.report.rejects)
    assert peak < 256 * 2**20


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    from nps_spectra.formats.json_objects import objects

    path = tmp_path / "a.json"
    path.write_text("[" + ",\n".join(['{"peaks": [[58.1, 1], [91.2, 2]]}'] * 60_000) + "]")
    tracemalloc.start()
    with path.open("rb") as stream:
        assert sum(1 for _ in objects(stream)) == 60_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 * 2**20


TEXT = st.text(max_size=20)
PEAKS = st.lists(
    st.tuples(st.floats(1e-3, 1e6), st.floats(2.0**-99, 2.0**99, width=32)),
    min_size=1,
    max_size=8,
    unique_by=lambda peak: peak[0],
)


@settings(max_examples=100, deadline=None)
@given(
    peaks=PEAKS,
    name=TEXT,
    synonyms=st.lists(TEXT, max_size=3),
    mass=st.none() | st.floats(1, 1e4),
    charge=st.none() | st.integers(-5, 5),
    original=st.dictionaries(TEXT, st.lists(TEXT, min_size=1, max_size=2).map(tuple), max_size=3),
)
def test_every_field_comes_back(
    tmp_path_factory: pytest.TempPathFactory,
    peaks: list[tuple[float, float]],
    name: str,
    synonyms: list[str],
    mass: float | None,
    charge: int | None,
    original: dict[str, tuple[str, ...]],
) -> None:
    mz, intensity = zip(*peaks, strict=True)
    spectrum = Spectrum(
        mz,
        intensity,
        name=name,
        synonyms=tuple(synonyms),
        precursor_mz=mass,
        charge=charge,
        ionization="ESI",
        original=original,
    )
    path = tmp_path_factory.mktemp("json") / "a.json"
    report = write_spectra([spectrum], path)
    (again,) = read_spectra(path, strict=True)
    assert not report.lost
    assert not report.changed
    assert again == Spectra.of([spectrum])[0]


def test_matchms_reads_what_we_write(tmp_path: Path) -> None:
    importing = pytest.importorskip("matchms.importing")
    spectra = [
        Spectrum([58, 91], [1, 2], name="A", ionization="EI"),
        Spectrum([58.5], [3], name="B", precursor_mz=99.1),
    ]
    write_spectra(spectra, tmp_path / "a.json")
    theirs = importing.load_from_json(str(tmp_path / "a.json"))
    assert [one.get("compound_name") for one in theirs] == ["A", "B"]
    assert theirs[1].get("precursor_mz") == 99.1
    for one, other in zip(spectra, theirs, strict=True):
        assert np.array_equal(one.mz, other.peaks.mz)
        assert np.array_equal(one.intensity, other.peaks.intensities)


def test_we_read_what_matchms_writes(tmp_path: Path) -> None:
    matchms = pytest.importorskip("matchms")
    exporting = pytest.importorskip("matchms.exporting")
    theirs = matchms.Spectrum(
        mz=np.array([58.0651, 91.05]),
        intensities=np.array([1.0, 0.25]),
        metadata={"compound_name": "A", "precursor_mz": 178.12, "ionmode": "positive", "charge": 1},
    )
    exporting.save_as_json([theirs], str(tmp_path / "a.json"))
    (spectrum,) = spectra = read_spectra(tmp_path / "a.json", strict=True)
    assert spectra.report.files[0].formats == ("JSON of matchms",)
    assert (spectrum.name, spectrum.precursor_mz, spectrum.polarity, spectrum.charge) == ("A", 178.12, "positive", 1)
    assert spectrum.mz.tolist() == [58.0651, 91.05]
