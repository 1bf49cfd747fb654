"""Speed against other programs, every work in one run.

The data are measured spectra where they are (``--data``, or the variable NPS_SPECTRA_DATA), generated ones otherwise;
all programs get the same clean peaks and 0.01 Da. Times are CPU seconds of one thread, warm; the works take turns, and
a ratio is of two times of the same round. Ours are those of `nps_spectra.search` with its ten best substances: cleaning
of the queries, search and list included; what a hit says beside its spectrum and score is computed when it is read.
Only "two threads" and "open a library" are by the wall clock. Goals are for the measured spectra, whole and not quick:
small libraries favour those who do less for a query. Programs that are not installed are named and left out; their
settings are printed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar

from speed import ei, files, growth, larger, msms
from speed.data import Data, default_folder
from speed.goals import Figure, not_measured, table
from speed.other_programs import SETTINGS
from speed.plot import draw

T = TypeVar("T")

#: Works by name, in the order in which they are done.
WORKS: dict[str, Callable[[Run], Iterator[Figure]]] = {
    "msms": lambda run: msms.figures(run),
    "ei": lambda run: ei.figures(run),
    "latency": lambda run: ei.latency(run),
    "index": lambda run: files.index(run),
    "open": lambda run: files.opening(run),
    "threads": lambda run: files.two_threads(run),
    "reading": lambda run: files.reading(run),
    "growth": lambda run: growth.figures(run),
}
_VERSIONS = ("nps_spectra", "numpy", "scipy", "numba", "ms_entropy", "matchms", "pyteomics")


@dataclass
class Run:
    """One run: its data, how long it may take, and what became of it.

    Attributes
    ----------
    rounds : int
        Turns that the works take.
    seconds : float
        About so much CPU for one search in one round.
    queries, peer_queries : int
        At most.
    largest : int
        Spectra of the largest library.
    folder : Path
        For files that are needed during the run.
    """

    data: Data
    rounds: int
    seconds: float
    queries: int
    peer_queries: int
    largest: int
    quick: bool
    folder: Path
    skipped: dict[str, str] = field(default_factory=dict)
    times: list[dict[str, Any]] = field(default_factory=list)

    def installed(self, name: str, make: Callable[[], T]) -> T | None:
        """What `make` makes of another program; None, and noted, where that is not installed."""
        try:
            return make()
        except ImportError as error:
            self.skipped[name] = str(error)
            return None

    def library_of(self, kind: str, count: int) -> Path:
        """A library file of so many spectra, "MS/MS" or "EI", written once a run."""
        file = self.folder / f"{kind.replace('/', '')} {count}.h5"
        if not file.exists():
            larger.write(self.data.msms_library if kind == "MS/MS" else self.data.ei_library, count, file)
        return file

    def note_times(
        self, kind: str, spectra: int, times: dict[str, list[float]], more: dict[str, Any] | None = None
    ) -> None:
        """Keep CPU seconds a query, and what else was measured, for the record and the plot."""
        for work, seconds in times.items():
            own = {"kind": kind, "spectra": spectra, "work": work, "seconds": list(seconds)}
            self.times.append((more or {}) | own)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    options = _options(arguments)
    warnings.simplefilter("ignore")
    figures: list[Figure] = []
    begun = time.perf_counter()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        run = Run(
            Data(Path(options.data), options.spectra),
            rounds=options.rounds or (2 if options.quick else 5),
            seconds=options.seconds or (0.4 if options.quick else 1.5),
            queries=options.queries,
            peer_queries=min(options.queries, 512 if options.quick else 2048),
            largest=options.largest,
            quick=options.quick,
            folder=Path(folder),
        )
        for done, name in enumerate(options.rows, start=1):
            start = time.perf_counter()
            figures += WORKS[name](run)
            print(f"{name}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
            result = _result(run, options.rows[:done], figures, load)
            if options.out is not None:  # after each work: a long run that is ended has its figures so far
                options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8", newline="\n")
        data = run.data
    _print(result, figures, time.perf_counter() - begun)
    if options.plot is not None:
        sizes = {"MS/MS growth": len(data.msms), "EI growth": len(data.ei)} if "growth" in options.rows else {}
        if not draw(run.times, sizes, options.plot):
            print(f"{options.plot}: not drawn, growth was not measured", file=sys.stderr)
    return 0


def _result(run: Run, works: Sequence[str], figures: Sequence[Figure], load: float | None) -> dict[str, Any]:
    """All that there is to know of a run, as plain data."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"platform": platform.platform(), "processor": _processor(), "cores": os.cpu_count()},
        "load_at_start": load,
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in _VERSIONS},
        "data": run.data.named,
        "works": works,
        "quick": run.quick,
        "settings": SETTINGS,
        "skipped": run.skipped,
        "figures": [one.as_dict() for one in figures],
        "not_measured": [f"{goal.work}: {goal.figure}" for goal in not_measured(figures)],
        "times": run.times,
    }


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="peers.py", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", default=default_folder(), help="folder of measured spectra")
    parser.add_argument(
        "--rows",
        type=_works,
        default=list(WORKS),
        metavar="WORK,...",
        help=f"only these of {', '.join(WORKS)}",
    )
    parser.add_argument("--quick", action="store_true", help="less of everything, within three minutes")
    parser.add_argument("--out", type=Path, help="write all figures to this JSON file")
    parser.add_argument("--plot", type=Path, help="draw the growth to this PNG file")
    parser.add_argument("--spectra", type=int, help="no more spectra than this of each kind")
    parser.add_argument("--queries", type=int, default=16_384, help="at most, in one search")
    parser.add_argument("--rounds", type=int, help="turns that the works take (5; quick: 2)")
    parser.add_argument("--seconds", type=float, help="CPU for one search in one round (1.5; quick: 0.4)")
    parser.add_argument(
        "--largest", type=int, default=1_000_000, help="spectra of the largest library of growth, e.g. 4000000"
    )
    return parser.parse_args(arguments)


def _works(text: str) -> list[str]:
    named = text.split(",")
    unknown = [name for name in named if name not in WORKS]
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: expected some of {', '.join(WORKS)}")
    return named


def _print(result: dict[str, Any], figures: Sequence[Figure], seconds: float) -> None:
    machine = result["machine"]
    print(f"{result['date']}, {machine['processor']}, {machine['cores']} cores, {machine['platform']}")
    print(", ".join(f"{name} {number}" for name, number in result["versions"].items() if number))
    print(f"{result['data']}; {'quick, ' if result['quick'] else ''}{seconds:.0f} s in all\n")
    print(table(figures))
    for name, reason in result["skipped"].items():
        print(f"\nskipped: {name} is not installed ({reason})")
    print("\nsettings of the others:")
    for name, setting in result["settings"].items():
        print(f"- {name}: {setting}")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    file = Path("/proc/cpuinfo")
    if file.exists():
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
