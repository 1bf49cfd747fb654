"""``nps-spectra library build|info|check``."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from nps_spectra.atomic import write_text
from nps_spectra.cli.main import FINE, REJECTED
from nps_spectra.cli.output import notice, progress_bar, reject_dicts, rejects_csv, tell_report
from nps_spectra.identification.group_store import IN_PASSING, TECHNIQUES, groups_to_store
from nps_spectra.identification.repeatability import rows_of
from nps_spectra.library import Library
from nps_spectra.library.stored_groups import StoredGroups


def build(options: argparse.Namespace) -> int:
    """Build a library file."""

    def groups(made: Library) -> tuple[StoredGroups, ...]:
        most = None if options.groups else IN_PASSING
        found = groups_to_store(made, most=most, progress=progress_bar("comparing", "spectra", 1))
        for technique in TECHNIQUES:
            count = len(rows_of(made, technique))
            if most is not None and count > most:
                print(
                    f"groups of {count} {technique} spectra are not stored, because comparing them takes long; "
                    "--groups stores them",
                    file=sys.stderr,
                )
        return found

    library = Library.build(
        options.sources,
        options.out,
        name=options.name,
        licence=options.licence,
        format=options.format,
        strict=options.strict,
        progress=progress_bar("reading"),
        groups=None if options.groups is False else groups,
    )
    report = library.report
    if report is None:
        raise RuntimeError("a library that was just built has no report")
    if options.rejects is not None:
        write_text(Path(options.rejects), rejects_csv(report.rejects))
    tell_report(report)
    if options.json:
        print(json.dumps(_summary(library) | {"rejects": reject_dicts(report.rejects)}, ensure_ascii=False, indent=1))
    else:
        print(f"{options.out}: {len(library)} spectra of {len(library.substances)} substances")
        print(f"digest {library.digest}")
    return REJECTED if report.rejects else FINE


def info(options: argparse.Namespace) -> int:
    """Say what a library holds."""
    library = Library.open(options.library)
    notice(library)
    summary = _summary(library)
    if options.json:
        print(json.dumps(summary, ensure_ascii=False, indent=1))
        return FINE
    print(f"{library.name}: {len(library)} spectra of {len(library.substances)} substances, {summary['peaks']} peaks")
    print(f"digest {library.digest}")
    for label in ("ionization", "polarity", "ms_level", "licence", "contributor"):
        counts = summary[label]
        if set(counts) == {"not stated"}:
            continue
        shown = ", ".join(f"{value} {count}" for value, count in list(counts.items())[:8])
        more = f" and {len(counts) - 8} more" if len(counts) > 8 else ""
        print(f"{label}: {shown}{more}")
    if library.spreads is not None:
        print(f"consensus spectra with their spread: {len(library.spreads)}")
    print(f"events: {len(library.events)}")
    for source in library.sources:
        print(
            f"source {source['file']}: {source['records_out']} of {source['records_in']} records, "
            f"{', '.join(source['formats'])}, sha256 {source['sha256']}"
        )
    return FINE


def check(options: argparse.Namespace) -> int:
    """Compute every digest anew; damage is raised as an error."""
    library = Library.open(options.library)
    library.check()
    if options.json:
        print(json.dumps(_summary(library) | {"checked": True}, ensure_ascii=False, indent=1))
    else:
        print(f"{options.library}: all {len(library)} spectra have the digest they were written with")
        print(f"digest {library.digest}")
    return FINE


def _summary(library: Library) -> dict[str, Any]:
    spectra = library.spectra
    counts: dict[str, dict[str, int]] = {}
    for field in ("ionization", "polarity", "ms_level", "licence", "contributor"):
        values = spectra.columns[field].to_list()
        named = (f"{value:g}" if isinstance(value, float) else value or "not stated" for value in values)
        counts[field] = dict(Counter("not stated" if value is None else value for value in named).most_common())
    return {
        "name": library.name,
        "digest": library.digest,
        "spectra": len(library),
        "substances": len(library.substances),
        "peaks": len(spectra.mz),
        **counts,
        "consensus_spectra": 0 if library.spreads is None else len(library.spreads),
        "events": len(library.events),
        "notice": library.notice,
        "sources": library.sources,
    }
