"""Spectra in JSON: objects as matchms, GNPS, MoNA and PROXI write them, and as this package writes them.

What an object means is told by its keys. Keys of the peaks: ``peaks_json`` (matchms, GNPS; as a list or as a text of
one), ``peaks``, ``spectrum`` (MoNA: "58.1:999 91:20"), ``mz`` with ``intensity`` or ``intensities``, ``mzs`` with
``intensities`` (PROXI).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO, Final

from nps_spectra.formats.fields import assign, assign_collision_energy, complete
from nps_spectra.formats.json_objects import Record, objects
from nps_spectra.formats.record import BinaryFormat, ParsedRecord, RawRecord, RecordFault, Writer
from nps_spectra.formats.written import peak_digits
from nps_spectra.spectrum import FIELDS, Spectrum, checked_field

#: Typed field for a key, written without blanks, underscores, hyphens and slashes, in lower case.
_KEYS: Final = {
    "name": "name",
    "compoundname": "name",
    "title": "name",
    "spectrumname": "name",
    "synonym": "synonyms",
    "synonyms": "synonyms",
    "formula": "formula",
    "molecularformula": "formula",
    "formulasmiles": "formula",
    "smiles": "smiles",
    "canonicalsmiles": "smiles",
    "inchi": "inchi",
    "inchikey": "inchikey",
    "inchikeysmiles": "inchikey",
    "cas": "cas",
    "casnumber": "cas",
    "casnum": "cas",
    "nominalmass": "nominal_mass",
    "exactmass": "exact_mass",
    "totalexactmass": "exact_mass",
    "monoisotopicmass": "exact_mass",
    "parentmass": "exact_mass",
    "ionization": "ionization",
    "ionisation": "ionization",
    "ionsource": "ionization",
    "msionisation": "ionization",
    "msionization": "ionization",
    "polarity": "polarity",
    "ionmode": "polarity",
    "ionizationmode": "polarity",
    "scanpolarity": "polarity",
    "mslevel": "ms_level",
    "mstype": "ms_level",
    "precursormz": "precursor_mz",
    "selectedionmz": "precursor_mz",
    "precursortype": "adduct",
    "adduct": "adduct",
    "charge": "charge",
    "chargestate": "charge",
    "precursorcharge": "charge",
    "retentiontime": "retention_time_s",
    "retentionindex": "retention_index",
    "instrument": "instrument",
    "instrumenttype": "instrument_type",
    "representation": "representation",
    "spectrumrepresentation": "representation",
    "accession": "accession",
    "spectrumid": "accession",
    "id": "accession",
    "pi": "contributor",
    "principalinvestigator": "contributor",
    "contributor": "contributor",
    "author": "contributor",
    "authors": "contributor",
    "license": "licence",
    "licence": "licence",
    "comment": "comment",
    "comments": "comment",
}
_ENERGIES: Final = frozenset({"collisionenergy"})
_PAIRS: Final = ("peaks_json", "peaks", "spectrum")
_ARRAYS: Final = (("mz", "intensity"), ("mz", "intensities"), ("mzs", "intensities"), ("m/z array", "intensity array"))
_PEAK_KEYS: Final = frozenset(_PAIRS) | {key for pair in _ARRAYS for key in pair}
_PEAK_NAMES: Final = (("mz", "intensity"), ("m/z", "intensity"), ("mz", "int"))
#: Lists that hold the records of a document whose outermost object says other things too.
_WRAPPERS: Final = ("spectra", "records", "data", "results")
#: Says that an object was written by this package, and in which layout.
_OWN: Final = "nps_spectra"
_LAYOUT: Final = 1
_ORIGINAL: Final = "original_fields"
_KINDS: Final[dict[str, tuple[type, ...]]] = {"text": (str,), "texts": (list,), "float": (int, float), "int": (int,)}
_START: Final = re.compile(rb'\s*(?:\[\s*)?\{\s*(?:"|\}|$)')
_TEXT_PEAK: Final = re.compile(r"[^\s:;,\[\]()]+")
_REPEATED: Final = "a key stands more than once in an object: the last one counts, all stay in the original fields"


def _sniff(head: bytes, _name: str) -> bool:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        head = head[2:].replace(b"\0", b"")
    return _START.match(head.removeprefix(b"\xef\xbb\xbf")) is not None


def _scan(stream: BinaryIO, _name: str) -> Iterator[RawRecord]:
    for raw in objects(stream):
        for found in _unwrapped(raw.content) if raw.content is not None else ():
            yield RawRecord(raw.line, content=found, context=raw.context)
        if raw.content is None:
            yield raw


def _unwrapped(content: Record) -> Iterable[Any]:
    """The records of an object: itself, unless it is the wrapping of a list of them."""
    if not _PEAK_KEYS.isdisjoint(content):
        return (content,)
    for key in _WRAPPERS:
        inner = content.get(key)
        if isinstance(inner, list) and inner and isinstance(inner[0], dict):
            return inner
    inner = content.get("spectruminfo")
    return (inner,) if isinstance(inner, dict) else (content,)


def _parse(raw: RawRecord, _name: str) -> ParsedRecord:
    content = raw.content
    if not isinstance(content, Record):
        raise RecordFault(f"found {_text(content)[:40]!r}, expected an object '{{'")
    record = ParsedRecord((), (), dialect=_dialect(content))
    record.notes += raw.context or ()
    key = _read_peaks(record, content)
    if _OWN in content:
        _read_own(record, content)
        return record
    pairs = list(_flat(content, key))
    record.original += [(name, _text(value)) for name, value in pairs]
    if content.repeated:
        record.notes.append(_REPEATED)
        record.original += [(name, _text(value)) for name, value in content.repeated]
    for name, value in pairs:
        _assign(record, name, value)
    complete(record.fields, record.notes)
    return record


def _dialect(content: Record) -> str:
    if _OWN in content:
        return "JSON of nps_spectra"
    if "compound" in content and "spectrum" in content:
        return "JSON of MoNA"
    if "mzs" in content:
        return "JSON of PROXI"
    if "peaks_json" in content:
        return "JSON of GNPS" if any(key != key.lower() for key in content) else "JSON of matchms"
    return "JSON"


def _read_peaks(record: ParsedRecord, content: Record) -> tuple[str, ...]:
    """Read the peaks; the keys in which they stood."""
    for key in _PAIRS:
        if key in content:
            mz, intensity = _of_pairs(record, key, content[key])
            break
    else:
        for pair in _ARRAYS:
            if pair[0] in content and pair[1] in content:
                key = pair[0]
                mz, intensity = content[pair[0]], content[pair[1]]
                if not (isinstance(mz, list) and isinstance(intensity, list)):
                    raise RecordFault(f"{pair[0]!r} and {pair[1]!r} are not lists of numbers")
                if len(mz) != len(intensity):
                    raise RecordFault(f"{len(mz)} values of {pair[0]!r} and {len(intensity)} of {pair[1]!r}")
                record.mz, record.intensity = _numbers(mz, pair[0]), _numbers(intensity, pair[1])
                return pair
        known = ", ".join((*_PAIRS, "mz with intensity"))
        raise RecordFault(f"no peaks: none of the keys {known} in {_text(sorted(content))[:60]}")
    record.mz, record.intensity = _numbers(mz, key), _numbers(intensity, key)
    return (key,)


def _of_pairs(record: ParsedRecord, key: str, value: Any) -> tuple[list[Any], list[Any]]:
    if isinstance(value, str):
        text = value.strip()
        if not text.startswith("["):
            return _of_text(key, text)
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise RecordFault(f"{key!r} is a text that is no list of peaks: {error}") from None
    if not isinstance(value, list):
        raise RecordFault(f"{key!r} is {_text(value)[:40]}, expected a list of peaks")
    if set(map(type, value)) <= {list} and set(map(len, value)) <= {2}:
        return [mz for mz, _ in value], [intensity for _, intensity in value]
    found = [_one(record, key, at, peak) for at, peak in enumerate(value, start=1)]
    return [mz for mz, _ in found], [intensity for _, intensity in found]


def _one(record: ParsedRecord, key: str, at: int, peak: Any) -> tuple[Any, Any]:
    if isinstance(peak, dict):
        for names in _PEAK_NAMES:
            if names[0] in peak and names[1] in peak:
                rest = {name: value for name, value in peak.items() if name not in names}
                if rest:
                    record.original.append(("Peak annotation", _text({names[0]: peak[names[0]], **rest})))
                return peak[names[0]], peak[names[1]]
    elif isinstance(peak, list) and len(peak) >= 2:
        if len(peak) > 2:
            record.original.append(("Peak annotation", _text(peak)))
        return peak[0], peak[1]
    raise RecordFault(f"{key!r}, peak {at} is {_text(peak)[:40]}, expected [m/z, intensity]")


def _of_text(key: str, text: str) -> tuple[list[str], list[str]]:
    cells = _TEXT_PEAK.findall(text)
    if len(cells) % 2:
        raise RecordFault(f"{key!r}: {text[:40]!r} is not in pairs of m/z and intensity")
    return cells[::2], cells[1::2]


def _numbers(values: list[Any], key: str) -> list[float]:
    kinds = set(map(type, values))
    if kinds <= {float}:
        return values
    if kinds <= {int, float, str}:
        try:
            # float() takes "1_000" and digits of other scripts.
            if all("_" not in value and value.isascii() for value in values if isinstance(value, str)):
                return list(map(float, values))
        except (ValueError, OverflowError):
            pass
    for at, value in enumerate(values, start=1):
        try:
            if type(value) not in (int, float, str) or "_" in str(value) or not str(value).isascii():
                raise ValueError
            float(value)
        except (ValueError, OverflowError):
            raise RecordFault(f"{key!r}, peak {at}: {_text(value)[:40]} is not a number") from None
    return list(map(float, values))


def _read_own(record: ParsedRecord, content: Record) -> None:
    if content[_OWN] != _LAYOUT:
        raise RecordFault(f"layout {_text(content[_OWN])[:20]} of nps_spectra's JSON, expected {_LAYOUT}")
    for name, kind in FIELDS.items():
        value = content.get(name)
        if isinstance(value, bool) or not isinstance(value, (*_KINDS[kind], type(None))):
            raise RecordFault(f"{name} is {_text(value)[:40]}, expected {kind}")
        if (checked := checked_field(name, value)) is not None:
            record.fields[name] = checked
    original = content.get(_ORIGINAL, {})
    if not isinstance(original, dict) or not all(isinstance(values, list) for values in original.values()):
        raise RecordFault(f"{_ORIGINAL} is {_text(original)[:40]}, expected lists of texts by field")
    record.original += [(key, _text(value)) for key, values in original.items() for value in values]


def _flat(content: Record, peaks: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """Keys with their values; the properties that MoNA and PROXI put into lists, each under its name."""
    for key, value in content.items():
        if key in peaks:
            continue
        if key == "compound" and isinstance(value, list) and value and isinstance(value[0], dict):
            yield from _compound(value)
        elif key in ("metaData", "attributes", "tags", "classification") and isinstance(value, list):
            yield from _properties(key, value)
        elif key == "submitter" and isinstance(value, dict):
            yield key, value
            yield "contributor", value.get("institution") or value.get("id")
        else:
            yield key, value


def _compound(compounds: list[Any]) -> Iterator[tuple[str, Any]]:
    for key, value in compounds[0].items():
        if key == "names" and isinstance(value, list):
            names = [one.get("name") if isinstance(one, dict) else one for one in value]
            yield from ((("synonym" if at else "name"), name) for at, name in enumerate(names))
        elif key in ("metaData", "tags", "classification") and isinstance(value, list):
            yield from _properties(key, value)
        else:
            yield key, value
    if len(compounds) > 1:
        yield "further compounds", compounds[1:]


def _properties(key: str, properties: list[Any]) -> Iterator[tuple[str, Any]]:
    for one in properties:
        if isinstance(one, dict) and isinstance(one.get("name"), str) and "value" in one:
            unit, value = one.get("unit"), one["value"]
            yield one["name"], f"{_text(value)} {unit}" if isinstance(unit, str) and unit else value
        else:
            yield key, one


def _assign(record: ParsedRecord, key: str, value: Any) -> None:
    plain = re.sub(r"[\s_/-]", "", key.lower())
    if plain in _ENERGIES:
        if value is not None and not isinstance(value, (dict, list)):
            assign_collision_energy(record.fields, record.notes, _text(value))
        return
    name = _KEYS.get(plain)
    if name is None or value is None or isinstance(value, (dict, bool)):
        return
    for one in value if isinstance(value, list) else (value,):
        if isinstance(one, (str, int, float)):
            assign(record.fields, record.notes, name, _text(one))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):
        return f"a {type(value).__name__} nested too deep"


def _record(spectrum: Spectrum) -> str:
    content: dict[str, Any] = {_OWN: _LAYOUT}
    for name in FIELDS:
        value = getattr(spectrum, name)
        if value is not None and value != ():
            content[name] = value
    if spectrum.original:
        content[_ORIGINAL] = {key: list(values) for key, values in spectrum.original.items()}
    if spectrum.polarity is not None:
        content["ionmode"] = spectrum.polarity  # what matchms calls it
    content["num_peaks"] = len(spectrum)
    # m/z keep their point ("58.0"): readers that make arrays of the peaks take whole numbers for another kind.
    peaks = ",".join(
        f"[{mz!r},{intensity}]" for mz, intensity in zip(spectrum.mz.tolist(), peak_digits(spectrum)[1], strict=True)
    )
    # Nothing beyond ASCII: line ends and halves of letters in a text stay inside it, in every reader.
    return f'{json.dumps(content, allow_nan=False)[:-1]}, "peaks_json": [{peaks}]}}'


FORMAT: Final = BinaryFormat(
    name="json",
    title="JSON of matchms, GNPS, MoNA and PROXI",
    extensions=(".json", ".jsonl"),
    sniff=_sniff,
    scan=_scan,
    parse=_parse,
    rank=20,
    writer=Writer(_record, before="[\n", between=",\n", after="\n]\n", keeps_original=True),
)
