"""Heights of a sample against those of a reference: what is lacking, and how far the rest is apart."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nps_spectra.identification.heights import HeightDifference, height_difference

Peaks = dict[int, float]


def difference(sample: Peaks, reference: Peaks) -> HeightDifference | None:
    sides = [np.array([*side], dtype=float) for one in (sample, reference) for side in (one, one.values())]
    return height_difference(*sides)


def test_the_largest_peak_that_the_reference_has_less_than_a_tenth_of_is_lacking() -> None:
    found = difference({44: 100, 91: 30, 120: 20, 135: 8}, {44: 100, 91: 4, 120: 1.9})
    assert found is not None
    assert found.lacking == pytest.approx(0.20)  # of 91 it has 4/30, of 120 1.9/20


def test_a_peak_below_one_percent_is_not_lacking() -> None:
    found = difference({44: 1000, 135: 9}, {44: 1000})
    assert found is not None
    assert found.lacking == 0


def test_what_lies_below_the_range_of_the_other_spectrum_is_not_compared() -> None:
    """One laboratory scans from m/z 41, the other from 50."""
    sample = {44: 100.0, 58: 40.0, 91: 20.0}
    assert difference(sample, {58: 100, 91: 50}) == difference({58: 40, 91: 20}, {58: 100, 91: 50})


def test_air_is_not_compared() -> None:
    assert difference({28: 999, 32: 200, 58: 40, 91: 20}, {58: 100, 91: 50}) == HeightDifference(0.0, 0.0)


def test_spread_is_the_root_mean_square_of_the_logarithms_weighted_by_mass() -> None:
    # By hand: m/z 50 equal, 100 half as high, 150 five times as high.
    found = difference({50: 100, 100: 20, 150: 50}, {50: 100, 100: 40, 150: 10})
    expected = math.sqrt((100 * math.log(2) ** 2 + 150 * math.log(5) ** 2) / 300)
    assert found is not None
    assert found.spread == pytest.approx(expected, rel=1e-12)


def test_a_difference_at_high_mass_weighs_more_than_one_at_low_mass() -> None:
    whole = {50: 100.0, 60: 50.0, 300: 50.0}
    low, high = difference(whole, {50: 100, 60: 10, 300: 50}), difference(whole, {50: 100, 60: 50, 300: 10})
    assert low is not None
    assert high is not None
    assert high.spread > 2 * low.spread


@pytest.mark.parametrize(("sample", "reference"), [({}, {58: 1.0}), ({58: 1.0}, {}), ({30: 1.0}, {31: 1.0})])
def test_without_peaks_in_the_range_nothing_is_known(sample: Peaks, reference: Peaks) -> None:
    assert difference(sample, reference) is None


heights = st.dictionaries(st.integers(41, 90), st.floats(1, 999), min_size=1, max_size=12).map(
    lambda peaks: dict(sorted(peaks.items()))
)


@given(heights, heights, st.floats(0.01, 100))
def test_the_scale_of_a_spectrum_does_not_matter(sample: Peaks, reference: Peaks, factor: float) -> None:
    before, after = difference(sample, reference), difference({k: v * factor for k, v in sample.items()}, reference)
    assert (before is None) == (after is None)
    if before is not None and after is not None:
        assert after.spread == pytest.approx(before.spread, rel=1e-6, abs=1e-9)


@given(heights, heights)
def test_the_spread_is_the_same_from_either_side(sample: Peaks, reference: Peaks) -> None:
    one, other = difference(sample, reference), difference(reference, sample)
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert one.spread == pytest.approx(other.spread, rel=1e-12)
