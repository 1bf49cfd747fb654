"""How a nominal-mass library is laid out for an `EiIndex`: columns of bytes, roots, moving weights, places."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from nps_spectra.cleaning import blocks, kernel_arrays, widths
from nps_spectra.scorers import Float, Int, Mask, MatchFactor, Prepared, Scorer, SteinScott, kernel_rows
from nps_spectra.searching.candidates import ranges
from nps_spectra.shifted import Hybrid

Single = npt.NDArray[np.float32]
Byte = npt.NDArray[np.uint8]

#: A column is a list of its peaks where fewer than one in so many spectra has one.
_SPARSE: Final = 24
#: Tables by m/z are not longer; a library beyond is searched without bounds.
_HIGHEST_MZ: Final = 1 << 16


def laid_out(scorer: Scorer, prepared: Prepared, substance_of_row: Int, compared: Mask) -> tuple[Any, bool]:
    """The `nominal_layout.Layout` of a library, and whether bounds can be given.

    Parameters
    ----------
    scorer, prepared, substance_of_row, compared
        As for `EiIndex`.
    """
    from nps_spectra.kernels import nominal_layout as kernels

    clean = prepared.clean
    mz, intensity, offsets = kernel_arrays(clean.mz, clean.intensity, clean.offsets)
    values, masses, _ = kernel_arrays(prepared.values, prepared.masses, offsets)
    method = _method_of(scorer)
    lengths = np.diff(offsets)
    parts = [slice(first, last) for first, last in pairwise(blocks(offsets))]
    peaks_of = [slice(int(offsets[part.start]), int(offsets[part.stop])) for part in parts]
    some = [
        np.unique(mz[own][np.repeat(compared[part], lengths[part])]) for part, own in zip(parts, peaks_of, strict=True)
    ]
    distinct = np.unique(np.concatenate([np.empty(0), *some]))
    # Block by block, so that what is computed on the way is never as long as all peaks.
    bins = np.empty(len(mz), dtype=np.int32)
    bins_inside = np.empty(len(mz), dtype=np.int32)
    share: Any = np.empty(len(mz), dtype=np.float32 if method.kind == kernels.HYBRID else np.uint8)
    square, strong = np.zeros(len(lengths)), np.zeros(len(lengths))
    for part, own in zip(parts, peaks_of, strict=True):
        inside = inside_limits(scorer, mz[own]) & np.repeat(compared[part], lengths[part])
        bins[own] = np.searchsorted(distinct, mz[own])
        bins_inside[own] = np.where(inside, bins[own], -1)
        weight = weights_of(scorer, mz[own], values[own]) * inside
        place = offsets[part.start : part.stop + 1] - offsets[part.start]
        above = (intensity[own] > 1.0) & inside
        strong[part] = sums_of(_masses(scorer, mz[own]) * intensity[own] * above, place)
        with np.errstate(all="ignore"):
            square[part] = sums_of(weight * weight, place)
            unit = weight / np.sqrt(np.repeat(square[part], lengths[part]))
        share[own] = unit if method.kind == kernels.HYBRID else _bytes(unit)
    known = square > 0
    if method.kind == kernels.HYBRID:
        known &= ~np.isnan(masses)
    row = np.flatnonzero(known)
    lowest = np.zeros(len(lengths))
    if method.kind in (kernels.MATCH_FACTOR, kernels.HYBRID) and math.isnan(method.mz_min):
        lowest[row] = mz[offsets[row]]
        row = row[np.argsort(lowest[row], kind="stable")]
    bounded = bool(np.all(np.isfinite(square))) and len(distinct) < 1 << 16
    if method.kind == kernels.HYBRID and len(distinct):
        bounded &= float(distinct[-1]) < _HIGHEST_MZ
    change = np.flatnonzero(np.diff(lowest[row]) != 0) + 1
    runs = np.union1d(change, np.arange(0, len(row), kernels.BLOCK))
    peaks = kernels.Peaks(mz, intensity, values, offsets, masses, bins, square)
    with_ratios = bounded and method.kind == kernels.MATCH_FACTOR and method.identity
    columns, moving, roots = _no_columns(), _no_moving(), _no_roots()
    if bounded and method.kind == kernels.HYBRID:
        moving = _moving(masses[row], share)
    elif bounded:
        columns = _columns(bins_inside, share, peaks, row, len(distinct), with_ratios)
    if with_ratios:
        roots = _roots(bins_inside, intensity, offsets, row)
    layout = kernels.Layout(
        method,
        distinct,
        columns,
        kernels.Places(
            row,
            lowest[row],
            np.searchsorted(distinct, lowest[row]),
            np.append(runs, [len(row), 1 << 62]).astype(np.int64),
            square[row],
            strong[row],
        ),
        roots,
        moving,
        kernel_rows(substance_of_row),
        peaks,
    )
    return layout, bounded


def sums_of(values: Float, offsets: Int) -> Float:
    """Sum of every spectrum's values."""
    owner = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    result: Float = np.asarray(np.bincount(owner, values, len(offsets) - 1), dtype=np.float64)
    return result


def _limits(scorer: MatchFactor | Hybrid) -> tuple[float, float]:
    """The limits of m/z of a match factor; NaN: it starts at the common lowest m/z."""
    low = math.nan if scorer.mz_min is None else float(scorer.mz_min)
    return low, 1e9 if scorer.mz_max is None else float(scorer.mz_max)


def _method_of(scorer: Scorer) -> Any:
    from nps_spectra.kernels import nominal_layout as kernels

    width = widths(scorer.tolerance)[0]
    if isinstance(scorer, MatchFactor):
        return kernels.Method(kernels.MATCH_FACTOR, scorer.identity, False, *_limits(scorer), 1000.0, width)
    if isinstance(scorer, Hybrid):
        return kernels.Method(kernels.HYBRID, False, False, *_limits(scorer), 1000.0, width)
    if isinstance(scorer, SteinScott):
        return kernels.Method(kernels.COMPOSITE, False, scorer.squared, 0.0, 1e9, scorer.scale, width)
    return kernels.Method(kernels.COSINE, False, False, 0.0, 1e9, 1.0, width)


def inside_limits(scorer: Scorer, mz: Float) -> Mask:
    """Peaks inside the limits of a match factor; other methods have them in their recipe."""
    if not isinstance(scorer, (MatchFactor, Hybrid)):
        return np.ones(len(mz), dtype=bool)
    low, high = _limits(scorer)
    inside: Mask = ~(mz < low) & (mz <= high)
    return inside


def weights_of(scorer: Scorer, mz: Float, values: Float) -> Float:
    """What the cosine in a score is taken of."""
    if isinstance(scorer, (MatchFactor, Hybrid)):
        result: Float = np.sqrt(_masses(scorer, mz) * values)
        return result
    return values


def _masses(scorer: Scorer, mz: Float) -> Float:
    """By what intensities are multiplied in the norms of a match factor: whole numbers, so that sums are exact."""
    return mz if isinstance(scorer, MatchFactor) and scorer.identity else np.ones(len(mz))


def _no_columns() -> Any:
    from nps_spectra.kernels.nominal_layout import Columns

    byte, word = np.empty(0, dtype=np.uint8), np.empty(0, dtype=np.uint16)
    return Columns(
        0, np.empty(0, dtype=np.int64), byte, byte, byte, np.zeros(1, dtype=np.int64), word, byte, byte, byte
    )


def _no_moving() -> Any:
    from nps_spectra.kernels.nominal_layout import Moving

    return Moving(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32))


def _no_roots() -> Any:
    from nps_spectra.kernels.nominal_layout import Roots

    return Roots(np.zeros(1, dtype=np.int64), np.empty(0, dtype=np.uint16), np.empty(0, dtype=np.float32))


def _moving(masses: Float, unit_weight: Single) -> Any:
    from nps_spectra.kernels.nominal_layout import Moving

    by_mass = np.argsort(masses, kind="stable")
    ends = np.flatnonzero(np.diff(masses[by_mass]) != 0) + 1
    runs = np.concatenate(([0], ends, [len(masses)])).astype(np.int64)
    return Moving(by_mass, runs, unit_weight)


def _roots(bins: npt.NDArray[np.int32], intensity: Float, offsets: Int, row: Int) -> Any:
    from nps_spectra.kernels.nominal_layout import Roots

    lengths = np.diff(offsets)[row]
    before = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    starts = np.zeros(len(row) + 1, dtype=np.int64)
    numbers, roots = [np.empty(0, dtype=np.uint16)], [np.empty(0, dtype=np.float32)]
    for first, last in pairwise(blocks(before)):
        peaks = ranges(offsets[row[first:last]], lengths[first:last])
        keep = bins[peaks] >= 0
        inside = np.concatenate(([0], np.cumsum(keep)))[before[first : last + 1] - before[first]]
        starts[first + 1 : last + 1] = starts[first] + inside[1:]
        numbers.append(bins[peaks[keep]].astype(np.uint16))
        roots.append(np.sqrt(intensity[peaks[keep]]).astype(np.float32))
    return Roots(starts, np.concatenate(numbers), np.concatenate(roots))


def _bytes(unit_weight: Float) -> Byte:
    """Parts of 1 in 255ths, rounded up."""
    result: Byte = np.ceil(np.nan_to_num(unit_weight) * 255.0).clip(0, 255).astype(np.uint8)
    return result


def _columns(
    bins: npt.NDArray[np.int32],
    weights: Byte,
    peaks: Any,
    row: Int,
    n_mz: int,
    with_gaps: bool,
) -> Any:
    from nps_spectra.kernels import nominal_columns as kernels
    from nps_spectra.kernels.nominal_layout import BLOCK, Columns

    n_blocks = -(-len(row) // BLOCK)
    counts = np.zeros(n_blocks * n_mz, dtype=np.int64)
    kernels.count_columns(bins, row, peaks.offsets, n_mz, counts)
    block_size = np.full(n_blocks, BLOCK)
    if n_blocks:
        block_size[-1] = len(row) - (n_blocks - 1) * BLOCK
    sizes = np.repeat(block_size, n_mz)
    full = counts * _SPARSE >= sizes
    at = np.concatenate(([0], np.cumsum(np.where(full, sizes, 0))))
    lists = np.concatenate(([0], np.cumsum(np.where(full, 0, counts)))).astype(np.int64)
    columns = Columns(
        n_mz,
        np.where(full, at[:-1], -1).astype(np.int64),
        np.zeros(at[-1], dtype=np.uint8),
        np.zeros(at[-1] if with_gaps else 0, dtype=np.uint8),
        np.zeros(at[-1] if with_gaps else 0, dtype=np.uint8),
        lists,
        np.empty(lists[-1], dtype=np.uint16),
        np.empty(lists[-1], dtype=np.uint8),
        np.empty(lists[-1] if with_gaps else 0, dtype=np.uint8),
        np.empty(lists[-1] if with_gaps else 0, dtype=np.uint8),
    )
    kernels.fill_columns(bins, weights, peaks.mz, peaks.intensity, row, peaks.offsets, columns)
    return columns
