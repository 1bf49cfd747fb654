"""The molecular ion, heavier peaks, losses and isotopes of measured and of made spectra."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nps_spectra import Spectra, read_spectra
from nps_spectra.identification.isotope_fit import isotope_fit
from nps_spectra.identification.molecular_ion import (
    implausible_losses,
    impossible_share,
    molecular_ion,
    nominal_masses,
    peaks_above,
)
from nps_spectra.substances import parse_formula
from nps_spectra.substances.isotopes import isotope_pattern

METHAMPHETAMINE = {"C": 10, "H": 15, "N": 1}


@pytest.fixture(scope="module")
def swgdrug(data_folder: Path) -> Spectra:
    return read_spectra(data_folder / "swgdrug_ei" / "swgdrug_3.4.msp")


def peaks(heights: dict[int, float]) -> tuple[np.ndarray, np.ndarray]:
    return np.array(sorted(heights), dtype=np.float64), np.array([heights[mz] for mz in sorted(heights)])


def test_most_abundant_isotopologue_of_many_bromines_is_not_the_lightest() -> None:
    """CHBr3: 250, 252, 254, 256 as 1 : 3 : 3 : 1."""
    assert nominal_masses({"C": 1, "H": 1, "Br": 3})[:2] == (250, 252)


def test_missing_molecular_ion_of_an_amine_contradicts_nothing() -> None:
    found = molecular_ion(*peaks({58: 100, 91: 9}), METHAMPHETAMINE, peaks({58: 100, 91: 8, 149: 0.2}))
    assert (found.mz, found.state, found.intensity) == (149, "absent", 0.0)


def test_missing_molecular_ion_that_the_reference_shows_plainly_contradicts() -> None:
    found = molecular_ion(*peaks({58: 100, 91: 9}), METHAMPHETAMINE, peaks({58: 100, 149: 40}))
    assert found.state == "contradicted"
    assert "40.0%" in found.reason


def test_peak_heavier_than_the_molecule_contradicts() -> None:
    found = molecular_ion(*peaks({58: 100, 149: 3, 163: 5}), METHAMPHETAMINE)
    assert found.state == "contradicted"
    assert "163" in found.reason


def test_isotopes_and_a_hydrogen_picked_up_are_not_heavier_peaks() -> None:
    assert peaks_above(*peaks({58: 100, 149: 9, 150: 8, 151: 1.5}), METHAMPHETAMINE) == ()


def test_isotope_of_a_methyl_loss_is_no_implausible_loss() -> None:
    """M-15 of a chlorinated molecule has its 37Cl at M-13."""
    atoms = {"C": 10, "H": 14, "N": 1, "Cl": 1}
    assert implausible_losses(*peaks({58: 100, 168: 30, 170: 10}), atoms) == ()
    assert [peak.mz for peak in implausible_losses(*peaks({58: 100, 170: 10}), atoms)] == [170]


@pytest.mark.parametrize("measure", [peaks_above, implausible_losses])
def test_no_peaks_no_findings(measure: object) -> None:
    empty = np.empty(0), np.empty(0)
    assert callable(measure)
    assert measure(*empty, METHAMPHETAMINE) == ()
    assert impossible_share(*empty, METHAMPHETAMINE) is None
    assert isotope_fit(*empty, METHAMPHETAMINE) is None
    assert molecular_ion(*empty, METHAMPHETAMINE).state == "absent"


def test_pattern_computed_from_abundances_fits_itself() -> None:
    for formula in ("C10H13ClN2O", "C10H14BrNO2", "C7H5BrClN", "C17H17ClN6O3", "C22H26N2O4S"):
        atoms = parse_formula(formula)
        assert atoms is not None
        pattern = isotope_pattern(atoms)
        found = isotope_fit(*peaks({mass: 100 * share for mass, share in pattern.items()}), atoms)
        assert found is not None
        assert found.chi_square == pytest.approx(0, abs=0.5)


def test_missing_chlorine_isotope_and_one_too_many_are_both_seen() -> None:
    plain = {"C": 13, "H": 17, "N": 1, "O": 1}
    chlorinated = {"C": 10, "H": 14, "N": 1, "O": 1, "Cl": 1}
    without = isotope_fit(*peaks({45: 0.3, 58: 100, 199: 60, 200: 7}), chlorinated)
    too_many = isotope_fit(*peaks({45: 0.3, 58: 100, 203: 60, 204: 8, 205: 20}), plain)
    assert without is not None
    assert too_many is not None
    assert (without.agrees, without.elements, too_many.agrees) == (False, "Cl", False)


def test_isotope_below_the_lowest_peak_kept_is_not_missing() -> None:
    """Of C10H13N2OCl the isotope M+3 has 3.6 % of M; a spectrum cut off at 4 % cannot show it."""
    pattern = isotope_pattern({"C": 10, "H": 13, "N": 2, "O": 1, "Cl": 1})
    heights = {mass: 100 * share for mass, share in pattern.items() if share > 0.04}
    cut, whole = (
        isotope_fit(*peaks({30: least, **heights}), {"C": 10, "H": 13, "N": 2, "O": 1, "Cl": 1}) for least in (4, 0.1)
    )
    assert cut is not None
    assert whole is not None
    assert (cut.agrees, whole.agrees) == (True, False)


def test_isotopes_of_a_weak_molecular_ion_say_nothing() -> None:
    assert isotope_fit(*peaks({58: 100, 149: 1}), METHAMPHETAMINE) is None


def test_measured_spectra_seldom_contradict_their_own_formula(swgdrug: Spectra) -> None:
    """References of SWGDRUG 3.4 whose molecular ion is strong enough: fewer than 3 % disagree, and fewer than 0.5 % of
    all have a peak that their own molecule is too light for."""
    fits, heavier = [], 0
    for row in range(0, len(swgdrug), 4):
        spectrum = swgdrug[row]
        atoms = parse_formula(spectrum.formula or "")
        if atoms:
            heavier += bool(peaks_above(spectrum.mz, spectrum.intensity.astype(float), atoms))
            fit = isotope_fit(spectrum.mz, spectrum.intensity.astype(float), atoms)
            fits += [] if fit is None else [fit.agrees]
    assert len(fits) > 300
    assert np.mean(fits) > 0.97
    assert heavier < 0.005 * len(swgdrug) / 4
