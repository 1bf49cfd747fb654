"""NIST MSP text and its dialects: NIST, SWGDRUG, MoNA, MassBank export, RIKEN / MS-DIAL.

A record starts with ``Name:`` (or with other fields, if its name follows them) and ends at a blank line or at the
next name. ``Num Peaks`` is only a check, so a wrong count costs nothing but a remark: no peak of another record is
ever taken. Peaks that go on after a blank line are taken only where ``Num Peaks`` confirms them to the last one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from nps_spectra.formats.lines import Lines, starts_blank
from nps_spectra.formats.msp_fields import A_COUNT, FIELD, WHOLE, Field, assign_fields, fields_of
from nps_spectra.formats.numbers import number_columns
from nps_spectra.formats.peak_lines import pairs_of
from nps_spectra.formats.record import ParsedRecord, PeakText, RawRecord, RecordFault, TextFormat, Writer
from nps_spectra.formats.written import digits, one_line, peak_digits
from nps_spectra.spectrum import Spectrum

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_NAME: Final = re.compile(r"^\s*name\s*:", re.IGNORECASE)
_COUNT: Final = re.compile(r"^\s*num\s*[_ ]?peaks?\s*:\s*(.*)$", re.IGNORECASE)
_COUNT_REPAIR: Final = "Num Peaks is not the number of peaks: all peaks were read"


#: Most files spell the line before the peaks in one of these ways.
_COUNT_LINES: Final = ("\nNum Peaks:", "\nNUM PEAKS:", "\nNum peaks:")


def _sniff(head: str, name: str) -> bool:
    lines = [line for line in head.split("\n") if line.strip()]
    if not lines:
        return False
    if _NAME.match(lines[0]) or (name.lower().endswith(".msp") and FIELD.match(lines[0])):
        return True
    # Rubbish, or half a record, before the first whole one must not make the file unknown.
    return any(map(_NAME.match, lines)) and any(map(_COUNT.match, lines))


def _split(lines: Lines) -> Iterator[RawRecord]:
    careful = _Careful()
    for number, block in lines.blocks():
        at = 0
        plain = not starts_blank(block)
        while at <= len(block):
            if careful.ready and block.startswith(("Name:", "NAME:"), at):
                record = _usual_record(block, at, plain)
                if record is not None:
                    yield from careful.finish()
                    yield RawRecord(number, content=record)
                    number += record.count("\n") + 1
                    at += len(record) + 1
                    continue
            stop = block.find("\n", at)
            stop = len(block) if stop < 0 else stop
            yield from careful.take(number, block[at:stop])
            number += 1
            at = stop + 1
    yield from careful.finish()


def _usual_record(block: str, at: int, plain: bool) -> str | None:
    """Lines from one name to the blank line before the next name; None where more has to be looked at."""
    stop = block.find("\n\n", at)
    if stop < 0 or not block.startswith(("\nName:", "\nNAME:"), stop + 1):
        return None
    record = block[at:stop]
    if plain and _has_no_other_name(record):
        return record
    if record.upper().count("NAME") > 1 or any(map(str.isspace, record.split("\n"))):
        return None
    return record


def _has_no_other_name(record: str) -> bool:
    """Whether no line but the first begins as a name does, the count aside; false where it has to be looked at."""
    at = record.find("\nN")
    if at >= 0 and record.startswith(_COUNT_LINES, at):
        at = record.find("\nN", at + 1)
    return at < 0 and "\nn" not in record


class _Careful:
    """Records line by line, however they are spelled and wherever they are cut."""

    def __init__(self) -> None:
        self._start = 0
        self._kept: list[str] = []
        self._blank = self._goes_on = False

    @property
    def ready(self) -> bool:
        """Whether a name can only begin a record."""
        return not self._kept or self._blank

    def take(self, at: int, line: str) -> Iterator[RawRecord]:
        kept = self._kept
        if not self._blank and "0" <= line[:1] <= "9" and kept:
            kept.append(line)  # a peak, as most lines are
            return
        if not line or line.isspace():
            self._blank = True
            return
        if kept and self._blank and _starts_peaks(line) and (self._goes_on or _lacks_peaks(kept)):
            kept.append("")
            self._goes_on = True
        elif kept and (self._blank or (_has_name(line) and not _only_fields_without_name(kept))):
            yield from self.finish()
        if not self._kept:
            self._start = at
        self._kept.append(line)
        self._blank = False

    def finish(self) -> Iterator[RawRecord]:
        if self._kept:
            yield RawRecord(self._start, self._kept)
        self._kept, self._goes_on = [], False


def _has_name(line: str) -> bool:
    # The first letter tells most lines apart, without a regular expression.
    return line.lstrip()[:1] in ("N", "n") and _NAME.match(line) is not None


def _only_fields_without_name(lines: Sequence[str]) -> bool:
    """Whether these lines can be the start of a record whose name comes later, as some programs write it."""
    return not any(_NAME.match(line) or _COUNT.match(line) or not FIELD.match(line) for line in lines)


def _lacks_peaks(lines: Sequence[str]) -> bool:
    declared = next((count.group(1).strip() for count in map(_COUNT.match, lines) if count), "")
    try:
        return WHOLE.fullmatch(declared) is not None and len(_parsed("\n".join(lines)).mz) < int(declared)
    except RecordFault:
        return False


def _parse(raw: RawRecord, _name: str) -> ParsedRecord:
    text: str = "\n".join(raw.lines) if raw.content is None else raw.content
    return _parsed_usual(text) or _parsed(text)


def _parsed_usual(text: str) -> ParsedRecord | None:
    """A record whose name, fields, count and peaks follow each other as in most files; None if they do not."""
    stop = next((at for line in _COUNT_LINES if (at := text.find(line)) >= 0), -1)
    peaks_at = text.find("\n", stop + 1) + 1
    if stop < 0 or not ("0" <= text[peaks_at : peaks_at + 1] <= "9" and text.startswith(("Name:", "NAME:"))):
        return None
    try:
        found = fields_of(text[:stop].split("\n"))
    except RecordFault:
        return None
    peaks = text[peaks_at:]
    if ";" in peaks:
        peaks = _one_a_line(peaks)
    lines = peaks.count("\n") + 1
    record = ParsedRecord((), (), peaks=PeakText(peaks, lines, partial(_parsed, text)))
    if assign_fields(record, found) == A_COUNT:
        return None
    declared = text[stop + len(_COUNT_LINES[0]) : peaks_at - 1].strip()
    if not (WHOLE.fullmatch(declared) and int(declared) == lines):
        record.repairs.append(_COUNT_REPAIR)
    return record


def _one_a_line(peaks: str) -> str:
    """Peaks with semicolons between them, one on each line."""
    peaks = peaks.replace("; \n", "\n").replace(";\n", "\n").rstrip("; ")
    return peaks.replace("; ", "\n").replace(";", "\n")


def _parsed(text: str) -> ParsedRecord:
    """A record however it is spelled."""
    lines = text.split("\n")
    header = takewhile(lambda line: not _COUNT.match(line), lines)
    if not _NAME.match(lines[0]) and not any(map(_NAME.match, header)):
        raise RecordFault(f"found {lines[0].strip()[:40]!r}, expected a record that starts with 'Name:'")
    record = ParsedRecord((), ())
    found, declared, peaks_from = _fields_and_peaks(lines)
    assign_fields(record, found)
    peak_lines = [line for line in lines[peaks_from:] if line]
    expected = int(declared) if declared is not None and WHOLE.fullmatch(declared) else None
    columns = _columns(peak_lines)
    if columns is not None:
        record.mz, record.intensity = columns
    else:
        record.mz, record.intensity, annotations = pairs_of(peak_lines, expected, "Num Peaks")
        if annotations:
            record.original += [("Peak annotation", text) for text in annotations]
            record.packed = None
    if len(peak_lines) < len(lines) - peaks_from:
        if expected != len(record.mz):
            raise RecordFault(f"peaks go on after a blank line: {len(record.mz)} in all, Num Peaks is {declared}")
        record.repairs.append("blank lines between the peaks")
    if declared is None:
        record.repairs.append("Num Peaks is missing: all peaks were read")
    elif expected != len(record.mz):
        record.repairs.append(_COUNT_REPAIR)
    return record


def _fields_and_peaks(lines: Sequence[str]) -> tuple[list[Field], str | None, int]:
    """Fields, count, and where the peaks begin."""
    for at, line in enumerate(lines):
        count = _COUNT.match(line)
        if count or (at and _starts_peaks(line)):
            found = fields_of(lines[:at])
            return (found, count.group(1).strip(), at + 1) if count else (found, None, at)
    return fields_of(lines), None, len(lines)


def _columns(lines: Sequence[str]) -> tuple[npt.NDArray[np.float64], ...] | None:
    """m/z and intensity where semicolons and line ends stand between the peaks; None for any other spelling."""
    text = "\n".join(lines)
    return number_columns(_one_a_line(text).split("\n") if ";" in text else lines, 2)


def _starts_peaks(line: str) -> bool:
    first = line.lstrip().lstrip("([{")[:1]
    return first.isdigit() or (first in "+-." and FIELD.match(line) is None)


#: How the typed fields are written, in this order; the reader knows every one of these keys.
_WRITTEN: Final = (
    ("synonyms", "Synon"),
    ("formula", "Formula"),
    ("nominal_mass", "MW"),
    ("exact_mass", "ExactMass"),
    ("cas", "CAS#"),
    ("inchikey", "InChIKey"),
    ("inchi", "InChI"),
    ("smiles", "SMILES"),
    ("precursor_mz", "PrecursorMZ"),
    ("adduct", "Precursor_type"),
    ("charge", "Charge"),
    ("polarity", "Ion_mode"),
    ("ionization", "Ionization"),
    ("ms_level", "MS_level"),
    ("instrument", "Instrument"),
    ("instrument_type", "Instrument_type"),
    ("representation", "Spectrum_representation"),
    ("retention_index", "RetentionIndex"),
    ("accession", "DB#"),
    ("contributor", "Contributor"),
    ("licence", "License"),
    ("comment", "Comments"),
)


def _record(spectrum: Spectrum) -> str:
    lines = [f"Name: {spectrum.name or ''}"]
    for name, key in _WRITTEN:
        value = getattr(spectrum, name)
        values = value if isinstance(value, tuple) else () if value is None else (value,)
        lines += [f"{key}: {digits(one) if isinstance(one, float) else one}" for one in values]
    if spectrum.collision_energy is not None:
        lines.append(f"Collision_energy: {spectrum.collision_energy}")
    elif spectrum.collision_energy_ev is not None:
        lines.append(f"Collision_energy: {digits(spectrum.collision_energy_ev)} eV")
    if spectrum.retention_time_s is not None:
        lines.append(f"RetentionTime: {digits(spectrum.retention_time_s)} s")
    lines.append(f"Num Peaks: {len(spectrum)}")
    lines += [f"{mz} {intensity}" for mz, intensity in zip(*peak_digits(spectrum), strict=True)]
    return "\n".join(map(one_line, lines)) + "\n\n"


FORMAT: Final = TextFormat(
    name="msp",
    title="NIST MSP and its dialects",
    extensions=(".msp",),
    sniff=_sniff,
    split=_split,
    parse=_parse,
    rank=30,
    writer=Writer(_record),
)
