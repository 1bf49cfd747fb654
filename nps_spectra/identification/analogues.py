"""Analogues of a substance that no library holds: the hybrid search over the molecular masses it may have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from nps_spectra.errors import OptionError
from nps_spectra.identification.molecular_mass import MassHypothesis, molecular_masses_of, with_mass
from nps_spectra.library import Library
from nps_spectra.searching import search
from nps_spectra.searching.hits import Hit
from nps_spectra.spectra import Spectra
from nps_spectra.spectrum import Spectrum

Int = npt.NDArray[np.int64]

#: Hypotheses that together have no more than this are not searched.
_REST: Final = 0.02


@dataclass(frozen=True, slots=True)
class AnalogueHit:
    """A substance of the library that the query may be an analogue of.

    Attributes
    ----------
    hit : Hit
        Under the hypothesis that weighs most: hybrid match factor, shifted peaks, mass difference.
    molecular_mass : int
        That hypothesis: supposed nominal molecular mass of the query, in Da.
    probability : float
        Of that hypothesis, 0 to 1.
    expected_score : float
        Hybrid match factor over all hypotheses, each by its probability: what the list is ordered by.
    """

    hit: Hit
    molecular_mass: int
    probability: float
    expected_score: float

    @property
    def mass_difference(self) -> int:
        """Mass of the query under the hypothesis less that of the library substance, in Da."""
        return round(self.hit.mass_difference or 0.0)


def analogue_search(
    query: Spectrum,
    library: Library,
    *,
    molecular_mass: int | None = None,
    hypotheses: Sequence[MassHypothesis] | None = None,
    top: int = 10,
    leave_out: Int | None = None,
) -> tuple[AnalogueHit, ...]:
    """Hybrid search of an EI spectrum under every molecular mass that it may have.

    Parameters
    ----------
    query : Spectrum
    library : Library
    molecular_mass : int, optional
        Nominal, in Da, where it is known from elsewhere, such as chemical ionisation; default what the query states.
    hypotheses : sequence of MassHypothesis, optional
        Default `molecular_masses_of` the query, which asks the library too.
    top : int
        Substances to list.
    leave_out : ndarray of int64, optional
        Rows of the library that are not compared: for validation.

    Returns
    -------
    tuple of AnalogueHit
        Best first; equal ones by library id.

    Raises
    ------
    OptionError
        No peak, or `top` is not at least 1.

    References
    ----------
    Moorthy et al., Anal. Chem. 2017, 89, 13261, doi:10.1021/acs.analchem.7b03320.

    Examples
    --------
    >>> known = Spectrum([91.0, 146.0, 245.0], [30.0, 60.0, 99.0], name="Fentanyl", nominal_mass=336, ionization="EI")
    >>> library = Library(Spectra.of([known]), name="one")
    >>> unknown = Spectrum([91.0, 146.0, 259.0], [30.0, 60.0, 99.0], ionization="EI")
    >>> found = analogue_search(unknown, library, molecular_mass=350)[0]
    >>> found.hit.name, found.mass_difference, round(found.hit.score)
    ('Fentanyl', 14, 1000)
    """
    if isinstance(top, bool) or not isinstance(top, int) or top < 1:
        raise OptionError(f"top is {top!r}: expected a whole number of at least 1")
    mass = query.nominal_mass if molecular_mass is None else molecular_mass
    if hypotheses is not None:
        asked = tuple(hypotheses)
    elif mass is not None:
        asked = (MassHypothesis(mass, 1.0, 0.0, None),)
    else:
        asked = _likely(molecular_masses_of(query, library, leave_out=leave_out))
    if not asked:
        raise OptionError("found no hypothesis on the molecular mass: expected at least one")
    hits = search(
        Spectra.of(with_mass(query, one.mass) for one in asked),
        library,
        method="hybrid",
        top=max(50, top),
        ionization="EI",
        leave_out=None if leave_out is None else [leave_out] * len(asked),
    )
    total = sum(one.probability for one in asked)
    best: dict[int, tuple[float, MassHypothesis, Hit]] = {}
    expected: dict[int, float] = {}
    for one, result in zip(asked, hits.queries, strict=True):
        for hit in result.hits:
            substance = int(library.substances.of_row[hit.library_id])
            weighed = one.probability / total * hit.score
            expected[substance] = expected.get(substance, 0.0) + weighed
            if substance not in best or weighed > best[substance][0]:
                best[substance] = (weighed, one, hit)
    order = sorted(expected, key=lambda substance: (-expected[substance], best[substance][2].library_id))
    return tuple(AnalogueHit(best[k][2], best[k][1].mass, best[k][1].probability, expected[k]) for k in order[:top])


def _likely(hypotheses: Sequence[MassHypothesis]) -> tuple[MassHypothesis, ...]:
    """The first hypotheses, without the last ones that together have next to no probability."""
    kept: list[MassHypothesis] = []
    reached = 0.0
    for one in hypotheses:
        if kept and reached >= 1 - _REST:
            break
        kept.append(one)
        reached += one.probability
    return tuple(kept)
