"""The records of a library as the rules of `lint` look at them: fields, peaks and what follows from both."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from nps_spectra.scoring import technique_of
from nps_spectra.spectra import Spectra
from nps_spectra.spectrum import END, unpack_original
from nps_spectra.substances import Substances, exact_mass, parse_formula
from nps_spectra.substances.adducts import Adduct, parse_adduct

Kind = Literal["EI", "MS1", "MSn"]
Relation = Literal["same", "isotopologue", "isomer", "salt", "unknown", "other"]

#: Words of instrument types ("LC-ESI-QTOF", "Q Exactive Orbitrap", "HCD") of which m/z are accurate masses.
_ACCURATE: Final = frozenset(
    (
        *("tof", "qtof", "tofms", "toftof", "ittof", "qittof", "tripletof", "zenotof"),
        *("ft", "qft", "itft", "ftms", "fticr", "icr", "orbitrap", "exactive", "qexactive", "exploris", "hcd"),
    )
)
_WORD: Final = re.compile(r"[A-Za-z]+")
#: Decimals from which on an m/z can be an accurate mass, and those that are float32 made visible.
_ACCURATE_DECIMALS: Final = 3
_MOST_DECIMALS: Final = 6
#: A formula without this element is not that of the derivative that the name speaks of.
_DERIVATIVES: Final = (
    (re.compile(r"\d?(?:tms|tbdms|tbs)\b|trimethylsilyl|silyl", re.IGNORECASE), "Si"),
    (re.compile(r"\b(?:tfa|pfp|pfpa|hfb|hfba|tfaa)\b|fluoroacet|fluoroprop|fluorobutyr", re.IGNORECASE), "F"),
)
#: What salts differ by from their base or acid: counter-acids, and a metal in place of a proton.
_SALT_PARTS: Final[tuple[Mapping[str, int], ...]] = tuple(
    atoms
    for atoms in map(
        parse_formula,
        (
            *("HCl", "HBr", "HI", "HF", "H2SO4", "H3PO4", "HNO3", "CH4O3S", "C2H2O4", "C4H4O4", "C4H6O6", "C6H8O7"),
            *("C2HF3O2", "C2H4O2", "CH2O2", "C7H8O3S"),
        ),
    )
    if atoms is not None
)
_ISOTOPE_LABEL: Final = re.compile(r"\[\d+[A-Za-z]")
_METALS: Final = ("Na", "K", "Li")


class Records:
    """Spectra and their substances, with columns that several rules need computed once.

    Parameters
    ----------
    spectra : Spectra
    substances : Substances
    """

    def __init__(self, spectra: Spectra, substances: Substances) -> None:
        self.spectra = spectra
        self.substances = substances
        self._texts: dict[str, list[str | None]] = {}

    def __len__(self) -> int:
        return len(self.spectra)

    # ---- fields

    def texts(self, field: str) -> list[str | None]:
        """A text field of every record."""
        if field not in self._texts:
            self._texts[field] = self.spectra.texts(field).to_list()
        return self._texts[field]

    def numbers(self, field: str) -> npt.NDArray[np.float64]:
        """A number field of every record, NaN where missing."""
        return self.spectra.numbers(field)

    def synonyms(self, row: int) -> tuple[str, ...]:
        """Synonyms of a record."""
        text = self.texts("synonyms")[row]
        return tuple(text.split(END)) if text else ()

    def original(self, row: int) -> Mapping[str, tuple[str, ...]]:
        """The fields as the file has them."""
        return unpack_original(self.spectra.texts("original")[row])

    def place(self, row: int) -> str:
        """Where a record is found: source file and number of the record; its row if it has no source."""
        file = self.texts("source_file")[row]
        number = self.numbers("source_record")[row]
        if file is None:
            return f"row {row}"
        return file if np.isnan(number) else f"{file}#{int(number)}"

    def label(self, row: int) -> str:
        """Name, formula and library id, for the evidence of a finding."""
        known = [text for text in (self.texts("formula")[row], f"library id {row}") if text]
        return f"{self.texts('name')[row] or 'unnamed'} ({', '.join(known)})"

    # ---- technique

    @cached_property
    def kinds(self) -> list[Kind]:
        """EI, MSn (ions were selected and fragmented) or MS1 (anything else), for every record."""
        ionizations, level = self.texts("ionization"), self.numbers("ms_level")
        precursor = self.numbers("precursor_mz")
        kinds: list[Kind] = []
        for row, ionization in enumerate(ionizations):
            if level[row] >= 2 or (np.isnan(level[row]) and not np.isnan(precursor[row])):
                kinds.append("MSn")
            elif ionization is None:
                kinds.append("EI" if technique_of(self.spectra[row]) == "EI" else "MS1")
            else:
                kinds.append("EI" if ionization.upper() == "EI" else "MS1")
        return kinds

    def rows_of(self, kind: Kind) -> list[int]:
        """Records of a technique."""
        return [row for row, found in enumerate(self.kinds) if found == kind]

    @cached_property
    def decimals(self) -> npt.NDArray[np.int64]:
        """Decimals that the m/z of each record are written with: the most that any of its peaks has."""
        mz = self.spectra.mz
        needed = np.zeros(len(mz), dtype=np.int64)
        for decimals in range(_MOST_DECIMALS):
            scaled = mz * 10.0**decimals
            needed[np.abs(scaled - np.rint(scaled)) > 1e-3] = decimals + 1
        most = np.zeros(len(self), dtype=np.int64)
        np.maximum.at(most, self.owner, needed)
        return most

    def claims_accurate(self, row: int) -> bool | None:
        """Whether the instrument named measures accurate masses; None if none is named."""
        named = [text for text in (self.texts("instrument_type")[row], self.texts("instrument")[row]) if text]
        if not named:
            return None
        return any(word.lower() in _ACCURATE for text in named for word in _WORD.findall(text))

    def is_accurate(self, row: int) -> bool:
        """Whether the m/z are accurate masses: by the instrument and by their decimals, never by one alone."""
        return bool(self.decimals[row] >= _ACCURATE_DECIMALS) and self.claims_accurate(row) is True

    # ---- peaks

    @cached_property
    def owner(self) -> npt.NDArray[np.int64]:
        """Record of every peak."""
        return np.repeat(np.arange(len(self), dtype=np.int64), np.diff(self.spectra.offsets))

    @cached_property
    def base(self) -> npt.NDArray[np.float64]:
        """Intensity of the base peak of every record, 0 without peaks."""
        highest = np.zeros(len(self))
        np.maximum.at(highest, self.owner, self.spectra.intensity.astype(np.float64))
        return highest

    def peaks(self, row: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """m/z, and intensities relative to the base peak."""
        start, stop = int(self.spectra.offsets[row]), int(self.spectra.offsets[row + 1])
        intensity = self.spectra.intensity[start:stop].astype(np.float64)
        return self.spectra.mz[start:stop], intensity / self.base[row] if stop > start else intensity

    def shown_mz(self, row: int, mz: float) -> str:
        """An m/z with the decimals that the record has."""
        return f"{mz:.{min(int(self.decimals[row]), 5)}f}"

    # ---- chemistry

    def measured_atoms(self, row: int) -> Mapping[str, int] | None:
        """Atoms of the molecule that was measured: of the derivative, where the record is of one.

        None if the formula is missing or not understood, or is that of the substance before derivatisation.
        """
        if self._of_derivative[row]:
            forms = [
                value.partition(" ")[2]
                for value in self.original(row).get("MS$FOCUSED_ION", ())
                if value.startswith("DERIVATIVE_FORM ")
            ]
            return parse_formula(forms[0].strip()) if len(forms) == 1 else None
        formula = self.texts("formula")[row]
        atoms = parse_formula(formula) if formula else None
        if atoms is None:
            return None
        names = " ".join((self.texts("name")[row] or "", self.texts("comment")[row] or ""))
        for pattern, element in _DERIVATIVES:
            if element not in atoms and pattern.search(names):
                return None
        return atoms

    @cached_property
    def _of_derivative(self) -> list[bool]:
        column = self.spectra.texts("original")
        block, marker = column.blob.tobytes(), b"DERIVATIVE_"
        found = [False] * len(self)
        at = block.find(marker)
        while at >= 0:
            row = int(np.searchsorted(column.offsets, at, side="right")) - 1
            found[row] = True
            at = block.find(marker, int(column.offsets[row + 1]))
        return found

    def ion_atoms(self, row: int) -> dict[str, int] | None:
        """Atoms of the molecular ion (EI) or of the ion that was fragmented; None if that is not known."""
        atoms = self.measured_atoms(row)
        if atoms is None:
            return None
        if self.kinds[row] == "EI":
            return dict(atoms)
        adduct = self.adduct(row)
        if self.kinds[row] != "MSn" or adduct is None:
            return None
        ion = {element: count * adduct.molecules for element, count in atoms.items()}
        for element, gained in adduct.atoms.items():
            ion[element] = ion.get(element, 0) + gained
        if any(count < 0 for count in ion.values()):
            return None
        return {element: count for element, count in ion.items() if count}

    def adduct(self, row: int) -> Adduct | None:
        """The adduct, None if missing or not understood."""
        text = self.texts("adduct")[row]
        return parse_adduct(text) if text else None

    def molecule_mass(self, row: int) -> float | None:
        """Monoisotopic mass of the molecule measured: from its formula, else as stated."""
        atoms = self.measured_atoms(row)
        if atoms is not None:
            return exact_mass("".join(f"{element}{count}" for element, count in atoms.items()))
        if self.texts("formula")[row] is None and not np.isnan(self.numbers("exact_mass")[row]):
            return float(self.numbers("exact_mass")[row])
        return None

    def block(self, row: int) -> str:
        """First block of the InChIKey of the record's substance; empty if no structure is known."""
        key = self.substances.keys[int(self.substances.of_row[row])]
        return "" if key.startswith("name:") else key.partition("/")[0]

    def is_labelled(self, row: int) -> bool:
        """Whether the structure names isotopes, whatever the formula says."""
        smiles = self.texts("smiles")[row]
        return smiles is not None and _ISOTOPE_LABEL.search(smiles) is not None

    def relation(self, a: int, b: int) -> Relation:
        """How the substances of two records are related, as far as their fields tell."""
        if self.substances.of_row[a] == self.substances.of_row[b]:
            return "same"
        formulas = [self.texts("formula")[row] for row in (a, b)]
        first, second = (parse_formula(formula) if formula else None for formula in formulas)
        salt = first is not None and second is not None and first != second and _differ_by_salt(first, second)
        if self.block(a) and self.block(a) == self.block(b):
            return "salt" if salt else "isotopologue"
        if first is None or second is None:
            return "unknown"
        if first == second:
            # Without both structures these may be two names of one substance.
            return "isomer" if self.block(a) and self.block(b) else "unknown"
        return "salt" if salt else "other"


def _differ_by_salt(first: Mapping[str, int], second: Mapping[str, int]) -> bool:
    difference = {e: first.get(e, 0) - second.get(e, 0) for e in first.keys() | second.keys()}
    difference = {element: count for element, count in difference.items() if count}
    if sum(difference.values()) < 0:
        difference = {element: -count for element, count in difference.items()}
    if set(difference) == {"H"}:
        return difference["H"] == 1  # an ion and its neutral form
    for times in (1, 2, 3):
        for metal in _METALS:
            if difference in ({metal: times, "H": -times}, {metal: -times, "H": times}):
                return True
        if any(difference == {e: n * times for e, n in part.items()} for part in _SALT_PARTS):
            return True
    return False
