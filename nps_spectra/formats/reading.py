"""The shared loop of all readers: it counts records, repairs and rejects, and places each reject."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any, BinaryIO, Final

import numpy as np

from nps_spectra.centroiding import CENTROIDED, METHOD, centroids
from nps_spectra.errors import FormatError, InputError, NoSpectraError, NpsSpectraError, RecordError, SpectrumError
from nps_spectra.formats.lines import peek_text, text_lines
from nps_spectra.formats.numbers import pairs_of_texts
from nps_spectra.formats.record import (
    BinaryFormat,
    Format,
    ParsedRecord,
    RawRecord,
    RecordFault,
    TextFormat,
    attributes_of,
)
from nps_spectra.formats.registry import format_named, format_names, formats
from nps_spectra.formats.report import InputFile, ReadReport, Reject
from nps_spectra.formats.streams import Member, members, peek_bytes
from nps_spectra.run import Run
from nps_spectra.spectra import Spectra, SpectraBuilder
from nps_spectra.spectrum import are_plain, checked_peaks, pack_original, plain_spectra

EI_ASSUMED: Final = "whole m/z, no precursor and no ionisation named: taken as EI"
_SAYS_NOT_EI: Final = ("ionization", "precursor_mz", "adduct", "collision_energy", "charge")
_NO_PEAKS: Final = "no peaks"
_SORTED: Final = "peaks sorted by m/z"
EMPTY_SCAN: Final = "scan without peaks"

#: Records, and peaks, that are converted and checked together at most.
_RECORDS_AT_ONCE: Final = 256
_PEAKS_AT_ONCE: Final = 2**14

PathLike = str | os.PathLike[str]
_Array = np.ndarray[Any, Any]


def read_spectra(
    path: PathLike | Iterable[PathLike],
    *,
    format: str | None = None,
    only: str | None = None,
    strict: bool = False,
    centroid: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Spectra:
    r"""Read spectra from files, folders and archives.

    Formats: those that `nps-spectra formats` lists, plug-ins included; each file alone, compressed (gzip, xz,
    bzip2) or in a zip or tar archive. What cannot be read is never lost without a word: the returned spectra
    carry the account in ``.report``, and ``report.records_in == len(spectra) + report.records_rejected``.

    Peaks of intensity 0 are left out and unsorted peaks sorted (both count as repairs); a record with a
    negative or undefined value, or without peaks, is rejected. Nothing else is changed.

    A run (mzML, mzXML, ANDI: the scans of one injection) is no set of spectra. Its scans are read as spectra all
    the same, empty ones included, and the report says so; `read_run` keeps them together.

    Parameters
    ----------
    path : path-like or iterable of them
        A folder is read with its subfolders, in the order of names.
    format : str, optional
        Name of the format, such as ``"msp"``; taken from the content if not given.
    only : str, optional
        Read no other files than those whose path fits this pattern (``*`` is any text, also with slashes;
        capitals count). A member of an archive has the path ``archive.zip!folder/file``. The others are
        named in ``report.skipped``.
    strict : bool
        Raise at the first record that cannot be read, instead of going on.
    centroid : bool
        Turn spectra that say they are profile spectra into centroid ones (`nps_spectra.centroiding`); the report
        counts them, and each keeps the method in its original fields.
    progress : callable, optional
        Called now and then with the bytes read so far and in all.

    Returns
    -------
    Spectra
        In the order of the files and of the records in them.

    Raises
    ------
    InputError
        A path that does not exist; `RecordError` in strict mode.
    OptionError
        An unknown format.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp(), "a.msp")
    >>> _ = file.write_text("Name: A\nNum Peaks: 2\n58 999; 91 80\n\nName: B\nNum Peaks: 1\n58 nan\n")
    >>> spectra = read_spectra(file)
    >>> len(spectra), str(spectra.report)
    (1, '2 in, 1 out, 1 rejected, 0 repaired')
    """
    paths = [path] if isinstance(path, (str, os.PathLike)) else list(path)
    reading = Reading(None if format is None else format_named(format), strict, centroid)
    for one in paths:
        for member in members(one, progress):
            if only is not None and member.skipped is None and not fnmatchcase(member.name, only):
                member = replace(member, fault=None, skipped="not asked for")
            reading.read(member)
    return reading.finish()


def read_run(path: PathLike, *, format: str | None = None, strict: bool = False, centroid: bool = False) -> Run:
    """Read the run of one injection: all scans in order, empty ones included.

    Parameters
    ----------
    path : path-like
        One file in a format of runs (mzML, mzXML, ANDI netCDF), also compressed.
    format : str, optional
        Taken from the content if not given.
    strict : bool
        Raise at the first scan that cannot be read; without it ``run.scans.report`` tells which are missing.
    centroid : bool
        Turn profile scans into centroid ones, as `read_spectra` does.

    Raises
    ------
    FormatError
        The file is a set of spectra, or there are several files.
    NoSpectraError
        Not one scan could be read.
    InputError
        The file does not exist; `RecordError` in strict mode.
    """
    scans = read_spectra(path, format=format, strict=strict, centroid=centroid)
    report: ReadReport = scans.report
    if len(scans) == 0:
        raise NoSpectraError(f"{os.fspath(path)}: {report.nothing_read}")
    if len(report.files) != 1 or len(set(scans.texts("source_file").to_list())) != 1:
        raise FormatError(f"{os.fspath(path)}: several files; a run is one file, 'read_spectra' reads many")
    attributes = report.files[0].run
    if attributes is None:
        kind = ", ".join(report.files[0].formats)
        raise FormatError(
            f"{os.fspath(path)}: a set of spectra ({kind}), not the run of one injection; 'read_spectra' reads it"
        )
    return Run(scans, report.files[0].file, attributes)


@dataclass(slots=True)
class _FileCount:
    sha256: str
    records_in: int = 0
    records_out: int = 0
    formats: dict[str, None] = field(default_factory=dict)
    run: dict[str, str] | None = None
    context: Any = None


class Reading:
    """One call of `read_spectra`: what was collected, and the account of it."""

    def __init__(self, format: TextFormat | BinaryFormat | None, strict: bool, centroid: bool = False) -> None:
        self._format = format
        self._strict = strict
        self._centroid = centroid
        self._builder = SpectraBuilder()
        self._report = ReadReport()
        self._files: dict[str, _FileCount] = {}

    def read(self, member: Member) -> None:
        if member.skipped is not None:
            self._report.skipped.append((member.name, member.skipped))
            return
        count = self._files.setdefault(member.disk_file, _FileCount(member.sha256))
        if member.fault is not None:
            self._reject(count, member.name, None, None, member.fault)
            return
        record_number = 0
        try:
            head, stream = peek_bytes(member.open())
            if not head.strip():
                raise InputError("the file is empty")
            chosen = self._format or _recognised_bytes(head, member.name)
            raws, known = self._records(chosen, stream, member.name)
            batch = _Batch(known, member.name, self._centroid)
            try:
                for raw in raws:
                    record_number += 1
                    batch.add(raw, record_number)
                    if batch.full:
                        self._take(count, batch, member)
            finally:
                # What was read before any damage comes before it in the account.
                self._take(count, batch, member)
            if record_number == 0:
                raise InputError(f"no record of format {known.name!r} found")
        except RecordError:
            raise
        except InputError as error:
            # What was read before the damage stays; the damage itself counts as one record that is lost.
            self._reject(count, member.name, None, None, _without_name(error, member.name))

    def _records(
        self, chosen: TextFormat | BinaryFormat | None, stream: BinaryIO, name: str
    ) -> tuple[Iterator[RawRecord], TextFormat | BinaryFormat]:
        if isinstance(chosen, BinaryFormat):
            return chosen.scan(stream, name), chosen
        text, lines = peek_text(text_lines(stream, self._report.notes))
        if not text.strip():
            raise InputError("the file is empty")
        known = chosen or _recognised_text(text, name)
        return known.split(lines), known

    def _take(self, count: _FileCount, batch: _Batch, member: Member) -> None:
        """Put a batch of records into the spectra and the account, in their order; the batch is empty after it."""
        known, entries = batch.format, batch.taken()
        rows: list[tuple[Any, ...]] = []
        lengths: list[int] = []
        mz: list[_Array] = []
        intensity: list[_Array] = []
        notes: list[str] = []
        for entry in entries:
            parsed = entry.parsed
            if isinstance(parsed, NpsSpectraError):
                self._reject(count, member.name, entry.line, entry.number, str(parsed))
                continue
            rows.append((parsed.fields, parsed.packed, member.name, entry.number, entry.line, count.sha256 or None))
            lengths.append(len(entry.mz))
            mz.append(entry.mz)
            intensity.append(entry.intensity)
            count.formats[parsed.dialect or known.name] = None
            if known.holds == "run" and (count.run is None or entry.context is not count.context):
                count.context = entry.context
                count.run = {**(count.run or {}), **entry.attributes}
            if parsed.repairs:
                self._report.records_repaired += 1
                self._report.repairs.update(parsed.repairs)
            notes += parsed.notes
        if rows:
            self._builder.extend(np.concatenate(mz), np.concatenate(intensity), lengths, rows)
        self._report.notes.update(notes)
        for account in (self._report, count):
            account.records_in += len(rows)
            account.records_out += len(rows)

    def _reject(self, count: _FileCount, file: str, line: int | None, record: int | None, reason: str) -> None:
        if self._strict:
            raise RecordError(file, line, record, reason)
        self._report.records_in += 1
        count.records_in += 1
        self._report.rejects.append(Reject(file, line, record, reason))

    def finish(self) -> Spectra:
        self._report.files = [
            InputFile(file, count.sha256, count.records_in, count.records_out, tuple(count.formats), count.run)
            for file, count in self._files.items()
        ]
        return self._builder.finish(self._report)


def _without_name(error: InputError, name: str) -> str:
    return str(error).removeprefix(f"{name}: ").removeprefix(f"{name}, ")


def parsed_record(
    format: Format, raw: RawRecord, file_name: str, *, centroid: bool = False
) -> tuple[ParsedRecord, _Array, _Array]:
    """One record with its peaks checked, and what follows from them.

    Returns
    -------
    ParsedRecord
    mz, intensity : ndarray
        As `checked_peaks` gives them, but not read-only.

    Raises
    ------
    RecordFault, SpectrumError
        Why it cannot be read.
    """
    batch = _Batch(format, file_name, centroid)
    batch.add(raw, 1)
    entry = batch.taken()[0]
    if isinstance(entry.parsed, NpsSpectraError):
        raise entry.parsed
    return entry.parsed, entry.mz, entry.intensity


@dataclass(slots=True)
class _Entry:
    """One record of a batch: `parsed` is what it says (`ParsedRecord`), or the error that says why it is not read."""

    number: int
    line: int | None
    parsed: Any
    mz: Any = None
    intensity: Any = None
    context: Any = None
    attributes: Mapping[str, str] = field(default_factory=dict)


class _Batch:
    """Some records of one file: parsed one by one, their peaks converted and checked together."""

    def __init__(self, format: Format, file_name: str, centroid: bool) -> None:
        self.format = format
        self._file_name = file_name
        self._centroid = centroid
        self._entries: list[_Entry] = []
        self._peaks = 0

    @property
    def full(self) -> bool:
        """Whether there are so many records, or so many peaks, that more would only take memory."""
        return len(self._entries) >= _RECORDS_AT_ONCE or self._peaks >= _PEAKS_AT_ONCE

    def add(self, raw: RawRecord, number: int) -> None:
        """Parse one record."""
        try:
            if raw.fault is not None:
                raise RecordFault(raw.fault)
            parsed = self.format.parse(raw, self._file_name)
        except (RecordFault, SpectrumError) as error:
            self._entries.append(_Entry(number, raw.line, _alone(error)))
            return
        entry = _Entry(number, raw.line, parsed)
        if self.format.holds == "run":
            entry.context, entry.attributes = raw.context, attributes_of(raw)
        self._entries.append(entry)
        self._peaks += len(parsed.mz) if parsed.peaks is None else parsed.peaks.lines
        if parsed.peaks is None:
            self._check_alone(entry)
        elif not (self._centroid and _is_profile(parsed)):
            _pack(parsed)

    def taken(self) -> list[_Entry]:
        """All records with their peaks converted and checked; the batch is empty after it."""
        entries, self._entries, self._peaks = self._entries, [], 0
        for entry in self._without_peaks(entries):
            self._check_alone(entry)
        for entry in entries:
            if isinstance(entry.parsed, ParsedRecord):
                _infer_ionization(entry.parsed, entry.mz)
        return entries

    def _without_peaks(self, entries: list[_Entry]) -> list[_Entry]:
        """Give peaks to the records whose text is nothing but sound numbers in order; the others are looked at."""
        read = [entry for entry in entries if isinstance(entry.parsed, ParsedRecord) and entry.mz is None]
        texts = [(entry, peaks) for entry in read if (peaks := entry.parsed.peaks) is not None]
        if not texts:
            return read
        mz, intensity, plain = pairs_of_texts([peaks.text for _, peaks in texts], [peaks.lines for _, peaks in texts])
        converted = [one for one, good in zip(texts, plain.tolist(), strict=True) if good]
        bounds = np.cumsum([0, *(peaks.lines for _, peaks in converted)])
        with np.errstate(over="ignore", under="ignore"):
            narrow = intensity.astype(np.float32)
        places = zip(
            converted, bounds.tolist(), bounds[1:].tolist(), plain_spectra(mz, intensity, bounds), strict=False
        )
        for (entry, _), start, stop, sound in places:
            if sound and not (self._centroid and _is_profile(entry.parsed)):
                entry.mz, entry.intensity = mz[start:stop], narrow[start:stop]
            else:
                entry.parsed.peaks = None
                entry.parsed.mz, entry.parsed.intensity = mz[start:stop], intensity[start:stop]
        return [entry for entry in read if entry.mz is None]

    def _check_alone(self, entry: _Entry) -> None:
        """Check the peaks of one record by themselves."""
        try:
            self._check(entry)
        except (RecordFault, SpectrumError) as error:
            entry.parsed = _alone(error)
        else:
            _pack(entry.parsed)

    def _check(self, entry: _Entry) -> None:
        if entry.parsed.peaks is not None:
            entry.parsed = entry.parsed.peaks.otherwise()
        if self._centroid and _is_profile(entry.parsed):
            _centroid(entry.parsed)
        entry.mz, entry.intensity = _peaks(entry.parsed, may_be_empty=self.format.holds == "run")


def _alone(error: NpsSpectraError) -> NpsSpectraError:
    """The same error without the frames it was raised in, which would keep their arrays as long as it lives."""
    return type(error)(str(error))


def _recognised_bytes(head: bytes, name: str) -> BinaryFormat | None:
    for known in formats().known:
        if isinstance(known, BinaryFormat) and known.sniff(head, name):
            return known
    return None


def _recognised_text(head: str, name: str) -> TextFormat:
    for known in formats().known:
        if isinstance(known, TextFormat) and known.sniff(head, name):
            return known
    broken = "".join(f"; plug-in {plugin}: {fault}" for plugin, fault in formats().faults.items())
    raise InputError(f"no known format ({', '.join(format_names())}): starts with {head.strip()[:40]!r}{broken}")


def _peaks(parsed: ParsedRecord, *, may_be_empty: bool) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    mz = np.asarray(parsed.mz, dtype=np.float64)
    intensity = np.asarray(parsed.intensity, dtype=np.float64)
    if len(mz) == 0 and not may_be_empty:
        raise RecordFault(_NO_PEAKS)
    if len(mz) == len(intensity) and are_plain(mz, intensity):
        return mz, intensity.astype(np.float32)
    checked = checked_peaks(mz, intensity)
    if len(checked[0]) == 0:
        if not may_be_empty:
            raise RecordFault("no peak has an intensity above 0")
        parsed.notes.append(EMPTY_SCAN)
    if len(checked[0]) < len(mz):
        parsed.repairs.append("peaks of intensity 0 left out")
    if bool((mz[1:] < mz[:-1]).any()):
        parsed.repairs.append(_SORTED)
    return checked


def _pack(parsed: ParsedRecord) -> None:
    """Keep the original fields as one text: the collector of garbage need not look through it, while a batch waits."""
    if parsed.packed is None:
        parsed.packed = pack_original(parsed.original)
    parsed.original = []


def _is_profile(parsed: ParsedRecord) -> bool:
    return parsed.fields.get("representation") == "profile"


def _centroid(parsed: ParsedRecord) -> None:
    """Here, where the points of intensity 0 are still there to tell where a peak ends."""
    if bool(np.any(np.diff(np.asarray(parsed.mz, dtype=np.float64)) < 0)):
        parsed.repairs.append(_SORTED)
    parsed.mz, parsed.intensity = centroids(parsed.mz, parsed.intensity)
    parsed.fields["representation"] = "centroid"
    parsed.original.append((CENTROIDED, METHOD))
    parsed.packed = None
    parsed.notes.append("profile spectrum: centroided")


def _infer_ionization(parsed: ParsedRecord, mz: np.ndarray[Any, Any]) -> None:
    """EI libraries rarely name the ionisation; their nominal masses and missing precursor do."""
    fields = parsed.fields
    if fields.get("ms_level", 1) != 1 or any(fields.get(name) is not None for name in _SAYS_NOT_EI):
        return
    if len(mz) and bool(np.all(mz == np.floor(mz))):
        fields["ionization"] = "EI"
        parsed.notes.append(EI_ASSUMED)
