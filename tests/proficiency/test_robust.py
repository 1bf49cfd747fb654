"""Robust estimates against printed examples: ISO 13528:2022 Annex E, AMC, statsmodels, metRology."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nps_spectra.errors import OptionError
from nps_spectra.proficiency import algorithm_a, algorithm_s, hampel, mad_e, mean_without_outliers, n_iqr, q_method, qn

Constant = Literal["iso", "exact"]

ATRAZINE = [
    0.040, 0.055, 0.178, 0.202, 0.206, 0.227, 0.228, 0.230, 0.230, 0.235, 0.236, 0.237, 0.243, 0.244, 0.245,
    0.2555, 0.260, 0.264, 0.267, 0.270, 0.273, 0.274, 0.274, 0.278, 0.2811, 0.287, 0.287, 0.288, 0.289, 0.295,
    0.296, 0.311, 0.331, 0.4246,
]  # fmt: skip
COPPER = [
    2.20, 2.20, 2.4, 2.4, 2.5, 2.7, 2.8, 2.9, 3.03, 3.03, 3.10, 3.37, 3.4, 3.4, 3.4, 3.5, 3.6, 3.7, 3.7, 3.7,
    3.7, 3.77, 5.28, 28.95,
]  # fmt: skip
IGNORED = [10, 10, 12, 19, 20, 20, 23, 23, 25, 25, 26, 28, 28, 30, 28, 29, 30, 30, 31, 32, 32, 45, 50]
DELETED = [12, 19, 20, 23, 23, 25, 25, 26, 28, 28, 28, 29, 30, 30, 31, 32, 32, 45]
SPREAD = st.lists(st.integers(0, 500).map(lambda k: k / 8), min_size=5, max_size=40)


def test_simple_estimates_of_table_e3() -> None:
    assert mad_e(ATRAZINE).location == pytest.approx(0.2620, abs=5e-5)
    assert mad_e(ATRAZINE).scale == pytest.approx(0.0386, abs=5e-5)
    assert n_iqr(ATRAZINE).scale == pytest.approx(0.0402, abs=5e-5)
    assert qn(ATRAZINE).scale == pytest.approx(0.04198578, abs=5e-9)


def test_algorithm_a_of_table_e3_takes_six_iterations() -> None:
    found = algorithm_a(ATRAZINE)
    assert found.iterations == 6
    assert (found.location, found.scale) == pytest.approx((0.2570, 0.0395), abs=5e-5)
    assert found.uncertainty == pytest.approx(0.0085, abs=5e-5)


@pytest.mark.parametrize(
    ("values", "constant", "location", "scale"),
    [
        (ATRAZINE, "iso", 0.25701104, 0.03951991),
        (ATRAZINE, "exact", 0.25701300, 0.03948204),
        (COPPER, "exact", 3.20549808, 0.67365260),
        (COPPER, "iso", 3.20556592, 0.67415010),
    ],
)
def test_algorithm_a_converged(values: list[float], constant: Constant, location: float, scale: float) -> None:
    found = algorithm_a(values, constant=constant, stop="converged")
    assert (found.location, found.scale) == pytest.approx((location, scale), abs=6e-9)


def test_algorithm_a_of_table_e1_by_the_stopping_rule() -> None:
    found = algorithm_a(IGNORED)
    assert (found.location, found.scale) == pytest.approx((26.01, 7.23), abs=5e-3)
    found = algorithm_a(DELETED)
    assert (found.location, found.scale) == pytest.approx((26.81, 5.29), abs=5e-3)


@pytest.mark.parametrize(
    ("values", "location", "scale"), [(ATRAZINE, 0.25998386, 0.04256625), (COPPER, 3.14676425, 0.63601096)]
)
def test_q_method_and_hampel(values: list[float], location: float, scale: float) -> None:
    found = q_method(values)
    assert (found.location, found.scale) == pytest.approx((location, scale), abs=6e-9)


def test_qn_of_copper() -> None:
    assert qn(COPPER).scale == pytest.approx(0.6330230, abs=5e-8)


def test_hampel_by_hand() -> None:
    assert hampel([0, 0, 0, 2], 1.0) == 0.5


def test_three_outliers_of_table_e3_left_out() -> None:
    found = mean_without_outliers(ATRAZINE)
    assert found.n == 31
    assert (found.location, found.scale, found.uncertainty) == pytest.approx((0.2588, 0.0337, 0.0061), abs=5e-5)


def test_algorithm_s_of_table_e13() -> None:
    deviations = [0.13, 0.21, 0.08, 0.24, 0.36, 0.32, 0.14, 0.26, 0.39, 0.53, 0.25, 0.24, 0.72, 0.26, 0.17, 0.32, 0.4]
    deviations += [0.36, 0.33, 0.43, 0.40, 0.55, 0.39, 0.30, 0.22]
    assert algorithm_s(deviations, 3).scale == pytest.approx(0.34, abs=5e-3)
    assert algorithm_s(deviations, 3, constant="exact").scale == pytest.approx(0.339663, abs=5e-7)


def test_algorithm_s_of_creosote_ranges() -> None:
    ranges = [0.28, 0.49, 0.40, 0.00, 0.35, 1.98, 0.80, 0.32, 0.95]
    assert algorithm_s(ranges, 1, constant="exact").scale == pytest.approx(0.6857549, abs=5e-7)


@pytest.mark.parametrize(
    ("values", "constant", "location", "scale"),
    [
        ([4.5, 4.9, 5.6, 4.2, 6.2, 5.2, 9.9], "iso", 5.386489, 1.145957),
        ([24.140, 20.155, 19.500, 20.300, 20.705, 17.570, 20.100, 20.940, 21.185], "exact", 20.412143, 1.067773),
    ],
)
def test_algorithm_a_of_small_sets_warns(
    values: list[float], constant: Constant, location: float, scale: float
) -> None:
    found = algorithm_a(values, constant=constant, stop="converged")
    assert (found.location, found.scale) == pytest.approx((location, scale), abs=6e-7)
    assert any("fewer than 12" in text for text in found.warnings)


@pytest.mark.parametrize("values", [[1.0, float("nan")], [1.0], [[1.0, 2.0]], ["<0.5", 1.0]])
def test_what_is_no_set_of_results_is_refused(values: list[object]) -> None:
    with pytest.raises(OptionError, match="results"):
        algorithm_a(values)


def test_zero_spread_is_warned_of() -> None:
    for estimate in (mad_e, n_iqr, algorithm_a, q_method, qn):
        found = estimate([2.0] * 15)
        assert (found.location, found.scale) == (2.0, 0.0)
        assert any("zero spread" in text for text in found.warnings)


@given(SPREAD, st.sampled_from([0.5, 2.0, 4.0]), st.integers(-64, 64))
def test_scale_and_shift_carry_through(values: list[float], factor: float, shift: int) -> None:
    moved = [factor * value + shift for value in values]
    for estimate in (mad_e, n_iqr, q_method, qn):
        before, after = estimate(values), estimate(moved)
        assert before.location is not None
        assert after.location == pytest.approx(factor * before.location + shift, abs=1e-6)
        assert after.scale == pytest.approx(factor * before.scale, abs=1e-6)


@given(SPREAD)
def test_order_does_not_matter(values: list[float]) -> None:
    for estimate in (mad_e, algorithm_a, q_method, qn):
        assert estimate(values) == estimate(values[::-1])


def test_a_tie_of_the_majority_ends_in_zero_spread() -> None:
    found = algorithm_a([0, 0, 0, 0, 0.125])
    assert (found.location, found.scale) == (0.0, 0.0)
    assert any("zero spread" in text for text in found.warnings)


def test_a_fifth_of_wild_results_does_not_carry_the_estimates_away() -> None:
    good = np.linspace(9, 11, 40)
    for estimate in (mad_e, n_iqr, algorithm_a, q_method, qn):
        found = estimate(np.append(good, [1e6] * 10))
        assert found.location == pytest.approx(10, abs=1.0)
        assert found.scale < 3
