"""The nominal molecular mass of an EI spectrum that may lack its molecular ion: hypotheses with probabilities.

Two kinds of evidence, in the manner of Moorthy, Kearsley, Mallard & Wallace (a peak-interpretation and a library-hit
method, for the hybrid search of doi:10.1021/acs.analchem.7b03320): what the heavy peaks allow, and which mass makes
spectra of a library most alike in the hybrid search. A conditional logit joins them; its few weights are data, fitted
by ``benchmarks/unknowns.py --fit``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from nps_spectra.errors import OptionError
from nps_spectra.identification.class_features import nominal_intensities
from nps_spectra.identification.molecular_ion import IMPLAUSIBLE_LOSSES
from nps_spectra.library import Library
from nps_spectra.searching import search
from nps_spectra.spectra import Spectra
from nps_spectra.spectrum import Spectrum

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

_WEIGHTS: Final = Path(__file__).parent / "data" / "molecular_mass.json"
#: Peaks below this share of the base peak are not asked where the spectrum ends.
_LEAST: Final = 0.005
#: How far a molecular mass lies above the heaviest peak: a little below where that is an isotope or an impurity.
OFFSETS: Final = range(-4, 121)
#: Masses taken on by the peaks alone, which are then asked of the library.
ASKED: Final = 12
_HITS: Final = 5
#: What each column of the evidence is.
PEAK_EVIDENCE: Final = ("offset", "ion", "implausible", "above", "parity")
HIT_EVIDENCE: Final = ("best hybrid", "mean hybrid", "same mass")


@dataclass(frozen=True, slots=True)
class MassHypothesis:
    """A molecular mass that a spectrum may have.

    Attributes
    ----------
    mass : int
        Nominal, in Da.
    probability : float
        Of this mass among all that were considered, 0 to 1.
    ion_intensity : float
        Height of the peak at this mass relative to the base peak, 0 to 1; 0: there is none.
    best_hybrid : float or None
        Best hybrid match factor of the library under this mass; None if no library was asked for it.
    """

    mass: int
    probability: float
    ion_intensity: float
    best_hybrid: float | None


@dataclass(frozen=True)
class MassWeights:
    """Weights of the evidence, and how often each offset above the heaviest peak occurred (logarithms)."""

    offsets: Float
    peaks: Float
    joint: Float


@cache
def embedded_weights() -> MassWeights:
    """The weights that are part of the package."""
    content = json.loads(_WEIGHTS.read_text(encoding="utf-8"))
    return MassWeights(*(np.array(content[name], dtype=np.float64) for name in ("offsets", "peaks", "joint")))


def molecular_masses_of(
    spectrum: Spectrum,
    library: Library | None = None,
    *,
    leave_out: Int | None = None,
    weights: MassWeights | None = None,
) -> tuple[MassHypothesis, ...]:
    """Hypotheses on the nominal molecular mass of an EI spectrum, the most probable first.

    Parameters
    ----------
    spectrum : Spectrum
        What it states of its own mass is not used.
    library : Library, optional
        With it, the twelve masses that the peaks make most probable are compared by the hybrid search.
    leave_out : ndarray of int64, optional
        Rows of the library that are not asked: for validation.
    weights : MassWeights, optional
        Other than the embedded ones.

    Raises
    ------
    OptionError
        The spectrum has no peak.

    Examples
    --------
    >>> spectrum = Spectrum([91.0, 146.0, 189.0, 245.0, 246.0, 336.0], [20, 60, 30, 99, 18, 1], ionization="EI")
    >>> molecular_masses_of(spectrum)[0].mass
    336
    """
    learnt = embedded_weights() if weights is None else weights
    masses, evidence = peak_evidence(spectrum, learnt.offsets)
    scores = evidence @ learnt.peaks
    intensities = nominal_intensities(Spectra.of([spectrum]))[0]
    hybrids: dict[int, float] = {}
    if library is not None:
        asked = np.sort(np.argsort(-scores, kind="stable")[:ASKED])
        hits = hit_evidence(spectrum, masses[asked], library, leave_out)
        masses, evidence = masses[asked], np.hstack([evidence[asked], hits])
        scores = evidence @ learnt.joint
        hybrids = dict(zip(masses.tolist(), (hits[:, 0] * 1000).tolist(), strict=True))
    shares = np.exp(scores - scores.max())
    shares /= shares.sum()
    return tuple(
        MassHypothesis(
            int(masses[k]),
            float(shares[k]),
            float(intensities[masses[k]]) if masses[k] < len(intensities) else 0.0,
            hybrids.get(int(masses[k])),
        )
        for k in np.argsort(-shares, kind="stable").tolist()
    )


def heaviest_peak(intensities: Float) -> int:
    """Nominal m/z at which a spectrum ends: the largest of the last peaks that lie next to each other.

    Raises
    ------
    OptionError
        There is no peak.

    Examples
    --------
    >>> spectrum = np.zeros(300)
    >>> spectrum[[58, 244, 245, 246]] = [1.0, 0.02, 0.9, 0.2]  # M and its 13C peak
    >>> heaviest_peak(spectrum)
    245
    """
    seen = np.flatnonzero(intensities >= _LEAST)
    if len(seen) == 0:
        raise OptionError("the spectrum has no peak at m/z up to 600: expected an EI spectrum")
    at = int(seen[-1])
    while at > 1 and max(intensities[at - 1], intensities[at - 2]) > intensities[at]:
        at -= 1 if intensities[at - 1] >= intensities[at - 2] else 2
    return at


def peak_evidence(spectrum: Spectrum, offsets: Float) -> tuple[Int, Float]:
    """Masses considered, shape (masses,), and what the peaks say of each, shape (masses, 5): see `PEAK_EVIDENCE`."""
    intensities = nominal_intensities(Spectra.of([spectrum]))[0]
    last = heaviest_peak(intensities)
    masses = np.array([last + offset for offset in OFFSETS if last + offset > 0], dtype=np.int64)
    padded = np.concatenate([intensities, np.zeros(256)])
    rows = []
    # An odd molecular mass has an odd number of nitrogen atoms, and most of its fragments that keep it are even.
    heavy = intensities * (np.arange(len(intensities)) >= 0.4 * last)
    even = float(np.sqrt(heavy[::2]).sum() / max(np.sqrt(heavy).sum(), 1e-12))
    for mass, offset in zip(masses.tolist(), offsets[len(OFFSETS) - len(masses) :].tolist(), strict=True):
        implausible = sum(_beyond_isotopes(padded, mass - loss) for loss in sorted(IMPLAUSIBLE_LOSSES) if mass > loss)
        above = padded[mass + 2 :].sum()
        rows.append(
            (
                offset,
                np.log10(1 + 1000 * padded[mass]),
                np.log10(1 + 1000 * implausible),
                np.log10(1 + 1000 * above),
                even - 0.5 if mass % 2 else 0.5 - even,
            )
        )
    return masses, np.array(rows)


def _beyond_isotopes(intensities: Float, mz: int) -> float:
    """What is left of a peak without the 13C of its neighbour, above background."""
    left = float(intensities[mz] - 0.3 * intensities[mz - 1] - 0.05 * intensities[mz - 2])
    return left if left >= _LEAST else 0.0


def hit_evidence(spectrum: Spectrum, masses: Int, library: Library, leave_out: Int | None = None) -> Float:
    """What a library says of each mass, shape (masses, 3), as `HIT_EVIDENCE` names it: all 0 without a hit.

    Match factors of the hybrid search are given in thousandths. The mass of a hit that needs no shift counts once more.
    """
    supposed = Spectra.of(with_mass(spectrum, int(mass)) for mass in masses)
    hits = search(
        supposed,
        library,
        method="hybrid",
        top=_HITS,
        ionization="EI",
        leave_out=None if leave_out is None else [leave_out] * len(masses),
    )
    rows = []
    for query in hits.queries:
        scores = [hit.score / 1000 for hit in query.hits]
        unshifted = max((hit.score / 1000 for hit in query.hits if hit.mass_difference == 0), default=0.0)
        rows.append((max(scores, default=0.0), sum(scores) / _HITS, unshifted))
    return np.array(rows)


def with_mass(spectrum: Spectrum, mass: int | None) -> Spectrum:
    """The spectrum with this nominal molecular mass, or none, in place of what it states."""
    return replace(spectrum, nominal_mass=mass, exact_mass=None, formula=None)


def fitted_weights(evidence: Sequence[Float], right: Sequence[int], penalty: float = 0.01) -> Float:
    """Weights of a conditional logit: the probability of a row is its share of ``exp(evidence @ weights)``.

    Parameters
    ----------
    evidence : sequence of ndarray of float64, shape (masses, columns)
        One for each spectrum.
    right : sequence of int
        Row of the true mass of each.

    Examples
    --------
    >>> rows = [np.array([[1.0], [0.0]])] * 300
    >>> round(float(fitted_weights(rows, [0, 0, 1] * 100)[0]), 2)  # two of three: ln 2
    0.69
    """
    from scipy.optimize import minimize

    columns = evidence[0].shape[1]

    def loss(weights: Float) -> tuple[float, Float]:
        value, slope = penalty * float(weights @ weights), 2 * penalty * weights
        for rows, at in zip(evidence, right, strict=True):
            scores = rows @ weights
            shares = np.exp(scores - scores.max())
            shares /= shares.sum()
            value -= float(np.log(max(shares[at], 1e-300)))
            slope = slope + shares @ rows - rows[at]
        return value, slope

    return np.asarray(minimize(loss, np.zeros(columns), jac=True, method="L-BFGS-B").x)
