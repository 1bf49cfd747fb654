"""Nominal and ordinal results: statistics and scores (ISO 13528:2022, clause 11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nps_spectra.errors import OptionError


@dataclass(frozen=True, slots=True)
class CategorySummary:
    """Results in categories, summarised.

    Attributes
    ----------
    n : int
    mode : tuple of str
        The most frequent category, or all that are equally frequent, in the order given.
    median : str or None
        None for nominal categories, which have no order, and where the middle falls between two categories.
    agreement : float
        Share of the results in the mode; of one of them if there are several.
    """

    n: int
    mode: tuple[str, ...]
    median: str | None
    agreement: float


def summarise_categories(counts: Mapping[str, int], *, ordered: bool) -> CategorySummary:
    """Mode, and for ordered categories the median, of counted results.

    Parameters
    ----------
    counts : mapping of str to int
        Results in each category; from low to high if `ordered`.
    ordered : bool
        Whether the categories are ordinal.

    Raises
    ------
    OptionError
        A count is negative, or there is no result.

    Examples
    --------
    >>> summarise_categories({"1": 8, "2": 12, "3": 20, "4": 10}, ordered=True)
    CategorySummary(n=50, mode=('3',), median='3', agreement=0.4)
    """
    if any(count < 0 for count in counts.values()) or not any(counts.values()):
        raise OptionError(f"found the counts {dict(counts)}, expected none below 0 and at least one above")
    n = sum(counts.values())
    most = max(counts.values())
    median = None
    if ordered:
        low, high = (_at(counts, rank) for rank in ((n + 1) // 2, n // 2 + 1))
        median = low if low == high else None
    return CategorySummary(n, tuple(name for name, count in counts.items() if count == most), median, most / n)


def agreement_scores(results: Sequence[str | None], assigned: str) -> list[int | None]:
    """1 where a result is the assigned category, 0 where not, None where there is none (the a-score of one item).

    Examples
    --------
    >>> agreement_scores(["MDMA", "MDA", None], "MDMA")
    [1, 0, None]
    """
    return [None if result is None else int(result == assigned) for result in results]


def ordinal_distances(results: Sequence[str | None], assigned: str, categories: Sequence[str]) -> list[int | None]:
    """How many categories each result lies above (+) or below (-) the assigned one; None where there is none.

    Raises
    ------
    OptionError
        A result or the assigned value is no category, or a category is there twice.

    Examples
    --------
    >>> ordinal_distances(["trace", "major", None], "minor", ["trace", "minor", "major"])
    [-1, 1, None]
    """
    places = {name: place for place, name in enumerate(categories)}
    if len(places) != len(categories):
        raise OptionError(f"found the categories {', '.join(categories)}, expected each once")
    for name in (assigned, *results):
        if name is not None and name not in places:
            raise OptionError(f"found {name!r}, expected one of {', '.join(categories)}")
    return [None if result is None else places[result] - places[assigned] for result in results]


def _at(counts: Mapping[str, int], rank: int) -> str:
    """The category of the result with this rank, from 1 to the number of results."""
    return [name for name, count in counts.items() for _ in range(count)][rank - 1]
