"""An evaluation by laboratory and by target, looked up once for all reports of a round."""

from __future__ import annotations

import hashlib
from collections import defaultdict

from nps_spectra.proficiency.density import Density
from nps_spectra.proficiency.evaluation import Evaluation
from nps_spectra.proficiency.identification import SampleOutcome
from nps_spectra.proficiency.quantities import Quantity
from nps_spectra.proficiency.submissions import Entry, RejectedRow
from nps_spectra.proficiency.targets import Target
from nps_spectra.report.chart import Chart
from nps_spectra.report.round_charts import density_chart, density_of


class RoundResults:
    """What the reports of a round are made of.

    Parameters
    ----------
    evaluation : Evaluation

    Attributes
    ----------
    codes : list of str
        All laboratories.
    limits : (float, float)
        Of the absolute z: questionable above the first, unsatisfactory from the second on.
    combined : dict of str to CombinedScore
        Z scores of each laboratory that has several, taken together.
    digest : str
        SHA-256 of ``evaluation.json``.
    """

    def __init__(self, evaluation: Evaluation) -> None:
        self.evaluation = evaluation
        self.round = evaluation.round
        self.limits = (self.round.questionable, self.round.unsatisfactory)
        self.digest = hashlib.sha256(evaluation.to_json().encode("utf-8")).hexdigest()
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
        together = evaluation.combined_scores
        self.combined = {code: together[code] for code in self.codes if code in together and together[code].n > 1}
        self._densities: dict[tuple[str, str], Density | None] = {}

    @property
    def name(self) -> str:
        """Scheme, group and round."""
        return f"{self.round.scheme}: {self.round.group}, round {self.round.name}"

    def footer(self, of: str) -> tuple[str, str]:
        """Lines that tell what a page belongs to: `of` says whose report it is."""
        number = self.round.report.get("report_id")
        parts = [self.name, *([] if number is None else [f"report {number}"]), of]
        return " · ".join(parts), f"evaluation.json, SHA-256 {self.digest}"

    def density(self, target: Target, own: float | None = None) -> Chart | None:
        """Kernel density of a target, and where the value `own` stands; None where it would not be anonymous."""
        key = target.sample, target.substance
        if key not in self._densities:
            self._densities[key] = density_of(self.by_target.get(key, []), target)
        found = self._densities[key]
        return None if found is None else density_chart(found, target, self.limits, own)
