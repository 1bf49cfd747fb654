"""Formulas: atoms, and masses as RDKit has them."""

from __future__ import annotations

import pytest

from nps_spectra.substances.formula import MASSES, exact_mass, nominal_mass, parse_formula

#: SMILES of substances as PubChem gives them, with hetero-atoms of every kind that drugs have.
STRUCTURES = {
    "fentanyl": "CCC(=O)N(C1CCN(CC1)CCC2=CC=CC=C2)C3=CC=CC=C3",
    "fentanyl-d5": "CCC(=O)N(C1CCN(CC1)CCC2=CC=CC=C2)C3=C([2H])C([2H])=C([2H])C([2H])=C3[2H]",
    "2C-B": "COC1=CC(=C(C=C1CCN)OC)Br",
    "2C-I": "COC1=CC(=C(C=C1CCN)OC)I",
    "alprazolam": "CC1=NN=C2N1C3=C(C=C(C=C3)Cl)C(=NC2)C4=CC=CC=C4",
    "AM-2201": "C1=CC=C2C(=C1)C=CC=C2C(=O)C3=CN(C4=CC=CC=C43)CCCCCF",
    "tianeptine": "CN1C2=CC=CC=C2C(C3=C(S1(=O)=O)C=C(C=C3)Cl)NCCCCCCC(=O)O",
    "sarin": "CC(C)OP(=O)(C)F",
    "trimethylsilyl-morphine": "CN1CCC23C4C1CC5=C2C(=C(C=C5)O)OC3C(C=C4)O[Si](C)(C)C",
}


@pytest.mark.parametrize("name", STRUCTURES)
def test_masses_are_those_of_rdkit(name: str) -> None:
    chem = pytest.importorskip("rdkit.Chem")
    from rdkit.Chem.Descriptors import ExactMolWt
    from rdkit.Chem.rdMolDescriptors import CalcMolFormula

    molecule = chem.MolFromSmiles(STRUCTURES[name])
    formula = CalcMolFormula(molecule, separateIsotopes=True, abbreviateHIsotopes=True)
    assert exact_mass(formula) == pytest.approx(ExactMolWt(molecule), abs=2e-6)
    table = chem.GetPeriodicTable()
    numbers = [
        atom.GetIsotope() or table.GetMostCommonIsotope(atom.GetAtomicNum()) for atom in chem.AddHs(molecule).GetAtoms()
    ]
    assert nominal_mass(formula) == sum(numbers)


@pytest.mark.parametrize("element", sorted(set(MASSES) - {"D"}))
def test_the_isotope_of_an_element_is_its_most_abundant_one(element: str) -> None:
    chem = pytest.importorskip("rdkit.Chem")
    table = chem.GetPeriodicTable()
    number, mass = MASSES[element]
    assert number == table.GetMostCommonIsotope(element)
    assert mass == pytest.approx(table.GetMostCommonIsotopeMass(element), abs=1e-5)  # RDKit has older tables


def test_the_mass_of_deuterium() -> None:
    chem = pytest.importorskip("rdkit.Chem")
    assert MASSES["D"] == (2, pytest.approx(chem.GetPeriodicTable().GetMassForIsotope("H", 2), abs=1e-7))


@pytest.mark.parametrize(
    ("text", "atoms"),
    [
        ("C11H15NO", {"C": 11, "H": 15, "N": 1, "O": 1}),
        ("C8 H10 N4 O2", {"C": 8, "H": 10, "N": 4, "O": 2}),
        ("CH3CH2OH", {"C": 2, "H": 6, "O": 1}),
        ("CO", {"C": 1, "O": 1}),
        ("Co", {"Co": 1}),
        ("C17H20D5N", {"C": 17, "H": 20, "D": 5, "N": 1}),
        ("C17H20[2H]5N", {"C": 17, "H": 20, "D": 5, "N": 1}),
        ("C17H20^2H5N", {"C": 17, "H": 20, "D": 5, "N": 1}),
        ("C17H20[^2H]5N", {"C": 17, "H": 20, "D": 5, "N": 1}),
        ("C5H14NO+", {"C": 5, "H": 14, "N": 1, "O": 1}),
        ("[C12H14N2]2+", {"C": 12, "H": 14, "N": 2}),
        ("C2H3O2-", {"C": 2, "H": 3, "O": 2}),
    ],
)
def test_the_atoms_of_a_formula(text: str, atoms: dict[str, int]) -> None:
    assert parse_formula(text) == atoms


@pytest.mark.parametrize(
    "text", ["", " ", "C8H9N.HCl", "unknown", "C0H4", "Xx2", "C1000H4", "C٣H8", "(CH3)2O", "[M+H]+", "12", "c6h6"]
)
def test_what_is_no_formula_has_no_atoms_and_no_mass(text: str) -> None:
    assert parse_formula(text) is None
    assert nominal_mass(text) is None
    assert exact_mass(text) is None


def test_a_caller_who_changes_the_atoms_changes_only_his_own() -> None:
    atoms = parse_formula("C11H15NO")
    assert atoms is not None
    atoms["C"] = 0
    assert nominal_mass("C11H15NO") == 177
