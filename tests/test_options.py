"""Tolerance: how far two m/z values may lie apart."""

from __future__ import annotations

import dataclasses
from typing import Any

import naive
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nps_spectra import NpsSpectraError, Tolerance
from nps_spectra.errors import OptionError

tolerances = st.one_of(
    st.floats(0, 10).map(lambda value: Tolerance(value, "Da")),
    st.floats(1e-3, 9e5).map(lambda value: Tolerance(value, "ppm")),
)
mz_values = st.floats(0.1, 5000)
#: Two values written with four decimals differ by whole multiples of 0.0001.
written_mz = st.integers(10_000, 20_000_000)


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("0.01 Da", 0.01, "Da"),
        ("20 ppm", 20, "ppm"),
        ("20ppm", 20, "ppm"),
        ("  .5 DA ", 0.5, "Da"),
        ("10 mDa", 0.01, "Da"),
        ("0.3 Th", 0.3, "Da"),
        ("1 u", 1, "Da"),
        ("1e-2 Da", 0.01, "Da"),
        ("0 Da", 0, "Da"),
    ],
)
def test_parse_reads_a_number_and_a_unit(text: str, value: float, unit: str) -> None:
    assert (Tolerance.parse(text).value, Tolerance.parse(text).unit) == (pytest.approx(value, rel=1e-15), unit)


def test_parse_gives_a_tolerance_back() -> None:
    tolerance = Tolerance(5, "ppm")
    assert Tolerance.parse(tolerance) is tolerance


@pytest.mark.parametrize(
    "text",
    ["", "0.01", "Da", "ppm 20", "0,01 Da", "-1 Da", "nan Da", "inf Da", "0.01 kDa", "1e999 Da", "0 ppm", 5, None],
)
def test_parse_refuses_what_is_no_tolerance(text: Any) -> None:
    with pytest.raises(OptionError, match="tolerance"):
        Tolerance.parse(text)


@pytest.mark.parametrize(
    ("value", "unit"),
    [
        (-0.1, "Da"),
        (0, "ppm"),
        (float("nan"), "Da"),
        (float("inf"), "ppm"),
        (1e6, "ppm"),
        (0.01, "da"),
        ("0.01", "Da"),
        (None, "Da"),
        (10**400, "Da"),
    ],
)
def test_impossible_values_are_refused(value: Any, unit: Any) -> None:
    with pytest.raises(OptionError, match="tolerance"):
        Tolerance(value, unit)


def test_the_error_is_also_a_value_error_and_one_of_this_package() -> None:
    with pytest.raises(ValueError, match="expected a number and a unit") as caught:
        Tolerance.parse("wide")
    assert isinstance(caught.value, NpsSpectraError)


def test_it_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Tolerance(1, "Da").value = 2  # type: ignore[misc]


@given(tolerances)
def test_its_text_is_read_back(tolerance: Tolerance) -> None:
    again = Tolerance.parse(str(tolerance))
    assert (again.unit, again.value) == (tolerance.unit, pytest.approx(tolerance.value, rel=1e-5))


@pytest.mark.parametrize(
    ("tolerance", "a", "b", "expected"),
    [
        (Tolerance(0.01), 100.00, 100.01, True),
        (Tolerance(0.01), 188.1434, 188.1534, True),  # 0.010000000000019327 in float64
        (Tolerance(0.01), 100.00, 100.0101, False),
        (Tolerance(0), 58, 58, True),
        (Tolerance(0), 58, 59, False),
        (Tolerance(20, "ppm"), 499.995, 500.005, True),  # 20 ppm of the mean, 500
        (Tolerance(20, "ppm"), 499.995, 500.0052, False),
        (Tolerance(20, "ppm"), 50.0, 50.01, False),
    ],
)
def test_the_limit_itself_is_inside(tolerance: Tolerance, a: float, b: float, expected: bool) -> None:
    assert tolerance.matches(a, b) is expected


@given(written_mz, st.integers(0, 5000))
def test_a_written_difference_equal_to_the_tolerance_is_inside_and_the_next_is_not(start: int, steps: int) -> None:
    low, tolerance = start / 10_000, Tolerance(steps / 10_000)
    assert tolerance.matches(low, (start + steps) / 10_000)
    assert not tolerance.matches(low, (start + steps + 1) / 10_000)


@given(tolerances, mz_values, mz_values)
def test_comparing_a_with_b_is_comparing_b_with_a(tolerance: Tolerance, a: float, b: float) -> None:
    assert tolerance.matches(a, b) == tolerance.matches(b, a)


@given(tolerances, mz_values, mz_values)
def test_matches_is_what_the_definition_says(tolerance: Tolerance, a: float, b: float) -> None:
    assert tolerance.matches(a, b) == naive.within(a, b, tolerance.value, tolerance.unit)


@given(tolerances, mz_values)
def test_bounds_enclose_exactly_what_matches(tolerance: Tolerance, mz: float) -> None:
    low, high = tolerance.bounds(mz)
    rounding = 1e-12 * high
    assert tolerance.matches(mz, low + rounding)
    assert tolerance.matches(mz, high - rounding)
    assert not tolerance.matches(mz, low - rounding - 1e-10)
    assert not tolerance.matches(mz, high + rounding + 1e-10 * max(1.0, high))


def test_bounds_in_ppm_are_of_the_mean_of_both_values() -> None:
    low, high = Tolerance(100_000, "ppm").bounds(100)
    # 100 - low = 0.1 (100 + low) / 2 and high - 100 = 0.1 (100 + high) / 2
    assert (low, high) == (pytest.approx(95 / 1.05, abs=1e-6), pytest.approx(105 / 0.95, abs=1e-6))


def test_doubled_is_twice_as_wide_in_the_same_unit() -> None:
    assert Tolerance(0.01).doubled() == Tolerance(0.02)
    assert Tolerance(20, "ppm").doubled() == Tolerance(40, "ppm")
