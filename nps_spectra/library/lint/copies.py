"""Rules that find one measurement under several records: exact copies, and copies that were rescaled or cut.

Two measurements of a substance never agree in every digit. A copy does, up to the rounding of its numbers, and
what it lacks lies below an intensity or outside an m/z range. `near_duplicate` asks exactly that, and asks
besides that so good an agreement be no chance: for each common peak, the probability that two independent
measurements with a repeatability of 2 % (better than any laboratory's) agree within the rounding; the product
over the peaks must be below one in a million. Coarsely rounded intensities, where everything agrees, can
therefore never be called copies.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from nps_spectra.library.lint.findings import Found, Outcome, Severity
from nps_spectra.library.lint.names import are_tautomers
from nps_spectra.library.lint.records import Records, Relation

#: Fewer peaks can be equal in two measurements.
_ENOUGH_PEAKS: Final = 5
_ENOUGH_COMMON: Final = 8
#: Relative standard deviation of an intensity between two measurements, at its very best.
_REPEATABILITY: Final = 0.02
_CHANCE: Final = 1e-6
#: Plain cosine below which no copy can lie that lost no more than weak peaks.
_LEAST_COSINE: Final = 0.999
#: Rows of one block of the product of all pairs.
_BLOCK: Final = 1024


def same_peaks(records: Records) -> Outcome:
    """Exactly equal peak lists, after scaling to the base peak."""
    groups: dict[bytes, list[int]] = defaultdict(list)
    examined = 0
    for row in range(len(records)):
        mz, intensity = records.peaks(row)
        if len(mz) < _ENOUGH_PEAKS or len(np.unique(intensity)) < _ENOUGH_PEAKS - 1:
            continue
        examined += 1
        # Ten microdaltons and a millionth of the base peak: below what any file states, above float32.
        key = np.concatenate([np.rint(mz * 1e5), np.rint(intensity * 1e6)]).astype(np.int64)
        groups[key.tobytes()].append(row)
    found = []
    for rows in groups.values():
        for row in rows if len(rows) > 1 else ():
            others = [other for other in rows if other != row]
            found.append(_copy(records, row, others, "has exactly the peaks of"))
    return Outcome(sorted(found), examined)


def _copy(records: Records, row: int, others: list[int], text: str) -> Found:
    """The finding for a record and its copies, by the gravest relation among them."""
    graded: list[tuple[int, Severity, str, int]] = []
    for other in others:
        severity, meaning = _meaning(records, row, other)
        graded.append((("error", "warning", "info").index(severity), severity, meaning, other))
    graded.sort()
    _, severity, meaning, worst = graded[0]
    more = f" and {len(others) - 1} more" if len(others) > 1 else ""
    related = (worst, *(other for other in others if other != worst))
    return Found(row, severity, f"{text} {records.label(worst)}{more}: {meaning}", related)


def _meaning(records: Records, row: int, other: int) -> tuple[Severity, str]:
    relation: Relation = records.relation(row, other)
    if relation == "isomer" and are_tautomers(records, row, other):
        relation = "same"
    if relation == "same":
        differing = _conditions_that_differ(records, row, other)
        if differing:
            return "warning", f"one measurement, but {differing}"
        return "info", "a copy, no replicate"
    if relation == "salt":
        return "info", "a copy under the name of the salt or the ion"
    if relation == "unknown":
        return "warning", "one measurement under two names, and no structures to tell whether they mean the same"
    if relation == "isomer":
        return "error", "isomers share one measurement, or one of the labels is wrong"
    return "error", "one of the labels is wrong"


def _conditions_that_differ(records: Records, row: int, other: int) -> str:
    for field in ("polarity", "adduct", "collision_energy", "ionization"):
        first, second = records.texts(field)[row], records.texts(field)[other]
        if first is not None and second is not None and first != second:
            return f"the {field.replace('_', ' ')} is {first} in one and {second} in the other"
    return ""


def near_duplicate(records: Records) -> Outcome:
    """The same measurement rescaled, rounded or cut: see the text of this module for the criterion."""
    rows = [row for row in range(len(records)) if np.diff(records.spectra.offsets[row : row + 2])[0] >= _ENOUGH_COMMON]
    copies: dict[int, list[int]] = defaultdict(list)
    for a, b in alike_pairs(records, rows, _LEAST_COSINE):
        if _is_copy(records, a, b):
            copies[a].append(b)
            copies[b].append(a)
    found = [
        _copy(records, row, sorted(others), "agrees in every peak, up to rounding, with")
        for row, others in sorted(copies.items())
    ]
    return Outcome(found, len(rows))


def alike_pairs(records: Records, rows: list[int], least: float) -> Iterator[tuple[int, int]]:
    """Pairs of records with the same base peak and a plain cosine of at least `least`, at nominal m/z."""
    by_base: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        mz, intensity = records.peaks(row)
        for base in {math.floor(float(at) + 0.5) for at in mz[intensity >= 0.99]}:
            by_base[base].append(row)
    seen: set[tuple[int, int]] = set()
    for group in by_base.values():
        vectors = nominal_vectors(records, group)
        for start in range(0, len(group), _BLOCK):
            cosines = vectors[start : start + _BLOCK] @ vectors[start:].T
            for first, second in zip(*np.nonzero(cosines >= least), strict=True):
                if first < second:
                    pair = (group[start + first], group[start + second])
                    if pair not in seen:
                        seen.add(pair)
                        yield pair


def nominal_vectors(records: Records, rows: list[int]) -> npt.NDArray[np.float32]:
    """Intensities at nominal m/z as vectors of length 1, shape (rows, m/z that occur)."""
    parts = [records.peaks(row) for row in rows]
    bins = np.concatenate([np.floor(mz + 0.5) for mz, _ in parts]).astype(np.int64)
    used, column = np.unique(bins, return_inverse=True)
    owner = np.repeat(np.arange(len(rows)), [len(mz) for mz, _ in parts])
    vectors = np.zeros((len(rows), len(used)), dtype=np.float32)
    np.add.at(vectors, (owner, column), np.concatenate([intensity for _, intensity in parts]))
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    return vectors


def _is_copy(records: Records, a: int, b: int) -> bool:
    mz_a, of_a = records.peaks(a)
    mz_b, of_b = records.peaks(b)
    # The record with fewer decimals was rounded; equal digits mean equal numbers.
    width = 0.5 * 10.0 ** -min(int(records.decimals[a]), int(records.decimals[b]))
    if records.decimals[a] == records.decimals[b]:
        width = 1e-5
    at = np.clip(np.searchsorted(mz_b, mz_a), 1, len(mz_b) - 1)
    at -= np.abs(mz_a - mz_b[at - 1]) <= np.abs(mz_a - mz_b[at])
    common = np.abs(mz_a - mz_b[at]) <= width + 1e-6
    partner = at[common]
    if common.sum() < _ENOUGH_COMMON or len(np.unique(partner)) < len(partner):
        return False
    one, other = of_a[common], of_b[partner]
    half_a, half_b = 0.5 * _step(records, a) + 1e-6, 0.5 * _step(records, b) + 1e-6
    # Every peak bounds the factor between the two; a copy has a factor that suits all of them.
    lowest = float(((one - half_a) / (other + half_b)).max())
    highest = float(np.where(other > half_b, (one + half_a) / np.maximum(other - half_b, half_b), np.inf).min())
    if lowest > highest:
        return False
    rounding = half_a + 0.5 * (lowest + highest) * half_b
    lost_by_b, lost_by_a = ~common, np.ones(len(mz_b), dtype=bool)
    lost_by_a[partner] = False
    if not _cut(mz_a, of_a, lost_by_b, mz_b) or not _cut(mz_b, of_b, lost_by_a, mz_a):
        return False
    # Chance that a normal deviate of this width falls within the rounding, the base peak aside.
    spread = _REPEATABILITY * math.sqrt(2) * one[one < one.max()]
    chances = np.minimum(2 * rounding / (math.sqrt(2 * math.pi) * spread), 1.0)
    return float(np.log(chances).sum()) < math.log(_CHANCE) and not _equal(mz_a, of_a, mz_b, of_b)


def _step(records: Records, row: int) -> float:
    """Step in which the intensities of a record are written, relative to its base peak."""
    start, stop = int(records.spectra.offsets[row]), int(records.spectra.offsets[row + 1])
    intensity = records.spectra.intensity[start:stop].astype(np.float64)
    step = 1.0
    while step > 1e-7 * records.base[row]:
        multiples = intensity / step
        if np.all(np.abs(multiples - np.rint(multiples)) <= 1e-6 * np.maximum(multiples, 1.0)):
            break
        step /= 10
    return step / float(records.base[row])


def _cut(
    mz: npt.NDArray[np.float64],
    intensity: npt.NDArray[np.float64],
    lost: npt.NDArray[np.bool_],
    other_mz: npt.NDArray[np.float64],
) -> bool:
    """Whether all that was lost lies below what was kept, or outside the m/z range of the other record."""
    inside = lost & (mz >= other_mz[0]) & (mz <= other_mz[-1])
    return not inside.any() or float(intensity[inside].max()) <= float(intensity[~lost].min()) * 1.05


def _equal(*lists: npt.NDArray[np.float64]) -> bool:
    mz_a, of_a, mz_b, of_b = lists
    return len(mz_a) == len(mz_b) and bool(np.all(np.abs(of_a - of_b) < 1e-6) and np.all(np.abs(mz_a - mz_b) < 1e-5))
