"""What each laboratory identified in each sample, held against what was in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from nps_spectra.proficiency.agreement import accordance, concordance, fleiss_kappa
from nps_spectra.proficiency.intervals import Proportion, likelihood_ratio, proportion
from nps_spectra.proficiency.methods import MethodAudit, audit_methods
from nps_spectra.proficiency.names import Resolution
from nps_spectra.proficiency.rounds import Content, Round, Sample
from nps_spectra.proficiency.submissions import Submissions


@dataclass(frozen=True, slots=True)
class Partial:
    """A substance that was missed, and what was reported in its stead.

    `kind` is ``isomer``, ``isomer_group`` or ``class``; `credit` never counts as correct anywhere.
    """

    missed: str
    reported: str
    kind: Literal["isomer", "isomer_group", "class"]
    credit: float


@dataclass(frozen=True, slots=True)
class SampleOutcome:
    """Result of one laboratory for one sample.

    Attributes
    ----------
    laboratory, sample : str
    status : {"evaluated", "contradictory", "not_evaluated", "not_reported"}
        Only what is evaluated counts: ``contradictory`` rows were rejected, ``not_evaluated`` means that every row was,
        and ``not_reported`` that there is none.
    reported : tuple of str
        What was reported, as resolved.
    correct, missed, false_positive, tolerated : tuple of str
        Substances; `correct` names what is in the sample, also if its group or class was reported and that is enough.
    unspecific : tuple of str
        Groups or classes reported that hold a substance of the sample, which had to be told apart further.
    partial : tuple of Partial
    methods : tuple of str
    audit : MethodAudit
    """

    laboratory: str
    sample: str
    status: Literal["evaluated", "contradictory", "not_evaluated", "not_reported"]
    reported: tuple[str, ...]
    correct: tuple[str, ...]
    missed: tuple[str, ...]
    false_positive: tuple[str, ...]
    tolerated: tuple[str, ...]
    unspecific: tuple[str, ...]
    partial: tuple[Partial, ...]
    methods: tuple[str, ...]
    audit: MethodAudit

    @property
    def all_correct(self) -> bool:
        """Whether all was found and nothing else; a blank is correct if nothing was reported beyond the tolerated."""
        return self.status == "evaluated" and not (self.missed or self.false_positive or self.unspecific)


@dataclass(frozen=True, slots=True)
class Rates:
    """Counts and rates of a laboratory, substance, class, sample or combination of methods.

    Attributes
    ----------
    key : str
    results : int
        Evaluated results of one laboratory for one sample.
    sensitivity : Proportion
        Substances found, of those to be found.
    specificity : Proportion
        Substances of the menu not reported, of those not in the sample and not tolerated.
    false_negative_rate : Proportion
    false_positive_rate : Proportion
        Results with at least one false positive, on the menu or not, of all results.
    likelihood_ratio : float or None
        Sensitivity / (1 - specificity); None where it is not defined.
    fully_correct : Proportion
    """

    key: str
    results: int
    sensitivity: Proportion
    specificity: Proportion
    false_negative_rate: Proportion
    false_positive_rate: Proportion
    likelihood_ratio: float | None
    fully_correct: Proportion


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement on whether a substance is in a material.

    `samples` are all samples of that material; without a second one `accordance` is None.
    """

    samples: tuple[str, ...]
    substance: str
    reported: Proportion
    accordance: float | None
    concordance: float | None


@dataclass(frozen=True, slots=True)
class Identification:
    """Identifications of a whole round.

    Attributes
    ----------
    outcomes : tuple of SampleOutcome
        Every laboratory with every sample, in order of laboratory code and round.
    laboratories, substances, classes, samples, methods : tuple of Rates
    agreement : tuple of Agreement
    kappa : float or None
        Agreement of laboratories beyond chance over all samples and substances of the menu (Fleiss); None if undefined.
    """

    outcomes: tuple[SampleOutcome, ...]
    laboratories: tuple[Rates, ...]
    substances: tuple[Rates, ...]
    classes: tuple[Rates, ...]
    samples: tuple[Rates, ...]
    methods: tuple[Rates, ...]
    agreement: tuple[Agreement, ...]
    kappa: float | None


def identify(round_: Round, submissions: Submissions) -> Identification:
    """Score all identifications of a round."""
    outcomes = _outcomes(round_, submissions)
    evaluated = [outcome for outcome in outcomes if outcome.status == "evaluated"]
    by_laboratory = _grouped((outcome.laboratory, outcome) for outcome in outcomes)
    by_sample = _grouped((outcome.sample, outcome) for outcome in evaluated)
    by_method = _grouped(("+".join(outcome.methods) or "not stated", outcome) for outcome in evaluated)
    negatives = {sample.code: _negatives(sample, round_) for sample in round_.samples}
    classes: dict[str, set[str]] = defaultdict(set)
    for substance in round_.menu:
        classes[_narrowest(substance, round_) or "no class"].add(substance)
    return Identification(
        outcomes=tuple(outcomes),
        laboratories=tuple(
            _rates(code, [one for one in found if one.status == "evaluated"], negatives)
            for code, found in sorted(by_laboratory.items())
        ),
        substances=tuple(_rates(substance, evaluated, negatives, {substance}) for substance in round_.menu),
        classes=tuple(_rates(name, evaluated, negatives, members) for name, members in sorted(classes.items())),
        samples=tuple(_rates(sample.code, by_sample.get(sample.code, []), negatives) for sample in round_.samples),
        methods=tuple(_rates(codes, found, negatives) for codes, found in sorted(by_method.items())),
        agreement=tuple(_agreement(round_, evaluated)),
        kappa=_kappa(round_, evaluated),
    )


def _outcomes(round_: Round, submissions: Submissions) -> list[SampleOutcome]:
    reported: dict[tuple[str, str], list[Resolution]] = defaultdict(list)
    methods: dict[tuple[str, str], set[str]] = defaultdict(set)
    for entry in submissions.entries:
        reported[entry.laboratory, entry.sample].append(entry.resolution)
        methods[entry.laboratory, entry.sample].update(entry.methods)
    reasons: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in submissions.rejected:
        reasons[row.laboratory, row.sample].append(row.reason)
    outcomes = []
    for laboratory in submissions.laboratories(round_):
        for sample in round_.samples:
            key = (laboratory, sample.code)
            if key in reported:
                outcomes.append(_scored(laboratory, sample, reported[key], sorted(methods[key]), round_))
                continue
            status: Literal["contradictory", "not_evaluated", "not_reported"] = "not_reported"
            if key in reasons:
                contradictory = any("contradictory" in reason for reason in reasons[key])
                status = "contradictory" if contradictory else "not_evaluated"
            nothing = MethodAudit(None, "no result")
            outcomes.append(SampleOutcome(laboratory, sample.code, status, (), (), (), (), (), (), (), (), nothing))
    return outcomes


def _scored(
    laboratory: str, sample: Sample, found: Sequence[Resolution], methods: Sequence[str], round_: Round
) -> SampleOutcome:
    substances = {one.name for one in found if one.level == "substance"}
    groups = {one.name for one in found if one.level == "isomer_group"}
    classes = {one.name for one in found if one.level == "class"}
    correct: list[str] = []
    missed: list[str] = []
    used: set[str] = set()
    for content in sample.contents:
        satisfying = _satisfying(content, substances, groups, classes, round_)
        (correct if satisfying else missed).append(content.substance)
        used |= satisfying
    tolerated = substances & set(sample.tolerated)
    inside = [content.substance for content in sample.contents] + list(sample.tolerated)
    unspecific = {name for name in (groups | classes) - used if any(_holds(name, one, round_) for one in inside)}
    # A class that is right as far as it goes is no false positive, and it is not correct.
    false = (substances - used - tolerated) | ((groups | classes) - used - unspecific)
    partial = [part for name in missed for part in _partial(name, false, unspecific, round_)[:1]]
    needless = {name for name in unspecific if not any(_holds(name, one, round_) for one in missed)}
    return SampleOutcome(
        laboratory=laboratory,
        sample=sample.code,
        status="evaluated",
        reported=tuple(sorted(one.name for one in found)),
        correct=tuple(correct),
        missed=tuple(missed),
        false_positive=tuple(sorted(false)),
        tolerated=tuple(sorted(tolerated | needless)),
        unspecific=tuple(sorted(unspecific - needless)),
        partial=tuple(partial),
        methods=tuple(methods),
        audit=audit_methods(methods, round_.methods),
    )


def _holds(name: str, substance: str, round_: Round) -> bool:
    return name == round_.group_of(substance) or name in round_.classes.get(substance, ())


def _narrowest(substance: str, round_: Round) -> str | None:
    return next(iter(round_.classes.get(substance, ())), None)


def _satisfying(content: Content, substances: set[str], groups: set[str], classes: set[str], round_: Round) -> set[str]:
    """What was reported that names the content on the level asked for."""
    found = substances & {content.substance}
    if content.level == "substance":
        return found
    group, nps_class = round_.group_of(content.substance), _narrowest(content.substance, round_)
    if group is not None:
        found |= groups & {group}
        found |= {name for name in substances if round_.group_of(name) == group}
    if content.level == "class" and nps_class is not None:
        found |= classes & {nps_class}
        found |= {name for name in substances if nps_class in round_.classes.get(name, ())}
    return found


def _partial(missed: str, false: set[str], unspecific: set[str], round_: Round) -> list[Partial]:
    """What may stand for a missed substance, the best first."""
    found = []
    group, formula = round_.group_of(missed), round_.formulas.get(missed)
    classes = round_.classes.get(missed, ())
    for name in sorted(false):
        same_group = group is not None and round_.group_of(name) == group
        same_formula = formula is not None and round_.formulas.get(name) == formula
        if same_group or (same_formula and set(classes) & set(round_.classes.get(name, ()))):
            found.append(Partial(missed, name, "isomer", round_.credit.isomer))
    for name in sorted(unspecific):
        if name == group:
            found.append(Partial(missed, name, "isomer_group", round_.credit.isomer_group))
        elif name in classes:
            found.append(Partial(missed, name, "class", round_.credit.nps_class))
    return sorted(found, key=lambda part: -part.credit)


def _grouped(pairs: Iterable[tuple[str, SampleOutcome]]) -> dict[str, list[SampleOutcome]]:
    found: dict[str, list[SampleOutcome]] = defaultdict(list)
    for key, outcome in pairs:
        found[key].append(outcome)
    return found


def _rates(
    key: str,
    outcomes: Sequence[SampleOutcome],
    negatives: Mapping[str, frozenset[str]],
    only: set[str] | None = None,
) -> Rates:
    """Rates over results; of the substances of `only` if it is given."""
    if only is not None:
        negatives = {sample: found & only for sample, found in negatives.items()}
    found = missed = false = offered = false_results = right = 0
    for outcome in outcomes:
        correct, lacking, wrong = outcome.correct, outcome.missed, outcome.false_positive
        if only is not None:
            # Most of these are empty: a call for each part and result would cost more than all else here.
            correct = tuple([one for one in correct if one in only]) if correct else correct
            lacking = tuple([one for one in lacking if one in only]) if lacking else lacking
            wrong = tuple([one for one in wrong if one in only]) if wrong else wrong
        found += len(correct)
        missed += len(lacking)
        offered += len(negatives[outcome.sample])
        false += len(negatives[outcome.sample].intersection(wrong)) if wrong else 0
        false_results += bool(wrong)
        right += outcome.all_correct if only is None else not (lacking or wrong)
    return Rates(
        key=key,
        results=len(outcomes),
        sensitivity=proportion(found, found + missed),
        specificity=proportion(offered - false, offered),
        false_negative_rate=proportion(missed, found + missed),
        false_positive_rate=proportion(false_results, len(outcomes)),
        likelihood_ratio=likelihood_ratio(found, missed, false, offered - false),
        fully_correct=proportion(right, len(outcomes)),
    )


def _negatives(sample: Sample, round_: Round) -> frozenset[str]:
    """Substances of the menu that a laboratory must not report in a sample."""
    found = set(round_.menu) - set(sample.tolerated)
    for content in sample.contents:
        found.discard(content.substance)
        group, nps_class = round_.group_of(content.substance), _narrowest(content.substance, round_)
        if content.level != "substance" and group is not None:
            found -= {name for name in found if round_.group_of(name) == group}
        if content.level == "class" and nps_class is not None:
            found -= {name for name in found if nps_class in round_.classes.get(name, ())}
    return frozenset(found)


def _agreement(round_: Round, evaluated: Sequence[SampleOutcome]) -> Iterable[Agreement]:
    materials: dict[str, list[str]] = {}
    root: dict[str, str] = {}
    for sample in round_.samples:
        root[sample.code] = sample.code if sample.same_as is None else root[sample.same_as]
        materials.setdefault(root[sample.code], []).append(sample.code)
    by_sample = _grouped((outcome.sample, outcome) for outcome in evaluated)
    for codes in materials.values():
        outcomes = [outcome for code in codes for outcome in by_sample.get(code, ())]
        named = {name for outcome in outcomes for name in (*outcome.correct, *outcome.missed, *outcome.false_positive)}
        for substance in sorted(named):
            results: dict[str, list[bool]] = defaultdict(list)
            for outcome in outcomes:
                positive = substance in outcome.correct or substance in outcome.false_positive
                results[outcome.laboratory].append(positive)
            positives, totals = [sum(one) for one in results.values()], [len(one) for one in results.values()]
            yield Agreement(
                tuple(codes),
                substance,
                proportion(sum(positives), sum(totals)),
                accordance(positives, totals),
                concordance(positives, totals),
            )


def _kappa(round_: Round, evaluated: Sequence[SampleOutcome]) -> float | None:
    """Items are samples with substances of the menu; the categories are reported and not reported."""
    counts: dict[tuple[str, str], int] = defaultdict(int)
    laboratories: dict[str, int] = defaultdict(int)
    for outcome in evaluated:
        laboratories[outcome.sample] += 1
        for name in {*outcome.correct, *outcome.false_positive, *outcome.tolerated}:
            counts[outcome.sample, name] += 1
    return fleiss_kappa(
        [
            [counts.get((sample.code, name), 0), laboratories[sample.code] - counts.get((sample.code, name), 0)]
            for sample in round_.samples
            for name in round_.menu
        ]
    )
