"""The best substances of a nominal-mass library for each query: upper bounds first, exact scores of what is left.

A weight is a peak's term in a cosine. Divided by the norm of its spectrum and rounded up, it is a byte; the byte
columns of the query's m/z, times the query's weights, are summed in 16 bits for all library spectra at once. That sum
is never below the cosine, so the score that it allows is never below the score, and spectra whose bound is below
the score of the last substance on the list need no exact score.
"""

from __future__ import annotations

import math

import numpy as np

from nps_spectra._jit import kernel
from nps_spectra.kernels.nominal_bounds import bound_block, bound_by_ratios, fill_strong, hybrid_bounds
from nps_spectra.kernels.nominal_columns import sum_block
from nps_spectra.kernels.nominal_layout import (
    BLOCK,
    COMPOSITE,
    GROUP,
    HYBRID,
    MATCH_FACTOR,
    Bits,
    Byte,
    Float,
    Int,
    Layout,
    Peaks,
    Single,
    Word,
    Work,
)
from nps_spectra.kernels.nominal_neighbours import count_common, count_neighbours
from nps_spectra.kernels.nominal_scores import clear_tables, close_to_identity, fill_tables, score_rows
from nps_spectra.kernels.postings import largest_of
from nps_spectra.kernels.ranking import best_of_substances

#: A query of more peaks is compared with everything: its sums might not fit 16 bits.
MOST_PEAKS = 4096
#: Bounds are computed with 24-bit fractions; rounding changes them by less than this part.
SLACK = 1e-5
#: Spectra that are scored before the list is looked at again.
CHUNK = 128
#: The same of the places with the highest bounds, from which the list is made.
HANDFUL = 8
#: Match factors from rounded roots differ from exact ones by less.
MARGIN = 1e-2
#: No bound: whatever it is, it stays.
_STAYS = (1 << 31) - 1


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
def _highest_of_groups(groups: Int, bits: Bits, highest: Bits) -> None:
    """The maximum of each of these groups of places, at least 0."""
    for group in groups:
        highest[group] = largest_of(bits[group * GROUP : (group + 1) * GROUP])


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
def _bounds(
    layout: Layout,
    query: Peaks,
    q: int,
    weights: Word,
    unit: float,
    cut: Single,
    close: bool,
    strong: float,
    work: Work,
) -> None:
    """The highest possible score of every place with one query."""
    method, columns, places = layout.method, layout.columns, layout.places
    a, b = query.offsets[q], query.offsets[q + 1]
    mz, values, bins = query.mz[a:b], query.values[a:b], query.bins[a:b]
    if math.isnan(unit):
        work.bound[:] = math.inf
        return
    if method.kind == HYBRID:
        hybrid_bounds(method, mz, values, query.masses[q], strong, cut, places, layout.moving, layout.peaks, work)
        return
    if close:
        _neighbours(layout, mz, values, bins, False, work)
    n_places = len(places.row)
    run = 0
    for block in range((n_places + BLOCK - 1) // BLOCK):
        base = block * BLOCK
        size = min(BLOCK, n_places - base)
        entry = block * columns.n_mz
        sum_block(bins, weights[a:b], entry, size, columns, work.sums)
        if method.kind == COMPOSITE:
            count_common(bins, entry, base, size, columns, work)
        run = bound_block(method, b - a, unit, query.square[q], strong, mz[0], cut, base, size, run, places, work)


@kernel
def _neighbours(layout: Layout, mz: Float, values: Float, bins: Bits, losses: bool, work: Work) -> None:
    """Neighbours that every place has in common with the query, or how much their ratios differ at least."""
    n_places = len(layout.places.row)
    for block in range((n_places + BLOCK - 1) // BLOCK):
        base = block * BLOCK
        entry = block * layout.columns.n_mz
        count_neighbours(bins, mz, values, losses, entry, base, min(BLOCK, n_places - base), layout.columns, work)


@kernel
def _first_places(every: Int, first: Int, likely_bits: Bits, close: bool, work: Work, some: Int, bits: Bits) -> int:
    """The places of the highest bounds, or of match factors with ratios those of the highest cosines.

    They fill the list, and its last score decides about all others.
    """
    _highest_of_groups(every, likely_bits, work.highest)
    n_first = _highest_groups(work.highest, first)
    provisional = 1
    if n_first == len(first) and n_first > 0:
        provisional = max(provisional, int(work.highest[first[n_first - 1]]))
    n_some = _collect(first[:n_first], provisional, work.highest, likely_bits, some, bits)
    if close:
        for k in range(n_some):
            bits[k] = work.bound_bits[some[k]]
            work.bound_bits[some[k]] = 0
        _highest_of_groups(every, work.bound_bits, work.highest)
    else:
        _highest_of_groups(first[:n_first], work.bound_bits, work.highest)
    return n_some


@kernel
def _descending(some: Int, bits: Bits, count: int) -> None:
    """Sort places by their bounds, the highest first."""
    for k in range(1, count):
        place, bit, at = some[k], bits[k], k
        while at > 0 and bits[at - 1] < bit:
            some[at], bits[at] = some[at - 1], bits[at - 1]
            at -= 1
        some[at], bits[at] = place, bit


@kernel
def best_rows(
    layout: Layout,
    query: Peaks,
    order: Int,
    weights: Word,
    unit: Float,
    cut: Single,
    closed: Byte,
    left_out: Int,
    left_bounds: Int,
    many: int,
    work: Work,
    best: Int,
    best_score: Float,
    best_matched: Int,
    count: Int,
) -> None:
    """The best row of each of the best substances for every query, in the written order.

    ``query`` holds the peaks inside the limits of the method; ``weights`` their weights in units of ``unit`` (NaN: no
    bound can be given, score everything). ``order`` are the queries to do, and ``cut`` what norms are cut by for all of
    them. ``closed`` is empty or has one byte a place, above 0 where it may not be compared; nor may the places
    ``left_out[left_bounds[q]:left_bounds[q + 1]]``. Where more than ``many`` match factors with ratios are left, all
    ratios are looked at first. Query q has line q of ``best`` and its companions, as long as substances are wanted,
    and of ``count``, how many were found.
    """
    method, places, peaks = layout.method, layout.places, layout.peaks
    n_places, top = len(places.row), best.shape[1]
    unit_mass, common_start = not method.identity, math.isnan(method.mz_min)
    n_groups = (n_places + GROUP - 1) // GROUP
    every, first = np.arange(n_groups), np.empty(min(n_groups, 2 * top), dtype=np.int64)
    held, held_score = np.empty(top, dtype=np.int64), np.empty(top)
    # Places that are kept, with their rows and scores; then a chunk that is looked at.
    found, rows = np.empty(n_places + CHUNK, dtype=np.int64), np.empty(n_places + CHUNK, dtype=np.int64)
    score, reverse = np.empty(n_places + CHUNK), np.empty(n_places + CHUNK)
    matched = np.empty(n_places + CHUNK, dtype=np.int64)
    # One place more: it is written before it is known whether it counts.
    some, bits = np.empty(n_places + 1, dtype=np.int64), np.empty(n_places + 1, dtype=np.int32)
    lines, bounds = np.empty(1, dtype=np.int64), np.zeros(2, dtype=np.int64)
    for q in order:
        count[q] = 0
        a, b = query.offsets[q], query.offsets[q + 1]
        if a == b or n_places == 0:
            continue
        mz, values, bins = query.mz[a:b], query.values[a:b], query.bins[a:b]
        bounded = not math.isnan(unit[q])
        close = bounded and method.kind == MATCH_FACTOR and method.identity
        # Close scores differ from exact ones by less than the margin.
        margin = MARGIN if close else 0.0
        strong = 0.0
        fill_tables(values, bins, work)
        if bounded and (method.kind == MATCH_FACTOR or method.kind == HYBRID):
            strong = fill_strong(mz, values, layout.distinct, unit_mass, work)
        _bounds(layout, query, q, weights, unit[q], cut, close, strong, work)
        likely, likely_bits = (work.likely, work.likely_bits) if close else (work.bound, work.bound_bits)
        for place in range(len(closed)):
            if closed[place] > 0:
                work.bound[place] = likely[place] = -1.0
        for place in left_out[left_bounds[q] : left_bounds[q + 1]]:
            work.bound[place] = likely[place] = -1.0
        n_some = _first_places(every, first, likely_bits, close, work, some, bits)
        if n_some <= CHUNK:
            _descending(some, bits, n_some)
        least = 0.0
        n_found = n_held = 0
        for step in range(3 if close else 2):
            closely = close and step < 2
            if step == 1:
                n_some = _collect(every, _bits(least, work), work.highest, work.bound_bits, some, bits)
                if close and n_some > many:
                    _neighbours(layout, mz, values, bins, True, work)
                    bound_by_ratios(some[:n_some], work, bits[:n_some])
            elif step == 2:  # what may be among the best by close scores is scored exactly
                n_some = 0
                for k in range(n_found):
                    if score[k] >= least - margin:
                        some[n_some], bits[n_some] = found[k], _STAYS
                        n_some += 1
                n_found = 0
            at = 0
            while at < n_some:
                # The list may have become better: what is below its last score now is left out.
                limit = _bits(least, work)
                stop = n_found
                # The first places one handful after the other: most are below the last score of the list then.
                while at < n_some and stop < n_found + (HANDFUL if step == 0 else CHUNK):
                    if bits[at] >= limit:
                        found[stop], rows[stop] = some[at], places.row[some[at]]
                        stop += 1
                    at += 1
                if closely:
                    close_to_identity(
                        found[n_found:stop],
                        mz[0],
                        strong,
                        common_start,
                        layout.distinct,
                        places.lowest,
                        places.lowest_bin,
                        layout.roots,
                        work,
                        score[n_found:stop],
                    )
                else:
                    score_rows(
                        method,
                        mz,
                        query.intensity[a:b],
                        values,
                        query.masses[q],
                        query.square[q],
                        peaks,
                        work,
                        rows[n_found:stop],
                        score[n_found:stop],
                        reverse[n_found:stop],
                        matched[n_found:stop],
                    )
                for k in range(n_found, stop):
                    if score[k] < least - margin or (not closely and (matched[k] == 0 or not score[k] > 0.0)):
                        continue
                    found[n_found], rows[n_found] = found[k], rows[k]
                    score[n_found], matched[n_found] = score[k], matched[k]
                    n_found += 1
                    if step < 2 and score[k] > margin:
                        n_held = _enter(layout.substance[rows[k]], score[k], held, held_score, n_held)
                if n_held == top:
                    least = max(0.0, held_score.min() - margin)
        lines[0], bounds[1] = q, n_found
        best_of_substances(bounds, rows, score, matched, layout.substance, lines, best, best_score, best_matched, count)
        clear_tables(bins, work)
