"""Rules that hold the peaks against the molecule: nothing heavier than its ion, nothing that is no part of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from nps_spectra.library.lint.findings import Found, Outcome, Severity
from nps_spectra.library.lint.identity import half_of_last_digit, shown_number, written
from nps_spectra.library.lint.records import Records
from nps_spectra.substances.adducts import COMMON_ADDUCTS, ELECTRON_MASS, Adduct, parse_adduct
from nps_spectra.substances.formula import MASSES
from nps_spectra.substances.isotopes import ISOTOPES, isotope_pattern
from nps_spectra.substances.subformula import AccurateIons, nominal_ion_masses

Float = npt.NDArray[np.float64]

#: Peaks below this share of the base peak are taken for noise.
_NOISE: Final = 0.02
_GRAVE: Final = 0.1
#: Less than this share of all intensity is the chemical background that every spectrum has.
_LEAST_SHARE: Final = 0.01
#: Isotopologues above this share of the most abundant one can be seen.
_VISIBLE_ISOTOPE: Final = 0.001
#: EI ions take up a hydrogen from other molecules: [M+H]+ and its 13C peak are nothing strange.
_SELF_PROTONATION: Final = 2
#: Mass defects of organic ions reach 0.8 Da above the nominal mass before the next one begins.
_NEXT_MASS_DA: Final = 0.75
#: Half width of an isolation window, with the isotopes it lets through.
_ISOLATION_DA: Final = 3.6
#: What ions pick up in a collision cell or trap: O, water, methanol, acetonitrile, N2, O2, CO2 and pairs of water.
_PICKED_UP_DA: Final = (15.9949, 18.0106, 32.0262, 41.0265, 28.0061, 31.9898, 43.9898, 36.0211)
_GAS_OF_CELL: Final = (0.0, 18.010565, 28.006148, 31.989829, 32.026215, 43.989829)
#: One and two 13C; the isotopes of elements that have a common second one are choices of `AccurateIons`.
_CARBON_STEPS: Final = (1.003355, 2.006710)
#: m/z of ions of air and water; they say nothing about a label.
_AIR: Final = frozenset({16, 17, 18, 28, 29, 32, 33, 40, 44})
#: Base peaks of dimethylpolysiloxanes, of which trimethylsilyl derivatives have the first.
_SILICON: Final = frozenset({73, 133, 147, 191, 207, 221, 253, 267, 281, 327, 341, 355, 401, 415, 429})


def peak_above_molecular_ion(records: Records) -> Outcome:
    """Peaks heavier than the molecular ion (EI) or the precursor (MS/MS) with their isotopes."""
    found = []
    examined = 0
    for row in range(len(records)):
        limit = _limit(records, row)
        if limit is None:
            continue
        examined += 1
        highest, what = limit
        mz, intensity = records.peaks(row)
        above = (mz > highest) & (intensity >= _NOISE)
        if records.kinds[row] == "MSn":
            precursor = float(records.numbers("precursor_mz")[row])
            for step in _PICKED_UP_DA:
                above &= np.abs(mz - precursor - step) > 0.55
        if not above.any():
            continue
        share = float(intensity[above].sum() / intensity.sum())
        if share < _LEAST_SHARE:
            continue
        severity: Severity = "error" if float(intensity[above].max()) >= _GRAVE else "warning"
        text = f"peaks above {what}: {_listed(records, row, above)}; {share:.1%} of all intensity"
        found.append(Found(row, severity, text))
    return Outcome(found, examined)


def _limit(records: Records, row: int) -> tuple[float, str] | None:
    """The highest m/z that ions can have, and what it belongs to; None if that is not known."""
    if records.kinds[row] == "EI":
        atoms = records.measured_atoms(row)
        mass = records.molecule_mass(row)
        if mass is None:
            return None
        width = _isotope_width(atoms) if atoms else 2
        shown = f"the molecular ion of {written(atoms)} at m/z {mass:.2f}" if atoms else f"the mass {mass:.2f}"
        return mass + max(width, _SELF_PROTONATION) + _NEXT_MASS_DA, f"{shown} and its isotopes"
    precursor = float(records.numbers("precursor_mz")[row])
    if records.kinds[row] != "MSn" or np.isnan(precursor):
        return None
    # Fragments of multiply charged ions may lie above the precursor.
    adduct, charge = records.adduct(row), float(records.numbers("charge")[row])
    size = abs(adduct.charge) if adduct is not None else abs(charge)
    if np.isnan(size) or size != 1:
        return None
    return precursor + _ISOLATION_DA, f"the precursor at m/z {records.shown_mz(row, precursor)}"


def _isotope_width(atoms: Mapping[str, int]) -> int:
    """How far the visible isotopologues reach above the monoisotopic mass."""
    monoisotopic = sum(MASSES[element][0] * count for element, count in atoms.items())
    return max(isotope_pattern(atoms, _VISIBLE_ISOTOPE)) - monoisotopic


def _listed(records: Records, row: int, which: npt.NDArray[np.bool_], most: int = 4) -> str:
    mz, intensity = records.peaks(row)
    rows = np.flatnonzero(which)
    rows = rows[np.argsort(-intensity[rows], kind="stable")][:most]
    shown = ", ".join(f"m/z {records.shown_mz(row, float(mz[at]))} ({intensity[at]:.1%})" for at in rows)
    more = int(which.sum()) - len(rows)
    return f"{shown} and {more} more" if more else shown


# ---- parts of the molecule


#: Tolerance of accurate masses, the larger of both; calibrations of older instruments are 10 mDa off at low m/z.
_ACCURATE_DA: Final = 0.02
_ACCURATE_PPM: Final = 20.0
#: Unit resolution: quadrupoles and ion traps are this far off, and programs cut decimals off.
_UNIT_DA: Final = 0.7
#: Peaks of less intensity are not asked, and a smaller share of all intensity says nothing.
_RELEVANT: Final = 0.02
_DOUBTFUL_SHARE: Final = 0.15
_WRONG_SHARE: Final = 0.5


def no_subformula(records: Records) -> Outcome:
    """Intensity at masses that no part of the molecule can have."""
    groups: dict[tuple[bool, tuple[tuple[str, int], ...]], list[int]] = defaultdict(list)
    for row in range(len(records)):
        atoms = records.ion_atoms(row)
        if atoms is not None and len(records.peaks(row)[0]):
            whole = records.kinds[row] == "EI" and not records.is_accurate(row)
            groups[whole, tuple(sorted(atoms.items()))].append(row)
    found = []
    examined = 0
    for (whole, key), rows in groups.items():
        atoms = dict(key)
        try:
            if whole:
                possible = nominal_ion_masses(atoms)
                explained = [_explained_nominal(records, row, atoms, possible) for row in rows]
            else:
                ions = AccurateIons(atoms)
                explained = [_explained_accurate(records, row, atoms, ions) for row in rows]
        except ValueError:  # too large a molecule: every mass would be that of some part
            continue
        examined += len(rows)
        for row, peaks in zip(rows, explained, strict=True):
            found += _unexplained(records, row, peaks, atoms)
    return Outcome(sorted(found), examined)


def _explained_nominal(
    records: Records, row: int, atoms: Mapping[str, int], possible: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    mz, intensity = records.peaks(row)
    # Both neighbours of an m/z written with decimals, because the mass defect is not known.
    low, high = np.floor(mz + 0.35).astype(np.int64), np.floor(mz + 0.5).astype(np.int64)
    explained = _at(possible, low) | _at(possible, high)
    # Doubly charged ions lie at half their mass; they are weak.
    double = np.rint(2 * mz).astype(np.int64)
    explained |= (_at(possible, double) | _at(possible, double + 1) | _at(possible, double - 1)) & (intensity < 0.25)
    heights = dict(zip(high.tolist(), intensity.tolist(), strict=True))
    minor = sum(
        count * sum(share for number, share in ISOTOPES[element] if number == MASSES[element][0] + 1)
        for element, count in atoms.items()
    )
    for at in np.flatnonzero(~explained).tolist():
        before = max(heights.get(int(high[at]) - 1, 0.0), heights.get(int(high[at]) - 2, 0.0))
        explained[at] = intensity[at] <= 0.01 + 1.5 * minor * before or int(high[at]) in _AIR
    return explained


def _at(possible: npt.NDArray[np.bool_], masses: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    inside = (masses >= 0) & (masses < len(possible))
    return inside & possible[np.where(inside, masses, 0)]


def _explained_accurate(
    records: Records, row: int, atoms: Mapping[str, int], ions: AccurateIons
) -> npt.NDArray[np.bool_]:
    mz, intensity = records.peaks(row)
    explained = intensity < _RELEVANT
    accurate = records.is_accurate(row)
    adduct = records.adduct(row)
    charge = adduct.charge if adduct is not None else 1
    heaviest = sum(MASSES[element][1] * count for element, count in atoms.items())
    for size in range(1, abs(charge) + (1 if records.kinds[row] == "MSn" else 2)):
        for step in (*_GAS_OF_CELL, *_CARBON_STEPS):
            asked = np.flatnonzero(~explained)
            if not len(asked):
                return explained
            masses = size * mz[asked] + (size if charge > 0 else -size) * ELECTRON_MASS - step
            width = np.maximum(_ACCURATE_DA, _ACCURATE_PPM * 1e-6 * mz[asked]) if accurate else _UNIT_DA
            explained[asked] = ions.possible(masses, np.broadcast_to(np.asarray(width * size), masses.shape))
    above = mz > heaviest + _ISOLATION_DA  # the other rule's business
    return explained | above


def _unexplained(records: Records, row: int, explained: npt.NDArray[np.bool_], atoms: Mapping[str, int]) -> list[Found]:
    mz, intensity = records.peaks(row)
    relevant = intensity >= _RELEVANT
    missing = relevant & ~explained
    if not missing.any():
        return []
    share = float(intensity[missing].sum() / intensity[relevant].sum())
    if share < _DOUBTFUL_SHARE:
        return []
    severity: Severity = "error" if share >= _WRONG_SHARE else "warning"
    text = (
        f"{share:.0%} of the intensity is at m/z that no part of {written(atoms)} has: {_listed(records, row, missing)}"
    )
    silicon = sorted({round(float(at)) for at in mz[missing]} & _SILICON)
    if len(silicon) >= 2 and "Si" not in atoms:
        text += f"; m/z {', '.join(map(str, silicon))} are those of silicon ions: column bleed or a silyl derivative"
    if records.kinds[row] != "EI":
        text += (
            f" (tolerance {_ACCURATE_DA:g} Da or {_ACCURATE_PPM:g} ppm)"
            if records.is_accurate(row)
            else (f" (tolerance {_UNIT_DA:g} Da)")
        )
    return [Found(row, severity, text)]


# ---- precursor


#: An accurate precursor m/z may differ by the larger of both; it is often the value the instrument was set to.
_PRECURSOR_DA: Final = 0.02
_PRECURSOR_PPM: Final = 30.0
#: Of an instrument with unit resolution: the m/z that it was set to.
_UNIT_PRECURSOR_DA: Final = 0.5
_GRAVE_DA: Final = 0.6
#: Isotopologues of at least this share of the most abundant one are selected on purpose.
_SELECTED_ISOTOPE: Final = 0.2


def adduct_precursor(records: Records) -> Outcome:
    """Precursor m/z against molecule and adduct; polarity against the charge of the adduct."""
    found = []
    examined = 0
    precursors, level = records.numbers("precursor_mz"), records.numbers("ms_level")
    for row, text in enumerate(records.texts("adduct")):
        if text is None:
            continue
        # "[M+CH3COO]-/[M-CH3]-" names two ions of one m/z.
        adducts = [parse_adduct(part) for part in text.split("/")]
        known = [adduct for adduct in adducts if adduct is not None]
        if len(known) < len(adducts):
            continue
        polarity = records.texts("polarity")[row]
        if polarity is not None and all((adduct.charge > 0) != (polarity == "positive") for adduct in known):
            examined += 1
            found.append(Found(row, "error", f"polarity is {polarity}, but the adduct is {text}"))
            continue
        mass = records.molecule_mass(row)
        if mass is None or np.isnan(precursors[row]) or level[row] > 2:
            continue
        examined += 1
        fault = _precursor_fault(records, row, float(precursors[row]), mass, known)
        if fault is not None:
            found.append(fault)
    return Outcome(found, examined)


def _precursor_fault(records: Records, row: int, precursor: float, mass: float, adducts: list[Adduct]) -> Found | None:
    width = max(_PRECURSOR_DA, _PRECURSOR_PPM * 1e-6 * precursor, half_of_last_digit(precursor))
    accurate = records.claims_accurate(row)
    if accurate is False or (accurate is None and half_of_last_digit(precursor) >= 0.005):
        width = max(width, _UNIT_PRECURSOR_DA)
    if half_of_last_digit(precursor) >= 0.05:
        width = _GRAVE_DA + 0.001 * precursor  # a whole m/z may have been cut or rounded, and defects grow
    expected = min((adduct.mz(mass) for adduct in adducts), key=lambda mz: abs(precursor - mz))
    closest = min(adducts, key=lambda adduct: abs(precursor - adduct.mz(mass)))
    difference = precursor - expected
    if abs(difference) <= width:
        return None
    atoms = records.measured_atoms(row)
    if atoms is not None and _is_isotopologue(atoms, difference * abs(closest.charge)):
        return None
    text = (
        f"precursor m/z {shown_number(precursor)}, but {records.texts('adduct')[row]} of "
        f"{written(atoms) if atoms else f'{mass:.4f} Da'} has {expected:.4f} (difference {difference:+.4f})"
    )
    fitting = [
        name
        for name in COMMON_ADDUCTS["positive" if closest.charge > 0 else "negative"]
        for other in [parse_adduct(name)]
        if other is not None and abs(other.mz(mass) - precursor) <= width
    ]
    if fitting:
        text += f"; {fitting[0]} would fit"
    return Found(row, "error" if abs(difference) > _GRAVE_DA else "warning", text)


def _is_isotopologue(atoms: Mapping[str, int], difference: float) -> bool:
    """Whether an abundant isotopologue lies at this distance from the monoisotopic one."""
    step = round(difference)
    # Steps of isotopes lie between 0.997 (two of 37Cl or 81Br) and 1.0034 Da (13C).
    if step < 1 or not 0.997 * step - 0.02 <= difference <= 1.0034 * step + 0.02:
        return False
    pattern = isotope_pattern(atoms)
    monoisotopic = sum(MASSES[element][0] * count for element, count in atoms.items())
    return pattern.get(monoisotopic + step, 0.0) >= _SELECTED_ISOTOPE * max(pattern.values())
