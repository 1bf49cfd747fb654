"""Hits from rows: all spectra of a substance with their scores, and what there is to say of the best."""

from __future__ import annotations

import numpy as np

from nps_spectra.library import Library
from nps_spectra.scorers import Int, Prepared, Scorer
from nps_spectra.searching.hits import Hit, SpectrumScore

_NAMES = ("name", "inchikey", "formula", "cas", "accession", "contributor", "licence")


def rows_of_substances(library: Library, substances: Int) -> Int:
    """Library rows of each of these different substances, one after the other."""
    of_row = library.substances.of_row
    order: Int = library.kept("rows by substance", lambda: np.argsort(of_row, kind="stable"))
    starts: Int = library.kept(
        "starts by substance", lambda: np.searchsorted(of_row[order], np.arange(len(library.substances) + 1))
    )
    return np.concatenate([order[starts[one] : starts[one + 1]] for one in substances.tolist()])


def hits_of(library: Library, scorer: Scorer, query: Prepared, row: int, query_id: str, rows: Int) -> tuple[Hit, ...]:
    """Hits of one query, given all rows of the substances to list that it is compared with."""
    prepared = library.prepared(scorer)
    scores = scorer.score(query, row, prepared, rows)
    some = np.flatnonzero((scores.matched > 0) & (scores.score > 0))
    # The written order of ties: score, then matched peaks, then library id.
    order = some[np.lexsort((rows[some], -scores.matched[some], -scores.score[some]))]
    spectra: dict[int, list[SpectrumScore]] = {}
    for at, substance in zip(order.tolist(), library.substances.of_row[rows[order]].tolist(), strict=True):
        one = SpectrumScore(int(rows[at]), float(scores.score[at]), int(scores.matched[at]))
        spectra.setdefault(substance, []).append(one)
    return tuple(
        _hit(library, prepared, scorer, query, row, query_id, rank, tuple(same))
        for rank, same in enumerate(spectra.values(), start=1)
    )


def _hit(
    library: Library,
    reference: Prepared,
    scorer: Scorer,
    query: Prepared,
    query_row: int,
    query_id: str,
    rank: int,
    spectra: tuple[SpectrumScore, ...],
) -> Hit:
    best = spectra[0]
    row = best.library_id
    mz, intensity = query.clean.peaks(query_row)
    other_intensity = reference.clean.peaks(row)[1]
    pairs = scorer.pairs(query, query_row, reference, row)
    mine, theirs = np.unique(pairs.query), np.unique(pairs.library)
    moved = np.setdiff1d(mine, pairs.query[~pairs.shifted])
    alone = np.ones(len(mz), dtype=bool)
    alone[mine] = False
    largest = int(np.argmax(np.where(alone, intensity, -1.0)))
    reverse = scorer.reverse(query, query_row, reference, np.array([row], dtype=np.int64))
    difference = float(query.masses[query_row] - reference.masses[row])
    base, other_base = int(np.argmax(intensity)), int(np.argmax(other_intensity))
    return Hit(
        query_id=query_id,
        rank=rank,
        score=best.score,
        reverse_score=float(reverse.score[0]),
        matched_peaks=best.matched_peaks,
        query_explained=float(intensity[mine].sum() / intensity.sum()),
        library_explained=float(other_intensity[theirs].sum() / other_intensity.sum()),
        shifted_peaks=len(moved),
        shifted_explained=float(intensity[moved].sum() / intensity.sum()),
        base_peak_agrees=bool(((pairs.query == base) & (pairs.library == other_base)).any()),
        unexplained_mz=float(mz[largest]) if alone.any() else None,
        unexplained_intensity=float(intensity[largest] / intensity[base]) if alone.any() else None,
        mass_difference=None if np.isnan(difference) else difference,
        library_id=row,
        library=library.name,
        library_digest=library.digest,
        method=scorer.method,
        spectra=spectra,
        **{field: library.spectra.texts(field)[row] for field in _NAMES},
    )
