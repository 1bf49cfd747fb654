"""Scores beside NIST's and entropy: the composite of 1994, modified cosine, neutral loss and hybrid similarity."""

import csv
import math
import random
from collections import Counter
from itertools import pairwise
from pathlib import Path

import naive
import numpy as np
import pytest
from hypothesis import assume
from hypothesis import strategies as st
from peaks import Peaks, Width, accurate, fractional, nominal, properties, same, spectrum, tolerances, written

from nps_spectra import CleaningRecipe, Spectrum, Tolerance, match_factor, read_spectra, similarity
from nps_spectra.errors import OptionError
from nps_spectra.kernels.hybrid import split_peaks
from nps_spectra.scorers import Scorer
from nps_spectra.scoring import ScoreOptions
from nps_spectra.shifted import ModifiedCosine

#: Differences of the precursors: none, inside the tolerance, just outside it, of the grid of generated peaks, anything.
shifts = st.one_of(
    st.sampled_from([0.0, 0.005, 0.01, 0.0101, 0.015, 0.02, 0.025, 0.03, 0.05, 1.0, 14.0157]),
    st.integers(-40, 40).map(lambda steps: round(0.005 * steps, 3)),
    st.integers(-400_000, 400_000).map(lambda n: n / 10_000),
)
precursors = st.sampled_from([100.06, 150.0, 300.1234, 480.0])
masses = st.tuples(st.integers(80, 90), st.integers(-12, 12)).map(lambda one: (one[0], one[0] + one[1]))


def compared(scorer: Scorer, query: Spectrum, reference: Spectrum) -> tuple[float, float, int]:
    """Score, reverse score and number of matched peaks."""
    one, other, rows = scorer.prepare(query), scorer.prepare(reference), np.zeros(1, dtype=np.int64)
    found = scorer.score(one, 0, other, rows)
    return float(found.score[0]), float(scorer.reverse(one, 0, other, rows).score[0]), int(found.matched[0])


# --- Stein & Scott 1994


def test_composite_of_1994_by_hand() -> None:
    # Common: 50, 70, 80; weights with exponents 1 and 1; ratios of 70/50 and 80/70, the unmatched 60 does not matter.
    query, reference = spectrum(written("50:100 60:10 70:50 80:20")), spectrum(written("50:100 70:100 80:10"))
    product = 5000 * 5000 + 3500 * 7000 + 1600 * 800
    query_norm, reference_norm = 5000**2 + 600**2 + 3500**2 + 1600**2, 5000**2 + 7000**2 + 800**2
    ratios = (0.5 / 1.0) + ((10 / 100) / (20 / 50))
    options = {"mz_exponent": 1.0, "intensity_exponent": 1.0}
    for squared, f_d in (
        (True, product**2 / query_norm / reference_norm),
        (False, product / math.sqrt(query_norm * reference_norm)),
    ):
        found = match_factor(query, reference, "stein_scott_1994", squared=squared, **options)
        assert found == pytest.approx(999 * (4 * f_d + ratios) / (4 + 3))
    f_d = product**2 / (query_norm - 600**2) / reference_norm
    reverse = match_factor(query, reference, "stein_scott_1994", reverse=True, **options)
    assert reverse == pytest.approx(999 * (3 * f_d + ratios) / (3 + 3))


def test_composite_of_1994_of_a_spectrum_with_itself() -> None:
    # F_R is the sum of N - 1 ratios divided by N: (N + N - 1) / 2N.
    one = spectrum(written("50:100 60:10 70:50 80:20"))
    assert match_factor(one, one, "stein_scott_1994") == pytest.approx(999 * 7 / 8)


@properties(fractional, fractional, st.booleans(), st.booleans(), st.sampled_from([0.5, 0.649]))
def test_composite_of_1994_agrees_with_the_oracle(
    query: Peaks, reference: Peaks, squared: bool, reverse: bool, boundary: float
) -> None:
    found = match_factor(
        spectrum(query), spectrum(reference), "stein_scott_1994", reverse, squared=squared, boundary=boundary
    )
    assert same(found, naive.stein_scott_1994(query, reference, 3.0, 0.6, squared, reverse, boundary))


# --- modified cosine


def unmerged(tolerance: str = "0.01 Da", intensity_exponent: float = 1.0) -> ModifiedCosine:
    """A modified cosine that takes peaks as they are, however close."""
    return ModifiedCosine(
        method="modified_cosine",
        technique="MS/MS",
        recipe=CleaningRecipe(),
        tolerance=Tolerance.parse(tolerance),
        mz_exponent=0.0,
        intensity_exponent=intensity_exponent,
    )


def test_modified_cosine_finds_the_optimal_assignment() -> None:
    # matchms' tests: 100.005 matches both, 100.016 only 100.01; a greedy choice of 1.0 x 1.0 leaves one match.
    query = spectrum(written("100.005:1.0 100.016:0.9"), precursor_mz=200.0)
    reference = spectrum(written("100.005:0.9 100.01:1.0"), precursor_mz=200.0)
    score, reverse, matched = compared(unmerged(), query, reference)
    assert (round(score, 6), round(reverse, 6), matched) == (0.994475, 0.994475, 2)


def test_modified_cosine_pairs_each_peak_once() -> None:
    # 100 and 120 match directly or shifted by 20 or not at all: 100-100, 120-120 is 1 + 4, 120-100 is 2.
    query = spectrum(written("100:1 120:4"), precursor_mz=320.0)
    reference = spectrum(written("100:1 120:4"), precursor_mz=300.0)
    assert similarity(query, reference, "modified_cosine") == pytest.approx(1.0)
    # Without 120 in the reference its 100 goes where it is worth more, to the query's 120.
    alone = spectrum(written("100:1"), precursor_mz=300.0)
    assert similarity(query, alone, "modified_cosine") == pytest.approx(2 / math.sqrt(5))
    assert similarity(query, alone, "modified_cosine", reverse=True) == pytest.approx(1.0)


@properties(
    accurate, accurate, precursors, shifts, tolerances, st.sampled_from([(0.0, 0.5), (1.0, 0.6)]), st.booleans()
)
def test_modified_cosine_agrees_with_the_oracle(
    query: Peaks,
    reference: Peaks,
    precursor: float,
    shift: float,
    tolerance: Width,
    exponents: tuple[float, float],
    reverse: bool,
) -> None:
    value, unit = tolerance
    assume(precursor + shift > 0)
    other = round(precursor + shift, 6)
    merged = [naive.merge_peaks(peaks, 2 * value, unit) for peaks in (query, reference)]
    found = similarity(
        spectrum(query, precursor_mz=other, ionization="ESI"),
        spectrum(reference, precursor_mz=precursor, ionization="ESI"),
        "modified_cosine",
        f"{value} {unit}",
        reverse=reverse,
        mz_exponent=exponents[0],
        intensity_exponent=exponents[1],
    )
    expected = naive.modified_cosine(*merged, other, precursor, value, *exponents, unit, reverse)
    if reverse and expected is not None and not same(found, expected):
        # Assignments of equal sum may pair other query peaks.
        forward = naive.modified_cosine(*merged, other, precursor, value, *exponents, unit)
        assert found >= forward - 1e-12
    else:
        assert same(found, expected)


# Peaks up to 5 to a tolerance window, so that one can have many partners of both kinds.
_crowded = st.lists(
    st.tuples(st.integers(0, 12).map(lambda n: round(100 + 0.004 * n, 3)), st.integers(1, 9).map(float)),
    min_size=1,
    max_size=5,
    unique_by=lambda peak: peak[0],
)


@properties(_crowded, _crowded, st.sampled_from([0.0, 0.011, 0.016, 0.02, -0.03]))
def test_modified_cosine_of_crowded_peaks_agrees_with_the_oracle(query: Peaks, reference: Peaks, shift: float) -> None:
    score, _, _ = compared(
        unmerged(), spectrum(query, precursor_mz=300.0 + shift), spectrum(reference, precursor_mz=300.0)
    )
    assert same(score, naive.modified_cosine(query, reference, 300.0 + shift, 300.0, 0.01, 0.0, 1.0))


def test_modified_cosine_of_large_groups_is_that_of_scipy() -> None:
    # Hundreds of peaks within a few tolerances of each other; scipy.optimize.linear_sum_assignment is the reference.
    optimize = pytest.importorskip("scipy.optimize")
    generator = np.random.default_rng(4)
    for n, m, shift in ((60, 80, 0.05), (90, 40, 0.0), (120, 120, -0.03)):
        query, reference = (
            [
                (float(mz), float(height))
                for mz, height in zip(
                    100 + 0.3 * np.sort(generator.random(size)), generator.integers(1, 1000, size), strict=True
                )
            ]
            for size in (n, m)
        )
        gain = np.array(
            [
                [
                    x * y if naive.within(a, b, 0.01) or naive.within(a, b, 0.01, shift=shift) else 0.0
                    for b, y in reference
                ]
                for a, x in query
            ]
        )
        best = gain[optimize.linear_sum_assignment(gain, maximize=True)].sum()
        norms = math.sqrt(sum(x * x for _, x in query) * sum(y * y for _, y in reference))
        score, _, _ = compared(
            unmerged(), spectrum(query, precursor_mz=300.0 + shift), spectrum(reference, precursor_mz=300.0)
        )
        assert score == pytest.approx(best / norms, rel=1e-12)


# Peaks 20 Da apart, as is the mass difference: each can match two others, and all hang together in chains.
_ladder = st.lists(st.just(0.0) | st.integers(1, 1000).map(float), min_size=5, max_size=7).map(
    lambda heights: [(100.0 + 20 * step, height) for step, height in enumerate(heights)]
)


@pytest.mark.parametrize("method", ["modified_cosine", "hybrid"])
@properties(query=_ladder, reference=_ladder, shift=st.sampled_from([20.0, -20.0, 40.0]), reverse=st.booleans())
def test_scores_of_ladders_agree_with_the_oracle(
    method: str, query: Peaks, reference: Peaks, shift: float, reverse: bool
) -> None:
    one, other = spectrum(query, precursor_mz=300.0 + shift), spectrum(reference, precursor_mz=300.0)
    oracle = naive.modified_cosine if method == "modified_cosine" else naive.hybrid_cosine
    expected = oracle(query, reference, 300.0 + shift, 300.0, 0.01, reverse=reverse)
    assert same(similarity(one, other, method, reverse=reverse), expected)


@properties(accurate, accurate, st.sampled_from([0.0, 0.005, -0.01, 0.01]))
def test_equal_precursors_make_the_modified_cosine_the_plain_one(query: Peaks, reference: Peaks, shift: float) -> None:
    one = spectrum(query, precursor_mz=300.0 + shift, ionization="ESI")
    other = spectrum(reference, precursor_mz=300.0, ionization="ESI")
    modified, plain = (similarity(one, other, method) for method in ("modified_cosine", "weighted_cosine"))
    assert modified == plain or (math.isnan(modified) and math.isnan(plain))


@properties(accurate, accurate, shifts)
def test_modified_cosine_is_never_below_the_plain_one(query: Peaks, reference: Peaks, shift: float) -> None:
    assume(query and reference)
    one = spectrum(query, precursor_mz=300.0 + shift, ionization="ESI")
    other = spectrum(reference, precursor_mz=300.0, ionization="ESI")
    plain = similarity(one, other, "weighted_cosine")
    assume(not math.isnan(plain))
    assert similarity(one, other, "modified_cosine") >= plain - 1e-12


# --- neutral loss


def test_neutral_loss_compares_distances_to_the_precursor() -> None:
    # Losses 18.01 and 46.01 in both, and the same shares; fragments have nothing in common.
    query = spectrum(written("281.99:100 253.99:300"), precursor_mz=300.0)
    reference = spectrum(written("181.99:100 153.99:300"), precursor_mz=200.0)
    assert similarity(query, reference, "neutral_loss") == pytest.approx(1.0)
    assert similarity(query, reference, "entropy") == 0.0


def test_what_is_not_below_the_precursor_is_no_loss() -> None:
    # The precursor peak itself (0.009 Da below it), and peaks above it.
    losses = written("281.99:100 253.99:300")
    query = spectrum([*losses, (299.991, 5000.0), (310.0, 5000.0)], precursor_mz=300.0)
    assert similarity(query, spectrum(losses, precursor_mz=300.0), "neutral_loss") == pytest.approx(1.0)
    no_loss = spectrum(written("300.0:100 310.0:50"), precursor_mz=300.0)
    assert math.isnan(similarity(no_loss, query, "neutral_loss"))


@properties(accurate, accurate, precursors, shifts, tolerances, st.booleans(), st.booleans())
def test_neutral_loss_agrees_with_the_oracle(
    query: Peaks, reference: Peaks, precursor: float, shift: float, tolerance: Width, weighted: bool, reverse: bool
) -> None:
    value, unit = tolerance
    assume(precursor + shift > 0)
    other = round(precursor + shift, 6)
    found = similarity(
        spectrum(query, precursor_mz=other, ionization="ESI"),
        spectrum(reference, precursor_mz=precursor, ionization="ESI"),
        "neutral_loss",
        f"{value} {unit}",
        weighted=weighted,
        reverse=reverse,
    )
    clean = [
        naive.clean_for_losses(peaks, mass, value, unit) for peaks, mass in ((query, other), (reference, precursor))
    ]
    assert same(found, naive.neutral_loss(*clean, other, precursor, value, weighted, unit, reverse))


# --- hybrid


@pytest.mark.parametrize(("column", "method", "reverse"), [("MF", "hybrid", False), ("o.Match", "nist_simple", False)])
def test_hybrid_match_factor_is_what_mspepsearch_prints(
    data_folder: Path, column: str, method: str, reverse: bool
) -> None:
    # NIST MSPepSearch 0.95 against SWGDRUG 3.3, 25 hits; it truncates the score + 0.5. The query's mass is 616 Da.
    folder = data_folder / "nist_mspepsearch"
    query = read_spectra(folder / "query_hybrid.msp")[0]
    library = {entry.original["ID"][0]: entry for entry in read_spectra(folder / "library_entries.msp")}
    with (folder / "hits_hybrid.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    scores = [match_factor(query, library[row["Id"]], method, reverse=reverse) for row in rows]
    found = [math.floor(score + 0.5) for score in scores]
    assert (len(found), found) == (25, [int(row[column]) for row in rows])


def test_hybrid_counts_the_peaks_in_common_that_mspepsearch_prints(data_folder: Path) -> None:
    folder = data_folder / "nist_mspepsearch"
    query = read_spectra(folder / "query_hybrid.msp")[0]
    library = {entry.original["ID"][0]: entry for entry in read_spectra(folder / "library_entries.msp")}
    with (folder / "hits_hybrid.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    scorer = ScoreOptions(method="hybrid").resolve("EI")
    found = [compared(scorer, query, library[row["Id"]])[2] for row in rows]
    assert (len(found), found) == (25, [int(row["NumMP"]) for row in rows])


def test_hybrid_splits_a_peak_in_the_ratio_of_the_query() -> None:
    # 900 of the reference at m/z 100 belong at 100 and, 14 Da higher, at 114: 999:333 is 3:1.
    query = spectrum(written("90:999 100:999 114:333"), nominal_mass=214)
    reference = spectrum(written("90:999 100:900"), nominal_mass=200)
    products = 999 + math.sqrt(999 * 675) + math.sqrt(333 * 225)
    expected = 1000 * products**2 / ((999 + 999 + 333) * (999 + 900)) - 0.5
    assert match_factor(query, reference, "hybrid") == pytest.approx(expected, rel=1e-12)


def test_hybrid_leaves_peaks_below_the_start_of_the_comparison_where_they_are() -> None:
    # The query begins at m/z 60, so the reference's 50 takes no part, though it would match the query's 64.
    query, reference = written("60:999 64:500"), written("50:500 60:999")
    found = match_factor(spectrum(query, nominal_mass=214), spectrum(reference, nominal_mass=200), "hybrid")
    assert found == pytest.approx(1000 * 999 / (999 + 500) - 0.5)


def test_hybrid_query_trace_counts_where_a_larger_reference_peak_may_lie() -> None:
    # 100 of the reference may go to 114, where the query has a trace of 1: it matches, with 1/12 of 12.
    scorer = ScoreOptions(method="hybrid").resolve("EI")
    query = spectrum(written("90:999 100:11 114:1"), nominal_mass=214)
    for height, matched in ((12, 3), (1, 2)):
        reference = spectrum([(90, 999), (100, height)], nominal_mass=200)
        assert compared(scorer, query, reference)[2] == matched


@properties(nominal, nominal, masses, st.booleans(), st.none() | st.integers(38, 62), st.none() | st.integers(38, 62))
def test_hybrid_match_factor_agrees_with_the_oracle(
    query: Peaks, reference: Peaks, mass: tuple[int, int], reverse: bool, mz_min: int | None, mz_max: int | None
) -> None:
    assume(mz_min is None or mz_max is None or mz_min <= mz_max)
    one, other = spectrum(query, nominal_mass=mass[0]), spectrum(reference, nominal_mass=mass[1])
    found = match_factor(one, other, "hybrid", reverse, mz_min=mz_min, mz_max=mz_max)
    expected = naive.hybrid_match_factor(query, reference, *mass, reverse, mz_min, mz_max)
    assert same(found, expected)


@properties(accurate, accurate, precursors, shifts, tolerances, st.booleans())
def test_hybrid_of_accurate_mass_agrees_with_the_oracle(
    query: Peaks, reference: Peaks, precursor: float, shift: float, tolerance: Width, reverse: bool
) -> None:
    value, unit = tolerance
    assume(precursor + shift > 0)
    other = round(precursor + shift, 6)
    found = similarity(
        spectrum(query, precursor_mz=other, ionization="ESI"),
        spectrum(reference, precursor_mz=precursor, ionization="ESI"),
        "hybrid",
        f"{value} {unit}",
        reverse=reverse,
    )
    merged = [naive.merge_peaks(peaks, 2 * value, unit) for peaks in (query, reference)]
    expected = naive.hybrid_cosine(*merged, other, precursor, value, unit, reverse)
    assert same(found, expected)


@properties(nominal, nominal, st.booleans())
def test_hybrid_without_a_mass_difference_is_the_simple_match_factor(
    query: Peaks, reference: Peaks, reverse: bool
) -> None:
    one, other = spectrum(query, nominal_mass=150), spectrum(reference, nominal_mass=150)
    hybrid, simple = (match_factor(one, other, method, reverse) for method in ("hybrid", "nist_simple"))
    assert hybrid == simple or (math.isnan(hybrid) and math.isnan(simple))


def random_split(generator: random.Random, query: Peaks, reference: Peaks, shift: float) -> float:
    """Squared cosine after moving any part of any peak: what the optimum has to beat."""
    u = dict(query)
    h: dict[float, float] = {}
    for m, height in reference:
        part = height * generator.choice([0.0, 1.0, generator.random()])
        h[m] = h.get(m, 0.0) + height - part
        h[m + shift] = h.get(m + shift, 0.0) + part
    product = sum(math.sqrt(u.get(m, 0.0) * height) for m, height in h.items())
    return product**2 / (sum(u.values()) * sum(h.values()))


@properties(nominal, nominal, st.integers(-12, 12), st.randoms(use_true_random=False))
def test_no_split_beats_the_hybrid_similarity(
    query: Peaks, reference: Peaks, shift: int, generator: random.Random
) -> None:
    # Accurate spectra: no traces, no start rule. m/z of the other side are compared within 0.01 Da.
    query, reference = (sorted(naive.bin_nominal(peaks).items()) for peaks in (query, reference))
    assume(query and reference)
    one = spectrum(query, precursor_mz=300.0 + shift, ionization="ESI")
    other = spectrum(reference, precursor_mz=300.0, ionization="ESI")
    best = similarity(one, other, "hybrid")
    assert best >= similarity(one, other, "weighted_cosine") - 1e-12
    for _ in range(20):
        assert best**2 >= random_split(generator, query, reference, float(shift)) - 1e-9


@pytest.mark.parametrize("shift", [1, -1, 2, 14])
def test_hybrid_split_of_long_chains_is_where_no_small_step_helps(shift: int) -> None:
    # Peaks at every m/z from 40 to 400 hang together. sqrt(u h) grows by sqrt(u / h) / 2 for each bit of h, and the sum
    # is concave: at the optimum both ends of a split peak gain alike, and a whole peak is where the gain is larger.
    generator = np.random.default_rng(6)
    mz, n = np.arange(40.0, 400.0), 360
    u, v = generator.integers(1, 999, n).astype(float), generator.integers(1, 999, n).astype(float)
    stays_at, moves_to, direct, arriving = (np.empty(n, dtype=np.int64) for _ in range(4))
    hybrid, moved = np.empty(n), np.empty(n)
    split_peaks(mz, u, mz, v, float(shift), 1e-7, 0.0, stays_at, moves_to, direct, arriving, hybrid, moved)
    by_hand = np.zeros(n)
    kinds = Counter[str]()
    for j in range(n):
        there = j + shift if 0 <= j + shift < n else None
        assert (stays_at[j], moves_to[j]) == (j, -1 if there is None else there)
        by_hand[j] += v[j] - moved[j]
        if there is not None:
            by_hand[there] += moved[j]
    assert hybrid == pytest.approx(by_hand, rel=1e-9)
    for j in range(n):
        if moves_to[j] < 0:
            continue
        with np.errstate(divide="ignore"):
            here, there = np.sqrt(u[j] / hybrid[j]), np.sqrt(u[j + shift] / hybrid[j + shift])
        none, whole = moved[j] < 1e-9 * v[j], moved[j] > (1 - 1e-9) * v[j]
        kinds["stays" if none else "moves" if whole else "split"] += 1
        assert whole or here >= there * (1 - 1e-9)
        assert none or there >= here * (1 - 1e-9)
    assert min(kinds["stays"], kinds["moves"], kinds["split"]) >= 10


def test_accurate_mass_takes_the_closest_of_several_peaks_that_ppm_lets_through() -> None:
    # 100 ppm: 100.00 and 100.015 are two peaks (20 mDa apart at their m/z), but both come within 30 mDa of 400.
    query = spectrum(written("400.0:100"), precursor_mz=600.0)
    reference = spectrum(written("100.0:100 100.021:900"), precursor_mz=300.0)
    found = similarity(query, reference, "hybrid", "100 ppm")
    assert found == pytest.approx(math.sqrt(100 / 1000))
    assert similarity(query, reference, "modified_cosine", "100 ppm") == pytest.approx(math.sqrt(900 / 1000))


# --- masses


@pytest.mark.parametrize("method", ["modified_cosine", "neutral_loss", "hybrid"])
def test_without_a_precursor_there_is_no_score(method: str) -> None:
    peaks = written("100.05:100 150.07:40")
    known, unknown = spectrum(peaks, precursor_mz=300.0), spectrum(peaks)
    assert not math.isnan(similarity(known, known, method))
    for pair in ((known, unknown), (unknown, known), (unknown, unknown)):
        for reverse in (False, True):
            assert math.isnan(similarity(*pair, method, reverse=reverse))


def test_hybrid_without_a_molecular_mass_has_no_score() -> None:
    peaks = written("58:999 91:80")
    known, unknown = spectrum(peaks, nominal_mass=177), spectrum(peaks)
    assert match_factor(known, known, "hybrid") == pytest.approx(999.5)
    assert math.isnan(match_factor(known, unknown, "hybrid"))
    assert math.isnan(match_factor(unknown, known, "hybrid"))
    assert match_factor(unknown, known, "hybrid", query_mass=177) == pytest.approx(999.5)


@pytest.mark.parametrize("fields", [{"formula": "C11H15NO"}, {"nominal_mass": 177}, {"exact_mass": 177.1154}])
def test_molecular_mass_comes_from_formula_nominal_or_exact_mass(fields: dict[str, float | str]) -> None:
    # Mephedrone against a homologue 14 Da heavier, whose base peak is 72 instead of 58.
    homologue = spectrum(written("44:30 72:999 119:80"), nominal_mass=191)
    mephedrone = spectrum(written("44:30 58:999 119:80"), **fields)
    assert match_factor(homologue, mephedrone, "hybrid") == pytest.approx(999.5)


def test_query_mass_is_for_queries_that_state_none() -> None:
    homologue, mephedrone = (
        spectrum([(44, 30), (base, 999), (119, 80)], nominal_mass=mass) for base, mass in ((72, 191), (58, 177))
    )
    assert match_factor(homologue, mephedrone, "hybrid", query_mass=177) == pytest.approx(999.5)
    for mass in (191, 191.0, np.int64(191), np.float64(191)):
        nameless = homologue.replace(nominal_mass=None)
        assert match_factor(nameless, mephedrone, "hybrid", query_mass=mass) == pytest.approx(999.5)  # type: ignore[arg-type]


@pytest.mark.parametrize("mass", [0, -1, 1.5, True, "177", math.inf, math.nan, 10**400])
def test_query_mass_is_a_whole_number(mass: object) -> None:
    one = spectrum(written("58:999 91:80"))
    with pytest.raises(OptionError, match="query_mass"):
        match_factor(one, one, "hybrid", query_mass=mass)  # type: ignore[arg-type]


def test_query_mass_belongs_to_hybrid() -> None:
    one = spectrum(written("58:999 91:80"))
    with pytest.raises(OptionError, match="belongs to 'hybrid'"):
        match_factor(one, one, "nist_simple", query_mass=177)


# --- invariants of all that need precursors

SHIFTED = ["modified_cosine", "neutral_loss", "hybrid"]


@pytest.mark.parametrize("method", SHIFTED)
@properties(query=accurate, reference=accurate, shift=shifts, generator=st.randoms(use_true_random=False))
def test_the_order_of_peaks_changes_nothing(
    method: str, query: Peaks, reference: Peaks, shift: float, generator: random.Random
) -> None:
    other = spectrum(reference, precursor_mz=300.0, ionization="ESI")
    one, mixed = (
        spectrum(peaks, precursor_mz=300.0 + shift, ionization="ESI")
        for peaks in (query, generator.sample(query, len(query)))
    )
    assert same(similarity(mixed, other, method), similarity(one, other, method))


@pytest.mark.parametrize("method", SHIFTED)
@properties(query=accurate, reference=accurate, shift=shifts, power=st.integers(-20, 20))
def test_the_scale_of_intensities_changes_nothing(
    method: str, query: Peaks, reference: Peaks, shift: float, power: int
) -> None:
    other = spectrum(reference, precursor_mz=300.0, ionization="ESI")
    one, scaled = (
        spectrum([(mz, height * factor) for mz, height in query], precursor_mz=300.0 + shift, ionization="ESI")
        for factor in (1.0, 2.0**power)
    )
    assert same(similarity(scaled, other, method), similarity(one, other, method))


@pytest.mark.parametrize("method", ["modified_cosine", "neutral_loss"])
@properties(query=accurate, reference=accurate, shift=shifts, tolerance=tolerances)
def test_exchanging_the_spectra_changes_nothing(
    method: str, query: Peaks, reference: Peaks, shift: float, tolerance: Width
) -> None:
    width = f"{tolerance[0]} {tolerance[1]}"
    one = spectrum(query, precursor_mz=300.0 + shift, ionization="ESI")
    other = spectrum(reference, precursor_mz=300.0, ionization="ESI")
    assert same(similarity(one, other, method, width), similarity(other, one, method, width))


@pytest.mark.parametrize("method", SHIFTED)
@properties(query=accurate, reference=accurate, shift=shifts)
def test_scores_stay_in_their_range_and_reverse_ones_are_not_lower(
    method: str, query: Peaks, reference: Peaks, shift: float
) -> None:
    one = spectrum(query, precursor_mz=300.0 + shift, ionization="ESI")
    other = spectrum(reference, precursor_mz=300.0, ionization="ESI")
    score, reverse = (similarity(one, other, method, reverse=reverse) for reverse in (False, True))
    assume(not math.isnan(score))
    assert 0 <= score <= 1
    assert 0 <= reverse <= 1
    if method != "neutral_loss":  # whose weights depend on what is left
        assert reverse >= score - 1e-12


@pytest.mark.parametrize("method", SHIFTED)
@properties(query=accurate, shift=shifts)
def test_a_spectrum_matches_itself(method: str, query: Peaks, shift: float) -> None:
    one = spectrum(query, precursor_mz=600.0 + shift, ionization="ESI")
    assume(len(one))
    assert similarity(one, one, method) == pytest.approx(1.0, rel=1e-12)


@properties(accurate, accurate, shifts, tolerances, st.sampled_from(SHIFTED))
def test_pairs_are_the_matches_that_were_counted(
    query: Peaks, reference: Peaks, shift: float, tolerance: Width, method: str
) -> None:
    width = Tolerance(*tolerance)  # type: ignore[arg-type]
    scorer = ScoreOptions(method=method, tolerance=width).resolve("MS/MS")
    one = scorer.prepare(spectrum(query, precursor_mz=300.0 + shift))
    other = scorer.prepare(spectrum(reference, precursor_mz=300.0))
    rows = np.zeros(1, dtype=np.int64)
    found = scorer.score(one, 0, other, rows)
    assume(not math.isnan(found.score[0]))
    pairs = scorer.pairs(one, 0, other, 0)
    assert len(set(pairs.query.tolist())) == found.matched[0]
    equal = width.matches(300.0 + shift, 300.0)
    for i, j, moved in zip(pairs.query.tolist(), pairs.library.tolist(), pairs.shifted.tolist(), strict=True):
        a, b = one.clean.mz[i], other.clean.mz[j]
        if method == "neutral_loss":  # losses are compared always, and called shifted only where precursors differ
            assert moved is not equal
            assert naive.within(a, b, *tolerance, shift)
        else:
            assert naive.within(a, b, *tolerance, shift if moved and not equal else 0.0)
    if method == "modified_cosine":
        assert all(a != b for a, b in pairwise(sorted(pairs.library.tolist())))
        product = (one.values[pairs.query] * other.values[pairs.library]).sum()
        assert found.score[0] == pytest.approx(product / math.sqrt((one.values**2).sum() * (other.values**2).sum()))


@pytest.mark.parametrize(("precursor_mz", "shifted"), [(300.0, [False, False]), (314.0157, [True])])
def test_losses_of_equal_precursors_are_not_shifted(precursor_mz: float, shifted: list[bool]) -> None:
    one = Spectrum([100.0, 150.0], [50, 999], precursor_mz=300.0, ms_level=2, ionization="ESI")
    other = Spectrum([100.0, 150.0, 164.0157], [50, 999, 80], precursor_mz=precursor_mz, ms_level=2, ionization="ESI")
    scorer = ScoreOptions(method="neutral_loss").resolve("MS/MS")
    pairs = scorer.pairs(scorer.prepare(one), 0, scorer.prepare(other), 0)
    assert pairs.shifted.tolist() == shifted
