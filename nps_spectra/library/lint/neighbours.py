"""The rule that compares every record with all others: does it look like what its label says?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from nps_spectra.cleaning import CleanSpectra
from nps_spectra.library.lint.findings import Found, Outcome
from nps_spectra.library.lint.identity import half_of_last_digit
from nps_spectra.library.lint.records import Records
from nps_spectra.options import Tolerance
from nps_spectra.scoring import ScoreOptions

Int = npt.NDArray[np.int64]
Float = npt.NDArray[np.float64]

#: Fewer peaks make any two spectra alike.
_ENOUGH_PEAKS: Final = 8
_ENOUGH_FRAGMENTS: Final = 5
#: Of the most intense fragment.
_FRAGMENT: Final = 0.02
#: As like as replicates of one substance are.
_ALIKE: Final = 0.95
#: Less like than any two good measurements of one substance.
_UNLIKE: Final = 0.6
#: A record of the own label that is as like as that may be a copy, and proves nothing.
_COPY: Final = 0.99999
#: Kim et al. 2012, doi:10.1093/bioinformatics/bts083.
_MZ_EXPONENT, _INTENSITY_EXPONENT = 1.3, 0.53
_BLOCK: Final = 512
#: Spectra cleaned at a time: it bounds the memory.
_MSN_BLOCK: Final = 4096
_PRECURSOR: Final = Tolerance(0.01, "Da")
#: A molecular ion is absent below the first and present above the second share of the base peak.
_ABSENT: Final = 0.005
_PRESENT: Final = 0.02


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What a record is most like.

    Attributes
    ----------
    row : int
    own, own_score : int or None, float or None
        The most similar record of the same substance; None if there is no other.
    other, other_score : int, float
        The most similar record of another formula (EI) or of an ion of another composition (MS/MS).
    """

    row: int
    own: int | None
    own_score: float | None
    other: int
    other_score: float


def looks_like_another(records: Records) -> Outcome:
    """Spectra more like those of another substance than like those of their own label.

    Being alike alone says nothing, because homologues are alike. Either the other records of the label must
    contradict it, or, in EI, the molecular ion: that of the label is missing, and that of the other substance is
    there and no fragment of the label. MS/MS spectra are compared at one precursor m/z only, where ions of another
    composition have other fragments.
    """
    found = []
    ei = [row for row in records.rows_of("EI") if len(records.peaks(row)[0]) >= _ENOUGH_PEAKS]
    for near in _ei_neighbours(records, ei):
        found += _judged(records, near)
    msn = [row for row in records.rows_of("MSn") if not np.isnan(records.numbers("precursor_mz")[row])]
    for near in _msn_neighbours(records, msn):
        found += _judged(records, near)
    return Outcome(sorted(found), len(ei) + len(msn))


def _judged(records: Records, near: Neighbours) -> list[Found]:
    text = f"similarity {near.other_score:.3f} to {records.label(near.other)}"
    if near.own is not None and near.own_score is not None:
        if near.own_score > _UNLIKE or _is_the_sound_one(records, near):
            return []
        text += f", {near.own_score:.3f} to the nearest record of its own label, {records.label(near.own)}"
        return [Found(near.row, "error", text, (near.other, near.own))]
    text += "; no other record of its own label"
    if records.kinds[near.row] == "EI":
        own, other = _molecular_ion(records, near.row, near.row), _molecular_ion(records, near.row, near.other)
        if own is None or other is None or own[1] >= _ABSENT or other[1] < _PRESENT:
            return []
        if _may_lose(records.measured_atoms(near.row) or {}, records.measured_atoms(near.other) or {}):
            return []
        text += (
            f"; its molecular ion at m/z {own[0]} is missing, that of the other at m/z {other[0]} has {other[1]:.1%}"
        )
    return [Found(near.row, "warning", text, (near.other,))]


def _is_the_sound_one(records: Records, near: Neighbours) -> bool:
    """Whether the molecular ions speak for this record's label and against that of the other."""
    if records.kinds[near.row] != "EI":
        return False
    own, other_here = _molecular_ion(records, near.row, near.row), _molecular_ion(records, near.row, near.other)
    other = _molecular_ion(records, near.other, near.other)
    if own is None or other is None or other_here is None:
        return False
    return own[1] >= _PRESENT and min(other[1], other_here[1]) < _ABSENT


def _molecular_ion(records: Records, row: int, label: int) -> tuple[int, float] | None:
    """Nominal m/z of the molecular ion by the label of one record, and its intensity in another."""
    mass = records.molecule_mass(label)
    if mass is None:
        return None
    nominal = int(np.floor(mass + 0.5))
    mz, intensity = records.peaks(row)
    at = np.floor(mz + 0.5) == nominal
    return nominal, float(intensity[at].max(initial=0.0))


def _may_lose(whole: Mapping[str, int], part: Mapping[str, int]) -> bool:
    """Whether a molecule can become the other by the loss of a neutral, as an acetate becomes its alcohol."""
    lost = {element: whole.get(element, 0) - part.get(element, 0) for element in whole.keys() | part.keys()}
    if any(count < 0 for count in lost.values()):
        return False
    # No molecule loses CH2: a spectrum like that of the lower homologue is not explained.
    return {element: count for element, count in lost.items() if count} != {"C": 1, "H": 2}


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
    chosen = np.array(rows, dtype=np.int64)
    formula = _numbered([records.texts("formula")[row] for row in rows])
    for start in range(0, len(rows), _BLOCK):
        block = vectors[start : start + _BLOCK] @ vectors.T
        for at in (start + np.flatnonzero(np.sum(block >= _ALIKE, axis=1) > 1)).tolist():
            yield from _nearest(records, chosen, at, block[at - start].astype(np.float64), formula)


def _nearest(records: Records, rows: Int, at: int, scores: Float, label: Int) -> Iterator[Neighbours]:
    """The neighbours of ``rows[at]`` among `rows`, of which those below 0 in `scores` were not compared."""
    if label[at] < 0:
        return
    others = np.where((label != label[at]) & (label >= 0), scores, -1.0)
    other = int(np.argmax(others))
    if others[other] < _ALIKE:
        return
    substance = records.substances.of_row[rows]
    labelled = records.is_labelled(int(rows[at]))
    # A deuterated standard under the formula of the drug has its key, but not its ions.
    own_label = [
        bool(same) and records.is_labelled(row) == labelled
        for same, row in zip(substance == substance[at], rows.tolist(), strict=True)
    ]
    same = np.where(np.array(own_label) & (scores < _COPY), scores, -1.0)
    same[at] = -1.0
    own = int(np.argmax(same))
    known = bool(same[own] >= 0)
    yield Neighbours(
        int(rows[at]),
        int(rows[own]) if known else None,
        float(same[own]) if known else None,
        int(rows[other]),
        float(others[other]),
    )


def _numbered(values: list[str | None]) -> Int:
    numbers: dict[str, int] = {}
    return np.array([-1 if value is None else numbers.setdefault(value, len(numbers)) for value in values])


def _msn_neighbours(records: Records, rows: list[int]) -> Iterator[Neighbours]:
    if len(rows) < 2:
        return
    chosen = np.array(rows, dtype=np.int64)
    precursors = records.numbers("precursor_mz")[chosen]
    order = np.argsort(precursors, kind="stable")
    chosen, precursors = chosen[order], precursors[order]
    # Between two neighbours further apart than the tolerance nothing has to be compared.
    gaps = np.flatnonzero(np.diff(precursors) > _PRECURSOR.value) + 1
    start = 0
    for stop in (*gaps.tolist(), len(chosen)):
        if stop - start >= _MSN_BLOCK or stop == len(chosen):
            yield from _msn_block(records, chosen[start:stop], precursors[start:stop])
            start = stop


def _msn_block(records: Records, rows: Int, precursors: Float) -> Iterator[Neighbours]:
    scorer = ScoreOptions(method="weighted_cosine", tolerance="0.01 Da", remove_precursor=1.6).resolve("MS/MS")
    prepared = scorer.prepare(records.spectra.select(rows))
    ion = _numbered([_composition(records, row) for row in rows.tolist()])
    polarity = _numbered([records.texts("polarity")[row] for row in rows.tolist()])
    enough = _fragments(prepared.clean) >= _ENOUGH_FRAGMENTS
    first = np.searchsorted(precursors, precursors - _PRECURSOR.value)
    last = np.searchsorted(precursors, precursors + _PRECURSOR.value, side="right")
    for at in np.flatnonzero(enough & (ion >= 0)).tolist():
        span = np.arange(first[at], last[at])
        if np.all(ion[span] == ion[at]):
            continue
        compared = enough[span] & (polarity[span] == polarity[at]) & (span != at)
        if not compared.any():
            continue
        scores = np.full(len(span), -1.0)
        scores[compared] = scorer.score(prepared, at, prepared, span[compared]).score
        yield from _nearest(records, rows[span], at - int(first[at]), scores, ion[span])


def _fragments(clean: CleanSpectra) -> Int:
    """Number of fragments that are no mere traces: one that outshines all others tells no substance."""
    owner = np.repeat(np.arange(len(clean.offsets) - 1), np.diff(clean.offsets))
    highest = np.zeros(len(clean.offsets) - 1, dtype=clean.intensity.dtype)
    np.maximum.at(highest, owner, clean.intensity)
    return np.bincount(owner[clean.intensity >= _FRAGMENT * highest[owner]], minlength=len(highest))


def _composition(records: Records, row: int) -> str | None:
    """Composition of the precursor; None if it is unknown or not at the precursor m/z (another rule says so)."""
    atoms, adduct, mass = records.ion_atoms(row), records.adduct(row), records.molecule_mass(row)
    if atoms is None or adduct is None or mass is None:
        return None
    precursor = float(records.numbers("precursor_mz")[row])
    if abs(adduct.mz(mass) - precursor) > _PRECURSOR.value + half_of_last_digit(precursor):
        return None
    return " ".join(f"{element}{count}" for element, count in sorted(atoms.items()))
