"""Columns of bytes by m/z of a nominal-mass library: filled once, summed and counted for every query.

The loops are simple on purpose: they are compiled to instructions that take 16 to 64 spectra at a time.
"""

from __future__ import annotations

import math

import numpy as np

from nps_spectra._jit import kernel
from nps_spectra.kernels.nominal_layout import BLOCK, RATIO_STEPS, Bits, Byte, Columns, Float, Int, Word


@kernel
def count_columns(bin_of_peak: Bits, row: Int, offsets: Int, n_mz: int, counts: Int) -> None:
    """Number of peaks of every m/z in every block; ``bin_of_peak`` is -1 where a peak takes no part."""
    for at in range(len(row)):
        base = (at // BLOCK) * n_mz
        for peak in range(offsets[row[at]], offsets[row[at] + 1]):
            if bin_of_peak[peak] >= 0:
                counts[base + bin_of_peak[peak]] += 1


@kernel
def ratio_byte(upper: float, lower: float) -> int:
    """The logarithm of the root of a ratio of intensities, in steps of 1 / `RATIO_STEPS`, as a byte."""
    return int(min(255.0, max(0.0, 128.0 + np.rint(0.5 * RATIO_STEPS * math.log(upper / lower)))))


@kernel
def fill_columns(
    bin_of_peak: Bits, weight: Byte, mz: Float, height: Float, row: Int, offsets: Int, columns: Columns
) -> None:
    """Write the bytes of all peaks to their columns or lists; ``height`` is 1 for a trace, and its logarithm counts."""
    filled = np.zeros(len(columns.dense), dtype=np.int64)
    with_gaps = len(columns.gaps) + len(columns.list_gaps) > 0
    for at in range(len(row)):
        block = at // BLOCK
        local = at - block * BLOCK
        below, below_height = -255.0, 1.0
        for peak in range(offsets[row[at]], offsets[row[at] + 1]):
            if bin_of_peak[peak] < 0:
                continue
            gap = np.uint8(min(255.0, mz[peak] - below))
            ratio = ratio_byte(height[peak], below_height) if with_gaps else 0
            if height[peak] > 1.0:
                below, below_height = mz[peak], height[peak]
            entry = block * columns.n_mz + bin_of_peak[peak]
            if columns.dense[entry] >= 0:
                columns.weights[columns.dense[entry] + local] = weight[peak]
                if with_gaps:
                    columns.gaps[columns.dense[entry] + local] = gap
                    columns.ratios[columns.dense[entry] + local] = ratio
            else:
                target = columns.lists[entry] + filled[entry]
                columns.place[target] = local
                columns.list_weights[target] = weight[peak]
                if with_gaps:
                    columns.list_gaps[target] = gap
                    columns.list_ratios[target] = ratio
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
