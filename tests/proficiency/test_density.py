"""Modes of results against table E.6 of ISO 13528:2022, and what they warn of."""

from __future__ import annotations

import numpy as np
import pytest
from proficiency.published import ATRAZINE, MERCURY, MODES

from nps_spectra.errors import OptionError
from nps_spectra.proficiency import algorithm_a, bootstrap, kernel_density


def test_modes_of_table_e6() -> None:
    found = kernel_density(MODES, 0.1875)
    assert [mode.location for mode in found.modes] == pytest.approx([3.793, 2.061], abs=6e-4)
    assert not found.bimodal


def test_two_groups_of_laboratories_are_told() -> None:
    """Mercury, table E.4: eight of 21 laboratories found a third of the others."""
    found = kernel_density(MERCURY, 0.75 * 0.0066)
    assert found.bimodal
    assert sorted(mode.location for mode in found.modes) == pytest.approx([0.015, 0.0425], abs=5e-4)
    assert sum(mode.share for mode in found.modes) == pytest.approx(1)


def test_one_group_is_no_two() -> None:
    assert not kernel_density(ATRAZINE).bimodal


def test_the_density_is_one_in_all_and_the_sum_of_its_kernels() -> None:
    found = kernel_density(MODES, 0.1875)
    assert np.trapezoid(found.density, found.x) == pytest.approx(1, abs=3e-3)
    kernels = [np.exp(-(((x - found.x[50]) / 0.1875) ** 2) / 2) / 0.1875 / np.sqrt(2 * np.pi) for x in MODES]
    assert found.density[50] == pytest.approx(np.mean(kernels), rel=1e-9)


def test_a_result_in_the_wrong_unit_does_not_stretch_the_grid() -> None:
    found = kernel_density([*MODES, 3.8e9], 0.1875)
    assert len(found.x) < 2000
    assert found.modes[0].location == pytest.approx(3.793, abs=6e-4)


def test_results_without_spread_have_no_density() -> None:
    with pytest.raises(OptionError, match="bandwidth"):
        kernel_density([1.0, 1.0, 1.0])


def test_the_bootstrap_finds_the_uncertainty_of_a_mean() -> None:
    values = np.random.default_rng(3).normal(10, 1, 50)
    found = bootstrap(values, lambda x: float(np.mean(x)), samples=2000)
    assert found.uncertainty == pytest.approx(np.std(values, ddof=1) / np.sqrt(50), rel=0.05)
    assert found == bootstrap(values, lambda x: float(np.mean(x)), samples=2000)


def test_the_bootstrap_of_algorithm_a_is_near_the_formula() -> None:
    found = bootstrap(ATRAZINE, algorithm_a, samples=400)
    assert found.location == algorithm_a(ATRAZINE).location
    assert found.uncertainty == pytest.approx(0.0085, rel=0.25)
