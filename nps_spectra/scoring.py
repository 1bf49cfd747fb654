"""The scores: one registry, one place where options are checked, one way to a kernel.

====================  ===========  ========================================================================
method                scale        definition
====================  ===========  ========================================================================
``nist_identity``     0-999        NIST "Identity, EI Normal" as deployed: squared cosine of sqrt(m I) combined
                                   with the mass-weighted ratios of neighbouring matched peaks
``nist_simple``       0-999        NIST "Similarity, EI Simple": squared cosine of sqrt(I)
``stein_scott_1994``  0-999        the composite published by Stein & Scott 1994: squared cosine of m^3 I^0.6
                                   combined with the ratios of consecutive common peaks; not what NIST deploys
``hybrid``            EI 0-999,    NIST's hybrid similarity: library peaks are split between their own m/z and
                      else 0-1     the one shifted by the mass difference, so that the score is greatest; EI:
                                   ``nist_simple`` of the result, MS/MS: cosine of sqrt(I)
``weighted_cosine``   0-1          cosine of m^a I^b
``modified_cosine``   0-1          the same over the best one-to-one assignment of peaks that match directly or
                                   shifted by the difference of the precursors
``entropy``           0-1          spectral entropy similarity, Li et al. 2021, doi:10.1038/s41592-021-01331-z
``neutral_loss``      0-1          the same of the spectra of neutral losses, precursor m/z less m/z
====================  ===========  ========================================================================

EI spectra are compared at nominal mass, all others within an m/z tolerance. "No score" (one spectrum has no
peak to compare, or does not state the mass that a method needs) is NaN and never 0; spectra that can be compared
and have nothing in common score 0.

``stein_scott_1994`` (doi:10.1016/1044-0305(94)87009-8) is S = (N_U F_D + N_C F_R) / (N_U + N_C) with N_U peaks of
the query and N_C common ones, F_D the squared cosine, and F_R = 1/N_C times the sum of the N_C - 1 ratios
((I_R,i / I_R,i-1) (I_U,i-1 / I_U,i))^n, n = +1 or -1 so that none is above 1. A spectrum of N peaks against itself
therefore scores 999 (2N - 1) / 2N. From the match factor of NIST MS Search it differs in the mass exponent (3, not
0.5), in the weight of F_D (N_U, not N_C), in the plain instead of mass-weighted mean of the ratios, in ratios across
unmatched peaks, in traces and low m/z taking part, and in having no ratio for the first peak but a place for it.

``hybrid`` (Moorthy et al. 2017, doi:10.1021/acs.analchem.7b03320) takes the difference of the nominal molecular
masses for EI and of the precursor m/z for MS/MS. It keeps the total intensity of the library spectrum. Limits of m/z
hold before anything moves. Its hybrid spectrum is no measured one: a score is meant to find analogues.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from numbers import Integral
from typing import Any, Final, Literal

import numpy as np

from nps_spectra.cleaning import (
    NOMINAL_BOUNDARY,
    BinNominal,
    CleaningRecipe,
    KeepLosses,
    MergePeaks,
    MzWindow,
    NoiseThreshold,
    RemovePrecursor,
    ScaleBasePeak,
    Step,
)
from nps_spectra.errors import OptionError
from nps_spectra.options import Tolerance
from nps_spectra.scorers import Entropy, Mask, MatchFactor, Scorer, SteinScott, Technique, WeightedCosine
from nps_spectra.shifted import Hybrid, ModifiedCosine, NeutralLoss, molecular_masses
from nps_spectra.spectra import Spectra
from nps_spectra.spectrum import Spectrum

#: Peaks of nominal-mass spectra are equal or they are not.
_NOMINAL: Final = Tolerance(0.0, "Da")
#: No molecule in a mass spectrum is heavier, in Da.
_HIGHEST_MASS: Final = 1_000_000
#: Exponents of m/z and intensity: Stein & Scott 1994, doi:10.1016/1044-0305(94)87009-8; for the cosines Kim et al.
#: 2012, doi:10.1093/bioinformatics/bts083, for EI, and the square root for MS/MS.
_PUBLISHED_1994: Final = (3.0, 0.6)
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
        ``entropy``, ``neutral_loss``: re-weight spectra of low entropy (default True).
    mz_exponent, intensity_exponent : float, optional
        ``weighted_cosine``, ``modified_cosine``: default 1.3 and 0.53 for EI, 0 and 0.5 otherwise;
        ``stein_scott_1994``: default 3 and 0.6.
    squared : bool, optional
        ``stein_scott_1994``: take the square of the cosine, as published (default True).
    mz_min, mz_max : float, optional
        Compare inside these limits only. Without `mz_min` the match factors of NIST (``hybrid`` of EI is one)
        start at the larger of the two lowest m/z, as NIST's programs do.
    noise : float, optional
        Drop peaks below this fraction of the base peak; default 0.01 for ``entropy`` (as published) and
        ``neutral_loss``, else 0.
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
    squared: bool | None = None
    mz_min: float | None = None
    mz_max: float | None = None
    noise: float | None = None
    remove_precursor: float | None = None
    binning: Literal["boundary", "round"] = "boundary"
    boundary: float = NOMINAL_BOUNDARY

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise OptionError(f"unknown method {self.method!r}: expected one of {', '.join(METHODS)}")
        for name, owners in _ONLY_FOR.items():
            if getattr(self, name) is not None and self.method not in owners:
                raise OptionError(f"option {name!r} belongs to {' and '.join(owners)}, not to {self.method!r}")
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
        nominal = self.method in NOMINAL_METHODS or technique == "EI"
        nist = self.method in _NIST or (self.method == "hybrid" and technique == "EI")
        losses = self.method == "neutral_loss"
        steps: list[Step] = []
        if self.remove_precursor is not None:
            steps.append(RemovePrecursor(self.remove_precursor))
        # NIST's scores apply limits inside the comparison, where they also decide where it starts.
        if not nist and (self.mz_min is not None or self.mz_max is not None):
            steps.append(MzWindow(self.mz_min, self.mz_max))
        steps.append(BinNominal(self.binning, self.boundary) if nominal else MergePeaks(tolerance.doubled()))
        if losses:
            steps.append(KeepLosses(_NOMINAL if nominal else tolerance))
        noise = self.noise if self.noise is not None else (0.01 if self.method == "entropy" or losses else 0.0)
        if noise > 0:
            steps.append(NoiseThreshold(noise))
        if nist:
            steps.append(ScaleBasePeak(999.0, whole=True))
        common: dict[str, Any] = {
            "method": self.method,
            "technique": technique,
            "recipe": CleaningRecipe(tuple(steps)),
            "tolerance": _NOMINAL if nominal else tolerance,
            "scale": 999.0 if nist or self.method == "stein_scott_1994" else 1.0,
        }
        if self.method in _NIST:
            identity = self.method == "nist_identity"
            return MatchFactor(**common, identity=identity, mz_min=self.mz_min, mz_max=self.mz_max)
        if self.method == "hybrid":
            limits = (self.mz_min, self.mz_max) if nist else (None, None)
            return Hybrid(**common, mz_min=limits[0], mz_max=limits[1])
        if self.method in ("entropy", "neutral_loss"):
            entropy = NeutralLoss if losses else Entropy
            return entropy(**common, weighted=self.weighted is not False)
        published = self.method == "stein_scott_1994"
        mz_exponent, intensity_exponent = _PUBLISHED_1994 if published else _EXPONENTS[technique]
        common["mz_exponent"] = mz_exponent if self.mz_exponent is None else float(self.mz_exponent)
        if self.intensity_exponent is not None:
            intensity_exponent = float(self.intensity_exponent)
        common["intensity_exponent"] = intensity_exponent
        if published:
            return SteinScott(**common, squared=self.squared is not False)
        return (ModifiedCosine if self.method == "modified_cosine" else WeightedCosine)(**common)

    def describe(self) -> dict[str, Any]:
        """The options as given, as plain data."""
        return asdict(self) | {"tolerance": str(self.tolerance)}


#: Names of all methods.
METHODS: Final = (
    "nist_identity",
    "nist_simple",
    "stein_scott_1994",
    "hybrid",
    "weighted_cosine",
    "modified_cosine",
    "entropy",
    "neutral_loss",
)
_NIST: Final = ("nist_identity", "nist_simple")
#: Methods that compare at nominal mass whatever the spectra are.
NOMINAL_METHODS: Final = (*_NIST, "stein_scott_1994")
#: Methods with a scale of 0 to 999.
_MATCH_FACTORS: Final = (*NOMINAL_METHODS, "hybrid")
_ONLY_FOR: Final = {
    "weighted": ("entropy", "neutral_loss"),
    "mz_exponent": ("weighted_cosine", "modified_cosine", "stein_scott_1994"),
    "intensity_exponent": ("weighted_cosine", "modified_cosine", "stein_scott_1994"),
    "squared": ("stein_scott_1994",),
}


def technique_of(spectrum: Spectrum) -> Technique:
    """Technique: "EI" if the spectrum says so, or says nothing at all and all its m/z are whole; else "MS/MS"."""
    if spectrum.ionization is not None:
        return "EI" if spectrum.ionization.upper() == "EI" else "MS/MS"
    silent = spectrum.precursor_mz is None and spectrum.adduct is None and (spectrum.ms_level or 1) == 1
    whole = len(spectrum) > 0 and bool(np.all(spectrum.mz == np.floor(spectrum.mz)))
    return "EI" if silent and whole else "MS/MS"


def techniques_of(spectra: Spectra, ionization: Sequence[str | None]) -> list[Technique]:
    """Technique of every spectrum by the rule of `technique_of`, with these ionisations."""
    ei = look_like_ei(spectra, np.array([name is None for name in ionization], dtype=bool))
    return [
        "EI" if unnamed or (name is not None and name.upper() == "EI") else "MS/MS"
        for name, unnamed in zip(ionization, ei.tolist(), strict=True)
    ]


def look_like_ei(spectra: Spectra, unnamed: Mask) -> Mask:
    """Which of the spectra that name no ionisation are taken for EI by the rule of `technique_of`."""
    level = spectra.numbers("ms_level")
    silent: Mask = unnamed & np.isnan(spectra.numbers("precursor_mz")) & (np.isnan(level) | (level == 0) | (level == 1))
    lengths = np.diff(spectra.offsets)
    silent &= spectra.texts("adduct").missing() & (lengths > 0)
    if silent.any():
        mz = np.asarray(spectra.mz)
        owner = np.repeat(np.arange(len(spectra)), lengths)
        silent &= np.bincount(owner[mz != np.floor(mz)], minlength=len(spectra)) == 0
    return silent


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


def with_query_mass(spectrum: Spectrum, mass: int | None) -> Spectrum:
    """The spectrum with this nominal molecular mass, if it does not state one itself."""
    if mass is None or not bool(np.isnan(molecular_masses(spectrum)[0])):
        return spectrum
    return spectrum.replace(nominal_mass=mass)


def checked_query_mass(method: str | None, mass: Any) -> int | None:
    """A nominal molecular mass as the user gave it.

    Raises
    ------
    OptionError
        No whole number > 0, or a method that does not use it.
    """
    if mass is None:
        return None
    if method != "hybrid":
        raise OptionError(f"option 'query_mass' belongs to 'hybrid', not to {method!r}")
    whole = mass.is_integer() if isinstance(mass, float) else isinstance(mass, Integral) and not isinstance(mass, bool)
    if not whole or not 1 <= mass <= _HIGHEST_MASS:
        raise OptionError(
            f"option 'query_mass' is {mass!r}: expected a nominal mass in Da, 1 to {_HIGHEST_MASS}, whole"
        )
    return int(mass)


def similarity(
    query: Spectrum,
    reference: Spectrum,
    method: str = "entropy",
    tolerance: Tolerance | str = "0.01 Da",
    *,
    reverse: bool = False,
    query_mass: int | None = None,
    **options: Any,
) -> float:
    """Similarity of two spectra by any method, on the method's own scale.

    Each spectrum is cleaned by the default recipe of the method: nominal-mass binning if either one is EI
    (see `technique_of`), otherwise joining of peaks closer than twice `tolerance`; ``entropy`` and ``neutral_loss``
    drop peaks below 1 % of the base peak then, as the authors of entropy do.

    Parameters
    ----------
    query, reference : Spectrum
        ``modified_cosine``, ``neutral_loss`` and ``hybrid`` of MS/MS need the precursor m/z of both, ``hybrid`` of EI
        the formula, nominal or exact mass of both.
    method : {"entropy", "neutral_loss", "weighted_cosine", "modified_cosine", "hybrid", "nist_identity", \
            "nist_simple", "stein_scott_1994"}
    tolerance : Tolerance or str
        Largest m/z difference of two matching peaks, e.g. ``"0.01 Da"`` or ``"20 ppm"``; not used for EI.
        A shifted match may differ by the same from the difference of the precursors.
    reverse : bool
        Leave query peaks that the reference lacks out of the query.
    query_mass : int, optional
        ``hybrid`` of EI: supposed nominal molecular mass in Da of a query that does not state one.
    **options
        Fields of `ScoreOptions`.

    Returns
    -------
    float
        0 to 1, or 0 to 999.5 for match factors; NaN if one spectrum has no peak to compare or does not state the
        mass that the method needs.

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

    Of two peaks the larger is shifted by the precursors' difference of 14 Da, the other one is not:

    >>> a = Spectrum([91.05, 202.10], [50, 100], precursor_mz=322.20)
    >>> b = Spectrum([91.05, 188.10], [50, 100], precursor_mz=308.20)
    >>> round(similarity(a, b, "modified_cosine"), 6), round(similarity(a, b, "weighted_cosine"), 6)
    (1.0, 0.333333)
    """
    technique: Technique = "EI" if "EI" in (technique_of(query), technique_of(reference)) else "MS/MS"
    mass = checked_query_mass(method, query_mass)
    return _compared(query, reference, method, technique, reverse, mass, {**options, "tolerance": tolerance})


def _compared(
    query: Spectrum,
    reference: Spectrum,
    method: str,
    technique: Technique,
    reverse: bool,
    query_mass: int | None,
    options: Mapping[str, Any],
) -> float:
    scorer = score_options(method, options).resolve(technique)
    prepared, library = scorer.prepare(with_query_mass(query, query_mass)), scorer.prepare(reference)
    compare = scorer.reverse if reverse else scorer.score
    return float(compare(prepared, 0, library, np.zeros(1, dtype=np.int64)).score[0])


def match_factor(
    query: Spectrum,
    reference: Spectrum,
    method: str = "nist_identity",
    reverse: bool = False,
    query_mass: int | None = None,
    **options: Any,
) -> float:
    """Match factor or reverse match factor of two EI spectra, unrounded.

    NIST MS Search prints ``min(999, round(match factor))``; identical spectra give 999.5 (but see `scoring` for
    ``stein_scott_1994``).

    Parameters
    ----------
    query, reference : Spectrum
        Accurate m/z are summed into nominal ones first. ``hybrid`` needs the formula, nominal or exact mass of both.
    method : {"nist_identity", "nist_simple", "hybrid", "stein_scott_1994"}
    reverse : bool
        Reverse match factor: query peaks that the reference lacks are left out of the query's norm.
    query_mass : int, optional
        ``hybrid``: supposed nominal molecular mass in Da of a query that does not state one.
    **options
        ``mz_min``, ``mz_max``, ``binning``, ``boundary``, ``noise`` of `ScoreOptions`, and for ``stein_scott_1994``
        ``mz_exponent``, ``intensity_exponent``, ``squared``.

    Returns
    -------
    float
        0 to 999.5; NaN if one spectrum has no peak to compare, or for ``hybrid`` no mass.

    Raises
    ------
    OptionError
        Another method, or an unknown option.

    References
    ----------
    Stein & Scott, J. Am. Soc. Mass Spectrom. 1994, 5, 859, doi:10.1016/1044-0305(94)87009-8, describe the
    idea; the form deployed by NIST MS Search differs (mass exponent 0.5, mass-weighted neighbour ratios).
    Moorthy et al., Anal. Chem. 2017, 89, 13261, doi:10.1021/acs.analchem.7b03320: hybrid similarity.

    Examples
    --------
    >>> a = Spectrum([83, 150, 250, 300, 350], [61, 999, 340, 1, 447])
    >>> b = Spectrum([150, 200, 250, 300, 350], [999, 1, 719, 2, 592])
    >>> round(match_factor(a, b), 6)
    915.410657

    The base peak is 14 Da higher in the query, and so is its molecular mass:

    >>> a = Spectrum([91, 160], [300, 999])
    >>> b = Spectrum([91, 146], [300, 999], nominal_mass=237)
    >>> round(match_factor(a, b, "hybrid", query_mass=251), 1), round(match_factor(a, b, "nist_simple"), 1)
    (999.5, 52.8)
    """
    if method not in _MATCH_FACTORS:
        raise OptionError(f"method {method!r} has no match factor: expected one of {', '.join(_MATCH_FACTORS)}")
    return _compared(query, reference, method, "EI", reverse, checked_query_mass(method, query_mass), options)


def printed_match_factor(value: float) -> int | None:
    """A match factor as NIST MS Search prints it, 0 to 999; None for "no score"."""
    return None if math.isnan(value) else min(999, math.floor(value + 0.5))
