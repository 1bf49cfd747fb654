"""Ions and neutral losses that speak for an NPS class, by formula and with their source, for a chemist to check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from nps_spectra.errors import OptionError
from nps_spectra.identification.assessment import Indication
from nps_spectra.identification.class_features import HIGHEST_MZ, nominal_intensities
from nps_spectra.identification.laboratory_files import Fields, read_toml
from nps_spectra.spectra import Spectra
from nps_spectra.spectrum import Spectrum
from nps_spectra.substances.formula import exact_mass, nominal_mass

_FILE: Final = Path(__file__).parent / "data" / "class_indications.toml"
#: Mass of the electron that an ion lacks, in Da (CODATA 2018).
_ELECTRON: Final = 0.000548579909
#: Peaks below this share of the base peak speak for nothing.
_LEAST: Final = 0.05


@dataclass(frozen=True, slots=True)
class KnownIndication:
    """An ion or loss of the table.

    Attributes
    ----------
    kind : {"ion", "loss"}
    formula : str
    what : str
        In words.
    nominal : int
        Nominal m/z or mass.
    exact : float
        Exact m/z of the ion, or mass of the loss, in Da.
    source : str
        Publication; it ends in "(not verified)" where the number was not read in it.
    """

    kind: str
    formula: str
    what: str
    nominal: int
    exact: float
    source: str


def read_indications(path: Path = _FILE) -> Mapping[str, tuple[KnownIndication, ...]]:
    """The indications of each class in a file, which a laboratory may replace.

    Raises
    ------
    InputError
        The file cannot be read, or a table of it is wrong.

    Examples
    --------
    >>> read_indications()["Nitazenes"][0].formula
    'C5H12N'
    """
    top = Fields(path, "top", read_toml(path))
    sources = top.table("sources")
    found: dict[str, list[KnownIndication]] = {}
    for number, table in enumerate(top.tables("indication"), 1):
        fields = Fields(path, f"indication {number}", table)
        label, kind, formula, what, source = (fields.text(k) for k in ("class", "kind", "formula", "what", "source"))
        verified = fields.flag("verified")
        fields.end()
        nominal, exact = nominal_mass(formula), exact_mass(formula)
        if nominal is None or exact is None:
            raise fields.fault("formula", f"found {formula!r}, expected a formula such as C8H7O2")
        if kind not in ("ion", "loss"):
            raise fields.fault("kind", f"found {kind!r}, expected ion or loss")
        if not isinstance(sources.get(source), str):
            raise fields.fault("source", f"found {source!r}, expected a key of [sources]")
        cited = sources[source] if verified else f"{sources[source]} (not verified)"
        found.setdefault(label, []).append(
            KnownIndication(kind, formula, what, nominal, exact - (_ELECTRON if kind == "ion" else 0.0), cited)
        )
    top.end()
    return MappingProxyType({label: tuple(rows) for label, rows in found.items()})


@cache
def _embedded() -> Mapping[str, tuple[KnownIndication, ...]]:
    return read_indications()


def indications(spectrum: Spectrum, label: str, molecular_mass: int | None = None) -> tuple[Indication, ...]:
    """Ions and losses of an EI spectrum that speak for a class, the largest peak first.

    Parameters
    ----------
    spectrum : Spectrum
    label : str
        A class; one without indications, such as "None of these", gives none.
    molecular_mass : int, optional
        Nominal, in Da, for losses; default that of the spectrum. Losses are left out where none is known.

    Raises
    ------
    OptionError
        A molecular mass that is not positive.

    Examples
    --------
    >>> spectrum = Spectrum([58.0, 105.0, 119.0], [99.0, 8.0, 20.0])
    >>> [(one.formula, round(one.mz, 3)) for one in indications(spectrum, "Synthetic cathinones")]
    [('C3H8N', 58.065), ('C8H7O', 119.049), ('C7H5O', 105.033)]
    """
    mass = spectrum.nominal_mass if molecular_mass is None else molecular_mass
    if mass is not None and mass < 1:
        raise OptionError(f"found the molecular mass {mass}: expected a positive number of Da")
    intensities = nominal_intensities(Spectra.of([spectrum]))[0]
    found = []
    for known in _embedded().get(label, ()):
        at = known.nominal if known.kind == "ion" else (mass or 0) - known.nominal
        if 0 < at <= HIGHEST_MZ and intensities[at] >= _LEAST:
            found.append(Indication(known.kind, known.formula, known.exact, float(intensities[at]), known.source))
    return tuple(sorted(found, key=lambda one: (-one.intensity, one.kind, one.mz)))
