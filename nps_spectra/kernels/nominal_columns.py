"""Columns of bytes by m/z of a nominal-mass library: filled once, summed and counted for every query.

The loops are simple on purpose: they are compiled to instructions that take 16 to 64 spectra at a time.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nps_spectra._jit import kernel
from nps_spectra.kernels.nominal_layout import BLOCK, Bits, Byte, Columns, Float, Int, Word, Work


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
def sum_block(bins: Bits, weight: Word, first: int, size: int, columns: Columns, sums: Word) -> None:
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
def count_neighbours(
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
def count_common(bins: Bits, first: int, size: int, columns: Columns, matched: Byte) -> None:
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
