"""mzML, the run format of the Proteomics Standards Initiative (Martens et al. 2011, doi:10.1074/mcp.R110.000133).

Terms are known by their accession in the PSI-MS vocabulary, units by theirs in the unit ontology; both are read,
neither is assumed. The index at the end of an indexed file is not needed and not trusted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt

from nps_spectra.errors import InputError
from nps_spectra.formats.arrays import Unpacker, checked_lengths
from nps_spectra.formats.elements import Element, elements, looks_like
from nps_spectra.formats.fields import assign, assign_collision_energy, complete, number
from nps_spectra.formats.record import BinaryFormat, ParsedRecord, RawRecord, RecordFault
from nps_spectra.formats.scans import Progress, assign_precursor, whole_number

Params = dict[str, dict[str, str]]

_WHOLE: Final = frozenset(
    {"spectrum", "referenceableParamGroup", "instrumentConfiguration", "sample", "software", "sourceFile"}
)
_OPENED: Final = frozenset({"mzML", "run", "spectrumList", "chromatogram"})
#: No file describes its instruments and programs at such length.
_MOST_HEADER_ELEMENTS: Final = 10_000
_MOST_GROUP_PARAMS: Final = 256

_IONIZATION: Final = {
    "MS:1000389": "EI",
    "MS:1000071": "CI",
    "MS:1000073": "ESI",
    "MS:1000397": "ESI",
    "MS:1000398": "ESI",
    "MS:1000070": "APCI",
    "MS:1000382": "APPI",
    "MS:1000075": "MALDI",
    "MS:1000074": "FAB",
    "MS:1000257": "FD",
    "MS:1000258": "FI",
    "MS:1002011": "DESI",
}
#: Seconds in a unit of time; the two MS terms are those of mzML 1.0.
_SECONDS: Final = {
    "UO:0000010": 1.0,
    "UO:0000031": 60.0,
    "UO:0000028": 0.001,
    "MS:1000039": 1.0,
    "MS:1000038": 60.0,
}
_SECONDS_BY_NAME: Final = {"second": 1.0, "minute": 60.0, "millisecond": 0.001}
_DTYPES: Final = {"MS:1000521": "<f4", "MS:1000523": "<f8", "MS:1000519": "<i4", "MS:1000522": "<i8"}
_MZ_ARRAY: Final = "MS:1000514"
_INTENSITY_ARRAY: Final = "MS:1000515"
_NO_COMPRESSION: Final = "MS:1000576"
_ZLIB: Final = "MS:1000574"
#: Terms of an instrument configuration that name something else than the model.
_NO_MODEL: Final = frozenset({"MS:1000529", "MS:1000032", "MS:1000031"})


@dataclass(slots=True)
class _Header:
    """What all spectra of a file share."""

    progress: Progress
    unpacker: Unpacker
    dialect: str = "mzML"
    groups: dict[str, Params] = field(default_factory=dict)
    instruments: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)
    default_instrument: str = ""
    attributes: dict[str, str] = field(default_factory=dict)

    def params(self, element: Element) -> Params:
        """The terms of an element and of the groups it refers to, by accession; the first of several counts."""
        found: Params = {}
        groups: dict[str, None] = {}
        for child in element.children:
            if child.name == "cvParam":
                found.setdefault(child.attributes.get("accession", ""), child.attributes)
            elif child.name == "referenceableParamGroupRef":
                groups[child.attributes.get("ref", "")] = None
        for group in groups:
            for accession, attributes in self.groups.get(group, {}).items():
                found.setdefault(accession, attributes)
        return found

    def take(self, element: Element) -> None:
        """Remember a part of the file's head."""
        name, given = element.name, element.attributes
        identity = given.get("id", "")
        if name == "mzML":
            self.dialect = f"mzML {given.get('version', '')}".strip()
        elif name == "run":
            self.default_instrument = given.get("defaultInstrumentConfigurationRef", "")
            self._say("run", identity)
            self._say("start time", given.get("startTimeStamp", ""))
        elif name == "referenceableParamGroup":
            params = self.params(element)
            if len(params) > _MOST_GROUP_PARAMS:
                raise InputError(f"refused: {len(params)} terms in referenceableParamGroup {identity[:40]!r}")
            self.groups[identity] = params
        elif name == "instrumentConfiguration":
            self._take_instrument(element, identity)
        elif name == "sample":
            self._say("sample", given.get("name") or identity)
        elif name == "software":
            named = next(iter(self.params(element).values()), {}).get("name") or identity
            self._say("software", f"{named} {given.get('version', '')}".strip())
        elif name == "sourceFile":
            self._say("source file", given.get("name") or identity)

    def _take_instrument(self, element: Element, identity: str) -> None:
        params = self.params(element)
        model = params.get("MS:1000031", {}).get("value") or next(
            (one.get("name") for accession, one in params.items() if accession not in _NO_MODEL), None
        )
        technique: str | None = None
        for part in (part for parts in element.named("componentList") for part in parts.children):
            terms = self.params(part)
            for one in terms.values():
                if not one.get("value"):  # a kind of part, not a measure of it
                    self._say(part.name, one.get("name", ""))
            if part.name == "source":
                technique = next((_IONIZATION[term] for term in terms if term in _IONIZATION), technique)
        self.instruments[identity] = (model, technique)
        self._say("instrument", model or "")
        self._say("instrument serial number", params.get("MS:1000529", {}).get("value", ""))

    def _say(self, name: str, text: str) -> None:
        said = self.attributes.get(name)
        if text and said is None:
            self.attributes[name] = text
        elif text and said is not None and text not in said.split("; ") and len(said) < 1000:
            self.attributes[name] = f"{said}; {text}"


def _scan(stream: BinaryIO, _name: str) -> Iterator[RawRecord]:
    progress = Progress(stream)
    header = _Header(progress, Unpacker(progress.consumed))
    head_elements = chromatograms = 0
    parts = elements(progress.read, whole=_WHOLE, opened=_OPENED, texts=frozenset({"binary"}))
    for element in progress.accounted(parts):
        if element.name == "spectrum":
            progress.found += 1
            yield RawRecord(element.line, content=(element, header), context=header.attributes)
        elif element.name == "spectrumList":
            progress.announce("spectrumList count", element.attributes.get("count"))
        elif element.name == "chromatogram":
            chromatograms += 1
        else:
            head_elements += 1
            if head_elements > _MOST_HEADER_ELEMENTS:
                raise InputError(f"refused: more than {_MOST_HEADER_ELEMENTS} elements before the spectra")
            header.take(element)
    if progress.found == 0 and chromatograms:
        raise InputError(f"no spectra, only {chromatograms} chromatograms: there is nothing to compare with a library")
    progress.finish()


def _parse(raw: RawRecord, _name: str) -> ParsedRecord:
    element, header = raw.content
    record = ParsedRecord((), (), notes=header.progress.notes(), dialect=header.dialect)
    _assign_all(record, element, header)
    _original(record.original, element)
    _peaks(record, element, header)
    return record


def _assign_all(record: ParsedRecord, element: Element, header: _Header) -> None:
    fields, notes = record.fields, record.notes
    params = header.params(element)
    if "id" in element.attributes:
        assign(fields, notes, "accession", element.attributes["id"])
    assign(fields, notes, "ms_level", _value(params, "MS:1000511"))
    scan = next((one for parts in element.named("scanList") for one in parts.named("scan")), None)
    instrument = header.default_instrument
    if scan is not None:
        terms = header.params(scan)
        # Some writers put terms of the spectrum into the scan.
        params = params | {accession: one for accession, one in terms.items() if accession not in params}
        _assign_time(record, terms.get("MS:1000016"))
        instrument = scan.attributes.get("instrumentConfigurationRef", instrument)
    for name, terms_of in (
        ("polarity", {"MS:1000130": "positive", "MS:1000129": "negative"}),
        ("representation", {"MS:1000127": "centroid", "MS:1000128": "profile"}),
    ):
        named = [text for accession, text in terms_of.items() if accession in params]
        if len(named) == 1:
            assign(fields, notes, name, named[0])
        elif named:
            notes.append(f"{name}: both {' and '.join(named)} are named, left missing")
    model, technique = header.instruments.get(instrument, (None, None))
    assign(fields, notes, "instrument", model or "")
    if technique is not None:
        assign(fields, notes, "ionization", technique)
    _assign_precursor(record, element, header)
    complete(fields, notes)


def _assign_time(record: ParsedRecord, param: dict[str, str] | None) -> None:
    if param is None:
        return
    seconds = _SECONDS.get(param.get("unitAccession", "")) or _SECONDS_BY_NAME.get(param.get("unitName", ""))
    value = number(param.get("value", ""))
    if seconds is None or value is None:
        record.notes.append("retention_time_s: no number with a unit of time, kept in the original fields only")
        return
    record.fields["retention_time_s"] = value * seconds


def _assign_precursor(record: ParsedRecord, element: Element, header: _Header) -> None:
    precursors = [one for parts in element.named("precursorList") for one in parts.named("precursor")]
    ions: list[tuple[str, str]] = []
    targets: list[str] = []
    for precursor in _of_this_level(precursors, record.fields.get("ms_level")):
        for chosen in (ion for parts in precursor.named("selectedIonList") for ion in parts.named("selectedIon")):
            terms = header.params(chosen)
            # MS:1000040 "m/z" is how mzML 1.0 wrote it.
            ions.append((_value(terms, "MS:1000744") or _value(terms, "MS:1000040"), _value(terms, "MS:1000041")))
        targets += [_value(header.params(window), "MS:1000827") for window in precursor.named("isolationWindow")]
        for activation in precursor.named("activation"):
            _assign_energy(record, header.params(activation))
    assign_precursor(record, [ion for ion in ions if ion[0]], [target for target in targets if target])


def _of_this_level(precursors: list[Element], level: int | None) -> list[Element]:
    """Of the chain of precursors of an MSn spectrum, those that were fragmented last, where the file tells them."""
    if len(precursors) < 2 or level is None:
        return precursors
    last = [
        precursor
        for precursor in precursors
        for window in precursor.named("isolationWindow")
        for param in window.named("userParam")
        if param.attributes.get("name") == "ms level" and number(param.attributes.get("value", "")) == level - 1
    ]
    return last or precursors


def _assign_energy(record: ParsedRecord, terms: Params) -> None:
    energy, normalised = terms.get("MS:1000045"), terms.get("MS:1000138")
    if energy is not None and energy.get("value"):
        unit = energy.get("unitName", "")
        volts = energy.get("unitAccession") == "UO:0000266" or unit == "electronvolt"
        text = f"{energy['value']} {'eV' if volts else unit}".strip()
        assign_collision_energy(record.fields, record.notes, text)
    elif normalised is not None and normalised.get("value"):
        assign_collision_energy(record.fields, record.notes, f"{normalised['value']} NCE")


def _value(params: Params, accession: str) -> str:
    return params.get(accession, {}).get("value", "")


def _original(found: list[tuple[str, str]], element: Element) -> None:
    """Every attribute and term of a spectrum but those of its arrays, as they stand, with the unit they name."""
    for name, value in element.attributes.items():
        found.append((name if element.name == "spectrum" else f"{element.name} {name}", value))
    for child in element.children:
        given = child.attributes
        if child.name in ("cvParam", "userParam"):
            unit = given.get("unitName", "")
            value = given.get("value", "")
            found.append((given.get("name") or given.get("accession", ""), f"{value} {unit}" if unit else value))
        elif child.name != "binaryDataArrayList":
            _original(found, child)


def _peaks(record: ParsedRecord, element: Element, header: _Header) -> None:
    arrays: dict[str, npt.NDArray[Any]] = {}
    declared = whole_number(element.attributes.get("defaultArrayLength"))
    length_name = "defaultArrayLength"
    for array in (one for parts in element.named("binaryDataArrayList") for one in parts.named("binaryDataArray")):
        params = header.params(array)
        kind = next((term for term in (_MZ_ARRAY, _INTENSITY_ARRAY) if term in params), None)
        if kind is None:
            record.original.append(("array not read", _names(params)))
            continue
        if kind in arrays:
            raise RecordFault(f"two arrays of {params[kind].get('name')}: expected one")
        own = whole_number(array.attributes.get("arrayLength"))
        if own is not None:
            declared, length_name = own, "arrayLength"
        arrays[kind] = _array(array, params, "m/z array" if kind == _MZ_ARRAY else "intensity array", header, record)
    mz, intensity = arrays.get(_MZ_ARRAY), arrays.get(_INTENSITY_ARRAY)
    if mz is None and intensity is None and not declared:
        return  # an empty scan may leave its arrays out
    if mz is None or intensity is None:
        missing = "m/z" if mz is None else "intensity"
        kinds = _names({term: one for term, one in header.params(element).items() if "spectrum" in one.get("name", "")})
        raise RecordFault(f"no {missing} array{f' ({kinds})' if kinds else ''}: not a mass spectrum, or incomplete")
    checked_lengths(len(mz), len(intensity), declared, length_name, record.repairs)
    record.mz, record.intensity = mz.astype(np.float64), intensity.astype(np.float64)


def _array(array: Element, params: Params, what: str, header: _Header, record: ParsedRecord) -> npt.NDArray[Any]:
    dtypes = [dtype for term, dtype in _DTYPES.items() if term in params]
    if len(dtypes) != 1:
        raise RecordFault(
            f"{what}: {len(dtypes)} of the known types of numbers are named ({_names(params)}), expected one"
        )
    compressions = _compressions(params)
    unknown = [name for accession, name in compressions.items() if accession not in (_NO_COMPRESSION, _ZLIB)]
    if unknown:
        raise RecordFault(
            f"{what}: compressed by {unknown[0]!r}, which is not supported; write the file with zlib or without "
            "compression (msconvert: --zlib, without --numpress options)"
        )
    if len(compressions) > 1:
        raise RecordFault(f"{what}: both {' and '.join(compressions.values())} are named")
    if not compressions:
        record.notes.append("an array names no compression: taken as not compressed")
    text = "".join(one.text for one in array.named("binary"))
    return header.unpacker.array(text, dtypes[0], compressed=_ZLIB in compressions, what=what)


def _compressions(params: Params) -> dict[str, str]:
    found = {}
    for accession, param in params.items():
        name = param.get("name", "")
        if accession in (_NO_COMPRESSION, _ZLIB) or any(
            word in name for word in ("compression", "Numpress", "grid encoding")
        ):
            found[accession] = name or accession
    return found


def _names(params: Params) -> str:
    return ", ".join(_shown(params.values()))


def _shown(params: Iterable[dict[str, str]]) -> list[str]:
    return [param.get("name") or param.get("accession", "") for param in params]


FORMAT: Final = BinaryFormat(
    name="mzml",
    title="mzML",
    extensions=(".mzml",),
    sniff=lambda head, _name: looks_like(head, "mzML", "indexedmzML"),
    scan=_scan,
    parse=_parse,
    rank=5,
    holds="run",
)
