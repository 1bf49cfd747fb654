"""Scores of two spectra: values printed by NIST's programs, parity with other software, and the slow oracle."""

import csv
import math
import random
import re
from collections.abc import Callable
from pathlib import Path

import naive
import pytest
from hypothesis import assume
from hypothesis import strategies as st
from peaks import (
    Pair,
    Peaks,
    Width,
    accurate,
    both,
    fractional,
    nominal,
    pairs,
    properties,
    same,
    spectrum,
    tolerances,
    written,
)

from nps_spectra import Spectrum, match_factor, read_spectra, similarity

SCORES: dict[str, Callable[[Spectrum, Spectrum], float]] = {
    "nist_identity": lambda q, r: match_factor(q, r, "nist_identity"),
    "nist_simple": lambda q, r: match_factor(q, r, "nist_simple"),
    "nist_identity reverse": lambda q, r: match_factor(q, r, "nist_identity", reverse=True),
    "weighted_cosine": lambda q, r: similarity(q, r, "weighted_cosine"),
    "entropy": lambda q, r: similarity(q, r, "entropy"),
    "entropy unweighted": lambda q, r: similarity(q, r, "entropy", weighted=False),
}
each_score = pytest.mark.parametrize("name", SCORES)
HIGHEST = {name: 999.5 if name.startswith("nist") else 1.0 for name in SCORES}


# mssearchr 0.2.0 (Khrisanfov & Samokhin 2022, doi:10.1002/rcm.9294), five of its synthetic test spectra and their
# scores, recomputed from the description of the algorithm.
SYNTHETIC = {
    "001": written("83:61 150:999 250:340 300:1 350:447"),
    "002": written("69:76 150:999 200:1 250:367 300:152 350:493 435:0"),
    "005": written("131:0 150:999 200:2 250:783 300:0 350:228 408:0"),
    "007": written("150:999 200:1 250:719 300:2 350:592 389:0"),
    "072": written("49:56 150:488 200:240 250:572 300:159 350:999 391:52"),
}
PAIRS = ["001,007", "001,005", "001,002", "001,072", "002,005", "002,072", "005,072", "072,001", "072,005"]
SYNTHETIC_SCORES = """
nist_identity forward -   915.410657 803.840381 657.233190 541.622188 832.266532 676.054800 474.953613 541.622188 474.953613
nist_identity reverse -   915.410657 803.840381 663.916361 548.151563 892.653414 681.343416 474.953613 597.866754 524.998454
nist_simple   forward -   976.646350 935.741141 904.582866 713.672253 864.938025 785.130225 689.437759 713.672253 689.437759
nist_simple   reverse -   976.646350 935.741141 935.478252 738.050825 935.661993 814.806118 689.437759 807.693127 752.759580
nist_identity forward 1-600   908.269310 795.068912 651.403672 539.598064 826.081048 674.195623 473.143778 539.598064 473.143778
nist_identity forward 150-350 915.410657 803.840381 663.916361 563.873384 832.266532 695.762276 488.831577 563.873384 488.831577
nist_simple   forward 150-350 976.646350 935.741141 935.478252 753.675171 864.938025 832.054254 704.033676 753.675171 704.033676
"""  # noqa: E501


@pytest.mark.parametrize("row", SYNTHETIC_SCORES.strip().splitlines())
def test_match_factor_of_synthetic_spectra(row: str) -> None:
    method, direction, window, *values = row.split()
    mz_min, mz_max = (None, None) if window == "-" else map(int, window.split("-"))
    for pair, expected in zip(PAIRS, values, strict=True):
        query, reference = (spectrum(SYNTHETIC[name]) for name in pair.split(","))
        found = match_factor(query, reference, method, reverse=direction == "reverse", mz_min=mz_min, mz_max=mz_max)
        assert found == pytest.approx(float(expected), abs=1e-6), pair


@pytest.mark.parametrize("reverse", [False, True], ids=["MF", "RMF"])
def test_match_factor_is_what_nist_ms_search_prints(data_folder: Path, reverse: bool) -> None:
    # NIST MS Search 2.4, SRCRESLT.TXT: three queries, ten hits each.
    folder = data_folder / "nist_mssearch"
    queries = {query.name: query for query in read_spectra(folder / "alkanes.msp")}
    library = read_spectra(folder / "massbank_alkanes.msp")
    printed, found = [], []
    for line in (folder / "SRCRESLT.TXT").read_text(encoding="latin-1").splitlines():
        if unknown := re.match(r"Unknown: (\S+)", line):
            query = queries[unknown[1]]
        elif hit := re.search(r"MF: (\d+); RMF: (\d+);.* Id: (\d+);", line):
            printed.append(int(hit[2] if reverse else hit[1]))
            score = match_factor(query, library[int(hit[3]) - 1], "nist_identity", reverse=reverse)
            found.append(min(999, math.floor(score + 0.5)))
    assert (len(found), found) == (30, printed)


@pytest.mark.parametrize(
    ("hits", "column", "reverse"),
    [("simple", "MF", False), ("hybrid", "o.Match", False), ("hybrid", "o.R.Match", True)],
)
def test_match_factor_is_what_mspepsearch_prints(data_folder: Path, hits: str, column: str, reverse: bool) -> None:
    # NIST MSPepSearch 0.95 against SWGDRUG 3.3, 25 hits a list, "simple"; it truncates the score + 0.5.
    folder = data_folder / "nist_mspepsearch"
    query = read_spectra(folder / f"query_{hits}.msp")[0]
    library = {entry.original["ID"][0]: entry for entry in read_spectra(folder / "library_entries.msp")}
    with (folder / f"hits_{hits}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    scores = [match_factor(query, library[row["Id"]], "nist_simple", reverse=reverse) for row in rows]
    found = [math.floor(score + 0.5) for score in scores]
    assert (len(found), found) == (25, [int(row[column]) for row in rows])


def test_peak_of_one_count_takes_no_part() -> None:
    # Two matched peaks and their ratio of 1: the trace at m/z 60 is in no norm and breaks no chain.
    traced, plain = spectrum(written("50:999 60:1 70:400")), spectrum(written("50:999 70:400"))
    assert match_factor(traced, plain) == pytest.approx(999.5, rel=1e-12)


def test_unmatched_peak_breaks_the_chain_of_ratios() -> None:
    # Two matched peaks and, where the chain is whole, one ratio. Reverse: the query-only peak is in no norm.
    reference = spectrum(written("50:999 70:999"))
    whole, broken = written("50:999 70:250"), written("50:999 60:2 70:250")
    t1 = (50 * 999 + 70 * math.sqrt(999 * 250)) ** 2 / ((50 * 999 + 70 * 250) * 120 * 999)
    r = math.sqrt(250 / 999)
    assert match_factor(spectrum(whole), reference, reverse=True) == pytest.approx(1000 * (2 * t1 + r) / 3 - 0.5)
    assert match_factor(spectrum(broken), reference, reverse=True) == pytest.approx(1000 * t1 - 0.5)


def test_comparison_starts_at_the_larger_of_the_lowest_mz() -> None:
    query, reference = spectrum(written("41:700 50:999 70:400")), spectrum(written("50:999 70:400"))
    assert match_factor(query, reference) == pytest.approx(999.5, rel=1e-12)


@pytest.mark.parametrize("mz_min", [0, 1])
def test_explicit_start_takes_the_place_of_the_rule(mz_min: int) -> None:
    # T1 has the query-only peak in its norm; two matched peaks, one ratio of 1.
    query, reference = spectrum(written("41:700 50:999 70:400")), spectrum(written("50:999 70:400"))
    t1 = (50 * 999 + 70 * 400) / (41 * 700 + 50 * 999 + 70 * 400)
    assert match_factor(query, reference, mz_min=mz_min) == pytest.approx(1000 * (2 * t1 + 1) / 3 - 0.5)


def test_explicit_window_without_peaks_gives_no_score() -> None:
    one = spectrum(written("50:999 70:400"))
    assert math.isnan(match_factor(one, one, mz_min=80, mz_max=90))


def test_start_rule_that_leaves_no_peak_below_the_upper_limit_gives_zero() -> None:
    # Both have a peak up to m/z 55, so there is a score; the comparison starts at 50 and finds nothing in common.
    query, reference = spectrum(written("40:999 60:500")), spectrum(written("50:999 55:400"))
    assert match_factor(query, reference, mz_max=55) == 0.0


def test_bin_boundary_is_0_649_above_the_nominal_mz() -> None:
    # Khrisanfov & Samokhin 2022: 50.650 and 51.648 both belong to m/z 51.
    query, reference = spectrum(written("50.650:200 51.648:300 100:999")), spectrum(written("51:500 100:999"))
    assert match_factor(query, reference) == pytest.approx(999.5, rel=1e-12)


@properties(nominal, nominal, st.booleans(), st.booleans())
def test_match_factor_agrees_with_the_oracle(query: Peaks, reference: Peaks, identity: bool, reverse: bool) -> None:
    method = "nist_identity" if identity else "nist_simple"
    found = match_factor(spectrum(query), spectrum(reference), method, reverse=reverse)
    assert same(found, naive.nist_match_factor(query, reference, identity, reverse))


@properties(fractional, fractional, st.sampled_from([0.5, 0.649, 0.7]))
def test_match_factor_of_accurate_mass_agrees_with_the_oracle(query: Peaks, reference: Peaks, boundary: float) -> None:
    found = match_factor(spectrum(query), spectrum(reference), boundary=boundary)
    assert same(found, naive.nist_match_factor(query, reference, boundary=boundary))


@properties(nominal, nominal, st.none() | st.integers(38, 62), st.none() | st.integers(38, 62), st.booleans())
def test_match_factor_in_a_window_agrees_with_the_oracle(
    query: Peaks, reference: Peaks, mz_min: int | None, mz_max: int | None, reverse: bool
) -> None:
    assume(mz_min is None or mz_max is None or mz_min <= mz_max)
    found = match_factor(spectrum(query), spectrum(reference), reverse=reverse, mz_min=mz_min, mz_max=mz_max)
    assert same(found, naive.nist_match_factor(query, reference, reverse=reverse, mz_min=mz_min, mz_max=mz_max))


@properties(nominal, nominal, st.sampled_from(["nist_identity", "nist_simple"]))
def test_reverse_match_factor_is_never_lower(query: Peaks, reference: Peaks, method: str) -> None:
    # By definition: it only leaves terms out of a denominator.
    forward = match_factor(spectrum(query), spectrum(reference), method)
    assume(not math.isnan(forward))
    assert match_factor(spectrum(query), spectrum(reference), method, reverse=True) >= forward - 1e-9


@pytest.mark.parametrize(
    ("tolerance", "weighted", "unweighted"), [("0.05 Da", 0.89843977, 0.98266688), ("0.015 Da", 0.83808746, 0.97804028)]
)
def test_entropy_similarity_of_the_authors_example(tolerance: str, weighted: float, unweighted: float) -> None:
    # The example of the ms_entropy documentation (Li et al. 2021, doi:10.1038/s41592-021-01331-z): 86.066 and
    # 86.0969 are one peak at 0.05 Da and two at 0.015 Da.
    a = spectrum(written("69.071:7.917962 86.066:1.021589 86.0969:100"))
    b = spectrum(written("41.04:37.16 69.07:66.83 86.1:999"))
    assert similarity(a, b, "entropy", tolerance=tolerance) == pytest.approx(weighted, abs=1e-7)
    assert similarity(a, b, "entropy", tolerance=tolerance, weighted=False) == pytest.approx(unweighted, abs=1e-7)


def test_entropy_cuts_noise_below_one_percent_of_the_base_peak() -> None:
    # 10 is 1 % of 1000 and stays, 9 goes.
    clean, noisy = written("100:1000 120:10"), written("100:1000 110:9 120:10")
    assert similarity(spectrum(noisy), spectrum(clean), "entropy") == pytest.approx(1.0, abs=1e-12)
    assert similarity(spectrum(clean), spectrum(clean[:1]), "entropy") < 0.95


@pytest.mark.parametrize(
    ("tolerance", "inside", "outside"), [("0.01 Da", 500.01, 500.0102), ("20 ppm", 500.0100001, 500.0102)]
)
def test_limit_of_the_tolerance_is_inside(tolerance: str, inside: float, outside: float) -> None:
    # ppm is of the mean m/z: the difference of 500 and 500.0100001 is 20 ppm of their mean.
    for mz, expected in ((inside, 1.0), (outside, 0.0)):
        found = similarity(*both((([(500.0, 1.0)], [(mz, 1.0)]), "ESI")), "entropy", tolerance=tolerance)
        assert found == pytest.approx(expected)


def _far_apart(generator: random.Random) -> tuple[Peaks, Peaks]:
    """Two spectra that share about half their m/z to 0.008 Da; all peaks are 0.5 Da apart and above 2 % of the base."""
    query, reference = Peaks(), Peaks()
    for step in range(generator.randint(1, 60)):
        mz = 60 + 0.6 * step + generator.uniform(0, 0.08)
        if generator.random() < 0.75:
            query.append((mz, float(generator.randint(20, 1000))))
        if generator.random() < 0.75:
            reference.append((mz + generator.uniform(-0.008, 0.008), float(generator.randint(20, 1000))))
    return query or [(60.0, 1.0)], reference or [(60.0, 1.0)]


@pytest.mark.parametrize("weighted", [True, False])
def test_entropy_similarity_is_that_of_ms_entropy(weighted: bool) -> None:
    # ms_entropy, the package of the authors, computes in float32.
    ms_entropy = pytest.importorskip("ms_entropy")
    theirs = ms_entropy.calculate_entropy_similarity if weighted else ms_entropy.calculate_unweighted_entropy_similarity
    generator = random.Random(1)
    for _ in range(200):
        query, reference = _far_apart(generator)
        ours = both(((query, reference), "ESI"))
        found = similarity(*ours, "entropy", tolerance="0.01 Da", weighted=weighted)
        assert found == pytest.approx(theirs(query, reference, ms2_tolerance_in_da=0.01), abs=1e-5)


@pytest.mark.filterwarnings("ignore")  # what the import of another package warns of is no fault of ours
@pytest.mark.parametrize(("mz_exponent", "intensity_exponent"), [(0.0, 1.0), (0.0, 0.5), (1.0, 0.5), (3.0, 0.6)])
def test_weighted_cosine_is_that_of_matchms(mz_exponent: float, intensity_exponent: float) -> None:
    # CosineGreedy of matchms; with peaks this far apart the greedy assignment is the only one.
    matchms = pytest.importorskip("matchms")
    numpy = pytest.importorskip("numpy")
    cosine = pytest.importorskip("matchms.similarity").CosineGreedy(0.01, mz_exponent, intensity_exponent)
    generator = random.Random(2)
    for _ in range(100):
        query, reference = _far_apart(generator)
        ours = both(((query, reference), "ESI"))
        theirs = [matchms.Spectrum(*numpy.transpose(peaks), metadata={}) for peaks in (query, reference)]
        exponents = {"mz_exponent": mz_exponent, "intensity_exponent": intensity_exponent}
        found = similarity(*ours, "weighted_cosine", tolerance="0.01 Da", **exponents)
        assert found == pytest.approx(float(cosine.pair(*theirs)["score"]), rel=1e-9, abs=1e-12)


@properties(fractional, fractional)
def test_weighted_cosine_of_electron_ionization_agrees_with_the_oracle(query: Peaks, reference: Peaks) -> None:
    # Nominal bins and the exponents of Kim et al. 2012, doi:10.1093/bioinformatics/bts083.
    bins = [naive.bin_nominal(peaks).items() for peaks in (query, reference)]
    found = similarity(*both(((query, reference), "EI")), "weighted_cosine")
    assert same(found, naive.weighted_cosine(*bins, 0.0, 1.3, 0.53))


@properties(fractional, fractional)
def test_entropy_similarity_of_electron_ionization_agrees_with_the_oracle(query: Peaks, reference: Peaks) -> None:
    # Nominal bins take the place of merging; the noise cut comes after it, as in the authors' own program.
    bins = [naive.noise_cut(naive.bin_nominal(peaks).items(), 0.01) for peaks in (query, reference)]
    found = similarity(*both(((query, reference), "EI")), "entropy")
    assert same(found, naive.entropy_similarity(*bins, 0.0))


def test_whole_numbers_without_an_ionization_are_taken_for_electron_ionization() -> None:
    query, reference = written("50:999 60:50 70:400"), written("50:700 61:30 70:600")
    found = similarity(spectrum(query), spectrum(reference), "weighted_cosine")
    assert same(found, naive.weighted_cosine(query, reference, 0.0, 1.3, 0.53))


@properties(accurate, accurate, tolerances)
def test_weighted_cosine_of_accurate_mass_agrees_with_the_oracle(
    query: Peaks, reference: Peaks, tolerance: Width
) -> None:
    value, unit = tolerance
    ours = both(((query, reference), "ESI"))
    merged = [naive.merge_peaks(peaks, 2 * value, unit) for peaks in (query, reference)]
    found = similarity(*ours, "weighted_cosine", tolerance=f"{value} {unit}")
    assert same(found, naive.weighted_cosine(*merged, value, 0.0, 0.5, unit))


@properties(accurate, accurate, tolerances, st.booleans())
def test_entropy_similarity_agrees_with_the_oracle(
    query: Peaks, reference: Peaks, tolerance: Width, weighted: bool
) -> None:
    value, unit = tolerance
    ours = both(((query, reference), "ESI"))
    clean = [naive.clean_for_entropy(peaks, value, unit) for peaks in (query, reference)]
    found = similarity(*ours, "entropy", tolerance=f"{value} {unit}", weighted=weighted)
    assert same(found, naive.entropy_similarity(*clean, value, weighted, unit))


def test_similarity_gives_the_match_factor_for_the_nist_methods() -> None:
    one, other = spectrum(SYNTHETIC["001"]), spectrum(SYNTHETIC["007"])
    assert similarity(one, other, "nist_identity") == match_factor(one, other, "nist_identity")
    assert similarity(one, other, "nist_simple") == match_factor(one, other, "nist_simple")


@each_score
@properties(pair=pairs)
def test_a_spectrum_matches_itself(name: str, pair: Pair) -> None:
    one, _ = both(pair)
    assume(len(one) > 0)
    assert SCORES[name](one, one) == pytest.approx(HIGHEST[name], rel=1e-12)


@pytest.mark.parametrize("name", [name for name in SCORES if "reverse" not in name])
@properties(pair=pairs)
def test_exchanging_the_spectra_changes_nothing(name: str, pair: Pair) -> None:
    one, other = both(pair)
    assert same(SCORES[name](one, other), SCORES[name](other, one))


@each_score
@properties(pair=pairs, power=st.integers(-20, 20))
def test_the_scale_of_intensities_changes_nothing(name: str, pair: Pair, power: int) -> None:
    # A power of two: float32 scales without rounding.
    query, reference = both(pair)
    scaled = spectrum([(mz, intensity * 2.0**power) for mz, intensity in pair[0][0]], ionization=pair[1])
    assert same(SCORES[name](scaled, reference), SCORES[name](query, reference))


@each_score
@properties(pair=pairs, generator=st.randoms(use_true_random=False))
def test_the_order_of_peaks_changes_nothing(name: str, pair: Pair, generator: random.Random) -> None:
    query, reference = both(pair)
    shuffled = spectrum(generator.sample(pair[0][0], len(pair[0][0])), ionization=pair[1])
    assert same(SCORES[name](shuffled, reference), SCORES[name](query, reference))


@each_score
@properties(pair=pairs, zeros=st.lists(st.integers(30, 300).map(float), min_size=1, max_size=5))
def test_peaks_of_intensity_zero_change_nothing(name: str, pair: Pair, zeros: list[float]) -> None:
    query, reference = both(pair)
    padded = spectrum(pair[0][0] + [(mz, 0.0) for mz in zeros], ionization=pair[1])
    assert same(SCORES[name](padded, reference), SCORES[name](query, reference))


@each_score
@properties(pair=pairs)
def test_scores_stay_in_their_range(name: str, pair: Pair) -> None:
    score = SCORES[name](*both(pair))
    assert math.isnan(score) or 0 <= score <= HIGHEST[name] * (1 + 1e-12)


@each_score
def test_an_empty_spectrum_has_no_score(name: str) -> None:
    empty, one = spectrum([]), spectrum(written("50:999 70:400"))
    assert all(math.isnan(SCORES[name](*two)) for two in ((empty, one), (one, empty), (empty, empty)))


@each_score
def test_spectra_of_one_peak(name: str) -> None:
    one = spectrum([(91.0, 5.0)])
    assert SCORES[name](one, spectrum([(91.0, 700.0)])) == pytest.approx(HIGHEST[name], rel=1e-12)
    assert SCORES[name](one, spectrum([(105.0, 700.0)])) == pytest.approx(0.0, abs=1e-12)
