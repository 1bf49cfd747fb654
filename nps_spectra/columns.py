"""Columns of metadata: text and numbers for many spectra, in plain arrays that can be memory-mapped."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

#: Rows that are copied or compared at a time, so that memory stays small whatever the number of rows.
BLOCK: Final = 8192


def gathered(values: npt.NDArray[Any], offsets: npt.NDArray[np.int64], rows: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    """What `rows` own of `values`, in that order; row i owns ``offsets[i]`` to ``offsets[i + 1]``.

    Rows that follow each other are copied in one piece, because an index for every element would be eight times
    as large as a block of text.

    Examples
    --------
    >>> gathered(np.array([5, 6, 7, 8]), np.array([0, 1, 3, 4]), np.array([1, 2, 0])).tolist()
    [6, 7, 8, 5]
    """
    if len(rows) == 0:
        return values[:0].copy()
    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    first = offsets[rows[np.concatenate(([0], breaks))]].tolist()
    last = offsets[rows[np.concatenate((breaks - 1, [len(rows) - 1]))] + 1].tolist()
    return np.concatenate([values[start:stop] for start, stop in zip(first, last, strict=True)])


class TextColumn:
    """Texts as one block of UTF-8 and offsets; no bytes means missing (None).

    Attributes
    ----------
    blob : ndarray of uint8, shape (bytes,)
    offsets : ndarray of int64, shape (n + 1,)
    """

    __slots__ = ("blob", "offsets")

    def __init__(self, blob: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]) -> None:
        self.blob = blob
        self.offsets = offsets

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> str | None:
        return self.raw(row).decode("utf-8", "surrogatepass") or None

    def raw(self, row: int) -> bytes:
        """The UTF-8 of one text, empty if it is missing."""
        row = range(len(self))[row]  # counts negative rows from the end
        return self.blob[int(self.offsets[row]) : int(self.offsets[row + 1])].tobytes()

    def to_list(self) -> list[str | None]:
        """All texts; much faster than one by one."""
        block = self.blob.tobytes()
        if not block:
            return [None] * len(self)
        bounds = self.offsets.tolist()
        if block.isascii():
            # A letter is a byte: decoded once, cut often.
            text = block.decode("ascii")
            return [text[start:stop] or None for start, stop in pairwise(bounds)]
        return [
            block[start:stop].decode("utf-8", "surrogatepass") if stop > start else None
            for start, stop in pairwise(bounds)
        ]

    def missing(self) -> npt.NDArray[np.bool_]:
        """Where there is no text."""
        result: npt.NDArray[np.bool_] = self.offsets[1:] == self.offsets[:-1]
        return result

    def numbered(self) -> tuple[list[str | None], npt.NDArray[np.int32]]:
        """The different texts in order of first appearance, and the number of each row's text among them.

        For columns of few different texts, where a text for every row would take a hundred times the memory.

        Examples
        --------
        >>> column = TextColumn(np.frombuffer(b"ESIESI", np.uint8), np.array([0, 3, 3, 6]))
        >>> texts, numbers = column.numbered()
        >>> texts, numbers.tolist()
        (['ESI', None], [0, 1, 0])
        """
        found: dict[str | None, int] = {}
        numbers = np.empty(len(self), dtype=np.int32)
        for start in range(0, len(self), BLOCK):
            bounds = self.offsets[start : start + BLOCK + 1]
            part = TextColumn(self.blob[bounds[0] : bounds[-1]], bounds - bounds[0]).to_list()
            numbers[start : start + BLOCK] = [found.setdefault(text, len(found)) for text in part]
        return list(found), numbers

    def take(self, rows: npt.NDArray[np.int64]) -> TextColumn:
        """The texts of `rows`, in that order."""
        offsets = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum(self.offsets[rows + 1] - self.offsets[rows], out=offsets[1:])
        return TextColumn(gathered(self.blob, self.offsets, rows), offsets)

    @classmethod
    def joined(cls, parts: Sequence[TextColumn]) -> TextColumn:
        """Several columns one after the other."""
        lengths = np.concatenate([np.diff(part.offsets) for part in parts])
        offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
        np.cumsum(lengths, out=offsets[1:])
        return cls(np.concatenate([part.blob for part in parts]), offsets)


class NumberColumn:
    """Numbers as float64, NaN where missing (None).

    Attributes
    ----------
    values : ndarray of float64, shape (n,)
    """

    __slots__ = ("values",)

    def __init__(self, values: npt.NDArray[np.float64]) -> None:
        self.values = values

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, row: int) -> float | None:
        value = float(self.values[row])
        return None if math.isnan(value) else value

    def to_list(self) -> list[float | None]:
        """All numbers."""
        return [None if value != value else value for value in self.values.tolist()]

    def take(self, rows: npt.NDArray[np.int64]) -> NumberColumn:
        """The numbers of `rows`, in that order."""
        return NumberColumn(self.values[rows])


Column = TextColumn | NumberColumn


def differing(
    a: Column, rows_a: npt.NDArray[np.int64], b: Column, rows_b: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Where the values of `rows_a` in `a` are not those of `rows_b` in `b`; missing equals missing.

    Examples
    --------
    >>> a, b = NumberColumn(np.array([1.0, np.nan])), NumberColumn(np.array([2.0, np.nan, 1.0]))
    >>> differing(a, np.array([0, 1, 0]), b, np.array([2, 1, 0])).tolist()
    [False, False, True]
    """
    if isinstance(a, NumberColumn) and isinstance(b, NumberColumn):
        numbers, others = a.values[rows_a], b.values[rows_b]
        unequal: npt.NDArray[np.bool_] = (numbers != others) & ~(np.isnan(numbers) & np.isnan(others))
        return unequal
    if not (isinstance(a, TextColumn) and isinstance(b, TextColumn)):
        raise TypeError("a column of text and one of numbers")
    result: npt.NDArray[np.bool_] = (
        a.offsets[rows_a + 1] - a.offsets[rows_a] != b.offsets[rows_b + 1] - b.offsets[rows_b]
    )
    equally_long = np.flatnonzero(~result)
    for block in np.array_split(equally_long, len(equally_long) // BLOCK + 1):
        mine, theirs = a.take(rows_a[block]), b.take(rows_b[block])
        unequal_before = np.zeros(len(mine.blob) + 1, dtype=np.int64)
        np.cumsum(mine.blob != theirs.blob, out=unequal_before[1:])
        result[block] = unequal_before[mine.offsets[1:]] != unequal_before[mine.offsets[:-1]]
    return result


class TextColumnBuilder:
    """Grows a `TextColumn` text by text."""

    __slots__ = ("_blob", "_ends")

    def __init__(self) -> None:
        self._blob = bytearray()
        self._ends = array("q", [0])

    def append(self, value: str | None) -> None:
        """Append one text; None is missing."""
        if value:
            self._blob += value.encode("utf-8", "surrogatepass")
        self._ends.append(len(self._blob))

    def extend(self, values: Sequence[str | None]) -> None:
        """Append many texts; the quick way where a column is missing in all of them, as most columns are."""
        if values.count(None) == len(values):
            self._ends.extend(array("q", [len(self._blob)]) * len(values))
            return
        texts = [value or "" for value in values]
        whole = "".join(texts)
        # In ASCII a letter is a byte, so that the lengths are known without encoding each text by itself.
        encoded = texts if whole.isascii() else [text.encode("utf-8", "surrogatepass") for text in texts]
        ends = np.cumsum(np.fromiter(map(len, encoded), np.int64, len(encoded))) + len(self._blob)
        self._ends.frombytes(ends.tobytes())
        self._blob += whole.encode("utf-8", "surrogatepass")

    def finish(self) -> TextColumn:
        """The column; nothing can be appended after this, because the column shares its memory."""
        return TextColumn(np.frombuffer(self._blob, np.uint8), np.frombuffer(self._ends, np.int64))


class NumberColumnBuilder:
    """Grows a `NumberColumn` number by number."""

    __slots__ = ("_values",)

    def __init__(self) -> None:
        self._values = array("d")

    def append(self, value: float | None) -> None:
        """Append one number; None is missing."""
        self._values.append(math.nan if value is None else value)

    def extend(self, values: Sequence[float | None]) -> None:
        """Append many numbers."""
        if values.count(None) == len(values):
            self._values.extend(array("d", [math.nan]) * len(values))
        else:
            known = [math.nan if value is None else value for value in values]
            self._values.frombytes(np.array(known, dtype=np.float64).tobytes())

    def finish(self) -> NumberColumn:
        """The column; nothing can be appended after this, because the column shares its memory."""
        return NumberColumn(np.frombuffer(self._values, np.float64))
