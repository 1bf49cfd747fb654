"""The registry: names, structures and classes of the substances that forensic laboratories meet."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from nps_spectra.errors import InputError
from nps_spectra.substances.identity import normalised_name

Role = Literal["nps", "controlled", "precursor", "cutting_agent"]


@dataclass(frozen=True, slots=True)
class Substance:
    """One substance of the registry.

    Attributes
    ----------
    name : str
        As forensic laboratories call it.
    synonyms : tuple of str
    cas : str or None
    smiles, inchikey, formula : str
        Of the free base; they agree with each other under RDKit.
    nps_class : str or None
        Group as in UNODC's Early Warning Advisory; None for other than NPS.
    effect_group : str or None
    role : {"nps", "controlled", "precursor", "cutting_agent"}
        What the registry lists it as; no statement about the law of a country.
    """

    name: str
    synonyms: tuple[str, ...]
    cas: str | None
    smiles: str
    inchikey: str
    formula: str
    nps_class: str | None
    effect_group: str | None
    role: Role


class Registry(Sequence[Substance]):
    """The substances of the registry, in the order of the file.

    Examples
    --------
    >>> registry().find("4-MMC").name
    'mephedrone'
    """

    def __init__(self, substances: Sequence[Substance]) -> None:
        self._substances = tuple(substances)
        self._by_name = {
            normalised_name(name): substance
            for substance in self._substances
            for name in (*substance.synonyms, substance.name)
        }
        self._by_inchikey = {substance.inchikey: substance for substance in self._substances}

    def __len__(self) -> int:
        return len(self._substances)

    def __getitem__(self, index: Any) -> Any:
        return self._substances[index]

    def __iter__(self) -> Iterator[Substance]:
        return iter(self._substances)

    def find(self, name: str) -> Substance | None:
        """The substance of a name or synonym, or of an InChIKey; None if it is not in the registry."""
        return self._by_inchikey.get(name) or self._by_name.get(normalised_name(name))


def reference_file(name: str) -> Path:
    """A file of ``reference_library/``: inside the installed package, or beside it in a checkout.

    Raises
    ------
    InputError
        The installation is incomplete.
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "reference_library", package.parent / "reference_library"):
        if (folder / name).is_file():
            return folder / name
    raise InputError(f"reference_library/{name} is missing: the installation is incomplete, install again")


@cache
def registry() -> Registry:
    """The embedded registry."""
    with reference_file("substances.csv").open(encoding="utf-8", newline="") as stream:
        return Registry([_substance(row) for row in csv.DictReader(stream)])


def _substance(row: dict[str, Any]) -> Substance:
    return Substance(
        row["name"],
        tuple(part for part in row["synonyms"].split("|") if part),
        row["cas"] or None,
        row["smiles"],
        row["inchikey"],
        row["formula"],
        row["nps_class"] or None,
        row["effect_group"] or None,
        row["role"],
    )
