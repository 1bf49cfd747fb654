"""The slow oracle: every score and cleaning step once more, in plain Python, as the papers define it.

Nothing here is fast and nothing is shared with the package. A spectrum is a list of ``(mz, intensity)``
pairs in any order, a nominal spectrum a dict of m/z to intensity. "No score" is None.

Sources: the match factor of NIST MS Search is the one described by Khrisanfov & Samokhin 2022,
doi:10.1002/rcm.9294, and in the mssearchr documentation; spectral entropy is Li et al. 2021,
doi:10.1038/s41592-021-01331-z; composite and weighted cosine (its first factor without the square) are Stein & Scott
1994, doi:10.1016/1044-0305(94)87009-8; the modified cosine is Watrous et al. 2012, doi:10.1073/pnas.1203689109, with
the assignment of greatest sum; the hybrid similarity is Moorthy et al. 2017, doi:10.1021/acs.analchem.7b03320. The
hydrogens of a saturated ion follow from Senior 1951, doi:10.2307/2372318: a tree of n atoms has n - 1 bonds.
"""

import math
from collections.abc import Iterable, Mapping
from itertools import pairwise, product

Peaks = list[tuple[float, float]]
Bins = dict[int, float]
#: Gain of pairing query peak i with reference peak j, and whether they match directly.
Edges = Mapping[tuple[int, int], tuple[float, bool]]

#: A difference of m/z that reads as equal to the limit is inside it, whatever float64 makes of the digits.
SLACK_DA = 1e-7


def real_peaks(peaks: Iterable[tuple[float, float]]) -> Peaks:
    """Ascending in m/z, without the peaks of intensity 0, which are no peaks."""
    return sorted((mz, intensity) for mz, intensity in peaks if intensity > 0)


def bin_nominal(peaks: Iterable[tuple[float, float]], boundary: float = 0.649) -> Bins:
    """Sum the intensities between ``m - 1 + boundary`` (outside) and ``m + boundary`` (inside) at m."""
    found: dict[int, list[float]] = {}
    for mz, intensity in real_peaks(peaks):
        found.setdefault(math.ceil(mz - boundary), []).append(intensity)
    return {m: math.fsum(found[m]) for m in sorted(found)}


def bin_rounded(peaks: Iterable[tuple[float, float]]) -> Bins:
    """The same with plain rounding, half up."""
    found: dict[int, list[float]] = {}
    for mz, intensity in real_peaks(peaks):
        found.setdefault(math.floor(mz + 0.5), []).append(intensity)
    return {m: math.fsum(found[m]) for m in sorted(found)}


def scale_999(bins: Bins) -> dict[int, int]:
    """Whole numbers with the base peak at 999; what rounds to 0 is dropped."""
    if not bins:
        return {}
    highest = max(bins.values())
    scaled = {m: math.floor(999 * intensity / highest + 0.5) for m, intensity in bins.items()}
    return {m: intensity for m, intensity in scaled.items() if intensity > 0}


def nist_match_factor(
    query: Iterable[tuple[float, float]],
    reference: Iterable[tuple[float, float]],
    identity: bool = True,
    reverse: bool = False,
    mz_min: int | None = None,
    mz_max: int | None = None,
    boundary: float = 0.649,
) -> float | None:
    """Match factor of NIST MS Search, unrounded: identity (m^0.5 I^0.5 and ratios) or simple (I^0.5)."""
    u = scale_999(bin_nominal(query, boundary))
    v = scale_999(bin_nominal(reference, boundary))
    if mz_min is not None:
        u = {m: u[m] for m in u if m >= mz_min}
        v = {m: v[m] for m in v if m >= mz_min}
    if mz_max is not None:
        u = {m: u[m] for m in u if m <= mz_max}
        v = {m: v[m] for m in v if m <= mz_max}
    if not u or not v:
        return None
    if mz_min is None:
        start = max(min(u), min(v))
        u = {m: u[m] for m in u if m >= start}
        v = {m: v[m] for m in v if m >= start}

    products, query_squares, reference_squares = [], [], []
    n1 = 0
    ratios: list[tuple[int, float]] = []
    previous: int | None = None  # the last matched m/z, while no unmatched peak has come after it
    for m in sorted(set(u) | set(v)):
        if u.get(m, 0) <= 1 and v.get(m, 0) <= 1:
            continue  # a trace takes no part, and breaks no chain
        mass = m if identity else 1
        if m in u and m in v:
            n1 += 1
            products.append(math.sqrt(mass * u[m]) * math.sqrt(mass * v[m]))
            query_squares.append(mass * u[m])
            reference_squares.append(mass * v[m])
            if previous is not None:
                r = math.sqrt(u[m] * v[previous]) / math.sqrt(u[previous] * v[m])
                ratios.append((m, r if r <= 1 else 1 / r))
            previous = m
        elif m in u:
            if not reverse:
                query_squares.append(mass * u[m])
            previous = None
        else:
            reference_squares.append(mass * v[m])
            previous = None

    if n1 == 0:
        return 0.0
    t1 = math.fsum(products) ** 2 / (math.fsum(query_squares) * math.fsum(reference_squares))
    combined = t1
    if identity and ratios:
        n2 = len(ratios)
        t2 = math.fsum(m * r for m, r in ratios) / math.fsum(m for m, _ in ratios)
        combined = (n1 * t1 + n2 * t2) / (n1 + n2)
    return max(0.0, 1000 * combined - 0.5)  # the scale is 0 to 999.5


def noise_cut(peaks: Iterable[tuple[float, float]], threshold: float) -> Peaks:
    """Keep the peaks with at least `threshold` times the intensity of the base peak."""
    kept = real_peaks(peaks)
    highest = max((intensity for _, intensity in kept), default=0.0)
    return [(mz, intensity) for mz, intensity in kept if intensity >= threshold * highest]


def mz_window(peaks: Iterable[tuple[float, float]], low: float = 0.0, high: float = math.inf) -> Peaks:
    """Keep the peaks from `low` to `high`, both inside."""
    return [(mz, intensity) for mz, intensity in real_peaks(peaks) if low <= mz <= high]


def remove_precursor(peaks: Iterable[tuple[float, float]], precursor_mz: float, below_da: float = 1.6) -> Peaks:
    """Drop the precursor, its isotopes and everything above: all from ``precursor_mz - below_da`` on."""
    return [(mz, intensity) for mz, intensity in real_peaks(peaks) if mz < precursor_mz - below_da]


def within(a: float, b: float, tolerance: float, unit: str = "Da", shift: float = 0.0, slack: float = SLACK_DA) -> bool:
    """Whether a and b + shift agree, the limit inside; ppm is of the mean of both measured m/z, a and b."""
    width = {"Da": tolerance, "ppm": tolerance * 1e-6 * (a + b) / 2}[unit]
    return abs(a - (b + shift)) <= width + slack


def merge_peaks(peaks: Iterable[tuple[float, float]], window: float, unit: str = "Da") -> Peaks:
    """Join peaks around the most intense ones until all neighbours are further apart than `window`.

    The window is the reach of two matches, so the slack of both is in it.
    """

    def close(a: float, b: float) -> bool:
        return within(a, b, window, unit, slack=2 * SLACK_DA)

    now = real_peaks(peaks)
    while any(close(a[0], b[0]) for a, b in pairwise(now)):
        merged = []
        remaining = sorted(now, key=lambda peak: (-peak[1], peak[0]))
        while remaining:
            centre = remaining[0][0]
            group = [peak for peak in remaining if close(peak[0], centre)]
            remaining = [peak for peak in remaining if not close(peak[0], centre)]
            total = math.fsum(intensity for _, intensity in group)
            merged.append((math.fsum(mz * intensity for mz, intensity in group) / total, total))
        now = sorted(merged)
    return now


def matched_pairs(
    query: Peaks, reference: Peaks, tolerance: float, unit: str = "Da", shift: float = 0.0
) -> list[tuple[int, int]]:
    """Indices of the peaks that agree (the reference's shifted), each used once, the closest first."""
    near = []
    for i, (a, _) in enumerate(query):
        for j, (b, _) in enumerate(reference):
            if within(a, b, tolerance, unit, shift):
                near.append((abs(a - b - shift), i, j))
    pairs: list[tuple[int, int]] = []
    for _, i, j in sorted(near):
        if all(i != used_i and j != used_j for used_i, used_j in pairs):
            pairs.append((i, j))
    return pairs


def weighted_cosine(
    query: Iterable[tuple[float, float]],
    reference: Iterable[tuple[float, float]],
    tolerance: float,
    mz_exponent: float,
    intensity_exponent: float,
    unit: str = "Da",
) -> float | None:
    """Cosine of the weights m^a I^b; peaks of one spectrum lie further apart than twice the tolerance."""
    q, r = real_peaks(query), real_peaks(reference)
    if not q or not r:
        return None
    q_weights = [mz**mz_exponent * intensity**intensity_exponent for mz, intensity in q]
    r_weights = [mz**mz_exponent * intensity**intensity_exponent for mz, intensity in r]
    products = math.fsum(q_weights[i] * r_weights[j] for i, j in matched_pairs(q, r, tolerance, unit))
    return products / (
        math.sqrt(math.fsum(weight**2 for weight in q_weights))
        * math.sqrt(math.fsum(weight**2 for weight in r_weights))
    )


def entropy(intensities: Iterable[float]) -> float:
    """Shannon entropy of the shares of the total, in nats."""
    values = [value for value in intensities if value > 0]
    total = math.fsum(values)
    return -math.fsum(value / total * math.log(value / total) for value in values)


def entropy_weights(peaks: Peaks, weighted: bool) -> list[float]:
    """Shares of the total; if weighted and S < 3, of the intensities to the power 0.25 + 0.25 S."""
    total = math.fsum(intensity for _, intensity in peaks)
    shares = [intensity / total for _, intensity in peaks]
    s = entropy(shares)
    if weighted and s < 3:
        raised = [share ** (0.25 + 0.25 * s) for share in shares]
        shares = [value / math.fsum(raised) for value in raised]
    return shares


def entropy_similarity(
    query: Iterable[tuple[float, float]],
    reference: Iterable[tuple[float, float]],
    tolerance: float,
    weighted: bool = True,
    unit: str = "Da",
) -> float | None:
    """Entropy similarity of two clean spectra: what their 1:1 mixture has more than their own entropies."""
    q, r = real_peaks(query), real_peaks(reference)
    if not q or not r:
        return None
    a, b = entropy_weights(q, weighted), entropy_weights(r, weighted)
    pairs = matched_pairs(q, r, tolerance, unit)
    mixture = [(a[i] + b[j]) / 2 for i, j in pairs]
    mixture += [a[i] / 2 for i in range(len(a)) if i not in {i for i, _ in pairs}]
    mixture += [b[j] / 2 for j in range(len(b)) if j not in {j for _, j in pairs}]
    return 1 - (2 * entropy(mixture) - entropy(a) - entropy(b)) / math.log(4)


def clean_for_entropy(peaks: Iterable[tuple[float, float]], tolerance: float, unit: str = "Da") -> Peaks:
    """Join peaks closer than twice the tolerance, then drop those below 1 % of the base peak."""
    return noise_cut(merge_peaks(peaks, 2 * tolerance, unit), 0.01)


def stein_scott_1994(
    query: Iterable[tuple[float, float]],
    reference: Iterable[tuple[float, float]],
    mz_exponent: float = 3.0,
    intensity_exponent: float = 0.6,
    squared: bool = True,
    reverse: bool = False,
    boundary: float = 0.649,
) -> float | None:
    """Composite of cosine and ratios of consecutive common peaks, 0 to 999."""
    u, v = bin_nominal(query, boundary), bin_nominal(reference, boundary)
    if not u or not v:
        return None
    common = sorted(set(u) & set(v))
    if not common:
        return 0.0
    if reverse:
        u = {m: u[m] for m in common}

    def weight(m: int, intensity: float) -> float:
        return float(m**mz_exponent * intensity**intensity_exponent)

    product = math.fsum(weight(m, u[m]) * weight(m, v[m]) for m in common)
    norms = math.fsum(weight(m, u[m]) ** 2 for m in u) * math.fsum(weight(m, v[m]) ** 2 for m in v)
    f_d = product**2 / norms if squared else product / math.sqrt(norms)
    ratios = [v[m] / v[before] * u[before] / u[m] for before, m in pairwise(common)]
    f_r = math.fsum(min(ratio, 1 / ratio) for ratio in ratios) / len(common)
    return 999 * (len(u) * f_d + len(common) * f_r) / (len(u) + len(common))


def best_assignments(edges: Edges) -> list[list[tuple[int, int]]]:
    """All one-to-one assignments of greatest sum; of these, those with most pairs, then with most direct ones."""
    pairs = sorted(edges)
    found: list[tuple[float, list[tuple[int, int]]]] = []

    def extend(at: int, taken: list[tuple[int, int]]) -> None:
        if at == len(pairs):
            found.append((math.fsum(edges[pair][0] for pair in taken), taken))
            return
        extend(at + 1, taken)
        i, j = pairs[at]
        if all(i != other_i and j != other_j for other_i, other_j in taken):
            extend(at + 1, [*taken, pairs[at]])

    extend(0, [])
    highest = max(total for total, _ in found)
    best = [taken for total, taken in found if math.isclose(total, highest, rel_tol=1e-12)]
    best = [taken for taken in best if len(taken) == max(map(len, best))]
    direct = [sum(edges[pair][1] for pair in taken) for taken in best]
    return [taken for taken, count in zip(best, direct, strict=True) if count == max(direct)]


def groups(edges: Edges) -> list[Edges]:
    """The edges split into parts that share no peak."""
    parts: list[dict[tuple[int, int], tuple[float, bool]]] = []
    for (i, j), value in edges.items():
        touched = [part for part in parts if any(i == other_i or j == other_j for other_i, other_j in part)]
        parts = [part for part in parts if part not in touched]
        joined = {(i, j): value}
        for part in touched:
            joined |= part
        parts.append(joined)
    return parts


def assignment(edges: Edges) -> list[tuple[int, int]]:
    """One assignment of greatest sum: peaks without a common partner are independent of each other."""
    return sorted(pair for part in groups(edges) for pair in best_assignments(part)[0])


def modified_cosine(
    query: Iterable[tuple[float, float]],
    reference: Iterable[tuple[float, float]],
    query_precursor: float | None,
    reference_precursor: float | None,
    tolerance: float,
    mz_exponent: float = 0.0,
    intensity_exponent: float = 0.5,
    unit: str = "Da",
    reverse: bool = False,
) -> float | None:
    """Cosine over the best assignment of peaks that agree directly or shifted by the precursors' difference."""
    q, r = real_peaks(query), real_peaks(reference)
    if not q or not r or query_precursor is None or reference_precursor is None:
        return None
    u = [mz**mz_exponent * intensity**intensity_exponent for mz, intensity in q]
    v = [mz**mz_exponent * intensity**intensity_exponent for mz, intensity in r]
    shift = query_precursor - reference_precursor
    if within(query_precursor, reference_precursor, tolerance, unit):
        shift = 0.0
    edges = {}
    for i, (a, _) in enumerate(q):
        for j, (b, _) in enumerate(r):
            direct = within(a, b, tolerance, unit)
            if direct or within(a, b, tolerance, unit, shift):
                edges[i, j] = (u[i] * v[j], direct)
    pairs = assignment(edges)
    if not pairs:
        return 0.0
    counted = {i for i, _ in pairs} if reverse else set(range(len(u)))
    return math.fsum(u[i] * v[j] for i, j in pairs) / math.sqrt(
        math.fsum(u[i] ** 2 for i in counted) * math.fsum(weight**2 for weight in v)
    )


def is_loss(precursor: float, mz: float, tolerance: float, unit: str = "Da") -> bool:
    """Whether a peak lies below the precursor by more than the tolerance."""
    return mz < precursor and not within(precursor, mz, tolerance, unit)


def clean_for_losses(peaks: Iterable[tuple[float, float]], precursor: float, tolerance: float, unit: str) -> Peaks:
    """Join peaks closer than twice the tolerance, keep losses, then drop those below 1 % of the highest."""
    merged = merge_peaks(peaks, 2 * tolerance, unit)
    return noise_cut([peak for peak in merged if is_loss(precursor, peak[0], tolerance, unit)], 0.01)


def neutral_loss(
    query: Iterable[tuple[float, float]],
    reference: Iterable[tuple[float, float]],
    query_precursor: float | None,
    reference_precursor: float | None,
    tolerance: float,
    weighted: bool = True,
    unit: str = "Da",
    reverse: bool = False,
) -> float | None:
    """Entropy similarity over peaks with the same distance to their precursors, paired for the greatest similarity."""
    if query_precursor is None or reference_precursor is None:
        return None
    q = [peak for peak in real_peaks(query) if is_loss(query_precursor, peak[0], tolerance, unit)]
    r = [peak for peak in real_peaks(reference) if is_loss(reference_precursor, peak[0], tolerance, unit)]
    if not q or not r:
        return None
    a, b = entropy_weights(q, weighted), entropy_weights(r, weighted)
    shift = query_precursor - reference_precursor

    def gain(x: float, y: float) -> float:
        """What two shares add to the similarity if they are one peak of the 1:1 mixture instead of two."""
        apart, together = [x / 2, y / 2], [(x + y) / 2]
        return 2 * math.fsum([*(p * math.log(p) for p in together), *(-p * math.log(p) for p in apart)]) / math.log(4)

    edges = {
        (i, j): (gain(a[i], b[j]), False)
        for i in range(len(q))
        for j in range(len(r))
        if within(q[i][0], r[j][0], tolerance, unit, shift)
    }
    pairs = assignment(edges)
    if reverse:
        kept = [q[i] for i in sorted({i for i, _ in pairs})]
        return neutral_loss(kept, r, query_precursor, reference_precursor, tolerance, weighted, unit) if kept else 0.0
    mixture = [(a[i] + b[j]) / 2 for i, j in pairs]
    mixture += [a[i] / 2 for i in range(len(a)) if i not in {i for i, _ in pairs}]
    mixture += [b[j] / 2 for j in range(len(b)) if j not in {j for _, j in pairs}]
    return 1 - (2 * entropy(mixture) - entropy(a) - entropy(b)) / math.log(4)


def split(
    u: list[float], v: list[float], stays: Mapping[int, int], moves: Mapping[int, int], sweeps: int = 100_000
) -> list[float]:
    """Part of each reference peak that moves, so that the sum of sqrt(u h) is greatest.

    ``stays`` and ``moves`` name the query peak at the own and at the moved place of reference peak j. One peak after
    the other gets the best part while all others stay as they are, over and over until nothing changes: the sum is
    concave, so there is one optimum and this climbs to it.
    """
    moved = [v[j] if j in moves and j not in stays else 0.0 for j in range(len(v))]
    for _ in range(sweeps):
        change = 0.0
        for j in range(len(v)):
            if j not in stays or j not in moves:
                continue
            here, there = stays[j], moves[j]
            h = hybrid_at(u, v, stays, moves, moved)
            h0, h1 = h[here] - (v[j] - moved[j]), h[there] - moved[j]
            # sqrt(u0 (h0 + v - x)) + sqrt(u1 (h1 + x)) is greatest where u0 (h1 + x) = u1 (h0 + v - x).
            best = min(v[j], max(0.0, (u[there] * (h0 + v[j]) - u[here] * h1) / (u[here] + u[there])))
            change = max(change, abs(best - moved[j]) / v[j])
            moved[j] = best
        if change < 1e-13:
            break
    return moved


def hybrid_at(
    u: list[float], v: list[float], stays: Mapping[int, int], moves: Mapping[int, int], moved: list[float]
) -> list[float]:
    """Intensity of the hybrid spectrum at every query peak."""
    h = [0.0] * len(u)
    for j in range(len(v)):
        if j in stays:
            h[stays[j]] += v[j] - moved[j]
        if j in moves:
            h[moves[j]] += moved[j]
    return h


def hybrid_squared_cosine(
    q: Peaks,
    r: Peaks,
    shift: float,
    tolerance: float,
    unit: str = "Da",
    trace: float = 0.0,
    reverse: bool = False,
) -> float:
    """Squared cosine of the square roots of the query's and the hybrid spectrum's intensities."""
    u, v = [intensity for _, intensity in q], [intensity for _, intensity in r]
    stays = {j: i for i, j in matched_pairs(q, r, tolerance, unit)}
    moves = {j: i for i, j in matched_pairs(q, r, tolerance, unit, shift)} if shift else {}
    moves = {j: i for j, i in moves.items() if stays.get(j) != i}
    h = hybrid_at(u, v, stays, moves, split(u, v, stays, moves))
    products, query_squares, reference_squares = [], [], []
    for i in range(len(u)):
        may_lie_here = [v[j] for j in range(len(v)) if i in (stays.get(j), moves.get(j))]
        if u[i] <= trace and max(may_lie_here, default=0.0) <= trace:
            continue  # query and library have no more than a trace here
        if may_lie_here:
            products.append(math.sqrt(u[i] * h[i]))
            reference_squares.append(h[i])
        if may_lie_here or not reverse:
            query_squares.append(u[i])
    reference_squares += [v[j] for j in range(len(v)) if j not in stays and j not in moves and v[j] > trace]
    if not products:
        return 0.0
    return math.fsum(products) ** 2 / (math.fsum(query_squares) * math.fsum(reference_squares))


def hybrid_match_factor(
    query: Iterable[tuple[float, float]],
    reference: Iterable[tuple[float, float]],
    query_mass: int | None,
    reference_mass: int | None,
    reverse: bool = False,
    mz_min: int | None = None,
    mz_max: int | None = None,
    boundary: float = 0.649,
) -> float | None:
    """Hybrid similarity of EI spectra, 0 to 999.5: limits first, then the moving, then NIST's simple match factor."""
    u, v = scale_999(bin_nominal(query, boundary)), scale_999(bin_nominal(reference, boundary))
    low, high = -math.inf if mz_min is None else mz_min, math.inf if mz_max is None else mz_max
    u, v = ({m: one[m] for m in one if low <= m <= high} for one in (u, v))
    if not u or not v or query_mass is None or reference_mass is None:
        return None
    start = max(min(u), min(v)) if mz_min is None else 0
    q, r = ([(float(m), float(one[m])) for m in sorted(one) if m >= start] for one in (u, v))
    squared = hybrid_squared_cosine(q, r, float(query_mass - reference_mass), 0.0, trace=1.0, reverse=reverse)
    return max(0.0, 1000 * squared - 0.5) if squared else 0.0


def hybrid_cosine(
    query: Iterable[tuple[float, float]],
    reference: Iterable[tuple[float, float]],
    query_precursor: float | None,
    reference_precursor: float | None,
    tolerance: float,
    unit: str = "Da",
    reverse: bool = False,
) -> float | None:
    """Hybrid similarity of MS/MS spectra, 0 to 1."""
    q, r = real_peaks(query), real_peaks(reference)
    if not q or not r or query_precursor is None or reference_precursor is None:
        return None
    shift = query_precursor - reference_precursor
    if within(query_precursor, reference_precursor, tolerance, unit):
        shift = 0.0
    return math.sqrt(hybrid_squared_cosine(q, r, shift, tolerance, unit, reverse=reverse))


def rank(rows: Iterable[tuple[float, int, int]]) -> list[tuple[float, int, int]]:
    """Rows (score, matched peaks, library id): best score, then most matched peaks, then lowest id first."""
    return sorted(rows, key=lambda row: (-row[0], -row[1], row[2]))


def explanation(
    query: Peaks, reference: Peaks, pairs: Iterable[tuple[int, int, bool]]
) -> tuple[float, float, int, float, bool, tuple[float, float] | None]:
    """Shares explained of both, shifted peaks and their share, whether base peaks agree, largest peak without a pair.

    `pairs` are indices of peaks and whether they match shifted only.
    """
    pairs = list(pairs)
    mine, theirs = {i for i, _, _ in pairs}, {j for _, j, _ in pairs}
    moved = mine - {i for i, _, shifted in pairs if not shifted}
    whole, other = math.fsum(height for _, height in query), math.fsum(height for _, height in reference)
    base = max(range(len(query)), key=lambda i: query[i][1])
    other_base = max(range(len(reference)), key=lambda j: reference[j][1])
    alone = [query[i] for i in range(len(query)) if i not in mine]
    largest = max(alone, key=lambda peak: peak[1], default=None)
    return (
        math.fsum(query[i][1] for i in mine) / whole,
        math.fsum(reference[j][1] for j in theirs) / other,
        len(moved),
        math.fsum(query[i][1] for i in moved) / whole,
        (base, other_base) in {(i, j) for i, j, _ in pairs},
        None if largest is None else (largest[0], largest[1] / query[base][1]),
    )


def half_height_peaks(points: Iterable[tuple[float, float]]) -> Peaks:
    """Peaks of a profile without gaps: highest of the run of points at least half as high; mean above a tenth."""
    profile = sorted(points)
    heights = [height for _, height in profile]

    def end(at: int, step: int, height: float) -> tuple[int, int]:
        """Last point of the run on one side, and of the flank beyond it that does not rise."""
        run = at
        while 0 <= run + step < len(profile) and heights[run + step] >= height / 2:
            run += step
        flank = run
        while 0 <= flank + step < len(profile) and height / 10 < heights[flank + step] <= heights[flank]:
            flank += step
        return run, flank

    peaks = []
    for at, height in enumerate(heights):
        (low, first), (high, last) = end(at, -1, height), end(at, 1, height)
        if height > 0 and heights[low : high + 1].index(max(heights[low : high + 1])) == at - low:
            weights = [one - height / 10 for one in heights[first : last + 1]]
            moment = math.fsum(w * mz for w, (mz, _) in zip(weights, profile[first : last + 1], strict=True))
            peaks.append((moment / math.fsum(weights), height))
    return peaks


#: Bonds of an atom in its highest valence; atoms not named here have two.
HIGHEST_VALENCE = {
    **dict.fromkeys(("F", "Cl", "Br", "D"), 1),
    **dict.fromkeys(("N", "B"), 3),
    **dict.fromkeys(("C", "Si", "Sn"), 4),
    **dict.fromkeys(("P", "As", "I"), 5),
    **dict.fromkeys(("S", "Se"), 6),
}


def ion_masses(atoms: Mapping[str, int], isotopes: Mapping[str, list[float]]) -> set[float]:
    """Mass of every choice of atoms that a saturated ion has hydrogen enough for; `isotopes` of each element."""
    kinds = [(element, mass) for element in atoms if element != "H" for mass in isotopes[element]]
    (hydrogen,) = isotopes["H"]
    found = set()
    for counts in product(*(range(atoms[element] + 1) for element, _ in kinds)):
        chosen: dict[str, int] = {}
        for (element, _), count in zip(kinds, counts, strict=True):
            chosen[element] = chosen.get(element, 0) + count
        if any(chosen[element] > atoms[element] for element in chosen):
            continue
        mass = sum(of_one * count for (_, of_one), count in zip(kinds, counts, strict=True))
        bonds = sum(HIGHEST_VALENCE.get(element, 2) * count for element, count in chosen.items())
        # In a tree of n atoms n - 1 bonds join them, and each takes a valence of two atoms; a proton comes on top.
        hydrogens = bonds - 2 * (sum(chosen.values()) - 1) + 1
        for number in range(min(hydrogens, atoms.get("H", 0)) + 1):
            found.add(mass + hydrogen * number)
    return found - {0}
