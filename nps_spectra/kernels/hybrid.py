"""NIST's hybrid similarity of one query against many spectra: library peaks may move by the mass difference."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from nps_spectra._jit import kernel

Int = npt.NDArray[np.int64]
Float = npt.NDArray[np.float64]


@kernel
def split_peaks(
    query_mz: Float,
    query_intensity: Float,
    mz: Float,
    intensity: Float,
    shift: float,
    tolerance_da: float,
    tolerance_relative: float,
    stays_at: Int,
    moves_to: Int,
    direct: Int,
    arriving: Int,
    hybrid: Float,
    moved: Float,
) -> None:
    """Split every library peak between its own m/z and ``m/z + shift``, so that the cosine is greatest.

    The total intensity is kept, and the sum of ``sqrt(query * hybrid)`` is greatest. A shift of 0 moves nothing.
    Assumes peaks of one spectrum further apart than twice the tolerance; where ppm let several peaks match one,
    the closest does (of equal ones: that of lowest m/z).

    Writes for each library peak the query peak at its own and at its moved m/z (-1: none), and how much of it
    moves; for each query peak the library peak at its m/z and the one that may arrive there (-1: none), and the
    intensity of the hybrid spectrum there.
    """
    n = len(query_mz)
    direct[:] = -1
    arriving[:] = -1
    stays_at[:] = -1
    moves_to[:] = -1
    hybrid[:] = 0.0
    moved[:] = 0.0
    _closest(query_mz, mz, 0.0, tolerance_da, tolerance_relative, direct, stays_at)
    if shift != 0.0:
        _closest(query_mz, mz, shift, tolerance_da, tolerance_relative, arriving, moves_to)
        for j in range(len(mz)):
            if moves_to[j] >= 0 and moves_to[j] == stays_at[j]:
                arriving[moves_to[j]] = -1
                moves_to[j] = -1
    for i in range(n):
        # A chain: query peaks linked by library peaks that match the one direct and the next moved.
        if arriving[i] < 0 or stays_at[arriving[i]] < 0:
            _split_chain(i, query_intensity, intensity, moves_to, direct, arriving, hybrid, moved)


@kernel
def _closest(
    query_mz: Float,
    mz: Float,
    shift: float,
    tolerance_da: float,
    tolerance_relative: float,
    of_query: Int,
    of_library: Int,
) -> None:
    start = 0
    for i in range(len(query_mz)):
        a = query_mz[i]
        while start < len(mz) and a - mz[start] - shift > tolerance_da + tolerance_relative * 0.5 * (a + mz[start]):
            start += 1
        best = -1
        j = start
        while j < len(mz) and mz[j] + shift - a <= tolerance_da + tolerance_relative * 0.5 * (a + mz[j]):
            if best < 0 or abs(a - mz[j] - shift) < abs(a - mz[best] - shift):
                best = j
            j += 1
        if best < 0:
            continue
        rival = of_library[best]
        if rival >= 0:
            if abs(query_mz[rival] - mz[best] - shift) <= abs(a - mz[best] - shift):
                continue
            of_query[rival] = -1
        of_query[i] = best
        of_library[best] = i


@kernel
def _split_chain(
    first: int,
    query_intensity: Float,
    intensity: Float,
    moves_to: Int,
    direct: Int,
    arriving: Int,
    hybrid: Float,
    moved: Float,
) -> None:
    """Best split along one chain of query peaks.

    Let U and H be running sums of the query's and the hybrid spectrum's intensities along the chain. What has
    passed a query peak lies between all library intensity before it and that plus the library peak at it. The
    sum of sqrt(u h) is greatest for the shortest path through these gates over U, the string pulled taut: it is
    concave in the slopes h / u. So the optimum is found exactly and in one way, without iteration.
    """
    arrives = intensity[arriving[first]] if arriving[first] >= 0 else 0.0
    if arriving[first] >= 0:
        moved[arriving[first]] = arrives
    own = direct[first]
    if own < 0 or moves_to[own] < 0:
        hybrid[first] = arrives + (intensity[own] if own >= 0 else 0.0)
        return
    length = 1
    at = first
    while direct[at] >= 0 and moves_to[direct[at]] >= 0:
        at = moves_to[direct[at]]
        length += 1
    node = np.empty(length, dtype=np.int64)
    gate = np.empty(length + 1)  # gate k: from gate[k] to gate[k + 1]; the last is the point gate[length]
    gate[0] = arrives
    at = first
    for k in range(length):
        node[k] = at
        own = direct[at]
        gate[k + 1] = gate[k] + (intensity[own] if own >= 0 else 0.0)
        if k + 1 < length:
            at = moves_to[own]
    start = 0
    height = 0.0
    while start < length:
        steepest, flattest = math.inf, -math.inf  # slopes that every gate so far lets through
        at_top, at_bottom = -1, -1
        width = 0.0
        stop, slope, next_height = length - 1, 0.0, gate[length]
        for k in range(start, length):
            width += query_intensity[node[k]]
            bottom = ((gate[k] if k + 1 < length else gate[length]) - height) / width
            top = (gate[k + 1] - height) / width
            if bottom > steepest:
                stop, slope, next_height = at_top, steepest, gate[at_top + 1]
                break
            if top < flattest:
                stop, slope, next_height = at_bottom, flattest, gate[at_bottom]
                break
            if top <= steepest:
                steepest, at_top = top, k
            if bottom >= flattest:
                flattest, at_bottom = bottom, k
            slope = top
        for k in range(start, stop + 1):
            hybrid[node[k]] = slope * query_intensity[node[k]]
        start, height = stop + 1, next_height
    passed = 0.0
    for k in range(length - 1):
        passed += hybrid[node[k]]
        own = direct[node[k]]
        moved[own] = min(intensity[own], max(0.0, gate[k + 1] - passed))


@kernel
def hybrid_scores(
    query_mz: Float,
    query_intensity: Float,
    mz: Float,
    intensity: Float,
    offsets: Int,
    rows: Int,
    shifts: Float,
    tolerance_da: float,
    tolerance_relative: float,
    from_common_start: bool,
    mz_min: float,
    mz_max: float,
    trace: float,
    forward: Float,
    reverse: Float,
    matched: Int,
) -> None:
    """Squared cosine, 0 to 1, of the square roots of the query's and the hybrid library spectrum's intensities.

    ``shifts`` holds for each row how far its peaks may move. Only peaks from ``mz_min`` to ``mz_max`` take part; with
    ``from_common_start``, only from the larger of the two lowest m/z. A query peak of at most ``trace`` takes part
    only if a library peak above it may lie there, a library peak without a partner only if it is above it itself.
    Writes NaN where a spectrum has no peaks inside explicit limits, or the shift is NaN. The reverse score leaves
    query peaks without a partner out of the query's norm.
    """
    for k in range(len(rows)):
        begin, end = offsets[rows[k]], offsets[rows[k] + 1]
        forward[k] = math.nan
        reverse[k] = math.nan
        matched[k] = 0
        if len(query_mz) == 0 or end == begin or math.isnan(shifts[k]):
            continue
        if from_common_start and (query_mz[0] > mz_max or mz[begin] > mz_max):
            continue
        start = max(query_mz[0], mz[begin]) if from_common_start else mz_min
        first, last = _inside(query_mz, start, mz_max)
        u_mz, u = query_mz[first:last], query_intensity[first:last]
        first, last = _inside(mz[begin:end], start, mz_max)
        first, last = begin + first, begin + last
        v_mz, v = mz[first:last], intensity[first:last]
        if not from_common_start and (len(u) == 0 or len(v) == 0):
            continue
        stays_at = np.empty(len(v), dtype=np.int64)
        moves_to = np.empty(len(v), dtype=np.int64)
        direct = np.empty(len(u), dtype=np.int64)
        arriving = np.empty(len(u), dtype=np.int64)
        hybrid = np.empty(len(u))
        moved = np.empty(len(v))
        split_peaks(
            u_mz,
            u,
            v_mz,
            v,
            shifts[k],
            tolerance_da,
            tolerance_relative,
            stays_at,
            moves_to,
            direct,
            arriving,
            hybrid,
            moved,
        )
        uu = vv = uv = uu_matched = 0.0
        for i in range(len(u)):
            largest = 0.0
            if direct[i] >= 0:
                largest = v[direct[i]]
            if arriving[i] >= 0:
                largest = max(largest, v[arriving[i]])
            if u[i] <= trace and largest <= trace:
                continue
            uu += u[i]
            if largest > 0.0:
                uu_matched += u[i]
                vv += hybrid[i]
                uv += math.sqrt(u[i] * hybrid[i])
                matched[k] += 1
        for j in range(len(v)):
            if stays_at[j] < 0 and moves_to[j] < 0 and v[j] > trace:
                vv += v[j]
        if matched[k] == 0:
            forward[k] = 0.0
            reverse[k] = 0.0
            continue
        forward[k] = uv * uv / (uu * vv)
        reverse[k] = uv * uv / (uu_matched * vv)


@kernel
def _inside(mz: Float, low: float, high: float) -> tuple[int, int]:
    first = 0
    while first < len(mz) and mz[first] < low:
        first += 1
    last = first
    while last < len(mz) and mz[last] <= high:
        last += 1
    return first, last


@kernel
def split_pairs(
    query_mz: Float,
    query_intensity: Float,
    query_offsets: Int,
    queries: Int,
    mz: Float,
    intensity: Float,
    offsets: Int,
    rows: Int,
    shifts: Float,
    tolerance_da: float,
    tolerance_relative: float,
    from_common_start: bool,
    mz_min: float,
    mz_max: float,
    bounds: Int,
    query_peak: Int,
    peak: Int,
    shifted: Int,
    share: Float,
) -> None:
    """List what stays and what moves of the peaks of ``rows[k]`` onto those of spectrum ``queries[k]``, for every k.

    Those of k go to ``bounds[k]`` to ``bounds[k + 1]`` of the lists: first what stays, then what moves, with 1 in
    ``shifted`` and the part of the peak in ``share``. Parts of less than a millionth of a peak are rounding and left
    out; where the shift is NaN there are none. Peaks are counted from the start of their spectrum. The limits of m/z
    are those of `hybrid_scores`.
    """
    n = 0
    for k in range(len(rows)):
        bounds[k] = n
        first, last = query_offsets[queries[k]], query_offsets[queries[k] + 1]
        begin, end = offsets[rows[k]], offsets[rows[k] + 1]
        if last == first or end == begin or math.isnan(shifts[k]):
            continue
        start = max(query_mz[first], mz[begin]) if from_common_start else mz_min
        low, high = _inside(query_mz[first:last], start, mz_max)
        other_low, other_high = _inside(mz[begin:end], start, mz_max)
        u_mz, u = query_mz[first + low : first + high], query_intensity[first + low : first + high]
        v_mz, v = mz[begin + other_low : begin + other_high], intensity[begin + other_low : begin + other_high]
        stays_at = np.empty(len(v), dtype=np.int64)
        moves_to = np.empty(len(v), dtype=np.int64)
        direct = np.empty(len(u), dtype=np.int64)
        arriving = np.empty(len(u), dtype=np.int64)
        hybrid = np.empty(len(u))
        moved = np.empty(len(v))
        split_peaks(
            u_mz,
            u,
            v_mz,
            v,
            shifts[k],
            tolerance_da,
            tolerance_relative,
            stays_at,
            moves_to,
            direct,
            arriving,
            hybrid,
            moved,
        )
        for moving in range(2):
            place = moves_to if moving == 1 else stays_at
            for j in range(len(v)):
                part = moved[j] if moving == 1 else v[j] - moved[j]
                if place[j] >= 0 and part > 1e-6 * v[j]:
                    query_peak[n] = low + place[j]
                    peak[n] = other_low + j
                    shifted[n] = moving
                    share[n] = moved[j] / v[j] if moving == 1 else 1.0 - moved[j] / v[j]
                    n += 1
    bounds[len(rows)] = n
