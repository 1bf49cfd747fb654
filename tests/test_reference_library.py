"""The embedded data: structures that agree with themselves, and published ions that agree with measured spectra."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import naive
import pytest

from nps_spectra import Spectra, Spectrum, read_spectra
from nps_spectra.library.starter import starter_library
from nps_spectra.substances import nominal_mass, normalised_name, parse_formula, registry
from nps_spectra.substances.identity import mass_of
from nps_spectra.substances.subformula import nominal_ion_masses

#: Groups as UNODC's Early Warning Advisory uses them.
CLASSES = {
    "Aminoindanes",
    "Benzodiazepines",
    "Fentanyl analogues",
    "Other substances",
    "Phencyclidine-type substances",
    "Phenethylamines",
    "Piperazines",
    "Plant-based substances",
    "Synthetic cannabinoids",
    "Synthetic cathinones",
    "Tryptamines",
}
EFFECTS = {
    "Classic hallucinogens",
    "Dissociatives",
    "Not yet assigned",
    "Opioids",
    "Sedatives/hypnotics",
    "Stimulants",
    "Synthetic cannabinoid receptor agonists",
    "Synthetic opioids",
}


def test_the_registry_has_all_classes_and_roles() -> None:
    roles = Counter(substance.role for substance in registry())
    assert roles["nps"] >= 300
    assert set(roles) == {"nps", "controlled", "precursor", "cutting_agent"}
    assert {substance.nps_class for substance in registry() if substance.role == "nps"} == CLASSES
    assert {substance.effect_group for substance in registry()} <= EFFECTS | {None}


def test_structures_keys_and_formulas_agree() -> None:
    chem = pytest.importorskip("rdkit.Chem")
    formulas = pytest.importorskip("rdkit.Chem.rdMolDescriptors")
    for substance in registry():
        molecule = chem.MolFromSmiles(substance.smiles)
        assert molecule is not None, substance
        assert chem.MolToSmiles(molecule) == substance.smiles
        assert chem.MolToInchiKey(molecule) == substance.inchikey, substance.name
        assert formulas.CalcMolFormula(molecule) == substance.formula, substance.name


def test_no_name_means_two_substances() -> None:
    owners: dict[str, str] = {}
    for substance in registry():
        for name in (substance.name, *substance.synonyms):
            assert owners.setdefault(normalised_name(name), substance.name) == substance.name
    assert len({substance.inchikey for substance in registry()}) == len(registry())


def test_cas_numbers_have_their_check_digit() -> None:
    for substance in registry():
        if substance.cas is not None:
            digits = substance.cas.replace("-", "")
            total = sum(weight * int(digit) for weight, digit in enumerate(reversed(digits[:-1]), start=1))
            assert total % 10 == int(digits[-1]), substance


def test_ring_and_chain_isomers_are_told_apart_by_their_primes() -> None:
    chain, ring = registry().find("4'-fluorofentanyl"), registry().find("4-fluorofentanyl")
    assert chain is not None
    assert ring is not None
    assert chain.inchikey != ring.inchikey


@pytest.fixture(scope="module")
def entries(root: Path) -> list[dict[str, str]]:
    path = root / "reference_library" / "starter_library.csv"
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def test_every_entry_has_6_to_10_ions_a_base_peak_and_a_source(entries: list[dict[str, str]]) -> None:
    for entry in entries:
        ions = [tuple(map(int, ion.split(":"))) for ion in entry["ions"].split()]
        assert 6 <= len(ions) <= 10, entry
        assert sorted(ions) == ions
        assert max(share for _, share in ions) == 100
        assert min(share for _, share in ions) >= 1
        assert len(entry["source"]) > 20
        assert len(entry["read_at"]) > 20


def test_every_entry_is_in_the_registry(entries: list[dict[str, str]]) -> None:
    for entry in entries:
        substance = registry().find(entry["inchikey"])
        assert substance is not None, entry
        assert substance.name == entry["name"]


def test_every_ion_can_be_a_part_of_its_molecule() -> None:
    for spectrum in starter_library():
        possible = nominal_ion_masses(parse_formula(spectrum.formula or "") or {})
        impossible = [mz for mz in spectrum.mz.astype(int).tolist() if not possible[mz]]
        assert not impossible, (spectrum.name, impossible)


def measured_spectra(data_folder: Path, massbank: Spectra) -> Iterator[Spectrum]:
    """EI spectra of all sources that name their substances by structure."""
    electron = [kind == "EI" for kind in massbank.texts("ionization").to_list()]
    yield from massbank.select([row for row, is_ei in enumerate(electron) if is_ei])
    yield from read_spectra(data_folder / "swgdrug_ei" / "swgdrug_3.4.msp")
    yield from read_spectra(data_folder / "nist_fentanyl_ei" / "single_modification_library.msp")


def test_published_ions_agree_with_measured_spectra(data_folder: Path, massbank_spectra: Spectra) -> None:
    # Weighted cosine over the listed ions (m^1.3 I^0.53) at least 0.8, and the same base peak, in the best of the
    # measured spectra of the substance.
    measured: dict[tuple[str, int | None], list[list[tuple[float, float]]]] = {}
    for spectrum in measured_spectra(data_folder, massbank_spectra):
        key = ((spectrum.inchikey or "")[:14], mass_of(spectrum.formula, spectrum.nominal_mass, spectrum.exact_mass))
        bins = naive.bin_nominal(list(zip(spectrum.mz.tolist(), spectrum.intensity.tolist(), strict=True)))
        measured.setdefault(key, []).append(list(bins.items()))
    compared = 0
    for entry in starter_library():
        key = ((entry.inchikey or "")[:14], nominal_mass(entry.formula or ""))
        listed = dict(zip(entry.mz.tolist(), entry.intensity.tolist(), strict=True))
        spectra = measured.get(key, [])
        if not spectra:
            continue
        compared += 1
        best = 0.0
        for peaks in spectra:
            inside = [(mz, height) for mz, height in peaks if mz in listed]
            base = max(peaks, key=lambda peak: peak[1])[0]
            if base == max(listed, key=lambda mz: listed[mz]) and inside:
                best = max(best, naive.weighted_cosine(list(listed.items()), inside, 0.0, 1.3, 0.53) or 0.0)
        assert best >= 0.8, (entry.name, best)
    assert compared >= 36


def test_the_starter_library_says_that_it_is_indicative() -> None:
    library = starter_library()
    assert "NOT reference data" in str(library.notice)
    assert all("indicative" in str(spectrum.comment) for spectrum in library)
