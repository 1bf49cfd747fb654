"""Random-effects consensus of CCQM-K25 (PCB-105) and of cadmium by heat."""

from __future__ import annotations

import numpy as np
import pytest
from proficiency.published import TOXAPHENE

from nps_spectra.errors import OptionError
from nps_spectra.proficiency.assigned import (
    agrees_with_reference,
    dersimonian_laird,
    from_reference,
    paule_mandel,
    sigma_experience,
    sigma_horwitz,
    sigma_precision,
    vangel_rukhin,
)

PCB = ([10.21, 10.9, 10.94, 10.58, 10.81, 9.62, 10.8], [0.381, 0.250, 0.130, 0.410, 0.445, 0.196, 0.093])


def test_pcb_105() -> None:
    found = dersimonian_laird(*PCB)
    assert (found.value, found.uncertainty) == pytest.approx((10.557083, 0.197073), abs=6e-7)
    assert found.between_variance == pytest.approx(0.444788**2, abs=1e-6)
    found = paule_mandel(*PCB)
    assert (found.value, found.uncertainty) == pytest.approx((10.557736, 0.191625), abs=6e-7)
    assert found.between_variance == pytest.approx(0.183857, abs=6e-7)


def test_cadmium() -> None:
    variances = np.array([0.003, 0.076, 0.464, 0.003, 0.014])
    found = paule_mandel([27.044, 26.022, 26.340, 26.787, 26.796], np.sqrt(variances))
    assert (found.value, found.uncertainty) == pytest.approx((26.712129, 0.171137), abs=6e-7)
    assert found.between_variance == pytest.approx(0.105219, abs=6e-7)


def test_horwitz_of_table_e9() -> None:
    assert sigma_horwitz(2.565e-6) * 1e6 == pytest.approx(0.356, abs=5e-4)
    assert sigma_horwitz(1.195e-6) * 1e6 == pytest.approx(0.186, abs=5e-4)


@pytest.mark.parametrize(("share", "percent"), [(0.05, 3.1), (0.30, 1.83), (0.77, 1.14)])
def test_horwitz_is_tight_at_purities_of_drugs(share: float, percent: float) -> None:
    assert 100 * sigma_horwitz(share) / share == pytest.approx(percent, abs=0.05)


def test_precision_of_table_e10() -> None:
    assert sigma_precision(23.2, 14.3, 2) == pytest.approx(20.9, abs=0.05)


def test_regression_of_example_e8_on_the_level_of_earlier_rounds() -> None:
    """ISO 13528:2022, E.8: R^2 0.8264, slope 0.17506, intercept 0.08848."""
    found = sigma_experience(*TOXAPHENE)
    assert (found.intercept, found.slope) == pytest.approx((0.08848, 0.17506), abs=6e-6)
    assert found.r_squared == pytest.approx(0.8264, abs=5e-5)
    assert found.at(10.0) == pytest.approx(0.08848 + 1.7506, abs=6e-5)


def test_experience_does_not_reach_beyond_the_levels_of_its_rounds() -> None:
    found = sigma_experience(*TOXAPHENE)
    with pytest.raises(OptionError, match=r"assigned value 25\.0: expected 3\.96 to 19\.0"):
        found.at(25.0)


@pytest.mark.parametrize(
    ("levels", "deviations"),
    [
        ([1, 2], [1, 2]),
        ([1, 2, 3], [1, 2]),
        ([1, 1, 1], [1, 2, 3]),
        ([1, 2, 3], [1, 0, 1]),
        ([1, 2, float("nan")], [1, 1, 1]),
    ],
)
def test_rounds_that_make_no_line_are_refused(levels: list[float], deviations: list[float]) -> None:
    with pytest.raises(OptionError, match="rounds: "):
        sigma_experience(levels, deviations)


def test_apple_fibre_by_maximum_likelihood() -> None:
    """Published with the data by Vangel and Rukhin, as the documentation of metRology prints it."""
    means = [12.46, 13.035, 12.44, 12.87, 13.42, 12.08, 13.18, 14.335, 12.23]
    deviations = [0.028, 0.233, 0.325, 0.071, 0.339, 0.325, 0.099, 0.064, 0.212]
    found = vangel_rukhin(means, deviations, 2)
    assert found.value == pytest.approx(12.90585, abs=5.1e-6)
    assert (found.uncertainty, found.between_variance) == pytest.approx((0.2234490, 0.4262122), abs=6e-8)
    interval = found.value - 1.959964 * found.uncertainty, found.value + 1.959964 * found.uncertainty
    assert interval == pytest.approx((12.46790, 13.34380), abs=1e-5)


def test_laboratories_that_agree_have_no_variance_between_them() -> None:
    found = vangel_rukhin([1.0, 1.0, 1.0], [0.1, 0.1, 0.1], [2, 3, 4])
    assert found.between_variance == pytest.approx(0.0, abs=1e-10)


def test_comparison_with_a_reference_material_of_table_e5() -> None:
    differences = [2.00, 1.05, 0.50, 1.10, 1.75, 2.70, -0.60, -0.35, 2.50, 0.95, 3.10, 1.50, 2.00, 1.05, 2.30, 2.05]
    found = from_reference(21.62, 0.26, [*differences, 2.80, 3.00, 2.15, 3.00])
    assert (found.value, found.uncertainty) == pytest.approx((23.35, 0.35), abs=5e-3)
    assert np.sqrt(found.uncertainty**2 - 0.26**2) == pytest.approx(0.24, abs=5e-3)


def test_a_consensus_is_held_against_a_reference() -> None:
    assert agrees_with_reference(10.0, 0.3, 11.0, 0.4)
    assert not agrees_with_reference(10.0, 0.3, 11.01, 0.4)


@pytest.mark.parametrize("replicates", [1, [2, 2, 1]])
def test_likelihood_needs_replicates(replicates: object) -> None:
    with pytest.raises(OptionError, match="expected 2 or more"):
        vangel_rukhin([1.0, 1.1, 1.2], [0.1, 0.1, 0.1], replicates)  # type: ignore[arg-type]
