"""How far the precursor of an MS/MS spectrum is from what a formula and an adduct make."""

from __future__ import annotations

from nps_spectra.substances.adducts import parse_adduct
from nps_spectra.substances.formula import exact_mass


def precursor_error(precursor_mz: float, formula: str, adduct: str) -> tuple[float, float] | None:
    """Precursor m/z less that of a formula with an adduct, in Da and ppm; None if either is not understood.

    Examples
    --------
    >>> error = precursor_error(337.2280, "C22H28N2O", "[M+H]+")  # fentanyl: 337.2274
    >>> round(error[0], 4), round(error[1], 1)
    (0.0006, 1.7)
    """
    ion, mass = parse_adduct(adduct), exact_mass(formula)
    if ion is None or mass is None:
        return None
    expected = ion.mz(mass)
    return (precursor_mz - expected, (precursor_mz - expected) / expected * 1e6) if expected > 0 else None
