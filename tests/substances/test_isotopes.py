"""Isotopes: tables against those of pyteomics, patterns against published intensities."""

from __future__ import annotations

import pytest
from pyteomics.mass import nist_mass

from nps_spectra.substances.formula import MASSES
from nps_spectra.substances.isotopes import ISOTOPE_STEPS, ISOTOPES, average_mass, isotope_pattern


@pytest.mark.parametrize("element", [element for element in ISOTOPES if element != "D"])
def test_the_isotopes_are_those_that_nist_lists(element: str) -> None:
    numbers = {number for number, (_, share) in nist_mass[element].items() if number and share >= 1e-4}
    assert {number for number, _ in ISOTOPES[element]} == numbers
    assert sum(share for _, share in ISOTOPES[element]) == pytest.approx(1, abs=3e-3)


def test_the_steps_are_the_differences_of_the_atomic_masses() -> None:
    for element, isotopes in ISOTOPES.items():
        main = MASSES[element][0]
        assert set(ISOTOPE_STEPS.get(element, {})) == {n for n, share in isotopes if share >= 0.03 and n != main}
        for number, step in ISOTOPE_STEPS.get(element, {}).items():
            # pyteomics has an older evaluation of the masses than AME 2020.
            expected = nist_mass[element][number][0] - nist_mass[element][main][0]
            assert step == pytest.approx(expected, abs=2e-5), (element, number)


@pytest.mark.parametrize(
    ("atoms", "shares"),
    [
        # McLafferty & Turecek, Interpretation of Mass Spectra, 4th ed., table 2.3: relative to the first.
        ({"Cl": 1}, [1, 0, 0.320]),
        ({"Br": 1}, [1, 0, 0.973]),
        ({"Cl": 2}, [1, 0, 0.640, 0, 0.102]),
        ({"C": 10}, [1, 0.108]),
    ],
)
def test_the_patterns_of_halogens_and_carbon_are_the_published_ones(atoms: dict[str, int], shares: list[float]) -> None:
    pattern = isotope_pattern(atoms)
    first = min(pattern)
    found = [pattern.get(first + step, 0.0) / pattern[first] for step in range(len(shares))]
    assert found == pytest.approx(shares, abs=0.003)


@pytest.mark.parametrize(
    ("atoms", "published"),
    # Molecular weights on the labels of suppliers.
    [
        ({"C": 22, "H": 28, "N": 2, "O": 1}, 336.48),
        ({"C": 8, "H": 10, "N": 4, "O": 2}, 194.19),
        ({"C": 12, "H": 15, "Br": 1, "N": 2, "O": 2}, 299.17),
    ],
)
def test_the_molecular_weight_is_that_of_the_label(atoms: dict[str, int], published: float) -> None:
    assert average_mass(atoms) == pytest.approx(published, abs=0.02)
