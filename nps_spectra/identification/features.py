"""What a calibration looks at: numbers made of the evidence, each larger the more it speaks for a candidate.

What is not known speaks neither for nor against: a candidate without a formula has 0 where the formula is asked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from nps_spectra.identification.evidence import Evidence
from nps_spectra.identification.molecular_ion import NOISE
from nps_spectra.scorers import Technique

Float = npt.NDArray[np.float64]

#: Likeness closer to equality than this is no further evidence: it is within the rounding of library spectra.
_EQUAL: Final = 0.001
#: Scale of match factors, of which the gaps between scores are taken.
_LARGEST: Final[Mapping[str, float]] = {"nist_identity": 1000.0}

Feature = Callable[[Evidence, Sequence[Evidence]], float]


def likeness(similarity: float | None) -> float:
    """Tenfold steps by which a similarity of 0 to 1 is nearer to equality than nothing in common: 0.9 is 1, 0.99 is 2.

    Replicates differ by a factor in what they lack to 1, not by a difference of scores.

    Examples
    --------
    >>> round(likeness(0.9), 6), likeness(0.0), likeness(None), round(likeness(1.0), 6)
    (1.0, 0.0, 0.0, 3.0)
    """
    return 0.0 if similarity is None else math.log10(1 / max(1 - similarity, _EQUAL))


def features_of(evidence: Sequence[Evidence], technique: Technique) -> Float:
    """Features of all candidates of one query, in their order.

    Parameters
    ----------
    evidence : sequence of Evidence
    technique : {"EI", "MS/MS"}

    Returns
    -------
    ndarray of float64, shape (candidates, features)
        In the order of ``FEATURES[technique]``.

    Examples
    --------
    >>> features_of((), "EI").shape == (0, len(FEATURES["EI"]))
    True
    """
    wanted = FEATURES[technique]
    found = [[feature(one, evidence) for feature in wanted.values()] for one in evidence]
    return np.array(found, dtype=np.float64).reshape(len(evidence), len(wanted))


def _tenfold_above_background(height: float) -> float:
    return -math.log10(max(height, NOISE) / NOISE)


def _match(one: Evidence, _: Sequence[Evidence]) -> float:
    return (one.match_factor or 0.0) / 100


def _reverse_match(one: Evidence, _: Sequence[Evidence]) -> float:
    return (one.reverse_match_factor or 0.0) / 100


def _match_likeness(one: Evidence, _: Sequence[Evidence]) -> float:
    return likeness((one.match_factor or 0.0) / 1000)


def _reverse_likeness(one: Evidence, _: Sequence[Evidence]) -> float:
    return likeness((one.reverse_match_factor or 0.0) / 1000)


def _entropy(one: Evidence, _: Sequence[Evidence]) -> float:
    return (one.entropy_similarity or 0.0) * 10


def _entropy_likeness(one: Evidence, _: Sequence[Evidence]) -> float:
    return likeness(one.entropy_similarity)


def _losses(one: Evidence, _: Sequence[Evidence]) -> float:
    return (one.neutral_loss_similarity or 0.0) * 10


def _repeated(one: Evidence, _: Sequence[Evidence]) -> float:
    return one.repeated_score * 10


def _query_explained(one: Evidence, _: Sequence[Evidence]) -> float:
    return likeness(one.query_explained)


def _library_explained(one: Evidence, _: Sequence[Evidence]) -> float:
    return likeness(one.library_explained)


def _largest_unexplained(one: Evidence, _: Sequence[Evidence]) -> float:
    """A peak of 1 % of the base peak is background; each tenfold above counts the same."""
    height = one.unexplained[0].intensity if one.unexplained else 0.0
    return _tenfold_above_background(height)


def _stands_out(one: Evidence, all_of_query: Sequence[Evidence]) -> float:
    """Score above the best listed candidate of another formula, in tenths of the scale, at most 1.

    An isomer as near says nothing of presence. If all that are listed are isomers, the last of them stands for the
    others, which score no higher.
    """
    others = [
        other.score
        for other in all_of_query
        if other is not one and (other.formula is None or one.formula is None or other.formula != one.formula)
    ]
    next_one = max(others) if others else min(other.score for other in all_of_query)
    return min((one.score - next_one) / (_LARGEST.get(one.method, 1.0) / 10), 1.0)


def _lacking(one: Evidence, _: Sequence[Evidence]) -> float:
    """As `_largest_unexplained`, of a peak of which the reference has less than a tenth."""
    return 0.0 if one.heights is None else _tenfold_above_background(one.heights.lacking)


def _heights(one: Evidence, _: Sequence[Evidence]) -> float:
    return 0.0 if one.heights is None else -one.heights.spread


def _possible(one: Evidence, _: Sequence[Evidence]) -> float:
    return -(one.impossible_share or 0.0)


def _not_heavier(one: Evidence, _: Sequence[Evidence]) -> float:
    height = one.heavier_peaks[0].intensity if one.heavier_peaks else 0.0
    return _tenfold_above_background(height)


def _plausible_losses(one: Evidence, _: Sequence[Evidence]) -> float:
    height = one.implausible_losses[0].intensity if one.implausible_losses else 0.0
    return _tenfold_above_background(height)


def _not_contradicted(one: Evidence, _: Sequence[Evidence]) -> float:
    return -1.0 if one.molecular_ion is not None and one.molecular_ion.state == "contradicted" else 0.0


def _molecular_ion(one: Evidence, _: Sequence[Evidence]) -> float:
    return 1.0 if one.molecular_ion is not None and one.molecular_ion.state == "present" else 0.0


def _isotopes(one: Evidence, _: Sequence[Evidence]) -> float:
    return -1.0 if one.isotopes is not None and not one.isotopes.agrees else 0.0


def _precursor(one: Evidence, _: Sequence[Evidence]) -> float:
    return -min(abs(one.precursor_error_ppm), 50.0) / 10 if one.precursor_error_ppm is not None else 0.0


def _adduct(one: Evidence, _: Sequence[Evidence]) -> float:
    return -1.0 if one.adduct_agrees is False else 0.0


FEATURES: Final[Mapping[Technique, Mapping[str, Feature]]] = MappingProxyType(
    {
        "EI": MappingProxyType(
            {
                "match factor": _match,
                "reverse match factor": _reverse_match,
                "likeness by match factor": _match_likeness,
                "likeness by reverse match factor": _reverse_likeness,
                "largest peak that it lacks": _lacking,
                "relative heights differ": _heights,
                "stands out": _stands_out,
                "peaks impossible for the formula": _possible,
                "peaks above the molecular mass": _not_heavier,
                "implausible losses": _plausible_losses,
                "molecular ion contradicted": _not_contradicted,
                "molecular ion present": _molecular_ion,
                "isotopes disagree": _isotopes,
            }
        ),
        "MS/MS": MappingProxyType(
            {
                "entropy similarity": _entropy,
                "likeness by entropy": _entropy_likeness,
                "likeness of several spectra": _repeated,
                "neutral losses": _losses,
                "query explained": _query_explained,
                "library explained": _library_explained,
                "largest unexplained peak": _largest_unexplained,
                "stands out": _stands_out,
                "precursor error": _precursor,
                "adducts differ": _adduct,
            }
        ),
    }
)
