"""Differences of two libraries: exactly those that were made, and none where there is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nps_spectra import Library, Spectra, Spectrum, similarity
from nps_spectra.library.differences import diff
from nps_spectra.library.editing import Edit, edit
from nps_spectra.library.starter import starter_library
from nps_spectra.spectrum import Source

A = Spectrum([58, 91, 119], [999, 20, 30], name="A", accession="A1", ionization="EI", source=Source("a.msp", 1, 1))
B = Spectrum([77, 91, 126], [10, 80, 999], name="B", ionization="EI", source=Source("a.msp", 2, 9))
C = Spectrum([44.05, 91.05], [999, 90], name="C", ionization="ESI", precursor_mz=136.1)


def library(*spectra: Spectrum) -> Library:
    return Library(Spectra.of(spectra), name="lab")


def test_a_library_does_not_differ_from_itself() -> None:
    found = diff(starter_library(), starter_library())
    assert not found
    assert found.same == len(starter_library())


def test_neither_order_nor_place_is_a_difference() -> None:
    moved = A.replace(source=Source("elsewhere.msp", 9, 9))
    assert not diff(library(A, B, C), library(C, moved, B))


def test_records_of_one_library_only_are_named() -> None:
    found = diff(library(A, B), library(B, C))
    assert [(one.record, one.name) for one in found.only_in_a] == [("A1", "A")]
    assert [(one.row, one.name) for one in found.only_in_b] == [(1, "C")]
    assert (found.same, found.changed_fields, found.changed_peaks) == (1, [], [])


def test_a_record_that_one_library_has_twice_is_once_more_there() -> None:
    found = diff(library(A, A), library(A))
    assert ([one.record for one in found.only_in_a], found.same) == ([A.digest[:16]], 1)


def test_equal_peaks_with_other_fields_are_a_record_with_changed_fields() -> None:
    found = diff(library(A, B), library(B, A.replace(name="other", accession="Z9", synonyms=("x",))))
    (one,) = found.changed_fields
    assert (one.record_a, one.record_b, one.score) == ("A1", "Z9", None)
    assert one.fields == {"name": ("A", "other"), "synonyms": ([], ["x"]), "accession": ("A1", "Z9")}


def test_changed_original_fields_are_a_change() -> None:
    (one,) = diff(library(A), library(A.replace(original={"Name": ("a",)}))).changed_fields
    assert one.fields == {"original": ({}, {"Name": ["a"]})}


@pytest.mark.parametrize(
    "changed",
    [
        Spectrum([58, 91], [999, 500], name="renamed", accession="A1", ionization="EI"),  # by its accession
        Spectrum([58, 91], [999, 500], name="A", ionization="EI", source=Source("b/a.msp", 1, 7)),  # by its place
    ],
)
def test_the_same_record_with_other_peaks_has_a_score(changed: Spectrum) -> None:
    found = diff(library(A, B), library(B, changed))
    (one,) = found.changed_peaks
    assert (one.row_a, one.row_b, one.method) == (0, 1, "nist_identity")
    assert one.score == similarity(A, changed, "nist_identity")
    assert not found.only_in_a
    assert not found.only_in_b


def test_spectra_that_are_not_ei_are_scored_by_entropy() -> None:
    one, other = C.replace(accession="C1"), Spectrum([44.05], [1], ionization="ESI", accession="C1", precursor_mz=136.1)
    (found,) = diff(library(one), library(other)).changed_peaks
    assert (found.method, found.score) == ("entropy", similarity(one, other, "entropy"))


def test_peaks_that_cannot_be_compared_have_no_score_and_json_stays_json() -> None:
    empty = Spectrum([], [], accession="A1", ionization="EI")
    found = diff(library(A), library(empty))
    assert found.changed_peaks[0].score is None
    json.dumps(found.describe(), allow_nan=False)


def test_the_same_place_under_another_name_is_another_record() -> None:
    other = Spectrum([58, 91], [999, 500], name="Z", source=Source("a.msp", 2, 9))
    found = diff(library(B), library(other))
    assert (len(found.only_in_a), len(found.only_in_b), found.changed_peaks) == (1, 1, [])


STARTER = starter_library()
EDITS = st.dictionaries(
    st.tuples(st.integers(0, len(STARTER) - 1), st.sampled_from(["name", "comment", "accession", "formula"])),
    st.text("xyz", min_size=1, max_size=4),
    min_size=1,
    max_size=8,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EDITS)
def test_exactly_the_edits_that_were_made_are_found(tmp_path: Path, edits: dict[tuple[int, str], str]) -> None:
    made = [Edit(f"row:{row}", field, value, "why") for (row, field), value in edits.items()]
    edited = edit(STARTER, made, tmp_path / "edited.h5")
    found = diff(STARTER, edited)
    assert {
        (one.row_a, field): values[1] for one in found.changed_fields for field, values in one.fields.items()
    } == edits
    assert all(one.row_a == one.row_b for one in found.changed_fields)
    assert (found.only_in_a, found.only_in_b, found.changed_peaks) == ([], [], [])


def test_differences_the_other_way_round_are_the_mirror_image() -> None:
    one, other = library(A, B, C), library(B, C.replace(name="x"), A.replace(accession="A1", comment="y"))
    forth, back = diff(one, other), diff(other, one)
    assert [c.fields for c in forth.changed_fields] == [
        {name: (before, after) for name, (after, before) in c.fields.items()}
        for c in sorted(back.changed_fields, key=lambda c: c.row_b)
    ]


def test_two_states_of_a_real_library(tmp_path: Path, data_folder: Path) -> None:
    """The first 2,000 records of SWGDRUG, and the last 2,000 of its 2,733 with a correction."""
    whole = Library.build(data_folder / "swgdrug_ei" / "swgdrug_3.4.msp", tmp_path / "whole.h5")
    corrected = edit(whole, [Edit("row:1000", "contributor", "corrected", "test")], tmp_path / "corrected.h5")
    old, new = Library(whole.spectra[:2000], name="old"), Library(corrected.spectra[733:], name="new")
    found = diff(old, new)
    assert (found.same, len(found.only_in_a), len(found.only_in_b)) == (1266, 733, 733)
    (one,) = found.changed_fields
    assert (one.row_a, one.row_b, one.fields["contributor"][1]) == (1000, 267, "corrected")
    assert found.changed_peaks == []
