"""The shared loop of all readers: it counts records, repairs and rejects, and places each reject."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from nps_spectra.errors import InputError, OptionError, RecordError, SpectrumError
from nps_spectra.formats import massbank, mgf, msp, text, wide_csv
from nps_spectra.formats.record import Format, ParsedRecord, RawRecord, RecordFault
from nps_spectra.formats.report import InputFile, ReadReport, Reject
from nps_spectra.formats.streams import Member, members, peek_text, text_lines
from nps_spectra.spectra import Spectra, SpectraBuilder
from nps_spectra.spectrum import Source, checked_peaks, pack_original, peak_fault

#: In the order in which they are tried; the first whose content fits is taken.
FORMATS: Final[tuple[Format, ...]] = (massbank.FORMAT, mgf.FORMAT, msp.FORMAT, wide_csv.FORMAT, text.FORMAT)

EI_ASSUMED: Final = "whole m/z, no precursor and no ionisation named: taken as EI"
_SAYS_NOT_EI: Final = ("ionization", "precursor_mz", "adduct", "collision_energy", "charge")

PathLike = str | os.PathLike[str]


def read_spectra(
    path: PathLike | Iterable[PathLike],
    *,
    format: str | None = None,
    strict: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Spectra:
    r"""Read spectra from files, folders and archives.

    Formats: NIST MSP and its dialects, MassBank records, MGF, two-column text, wide CSV; each file alone,
    compressed (gzip, xz, bzip2) or in a zip or tar archive. What cannot be read is never lost without a
    word: the returned spectra carry the account in ``.report``, and
    ``report.records_in == len(spectra) + report.records_rejected``.

    Peaks of intensity 0 are left out and unsorted peaks sorted (both count as repairs); a record with a
    negative or undefined value, or without peaks, is rejected. Nothing else is changed.

    Parameters
    ----------
    path : path-like or iterable of them
        A folder is read with its subfolders, in the order of names.
    format : {"msp", "massbank", "mgf", "text", "wide_csv"}, optional
        Taken from the content if not given.
    strict : bool
        Raise at the first record that cannot be read, instead of going on.
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
    reading = _Reading(_chosen(format), strict)
    for one in paths:
        for member in members(one, progress):
            reading.read(member)
    return reading.finish()


def format_names() -> tuple[str, ...]:
    """What ``format=`` takes."""
    return tuple(known.name for known in FORMATS)


def _chosen(name: str | None) -> Format | None:
    if name is None:
        return None
    for known in FORMATS:
        if known.name == name:
            return known
    raise OptionError(f"unknown format {name!r}: expected one of {', '.join(format_names())}")


@dataclass(slots=True)
class _FileCount:
    sha256: str
    records_in: int = 0
    records_out: int = 0
    formats: dict[str, None] = field(default_factory=dict)


class _Reading:
    """One call of `read_spectra`: what was collected, and the account of it."""

    def __init__(self, format: Format | None, strict: bool) -> None:
        self._format = format
        self._strict = strict
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
            head, lines = peek_text(text_lines(member.open(), self._report.notes))
            if not head.strip():
                raise InputError("the file is empty")
            known = self._format or self._recognised(head, member.name)
            for raw in known.split(lines):
                record_number += 1
                self._take(count, known, raw, record_number, member)
            if record_number == 0:
                raise InputError(f"no record of format {known.name!r} found")
        except RecordError:
            raise
        except InputError as error:
            # What was read before the damage stays; the damage itself counts as one record that is lost.
            self._reject(count, member.name, None, None, _without_name(error, member.name))

    def _recognised(self, head: str, name: str) -> Format:
        for known in FORMATS:
            if known.sniff(head, name):
                return known
        raise InputError(f"no known format ({', '.join(format_names())}): starts with {head.strip()[:40]!r}")

    def _take(self, count: _FileCount, format: Format, raw: RawRecord, number: int, member: Member) -> None:
        try:
            parsed = format.parse(raw, member.name)
            mz, intensity = _peaks(parsed)
        except (RecordFault, SpectrumError) as error:
            self._reject(count, member.name, raw.line, number, str(error))
            return
        _infer_ionization(parsed, mz)
        self._builder.append(
            mz,
            intensity,
            parsed.fields,
            pack_original(parsed.original),
            Source(member.name, number, raw.line, count.sha256 or None),
        )
        self._report.records_in += 1
        self._report.records_out += 1
        count.records_in += 1
        count.records_out += 1
        count.formats[parsed.dialect or format.name] = None
        if parsed.repairs:
            self._report.records_repaired += 1
            self._report.repairs.update(parsed.repairs)
        if parsed.notes:
            self._report.notes.update(parsed.notes)

    def _reject(self, count: _FileCount, file: str, line: int | None, record: int | None, reason: str) -> None:
        if self._strict:
            raise RecordError(file, line or 1, record or 1, reason)
        self._report.records_in += 1
        count.records_in += 1
        self._report.rejects.append(Reject(file, line, record, reason))

    def finish(self) -> Spectra:
        self._report.files = [
            InputFile(file, count.sha256, count.records_in, count.records_out, tuple(count.formats))
            for file, count in self._files.items()
        ]
        return self._builder.finish(self._report)


def _without_name(error: InputError, name: str) -> str:
    return str(error).removeprefix(f"{name}: ").removeprefix(f"{name}, ")


def _peaks(parsed: ParsedRecord) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    mz = np.array(parsed.mz, dtype=np.float64)
    intensity = np.array(parsed.intensity, dtype=np.float64)
    if len(mz) == 0:
        raise RecordFault("no peaks")
    fault = peak_fault(mz, intensity)
    if fault is not None:
        raise RecordFault(fault)
    checked = checked_peaks(mz, intensity)
    if len(checked[0]) == 0:
        raise RecordFault("no peak has an intensity above 0")
    if len(checked[0]) < len(mz):
        parsed.repairs.append("peaks of intensity 0 left out")
    if bool(np.any(mz[1:] < mz[:-1])):
        parsed.repairs.append("peaks sorted by m/z")
    return checked


def _infer_ionization(parsed: ParsedRecord, mz: np.ndarray[Any, Any]) -> None:
    """EI libraries rarely name the ionisation; their nominal masses and missing precursor do."""
    fields = parsed.fields
    if fields.get("ms_level", 1) != 1 or any(fields.get(name) is not None for name in _SAYS_NOT_EI):
        return
    if bool(np.all(mz == np.floor(mz))):
        fields["ionization"] = "EI"
        parsed.notes.append(EI_ASSUMED)
