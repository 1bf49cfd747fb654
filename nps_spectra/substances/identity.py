"""What counts as the same substance.

A substance is its molecular skeleton (first block of the InChIKey) together with its nominal mass: a
deuterated standard has the block of the drug and is another substance; stereoisomers are one, because EI does
not tell them apart. Without an InChIKey the structure is asked for it, if RDKit is there; else the name decides.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from nps_spectra.spectra import Spectra
from nps_spectra.substances.formula import nominal_mass

_GREEK: Final = str.maketrans(
    {
        letter: unicodedata.name(letter).rpartition(" ")[2].lower().replace("lamda", "lambda")
        for letter in "αβγδεζηθικλμνξοπρστυφχψω"
    }
)
#: Neither letters nor digits of any script; with NFKD, accents are among them.
#: Primes are part of a locant: 4'-fluorofentanyl and 4-fluorofentanyl are different substances.
_PRIMES: Final = re.compile("['’`´]")
_NOT_LETTERS: Final = re.compile(r"[^\w′]+|_+")
_BLOCK: Final = re.compile(r"[A-Z]{14}(?=-|$)")
_NAMED: Final = "name:"
#: All that `substances_of` looks at.
IDENTITY_FIELDS: Final = ("inchikey", "smiles", "name", "formula", "nominal_mass", "exact_mass")


def normalised_name(name: str) -> str:
    """Name without case, accents, blanks and punctuation other than primes; Greek letters are spelt out.

    Examples
    --------
    >>> normalised_name(".alpha.-PVP") == normalised_name("α-PVP")
    True
    >>> normalised_name("4'-Fluorofentanyl") == normalised_name("4-Fluorofentanyl")
    False
    """
    primed = _PRIMES.sub("′", name.replace("™", ""))  # before NFKD, which makes an accent of "´"
    plain = unicodedata.normalize("NFKD", primed).casefold().translate(_GREEK)
    found = _NOT_LETTERS.sub("", plain)
    return found or plain.strip()


@lru_cache(maxsize=65536)
def inchikey_of(smiles: str) -> str | None:
    """InChIKey of a structure by RDKit; None if RDKit is absent or cannot read it."""
    try:
        from rdkit import Chem, RDLogger
    except ImportError:
        return None
    RDLogger.DisableLog("rdApp.*")  # type: ignore[attr-defined]
    try:
        molecule = Chem.MolFromSmiles(smiles)
    except UnicodeEncodeError:  # bytes that were no UTF-8
        return None
    if molecule is None:
        return None
    return Chem.MolToInchiKey(molecule) or None  # type: ignore[no-untyped-call]


@lru_cache(maxsize=65536)
def mass_of_structure(smiles: str) -> int | None:
    """Nominal mass of a structure, its isotope labels included, by RDKit; None as for `inchikey_of`."""
    if inchikey_of(smiles) is None:
        return None
    from rdkit import Chem

    table = Chem.GetPeriodicTable()
    atoms = Chem.AddHs(Chem.MolFromSmiles(smiles)).GetAtoms()
    return sum(int(atom.GetIsotope()) or int(table.GetMostCommonIsotope(atom.GetAtomicNum())) for atom in atoms)


def mass_of(formula: str | None, nominal: float | None, exact: float | None) -> int | None:
    """Nominal mass from the formula, else as stated, else from the exact mass; None if nothing tells."""
    if formula is not None:
        from_formula = nominal_mass(formula)
        if from_formula is not None:
            return from_formula
    if nominal is not None:
        return int(nominal)
    # The mass defect of drugs lies between -0.15 (several Br, I) and +0.85 Da.
    return math.floor(exact + 0.15) if exact is not None else None


@dataclass(frozen=True, slots=True)
class Substances:
    """The substances of a set of spectra.

    Attributes
    ----------
    keys : tuple of str
        Identity of each substance, in order of first appearance: ``BLOCK/mass`` or ``name:...``.
    of_row : ndarray of int64, shape (spectra,)
        Substance of each spectrum.
    """

    keys: tuple[str, ...]
    of_row: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.keys)

    def take(self, rows: npt.NDArray[np.int64]) -> Substances:
        """The substances of some of the spectra."""
        chosen = self.of_row[rows].tolist()
        return _numbered([self.keys[substance] for substance in chosen])


def substances_of(spectra: Spectra) -> Substances:
    """Group spectra by substance.

    A spectrum known by name only joins the substance of that name if exactly one is known by structure and
    their masses do not disagree.
    """
    inchikeys = spectra.texts("inchikey").to_list()
    smiles = spectra.texts("smiles").to_list()
    names = spectra.texts("name").to_list()
    formulas = spectra.texts("formula").to_list()
    nominal = spectra.columns["nominal_mass"].to_list()
    exact = spectra.columns["exact_mass"].to_list()
    masses = [
        mass_of(formula, _as_float(stated), _as_float(accurate))
        for formula, stated, accurate in zip(formulas, nominal, exact, strict=True)
    ]
    blocks = [
        _block(key) or _block(inchikey_of(structure) if structure else None)
        for key, structure in zip(inchikeys, smiles, strict=True)
    ]
    # Before others of the skeleton are asked: a deuterated standard has the skeleton of the drug.
    masses = [
        mass_of_structure(structure) if mass is None and structure else mass
        for mass, structure in zip(masses, smiles, strict=True)
    ]
    masses = _completed([key or "" for key in inchikeys], masses)
    keys = [
        f"{block}/{'?' if mass is None else mass}" if block else "" for block, mass in zip(blocks, masses, strict=True)
    ]
    by_name: dict[str, set[tuple[str, int | None]]] = {}
    for key, name, mass in zip(keys, names, masses, strict=True):
        if key and name:
            by_name.setdefault(normalised_name(name), set()).add((key, mass))
    for row, key in enumerate(keys):
        if not key:
            keys[row] = _named_key(names[row], masses[row], by_name, row)
    return _numbered(keys)


def _block(inchikey: str | None) -> str:
    """First block of an InChIKey; empty if the text is none."""
    found = _BLOCK.match(inchikey or "")
    return found.group() if found else ""


def _as_float(value: str | float | None) -> float | None:
    return None if value is None else float(value)


def _completed(inchikeys: Sequence[str], masses: Sequence[int | None]) -> list[int | None]:
    """Masses, with a missing one taken from the other spectra of the same whole InChIKey if they all agree.

    The first block would not do: a deuterated standard shares it with the drug.
    """
    known: dict[str, set[int]] = {}
    for key, mass in zip(inchikeys, masses, strict=True):
        if _block(key) and mass is not None:
            known.setdefault(key, set()).add(mass)
    return [
        next(iter(known[key])) if mass is None and len(known.get(key, ())) == 1 else mass
        for key, mass in zip(inchikeys, masses, strict=True)
    ]


def _named_key(name: str | None, mass: int | None, by_name: dict[str, set[tuple[str, int | None]]], row: int) -> str:
    plain = normalised_name(name or "")
    if not any(letter.isalnum() for letter in plain):
        return f"{_NAMED}?/{row}"  # nothing to tell it from others: a substance of its own
    candidates = {key for key, known in by_name.get(plain, set()) if mass is None or known is None or mass == known}
    if len(candidates) == 1:
        return next(iter(candidates))
    return f"{_NAMED}{plain}" if mass is None else f"{_NAMED}{plain}/{mass}"


def _numbered(keys: Sequence[str]) -> Substances:
    numbers: dict[str, int] = {}
    of_row = np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)
    return Substances(tuple(numbers), of_row)
