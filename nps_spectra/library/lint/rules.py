"""The table of rules of ``library lint``."""

from __future__ import annotations

from typing import Final

from nps_spectra.library.lint.copies import near_duplicate, same_peaks
from nps_spectra.library.lint.fields import licence, missing_fields
from nps_spectra.library.lint.findings import Rule
from nps_spectra.library.lint.identity import (
    cas_checksum,
    formula_mass,
    formula_structure,
    inchikey_formula,
    inchikey_structure,
)
from nps_spectra.library.lint.ions import adduct_precursor, no_subformula, peak_above_molecular_ion
from nps_spectra.library.lint.names import one_name_several_structures, one_structure_several_names
from nps_spectra.library.lint.neighbours import looks_like_another
from nps_spectra.library.lint.peaks import empty_or_constant, mz_decimals, profile_points

#: Every rule, in the order in which they run and report.
RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "empty_or_constant",
        "error",
        "peaks",
        "not used",
        empty_or_constant,
        "no peaks, one peak, or intensities that were lost",
    ),
    Rule(
        "profile_points",
        "warning",
        "100 peaks",
        "not used",
        profile_points,
        "points of a profile instead of centroids",
    ),
    Rule(
        "mz_decimals",
        "warning",
        "instrument",
        "not used",
        mz_decimals,
        "whole m/z from an instrument of high resolution",
    ),
    Rule(
        "same_peaks",
        "error",
        "5 peaks",
        "used",
        same_peaks,
        "exactly equal peak lists",
    ),
    Rule(
        "near_duplicate",
        "error",
        "8 peaks",
        "used",
        near_duplicate,
        "one measurement, rescaled, rounded or cut",
    ),
    Rule(
        "formula_mass",
        "error",
        "formula, mass",
        "not used",
        formula_mass,
        "exact or nominal mass is not that of the formula",
    ),
    Rule(
        "formula_structure",
        "error",
        "formula, SMILES",
        "needed",
        formula_structure,
        "the formula is not that of the SMILES",
    ),
    Rule(
        "inchikey_structure",
        "error",
        "two of InChIKey, InChI, SMILES",
        "needed",
        inchikey_structure,
        "InChIKey, InChI and SMILES are of different skeletons",
    ),
    Rule(
        "inchikey_formula",
        "error",
        "InChIKey, formula",
        "not used",
        inchikey_formula,
        "one whole InChIKey with several formulas",
    ),
    Rule(
        "cas_checksum",
        "error",
        "CAS number",
        "not used",
        cas_checksum,
        "the check digit of the CAS number is wrong",
    ),
    Rule(
        "one_structure_several_names",
        "info",
        "structure, name",
        "used",
        one_structure_several_names,
        "one InChIKey under names that no synonym joins",
    ),
    Rule(
        "one_name_several_structures",
        "error",
        "name, structure or formula",
        "used",
        one_name_several_structures,
        "one name for structures that differ by more than isotopes, stereochemistry, salt or tautomer",
    ),
    Rule(
        "peak_above_molecular_ion",
        "error",
        "formula (EI), precursor m/z (MS/MS)",
        "not used",
        peak_above_molecular_ion,
        "peaks heavier than the molecular ion or the precursor with their isotopes",
    ),
    Rule(
        "no_subformula",
        "error",
        "formula, adduct (MS/MS)",
        "not used",
        no_subformula,
        "intensity at masses that no part of the molecule can have",
    ),
    Rule(
        "adduct_precursor",
        "error",
        "adduct, precursor m/z, formula or mass",
        "not used",
        adduct_precursor,
        "the precursor m/z or the polarity is not that of molecule and adduct",
    ),
    Rule(
        "looks_like_another",
        "error",
        "formula, other records",
        "not used",
        looks_like_another,
        "much more like another substance of another formula than like its own label",
    ),
    Rule(
        "missing_fields",
        "warning",
        "",
        "not used",
        missing_fields,
        "fields that a spectrum of its technique should have",
    ),
    Rule(
        "licence",
        "warning",
        "",
        "not used",
        licence,
        "no licence, one that is not understood, or one that forbids passing on",
    ),
)
