"""mzSpecLib text (HUPO-PSI, version 1.0): ``<mzSpecLib>``, attributes by accession, ``<Spectrum=n>`` ... ``<Peaks>``.

Source: Klein et al., Anal. Chem. 2024, 96, 18491 (DOI 10.1021/acs.analchem.4c04091).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from nps_spectra.formats.fields import assign, assign_collision_energy, complete
from nps_spectra.formats.record import ParsedRecord, RawRecord, RecordFault, TextFormat

#: Typed field for an accession of the PSI-MS vocabulary.
_TERMS: Final = {
    "MS:1003061": "name",
    "MS:1000866": "formula",
    "MS:1000868": "smiles",
    "MS:1003403": "inchi",
    "MS:1002894": "inchikey",
    "MS:1000224": "exact_mass",
    "MS:1003208": "precursor_mz",
    "MS:1000744": "precursor_mz",
    "MS:1002813": "adduct",
    "MS:1000041": "charge",
    "MS:1000511": "ms_level",
    "MS:1000465": "polarity",
    "MS:1000525": "representation",
    "MS:1000008": "ionization",
    "MS:1000031": "instrument",
    "MS:1000894": "retention_time_s",
    "MS:1003237": "accession",
    "MS:1003197": "licence",
}
#: Values that are terms themselves, by what the typed fields call them.
_VALUES: Final = {
    "electrospray ionization": "ESI",
    "nanoelectrospray": "ESI",
    "electron ionization": "EI",
    "atmospheric pressure chemical ionization": "APCI",
    "atmospheric pressure photoionization": "APPI",
    "chemical ionization": "CI",
    "matrix-assisted laser desorption ionization": "MALDI",
    "positive scan": "positive",
    "negative scan": "negative",
}
_ENERGY: Final = "MS:1000045"
_OTHER_NAME: Final = "MS:1003275"
_OTHER_VALUE: Final = "MS:1003276"
_SET_NAME: Final = "MS:1003212"
_UNIT: Final = "UO:0000000"
_LICENCE: Final = "MS:1003197"
_ALL: Final = "all"

_START: Final = re.compile(r"^<mzSpecLib\b[^>]*>")
_SPECTRUM: Final = re.compile(r"^<Spectrum\s*(?:=\s*(.*?))?>")
_OTHER_ENTRY: Final = re.compile(r"^<Cluster\s*(?:=\s*(.*?))?>")
_SECTION: Final = re.compile(r"^<(Analyte|Interpretation|InterpretationMember)\s*(?:=\s*(.*?))?>")
_SET: Final = re.compile(r"^<AttributeSet\s+(\w+)\s*=\s*(.*?)>")
_ATTRIBUTE: Final = re.compile(r"^(?:\[(\w+)\])?([A-Za-z0-9.]+:[0-9X]+)\|([^=]+?)\s*=\s*(.*)$")

_Attribute = tuple[str | None, str, str, str]
_Sets = Mapping[tuple[str, str], Sequence[_Attribute]]


def _sniff(head: str, _name: str) -> bool:
    return any(_START.match(line) for line in head.split("\n")[:20])


def _split(lines: Iterable[tuple[int, str]]) -> Iterator[RawRecord]:
    start, kept = 0, list[str]()
    header: list[str] | None = None
    sets: _Sets = {}
    for at, line in lines:
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if header is None and not kept and _START.match(text):
            header = [text]
            continue
        begins = _SPECTRUM.match(text) or _OTHER_ENTRY.match(text)
        if header is not None and not kept and not begins:
            header.append(text)
            continue
        if begins:
            if kept:
                yield RawRecord(start, kept, sets)
                kept = []
            elif header:
                sets = _attribute_sets(header)
        if not kept:
            start = at
        kept.append(text)
    if kept:
        yield RawRecord(start, kept, sets)


def _attribute_sets(header: Sequence[str]) -> _Sets:
    """Attributes that the spectra of a library share, by what they describe and the name of the set."""
    sets: dict[tuple[str, str], list[_Attribute]] = {}
    # Before the first set stands what is said of the library; of that, every spectrum needs the licence.
    current: list[_Attribute] = []
    of_all = sets.setdefault(("spectrum", _ALL), [])
    for line in header:
        found = _SET.match(line)
        if found:
            current = sets.setdefault((found.group(1).lower(), found.group(2)), [])
        elif attribute := _ATTRIBUTE.match(line):
            parts = _parts(attribute)
            (of_all if parts[1] == _LICENCE else current).append(parts)
    return sets


def _parts(found: re.Match[str]) -> _Attribute:
    return found.group(1), found.group(2), found.group(3).strip(), found.group(4).strip()


def _parse(raw: RawRecord, _name: str) -> ParsedRecord:
    first = raw.lines[0]
    if _OTHER_ENTRY.match(first):
        raise RecordFault(f"{first[:40]!r} is a cluster of spectra, which has no peaks of its own")
    if not _SPECTRUM.match(first):
        raise RecordFault(f"found {first[:40]!r}, expected a record that starts with '<Spectrum=...>'")
    record = ParsedRecord((), (), dialect="mzSpecLib text")
    sections, peaks_from = _sections(raw.lines)
    sets: _Sets = raw.context or {}
    analytes = 0
    for kind, attributes in sections:
        named = [value for _, accession, _, value in attributes if accession == _SET_NAME]
        shared = [one for name in (_ALL, *named) for one in sets.get((kind.lower(), name), ())]
        analytes += kind == "Analyte"
        # Of a mixture, the first analyte gives the typed fields; all of them stay in the original fields.
        _assign_all(record, [*attributes, *shared], typed=kind == "Spectrum" or (kind == "Analyte" and analytes == 1))
    if analytes > 1:
        record.notes.append("several analytes in one spectrum: the first gives name and structure")
    if peaks_from is None:
        raise RecordFault("no '<Peaks>' section")
    _read_peaks(record, raw.lines[peaks_from:])
    complete(record.fields, record.notes)
    return record


def _sections(lines: Sequence[str]) -> tuple[list[tuple[str, list[_Attribute]]], int | None]:
    sections: list[tuple[str, list[_Attribute]]] = [("Spectrum", [])]
    for at, line in enumerate(lines[1:], start=1):
        if line.startswith("<Peaks>"):
            return sections, at + 1
        section = _SECTION.match(line)
        if section:
            sections.append((section.group(1), []))
            continue
        found = _ATTRIBUTE.match(line)
        if found is None:
            raise RecordFault(f"found {line[:40]!r}, expected 'ACCESSION|name=value'")
        sections[-1][1].append(_parts(found))
    return sections, None


def _assign_all(record: ParsedRecord, attributes: Sequence[_Attribute], *, typed: bool) -> None:
    units = {group: value.partition("|")[2] for group, accession, _, value in attributes if accession == _UNIT}
    others = {group: value for group, accession, _, value in attributes if accession == _OTHER_NAME}
    for group, accession, name, value in attributes:
        if accession in (_UNIT, _OTHER_NAME):
            continue
        unit = units.get(group, "") if group is not None else ""
        if accession == _OTHER_VALUE and group in others:
            record.original.append((others[group], value))
            continue
        record.original.append((f"{accession}|{name}", f"{value} {unit}".strip()))
        if not typed:
            continue
        # A value that is a term is written "MS:1000130|positive scan".
        plain = value.partition("|")[2] if re.match(r"^[A-Za-z0-9.]+:[0-9X]+\|", value) else value
        plain = _VALUES.get(plain, plain)
        if accession == _ENERGY:
            assign_collision_energy(record.fields, record.notes, f"{plain} {_ENERGY_UNITS.get(unit, unit)}".strip())
        elif accession in _TERMS:
            field = _TERMS[accession]
            assign(record.fields, record.notes, field, f"{plain} {unit}" if field == "retention_time_s" else plain)


_ENERGY_UNITS: Final = {"electronvolt": "eV"}


def _read_peaks(record: ParsedRecord, lines: Sequence[str]) -> None:
    mz: list[Any] = []
    intensity: list[Any] = []
    for at, line in enumerate(lines, start=1):
        cells = line.split("\t") if "\t" in line else line.split()
        try:
            if len(cells) < 2 or any("_" in cell or not cell.isascii() for cell in cells[:2]):
                raise ValueError
            mz.append(float(cells[0]))
            intensity.append(float(cells[1]))
        except ValueError:
            raise RecordFault(f"peak {at} is {line[:40]!r}, expected 'm/z intensity annotation'") from None
        if any(cell and cell != "?" for cell in cells[2:]):
            record.original.append(("Peak annotation", line))
    record.mz, record.intensity = mz, intensity


FORMAT: Final = TextFormat(
    name="mzspeclib",
    title="mzSpecLib text",
    extensions=(".mzlb.txt", ".mzspeclib"),
    sniff=_sniff,
    split=_split,
    parse=_parse,
    rank=5,
)
