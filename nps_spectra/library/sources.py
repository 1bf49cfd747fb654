"""Public libraries of reference spectra: ``reference_library/sources.toml`` as typed values.

Reading the list opens no connection; `nps_spectra.library.fetch` does, when the user names a source.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Final

from nps_spectra.errors import InputError
from nps_spectra.options import chosen
from nps_spectra.substances.registry import reference_file

_FILE: Final = "sources.toml"


@dataclass(frozen=True, slots=True)
class LibrarySource:
    """One public library.

    Attributes
    ----------
    name : str
        What ``nps-spectra library fetch`` takes.
    title, holds : str
        What it is called, and what is in it.
    version : str or None
        Which one the facts are of; None if it has none.
    page : str
        Where a person reads about it.
    licence, terms : str
        Short name of the licence, and what it asks for in one line.
    check : str
        What tells that the file is the right one, and why no digest is known if none is.
    largest_bytes : int
        A file above this is refused.
    checked : date
        When these facts were last checked.
    facts_from : tuple of str
        The pages they come from.
    format : str or None
        As `nps_spectra.read_spectra` takes it; None: told by the content.
    address, file : str or None
        The file to download and its name; None if it has to be downloaded by hand.
    by_hand : str or None
        What to do by hand.
    only : str or None
        Pattern of the members to read, as `nps_spectra.read_spectra` takes it.
    record_licence : str or None
        Licence of the records that name none; None where each has to name its own.
    size_bytes : int or None
    sha256 : str or None
        Of the file, where it does not change and was read at the publisher's.
    least_spectra : int or None
        A file that gives fewer is not the whole library.
    not_verified : tuple of str
        What of all this could not be seen at the publisher's when it was `checked`.
    """

    name: str
    title: str
    holds: str
    page: str
    licence: str
    terms: str
    check: str
    largest_bytes: int
    checked: date
    facts_from: tuple[str, ...]
    version: str | None = None
    format: str | None = None
    address: str | None = None
    file: str | None = None
    by_hand: str | None = None
    only: str | None = None
    record_licence: str | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    least_spectra: int | None = None
    not_verified: tuple[str, ...] = ()

    @property
    def full_title(self) -> str:
        """Title and version."""
        return f"{self.title}, {self.version}" if self.version else self.title

    def summary(self) -> dict[str, Any]:
        """All fields as plain data."""
        values = {name: getattr(self, name) for name in self.__slots__}
        listed = {name: list(values[name]) for name in ("facts_from", "not_verified")}
        return values | listed | {"checked": self.checked.isoformat()}


@cache
def library_sources() -> tuple[LibrarySource, ...]:
    """All known public libraries, in the order of the file.

    Raises
    ------
    InputError
        The installation is incomplete, or the file was changed into something else.

    Examples
    --------
    >>> [source.name for source in library_sources()][:2]
    ['massbank', 'swgdrug-3.4']
    """
    path = reference_file(_FILE)
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))["source"]
        return tuple(LibrarySource(**_values(entry)) for entry in entries)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise InputError(f"{path}: no list of sources ({error}); install the package again") from error


def _values(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}


def library_source(name: str) -> LibrarySource:
    """The public library of this name.

    Raises
    ------
    OptionError
        There is none; the message names the nearest.

    Examples
    --------
    >>> library_source("massbank").format
    'massbank'
    """
    known = {source.name: source for source in library_sources()}
    return chosen(known, name, "public library")
