"""Joining peaks of one spectrum that lie too close together to be told apart."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nps_spectra._jit import kernel

Int = npt.NDArray[np.int64]
Float = npt.NDArray[np.float64]


@kernel
def merge_close_peaks(
    mz: Float,
    intensity: Float,
    offsets: Int,
    window_da: float,
    window_relative: float,
    out_mz: Float,
    out_intensity: Float,
    out_offsets: Int,
) -> None:
    """Join peaks closer than the window around the most intense one, until no two are that close.

    In each pass the most intense peak not yet joined (of equal ones: the lowest m/z) takes all others in
    its window; intensities are added, the m/z is their intensity-weighted mean. Results stand end to end in ``out_mz``
    and ``out_intensity``, which have room for all peaks; ``out_offsets`` says where each spectrum begins.
    """
    begin = 0
    out_offsets[0] = 0
    for row in range(len(offsets) - 1):
        first = offsets[row]
        n = offsets[row + 1] - first
        for peak in range(n):
            out_mz[begin + peak] = mz[first + peak]
            out_intensity[begin + peak] = intensity[first + peak]
        while True:
            close = False
            for peak in range(1, n):
                a, b = out_mz[begin + peak - 1], out_mz[begin + peak]
                if b - a <= window_da + window_relative * 0.5 * (a + b):
                    close = True
                    break
            if not close:
                break
            here = out_mz[begin : begin + n].copy()
            height = out_intensity[begin : begin + n].copy()
            order = np.argsort(-height, kind="mergesort")
            free = np.ones(n, dtype=np.bool_)
            taken = 0
            for position in order:
                if not free[position]:
                    continue
                centre = here[position]
                low = position
                while low > 0:
                    a = here[low - 1]
                    if centre - a > window_da + window_relative * 0.5 * (a + centre):
                        break
                    low -= 1
                high = position
                while high + 1 < n:
                    b = here[high + 1]
                    if b - centre > window_da + window_relative * 0.5 * (b + centre):
                        break
                    high += 1
                total = 0.0
                moment = 0.0
                for peak in range(low, high + 1):
                    if free[peak]:
                        free[peak] = False
                        total += height[peak]
                        moment += height[peak] * here[peak]
                out_mz[begin + taken] = moment / total
                out_intensity[begin + taken] = total
                taken += 1
            n = taken
            sort = np.argsort(out_mz[begin : begin + n].copy(), kind="mergesort")
            here = out_mz[begin : begin + n].copy()
            height = out_intensity[begin : begin + n].copy()
            for peak in range(n):
                out_mz[begin + peak] = here[sort[peak]]
                out_intensity[begin + peak] = height[sort[peak]]
        begin += n
        out_offsets[row + 1] = begin
