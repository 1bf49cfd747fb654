"""Writing a library that is made of others: what all ways of doing so share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nps_spectra.errors import OptionError
from nps_spectra.library.events import Event
from nps_spectra.library.library import Library, PathLike, library_file
from nps_spectra.library.pieces import Part
from nps_spectra.library.spread import Spreads
from nps_spectra.library.stored_groups import StoredGroups
from nps_spectra.substances import Substances


def checked_target(out: PathLike, inputs: Sequence[Library]) -> Path:
    """The file to write, which is none of those that are read: a library is never changed in place.

    Raises
    ------
    OptionError
        Its folder does not exist, it is a folder, or it is one of the inputs.
    """
    target = library_file(out)
    for library in inputs:
        if library.path is not None and target.exists() and library.path.exists() and target.samefile(library.path):
            raise OptionError(f"{target}: is the library that is read; write the new one to another file")
    return target


def write_library(
    target: Path,
    *,
    name: str | None,
    sources: Sequence[Mapping[str, Any]],
    parts: Sequence[Part],
    substances: Substances,
    digests: npt.NDArray[np.uint8],
    events: Sequence[Event],
    spreads: Spreads | None,
    notice: str | None,
    groups: Sequence[StoredGroups] = (),
) -> Library:
    """Write a library made of others, and open it; the last event tells which program wrote it."""
    from nps_spectra.library import store

    store.write(
        target,
        name=name or target.stem,
        created_by=events[-1].program,
        sources=sources,
        parts=parts,
        substances=substances,
        digests=digests,
        events=events,
        spreads=spreads,
        groups=groups,
        notice=notice,
    )
    return Library.open(target)
