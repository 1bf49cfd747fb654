"""Columns of numbers: exactly what Python reads of each cell, or nothing."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nps_spectra.formats.numbers import number_columns

FLOATS = st.floats(allow_nan=False)


@given(st.lists(st.tuples(FLOATS, FLOATS), max_size=20), st.sampled_from([" ", "\t", "   ", " \t "]))
def test_every_number_comes_back_to_the_last_bit(rows: list[tuple[float, float]], between: str) -> None:
    columns = number_columns([f" {first!r}{between}{second!r} " for first, second in rows], 2)
    assert columns is not None
    assert [column.tolist() for column in columns] == [[row[at] for row in rows] for at in range(2)]


def test_nan_and_infinity_are_left_to_the_check_of_the_peaks() -> None:
    columns = number_columns(["nan -inf"], 2)
    assert columns is not None
    assert math.isnan(columns[0][0])
    assert columns[1][0] == -math.inf


def test_a_column_that_is_not_wanted_need_not_be_numbers() -> None:
    columns = number_columns(["58 1 y2", "91 2 -"], 3, wanted=2)
    assert columns is not None
    assert [column.tolist() for column in columns] == [[58, 91], [1, 2]]


@pytest.mark.parametrize(
    ("lines", "width"),
    [
        (["58"], 2),
        (["58 1 2"], 2),
        (["58 1 2", "91"], 2),
        (["58", "91 1 2"], 2),
        (["58 1", "91 2 3 4"], 3),  # as many cells as two lines of three
        (["58 1 1 91", "2 3"], 3),
        (["58 1", ""], 2),
        (["58 x"], 2),
        (["58,1 2"], 2),
        (["5_8 1"], 2),
        (["٥٨ 1"], 2),
        (["58 | 1"], 2),
        (["58 |"], 2),
        (["0x10 1"], 2),
    ],
)
def test_anything_else_is_nothing(lines: list[str], width: int) -> None:
    assert number_columns(lines, width, wanted=2) is None
