"""mzXML, the older run format of the Seattle Proteome Center (Pedrioli et al. 2004, doi:10.1038/nbt1031).

Scans may be nested (MS/MS scans inside their survey scan); each is a record of its own, in the order of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt

from nps_spectra.formats.arrays import Unpacker, checked_lengths
from nps_spectra.formats.elements import Element, elements, looks_like
from nps_spectra.formats.fields import assign, assign_collision_energy, complete, number
from nps_spectra.formats.record import BinaryFormat, ParsedRecord, RawRecord, RecordFault
from nps_spectra.formats.scans import IONIZATION_NAMES, Progress, assign_precursor, whole_number

_WHOLE: Final = frozenset({"scan", "msInstrument", "parentFile"})
_OPENED: Final = frozenset({"mzXML", "msRun", "dataProcessing"})
_TEXTS: Final = frozenset({"peaks", "precursorMz", "comment", "nameValue"})
_VERSION: Final = re.compile(r"mzXML_(\d+(?:\.\d+)*)")
_NUMBER = r"(\d+(?:\.\d*)?|\.\d+)"
#: xs:duration; no run lasts for months.
_DURATION: Final = re.compile(
    rf"\s*P(?:(\d+)D)?(?:T(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:(\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+)S)?)?\s*", re.ASCII
)
_FLAGS: Final = {"1": "centroid", "true": "centroid", "0": "profile", "false": "profile"}
_CONTENTS: Final = {"m/z-int": "pairs", "m/z": "m/z", "intensity": "intensity"}


@dataclass(slots=True)
class _Header:
    """What all scans of a file share."""

    progress: Progress
    unpacker: Unpacker
    dialect: str = "mzXML"
    representation: str | None = None
    instrument: str = ""
    ionization: str = ""
    attributes: dict[str, str] = field(default_factory=dict)

    def take(self, element: Element) -> None:
        """Remember a part of the file's head."""
        given = element.attributes
        if element.name == "mzXML":
            found = _VERSION.search(" ".join(given.values()))
            self.dialect = f"mzXML {found.group(1)}" if found else "mzXML"
        elif element.name == "msRun":
            self.progress.announce("scanCount", given.get("scanCount"))
            for name in ("startTime", "endTime"):
                if given.get(name):
                    self.attributes[name] = given[name]
        elif element.name == "dataProcessing":
            self.representation = self.representation or _FLAGS.get(given.get("centroided", "").lower())
        elif element.name == "parentFile":
            self.attributes.setdefault("source file", given.get("fileName", ""))
        elif element.name == "msInstrument":
            self._take_instrument(element)

    def _take_instrument(self, element: Element) -> None:
        parts = {child.name: child.attributes.get("value", "") for child in element.children}
        for name, value in parts.items():
            if value:
                self.attributes.setdefault(name, value)
        if not self.instrument:
            maker, model = parts.get("msManufacturer", ""), parts.get("msModel", "")
            self.instrument = model if model.startswith(maker) else f"{maker} {model}".strip()
            self.ionization = parts.get("msIonisation", "")


def _scan(stream: BinaryIO, _name: str) -> Iterator[RawRecord]:
    progress = Progress(stream)
    header = _Header(progress, Unpacker(progress.consumed))
    for element in progress.accounted(elements(progress.read, whole=_WHOLE, opened=_OPENED, texts=_TEXTS)):
        if element.name == "scan":
            progress.found += 1
            yield RawRecord(element.line, content=(element, header), context=header.attributes)
        else:
            header.take(element)
    progress.finish()


def _parse(raw: RawRecord, _name: str) -> ParsedRecord:
    element, header = raw.content
    record = ParsedRecord((), (), notes=header.progress.notes(), dialect=header.dialect)
    _assign_all(record, element, header)
    _original(record.original, element)
    _peaks(record, element, header)
    return record


def _assign_all(record: ParsedRecord, element: Element, header: _Header) -> None:
    fields, notes, given = record.fields, record.notes, element.attributes
    if given.get("num"):
        assign(fields, notes, "accession", f"scan={given['num']}")
    assign(fields, notes, "ms_level", given.get("msLevel", ""))
    if given.get("polarity", "any") != "any":
        assign(fields, notes, "polarity", given["polarity"])
    representation = _FLAGS.get(given.get("centroided", "").lower(), header.representation)
    assign(fields, notes, "representation", representation or "")
    if "retentionTime" in given:
        seconds = duration_s(given["retentionTime"])
        if seconds is None:
            notes.append("retention_time_s: value not understood, kept in the original fields only")
        else:
            fields["retention_time_s"] = seconds
    # The schema gives collisionEnergy no unit: a bare number, which has no value in eV.
    assign_collision_energy(fields, notes, given.get("collisionEnergy", ""))
    assign(fields, notes, "instrument", header.instrument)
    if header.ionization:
        technique = IONIZATION_NAMES.get(header.ionization.lower(), header.ionization)
        assign(fields, notes, "ionization", technique)
    precursors = list(element.named("precursorMz"))
    ions = [(one.text.strip(), one.attributes.get("precursorCharge", "")) for one in precursors]
    assign_precursor(record, [ion for ion in ions if number(ion[0])], [])
    complete(fields, notes)


def duration_s(text: str) -> float | None:
    """Seconds of a duration as XML Schema writes it; None if it is none.

    Examples
    --------
    >>> duration_s("PT270.5S"), duration_s("PT4.5M"), duration_s("270.5")
    (270.5, 270.0, None)
    """
    found = _DURATION.fullmatch(text)
    if found is None or not any(found.groups()):
        return None
    total = 0.0
    for part, unit in zip(found.groups(), (86400.0, 3600.0, 60.0, 1.0), strict=True):
        value = number(part or "0")
        if value is None:
            return None
        total += value * unit
    return total


def _original(found: list[tuple[str, str]], element: Element) -> None:
    """Every attribute and text of a scan but its arrays, as they stand."""
    found += element.attributes.items()
    for child in element.children:
        if child.name == "peaks":
            continue
        if child.name == "nameValue":
            found.append((child.attributes.get("name", ""), child.attributes.get("value", child.text)))
            continue
        if child.text.strip():
            found.append((child.name, child.text.strip()))
        found += ((f"{child.name} {name}", value) for name, value in child.attributes.items())


def _peaks(record: ParsedRecord, element: Element, header: _Header) -> None:
    arrays: dict[str, npt.NDArray[Any]] = {}
    declared = whole_number(element.attributes.get("peaksCount"))
    for peaks in element.named("peaks"):
        given = peaks.attributes
        # Before version 3 the attribute was called pairOrder, and there was nothing but pairs.
        content = given.get("contentType") or given.get("pairOrder") or "m/z-int"
        kind = _CONTENTS.get(content)
        if kind is None:
            record.original.append(("array not read", content))
            continue
        values = _array(peaks, f"peaks ({content})", header, record)
        if kind == "pairs":
            if len(values) % 2:
                raise RecordFault(f"peaks: {len(values)} values, expected pairs of m/z and intensity")
            found = {"m/z": values[::2], "intensity": values[1::2]}
        else:
            found = {kind: values}
        if set(found) & set(arrays):
            raise RecordFault(f"two arrays of {' and '.join(sorted(set(found) & set(arrays)))}: expected one")
        arrays |= found
    mz, intensity = arrays.get("m/z"), arrays.get("intensity")
    if mz is None and intensity is None and not declared:
        return
    if mz is None or intensity is None:
        raise RecordFault(f"no {'m/z' if mz is None else 'intensity'} values: the scan is incomplete")
    # An empty scan is written as one pair of zeros by converters of this format.
    if declared == 0 and len(mz) == 1 and float(mz[0]) == float(intensity[0]) == 0:
        return
    checked_lengths(len(mz), len(intensity), declared, "peaksCount", record.repairs)
    record.mz, record.intensity = mz.astype(np.float64), intensity.astype(np.float64)


def _array(peaks: Element, what: str, header: _Header, record: ParsedRecord) -> npt.NDArray[Any]:
    given = peaks.attributes
    if "precision" not in given:
        record.notes.append("peaks name no precision: taken as 32 bit")
    dtype = {"32": ">f4", "64": ">f8"}.get(given.get("precision", "32"))
    if dtype is None:
        raise RecordFault(f"{what}: precision is {given.get('precision')!r}, expected 32 or 64")
    if given.get("byteOrder", "network") != "network":
        raise RecordFault(f"{what}: byteOrder is {given['byteOrder']!r}, expected 'network'")
    compression = given.get("compressionType", "none")
    if compression not in ("none", "zlib"):
        raise RecordFault(f"{what}: compressed by {compression!r}, expected 'zlib' or 'none'")
    length = whole_number(given.get("compressedLen"))
    stored = sum(map(len, peaks.text.split())) * 3 // 4
    if compression == "zlib" and length is not None and not stored - 2 <= length <= stored:
        record.notes.append("compressedLen is not the number of bytes: not used")
    return header.unpacker.array(peaks.text, dtype, compressed=compression == "zlib", what=what)


FORMAT: Final = BinaryFormat(
    name="mzxml",
    title="mzXML",
    extensions=(".mzxml",),
    sniff=lambda head, _name: looks_like(head, "mzXML", "msRun"),
    scan=_scan,
    parse=_parse,
    rank=5,
    holds="run",
)
