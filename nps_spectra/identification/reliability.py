"""How good stated probabilities are: calibration error, cost of the log-likelihood ratio, operating points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nps_spectra.errors import OptionError

Float = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Bin:
    """Predictions of like probability: how many, their mean, and the share that came true."""

    count: int
    predicted: float
    observed: float


def reliability(probability: Float, came_true: Bool, weight: Float | None = None, *, bins: int = 10) -> list[Bin]:
    """Predictions in bins of equal width, empty ones left out.

    Parameters
    ----------
    probability : ndarray of float64, shape (predictions,)
    came_true : ndarray of bool, shape (predictions,)
    weight : ndarray of float64, shape (predictions,), optional
    bins : int

    Raises
    ------
    OptionError
        Arrays of different length, nothing predicted, or numbers that are no probabilities.

    Examples
    --------
    >>> reliability(np.array([0.1, 0.1, 0.9, 0.9]), np.array([False, False, True, False]))
    [Bin(count=2, predicted=0.1, observed=0.0), Bin(count=2, predicted=0.9, observed=0.5)]
    """
    weight = _checked(probability, came_true, weight)
    place = np.minimum((probability * bins).astype(np.int64), bins - 1)
    found = []
    for number in range(bins):
        inside = place == number
        total = float(weight[inside].sum())
        if total > 0:
            predicted = float((weight * probability)[inside].sum()) / total
            observed = float(weight[inside & came_true].sum()) / total
            found.append(Bin(int(inside.sum()), predicted, observed))
    return found


def expected_calibration_error(
    probability: Float, came_true: Bool, weight: Float | None = None, *, bins: int = 10
) -> float:
    """Mean distance of stated and observed frequency over the bins (Naeini, Cooper and Hauskrecht, AAAI 2015).

    Examples
    --------
    >>> round(expected_calibration_error(np.array([0.1, 0.1, 0.9, 0.9]), np.array([False, False, True, False])), 6)
    0.25
    """
    weight = _checked(probability, came_true, weight)
    place = np.minimum((probability * bins).astype(np.int64), bins - 1)
    gap = np.bincount(place, weight * (came_true - probability), bins)
    return float(np.abs(gap).sum() / weight.sum())


def log_likelihood_ratio_cost(logit: Float, came_true: Bool) -> float:
    """Cllr of likelihood ratios ``exp(logit)``: 0 is perfect, 1 says nothing.

    Brümmer and du Preez, Comput. Speech Lang. 2006, 20, 230, doi:10.1016/j.csl.2005.08.001.

    Parameters
    ----------
    logit : ndarray of float64, shape (trials,)
        Natural logarithm of the likelihood ratio, the prior odds taken off.
    came_true : ndarray of bool, shape (trials,)

    Examples
    --------
    >>> log_likelihood_ratio_cost(np.array([0.0, 0.0]), np.array([True, False]))
    1.0
    """
    if came_true.all() or not came_true.any():
        raise OptionError("Cllr needs trials of both kinds")
    present = np.logaddexp(0, -logit[came_true]).mean()
    absent = np.logaddexp(0, logit[~came_true]).mean()
    return float((present + absent) / 2 / np.log(2))


def area_under_roc(present: Float, absent: Float) -> float:
    """Probability that a present trial scores above an absent one, ties by half.

    Examples
    --------
    >>> area_under_roc(np.array([0.9, 0.5]), np.array([0.5, 0.1]))
    0.875
    """
    if not (len(present) and len(absent)):
        raise OptionError("a ROC needs trials of both kinds")
    ordered = np.sort(absent)
    below = np.searchsorted(ordered, present, "left")
    not_above = np.searchsorted(ordered, present, "right")
    return float((below + not_above).mean() / 2 / len(absent))


def operating_point(present: Float, absent: Float, largest_share: float) -> tuple[float, int, int]:
    """Lowest limit at which at most this share of the absent is named; present and absent trials above it.

    Returns
    -------
    (float, int, int)
        Limit (what is above it is named), present trials named, absent trials named.

    Examples
    --------
    >>> operating_point(np.array([0.9, 0.6, 0.3]), np.array([0.7, 0.4, 0.2, 0.1]), 0.25)
    (0.4, 2, 1)
    """
    allowed = int(np.floor(largest_share * len(absent) + 1e-9))
    limit = float(np.sort(absent)[::-1][allowed]) if allowed < len(absent) else -np.inf
    return limit, int((present > limit).sum()), int((absent > limit).sum())


def _checked(probability: Float, came_true: Bool, weight: Float | None) -> Float:
    if len(probability) == 0 or probability.shape != came_true.shape:
        raise OptionError(f"{probability.shape} probabilities and {came_true.shape} outcomes: expected as many of both")
    if not ((probability >= 0) & (probability <= 1)).all():
        raise OptionError("probabilities are expected between 0 and 1")
    return np.ones(len(probability)) if weight is None else weight
