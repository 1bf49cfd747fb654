"""Plain models of the scores, as this package defines them and with the traits of its peers, one by one.

``parity.py`` uses them to tell why two programs differ. Nothing is shared with the package; a model takes raw peaks
and a set of traits, and the empty set is our definition.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from nps_spectra import Spectrum

Float = npt.NDArray[np.float64]
Traits = frozenset[str]

#: Our slack of every m/z comparison, in Da.
SLACK = 1e-7
TOLERANCE = 0.01
#: What users of matchms and ms_entropy take for spectra of nominal mass.
NOMINAL_TOLERANCE = 0.1

UNJOINED = "peaks not joined"
UNBINNED = "no nominal bins"
EDGE = "limit of the tolerance"
GREEDY = "greedy assignment"
JOINING = "other rule of joining"
MZ32 = "limit of the tolerance in float32"
INTENSITY32 = "intensities in float32"
NEAR_ZERO = "losses next to 0 not found"


@dataclass(frozen=True)
class Raw:
    """Peaks of one spectrum as they were measured, float64."""

    mz: Float
    intensity: Float
    precursor: float

    @classmethod
    def of(cls, spectrum: Spectrum) -> Raw:
        precursor = math.nan if spectrum.precursor_mz is None else spectrum.precursor_mz
        return cls(np.asarray(spectrum.mz), np.asarray(spectrum.intensity, dtype=np.float64), precursor)


def binned(raw: Raw) -> tuple[Float, Float]:
    """Sums at whole m/z, the boundary at 0.649 above it."""
    sums: dict[int, float] = defaultdict(float)
    for mz, intensity in zip(raw.mz.tolist(), raw.intensity.tolist(), strict=True):
        sums[max(1, math.ceil(mz - 0.649))] += intensity
    return np.array(sorted(sums), dtype=float), np.array([sums[m] for m in sorted(sums)])


def joined_peaks(mz: Float, intensity: Float, window: float) -> tuple[Float, Float]:
    """Join around the most intense peaks, pass by pass, until all gaps are larger than the window."""
    while len(mz) > 1 and np.min(np.diff(mz)) <= window + 2 * SLACK:
        free = np.ones(len(mz), dtype=bool)
        found = []
        for centre in np.argsort(-intensity, kind="stable"):
            if free[centre]:
                group = free & (np.abs(mz - mz[centre]) <= window + 2 * SLACK)
                free &= ~group
                total = intensity[group].sum()
                found.append(((mz[group] * intensity[group]).sum() / total, total))
        mz, intensity = (np.array(values) for values in zip(*sorted(found), strict=True))
    return mz, intensity


def order_of_partition(intensity: Any) -> list[int]:
    """Peaks from high to low, equal ones as a quicksort leaves them that partitions around the last of a range."""
    order = list(range(len(intensity)))
    ranges = [(0, len(order) - 1)]
    while ranges:
        low, high = ranges.pop()
        if low >= high:
            continue
        border = low
        for place in range(low, high):
            if intensity[order[place]] >= intensity[order[high]]:
                order[border], order[place] = order[place], order[border]
                border += 1
        order[border], order[high] = order[high], order[border]
        ranges += [(low, border - 1), (border + 1, high)]
    return order


def joined_in_place(mz: Any, intensity: Any, window: float, slack: float) -> tuple[Any, Any]:
    """The same by the peer's rules, in the types given.

    Only gaps below the window start a pass; in a pass, a joined peak moves at once and the next centre can take it.
    """
    window = mz.dtype.type(window + slack)
    while len(mz) > 1 and np.min(np.diff(mz)) < window:
        mz, intensity = mz.copy(), intensity.copy()
        for centre in order_of_partition(intensity):
            if intensity[centre] <= 0:
                continue
            low = high = centre
            while low > 0 and mz[centre] - mz[low - 1] <= window:
                low -= 1
            while high + 1 < len(mz) and mz[high + 1] - mz[centre] <= window:
                high += 1
            total = moment = 0.0
            for peak in range(low, high + 1):
                total += float(intensity[peak])
                moment += float(intensity[peak] * mz[peak])
            intensity[low : high + 1] = 0
            mz[centre], intensity[centre] = moment / total, total
        order = np.argsort(mz, kind="stable")
        order = order[intensity[order] > 0]
        mz, intensity = mz[order], intensity[order]
    return mz, intensity


def candidates(a: Float, b: Float, tolerance: float, shift: float, edge: bool) -> Iterator[tuple[int, int]]:
    """Pairs of peaks that may match, b shifted; with ``edge`` as a float64 comparison without slack decides."""
    for i, mz in enumerate(a.tolist()):
        first = np.searchsorted(b + shift, mz - tolerance - 2 * SLACK)
        for j in range(int(first), len(b)):
            other = float(b[j]) + shift
            if other > mz + tolerance + 2 * SLACK:
                break
            inside = mz - tolerance <= other <= mz + tolerance if edge else abs(mz - other) <= tolerance + SLACK
            if inside:
                yield i, j


def cosine_model(
    query: Raw, reference: Raw, traits: Traits, exponents: tuple[float, float], nominal: bool, modified: bool
) -> float:
    """Cosine, modified or not. The peer takes the reference first."""
    tolerance = (NOMINAL_TOLERANCE if UNBINNED in traits else 0.0) if nominal else TOLERANCE
    sides = []
    for raw in (reference, query):
        if nominal:
            mz, intensity = (raw.mz, raw.intensity) if UNBINNED in traits else binned(raw)
        elif UNJOINED in traits:
            mz, intensity = raw.mz, raw.intensity
        else:
            mz, intensity = joined_peaks(raw.mz, raw.intensity, 2 * tolerance)
        sides.append((mz, mz ** exponents[0] * (intensity / intensity.max()) ** exponents[1]))
    (a, u), (b, v) = sides
    shift = reference.precursor - query.precursor if modified else 0.0
    if modified and abs(shift) <= tolerance + (0.0 if EDGE in traits else SLACK):
        shift = 0.0
    edges = list(candidates(a, b, tolerance, 0.0, EDGE in traits))
    if shift != 0.0:
        edges += list(candidates(a, b, tolerance, shift, EDGE in traits))
    if not edges:
        return 0.0
    gains = np.array([u[i] * v[j] for i, j in edges])
    total = 0.0
    if GREEDY in traits:
        taken_a, taken_b = set(), set()
        for k in np.argsort(gains, kind="stable")[::-1]:
            i, j = edges[k]
            if i not in taken_a and j not in taken_b:
                taken_a.add(i)
                taken_b.add(j)
                total += gains[k]
    else:
        rows, columns = (sorted({edge[side] for edge in edges}) for side in (0, 1))
        matrix = np.zeros((len(rows), len(columns)))
        matrix[np.searchsorted(rows, [i for i, _ in edges]), np.searchsorted(columns, [j for _, j in edges])] = gains
        total = matrix[linear_sum_assignment(matrix, maximize=True)].sum()
    return float(total / math.sqrt((u**2).sum() * (v**2).sum()))


def shares(intensity: Any) -> Any:
    """Shares of the total, re-weighted if their entropy is below 3; sums from first to last in the type given."""
    share = intensity / np.cumsum(intensity)[-1]
    entropy = -np.cumsum(share * np.log(share))[-1]
    if entropy >= 3:
        return share
    raised = share ** share.dtype.type(0.25 + 0.25 * entropy)
    return raised / np.cumsum(raised)[-1]


def similarity_of(a: Any, b: Any) -> float:
    """Entropy similarity from the shares of matched peaks."""
    if len(a) == 0:
        return 0.0
    both = a + b
    terms = both * np.log2(both) - a * np.log2(a) - b * np.log2(b)
    return min(1.0, max(0.0, float(np.cumsum(terms)[-1]) / 2))


def entropy_model(query: Raw, reference: Raw, traits: Traits, nominal: bool) -> float:
    """Entropy similarity; each spectrum is joined or binned, cut at 1 % and weighted."""
    tolerance = (NOMINAL_TOLERANCE if UNBINNED in traits else 0.0) if nominal else TOLERANCE
    slack = 0.0 if MZ32 in traits else SLACK
    real = np.float32 if MZ32 in traits else np.float64
    weight = np.float32 if INTENSITY32 in traits else np.float64
    sides = []
    for raw in (query, reference):
        if nominal and UNBINNED not in traits:
            mz, intensity = binned(raw)
        elif JOINING in traits:
            mz, intensity = joined_in_place(raw.mz.astype(real), raw.intensity.astype(weight), 2 * tolerance, 2 * slack)
        else:
            mz, intensity = joined_peaks(raw.mz, raw.intensity, 2 * tolerance)
        mz, intensity = mz.astype(real), intensity.astype(weight)
        keep = intensity >= weight(0.01) * intensity.max()
        sides.append((mz[keep], shares(intensity[keep])))
    (a, u), (b, v) = sides
    width = real(tolerance + slack) if MZ32 in traits else tolerance + slack
    i = j = 0
    mine, theirs = [], []
    while i < len(a) and j < len(b):
        difference = a[i] - b[j]
        if difference < -width:
            i += 1
        elif difference > width:
            j += 1
        else:
            mine.append(i)
            theirs.append(j)
            i += 1
            j += 1
    return similarity_of(u[mine], v[theirs])


def losses(raw: Raw) -> Raw:
    """What has a neutral loss: joined, below the precursor by more than the tolerance, cut at 1 %."""
    mz, intensity = joined_peaks(raw.mz, raw.intensity, 2 * TOLERANCE)
    keep = raw.precursor - mz > TOLERANCE + SLACK
    mz, intensity = mz[keep], intensity[keep]
    keep = intensity >= 0.01 * intensity.max(initial=0.0)
    return Raw(mz[keep], intensity[keep], raw.precursor)


def loss_model(query: Raw, reference: Raw, traits: Traits) -> float:
    """Entropy similarity of losses; the peer gets clean spectra."""
    q, r = losses(query), losses(reference)
    if len(q.mz) == 0 or len(r.mz) == 0:
        return math.nan
    weight = np.float32 if INTENSITY32 in traits else np.float64
    u, v = (shares((side.intensity / side.intensity.sum()).astype(weight)) for side in (q, r))
    if MZ32 in traits:
        a, b = (np.float32(side.precursor) - side.mz.astype(np.float32) for side in (q, r))
        low, high = a - np.float32(TOLERANCE), a + np.float32(TOLERANCE)
    else:
        a, b = q.precursor - q.mz, r.precursor - r.mz
        low, high = a - TOLERANCE - SLACK, a + TOLERANCE + SLACK
    mine, theirs = [], []
    for i in range(len(a)):
        if NEAR_ZERO in traits and low[i] < 0.5e-4:
            continue
        for j in np.flatnonzero((b >= low[i]) & (b <= high[i])):
            mine.append(i)
            theirs.append(int(j))
    return similarity_of(u[mine], v[theirs])
