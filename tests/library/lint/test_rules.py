"""Every rule of the table fires on records made for it, and is silent about their sound twins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from nps_spectra import Spectra, Spectrum
from nps_spectra.library.lint import RULES, lint

#: The ions of mephedrone in EI, C11H15NO, 177 Da: UNODC/SWGDRUG monographs name 58, 91, 119.
MEPHEDRONE = {39: 110, 42: 70, 56: 60, 58: 999, 59: 45, 65: 130, 77: 25, 91: 160, 119: 95, 177: 9}
#: Ions of MDMA, C11H15NO2, 193 Da.
MDMA = {39: 30, 51: 40, 56: 80, 58: 999, 59: 40, 77: 60, 105: 15, 135: 100, 136: 60, 193: 12}
#: Ions of fentanyl, C22H28N2O, 336 Da.
FENTANYL = {42: 180, 57: 120, 77: 80, 91: 110, 105: 160, 132: 60, 146: 560, 189: 290, 202: 70, 245: 999, 246: 160}
#: Product ions of amphetamine, [M+H]+ C9H14N, m/z 136.1121.
AMPHETAMINE = {41.0386: 25, 65.0386: 130, 91.0542: 999, 119.0855: 460, 136.1121: 60}

EI = {"ionization": "EI", "polarity": "positive", "ms_level": 1}
MSMS = {
    "ionization": "ESI",
    "polarity": "positive",
    "ms_level": 2,
    "precursor_mz": 136.1121,
    "adduct": "[M+H]+",
    "instrument_type": "LC-ESI-QTOF",
    "collision_energy": "20 eV",
    "name": "amphetamine",
    "formula": "C9H13N",
}
MEPHEDRONE_SMILES = "CNC(C)C(=O)C1=CC=C(C)C=C1"
MEPHEDRONE_KEY = "YELGFTGWJGBAQU-UHFFFAOYSA-N"


def spectrum(peaks: dict[Any, float], **fields: Any) -> Spectrum:
    return Spectrum(list(peaks), list(peaks.values()), **fields)


def mephedrone(peaks: dict[Any, float] | None = None, **fields: Any) -> Spectrum:
    return spectrum(peaks or MEPHEDRONE, **({"name": "mephedrone", "formula": "C11H15NO"} | EI | fields))


def mdma(peaks: dict[Any, float] | None = None, **fields: Any) -> Spectrum:
    return spectrum(peaks or MDMA, **({"name": "MDMA", "formula": "C11H15NO2"} | EI | fields))


def amphetamine(peaks: dict[Any, float] | None = None, **fields: Any) -> Spectrum:
    return spectrum(peaks or AMPHETAMINE, **(MSMS | fields))


def measured_again(peaks: dict[Any, float], seed: int = 1) -> dict[Any, float]:
    """Another measurement: every intensity a few per cent off."""
    noise = np.random.default_rng(seed).normal(1, 0.05, len(peaks))
    return {mz: intensity * float(factor) for (mz, intensity), factor in zip(peaks.items(), noise, strict=True)}


@dataclass(frozen=True)
class Case:
    """Records of which `rows` are at fault, words of the evidence, and the same records without the fault."""

    rule: str
    faulty: list[Spectrum]
    rows: list[int]
    severity: str
    words: list[str]
    sound: list[Spectrum]


PROFILE = {100 + 0.01 * step: 1 + step % 7 for step in range(120)}
MANY_PEAKS = {50 + 1.3 * step: 1 + step % 7 for step in range(120)}
PRECISE = {mz: intensity * 1234.5678 for mz, intensity in measured_again(FENTANYL).items()}
ROUNDED = {mz: float(round(intensity * 999 / max(PRECISE.values()))) for mz, intensity in PRECISE.items()}

CASES = [
    Case(
        "empty_or_constant",
        [Spectrum([], [], name="lost", **EI)],
        [0],
        "error",
        ["no peaks"],
        [mephedrone()],
    ),
    Case(
        "empty_or_constant",
        [mephedrone(dict.fromkeys(MEPHEDRONE, 100))],
        [0],
        "warning",
        ["all 10 peaks have the same intensity"],
        [mephedrone()],
    ),
    Case("empty_or_constant", [amphetamine({91.0542: 1})], [0], "info", ["one peak"], [amphetamine()]),
    Case(
        "profile_points", [amphetamine(PROFILE)], [0], "warning", ["120 points", "0.05 Da"], [amphetamine(MANY_PEAKS)]
    ),
    Case(
        "mz_decimals",
        [amphetamine({41: 25, 65: 130, 91: 999, 119: 460})],
        [0],
        "warning",
        ["all 4 m/z are whole", "LC-ESI-QTOF"],
        [amphetamine()],
    ),
    Case(
        "same_peaks",
        [mephedrone(), mdma(MEPHEDRONE), mdma()],
        [0, 1],
        "error",
        ["exactly the peaks of", "one of the labels is wrong"],
        [mephedrone(), mdma(measured_again(MEPHEDRONE)), mdma()],
    ),
    Case(
        "same_peaks",
        [amphetamine(), amphetamine(collision_energy="40 eV")],
        [0, 1],
        "warning",
        ["the collision energy is 20 eV in one and 40 eV in the other"],
        [amphetamine(), amphetamine(measured_again(AMPHETAMINE), collision_energy="40 eV")],
    ),
    Case(
        "near_duplicate",
        [
            spectrum(PRECISE, name="fentanyl", formula="C22H28N2O", **EI),
            spectrum(ROUNDED, name="ortho-methyl acetylfentanyl", formula="C22H28N2O", **EI),
        ],
        [0, 1],
        "warning",
        ["agrees in every peak, up to rounding", "library id"],
        [
            spectrum(PRECISE, name="fentanyl", formula="C22H28N2O", **EI),
            spectrum(measured_again(ROUNDED, 2), name="ortho-methyl acetylfentanyl", formula="C22H28N2O", **EI),
        ],
    ),
    Case(
        "formula_mass",
        [mephedrone(exact_mass=193.1103)],
        [0],
        "error",
        ["exact mass 193.1103", "C11H15NO has 177.1154", "+15.9949"],
        [mephedrone(exact_mass=177.1154)],
    ),
    Case(
        "formula_mass",
        [mephedrone(exact_mass=177.243)],
        [0],
        "warning",
        ["molecular weight"],
        [mephedrone(exact_mass=177.12)],
    ),
    Case(
        "formula_mass",
        [mephedrone(nominal_mass=178)],
        [0],
        "error",
        ["nominal mass 178", "177"],
        [mephedrone(nominal_mass=177)],
    ),
    Case(
        "formula_structure",
        [mephedrone(formula="C12H17NO", smiles=MEPHEDRONE_SMILES)],
        [0],
        "error",
        ["formula C12H17NO", "C11H15NO", "C-1 H-2"],
        [
            mephedrone(smiles=MEPHEDRONE_SMILES),
            mephedrone(smiles=f"{MEPHEDRONE_SMILES}.Cl"),
            mephedrone(formula="C11H16ClNO", smiles=f"{MEPHEDRONE_SMILES}.Cl"),
        ],
    ),
    Case(
        "formula_structure",
        [mephedrone(smiles="this is no SMILES")],
        [0],
        "warning",
        ["RDKit cannot read"],
        [mephedrone(smiles=MEPHEDRONE_SMILES)],
    ),
    Case(
        "inchikey_structure",
        [mdma(smiles="CNC(C)CC1=CC=C2OCOC2=C1", inchikey=MEPHEDRONE_KEY)],
        [0],
        "error",
        [MEPHEDRONE_KEY, "SHXWCVYOXRDMCX"],
        [mephedrone(smiles=MEPHEDRONE_SMILES, inchikey=MEPHEDRONE_KEY)],
    ),
    Case(
        "inchikey_formula",
        [mephedrone(inchikey=MEPHEDRONE_KEY), mdma(inchikey=MEPHEDRONE_KEY)],
        [0, 1],
        "error",
        [MEPHEDRONE_KEY, "C11H15NO"],
        [mephedrone(inchikey=MEPHEDRONE_KEY), mdma(inchikey="SHXWCVYOXRDMCX-UHFFFAOYSA-N")],
    ),
    # The check digit of caffeine, 58-08-2, by the rule of CAS: 8*1 + 0*2 + 8*3 + 5*4 = 52, of which 2.
    Case(
        "cas_checksum",
        [mephedrone(cas="58-08-3")],
        [0],
        "error",
        ["58-08-3", "check digit"],
        [mephedrone(cas="58-08-2"), mephedrone()],
    ),
    Case(
        "one_structure_several_names",
        [mephedrone(inchikey=MEPHEDRONE_KEY), mephedrone(name="bath salt", inchikey=MEPHEDRONE_KEY)],
        [1],
        "info",
        ["'bath salt' and 'mephedrone'"],
        [mephedrone(inchikey=MEPHEDRONE_KEY, synonyms=("4-MMC",)), mephedrone(name="4-MMC", inchikey=MEPHEDRONE_KEY)],
    ),
    Case(
        "one_name_several_structures",
        [mephedrone(inchikey=MEPHEDRONE_KEY), mdma(name="Mephedrone", inchikey="SHXWCVYOXRDMCX-UHFFFAOYSA-N")],
        [0, 1],
        "error",
        ["C11H15NO YELGFTGWJGBAQU", "C11H15NO2 SHXWCVYOXRDMCX"],
        [mephedrone(inchikey=MEPHEDRONE_KEY), mephedrone(formula="C11H16ClNO")],
    ),
    Case(
        "peak_above_molecular_ion",
        [mephedrone(MEPHEDRONE | {207: 300})],
        [0],
        "error",
        ["m/z 207 (30.0%)", "C11H15NO at m/z 177"],
        [mephedrone(MEPHEDRONE | {178: 20, 207: 9})],
    ),
    Case(
        "peak_above_molecular_ion",
        [amphetamine(AMPHETAMINE | {166.0812: 150})],
        [0],
        "error",
        ["m/z 166.0812", "precursor at m/z 136.1121"],
        [
            amphetamine(AMPHETAMINE | {154.1226: 150}),
            amphetamine(AMPHETAMINE | {166.0812: 150}, charge=2, adduct="[M+2H]2+"),
        ],
    ),
    # 126.9039 is I+, and there is no iodine; 137.1154 has the 13C of the precursor.
    Case(
        "no_subformula",
        [amphetamine(AMPHETAMINE | {126.9039: 900})],
        [0],
        "warning",
        ["C9H14N", "m/z 126.9039", "0.02 Da or 20 ppm"],
        [amphetamine(AMPHETAMINE | {137.1154: 90}), amphetamine(AMPHETAMINE | {126.9039: 900}, formula="C9H12IN")],
    ),
    # Ions of methanethiol under the label of heptane: 47 is CH3S+, and C3H11+ has too much hydrogen.
    Case(
        "no_subformula",
        [spectrum({33: 20, 45: 600, 46: 120, 47: 999}, name="heptane", formula="C7H16", **EI)],
        [0],
        "error",
        ["C7H16", "m/z 47"],
        [spectrum({29: 400, 43: 999, 57: 500, 71: 450, 100: 150}, name="heptane", formula="C7H16", **EI)],
    ),
    Case(
        "adduct_precursor",
        [amphetamine(precursor_mz=158.0940)],
        [0],
        "error",
        ["precursor m/z 158.094", "136.1121", "[M+Na]+ would fit"],
        [amphetamine(), amphetamine(precursor_mz=136), amphetamine(precursor_mz=158.0940, adduct="[M+Na]+")],
    ),
    Case(
        "adduct_precursor",
        [amphetamine(polarity="negative")],
        [0],
        "error",
        ["polarity is negative", "[M+H]+"],
        [amphetamine()],
    ),
    Case(
        "looks_like_another",
        [mephedrone(), mephedrone(measured_again(MDMA)), mdma()],
        [1],
        "error",
        ["to MDMA (C11H15NO2, library id 2)", "nearest record of its own label"],
        [mephedrone(), mephedrone(measured_again(MEPHEDRONE)), mdma()],
    ),
    Case(
        "looks_like_another",
        [
            spectrum(FENTANYL | {336: 40}, name="fentanyl", formula="C22H28N2O", **EI),
            spectrum(measured_again(FENTANYL | {336: 40}), name="heroin", formula="C21H23NO5", **EI),
        ],
        [1],
        "warning",
        ["to fentanyl", "m/z 369 is missing", "m/z 336"],
        [
            spectrum(FENTANYL | {336: 40}, name="fentanyl", formula="C22H28N2O", **EI),
            # A homologue is as like as that, and keeps its label.
            spectrum(measured_again(FENTANYL | {350: 40}), name="methylfentanyl", formula="C23H30N2O", **EI),
        ],
    ),
    Case(
        "missing_fields",
        [Spectrum([58], [1], ionization="EI")],
        [0],
        "warning",
        ["name", "formula or structure"],
        [mephedrone(), amphetamine()],
    ),
    Case(
        "missing_fields",
        [amphetamine(collision_energy=None)],
        [0],
        "info",
        ["collision energy"],
        [mephedrone(), amphetamine()],
    ),
    Case("licence", [mephedrone()], [0], "info", ["no licence named"], [mephedrone(licence="CC BY 4.0")]),
    Case(
        "licence",
        [mephedrone(licence="not for redistribution")],
        [0],
        "warning",
        ["must not be passed on"],
        [mephedrone(licence="CC0")],
    ),
]
NAMES = [f"{number}-{case.rule}" for number, case in enumerate(CASES)]
NEEDS_CHEM = {rule.name for rule in RULES if rule.chem == "needed"}


def test_every_rule_has_a_case() -> None:
    assert {case.rule for case in CASES} == {rule.name for rule in RULES}


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_a_rule_fires_on_the_records_at_fault_and_on_no_other(case: Case) -> None:
    if case.rule in NEEDS_CHEM:
        pytest.importorskip("rdkit")
    findings = lint(Spectra.of(case.faulty), [case.rule])
    assert [finding.library_id for finding in findings] == case.rows
    for finding in findings:
        assert (finding.rule, finding.severity) == (case.rule, case.severity)
    assert all(word in findings[0].evidence for word in case.words), findings[0].evidence


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_a_rule_is_silent_about_the_sound_twin(case: Case) -> None:
    assert not lint(Spectra.of(case.sound), [case.rule]).to_dicts()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_gives_nothing_graver_than_the_table_says_and_looks_at_what_has_what_it_needs(rule: Any) -> None:
    order = ["error", "warning", "info"]
    given = {case.severity for case in CASES if case.rule == rule.name}
    assert min(map(order.index, given)) >= order.index(rule.severity)
    (run,) = lint(Spectra.of([Spectrum([], [])]), [rule.name]).runs
    assert run.records in (0, 1)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_no_rule_fails_on_records_that_have_almost_nothing(rule: Any) -> None:
    odd = [
        Spectrum([], []),
        Spectrum([58], [1]),
        Spectrum([1e-3, 1e5], [1e-30, 1e30], formula="", precursor_mz=1e-3, ms_level=2, adduct="[M+H]+"),
        Spectrum([58.0], [1], formula="Xx9", smiles="\ud800", inchi="InChI=", inchikey="no key", cas="0-0-0", name="?"),
        Spectrum([58.0, 59.0], [1, 2], formula="H", ionization="EI", exact_mass=0.0, nominal_mass=0),
        Spectrum([58.0, 59.0], [1, 2], formula="C999H999", ionization="EI", name="="),
        Spectrum([58.1, 59.1], [1, 2], formula="C9", ms_level=2, adduct="[M-2H]2-", precursor_mz=5.0, charge=-2),
        Spectrum([58.1, 59.1], [1, 2], formula="C60H90N9O9S9P9", ms_level=2, adduct="[3M+2Na]2+", precursor_mz=500.0),
    ]
    lint(Spectra.of(odd), [rule.name])
    lint(Spectra.of(odd[:0]), [rule.name])


# ---- what is no fault


def test_isotopes_of_halogens_are_no_peaks_above_the_molecular_ion() -> None:
    # 1,2-dichlorobenzene: the cluster at 146, 148, 150 has 100 : 64 : 10 (NIST Chemistry WebBook).
    cluster = {74: 100, 75: 150, 111: 380, 113: 120, 146: 999, 147: 65, 148: 640, 149: 40, 150: 104, 151: 6}
    record = spectrum(cluster, name="1,2-dichlorobenzene", formula="C6H4Cl2", **EI)
    assert not lint(Spectra.of([record]), ["peak_above_molecular_ion", "no_subformula"]).to_dicts()


def test_isomers_with_one_spectrum_are_not_said_to_look_like_each_other() -> None:
    first = spectrum(FENTANYL, name="ortho-methylfentanyl", formula="C23H30N2O", **EI)
    second = spectrum(measured_again(FENTANYL), name="meta-methylfentanyl", formula="C23H30N2O", **EI)
    assert not lint(Spectra.of([first, second]), ["looks_like_another"]).to_dicts()


def test_a_substance_of_many_contributors_is_not_reported_for_the_one_that_contradicts() -> None:
    many = [mephedrone(inchikey=MEPHEDRONE_KEY, contributor=f"laboratory {number}") for number in range(3)]
    wrong = mdma(name="mephedrone", inchikey="SHXWCVYOXRDMCX-UHFFFAOYSA-N", contributor="laboratory 4")
    found = lint(Spectra.of([*many, wrong]), ["one_name_several_structures"])
    assert [finding.library_id for finding in found] == [3]


def test_a_copy_under_the_formula_of_the_ion_is_no_wrong_label() -> None:
    # Peonidin-3-O-galactoside is written as cation, C22H23O11+, and as its anhydrobase, C22H22O11.
    ions = {**AMPHETAMINE, 301.0707: 999, 286.0472: 120, 463.1235: 300}
    key = "VDTNNGKXZGSZIP-UHFFFAOYSA"
    records = [
        amphetamine(ions, name="peonidin galactoside", formula=formula, inchikey=f"{key}-{charge}")
        for formula, charge in (("[C22H23O11]+", "O"), ("C22H22O11", "N"))
    ]
    found = lint(Spectra.of(records), ["same_peaks"])
    assert [finding.severity for finding in found] == ["info", "info"]
    assert "the salt or the ion" in found[0].evidence


def test_an_unlabelled_record_is_no_witness_against_a_deuterated_one() -> None:
    # Both formulas are those of the unlabelled molecules; only the structures tell the deuterium.
    shifted = {mz + 10: intensity for mz, intensity in FENTANYL.items()}
    records = [
        spectrum(FENTANYL, name="fentanyl", formula="C22H28N2O", smiles="CCC(=O)N(C1CCN(CC1)CCC2=CC=CC=C2)C3=CC=CC=C3"),
        spectrum(
            shifted,
            name="fentanyl-d10",
            formula="C22H28N2O",
            smiles="[2H]C([2H])([2H])C([2H])([2H])C(=O)N(C1CCN(CC1)CCC2=CC=CC=C2)C3=CC=CC=C3",
        ),
        spectrum(measured_again(shifted), name="another", formula="C23H30N2O"),
    ]
    assert not lint(Spectra.of([record.replace(**EI) for record in records]), ["looks_like_another"]).to_dicts()


@pytest.mark.parametrize(
    ("formula", "one", "other"),
    [("C5H10O5", "OCC(O)C(O)C(O)C=O", "OCC1OC(O)C(O)C1O"), ("C5H8O2", "CC(=O)CC(C)=O", "CC(=O)C=C(C)O")],
    ids=["a sugar drawn open and closed", "a ketone and its enol"],
)
def test_two_drawings_are_not_two_structures(formula: str, one: str, other: str) -> None:
    pytest.importorskip("rdkit")
    records = [Spectrum([73.0], [1], name="one name", formula=formula, smiles=smiles) for smiles in (one, other)]
    assert not lint(Spectra.of(records), ["one_name_several_structures"]).to_dicts()


def test_the_sum_of_a_lipid_is_no_name_of_one_structure() -> None:
    first = Spectrum([184.07], [1], name="PC 38:4", formula="C46H84NO8P", inchikey="JNKAOGSDBBXHEP-UHFFFAOYSA-N")
    second = Spectrum([184.07], [1], name="PC 38:4", formula="C46H84NO8P", inchikey="HUAVKOMRGUBYMK-UHFFFAOYSA-N")
    assert not lint(Spectra.of([first, second]), ["one_name_several_structures"]).to_dicts()


def test_a_derivative_under_the_name_of_the_derivative_is_not_held_to_the_parent() -> None:
    # N-trifluoroacetyl-amphetamine (231 Da) recorded with the formula of amphetamine.
    peaks = {65: 80, 69: 110, 91: 700, 118: 999, 140: 990}
    record = spectrum(peaks, name="amphetamine TFA", formula="C9H13N", **EI)
    assert not lint(Spectra.of([record]), ["peak_above_molecular_ion", "no_subformula"]).to_dicts()


def test_ions_of_silicon_are_named_as_what_they_are() -> None:
    # Column bleed and nothing else: 73, 147, 207 and 281 are the base peaks of cyclic dimethylsiloxanes.
    record = spectrum({73: 300, 147: 250, 207: 999, 281: 400}, name="hexane", formula="C6H14", **EI)
    (found,) = lint(Spectra.of([record]), ["no_subformula"])
    assert "m/z 147, 207, 281 are those of silicon ions" in found.evidence
