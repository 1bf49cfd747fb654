"""The organiser's report of a round: all laboratories by their codes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from typing import Final

from nps_spectra.proficiency.identification import Rates
from nps_spectra.report.document import Block, Cell, Document, Facts, Heading, Paragraph, Table, Tone, Toned
from nps_spectra.report.round_cells import judged, number_text, scheme_text, scores_table, share_text
from nps_spectra.report.round_charts import score_bars, sorted_results, youden_chart
from nps_spectra.report.round_repeatability import all_combined_blocks, all_repeatability_blocks
from nps_spectra.report.round_results import RoundResults
from nps_spectra.report.round_sections import (
    closing_blocks,
    provider_blocks,
    sample_blocks,
    target_blocks,
    title_blocks,
)
from nps_spectra.report.round_spectra import all_spectra_blocks

#: Samples in one map; more would leave no room for their codes.
_COLUMNS: Final = 10
_SIGNS: Final[dict[Tone, str]] = {"right": "✓", "other": "~", "wrong": "✗", "none": "–"}


def organiser_document(results: RoundResults) -> Document:
    """Describe the report of the round."""
    found = results.evaluation.result
    return Document(
        f"{results.round.scheme}, {results.round.name}: report of the round",
        results.footer("report of the round"),
        [
            *title_blocks(results, "Report of the round"),
            *provider_blocks(results),
            *sample_blocks(results),
            Heading("Menu", 3),
            Paragraph(", ".join(results.round.menu)),
            *target_blocks(results),
            Heading("Results at a glance", 2),
            *_map(results),
            Heading("Identification", 2),
            *_rates("Sample", found.samples),
            *_rates("Substance", found.substances),
            *_identified(results),
            *_rates("Methods", found.methods, "Methods used"),
            *_schemes(results),
            Heading("Quantities", 2),
            *_quantities(results),
            *_pairs(results),
            *all_combined_blocks(results),
            *all_repeatability_blocks(results),
            *all_spectra_blocks(results),
            Heading("Rows that were not scored", 2),
            *_rejected(results),
            *closing_blocks(results),
            Heading("Codes of the laboratories", 2),
            Paragraph(", ".join(results.codes) or "No laboratory took part."),
        ],
    )


def _map(results: RoundResults) -> Iterator[Block]:
    places = {sample.code: place for place, sample in enumerate(results.round.samples)}
    worst: dict[tuple[str, str], float] = {}
    for one in results.evaluation.scores:
        if one.z is not None:
            key = one.laboratory, one.sample
            worst[key] = max(worst.get(key, 0.0), abs(one.z))
    rows: list[list[Cell]] = []
    for code in results.codes:
        cells: list[Cell] = [Toned(_SIGNS["none"], "none") for _ in places]
        for outcome in results.outcomes[code]:
            found, _ = judged(outcome)
            z, tone = worst.get((code, outcome.sample)), found
            if found == "right" and z is not None and z > results.limits[0]:
                tone = "wrong" if z >= results.limits[1] else "other"
            cells[places[outcome.sample]] = Toned(_SIGNS[found] + ("" if z is None else f" {z:.1f}"), tone)
        rows.append([code, *cells])
    yield Paragraph(
        f"{_SIGNS['right']} all correct, {_SIGNS['other']} missed, or not told apart as far as asked, "
        f"{_SIGNS['wrong']} false positive, {_SIGNS['none']} not evaluated; then the largest |z|."
    )
    for start in range(0, len(places), _COLUMNS) if rows else ():
        columns = slice(1 + start, 1 + start + _COLUMNS)
        titles = ("Laboratory", *places)
        yield Table((titles[0], *titles[columns]), [[row[0], *row[columns]] for row in rows], is_map=True)


def _rates(key: str, rates: tuple[Rates, ...], heading: str | None = None) -> Iterator[Block]:
    if not rates:
        return
    if heading is not None:
        yield Heading(heading, 3)
    rows: list[tuple[Cell, ...]] = [
        (
            one.key or "not named",
            one.results,
            share_text(one.sensitivity),
            share_text(one.specificity),
            share_text(one.false_positive_rate),
            share_text(one.fully_correct),
        )
        for one in rates
    ]
    yield Table((key, "Results", "Sensitivity", "Specificity", "With a false positive", "Fully correct"), rows, (1,))


def _schemes(results: RoundResults) -> Iterator[Block]:
    """Whether combinations of methods make a minimum scheme, and why."""
    evaluated = [one for one in results.evaluation.result.outcomes if one.status == "evaluated" and one.methods]
    if not evaluated:
        return
    counts = Counter(("+".join(one.methods), scheme_text(one.audit), one.audit.reason) for one in evaluated)
    rows = [(methods, count, met, reason) for (methods, met, reason), count in sorted(counts.items())]
    yield Heading("Minimum scheme", 3)
    yield Table(("Methods", "Results", "Met", "Reason"), rows, (1,))


def _identified(results: RoundResults) -> Iterator[Block]:
    """What was reported in each sample, by how many laboratories, and how it was judged."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for outcome in results.evaluation.result.outcomes:
        for names, word in (
            (outcome.correct, "correct"),
            (outcome.unspecific, "not specific"),
            (outcome.false_positive, "false positive"),
            (outcome.tolerated, "tolerated"),
        ):
            counts.update((outcome.sample, name, word) for name in names)
    if not counts:
        return
    tones: dict[str, Tone] = {"correct": "satisfactory", "false positive": "unsatisfactory"}
    places = {sample.code: place for place, sample in enumerate(results.round.samples)}
    ordered = sorted(counts.items(), key=lambda item: (places[item[0][0]], -item[1], item[0]))
    rows: list[tuple[Cell, ...]] = [
        (sample, name, count, Toned(word, tones[word]) if word in tones else word)
        for (sample, name, word), count in ordered
    ]
    yield Heading("Identified substances", 3)
    yield Table(("Sample", "Substance", "Laboratories", "Judged as"), rows, (2,))


def _quantities(results: RoundResults) -> Iterator[Block]:
    if not results.targets:
        yield Paragraph("No quantity is asked for in this round.")
    for key, target in results.targets.items():
        found = results.by_target.get(key, [])
        name = f"{target.sample}: {target.substance}"
        yield Heading(name, 3)
        estimates = [number_text(value) or "none" for value in (target.robust_mean, target.robust_sd)]
        spread = f"{'; '.join(estimates)} {target.unit}" if target.robust_mean is not None else "too few values"
        yield Facts([("Laboratories with a value", str(target.values)), ("Robust mean and SD", spread)])
        ascending = sorted_results(found, target, results.limits, f"{name}, values in ascending order")
        density = results.density(target)
        yield from (chart for chart in (ascending, density) if chart is not None)
        yield from score_bars(found, results.limits, f"{name}, z scores in ascending order")
        if found:
            yield scores_table(found, with_code=True)


def _pairs(results: RoundResults) -> Iterator[Block]:
    """Youden plots of samples with the same substance."""
    for one, other in combinations(results.targets.values(), 2):
        if (one.substance, one.unit) != (other.substance, other.unit):
            continue
        second = {
            found.laboratory: found
            for found in results.by_target.get((other.sample, other.substance), [])
            if found.value is not None
        }
        pairs = [
            (found, second[found.laboratory])
            for found in results.by_target.get((one.sample, one.substance), [])
            if found.value is not None and found.laboratory in second
        ]
        names = (f"{one.sample}: {one.substance}, {one.unit}", f"{other.sample}: {other.substance}, {other.unit}")
        if (chart := youden_chart(pairs, names)) is not None:
            yield Heading(f"{one.substance} in {one.sample} and {other.sample}", 3)
            yield chart


def _rejected(results: RoundResults) -> Iterator[Block]:
    submissions = results.evaluation.submissions
    yield Paragraph(
        f"{submissions.rows} rows were read, {len(submissions.entries)} scored, {len(submissions.rejected)} not."
    )
    if submissions.rejected:
        rows = [(one.row, one.laboratory, one.sample, one.reason) for one in submissions.rejected]
        yield Table(("Row", "Laboratory", "Sample", "Reason"), rows, (0,))
