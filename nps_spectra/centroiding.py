"""From profile to centroid spectra, by one exact method.

A peak is a point that no other exceeds in the run of points around it which are at least half as high; so two peaks
are told apart if the intensity falls below half of the lower one between them. Its intensity is the height of the
point. Its m/z is the mean over the points from that run outwards, as long as they do not rise, weighted by their
intensity above a tenth of the height: what is below, a baseline or the foot of a neighbour, does not draw it aside,
and a point that comes or goes at that level changes nothing. This is the centroid of the IUPAC recommendations 2013
("average m/z value weighted by the intensity ... only the centroid m/z value and the peak magnitude are stored",
doi:10.1351/PAC-REC-06-04-06). Nothing is smoothed, and no noise is removed.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from nps_spectra.errors import SpectrumError
from nps_spectra.spectrum import Spectrum, peak_fault

Float = npt.NDArray[np.float64]

METHOD: Final = (
    "peak: highest point of a run of points at least half as high; m/z: mean weighted by the intensity above a tenth "
    "of its height; intensity: its height"
)
#: The original field that a spectrum centroided here carries.
CENTROIDED: Final = "centroided by nps_spectra"
#: Share of its height above which points count for the m/z of a peak.
_FLOOR: Final = 0.1
#: Points further apart than so many of the steps beside them have others of intensity 0 between them, which were left
#: out. Steps written with few digits differ by a factor of two.
_GAP: Final = 3.0
#: Nor do points so far apart (Da) ever belong to one peak.
_WIDEST_STEP_DA: Final = 0.5


def centroids(mz: npt.ArrayLike, intensity: npt.ArrayLike) -> tuple[Float, Float]:
    """Peaks of a profile spectrum.

    Points of intensity 0 end a peak, and so does a step of m/z of more than three times the narrower of the steps
    beside it, or of more than 0.5 Da.

    Parameters
    ----------
    mz, intensity : array_like, shape (n,)
        Points of the profile, in any order; zeros included where they are known.

    Returns
    -------
    mz, intensity : ndarray of float64, shape (peaks,)
        m/z in Th, ascending; intensity on the scale of the points.

    Raises
    ------
    SpectrumError
        Arrays of different length, or values that no spectrum has.

    Examples
    --------
    >>> mz, intensity = centroids([58.0, 58.1, 58.2, 58.3, 91.0, 91.1, 91.2], [1, 8, 8, 1, 2, 4, 2])
    >>> mz.round(6).tolist(), intensity.tolist()
    ([58.15, 91.1], [8.0, 4.0])
    """
    points, heights = np.array(mz, dtype=np.float64, ndmin=1), np.array(intensity, dtype=np.float64, ndmin=1)
    if points.ndim != 1 or points.shape != heights.shape:
        raise SpectrumError(f"m/z has shape {points.shape}, intensity {heights.shape}: expected equal lengths")
    fault = peak_fault(points, heights)
    if fault is not None:
        raise SpectrumError(fault)
    if bool(np.any(points[1:] < points[:-1])):
        order = np.argsort(points, kind="stable")
        points, heights = points[order], heights[order]
    from nps_spectra.kernels.centroid import half_height_centroids

    gap_after = _gaps(points)
    for array in (points, heights, gap_after):
        array.flags.writeable = False  # one set of types, so that the kernel compiles once
    out_mz, out_intensity = np.empty(len(points)), np.empty(len(points))
    found = int(half_height_centroids(points, heights, gap_after, _FLOOR, out_mz, out_intensity))
    return out_mz[:found].copy(), out_intensity[:found].copy()


def _gaps(mz: Float) -> npt.NDArray[np.bool_]:
    """Whether points have been left out between each point and the next."""
    steps = np.diff(mz)
    beside = np.where(steps > 0, steps, np.inf)
    narrower = np.full(len(steps), np.inf)
    narrower[1:] = beside[:-1]
    narrower[:-1] = np.minimum(narrower[:-1], beside[1:])
    return np.asarray((steps > _GAP * narrower) | (steps > _WIDEST_STEP_DA))


def centroided(spectrum: Spectrum) -> Spectrum:
    """A profile spectrum as a centroid spectrum; the method stands in its original fields.

    Reading with ``centroid=True`` is better: there the points of intensity 0, which a `Spectrum` leaves out, still
    tell where a peak ends.

    Raises
    ------
    SpectrumError
        The spectrum is centroided already.

    Examples
    --------
    >>> peak = centroided(Spectrum([58.0, 58.1, 58.2], [4, 8, 4], representation="profile"))
    >>> peak.mz.round(6).tolist(), peak.representation
    ([58.1], 'centroid')
    """
    if spectrum.representation == "centroid":
        raise SpectrumError("the spectrum is centroided already")
    mz, intensity = centroids(spectrum.mz, spectrum.intensity)
    original = {**spectrum.original, CENTROIDED: (METHOD,)}
    return spectrum.replace(mz=mz, intensity=intensity, representation="centroid", original=original)
