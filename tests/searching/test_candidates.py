"""An index changes the speed of a search and nothing else."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nps_spectra import Hits, Library, Spectra, Spectrum, search
from nps_spectra.errors import CoverageError, NoHitsError
from nps_spectra.searching import candidates

NEVER = 1 << 60


def found(few_queries: int, queries: Spectra, library: Library, **options: object) -> object:
    """All that a search says, with an index from this many queries on; or the error that it ends with."""
    fresh = Library(library.spectra, name=library.name, substances=library.substances)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(candidates, "FEW_QUERIES", few_queries)
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
                precursor_mz=draw(st.sampled_from([300.0, 300.005, 300.1, None])),
                accession=str(number),
            )
        )
    return spectra


@settings(max_examples=60, deadline=None)
@given(
    some_spectra(12),
    some_spectra(3),
    st.sampled_from(["weighted_cosine", "entropy"]),
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


@pytest.mark.parametrize("method", ["weighted_cosine", "entropy"])
def test_more_equal_scores_than_a_line_has_room_for(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "_CAPACITY", 4)
    copies = [Spectrum([100.0, 200.0], [9, 5], name=f"copy {number}", ms_level=2) for number in range(20)]
    library = Library(Spectra.of(copies), name="copies")
    hits = None
    monkeypatch.setattr(candidates, "FEW_QUERIES", 0)
    hits = search(copies[0], library, method=method, top=3)
    assert [hit.library_id for hit in hits] == [0, 1, 2]


@pytest.mark.parametrize("method", ["weighted_cosine", "entropy"])
@pytest.mark.parametrize("blocks", [1, 7])
def test_libraries_of_several_blocks(method: str, blocks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "_BLOCK_ROWS", 100 // blocks)
    generator = random.Random(blocks)
    spectra = [
        Spectrum(
            [50 + generator.randrange(200) * 0.25 for _ in range(10)],
            [generator.randint(1, 999) for _ in range(10)],
            name=f"substance {number // 3}",
            ms_level=2,
        )
        for number in range(100)
    ]
    library, queries = Library(Spectra.of(spectra), name="test"), Spectra.of(spectra[:20])
    assert found(0, queries, library, method=method) == found(NEVER, queries, library, method=method)
