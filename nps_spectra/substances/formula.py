"""Molecular formulas: elements, charge, nominal and exact mass."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

#: Mass number and exact mass (Da) of the most abundant isotope, and of deuterium, of the elements met in drugs and
#: their derivatives: IUPAC/CIAAW atomic masses (AME 2020).
MASSES: Final[Mapping[str, tuple[int, float]]] = {
    "H": (1, 1.00782503190),
    "D": (2, 2.01410177784),
    "Li": (7, 7.01600343426),
    "B": (11, 11.00930517),
    "C": (12, 12.0),
    "N": (14, 14.00307400425),
    "O": (16, 15.99491461926),
    "F": (19, 18.99840316207),
    "Na": (23, 22.989769282),
    "Mg": (24, 23.985041689),
    "Al": (27, 26.98153841),
    "Si": (28, 27.97692653442),
    "P": (31, 30.97376199768),
    "S": (32, 31.97207117354),
    "Cl": (35, 34.968852694),
    "K": (39, 38.9637064848),
    "Ca": (40, 39.962590850),
    "Fe": (56, 55.934935537),
    "Co": (59, 58.933193524),
    "Cu": (63, 62.929597119),
    "Zn": (64, 63.929141776),
    "As": (75, 74.921594562),
    "Se": (80, 79.91652176),
    "Br": (79, 78.918337601),
    "Sn": (120, 119.902201633),
    "I": (127, 126.904471853),
    "Hg": (202, 201.970643604),
}
_HEAVY: Final = re.compile(r"\[\^?2H\]|\^2H")
_TOKEN: Final = re.compile(r"([A-Z][a-z]?)(\d*)")
#: No molecule here has a thousand atoms of one element; a damaged count must not be computed with.
_FORMULA: Final = re.compile(r"^(?:[A-Z][a-z]?\d{0,3}(?!\d))+$")
_CHARGE: Final = re.compile(r"^\[?([A-Za-z0-9]+)\]?\d*[+-]*$")

#: Digits before a sign are a charge only behind the bracket that closes the formula.
_WRITTEN_CHARGE: Final = re.compile(r"(?:(?<=\])(\d*))?(\++|-+)(\d*)$")


def parse_formula(text: str) -> dict[str, int] | None:
    """Number of atoms of each element; None if the text is no formula of known elements.

    Deuterium is ``D`` (also written ``[2H]`` or ``^2H``); a charge at the end is left out; salts ("C8H9N.HCl") are no
    single molecule and give None.

    Examples
    --------
    >>> parse_formula("C11H15NO")
    {'C': 11, 'H': 15, 'N': 1, 'O': 1}
    """
    atoms = _atoms(text)
    return None if atoms is None else dict(atoms)


@lru_cache(maxsize=65536)
def _atoms(text: str) -> Mapping[str, int] | None:
    plain = _HEAVY.sub("D", text.replace(" ", ""))
    charged = _CHARGE.match(plain)
    if charged is None or not _FORMULA.match(charged.group(1)):
        return None
    atoms: dict[str, int] = {}
    for element, count in _TOKEN.findall(charged.group(1)):
        if element not in MASSES or (count and int(count) == 0):
            return None
        atoms[element] = atoms.get(element, 0) + int(count or 1)
    return atoms


def formula_charge(text: str) -> int:
    """Charge written at the end of a formula, ``"[C19H42N]+"`` or ``"C12H14N2+2"``; 0 if none is.

    Examples
    --------
    >>> formula_charge("[C19H42N]+"), formula_charge("[C12H14N2]2+"), formula_charge("C8H9N")
    (1, 2, 0)
    """
    found = _WRITTEN_CHARGE.search(text.replace(" ", ""))
    if found is None:
        return 0
    before, signs, after = found.groups()
    size = int(before or after or len(signs))
    return size if signs[0] == "+" else -size


def nominal_mass(formula: str) -> int | None:
    """Sum of the mass numbers of the most abundant isotopes; None if the formula is not understood."""
    atoms = parse_formula(formula)
    return None if atoms is None else sum(MASSES[element][0] * count for element, count in atoms.items())


def exact_mass(formula: str) -> float | None:
    """Monoisotopic mass in Da; None if the formula is not understood."""
    atoms = parse_formula(formula)
    return None if atoms is None else sum(MASSES[element][1] * count for element, count in atoms.items())
