"""The library file: HDF5 with every array contiguous, so that an open library is a memory map.

::

    /                     attributes: format, format_version, and in JSON created_by, name, digest
    /checksums, /sources  uint8    JSON: SHA-256 of all the rest; what the spectra were read from
    /events, /notice      uint8    JSON: the log of what was done; what every user has to know, or null
    /peaks/mz             float64  (peaks,)
    /peaks/intensity      float32  (peaks,)
    /peaks/offsets        int64    (spectra + 1,)
    /columns/F/blob       uint8    UTF-8 of text field F        /columns/F/offsets  int64 (spectra + 1,)
    /columns/F/values     float64  (spectra,) of number field F, NaN = missing
    /substances/blob, /substances/offsets, /substances/of_row   identity keys, and substance of each spectrum
    /digests              uint8    (spectra, 32) SHA-256 of each spectrum's content
    /spread/A             int64 or float64   array A of `Spreads`; only in a library with consensus spectra
    /groups               uint8    JSON: what of groups of substances is stored, one object for each technique
    /alike/N/A            int64 or float64   array A of the N-th of these `StoredGroups`

Version 2 added the column ``representation``, version 3 the log, the notice and the spread, version 4 the groups. Files
of older versions are read: what they do not have is missing.
"""

from __future__ import annotations

import hashlib
import json
import mmap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Final

import h5py
import numpy as np
import numpy.typing as npt

from nps_spectra.atomic import replacing
from nps_spectra.columns import Column, NumberColumn, TextColumn
from nps_spectra.errors import (
    LibraryDamagedError,
    LibraryTruncatedError,
    LibraryVersionError,
    NotALibraryError,
)
from nps_spectra.library.events import Event, packed, unpacked
from nps_spectra.library.pieces import Part, PiecewiseArray, arrays_of
from nps_spectra.library.spread import SPREAD_ARRAYS, Spreads
from nps_spectra.library.stored_groups import StoredGroups, from_arrays, named_arrays
from nps_spectra.spectra import Spectra, SpectraBuilder
from nps_spectra.substances import Substances

FORMAT: Final = "nps_spectra library"
FORMAT_VERSION: Final = 4
_SIGNATURE: Final = b"\x89HDF\r\n\x1a\n"
#: Bytes at the start of the file without which HDF5 does not know how long it should be.
_SUPERBLOCK: Final = 48
#: Every dataset starts at a multiple of this, so that its memory map is aligned for any type.
_ALIGNMENT: Final = 64
#: Fields that files of format version 1 do not have; nothing is known of them there.
_SINCE_VERSION_2: Final = frozenset({"representation"})
_ATTRIBUTES: Final = ("created_by", "name", "digest", "checksums", "sources")
#: Texts that files of older versions do not have.
_TEXTS_OF_VERSION_3: Final = ("events", "notice")
_TEXTS_OF_VERSION_4: Final = ("groups",)


@dataclass(frozen=True, slots=True)
class StoredLibrary:
    """What a library file holds."""

    name: str
    digest: str
    created_by: str
    sources: list[dict[str, Any]]
    spectra: Spectra
    substances: Substances
    digests: npt.NDArray[np.uint8]
    notice: str | None
    events: tuple[Event, ...]
    spreads: Spreads | None
    groups: tuple[StoredGroups, ...]
    texts: Mapping[str, Any]
    checksums: Mapping[str, str]
    mapping: mmap.mmap

    def let_go(self) -> None:
        """Give pages of the file that were read back to the system; they are read again when they are needed.

        Where all of a library is gone through once, they would count as memory of the process until it ends.
        """
        _let_go(self.mapping)


def digest_of(digests: npt.NDArray[np.uint8]) -> str:
    """Digest of a set of spectra from those of its members; their order does not count."""
    ordered = sorted(row.tobytes() for row in digests)
    return hashlib.sha256(b"".join(ordered)).hexdigest()


def digests_of(spectra: Spectra) -> npt.NDArray[np.uint8]:
    """SHA-256 of the content of each spectrum, shape (spectra, 32)."""
    joined = bytes.fromhex("".join(spectra.digests()))
    return np.frombuffer(joined, dtype=np.uint8).reshape(len(spectra), 32)


def write(
    path: Path,
    *,
    name: str,
    created_by: str,
    sources: Sequence[Mapping[str, Any]],
    parts: Sequence[Part],
    substances: Substances,
    digests: npt.NDArray[np.uint8],
    events: Sequence[Event],
    spreads: Spreads | None = None,
    groups: Sequence[StoredGroups] = (),
    notice: str | None = None,
) -> None:
    """Write the spectra of all parts, one after the other, as one library.

    It is written under a temporary name, and renamed when it is safely on disk. The parts are never joined in
    memory, so that libraries as large as it can be merged.
    """
    texts = {
        "name": name,
        "created_by": created_by,
        "digest": digest_of(digests),
        "sources": list(sources),
        "notice": notice,
        "events": packed(events),
        "groups": [dict(one.described) for one in groups],
    }
    with (
        replacing(path) as unfinished,
        h5py.File(unfinished, "w", libver="v110", alignment_threshold=1, alignment_interval=_ALIGNMENT) as file,
    ):
        checksums = _text_checksums(texts)
        for key, array in _arrays(parts, substances, digests, spreads, groups):
            if array.shape[0] == 0:
                file.create_dataset(key, data=np.empty(array.shape, array.dtype), track_times=False)
            else:
                dataset = file.create_dataset(key, shape=array.shape, dtype=array.dtype, track_times=False)
                done = 0
                for piece in array.pieces():
                    dataset[done : done + len(piece)] = piece
                    done += len(piece)
            checksums[key] = _checksum(array)
        # Texts of fixed length lie in the object header, which HDF5 checks; those of variable length lie in
        # a heap without a checksum, and one wrong bit there can keep libhdf5 busy for ever.
        file.attrs["format"] = np.bytes_(FORMAT)
        file.attrs["format_version"] = FORMAT_VERSION
        for key in ("created_by", "name", "digest"):
            file.attrs[key] = np.bytes_(_json(texts[key]))
        # Long texts do not fit into attributes; as datasets they have no limit.
        for key in ("sources", *_TEXTS_OF_VERSION_3, *_TEXTS_OF_VERSION_4, "checksums"):
            value = checksums if key == "checksums" else texts[key]
            file.create_dataset(key, data=np.frombuffer(_json(value), dtype=np.uint8), track_times=False)


def _json(value: Any) -> bytes:
    # In ASCII, because names of files may hold what UTF-8 cannot.
    return json.dumps(value, sort_keys=True).encode("ascii")


def _text_checksums(texts: Mapping[str, Any]) -> dict[str, str]:
    return {key: hashlib.sha256(_json(value)).hexdigest() for key, value in texts.items()}


def _arrays(
    parts: Sequence[Part],
    substances: Substances,
    digests: npt.NDArray[np.uint8],
    spreads: Spreads | None,
    groups: Sequence[StoredGroups],
) -> Iterator[tuple[str, PiecewiseArray]]:
    yield from arrays_of(parts)
    keys = [key.encode("utf-8", "surrogatepass") for key in substances.keys]
    offsets = np.zeros(len(keys) + 1, dtype=np.int64)
    np.cumsum([len(key) for key in keys], out=offsets[1:])
    yield "substances/blob", PiecewiseArray.of(np.frombuffer(b"".join(keys), dtype=np.uint8))
    yield "substances/offsets", PiecewiseArray.of(offsets)
    yield "substances/of_row", PiecewiseArray.of(substances.of_row)
    yield "digests", PiecewiseArray.of(digests)
    if spreads is not None:
        for name, array in spreads.arrays():
            yield f"spread/{name}", PiecewiseArray.of(array)
    for key, array in named_arrays(tuple(groups)):
        yield key, PiecewiseArray.of(array)


def _checksum(array: PiecewiseArray) -> str:
    state = hashlib.sha256()
    for piece in array.pieces():
        state.update(piece.reshape(-1).view(np.uint8).data)
    return state.hexdigest()


def read(path: Path) -> StoredLibrary:
    """Open a library as a memory map.

    Raises
    ------
    NotALibraryError, LibraryVersionError, LibraryTruncatedError, LibraryDamagedError
        Each with what was found.
    """
    _check_signature(path)
    try:
        with h5py.File(path, "r") as file:
            version = _check_header(path, file)
            names = (
                *_ATTRIBUTES,
                *(_TEXTS_OF_VERSION_3 if version >= 3 else ()),
                *(_TEXTS_OF_VERSION_4 if version >= 4 else ()),
            )
            attributes = {name: json.loads(_text(file, name)) for name in names}
            mapping = _map(path)
            arrays = _mapped(path, file, mapping)
    except OSError as error:
        if "truncated" in str(error) or path.stat().st_size < _SUPERBLOCK:
            raise LibraryTruncatedError(
                f"{path}: the file is shorter than when it was written ({error}); copy or build it again"
            ) from error
        raise LibraryDamagedError(f"{path}: damaged HDF5 file ({error}); copy or build it again") from error
    except (KeyError, RuntimeError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise LibraryDamagedError(f"{path}: damaged library ({error}); copy or build it again") from error
    stored = _assembled(path, attributes, arrays, mapping)
    stored.let_go()
    return stored


def _check_signature(path: Path) -> None:
    if not path.exists():
        raise NotALibraryError(f"{path}: no such file")
    if not path.is_file():
        raise NotALibraryError(f"{path}: not a file; a library is one file, made by 'nps-spectra library build'")
    with path.open("rb") as stream:
        start = stream.read(len(_SIGNATURE))
    if start != _SIGNATURE:
        if len(start) < len(_SIGNATURE) and _SIGNATURE.startswith(start):
            raise LibraryTruncatedError(f"{path}: the file has only {len(start)} bytes")
        raise NotALibraryError(
            f"{path}: no library but some other file (starts with {start!r}); "
            "make a library of it by 'nps-spectra library build'"
        )


def _check_header(path: Path, file: h5py.File) -> int:
    found = file.attrs.get("format")
    if not isinstance(found, bytes) or found != FORMAT.encode():
        raise NotALibraryError(f"{path}: an HDF5 file, but no library of this package (format is {found!r})")
    version = int(file.attrs["format_version"])
    if version > FORMAT_VERSION:
        raise LibraryVersionError(
            f"{path}: library format {version}, this program reads up to {FORMAT_VERSION}; install a newer nps_spectra"
        )
    return version


def _text(file: h5py.File, name: str) -> str:
    if name in file.attrs:
        return bytes(file.attrs[name]).decode("ascii")
    return bytes(file[name][()]).decode("ascii")


def _map(path: Path) -> mmap.mmap:
    with path.open("rb") as stream:
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)


def _let_go(mapping: mmap.mmap) -> None:
    if hasattr(mmap, "MADV_DONTNEED"):  # not on Windows
        mapping.madvise(mmap.MADV_DONTNEED)


def _mapped(path: Path, file: h5py.File, mapping: mmap.mmap) -> dict[str, npt.NDArray[Any]]:
    whole = np.ndarray(len(mapping), dtype=np.uint8, buffer=mapping)
    arrays: dict[str, npt.NDArray[Any]] = {}

    def take(key: str, item: Any) -> None:
        if not isinstance(item, h5py.Dataset):
            return
        start = item.id.get_offset()
        if start is None and item.size:
            raise LibraryDamagedError(f"{path}: {key} is not stored in one piece (repacked?); build the library again")
        if start is None:  # an empty dataset has no place in the file
            arrays[key] = np.empty(item.shape, dtype=item.dtype)
            return
        stop = start + item.size * item.dtype.itemsize
        if stop > len(whole):
            raise LibraryTruncatedError(f"{path}: {key} ends beyond the file; copy or build it again")
        arrays[key] = whole[start:stop].view(item.dtype).reshape(item.shape)

    file.visititems(take)
    return arrays


def _assembled(
    path: Path, attributes: dict[str, Any], arrays: dict[str, npt.NDArray[Any]], mapping: mmap.mmap
) -> StoredLibrary:
    try:
        offsets = arrays["peaks/offsets"]
        columns: dict[str, Column] = {}
        for field, empty in SpectraBuilder().finish().columns.items():
            if field in _SINCE_VERSION_2 and f"columns/{field}/offsets" not in arrays:
                columns[field] = TextColumn(np.empty(0, np.uint8), np.zeros(len(offsets), np.int64))
            elif isinstance(empty, TextColumn):
                columns[field] = TextColumn(arrays[f"columns/{field}/blob"], arrays[f"columns/{field}/offsets"])
                _check_offsets(path, field, columns[field].offsets, len(columns[field].blob))  # type: ignore[union-attr]
            else:
                columns[field] = NumberColumn(arrays[f"columns/{field}/values"])
            if len(columns[field]) != len(offsets) - 1:
                raise LibraryDamagedError(f"{path}: column {field} has {len(columns[field])} rows")
        _check_offsets(path, "peaks", offsets, len(arrays["peaks/mz"]))
        for key, shape in (
            ("peaks/intensity", arrays["peaks/mz"].shape),
            ("substances/of_row", (len(offsets) - 1,)),
            ("digests", (len(offsets) - 1, 32)),
        ):
            if arrays[key].shape != shape:
                raise LibraryDamagedError(f"{path}: {key} has shape {arrays[key].shape}, expected {shape}")
        spectra = Spectra(arrays["peaks/mz"], arrays["peaks/intensity"], offsets, columns)
        keys = TextColumn(arrays["substances/blob"], arrays["substances/offsets"]).to_list()
        spreads = _spreads(path, arrays, offsets)
        groups = from_arrays(attributes.get("groups", []), arrays)
        for one in groups:
            if fault := one.fault(len(keys)):
                raise LibraryDamagedError(f"{path}: damaged library ({fault}); copy or build it again")
        notice = attributes.get("notice")
        if not (notice is None or isinstance(notice, str)):
            raise ValueError(f"the notice is {notice!r}: expected text")
        return StoredLibrary(
            attributes["name"],
            attributes["digest"],
            attributes["created_by"],
            attributes["sources"],
            spectra,
            Substances(tuple(str(key) for key in keys), arrays["substances/of_row"]),
            arrays["digests"],
            notice,
            unpacked(attributes["events"]) if "events" in attributes else (),
            spreads,
            groups,
            {key: value for key, value in attributes.items() if key != "checksums"},
            attributes["checksums"],
            mapping,
        )
    except (KeyError, ValueError, IndexError, TypeError, AttributeError) as error:
        raise LibraryDamagedError(f"{path}: damaged library ({error!r}); copy or build it again") from error


def _spreads(path: Path, arrays: dict[str, npt.NDArray[Any]], offsets: npt.NDArray[np.int64]) -> Spreads | None:
    if not any(key.startswith("spread/") for key in arrays):
        return None
    found = {name: arrays[f"spread/{name}"] for name in SPREAD_ARRAYS}
    wrong = [name for name, array in found.items() if array.ndim != 1 or array.dtype != SPREAD_ARRAYS[name]]
    fault = f"spread/{wrong[0]} has another type" if wrong else Spreads(**found).fault(offsets)
    if fault is not None:
        raise LibraryDamagedError(f"{path}: damaged library ({fault}); copy or build it again")
    return Spreads(**found)


def _check_offsets(path: Path, what: str, offsets: npt.NDArray[np.int64], end: int) -> None:
    if len(offsets) == 0 or offsets[0] != 0 or offsets[-1] != end or bool(np.any(np.diff(offsets) < 0)):
        raise LibraryDamagedError(f"{path}: offsets of {what} are damaged; copy or build it again")


def damaged_arrays(stored: StoredLibrary) -> list[str]:
    """Arrays and texts that do not have the checksum they were written with."""
    found = _text_checksums(stored.texts)
    parts = [(stored.spectra, None)]
    for key, array in _arrays(parts, stored.substances, stored.digests, stored.spreads, stored.groups):
        if key not in stored.checksums and PurePath(key).parent.name in _SINCE_VERSION_2:
            continue
        found[key] = _checksum(array)
    return sorted(key for key in found.keys() | stored.checksums.keys() if found.get(key) != stored.checksums.get(key))


def verify(path: Path, stored: StoredLibrary, progress: Callable[[int, int], None] | None = None) -> None:
    """Compute every digest anew.

    Raises
    ------
    LibraryDamagedError
        Naming the spectra, or the arrays, that are not as they were written.
    """
    damaged = damaged_arrays(stored)
    try:
        found = digests_of(stored.spectra)
    except (ValueError, OverflowError) as error:  # texts that are no UTF-8, numbers that are none
        raise LibraryDamagedError(f"{path}: damaged: {', '.join(damaged)} ({error}); copy or build it again") from error
    if progress is not None:
        progress(len(found), len(found))
    wrong = np.flatnonzero(np.any(found != stored.digests, axis=1))
    if len(wrong):
        names = stored.spectra.texts("name")
        shown = ", ".join(f"{row} ({names.raw(row).decode('utf-8', 'replace')})" for row in wrong[:5].tolist())
        raise LibraryDamagedError(
            f"{path}: {len(wrong)} of {len(found)} spectra do not have their digest: spectrum {shown}"
        )
    if damaged:
        raise LibraryDamagedError(f"{path}: damaged: {', '.join(damaged)}; copy or build it again")
    if digest_of(stored.digests) != stored.digest:
        raise LibraryDamagedError(f"{path}: the digest of the library is not that of its spectra")
