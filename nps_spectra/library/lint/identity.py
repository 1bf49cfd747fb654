"""Rules that compare the statements of one record about its molecule: formula, masses, structure, identifiers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import numpy as np

from nps_spectra.library.lint.findings import Found, Outcome, Severity
from nps_spectra.library.lint.records import Records
from nps_spectra.substances import exact_mass, nominal_mass, parse_formula
from nps_spectra.substances.adducts import COMMON_ADDUCTS, parse_adduct
from nps_spectra.substances.formula import formula_charge
from nps_spectra.substances.identity import inchikey_of
from nps_spectra.substances.isotopes import average_mass, isotope_pattern

#: Tables of masses differ in the fourth decimal of large molecules, and some leave the electron out.
_MASS_SLACK_DA: Final = 0.004
_INCHIKEY: Final = re.compile(r"[A-Z]{14}-[A-Z]{10}-[A-Z]$")
_CAS_FIELD: Final = re.compile(r"^cas(?:[ _#-]?(?:no|num|number|rn|registry.*)?)?\.?$", re.IGNORECASE)
_CAS: Final = re.compile(r"(?<![\d-])0*([1-9]\d{1,6})-(\d{2})-(\d)(?![\d-])")
_CAS_DIGITS: Final = re.compile(r"^0*([1-9]\d{1,6})(\d{2})(\d)$")


def formula_mass(records: Records) -> Outcome:
    """Exact and nominal mass as stated against those of the formula."""
    found = []
    examined = 0
    exact, nominal = records.numbers("exact_mass"), records.numbers("nominal_mass")
    for row, formula in enumerate(records.texts("formula")):
        if formula is None or (np.isnan(exact[row]) and np.isnan(nominal[row])):
            continue
        atoms = parse_formula(formula)
        if atoms is None:
            continue
        examined += 1
        faults: list[tuple[Severity, str]] = []
        if not np.isnan(exact[row]):
            faults += _exact_mass_fault(float(exact[row]), formula, atoms)
        if not np.isnan(nominal[row]):
            faults += _nominal_mass_fault(int(nominal[row]), formula, atoms)
        if faults:
            grave: Severity = "error" if any(severity == "error" for severity, _ in faults) else "warning"
            found.append(Found(row, grave, "; ".join(text for _, text in faults)))
    return Outcome(found, examined)


def _exact_mass_fault(stated: float, formula: str, atoms: Mapping[str, int]) -> list[tuple[Severity, str]]:
    computed = exact_mass(formula) or 0.0
    slack = _MASS_SLACK_DA + half_of_last_digit(stated)
    if abs(stated - computed) <= slack:
        return []
    text = f"exact mass {shown_number(stated)}, but {formula} has {computed:.4f} (difference {stated - computed:+.4f})"
    average = average_mass(atoms)
    if abs(stated - average) <= max(slack, 2e-4 * average) and abs(average - computed) > 2e-4 * average:
        return [("warning", f"{text}: the molecular weight of the natural isotopes")]
    pattern = isotope_pattern(atoms)
    likeliest = max(pattern, key=lambda mass: pattern[mass]) - (nominal_mass(formula) or 0)
    if likeliest > 0 and abs(stated - computed - likeliest) < 0.01 * likeliest:
        return [("warning", f"{text}: the mass of the most abundant isotopologue")]
    for name in (*COMMON_ADDUCTS["positive"], *COMMON_ADDUCTS["negative"]):
        adduct = parse_adduct(name)
        if adduct is not None and adduct.atoms and abs(stated - adduct.mz(computed)) <= slack:
            return [("warning", f"{text}: the m/z of {name}")]
    return [("error", text)]


def _nominal_mass_fault(stated: int, formula: str, atoms: Mapping[str, int]) -> list[tuple[Severity, str]]:
    computed, exact = nominal_mass(formula) or 0, exact_mass(formula) or 0.0
    if stated in (computed, round(exact)):
        return []
    text = f"nominal mass {stated}, but {formula} has {computed}"
    average = average_mass(atoms)
    if stated in (round(average), int(average)):
        return [("warning", f"{text}: the molecular weight of the natural isotopes, rounded")]
    return [("error", text)]


def half_of_last_digit(value: float) -> float:
    """Half a unit of the last decimal that a number is written with."""
    return 0.5 * 10.0 ** -len(shown_number(value).partition(".")[2])


def shown_number(value: float) -> str:
    """A number with the decimals it was written with, at most six."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def formula_structure(records: Records) -> Outcome:
    """Formula against the atoms of the SMILES; a salt may be given by either its whole or its parent."""
    from nps_spectra.substances.structure import structure_of

    found = []
    examined = 0
    for row, (formula, smiles) in enumerate(zip(records.texts("formula"), records.texts("smiles"), strict=True)):
        atoms = parse_formula(formula) if formula else None
        if smiles is None or formula is None or atoms is None:
            continue
        structure = structure_of(smiles)
        if structure is None:
            found.append(Found(row, "warning", f"RDKit cannot read the SMILES {smiles}"))
            continue
        if not structure.complete:
            continue
        examined += 1
        choices = (structure.whole, *structure.parts)
        if any(atoms == dict(part.atoms) for part in choices):
            continue
        closest = min(choices, key=lambda part: sum(map(abs, _difference(part.atoms, atoms).values())))
        difference = _difference(closest.atoms, atoms)
        shown = " ".join(f"{element}{count:+d}" for element, count in sorted(difference.items()))
        text = f"formula {formula}, but the SMILES has {written(closest.atoms)} ({shown})"
        charges = abs(closest.charge - formula_charge(formula))
        if set(difference) == {"H"} and abs(difference["H"]) <= max(charges, abs(closest.charge)):
            found.append(Found(row, "info", f"{text}: another state of protonation"))
        elif set(difference) == {"H", "D"} and difference["H"] == -difference["D"]:
            found.append(Found(row, "warning", f"{text}: deuterium on one side only"))
        else:
            found.append(Found(row, "error", text))
    return Outcome(found, examined)


def _difference(first: Mapping[str, int], second: Mapping[str, int]) -> dict[str, int]:
    counts = {element: first.get(element, 0) - second.get(element, 0) for element in first.keys() | second.keys()}
    return {element: count for element, count in counts.items() if count}


def written(atoms: Mapping[str, int]) -> str:
    """Atoms as a formula in the order of Hill: carbon, hydrogen, then by the alphabet."""
    order = sorted(atoms, key=lambda element: ({"C": 0, "H": 1, "D": 2}.get(element, 3), element))
    return "".join(f"{element}{atoms[element] if atoms[element] > 1 else ''}" for element in order)


def inchikey_structure(records: Records) -> Outcome:
    """InChIKey, InChI and SMILES of a record against each other, by the skeleton (first block)."""
    from nps_spectra.substances.structure import inchikey_of_inchi, skeletons_of, tautomer_skeletons

    found = []
    examined = 0
    columns = zip(records.texts("inchikey"), records.texts("inchi"), records.texts("smiles"), strict=True)
    for row, (stated, inchi, smiles) in enumerate(columns):
        if sum(value is not None for value in (stated, inchi, smiles)) < 2:
            continue
        of_inchi = inchikey_of_inchi(inchi) if inchi else None
        of_smiles = inchikey_of(smiles) if smiles else None
        examined += 1
        if inchi and of_inchi is None:
            found.append(Found(row, "warning", f"RDKit cannot read the InChI {inchi[:120]}"))
        elif stated and of_inchi and stated[:14] != of_inchi[:14]:
            found.append(Found(row, "error", f"InChIKey {stated}, but the InChI has {of_inchi}"))
        elif smiles and of_smiles and (stated or of_inchi):
            other = stated or of_inchi or ""
            if other[:14] == of_smiles[:14] or other[:14] in skeletons_of(smiles):
                continue
            source = "InChIKey" if stated else "InChI with InChIKey"
            text = f"{source} {other}, but the SMILES has {of_smiles}"
            if other[:14] in tautomer_skeletons(smiles):
                found.append(Found(row, "info", f"{text}: a tautomer"))
            else:
                found.append(Found(row, "error", text))
    return Outcome(found, examined)


def inchikey_formula(records: Records) -> Outcome:
    """Records of one whole InChIKey with different formulas; stereoisomers and isotopologues have other keys."""
    by_key: dict[str, dict[tuple[tuple[str, int], ...], list[int]]] = {}
    examined = 0
    for row, (key, formula) in enumerate(zip(records.texts("inchikey"), records.texts("formula"), strict=True)):
        atoms = parse_formula(formula) if formula else None
        if key is None or atoms is None or not _INCHIKEY.match(key):
            continue
        examined += 1
        by_key.setdefault(key, {}).setdefault(tuple(sorted(atoms.items())), []).append(row)
    found = []
    for key, by_formula in by_key.items():
        for atoms_of, rows in by_formula.items():
            others = tuple(other[0] for one, other in by_formula.items() if one != atoms_of)
            if others:
                text = f"InChIKey {key} with formula {written(dict(atoms_of))}, but with {records.label(others[0])}"
                found += [Found(row, "error", text, others) for row in rows]
    return Outcome(sorted(found), examined)


def cas_checksum(records: Records) -> Outcome:
    """CAS Registry Numbers whose check digit is wrong, in the typed field or as the file has them."""
    found = []
    examined = 0
    originals = records.spectra.texts("original")
    for row, typed in enumerate(records.texts("cas")):
        # Decoding the original fields of every record would cost more than all checks together.
        if typed is None and b"cas" not in originals.raw(row).lower():
            continue
        texts = [typed] if typed else []
        for key, values in records.original(row).items():
            if key == "CH$LINK":
                texts += [value[4:] for value in values if value.startswith("CAS ")]
            elif _CAS_FIELD.match(key.strip()):
                texts += values
        numbers = {number for text in texts for number in _cas_numbers(text)}
        examined += bool(numbers)
        wrong = sorted("-".join(number) for number in numbers if not _has_check_digit(number))
        if wrong:
            found.append(Found(row, "error", f"CAS {', '.join(wrong)}: wrong check digit"))
    return Outcome(found, examined)


def _cas_numbers(text: str) -> list[tuple[str, str, str]]:
    hyphened: list[tuple[str, str, str]] = _CAS.findall(text)
    if hyphened:
        return hyphened
    digits = _CAS_DIGITS.match(text.strip())
    return [(digits.group(1), digits.group(2), digits.group(3))] if digits else []


def _has_check_digit(number: tuple[str, str, str]) -> bool:
    digits = number[0] + number[1]
    return sum(weight * int(digit) for weight, digit in enumerate(reversed(digits), start=1)) % 10 == int(number[2])
