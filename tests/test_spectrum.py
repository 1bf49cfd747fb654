"""Spectrum: a value that is checked once and cannot be changed."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import struct
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nps_spectra import NpsSpectraError, Spectrum
from nps_spectra.errors import OptionError, SpectrumError
from nps_spectra.spectrum import FIELDS, Source, pack_original, unpack_original

MEPHEDRONE = Spectrum([119, 58, 91], [4, 100, 9], name="mephedrone", ionization="EI")

peaks = st.lists(st.tuples(st.floats(0.01, 2000), st.integers(0, 1000)), max_size=20)


@given(peaks)
def test_peaks_are_kept_sorted_and_without_those_of_intensity_0(given_peaks: list[tuple[float, int]]) -> None:
    spectrum = Spectrum([mz for mz, _ in given_peaks], [intensity for _, intensity in given_peaks])
    kept = [peak for peak in given_peaks if peak[1] > 0]
    assert list(zip(spectrum.mz.tolist(), spectrum.intensity.tolist(), strict=True)) == sorted(kept, key=lambda p: p[0])


def test_arrays_have_their_types_and_are_contiguous() -> None:
    spectrum = Spectrum(np.arange(1, 21)[::2], np.arange(1, 21, dtype=">i4")[::2])
    assert (spectrum.mz.dtype, spectrum.intensity.dtype) == (np.dtype("float64"), np.dtype("float32"))
    assert spectrum.mz.flags.c_contiguous
    assert spectrum.intensity.flags.c_contiguous


def test_arrays_are_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        MEPHEDRONE.mz[0] = 1
    with pytest.raises(ValueError, match="read-only"):
        MEPHEDRONE.intensity[0] = 1


@pytest.mark.parametrize("field", ["mz", "name", "original", "source"])
def test_fields_cannot_be_set(field: str) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(MEPHEDRONE, field, None)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_arrays_of_the_caller_stay_his(dtype: Any) -> None:
    mz, intensity = np.array([3, 1, 2], dtype), np.array([1, 0, 2], dtype)
    spectrum = Spectrum(mz, intensity)
    assert (mz.tolist(), intensity.tolist()) == ([3, 1, 2], [1, 0, 2])
    mz[:], intensity[:] = 9, 9
    assert (spectrum.mz.tolist(), spectrum.intensity.tolist()) == ([2, 3], [2, 1])


def test_a_change_of_what_was_given_as_original_fields_does_not_reach_the_spectrum() -> None:
    values = ["a"]
    original: Any = {"Synon": values}
    spectrum = Spectrum([1], [1], original=original)
    values.append("b")
    original["new"] = ("c",)
    assert dict(spectrum.original) == {"Synon": ("a",)}
    with pytest.raises(TypeError, match="does not support item assignment"):
        spectrum.original["Synon"] = ()  # type: ignore[index]


def test_an_empty_spectrum_is_one_without_a_base_peak() -> None:
    empty = Spectrum([], [])
    assert (len(empty), empty.base_peak_mz) == (0, None)


def test_the_base_peak_is_the_lowest_of_the_most_intense() -> None:
    assert Spectrum([91, 58, 44], [100, 100, 3]).base_peak_mz == 58


def test_a_peak_too_weak_for_float32_is_no_peak() -> None:
    assert Spectrum([58, 91], [1e-60, 1]).mz.tolist() == [91]


@pytest.mark.parametrize(
    ("mz", "intensity", "says"),
    [
        ([1, 2], [1], "shape"),
        ([[1, 2]], [[1, 2]], "shape"),
        ([1, np.nan], [1, 1], "peak 2: m/z is nan"),
        ([np.inf], [1], "peak 1: m/z is inf"),
        ([0], [1], "peak 1: m/z is 0.0"),
        ([-58], [1], "peak 1: m/z is -58.0"),
        ([58, 91], [1, np.nan], "peak 2: intensity is nan"),
        ([58], [np.inf], "peak 1: intensity is inf"),
        ([58], [-1], "peak 1: intensity is -1.0"),
        ([58], [1e39], "larger than float32"),
        (["x"], [1], "numbers"),
        ([1 + 2j], [1], "numbers"),
        ([10**400], [1], "numbers"),
        ([[1], [1, 2]], [1, 2], "numbers"),
    ],
)
def test_arrays_that_are_no_spectrum_are_refused(mz: Any, intensity: Any, says: str) -> None:
    with pytest.raises(SpectrumError, match=says):
        Spectrum(mz, intensity)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", 5),
        ("polarity", "both"),
        ("ms_level", 1.5),
        ("charge", "two"),
        ("precursor_mz", float("inf")),
        ("precursor_mz", "x"),
        ("exact_mass", 10**400),
        ("synonyms", "crystal"),
        ("synonyms", (1, 2)),
        ("synonyms", 5),
        ("original", {"Comment": "not a tuple"}),
        ("original", {"Comment": (1,)}),
        ("original", {1: ("a",)}),
        ("original", "Comment"),
        ("source", "file.msp"),
    ],
)
def test_fields_of_the_wrong_kind_are_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(SpectrumError, match="expected") as caught:
        Spectrum([1], [1], **{field: value})
    assert field in str(caught.value)
    assert isinstance(caught.value, (NpsSpectraError, ValueError))


@pytest.mark.parametrize("value", [None, "", float("nan")])
@pytest.mark.parametrize("field", ["precursor_mz", "charge"])
def test_a_number_that_is_missing_is_none(field: str, value: Any) -> None:
    assert getattr(Spectrum([1], [1], **{field: value}), field) is None


def test_a_text_that_is_empty_is_missing() -> None:
    spectrum = Spectrum([1], [1], name="", synonyms=("", "crystal"), original={"Comment": (), "Note": ("",)})
    assert (spectrum.name, spectrum.synonyms, dict(spectrum.original)) == (None, ("crystal",), {"Note": ("",)})


def test_every_field_is_missing_unless_given() -> None:
    spectrum = Spectrum([1], [1])
    assert {getattr(spectrum, name) for name in FIELDS} == {None, ()}


@pytest.mark.parametrize(
    ("written", "polarity"), [("P", "positive"), ("Positive", "positive"), ("+", "positive"), (" neg ", "negative")]
)
def test_polarity_has_two_spellings(written: str, polarity: str) -> None:
    assert Spectrum([1], [1], polarity=written).polarity == polarity


def test_numbers_have_the_type_of_their_field() -> None:
    spectrum = Spectrum([1], [1], ms_level=np.int64(2), charge="1", precursor_mz=np.float32(0.5), nominal_mass=336.0)
    values = (spectrum.ms_level, spectrum.charge, spectrum.precursor_mz, spectrum.nominal_mass)
    assert values == (2, 1, 0.5, 336)
    assert [type(value) for value in values] == [int, int, float, int]


def documented_digest(spectrum: Spectrum) -> str:
    """The digest once more, from its description."""
    n = len(spectrum.mz)
    data = struct.pack(f"<q{n}d{n}f", n, *spectrum.mz, *spectrum.intensity)
    for name in FIELDS:
        value = getattr(spectrum, name)
        if value not in (None, ()):
            data += f"{name}\x1f{value!a}\x1e".encode()
    for key, values in spectrum.original.items():
        data += "".join(f"{key}\x1f{value}\x1e" for value in values).encode()
    return hashlib.sha256(data).hexdigest()


def test_the_digest_is_the_one_documented() -> None:
    spectrum = MEPHEDRONE.replace(synonyms=("4-MMC", "mépht"), charge=1, original={"Synon": ("a", "b"), "α": ("",)})
    assert spectrum.digest == documented_digest(spectrum)


@pytest.mark.parametrize(
    "change",
    [
        {"mz": [58, 91, 119.0001]},
        {"intensity": [100, 9, 5]},
        {"name": "Mephedrone"},
        {"synonyms": ("4-MMC",)},
        {"charge": 0},
        {"original": {"Comment": ("x",)}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_spectra_of_other_content_have_another_digest(change: dict[str, Any]) -> None:
    assert MEPHEDRONE.replace(**change).digest != MEPHEDRONE.digest
    assert MEPHEDRONE.replace(**change) != MEPHEDRONE


def test_where_a_spectrum_was_read_does_not_count_for_its_digest() -> None:
    read = MEPHEDRONE.replace(source=Source("a.msp", 1, 1, "ab" * 32))
    assert read.digest == MEPHEDRONE.digest


def test_neither_the_order_of_peaks_nor_peaks_of_intensity_0_count_for_the_digest() -> None:
    again = Spectrum([58, 70, 91, 119], [100, 0, 9, 4], name="mephedrone", ionization="EI")
    assert again.digest == MEPHEDRONE.digest


def test_a_numpy_text_is_the_same_name_as_a_plain_one() -> None:
    named = Spectrum([1], [1], name=np.str_("a"), synonyms=np.array(["b"]))
    assert named == Spectrum([1], [1], name="a", synonyms=("b",))


def test_equal_spectra_are_one_member_of_a_set() -> None:
    assert len({MEPHEDRONE, MEPHEDRONE.replace(), MEPHEDRONE.replace(name="x")}) == 2
    assert MEPHEDRONE != "mephedrone"


def test_replace_gives_a_checked_copy_and_leaves_the_spectrum() -> None:
    changed = MEPHEDRONE.replace(name="4-MMC", mz=[119, 91, 58], intensity=[1, 2, 0])
    assert (changed.name, changed.ionization, changed.mz.tolist()) == ("4-MMC", "EI", [91, 119])
    assert (MEPHEDRONE.name, len(MEPHEDRONE)) == ("mephedrone", 3)


def test_replace_refuses_a_field_that_does_not_exist() -> None:
    with pytest.raises(OptionError, match="unknown field 'nmae'"):
        MEPHEDRONE.replace(nmae="x")


def test_original_fields_are_kept_in_order_of_first_appearance() -> None:
    packed = pack_original([("Synon", "a"), ("MW", "177"), ("Synon", "b"), ("MW", "")])
    assert list(unpack_original(packed).items()) == [("Synon", ("a", "b")), ("MW", ("177", ""))]
    assert dict(unpack_original(None)) == {}


def test_a_spectrum_can_be_sent_to_another_process() -> None:
    spectrum = Spectrum([58, 91], [9, 1], name="A", synonyms=("B",), original={"Name": ("A",)})
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert pool.submit(copy.deepcopy, spectrum).result() == spectrum
