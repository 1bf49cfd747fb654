"""From the text of a field to its typed value: one place for all formats.

What cannot be understood stays missing, is noted, and remains in the original fields.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from nps_spectra.formats.remembered import Remembered
from nps_spectra.spectrum import REPRESENTATIONS, normalise_polarity

_MISSING: Final = frozenset({"", "n/a", "na", "nan", "none", "null", "unknown", "-", "--", "?", "not available"})
_LONGEST_MISSING: Final = max(map(len, _MISSING))
_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
_ONE_NUMBER: Final = re.compile(rf"^\s*({_NUMBER})\s*$", re.ASCII)
_TIME: Final = re.compile(
    rf"^\s*({_NUMBER})\s*(min|mins|minute|minutes|m|sec|secs|second|seconds|s)?\.?\s*(\(.*\))?\s*$", re.IGNORECASE
)
_ENERGY: Final = re.compile(rf"(?:^|[^\d.])({_NUMBER})\s*(ev|v)\b", re.IGNORECASE)
_AMOUNT: Final = re.compile(r"(?<![A-Za-z\d.])\.?\d")
_CAS: Final = re.compile(r"^0*([1-9]\d{1,6})-?(\d{2})-?(\d)$", re.ASCII)
_INCHIKEY: Final = re.compile(r"^[A-Z]{14}-[A-Z]{10}-[A-Z]$")
_CHARGE: Final = re.compile(r"^\s*(?:(\d{1,3})\s*([+-])|([+-])\s*(\d{1,3})|(\d{1,3}))\s*$")
_LEVEL: Final = re.compile(r"^\s*(?:ms)?\s*(\d)?\s*$", re.IGNORECASE)
_RI_BY_COLUMN: Final = re.compile(rf"(SemiStdNP|StdNP)\s*=\s*({_NUMBER})")
#: Programs write 0 where they know no value; none of these can be 0.
_ZERO_IS_MISSING: Final = frozenset(
    {"cas", "charge", "exact_mass", "ms_level", "nominal_mass", "precursor_mz", "retention_index"}
)
#: A number that is 0 begins with one of these.
_STARTS_ZERO: Final = "0.+-"
_ADDUCT_CHARGE: Final = re.compile(r"\](?:(\d{0,3})([+-])|(\+{2,9}|-{2,9}))\*?$")

_NO_ENERGY: Final = re.compile("ramp|%|nce", re.IGNORECASE)
#: Longer texts are converted anew, so that those met before take little memory whatever the file holds.
_LONGEST_REMEMBERED: Final = 250

#: Ionisation techniques by the token that names them in instrument types ("LC-ESI-QTOF", "GC-EI-TOF").
IONIZATIONS: Final = {
    "EI": "EI",
    "CI": "CI",
    "ESI": "ESI",
    "NANO-ESI": "ESI",
    "NANOESI": "ESI",
    "NSI": "ESI",
    "APCI": "APCI",
    "APPI": "APPI",
    "DART": "DART",
    "DESI": "DESI",
    "MALDI": "MALDI",
    "FAB": "FAB",
    "FD": "FD",
    "FI": "FI",
}


def is_missing(text: str) -> bool:
    """Whether a field text only says that the value is not known."""
    text = text.strip()
    return len(text) <= _LONGEST_MISSING and text.lower() in _MISSING


def number(text: str) -> float | None:
    """One finite number and nothing else; None otherwise (``float()`` would take '1_000' and 'nan')."""
    found = _ONE_NUMBER.match(text)
    if found is None:
        return None
    value = float(found.group(1))
    return value if math.isfinite(value) else None


def cas_number(text: str) -> str | None:
    """CAS Registry Number with hyphens if the check digit is right; None otherwise."""
    found = _CAS.match(text.strip())
    if found is None:
        return None
    digits = found.group(1) + found.group(2)
    check = sum(weight * int(digit) for weight, digit in enumerate(reversed(digits), start=1)) % 10
    return "-".join(found.groups()) if check == int(found.group(3)) else None


def ionization_of(instrument_type: str) -> str | None:
    """Ionisation technique named by a token of an instrument type; None if none is."""
    upper = instrument_type.upper()
    for token in re.split(r"[-\s,;/()]+", upper):
        if token in IONIZATIONS:
            return IONIZATIONS[token]
    return None


def _time(text: str, default_unit: str | None) -> float | None:
    found = _TIME.match(" ".join(text.split()))
    if found is None:
        return None
    unit = (found.group(2) or default_unit or "").lower()
    value = number(found.group(1))
    if not unit or value is None:
        return None
    return value * (60.0 if unit.startswith("m") else 1.0)


def _level(text: str) -> int | None:
    found = _LEVEL.match(" ".join(text.split()))
    return int(found.group(1) or 1) if found else None


def _charge(text: str) -> int | None:
    found = _CHARGE.match(text)
    if found is None:
        return None
    size = int(found.group(1) or found.group(4) or found.group(5))
    return -size if "-" in (found.group(2), found.group(3)) else size


def _ionization(text: str) -> str | None:
    return IONIZATIONS.get(text.strip().upper()) or ionization_of(text)


def _inchikey(text: str) -> str | None:
    value = text.strip().upper().removeprefix("INCHIKEY=")
    return value if _INCHIKEY.match(value) else None


def _positive(text: str) -> float | None:
    value = number(text)
    return value if value is not None and value > 0 else None


def _precursor(text: str) -> float | None:
    # "609.3/195.1" is the chain of an MSn spectrum: the last one was fragmented to give it.
    return _positive(text.split("/")[-1])


def _retention_index(text: str) -> float | None:
    # NIST lists one value a column class ("SemiStdNP=2528/2/2"): 5 % phenyl columns are those of drug analysis.
    by_column = dict(_RI_BY_COLUMN.findall(text))
    return _positive(by_column.get("SemiStdNP") or by_column.get("StdNP") or text)


def _nominal(text: str) -> int | None:
    value = number(text)
    return int(value) if value is not None and value > 0 and value == int(value) else None


def _representation(text: str) -> str | None:
    first = text.strip().lower().partition(" ")[0]
    return {"centroided": "centroid", "continuum": "profile"}.get(first, first if first in REPRESENTATIONS else None)


_CONVERTERS: Final[dict[str, Callable[[str], Any]]] = {
    "cas": cas_number,
    "inchikey": _inchikey,
    "polarity": normalise_polarity,
    "ionization": _ionization,
    "ms_level": _level,
    "charge": _charge,
    "precursor_mz": _precursor,
    "exact_mass": _positive,
    "collision_energy_ev": number,
    "nominal_mass": _nominal,
    "retention_index": _retention_index,
    "representation": _representation,
}


def assign(fields: dict[str, Any], notes: list[str], name: str, text: str, unit: str | None = None) -> None:
    """Convert the text of typed field `name` and put it into `fields`.

    The first value wins where a field is repeated; ``synonyms`` collects all. A text that says "unknown"
    leaves the field missing; one that is not understood does so too and is noted.

    Parameters
    ----------
    fields : dict
        Typed fields collected so far; changed.
    notes : list of str
        Receives what was not understood; changed.
    name : str
        A key of `nps_spectra.spectrum.FIELDS`.
    text : str
        The value as it stands in the file.
    unit : {"min", "s"}, optional
        Unit of a retention time that names none, where the format fixes it.
    """
    convert = _cached if len(text) <= _LONGEST_REMEMBERED else converted
    place(fields, notes, name, *convert(name, text, unit))


def place(fields: dict[str, Any], notes: list[str], name: str, known: bool, value: Any) -> None:
    """Put what `converted` gave into `fields`, as `assign` does."""
    if name not in fields:
        if value is not None:
            fields[name] = (value,) if name == "synonyms" else value
        elif known:
            notes.append(f"{name}: value not understood, kept in the original fields only")
    elif name == "synonyms" and value is not None:
        fields[name] = (*fields[name], value)


def converted(name: str, text: str, unit: str | None = None) -> tuple[bool, Any]:
    """Whether a text says that there is a value of a typed field, and the value; None if it is not understood.

    Examples
    --------
    >>> converted("cas", "58082"), converted("cas", "58-08-3"), converted("cas", "N/A")
    ((True, '58-08-2'), (True, None), (False, None))
    """
    text = text.strip()
    # "-" says "unknown" in every field but the polarity, where it is a sign.
    if is_missing(text) and (name, text) != ("polarity", "-"):
        return False, None
    if name in _ZERO_IS_MISSING and text[0] in _STARTS_ZERO and number(text) == 0:
        return False, None
    if name == "retention_time_s":
        return True, _time(text, unit)
    convert = _CONVERTERS.get(name)
    return True, text if convert is None else convert(text)


#: Most values are those of the records before: instruments, adducts, and all of the substance itself.
_cached: Final = lru_cache(maxsize=8192)(converted)


def assign_collision_energy(fields: dict[str, Any], notes: list[str], text: str) -> None:
    """Collision energy as written, and in eV where exactly one energy in eV or V is named.

    Volts are taken as eV: the charge is one in this kind of data. Normalised energies ("35 NCE", "30 %"),
    ramps and bare numbers have no value in eV.
    """
    if fields.get("collision_energy") is not None:
        return
    assign(fields, notes, "collision_energy", text)
    value = _cached_energy_ev(text) if len(text) <= _LONGEST_REMEMBERED else _energy_ev(text)
    if value is not None:
        fields.setdefault("collision_energy_ev", value)


def _energy_ev(text: str) -> float | None:
    energies = _ENERGY.findall(text)
    if len(energies) != 1 or len(_AMOUNT.findall(text)) != 1 or _NO_ENERGY.search(text):
        return None
    return number(energies[0][0])


_cached_energy_ev: Final = lru_cache(maxsize=1024)(_energy_ev)


def _adduct_charge(adduct: str) -> int | None:
    found = _ADDUCT_CHARGE.search(adduct)
    if found is None:
        return None
    # "[M+2H]2+" or "[M+2H]++"
    sign = found.group(2) or found.group(3)[0]
    size = int(found.group(1) or 1) if found.group(2) else len(found.group(3))
    return size if sign == "+" else -size


_charges: Final = Remembered(_adduct_charge, 1024)
_techniques: Final = Remembered(ionization_of, 1024)


def complete(fields: dict[str, Any], notes: list[str]) -> None:
    """Fill what follows from other fields: polarity and charge from the adduct, technique from the instrument."""
    adduct = fields.get("adduct")
    of_adduct = _charges[adduct] if adduct else None
    if of_adduct is not None:
        fields.setdefault("charge", of_adduct)
    charge = fields.get("charge")
    if charge and fields.get("polarity") is None:
        fields["polarity"] = "positive" if charge > 0 else "negative"
    elif charge and of_adduct is None and (charge > 0) != (fields["polarity"] == "positive"):
        fields["charge"] = -charge
    if fields.get("ionization") is None and fields.get("instrument_type"):
        technique = _techniques[fields["instrument_type"]]
        if technique:
            fields["ionization"] = technique
    if fields.get("ms_level") is None and fields.get("precursor_mz") is not None:
        fields["ms_level"] = 2
        notes.append("a precursor m/z and no MS level: taken as MS2")
