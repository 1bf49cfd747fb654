"""What must be known before a conclusion may be drawn: facts, and the checks that conclusions name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from nps_spectra.errors import OptionError

#: Evidence other than mass spectra that can exclude an isomer. A tandem mass spectrum that tells two substances apart
#: keeps the other out of `Facts.undistinguished` instead.
SEPARATING_TECHNIQUES: Final = (
    "derivatisation",
    "infrared_spectroscopy",
    "ion_mobility",
    "nuclear_magnetic_resonance",
    "raman_spectroscopy",
    "retention_index",
    "retention_time",
    "x_ray_diffraction",
)


@dataclass(frozen=True, slots=True)
class Exclusion:
    """One isomer that evidence has excluded.

    Attributes
    ----------
    member : str or None
        Its name, as in `Facts.undistinguished`; None: isomers that the library lacks.
    technique : str
        What excluded it, such as ``"infrared_spectroscopy"``.
    """

    member: str | None
    technique: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one sample and its leading candidate; None is "not known", never "no".

    Attributes
    ----------
    controls_passed : bool or None
        Blanks and controls of the batch.
    spectrum_usable : bool or None
        Enough signal, neither saturated nor a mixture that was not resolved.
    something_found : bool or None
        Signal of a substance that is not in the blank.
    scope_and_limit_stated : bool or None
        The substances looked for and their limits of detection are on record.
    lead_supported, group_supported, class_supported : bool or None
        The calibrated probability of the leading substance, of its group, of its class reaches the laboratory's limit;
        None where the calibration abstains.
    contradicted : bool or None
        Evidence speaks against the leading candidate, such as peaks above its mass or another retention index.
    undistinguished : tuple of str or None
        Other substances that the mass spectra at hand do not tell from the leading one; None: not determined.
    missing_isomer_plausible : bool or None
        An isomer that the library lacks would give this spectrum as well.
    excluded : tuple of Exclusion
        Isomers that evidence other than mass spectra has excluded.
    reference_material_in_batch, retention_agrees : bool or None
        Reference material measured in the same batch, and its retention agrees.
    scheme_met : bool or None
        The acceptance scheme of the laboratory, as `Scheme.evaluate` found it.

    Raises
    ------
    OptionError
        Nothing was found, and yet a substance, group or class is supported.

    Examples
    --------
    >>> Facts(lead_supported=True).scheme_met is None
    True
    """

    controls_passed: bool | None = None
    spectrum_usable: bool | None = None
    something_found: bool | None = None
    scope_and_limit_stated: bool | None = None
    lead_supported: bool | None = None
    group_supported: bool | None = None
    class_supported: bool | None = None
    contradicted: bool | None = None
    undistinguished: tuple[str, ...] | None = None
    missing_isomer_plausible: bool | None = None
    excluded: tuple[Exclusion, ...] = ()
    reference_material_in_batch: bool | None = None
    retention_agrees: bool | None = None
    scheme_met: bool | None = None

    def __post_init__(self) -> None:
        if self.something_found is False and (self.lead_supported or self.group_supported or self.class_supported):
            raise OptionError(
                "facts contradict each other: something_found is False, and a substance, group or class is supported; "
                "expected one or the other"
            )


@dataclass(frozen=True, slots=True)
class Separating:
    """Which evidence excludes an isomer: one that is named, and one that the library lacks."""

    named: tuple[str, ...]
    missing: tuple[str, ...]


Check = Callable[[Facts, Separating], bool | None]


def all_of(*states: bool | None) -> bool | None:
    """True if all are, False if one is not, else None: unknown.

    Examples
    --------
    >>> all_of(True, None), all_of(None, False), all_of()
    (None, False, True)
    """
    if False in states:
        return False
    return None if None in states else True


def any_of(*states: bool | None) -> bool | None:
    """True if one is, False if none is, else None: unknown.

    Examples
    --------
    >>> any_of(True, None), any_of(None, False), any_of()
    (True, None, False)
    """
    if True in states:
        return True
    return None if None in states else False


def opposite(state: bool | None) -> bool | None:
    """False for True and True for False; unknown stays unknown.

    Examples
    --------
    >>> opposite(True), opposite(None)
    (False, None)
    """
    return None if state is None else not state


def isomers_excluded(facts: Facts, separating: Separating) -> bool | None:
    """Whether every other member of the group, in the library or plausibly missing, is out of the question.

    Mass spectra do not count here: what they tell apart is not in `Facts.undistinguished`.

    Examples
    --------
    >>> facts = Facts(undistinguished=("3-FMC",), missing_isomer_plausible=False)
    >>> isomers_excluded(facts, Separating(("retention_time",), ()))
    False
    """
    excluded = {one.member for one in facts.excluded if one.member is not None and one.technique in separating.named}
    others = None if facts.undistinguished is None else set(facts.undistinguished) <= excluded
    closed = any(one.member is None and one.technique in separating.missing for one in facts.excluded)
    return all_of(others, any_of(closed, opposite(facts.missing_isomer_plausible)))


def _absent(facts: Facts) -> bool:
    established = (facts.spectrum_usable, facts.controls_passed, facts.scope_and_limit_stated)
    return facts.something_found is False and all(state is True for state in established)


#: Every precondition that a file of conclusions may name.
PRECONDITIONS: Final[Mapping[str, Check]] = {
    "absence_established": lambda facts, _: _absent(facts),
    "absence_not_established": lambda facts, _: not _absent(facts),
    "class_supported": lambda facts, _: facts.class_supported,
    "control_failed": lambda facts, _: facts.controls_passed is False,
    "controls_passed": lambda facts, _: facts.controls_passed,
    # The group holds the leading substance, so what supports that one supports the group.
    "group_supported": lambda facts, _: any_of(facts.group_supported, facts.lead_supported),
    "isomers_excluded": isomers_excluded,
    "lead_supported": lambda facts, _: facts.lead_supported,
    "no_control_failed": lambda facts, _: facts.controls_passed is not False,
    "not_contradicted": lambda facts, _: opposite(facts.contradicted),
    "reference_material_in_batch": lambda facts, _: facts.reference_material_in_batch,
    "retention_agrees": lambda facts, _: facts.retention_agrees,
    "scheme_met": lambda facts, _: facts.scheme_met,
    "spectrum_usable": lambda facts, _: facts.spectrum_usable,
}
