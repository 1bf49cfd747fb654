"""What is drawn as matched is what was scored as matched; every other peak has the class that it deserves."""

from __future__ import annotations

import math
from pathlib import Path

import naive
import numpy as np
import pytest
from hypothesis import strategies as st
from peaks import properties

from nps_spectra import Library, NpsSpectraError, Spectra, Spectrum, read_spectra, search, similarity
from nps_spectra.library.starter import starter_library
from nps_spectra.report import compare
from nps_spectra.report.peaks import peaks_of
from nps_spectra.scoring import METHODS

#: Methods that shift peaks, and so need a mass of both spectra.
SHIFTING = ("hybrid", "modified_cosine", "neutral_loss")

#: Published principal ions of both substances of the tablet: reference_library/starter_library.csv.
CAFFEINE = {55, 67, 81, 82, 109, 110, 137, 165, 193, 194}
BUTYRYLFENTANYL = {42, 43, 77, 91, 96, 105, 132, 146, 189, 259}
#: Background that examples/simulate_seizure_batch.py adds.
BACKGROUND = {44, 73, 147, 207, 281}


def of_kind(peaks: object, kind: str) -> set[float]:
    return {peak.mz for peak in peaks if peak.kind == kind}  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def tablet(root: Path) -> Spectrum:
    return read_spectra(root / "examples" / "seizure_batch" / "02_tablet.msp")[0]


def test_the_tablet_against_caffeine_leaves_the_other_substance_unexplained(tablet: Spectrum) -> None:
    library = starter_library()
    (caffeine,) = (row for row in range(len(library)) if library[row].name == "caffeine")
    found = compare(tablet, caffeine, library=library)
    assert of_kind(found.query_peaks, "matched") == CAFFEINE == of_kind(found.reference_peaks, "matched")
    # NIST's comparison starts at the higher of the two lowest m/z, 55: what lies below counts neither way.
    assert of_kind(found.query_peaks, "not compared") == {42, 43, 44}
    assert of_kind(found.query_peaks, "unexplained") == (BUTYRYLFENTANYL | BACKGROUND) - {42, 43, 44}
    assert of_kind(found.reference_peaks, "missing") == set()


@pytest.mark.parametrize("method", METHODS)
def test_scores_and_shares_are_those_of_the_list_of_hits(tablet: Spectrum, method: str) -> None:
    # The tablet is a mixture; the mass of caffeine is what is supposed, and a precursor what makes losses.
    query = tablet.replace(nominal_mass=194, precursor_mz=350.0)
    starter = starter_library()
    library = Library(Spectra.of([one.replace(precursor_mz=400.0) for one in starter]), name="with precursors")
    hits = search(query, library, method=method, top=5)
    assert len(hits) > 0
    for hit in hits:
        found = compare(query, hit.library_id, library=library, method=method)
        assert found.score == hit.score
        assert found.reverse_score == hit.reverse_score
        assert found.matched_peaks == hit.matched_peaks
        assert found.mass_difference == (hit.mass_difference if method in SHIFTING else None)
        assert found.query_explained == pytest.approx(hit.query_explained, rel=1e-12)
        assert found.library_explained == pytest.approx(hit.library_explained, rel=1e-12)
        assert found.entry is not None
        assert (found.entry.library, found.entry.digest) == (hit.library, hit.library_digest)
        if method not in ("nist_identity", "nist_simple"):  # which count pairs of traces as explained
            assert len(of_kind(found.query_peaks, "shifted")) == hit.shifted_peaks


@st.composite
def spectra(draw: st.DrawFn, whole: bool) -> Spectrum:
    number = st.integers(40, 60) if whole else st.integers(40_0000, 40_2000)
    mz = draw(st.lists(number, max_size=12))
    intensity = draw(st.lists(st.integers(1, 4000), min_size=len(mz), max_size=len(mz)))
    scaled = mz if whole else [value / 10_000 for value in mz]
    precursor = draw(st.sampled_from([None, 40.15, 40.19, 61.0, 65.0]))
    mass = draw(st.sampled_from([None, 60, 64])) if whole else None
    ionization = "EI" if whole else "ESI"
    return Spectrum(scaled, intensity, ionization=ionization, precursor_mz=precursor, nominal_mass=mass)


OPTIONS: list[dict[str, float]] = [{}, {"mz_min": 45.0}, {"mz_max": 50.0}, {"noise": 0.2}, {"remove_precursor": 0.1}]


@properties(data=st.data(), whole=st.booleans(), method=st.sampled_from(METHODS), options=st.sampled_from(OPTIONS))
def test_as_many_peaks_are_drawn_as_matched_as_the_method_counted(
    data: st.DataObject, whole: bool, method: str, options: dict[str, float]
) -> None:
    query, reference = data.draw(spectra(whole)), data.draw(spectra(whole))
    found = compare(query, reference, method=method, **options)
    value = similarity(query, reference, method, **options)
    assert found.score == (None if math.isnan(value) else value)
    assert (found.reason is None) == (found.score is not None)
    # What the kernel counted, against what is drawn by `Scorer.pairs` and `Scorer.compared`.
    one, other = found.scorer.prepare(query), found.scorer.prepare(reference)
    counted = found.scorer.score(one, 0, other, np.zeros(1, dtype=np.int64)).matched[0]
    drawn = [{pair.query for pair in found.pairs}, {pair.reference for pair in found.pairs}]
    assert len(drawn[0]) == counted == found.matched_peaks
    if method != "hybrid":
        assert len(drawn[1]) == counted == len(found.pairs)
    for partners, peaks in zip(drawn, (found.query_peaks, found.reference_peaks), strict=True):
        assert {at for at, peak in enumerate(peaks) if peak.kind in ("matched", "shifted")} == partners
    if not found.mass_difference:
        assert not any(pair.shifted for pair in found.pairs)
    for pair in found.pairs:
        a, b = found.query_peaks[pair.query].mz, found.reference_peaks[pair.reference].mz
        shift = found.mass_difference or 0.0
        assert naive.within(a, b, found.scorer.tolerance.value + 0.01 * (shift == 0), "Da", shift * pair.shifted)


@properties(data=st.data(), whole=st.booleans(), method=st.sampled_from(METHODS))
def test_differences_add_up_to_what_the_spectra_differ_by(data: st.DataObject, whole: bool, method: str) -> None:
    found = compare(data.draw(spectra(whole)), data.draw(spectra(whole)), method=method)
    above = sum(peak.percent for peak in found.query_peaks if peak.kind != "not compared")
    below = sum(peak.percent for peak in found.reference_peaks if peak.kind != "not compared")
    assert sum(peak.percent for peak in found.differences) == pytest.approx(above - below, abs=1e-2)


@properties(data=st.data(), whole=st.booleans(), method=st.sampled_from(METHODS), options=st.sampled_from(OPTIONS))
def test_no_peak_disappears(data: st.DataObject, whole: bool, method: str, options: dict[str, float]) -> None:
    query = data.draw(spectra(whole))
    found = compare(query, Spectrum([47], [1], ionization=query.ionization), method=method, **options)
    drawn = sum(peak.percent for peak in found.query_peaks)
    # Joining and summing keep the total; rounding to the scale of 999 may take half a unit from each peak.
    total = float(query.intensity.sum())
    tallest = max((peak.percent for peak in found.query_peaks), default=0.0)
    assert tallest == (pytest.approx(100.0) if len(query) else 0.0)
    merged = naive.bin_rounded(zip(query.mz.tolist(), query.intensity.tolist(), strict=True)) if whole else None
    if merged:
        assert drawn == pytest.approx(100 * total / max(merged.values()), abs=0.06 * len(merged))


def test_pairs_are_those_of_the_slow_oracle() -> None:
    one = [(100.0, 5.0), (150.004, 50.0), (200.0, 100.0)]
    other = [(100.02, 9.0), (150.0, 60.0), (200.0099, 100.0), (250.0, 3.0)]
    found = compare(Spectrum(*zip(*one, strict=True)), Spectrum(*zip(*other, strict=True)), method="weighted_cosine")
    assert (
        [(pair.query, pair.reference) for pair in found.pairs]
        == naive.matched_pairs(one, other, 0.01)
        == [(1, 1), (2, 2)]
    )


def test_peaks_that_the_recipe_removes_stay_in_the_picture() -> None:
    query = Spectrum([105.0699, 188.1434, 337.2274], [40, 60, 100], precursor_mz=337.2274, ionization="ESI")
    found = compare(query, query, remove_precursor=1.6)
    assert [(peak.mz, round(peak.percent, 3), peak.kind) for peak in found.query_peaks] == [
        (105.0699, 40.0, "matched"),
        (188.1434, 60.0, "matched"),
        (337.2274, 100.0, "not compared"),
    ]


def test_two_traces_are_no_match() -> None:
    # 1 of 999 in both: NIST's programs leave such pairs out.
    found = compare(Spectrum([50, 58, 91], [1, 999, 1]), Spectrum([50, 58, 91], [999, 500, 1]))
    assert of_kind(found.query_peaks, "matched") == {50, 58}
    assert of_kind(found.query_peaks, "not compared") == {91}


def test_differences_are_signed_and_complete() -> None:
    found = compare(Spectrum([58, 91, 150], [100, 40, 10]), Spectrum([58, 91, 119], [100, 25, 30]))
    assert [(peak.mz, round(peak.percent), peak.kind) for peak in found.differences] == [
        (58, 0, "matched"),
        (91, 15, "matched"),
        (119, -30, "missing"),
        (150, 10, "unexplained"),
    ]


def test_nothing_to_compare_is_no_score() -> None:
    found = compare(Spectrum([], []), Spectrum([58], [1]))
    assert found.score is None
    assert found.reason == "The query has no peak to compare."
    assert found.query_explained is None
    assert [peak.kind for peak in found.reference_peaks] == ["not compared"]


def test_a_mass_that_lacks_is_the_reason_and_can_be_supposed() -> None:
    # Ions of fentanyl, and of its para-fluoro analogue with the fluorine in both larger ones.
    query, reference = (
        Spectrum([105, 164, 263], [30, 60, 100]),
        Spectrum([105, 146, 245], [30, 60, 100], formula="C22H28N2O"),
    )
    found = compare(query, reference, method="hybrid")
    assert found.reason == "The query does not state a molecular mass, which hybrid needs."
    assert {peak.kind for peak in (*found.query_peaks, *found.reference_peaks)} == {"not compared"}
    found = compare(query, reference, method="hybrid", query_mass=354)
    assert (found.mass_difference, found.supposed_mass, found.reason) == (18.0, 354, None)
    assert of_kind(found.query_peaks, "shifted") == {164, 263}
    assert of_kind(found.reference_peaks, "shifted") == {146, 245}
    assert [peak.percent for peak in found.differences] == pytest.approx([0.0, 0.0, 0.0], abs=0.1)


def test_direct_and_shifted_matches_are_told_apart() -> None:
    # The example of `similarity`: the larger peak is shifted by the precursors' difference of 14 Da, the other not.
    query = Spectrum([91.05, 202.10], [50, 100], precursor_mz=322.20)
    reference = Spectrum([91.05, 188.10], [50, 100], precursor_mz=308.20)
    found = compare(query, reference, method="modified_cosine")
    assert [(pair.query, pair.reference, pair.shifted) for pair in found.pairs] == [(0, 0, False), (1, 1, True)]
    assert (
        [peak.kind for peak in found.query_peaks]
        == ["matched", "shifted"]
        == [peak.kind for peak in found.reference_peaks]
    )
    assert found.mass_difference == pytest.approx(14.0)


def test_equal_precursors_shift_nothing() -> None:
    one = Spectrum([91.05, 202.10], [50, 100], precursor_mz=322.20)
    found = compare(one, one, method="neutral_loss")
    assert found.mass_difference == 0.0
    assert {peak.kind for peak in found.query_peaks} == {"matched"}


@pytest.mark.parametrize(
    ("reference", "library", "message"),
    [
        (3, False, "an id together with library="),
        (2, True, "has no spectrum with id 2: expected 0 to 1"),
        (-1, True, "has no spectrum with id -1"),
        (True, True, "has no spectrum with id True"),
        (Spectrum([58], [1]), True, "a library goes with an id"),
    ],
)
def test_a_reference_that_is_none_is_refused(reference: Spectrum | int, library: bool, message: str) -> None:
    two = Library(Spectra.of([Spectrum([58], [1]), Spectrum([44], [1])]), name="two")
    with pytest.raises(NpsSpectraError, match=message):
        compare(Spectrum([58], [1]), reference, library=two if library else None)


@pytest.mark.parametrize(
    ("spectrum", "kind", "mz"),
    [
        # Cocaine, C17H21NO4: nominal mass 303.
        (Spectrum([82, 182, 303], [99, 70, 10], ionization="EI", formula="C17H21NO4"), "molecular ion", 303.0),
        (Spectrum([82, 182, 303], [99, 70, 10], ionization="EI", nominal_mass=303), "molecular ion", 303.0),
        # The exact mass is 303.1471; a peak 0.05 beside it is another ion.
        (Spectrum([82.0651, 303.1465], [99, 9], ionization="EI", formula="C17H21NO4"), "molecular ion", 303.1465),
        (Spectrum([82.0651, 303.2], [99, 9], ionization="EI", formula="C17H21NO4"), "molecular ion", None),
        (Spectrum([182.1176, 304.1543], [99, 9], ionization="ESI", precursor_mz=304.1543), "precursor", 304.1543),
        (Spectrum([182.1, 304.2], [99, 9], ionization="ESI", precursor_mz=304.1543), "precursor", 304.2),
        (Spectrum([182.1176, 304.1043], [99, 9], ionization="ESI", precursor_mz=304.1543), "precursor", None),
        (Spectrum([82, 182], [99, 70], ionization="EI"), "molecular ion", None),
    ],
)
def test_the_ion_that_the_record_names_is_marked_only_where_it_is(
    spectrum: Spectrum, kind: str, mz: float | None
) -> None:
    assert of_kind(peaks_of(spectrum), kind) == ({mz} if mz is not None else set())
