"""What counts as the same substance."""

from __future__ import annotations

import random
import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nps_spectra import Library, Spectra, Spectrum, read_spectra
from nps_spectra.substances.identity import inchikey_of, mass_of, mass_of_structure, normalised_name, substances_of

# InChIKeys and formulas as SWGDRUG and PubChem state them.
PCP = {"inchikey": "JTJMJGYZQZDUJJ-UHFFFAOYSA-N", "formula": "C17H25N"}
PCP_D5 = {"inchikey": "JTJMJGYZQZDUJJ-ZWYOJXJXSA-N", "formula": "C17H20D5N"}
PCP_SMILES = "C1CCC(CC1)(C2=CC=CC=C2)N3CCCCC3"
PCP_D5_SMILES = "C1CCC(CC1)(C2=C([2H])C([2H])=C([2H])C([2H])=C2[2H])N3CCCCC3"
DEXTRO = {"name": "Dextroamphetamine", "inchikey": "KWTSXDURSIMDCE-QMMMGPOBSA-N", "formula": "C9H13N"}
LEVO = {"name": "Levamfetamine", "inchikey": "KWTSXDURSIMDCE-MRVPVSSYSA-N", "formula": "C9H13N"}


def groups(*fields: dict[str, Any]) -> list[int]:
    """Number of the substance of each spectrum, in order of first appearance."""
    spectra = Spectra.of(Spectrum([91.0], [1.0], **known) for known in fields)
    return substances_of(spectra).of_row.tolist()


# ---- structures


def test_a_deuterated_standard_is_another_substance_than_the_drug() -> None:
    assert PCP["inchikey"][:14] == PCP_D5["inchikey"][:14]
    assert groups(PCP, PCP_D5, PCP) == [0, 1, 0]


def test_standards_with_different_numbers_of_deuterium_are_apart() -> None:
    assert groups(PCP_D5, PCP_D5 | {"formula": "C17H15D10N"}) == [0, 1]


def test_a_deuterated_standard_known_by_its_nominal_mass_only_is_apart() -> None:
    assert groups(PCP, {"inchikey": PCP_D5["inchikey"], "nominal_mass": 248}) == [0, 1]


def test_a_deuterated_standard_known_by_its_exact_mass_only_is_apart() -> None:
    assert groups(PCP, {"inchikey": PCP_D5["inchikey"], "exact_mass": 248.2301}) == [0, 1]


def test_a_deuterated_standard_known_by_its_structure_only_is_apart() -> None:
    pytest.importorskip("rdkit")
    assert groups(PCP, {"inchikey": PCP_D5["inchikey"], "smiles": PCP_D5_SMILES}, {"smiles": PCP_D5_SMILES}) == [
        0,
        1,
        1,
    ]


def test_stereoisomers_are_one_substance_with_all_names() -> None:
    assert groups(DEXTRO, LEVO) == [0, 0]
    library = Library(Spectra.of(Spectrum([44.0], [1.0], **known) for known in (DEXTRO, LEVO)), name="test")
    assert library.names_of(1) == ("Levamfetamine", "Dextroamphetamine")


def test_isomers_of_equal_mass_are_apart() -> None:
    mephedrone = {"inchikey": "YELGFTGWJGBAQU-UHFFFAOYSA-N", "formula": "C11H15NO"}
    phenmetrazine = {"inchikey": "OOBHFESNSZDWIU-UHFFFAOYSA-N", "formula": "C11H15NO"}
    assert groups(mephedrone, phenmetrazine) == [0, 1]


def test_a_missing_mass_is_that_of_the_whole_inchikey() -> None:
    assert groups(PCP, PCP_D5, {"inchikey": PCP["inchikey"]}) == [0, 1, 0]


def test_a_missing_mass_is_not_that_of_another_key_with_the_same_skeleton() -> None:
    assert groups(PCP, {"inchikey": PCP_D5["inchikey"]}) == [0, 1]


def test_a_missing_mass_is_not_guessed_if_the_key_has_several() -> None:
    wrong = PCP | {"formula": "C17H26N"}
    assert groups(PCP, wrong, {"inchikey": PCP["inchikey"]}) == [0, 1, 2]


def test_without_an_inchikey_the_structure_decides() -> None:
    pytest.importorskip("rdkit")
    assert groups(PCP, {"smiles": PCP_SMILES, "name": "another name"}) == [0, 0]


@pytest.mark.parametrize("text", ["not a structure", "", " ", "*", "C1CC", "N/A", "C\0C", "\udcff"])
def test_a_text_that_is_no_structure_has_no_inchikey_and_no_mass(text: str) -> None:
    pytest.importorskip("rdkit")
    assert inchikey_of(text) is None
    assert mass_of_structure(text) is None


def test_without_rdkit_the_name_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    for cached in (inchikey_of, mass_of_structure):
        cached.cache_clear()
    monkeypatch.setitem(sys.modules, "rdkit", None)
    try:
        first = {"smiles": PCP_SMILES, "name": "PCP"}
        assert groups(first, first | {"name": "pcp"}, first | {"name": "another"}) == [0, 0, 1]
    finally:
        for cached in (inchikey_of, mass_of_structure):
            cached.cache_clear()


def test_what_is_no_inchikey_is_not_used_as_one() -> None:
    assert groups({"inchikey": "n/a", "name": "PCP"}, {"inchikey": "n/a", "name": "heroin"}) == [0, 1]


# ---- names


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (".alpha.-PVP", "α-PVP"),
        ("alpha-PVP", "Α-PVP"),
        ("𝛼-PVP", "alpha PVP"),
        ("β-Hydroxyfentanyl", ".beta.-hydroxyfentanyl"),
        ("γ-hydroxybutyric acid", "gamma hydroxybutyric acid"),
        ("Δ9-THC", "delta-9-THC"),
        ("Δ⁹-THC", "Δ9-THC"),
        ("ε-caprolactam", "epsilon-caprolactam"),
        ("λ", "lambda"),
        ("Ω-x", "omega-x"),
        ("Methamphétamine", "METHAMPHETAMINE"),
        ("3,4-MDMA", "3,4 MDMA"),
        ("Subutex™", "subutex"),
        ("4´-Fluorofentanyl", "4'-fluorofentanyl"),
        ("4’-Fluorofentanyl", "4′-fluorofentanyl"),
    ],
)
def test_names_that_differ_only_in_spelling_are_equal(one: str, other: str) -> None:
    assert normalised_name(one) == normalised_name(other)


@pytest.mark.parametrize(
    ("one", "other"), [("α-PVP", "β-PVP"), ("2-FA", "4-FA"), ("4'-FA", "4-FA"), ("海洛因", "可卡因"), ("+", "-")]
)
def test_names_that_differ_otherwise_are_not_equal(one: str, other: str) -> None:
    assert normalised_name(one) != normalised_name(other)


def test_without_a_structure_the_name_decides() -> None:
    assert groups({"name": "α-PVP"}, {"name": "heroin"}, {"name": ".alpha.-pvp"}) == [0, 1, 0]


def test_equal_names_with_different_masses_are_apart() -> None:
    assert groups({"name": "X", "nominal_mass": 243}, {"name": "X", "nominal_mass": 248}) == [0, 1]


def test_spectra_that_nothing_is_known_of_are_each_a_substance_of_its_own() -> None:
    assert groups({}, {}, {"name": "???"}, {"name": "???"}) == [0, 1, 2, 3]


def test_a_name_joins_the_structure_of_that_name() -> None:
    assert groups({"name": "pcp"}, PCP | {"name": "PCP"}) == [0, 0]


def test_a_name_joins_a_structure_of_its_mass() -> None:
    assert groups(PCP | {"name": "PCP"}, {"name": "pcp", "nominal_mass": 243}) == [0, 0]


def test_a_name_does_not_join_a_structure_of_another_mass() -> None:
    assert groups(PCP | {"name": "PCP"}, {"name": "pcp", "nominal_mass": 248}) == [0, 1]


def test_an_ambiguous_name_joins_no_structure() -> None:
    assert groups(PCP | {"name": "PCP"}, DEXTRO | {"name": "PCP"}, {"name": "PCP"}) == [0, 1, 2]


def test_the_mass_decides_between_structures_of_one_name() -> None:
    same = {"name": "PCP"}
    assert groups(PCP | same, PCP_D5 | same, same | {"nominal_mass": 248}) == [0, 1, 1]


# ---- masses


@pytest.mark.parametrize(
    ("formula", "nominal", "exact", "expected"),
    [
        ("C17H20D5N", 243, 243.2, 248),  # the formula comes first
        ("C17H25N.HCl", 279, None, 279),  # no single molecule: what is stated
        (None, None, 336.2202, 336),  # fentanyl, defect +0.22
        (None, None, 306.9207, 307),  # 2C-I, defect below 0
        (None, None, 702.87, 703),
        (None, None, 608.6, 608),  # a large hydrocarbon
        (None, None, None, None),
    ],
)
def test_the_mass_comes_from_the_formula_else_as_stated_else_from_the_exact_mass(
    formula: str | None, nominal: float | None, exact: float | None, expected: int | None
) -> None:
    assert mass_of(formula, nominal, exact) == expected


# ---- order


def partition(spectra: Spectra, labels: list[int]) -> set[frozenset[int]]:
    rows: dict[int, set[int]] = {}
    for label, substance in zip(labels, substances_of(spectra).of_row.tolist(), strict=True):
        rows.setdefault(substance, set()).add(label)
    return {frozenset(members) for members in rows.values()}


@pytest.mark.parametrize("seed", range(20))
def test_the_order_of_the_spectra_does_not_change_the_groups(seed: int) -> None:
    generator = random.Random(seed)
    known: list[dict[str, Any]] = [{"inchikey": PCP["inchikey"]}, PCP, PCP_D5, DEXTRO, LEVO, {}]
    fields = [
        generator.choice(known)
        | {"name": generator.choice(["PCP", "pcp", "x", None])}
        | generator.choice([{}, {"nominal_mass": 243}, {"nominal_mass": 248}])
        for _ in range(12)
    ]
    spectra = [Spectrum([91.0], [1.0], **some) for some in fields]
    order = list(range(12))
    expected = partition(Spectra.of(spectra), order)
    generator.shuffle(order)
    assert partition(Spectra.of(spectra[row] for row in order), order) == expected


def test_the_substances_of_some_rows_are_numbered_anew() -> None:
    spectra = Spectra.of(Spectrum([91.0], [1.0], **known) for known in (PCP, DEXTRO, PCP_D5, LEVO))
    chosen = substances_of(spectra).take(np.array([3, 2, 1]))
    assert chosen.of_row.tolist() == [0, 1, 0]
    assert chosen.keys == ("KWTSXDURSIMDCE/135", "JTJMJGYZQZDUJJ/248")


# ---- measured data


def test_entries_of_swgdrug_with_one_skeleton_and_different_masses_are_apart(data_folder: Path) -> None:
    path = data_folder / "swgdrug_ei" / "swgdrug_3.4.msp"
    if not path.is_file():
        pytest.skip(f"no {path}")
    # Taken from the lines of the file, not from the reader.
    blocks: list[tuple[str, str]] = []
    for record in path.read_text(encoding="utf-8", errors="replace").split("Name: ")[1:]:
        lines = dict(line.split(": ", 1) for line in record.splitlines() if ": " in line)
        blocks.append((lines.get("InChIKey", "")[:14], lines.get("MW", "")))
    of_row = substances_of(read_spectra(path)).of_row.tolist()
    assert len(of_row) == len(blocks)
    found: dict[str, dict[str, set[int]]] = {}
    for (block, mass), substance in zip(blocks, of_row, strict=True):
        if block and mass:
            found.setdefault(block, {}).setdefault(mass, set()).add(substance)
    several = {block: masses for block, masses in found.items() if len(masses) > 1}
    assert len(several) > 50  # drugs with their deuterated standards
    for block, masses in several.items():
        for one, other in combinations(masses.values(), 2):
            assert not one & other, block
