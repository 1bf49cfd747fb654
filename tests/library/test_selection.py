"""Choosing records: conditions that mean what they say, and nothing that is chosen or lost silently."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nps_spectra import Library, Spectra, Spectrum
from nps_spectra.errors import LibraryDamagedError, NoSpectraError, OptionError
from nps_spectra.library.conditions import ASKED, Condition
from nps_spectra.library.keys import RecordKeys
from nps_spectra.library.selection import select
from nps_spectra.library.starter import starter_library
from nps_spectra.spectrum import Source

THREE = Spectra.of(
    [
        Spectrum(
            [58, 119],
            [999, 30],
            name="Mephedrone",
            synonyms=("4-MMC", "meow, meow"),
            smiles="CNC(C)C(=O)c1ccc(C)cc1",
            ionization="EI",
            nominal_mass=177,
            accession="A1",
            source=Source("a.msp", 1, 1),
        ),
        Spectrum([91.1], [80], name="Other one", ionization="ESI", precursor_mz=300.5, source=Source("a.msp", 2, 9)),
        Spectrum([], [], accession="A1", licence="CC BY"),
    ]
)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("ionization = EI", [0]),
        ("ionization=ei", [0]),
        ("ionization != EI", [1]),  # the third states none: neither equal nor unequal
        ("precursor_mz >= 300.5", [1]),
        ("precursor_mz > 300.5", []),
        ("nominal_mass = 177", [0]),
        ("nominal_mass != 177", []),
        ("nominal_mass in (1, 177.0)", [0]),
        ("nominal_mass not in (1, 2)", [0]),
        ("peaks < 2", [1, 2]),
        ("name contains ONE", [0, 1]),
        ('name = "other one"', [1]),
        ("name in (other one, x)", [1]),
        ("name not in (other one, x)", [0]),
        ('synonyms in ("Meow, Meow", x)', [0]),
        ("synonyms = 4-mmc", [0]),
        ("synonyms contains mmc", [0]),
        ("smiles contains c1ccc", [0]),
        ("smiles contains C1CCC", []),
        ("has synonyms", [0]),
        ("lacks precursor_mz", [0, 2]),
        ("lacks name", [2]),
        ("source_file = a.msp", [0, 1]),
        ("source_record = 2", [1]),
        ("licence = CC BY", [2]),
    ],
)
def test_a_condition_holds_for_these_records(text: str, rows: list[int]) -> None:
    assert np.flatnonzero(Condition.parse(text).holds(THREE)).tolist() == rows


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("colour = red", "unknown field 'colour'; known: accession, adduct"),
        ("has colour", "unknown field 'colour'"),
        ("colour in (red)", "unknown field 'colour'"),
        ("precursor_mz = heavy", "is a number, and 'heavy' is none"),
        ("precursor_mz = nan", "is a number, and 'nan' is none"),
        ("precursor_mz contains 3", "'contains' is for texts"),
        ("name < z", "it has no order"),
        ("name =", "a value is missing"),
        ("name in ()", "a value is missing"),
        ('name in ("a, b)', "the list is not understood"),
        ("name", "expected 'FIELD OP VALUE'"),
        ("", "expected 'FIELD OP VALUE'"),
        ("__import__('os').getcwd() = 1", "expected 'FIELD OP VALUE'"),
    ],
)
def test_what_is_no_condition_is_refused_with_the_reason(text: str, said: str) -> None:
    with pytest.raises(OptionError) as caught:
        Condition.parse(text)
    assert said in str(caught.value)


@given(st.text(max_size=40))
def test_any_text_is_a_condition_or_an_option_error(text: str) -> None:
    try:
        held = Condition.parse(text).holds(THREE)
    except OptionError:
        return
    assert held.shape == (3,)


@pytest.mark.parametrize("field", ASKED)
def test_every_field_is_had_or_lacked(field: str) -> None:
    has, lacks = (Condition.parse(f"{word} {field}").holds(THREE) for word in ("has", "lacks"))
    assert (has ^ lacks).all()


def test_selecting_everything_keeps_the_digest_and_the_substances(tmp_path: Path) -> None:
    starter = starter_library()
    chosen = select(starter, tmp_path / "all.h5", where="peaks >= 0")
    assert (chosen.library.digest, chosen.left_out) == (starter.digest, 0)
    assert chosen.library.substances.keys == starter.substances.keys
    assert chosen.library.sources == starter.sources
    chosen.library.check()


def test_what_was_chosen_and_what_was_not_is_everything(tmp_path: Path, data_folder: Path) -> None:
    whole = Library.build(data_folder / "swgdrug_ei" / "swgdrug_3.4.msp", tmp_path / "whole.h5")
    light = select(whole, tmp_path / "light.h5", where="nominal_mass < 300").library
    heavy = select(whole, tmp_path / "heavy.h5", where="nominal_mass >= 300").library
    unknown = len(whole) - len(light) - len(heavy)
    assert unknown == sum(spectrum.nominal_mass is None for spectrum in whole)
    assert {row.tobytes() for row in np.concatenate([light.digests, heavy.digests])} <= {
        row.tobytes() for row in whole.digests
    }
    light.check()


def test_several_conditions_all_have_to_hold(tmp_path: Path) -> None:
    library = Library(THREE, name="three")
    chosen = select(library, tmp_path / "a.h5", where=["source_file = a.msp", "peaks > 1"])
    assert [spectrum.name for spectrum in chosen.library] == ["Mephedrone"]
    assert chosen.left_out == 2


def test_names_are_those_of_records_and_their_synonyms(tmp_path: Path) -> None:
    chosen = select(Library(THREE, name="three"), tmp_path / "a.h5", names=["4 mmc", "nobody"])
    assert ([spectrum.name for spectrum in chosen.library], chosen.not_found) == (["Mephedrone"], ("nobody",))


def test_a_record_is_named_by_its_place_its_digest_or_its_row(tmp_path: Path) -> None:
    library = Library(THREE, name="three")
    keys = RecordKeys(library)
    assert [keys.row(name) for name in ("a.msp#2", THREE[1].digest[:8], THREE[1].digest.upper(), "row:1")] == [1] * 4
    assert [keys.key(row) for row in range(3)] == ["a.msp#1", "a.msp#2", THREE[2].digest[:16]]
    chosen = select(library, tmp_path / "a.h5", ids=["a.msp#2", "row:2", "row:77"])
    assert ([spectrum.name for spectrum in chosen.library], chosen.not_found) == (["Other one", None], ("row:77",))


def test_a_name_that_two_records_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"2 records are 'A1': row:0, row:2"):
        select(Library(THREE, name="three"), tmp_path / "a.h5", ids=["A1"])


def test_nothing_chosen_is_an_error_and_leaves_the_old_file(tmp_path: Path) -> None:
    out = tmp_path / "a.h5"
    out.write_bytes(b"old")
    with pytest.raises(NoSpectraError, match="none of the 3 records"):
        select(Library(THREE, name="three"), out, where="peaks > 9")
    assert out.read_bytes() == b"old"


def test_nothing_asked_for_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="nothing is asked for"):
        select(Library(THREE, name="three"), tmp_path / "a.h5")


def test_a_library_is_never_changed_in_place(tmp_path: Path) -> None:
    library = Library.build(THREE, tmp_path / "a.h5")
    with pytest.raises(OptionError, match="is the library that is read"):
        select(library, tmp_path / "a.h5", where="peaks > 0")


def test_a_damaged_library_is_not_passed_on(tmp_path: Path) -> None:
    Library.build(THREE, tmp_path / "a.h5")
    content = bytearray((tmp_path / "a.h5").read_bytes())
    content[content.find(b"Mephedrone")] ^= 1
    (tmp_path / "a.h5").write_bytes(content)
    with pytest.raises(LibraryDamagedError):
        select(Library.open(tmp_path / "a.h5"), tmp_path / "b.h5", where="peaks > 0")
