"""Merging libraries: nothing is lost, nothing is kept twice, and what contradicts is said."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from nps_spectra.columns import differing
from nps_spectra.errors import OptionError
from nps_spectra.library.events import Event, new_event
from nps_spectra.library.keys import RecordKeys
from nps_spectra.library.library import Library, PathLike
from nps_spectra.library.spread import Spreads
from nps_spectra.library.writing import checked_target, write_library
from nps_spectra.spectra import Spectra, joined
from nps_spectra.spectrum import FIELDS
from nps_spectra.substances import IDENTITY_FIELDS, Substances, substances_of

Int = npt.NDArray[np.int64]

#: What content is made of beside the peaks.
CONTENT_COLUMNS: Final = (*FIELDS, "original")
#: Spectra of fewer peaks are equal by chance.
_FEWEST_PEAKS: Final = 3


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two records of different libraries that cannot both be right, or are one in two states; both are kept.

    Attributes
    ----------
    kind : {"same_peaks", "same_accession"}
        The same three or more peaks with other fields; or the same accession with other peaks.
    first, second : str
        Keys of the records in their libraries (`nps_spectra.library.keys`).
    first_library, second_library : str
    fields : tuple of str
        Fields in which they differ, ``original`` included; ``peaks`` for other peaks.
    """

    kind: Literal["same_peaks", "same_accession"]
    first: str
    first_library: str
    second: str
    second_library: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Merge:
    """What a merge gave.

    Attributes
    ----------
    library : Library
        The merged library, opened.
    records_in : int
        ``records_in == len(library) + identical`` always holds.
    identical : int
        Records left out because one with equal peaks and equal fields is there already.
    conflicts : list of Conflict
    """

    library: Library
    records_in: int
    identical: int
    conflicts: list[Conflict]


def merge(libraries: Sequence[Library], out: PathLike, *, name: str | None = None) -> Merge:
    """Write the records of several libraries as one library.

    Of records with equal peaks and equal fields, original ones included, the first is kept, and the place where
    each other one was read goes into the log. Sources, notices and events of all libraries are kept. The digest does
    not depend on the order of the libraries.

    Parameters
    ----------
    libraries : sequence of Library
        One or more; one alone loses its identical records.
    out : path-like
        The library file to write.
    name : str, optional
        Default: the file name without its extension.

    Raises
    ------
    OptionError
        No library is given, or `out` is one of them.
    LibraryDamagedError
        A library is not as it was written.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from nps_spectra.library.starter import starter_library
    >>> merged = merge([starter_library(), starter_library()], pathlib.Path(tempfile.mkdtemp(), "a.h5"))
    >>> merged.library.digest == starter_library().digest, merged.identical == len(starter_library())
    (True, True)
    """
    if not libraries:
        raise OptionError("no library is given to merge")
    target = checked_target(out, libraries)
    for library in libraries:
        library.check_quickly()
    keys = [RecordKeys(library) for library in libraries]
    kept, twins = _kept(libraries)
    conflicts = _conflicts(libraries, keys, kept)
    records_in = sum(len(library) for library in libraries)
    arguments = {
        "libraries": [{"name": library.name, "digest": library.digest} for library in libraries],
        "records_in": records_in,
        "records_out": sum(map(len, kept)),
        "identical": len(twins),
        "conflicts": {
            kind: sum(conflict.kind == kind for conflict in conflicts) for kind in ("same_peaks", "same_accession")
        },
    }
    event = new_event("merge", arguments)
    parts = [(library.spectra, rows) for library, rows in zip(libraries, kept, strict=True)]
    written = write_library(
        target,
        name=name,
        sources=_distinct([source for library in libraries for source in library.sources]),
        parts=parts,
        substances=substances_of_parts(parts),
        digests=np.concatenate([library.digests[rows] for library, rows in zip(libraries, kept, strict=True)]),
        events=[*_all_events(libraries), event, *_moved(event, libraries, keys, twins)],
        spreads=Spreads.joined(
            [
                (None if library.spreads is None else library.spreads.take(rows), len(rows))
                for library, rows in zip(libraries, kept, strict=True)
            ]
        ),
        notice=" ".join(dict.fromkeys(library.notice for library in libraries if library.notice)) or None,
    )
    return Merge(written, records_in, len(twins), conflicts)


def _kept(libraries: Sequence[Library]) -> tuple[list[Int], list[tuple[tuple[int, int], tuple[int, int]]]]:
    """Rows of each library that are kept, and for every other record (library, row) the one kept in its place."""
    first: dict[bytes, tuple[int, int]] = {}
    kept: list[Int] = []
    twins = []
    for number, library in enumerate(libraries):
        rows = []
        whole = np.ascontiguousarray(library.digests).tobytes()
        for row in range(len(library)):
            place = first.setdefault(whole[32 * row : 32 * row + 32], (number, row))
            if place == (number, row):
                rows.append(row)
            else:
                twins.append(((number, row), place))
        kept.append(np.array(rows, dtype=np.int64))
    return kept, twins


def _moved(
    event: Event,
    libraries: Sequence[Library],
    keys: Sequence[RecordKeys],
    twins: Sequence[tuple[tuple[int, int], tuple[int, int]]],
) -> list[Event]:
    """For every record left out that was read elsewhere than its twin: an event that says where."""
    events = []
    places = [_places(library.spectra) for library in libraries]
    for (number, row), (other, kept_row) in twins:
        own, kept = places[number][row], places[other][kept_row]
        if own is not None and own != kept:
            why = "a record with equal content is kept"
            events.append(
                event.of_record(keys[number].key(row), keys[number].digest(row), "source_file", own, kept, why)
            )
    return events


def _places(spectra: Spectra) -> list[str | None]:
    """Where each record was read, by the content of the file rather than the folder that it lay in."""
    columns = (spectra.columns[name].to_list() for name in ("source_file", "source_record", "source_sha256"))
    return [
        None if file is None else f"{PurePath(str(file)).name}#{int(float(record or 0))} (sha256 {sha256 or 'unknown'})"
        for file, record, sha256 in zip(*columns, strict=True)
    ]


def peak_digests(spectra: Spectra, rows: Int) -> list[bytes]:
    """A digest of the peaks of each of `rows`, m/z and intensities."""
    starts, stops = spectra.offsets[rows].tolist(), spectra.offsets[rows + 1].tolist()
    found = []
    for start, stop in zip(starts, stops, strict=True):
        state = hashlib.blake2b(np.ascontiguousarray(spectra.mz[start:stop]).data, digest_size=16)
        state.update(np.ascontiguousarray(spectra.intensity[start:stop]).data)
        found.append(state.digest())
    return found


def _conflicts(libraries: Sequence[Library], keys: Sequence[RecordKeys], kept: Sequence[Int]) -> list[Conflict]:
    by_peaks: dict[bytes, tuple[int, int]] = {}
    by_accession: dict[str, tuple[int, int]] = {}
    conflicts = []
    for number, (library, rows) in enumerate(zip(libraries, kept, strict=True)):
        digests = peak_digests(library.spectra, rows)
        accessions = library.spectra.texts("accession").to_list()
        lengths = np.diff(library.spectra.offsets)
        pairs: dict[tuple[int, str], list[tuple[int, int]]] = {}
        for row, peaks in zip(rows.tolist(), digests, strict=True):
            accession = accessions[row]
            equal = by_peaks.get(peaks) if lengths[row] >= _FEWEST_PEAKS else None
            if equal is not None:
                pairs.setdefault((equal[0], "same_peaks"), []).append((equal[1], row))
            elif accession is not None and accession in by_accession:
                other = by_accession[accession]
                pairs.setdefault((other[0], "same_accession"), []).append((other[1], row))
        for row, peaks in zip(rows.tolist(), digests, strict=True):
            by_peaks.setdefault(peaks, (number, row))
            accession = accessions[row]
            if accession is not None:
                by_accession.setdefault(accession, (number, row))
        for (other_number, kind), found in pairs.items():
            one = libraries[other_number]
            first, second = (np.array(side, dtype=np.int64) for side in zip(*found, strict=True))
            fields = differing_fields(one.spectra, first, library.spectra, second)
            for a, b, names in zip(first.tolist(), second.tolist(), fields, strict=True):
                same_peaks = kind == "same_peaks"
                conflicts.append(
                    Conflict(
                        "same_peaks" if same_peaks else "same_accession",
                        keys[other_number].key(a),
                        one.name,
                        keys[number].key(b),
                        library.name,
                        names if same_peaks else ("peaks", *names),
                    )
                )
    return conflicts


def differing_fields(a: Spectra, rows_a: Int, b: Spectra, rows_b: Int) -> list[tuple[str, ...]]:
    """For each pair of records the typed fields, and ``original``, in which they differ."""
    found: list[list[str]] = [[] for _ in range(len(rows_a))]
    for name in CONTENT_COLUMNS:
        for pair in np.flatnonzero(differing(a.columns[name], rows_a, b.columns[name], rows_b)).tolist():
            found[pair].append(name)
    return [tuple(names) for names in found]


def substances_of_parts(parts: Sequence[tuple[Spectra, Int]]) -> Substances:
    """The substances of all parts; only what tells them is joined, because peaks and originals are large."""
    few = []
    for spectra, rows in parts:
        columns = {name: spectra.columns[name].take(rows) for name in IDENTITY_FIELDS}
        few.append(Spectra(spectra.mz[:0], spectra.intensity[:0], np.zeros(len(rows) + 1, dtype=np.int64), columns))
    return substances_of(joined(few))


def _distinct(sources: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [source for number, source in enumerate(sources) if source not in sources[:number]]


def _all_events(libraries: Sequence[Library]) -> list[Event]:
    """The events of all libraries; those that several have in common, once."""
    events: list[Event] = []
    known: set[str] = set()
    for library in libraries:
        texts = [repr(event.describe()) for event in library.events]
        events += [event for text, event in zip(texts, library.events, strict=True) if text not in known]
        known.update(texts)
    return events
