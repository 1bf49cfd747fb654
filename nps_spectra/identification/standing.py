"""Which substances stand beside the leading one: the candidate set, and the group that is not told apart."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Final

from nps_spectra.identification.assessment import Assessment
from nps_spectra.identification.evidence import Evidence
from nps_spectra.identification.groups import Groups
from nps_spectra.identification.record import Candidate, GroupFinding, Member

#: Relations of substances with one formula.
_ISOMERS: Final[frozenset[str]] = frozenset(("ring_position", "acyl", "chain", "isomer", "same_formula"))


@dataclass(frozen=True, slots=True)
class Margin:
    """How far below the leading score a substance is still not told apart from it, and how that is known."""

    value: float
    measured: bool

    @classmethod
    def of(cls, groups: Groups | None, method: str, scale: float, assumed: float) -> Margin:
        """The margin that the library's own replicates give for `method`; else a share of the scale.

        Parameters
        ----------
        groups : Groups or None
        method : str
            Of the search.
        scale : float
            Highest score of the method.
        assumed : float
            Share of `scale` where the library cannot say.
        """
        if groups is not None and groups.spread.margin is not None and groups.spread.method == method:
            return cls(groups.spread.margin, True)
        return cls(assumed * scale, False)

    @property
    def text(self) -> str:
        """The rule in words."""
        source = "repeated measurements in this library spread so far" if self.measured else "assumed by the profile"
        return f"within {self.value:.3g} of the leading score ({source})"


def candidate_set(
    found: Sequence[Evidence], assessment: Assessment | None, margin: Margin, contradicted: Container[int]
) -> tuple[Candidate, ...]:
    """The substances that the data do not exclude, the leading one first.

    The calibration says which; where it abstains, all that the search lists within the margin of the leading score and
    that nothing contradicts, without a probability.

    Parameters
    ----------
    found : sequence of Evidence
        Best first.
    assessment : Assessment or None
        None: there is no calibration.
    margin : Margin
    contradicted : container of int
        Ranks of those that evidence contradicts.
    """
    if not found:
        return ()
    if assessment is not None and not assessment.abstained:
        return tuple(
            _candidate(found[at], assessment.probabilities[at], "by the calibration") for at in assessment.candidate_set
        )
    least = found[0].score - margin.value
    return tuple(
        _candidate(one, None, margin.text) for one in found if one.score >= least and one.rank not in contradicted
    )


def _candidate(one: Evidence, probability: float | None, why: str) -> Candidate:
    return Candidate(
        one.name, one.inchikey, one.formula, one.library_id, one.substance, one.rank, one.score, probability, why
    )


def group_of(
    candidates: Sequence[Candidate],
    found: Sequence[Evidence],
    asked: int,
    groups: Groups | None,
    assessment: Assessment | None,
    margin: Margin,
    unknown: str,
) -> GroupFinding | None:
    """The leading candidate, and what is not told apart from it.

    Members are the other candidates, and those substances that the library does not tell from the leading one and this
    spectrum does not either: it is as like them as repeated measurements of one substance are like each other, or they
    score within the margin of the leading one. Stereoisomers that the library has as one substance are members too.

    Parameters
    ----------
    candidates : sequence of Candidate
    found : sequence of Evidence
        All that the search listed, best first.
    asked : int
        How many it was asked for.
    groups : Groups or None
        None: not known, for the reason `unknown`.
    assessment : Assessment or None
    margin : Margin
    unknown : str
    """
    if not candidates:
        return None
    lead = candidates[0]
    known = groups is not None and groups.not_told_apart is not None
    members = {one.substance: one.why for one in candidates[1:]}
    near = {}
    stereoisomers: tuple[str, ...] = ()
    if groups is not None:
        near = {one.substance: one for one in groups.of_substance(lead.substance).neighbours}
        stereoisomers = groups.of_substance(lead.substance).stereoisomers
        # The search lists the best: what it does not list scores no higher than the last one.
        lowest = found[-1].score if len(found) >= asked else 0.0
        scores = {one.substance: one.score for one in found}
        alike = groups.not_told_apart[lead.substance] if groups.not_told_apart is not None else frozenset()
        limit = groups.spread.limit
        for other in sorted(alike):
            score = scores.get(other, lowest)
            if limit is not None and (score >= limit or score >= lead.score - margin.value):
                members.setdefault(other, "as like as repeated measurements of one substance")
    facts = {one.substance: one for one in found}
    chosen = {one.substance for one in candidates}
    others = []
    for substance, why in members.items():
        neighbour = near.get(substance)
        evidence = facts.get(substance)
        others.append(
            Member(
                substance=substance,
                name=evidence.name if evidence is not None else None if neighbour is None else neighbour.name,
                inchikey=None if evidence is None else evidence.inchikey,
                relation=None if neighbour is None else neighbour.relation,
                why=why,
                separated_by=() if neighbour is None else neighbour.separated_by,
                isomer=substance in chosen or (neighbour is not None and neighbour.relation in _ISOMERS),
            )
        )
    own = lead.inchikey
    others += [
        Member(
            None,
            f"stereoisomer {key}",
            key,
            "stereoisomer",
            "the library has it as one substance with the leading one: EI spectra do not tell stereoisomers apart",
            ("retention on a chiral or a long column", "nuclear magnetic resonance"),
            True,
        )
        for key in stereoisomers
        if key != own
    ]
    return GroupFinding(
        lead.name,
        tuple(others),
        known,
        None if assessment is None else assessment.group_probability,
        _rule(groups) if groups is not None and known else unknown,
    )


def _rule(groups: Groups) -> str:
    spread = groups.spread
    return (
        f"library spectra with {spread.method} of at least {spread.limit:.4g} are not told apart: "
        f"{spread.coverage:.0%} of the pairs of repeated measurements in the library reach it "
        f"({spread.substances} substances)"
    )
