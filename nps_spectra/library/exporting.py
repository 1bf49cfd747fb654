"""Giving spectra of a library away: only what its licence lets be given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from nps_spectra.errors import NoSpectraError, OptionError
from nps_spectra.formats import WriteReport, write_spectra
from nps_spectra.library.keys import RecordKeys
from nps_spectra.library.library import Library, PathLike
from nps_spectra.library.licences import Redistribution, redistribution
from nps_spectra.library.writing import checked_target

#: Terms under which an unchanged copy may be given to others; the conditions have to be kept by whoever does so.
PERMITTED: Final[tuple[Redistribution, ...]] = (
    "allowed",
    "attribution",
    "share-alike",
    "non-commercial",
    "no-derivatives",
)
#: Of a record without a licence.
NOT_STATED: Final = "not stated"


@dataclass(frozen=True, slots=True)
class Export:
    """What an export gave.

    Attributes
    ----------
    written : WriteReport
        Of the records that were given to the writer.
    left_out : Counter of str
        Records that were not, by licence; ``"not stated"`` where there is none.
    conditions : Counter of str
        Terms of the records that were (`nps_spectra.library.licences.redistribution`).
    """

    written: WriteReport
    left_out: Counter[str]
    conditions: Counter[str]


def export(
    library: Library,
    file: PathLike,
    *,
    format: str | None = None,
    allow_licences: Iterable[str] = (),
    despite_licence: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Export:
    """Write the spectra of a library in a format that others read; records that may not be given away stay out.

    Records of which the licence forbids it, says nothing that is understood, or is not stated are left out and
    counted by licence; so are records that were edited, and consensus spectra, if only unchanged copies may be given
    away. What a licence asks for (the name of the origin, the same licence, no commercial use) is
    counted too: it binds whoever gives the file away.

    Parameters
    ----------
    library : Library
    file : path-like
    format : str, optional
        Name of a format that can be written; told by the extension if not given.
    allow_licences : iterable of str
        Licences, as the records have them, that are allowed whatever they say; ``"not stated"`` for records without.
    despite_licence : bool
        Write all records, for use within the laboratory.
    progress
        As for `nps_spectra.write_spectra`.

    Raises
    ------
    OptionError
        No such format; a licence to be allowed that no record has.
    NoSpectraError
        No record may be written; an existing file stays.
    LibraryDamagedError
        The library is not as it was written.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from nps_spectra import Spectra, Spectrum
    >>> spectra = [Spectrum([58], [1], name="A", licence="CC0"), Spectrum([91], [1], name="B")]
    >>> found = export(Library(Spectra.of(spectra), name="two"), pathlib.Path(tempfile.mkdtemp(), "a.msp"))
    >>> str(found.written), dict(found.left_out)
    ('1 in, 1 written, 0 rejected', {'not stated': 1})
    """
    target = checked_target(file, [library])
    licences = [licence or NOT_STATED for licence in library.spectra.texts("licence").to_list()]
    allowed = set(allow_licences)
    for licence in sorted(allowed - set(licences)):
        raise OptionError(
            f"{library.name}: no record has the licence {licence!r}; there are {', '.join(sorted(set(licences)))}"
        )
    library.check_quickly()
    terms = [redistribution(None if licence == NOT_STATED else licence) for licence in licences]
    changed = _changed(library) if "no-derivatives" in terms else set()
    keep: list[bool] = []
    left_out: Counter[str] = Counter()
    for row, (licence, term) in enumerate(zip(licences, terms, strict=True)):
        refused = term == "no-derivatives" and row in changed
        keep.append(despite_licence or licence in allowed or (term in PERMITTED and not refused))
        if not keep[-1]:
            left_out[f"{licence} (changed since)" if refused else licence] += 1
    if not any(keep):
        raise NoSpectraError(f"{target}: no record may be given away by its licence ({described(left_out)})")
    chosen = library.spectra if all(keep) else library.spectra.select(np.flatnonzero(keep))
    written = write_spectra(chosen, Path(file), format=format, progress=progress)
    return Export(written, left_out, Counter(term for term, kept in zip(terms, keep, strict=True) if kept))


def _changed(library: Library) -> set[int]:
    """Rows of consensus spectra and of records that the log says were edited."""
    edited: set[object] = set()
    for event in library.events:
        if event.action == "edit" and event.record is not None:
            edited.add(event.record)
            if event.field == "accession":
                edited.add(event.after)
    keys = RecordKeys(library)
    return {row for row in range(len(library)) if library.spread(row) is not None or keys.key(row) in edited}


def described(licences: Counter[str]) -> str:
    """Licences and how many records have them, in words."""
    return ", ".join(f"{licence}: {count}" for licence, count in licences.most_common())
