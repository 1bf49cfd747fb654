"""Relations of substances whose structures are known to everybody in the field."""

from __future__ import annotations

import pytest

from nps_spectra.identification.families import NEVER_MERGED, SEPARATED_BY, Identity, relation

pytest.importorskip("rdkit", reason="structures are compared by RDKit (extra 'chem')")

FENTANYL = "N(c1ccccc1)C1CCN(CCc2ccccc2)CC1"
PAIRS = {
    "2- and 4-fluoroamphetamine": ("CC(N)Cc1ccccc1F", "CC(N)Cc1ccc(F)cc1", "ring_position"),
    "3- and 4-methylmethcathinone": ("CNC(C)C(=O)c1cccc(C)c1", "CNC(C)C(=O)c1ccc(C)cc1", "ring_position"),
    "methylone and 2,3-methylone": ("CNC(C)C(=O)c1ccc2OCOc2c1", "CNC(C)C(=O)c1cccc2OCOc12", "ring_position"),
    "o- and p-fluorofentanyl": (
        "CCC(=O)N(c1ccccc1F)C1CCN(CCc2ccccc2)CC1",
        "CCC(=O)N(c1ccc(F)cc1)C1CCN(CCc2ccccc2)CC1",
        "ring_position",
    ),
    "butyryl and isobutyryl fentanyl": (f"CCCC(=O){FENTANYL}", f"CC(C)C(=O){FENTANYL}", "acyl"),
    "crotonyl and cyclopropyl fentanyl": (f"C/C=C/C(=O){FENTANYL}", f"C1CC1C(=O){FENTANYL}", "acyl"),
    "ethylone and butylone": ("CCNC(C)C(=O)c1ccc2OCOc2c1", "CCC(NC)C(=O)c1ccc2OCOc2c1", "chain"),
    "methamphetamine and phentermine": ("CNC(C)Cc1ccccc1", "CC(C)(N)Cc1ccccc1", "chain"),
    "4F- and 5F-pentyl AMB": (
        "CC(F)CCCn1nc(C(=O)NC(C(C)C)C(=O)OC)c2ccccc12",
        "FCCCCCn1nc(C(=O)NC(C(C)C)C(=O)OC)c2ccccc12",
        "chain",
    ),
    "cocaine and scopolamine": (
        "COC(=O)C1C(OC(=O)c2ccccc2)CC2CCC1N2C",
        "CN1C2CC(CC1C1OC12)OC(=O)C(CO)c1ccccc1",
        "isomer",
    ),
    "amphetamine and its TMS derivative": ("CC(N)Cc1ccccc1", "CC(N[Si](C)(C)C)Cc1ccccc1", "derivative"),
    "amphetamine and its TFA derivative": ("CC(N)Cc1ccccc1", "CC(NC(=O)C(F)(F)F)Cc1ccccc1", "derivative"),
    "amphetamine and its hydrochloride": ("CC(N)Cc1ccccc1", "CC(N)Cc1ccccc1.Cl", "salt"),
    "amphetamine and amphetamine-d5": (
        "CC(N)Cc1ccccc1",
        "CC(N)Cc1c([2H])c([2H])c([2H])c([2H])c1[2H]",
        "isotopologue",
    ),
    "fentanyl and acetylfentanyl, homologues": (f"CCC(=O){FENTANYL}", f"CC(=O){FENTANYL}", None),
}


def known(smiles: str) -> Identity:
    from rdkit import Chem
    from rdkit.Chem.rdMolDescriptors import CalcMolFormula

    molecule = Chem.MolFromSmiles(smiles)
    formula = None if "." in smiles else CalcMolFormula(molecule)
    return Identity(None, formula, smiles, Chem.MolToInchiKey(molecule)[:14])


@pytest.mark.parametrize("name", PAIRS)
def test_relation_of_known_pairs_is_the_same_both_ways(name: str) -> None:
    first, second, expected = PAIRS[name]
    assert relation(known(first), known(second)) == relation(known(second), known(first)) == expected


def test_without_structures_isomers_are_told_by_formula_and_deuterium_by_its_letter() -> None:
    def of(formula: str, name: str | None = None) -> Identity:
        return Identity(name, formula, None, None)

    assert relation(of("C9H12FN"), of("C9H12FN")) == "same_formula"
    assert relation(of("C9H13N"), of("C9H8D5N")) == "isotopologue"
    assert relation(of("C9H13N"), of("C10H15N")) is None
    assert relation(of("C9H13N", "Amphetamine"), of("C11H15NO", "Amphetamine AC")) == "derivative"
    assert relation(of("C9H13N", "Amphetamine"), of("C11H15NO", "Phenmetrazine")) is None


def test_every_relation_says_what_separates_it() -> None:
    assert set(SEPARATED_BY) >= NEVER_MERGED
    assert all(SEPARATED_BY.values())
