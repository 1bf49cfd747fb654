"""Substances: formulas, identity, the registry of names, structures and classes."""

from nps_spectra.substances.formula import exact_mass, nominal_mass, parse_formula
from nps_spectra.substances.identity import IDENTITY_FIELDS, Substances, normalised_name, substances_of
from nps_spectra.substances.registry import Registry, Substance, registry

__all__ = [
    "IDENTITY_FIELDS",
    "Registry",
    "Substance",
    "Substances",
    "exact_mass",
    "nominal_mass",
    "normalised_name",
    "parse_formula",
    "registry",
    "substances_of",
]
