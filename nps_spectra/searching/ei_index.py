"""An index of a nominal-mass library: the best substances of many EI queries, exactly, without scoring everything."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from nps_spectra.cleaning import kernel_arrays
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
)
from nps_spectra.searching.candidates import Candidates, places_left_out
from nps_spectra.searching.ei_layout import inside_limits, laid_out, sums_of, weights_of
from nps_spectra.shifted import Hybrid, ModifiedCosine

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
        if not self.fits(scorer):
            raise OptionError(f"{scorer.method} of {scorer.technique} spectra has no nominal-mass index")
        self._scorer = scorer
        self._cuts: dict[float, Single] = {}
        self._layout, self._bounded = laid_out(scorer, prepared, substance_of_row, compared)
        row = self._layout.places.row
        self._place = np.full(len(prepared.clean), -1)
        self._place[row] = np.arange(len(row))

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
        weight = weights_of(self._scorer, asked.mz, asked.values)
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
        keep = inside_limits(scorer, clean.mz)
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
        weight = weights_of(scorer, mz, values)
        with np.errstate(over="ignore"):
            square = sums_of(weight * weight, offsets)
        return Peaks(mz, intensity, values, offsets, masses, bins, square)

    def _work(self) -> Any:
        from nps_spectra.kernels.nominal_layout import BLOCK, GROUP, Work

        n_places, n_mz = len(self._layout.places.row), len(self._layout.distinct)
        # Tables by m/z are for hybrid scores only.
        tables = isinstance(self._scorer, Hybrid) and self._bounded and n_mz > 0
        highest = int(self._layout.distinct[-1]) if tables else 0
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
            np.empty(highest + 1),
            np.empty(highest + 1),
        )
