"""What there is to say of hits beside spectrum and score, for many queries at a time, when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Final
from weakref import WeakValueDictionary

import numpy as np

from nps_spectra.cleaning import kernel_arrays
from nps_spectra.library import Library
from nps_spectra.scorers import Float, Int, Mask, Prepared, Scorer, kernel_rows
from nps_spectra.searching.candidates import ranges
from nps_spectra.searching.hits import Hit, SpectrumScore, SubstanceSpectra

_NAMES: Final = ("name", "inchikey", "formula", "cas", "accession", "contributor", "licence")
#: Queries whose hits are explained together.
_TOGETHER: Final = 64


@dataclass(frozen=True, slots=True)
class Ranked:
    """The best spectrum of each of the best substances, one line a query.

    Attributes
    ----------
    rows, score, matched : ndarray, shape (queries, top)
    count : ndarray of int64, shape (queries,)
    """

    rows: Int
    score: Float
    matched: Int
    count: Int

    @classmethod
    def none(cls, queries: int, top: int) -> Ranked:
        """Room for the best, and nothing in it."""
        shape = queries, top
        return cls(np.empty(shape, np.int64), np.empty(shape), np.empty(shape, np.int64), np.zeros(queries, np.int64))


class Explaining:
    """Hits of a batch of queries.

    Parameters
    ----------
    library : Library
    scorer : Scorer
    query : Prepared
        The queries.
    ids : sequence of str
        Their identifiers.
    ranked : Ranked
    compares : callable
        Of numbers of queries and library rows, side by side: which of them were compared.
    reference : callable
        Of a scorer and library rows that were compared: the library as the scorer compares it, with these rows.
    """

    def __init__(
        self,
        library: Library,
        scorer: Scorer,
        query: Prepared,
        ids: Sequence[str],
        ranked: Ranked,
        compares: Callable[[Int, Int], Mask],
        reference: Callable[[Scorer, Int], Prepared],
    ) -> None:
        self.library = library
        self.scorer = scorer
        self.query = query
        self.ids = ids
        self.ranked = ranked
        self.compares = compares
        self.reference = reference
        # A part lives as long as its hits, so that results can be gone through without keeping them; the latest longer.
        self._parts: WeakValueDictionary[int, _Part] = WeakValueDictionary()
        self._latest: _Part | None = None

    def hits(self, query: int) -> tuple[Hit, ...]:
        """The hits of one query; those of its neighbours are prepared with them."""
        number = query // _TOGETHER
        part = self._parts.get(number)
        if part is None:
            first = number * _TOGETHER
            part = self._parts[number] = _Part(self, np.arange(first, min(first + _TOGETHER, len(self.ids))))
        self._latest = part
        return part.hits(query)


class _Part:
    """Columns of the hits of a few queries."""

    def __init__(self, whole: Explaining, queries: Int) -> None:
        ranked = whole.ranked
        counts = ranked.count[queries]
        self._whole = whole
        self._first = int(queries[0])
        self._starts = [0, *np.cumsum(counts).tolist()]
        self._query = np.repeat(queries, counts)
        listed = np.arange(ranked.rows.shape[1]) < counts[:, np.newaxis]
        self._row = ranked.rows[queries][listed]
        self._score = ranked.score[queries][listed].tolist()
        self._matched = ranked.matched[queries][listed].tolist()

    def hits(self, query: int) -> tuple[Hit, ...]:
        start, stop = self._starts[query - self._first], self._starts[query - self._first + 1]
        library = self._whole.library
        common: dict[str, Any] = {
            "query_id": self._whole.ids[query],
            "library": library.name,
            "library_digest": library.digest,
            "method": self._whole.scorer.method,
        }
        columns = self._columns
        return tuple(
            Hit(
                rank=place - start + 1,
                score=self._score[place],
                matched_peaks=self._matched[place],
                spectra=SubstanceSpectra(partial(self._spectra, place)),
                **common,
                **dict(zip(columns, values, strict=True)),
            )
            for place, values in enumerate(
                zip(*(column[start:stop] for column in columns.values()), strict=True), start
            )
        )

    @cached_property
    def _columns(self) -> dict[str, list[Any]]:
        """What there is to say of each hit, by fields of `Hit`."""
        from nps_spectra.kernels.explaining import explain_pairs

        scorer, query, library = self._whole.scorer, self._whole.query, self._whole.library
        reference = self._whole.reference(scorer, self._row)
        count = len(self._row)
        pairs = scorer.pairs_many(query, self._query, reference, self._row)
        mine, theirs, moved, height = (np.empty(count) for _ in range(4))
        moved_peaks, alone = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
        base_agrees = np.empty(count, dtype=np.bool_)
        mz, intensity, offsets = kernel_arrays(query.clean.mz, query.clean.intensity, query.clean.offsets)
        explain_pairs(
            intensity,
            offsets,
            kernel_rows(self._query),
            *kernel_arrays(reference.clean.mz, reference.clean.intensity, reference.clean.offsets)[1:],
            kernel_rows(self._row),
            kernel_rows(pairs.bounds),
            kernel_rows(pairs.query),
            kernel_rows(pairs.library),
            pairs.shifted,
            mine,
            theirs,
            moved_peaks,
            moved,
            base_agrees,
            alone,
            height,
        )
        left = alone >= 0
        columns: dict[str, list[Any]] = {
            "reverse_score": scorer.reverse_many(query, self._query, reference, self._row).score.tolist(),
            "query_explained": mine.tolist(),
            "library_explained": theirs.tolist(),
            "shifted_peaks": moved_peaks.tolist(),
            "shifted_explained": moved.tolist(),
            "base_peak_agrees": base_agrees.tolist(),
            "unexplained_mz": _where(left, mz[offsets[self._query] + np.maximum(alone, 0)]),
            "unexplained_intensity": _where(left, height),
            "library_id": self._row.tolist(),
        }
        difference = query.masses[self._query] - reference.masses[self._row]
        columns["mass_difference"] = _where(~np.isnan(difference), difference)
        rows, place = np.unique(self._row, return_inverse=True)
        for name in _NAMES:
            texts = library.spectra.texts(name).take(rows).to_list()
            columns[name] = [texts[at] for at in place.tolist()]
        return columns

    def _spectra(self, hit: int) -> tuple[SpectrumScore, ...]:
        bounds, rows, score, matched = self._scored
        part = slice(int(bounds[hit]), int(bounds[hit + 1]))
        return tuple(
            SpectrumScore(*one)
            for one in zip(rows[part].tolist(), score[part].tolist(), matched[part].tolist(), strict=True)
        )

    @cached_property
    def _scored(self) -> tuple[Int, Int, Float, Int]:
        """Rows of the substance of each hit that share a peak with its query, best first: bounds, rows and scores."""
        library, scorer, query = self._whole.library, self._whole.scorer, self._whole.query
        lengths, rows = _rows_of_substances(library, library.substances.of_row[self._row])
        hit = np.repeat(np.arange(len(self._row)), lengths)
        keep = self._whole.compares(self._query[hit], rows)
        hit, rows = hit[keep], rows[keep]
        queries, first = np.unique(self._query, return_index=True)
        bounds = np.append(np.searchsorted(hit, first), len(rows))
        found = scorer.score_many(query, queries, self._whole.reference(scorer, rows), bounds, rows)
        some = np.flatnonzero((found.matched > 0) & (found.score > 0))
        # The written order of ties: score, then matched peaks, then library id.
        order = some[np.lexsort((rows[some], -found.matched[some], -found.score[some], hit[some]))]
        bounds = np.searchsorted(hit[order], np.arange(len(self._row) + 1))
        return bounds, rows[order], found.score[order], found.matched[order]


def _where(known: Mask, values: Float) -> list[float | None]:
    return [value if there else None for there, value in zip(known.tolist(), values.tolist(), strict=True)]


def _rows_of_substances(library: Library, substances: Int) -> tuple[Int, Int]:
    """How many rows each of these substances has, and the rows, one substance after the other."""
    of_row = library.substances.of_row
    order: Int = library.kept("rows by substance", lambda: np.argsort(of_row, kind="stable"))
    starts: Int = library.kept(
        "starts by substance", lambda: np.searchsorted(of_row[order], np.arange(len(library.substances) + 1))
    )
    lengths = np.diff(starts)[substances]
    return lengths, order[ranges(starts[substances], lengths)]
