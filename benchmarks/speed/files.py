"""Library files: opening them, what an index takes, memory, two threads; and reading MSP."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from nps_spectra import Library, Spectra, write_spectra
from speed import goals
from speed.goals import Figure
from speed.timing import times_faster
from speed.worker import measured

if TYPE_CHECKING:
    from speed.command import Run

#: What the figures of reading are scaled to.
_RECORDS = 123_893
_LARGE = 1_000_000


def index(run: Run) -> Iterator[Figure]:
    """The first search of a library that was just opened, less the same search again: an index and what it takes."""
    file = _stored(run, "msms", run.data.msms)
    rounds = [[measured("index", file, method) for method in ("entropy", "modified_cosine")] for _ in range(run.rounds)]
    entropy, modified = ([both[k] for both in rounds] for k in (0, 1))
    yield Figure(goals.INDEX, goals.BUILD, [one["seconds"] for one in entropy], "entropy; cleaning included")
    yield Figure(goals.INDEX, goals.MEMORY, [one["grown_mib"] for one in entropy], "entropy; its file mapped too")
    yield Figure(goals.INDEX, "MiB kept afterwards", [one["kept_mib"] for one in entropy], "entropy")
    yield Figure(goals.INDEX, "MiB, peak of the process", [one["peak_mib"] for one in entropy], "NumPy, numba and all")
    yield Figure(goals.INDEX, "s, modified cosine", [one["seconds"] for one in modified])
    yield Figure(goals.INDEX, "MiB beyond, modified cosine", [one["grown_mib"] for one in modified])
    size = file.stat().st_size / 2**20
    share = [one["grown_mib"] / size for one in entropy]
    yield Figure(goals.GROWTH, "memory of an open search / file", share, f"file of {size:.0f} MiB, entropy")
    if run.installed("ms_entropy", partial(import_module, "ms_entropy")) is not None:
        theirs = [measured("index_of_ms_entropy", file) for _ in range(1 if run.quick else run.rounds)]
        yield Figure(goals.INDEX, "s, ms_entropy in its own process", [one["seconds"] for one in theirs])
        yield Figure(goals.INDEX, "MiB beyond, ms_entropy", [one["grown_mib"] for one in theirs])
        yield Figure(goals.INDEX, "MiB, peak of the process, ms_entropy", [one["peak_mib"] for one in theirs])


def opening(run: Run) -> Iterator[Figure]:
    """Opening library files, by the wall clock: a first time in a process and four times again."""
    files = {"s, all of MassBank": _stored(run, "all", run.data.massbank)}
    if not run.quick:
        files["s, 1,000,000 spectra"] = run.library_of("MS/MS", _LARGE)
    for name, file in files.items():
        seconds = [one for _ in range(run.rounds) for one in measured("opened", file)["seconds"]]
        library = Library.open(file)
        yield Figure(goals.OPEN, name, seconds, f"{len(library):,} spectra, {file.stat().st_size / 2**20:.0f} MiB")


def two_threads(run: Run) -> Iterator[Figure]:
    """Wall clock with one thread and with two, in turns; the shortest of five searches, as others use the cores."""
    works = [
        ("MS/MS", _stored(run, "msms", run.data.msms), "weighted_cosine", min(8192, 4 * run.queries)),
        ("MS/MS", _stored(run, "msms", run.data.msms), "entropy", min(8192, 4 * run.queries)),
        ("MS/MS", _stored(run, "msms", run.data.msms), "modified_cosine", min(1024, run.queries)),
        ("EI", _stored(run, "ei", run.data.ei), "nist_identity", min(512, run.queries)),
    ]
    for kind, file, method, count in works[: 2 if run.quick else None]:
        ours: dict[int, list[float]] = {1: [], 2: []}
        for _ in range(run.rounds):
            for threads, seconds in ours.items():
                seconds.append(min(measured("threads", file, method, str(count), threads=threads)["seconds"]))
        ratio = times_faster(ours[2], ours[1])
        yield Figure(goals.THREADS, f"x one thread: {kind} {method}", ratio, f"{count} queries, wall clock")


def reading(run: Run) -> Iterator[Figure]:
    """Readers of MSP, and of MGF for those that have no MSP, each in its own process, scaled to all of MassBank."""
    spectra = run.data.massbank
    if run.quick:
        spectra = spectra[:4000]
    files = {kind: run.folder / f"spectra.{kind}" for kind in ("msp", "mgf")}
    for kind, file in files.items():
        write_spectra(spectra, file, format=kind)
        write_spectra(spectra[:50], run.folder / f"small.{kind}", format=kind)
    readers = [
        ("msp", "nps_spectra", None),
        ("msp", "ms_entropy", "ms_entropy"),
        ("msp", "matchms", "matchms"),
        ("mgf", "nps_spectra", None),
        ("mgf", "pyteomics", "pyteomics"),
    ]
    for kind, reader, package in readers:
        if package is not None and run.installed(package, partial(import_module, package)) is None:
            continue
        slow = reader != "nps_spectra"
        times, spectra_read = [], 0
        for _ in range(1 if slow or run.quick else run.rounds):
            command = [sys.executable, str(Path(__file__).parents[1] / "readers.py"), "--worker", reader]
            done = subprocess.run([*command, str(files[kind])], capture_output=True, text=True, check=True)
            found = json.loads(done.stdout.splitlines()[-1])
            spectra_read = found["spectra"]
            times.append(found["seconds"] * _RECORDS / spectra_read)
        name = "s" if (kind, reader) == ("msp", "nps_spectra") else f"s, {kind.upper()} by {reader}"
        yield Figure(goals.READ, name, times, f"scaled from {spectra_read:,}, CPU of one core")


def _stored(run: Run, name: str, spectra: Spectra) -> Path:
    """A library file, written once a run."""
    file = run.folder / f"{name}.h5"
    if not file.exists():
        Library.build(spectra, file, name=name)
    return file
