"""SDfiles with mass spectra, as NIST's and other library programs export them.

A record is a molfile (V2000 or V3000, kept as it stands), then data items ``> <NAME>`` with their values on the
lines below up to a blank line, then ``$$$$``. The peaks are the item ``MASS SPECTRAL PEAKS``.

Source: Dalby et al., J. Chem. Inf. Comput. Sci. 1992, 32, 244 (DOI 10.1021/ci00007a012).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from nps_spectra.formats.fields import assign, assign_collision_energy, complete, number
from nps_spectra.formats.peak_lines import pairs_of
from nps_spectra.formats.record import ParsedRecord, RawRecord, RecordFault, TextFormat, Writer
from nps_spectra.formats.written import digits, one_line, peak_digits
from nps_spectra.spectrum import Spectrum

#: Typed field for the name of a data item, in upper case without blanks, underscores, hyphens, "#" and "/".
_ITEMS: Final = {
    "NAME": "name",
    "SYNONYM": "synonyms",
    "SYNONYMS": "synonyms",
    "FORMULA": "formula",
    "MOLECULARFORMULA": "formula",
    "EXACTMASS": "exact_mass",
    "MONOISOTOPICMASS": "exact_mass",
    "CAS": "cas",
    "CASNO": "cas",
    "CASRN": "cas",
    "CASNUMBER": "cas",
    "INCHIKEY": "inchikey",
    "INCHI": "inchi",
    "SMILES": "smiles",
    "PRECURSORMZ": "precursor_mz",
    "PRECURSORTYPE": "adduct",
    "ADDUCT": "adduct",
    "CHARGE": "charge",
    "IONMODE": "polarity",
    "POLARITY": "polarity",
    "IONIZATION": "ionization",
    "IONISATION": "ionization",
    "SPECTRUMTYPE": "ms_level",
    "MSLEVEL": "ms_level",
    "SPECTRUMREPRESENTATION": "representation",
    "INSTRUMENT": "instrument",
    "INSTRUMENTTYPE": "instrument_type",
    "RETENTIONTIME": "retention_time_s",
    "RETENTIONINDEX": "retention_index",
    "RI": "retention_index",
    "NISTNO": "accession",
    "DBNO": "accession",
    "DB": "accession",
    "ID": "accession",
    "ACCESSION": "accession",
    "CONTRIBUTOR": "contributor",
    "LICENSE": "licence",
    "LICENCE": "licence",
    "COMMENT": "comment",
    "COMMENTS": "comment",
}
_PEAKS: Final = "MASSSPECTRALPEAKS"
_COUNT: Final = "NUMPEAKS"
_IGNORED: Final = str.maketrans("", "", " _-#/\t")
_END: Final = "$$$$"
_HEADER: Final = re.compile(r"^>[^<]*<(.+)>[^>]*$")
_COUNTS_LINE: Final = re.compile(r"^[\s\d]{6,}.*V[23]000\s*$")
_SNIFFED: Final = re.compile(r"^>[^<\n]*<[^>\n]+>", re.MULTILINE)
_MOLFILE_LINES: Final = 3
_COUNT_REPAIR: Final = "NUM PEAKS is not the number of peaks: all peaks were read"

Item = tuple[str, list[str]]


def _sniff(head: str, _name: str) -> bool:
    return _SNIFFED.search(head) is not None and ("\n$$$$" in head or "M  END" in head or "MASS SPECTRAL PEAKS" in head)


def _split(lines: Iterable[tuple[int, str]]) -> Iterator[RawRecord]:
    start, kept = 0, list[str]()
    items = False
    for at, line in lines:
        if not kept:
            start = at
        if line.startswith(_END):
            kept.append(line)
            yield RawRecord(start, kept)
            kept, items = [], False
            continue
        if items and len(line) < 100 and _COUNTS_LINE.match(line):
            # A second molfile: the record before has no "$$$$". Three lines of header stand before the counts.
            cut = max(len(kept) - _MOLFILE_LINES, 1)
            yield RawRecord(start, kept[:cut], content="molfile")
            start, kept, items = start + cut, kept[cut:], False
        kept.append(line)
        items = items or (line.startswith(">") and _HEADER.match(line) is not None)
    if any(map(str.strip, kept)):
        yield RawRecord(start, kept, content="end")


def _parse(raw: RawRecord, _name: str) -> ParsedRecord:
    record = ParsedRecord((), (), dialect="SDfile")
    lines = raw.lines if raw.content else raw.lines[:-1]
    first = next((at for at, line in enumerate(lines) if _HEADER.match(line)), len(lines))
    _read_molfile(record, lines[:first])
    items, broken = _items(lines[first:])
    tables = [values for name, values in items if _plain(name) == _PEAKS]
    if len(tables) != 1:
        names = ", ".join(f"<{name[:20]}>" for name, _ in items[:8]) or "no data items"
        raise RecordFault(f"{len(tables)} data items <MASS SPECTRAL PEAKS>, expected one; found {names}")
    if raw.content == "end" and _plain(items[-1][0]) == _PEAKS and lines[-1].strip():
        raise RecordFault("the record has no end ('$$$$') and its peaks none (a blank line): the file is cut short")
    if raw.content:
        record.repairs.append("$$$$ is missing at the end of the record")
    counts = [values for name, values in items if _plain(name) == _COUNT]
    count = number(" ".join(counts[0])) if counts else None
    declared = int(count) if count is not None and count == int(count) else None
    record.mz, record.intensity, annotations = pairs_of(tables[0], declared, "NUM PEAKS")
    record.original += [(name, "\n".join(values)) for name, values in items if _plain(name) != _PEAKS]
    record.original += [("Peak annotation", text) for text in annotations]
    if broken:
        if any(_plain(name) == _PEAKS for name in broken) and declared != len(record.mz):
            raise RecordFault(f"peaks go on after a blank line: {len(record.mz)} in all, NUM PEAKS is {count}")
        record.repairs.append("blank line inside a data item")
    if not counts:
        record.notes.append("NUM PEAKS is missing: all peaks were read")
    elif declared != len(record.mz):
        record.repairs.append(_COUNT_REPAIR)
    _assign_all(record, items)
    return record


def _plain(name: str) -> str:
    return name.translate(_IGNORED).upper()


def _read_molfile(record: ParsedRecord, lines: Sequence[str]) -> None:
    """Keep the molfile as it stands; what is missing of it harms no spectrum."""
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    if not lines:
        record.repairs.append("no molfile before the data items")
        return
    record.original.append(("molfile", "\n".join(lines)))
    if not any(line.startswith("M  END") for line in lines):
        record.repairs.append("M  END is missing at the end of the molfile")


def _items(lines: Sequence[str]) -> tuple[list[Item], list[str]]:
    """Data items, and the names of those that go on after a blank line."""
    items: list[Item] = []
    broken: list[str] = []
    blank = False
    for line in lines:
        if line.startswith(">") and (found := _HEADER.match(line)):
            items.append((found.group(1), []))
            blank = False
        elif not line or line.isspace():
            blank = True
        else:
            name, values = items[-1]
            if blank and values:
                broken.append(name)
            blank = False
            values.append(line.strip())
    return items, broken


def _assign_all(record: ParsedRecord, items: Sequence[Item]) -> None:
    fields, notes = record.fields, record.notes
    for name, values in items:
        plain = _plain(name)
        field = _ITEMS.get(plain)
        if field == "synonyms":
            for value in values:
                assign(fields, notes, field, value)
        elif field is not None:
            assign(fields, notes, field, " ".join(values))
        elif plain in ("MW", "MOLECULARWEIGHT", "NOMINALMASS"):
            # An average mass has decimals; it is neither nominal nor exact.
            if "".join(values).isdecimal():
                assign(fields, notes, "nominal_mass", values[0])
        elif plain == "COLLISIONENERGY":
            assign_collision_energy(fields, notes, " ".join(values))
    if fields.get("name") is None and record.original[:1] and record.original[0][0] == "molfile":
        assign(fields, notes, "name", record.original[0][1].partition("\n")[0])
        if fields.get("name") is not None:
            notes.append("name taken from the molfile")
    complete(fields, notes)


#: How the typed fields are written, in this order; the reader knows every one of these items.
_WRITTEN: Final = (
    ("name", "NAME"),
    ("formula", "FORMULA"),
    ("nominal_mass", "MW"),
    ("exact_mass", "EXACT MASS"),
    ("cas", "CASNO"),
    ("inchikey", "INCHIKEY"),
    ("inchi", "INCHI"),
    ("smiles", "SMILES"),
    ("precursor_mz", "PRECURSOR M/Z"),
    ("adduct", "PRECURSOR TYPE"),
    ("charge", "CHARGE"),
    ("polarity", "ION MODE"),
    ("ionization", "IONIZATION"),
    ("ms_level", "MS LEVEL"),
    ("instrument", "INSTRUMENT"),
    ("instrument_type", "INSTRUMENT TYPE"),
    ("representation", "SPECTRUM REPRESENTATION"),
    ("retention_index", "RETENTION INDEX"),
    ("accession", "ID"),
    ("contributor", "CONTRIBUTOR"),
    ("licence", "LICENSE"),
    ("comment", "COMMENT"),
)


def _record(spectrum: Spectrum) -> str:
    lines = _written_molfile(spectrum)
    for name, item in _WRITTEN:
        value: Any = getattr(spectrum, name)
        if value is not None:
            lines += [f">  <{item}>", _text(digits(value) if isinstance(value, float) else str(value)), ""]
    if spectrum.synonyms:
        lines += [">  <SYNONYMS>", *map(_text, spectrum.synonyms), ""]
    if spectrum.collision_energy is not None:
        lines += [">  <COLLISION ENERGY>", _text(spectrum.collision_energy), ""]
    elif spectrum.collision_energy_ev is not None:
        lines += [">  <COLLISION ENERGY>", f"{digits(spectrum.collision_energy_ev)} eV", ""]
    if spectrum.retention_time_s is not None:
        lines += [">  <RETENTION TIME>", f"{digits(spectrum.retention_time_s)} s", ""]
    lines += [">  <NUM PEAKS>", str(len(spectrum)), "", ">  <MASS SPECTRAL PEAKS>"]
    lines += [f"{mz} {intensity}" for mz, intensity in zip(*peak_digits(spectrum), strict=True)]
    return "\n".join([*lines, "", _END, ""])


def _written_molfile(spectrum: Spectrum) -> list[str]:
    """The molfile that the spectrum came with; one without atoms if it came with none."""
    kept = spectrum.original.get("molfile", ("",))[0].split("\n")
    end = next((at for at, line in enumerate(kept) if line.startswith("M  END")), 0)
    if end and not any(line.startswith((">", _END)) for line in kept[:end]):
        return [*map(one_line, kept[:end]), "M  END"]
    return [_text(spectrum.name or "")[:80], "", "", "  0  0  0  0  0  0  0  0  0  0999 V2000", "M  END"]


def _text(text: str) -> str:
    """On one line, and not to be taken for the start of an item or the end of the record."""
    line = one_line(text)
    return f" {line}" if line.startswith((">", _END)) else line


FORMAT: Final = TextFormat(
    name="sdf",
    title="SDfile with mass spectra",
    extensions=(".sdf", ".sd"),
    sniff=_sniff,
    split=_split,
    parse=_parse,
    rank=18,
    writer=Writer(_record),
)
