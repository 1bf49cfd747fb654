"""Arrays that are written in pieces: the columns of several sets of spectra, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from nps_spectra.columns import BLOCK, TextColumn, gathered
from nps_spectra.spectra import Spectra

Int = npt.NDArray[np.int64]

#: Spectra, and which of their rows in which order; None is all.
Part = tuple[Spectra, Int | None]
#: From spectra to values and their offsets: row i owns ``values[offsets[i]:offsets[i + 1]]``.
_Owned = Callable[[Spectra], tuple[npt.NDArray[Any], Int]]


@dataclass(frozen=True, slots=True)
class PiecewiseArray:
    """An array that is never whole in memory.

    Attributes
    ----------
    shape : tuple of int
    dtype : dtype
    pieces : callable
        Gives the pieces anew each time; contiguous, none of them empty unless all are.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    pieces: Callable[[], Iterator[npt.NDArray[Any]]]

    @classmethod
    def of(cls, array: npt.NDArray[Any]) -> PiecewiseArray:
        """An array in one piece."""
        return cls(array.shape, array.dtype, lambda: iter([np.ascontiguousarray(array)]))


def arrays_of(parts: Sequence[Part]) -> Iterator[tuple[str, PiecewiseArray]]:
    """Peaks and columns of all parts under the names that they have in a library file."""
    yield "peaks/mz", _values(parts, lambda spectra: (spectra.mz, spectra.offsets))
    yield "peaks/intensity", _values(parts, lambda spectra: (spectra.intensity, spectra.offsets))
    yield "peaks/offsets", _offsets(parts, lambda spectra: (spectra.mz, spectra.offsets))
    for field, column in parts[0][0].columns.items():
        if isinstance(column, TextColumn):
            yield f"columns/{field}/blob", _values(parts, partial(_texts, field))
            yield f"columns/{field}/offsets", _offsets(parts, partial(_texts, field))
        else:
            yield f"columns/{field}/values", _values(parts, partial(_numbers, field))


def _texts(field: str, spectra: Spectra) -> tuple[npt.NDArray[Any], Int]:
    column = spectra.texts(field)
    return column.blob, column.offsets


def _numbers(field: str, spectra: Spectra) -> tuple[npt.NDArray[Any], Int]:
    return spectra.numbers(field), np.arange(len(spectra) + 1, dtype=np.int64)


def _values(parts: Sequence[Part], owned: _Owned) -> PiecewiseArray:
    def pieces() -> Iterator[npt.NDArray[Any]]:
        for spectra, rows in parts:
            values, offsets = owned(spectra)
            if rows is None:
                yield np.ascontiguousarray(values)
                continue
            for start in range(0, len(rows), BLOCK):
                yield gathered(values, offsets, rows[start : start + BLOCK])

    length = sum(int(np.sum(_lengths(part, owned))) for part in parts)
    return PiecewiseArray((length,), owned(parts[0][0])[0].dtype, pieces)


def _offsets(parts: Sequence[Part], owned: _Owned) -> PiecewiseArray:
    lengths = np.concatenate([_lengths(part, owned) for part in parts])
    joined = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=joined[1:])
    return PiecewiseArray.of(joined)


def _lengths(part: Part, owned: _Owned) -> Int:
    spectra, rows = part
    _, offsets = owned(spectra)
    return np.diff(offsets) if rows is None else offsets[rows + 1] - offsets[rows]
