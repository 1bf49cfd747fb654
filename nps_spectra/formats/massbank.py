"""MassBank records (record format 2): ``ACCESSION:`` to ``//``, one or many in a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from nps_spectra.formats.fields import assign, assign_collision_energy, complete, is_missing
from nps_spectra.formats.record import ParsedRecord, RawRecord, RecordFault, TextFormat

#: Typed field for a tag of the record, or for a tag and its subtag.
_TAGS: Final = {
    "ACCESSION": "accession",
    "LICENSE": "licence",
    "CH$FORMULA": "formula",
    "CH$EXACT_MASS": "exact_mass",
    "CH$SMILES": "smiles",
    "CH$IUPAC": "inchi",
    "CH$LINK: CAS": "cas",
    "CH$LINK: INCHIKEY": "inchikey",
    "AC$INSTRUMENT": "instrument",
    "AC$INSTRUMENT_TYPE": "instrument_type",
    "AC$MASS_SPECTROMETRY: MS_TYPE": "ms_level",
    "AC$MASS_SPECTROMETRY: ION_MODE": "polarity",
    "AC$MASS_SPECTROMETRY: IONIZATION": "ionization",
    "AC$CHROMATOGRAPHY: RETENTION_TIME": "retention_time_s",
    "AC$CHROMATOGRAPHY: RETENTION_INDEX": "retention_index",
    "MS$FOCUSED_ION: PRECURSOR_M/Z": "precursor_mz",
    "MS$FOCUSED_ION: PRECURSOR_TYPE": "adduct",
}
#: The ion that was looked at; it is the precursor where no PRECURSOR_TYPE says otherwise.
_ION_TYPE: Final = "ION_TYPE "
_WITH_SUBTAG: Final = frozenset(
    {"CH$LINK", "SP$LINK", "AC$MASS_SPECTROMETRY", "AC$CHROMATOGRAPHY", "MS$FOCUSED_ION", "MS$DATA_PROCESSING"}
)


def _sniff(head: str, _name: str) -> bool:
    # Rubbish before the first record must not make the file unknown; MSP has an "ACCESSION:" too, but no "CH$".
    return head.lstrip().startswith("ACCESSION:") or ("\nACCESSION:" in head and "\nCH$" in head)


def _split(lines: Iterable[tuple[int, str]]) -> Iterator[RawRecord]:
    start, kept = 0, list[str]()
    for at, line in lines:
        if line.startswith("ACCESSION:") and kept:
            # The record before has no "//": it ends here, and its parser says so.
            yield RawRecord(start, kept)
            kept = []
        if not kept:
            if not line.strip():
                continue
            start = at
        kept.append(line)
        if line.rstrip() == "//":
            yield RawRecord(start, kept)
            kept = []
    if kept:
        yield RawRecord(start, kept)


def _parse(raw: RawRecord, _name: str) -> ParsedRecord:
    lines = raw.lines
    if not lines[0].startswith("ACCESSION:"):
        raise RecordFault(f"found {lines[0][:40]!r}, expected a record that starts with 'ACCESSION:'")
    if lines[-1].rstrip() != "//":
        raise RecordFault("the record has no end ('//'): the file is cut short")
    record = ParsedRecord((), (), dialect="MassBank record")
    fields, notes = record.fields, record.notes
    names: list[str] = []
    declared: str | None = None
    numbers: list[str] | None = None
    ion_type: str | None = None
    tag = ""
    for line in lines[:-1]:
        if not line.strip():
            continue
        if line.startswith("  ") and tag == "PK$PEAK" and numbers is not None:
            numbers.append(line)
            continue
        if line.startswith("  ") and tag:
            record.original.append((tag, line.strip()))
            continue
        tag, separator, value = line.partition(": ")
        if not separator:
            tag, separator, value = line.partition(":")
            if not separator:
                raise RecordFault(f"found {line[:40]!r}, expected 'TAG: value'")
        record.original.append((tag, value))
        if tag == "CH$NAME":
            names.append(value.strip())
        elif tag == "PK$PEAK":
            if numbers is not None:
                raise RecordFault("two 'PK$PEAK:' blocks, expected one")
            numbers = []
        elif tag == "PK$NUM_PEAK":
            declared = value.strip()
        elif tag == "DEPRECATED":
            notes.append("record is marked as deprecated by its contributor")
        elif tag == "MS$FOCUSED_ION" and value.startswith(_ION_TYPE):
            ion_type = value.removeprefix(_ION_TYPE)
        else:
            _assign_tag(fields, notes, tag, value)
    if ion_type is not None:
        assign(fields, notes, "adduct", ion_type)
    if numbers is None:
        raise RecordFault("no 'PK$PEAK:' block")
    record.mz, record.intensity = _peaks(numbers)
    names = [name for name in names if not is_missing(name)]
    if names:
        fields["name"], fields["synonyms"] = names[0], tuple(names[1:])
    parts = fields.get("accession", "").split("-")
    if len(parts) == 3 and parts[0] == "MSBNK":
        fields["contributor"] = parts[1]
    complete(fields, notes)
    if declared != str(len(numbers)) and not (declared == "N/A" and not numbers):
        record.repairs.append("PK$NUM_PEAK is not the number of peaks: all peaks were read")
    return record


def _assign_tag(fields: dict[str, Any], notes: list[str], tag: str, value: str) -> None:
    if tag in _WITH_SUBTAG:
        subtag, _, value = value.partition(" ")
        tag = f"{tag}: {subtag}"
    if tag == "AC$MASS_SPECTROMETRY: COLLISION_ENERGY":
        assign_collision_energy(fields, notes, value)
    elif tag in _TAGS:
        assign(fields, notes, _TAGS[tag], value)


def _peaks(lines: list[str]) -> tuple[list[float], list[float]]:
    try:
        cells = [line.split() for line in lines]
        if any(len(row) != 3 or "_" in line for row, line in zip(cells, lines, strict=True)):
            raise ValueError
        return [float(row[0]) for row in cells], [float(row[1]) for row in cells]
    except ValueError:
        for at, line in enumerate(lines, start=1):
            row = line.split()
            if len(row) != 3 or "_" in line or not all(map(_is_number, row)):
                raise RecordFault(f"peak {at} is {line.strip()[:40]!r}, expected 'm/z int. rel.int.'") from None
        raise


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


FORMAT: Final = TextFormat(
    name="massbank",
    title="MassBank record",
    extensions=(".txt",),
    sniff=_sniff,
    split=_split,
    parse=_parse,
    rank=10,
)
