"""What needs a process of its own: memory, the first opening of a library, another number of threads.

Started as ``python -m speed.worker WORK FILE ...`` by `measured`; prints one line of JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from speed.timing import cpu_seconds, peak_mib, resident_mib


def measured(*arguments: str | Path, threads: int = 1) -> dict[str, Any]:
    """Run one work in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "speed.worker", *map(str, arguments)],
        cwd=Path(__file__).resolve().parents[1],
        env=os.environ | {"NPS_SPECTRA_THREADS": str(threads), "NUMBA_NUM_THREADS": str(threads)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{' '.join(map(str, arguments))} failed:\n{done.stderr}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def _forget_peak() -> None:
    """Count the largest memory from now on, where the system lets us."""
    file = Path("/proc/self/clear_refs")
    if os.access(file, os.W_OK):
        file.write_text("5", encoding="ascii")


def _asked(library: Any, count: int) -> Any:
    from speed.data import drawn

    return library.spectra.select(drawn(library.spectra, count))


def _search(library: Any, queries: Any, method: str) -> Any:
    from nps_spectra import search

    return search(queries, library, method=method)


def opened(file: str) -> dict[str, Any]:
    """Seconds of wall clock of opening a library, the first time in this process and again."""
    from nps_spectra import Library
    from nps_spectra.library import store  # noqa: F401  (importing is no part of opening)

    import h5py  # noqa: F401  isort: skip

    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        Library.open(file)
        seconds.append(time.perf_counter() - start)
    return {"seconds": seconds}


def index(file: str, method: str) -> dict[str, Any]:
    """What the first search of a library costs beyond the next ones: cleaning it and making an index."""
    from nps_spectra import Library

    library = Library.open(file)
    queries = _asked(library, min(64, len(library)))
    small = Library(library.spectra[:200], name="small")
    _search(small, queries, method)  # compiles
    _forget_peak()
    before, whole = resident_mib(), peak_mib()
    first = cpu_seconds(lambda: _search(library, queries, method))
    grown = peak_mib() - before
    again = cpu_seconds(lambda: _search(library, queries, method))
    return {
        "seconds": first - again,
        "grown_mib": grown,
        "peak_mib": max(whole, peak_mib()),
        "kept_mib": resident_mib() - before,
    }


def growing(file: str, method: str, gate: str, measured_spectra: str, queries: str) -> dict[str, Any]:
    """CPU seconds a query, warm, and all the memory that opening a library and searching it takes."""
    import numpy as np

    from nps_spectra import Library, search
    from speed.data import drawn

    tolerance = gate or None
    library = Library.open(file)
    asked = library.spectra.select(drawn(library.spectra, int(queries), among=int(measured_spectra)))
    small = Library(library.spectra[:200], name="small")
    search(asked[:64], small, method=method, precursor_tolerance=tolerance)  # compiles
    del library
    _forget_peak()
    before = resident_mib()
    library = Library.open(file)
    found: list[Any] = [search(asked[:64], library, method=method, precursor_tolerance=tolerance)]

    def all_of_them() -> None:
        found[:] = [search(asked, library, method=method, precursor_tolerance=tolerance)]

    times = [cpu_seconds(all_of_them) / len(asked) for _ in range(2)]
    return {
        "seconds": min(times),
        "queries": len(asked),
        "memory_mib": peak_mib() - before,
        "kept_mib": resident_mib() - before,
        "file_mib": Path(file).stat().st_size / 2**20,
        "compared": float(np.mean([one.candidates for one in found[0].queries])),
    }


def index_of_ms_entropy(file: str) -> dict[str, Any]:
    """The same of ms_entropy; its spectra as it takes them are there before."""
    import numpy as np
    from ms_entropy import FlashEntropySearch

    from nps_spectra import Library

    listed = [
        {"precursor_mz": one.precursor_mz, "peaks": np.column_stack([one.mz, one.intensity]).astype(np.float32)}
        for one in Library.open(file).spectra
    ]
    engine = FlashEntropySearch(max_ms2_tolerance_in_da=0.024)
    _forget_peak()
    before = resident_mib()
    seconds = cpu_seconds(
        lambda: engine.build_index(
            listed,
            max_indexed_mz=2000,
            precursor_ions_removal_da=None,
            noise_threshold=0.01,
            min_ms2_difference_in_da=0.05,
        )
    )
    return {"seconds": seconds, "grown_mib": peak_mib() - before, "peak_mib": peak_mib()}


def threads(file: str, method: str, count: str) -> dict[str, Any]:
    """Seconds of wall clock of a search, warm."""
    from nps_spectra import Library

    library = Library.open(file)
    queries = _asked(library, int(count))
    _search(library, queries[: min(64, len(queries))], method)
    seconds, busy = [], []
    for _ in range(5):
        start = time.perf_counter()
        busy.append(cpu_seconds(lambda: _search(library, queries, method)))
        seconds.append(time.perf_counter() - start)
    return {"seconds": seconds, "busy": busy}


_WORKS: dict[str, Callable[..., dict[str, Any]]] = {
    "opened": opened,
    "index": index,
    "growing": growing,
    "index_of_ms_entropy": index_of_ms_entropy,
    "threads": threads,
}

if __name__ == "__main__":
    print(json.dumps(_WORKS[sys.argv[1]](*sys.argv[2:])))
