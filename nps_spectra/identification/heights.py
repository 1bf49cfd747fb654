"""How the heights of a sample's EI peaks differ from those of a reference spectrum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from nps_spectra.identification.molecular_ion import NOISE

Float = npt.NDArray[np.float64]

#: Below are the gases of air and of the ion source, and many spectra begin there.
_LOWEST_MZ: Final = 41
#: A peak that has less than this share of its height is lacking.
_TENTH: Final = 0.1
#: Peaks of which at least one side has this share of the base peak are compared, and what is lower counts as the other.
_COMPARED: Final = 0.02
_LEAST: Final = 0.005


@dataclass(frozen=True, slots=True)
class HeightDifference:
    """Differences of the relative heights of two EI spectra over the m/z range that both have.

    Attributes
    ----------
    lacking : float
        Height of the largest peak of the sample of which the reference has less than a tenth, relative to the base
        peak of the range, 0 to 1; 0: there is none of 1 % or more.
    spread : float
        Root mean square of the natural logarithm of the ratio of heights, each weighted by its m/z: ions of high mass
        tell homologues apart.
    """

    lacking: float
    spread: float


def height_difference(
    mz: Float, intensity: Float, reference_mz: Float, reference_intensity: Float
) -> HeightDifference | None:
    """Compare relative heights, from the higher of both lowest m/z (at least 41) on; None if neither has peaks there.

    Parameters
    ----------
    mz, intensity : ndarray of float64, shape (peaks,)
        Of the sample: nominal m/z ascending, any scale.
    reference_mz, reference_intensity : ndarray of float64, shape (peaks,)

    Examples
    --------
    >>> sample = np.array([44.0, 91.0, 120.0]), np.array([100.0, 20.0, 5.0])
    >>> height_difference(*sample, np.array([44.0, 91.0]), np.array([100.0, 20.0])).lacking
    0.05
    >>> height_difference(*sample, *sample)
    HeightDifference(lacking=0.0, spread=0.0)
    """
    if not (len(mz) and len(reference_mz)):
        return None
    lowest = max(float(mz[0]), float(reference_mz[0]), _LOWEST_MZ)
    size = int(max(mz[-1], reference_mz[-1])) + 1
    own, other = np.zeros(size), np.zeros(size)
    for heights, masses, values in ((own, mz, intensity), (other, reference_mz, reference_intensity)):
        inside = masses >= lowest
        heights[masses[inside].astype(np.int64)] = values[inside]
        heights /= max(float(heights.max()), 1e-300)
    large = np.flatnonzero((own >= _COMPARED) | (other >= _COMPARED))
    if len(large) == 0:
        return None
    lacking = own[(own >= NOISE) & (other < _TENTH * own)]
    ratio = np.log(np.maximum(own[large], _LEAST) / np.maximum(other[large], _LEAST))
    return HeightDifference(float(lacking.max(initial=0.0)), float(np.sqrt((large * ratio**2).sum() / large.sum())))
