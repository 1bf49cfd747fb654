"""Quantities of a round and their scores, each with the reason where there is none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from nps_spectra.proficiency.identification import Identification
from nps_spectra.proficiency.rounds import Round
from nps_spectra.proficiency.scores import Scores, d_percent, e_n, verdicts, z, z_prime, zeta
from nps_spectra.proficiency.submissions import Entry, Submissions
from nps_spectra.proficiency.targets import Target, target_of

Verdict = Literal["satisfactory", "questionable", "unsatisfactory", "not_scored"]

#: Coverage factor of the expanded uncertainty of the assigned value in E_n.
_COVERAGE: Final = 2.0


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
    uncertainty, expanded : float or None
        Standard and expanded uncertainty as the laboratory states it; None of replicates.
    replicates : int
        Values in the mean.
    assigned, sigma_pt : float or None
    d_percent, z, z_prime, zeta, e_n : float or None
        Scores (ISO 13528:2022, clause 9); None where what they need is missing.
    verdict, verdict_z_prime : {"satisfactory", "questionable", "unsatisfactory", "not_scored"}
        By z and by z'.
    verdict_zeta, verdict_e_n : as `verdict`
        Of the result with the uncertainty that the laboratory claims.
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
    expanded: float | None
    replicates: int
    assigned: float | None
    sigma_pt: float | None
    d_percent: float | None
    z: float | None
    verdict: Verdict
    z_prime: float | None
    verdict_z_prime: Verdict
    zeta: float | None
    verdict_zeta: Verdict
    e_n: float | None
    verdict_e_n: Verdict
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
            values = [one.value for one in results.values() if one.value is not None]
            target = target_of(sample.code, content, content.unit, values, round_)
            targets.append(target)
            for code, quantity in _scored(results, target, round_):
                quantities[code, place].append(quantity)
    found = [one for key in sorted(quantities) for one in quantities[key]]
    return tuple(targets), tuple(_exchanged(found, round_.unsatisfactory))


@dataclass(frozen=True, slots=True)
class _Result:
    """What one laboratory found of one substance of a sample."""

    value: float | None
    less_than: float | None
    uncertainty: float | None
    expanded: float | None
    replicates: int
    reason: str


def _result(rows: Sequence[Entry]) -> _Result:
    notes = list(dict.fromkeys(note for row in rows for note in row.notes if note.startswith(("value", "uncertainty"))))
    values = [row.value for row in rows if row.value is not None]
    limits = [row.less_than for row in rows if row.less_than is not None]
    if limits or not values:
        if values:
            notes.append("not scored: some replicates are censored")
        elif not notes:
            notes.append("no value reported")
        return _Result(None, max(limits, default=None), None, None, 0, "; ".join(notes))
    uncertainty, expanded = (rows[0].uncertainty, rows[0].expanded) if len(rows) == 1 else (None, None)
    return _Result(sum(values) / len(values), None, uncertainty, expanded, len(values), "; ".join(notes))


def _scored(results: dict[str, _Result], target: Target, round_: Round) -> list[tuple[str, Quantity]]:
    """The quantities of one substance in one sample with all scores that can be had."""
    x, u, expanded = (
        np.array([getattr(one, name) for one in results.values()], dtype=np.float64)
        for name in ("value", "uncertainty", "expanded")
    )
    assigned, sigma, u_pt = target.assigned, target.sigma_pt, target.uncertainty
    missing: Scores = np.full(len(x), np.nan)
    scores = dict.fromkeys(("d_percent", "z", "z_prime", "zeta", "e_n"), missing)
    if assigned is not None and len(x):
        scores["d_percent"] = d_percent(x, assigned)
        if sigma is not None:
            scores["z"] = z(x, assigned, sigma)
        if sigma is not None and u_pt is not None:
            scores["z_prime"] = z_prime(x, assigned, sigma, u_pt)
        if u_pt is not None:
            scores["zeta"] = zeta(x, assigned, u, u_pt)
            scores["e_n"] = e_n(x, assigned, expanded, _COVERAGE * u_pt)
    limits = {"warning": round_.questionable, "action": round_.unsatisfactory}
    words = {name: verdicts(scores[name], **limits) for name in ("z", "z_prime", "zeta")}
    words["e_n"] = verdicts(scores["e_n"], warning=1.0, action=1.0)
    numbers = {name: [None if np.isnan(one) else float(one) for one in found] for name, found in scores.items()}
    lack = target.note or "not scored: no assigned value or no standard deviation for proficiency assessment"
    quantities = []
    for place, (code, one) in enumerate(results.items()):
        unscored = lack if one.value is not None and numbers["z"][place] is None else ""
        quantities.append(
            (
                code,
                Quantity(
                    laboratory=code,
                    sample=target.sample,
                    substance=target.substance,
                    unit=target.unit,
                    value=one.value,
                    less_than=one.less_than,
                    uncertainty=one.uncertainty,
                    expanded=one.expanded,
                    replicates=one.replicates,
                    assigned=assigned,
                    sigma_pt=sigma,
                    d_percent=numbers["d_percent"][place],
                    z=numbers["z"][place],
                    verdict=words["z"][place] or "not_scored",
                    z_prime=numbers["z_prime"][place],
                    verdict_z_prime=words["z_prime"][place] or "not_scored",
                    zeta=numbers["zeta"][place],
                    verdict_zeta=words["zeta"][place] or "not_scored",
                    e_n=numbers["e_n"][place],
                    verdict_e_n=words["e_n"][place] or "not_scored",
                    reason="; ".join(part for part in (one.reason, unscored) if part),
                ),
            )
        )
    return quantities


def _exchanged(quantities: Sequence[Quantity], action: float) -> list[Quantity]:
    """Quantities with a remark where two samples of one laboratory were exchanged, as far as the values tell.

    Both values of a substance are beyond the action limit, and each is within it in the other sample. They stay
    scored as reported: a mix-up of samples is an error of the laboratory.
    """
    found = list(quantities)
    groups: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for place, one in enumerate(quantities):
        if one.z is not None and abs(one.z) >= action:
            groups[one.laboratory, one.substance, one.unit].append(place)
    for places in groups.values():
        for place in places:
            one = quantities[place]
            others = [quantities[other] for other in places if other != place]
            if match := [other.sample for other in others if _fits(one, other, action) and _fits(other, one, action)]:
                told = f"the value would fit sample {' or '.join(match)}, and its value this one: samples exchanged?"
                found[place] = replace(one, reason="; ".join(part for part in (one.reason, told) if part))
    return found


def _fits(one: Quantity, other: Quantity, action: float) -> bool:
    """Whether the value of one would pass in the sample of the other."""
    if one.value is None or other.assigned is None or other.sigma_pt is None:
        return False
    return abs(one.value - other.assigned) < action * other.sigma_pt
