"""What is asked of every work: the least that must be reached and the goal, as figures that can be compared."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Goal:
    """One figure of one work.

    ``must`` and ``goal`` are None where nothing is asked. ``more`` says whether more is better.
    """

    work: str
    figure: str
    must: float | None = None
    goal: float | None = None
    more: bool = True

    def verdict(self, value: float) -> str:
        """ "goal", "must" or "missed"; "" where nothing is asked."""

        def reached(limit: float) -> bool:
            return value >= limit if self.more else value <= limit

        if self.goal is not None and reached(self.goal):
            return "goal"
        if self.must is not None:
            return "must" if reached(self.must) else "missed"
        return "" if self.goal is None else "below goal"


OPEN_COSINE, OPEN_ENTROPY = "MS/MS open, cosine", "MS/MS open, entropy"
GATED_ENTROPY, GATED_COSINE = "MS/MS 20 ppm, entropy", "MS/MS 20 ppm, cosine"
MODIFIED, HYBRID, LOSS = "MS/MS open, modified cosine", "MS/MS open, hybrid", "MS/MS open, neutral loss"
EI_COSINE, EI_IDENTITY, EI_HYBRID = "EI weighted_cosine, batches of 500", "EI nist_identity", "EI hybrid, mass given"
EI_ONE = "EI, one query, weighted_cosine"
EI_ONE_IDENTITY = "EI, one query, nist_identity"
THREADS = "two threads"
INDEX, OPEN, READ, GROWTH = "index of the MS/MS library", "open a library", "read MSP, 123,893 spectra", "growth"

RATE, BUILD, MEMORY = "queries/s", "s", "MiB beyond the process before"
OVER_ENTROPY = "x ms_entropy, without its top-k"
OVER_ENTROPY_TOP = "x ms_entropy, with its top 10"

#: Ratios say how many times the peer's time ours goes into.
GOALS = (
    Goal(OPEN_COSINE, OVER_ENTROPY, 8, 20),
    Goal(OPEN_COSINE, RATE, None, 20_000),
    Goal(OPEN_ENTROPY, OVER_ENTROPY, 5, 12),
    Goal(OPEN_ENTROPY, OVER_ENTROPY_TOP, 20),
    Goal(GATED_ENTROPY, OVER_ENTROPY, 20, 50),
    Goal(GATED_ENTROPY, RATE, None, 100_000),
    Goal(GATED_COSINE, OVER_ENTROPY, 20, 50),
    Goal(GATED_COSINE, RATE, None, 100_000),
    Goal(MODIFIED, OVER_ENTROPY, 6, 15),
    Goal(HYBRID, OVER_ENTROPY, 6, 15),
    Goal(LOSS, OVER_ENTROPY, 6, 15),
    Goal(EI_COSINE, "x SciPy CSR x dense, no top-k", 2, 4),
    Goal(EI_IDENTITY, RATE, 2_000, 8_000),
    Goal(EI_HYBRID, RATE, 30, 200),
    Goal(EI_ONE, "ms", 0.5, 0.2, more=False),
    Goal(EI_ONE, "ms, 400,000 spectra", 20, 5, more=False),
    Goal(EI_ONE_IDENTITY, "ms", 0.5, 0.2, more=False),
    Goal(EI_ONE_IDENTITY, "ms, 400,000 spectra", 20, 5, more=False),
    *(
        Goal(THREADS, f"x one thread: {method}", 1.8, 1.95)
        for method in ("MS/MS weighted_cosine", "MS/MS entropy", "MS/MS modified_cosine", "EI nist_identity")
    ),
    Goal(INDEX, BUILD, 1.5, 0.7, more=False),
    Goal(INDEX, MEMORY, 150, 80, more=False),
    Goal(OPEN, "s, all of MassBank", 0.1, None, more=False),
    Goal(OPEN, "s, 1,000,000 spectra", 0.3, None, more=False),
    Goal(READ, "s", 6, 3, more=False),
    *(
        Goal(GROWTH, f"exponent from 10,000 spectra: {method}", 1.0, goal, more=False)
        for method, goal in (
            ("open, cosine", 0.95),
            ("open, entropy", 0.95),
            ("20 ppm, entropy", 0.95),
            ("EI weighted_cosine", 0.95),
            ("EI nist_identity", 0.95),
        )
    ),
    Goal(GROWTH, "memory of an open search / file", 1.2, None, more=False),
    *(
        Goal(GROWTH, f"memory / file: {method}", 1.2, None, more=False)
        for method in (
            "open, cosine",
            "open, entropy",
            "open, modified cosine",
            "20 ppm, entropy",
            "EI weighted_cosine",
            "EI nist_identity",
        )
    ),
)
_KNOWN = {(goal.work, goal.figure): goal for goal in GOALS}


@dataclass(frozen=True)
class Figure:
    """One figure of one work as it was measured, in every round."""

    work: str
    figure: str
    values: Sequence[float]
    note: str = ""

    @property
    def goal(self) -> Goal:
        """What is asked of it; nothing, if it is not in `GOALS`."""
        return _KNOWN.get((self.work, self.figure), Goal(self.work, self.figure))

    @property
    def median(self) -> float:
        """What is held against the goal."""
        return statistics.median(self.values)

    def as_dict(self) -> dict[str, Any]:
        """As plain data."""
        goal = self.goal
        return {
            "work": self.work,
            "figure": self.figure,
            "must": goal.must,
            "goal": goal.goal,
            "more_is_better": goal.more,
            "min": min(self.values),
            "median": self.median,
            "max": max(self.values),
            "rounds": len(self.values),
            "verdict": goal.verdict(self.median),
            "note": self.note,
        }


def table(figures: Sequence[Figure]) -> str:
    """What is asked, whether it was measured or not, and below it all other figures, as two Markdown tables."""
    found = {(one.work, one.figure): one for one in figures}
    asked = ["| work | figure | must | goal | min | median | max | reached |", "|---|---|---:|---:|---:|---:|---:|---|"]
    for goal in GOALS:
        sign = ">=" if goal.more else "<="
        limits = [f"{sign} {shown(limit)}" if limit is not None else "" for limit in (goal.must, goal.goal)]
        one = found.get((goal.work, goal.figure))
        measured = ["", "", "", "not measured"] if one is None else [*_spread(one), goal.verdict(one.median)]
        asked.append(_line(_named(goal.work, one), goal.figure, *limits, *measured))
    beside = ["| work | figure | min | median | max |", "|---|---|---:|---:|---:|"]
    others = [one for key, one in found.items() if key not in _KNOWN]
    for one in sorted(others, key=lambda one: one.work):
        beside.append(_line(_named(one.work, one), one.figure, *_spread(one)))
    return "\n".join([*asked, "", *beside])


def _named(work: str, figure: Figure | None) -> str:
    return f"{work} ({figure.note})" if figure is not None and figure.note else work


def _spread(figure: Figure) -> list[str]:
    return [shown(value) for value in (min(figure.values), figure.median, max(figure.values))]


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def not_measured(figures: Sequence[Figure]) -> list[Goal]:
    """What is asked and was not measured in this run."""
    there = {(one.work, one.figure) for one in figures}
    return [goal for goal in GOALS if (goal.work, goal.figure) not in there]


def shown(value: float) -> str:
    """A figure with three digits that count."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
