"""Mascot Generic Format: one spectrum from ``BEGIN IONS`` to ``END IONS``.

Format: Matrix Science, "Data file format", http://www.matrixscience.com/help/data_file_help.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from nps_spectra.formats.fields import (
    assign,
    assign_collision_energy,
    complete,
    converted,
    ionization_of,
    is_missing,
    place,
)
from nps_spectra.formats.lines import Lines
from nps_spectra.formats.numbers import number_columns
from nps_spectra.formats.record import ParsedRecord, PeakText, RawRecord, RecordFault, TextFormat, Writer
from nps_spectra.formats.remembered import Remembered
from nps_spectra.formats.written import digits, one_line, peak_digits
from nps_spectra.spectrum import Spectrum

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_BEGIN: Final = "BEGIN IONS"
_END: Final = "END IONS"
_BEGIN_LINE: Final = "BEGIN IONS\n"
_END_LINE: Final = "\nEND IONS"
_FIRST_PEAK: Final = re.compile("\n(?=[0-9])")
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
    "retention_index": "retention_index",
    "nominal_mass": "nominal_mass",
    "spectrum_representation": "representation",
    "contributor": "contributor",
    "license": "licence",
    "licence": "licence",
    "comment": "comment",
}
_NAMES: Final = ("name", "compound_name", "title")
_SYNONYM: Final = "synonym"


def _sniff(head: str, _name: str) -> bool:
    for line in head.split("\n"):
        text = line.strip()
        if text.upper() == _BEGIN:
            return True
        if text and not text.startswith(_COMMENT) and "=" not in text:
            return False
    return False


def _split(lines: Lines) -> Iterator[RawRecord]:
    careful = _Careful()
    for number, block in lines.blocks():
        at = 0
        while at <= len(block):
            end = block.find(_END_LINE, at) if careful.idle and block.startswith(_BEGIN_LINE, at) else -1
            stop = end + len(_END_LINE)
            record = block[at:stop]
            # "IONS" stands in both marks and nowhere else in nearly all records: then nothing else can be a mark.
            if end >= 0 and (stop == len(block) or block[stop] == "\n") and record.upper().count("IONS") == 2:
                careful.any_block = True
                yield RawRecord(number, context=careful.shared, content=record)
                number += record.count("\n") + 1
                at = stop + 1
                continue
            stop = block.find("\n", at)
            stop = len(block) if stop < 0 else stop
            yield from careful.take(number, block[at:stop])
            number += 1
            at = stop + 1
    yield from careful.finish()


class _Careful:
    """Records line by line, however they are spelled and wherever they are cut."""

    def __init__(self) -> None:
        self.shared: list[str] = []
        self.any_block = False
        self._kept: list[str] = []
        self._start = 0
        self._inside = False

    @property
    def idle(self) -> bool:
        """Whether no record has begun."""
        return not self._inside and not self._kept

    def take(self, at: int, line: str) -> Iterator[RawRecord]:
        text = line.strip()
        mark = text.upper() if len(text) == len(_BEGIN) or len(text) == len(_END) else ""
        if mark == _BEGIN:
            if self._kept:
                yield RawRecord(self._start, self._kept, self.shared)
            self._start, self._kept, self._inside, self.any_block = at, [line], True, True
        elif self._inside:
            self._kept.append(line)
            if mark == _END:
                yield RawRecord(self._start, self._kept, self.shared)
                self._kept, self._inside = [], False
        elif not text or text.startswith(_COMMENT):
            return
        elif not self.any_block and not self._kept and "=" in text:
            self.shared.append(text)
        else:
            self._start = self._start if self._kept else at
            self._kept.append(line)

    def finish(self) -> Iterator[RawRecord]:
        if self._kept or (self.shared and not self.any_block):
            yield RawRecord(self._start or 1, self._kept or self.shared, self.shared)


def _parse(raw: RawRecord, _name: str) -> ParsedRecord:
    text: str = "\n".join(raw.lines) if raw.content is None else raw.content
    return _parsed_usual(text, raw.context) or _parsed(text, raw.context)


def _parsed_usual(text: str, shared: Sequence[str]) -> ParsedRecord | None:
    """A record whose peaks follow its parameters, as in most files; None for any other."""
    first_peak = _FIRST_PEAK.search(text)
    if first_peak is None or not (text.startswith(_BEGIN_LINE) and text.endswith(_END_LINE)):
        return None
    found, others = _parameters([*shared, *text[len(_BEGIN_LINE) : first_peak.start()].split("\n")])
    if [line for line in others if line]:
        return None
    peaks = text[first_peak.start() + 1 : -len(_END_LINE)]
    deferred = PeakText(peaks, peaks.count("\n") + 1, partial(_parsed, text, shared))
    record = ParsedRecord((), (), original=[one[0] for one in found], dialect="MGF", peaks=deferred)
    _assign_all(record.fields, record.notes, found)
    return record


def _parsed(text: str, shared: Sequence[str]) -> ParsedRecord:
    """A record however it is spelled."""
    lines = text.split("\n")
    first, last = lines[0].strip(), lines[-1].strip()
    if first.upper() != _BEGIN:
        raise RecordFault(f"found {first[:40]!r} outside a block, expected {_BEGIN!r}")
    if len(lines) < 2 or last.upper() != _END:
        raise RecordFault(f"{_END} missing: the record is cut short")
    found, others = _parameters([*shared, *lines[1:-1]])
    columns = _peaks(others)
    record = ParsedRecord(columns[0], columns[1], original=[one[0] for one in found], dialect="MGF")
    _assign_all(record.fields, record.notes, found)
    return record


#: Key and value as they stand in the file, the key in lower case, and what the value is: see `converted`.
_Parameter = tuple[tuple[str, str], str, bool, Any]


def _parameters(lines: Sequence[str]) -> tuple[list[_Parameter], list[str]]:
    """Parameters, and the lines that are neither one nor a comment."""
    found = list(map(_remembered.__getitem__, lines))
    if None not in found:
        return found, []  # type: ignore[return-value]
    others = [text for line, one in zip(lines, found, strict=True) if one is None and (text := line.strip())]
    return [one for one in found if one is not None], [text for text in others if not text.startswith(_COMMENT)]


def _parameter(line: str) -> _Parameter | None:
    key, sign, value = line.partition("=")
    known = _keys[key] if sign else None
    if known is None:
        return None
    name, lower, field = known
    value = value.strip()
    return ((name, value), lower, False, None) if field is None else ((name, value), lower, *converted(field, value))


def _known_key(key: str) -> tuple[str, str, str | None] | None:
    """A key as it stands, in lower case, and the typed field it gives; None if it starts a comment."""
    name = key.strip()
    lower = name.lower()
    return None if name.startswith(_COMMENT) else (name, lower, _PARAMETERS.get(lower))


#: Most lines are those of a record before: instrument, adduct, and all of the substance itself.
_remembered: Final = Remembered(_parameter)
_keys: Final = Remembered(_known_key, 1024)


def _peaks(lines: list[str]) -> tuple[npt.NDArray[np.float64], ...]:
    columns = number_columns(lines, 2)
    if columns is not None:
        return columns
    # A third column, such as the charge of a fragment, is no part of a spectrum here.
    pairs = [" ".join(text.split()[:2]) for text in lines]
    columns = number_columns(pairs, 2)
    if columns is None:
        at = next(at for at, pair in enumerate(pairs) if number_columns([pair], 2) is None)
        raise RecordFault(f"peak {at + 1} is {lines[at][:40]!r}, expected 'm/z intensity'")
    return columns


def _assign_all(fields: dict[str, Any], notes: list[str], found: list[_Parameter]) -> None:
    # Of a repeated parameter the last one holds, so that a block overrides what the file sets for all blocks.
    last = {one[1]: one for one in found}
    parameters = {one[1]: one[0][1] for one in found}
    names = [parameters[key] for key in _NAMES if parameters.get(key)]
    if names:
        # A name that says "unknown" is still what the spectrum is called, unless there is a better one.
        fields["name"] = next((name for name in names if not is_missing(name)), names[0])
    for key, field in _PARAMETERS.items():
        if key in last:
            _, _, known, value = last[key]
            place(fields, notes, field, known, value)
    if _SYNONYM in last:
        for (_, value), key, _, _ in found:
            if key == _SYNONYM:
                assign(fields, notes, "synonyms", value)
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


def _assign_precursor(fields: dict[str, Any], notes: list[str], parameters: Mapping[str, str]) -> None:
    """PEPMASS is 'm/z [intensity [charge]]'; 0 stands for missing, of the charge too."""
    pepmass = (parameters.get("pepmass") or parameters.get("precursor_mz", "")).split()
    if pepmass:
        assign(fields, notes, "precursor_mz", pepmass[0])
    charge = parameters.get("charge") or (pepmass[2] if len(pepmass) > 2 else "")
    if charge.strip("+- ") == "0":
        return
    assign(fields, notes, "charge", charge)
    if fields.get("charge") and charge.strip().isdigit() and fields.get("polarity") is None and "adduct" not in fields:
        notes.append("CHARGE without a sign and no IONMODE: taken as positive")


#: The keys that each typed field is read from; the last one is that which is written.
_KEYS_OF: Final = {
    "name": ("name", "compound_name", "title"),
    "synonyms": (_SYNONYM,),
    "precursor_mz": ("precursor_mz", "pepmass"),
    "charge": ("charge",),
    "retention_time_s": ("rtinseconds",),
    "ms_level": ("ms_level", "mslevel"),
    "polarity": ("polarity", "ion_mode", "ionmode"),
    "adduct": ("precursor_type", "adduct"),
    "collision_energy": ("collision_energy",),
    "formula": ("formula",),
    "exact_mass": ("exact_mass", "exactmass"),
    "nominal_mass": ("nominal_mass",),
    "smiles": ("smiles",),
    "inchi": ("inchi",),
    "inchikey": ("inchiaux", "inchikey"),
    "cas": ("cas",),
    "ionization": ("ionization",),
    "instrument": ("source_instrument", "instrument"),
    "instrument_type": ("instrument_type",),
    "representation": ("spectrum_representation",),
    "retention_index": ("retention_index",),
    "accession": ("spectrum_id", "spectrumid"),
    "contributor": ("contributor",),
    "licence": ("licence", "license"),
    "comment": ("comment",),
}
#: Other programs look for these, whatever else says the same.
_EXPECTED: Final = ("name", "precursor_mz", "ms_level")


def _record(spectrum: Spectrum) -> str:
    """The original parameters, as far as they say what the typed fields say, and new ones for the others."""
    pairs = [(_key(key), value) for key, values in spectrum.original.items() for value in values]
    found = _parse(RawRecord(1, [_BEGIN, *_lines(pairs), _END], []), "").fields
    written: list[tuple[str, str]] = []
    for field, keys in _KEYS_OF.items():
        value = getattr(spectrum, field)
        agrees = found.get(field, () if field == "synonyms" else None) == value
        if field == "collision_energy":
            agrees = agrees and found.get("collision_energy_ev") == spectrum.collision_energy_ev
            if value is None and spectrum.collision_energy_ev is not None:
                value = f"{digits(spectrum.collision_energy_ev)} eV"
        if not agrees:
            # What the typed field contradicts is kept, but as something else.
            pairs = [(f"{key}_AS_READ" if key.lower() in keys else key, text) for key, text in pairs]
        if not agrees or (field in _EXPECTED and all(pair[0].lower() != keys[-1] for pair in pairs)):
            values = value if isinstance(value, tuple) else () if value is None else (value,)
            written += [(keys[-1].upper(), _text(field, one)) for one in values]
    mz, intensity = peak_digits(spectrum)
    peaks = [f"{at} {height}" for at, height in zip(mz, intensity, strict=True)]
    return "\n".join([_BEGIN, *_lines([*written, *pairs]), *peaks, _END, "", ""])


def _key(key: str) -> str:
    """A key that is no comment, no peak and no other key when it is read."""
    return one_line(key).replace("=", "_").strip().lstrip("".join(_COMMENT)).strip() or "NOTE"


def _lines(pairs: Sequence[tuple[str, str]]) -> list[str]:
    return [f"{key}={one_line(value)}" for key, value in pairs]


def _text(field: str, value: Any) -> str:
    if field == "charge":
        return f"{abs(value)}{'+' if value > 0 else '-'}"
    return digits(value) if isinstance(value, float) else str(value)


FORMAT: Final = TextFormat(
    name="mgf",
    title="Mascot generic format",
    extensions=(".mgf",),
    sniff=_sniff,
    split=_split,
    parse=_parse,
    rank=20,
    writer=Writer(_record, keeps_original=True),
)
