"""Which masses the parts of a molecule can have, against the enumeration of all of them."""

from __future__ import annotations

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nps_spectra.substances import parse_formula
from nps_spectra.substances.formula import MASSES
from nps_spectra.substances.isotopes import ISOTOPES
from nps_spectra.substances.subformula import HEAVIEST, MOST_CHOICES, AccurateIons, nominal_ion_masses

#: Isotopes of at least 3 %: exact masses of AME 2020.
EXACT = {element: [mass] for element, (_, mass) in MASSES.items()}
EXACT["Cl"] = [34.968852694, 36.965902584]
EXACT["Br"] = [78.918337601, 80.916289690]
EXACT["S"] = [31.97207117354, 33.967867011]
NOMINAL = {element: [float(n) for n, share in isotopes if share >= 0.03] for element, isotopes in ISOTOPES.items()}

SMALL_MOLECULES = st.fixed_dictionaries(
    {"C": st.integers(0, 4), "H": st.integers(0, 6)},
    optional={
        "N": st.just(1),
        "O": st.integers(1, 2),
        "S": st.just(1),
        "Cl": st.integers(1, 2),
        "Br": st.just(1),
        "P": st.just(1),
        "D": st.just(1),
    },
)


@settings(deadline=None)
@given(SMALL_MOLECULES)
def test_nominal_masses_are_those_of_all_choices_of_atoms(atoms: dict[str, int]) -> None:
    assert set(np.flatnonzero(nominal_ion_masses(atoms)).tolist()) == naive.ion_masses(atoms, NOMINAL)


@settings(deadline=None)
@given(SMALL_MOLECULES, st.lists(st.floats(0.5, 400), max_size=20), st.sampled_from([0.0005, 0.01, 0.3, 0.7]))
def test_accurate_masses_are_those_of_all_choices_of_atoms(
    atoms: dict[str, int], masses: list[float], tolerance: float
) -> None:
    known = np.array([-1000.0, *sorted(naive.ion_masses(atoms, EXACT)), 1000.0])
    # Masses of parts, masses beside them inside and outside the tolerance, and masses of nothing.
    asked = np.concatenate([known, known + 0.8 * tolerance, known - 1.2 * tolerance, np.array(masses)])
    after = np.clip(np.searchsorted(known, asked), 1, len(known) - 1)
    distance = np.minimum(np.abs(asked - known[after - 1]), np.abs(asked - known[after]))
    # The two sums may differ in the last digits, and below 0.9 Da there is nothing to be asked.
    decided = (np.abs(distance - tolerance) > 1e-6) & (asked > 0.9) & (asked < 500)
    found = AccurateIons(atoms).possible(asked, np.full(len(asked), tolerance))
    np.testing.assert_array_equal(found[decided], (distance <= tolerance)[decided])


def test_the_parts_of_water() -> None:
    # H, H2, O, OH, H2O; the bound lets an ion of hydrogen alone have three of them.
    assert np.flatnonzero(nominal_ion_masses({"H": 2, "O": 1})).tolist() == [1, 2, 16, 17, 18]


def test_no_ion_has_more_hydrogen_than_a_saturated_one() -> None:
    # C2H7+ (31) is protonated ethane; C2H8 (32) and C3H10 (46) cannot be, O and N being absent.
    possible = nominal_ion_masses({"C": 7, "H": 16})
    assert possible[[29, 31, 43, 45]].all()
    assert not possible[[32, 33, 46, 47]].any()


def test_the_known_ions_of_mephedrone_are_parts_and_nothing_is_heavier_than_the_molecule() -> None:
    possible = nominal_ion_masses(parse_formula("C11H15NO") or {})
    assert possible[[58, 91, 119, 177]].all()  # C3H8N, C7H7, C8H7O, the molecule
    assert np.flatnonzero(possible).max() == 177


def test_every_chlorine_may_be_either_isotope() -> None:
    # The isotope cluster of hexachlorobenzene: 284 + 2k for k atoms of 37Cl, of C6Cl6 with 283.8102 Da.
    masses = np.array([283.8102, 285.8072, 287.8043, 289.8013, 291.7984, 293.7954])
    ions = AccurateIons({"C": 6, "Cl": 6})
    assert ions.possible(masses, np.full(6, 0.002)).all()
    assert not ions.possible(masses + 1.0, np.full(6, 0.002)).any()


def test_a_molecule_with_too_many_choices_is_refused() -> None:
    with pytest.raises(ValueError, match=f"more than {MOST_CHOICES}"):
        AccurateIons({"C": 254, "H": 377, "N": 65, "O": 75, "S": 6})  # insulin
    with pytest.raises(ValueError, match=f"heavier than {HEAVIEST}"):
        nominal_ion_masses({"C": 254, "H": 377, "N": 65, "O": 75, "S": 6})
