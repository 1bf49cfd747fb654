"""ANDI/MS, also called AIA: runs of GC-MS instruments as netCDF classic files (ASTM E2077 and E2078).

The standard fixes the unit of time (seconds), the factors of packed numbers and -9999 for "not known".
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt

from nps_spectra.errors import InputError
from nps_spectra.formats.fields import assign
from nps_spectra.formats.netcdf import NetCDF, Variable
from nps_spectra.formats.record import BinaryFormat, ParsedRecord, RawRecord, RecordFault
from nps_spectra.formats.written import digits

_HDF5: Final = b"\x89HDF\r\n\x1a\n"
_CHUNK: Final = 2**20
_LARGEST: Final = 2**31
#: What stands for "not known" in a number (ASTM E2077), and what netCDF puts where nothing was written.
_UNKNOWN: Final = -9999.0
_FILL: Final = 9.969209968386869e36
_FILL_SINGLE: Final = float(np.float32(_FILL))

_IONIZATION: Final = {
    "electron impact": "EI",
    "chemical ionization": "CI",
    "electrospray ionization": "ESI",
    "atmospheric pressure chemical ionization": "APCI",
    "fast atom bombardment": "FAB",
    "field desorption": "FD",
    "field ionization": "FI",
}
_REPRESENTATION: Final = {"centroided mass spectrum": "centroid", "continuum mass spectrum": "profile"}
_SECONDS: Final = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), 60.0),
}
_TIME: Final = "scan_acquisition_time"
_PEAKS: Final = ("mass_values", "intensity_values")
_INDEX: Final = ("scan_index", "point_count")


@dataclass(frozen=True, slots=True)
class _Packed:
    """Numbers as they stand in the file, and how they become values."""

    stored: npt.NDArray[Any]
    factor: float
    offset: float

    def values(self, start: int, stop: int) -> npt.NDArray[np.float64]:
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is found by whoever takes it
            part = self.stored[start:stop].astype(np.float64)
            if (self.factor, self.offset) != (1.0, 0.0):
                part = part * self.factor + self.offset
        return part

    def written(self, start: int, stop: int, what: str) -> npt.NDArray[np.float64]:
        """The values, if all of them were written."""
        part = self.stored[start:stop]
        if part.dtype.kind == "f" and bool(np.any(part == part.dtype.type(_FILL))):
            raise RecordFault(f"{what}: a value was never written (it is netCDF's fill value)")
        return self.values(start, stop)


@dataclass(frozen=True, slots=True)
class _File:
    """What all scans of a file share."""

    mass: _Packed
    intensity: _Packed
    per_scan: dict[str, list[float]]
    seconds: float | None
    fields: dict[str, Any]
    notes: list[str]


@dataclass(frozen=True, slots=True)
class _Scan:
    file: _File
    row: int
    start: int
    stop: int
    unowned: int


def _sniff(head: bytes, name: str) -> bool:
    if head.startswith(_HDF5):
        return name.lower().endswith((".cdf", ".nc"))
    return head.startswith(b"CDF") and head[3:4] < b"\x08"


def _scan(stream: BinaryIO, _name: str) -> Iterator[RawRecord]:
    data, damage = _content(stream)
    if data.startswith(_HDF5):
        raise InputError(
            "a netCDF-4 (HDF5) file: ANDI is netCDF classic; convert it with 'nccopy -k classic IN.cdf OUT.cdf'"
        )
    try:
        file = NetCDF(data)
    except InputError as error:
        raise damage or error from error
    _refuse_others(file)
    attributes = _attributes(file)
    shared = _shared(file, len(data))
    points = _Points(file)
    starts, counts = _index(file, points.announced)
    for row, (start, count) in enumerate(zip(starts, counts, strict=True)):
        following = next((one for one in starts[row + 1 : row + 2] if one >= 0), points.announced)
        fault = points.fault(start, count, following) if count else None
        if fault is not None:
            yield RawRecord(None, context=attributes, fault=fault)
            continue
        unowned = max(following - start - count, 0) if count else 0
        content = _Scan(shared, row, start, start + count, unowned) if count else _Scan(shared, row, 0, 0, 0)
        yield RawRecord(None, context=attributes, content=content)
    if damage is not None:
        raise damage
    points.finish()
    announced = max(_length(file.variables[name]) for name in _INDEX if name in file.variables)
    if announced > len(starts):
        raise InputError(
            f"the header announces {announced} scans, the file holds {len(starts)} of them: cut short, or the number "
            "is wrong"
        )


class _Points:
    """Hands the points of a file out to its scans."""

    def __init__(self, file: NetCDF) -> None:
        self.announced = min(_length(file.variables[name]) for name in _PEAKS)
        self._there = min(len(file.values(name)) for name in _PEAKS)
        self._taken = 0
        self._cut = False

    def fault(self, start: int, count: int, following: int) -> str | None:
        """Why a scan cannot have these points; `following` is where the next scan starts."""
        if start < 0 or count < 0:
            return f"scan_index is {start} and point_count {count}: expected numbers >= 0"
        if start + count > self.announced:
            return f"scan_index {start} and point_count {count} lead beyond the {self.announced} points announced"
        if start + count > self._there:
            self._cut = True
            return f"cut short: points {start} to {start + count} are needed, the file ends after {self._there}"
        if start < following < start + count or self._taken + count > self.announced:
            return f"point_count is {count} from scan_index {start}: these points belong to other scans too"
        self._taken += count
        return None

    def finish(self) -> None:
        """Tell of points announced that are not there and that no scan has missed.

        Raises
        ------
        InputError
            There are such points.
        """
        if self._there < self.announced and not self._cut:
            raise InputError(
                f"the header announces {self.announced} points, the file holds {self._there} of them: cut short, or "
                "the number is wrong"
            )


def _length(variable: Variable) -> int:
    """Number of values that the header announces."""
    return math.prod(variable.shape)


def _content(stream: BinaryIO) -> tuple[bytearray, InputError | None]:
    """All of a file, as far as it can be read: its values lie anywhere in it."""
    data = bytearray()
    read = getattr(stream, "read1", stream.read)
    while True:
        try:
            chunk = read(_CHUNK)
        except InputError as error:
            return data, error
        if not chunk:
            return data, None
        data += chunk
        if len(data) > _LARGEST:
            raise InputError(f"refused: larger than {_LARGEST // 2**30} GiB, the limit of netCDF classic files")


def _refuse_others(file: NetCDF) -> None:
    missing = [name for name in _PEAKS if name not in file.variables]
    if not missing:
        return
    if "ordinate_values" in file.variables:
        raise InputError("a chromatogram (ANDI of ASTM E1947), not a run of mass spectra (ASTM E2077)")
    found = ", ".join(list(file.variables)[:8]) or "none"
    raise InputError(f"netCDF, but no run of mass spectra (ASTM E2077): no variable {missing[0]!r}; found: {found}")


def _attributes(file: NetCDF) -> dict[str, str]:
    found = {name: value if isinstance(value, str) else _numbers(value) for name, value in file.attributes.items()}
    for name in ("instrument_name", "instrument_mfr", "instrument_model", "instrument_serial_no"):
        text = file.text(name)
        if text:
            found.setdefault(name, text)
    return {name: text for name, text in found.items() if text}


def _numbers(values: tuple[float, ...]) -> str:
    return " ".join(map(digits, values))


def _shared(file: NetCDF, size: int) -> _File:
    notes: list[str] = []
    fields: dict[str, Any] = {}

    def text(name: str) -> str:
        value = file.attributes.get(name, "")
        return value if isinstance(value, str) else ""

    ionization = _IONIZATION.get(text("test_ionization_mode").lower())
    if ionization is not None:
        fields["ionization"] = ionization
    polarity = text("test_ionization_polarity").lower().removesuffix(" polarity")
    if polarity in ("positive", "negative"):
        fields["polarity"] = polarity
    representation = _REPRESENTATION.get(text("experiment_type").lower())
    if representation is not None:
        fields["representation"] = representation
    assign(fields, notes, "instrument", file.text("instrument_model") or file.text("instrument_name"))
    mass, intensity = (_packed(file, file.variables[name]) for name in _PEAKS)
    per_scan: dict[str, list[float]] = {}
    for name, variable in file.variables.items():
        if variable.dimensions == ("scan_number",) and variable.dtype.kind in "iuf":
            packed = _packed(file, variable)
            size -= packed.stored.nbytes
            if size < 0:
                raise InputError("damaged netCDF header: variables of the scans overlap")
            per_scan[name] = packed.values(0, len(packed.stored)).tolist()
    return _File(mass, intensity, per_scan, _seconds(file, notes), fields, notes)


def _seconds(file: NetCDF, notes: list[str]) -> float | None:
    """Seconds in the unit of the scans' times; None if it is not understood."""
    if _TIME not in file.variables:
        notes.append("no scan_acquisition_time: retention time is missing")
        return None
    unit = file.variables[_TIME].attributes.get("units")
    if not isinstance(unit, str) or not unit:
        notes.append("scan_acquisition_time names no unit: seconds, as ASTM E2077 fixes")
        return 1.0
    seconds = _SECONDS.get(unit.lower().rstrip("."))
    if seconds is None:
        notes.append(f"scan_acquisition_time in {unit[:20]!r}: not understood, kept in the original fields only")
    return seconds


def _packed(file: NetCDF, variable: Variable) -> _Packed:
    stored = file.values(variable.name)
    if stored.dtype.kind not in "iuf":
        raise InputError(f"{variable.name} holds text, expected numbers")
    return _Packed(stored, _factor(variable, "scale_factor", 1.0), _factor(variable, "add_offset", 0.0))


def _factor(variable: Variable, name: str, default: float) -> float:
    value = variable.attributes.get(name)
    if value is None or value == ():
        return default
    if (
        isinstance(value, str)
        or len(value) != 1
        or not np.isfinite(value[0])
        or (name == "scale_factor" and not value[0])
    ):
        raise InputError(f"{variable.name}: {name} is {value!r}, expected one number")
    return value[0]


def _index(file: NetCDF, points: int) -> tuple[list[int], list[int]]:
    """First point and number of points of each scan; what one variable lacks follows from the other."""
    known: dict[str, list[int]] = {}
    for name in _INDEX:
        if name in file.variables:
            values = file.values(name)
            if values.dtype.kind not in "iu":
                raise InputError(f"{name} has type {values.dtype.name}, expected whole numbers")
            known[name] = values.astype(np.int64).tolist()
    if not known:
        raise InputError("no scan_index and no point_count: the points cannot be told apart into scans")
    rows = min(map(len, known.values()))
    if "scan_index" not in known:
        counts = known["point_count"]
        return list(itertools.accumulate(counts[:-1], initial=0))[:rows], counts
    starts = known["scan_index"][:rows]
    if "point_count" in known:
        return starts, known["point_count"][:rows]
    # A scan ends where the next one starts; an empty one may have -1 for its start.
    counts, end = [], points
    for start in reversed(starts):
        counts.append(end - start if start >= 0 else 0)
        end = start if start >= 0 else end
    return starts, counts[::-1]


def _parse(raw: RawRecord, _name: str) -> ParsedRecord:
    scan: _Scan = raw.content
    file = scan.file
    record = ParsedRecord(
        file.mass.written(scan.start, scan.stop, "mass_values"),
        file.intensity.written(scan.start, scan.stop, "intensity_values"),
        fields=dict(file.fields),
        notes=list(file.notes),
        dialect="ANDI/MS",
    )
    own = {name: values[scan.row] for name, values in file.per_scan.items() if scan.row < len(values)}
    record.original += ((name, digits(value)) for name, value in own.items())
    number = own.get("actual_scan_number", _UNKNOWN)
    if number >= 0 and number.is_integer():
        record.fields["accession"] = f"scan={int(number)}"
    time = own.get(_TIME, _UNKNOWN)
    if file.seconds is not None and math.isfinite(time) and time not in (_UNKNOWN, _FILL_SINGLE, _FILL):
        record.fields["retention_time_s"] = time * file.seconds
    if scan.unowned:
        record.notes.append("points between two scans belong to neither")
    return record


FORMAT: Final = BinaryFormat(
    name="andi",
    title="ANDI/MS (AIA) netCDF",
    extensions=(".cdf", ".nc"),
    sniff=_sniff,
    scan=_scan,
    parse=_parse,
    rank=5,
    holds="run",
)
