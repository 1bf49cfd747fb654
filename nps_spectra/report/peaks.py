"""Peaks as they are drawn: height, class, and which ion the record of a spectrum names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from nps_spectra.options import Tolerance
from nps_spectra.scoring import technique_of
from nps_spectra.spectrum import Spectrum
from nps_spectra.substances import exact_mass, nominal_mass

#: Classes of peaks. ``shifted``: matched, but only after a shift by the mass difference of the two substances.
#: ``not compared``: outside the range that the method compares, below its threshold, or removed by its recipe; such a
#: peak changes no score.
Kind = Literal[
    "matched",
    "shifted",
    "unexplained",
    "missing",
    "not compared",
    "base peak",
    "molecular ion",
    "precursor",
    "other peak",
]
#: A precursor m/z is written with this accuracy at least; where m/z are written with one decimal, to half a unit.
_PRECURSOR: Final = Tolerance(0.01, "Da")
_PRECURSOR_NOMINAL: Final = Tolerance(0.5, "Da")


@dataclass(frozen=True, slots=True)
class Peak:
    """One peak as it is drawn.

    Attributes
    ----------
    mz : float
    percent : float
        Height in per cent of the tallest peak of its spectrum.
    kind : str
        Its class.
    """

    mz: float
    percent: float
    kind: Kind


def peaks_of(spectrum: Spectrum) -> tuple[Peak, ...]:
    """The peaks of one spectrum as they were read: base peak, molecular ion or precursor, others.

    The molecular ion (EI) or the precursor is where the fields of the spectrum say that it must be; the class says
    nothing about what the peak is.

    Examples
    --------
    >>> [peak.kind for peak in peaks_of(Spectrum([44, 178], [999, 20], ionization="EI", formula="C11H14O2"))]
    ['base peak', 'molecular ion']
    """
    if len(spectrum) == 0:
        return ()
    percent = 100.0 * spectrum.intensity.astype(np.float64) / float(spectrum.intensity.max())
    kinds: list[Kind] = ["other peak"] * len(spectrum)
    kinds[int(np.argmax(spectrum.intensity))] = "base peak"
    ion = _named_ion(spectrum)
    if ion is not None:
        kind, mz, tolerance = ion
        near = int(np.argmin(np.abs(spectrum.mz - mz)))
        if tolerance.matches(mz, float(spectrum.mz[near])):
            kinds[near] = kind
    return tuple(Peak(m, p, kind) for m, p, kind in zip(spectrum.mz.tolist(), percent.tolist(), kinds, strict=True))


def _named_ion(spectrum: Spectrum) -> tuple[Kind, float, Tolerance] | None:
    """The molecular ion or the precursor that the fields name, and how closely a peak has to agree."""
    coarse = decimals_of(spectrum) <= 1
    if spectrum.precursor_mz is not None and technique_of(spectrum) != "EI":
        return "precursor", spectrum.precursor_mz, _PRECURSOR_NOMINAL if coarse else _PRECURSOR
    if technique_of(spectrum) != "EI":
        return None
    mass: float | None
    if coarse:
        mass, tolerance = _mass(spectrum.formula, nominal_mass, spectrum.nominal_mass), _PRECURSOR_NOMINAL
    else:
        mass, tolerance = _mass(spectrum.formula, exact_mass, spectrum.exact_mass), _PRECURSOR
    return None if mass is None else ("molecular ion", mass, tolerance)


def _mass(formula: str | None, mass_of: Callable[[str], float | None], written: float | None) -> float | None:
    computed = None if formula is None else mass_of(formula)
    return written if computed is None else float(computed)


def decimals_of(spectrum: Spectrum) -> int:
    """Decimals with which the m/z of a spectrum are written, at most 4."""
    for decimals in range(4):
        if bool(np.all(np.abs(np.round(spectrum.mz, decimals) - spectrum.mz) < 5e-6)):
            return decimals
    return 4
