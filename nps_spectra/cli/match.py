"""``nps-spectra match``: samples in, ranked substances out."""

from __future__ import annotations

import argparse
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from nps_spectra.atomic import write_text
from nps_spectra.cli.interrupting import stop_if_interrupted
from nps_spectra.cli.main import FINE, REJECTED
from nps_spectra.cli.match_results import MatchResults
from nps_spectra.cli.output import progress_bar, reject_dicts, rejects_csv
from nps_spectra.cli.run_record import library_of, results_folder, run_record, write_record
from nps_spectra.cli.runs import chosen_scans
from nps_spectra.cli.samples import Samples
from nps_spectra.errors import NoSpectraError, NpsSpectraError
from nps_spectra.library import Library
from nps_spectra.searching.exact import LibrarySearch, library_summary
from nps_spectra.spectra import Spectra


def match(options: argparse.Namespace) -> int:
    """Match samples against a library."""
    library = library_of(options.library)
    with ThreadPoolExecutor(1) as executor:
        # Hashing a large library takes as long as all the rest of a small run, and needs no lock of the interpreter.
        return _match(options, library, executor.submit(library.check_quickly))


def _match(options: argparse.Namespace, library: Library, sound: Future[None]) -> int:
    out = None if options.out is None else results_folder(options.out)
    samples = Samples(options, chosen_scans(options))
    record: dict[str, Any] = {}
    with MatchResults(library_summary(library), as_json=options.json) as results:
        try:
            with results.files(out):
                described, failure = _searched(samples, library, options, results)
                record = run_record(options, library, samples.report)
                if samples.failure is not None:
                    raise samples.failure
                record["runs"] = samples.told
                sound.result()  # that the library is damaged comes before anything that was found in it
                if failure is not None:
                    raise failure
                results.end(reject_dicts(samples.report.rejects))
        except NpsSpectraError as error:
            if out is not None and record:  # without a record the samples could not be read
                write_text(out / "rejects.csv", rejects_csv(samples.report.rejects))
                write_record(out, record | {"error": str(error)})
            raise
        if out is not None:
            write_text(out / "rejects.csv", rejects_csv(samples.report.rejects))
            write_record(out, record | {"search": described})
        results.show()
        if out is not None and not options.json:
            print(f"\nwritten to {out}: hits.csv, hits.json, rejects.csv, run.json")
        results.show_not_compared()
        return REJECTED if samples.report.rejects or results.unanswered else FINE


def _searched(
    samples: Samples, library: Library, options: argparse.Namespace, results: MatchResults
) -> tuple[dict[str, Any], NpsSpectraError | None]:
    """Search all samples: what is to be said of the search, or why it cannot be done; all are read in any case."""
    search: LibrarySearch | None = None
    failure: NpsSpectraError | None = None
    for queries, last in samples:
        if failure is not None or len(queries) == 0:
            continue
        try:
            if search is None:
                search = _search(library, options)
            _add(search, queries, last, results)
        except NpsSpectraError as error:
            failure = error
    if failure is not None:
        return {}, failure
    if search is None:
        return {}, NoSpectraError(f"samples: {samples.report.nothing_read}")
    try:
        search.refuse_empty()
    except NpsSpectraError as error:
        return {}, error
    return search.described(), None


def _search(library: Library, options: argparse.Namespace) -> LibrarySearch:
    return LibrarySearch(
        library,
        method=options.method,
        top=options.top,
        tolerance=options.tolerance,
        precursor_tolerance=options.precursor_tolerance,
        retention_index_tolerance=options.retention_index_tolerance,
        collision_energy_tolerance_ev=options.collision_energy_tolerance,
        ionization=options.ionization,
        query_mass=options.query_mass,
    )


def _add(search: LibrarySearch, queries: Spectra, last: bool, results: MatchResults) -> None:
    before, bar = search.queries, progress_bar("searching", "spectra", 1)
    for query in search.results(queries, progress=lambda done, of: bar(before + done, before + of if last else 0)):
        stop_if_interrupted()
        results.add(query, query.explain())
