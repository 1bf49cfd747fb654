"""What there is to say of two spectra, given which of their peaks match."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nps_spectra._jit import kernel

Int = npt.NDArray[np.int64]
Float = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@kernel
def _base_peak(intensity: Float) -> int:
    """The most intense peak; of equal ones that of lowest m/z."""
    base = 0
    for i in range(1, len(intensity)):
        if intensity[i] > intensity[base]:
            base = i
    return base


@kernel
def explain_pairs(
    query_intensity: Float,
    query_offsets: Int,
    queries: Int,
    intensity: Float,
    offsets: Int,
    rows: Int,
    bounds: Int,
    query_peak: Int,
    peak: Int,
    shifted: Mask,
    query_explained: Float,
    library_explained: Float,
    shifted_peaks: Int,
    shifted_explained: Float,
    base_agrees: Mask,
    unexplained: Int,
    unexplained_height: Float,
) -> None:
    """Describe the pairs of spectrum ``queries[k]`` and ``rows[k]``, for every k; none of them is empty.

    The pairs of k are ``bounds[k]`` to ``bounds[k + 1]``, peaks counted from the start of their spectrum. Explained is
    the share of a spectrum's intensity in peaks that are in a pair; shifted peaks are those of the query in shifted
    pairs only. ``unexplained`` is the largest peak of the query without a pair, -1 if all have one, and its height is
    relative to the query's base peak.
    """
    for k in range(len(rows)):
        own = query_intensity[query_offsets[queries[k]] : query_offsets[queries[k] + 1]]
        other = intensity[offsets[rows[k]] : offsets[rows[k] + 1]]
        base, other_base = _base_peak(own), _base_peak(other)
        # 0 no pair, 1 shifted pairs only, 2 a pair without shift.
        role = np.zeros(len(own), dtype=np.int64)
        paired = np.zeros(len(other), dtype=np.bool_)
        base_agrees[k] = False
        for pair in range(bounds[k], bounds[k + 1]):
            role[query_peak[pair]] = max(role[query_peak[pair]], 1 if shifted[pair] else 2)
            paired[peak[pair]] = True
            if query_peak[pair] == base and peak[pair] == other_base:
                base_agrees[k] = True
        whole = part = moved = 0.0
        shifted_peaks[k] = 0
        unexplained[k] = -1
        for i in range(len(own)):
            whole += own[i]
            if role[i] == 0:
                if unexplained[k] < 0 or own[i] > own[unexplained[k]]:
                    unexplained[k] = i
                continue
            part += own[i]
            if role[i] == 1:
                moved += own[i]
                shifted_peaks[k] += 1
        unexplained_height[k] = own[unexplained[k]] / own[base] if unexplained[k] >= 0 else 0.0
        query_explained[k] = part / whole
        shifted_explained[k] = moved / whole
        whole = part = 0.0
        for j in range(len(other)):
            whole += other[j]
            if paired[j]:
                part += other[j]
        library_explained[k] = part / whole
