"""Peaks of a profile spectrum."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nps_spectra._jit import kernel

Float = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@kernel
def half_height_centroids(
    mz: Float, intensity: Float, gap_after: Mask, floor: float, out_mz: Float, out_intensity: Float
) -> int:
    """Write the peaks to the start of ``out_mz`` and ``out_intensity``; returns their number.

    m/z ascend. A point is an apex if it is the highest of the run of points around it that are at least half as
    high and have no gap between them (of equal ones: the first). The search goes left and right in turns, so that
    a point with a higher one near is given up soon: all of it takes O(n log n). Its m/z is the mean over the points
    from that run outwards, as long as they do not rise, weighted by their intensity above ``floor`` times the apex.
    """
    n = len(mz)
    found = 0
    for apex in range(n):
        height = intensity[apex]
        if height <= 0:
            continue
        low = high = apex
        go_left = go_right = highest = True
        while highest and (go_left or go_right):
            if go_left:
                if low == 0 or gap_after[low - 1] or intensity[low - 1] < 0.5 * height:
                    go_left = False
                elif intensity[low - 1] >= height:
                    highest = False
                else:
                    low -= 1
            if go_right:
                if high == n - 1 or gap_after[high] or intensity[high + 1] < 0.5 * height:
                    go_right = False
                elif intensity[high + 1] > height:
                    highest = False
                else:
                    high += 1
        if not highest:
            continue
        level = floor * height
        while low > 0 and not gap_after[low - 1] and level < intensity[low - 1] <= intensity[low]:
            low -= 1
        while high < n - 1 and not gap_after[high] and level < intensity[high + 1] <= intensity[high]:
            high += 1
        total = 0.0
        moment = 0.0
        for point in range(low, high + 1):
            weight = intensity[point] - level
            total += weight
            moment += weight * (mz[point] - mz[apex])
        out_mz[found] = mz[apex] + moment / total
        out_intensity[found] = height
        found += 1
    return found
