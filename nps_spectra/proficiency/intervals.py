"""Proportions with their confidence intervals."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from nps_spectra.errors import OptionError


@dataclass(frozen=True, slots=True)
class Proportion:
    """A proportion with exact and Wilson intervals.

    Attributes
    ----------
    successes, trials : int
    value : float or None
        None if there was no trial, as are the limits.
    exact_low, exact_high : float or None
        Clopper & Pearson, Biometrika 1934, 26, 404, doi:10.1093/biomet/26.4.404.
    wilson_low, wilson_high : float or None
        Wilson, J. Am. Stat. Assoc. 1927, 22, 209, doi:10.1080/01621459.1927.10502953, without continuity correction.
    """

    successes: int
    trials: int
    value: float | None
    exact_low: float | None
    exact_high: float | None
    wilson_low: float | None
    wilson_high: float | None


@lru_cache(maxsize=65536)
def proportion(successes: int, trials: int, confidence: float = 0.95) -> Proportion:
    """A proportion and its two-sided intervals.

    Raises
    ------
    OptionError
        Not 0 <= successes <= trials, or confidence not between 0 and 1.

    Examples
    --------
    >>> found = proportion(45, 50)
    >>> f"{found.exact_low:.4f}-{found.exact_high:.4f} {found.wilson_low:.4f}-{found.wilson_high:.4f}"
    '0.7819-0.9667 0.7864-0.9565'
    """
    if not 0 <= successes <= trials:
        raise OptionError(f"found {successes} successes of {trials} trials, expected 0 <= successes <= trials")
    if not 0 < confidence < 1:
        raise OptionError(f"found the confidence {confidence}, expected more than 0 and less than 1")
    if trials == 0:
        return Proportion(0, 0, None, None, None, None, None)
    from scipy.special import betaincinv, ndtri

    tail = (1 - confidence) / 2
    failures = trials - successes
    low = float(betaincinv(successes, failures + 1, tail)) if successes else 0.0
    high = float(betaincinv(successes + 1, failures, 1 - tail)) if failures else 1.0
    z = float(ndtri(1 - tail))
    share = successes / trials
    centre = share + z * z / (2 * trials)
    half = z * (share * (1 - share) / trials + z * z / (4 * trials * trials)) ** 0.5
    scale = 1 + z * z / trials
    # Rounding must not carry a limit past the proportion itself or past 0 and 1.
    wilson_low = 0.0 if successes == 0 else min(share, (centre - half) / scale)
    wilson_high = 1.0 if failures == 0 else max(share, (centre + half) / scale)
    return Proportion(successes, trials, share, low, high, wilson_low, wilson_high)


def likelihood_ratio(true_positive: int, false_negative: int, false_positive: int, true_negative: int) -> float | None:
    """Positive likelihood ratio, sensitivity / (1 - specificity); None where it is not defined.

    Examples
    --------
    >>> likelihood_ratio(9, 1, 5, 95)
    18.0
    """
    if true_positive + false_negative == 0 or false_positive == 0:
        return None
    share = true_positive / (true_positive + false_negative)
    return share * (false_positive + true_negative) / false_positive
