"""Spectra that laboratories submitted beside their results: each stands for a claim, or has the reason why not.

They stand in the folder ``spectra`` of the round, as ``spectra/LABORATORY/SAMPLE.*`` or
``spectra/LABORATORY/SAMPLE/*``, or anywhere below it with a table ``spectra.csv`` that says of each file whose it is.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, Literal

from nps_spectra.errors import RoundError
from nps_spectra.formats import ReadReport, read_spectra
from nps_spectra.proficiency.names import Names, Resolution
from nps_spectra.proficiency.round_tables import SPECTRA, table_path, table_rows
from nps_spectra.proficiency.rounds import Round
from nps_spectra.proficiency.schema import shown
from nps_spectra.proficiency.submissions import Submissions, raise_unknown
from nps_spectra.spectra import Spectra
from nps_spectra.spectrum import Spectrum

#: What operating systems leave in folders.
_LITTER: Final = frozenset(("thumbs.db", "desktop.ini"))
_CODES_SHOWN: Final = 20

Status = Literal["assigned", "unreadable", "not_assigned"]
Reported = Mapping[tuple[str, str], Sequence[Resolution]]


@dataclass(frozen=True, slots=True)
class Claim:
    """What a laboratory says that a spectrum of a sample shows.

    `reported` tells whether that is among what it submitted for the sample.
    """

    laboratory: str
    sample: str
    resolution: Resolution
    reported: bool


@dataclass(frozen=True, slots=True)
class SubmittedSpectrum:
    """One spectrum of a laboratory, or a file of which there is none.

    Attributes
    ----------
    file : str
        Path below the folder ``spectra``; a member of an archive is ``archive!member``.
    record : int or None
        Number in its file, from 1; None for the file as a whole.
    laboratory, sample : str or None
        None where nothing says whose it is.
    claim : Claim or None
    status : {"assigned", "unreadable", "not_assigned"}
    reason : str
        Why it is not assigned, or cannot be read; empty if it is.
    spectrum : Spectrum or None
    """

    file: str
    record: int | None
    laboratory: str | None
    sample: str | None
    claim: Claim | None
    status: Status
    reason: str
    spectrum: Spectrum | None


@dataclass(frozen=True, slots=True)
class _Place:
    """What a row of ``spectra.csv``, or the path of a file, says of it."""

    record: int | None
    laboratory: str
    sample: str
    claim: Resolution | None
    row: int | None = None


def read_submitted_spectra(
    folder: Path, round_: Round, names: Names, submissions: Submissions
) -> dict[str, tuple[SubmittedSpectrum, ...]]:
    """Read the spectra of a round; every file of the folder has one entry or more.

    Parameters
    ----------
    folder : Path
        Of the round.
    round_ : Round
    names : Names
    submissions : Submissions
        What was reported, which is what a spectrum stands for where nothing else is said.

    Returns
    -------
    dict of str to tuple of SubmittedSpectrum
        By file on disk, in the order of paths.

    Raises
    ------
    RoundError
        A laboratory, sample, substance, file or record that is named is not there: the message names it.
    """
    root, table = folder / SPECTRA, table_path(folder, SPECTRA)
    reported: dict[tuple[str, str], list[Resolution]] = defaultdict(list)
    for entry in submissions.entries:
        if entry.resolution not in reported[entry.laboratory, entry.sample]:
            reported[entry.laboratory, entry.sample].append(entry.resolution)
    files = dict(_files(root))
    known = frozenset(submissions.laboratories(round_))
    listed = None if table is None else _listed(table, files, round_, names, known)
    found: dict[str, tuple[SubmittedSpectrum, ...]] = {}
    for file, left_out in files.items():
        if not left_out and listed is not None and file not in listed:
            left_out = f"{SPECTRA}.csv does not name it"
        if left_out:
            found[_printable(file)] = (_without(file, None, "not_assigned", left_out),)
            continue
        if listed is not None:
            found[_printable(file)] = tuple(_read(root, file, listed[file], reported, names, str(table)))
            continue
        place = _by_path(root, file, round_, known)
        if isinstance(place, str):
            found[_printable(file)] = (_without(file, None, "not_assigned", place),)
        else:
            found[_printable(file)] = tuple(_read(root, file, [place], reported, names, None))
    return found


def _files(root: Path) -> Iterator[tuple[str, str]]:
    """Every file below the folder, by path, with the reason why it is not looked at (empty if it is)."""
    found: list[tuple[str, str]] = []
    for place, folders, names in os.walk(root):
        for name in (*folders, *names):
            path = Path(place, name)
            below = path.relative_to(root).as_posix()
            if path.is_symlink():
                found.append((below, "is a link, which is not followed"))
            elif name in names:
                hidden = any(part.startswith(".") for part in PurePosixPath(below).parts)
                litter = hidden or name.casefold() in _LITTER
                kind = "" if path.is_file() else "is no plain file"
                found.append((below, "is a file of the operating system" if litter else kind))
    yield from sorted(found)


def _without(
    file: str, place: _Place | None, status: Status, reason: str, record: int | None = None
) -> SubmittedSpectrum:
    laboratory, sample = (None, None) if place is None else (place.laboratory, place.sample)
    return SubmittedSpectrum(_printable(file), record, laboratory, sample, None, status, reason, None)


def _printable(text: str) -> str:
    """A path or message as tables and pages may hold it: names of files are bytes that need not be text."""
    return text if text.isprintable() else ascii(text)[1:-1]


def _by_path(root: Path, file: str, round_: Round, laboratories: frozenset[str]) -> _Place | str:
    """Whose a file is by its path, or why nobody can tell."""
    laboratory, *inner = PurePosixPath(file).parts
    if not inner:
        return f"stands in no folder of a laboratory, expected {SPECTRA}/LABORATORY/SAMPLE.* or a row of {SPECTRA}.csv"
    where = str(root / laboratory)
    if laboratory not in laboratories:
        raise RoundError(where, None, None, _unknown_laboratory(laboratory, laboratories))
    code = inner[0] if len(inner) > 1 else inner[0].partition(".")[0]
    if round_.sample(code) is None:
        expected = ", ".join(sample.code for sample in round_.samples)
        raise RoundError(
            str(root / file),
            None,
            None,
            f"found the sample {shown(code)}, expected one of {expected}; several files of a sample go into a folder "
            "of its code",
        )
    return _Place(None, laboratory, code, None)


def _unknown_laboratory(code: str, laboratories: frozenset[str]) -> str:
    told = ", ".join(sorted(laboratories)[:_CODES_SHOWN]) or "none"
    more = "" if len(laboratories) <= _CODES_SHOWN else f" and {len(laboratories) - _CODES_SHOWN} more"
    return f"found the laboratory {shown(code)}, which does not take part in this round; those that do: {told}{more}"


def _listed(
    table: Path, files: Mapping[str, str], round_: Round, names: Names, laboratories: frozenset[str]
) -> dict[str, list[_Place]]:
    """What ``spectra.csv`` says of each file."""
    found: dict[str, list[_Place]] = defaultdict(list)
    unknown: list[tuple[int, str]] = []
    path = str(table)
    for number, cells in table_rows(table, SPECTRA):
        file = cells["file"]
        if file not in files:
            raise RoundError(path, number, "file", f"found {shown(file)}, expected a file below {SPECTRA}/ by its path")
        record = _record(path, number, cells.get("record", ""))
        for other in found[file]:
            if record is None or other.record in (None, record):
                what = "the file" if record is None else f"record {record} of"
                raise RoundError(path, number, "file", f"{what} {shown(file)} is named twice, expected once")
        laboratory, sample, written = cells["laboratory"], cells["sample"], cells.get("substance", "")
        if laboratory not in laboratories:
            raise RoundError(path, number, "laboratory", _unknown_laboratory(laboratory, laboratories))
        if round_.sample(sample) is None:
            expected = ", ".join(one.code for one in round_.samples)
            raise RoundError(path, number, "sample", f"found {shown(sample)}, expected one of {expected}")
        claim = names.resolve(written) if written else None
        if written and claim is None:
            unknown.append((number, written))
        found[file].append(_Place(record, laboratory, sample, claim, number))
    if unknown:
        raise_unknown(table, unknown, names)
    return dict(found)


def _record(path: str, number: int, text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 10 and int(text) > 0):
        raise RoundError(path, number, "record", f"found {shown(text)}, expected the number of a record, from 1")
    return int(text)


def _read(
    root: Path, file: str, places: Sequence[_Place], reported: Reported, names: Names, table: str | None
) -> Iterator[SubmittedSpectrum]:
    """All that one file holds."""
    spectra = read_spectra(root / file)
    report: ReadReport = spectra.report
    whole = places[0] if places[0].record is None else None
    if (reasons := [reason for _, reason in report.skipped]) and not report.records_in:
        yield _without(file, places[0], "not_assigned", f"is no file of spectra: {reasons[0]}")
        return
    if whole is not None and len(spectra) > 1 and any(one.run is not None for one in report.files):
        scans = f"is a run of {len(spectra)} scans, which is no spectrum; {SPECTRA}.csv can name the record of a scan"
        yield _without(file, whole, "not_assigned", scans)
        return
    for path, reason in report.skipped:
        name = file + _member(root / file, path)
        yield _without(name, whole, "not_assigned", f"is no file of spectra: {reason}")
    by_record = {place.record: place for place in places}
    if whole is None:
        _check_records(places, file, spectra, table)
    unnamed = 0
    for fault in report.rejects:
        name = file + _member(root / file, fault.file)
        place = whole or by_record.get(fault.record)
        if place is None and fault.record is None:
            # Of the file, of which the table gives each record to somebody: all that it names are there.
            yield _without(name, None, "unreadable", _printable(fault.reason))
        elif place is not None:
            claim = _claim(place, None, reported, names)
            yield SubmittedSpectrum(
                _printable(name),
                fault.record,
                place.laboratory,
                place.sample,
                None if isinstance(claim, str) else claim,
                "unreadable",
                _printable(fault.reason),
                None,
            )
        else:
            unnamed += 1
    for spectrum in spectra:
        source = spectrum.source
        record = None if source is None else source.record
        place = whole or by_record.get(record)
        if place is None:
            unnamed += 1
            continue
        claim = _claim(place, spectrum.name, reported, names)
        name = file + ("" if source is None else _member(root / file, source.file))
        if isinstance(claim, str):
            yield _without(name, place, "not_assigned", claim, record)
        else:
            yield SubmittedSpectrum(
                _printable(name), record, place.laboratory, place.sample, claim, "assigned", "", spectrum
            )
    if unnamed:
        records = len(spectra) + sum(one.record is not None for one in report.rejects)
        yield _without(file, None, "not_assigned", f"{SPECTRA}.csv does not name {unnamed} of its {records} records")


def _member(path: Path, source: str) -> str:
    """Member of an archive that something was read from, as ``!member``; empty if the file is none."""
    inner = source.removeprefix(os.fspath(path))
    return inner if inner.startswith("!") else ""


def _check_records(places: Sequence[_Place], file: str, spectra: Spectra, table: str | None) -> None:
    """Refuse numbers of records that the file does not have."""
    report: ReadReport = spectra.report
    several = len(set(spectra.texts("source_file").to_list())) > 1
    for place in places:
        if several:
            fault = (
                f"{shown(file)} holds several files, in which records are counted anew; leave it empty, or unpack it"
            )
            raise RoundError(str(table), place.row, "record", fault)
        # A file that breaks off is one reject more than it has records that can be counted.
        if place.record is not None and place.record > report.records_in:
            fault = f"found {place.record}, expected 1 to {report.records_in}, which are all of {shown(file)}"
            raise RoundError(str(table), place.row, "record", fault)


def _claim(place: _Place, name: str | None, reported: Reported, names: Names) -> Claim | str:
    """What a spectrum of a name stands for, or why for nothing."""
    results = [one for one in reported.get((place.laboratory, place.sample), ()) if one.level != "none"]
    if place.claim is not None:
        if place.claim.level == "none":
            return f"{SPECTRA}.csv says that it shows no substance"
        known = any(one.name == place.claim.name for one in results)
        return Claim(place.laboratory, place.sample, place.claim, known)
    if not results:
        return f"the laboratory reported no substance in {place.sample}"
    told = ", ".join(one.name for one in results)
    named = names.resolve(name) if name else None
    if named is not None:
        for one in results:
            if one.name == named.name:
                return Claim(place.laboratory, place.sample, one, True)
        return f"it is named {shown(named.name)}, and the laboratory reported {told} in {place.sample}"
    if len(results) == 1:
        return Claim(place.laboratory, place.sample, results[0], True)
    return f"the laboratory reported {told} in {place.sample}: {SPECTRA}.csv can say which one it shows"
