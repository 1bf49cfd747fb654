"""Min-max test and Welch's test against their published check cases, SciPy, and the theory behind the bound."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_ind

from nps_spectra import Spectra, Spectrum
from nps_spectra.errors import OptionError
from nps_spectra.identification.replicates import (
    false_different_bound,
    holm,
    min_max_of,
    min_max_test,
    welch_ion_tests,
    welch_t,
)


@pytest.mark.parametrize(
    ("sizes", "bound"), [((3, 3), 2 / 20), ((3, 5), 1 / 56), ((5, 5), 2 / 252), ((10, 10), 2 / 184756)]
)
def test_bound_is_one_over_the_number_of_ways_to_deal_the_replicates(sizes: tuple[int, int], bound: float) -> None:
    assert false_different_bound(*sizes) == pytest.approx(bound, rel=1e-12)


@given(st.integers(0, 2**32 - 1), st.sampled_from([(2, 2), (2, 3), (3, 3)]))
def test_at_most_one_division_of_any_replicates_is_called_different(seed: int, sizes: tuple[int, int]) -> None:
    first, second = sizes
    total = first + second
    values = np.random.default_rng(seed).random((total, total))
    matrix = np.maximum(values, values.T)
    divisions = set()
    for chosen in combinations(range(total), first):
        order = [*chosen, *(row for row in range(total) if row not in chosen)]
        if min_max_of(matrix[np.ix_(order, order)], first).different:
            divisions.add(frozenset([frozenset(order[:first]), frozenset(order[first:])]))
    assert len(divisions) <= 1


def test_similarity_of_the_min_max_test_is_the_cosine_of_square_roots() -> None:
    spectra = [Spectrum([44, 91], [81, height], ionization="EI") for height in (1, 4, 25, 36)]
    found = min_max_test(Spectra.of(spectra[:2]), Spectra.of(spectra[2:]))
    vectors = (
        np.array([[9, 1], [9, 2], [9, 5], [9, 6]]) / np.linalg.norm([[9, 1], [9, 2], [9, 5], [9, 6]], axis=1)[:, None]
    )
    cosine = vectors @ vectors.T
    assert found.lowest_within == pytest.approx(min(cosine[0, 1], cosine[2, 3]), abs=1e-6)
    assert found.highest_between == pytest.approx(cosine[:2, 2:].max(), abs=1e-6)


def test_sets_that_overlap_have_index_1_and_are_not_told_apart() -> None:
    found = min_max_of([[1, 0.5, 0.9, 0.9], [0.5, 1, 0.9, 0.9], [0.9, 0.9, 1, 0.9], [0.9, 0.9, 0.9, 1]], 2)
    assert (found.different, found.index) == (False, 1.0)


def test_one_replicate_is_refused() -> None:
    with pytest.raises(OptionError, match="at least 2 and 2"):
        min_max_test(Spectra.of([Spectrum([44], [1])]), Spectra.of([Spectrum([44], [1])] * 3))


def test_replicate_without_peaks_is_refused() -> None:
    sets = Spectra.of([Spectrum([44], [1], ionization="EI")] * 2), Spectra.of([Spectrum([], [], ionization="EI")] * 2)
    with pytest.raises(OptionError, match="without peaks"):
        min_max_test(*sets)
    with pytest.raises(OptionError, match="no peaks"):
        welch_ion_tests(*sets)


def test_welch_gives_the_worked_example() -> None:
    """100, 98, 102 against 90, 93, 87."""
    t, freedom, p = welch_t([[100], [98], [102]], [[90], [93], [87]])
    assert (t[0], freedom[0], p[0]) == pytest.approx((4.803845, 3.484536, 0.0120875), abs=1e-6)


@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.integers(2, 6))
def test_welch_agrees_with_scipy(seed: int, n: int, m: int) -> None:
    random = np.random.default_rng(seed)
    a, b = random.normal(10, 1, (n, 5)), random.normal(11, 3, (m, 5))
    oracle = ttest_ind(a, b, equal_var=False)
    t, _, p = welch_t(a, b)
    assert np.allclose(t, oracle.statistic, rtol=1e-9)
    assert np.allclose(p, oracle.pvalue, rtol=1e-7)


def test_ion_without_any_spread_is_not_tested() -> None:
    t, freedom, p = welch_t([[0.1, 5.0]] * 3, [[0.3, 6.0]] * 3)
    assert np.isnan([t, freedom, p]).all()


def test_holm_gives_the_figures_of_r_and_leaves_out_untested_ions() -> None:
    """R's p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") is 0.03, 0.06, 0.06, 0.02."""
    corrected = holm([0.01, np.nan, 0.04, 0.03, 0.005])
    assert np.isnan(corrected[1])
    assert corrected[[0, 2, 3, 4]] == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_correction_finds_fewer_ions_than_the_published_rule() -> None:
    random = np.random.default_rng(5)
    ions = np.arange(40, 140)
    sets = [
        Spectra.of([Spectrum(ions, random.normal(100, 5, 100), ionization="EI") for _ in range(4)]) for _ in range(2)
    ]
    tests = welch_ion_tests(*sets)
    assert len(tests.discriminating(0.99, corrected=False)) >= len(tests.discriminating(0.99)) == 0
