"""The run of one injection: scans in the order in which they were acquired."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from nps_spectra.cleaning import CleaningRecipe, MergePeaks
from nps_spectra.errors import OptionError
from nps_spectra.options import Tolerance
from nps_spectra.spectra import Spectra
from nps_spectra.spectrum import Spectrum

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

#: The names by which native identifiers of the PSI-MS vocabulary (MS:1000767) give a number of the scan alone.
_NUMBER: Final = re.compile(r"(?:^|\s)(?:scan|scanId|spectrum)=(\d{1,18})(?:\s|$)", re.ASCII)
#: Fields that an average has if all its scans agree in them.
_COMMON: Final = (
    *("ionization", "polarity", "ms_level", "precursor_mz", "adduct", "charge", "collision_energy"),
    *("collision_energy_ev", "instrument", "instrument_type", "representation"),
)


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
        return self._sums(self.scans.intensity)

    @cached_property
    def scan_numbers(self) -> Int:
        """Number of each scan, shape (scans,).

        As the file numbers them; where it does not number all of them, or two alike: their place in it, from 1.
        """
        found = [_NUMBER.search(text or "") for text in self.scans.texts("accession").to_list()]
        numbers = [int(one.group(1)) for one in found if one is not None]
        if len(set(numbers)) == len(self):
            return np.array(numbers, dtype=np.int64)
        records = self.scans.numbers("source_record")
        if np.isnan(records).any():
            return np.arange(1, len(self) + 1, dtype=np.int64)
        return records.astype(np.int64)

    def scan(self, number: int) -> Spectrum:
        """The scan of this number.

        Raises
        ------
        OptionError
            There is none.
        """
        rows = np.flatnonzero(self.scan_numbers == number)
        if len(rows) == 0:
            known = f"{self.scan_numbers.min()} to {self.scan_numbers.max()}" if len(self) else "none"
            raise OptionError(f"{self.file}: no scan {number}; its scans are {known}")
        return self.scans[int(rows[0])]

    def scan_at(self, seconds: float) -> Spectrum:
        """The scan whose time is nearest (of two equally near ones the first).

        Raises
        ------
        OptionError
            No scan has a time, or it lies outside of the run.
        """
        start, stop = self._extent()
        if not start <= seconds <= stop:
            raise OptionError(
                f"{self.file}: {seconds!r} s is outside of the run, which lasts from {start:g} to {stop:g} s"
            )
        return self.scans[int(np.nanargmin(np.abs(self.retention_time_s - seconds)))]

    def at_level(self, ms_level: int) -> Run:
        """The scans of one MS level."""
        return self._of(np.flatnonzero(self.scans.numbers("ms_level") == ms_level))

    def chromatogram(self, mz: float | None = None, tolerance: Tolerance | str | None = None) -> Float:
        """Chromatogram of all ions, or of those around one m/z (extracted-ion chromatogram).

        Parameters
        ----------
        mz : float, optional
            In Th; all ions if not given.
        tolerance : Tolerance or str
            Half width of the window around `mz`, such as ``"0.5 Da"`` for instruments of unit resolution or
            ``"10 ppm"``; there is no width that suits both.

        Returns
        -------
        ndarray of float64, shape (scans,)
            Sum of the intensities in each scan; the times are `retention_time_s`.

        Raises
        ------
        OptionError
            An m/z without tolerance, or the reverse.

        Examples
        --------
        >>> run = Run(Spectra.of([Spectrum([58.0, 58.3, 91.0], [7, 2, 3])]), "a.cdf", {})
        >>> run.chromatogram(58.0, "0.1 Da").tolist(), run.chromatogram().tolist()
        ([7.0], [12.0])
        """
        if mz is None and tolerance is None:
            return self.total_ion_current
        if mz is None or tolerance is None or not mz > 0:
            raise OptionError(
                f"m/z {mz!r} and tolerance {tolerance!r}: expected both, such as 58.065 and '0.5 Da' or '10 ppm'"
            )
        low, high = Tolerance.parse(tolerance).bounds(mz)
        inside = (self.scans.mz >= low) & (self.scans.mz <= high)
        return self._sums(np.where(inside, self.scans.intensity, 0))

    def averaged(
        self,
        start_s: float,
        stop_s: float,
        *,
        ms_level: int | None = None,
        polarity: str | None = None,
        precursor_mz: float | None = None,
        background: tuple[float, float] | None = None,
        tolerance: Tolerance | str | None = None,
    ) -> Spectrum:
        """The mean spectrum of the scans between two times, less that of a background.

        The peaks of all scans are pooled, joined where they lie within the tolerance (as `MergePeaks` does), and
        divided by the number of scans, those without the peak included. The mean of the background is subtracted
        from the nearest peak within the tolerance; what falls to 0 or below is left out.

        Parameters
        ----------
        start_s, stop_s : float
            Times in seconds; both are inside.
        ms_level, polarity, precursor_mz : optional
            Take only such scans (precursor within the tolerance). They must be named where the scans differ in them.
        background : (float, float), optional
            Times in seconds of scans to subtract, of the same kind.
        tolerance : Tolerance or str, optional
            Within which peaks of different scans are the same; default 0.3 Da for EI and 0.01 Da for all others.

        Returns
        -------
        Spectrum
            With the fields in which all scans agree, their mean time, and the scans named in its original fields.

        Raises
        ------
        OptionError
            No such scans, scans of different kinds, or profile scans.

        Examples
        --------
        >>> scans = Spectra.of([Spectrum([58.0, 207.0], [8, 3], retention_time_s=60.0),
        ...                     Spectrum([58.0], [4], retention_time_s=61.0),
        ...                     Spectrum([207.0], [1], retention_time_s=70.0)])
        >>> mean = Run(scans, "a.cdf", {}).averaged(60, 61, background=(70, 71))
        >>> mean.mz.tolist(), mean.intensity.tolist(), mean.retention_time_s
        ([58.0, 207.0], [6.0, 0.5], 60.5)
        """
        kind = self._of_kind(ms_level, polarity)
        chosen = kind._between(start_s, stop_s, "no scan")
        width = Tolerance.parse(tolerance) if tolerance is not None else chosen._default_tolerance()
        if precursor_mz is not None:
            chosen = chosen._with_precursor(precursor_mz, width)
        chosen._refuse_mixtures(width)
        mz, intensity = chosen._mean(width)
        original = {"averaged scans": chosen._named(), "averaged within": (str(width),)}
        if background is not None:
            others = kind._between(*background, "no scan of the background")
            if precursor_mz is not None:
                others = others._with_precursor(precursor_mz, width)
            others._refuse_mixtures(width)
            intensity = _less(mz, intensity, *others._mean(width), width)
            original["background scans subtracted"] = others._named()
        kept = intensity > 0
        fields = chosen._common_fields()
        fields["retention_time_s"] = float(chosen.retention_time_s.mean())
        return Spectrum(
            mz[kept],
            intensity[kept],
            **fields,
            source=chosen.scans[0].source,
            original={name: tuple(values) for name, values in original.items()},
        )

    def _of(self, rows: Int) -> Run:
        return Run(self.scans.select(rows), self.file, self.attributes)

    def _sums(self, intensity: npt.NDArray[Any]) -> Float:
        owner = np.repeat(np.arange(len(self)), np.diff(self.scans.offsets))
        total: Float = np.bincount(owner, weights=intensity, minlength=len(self)).astype(np.float64)
        return total

    def _extent(self) -> tuple[float, float]:
        times = self.retention_time_s
        if np.isnan(times).all():
            raise OptionError(f"{self.file}: no scan has a time; choose scans by number")
        return float(np.nanmin(times)), float(np.nanmax(times))

    def _between(self, start_s: float, stop_s: float, lack: str) -> Run:
        first, last = self._extent()
        times = self.retention_time_s
        rows = np.flatnonzero((times >= start_s) & (times <= stop_s))
        if len(rows) == 0:
            raise OptionError(
                f"{self.file}: {lack} between {start_s:g} and {stop_s:g} s; such scans lie between {first:g} and "
                f"{last:g} s"
            )
        return self._of(rows)

    def _of_kind(self, ms_level: int | None, polarity: str | None) -> Run:
        keep = np.ones(len(self), dtype=bool)
        if ms_level is not None:
            keep &= self.scans.numbers("ms_level") == ms_level
        if polarity is not None:
            keep &= np.array([one == polarity for one in self.scans.texts("polarity").to_list()], dtype=bool)
        if not keep.any():
            raise OptionError(f"{self.file}: no scan of MS level {ms_level or 'any'} and polarity {polarity or 'any'}")
        return self._of(np.flatnonzero(keep))

    def _with_precursor(self, precursor_mz: float, width: Tolerance) -> Run:
        low, high = width.bounds(precursor_mz)
        known = self.scans.numbers("precursor_mz")
        rows = np.flatnonzero((known >= low) & (known <= high))
        if len(rows) == 0:
            raise OptionError(f"{self.file}: no scan there has a precursor within {width} of {precursor_mz}")
        return self._of(rows)

    def _default_tolerance(self) -> Tolerance:
        return Tolerance(0.3 if set(self.scans.texts("ionization").to_list()) == {"EI"} else 0.01, "Da")

    def _refuse_mixtures(self, width: Tolerance) -> None:
        """Different kinds of scans have no mean."""
        for field in ("ms_level", "polarity"):
            found = sorted({str(one) for one in self.scans.columns[field].to_list() if one is not None})
            if len(found) > 1:
                shown = ", ".join(one.removesuffix(".0") for one in found)
                raise OptionError(f"{self.file}: scans of {field} {shown} lie there: name {field}")
        precursors = self.scans.numbers("precursor_mz")
        known = precursors[~np.isnan(precursors)]
        if len(known) and (len(known) < len(self) or not width.doubled().matches(known.min(), known.max())):
            shown = ", ".join(f"{one:.4f}" for one in np.unique(known.round(4))[:5])
            raise OptionError(f"{self.file}: scans of different precursors lie there ({shown} ...): name precursor_mz")
        if "profile" in self.scans.texts("representation").to_list():
            raise OptionError(
                f"{self.file}: profile scans have no mean peaks: read the run with centroid=True (--centroid)"
            )

    def _mean(self, width: Tolerance) -> tuple[Float, Float]:
        pooled = CleaningRecipe((MergePeaks(width),)).apply(Spectrum(self.scans.mz, self.scans.intensity))
        return pooled.mz, pooled.intensity / len(self)

    def _named(self) -> tuple[str, ...]:
        return tuple(map(str, self.scan_numbers.tolist()))

    def _common_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for name in _COMMON:
            values = self.scans.columns[name].to_list()
            if values and all(value == values[0] for value in values):
                fields[name] = values[0]
        precursors = self.scans.numbers("precursor_mz")
        if not np.isnan(precursors).any():
            fields["precursor_mz"] = float(precursors.mean())
        return fields


def _less(mz: Float, intensity: Float, other_mz: Float, other_intensity: Float, width: Tolerance) -> Float:
    """Intensities less those of another spectrum, each peak of which counts against the nearest one."""
    left = intensity.copy()
    for at, height in zip(other_mz.tolist(), other_intensity.tolist(), strict=True):
        beside = int(np.searchsorted(mz, at))
        near = [row for row in (beside - 1, beside) if 0 <= row < len(mz) and width.matches(float(mz[row]), at)]
        if near:
            left[min(near, key=lambda row: abs(float(mz[row]) - at))] -= height
    return left
