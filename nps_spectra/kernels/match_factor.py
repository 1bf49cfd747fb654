"""NIST's match factor and reverse match factor of one query against many nominal-mass spectra."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from nps_spectra._jit import kernel

Int = npt.NDArray[np.int64]
Float = npt.NDArray[np.float64]


@kernel
def match_factors(
    query_mz: Float,
    query_intensity: Float,
    mz: Float,
    intensity: Float,
    offsets: Int,
    rows: Int,
    mz_min: float,
    mz_max: float,
    identity: bool,
    forward: Float,
    reverse: Float,
    matched: Int,
) -> None:
    """Score one query against library spectra `rows`.

    Assumes whole m/z, ascending and unique within each spectrum, and intensities scaled to a base peak of
    999, rounded, > 0. ``mz_min`` NaN means none was given: the comparison then starts at the larger of the two
    lowest m/z. Writes NaN where a spectrum has no peak inside explicit limits.
    """
    n_query = len(query_mz)
    for k in range(len(rows)):
        begin, end = offsets[rows[k]], offsets[rows[k] + 1]
        forward[k] = math.nan
        reverse[k] = math.nan
        matched[k] = 0
        if n_query == 0 or end == begin:
            continue
        start = max(query_mz[0], mz[begin]) if math.isnan(mz_min) else mz_min
        i, j = 0, begin
        while i < n_query and query_mz[i] < start:
            i += 1
        while j < end and mz[j] < start:
            j += 1
        if math.isnan(mz_min):
            if query_mz[0] > mz_max or mz[begin] > mz_max:
                continue
        elif i == n_query or j == end or query_mz[i] > mz_max or mz[j] > mz_max:
            continue
        uu = rr = ur = uu_matched = 0.0
        n_matched = n_ratios = 0
        ratio_sum = ratio_weight = 0.0
        adjacent = False
        last_u = last_r = 0.0
        while i < n_query or j < end:
            at_u = query_mz[i] if i < n_query else mz_max + 1.0
            at_r = mz[j] if j < end else mz_max + 1.0
            at = min(at_u, at_r)
            if at > mz_max:
                break
            if at_u == at_r:
                u, r = query_intensity[i], intensity[j]
                i += 1
                j += 1
                if u <= 1.0 and r <= 1.0:
                    continue  # two traces: the pair takes no part and does not separate its neighbours
                mass = at if identity else 1.0
                uu += mass * u
                uu_matched += mass * u
                rr += mass * r
                ur += mass * math.sqrt(u * r)
                n_matched += 1
                if identity:
                    if adjacent:
                        ratio = math.sqrt((u * last_r) / (last_u * r))
                        if ratio > 1.0:
                            ratio = 1.0 / ratio
                        ratio_sum += mass * ratio
                        ratio_weight += mass
                        n_ratios += 1
                    adjacent = True
                    last_u, last_r = u, r
            elif at_u < at_r:
                u = query_intensity[i]
                i += 1
                if u > 1.0:
                    uu += (at if identity else 1.0) * u
                    adjacent = False
            else:
                r = intensity[j]
                j += 1
                if r > 1.0:
                    rr += (at if identity else 1.0) * r
                    adjacent = False
        matched[k] = n_matched
        if n_matched == 0:
            forward[k] = 0.0
            reverse[k] = 0.0
            continue
        cosine = ur * ur / (uu * rr)
        cosine_reverse = ur * ur / (uu_matched * rr)
        if n_ratios > 0:
            ratios = n_ratios * (ratio_sum / ratio_weight)
            total = n_matched + n_ratios
            cosine = (n_matched * cosine + ratios) / total
            cosine_reverse = (n_matched * cosine_reverse + ratios) / total
        forward[k] = max(0.0, 1000.0 * cosine - 0.5)
        reverse[k] = max(0.0, 1000.0 * cosine_reverse - 0.5)
