"""The index of nominal-mass libraries gives what scoring every row gives, to the last bit."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nps_spectra import Spectra, Spectrum, read_spectra
from nps_spectra.errors import OptionError
from nps_spectra.scorers import Prepared, Scorer
from nps_spectra.scoring import ScoreOptions
from nps_spectra.searching import ei_index
from nps_spectra.searching.ei_index import EiIndex
from nps_spectra.substances import substances_of

Int = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
COMPILED = os.environ.get("NUMBA_DISABLE_JIT", "0") == "0"

#: Every kind of score, with and without limits of m/z.
OPTIONS: list[dict[str, Any]] = [
    {"method": "weighted_cosine"},
    {"method": "weighted_cosine", "mz_exponent": 0.0, "intensity_exponent": 0.5, "mz_min": 24},
    {"method": "nist_identity"},
    {"method": "nist_identity", "mz_min": 24, "mz_max": 36},
    {"method": "nist_identity", "mz_max": 30},
    {"method": "nist_simple"},
    {"method": "nist_simple", "mz_min": 24},
    {"method": "stein_scott_1994"},
    {"method": "stein_scott_1994", "squared": False, "mz_exponent": 0.0},
    {"method": "hybrid"},
    {"method": "hybrid", "mz_min": 24, "mz_max": 36},
]
NAMES = [" ".join(str(value) for value in options.values()) for options in OPTIONS]

#: Few m/z and few intensities, traces among them, so that scores are equal often.
PEAKS = st.dictionaries(st.integers(20, 40), st.sampled_from([1, 1, 2, 30, 500, 999]), min_size=0, max_size=12)
LIBRARY = st.lists(st.tuples(PEAKS, st.integers(0, 5), st.sampled_from([None, 60, 61, 74])), min_size=1, max_size=70)
QUERIES = st.lists(st.tuples(PEAKS, st.sampled_from([None, 60, 75])), min_size=1, max_size=4)


def spectrum(peaks: dict[int, int], mass: int | None) -> Spectrum:
    """An EI spectrum with these peaks."""
    mz = sorted(peaks)
    return Spectrum(mz, [peaks[at] for at in mz], ionization="EI", nominal_mass=mass)


def expected(
    scorer: Scorer, queries: Prepared, query: int, library: Prepared, substance: Int, allowed: Mask
) -> list[int]:
    """The best row of every substance that is hit, best first: every row scored, then sorted."""
    rows = np.flatnonzero(allowed)
    scores = scorer.score(queries, query, library, rows)
    found = [
        (-score, -matched, row)
        for row, score, matched in zip(rows.tolist(), scores.score.tolist(), scores.matched.tolist(), strict=True)
        if matched > 0 and score > 0
    ]
    best: dict[int, int] = {}
    for _, _, row in sorted(found):
        best.setdefault(int(substance[row]), row)
    return list(best.values())


def assert_same(
    scorer: Scorer,
    queries: Prepared,
    library: Prepared,
    substance: Int,
    top: int,
    allowed: Mask | None = None,
    left_out: list[Int] | None = None,
    index: EiIndex | None = None,
) -> None:
    """Search with the index and without it."""
    allowed = np.ones(len(library.clean), dtype=bool) if allowed is None else allowed
    index = EiIndex(scorer, library, substance, allowed) if index is None else index
    asked = np.arange(len(queries.clean))
    left_out = [np.empty(0, dtype=np.int64) for _ in asked] if left_out is None else left_out
    found = index.candidates(queries, asked, allowed, left_out, top)
    for query in asked.tolist():
        own = allowed.copy()
        own[left_out[query]] = False
        rows = found.rows[found.bounds[query] : found.bounds[query + 1]].tolist()
        assert rows == expected(scorer, queries, query, library, substance, own)[:top]


@pytest.mark.parametrize("options", OPTIONS, ids=NAMES)
@settings(max_examples=60 if COMPILED else 8, deadline=None)
@given(library=LIBRARY, queries=QUERIES, top=st.sampled_from([1, 2, 3, 10, 100]), data=st.data())
def test_index_equals_scoring_every_row(
    options: dict[str, Any],
    library: list[tuple[dict[int, int], int, int | None]],
    queries: list[tuple[dict[int, int], int | None]],
    top: int,
    data: st.DataObject,
) -> None:
    scorer = ScoreOptions(**options).resolve("EI")
    reference = scorer.prepare(Spectra.of([spectrum(peaks, mass) for peaks, _, mass in library]))
    substance = np.array([number for _, number, _ in library], dtype=np.int64)
    asked = scorer.prepare(Spectra.of([spectrum(peaks, mass) for peaks, mass in queries]))
    random = np.random.default_rng(data.draw(st.integers(0, 99)))
    compared = random.random(len(library)) < data.draw(st.sampled_from([1.0, 0.7]))
    allowed = compared & (random.random(len(library)) < data.draw(st.sampled_from([1.0, 0.7])))
    left_out = [np.flatnonzero(random.random(len(library)) < data.draw(st.sampled_from([0.0, 0.5]))) for _ in queries]
    index = EiIndex(scorer, reference, substance, compared)
    for many in (0, 1 << 60):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ei_index, "_MANY", many)
            assert_same(scorer, asked, reference, substance, top, allowed, left_out, index)


@pytest.mark.parametrize("options", OPTIONS, ids=NAMES)
def test_index_of_real_spectra_equals_scoring_every_row(options: dict[str, Any], data_folder: Path) -> None:
    spectra = read_spectra(data_folder / "swgdrug_ei" / "swgdrug_3.4.msp")
    spectra = spectra.select(np.arange(0, len(spectra), 1 if COMPILED else 40))
    scorer = ScoreOptions(**options).resolve("EI")
    library = scorer.prepare(spectra)
    substance = substances_of(spectra).of_row
    queries = scorer.prepare(spectra.select(np.arange(0, len(spectra), 90 if COMPILED else 20)))
    own = [np.array([row]) for row in range(0, len(spectra), 90 if COMPILED else 20)]
    index = EiIndex(scorer, library, substance, np.ones(len(spectra), dtype=bool))
    assert_same(scorer, queries, library, substance, 10, index=index)
    assert_same(scorer, queries, library, substance, 3, None, own, index)


@pytest.mark.skipif(not COMPILED, reason="17,000 spectra take too long uncompiled")
@pytest.mark.parametrize("method", ["weighted_cosine", "nist_identity", "nist_simple", "stein_scott_1994", "hybrid"])
def test_library_of_more_than_one_block(method: str) -> None:
    random = np.random.default_rng(11)
    made = []
    for _ in range(17_000):
        mz = np.flatnonzero(random.random(120) < 0.15) + 30
        made.append(Spectrum(mz, random.integers(1, 1000, len(mz)), nominal_mass=int(random.integers(100, 160))))
    spectra = Spectra.of(made)
    scorer = ScoreOptions(method=method).resolve("EI")
    library, substance = scorer.prepare(spectra), random.integers(0, 9000, 17_000)
    assert_same(scorer, scorer.prepare(spectra.select([3, 9_000, 16_900])), library, substance, 10)


def test_spectra_of_more_peaks_than_sums_can_hold() -> None:
    scorer = ScoreOptions(method="nist_simple").resolve("EI")
    mz = np.arange(1, 5001)
    spectra = Spectra.of([Spectrum(mz[k:], np.where(mz[k:] % 7, 900, 999)) for k in range(12)])
    library = scorer.prepare(spectra)
    assert_same(scorer, library, library, np.arange(12), 3)


def test_m_z_beyond_every_table() -> None:
    for options in OPTIONS[:1] + OPTIONS[2:3] + OPTIONS[9:10]:
        scorer = ScoreOptions(**options).resolve("EI")
        spectra = Spectra.of([Spectrum([40, 10.0**12 + k], [5, 999], nominal_mass=99) for k in range(3)])
        library = scorer.prepare(spectra)
        assert_same(scorer, library, library, np.arange(3), 2)


def test_other_scores_are_refused() -> None:
    scorer = ScoreOptions(method="entropy").resolve("EI")
    library = scorer.prepare(Spectrum([58, 91], [999, 70]))
    assert not EiIndex.fits(scorer)
    with pytest.raises(OptionError, match="entropy of EI spectra has no nominal-mass index"):
        EiIndex(scorer, library, np.array([0]), np.ones(1, dtype=bool))
