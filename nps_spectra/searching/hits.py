"""Results of a search; every output is made from the one list of columns of `Hit`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, overload

from nps_spectra.atomic import write_text
from nps_spectra.errors import MissingDependencyError
from nps_spectra.scorers import Technique
from nps_spectra.tables import csv_lines, data_frame

if TYPE_CHECKING:
    import pandas

    from nps_spectra.searching.answers import Results


@dataclass(frozen=True, slots=True)
class SpectrumScore:
    """Score of one library spectrum of a substance."""

    library_id: int
    score: float
    matched_peaks: int


class SubstanceSpectra(Sequence[SpectrumScore]):
    """The spectra of one substance, scored when they are asked for; it equals a sequence of the same scores."""

    def __init__(self, score: Callable[[], tuple[SpectrumScore, ...]]) -> None:
        self._score = score

    @cached_property
    def _all(self) -> tuple[SpectrumScore, ...]:
        return self._score()

    def __len__(self) -> int:
        return len(self._all)

    @overload
    def __getitem__(self, index: int) -> SpectrumScore: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[SpectrumScore, ...]: ...
    def __getitem__(self, index: int | slice) -> SpectrumScore | tuple[SpectrumScore, ...]:
        return self._all[index]

    def __iter__(self) -> Iterator[SpectrumScore]:
        return iter(self._all)

    def __eq__(self, other: object) -> bool:
        return self._all == tuple(other) if isinstance(other, Sequence) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._all)

    def __repr__(self) -> str:
        return repr(self._all)


@dataclass(frozen=True, slots=True)
class Hit:
    """One substance of the library, by its best spectrum.

    Attributes
    ----------
    query_id : str
    rank : int
        From 1; equal scores are ordered by matched peaks, then by library id.
    name, inchikey, formula, cas : str or None
        Of the best spectrum.
    score, reverse_score : float
        On the scale of the method, unrounded. The reverse score leaves out query peaks that the library
        spectrum lacks; a reverse score far above the score is the sign of a mixture.
    matched_peaks : int
    query_explained, library_explained : float
        Share of the intensity of all clean peaks that is in matched peaks, 0 to 1.
    shifted_peaks : int
        Of the matched query peaks, those that match only shifted by the mass difference: 0 but for
        ``modified_cosine``, ``hybrid`` and ``neutral_loss``.
    shifted_explained : float
        Share of the intensity of all clean query peaks that is in them, 0 to 1; part of `query_explained`.
    base_peak_agrees : bool
        Whether both base peaks match each other.
    unexplained_mz : float or None
        m/z of the largest query peak without a partner.
    unexplained_intensity : float or None
        Its height relative to the query's base peak, 0 to 1.
    mass_difference : float or None
        Precursor m/z of the query less that of the library spectrum, in Th (of EI: whole numbers; of ``hybrid``
        for EI: nominal molecular masses, in Da); None if one is not known.
    library_id : int
        Row of the best spectrum: ``library[library_id]``.
    accession, contributor, licence : str or None
        Of the best spectrum.
    library, library_digest : str
    method : str
    spectra : sequence of SpectrumScore
        All spectra of this substance that share a peak with the query, best first.
    """

    query_id: str
    rank: int
    name: str | None
    inchikey: str | None
    formula: str | None
    cas: str | None
    score: float
    reverse_score: float
    matched_peaks: int
    query_explained: float
    library_explained: float
    shifted_peaks: int
    shifted_explained: float
    base_peak_agrees: bool
    unexplained_mz: float | None
    unexplained_intensity: float | None
    mass_difference: float | None
    library_id: int
    accession: str | None
    contributor: str | None
    licence: str | None
    library: str
    library_digest: str
    method: str
    spectra: Sequence[SpectrumScore] = field(repr=False)


#: Columns of every table of hits.
COLUMNS: Final = tuple(column.name for column in fields(Hit) if column.name != "spectra")
_IN_JSON: Final = (
    "rank",
    "name",
    "inchikey",
    "formula",
    "score",
    "reverse_score",
    "matched_peaks",
    "library_id",
    "cas",
    "query_explained",
    "library_explained",
    "shifted_peaks",
    "shifted_explained",
    "base_peak_agrees",
    "unexplained_mz",
    "unexplained_intensity",
    "mass_difference",
    "accession",
    "contributor",
    "licence",
    "method",
)


@dataclass(frozen=True, eq=False)
class QueryResult:
    """What became of one query.

    Attributes
    ----------
    id : str
    name : str or None
    source : str or None
        File it was read from.
    technique : {"EI", "MS/MS"}
    method : str
    candidates : int
        Library spectra it was compared with.
    reason : str or None
        Why there are no hits.
    hit_count : int
        Number of `hits`, known before they are explained.
    """

    id: str
    name: str | None
    source: str | None
    technique: Technique
    method: str
    candidates: int
    reason: str | None
    hit_count: int
    explain: Callable[[], tuple[Hit, ...]] = field(repr=False)

    @cached_property
    def hits(self) -> tuple[Hit, ...]:
        """The hits, best first; what they say beside their score is computed when they are asked for."""
        return self.explain()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, QueryResult):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in (*_COMPARED, "hits"))

    def __hash__(self) -> int:
        return hash(tuple(getattr(self, name) for name in _COMPARED))


_COMPARED: Final = ("id", "name", "source", "technique", "method", "candidates", "reason", "hit_count")


class Hits(Sequence[Hit]):
    """Hits of all queries, one after the other, best first.

    Attributes
    ----------
    library : dict
        ``name``, ``digest``, ``spectra``, ``substances``, ``notice``.
    """

    def __init__(self, results: Results, library: dict[str, Any], described: Callable[[], dict[str, Any]]) -> None:
        self._results = results
        self.library = library
        self._described = described

    @cached_property
    def options(self) -> dict[str, Any]:
        """What was asked for and what was resolved from it."""
        return self._described()

    @cached_property
    def queries(self) -> tuple[QueryResult, ...]:
        """What became of each query, in the order of the queries; also of those without hits, with the reason."""
        return tuple(self._results)

    @cached_property
    def _all(self) -> tuple[Hit, ...]:
        return tuple(hit for query in self.queries for hit in query.hits)

    def __len__(self) -> int:
        return self._results.hit_count

    def __getitem__(self, index: Any) -> Any:
        return self._all[index]

    def __iter__(self) -> Iterator[Hit]:
        return iter(self._all)

    def __repr__(self) -> str:
        return f"<Hits, {len(self)} hits of {len(self.queries)} queries in {self.library['name']!r}>"

    def to_dicts(self) -> list[dict[str, Any]]:
        """One dict a hit, with the keys of `COLUMNS`."""
        return [{name: getattr(hit, name) for name in COLUMNS} for hit in self]

    def to_pandas(self) -> pandas.DataFrame:
        """A table with the columns of `COLUMNS`, one row a hit.

        Raises
        ------
        MissingDependencyError
            pandas is not installed.
        """
        return data_frame(self.to_dicts(), COLUMNS, "Hits.to_pandas")

    def to_csv(self, path: str | Path | None = None) -> str:
        """Comma-separated text with a header, also written to `path` if given.

        Cells that a spreadsheet program would run as a formula get an apostrophe in front.
        """
        return _written("".join(self.csv_pieces()), path)

    def csv_pieces(self) -> Iterator[str]:
        """What `to_csv` gives, query by query; no hit is kept."""
        yield csv_head()
        for _, hits in self.by_query():
            yield csv_of(hits)

    def to_json(self, path: str | Path | None = None, rejects: Sequence[dict[str, Any]] = ()) -> str:
        """One JSON object with ``library``, ``queries`` (each with its ``hits``) and ``rejects``."""
        return _written("".join(self.json_pieces(rejects)), path)

    def json_pieces(self, rejects: Sequence[dict[str, Any]] = ()) -> Iterator[str]:
        """What `to_json` gives, query by query; no hit is kept."""
        yield json_head(self.library)
        for number, (query, hits) in enumerate(self.by_query()):
            yield json_of(query, hits, number)
        yield json_tail(rejects)

    def by_query(self) -> Iterator[tuple[QueryResult, tuple[Hit, ...]]]:
        """Every query with its hits, which are not kept: for going once through results of any size."""
        for query in self.queries:
            yield query, vars(query)["hits"] if "hits" in vars(query) else query.explain()

    def to_parquet(self, path: str | Path) -> None:
        """Write a Parquet file with the columns of `COLUMNS`.

        Raises
        ------
        MissingDependencyError
            pyarrow is not installed.
        """
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError as error:
            raise MissingDependencyError("Hits.to_parquet needs pyarrow: pip install pyarrow") from error
        rows = self.to_dicts()
        table = pyarrow.table({name: [row[name] for row in rows] for name in COLUMNS})
        pyarrow.parquet.write_table(table, path)

    def _repr_html_(self) -> str:
        shown = ("query_id", "rank", "name", "formula", "score", "reverse_score", "matched_peaks", "library_id")
        head = "".join(f"<th>{name}</th>" for name in shown)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(shown_value(getattr(hit, name)))}</td>" for name in shown) + "</tr>"
            for hit in self
        )
        notice = self.library.get("notice")
        caption = f"<caption>{escape(notice)}</caption>" if notice else ""
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def csv_head() -> str:
    """The header of the CSV of `Hits`."""
    return csv_lines([COLUMNS])


def csv_of(hits: Sequence[Hit]) -> str:
    """The hits of one query in the CSV of `Hits`."""
    return csv_lines([getattr(hit, name) for name in COLUMNS] for hit in hits)


def json_head(library: dict[str, Any]) -> str:
    """How the JSON of `Hits` begins."""
    return f'{{\n "library": {_indented(library, 1)},\n "queries": ['


def json_of(query: QueryResult, hits: Sequence[Hit], number: int) -> str:
    """One query in the JSON of `Hits`, counted from 0."""
    return f"{',' if number else ''}\n  {_indented(_as_dict(query, hits), 2)}"


def json_tail(rejects: Sequence[dict[str, Any]]) -> str:
    """How the JSON of `Hits` ends."""
    return f'\n ],\n "rejects": {_indented(list(rejects), 1)}\n}}\n'


def shown_value(value: Any) -> str:
    """A value for people: empty for missing, three decimals for numbers."""
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _as_dict(query: QueryResult, hits: Sequence[Hit]) -> dict[str, Any]:
    return {
        "id": query.id,
        "name": query.name,
        "source": query.source,
        "technique": query.technique,
        "method": query.method,
        "candidates": query.candidates,
        "reason": query.reason,
        "hits": [
            {name: getattr(hit, name) for name in _IN_JSON} | {"spectra": [asdict(one) for one in hit.spectra]}
            for hit in hits
        ],
    }


def _indented(value: Any, spaces: int) -> str:
    """JSON as it stands so deep inside a document; line ends inside its texts are escaped."""
    return json.dumps(value, ensure_ascii=False, indent=1).replace("\n", f"\n{' ' * spaces}")


def _written(text: str, path: str | Path | None) -> str:
    if path is not None:
        write_text(Path(path), text)
    return text
