"""Ions that a molecule forms: adducts as records write them, and the m/z they have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from nps_spectra.substances.formula import MASSES, parse_formula

#: Mass of the electron in Da: CODATA 2022.
ELECTRON_MASS: Final = 5.485799090441e-4

#: Abbreviations of solvents and acids that adducts are written with.
_ABBREVIATIONS: Final = {
    "ACN": "C2H3N",
    "DMSO": "C2H6OS",
    "FA": "CH2O2",
    "HAc": "C2H4O2",
    "Hac": "C2H4O2",
    "HOAc": "C2H4O2",
    "OAc": "C2H3O2",
    "HFA": "CH2O2",
    "MeOH": "CH4O",
    "EtOH": "C2H6O",
    "IsoProp": "C3H8O",
    "TFA": "C2HF3O2",
}
#: No ion has a hundred molecules or charges; a damaged number must not be computed with.
_ADDUCT: Final = re.compile(
    r"^[\[(]?(\d{0,2})M((?:[+-]\d{0,3}[A-Za-z][A-Za-z0-9]*)*)(?:[\])](\d{0,2})([+-]{1,9})?|([+-]{1,9}))?[*.•]*$"
)
_TERM: Final = re.compile(r"([+-])(\d{0,3})([A-Za-z][A-Za-z0-9]*)")

#: What is tried to explain a precursor that the adduct of its record does not fit.
COMMON_ADDUCTS: Final = MappingProxyType(
    {
        "positive": (
            "[M+H]+",
            "[M+Na]+",
            "[M+NH4]+",
            "[M+K]+",
            "[M]+",
            "[M+H-H2O]+",
            "[M+H-NH3]+",
            "[M+2H]2+",
            "[2M+H]+",
            "[2M+Na]+",
            "[M+ACN+H]+",
        ),
        "negative": (
            "[M-H]-",
            "[M+HCOO]-",
            "[M+CH3COO]-",
            "[M+Cl]-",
            "[M]-",
            "[M-H-H2O]-",
            "[M-H-CO2]-",
            "[M-2H]2-",
            "[2M-H]-",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Adduct:
    """An ion made of one or several molecules.

    Attributes
    ----------
    molecules : int
        Number of molecules in the ion.
    atoms : mapping of str to int
        Atoms gained (above 0) or lost (below 0).
    charge : int
        With its sign; never 0.
    """

    molecules: int
    atoms: Mapping[str, int]
    charge: int

    @property
    def mass_gained(self) -> float:
        """Mass of the atoms gained less that of the atoms lost, in Da, electrons not considered."""
        return sum(MASSES[element][1] * count for element, count in self.atoms.items())

    def mz(self, mass: float) -> float:
        """m/z of the ion of a molecule whose atoms have this monoisotopic mass (Da) together."""
        return (self.molecules * mass + self.mass_gained - self.charge * ELECTRON_MASS) / abs(self.charge)


@lru_cache(maxsize=4096)
def parse_adduct(text: str) -> Adduct | None:
    """Read ``"[M+H]+"``, ``"[M-2H]2-"``, ``"[2M+Na]+"``, ``"[M+H-C6H10O5]+"``, ``"[M]+*"``; None for anything else.

    Examples
    --------
    >>> caffeine = 194.080376
    >>> round(parse_adduct("[M+H]+").mz(caffeine), 4)
    195.0877
    """
    found = _ADDUCT.match("".join(text.split()))
    if found is None:
        return None
    number, terms, size, signs, bare = found.groups()
    signs = signs or bare
    if not signs or len(set(signs)) != 1:
        return None
    charge = (int(size) if size else len(signs)) * (1 if signs[0] == "+" else -1)
    atoms: dict[str, int] = {}
    for sign, count, name in _TERM.findall(terms):
        part = parse_formula(_ABBREVIATIONS.get(name, name))
        if part is None:
            return None
        for element, of_it in part.items():
            gained = of_it * int(count or 1) * (1 if sign == "+" else -1)
            atoms[element] = atoms.get(element, 0) + gained
    molecules = int(number or 1)
    if charge == 0 or molecules == 0:
        return None
    return Adduct(molecules, MappingProxyType({e: n for e, n in atoms.items() if n}), charge)
