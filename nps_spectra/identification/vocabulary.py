"""The closed vocabulary of conclusions: which one the facts allow, and why none that is stronger."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any, Final, Literal

from nps_spectra.errors import InputError, OptionError
from nps_spectra.identification.laboratory_files import Fields, read_toml, toml_text
from nps_spectra.identification.preconditions import PRECONDITIONS, SEPARATING_TECHNIQUES, Facts, Separating

State = Literal["met", "not met", "unknown"]

_DATA: Final = Path(__file__).with_name("data")


@dataclass(frozen=True, slots=True)
class _Rule:
    """What no file of a laboratory can take away from a conclusion."""

    required: frozenset[str]
    #: The field of the wording; None: nothing is named.
    field: str | None
    #: The last three share out all cases in which nothing is named, so nothing may be added to them.
    exact: bool = False


_POSITIVE: Final = frozenset(("no_control_failed", "spectrum_usable"))
_ONE: Final = frozenset(("spectrum_usable", "lead_supported", "not_contradicted", "isomers_excluded"))

#: The closed vocabulary, strongest first.
_RULES: Final[Mapping[str, _Rule]] = {
    "identified": _Rule(
        _ONE | {"controls_passed", "reference_material_in_batch", "retention_agrees", "scheme_met"}, "substance"
    ),
    "consistent_with_library": _Rule(_ONE | {"no_control_failed"}, "substance"),
    "one_of_isomers": _Rule(_POSITIVE | {"group_supported", "not_contradicted"}, "group"),
    "class_indicated": _Rule(_POSITIVE | {"class_supported"}, "substance_class"),
    "inconclusive": _Rule(frozenset(("no_control_failed", "absence_not_established")), None, True),
    "not_detected": _Rule(frozenset(("no_control_failed", "absence_established")), None, True),
    "invalid": _Rule(frozenset(("control_failed",)), None, True),
}

_BOLD: Final = re.compile(r"100(?:[.,]0+)?\s*%|no uncertainty|without (?:any )?doubt", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Term:
    """One word of the vocabulary.

    Attributes
    ----------
    name : str
        The same in every language, such as ``"one_of_isomers"``.
    rank : int
        The lower, the stronger.
    preconditions : tuple of str
        Names of `preconditions.PRECONDITIONS`; all must hold.
    wording : str
        The sentence; ``{substance}``, ``{group}`` or ``{substance_class}`` stand for what is named.
    limitation : str
        What the conclusion does not say, in plain language.
    """

    name: str
    rank: int
    preconditions: tuple[str, ...]
    wording: str
    limitation: str

    @property
    def single_name(self) -> bool:
        """Whether one substance is named, without "or an isomer"."""
        return _RULES[self.name].field == "substance"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a stronger conclusion was not reached: one precondition that does not hold, or is not known to hold."""

    conclusion: str
    precondition: str
    state: State
    text: str


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The strongest conclusion that the facts allow.

    Attributes
    ----------
    term : Term
    language : str
    not_reached : tuple of Reason
        For every stronger conclusion, strongest first, each precondition that stood in the way.
    """

    term: Term
    language: str
    not_reached: tuple[Reason, ...]

    @property
    def name(self) -> str:
        """Name of the conclusion, the same in every language."""
        return self.term.name

    @property
    def limitation(self) -> str:
        """What the conclusion does not say, in plain language."""
        return self.term.limitation

    @property
    def single_name(self) -> bool:
        """Whether one substance is named, without "or an isomer"."""
        return self.term.single_name

    def sentence(self, *, named: str | None = None) -> str:
        """The sentence of the report.

        Parameters
        ----------
        named : str or None
            The substance, the members of the group, or the class, as the conclusion asks for; None where it names
            nothing.

        Raises
        ------
        OptionError
            A name is missing, or given where the conclusion names nothing.

        Examples
        --------
        >>> facts = Facts(spectrum_usable=True, group_supported=True, contradicted=False)
        >>> conclusion_for(facts).sentence(named="2-FMC or 3-FMC")
        '2-FMC or 3-FMC, or another isomer: not distinguished by the methods used.'
        """
        field = _RULES[self.name].field
        if field is None:
            if named is not None:
                raise OptionError(f"{self.name}: found named={named!r}, expected None: this conclusion names nothing")
            return self.term.wording
        if named is None or not named.strip():
            raise OptionError(f"{self.name}: found named={named!r}, expected the {field}")
        return self.term.wording.replace(f"{{{field}}}", named)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The conclusions of a laboratory in one language, strongest first.

    Attributes
    ----------
    language : str
        As in BCP 47, such as ``"en"``.
    version : str
    terms : tuple of Term
    texts : mapping of str to (str, str)
        For each precondition what is said where it is not met, and where it is not known.
    separating : Separating
        Which evidence excludes an isomer.
    """

    language: str
    version: str
    terms: tuple[Term, ...]
    texts: Mapping[str, tuple[str, str]]
    separating: Separating

    def to_toml(self) -> str:
        """The file that `load_vocabulary` reads back as an equal vocabulary.

        Examples
        --------
        >>> load_vocabulary().to_toml().splitlines()[0]
        'language = "en"'
        """
        tables: list[tuple[str, dict[str, Any]]] = [("", {"language": self.language, "version": self.version})]
        tables.append(("[separating]", {"named": self.separating.named, "missing": self.separating.missing}))
        for term in self.terms:
            fields = ("rank", "preconditions", "wording", "limitation")
            tables.append((f"[conclusions.{term.name}]", {field: getattr(term, field) for field in fields}))
        for name, (not_met, unknown) in self.texts.items():
            tables.append((f"[preconditions.{name}]", {"not_met": not_met, "unknown": unknown}))
        return toml_text(tables)


def load_vocabulary(path: str | Path | None = None) -> Vocabulary:
    """Load the vocabulary of a laboratory.

    A laboratory may change all words, add preconditions to conclusions that name something, and shorten the lists of
    separating techniques. It cannot add or leave out conclusions, change their order, or take away what keeps a
    conclusion from saying too much.

    Parameters
    ----------
    path : str or Path, optional
        Default: the file of the package, in English.

    Raises
    ------
    InputError
        The file cannot be read, or does not hold the vocabulary; the message names table and key.

    Examples
    --------
    >>> [term.name for term in load_vocabulary().terms][:3]
    ['identified', 'consistent_with_library', 'one_of_isomers']
    """
    return _packaged() if path is None else _load(Path(path))


@cache
def _packaged() -> Vocabulary:
    return _load(_DATA / "conclusions.toml")


def _load(path: Path) -> Vocabulary:
    top = Fields(path, "top of the file", read_toml(path))
    language, version = top.text("language"), top.text("version")
    kinds = Fields(path, "separating", top.table("separating"))
    separating = Separating(_separating(kinds, "named"), _separating(kinds, "missing"))
    kinds.end()
    tables = top.table("conclusions")
    texts = _texts(path, top.table("preconditions"))
    top.end()
    for name in tables:
        if name not in _RULES:
            known = ", ".join(_RULES)
            raise InputError(f"{path}, conclusions: found {name!r}, expected one of the closed vocabulary: {known}")
    for name in _RULES:
        if name not in tables:
            raise InputError(f"{path}, conclusions: {name} is missing; the vocabulary is closed, all its words stand")
    terms = [_term(path, name, tables[name]) for name in _RULES]
    for before, after in itertools.pairwise(terms):
        if before.rank == after.rank:
            raise InputError(f"{path}: {before.name} and {after.name} have the same rank {after.rank}, expected two")
        if before.rank > after.rank:
            raise InputError(
                f"{path}: {before.name} has rank {before.rank} and {after.name} {after.rank}; "
                f"expected the lower rank for {before.name}, which is the stronger conclusion"
            )
    return Vocabulary(language, version, tuple(terms), texts, separating)


def _separating(fields: Fields, field: str) -> tuple[str, ...]:
    names = fields.names(field)
    for name in names:
        if name not in SEPARATING_TECHNIQUES:
            known = ", ".join(SEPARATING_TECHNIQUES)
            raise fields.fault(field, f"found {name!r}, expected evidence other than mass spectra: {known}")
    return names


def _texts(path: Path, tables: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    texts = {}
    for name, table in tables.items():
        if name not in PRECONDITIONS:
            raise InputError(f"{path}, preconditions: unknown precondition {name!r}; known: {', '.join(PRECONDITIONS)}")
        fields = Fields(path, f"preconditions.{name}", table)
        texts[name] = (fields.text("not_met"), fields.text("unknown"))
        fields.end()
    for name in PRECONDITIONS:
        if name not in texts:
            raise InputError(f"{path}, preconditions: {name} is missing, expected its texts not_met and unknown")
    return texts


def _term(path: Path, name: str, table: object) -> Term:
    fields = Fields(path, f"conclusions.{name}", table)
    rule = _RULES[name]
    term = Term(
        name, fields.integer("rank"), fields.names("preconditions"), fields.text("wording"), fields.text("limitation")
    )
    fields.end()
    for precondition in term.preconditions:
        if precondition not in PRECONDITIONS:
            known = ", ".join(PRECONDITIONS)
            raise fields.fault("preconditions", f"unknown precondition {precondition!r}; known: {known}")
    found = frozenset(term.preconditions)
    for precondition in sorted(rule.required - found):
        raise fields.fault("preconditions", f"{precondition} is missing; {name} cannot be concluded without it")
    if rule.exact:
        for precondition in sorted(found - rule.required):
            raise fields.fault("preconditions", f"found {precondition}, expected none but {sorted(rule.required)}")
    _check_words(fields, term, rule.field)
    return term


def _check_words(fields: Fields, term: Term, named: str | None) -> None:
    try:
        parts = [part for part in Formatter().parse(term.wording) if part[1] is not None]
    except ValueError as error:
        raise fields.fault("wording", f"found {term.wording!r}: {error}; braces stand only around a field") from error
    expected = "no field in braces" if named is None else f"{{{named}}} once and no other field in braces"
    plain = all(not spec and conversion is None for _, _, spec, conversion in parts)
    if [part[1] for part in parts] != ([] if named is None else [named]) or not plain or "{{" in term.wording:
        raise fields.fault("wording", f"found {term.wording!r}, expected {expected}")
    for field in ("wording", "limitation"):
        bold = _BOLD.search(getattr(term, field))
        if bold:
            raise fields.fault(field, f"found {bold.group()!r}; no identification is without uncertainty")


def conclusion_for(facts: Facts, vocabulary: Vocabulary | None = None) -> Conclusion:
    """The strongest conclusion of which all preconditions hold, and what stood in the way of each stronger one.

    A precondition that is not known to hold does not hold.

    Parameters
    ----------
    facts : Facts
    vocabulary : Vocabulary, optional
        Default: that of the package.

    Examples
    --------
    >>> facts = Facts(spectrum_usable=True, lead_supported=True, contradicted=False, undistinguished=("3-FMC",))
    >>> conclusion = conclusion_for(facts)
    >>> conclusion.name, conclusion.single_name
    ('one_of_isomers', False)
    >>> conclusion.not_reached[-1].text
    'Other isomers are not excluded by evidence other than mass spectra.'
    """
    words = load_vocabulary() if vocabulary is None else vocabulary
    reasons: list[Reason] = []
    for term in words.terms:
        standing = []
        for name in term.preconditions:
            state = PRECONDITIONS[name](facts, words.separating)
            if state is not True:
                not_met, unknown = words.texts[name]
                standing.append(
                    Reason(term.name, name, "unknown", unknown)
                    if state is None
                    else Reason(term.name, name, "not met", not_met)
                )
        if not standing:
            return Conclusion(term, words.language, tuple(reasons))
        reasons += standing
    raise RuntimeError("inconclusive, not_detected and invalid leave no case over")
