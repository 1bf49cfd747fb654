"""What a structure says about its molecule, by RDKit: atoms, charge, and the parts of a salt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from nps_spectra.substances.identity import inchikey_of

#: Tautomers looked at before two structures count as different; RDKit's own default is ten times as many.
_MOST_TAUTOMERS = 100


@dataclass(frozen=True, slots=True)
class Part:
    """One molecule or ion of a structure.

    Attributes
    ----------
    atoms : mapping of str to int
        Deuterium is ``D``; other isotope labels do not show.
    charge : int
    """

    atoms: Mapping[str, int]
    charge: int


@dataclass(frozen=True, slots=True)
class Structure:
    """A structure as its SMILES writes it.

    Attributes
    ----------
    parts : tuple of Part
        One for every molecule or ion; a salt has several.
    complete : bool
        False with "any" atoms or open ends (``*``).
    """

    parts: tuple[Part, ...]
    complete: bool

    @property
    def whole(self) -> Part:
        """All parts together."""
        atoms: Counter[str] = Counter()
        for part in self.parts:
            atoms.update(part.atoms)
        return Part(MappingProxyType(dict(atoms)), sum(part.charge for part in self.parts))


def rdkit_is_missing() -> bool:
    """Whether RDKit cannot be imported."""
    try:
        import rdkit.Chem  # noqa: F401
    except ImportError:
        return True
    return False


@lru_cache(maxsize=65536)
def structure_of(smiles: str) -> Structure | None:
    """The structure of a SMILES; None if RDKit cannot read it.

    Raises
    ------
    ImportError
        RDKit is not installed.

    Examples
    --------
    >>> [dict(part.atoms) for part in structure_of("CN.Cl").parts]
    [{'C': 1, 'H': 5, 'N': 1}, {'Cl': 1, 'H': 1}]
    """
    from rdkit import Chem

    molecule = _molecule(smiles)
    if molecule is None:
        return None
    parts: list[Part] = []
    complete = True
    for fragment in Chem.GetMolFrags(molecule, asMols=True, sanitizeFrags=False):
        atoms: Counter[str] = Counter()
        charge = 0
        for atom in fragment.GetAtoms():
            symbol = str(atom.GetSymbol())
            complete = complete and atom.GetAtomicNum() > 0
            atoms["D" if symbol == "H" and atom.GetIsotope() == 2 else symbol] += 1
            atoms["H"] += int(atom.GetTotalNumHs())
            charge += int(atom.GetFormalCharge())
        parts.append(Part(MappingProxyType({e: n for e, n in atoms.items() if n}), charge))
    return Structure(tuple(parts), complete)


def _molecule(smiles: str) -> Any:
    from rdkit import Chem, RDLogger

    RDLogger.DisableLog("rdApp.*")  # type: ignore[attr-defined]
    try:
        return Chem.MolFromSmiles(smiles)
    except UnicodeEncodeError:  # bytes that were no UTF-8
        return None


def skeletons_of(smiles: str) -> set[str]:
    """First blocks of the InChIKeys of a structure and of each of its parts, charged or not."""
    from rdkit import Chem

    found = set()
    for text in (smiles, *smiles.split(".")):
        key = inchikey_of(text)
        if key:
            found.add(key[:14])
    molecule = _molecule(smiles)
    if molecule is not None and "." in smiles:
        from rdkit.Chem.MolStandardize import rdMolStandardize

        for fragment in Chem.GetMolFrags(molecule, asMols=True):
            key = inchikey_of(Chem.MolToSmiles(rdMolStandardize.Uncharger().uncharge(fragment)))
            if key:
                found.add(key[:14])
    return found


@lru_cache(maxsize=65536)
def tautomer_key(smiles: str) -> str | None:
    """The same text for structures that differ in mobile hydrogens, ring opening or stereochemistry only.

    Hemiacetals and hemiketals are opened, as sugars are drawn either way; then RDKit's tautomer hash is taken.

    Returns
    -------
    str or None
        None if RDKit cannot read the SMILES.

    Raises
    ------
    ImportError
        RDKit is not installed.

    Examples
    --------
    >>> tautomer_key("OCC1OC(O)C(O)C(O)C1O") == tautomer_key("OCC(O)C(O)C(O)C(O)C=O")  # glucose
    True
    """
    from rdkit import Chem
    from rdkit.Chem import rdMolHash

    molecule = _molecule(smiles)
    if molecule is None:
        return None
    Chem.RemoveStereochemistry(molecule)
    hemiacetal = Chem.MolFromSmarts("[CX4;R]([OX2H1])@[OX2]")
    while found := molecule.GetSubstructMatch(hemiacetal):
        carbon, hydroxyl, oxygen = found
        opened = Chem.RWMol(molecule)
        opened.RemoveBond(carbon, oxygen)
        opened.GetBondBetweenAtoms(carbon, hydroxyl).SetBondType(Chem.BondType.DOUBLE)
        molecule = opened.GetMol()
        Chem.SanitizeMol(molecule)
    return str(rdMolHash.MolHash(molecule, rdMolHash.HashFunction.HetAtomTautomerv2))


@lru_cache(maxsize=4096)
def tautomer_skeletons(smiles: str) -> frozenset[str]:
    """First blocks of the InChIKeys of a structure's tautomers; empty if RDKit cannot read it."""
    from rdkit import Chem
    from rdkit.Chem.MolStandardize import rdMolStandardize

    molecule = _molecule(smiles)
    if molecule is None:
        return frozenset()
    enumerator = rdMolStandardize.TautomerEnumerator()
    enumerator.SetMaxTautomers(_MOST_TAUTOMERS)
    keys = (inchikey_of(Chem.MolToSmiles(one)) for one in enumerator.Enumerate(molecule))
    return frozenset(key[:14] for key in keys if key)


@lru_cache(maxsize=65536)
def inchikey_of_inchi(inchi: str) -> str | None:
    """InChIKey of an InChI by RDKit; None if it is no InChI.

    Raises
    ------
    ImportError
        RDKit is not installed.
    """
    from rdkit import Chem, RDLogger

    RDLogger.DisableLog("rdApp.*")  # type: ignore[attr-defined]
    try:
        return Chem.InchiToInchiKey(inchi) or None  # type: ignore[no-untyped-call]
    except UnicodeEncodeError:
        return None
