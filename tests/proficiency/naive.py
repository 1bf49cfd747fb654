"""Robust statistics written a second time, slowly and plainly, from the text of ISO 13528:2022, annex C."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations, pairwise
from statistics import NormalDist, mean, median, stdev


def mad_e(x: Sequence[float]) -> float:
    """C.2.2."""
    return 1.483 * median(abs(one - median(x)) for one in x)


def algorithm_a(x: Sequence[float], constant: float) -> tuple[float, float]:
    """C.3.1, until nothing moves."""
    location, scale = median(x), mad_e(x) or stdev(x)
    for _ in range(300):
        moved = [min(max(one, location - 1.5 * scale), location + 1.5 * scale) for one in x]
        location, scale = mean(moved), constant * stdev(moved)
    return location, scale


def qn(x: Sequence[float]) -> float:
    """C.5.2 with Amendment 1."""
    p = len(x)
    h = p // 2 + 1
    k = h * (h - 1) // 2
    small = [0.3994, 0.9937, 0.5132, 0.8440, 0.6122, 0.8588, 0.6699, 0.8734, 0.7201, 0.8891, 0.7574]
    if p <= 12:
        b = small[p - 2]
    elif p % 2 == 1:
        b = 1 / (1 + 1.6019 / p - 2.128 / p**2 - 5.172 / p**3)
    else:
        b = 1 / (1 + 3.6756 / p + 1.965 / p**2 + 6.987 / p**3 - 77 / p**4)
    return 2.2191 * b * sorted(abs(one - other) for one, other in combinations(x, 2))[k - 1]


def q_scale(laboratories: Sequence[Sequence[float]]) -> float:
    """C.5.3; differences are rounded to 9 decimals, for values whose differences are that far apart."""
    p = len(laboratories)
    mass: dict[float, float] = {0.0: 0.0}
    for one, other in combinations(laboratories, 2):
        for x in one:
            for y in other:
                d = round(abs(x - y), 9)
                mass[d] = mass.get(d, 0.0) + 2 / (p * (p - 1) * len(one) * len(other))
    zero = mass[0.0]
    steps, reached = [(0.0, 0.0)], zero
    for d in sorted(mass):
        if d > 0:
            steps.append((d, reached + mass[d] / 2))
            reached += mass[d]
    if len(steps) == 1:
        return 0.0
    target = 0.25 + 0.75 * zero
    # Between G1(0) = 0 and the middle of each step, G1 is linear.
    for (d0, g0), (d1, g1) in pairwise(steps):
        if g0 <= target <= g1:
            found = d0 + (d1 - d0) * (target - g0) / (g1 - g0)
            return found / (math.sqrt(2) * NormalDist().inv_cdf(0.625 + 0.375 * zero))
    return steps[-1][0] / (math.sqrt(2) * NormalDist().inv_cdf(0.625 + 0.375 * zero))


def psi(q: float) -> float:
    """C.5.4."""
    size = abs(q)
    value = size if size <= 1.5 else 1.5 if size <= 3 else 4.5 - size if size <= 4.5 else 0.0
    return math.copysign(value, q)
