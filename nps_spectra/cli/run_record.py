"""What a run over samples opens, and what has to be known to do it again."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from pathlib import Path
from typing import Any, Final

from nps_spectra import __version__
from nps_spectra.atomic import write_pieces
from nps_spectra.cli.output import notice, progress_bar, tell_report
from nps_spectra.errors import OptionError
from nps_spectra.formats import ReadReport, read_spectra
from nps_spectra.library import Library
from nps_spectra.spectra import Spectra

_PACKAGES: Final = ("numpy", "scipy", "numba", "h5py", "rdkit")


def library_of(path: str | None) -> Library:
    """The library that a run searches, not yet checked; without a path the embedded starter library."""
    if path is None:
        from nps_spectra.library.starter import starter_library

        library = starter_library()
    else:
        library = Library.open(path)
    print(
        f"library {library.name}: {len(library)} spectra of {len(library.substances)} substances, "
        f"digest {library.digest}",
        file=sys.stderr,
    )
    notice(library)
    return library


def results_folder(path: str) -> Path:
    """The folder for the results, made if it is not there."""
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OptionError(f"{path}: cannot be made a folder for the results ({error})") from error
    return folder


def read_samples(options: argparse.Namespace, library: Library) -> tuple[Spectra, dict[str, Any]]:
    """The samples, told of on stderr, and the record of the run so far."""
    samples = read_spectra(
        options.samples,
        format=options.format,
        strict=options.strict,
        centroid=options.centroid,
        progress=progress_bar("reading samples"),
    )
    tell_report(samples.report)
    return samples, run_record(options, library, samples.report)


def run_record(options: argparse.Namespace, library: Library, report: ReadReport) -> dict[str, Any]:
    """What has to be known to do the run again."""
    return {
        "program": f"nps_spectra {__version__}",
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "options": {name: value for name, value in sorted(vars(options).items()) if name not in ("noun", "json")},
        "library": {
            "name": library.name,
            "file": None if library.path is None else str(library.path),
            "digest": library.digest,
            "spectra": len(library),
            "substances": len(library.substances),
            "sources": [
                {"file": source["file"], "sha256": source["sha256"], "licence": source["licence"]}
                for source in library.sources
            ],
            "notice": library.notice,
        },
        "inputs": [
            {
                "file": file.file,
                "sha256": file.sha256 or None,
                "records_in": file.records_in,
                "records_out": file.records_out,
                "formats": list(file.formats),
            }
            for file in report.files
        ],
        "records": {
            "in": report.records_in,
            "out": report.records_out,
            "rejected": report.records_rejected,
            "repaired": report.records_repaired,
            "repairs": dict(report.repairs),
            "notes": dict(report.notes),
            "not_read": [{"file": file, "reason": reason} for file, reason in report.skipped],
        },
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def write_record(folder: Path, value: dict[str, Any]) -> None:
    """Write the record as ``run.json``; piece by piece, as there may be very many inputs."""
    write_pieces(folder / "run.json", chain(json.JSONEncoder(ensure_ascii=False, indent=1).iterencode(value), "\n"))
