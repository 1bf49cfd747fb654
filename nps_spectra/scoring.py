"""The scores: one registry, one place where options are checked, one way to a kernel.

====================  =========  ==========================================================================
method                scale      definition
====================  =========  ==========================================================================
``nist_identity``     0-999      NIST "Identity, EI Normal" as deployed: squared cosine of sqrt(m I) combined
                                 with the mass-weighted ratios of neighbouring matched peaks
``nist_simple``       0-999      NIST "Similarity, EI Simple": squared cosine of sqrt(I)
``weighted_cosine``   0-1        cosine of m^a I^b
``entropy``           0-1        spectral entropy similarity, Li et al. 2021, doi:10.1038/s41592-021-01331-z
====================  =========  ==========================================================================

EI spectra are compared at nominal mass, all others within an m/z tolerance. "No score" (one spectrum has no
peak to compare) is NaN and never 0; spectra that can be compared and have nothing in common score 0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Literal

import numpy as np

from nps_spectra.cleaning import (
    NOMINAL_BOUNDARY,
    BinNominal,
    CleaningRecipe,
    MergePeaks,
    MzWindow,
    NoiseThreshold,
    RemovePrecursor,
    ScaleBasePeak,
    Step,
)
from nps_spectra.errors import OptionError
from nps_spectra.options import Tolerance
from nps_spectra.scorers import Entropy, MatchFactor, Scorer, Technique, WeightedCosine
from nps_spectra.spectrum import Spectrum

#: Peaks of nominal-mass spectra are equal or they are not.
_NOMINAL: Final = Tolerance(0.0, "Da")
#: Weights of the cosine: Kim et al. 2012, doi:10.1093/bioinformatics/bts083, for EI; square root for MS/MS.
_EXPONENTS: Final[Mapping[Technique, tuple[float, float]]] = {"EI": (1.3, 0.53), "MS/MS": (0.0, 0.5)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreOptions:
    """What a user may set; None takes the documented default of the method.

    Attributes
    ----------
    method : str
        A name of `METHODS`.
    tolerance : Tolerance or str
        For spectra that are not EI; EI is compared at nominal mass.
    weighted : bool, optional
        ``entropy``: re-weight spectra of low entropy (default True).
    mz_exponent, intensity_exponent : float, optional
        ``weighted_cosine``: default 1.3 and 0.53 for EI, 0 and 0.5 otherwise.
    mz_min, mz_max : float, optional
        Compare inside these limits only. Without `mz_min` the match factors start at the larger of the two
        lowest m/z, as NIST's programs do.
    noise : float, optional
        Drop peaks below this fraction of the base peak; default 0.01 for ``entropy`` (as published), else 0.
    remove_precursor : float, optional
        Drop peaks from this many Da below the precursor upwards; default: they stay.
    binning : {"boundary", "round"}
        How accurate m/z become nominal ones.
    boundary : float
        Fraction of a mass unit at which ``"boundary"`` rounds up.
    """

    method: str = "nist_identity"
    tolerance: Tolerance | str = "0.01 Da"
    weighted: bool | None = None
    mz_exponent: float | None = None
    intensity_exponent: float | None = None
    mz_min: float | None = None
    mz_max: float | None = None
    noise: float | None = None
    remove_precursor: float | None = None
    binning: Literal["boundary", "round"] = "boundary"
    boundary: float = NOMINAL_BOUNDARY

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise OptionError(f"unknown method {self.method!r}: expected one of {', '.join(METHODS)}")
        for name, owner in _ONLY_FOR.items():
            if getattr(self, name) is not None and self.method != owner:
                raise OptionError(f"option {name!r} belongs to method {owner!r}, not to {self.method!r}")
        for name in ("mz_exponent", "intensity_exponent", "mz_min", "mz_max", "noise", "remove_precursor"):
            value = getattr(self, name)
            if value is not None and not (isinstance(value, (int, float)) and math.isfinite(value) and value >= 0):
                raise OptionError(f"option {name!r} is {value!r}: expected a number >= 0")

    def resolve(self, technique: Technique) -> Scorer:
        """What will run for spectra of this technique.

        Raises
        ------
        OptionError
            Options that contradict each other.
        """
        tolerance = Tolerance.parse(self.tolerance)
        match_factor = self.method in ("nist_identity", "nist_simple")
        nominal = match_factor or technique == "EI"
        steps: list[Step] = []
        if self.remove_precursor is not None:
            steps.append(RemovePrecursor(self.remove_precursor))
        # Match factors apply limits inside the comparison, where they also decide where it starts.
        if not match_factor and (self.mz_min is not None or self.mz_max is not None):
            steps.append(MzWindow(self.mz_min, self.mz_max))
        noise = self.noise if self.noise is not None else (0.01 if self.method == "entropy" else 0.0)
        steps.append(BinNominal(self.binning, self.boundary) if nominal else MergePeaks(tolerance.doubled()))
        if noise > 0:
            steps.append(NoiseThreshold(noise))
        if match_factor:
            steps.append(ScaleBasePeak(999.0, whole=True))
        common: dict[str, Any] = {
            "method": self.method,
            "technique": technique,
            "recipe": CleaningRecipe(tuple(steps)),
            "tolerance": _NOMINAL if nominal else tolerance,
        }
        if match_factor:
            return MatchFactor(
                **common,
                scale=999.0,
                identity=self.method == "nist_identity",
                mz_min=self.mz_min,
                mz_max=self.mz_max,
            )
        if self.method == "entropy":
            return Entropy(**common, weighted=self.weighted is not False)
        mz_exponent, intensity_exponent = _EXPONENTS[technique]
        return WeightedCosine(
            **common,
            mz_exponent=mz_exponent if self.mz_exponent is None else float(self.mz_exponent),
            intensity_exponent=intensity_exponent
            if self.intensity_exponent is None
            else float(self.intensity_exponent),
        )

    def describe(self) -> dict[str, Any]:
        """The options as given, as plain data."""
        return asdict(self) | {"tolerance": str(self.tolerance)}


#: Names of all methods.
METHODS: Final = ("nist_identity", "nist_simple", "weighted_cosine", "entropy")
_ONLY_FOR: Final = {
    "weighted": "entropy",
    "mz_exponent": "weighted_cosine",
    "intensity_exponent": "weighted_cosine",
}


def technique_of(spectrum: Spectrum) -> Technique:
    """Technique: "EI" if the spectrum says so, or says nothing at all and all its m/z are whole; else "MS/MS"."""
    if spectrum.ionization is not None:
        return "EI" if spectrum.ionization.upper() == "EI" else "MS/MS"
    silent = spectrum.precursor_mz is None and spectrum.adduct is None and (spectrum.ms_level or 1) == 1
    whole = len(spectrum) > 0 and bool(np.all(spectrum.mz == np.floor(spectrum.mz)))
    return "EI" if silent and whole else "MS/MS"


def score_options(method: str, options: Mapping[str, Any]) -> ScoreOptions:
    """Options of a score from keywords.

    Raises
    ------
    OptionError
        An unknown keyword, or a value that does not fit.
    """
    known = {field.name for field in fields(ScoreOptions)}
    unknown = sorted(set(options) - known)
    if unknown:
        raise OptionError(f"unknown option {unknown[0]!r}; known: {', '.join(sorted(known))}")
    return ScoreOptions(**(dict(options) | {"method": method}))


def similarity(
    query: Spectrum,
    reference: Spectrum,
    method: str = "entropy",
    tolerance: Tolerance | str = "0.01 Da",
    *,
    reverse: bool = False,
    **options: Any,
) -> float:
    """Similarity of two spectra by any method, on the method's own scale.

    Each spectrum is cleaned by the default recipe of the method: nominal-mass binning if either one is EI
    (see `technique_of`), otherwise joining of peaks closer than twice `tolerance`; ``entropy`` drops peaks
    below 1 % of the base peak then, as its authors do.

    Parameters
    ----------
    query, reference : Spectrum
    method : {"entropy", "weighted_cosine", "nist_identity", "nist_simple"}
    tolerance : Tolerance or str
        Largest m/z difference of two matching peaks, e.g. ``"0.01 Da"`` or ``"20 ppm"``; not used for EI.
    reverse : bool
        Leave query peaks that the reference lacks out of the query.
    **options
        Fields of `ScoreOptions`.

    Returns
    -------
    float
        0 to 1, or 0 to 999.5 for match factors; NaN if one spectrum has no peak to compare.

    Raises
    ------
    OptionError
        Unknown method or option.

    Examples
    --------
    >>> a = Spectrum([69.071, 86.066, 86.0969], [7.917962, 1.021589, 100.0])
    >>> b = Spectrum([41.04, 69.07, 86.1], [37.16, 66.83, 999.0])
    >>> round(similarity(a, b, method="entropy", tolerance="0.05 Da"), 6)
    0.89844
    """
    technique: Technique = "EI" if "EI" in (technique_of(query), technique_of(reference)) else "MS/MS"
    scorer = score_options(method, {**options, "tolerance": tolerance}).resolve(technique)
    prepared, library = scorer.prepare(query), scorer.prepare(reference)
    compare = scorer.reverse if reverse else scorer.score
    return float(compare(prepared, 0, library, np.zeros(1, dtype=np.int64)).score[0])


def match_factor(
    query: Spectrum,
    reference: Spectrum,
    method: str = "nist_identity",
    reverse: bool = False,
    **options: Any,
) -> float:
    """NIST match factor or reverse match factor of two spectra, unrounded.

    NIST MS Search prints ``min(999, round(match factor))``; identical spectra give 999.5.

    Parameters
    ----------
    query, reference : Spectrum
        Accurate m/z are summed into nominal ones first.
    method : {"nist_identity", "nist_simple"}
    reverse : bool
        Reverse match factor: query peaks that the reference lacks are left out of the query's norm.
    **options
        ``mz_min``, ``mz_max``, ``binning``, ``boundary``, ``noise`` of `ScoreOptions`.

    Returns
    -------
    float
        0 to 999.5; NaN if one spectrum has no peak to compare.

    Raises
    ------
    OptionError
        Another method, or an unknown option.

    References
    ----------
    Stein & Scott, J. Am. Soc. Mass Spectrom. 1994, 5, 859, doi:10.1016/1044-0305(94)87009-8, describe the
    idea; the form deployed by NIST MS Search differs (mass exponent 0.5, mass-weighted neighbour ratios).

    Examples
    --------
    >>> a = Spectrum([83, 150, 250, 300, 350], [61, 999, 340, 1, 447])
    >>> b = Spectrum([150, 200, 250, 300, 350], [999, 1, 719, 2, 592])
    >>> round(match_factor(a, b), 6)
    915.410657
    """
    if method not in ("nist_identity", "nist_simple"):
        raise OptionError(f"method {method!r} has no match factor: expected 'nist_identity' or 'nist_simple'")
    return similarity(query, reference, method, reverse=reverse, **options)


def printed_match_factor(value: float) -> int | None:
    """A match factor as NIST MS Search prints it, 0 to 999; None for "no score"."""
    return None if math.isnan(value) else min(999, math.floor(value + 0.5))
