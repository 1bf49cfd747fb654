"""From evidence and probabilities to the facts that a conclusion stands on, each with what was found."""

from __future__ import annotations

from collections.abc import Sequence

from nps_spectra.identification.assessment import Assessment, ClassEstimate
from nps_spectra.identification.evidence import Evidence
from nps_spectra.identification.findings import Findings
from nps_spectra.identification.preconditions import Exclusion, Facts
from nps_spectra.identification.profile import Profile
from nps_spectra.identification.record import Candidate, GroupFinding, ReferenceFinding
from nps_spectra.scorers import Technique
from nps_spectra.spectrum import Spectrum

#: Labels of class models that name no class.
NO_CLASS = frozenset(("none", "other", "none of these"))


def usable(spectrum: Spectrum, technique: Technique, profile: Profile) -> tuple[bool, str]:
    """Whether a spectrum has enough peaks, and what was found.

    Examples
    --------
    >>> from nps_spectra.identification.profile import load_profile
    >>> usable(Spectrum([58], [1]), "EI", load_profile())
    (False, '1 peak, at least 5 are asked for')
    """
    fewest = profile.fewest_peaks_ei if technique == "EI" else profile.fewest_peaks_other
    counted = "1 peak" if len(spectrum) == 1 else f"{len(spectrum)} peaks"
    return len(spectrum) >= fewest, f"{counted}, at least {fewest} are asked for"


def contradictions(one: Evidence, profile: Profile, reference: ReferenceFinding | None) -> tuple[str, ...]:
    """What speaks against a candidate, in words; empty if nothing does.

    Parameters
    ----------
    one : Evidence
    profile : Profile
    reference : ReferenceFinding or None
        Of this candidate.
    """
    found = []
    if one.query_explained < profile.least_explained:
        found.append(
            f"it explains {one.query_explained:.0%} of the intensity of the sample, at least "
            f"{profile.least_explained:.0%} is asked for: another substance, a mixture, or background"
        )
    heavy = [peak for peak in one.heavier_peaks or () if peak.intensity >= profile.heavier_peak]
    if heavy:
        found.append(f"peak at m/z {heavy[0].mz:g} ({heavy[0].intensity:.0%} of the base peak), heavier than it is")
    ion = one.molecular_ion
    if ion is not None and ion.state == "contradicted" and not one.heavier_peaks:
        found.append(ion.reason)
    if one.isotopes is not None and not one.isotopes.agrees:
        found.append(
            f"the isotopes of its molecular ion do not fit its formula{_telling(one.isotopes.elements)} "
            f"(p {one.isotopes.p:.1g})"
        )
    index = one.retention_index_difference
    if index is not None and abs(index) > profile.retention_index:
        found.append(f"retention index {index:+.0f} from the library, at most {profile.retention_index:g} is allowed")
    if one.precursor_error_da is not None and one.precursor_error_ppm is not None:
        width = profile.precursor_tolerance
        error = one.precursor_error_ppm if width.unit == "ppm" else one.precursor_error_da
        if abs(error) > width.value:
            found.append(f"precursor {error:+.3g} {width.unit} from its formula, {width} are allowed")
    if one.adduct_agrees is False:
        found.append("another adduct")
    if reference is not None and reference.agrees is False:
        found.append(f"retention {reference.difference_min:+.2f} min from the reference material")
    return tuple(found)


def _telling(elements: str) -> str:
    return f" ({elements})" if elements else ""


def facts_of(
    *,
    spectrum_usable: bool,
    candidates: Sequence[Candidate],
    group: GroupFinding | None,
    against: Sequence[str],
    assessment: Assessment | None,
    estimate: ClassEstimate,
    findings: Findings,
    reference_given: bool,
    reference: ReferenceFinding | None,
    excluded: Sequence[Exclusion],
    scheme_met: bool | None,
    profile: Profile,
    technique: Technique,
) -> Facts:
    """The facts of one query; what is not known stays None.

    An isomer that the library lacks is always plausible: of new substances isomers appear all the time. Only evidence
    other than mass spectra (`Findings.excluded`) takes that away.
    """
    known = assessment is not None and not assessment.abstained
    probability = candidates[0].probability if candidates else None
    lead = group_supported = None
    if known:
        lead = probability is not None and probability >= profile.lead
        chance = None if assessment is None else assessment.group_probability
        group_supported = bool(candidates) and chance is not None and chance >= profile.least_group(technique)
    class_supported = None
    if estimate.label is not None and estimate.probability is not None:
        named = estimate.label.lower() not in NO_CLASS
        class_supported = named and estimate.probability >= profile.substance_class
    nothing = findings.something_found is False
    return Facts(
        controls_passed=findings.controls_passed,
        spectrum_usable=spectrum_usable,
        something_found=findings.something_found,
        scope_and_limit_stated=findings.scope_and_limit_stated,
        # What is also in the blank is no finding, however well it fits.
        lead_supported=False if nothing else lead,
        group_supported=False if nothing else group_supported,
        class_supported=False if nothing else class_supported,
        contradicted=bool(against) if candidates or against else None,
        undistinguished=None
        if group is None or not group.known
        else tuple(one.name or "unnamed" for one in group.members),
        missing_isomer_plausible=True,
        excluded=(*findings.excluded, *excluded),
        reference_material_in_batch=reference is not None if reference_given else None,
        retention_agrees=None if reference is None else reference.agrees,
        scheme_met=scheme_met,
    )


def details_of(
    facts: Facts,
    candidates: Sequence[Candidate],
    group: GroupFinding | None,
    against: Sequence[str],
    assessment: Assessment | None,
    estimate: ClassEstimate,
    peaks: str,
    profile: Profile,
    technique: Technique,
) -> dict[str, str]:
    """For each precondition of a conclusion what was found, in words."""
    if assessment is None:
        chance = "no calibration was given: no probability is known"
        lead = both = chance
    elif assessment.abstained:
        lead = both = "the calibration abstains: " + "; ".join(assessment.abstained)
    elif not candidates:
        lead = both = "the calibration supports no substance of the library"
    else:
        lead = f"probability {_share(candidates[0].probability)}, the limit is {profile.lead:g}"
        both = f"probability {_share(assessment.group_probability)}, the limit is {profile.least_group(technique):g}"
    if estimate.label is None:
        of_class = "the class model abstains: " + "; ".join(estimate.abstained) if estimate.abstained else "no class"
    else:
        of_class = (
            f"{estimate.label}: probability {_share(estimate.probability)}, the limit is {profile.substance_class:g}"
        )
    found = {"lead_supported": lead, "group_supported": both, "class_supported": of_class, "spectrum_usable": peaks}
    if against:
        found["not_contradicted"] = "; ".join(against)
    open_members = [one for one in facts.undistinguished or () if one not in {each.member for each in facts.excluded}]
    if group is not None:
        library = f"not excluded, in the library: {_listed(open_members)}; " if open_members else ""
        found["isomers_excluded"] = (
            f"{library}an isomer that the library lacks is plausible" if group.known else group.why
        )
    return found


def _share(value: float | None) -> str:
    return "not known" if value is None else f"{value:.3f}"


def _listed(names: Sequence[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
