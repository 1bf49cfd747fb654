"""Sections on replicates and on z scores taken together; absent where a round has none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from nps_spectra.proficiency.performance import CombinedScore
from nps_spectra.proficiency.repeatability import STATISTIC_LIMIT, Repeatability
from nps_spectra.report.document import Block, Cell, Facts, Heading, Paragraph, Table
from nps_spectra.report.round_cells import number_text, score_text
from nps_spectra.report.round_results import RoundResults


def own_repeatability_blocks(results: RoundResults, code: str) -> Iterator[Block]:
    """The replicates of one laboratory, and where they stand among those of all."""
    own = [one for one in results.evaluation.repeatability if one.laboratory == code]
    if own:
        yield Heading("Repeatability", 2)
        yield _explained()
        yield _table(own, with_code=False)


def all_repeatability_blocks(results: RoundResults) -> Iterator[Block]:
    """The replicates of all laboratories, by sample and substance."""
    if not results.evaluation.repeatability:
        return
    yield Heading("Repeatability", 2)
    yield _explained()
    for (sample, substance), found in groupby(
        results.evaluation.repeatability, key=lambda one: (one.sample, one.substance)
    ):
        yield Heading(f"{sample}: {substance}, replicates", 3)
        yield _table(list(found), with_code=True)


def own_combined_blocks(results: RoundResults, code: str) -> Iterator[Block]:
    """The z scores of one laboratory taken together."""
    one = results.combined.get(code)
    if one is None:
        return
    total = f"{score_text(one.sum_of_squares)}, {_against_limit(one)}"
    yield Heading(f"Your {one.n} z scores taken together", 3)
    yield Facts([("Rescaled sum", score_text(one.rescaled_sum)), ("Sum of squares", total)])
    yield _combining()


def all_combined_blocks(results: RoundResults) -> Iterator[Block]:
    """The z scores of each laboratory that has several, taken together."""
    if not results.combined:
        return
    yield Heading("z scores of each laboratory taken together", 3)
    rows: list[tuple[Cell, ...]] = [
        (
            code,
            one.n,
            score_text(one.rescaled_sum),
            score_text(one.sum_of_squares),
            _against_limit(one),
            one.unsatisfactory,
        )
        for code, one in results.combined.items()
    ]
    header = ("Laboratory", "z scores", "Rescaled sum", "Sum of squares", "Limit of that at 5 %", "Scores of 3 or more")
    yield Table(header, rows, (1, 2, 3, 5))
    yield _combining()


def _against_limit(one: CombinedScore) -> str:
    side = "above" if one.sum_of_squares > one.critical else "within"
    return f"{side} {score_text(one.critical)}"


def _combining() -> Paragraph:
    return Paragraph(
        "The rescaled sum is the sum of z over the root of their number: a common bias adds up, opposite errors "
        "cancel. The sum of squares is held against chi-squared (5 %). Scores of one run or one calibration are not "
        "independent, and the limits do not hold for them. No sum hides a single score: look at these first.",
        "faint",
    )


def _explained() -> Paragraph:
    return Paragraph(
        "Mandel's h compares the mean of a laboratory with those of the others, k its spread with theirs; in brackets "
        "their critical values at 1 % (ISO 5725-2). The statistic takes mean and deviation together "
        f"(ISO 13528:2022, 10.6) and exceeds {STATISTIC_LIMIT} in one of twenty laboratories that differ "
        "by their repeatability alone.",
        "faint",
    )


def _table(rows: Sequence[Repeatability], with_code: bool) -> Table:
    header: tuple[str, ...] = ("Sample", "Substance", "Replicates", "Mean", "SD", "Unit")
    if with_code:
        header = ("Laboratory", "Replicates", f"Mean [{rows[0].unit}]", "SD")
    first = header.index("Replicates")
    numbers = (*range(first, first + 3), *range(len(header), len(header) + 3))
    cells: list[tuple[Cell, ...]] = []
    for one in rows:
        who = (one.laboratory,) if with_code else (one.sample, one.substance)
        unit = () if with_code else (one.unit,)
        measured = (one.replicates, number_text(one.mean), number_text(one.sd))
        scores = (_with_limit(one.h, one.h_critical), _with_limit(one.k, one.k_critical))
        cells.append((*who, *measured, *unit, *scores, _with_limit(one.statistic, STATISTIC_LIMIT), _remarks(one)))
    return Table((*header, "h (limit)", "k (limit)", "Statistic (limit)", "Remarks"), cells, numbers)


def _with_limit(value: float | None, limit: float | None) -> str:
    if value is None or limit is None:
        return score_text(value)
    return f"{score_text(value)} ({score_text(limit)})"


def _remarks(one: Repeatability) -> str:
    """What is beyond its limit, and why something is missing."""
    pairs = (("h", one.h, one.h_critical), ("k", one.k, one.k_critical), ("statistic", one.statistic, STATISTIC_LIMIT))
    beyond = [name for name, value, limit in pairs if value is not None and limit is not None and abs(value) > limit]
    told = [f"beyond its limit: {', '.join(beyond)}"] if beyond else []
    return "; ".join((*told, *filter(None, (one.reason,))))
