"""What a library file keeps of substances that a method cannot tell apart: arrays, and a description of how they came.

`nps_spectra.identification.groups` makes them and reads meaning into them; here they are kept and checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

#: Arrays, with their types.
GROUP_ARRAYS: Final = {"pairs": np.int64, "scores": np.float64, "group": np.int64}


@dataclass(frozen=True, slots=True, eq=False)
class StoredGroups:
    """The groups of one technique.

    Attributes
    ----------
    described : mapping
        ``technique``, ``library_digest``, ``spread``, ``tolerance``: plain data for JSON.
    arrays : mapping of str to ndarray
        Those of `GROUP_ARRAYS`: ``pairs`` of substances, shape (pairs, 2), their ``scores``, and the ``group`` of every
        substance.
    """

    described: Mapping[str, Any]
    arrays: Mapping[str, npt.NDArray[Any]]

    def fault(self, substances: int) -> str | None:
        """What is wrong with the arrays of a library of so many substances; None if nothing is."""
        for name, kind in GROUP_ARRAYS.items():
            if self.arrays[name].dtype != kind:
                return f"groups: {name} has type {self.arrays[name].dtype}"
        pairs, scores, group = (self.arrays[name] for name in GROUP_ARRAYS)
        if pairs.shape != (len(scores), 2) or scores.ndim != 1 or group.shape != (substances,):
            return f"groups: shapes {pairs.shape}, {scores.shape} and {group.shape} for {substances} substances"
        return None


def named_arrays(groups: tuple[StoredGroups, ...]) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """Every array with its place in the file."""
    for number, one in enumerate(groups):
        for name in GROUP_ARRAYS:
            yield f"alike/{number}/{name}", one.arrays[name]


def from_arrays(described: Any, arrays: Mapping[str, npt.NDArray[Any]]) -> tuple[StoredGroups, ...]:
    """The groups that a file describes, with their arrays.

    Raises
    ------
    ValueError, KeyError
        The description is none, or an array is missing.
    """
    if not isinstance(described, list) or not all(isinstance(one, dict) for one in described):
        raise ValueError(f"groups are described by {described!r}: expected a list")
    return tuple(
        StoredGroups(one, {name: arrays[f"alike/{number}/{name}"] for name in GROUP_ARRAYS})
        for number, one in enumerate(described)
    )
