"""Correcting the fields of records: every change is an event with its reason, and the original fields stay."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from nps_spectra.columns import Column, NumberColumnBuilder, TextColumnBuilder
from nps_spectra.errors import InputError, OptionError
from nps_spectra.formats.fields import assign
from nps_spectra.library.events import Event, new_event
from nps_spectra.library.keys import RecordKeys
from nps_spectra.library.library import Library, PathLike
from nps_spectra.library.writing import checked_target, write_library
from nps_spectra.spectra import Spectra
from nps_spectra.spectrum import END, FIELDS, Spectrum, packable
from nps_spectra.substances import substances_of

#: Columns of a file of edits.
COLUMNS: Final = ("record", "field", "value", "why")
_SEVERAL: Final = ";"


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of one field of one record.

    Attributes
    ----------
    record : str
        The record, named as `nps_spectra.library.keys` says.
    field : str
        A typed field (`nps_spectra.spectrum.FIELDS`).
    value : str
        As it would stand in a file; synonyms are separated by ``;``. An empty text takes the value away.
    why : str
        The reason; it may not be empty.
    """

    record: str
    field: str
    value: str
    why: str


def edit(library: Library, edits: Iterable[Edit], out: PathLike, *, name: str | None = None) -> Library:
    """Write the library with changed fields; either all edits are made or none.

    Edits follow each other in the order given. Each is an event with the values before and after; the original
    fields, peaks and places of all records stay as they are.

    Parameters
    ----------
    library : Library
    edits : iterable of Edit
    out : path-like
        The library file to write.
    name : str, optional
        Default: the file name without its extension.

    Raises
    ------
    OptionError
        No edit; a record that is not there or several times; an unknown field; a value that the field cannot have or
        has already; no reason.
    LibraryDamagedError
        The library is not as it was written.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from nps_spectra.library.starter import starter_library
    >>> file = pathlib.Path(tempfile.mkdtemp(), "a.h5")
    >>> edited = edit(starter_library(), [Edit("starter-1", "retention_index", "2200", "own measurement")], file)
    >>> edited[0].retention_index, edited.events[-1].before, edited.events[-1].why
    (2200.0, None, 'own measurement')
    """
    target = checked_target(out, [library])
    wanted = list(edits)
    if not wanted:
        raise OptionError("no edit is given")
    library.check_quickly()
    keys = RecordKeys(library)
    whole = new_event("edit", {"library": library.name, "library_digest": library.digest, "edits": len(wanted)})
    events: list[Event] = []
    changed: dict[int, Spectrum] = {}
    for one in wanted:
        row = keys.row(one.record)
        before = changed.get(row, library[row])
        after = _edited(before, one)
        events.append(
            whole.of_record(
                keys.key(row),
                before.digest,
                one.field,
                getattr(before, one.field),
                getattr(after, one.field),
                one.why.strip(),
            )
        )
        changed[row] = after
    spectra = _with(library.spectra, changed, {one.field for one in wanted})
    digests = np.array(library.digests)
    for row, spectrum in changed.items():
        digests[row] = np.frombuffer(bytes.fromhex(spectrum.digest), dtype=np.uint8)
    return write_library(
        target,
        name=name,
        sources=library.sources,
        parts=[(spectra, None)],
        substances=substances_of(spectra),
        digests=digests,
        events=[*library.events, whole, *events],
        spreads=library.spreads,
        notice=library.notice,
    )


def read_edits(file: PathLike) -> list[Edit]:
    """Edits from a CSV file with the columns ``record``, ``field``, ``value`` and ``why``.

    Raises
    ------
    InputError
        The file cannot be read, has other columns, or a line has too few or too many cells.
    """
    try:
        text = Path(file).read_text(encoding="utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{file}: cannot be read as CSV in UTF-8 ({error})") from error
    header = tuple(cell.strip() for cell in rows[0]) if rows else ()
    if sorted(header) != sorted(COLUMNS):
        raise InputError(f"{file}: the columns are {', '.join(header) or 'none'}: expected {', '.join(COLUMNS)}")
    edits = []
    for number, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(COLUMNS):
            raise InputError(f"{file}, row {number}: {len(row)} cells, expected {len(COLUMNS)}")
        cells = dict(zip(header, row, strict=True))
        edits.append(Edit(cells["record"].strip(), cells["field"].strip(), cells["value"], cells["why"]))
    return edits


def _edited(spectrum: Spectrum, one: Edit) -> Spectrum:
    where = f"record {one.record!r}"
    if one.field not in FIELDS:
        raise OptionError(f"{where}: unknown field {one.field!r}; known: {', '.join(sorted(FIELDS))}")
    if not one.why.strip():
        raise OptionError(f"{where}, {one.field}: no reason is given; every change needs one")
    text = one.value.strip()
    value: Any = () if FIELDS[one.field] == "texts" else None
    if text:
        read: dict[str, Any] = {}
        parts = text.split(_SEVERAL) if FIELDS[one.field] == "texts" else [text]
        for part in parts:
            assign(read, [], one.field, part)
        if one.field not in read:
            raise OptionError(
                f"{where}: {one.field} cannot be {text!r} ({FIELDS[one.field]}); an empty value takes it away"
            )
        value = read[one.field]
    after = spectrum.replace(**{one.field: value})
    if getattr(after, one.field) == getattr(spectrum, one.field):
        raise OptionError(f"{where}: {one.field} is {getattr(after, one.field)!r} already")
    return after


def _with(spectra: Spectra, changed: dict[int, Spectrum], fields: set[str]) -> Spectra:
    columns: dict[str, Column] = dict(spectra.columns)
    for field in fields:
        values: list[Any] = list(spectra.columns[field].to_list())
        for row, spectrum in changed.items():
            value = getattr(spectrum, field)
            values[row] = END.join(map(packable, value)) if isinstance(value, tuple) else value
        builder: Any = TextColumnBuilder() if FIELDS[field] in ("text", "texts") else NumberColumnBuilder()
        for value in values:
            builder.append(value)
        columns[field] = builder.finish()
    return Spectra(spectra.mz, spectra.intensity, spectra.offsets, columns, spectra.report)
