"""NIST MSP text and its dialects: NIST, SWGDRUG, MoNA, MassBank export, RIKEN / MS-DIAL.

A record starts with ``Name:`` (or with other fields, if its name follows them) and ends at a blank line or at the
next name. ``Num Peaks`` is only a check, so a wrong count costs nothing but a remark: no peak of another record is
ever taken. Peaks that go on after a blank line are taken only where ``Num Peaks`` confirms them to the last one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final

from nps_spectra.formats.fields import assign, assign_collision_energy, complete, converted, place
from nps_spectra.formats.lines import Lines
from nps_spectra.formats.numbers import number_columns
from nps_spectra.formats.peak_lines import pairs_of
from nps_spectra.formats.record import ParsedRecord, RawRecord, RecordFault, TextFormat, Writer
from nps_spectra.formats.written import digits, one_line, peak_digits
from nps_spectra.spectrum import Spectrum

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

#: Typed field for a key, written without blanks, underscores and hyphens, in lower case.
_KEYS: Final = {
    "name": "name",
    "synon": "synonyms",
    "synonym": "synonyms",
    "synonyms": "synonyms",
    "formula": "formula",
    "mw": "nominal_mass",
    "nominalmass": "nominal_mass",
    "exactmass": "exact_mass",
    "monoisotopicmass": "exact_mass",
    "cas": "cas",
    "cas#": "cas",
    "casno": "cas",
    "casnumber": "cas",
    "inchikey": "inchikey",
    "inchi": "inchi",
    "smiles": "smiles",
    "precursormz": "precursor_mz",
    "precursortype": "adduct",
    "adduct": "adduct",
    "ionmode": "polarity",
    "polarity": "polarity",
    "ionization": "ionization",
    "ionisation": "ionization",
    "charge": "charge",
    "mslevel": "ms_level",
    "spectrumtype": "ms_level",
    "spectrumrepresentation": "representation",
    "instrument": "instrument",
    "instrumenttype": "instrument_type",
    "collisionenergy": "collision_energy",
    "retentiontime": "retention_time_s",
    "rt": "retention_time_s",
    "retentionindex": "retention_index",
    "ri": "retention_index",
    "id": "accession",
    "db#": "accession",
    "dbno": "accession",
    "nist#": "accession",
    "nistno": "accession",
    "accession": "accession",
    "license": "licence",
    "licence": "licence",
    "author": "contributor",
    "authors": "contributor",
    "contributor": "contributor",
    "comment": "comment",
    "comments": "comment",
}
#: Keys that MoNA packs into its comment as "key=value".
_COMMENT_KEYS: Final = {
    "smiles": "smiles",
    "inchi": "inchi",
    "inchikey": "inchikey",
    "cas": "cas",
    "casnumber": "cas",
    "exactmass": "exact_mass",
    "license": "licence",
    "author": "contributor",
    "accession": "accession",
    "ionization": "ionization",
}
#: Keys of which NIST writes two on a line: "CAS#: 50-00-0;  NIST#: 229808".
_ON_ONE_LINE: Final = frozenset({"cas#", "cas", "casno", "nist#", "nistno", "db#", "mw", "id", "formula", "exactmass"})

_FIELD: Final = re.compile(r"^\s*([A-Za-z][A-Za-z0-9_#$ \t./()-]*):\s?(.*)$")
_NEXT_FIELD: Final = re.compile(r";\s*(?=[A-Za-z][A-Za-z_# ]{1,20}:)")
_COMMENT_PAIR: Final = re.compile(r'"([^"=]+)=([^"]*)"')
_NAME: Final = re.compile(r"^\s*name\s*:", re.IGNORECASE)
_COUNT: Final = re.compile(r"^\s*num\s*[_ ]?peaks?\s*:\s*(.*)$", re.IGNORECASE)
_WHOLE: Final = re.compile(r"[0-9]{1,9}")
_COUNT_REPAIR: Final = "Num Peaks is not the number of peaks: all peaks were read"


#: Key and value as they stand in the file, the sign of a dialect, the typed field if there is one, and what its value
#: is (see `converted`); for a field of `_SPECIAL` that is left to `_assign_all`.
_Field = tuple[tuple[str, str], int, str | None, bool, Any]
#: Typed fields whose value depends on more than its text.
_SPECIAL: Final = frozenset({"collision_energy", "comment", "nominal_mass", "ionization", "retention_time_s"})


def _sniff(head: str, name: str) -> bool:
    lines = [line for line in head.split("\n") if line.strip()]
    if not lines:
        return False
    if _NAME.match(lines[0]) or (name.lower().endswith(".msp") and _FIELD.match(lines[0])):
        return True
    # Rubbish, or half a record, before the first whole one must not make the file unknown.
    return any(map(_NAME.match, lines)) and any(map(_COUNT.match, lines))


def _split(lines: Lines) -> Iterator[RawRecord]:
    careful = _Careful()
    for number, block in lines.blocks():
        at = 0
        while at <= len(block):
            texts = _usual_record(block, at) if careful.ready and block.startswith(("Name:", "NAME:"), at) else None
            if texts is not None:
                yield from careful.finish()
                yield RawRecord(number, texts)
                number += len(texts)
                at += sum(map(len, texts)) + len(texts)
                continue
            stop = block.find("\n", at)
            stop = len(block) if stop < 0 else stop
            yield from careful.take(number, block[at:stop])
            number += 1
            at = stop + 1
    yield from careful.finish()


def _usual_record(block: str, at: int) -> list[str] | None:
    """Lines from one name to the blank line before the next name; None where more has to be looked at."""
    stop = block.find("\n\n", at)
    if stop < 0 or not block.startswith(("\nName:", "\nNAME:"), stop + 1):
        return None
    record = block[at:stop]
    texts = record.split("\n")
    if record.upper().count("NAME") > 1 or any(map(str.isspace, texts)):
        return None
    return texts


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
    return not any(_NAME.match(line) or _COUNT.match(line) or not _FIELD.match(line) for line in lines)


def _lacks_peaks(lines: Sequence[str]) -> bool:
    declared = next((count.group(1).strip() for count in map(_COUNT.match, lines) if count), "")
    try:
        return _WHOLE.fullmatch(declared) is not None and len(_parse(RawRecord(0, lines), "").mz) < int(declared)
    except RecordFault:
        return False


def _parse(raw: RawRecord, _name: str) -> ParsedRecord:
    header = takewhile(lambda line: not _COUNT.match(line), raw.lines)
    if not _NAME.match(raw.lines[0]) and not any(map(_NAME.match, header)):
        raise RecordFault(f"found {raw.lines[0].strip()[:40]!r}, expected a record that starts with 'Name:'")
    record = ParsedRecord((), ())
    found, declared, peaks_from = _usual_fields(raw.lines) or _fields_and_peaks(raw.lines)
    record.original = [field[0] for field in found]
    record.dialect = _DIALECTS[min([field[1] for field in found], default=5)]
    _assign_all(record, found)
    peak_lines = [line for line in raw.lines[peaks_from:] if line]
    expected = int(declared) if declared is not None and _WHOLE.fullmatch(declared) else None
    columns = _columns(peak_lines)
    if columns is not None:
        record.mz, record.intensity = columns
    else:
        record.mz, record.intensity, annotations = pairs_of(peak_lines, expected, "Num Peaks")
        record.original += [("Peak annotation", text) for text in annotations]
    if len(peak_lines) < len(raw.lines) - peaks_from:
        if expected != len(record.mz):
            raise RecordFault(f"peaks go on after a blank line: {len(record.mz)} in all, Num Peaks is {declared}")
        record.repairs.append("blank lines between the peaks")
    if declared is None:
        record.repairs.append("Num Peaks is missing: all peaks were read")
    elif expected != len(record.mz):
        record.repairs.append(_COUNT_REPAIR)
    return record


_Parts = tuple[list[_Field], str | None, int]


def _usual_fields(lines: Sequence[str]) -> _Parts | None:
    """Fields, count and first line of the peaks, if they follow each other as usual; None if not."""
    start = next((at for at, line in enumerate(lines) if "0" <= line[:1] <= "9"), 0)
    count = _COUNT.match(lines[start - 1]) if start else None
    if count is None:
        return None
    try:
        found = [
            field
            for line in lines[: start - 1]
            for field in (_cached_fields(line) if len(line) <= _LONGEST_REMEMBERED else _fields_of(line))
        ]
    except RecordFault:
        return None
    return None if any(field[1] == _A_COUNT for field in found) else (found, count.group(1).strip(), start)


def _fields_and_peaks(lines: Sequence[str]) -> _Parts:
    found: list[_Field] = []
    for at, line in enumerate(lines):
        count = _COUNT.match(line)
        if count:
            return found, count.group(1).strip(), at + 1
        if at and _starts_peaks(line):
            return found, None, at
        found += _cached_fields(line) if len(line) <= _LONGEST_REMEMBERED else _fields_of(line)
    return found, None, len(lines)


def _columns(lines: Sequence[str]) -> tuple[npt.NDArray[np.float64], ...] | None:
    """m/z and intensity where semicolons and line ends stand between the peaks; None for any other spelling."""
    text = "\n".join(lines)
    if ";" in text:
        lines = text.replace(";\n", "\n").rstrip("; ").replace(";", "\n").split("\n")
    return number_columns(lines, 2)


def _fields_of(line: str) -> tuple[_Field, ...]:
    found = _FIELD.match(line)
    if found is None:
        raise RecordFault(f"found {line.strip()[:40]!r}, expected 'Field: value' or peaks")
    key, value = found.group(1).rstrip(), found.group(2).strip()
    if ";" in value and _plain_key(key) in _ON_ONE_LINE:
        parts = _NEXT_FIELD.split(value)
        first = parts[0].strip()
        return (_field(key, first), *(field for part in parts[1:] for field in _fields_of(part)))
    return (_field(key, value),)


def _field(key: str, value: str) -> _Field:
    plain = _plain_key(key)
    name = _KEYS.get(plain)
    if name is None or name in _SPECIAL or (name == "synonyms" and value.startswith("$:")):
        # "$:28 ..." is one of NIST's coded remarks and not a name; it is kept in the original fields.
        return (key, value), _sign(key, plain, value), name if name in _SPECIAL else None, False, None
    return (key, value), _sign(key, plain, value), name, *converted(name, value)


#: Longer lines are taken apart anew, so that those met before take little memory whatever the file holds.
_LONGEST_REMEMBERED: Final = 250
#: Most lines are those of a record before: instrument, adduct, and all of the substance itself.
_cached_fields: Final = lru_cache(maxsize=8192)(_fields_of)


def _starts_peaks(line: str) -> bool:
    first = line.lstrip().lstrip("([{")[:1]
    return first.isdigit() or (first in "+-." and _FIELD.match(line) is None)


def _plain_key(key: str) -> str:
    return key.lower().replace(" ", "").replace("_", "").replace("-", "")


#: By the smallest `_sign` of all fields of a record.
_DIALECTS: Final = (
    *("MSP of RIKEN / MS-DIAL", "MSP of MoNA", "MSP of SWGDRUG", "MSP of MassBank", "MSP of NIST"),
    "MSP",
)


_A_COUNT: Final = -1


def _sign(key: str, plain: str, value: str) -> int:
    """Which dialect a field is a sign of, as a place in `_DIALECTS`; `_A_COUNT` if it is no field but the count."""
    if plain in ("numpeaks", "numpeak"):
        return _A_COUNT
    if key in ("PRECURSORMZ", "PRECURSORTYPE") or plain == "ontology":
        return 0
    if plain.startswith("comment") and _COMMENT_PAIR.search(value):
        return 1
    if plain == "casno":
        return 2
    if plain in ("dbno", "splash") or (key == "DB#" and value.startswith("MSBNK-")):
        return 3
    return 4 if plain in ("nist#", "db#") else 5


def _assign_all(record: ParsedRecord, found: list[_Field]) -> None:
    fields, notes = record.fields, record.notes
    packed: list[tuple[str, str]] = []
    # RIKEN and MS-DIAL define retention times in minutes; in other dialects a bare number says nothing.
    unit = "min" if record.dialect == "MSP of RIKEN / MS-DIAL" else None
    for (_, value), _, name, known, typed in found:
        if name is None:
            continue
        if name not in _SPECIAL:
            place(fields, notes, name, known, typed)
        elif name == "collision_energy":
            assign_collision_energy(fields, notes, value)
        elif name == "nominal_mass":
            _assign_molecular_weight(fields, value)
        elif name == "ionization" and value.lower() in ("positive", "negative"):
            assign(fields, notes, "polarity", value)
        else:
            assign(fields, notes, name, value, unit)
            if name == "comment":
                packed += _COMMENT_PAIR.findall(value)
    for key, value in packed:
        name = _COMMENT_KEYS.get(_plain_key(key))
        if name is not None and fields.get(name) is None:
            assign(fields, notes, name, value)
    complete(fields, notes)


def _assign_molecular_weight(fields: dict[str, Any], value: str) -> None:
    # "MW" is the nominal mass in NIST's dialects and an average or exact mass elsewhere: only a whole number is taken.
    if _WHOLE.fullmatch(value) and int(value) > 0:
        fields.setdefault("nominal_mass", int(value))


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
