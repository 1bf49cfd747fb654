"""How the time of a query grows with the library: parts of the measured one, then all of it many times with noise."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from nps_spectra import Library, Spectra, search
from nps_spectra.scoring import score_options
from speed import goals
from speed.data import drawn, grown
from speed.goals import Figure
from speed.other_programs import Matchms, MsEntropy, products
from speed.timing import affordable, alternating, cpu_seconds

if TYPE_CHECKING:
    from speed.command import Run

_MSMS = {
    "open, cosine": ("weighted_cosine", None),
    "open, entropy": ("entropy", None),
    "open, modified cosine": ("modified_cosine", None),
    "20 ppm, entropy": ("entropy", "20 ppm"),
}
_EI = {"EI weighted_cosine": "weighted_cosine", "EI nist_identity": "nist_identity"}
_FROM = 10_000


def figures(run: Run) -> Iterator[Figure]:
    """Exponents of the growth from 10,000 spectra on, as a straight line through the logarithms has them."""
    times: dict[str, list[tuple[int, float]]] = {}
    for size in _sizes(len(run.data.msms), run.largest, run.quick):
        for name, one in _msms(run, size):
            times.setdefault(name, []).append((size, one))
            run.note_times("MS/MS growth", size, {name: [one]})
    for size in _sizes(len(run.data.ei), min(run.largest, 400_000), run.quick):
        for name, one in _ei(run, size):
            times.setdefault(name, []).append((size, one))
            run.note_times("EI growth", size, {name: [one]})
    for name, points in times.items():
        large = [(math.log(size), math.log(one)) for size, one in points if size >= _FROM]
        if len(large) > 1:
            note = f"to {max(size for size, _ in points):,} spectra"
            yield Figure(goals.GROWTH, f"exponent from 10,000 spectra: {name}", [_slope(large)], note)


def _sizes(whole: int, largest: int, quick: bool) -> list[int]:
    """A thousand, ten thousand, the library itself, and larger ones."""
    sizes = [size for size in (1_000, 10_000) if size < whole] + [whole]
    if not quick:
        sizes += [size for size in (100_000, 250_000, 400_000, 1_000_000, 4_000_000) if 2 * whole < size <= largest]
    return sizes


def _msms(run: Run, size: int) -> Iterator[tuple[str, float]]:
    library = grown(run.data.msms_library, size)
    part = library.spectra[: min(size, len(run.data.msms))]
    queries = part.select(drawn(part, run.queries))
    for name, (method, gate) in _MSMS.items():
        if size > 1_000_000 and method == "modified_cosine":
            continue
        # Of its own for each method: what a library keeps for one goes with it.
        own = Library(library.spectra, name=name, substances=library.substances)
        search_some = partial(_search, own, queries, method, gate)
        count = affordable(search_some, len(queries), run.seconds / 2)
        yield name, min(cpu_seconds(partial(search_some, count)) for _ in range(2)) / count
    if size > len(run.data.msms):
        return
    peer = run.installed("ms_entropy", lambda: MsEntropy(part))
    if peer is not None:
        works = peer.works(queries[:256])
        for name, seconds in alternating({name: works[name] for name in ("open", "open, top 10", "gated")}, 2).items():
            yield f"ms_entropy {name}", min(seconds)
    if not run.quick:
        other = run.installed("matchms", lambda: Matchms(part))
        if other is None:
            return
        for score in ("FlashSimilarity cosine", "FlashSimilarity entropy"):
            yield from ((score, one) for one in other.seconds(score, queries[:100], 1))


def _ei(run: Run, size: int) -> Iterator[tuple[str, float]]:
    library = grown(run.data.ei_library, size)
    part = library.spectra[: min(size, len(run.data.ei))]
    queries = part.select(drawn(part, 500))
    for name, method in _EI.items():
        search_some = partial(_search, library, queries, method, None)
        count = affordable(search_some, len(queries), run.seconds / 2)
        yield name, min(cpu_seconds(partial(search_some, count)) for _ in range(2)) / count
    prepared = library.prepared(score_options("weighted_cosine", {}).resolve("EI"))
    asked = drawn(part, 500 if size < 100_000 else 100)
    works = run.installed("scipy", lambda: products(prepared, asked))
    if works is None:
        return
    for name in ("SciPy CSR x dense, no top-k", "dense GEMM, top 10"):
        yield name, min(cpu_seconds(works[name].run) for _ in range(3)) / works[name].queries


def _search(library: Library, queries: Spectra, method: str, gate: str | None, count: int) -> object:
    return search(queries[:count], library, method=method, precursor_tolerance=gate)


def _slope(points: list[tuple[float, float]]) -> float:
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)
