"""``nps-spectra library fetch``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from nps_spectra.cli.main import FINE, REJECTED
from nps_spectra.cli.output import progress_bar, reject_dicts, tell_report
from nps_spectra.errors import DownloadError
from nps_spectra.library.fetch import by_hand, fetch_library
from nps_spectra.library.sources import library_source, library_sources


def fetch(options: argparse.Namespace) -> int:
    """Fetch one public library, or list them."""
    if options.name is None:
        _list(options.json)
        return FINE
    source = library_source(options.name)
    out = Path(options.out or f"{source.name}.h5")
    file = Path(options.keep) if options.keep else None
    if options.folder is not None and source.file is not None:
        file = Path(options.folder, source.file)
    print(f"{source.full_title}\n  licence: {source.licence}\n  terms: {source.terms}", file=sys.stderr)
    try:
        fetched = fetch_library(
            source,
            out,
            file=file,
            given=Path(options.given) if options.given else None,
            address=options.address,
            proxy=options.proxy,
            strict=options.strict,
            progress=progress_bar("downloading"),
            reading=progress_bar("reading"),
            notice=_notice,
        )
    except DownloadError as error:
        _leave_bar()
        raise DownloadError(f"{error}\n{by_hand(source, file, out)}") from error
    library = fetched.library
    report = library.report
    if report is None:
        raise RuntimeError("a library that was just built has no report")
    tell_report(report)
    if fetched.download is None:
        print(f"{fetched.file} was here: nothing was downloaded", file=sys.stderr)
    if fetched.missing is not None:
        print(f"MISSING: {fetched.missing}", file=sys.stderr)
    (provenance,) = {json.dumps(entry["provenance"]) for entry in library.sources}
    if options.json:
        summary = {
            "library": str(out),
            "digest": library.digest,
            "spectra": len(library),
            "substances": len(library.substances),
            "file": str(fetched.file),
            "provenance": json.loads(provenance),
            "missing": fetched.missing,
            "rejects": reject_dicts(report.rejects),
        }
        print(json.dumps(summary, ensure_ascii=False, indent=1))
    else:
        print(f"{out}: {len(library)} spectra of {len(library.substances)} substances, from {fetched.file}")
        print(f"digest {library.digest}")
    return REJECTED if report.rejects or fetched.missing is not None else FINE


def _notice(line: str) -> None:
    _leave_bar()
    print(f"  {line}", file=sys.stderr)


def _leave_bar() -> None:
    if sys.stderr.isatty():  # a bar may stand in this line
        print(file=sys.stderr)


def _list(as_json: bool) -> None:
    sources = library_sources()
    if as_json:
        known = [source.summary() for source in sources]
        print(json.dumps({"sources": known, "downloaded": None}, ensure_ascii=False, indent=1))
        return
    for source in sources:
        size = f"{source.size_bytes / 1e6:.0f} MB" if source.size_bytes else "size not stated"
        how = "" if source.address else ", download by hand"
        print(f"{source.name}: {source.full_title} ({size}{how})")
        print(f"  {source.holds}")
        print(f"  licence: {source.licence}")
        print(f"  terms: {source.terms}")
        print(f"  page: {source.page}")
        unseen = f"; not verified: {', '.join(source.not_verified)}" if source.not_verified else ""
        print(f"  facts as of {source.checked.isoformat()}{unseen}")
    print("Nothing was downloaded; 'nps-spectra library fetch NAME' does.")
