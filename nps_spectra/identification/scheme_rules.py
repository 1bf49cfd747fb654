"""What clauses of acceptance schemes check; the numbers they check against come from the scheme's file."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from nps_spectra.identification.preconditions import all_of, any_of
from nps_spectra.identification.scheme_evidence import Ion, SchemeEvidence

#: Decimal limits are not exact in binary: a difference equal to its limit is inside.
_SLACK: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Window:
    """Largest difference of abundance from this abundance of the reference material on, up to the next window.

    Attributes
    ----------
    from_percent : float
        Abundance in the reference material, in % of the ion that abundances are related to.
    tolerance : float
        In percentage points, or in % of the reference abundance.
    relative : bool
        The tolerance is in % of the reference abundance.
    """

    from_percent: float
    tolerance: float
    relative: bool

    def half_width(self, reference_percent: float) -> float:
        """The tolerance in percentage points.

        Examples
        --------
        >>> Window(25.0, 20.0, True).half_width(40.0)
        8.0
        """
        return self.tolerance * reference_percent / 100 if self.relative else self.tolerance


@dataclass(frozen=True, slots=True)
class Limits:
    """What a clause is given: its numbers and windows, and the scheme's categories of techniques."""

    numbers: Mapping[str, float]
    windows: tuple[Window, ...]
    categories: Mapping[str, frozenset[str]]


Outcome = tuple[bool | None, str]


@dataclass(frozen=True, slots=True)
class Rule:
    """One check, and what its clause must and may state."""

    check: Callable[[SchemeEvidence, Limits], Outcome]
    numbers: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    windows: bool = False
    categories: bool = False


def _counted(evidence: SchemeEvidence, limits: Limits, hopeful: bool) -> dict[str, set[str]]:
    """Techniques that count, by category; with `hopeful` also those of which it is not known."""
    wanted = (True, None) if hopeful else (True,)
    counted: dict[str, set[str]] = {name: set() for name in limits.categories}
    for one in evidence.techniques or ():
        for name, members in limits.categories.items():
            # Categories A and B must leave data that another analyst can review; C, such as a colour, need not.
            reviewed = name == "C" or one.reviewable in wanted
            if one.technique in members and one.positive in wanted and reviewed:
                counted[name].add(one.technique)
    return counted


def _foreign(evidence: SchemeEvidence, limits: Limits) -> str:
    """What to say of techniques that the scheme does not list."""
    known = frozenset().union(*limits.categories.values())
    foreign = sorted({one.technique for one in evidence.techniques or ()} - known)
    return f"; not in the scheme's table and not counted: {', '.join(foreign)}" if foreign else ""


def _between(certain: bool, possible: bool) -> bool | None:
    """True if what is certain suffices, False if not even what is possible does."""
    return True if certain else None if possible else False


def _bounds(evidence: SchemeEvidence, limits: Limits, suffices: Callable[[dict[str, set[str]]], bool]) -> bool | None:
    if evidence.techniques is None:
        return None
    return _between(suffices(_counted(evidence, limits, False)), suffices(_counted(evidence, limits, True)))


def _list(counted: dict[str, set[str]]) -> str:
    return "; ".join(f"{name}: {', '.join(sorted(found)) or 'none'}" for name, found in counted.items())


def _with_category_a(evidence: SchemeEvidence, limits: Limits) -> Outcome:
    others = limits.numbers["other_techniques"]

    def suffices(counted: dict[str, set[str]]) -> bool:
        return bool(counted["A"]) and len(set().union(*counted.values())) - 1 >= others

    state = _bounds(evidence, limits, suffices)
    if evidence.techniques is None:
        return state, "the techniques used are not known"
    found = _list(_counted(evidence, limits, False))
    return state, f"expected one of category A and {others:g} more; found {found}{_foreign(evidence, limits)}"


def _without_category_a(evidence: SchemeEvidence, limits: Limits) -> Outcome:
    wanted, of_b = limits.numbers["techniques"], limits.numbers["category_b"]

    def suffices(counted: dict[str, set[str]]) -> bool:
        return len(set().union(*counted.values())) >= wanted and len(counted["B"]) >= of_b

    state = all_of(_bounds(evidence, limits, suffices), evidence.techniques_uncorrelated)
    if evidence.techniques is None:
        return state, "the techniques used are not known"
    found = _list(_counted(evidence, limits, False))
    related = {True: "uncorrelated", False: "correlated", None: "not known whether uncorrelated"}
    return state, (
        f"expected {wanted:g} techniques, {of_b:g} of them uncorrelated ones of category B; found {found}; "
        f"{related[evidence.techniques_uncorrelated]}{_foreign(evidence, limits)}"
    )


def _enough_techniques(evidence: SchemeEvidence, limits: Limits) -> Outcome:
    wanted = limits.numbers["techniques"]
    if evidence.techniques is None:
        return None, "the techniques used are not known"
    certain = {one.technique for one in evidence.techniques if one.positive is True}
    possible = {one.technique for one in evidence.techniques if one.positive is not False}
    state = all_of(_between(len(certain) >= wanted, len(possible) >= wanted), evidence.techniques_uncorrelated)
    related = {True: "independent", False: "not independent", None: "not known whether independent"}
    found = f"{len(certain)} positive, {related[evidence.techniques_uncorrelated]}"
    return state, f"expected {wanted:g} independent techniques; found {found}"


def _nothing_excludes(evidence: SchemeEvidence, _: Limits) -> Outcome:
    if evidence.techniques is None:
        return None, "the techniques used are not known"
    against = sorted({one.technique for one in evidence.techniques if one.positive is False})
    if against:
        return False, f"the substance is excluded by {', '.join(against)}"
    open_ = sorted({one.technique for one in evidence.techniques if one.positive is None})
    return (None, f"result not known: {', '.join(open_)}") if open_ else (True, "no technique excludes the substance")


def _answer(state: bool | None, met: str, not_met: str, unknown: str) -> Outcome:
    return state, {True: met, False: not_met, None: unknown}[state]


def _separate_samplings(evidence: SchemeEvidence, _: Limits) -> Outcome:
    return _answer(
        evidence.separate_samplings,
        "separate samplings were analysed",
        "one sampling only",
        "not known whether separate samplings were analysed",
    )


def _reference_material(evidence: SchemeEvidence, _: Limits) -> Outcome:
    return _answer(
        evidence.reference_material,
        "compared with reference material measured by the laboratory",
        "not compared with reference material measured by the laboratory",
        "not known whether reference material was measured",
    )


def _retention(evidence: SchemeEvidence, limits: Limits) -> Outcome:
    retention = evidence.retention
    if retention is None:
        return None, "retention was not compared"
    gas = retention.separation == "gas chromatography"
    allowed = retention.reference_min * limits.numbers["gas_percent" if gas else "liquid_percent"] / 100
    allowed = min(allowed, limits.numbers.get("most_min", math.inf))
    difference = retention.difference_min
    text = f"{retention.separation}: difference {difference:.4g} min, allowed {allowed:.4g} min"
    return difference <= allowed * (1 + _SLACK), text


def _points(evidence: SchemeEvidence, limits: Limits) -> Outcome:
    numbers = limits.numbers
    needed = {regime: numbers[f"needed_{regime}"] for regime in ("prohibited", "authorised")}
    most, least = max(needed.values()), min(needed.values())
    if evidence.regime is not None:
        most = least = needed[evidence.regime]
    certain = sum(numbers[ion.kind] for ion in evidence.ions or ())
    certain += numbers["separation"] if evidence.chromatography is True else 0.0
    certain += numbers["precursor"] * (evidence.precursors_selected or 0)
    unlimited = evidence.ions is None or evidence.precursors_selected is None
    possible = math.inf if unlimited else certain + (numbers["separation"] if evidence.chromatography is None else 0.0)
    regime = evidence.regime or "not known whether prohibited or authorised"
    expected = f"{most:g}" if most == least else f"{least:g} or {most:g}"
    return _between(certain >= most, possible >= least), f"{certain:g} points known, {expected} needed ({regime})"


def _compared(evidence: SchemeEvidence) -> tuple[list[tuple[Ion, float, float]], int]:
    """Ions with both abundances, less the one that they are related to; and how many others lack one."""
    both, lacking = [], 0
    for ion in evidence.ions or ():
        if ion.sample_percent is None or ion.reference_percent is None:
            lacking += 1
        else:
            both.append((ion, ion.sample_percent, ion.reference_percent))
    # The ion at 100 % in both is what the others are related to: its ratio to itself says nothing.
    for place, (_, sample, reference) in enumerate(both):
        if sample == reference == 100:
            del both[place]
            break
    return both, lacking


def _judged(evidence: SchemeEvidence, widths: Callable[[float], float], least: float) -> Outcome:
    if evidence.ions is None:
        return None, "the ions are not known"
    compared, lacking = _compared(evidence)
    outside = []
    for ion, sample, reference in compared:
        allowed = widths(reference)
        if abs(sample - reference) > allowed * (1 + _SLACK):
            name = "an ion" if ion.mz is None else f"m/z {ion.mz:g}"
            outside.append(f"{name}: {sample:.4g} %, allowed {reference - allowed:.4g} to {reference + allowed:.4g} %")
    if outside:
        return False, "; ".join(outside)
    if len(compared) + lacking < least:
        return False, f"{len(compared)} ratios, expected at least {least:g}"
    if lacking:
        return None, f"{len(compared)} ratios inside; abundance not known of {lacking} ions"
    return True, f"{len(compared)} ratios, all inside"


def _ion_ratios(evidence: SchemeEvidence, limits: Limits) -> Outcome:
    percent = limits.numbers["relative_percent"]
    return _judged(evidence, lambda reference: reference * percent / 100, limits.numbers["ratios"])


def _abundance_windows(evidence: SchemeEvidence, limits: Limits) -> Outcome:
    def width(reference: float) -> float:
        window = next((one for one in limits.windows if reference >= one.from_percent), limits.windows[-1])
        return window.half_width(reference)

    return _judged(evidence, width, 1)


def _ion_count(evidence: SchemeEvidence, limits: Limits) -> Outcome:
    if evidence.ions is None:
        return None, "the ions are not known"
    products = sum(ion.is_product for ion in evidence.ions)
    others = len(evidence.ions) - products
    state = any_of(others >= limits.numbers["ions"], products >= limits.numbers["transitions"])
    needed = f"{limits.numbers['ions']:g} ions or {limits.numbers['transitions']:g} transitions needed"
    return state, f"{others} ions and {products} transitions; {needed}"


def _mass_deviation(evidence: SchemeEvidence, limits: Limits) -> Outcome:
    if evidence.ions is None:
        return None, "the ions are not known"
    numbers, unknown, outside = limits.numbers, 0, []
    high = [ion for ion in evidence.ions if ion.is_high_resolution]
    for ion in high:
        if ion.mz is None or ion.mass_error_da is None:
            unknown += 1
            continue
        light = ion.mz < numbers["light_below_mz"]
        limit = numbers["light_da"] if light else ion.mz * numbers["ppm"] * 1e-6
        # "Less than": a deviation equal to the limit is outside.
        if abs(ion.mass_error_da) >= limit * (1 - _SLACK):
            outside.append(f"m/z {ion.mz:g}: {ion.mass_error_da:.2g} Da, allowed less than {limit:.2g} Da")
    if outside:
        return False, "; ".join(outside)
    if unknown:
        return None, f"mass deviation not known of {unknown} ions of high resolution"
    return True, f"{len(high)} ions of high resolution, none deviates too much"


#: Every check that a clause of a scheme may name.
RULES: Final[Mapping[str, Rule]] = {
    "abundance_windows": Rule(_abundance_windows, windows=True),
    "enough_techniques": Rule(_enough_techniques, frozenset(("techniques",))),
    "identification_points": Rule(
        _points,
        frozenset(
            (
                "separation",
                "precursor",
                "lr_ms_ion",
                "lr_msn_product",
                "hr_ms_ion",
                "hr_msn_product",
                "needed_prohibited",
                "needed_authorised",
            )
        ),
    ),
    "ion_count": Rule(_ion_count, frozenset(("ions", "transitions"))),
    "ion_ratios": Rule(_ion_ratios, frozenset(("relative_percent", "ratios"))),
    "mass_deviation": Rule(_mass_deviation, frozenset(("ppm", "light_below_mz", "light_da"))),
    "nothing_excludes": Rule(_nothing_excludes),
    "reference_material": Rule(_reference_material),
    "retention": Rule(_retention, frozenset(("gas_percent", "liquid_percent")), frozenset(("most_min",))),
    "separate_samplings": Rule(_separate_samplings),
    "with_category_a": Rule(_with_category_a, frozenset(("other_techniques",)), categories=True),
    "without_category_a": Rule(_without_category_a, frozenset(("techniques", "category_b")), categories=True),
}
