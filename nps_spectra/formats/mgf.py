"""Mascot Generic Format: one spectrum from ``BEGIN IONS`` to ``END IONS``.

Format: Matrix Science, "Data file format", http://www.matrixscience.com/help/data_file_help.html
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from nps_spectra.formats.fields import (
    assign,
    assign_collision_energy,
    complete,
    ionization_of,
    is_missing,
)
from nps_spectra.formats.record import ParsedRecord, RawRecord, RecordFault, TextFormat

_BEGIN: Final = "BEGIN IONS"
_END: Final = "END IONS"
_COMMENT: Final = ("#", ";", "!", "/")

#: Typed field for a parameter; of several parameters for one field the first of this table wins.
_PARAMETERS: Final = {
    "ionmode": "polarity",
    "ion_mode": "polarity",
    "polarity": "polarity",
    "mslevel": "ms_level",
    "ms_level": "ms_level",
    "smiles": "smiles",
    "inchikey": "inchikey",
    "formula": "formula",
    "adduct": "adduct",
    "precursor_type": "adduct",
    "exactmass": "exact_mass",
    "exact_mass": "exact_mass",
    "cas": "cas",
    "spectrumid": "accession",
    "spectrum_id": "accession",
    "instrument": "instrument",
    "source_instrument": "instrument",
    "instrument_type": "instrument_type",
    "ionization": "ionization",
}
_NAMES: Final = ("name", "compound_name", "title")
#: pyteomics gives up a whole record if one of these is not as it expects.
_CONVERTED_HERE: Final = frozenset({"pepmass", "charge", "rtinseconds"})


def _sniff(head: str, _name: str) -> bool:
    for line in head.split("\n"):
        text = line.strip()
        if text.upper() == _BEGIN:
            return True
        if text and not text.startswith(_COMMENT) and "=" not in text:
            return False
    return False


def _split(lines: Iterable[tuple[int, str]]) -> Iterator[RawRecord]:
    shared: list[str] = []
    kept: list[str] = []
    start, inside, any_block = 0, False, False
    for at, line in lines:
        text = line.strip()
        mark = text.upper() if len(text) == len(_BEGIN) or len(text) == len(_END) else ""
        if mark == _BEGIN:
            if kept:
                yield RawRecord(start, kept, shared)
            start, kept, inside, any_block = at, [line], True, True
        elif inside:
            kept.append(line)
            if mark == _END:
                yield RawRecord(start, kept, shared)
                kept, inside = [], False
        elif not text or text.startswith(_COMMENT):
            continue
        elif not any_block and not kept and "=" in text:
            shared.append(text)
        else:
            start = start if kept else at
            kept.append(line)
    if kept or (shared and not any_block):
        yield RawRecord(start or 1, kept or shared, shared)


def _parse(raw: RawRecord, _name: str) -> ParsedRecord:
    first, last = raw.lines[0].strip(), raw.lines[-1].strip()
    if first.upper() != _BEGIN:
        raise RecordFault(f"found {first[:40]!r} outside a block, expected {_BEGIN!r}")
    if len(raw.lines) < 2 or last.upper() != _END:
        raise RecordFault(f"{_END} missing: the record is cut short")
    body = [text for text in map(str.strip, raw.lines[1:-1]) if text and not text.startswith(_COMMENT)]
    own = [text for text in body if "=" in text]
    peaks = [text for text in body if "=" not in text]
    pairs = [(key.strip(), value.strip()) for key, _, value in (text.partition("=") for text in (*raw.context, *own))]
    kept = [f"{key}={value}" for key, value in pairs if key.lower() not in _CONVERTED_HERE]
    parameters, mz, intensity = _by_pyteomics(kept, peaks)
    # Of a repeated parameter the last one holds, so that a block overrides what the file sets for all blocks.
    parameters |= {key.lower(): value for key, value in pairs if key.lower() in _CONVERTED_HERE}
    record = ParsedRecord(mz, intensity, original=pairs, dialect="MGF")
    _assign_all(record.fields, record.notes, parameters)
    return record


def _by_pyteomics(parameters: Sequence[str], peaks: Sequence[str]) -> tuple[dict[str, str], list[float], list[float]]:
    # Here, because importing the formats must not import pyteomics.
    from pyteomics import mgf
    from pyteomics.auxiliary import PyteomicsError

    block = io.StringIO("\n".join((_BEGIN, *parameters, *peaks, _END)))
    try:
        found = next(mgf.MGF(block, use_header=False, convert_arrays=0, read_charges=False))
    except PyteomicsError as error:
        raise RecordFault(_bad_peak(peaks)) from error
    mz, intensity = found["m/z array"], found["intensity array"]
    # pyteomics reads "1_000" as a number, and a line of one number as an m/z without intensity.
    if len(mz) != len(intensity) or any("_" in line for line in peaks):
        raise RecordFault(_bad_peak(peaks))
    return found["params"], mz, intensity


def _bad_peak(peaks: Sequence[str]) -> str:
    for at, line in enumerate(peaks, start=1):
        cells = line.split()
        try:
            fine = len(cells) > 1 and "_" not in line and [float(cell) for cell in cells[:2]]
        except ValueError:
            fine = False
        if not fine:
            return f"peak {at} is {line[:40]!r}, expected 'm/z intensity'"
    return "the peaks cannot be read"


def _assign_all(fields: dict[str, Any], notes: list[str], parameters: dict[str, str]) -> None:
    names = [parameters[key] for key in _NAMES if parameters.get(key)]
    if names:
        # A name that says "unknown" is still what the spectrum is called, unless there is a better one.
        fields["name"] = next((name for name in names if not is_missing(name)), names[0])
    for key, name in _PARAMETERS.items():
        if key in parameters:
            assign(fields, notes, name, parameters[key])
    if "inchi" in parameters:
        assign(fields, notes, "inchi", parameters["inchi"].strip('"'))
    if "inchiaux" in parameters and fields.get("inchikey") is None:
        # Holds an InChIKey in GNPS files, auxiliary layers of an InChI elsewhere.
        assign(fields, [], "inchikey", parameters["inchiaux"].strip('"'))
    if "collision_energy" in parameters:
        assign_collision_energy(fields, notes, parameters["collision_energy"])
    if "rtinseconds" in parameters:
        assign(fields, notes, "retention_time_s", parameters["rtinseconds"], "s")
    _assign_precursor(fields, notes, parameters)
    instrument = fields.get("instrument")
    if fields.get("ionization") is None and instrument and (technique := ionization_of(instrument)):
        fields["ionization"] = technique
    if fields.get("ms_level") is None and is_missing(parameters.get("mslevel", parameters.get("ms_level", ""))):
        fields["ms_level"] = 2
        notes.append("MGF without MSLEVEL: taken as MS/MS")
    complete(fields, notes)


def _assign_precursor(fields: dict[str, Any], notes: list[str], parameters: dict[str, str]) -> None:
    """PEPMASS is 'm/z [intensity [charge]]'; 0 stands for missing, of the charge too."""
    pepmass = parameters.get("pepmass", "").split()
    if pepmass:
        assign(fields, notes, "precursor_mz", pepmass[0])
    charge = parameters.get("charge") or (pepmass[2] if len(pepmass) > 2 else "")
    if charge.strip("+- ") == "0":
        return
    assign(fields, notes, "charge", charge)
    if fields.get("charge") and charge.strip().isdigit() and fields.get("polarity") is None and "adduct" not in fields:
        notes.append("CHARGE without a sign and no IONMODE: taken as positive")


FORMAT: Final = TextFormat(
    name="mgf",
    title="Mascot generic format",
    extensions=(".mgf",),
    sniff=_sniff,
    split=_split,
    parse=_parse,
    rank=20,
)
