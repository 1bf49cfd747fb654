"""What is concluded of one query, with everything it stands on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from nps_spectra.identification.assessment import ClassEstimate
from nps_spectra.identification.evidence import Evidence
from nps_spectra.identification.preconditions import Facts
from nps_spectra.identification.schemes import SchemeResult
from nps_spectra.identification.vocabulary import Conclusion
from nps_spectra.scorers import Technique


@dataclass(frozen=True, slots=True)
class Candidate:
    """A substance of the candidate set.

    Attributes
    ----------
    name, inchikey, formula : str or None
    library_id, substance, rank : int
    score : float
        Of the search.
    probability : float or None
        P(this substance), 0 to 1; None where the calibration abstains.
    why : str
        Why it is in the set.
    """

    name: str | None
    inchikey: str | None
    formula: str | None
    library_id: int
    substance: int
    rank: int
    score: float
    probability: float | None
    why: str


@dataclass(frozen=True, slots=True)
class Member:
    """A substance that is not told apart from the leading one.

    Attributes
    ----------
    substance : int or None
        Number in ``library.substances``; None for a stereoisomer of the leading one.
    name, inchikey : str or None
    relation : str or None
        To the leading one, by formula and structure.
    why : str
        Why it is not excluded.
    separated_by : tuple of str
        What would tell the two apart, best first.
    isomer : bool
        Whether it is a candidate itself, or has the formula of the leading one.
    """

    substance: int | None
    name: str | None
    inchikey: str | None
    relation: str | None
    why: str
    separated_by: tuple[str, ...]
    isomer: bool


@dataclass(frozen=True, slots=True)
class GroupFinding:
    """The leading substance and what is not told apart from it.

    Attributes
    ----------
    lead : str or None
    members : tuple of Member
        Others; empty if there is none in the library.
    known : bool
        Whether the library can say which substances are not told apart.
    probability : float or None
        P(one of them), 0 to 1.
    why : str
        By what rule.
    """

    lead: str | None
    members: tuple[Member, ...]
    known: bool
    probability: float | None
    why: str

    @property
    def isomers(self) -> tuple[Member, ...]:
        """Those that a sentence names: candidates, and substances with the formula of the leading one."""
        return tuple(one for one in self.members if one.isomer)

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain data; ``members`` are the names, the leading one first."""
        return {
            "members": [self.lead, *(one.name for one in self.isomers)],
            "other_formula": [one.name for one in self.members if not one.isomer],
            "known": self.known,
            "probability": self.probability,
            "why": self.why,
            "others": [asdict(one) for one in self.members],
        }


@dataclass(frozen=True, slots=True)
class ReferenceFinding:
    """Reference material of the leading substance, measured in the same batch.

    Attributes
    ----------
    name, source : str or None
    replicates : int
        Spectra of it.
    score : float or None
        Best score of the query against them, by the method of the search.
    difference_min : float or None
        Retention of the query less that of the reference material.
    agrees : bool or None
        None where a retention time is not known.
    tests : tuple of str
        What tests of replicates say, in words.
    """

    name: str | None
    source: str | None
    replicates: int
    score: float | None
    difference_min: float | None
    agrees: bool | None
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Identification:
    """What is concluded of one query.

    Attributes
    ----------
    id : str
    name, source, sha256 : str or None
        Of the query, the file it was read from, and that file's digest.
    technique : {"EI", "MS/MS"}
    method : str
    conclusion : Conclusion
    named : str or None
        What the sentence names.
    candidates : tuple of Candidate
        What the data do not exclude, the leading one first.
    group : GroupFinding or None
    class_estimate : ClassEstimate
    p_absent : float or None
        P(the substance is not in the library), 0 to 1.
    evidence : tuple of Evidence
        Of all substances that the search listed, best first.
    facts : Facts
        What the conclusion stands on.
    details : dict
        For a precondition of a conclusion what was found, in words.
    contradictions : tuple of str
        What speaks against the leading substance.
    reference : ReferenceFinding or None
    scheme : SchemeResult or None
    remarks : tuple of str
        What a reader must know of this query.
    reason : str or None
        Why the query could not be searched.
    """

    id: str
    name: str | None
    source: str | None
    sha256: str | None
    technique: Technique
    method: str
    conclusion: Conclusion
    named: str | None
    candidates: tuple[Candidate, ...]
    group: GroupFinding | None
    class_estimate: ClassEstimate
    p_absent: float | None
    evidence: tuple[Evidence, ...]
    facts: Facts
    details: dict[str, str]
    contradictions: tuple[str, ...]
    reference: ReferenceFinding | None
    scheme: SchemeResult | None
    remarks: tuple[str, ...]
    reason: str | None

    @property
    def single_name(self) -> bool:
        """Whether exactly one substance is named, without "or an isomer"."""
        return self.conclusion.single_name

    @property
    def sentence(self) -> str:
        """The conclusion in words."""
        return self.conclusion.sentence(named=self.named)

    @property
    def because(self) -> str | None:
        """The one thing that weighs most against saying more, in words; None where a substance or group is named."""
        if self.conclusion.name not in ("class_indicated", "inconclusive"):
            return None
        if self.reason is not None:
            return f"not compared: {self.reason}"
        if self.facts.spectrum_usable is False:
            return f"the spectrum is not usable: {self.details['spectrum_usable']}"
        if self.contradictions:
            leading = self.candidates[0].name if self.candidates else self.evidence[0].name
            return f"against {leading or 'the leading substance'}: {'; '.join(self.contradictions)}"
        return self.details.get("group_supported")

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain data for JSON."""
        return {
            "id": self.id,
            "name": self.name,
            "source": self.source,
            "sha256": self.sha256,
            "technique": self.technique,
            "method": self.method,
            "conclusion": self.conclusion.name,
            "sentence": self.sentence,
            "limitation": self.conclusion.limitation,
            "single_name": self.single_name,
            "candidates": [asdict(one) for one in self.candidates],
            "group": None if self.group is None else self.group.to_dict(),
            "class": {
                "label": self.class_estimate.label,
                "probability": self.class_estimate.probability,
                "probabilities": [list(one) for one in self.class_estimate.probabilities],
                "indications": [asdict(one) for one in self.class_estimate.indications],
                "abstained": list(self.class_estimate.abstained),
            },
            "p_absent": self.p_absent,
            "reason": self.reason,
            "because": self.because,
            "remarks": list(self.remarks),
            "contradictions": list(self.contradictions),
            "in_the_way": [
                {
                    "conclusion": one.conclusion,
                    "precondition": one.precondition,
                    "state": one.state,
                    "text": one.text,
                    "found": self.details.get(one.precondition),
                }
                for one in self.conclusion.not_reached
            ],
            "reference_material": None if self.reference is None else asdict(self.reference),
            "scheme": None if self.scheme is None else asdict(self.scheme),
            "facts": asdict(self.facts),
            "evidence": [one.to_dict() for one in self.evidence],
        }
