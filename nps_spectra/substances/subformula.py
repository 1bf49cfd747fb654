"""Which ions can a molecule give: every part of it that valences allow, at nominal and at accurate mass.

A part is any choice of the molecule's atoms with no more hydrogen than a saturated ion of its other atoms can
bind. Nothing is asked about bonds: an ion outside these sets cannot come from the molecule, one inside may.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from nps_spectra.substances.formula import MASSES
from nps_spectra.substances.isotopes import ISOTOPE_STEPS

#: Highest valence less two: how many more hydrogens an acyclic part can have for one more atom of the element.
_MORE_HYDROGEN: Final = {"C": 2, "Si": 2, "Sn": 2, "N": 1, "B": 1, "P": 3, "As": 3, "S": 4, "Se": 4, "I": 3}
_LESS_HYDROGEN: Final = ("F", "Cl", "Br", "D")
#: Hydrogens of an acyclic saturated molecule without other atoms (H2), and the proton of an even-electron ion.
_END_HYDROGENS: Final = 3
#: More choices of atoms than these are not enumerated (a protein has them).
MOST_CHOICES: Final = 400_000
#: Heavier molecules give no EI spectrum.
HEAVIEST: Final = 3000


def _capacity(element: str) -> int:
    return _MORE_HYDROGEN.get(element, -1 if element in _LESS_HYDROGEN else 0)


def _chosen_isotopes(element: str, count: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Number of atoms and their mass for every choice of none to `count` atoms among the common isotopes."""
    mass = MASSES[element][1]
    steps = [mass, *(mass + step for step in ISOTOPE_STEPS.get(element, {}).values())]
    numbers, masses = np.zeros(1, dtype=np.int64), np.zeros(1)
    for step in steps:
        more = np.arange(count + 1)
        able = numbers[:, None] + more <= count
        masses = (masses[:, None] + step * more)[able]
        numbers = (numbers[:, None] + more)[able]
    return numbers, masses


def nominal_ion_masses(atoms: Mapping[str, int]) -> npt.NDArray[np.bool_]:
    """Nominal masses that an ion made of these atoms can have, isotopes of at least 3 % included.

    Exact for the bound stated above: for every mass of the atoms other than hydrogen the choice that binds
    most hydrogen is found by dynamic programming.

    Parameters
    ----------
    atoms : mapping of str to int
        Number of atoms of each element, as `parse_formula` gives them.

    Returns
    -------
    ndarray of bool, shape (largest mass + 1,)
        Whether an ion of that nominal mass is possible.

    Raises
    ------
    ValueError
        The molecule is heavier than `HEAVIEST`.

    Examples
    --------
    >>> np.flatnonzero(nominal_ion_masses({"C": 1, "H": 4})).tolist()
    [1, 2, 3, 12, 13, 14, 15, 16]
    """
    impossible = -10_000
    hydrogens = atoms.get("H", 0)
    isotopes = {element: (MASSES[element][0], *ISOTOPE_STEPS.get(element, ())) for element in atoms}
    size = sum(count * max(isotopes[element]) for element, count in atoms.items()) + 1
    if size > HEAVIEST:
        raise ValueError(f"a molecule of {size - 1} Da: heavier than {HEAVIEST}")
    most = np.full(size, impossible)
    most[0] = _END_HYDROGENS
    for element, count in atoms.items():
        if element == "H":
            continue
        gain = _capacity(element)
        for _ in range(count):
            best = most.copy()
            for number in isotopes[element]:
                np.maximum(best[number:], most[:-number] + gain, out=best[number:])
            most = best
    bound = np.minimum(most, hydrogens)
    possible = np.zeros(size, dtype=bool)
    for more in range(hydrogens + 1):
        able = np.flatnonzero(bound >= more) + more
        possible[able[able < size]] = True
    possible[0] = False
    return possible


class AccurateIons:
    """Exact masses that ions made of given atoms can have, isotopes of at least 3 % included.

    Parameters
    ----------
    atoms : mapping of str to int
        Number of atoms of each element.

    Raises
    ------
    ValueError
        There are more than `MOST_CHOICES` choices of atoms other than hydrogen.

    Examples
    --------
    >>> ions = AccurateIons({"C": 8, "H": 11, "N": 1})  # phenethylamine, protonated: C8H12N
    >>> ions.possible(np.array([105.0704, 105.0340]), np.array([0.005, 0.005])).tolist()
    [True, False]
    """

    def __init__(self, atoms: Mapping[str, int]) -> None:
        others = {element: count for element, count in atoms.items() if element != "H" and count}
        choices = math.prod(math.comb(count + len(ISOTOPE_STEPS.get(e, ())) + 1, count) for e, count in others.items())
        if choices > MOST_CHOICES:
            raise ValueError(f"{choices} choices of atoms: more than {MOST_CHOICES}")
        masses, capacity = np.zeros(1), np.full(1, _END_HYDROGENS)
        for element, count in others.items():
            numbers, added = _chosen_isotopes(element, count)
            masses = (masses[:, None] + added).ravel()
            capacity = (capacity[:, None] + _capacity(element) * numbers).ravel()
        hydrogens = np.minimum(capacity, atoms.get("H", 0))
        kept = hydrogens >= 0
        order = np.argsort(masses[kept], kind="stable")
        self._masses = np.ascontiguousarray(masses[kept][order], dtype=np.float64)
        self._hydrogens = np.ascontiguousarray(hydrogens[kept][order], dtype=np.int64)
        self._most = int(self._hydrogens.max(initial=0))

    def possible(self, masses: npt.NDArray[np.float64], tolerance: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """Whether an ion can have each of these masses.

        Parameters
        ----------
        masses : ndarray of float64, shape (n,)
            Masses of the ions' atoms in Da: m/z times charge, electrons given back.
        tolerance : ndarray of float64, shape (n,)
            In Da.
        """
        from nps_spectra.kernels.subformula import masses_of_parts

        found = np.zeros(len(masses), dtype=bool)
        masses_of_parts(
            np.array(masses, dtype=np.float64),
            np.array(tolerance, dtype=np.float64),
            self._masses,
            self._hydrogens,
            self._most,
            MASSES["H"][1],
            found,
        )
        return found
