"""Groups that are stored with a library: the same as computed, checked like all the rest, and not in its digest."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from nps_spectra import Library, Spectra, Spectrum
from nps_spectra.cli.main import main
from nps_spectra.errors import LibraryDamagedError, OptionError
from nps_spectra.identification import group_store
from nps_spectra.identification.group_store import groups_of, groups_to_store, store_groups
from nps_spectra.identification.groups import Groups
from nps_spectra.library import curation

MZ = np.arange(40, 60)


def spectra() -> Spectra:
    """24 substances measured twice, and a twin of the first one."""
    found = []
    for number in range(25):
        pattern = np.random.default_rng(max(number, 1)).uniform(10, 100, len(MZ))
        for again in range(2):
            noise = np.random.default_rng([number, again]).normal(1, 0.05, len(MZ))
            found.append(Spectrum(MZ, pattern * noise, ionization="EI", name=f"S{number}", formula=f"C{number + 3}H8"))
    return Spectra.of(found)


@pytest.fixture
def stored(tmp_path: Path) -> Library:
    return Library.build(spectra(), tmp_path / "stored.h5", groups=groups_to_store)


def test_stored_groups_are_those_that_are_computed(stored: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    computed = Groups.of(stored)
    monkeypatch.setattr(Groups, "of", lambda *_, **__: pytest.fail("computed anew"))
    read = groups_of(stored)
    assert read.not_told_apart == computed.not_told_apart
    assert read.not_told_apart is not None
    assert read.not_told_apart[0] == {1}
    assert read.of_substance(0) == computed.of_substance(0)
    assert read.spread == computed.spread


def test_groups_do_not_change_the_digest_of_a_library(stored: Library, tmp_path: Path) -> None:
    plain = Library.build(spectra(), tmp_path / "plain.h5")
    assert plain.groups == ()
    assert stored.digest == plain.digest
    stored.check()
    stored.check_quickly()


def test_another_coverage_is_computed(stored: Library) -> None:
    assert groups_of(stored, coverage=0.9).spread.coverage == 0.9


def test_a_changed_score_is_damage(stored: Library) -> None:
    assert stored.path is not None
    with h5py.File(stored.path, "r+") as file:
        file["alike/0/scores"][0] += 1.0
    with pytest.raises(LibraryDamagedError, match="alike/0/scores"):
        Library.open(stored.path).check_quickly()


@pytest.mark.parametrize("name", ["pairs", "scores", "group"])
def test_an_array_of_another_shape_is_damage(stored: Library, name: str) -> None:
    assert stored.path is not None
    with h5py.File(stored.path, "r+") as file:
        values = file[f"alike/0/{name}"][1:]
        del file[f"alike/0/{name}"]
        file.create_dataset(f"alike/0/{name}", data=values)
    with pytest.raises(LibraryDamagedError, match="groups: shapes"):
        Library.open(stored.path)


def test_a_selection_has_other_substances_and_so_no_stored_groups(stored: Library, tmp_path: Path) -> None:
    assert stored.select(ionization="EI").groups == ()
    assert curation.select(stored, tmp_path / "part.h5", names=["S0"]).library.groups == ()


def test_an_existing_library_gets_its_groups_in_another_file(tmp_path: Path) -> None:
    plain = Library.build(spectra(), tmp_path / "plain.h5")
    made = store_groups(plain, tmp_path / "with.h5")
    assert made.digest == plain.digest
    assert [one.described["technique"] for one in made.groups] == ["EI"]
    assert made.events[-1].action == "groups"
    with pytest.raises(OptionError, match="is the library that is read"):
        store_groups(made, tmp_path / "with.h5")


def test_many_spectra_are_not_compared_in_passing(tmp_path: Path) -> None:
    plain = Library.build(spectra(), tmp_path / "plain.h5")
    with pytest.raises(OptionError, match="50 EI spectra and no stored groups"):
        groups_of(plain, most=49)
    assert groups_to_store(plain, most=49) == ()


def test_the_command_stores_groups_and_uses_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Library.build(spectra(), tmp_path / "plain.h5")
    plain, new = str(tmp_path / "plain.h5"), str(tmp_path / "new.h5")
    assert main(["library", "groups", plain, "--store", new, "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    monkeypatch.setattr(group_store.Groups, "of", lambda *_, **__: pytest.fail("computed anew"))
    assert main(["library", "groups", new, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == first
