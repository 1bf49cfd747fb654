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
from nps_spectra.library import Library
from nps_spectra.library.lint import RULES, LintReport, lint
from nps_spectra.library.starter import starter_library
from nps_spectra.spectra import Spectra, joined

#: Findings printed on a terminal; files and JSON hold them all.
_SHOWN = 40
_HDF5 = b"\x89HDF\r\n\x1a\n"


def run(options: argparse.Namespace) -> int:
    """Check a library or source files by rules."""
    if options.list_rules:
        return _list_rules(options.json)
    out = Path(options.out) if options.out is not None else None
    if out is not None and not out.parent.is_dir():
        raise OptionError(f"{out}: the folder {out.parent} does not exist")
    library, rejected = _opened(options.sources)
    names = [name.strip() for text in options.rules or () for name in text.split(",") if name.strip()]
    report = lint(library, names or None, progress=progress_bar("checking", "rules", 1)).at_least(options.severity)
    if out is not None:
        if out.suffix.lower() == ".json":
            report.to_json(out)
        else:
            report.to_csv(out)
    if options.json:
        print(report.to_json(), end="")
    else:
        _print(report, options.out)
    for rule in report.runs:
        if rule.state != "run":
            print(f"{rule.state.upper()} {rule.rule}: {rule.reason}", file=sys.stderr)
    return REJECTED if len(report) or rejected else FINE


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
    if not sources:
        library = starter_library()
        notice(library)
        return library, False
    if len(sources) == 1 and _is_library(sources[0]):
        library = Library.open(sources[0])
        library.check_quickly()
        notice(library)
        return library, False
    parts = []
    report = ReadReport()
    for source in sources:
        if _is_library(source):
            library = Library.open(source)
            library.check_quickly()
            parts.append(library.spectra)
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
    for finding in report[:_SHOWN]:
        identity = f"{finding.record} (library id {finding.library_id}, {finding.name or 'unnamed'})"
        print(f"{finding.severity.upper()} {finding.rule}: {identity}\n  {finding.evidence}")
    if len(report) > _SHOWN:
        where = f"all are in {out}" if out else "--out FILE or --json has them all"
        print(f"... and {len(report) - _SHOWN} more findings: {where}")
    print()
    rows = [
        (
            rule.rule,
            *(str(count) if rule.state != "not run" else "" for count in (rule.error, rule.warning, rule.info)),
            f"{rule.records} records" if rule.state == "run" else f"{rule.state}: {rule.reason}",
        )
        for rule in report.runs
    ]
    print(table(("rule", "errors", "warnings", "infos", "looked at"), rows, (1, 2, 3)))
