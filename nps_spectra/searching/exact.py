"""Exact library search: every query against every library spectrum that it may be compared with."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from nps_spectra.errors import CoverageError, NoHitsError, NoSpectraError, OptionError
from nps_spectra.library import Library
from nps_spectra.options import Tolerance
from nps_spectra.run import Run
from nps_spectra.scorers import Technique
from nps_spectra.scoring import NOMINAL_METHODS, checked_query_mass, score_options
from nps_spectra.searching.answers import Results
from nps_spectra.searching.batches import Searching
from nps_spectra.searching.gates import Gate, Kind
from nps_spectra.searching.hits import Hits, QueryResult
from nps_spectra.searching.questions import LeftOut, Questions
from nps_spectra.spectra import Spectra
from nps_spectra.spectrum import Spectrum

#: Method for each technique where the user names none.
DEFAULT_METHODS: Final[dict[Technique, str]] = {"EI": "nist_identity", "MS/MS": "entropy"}
#: Reasons shown where no query has a hit.
_REASONS: Final = 3

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
    result is exact: that of scoring every candidate. Methods that need a precursor m/z or molecular mass compare a
    query that states it with the library spectra that state it. A substance is listed once, by its best spectrum; equal
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
    asked = LibrarySearch(
        opened,
        method=method,
        top=top,
        tolerance=tolerance,
        precursor_tolerance=precursor_tolerance,
        retention_index_tolerance=retention_index_tolerance,
        collision_energy_tolerance_ev=collision_energy_tolerance_ev,
        ionization=ionization,
        query_mass=query_mass,
        **options,
    )
    results = asked.results(queries, leave_out, progress)
    asked.refuse_empty()
    return Hits(results, library_summary(opened), asked.described)


class LibrarySearch:
    """One search by queries that may come block after block; the results are those of all of them at once.

    A query without a hit is a result like any other, with the reason; `refuse_empty` raises if there are no others.

    Parameters
    ----------
    library : Library
    **options
        As for `search`.

    Attributes
    ----------
    queries : int
        How many were searched.

    Raises
    ------
    OptionError
        As for `search`.
    """

    def __init__(
        self,
        library: Library,
        *,
        method: str | None = None,
        top: int = 10,
        tolerance: Tolerance | str = "0.01 Da",
        precursor_tolerance: Tolerance | str | None = None,
        retention_index_tolerance: float | None = None,
        collision_energy_tolerance_ev: float | None = None,
        ionization: str | None = None,
        query_mass: int | None = None,
        **options: Any,
    ) -> None:
        if isinstance(top, bool) or not isinstance(top, int) or top < 1:
            raise OptionError(f"top is {top!r}: expected a whole number of at least 1")
        for name, width in (
            ("retention_index_tolerance", retention_index_tolerance),
            ("collision_energy_tolerance_ev", collision_energy_tolerance_ev),
        ):
            if width is not None and not width >= 0:
                raise OptionError(f"{name} is {width!r}: expected a number >= 0")
        self._gate = Gate(
            None if precursor_tolerance is None else Tolerance.parse(precursor_tolerance),
            retention_index_tolerance,
            collision_energy_tolerance_ev,
        )
        self._mass = checked_query_mass(method, query_mass)
        given = dict(options) | {"tolerance": tolerance}
        self._scorers = {
            technique: score_options(method or DEFAULT_METHODS[technique], given).resolve(technique)
            for technique in DEFAULT_METHODS
            if method is not None or _fits(DEFAULT_METHODS[technique], given)
        }
        self._library = library
        self._method = method
        self._top = top
        self._ionization = "EI" if ionization is None and method in NOMINAL_METHODS else ionization
        self._only_without_precursor = ionization is None and method in NOMINAL_METHODS
        self._assumed = False
        self._kinds: dict[Kind, None] = {}
        self._latest: Searching | None = None
        self._outcome = _Outcome()
        self.queries = 0

    def results(
        self,
        queries: Queries,
        leave_out: Sequence[LeftOut] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Results:
        """Results of the next queries, in their order.

        Raises
        ------
        NoSpectraError
            There is no query.
        OptionError
            Options that do not fit them.
        """
        spectra = as_spectra(queries)
        if len(spectra) == 0:
            raise NoSpectraError("no query to search: not one spectrum was given or could be read")
        unnamed = spectra.texts("ionization").missing()
        if self._only_without_precursor:
            unnamed &= np.isnan(spectra.numbers("precursor_mz"))
        assumed = np.flatnonzero(unnamed).tolist() if self._ionization is not None else []
        if leave_out is not None and len(leave_out) != len(spectra):
            raise OptionError(f"leave_out has {len(leave_out)} entries for {len(spectra)} queries")
        questions = Questions(spectra, dict.fromkeys(assumed, self._ionization), leave_out, self._mass, self.queries)
        for technique in questions.techniques:
            if technique not in self._scorers:
                raise OptionError(f"the options given do not fit {technique} queries; name a method")
        self._latest = Searching(self._library, self._scorers, self._gate, self._top, questions)
        found = self._latest.all(progress)
        self._assumed |= bool(assumed)
        self._kinds |= dict.fromkeys(questions.groups)
        self._outcome.add(found)
        self.queries += len(spectra)
        return found

    def described(self) -> dict[str, Any]:
        """What was asked for, and what was resolved from it for the queries so far."""
        techniques = {kind.technique for kind in self._kinds}
        return {
            "method": self._method or "default of the technique",
            "top": self._top,
            "ionization_assumed": self._ionization if self._assumed else None,
            "query_mass": self._mass,
            "gate": asdict(self._gate) | {"precursor_tolerance": str(self._gate.precursor_tolerance or "none")},
            "resolved": [scorer.describe() for technique, scorer in self._scorers.items() if technique in techniques],
            "layout": [] if self._latest is None else self._latest.layouts(self._kinds),
        }

    def refuse_empty(self) -> None:
        """Raise if there is not a single hit so far.

        Raises
        ------
        CoverageError, NoHitsError
            As for `search`.
        """
        self._outcome.refuse_empty(self._library)


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


def library_summary(library: Library) -> dict[str, Any]:
    """What results say of the library that was searched."""
    return {
        "name": library.name,
        "digest": library.digest,
        "spectra": len(library),
        "substances": len(library.substances),
        "notice": library.notice,
    }


class _Outcome:
    """What became of the queries of a search, as far as it tells whether there is anything to show."""

    def __init__(self) -> None:
        self.queries = 0
        self.any_hit = self.any_compared = False
        self.reasons: dict[str, None] = {}

    def add(self, results: Sequence[QueryResult]) -> None:
        self.queries += len(results)
        self.any_hit |= any(result.hit_count for result in results)
        self.any_compared |= any(result.candidates for result in results)
        if not self.any_hit:
            self.reasons |= dict.fromkeys(result.reason for result in results if result.reason)
            self.reasons = dict.fromkeys(list(self.reasons)[:_REASONS])

    def refuse_empty(self, library: Library) -> None:
        if self.any_hit:
            return
        shown = "; ".join(self.reasons)
        if not self.any_compared:
            raise CoverageError(f"library {library.name!r} cannot answer any of {self.queries} queries: {shown}")
        raise NoHitsError(f"no hit for any of {self.queries} queries in library {library.name!r}: {shown}")
