"""Homogeneity and stability of the items of a round: ISO 13528:2022 Annex B."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from nps_spectra.errors import OptionError
from nps_spectra.proficiency.outliers import cochran_test


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
    warnings = [f"{g} items: Annex B asks for at least 10"] if g < 10 else []
    variances = np.var(x, axis=1, ddof=1)
    if variances.any() and (test := cochran_test(variances, m)).significant:
        warnings.append(
            f"item {test.place + 1}: its replicates differ too much (Cochran {test.statistic:.3f}, limit "
            f"{test.critical:.3f}); look for a blunder before the test is used"
        )
    return Homogeneity(
        float(x.mean()),
        sd_means,
        sd_within,
        math.sqrt(max(0.0, sd_means**2 - sd_within**2 / m)),
        limit,
        math.sqrt(f1 * limit**2 + f2 * sd_within**2),
        tuple(warnings),
    )


@dataclass(frozen=True, slots=True)
class Stability:
    """Means before and after, their difference, and its limits (B.5): 0.3 sigma_pt, and expanded by uncertainties."""

    mean_before: float
    mean_after: float
    difference: float
    limit: float
    expanded_limit: float

    @property
    def sufficient(self) -> bool:
        """The means differ by at most 0.3 sigma_pt."""
        return self.difference <= self.limit


def check_stability(before: ArrayLike, after: ArrayLike, sigma_pt: float) -> Stability:
    """Difference of the means of items measured before and after (ISO 13528:2022, B.5).

    Parameters
    ----------
    before, after : array_like of float, shape (g, m)
        Items and replicates; before may be the homogeneity study.

    Raises
    ------
    OptionError
        Not finite, fewer than two results, or sigma_pt not above 0.

    Examples
    --------
    >>> check_stability([[1.0, 1.0]], [[1.1, 1.1]], 1.0).sufficient
    True
    """
    if not (math.isfinite(sigma_pt) and sigma_pt > 0):
        raise OptionError(f"sigma_pt {sigma_pt!r}: expected a finite number above 0")
    means, squares = [], 0.0
    for name, results in (("before", before), ("after", after)):
        x = np.asarray(results, dtype=np.float64)
        if x.ndim != 2 or x.size < 2 or not np.isfinite(x).all():
            raise OptionError(f"stability, {name}: expected finite results, items x replicates, found shape {x.shape}")
        # Replicates of one item share its error: the items are what is independent.
        independent = x.mean(axis=1) if len(x) > 1 else x[0]
        means.append(float(x.mean()))
        squares += float(np.var(independent, ddof=1)) / len(independent)
    limit = 0.3 * sigma_pt
    difference = abs(means[0] - means[1])
    return Stability(means[0], means[1], difference, limit, limit + 2 * math.sqrt(squares))
