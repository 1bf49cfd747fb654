"""MS/MS library search against the peers, in one run: ``python benchmarks/peers.py [--out FILE.json]``.

Library: MassBank's positive ESI, APCI and APPI MS2 spectra with a precursor m/z, or generated ones where the data are
not there. All engines get the same cleaned peaks (1 % of the base peak; peaks of one spectrum 0.05 Da apart, as
ms_entropy wants them, so that nobody cleans anew) and 0.01 Da. Queries: spectra of the library, seed 0, in one batch.
Figures are queries per CPU second of one thread, warm, the best of ``--runs``; index builds stand apart. This package
is measured through `nps_spectra.search`, its ten best substances included; what a hit says beside its spectrum and
score is computed on access and not in the figures. ms_entropy is measured without and with `get_topn_matches(10)`,
matchms FlashSimilarity through `matrix` less the time of a single query, as it builds its index in every call.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from nps_spectra import Library, Spectra, Spectrum, read_spectra, search
from nps_spectra.cleaning import CleaningRecipe, MergePeaks, NoiseThreshold
from nps_spectra.scoring import score_options
from nps_spectra.searching.candidates import PostingIndex

TOLERANCE = 0.01
PPM = 20e-6
#: Methods of this package, and search of ms_entropy and scores of FlashSimilarity that do the same kind of work.
METHODS = ("weighted_cosine", "entropy", "neutral_loss", "modified_cosine", "hybrid")
Row = dict[str, Any]


def measured(data: Path) -> Spectra:
    spectra = read_spectra(data / "massbank" / "MassBank-data-2025.05.1.tar.xz")
    ionization, polarity = spectra.texts("ionization").to_list(), spectra.texts("polarity").to_list()
    soft = np.array([name in ("ESI", "APCI", "APPI") for name in ionization])
    positive = np.array([name == "positive" for name in polarity])
    second = spectra.numbers("ms_level") == 2
    return spectra.select(np.flatnonzero(soft & positive & second & ~np.isnan(spectra.numbers("precursor_mz"))))


def generated(count: int = 60_000) -> Spectra:
    """Spectra of 5,000 substances with about 20 peaks each, most of them from fragments that many have."""
    random = np.random.default_rng(0)
    common = random.uniform(40, 600, 2000)

    def made() -> Iterator[Spectrum]:
        for number in range(count):
            own = np.random.default_rng(number % 5000)
            precursor = float(own.uniform(150, 800))
            mz = common[np.minimum(own.exponential(300, 30).astype(np.int64), 1999)]
            mz = np.unique(np.round(mz[(mz < precursor) & (random.random(30) < 0.7)], 4))
            if len(mz):
                yield Spectrum(
                    mz + random.normal(0, 0.001, len(mz)),
                    random.exponential(100, len(mz)) + 1,
                    name=f"substance {number % 5000}",
                    precursor_mz=precursor,
                    ionization="ESI",
                    polarity="positive",
                    ms_level=2,
                )

    return Spectra.of(made())


def cleaned(spectra: Spectra) -> Spectra:
    clean = CleaningRecipe((MergePeaks("0.05 Da"), NoiseThreshold(0.01))).apply(spectra)
    intensity = clean.intensity.astype(np.float32)
    kept = Spectra(clean.mz, intensity, clean.offsets, spectra.columns)
    return kept.select(np.flatnonzero(np.diff(clean.offsets) > 0))


def best_time(work: Callable[[], object], runs: int) -> tuple[float, list[float]]:
    times = []
    for _ in range(runs):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times), times


def ours(library: Library, queries: Spectra, runs: int) -> Iterator[Row]:
    for method in METHODS:
        scorer = score_options(method, {"tolerance": f"{TOLERANCE} Da"}).resolve("MS/MS")
        search(queries[:64], library, method=method)  # compiles, prepares and builds
        build, _ = best_time(lambda scorer=scorer: PostingIndex(library, scorer), 2)  # type: ignore[misc]
        yield {"work": "index build", "method": method, "engine": "nps_spectra", "seconds": build}
        for gate in (None, "20 ppm"):
            search(queries[:64], library, method=method, precursor_tolerance=gate)
            seconds, times = best_time(
                lambda method=method, gate=gate: search(queries, library, method=method, precursor_tolerance=gate),  # type: ignore[misc]
                runs,
            )
            yield row("gated 20 ppm" if gate else "open", method, "nps_spectra, top 10", len(queries), seconds, times)


def row(work: str, method: str, engine: str, queries: int, seconds: float, times: list[float]) -> Row:
    return {
        "work": work,
        "method": method,
        "engine": engine,
        "queries": queries,
        "queries_per_second": queries / seconds,
        "all_queries_per_second": sorted(queries / one for one in times),
    }


def entropy_peer(spectra: Spectra, queries: Spectra, runs: int) -> Iterator[Row]:
    from ms_entropy import FlashEntropySearch

    listed = [
        {"precursor_mz": one.precursor_mz, "peaks": np.column_stack([one.mz, one.intensity]).astype(np.float32)}
        for one in spectra
    ]
    engine = FlashEntropySearch(max_ms2_tolerance_in_da=0.024)
    start = time.process_time()
    engine.build_index(
        listed, max_indexed_mz=2000, precursor_ions_removal_da=None, noise_threshold=0.01, min_ms2_difference_in_da=0.05
    )
    yield {
        "work": "index build",
        "method": "all of its searches",
        "engine": "ms_entropy",
        "seconds": time.process_time() - start,
    }
    asked = [
        (
            float(one.precursor_mz or 0.0),
            engine.clean_spectrum_for_search(
                one.precursor_mz, np.column_stack([one.mz, one.intensity]), precursor_ions_removal_da=None
            ),
        )
        for one in queries
    ]
    searches: dict[tuple[str, str], Callable[[float, Any], Any]] = {
        ("open", "entropy"): lambda mz, peaks: engine.open_search(peaks, TOLERANCE),
        ("open, top 10", "entropy"): lambda mz, peaks: engine.get_topn_matches(
            engine.open_search(peaks, TOLERANCE), topn=10, min_similarity=0.0
        ),
        ("gated 20 ppm", "entropy"): lambda mz, peaks: engine.identity_search(mz, peaks, mz * PPM, TOLERANCE),
        ("open", "neutral_loss"): lambda mz, peaks: engine.neutral_loss_search(mz, peaks, TOLERANCE),
        ("open", "hybrid entropy"): lambda mz, peaks: engine.hybrid_search(mz, peaks, TOLERANCE),
    }
    for (work, method), run in searches.items():
        run(*asked[0])
        seconds, times = best_time(lambda run=run: [run(*one) for one in asked], runs)  # type: ignore[misc]
        yield row(work, method, "ms_entropy", len(asked), seconds, times)


def matchms_peer(spectra: Spectra, queries: Spectra) -> Iterator[Row]:
    from matchms.similarity import FlashSimilarity

    references, asked = spectra.to_matchms(), queries.to_matchms()
    for method, score, mode in (("weighted_cosine", "cosine", "fragment"), ("entropy", "spectral_entropy", "fragment")):
        engine = FlashSimilarity(score_type=score, matching_mode=mode, tolerance=TOLERANCE)
        engine.matrix(references[:100], asked[:2], n_jobs=1)
        build, _ = best_time(lambda engine=engine: engine.matrix(references, asked[:1], n_jobs=1), 1)  # type: ignore[misc]
        whole, _ = best_time(lambda engine=engine: engine.matrix(references, asked, n_jobs=1), 1)  # type: ignore[misc]
        yield {"work": "index build", "method": method, "engine": "matchms FlashSimilarity", "seconds": build}
        seconds = whole - build
        yield row("open", method, "matchms FlashSimilarity, no top", len(asked) - 1, seconds, [seconds])


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    here = Path(__file__).resolve().parent.parent
    parser.add_argument(
        "--data", type=Path, default=os.environ.get("NPS_SPECTRA_DATA", here.parent / "shared" / "data")
    )
    parser.add_argument("--out", type=Path)
    parser.add_argument("--queries", type=int, default=2000)
    parser.add_argument("--peer-queries", type=int, default=300)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    there = Path(options.data).is_dir()
    spectra = cleaned(measured(options.data) if there else generated())
    library = Library(spectra, name="peers")
    drawn = np.random.default_rng(0).permutation(len(spectra))[: options.queries]
    queries = spectra.select(drawn)
    few = spectra.select(drawn[: options.peer_queries])
    rows = list(ours(library, queries, options.runs))
    for peer in (
        lambda: entropy_peer(spectra, few, max(1, options.runs // 2)),
        lambda: matchms_peer(spectra, spectra.select(drawn[:50])),
    ):
        try:
            rows += peer()
        except ImportError as error:
            print(f"left out: {error}", file=sys.stderr)
    result = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.platform()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("nps_spectra", "numpy", "numba")},
        "data": "MassBank 2025.05.1" if there else "generated",
        "spectra": len(spectra),
        "peaks": len(spectra.mz),
        "rows": rows,
    }
    print(f"{result['data']}: {len(spectra)} spectra, {len(spectra.mz)} peaks\n")
    print("| work | method | engine | queries/s | min-max |\n|---|---|---|---:|---:|")
    for one in rows:
        if "seconds" in one:
            print(f"| {one['work']} | {one['method']} | {one['engine']} | {one['seconds']:.2f} s | |")
        else:
            low, high = one["all_queries_per_second"][0], one["all_queries_per_second"][-1]
            speed = f"{one['queries_per_second']:,.0f} | {low:,.0f}-{high:,.0f}"
            print(f"| {one['work']} | {one['method']} | {one['engine']} | {speed} |")
    if options.out is not None:
        options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
