"""Every rule of the table fires on records made for it, and is silent about their sound twins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from lint_records import (
    AMPHETAMINE,
    EI,
    FENTANYL,
    MDMA,
    MEPHEDRONE,
    MEPHEDRONE_KEY,
    MEPHEDRONE_SMILES,
    amphetamine,
    mdma,
    measured_again,
    mephedrone,
    spectrum,
)

from nps_spectra import Spectra, Spectrum
from nps_spectra.library.lint import RULES, lint


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
