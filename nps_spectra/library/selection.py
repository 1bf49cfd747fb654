"""Choosing records of a library by conditions on their fields, by identifiers or by names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nps_spectra.errors import NoSpectraError, OptionError
from nps_spectra.library.conditions import Condition
from nps_spectra.library.events import new_event
from nps_spectra.library.keys import RecordKeys
from nps_spectra.library.library import Library, PathLike
from nps_spectra.library.writing import checked_target, write_library
from nps_spectra.spectrum import END
from nps_spectra.substances import normalised_name


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """What a selection gave.

    Attributes
    ----------
    library : Library
        The library of the chosen records, opened.
    left_out : int
        Records that were not chosen.
    not_found : tuple of str
        Identifiers and names that no record has.
    """

    library: Library
    left_out: int
    not_found: tuple[str, ...]


def select(
    library: Library,
    out: PathLike,
    *,
    where: str | Iterable[str] = (),
    ids: Iterable[str] | None = None,
    names: Iterable[str] | None = None,
    name: str | None = None,
) -> Selection:
    """Write the records that meet every condition as a library of their own.

    Parameters
    ----------
    library : Library
    out : path-like
        The library file to write.
    where : str or iterable of str
        Conditions on fields (`nps_spectra.library.conditions`); all have to hold.
    ids : iterable of str, optional
        Only these records, named as `nps_spectra.library.keys` says.
    names : iterable of str, optional
        Only records with one of these names or synonyms; case, accents, blanks and punctuation do not count.
    name : str, optional
        Of the new library; default: the file name without its extension.

    Raises
    ------
    OptionError
        Neither conditions nor lists are given; a condition that is none; an identifier that several records have.
    NoSpectraError
        No record is chosen; an existing file stays.
    LibraryDamagedError
        The library is not as it was written.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from nps_spectra.library.starter import starter_library
    >>> chosen = select(starter_library(), pathlib.Path(tempfile.mkdtemp(), "a.h5"), names=["cocaine"])
    >>> [spectrum.name for spectrum in chosen.library]
    ['cocaine']
    """
    target = checked_target(out, [library])
    conditions = [where] if isinstance(where, str) else list(where)
    wanted_ids = None if ids is None else list(dict.fromkeys(ids))
    wanted_names = None if names is None else list(dict.fromkeys(names))
    if not conditions and wanted_ids is None and wanted_names is None:
        raise OptionError("nothing is asked for: give conditions, identifiers or names")
    parsed = [Condition.parse(text) for text in conditions]
    library.check_quickly()
    keep = np.ones(len(library), dtype=bool)
    for condition in parsed:
        keep &= condition.holds(library.spectra)
    not_found: list[str] = []
    for chosen, missing in (_with_ids(library, wanted_ids), _with_names(library, wanted_names)):
        keep &= chosen
        not_found += missing
    rows = np.flatnonzero(keep)
    if len(rows) == 0:
        raise NoSpectraError(f"{target}: none of the {len(library)} records of {library.name} is asked for")
    arguments = {
        "library": library.name,
        "library_digest": library.digest,
        "where": conditions,
        "ids": wanted_ids,
        "names": wanted_names,
        "records_in": len(library),
        "records_out": len(rows),
    }
    written = write_library(
        target,
        name=name,
        sources=library.sources,
        parts=[(library.spectra, rows)],
        substances=library.substances.take(rows),
        digests=library.digests[rows],
        events=[*library.events, new_event("select", arguments)],
        spreads=None if library.spreads is None else library.spreads.take(rows),
        notice=library.notice,
    )
    return Selection(written, len(library) - len(rows), tuple(not_found))


def _with_ids(library: Library, ids: Sequence[str] | None) -> tuple[npt.NDArray[np.bool_], list[str]]:
    if ids is None:
        return np.ones(len(library), dtype=bool), []
    keys = RecordKeys(library)
    chosen = np.zeros(len(library), dtype=bool)
    missing = []
    for one in ids:
        if keys.rows(one):
            chosen[keys.row(one)] = True
        else:
            missing.append(one)
    return chosen, missing


def _with_names(library: Library, names: Sequence[str] | None) -> tuple[npt.NDArray[np.bool_], list[str]]:
    if names is None:
        return np.ones(len(library), dtype=bool), []
    wanted = {normalised_name(one): one for one in names}
    found = set()
    chosen = np.zeros(len(library), dtype=bool)
    own, others = library.spectra.texts("name").to_list(), library.spectra.texts("synonyms").to_list()
    for row, (single, several) in enumerate(zip(own, others, strict=True)):
        plain = {normalised_name(text) for text in ([single] if single else []) + (several or "").split(END) if text}
        hits = plain & wanted.keys()
        chosen[row] = bool(hits)
        found |= hits
    return chosen, [text for plain, text in wanted.items() if plain not in found]
