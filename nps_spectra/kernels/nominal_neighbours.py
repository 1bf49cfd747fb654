"""Neighbouring peaks of a query that library spectra have too: their number, and how much their ratios differ.

The ratio of two neighbours in the query and that in the library spectrum, both in steps of a logarithm, differ by at
least one step less than their bytes do. What the smaller of both over the larger is below 1 by is never less than a
line with two bends through 0 that stays below ``1 - exp(-difference)``, which is concave.
"""

from __future__ import annotations

import numpy as np

from nps_spectra._jit import kernel
from nps_spectra.kernels.nominal_columns import ratio_byte
from nps_spectra.kernels.nominal_layout import Bits, Byte, Columns, Float, Word, Work

#: Where the line bends, in steps; it rises by two until the first, by one until the second.
BEND, END = 20, 56
#: What the line is at least multiplied with: at both bends ``1 - exp(-d / RATIO_STEPS)`` is above it.
LOSS = 0.01028
#: Masses are scaled so that all losses of a query fit 16 bits.
MOST_LOSSES = 65000.0 / (BEND + END)
#: Peaks whose numbers fit a byte.
_FEW = 255


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
def _weigh_above(weighed: Word, gaps: Byte, below: Byte, gap: Byte, mass: Word) -> None:
    """As `_add_above`, but adds masses."""
    least, most = gap[0], mass[1]
    for i in range(len(weighed)):
        weighed[i] += most * (np.uint8(gaps[i] >= least) & np.uint8(below[i] > 0))


@kernel
def _weigh_at_gap(weighed: Word, gaps: Byte, gap: Byte, mass: Word) -> None:
    just, most = gap[0], mass[1]
    for i in range(len(weighed)):
        weighed[i] += most * np.uint8(gaps[i] == just)


@kernel
def _add_losses(lost: Word, ratios: Byte, gaps: Byte, gap: Byte, mass: Word) -> None:
    """Masses times what the ratios differ by, of peaks whose next lower one is at this distance."""
    just, own, least = gap[0], gap[1], mass[0]
    one, bend, end = np.uint8(1), np.uint8(BEND), np.uint8(END)
    # Chosen by conditions: `min` and `max` would be compiled to numbers of 64 bits.
    for i in range(len(lost)):
        ratio = ratios[i]
        apart = np.uint8((ratio if ratio > own else own) - (own if ratio > own else ratio))
        apart = np.uint8((apart if apart > one else one) - one)
        loss = np.uint8((apart if apart < bend else bend) + (apart if apart < end else end))
        lost[i] += least * (loss if gaps[i] == just else np.uint8(0))


@kernel
def _add_few(total: Word, few: Byte) -> None:
    for i in range(len(total)):
        total[i] += few[i]
        few[i] = 0


@kernel
def count_neighbours(
    bins: Bits,
    mz: Float,
    intensity: Float,
    losses: bool,
    first: int,
    base: int,
    size: int,
    columns: Columns,
    work: Work,
) -> None:
    """At least so many matched peaks, at most so many matched neighbours, for every place of one block from ``base``.

    Or, of ``losses``: at most so much mass of matched neighbours, and at least so much of it times loss of ratio.
    Only the query's peaks above a trace are sure to count as matched. The lower neighbour of a matched peak is the
    query's next lower one above a trace, if the library spectrum has nothing above a trace in between, or a trace of
    the query between the two, if that is where the library spectrum's next lower peak above a trace is.
    """
    dense, lists, place = columns.dense, columns.lists, columns.place
    matched, neighbours = work.matched[base : base + size], work.neighbours[base : base + size]
    weighed, lost = work.weighed[base : base + size], work.lost[base : base + size]
    few, few_neighbours, column = work.few_matched[:size], work.few_neighbours[:size], work.column[:size]
    if losses:
        weighed[:] = 0
        lost[:] = 0
    else:
        matched[:] = 0
        neighbours[:] = 0
    total = 0.0
    for k in range(len(mz)):
        total += mz[k]
    mass, gap = np.zeros(2, dtype=np.uint16), np.zeros(2, dtype=np.uint8)
    since = 0
    below = -1
    for k in range(len(bins)):
        entry = first + bins[k]
        if bins[k] >= 0:
            at, start, stop = dense[entry], lists[entry], lists[entry + 1]
            weights = columns.weights[at : at + size] if at >= 0 else column
            gaps = columns.gaps[at : at + size] if at >= 0 else column
            mass[0] = np.uint16(mz[k] * (MOST_LOSSES / total))
            mass[1] = mass[0] + np.uint16(1)
            if intensity[k] > 1.0 and not losses:
                if at >= 0:
                    _add_present(few, weights)
                else:
                    for i in range(start, stop):
                        few[place[i]] += 1
            far = False  # all distances of 255 and more are one: counted once
            for lower in range(k - 1, max(below, 0) - 1, -1):
                if bins[lower] < 0 or far:
                    continue
                exactly = lower != below
                far = mz[k] - mz[lower] >= 255.0
                gap[0] = min(255.0, mz[k] - mz[lower])
                # Both are sure to be neighbours where the upper one is no trace and the library's lower one just there.
                sure = losses and intensity[k] > 1.0 and not far
                if sure:
                    gap[1] = ratio_byte(intensity[k], intensity[lower])
                if exactly:
                    if at < 0:
                        for i in range(start, stop):
                            if columns.list_gaps[i] == gap[0]:
                                if losses:
                                    weighed[place[i]] += mass[1]
                                else:
                                    few_neighbours[place[i]] += 1
                    elif losses:
                        _weigh_at_gap(weighed, gaps, gap, mass)
                    else:
                        _add_at_gap(few_neighbours, gaps, gap)
                else:
                    other = dense[first + bins[lower]]
                    there = columns.weights[other : other + size] if other >= 0 else column
                    if other < 0:
                        for i in range(lists[first + bins[lower]], lists[first + bins[lower] + 1]):
                            column[place[i]] = 1
                    if at < 0:
                        for i in range(start, stop):
                            if columns.list_gaps[i] >= gap[0] and there[place[i]] > 0:
                                if losses:
                                    weighed[place[i]] += mass[1]
                                else:
                                    few_neighbours[place[i]] += 1
                    elif losses:
                        _weigh_above(weighed, gaps, there, gap, mass)
                    else:
                        _add_above(few_neighbours, gaps, there, gap)
                    if other < 0:
                        for i in range(lists[first + bins[lower]], lists[first + bins[lower] + 1]):
                            column[place[i]] = 0
                if sure and at >= 0:
                    _add_losses(lost, columns.ratios[at : at + size], gaps, gap, mass)
                elif sure:
                    for i in range(start, stop):
                        if columns.list_gaps[i] == gap[0]:
                            apart = max(abs(int(columns.list_ratios[i]) - int(gap[1])) - 1, 0)
                            lost[place[i]] += mass[0] * (min(apart, BEND) + min(apart, END))
        if intensity[k] > 1.0:
            below = k
        since += 1
        if (since == _FEW or k == len(bins) - 1) and not losses:
            since = 0
            _add_few(matched, few)
            _add_few(neighbours, few_neighbours)


@kernel
def count_common(bins: Bits, first: int, base: int, size: int, columns: Columns, work: Work) -> None:
    """Number of common peaks for every place of one block from ``base``."""
    few = work.few_matched[:size]
    work.matched[base : base + size] = 0
    since = 0
    for k in range(len(bins)):
        if bins[k] >= 0:
            at = columns.dense[first + bins[k]]
            if at >= 0:
                _add_present(few, columns.weights[at : at + size])
            else:
                for i in range(columns.lists[first + bins[k]], columns.lists[first + bins[k] + 1]):
                    few[columns.place[i]] += 1
        since += 1
        if since == _FEW or k == len(bins) - 1:
            since = 0
            _add_few(work.matched[base : base + size], few)
