"""Reports of a round of a proficiency test as HTML: one for the organiser, one for each laboratory.

What ISO/IEC 17043 asks a report to hold is there, or the report says that the organiser did not state it. A
laboratory's report holds its own results, and of the others only figures that many laboratories make together.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path
from typing import Final

from nps_spectra.atomic import write_text
from nps_spectra.proficiency.density import Density
from nps_spectra.proficiency.evaluation import Evaluation
from nps_spectra.proficiency.identification import Rates, SampleOutcome
from nps_spectra.proficiency.quantities import Quantity
from nps_spectra.proficiency.reading_rounds import code_fault
from nps_spectra.proficiency.submissions import Entry, RejectedRow
from nps_spectra.proficiency.targets import Target
from nps_spectra.report.chart import shown_number
from nps_spectra.report.markup import Child, Markup, element, joined, page, table
from nps_spectra.report.round_cells import (
    acceptable_text,
    audit_text,
    facts,
    judged,
    level_text,
    number_text,
    scores_table,
    share_text,
    studies_text,
    taken_text,
)
from nps_spectra.report.round_charts import (
    density_chart,
    density_of,
    own_scores,
    score_bars,
    sorted_results,
    youden_chart,
)
from nps_spectra.report.round_style import STYLE

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
_RULES: Final = {
    "formulation": "formulation (ISO 13528:2022, 7.3)",
    "crm": "certified reference material (7.4)",
    "reference_laboratory": "results of one reference laboratory (7.5)",
    "expert_laboratories": "consensus of expert laboratories (7.6)",
    "participants": "consensus of the participants (7.7)",
    "perception": "perception of experts (8.2)",
    "previous_rounds": "previous rounds (8.3)",
    "horwitz": "Horwitz model (8.4)",
    "precision": "precision experiment (8.5)",
}
_SIGNS: Final = {"right": "✓", "other": "~", "wrong": "✗", "none": "–"}


def write_reports(evaluation: Evaluation, folder: str | os.PathLike[str]) -> tuple[Path, ...]:
    """Write ``organiser.html`` and ``laboratories/CODE.html``, each whole or not at all.

    Returns
    -------
    tuple of Path
        What was written.
    """
    target = Path(folder)
    (target / "laboratories").mkdir(parents=True, exist_ok=True)
    reports = _Reports(evaluation)
    written = [target / "organiser.html"]
    write_text(written[0], reports.organiser())
    for code in reports.codes:
        # Codes were checked when they were read; a path is made of them here.
        if code_fault(code) is None:
            written.append(target / "laboratories" / f"{code}.html")
            write_text(written[-1], reports.laboratory(code))
    return tuple(written)


def organiser_report(evaluation: Evaluation) -> str:
    """The organiser's report of a round as one HTML document.

    Examples
    --------
    >>> import tempfile
    >>> from nps_spectra.proficiency import evaluate
    >>> from nps_spectra.proficiency.template import write_template
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = write_template(folder)
    ...     organiser_report(evaluate(folder)).startswith("<!DOCTYPE html>")
    True
    """
    return _Reports(evaluation).organiser()


def laboratory_report(evaluation: Evaluation, laboratory: str) -> str:
    """The report of one laboratory as one HTML document.

    Raises
    ------
    KeyError
        The laboratory is not in the round.
    """
    return _Reports(evaluation).laboratory(laboratory)


class _Reports:
    """The evaluation by laboratory and target, looked up once for all reports."""

    def __init__(self, evaluation: Evaluation) -> None:
        self.evaluation = evaluation
        self.round = evaluation.round
        self.limits = (self.round.questionable, self.round.unsatisfactory)
        self.outcomes: dict[str, list[SampleOutcome]] = defaultdict(list)
        self.scores: dict[str, list[Quantity]] = defaultdict(list)
        self.entries: dict[str, list[Entry]] = defaultdict(list)
        self.rejected: dict[str, list[RejectedRow]] = defaultdict(list)
        self.by_target: dict[tuple[str, str], list[Quantity]] = defaultdict(list)
        for outcome in evaluation.result.outcomes:
            self.outcomes[outcome.laboratory].append(outcome)
        for score in evaluation.scores:
            self.scores[score.laboratory].append(score)
            self.by_target[score.sample, score.substance].append(score)
        for entry in evaluation.submissions.entries:
            self.entries[entry.laboratory].append(entry)
        for row in evaluation.submissions.rejected:
            self.rejected[row.laboratory].append(row)
        self.rates = {one.key: one for one in evaluation.result.laboratories}
        self.codes = list(self.outcomes)
        self.targets = {(one.sample, one.substance): one for one in evaluation.targets}
        self._densities: dict[tuple[str, str], Density | None] = {}

    def laboratory(self, code: str) -> str:
        """One laboratory's own results."""
        if code not in self.outcomes:
            raise KeyError(code)
        own = self.scores.get(code, [])
        return page(
            f"{self.round.scheme}, {self.round.name}: report of {code}",
            STYLE,
            self._title("Report of a laboratory"),
            element("p", f"Laboratory {code}", class_="code"),
            self._provider(),
            element("h2", "Identification"),
            self._own_identification(code),
            self._own_rates(self.rates.get(code)),
            element("h2", "Quantities"),
            *self._own_quantities(own),
            element("h2", "What was submitted"),
            self._rows(code),
            *self._samples(laboratory=True),
            self._targets(),
            *self._explanations(),
        )

    def organiser(self) -> str:
        """All results."""
        return page(
            f"{self.round.scheme}, {self.round.name}: report of the round",
            STYLE,
            self._title("Report of the round"),
            self._provider(),
            *self._samples(laboratory=False),
            self._targets(),
            element("h2", "Results at a glance"),
            self._map(),
            element("h2", "Identification"),
            self._rates_table("Sample", self.evaluation.result.samples),
            self._rates_table("Substance", self.evaluation.result.substances),
            self._rates_table("Methods", self.evaluation.result.methods),
            *self._false_positives(),
            element("h2", "Quantities"),
            *self._quantities(),
            *self._pairs(),
            element("h2", "Rows that were not scored"),
            self._rejected(),
            *self._explanations(),
        )

    def _title(self, kind: str) -> Markup:
        simulated = element("p", "The submissions of this round are simulated.", class_="simulated")
        return joined(
            element("h1", f"{self.round.scheme}: {self.round.group}, round {self.round.name}"),
            element("p", kind, class_="faint"),
            simulated if self.round.simulated else None,
        )

    def _provider(self) -> Markup:
        stated = [(title, self.round.report.get(key, _NOT_STATED)) for key, title in _STATED]
        if self.round.deadline is not None:
            stated.append(("Results accepted until", f"{self.round.deadline:%Y-%m-%d %H:%M %Z}"))
        if self.round.source is not None:
            stated.append(("Source of the contents", self.round.source))
        return facts(stated)

    def _samples(self, laboratory: bool) -> Iterable[Markup | None]:
        yield element("h2", "Samples and their contents")
        rows: list[tuple[Child, ...]] = []
        for sample in self.round.samples:
            contents = ", ".join(f"{one.substance}{level_text(one.level)}" for one in sample.contents)
            rows.append(
                (
                    sample.code,
                    sample.description or "",
                    contents or "blank: no substance of the menu",
                    ", ".join(sample.tolerated),
                )
            )
        yield table(("Sample", "Description", "To be reported", "Tolerated (minor, traces, diluents)"), rows)
        yield facts(
            [
                ("Preparation", self.round.report.get("preparation", _NOT_STATED)),
                ("Design of the scheme", self.round.report.get("design", _NOT_STATED)),
                ("Participants", f"{len(self.codes)} laboratories"),
            ]
        )
        if not laboratory:
            yield element("h3", "Menu")
            yield element("p", ", ".join(self.round.menu))

    def _targets(self) -> Markup:
        rows: list[tuple[Child, ...]] = []
        warnings: list[Markup] = []
        for one in self.evaluation.targets:
            rows.append(
                (
                    one.sample,
                    one.substance,
                    number_text(one.assigned),
                    number_text(one.uncertainty),
                    number_text(one.sigma_pt),
                    acceptable_text(one, self.limits[0]),
                    one.unit,
                    _RULES.get(one.assigned_by or "", _NOT_STATED),
                    _RULES.get(one.sigma_pt_by or "", _NOT_STATED),
                    studies_text(one),
                )
            )
            warnings += [
                element("p", f"{one.sample}, {one.substance}: {text}", class_="warning")
                for text in (*one.warnings, *filter(None, (one.note,)))
            ]
        if not rows:
            return joined(element("h2", "Assigned values"), element("p", "No quantity is asked for in this round."))
        header = ("Sample", "Substance", "Assigned", "u", "sigma_pt", "Acceptable", "Unit", "Assigned by")
        return joined(
            element("h2", "Assigned values"),
            table((*header, "sigma_pt by", "Homogeneity, stability"), rows, (2, 3, 4)),
            *warnings,
            facts([("Traceability", self.round.report.get("traceability", _NOT_STATED))]),
        )

    def _own_identification(self, code: str) -> Markup:
        rows: list[tuple[Child, ...]] = []
        for one in self.outcomes[code]:
            verdict, word = judged(one)
            rows.append(
                (
                    one.sample,
                    ", ".join(one.reported) or ("none" if one.status == "evaluated" else ""),
                    ", ".join(one.correct),
                    ", ".join(one.missed),
                    ", ".join((*one.false_positive, *(f"{name} (not specific)" for name in one.unspecific))),
                    element("span", word, class_={"right": "satisfactory", "wrong": "unsatisfactory"}.get(verdict)),
                    audit_text(one),
                )
            )
        header = (
            "Sample",
            "Reported as",
            "Correct",
            "Missed",
            "False or unspecific",
            "Outcome",
            "Methods (minimum scheme)",
        )
        return table(header, rows)

    def _own_rates(self, rates: Rates | None) -> Markup | None:
        if rates is None:
            return None
        return facts(
            [
                ("Sensitivity", share_text(rates.sensitivity)),
                ("Specificity over the menu", share_text(rates.specificity)),
                ("Results with a false positive", share_text(rates.false_positive_rate)),
                ("Results fully correct", share_text(rates.fully_correct)),
            ]
        )

    def _own_quantities(self, own: list[Quantity]) -> Iterable[Markup | None]:
        if not own:
            yield element("p", "No quantity was reported.")
            return
        yield scores_table(own, with_code=False)
        yield own_scores(own, self.limits)
        for one in own:
            target = self.targets[one.sample, one.substance]
            if one.value is None:
                continue
            chart = self._density(target, one.value)
            yield None if chart is None else element("h3", f"{one.sample}: {one.substance}, all values and yours")
            yield chart

    def _density(self, target: Target, own: float | None = None) -> Markup | None:
        key = target.sample, target.substance
        if key not in self._densities:
            self._densities[key] = density_of(self.by_target.get(key, []), target)
        found = self._densities[key]
        return None if found is None else density_chart(found, target, self.limits, own)

    def _rows(self, code: str) -> Markup:
        rows: list[tuple[Child, ...]] = [
            (one.row, one.sample, one.resolution.written, taken_text(one), "; ".join(one.notes), one.remarks)
            for one in self.entries.get(code, [])
        ]
        rows += [(one.row, one.sample, "", "not scored", one.reason, "") for one in self.rejected.get(code, [])]
        rows.sort(key=lambda cells: int(str(cells[0])))
        if not rows:
            return element("p", "Nothing was submitted.")
        return table(("Row", "Sample", "Written", "Taken for", "Treatment", "Remarks"), rows, (0,))

    def _map(self) -> Markup:
        head = element("tr", element("th", "Laboratory"), *(element("th", one.code) for one in self.round.samples))
        places = {sample.code: place for place, sample in enumerate(self.round.samples)}
        lines = []
        worst: dict[tuple[str, str], float] = {}
        for one in self.evaluation.scores:
            if one.z is not None:
                key = one.laboratory, one.sample
                worst[key] = max(worst.get(key, 0.0), abs(one.z))
        for code in self.codes:
            cells = [element("td", _SIGNS["none"], class_="none") for _ in places]
            for outcome in self.outcomes[code]:
                verdict, _ = judged(outcome)
                z = worst.get((code, outcome.sample))
                if verdict == "right" and z is not None and z > self.limits[0]:
                    verdict = "wrong" if z >= self.limits[1] else "other"
                shown = _SIGNS[judged(outcome)[0]] + ("" if z is None else f" {z:.1f}")
                cells[places[outcome.sample]] = element("td", shown, class_=verdict)
            lines.append(element("tr", element("td", code), *cells))
        return joined(
            element(
                "p",
                f"{_SIGNS['right']} all correct, {_SIGNS['other']} missed, or not told apart as far as asked, "
                f"{_SIGNS['wrong']} false positive, {_SIGNS['none']} not evaluated; then the largest |z|.",
            ),
            element("table", element("thead", head), element("tbody", *lines), class_="map"),
        )

    def _rates_table(self, key: str, rates: tuple[Rates, ...]) -> Markup | None:
        if not rates:
            return None
        rows: list[tuple[Child, ...]] = [
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
        header = (key, "Results", "Sensitivity", "Specificity", "With a false positive", "Fully correct")
        return table(header, rows, (1,))

    def _false_positives(self) -> Iterable[Markup]:
        counts: dict[tuple[str, str], int] = defaultdict(int)
        for outcome in self.evaluation.result.outcomes:
            for name in outcome.false_positive:
                counts[outcome.sample, name] += 1
        if counts:
            yield element("h3", "False positives")
            rows: list[tuple[Child, ...]] = [(*key, count) for key, count in sorted(counts.items())]
            yield table(("Sample", "Substance", "Laboratories"), rows, (2,))

    def _quantities(self) -> Iterable[Markup | None]:
        if not self.targets:
            yield element("p", "No quantity is asked for in this round.")
        for key, target in self.targets.items():
            found = self.by_target.get(key, [])
            name = f"{target.sample}: {target.substance}"
            yield element("h3", name)
            yield facts(
                [
                    ("Laboratories with a value", str(target.values)),
                    (
                        "Robust mean and SD",
                        f"{number_text(target.robust_mean)}; {number_text(target.robust_sd)} {target.unit}",
                    ),
                ]
            )
            yield sorted_results(found, target, self.limits, f"{name}, values in ascending order")
            yield self._density(target)
            yield from score_bars(found, self.limits, f"{name}, z scores in ascending order")
            if found:
                yield scores_table(found, with_code=True)

    def _pairs(self) -> Iterable[Markup]:
        """Youden plots of samples with the same substance."""
        targets = list(self.targets.values())
        for one, other in combinations(targets, 2):
            if (one.substance, one.unit) != (other.substance, other.unit):
                continue
            second = {
                found.laboratory: found
                for found in self.by_target.get((other.sample, other.substance), [])
                if found.value is not None
            }
            pairs = [
                (found, second[found.laboratory])
                for found in self.by_target.get((one.sample, one.substance), [])
                if found.value is not None and found.laboratory in second
            ]
            names = (f"{one.sample}: {one.substance}, {one.unit}", f"{other.sample}: {other.substance}, {other.unit}")
            if (chart := youden_chart(pairs, names)) is not None:
                yield element("h3", f"{one.substance} in {one.sample} and {other.sample}")
                yield chart

    def _rejected(self) -> Markup:
        submissions = self.evaluation.submissions
        told = f"{submissions.rows} rows were read, {len(submissions.entries)} scored, {len(submissions.rejected)} not."
        rows: list[tuple[Child, ...]] = [
            (one.row, one.laboratory, one.sample, one.reason) for one in submissions.rejected
        ]
        listed = table(("Row", "Laboratory", "Sample", "Reason"), rows, (0,)) if rows else None
        return joined(element("p", told), listed)

    def _explanations(self) -> Iterable[Markup]:
        low, high = (shown_number(limit) for limit in self.limits)
        yield element("h2", "Statistical procedures")
        yield element(
            "p",
            "Identification: what a sample holds is correct if it was reported and missed if not; what else was "
            "reported is a false positive, unless it is declared as tolerated. Proportions have 95 % intervals by "
            "Clopper and Pearson.",
        )
        yield element(
            "p",
            "Quantities (ISO 13528:2022, clause 9): z = (x − x_pt) / sigma_pt; z' also holds the standard uncertainty "
            "of the assigned value; zeta and E_n (k = 2 for the assigned value) hold the uncertainty that the "
            "laboratory states. Robust estimates are those of algorithm A, or of the Q method with Hampel's mean "
            "(annex C).",
        )
        yield element("h2", "How to read the scores")
        yield element(
            "p",
            f"|z| up to {low} is satisfactory, from {high} on unsatisfactory, between them questionable; |E_n| below 1 "
            "is satisfactory. With limits of 2 and 3, one questionable score in twenty is expected of a laboratory "
            "without any fault. A satisfactory z with an unsatisfactory zeta or E_n means that the uncertainty stated "
            "is too small. Where a report warns of the uncertainty of an assigned value, judge by z'.",
        )
        for key, title in (("comments", "Comments of the provider"), ("recommendations", "Recommendations")):
            yield element("h2", title)
            yield element("p", self.round.report.get(key, _NOT_STATED))
