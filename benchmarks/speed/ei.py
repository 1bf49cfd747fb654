"""EI search: batches, one query at a time, and libraries of many spectra."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from nps_spectra import Library, Spectra, search
from nps_spectra.scoring import score_options
from nps_spectra.shifted import molecular_masses
from speed import goals
from speed.data import drawn
from speed.goals import Figure
from speed.timing import Work, affordable, alternating, cpu_seconds, times_faster

if TYPE_CHECKING:
    from speed.command import Run

#: Queries of a batch, as many as the peers' products take at a time.
BATCH = 500
_LARGE = 400_000


def figures(run: Run) -> Iterator[Figure]:
    """Batches of three methods beside products of matrices."""
    spectra, library = run.data.ei, run.data.ei_library
    rows = drawn(spectra, BATCH)
    massed = np.flatnonzero(~np.isnan(molecular_masses(spectra)))
    massed = massed[drawn(spectra.select(massed), BATCH)]
    asked = {
        goals.EI_COSINE: ("weighted_cosine", rows),
        goals.EI_IDENTITY: ("nist_identity", rows),
        goals.EI_HYBRID: ("hybrid", massed),
    }
    works: dict[str, Work] = {}
    for name, (method, chosen) in asked.items():
        if len(chosen) == 0:
            continue
        search_some = partial(_search, library, spectra.select(chosen), method)
        count = affordable(search_some, len(chosen), run.seconds)
        works[name] = Work(partial(search_some, count), count)
    prepared = library.prepared(score_options("weighted_cosine", {}).resolve("EI"))
    from speed.other_programs import products

    works |= run.installed("scipy", lambda: products(prepared, rows)) or {}
    times = alternating(works, run.rounds)
    run.note_times("EI", len(spectra), times)
    for name in asked:
        if name in works:
            yield Figure(name, goals.RATE, [1 / one for one in times[name]], f"{works[name].queries} queries")
    for name in set(works) - set(asked):
        if "one query" not in name:
            yield Figure(goals.EI_COSINE, f"x {name}", times_faster(times[goals.EI_COSINE], times[name]))
            yield Figure(goals.EI_COSINE, f"queries/s, {name}", [1 / one for one in times[name]])
        else:
            yield Figure(goals.EI_ONE, f"ms, {name}", [1e3 * one for one in times[name]])
    yield from _matchms(run, spectra, times[goals.EI_COSINE])


def _search(library: Library, queries: Spectra, method: str, count: int) -> object:
    return search(queries[:count], library, method=method, ionization="EI")


def _matchms(run: Run, spectra: Spectra, own: list[float]) -> Iterator[Figure]:
    from speed.other_programs import Matchms

    if run.quick:
        return
    peer = run.installed("matchms", lambda: Matchms(spectra))
    if peer is None:
        return
    theirs = peer.seconds("FlashSimilarity cosine", spectra.select(drawn(spectra, 30)), 2, 0.4)
    if not theirs:
        return
    run.note_times("EI", len(spectra), {"FlashSimilarity cosine": theirs})
    middle = sorted(own)[len(own) // 2]
    yield Figure(goals.EI_COSINE, "x FlashSimilarity cosine", [one / middle for one in theirs], "0.4 Da, no top-k")
    yield Figure(goals.EI_COSINE, "queries/s, FlashSimilarity cosine", [1 / one for one in theirs])


def latency(run: Run) -> Iterator[Figure]:
    """One query a call, from the spectrum to the list of the best; an index that batches left is there."""
    library = run.data.ei_library
    yield from _one(run, library, "")
    if not run.quick:
        large = Library.open(run.library_of("EI", min(_LARGE, run.largest)))
        yield from _one(run, large, ", 400,000 spectra")


def _one(run: Run, library: Library, size: str) -> Iterator[Figure]:
    spectra = run.data.ei
    for work, method in ((goals.EI_ONE, "weighted_cosine"), (goals.EI_ONE_IDENTITY, "nist_identity")):
        queries = spectra.select(drawn(spectra, 64))
        search(queries, library, method=method, ionization="EI")
        singles = [queries[row : row + 1] for row in range(len(queries))]
        times: list[float] = []
        for one in singles:
            times.append(cpu_seconds(partial(search, one, library, method=method, ionization="EI")))
            if sum(times) > 2 * run.seconds:
                break
        note = f"{len(library):,} spectra, {len(times)} calls"
        yield Figure(work, f"ms{size}", [1e3 * one for one in times], note)
        run.note_times("EI", len(library), {f"one query, {method}": times})
