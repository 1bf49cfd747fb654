"""NIST MSP text and its dialects: NIST, SWGDRUG, MoNA, MassBank export, RIKEN / MS-DIAL.

A record starts with ``Name:`` (or with other fields, if its name follows them) and ends at a blank line or at the
next name. ``Num Peaks`` is only a check, so a wrong count costs nothing but a remark: no peak of another record is
ever taken. Peaks that go on after a blank line are taken only where ``Num Peaks`` confirms them to the last one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import chain, groupby, takewhile
from typing import TYPE_CHECKING, Any, Final

from nps_spectra.formats.fields import assign, assign_collision_energy, complete, converted, place
from nps_spectra.formats.lines import Lines, starts_blank
from nps_spectra.formats.numbers import number_columns
from nps_spectra.formats.peak_lines import pairs_of
from nps_spectra.formats.record import ParsedRecord, PeakText, RawRecord, RecordFault, TextFormat, Writer
from nps_spectra.formats.remembered import Remembered
from nps_spectra.formats.written import digits, one_line, peak_digits
from nps_spectra.spectrum import Spectrum, packed_pair

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

_KEY: Final = re.compile(r"\s*([A-Za-z][A-Za-z0-9_#$ \t./()-]*)")
_FIELD: Final = re.compile(rf"^{_KEY.pattern}:")
_NEXT_FIELD: Final = re.compile(r";\s*(?=[A-Za-z][A-Za-z_# ]{1,20}:)")
_COMMENT_PAIR: Final = re.compile(r'"([^"=]+)=([^"]*)"')
_NAME: Final = re.compile(r"^\s*name\s*:", re.IGNORECASE)
_COUNT: Final = re.compile(r"^\s*num\s*[_ ]?peaks?\s*:\s*(.*)$", re.IGNORECASE)
_WHOLE: Final = re.compile(r"[0-9]{1,9}")
_COUNT_REPAIR: Final = "Num Peaks is not the number of peaks: all peaks were read"


#: Of a field: its place (see `_Plan`), the original field as it is stored, the sign of a dialect, what the value is
#: (see `converted`; for a field of `_SPECIAL` that is left to `_assign_special`), and key and value as they stand.
_Field = tuple[str, str, int, bool, Any, tuple[str, str]]
#: Typed fields whose value depends on more than its text.
_SPECIAL: Final = frozenset({"collision_energy", "comment", "retention_time_s"})
#: Most files spell the line before the peaks in one of these ways.
_COUNT_LINES: Final = ("\nNum Peaks:", "\nNUM PEAKS:", "\nNum peaks:")


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
    return not any(_NAME.match(line) or _COUNT.match(line) or not _FIELD.match(line) for line in lines)


def _lacks_peaks(lines: Sequence[str]) -> bool:
    declared = next((count.group(1).strip() for count in map(_COUNT.match, lines) if count), "")
    try:
        return _WHOLE.fullmatch(declared) is not None and len(_parsed("\n".join(lines)).mz) < int(declared)
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
        found = _fields_of_all(text[:stop].split("\n"))
    except RecordFault:
        return None
    peaks = text[peaks_at:]
    if ";" in peaks:
        peaks = _one_a_line(peaks)
    lines = peaks.count("\n") + 1
    record = ParsedRecord((), (), peaks=PeakText(peaks, lines, partial(_parsed, text)))
    if _assign_all(record, found) == _A_COUNT:
        return None
    declared = text[stop + len(_COUNT_LINES[0]) : peaks_at - 1].strip()
    if not (_WHOLE.fullmatch(declared) and int(declared) == lines):
        record.repairs.append(_COUNT_REPAIR)
    return record


def _one_a_line(peaks: str) -> str:
    """Peaks with semicolons between them, one on each line."""
    peaks = peaks.replace("; \n", "\n").replace(";\n", "\n").rstrip("; ")
    return peaks.replace("; ", "\n").replace(";", "\n")


def _fields_of_all(lines: Sequence[str]) -> list[_Field]:
    return list(chain.from_iterable(map(_fields.__getitem__, lines)))


def _parsed(text: str) -> ParsedRecord:
    """A record however it is spelled."""
    lines = text.split("\n")
    header = takewhile(lambda line: not _COUNT.match(line), lines)
    if not _NAME.match(lines[0]) and not any(map(_NAME.match, header)):
        raise RecordFault(f"found {lines[0].strip()[:40]!r}, expected a record that starts with 'Name:'")
    record = ParsedRecord((), ())
    found, declared, peaks_from = _fields_and_peaks(lines)
    _assign_all(record, found)
    peak_lines = [line for line in lines[peaks_from:] if line]
    expected = int(declared) if declared is not None and _WHOLE.fullmatch(declared) else None
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


def _fields_and_peaks(lines: Sequence[str]) -> tuple[list[_Field], str | None, int]:
    """Fields, count, and where the peaks begin."""
    for at, line in enumerate(lines):
        count = _COUNT.match(line)
        if count or (at and _starts_peaks(line)):
            found = _fields_of_all(lines[:at])
            return (found, count.group(1).strip(), at + 1) if count else (found, None, at)
    return _fields_of_all(lines), None, len(lines)


def _columns(lines: Sequence[str]) -> tuple[npt.NDArray[np.float64], ...] | None:
    """m/z and intensity where semicolons and line ends stand between the peaks; None for any other spelling."""
    text = "\n".join(lines)
    return number_columns(_one_a_line(text).split("\n") if ";" in text else lines, 2)


def _fields_of(line: str) -> tuple[_Field, ...]:
    head, colon, value = line.partition(":")
    key = _keys[head] if colon else None
    if key is None:
        raise RecordFault(f"found {line.strip()[:40]!r}, expected 'Field: value' or peaks")
    value = value.strip()
    if ";" in value and key.plain in _ON_ONE_LINE:
        first, *others = _NEXT_FIELD.split(value)
        return (_field(key, first.strip()), *(field for part in others for field in _fields_of(part)))
    return (_field(key, value),)


@dataclass(frozen=True, slots=True)
class _Key:
    """A key as it stands in the file, plainly, the typed field if there is one, and the sign that it is by itself.

    Its place with that field, and with none, are kept, because equal texts that are one object compare the quickest.
    """

    key: str
    plain: str
    name: str | None
    sign: int
    place: str
    place_without: str


def _key_of(head: str) -> _Key | None:
    """What stands before the first colon of a line; None if that is no key."""
    found = _KEY.fullmatch(head)
    if found is None:
        return None
    key = found.group(1).rstrip()
    plain = _plain_key(key)
    name = _KEYS.get(plain)
    return _Key(key, plain, name, _sign(key, plain), f"{key}{_OF}{name or ''}", f"{key}{_OF}")


def _field(key: _Key, value: str) -> _Field:
    name, place, sign = key.name, key.place, key.sign
    if sign > 1 and key.plain.startswith("comment") and _COMMENT_PAIR.search(value):
        sign = 1
    elif sign > 3 and key.key == "DB#" and value.startswith("MSBNK-"):
        sign = 3
    pair = key.key, value
    known, typed = False, None
    if name == "nominal_mass":
        # "MW" is the nominal mass in NIST's dialects and an average or exact mass elsewhere: a whole number counts.
        typed = (int(value) or None) if _WHOLE.fullmatch(value) else None
    elif name == "ionization" and value.lower() in ("positive", "negative"):
        place = f"{key.key}{_OF}polarity"
        known, typed = converted("polarity", value)
    elif name == "synonyms" and value.startswith("$:"):
        place = key.place_without  # one of NIST's coded remarks and not a name; it is kept in the original fields
    elif name is not None and name not in _SPECIAL:
        known, typed = converted(name, value)
    return place, packed_pair(pair), sign, known, typed, pair


#: Most lines are those of a record before: instrument, adduct, and all of the substance itself.
_fields: Final = Remembered(_fields_of)
_keys: Final = Remembered(_key_of, 1024)
#: Between key and typed field in the place of a field; no key holds a colon.
_OF: Final = ":"


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


def _sign(key: str, plain: str) -> int:
    """Which dialect a key is a sign of, as a place in `_DIALECTS`; `_A_COUNT` if it is no field but the count."""
    if plain in ("numpeaks", "numpeak"):
        return _A_COUNT
    if key in ("PRECURSORMZ", "PRECURSORTYPE") or plain == "ontology":
        return 0
    if plain == "casno":
        return 2
    if plain in ("dbno", "splash"):
        return 3
    return 4 if plain in ("nist#", "db#") else 5


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be done with the fields of a record, by their keys and typed fields; many records are alike in it.

    Attributes
    ----------
    names, first : tuple of str, tuple of int
        Typed fields that a record can have once, and the places of those that are met first.
    later, special : tuple of (int, str)
        Places of what cannot be taken over as it is, with the typed field.
    together : bool
        Whether the repetitions of each key follow each other.
    """

    names: tuple[str, ...]
    first: tuple[int, ...]
    later: tuple[tuple[int, str], ...]
    special: tuple[tuple[int, str], ...]
    together: bool


@lru_cache(maxsize=1024)
def _plan_of(places: tuple[str, ...]) -> _Plan:
    pairs = [place.split(_OF) for place in places]
    first: dict[str, int] = {}
    later: list[tuple[int, str]] = []
    special: list[tuple[int, str]] = []
    for at, (_, name) in enumerate(pairs):
        if name in _SPECIAL:
            special.append((at, name))
        elif name in first or name == "synonyms":
            later.append((at, name))
        elif name:
            first[name] = at
    keys = [key for key, _ in pairs]
    together = len(list(groupby(keys))) == len(set(keys))
    return _Plan(tuple(first), tuple(first.values()), tuple(later), tuple(special), together)


def _assign_all(record: ParsedRecord, found: list[_Field]) -> int:
    """Put typed and original fields and the dialect into the record; gives the smallest sign."""
    places, packed, signs, known, typed, pairs = zip(*found, strict=True)
    plan = _plan_of(places)
    notes = record.notes
    values = [typed[at] for at in plan.first]
    fields = record.fields = dict(zip(plan.names, values, strict=True))
    if None in values:
        for name, at in zip(plan.names, plan.first, strict=True):
            if typed[at] is None:
                del fields[name]
                place(fields, notes, name, known[at], None)
    for at, name in plan.later:
        place(fields, notes, name, known[at], typed[at])
    smallest: int = min(signs)
    record.dialect = _DIALECTS[smallest]
    record.original = list(pairs)
    if plan.together:
        record.packed = "".join(packed)
    if plan.special:
        # RIKEN and MS-DIAL define retention times in minutes; in other dialects a bare number says nothing.
        _assign_special(record, plan, "min" if record.dialect == _DIALECTS[0] else None)
    complete(fields, notes)
    return smallest


def _assign_special(record: ParsedRecord, plan: _Plan, unit: str | None) -> None:
    fields, notes = record.fields, record.notes
    in_comments: list[tuple[str, str]] = []
    for at, name in plan.special:
        text = record.original[at][1]
        if name == "collision_energy":
            assign_collision_energy(fields, notes, text)
        else:
            assign(fields, notes, name, text, unit)
            if name == "comment":
                in_comments += _COMMENT_PAIR.findall(text)
    for key, text in in_comments:
        packed = _COMMENT_KEYS.get(_plain_key(key))
        if packed is not None and fields.get(packed) is None:
            assign(fields, notes, packed, text)


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
