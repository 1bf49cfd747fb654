"""An index of a nominal-mass library: the best substances of many EI queries, exactly, without scoring everything."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from nps_spectra.cleaning import kernel_arrays, widths
from nps_spectra.errors import OptionError
from nps_spectra.scorers import (
    Float,
    Int,
    Mask,
    MatchFactor,
    Prepared,
    Scorer,
    Scores,
    SteinScott,
    WeightedCosine,
    kernel_rows,
)
from nps_spectra.searching.candidates import Candidates, places_left_out
from nps_spectra.shifted import Hybrid, ModifiedCosine

#: A column is a list of its peaks where fewer than one in so many spectra has one.
_SPARSE: Final = 24
#: Tables by m/z are not longer; a library beyond is searched without bounds.
_HIGHEST_MZ: Final = 1 << 16
#: Bytes of cut norms that an index keeps; beyond, they are computed anew.
_CUTS_KEPT: Final = 16 << 20
#: More match factors with ratios than this are worth it to look at all ratios first.
_MANY: Final = 400
#: What a sum of 16 bits holds, less room for rounding.
_LARGEST_SUM: Final = 65400.0

Single = npt.NDArray[np.float32]


class EiIndex:
    """The best substances of nominal-mass spectra by bounds on the scores of all and exact scores of what is left.

    Scores are those of ``Scorer.score`` to the last bit; a score of 0 or of no matched peak is no hit.

    Parameters
    ----------
    scorer : Scorer
        ``weighted_cosine``, ``nist_identity``, ``nist_simple``, ``stein_scott_1994`` or ``hybrid``, for EI.
    prepared : Prepared
        The library, as ``scorer.prepare`` made it.
    substance_of_row : ndarray of int64, shape (rows,)
        Numbers of the substances, 0 and up.
    compared : ndarray of bool, shape (rows,)
        Rows that queries may be compared with at all.

    Raises
    ------
    OptionError
        Another scorer.

    Examples
    --------
    >>> from nps_spectra.scoring import ScoreOptions
    >>> from nps_spectra import Spectra, Spectrum
    >>> scorer = ScoreOptions(method="nist_identity").resolve("EI")
    >>> library = scorer.prepare(Spectra.of([Spectrum([58, 91], [99, 8]), Spectrum([44, 91], [99, 9])]))
    >>> every = np.ones(2, dtype=bool)
    >>> index = EiIndex(scorer, library, np.array([0, 1]), every)
    >>> query = scorer.prepare(Spectrum([44, 91], [100, 10]))
    >>> none = np.empty(0, dtype=np.int64)
    >>> index.candidates(query, np.array([0]), every, [none], 2).rows.tolist()
    [1, 0]
    """

    layout = "nominal masses by column, bounded before they are scored"

    def __init__(self, scorer: Scorer, prepared: Prepared, substance_of_row: Int, compared: Mask) -> None:
        from nps_spectra.kernels import nominal_layout as kernels

        if not self.fits(scorer):
            raise OptionError(f"{scorer.method} of {scorer.technique} spectra has no nominal-mass index")
        clean = prepared.clean
        mz, intensity, offsets = kernel_arrays(clean.mz, clean.intensity, clean.offsets)
        values, masses, _ = kernel_arrays(prepared.values, prepared.masses, offsets)
        method = _method_of(scorer)
        lengths = np.diff(offsets)
        inside = _inside(scorer, mz) & np.repeat(compared, lengths)
        distinct = np.unique(mz[np.repeat(compared, lengths)])
        bins = np.searchsorted(distinct, mz).astype(np.int32)
        weight = _weights(scorer, mz, values) * inside
        with np.errstate(over="ignore"):
            square = _sums(weight * weight, offsets)
        known = square > 0
        if method.kind == kernels.HYBRID:
            known &= ~np.isnan(masses)
        row = np.flatnonzero(known)
        lowest = np.zeros(len(lengths))
        if method.kind in (kernels.MATCH_FACTOR, kernels.HYBRID) and math.isnan(method.mz_min):
            lowest[row] = mz[offsets[row]]
            row = row[np.argsort(lowest[row], kind="stable")]
        bounded = bool(np.all(np.isfinite(square))) and len(distinct) < 1 << 16
        highest = 0
        if method.kind == kernels.HYBRID and len(distinct):
            bounded &= float(distinct[-1]) < _HIGHEST_MZ
            highest = int(distinct[-1]) if bounded else 0
        strong = (intensity > 1.0) & inside
        change = np.flatnonzero(np.diff(lowest[row]) != 0) + 1
        runs = np.union1d(change, np.arange(0, len(row), kernels.BLOCK))
        with np.errstate(all="ignore"):
            unit_weight = weight / np.sqrt(np.repeat(square, lengths))
        peaks = kernels.Peaks(mz, intensity, values, offsets, masses, bins, square)
        bins_inside = np.where(inside, bins, -1).astype(np.int32)
        with_ratios = bounded and method.kind == kernels.MATCH_FACTOR and method.identity
        columns, moving, roots = _no_columns(), _no_moving(), _no_roots()
        if bounded and method.kind == kernels.HYBRID:
            moving = _moving(masses[row], unit_weight)
        elif bounded:
            columns = _columns(bins_inside, unit_weight, peaks, row, len(distinct), with_ratios)
        if with_ratios:
            roots = _roots(bins_inside, intensity, offsets, row)
        self._scorer = scorer
        self._cuts: dict[float, Single] = {}
        self._bounded = bounded
        self._highest = highest
        self._place = np.full(len(lengths), -1)
        self._place[row] = np.arange(len(row))
        self._layout = kernels.Layout(
            method,
            distinct,
            columns,
            kernels.Places(
                row,
                lowest[row],
                np.searchsorted(distinct, lowest[row]),
                np.append(runs, [len(row), 1 << 62]).astype(np.int64),
                square[row],
                _sums(_masses(scorer, mz) * intensity * strong, offsets)[row],
            ),
            roots,
            moving,
            kernel_rows(substance_of_row),
            peaks,
        )

    @staticmethod
    def fits(scorer: Scorer) -> bool:
        """Whether libraries of this scorer can be indexed."""
        if scorer.technique != "EI" or isinstance(scorer, ModifiedCosine):
            return False
        return isinstance(scorer, (WeightedCosine, MatchFactor, SteinScott, Hybrid))

    @property
    def nbytes(self) -> int:
        """Memory of the index in bytes, without the prepared library."""
        layout, peaks = self._layout, self._layout.peaks
        parts = [*layout.columns, *layout.places, *layout.roots, *layout.moving, layout.distinct, self._place]
        return sum(part.nbytes for part in (*parts, peaks.bins, peaks.square) if isinstance(part, np.ndarray))

    def candidates(self, query: Prepared, queries: Int, allowed: Mask, left_out: list[Int], top: int) -> Candidates:
        """The best row of each of the best `top` substances, for the spectra `queries` of `query`."""
        from nps_spectra.kernels.nominal_search import MOST_PEAKS, best_rows

        layout, shape = self._layout, (len(queries), top)
        asked = self._asked(query, queries)
        lengths = np.diff(asked.offsets)
        weight = _weights(self._scorer, asked.mz, asked.values)
        # Rounded up, each is at most 1 more than its share of the step, and each byte at most 1 more than its own.
        roots = np.sqrt(lengths)
        step = np.floor((_LARGEST_SUM - 255.0 * roots - lengths) / (255.0 + roots))
        bounded = self._bounded & (asked.square > 0) & np.isfinite(asked.square) & (lengths <= MOST_PEAKS)
        with np.errstate(all="ignore"):
            scaled = np.ceil(weight * np.repeat(step / np.sqrt(asked.square), lengths))
        first = np.full(len(queries), math.inf)
        first[lengths > 0] = asked.mz[asked.offsets[:-1][lengths > 0]]
        closed = ~allowed[layout.places.row]
        best, score, matched = np.empty(shape, dtype=np.int64), np.empty(shape), np.empty(shape, dtype=np.int64)
        count = np.zeros(len(queries), dtype=np.int64)
        weights = np.nan_to_num(scaled, posinf=0.0).astype(np.uint16)
        unit = np.where(bounded, 1.0 / (255.0 * np.maximum(step, 1.0)), math.nan)
        shut = closed.view(np.uint8) if closed.any() else np.empty(0, dtype=np.uint8)
        gone, gone_bounds = places_left_out(left_out, len(queries), self._place)
        work = self._work()
        for cut, order in self._by_start(first):
            best_rows(
                layout,
                asked,
                order,
                weights,
                unit,
                cut,
                shut,
                gone,
                gone_bounds,
                _MANY,
                work,
                best,
                score,
                matched,
                count,
            )
        # No other row can be better: none scores below 0.
        bounds = np.concatenate(([0], np.cumsum(count)))
        there = np.arange(top) < count[:, np.newaxis]
        scores = Scores(score[there], matched[there])
        return Candidates(bounds, best[there], np.zeros(len(queries)), scores=scores)

    def _by_start(self, first: Float) -> Iterator[tuple[Single, Int]]:
        """Queries that begin at the same m/z, and by what the norms of the library are cut for them."""
        from nps_spectra.kernels.nominal_bounds import cut_norms

        method, places = self._layout.method, self._layout.places
        asked = np.flatnonzero(np.isfinite(first))
        if not isinstance(self._scorer, (MatchFactor, Hybrid)):
            yield np.empty(0, dtype=np.float32), asked
            return
        starts = first[asked] if math.isnan(method.mz_min) else np.full(len(asked), -1.0)
        for start in np.unique(starts).tolist():
            cut = self._cuts.get(start)
            if cut is None:
                cut = np.empty(len(places.row), dtype=np.float32)
                cut_norms(start, places, self._layout.peaks, not method.identity, cut)
                if cut.nbytes * (len(self._cuts) + 1) <= _CUTS_KEPT:
                    self._cuts[start] = cut
            yield cut, asked[starts == start]

    def _asked(self, query: Prepared, queries: Int) -> Any:
        """The peaks of queries that can be compared, inside the limits of the method."""
        from nps_spectra.kernels.nominal_layout import Peaks

        scorer, distinct, clean = self._scorer, self._layout.distinct, query.clean
        every = np.diff(clean.offsets)
        keep = _inside(scorer, clean.mz)
        lengths, starts = every[queries], clean.offsets[queries]
        take = np.arange(lengths.sum()) + np.repeat(starts - (np.cumsum(lengths) - lengths), lengths)
        take_from = np.concatenate(([0], np.cumsum(lengths)))
        if isinstance(scorer, Hybrid):
            keep &= np.repeat(~np.isnan(query.masses), every)
        keep = keep[take]
        take = take[keep]
        offsets = np.concatenate(([0], np.cumsum(keep)))[take_from]
        mz, intensity, offsets = kernel_arrays(clean.mz[take], clean.intensity[take], offsets)
        values, masses, _ = kernel_arrays(query.values[take], query.masses[queries], offsets)
        bins = np.searchsorted(distinct, mz).astype(np.int32)
        bins[np.append(distinct, math.nan)[bins] != mz] = -1
        weight = _weights(scorer, mz, values)
        with np.errstate(over="ignore"):
            square = _sums(weight * weight, offsets)
        return Peaks(mz, intensity, values, offsets, masses, bins, square)

    def _work(self) -> Any:
        from nps_spectra.kernels.nominal_layout import BLOCK, GROUP, Work

        n_places, n_mz = len(self._layout.places.row), len(self._layout.distinct)
        block = min(BLOCK, n_places)
        bound, likely = np.empty(n_places, dtype=np.float32), np.empty(n_places, dtype=np.float32)
        single = np.empty(1, dtype=np.float32)
        return Work(
            np.empty(block, dtype=np.uint16),
            np.zeros(block, dtype=np.uint8),
            np.zeros(block, dtype=np.uint8),
            np.zeros(block, dtype=np.uint8),
            np.empty(n_places, dtype=np.uint16),
            np.empty(n_places, dtype=np.uint16),
            np.empty(n_places, dtype=np.uint16),
            np.empty(n_places, dtype=np.uint16),
            bound,
            bound.view(np.int32),
            likely,
            likely.view(np.int32),
            np.empty(-(-n_places // GROUP), dtype=np.int32),
            single,
            single.view(np.int32),
            np.zeros(n_mz),
            np.zeros(n_mz),
            np.zeros(n_mz, dtype=np.uint8),
            np.empty(n_mz, dtype=np.int64),
            np.empty(n_mz),
            np.empty(self._highest + 1),
            np.empty(self._highest + 1),
        )


def _sums(values: Float, offsets: Int) -> Float:
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


def _inside(scorer: Scorer, mz: Float) -> Mask:
    """Peaks inside the limits of a match factor; other methods have them in their recipe."""
    if not isinstance(scorer, (MatchFactor, Hybrid)):
        return np.ones(len(mz), dtype=bool)
    low, high = _limits(scorer)
    inside: Mask = ~(mz < low) & (mz <= high)
    return inside


def _weights(scorer: Scorer, mz: Float, values: Float) -> Float:
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


def _moving(masses: Float, unit_weight: Float) -> Any:
    from nps_spectra.kernels.nominal_layout import Moving

    by_mass = np.argsort(masses, kind="stable")
    ends = np.flatnonzero(np.diff(masses[by_mass]) != 0) + 1
    runs = np.concatenate(([0], ends, [len(masses)])).astype(np.int64)
    return Moving(by_mass, runs, unit_weight.astype(np.float32))


def _roots(bins: npt.NDArray[np.int32], intensity: Float, offsets: Int, row: Int) -> Any:
    from nps_spectra.kernels.nominal_layout import Roots

    lengths = np.diff(offsets)[row]
    ends = np.cumsum(lengths)
    peaks = np.arange(lengths.sum()) + np.repeat(offsets[row] - (ends - lengths), lengths)
    keep = bins[peaks] >= 0
    starts = np.concatenate(([0], np.cumsum(keep)))[np.concatenate(([0], ends))]
    peaks = peaks[keep]
    return Roots(starts.astype(np.int64), bins[peaks].astype(np.uint16), np.sqrt(intensity[peaks]).astype(np.float32))


def _columns(
    bins: npt.NDArray[np.int32],
    unit_weight: Float,
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
    weights = np.ceil(np.nan_to_num(unit_weight) * 255.0).clip(0, 255).astype(np.uint8)
    kernels.fill_columns(bins, weights, peaks.mz, peaks.intensity, row, peaks.offsets, columns)
    return columns
