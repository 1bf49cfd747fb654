"""The composite score of Stein & Scott 1994 of one query against many nominal-mass spectra."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from nps_spectra._jit import kernel

Int = npt.NDArray[np.int64]
Float = npt.NDArray[np.float64]


@kernel
def composite_scores(
    query_mz: Float,
    query_intensity: Float,
    query_weight: Float,
    mz: Float,
    intensity: Float,
    weight: Float,
    offsets: Int,
    rows: Int,
    squared: bool,
    forward: Float,
    reverse: Float,
    matched: Int,
) -> None:
    """Score, 0 to 1, from the cosine of the weights and the intensity ratios of consecutive common peaks.

    Assumes whole m/z, ascending and unique within each spectrum. Writes NaN where one has no peaks.
    """
    n_query = len(query_mz)
    query_norm = 0.0
    for i in range(n_query):
        query_norm += query_weight[i] * query_weight[i]
    for k in range(len(rows)):
        j, end = offsets[rows[k]], offsets[rows[k] + 1]
        forward[k] = math.nan
        reverse[k] = math.nan
        matched[k] = 0
        if n_query == 0 or end == j:
            continue
        norm = 0.0
        for peak in range(j, end):
            norm += weight[peak] * weight[peak]
        product = common_norm = ratios = 0.0
        last_u = last_r = 0.0
        common = 0
        i = 0
        while i < n_query and j < end:
            if query_mz[i] == mz[j]:
                u, r = query_intensity[i], intensity[j]
                product += query_weight[i] * weight[j]
                common_norm += query_weight[i] * query_weight[i]
                if common > 0:
                    ratio = (r * last_u) / (last_r * u)
                    ratios += ratio if ratio <= 1.0 else 1.0 / ratio
                common += 1
                last_u, last_r = u, r
                i += 1
                j += 1
            elif query_mz[i] < mz[j]:
                i += 1
            else:
                j += 1
        matched[k] = common
        if common == 0:
            forward[k] = 0.0
            reverse[k] = 0.0
            continue
        # The mean over the common peaks has one ratio less than there are peaks, as published.
        for of_common in range(2):
            own_norm = common_norm if of_common else query_norm
            peaks = common if of_common else n_query
            cosine = min(1.0, product / math.sqrt(own_norm * norm))
            dot = cosine * cosine if squared else cosine
            value = (peaks * dot + ratios) / (peaks + common)
            if of_common:
                reverse[k] = value
            else:
                forward[k] = value
