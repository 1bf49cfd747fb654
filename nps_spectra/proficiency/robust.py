"""Robust location and scale of participants' results: ISO 13528:2022 Annex C with Amendment 1."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nps_spectra.errors import OptionError

Values = NDArray[np.float64]

#: Below this number of results a robust consensus is too uncertain to assign a value.
SMALL = 12
#: Constant of Algorithm A, as printed in C.3.1 and as it follows from winsorising a normal law at 1.5 SD.
CONSTANTS = {"iso": 1.134, "exact": 1.1333926553}
#: A scale below this share of the first one shrinks for ever: ties hold the centre.
VANISHED = 1e-9
#: Both algorithms converge in some tens of iterations.
MOST_ITERATIONS = 10_000
#: Limit and adjustment factor of Algorithm S by degrees of freedom (C.4).
FACTORS_S = {
    1: (1.645, 1.097),
    2: (1.517, 1.054),
    3: (1.444, 1.039),
    4: (1.395, 1.032),
    5: (1.359, 1.027),
    6: (1.332, 1.024),
    7: (1.310, 1.021),
    8: (1.292, 1.019),
    9: (1.277, 1.018),
    10: (1.264, 1.017),
}


@dataclass(frozen=True, slots=True)
class RobustEstimate:
    """Location and scale of a set of results, in the unit of the results.

    ``uncertainty`` is the standard uncertainty of the location; None where the method estimates none.
    ``warnings`` are texts on what makes the estimate doubtful.

    Examples
    --------
    >>> mad_e([1.0, 2.0, 3.0]).n
    3
    """

    location: float | None
    scale: float
    uncertainty: float | None
    n: int
    iterations: int
    method: str
    warnings: tuple[str, ...] = ()


def checked(values: ArrayLike, least: int = 2) -> Values:
    """One-dimensional finite float64 copy of the results, sorted; missing results are refused, not skipped.

    Raises
    ------
    OptionError
        Not numbers, not one-dimensional, not finite, or fewer than `least`.

    Examples
    --------
    >>> checked([2, 1]).tolist()
    [1.0, 2.0]
    """
    try:
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise OptionError(f"results: expected numbers, found {values!r}; censored results are decided first") from error
    if array.ndim != 1 or len(array) < least:
        raise OptionError(f"results: expected one dimension with at least {least}, found shape {array.shape}")
    if not np.isfinite(array).all():
        at = int(np.flatnonzero(~np.isfinite(array))[0])
        raise OptionError(f"results: number {at} is {array[at]}; expected finite numbers, leave missing results out")
    array.sort()
    return array


def estimate(
    x: Values, location: float, scale: float, method: str, iterations: int = 0, u: float = 1.25
) -> RobustEstimate:
    """Location and scale of one result of each laboratory, with what makes them doubtful.

    The standard uncertainty is ``u`` times the scale over the root of the number of results (7.7.7).
    """
    warnings = []
    if len(x) < SMALL:
        warnings.append(f"{len(x)} results: fewer than {SMALL}, a robust consensus is unreliable")
    if scale == 0:
        warnings.append("zero spread: scores against this scale are undefined")
    if len(np.unique(x)) <= len(x) / 2:
        warnings.append("half of the results or more are tied: rounding may govern the scale")
    uncertainty = u * scale / math.sqrt(len(x))
    return RobustEstimate(float(location), float(scale), uncertainty, len(x), iterations, method, tuple(warnings))


def mad_e(values: ArrayLike) -> RobustEstimate:
    """Median and scaled median absolute deviation, 1.483 MAD (ISO 13528:2022, C.2.2).

    Examples
    --------
    >>> round(mad_e([1.0, 2.0, 3.0, 4.0, 100.0]).scale, 3)
    1.483
    """
    x = checked(values)
    median = float(np.median(x))
    return estimate(x, median, 1.483 * float(np.median(np.abs(x - median))), "MADe")


def n_iqr(values: ArrayLike) -> RobustEstimate:
    """Median and normalised interquartile range, 0.7413 (Q3 - Q1), linear quartiles (ISO 13528:2022, C.2.3).

    Examples
    --------
    >>> round(n_iqr([1.0, 2.0, 3.0, 4.0, 100.0]).scale, 4)
    1.4826
    """
    x = checked(values)
    low, high = np.percentile(x, [25, 75])
    return estimate(x, float(np.median(x)), 0.7413 * float(high - low), "nIQR")


def algorithm_a(
    values: ArrayLike, *, constant: Literal["iso", "exact"] = "iso", stop: Literal["iso", "converged"] = "iso"
) -> RobustEstimate:
    """Winsorised mean and standard deviation (ISO 13528:2022, C.3.1).

    Parameters
    ----------
    values : array_like of float, shape (p,)
    constant : {"iso", "exact"}
        1.134 as printed, or 1.1333926553.
    stop : {"iso", "converged"}
        When the third significant figure of both stands still, or to a relative change of 1e-13.

    Examples
    --------
    >>> found = algorithm_a([4.5, 4.9, 5.6, 4.2, 6.2, 5.2, 9.9], constant="exact", stop="converged")
    >>> round(found.location, 6), round(found.scale, 6)
    (5.386139, 1.144555)
    """
    if constant not in CONSTANTS:
        raise OptionError(f"constant {constant!r}: expected 'iso' or 'exact'")
    if stop not in ("iso", "converged"):
        raise OptionError(f"stop {stop!r}: expected 'iso' or 'converged'")
    x = checked(values)
    location = float(np.median(x))
    scale = 1.483 * float(np.median(np.abs(x - location)))
    if scale == 0:
        scale = float(np.std(x, ddof=1))
    smallest = VANISHED * scale
    iterations = 0
    while iterations < MOST_ITERATIONS:
        iterations += 1
        clipped = np.clip(x, location - 1.5 * scale, location + 1.5 * scale)
        before = (location, scale)
        location = float(clipped.mean())
        scale = CONSTANTS[constant] * float(np.std(clipped, ddof=1))
        if scale <= smallest:
            location, scale = float(np.median(x)), 0.0
            break
        if stop == "iso":
            # The start is no iteration: where two figures of it happen to stand, nothing has converged yet.
            still = iterations > 1 and all(
                f"{a:.2e}" == f"{b:.2e}" for a, b in zip(before, (location, scale), strict=True)
            )
        else:
            still = max(abs(location - before[0]), abs(scale - before[1])) <= 1e-13 * max(abs(location), scale)
        if still:
            break
    else:
        raise OptionError("Algorithm A: no convergence within 10000 iterations; use q_method")
    return estimate(x, location, scale, "Algorithm A", iterations)


def algorithm_s(
    deviations: ArrayLike, degrees_of_freedom: int, *, constant: Literal["iso", "exact"] = "iso"
) -> RobustEstimate:
    """Robust pooled standard deviation of within-laboratory SDs (ISO 13528:2022, C.4).

    Ranges of duplicates are pooled with 1 degree of freedom; divide the result by sqrt(2). The factors are those
    printed for 1 to 10 degrees of freedom ("iso") or computed from chi-squared ("exact", any number).

    Examples
    --------
    >>> round(algorithm_s([0.1, 0.1, 0.1], 3).scale, 4)
    0.1039
    """
    w = checked(deviations)
    if constant not in CONSTANTS:
        raise OptionError(f"constant {constant!r}: expected 'iso' or 'exact'")
    if degrees_of_freedom < 1 or (constant == "iso" and degrees_of_freedom not in FACTORS_S):
        raise OptionError(f"degrees of freedom {degrees_of_freedom!r}: expected 1 to 10 (or more with 'exact')")
    if w[0] < 0:
        raise OptionError(f"standard deviations: found {w[0]}, expected none below 0")
    eta, xi = FACTORS_S[degrees_of_freedom] if constant == "iso" else _factors_s(degrees_of_freedom)
    pooled = float(np.median(w))
    smallest = VANISHED * pooled
    iterations = 0
    while iterations < MOST_ITERATIONS:
        iterations += 1
        before = pooled
        pooled = xi * float(np.sqrt(np.mean(np.minimum(w, eta * pooled) ** 2)))
        if abs(pooled - before) <= 1e-13 * pooled:
            break
        if pooled <= smallest:
            pooled = 0.0
            break
    else:
        raise OptionError(
            "Algorithm S: no convergence within 10000 iterations; pool the deviations as root mean square"
        )
    warnings = ("zero spread: the pooled deviation is 0",) if pooled == 0 else ()
    return RobustEstimate(None, pooled, None, len(w), iterations, "Algorithm S", warnings)


def _factors_s(nu: int) -> tuple[float, float]:
    from scipy.stats import chi2

    eta = math.sqrt(float(chi2.ppf(0.9, nu)) / nu)
    return eta, 1 / math.sqrt(float(chi2.cdf(nu * eta**2, nu + 2)) + 0.1 * eta**2)


def mean_without_outliers(values: ArrayLike) -> RobustEstimate:
    """Mean and SD after results further than 3 MADe from the median are left out.

    Examples
    --------
    >>> mean_without_outliers([1.0, 2.0, 3.0, 4.0, 100.0]).location
    2.5
    """
    x = checked(values)
    start = mad_e(x)
    kept = x if start.scale == 0 else x[np.abs(x - float(np.median(x))) <= 3 * start.scale]
    found = estimate(kept, float(kept.mean()), float(np.std(kept, ddof=1)), "mean without outliers", u=1.0)
    if len(kept) == len(x):
        return found
    left_out = (f"{len(x) - len(kept)} of {len(x)} results left out as outliers",)
    return RobustEstimate(
        found.location, found.scale, found.uncertainty, found.n, 0, found.method, found.warnings + left_out
    )
