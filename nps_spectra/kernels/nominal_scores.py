"""Scores of a query against some spectra of a nominal-mass library, exact or exact but for rounding."""

from __future__ import annotations

import math

import numpy as np

from nps_spectra._jit import kernel
from nps_spectra.kernels.hybrid import hybrid_scores
from nps_spectra.kernels.match_factor import match_factors
from nps_spectra.kernels.nominal_layout import (
    COMPOSITE,
    COSINE,
    MATCH_FACTOR,
    Bits,
    Float,
    Int,
    Method,
    Peaks,
    Roots,
    Work,
)
from nps_spectra.kernels.stein_scott import composite_scores


@kernel
def fill_tables(values: Float, bins: Bits, work: Work) -> None:
    """What is asked of a query by the number of an m/z: its value there, and whether it has a peak."""
    for k in range(len(bins)):
        if bins[k] >= 0:
            work.table[bins[k]] = values[k]
            work.root[bins[k]] = math.sqrt(values[k])
            work.present[bins[k]] = 1


@kernel
def clear_tables(bins: Bits, work: Work) -> None:
    for k in range(len(bins)):
        if bins[k] >= 0:
            work.table[bins[k]] = 0.0
            work.root[bins[k]] = 0.0
            work.present[bins[k]] = 0


@kernel
def _cosines(norm: float, peaks: Peaks, work: Work, rows: Int, score: Float, matched: Int) -> None:
    """Cosines by a table of the query's weights at every m/z.

    The sums are those of `cosine_scores` in the same order; zeros between their terms change nothing.
    """
    for k in range(len(rows)):
        product = 0.0
        n_matched = 0
        for peak in range(peaks.offsets[rows[k]], peaks.offsets[rows[k] + 1]):
            at = peaks.bins[peak]
            product += work.table[at] * peaks.values[peak]
            n_matched += work.present[at]
        matched[k] = n_matched
        score[k] = 0.0
        if n_matched > 0:
            score[k] = min(1.0, product / math.sqrt(norm * peaks.square[rows[k]]))


@kernel
def score_rows(
    method: Method,
    mz: Float,
    intensity: Float,
    values: Float,
    mass: float,
    norm: float,
    peaks: Peaks,
    work: Work,
    rows: Int,
    score: Float,
    reverse: Float,
    matched: Int,
) -> None:
    """Exact scores of one query against ``rows``; what becomes of ``reverse`` has no meaning."""
    if method.kind == COSINE:
        _cosines(norm, peaks, work, rows, score, matched)
        return
    of_rows, of_values, offsets = peaks.mz, peaks.values, peaks.offsets
    low, high = method.mz_min, method.mz_max
    if method.kind == MATCH_FACTOR:
        match_factors(
            mz, values, of_rows, of_values, offsets, rows, low, high, method.identity, score, reverse, matched
        )
    elif method.kind == COMPOSITE:
        composite_scores(
            mz,
            intensity,
            values,
            of_rows,
            peaks.intensity,
            of_values,
            offsets,
            rows,
            method.squared,
            score,
            reverse,
            matched,
        )
        for k in range(len(rows)):
            score[k] = method.scale * score[k]
    else:
        shifts = np.empty(len(rows))
        for k in range(len(rows)):
            shifts[k] = mass - peaks.masses[rows[k]]
            if abs(shifts[k]) <= method.tolerance:
                shifts[k] = 0.0
        start = math.isnan(low)
        hybrid_scores(
            mz,
            values,
            of_rows,
            of_values,
            offsets,
            rows,
            shifts,
            method.tolerance,
            0.0,
            start,
            0.0 if start else low,
            high,
            1.0,
            score,
            reverse,
            matched,
        )
        for k in range(len(rows)):
            score[k] = max(0.0, 1000.0 * score[k] - 0.5)


@kernel
def close_to_identity(
    some: Int,
    query_lowest: float,
    query_strong: float,
    common_start: bool,
    distinct: Float,
    lowest: Float,
    lowest_bin: Int,
    of_library: Roots,
    work: Work,
    score: Float,
) -> None:
    """The match factors of the places ``some``, but for rounding; ``query_strong`` is the query's sum above traces."""
    offsets, bins, roots, query_root = of_library.offsets, of_library.bin, of_library.root, work.root
    strong_below, strong_from = work.strong_below, work.strong_from
    for k in range(len(some)):
        place = some[k]
        uu = query_strong
        peak, stop = offsets[place], offsets[place + 1]
        if common_start:
            if lowest[place] > query_lowest:
                uu = strong_from[lowest_bin[place]]
            while peak < stop and distinct[bins[peak]] < query_lowest:
                peak += 1
        rr = ur = ratio_sum = ratio_weight = 0.0
        n_matched = n_ratios = 0
        strong_before = -1
        last_u = last_r = 1.0
        while peak < stop:
            at = bins[peak]
            u, r, mass = query_root[at], roots[peak], distinct[at]
            peak += 1
            if u == 0.0:
                if r > 1.0:
                    rr += mass * r * r
                    strong_before = -1
                continue
            if u <= 1.0:
                if r <= 1.0:
                    continue
                uu += mass * u * u
            rr += mass * r * r
            ur += mass * u * r
            n_matched += 1
            if strong_before == strong_below[at]:
                a, b = u * last_r, last_u * r
                ratio_sum += mass * (min(a, b) / max(a, b))
                ratio_weight += mass
                n_ratios += 1
            strong_before = strong_below[at] + (1 if u > 1.0 else 0)
            last_u, last_r = u, r
        cosine = ur * ur / (uu * rr) if n_matched > 0 else 0.0
        if n_ratios > 0:
            cosine = (n_matched * cosine + n_ratios * (ratio_sum / ratio_weight)) / (n_matched + n_ratios)
        score[k] = 1000.0 * cosine - 0.5
