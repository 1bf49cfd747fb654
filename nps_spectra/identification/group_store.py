"""Groups that are stored with a library: made once, because comparing all with all takes minutes and more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from nps_spectra.errors import OptionError
from nps_spectra.identification.groups import Groups
from nps_spectra.identification.repeatability import COVERAGE, rows_of
from nps_spectra.library import Library
from nps_spectra.library.events import new_event
from nps_spectra.library.library import PathLike
from nps_spectra.library.stored_groups import StoredGroups
from nps_spectra.library.writing import checked_target, write_library
from nps_spectra.options import Tolerance
from nps_spectra.scorers import Technique

TECHNIQUES: Final[tuple[Technique, ...]] = ("EI", "MS/MS")
#: With more spectra of a technique the comparison is not made in passing: its time grows with their square, to about
#: three minutes for so many EI spectra.
IN_PASSING: Final = 10_000


def groups_to_store(
    library: Library,
    *,
    tolerance: Tolerance | str = "0.01 Da",
    most: int | None = IN_PASSING,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[StoredGroups, ...]:
    """The groups of every technique that a library has spectra of, as its file stores them.

    Parameters
    ----------
    library : Library
    tolerance : Tolerance or str
        Of peaks and precursors, for MS/MS.
    most : int or None
        Techniques with more spectra are left out; None: none is.
    progress : callable, optional
        Called with the number of spectra done and in all.

    Examples
    --------
    >>> from nps_spectra import Spectra, Spectrum
    >>> spectra = [Spectrum([44, 91], [99, h], name=name, ionization="EI") for name, h in (("A", 9), ("B", 8))]
    >>> [one.described["technique"] for one in groups_to_store(Library(Spectra.of(spectra), name="two"))]
    ['EI']
    """
    found = []
    for technique in TECHNIQUES:
        count = len(rows_of(library, technique))
        if count and (most is None or count <= most):
            found.append(_stored(library, technique, Tolerance.parse(tolerance), progress))
    return tuple(found)


def _stored(
    library: Library, technique: Technique, tolerance: Tolerance, progress: Callable[[int, int], None] | None
) -> StoredGroups:
    groups = Groups.of(library, technique=technique, tolerance=tolerance, progress=progress)
    return StoredGroups(groups.describe() | {"tolerance": str(tolerance)}, groups.arrays())


def groups_of(
    library: Library,
    technique: Technique = "EI",
    *,
    coverage: float = COVERAGE,
    tolerance: Tolerance | str = "0.01 Da",
    most: int | None = IN_PASSING,
    progress: Callable[[int, int], None] | None = None,
) -> Groups:
    """The groups stored with a library if they are those asked for; else computed, and kept while it is open.

    Parameters
    ----------
    library : Library
    technique : {"EI", "MS/MS"}
    coverage, tolerance, progress
        As for `Groups.of`.
    most : int or None
        More spectra are not compared in passing; None: however many.

    Raises
    ------
    OptionError
        No spectrum of this technique, or groups that are not stored and of too many spectra.

    Examples
    --------
    >>> from nps_spectra import Spectra, Spectrum
    >>> spectra = [Spectrum([44, 91], [99, h], name=name, ionization="EI") for name, h in (("A", 9), ("B", 8))]
    >>> groups_of(Library(Spectra.of(spectra), name="two")).spread.limit is None
    True
    """
    width = Tolerance.parse(tolerance)
    for number, one in enumerate(library.groups):
        same = one.described.get("technique") == technique and one.described["spread"].get("coverage") == coverage
        if same and (technique == "EI" or one.described.get("tolerance") == str(width)):
            read = partial(Groups.stored, library, one.arrays, one.described)
            kept: Groups = library.kept(("stored groups", number), read)
            return kept

    def compute() -> Groups:
        count = len(rows_of(library, technique))
        if most is not None and count > most:
            raise OptionError(
                f"library {library.name!r} has {count} {technique} spectra and no stored groups; "
                "'nps-spectra library groups LIB --store NEW' makes a library that has them"
            )
        return Groups.of(library, technique=technique, coverage=coverage, tolerance=width, progress=progress)

    made: Groups = library.kept(("groups", technique, coverage, width), compute)
    return made


def store_groups(
    library: Library,
    out: PathLike,
    *,
    tolerance: Tolerance | str = "0.01 Da",
    progress: Callable[[int, int], None] | None = None,
) -> Library:
    """Write the library again, with its groups, and open it; its digest stays the same.

    Parameters
    ----------
    library : Library
    out : path-like
        Another file.
    tolerance, progress
        As for `groups_to_store`.

    Raises
    ------
    OptionError
        `out` is the library itself, or cannot be written.
    """
    target = checked_target(out, [library])
    groups: Sequence[StoredGroups] = groups_to_store(library, tolerance=tolerance, most=None, progress=progress)
    return write_library(
        target,
        name=library.name,
        sources=library.sources,
        parts=[(library.spectra, None)],
        substances=library.substances,
        digests=library.digests,
        events=[*library.events, new_event("groups", {"tolerance": str(tolerance)})],
        spreads=library.spreads,
        notice=library.notice,
        groups=groups,
    )
