"""The libraries: measured spectra where they are, generated ones otherwise."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nps_spectra import Library, Spectra, Spectrum, Tolerance, read_spectra
from nps_spectra.cleaning import CleaningRecipe, MergePeaks, NoiseThreshold
from nps_spectra.spectra import joined

Int = npt.NDArray[np.int64]

#: Sizes of the generated libraries: about those of the measured ones.
_MSMS, _EI = 60_000, 15_000


def default_folder() -> Path:
    """Where measured spectra are looked for."""
    named = os.environ.get("NPS_SPECTRA_DATA")
    return Path(named) if named else Path(__file__).resolve().parents[3] / "shared" / "data"


class Data:
    """The libraries of one run.

    Attributes
    ----------
    folder : Path or None
        Measured spectra; None: they are generated.
    most : int or None
        Take no more spectra than this of each kind.
    """

    def __init__(self, folder: Path, most: int | None) -> None:
        self.folder = folder if folder.is_dir() else None
        self.most = most

    @property
    def named(self) -> str:
        """What the spectra are, for the record."""
        return "MassBank 2025.05.1 and SWGDRUG 3.4" if self.folder else "generated spectra"

    @cached_property
    def massbank(self) -> Spectra:
        """All of MassBank, or as many generated spectra."""
        if self.folder is not None:
            return self._some(read_spectra(self.folder / "massbank" / "MassBank-data-2025.05.1.tar.xz"))
        return joined([self._generated(_MSMS, generated_msms), self._generated(_EI, generated_ei)])

    @cached_property
    def msms(self) -> Spectra:
        """Positive ESI, APCI and APPI MS2 spectra with a precursor m/z, clean."""
        if self.folder is None:
            return cleaned(self._generated(_MSMS, generated_msms))
        spectra = self.massbank
        soft = np.isin(np.array(spectra.texts("ionization").to_list(), dtype=object), ["ESI", "APCI", "APPI"])
        positive = np.array([name == "positive" for name in spectra.texts("polarity").to_list()])
        second = spectra.numbers("ms_level") == 2
        chosen = soft & positive & second & ~np.isnan(spectra.numbers("precursor_mz"))
        return cleaned(spectra.select(np.flatnonzero(chosen)))

    @cached_property
    def ei(self) -> Spectra:
        """EI spectra."""
        if self.folder is None:
            return self._generated(_EI, generated_ei)
        named = self.massbank.texts("ionization").to_list()
        massbank = self.massbank.select(np.flatnonzero([name == "EI" for name in named]))
        return self._some(joined([massbank, read_spectra(self.folder / "swgdrug_ei" / "swgdrug_3.4.msp")]))

    @cached_property
    def msms_library(self) -> Library:
        """The library of the MS/MS works."""
        return Library(self.msms, name="MS/MS")

    @cached_property
    def ei_library(self) -> Library:
        """The library of the EI works."""
        return Library(self.ei, name="EI")

    def _generated(self, count: int, make: Callable[[int], Spectra]) -> Spectra:
        return make(min(count, self.most or count))

    def _some(self, spectra: Spectra) -> Spectra:
        if self.most is None or self.most >= len(spectra):
            return spectra
        return spectra.select(np.linspace(0, len(spectra) - 1, self.most).astype(np.int64))


def cleaned(spectra: Spectra) -> Spectra:
    """Without noise below 1 %, peaks at least 0.05 Da apart, as ms_entropy wants them; nobody cleans further."""
    clean = CleaningRecipe((MergePeaks(Tolerance(0.05, "Da")), NoiseThreshold(0.01))).apply(spectra)
    kept = Spectra(clean.mz, clean.intensity.astype(np.float32), clean.offsets, spectra.columns)
    return kept.select(np.flatnonzero(np.diff(clean.offsets) > 0))


def drawn(spectra: Spectra, count: int, seed: int = 0, among: int | None = None) -> Int:
    """Rows of queries: spectra of the library itself, without repetition; of its first ones if `among` is given."""
    size = len(spectra) if among is None else min(among, len(spectra))
    return np.random.default_rng(seed).permutation(size)[:count].astype(np.int64)


def generated_msms(count: int) -> Spectra:
    """MS/MS spectra of a twelfth as many substances, about 20 peaks each, most of them at m/z that many have."""
    random = np.random.default_rng(0)
    common = random.uniform(40, 600, 2000)
    substances = max(1, count // 12)

    def made() -> Iterator[Spectrum]:
        for number in range(count):
            own = np.random.default_rng(number % substances)
            precursor = float(own.uniform(150, 800))
            mz = common[np.minimum(own.exponential(300, 30).astype(np.int64), 1999)]
            mz = np.unique(np.round(mz[(mz < precursor) & (random.random(30) < 0.7)], 4))
            if len(mz) == 0:
                mz = np.array([precursor])
            yield Spectrum(
                mz + random.normal(0, 0.001, len(mz)),
                random.exponential(100, len(mz)) + 1,
                name=f"substance {number % substances}",
                precursor_mz=precursor,
                ionization="ESI",
                polarity="positive",
                ms_level=2,
            )

    return Spectra.of(made())


def generated_ei(count: int) -> Spectra:
    """EI spectra of a third as many substances, about 60 peaks each, more of them at low m/z."""
    random = np.random.default_rng(1)
    substances = max(1, count // 3)

    def made() -> Iterator[Spectrum]:
        for number in range(count):
            own = np.random.default_rng(number % substances)
            mass = int(own.integers(100, 450))
            mz = np.unique(np.append(40 + own.exponential(90, 70).astype(np.int64), mass))
            mz = mz[mz <= mass].astype(np.float64)
            heights = own.lognormal(3.0, 1.5, len(mz)) * random.lognormal(0.0, 0.2, len(mz))
            yield Spectrum(
                mz,
                np.maximum(1.0, np.round(999 * heights / heights.max())),
                name=f"EI substance {number % substances}",
                nominal_mass=mass,
                ionization="EI",
            )

    return Spectra.of(made())
