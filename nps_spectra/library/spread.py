"""How far replicates differ from each other: kept for every peak of a consensus spectrum."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from nps_spectra.columns import gathered

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """The spread of the replicates behind one consensus spectrum; arrays are parallel to its peaks.

    Attributes
    ----------
    replicates : int
        Replicates that the spectrum was made of.
    present : ndarray of int64, shape (peaks,)
        How many of them have the peak.
    intensity_rsd : ndarray of float64, shape (peaks,)
        Relative standard deviation (n - 1) of the intensity, as a fraction, among those that have the peak;
        NaN where only one has it.
    mz_sd : ndarray of float64, shape (peaks,)
        Standard deviation (n - 1) of m/z in Th, likewise; 0 where peaks were binned to nominal m/z.
    """

    replicates: int
    present: Int
    intensity_rsd: Float
    mz_sd: Float


@dataclass(frozen=True, slots=True, eq=False)
class Spreads:
    """The spreads of those spectra of a library that have one.

    Attributes
    ----------
    rows : ndarray of int64, shape (consensus spectra,)
        Their rows, ascending.
    offsets : ndarray of int64, shape (consensus spectra + 1,)
    replicates : ndarray of int64, shape (consensus spectra,)
    present, intensity_rsd, mz_sd : ndarray, shape (peaks of consensus spectra,)
        As in `Spread`.
    """

    rows: Int
    offsets: Int
    replicates: Int
    present: Int
    intensity_rsd: Float
    mz_sd: Float

    @classmethod
    def of(cls, spreads: Mapping[int, Spread]) -> Spreads:
        """From single spreads by row."""
        ordered = [spreads[row] for row in sorted(spreads)]
        offsets = np.zeros(len(ordered) + 1, dtype=np.int64)
        np.cumsum([len(spread.present) for spread in ordered], out=offsets[1:])
        return cls(
            np.array(sorted(spreads), dtype=np.int64),
            offsets,
            np.array([spread.replicates for spread in ordered], dtype=np.int64),
            np.concatenate([np.empty(0, np.int64), *(spread.present for spread in ordered)]),
            np.concatenate([np.empty(0), *(spread.intensity_rsd for spread in ordered)]),
            np.concatenate([np.empty(0), *(spread.mz_sd for spread in ordered)]),
        )

    def __len__(self) -> int:
        return len(self.rows)

    def row(self, row: int) -> Spread | None:
        """The spread of one spectrum; None if it is no consensus."""
        at = int(np.searchsorted(self.rows, row))
        if at == len(self.rows) or self.rows[at] != row:
            return None
        peaks = slice(int(self.offsets[at]), int(self.offsets[at + 1]))
        return Spread(int(self.replicates[at]), self.present[peaks], self.intensity_rsd[peaks], self.mz_sd[peaks])

    def take(self, rows: Int) -> Spreads:
        """The spreads of some of the spectra, with the rows that these get."""
        at = np.searchsorted(self.rows, rows)
        known = np.zeros(len(rows), dtype=bool)
        inside = at < len(self.rows)
        known[inside] = self.rows[at[inside]] == rows[inside]
        chosen = at[known]
        offsets = np.zeros(len(chosen) + 1, dtype=np.int64)
        np.cumsum(self.offsets[chosen + 1] - self.offsets[chosen], out=offsets[1:])
        return Spreads(
            np.flatnonzero(known).astype(np.int64),
            offsets,
            self.replicates[chosen],
            *(gathered(values, self.offsets, chosen) for values in (self.present, self.intensity_rsd, self.mz_sd)),
        )

    def arrays(self) -> Iterator[tuple[str, npt.NDArray[Any]]]:
        """Every array with its name, as the library file has them."""
        for part in fields(self):
            yield part.name, getattr(self, part.name)

    @classmethod
    def joined(cls, parts: Sequence[tuple[Spreads | None, int]]) -> Spreads | None:
        """The spreads of several sets of spectra of which the lengths are given; None if none has one."""
        if all(spreads is None for spreads, _ in parts):
            return None
        found: dict[int, Spread] = {}
        start = 0
        for spreads, length in parts:
            for row in [] if spreads is None else spreads.rows.tolist():
                spread = None if spreads is None else spreads.row(row)
                if spread is not None:
                    found[start + row] = spread
            start += length
        return cls.of(found)

    def fault(self, offsets: Int) -> str | None:
        """What does not fit spectra with these offsets of peaks, in words; None if all does."""
        count = len(self.rows)
        if len(self.offsets) != count + 1 or len(self.replicates) != count:
            return f"spread has {count} rows, {len(self.offsets)} offsets and {len(self.replicates)} replicates"
        if count and not (self.rows[0] >= 0 and self.rows[-1] < len(offsets) - 1 and np.all(np.diff(self.rows) > 0)):
            return "rows of the spread are not those of spectra"
        if self.offsets[0] != 0 or not np.array_equal(
            np.diff(self.offsets), offsets[self.rows + 1] - offsets[self.rows]
        ):
            return "spread has other peaks than its spectra"
        if any(len(values) != self.offsets[-1] for values in (self.present, self.intensity_rsd, self.mz_sd)):
            return "spread has arrays of different lengths"
        return None


#: Names of the arrays of `Spreads` and their types.
SPREAD_ARRAYS: Final[Mapping[str, type]] = {
    "rows": np.int64,
    "offsets": np.int64,
    "replicates": np.int64,
    "present": np.int64,
    "intensity_rsd": np.float64,
    "mz_sd": np.float64,
}
