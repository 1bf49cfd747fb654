"""Exact library search: every query against every library spectrum that it may be compared with."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from nps_spectra.errors import CoverageError, NoHitsError, NoSpectraError, OptionError
from nps_spectra.library import Library
from nps_spectra.options import Tolerance
from nps_spectra.run import Run
from nps_spectra.scorers import Prepared, Scorer, Technique
from nps_spectra.scoring import (
    NOMINAL_METHODS,
    checked_query_mass,
    score_options,
    technique_of,
    with_query_mass,
)
from nps_spectra.searching.gates import Gate, Gates
from nps_spectra.searching.hits import Hit, Hits, QueryResult, SpectrumScore
from nps_spectra.spectra import Spectra
from nps_spectra.spectrum import Spectrum

#: Method for each technique where the user names none.
DEFAULT_METHODS: Final[dict[Technique, str]] = {"EI": "nist_identity", "MS/MS": "entropy"}

LeftOut = int | npt.NDArray[np.int64] | None
Queries = Spectrum | Spectra | Iterable[Spectrum] | str | os.PathLike[str]


def search(
    queries: Queries,
    library: Library | str | os.PathLike[str],
    *,
    method: str | None = None,
    top: int = 10,
    tolerance: Tolerance | str = "0.01 Da",
    precursor_tolerance: Tolerance | str | None = None,
    retention_index_tolerance: float | None = None,
    collision_energy_tolerance_ev: float | None = None,
    ionization: str | None = None,
    query_mass: int | None = None,
    leave_out: Sequence[LeftOut] | None = None,
    progress: Callable[[int, int], None] | None = None,
    **options: Any,
) -> Hits:
    """Search spectra in a library and list substances, best first.

    A query is compared with the spectra of its own ionisation family, polarity and MS level, and with those
    inside the tolerances asked for. Query and library are cleaned by the same recipe of the method. The
    result is exact: every candidate is scored. Methods that need a precursor m/z or molecular mass compare a query that
    states it with the library spectra that state it. A substance is listed once, by its best spectrum; equal
    scores are ordered by matched peaks, then by library id.

    Parameters
    ----------
    queries : Spectrum, Spectra, iterable of Spectrum, or path-like
        A path is read by `nps_spectra.read_spectra`.
    library : Library or path-like
    method : str, optional
        Of `nps_spectra.scoring.METHODS`; default ``nist_identity`` for EI queries and ``entropy`` for others.
    top : int
        Substances to list for each query.
    tolerance : Tolerance or str
        Of peaks, for spectra that are not EI.
    precursor_tolerance : Tolerance or str, optional
        Compare only with spectra whose precursor m/z is this close (not for EI).
    retention_index_tolerance : float, optional
        Leave out library spectra whose retention index is known and further away.
    collision_energy_tolerance_ev : float, optional
        Leave out library spectra whose collision energy is known and further away.
    ionization : str, optional
        Ionisation of the queries that name none, e.g. ``"EI"`` for GC-MS exports with m/z such as 58.1. Without it,
        a query that names none is EI if all its m/z are whole, or if a match factor is asked for and it has no
        precursor.
    query_mass : int, optional
        ``hybrid`` of EI: supposed nominal molecular mass in Da of the queries that do not state one.
    leave_out : sequence, optional
        For each query the ``library_id`` or an array of them that it is not compared with, or None: for
        validation with the library's own spectra.
    progress : callable, optional
        Called with the number of queries done and in all.
    **options
        Fields of `nps_spectra.scoring.ScoreOptions`.

    Returns
    -------
    Hits

    Raises
    ------
    CoverageError
        The library holds nothing that any query may be compared with.
    NoHitsError
        No query has a single hit.
    NoSpectraError
        There is no query.
    OptionError
        Unknown or contradictory options.

    Examples
    --------
    >>> library = Library(Spectra.of([Spectrum([58, 91], [99, 8], name="A"), Spectrum([44, 91], [99, 9], name="B")]),
    ...                   name="two")
    >>> hits = search(Spectrum([58, 91], [100, 10]), library)
    >>> [(hit.rank, hit.name, round(hit.score)) for hit in hits]
    [(1, 'A', 965), (2, 'B', 135)]
    """
    opened = library if isinstance(library, Library) else Library.open(library)
    spectra = as_spectra(queries)
    if len(spectra) == 0:
        raise NoSpectraError("no query to search: not one spectrum was given or could be read")
    if isinstance(top, bool) or not isinstance(top, int) or top < 1:
        raise OptionError(f"top is {top!r}: expected a whole number of at least 1")
    for name, width in (
        ("retention_index_tolerance", retention_index_tolerance),
        ("collision_energy_tolerance_ev", collision_energy_tolerance_ev),
    ):
        if width is not None and not width >= 0:
            raise OptionError(f"{name} is {width!r}: expected a number >= 0")
    gate = Gate(
        None if precursor_tolerance is None else Tolerance.parse(precursor_tolerance),
        retention_index_tolerance,
        collision_energy_tolerance_ev,
    )
    mass = checked_query_mass(method, query_mass)
    given = dict(options) | {"tolerance": tolerance}
    scorers = {
        technique: score_options(method or DEFAULT_METHODS[technique], given).resolve(technique)
        for technique in DEFAULT_METHODS
        if method is not None or _fits(DEFAULT_METHODS[technique], given)
    }
    unnamed = np.array([name is None for name in spectra.texts("ionization").to_list()], dtype=bool)
    if ionization is None and method in NOMINAL_METHODS:
        ionization = "EI"
        unnamed &= np.isnan(spectra.numbers("precursor_mz"))
    assumed = np.flatnonzero(unnamed).tolist() if ionization is not None else []
    run = _Search(opened, scorers, gate, top, dict.fromkeys(assumed, ionization), mass)
    results = run.all(spectra, leave_out, progress)
    _refuse_empty(results, opened)
    described = {
        "method": method or "default of the technique",
        "top": top,
        "ionization_assumed": ionization if assumed else None,
        "query_mass": mass,
        "gate": asdict(gate) | {"precursor_tolerance": str(gate.precursor_tolerance or "none")},
        "resolved": [scorer.describe() for technique, scorer in scorers.items() if technique in run.used],
    }
    return Hits(results, _summary(opened), described)


def _fits(method: str, given: dict[str, Any]) -> bool:
    """Whether these options belong to a default method; if not, queries of its technique are refused."""
    try:
        score_options(method, given)
    except OptionError:
        others = [other for other in DEFAULT_METHODS.values() if other != method]
        for other in others:
            score_options(other, given)  # raises if the options fit no method at all
        return False
    return True


def as_spectra(queries: Queries) -> Spectra:
    """Queries in any form as `Spectra`."""
    if isinstance(queries, Spectra):
        return queries
    if isinstance(queries, Spectrum):
        return Spectra.of([queries])
    if isinstance(queries, Run):
        raise OptionError(
            f"{queries!r} is no set of spectra: search some of its scans (run.scans, run.scan(812), "
            "run.at_level(2).scans) or a mean of them (run.averaged(252, 261))"
        )
    if isinstance(queries, (str, os.PathLike)):
        from nps_spectra.formats import read_spectra

        return read_spectra(queries)
    return Spectra.of(queries)


def _summary(library: Library) -> dict[str, Any]:
    return {
        "name": library.name,
        "digest": library.digest,
        "spectra": len(library),
        "substances": len(library.substances),
        "notice": library.notice,
    }


def _refuse_empty(results: Sequence[QueryResult], library: Library) -> None:
    if any(result.hits for result in results):
        return
    reasons = dict.fromkeys(result.reason for result in results if result.reason)
    shown = "; ".join(str(reason) for reason in list(reasons)[:3])
    if all(result.candidates == 0 for result in results):
        raise CoverageError(f"library {library.name!r} cannot answer any of {len(results)} queries: {shown}")
    raise NoHitsError(f"no hit for any of {len(results)} queries in library {library.name!r}: {shown}")


@dataclass(frozen=True, slots=True)
class _Query:
    """One query, prepared for its scorer."""

    id: str
    spectrum: Spectrum
    scorer: Scorer
    prepared: Prepared


class _Search:
    """One library, one set of options, many queries."""

    def __init__(
        self,
        library: Library,
        scorers: dict[Technique, Scorer],
        gate: Gate,
        top: int,
        ionization: dict[int, str | None],
        query_mass: int | None,
    ) -> None:
        self._ionization = ionization
        self._query_mass = query_mass
        self.used: set[Technique] = set()
        self._library = library
        self._scorers = scorers
        self._gate = gate
        self._gates = Gates(library)
        self._top = top
        self._names = {
            field: library.spectra.texts(field)
            for field in ("name", "inchikey", "formula", "cas", "accession", "contributor", "licence")
        }

    def all(
        self,
        spectra: Spectra,
        leave_out: Sequence[LeftOut] | None,
        progress: Callable[[int, int], None] | None,
    ) -> list[QueryResult]:
        if leave_out is not None and len(leave_out) != len(spectra):
            raise OptionError(f"leave_out has {len(leave_out)} entries for {len(spectra)} queries")
        results = []
        for number in range(len(spectra)):
            out = None if leave_out is None else leave_out[number]
            results.append(self._one(spectra[number], number, out))
            if progress is not None:
                progress(number + 1, len(spectra))
        return results

    def _one(self, spectrum: Spectrum, number: int, leave_out: LeftOut) -> QueryResult:
        if number in self._ionization:
            spectrum = spectrum.replace(ionization=self._ionization[number])
        technique = technique_of(spectrum)
        if technique not in self._scorers:
            raise OptionError(f"the options given do not fit {technique} queries; name a method")
        self.used.add(technique)
        scorer = self._scorers[technique]
        source = spectrum.source
        identifier = f"{source.file}#{source.record}" if source else f"query {number + 1}"
        rows, reason = self._gates.rows(spectrum, self._gate)
        if leave_out is not None:
            rows = np.setdiff1d(rows, np.atleast_1d(leave_out))
        hits: tuple[Hit, ...] = ()
        if len(rows):
            query = _Query(identifier, spectrum, scorer, scorer.prepare(with_query_mass(spectrum, self._query_mass)))
            rows, lack = self._with_mass(query, rows)
            if lack is not None:
                reason = lack
            elif len(query.prepared.clean.mz) == 0:
                reason = "no peak of the query is left after cleaning"
            else:
                hits = self._hits(query, rows)
                reason = None if hits else f"no peak in common with any of {len(rows)} library spectra"
        return QueryResult(
            identifier,
            spectrum.name,
            source.file if source else None,
            technique,
            scorer.method,
            len(rows),
            hits,
            reason,
        )

    def _with_mass(self, query: _Query, rows: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], str | None]:
        """Rows that state the mass which the method needs; if none can be compared, the reason."""
        needed = query.scorer.needs_mass
        if needed is None:
            return rows, None
        if np.isnan(query.prepared.masses[0]):
            hint = "; query_mass supposes one" if query.scorer.technique == "EI" and self._query_mass is None else ""
            return rows[:0], f"the query does not state {needed}, which {query.scorer.method} needs{hint}"
        stated = rows[~np.isnan(self._library.prepared(query.scorer).masses[rows])]
        lack = f"none of {len(rows)} library spectra states {needed}, which {query.scorer.method} needs"
        return stated, None if len(stated) else lack

    def _hits(self, query: _Query, rows: npt.NDArray[np.int64]) -> tuple[Hit, ...]:
        library = self._library.prepared(query.scorer)
        scores = query.scorer.score(query.prepared, 0, library, rows)
        some = np.flatnonzero((scores.matched > 0) & (scores.score > 0))
        # The written order of ties: score, then matched peaks, then library id.
        order = some[np.lexsort((rows[some], -scores.matched[some], -scores.score[some]))]
        substances = self._library.substances.of_row[rows[order]]
        _, first = np.unique(substances, return_index=True)
        best = np.sort(first)[: self._top]
        found = []
        for rank, position in enumerate(best.tolist(), start=1):
            same = order[substances == substances[position]]
            spectra = tuple(
                SpectrumScore(int(rows[at]), float(scores.score[at]), int(scores.matched[at])) for at in same.tolist()
            )
            found.append(self._hit(query, rank, spectra, library))
        return tuple(found)

    def _hit(self, query: _Query, rank: int, spectra: tuple[SpectrumScore, ...], library: Prepared) -> Hit:
        best = spectra[0]
        row = best.library_id
        mz, intensity = query.prepared.clean.peaks(0)
        other_intensity = library.clean.peaks(row)[1]
        pairs = query.scorer.pairs(query.prepared, 0, library, row)
        mine, theirs = np.unique(pairs.query), np.unique(pairs.library)
        moved = np.setdiff1d(mine, pairs.query[~pairs.shifted])
        alone = np.ones(len(mz), dtype=bool)
        alone[mine] = False
        largest = int(np.argmax(np.where(alone, intensity, -1.0)))
        rows = np.array([row], dtype=np.int64)
        reverse = query.scorer.reverse(query.prepared, 0, library, rows)
        difference = float(query.prepared.masses[0] - library.masses[row])
        base, other_base = int(np.argmax(intensity)), int(np.argmax(other_intensity))
        return Hit(
            query_id=query.id,
            rank=rank,
            score=best.score,
            reverse_score=float(reverse.score[0]),
            matched_peaks=best.matched_peaks,
            query_explained=float(intensity[mine].sum() / intensity.sum()),
            library_explained=float(other_intensity[theirs].sum() / other_intensity.sum()),
            shifted_peaks=len(moved),
            shifted_explained=float(intensity[moved].sum() / intensity.sum()),
            base_peak_agrees=bool(((pairs.query == base) & (pairs.library == other_base)).any()),
            unexplained_mz=float(mz[largest]) if alone.any() else None,
            unexplained_intensity=float(intensity[largest] / intensity[base]) if alone.any() else None,
            mass_difference=None if np.isnan(difference) else difference,
            library_id=row,
            library=self._library.name,
            library_digest=self._library.digest,
            method=query.scorer.method,
            spectra=spectra,
            **{field: column[row] for field, column in self._names.items()},
        )
