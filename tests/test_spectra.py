"""Spectra: many spectra as parallel arrays, and each of them back as it was."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nps_spectra import Spectra, Spectrum
from nps_spectra.errors import OptionError
from nps_spectra.spectra import SpectraBuilder, joined
from nps_spectra.spectrum import FIELDS, REPRESENTATIONS, Source, checked_peaks, pack_original

#: Every character, control characters and lone surrogates included.
characters = st.characters(exclude_categories=())
words = st.text(characters, min_size=1, max_size=8)
values = {
    "text": words,
    "texts": st.lists(words, max_size=3).map(tuple),
    "float": st.floats(allow_nan=False, allow_infinity=False),
    "int": st.integers(-(2**53), 2**53),
}
fields = st.fixed_dictionaries(
    {},
    optional={name: values[kind] for name, kind in FIELDS.items()}
    | {
        "polarity": st.sampled_from(["positive", "negative"]),
        "representation": st.sampled_from(REPRESENTATIONS),
        "original": st.dictionaries(st.text(characters), st.lists(st.text(characters), max_size=3), max_size=3),
        "source": st.builds(
            Source, words, st.integers(1, 10**6), st.none() | st.integers(1, 10**9), st.none() | st.just("0f" * 32)
        ),
    },
)
peaks = st.lists(st.tuples(st.floats(0.01, 5000), st.floats(0, 2.0**100, width=32)), max_size=5)
spectrum = st.builds(
    lambda given_peaks, given_fields: Spectrum(
        [mz for mz, _ in given_peaks], [intensity for _, intensity in given_peaks], **given_fields
    ),
    peaks,
    fields,
)
collections = st.lists(spectrum, max_size=4)

A = Spectrum([58, 119], [100, 4], name="A", precursor_mz=178.1226, synonyms=("a", "α"), source=Source("a.msp", 1, 1))
EMPTY = Spectrum([], [], name="no peaks")
C = Spectrum([91], [5], ms_level=2, original={"Synon": ("x", "y"), "MW": ("1",)})
ABC = Spectra.of([A, EMPTY, C])


def everything(spectrum: Spectrum) -> dict[str, Any]:
    """All that a spectrum holds, to compare by value."""
    return {name: getattr(spectrum, name) for name in FIELDS} | {
        "mz": spectrum.mz.tolist(),
        "intensity": spectrum.intensity.tolist(),
        "source": spectrum.source,
        "original": dict(spectrum.original),
    }


@settings(max_examples=300)
@given(collections)
def test_collected_spectra_come_back_with_all_fields(given_spectra: list[Spectrum]) -> None:
    collected = Spectra.of(given_spectra)
    assert len(collected) == len(given_spectra)
    assert [everything(one) for one in collected] == [everything(one) for one in given_spectra]


@given(collections)
def test_digests_are_those_of_the_single_spectra(given_spectra: list[Spectrum]) -> None:
    collected = Spectra.of(given_spectra)
    assert collected.digests() == [one.digest for one in collected] == [one.digest for one in given_spectra]


def test_digests_agree_for_original_fields_that_a_file_repeats_apart() -> None:
    builder = SpectraBuilder()
    original = pack_original([("Synon", "a"), ("MW", "1"), ("Synon", "b")])
    builder.append(*checked_peaks([58], [1]), {"name": "x"}, original, None)
    spectra = builder.finish()
    assert spectra.digests() == [spectra[0].digest]
    assert spectra.digests() == [Spectrum([58], [1], name="x", original={"Synon": ("a", "b"), "MW": ("1",)}).digest]


def test_what_is_missing_stays_none() -> None:
    (one,) = Spectra.of([Spectrum([1], [1])])
    assert {getattr(one, name) for name in FIELDS} == {None, ()}
    assert (one.source, dict(one.original)) == (None, {})


def test_the_arrays_are_one_after_the_other() -> None:
    assert ABC.mz.tolist() == [58, 119, 91]
    assert ABC.intensity.tolist() == [100, 4, 5]
    assert ABC.offsets.tolist() == [0, 2, 2, 3]
    assert (ABC.mz.dtype, ABC.intensity.dtype, ABC.offsets.dtype) == (np.float64, np.float32, np.int64)


def test_a_negative_index_counts_from_the_end() -> None:
    assert [ABC[-1], ABC[-2], ABC[-3], ABC[np.int64(-1)]] == [C, EMPTY, A, C]


@pytest.mark.parametrize("index", [3, -4])
def test_an_index_that_is_not_there_is_an_index_error(index: int) -> None:
    with pytest.raises(IndexError):
        ABC[index]


@pytest.mark.parametrize(
    "part", [slice(None), slice(1, None), slice(None, None, -1), slice(-1, None), slice(5, 9), slice(0, 3, 2)]
)
def test_a_slice_is_that_of_a_list(part: slice) -> None:
    assert list(ABC[part]) == [A, EMPTY, C][part]


@given(collections.filter(bool), st.data())
def test_select_gives_the_rows_in_their_order(given_spectra: list[Spectrum], data: st.DataObject) -> None:
    n = len(given_spectra)
    rows = data.draw(st.lists(st.integers(-n, n - 1), max_size=6))
    selected = Spectra.of(given_spectra).select(rows)
    assert [everything(one) for one in selected] == [everything(given_spectra[row]) for row in rows]


@pytest.mark.parametrize("rows", [[True, False, True], [0.5], ["a"], [[0, 1]], 1])
def test_select_refuses_what_are_no_row_numbers(rows: Any) -> None:
    with pytest.raises(OptionError, match="expected a list of row numbers"):
        ABC.select(rows)


@pytest.mark.parametrize("row", [3, -4])
def test_select_refuses_rows_that_are_not_there(row: int) -> None:
    with pytest.raises(IndexError):
        ABC.select([row])


@given(st.lists(collections, max_size=3))
def test_joined_is_one_after_the_other(parts: list[list[Spectrum]]) -> None:
    together = joined([Spectra.of(part) for part in parts])
    assert [everything(one) for one in together] == [everything(one) for one in itertools.chain(*parts)]


def test_joined_carries_the_report_given_and_no_other() -> None:
    one = Spectra.of([A])
    one.report = "old"
    assert (joined([one], "new").report, joined([one, one], "new").report, joined([one]).report) == ("new", "new", None)


def test_a_column_is_asked_for_by_its_kind() -> None:
    assert ABC.texts("name").to_list() == ["A", "no peaks", None]
    assert ABC.numbers("ms_level").tolist() == pytest.approx([np.nan, np.nan, 2], nan_ok=True)
    with pytest.raises(OptionError, match="'ms_level' holds numbers"):
        ABC.texts("ms_level")
    with pytest.raises(OptionError, match="'name' holds text"):
        ABC.numbers("name")


def test_a_spectrum_taken_out_cannot_change_the_collection() -> None:
    with pytest.raises(ValueError, match="read-only"):
        ABC[0].mz[0] = 1
    assert ABC[0] == A
