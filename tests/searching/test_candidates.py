"""An index changes the speed of a search and nothing else."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Sized

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nps_spectra import Hits, Library, Spectra, Spectrum, search
from nps_spectra.errors import CoverageError, NoHitsError
from nps_spectra.scoring import score_options
from nps_spectra.searching import batches, candidates, indexes

NEVER = 1 << 60
COMPILED = os.environ.get("NUMBA_DISABLE_JIT", "0") == "0"
OF_EI = ["weighted_cosine", "nist_identity", "nist_simple", "stein_scott_1994", "hybrid"]
INDEXED = ["weighted_cosine", "entropy", "modified_cosine", "neutral_loss", "hybrid"]


def found(few_queries: int, queries: Spectra, library: Library, **options: object) -> object:
    """All that a search says, with an index from this many queries on; or the error that it ends with."""
    fresh = Library(library.spectra, name=library.name, substances=library.substances)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(indexes, "FEW_QUERIES", few_queries)
        try:
            hits: Hits = search(queries, fresh, **options)  # type: ignore[arg-type]
        except (NoHitsError, CoverageError) as error:
            return str(error)
    return json.loads(hits.to_json())


@st.composite
def some_spectra(draw: st.DrawFn, count: int) -> list[Spectrum]:
    """Spectra with many peaks in common, equal scores, and peaks about a tolerance apart."""
    spectra = []
    for number in range(count):
        places = draw(st.lists(st.integers(0, 30), min_size=0, max_size=8, unique=True))
        mz = [50.0 + place * 0.5 + draw(st.sampled_from([0.0, 0.005, 0.01, 0.0101, 0.02])) for place in places]
        heights = draw(st.lists(st.sampled_from([1e-30, 1.0, 20.0, 999.0]), min_size=len(mz), max_size=len(mz)))
        spectra.append(
            Spectrum(
                mz,
                heights,
                name=f"substance {draw(st.integers(0, 4))}",
                ionization=draw(st.sampled_from(["ESI", None])),
                polarity=draw(st.sampled_from(["positive", "negative", None])),
                ms_level=draw(st.sampled_from([2, 3, None])),
                precursor_mz=draw(st.sampled_from([55.0, 56.0, 300.0, 300.005, 300.5, None])),
                accession=str(number),
            )
        )
    return spectra


@settings(max_examples=100, deadline=None)
@given(
    some_spectra(12),
    some_spectra(3),
    st.sampled_from(INDEXED),
    st.sampled_from(["0.01 Da", "100 ppm", "0.6 Da"]),
    st.integers(1, 6),
    st.booleans(),
)
def test_with_an_index_the_hits_are_the_same(
    reference: list[Spectrum], queries: list[Spectrum], method: str, tolerance: str, top: int, leave_out: bool
) -> None:
    library, asked = Library(Spectra.of(reference), name="test"), Spectra.of(queries)
    options = {"method": method, "tolerance": tolerance, "top": top, "noise": 0.0}
    if leave_out:
        options["leave_out"] = [0, np.array([1, 5, 99]), None]
    assert found(0, asked, library, **options) == found(NEVER, asked, library, **options)


@st.composite
def nominal_spectra(draw: st.DrawFn, count: int) -> list[Spectrum]:
    """Spectra at whole m/z, of EI but for a few, with equal scores, traces, and retention indices that few state."""
    return [
        Spectrum(
            mz := sorted(draw(st.sets(st.integers(30, 45), max_size=8))),
            [draw(st.sampled_from([1.0, 2.0, 30.0, 999.0])) for _ in mz],
            name=f"substance {draw(st.integers(0, 4))}",
            ionization=draw(st.sampled_from(["EI", "EI", "EI", "ESI"])),
            nominal_mass=draw(st.sampled_from([60, 61, 74, None])),
            retention_index=draw(st.sampled_from([1500.0, 1510.0, None])),
            accession=str(number),
        )
        for number in range(count)
    ]


@settings(max_examples=100 if COMPILED else 30, deadline=None)
@given(
    nominal_spectra(12),
    nominal_spectra(3),
    st.sampled_from(OF_EI),
    st.integers(1, 6),
    st.booleans(),
    st.sampled_from([None, 5.0]),
)
def test_with_an_index_of_nominal_spectra_the_hits_are_the_same(
    reference: list[Spectrum],
    queries: list[Spectrum],
    method: str,
    top: int,
    leave_out: bool,
    width: float | None,
) -> None:
    library = Library(Spectra.of(reference), name="test")
    others = [spectrum for spectrum in queries if spectrum.ionization == "EI"]
    asked = Spectra.of([Spectrum([40], [999], ionization="EI", nominal_mass=60), *others])
    options: dict[str, object] = {"method": method, "top": top, "retention_index_tolerance": width}
    if leave_out:
        options["leave_out"] = [np.array([1, 5, 99]), *range(len(others))]
    assert found(0, asked, library, **options) == found(NEVER, asked, library, **options)


@pytest.mark.parametrize("method", INDEXED)
def test_more_equal_scores_than_a_line_has_room_for(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "_CAPACITY", 4)
    copies = [
        Spectrum([100.0, 200.0], [9, 5], name=f"copy {number}", ms_level=2, precursor_mz=300.0) for number in range(20)
    ]
    library = Library(Spectra.of(copies), name="copies")
    monkeypatch.setattr(indexes, "FEW_QUERIES", 0)
    hits = search(copies[0], library, method=method, top=3)
    assert [hit.library_id for hit in hits] == [0, 1, 2]


def random_spectra(seed: int) -> Spectra:
    generator = random.Random(seed)
    return Spectra.of(
        Spectrum(
            [50 + generator.randrange(200) * 0.25 for _ in range(10)],
            [generator.randint(1, 999) for _ in range(10)],
            name=f"substance {number // 3}",
            ms_level=2,
            precursor_mz=generator.choice([80.0, 300.0, 314.0, 328.0]),
        )
        for number in range(100)
    )


@pytest.mark.parametrize("method", INDEXED)
@pytest.mark.parametrize("blocks", [1, 7])
def test_libraries_of_several_blocks(method: str, blocks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "_BLOCK_ROWS", 100 // blocks)
    spectra = random_spectra(blocks)
    library = Library(spectra, name="test")
    assert found(0, spectra[:20], library, method=method) == found(NEVER, spectra[:20], library, method=method)


@pytest.mark.parametrize("method", INDEXED)
def test_no_query_has_to_be_compared_with_everything_after_all(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(compared: object, queries: Sized) -> None:
        assert len(queries) == 0, "the index left out what may be a hit"

    monkeypatch.setattr(indexes, "FEW_QUERIES", 0)
    spectra = random_spectra(3)
    library = Library(spectra, name="test")
    search(spectra[:1], library, method=method)
    monkeypatch.setattr(batches._Compared, "lists", refuse)
    assert len(search(spectra, library, method=method, top=5)) > 0


@pytest.mark.parametrize("method", ["modified_cosine", "hybrid"])
def test_peaks_above_the_precursor_match_shifted_too(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexes, "FEW_QUERIES", 0)
    query = Spectrum([100.0, 320.0], [60, 40], precursor_mz=300.0, ms_level=2)
    analogue = Spectrum([100.0, 334.0], [60, 40], precursor_mz=314.0, ms_level=2, name="analogue")
    fragment = Spectrum([100.0], [60], precursor_mz=328.0, ms_level=2, name="fragment")
    (hit,) = search(query, Library(Spectra.of([fragment, analogue]), name="two"), method=method, top=1)
    assert (hit.name, hit.score) == ("analogue", pytest.approx(1.0))


@pytest.mark.parametrize(
    ("count", "options", "layout", "reason"),
    [
        (40, {}, "peaks by m/z in blocks of spectra", "an index pays from 32 queries on, here are 40"),
        (3, {}, "every spectrum", "for fewer than 32 queries an index is not built"),
        (40, {"top": 101}, "every spectrum", "more than 100 substances are asked for"),
        (
            40,
            {"method": "modified_cosine", "tolerance": "20 ppm"},
            "every spectrum",
            "there is no index for this method with these options",
        ),
        (
            40,
            {"precursor_tolerance": "20 ppm"},
            "spectra inside the tolerances",
            "each query has few to be compared with",
        ),
    ],
)
def test_how_the_library_is_searched_and_why_is_in_the_record(
    count: int, options: dict[str, object], layout: str, reason: str
) -> None:
    spectra = Spectra.of(
        one.replace(name=str(number)) for number, one in enumerate([*random_spectra(5), *random_spectra(6)])
    )
    hits = search(spectra[:count], Library(spectra, name="test"), **options)  # type: ignore[arg-type]
    method = str(options.get("method", "entropy"))
    assert hits.options["layout"] == [{"technique": "MS/MS", "method": method, "layout": layout, "reason": reason}]


def test_an_index_that_is_there_is_used_for_few_queries_too() -> None:
    spectra = random_spectra(5)
    library = Library(spectra, name="test")
    search(spectra[:40], library)
    (layout,) = search(spectra[:1], library).options["layout"]
    assert layout["layout"] == "peaks by m/z in blocks of spectra"
    assert layout["reason"] == "an index was kept from an earlier search"


@pytest.mark.parametrize(
    ("listed", "score", "limit", "sure", "unproven"),
    [
        ([7, 8], [0.9, 0.5], 0.4, {7: 0.9, 8: 0.5}, False),
        ([7, 8], [0.9, 0.5], 0.6, {7: 0.9, 8: 0.5}, True),  # a row that was not named may score more than the last
        ([7, 8], [0.8, 0.5], 0.4, {7: 0.9, 8: 0.5}, True),  # so may a row of substance 7 that was left out
        ([7, 8], [0.9, 0.5], 0.4, {7: 0.9, 9: 0.5}, False),  # what was left out of 9 is below the last of the list
        ([7, 8], [0.9, 0.5], 0.4, {7: 0.9, 9: 0.6}, True),
        ([7, -1], [0.9, 0.0], 0.0, {7: 0.9}, False),
        ([7, -1], [0.9, 0.0], 0.0, {7: 0.9, 9: 0.1}, True),  # there is room in the list for 9
    ],
)
def test_bounds_of_an_index_are_held_against_the_scores(
    listed: list[int], score: list[float], limit: float, sure: dict[int, float], unproven: bool
) -> None:
    substances, values = [*sure, -1][:2], [*sure.values(), 0.0][:2]
    none = np.empty(0, dtype=np.int64)
    found = candidates.Candidates(none, none, np.array([limit]), np.array([substances]), np.array([values]))
    assert found.unproven(np.array([listed]), np.array([score]), np.array([listed[-1] >= 0])).tolist() == [unproven]


@pytest.mark.parametrize("method", INDEXED)
def test_of_equal_copies_of_a_substance_few_are_scored_anew(method: str) -> None:
    worse = [
        Spectrum([100.0, 200.0, 210.0 + number], [9, 5, 4], name="A", ms_level=2, precursor_mz=300.0)
        for number in range(30)
    ]
    best = Spectrum([100.0, 200.0], [9, 5], name="A", ms_level=2, precursor_mz=300.0)
    library = Library(Spectra.of([*worse, best]), name="copies")
    scorer = score_options(method, {}).resolve("MS/MS")
    index = candidates.PostingIndex(library, scorer)
    query = scorer.prepare(Spectra.of([best]))
    nothing = [np.empty(0, dtype=np.int64)]
    found = index.candidates(query, np.zeros(1, dtype=np.int64), np.ones(31, dtype=bool), nothing, 1)
    assert found.rows.tolist() == [30]
