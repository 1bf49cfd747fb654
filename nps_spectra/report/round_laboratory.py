"""The report of one laboratory: its own results, of the others only figures that many make together."""

from __future__ import annotations

from collections.abc import Iterator

from nps_spectra.report.document import Block, Cell, Document, Facts, Heading, Paragraph, Table, Tone, Toned
from nps_spectra.report.round_cells import audit_text, judged, scores_table, share_text, taken_text
from nps_spectra.report.round_charts import own_scores
from nps_spectra.report.round_repeatability import own_combined_blocks, own_repeatability_blocks
from nps_spectra.report.round_results import RoundResults
from nps_spectra.report.round_sections import (
    closing_blocks,
    provider_blocks,
    sample_blocks,
    target_blocks,
    title_blocks,
)
from nps_spectra.report.round_spectra import own_spectra_blocks


def laboratory_document(results: RoundResults, code: str) -> Document:
    """Describe the report of one laboratory.

    Raises
    ------
    KeyError
        The laboratory is not in the round.
    """
    if code not in results.outcomes:
        raise KeyError(code)
    return Document(
        f"{results.round.scheme}, {results.round.name}: report of {code}",
        results.footer(f"laboratory {code}"),
        [
            *title_blocks(results, "Report of a laboratory"),
            Paragraph(f"Laboratory {code}", "code"),
            *provider_blocks(results),
            Heading("Identification", 2),
            _identification(results, code),
            *_rates(results, code),
            Heading("Quantities", 2),
            *_quantities(results, code),
            *own_combined_blocks(results, code),
            *own_repeatability_blocks(results, code),
            *own_spectra_blocks(results, code),
            Heading("What was submitted", 2),
            _rows(results, code),
            *sample_blocks(results),
            *target_blocks(results),
            *closing_blocks(results),
        ],
    )


def _identification(results: RoundResults, code: str) -> Table:
    tones: dict[str, Tone] = {"right": "satisfactory", "wrong": "unsatisfactory"}
    rows: list[tuple[Cell, ...]] = []
    for one in results.outcomes[code]:
        verdict, word = judged(one)
        rows.append(
            (
                one.sample,
                ", ".join(one.reported) or ("none" if one.status == "evaluated" else ""),
                ", ".join(one.correct),
                ", ".join(one.missed),
                ", ".join((*one.false_positive, *(f"{name} (not specific)" for name in one.unspecific))),
                Toned(word, tones[verdict]) if verdict in tones else word,
                audit_text(one),
            )
        )
    header = ("Sample", "Reported as", "Correct", "Missed", "False or unspecific", "Outcome")
    return Table((*header, "Methods (minimum scheme)"), rows)


def _rates(results: RoundResults, code: str) -> Iterator[Block]:
    rates = results.rates.get(code)
    if rates is not None:
        yield Facts(
            [
                ("Sensitivity", share_text(rates.sensitivity)),
                ("Specificity over the menu", share_text(rates.specificity)),
                ("Results with a false positive", share_text(rates.false_positive_rate)),
                ("Results fully correct", share_text(rates.fully_correct)),
            ]
        )


def _quantities(results: RoundResults, code: str) -> Iterator[Block]:
    own = results.scores.get(code, [])
    if not own:
        yield Paragraph("No quantity was reported.")
        return
    yield scores_table(own, with_code=False)
    yield from own_scores(own, results.limits)
    charts = [
        (one, chart)
        for one in own
        if one.value is not None
        and (chart := results.density(results.targets[one.sample, one.substance], one.value)) is not None
    ]
    if charts:
        yield Paragraph(
            "Curves show where the values of all laboratories lie; what one or two of them make of it is not drawn.",
            "faint",
        )
    for one, chart in charts:
        yield Heading(f"{one.sample}: {one.substance}, all values and yours", 3)
        yield chart


def _rows(results: RoundResults, code: str) -> Block:
    rows: list[tuple[int, tuple[Cell, ...]]] = [
        (one.row, (one.row, one.sample, one.resolution.written, taken_text(one), "; ".join(one.notes), one.remarks))
        for one in results.entries.get(code, [])
    ]
    rows += [
        (one.row, (one.row, one.sample, "", "not scored", one.reason, "")) for one in results.rejected.get(code, [])
    ]
    if not rows:
        return Paragraph("Nothing was submitted.")
    rows.sort(key=lambda row: row[0])
    header = ("Row", "Sample", "Written", "Taken for", "Treatment", "Remarks")
    return Table(header, [cells for _, cells in rows], (0,))
