"""Records of drugs for the tests of `lint`: ions as published, and the fields that a sound record has."""

from __future__ import annotations

from typing import Any

import numpy as np

from nps_spectra import Spectrum

#: The ions of mephedrone in EI, C11H15NO, 177 Da: UNODC/SWGDRUG monographs name 58, 91, 119.
MEPHEDRONE = {39: 110, 42: 70, 56: 60, 58: 999, 59: 45, 65: 130, 77: 25, 91: 160, 119: 95, 177: 9}
#: Ions of MDMA, C11H15NO2, 193 Da.
MDMA = {39: 30, 51: 40, 56: 80, 58: 999, 59: 40, 77: 60, 105: 15, 135: 100, 136: 60, 193: 12}
#: Ions of fentanyl, C22H28N2O, 336 Da.
FENTANYL = {42: 180, 57: 120, 77: 80, 91: 110, 105: 160, 132: 60, 146: 560, 189: 290, 202: 70, 245: 999, 246: 160}
#: Product ions of amphetamine, [M+H]+ C9H14N, m/z 136.1121.
AMPHETAMINE = {41.0386: 25, 65.0386: 130, 91.0542: 999, 119.0855: 460, 136.1121: 60}

EI = {"ionization": "EI", "polarity": "positive", "ms_level": 1}
MSMS = {
    "ionization": "ESI",
    "polarity": "positive",
    "ms_level": 2,
    "precursor_mz": 136.1121,
    "adduct": "[M+H]+",
    "instrument_type": "LC-ESI-QTOF",
    "collision_energy": "20 eV",
    "name": "amphetamine",
    "formula": "C9H13N",
}
MEPHEDRONE_SMILES = "CNC(C)C(=O)C1=CC=C(C)C=C1"
MEPHEDRONE_KEY = "YELGFTGWJGBAQU-UHFFFAOYSA-N"


def spectrum(peaks: dict[Any, float], **fields: Any) -> Spectrum:
    return Spectrum(list(peaks), list(peaks.values()), **fields)


def mephedrone(peaks: dict[Any, float] | None = None, **fields: Any) -> Spectrum:
    return spectrum(peaks or MEPHEDRONE, **({"name": "mephedrone", "formula": "C11H15NO"} | EI | fields))


def mdma(peaks: dict[Any, float] | None = None, **fields: Any) -> Spectrum:
    return spectrum(peaks or MDMA, **({"name": "MDMA", "formula": "C11H15NO2"} | EI | fields))


def amphetamine(peaks: dict[Any, float] | None = None, **fields: Any) -> Spectrum:
    return spectrum(peaks or AMPHETAMINE, **(MSMS | fields))


def measured_again(peaks: dict[Any, float], seed: int = 1) -> dict[Any, float]:
    """Another measurement: every intensity a few per cent off."""
    noise = np.random.default_rng(seed).normal(1, 0.05, len(peaks))
    return {mz: intensity * float(factor) for (mz, intensity), factor in zip(peaks.items(), noise, strict=True)}
