"""Scales from differences between laboratories, and Hampel's location: ISO 13528:2022, C.5, with Amendment 1.

Of p laboratories there are p (p - 1) / 2 differences. Only those near the quantile asked for are ever listed: ranks
are counted in the sorted results, so that ten thousand laboratories need no more than some megabytes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nps_spectra.errors import OptionError
from nps_spectra.proficiency.robust import RobustEstimate, Values, checked, estimate

#: Small-sample factors of Qn for p = 2 to 12 (C.5.2.1).
FACTORS_QN = (0.3994, 0.9937, 0.5132, 0.8440, 0.6122, 0.8588, 0.6699, 0.8734, 0.7201, 0.8891, 0.7574)
#: Differences closer than this share of a usual value are one: decimals and their means are not exact in binary.
TIE = 64 * float(np.finfo(np.float64).eps)
#: Results further from the median, in units of the scale.
_FAR = 1e6
#: Up to so many distinct results all differences are listed at once.
_ALL = 1000


class _Differences:
    """Differences of results at distinct values, weighted by how often each pair occurs.

    ``inside`` are differences within laboratories, which are taken off again.
    """

    def __init__(self, distinct: Values, weights: Values, inside: Values, inside_weights: Values) -> None:
        order = np.argsort(inside, kind="stable")
        self.x, self.weights = distinct, weights
        self.inside, self.inside_weights = inside[order], inside_weights[order]
        self._sums = np.append(0.0, np.cumsum(weights))
        self._inside_sums = np.append(0.0, np.cumsum(self.inside_weights))
        self._rows = np.arange(len(distinct))

    def ends(self, limit: float) -> NDArray[np.int64]:
        """For each value, the place after the last one that is larger by at most `limit`."""
        x = self.x
        ends = np.searchsorted(x, x + limit, side="right").astype(np.int64)
        # The sum is rounded, the difference otherwise: what counts is the difference, as it is listed.
        last = len(x) - 1
        while (more := (ends <= last) & (x[np.minimum(ends, last)] - x <= limit)).any():
            ends += more
        while (fewer := (ends > self._rows + 1) & (x[np.maximum(ends - 1, 0)] - x > limit)).any():
            ends -= fewer
        return np.maximum(ends, self._rows + 1)

    def weight(self, limit: float) -> float:
        """Weight of the differences above 0 and up to `limit`."""
        all_pairs = float((self.weights * (self._sums[self.ends(limit)] - self._sums[1:])).sum())
        return all_pairs - float(self._inside_sums[np.searchsorted(self.inside, limit, side="right")])

    def window(self, weight: float) -> tuple[float, Values, Values]:
        """Differences around the one where `weight` is reached, and the weight of all smaller ones."""
        p = len(self.x)
        low, high = 0.0, float(self.x[-1] - self.x[0])
        if p > _ALL:
            at = self._smallest(lambda limit: self.weight(limit) >= weight, high)
            place = self._pairs(at)
            # One difference occurs in at most p - 1 pairs of distinct values, so these hold whole steps on both sides.
            low = self._smallest(lambda limit: self._pairs(limit) >= place - 8 * p, high)
            high = self._smallest(lambda limit: self._pairs(limit) >= place + 8 * p, high)
        begins = self.ends(low) if low > 0 else self._rows + 1
        counts = self.ends(high) - begins
        first = np.repeat(self._rows, counts)
        second = np.arange(len(first)) - np.repeat(np.cumsum(counts) - counts - begins, counts)
        within = (self.inside > low) & (self.inside <= high)
        differences = np.concatenate([self.x[second] - self.x[first], self.inside[within]])
        weights = np.concatenate([self.weights[first] * self.weights[second], -self.inside_weights[within]])
        order = np.argsort(differences, kind="stable")
        return (self.weight(low) if low > 0 else 0.0), differences[order], weights[order]

    def _pairs(self, limit: float) -> int:
        return int((self.ends(limit) - self._rows - 1).sum())

    @staticmethod
    def _smallest(reached: Callable[[float], bool], high: float) -> float:
        """The smallest limit, to the last bit, that reaches; `high` if none does."""
        low = 0.0
        while (middle := low + (high - low) / 2) not in (low, high):
            low, high = (low, middle) if reached(middle) else (middle, high)
        return high


def qn(values: ArrayLike) -> RobustEstimate:
    """Median and Qn scale (ISO 13528:2022/Amd 1, C.5.2.1; doi:10.1080/01621459.1993.10476408).

    Examples
    --------
    >>> round(qn([1.0, 2.0]).scale, 4)
    0.8863
    """
    x = checked(values)
    p = len(x)
    h = p // 2 + 1
    k = h * (h - 1) // 2
    if p <= 12:
        factor = FACTORS_QN[p - 2]
    elif p % 2:
        factor = 1 / (1 + (1.6019 + (-2.128 - 5.172 / p) / p) / p)
    else:
        factor = 1 / (1 + (3.6756 + (1.965 + (6.987 - 77 / p) / p) / p) / p)
    distinct, counts = np.unique(x, return_counts=True)
    rank = k - int((counts * (counts - 1)).sum()) // 2
    difference = 0.0
    if rank > 0:
        none = np.empty(0)
        below, differences, weights = _Differences(distinct, counts.astype(np.float64), none, none).window(rank)
        difference = float(differences[np.searchsorted(below + np.cumsum(weights), rank)])
    return estimate(x, float(np.median(x)), 2.2191 * factor * difference, "Qn")


def q_method(values: ArrayLike, laboratories: Sequence[object] | None = None) -> RobustEstimate:
    """Q scale with Hampel's location (ISO 13528:2022, C.5.2.2 and C.5.4).

    Differences equal up to rounding in binary are one difference.

    Parameters
    ----------
    values : array_like of float, shape (n,)
    laboratories : sequence, shape (n,), optional
        Who found each value, where laboratories report replicates: only differences between laboratories count, each
        laboratory with the same weight. The scale is then that of single results (reproducibility), and the location
        that of the means of the laboratories. Without it every value is a laboratory's.

    Raises
    ------
    OptionError
        Not finite numbers, fewer than two laboratories, or not as many names as values.

    Examples
    --------
    >>> found = q_method([4.5, 4.9, 5.6, 4.2, 6.2, 5.2, 9.9])
    >>> round(found.location, 6), round(found.scale, 6)
    (5.413234, 1.414705)
    """
    x = checked(values)
    if laboratories is None:
        means, shares = x, np.ones(len(x))
        inside = inside_weights = np.empty(0)
    else:
        x, means, shares, inside, inside_weights = _by_laboratory(np.asarray(values, np.float64), laboratories)
    tie = TIE * _size(x)
    starts = np.append(0, np.flatnonzero(np.diff(x) > 0) + 1)
    distinct, weights = x[starts], np.add.reduceat(shares, starts)
    equal = float((weights**2 - np.add.reduceat(shares**2, starts)).sum()) / 2
    equal -= float(inside_weights[inside == 0].sum())
    apart = inside > 0
    pairs = len(means) * (len(means) - 1) / 2
    least = float(shares.min()) ** 2 / 2
    differences = _Differences(distinct, weights, inside[apart], inside_weights[apart])
    # What is equal but for rounding is equal.
    zero = equal + (differences.weight(tie) if len(distinct) > 1 else 0.0)
    zero = zero if zero > least else 0.0
    target = 0.25 + 0.75 * zero / pairs
    found = _quantile(differences, equal, zero, target * pairs, tie, least)
    scale = found / (math.sqrt(2) * NormalDist().inv_cdf(0.625 + 0.375 * zero / pairs)) if found else 0.0
    location = hampel(means, scale) if scale > 0 else float(np.median(means))
    return estimate(means, location, scale, "Q/Hampel")


def _size(x: Values) -> float:
    """Size of a usual result; that of the largest would let one wrong unit make all others equal."""
    sizes = np.abs(x[x != 0])
    return float(np.median(sizes)) if len(sizes) else 0.0


def _quantile(
    differences: _Differences, equal: float, zero: float, weight: float, tie: float, least: float
) -> float | None:
    """Where G1, linear between the middles of the steps of H1, reaches a weight; None if all results are equal."""
    if len(differences.x) == 1:
        return None
    below, listed, weights = differences.window(weight - equal)
    ends = np.append(np.flatnonzero(np.diff(listed) > tie), len(listed) - 1)
    reached = equal + below + np.cumsum(weights)[ends]
    steps = np.diff(reached, prepend=equal + below)
    # A difference within laboratories only leaves a step of no height; what is 0 up to rounding is no step either.
    kept = (steps > least) & (listed[ends] > tie)
    if not kept.any():
        return None
    at, reached, steps = listed[ends][kept], reached[kept], steps[kept]
    middles = reached - steps / 2
    start = [] if below > 0 else [0.0]
    return float(np.interp(weight, np.append(start, middles), np.append(start, at)))


def _by_laboratory(x: Values, laboratories: Sequence[object]) -> tuple[Values, Values, Values, Values, Values]:
    """Sorted values, sorted means, share of each value, and differences within laboratories with their weights."""
    if len(laboratories) != len(x):
        raise OptionError(f"laboratories: found {len(laboratories)} for {len(x)} values, expected as many")
    groups: dict[object, list[float]] = {}
    for laboratory, value in zip(laboratories, x.tolist(), strict=True):
        groups.setdefault(laboratory, []).append(value)
    if len(groups) < 2:
        raise OptionError(f"laboratories: found {len(groups)}, expected at least 2")
    inside: list[float] = []
    inside_weights: list[float] = []
    for values in groups.values():
        values.sort()
        for place, one in enumerate(values):
            inside += [other - one for other in values[place + 1 :]]
        inside_weights += [1 / len(values) ** 2] * (len(values) * (len(values) - 1) // 2)
    shares = np.array([1 / len(groups[laboratory]) for laboratory in laboratories])
    order = np.argsort(x, kind="stable")
    means = np.sort([math.fsum(values) / len(values) for values in groups.values()])
    return x[order], means, shares[order], np.array(inside), np.array(inside_weights)


def hampel(values: ArrayLike, scale: float) -> float:
    """Hampel's location for a known scale: the root nearest the median (ISO 13528:2022, C.5.3).

    Examples
    --------
    >>> hampel([0.0, 0.0, 0.0, 4.0], 1.0)
    0.25
    """
    x = checked(values)
    if not (math.isfinite(scale) and scale > 0):
        raise OptionError(f"scale {scale!r}: expected a finite number above 0")
    median = float(np.median(x))
    corners = np.array([-4.5, -3.0, -1.5, 1.5, 3.0, 4.5]) * scale
    nodes = np.unique((x[:, None] + corners).ravel())
    sums = _pull(x, nodes, median, scale)
    # Only a falling crossing is a centre of results; a rising one lies between two clusters.
    falls = np.flatnonzero((sums[:-1] > 0) & (sums[1:] <= 0))
    left, right = nodes[falls], nodes[falls + 1]
    roots = left + (right - left) * sums[falls] / (sums[falls] - sums[falls + 1])
    if len(roots) == 0:
        return median
    far = np.abs(roots - median)
    nearest = roots[far <= far.min() + TIE * scale]
    return float(nearest[0]) if len(nearest) == 1 else median


def _pull(x: Values, nodes: Values, median: float, scale: float) -> Values:
    """Sum of Hampel's psi over the results at every node: right in its sign, and exact beside each change of sign."""
    # A result in the wrong unit must not take the digits of all others: the far ones are summed one by one.
    q, t = (np.clip((one - median) / scale, -_FAR, _FAR) for one in (x, nodes))
    places = [np.searchsorted(q, t + corner) for corner in (-4.5, -3.0, -1.5, 1.5, 3.0, 4.5)]
    running = np.append(0.0, np.cumsum(q))
    counts = [after - before for before, after in pairwise(places)]
    excess = [
        running[after] - running[before] - n * t for (before, after), n in zip(pairwise(places), counts, strict=True)
    ]
    sums = -4.5 * counts[0] - excess[0] - 1.5 * counts[1] + excess[2] + 1.5 * counts[3] + 4.5 * counts[4] - excess[4]
    # Running sums round: whatever is near 0, and the two nodes of each crossing, are summed one by one.
    doubtful = np.abs(sums) <= 16 * np.finfo(np.float64).eps * len(x) * max(float(np.abs(t).max()), 1.0)
    doubtful |= np.abs(t) > _FAR - 10
    crossing = np.flatnonzero(np.sign(sums[:-1]) != np.sign(sums[1:]))
    doubtful[crossing] = doubtful[crossing + 1] = True
    chosen = np.flatnonzero(doubtful)
    for start in range(0, len(chosen), 256):  # bounded memory for thousands of laboratories
        block = chosen[start : start + 256]
        d = (x - nodes[block, None]) / scale
        size = np.abs(d)
        sums[block] = (np.sign(d) * np.clip(np.minimum(size, 4.5 - size), 0, 1.5)).sum(axis=1)
    return np.asarray(sums, dtype=np.float64)
