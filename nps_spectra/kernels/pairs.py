"""Scores over matched peak pairs within an m/z tolerance, many queries, each against many spectra.

All assume m/z ascending, and peaks of one spectrum further apart than twice the tolerance, so that a peak
has at most one partner and no assignment has to be solved.

The peaks of a query are entered in a table by m/z, so that those of a spectrum that have no partner are passed over
without a comparison whose outcome the processor would have to guess.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from nps_spectra._jit import kernel

Int = npt.NDArray[np.int64]
Float = npt.NDArray[np.float64]
Cells = npt.NDArray[np.int32]

#: Cells of the table by m/z; the last has all from 2,048 Da.
_CELLS = 1 << 16
_CELLS_PER_DA = 32.0
#: Beyond what rounding can move an edge of the tolerance by.
_SLACK = 1e-9


@kernel
def cell_of(mz: float) -> int:
    """Cell of the table that an m/z is in."""
    return int(max(0.0, min(mz * _CELLS_PER_DA, _CELLS - 1.0)))


@kernel
def enter_peaks(
    query_mz: Float, first: int, last: int, tolerance_da: float, tolerance_relative: float, entered: bool, cells: Cells
) -> None:
    """Number the cells within the tolerance of a peak of the query by the first such peak, from 1; 0 if not entered."""
    half = 0.5 * tolerance_relative
    for i in range(last - 1, first - 1, -1):
        a = query_mz[i]
        low = (a * (1.0 - half) - tolerance_da) / (1.0 + half)
        high = (a * (1.0 + half) + tolerance_da) / (1.0 - half)
        number = i - first + 1 if entered else 0
        for cell in range(cell_of(low - _SLACK * (1.0 + a)), cell_of(high + _SLACK * (1.0 + high)) + 1):
            cells[cell] = number


@kernel
def pair_peaks(
    query_mz: Float,
    first: int,
    last: int,
    mz: Float,
    begin: int,
    end: int,
    tolerance_da: float,
    tolerance_relative: float,
    cells: Cells,
    query_peak: Int,
    peak: Int,
) -> int:
    """List the pairs of the query that is entered and a spectrum, by positions in ``query_mz`` and ``mz``; how many.

    Two peaks match if they differ by at most ``tolerance_da + tolerance_relative * mean``. ``peak`` has room for all
    peaks of the spectrum.
    """
    count = 0
    for j in range(begin, end):
        peak[count] = j
        count += cells[cell_of(mz[j])] > 0
    n, i = 0, first
    for k in range(count):
        j = peak[k]
        b = mz[j]
        i = max(i, first + cells[cell_of(b)] - 1)
        while i < last:
            a = query_mz[i]
            if abs(a - b) <= tolerance_da + tolerance_relative * 0.5 * (a + b):
                query_peak[n] = i
                peak[n] = j
                n += 1
                i += 1
                break
            if a >= b:
                break
            i += 1
    return n


@kernel
def most_peaks(offsets: Int, rows: Int) -> int:
    """Number of peaks of the spectrum with most."""
    most = 0
    for k in range(len(rows)):
        most = max(most, offsets[rows[k] + 1] - offsets[rows[k]])
    return most


@kernel
def cosine_scores(
    query_mz: Float,
    query_weight: Float,
    query_square: Float,
    query_offsets: Int,
    queries: Int,
    mz: Float,
    weight: Float,
    square: Float,
    offsets: Int,
    bounds: Int,
    rows: Int,
    tolerance_da: float,
    tolerance_relative: float,
    score: Float,
    matched: Int,
) -> None:
    """Cosine of the weights of matched peaks; NaN where a spectrum has no peaks.

    The q-th of the ``queries`` meets ``rows[bounds[q]:bounds[q + 1]]``. Squares are sums of the squared weights of
    each spectrum.
    """
    cells = np.zeros(_CELLS, dtype=np.int32)
    most = most_peaks(offsets, rows)
    query_peak, peak = np.empty(most + 1, dtype=np.int64), np.empty(most + 1, dtype=np.int64)
    for q in range(len(queries)):
        first, last = query_offsets[queries[q]], query_offsets[queries[q] + 1]
        enter_peaks(query_mz, first, last, tolerance_da, tolerance_relative, True, cells)
        for k in range(bounds[q], bounds[q + 1]):
            begin, end = offsets[rows[k]], offsets[rows[k] + 1]
            matched[k] = 0
            score[k] = math.nan
            if last == first or end == begin:
                continue
            count = pair_peaks(
                query_mz, first, last, mz, begin, end, tolerance_da, tolerance_relative, cells, query_peak, peak
            )
            product = 0.0
            for x in range(count):
                product += query_weight[query_peak[x]] * weight[peak[x]]
            matched[k] = count
            score[k] = min(1.0, product / math.sqrt(query_square[queries[q]] * square[rows[k]]))
        enter_peaks(query_mz, first, last, tolerance_da, tolerance_relative, False, cells)


@kernel
def entropy_scores(
    query_mz: Float,
    query_share: Float,
    query_own: Float,
    query_offsets: Int,
    queries: Int,
    mz: Float,
    share: Float,
    own: Float,
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

    Only matched peaks contribute: with f(x) = x log2 x, in ``query_own`` and ``own`` for every share, the similarity is
    half the sum of f(a + b) - f(a) - f(b).
    """
    cells = np.zeros(_CELLS, dtype=np.int32)
    most = most_peaks(offsets, rows)
    query_peak, peak = np.empty(most + 1, dtype=np.int64), np.empty(most + 1, dtype=np.int64)
    for q in range(len(queries)):
        first, last = query_offsets[queries[q]], query_offsets[queries[q] + 1]
        enter_peaks(query_mz, first, last, tolerance_da, tolerance_relative, True, cells)
        for k in range(bounds[q], bounds[q + 1]):
            begin, end = offsets[rows[k]], offsets[rows[k] + 1]
            matched[k] = 0
            score[k] = math.nan
            if last == first or end == begin:
                continue
            count = pair_peaks(
                query_mz, first, last, mz, begin, end, tolerance_da, tolerance_relative, cells, query_peak, peak
            )
            total = 0.0
            for x in range(count):
                i, j = query_peak[x], peak[x]
                both = query_share[i] + share[j]
                total += both * math.log2(both) - query_own[i] - own[j]
            matched[k] = count
            score[k] = min(1.0, max(0.0, 0.5 * total))
        enter_peaks(query_mz, first, last, tolerance_da, tolerance_relative, False, cells)


@kernel
def squares(weight: Float, offsets: Int, square: Float) -> None:
    """Write the sum of the squared weights of every spectrum."""
    for row in range(len(square)):
        total = 0.0
        for i in range(offsets[row], offsets[row + 1]):
            total += weight[i] * weight[i]
        square[row] = total


@kernel
def entropies(share: Float, own: Float) -> None:
    """Write x log2 x of every share."""
    for i in range(len(share)):
        own[i] = share[i] * math.log2(share[i])


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
    cells = np.zeros(_CELLS, dtype=np.int32)
    most = most_peaks(offsets, rows)
    own_query_peak, own_peak = np.empty(most + 1, dtype=np.int64), np.empty(most + 1, dtype=np.int64)
    n = 0
    for k in range(len(rows)):
        bounds[k] = n
        first, last = query_offsets[queries[k]], query_offsets[queries[k] + 1]
        begin, end = offsets[rows[k]], offsets[rows[k] + 1]
        enter_peaks(query_mz, first, last, tolerance_da, tolerance_relative, True, cells)
        count = pair_peaks(
            query_mz, first, last, mz, begin, end, tolerance_da, tolerance_relative, cells, own_query_peak, own_peak
        )
        enter_peaks(query_mz, first, last, tolerance_da, tolerance_relative, False, cells)
        for x in range(count):
            query_peak[n] = own_query_peak[x] - first
            peak[n] = own_peak[x] - begin
            n += 1
    bounds[len(rows)] = n
