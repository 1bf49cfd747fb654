"""JCAMP-DX for mass spectrometry: blocks, compound files and series of spectra (NTUPLES).

A block goes from ``##TITLE=`` to ``##END=`` and is one record; of a series, each page is one. A block of type LINK
holds other blocks. Blocks of other kinds (infrared, NMR, structures) are rejected one by one.

Sources: Lampen et al., Appl. Spectrosc. 1994, 48, 1545 (DOI 10.1366/0003702944027840); McDonald & Wilks, Appl.
Spectrosc. 1988, 42, 151 (DOI 10.1366/0003702884428734).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from nps_spectra.formats.fields import assign, assign_collision_energy, complete
from nps_spectra.formats.jcamp_blocks import Header, Ldr, Place, ldrs_of, originals_of, plain, split, without_comment
from nps_spectra.formats.jcamp_points import Fields, read_points
from nps_spectra.formats.record import ParsedRecord, RawRecord, RecordFault, TextFormat, Writer
from nps_spectra.formats.written import digits, one_line, peak_digits
from nps_spectra.spectrum import Spectrum

#: Typed field for a label of the standard.
_LABELS: Final = {
    "SPECTROMETERDATASYSTEM": "instrument",
    ".SPECTROMETERTYPE": "instrument_type",
    "ORIGIN": "contributor",
    "OWNER": "licence",
}
#: Typed field for a label that programs define themselves, with or without the "$" that the standard asks for.
_OWN_LABELS: Final = {
    "INCHIKEY": "inchikey",
    "INCHI": "inchi",
    "SMILES": "smiles",
    "EXACTMASS": "exact_mass",
    "MONOISOTOPICMASS": "exact_mass",
    "PRECURSORMZ": "precursor_mz",
    "PRECURSORTYPE": "adduct",
    "ADDUCT": "adduct",
    "CHARGE": "charge",
    "POLARITY": "polarity",
    "IONIZATION": "ionization",
    "MSLEVEL": "ms_level",
    "REPRESENTATION": "representation",
    "RETENTIONTIME": "retention_time_s",
    "RETENTIONINDEX": "retention_index",
    "RI": "retention_index",
    "NISTMASSSPECNO": "accession",
    "ACCESSION": "accession",
    "COMMENT": "comment",
    "COMMENTS": "comment",
    "FORMULA": "formula",
    "MOLECULARFORMULA": "formula",
}
_IDENTITY: Final = frozenset(
    {"synonyms", "formula", "smiles", "inchi", "inchikey", "cas", "exact_mass", "nominal_mass", "accession"}
)
#: Longer values of the block are not repeated in the typed fields of all pages; the original fields have them.
_LONGEST_SHARED: Final = 1024
_CAS_LABELS: Final = frozenset({"CASREGISTRYNO", "CASNUMBER", "CAS"})
_MASS_SPECTRA: Final = frozenset({"MS", "MSMS", "GCMS", "LCMS", "GCMSMS", "LCMSMS"})
_SNIFFED: Final = re.compile(r"^##[ \t]*(?:TITLE|JCAMP[-_ ]?DX|DATA[ _]TYPE)[ \t]*=", re.IGNORECASE | re.MULTILINE)
_MOLFORM: Final = re.compile(r"(?:[A-Z][a-z]?\d*)+", re.ASCII)
#: ChemStation and GCMSsolution number the entries of a library in their titles.
_NO_NAME: Final = re.compile(r"\d*|library entry \d+ in .*", re.IGNORECASE)


def _sniff(head: str, _name: str) -> bool:
    # Rubbish, or half a block, before the first whole one must not make the file unknown.
    return _SNIFFED.search(head) is not None


def _parse(raw: RawRecord, _name: str) -> ParsedRecord:
    place: Place = raw.content
    own = ldrs_of(raw.lines)
    fields = Fields(own, place.header)
    _check_kind(fields)
    if place.ended == "cut":
        raise RecordFault("the block has no end ('##END='): the file is cut short")
    record = ParsedRecord((), (), dialect=_dialect(fields, series=place.header is not None))
    read_points(record, own, fields)
    record.original = [*place.inherited, *originals_of(own)]
    if place.shortened:
        record.notes.append("the long header of the file is kept with the first spectrum only")
    if place.ended == "TITLE":
        record.repairs.append("##END= is missing before the next block")
    if place.excess:
        record.repairs.append("more blocks than ##BLOCKS= says")
    _assign_all(record.fields, record.notes, own)
    if place.header is not None:
        _assign_shared(record, place.header)
    _assign_name(record, fields)
    if place.header is not None:
        _assign_page(record, fields)
    complete(record.fields, record.notes)
    return record


def _check_kind(fields: Fields) -> None:
    """Refuse blocks that hold no mass spectrum."""
    kind = fields.text("DATATYPE")
    known = plain(kind)
    if known == "LINK":
        raise RecordFault("a LINK block without blocks in it")
    if not known and fields.text("JCAMPCS"):
        raise RecordFault("a block with a structure (##JCAMP-CS=), expected a mass spectrum")
    if known and "MASSSPEC" not in known and known not in _MASS_SPECTRA:
        raise RecordFault(f"##DATA TYPE= is {kind[:40]!r}, expected MASS SPECTRUM or CONTINUOUS MASS SPECTRUM")


def _dialect(fields: Fields, *, series: bool) -> str:
    if fields.text("JCAMPDX").lower().startswith("revision"):
        return "JCAMP of Agilent ChemStation"
    return "JCAMP-DX series (NTUPLES)" if series else "JCAMP-DX"


def _assign_all(fields: dict[str, Any], notes: list[str], ldrs: Sequence[Ldr]) -> None:
    for one in ldrs:
        own_label = one.label.lstrip("$.")
        if own_label in _CAS_LABELS:
            cas = one.text.replace(" ", "")
            # "0 - 00 - 0" is how programs write that they know no number.
            assign(fields, notes, "cas", cas if cas.strip("0-") else "")
        elif one.label in _LABELS:
            assign(fields, notes, _LABELS[one.label], one.text)
        elif own_label in _OWN_LABELS:
            assign(fields, notes, _OWN_LABELS[own_label], one.text)
        elif one.label == "MOLFORM":
            formula = "".join(one.text.split())
            assign(fields, notes, "formula", formula if _MOLFORM.fullmatch(formula) else one.text)
        elif one.label in ("MW", ".NOMINALMASS") and one.text.isdecimal():
            # An average mass has decimals; it is neither nominal nor exact.
            assign(fields, notes, "nominal_mass", one.text)
        elif one.label in (".IONIZATIONMODE", ".IONISATIONMODE"):
            mode = one.text
            assign(fields, notes, "ionization", mode.rstrip("+-"))
            if mode.endswith(("+", "-")):
                assign(fields, notes, "polarity", mode[-1])
        elif own_label == "COLLISIONENERGY":
            assign_collision_energy(fields, notes, one.text)
        elif one.label == "NAMES":
            for line in one.lines:
                assign(fields, notes, "synonyms", without_comment(line))


def _assign_shared(record: ParsedRecord, header: Header) -> None:
    """What the block says of all pages holds where the page itself says nothing."""
    if header.typed is None:
        found: dict[str, Any] = {}
        notes: list[str] = []
        _assign_all(found, notes, header.ldrs)
        # Scans of a chromatogram are many substances: no scan may be taken for the one that the block names.
        left_out = _IDENTITY if "TIME" in plain(Fields(header.ldrs, None).text("VARNAME")) else {"synonyms"}
        kept = {
            name: value for name, value in found.items() if name not in left_out and len(str(value)) <= _LONGEST_SHARED
        }
        header.typed = kept, list(dict.fromkeys(notes))
    fields, shared_notes = header.typed
    for name, value in fields.items():
        record.fields.setdefault(name, value)
    record.notes += shared_notes


def _assign_name(record: ParsedRecord, fields: Fields) -> None:
    title, chemical = fields.text("TITLE"), fields.text("CASNAME")
    if chemical and _NO_NAME.fullmatch(title):
        record.notes.append("the title is no name: name taken from ##CAS NAME=")
        assign(record.fields, record.notes, "name", chemical)
        return
    assign(record.fields, record.notes, "name", title)
    if chemical and chemical != title:
        assign(record.fields, record.notes, "synonyms", chemical)


def _assign_page(record: ParsedRecord, fields: Fields) -> None:
    """What tells the spectra of a series apart: the value of its third variable, mostly the retention time."""
    page = fields.text("PAGE")
    if record.fields.get("name"):
        # The title is that of the whole series; no spectrum may be taken for the substance it names.
        record.fields["name"] = f"{record.fields['name']} ({page})"
    for part in page.split(","):
        symbol, found, value = part.partition("=")
        if found and "TIME" in plain(fields.column("VARNAME", plain(symbol))):
            units = fields.column("UNITS", plain(symbol)).lower()
            unit = "s" if units.startswith("s") else "min" if units.startswith("min") else None
            assign(record.fields, record.notes, "retention_time_s", value, unit)


#: How the typed fields are written, in this order; the reader knows every one of these labels.
_WRITTEN: Final = (
    ("contributor", "ORIGIN"),
    ("licence", "OWNER"),
    ("cas", "CAS REGISTRY NO"),
    ("formula", "MOLFORM"),
    ("nominal_mass", "MW"),
    ("exact_mass", "$EXACT MASS"),
    ("inchikey", "$INCHIKEY"),
    ("inchi", "$INCHI"),
    ("smiles", "$SMILES"),
    ("instrument", "SPECTROMETER/DATA SYSTEM"),
    ("instrument_type", ".SPECTROMETER TYPE"),
    ("ms_level", "$MS LEVEL"),
    ("precursor_mz", "$PRECURSOR MZ"),
    ("adduct", "$PRECURSOR TYPE"),
    ("charge", "$CHARGE"),
    ("retention_index", "$RETENTION INDEX"),
    ("accession", "$ACCESSION"),
    ("comment", "$COMMENT"),
)
#: The standard asks for these also where nothing is known.
_REQUIRED: Final = frozenset({"contributor", "licence"})


def _record(spectrum: Spectrum) -> str:
    profile = spectrum.representation == "profile"
    lines = [
        f"##TITLE= {_text(spectrum.name or '')}",
        "##JCAMP-DX= 5.00",
        f"##DATA TYPE= {'CONTINUOUS ' if profile else ''}MASS SPECTRUM",
        f"##DATA CLASS= {'XYPOINTS' if profile else 'PEAK TABLE'}",
    ]
    if spectrum.synonyms:
        # A blank before each, so that none can look like a label.
        lines += ["##NAMES=", *(f" {_text(synonym)}" for synonym in spectrum.synonyms)]
    for name, label in _WRITTEN:
        value = getattr(spectrum, name)
        if value is not None:
            lines.append(f"##{label}= {digits(value) if isinstance(value, float) else _text(str(value))}")
        elif name in _REQUIRED:
            lines.append(f"##{label}=")
    lines += _written_acquisition(spectrum)
    lines += [
        "##XUNITS= M/Z",
        "##YUNITS= ARBITRARY UNITS",
        "##XFACTOR= 1",
        "##YFACTOR= 1",
        f"##NPOINTS= {len(spectrum)}",
    ]
    lines.append(f"##{'XYPOINTS' if profile else 'PEAK TABLE'}= (XY..XY)")
    lines += [f"{mz}, {intensity}" for mz, intensity in zip(*peak_digits(spectrum), strict=True)]
    return "\n".join([*lines, "##END=", ""])


def _written_acquisition(spectrum: Spectrum) -> list[str]:
    lines = []
    sign = {"positive": "+", "negative": "-"}.get(spectrum.polarity or "", "")
    if spectrum.ionization is not None:
        lines.append(f"##.IONIZATION MODE= {_text(spectrum.ionization)}{sign}")
    elif sign:
        lines.append(f"##$POLARITY= {spectrum.polarity}")
    if spectrum.collision_energy is not None:
        lines.append(f"##$COLLISION ENERGY= {_text(spectrum.collision_energy)}")
    elif spectrum.collision_energy_ev is not None:
        lines.append(f"##$COLLISION ENERGY= {digits(spectrum.collision_energy_ev)} eV")
    if spectrum.retention_time_s is not None:
        lines.append(f"##$RETENTION TIME= {digits(spectrum.retention_time_s)} s")
    if spectrum.representation == "centroid":
        lines.append("##$REPRESENTATION= centroid")
    return lines


def _text(text: str) -> str:
    """On one line, and without the mark that starts a comment."""
    return one_line(text).replace("$$", "$ $")


FORMAT: Final = TextFormat(
    name="jcamp",
    title="JCAMP-DX",
    extensions=(".jdx", ".dx", ".jcamp"),
    sniff=_sniff,
    split=split,
    parse=_parse,
    rank=15,
    writer=Writer(_record),
)
