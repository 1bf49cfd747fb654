"""Speed of EI library search: ``python benchmarks/ei_search.py [--queries 500] [--copies 25] [--out FILE]``.

The library is MassBank's EI spectra and SWGDRUG 3.4; queries are drawn from it at random. Everything is timed by CPU
seconds of the process over all its threads, warm; runs alternate with those of the peers: a SciPy CSR matrix of unit
vectors times dense float32 queries in one batch, without and with the ten best, and the dense product (GEMM) with the
ten best. Of this package three things are measured: the index alone, which gives the best spectrum of each of the ten
best substances; with the reverse scores of these, for match factors; and `nps_spectra.search`, where what a hit says
beside its spectrum and score is computed on access and not in the figures. ``--copies`` multiplies the library by
copies with noise for the latency of large libraries.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nps_spectra import Library, Spectra, read_spectra, search
from nps_spectra.cleaning import CleanSpectra
from nps_spectra.scorers import MatchFactor, Prepared, Scorer
from nps_spectra.scoring import ScoreOptions
from nps_spectra.searching.candidates import Candidates
from nps_spectra.searching.ei_index import EiIndex
from nps_spectra.spectra import joined

METHODS = ("weighted_cosine", "nist_identity", "nist_simple", "stein_scott_1994", "hybrid")
ROUNDS = 5
TOP = 10
Int = npt.NDArray[np.int64]


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of this process for one call."""
    started = time.process_time()
    work()
    return time.process_time() - started


def picked(prepared: Prepared, rows: Int) -> Prepared:
    """Some prepared spectra."""
    clean = prepared.clean
    lengths = np.diff(clean.offsets)[rows]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    take = np.arange(offsets[-1]) + np.repeat(clean.offsets[rows] - offsets[:-1], lengths)
    part = CleanSpectra(clean.mz[take], clean.intensity[take], offsets, clean.precursor_mz[rows], clean.recipe)
    return Prepared(part, prepared.values[take], prepared.masses[rows])


def copies(scorer: Scorer, prepared: Prepared, times: int) -> Prepared:
    """The library many times over, intensities with 20 % of noise."""
    random = np.random.default_rng(5)
    many = picked(prepared, np.tile(np.arange(len(prepared.clean)), times))
    clean = many.clean
    noisy = np.maximum(np.round(clean.intensity * random.lognormal(0.0, 0.2, len(clean.intensity)), 3), 0.001)
    if scorer.scale > 1:
        noisy = np.clip(np.round(noisy), 1, 999)
    part = CleanSpectra(clean.mz, noisy, clean.offsets, clean.precursor_mz, clean.recipe)
    return Prepared(part, scorer.values_of(part), many.masses)


def peers(prepared: Prepared, rows: Int) -> dict[str, Callable[[], object]]:
    """The same cosine by SciPy and by BLAS."""
    from scipy import sparse

    clean = prepared.clean
    owner = np.repeat(np.arange(len(clean)), np.diff(clean.offsets))
    norm = np.sqrt(np.bincount(owner, prepared.values**2, minlength=len(clean)))
    unit = (prepared.values / norm[owner]).astype(np.float32)
    matrix = sparse.csr_matrix((unit, clean.mz.astype(np.int32), clean.offsets))
    queries = np.ascontiguousarray(matrix[rows].toarray().T)
    dense = np.ascontiguousarray(matrix.toarray()[:, : min(matrix.shape[1], 1000)])
    part = np.ascontiguousarray(queries[: dense.shape[1]])

    def best(scores: npt.NDArray[np.float32]) -> object:
        return np.argpartition(-scores, TOP, axis=0)[:TOP]

    return {
        "SciPy CSR x dense, no top-k": lambda: matrix @ queries,
        "SciPy CSR x dense, top-10": lambda: best(matrix @ queries),
        "dense GEMM, 1,000 m/z, top-10": lambda: best(dense @ part),
    }


def asked(index: EiIndex, queries: Prepared, size: int) -> Candidates:
    """The ten best of every query in a library of this size."""
    count = len(queries.clean)
    none = np.empty(0, dtype=np.int64)
    return index.candidates(queries, np.arange(count), np.ones(size, dtype=bool), [none] * count, TOP)


def with_reverse(scorer: Scorer, prepared: Prepared, index: EiIndex, queries: Prepared) -> None:
    """The ten best of every query and their reverse scores."""
    found = asked(index, queries, len(prepared.clean))
    for query, (start, stop) in enumerate(pairwise(found.bounds.tolist())):
        scorer.reverse(queries, query, prepared, found.rows[start:stop])


def measured(data: Path, count: int, times: int) -> list[dict[str, object]]:
    """One row a work: queries a second, latency, build, memory."""
    massbank = read_spectra(data / "massbank" / "MassBank-data-2025.05.1.tar.xz")
    named = massbank.texts("ionization").to_list()
    spectra: Spectra = joined(
        [
            massbank.select(np.flatnonzero([name == "EI" for name in named])),
            read_spectra(data / "swgdrug_ei" / "swgdrug_3.4.msp"),
        ]
    )
    library = Library(spectra, name="EI")
    substance, every = library.substances.of_row, np.ones(len(spectra), dtype=bool)
    rows = np.random.default_rng(3).permutation(len(spectra))[:count]
    table: list[dict[str, object]] = []

    def report(work: str, **figures: object) -> None:
        table.append({"work": work, **figures})
        print(f"{work:<48} " + "   ".join(f"{name} {value}" for name, value in figures.items()), flush=True)

    print(f"{len(spectra)} spectra, {len(np.unique(substance))} substances, {count} queries, top {TOP}")
    for method in METHODS:
        scorer = ScoreOptions(method=method).resolve("EI")
        prepared = library.prepared(scorer)
        known = rows[~np.isnan(prepared.masses[rows])] if scorer.needs_mass else rows
        queries = picked(prepared, known)
        index = EiIndex(scorer, prepared, substance, every)
        build = min(seconds(partial(EiIndex, scorer, prepared, substance, every)) for _ in range(3))
        work: dict[str, Callable[[], object]] = {method: partial(asked, index, queries, len(spectra))}
        if isinstance(scorer, MatchFactor):
            work["  with reverse scores"] = partial(with_reverse, scorer, prepared, index, queries)
        work["  through search"] = partial(search, spectra.select(known), library, method=method, top=TOP)
        others = peers(prepared, known) if method == "weighted_cosine" else {}
        work |= others
        for run in work.values():
            run()
        taken: dict[str, list[float]] = {name: [] for name in work}
        for _ in range(ROUNDS):
            for name, run in work.items():
                taken[name].append(seconds(run))
        own = min(taken[method])
        for name, values in taken.items():
            rates = np.round(len(known) / np.array(values)).astype(int)
            more = {"ratio": round(min(values) / own, 2)} if name in others else {}
            report(
                f"  peer: {name}" if name in others else name,
                **{"q/s max": int(rates.max()), "median": int(np.median(rates)), "min": int(rates.min())},
                **more,
            )
        report(f"  {method}, build", s=round(build, 3), MiB=round(index.nbytes / 2**20, 1))
        libraries = {1: index}
        if times > 1:
            size = times * len(spectra)
            large = copies(scorer, prepared, times)
            libraries[times] = EiIndex(scorer, large, np.tile(substance, times), np.ones(size, dtype=bool))
        for many, searched in libraries.items():
            single = [picked(queries, np.array([number])) for number in range(20)]
            waits = sorted(
                min(seconds(partial(asked, searched, one, many * len(spectra))) for _ in range(3)) for one in single
            )
            report(
                f"  {method}, one query in {many * len(spectra)}",
                **{"ms median": round(1e3 * waits[10], 3), "max": round(1e3 * waits[-1], 3)},
            )
    return table


def main() -> int:
    """Measure and print; write JSON if asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--queries", type=int, default=500)
    parser.add_argument("--copies", type=int, default=1, help="25 make about 400,000 spectra")
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--out", type=Path, default=None)
    arguments = parser.parse_args()
    root = Path(__file__).resolve().parents[2]
    data = arguments.data or Path(os.environ.get("NPS_SPECTRA_DATA", root / "shared" / "data"))
    if not data.is_dir():
        print(f"no measured data in {data}: set NPS_SPECTRA_DATA", file=sys.stderr)
        return 2
    table = measured(data, arguments.queries, arguments.copies)
    if arguments.out is not None:
        machine = {"machine": platform.processor() or platform.machine(), "python": platform.python_version()}
        arguments.out.write_text(json.dumps({**machine, "rows": table}, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
