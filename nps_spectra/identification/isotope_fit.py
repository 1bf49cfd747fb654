"""Does the cluster of a molecular ion have the isotopes of its formula: chlorine, bromine, sulphur, silicon.

The noise model is stated, not fitted: an intensity I (base peak 1) has the standard deviation
``sqrt((0.1 I)^2 + a^2)`` with a = 0.3 % of the base peak or the lowest peak of the spectrum, whichever is larger: what
is not in the spectrum may be as high as the lowest peak that was kept. The cluster is taken for a sum of [M+H]+, M,
[M-H]+ and [M-2H]+, each with the pattern of its atoms and none negative, because these overlap.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from nps_spectra.identification.molecular_ion import nominal_masses
from nps_spectra.substances.isotopes import isotope_pattern

Float = npt.NDArray[np.float64]

#: Standard deviation of an intensity: relative to itself, and in shares of the base peak.
RELATIVE_NOISE: Final = 0.1
ABSOLUTE_NOISE: Final = 0.003
#: Elements of which the second common isotope is two masses heavier.
TELLING: Final = ("Cl", "Br", "S", "Si", "Se")
#: Hydrogens that the ions of the cluster have more or less than the molecule.
_HYDROGENS: Final = (-2, -1, 0, 1)
#: Fewer standard deviations of the molecular ion's height leave nothing to be measured.
_MEASURABLE: Final = 5.0
#: Probability below which the pattern contradicts the formula.
_CONTRADICTED: Final = 0.001


@dataclass(frozen=True, slots=True)
class IsotopeFit:
    """The isotope cluster of a molecular ion against a formula.

    Attributes
    ----------
    elements : str
        Those of `TELLING` in the formula, such as ``"Br Cl2"``; empty if it has none.
    mz : tuple of int
    expected, measured : tuple of float
        Relative to the base peak of the spectrum.
    chi_square : float
    degrees_of_freedom : int
    p : float
        Probability of a chi-square as large by noise alone.
    agrees : bool
        False below a probability of 0.1 %.
    """

    elements: str
    mz: tuple[int, ...]
    expected: tuple[float, ...]
    measured: tuple[float, ...]
    chi_square: float
    degrees_of_freedom: int
    p: float
    agrees: bool


def isotope_fit(mz: Float, intensity: Float, atoms: Mapping[str, int]) -> IsotopeFit | None:
    """Hold the isotopes of the molecular ion against a formula.

    Parameters
    ----------
    mz, intensity : ndarray of float64, shape (peaks,)
        Nominal m/z, any scale.
    atoms : mapping of str to int

    Returns
    -------
    IsotopeFit or None
        None if the molecular ion is too weak for its isotopes to be measured.

    Examples
    --------
    >>> spectrum = np.array([112.0, 113.0, 114.0, 115.0]), np.array([100.0, 6.6, 32.0, 2.1])
    >>> isotope_fit(*spectrum, {"C": 6, "H": 5, "Cl": 1}).agrees, isotope_fit(*spectrum, {"C": 9, "H": 4}).agrees
    (True, False)
    """
    from scipy.optimize import nnls
    from scipy.special import chdtrc

    if len(mz) == 0:
        return None
    monoisotopic, expected, _ = nominal_masses(atoms)
    # Two masses above M are looked at for every formula: an element that it lacks would show there.
    last = max(max(isotope_pattern(atoms, 0.01)), monoisotopic + 2) + 1
    masses = np.arange(monoisotopic + _HYDROGENS[0], last + 1)
    heights = dict(zip(np.rint(mz).astype(int).tolist(), (intensity / intensity.max()).tolist(), strict=True))
    measured = np.array([heights.get(int(mass), 0.0) for mass in masses])
    least = max(ABSOLUTE_NOISE, min(heights.values()))
    if heights.get(expected, 0.0) < _MEASURABLE * least:
        return None
    hydrogens = [more for more in _HYDROGENS if atoms.get("H", 0) + more >= 0]
    patterns = np.zeros((len(masses), len(hydrogens)))
    for column, more in enumerate(hydrogens):
        ion = {**atoms, "H": atoms.get("H", 0) + more}
        for mass, share in isotope_pattern({element: count for element, count in ion.items() if count}).items():
            if masses[0] <= mass <= masses[-1]:
                patterns[mass - masses[0], column] = share
    deviation = np.hypot(RELATIVE_NOISE * measured, least)
    amounts = nnls(patterns / deviation[:, None], measured / deviation)[0]
    fitted = patterns @ amounts
    # The noise of what the formula predicts, too: a predicted isotope that is missing is not measured exactly.
    deviation = np.hypot(RELATIVE_NOISE * np.maximum(measured, fitted), least)
    chi_square = float((((measured - fitted) / deviation) ** 2).sum())
    freedom = max(len(masses) - int((amounts > 0).sum()), 1)
    p = float(chdtrc(freedom, chi_square))
    named = (f"{element}{atoms[element] if atoms[element] > 1 else ''}" for element in TELLING if atoms.get(element))
    return IsotopeFit(
        " ".join(named),
        tuple(masses.tolist()),
        tuple(fitted.tolist()),
        tuple(measured.tolist()),
        chi_square,
        freedom,
        p,
        p >= _CONTRADICTED,
    )
