"""MassBank records (record format 2): ``ACCESSION:`` to ``//``, one or many in a file.

Format: MassBank consortium, "MassBank Record Format", https://github.com/MassBank/MassBank-web (Documentation).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from nps_spectra.formats.fields import assign, assign_collision_energy, complete, is_missing
from nps_spectra.formats.numbers import number_columns
from nps_spectra.formats.record import ParsedRecord, RawRecord, RecordFault, TextFormat, Writer
from nps_spectra.formats.splash import splash
from nps_spectra.formats.written import digits, one_line, peak_digits
from nps_spectra.spectrum import Spectrum

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

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
_PEAKS: Final = "PK$PEAK: m/z int. rel.int."


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
    authors: str | None = None
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
        elif tag == "AUTHORS":
            authors = value
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
    elif authors is not None:
        # Accessions of old releases and of records made elsewhere do not name the contributor.
        assign(fields, notes, "contributor", authors)
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


def _peaks(lines: list[str]) -> tuple[npt.NDArray[np.float64], ...]:
    columns = number_columns(lines, 3, wanted=2)
    if columns is None:
        at = next(at for at, line in enumerate(lines) if number_columns([line], 3, wanted=2) is None)
        raise RecordFault(f"peak {at + 1} is {lines[at].strip()[:40]!r}, expected 'm/z int. rel.int.'")
    return columns


#: The tags of the format in its order; whatever else a record has stands before the peaks.
_ORDER: Final = (
    *("ACCESSION", "DEPRECATED", "RECORD_TITLE", "DATE", "AUTHORS", "LICENSE", "COPYRIGHT", "PUBLICATION", "PROJECT"),
    *("COMMENT", "CH$NAME", "CH$COMPOUND_CLASS", "CH$FORMULA", "CH$EXACT_MASS", "CH$SMILES", "CH$IUPAC", "CH$LINK"),
    *("SP$SCIENTIFIC_NAME", "SP$LINEAGE", "SP$LINK", "SP$SAMPLE", "AC$INSTRUMENT", "AC$INSTRUMENT_TYPE"),
    *("AC$MASS_SPECTROMETRY", "AC$CHROMATOGRAPHY", "MS$FOCUSED_ION", "MS$DATA_PROCESSING"),
)
_PLACE: Final = {tag: at for at, tag in enumerate(_ORDER)}
_FOREIGN: Final = re.compile(r"(?!(?:CH|SP|AC|MS)\$[A-Z0-9_]+$)")
#: What a record must have; where nothing is known it says so.
_MANDATORY: Final = (
    *("ACCESSION", "RECORD_TITLE", "DATE", "AUTHORS", "LICENSE", "CH$NAME", "CH$COMPOUND_CLASS", "CH$FORMULA"),
    *("CH$EXACT_MASS", "CH$SMILES", "CH$IUPAC", "AC$INSTRUMENT", "AC$INSTRUMENT_TYPE"),
    *("AC$MASS_SPECTROMETRY: MS_TYPE", "AC$MASS_SPECTROMETRY: ION_MODE"),
)
_UNKNOWN: Final = "N/A"
#: Tag, and subtag if it has one, that each typed field is written in.
_TAG_OF: Final = {
    **{field: tag for tag, field in _TAGS.items()},
    "contributor": "AUTHORS",
    "collision_energy": "AC$MASS_SPECTROMETRY: COLLISION_ENERGY",
}
_ENERGY: Final = ("collision_energy", "collision_energy_ev")
#: An m/z from here on has no SPLASH: its millionths are no number of 64 bits.
_LARGEST_MZ: Final = 1e12


class _Lines:
    """The lines of a record that is being written, by tag."""

    def __init__(self) -> None:
        self._pairs: list[tuple[str, str]] = []

    def add(self, tag: str, value: str) -> None:
        """Append one line; `tag` may name a subtag, too."""
        tag, _, subtag = tag.partition(": ")
        self._pairs.append((tag, f"{subtag} {value}" if subtag else value))

    def demote(self, tag: str) -> None:
        """Make comments of all lines of a tag, or of a tag and subtag, that the typed fields contradict."""
        found = [pair for pair in self._pairs if _is_of(pair, tag)]
        self._pairs = [pair for pair in self._pairs if not _is_of(pair, tag)]
        _, _, subtag = tag.partition(": ")
        for name, value in found:
            if not is_missing(value.removeprefix(subtag)):
                self.add("COMMENT", f"{name}: {value}")

    def has(self, tag: str) -> bool:
        """Whether there is a line of a tag, or of a tag and subtag."""
        return any(_is_of(pair, tag) for pair in self._pairs)

    def texts(self) -> list[str]:
        """All lines in the order of the format."""
        return [one_line(f"{tag}: {value}") for tag, value in sorted(self._pairs, key=_place)]


def _place(pair: tuple[str, str]) -> tuple[int, int]:
    # Two subtags stand before the others of their tag.
    first = next((at for at, tag in enumerate(_MANDATORY[-2:]) if _is_of(pair, tag)), 2)
    return _PLACE.get(pair[0], len(_PLACE)), first


def _is_of(pair: tuple[str, str], tag: str) -> bool:
    tag, _, subtag = tag.partition(": ")
    return pair[0] == tag and (not subtag or pair[1].partition(" ")[0] == subtag)


def _record(spectrum: Spectrum) -> str:
    """The original lines, as far as they say what the typed fields say, and new ones for the others."""
    if not len(spectrum):
        raise RecordFault("no peaks")
    if spectrum.mz[-1] >= _LARGEST_MZ:
        raise RecordFault(f"m/z {float(spectrum.mz[-1])!r}: too large for a SPLASH, which every record must have")
    lines, annotations = _original_lines(spectrum.original)
    found = _parse(RawRecord(1, ["ACCESSION: N/A", *lines.texts(), _PEAKS, "//"]), "").fields
    for fields in (*((field,) for field in _TAG_OF if field not in _ENERGY), _ENERGY):
        wanted = {field: getattr(spectrum, field) for field in fields}
        if all(found.get(field) == value for field, value in wanted.items()):
            continue
        lines.demote(_TAG_OF[fields[0]])
        text = next((_text(field, value) for field, value in wanted.items() if value is not None), None)
        if text is not None:
            lines.add(_TAG_OF[fields[0]], text)
    names = [name for name in (spectrum.name, *spectrum.synonyms) if name is not None]
    if names != [name for name in (found.get("name"), *found.get("synonyms", ())) if name is not None]:
        lines.demote("CH$NAME")
        lines.demote("RECORD_TITLE")
        for name in names:
            lines.add("CH$NAME", name)
    if spectrum.comment is not None and spectrum.comment not in {
        value for values in spectrum.original.values() for value in values
    }:
        lines.add("COMMENT", spectrum.comment)
    if not lines.has("RECORD_TITLE"):
        known = [spectrum.name, spectrum.instrument_type, _level(spectrum.ms_level)]
        lines.add("RECORD_TITLE", "; ".join(part for part in known if part) or _UNKNOWN)
    for tag in _MANDATORY:
        if not lines.has(tag):
            lines.add(tag, _UNKNOWN)
    return "\n".join([*lines.texts(), *_peak_lines(spectrum, annotations), "//", ""])


def _original_lines(original: Mapping[str, tuple[str, ...]]) -> tuple[_Lines, list[str]]:
    """What the source says, in tags of this format; fields of other formats become comments."""
    lines, annotations = _Lines(), list[str]()
    for key, values in original.items():
        if key == "PK$ANNOTATION":
            annotations = [f"{key}: {values[0]}", *(f"  {value}" for value in values[1:])]
        elif key in ("PK$SPLASH", "PK$NUM_PEAK", "PK$PEAK"):
            continue  # these are those of the peaks as they are now
        elif key in _PLACE or not _FOREIGN.match(key):
            for value in values:
                lines.add(key, value)
        else:
            for value in values:
                lines.add("COMMENT", f"{key}: {value}")
    return lines, annotations


def _level(ms_level: int | None) -> str | None:
    return None if ms_level is None else "MS" if ms_level == 1 else f"MS{ms_level}"


def _text(field: str, value: Any) -> str:
    if field == "ms_level":
        return _level(value) or _UNKNOWN
    if field == "polarity":
        return str(value).upper()
    if field == "retention_time_s":
        return f"{digits(value)} s"
    if field == "collision_energy_ev":
        return f"{digits(value)} eV"
    return digits(value) if isinstance(value, float) else str(value)


def _peak_lines(spectrum: Spectrum, annotations: list[str]) -> list[str]:
    mz, intensity = peak_digits(spectrum)
    # SPLASH and relative intensities are of the peaks as they are written, so that a reader of the file agrees.
    heights = [float(text) for text in intensity]
    most = max(heights)
    return [
        f"PK$SPLASH: {splash(spectrum.mz.tolist(), heights)}",
        *map(one_line, annotations),
        f"PK$NUM_PEAK: {len(mz)}",
        _PEAKS,
        *(
            f"  {at} {text} {max(1, int(height / most * 999))}"
            for at, text, height in zip(mz, intensity, heights, strict=True)
        ),
    ]


FORMAT: Final = TextFormat(
    name="massbank",
    title="MassBank record",
    extensions=(".txt",),
    sniff=_sniff,
    split=_split,
    parse=_parse,
    rank=10,
    writer=Writer(_record, keeps_original=True),
)
