"""From raw to clean spectra: pure steps, put together in a recipe that travels with the result.

Nothing is cleaned unless a recipe says so; every scoring method documents the recipe it uses by default.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from nps_spectra.errors import OptionError
from nps_spectra.options import BOUNDARY_SLACK_DA, Tolerance
from nps_spectra.spectra import Spectra
from nps_spectra.spectrum import Spectrum

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

#: Fraction of a mass unit at which AMDIS and NIST round up: Khrisanfov & Samokhin 2022, doi:10.1002/rcm.9294.
NOMINAL_BOUNDARY = 0.649
#: Peaks that go through the steps of a recipe together.
_PEAKS_TOGETHER: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class NoiseThreshold:
    """Drop peaks below a fraction of the base peak (a peak exactly at it stays)."""

    relative: float = 0.01

    def __post_init__(self) -> None:
        if not 0 <= self.relative < 1:
            raise OptionError(f"noise threshold {self.relative!r}: expected a fraction of the base peak, 0 to 1")


@dataclass(frozen=True, slots=True)
class MzWindow:
    """Keep peaks with ``low <= m/z <= high``; None is no limit."""

    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        for limit in (self.low, self.high):
            if limit is not None and math.isnan(limit):
                raise OptionError("m/z window: a limit is NaN; None is no limit")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise OptionError(f"m/z window {self.low} to {self.high}: the lower limit is above the upper one")


@dataclass(frozen=True, slots=True)
class RemovePrecursor:
    """Drop peaks at or above the precursor m/z less `margin_da`; without a precursor nothing is dropped."""

    margin_da: float = 1.6

    def __post_init__(self) -> None:
        if not math.isfinite(self.margin_da) or self.margin_da < 0:
            raise OptionError(f"precursor margin {self.margin_da!r}: expected a number of Da >= 0")


@dataclass(frozen=True, slots=True)
class KeepLosses:
    """Keep peaks that stand for a neutral loss: m/z below the precursor by more than `tolerance`.

    Without a precursor nothing is dropped.
    """

    tolerance: Tolerance

    def __post_init__(self) -> None:
        object.__setattr__(self, "tolerance", Tolerance.parse(self.tolerance))


@dataclass(frozen=True, slots=True)
class MergePeaks:
    """Join peaks closer than `window` around the most intense one.

    Intensities are added and m/z is their intensity-weighted mean, until no two peaks are that close
    (centroiding as in Li et al. 2021, doi:10.1038/s41592-021-01331-z).
    """

    window: Tolerance

    def __post_init__(self) -> None:
        object.__setattr__(self, "window", Tolerance.parse(self.window))


@dataclass(frozen=True, slots=True)
class BinNominal:
    """Sum peaks into whole m/z: ``ceil(m/z - boundary)``, or plain rounding ``floor(m/z + 0.5)``.

    The precursor m/z becomes a whole number by the same rule.
    """

    rule: Literal["boundary", "round"] = "boundary"
    boundary: float = NOMINAL_BOUNDARY

    def __post_init__(self) -> None:
        if self.rule not in ("boundary", "round"):
            raise OptionError(f"binning rule {self.rule!r}: expected 'boundary' or 'round'")
        if not 0 < self.boundary < 1:
            raise OptionError(f"bin boundary {self.boundary!r}: expected a fraction of a mass unit, 0 to 1")


@dataclass(frozen=True, slots=True)
class ScaleBasePeak:
    """Scale the base peak to `to`; with `whole`, round half up to whole numbers and drop what becomes 0."""

    to: float = 999.0
    whole: bool = True

    def __post_init__(self) -> None:
        if not math.isfinite(self.to) or self.to <= 0:
            raise OptionError(f"base peak {self.to!r}: expected a number > 0")


Step = NoiseThreshold | MzWindow | RemovePrecursor | KeepLosses | MergePeaks | BinNominal | ScaleBasePeak


@dataclass(frozen=True, slots=True)
class CleaningRecipe:
    """Steps in the order in which they are done.

    Examples
    --------
    >>> recipe = CleaningRecipe((BinNominal(), ScaleBasePeak()))
    >>> clean = recipe.apply(Spectra.of([Spectrum([57.1, 57.3, 99.2], [40, 60, 25])]))
    >>> clean.mz.tolist(), clean.intensity.tolist()
    ([57.0, 99.0], [999.0, 250.0])
    """

    steps: tuple[Step, ...] = ()

    def describe(self) -> list[dict[str, Any]]:
        """The steps as plain data, for the record of a run."""
        return [{"step": type(step).__name__, **asdict(step)} for step in self.steps]

    def apply(self, spectra: Spectra | Spectrum) -> CleanSpectra:
        """Clean spectra; the input is left as it is."""
        if isinstance(spectra, Spectrum):
            offsets = np.array([0, len(spectra.mz)], dtype=np.int64)
            precursor = np.array([math.nan if spectra.precursor_mz is None else spectra.precursor_mz])
        else:
            offsets = np.asarray(spectra.offsets)
            precursor = spectra.numbers("precursor_mz")
        peaks = _Peaks(np.asarray(spectra.mz), spectra.intensity.astype(np.float64), offsets, precursor)
        for step in self.steps:
            peaks = _STEPS[type(step)](peaks, step)
        return CleanSpectra(
            frozen(peaks.mz), frozen(peaks.intensity), frozen(peaks.offsets), frozen(peaks.precursor), self
        )


@dataclass(frozen=True, slots=True)
class CleanSpectra:
    """Peaks that went through a recipe; the only thing that is scored.

    Attributes
    ----------
    mz, intensity : ndarray of float64, shape (peaks,)
    offsets : ndarray of int64, shape (n + 1,)
    precursor_mz : ndarray of float64, shape (n,)
        NaN where it is not known; a whole number after `BinNominal`.
    recipe : CleaningRecipe
    """

    mz: Float
    intensity: Float
    offsets: Int
    precursor_mz: Float
    recipe: CleaningRecipe

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def peaks(self, row: int) -> tuple[Float, Float]:
        """m/z and intensity of one spectrum."""
        start, stop = int(self.offsets[row]), int(self.offsets[row + 1])
        return self.mz[start:stop], self.intensity[start:stop]


@dataclass(frozen=True, slots=True)
class _Peaks:
    mz: Float
    intensity: Float
    offsets: Int
    precursor: Float

    def owner(self) -> Int:
        """Row of the spectrum that each peak belongs to."""
        return np.repeat(np.arange(len(self.offsets) - 1, dtype=np.int64), np.diff(self.offsets))

    def base_peaks(self) -> Float:
        """Intensity of the base peak, for every peak."""
        lengths = np.diff(self.offsets)
        some = lengths > 0
        if not some.any():
            return np.empty(0)
        return np.repeat(np.maximum.reduceat(self.intensity, self.offsets[:-1][some]), lengths[some])

    def kept(self, keep: npt.NDArray[np.bool_]) -> _Peaks:
        before = np.zeros(len(keep) + 1, dtype=np.int64)
        np.cumsum(keep, out=before[1:])
        lengths = np.diff(before[self.offsets])
        return _Peaks(self.mz[keep], self.intensity[keep], _offsets_of(lengths), self.precursor)


def frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The same numbers, that nothing can be written to."""
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view


def _offsets_of(lengths: npt.NDArray[Any]) -> Int:
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def _noise(peaks: _Peaks, step: NoiseThreshold) -> _Peaks:
    return peaks.kept(peaks.intensity >= step.relative * peaks.base_peaks())


def _window(peaks: _Peaks, step: MzWindow) -> _Peaks:
    low = -math.inf if step.low is None else step.low
    high = math.inf if step.high is None else step.high
    return peaks.kept((peaks.mz >= low) & (peaks.mz <= high))


def _precursor(peaks: _Peaks, step: RemovePrecursor) -> _Peaks:
    owner = peaks.owner()
    limit = np.where(np.isnan(peaks.precursor), math.inf, peaks.precursor - step.margin_da)[owner]
    return peaks.kept(peaks.mz < limit)


def _losses(peaks: _Peaks, step: KeepLosses) -> _Peaks:
    owner = peaks.owner()
    absolute, relative = widths(step.tolerance)
    precursor = peaks.precursor[owner]
    known = np.where(np.isnan(precursor), math.inf, precursor)
    width = np.where(np.isnan(precursor), 0.0, absolute + relative * 0.5 * (precursor + peaks.mz))
    return peaks.kept(known - peaks.mz > width)


def _merge(peaks: _Peaks, step: MergePeaks) -> _Peaks:
    from nps_spectra.kernels.merge import merge_close_peaks

    window_da, window_relative = widths(step.window)
    out_mz, out_intensity = np.empty(len(peaks.mz)), np.empty(len(peaks.mz))
    offsets = np.empty(len(peaks.offsets), dtype=np.int64)
    merge_close_peaks(
        *kernel_arrays(peaks.mz, peaks.intensity, peaks.offsets),
        # Twice a tolerance is two matches, each with its own slack: what stays apart has one partner at most.
        window_da + BOUNDARY_SLACK_DA,
        window_relative,
        out_mz,
        out_intensity,
        offsets,
    )
    return _Peaks(out_mz[: offsets[-1]], out_intensity[: offsets[-1]], offsets, peaks.precursor)


def _bin(peaks: _Peaks, step: BinNominal) -> _Peaks:
    nominal, precursor = _nominal(peaks.mz, step), _nominal(peaks.precursor, step)
    owner = peaks.owner()
    if len(nominal) == 0:
        return _Peaks(peaks.mz, peaks.intensity, peaks.offsets, precursor)
    first = np.ones(len(nominal), dtype=bool)
    first[1:] = (nominal[1:] != nominal[:-1]) | (owner[1:] != owner[:-1])
    summed = np.add.reduceat(peaks.intensity, np.flatnonzero(first))
    lengths = np.bincount(owner[first], minlength=len(peaks.offsets) - 1)
    return _Peaks(nominal[first], summed, _offsets_of(lengths), precursor)


def _nominal(mz: Float, step: BinNominal) -> Float:
    whole = np.floor(mz + 0.5) if step.rule == "round" else np.ceil(mz - step.boundary)
    result: Float = np.maximum(whole, 1.0)
    return result


def _scale(peaks: _Peaks, step: ScaleBasePeak) -> _Peaks:
    scaled = step.to * peaks.intensity / peaks.base_peaks()
    if not step.whole:
        return _Peaks(peaks.mz, scaled, peaks.offsets, peaks.precursor)
    scaled = np.floor(scaled + 0.5)
    return _Peaks(peaks.mz, scaled, peaks.offsets, peaks.precursor).kept(scaled > 0)


_STEPS: dict[type[Step], Callable[[_Peaks, Any], _Peaks]] = {
    NoiseThreshold: _noise,
    MzWindow: _window,
    RemovePrecursor: _precursor,
    KeepLosses: _losses,
    MergePeaks: _merge,
    BinNominal: _bin,
    ScaleBasePeak: _scale,
}


def blocks(offsets: Int) -> list[int]:
    """Bounds of rows that have some peaks together: so few that what is computed of them takes little memory.

    Examples
    --------
    >>> blocks(np.array([0, 700_000, 1_400_000, 1_400_001]))
    [0, 2, 3]
    """
    places = np.searchsorted(offsets, np.arange(_PEAKS_TOGETHER, int(offsets[-1]), _PEAKS_TOGETHER))
    bounds: list[int] = np.unique(np.concatenate(([0], places, [len(offsets) - 1]))).tolist()
    return bounds


def widths(tolerance: Tolerance) -> tuple[float, float]:
    """A tolerance as kernels take it: absolute part in Da (with the boundary slack), part relative to the m/z."""
    if tolerance.unit == "Da":
        return tolerance.value + BOUNDARY_SLACK_DA, 0.0
    return BOUNDARY_SLACK_DA, tolerance.value * 1e-6


def kernel_arrays(mz: Float, values: Float, offsets: Int) -> tuple[Float, Float, Int]:
    """Contiguous, native, writable-typed views, so that every kernel sees one set of types and compiles once."""
    return (
        _view(mz, np.float64),
        _view(values, np.float64),
        _view(offsets, np.int64),
    )


def _view(array: npt.NDArray[Any], dtype: Any) -> npt.NDArray[Any]:
    plain = np.ascontiguousarray(array, dtype=dtype)
    if plain.flags.writeable or type(plain) is not np.ndarray:
        plain = plain.view(np.ndarray)
        plain.flags.writeable = False
    return plain
