"""How like each other repeated measurements of one substance are, in one library and under one score."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from nps_spectra.library import Library
from nps_spectra.library.replicates import replicates_of
from nps_spectra.options import Tolerance
from nps_spectra.scorers import Prepared, Scorer, Technique
from nps_spectra.scoring import technique_of
from nps_spectra.searching.gates import Gates, Kind, within

Int = npt.NDArray[np.int64]

#: Share of the pairs of repeated measurements that must reach the limit.
COVERAGE: Final = 0.95
#: With fewer substances measured repeatedly no limit is stated, whatever the coverage.
_FEWEST: Final = 20
#: Heights that differ by less, relative to the base peak, are one height on a scale of 0 to 999 rounded twice.
_SAME_HEIGHT: Final = 0.0015


@dataclass(frozen=True, slots=True)
class Spread:
    """How like each other repeated measurements of one substance are in a library.

    Attributes
    ----------
    method : str
    substances : int
        Substances of which a pair was compared.
    between_contributors : bool
        Whether the pairs are of different contributors.
    coverage : float
    limit : float or None
        Score that this share of the pairs reaches; None if there are too few.
    median : float or None
    low, high : float or None
        95 % confidence interval of `limit`, by the order of the scores alone; None where the pairs are too few.
    margin : float or None
        In this share of the pairs, no other substance scores higher than the own one by more than this (0 or more):
        of a search, candidates this close to the leader are not told apart from it by score. None as for `limit`.
    """

    method: str
    substances: int
    between_contributors: bool
    coverage: float
    limit: float | None
    median: float | None
    low: float | None
    high: float | None
    margin: float | None


def fewest_substances(coverage: float) -> int:
    """How many substances must be measured repeatedly for a limit that this share of them reaches.

    Examples
    --------
    >>> fewest_substances(0.95), fewest_substances(0.99)
    (20, 100)
    """
    return max(_FEWEST, math.ceil(1 / (1 - coverage) - 1e-9))


def rows_of(library: Library, technique: Technique) -> Int:
    """Spectra of a technique that have peaks."""
    peaks = np.diff(library.spectra.offsets)
    ionization = library.spectra.texts("ionization").to_list()
    found = [
        row
        for row, given in enumerate(ionization)
        if peaks[row]
        and (technique_of(library[row]) if given is None else "EI" if given.upper() == "EI" else "MS/MS") == technique
    ]
    return np.array(found, dtype=np.int64)


def spread_of(library: Library, scorer: Scorer, tolerance: Tolerance, coverage: float = COVERAGE) -> Spread:
    """How like each other repeated measurements are, one pair for every substance that has several.

    One pair, because ten measurements of one substance tell nothing about the others. Copies of one measurement are
    no repetition: pairs with equal peaks, however scaled, are passed over. Replicates are those of
    `nps_spectra.library.replicates`: one structure, measured in one way.

    Parameters
    ----------
    library : Library
    scorer : Scorer
    tolerance : Tolerance
        Of precursors.
    coverage : float
    """
    contributors = library.spectra.texts("contributor").to_list()
    prepared = library.prepared(scorer)
    others_of = Compared(library, scorer.technique, tolerance)
    among: dict[str, tuple[float, float]] = {}
    between: dict[str, tuple[float, float]] = {}
    groups, _ = replicates_of(library, tolerance)
    for group in groups:
        if group.technique != scorer.technique:
            continue
        for at, first in enumerate(group.rows):
            for second in group.rows[at + 1 :]:
                own, other = contributors[first], contributors[second]
                differ = own is not None and other is not None and own != other
                if group.substance in (between if differ else among) or _same_peaks(prepared, first, second):
                    continue
                score = float(scorer.score(prepared, first, prepared, np.array([second], dtype=np.int64)).score[0])
                if not math.isnan(score):
                    others = scorer.score(prepared, first, prepared, others_of(first)).score
                    highest = float(np.nanmax(others)) if (~np.isnan(others)).any() else 0.0
                    (between if differ else among)[group.substance] = score, highest - score
    use_between = len(between) >= fewest_substances(coverage)
    chosen = np.array(list((between if use_between else among | between).values())).reshape(-1, 2)
    scores, excess = np.sort(chosen[:, 0]), np.sort(chosen[:, 1])
    count = len(scores)
    if count < fewest_substances(coverage):
        median = float(np.median(scores)) if count else None
        return Spread(scorer.method, count, use_between, coverage, None, median, None, None, None)
    # The largest score that at least this share of the pairs reaches.
    enough = math.ceil(coverage * count - 1e-9)
    limit, margin = float(scores[count - enough]), max(0.0, float(excess[enough - 1]))
    low, high = _interval(scores, 1 - coverage)
    return Spread(scorer.method, count, use_between, coverage, limit, float(np.median(scores)), low, high, margin)


def _interval(scores: npt.NDArray[np.float64], share: float) -> tuple[float | None, float | None]:
    """Confidence interval of a quantile from the order of the scores: binomial, at least 97.5 % on each side."""
    from scipy.special import bdtr

    # Probability that at most k of the pairs lie below the true quantile, for every k.
    below = bdtr(np.arange(len(scores)), len(scores), share)
    lower, upper = np.flatnonzero(below <= 0.025), np.flatnonzero(below >= 0.975)
    return float(scores[lower[-1]]) if len(lower) else None, float(scores[upper[0]]) if len(upper) else None


class Compared:
    """Which spectra of other substances a search would compare with a spectrum of the library."""

    def __init__(self, library: Library, technique: Technique, tolerance: Tolerance) -> None:
        self._library = library
        self._rows = rows_of(library, technique)
        self._of_technique = np.zeros(len(library), dtype=bool)
        self._of_technique[self._rows] = True
        self._substances = library.substances.of_row
        self._gates = None if technique == "EI" else Gates(library)
        self._tolerance = tolerance

    def __call__(self, row: int) -> Int:
        rows = self._rows
        if self._gates is not None:
            one = self._library[row]
            kind = Kind(technique_of(one), one.ionization, one.polarity, one.ms_level, one.representation == "profile")
            allowed = self._gates.allowed(kind)
            own = np.array([math.nan if one.precursor_mz is None else one.precursor_mz])
            start, stop = within(self._tolerance, own, allowed)
            gated = np.sort(allowed.by_precursor[0][start[0] : stop[0]])
            rows = gated[self._of_technique[gated]]
        different: Int = rows[self._substances[rows] != self._substances[row]]
        return different


def _same_peaks(prepared: Prepared, first: int, second: int) -> bool:
    """Whether two spectra are copies of one measurement, however they were scaled and rounded."""
    (mz, intensity), (other_mz, other) = prepared.clean.peaks(first), prepared.clean.peaks(second)
    if not np.array_equal(mz, other_mz):
        return False
    return len(mz) == 0 or bool(np.abs(intensity / intensity.max() - other / other.max()).max() < _SAME_HEIGHT)
