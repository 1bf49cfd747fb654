"""Which library spectra a query may be compared with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from nps_spectra.library import Library
from nps_spectra.options import Tolerance
from nps_spectra.scorers import Technique
from nps_spectra.scoring import look_like_ei

Mask = npt.NDArray[np.bool_]
Int = npt.NDArray[np.int64]
Float = npt.NDArray[np.float64]

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


@dataclass(frozen=True, slots=True)
class Kind:
    """What decides about a query before any tolerance does."""

    technique: Technique
    ionization: str | None
    polarity: str | None
    ms_level: float | None
    profile: bool


class Allowed:
    """Rows that queries of one kind may be compared with.

    Attributes
    ----------
    mask : ndarray of bool, shape (library rows,)
    count : int
        How many they are.
    reason : str or None
        Why there are none.
    """

    def __init__(self, mask: Mask, precursor_mz: Float, reason: str | None = None) -> None:
        self.mask = mask
        self.count = int(np.count_nonzero(mask))
        self.reason = reason
        self._precursor_mz = precursor_mz

    @cached_property
    def rows(self) -> Int:
        """The same as ascending row numbers; made when asked for, as an index needs the mask only."""
        return np.flatnonzero(self.mask).astype(np.int64)

    @cached_property
    def by_precursor(self) -> tuple[Int, Float]:
        """Rows with a precursor m/z in the order of it, and the values."""
        rows = self.rows[~np.isnan(self._precursor_mz[self.rows])]
        order = np.argsort(self._precursor_mz[rows], kind="stable")
        return rows[order], self._precursor_mz[rows[order]]

    def stating(self, masses: Float) -> Allowed:
        """Those of the rows that state a mass."""
        return Allowed(self.mask & ~np.isnan(masses), self._precursor_mz, self.reason)


class Gates:
    """Which rows of one library queries may be compared with."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._kept: dict[Kind, Allowed] = {}
        self._alike: dict[tuple[str | None, Kind], Allowed] = {}

    @cached_property
    def _families(self) -> tuple[list[str], npt.NDArray[np.int32]]:
        """Families of ionisations, and the number of that of each row; "" is not known."""
        spectra = self._library.spectra
        names, number = spectra.texts("ionization").numbered()
        ei = look_like_ei(spectra, spectra.texts("ionization").missing())
        families = ["EI", ""] + [_family(name) if name else "" for name in names]
        return families, np.where(ei, 0, number + 2).astype(np.int32)

    @cached_property
    def _polarities(self) -> tuple[list[str | None], npt.NDArray[np.int32]]:
        return self._library.spectra.texts("polarity").numbered()

    @cached_property
    def ei(self) -> Mask:
        """Library rows that are EI spectra."""
        families, number = self._families
        return _where([family == "EI" for family in families], number)

    def allowed(self, kind: Kind) -> Allowed:
        """Rows that have nothing against a query of this kind."""
        if kind not in self._kept:
            found = self._allowed(kind)
            if found.reason is None:
                # One for all of a family: each has columns as long as the library.
                family = None if kind.ionization is None else _family(kind.ionization)
                found = self._alike.setdefault((family, replace(kind, ionization=None)), found)
            self._kept[kind] = found
        return self._kept[kind]

    def _allowed(self, kind: Kind) -> Allowed:
        spectra = self._library.spectra
        precursor_mz = spectra.numbers("precursor_mz")
        none = np.zeros(len(spectra), dtype=bool)
        if kind.profile:
            return Allowed(
                none,
                precursor_mz,
                "a profile spectrum, whose points are no peaks; read it with centroid=True (match: --centroid), or "
                "export it centroided",
            )
        technique = kind.technique
        mask = self.ei if technique == "EI" else ~self.ei
        if not mask.any():
            hint = "; if the query is EI and does not say so, name the ionisation" if kind.ionization is None else ""
            return Allowed(none, precursor_mz, f"the library holds no {technique} spectra{hint}")
        if kind.ionization is not None and technique != "EI":
            family = _family(kind.ionization)
            families, number = self._families
            mask = mask & _where([own in (family, "") for own in families], number)
            if not mask.any():
                return Allowed(none, precursor_mz, f"the library holds no {kind.ionization} spectra")
        if kind.polarity is not None:
            # Not known is no disagreement.
            names, number = self._polarities
            mask = mask & _where([name is None or name == kind.polarity for name in names], number)
            if not mask.any():
                return Allowed(none, precursor_mz, f"the library holds no {technique} spectra of {kind.polarity} ions")
        if kind.ms_level is not None:
            level = spectra.numbers("ms_level")
            mask = mask & (np.isnan(level) | (level == kind.ms_level))
            if not mask.any():
                reason = f"the library holds no such spectra of MS level {kind.ms_level:.0f}"
                return Allowed(none, precursor_mz, reason)
        return Allowed(mask, precursor_mz)


def within(tolerance: Tolerance, precursor_mz: npt.NDArray[np.float64], allowed: Allowed) -> tuple[Int, Int]:
    """Rows with a precursor m/z near each of these, as limits in the rows of ``allowed.by_precursor``."""
    values = allowed.by_precursor[1]
    low, high = tolerance.bounds(precursor_mz)
    return np.searchsorted(values, low, "left"), np.searchsorted(values, high, "right")


def _where(chosen: list[bool], number: npt.NDArray[np.int32]) -> Mask:
    """Rows whose number is that of a text that is chosen."""
    result: Mask = np.array(chosen, dtype=bool)[number]
    return result


def _family(ionization: str) -> str:
    return _FAMILIES.get(ionization.upper(), ionization.upper())
