"""Scores over matched peak pairs within an m/z tolerance, many queries, each against many spectra.

All assume m/z ascending, and peaks of one spectrum further apart than twice the tolerance, so that a peak
has at most one partner and no assignment has to be solved.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from nps_spectra._jit import kernel

Int = npt.NDArray[np.int64]
Float = npt.NDArray[np.float64]


@kernel
def cosine_scores(
    query_mz: Float,
    query_weight: Float,
    query_offsets: Int,
    queries: Int,
    mz: Float,
    weight: Float,
    offsets: Int,
    bounds: Int,
    rows: Int,
    tolerance_da: float,
    tolerance_relative: float,
    score: Float,
    matched: Int,
) -> None:
    """Cosine of the weights of matched peaks; NaN where a spectrum has no peaks.

    The q-th of the ``queries`` meets ``rows[bounds[q]:bounds[q + 1]]``.

    Two peaks match if they differ by at most ``tolerance_da + tolerance_relative * mean``.
    """
    for q in range(len(queries)):
        first, last = query_offsets[queries[q]], query_offsets[queries[q] + 1]
        query_norm = 0.0
        for i in range(first, last):
            query_norm += query_weight[i] * query_weight[i]
        for k in range(bounds[q], bounds[q + 1]):
            j, end = offsets[rows[k]], offsets[rows[k] + 1]
            matched[k] = 0
            score[k] = math.nan
            if last == first or end == j:
                continue
            norm = 0.0
            for peak in range(j, end):
                norm += weight[peak] * weight[peak]
            product = 0.0
            n_matched = 0
            i = first
            while i < last and j < end:
                a, b = query_mz[i], mz[j]
                if abs(a - b) <= tolerance_da + tolerance_relative * 0.5 * (a + b):
                    product += query_weight[i] * weight[j]
                    n_matched += 1
                    i += 1
                    j += 1
                elif a < b:
                    i += 1
                else:
                    j += 1
            matched[k] = n_matched
            score[k] = min(1.0, product / math.sqrt(query_norm * norm))


@kernel
def entropy_scores(
    query_mz: Float,
    query_share: Float,
    query_offsets: Int,
    queries: Int,
    mz: Float,
    share: Float,
    offsets: Int,
    bounds: Int,
    rows: Int,
    tolerance_da: float,
    tolerance_relative: float,
    score: Float,
    matched: Int,
) -> None:
    """Spectral entropy similarity of intensity shares (sum 1 in each spectrum); NaN where one has no peaks.

    The q-th of the ``queries`` meets ``rows[bounds[q]:bounds[q + 1]]``.

    Only matched peaks contribute: with f(x) = x log2 x the similarity is half the sum of
    f(a + b) - f(a) - f(b).
    """
    for q in range(len(queries)):
        first, last = query_offsets[queries[q]], query_offsets[queries[q] + 1]
        own = np.empty(last - first)
        for i in range(first, last):
            own[i - first] = query_share[i] * math.log2(query_share[i])
        for k in range(bounds[q], bounds[q + 1]):
            j, end = offsets[rows[k]], offsets[rows[k] + 1]
            matched[k] = 0
            score[k] = math.nan
            if last == first or end == j:
                continue
            total = 0.0
            n_matched = 0
            i = first
            while i < last and j < end:
                x, y = query_mz[i], mz[j]
                if abs(x - y) <= tolerance_da + tolerance_relative * 0.5 * (x + y):
                    a, b = query_share[i], share[j]
                    total += (a + b) * math.log2(a + b) - own[i - first] - b * math.log2(b)
                    n_matched += 1
                    i += 1
                    j += 1
                elif x < y:
                    i += 1
                else:
                    j += 1
            matched[k] = n_matched
            score[k] = min(1.0, max(0.0, 0.5 * total))


@kernel
def matched_pairs(
    query_mz: Float,
    query_offsets: Int,
    queries: Int,
    mz: Float,
    offsets: Int,
    rows: Int,
    tolerance_da: float,
    tolerance_relative: float,
    bounds: Int,
    query_peak: Int,
    peak: Int,
) -> None:
    """List the pairs behind these scores, of spectrum ``queries[k]`` and ``rows[k]`` for every k.

    Those of k go to ``bounds[k]`` to ``bounds[k + 1]`` of the two lists of peaks, each counted from the start of its
    spectrum and ascending.
    """
    n = 0
    for k in range(len(rows)):
        bounds[k] = n
        first, last = query_offsets[queries[k]], query_offsets[queries[k] + 1]
        begin, end = offsets[rows[k]], offsets[rows[k] + 1]
        i, j = first, begin
        while i < last and j < end:
            a, b = query_mz[i], mz[j]
            if abs(a - b) <= tolerance_da + tolerance_relative * 0.5 * (a + b):
                query_peak[n] = i - first
                peak[n] = j - begin
                n += 1
                i += 1
                j += 1
            elif a < b:
                i += 1
            else:
                j += 1
    bounds[len(rows)] = n
