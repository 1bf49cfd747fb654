"""How two substances are related by formula and structure, and what would tell them apart.

Structures are compared by RDKit where it is installed and both records state one; without structures, isomers are
told by their formula alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, Literal

from nps_spectra.substances.formula import parse_formula

Relation = Literal["ring_position", "acyl", "chain", "isomer", "same_formula", "isotopologue", "salt", "derivative"]

#: What tells substances of each relation apart, best first. Ring positions and chains: GC of derivatives, GC-IR and
#: MS/MS of these classes, e.g. fluoroamphetamines doi:10.1007/s11419-013-0184-7, GC-IR doi:10.1016/j.forc.2020.100255;
#: labelled standards, salts and derivatives: their molecular masses, or what was done to the sample.
SEPARATED_BY: Final[Mapping[Relation, tuple[str, ...]]] = MappingProxyType(
    {
        "ring_position": (
            "retention index against standards of every position",
            "derivatisation, then retention",
            "gas-phase or solid-state infrared",
            "MS/MS of the substituted ring",
        ),
        "acyl": ("retention index against standards of every acyl isomer", "infrared", "MS/MS of the acylium ion"),
        "chain": ("retention index against standards of every chain", "derivatisation, then retention", "infrared"),
        "isomer": ("retention index", "MS/MS", "infrared"),
        "same_formula": ("retention index", "MS/MS", "infrared"),
        "isotopologue": ("molecular mass", "retention time"),
        "salt": ("the salt is not seen by mass spectrometry of its base: infrared, or a test for the counter-ion",),
        "derivative": ("molecular mass", "a run without derivatisation", "retention index"),
    }
)
#: Relations of a parent with what is never merged with it.
NEVER_MERGED: Final[frozenset[Relation]] = frozenset({"isotopologue", "salt", "derivative"})

#: What derivatisation adds to one OH, NH or SH: trimethylsilyl, tert-butyldimethylsilyl, acetyl, trifluoroacetyl,
#: pentafluoropropionyl and heptafluorobutyryl, each for a hydrogen.
_DERIVATIVES: Final[tuple[Mapping[str, int], ...]] = (
    {"C": 3, "H": 8, "Si": 1},
    {"C": 6, "H": 14, "Si": 1},
    {"C": 2, "H": 2, "O": 1},
    {"C": 2, "H": -1, "F": 3, "O": 1},
    {"C": 3, "H": -1, "F": 5, "O": 1},
    {"C": 4, "H": -1, "F": 7, "O": 1},
)
_MOST_GROUPS: Final = 4


@dataclass(frozen=True, slots=True)
class Identity:
    """What is known of a substance: name, formula, SMILES and first block of the InChIKey; None where it is not."""

    name: str | None
    formula: str | None
    smiles: str | None
    skeleton: str | None


def relation(first: Identity, second: Identity) -> Relation | None:
    """How two different substances are related; None if neither formula nor structure says so.

    Examples
    --------
    >>> def known(formula, smiles):
    ...     return Identity(None, formula, smiles, None)
    >>> relation(known("C9H12FN", "CC(N)Cc1ccccc1F"), known("C9H12FN", "CC(N)Cc1ccc(F)cc1"))
    'ring_position'
    >>> relation(known("C9H13N", "CC(N)Cc1ccccc1"), known("C12H21NSi", "CC(N[Si](C)(C)C)Cc1ccccc1"))
    'derivative'
    """
    if first.skeleton is not None and first.skeleton == second.skeleton:
        # A substance is its skeleton and its nominal mass: the same skeleton with another mass carries other isotopes.
        return "isotopologue"
    mine, other = (parse_formula(one.formula) if one.formula else None for one in (first, second))
    if _is_labelled(mine, other):
        return "isotopologue"
    if _is_salt(first, second):
        return "salt"
    if mine is None or other is None:
        return None
    if mine == other:
        return _isomers(first, second)
    return "derivative" if _is_derivative(first, second, mine, other) else None


def _is_labelled(mine: Mapping[str, int] | None, other: Mapping[str, int] | None) -> bool:
    """Whether the formulas are the same but for deuterium in the place of hydrogen."""
    if mine is None or other is None or mine.get("D", 0) == other.get("D", 0):
        return False
    return _undeuterated(mine) == _undeuterated(other)


def _undeuterated(atoms: Mapping[str, int]) -> dict[str, int]:
    plain = {element: count for element, count in atoms.items() if element != "D"}
    return plain | {"H": plain.get("H", 0) + atoms.get("D", 0)}


def _is_salt(first: Identity, second: Identity) -> bool:
    for salt, base in ((first, second), (second, first)):
        if not salt.smiles or "." not in salt.smiles or base.skeleton is None:
            continue
        if base.skeleton in _skeletons(salt.smiles):
            return True
    return False


@lru_cache(maxsize=65536)
def _skeletons(smiles: str) -> frozenset[str]:
    from nps_spectra.substances.structure import rdkit_is_missing, skeletons_of

    return frozenset() if rdkit_is_missing() else frozenset(skeletons_of(smiles))


def _is_derivative(first: Identity, second: Identity, mine: Mapping[str, int], other: Mapping[str, int]) -> bool:
    """Whether one is the other with groups that derivatisation adds, by formula and structure (else name)."""
    for parent, derived, small, large in ((first, second, mine, other), (second, first, other, mine)):
        added = {
            element: large.get(element, 0) - small.get(element, 0)
            for element in small.keys() | large.keys()
            if large.get(element, 0) != small.get(element, 0)
        }
        fits = any(
            added == {element: number * count for element, count in group.items()}
            for group in _DERIVATIVES
            for number in range(1, _MOST_GROUPS + 1)
        )
        if not fits:
            continue
        if parent.smiles and derived.smiles:
            inside = _contains(derived.smiles, parent.smiles)
            if inside is not None:
                return inside
        if parent.name and derived.name and parent.name.casefold() in derived.name.casefold():
            return True
    return False


def _molecule(smiles: str) -> Any:
    try:
        from rdkit import Chem, RDLogger
    except ImportError:
        return None
    RDLogger.DisableLog("rdApp.*")  # type: ignore[attr-defined]
    try:
        return Chem.MolFromSmiles(smiles)
    except UnicodeEncodeError:  # bytes that were no UTF-8
        return None


def _contains(whole: str, part: str) -> bool | None:
    """Whether a structure is part of another; None if that cannot be asked."""
    molecule, query = _molecule(whole), _molecule(part)
    return None if molecule is None or query is None else bool(molecule.HasSubstructMatch(query))


def _isomers(first: Identity, second: Identity) -> Relation:
    if not first.smiles or not second.smiles:
        return "same_formula"
    mine, other = _pieces(first.smiles), _pieces(second.smiles)
    if mine is None or other is None:
        return "same_formula"
    kinds: tuple[Relation, ...] = ("ring_position", "acyl", "chain")
    for kind, own, theirs in zip(kinds, mine, other, strict=True):
        if own is not None and own == theirs:
            return kind
    return "isomer"


#: Pieces that count by formula: acyl groups that hang on by their carbonyl, and pieces without any ring.
_ACYL: Final = "[CX3;!R](=[OX1])[#0]"
_CHAIN: Final = "[!R]"


@lru_cache(maxsize=65536)
def _pieces(smiles: str) -> tuple[frozenset[tuple[str, int]] | None, ...] | None:
    """What is left of a structure when the places at which its pieces hang together are forgotten.

    Three views, each a multiset; None where a view does not apply:

    - cut at the bonds between aromatic rings and the rest, so that isomers by ring position have the same pieces;
    - cut at the bonds of acyl groups to nitrogen or oxygen, the acyl groups by formula only;
    - cut at the bonds between any ring and the rest, chains by formula only.
    """
    from nps_spectra.substances.structure import rdkit_is_missing

    molecule = None if rdkit_is_missing() else _molecule(smiles)
    if molecule is None:
        return None
    aromatic = "[a]-!@[!#1]"
    acyl = "[CX3](=[OX1])-!@[#7,#8]"
    ring = "[R]-!@[*]"
    return (
        _cut(molecule, aromatic, None),
        _cut(molecule, acyl, _ACYL),
        _cut(molecule, ring, _CHAIN),
    )


def _cut(molecule: Any, bonds: str, by_formula: str | None) -> frozenset[tuple[str, int]] | None:
    """Pieces between these bonds, and how often each occurs; those that match `by_formula` as formulas.

    In the pieces by formula the open ends do not count, and all of them together are one formula.
    """
    from rdkit import Chem

    found = molecule.GetSubstructMatches(Chem.MolFromSmarts(bonds))
    numbers = sorted({molecule.GetBondBetweenAtoms(match[0], match[-1]).GetIdx() for match in found})
    if not numbers:
        return None
    broken = Chem.FragmentOnBonds(molecule, numbers, dummyLabels=[(0, 0)] * len(numbers))
    Chem.RemoveStereochemistry(broken)
    pieces: Counter[str] = Counter()
    open_atoms: Counter[str] = Counter()
    for piece in Chem.GetMolFrags(broken, asMols=True, sanitizeFrags=True):
        if by_formula is not None and _is_open(piece, by_formula):
            for atom in piece.GetAtoms():
                if atom.GetAtomicNum():
                    open_atoms[str(atom.GetSymbol())] += 1
                    open_atoms["H"] += int(atom.GetTotalNumHs())
            continue
        # Without the open ends' places: only the piece itself and how many ends it has.
        ends = sum(atom.GetAtomicNum() == 0 for atom in piece.GetAtoms())
        closed = Chem.ReplaceSubstructs(piece, Chem.MolFromSmarts("[#0]"), Chem.MolFromSmiles("[H]"), replaceAll=True)[
            0
        ]
        pieces[f"{Chem.MolToSmiles(Chem.RemoveHs(closed))} {ends}"] += 1
    pieces.update({f"atoms {element}": count for element, count in open_atoms.items() if count})
    return frozenset(pieces.items())


def _is_open(piece: Any, pattern: str) -> bool:
    """Whether a piece is one of those that count by formula."""
    from rdkit import Chem

    if pattern == _CHAIN:
        return not any(atom.IsInRing() for atom in piece.GetAtoms())
    # An aroyl group is no acyl isomer of another one: its ring says more.
    aromatic = any(atom.GetIsAromatic() for atom in piece.GetAtoms())
    return not aromatic and bool(piece.HasSubstructMatch(Chem.MolFromSmarts(pattern)))
