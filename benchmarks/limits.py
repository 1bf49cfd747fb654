"""How far each search is from what this machine can do: ``python benchmarks/limits.py [--out FILE.json]``.

First the machine, one thread: memory read and copied, random reads, products of matrices, and the two loops that a
search by postings cannot do without: adding values to sums at given rows, where the sums fit the nearest cache, and
going once over all sums for the largest and clearing them.

Then each method, on the spectra of `peers.py`: how many postings a query has (library peaks within the tolerance of one
of its peaks, of shifted methods also losses), what the index or the scores alone take for them, and what the two loops
would take for so many postings and rows. A factor of 1 is the limit of touching every posting once; only leaving
postings out, by bounds, goes below it. Where there is no index the score of every spectrum is timed. Behind a gate what
counts is the peaks of the spectra inside. CPU time, the least of the rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    for name in ("OPENBLAS", "OMP", "MKL", "NUMBA"):
        os.environ[f"{name}_NUM_THREADS"] = "1"
    os.environ["NPS_SPECTRA_THREADS"] = "1"

import numpy as np
import numpy.typing as npt
from speed.data import Data, default_folder, drawn
from speed.goals import shown
from speed.timing import cpu_seconds

from nps_spectra import Library, search
from nps_spectra.cleaning import widths
from nps_spectra.scorers import Prepared, Scorer, Technique
from nps_spectra.scoring import score_options
from nps_spectra.searching.indexes import index_of

Array = npt.NDArray[Any]
#: Sums of so many rows fit the nearest cache.
_ROWS = 16384
_MSMS = ("weighted_cosine", "entropy", "neutral_loss", "modified_cosine", "hybrid")
_EI = ("weighted_cosine", "nist_identity")
_SHIFTED = ("modified_cosine", "hybrid")


def least(run: Callable[[], object], rounds: int) -> float:
    """Least CPU seconds of some calls after one that is not counted."""
    run()
    return min(cpu_seconds(run) for _ in range(rounds))


def machine(rounds: int) -> dict[str, float]:
    """What this machine can do with one thread."""
    random = np.random.default_rng(0)
    large = np.ones(1 << 25)  # 256 MiB
    room = np.empty_like(large)
    places = random.integers(0, len(large), 1 << 22)
    square = random.random((2048, 2048), dtype=np.float32)
    tall, vector = random.random((14_176, 1000), dtype=np.float32), random.random(1000, dtype=np.float32)
    add, sweep = _loops()
    sums = np.zeros(_ROWS, dtype=np.float32)
    rows = random.integers(0, _ROWS, 1 << 22).astype(np.uint16)
    values = random.random(1 << 22, dtype=np.float32)
    return {
        "memory read / GB/s": large.nbytes / least(large.sum, rounds) / 1e9,
        "memory copied, read and written / GB/s": 2
        * large.nbytes
        / least(lambda: np.copyto(room, large), rounds)
        / 1e9,
        "random reads of 8 bytes / M/s": len(places) / least(lambda: large.take(places), rounds) / 1e6,
        "float32 GEMM of 2048 / GFLOP/s": 2 * 2048**3 / least(lambda: square @ square, rounds) / 1e9,
        "float32 gemv, 54 MiB / GB/s": tall.nbytes / least(lambda: tall @ vector, rounds) / 1e9,
        "adding to sums in the cache / ns": 1e9 * least(lambda: add(sums, rows, values), rounds) / len(rows),
        "largest and clearing of sums / ns": 1e9 * least(lambda: sweep(sums, 1000), rounds) / (1000 * _ROWS),
    }


def _loops() -> tuple[Callable[..., object], Callable[..., object]]:
    """The two loops as plainly as they can be written."""
    import numba

    @numba.njit(error_model="numpy")
    def add(sums: Array, rows: Array, values: Array) -> None:
        for x in range(len(rows)):
            sums[rows[x]] += values[x] * np.float32(0.5)

    @numba.njit(error_model="numpy")
    def sweep(sums: Array, times: int) -> int:
        bits = sums.view(np.int32)
        largest = np.int32(0)
        for _ in range(times):
            for x in range(len(bits)):
                largest = max(largest, bits[x])
                bits[x] = np.int32(0)
        return int(largest)

    return add, sweep


def postings(scorer: Scorer, query: Prepared, queries: Array, library: Prepared, moved: bool) -> int:
    """Library peaks within the tolerance of a peak of one of the queries; moved: by their losses."""
    absolute, relative = widths(scorer.tolerance)

    def places(prepared: Prepared) -> Array:
        owner = np.repeat(np.arange(len(prepared.clean)), np.diff(prepared.clean.offsets))
        return prepared.masses[owner] - prepared.clean.mz if moved else prepared.clean.mz

    mine = np.concatenate([places(query)[query.clean.offsets[q] : query.clean.offsets[q + 1]] for q in queries])
    theirs = np.sort(places(library))
    half = absolute + relative * mine
    return int((np.searchsorted(theirs, mine + half, "right") - np.searchsorted(theirs, mine - half, "left")).sum())


def kernels(data: Data, limits: dict[str, float], rounds: int, most: int) -> Iterator[dict[str, Any]]:
    """One line for each method."""
    add, sweep = limits["adding to sums in the cache / ns"], limits["largest and clearing of sums / ns"]
    kinds: tuple[tuple[Technique, tuple[str, ...], Library], ...] = (
        ("MS/MS", _MSMS, data.msms_library),
        ("EI", _EI, data.ei_library),
    )
    for technique, methods, library in kinds:
        spectra = library.spectra
        for method in methods:
            scorer = score_options(method, {"tolerance": "0.01 Da"}).resolve(technique)
            count = min(len(spectra), most if technique == "MS/MS" else most // 8)
            asked = spectra.select(drawn(spectra, count))
            whole = least(partial(search, asked, library, method=method), rounds)
            query, prepared = scorer.prepare(asked), library.prepared(scorer)
            queries = np.arange(count, dtype=np.int64)
            work = _alone(scorer, library, query, queries)
            touched = postings(scorer, query, queries, prepared, method == "neutral_loss")
            if method in _SHIFTED:
                touched += postings(scorer, query, queries, prepared, True)
            each = touched / count
            alone = 1e6 * least(work, rounds) / count
            sets = 3 if method in _SHIFTED else 1  # sums of either kind, and both together
            limit = (each * add + sets * len(spectra) * sweep) / 1e3
            size = 10 if method in ("entropy", "neutral_loss") else 6
            yield {
                "kernel": f"{technique} {method}"
                + ("" if _indexed(library, scorer, count) else ", every spectrum scored"),
                "postings": each,
                "KiB": (each * size + 8 * sets * len(spectra)) / 1024,
                "us": alone,
                "us of the search": 1e6 * whole / count,
                "ns a posting": 1e3 * alone / each,
                "us at the limit": limit,
                "times the limit": alone / limit,
            }
    yield _gated(data.msms_library, limits, rounds, most * 4)


def _indexed(library: Library, scorer: Scorer, count: int) -> bool:
    return index_of(library, scorer, 10, count) is not None


def _alone(scorer: Scorer, library: Library, query: Prepared, queries: Array) -> Callable[[], object]:
    """The index alone, or where there is none the scores of every spectrum."""
    index = index_of(library, scorer, 10, len(queries))
    allowed = np.ones(len(library), dtype=bool)
    none = [np.empty(0, dtype=np.int64)] * len(queries)
    if index is not None:
        return lambda: index.candidates(query, queries, allowed, none, 10)
    prepared = library.prepared(scorer)
    rows = np.tile(np.arange(len(library), dtype=np.int64), len(queries))
    bounds = len(library) * np.arange(len(queries) + 1, dtype=np.int64)
    return lambda: scorer.score_many(query, queries, prepared, bounds, rows)


def _gated(library: Library, limits: dict[str, float], rounds: int, most: int) -> dict[str, Any]:
    """Entropy within 20 ppm of the precursor: the peaks of the spectra inside are read."""
    spectra = library.spectra
    asked = spectra.select(drawn(spectra, most))
    precursor = np.sort(spectra.numbers("precursor_mz"))
    order = np.argsort(spectra.numbers("precursor_mz"), kind="stable")
    ends = np.concatenate(([0], np.cumsum(np.diff(spectra.offsets)[order])))
    mine = asked.numbers("precursor_mz")
    low, high = np.searchsorted(precursor, mine * (1 - 20e-6)), np.searchsorted(precursor, mine * (1 + 20e-6), "right")
    peaks = float((ends[high] - ends[low]).mean())
    scorer = score_options("entropy", {"tolerance": "0.01 Da"}).resolve("MS/MS")
    query, prepared = scorer.prepare(asked), library.prepared(scorer)
    rows = np.concatenate([order[a:b] for a, b in zip(low, high, strict=True)])
    bounds = np.concatenate(([0], np.cumsum(high - low)))
    queries = np.arange(len(asked), dtype=np.int64)
    alone = least(lambda: scorer.score_many(query, queries, prepared, bounds, rows), rounds)
    whole = least(lambda: search(asked, library, method="entropy", precursor_tolerance="20 ppm"), rounds)
    each = 1e6 * alone / len(asked)
    limit = 16 * peaks / limits["memory read / GB/s"] / 1e3
    return {
        "kernel": "MS/MS entropy within 20 ppm (postings: peaks of the spectra inside; limit: reading them)",
        "postings": peaks,
        "KiB": 16 * peaks / 1024,
        "us": each,
        "us of the search": 1e6 * whole / len(asked),
        "ns a posting": 1e3 * each / peaks,
        "us at the limit": limit,
        "times the limit": each / limit,
    }


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", default=default_folder(), help="folder of measured spectra")
    parser.add_argument("--spectra", type=int, help="no more spectra than this of each kind")
    parser.add_argument("--queries", type=int, default=1024, help="at most")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, help="write all figures to this JSON file")
    options = parser.parse_args()
    data = Data(Path(options.data), options.spectra)
    limits = machine(options.rounds)
    print("| this machine, one thread | |\n|---|---:|")
    for name, value in limits.items():
        print(f"| {name} | {shown(value)} |")
    lines: list[dict[str, Any]] = []
    print(f"\n{data.named}, {platform.platform()}\n")
    for line in kernels(data, limits, options.rounds, options.queries):
        if not lines:
            print(f"| {' | '.join(line)} |\n|---|{'---:|' * (len(line) - 1)}")
        lines.append(line)
        print(f"| {' | '.join(v if isinstance(v, str) else shown(v) for v in line.values())} |", flush=True)
    if options.out is not None:
        result = {"machine": limits, "data": data.named, "kernels": lines}
        options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
