"""``nps-spectra match``: samples in, ranked substances out."""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from nps_spectra.atomic import write_pieces, write_text
from nps_spectra.cli.main import FINE, REJECTED
from nps_spectra.cli.output import progress_bar, reject_dicts, rejects_csv, table
from nps_spectra.cli.run_record import library_of, read_samples, record_json, results_folder
from nps_spectra.cli.runs import chosen_scans, queries_of
from nps_spectra.errors import NoSpectraError, NpsSpectraError
from nps_spectra.formats import ReadReport
from nps_spectra.library import Library
from nps_spectra.scoring import printed_match_factor, score_options
from nps_spectra.searching import Hits, QueryResult, search
from nps_spectra.spectra import Spectra

CAUTION: Final = (
    "A score is not an identification: isomers and close analogues can score alike, and a substance that the\n"
    "library lacks still gets a best hit. Confirm with reference material and a second technique."
)


def match(options: argparse.Namespace) -> int:
    """Match samples against a library."""
    library = library_of(options.library)
    with ThreadPoolExecutor(1) as executor:
        # Hashing a large library takes as long as all the rest of a small run, and needs no lock of the interpreter.
        return _match(options, library, executor.submit(library.check_quickly))


def _match(options: argparse.Namespace, library: Library, sound: Future[None]) -> int:
    out = None if options.out is None else results_folder(options.out)
    choice = chosen_scans(options)
    samples, record = read_samples(options, library)
    report: ReadReport = samples.report
    try:
        queries, told = queries_of(samples, choice)
        record["runs"] = told
        for line in told:
            print(f"  {line}", file=sys.stderr)
        try:
            hits = _searched(queries, library, options)
        finally:
            sound.result()  # that the library is damaged comes before anything that was found in it
    except NpsSpectraError as error:
        if out is not None:
            write_text(out / "rejects.csv", rejects_csv(report.rejects))
            write_text(out / "run.json", record_json(record | {"error": str(error)}))
        raise
    rejects = reject_dicts(report.rejects)
    if out is not None:
        write_pieces(out / "hits.csv", hits.csv_pieces())
        write_pieces(out / "hits.json", hits.json_pieces(rejects))
        write_text(out / "rejects.csv", rejects_csv(report.rejects))
        write_text(out / "run.json", record_json(record | {"search": hits.options}))
    if options.json:
        sys.stdout.writelines(hits.json_pieces(rejects))
    else:
        _print_table(hits)
        if out is not None:
            print(f"\nwritten to {out}: hits.csv, hits.json, rejects.csv, run.json")
    unanswered = [query for query in hits.queries if query.candidates == 0]
    for query in unanswered:
        print(f"NOT COMPARED {query.id}: {query.reason}", file=sys.stderr)
    return REJECTED if report.rejects or unanswered else FINE


def _searched(queries: Spectra, library: Library, options: argparse.Namespace) -> Hits:
    if len(queries) == 0:
        report: ReadReport = queries.report
        raise NoSpectraError(f"samples: {report.nothing_read}")
    return search(
        queries,
        library,
        method=options.method,
        top=options.top,
        tolerance=options.tolerance,
        precursor_tolerance=options.precursor_tolerance,
        retention_index_tolerance=options.retention_index_tolerance,
        collision_energy_tolerance_ev=options.collision_energy_tolerance,
        ionization=options.ionization,
        query_mass=options.query_mass,
        progress=progress_bar("searching", "spectra", 1),
    )


def _print_table(hits: Hits) -> None:
    for query, found in hits.by_query():
        print(f"\n{query.name or 'unnamed'}  ({query.id})  {query.method}, {query.candidates} library spectra")
        if not found:
            print(f"  no hit: {query.reason}")
            continue
        rows = [
            (
                str(hit.rank),
                _score(hit.score, query),
                _score(hit.reverse_score, query),
                str(hit.matched_peaks),
                f"{100 * hit.query_explained:.0f} %",
                hit.name or "unnamed",
                hit.formula or "",
            )
            for hit in found
        ]
        print(table(("rank", "score", "reverse", "peaks", "explained", "substance", "formula"), rows, (0, 1, 2, 3, 4)))
    if hits.library["notice"]:
        print(f"\nNOTICE: {hits.library['notice']}")
    print(f"\n{CAUTION}")


def _score(value: float, query: QueryResult) -> str:
    if score_options(query.method, {}).resolve(query.technique).scale > 1:
        return str(printed_match_factor(value))
    return f"{value:.3f}"
