"""What hits say beside their score is the same for many queries at a time as for one pair of spectra at a time."""

from __future__ import annotations

import random

import naive
import numpy as np
import pytest

from nps_spectra import Hits, Library, Spectra, Spectrum, search
from nps_spectra.scorers import Prepared, Technique
from nps_spectra.scoring import METHODS, score_options
from nps_spectra.searching import Hit
from nps_spectra.searching.explaining import _TOGETHER

#: Queries beyond those that are explained together.
QUERIES = _TOGETHER + 5


def technique(method: str) -> Technique:
    return "EI" if method in ("nist_identity", "nist_simple", "stein_scott_1994") else "MS/MS"


def spectra_of(method: str, count: int, seed: int) -> Spectra:
    """Spectra with many peaks in common, some of equal height, and with several of each substance."""
    generator = random.Random(seed)

    def made(number: int) -> Spectrum:
        mz = [float(place) for place in sorted(generator.sample(range(40, 90), generator.randint(1, 14)))]
        heights = [float(generator.choice([5, 200, 999, generator.randint(1, 999)])) for _ in mz]
        name = f"substance {number // 3}"
        if technique(method) == "EI":
            return Spectrum(mz, heights, name=name, ionization="EI")
        precursor_mz = generator.choice([180.0, 194.0, 195.0])
        return Spectrum(mz, heights, name=name, precursor_mz=precursor_mz, ionization="ESI", ms_level=2)

    return Spectra.of(made(number) for number in range(count))


def peaks(prepared: Prepared, row: int) -> naive.Peaks:
    mz, intensity = prepared.clean.peaks(row)
    return list(zip(mz.tolist(), intensity.tolist(), strict=True))


def found(method: str, **options: object) -> tuple[Spectra, Library, Hits]:
    queries = spectra_of(method, QUERIES, 1)
    library = Library(spectra_of(method, 60, 2), name="test")
    return queries, library, search(queries, library, method=method, top=4, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("method", METHODS)
def test_every_hit_is_explained_as_by_definition(method: str) -> None:
    queries, library, hits = found(method)
    scorer = score_options(method, {}).resolve(technique(method))
    query, reference = scorer.prepare(queries), library.prepared(scorer)
    seen = 0
    for number, result in enumerate(hits.queries):
        for hit in result.hits:
            row = hit.library_id
            pairs = scorer.pairs(query, number, reference, row)
            matches = zip(pairs.query.tolist(), pairs.library.tolist(), pairs.shifted.tolist(), strict=True)
            *shares, base_agrees, largest = naive.explanation(peaks(query, number), peaks(reference, row), matches)
            said = hit.query_explained, hit.library_explained, hit.shifted_peaks, hit.shifted_explained
            assert said == pytest.approx(shares, rel=1e-12, abs=1e-15)
            assert hit.base_peak_agrees == base_agrees
            assert hit.unexplained_mz == (None if largest is None else largest[0])
            assert hit.unexplained_intensity == (None if largest is None else pytest.approx(largest[1], rel=1e-12))
            one = np.array([row])
            assert hit.reverse_score == scorer.reverse(query, number, reference, one).score[0]
            assert hit.score == scorer.score(query, number, reference, one).score[0]
            assert (hit.name, hit.query_id) == (library[row].name, result.id)
            seen += 1
    assert seen > 2 * QUERIES


@pytest.mark.parametrize("method", ["nist_identity", "entropy", "hybrid"])
def test_the_spectra_of_a_substance_have_their_own_scores_in_the_written_order(method: str) -> None:
    queries, library, hits = found(method)
    scorer = score_options(method, {}).resolve(technique(method))
    query, reference = scorer.prepare(queries), library.prepared(scorer)
    for number, result in enumerate(hits.queries):
        for hit in result.hits:
            rows = np.array([row for row in range(60) if library[row].name == hit.name])
            scores = scorer.score(query, number, reference, rows)
            listed = zip(scores.score.tolist(), scores.matched.tolist(), rows.tolist(), strict=True)
            expected = naive.rank(one for one in listed if one[0] > 0 and one[1] > 0)
            assert [(one.score, one.matched_peaks, one.library_id) for one in hit.spectra] == expected
            assert hit.spectra[0].library_id == hit.library_id


def test_the_spectra_of_a_substance_are_those_that_the_gates_let_through() -> None:
    spectra = spectra_of("entropy", 60, 2)
    library = Library(spectra, name="test")
    left_out = [np.array([row, row + 1]) for row in range(0, 30)]
    hits = search(spectra[:30], library, method="entropy", precursor_tolerance="20 ppm", leave_out=left_out)
    for number, result in enumerate(hits.queries):
        for hit in result.hits:
            for one in hit.spectra:
                assert library[one.library_id].precursor_mz == spectra[number].precursor_mz
                assert one.library_id not in left_out[number]


def test_hits_are_the_same_in_whatever_order_they_are_asked_for() -> None:
    _, _, hits = found("modified_cosine")
    _, _, again = found("modified_cosine")
    backwards: list[Hit] = []
    for result in reversed(again.queries):
        backwards = [*result.hits, *backwards]
    assert list(hits) == backwards
