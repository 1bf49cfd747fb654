"""Sections that all reports of a round have: provider, samples, assigned values, procedures, comments.

What ISO/IEC 17043 asks a report to hold is there, or the report says that the organiser did not state it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from nps_spectra.report.chart import shown_number
from nps_spectra.report.document import Block, Cell, Facts, Heading, Paragraph, Table
from nps_spectra.report.round_cells import acceptable_text, level_text, number_text, studies_text
from nps_spectra.report.round_results import RoundResults

_STATED: Final = (
    ("provider", "Provider"),
    ("coordinator", "Coordinator"),
    ("subcontracted", "Subcontracted activities"),
    ("report_id", "Report"),
    ("issued", "Date of issue"),
    ("status", "Status"),
    ("confidentiality", "Confidentiality"),
)
_NOT_STATED: Final = "not stated by the provider"
#: Clauses of ISO 13528:2022.
_ASSIGNED: Final = {
    "formulation": "formulation (7.3)",
    "crm": "certified reference material (7.4)",
    "reference_laboratory": "one reference laboratory (7.5)",
    "expert_laboratories": "expert laboratories (7.6)",
    "participants": "participants (7.7)",
}
_SIGMA: Final = {
    "perception": "perception of experts (8.2)",
    "previous_rounds": "previous rounds (8.3)",
    "horwitz": "Horwitz model (8.4)",
    "precision": "precision experiment (8.5)",
    "participants": "participants (8.6)",
}


def title_blocks(results: RoundResults, kind: str) -> Iterator[Block]:
    """The head of a report."""
    yield Heading(results.name, 1)
    yield Paragraph(kind, "faint")
    if results.round.simulated:
        yield Paragraph("The submissions of this round are simulated.", "simulated")


def provider_blocks(results: RoundResults) -> Iterator[Block]:
    """Who made the round and the report, and when."""
    stated = [(title, results.round.report.get(key, _NOT_STATED)) for key, title in _STATED]
    if results.round.deadline is not None:
        stated.append(("Results accepted until", f"{results.round.deadline:%Y-%m-%d %H:%M %Z}"))
    if results.round.source is not None:
        stated.append(("Source of the contents", results.round.source))
    yield Facts(stated)


def sample_blocks(results: RoundResults) -> Iterator[Block]:
    """What was in the samples, and how they were made."""
    yield Heading("Samples and their contents", 2)
    rows: list[tuple[Cell, ...]] = []
    for sample in results.round.samples:
        contents = ", ".join(f"{one.substance}{level_text(one.level)}" for one in sample.contents)
        rows.append(
            (
                sample.code,
                sample.description or "",
                contents or "blank: no substance of the menu",
                ", ".join(sample.tolerated),
            )
        )
    yield Table(("Sample", "Description", "To be reported", "Tolerated (minor, traces, diluents)"), rows)
    yield Facts(
        [
            ("Preparation", results.round.report.get("preparation", _NOT_STATED)),
            ("Design of the scheme", results.round.report.get("design", _NOT_STATED)),
            ("Participants", f"{len(results.codes)} laboratories"),
        ]
    )


def target_blocks(results: RoundResults) -> Iterator[Block]:
    """Assigned values, how they were set, and what makes them doubtful."""
    yield Heading("Assigned values", 2)
    rows: list[tuple[Cell, ...]] = []
    warnings: list[Block] = []
    for one in results.evaluation.targets:
        rows.append(
            (
                one.sample,
                one.substance,
                number_text(one.assigned),
                number_text(one.uncertainty),
                number_text(one.sigma_pt),
                acceptable_text(one, results.limits[0]),
                one.unit,
                _ASSIGNED.get(one.assigned_by or "", _NOT_STATED),
                _SIGMA.get(one.sigma_pt_by or "", _NOT_STATED),
                studies_text(one),
            )
        )
        warnings += [
            Paragraph(f"{one.sample}, {one.substance}: {text}", "warning")
            for text in (*one.warnings, *filter(None, (one.note,)))
        ]
    if not rows:
        yield Paragraph("No quantity is asked for in this round.")
        return
    header = ("Sample", "Substance", "Assigned", "u", "sigma_pt", "Acceptable", "Unit", "Assigned by")
    yield Table((*header, "sigma_pt by", "Homogeneity, stability"), rows, (2, 3, 4))
    yield Paragraph("Numbers in brackets are clauses of ISO 13528:2022.", "faint")
    yield from warnings
    yield Facts([("Traceability", results.round.report.get("traceability", _NOT_STATED))])


def closing_blocks(results: RoundResults) -> Iterator[Block]:
    """Statistical procedures, how to read the scores, comments and recommendations of the provider."""
    low, high = (shown_number(limit) for limit in results.limits)
    yield Heading("Statistical procedures", 2)
    yield Paragraph(
        "Identification: what a sample holds is correct if it was reported and missed if not; what else was "
        "reported is a false positive, unless it is declared as tolerated. Proportions have 95 % intervals by "
        "Clopper and Pearson."
    )
    yield Paragraph(
        "Quantities (ISO 13528:2022, clause 9): z = (x − x_pt) / sigma_pt; z' also holds the standard uncertainty "
        "of the assigned value; zeta and E_n (k = 2 for the assigned value) hold the uncertainty that the "
        "laboratory states. Robust estimates are those of algorithm A, or of the Q method with Hampel's mean "
        "(annex C)."
    )
    yield Heading("How to read the scores", 2)
    yield Paragraph(
        f"|z| up to {low} is satisfactory, from {high} on unsatisfactory, between them questionable; |E_n| below 1 "
        "is satisfactory. With limits of 2 and 3, one questionable score in twenty is expected of a laboratory "
        "without any fault. A satisfactory z with an unsatisfactory zeta or E_n means that the uncertainty stated "
        "is too small. Where a report warns of the uncertainty of an assigned value, judge by z'."
    )
    for key, title in (("comments", "Comments of the provider"), ("recommendations", "Recommendations")):
        yield Heading(title, 2)
        yield Paragraph(results.round.report.get(key, _NOT_STATED))
