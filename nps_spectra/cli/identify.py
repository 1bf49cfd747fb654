"""``nps-spectra identify``: samples in, one conclusion for each, and a report to look at."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any, Final

from nps_spectra.atomic import write_text
from nps_spectra.cli.main import FINE, REJECTED
from nps_spectra.cli.output import progress_bar, reject_dicts, rejects_csv, tell_report
from nps_spectra.cli.run_record import library_of, read_samples, results_folder, write_record
from nps_spectra.cli.runs import chosen_scans, queries_of
from nps_spectra.errors import NoSpectraError, NpsSpectraError
from nps_spectra.formats import ReadReport, read_spectra
from nps_spectra.identification.findings import read_findings
from nps_spectra.identification.identifications import Identifications
from nps_spectra.identification.identifying import identify as identify_queries
from nps_spectra.identification.profile import load_profile
from nps_spectra.identification.record import Identification
from nps_spectra.library import Library
from nps_spectra.spectra import Spectra

_FILES: Final = "report.html, identifications.csv, identifications.json, rejects.csv, run.json"


def identify(options: argparse.Namespace) -> int:
    """Identify samples."""
    profile = load_profile(options.profile)
    findings = None if options.findings is None else read_findings(options.findings)
    library = library_of(options.library)
    library.check_quickly()
    out = None if options.out is None else results_folder(options.out)
    choice = chosen_scans(options)
    reference = None
    if options.reference_material is not None:
        reference = read_spectra(options.reference_material, strict=options.strict)
        print("reference material:", file=sys.stderr)
        tell_report(reference.report)
    samples, record = read_samples(options, library)
    report: ReadReport = samples.report
    try:
        queries, told = queries_of(samples, choice)
        record["runs"] = told
        for line in told:
            print(f"  {line}", file=sys.stderr)
        if len(queries) == 0:
            raise NoSpectraError(f"samples: {report.nothing_read}")
        found = identify_queries(
            queries,
            library,
            profile=profile,
            reference_material=reference,
            findings=findings,
            ionization=options.ionization,
            progress=progress_bar("identifying", "spectra", 1),
        )
    except NpsSpectraError as error:
        if out is not None:
            write_text(out / "rejects.csv", rejects_csv(report.rejects))
            write_record(out, record | {"error": str(error)})
        raise
    rejects = reject_dicts(report.rejects)
    if out is not None:
        found.to_csv(out / "identifications.csv")
        found.to_json(out / "identifications.json", rejects)
        write_text(out / "rejects.csv", rejects_csv(report.rejects))
        write_text(out / "report.html", _report(found, queries, library, rejects, record["finished"]))
        write_record(out, record | {"identification": found.run})
    if options.json:
        print(json.dumps(found.as_dict(rejects), ensure_ascii=False, indent=1, allow_nan=False))
    else:
        for one in found:
            _print(one)
        if library.notice:
            print(f"\nNOTICE: {library.notice}")
        if out is not None:
            print(f"\nwritten to {out}: {_FILES}")
    left_out = [one for one in found if not one.evidence]
    for one in left_out:
        print(f"NOT COMPARED {one.id}: {one.reason}", file=sys.stderr)
    return REJECTED if report.rejects or left_out else FINE


def _report(
    found: Identifications, queries: Spectra, library: Library, rejects: list[dict[str, Any]], finished: str
) -> str:
    from nps_spectra.report.identification_page import identification_page

    return identification_page(found, queries, library, rejects, finished)


def _print(one: Identification) -> None:
    """What is concluded of one query, in a few lines."""
    print(f"\n{one.name or 'unnamed'}  ({one.id})")
    print(f"  {one.conclusion.name.upper().replace('_', ' ')}: {one.sentence}")
    print(f"  {one.conclusion.limitation}")
    if one.candidates:
        names = [
            f"{each.name or 'unnamed'}" + ("" if each.probability is None else f" (P {each.probability:.3f})")
            for each in one.candidates
        ]
        print(f"  not excluded by score: {'; '.join(names)}")
    if one.because:
        print(f"  why no more: {one.because}")
