"""What looks like a fault and is none, and what decides between the two."""

from __future__ import annotations

from typing import Any

import pytest
from lint_records import (
    AMPHETAMINE,
    EI,
    FENTANYL,
    MEPHEDRONE,
    MEPHEDRONE_KEY,
    amphetamine,
    mdma,
    measured_again,
    mephedrone,
    spectrum,
)

from nps_spectra import Spectra, Spectrum
from nps_spectra.library.lint import lint


def found(records: list[Spectrum], rule: str) -> list[int]:
    """Rows that a rule reports."""
    return [finding.library_id for finding in lint(Spectra.of(records), [rule])]


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
    findings = lint(Spectra.of([*many, wrong]), ["one_name_several_structures"])
    assert [finding.library_id for finding in findings] == [3]


def test_a_copy_under_the_formula_of_the_ion_is_no_wrong_label() -> None:
    # Peonidin-3-O-galactoside is written as cation, C22H23O11+, and as its anhydrobase, C22H22O11.
    ions = {**AMPHETAMINE, 301.0707: 999, 286.0472: 120, 463.1235: 300}
    key = "VDTNNGKXZGSZIP-UHFFFAOYSA"
    records = [
        amphetamine(ions, name="peonidin galactoside", formula=formula, inchikey=f"{key}-{charge}")
        for formula, charge in (("[C22H23O11]+", "O"), ("C22H22O11", "N"))
    ]
    findings = lint(Spectra.of(records), ["same_peaks"])
    assert [finding.severity for finding in findings] == ["info", "info"]
    assert "the salt or the ion" in findings[0].evidence


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
    (finding,) = lint(Spectra.of([record]), ["no_subformula"])
    assert "m/z 147, 207, 281 are those of silicon ions" in finding.evidence


@pytest.mark.parametrize(
    ("formula", "other_formula", "rows"),
    [("C12H12O4", "C10H10O3", []), ("C11H12O3", "C10H10O3", [0]), ("C9H8N2O4", "C10H10O3", [0])],
    ids=["an acetate and its alcohol", "the lower homologue", "no part of the label"],
)
def test_likeness_to_what_the_molecule_can_become_is_no_fault(
    formula: str, other_formula: str, rows: list[int]
) -> None:
    # The molecular ion of the label is missing; 178 is that of the other.
    peaks = {39: 90, 51: 130, 77: 400, 91: 120, 105: 300, 121: 560, 147: 999, 150: 220, 178: 480}
    label = spectrum(peaks, name="label", formula=formula, **EI)
    other = spectrum(measured_again(peaks), name="other", formula=other_formula, **EI)
    assert found([label, other], "looks_like_another") == rows


def test_a_record_with_its_molecular_ion_keeps_its_label_against_its_derivatives() -> None:
    # Nicotinic acid at 123; the other records of the name are of its trimethylsilyl ester (195), and quinolinic acid
    # (167) loses CO2 and then looks like nicotinic acid.
    acid = {39: 50, 50: 190, 51: 290, 77: 170, 78: 390, 105: 470, 106: 270, 123: 999, 124: 140}
    ester = {51: 60, 73: 90, 78: 250, 106: 300, 136: 420, 180: 999, 181: 150, 182: 40, 195: 60}
    records = [
        spectrum(acid, name="nicotinic acid", formula="C6H5NO2", **EI),
        spectrum(ester, name="nicotinic acid", formula="C6H5NO2", **EI),
        spectrum(measured_again(acid), name="quinolinic acid", formula="C7H5NO4", **EI),
    ]
    assert 0 not in found(records, "looks_like_another")


def test_one_fragment_that_outshines_all_others_is_no_likeness() -> None:
    # C6H10N2O2 and C6H6O4 have [M-H]- 141; m/z 59.01 is all that both show.
    common: dict[str, Any] = {"polarity": "negative", "adduct": "[M-H]-", "precursor_mz": 141}
    traces = {85.8: 0.6, 87.4: 0.3, 92.7: 0.3, 96.9: 0.3}
    records = [
        amphetamine({59.01: 999, **traces}, name="ectoine", formula="C6H10N2O2", **common),
        amphetamine(
            {71.01: 999, 97.0: 500, 113.0: 90, 123.0: 80, 55.0: 60}, name="ectoine", formula="C6H10N2O2", **common
        ),
        amphetamine({59.01: 998, **measured_again(traces)}, name="muconic acid", formula="C6H6O4", **common),
    ]
    assert found(records, "looks_like_another") == []


def test_intensities_too_coarse_to_tell_are_no_copy() -> None:
    # Whole per cent of the base peak: two measurements of eight peaks agree in them easily.
    coarse: dict[Any, float] = {42: 2, 56: 1, 58: 100, 65: 1, 77: 2, 91: 3, 119: 2, 177: 1}
    finer = {mz: intensity * 1.0 + (0.1 if intensity < 100 else 0) for mz, intensity in coarse.items()}
    assert found([mephedrone(coarse), mephedrone(finer, name="4-MMC")], "near_duplicate") == []


@pytest.mark.parametrize(("instrument", "rows"), [("LC-ESI-QQ", []), ("LC-ESI-QTOF", [0])])
def test_a_quadrupole_is_set_to_a_precursor_and_does_not_measure_it(instrument: str, rows: list[int]) -> None:
    record = amphetamine(precursor_mz=136.34, instrument_type=instrument)
    assert found([record], "adduct_precursor") == rows


def test_the_precursor_may_be_an_isotopologue_that_was_selected_on_purpose() -> None:
    # 2C-B, C10H14BrNO2: [M+H]+ 260.0281 (79Br) and 262.0260 (81Br, as abundant).
    peaks = {227.9782: 400, 242.9832: 999, 261.02: 50}
    records = [
        amphetamine(peaks, name="2C-B", formula="C10H14BrNO2", precursor_mz=precursor)
        for precursor in (260.0281, 262.0260, 264.0240)
    ]
    assert found(records, "adduct_precursor") == [2]


def test_a_trace_above_the_molecular_ion_is_background() -> None:
    many = dict.fromkeys(range(40, 100), 200)
    assert found([mephedrone(many | MEPHEDRONE | {207: 30})], "peak_above_molecular_ion") == []
    assert found([mephedrone(MEPHEDRONE | {207: 30})], "peak_above_molecular_ion") == [0]


def test_unit_masses_of_a_gas_chromatograph_with_a_time_of_flight_instrument_are_sound() -> None:
    assert found([mephedrone(instrument_type="GC-EI-TOF")], "mz_decimals") == []
