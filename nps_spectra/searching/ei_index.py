"""An index of a nominal-mass library: the best substances of many EI queries, exactly, without scoring everything."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nps_spectra.cleaning import kernel_arrays, widths
from nps_spectra.errors import OptionError
from nps_spectra.scorers import MatchFactor, Prepared, Scorer, SteinScott, WeightedCosine
from nps_spectra.shifted import Hybrid, ModifiedCosine

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

#: A column is a list of its peaks where fewer than one in so many spectra has one.
_SPARSE = 24
#: Tables by m/z are not longer; a library beyond is searched without bounds.
_HIGHEST_MZ = 1 << 16


@dataclass(frozen=True, slots=True)
class IndexHits:
    """All scored rows of the best substances of every query.

    Attributes
    ----------
    offsets : ndarray of int64, shape (queries + 1,)
        Entries ``offsets[q]`` to ``offsets[q + 1]`` of the other arrays are those of query ``q``, in the written
        order: score, then matched peaks, then row.
    row : ndarray of int64
        Rows of the library.
    score, reverse : ndarray of float64
        As `Scorer.score` and `Scorer.reverse` give them.
    matched : ndarray of int64
    """

    offsets: Int
    row: Int
    score: Float
    reverse: Float
    matched: Int

    def of(self, query: int) -> slice:
        """The entries of one query."""
        return slice(int(self.offsets[query]), int(self.offsets[query + 1]))


class EiIndex:
    """Exact search of the best substances in one prepared library with one scorer.

    A score of 0 or of no matched peak is no hit. The result is that of scoring every allowed row with
    `Scorer.score`, to the last bit.

    Examples
    --------
    >>> from nps_spectra.scoring import ScoreOptions
    >>> from nps_spectra import Spectra, Spectrum
    >>> scorer = ScoreOptions(method="nist_identity").resolve("EI")
    >>> library = scorer.prepare(Spectra.of([Spectrum([58, 91], [99, 8]), Spectrum([44, 91], [99, 9])]))
    >>> index = EiIndex.build(scorer, library, np.array([0, 1]))
    >>> hits = index.search(scorer.prepare(Spectrum([58, 91], [100, 10])), None, 10)
    >>> hits.row.tolist(), hits.score.round().tolist()
    ([0, 1], [965.0, 135.0])
    """

    def __init__(self, scorer: Scorer, prepared: Prepared, tables: dict[str, Any]) -> None:
        self._scorer = scorer
        self._prepared = prepared
        self._tables = tables

    @staticmethod
    def fits(scorer: Scorer) -> bool:
        """Whether this scorer's libraries can be indexed."""
        if scorer.technique != "EI" or isinstance(scorer, ModifiedCosine):
            return False
        return isinstance(scorer, (WeightedCosine, MatchFactor, SteinScott, Hybrid))

    @property
    def nbytes(self) -> int:
        """Memory of the index in bytes, without the prepared library."""
        parts = (
            table
            for name, table in self._tables.items()
            if name in ("columns", "places", "roots", "moving", "substances")
        )
        return sum(array.nbytes for part in parts for array in part if isinstance(array, np.ndarray))

    @classmethod
    def build(cls, scorer: Scorer, prepared: Prepared, substance_of_row: Int) -> EiIndex:
        """Index a prepared library.

        Parameters
        ----------
        scorer : Scorer
            ``weighted_cosine``, ``nist_identity``, ``nist_simple``, ``stein_scott_1994`` or ``hybrid``, for EI.
        prepared : Prepared
            The library, as ``scorer.prepare`` made it.
        substance_of_row : ndarray of int64, shape (rows,)
            Numbers of the substances, 0 and up.

        Raises
        ------
        OptionError
            Another scorer.
        """
        from nps_spectra.kernels import nominal_search as kernels

        if not cls.fits(scorer):
            raise OptionError(f"{scorer.method} of {scorer.technique} spectra has no nominal-mass index")
        clean = prepared.clean
        mz, intensity, offsets = kernel_arrays(clean.mz, clean.intensity, clean.offsets)
        _, values, _ = kernel_arrays(mz, prepared.values, offsets)
        _, masses, _ = kernel_arrays(mz, prepared.masses, offsets)
        method = _method_of(scorer)
        distinct = np.unique(mz)
        bins = np.searchsorted(distinct, mz).astype(np.int32)
        inside = _inside(scorer, mz)
        weight = _weights(scorer, mz, values) * inside
        lengths = np.diff(offsets)
        n_rows = len(lengths)
        with np.errstate(over="ignore"):
            square = _sums(weight * weight, offsets)
        peaks = kernels.Peaks(mz, intensity, values, offsets, masses, bins, square)
        lowest = np.full(n_rows, math.inf)
        lowest[lengths > 0] = mz[offsets[:-1][lengths > 0]]
        row = (
            np.flatnonzero(square > 0)
            if method.kind != kernels.HYBRID
            else np.flatnonzero((square > 0) & ~np.isnan(masses))
        )
        common_start = method.kind in (kernels.MATCH_FACTOR, kernels.HYBRID) and math.isnan(method.mz_min)
        if common_start:
            row = row[np.argsort(lowest[row], kind="stable")]
        else:
            lowest[:] = 0.0
        bounded = bool(np.all(np.isfinite(square))) and len(distinct) < 1 << 16
        if method.kind == kernels.HYBRID and len(mz):
            bounded &= float(mz.max()) < _HIGHEST_MZ
        strong = (intensity > 1.0) & inside
        change = np.flatnonzero(np.diff(lowest[row]) != 0) + 1
        runs = np.union1d(change, np.arange(0, len(row), kernels.BLOCK))
        places = kernels.Places(
            row,
            lowest[row],
            np.searchsorted(distinct, lowest[row]),
            np.append(runs, [len(row), 1 << 62]).astype(np.int64),
            square[row],
            _sums(_masses(scorer, mz) * intensity * strong, offsets)[row],
        )
        with np.errstate(all="ignore"):
            unit_weight = weight / np.sqrt(np.repeat(square, lengths))
        moving = kernels.Moving(*(np.empty(0, dtype=np.int64),) * 2, np.empty(0, dtype=np.float32))
        columns = kernels.Columns(0, *_empty_columns())
        if bounded and method.kind == kernels.HYBRID:
            by_mass = np.argsort(masses[row], kind="stable")
            ends = np.flatnonzero(np.diff(masses[row][by_mass]) != 0) + 1
            moving = kernels.Moving(
                by_mass, np.concatenate([[0], ends, [len(row)]]).astype(np.int64), unit_weight.astype(np.float32)
            )
        elif bounded:
            columns = _columns(
                np.where(inside, bins, -1).astype(np.int32),
                np.ceil(np.nan_to_num(unit_weight) * 255.0).clip(0, 255).astype(np.uint8),
                strong.astype(np.uint8),
                peaks,
                row,
                len(distinct),
                method.identity and method.kind == kernels.MATCH_FACTOR,
            )
        roots = kernels.Roots(np.zeros(1, dtype=np.int64), np.empty(0, dtype=np.uint16), np.empty(0, dtype=np.float32))
        if bounded and method.identity:
            owner = np.repeat(np.arange(n_rows), lengths)
            place_of = np.full(n_rows, -1)
            place_of[row] = np.arange(len(row))
            kept = np.flatnonzero(inside & (place_of[owner] >= 0))
            kept = kept[np.argsort(place_of[owner[kept]], kind="stable")]
            counts = np.bincount(place_of[owner[kept]], minlength=len(row))
            roots = kernels.Roots(
                np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
                bins[kept].astype(np.uint16),
                np.sqrt(intensity[kept]).astype(np.float32),
            )
        of_row = np.ascontiguousarray(substance_of_row, dtype=np.int64)
        counts = np.bincount(of_row, minlength=1)
        substances = kernels.Substances(
            of_row, np.argsort(of_row, kind="stable"), np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        )
        return cls(
            scorer,
            prepared,
            {
                "method": method,
                "columns": columns,
                "places": places,
                "roots": roots,
                "moving": moving,
                "substances": substances,
                "peaks": peaks,
                "distinct": distinct,
                "highest": int(mz.max()) if bounded and method.kind == kernels.HYBRID and len(mz) else 0,
                "bounded": bounded,
            },
        )

    def candidates(self, queries: Prepared, allowed: Mask | None, top: int) -> tuple[Int, Int]:
        """Rows of the `top` best substances of every query: offsets and rows, to be scored by `Scorer.score`.

        Parameters as for `search`.
        """
        hits = self.search(queries, allowed, top)
        return hits.offsets, hits.row

    def search(self, queries: Prepared, allowed: Mask | None, top: int) -> IndexHits:
        """The best substances of every query with the scores of all their rows.

        Parameters
        ----------
        queries : Prepared
            As the scorer prepared them.
        allowed : ndarray of bool, shape (rows,) or (queries, rows), optional
            Rows that may be compared.
        top : int
            Number of substances.
        """
        from nps_spectra.kernels import nominal_search as kernels

        tables, scorer = self._tables, self._scorer
        method, places = tables["method"], tables["places"]
        query = _query_peaks(scorer, queries, tables["distinct"])
        lengths = np.diff(query.offsets)
        count = len(lengths)
        weight, square = _weights(scorer, query.mz, query.values), query.square
        step = np.floor((65400.0 - 255.0 * np.sqrt(lengths) - lengths) / (255.0 + np.sqrt(lengths)))
        bounded = tables["bounded"] & (square > 0) & np.isfinite(square) & (lengths <= kernels.MOST_PEAKS)
        with np.errstate(all="ignore"):
            scaled = np.ceil(weight * np.repeat(step / np.sqrt(square), lengths))
        unit = np.where(bounded, 1.0 / (255.0 * np.maximum(step, 1.0)), math.nan)
        first = np.full(count, math.inf)
        first[lengths > 0] = query.mz[query.offsets[:-1][lengths > 0]]
        mask = np.empty(0, dtype=np.uint8)
        if allowed is not None:
            mask = np.ascontiguousarray(allowed, dtype=np.uint8).reshape(-1)
        start, stop = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
        row, score, reverse, matched = kernels.best_substances(
            method,
            top,
            query,
            np.argsort(first, kind="stable"),
            np.nan_to_num(scaled, posinf=0.0).astype(np.uint16),
            unit,
            tables["distinct"],
            tables["columns"],
            places,
            tables["roots"],
            tables["moving"],
            tables["substances"],
            tables["peaks"],
            self._work(),
            mask,
            len(tables["substances"].of_row) if allowed is not None and allowed.ndim == 2 else 0,
            start,
            stop,
        )
        sizes = stop - start
        offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        take = np.arange(offsets[-1]) + np.repeat(start - offsets[:-1], sizes)
        return IndexHits(offsets, row[take], score[take], reverse[take], matched[take])

    def _work(self) -> Any:
        from nps_spectra.kernels import nominal_search as kernels

        tables = self._tables
        n_places, n_mz, highest = len(tables["places"].row), len(tables["distinct"]), tables["highest"]
        block = min(kernels.BLOCK, n_places)
        bound, likely = np.empty(n_places, dtype=np.float32), np.empty(n_places, dtype=np.float32)
        single = np.empty(1, dtype=np.float32)
        return kernels.Work(
            np.empty(block, dtype=np.uint16),
            np.empty(block, dtype=np.uint8),
            np.empty(block, dtype=np.uint8),
            np.zeros(block, dtype=np.uint8),
            bound,
            bound.view(np.int32),
            likely,
            likely.view(np.int32),
            np.empty(-(-n_places // kernels.GROUP), dtype=np.int32),
            single,
            single.view(np.int32),
            np.empty(n_places, dtype=np.float32),
            np.zeros(n_mz),
            np.zeros(n_mz),
            np.zeros(n_mz, dtype=np.uint8),
            np.empty(n_mz, dtype=np.int64),
            np.empty(n_mz),
            np.empty(highest + 1),
            np.empty(highest + 1),
            np.zeros(len(tables["substances"].offsets), dtype=np.uint8),
        )


def _sums(values: Float, offsets: Int) -> Float:
    """Sum of every spectrum's values."""
    owner = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    result: Float = np.asarray(np.bincount(owner, values, len(offsets) - 1), dtype=np.float64)
    return result


def _limits(scorer: Scorer) -> tuple[float, float]:
    """The limits of m/z of a match factor; NaN: it starts at the common lowest m/z."""
    low = math.nan if scorer.mz_min is None else float(scorer.mz_min)  # type: ignore[attr-defined]
    high = 1e9 if scorer.mz_max is None else float(scorer.mz_max)  # type: ignore[attr-defined]
    return low, high


def _method_of(scorer: Scorer) -> Any:
    from nps_spectra.kernels import nominal_search as kernels

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
    inside = np.ones(len(mz), dtype=bool)
    if isinstance(scorer, (MatchFactor, Hybrid)):
        low, high = _limits(scorer)
        inside = ~(mz < low) & (mz <= high)
    return inside


def _weights(scorer: Scorer, mz: Float, values: Float) -> Float:
    """What the cosine in a score is taken of."""
    if isinstance(scorer, MatchFactor) and scorer.identity:
        result: Float = np.sqrt(mz * values)
        return result
    return np.sqrt(values) if isinstance(scorer, (MatchFactor, Hybrid)) else values


def _masses(scorer: Scorer, mz: Float) -> Float:
    """By what intensities are multiplied in the norms of a match factor: whole numbers, so that sums are exact."""
    return mz if isinstance(scorer, MatchFactor) and scorer.identity else np.ones(len(mz))


def _query_peaks(scorer: Scorer, queries: Prepared, distinct: Float) -> Any:
    """The peaks of queries that can be compared, inside the limits of the method."""
    from nps_spectra.kernels import nominal_search as kernels

    clean = queries.clean
    keep = _inside(scorer, clean.mz)
    if isinstance(scorer, Hybrid):
        keep &= np.repeat(~np.isnan(queries.masses), np.diff(clean.offsets))
    offsets = np.concatenate([[0], np.cumsum(keep)])[clean.offsets].astype(np.int64)
    mz, intensity, _ = kernel_arrays(clean.mz[keep], clean.intensity[keep], offsets)
    masses, values, offsets = kernel_arrays(queries.masses, queries.values[keep], offsets)
    bins = np.searchsorted(distinct, mz).astype(np.int32)
    bins[np.append(distinct, math.nan)[bins] != mz] = -1
    weight = _weights(scorer, mz, values)
    with np.errstate(over="ignore"):
        square = _sums(weight * weight, offsets)
    return kernels.Peaks(mz, intensity, values, offsets, masses, bins, square)


def _empty_columns() -> tuple[Any, ...]:
    byte, word = np.empty(0, dtype=np.uint8), np.empty(0, dtype=np.uint16)
    return np.empty(0, dtype=np.int64), byte, byte, np.zeros(1, dtype=np.int64), word, byte, byte


def _columns(
    bins: npt.NDArray[np.int32], weights: Any, strong: Any, peaks: Any, row: Int, n_mz: int, with_gaps: bool
) -> Any:
    from nps_spectra.kernels import nominal_search as kernels

    n_blocks = -(-len(row) // kernels.BLOCK)
    counts = np.zeros(n_blocks * n_mz, dtype=np.int64)
    kernels.count_columns(bins, row, peaks.offsets, n_mz, counts)
    block_size = np.full(n_blocks, kernels.BLOCK)
    if n_blocks:
        block_size[-1] = len(row) - (n_blocks - 1) * kernels.BLOCK
    sizes = np.repeat(block_size, n_mz)
    full = counts * _SPARSE >= sizes
    at = np.concatenate([[0], np.cumsum(np.where(full, sizes, 0))])
    lists = np.concatenate([[0], np.cumsum(np.where(full, 0, counts))]).astype(np.int64)
    columns = kernels.Columns(
        n_mz,
        np.where(full, at[:-1], -1).astype(np.int64),
        np.zeros(at[-1], dtype=np.uint8),
        np.zeros(at[-1] if with_gaps else 0, dtype=np.uint8),
        lists,
        np.empty(lists[-1], dtype=np.uint16),
        np.empty(lists[-1], dtype=np.uint8),
        np.empty(lists[-1] if with_gaps else 0, dtype=np.uint8),
    )
    kernels.fill_columns(bins, weights, peaks.mz, strong, row, peaks.offsets, columns)
    return columns
