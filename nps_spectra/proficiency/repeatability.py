"""How results repeat, where laboratories report replicates: Mandel's h and k, and means with deviations together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from nps_spectra.errors import OptionError
from nps_spectra.proficiency.outliers import mandel, repeatability_statistic
from nps_spectra.proficiency.robust import algorithm_a, algorithm_s
from nps_spectra.proficiency.rounds import Round
from nps_spectra.proficiency.submissions import Submissions

#: Mean and deviation together exceed it in one of twenty laboratories without fault: chi-squared of two degrees.
STATISTIC_LIMIT: Final = 5.99
#: Laboratories with as many replicates, of which Mandel's statistics can be had.
_FEWEST: Final = 3


@dataclass(frozen=True, slots=True)
class Repeatability:
    """Replicates of one laboratory for a substance in a sample, beside those of the others.

    Attributes
    ----------
    laboratory, sample, substance, unit : str
    replicates : int
    mean, sd : float
        In `unit`.
    h, h_critical : float or None
        Mandel's h between laboratories and its two-sided critical value at 1 % (ISO 5725-2).
    k, k_critical : float or None
        Mandel's k within laboratories and its critical value at 1 %.
    statistic : float or None
        Mean and deviation together (ISO 13528:2022, 10.6); above 5.99, chi-squared of two degrees of freedom, in one of
        twenty laboratories without fault.
    reason : str
        Why something is missing; empty if nothing is.
    """

    laboratory: str
    sample: str
    substance: str
    unit: str
    replicates: int
    mean: float
    sd: float
    h: float | None = None
    h_critical: float | None = None
    k: float | None = None
    k_critical: float | None = None
    statistic: float | None = None
    reason: str = ""


def repeatabilities(round_: Round, submissions: Submissions) -> tuple[Repeatability, ...]:
    r"""Every laboratory that reported two values or more of a substance in a sample, in order of samples and codes.

    Compared are laboratories with as many replicates as most have, the larger number where two are as common.

    Examples
    --------
    >>> import tempfile
    >>> from nps_spectra.proficiency import evaluate
    >>> from nps_spectra.proficiency.template import write_template
    >>> header = "laboratory,sample,substance,value,replicate"
    >>> rows = [f"{code},SM-1,cocaine,{50 + place + n},{n}" for place, code in enumerate("ABC") for n in (1, 2)]
    >>> with tempfile.TemporaryDirectory() as name:
    ...     round_toml, submissions, *_ = write_template(name)
    ...     _ = submissions.write_text("\n".join((header, *rows)), encoding="utf-8")
    ...     [(one.laboratory, one.mean, one.k) for one in evaluate(name).repeatability]
    [('A', 51.5, 1.0), ('B', 52.5, 1.0), ('C', 53.5, 1.0)]
    """
    values: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for entry in submissions.entries:
        if entry.value is not None:
            values[entry.sample, entry.resolution.name][entry.laboratory].append(entry.value)
    found: list[Repeatability] = []
    for sample in round_.samples:
        for content in sample.contents:
            given = {code: each for code, each in values[sample.code, content.substance].items() if len(each) > 1}
            if given and content.unit is not None:
                found += _compared(sample.code, content.substance, content.unit, dict(sorted(given.items())))
    return tuple(found)


def _compared(sample: str, substance: str, unit: str, given: dict[str, list[float]]) -> list[Repeatability]:
    counts = Counter(len(each) for each in given.values())
    m = max(counts, key=lambda number: (counts[number], number))
    rows = [
        Repeatability(code, sample, substance, unit, len(each), float(np.mean(each)), float(np.std(each, ddof=1)))
        for code, each in given.items()
    ]
    chosen = [row for row in rows if row.replicates == m]
    told = "" if len(chosen) >= _FEWEST else f"{len(chosen)} laboratories with {m} replicates, expected {_FEWEST}"
    numbers: dict[str, Repeatability] = {}
    if not told:
        try:
            numbers = _numbers(chosen, m, [given[row.laboratory] for row in chosen])
        except OptionError as error:
            told = str(error)
    return [
        numbers.get(row.laboratory, replace(row, reason=told))
        if row.replicates == m
        else replace(row, reason=f"{row.replicates} replicates; compared are laboratories with {m}")
        for row in rows
    ]


def _numbers(rows: Sequence[Repeatability], m: int, values: Sequence[Sequence[float]]) -> dict[str, Repeatability]:
    consistency = mandel(values)
    means, deviations = np.array([row.mean for row in rows]), np.array([row.sd for row in rows])
    centre = algorithm_a(means).location
    width = algorithm_s(deviations, m - 1, constant="exact").scale
    found: dict[str, Repeatability] = {}
    for place, row in enumerate(rows):
        statistic, reason = None, ""
        if centre is None or not width or not row.sd:
            reason = "no statistic of mean and deviation: replicates without spread"
        else:
            statistic = float(repeatability_statistic([row.mean], [row.sd], centre, width, m)[0])
        found[row.laboratory] = replace(
            row,
            h=float(consistency.h[place]),
            h_critical=consistency.h_critical,
            k=None if consistency.k is None else float(consistency.k[place]),
            k_critical=consistency.k_critical,
            statistic=statistic,
            reason=reason,
        )
    return found
