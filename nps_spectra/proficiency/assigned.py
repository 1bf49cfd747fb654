"""Assigned values from expert laboratories, and sigma_pt by model: ISO 13528:2022 clauses 7 and 8."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from nps_spectra.errors import OptionError


@dataclass(frozen=True, slots=True)
class AssignedValue:
    """Assigned value, its standard uncertainty and, where estimated, the variance between laboratories."""

    value: float
    uncertainty: float
    between_variance: float | None
    method: str


def negligible(u_pt: float, sigma_pt: float) -> bool:
    """u(x_pt) is below 0.3 sigma_pt (ISO 13528:2022, 9.2.1).

    Examples
    --------
    >>> negligible(0.2, 1.0)
    True
    """
    return u_pt < 0.3 * sigma_pt


def paule_mandel(means: ArrayLike, uncertainties: ArrayLike) -> AssignedValue:
    """Random-effects mean of expert laboratories (doi:10.6028/jres.087.022).

    Examples
    --------
    >>> round(paule_mandel([1.0, 1.0, 1.0], [0.1, 0.1, 0.1]).value, 6)
    1.0
    """
    x, u = _experts(means, uncertainties)

    def excess(tau2: float) -> float:
        w = 1 / (u**2 + tau2)
        return float((w * (x - (w * x).sum() / w.sum()) ** 2).sum()) - (len(x) - 1)

    low, high = 0.0, 0.0
    if excess(0.0) > 0:
        high = float(np.ptp(x)) ** 2  # (x - mean)^2 / range^2 sums to at most p / 4, which p >= 2 keeps below p - 1
        for _ in range(200):
            middle = (low + high) / 2
            low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return _weighted(x, u, high, "Paule-Mandel")


def dersimonian_laird(means: ArrayLike, uncertainties: ArrayLike) -> AssignedValue:
    """Random-effects mean of expert laboratories by moments (doi:10.1016/0197-2456(86)90046-2).

    Examples
    --------
    >>> round(dersimonian_laird([1.0, 1.0, 1.0], [0.1, 0.1, 0.1]).value, 6)
    1.0
    """
    x, u = _experts(means, uncertainties)
    w = u**-2
    q = float((w * (x - (w * x).sum() / w.sum()) ** 2).sum())
    tau2 = max(0.0, (q - len(x) + 1) / float(w.sum() - (w**2).sum() / w.sum()))
    return _weighted(x, u, tau2, "DerSimonian-Laird")


def _experts(means: ArrayLike, uncertainties: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    x, u = np.asarray(means, dtype=np.float64), np.asarray(uncertainties, dtype=np.float64)
    if x.ndim != 1 or x.shape != u.shape or len(x) < 2:
        raise OptionError(f"expert laboratories: expected >= 2 means with uncertainties, found {x.shape} and {u.shape}")
    if not (np.isfinite(x).all() and np.isfinite(u).all() and (u > 0).all()):
        raise OptionError("expert laboratories: expected finite means and standard uncertainties above 0")
    return x, u


def _weighted(x: np.ndarray, u: np.ndarray, tau2: float, method: str) -> AssignedValue:
    w = 1 / (u**2 + tau2)
    return AssignedValue(float((w * x).sum() / w.sum()), 1 / math.sqrt(float(w.sum())), tau2, method)


def sigma_horwitz(mass_fraction: float) -> float:
    """Horwitz-Thompson sigma_pt as a mass fraction (doi:10.1039/b000282h); too tight for drug purities.

    Examples
    --------
    >>> round(sigma_horwitz(1.195e-6) * 1e6, 3)
    0.186
    """
    if not 0 < mass_fraction <= 1:
        raise OptionError(f"mass fraction {mass_fraction!r}: expected above 0 and at most 1")
    if mass_fraction < 1.2e-7:
        return 0.22 * mass_fraction
    return 0.02 * mass_fraction**0.8495 if mass_fraction <= 0.138 else 0.01 * math.sqrt(mass_fraction)


def sigma_precision(s_reproducibility: float, s_repeatability: float, replicates: int) -> float:
    """sigma_pt of a precision experiment for means of m replicates (ISO 13528:2022, 8.5).

    Examples
    --------
    >>> round(sigma_precision(23.2, 14.3, 2), 1)
    20.9
    """
    square = s_reproducibility**2 - s_repeatability**2 * (1 - 1 / replicates) if replicates >= 1 else math.nan
    if not square >= 0:
        raise OptionError("precision experiment: expected s_R >= s_r >= 0 and at least 1 replicate")
    return math.sqrt(square)
