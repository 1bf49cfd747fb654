"""What commands share when they write: progress, tables of rejects, text for a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Sequence

from nps_spectra.cli.interrupting import stop_if_interrupted
from nps_spectra.formats import ReadReport, Reject
from nps_spectra.library import Library
from nps_spectra.tables import csv_text


def progress_bar(label: str, unit: str = "MB", scale: float = 1e-6) -> Callable[[int, int], None]:
    """A bar on a terminal; elsewhere nothing is shown, so that logs stay clean.

    It stops the work if Ctrl-C came (`interrupting`), whether it is shown or not. Without a total it counts.
    """
    terminal = sys.stderr.isatty()
    shown, ended = 0.0, False

    def show(done: int, total: int) -> None:
        nonlocal shown, ended
        stop_if_interrupted()
        now, finished = time.monotonic(), 0 < total <= done
        if not terminal or (ended if finished else now - shown < 0.1):
            return
        shown, ended = now, finished
        counted = f"{done * scale:.0f}"
        if total:
            counted = f"[{'#' * int(30 * done / total):<30}] {counted}/{total * scale:.0f}"
        # As long as the longest of bars that take turns on a line.
        print(f"\r{f'{label} {counted} {unit}':<72}", end="\n" if finished else "", file=sys.stderr, flush=True)

    return show


def rejects_csv(rejects: Iterable[Reject]) -> str:
    """Rejects as comma-separated text."""
    rows = ((reject.file, reject.record, reject.line, reject.reason) for reject in rejects)
    return csv_text(("file", "record", "line", "reason"), rows)


def reject_dicts(rejects: Iterable[Reject]) -> list[dict[str, str | int | None]]:
    """Rejects as plain data."""
    return [
        {"file": reject.file, "record": reject.record, "line": reject.line, "reason": reject.reason}
        for reject in rejects
    ]


def tell_report(report: ReadReport, shown: int = 10) -> None:
    """Say on stderr what became of the records."""
    print(f"records: {report}", file=sys.stderr)
    for kind, counts in (("repaired", report.repairs), ("note", report.notes)):
        for text, count in counts.most_common():
            print(f"  {kind}, {count} times: {text}", file=sys.stderr)
    for file in report.files:
        if file.run is not None:
            print(f"  RUN {file.file}: {file.records_out} scans of one injection, no set of spectra", file=sys.stderr)
    for name, reason in report.skipped[:shown]:
        print(f"  not read: {name} ({reason})", file=sys.stderr)
    for reject in report.rejects[:shown]:
        place = f", record {reject.record}, line {reject.line}" if reject.record is not None else ""
        print(f"  REJECTED {reject.file}{place}: {reject.reason}", file=sys.stderr)
    if len(report.rejects) > shown:
        print(f"  ... and {len(report.rejects) - shown} more rejects", file=sys.stderr)


def table(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Columns of text; those of `right` are aligned to the right."""
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    lines = []
    for row in (header, *rows):
        cells = [
            value.rjust(width) if column in right else value.ljust(width)
            for column, (value, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  " + "  ".join(cells).rstrip())
    return "\n".join(lines)


def notice(library: Library) -> None:
    """Say loudly what a user of this library has to know."""
    if library.notice:
        print(f"NOTICE: {library.notice}", file=sys.stderr)
