"""What an EI spectrum says about the molecular mass of a candidate: its ion, heavier peaks, impossible losses.

No molecular ion proves nothing: many amines have none. A peak that the molecule is too light for, or a missing ion
that the reference shows plainly, contradicts the candidate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from nps_spectra.substances.formula import MASSES
from nps_spectra.substances.isotopes import isotope_pattern
from nps_spectra.substances.subformula import HEAVIEST, nominal_ion_masses

Float = npt.NDArray[np.float64]
State = Literal["present", "absent", "contradicted"]

#: Peaks below this share of the base peak are not distinguished from background.
NOISE: Final = 0.01
#: A molecular ion is looked for below that, because it is where one expects it.
_PRESENT: Final = 0.005
#: A reference that shows its ion with this share, and a sample that has less than a tenth of that.
_PLAIN: Final = 0.05
_TENTH: Final = 0.1
#: EI ions take up a hydrogen from other molecules, so that [M+H]+ and its 13C peak are nothing strange.
_SELF_PROTONATION: Final = 2
#: Isotopologues above this share of the most abundant one can be seen.
_VISIBLE_ISOTOPE: Final = 0.001
#: Losses from a molecular ion that no combination of atoms makes likely: McLafferty & Turecek, Interpretation of Mass
#: Spectra, 4th ed. 1993, section 3.5.
IMPLAUSIBLE_LOSSES: Final = frozenset({*range(4, 15), *range(21, 26)})


@dataclass(frozen=True, slots=True)
class Peak:
    """A peak of the sample: m/z and its height relative to the base peak, 0 to 1."""

    mz: float
    intensity: float


@dataclass(frozen=True, slots=True)
class MolecularIon:
    """The molecular ion of a candidate in a sample.

    Attributes
    ----------
    mz : int
        Nominal, of the most abundant isotopologue.
    intensity : float
        Height relative to the base peak; 0: there is no such peak.
    reference_intensity : float or None
        The same in the library spectrum; None if no reference was given.
    state : {"present", "absent", "contradicted"}
    reason : str
        In words.
    """

    mz: int
    intensity: float
    reference_intensity: float | None
    state: State
    reason: str


def nominal_masses(atoms: Mapping[str, int]) -> tuple[int, int, int]:
    """Monoisotopic mass, that of the most abundant isotopologue, and that of the heaviest visible one, in Da.

    Examples
    --------
    >>> nominal_masses({"C": 1, "H": 1, "Br": 3})
    (250, 252, 257)
    """
    pattern = isotope_pattern(atoms, _VISIBLE_ISOTOPE)
    monoisotopic = sum(MASSES[element][0] * count for element, count in atoms.items())
    return monoisotopic, max(pattern, key=lambda mass: (pattern[mass], -mass)), max(pattern)


def peaks_above(mz: Float, intensity: Float, atoms: Mapping[str, int]) -> tuple[Peak, ...]:
    """Peaks that a molecule of these atoms is too light for, isotopes and self-protonation allowed; largest first.

    Parameters
    ----------
    mz, intensity : ndarray of float64, shape (peaks,)
        Nominal m/z, any scale.
    atoms : mapping of str to int

    Examples
    --------
    >>> peaks_above(np.array([44.0, 91.0, 240.0]), np.array([100.0, 20.0, 5.0]), {"C": 9, "H": 13, "N": 1})
    (Peak(mz=240.0, intensity=0.05),)
    """
    if len(mz) == 0:
        return ()
    monoisotopic, _, heaviest = nominal_masses(atoms)
    relative = intensity / intensity.max()
    above = np.flatnonzero((mz > max(heaviest, monoisotopic + _SELF_PROTONATION)) & (relative >= NOISE))
    return tuple(
        Peak(float(mz[at]), float(relative[at])) for at in above[np.argsort(-relative[above], kind="stable")].tolist()
    )


def molecular_ion(
    mz: Float,
    intensity: Float,
    atoms: Mapping[str, int],
    reference: tuple[Float, Float] | None = None,
) -> MolecularIon:
    """Whether the sample shows the molecular ion of these atoms.

    Parameters
    ----------
    mz, intensity : ndarray of float64, shape (peaks,)
        Nominal m/z, any scale.
    atoms : mapping of str to int
    reference : (ndarray, ndarray), optional
        Peaks of the library spectrum of the candidate.

    Examples
    --------
    >>> sample = np.array([58.0, 77.0, 105.0]), np.array([100.0, 9.0, 7.0])
    >>> molecular_ion(*sample, {"C": 10, "H": 13, "N": 1, "O": 1}).state
    'absent'
    """
    _, expected, _ = nominal_masses(atoms)
    height = _height(mz, intensity, expected)
    shown = None if reference is None else _height(*reference, expected)
    heavier = peaks_above(mz, intensity, atoms)
    if heavier:
        found: tuple[State, str] = "contradicted", f"peak at m/z {heavier[0].mz:g}, heavier than the molecule"
    elif height >= _PRESENT:
        found = "present", f"m/z {expected} has {height:.1%} of the base peak"
    elif shown is not None and shown >= _PLAIN and height < _TENTH * shown:
        found = "contradicted", f"no peak at m/z {expected}, where the reference has {shown:.1%} of the base peak"
    else:
        found = "absent", f"no peak at m/z {expected}"
    return MolecularIon(expected, height, shown, *found)


def _height(mz: Float, intensity: Float, expected: int) -> float:
    return float(intensity[mz == expected].max(initial=0.0) / intensity.max()) if len(mz) else 0.0


def implausible_losses(mz: Float, intensity: Float, atoms: Mapping[str, int]) -> tuple[Peak, ...]:
    """Peaks that would be made by a loss from the molecular ion which does not happen; largest first.

    What the isotopes of lighter ions can account for is not counted: M-15 with 37Cl lies at M-13.

    Parameters
    ----------
    mz, intensity : ndarray of float64, shape (peaks,)
        Nominal m/z, any scale.
    atoms : mapping of str to int

    Examples
    --------
    >>> implausible_losses(np.array([44.0, 125.0]), np.array([100.0, 30.0]), {"C": 9, "H": 13, "N": 1})
    (Peak(mz=125.0, intensity=0.3),)
    """
    if len(mz) == 0:
        return ()
    monoisotopic = nominal_masses(atoms)[0]
    pattern = isotope_pattern(atoms, _VISIBLE_ISOTOPE)
    ratio = {mass - monoisotopic: share / pattern.get(monoisotopic, share) for mass, share in pattern.items()}
    relative = intensity / intensity.max()
    heights = dict(zip(np.rint(mz).astype(int).tolist(), relative.tolist(), strict=True))
    found = []
    for mass, height in heights.items():
        if height < NOISE or monoisotopic - mass not in IMPLAUSIBLE_LOSSES:
            continue
        of_isotopes = sum(share * heights.get(mass - step, 0.0) for step, share in ratio.items() if step > 0)
        if height > NOISE + 1.5 * of_isotopes:
            found.append(Peak(float(mass), height))
    return tuple(sorted(found, key=lambda peak: (-peak.intensity, peak.mz)))


def impossible_share(mz: Float, intensity: Float, atoms: Mapping[str, int]) -> float | None:
    """Share of the intensity at m/z that no part of these atoms has, 0 to 1; None for molecules heavier than 3000 Da.

    Peaks below 1 % of the base peak, and what the isotopes of lighter ions can account for, are not asked.

    Examples
    --------
    >>> impossible_share(np.array([44.0, 91.0, 24.0]), np.array([60.0, 20.0, 20.0]), {"C": 9, "H": 13, "N": 1})
    0.0
    >>> impossible_share(np.array([44.0, 91.0, 23.0]), np.array([60.0, 20.0, 20.0]), {"C": 9, "H": 13, "N": 1})
    0.2
    """
    if sum((MASSES[element][0] + 5) * count for element, count in atoms.items()) > HEAVIEST or len(mz) == 0:
        return None
    possible = _possible(tuple(sorted(atoms.items())))
    masses = np.rint(mz).astype(np.int64)
    relative = intensity / intensity.max()
    inside = masses < len(possible)
    explained = np.zeros(len(mz), dtype=bool)
    explained[inside] = possible[masses[inside]]
    explained[1:] |= (masses[1:] == masses[:-1] + 1) & (relative[1:] <= NOISE + 0.4 * relative[:-1])
    asked = relative >= NOISE
    return float(relative[asked & ~explained].sum() / relative[asked].sum())


@lru_cache(maxsize=4096)
def _possible(atoms: tuple[tuple[str, int], ...]) -> npt.NDArray[np.bool_]:
    return nominal_ion_masses(dict(atoms))
