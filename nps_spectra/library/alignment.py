"""Peaks of several spectra side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from nps_spectra.cleaning import CleanSpectra
from nps_spectra.options import Tolerance

Float = npt.NDArray[np.float64]


def aligned(peaks: Sequence[tuple[Float, Float]], tolerance: Tolerance) -> tuple[Float, Float]:
    """Peaks of several spectra side by side.

    The most intense peak that is not placed yet (of equal ones: the lowest m/z) starts a row; from every other
    spectrum the nearest peak within the tolerance that is not placed yet joins it.

    Parameters
    ----------
    peaks : sequence of (ndarray, ndarray)
        m/z, ascending, and intensities of each spectrum.
    tolerance : Tolerance

    Returns
    -------
    mz, intensity : ndarray of float64, shape (rows, spectra)
        NaN where a spectrum lacks the peak.

    Examples
    --------
    >>> one = (np.array([58.06, 91.05]), np.array([999.0, 80.0]))
    >>> other = (np.array([58.065]), np.array([999.0]))
    >>> aligned([one, other], Tolerance(0.01))[0].tolist()
    [[58.06, 58.065], [91.05, nan]]
    """
    mz = np.concatenate([own for own, _ in peaks])
    intensity = np.concatenate([own for _, own in peaks])
    owner = np.repeat(np.arange(len(peaks)), [len(own) for own, _ in peaks])
    order = np.argsort(mz, kind="stable")
    mz, intensity, owner = mz[order], intensity[order], owner[order]
    low, high = _windows(mz, tolerance)
    free = [True] * len(mz)
    masses, owners = mz.tolist(), owner.tolist()
    rows_mz: list[Float] = []
    rows_intensity: list[Float] = []
    for start in np.lexsort((mz, -intensity)).tolist():
        if not free[start]:
            continue
        nearest: dict[int, int] = {owners[start]: start}
        for other in range(low[start], high[start]):
            spectrum = owners[other]
            if not free[other] or spectrum == owners[start]:
                continue
            best = nearest.get(spectrum)
            if best is None or abs(masses[other] - masses[start]) < abs(masses[best] - masses[start]):
                nearest[spectrum] = other
        row_mz, row_intensity = np.full(len(peaks), math.nan), np.full(len(peaks), math.nan)
        for spectrum, peak in nearest.items():
            free[peak] = False
            row_mz[spectrum], row_intensity[spectrum] = mz[peak], intensity[peak]
        rows_mz.append(row_mz)
        rows_intensity.append(row_intensity)
    ascending = np.argsort([float(np.nanmin(row)) for row in rows_mz], kind="stable")
    return np.array(rows_mz)[ascending], np.array(rows_intensity)[ascending]


def _windows(mz: Float, tolerance: Tolerance) -> tuple[list[int], list[int]]:
    bounds = np.array([tolerance.bounds(value) for value in mz.tolist()]).reshape(-1, 2)
    return np.searchsorted(mz, bounds[:, 0]).tolist(), np.searchsorted(mz, bounds[:, 1], side="right").tolist()


def deviation(values: Float) -> Float:
    """Standard deviation (n - 1) of each row over what is there; NaN of a single value.

    Examples
    --------
    >>> deviation(np.array([[1.0, 3.0], [1.0, math.nan]])).round(4).tolist()
    [1.4142, nan]
    """
    count = np.sum(~np.isnan(values), axis=1)
    squares = np.nansum((values - np.nanmean(values, axis=1, keepdims=True)) ** 2, axis=1)
    result = np.full(len(values), math.nan)
    several = count > 1
    result[several] = np.sqrt(squares[several] / (count[several] - 1))
    return result


def copies_in(clean: CleanSpectra) -> set[int]:
    """Spectra that are, as far as anybody writes digits, one that stands before them."""
    seen: set[bytes] = set()
    copies = set()
    for number in range(len(clean)):
        mz, intensity = clean.peaks(number)
        content = np.rint(mz * 1e4).tobytes() + np.rint(intensity).tobytes()
        if content in seen:
            copies.add(number)
        seen.add(content)
    return copies
