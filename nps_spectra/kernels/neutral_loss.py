"""Spectral entropy similarity of neutral losses, many queries, each against many spectra."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from nps_spectra._jit import kernel
from nps_spectra.kernels.pairs import most_peaks

Int = npt.NDArray[np.int64]
Float = npt.NDArray[np.float64]


@kernel
def loss_partners(
    query_mz: Float,
    query_share: Float,
    mz: Float,
    share: Float,
    shift: float,
    tolerance_da: float,
    tolerance_relative: float,
    partner: Int,
    partner_of: Int,
) -> None:
    """Write the index of the peak with the same neutral loss as each query peak, or -1.

    ``partner_of`` is room for as many numbers as there are peaks of the other spectrum.

    Assumes peaks of one spectrum further apart than twice the tolerance. Then a peak has one partner at most where
    the tolerance is in Da; with ppm, a peak at high m/z can have several at low m/z. The largest of them counts,
    because it has the largest part in the similarity; of equal ones, that of lowest m/z.
    """
    partner_of[: len(mz)] = -1
    start = 0
    for i in range(len(query_mz)):
        partner[i] = -1
        a = query_mz[i]
        while start < len(mz) and a - mz[start] - shift > tolerance_da + tolerance_relative * 0.5 * (a + mz[start]):
            start += 1
        best = -1
        j = start
        while j < len(mz) and mz[j] + shift - a <= tolerance_da + tolerance_relative * 0.5 * (a + mz[j]):
            if best < 0 or share[j] > share[best]:
                best = j
            j += 1
        if best < 0:
            continue
        rival = partner_of[best]
        if rival >= 0:
            if query_share[rival] >= query_share[i]:
                continue
            partner[rival] = -1
        partner[i] = best
        partner_of[best] = i


@kernel
def neutral_loss_scores(
    query_mz: Float,
    query_share: Float,
    query_offsets: Int,
    queries: Int,
    mz: Float,
    share: Float,
    offsets: Int,
    bounds: Int,
    rows: Int,
    shifts: Float,
    tolerance_da: float,
    tolerance_relative: float,
    score: Float,
    matched: Int,
) -> None:
    """Spectral entropy similarity over pairs of peaks with the same neutral loss.

    The q-th of the ``queries`` meets ``rows[bounds[q]:bounds[q + 1]]``. Two losses agree if the m/z agree after a
    shift by the difference of the precursors, ``shifts`` for each row. Writes NaN where that is NaN, or a spectrum has
    no loss.
    """
    partner_of = np.empty(most_peaks(offsets, rows), dtype=np.int64)
    for q in range(len(queries)):
        first, last = query_offsets[queries[q]], query_offsets[queries[q] + 1]
        own_mz, own_share = query_mz[first:last], query_share[first:last]
        partner = np.empty(last - first, dtype=np.int64)
        for k in range(bounds[q], bounds[q + 1]):
            begin, end = offsets[rows[k]], offsets[rows[k] + 1]
            score[k] = math.nan
            matched[k] = 0
            if last == first or end == begin or math.isnan(shifts[k]):
                continue
            loss_partners(
                own_mz,
                own_share,
                mz[begin:end],
                share[begin:end],
                shifts[k],
                tolerance_da,
                tolerance_relative,
                partner,
                partner_of,
            )
            total = 0.0
            for i in range(last - first):
                if partner[i] >= 0:
                    a, b = own_share[i], share[begin + partner[i]]
                    total += (a + b) * math.log2(a + b) - a * math.log2(a) - b * math.log2(b)
                    matched[k] += 1
            score[k] = min(1.0, max(0.0, 0.5 * total))


@kernel
def loss_pairs(
    query_mz: Float,
    query_share: Float,
    query_offsets: Int,
    queries: Int,
    mz: Float,
    share: Float,
    offsets: Int,
    rows: Int,
    shifts: Float,
    tolerance_da: float,
    tolerance_relative: float,
    bounds: Int,
    query_peak: Int,
    peak: Int,
) -> None:
    """List the pairs of peaks of spectrum ``queries[k]`` and ``rows[k]`` for every k; none where the shift is NaN.

    Those of k go to ``bounds[k]`` to ``bounds[k + 1]`` of the two lists of peaks, each counted from the start of its
    spectrum; those of the query ascend.
    """
    partner_of = np.empty(most_peaks(offsets, rows), dtype=np.int64)
    n = 0
    for k in range(len(rows)):
        bounds[k] = n
        first, last = query_offsets[queries[k]], query_offsets[queries[k] + 1]
        begin, end = offsets[rows[k]], offsets[rows[k] + 1]
        if math.isnan(shifts[k]):
            continue
        partner = np.empty(last - first, dtype=np.int64)
        loss_partners(
            query_mz[first:last],
            query_share[first:last],
            mz[begin:end],
            share[begin:end],
            shifts[k],
            tolerance_da,
            tolerance_relative,
            partner,
            partner_of,
        )
        for i in range(last - first):
            if partner[i] >= 0:
                query_peak[n] = i
                peak[n] = partner[i]
                n += 1
    bounds[len(rows)] = n
