"""Columns of metadata: what goes in comes out, row by row, as a list, selected and joined."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nps_spectra.columns import NumberColumn, NumberColumnBuilder, TextColumn, TextColumnBuilder, differing

#: Every character, lone surrogates (undecodable bytes of file names) included.
characters = st.characters(exclude_categories=())
texts = st.lists(st.none() | st.text(characters, min_size=1), max_size=8)
numbers = st.lists(st.none() | st.floats(allow_nan=False), max_size=8)


def text_column(values: list[str | None]) -> TextColumn:
    builder = TextColumnBuilder()
    for value in values:
        builder.append(value)
    return builder.finish()


def number_column(values: list[float | None]) -> NumberColumn:
    builder = NumberColumnBuilder()
    for value in values:
        builder.append(value)
    return builder.finish()


@given(texts)
def test_texts_come_back_row_by_row_and_as_a_list(values: list[str | None]) -> None:
    column = text_column(values)
    assert len(column) == len(values)
    assert [column[row] for row in range(len(values))] == values
    assert column.to_list() == values


@given(numbers)
def test_numbers_come_back_row_by_row_and_as_a_list(values: list[float | None]) -> None:
    column = number_column(values)
    assert len(column) == len(values)
    assert [column[row] for row in range(len(values))] == values
    assert column.to_list() == values


def test_an_empty_text_is_missing() -> None:
    assert text_column(["", None, "a"]).to_list() == [None, None, "a"]


def test_nan_is_missing_and_zero_is_not() -> None:
    assert number_column([float("nan"), 0.0, None]).to_list() == [None, 0.0, None]


def test_raw_is_the_utf8_of_one_text() -> None:
    column = text_column(["α-PVP", None])
    assert (column.raw(0), column.raw(1)) == (b"\xce\xb1-PVP", b"")


@pytest.mark.parametrize("column", [text_column(["a", None, "c"]), number_column([1, None, 3])])
def test_negative_rows_count_from_the_end(column: TextColumn | NumberColumn) -> None:
    assert [column[-3], column[-2], column[-1]] == column.to_list()


@pytest.mark.parametrize("row", [-4, 3])
@pytest.mark.parametrize("column", [text_column(["a", None, "c"]), number_column([1, None, 3])])
def test_a_row_that_is_not_there_is_an_index_error(column: TextColumn | NumberColumn, row: int) -> None:
    with pytest.raises(IndexError):
        column[row]


@given(st.lists(st.none() | st.sampled_from(["ESI", "EI", "é"]), max_size=40))
def test_numbered_texts_are_the_texts(values: list[str | None]) -> None:
    with mock.patch("nps_spectra.columns.BLOCK", 7):
        texts, numbers = text_column(values).numbered()
    assert texts == list(dict.fromkeys(values))
    assert [texts[number] for number in numbers.tolist()] == values


@given(texts.filter(bool), st.data())
def test_take_gives_the_texts_of_rows_in_their_order(values: list[str | None], data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.integers(0, len(values) - 1), max_size=10))
    assert text_column(values).take(np.array(rows, dtype=np.int64)).to_list() == [values[row] for row in rows]


def test_take_gives_the_numbers_of_rows_in_their_order() -> None:
    assert number_column([1, None, 3]).take(np.array([2, 1, 2])).to_list() == [3, None, 3]


@given(st.lists(texts, min_size=1, max_size=4))
def test_joined_is_one_after_the_other(parts: list[list[str | None]]) -> None:
    column = TextColumn.joined([text_column(part) for part in parts])
    assert column.to_list() == [value for part in parts for value in part]


TEXTS = st.lists(st.one_of(st.none(), st.text("aé", min_size=1, max_size=3)), min_size=1, max_size=8)


@given(TEXTS, st.data())
def test_rows_are_gathered_in_any_order_and_as_often_as_asked(values: list[str | None], data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.integers(0, len(values) - 1), max_size=12))
    taken = text_column(values).take(np.array(rows, dtype=np.int64))
    assert taken.to_list() == [values[row] for row in rows]


@given(TEXTS, TEXTS, st.data())
def test_texts_differ_where_they_are_not_equal(a: list[str | None], b: list[str | None], data: st.DataObject) -> None:
    pairs = data.draw(st.lists(st.tuples(st.integers(0, len(a) - 1), st.integers(0, len(b) - 1)), max_size=12))
    rows_a, rows_b = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    found = differing(text_column(a), rows_a, text_column(b), rows_b)
    assert found.tolist() == [a[one] != b[other] for one, other in pairs]


def test_missing_numbers_are_equal_and_nothing_else_is_equal_to_them() -> None:
    a, b = NumberColumn(np.array([1.0, np.nan, 0.0])), NumberColumn(np.array([1.0, np.nan, np.nan]))
    rows = np.arange(3)
    assert differing(a, rows, b, rows).tolist() == [False, False, True]
