"""A library file: what was built is what is opened, by whatever way it was built, and by everybody."""

from __future__ import annotations

import hashlib
import itertools
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from nps_spectra import Library, Spectra, Spectrum, read_spectra
from nps_spectra.errors import InputError, NoSpectraError, OptionError, RecordError
from nps_spectra.spectrum import FIELDS, Source

GOOD = "Name: Mephedrone\nFormula: C11H15NO\nMW: 177\nSynon: 4-MMC\nSynon: x\nNum Peaks: 2\n58 999; 119 30\n\n"
OTHER = "Name: α-PVP\nFormula: C15H21NO\nMW: 231\nNum Peaks: 2\n126 999; 77 80\n\n"
BAD = "Name: broken\nNum Peaks: 1\n58 nan\n\n"


def msp(path: Path, *records: str) -> Path:
    path.write_text("".join(records), encoding="utf-8")
    return path


def everything(spectrum: Spectrum) -> dict[str, Any]:
    return {name: getattr(spectrum, name) for name in FIELDS} | {
        "peaks": (spectrum.mz.tolist(), spectrum.intensity.tolist()),
        "source": spectrum.source,
        "original": dict(spectrum.original),
    }


MANY_FIELDS = [
    Spectrum(
        [58.0651, 119.0855],
        [999, 30.25],
        name="Méphédrone 你好 \U0001f9ea",
        synonyms=("4-MMC", "Ω"),
        formula="C11H15NO",
        precursor_mz=178.1226,
        charge=1,
        polarity="positive",
        collision_energy_ev=20,
        retention_time_s=0.0,
        source=Source("ordner/ä b.msp", 3, 17, "0a" * 32),
        original={"Synon": ("4-MMC", "Ω"), "Comment": ("",)},
    ),
    Spectrum([], [], name="no peaks"),
    Spectrum([91], [1e-30], name="\udcff undecodable"),
]


def test_what_was_built_is_what_is_opened(tmp_path: Path) -> None:
    spectra = Spectra.of(MANY_FIELDS)
    Library.build(spectra, tmp_path / "a.h5")
    opened = Library.open(tmp_path / "a.h5")
    assert [everything(one) for one in opened] == [everything(one) for one in MANY_FIELDS]
    assert opened.spectra.digests() == spectra.digests()
    opened.check()
    opened.check_quickly()


def test_measured_spectra_come_back(tmp_path: Path, data_folder: Path) -> None:
    read = read_spectra(data_folder / "swgdrug_ei" / "swgdrug_3.4.msp")
    built = Library.build(read, tmp_path / "swgdrug.h5")
    assert len(built) == len(read) == 2733
    assert [everything(one) for one in built] == [everything(one) for one in read]
    built.check()


def test_built_and_opened_are_the_same_library(tmp_path: Path) -> None:
    built = Library.build(msp(tmp_path / "a.msp", GOOD, OTHER), tmp_path / "lib.h5", name="Lab 7, β")
    opened = Library.open(str(tmp_path / "lib.h5"))
    for library in (built, opened):
        assert (library.name, len(library), library.path) == ("Lab 7, β", 2, tmp_path / "lib.h5")
    assert (opened.digest, opened.sources) == (built.digest, built.sources)
    assert opened.substances.keys == built.substances.keys


def test_an_index_gives_a_spectrum_and_a_slice_spectra(tmp_path: Path) -> None:
    library = Library.build(msp(tmp_path / "a.msp", GOOD, OTHER), tmp_path / "lib.h5")
    assert [spectrum.name for spectrum in library] == ["Mephedrone", "α-PVP"]
    assert library[-1].name == "α-PVP"
    assert [spectrum.name for spectrum in library[::-1]] == ["α-PVP", "Mephedrone"]


def test_the_name_is_that_of_the_file_unless_given(tmp_path: Path) -> None:
    spectra = Spectra.of(MANY_FIELDS)
    assert Library.build(spectra, tmp_path / "swgdrug.h5").name == "swgdrug"
    assert Library.build(spectra, tmp_path / "x.h5", name="y").name == "y"


def test_paths_may_hold_blanks_and_any_letters(tmp_path: Path) -> None:
    folder = tmp_path / "Ordner mit Ümläuten 你"
    folder.mkdir()
    source = msp(folder / "ä b!c.msp", GOOD)
    library = Library.build(source, folder / "bibliothek ß.h5")
    (only,) = Library.open(folder / "bibliothek ß.h5").sources
    assert library[0].source == Source(source.as_posix(), 1, 1, hashlib.sha256(source.read_bytes()).hexdigest())
    assert (only["file"], only["licences"]) == ("ä b!c.msp", {"not stated": 1})


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such file names")
def test_a_path_of_bytes_that_are_no_text_can_be_used(tmp_path: Path) -> None:
    source = msp(tmp_path / "a\udcff.msp", GOOD)
    library = Library.build(source, tmp_path / "b\udcff.h5")
    assert len(Library.open(tmp_path / "b\udcff.h5")) == len(library) == 1


# The digest


def expected_digest(spectra: list[Spectrum]) -> str:
    """SHA-256 over the sorted digests of the spectra."""
    return hashlib.sha256(b"".join(sorted(bytes.fromhex(spectrum.digest) for spectrum in spectra))).hexdigest()


def test_the_digest_is_that_of_the_sorted_digests(tmp_path: Path) -> None:
    library = Library.build(Spectra.of(MANY_FIELDS), tmp_path / "a.h5")
    assert library.digest == expected_digest(MANY_FIELDS)
    assert [row.tobytes().hex() for row in library.digests] == [spectrum.digest for spectrum in MANY_FIELDS]


def test_the_digest_does_not_depend_on_the_order_of_sources(tmp_path: Path) -> None:
    files = [msp(tmp_path / "a.msp", GOOD), msp(tmp_path / "b.msp", OTHER), msp(tmp_path / "c.msp", OTHER, GOOD)]
    digests = {Library.build(order, tmp_path / "lib.h5").digest for order in itertools.permutations(files)}
    assert len(digests) == 1


def test_the_digest_does_not_depend_on_where_the_spectra_were_read(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    msp(tmp_path / "folder" / "a.msp", GOOD, OTHER)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(tmp_path / "folder" / "a.msp", "inner/b.msp")
    read = Library.build(read_spectra(tmp_path / "folder"), tmp_path / "1.h5")
    assert Library.build(tmp_path / "folder", tmp_path / "2.h5").digest == read.digest
    assert Library.build(tmp_path / "a.zip", tmp_path / "3.h5").digest == read.digest


@pytest.mark.parametrize("records", [(GOOD,), (GOOD, OTHER, OTHER), (GOOD, OTHER.replace("231", "232"))])
def test_other_spectra_have_another_digest(tmp_path: Path, records: tuple[str, ...]) -> None:
    first = Library.build(msp(tmp_path / "a.msp", GOOD, OTHER), tmp_path / "1.h5")
    assert Library.build(msp(tmp_path / "b.msp", *records), tmp_path / "2.h5").digest != first.digest


# Sources


def test_every_source_is_recorded_with_its_counts_and_rejects(tmp_path: Path) -> None:
    first = msp(tmp_path / "first.msp", GOOD, BAD, OTHER)
    second = msp(tmp_path / "second.msp", OTHER.replace("MW:", "License: CC BY\nMW:"), GOOD)
    library = Library.build([first, second], tmp_path / "lib.h5", licence="public domain")
    one, two = Library.open(tmp_path / "lib.h5").sources
    assert (one["file"], one["sha256"]) == ("first.msp", hashlib.sha256(first.read_bytes()).hexdigest())
    assert (one["licence"], one["licences"]) == ("public domain", {"public domain": 2})
    assert (one["records_in"], one["records_out"], len(one["rejects"])) == (3, 2, 1)
    assert {key: one["rejects"][0][key] for key in ("file", "record", "line")} == {
        "file": first.as_posix(),
        "record": 2,
        "line": 9,
    }
    assert "nan" in one["rejects"][0]["reason"]
    assert (two["file"], two["licences"], two["rejects"]) == ("second.msp", {"CC BY": 1, "public domain": 1}, [])
    assert library.report is not None
    assert (library.report.records_in, library.report.records_out, library.report.records_rejected) == (5, 4, 1)


def test_an_archive_is_one_source(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("x.msp", GOOD + BAD)
        archive.writestr("y.msp", OTHER)
    (only,) = Library.build(tmp_path / "a.zip", tmp_path / "lib.h5").sources
    assert (only["file"], only["records_in"], only["records_out"], len(only["rejects"])) == ("a.zip", 3, 2, 1)
    assert only["licences"] == {"not stated": 2}


def test_a_file_given_twice_is_one_source_with_all_its_spectra(tmp_path: Path) -> None:
    source = msp(tmp_path / "a.msp", GOOD, OTHER)
    (only,) = Library.build([source, source], tmp_path / "lib.h5").sources
    assert (only["records_in"], only["records_out"], only["licences"]) == (4, 4, {"not stated": 4})


def test_a_selection_of_spectra_is_counted_as_what_it_is(tmp_path: Path) -> None:
    read = read_spectra(msp(tmp_path / "a.msp", GOOD, OTHER, OTHER))
    (only,) = Library.build(read[1:], tmp_path / "lib.h5").sources
    assert (only["file"], only["records_out"], only["licences"]) == ("a.msp", 2, {"not stated": 2})
    assert only["sha256"] == hashlib.sha256((tmp_path / "a.msp").read_bytes()).hexdigest()


def test_sources_of_several_kinds_go_together(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    msp(tmp_path / "folder" / "a.msp", GOOD)
    sources = [str(tmp_path / "folder"), read_spectra(msp(tmp_path / "b.msp", OTHER)), Spectra.of(MANY_FIELDS[:1])]
    library = Library.build(iter(sources), tmp_path / "lib.h5")
    assert [spectrum.name for spectrum in library] == ["Mephedrone", "α-PVP", MANY_FIELDS[0].name]
    assert [source["file"] for source in library.sources] == ["a.msp", "b.msp", "ä b.msp"]


@pytest.mark.parametrize("sources", [MANY_FIELDS, [1], [None]])
def test_what_is_no_source_is_refused(tmp_path: Path, sources: Any) -> None:
    with pytest.raises(OptionError, match="expected a path or Spectra"):
        Library.build(sources, tmp_path / "lib.h5")


# The old library stays


@pytest.fixture
def old(tmp_path: Path) -> bytes:
    Library.build(Spectra.of(MANY_FIELDS), tmp_path / "lib.h5")
    return (tmp_path / "lib.h5").read_bytes()


def unchanged(tmp_path: Path, old: bytes) -> bool:
    return (tmp_path / "lib.h5").read_bytes() == old and not list(tmp_path.glob("*.partial"))


@pytest.mark.parametrize("records", [(), (BAD,)])
def test_no_spectra_keep_the_old_library(tmp_path: Path, old: bytes, records: tuple[str, ...]) -> None:
    with pytest.raises(NoSpectraError, match="not one spectrum"):
        Library.build(msp(tmp_path / "a.msp", *records), tmp_path / "lib.h5")
    assert unchanged(tmp_path, old)


def test_a_reject_in_strict_mode_keeps_the_old_library(tmp_path: Path, old: bytes) -> None:
    with pytest.raises(RecordError, match="record 2"):
        Library.build(msp(tmp_path / "a.msp", GOOD, BAD), tmp_path / "lib.h5", strict=True)
    assert unchanged(tmp_path, old)


def test_a_source_that_does_not_exist_keeps_the_old_library(tmp_path: Path, old: bytes) -> None:
    with pytest.raises(InputError, match="no such file"):
        Library.build([msp(tmp_path / "a.msp", GOOD), tmp_path / "b.msp"], tmp_path / "lib.h5")
    assert unchanged(tmp_path, old)


# Choosing

MIXED = [
    Spectrum([58], [1], name="Mephedrone", ionization="EI", contributor="DEA", licence="public domain"),
    Spectrum(
        [119],
        [1],
        name="4-MMC",
        inchikey="YELGFTGWJGBAQU-UHFFFAOYSA-N",
        nominal_mass=177,
        ionization="ESI",
        polarity="positive",
        ms_level=2,
        adduct="[M+H]+",
        collision_energy_ev=20,
        contributor="Eawag",
        licence="CC BY",
    ),
    Spectrum(
        [145],
        [1],
        name="mephedrone",
        inchikey="YELGFTGWJGBAQU-VIFPVBQESA-N",
        nominal_mass=177,
        ionization="ESI",
        polarity="positive",
        ms_level=2,
        adduct="[M+H-H2O]+",
        collision_energy_ev=40,
        contributor="UFZ",
    ),
    Spectrum(
        [62],
        [1],
        name="γ-hydroxybutyrate",
        ionization="DART",
        polarity="negative",
        ms_level=1,
        adduct="[M-H]-",
        licence="CC0",
    ),
]


@pytest.mark.parametrize(
    ("asked", "rows"),
    [
        ({}, [0, 1, 2, 3]),
        ({"ionization": "EI"}, [0]),
        ({"ionization": ["EI", "DART"]}, [0, 3]),
        ({"ionization": iter(["ESI"])}, [1, 2]),
        ({"polarity": "positive"}, [1, 2]),
        ({"polarity": "neg"}, [3]),
        ({"ms_level": 2}, [1, 2]),
        ({"adduct": "[M+H]+"}, [1]),
        ({"collision_energy_ev": (20, 20)}, [1]),
        ({"collision_energy_ev": (20, 40)}, [1, 2]),
        ({"collision_energy_ev": (0, 19.9)}, []),
        ({"licence": {"CC BY", "CC0"}}, [1, 3]),
        ({"contributor": "DEA"}, [0]),
        ({"without_contributor": ["DEA", "UFZ"]}, [1, 3]),
        ({"ionization": "ESI", "contributor": "UFZ", "ms_level": 2}, [2]),
        ({"ionization": "no such technique"}, []),
    ],
)
def test_select_takes_the_spectra_that_have_the_values(tmp_path: Path, asked: dict[str, Any], rows: list[int]) -> None:
    library = Library.build(Spectra.of(MIXED), tmp_path / "lib.h5")
    chosen = library.select(**asked)
    assert list(chosen) == [MIXED[row] for row in rows]
    assert chosen.digest == expected_digest([MIXED[row] for row in rows])
    assert len(library) == len(MIXED)


def test_a_selection_keeps_substances_and_sources(tmp_path: Path) -> None:
    library = Library.build(read_spectra(msp(tmp_path / "a.msp", GOOD, OTHER, GOOD)), tmp_path / "lib.h5", name="x")
    chosen = library.select(ionization="EI").select(without_contributor="nobody")
    assert (chosen.name, chosen.sources) == ("x", library.sources)
    assert chosen.substances.of_row.tolist() == library.substances.of_row.tolist() == [0, 1, 0]


def test_a_selection_numbers_its_substances_anew(tmp_path: Path) -> None:
    chosen = Library.build(Spectra.of(MIXED), tmp_path / "lib.h5").select(ionization="DART")
    assert (len(chosen.substances), chosen.substances.of_row.tolist()) == (1, [0])


def test_a_polarity_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="polarity 'both'"):
        Library.build(Spectra.of(MIXED), tmp_path / "lib.h5").select(polarity="both")


def test_a_substance_has_the_names_of_all_its_spectra_its_own_first(tmp_path: Path) -> None:
    library = Library.build(Spectra.of(MIXED), tmp_path / "lib.h5")
    assert library.names_of(0) == ("Mephedrone", "4-MMC", "mephedrone")
    assert library.names_of(1) == ("4-MMC", "Mephedrone", "mephedrone")
    assert library.names_of(3) == library.names_of(-1) == ("γ-hydroxybutyrate",)


def test_a_point_inside_the_name_of_the_file_is_no_extension(tmp_path: Path) -> None:
    library = Library.build(Spectra.of([Spectrum([58.0], [1.0])]), tmp_path / "swgdrug_3.4.h5")
    assert library.name == "swgdrug_3.4"


def test_a_selection_does_not_group_its_spectra_anew(tmp_path: Path) -> None:
    # Only the spectrum with a structure tells which substance the name means, and it is not selected.
    known = Spectrum([58.0], [1.0], name="PCP", inchikey="JTJMJGYZQZDUJJ-UHFFFAOYSA-N", ionization="ESI")
    by_name = Spectrum([58.0], [1.0], name="PCP", ionization="EI")
    library = Library.build(Spectra.of([known, by_name]), tmp_path / "library.h5")
    assert library.select(ionization="EI").substances.keys == library.substances.keys


def test_the_licence_given_is_that_of_spectra_that_name_none(tmp_path: Path) -> None:
    spectra = Spectra.of([Spectrum([58], [9], name="A"), Spectrum([91], [9], name="B", licence="CC BY")])
    library = Library.build(spectra, tmp_path / "a.h5", licence="public")
    assert [spectrum.licence for spectrum in library] == ["public", "CC BY"]
    assert len(library.select(licence="public")) == 1


def test_a_reversed_range_of_energies_is_refused(tmp_path: Path) -> None:
    library = Library.build(Spectra.of([Spectrum([58], [9])]), tmp_path / "a.h5")
    with pytest.raises(OptionError, match="lowest, highest"):
        library.select(collision_energy_ev=(40, 10))
