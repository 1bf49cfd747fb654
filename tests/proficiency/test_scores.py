"""Scores and homogeneity against ISO 13528:2022, tables E.2 and E.4."""

from __future__ import annotations

import numpy as np
import pytest
from proficiency.published import ALLERGENS, ALLERGENS_Z, MERCURY_SCORES

from nps_spectra.errors import OptionError
from nps_spectra.proficiency import (
    algorithm_a,
    check_homogeneity,
    check_stability,
    d_percent,
    e_n,
    p_a,
    z,
    z_prime,
    zeta,
)


@pytest.mark.parametrize(("x", "expanded", "k", "expected"), MERCURY_SCORES)
def test_scores_of_table_e4(x: float, expanded: float, k: float, expected: tuple[float, ...]) -> None:
    assert d_percent(x, 0.044) == pytest.approx(expected[0], abs=0.051)
    assert p_a(x, 0.044, 0.0198) == pytest.approx(expected[1], abs=0.051)
    assert z(x, 0.044, 0.0066) == pytest.approx(expected[2], abs=0.0051)
    assert z_prime(x, 0.044, 0.0066, 0.0041) == pytest.approx(expected[3], abs=0.0051)
    assert zeta(x, 0.044, expanded / k, 0.0041) == pytest.approx(expected[4], abs=0.0051)
    assert e_n(x, 0.044, expanded, 0.0082) == pytest.approx(expected[5], abs=0.0051)


@pytest.mark.parametrize("allergen", [0, 1])
def test_scores_of_table_e10_are_by_mean_and_deviation(allergen: int) -> None:
    """The standard says that they are by Algorithm A, which gives others: what is printed is what stands here."""
    values = ALLERGENS[allergen]
    found = z(values, float(np.mean(values)), float(np.std(values, ddof=1)))
    assert found == pytest.approx(ALLERGENS_Z[allergen], abs=2e-3)
    robust = algorithm_a(values, stop="converged")
    assert (robust.location, robust.scale) == pytest.approx([(11.17, 2.69), (7.27, 2.36)][allergen], abs=6e-3)


def test_a_scale_of_zero_is_refused() -> None:
    with pytest.raises(OptionError, match="sigma_pt: found 0"):
        z([1.0], 1.0, 0.0)


def test_homogeneity_of_table_e2() -> None:
    pairs = [(0.185, 0.194), (0.187, 0.189), (0.182, 0.186), (0.188, 0.196), (0.191, 0.181), (0.188, 0.180)]
    pairs += [(0.187, 0.196), (0.177, 0.186), (0.179, 0.187), (0.188, 0.196)]
    found = check_homogeneity(pairs, 0.15 * 0.18715)
    assert found.mean == pytest.approx(0.18715, abs=5e-6)
    assert (found.sd_means, found.sd_within, found.sd_between) == pytest.approx((0.00398, 0.00556, 0.00060), abs=5.1e-6)
    assert found.expanded_limit == pytest.approx(0.0128296, abs=5e-7)
    assert found.sufficient


def test_stability_of_table_e2() -> None:
    pairs = [(0.185, 0.194), (0.187, 0.189), (0.182, 0.186), (0.188, 0.196), (0.191, 0.181), (0.188, 0.180)]
    pairs += [(0.187, 0.196), (0.177, 0.186), (0.179, 0.187), (0.188, 0.196)]
    found = check_stability(pairs, [(0.191, 0.198), (0.190, 0.196)], 0.02807)
    assert (found.mean_before, found.mean_after) == pytest.approx((0.18715, 0.19375), abs=5e-6)
    assert (found.difference, found.limit) == pytest.approx((0.00660, 0.00842), abs=5e-6)
    assert found.sufficient
    assert found.expanded_limit > found.limit


def test_homogeneity_of_nitrogen_in_fish_food() -> None:
    """Fearn and Thompson, doi:10.1039/B103812P, from unrounded results; here from those of two decimals."""
    pairs = [(2.49, 2.39), (2.54, 2.32), (2.30, 2.33), (2.30, 2.44), (2.33, 2.42), (2.56, 2.40), (2.44, 2.53)]
    pairs += [(2.51, 2.47), (2.35, 2.47), (2.49, 2.47)]
    found = check_homogeneity(pairs, 0.3)
    assert (found.mean, found.sd_within, found.sd_between) == pytest.approx((2.4275, 0.0828, 0.0109), abs=5.1e-5)
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("items", "f1", "f2"),
    [
        *((7, 2.10, 1.43), (8, 2.01, 1.25), (9, 1.94, 1.11), (10, 1.88, 1.01), (11, 1.83, 0.93)),
        *((12, 1.79, 0.86), (13, 1.75, 0.80), (14, 1.72, 0.75), (15, 1.69, 0.71), (16, 1.67, 0.68)),
        *((17, 1.64, 0.64), (18, 1.62, 0.62), (19, 1.60, 0.59), (20, 1.59, 0.57)),
    ],
)
def test_factors_of_table_b1(items: int, f1: float, f2: float) -> None:
    """c = F1 (0.3 sigma_pt)^2 + F2 s_w^2: with s_w = 0 the first is left, with sigma_pt near 0 the second."""
    steady = check_homogeneity([(float(k), float(k)) for k in range(items)], 1 / 0.3)
    assert steady.expanded_limit**2 == pytest.approx(f1, abs=5.1e-3)
    noisy = check_homogeneity([(0.0, 2**0.5)] * items, 1e-9)
    assert noisy.expanded_limit**2 == pytest.approx(f2, abs=5.1e-3)


def test_a_blunder_among_the_replicates_is_told() -> None:
    pairs = [(1.0, 1.01)] * 9 + [(1.0, 1.5)]
    assert "item 10: its replicates differ too much" in check_homogeneity(pairs, 0.1).warnings[0]
