"""Merging: every record is there once, every contradiction is named, nothing depends on the order."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nps_spectra import Library, Spectra, Spectrum
from nps_spectra.errors import LibraryDamagedError, OptionError
from nps_spectra.library.merging import Conflict, merge
from nps_spectra.library.starter import starter_library
from nps_spectra.spectrum import Source

A = Spectrum([58, 91, 119], [999, 20, 30], name="A", accession="A1", licence="CC0", source=Source("a.msp", 1, 1))
B = Spectrum([77, 91, 126], [10, 80, 999], name="B", accession="B1", source=Source("a.msp", 2, 9))
C = Spectrum([44, 91], [999, 90], name="C", accession="C1", source=Source("c.msp", 1, 1))


def library(*spectra: Spectrum, name: str = "lab") -> Library:
    return Library(Spectra.of(spectra), name=name)


def test_a_library_merged_with_itself_is_itself(tmp_path: Path) -> None:
    starter = starter_library()
    merged = merge([starter, starter], tmp_path / "a.h5")
    assert merged.library.digest == starter.digest
    assert (merged.records_in, merged.identical, merged.conflicts) == (2 * len(starter), len(starter), [])
    assert merged.library.sources == starter.sources
    merged.library.check()


def test_all_records_of_both_are_there_once(tmp_path: Path) -> None:
    merged = merge([library(A, B), library(B, C)], tmp_path / "a.h5")
    assert list(merged.library) == [A, B, C]
    assert (merged.records_in, merged.identical, merged.conflicts) == (4, 1, [])
    assert [spectrum.licence for spectrum in merged.library] == ["CC0", None, None]


FEW = st.lists(st.sampled_from([A, B, C, A.replace(name="A'"), B.replace(comment="x")]), min_size=1, max_size=6)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(FEW, FEW)
def test_records_are_the_union_and_the_order_does_not_count(
    tmp_path: Path, first: list[Spectrum], second: list[Spectrum]
) -> None:
    one = merge([library(*first), library(*second)], tmp_path / "1.h5")
    other = merge([library(*second), library(*first)], tmp_path / "2.h5")
    assert set(one.library) == {*first, *second}
    assert one.library.digest == other.library.digest
    assert one.records_in == len(one.library) + one.identical == len(first) + len(second)
    assert len(merge([one.library, other.library], tmp_path / "3.h5").library) == len(one.library)


def test_equal_peaks_with_other_fields_are_a_conflict_and_both_stay(tmp_path: Path) -> None:
    renamed = A.replace(name="not A", inchikey="PJMPHNIQZUBGLI-UHFFFAOYSA-N", accession="X9")
    merged = merge([library(A, B, name="one"), library(renamed, name="two")], tmp_path / "a.h5")
    assert merged.conflicts == [Conflict("same_peaks", "A1", "one", "X9", "two", ("name", "inchikey", "accession"))]
    assert len(merged.library) == 3
    (event,) = (event for event in merged.library.events if event.action == "merge")
    assert event.arguments["conflicts"] == {"same_peaks": 1, "same_accession": 0}


def test_an_accession_of_two_spectra_is_a_conflict(tmp_path: Path) -> None:
    other = C.replace(accession="A1", name="A", licence="CC0")
    merged = merge([library(A, name="one"), library(other, name="two")], tmp_path / "a.h5")
    assert merged.conflicts == [Conflict("same_accession", "A1", "one", "A1", "two", ("peaks",))]


def test_two_peaks_are_equal_by_chance(tmp_path: Path) -> None:
    other = C.replace(accession="D1", name="D")
    assert merge([library(C), library(other)], tmp_path / "a.h5").conflicts == []


def test_the_place_of_a_record_left_out_is_kept_in_the_log(tmp_path: Path) -> None:
    elsewhere = A.replace(source=Source("laboratory 2/z.msp", 7, 70, "ab" * 32))
    merged = merge([library(A), library(elsewhere)], tmp_path / "a.h5")
    (event,) = (event for event in merged.library.events if event.record is not None)
    assert (event.field, event.digest, event.record) == ("source_file", A.digest, "A1")
    assert event.before == f"z.msp#7 (sha256 {'ab' * 32})"
    assert event.after == "a.msp#1 (sha256 unknown)"


def test_sources_and_events_of_all_are_kept_and_shared_ones_once(tmp_path: Path) -> None:
    for name, record in (("a", "Name: A\nNum Peaks: 1\n58 9\n"), ("b", "Name: B\nNum Peaks: 1\n91 9\n")):
        (tmp_path / f"{name}.msp").write_text(record, encoding="utf-8")
        Library.build(tmp_path / f"{name}.msp", tmp_path / f"{name}.h5", licence=f"licence of {name}")
    a, b = (Library.open(tmp_path / f"{name}.h5") for name in "ab")
    both = merge([a, b], tmp_path / "ab.h5").library
    again = merge([both, a], tmp_path / "aba.h5").library
    assert [source["licence"] for source in again.sources] == ["licence of a", "licence of b"]
    assert [event.action for event in again.events] == ["build", "build", "merge", "merge"]
    assert [spectrum.licence for spectrum in again] == ["licence of a", "licence of b"]


def test_real_libraries_overlap_without_loss(tmp_path: Path, data_folder: Path) -> None:
    """Three of the library's files in pieces that overlap give the whole library again."""
    whole = Library.build(data_folder / "swgdrug_ei" / "swgdrug_3.4.msp", tmp_path / "whole.h5")
    parts = [
        Library(whole.spectra[part], name="part") for part in (slice(0, 1500), slice(1000, 2000), slice(1990, None))
    ]
    merged = merge(parts, tmp_path / "merged.h5")
    assert (merged.library.digest, merged.identical) == (whole.digest, 510)
    assert sorted(merged.library.substances.keys) == sorted(whole.substances.keys)


def test_nothing_to_merge_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="no library"):
        merge([], tmp_path / "a.h5")


def test_a_damaged_library_is_not_merged(tmp_path: Path) -> None:
    Library.build(Spectra.of([A, B]), tmp_path / "a.h5")
    content = bytearray((tmp_path / "a.h5").read_bytes())
    content[content.find(b"CC0")] ^= 1
    (tmp_path / "a.h5").write_bytes(content)
    with pytest.raises(LibraryDamagedError):
        merge([Library.open(tmp_path / "a.h5")], tmp_path / "b.h5")
    assert not (tmp_path / "b.h5").exists()
