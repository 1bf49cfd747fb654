"""Kernel density of results, its modes, and uncertainties by bootstrap: ISO 13528:2022, 6.3, 7.7 and 10.3."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from nps_spectra.errors import OptionError
from nps_spectra.proficiency.pairwise import q_method
from nps_spectra.proficiency.robust import RobustEstimate, Values, checked

#: A second mode is told from chance when it holds this share of the results, this many bandwidths away.
_SHARE = 0.1
_APART = 2.0
#: Two alike are blunders rather than a group.
_BLUNDERS = 2.5
#: Points of the grid in a bandwidth; a mode between two of them is refined by a parabola.
_STEPS = 20


@dataclass(frozen=True, slots=True)
class Mode:
    """A local maximum of a density, and the share of the results between the minima beside it."""

    location: float
    density: float
    share: float


@dataclass(frozen=True, slots=True)
class Density:
    """Gaussian kernel density of results.

    Attributes
    ----------
    bandwidth : float
    x, density : ndarray of float64
        Ascending points, and the density there; where no result is near, points are left out.
    modes : tuple of Mode
        The highest first.
    bimodal : bool
        A second mode holds more than a tenth of the results, three or more, and lies more than two
        bandwidths from the first (own rule).
    """

    bandwidth: float
    x: Values
    density: Values
    modes: tuple[Mode, ...]
    bimodal: bool


def kernel_density(values: ArrayLike, bandwidth: float | None = None) -> Density:
    """Density of results by a Gaussian kernel, with its modes (ISO 13528:2022, 10.3).

    Parameters
    ----------
    values : array_like of float, shape (p,)
    bandwidth : float, optional
        Such as 0.75 sigma_pt; without it 0.9 s* p^-0.2 with s* of the Q method.

    Raises
    ------
    OptionError
        Not two or more finite numbers, or a bandwidth that is not above 0 (also: results without spread).

    Examples
    --------
    >>> found = kernel_density([1.0, 1.1, 0.9, 1.0, 5.0, 5.1, 4.9], bandwidth=0.3)
    >>> round(found.modes[0].location, 3), found.bimodal
    (1.0, True)
    """
    x = checked(values)
    if bandwidth is None:
        scale = q_method(x).scale or 1.483 * float(np.median(np.abs(x - np.median(x)))) or float(np.std(x, ddof=1))
        bandwidth = 0.9 * scale * len(x) ** -0.2
    if not (math.isfinite(bandwidth) and bandwidth > 0):
        raise OptionError(
            f"bandwidth {bandwidth!r}: expected a finite number above 0; results without spread have none"
        )
    step = bandwidth / _STEPS
    # Only the surroundings of results: one result in the wrong unit must not stretch the grid.
    first = np.floor((x - 3 * bandwidth) / step)
    reach = np.arange(6 * _STEPS + 1)
    grid = np.unique(np.unique(first)[:, None] + reach) * step if len(x) else np.empty(0)
    heights = _density(x, grid, bandwidth)
    peaks = np.flatnonzero((heights[1:-1] > heights[:-2]) & (heights[1:-1] >= heights[2:])) + 1
    bounds = [float(grid[a + int(np.argmin(heights[a : b + 1]))]) for a, b in pairwise(peaks)]
    edges = np.searchsorted(x, [-math.inf, *bounds, math.inf])
    modes = []
    for number, peak in enumerate(peaks.tolist()):
        low, middle, high = heights[peak - 1 : peak + 2]
        shift = 0.5 * (low - high) / (low - 2 * middle + high)
        share = float(edges[number + 1] - edges[number]) / len(x)
        modes.append(Mode(float(grid[peak] + shift * step), float(middle), share))
    modes.sort(key=lambda mode: (-mode.density, mode.location))
    bimodal = any(
        mode.share > _SHARE
        and mode.share * len(x) > _BLUNDERS
        and abs(mode.location - modes[0].location) > _APART * bandwidth
        for mode in modes[1:]
    )
    return Density(bandwidth, grid, heights, tuple(modes), bimodal)


def _density(x: Values, grid: Values, bandwidth: float) -> Values:
    found = np.empty(len(grid))
    starts = np.searchsorted(x, grid - 9 * bandwidth)
    stops = np.searchsorted(x, grid + 9 * bandwidth)
    for start in range(0, len(grid), 256):  # bounded memory for thousands of laboratories
        block = slice(start, start + 256)
        near = x[starts[block].min() : stops[block].max()]
        found[block] = np.exp(-0.5 * ((near - grid[block, None]) / bandwidth) ** 2).sum(axis=1)
    return found / (len(x) * bandwidth * math.sqrt(2 * math.pi))


def bootstrap(
    values: ArrayLike,
    estimate: Callable[[Values], RobustEstimate | float] = q_method,
    *,
    samples: int = 1000,
    seed: int = 0,
) -> RobustEstimate:
    """An estimate with the standard uncertainty of its location by bootstrap (ISO 13528:2022, 7.7.6).

    Parameters
    ----------
    values : array_like of float, shape (p,)
    estimate : callable
        Gives an estimate or a location of an array of results.
    samples : int
        Sets drawn with replacement.
    seed : int
        The same seed draws the same sets.

    Raises
    ------
    OptionError
        Not finite numbers, or fewer than 100 samples.

    Examples
    --------
    >>> from nps_spectra.proficiency import algorithm_a
    >>> found = bootstrap([9.8, 10.0, 10.1, 10.3, 9.9, 10.2], algorithm_a, samples=200)
    >>> found.method, found.uncertainty is not None
    ('Algorithm A, bootstrap', True)
    """
    x = checked(values)
    if samples < 100:
        raise OptionError(f"samples {samples!r}: expected 100 or more")
    whole = estimate(x)
    random = np.random.default_rng(seed)
    locations = []
    for _ in range(samples):
        found = estimate(np.sort(x[random.integers(0, len(x), len(x))]))
        location = found.location if isinstance(found, RobustEstimate) else found
        if location is None:
            raise OptionError(f"estimate: {whole} has no location to draw the uncertainty of")
        locations.append(location)
    uncertainty = float(np.std(locations, ddof=1))
    if isinstance(whole, RobustEstimate):
        method = f"{whole.method}, bootstrap"
        return RobustEstimate(whole.location, whole.scale, uncertainty, len(x), samples, method, whole.warnings)
    return RobustEstimate(float(whole), float(np.std(x, ddof=1)), uncertainty, len(x), samples, "bootstrap")
