"""Which library spectra may be among the best for a query: a superset, found without scoring every one.

An index holds sums in single precision with a bound on their error, and leaves out only what cannot be a hit. What it
names is scored anew by the scorer itself, unless it has the same scores already, so that results do not depend on
whether there is an index.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from nps_spectra.cleaning import widths
from nps_spectra.library import Library
from nps_spectra.scorers import Entropy, Float, Int, Mask, Prepared, Scorer, Scores, WeightedCosine, kernel_rows
from nps_spectra.shifted import Hybrid, ModifiedCosine, NeutralLoss

Single = npt.NDArray[np.float32]

#: Rows of a block: their sums are 64 KiB.
_BLOCK_ROWS: Final = 32768
#: Parts of the postings of a block by m/z, an eighth of a Da each; the last has all from 2,048 Da.
_CELLS: Final = 16384
_CELLS_PER_DA: Final = 8.0
#: Rows kept for each query before the line is cleared of what has fallen below the best.
_CAPACITY: Final = 1024
#: Least value of a peak in an index: its products are above 0 in single precision.
_LEAST_VALUE: Final = 1e-15
#: Twice the rounding unit of single precision.
_ROUNDING: Final = 2.0**-23


@dataclass(frozen=True, slots=True)
class Candidates:
    """Rows that may be among the best of each query.

    Attributes
    ----------
    bounds : ndarray of int64, shape (queries + 1,)
        Query q has ``rows[bounds[q]:bounds[q + 1]]``.
    rows : ndarray of int64
        Library rows.
    limit : ndarray of float64, shape (queries,)
        All other rows that the query may be compared with score below this, or below what is sure of their substance.
    substances, sure : ndarray, shape (queries, n), optional
        Substances (-1: none) of which rows are left out because they score below this. It has to be seen that a named
        row of the substance does score so much.
    scores : Scores, optional
        Of the rows, to the last bit those of the scorer; None: they have to be scored.
    """

    bounds: Int
    rows: Int
    limit: Float
    substances: Int | None = None
    sure: Float | None = None
    scores: Scores | None = None

    def unproven(self, listed: Int, score: Float, full: Mask) -> Mask:
        """Queries for which the scores of the named rows do not show that these are all that matter.

        Parameters
        ----------
        listed : ndarray of int64, shape (queries, top)
            Substances of the best rows, -1 where there are fewer.
        score : ndarray of float64, shape (queries, top)
            Their scores, descending.
        full : ndarray of bool, shape (queries,)
            Whether there are as many as are asked for.
        """
        worst = np.where(full, score[:, -1], 0.0)
        result = worst < self.limit
        if self.substances is not None and self.sure is not None:
            for substance, sure in zip(self.substances.T, self.sure.T, strict=True):
                same = listed == substance[:, np.newaxis]
                reached = np.where(same, score, worst[:, np.newaxis]).max(axis=1)
                result |= (substance >= 0) & (reached < sure)
        return result


class Index(Protocol):
    """What finds candidates for one scorer in one library.

    Attributes
    ----------
    layout : str
        How it holds the library, for the record of a run.
    """

    layout: str

    def candidates(self, query: Prepared, queries: Int, allowed: Mask, left_out: list[Int], top: int) -> Candidates:
        """Rows that hold the best spectra of the best `top` substances, for the spectra `queries` of `query`.

        ``allowed`` are the library rows to compare with, ``left_out`` for each query the rows to leave out of them;
        it is empty if there are none at all.
        """
        ...


def places_left_out(left_out: list[Int], queries: int, place_of_row: Int) -> tuple[Int, Int]:
    """Places in an index of the rows left out, for one query after the other, and where those of each begin."""
    if not left_out:
        return np.empty(0, dtype=np.int64), np.zeros(queries + 1, dtype=np.int64)
    places = [place_of_row[rows[(rows >= 0) & (rows < len(place_of_row))]] for rows in left_out]
    places = [own[own >= 0] for own in places]
    return np.concatenate(places), np.cumsum([0, *(len(own) for own in places)])


@dataclass(frozen=True, slots=True)
class _Postings:
    """Peaks of a library sorted by m/z (or neutral loss) within blocks of rows.

    Attributes
    ----------
    mz : ndarray of float64
    row : ndarray of uint16
        Row in the block.
    value, own : ndarray of float32
        What is multiplied, or shares and share x log2(share); ``own`` is empty for products.
    table : ndarray of int64, shape (blocks * _CELLS + 1,)
    """

    mz: Float
    row: npt.NDArray[np.uint16]
    value: Single
    own: Single
    table: Int


def _postings(mz: Float, value: Single, own: Single, offsets: Int, order: Int, block_rows: int) -> _Postings:
    lengths, starts = np.diff(offsets)[order], offsets[:-1][order]
    blocks = -(-len(order) // block_rows)
    result = _Postings(
        np.empty(len(mz), dtype=np.float64),
        np.empty(len(mz), dtype=np.uint16),
        np.empty(len(mz), dtype=np.float32),
        np.empty(len(own), dtype=np.float32),
        np.zeros(blocks * _CELLS + 1, dtype=np.int64),
    )
    done = 0
    for block in range(blocks):
        part = slice(block * block_rows, (block + 1) * block_rows)
        peaks = ranges(starts[part], lengths[part])
        owner = np.repeat(np.arange(len(lengths[part]), dtype=np.uint16), lengths[part])
        sort = np.argsort(mz[peaks], kind="stable")
        peaks = peaks[sort]
        end = done + len(peaks)
        result.mz[done:end], result.row[done:end], result.value[done:end] = mz[peaks], owner[sort], value[peaks]
        if len(own):
            result.own[done:end] = own[peaks]
        cell = np.searchsorted(result.mz[done:end], np.arange(_CELLS) / _CELLS_PER_DA)
        cell[0] = 0
        result.table[block * _CELLS : (block + 1) * _CELLS] = done + cell
        done = end
    result.table[-1] = done
    return result


@dataclass(frozen=True, slots=True)
class _Asked:
    """Peaks of queries as the kernel takes them; windows of m/z or neutral loss, and of shifted peaks if there are."""

    offsets: Int
    masses: Float
    values: Single
    own: Single
    windows: tuple[Float, Float]
    moved: tuple[Float, Float]


class PostingIndex:
    """Peaks of a library sorted by m/z within blocks of spectra; for scores bounded by sums over matched peaks.

    Every pair within the tolerance adds to a sum, and no part is negative: no sum is below the score by more than
    rounding. Spectra of one polarity and MS level stand together, so that blocks without any to compare are skipped.
    """

    layout = "peaks by m/z in blocks of spectra"

    def __init__(self, library: Library, scorer: Scorer) -> None:
        prepared: Prepared = library.prepared(scorer)
        self._scorer = scorer
        self._entropy = isinstance(scorer, Entropy)
        self._losses = isinstance(scorer, NeutralLoss)
        self._shifted = isinstance(scorer, (ModifiedCosine, Hybrid))
        _, kind = np.unique([name or "" for name in library.spectra.texts("polarity").to_list()], return_inverse=True)
        level = np.nan_to_num(library.spectra.numbers("ms_level"), nan=-1.0)
        self._order = np.lexsort((level, kind)).astype(np.int64)
        self._place = np.empty(len(library), dtype=np.int64)
        self._place[self._order] = np.arange(len(library))
        self._substance = library.substances.of_row[self._order]
        self._mass = prepared.masses[self._order]
        self._block_rows = min(_BLOCK_ROWS, len(library))
        values, own = self._values(prepared)
        common = prepared.clean.offsets, self._order, self._block_rows
        losses = np.nan_to_num(_losses(prepared)) if self._losses or self._shifted else np.empty(0)
        self._postings = _postings(losses if self._losses else prepared.clean.mz, values, own, *common)
        self._moved = _postings(losses, values, own, *common) if self._shifted else self._postings

    @staticmethod
    def fits(scorer: Scorer) -> bool:
        """Whether a score is bounded by sums over peaks that match within a fixed window."""
        if isinstance(scorer, Hybrid) and scorer.technique == "EI":
            return False  # its sums leave out peaks by where both spectra start
        if isinstance(scorer, (ModifiedCosine, NeutralLoss, Hybrid)):
            return scorer.tolerance.unit == "Da"  # ppm is of the m/z, which losses do not tell
        return isinstance(scorer, (WeightedCosine, Entropy))

    def _values(self, prepared: Prepared) -> tuple[Single, Single]:
        """What is summed, for every peak: weights of norm 1, or shares; and share x log2(share)."""
        values = prepared.values
        if self._entropy:
            shares = np.maximum(values, _LEAST_VALUE)
            return shares.astype(np.float32), (shares * np.log2(shares)).astype(np.float32)
        if isinstance(self._scorer, Hybrid):
            values = np.sqrt(values)
        owner = _owner(prepared)
        norm = np.sqrt(np.bincount(owner, weights=values * values, minlength=len(prepared.clean)))
        with np.errstate(all="ignore"):  # exponents may take weights beyond what a float holds: then there is no score
            weights = np.maximum(values / norm[owner], _LEAST_VALUE).astype(np.float32)
        return weights, np.empty(0, dtype=np.float32)

    def candidates(self, query: Prepared, queries: Int, allowed: Mask, left_out: list[Int], top: int) -> Candidates:
        """Rows that hold the best spectra of the best `top` substances."""
        asked = self._asked(query)
        found = self._scan(asked, queries, allowed, left_out, top, min(_CAPACITY, len(allowed)))
        full = np.flatnonzero(np.isnan(found.limit))
        if len(full) == 0:
            return found
        rows = [found.rows[start:stop] for start, stop in pairwise(found.bounds.tolist())]
        for k in full.tolist():
            gone = left_out[k : k + 1]
            alone = self._scan(asked, queries[k : k + 1], allowed, gone, top, len(allowed))
            rows[k], found.limit[k] = alone.rows, alone.limit[0]
            if found.substances is not None and alone.substances is not None:
                found.substances[k] = alone.substances[0]
            if found.sure is not None and alone.sure is not None:
                found.sure[k] = alone.sure[0]
        bounds = np.cumsum([0, *(len(own) for own in rows)])
        return replace(found, bounds=bounds, rows=np.concatenate(rows))

    def _asked(self, query: Prepared) -> _Asked:
        """What the kernel needs of queries, but for which of them."""
        moved = self._windows(query, True) if self._shifted else (np.empty(0), np.empty(0))
        return _Asked(
            query.clean.offsets, query.masses, *self._values(query), self._windows(query, self._losses), moved
        )

    def _scan(
        self, asked: _Asked, queries: Int, allowed: Mask, left_out: list[Int], top: int, capacity: int
    ) -> Candidates:
        """Candidates with room for `capacity` rows a query; where that is too little, the limit is NaN."""
        from nps_spectra.kernels.postings import LEAST, scan_postings

        peaks = np.diff(asked.offsets)[queries]
        # Of a sum of n parts up to `most` in all: three roundings of each part, one of each addition, twice over; of
        # entropies also the logarithm and what is subtracted; of two sums their addition.
        most = 2.0 if self._entropy else 1.0
        error = 2.0 * most * _ROUNDING * (peaks + 8) * (2.0 if self._shifted else 1.0) + (
            4e-6 if self._entropy else 0.0
        )
        found_rows = np.empty((len(queries), capacity), dtype=np.int64)
        found_values = np.empty((len(queries), capacity), dtype=np.float32)
        substances = np.full((len(queries), top), -1, dtype=np.int64)
        best = np.zeros((len(queries), top), dtype=np.float32)
        found, least = np.empty(len(queries), dtype=np.int64), np.empty(len(queries), dtype=np.float32)
        scan_postings(
            *asked.windows,
            asked.values,
            asked.own,
            kernel_rows(asked.offsets),
            kernel_rows(queries),
            self._postings.mz,
            self._postings.row,
            self._postings.value,
            self._postings.own,
            self._postings.table,
            *asked.moved,
            self._moved.mz,
            self._moved.row,
            self._moved.value,
            self._moved.table,
            np.array(asked.masses),
            self._mass,
            *widths(self._scorer.tolerance),
            self._shifted,
            _CELLS,
            _CELLS_PER_DA,
            self._block_rows,
            allowed[self._order],
            self._substance,
            *places_left_out(left_out, len(queries), self._place),
            self._entropy,
            most,
            (2.0 * error).astype(np.float32),
            substances,
            best,
            found_rows,
            found_values,
            found,
            least,
        )
        least[found < 0] = np.nan
        found = np.maximum(found, 0)
        width = int(found.max(initial=0))
        rows = self._order[found_rows[:, :width][np.arange(width) < found[:, np.newaxis]]]
        scale = 0.5 if self._entropy else 1.0
        # Where the list of the best was never full, every row with a pair was kept.
        limit = np.where(least != LEAST, scale * (least.astype(np.float64) + error), 0.0)
        sure = scale * (best.astype(np.float64) - error[:, np.newaxis])
        return Candidates(np.concatenate(([0], np.cumsum(found))), rows, limit, substances, sure)

    def _windows(self, query: Prepared, losses: bool) -> tuple[Float, Float]:
        """Lowest and highest m/z or loss of a partner of each peak, with room for rounding."""
        absolute, relative = widths(self._scorer.tolerance)
        half = 0.5 * relative
        mz = query.clean.mz
        slack = 1e-12 * (1.0 + mz)
        if losses:
            slack = 1e-12 * (1.0 + np.repeat(query.masses, np.diff(query.clean.offsets)))
            mz = _losses(query)
        low = (mz * (1.0 - half) - absolute) / (1.0 + half) - slack
        high = (mz * (1.0 + half) + absolute) / (1.0 - half) + slack
        return low, high


def _owner(prepared: Prepared) -> Int:
    return np.repeat(np.arange(len(prepared.clean), dtype=np.int64), np.diff(prepared.clean.offsets))


def _losses(prepared: Prepared) -> Float:
    """Mass of the spectrum less m/z, for every peak: equal where peaks match shifted by the mass difference."""
    result: Float = prepared.masses[_owner(prepared)] - prepared.clean.mz
    return result


def ranges(starts: Int, lengths: Int) -> Int:
    """The numbers ``starts[i]`` to ``starts[i] + lengths[i]`` of every i, one after the other.

    Examples
    --------
    >>> ranges(np.array([5, 0]), np.array([2, 3])).tolist()
    [5, 6, 0, 1, 2]
    """
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    result: Int = np.arange(total, dtype=np.int64) + np.repeat(starts - (ends - lengths), lengths)
    return result
