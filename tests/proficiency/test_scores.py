"""Scores and homogeneity against ISO 13528:2022, tables E.2 and E.4."""

from __future__ import annotations

import pytest

from nps_spectra.errors import OptionError
from nps_spectra.proficiency import check_homogeneity, d_percent, e_n, p_a, z, z_prime, zeta

MERCURY = [
    (0.013, 0.003, 2, (-70.5, -156.6, -4.70, -3.99, -7.10, -3.55)),
    (0.0135, 0.00108, 1.732, (-69.3, -154.0, -4.62, -3.93, -7.35, -3.69)),
    (0.037, 0.013, 2, (-15.9, -35.4, -1.06, -0.90, -0.91, -0.46)),
    (0.053, 0.007, 2, (20.5, 45.5, 1.36, 1.16, 1.67, 0.83)),
]


@pytest.mark.parametrize(("x", "expanded", "k", "expected"), MERCURY)
def test_scores_of_table_e4(x: float, expanded: float, k: float, expected: tuple[float, ...]) -> None:
    assert d_percent(x, 0.044) == pytest.approx(expected[0], abs=0.051)
    assert p_a(x, 0.044, 0.0198) == pytest.approx(expected[1], abs=0.051)
    assert z(x, 0.044, 0.0066) == pytest.approx(expected[2], abs=0.0051)
    assert z_prime(x, 0.044, 0.0066, 0.0041) == pytest.approx(expected[3], abs=0.0051)
    assert zeta(x, 0.044, expanded / k, 0.0041) == pytest.approx(expected[4], abs=0.0051)
    assert e_n(x, 0.044, expanded, 0.0082) == pytest.approx(expected[5], abs=0.0051)


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
