"""What RDKit reads from structures: atoms and charges of the parts, and which drawings mean one substance."""

from __future__ import annotations

import pytest

pytest.importorskip("rdkit")

from nps_spectra.substances.structure import (
    inchikey_of_inchi,
    skeletons_of,
    structure_of,
    tautomer_key,
    tautomer_skeletons,
)

#: Two drawings of one substance, as databases have them.
SAME = {
    "2-pyridone": ("Oc1ccccn1", "O=c1cccc[nH]1"),
    "glucose": ("OC[C@H]1OC(O)[C@H](O)[C@@H](O)[C@@H]1O", "OC[C@@H](O)[C@@H](O)[C@H](O)[C@@H](O)C=O"),
    "fructose": ("OCC1(O)OCC(O)C(O)C1O", "OCC(=O)C(O)C(O)C(O)CO"),
    "ephedrine and pseudoephedrine": ("CN[C@@H](C)[C@H](O)c1ccccc1", "CN[C@@H](C)[C@@H](O)c1ccccc1"),
}
#: Isomers that must be kept apart: positions of methyl, of the ketone, of the amine.
APART = {
    "mephedrone and 3-MMC": ("CNC(C)C(=O)c1ccc(C)cc1", "CNC(C)C(=O)c1cccc(C)c1"),
    "methcathinone and its isomer": ("CNC(C)C(=O)c1ccccc1", "CC(=O)C(NC)c1ccccc1"),
    "fentanyl and isofentanyl": ("CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1", "CCC(=O)N(c1ccccc1)C1CCN(Cc2ccccc2)CC1C"),
    "2- and 4-pyridone": ("O=c1cccc[nH]1", "O=c1cc[nH]cc1"),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_drawings_of_one_substance_have_one_key(one: str, other: str) -> None:
    assert tautomer_key(one) == tautomer_key(other) is not None


@pytest.mark.parametrize(("one", "other"), APART.values(), ids=APART)
def test_isomers_have_different_keys(one: str, other: str) -> None:
    assert tautomer_key(one) != tautomer_key(other)


def test_the_parts_of_a_salt_with_their_charges() -> None:
    structure = structure_of("C[NH2+]C.[Cl-]")
    assert structure is not None
    assert [(dict(part.atoms), part.charge) for part in structure.parts] == [
        ({"C": 2, "N": 1, "H": 8}, 1),
        ({"Cl": 1}, -1),
    ]
    assert (dict(structure.whole.atoms), structure.whole.charge) == ({"C": 2, "N": 1, "H": 8, "Cl": 1}, 0)


def test_deuterium_is_an_element_of_its_own() -> None:
    structure = structure_of("[2H]C([2H])([2H])N")
    assert structure is not None
    assert dict(structure.whole.atoms) == {"D": 3, "C": 1, "N": 1, "H": 2}


def test_open_ends_make_a_structure_incomplete() -> None:
    structure = structure_of("*CCN")
    assert structure is not None
    assert not structure.complete


def test_a_salt_has_the_skeletons_of_its_parts_uncharged() -> None:
    # Methamphetamine (PubChem: MYWUZJCMWCOHBA) from the drawing of its ionised hydrochloride.
    assert "MYWUZJCMWCOHBA" in skeletons_of("C[NH2+]C(C)CC1=CC=CC=C1.[Cl-]")


def test_the_tautomers_of_a_structure_have_its_skeleton_among_theirs() -> None:
    # Acetylacetone and its enol are two InChI skeletons: YRKCREAYFQTBPV and POILWHVDKZOXJZ (PubChem).
    assert {"YRKCREAYFQTBPV", "POILWHVDKZOXJZ"} <= tautomer_skeletons("CC(=O)CC(C)=O")


def test_what_rdkit_cannot_read_is_none() -> None:
    assert structure_of("C1CC") is None
    assert tautomer_key("C1CC") is None
    assert tautomer_skeletons("C1CC") == frozenset()
    assert inchikey_of_inchi("InChI=nothing") is None


def test_the_key_of_an_inchi() -> None:
    assert inchikey_of_inchi("InChI=1S/CH4/h1H4") == "VNWKTOKETHGBQD-UHFFFAOYSA-N"
