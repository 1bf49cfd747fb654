"""The netCDF classic file format: a header of dimensions, attributes and variables, then their values.

Specification: NetCDF Classic Format (CDF-1, CDF-2, CDF-5), OGC 10-092r3. Nothing that the header says of sizes is
believed: what is handed out lies in the bytes that are there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from nps_spectra.errors import InputError

_DTYPES: Final = {
    1: "i1",
    2: "S1",
    3: ">i2",
    4: ">i4",
    5: ">f4",
    6: ">f8",
    7: "u1",
    8: ">u2",
    9: ">u4",
    10: ">i8",
    11: ">u8",
}
_DIMENSION, _VARIABLE, _ATTRIBUTE = 10, 11, 12
#: No file has so many dimensions, attributes of one thing, or variables.
_MOST: Final = 10_000

Value = str | tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """Where the values of one variable are.

    Attributes
    ----------
    name : str
    dimensions : tuple of str
    shape : tuple of int
        As the header announces it.
    dtype : dtype
    attributes : dict of str to str or numbers
    begin : int
        Offset of the first value in bytes.
    step : int or None
        Bytes from one record to the next, for a variable with the unlimited dimension.
    """

    name: str
    dimensions: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    attributes: dict[str, Value]
    begin: int
    step: int | None


class NetCDF:
    """A file in the netCDF classic format.

    Parameters
    ----------
    data : bytes-like
        All there is of the file.

    Attributes
    ----------
    dimensions : dict of str to int
        As announced; the unlimited one has the number of records.
    attributes : dict of str to str or numbers
    variables : dict of str to Variable

    Raises
    ------
    InputError
        The header is cut short or contradicts itself.
    """

    def __init__(self, data: bytes | bytearray) -> None:
        self._data = memoryview(data)
        self._at = 4
        version = self._data[3] if len(self._data) > 3 else None
        if version not in (1, 2, 5):
            raise InputError(f"netCDF version byte {version!r}: expected 1, 2 or 5 (netCDF classic)")
        self._count_size = 8 if version == 5 else 4
        self._offset_size = 4 if version == 1 else 8
        records = self._count()
        self.dimensions: dict[str, int] = {}
        self._unlimited: str | None = None
        self._read_dimensions()
        self.attributes = self._read_attributes()
        self.variables: dict[str, Variable] = {}
        self._read_variables(records)

    def values(self, name: str) -> npt.NDArray[Any]:
        """The values of a variable, flat, as many whole ones as the file holds (perhaps fewer than announced).

        Raises
        ------
        KeyError
            There is no such variable.
        """
        variable = self.variables[name]
        itemsize = variable.dtype.itemsize
        there = max(len(self._data) - variable.begin, 0)
        if variable.step is None:
            wanted = 1
            for length in variable.shape:
                wanted *= length
            count = min(wanted, there // itemsize)
            if count == 0:
                return np.empty(0, variable.dtype)
            return np.frombuffer(self._data, variable.dtype, count, variable.begin)
        inner = 1
        for length in variable.shape[1:]:
            inner *= length
        width = inner * itemsize
        if width == 0 or variable.shape[0] == 0 or there < width:
            return np.empty(0, variable.dtype)
        records = min(variable.shape[0], (there - width) // variable.step + 1)
        rows = np.ndarray((records, inner), variable.dtype, self._data, variable.begin, (variable.step, itemsize))
        return rows.reshape(-1)

    def text(self, name: str) -> str:
        """The characters of a variable as one text, without the filling; empty if there is no such variable."""
        variable = self.variables.get(name)
        if variable is None or variable.dtype != np.dtype("S1") or len(variable.shape) > 2:
            return ""
        width = variable.shape[-1] if variable.shape else 1
        data = self.values(name)[:_MOST].tobytes()
        lines = [data[at : at + width] for at in range(0, len(data), width)] if width else []
        return "; ".join(text for text in map(_text, lines) if text)

    def _take(self, size: int) -> memoryview:
        part = self._data[self._at : self._at + size]
        if len(part) < size:
            raise InputError("cut short: the netCDF header is not complete")
        self._at += size
        return part

    def _number(self, size: int) -> int:
        return int.from_bytes(self._take(size), "big")

    def _count(self) -> int:
        return self._number(self._count_size)

    def _list(self, tag: int, what: str) -> int:
        """Number of items of a list in the header."""
        found, count = self._number(4), self._count()
        if (found, count) == (0, 0):
            return 0
        if found != tag:
            raise InputError(f"damaged netCDF header: tag {found} where the list of {what} starts, expected {tag}")
        if count > _MOST:
            raise InputError(f"refused: the netCDF header announces {count} {what}")
        return count

    def _name(self) -> str:
        length = self._count()
        name = bytes(self._padded(length))
        return name.decode("utf-8", "replace")

    def _padded(self, size: int) -> memoryview:
        part = self._take(size)
        # The header of a file may end without the filling of its last item.
        self._at = min(self._at + -size % 4, len(self._data))
        return part

    def _type(self, name: str) -> np.dtype[Any]:
        code = self._number(4)
        if code not in _DTYPES:
            raise InputError(f"damaged netCDF header: {name[:40]!r} has type {code}, expected 1 to 11")
        return np.dtype(_DTYPES[code])

    def _read_dimensions(self) -> None:
        self._names: list[str] = []
        for _ in range(self._list(_DIMENSION, "dimensions")):
            name = self._name()
            length = self._count()
            if name in self.dimensions:
                raise InputError(f"damaged netCDF header: two dimensions {name[:40]!r}")
            if length == 0 and self._unlimited is None:
                self._unlimited = name
            self.dimensions[name] = length
            self._names.append(name)

    def _read_attributes(self) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for _ in range(self._list(_ATTRIBUTE, "attributes")):
            name = self._name()
            dtype = self._type(name)
            data = self._padded(self._count() * dtype.itemsize)
            if dtype == np.dtype("S1"):
                found.setdefault(name, _text(bytes(data)))
            else:
                found.setdefault(name, tuple(np.frombuffer(data, dtype)[:_MOST].astype(np.float64).tolist()))
        return found

    def _read_variables(self, records: int) -> None:
        read: list[Variable] = []
        for _ in range(self._list(_VARIABLE, "variables")):
            name = self._name()
            used = self._count()
            if used > _MOST:
                raise InputError(f"refused: variable {name[:40]!r} announces {used} dimensions")
            numbers = [self._count() for _ in range(used)]
            if any(number >= len(self._names) for number in numbers):
                raise InputError(f"damaged netCDF header: {name[:40]!r} has a dimension that the file does not name")
            dimensions = tuple(self._names[number] for number in numbers)
            if self._unlimited in dimensions[1:]:
                raise InputError(f"damaged netCDF header: the unlimited dimension of {name[:40]!r} is not its first")
            attributes = self._read_attributes()
            dtype = self._type(name)
            self._count()  # vsize: follows from the rest, and is wrong where it is too large for its field
            begin = self._number(self._offset_size)
            shape = tuple(self.dimensions[one] for one in dimensions)
            if any(one.name == name for one in read):
                raise InputError(f"damaged netCDF header: two variables {name[:40]!r}")
            read.append(Variable(name, dimensions, shape, dtype, attributes, begin, None))
        moving = [one for one in read if one.dimensions and one.dimensions[0] == self._unlimited]
        step = _record_size(moving)
        if self._unlimited is not None:
            streaming = records == 256**self._count_size - 1
            first = min((one.begin for one in moving), default=0)
            if streaming:
                # The writer left the count open: as many records as there is room for.
                records = max(len(self._data) - first, 0) // step if step else 0
            self.dimensions[self._unlimited] = records
        for one in read:
            if one in moving:
                shape = (records, *one.shape[1:])
                one = Variable(one.name, one.dimensions, shape, one.dtype, one.attributes, one.begin, step)
            self.variables[one.name] = one
        self._refuse_overlaps(read)

    def _refuse_overlaps(self, read: list[Variable]) -> None:
        """Variables share no bytes: where they do, a length or an offset lies, and values would be taken for others."""
        end, last = self._at, "the header"
        for one in sorted(read, key=lambda variable: variable.begin):
            size = _inner_size(one, moving=bool(one.dimensions) and one.dimensions[0] == self._unlimited)
            if size and one.begin < end:
                raise InputError(
                    f"damaged netCDF header: the values of {one.name[:40]!r} start at byte {one.begin}, inside {last}"
                )
            if size:
                end, last = one.begin + size, f"those of {one.name[:40]!r}"


def _inner_size(variable: Variable, *, moving: bool) -> int:
    """Bytes of a variable; of one with the unlimited dimension, in one record."""
    size = variable.dtype.itemsize
    for length in variable.shape[1:] if moving else variable.shape:
        size *= length
    return size


def _record_size(moving: list[Variable]) -> int:
    """Bytes of one record: each variable filled up to four, but for a lone one."""
    sizes = [_inner_size(one, moving=True) for one in moving]
    return sizes[0] if len(sizes) == 1 else sum(size + -size % 4 for size in sizes)


def _text(data: bytes) -> str:
    # Fields of fixed width are filled with NUL; what may follow the first one is left over from longer texts.
    return data.partition(b"\0")[0].decode("utf-8", "replace").strip()
