"""The run of one injection: scans in the order in which they were acquired."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from nps_spectra.spectra import Spectra

Float = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Run:
    """Scans of one injection, as an instrument recorded them.

    A run is not a set of spectra: its scans follow each other in time, most of them are mixtures or
    background, and empty scans are part of it.

    Attributes
    ----------
    scans : Spectra
        Every scan that could be read, in the order of the file; ``scans.report`` accounts for the others.
    file : str
    attributes : mapping of str to str
        What the file says of the whole injection (instrument, sample name, date ...), as it stands there.

    Examples
    --------
    >>> from nps_spectra.spectrum import Spectrum
    >>> scans = Spectra.of([Spectrum([58, 91], [7, 3], retention_time_s=60.0, ms_level=1),
    ...                     Spectrum([], [], retention_time_s=60.5, ms_level=1)])
    >>> run = Run(scans, "a.cdf", {})
    >>> len(run), run.total_ion_current.tolist(), run.retention_time_s.tolist()
    (2, [10.0, 0.0], [60.0, 60.5])
    """

    scans: Spectra
    file: str
    attributes: Mapping[str, str]

    def __len__(self) -> int:
        return len(self.scans)

    def __repr__(self) -> str:
        return f"<Run {self.file!r}, {len(self)} scans>"

    @property
    def retention_time_s(self) -> Float:
        """Time of each scan in seconds, shape (scans,); NaN where the file does not say."""
        return self.scans.numbers("retention_time_s")

    @cached_property
    def total_ion_current(self) -> Float:
        """Sum of the intensities of each scan, shape (scans,)."""
        owner = np.repeat(np.arange(len(self)), np.diff(self.scans.offsets))
        total: Float = np.bincount(owner, weights=self.scans.intensity, minlength=len(self)).astype(np.float64)
        return total

    def at_level(self, ms_level: int) -> Run:
        """The scans of one MS level."""
        rows = np.flatnonzero(self.scans.numbers("ms_level") == ms_level)
        return Run(self.scans.select(rows), self.file, self.attributes)
