"""The rule that compares every record with all others: does it look like what its label says?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from nps_spectra.library.lint.findings import Found, Outcome
from nps_spectra.library.lint.records import Records
from nps_spectra.options import Tolerance
from nps_spectra.scoring import ScoreOptions

Float = npt.NDArray[np.float64]

#: Fewer peaks make any two spectra alike.
_ENOUGH_PEAKS: Final = 8
_ENOUGH_FRAGMENTS: Final = 5
#: As like as replicates of one substance are.
_ALIKE: Final = 0.95
#: Less like than any two good measurements of one substance.
_UNLIKE: Final = 0.6
#: A plain cosine from here on is a copy, which the rules about copies report.
_COPY: Final = 0.9999
#: Kim et al. 2012, doi:10.1093/bioinformatics/bts083.
_MZ_EXPONENT, _INTENSITY_EXPONENT = 1.3, 0.53
_BLOCK: Final = 512
_PRECURSOR: Final = Tolerance(0.01, "Da")


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What a record is most like.

    Attributes
    ----------
    row : int
    own, own_score : int or None, float or None
        The most similar record of the same substance; None if there is no other.
    other, other_score : int, float
        The most similar record of a substance of another formula.
    """

    row: int
    own: int | None
    own_score: float | None
    other: int
    other_score: float


def looks_like_another(records: Records) -> Outcome:
    """Spectra more like those of another substance than like those of their own label."""
    found = []
    ei = [row for row in records.rows_of("EI") if len(records.peaks(row)[0]) >= _ENOUGH_PEAKS]
    for near in _ei_neighbours(records, ei):
        found += _judged(records, near)
    msn = [row for row in records.rows_of("MSn") if not np.isnan(records.numbers("precursor_mz")[row])]
    for near in _msn_neighbours(records, msn):
        found += _judged(records, near)
    return Outcome(sorted(found), len(ei) + len(msn))


def _judged(records: Records, near: Neighbours) -> list[Found]:
    if near.other_score < _ALIKE:
        return []
    text = f"similarity {near.other_score:.3f} to {records.label(near.other)}"
    if near.own is None:
        return [Found(near.row, "warning", f"{text}; no other record of its own label", (near.other,))]
    if near.own_score is None or near.own_score > _UNLIKE:
        return []
    text += f", {near.own_score:.3f} to the nearest record of its own label"
    return [Found(near.row, "error", text, (near.other, near.own))]


def _ei_neighbours(records: Records, rows: list[int]) -> Iterator[Neighbours]:
    if len(rows) < 2:
        return
    parts = [records.peaks(row) for row in rows]
    bins = np.concatenate([np.floor(mz + 0.5) for mz, _ in parts]).astype(np.int64)
    used, column = np.unique(bins, return_inverse=True)
    owner = np.repeat(np.arange(len(rows)), [len(mz) for mz, _ in parts])
    vectors = np.zeros((len(rows), len(used)), dtype=np.float32)
    np.add.at(vectors, (owner, column), np.concatenate([intensity for _, intensity in parts]))
    vectors = used.astype(np.float32) ** _MZ_EXPONENT * vectors**_INTENSITY_EXPONENT
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    substance = records.substances.of_row[rows]
    formula = _numbered([records.texts("formula")[row] for row in rows])
    for start in range(0, len(rows), _BLOCK):
        for at, scores in enumerate(vectors[start : start + _BLOCK] @ vectors.T, start=start):
            yield from _nearest(rows, at, scores, substance, formula)


def _nearest(
    rows: list[int],
    at: int,
    scores: npt.NDArray[np.float32],
    substance: npt.NDArray[np.int64],
    formula: npt.NDArray[np.int64],
) -> Iterator[Neighbours]:
    if formula[at] < 0:
        return
    others = np.where((formula != formula[at]) & (formula >= 0) & (scores < _COPY), scores, -1.0)
    other = int(np.argmax(others))
    if others[other] < _ALIKE:
        return
    same = np.where((substance == substance[at]) & (scores < _COPY), scores, -1.0)
    same[at] = -1.0
    own = int(np.argmax(same))
    known = same[own] >= 0
    yield Neighbours(
        rows[at], rows[own] if known else None, float(same[own]) if known else None, rows[other], float(others[other])
    )


def _numbered(values: list[str | None]) -> npt.NDArray[np.int64]:
    numbers: dict[str, int] = {}
    return np.array([-1 if value is None else numbers.setdefault(value, len(numbers)) for value in values])


def _msn_neighbours(records: Records, rows: list[int]) -> Iterator[Neighbours]:
    if len(rows) < 2:
        return
    scorer = ScoreOptions(method="weighted_cosine", tolerance="0.01 Da", remove_precursor=1.6).resolve("MS/MS")
    chosen = np.array(rows, dtype=np.int64)
    precursors = records.numbers("precursor_mz")[chosen]
    chosen = chosen[np.argsort(precursors, kind="stable")]
    prepared = scorer.prepare(records.spectra.select(chosen))
    precursors = records.numbers("precursor_mz")[chosen]
    formula = _numbered([records.texts("formula")[row] for row in chosen.tolist()])
    substance = records.substances.of_row[chosen]
    polarity = _numbered([records.texts("polarity")[row] for row in chosen.tolist()])
    enough = np.diff(prepared.clean.offsets) >= _ENOUGH_FRAGMENTS
    first = np.searchsorted(precursors, precursors - _PRECURSOR.value)
    last = np.searchsorted(precursors, precursors + _PRECURSOR.value, side="right")
    for at in np.flatnonzero(enough & (formula >= 0)).tolist():
        span = np.arange(first[at], last[at])
        if np.all(formula[span] == formula[at]):
            continue
        asked = span[enough[span] & (polarity[span] == polarity[at]) & (span != at)]
        if not len(asked):
            continue
        scores = np.zeros(len(chosen), dtype=np.float32) - 1
        scores[asked] = scorer.score(prepared, at, prepared, asked).score
        yield from _nearest(chosen.tolist(), at, scores, substance, formula)
