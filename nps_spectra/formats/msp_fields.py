"""Fields of a record of MSP: the keys of its dialects, and what becomes of their values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, groupby
from typing import Any, Final

from nps_spectra.formats.fields import assign, assign_collision_energy, complete, converted, place
from nps_spectra.formats.record import ParsedRecord, RecordFault
from nps_spectra.formats.remembered import Remembered
from nps_spectra.spectrum import packed_pair

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
FIELD: Final = re.compile(rf"^{_KEY.pattern}:")
_NEXT_FIELD: Final = re.compile(r";\s*(?=[A-Za-z][A-Za-z_# ]{1,20}:)")
_COMMENT_PAIR: Final = re.compile(r'"([^"=]+)=([^"]*)"')
WHOLE: Final = re.compile(r"[0-9]{1,9}")

#: Of a field: its place (see `_Plan`), the original field as it is stored, the sign of a dialect, what the value is
#: (see `converted`; for a field of `_SPECIAL` that is left to `_assign_special`), and key and value as they stand.
Field = tuple[str, str, int, bool, Any, tuple[str, str]]
#: Typed fields whose value depends on more than its text.
_SPECIAL: Final = frozenset({"collision_energy", "comment", "retention_time_s"})


def fields_of(lines: Sequence[str]) -> list[Field]:
    """The fields of these lines, in their order.

    Raises
    ------
    RecordFault
        A line is no field.
    """
    return list(chain.from_iterable(map(_fields.__getitem__, lines)))


def _fields_of(line: str) -> tuple[Field, ...]:
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


def _field(key: _Key, value: str) -> Field:
    name, place, sign = key.name, key.place, key.sign
    if sign > 1 and key.plain.startswith("comment") and _COMMENT_PAIR.search(value):
        sign = 1
    elif sign > 3 and key.key == "DB#" and value.startswith("MSBNK-"):
        sign = 3
    pair = key.key, value
    known, typed = False, None
    if name == "nominal_mass":
        # "MW" is the nominal mass in NIST's dialects and an average or exact mass elsewhere: a whole number counts.
        typed = (int(value) or None) if WHOLE.fullmatch(value) else None
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


def _plain_key(key: str) -> str:
    return key.lower().replace(" ", "").replace("_", "").replace("-", "")


#: By the smallest `_sign` of all fields of a record.
_DIALECTS: Final = (
    *("MSP of RIKEN / MS-DIAL", "MSP of MoNA", "MSP of SWGDRUG", "MSP of MassBank", "MSP of NIST"),
    "MSP",
)


A_COUNT: Final = -1


def _sign(key: str, plain: str) -> int:
    """Which dialect a key is a sign of, as a place in `_DIALECTS`; `A_COUNT` if it is no field but the count."""
    if plain in ("numpeaks", "numpeak"):
        return A_COUNT
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


def assign_fields(record: ParsedRecord, found: list[Field]) -> int:
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
