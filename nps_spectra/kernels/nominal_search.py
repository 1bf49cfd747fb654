"""The best substances of a nominal-mass library for each query: upper bounds first, exact scores of what is left.

A weight is a peak's term in a cosine. Divided by the norm of its spectrum and rounded up, it is a byte; the byte
columns of the query's m/z, times the query's weights, are summed in 16 bits for all library spectra at once. That sum
is never below the cosine, so the score that it allows is never below the score, and spectra whose bound is below
the score of the last substance on the list need no exact score.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from nps_spectra._jit import kernel
from nps_spectra.kernels.hybrid import hybrid_scores
from nps_spectra.kernels.match_factor import match_factors
from nps_spectra.kernels.stein_scott import composite_scores

Int = npt.NDArray[np.int64]
Float = npt.NDArray[np.float64]
Single = npt.NDArray[np.float32]
Bits = npt.NDArray[np.int32]
Byte = npt.NDArray[np.uint8]
Word = npt.NDArray[np.uint16]

#: What is scored: values of `kind`.
COSINE, MATCH_FACTOR, COMPOSITE, HYBRID = 0, 1, 2, 3
#: Spectra of one block: its sums stay in the first-level cache, its places fit 16 bits.
BLOCK = 16384
#: Spectra whose bounds share one maximum.
GROUP = 32
#: A query of more peaks is compared with everything: its sums might not fit 16 bits.
MOST_PEAKS = 4096
#: For longer lists no bound is kept: everything is scored.
LONGEST_LIST = 128
#: Bounds are computed with 24-bit fractions; rounding changes them by less than this part.
SLACK = 1e-5
#: Spectra that are scored before the list is looked at again.
CHUNK = 128
#: Match factors from rounded roots differ from exact ones by less.
MARGIN = 1e-2
#: The quotient of norms where nothing above a trace takes part: finite, so that 0 times it is 0.
NOTHING_LEFT = 1e30


class Peaks(NamedTuple):
    """Clean spectra as the exact kernels take them.

    ``bins`` numbers the m/z of the library: -1 is none of them. ``square`` is the sum of squared weights of a spectrum.
    """

    mz: Float
    intensity: Float
    values: Float
    offsets: Int
    masses: Float
    bins: Bits
    square: Float


class Columns(NamedTuple):
    """The library's bytes by m/z, in blocks of `BLOCK` places.

    Entry ``block * n_mz + k`` of ``dense`` says where the column of the k-th m/z starts in ``weights`` and ``gaps``
    (-1: it is a list), and entries ``e`` and ``e + 1`` of ``lists`` where its list starts and stops in the other three.
    A gap is the distance from the next lower peak that is no trace, at most 255, and 0 where there is no peak.
    """

    n_mz: int
    dense: Int
    weights: Byte
    gaps: Byte
    lists: Int
    place: Word
    list_weights: Byte
    list_gaps: Byte


class Places(NamedTuple):
    """The spectra that can be compared, by lowest m/z, and what is known of the one at each place.

    ``runs`` are the places where the lowest m/z changes or a block begins, and the end. ``square`` is the sum of all
    squared weights, ``strong`` that of peaks above a trace.
    """

    row: Int
    lowest: Float
    lowest_bin: Int
    runs: Int
    square: Float
    strong: Float


class Roots(NamedTuple):
    """For ``nist_identity``: square roots of intensities and numbers of m/z, end to end in the order of the places."""

    offsets: Int
    bin: Word
    root: Single


class Moving(NamedTuple):
    """For hybrid scores: the places by molecular mass, where it changes, and the weight of every peak by its norm."""

    place: Int
    runs: Int
    weight: Single


class Substances(NamedTuple):
    """Which rows belong to a substance: ``rows[offsets[s]:offsets[s + 1]]``, ascending."""

    of_row: Int
    rows: Int
    offsets: Int


class Method(NamedTuple):
    """How scores are computed, in scalars; ``mz_min`` is NaN where a match factor starts at the common lowest m/z."""

    kind: int
    identity: bool
    squared: bool
    mz_min: float
    mz_max: float
    scale: float
    tolerance: float


class Work(NamedTuple):
    """Arrays that are used again for every query.

    ``bound_bits`` is the memory of ``bound`` read as whole numbers: they are in the same order where they are positive,
    and their maxima are found in steps of many.
    """

    sums: Word
    matched: Byte
    neighbours: Byte
    column: Byte
    bound: Single
    bound_bits: Bits
    likely: Single
    likely_bits: Bits
    highest: Bits
    single: Single
    single_bits: Bits
    cut: Single
    table: Float
    root: Float
    present: Byte
    strong_below: Int
    strong_from: Float
    by_mz: Float
    moved: Float
    seen: Byte


@kernel
def count_columns(bin_of_peak: Bits, row: Int, offsets: Int, n_mz: int, counts: Int) -> None:
    """Number of peaks of every m/z in every block; ``bin_of_peak`` is -1 where a peak takes no part."""
    for at in range(len(row)):
        base = (at // BLOCK) * n_mz
        for peak in range(offsets[row[at]], offsets[row[at] + 1]):
            if bin_of_peak[peak] >= 0:
                counts[base + bin_of_peak[peak]] += 1


@kernel
def fill_columns(
    bin_of_peak: Bits, weight: Byte, mz: Float, strong: Byte, row: Int, offsets: Int, columns: Columns
) -> None:
    """Write the bytes of all peaks to their columns or lists."""
    filled = np.zeros(len(columns.dense), dtype=np.int64)
    with_gaps = len(columns.gaps) > 0
    for at in range(len(row)):
        block = at // BLOCK
        local = at - block * BLOCK
        below = -255.0
        for peak in range(offsets[row[at]], offsets[row[at] + 1]):
            if bin_of_peak[peak] < 0:
                continue
            gap = np.uint8(min(255.0, mz[peak] - below))
            if strong[peak] > 0:
                below = mz[peak]
            entry = block * columns.n_mz + bin_of_peak[peak]
            if columns.dense[entry] >= 0:
                columns.weights[columns.dense[entry] + local] = weight[peak]
                if with_gaps:
                    columns.gaps[columns.dense[entry] + local] = gap
            else:
                target = columns.lists[entry] + filled[entry]
                columns.place[target] = local
                columns.list_weights[target] = weight[peak]
                if with_gaps:
                    columns.list_gaps[target] = gap
                filled[entry] += 1


@kernel
def _add_columns(sums: Word, a: Byte, b: Byte, c: Byte, d: Byte, factor: Word) -> None:
    """Add four columns times their factors; read from 16-bit memory, they are multiplied in 16 bits, 32 at once."""
    wa, wb, wc, wd = factor[0], factor[1], factor[2], factor[3]
    for i in range(len(sums)):
        sums[i] += wa * a[i] + wb * b[i] + wc * c[i] + wd * d[i]


@kernel
def _sum_block(bins: Bits, weight: Word, first: int, size: int, columns: Columns, sums: Word) -> None:
    """Sums of one block, whose first entry in the tables of columns is ``first``."""
    sums[:size] = 0
    start = np.zeros(4, dtype=np.int64)
    factor = np.zeros(4, dtype=np.uint16)
    held = 0
    for k in range(len(bins) + 3):
        if k < len(bins):
            if bins[k] < 0:
                continue
            at = columns.dense[first + bins[k]]
            if at < 0:
                w = weight[k]
                for i in range(columns.lists[first + bins[k]], columns.lists[first + bins[k] + 1]):
                    sums[columns.place[i]] += w * columns.list_weights[i]
                continue
            start[held], factor[held] = at, weight[k]
        elif held == 0:
            break
        else:  # fill up the last four
            start[held], factor[held] = start[0], 0
        held += 1
        if held == 4:
            held = 0
            w = columns.weights
            _add_columns(
                sums[:size],
                w[start[0] : start[0] + size],
                w[start[1] : start[1] + size],
                w[start[2] : start[2] + size],
                w[start[3] : start[3] + size],
                factor,
            )


@kernel
def _add_present(matched: Byte, weights: Byte) -> None:
    for i in range(len(matched)):
        matched[i] += np.uint8(weights[i] > 0)


@kernel
def _add_above(neighbours: Byte, gaps: Byte, below: Byte, gap: Byte) -> None:
    """Peaks with a peak at the query's next lower m/z and none above a trace in between."""
    least = gap[0]
    for i in range(len(neighbours)):
        neighbours[i] += np.uint8(gaps[i] >= least) & np.uint8(below[i] > 0)


@kernel
def _add_at_gap(neighbours: Byte, gaps: Byte, gap: Byte) -> None:
    """Peaks whose next lower one is at this distance."""
    just = gap[0]
    for i in range(len(neighbours)):
        neighbours[i] += np.uint8(gaps[i] == just)


@kernel
def _neighbours_block(
    bins: Bits, mz: Float, intensity: Float, first: int, size: int, columns: Columns, work: Work
) -> None:
    """At least so many matched peaks, at most so many matched neighbours, for every place of one block.

    Only the query's peaks above a trace are sure to count as matched. The lower neighbour of a matched peak is the
    query's next lower one above a trace, if the library spectrum has nothing above a trace in between, or a trace of
    the query between the two, if that is where the library spectrum's next lower peak above a trace is.
    """
    matched, neighbours, column = work.matched[:size], work.neighbours[:size], work.column[:size]
    matched[:] = 0
    neighbours[:] = 0
    gap = np.zeros(1, dtype=np.uint8)
    below = -1
    for k in range(len(bins)):
        if bins[k] >= 0:
            entry = first + bins[k]
            at = columns.dense[entry]
            start, stop = columns.lists[entry], columns.lists[entry + 1]
            if intensity[k] > 1.0:
                if at >= 0:
                    _add_present(matched, columns.weights[at : at + size])
                else:
                    for i in range(start, stop):
                        matched[columns.place[i]] += 1
            far = False  # all distances of 255 and more are one: counted once
            for trace in range(below + 1, k):
                distance = mz[k] - mz[trace]
                if bins[trace] < 0 or (far and distance >= 255.0):
                    continue
                far = far or distance >= 255.0
                gap[0] = min(255.0, distance)
                if at >= 0:
                    _add_at_gap(neighbours, columns.gaps[at : at + size], gap)
                else:
                    for i in range(start, stop):
                        if columns.list_gaps[i] == gap[0]:
                            neighbours[columns.place[i]] += 1
            if below >= 0 and bins[below] >= 0 and not far:
                gap[0] = min(255.0, mz[k] - mz[below])
                lower = first + bins[below]
                lower_at = columns.dense[lower]
                there = columns.weights[lower_at : lower_at + size] if lower_at >= 0 else column
                if lower_at < 0:
                    for i in range(columns.lists[lower], columns.lists[lower + 1]):
                        column[columns.place[i]] = 1
                if at >= 0:
                    _add_above(neighbours, columns.gaps[at : at + size], there, gap)
                else:
                    for i in range(start, stop):
                        if columns.list_gaps[i] >= gap[0] and there[columns.place[i]] > 0:
                            neighbours[columns.place[i]] += 1
                if lower_at < 0:
                    for i in range(columns.lists[lower], columns.lists[lower + 1]):
                        column[columns.place[i]] = 0
        if intensity[k] > 1.0:
            below = k


@kernel
def _common_block(bins: Bits, first: int, size: int, columns: Columns, matched: Byte) -> None:
    """Number of common peaks for every place of one block."""
    matched[:size] = 0
    for k in range(len(bins)):
        if bins[k] < 0:
            continue
        at = columns.dense[first + bins[k]]
        if at >= 0:
            _add_present(matched[:size], columns.weights[at : at + size])
        else:
            for i in range(columns.lists[first + bins[k]], columns.lists[first + bins[k] + 1]):
                matched[columns.place[i]] += 1


@kernel
def _bound_block(
    method: Method,
    n_query: int,
    counted: bool,
    unit: float,
    query_square: float,
    query_strong: float,
    query_lowest: float,
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
    one, two, half = np.float32(1.0), np.float32(2.0), np.float32(0.5)
    thousand = np.float32(1000.0)
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
        cut = work.cut[start:stop]
        if method.kind == COSINE:
            for i in range(len(bound)):
                bound[i] = f * np.float32(sums[i])
        elif method.kind == COMPOSITE:
            matched = work.matched[start - base : stop - base]
            for i in range(len(bound)):
                c = min(one, f * np.float32(sums[i]))
                dot = c * c if method.squared else c
                common = np.float32(matched[i]) if counted else n
                bound[i] = scale * (n * dot + common - one) / (n + common) if sums[i] > 0 else np.float32(0.0)
        elif math.isinf(factor):
            for i in range(len(bound)):
                bound[i] = thousand if sums[i] > 0 else np.float32(0.0)
                work.likely[start + i] = min(one, bound[i])
        elif not method.identity:
            for i in range(len(bound)):
                c = f * np.float32(sums[i])
                bound[i] = thousand * min(one, c * c * cut[i]) - half
        elif counted:
            matched, neighbours = work.matched[start - base : stop - base], work.neighbours[start - base : stop - base]
            likely = work.likely[start:stop]
            for i in range(len(bound)):
                c = f * np.float32(sums[i])
                n1 = np.float32(max(matched[i], np.uint8(1)))
                n2 = np.float32(neighbours[i])
                square = min(one, c * c * cut[i])
                likely[i] = square
                value = thousand * (n1 * square + n2) / (n1 + n2) - half
                bound[i] = value if sums[i] > 0 else np.float32(0.0)
        else:
            for i in range(len(bound)):
                c = f * np.float32(sums[i])
                value = thousand * (n * min(one, c * c * cut[i]) + n - one) / (two * n - one) - half
                bound[i] = value if sums[i] > 0 else np.float32(0.0)
    return run


@kernel
def _cut_norms(query_lowest: float, places: Places, peaks: Peaks, unit_mass: bool, cut: Single) -> None:
    """Sum of squared weights over that of what takes part, for spectra that begin below the query."""
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
def _cosines(
    norm: float,
    peaks: Peaks,
    work: Work,
    rows: Int,
    score: Float,
    reverse: Float,
    matched: Int,
) -> None:
    """Cosines by a table of the query's weights at every m/z, and those of its matched peaks alone.

    The sums are those of `cosine_scores` in the same order; zeros between their terms change nothing.
    """
    for k in range(len(rows)):
        product = own = 0.0
        n_matched = 0
        for peak in range(peaks.offsets[rows[k]], peaks.offsets[rows[k] + 1]):
            at = peaks.bins[peak]
            weight = work.table[at]
            product += weight * peaks.values[peak]
            own += weight * weight
            n_matched += work.present[at]
        matched[k] = n_matched
        score[k] = reverse[k] = 0.0
        if n_matched > 0:
            score[k] = min(1.0, product / math.sqrt(norm * peaks.square[rows[k]]))
            reverse[k] = min(1.0, product / math.sqrt(own * peaks.square[rows[k]]))


@kernel
def _score_rows(
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
    """Exact scores of one query against ``rows``; and its reverse scores."""
    if method.kind == COSINE:
        _cosines(norm, peaks, work, rows, score, reverse, matched)
    elif method.kind == MATCH_FACTOR:
        match_factors(
            mz,
            values,
            peaks.mz,
            peaks.values,
            peaks.offsets,
            rows,
            method.mz_min,
            method.mz_max,
            method.identity,
            score,
            reverse,
            matched,
        )
    elif method.kind == COMPOSITE:
        composite_scores(
            mz,
            intensity,
            values,
            peaks.mz,
            peaks.intensity,
            peaks.values,
            peaks.offsets,
            rows,
            method.squared,
            score,
            reverse,
            matched,
        )
        for k in range(len(rows)):
            score[k] = method.scale * score[k]
            reverse[k] = method.scale * reverse[k]
    else:
        shifts = np.empty(len(rows))
        for k in range(len(rows)):
            shifts[k] = mass - peaks.masses[rows[k]]
            if abs(shifts[k]) <= method.tolerance:
                shifts[k] = 0.0
        hybrid_scores(
            mz,
            values,
            peaks.mz,
            peaks.values,
            peaks.offsets,
            rows,
            shifts,
            method.tolerance,
            0.0,
            math.isnan(method.mz_min),
            0.0 if math.isnan(method.mz_min) else method.mz_min,
            method.mz_max,
            1.0,
            score,
            reverse,
            matched,
        )
        for k in range(len(rows)):
            score[k] = max(0.0, 1000.0 * score[k] - 0.5)
            reverse[k] = max(0.0, 1000.0 * reverse[k] - 0.5)


@kernel
def _close_to_identity(
    some: Int,
    query_lowest: float,
    query_strong: float,
    common_start: bool,
    distinct: Float,
    lowest: Float,
    lowest_bin: Int,
    offsets: Int,
    bins: Word,
    roots: Single,
    query_root: Float,
    strong_below: Int,
    strong_from: Float,
    score: Float,
) -> None:
    """The match factors of the places ``some``, but for rounding; ``query_strong`` is the query's sum above traces."""
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


@kernel
def _fill_tables(mz: Float, values: Float, bins: Bits, work: Work) -> None:
    """What is asked of a query by the number of an m/z: its value there, and whether it has a peak."""
    for k in range(len(bins)):
        if bins[k] >= 0:
            work.table[bins[k]] = values[k]
            work.root[bins[k]] = math.sqrt(values[k])
            work.present[bins[k]] = 1


@kernel
def _clear_tables(bins: Bits, work: Work) -> None:
    for k in range(len(bins)):
        if bins[k] >= 0:
            work.table[bins[k]] = 0.0
            work.root[bins[k]] = 0.0
            work.present[bins[k]] = 0


@kernel
def _fill_strong(mz: Float, intensity: Float, distinct: Float, unit_mass: bool, work: Work) -> float:
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
def _before(a: int, b: int, score: Float, matched: Int, row: Int) -> bool:
    """The written order: score, then matched peaks, then library id."""
    if score[a] != score[b]:
        return bool(score[a] > score[b])
    if matched[a] != matched[b]:
        return bool(matched[a] > matched[b])
    return bool(row[a] < row[b])


@kernel
def _sort(order: Int, score: Float, matched: Int, row: Int) -> None:
    """Sort places by the written order (Shell 1959, doi:10.1145/368370.368387)."""
    gap = 1
    while gap < len(order) // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for i in range(gap, len(order)):
            held = order[i]
            j = i
            while j >= gap and _before(held, order[j - gap], score, matched, row):
                order[j] = order[j - gap]
                j -= gap
            order[j] = held
        gap //= 3


@kernel
def _enter(substance: int, score: float, held: Int, held_score: Float, count: int) -> int:
    """Keep the best score of each of the best substances; returns how many are held."""
    lowest = 0
    for k in range(count):
        if held[k] == substance:
            held_score[k] = max(held_score[k], score)
            return count
        if held_score[k] < held_score[lowest]:
            lowest = k
    if count < len(held):
        held[count], held_score[count] = substance, score
        return count + 1
    if score > held_score[lowest]:
        held[lowest], held_score[lowest] = substance, score
    return count


@kernel
def _hybrid_bounds(
    method: Method,
    mz: Float,
    intensity: Float,
    mass: float,
    query_strong: float,
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
                square = total * total * work.cut[place] / inside if inside > 0.0 else 1.0
                work.bound[place] = 1000.0 * min(1.0, square) - 0.5


@kernel
def _highest_of_groups(bits: Bits, highest: Bits) -> None:
    """The maximum of every group of places, at least 0."""
    for group in range(len(highest)):
        most = np.int32(0)
        for place in range(group * GROUP, min((group + 1) * GROUP, len(bits))):
            most = max(most, bits[place])
        highest[group] = most


@kernel
def _highest_groups(highest: Bits, first: Int) -> int:
    """The groups of the highest maxima, descending; returns how many there are."""
    n_first = 0
    for group in range(len(highest)):
        if n_first == len(first) and highest[group] <= highest[first[n_first - 1]]:
            continue
        at = n_first if n_first < len(first) else n_first - 1
        n_first = at + 1
        while at > 0 and highest[first[at - 1]] < highest[group]:
            first[at] = first[at - 1]
            at -= 1
        first[at] = group
    return n_first


@kernel
def _bits(least: float, work: Work) -> int:
    """The smallest bound, read as a whole number, that may stand for a score of ``least``."""
    work.single[0] = max(0.0, least * (1.0 - SLACK) - SLACK)
    return max(1, int(work.single_bits[0]))


@kernel
def _collect(groups: Int, limit: int, highest: Bits, bound_bits: Bits, some: Int, bits: Bits) -> int:
    """Places in ``groups`` whose bound is ``limit`` or more, each once, with their bounds; returns how many."""
    count = 0
    for group in groups:
        if highest[group] < limit:
            continue
        for place in range(group * GROUP, min((group + 1) * GROUP, len(bound_bits))):
            some[count] = place
            bits[count] = bound_bits[place]
            if bound_bits[place] >= limit:
                bound_bits[place] = 0
                count += 1
    return count


@kernel
def best_substances(
    method: Method,
    top: int,
    query: Peaks,
    order: Int,
    weights: Word,
    unit: Float,
    distinct: Float,
    columns: Columns,
    places: Places,
    roots: Roots,
    moving: Moving,
    substances: Substances,
    peaks: Peaks,
    work: Work,
    allowed: Byte,
    allowed_step: int,
    start: Int,
    stop: Int,
) -> tuple[Int, Float, Float, Int]:
    """All scored rows of the ``top`` best substances of every query, in the written order.

    ``query`` holds the peaks inside the limits of the method; ``weights`` their weights in units of ``unit`` (NaN: no
    bound can be given, score everything); ``distinct`` are the m/z that ``bins`` number. ``order`` is the order in
    which queries are done. ``allowed`` is empty or has one byte a row, for query ``q`` from ``q * allowed_step``. The
    results of query ``q`` are entries ``start[q]`` to ``stop[q]`` of row, score, reverse and matched.
    """
    n_places = len(places.row)
    unit_mass, common_start = not method.identity, math.isnan(method.mz_min)
    with_traces = method.kind == MATCH_FACTOR or method.kind == HYBRID
    rows = np.empty(n_places, dtype=np.int64)
    score, reverse = np.empty(n_places), np.empty(n_places)
    matched = np.empty(n_places, dtype=np.int64)
    held, held_score = np.empty(min(top, LONGEST_LIST), dtype=np.int64), np.empty(min(top, LONGEST_LIST))
    n_groups = (n_places + GROUP - 1) // GROUP
    first = np.empty(min(n_groups, 2 * len(held)), dtype=np.int64)
    chosen = np.empty(min(top, len(substances.offsets) - 1), dtype=np.int64)
    out_row, out_matched = np.empty(1024, dtype=np.int64), np.empty(1024, dtype=np.int64)
    out_score, out_reverse = np.empty(1024), np.empty(1024)
    written = 0
    # One place more: it is written before it is known whether it counts.
    some, bits, every = (
        np.empty(n_places + 1, dtype=np.int64),
        np.empty(n_places + 1, dtype=np.int32),
        np.arange(n_groups),
    )
    chunk = np.empty(CHUNK, dtype=np.int64)
    cut_at = -1.0
    for q in order:
        a, b = query.offsets[q], query.offsets[q + 1]
        start[q] = stop[q] = written
        if a == b or n_places == 0:
            continue
        mz, intensity, values, bins = query.mz[a:b], query.intensity[a:b], query.values[a:b], query.bins[a:b]
        norm = query.square[q]
        strong = 0.0
        bounded = not math.isnan(unit[q]) and top <= LONGEST_LIST
        counted = b - a < 256
        close = bounded and method.kind == MATCH_FACTOR and method.identity and counted
        # Close scores differ from exact ones by less than the margin.
        margin = MARGIN if close else 0.0
        _fill_tables(mz, values, bins, work)
        if not bounded:
            work.bound[:] = math.inf
        else:
            if with_traces:
                strong = _fill_strong(mz, values, distinct, unit_mass, work)
                if cut_at != mz[0]:
                    cut_at = mz[0]
                    _cut_norms(cut_at if math.isnan(method.mz_min) else -1.0, places, peaks, unit_mass, work.cut)
            if method.kind == HYBRID:
                _hybrid_bounds(method, mz, values, query.masses[q], strong, places, moving, peaks, work)
            else:
                run = 0
                for block in range((n_places + BLOCK - 1) // BLOCK):
                    base = block * BLOCK
                    size = min(BLOCK, n_places - base)
                    entry = block * columns.n_mz
                    _sum_block(bins, weights[a:b], entry, size, columns, work.sums)
                    if close:
                        _neighbours_block(bins, mz, values, entry, size, columns, work)
                    if method.kind == COMPOSITE and counted:
                        _common_block(bins, entry, size, columns, work.matched)
                    run = _bound_block(
                        method, b - a, counted, unit[q], norm, strong, mz[0], base, size, run, places, work
                    )
        if len(allowed) > 0:
            for place in range(n_places):
                if allowed[q * allowed_step + places.row[place]] == 0:
                    work.bound[place] = -1.0
                    work.likely[place] = -1.0
        # First the places of the highest bounds, of match factors with ratios those of the highest cosines: they fill
        # the list, and its last score decides about all others.
        likely_bits = work.likely_bits if close else work.bound_bits
        _highest_of_groups(likely_bits, work.highest)
        n_first = _highest_groups(work.highest, first)
        provisional = 1
        if n_first == len(first):
            provisional = max(provisional, int(work.highest[first[n_first - 1]]))
        n_some = _collect(first[:n_first], provisional, work.highest, likely_bits, some, bits)
        if close:
            for k in range(n_some):
                bits[k] = work.bound_bits[some[k]]
                work.bound_bits[some[k]] = 0
        _highest_of_groups(work.bound_bits, work.highest)
        least = 0.0
        count = n_held = 0
        for step in range(2):
            if step > 0:
                n_some = _collect(every, _bits(least, work), work.highest, work.bound_bits, some, bits)
            at = 0
            while at < n_some:
                # The list may have become better: what is below its last score now is left out.
                limit = _bits(least, work)
                n_chunk = 0
                while at < n_some and n_chunk < CHUNK:
                    if bits[at] >= limit:
                        chunk[n_chunk] = some[at]
                        rows[count + n_chunk] = places.row[some[at]]
                        n_chunk += 1
                    at += 1
                stop_at = count + n_chunk
                if close:
                    _close_to_identity(
                        chunk[:n_chunk],
                        mz[0],
                        strong,
                        common_start,
                        distinct,
                        places.lowest,
                        places.lowest_bin,
                        roots.offsets,
                        roots.bin,
                        roots.root,
                        work.root,
                        work.strong_below,
                        work.strong_from,
                        score[count:stop_at],
                    )
                else:
                    _score_rows(
                        method,
                        mz,
                        intensity,
                        values,
                        query.masses[q],
                        norm,
                        peaks,
                        work,
                        rows[count:stop_at],
                        score[count:stop_at],
                        reverse[count:stop_at],
                        matched[count:stop_at],
                    )
                for k in range(count, stop_at):
                    if score[k] < least - margin or (not close and (matched[k] == 0 or not score[k] > 0.0)):
                        continue
                    rows[count], score[count], matched[count] = rows[k], score[k], matched[k]
                    count += 1
                    if score[k] > margin and top <= LONGEST_LIST:
                        n_held = _enter(substances.of_row[rows[k]], score[k], held, held_score, n_held)
                if n_held == len(held) and top <= LONGEST_LIST:
                    least = max(0.0, held_score.min() - margin)
        if close:
            kept = 0
            for k in range(count):
                if score[k] >= least - margin:
                    rows[kept] = rows[k]
                    kept += 1
            _score_rows(
                method,
                mz,
                intensity,
                values,
                query.masses[q],
                norm,
                peaks,
                work,
                rows[:kept],
                score[:kept],
                reverse[:kept],
                matched[:kept],
            )
            count = 0
            for k in range(kept):
                if matched[k] > 0 and score[k] > 0.0:
                    rows[count], score[count], matched[count] = rows[k], score[k], matched[k]
                    count += 1
        best = np.arange(count)
        _sort(best, score, matched, rows)
        n_chosen = 0
        for ranked in best:
            substance = substances.of_row[rows[ranked]]
            if work.seen[substance] == 0 and n_chosen < len(chosen):
                work.seen[substance] = 1
                chosen[n_chosen] = substance
                n_chosen += 1
        count = written
        for substance in chosen[:n_chosen]:
            work.seen[substance] = 0
            own = substances.rows[substances.offsets[substance] : substances.offsets[substance + 1]]
            while count + len(own) > len(out_row):
                out_row, out_matched = _longer_whole(out_row), _longer_whole(out_matched)
                out_score, out_reverse = _longer(out_score), _longer(out_reverse)
            for row in own:
                if len(allowed) == 0 or allowed[q * allowed_step + row] > 0:
                    out_row[count] = row
                    count += 1
        _score_rows(
            method,
            mz,
            intensity,
            values,
            query.masses[q],
            norm,
            peaks,
            work,
            out_row[written:count],
            out_score[written:count],
            out_reverse[written:count],
            out_matched[written:count],
        )
        for k in range(written, count):
            if out_matched[k] > 0 and out_score[k] > 0.0:
                out_row[written], out_score[written] = out_row[k], out_score[k]
                out_reverse[written], out_matched[written] = out_reverse[k], out_matched[k]
                written += 1
        _clear_tables(bins, work)
        best = np.arange(start[q], written)
        _sort(best, out_score, out_matched, out_row)
        out_row[start[q] : written] = out_row[best]
        out_score[start[q] : written] = out_score[best]
        out_reverse[start[q] : written] = out_reverse[best]
        out_matched[start[q] : written] = out_matched[best]
        stop[q] = written
    return out_row[:written], out_score[:written], out_reverse[:written], out_matched[:written]


@kernel
def _longer(array: Float) -> Float:
    longer = np.empty(2 * len(array))
    longer[: len(array)] = array
    return longer


@kernel
def _longer_whole(array: Int) -> Int:
    longer = np.empty(2 * len(array), dtype=np.int64)
    longer[: len(array)] = array
    return longer
