"""One library, one profile, and what all queries share: from a query to its record, step by step."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from nps_spectra import __version__
from nps_spectra.errors import OptionError
from nps_spectra.identification import defaults
from nps_spectra.identification.assessment import Assessment, Calibration, ClassEstimate, ClassModel
from nps_spectra.identification.batch_reference import ReferenceMaterial
from nps_spectra.identification.decision import contradictions, details_of, facts_of, usable
from nps_spectra.identification.evidence import Evidence, evidence_of
from nps_spectra.identification.findings import Findings, findings_for
from nps_spectra.identification.group_store import groups_of
from nps_spectra.identification.groups import Groups
from nps_spectra.identification.preconditions import Exclusion, Facts, all_of, opposite
from nps_spectra.identification.profile import Profile, load_profile
from nps_spectra.identification.record import Candidate, GroupFinding, Identification, ReferenceFinding
from nps_spectra.identification.scheme_evidence import Retention, SchemeEvidence, TechniqueResult
from nps_spectra.identification.schemes import SchemeResult
from nps_spectra.identification.standing import Margin, candidate_set, group_of
from nps_spectra.identification.vocabulary import conclusion_for
from nps_spectra.library import Library
from nps_spectra.scorers import Scorer, Technique
from nps_spectra.scoring import score_options
from nps_spectra.searching.exact import DEFAULT_METHODS, LibrarySearch, Queries, as_spectra
from nps_spectra.searching.hits import QueryResult
from nps_spectra.searching.threads import in_order, thread_count
from nps_spectra.spectra import Spectra
from nps_spectra.spectrum import Spectrum

#: Members of a group in a sentence; the record has all.
_NAMED: Final = 4
#: Queries searched at a time: what is held in memory beside the results does not grow with the folder.
_AT_A_TIME: Final = 256


class Examination:
    """One library, one profile, and what all queries share."""

    def __init__(
        self,
        library: Library,
        profile: Profile,
        reference: Spectra | None,
        findings: Findings | Mapping[str | None, Findings] | None,
        models: tuple[Calibration | None, ClassModel | None],
        ionization: str | None,
    ) -> None:
        self._library = library
        self._profile = profile
        self._ionization = ionization
        self._findings = findings
        self._reference = None if reference is None else ReferenceMaterial(reference, library)
        self._groups: dict[Technique, tuple[Groups | None, str]] = {}
        given, class_model = models
        own = None if given is None else given.describe().get("technique", "EI")
        self._calibrations: dict[Technique, Calibration | None] = {
            technique: given if technique == own else defaults.default_calibration(technique)
            for technique in DEFAULT_METHODS
        }
        self._class_model = defaults.default_class_model() if class_model is None else class_model

    @classmethod
    def of(
        cls,
        library: Library | str | os.PathLike[str],
        profile: Profile | str | os.PathLike[str] | None,
        reference_material: Queries | None,
        findings: Findings | Mapping[str | None, Findings] | None,
        models: tuple[Calibration | None, ClassModel | None],
        ionization: str | None,
    ) -> Examination:
        """The run with everything opened that was named by a path."""
        opened = library if isinstance(library, Library) else Library.open(library)
        own = profile if isinstance(profile, Profile) else load_profile(None if profile is None else os.fspath(profile))
        reference = None if reference_material is None else as_spectra(reference_material)
        return cls(opened, own, reference, findings, models, ionization)

    def all(self, spectra: Spectra) -> Iterator[Identification]:
        """One record for each query, in their order.

        Raises
        ------
        OptionError
            Findings name a sample that is not among the queries: what is known of it would be lost.
        """
        if isinstance(self._findings, Mapping):
            names = {*spectra.texts("name").to_list(), *(query_id(one, at) for at, one in enumerate(spectra, 1))}
            lost = [repr(name) for name in self._findings if name is not None and name not in names]
            if lost:
                raise OptionError(f"findings of {', '.join(lost)}: no query has this id or name")
        return self._each(spectra)

    def _each(self, spectra: Spectra) -> Iterator[Identification]:
        samples = _samples(spectra)
        threads, search = thread_count(), self._search()
        for start in range(0, len(spectra), _AT_A_TIME):
            answers = search.results(spectra[start : start + _AT_A_TIME])

            def record(offset: int, start: int = start, answers: Sequence[QueryResult] = answers) -> Identification:
                query, at = spectra[start + offset], start + offset
                replicates = None
                if self._reference is not None:
                    replicates = spectra.select(np.array(samples[at], dtype=np.int64))
                return self._one(query, query_id(query, at + 1), replicates, answers[offset])

            yield from in_order(record, range(len(answers)), threads)

    def _search(self) -> LibrarySearch:
        return LibrarySearch(
            self._library,
            top=self._profile.candidates,
            method=self._profile.method,
            tolerance=self._profile.tolerance,
            precursor_tolerance=self._profile.precursor_tolerance,
            ionization=self._ionization,
        )

    def _one(self, query: Spectrum, id: str, replicates: Spectra | None, answer: QueryResult) -> Identification:
        """The record of one query."""
        profile = self._profile
        technique = answer.technique
        fits, peaks = usable(query, technique, profile)
        found: tuple[Evidence, ...] = ()
        groups, unknown = None, ""
        if answer.hit_count:
            groups, unknown = self._groups_of(technique)
            apart = None if groups is None else groups.not_told_apart
            of_library = evidence_of(query, answer, self._library, tolerance=profile.tolerance, not_told_apart=apart)
            found = tuple(replace(one, query_id=id) for one in of_library)
        scorer = self._scorer(technique)
        calibration = self._calibrations[technique]
        assessment = None if calibration is None or not found else calibration.assess(found)
        estimate = self._estimate(query, fits)
        margin = Margin.of(groups, scorer.method, scorer.scale, profile.margin)
        contradicted = {one.rank for one in found if contradictions(one, profile, None)}
        candidates = candidate_set(found, assessment, margin, contradicted)
        group = group_of(candidates, found, profile.candidates, groups, assessment, margin, unknown)
        beside = findings_for(self._findings, id, query.name)
        reference, excluded = self._against_reference(query, replicates, candidates, group, scorer)
        # Where nothing is supported, what speaks against the best hit is what a reader asks for.
        leading = candidates[0].rank if candidates else 1
        lead = next((one for one in found if one.rank == leading), None)
        against = () if lead is None else contradictions(lead, profile, reference)
        given: dict[str, Any] = {
            "spectrum_usable": fits,
            "candidates": candidates,
            "group": group,
            "against": against,
            "assessment": assessment,
            "estimate": estimate,
            "findings": beside,
            "reference_given": self._reference is not None,
            "reference": reference,
            "excluded": excluded,
            "profile": profile,
            "technique": technique,
        }
        facts = facts_of(**given, scheme_met=None)
        scheme = self._scheme(query, technique, facts, candidates, reference, beside) if candidates else None
        if scheme is not None:
            facts = facts_of(**given, scheme_met=scheme.met)
        conclusion = conclusion_for(facts, profile.vocabulary)
        details = details_of(facts, candidates, group, against, assessment, estimate, peaks, profile, technique)
        if scheme is not None:
            details["scheme_met"] = _open_clauses(scheme)
        return Identification(
            id=id,
            name=query.name,
            source=None if query.source is None else query.source.file,
            sha256=None if query.source is None else query.source.sha256 or None,
            technique=technique,
            method=answer.method,
            conclusion=conclusion,
            named=_named(conclusion.term.name, candidates, group, estimate),
            candidates=candidates,
            group=group,
            class_estimate=estimate,
            p_absent=None if assessment is None else assessment.p_absent,
            evidence=found,
            facts=facts,
            details=details,
            contradictions=against,
            reference=reference,
            scheme=scheme,
            remarks=self._remarks(assessment, margin, found),
            reason=answer.reason,
        )

    def _scorer(self, technique: Technique) -> Scorer:
        method = self._profile.method or DEFAULT_METHODS[technique]
        return score_options(method, {"tolerance": self._profile.tolerance}).resolve(technique)

    def _groups_of(self, technique: Technique) -> tuple[Groups | None, str]:
        """The groups of the library, or why they are not known."""
        if technique not in self._groups:
            try:
                groups = groups_of(self._library, technique, tolerance=self._profile.tolerance)
            except OptionError as error:
                self._groups[technique] = (None, f"the library cannot say which substances are alike: {error}")
            else:
                few = (
                    f"the library cannot say which substances are alike: {groups.spread.substances} of its substances "
                    "are measured repeatedly, which is too few"
                )
                self._groups[technique] = (groups, few)
        return self._groups[technique]

    def _estimate(self, query: Spectrum, fits: bool) -> ClassEstimate:
        if self._class_model is None:
            return ClassEstimate(abstained=("no class model was given",))
        if not fits:
            return ClassEstimate(abstained=("the spectrum is not usable",))
        return self._class_model.estimate(query)

    def _against_reference(
        self,
        query: Spectrum,
        replicates: Spectra | None,
        candidates: Sequence[Candidate],
        group: GroupFinding | None,
        scorer: Scorer,
    ) -> tuple[ReferenceFinding | None, tuple[Exclusion, ...]]:
        if self._reference is None or replicates is None or not candidates or group is None:
            return None, ()
        most = self._profile.retention_time_min
        finding = self._reference.finding(query, replicates, candidates[0].substance, scorer, most)
        members = {one.substance: one.name or "unnamed" for one in group.members if one.substance is not None}
        return finding, self._reference.excluded(query, members, most)

    def _scheme(
        self,
        query: Spectrum,
        technique: Technique,
        facts: Facts,
        candidates: Sequence[Candidate],
        reference: ReferenceFinding | None,
        beside: Findings,
    ) -> SchemeResult:
        """The laboratory's acceptance scheme, held against what is known."""
        # A probability below the limit does not support the substance; it does not exclude it either.
        supported = all_of(facts.lead_supported, opposite(facts.contradicted))
        positive = False if facts.contradicted else supported or None
        techniques = [TechniqueResult("mass_spectrometry", positive, beside.data_reviewable)]
        retention, ions = None, None
        gas = technique == "EI"
        if reference is not None and self._reference is not None:
            ions = self._reference.ions(query, candidates[0].substance)
            seconds = self._reference.retention_time_s(candidates[0].substance)
            if query.retention_time_s and seconds:
                separation = "gas chromatography" if gas else "liquid chromatography"
                retention = Retention(separation, query.retention_time_s / 60, seconds / 60)  # type: ignore[arg-type]
                chromatography = separation.replace(" ", "_")
                techniques.append(TechniqueResult(chromatography, reference.agrees, beside.data_reviewable))
        return self._profile.scheme.evaluate(
            SchemeEvidence(
                techniques=(*techniques, *beside.techniques),
                techniques_uncorrelated=beside.techniques_uncorrelated,
                separate_samplings=beside.separate_samplings,
                reference_material=None if self._reference is None else reference is not None,
                chromatography=True if query.retention_time_s is not None else None,
                ions=ions,
                retention=retention,
                regime="prohibited",
            )
        )

    def _remarks(self, assessment: Assessment | None, margin: Margin, found: Sequence[Evidence]) -> tuple[str, ...]:
        said = []
        if found and (assessment is None or assessment.abstained):
            said.append(
                f"candidates are those {margin.text}; without a calibrated probability none of them is supported"
            )
        if self._library.notice:
            said.append(self._library.notice)
        return tuple(said)

    def describe(self) -> dict[str, Any]:
        """What has to be known to do the run again."""
        return {
            "program": f"nps_spectra {__version__}",
            "python": platform.python_version(),
            "numpy": np.__version__,
            "library": {
                "name": self._library.name,
                "digest": self._library.digest,
                "spectra": len(self._library),
                "substances": len(self._library.substances),
                "notice": self._library.notice,
            },
            "profile": self._profile.describe(),
            "calibrations": {
                technique: None if one is None else {**one.describe(), "digest": one.digest}
                for technique, one in self._calibrations.items()
            },
            "class_model": None
            if self._class_model is None
            else {**self._class_model.describe(), "digest": self._class_model.digest},
            "groups": {
                technique: None if groups is None else groups.describe()
                # In one order, whichever thread was first.
                for technique, (groups, _) in sorted(self._groups.items())
            },
            "options": {
                "candidates": self._profile.candidates,
                "method": self._profile.method or "default of the technique",
                "tolerance": str(self._profile.tolerance),
                "precursor_tolerance": str(self._profile.precursor_tolerance),
                "ionization": self._ionization,
            },
            "reference_material": None
            if self._reference is None
            else {"spectra": len(self._reference.spectra), "not_in_library": list(self._reference.unknown)},
        }


def query_id(spectrum: Spectrum, number: int) -> str:
    """File and record of a query, as a search names it; its number, from 1, where it has no file.

    Examples
    --------
    >>> query_id(Spectrum([58], [1]), 3)
    'query 3'
    """
    source = spectrum.source
    return f"query {number}" if source is None else f"{source.file}#{source.record}"


def _samples(spectra: Spectra) -> list[list[int]]:
    """For each query the queries of the same file and name: replicates of one sample."""
    rows: dict[tuple[str | None, str | None], list[int]] = {}
    keys = list(zip(spectra.texts("source_file").to_list(), spectra.texts("name").to_list(), strict=True))
    for row, key in enumerate(keys):
        rows.setdefault(key, []).append(row)
    return [[row] if key[1] is None else rows[key] for row, key in enumerate(keys)]


def _named(
    conclusion: str, candidates: Sequence[Candidate], group: GroupFinding | None, estimate: ClassEstimate
) -> str | None:
    """What the sentence of a conclusion names."""
    if conclusion in ("identified", "consistent_with_library"):
        return candidates[0].name or "unnamed"
    if conclusion == "one_of_isomers" and group is not None:
        names = list(dict.fromkeys((group.lead or "unnamed", *(one.name or "unnamed" for one in group.isomers))))
        more = f" or one of {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        return " or ".join(names[:_NAMED]) + more
    return estimate.label if conclusion == "class_indicated" else None


def _open_clauses(scheme: SchemeResult) -> str:
    """How many clauses of a scheme are not known to be met, in words."""
    needed = [one for one in scheme.clauses if one.required]
    standing = sum(one.state == "met" for one in needed)
    return f"{scheme.scheme}: {standing} of {len(needed)} required clauses are met"
