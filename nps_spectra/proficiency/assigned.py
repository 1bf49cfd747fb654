"""Assigned values from expert laboratories, and sigma_pt by model: ISO 13528:2022 clauses 7 and 8."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from nps_spectra.errors import OptionError
from nps_spectra.proficiency.robust import checked


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


def vangel_rukhin(means: ArrayLike, deviations: ArrayLike, replicates: ArrayLike) -> AssignedValue:
    """Random-effects mean of expert laboratories by maximum likelihood (doi:10.1111/j.0006-341X.1999.00129.x).

    Unlike the other two, it takes the laboratories' variances as estimates of few replicates, not as known.

    Parameters
    ----------
    means, deviations : array_like of float, shape (p,)
        Mean and standard deviation of the replicates of each laboratory.
    replicates : array_like of int, shape (p,) or ()
        Results in each mean, 2 or more.

    Raises
    ------
    OptionError
        Not finite, deviations not above 0, fewer than two laboratories or replicates, or no convergence.

    Examples
    --------
    >>> round(vangel_rukhin([1.0, 1.2, 0.8], [0.1, 0.1, 0.1], 3).value, 6)
    1.0
    """
    x, s = _experts(means, deviations)
    n = np.broadcast_to(np.asarray(replicates, dtype=np.float64), x.shape)
    if not (n >= 2).all():
        raise OptionError(f"expert laboratories: found {replicates!r} replicates, expected 2 or more")
    observed, nu = s**2 / n, n - 1
    between = float(np.var(x, ddof=1))
    value = float(x.mean())
    for _ in range(100_000):
        variances = np.array(
            [_likeliest(d2, between, t2, df) for d2, t2, df in zip((x - value) ** 2, observed, nu, strict=True)]
        )
        w = 1 / (between + variances)
        moved = float((w * x).sum() / w.sum())
        # At the maximum sum w = sum (w d)^2; the ratio of both leads there and keeps the variance from below 0.
        grown = between * float((w**2 * (x - moved) ** 2).sum() / w.sum())
        still = abs(moved - value) <= 1e-12 * (abs(moved) + math.sqrt(grown)) and abs(grown - between) <= 1e-11 * grown
        value, between = moved, grown
        if still or between <= 1e-12 * float(observed.max()):
            return AssignedValue(value, 1 / math.sqrt(float(w.sum())), between, "Vangel-Rukhin")
    raise OptionError("Vangel-Rukhin: no convergence within 100000 iterations; use paule_mandel")


def _likeliest(square: float, between: float, observed: float, df: float) -> float:
    """Variance of a mean that makes its deviation and its observed variance likeliest."""
    # The derivative of the likelihood by the variance v, times v^2 (between + v)^2.
    b = between
    roots = np.roots(
        [1 + df, b + 2 * b * df - square - df * observed, df * b**2 - 2 * df * observed * b, -df * observed * b**2]
    )
    real = roots.real[(np.abs(roots.imag) <= 1e-9 * np.abs(roots)) & (roots.real > 0)]
    cost = square / (b + real) + np.log(b + real) + df * np.log(real) + df * observed / real
    return float(real[cost.argmin()])


def from_reference(certified: float, uncertainty: float, differences: ArrayLike) -> AssignedValue:
    """Assigned value of one laboratory's comparison with a certified reference material (ISO 13528:2022, 7.5).

    Parameters
    ----------
    certified, uncertainty : float
        Value of the reference material and its standard uncertainty.
    differences : array_like of float, shape (n,)
        Result on the test item less the result on the reference material, for each pair.

    Raises
    ------
    OptionError
        Fewer than two differences, not finite, or an uncertainty below 0.

    Examples
    --------
    >>> from_reference(10.0, 0.1, [1.0, 1.0]).value
    11.0
    """
    d = checked(differences)
    if not (math.isfinite(certified) and 0 <= uncertainty < math.inf):
        raise OptionError(f"reference material: found {certified} with u {uncertainty}, expected finite, u at least 0")
    spread = float(np.std(d, ddof=1)) / math.sqrt(len(d))
    return AssignedValue(certified + float(d.mean()), math.hypot(uncertainty, spread), None, "comparison with a CRM")


def combined_uncertainty(
    characterisation: float, *, homogeneity: float = 0.0, transport: float = 0.0, stability: float = 0.0
) -> float:
    """u(x_pt) of a value by formulation or certificate, of its parts (ISO 13528:2022, 7.2).

    Raises
    ------
    OptionError
        A part is below 0 or not finite.

    Examples
    --------
    >>> combined_uncertainty(0.3, homogeneity=0.4)
    0.5
    """
    parts = (characterisation, homogeneity, transport, stability)
    if not all(0 <= part < math.inf for part in parts):
        raise OptionError(f"uncertainties: found {parts}, expected finite numbers of 0 or more")
    return math.hypot(*parts)


def agrees_with_reference(x_star: float, u_star: float, x_ref: float, u_ref: float) -> bool:
    """A consensus lies within twice the combined uncertainty of a reference value (ISO 13528:2022, 7.8).

    Examples
    --------
    >>> agrees_with_reference(10.0, 0.1, 10.2, 0.1)
    True
    """
    return abs(x_ref - x_star) <= 2 * math.hypot(u_ref, u_star)


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


@dataclass(frozen=True, slots=True)
class SigmaModel:
    """Standard deviations of earlier rounds as a straight line of their assigned values.

    Attributes
    ----------
    intercept, slope : float
    r_squared : float
    rounds : int
    lowest, highest : float
        Assigned values that the line stands on.
    """

    intercept: float
    slope: float
    r_squared: float
    rounds: int
    lowest: float
    highest: float

    def at(self, assigned: float) -> float:
        """sigma_pt of an assigned value within those of the earlier rounds.

        Raises
        ------
        OptionError
            The value is beyond them, or the line gives no standard deviation there.
        """
        sigma = self.intercept + self.slope * assigned
        if not self.lowest <= assigned <= self.highest:
            raise OptionError(f"assigned value {assigned!r}: expected {self.lowest} to {self.highest} as in the rounds")
        if sigma <= 0:
            raise OptionError(f"assigned value {assigned!r}: the line gives {sigma}, expected a deviation above 0")
        return sigma


def sigma_experience(assigned: ArrayLike, deviations: ArrayLike) -> SigmaModel:
    """sigma_pt by experience of earlier rounds: least squares of their robust deviations (ISO 13528:2022, 8.3).

    Parameters
    ----------
    assigned, deviations : array_like of float, shape (rounds,)
        Assigned value and robust standard deviation of each round.

    Raises
    ------
    OptionError
        Not as many of both, fewer than three rounds, not finite, a deviation not above 0, or all values equal.

    Examples
    --------
    >>> model = sigma_experience([1.0, 2.0, 3.0, 4.0], [0.2, 0.3, 0.4, 0.5])
    >>> round(model.at(2.5), 6), model.rounds
    (0.35, 4)
    """
    x, y = np.asarray(assigned, dtype=np.float64), np.asarray(deviations, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape or len(x) < 3:
        raise OptionError(f"rounds: expected 3 or more values with deviations, found shapes {x.shape} and {y.shape}")
    if not (np.isfinite(x).all() and np.isfinite(y).all() and (y > 0).all()):
        raise OptionError("rounds: expected finite assigned values, and finite deviations above 0")
    centred = x - x.mean()
    if not centred.any():
        raise OptionError(f"rounds: all assigned values are {x[0]}, expected different ones")
    slope = float((centred * y).sum() / (centred**2).sum())
    intercept = float(y.mean()) - slope * float(x.mean())
    spread = float(((y - y.mean()) ** 2).sum())
    left = float(((y - intercept - slope * x) ** 2).sum())
    return SigmaModel(intercept, slope, 1 - left / spread if spread else 1.0, len(x), float(x.min()), float(x.max()))
