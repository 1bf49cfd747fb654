"""Every format there is: found by entry point, so that a new one touches no other file.

A package that brings a format declares it in its metadata::

    [project.entry-points."nps_spectra.formats"]
    my_format = "my_package.my_module:FORMAT"

where ``FORMAT`` is a `TextFormat` or a `BinaryFormat`. The formats of this package are declared in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import PurePath
from typing import Final

from nps_spectra.errors import FormatError, OptionError
from nps_spectra.formats.record import BinaryFormat, Format, TextFormat

GROUP: Final = "nps_spectra.formats"
_OWN: Final = "nps_spectra."


@dataclass(frozen=True, slots=True)
class Formats:
    """What was found.

    Attributes
    ----------
    known : tuple of Format
        In the order in which they are tried.
    faults : dict of str to str
        Plug-ins that cannot be used, and why; the others work all the same.
    """

    known: tuple[TextFormat | BinaryFormat, ...]
    faults: dict[str, str]


@cache
def formats() -> Formats:
    """All formats; looked up once in a process (``formats.cache_clear()`` looks again).

    Raises
    ------
    FormatError
        Not even the formats of this package are declared: it is not properly installed.
    """
    known: dict[str, TextFormat | BinaryFormat] = {}
    faults: dict[str, str] = {}
    # Own formats first, so that no plug-in can take the name of one.
    points = sorted(entry_points(group=GROUP), key=lambda point: (not point.value.startswith(_OWN), point.name))
    for point in points:
        loaded = _loaded(point)
        if isinstance(loaded, str):
            faults[point.name] = loaded
        elif loaded.name in known:
            faults[point.name] = f"{point.value}: there is a format {loaded.name!r} already"
        else:
            known[loaded.name] = loaded
    if not known:
        raise FormatError("no format is declared: nps_spectra is not installed with its metadata; install it by pip")
    return Formats(tuple(sorted(known.values(), key=lambda one: (one.rank, one.name))), faults)


def _loaded(point: EntryPoint) -> TextFormat | BinaryFormat | str:
    try:
        found = point.load()
    except Exception as error:  # a plug-in is foreign code: whatever is wrong with it, the others must work
        return f"{point.value} cannot be loaded ({type(error).__name__}: {error})"
    if not isinstance(found, (TextFormat, BinaryFormat)):
        return f"{point.value} is a {type(found).__name__}, expected a TextFormat or a BinaryFormat"
    return found


def format_names() -> tuple[str, ...]:
    """What ``format=`` takes for reading."""
    return tuple(sorted(one.name for one in formats().known))


def format_named(name: str) -> TextFormat | BinaryFormat:
    """The format of this name.

    Raises
    ------
    OptionError
        There is none, or its plug-in cannot be used.
    """
    found = formats()
    for one in found.known:
        if one.name == name:
            return one
    if name in found.faults:
        raise OptionError(f"format {name!r}: {found.faults[name]}")
    raise OptionError(f"unknown format {name!r}: expected one of {', '.join(format_names())}")


def format_to_write(path: PurePath, name: str | None) -> Format:
    """The format to write `path` in: by name if given, else by the extension.

    Raises
    ------
    OptionError
        No format of this name or extension can be written.
    """
    writable = [one for one in formats().known if one.writer is not None]
    if name is not None:
        chosen = format_named(name)
        if chosen.writer is None:
            names = ", ".join(sorted(one.name for one in writable))
            raise OptionError(f"format {name!r} is read only: expected one of {names}")
        return chosen
    for one in writable:
        if path.suffix.lower() in one.extensions:
            return one
    endings = ", ".join(sorted({ending for one in writable for ending in one.extensions}))
    raise OptionError(f"{path}: the ending {path.suffix!r} names no format that can be written ({endings}); name one")
