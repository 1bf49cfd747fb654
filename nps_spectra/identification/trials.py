"""Searches of which the answer is known: measured replicates for "present", what is left out for "absent"."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from nps_spectra.identification.evidence import Evidence, gather
from nps_spectra.identification.features import features_of
from nps_spectra.identification.molecular_ion import peaks_above
from nps_spectra.identification.repeatability import rows_of
from nps_spectra.library import Library
from nps_spectra.scorers import Technique
from nps_spectra.spectra import Spectra, joined
from nps_spectra.spectrum import Spectrum
from nps_spectra.substances import normalised_name, substances_of
from nps_spectra.substances.formula import parse_formula

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]
Kind = Literal["present", "substance left out", "isomers left out"]

#: Cosine of nominal-mass spectra from which on two of them are one measurement.
SAME_MEASUREMENT: Final = 0.9995
#: Candidates that are assessed, and those that are searched so that as many are left when some are left out.
CANDIDATES: Final = 10
_SEARCHED: Final = 25
#: A peak of this height above the mass of its own formula: a derivative, an isotopologue or a wrong label.
_NOT_ITSELF: Final = 0.05
#: Queries compared at once with a library when copies are looked for, and queries searched at a time.
_BLOCK: Final = 1024
_AT_A_TIME: Final = 256


@dataclass(frozen=True, slots=True)
class Trial:
    """One search of which the answer is known.

    Attributes
    ----------
    query : str
        Name of the spectrum.
    source : str
        Library that it is of.
    contributor : str
        Who measured it; the source, where that is not stated.
    substance : str
        Its substance.
    family : str
        Substances of one family, such as isomers, are never in training and test at once: the formula, where known.
    kind : {"present", "substance left out", "isomers left out"}
        With an independent replicate in the library, without its substance, and without all of its formula.
    evidence : tuple of Evidence
        Of the candidates listed.
    truth : int or None
        Position of the substance among them; None: it is not listed.
    isomer_leads : bool
        The first candidate has the formula of the query and is not the query's substance.
    """

    query: str
    source: str
    contributor: str
    substance: str
    family: str
    kind: Kind
    evidence: tuple[Evidence, ...]
    truth: int | None
    isomer_leads: bool

    def features(self, technique: Technique) -> Float:
        """Features of the candidates, shape (candidates, features)."""
        return features_of(self.evidence, technique)


class Corpus:
    """A library to search, and queries of known substances: its own spectra and those of other libraries.

    Parameters
    ----------
    library : Library
        The one that is searched.
    others : sequence of Library
        Their spectra are queries as well. A spectrum without InChIKey is the substance that its name or a synonym
        names in `library`, if that is one only; else it is not used.
    technique : {"EI", "MS/MS"}

    Attributes
    ----------
    queries : Spectra
    sources : tuple of str
        Library of each query.
    keys : tuple of (str or None)
        Substance of each query, and None where it is not known.
    formulas : tuple of (str or None)
    """

    def __init__(self, library: Library, others: Sequence[Library], technique: Technique) -> None:
        self.library = library
        self.technique = technique
        parts = [(one, rows_of(one, technique)) for one in (library, *others)]
        whole = joined([library.spectra, *(one.spectra.select(rows) for one, rows in parts)])
        size = len(library)
        self.queries = whole.select(np.arange(size, len(whole)))
        self.sources = tuple(one.name for one, rows in parts for _ in range(len(rows)))
        self._own_row = np.full(len(self.queries), -1, dtype=np.int64)
        self._own_row[: len(parts[0][1])] = parts[0][1]
        substances = substances_of(whole)
        of_row = _named(whole, size, substances.of_row)
        self._library_key = of_row[:size]
        stated = np.array([key is not None for key in whole.texts("inchikey").to_list()])
        known = stated | np.isin(of_row, of_row[:size])
        self.keys = tuple(
            substances.keys[key] if known[row] else None for row, key in enumerate(of_row.tolist()) if row >= size
        )
        self._query_key = of_row[size:]
        first: dict[int, str] = {}
        for key, formula in zip(of_row.tolist(), whole.texts("formula").to_list(), strict=True):
            if formula is not None:
                first.setdefault(key, formula)
        self._formula = first
        self.formulas = tuple(first.get(key) for key in self._query_key.tolist())
        names = [name or library.name for name in library.spectra.texts("contributor").to_list()]
        self._library_contributor = np.array(names, dtype=np.str_)
        contributors = self.queries.texts("contributor").to_list()
        self.contributors = tuple(name or source for name, source in zip(contributors, self.sources, strict=True))
        self._libraries = [{"name": one.name, "digest": one.digest, "spectra": len(rows)} for one, rows in parts]

    @cached_property
    def copies(self) -> list[Int]:
        """Spectra of the library that are the measurement of each query, itself among them."""
        find = _same_nominal if self.technique == "EI" else _same_peaks
        found = find(self.queries, self.library.spectra)
        return [
            rows if own < 0 else np.union1d(rows, [own])
            for rows, own in zip(found, self._own_row.tolist(), strict=True)
        ]

    def has_replicate(self, query: int) -> bool:
        """Whether an independent measurement of a query's substance is left when `left_out` are."""
        own = np.flatnonzero(self._library_key == self._query_key[query])
        if self.technique != "EI":
            own = own[self._library_contributor[own] != self.contributors[query]]
        return bool(len(np.setdiff1d(own, self.copies[query])))

    def left_out(self, query: int) -> Int:
        """Spectra that a query is not compared with.

        Copies of the measurement are left out. Of MS/MS so is all that the query's contributor measured: its spectra of
        one substance are series of one run, no replicates, and its spectra of others, from the same instrument at the
        same energies, would be compared with the substance as others measured it. Of EI, where others have measured the
        substance, so is what the query's own contributor has of it.
        """
        own = np.flatnonzero(self._library_key == self._query_key[query])
        same = self._library_contributor == self.contributors[query]
        rows = self.copies[query]
        if self.technique != "EI":
            rows = np.union1d(rows, own if same.all() else np.flatnonzero(same))
        elif len(np.setdiff1d(own[~same[own]], rows)):
            rows = np.union1d(rows, own[same[own]])
        return rows.astype(np.int64)

    @cached_property
    def usable(self) -> Int:
        """Queries whose substance is known and in the library, and whose peaks do not contradict their label."""
        inside = np.isin(self._query_key, self._library_key)
        known = np.array([key is not None for key in self.keys], dtype=bool)
        return np.array(
            [
                row
                for row in np.flatnonzero(inside & known).tolist()
                if not contradicts_its_formula(self.queries[row], self.formulas[row], self.technique)
            ],
            dtype=np.int64,
        )

    def trials(
        self, *, most: int | None = None, progress: Callable[[int, int], None] | None = None, **options: Any
    ) -> Iterator[Trial]:
        """Search the usable queries and give up to three trials of each.

        Parameters
        ----------
        most : int, optional
            Of queries with an independent replicate, and of others, each: drawn by the digest of their names.
        progress : callable, optional
            Called with the number of queries done and in all.
        **options
            Of `nps_spectra.search`.
        """
        rows = self._drawn(most)
        of_substance = dict(zip(self.library.substances.of_row.tolist(), self._library_key.tolist(), strict=True))
        for row, evidence in self._searched(rows, progress, options):
            own, formula = int(self._query_key[row]), self.formulas[row]
            found = [of_substance[one.substance] for one in evidence]
            if self.has_replicate(row):
                yield self._trial(row, "present", evidence, found)
            others = [(one, key) for one, key in zip(evidence, found, strict=True) if key != own]
            yield self._trial(row, "substance left out", *_parted(others))
            if formula is not None:
                others = [(one, key) for one, key in others if self._formula.get(key) != formula]
                yield self._trial(row, "isomers left out", *_parted(others))

    def _searched(
        self, rows: Sequence[int], progress: Callable[[int, int], None] | None, options: Mapping[str, Any]
    ) -> Iterator[tuple[int, tuple[Evidence, ...]]]:
        """Queries with their candidates, a part at a time: what is left out of each may be most of the library."""
        for start in range(0, len(rows), _AT_A_TIME):
            part = rows[start : start + _AT_A_TIME]
            found = gather(
                self.queries.select(np.array(part, dtype=np.int64)),
                self.library,
                top=_SEARCHED,
                leave_out=[self.left_out(row) for row in part],
                **options,
            )
            for done, (row, (_, evidence)) in enumerate(zip(part, found, strict=True), start + 1):
                if progress is not None:
                    progress(done, len(rows))
                yield row, evidence

    def _drawn(self, most: int | None) -> list[int]:
        rows: list[int] = self.usable.tolist()
        if most is None:
            return rows
        order = sorted(rows, key=lambda row: hashlib.sha256(f"{self.keys[row]} {row}".encode()).digest())
        several = {row for row in rows if self.has_replicate(row)}
        kept = [[row for row in order if (row in several) is present][:most] for present in (True, False)]
        return sorted(kept[0] + kept[1])

    def _trial(self, row: int, kind: Kind, evidence: Sequence[Evidence], keys: Sequence[int]) -> Trial:
        own, formula = int(self._query_key[row]), self.formulas[row]
        listed = keys[:CANDIDATES]
        isomer = bool(listed) and listed[0] != own and formula is not None and self._formula.get(listed[0]) == formula
        name = self.keys[row] or ""
        return Trial(
            query=self.queries[row].name or "unnamed",
            source=self.sources[row],
            contributor=self.contributors[row],
            substance=name,
            family=formula or name,
            kind=kind,
            evidence=tuple(evidence[:CANDIDATES]),
            truth=listed.index(own) if own in listed else None,
            isomer_leads=isomer,
        )

    def describe(self) -> dict[str, Any]:
        """Which libraries, by name and digest, and how many of their spectra could be used."""
        usable = Counter(self.sources[row] for row in self.usable.tolist())
        return {
            "searched": self.library.name,
            "libraries": [one | {"usable": usable.get(str(one["name"]), 0)} for one in self._libraries],
        }


def contradicts_its_formula(spectrum: Spectrum, formula: str | None, technique: Technique) -> bool:
    """Whether an EI spectrum has a large peak that its own formula is too light for.

    It is of a derivative, of an isotopologue, or the label is wrong: such a pair says nothing of replicates.

    Examples
    --------
    >>> contradicts_its_formula(Spectrum([73, 174, 451], [30, 100, 20]), "C10H12N2O", "EI")  # serotonin, 5 TMS
    True
    """
    atoms = parse_formula(formula) if formula and technique == "EI" else None
    if atoms is None:
        return False
    heavier = peaks_above(np.rint(spectrum.mz), spectrum.intensity.astype(np.float64), atoms)
    return bool(heavier) and heavier[0].intensity >= _NOT_ITSELF


def _parted(pairs: Sequence[tuple[Evidence, int]]) -> tuple[list[Evidence], list[int]]:
    return [one for one, _ in pairs], [key for _, key in pairs]


def _named(whole: Spectra, size: int, of_row: Int) -> Int:
    """Substances, those without InChIKey by a name that means one substance of the library."""
    keys, names = whole.texts("inchikey").to_list(), whole.texts("name").to_list()
    by_name: dict[str, set[int]] = defaultdict(set)
    for row in range(size):
        for name in (names[row], *whole[row].synonyms):
            if name and normalised_name(name):
                by_name[normalised_name(name)].add(int(of_row[row]))
    result = of_row.copy()
    for row in range(size, len(whole)):
        if keys[row] is None:
            found: set[int] = set()
            for name in (names[row], *whole[row].synonyms):
                found |= by_name.get(normalised_name(name or ""), set())
            if len(found) == 1:
                result[row] = found.pop()
    return result


def _same_nominal(queries: Spectra, library: Spectra) -> list[Int]:
    """Library spectra of the same measurement, by the cosine of nominal-mass spectra."""
    reference = _unit_vectors(library).T
    found: list[Int] = []
    for start in range(0, len(queries), _BLOCK):
        own = _unit_vectors(queries.select(np.arange(start, min(start + _BLOCK, len(queries)))))
        found += [np.flatnonzero(row).astype(np.int64) for row in own @ reference >= SAME_MEASUREMENT]
    return found


def _unit_vectors(spectra: Spectra) -> npt.NDArray[np.float32]:
    masses = np.rint(spectra.mz).astype(np.int64)
    dense = np.zeros((len(spectra), 1500), dtype=np.float32)
    rows = np.repeat(np.arange(len(spectra)), np.diff(spectra.offsets))
    np.add.at(dense, (rows, np.minimum(masses, dense.shape[1] - 1)), spectra.intensity)
    lengths = np.linalg.norm(dense, axis=1, keepdims=True)
    unit: npt.NDArray[np.float32] = dense / np.maximum(lengths, 1e-12)
    return unit


def _same_peaks(queries: Spectra, library: Spectra) -> list[Int]:
    """Library spectra with the m/z of the query, to 1 mDa: replicates of accurate masses never agree in all."""
    at: Mapping[bytes, list[int]] = defaultdict(list)
    for row in range(len(library)):
        at[_masses(library, row)].append(row)
    return [np.array(at.get(_masses(queries, row), []), dtype=np.int64) for row in range(len(queries))]


def _masses(spectra: Spectra, row: int) -> bytes:
    start, stop = spectra.offsets[row], spectra.offsets[row + 1]
    return np.rint(spectra.mz[start:stop] * 1000).astype(np.int64).tobytes()
