"""Isotopes: patterns at nominal mass, and molecular weights as chemical catalogues give them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

#: Mass number and share of the isotopes of each element of `formula.MASSES`: representative isotopic compositions,
#: Meija et al. 2016, doi:10.1515/pac-2015-0503 (as NIST lists them). Isotopes below 0.01 % are left out.
ISOTOPES: Final[Mapping[str, tuple[tuple[int, float], ...]]] = MappingProxyType(
    {
        "H": ((1, 0.999885), (2, 0.000115)),
        "D": ((2, 1.0),),
        "Li": ((6, 0.0759), (7, 0.9241)),
        "B": ((10, 0.199), (11, 0.801)),
        "C": ((12, 0.9893), (13, 0.0107)),
        "N": ((14, 0.99636), (15, 0.00364)),
        "O": ((16, 0.99757), (17, 0.00038), (18, 0.00205)),
        "F": ((19, 1.0),),
        "Na": ((23, 1.0),),
        "Mg": ((24, 0.7899), (25, 0.1000), (26, 0.1101)),
        "Al": ((27, 1.0),),
        "Si": ((28, 0.92223), (29, 0.04685), (30, 0.03092)),
        "P": ((31, 1.0),),
        "S": ((32, 0.9499), (33, 0.0075), (34, 0.0425), (36, 0.0001)),
        "Cl": ((35, 0.7576), (37, 0.2424)),
        "K": ((39, 0.932581), (40, 0.000117), (41, 0.067302)),
        "Ca": ((40, 0.96941), (42, 0.00647), (43, 0.00135), (44, 0.02086), (48, 0.00187)),
        "Fe": ((54, 0.05845), (56, 0.91754), (57, 0.02119), (58, 0.00282)),
        "Co": ((59, 1.0),),
        "Cu": ((63, 0.6915), (65, 0.3085)),
        "Zn": ((64, 0.4917), (66, 0.2773), (67, 0.0404), (68, 0.1845), (70, 0.0061)),
        "As": ((75, 1.0),),
        "Se": ((74, 0.0089), (76, 0.0937), (77, 0.0763), (78, 0.2377), (80, 0.4961), (82, 0.0873)),
        "Br": ((79, 0.5069), (81, 0.4931)),
        "Sn": (
            (112, 0.0097),
            (114, 0.0066),
            (115, 0.0034),
            (116, 0.1454),
            (117, 0.0768),
            (118, 0.2422),
            (119, 0.0859),
            (120, 0.3258),
            (122, 0.0463),
            (124, 0.0579),
        ),
        "I": ((127, 1.0),),
        "Hg": ((196, 0.0015), (198, 0.0997), (199, 0.1687), (200, 0.2310), (201, 0.1318), (202, 0.2986), (204, 0.0687)),
    }
)

#: What the other isotopes with at least 3 % of an element weigh more than the most abundant one, in Da: atomic
#: masses of AME 2020, Wang et al. 2021, doi:10.1088/1674-1137/abddaf (as NIST lists them).
ISOTOPE_STEPS: Final[Mapping[str, Mapping[int, float]]] = MappingProxyType(
    {
        "Li": {6: -1.000882},
        "B": {10: -0.996368},
        "Mg": {25: 1.000795, 26: 1.997551},
        "Si": {29: 0.999568, 30: 1.996844},
        "S": {34: 1.995796},
        "Cl": {37: 1.997050},
        "K": {41: 1.998119},
        "Fe": {54: -1.995327},
        "Cu": {65: 1.998192},
        "Zn": {66: 1.996891, 67: 2.997985, 68: 3.995702},
        "Se": {76: -3.997308, 77: -2.996607, 78: -1.999212, 82: 2.000178},
        "Br": {81: 1.997953},
        "Sn": {116: -4.000454, 117: -2.999243, 118: -2.000592, 119: -0.998887, 122: 2.001244, 124: 4.003079},
        "Hg": {198: -4.003874, 199: -3.002363, 200: -2.002317, 201: -1.000341, 204: 2.002851},
    }
)

#: Abridged standard atomic weights, Prohaska et al. 2022, doi:10.1515/pac-2019-0603; deuterium: its atomic mass.
ATOMIC_WEIGHTS: Final[Mapping[str, float]] = MappingProxyType(
    {
        "H": 1.008,
        "D": 2.014,
        "Li": 6.94,
        "B": 10.81,
        "C": 12.011,
        "N": 14.007,
        "O": 15.999,
        "F": 18.998,
        "Na": 22.990,
        "Mg": 24.305,
        "Al": 26.982,
        "Si": 28.085,
        "P": 30.974,
        "S": 32.06,
        "Cl": 35.45,
        "K": 39.098,
        "Ca": 40.078,
        "Fe": 55.845,
        "Co": 58.933,
        "Cu": 63.546,
        "Zn": 65.38,
        "As": 74.922,
        "Se": 78.971,
        "Br": 79.904,
        "Sn": 118.71,
        "I": 126.90,
        "Hg": 200.59,
    }
)


def isotope_pattern(atoms: Mapping[str, int], least: float = 1e-4) -> dict[int, float]:
    """Share of the molecules at each nominal mass, those below `least` of the largest left out.

    Parameters
    ----------
    atoms : mapping of str to int
        Number of atoms of each element, as `parse_formula` gives them.
    least : float
        Smallest share kept, relative to the largest one.

    Returns
    -------
    dict of int to float
        Nominal mass to share; the shares of all masses together are 1.

    Raises
    ------
    KeyError
        An element that is not in `ISOTOPES`.

    Examples
    --------
    >>> {mass: round(share, 3) for mass, share in isotope_pattern({"Br": 2}).items()}
    {158: 0.257, 160: 0.5, 162: 0.243}
    """
    return dict(_pattern(tuple(atoms.items()), least))


@lru_cache(maxsize=8192)
def _pattern(atoms: tuple[tuple[str, int], ...], least: float) -> Mapping[int, float]:
    """The pattern of a formula, kept: the formulas of a library are asked for again and again."""
    pattern = np.ones(1)
    lightest = 0
    for element, count in atoms:
        isotopes = ISOTOPES[element]
        first = isotopes[0][0]
        one = np.zeros(isotopes[-1][0] - first + 1)
        for number, share in isotopes:
            one[number - first] = share
        lightest += first * count
        while count:  # by repeated squaring
            if count & 1:
                pattern = _without_tail(np.convolve(pattern, one))
            one = _without_tail(np.convolve(one, one))
            count >>= 1
    kept = np.flatnonzero(pattern >= least * pattern.max())
    return {lightest + int(at): float(pattern[at]) for at in kept}


def _without_tail(pattern: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Without heavy isotopologues of which there is not one in 10^12 molecules."""
    return pattern[: int(np.flatnonzero(pattern > 1e-12)[-1]) + 1]


def average_mass(atoms: Mapping[str, int]) -> float:
    """Molecular weight in g/mol, of the natural mixture of isotopes.

    Raises
    ------
    KeyError
        An element that is not in `ATOMIC_WEIGHTS`.

    Examples
    --------
    >>> round(average_mass({"C": 11, "H": 15, "N": 1, "O": 1}), 2)
    177.25
    """
    return sum(ATOMIC_WEIGHTS[element] * count for element, count in atoms.items())
