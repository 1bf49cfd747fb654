"""How the time and memory of a search grow with the library: parts of the measured one, then it and `speed.larger`.

Every method is measured in a process of its own, on a library file that is opened as a memory map: memory is all that
the process takes from before the file is opened, mapped pages included, at its highest.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from nps_spectra import Library, Spectra
from nps_spectra.scoring import score_options
from speed import goals
from speed.data import drawn
from speed.goals import Figure
from speed.other_programs import Matchms, MsEntropy, products
from speed.timing import alternating, cpu_seconds
from speed.worker import measured

if TYPE_CHECKING:
    from speed.command import Run

_WORKS = {
    "MS/MS": {
        "open, cosine": ("weighted_cosine", ""),
        "open, entropy": ("entropy", ""),
        "open, modified cosine": ("modified_cosine", ""),
        "20 ppm, entropy": ("entropy", "20 ppm"),
    },
    "EI": {"EI weighted_cosine": ("weighted_cosine", ""), "EI nist_identity": ("nist_identity", "")},
}
#: Queries of a search: a whole batch, as with fewer what is done once a batch counts too much; of EI, what time allows.
_QUERIES = {"MS/MS": 1024, "EI": 256}
#: EI spectra have four times the peaks: larger libraries would not fit the memory of small machines.
_LARGEST_EI = 1_000_000
#: Beyond this the peers' arrays would not.
_LARGEST_PRODUCT = 400_000
_FROM = 10_000


def figures(run: Run) -> Iterator[Figure]:
    """Exponents of the growth from 10,000 spectra on, as a straight line through the logarithms has them."""
    for kind, own, largest in (
        ("MS/MS", run.data.msms, run.largest),
        ("EI", run.data.ei, min(run.largest, _LARGEST_EI)),
    ):
        times: dict[str, list[tuple[int, float]]] = {}
        memory: dict[str, tuple[float, str]] = {}
        for size in _sizes(len(own), largest, run.quick):
            file = run.library_of(kind, size)
            for name, (method, gate) in _WORKS[kind].items():
                queries = str(min(run.queries, _QUERIES[kind]))
                found = measured("growing", file, method, gate, str(len(own)), queries)
                run.note_times(f"{kind} growth", size, {name: [found["seconds"]]}, found)
                times.setdefault(name, []).append((size, found["seconds"]))
                if size >= _FROM:
                    note = f"{size:,} spectra, file of {found['file_mib']:,.0f} MiB"
                    memory[name] = found["memory_mib"] / found["file_mib"], note
            opened = Library.open(file).spectra
            peers = _msms_peers(run, opened) if kind == "MS/MS" else _ei_peers(run, Library.open(file))
            if size <= (len(own) if kind == "MS/MS" else _LARGEST_PRODUCT):
                for name, seconds in peers:
                    run.note_times(f"{kind} growth", size, {name: [seconds]})
                    times.setdefault(name, []).append((size, seconds))
            if size > len(own):
                file.unlink()  # gigabytes
        for name, points in times.items():
            large = [(math.log(size), math.log(one)) for size, one in points if size >= _FROM]
            if len(large) > 1:
                note = f"to {max(size for size, _ in points):,} spectra"
                yield Figure(goals.GROWTH, f"exponent from 10,000 spectra: {name}", [_slope(large)], note)
        for name, (share, note) in memory.items():
            yield Figure(goals.GROWTH, f"memory / file: {name}", [share], note)


def _sizes(whole: int, largest: int, quick: bool) -> list[int]:
    """A thousand, ten thousand, the library itself, and larger ones."""
    sizes = [size for size in (1_000, 10_000) if size < whole] + [whole]
    if not quick:
        sizes += [size for size in (100_000, 250_000, 1_000_000, 4_000_000) if 2 * whole < size <= largest]
    return sizes


def _msms_peers(run: Run, part: Spectra) -> Iterator[tuple[str, float]]:
    queries = part.select(drawn(part, run.queries))
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


def _ei_peers(run: Run, library: Library) -> Iterator[tuple[str, float]]:
    prepared = library.prepared(score_options("weighted_cosine", {}).resolve("EI"))
    asked = drawn(library.spectra, 500 if len(library) < 100_000 else 100, among=len(run.data.ei))
    works = run.installed("scipy", lambda: products(prepared, asked))
    if works is None:
        return
    for name in ("SciPy CSR x dense, no top-k", "dense GEMM, top 10"):
        yield name, min(cpu_seconds(works[name].run) for _ in range(3)) / works[name].queries


def _slope(points: list[tuple[float, float]]) -> float:
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)
