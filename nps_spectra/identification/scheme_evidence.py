"""What an acceptance scheme is told: techniques, ions and retention of one sample against reference material."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

from nps_spectra.errors import OptionError

Separation = Literal["gas chromatography", "liquid chromatography"]
IonKind = Literal["lr_ms_ion", "lr_msn_product", "hr_ms_ion", "hr_msn_product"]
Regime = Literal["prohibited", "authorised"]

_SEPARATIONS: Final = ("gas chromatography", "liquid chromatography")
_ION_KINDS: Final = ("lr_ms_ion", "lr_msn_product", "hr_ms_ion", "hr_msn_product")
_REGIMES: Final = ("prohibited", "authorised")


@dataclass(frozen=True, slots=True)
class TechniqueResult:
    """What one technique said of the substance.

    Attributes
    ----------
    technique : str
        As in the table of the scheme, such as ``"gas_chromatography"``. Both parts of a hyphenated technique are
        listed by themselves where the results of both are used.
    positive : bool or None
        It supports the substance; False: it excludes it.
    reviewable : bool or None
        Its data are kept so that another analyst can review them.
    """

    technique: str
    positive: bool | None = None
    reviewable: bool | None = None


@dataclass(frozen=True, slots=True)
class Retention:
    """Retention times of sample and reference material in the same batch, in minutes.

    Raises
    ------
    OptionError
        A time is not a positive number, or the separation is unknown.

    Examples
    --------
    >>> Retention("gas chromatography", 10.05, 10.0).difference_min
    0.05
    """

    separation: Separation
    sample_min: float
    reference_min: float

    def __post_init__(self) -> None:
        _one_of("separation", self.separation, _SEPARATIONS)
        for name in ("sample_min", "reference_min"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise OptionError(f"{name}: found {value!r}, expected a time above 0 min")

    @property
    def difference_min(self) -> float:
        """Distance of both times in minutes, rounded to a microsecond."""
        return round(abs(self.sample_min - self.reference_min), 8)


@dataclass(frozen=True, slots=True)
class Ion:
    """One diagnostic ion of sample and reference material.

    Attributes
    ----------
    kind : str
        ``"lr_ms_ion"``, ``"lr_msn_product"``, ``"hr_ms_ion"`` or ``"hr_msn_product"``: of low or high resolution,
        and an ion of the first stage or a product.
    mz : float or None
        Needed for limits of mass.
    sample_percent, reference_percent : float or None
        Abundance in % of the ion that abundances are related to, in sample and in reference material.
    mass_error_da : float or None
        Measured less computed m/z.

    Raises
    ------
    OptionError
        A number is not finite or out of its range, or the kind is unknown.
    """

    kind: IonKind
    mz: float | None = None
    sample_percent: float | None = None
    reference_percent: float | None = None
    mass_error_da: float | None = None

    def __post_init__(self) -> None:
        _one_of("kind", self.kind, _ION_KINDS)
        limits = {"mz": 0.0, "sample_percent": 0.0, "reference_percent": 0.0, "mass_error_da": -math.inf}
        for name, least in limits.items():
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value >= least):
                raise OptionError(f"{name}: found {value!r}, expected a finite number of at least {least:g}")
        for name in ("mz", "reference_percent"):
            if getattr(self, name) == 0:
                raise OptionError(f"{name}: found 0, expected more than 0; None says that it is not known")

    @property
    def is_product(self) -> bool:
        """Whether the ion is a product of a selected precursor."""
        return self.kind in ("lr_msn_product", "hr_msn_product")

    @property
    def is_high_resolution(self) -> bool:
        """Whether the ion was measured at high resolution."""
        return self.kind in ("hr_ms_ion", "hr_msn_product")


@dataclass(frozen=True, slots=True)
class SchemeEvidence:
    """All that schemes ask for; None is "not known", an empty tuple is "none".

    Attributes
    ----------
    techniques : tuple of TechniqueResult or None
    techniques_uncorrelated : bool or None
        The laboratory holds that the techniques rest on different properties of the substance.
    separate_samplings : bool or None
        At least two samplings of the material were analysed apart.
    reference_material : bool or None
        Compared with reference material measured by the same laboratory.
    chromatography : bool or None
        The substance was separated before detection (GC, LC, SFC, CE).
    precursors_selected : int or None
        Precursor ions selected within less than +-0.5 Da.
    ions : tuple of Ion or None
    retention : Retention or None
    regime : str or None
        ``"prohibited"`` (or unauthorised) or ``"authorised"``, where a scheme has two sets of limits.

    Raises
    ------
    OptionError
        A number of precursors is below 0, or the regime is unknown.

    Examples
    --------
    >>> SchemeEvidence(chromatography=True).ions is None
    True
    """

    techniques: tuple[TechniqueResult, ...] | None = None
    techniques_uncorrelated: bool | None = None
    separate_samplings: bool | None = None
    reference_material: bool | None = None
    chromatography: bool | None = None
    precursors_selected: int | None = None
    ions: tuple[Ion, ...] | None = None
    retention: Retention | None = None
    regime: Regime | None = None

    def __post_init__(self) -> None:
        if self.precursors_selected is not None and self.precursors_selected < 0:
            raise OptionError(f"precursors_selected: found {self.precursors_selected}, expected 0 or more")
        if self.regime is not None:
            _one_of("regime", self.regime, _REGIMES)


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise OptionError(f"{name}: found {value!r}, expected one of {', '.join(known)}")
