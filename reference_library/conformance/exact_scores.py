"""The scores from their published formulas, exactly: fractions, and decimals of 60 digits for roots and logarithms.

Slow and for small spectra only: assignments and splits are found by trying all of them. Nothing is shared with the
package, so that its scores can be held against these. ``README.md`` beside this file gives the definitions.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction

#: m/z and intensity.
Peak = tuple[Fraction, Fraction]
Peaks = list[Peak]
#: Score and reverse score; None is "no score".
Both = tuple[Decimal | None, Decimal | None]
NOTHING: Both = (None, None)
NO_MATCH: Both = (Decimal(0), Decimal(0))

#: Added to every tolerance, in Da.
SLACK = Fraction(1, 10**7)
DIGITS = 60


@dataclass(frozen=True)
class Width:
    """A tolerance: Da, or ppm of the mean of two m/z."""

    value: Fraction
    ppm: bool = False

    def joins(self, a: Fraction, b: Fraction, shift: Fraction = Fraction(0), times: int = 1) -> bool:
        width = self.value * ((a + b) / 2 / 10**6 if self.ppm else 1) + SLACK
        return abs(a - b - shift) <= times * width


def decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def power(base: Fraction, exponent: Fraction) -> Decimal:
    """Base ** exponent for base > 0."""
    if exponent.denominator == 1:
        return decimal(base**exponent.numerator)
    if exponent == Fraction(1, 2):
        return decimal(base).sqrt()
    return (decimal(exponent) * decimal(base).ln()).exp()


def total(values: Iterable[Decimal]) -> Decimal:
    return sum(values, Decimal(0))


# --- cleaning


def real(peaks: Iterable[Peak]) -> Peaks:
    return sorted(peak for peak in peaks if peak[1] > 0)


def nominal(peaks: Iterable[Peak], boundary: Fraction) -> Peaks:
    """Sums at the whole m/z ``ceil(m/z - boundary)``."""
    sums: dict[int, Fraction] = {}
    for mz, intensity in real(peaks):
        at = max(1, math.ceil(mz - boundary))
        sums[at] = sums.get(at, Fraction(0)) + intensity
    return [(Fraction(at), sums[at]) for at in sorted(sums)]


def scaled(peaks: Peaks) -> Peaks:
    """Base peak 999, whole numbers, halves up; what becomes 0 is dropped."""
    highest = max((intensity for _, intensity in peaks), default=Fraction(1))
    whole = [(mz, Fraction(math.floor(999 * intensity / highest + Fraction(1, 2)))) for mz, intensity in peaks]
    return real(whole)


def merged(peaks: Iterable[Peak], width: Width) -> Peaks:
    """Join what is closer than twice the width around the most intense peaks, until all gaps are larger."""
    now = real(peaks)
    while any(width.joins(a[0], b[0], times=2) for a, b in itertools.pairwise(now)):
        free = sorted(now, key=lambda peak: (-peak[1], peak[0]))
        now = []
        while free:
            group = [peak for peak in free if width.joins(peak[0], free[0][0], times=2)]
            free = [peak for peak in free if peak not in group]
            height = sum(intensity for _, intensity in group)
            now.append((sum(mz * intensity for mz, intensity in group) / height, height))
        now.sort()
    return now


def above_noise(peaks: Peaks, fraction: Fraction) -> Peaks:
    highest = max((intensity for _, intensity in peaks), default=Fraction(0))
    return [peak for peak in peaks if peak[1] >= fraction * highest]


# --- match factors


def match_factors(query: Peaks, reference: Peaks, identity: bool, low: Fraction | None, high: Fraction | None) -> Both:
    """NIST's identity and simple match factors of peaks scaled to 999."""
    u, v = (dict(peaks) for peaks in (query, reference))
    for side in (u, v):
        for mz in [mz for mz in side if (low is not None and mz < low) or (high is not None and mz > high)]:
            del side[mz]
    if not u or not v:
        return NOTHING
    start = max(min(u), min(v)) if low is None else Fraction(0)
    products, query_norm, matched_norm, reference_norm = Decimal(0), Fraction(0), Fraction(0), Fraction(0)
    ratios: list[tuple[Fraction, Decimal]] = []
    count, before = 0, None
    for mz in sorted(mz for mz in u.keys() | v.keys() if mz >= start):
        a, b = u.get(mz, Fraction(0)), v.get(mz, Fraction(0))
        if max(a, b) <= 1:
            continue
        mass = mz if identity else Fraction(1)
        query_norm += mass * a
        reference_norm += mass * b
        if a == 0 or b == 0:
            before = None
            continue
        count += 1
        matched_norm += mass * a
        products += decimal(mass) * decimal(a * b).sqrt()
        if before is not None:
            ratio = decimal(a * v[before] / (u[before] * b)).sqrt()
            ratios.append((mz, min(ratio, 1 / ratio)))
        before = mz
    if count == 0:
        return NO_MATCH
    found = []
    for norm in (query_norm, matched_norm):
        value = products**2 / decimal(norm * reference_norm)
        if identity and ratios:
            mean = total(decimal(mz) * ratio for mz, ratio in ratios) / decimal(sum(mz for mz, _ in ratios))
            value = (count * value + len(ratios) * mean) / (count + len(ratios))
        found.append(max(Decimal(0), 1000 * value - Decimal("0.5")))
    return found[0], found[1]


def composite(query: Peaks, reference: Peaks, exponents: tuple[Fraction, Fraction], squared: bool) -> Both:
    """Stein & Scott 1994 of nominal spectra."""
    u, v = dict(query), dict(reference)
    if not u or not v:
        return NOTHING
    common = sorted(u.keys() & v.keys())
    if not common:
        return NO_MATCH

    def weight(mz: Fraction, intensity: Fraction) -> Decimal:
        return power(mz, exponents[0]) * power(intensity, exponents[1])

    product = total(weight(mz, u[mz]) * weight(mz, v[mz]) for mz in common)
    reference_norm = total(weight(mz, height) ** 2 for mz, height in v.items())
    ratios = [v[mz] / v[before] * (u[before] / u[mz]) for before, mz in itertools.pairwise(common)]
    mean = decimal(sum((min(ratio, 1 / ratio) for ratio in ratios), Fraction(0)) / len(common))
    found = []
    for counted in (sorted(u), common):
        dot = product**2 / (total(weight(mz, u[mz]) ** 2 for mz in counted) * reference_norm)
        dot = dot if squared else dot.sqrt()
        found.append(999 * (len(counted) * dot + len(common) * mean) / (len(counted) + len(common)))
    return found[0], found[1]


# --- assignments


def best_pairs(gain: Mapping[tuple[int, int], Decimal], direct: set[tuple[int, int]]) -> list[tuple[int, int]]:
    """One-to-one pairs of greatest gain; of these most pairs, then most direct ones. All are tried."""
    best: tuple[Decimal, int, int] = (Decimal(0), 0, 0)
    found: list[tuple[int, int]] = []

    def extend(rest: list[tuple[int, int]], taken: list[tuple[int, int]]) -> None:
        nonlocal best, found
        # Equal sums may differ in their last digit.
        value = (round(total(gain[pair] for pair in taken), DIGITS - 15), len(taken), len(direct.intersection(taken)))
        if value > best:
            best, found = value, taken
        for at, (i, j) in enumerate(rest):
            if all(i != a and j != b for a, b in taken):
                extend(rest[at + 1 :], [*taken, (i, j)])

    extend(sorted(gain), [])
    return sorted(found)


def cosine(
    query: Peaks, reference: Peaks, exponents: tuple[Fraction, Fraction], width: Width, shift: Fraction = Fraction(0)
) -> Both:
    """Cosine of m^a I^b over the best assignment of peaks that agree as they are or shifted."""
    if not query or not reference:
        return NOTHING
    u, v = (
        [power(mz, exponents[0]) * power(height, exponents[1]) for mz, height in side] for side in (query, reference)
    )
    pairs = {(i, j) for i in range(len(u)) for j in range(len(v))}
    direct = {(i, j) for i, j in pairs if width.joins(query[i][0], reference[j][0])}
    moved = {(i, j) for i, j in pairs if width.joins(query[i][0], reference[j][0], shift)}
    chosen = best_pairs({(i, j): u[i] * v[j] for i, j in direct | moved}, direct)
    if not chosen:
        return NO_MATCH
    product, norm = total(u[i] * v[j] for i, j in chosen), total(weight**2 for weight in v)
    matched = total(u[i] ** 2 for i, _ in chosen)
    return product / (total(weight**2 for weight in u) * norm).sqrt(), product / (matched * norm).sqrt()


def shares(peaks: Peaks, weighted: bool) -> list[Decimal]:
    """Shares of the total; weighted: of the power 0.25 + 0.25 S, if their entropy S is below 3."""
    whole = sum(height for _, height in peaks)
    share = [decimal(height / whole) for _, height in peaks]
    entropy = -total(p * p.ln() for p in share)
    if not weighted or entropy >= 3:
        return share
    raised = [(p.ln() * (1 + entropy) / 4).exp() for p in share]
    return [p / total(raised) for p in raised]


def entropy_similarity(
    query: Peaks, reference: Peaks, weighted: bool, width: Width, shift: Fraction = Fraction(0)
) -> Both:
    """Entropy similarity, and the same with unmatched query peaks left out before weighting."""
    if not query or not reference:
        return NOTHING

    def compared(peaks: Peaks) -> tuple[Decimal, list[int]]:
        a, b = shares(peaks, weighted), shares(reference, weighted)

        def term(p: Decimal) -> Decimal:
            return p * p.ln() / Decimal(2).ln()

        gain = {
            (i, j): (term(a[i] + b[j]) - term(a[i]) - term(b[j])) / 2
            for i in range(len(a))
            for j in range(len(b))
            if width.joins(peaks[i][0], reference[j][0], shift)
        }
        chosen = best_pairs(gain, set())
        return total(gain[pair] for pair in chosen), [i for i, _ in chosen]

    score, matched = compared(query)
    return score, compared([query[i] for i in matched])[0] if matched else Decimal(0)


# --- hybrid


def hybrid(query: Peaks, reference: Peaks, width: Width, shift: Fraction, trace: int) -> tuple[Decimal, Decimal] | None:
    """Squared cosine of the roots of the query and of the best hybrid of the reference, forward and reverse.

    The best split is found by trying, for each reference peak with two places, that it stays, moves or is split.
    Peaks that are split link the query peaks at their two ends; linked ones have one ratio of hybrid to query.
    """

    def places(by: Fraction) -> dict[int, int]:
        return {
            j: i
            for j in range(len(reference))
            for i in range(len(query))
            if width.joins(query[i][0], reference[j][0], by)
        }

    stays = places(Fraction(0))
    moves = places(shift) if shift else {}
    if len(set(stays.values())) < len(stays) or len(set(moves.values())) < len(moves):
        raise ValueError("a query peak has two partners: no case for this arithmetic")
    moves = {j: i for j, i in moves.items() if stays.get(j) != i}
    free = [j for j in stays if j in moves]
    fixed = [Fraction(0)] * len(query)
    for j, i in [*stays.items(), *moves.items()]:
        if j not in free:
            fixed[i] += reference[j][1]
    best: tuple[Decimal, list[Fraction]] | None = None
    for choice in itertools.product(("stays", "moves", "split"), repeat=len(free)):
        found = _hybrid_of(query, reference, stays, moves, dict(zip(free, choice, strict=True)), list(fixed))
        if found is not None:
            value = total(decimal(u * h).sqrt() for (_, u), h in zip(query, found, strict=True))
            if best is None or value > best[0]:
                best = value, found
    if best is None:
        raise ValueError("no split is possible")
    products, heights = Decimal(0), best[1]
    query_norm, matched_norm, reference_norm = Fraction(0), Fraction(0), Fraction(0)
    for i, (_, u) in enumerate(query):
        largest = max((reference[j][1] for j in range(len(reference)) if i in (stays.get(j), moves.get(j))), default=0)
        if u <= trace and largest <= trace:
            continue
        query_norm += u
        if largest:
            matched_norm += u
            reference_norm += heights[i]
            products += decimal(u * heights[i]).sqrt()
    if matched_norm == 0:
        return None
    reference_norm += sum(
        (v for j, (_, v) in enumerate(reference) if j not in stays and j not in moves and v > trace), Fraction(0)
    )
    square = products**2 / decimal(reference_norm)
    return square / decimal(query_norm), square / decimal(matched_norm)


def _hybrid_of(
    query: Peaks,
    reference: Peaks,
    stays: Mapping[int, int],
    moves: Mapping[int, int],
    choice: Mapping[int, str],
    heights: list[Fraction],
) -> list[Fraction] | None:
    """Hybrid intensities for one choice; None if a split peak would have to give more than it has."""
    group = list(range(len(query)))
    for j, kind in choice.items():
        if kind == "split":
            old, new = group[stays[j]], group[moves[j]]
            group = [new if g == old else g for g in group]
        else:
            heights[stays[j] if kind == "stays" else moves[j]] += reference[j][1]
    split = [j for j, kind in choice.items() if kind == "split"]
    for g in set(group):
        members = [i for i in range(len(query)) if group[i] == g]
        own = [j for j in split if stays[j] in members]
        if not own:
            continue
        intensity = sum((heights[i] for i in members), Fraction(0)) + sum((reference[j][1] for j in own), Fraction(0))
        ratio = intensity / sum(query[i][1] for i in members)
        lacks = {i: ratio * query[i][1] - heights[i] for i in members}
        # From the end of the chain where only one split peak is left: it must give what is lacking there.
        while own:
            last, end = next(
                (j, end)
                for j in own
                for end in (stays[j], moves[j])
                if sum(end in (stays[k], moves[k]) for k in own) == 1
            )
            gives, other = lacks[end], moves[last] if end == stays[last] else stays[last]
            if not 0 <= gives <= reference[last][1]:
                return None
            lacks[other] -= reference[last][1] - gives
            own.remove(last)
        for i in members:
            heights[i] = ratio * query[i][1]
    return heights


# --- a case


def scores(case: Mapping[str, object]) -> Both:
    """Score and reverse score of a case as it stands in ``scores.json``."""
    with localcontext() as context:
        context.prec = DIGITS
        return _scores(case)


def number(value: object) -> Fraction | None:
    """A number as its digits read; None stays None."""
    return None if value is None else Fraction(repr(value) if isinstance(value, float) else str(value))


def _scores(case: Mapping[str, object]) -> Both:
    method, electron = case["method"], case["technique"] == "EI"
    options: Mapping[str, object] = case["options"]  # type: ignore[assignment]
    sides: Sequence[Mapping[str, object]] = (case["query"], case["reference"])  # type: ignore[assignment]
    text = str(options.get("tolerance", "0.01 Da")).split()
    whole = electron or method in ("nist_identity", "nist_simple", "stein_scott_1994")
    width = Width(Fraction(0)) if whole else Width(Fraction(text[0]), text[1] == "ppm")
    low, high = number(options.get("mz_min")), number(options.get("mz_max"))
    scaling = method in ("nist_identity", "nist_simple") or (method == "hybrid" and electron)
    masses = [number(side.get("nominal_mass" if electron else "precursor_mz")) for side in sides]
    clean = []
    for side, mass in zip(sides, masses, strict=True):
        peaks = [(Fraction(repr(mz)), Fraction(intensity)) for mz, intensity in side["peaks"]]  # type: ignore[attr-defined]
        if not scaling:
            peaks = [peak for peak in peaks if (low is None or peak[0] >= low) and (high is None or peak[0] <= high)]
        peaks = nominal(peaks, Fraction("0.649")) if whole else merged(peaks, width)
        if method == "neutral_loss" and mass is not None:
            peaks = [peak for peak in peaks if peak[0] < mass and not width.joins(mass, peak[0])]
        if method in ("entropy", "neutral_loss"):
            peaks = above_noise(peaks, Fraction("0.01"))
        clean.append(scaled(peaks) if scaling else peaks)
    query, reference = clean
    default = ("3", "0.6") if method == "stein_scott_1994" else ("1.3", "0.53") if electron else ("0", "0.5")
    exponents = (
        number(options.get("mz_exponent", default[0])) or Fraction(0),
        number(options.get("intensity_exponent", default[1])) or Fraction(0),
    )
    if method in ("nist_identity", "nist_simple"):
        return match_factors(query, reference, method == "nist_identity", low, high)
    if method == "stein_scott_1994":
        return composite(query, reference, exponents, options.get("squared") is not False)
    if method == "weighted_cosine":
        return cosine(query, reference, exponents, width)
    weighted = options.get("weighted") is not False
    if method == "entropy":
        return entropy_similarity(query, reference, weighted, width)
    if masses[0] is None or masses[1] is None:
        return NOTHING
    shift = masses[0] - masses[1]
    if method == "neutral_loss":
        return entropy_similarity(query, reference, weighted, width, shift)
    if width.joins(masses[0], masses[1]):
        shift = Fraction(0)
    if method == "modified_cosine":
        return cosine(query, reference, exponents, width, shift)
    if method != "hybrid":
        raise ValueError(f"no exact arithmetic for method {method!r}")
    return _hybrid_scores(query, reference, electron, width, shift, low, high)


def _hybrid_scores(
    query: Peaks,
    reference: Peaks,
    electron: bool,
    width: Width,
    shift: Fraction,
    low: Fraction | None,
    high: Fraction | None,
) -> Both:
    if electron:
        query, reference = (
            [peak for peak in side if (low is None or peak[0] >= low) and (high is None or peak[0] <= high)]
            for side in (query, reference)
        )
    if not query or not reference:
        return NOTHING
    if electron and low is None:
        start = max(query[0][0], reference[0][0])
        query, reference = ([peak for peak in side if peak[0] >= start] for side in (query, reference))
    squares = hybrid(query, reference, width, shift, trace=1 if electron else 0)
    if squares is None:
        return NO_MATCH
    if electron:
        forward, reverse = (max(Decimal(0), 1000 * square - Decimal("0.5")) for square in squares)
        return forward, reverse
    return squares[0].sqrt(), squares[1].sqrt()
