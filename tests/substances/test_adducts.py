"""Adducts: what is read, and the m/z of their ions as published."""

from __future__ import annotations

import pytest

from nps_spectra.substances import exact_mass
from nps_spectra.substances.adducts import COMMON_ADDUCTS, parse_adduct

#: Mass difference of adducts and number of molecules and charges, from the table of Huang et al. 1999,
#: doi:10.1016/S1044-0305(99)00089-6, as the Fiehn laboratory's mass spectrometry adduct calculator gives it.
PUBLISHED = {
    "[M+H]+": (1, 1, 1.007276),
    "[M+NH4]+": (1, 1, 18.033823),
    "[M+Na]+": (1, 1, 22.989218),
    "[M+K]+": (1, 1, 38.963158),
    "[M+CH3OH+H]+": (1, 1, 33.033489),
    "[M+ACN+H]+": (1, 1, 42.033823),
    "[M+ACN+Na]+": (1, 1, 64.015765),
    "[M+2Na-H]+": (1, 1, 44.971160),
    "[M+DMSO+H]+": (1, 1, 79.02122),
    "[M+2H]2+": (1, 2, 1.007276),
    "[M+H+Na]2+": (1, 2, 11.998247),
    "[M+3H]3+": (1, 3, 1.007276),
    "[2M+H]+": (2, 1, 1.007276),
    "[2M+Na]+": (2, 1, 22.989218),
    "[M-H]-": (1, 1, -1.007276),
    "[M+Cl]-": (1, 1, 34.969402),
    "[M+FA-H]-": (1, 1, 44.998201),
    "[M+Hac-H]-": (1, 1, 59.013851),
    "[M+Br]-": (1, 1, 78.918885),
    "[M+TFA-H]-": (1, 1, 112.985586),
    "[2M-H]-": (2, 1, -1.007276),
    "[M-2H]2-": (1, 2, -1.007276),
}


@pytest.mark.parametrize(("text", "published"), PUBLISHED.items())
def test_the_mz_of_an_ion_is_that_of_the_published_table(text: str, published: tuple[int, int, float]) -> None:
    molecules, charge, difference = published
    adduct = parse_adduct(text)
    assert adduct is not None
    assert adduct.mz(336.22016) == pytest.approx(molecules * 336.22016 / charge + difference, abs=6e-5)


#: Precursors that the SWGDRUG monographs and UNODC's recommended methods list for LC-MS.
PRECURSORS = [("C22H28N2O", 337.2274), ("C17H21NO4", 304.1543), ("C21H23NO5", 370.1649), ("C11H15NO", 178.1226)]


@pytest.mark.parametrize(("formula", "published"), PRECURSORS)
def test_protonated_drugs_have_their_published_precursor(formula: str, published: float) -> None:
    adduct = parse_adduct("[M+H]+")
    assert adduct is not None
    assert adduct.mz(exact_mass(formula) or 0) == pytest.approx(published, abs=2e-4)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("[M + H]+", "[M+H]+"),
        ("M+H+", "[M+H]+"),
        ("(M+H)+", "[M+H]+"),
        ("[M+HCOO]-", "[M+FA-H]-"),
        ("[M+OAc]-", "[M+CH3COO]-"),
        ("[M]+.", "[M]+"),
        ("[M]+*", "[M]+"),
        ("[M+2H]++", "[M+2H]2+"),
        ("[M+H-H2O]+", "[M-H2O+H]+"),
    ],
)
def test_the_ways_of_writing_one_ion_are_read_alike(text: str, same: str) -> None:
    assert parse_adduct(text) == parse_adduct(same) is not None


@pytest.mark.parametrize(
    "text",
    ["", "M", "[M+H]", "[M+X]+", "[M+H]+-", "[M+H]0+", "[0M+H]+", "unknown", "[N+H]+", "+", "[M+H]999+", "[100M+H]+"],
)
def test_what_is_no_adduct_is_none(text: str) -> None:
    assert parse_adduct(text) is None


def test_the_common_adducts_can_be_read_and_have_the_sign_of_their_polarity() -> None:
    for polarity, names in COMMON_ADDUCTS.items():
        for name in names:
            adduct = parse_adduct(name)
            assert adduct is not None
            assert (adduct.charge > 0) == (polarity == "positive"), name
