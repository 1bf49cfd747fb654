"""``nps-spectra library lint``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from nps_spectra.cli.main import FINE, REJECTED
from nps_spectra.cli.output import notice, progress_bar, table, tell_report
from nps_spectra.errors import NoSpectraError, OptionError
from nps_spectra.formats import ReadReport, read_spectra
from nps_spectra.library.library import Library
from nps_spectra.library.lint import LintReport, lint
from nps_spectra.library.rules import RULES
from nps_spectra.spectra import Spectra, joined

#: Findings printed on a terminal; files and JSON hold them all.
_SHOWN = 40
_HDF5 = b"\x89HDF\r\n\x1a\n"


def run(options: argparse.Namespace) -> int:
    """Check a library or source files by rules."""
    if options.rules:
        return _list_rules(options.json)
    if not options.sources:
        raise OptionError("lint: name a library or source files (or --rules for the table of rules)")
    library, rejected = _opened(options.sources)
    names = [name for text in options.rule or () for name in text.split(",") if name]
    report = lint(library, names or None, progress=progress_bar("checking", "rules", 1))
    failed = report.counts()["error"] > 0
    shown = report.at_least(options.severity)
    if options.out is not None:
        shown.to_csv(Path(options.out))
    if options.json:
        print(shown.to_json(), end="")
    else:
        _print(shown, options.out)
    return REJECTED if failed or rejected else FINE


def _list_rules(as_json: bool) -> int:
    rows = [(rule.name, rule.severity, rule.needs, rule.description) for rule in RULES]
    header = ("name", "severity", "needs", "description")
    if as_json:
        print(json.dumps({"rules": [dict(zip(header, row, strict=True)) for row in rows]}, indent=1))
    else:
        print(table(header, rows))
    return FINE


def _opened(sources: list[str]) -> tuple[Library | Spectra, bool]:
    """The library, or the spectra of all sources together; and whether a record of them was rejected."""
    if len(sources) == 1 and _is_library(sources[0]):
        library = Library.open(sources[0])
        library.check_quickly()
        notice(library)
        return library, False
    parts = []
    report = ReadReport()
    for source in sources:
        if _is_library(source):
            parts.append(Library.open(source).spectra)
            continue
        part = read_spectra(source, progress=progress_bar("reading"))
        report = report.merged(part.report)
        parts.append(part)
    tell_report(report)
    spectra = joined(parts, report)
    if not len(spectra):
        raise NoSpectraError(report.nothing_read)
    return spectra, bool(report.rejects)


def _is_library(source: str) -> bool:
    path = Path(source)
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(len(_HDF5)) == _HDF5


def _print(report: LintReport, out: str | None) -> None:
    rows = [
        (
            run.rule,
            *(str(count) if run.not_run is None else "" for count in (run.error, run.warning, run.info)),
            str(run.records) if run.not_run is None else f"not run: {run.not_run}",
        )
        for run in report.runs
    ]
    for finding in report[:_SHOWN]:
        identity = f"{finding.record} (library id {finding.library_id}, {finding.name or 'unnamed'})"
        print(f"{finding.severity.upper()} {finding.rule}: {identity}\n  {finding.evidence}")
    if len(report) > _SHOWN:
        where = out or "--out FILE.csv or --json has them"
        print(f"... and {len(report) - _SHOWN} more findings: {where}")
    print()
    print(table(("rule", "errors", "warnings", "infos", "records looked at"), rows, (1, 2, 3)))
    for run in report.runs:
        if run.not_run is not None:
            print(f"NOT RUN {run.rule}: {run.not_run}", file=sys.stderr)
