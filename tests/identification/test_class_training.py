"""Labels, groups and indications that classes are learnt and shown with."""

from __future__ import annotations

from pathlib import Path

import pytest

from nps_spectra import Spectra, Spectrum, read_spectra
from nps_spectra.errors import InputError, OptionError
from nps_spectra.identification.class_indications import indications, read_indications
from nps_spectra.identification.class_labels import (
    CLASSES,
    NONE_OF_THESE,
    class_of_name,
    class_of_structure,
    labels_of,
)
from nps_spectra.identification.class_training import groups_of, thinned, training_set
from nps_spectra.substances.formula import parse_formula
from nps_spectra.substances.registry import registry


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("4-Chloro-.alpha.-PVP", "Synthetic cathinones"),
        ("JWH-018 N-(5-hydroxypentyl) metabolite", "Synthetic cannabinoids"),
        ("N-(2C-B-fly) Fentanyl", "Fentanyl analogues"),
        ("5-MeO-MiPT", "Tryptamines"),
        ("Protonitazepyne", "Nitazenes"),
        ("Flubromazolam", "Benzodiazepines"),
        ("25B-NBOMe", "Phenethylamines"),
        ("Methamphetamine TFA derivative", None),
        ("Methazolamide", None),
        ("Caffeine", None),
    ],
)
def test_names_say_a_class(name: str, label: str | None) -> None:
    assert class_of_name(name) == label


@pytest.mark.parametrize(
    ("smiles", "label"),
    [
        ("CCOc1ccc(Cc2nc3cc([N+](=O)[O-])ccc3n2CCN(CC)CC)cc1", "Nitazenes"),  # etonitazene
        ("CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1", "Fentanyl analogues"),
        ("CNC1(CCCCC1=O)c1ccccc1Cl", "Phencyclidine-type substances"),  # ketamine
        ("NCCc1c[nH]c2ccccc12", "Tryptamines"),
        ("NC1Cc2ccccc2C1", "Aminoindanes"),
        ("C1CN(CCN1)Cc1ccccc1", "Piperazines"),
        ("CC(N)Cc1ccccc1", "Phenethylamines"),
        ("CNC(C)C(O)c1ccccc1", None),  # ephedrine: a neighbour, not learnt from
        ("CN1CCC23c4c5ccc(O)c4OC2C(O)C=CC3C1C5", NONE_OF_THESE),  # morphine
        ("not a SMILES", None),
    ],
)
def test_structures_say_a_class(smiles: str, label: str | None) -> None:
    pytest.importorskip("rdkit")
    assert class_of_structure(smiles) == label


def test_structures_agree_with_the_registry() -> None:
    """At least 95 % of the NPS whose class is one of one structure are given it by their structure."""
    pytest.importorskip("rdkit")
    known = [one for one in registry() if one.nps_class in CLASSES and one.nps_class != "Synthetic cannabinoids"]
    found = [class_of_structure(one.smiles) for one in known]
    right = sum(one.nps_class == label for one, label in zip(known, found, strict=True))
    assert right >= 0.95 * len(known)


def test_a_label_comes_from_the_registry_before_the_structure() -> None:
    """bk-2C-B is a phenethylamine in UNODC's list and a cathinone by structure."""
    spectra = Spectra.of([Spectrum([30.0], [1.0], name="bk-2C-B", smiles="COc1cc(C(=O)CN)c(OC)cc1Br")])
    assert labels_of(spectra) == ["Phenethylamines"]


def test_codes_without_a_known_class_are_not_learnt_from() -> None:
    spectra = Spectra.of([Spectrum([30.0], [1.0], name=name) for name in ("4-CAB", "M-ALPHA", "Cholesterol")])
    assert labels_of(spectra) == [None, None, NONE_OF_THESE]


def test_near_identical_spectra_share_a_group() -> None:
    first, second = Spectrum([58.0, 91.0], [99.0, 10.0], name="a"), Spectrum([58.0, 91.0], [99.0, 12.0], name="b")
    other = Spectrum([58.0, 91.0], [10.0, 99.0], name="c")
    assert groups_of(Spectra.of([first, second, other])).tolist() == [0, 0, 1]


def test_a_measurement_is_learnt_from_once() -> None:
    mine = Spectra.of([Spectrum([58.0, 91.0], [99.0, 10.0], name="methamphetamine", ionization="EI")])
    copy = Spectra.of([Spectrum([58.0, 91.0], [999.0, 101.0], name="methamphetamine", ionization="EI")])
    found = training_set([mine, copy])
    assert (len(found.spectra), found.left_out["copy of another measurement"]) == (1, 1)


def test_a_measurement_with_two_labels_is_not_learnt_from() -> None:
    names = ("methamphetamine", "caffeine", "mephedrone")
    peaks = ([58.0, 91.0], [58.0, 91.0], [58.0, 119.0])
    spectra = Spectra.of(
        Spectrum(mz, [99.0, 10.0], name=name, ionization="EI") for name, mz in zip(names, peaks, strict=True)
    )
    assert training_set([spectra]).labels == ["Synthetic cathinones"]


def test_spectra_that_are_none_of_the_classes_can_be_thinned() -> None:
    spectra = Spectra.of(Spectrum([50.0 + k], [9.0], name="cholesterol", ionization="EI") for k in range(9))
    assert len(thinned(training_set([spectra]), 3).spectra) == 3


def test_nothing_to_learn_from_is_an_error() -> None:
    with pytest.raises(OptionError, match="no EI spectrum of a known class"):
        training_set([Spectra.of([Spectrum([50.0], [9.0], name="JB-000", ionization="EI")])])


def test_every_indication_has_a_formula_and_a_source() -> None:
    table = read_indications()
    assert set(table) <= set(CLASSES)
    for rows in table.values():
        for one in rows:
            assert parse_formula(one.formula) is not None
            assert "19" in one.source or "20" in one.source


def test_an_ion_is_given_with_its_exact_mass() -> None:
    """Methylenedioxybenzyl C8H7O2+: 8*12 + 7*1.007825 + 2*15.994915 - 0.000549 = 135.0441."""
    spectrum = Spectrum([58.0, 135.0], [99.0, 20.0], nominal_mass=193, ionization="EI")
    found = {one.formula: one for one in indications(spectrum, "Phenethylamines")}
    assert round(found["C8H7O2"].mz, 4) == 135.0441
    assert round(found["C8H7O2"].intensity, 2) == 0.2


def test_losses_need_a_molecular_mass() -> None:
    """Fentanyl, molecular mass 336, loses the benzyl radical (91): m/z 245."""
    spectrum = Spectrum([146.0, 245.0], [60.0, 99.0], ionization="EI")
    assert [one.kind for one in indications(spectrum, "Fentanyl analogues")] == ["ion", "ion"]
    assert "loss" in [one.kind for one in indications(spectrum, "Fentanyl analogues", 336)]


def test_a_class_without_indications_gives_none() -> None:
    assert indications(Spectrum([58.0], [9.0]), NONE_OF_THESE) == ()


def test_a_wrong_table_says_where(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        '[sources]\na = "A 2020"\n[[indication]]\nclass = "Nitazenes"\nkind = "ion"\nformula = "Xx2"\n'
        'what = "x"\nsource = "a"\nverified = true\n',
        encoding="utf-8",
    )
    with pytest.raises(InputError, match="indication 1, formula: found 'Xx2'"):
        read_indications(path)


def test_the_seven_class_table_agrees_with_our_labels(data_folder: Path) -> None:
    """Labels of Wong et al. 2023 that differ from the registry's are few: MT-45, ibogaine and the like."""
    table = read_spectra(data_folder / "swgdrug_nps_ei" / "spectra.csv")
    assert training_set([table]).left_out["class contradicted by the table"] <= 10
