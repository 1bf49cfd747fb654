"""Tests of laboratories and items against each other: Cochran, Grubbs, Mandel, Youden pairs, repeatability."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nps_spectra.errors import OptionError
from nps_spectra.proficiency.pairwise import q_method
from nps_spectra.proficiency.robust import Values, checked


@dataclass(frozen=True, slots=True)
class OutlierTest:
    """A statistic, its critical value, and the place of the laboratory or item that it belongs to."""

    statistic: float
    critical: float
    place: int

    @property
    def significant(self) -> bool:
        """The statistic is above its critical value."""
        return self.statistic > self.critical


@dataclass(frozen=True, slots=True)
class Mandel:
    """Consistency between (h) and within (k) laboratories, with the critical values of h (two-sided) and k.

    ``h`` and ``k`` have shape (p,); ``k`` and its critical value are None without replicates.
    """

    h: Values
    k: Values | None
    h_critical: float
    k_critical: float | None


@dataclass(frozen=True, slots=True)
class YoudenPairs:
    """Results on two similar samples: robust centre, standard deviations, correlation, and who stands outside.

    Attributes
    ----------
    centre, deviations : tuple of float
    correlation : float
    distances : ndarray of float64, shape (p,)
        Squared distance of each laboratory in the measure of the ellipse.
    limit : float
        Squared distance of the ellipse; laboratories beyond it are outside.
    ellipse : ndarray of float64, shape (180, 2)
    swapped : tuple of int
        Places of laboratories outside that would stand inside with their two results exchanged.
    """

    centre: tuple[float, float]
    deviations: tuple[float, float]
    correlation: float
    distances: Values
    limit: float
    ellipse: Values
    swapped: tuple[int, ...]


def cochran_test(variances: ArrayLike, replicates: int, *, alpha: float = 0.05) -> OutlierTest:
    """Whether the largest of p variances is too large (ISO 5725-2, 8.3.4; ISO 13528:2022, B.2.2).

    Parameters
    ----------
    variances : array_like of float, shape (p,)
    replicates : int
        Results in each variance; for duplicates, squared differences serve as well.

    Raises
    ------
    OptionError
        Fewer than two variances, one below 0, all 0, or fewer than two replicates.

    Examples
    --------
    >>> round(cochran_test([1.0, 1.0, 1.0, 9.0], 2, alpha=0.01).critical, 3)
    0.968
    """
    from scipy.stats import f

    v = _given("variances", variances, 2)
    if (v < 0).any() or not v.any():
        raise OptionError("variances: expected none below 0 and one above 0")
    _check_alpha(alpha)
    p, nu = len(v), _degrees(replicates)
    ratio = float(f.isf(alpha / p, nu, (p - 1) * nu))
    return OutlierTest(float(v.max() / v.sum()), ratio / (ratio + p - 1), int(v.argmax()))


def grubbs_test(values: ArrayLike, *, alpha: float = 0.05) -> OutlierTest:
    """Whether the result furthest from the mean is an outlier, two-sided (ISO 5725-2, 8.3.5).

    Raises
    ------
    OptionError
        Fewer than three finite results, or no spread.

    Examples
    --------
    >>> round(grubbs_test([1.0, 1.0, 1.0, 1.0, 9.0], alpha=0.01).critical, 3)
    1.764
    """
    from scipy.stats import t

    x = _given("results", values, 3)
    _check_alpha(alpha)
    spread = float(np.std(x, ddof=1))
    if spread == 0:
        raise OptionError("results: all are equal, expected some spread")
    p = len(x)
    far = np.abs(x - x.mean()) / spread
    square = float(t.isf(alpha / (2 * p), p - 2)) ** 2
    return OutlierTest(float(far.max()), (p - 1) * math.sqrt(square / (p * (p - 2 + square))), int(far.argmax()))


def mandel(results: ArrayLike, *, alpha: float = 0.01) -> Mandel:
    """Mandel's h and k with their critical values (ISO 5725-2, 8.3.1).

    Parameters
    ----------
    results : array_like of float, shape (p,) or (p, m)
        One result, or m replicates of each laboratory.

    Raises
    ------
    OptionError
        Fewer than three laboratories, not finite, or no spread between laboratories.

    Examples
    --------
    >>> mandel([[1.0, 1.2], [1.1, 1.1], [3.0, 3.4]]).h.round(2).tolist()
    [-0.58, -0.58, 1.15]
    """
    from scipy.stats import f, t

    x = np.asarray(results, dtype=np.float64)
    if x.ndim not in (1, 2) or x.shape[0] < 3 or not np.isfinite(x).all():
        raise OptionError(f"results: expected finite ones of 3 laboratories or more, found shape {x.shape}")
    _check_alpha(alpha)
    means = x if x.ndim == 1 else x.mean(axis=1)
    p, spread = len(means), float(np.std(means, ddof=1))
    if spread == 0:
        raise OptionError("results: the means of all laboratories are equal, expected some spread")
    quantile = float(t.isf(alpha / 2, p - 2))
    h_critical = (p - 1) * quantile / math.sqrt(p * (quantile**2 + p - 2))
    h = (means - means.mean()) / spread
    if x.ndim == 1 or x.shape[1] == 1:
        return Mandel(h, None, h_critical, None)
    variances = np.var(x, axis=1, ddof=1)
    pooled = math.sqrt(float(variances.mean()))
    nu = x.shape[1] - 1
    ratio = float(f.isf(alpha, nu, (p - 1) * nu))
    k = np.sqrt(variances) / pooled if pooled else np.zeros(p)
    return Mandel(h, k, h_critical, math.sqrt(p * ratio / (ratio + p - 1)))


def youden_pairs(first: ArrayLike, second: ArrayLike, *, confidence: float = 0.95) -> YoudenPairs:
    """Ellipse of results on two similar samples (ISO 13528:2022, 10.5), by robust estimates.

    Centre and standard deviations are those of the Q method; the correlation is 2 sin(pi/6 r_s) of Spearman's rank
    correlation r_s; the limit is Hotelling's T squared. A few blunders so leave the ellipse where the others stand.

    Raises
    ------
    OptionError
        Not as many results on both samples, fewer than 4, or no spread.

    Examples
    --------
    >>> found = youden_pairs([1.0, 1.1, 0.9, 1.2, 1.05, 5.0], [5.0, 5.1, 4.8, 5.3, 5.0, 1.0])
    >>> found.swapped
    (5,)
    """
    from scipy.stats import f, rankdata

    x, y = _given("first", first, 4), _given("second", second, 4)
    if len(x) != len(y):
        raise OptionError(f"pairs: found {len(x)} first and {len(y)} second results, expected as many")
    if not 0 < confidence < 1:
        raise OptionError(f"confidence {confidence!r}: expected more than 0 and less than 1")
    estimates = q_method(x), q_method(y)
    centre = tuple(float(one.location or 0.0) for one in estimates)
    scales = tuple(one.scale for one in estimates)
    if not all(scales):
        raise OptionError("pairs: the results on one sample have no spread, so there is no ellipse")
    ranks = float(np.corrcoef(rankdata(x), rankdata(y))[0, 1])
    # An ellipse of no width has no inside.
    r = max(-0.999, min(0.999, 2 * math.sin(math.pi / 6 * ranks)))

    def distances(a: Values, b: Values) -> Values:
        u, v = (a - centre[0]) / scales[0], (b - centre[1]) / scales[1]
        return np.asarray((u**2 - 2 * r * u * v + v**2) / (1 - r**2), dtype=np.float64)

    p = len(x)
    limit = 2 * (p - 1) / (p - 2) * float(f.ppf(confidence, 2, p - 2))
    found = distances(x, y)
    swapped = np.flatnonzero((found > limit) & (distances(y, x) <= limit))
    angle = np.linspace(0, 2 * math.pi, 180, endpoint=False)
    size = math.sqrt(limit)
    turned = r * np.cos(angle) + math.sqrt(1 - r**2) * np.sin(angle)
    ellipse = np.column_stack([centre[0] + size * scales[0] * np.cos(angle), centre[1] + size * scales[1] * turned])
    return YoudenPairs(
        (centre[0], centre[1]), (scales[0], scales[1]), r, found, limit, ellipse, tuple(swapped.tolist())
    )


def repeatability_statistic(
    means: ArrayLike, deviations: ArrayLike, x_star: float, w_star: float, replicates: int
) -> Values:
    """How far mean and SD of each laboratory lie from the robust ones together (ISO 13528:2022, 10.6).

    Compare with the chi-squared quantile of 2 degrees of freedom: 5.99 at 95 %, 9.21 at 99 %.

    Examples
    --------
    >>> repeatability_statistic([11.0], [3.0], 10.0, 2.0, 4).round(5).tolist()
    [1.98641]
    """
    x, s = _given("means", means, 1), _given("deviations", deviations, 1)
    m = _degrees(replicates) + 1
    if len(x) != len(s) or not (s > 0).all() or not w_star > 0:
        raise OptionError("repeatability: expected as many means as standard deviations, all of these above 0")
    found = m * ((x - x_star) / w_star) ** 2 + 2 * (m - 1) * np.log(s / w_star) ** 2
    return np.asarray(found, dtype=np.float64)


def _given(name: str, values: ArrayLike, least: int) -> NDArray[np.float64]:
    """Finite numbers in the order given."""
    checked(values, least)
    return np.array(values, dtype=np.float64)


def _degrees(replicates: int) -> int:
    if replicates < 2:
        raise OptionError(f"replicates {replicates!r}: expected 2 or more")
    return replicates - 1


def _check_alpha(alpha: float) -> None:
    if not 0 < alpha < 1:
        raise OptionError(f"alpha {alpha!r}: expected more than 0 and less than 1")
