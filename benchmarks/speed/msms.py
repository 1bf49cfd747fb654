"""MS/MS search: open, behind a gate, with shifted peaks; what an index costs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from nps_spectra import Library, Spectra, search
from speed import goals
from speed.data import drawn
from speed.goals import Figure
from speed.other_programs import MsEntropy
from speed.timing import Work, alternating, times_faster

if TYPE_CHECKING:
    from speed.command import Run

#: Method of ours, gate, and the search of ms_entropy that does the same kind of work.
SEARCHES = {
    goals.OPEN_COSINE: ("weighted_cosine", None, "open"),
    goals.OPEN_ENTROPY: ("entropy", None, "open"),
    goals.GATED_ENTROPY: ("entropy", "20 ppm", "gated"),
    goals.GATED_COSINE: ("weighted_cosine", "20 ppm", "gated"),
    goals.MODIFIED: ("modified_cosine", None, "hybrid"),
    goals.HYBRID: ("hybrid", None, "hybrid"),
    goals.LOSS: ("neutral_loss", None, "neutral loss"),
}
#: Scores of matchms for the same work, with the queries that each can be given in the time there is.
_MATCHMS = {
    goals.OPEN_COSINE: {"FlashSimilarity cosine": 50, "BlinkCosine": 1000, "CosineGreedy": 2},
    goals.OPEN_ENTROPY: {"FlashSimilarity entropy": 100},
    goals.GATED_ENTROPY: {"FlashSimilarity entropy, 20 ppm": 100},
    goals.MODIFIED: {"FlashSimilarity modified cosine": 60, "ModifiedCosineGreedy": 1},
}


def figures(run: Run) -> Iterator[Figure]:
    """All MS/MS works: ours and ms_entropy's in turns, then matchms'."""
    spectra, library = run.data.msms, run.data.msms_library
    rows = drawn(spectra, run.queries)
    same = spectra.select(rows[: run.peer_queries])
    works: dict[str, Work] = {}
    for name, (method, gate, _) in SEARCHES.items():
        _search(library, same, method, gate)  # compiles, prepares and makes the index
        works[name] = Work(partial(_search, library, same, method, gate), len(same))
    peer = run.installed("ms_entropy", lambda: MsEntropy(spectra))
    if peer is not None:
        works |= {f"ms_entropy {name}": work for name, work in peer.works(same).items()}
        yield Figure(goals.INDEX, "s, ms_entropy", [peer.build_seconds], "cleaning included, all its searches")
    gated = spectra.select(rows)
    for name in (goals.GATED_ENTROPY, goals.GATED_COSINE):
        works[f"all, {name}"] = Work(partial(_search, library, gated, *SEARCHES[name][:2]), len(gated))
    times = alternating(works, run.rounds)
    run.note_times("MS/MS", len(spectra), times)
    for name, (_, _, theirs) in SEARCHES.items():
        own = times[name]
        many = f"all, {name}" if f"all, {name}" in works else name
        yield Figure(name, goals.RATE, [1 / one for one in times[many]], f"{works[many].queries:,} queries")
        if peer is None:
            continue
        other = times[f"ms_entropy {theirs}"]
        yield Figure(name, goals.OVER_ENTROPY, times_faster(own, other), f"its {theirs} search")
        yield Figure(name, "queries/s, ms_entropy", [1 / one for one in other], f"its {theirs} search")
        if theirs == "open":
            other = times["ms_entropy open, top 10"]
            yield Figure(name, goals.OVER_ENTROPY_TOP, times_faster(own, other))
            yield Figure(name, "queries/s, ms_entropy, with its top 10", [1 / one for one in other])
    yield from _matchms(run, spectra, times)
    yield _read(run, library, same)


def _search(library: Library, queries: Spectra, method: str, gate: str | None) -> object:
    return search(queries, library, method=method, precursor_tolerance=gate)


def _matchms(run: Run, spectra: Spectra, times: dict[str, list[float]]) -> Iterator[Figure]:
    from speed.other_programs import Matchms

    peer = run.installed("matchms", lambda: Matchms(spectra))
    if peer is None:
        return
    yield Figure(goals.INDEX, "s, objects of matchms", [peer.seconds_of_objects], "before any score")
    for name, scores in _MATCHMS.items():
        for score, count in scores.items():
            if run.quick and not score.endswith(("Similarity cosine", "Similarity entropy")):
                continue
            theirs = peer.seconds(score, spectra.select(drawn(spectra, count)), 1 if "Greedy" in score else 2)
            if not theirs:
                continue
            run.note_times("MS/MS", len(spectra), {score: theirs})
            own = times[name]
            middle = sorted(own)[len(own) // 2]
            yield Figure(name, f"x {score}", [one / middle for one in theirs], "no top-k")
            yield Figure(name, f"queries/s, {score}", [1 / one for one in theirs])


def _read(run: Run, library: Library, queries: Spectra) -> Figure:
    """What it takes to read all that is said of all hits, which a search leaves until it is asked for."""
    few = queries[: min(len(queries), 50)]
    search(few, library, method="entropy").to_dicts()
    work = Work(lambda: search(few, library, method="entropy").to_dicts(), len(few))
    times = alternating({"read": work}, run.rounds)["read"]
    return Figure(goals.OPEN_ENTROPY, "queries/s, every field of every hit read", [1 / one for one in times])
