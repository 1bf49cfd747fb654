"""Which index finds the best spectra for a scorer."""

from __future__ import annotations

from typing import Final

from nps_spectra.library import Library
from nps_spectra.scorers import Scorer
from nps_spectra.searching.candidates import Index, PostingIndex
from nps_spectra.searching.ei_index import EiIndex
from nps_spectra.searching.gates import Gates

#: Queries from which building an index takes less time than scoring every spectrum.
FEW_QUERIES: Final = 32
#: Substances up to which a list of the best is kept; asked for more, every spectrum is scored.
MOST_SUBSTANCES: Final = 100


def index_of(library: Library, scorer: Scorer, top: int, queries: int) -> Index | None:
    """The index for a scorer, built once and kept while the library is open; None: every spectrum is to be scored.

    For a few queries an index is not built.
    """
    nominal = EiIndex.fits(scorer)
    if top > MOST_SUBSTANCES or not (nominal or PostingIndex.fits(scorer)):
        return None
    key = ("index", scorer)
    if queries < FEW_QUERIES and not library.keeps(key):
        return None

    def built() -> Index:
        if not nominal:
            return PostingIndex(library, scorer)
        gates: Gates = library.kept("gates", lambda: Gates(library))
        return EiIndex(scorer, library.prepared(scorer), library.substances.of_row, gates.ei)

    index: Index = library.kept(key, built)
    return index


def layout_of(index: Index | None, top: int, queries: int) -> dict[str, str]:
    """How a library is searched with what `index_of` gave, and why, for the record of a run."""
    if index is not None:
        kept = "an index was kept from an earlier search"
        pays = f"an index pays from {FEW_QUERIES} queries on, here are {queries}"
        return {"layout": index.layout, "reason": kept if queries < FEW_QUERIES else pays}
    if top > MOST_SUBSTANCES:
        reason = f"more than {MOST_SUBSTANCES} substances are asked for"
    elif queries < FEW_QUERIES:
        reason = f"for fewer than {FEW_QUERIES} queries an index is not built"
    else:
        reason = "there is no index for this method with these options"
    return {"layout": "every spectrum", "reason": reason}
