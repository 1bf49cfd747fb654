"""The highest score that each spectrum of a nominal-mass library may have with a query."""

from __future__ import annotations

import math

import numpy as np

from nps_spectra._jit import kernel
from nps_spectra.kernels.nominal_layout import (
    COMPOSITE,
    COSINE,
    Bits,
    Float,
    Int,
    Method,
    Moving,
    Peaks,
    Places,
    Single,
    Work,
)
from nps_spectra.kernels.nominal_neighbours import LOSS

#: The quotient of norms where nothing above a trace takes part: finite, so that 0 times it is 0.
NOTHING_LEFT = 1e30
#: What a match factor is less by, 0.5, less room for rounding where nothing is left of it.
LESS = 0.4999


@kernel
def fill_strong(mz: Float, intensity: Float, distinct: Float, unit_mass: bool, work: Work) -> float:
    """Of the query's peaks above a trace: how many are below each m/z of the library, their sum from it on, and all."""
    count = k = 0
    below = 0.0
    for at in range(len(distinct)):
        while k < len(mz) and mz[k] < distinct[at]:
            if intensity[k] > 1.0:
                count += 1
                below += intensity[k] if unit_mass else mz[k] * intensity[k]
            k += 1
        work.strong_below[at] = count
        work.strong_from[at] = -below
    total = below
    while k < len(mz):
        if intensity[k] > 1.0:
            total += intensity[k] if unit_mass else mz[k] * intensity[k]
        k += 1
    # Sums of whole numbers: nothing is lost in the difference.
    for at in range(len(distinct)):
        work.strong_from[at] += total
    return total


@kernel
def cut_norms(query_lowest: float, places: Places, peaks: Peaks, unit_mass: bool, cut: Single) -> None:
    """Sum of squared weights over that of what takes part, for spectra that begin below the query, of every place."""
    for at in range(len(places.row)):
        inside = places.strong[at]
        if places.lowest[at] < query_lowest:
            peak = peaks.offsets[places.row[at]]
            stop = peaks.offsets[places.row[at] + 1]
            while peak < stop and peaks.mz[peak] < query_lowest:
                if peaks.intensity[peak] > 1.0:
                    inside -= peaks.intensity[peak] if unit_mass else peaks.mz[peak] * peaks.intensity[peak]
                peak += 1
        # Sums of whole numbers: nothing is lost in the difference.
        cut[at] = places.square[at] / inside if inside > 0.0 else NOTHING_LEFT


@kernel
def bound_block(
    method: Method,
    n_query: int,
    unit: float,
    query_square: float,
    query_strong: float,
    query_lowest: float,
    cut_of_place: Single,
    base: int,
    size: int,
    run: int,
    places: Places,
    work: Work,
) -> int:
    """Highest possible score of every place of a block that begins with ``run``; returns the next block's first run.

    ``unit`` makes the sums cosines. A cosine from the common lowest m/z on is larger: both its norms are smaller.
    """
    cosine = method.kind == COSINE or method.kind == COMPOSITE
    scale, n = np.float32(method.scale), np.float32(n_query)
    one = np.float32(1.0)
    thousand, less = np.float32(1000.0), np.float32(LESS)
    while places.runs[run] < base + size:
        start, stop = places.runs[run], places.runs[run + 1]
        run += 1
        factor = unit
        if not cosine:
            inside = query_strong
            if places.lowest[start] > query_lowest:
                inside = work.strong_from[places.lowest_bin[start]]
            factor = unit * math.sqrt(query_square / inside) if inside > 0.0 else math.inf
        f = np.float32(factor)
        sums = work.sums[start - base : stop - base]
        bound = work.bound[start:stop]
        cut = cut_of_place[start:stop]
        if method.kind == COSINE:
            for i in range(len(bound)):
                bound[i] = f * np.float32(sums[i])
        elif method.kind == COMPOSITE:
            matched = work.matched[start:stop]
            for i in range(len(bound)):
                c = min(one, f * np.float32(sums[i]))
                dot = c * c if method.squared else c
                common = np.float32(matched[i])
                bound[i] = scale * (n * dot + common - one) / (n + common) if sums[i] > 0 else np.float32(0.0)
        elif math.isinf(factor):
            for i in range(len(bound)):
                bound[i] = thousand if sums[i] > 0 else np.float32(0.0)
                work.likely[start + i] = min(one, bound[i])
        elif not method.identity:
            for i in range(len(bound)):
                c = f * np.float32(sums[i])
                bound[i] = thousand * min(one, c * c * cut[i]) - less
        else:
            matched, neighbours, likely = work.matched[start:stop], work.neighbours[start:stop], work.likely[start:stop]
            for i in range(len(bound)):
                c = f * np.float32(sums[i])
                n1, n2 = max(one, np.float32(matched[i])), np.float32(neighbours[i])
                square = min(one, c * c * cut[i])
                likely[i] = square
                value = thousand * (n1 * square + n2) / (n1 + n2) - less
                bound[i] = value if sums[i] > 0 else np.float32(0.0)
    return run


@kernel
def hybrid_bounds(
    method: Method,
    mz: Float,
    intensity: Float,
    mass: float,
    query_strong: float,
    cut: Single,
    places: Places,
    moving: Moving,
    peaks: Peaks,
    work: Work,
) -> None:
    """Highest possible hybrid score of every place.

    A peak v that is split between u and w adds at most ``sqrt(v (u + w))`` to the sum, by the inequality of Cauchy and
    Schwarz; a query peak that takes up two parts adds no more than both alone.
    """
    work.bound[:] = 0.0
    size = len(work.moved)
    work.by_mz[:] = 0.0
    for k in range(len(mz)):
        if mz[k] < size:
            work.by_mz[int(mz[k])] = intensity[k]
    for run in range(len(moving.runs) - 1):
        shift = mass - peaks.masses[places.row[moving.place[moving.runs[run]]]]
        moves = abs(shift) > method.tolerance
        work.moved[:] = 0.0
        for k in range(len(mz)):
            # Library peaks that may come here: those at this m/z, and those below it by the difference.
            here, there = mz[k], mz[k] - shift
            if here < size:
                arrives = 0.0
                if moves and 0.0 <= here + shift < size:
                    arrives = work.by_mz[int(here + shift)]
                work.moved[int(here)] = math.sqrt(intensity[k] + arrives)
            if moves and 0.0 <= there < size and work.by_mz[int(there)] == 0.0:
                work.moved[int(there)] = math.sqrt(intensity[k])
        for at in range(moving.runs[run], moving.runs[run + 1]):
            place = moving.place[at]
            row = places.row[place]
            total = 0.0
            for peak in range(peaks.offsets[row], peaks.offsets[row + 1]):
                total += moving.weight[peak] * work.moved[int(peaks.mz[peak])]
            inside = query_strong
            if places.lowest[place] > mz[0]:
                inside = work.strong_from[places.lowest_bin[place]]
            if total > 0.0:
                square = total * total * cut[place] / inside if inside > 0.0 else 1.0
                work.bound[place] = 1000.0 * min(1.0, square) - LESS


@kernel
def bound_by_ratios(some: Int, work: Work, bits: Bits) -> None:
    """Lower the bounds ``bits`` of match factors at the places ``some`` by what ratios of neighbours lose at least."""
    for k in range(len(some)):
        place = some[k]
        square = work.likely[place]
        value = float(square)
        if work.weighed[place] > 0:
            ratios = 1.0 - LOSS * work.lost[place] / work.weighed[place]
            if ratios > square:
                n_matched, n_ratios = max(1, int(work.matched[place])), int(work.neighbours[place])
                value = (n_matched * square + n_ratios * ratios) / (n_matched + n_ratios)
        work.single[0] = 1000.0 * value - LESS
        bits[k] = min(bits[k], work.single_bits[0])
