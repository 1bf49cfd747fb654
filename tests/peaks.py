"""Peaks for tests of scores: written ones and generated ones."""

import math
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from nps_spectra import Spectrum

Peaks = list[tuple[float, float]]
Width = tuple[float, str]
Pair = tuple[tuple[Peaks, Peaks], str]


def spectrum(peaks: Peaks, **fields: str | float) -> Spectrum:
    return Spectrum([mz for mz, _ in peaks], [intensity for _, intensity in peaks], **fields)


def written(text: str) -> Peaks:
    """Peaks written as ``m/z:intensity m/z:intensity``."""
    return [(float(mz), float(intensity)) for mz, intensity in (peak.split(":") for peak in text.split())]


def both(pair: Pair) -> tuple[Spectrum, Spectrum]:
    (query, reference), ionization = pair
    return spectrum(query, ionization=ionization), spectrum(reference, ionization=ionization)


def same(found: float, expected: float | None) -> bool:
    """Equal to 1e-9; no score (None from the oracle) in both is equal, too."""
    if expected is None or math.isnan(expected):
        return math.isnan(found)
    return math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-9)


# Generated intensities are whole numbers: float32 holds them and their sums exactly.
# One-count traces are as frequent as other peaks, m/z values repeat, and rounding halves occur (base 1998 = 2 * 999).
_nominal_intensity = st.one_of(st.integers(0, 4), st.sampled_from([1, 998, 999]), st.integers(0, 1998))
nominal = st.lists(st.tuples(st.integers(40, 60).map(float), _nominal_intensity.map(float)), max_size=25)
# Around the bin boundary and on it, a few peaks to a bin.
_offset = st.one_of(st.sampled_from([0.0, 0.5, 0.649, 0.6495, 0.65]), st.integers(0, 999).map(lambda n: n / 1000))
_fractional_peak = st.tuples(st.builds(lambda m, d: m + d, st.integers(40, 50), _offset), _nominal_intensity.map(float))
fractional = st.lists(_fractional_peak, max_size=20)
# A grid of half the default tolerance of 0.01 Da: gaps equal to it and to twice it, equal m/z, ties, 1 % peaks.
_grid_mz = st.integers(0, 20).map(lambda steps: round(100 + 0.005 * steps, 3))
_off_grid_mz = st.integers(1_000_000, 5_000_000).map(lambda n: n / 10_000)
_accurate_intensity = st.one_of(st.sampled_from([0, 1, 9, 10, 11, 999, 1000]), st.integers(0, 1000)).map(float)
_accurate_peak = st.tuples(st.one_of(_grid_mz, _grid_mz, _off_grid_mz), _accurate_intensity)
accurate = st.lists(_accurate_peak, max_size=15) | st.lists(_accurate_peak, min_size=6, max_size=15)
tolerances = st.sampled_from([(0.01, "Da"), (0.005, "Da"), (20.0, "ppm"), (100.0, "ppm")])
# Two spectra measured alike.
pairs = st.tuples(st.tuples(nominal, nominal), st.just("EI")) | st.tuples(st.tuples(accurate, accurate), st.just("ESI"))


def properties(*values: Any, **named_values: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A test for all generated values; without a deadline, because the first call of a kernel compiles it."""
    return lambda test: settings(deadline=None)(given(*values, **named_values)(test))
