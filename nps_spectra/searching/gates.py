"""Which library spectra a query may be compared with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from nps_spectra.library import Library
from nps_spectra.options import Tolerance
from nps_spectra.scorers import Technique
from nps_spectra.scoring import technique_of
from nps_spectra.spectrum import Spectrum

Mask = npt.NDArray[np.bool_]

#: Ionisations whose spectra may be compared. Ions made at atmospheric pressure fragment alike by collision.
_FAMILIES: Final = {
    "EI": "EI",
    "ESI": "atmospheric pressure",
    "APCI": "atmospheric pressure",
    "APPI": "atmospheric pressure",
    "DART": "atmospheric pressure",
    "DESI": "atmospheric pressure",
}


@dataclass(frozen=True, slots=True)
class Gate:
    """What the user asked for, besides what always holds (ionisation, polarity, MS level).

    Attributes
    ----------
    precursor_tolerance : Tolerance, optional
        A library spectrum must have a precursor m/z within this of the query's.
    retention_index_tolerance : float, optional
        Largest difference of retention indices; spectra without one stay, because not known is no disagreement.
    collision_energy_tolerance_ev : float, optional
        Largest difference of collision energies in eV; spectra without one stay.
    """

    precursor_tolerance: Tolerance | None = None
    retention_index_tolerance: float | None = None
    collision_energy_tolerance_ev: float | None = None


class Gates:
    """Masks over the rows of one library."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._kept: dict[tuple[str, str | None], Mask] = {}

    @cached_property
    def _family(self) -> list[str]:
        spectra = self._library.spectra
        named = spectra.texts("ionization").to_list()
        return [_family(name) if name else _family_of(spectra[row]) for row, name in enumerate(named)]

    def technique(self, technique: Technique) -> Mask:
        """Rows of this technique."""
        return self._equal("technique", technique)

    def _equal(self, kind: str, value: str | None) -> Mask:
        key = (kind, value)
        if key not in self._kept:
            if kind == "polarity":
                # Not known is no disagreement.
                named = self._library.spectra.texts("polarity").to_list()
                mask = [name is None or name == value for name in named]
            elif kind == "technique":
                mask = [(family == "EI") == (value == "EI") for family in self._family]
            else:
                mask = [family in (value, "") for family in self._family]
            self._kept[key] = np.array(mask, dtype=bool)
        return self._kept[key]

    def rows(self, query: Spectrum, gate: Gate) -> tuple[npt.NDArray[np.int64], str | None]:
        """Rows to compare `query` with; if there are none, the reason."""
        if query.representation == "profile":
            return np.empty(0, dtype=np.int64), (
                "a profile spectrum, whose points are no peaks; read it with centroid=True (match: --centroid), or "
                "export it centroided"
            )
        spectra = self._library.spectra
        technique = technique_of(query)
        mask = self.technique(technique)
        if not mask.any():
            hint = "; if the query is EI and does not say so, name the ionisation" if query.ionization is None else ""
            return np.empty(0, dtype=np.int64), f"the library holds no {technique} spectra{hint}"
        if query.ionization is not None and technique != "EI":
            mask = mask & self._equal("family", _family(query.ionization))
            if not mask.any():
                return np.empty(0, dtype=np.int64), f"the library holds no {query.ionization} spectra"
        if query.polarity is not None:
            mask = mask & self._equal("polarity", query.polarity)
            if not mask.any():
                return np.empty(0, dtype=np.int64), f"the library holds no {technique} spectra of {query.polarity} ions"
        if query.ms_level is not None:
            level = spectra.numbers("ms_level")
            mask = mask & (np.isnan(level) | (level == query.ms_level))
            if not mask.any():
                return np.empty(0, dtype=np.int64), f"the library holds no such spectra of MS level {query.ms_level}"
        if gate.precursor_tolerance is not None and technique != "EI":
            if query.precursor_mz is None:
                return np.empty(0, dtype=np.int64), "the query has no precursor m/z, which the search asks for"
            low, high = gate.precursor_tolerance.bounds(query.precursor_mz)
            precursor = spectra.numbers("precursor_mz")
            mask = mask & (precursor >= low) & (precursor <= high)
            if not mask.any():
                return np.empty(0, dtype=np.int64), (
                    f"no library spectrum has a precursor within {gate.precursor_tolerance} of {query.precursor_mz}"
                )
        for field, width, own in (
            ("retention_index", gate.retention_index_tolerance, query.retention_index),
            ("collision_energy_ev", gate.collision_energy_tolerance_ev, query.collision_energy_ev),
        ):
            if width is not None and own is not None:
                value = spectra.numbers(field)
                mask = mask & (np.isnan(value) | (np.abs(value - own) <= width))
        rows = np.flatnonzero(mask).astype(np.int64)
        return rows, None if len(rows) else "no library spectrum within the tolerances asked for"


def _family(ionization: str) -> str:
    return _FAMILIES.get(ionization.upper(), ionization.upper())


def _family_of(spectrum: Spectrum) -> str:
    """Family of a spectrum that names no ionisation: "EI", or "" for any other."""
    return "EI" if technique_of(spectrum) == "EI" else ""
