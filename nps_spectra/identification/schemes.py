"""Acceptance schemes as versioned data: which clause the evidence meets, and which numbers nobody has confirmed."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

from nps_spectra.errors import InputError
from nps_spectra.identification.laboratory_files import Fields, read_toml, toml_text
from nps_spectra.identification.preconditions import all_of, any_of
from nps_spectra.identification.scheme_evidence import SchemeEvidence
from nps_spectra.identification.scheme_rules import RULES, Limits, Window
from nps_spectra.options import chosen

_DATA: Final = Path(__file__).with_name("data") / "schemes"
_STATES: Final[dict[bool | None, Literal["met", "not met", "unknown"]]] = {
    True: "met",
    False: "not met",
    None: "unknown",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One number, window or list of a scheme, and whether it was confirmed.

    Attributes
    ----------
    name : str
    value : float, Window or tuple of str
    unit : str or None
    verified : bool
        A source that was read says so for this edition.
    source : str
        Which one; or, where not verified, where the value comes from and what was not seen.
    """

    name: str
    value: float | Window | tuple[str, ...]
    unit: str | None
    verified: bool
    source: str


@dataclass(frozen=True, slots=True)
class Clause:
    """One requirement.

    Attributes
    ----------
    clause : str
        As the document counts it.
    text : str
        In own words.
    rule : str
        Name of the check in `scheme_rules.RULES`.
    required : bool
        False: a recommendation, reported but not needed.
    alternative : str or None
        Of clauses with the same text here one suffices.
    verified : bool
        A source that was read says that the document requires this.
    source : str
    figures : tuple of Figure
    """

    clause: str
    text: str
    rule: str
    required: bool
    alternative: str | None
    verified: bool
    source: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class ClauseResult:
    """What became of one clause; `unverified` names what of it nobody has confirmed."""

    clause: str
    state: Literal["met", "not met", "unknown"]
    text: str
    required: bool
    alternative: str | None
    unverified: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SchemeResult:
    """What became of a scheme.

    Attributes
    ----------
    scheme, version : str
    met : bool or None
        None: the evidence does not suffice to say.
    clauses : tuple of ClauseResult
    """

    scheme: str
    version: str
    met: bool | None
    clauses: tuple[ClauseResult, ...]

    @property
    def unverified(self) -> tuple[str, ...]:
        """What of the scheme nobody has confirmed, each with its clause; a report has to say so."""
        return tuple(dict.fromkeys(f"{one.clause}: {name}" for one in self.clauses for name in one.unverified))


@dataclass(frozen=True, slots=True)
class Scheme:
    """An acceptance scheme of one document in one edition.

    Attributes
    ----------
    name : str
        With the edition, such as ``"swgdrug-8"``.
    title, version, citation, scope : str
    categories : tuple of Figure
        Lists of techniques.
    clauses : tuple of Clause
    """

    name: str
    title: str
    version: str
    citation: str
    scope: str
    categories: tuple[Figure, ...]
    clauses: tuple[Clause, ...]

    def evaluate(self, evidence: SchemeEvidence) -> SchemeResult:
        """Hold the evidence against every clause; what is not known is never taken for met or not met.

        Examples
        --------
        >>> scheme("swgdrug-8").evaluate(SchemeEvidence()).met is None
        True
        """
        lists = {one.name: frozenset(one.value) for one in self.categories if isinstance(one.value, tuple)}
        results, needed, choices = [], [], dict[str, list[bool | None]]()
        for clause in self.clauses:
            numbers = {one.name: one.value for one in clause.figures if isinstance(one.value, float)}
            windows = [one.value for one in clause.figures if isinstance(one.value, Window)]
            windows.sort(key=lambda window: -window.from_percent)
            rule = RULES[clause.rule]
            state, text = rule.check(evidence, Limits(numbers, tuple(windows), lists))
            figures = (*clause.figures, *(self.categories if rule.categories else ()))
            unverified = [one.name for one in figures if not one.verified]
            unverified += [] if clause.verified else ["the clause itself"]
            results.append(
                ClauseResult(
                    clause.clause, _STATES[state], text, clause.required, clause.alternative, tuple(unverified)
                )
            )
            if clause.required and clause.alternative is None:
                needed.append(state)
            elif clause.required and clause.alternative is not None:
                choices.setdefault(clause.alternative, []).append(state)
        met = all_of(*needed, *(any_of(*states) for states in choices.values()))
        return SchemeResult(self.name, self.version, met, tuple(results))

    @property
    def unverified(self) -> tuple[str, ...]:
        """What nobody has confirmed, each with where it stands."""
        found = [f"category {one.name}" for one in self.categories if not one.verified]
        for clause in self.clauses:
            found += [] if clause.verified else [f"{clause.clause}: the clause itself"]
            found += [f"{clause.clause}: {one.name}" for one in clause.figures if not one.verified]
        return tuple(found)

    def to_toml(self) -> str:
        """The file that `load_scheme` reads back as an equal scheme.

        Examples
        --------
        >>> scheme("swgdrug-8").to_toml().splitlines()[0]
        'name = "swgdrug-8"'
        """
        heads = ("name", "title", "version", "citation", "scope")
        tables: list[tuple[str, dict[str, Any]]] = [("", {head: getattr(self, head) for head in heads})]
        for one in self.categories:
            tables.append(("[[category]]", {"name": one.name, "techniques": one.value, **_said(one)}))
        for clause in self.clauses:
            keys = ("clause", "text", "rule", "required", "alternative", "verified", "source")
            tables.append(("[[clause]]", {key: getattr(clause, key) for key in keys}))
            for one in clause.figures:
                if isinstance(one.value, Window):
                    shape = {name: getattr(one.value, name) for name in ("from_percent", "tolerance", "relative")}
                    tables.append(("[[clause.window]]", {"name": one.name, **shape, **_said(one)}))
                else:
                    value = {"name": one.name, "value": one.value, "unit": one.unit}
                    tables.append(("[[clause.number]]", {**value, **_said(one)}))
        return toml_text(tables)

    def summary(self) -> dict[str, Any]:
        """Head of the scheme, its clauses, and what is not verified, as plain data."""
        heads = ("name", "title", "version", "citation", "scope")
        keys = ("clause", "text", "required", "alternative", "verified", "source")
        clauses = [
            {key: getattr(clause, key) for key in keys} | {"numbers": [_plain(one) for one in clause.figures]}
            for clause in self.clauses
        ]
        return {
            **{head: getattr(self, head) for head in heads},
            "categories": [_plain(one) for one in self.categories],
            "clauses": clauses,
            "unverified": list(self.unverified),
        }


def _said(one: Figure) -> dict[str, Any]:
    return {"verified": one.verified, "source": one.source}


def _plain(one: Figure) -> dict[str, Any]:
    value: Any = list(one.value) if isinstance(one.value, tuple) else one.value
    if isinstance(value, Window):
        value = {name: getattr(value, name) for name in ("from_percent", "tolerance", "relative")}
    return {"name": one.name, "value": value, "unit": one.unit, **_said(one)}


def load_scheme(path: str | Path) -> Scheme:
    """Load the scheme of a laboratory from its TOML file.

    Raises
    ------
    InputError
        The file cannot be read or is no scheme; the message names clause and key.

    Examples
    --------
    >>> load_scheme("no_such_scheme.toml")
    Traceback (most recent call last):
    ...
    nps_spectra.errors.InputError: no_such_scheme.toml: cannot be read (No such file or directory)
    """
    path = Path(path)
    top = Fields(path, "top of the file", read_toml(path))
    name, title, version = top.text("name"), top.text("title"), top.text("version")
    citation, scope = top.text("citation"), top.text("scope")
    categories = tuple(
        _category(Fields(path, f"category {number}", table))
        for number, table in enumerate(top.tables("category", []), 1)
    )
    clauses = tuple(
        _clause(Fields(path, f"clause {number}", table), categories)
        for number, table in enumerate(top.tables("clause"), 1)
    )
    top.end()
    for what, names in (("category", [one.name for one in categories]), ("clause", [one.clause for one in clauses])):
        for twice in names:
            if names.count(twice) > 1:
                raise InputError(f"{path}: {what} {twice!r} stands twice, expected once")
    for one in categories:
        for other in categories:
            shared = set(_techniques(one)) & set(_techniques(other)) if one is not other else set()
            if shared:
                raise InputError(f"{path}: {sorted(shared)[0]} is in category {one.name} and in {other.name}")
    if not any(clause.required for clause in clauses):
        raise InputError(f"{path}: no clause is required; a scheme without one would always be met")
    return Scheme(name, title, version, citation, scope, categories, clauses)


def _techniques(category: Figure) -> tuple[str, ...]:
    return category.value if isinstance(category.value, tuple) else ()


def _category(fields: Fields) -> Figure:
    figure = Figure(
        fields.text("name"), fields.names("techniques"), None, fields.flag("verified"), fields.text("source")
    )
    fields.end()
    return figure


def _clause(fields: Fields, categories: tuple[Figure, ...]) -> Clause:
    name, text, rule_name = fields.text("clause"), fields.text("text"), fields.text("rule")
    fields.place = f"clause {name}"
    if rule_name not in RULES:
        near = difflib.get_close_matches(rule_name, RULES, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise fields.fault("rule", f"found {rule_name!r}, {hint}known: {', '.join(RULES)}")
    rule = RULES[rule_name]
    numbers = [_number(_inside(fields, "number", table)) for table in fields.tables("number", [])]
    windows = [_window(_inside(fields, "window", table)) for table in fields.tables("window", [])]
    names = [one.name for one in (*numbers, *windows)]
    for one in names:
        if names.count(one) > 1:
            raise fields.fault(one, "stands twice, expected once")
    given = {one.name for one in numbers}
    for one in sorted(rule.numbers - given):
        raise fields.fault("number", f"{one} is missing; the rule {rule_name} needs it")
    for one in sorted(given - rule.numbers - rule.optional):
        raise fields.fault("number", f"found {one}, expected only {', '.join(sorted(rule.numbers | rule.optional))}")
    if bool(windows) != rule.windows:
        raise fields.fault("window", f"found {len(windows)}, expected {'some' if rule.windows else 'none'}")
    lowest = [one.value.from_percent for one in windows if isinstance(one.value, Window)]
    if windows and (min(lowest) != 0 or len(set(lowest)) < len(lowest)):
        raise fields.fault("window", f"found from_percent {sorted(lowest)}, expected 0 and others, each once")
    if rule.categories and {one.name for one in categories} != {"A", "B", "C"}:
        raise fields.fault("rule", f"{rule_name} needs the categories A, B and C, each once")
    clause = Clause(
        name,
        text,
        rule_name,
        fields.flag("required", True),
        fields.optional_text("alternative"),
        fields.flag("verified"),
        fields.text("source"),
        (*numbers, *windows),
    )
    fields.end()
    return clause


def _inside(fields: Fields, kind: str, table: object) -> Fields:
    return Fields(fields.path, f"{fields.place}, {kind}", table)


def _amount(fields: Fields, field: str) -> float:
    value: float = fields.take(field, (int, float), "a number")
    if not (math.isfinite(value) and 0 <= value <= 1e6):
        raise fields.fault(field, f"found {value!r}, expected a number from 0 to 1000000")
    return float(value)


def _number(fields: Fields) -> Figure:
    figure = Figure(
        fields.text("name"),
        _amount(fields, "value"),
        fields.optional_text("unit"),
        fields.flag("verified"),
        fields.text("source"),
    )
    fields.end()
    return figure


def _window(fields: Fields) -> Figure:
    window = Window(_amount(fields, "from_percent"), _amount(fields, "tolerance"), fields.flag("relative"))
    figure = Figure(fields.text("name"), window, None, fields.flag("verified"), fields.text("source"))
    fields.end()
    return figure


@cache
def _packaged() -> tuple[Scheme, ...]:
    return tuple(load_scheme(path) for path in sorted(_DATA.glob("*.toml")))


def schemes(files: Iterable[str | Path] = ()) -> tuple[Scheme, ...]:
    """The schemes of the package, and those of a laboratory's files.

    Raises
    ------
    InputError
        A file is no scheme, or has the name of another one.

    Examples
    --------
    >>> [one.name for one in schemes()][:2]
    ['astm-e2329-17', 'eu-2021-808']
    """
    found = list(_packaged())
    for file in files:
        own = load_scheme(file)
        if any(own.name == one.name for one in found):
            raise InputError(f"{file}: there is a scheme {own.name!r} already; give yours a name of its own")
        found.append(own)
    return tuple(found)


def scheme(name: str) -> Scheme:
    """The scheme of this name in the package.

    Raises
    ------
    OptionError
        There is none; the message names the nearest.

    Examples
    --------
    >>> scheme("eu-2021-808").version
    '2021/808'
    """
    known = {one.name: one for one in schemes()}
    return chosen(known, name, "scheme")
