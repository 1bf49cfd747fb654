"""Quantities of a round: assigned values, standard deviations and scores, each with the reason where there is none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from nps_spectra.proficiency.identification import Identification
from nps_spectra.proficiency.robust import algorithm_a
from nps_spectra.proficiency.rounds import Content, Round
from nps_spectra.proficiency.scores import verdicts, z
from nps_spectra.proficiency.submissions import Entry, Submissions

Verdict = Literal["satisfactory", "questionable", "unsatisfactory", "not_scored"]

_NOT_SCORED: Final[tuple[None, Verdict]] = (None, "not_scored")


@dataclass(frozen=True, slots=True)
class Target:
    """What the quantities of a substance in a sample are held against, in `unit`."""

    sample: str
    substance: str
    unit: str
    assigned: float | None
    uncertainty: float | None
    assigned_by: str | None
    sigma_pt: float | None
    sigma_pt_by: str | None
    values: int
    note: str


@dataclass(frozen=True, slots=True)
class Quantity:
    """The quantity of a substance that one laboratory found in one sample.

    Attributes
    ----------
    laboratory, sample, substance, unit : str
    value : float or None
        Mean of the replicates in `unit`.
    less_than : float or None
        Limit of a result such as ``<0.5``.
    uncertainty : float or None
        Standard uncertainty as the laboratory states it; None of replicates.
    replicates : int
        Values in the mean.
    assigned, sigma_pt : float or None
    z : float or None
    verdict : {"satisfactory", "questionable", "unsatisfactory", "not_scored"}
    reason : str
        How the value was treated, and why there is no score; empty where nothing is to be said.
    """

    laboratory: str
    sample: str
    substance: str
    unit: str
    value: float | None
    less_than: float | None
    uncertainty: float | None
    replicates: int
    assigned: float | None
    sigma_pt: float | None
    z: float | None
    verdict: Verdict
    reason: str


def quantify(
    round_: Round, submissions: Submissions, identification: Identification
) -> tuple[tuple[Target, ...], tuple[Quantity, ...]]:
    """Targets and quantities of every substance that is scored, for each laboratory that reported it."""
    entries: dict[tuple[str, str, str], list[Entry]] = defaultdict(list)
    for entry in submissions.entries:
        entries[entry.sample, entry.resolution.name, entry.laboratory].append(entry)
    laboratories = list(dict.fromkeys(outcome.laboratory for outcome in identification.outcomes))
    targets: list[Target] = []
    quantities: dict[tuple[str, int], list[Quantity]] = defaultdict(list)
    for place, sample in enumerate(round_.samples):
        for content in sample.contents:
            if not content.scored or content.unit is None:
                continue
            results = {
                code: _result(entries[sample.code, content.substance, code])
                for code in laboratories
                if (sample.code, content.substance, code) in entries
            }
            values = [value for value, *_ in results.values() if value is not None]
            target = _target(sample.code, content, content.unit, values)
            targets.append(target)
            scores = iter(_scored(values, target, round_))
            lack = target.note or "not scored: no assigned value or no standard deviation for proficiency assessment"
            for code, (value, less_than, uncertainty, replicates, reason) in results.items():
                score, verdict = _NOT_SCORED if value is None else next(scores)
                unscored = lack if value is not None and score is None else ""
                why = "; ".join(part for part in (reason, unscored) if part)
                quantities[code, place].append(
                    Quantity(
                        laboratory=code,
                        sample=sample.code,
                        substance=content.substance,
                        unit=target.unit,
                        value=value,
                        less_than=less_than,
                        uncertainty=uncertainty,
                        replicates=replicates,
                        assigned=target.assigned,
                        sigma_pt=target.sigma_pt,
                        z=score,
                        verdict=verdict,
                        reason=why,
                    )
                )
    return tuple(targets), tuple(one for key in sorted(quantities) for one in quantities[key])


def _result(rows: Sequence[Entry]) -> tuple[float | None, float | None, float | None, int, str]:
    """Value, limit, uncertainty, number of values and remarks of one laboratory for one substance of a sample."""
    notes = list(dict.fromkeys(note for row in rows for note in row.notes if note.startswith(("value", "uncertainty"))))
    values = [row.value for row in rows if row.value is not None]
    limits = [row.less_than for row in rows if row.less_than is not None]
    if limits or not values:
        if values:
            notes.append("not scored: some replicates are censored")
        elif not notes:
            notes.append("no value reported")
        return None, max(limits, default=None), None, 0, "; ".join(notes)
    uncertainty = rows[0].uncertainty if len(rows) == 1 else None
    return sum(values) / len(values), None, uncertainty, len(values), "; ".join(notes)


def _target(sample: str, content: Content, unit: str, values: list[float]) -> Target:
    assigned, uncertainty, sigma = content.value, content.uncertainty, content.sigma_pt
    note = ""
    if "participants" in (content.assigned_by, content.sigma_pt_by):
        location, scale, spread = _consensus(values)
        if content.assigned_by == "participants":
            assigned, uncertainty = location, spread
        if content.sigma_pt_by == "participants":
            sigma = scale
        if location is None:
            note = f"not scored: {len(values)} values, too few for a consensus"
        elif not sigma:
            sigma, note = None, "not scored: the values of the participants have no spread"
    return Target(
        sample,
        content.substance,
        unit,
        assigned,
        uncertainty,
        content.assigned_by,
        sigma,
        content.sigma_pt_by,
        len(values),
        note,
    )


def _consensus(values: list[float]) -> tuple[float | None, float | None, float | None]:
    """Robust mean, standard deviation and standard uncertainty of the participants (algorithm A)."""
    if len(values) < 2:
        return None, None, None
    found = algorithm_a(values)
    return found.location, found.scale, found.uncertainty


def _scored(values: list[float], target: Target, round_: Round) -> list[tuple[float | None, Verdict]]:
    """Z score of each value and what it says; neither where the target lacks something."""
    if not values or target.assigned is None or target.sigma_pt is None:
        return [_NOT_SCORED] * len(values)
    scores = z(values, target.assigned, target.sigma_pt)
    words = verdicts(scores, warning=round_.questionable, action=round_.unsatisfactory)
    return [(float(score), word or "not_scored") for score, word in zip(scores, words, strict=True)]
