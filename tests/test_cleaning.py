"""Cleaning: every step against the slow oracle and examples worked out by hand."""

from __future__ import annotations

import itertools
import json
import math
from typing import Any
from unittest import mock

import naive
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nps_spectra import CleaningRecipe, Spectra, Spectrum, Tolerance
from nps_spectra.cleaning import (
    BinNominal,
    CleanSpectra,
    MergePeaks,
    MzWindow,
    NoiseThreshold,
    RemovePrecursor,
    ScaleBasePeak,
    Step,
)
from nps_spectra.errors import OptionError

Peaks = list[tuple[float, float]]

properties = settings(deadline=None)  # the first call of a kernel compiles it

# Whole numbers up to 1998: float32 holds them exactly, rounding halves of 999 occur.
intensities = st.one_of(st.integers(0, 4), st.sampled_from([10, 100, 998, 999, 1000]), st.integers(0, 1998)).map(float)
_offsets = st.sampled_from([0.0, 0.4, 0.5, 0.6, 0.648, 0.649, 0.65, 0.651, 0.999])
_nominal_mz = st.builds(lambda m, d: m + d, st.integers(1, 8), _offsets)
_accurate_mz = st.integers(0, 40).map(lambda steps: round(100 + 0.005 * steps, 3))
spectra_lists = st.lists(
    st.lists(st.tuples(st.one_of(_nominal_mz, _accurate_mz), intensities), max_size=15), min_size=1, max_size=4
)
windows = st.sampled_from(
    [Tolerance(0.01), Tolerance(0.02), Tolerance(0.05), Tolerance(50, "ppm"), Tolerance(200, "ppm")]
)


def spectrum(peaks: Peaks, **fields: Any) -> Spectrum:
    return Spectrum([mz for mz, _ in peaks], [intensity for _, intensity in peaks], **fields)


def cleaned(given_spectra: list[Peaks], *steps: Step, **fields: Any) -> list[Peaks]:
    clean = CleaningRecipe(steps).apply(Spectra.of(spectrum(peaks, **fields) for peaks in given_spectra))
    assert len(clean) == len(given_spectra)
    return [pairs_of(clean, row) for row in range(len(clean))]


def pairs_of(clean: CleanSpectra, row: int) -> Peaks:
    mz, intensity = clean.peaks(row)
    return list(zip(mz.tolist(), intensity.tolist(), strict=True))


def one(peaks: Peaks, *steps: Step, **fields: Any) -> Peaks:
    return cleaned([peaks], *steps, **fields)[0]


def by_mz(peaks: Peaks) -> Peaks:
    return sorted((peak for peak in peaks if peak[1] > 0), key=lambda peak: peak[0])


@given(spectra_lists)
def test_no_steps_change_nothing(given_spectra: list[Peaks]) -> None:
    assert cleaned(given_spectra) == [by_mz(peaks) for peaks in given_spectra]


@given(spectra_lists, st.sampled_from([0.0, 0.001, 0.01, 0.1, 0.5, 0.999]))
def test_noise_is_what_the_oracle_cuts(given_spectra: list[Peaks], threshold: float) -> None:
    found = cleaned(given_spectra, NoiseThreshold(threshold))
    assert [sorted(peaks) for peaks in found] == [naive.noise_cut(peaks, threshold) for peaks in given_spectra]


def test_a_peak_exactly_at_the_noise_threshold_stays() -> None:
    assert one([(50, 9), (51, 10), (52, 1000)], NoiseThreshold(0.01)) == [(51, 10), (52, 1000)]


@given(spectra_lists, st.none() | st.floats(0, 101), st.none() | st.floats(0, 101))
def test_the_window_is_that_of_the_oracle(given_spectra: list[Peaks], a: float | None, b: float | None) -> None:
    low, high = (a, b) if a is None or b is None else (min(a, b), max(a, b))
    expected = [
        naive.mz_window(peaks, 0 if low is None else low, math.inf if high is None else high) for peaks in given_spectra
    ]
    assert [sorted(peaks) for peaks in cleaned(given_spectra, MzWindow(low, high))] == expected


def test_both_limits_of_the_window_are_inside() -> None:
    assert one([(49, 1), (50, 2), (60, 3), (61, 4)], MzWindow(50, 60)) == [(50, 2), (60, 3)]


@given(spectra_lists, st.sampled_from([5.0, 102.0, 101.65]), st.sampled_from([0.0, 0.5, 1.6]))
def test_the_precursor_goes_as_in_the_oracle(given_spectra: list[Peaks], precursor: float, margin: float) -> None:
    found = cleaned(given_spectra, RemovePrecursor(margin), precursor_mz=precursor)
    assert [sorted(peaks) for peaks in found] == [
        naive.remove_precursor(peaks, precursor, margin) for peaks in given_spectra
    ]


def test_a_peak_exactly_at_the_margin_below_the_precursor_goes() -> None:
    assert one([(298.25, 1), (298.5, 2), (300, 3)], RemovePrecursor(1.5), precursor_mz=300) == [(298.25, 1)]


def test_each_spectrum_has_its_own_precursor_and_without_one_nothing_is_dropped() -> None:
    peaks: Peaks = [(100, 1), (200, 2), (300, 3)]
    spectra = Spectra.of(
        [spectrum(peaks, precursor_mz=200.5), spectrum(peaks), spectrum(peaks, precursor_mz=302), spectrum([])]
    )
    clean = CleaningRecipe((RemovePrecursor(),)).apply(spectra)
    assert [[mz for mz, _ in pairs_of(clean, row)] for row in range(4)] == [[100], [100, 200, 300], [100, 200, 300], []]


@properties
@given(spectra_lists, windows)
@example([[(100.0, 5.0), (100.01, 5.0), (100.02, 5.0), (100.03, 5.0)]], Tolerance(0.01))
def test_peaks_are_merged_as_in_the_oracle(given_spectra: list[Peaks], window: Tolerance) -> None:
    found = cleaned(given_spectra, MergePeaks(window))
    for peaks, own in zip(given_spectra, found, strict=True):
        expected = naive.merge_peaks(peaks, window.value, window.unit)
        assert np.array(own).reshape(-1, 2) == pytest.approx(np.array(expected).reshape(-1, 2), rel=1e-12)


@properties
@given(spectra_lists, windows)
def test_after_merging_no_two_peaks_are_within_the_window(given_spectra: list[Peaks], window: Tolerance) -> None:
    for peaks in cleaned(given_spectra, MergePeaks(window)):
        assert not any(window.matches(a, b) for (a, _), (b, _) in itertools.pairwise(peaks))


@properties
@given(spectra_lists, windows)
def test_merging_keeps_the_total_and_the_centre_of_mass(given_spectra: list[Peaks], window: Tolerance) -> None:
    for before, after in zip(given_spectra, cleaned(given_spectra, MergePeaks(window)), strict=True):
        assert sum(i for _, i in after) == pytest.approx(sum(i for _, i in before))
        assert sum(mz * i for mz, i in after) == pytest.approx(sum(mz * i for mz, i in before))


def test_merged_peaks_add_up_at_their_weighted_mean() -> None:
    found = one([(100.00, 30), (100.01, 10), (150, 7)], MergePeaks(Tolerance(0.02)))
    assert found == [(pytest.approx(100.0025, abs=1e-9), 40), (150, 7)]


def test_the_most_intense_peak_takes_its_neighbours_first() -> None:
    # 100.01 takes 100.00 and 100.02; 100.03 is too far from it, and from the mean, 100 + (9 * 0.01 + 3 * 0.02) / 13.
    found = one([(100.00, 1), (100.01, 9), (100.02, 3), (100.03, 2)], MergePeaks(Tolerance(0.0105)))
    assert found == [(pytest.approx(100 + 0.15 / 13, abs=1e-9), 13), (100.03, 2)]


@pytest.mark.parametrize(
    ("mz", "expected"),
    [(50.650, 51), (51.648, 51), (51.649, 51), (51.650, 52), (34.96885, 35), (73.93181, 74), (58.0, 58), (0.3, 1)],
)
def test_the_bin_boundary_is_0_649_of_a_mass_unit(mz: float, expected: int) -> None:
    assert one([(mz, 7)], BinNominal()) == [(expected, 7)]


@pytest.mark.parametrize(("mz", "expected"), [(50.49, 50), (50.5, 51), (51.49, 51), (58.0, 58), (0.3, 1)])
def test_plain_rounding_rounds_half_up(mz: float, expected: int) -> None:
    assert one([(mz, 7)], BinNominal("round")) == [(expected, 7)]


@given(spectra_lists)
def test_nominal_bins_are_those_of_the_oracle(given_spectra: list[Peaks]) -> None:
    found = cleaned(given_spectra, BinNominal())
    assert found == [list(naive.bin_nominal(peaks).items()) for peaks in given_spectra]


@given(spectra_lists)
def test_rounded_bins_are_those_of_the_oracle(given_spectra: list[Peaks]) -> None:
    found = cleaned(given_spectra, BinNominal("round"))
    assert found == [list(naive.bin_rounded(peaks).items()) for peaks in given_spectra]


@given(spectra_lists)
def test_whole_intensities_are_those_of_the_oracle(given_spectra: list[Peaks]) -> None:
    found = cleaned(given_spectra, BinNominal(), ScaleBasePeak())
    assert found == [list(naive.scale_999(naive.bin_nominal(peaks)).items()) for peaks in given_spectra]


def test_what_rounds_to_0_of_999_is_dropped() -> None:
    assert one([(50, 0.49), (51, 0.5), (58, 999)], ScaleBasePeak()) == [(51, 1), (58, 999)]


def test_scaling_without_whole_numbers_keeps_every_peak() -> None:
    assert one([(50, 0.25), (58, 500)], ScaleBasePeak(100, whole=False)) == [(50, 0.05), (58, 100)]


STEPS: dict[str, Step] = {
    "noise": NoiseThreshold(0.05),
    "window": MzWindow(3, 100.1),
    "precursor": RemovePrecursor(),
    "merge": MergePeaks(Tolerance(0.02)),
    "bin": BinNominal(),
    "round": BinNominal("round"),
    "scale": ScaleBasePeak(),
    "scale exactly": ScaleBasePeak(1, whole=False),
}
EVERY_STEP = pytest.mark.parametrize("name", STEPS)


@EVERY_STEP
@properties
@given(given_spectra=spectra_lists)
def test_a_step_done_twice_is_a_step_done_once(name: str, given_spectra: list[Peaks]) -> None:
    step = STEPS[name]
    once = cleaned(given_spectra, step, precursor_mz=101.7)
    twice = cleaned(given_spectra, step, step, precursor_mz=101.7)
    for first, second in zip(once, twice, strict=True):
        assert np.array(second).reshape(-1, 2) == pytest.approx(np.array(first).reshape(-1, 2), rel=1e-15)


@EVERY_STEP
@properties
@given(given_spectra=spectra_lists)
def test_many_peaks_are_cleaned_some_after_the_other(name: str, given_spectra: list[Peaks]) -> None:
    spectra = Spectra.of(spectrum(peaks, precursor_mz=180.0) for peaks in given_spectra)
    recipe = CleaningRecipe((STEPS[name],))
    whole = recipe.apply(spectra)
    with mock.patch("nps_spectra.cleaning._PEAKS_TOGETHER", 3):
        parts = recipe.apply(spectra)
    for field in ("mz", "intensity", "offsets", "precursor_mz"):
        np.testing.assert_array_equal(getattr(parts, field), getattr(whole, field), strict=True)


@EVERY_STEP
@properties
@given(given_spectra=spectra_lists)
def test_a_spectrum_is_cleaned_alone_as_among_others(name: str, given_spectra: list[Peaks]) -> None:
    together = cleaned(given_spectra, STEPS[name], precursor_mz=101.7)
    for peaks, expected in zip(given_spectra, together, strict=True):
        alone = CleaningRecipe((STEPS[name],)).apply(spectrum(peaks, precursor_mz=101.7))
        assert (len(alone), pairs_of(alone, 0)) == (1, expected)


@EVERY_STEP
@properties
@given(given_spectra=spectra_lists)
def test_cleaned_peaks_ascend_and_are_above_0(name: str, given_spectra: list[Peaks]) -> None:
    for peaks in cleaned(given_spectra, STEPS[name], precursor_mz=101.7):
        assert [mz for mz, _ in peaks] == sorted(mz for mz, _ in peaks)
        assert all(intensity > 0 for _, intensity in peaks)


@EVERY_STEP
def test_the_input_is_left_as_it_is(name: str) -> None:
    spectra = Spectra.of([spectrum([(58.1, 3), (58.11, 900), (91.7, 40)], precursor_mz=92), spectrum([])])
    before = spectra.digests()
    clean = CleaningRecipe((STEPS[name],)).apply(spectra)
    assert spectra.digests() == before
    assert not np.shares_memory(clean.intensity, spectra.intensity)


@EVERY_STEP
def test_empty_spectra_stay_empty(name: str) -> None:
    assert cleaned([[], [], []], STEPS[name]) == [[], [], []]
    assert len(CleaningRecipe((STEPS[name],)).apply(Spectra.of([]))) == 0


@EVERY_STEP
def test_the_only_peak_of_a_spectrum_stays(name: str) -> None:
    ((mz, intensity),) = one([(58.0, 5)], STEPS[name])
    assert (mz, intensity) == (58.0, {"scale": 999.0, "scale exactly": 1.0}.get(name, 5.0))


@EVERY_STEP
def test_cleaned_peaks_are_read_only(name: str) -> None:
    clean = CleaningRecipe((STEPS[name],)).apply(spectrum([(58.0, 5)]))
    assert not any(array.flags.writeable for array in (clean.mz, clean.intensity, clean.offsets))


def test_the_recipe_travels_with_the_result() -> None:
    recipe = CleaningRecipe(tuple(STEPS.values()))
    assert recipe.apply(spectrum([(58, 1)])).recipe is recipe


def test_the_recipe_is_described_as_plain_data() -> None:
    recipe = CleaningRecipe((NoiseThreshold(0.02), MergePeaks(Tolerance(20, "ppm")), BinNominal(), MzWindow(None, 99)))
    assert json.loads(json.dumps(recipe.describe())) == [
        {"step": "NoiseThreshold", "relative": 0.02},
        {"step": "MergePeaks", "window": {"value": 20, "unit": "ppm"}},
        {"step": "BinNominal", "rule": "boundary", "boundary": 0.649},
        {"step": "MzWindow", "low": None, "high": 99},
    ]


def test_steps_are_done_in_the_order_of_the_recipe() -> None:
    peaks: Peaks = [(50, 4), (58.1, 6), (58.2, 6), (91, 100)]
    assert one(peaks, BinNominal(), NoiseThreshold(0.1)) == [(58, 12), (91, 100)]
    assert one(peaks, NoiseThreshold(0.1), BinNominal()) == [(91, 100)]


@pytest.mark.parametrize(
    ("step", "arguments"),
    [
        (NoiseThreshold, (-0.1,)),
        (NoiseThreshold, (1,)),
        (NoiseThreshold, (math.nan,)),
        (MzWindow, (60, 50)),
        (MzWindow, (math.nan, 50)),
        (MzWindow, (None, math.nan)),
        (RemovePrecursor, (-1,)),
        (RemovePrecursor, (math.nan,)),
        (BinNominal, ("nearest",)),
        (BinNominal, ("boundary", 0)),
        (BinNominal, ("boundary", 1)),
        (ScaleBasePeak, (0,)),
        (ScaleBasePeak, (math.inf,)),
    ],
)
def test_impossible_options_are_refused(step: Any, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(OptionError, match=r"expected|above|NaN"):
        step(*arguments)
