"""The queries of a search: of which kind each is, what it is called, and what it is not compared with."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from nps_spectra.scorers import Int, Technique
from nps_spectra.scoring import look_like_ei, with_query_mass
from nps_spectra.searching.answers import Identity
from nps_spectra.searching.candidates import ranges
from nps_spectra.searching.gates import Kind
from nps_spectra.spectra import Spectra

LeftOut = int | npt.NDArray[np.int64] | None

#: Columns that scorers look at.
_COMPARED_BY: Final = ("precursor_mz", "formula", "nominal_mass", "exact_mass")


class Questions:
    """The queries of one search, as columns.

    Attributes
    ----------
    spectra : Spectra
    groups : dict of Kind to ndarray of int64
        Numbers of the queries of each kind.
    left_out : list of ndarray of int64
        Library rows that each is not compared with; empty if there are none at all.
    precursor_mz : ndarray of float64
    query_mass : int or None
        Nominal molecular mass supposed of those that state none.
    before : int
        Queries of the same search that came before these.
    """

    def __init__(
        self,
        spectra: Spectra,
        ionization: dict[int, str | None],
        leave_out: Sequence[LeftOut] | None,
        query_mass: int | None,
        before: int = 0,
    ) -> None:
        self.spectra = spectra
        self.query_mass = query_mass
        self.before = before
        self.groups: dict[Kind, Int] = _by_kind(spectra, ionization)
        none = np.empty(0, dtype=np.int64)
        self.left_out = [
            none if rows is None else np.unique(np.atleast_1d(rows)).astype(np.int64) for rows in leave_out or ()
        ]
        self.precursor_mz = spectra.numbers("precursor_mz")

    @property
    def so_far(self) -> int:
        """Number of queries of the search up to the last of these."""
        return self.before + len(self.spectra)

    @cached_property
    def techniques(self) -> list[Technique]:
        """The techniques among the queries, in order of appearance."""
        return list(dict.fromkeys(kind.technique for kind in self.groups))

    @cached_property
    def identities(self) -> list[Identity]:
        """Identifier, name and source file of each."""
        spectra = self.spectra
        records = spectra.columns["source_record"].to_list()
        return [
            (f"query {number}" if file is None else f"{file}#{int(record or 0)}", name, file)
            for number, (file, record, name) in enumerate(
                zip(spectra.texts("source_file").to_list(), records, spectra.texts("name").to_list(), strict=True),
                self.before + 1,
            )
        ]

    def select(self, numbers: Int) -> Spectra:
        """Some of the queries, with the mass that is supposed of them; only what spectra are compared by."""
        if self.query_mass is not None:
            return Spectra.of(with_query_mass(spectrum, self.query_mass) for spectrum in self.spectra.select(numbers))
        spectra = self.spectra
        offsets = np.zeros(len(numbers) + 1, dtype=np.int64)
        np.cumsum(np.diff(spectra.offsets)[numbers], out=offsets[1:])
        peaks = ranges(spectra.offsets[numbers], np.diff(offsets))
        columns = {name: spectra.columns[name].take(numbers) for name in _COMPARED_BY}
        return Spectra(spectra.mz[peaks], spectra.intensity[peaks], offsets, columns)


def _by_kind(spectra: Spectra, ionization: dict[int, str | None]) -> dict[Kind, Int]:
    """Numbers of the queries of each kind, in order of appearance; ionisations given here stand for those not named."""
    names, name = spectra.texts("ionization").numbered()
    for number, assumed in ionization.items():
        if assumed not in names:
            names.append(assumed)
        name[number] = names.index(assumed)
    named_ei = np.array([one is not None and one.upper() == "EI" for one in names], dtype=bool)[name]
    ei = named_ei | look_like_ei(spectra, np.array([one is None for one in names], dtype=bool)[name])
    polarities, polarity = spectra.texts("polarity").numbered()
    representations, representation = spectra.texts("representation").numbered()
    profile = np.array([one == "profile" for one in representations], dtype=bool)[representation]
    levels, level = np.unique(spectra.numbers("ms_level"), return_inverse=True)
    key = (name.astype(np.int64) * len(polarities) + polarity) * len(levels) + level
    _, first, kind = np.unique(4 * key + 2 * ei + profile, return_index=True, return_inverse=True)
    groups = {}
    for number in np.argsort(first).tolist():
        row = int(first[number])
        own = Kind(
            "EI" if ei[row] else "MS/MS",
            names[name[row]],
            polarities[polarity[row]],
            None if np.isnan(levels[level[row]]) else float(levels[level[row]]),
            bool(profile[row]),
        )
        groups[own] = np.flatnonzero(kind == number)
    return groups
