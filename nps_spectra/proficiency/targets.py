"""Targets of a round: assigned values and standard deviations, and all that makes them doubtful."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from nps_spectra.errors import OptionError
from nps_spectra.proficiency.assigned import agrees_with_reference, negligible
from nps_spectra.proficiency.density import Density, kernel_density
from nps_spectra.proficiency.homogeneity import check_homogeneity, check_stability
from nps_spectra.proficiency.pairwise import q_method
from nps_spectra.proficiency.robust import RobustEstimate, algorithm_a
from nps_spectra.proficiency.rounds import Content, Measurement, Round

#: Of fewer values no two groups can be told from chance (own rule).
_FEWEST: Final = 10


@dataclass(frozen=True, slots=True)
class Target:
    """What the quantities of a substance in a sample are held against, in `unit`.

    Attributes
    ----------
    sample, substance, unit : str
    assigned, uncertainty : float or None
        Assigned value and its standard uncertainty.
    assigned_by : str or None
    sigma_pt : float or None
    sigma_pt_by : str or None
    values : int
        Laboratories with a value.
    robust_mean, robust_sd : float or None
        Of the participants, by the estimator of the round, whoever set the assigned value.
    negligible : bool or None
        Whether the uncertainty is below 0.3 sigma_pt (ISO 13528:2022, 9.2.1); None if one of them is missing.
    sd_between_items : float or None
        Of the homogeneity study.
    homogeneous, stable : bool or None
        None if it was not measured.
    warnings : tuple of str
    note : str
        Why nothing is scored; empty if it is.
    """

    sample: str
    substance: str
    unit: str
    assigned: float | None
    uncertainty: float | None
    assigned_by: str | None
    sigma_pt: float | None
    sigma_pt_by: str | None
    values: int
    robust_mean: float | None
    robust_sd: float | None
    negligible: bool | None
    sd_between_items: float | None
    homogeneous: bool | None
    stable: bool | None
    warnings: tuple[str, ...]
    note: str


def target_of(sample: str, content: Content, unit: str, values: Sequence[float], round_: Round) -> Target:
    """The target of a substance in a sample, from what the organiser declares and the participants' values."""
    assigned, uncertainty, sigma = content.value, content.uncertainty, content.sigma_pt
    consensus = _consensus(content, values)
    note = ""
    warnings: list[str] = []
    if "participants" in (content.assigned_by, content.sigma_pt_by):
        if content.assigned_by == "participants" and consensus is not None:
            assigned, uncertainty = consensus.location, consensus.uncertainty
        if content.sigma_pt_by == "participants" and consensus is not None:
            sigma = consensus.scale
        if consensus is None:
            note = f"not scored: {len(values)} values, too few for a consensus"
        elif not sigma:
            sigma, note = None, "not scored: the values of the participants have no spread"
        warnings += () if consensus is None else consensus.warnings
    elif consensus is not None and assigned is not None and consensus.location is not None and not consensus.warnings:
        spread = consensus.uncertainty or 0.0
        if not agrees_with_reference(consensus.location, spread, assigned, uncertainty or 0.0):
            warnings.append(
                f"the robust mean of the participants, {consensus.location:.4g} {unit}, differs from the assigned "
                "value by more than its uncertainty (7.8): look for a bias of a method or of the assigned value"
            )
    if content.sigma_pt_by == "horwitz":
        warnings.append("sigma_pt by the Horwitz model is far tighter than forensic practice at purities of drugs")
    within = None if uncertainty is None or not sigma else negligible(uncertainty, sigma)
    if within is False:
        warnings.append(
            f"the uncertainty of the assigned value, {uncertainty:.3g} {unit}, is not below 0.3 sigma_pt (9.2.1): "
            "z scores are harsh on laboratories, judge by z'"
        )
    if sigma and len(values) >= _FEWEST and _density(values, sigma, consensus).bimodal:
        warnings.append("the values have two modes: a consensus stands for neither group of laboratories")
    homogeneity, stability = (
        _items(study, sample, content.substance) for study in (round_.homogeneity, round_.stability)
    )
    between, homogeneous = _homogeneity(homogeneity, sigma, warnings)
    stable = _stability(stability, homogeneity, sigma, warnings)
    return Target(
        sample=sample,
        substance=content.substance,
        unit=unit,
        assigned=assigned,
        uncertainty=uncertainty,
        assigned_by=content.assigned_by,
        sigma_pt=sigma,
        sigma_pt_by=content.sigma_pt_by,
        values=len(values),
        robust_mean=None if consensus is None else consensus.location,
        robust_sd=None if consensus is None else consensus.scale,
        negligible=within,
        sd_between_items=between,
        homogeneous=homogeneous,
        stable=stable,
        warnings=tuple(warnings),
        note=note,
    )


def _density(values: Sequence[float], sigma: float, consensus: RobustEstimate | None) -> Density:
    """By a bandwidth of 0.75 sigma_pt, wider where the values scatter more: a tight sigma_pt makes no modes."""
    spread = 0.0 if consensus is None else consensus.scale
    return kernel_density(values, max(0.75 * sigma, 0.9 * spread * len(values) ** -0.2))


def _consensus(content: Content, values: Sequence[float]) -> RobustEstimate | None:
    if len(values) < 2:
        return None
    return q_method(values) if content.estimator == "q_method" else algorithm_a(values)


def _items(study: Sequence[Measurement], sample: str, substance: str) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for one in study:
        if (one.sample, one.substance) == (sample, substance):
            found.setdefault(one.item, []).append(one.value)
    return found


def _homogeneity(
    items: dict[str, list[float]], sigma: float | None, warnings: list[str]
) -> tuple[float | None, bool | None]:
    if not items or not sigma:
        return None, None
    try:
        found = check_homogeneity(list(items.values()), sigma)
    except (OptionError, ValueError):
        counts = sorted({len(results) for results in items.values()})
        warnings.append(
            f"homogeneity not tested: found {len(items)} items with {' or '.join(map(str, counts))} results, expected "
            "two items or more with as many replicates each, two or more"
        )
        return None, None
    warnings += [f"homogeneity: {text}" for text in found.warnings]
    if not found.sufficient:
        warnings.append(
            f"the items are not homogeneous enough: s_s {found.sd_between:.3g} is above 0.3 sigma_pt (B.2.2)"
            + ("; within the expanded limit" if found.sd_between <= found.expanded_limit else "")
        )
    return found.sd_between, found.sufficient


def _stability(
    times: dict[str, list[float]], homogeneity: dict[str, list[float]], sigma: float | None, warnings: list[str]
) -> bool | None:
    """The last time against the first, or against the homogeneity study if only one was measured."""
    if not times or not sigma:
        return None
    *_, last = times.values()
    before = [value for results in homogeneity.values() for value in results]
    if len(times) > 1:
        before = next(iter(times.values()))
    try:
        found = check_stability([before], [last], sigma)
    except OptionError:
        warnings.append("stability not tested: expected two results or more at the start and at the end")
        return None
    if not found.sufficient:
        warnings.append(
            f"the sample was not stable: its mean moved by {found.difference:.3g}, above 0.3 sigma_pt (B.5)"
            + ("; within the expanded limit" if found.difference <= found.expanded_limit else "")
        )
    return found.sufficient
