"""Scores of a laboratory joined over substances or rounds: ISO 13528:2022, 9.9 and 10.8."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from nps_spectra.errors import OptionError
from nps_spectra.proficiency.robust import Values, checked


@dataclass(frozen=True, slots=True)
class CombinedScore:
    """Scores of one laboratory taken together.

    Attributes
    ----------
    n : int
    rescaled_sum : float
        Sum over the root of n; a common bias adds up, opposite errors cancel: never the only figure.
    sum_of_squares : float
    critical : float
        Limit of the sum of squares at 5 % (chi-squared, n degrees of freedom).
    unsatisfactory : int
        Scores at the action limit of 3 or beyond, which neither sum may hide.
    """

    n: int
    rescaled_sum: float
    sum_of_squares: float
    critical: float
    unsatisfactory: int


@dataclass(frozen=True, slots=True)
class ControlChart:
    """Scores of consecutive rounds with what they signal.

    Attributes
    ----------
    scores, upper, lower : ndarray of float64, shape (n,)
        The scores, and the cumulative sums of what lies above and below the allowance.
    signals : tuple of (int, str)
        Place of the round, and the rule.
    """

    scores: Values
    upper: Values
    lower: Values
    signals: tuple[tuple[int, str], ...]


def combine_scores(z: ArrayLike) -> CombinedScore:
    """Rescaled sum and sum of squares of a laboratory's z scores (doi:10.1351/pac199365092123).

    ISO 13528:2022, 9.9, has combined scores and gives no formula.
    Scores of one run or one calibration are not independent, and the limits do not hold for them.

    Raises
    ------
    OptionError
        No finite numbers.

    Examples
    --------
    >>> found = combine_scores([1.0, 1.0, 1.0, 1.0])
    >>> found.rescaled_sum, found.sum_of_squares
    (2.0, 4.0)
    """
    from scipy.special import chdtri

    scores = checked(z, 1)
    n = len(scores)
    return CombinedScore(
        n,
        float(scores.sum()) / math.sqrt(n),
        float((scores**2).sum()),
        float(chdtri(n, 0.05)),
        int((np.abs(scores) >= 3).sum()),
    )


def control_chart(z: ArrayLike, *, allowance: float = 0.5, decision: float = 5.0) -> ControlChart:
    """Shewhart and CUSUM chart of z scores in the order of the rounds (ISO 13528:2022, 10.8).

    Signals: a score of 3 or more; two of three consecutive scores beyond 2 on one side; six in a row on one side; a
    cumulative sum beyond `decision`, after which it starts anew.

    Parameters
    ----------
    z : array_like of float, shape (n,)
    allowance, decision : float
        Of the CUSUM, in units of z: half the shift looked for, and the interval of decision.

    Raises
    ------
    OptionError
        No finite numbers, or an allowance below 0 or decision not above 0.

    Examples
    --------
    >>> control_chart([0.3, -3.2, 0.5]).signals
    ((1, 'one score of 3 or more'),)
    """
    checked(z, 1)
    if not (allowance >= 0 and decision > 0):
        raise OptionError(f"allowance {allowance} and decision {decision}: expected at least 0 and above 0")
    scores = np.array(z, dtype=np.float64)
    signals: list[tuple[int, str]] = []
    upper, lower = np.zeros(len(scores)), np.zeros(len(scores))
    high = low = 0.0
    for place, score in enumerate(scores.tolist()):
        last = scores[: place + 1]
        if abs(score) >= 3:
            signals.append((place, "one score of 3 or more"))
        for side in (1, -1):
            if side * score > 2 and (side * last[-3:] > 2).sum() >= 2:
                signals.append((place, "two of three scores beyond 2 on one side"))
            if len(last) >= 6 and (side * last[-6:] > 0).all():
                signals.append((place, "six scores in a row on one side"))
        high, low = max(0.0, high + score - allowance), max(0.0, low - score - allowance)
        upper[place], lower[place] = high, low
        if max(high, low) > decision:
            signals.append((place, "cumulative sum beyond its limit"))
            high = low = 0.0
    return ControlChart(scores, upper, lower, tuple(signals))
