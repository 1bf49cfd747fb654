"""One spectrum: the value that every other part of the package takes and returns."""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field, fields
from functools import cached_property
from operator import ne
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, Self

import numpy as np
import numpy.typing as npt

from nps_spectra.display import html_of
from nps_spectra.errors import OptionError, SpectrumError

Kind = Literal["text", "texts", "float", "int"]

#: Every typed field of a spectrum and what it holds. ``texts`` is a tuple of texts.
FIELDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "name": "text",
        "synonyms": "texts",
        "formula": "text",
        "smiles": "text",
        "inchi": "text",
        "inchikey": "text",
        "cas": "text",
        "exact_mass": "float",
        "nominal_mass": "int",
        "ionization": "text",
        "polarity": "text",
        "ms_level": "int",
        "precursor_mz": "float",
        "adduct": "text",
        "charge": "int",
        "collision_energy": "text",
        "collision_energy_ev": "float",
        "retention_time_s": "float",
        "retention_index": "float",
        "instrument": "text",
        "instrument_type": "text",
        "representation": "text",
        "accession": "text",
        "contributor": "text",
        "licence": "text",
        "comment": "text",
    }
)

#: Terms of the PSI-MS vocabulary for "spectrum representation" (MS:1000525).
REPRESENTATIONS: Final = ("centroid", "profile")

_POLARITIES: Final = {
    "positive": "positive",
    "pos": "positive",
    "p": "positive",
    "+": "positive",
    "negative": "negative",
    "neg": "negative",
    "n": "negative",
    "-": "negative",
}

#: Intensities between these keep all digits that float32 has.
_SMALLEST_INTENSITY: Final = float(np.finfo(np.float32).tiny)
_LARGEST_INTENSITY: Final = float(np.finfo(np.float32).max)

#: Separators of packed texts: between key and value, and after each item.
_PAIR, END = "\x1f", "\x1e"
_VISIBLE: Final = {ord(_PAIR): "\u241f", ord(END): "\u241e"}


@dataclass(frozen=True, slots=True)
class Source:
    """Where a spectrum was read.

    Attributes
    ----------
    file : str
        Path as the user gave it, below a folder with forward slashes; a member of an archive is
        ``archive!member``.
    record : int
        Number of the record in its file, counted from 1.
    line : int or None
        Line on which the record starts, counted from 1; None where the file has no lines.
    sha256 : str or None
        Digest of the file on disk (of the archive, for a member).
    """

    file: str
    record: int
    line: int | None
    sha256: str | None = None


def packable(text: str) -> str:
    """The text with visible signs for the two control characters that separate packed texts."""
    return text.translate(_VISIBLE) if _PAIR in text or END in text else text


def pack_original(pairs: Iterable[tuple[str, str]]) -> str:
    """Store original fields as one text: in order of first appearance, repetitions of a field together."""
    kept = list(pairs)
    keys = [key for key, _ in kept]
    if len(set(keys)) <= sum(map(ne, keys, keys[1:])):
        grouped: dict[str, list[tuple[str, str]]] = {}
        for pair in kept:
            grouped.setdefault(pair[0], []).append(pair)
        kept = [pair for group in grouped.values() for pair in group]
    packed = _packed(kept)
    if packed.count(_PAIR) == len(kept) == packed.count(END):
        return packed
    return _packed([(packable(key), packable(value)) for key, value in kept])


def _packed(pairs: list[tuple[str, str]]) -> str:
    return END.join([*map(_PAIR.join, pairs), ""])


def packed_pair(pair: tuple[str, str]) -> str:
    """One original field as it stands in what `pack_original` gives."""
    return f"{packable(pair[0])}{_PAIR}{packable(pair[1])}{END}"


def unpack_original(text: str | None) -> Mapping[str, tuple[str, ...]]:
    """Original fields as a read-only mapping; a field that occurs several times has several values."""
    found: dict[str, list[str]] = {}
    for pair in (text or "").split(END):
        key, separator, value = pair.partition(_PAIR)
        if separator:
            found.setdefault(key, []).append(value)
    return MappingProxyType({key: tuple(values) for key, values in found.items()})


def normalise_polarity(text: str) -> str | None:
    """``"positive"`` or ``"negative"`` for the spellings in use, None for anything else."""
    return _POLARITIES.get(text.strip().lower())


@dataclass(frozen=True, eq=False, repr=False)
class Spectrum:
    """One mass spectrum; it cannot be changed.

    Peaks of intensity 0 are no peaks and are left out; the others are kept as given, sorted by m/z.
    Missing fields are None (``synonyms``: an empty tuple), never 0, -1 or an empty text.

    Parameters
    ----------
    mz : array_like, shape (n,)
        m/z in Th, finite and > 0; kept as float64, ascending, read-only.
    intensity : array_like, shape (n,)
        Any linear scale, finite and >= 0; kept as float32, read-only.
    **fields
        The attributes below, e.g. ``name``, ``inchikey``, ``precursor_mz``, ``polarity``
        ("positive"/"negative"), ``ionization`` ("EI", "ESI", ...), ``ms_level``,
        ``retention_time_s`` (seconds), ``collision_energy_ev`` (eV), ``representation`` ("centroid"/"profile").

    Raises
    ------
    SpectrumError
        Arrays of different length, NaN, infinite or negative values, or a field of the wrong kind.

    Examples
    --------
    >>> s = Spectrum([119, 58, 91], [4, 100, 9], name="mephedrone", ionization="EI")
    >>> s.mz.tolist(), s.name, s.precursor_mz
    ([58.0, 91.0, 119.0], 'mephedrone', None)
    """

    mz: npt.NDArray[np.float64]
    intensity: npt.NDArray[np.float32]
    _: KW_ONLY
    name: str | None = None
    synonyms: tuple[str, ...] = ()
    formula: str | None = None
    smiles: str | None = None
    inchi: str | None = None
    inchikey: str | None = None
    cas: str | None = None
    exact_mass: float | None = None
    nominal_mass: int | None = None
    ionization: str | None = None
    polarity: str | None = None
    ms_level: int | None = None
    precursor_mz: float | None = None
    adduct: str | None = None
    charge: int | None = None
    collision_energy: str | None = None
    collision_energy_ev: float | None = None
    retention_time_s: float | None = None
    retention_index: float | None = None
    instrument: str | None = None
    instrument_type: str | None = None
    representation: str | None = None
    accession: str | None = None
    contributor: str | None = None
    licence: str | None = None
    comment: str | None = None
    source: Source | None = None
    original: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    if TYPE_CHECKING:
        # What callers may pass is wider than what the attributes hold.
        def __init__(self, mz: npt.ArrayLike, intensity: npt.ArrayLike, **fields: Any) -> None: ...

    def __post_init__(self) -> None:
        mz, intensity = checked_peaks(self.mz, self.intensity)
        object.__setattr__(self, "mz", mz)
        object.__setattr__(self, "intensity", intensity)
        for name in FIELDS:
            object.__setattr__(self, name, checked_field(name, getattr(self, name)))
        object.__setattr__(self, "original", _checked_original(self.original))
        if not (self.source is None or isinstance(self.source, Source)):
            raise SpectrumError(f"source is {self.source!r}: expected a Source")

    def __len__(self) -> int:
        return len(self.mz)

    def __repr__(self) -> str:
        known = [f"{name}={getattr(self, name)!r}" for name in ("name", "ionization", "precursor_mz")]
        return f"<Spectrum {', '.join(known)}, {len(self)} peaks>"

    def _repr_html_(self) -> str | None:
        return html_of(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Spectrum) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __reduce__(self) -> tuple[Any, ...]:
        # For copies and for other processes; nothing is ever stored this way.
        values = {known.name: getattr(self, known.name) for known in fields(self)}
        return _restored, (values | {"original": dict(self.original)},)

    @property
    def base_peak_mz(self) -> float | None:
        """m/z of the most intense peak (the lowest one of several); None without peaks."""
        return float(self.mz[int(np.argmax(self.intensity))]) if len(self) else None

    @cached_property
    def digest(self) -> str:
        """SHA-256 of peaks and fields (original ones included); where it was read does not count."""
        return content_digest(
            self.mz,
            self.intensity,
            [(name, getattr(self, name)) for name in FIELDS],
            self.original_text().encode("utf-8", "surrogatepass"),
        )

    def original_text(self) -> str:
        """The original fields as `pack_original` stores them."""
        return pack_original((key, value) for key, values in self.original.items() for value in values)

    def replace(self, **changes: Any) -> Self:
        """A copy with other fields.

        Raises
        ------
        SpectrumError
            A value of the wrong kind.
        """
        kept = {known.name: getattr(self, known.name) for known in fields(self)}
        unknown = set(changes) - set(kept)
        if unknown:
            raise OptionError(f"unknown field {sorted(unknown)[0]!r}; known: {', '.join(sorted(kept))}")
        return type(self)(**(kept | changes))


def _restored(values: dict[str, Any]) -> Spectrum:
    return Spectrum(**values)


def content_digest(
    mz: npt.NDArray[np.float64],
    intensity: npt.NDArray[np.float32],
    values: Iterable[tuple[str, Any]],
    original: bytes,
) -> str:
    """SHA-256 over one spectrum in a fixed byte order; the same on every machine.

    Parameters
    ----------
    mz, intensity : ndarray
    values : iterable of (str, object)
        Typed fields in the order of `FIELDS`; missing ones do not count.
    original : bytes
        Original fields as `pack_original` stores them, in UTF-8.
    """
    state = hashlib.sha256(struct.pack("<q", len(mz)))
    state.update(np.ascontiguousarray(mz, dtype="<f8").tobytes())
    state.update(np.ascontiguousarray(intensity, dtype="<f4").tobytes())
    # ASCII, because which other characters repr() escapes depends on the version of Python.
    known = [f"{name}{_PAIR}{value!a}" for name, value in values if value is not None and value != ()]
    state.update(END.join([*known, ""]).encode("utf-8", "surrogatepass"))
    state.update(original)
    return state.hexdigest()


def checked_peaks(mz: npt.ArrayLike, intensity: npt.ArrayLike) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Peaks as read-only float64 m/z (ascending) and float32 intensity (> 0).

    Raises
    ------
    SpectrumError
        Not two one-dimensional arrays of equal length with finite numbers, m/z > 0 and intensity >= 0.
    """
    try:
        mz_array = np.array(mz, dtype=np.float64, ndmin=1)
        wide = np.array(intensity, dtype=np.float64, ndmin=1)
    except (TypeError, ValueError, OverflowError) as error:
        raise SpectrumError(f"m/z and intensity must be numbers: {error}") from error
    if mz_array.ndim != 1 or wide.ndim != 1 or len(mz_array) != len(wide):
        raise SpectrumError(f"m/z has shape {mz_array.shape}, intensity {wide.shape}: expected equal lengths")
    if are_plain(mz_array, wide):
        narrow = wide.astype(np.float32)
        mz_array.flags.writeable = False
        narrow.flags.writeable = False
        return mz_array, narrow
    fault = peak_fault(mz_array, wide)
    if fault is not None:
        raise SpectrumError(fault)
    with np.errstate(over="ignore", under="ignore"):
        narrow = wide.astype(np.float32)
    if not np.isfinite(narrow).all():
        raise SpectrumError(f"intensity {float(wide.max())!r}: larger than float32 can hold")
    kept = narrow > 0
    if not kept.all():
        mz_array, narrow = mz_array[kept], narrow[kept]
    if len(mz_array) > 1 and not bool(np.all(mz_array[1:] >= mz_array[:-1])):
        order = np.argsort(mz_array, kind="stable")
        mz_array, narrow = mz_array[order], narrow[order]
    mz_array.flags.writeable = False
    narrow.flags.writeable = False
    return mz_array, narrow


def are_plain(mz: npt.NDArray[np.float64], intensity: npt.NDArray[np.float64]) -> bool:
    """Whether nothing at all has to be done to peaks; most are so, and this is the quickest way to see it.

    Examples
    --------
    >>> are_plain(np.array([58.0, 91.0]), np.array([999.0, 1.0])), are_plain(np.array([58.0]), np.array([0.0]))
    (True, False)
    """
    if len(mz) == 0 or not bool((mz[1:] >= mz[:-1]).all()):
        return False
    # Sorted, so these two are the extremes, and a NaN can only be the single one; every comparison with it is false.
    if not (mz[0] > 0 and mz[-1] < math.inf):
        return False
    return bool(intensity.min() >= _SMALLEST_INTENSITY and intensity.max() <= _LARGEST_INTENSITY)


def plain_spectra(
    mz: npt.NDArray[np.float64], intensity: npt.NDArray[np.float64], bounds: npt.NDArray[np.int64]
) -> list[bool]:
    """What `are_plain` says of each of many spectra that have peaks.

    Spectrum i has the peaks ``bounds[i]`` to ``bounds[i + 1]``.

    Examples
    --------
    >>> plain_spectra(np.array([58.0, 91.0, 58.0]), np.array([999.0, 1.0, 0.0]), np.array([0, 2, 3]))
    [True, False]
    """
    good = (mz > 0) & (mz < math.inf) & (intensity >= _SMALLEST_INTENSITY) & (intensity <= _LARGEST_INTENSITY)
    ascending = mz[1:] >= mz[:-1]
    ascending[bounds[1:-1] - 1] = True  # from one spectrum to the next
    good[1:] &= ascending
    if good.all():
        return [True] * (len(bounds) - 1)
    found: list[bool] = np.bitwise_and.reduceat(good, bounds[:-1]).tolist()
    return found


def peak_fault(mz: npt.NDArray[np.float64], intensity: npt.NDArray[np.float64]) -> str | None:
    """What is wrong with a list of peaks, in words; None if nothing is."""
    # min and max of anything with NaN are NaN, which fails every comparison.
    if len(mz) == 0 or (mz.min() > 0 and mz.max() < math.inf and intensity.min() >= 0 and intensity.max() < math.inf):
        return None
    for label, bad in (
        ("m/z", ~(np.isfinite(mz) & (mz > 0))),
        ("intensity", ~(np.isfinite(intensity) & (intensity >= 0))),
    ):
        if bad.any():
            at = int(np.argmax(bad))
            found = (mz if label == "m/z" else intensity)[at]
            wanted = "finite and > 0" if label == "m/z" else "finite and >= 0"
            return f"peak {at + 1}: {label} is {float(found)!r}, expected {wanted}"
    return None


def _checked_texts(name: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, Iterable) and not isinstance(value, str):
        texts = tuple(value)
        if all(isinstance(item, str) for item in texts):
            return tuple(packable(str(item)) for item in texts)
    raise SpectrumError(f"{name} is {value!r}: expected several texts")


def _checked_original(original: Any) -> Mapping[str, tuple[str, ...]]:
    if not isinstance(original, Mapping) or not all(isinstance(key, str) for key in original):
        raise SpectrumError(f"original is {original!r}: expected a mapping of field names to several texts")
    checked = {
        packable(str(key)): _checked_texts(f"original field {key!r}", values) for key, values in original.items()
    }
    return MappingProxyType({key: values for key, values in checked.items() if values})


def checked_field(name: str, value: Any) -> Any:
    """The value of a typed field as a `Spectrum` holds it.

    Raises
    ------
    SpectrumError
        A value of the wrong kind.

    Examples
    --------
    >>> checked_field("polarity", "pos"), checked_field("charge", 1.0), checked_field("name", "")
    ('positive', 1, None)
    """
    kind = FIELDS[name]
    if value is None or (isinstance(value, str) and not value):
        return () if kind == "texts" else None
    if kind == "texts":
        return tuple(item for item in _checked_texts(name, value) if item)
    if kind == "text":
        if not isinstance(value, str):
            raise SpectrumError(f"{name} is {value!r}: expected text")
        if name == "polarity":
            polarity = normalise_polarity(value)
            if polarity is None:
                raise SpectrumError(f"polarity is {value!r}: expected 'positive' or 'negative'")
            return polarity
        if name == "representation" and value not in REPRESENTATIONS:
            raise SpectrumError(f"representation is {value!r}: expected 'centroid' or 'profile'")
        return str(value)  # a subclass, such as a NumPy text, becomes plain text
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise SpectrumError(f"{name} is {value!r}: expected a number") from error
    if math.isnan(number):
        return None
    if not math.isfinite(number):
        raise SpectrumError(f"{name} is {value!r}: expected a finite number")
    if kind == "int":
        if number != int(number):
            raise SpectrumError(f"{name} is {value!r}: expected a whole number")
        return int(number)
    return number
