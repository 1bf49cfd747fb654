"""Homogeneity of the items of a round: ISO 13528:2022 Annex B."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from nps_spectra.errors import OptionError


@dataclass(frozen=True, slots=True)
class Homogeneity:
    """Standard deviations of item means, within and between items, and the expanded limit sqrt(c) (B.2.3)."""

    mean: float
    sd_means: float
    sd_within: float
    sd_between: float
    limit: float
    expanded_limit: float
    warnings: tuple[str, ...] = ()

    @property
    def sufficient(self) -> bool:
        """The between-item deviation is at most 0.3 sigma_pt."""
        return self.sd_between <= self.limit


def check_homogeneity(results: ArrayLike, sigma_pt: float) -> Homogeneity:
    """Between-item deviation of g items measured m times, shape (g, m) (ISO 13528:2022, B.2 and B.3).

    Examples
    --------
    >>> check_homogeneity([[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]], 0.1).sufficient
    True
    """
    from scipy.stats import chi2, f

    x = np.asarray(results, dtype=np.float64)
    if x.ndim != 2 or x.shape[0] < 2 or x.shape[1] < 2 or not np.isfinite(x).all():
        raise OptionError(
            f"homogeneity: expected finite results of >= 2 items x >= 2 replicates, found shape {x.shape}"
        )
    if not (math.isfinite(sigma_pt) and sigma_pt > 0):
        raise OptionError(f"sigma_pt {sigma_pt!r}: expected a finite number above 0")
    g, m = x.shape
    sd_means = float(np.std(x.mean(axis=1), ddof=1))
    sd_within = math.sqrt(float(np.var(x, axis=1, ddof=1).mean()))
    limit = 0.3 * sigma_pt
    f1 = float(chi2.ppf(0.95, g - 1)) / (g - 1)
    f2 = (float(f.ppf(0.95, g - 1, g * (m - 1))) - 1) / m
    warnings = (f"{g} items: Annex B asks for at least 10",) if g < 10 else ()
    return Homogeneity(
        float(x.mean()),
        sd_means,
        sd_within,
        math.sqrt(max(0.0, sd_means**2 - sd_within**2 / m)),
        limit,
        math.sqrt(f1 * limit**2 + f2 * sd_within**2),
        warnings,
    )
