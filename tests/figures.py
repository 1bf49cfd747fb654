"""Spectra to draw in tests of figures, from none to six hundred peaks."""

from __future__ import annotations

import numpy as np

from nps_spectra import Spectrum


def crowded(peaks: int, seed: int = 0, **fields: object) -> Spectrum:
    """A spectrum with so many peaks; m/z have four decimals, a few are tall and most are small, as in MS/MS."""
    generator = np.random.default_rng(seed)
    mz = np.round(generator.uniform(50, 650, peaks), 4)
    return Spectrum(mz, generator.lognormal(0, 1.5, peaks), ionization="ESI", precursor_mz=500.25, **fields)


def nominal(peaks: int, seed: int = 0, **fields: object) -> Spectrum:
    """A spectrum with a peak at every whole m/z from 40 on, as crowded as EI can be."""
    heights = np.random.default_rng(seed).lognormal(0, 1.5, peaks)
    return Spectrum(40.0 + np.arange(peaks), heights, ionization="EI", **fields)
