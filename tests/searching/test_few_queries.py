"""Searches of few spectra prepare no more of a library than they compare, and find the same."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from nps_spectra import Library, Spectra, Spectrum, search
from nps_spectra.columns import BLOCK
from nps_spectra.scorers import Technique
from nps_spectra.scoring import METHODS, score_options


def technique(method: str) -> Technique:
    return "EI" if method in ("nist_identity", "nist_simple", "stein_scott_1994") else "MS/MS"


def spectra_of(method: str, count: int, seed: int) -> Spectra:
    """Spectra with peaks in common, peaks to be joined and peaks that are noise."""
    generator = random.Random(seed)

    def made(number: int) -> Spectrum:
        mz = sorted(generator.randint(4000, 9000) / 100 for _ in range(generator.randint(1, 60)))
        heights = [float(generator.choice([5, 200, 999, generator.randint(1, 999)])) for _ in mz]
        name = f"substance {number // 3}"
        if technique(method) == "EI":
            return Spectrum(mz, heights, name=name, ionization="EI")
        precursor_mz = generator.choice([180.0, 194.0, 195.0])
        return Spectrum(mz, heights, name=name, precursor_mz=precursor_mz, ionization="ESI", ms_level=2)

    return Spectra.of(made(number) for number in range(count))


@pytest.mark.parametrize("method", METHODS)
def test_rows_are_prepared_by_themselves_as_among_all(method: str) -> None:
    spectra = spectra_of(method, 60, 2)
    scorer = score_options(method, {}).resolve(technique(method))
    whole, rows = scorer.prepare(spectra), np.array([0, 3, 4, 5, 41, 59])
    part = scorer.prepare(spectra, rows)
    assert len(part.clean) == len(spectra)
    lengths = np.diff(part.clean.offsets)
    assert not lengths[np.setdiff1d(np.arange(60), rows)].any()
    for row in rows.tolist():
        for own, other in zip(part.clean.peaks(row), whole.clean.peaks(row), strict=True):
            assert own.tobytes() == other.tobytes()
        ends = (slice(*prepared.clean.offsets[row : row + 2].tolist()) for prepared in (part, whole))
        assert part.values[next(ends)].tobytes() == whole.values[next(ends)].tobytes()
    np.testing.assert_array_equal(part.clean.precursor_mz[rows], whole.clean.precursor_mz[rows])


def test_blocks_of_rows_are_prepared_as_one() -> None:
    spectra = spectra_of("entropy", 60, 2).select(np.arange(BLOCK + 90) % 60)
    scorer = score_options("entropy", {}).resolve("MS/MS")
    whole, once = scorer.prepare(spectra), scorer.prepare(spectra[:60])
    for row in (0, 59, BLOCK - 1, BLOCK, BLOCK + 89):
        for own, other in zip(whole.clean.peaks(row), once.clean.peaks(row % 60), strict=True):
            assert own.tobytes() == other.tobytes()


@pytest.mark.parametrize("tolerance", [None, "0.5 Da"], ids=["open", "gated"])
def test_few_queries_find_what_many_find(tolerance: str | None) -> None:
    queries, reference = spectra_of("entropy", 64, 1), spectra_of("entropy", 60, 2)
    many = search(queries, Library(reference, name="test"), top=4, precursor_tolerance=tolerance)
    for number in range(0, 64, 9):
        library = Library(reference, name="test")
        alone = search(queries.select([number]), library, top=4, precursor_tolerance=tolerance).queries[0]
        expected = many.queries[number]
        assert [hit.score for hit in alone.hits] == [hit.score for hit in expected.hits]
        for own, other in zip(alone.hits, expected.hits, strict=True):
            assert replace(own, query_id="") == replace(other, query_id="")


def test_all_of_a_library_is_prepared_once_parts_have_cost_as_much() -> None:
    library = Library(spectra_of("entropy", 60, 2), name="test")
    scorer = score_options("entropy", {}).resolve("MS/MS")
    first = library.prepared_for(scorer, np.arange(20))
    assert library.prepared_for(scorer, np.array([3, 7])) is first
    assert library.prepared_for(scorer, np.arange(20, 50)) is not first
    assert not library.keeps(scorer)
    whole = library.prepared_for(scorer, np.arange(15))
    assert whole is library.prepared(scorer) is library.prepared_for(scorer, np.array([1]))
