"""Agreement of qualitative results: within laboratories, between them, and beyond chance."""

from __future__ import annotations

from collections.abc import Sequence

from nps_spectra.errors import OptionError


def accordance(positives: Sequence[int], results: Sequence[int]) -> float | None:
    """Chance that two results of one laboratory on the same material agree, averaged over laboratories.

    Parameters
    ----------
    positives, results : sequence of int
        Positive results and all results of each laboratory.

    Returns
    -------
    float or None
        None if no laboratory has two results.

    Raises
    ------
    OptionError
        Not 0 <= positives <= results.

    Notes
    -----
    Langton et al., Int. J. Food Microbiol. 2002, 79, 175, doi:10.1016/S0168-1605(02)00107-1.

    Examples
    --------
    >>> accordance([2, 1], [2, 2])
    0.5
    """
    _check(positives, results)
    shares = [
        (k * (k - 1) + (n - k) * (n - k - 1)) / (n * (n - 1)) for k, n in zip(positives, results, strict=True) if n > 1
    ]
    return sum(shares) / len(shares) if shares else None


def concordance(positives: Sequence[int], results: Sequence[int]) -> float | None:
    """Chance that two results of different laboratories on the same material agree; None with fewer than two.

    Parameters and errors as of `accordance`.

    Examples
    --------
    >>> concordance([1, 1, 0], [1, 1, 1]) == 1 / 3
    True
    """
    _check(positives, results)
    negatives = [n - k for k, n in zip(positives, results, strict=True)]
    pairs = _between(results, results)
    if pairs == 0:
        return None
    return (_between(positives, positives) + _between(negatives, negatives)) / pairs


def fleiss_kappa(counts: Sequence[Sequence[int]]) -> float | None:
    """Agreement beyond chance of many laboratories that put every item into one category.

    Parameters
    ----------
    counts : sequence of sequence of int
        For each item, how many laboratories chose each category. Items with fewer than two are left out.

    Returns
    -------
    float or None
        None where it is not defined: no item is left, or only one category was ever chosen.

    Notes
    -----
    Fleiss, Psychol. Bull. 1971, 76, 378, doi:10.1037/h0031619. Where laboratories are missing, every item weighs
    alike in the observed agreement, and every result alike in that of chance.

    Examples
    --------
    >>> fleiss_kappa([[5, 0], [0, 5]])
    1.0
    """
    rows = [row for row in counts if sum(row) > 1]
    if not rows:
        return None
    observed: float = sum(sum(n * (n - 1) for n in row) / (sum(row) * (sum(row) - 1)) for row in rows) / len(rows)
    total = sum(map(sum, rows))
    columns = [sum(column) for column in zip(*rows, strict=True)]
    expected: float = sum(column * column for column in columns) / (total * total)
    if total in columns:
        return None
    return (observed - expected) / (1 - expected)


def _between(one: Sequence[int], other: Sequence[int]) -> int:
    """Sum of products over ordered pairs of different laboratories."""
    return sum(one) * sum(other) - sum(a * b for a, b in zip(one, other, strict=True))


def _check(positives: Sequence[int], results: Sequence[int]) -> None:
    if len(positives) != len(results):
        raise OptionError(
            f"found {len(positives)} numbers of positives and {len(results)} of results, expected as many"
        )
    for k, n in zip(positives, results, strict=True):
        if not 0 <= k <= n:
            raise OptionError(f"found {k} positive of {n} results, expected 0 <= positive <= results")
