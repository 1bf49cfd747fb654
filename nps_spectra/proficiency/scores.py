"""Scores of results against assigned values: ISO 13528:2022 clause 9. NaN is a missing result and stays NaN."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nps_spectra.errors import OptionError

Scores = NDArray[np.float64]
Verdict = Literal["satisfactory", "questionable", "unsatisfactory"]


def _numbers(name: str, given: ArrayLike, *, lowest: float | None = None, above: float | None = None) -> Scores:
    try:
        array = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise OptionError(f"{name}: expected numbers, found {given!r}") from error
    if np.isinf(array).any():
        raise OptionError(f"{name}: found an infinite number, expected finite ones or NaN where missing")
    if lowest is not None and (array < lowest).any():
        raise OptionError(f"{name}: found {np.nanmin(array)}, expected none below {lowest}")
    if above is not None and (array <= above).any():
        raise OptionError(f"{name}: found {np.nanmin(array)}, expected numbers above {above}")
    return array


def _ratio(x: ArrayLike, x_pt: ArrayLike, divisor: Scores) -> Scores:
    if (divisor == 0).any():
        raise OptionError("score: both uncertainties are 0, expected at least one above 0")
    return np.asarray((_numbers("x", x) - _numbers("x_pt", x_pt)) / divisor, dtype=np.float64)


def z(x: ArrayLike, x_pt: ArrayLike, sigma_pt: ArrayLike) -> Scores:
    """(x - x_pt) / sigma_pt, arrays broadcast (ISO 13528:2022, 9.4).

    Examples
    --------
    >>> z([9.0, 12.0], 10.0, 1.0).tolist()
    [-1.0, 2.0]
    """
    return _ratio(x, x_pt, _numbers("sigma_pt", sigma_pt, above=0))


def z_prime(x: ArrayLike, x_pt: ArrayLike, sigma_pt: ArrayLike, u_pt: ArrayLike) -> Scores:
    """Z with the standard uncertainty of the assigned value in the divisor (ISO 13528:2022, 9.5).

    Examples
    --------
    >>> z_prime([15.0], 10.0, 3.0, 4.0).tolist()
    [1.0]
    """
    return _ratio(x, x_pt, np.hypot(_numbers("sigma_pt", sigma_pt, above=0), _numbers("u_pt", u_pt, lowest=0)))


def zeta(x: ArrayLike, x_pt: ArrayLike, u: ArrayLike, u_pt: ArrayLike) -> Scores:
    """Difference over both standard uncertainties (ISO 13528:2022, 9.6).

    Examples
    --------
    >>> zeta([15.0], 10.0, 3.0, 4.0).tolist()
    [1.0]
    """
    return _ratio(x, x_pt, np.hypot(_numbers("u", u, lowest=0), _numbers("u_pt", u_pt, lowest=0)))


def e_n(x: ArrayLike, x_pt: ArrayLike, expanded: ArrayLike, expanded_pt: ArrayLike) -> Scores:
    """Difference over both expanded uncertainties (ISO 13528:2022, 9.7).

    Examples
    --------
    >>> e_n([15.0], 10.0, 3.0, 4.0).tolist()
    [1.0]
    """
    return zeta(x, x_pt, expanded, expanded_pt)


def d_percent(x: ArrayLike, x_pt: ArrayLike) -> Scores:
    """Difference in percent of the assigned value, which is above 0 (ISO 13528:2022, 9.3).

    Examples
    --------
    >>> d_percent([11.0], 10.0).tolist()
    [10.0]
    """
    return 100 * _ratio(x, x_pt, _numbers("x_pt", x_pt, above=0))


def p_a(x: ArrayLike, x_pt: ArrayLike, delta_e: ArrayLike) -> Scores:
    """Difference in percent of the allowed error delta_E (ISO 13528:2022, 9.3).

    Examples
    --------
    >>> p_a([11.0], 10.0, 4.0).tolist()
    [25.0]
    """
    return 100 * _ratio(x, x_pt, _numbers("delta_E", delta_e, above=0))


def verdicts(scores: ArrayLike, *, warning: float = 2.0, action: float = 3.0) -> list[Verdict | None]:
    """Satisfactory to the warning limit inclusive, unsatisfactory from the action limit on; None where missing.

    For E_n and P_A, which have one limit, both are that limit: 1 or 100, which is then unsatisfactory itself.

    Examples
    --------
    >>> verdicts([2.0, -2.5, 3.0, float("nan")])
    ['satisfactory', 'questionable', 'unsatisfactory', None]
    """
    if not 0 < warning <= action:
        raise OptionError(f"limits {warning} and {action}: expected 0 < warning <= action")
    return [
        None
        if np.isnan(size)
        else "unsatisfactory"
        if size >= action
        else "satisfactory"
        if size <= warning
        else "questionable"
        for size in np.abs(np.atleast_1d(_numbers("scores", scores))).ravel().tolist()
    ]
