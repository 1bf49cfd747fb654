"""Modified cosine of one query against many spectra: peaks may match directly or shifted, each once.

m/z are ascending and weights > 0. A query peak at a matches a library peak at b directly if a - b, and shifted by s if
a - b - s, is within ``tolerance_da + tolerance_relative * mean(a, b)``.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from nps_spectra._jit import kernel

Int = npt.NDArray[np.int64]
Float = npt.NDArray[np.float64]


@kernel
def modified_cosine_scores(
    query_mz: Float,
    query_weight: Float,
    mz: Float,
    weight: Float,
    offsets: Int,
    rows: Int,
    shifts: Float,
    tolerance_da: float,
    tolerance_relative: float,
    forward: Float,
    reverse: Float,
    matched: Int,
) -> None:
    """Cosine of the weights of the peaks that the best one-to-one assignment pairs, directly or shifted.

    ``shifts`` holds for each row how far its peaks may move; where it is 0, none does, and where it is NaN, or a
    spectrum has no peaks, the scores are NaN. The reverse score leaves query peaks
    without a partner out of the query's norm.
    """
    n_query = len(query_mz)
    query_norm = 0.0
    for i in range(n_query):
        query_norm += query_weight[i] * query_weight[i]
    partner = np.empty(n_query, dtype=np.int64)
    shifted = np.empty(n_query, dtype=np.int64)
    for k in range(len(rows)):
        begin, end = offsets[rows[k]], offsets[rows[k] + 1]
        forward[k] = math.nan
        reverse[k] = math.nan
        matched[k] = 0
        if n_query == 0 or end == begin or math.isnan(shifts[k]):
            continue
        norm = 0.0
        for peak in range(begin, end):
            norm += weight[peak] * weight[peak]
        assign(
            query_mz,
            query_weight,
            mz[begin:end],
            weight[begin:end],
            shifts[k],
            tolerance_da,
            tolerance_relative,
            partner,
            shifted,
        )
        product = matched_norm = 0.0
        for i in range(n_query):
            if partner[i] >= 0:
                product += query_weight[i] * weight[begin + partner[i]]
                matched_norm += query_weight[i] * query_weight[i]
                matched[k] += 1
        forward[k] = min(1.0, product / math.sqrt(query_norm * norm))
        reverse[k] = min(1.0, product / math.sqrt(matched_norm * norm)) if matched[k] > 0 else 0.0


@kernel
def assigned_pairs(
    query_mz: Float,
    query_weight: Float,
    query_offsets: Int,
    queries: Int,
    mz: Float,
    weight: Float,
    offsets: Int,
    rows: Int,
    shifts: Float,
    tolerance_da: float,
    tolerance_relative: float,
    bounds: Int,
    query_peak: Int,
    peak: Int,
    shifted: Int,
) -> None:
    """List the pairs of peaks of spectrum ``queries[k]`` and ``rows[k]`` for every k; none where the shift is NaN.

    Those of k go to ``bounds[k]`` to ``bounds[k + 1]`` of the lists, with 1 in ``shifted`` where the pair matches
    shifted only. Peaks are counted from the start of their spectrum; those of the query ascend.
    """
    n = 0
    for k in range(len(rows)):
        bounds[k] = n
        first, last = query_offsets[queries[k]], query_offsets[queries[k] + 1]
        begin, end = offsets[rows[k]], offsets[rows[k] + 1]
        if math.isnan(shifts[k]):
            continue
        partner = np.empty(last - first, dtype=np.int64)
        moved = np.empty(last - first, dtype=np.int64)
        assign(
            query_mz[first:last],
            query_weight[first:last],
            mz[begin:end],
            weight[begin:end],
            shifts[k],
            tolerance_da,
            tolerance_relative,
            partner,
            moved,
        )
        for i in range(last - first):
            if partner[i] >= 0:
                query_peak[n] = i
                peak[n] = partner[i]
                shifted[n] = moved[i]
                n += 1
    bounds[len(rows)] = n


@kernel
def _partner_ranges(
    query_mz: Float, mz: Float, shift: float, tolerance_da: float, tolerance_relative: float, low: Int, high: Int
) -> None:
    """Write the slice of library peaks that match each query peak under a shift."""
    start = 0
    for i in range(len(query_mz)):
        a = query_mz[i]
        while start < len(mz) and a - mz[start] - shift > tolerance_da + tolerance_relative * 0.5 * (a + mz[start]):
            start += 1
        stop = start
        while stop < len(mz) and mz[stop] + shift - a <= tolerance_da + tolerance_relative * 0.5 * (a + mz[stop]):
            stop += 1
        low[i] = start
        high[i] = stop


@kernel
def assign(
    query_mz: Float,
    query_weight: Float,
    mz: Float,
    weight: Float,
    shift: float,
    tolerance_da: float,
    tolerance_relative: float,
    partner: Int,
    shifted: Int,
) -> None:
    """Pair peaks one to one, so that the sum of the products of their weights is greatest.

    A ``shift`` of 0 leaves direct matches only. Writes for each query peak the index of its partner, or -1, and 1 in
    ``shifted`` where the pair matches shifted only. Of equal sums the one with more pairs is taken, then the one
    with more direct pairs, where peaks form chains; a chain is what is there if no peak has two partners of one
    kind, and any other group of peaks is solved as a general assignment.
    """
    n = len(query_mz)
    direct_low = np.empty(n, dtype=np.int64)
    direct_high = np.empty(n, dtype=np.int64)
    _partner_ranges(query_mz, mz, 0.0, tolerance_da, tolerance_relative, direct_low, direct_high)
    shifted_low = np.zeros(n, dtype=np.int64)
    shifted_high = np.zeros(n, dtype=np.int64)
    if shift != 0.0:
        _partner_ranges(query_mz, mz, shift, tolerance_da, tolerance_relative, shifted_low, shifted_high)
    for i in range(n):
        partner[i] = -1
        shifted[i] = 0
    direct = np.full(n, -1, dtype=np.int64)
    moved = np.full(n, -1, dtype=np.int64)
    direct_of = np.full(len(mz), -1, dtype=np.int64)
    moved_of = np.full(len(mz), -1, dtype=np.int64)
    edges = 0
    chains = True
    for i in range(n):
        if direct_high[i] - direct_low[i] > 1 or shifted_high[i] - shifted_low[i] > 1:
            chains = False
            break
        if direct_high[i] > direct_low[i]:
            j = direct_low[i]
            if direct_of[j] >= 0:
                chains = False
                break
            direct[i] = j
            direct_of[j] = i
            edges += 1
        if shifted_high[i] > shifted_low[i] and shifted_low[i] != direct[i]:
            j = shifted_low[i]
            if moved_of[j] >= 0:
                chains = False
                break
            moved[i] = j
            moved_of[j] = i
            edges += 1
    if chains:
        for i in range(n):  # a query peak without a shifted partner is the end of a chain
            if direct[i] >= 0 and moved[i] < 0:
                edges -= _assign_chain(
                    i, -1, query_weight, weight, direct, moved_of, direct_of, moved, partner, shifted
                )
        for j in range(len(mz)):  # and so is a library peak without a direct one
            if direct_of[j] < 0 and moved_of[j] >= 0:
                edges -= _assign_chain(
                    -1, j, query_weight, weight, direct, moved_of, direct_of, moved, partner, shifted
                )
    if not chains or edges > 0:  # edges that no chain has are in a ring, which peaks close to each other can form
        for i in range(n):
            partner[i] = -1
            shifted[i] = 0
        _assign_groups(query_weight, weight, direct_low, direct_high, shifted_low, shifted_high, partner, shifted)


@kernel
def _assign_chain(
    i: int,
    j: int,
    query_weight: Float,
    weight: Float,
    direct: Int,
    moved_of: Int,
    direct_of: Int,
    moved: Int,
    partner: Int,
    shifted: Int,
) -> int:
    """Best pairs of the chain that starts at query peak ``i`` or library peak ``j``; returns its number of edges."""
    length = 0
    at_i, at_j = i, j
    while True:  # once to count, because most chains are one edge long
        if at_j < 0:
            at_j = direct[at_i]
            if at_j < 0:
                break
            at_i = -1
        else:
            at_i = moved_of[at_j]
            if at_i < 0:
                break
            at_j = -1
        length += 1
    if length == 1:
        if j < 0:
            partner[i] = direct[i]
        else:
            partner[moved_of[j]] = j
            shifted[moved_of[j]] = 1
        return 1
    queries = np.empty(length, dtype=np.int64)
    peaks = np.empty(length, dtype=np.int64)
    by_shift = np.empty(length, dtype=np.int64)
    # Best of the first k edges: sum, pairs, direct pairs; and whether edge k - 1 is in it.
    total = np.zeros(length + 1)
    pairs = np.zeros(length + 1, dtype=np.int64)
    plain = np.zeros(length + 1, dtype=np.int64)
    taken = np.zeros(length + 1, dtype=np.int64)
    at_i, at_j = i, j
    for k in range(length):
        if at_j < 0:
            queries[k], peaks[k], by_shift[k] = at_i, direct[at_i], 0
            at_i, at_j = -1, peaks[k]
        else:
            queries[k], peaks[k], by_shift[k] = moved_of[at_j], at_j, 1
            at_i, at_j = queries[k], -1
        before = max(k - 1, 0)
        with_edge = total[before] + query_weight[queries[k]] * weight[peaks[k]]
        more = pairs[before] + 1
        more_plain = plain[before] + 1 - by_shift[k]
        if with_edge > total[k] or (
            with_edge == total[k] and (more > pairs[k] or (more == pairs[k] and more_plain > plain[k]))
        ):
            total[k + 1], pairs[k + 1], plain[k + 1], taken[k + 1] = with_edge, more, more_plain, 1
        else:
            total[k + 1], pairs[k + 1], plain[k + 1] = total[k], pairs[k], plain[k]
    k = length
    while k > 0:
        if taken[k]:
            partner[queries[k - 1]] = peaks[k - 1]
            shifted[queries[k - 1]] = by_shift[k - 1]
            k -= 2
        else:
            k -= 1
    return length


@kernel
def _assign_groups(
    query_weight: Float,
    weight: Float,
    direct_low: Int,
    direct_high: Int,
    shifted_low: Int,
    shifted_high: Int,
    partner: Int,
    shifted: Int,
) -> None:
    """Split the peaks into groups that matches connect, and solve each as an assignment."""
    n, m = len(query_weight), len(weight)
    root = np.arange(n + m)  # query peaks first, then library peaks
    for i in range(n):
        for j in range(direct_low[i], direct_high[i]):
            _join(root, i, n + j)
        for j in range(shifted_low[i], shifted_high[i]):
            _join(root, i, n + j)
    group = np.empty(n + m, dtype=np.int64)
    for node in range(n + m):
        group[node] = _root(root, node)
    order = np.argsort(group, kind="mergesort")
    place = np.empty(n + m, dtype=np.int64)
    first = 0
    while first < n + m:
        last = first
        n_rows = 0
        while last < n + m and group[order[last]] == group[order[first]]:
            if order[last] < n:
                n_rows += 1  # the sort is stable: query peaks of a group stand before its library peaks
            last += 1
        n_columns = last - first - n_rows
        if n_rows > 0 and n_columns > 0:
            gain = np.zeros((n_rows, n_columns))
            for column in range(n_columns):
                place[order[first + n_rows + column]] = column
            for row in range(n_rows):
                i = order[first + row]
                for j in range(direct_low[i], direct_high[i]):
                    gain[row, place[n + j]] = query_weight[i] * weight[j]
                for j in range(shifted_low[i], shifted_high[i]):
                    gain[row, place[n + j]] = query_weight[i] * weight[j]
            column_of = _best_columns(gain)
            for row in range(n_rows):
                column = column_of[row]
                if column >= 0 and gain[row, column] > 0.0:
                    i, j = order[first + row], order[first + n_rows + column] - n
                    partner[i] = j
                    shifted[i] = 0 if direct_low[i] <= j < direct_high[i] else 1
        first = last


@kernel
def _root(root: Int, node: int) -> int:
    while root[node] != node:
        root[node] = root[root[node]]
        node = root[node]
    return node


@kernel
def _join(root: Int, a: int, b: int) -> None:
    a, b = _root(root, a), _root(root, b)
    root[max(a, b)] = min(a, b)


@kernel
def _best_columns(gain: Float) -> Int:
    """Column of each row in the assignment of greatest gain, -1 for none.

    The Hungarian method by shortest augmenting paths (Kuhn 1955, doi:10.1002/nav.3800020109; Jonker & Volgenant
    1987, doi:10.1007/BF02278710): rows are assigned one after the other, prices keep all reduced costs >= 0.
    """
    n_rows, n_columns = gain.shape
    if n_rows > n_columns:
        row_of = _best_columns_of_wide(gain.T.copy())
        column_of = np.full(n_rows, -1, dtype=np.int64)
        for column in range(n_columns):
            column_of[row_of[column]] = column
        return column_of
    return _best_columns_of_wide(gain)


@kernel
def _best_columns_of_wide(gain: Float) -> Int:
    n_rows, n_columns = gain.shape
    row_price = np.zeros(n_rows)
    column_price = np.zeros(n_columns)
    row_of = np.full(n_columns, -1, dtype=np.int64)
    for new in range(n_rows):
        distance = np.full(n_columns, np.inf)
        before = np.full(n_columns, -1, dtype=np.int64)
        done = np.zeros(n_columns, dtype=np.bool_)
        row, column, reached = new, -1, 0.0
        while True:
            best = -1
            for other in range(n_columns):
                if done[other]:
                    continue
                length = reached - gain[row, other] - row_price[row] - column_price[other]
                if length < distance[other]:
                    distance[other] = length
                    before[other] = column
                if best < 0 or distance[other] < distance[best]:
                    best = other
            column = best
            reached = distance[column]
            done[column] = True
            if row_of[column] < 0:
                break
            row = row_of[column]
        row_price[new] += reached
        for other in range(n_columns):
            if done[other] and other != column:
                row_price[row_of[other]] += reached - distance[other]
                column_price[other] -= reached - distance[other]
        while before[column] >= 0:
            row_of[column] = row_of[before[column]]
            column = before[column]
        row_of[column] = new
    column_of = np.full(n_rows, -1, dtype=np.int64)
    for column in range(n_columns):
        if row_of[column] >= 0:
            column_of[row_of[column]] = column
    return column_of
