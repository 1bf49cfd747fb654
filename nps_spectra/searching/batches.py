"""A search in batches: queries of one kind together, from their gates to the best spectra of the best substances."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np

from nps_spectra.library import Library
from nps_spectra.scorers import Int, Mask, Prepared, Scorer, Scores, Technique, kernel_rows
from nps_spectra.searching.answers import Answer, Results
from nps_spectra.searching.candidates import Index, ranges
from nps_spectra.searching.explaining import Explaining, Ranked
from nps_spectra.searching.gates import Allowed, Gate, Gates, Kind, within
from nps_spectra.searching.indexes import FEW_QUERIES, index_of, layout_of
from nps_spectra.searching.questions import Questions
from nps_spectra.searching.threads import in_order, thread_count

#: Queries of a batch at most, and with several threads at least.
_BATCH: Final = 1024
_SMALL_BATCH: Final = 16
#: Batches of each thread where queries come in the order of their precursor; pairs scored at a time.
_TURNS: Final = 4
_PAIRS: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class _Compared:
    """Library rows that each query of a batch is compared with; ``left_out`` is empty if there is nothing to leave out.

    Query q has ``rows[bounds[q]:bounds[q + 1]]``, or where these are None all that are allowed, less those left out.
    """

    queries: int
    allowed: Allowed
    left_out: list[Int]
    bounds: Int | None = None
    rows: Int | None = None

    def counts(self) -> Int:
        if self.bounds is not None:
            return np.diff(self.bounds)
        if not self.left_out:
            return np.full(self.queries, len(self.allowed.rows), dtype=np.int64)
        size = len(self.allowed.mask)
        mask = self.allowed.mask
        gone = [int(mask[rows[(rows >= 0) & (rows < size)]].sum()) if len(rows) else 0 for rows in self.left_out]
        return self.allowed.count - np.array(gone, dtype=np.int64)

    def among(self, allowed: Allowed) -> _Compared:
        """Those of the rows that are allowed by this."""
        if self.bounds is None or self.rows is None:
            return replace(self, allowed=allowed)
        keep = allowed.mask[self.rows]
        bounds = np.concatenate(([0], np.cumsum(keep)))[self.bounds]
        return replace(self, allowed=allowed, bounds=bounds, rows=self.rows[keep])

    def lists(self, queries: Int) -> tuple[Int, Int]:
        """Bounds and rows of some of the queries."""
        if self.bounds is not None and self.rows is not None:
            lengths = np.diff(self.bounds)[queries]
            return _bounds(lengths), self.rows[ranges(self.bounds[:-1][queries], lengths)]
        lists = [
            np.setdiff1d(self.allowed.rows, self.left_out[q], assume_unique=True)
            if self.left_out and len(self.left_out[q])
            else self.allowed.rows
            for q in queries.tolist()
        ]
        return _bounds(np.array([len(rows) for rows in lists])), np.concatenate(lists)


class Searching:
    """One library, one set of options, many queries."""

    def __init__(
        self, library: Library, scorers: dict[Technique, Scorer], gate: Gate, top: int, questions: Questions
    ) -> None:
        self._library = library
        self._scorers = scorers
        self._gate = gate
        self._top = min(top, len(library.substances))
        self._questions = questions
        self._gates: Gates = library.kept("gates", lambda: Gates(library))
        self._stating: dict[Kind, Allowed] = {}
        self._indexes: dict[Technique, Index | None] = {}

    def all(self, progress: Callable[[int, int], None] | None) -> Results:
        """Results of all queries, in their order."""
        threads = thread_count()
        batches: list[tuple[Kind, Int]] = []
        for kind, members in self._questions.groups.items():
            if self._by_precursor(kind):
                # Neighbours are compared with the same library spectra, which are near at hand the second time.
                members = members[np.argsort(self._questions.precursor_mz[members], kind="stable")]
            if threads > 1:
                self._make_ready(kind, members)
            size = self._batch_size(kind, members, threads)
            batches += [(kind, members[start : start + size]) for start in range(0, len(members), size)]
        answers, done = [], 0
        for answer in in_order(lambda batch: self._batch(*batch), batches, threads):
            answers.append(answer)
            done += len(answer.numbers)
            if progress is not None:
                progress(done, len(self._questions.spectra))
        return Results(self._questions.identities, answers)

    def _make_ready(self, kind: Kind, members: Int) -> None:
        """Compile, clean and index in this thread what all others would wait for: Ctrl-C reaches no other thread."""
        if not self._library.keeps(self._scorers[kind.technique]):
            self._batch(kind, members[:1])

    def _batch_size(self, kind: Kind, members: Int, threads: int) -> int:
        """Queries to take together: so few that their pairs fit the memory, progress is seen and no thread idles."""
        largest = _BATCH
        if threads > 1:
            # As few batches as there can be, since each fetches the library from memory anew, and each thread as many.
            # Queries in order of their precursor take longer and longer: there the threads take turns.
            turns = max(_TURNS if self._by_precursor(kind) else 1, -(-len(members) // (_BATCH * threads)))
            largest = max(_SMALL_BATCH, -(-len(members) // (turns * threads)))
        if not self._narrows(kind) and self._index(kind) is not None:
            return largest
        most = len(self._library)
        if self._gate.precursor_tolerance is not None and self._by_precursor(kind):
            allowed = self._gates.allowed(kind)
            start, stop = within(self._gate.precursor_tolerance, self._questions.precursor_mz[members], allowed)
            most = int((stop - start).max())
        return max(1, min(largest, _PAIRS // max(1, most)))

    def _index(self, kind: Kind) -> Index | None:
        if kind.technique not in self._indexes:
            scorer = self._scorers[kind.technique]
            self._indexes[kind.technique] = index_of(self._library, scorer, self._top, self._questions.so_far)
        return self._indexes[kind.technique]

    def layouts(self, kinds: Iterable[Kind]) -> list[dict[str, str]]:
        """How the library is searched for queries of each technique among these, and why."""
        found: dict[str, dict[str, str]] = {}
        for kind in kinds:
            if self._narrows(kind):
                own = {"layout": "spectra inside the tolerances", "reason": "each query has few to be compared with"}
            else:
                own = layout_of(self._index(kind), self._top, self._questions.so_far)
            found[kind.technique] = {"technique": kind.technique, "method": self._scorers[kind.technique].method} | own
        return list(found.values())

    def _by_precursor(self, kind: Kind) -> bool:
        """Whether queries of one kind are compared only with spectra of about their precursor m/z."""
        return self._gate.precursor_tolerance is not None and kind.technique != "EI"

    def _narrows(self, kind: Kind) -> bool:
        """Whether queries of one kind are compared with different rows, beside what is left out."""
        others = self._gate.retention_index_tolerance, self._gate.collision_energy_tolerance_ev
        return self._by_precursor(kind) or any(width is not None for width in others)

    def _batch(self, kind: Kind, numbers: Int) -> Answer:
        scorer = self._scorers[kind.technique]
        compared = self._compared(kind, numbers)
        in_gate = compared.counts()
        counts = in_gate
        query, explaining = None, None
        found = np.zeros(len(numbers), dtype=np.int64)
        if in_gate.any():
            query = scorer.prepare(self._questions.select(numbers))
            if scorer.needs_mass is not None:
                compared = compared.among(self._stated(kind, scorer))
                counts = np.where(np.isnan(query.masses), 0, compared.counts())
            ranked = self._ranked(
                kind, query, compared, np.flatnonzero((counts > 0) & (np.diff(query.clean.offsets) > 0))
            )
            found = ranked.count
            compares = partial(self._compares, kind, numbers, compared.allowed)
            ids = [self._questions.identities[number][0] for number in numbers.tolist()]
            explaining = Explaining(self._library, scorer, query, ids, ranked, compares, self._reference)
        reasons = {}
        for k in np.flatnonzero(found == 0).tolist():
            if query is None or not in_gate[k]:
                reasons[k] = self._closed(kind, int(numbers[k]))
            else:
                reasons[k] = self._lack(scorer, query, k, int(in_gate[k]), int(counts[k]))
        return Answer(numbers, scorer, counts, found, reasons, explaining)

    def _stated(self, kind: Kind, scorer: Scorer) -> Allowed:
        if kind not in self._stating:
            self._stating[kind] = self._gates.allowed(kind).stating(self._library.prepared(scorer).masses)
        return self._stating[kind]

    def _compared(self, kind: Kind, numbers: Int) -> _Compared:
        allowed = self._gates.allowed(kind)
        given = self._questions.left_out
        left_out = [given[number] for number in numbers.tolist()] if given else []
        if allowed.reason is not None or not self._narrows(kind):
            return _Compared(len(numbers), allowed, left_out)
        if self._gate.precursor_tolerance is None or kind.technique == "EI":
            # Most rows stay, as few state what is asked for: those that go are left out.
            outside = [self._outside(number, allowed) for number in numbers]
            if left_out:
                outside = [np.union1d(*rows) for rows in zip(left_out, outside, strict=True)]
            return _Compared(len(numbers), allowed, outside)
        start, stop = within(self._gate.precursor_tolerance, self._questions.precursor_mz[numbers], allowed)
        bounds = _bounds(stop - start)
        rows = allowed.by_precursor[0][ranges(start, stop - start)]
        keep = self._permits(np.repeat(numbers, np.diff(bounds)), rows)
        for q, out in enumerate(left_out):
            if len(out):
                part = slice(int(bounds[q]), int(bounds[q + 1]))
                keep[part] &= ~np.isin(rows[part], out)
        return _Compared(len(numbers), allowed, left_out, np.concatenate(([0], np.cumsum(keep)))[bounds], rows[keep])

    def _outside(self, number: int, allowed: Allowed) -> Int:
        """The rows that are not near enough to a query."""
        near = self._permits(np.full(len(allowed.rows), number), allowed.rows)
        return allowed.rows[~near]

    def _permits(self, numbers: Int, rows: Int) -> Mask:
        """Whether the query and the library row at each place are near enough, but for the precursor m/z."""
        keep = np.ones(len(rows), dtype=bool)
        for field, width in (
            ("retention_index", self._gate.retention_index_tolerance),
            ("collision_energy_ev", self._gate.collision_energy_tolerance_ev),
        ):
            if width is not None:
                own = self._questions.spectra.numbers(field)[numbers]
                value = self._library.spectra.numbers(field)[rows]
                # Not known is no disagreement.
                keep &= np.isnan(own) | np.isnan(value) | (np.abs(value - own) <= width)
        return keep

    def _closed(self, kind: Kind, number: int) -> str | None:
        """Why the gates leave nothing for a query; None if it is what the user left out."""
        allowed = self._gates.allowed(kind)
        if allowed.reason is not None:
            return allowed.reason
        tolerance = self._gate.precursor_tolerance
        rows = allowed.rows
        if tolerance is not None and kind.technique != "EI":
            precursor = float(self._questions.precursor_mz[number])
            if np.isnan(precursor):
                return "the query has no precursor m/z, which the search asks for"
            start, stop = within(tolerance, np.array([precursor]), allowed)
            rows = allowed.by_precursor[0][int(start[0]) : int(stop[0])]
            if len(rows) == 0:
                return f"no library spectrum has a precursor within {tolerance} of {precursor}"
        if not self._permits(np.full(len(rows), number), rows).any():
            return "no library spectrum within the tolerances asked for"
        return None

    def _lack(self, scorer: Scorer, query: Prepared, k: int, in_gate: int, count: int) -> str:
        """Why a query that may be compared with something has no hit."""
        needed = scorer.needs_mass
        if needed is not None and np.isnan(query.masses[k]):
            hint = ""
            if scorer.method == "hybrid" and scorer.technique == "EI" and self._questions.query_mass is None:
                hint = "; query_mass supposes one"
            return f"the query does not state {needed}, which {scorer.method} needs{hint}"
        if count == 0:
            return f"none of {in_gate} library spectra states {needed}, which {scorer.method} needs"
        if len(query.clean.peaks(k)[0]) == 0:
            return "no peak of the query is left after cleaning"
        return f"no peak in common with any of {count} library spectra"

    def _ranked(self, kind: Kind, query: Prepared, compared: _Compared, queries: Int) -> Ranked:
        """The best substances of the spectra `queries` of a batch; others have none."""
        ranked = Ranked.none(len(query.clean), self._top)
        index = self._index(kind) if compared.bounds is None else None
        scorer = self._scorers[kind.technique]
        if index is not None and len(queries):
            left_out = [compared.left_out[q] for q in queries.tolist()] if compared.left_out else []
            found = index.candidates(query, queries, compared.allowed.mask, left_out, self._top)
            self._score(scorer, query, queries, found.bounds, found.rows, ranked, found.scores)
            there = np.arange(self._top) < ranked.count[queries][:, np.newaxis]
            listed = np.where(there, self._library.substances.of_row[np.where(there, ranked.rows[queries], 0)], -1)
            score = np.where(there, ranked.score[queries], 0.0)
            # Bounds are proven only for peaks that have one partner at most, as cleaning leaves them.
            queries = queries[found.unproven(listed, score, there[:, -1])]
        counts = compared.counts()[queries]
        start = 0
        while start < len(queries):
            stop = max(start + 1, start + int(np.searchsorted(np.cumsum(counts[start:]), _PAIRS, "right")))
            self._score(scorer, query, queries[start:stop], *compared.lists(queries[start:stop]), ranked)
            start = stop
        return ranked

    def _score(
        self,
        scorer: Scorer,
        query: Prepared,
        queries: Int,
        bounds: Int,
        rows: Int,
        ranked: Ranked,
        known: Scores | None = None,
    ) -> None:
        """Score pairs, if their scores are not known, and write the best of each query to its line of `ranked`."""
        from nps_spectra.kernels.ranking import best_of_substances

        scores = known or scorer.score_many(query, queries, self._reference(scorer, rows), bounds, rows)
        best_of_substances(
            kernel_rows(bounds),
            kernel_rows(rows),
            scores.score,
            scores.matched,
            kernel_rows(self._library.substances.of_row),
            kernel_rows(queries),
            ranked.rows,
            ranked.score,
            ranked.matched,
            ranked.count,
        )

    def _reference(self, scorer: Scorer, rows: Int) -> Prepared:
        """The library as a scorer compares it; for a few queries perhaps no more of it than these rows."""
        prepare = self._library.prepared_for if len(self._questions.spectra) < FEW_QUERIES else None
        reference: Prepared = self._library.prepared(scorer) if prepare is None else prepare(scorer, rows)
        return reference

    def _compares(self, kind: Kind, numbers: Int, allowed: Allowed, at: Int, rows: Int) -> Mask:
        """Whether the queries at these ascending places of ``numbers`` are compared with the rows beside them."""
        keep = allowed.mask[rows] & self._permits(numbers[at], rows)
        tolerance = self._gate.precursor_tolerance
        if tolerance is not None and kind.technique != "EI":
            low, high = tolerance.bounds(self._questions.precursor_mz[numbers[at]])
            precursor = self._library.spectra.numbers("precursor_mz")[rows]
            keep &= (precursor >= low) & (precursor <= high)
        for place in np.unique(at).tolist() if self._questions.left_out else ():
            left_out = self._questions.left_out[numbers[place]]
            if len(left_out):
                part = slice(*np.searchsorted(at, [place, place + 1]).tolist())
                keep[part] &= ~np.isin(rows[part], left_out)
        return keep


def _bounds(lengths: Int) -> Int:
    result: Int = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    return result
