"""The slow oracle: every score and cleaning step once more, in plain Python, as the papers define it.

Nothing here is fast and nothing is shared with the package. A spectrum is a list of ``(mz, intensity)``
pairs in any order, a nominal spectrum a dict of m/z to intensity. "No score" is None.

Sources: the match factor of NIST MS Search is the one described by Khrisanfov & Samokhin 2022,
doi:10.1002/rcm.9294, and in the mssearchr documentation; spectral entropy is Li et al. 2021,
doi:10.1038/s41592-021-01331-z; the weighted cosine is Stein & Scott 1994, doi:10.1016/1044-0305(94)87009-8,
without the square.
"""

import math
from collections.abc import Iterable
from itertools import pairwise

Peaks = list[tuple[float, float]]
Bins = dict[int, float]

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


def within(a: float, b: float, tolerance: float, unit: str = "Da") -> bool:
    """Whether two m/z agree, the limit inside; ppm is of their mean."""
    width = {"Da": tolerance, "ppm": tolerance * 1e-6 * (a + b) / 2}[unit]
    return abs(a - b) <= width + SLACK_DA


def merge_peaks(peaks: Iterable[tuple[float, float]], window: float, unit: str = "Da") -> Peaks:
    """Join peaks around the most intense ones until all neighbours are further apart than `window`."""
    now = real_peaks(peaks)
    while any(within(a[0], b[0], window, unit) for a, b in pairwise(now)):
        merged = []
        remaining = sorted(now, key=lambda peak: (-peak[1], peak[0]))
        while remaining:
            centre = remaining[0][0]
            group = [peak for peak in remaining if within(peak[0], centre, window, unit)]
            remaining = [peak for peak in remaining if not within(peak[0], centre, window, unit)]
            total = math.fsum(intensity for _, intensity in group)
            merged.append((math.fsum(mz * intensity for mz, intensity in group) / total, total))
        now = sorted(merged)
    return now


def matched_pairs(query: Peaks, reference: Peaks, tolerance: float, unit: str = "Da") -> list[tuple[int, int]]:
    """Indices of the peaks that agree, each used once, the closest first."""
    near = []
    for i, (a, _) in enumerate(query):
        for j, (b, _) in enumerate(reference):
            if within(a, b, tolerance, unit):
                near.append((abs(a - b), i, j))
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


def rank(rows: Iterable[tuple[float, int, int]]) -> list[tuple[float, int, int]]:
    """Rows (score, matched peaks, library id): best score, then most matched peaks, then lowest id first."""
    return sorted(rows, key=lambda row: (-row[0], -row[1], row[2]))
