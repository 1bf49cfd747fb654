"""What an NPS class is told from in an EI spectrum: ions, losses, differences between peaks, masses modulo 14.

The kinds of features are those of Varmuza & Werther, J. Chem. Inf. Comput. Sci. 1996, 36, 323,
doi:10.1021/ci9501406: intensities, autocorrelation and modulo-14 sums tell substructures in spectra.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from nps_spectra.cleaning import BinNominal, CleaningRecipe
from nps_spectra.spectra import Spectra

Float = npt.NDArray[np.float64]

#: Heaviest m/z that is looked at.
HIGHEST_MZ: Final = 600
_IONS: Final = range(30, 450)
_STEPS: Final = (0.02, 0.1, 0.4)
_DIFFERENCES: Final = range(1, 120)
_LOSSES: Final = range(150)
_RANGES: Final = ((30, 120), (120, 250), (250, 500))
#: The heaviest peak of at least this share of the base peak is where losses are counted from. It is the molecular ion,
#: an isotope of it, or a fragment: of training and query alike, so that no molecular mass need be known.
_HEAVIEST: Final = 0.005
#: Mean square of each block over measured spectra, and the weight it is given: so that none drowns the others.
_BLOCKS: Final = (
    ("ion", 14.0, 1.0),
    ("step", 47.0, 1.0),
    ("difference", 4.8, 1.0),
    ("loss", 0.72, 0.5),
    ("modulo", 0.2, 0.5),
)


def nominal_intensities(spectra: Spectra) -> Float:
    """Intensities at nominal m/z 0 to 600, relative to the base peak, shape (spectra, 601); heavier peaks are left out.

    Examples
    --------
    >>> from nps_spectra import Spectrum
    >>> nominal_intensities(Spectra.of([Spectrum([58.1, 91.0], [50.0, 5.0])]))[0, [58, 91]].tolist()
    [1.0, 0.1]
    """
    clean = CleaningRecipe((BinNominal(),)).apply(spectra)
    dense = np.zeros((len(spectra), HIGHEST_MZ + 1))
    rows = np.repeat(np.arange(len(spectra)), np.diff(clean.offsets))
    inside = (clean.mz <= HIGHEST_MZ) & (clean.mz >= 0)
    dense[rows[inside], clean.mz[inside].astype(np.int64)] = clean.intensity[inside]
    base = dense.max(axis=1, keepdims=True, initial=0.0)
    relative: Float = np.divide(dense, base, out=np.zeros_like(dense), where=base > 0)
    return relative


def feature_names() -> list[str]:
    """What each column of `features` is, such as ``"ion 58"``, ``"loss 57"`` or ``"ion 91 of at least 10 %"``."""
    return [
        *(f"ion {mz}" for mz in _IONS),
        *(f"ion {mz} of at least {share:.0%}" for share in _STEPS for mz in _IONS),
        *(f"difference {step}" for step in _DIFFERENCES),
        *(f"loss {loss}" for loss in _LOSSES),
        *(f"m/z {low}-{high - 1} modulo 14 is {rest}" for rest in range(14) for low, high in _RANGES),
    ]


def features(intensities: Float) -> Float:
    """Unit vectors of features, shape (spectra, features), from the result of `nominal_intensities`.

    Peaks count by the fourth root of their intensity and by whether they reach 2, 10 and 40 % of the base peak;
    losses are counted from the heaviest peak of at least 0.5 %.
    """
    total = np.maximum(intensities.sum(axis=1, keepdims=True), 1e-12)
    share = intensities / total
    root = np.sqrt(share)
    ions = intensities[:, _IONS.start : _IONS.stop]
    residues = np.arange(intensities.shape[1]) % 14
    blocks = {
        "ion": ions**0.25,
        "step": np.concatenate([ions >= least for least in _STEPS], axis=1).astype(np.float64),
        "difference": np.stack([(root[:, :-step] * root[:, step:]).sum(axis=1) for step in _DIFFERENCES], axis=1),
        "loss": _losses(intensities, root),
        "modulo": np.stack(
            [
                share[:, low:high][:, residues[low:high] == rest].sum(axis=1)
                for rest in range(14)
                for low, high in _RANGES
            ],
            axis=1,
        ),
    }
    joined = np.concatenate([blocks[name] * (weight / square**0.5) for name, square, weight in _BLOCKS], axis=1)
    length = np.linalg.norm(joined, axis=1, keepdims=True)
    unit: Float = np.divide(joined, length, out=np.zeros_like(joined), where=length > 0)
    return unit


def _losses(intensities: Float, root: Float) -> Float:
    heaviest = intensities.shape[1] - 1 - np.argmax(intensities[:, ::-1] >= _HEAVIEST, axis=1)
    at = heaviest[:, np.newaxis] - np.arange(len(_LOSSES))
    found = np.take_along_axis(root, np.maximum(at, 0), axis=1)
    return np.where(at >= 0, found, 0.0)
