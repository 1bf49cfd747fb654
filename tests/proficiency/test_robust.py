"""Robust estimates against printed examples: ISO 13528:2022 Annex E, AMC, statsmodels, metRology."""

from __future__ import annotations

import statistics
from itertools import product
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from proficiency import naive
from proficiency.published import ATRAZINE, COPPER, DELETED, HALVED, IGNORED, MERCURY, MODES, SEVEN

from nps_spectra.errors import OptionError
from nps_spectra.proficiency import algorithm_a, algorithm_s, hampel, mad_e, mean_without_outliers, n_iqr, q_method, qn
from nps_spectra.proficiency.robust import CONSTANTS, FACTORS_S

Constant = Literal["iso", "exact"]

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
    ("values", "location", "scale"),
    [
        (ATRAZINE, 0.25998386, 0.04256625),
        (COPPER, 3.14676425, 0.63601096),
        (MODES, 3.59884399, 0.36980323),
    ],
)
def test_q_method_and_hampel(values: list[float], location: float, scale: float) -> None:
    found = q_method(values)
    assert (found.location, found.scale) == pytest.approx((location, scale), abs=6e-9)


def test_qn_of_copper() -> None:
    assert qn(COPPER).scale == pytest.approx(0.6330230, abs=5e-8)


def test_hampel_by_hand() -> None:
    assert hampel([0, 0, 0, 2], 1.0) == 0.5


def test_hampel_is_exact_beside_a_result_of_another_order() -> None:
    """Far results pull with nothing: whether they are a thousand or 1e15 away is the same."""
    for far in (3e4, 1e15):
        assert hampel([*ATRAZINE, far], 0.04) == pytest.approx(hampel([*ATRAZINE, 10.0], 0.04), rel=1e-13)


@pytest.mark.parametrize("far", [1e6, 1e15, 1e300])
def test_a_result_of_another_order_does_not_make_the_others_equal(far: float) -> None:
    for estimate in (q_method, qn, algorithm_a, mad_e):
        near, found = estimate([*ATRAZINE, 5.0]), estimate([*ATRAZINE, far])
        assert (found.location, found.scale) == pytest.approx((near.location, near.scale), rel=0.02)


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


def test_mean_and_deviation_of_table_e3_and_copper() -> None:
    """The starting point of the tables: neither is robust."""
    assert (np.mean(ATRAZINE), np.std(ATRAZINE, ddof=1)) == pytest.approx((0.2512, 0.0672), abs=5e-5)
    assert (np.mean(COPPER), np.std(COPPER, ddof=1)) == pytest.approx((4.2804, 5.2974), abs=5e-5)
    assert mad_e(COPPER).location == 3.385


def test_algorithm_a_of_table_e7_and_its_uncertainty() -> None:
    found = algorithm_a(MERCURY)
    assert found.location == pytest.approx(0.03161, abs=5e-6)
    assert (found.scale, found.uncertainty) == pytest.approx((0.0164, 0.0045), abs=5e-5)


def test_the_start_is_no_iteration() -> None:
    """Three figures of the first update are those of median and MADe, yet the scale doubles from there."""
    values = [1000, 1021, 1025, 1026, 1028]
    assert mad_e(values).scale == pytest.approx(4.45, abs=5e-3)
    assert algorithm_a(values).scale == pytest.approx(algorithm_a(values, stop="converged").scale, rel=0.01)


def test_full_convergence_of_table_e1_rounds_otherwise_than_the_stopping_rule() -> None:
    found = algorithm_a(IGNORED, stop="converged")
    assert (found.location, found.scale) == pytest.approx((26.008, 7.2373), abs=5e-4)


def test_the_third_column_of_table_e1_follows_no_single_rule() -> None:
    """Printed are 23.95 and 8.60; the stopping rule gives 23.96 and 8.59, full convergence 23.9585 and 8.5960."""
    found = algorithm_a(HALVED, stop="converged")
    assert (found.location, found.scale) == pytest.approx((23.9585, 8.5960), abs=6e-5)
    found = algorithm_a(HALVED)
    assert (found.location, found.scale) == pytest.approx((23.96, 8.59), abs=5e-3)


def test_the_exact_constants_follow_from_the_normal_law() -> None:
    """C.3.1: 1/sqrt(beta) of a normal law winsorised at 1.5; C.4: xi of one degree of freedom is 1.096805."""
    law = statistics.NormalDist()
    beyond = 2 * (1 - law.cdf(1.5))
    beta = 1 - beyond - 2 * 1.5 * law.pdf(1.5) + 1.5**2 * beyond
    assert beta**-0.5 == pytest.approx(1.133392655, abs=1e-9)
    assert CONSTANTS["exact"] == pytest.approx(beta**-0.5, abs=1e-9)
    assert algorithm_s([1.0, 1.0, 1.0], 1, constant="exact").scale == pytest.approx(1.096805, abs=6e-7)


@pytest.mark.parametrize("nu", FACTORS_S)
def test_printed_factors_of_algorithm_s_are_those_of_chi_squared(nu: int) -> None:
    """C.4: eta = sqrt(chi2_0.9(nu)/nu), xi = 1/sqrt(F_chi2,nu+2(nu eta^2) + 0.1 eta^2), to three decimals."""
    for deviations in ([1.0, 1.0, 1.0], [0.9, 1.0, 1.1, 5.0]):
        printed, exact = (algorithm_s(deviations, nu, constant=name).scale for name in ("iso", "exact"))
        assert printed == pytest.approx(exact, rel=2e-3)
    eta, xi = FACTORS_S[nu]
    # All but the last lie below the limit; the last one is taken as eta times the result.
    w = algorithm_s([1.0, 1.0, 1.0, 50.0], nu).scale
    assert w == pytest.approx(xi * ((3 + (eta * w) ** 2) / 4) ** 0.5, rel=1e-9)


def test_ranges_are_pooled_as_deviations_over_the_root_of_two() -> None:
    ranges = [0.28, 0.49, 0.40, 0.00, 0.35, 1.98, 0.80, 0.32, 0.95]
    assert algorithm_s(ranges, 1, constant="exact").scale / 2**0.5 == pytest.approx(0.4849019, abs=5e-7)


def test_median_deviation_of_copper() -> None:
    """As statsmodels has it, with 1.4826: 0.52632."""
    assert mad_e(COPPER).scale / 1.483 * 1.482602 == pytest.approx(0.52632, abs=6e-6)


def test_algorithm_a_of_table_e13() -> None:
    averages = [2.15, 1.85, 1.80, 1.80, 1.90, 1.90, 1.90, 2.05, 2.35, 2.03, 2.08, 1.25, 1.13, 1.00, 1.08, 1.20, 1.35]
    averages += [1.23, 1.23, 0.90, 1.48, 1.20, 1.73, 1.43, 1.28]
    assert algorithm_a(averages).location == pytest.approx(1.57, abs=5e-3)


def test_first_iterations_of_creosote_start_at_the_median_and_mad_e() -> None:
    """ISO 5725-5: 20.3 and 0.9489."""
    creosote = [24.140, 20.155, 19.500, 20.300, 20.705, 17.570, 20.100, 20.940, 21.185]
    assert mad_e(creosote).location == 20.3
    assert mad_e(creosote).scale == pytest.approx(0.9489, abs=3e-4)  # 1.483 here, 1.4826 there
    assert algorithm_a(creosote, stop="converged").scale == pytest.approx(1.069840, abs=6e-7)


def test_seven_values() -> None:
    assert (np.mean(SEVEN), np.std(SEVEN, ddof=1)) == pytest.approx((5.7857, 1.9334), abs=5e-5)
    found = q_method(SEVEN)
    assert (found.location, found.scale) == pytest.approx((5.413234, 1.414705), abs=6e-7)
    found = algorithm_a(SEVEN, constant="exact", stop="converged")
    assert (found.location, found.scale) == pytest.approx((5.386139, 1.144555), abs=6e-7)


def test_uncertainty_of_q_and_hampel_of_table_e3() -> None:
    assert q_method(ATRAZINE).uncertainty == pytest.approx(0.0091, abs=5e-5)


def test_near_ties_in_binary_do_not_change_the_q_method() -> None:
    """0.1 + 0.2 is not 0.3: results of the same decimals, however computed, have the same scale."""
    exact = q_method([round(0.1 * k, 1) for k in (20, 22, 22, 24, 25, 27, 30, 31, 34, 35)]).scale
    assert q_method([0.1 * k for k in (20, 22, 22, 24, 25, 27, 30, 31, 34, 35)]).scale == pytest.approx(exact, rel=1e-9)
    shifted = [1000 + 0.001 * k for k in (20, 22, 22, 24, 25, 27, 30, 31, 34, 35)]
    assert q_method(shifted).scale == pytest.approx(exact / 100, rel=1e-9)


@given(st.lists(st.integers(0, 500).map(lambda k: k / 8), min_size=2, max_size=30))
def test_scales_are_those_of_the_plain_text(values: list[float]) -> None:
    assert qn(values).scale == pytest.approx(naive.qn(values), abs=1e-9)
    assert q_method(values).scale == pytest.approx(naive.q_scale([[one] for one in values]), abs=1e-9)
    assert mad_e(values).scale == pytest.approx(naive.mad_e(values), abs=1e-12)


@given(st.lists(st.lists(st.integers(0, 200).map(lambda k: k / 8), min_size=1, max_size=3), min_size=2, max_size=10))
def test_replicates_count_by_laboratory(laboratories: list[list[float]]) -> None:
    values = [value for found in laboratories for value in found]
    codes = [code for code, found in enumerate(laboratories) for _ in found]
    estimate = q_method(values, codes)
    assert estimate.n == len(laboratories)
    assert estimate.scale == pytest.approx(naive.q_scale(laboratories), abs=1e-9)


@given(SPREAD)
def test_hampel_is_a_root_of_psi(values: list[float]) -> None:
    found = q_method(values)
    assert found.location is not None
    if found.scale > 0 and found.location != np.median(values):
        pull = sum(naive.psi((value - found.location) / found.scale) for value in values)
        assert pull == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("decimals", [1, 12])
def test_ranks_of_many_laboratories_are_those_of_all_their_differences(decimals: int) -> None:
    """1500 laboratories are too many to list all differences at once; here they are listed."""
    values = np.random.default_rng(7).normal(50, 2, 1500).round(decimals)
    values[:40] = values[40:80]
    differences = np.sort(np.abs(values[:, None] - values)[np.triu_indices(1500, 1)])
    h = 751
    factor = 2.2191 / (1 + (3.6756 + (1.965 + (6.987 - 77 / 1500) / 1500) / 1500) / 1500)
    assert qn(values).scale == pytest.approx(factor * differences[h * (h - 1) // 2 - 1], rel=1e-12)
    shares = np.arange(1, len(differences) + 1) / len(differences)
    # Of that many steps the middles are as good as the ranks themselves, but where ties are wide.
    zero = float((differences < 1e-9).mean())
    plain = float(np.interp(0.25 + 0.75 * zero, shares, differences))
    within = 10.0**-decimals + 1e-4
    assert q_method(values).scale == pytest.approx(plain / (2**0.5 * _normal(0.625 + 0.375 * zero)), abs=within)


def _normal(share: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(share)


@pytest.mark.parametrize(("p", "constant"), [*product((5, 12, 33), (1.134, 1.1333926553))])
def test_algorithm_a_is_that_of_the_plain_text(p: int, constant: float) -> None:
    name: Constant = "iso" if constant == 1.134 else "exact"
    random = np.random.default_rng(p)
    for _ in range(5):
        values = random.normal(10, 1, p)
        found = algorithm_a(values, constant=name, stop="converged")
        assert (found.location, found.scale) == pytest.approx(naive.algorithm_a(values.tolist(), constant), rel=1e-9)
