"""``nps-spectra convert`` and ``nps-spectra formats``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from nps_spectra.atomic import write_text
from nps_spectra.cli.main import FINE, REJECTED
from nps_spectra.cli.output import progress_bar, reject_dicts, rejects_csv, table, tell_report
from nps_spectra.errors import NoSpectraError, OptionError
from nps_spectra.formats import WriteReport, read_spectra, write_spectra
from nps_spectra.formats.registry import format_to_write
from nps_spectra.formats.registry import formats as all_formats
from nps_spectra.harmonising import harmonised
from nps_spectra.spectra import Spectra
from nps_spectra.tables import csv_text


def convert(options: argparse.Namespace) -> int:
    """Write spectra in another format."""
    destination = Path(options.destination)
    format_to_write(destination, options.format)  # before an hour of reading
    if destination.exists() and Path(options.source).exists() and destination.samefile(options.source):
        raise OptionError(f"{destination}: source and destination are the same file")
    spectra = read_spectra(
        options.source,
        format=options.source_format,
        strict=options.strict,
        centroid=options.centroid,
        progress=progress_bar("reading"),
    )
    tell_report(spectra.report)
    if len(spectra) == 0:
        raise NoSpectraError(f"{options.source}: {spectra.report.nothing_read}")
    chosen = spectra if options.harmonise is None else _harmonised(spectra, Path(options.harmonise))
    written = write_spectra(chosen, destination, format=options.format, progress=progress_bar("writing", "spectra", 1))
    rejects = [*spectra.report.rejects, *written.rejects]
    if options.rejects is not None:
        write_text(Path(options.rejects), rejects_csv(rejects))
    tell_written(written)
    if options.json:
        print(json.dumps(written_summary(written) | {"rejects": reject_dicts(rejects)}, ensure_ascii=False, indent=1))
    else:
        print(f"{destination}: {written.records_out} spectra written as {written.format}")
    return REJECTED if rejects else FINE


def _harmonised(spectra: Spectra, log: Path) -> Spectra:
    found, changes = harmonised(spectra)
    rows = []
    for change in changes:
        source = spectra[change.row].source
        place = (source.file, str(source.record)) if source else ("", str(change.row + 1))
        rows.append((*place, change.field, _shown(change.before), _shown(change.after)))
    write_text(log, csv_text(("file", "record", "field", "before", "after"), rows))
    print(f"  harmonised by matchms: {len(changes)} fields changed, listed in {log}", file=sys.stderr)
    return found


def _shown(value: object) -> str:
    return "" if value is None else "; ".join(value) if isinstance(value, tuple) else str(value)


def tell_written(written: WriteReport, shown: int = 10) -> None:
    """Say on stderr what the format could not hold."""
    for counts, what in ((written.lost, "is not kept"), (written.changed, "reads back as something else")):
        for name, count in counts.most_common():
            print(f"  {written.format}: {name} {what}, {count} spectra", file=sys.stderr)
    if written.original_lost:
        print(
            f"  {written.format}: original fields of {written.original_lost} spectra are not kept (json keeps them)",
            file=sys.stderr,
        )
    for reject in written.rejects[:shown]:
        print(f"  NOT WRITTEN {reject.file}, record {reject.record}: {reject.reason}", file=sys.stderr)
    if len(written.rejects) > shown:
        print(f"  ... and {len(written.rejects) - shown} more not written", file=sys.stderr)


def written_summary(written: WriteReport) -> dict[str, Any]:
    """The account of a writing as plain data, but for its rejects."""
    return {
        "file": written.file,
        "format": written.format,
        "records_in": written.records_in,
        "records_out": written.records_out,
        "lost": dict(written.lost),
        "changed": dict(written.changed),
        "original_lost": written.original_lost,
    }


def formats(options: argparse.Namespace) -> int:
    """List all formats."""
    found = all_formats()
    known = sorted(found.known, key=lambda one: one.name)
    if options.json:
        listed = [
            {
                "name": one.name,
                "title": one.title,
                "extensions": list(one.extensions),
                "holds": one.holds,
                "written": one.writer is not None,
            }
            for one in known
        ]
        print(json.dumps({"formats": listed, "faults": found.faults}, ensure_ascii=False, indent=1))
    else:
        rows = [
            (one.name, "read, write" if one.writer else "read", one.holds, " ".join(one.extensions), one.title)
            for one in known
        ]
        print(table(("format", "", "holds", "endings", ""), rows))
    for name, fault in found.faults.items():
        print(f"  plug-in {name} is not used: {fault}", file=sys.stderr)
    return REJECTED if found.faults else FINE
