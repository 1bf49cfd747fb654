"""What became of the queries of a search, as columns, until a query is asked about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import overload

import numpy as np

from nps_spectra.scorers import Int, Scorer
from nps_spectra.searching.explaining import Explaining
from nps_spectra.searching.hits import Hit, QueryResult

#: Identifier, name and source file of a query.
Identity = tuple[str, str | None, str | None]


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a batch of queries, as columns.

    Attributes
    ----------
    numbers : ndarray of int64
        Of the queries.
    scorer : Scorer
    compared, found : ndarray of int64
        Library spectra that each was compared with; its hits.
    reasons : dict
        By place in the batch, why a query has no hit.
    explaining : Explaining, optional
        None: no query was compared with anything.
    """

    numbers: Int
    scorer: Scorer
    compared: Int
    found: Int
    reasons: dict[int, str | None]
    explaining: Explaining | None

    def result(self, k: int, identity: Identity) -> QueryResult:
        """What became of the query at one place of the batch."""
        hits, explain = int(self.found[k]), _nothing
        if self.explaining is not None and hits:
            explain = partial(self.explaining.hits, k)
        scorer, reason = self.scorer, self.reasons.get(k)
        return QueryResult(*identity, scorer.technique, scorer.method, int(self.compared[k]), reason, hits, explain)


class Results(Sequence[QueryResult]):
    """What became of the queries of a search, in their order.

    Each result is made when it is asked for, and anew each time: a search may take less time than making one.
    """

    def __init__(self, identities: Sequence[Identity], answers: Sequence[Answer]) -> None:
        self._identities = identities
        self._answers = answers
        self._answer = np.empty(len(identities), dtype=np.int64)
        self._place = np.empty(len(identities), dtype=np.int64)
        for number, answer in enumerate(answers):
            self._answer[answer.numbers] = number
            self._place[answer.numbers] = np.arange(len(answer.numbers))

    @property
    def hit_count(self) -> int:
        """Hits of all queries."""
        return sum(int(answer.found.sum()) for answer in self._answers)

    def __len__(self) -> int:
        return len(self._identities)

    @overload
    def __getitem__(self, number: int) -> QueryResult: ...

    @overload
    def __getitem__(self, number: slice) -> list[QueryResult]: ...

    def __getitem__(self, number: int | slice) -> QueryResult | list[QueryResult]:
        if isinstance(number, slice):
            return [self[k] for k in range(len(self))[number]]
        answer = self._answers[int(self._answer[number])]
        return answer.result(int(self._place[number]), self._identities[number])


def _nothing() -> tuple[Hit, ...]:
    return ()
