"""What ``nps-spectra match`` writes of each query as it comes, kept aside until all of them are there."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, Final, TextIO

from nps_spectra.atomic import replacing
from nps_spectra.cli.interrupting import stop_if_interrupted
from nps_spectra.cli.output import table
from nps_spectra.scoring import printed_match_factor, score_options
from nps_spectra.searching.hits import Hit, QueryResult, csv_head, csv_of, json_head, json_of, json_tail

_CAUTION: Final = (
    "A score is not an identification: isomers and close analogues can score alike, and a substance that the\n"
    "library lacks still gets a best hit. Confirm with reference material and a second technique."
)
#: Bytes of what is printed that are kept in memory; more is kept in a temporary file.
_IN_MEMORY: Final = 2**20


class MatchResults:
    """The results of a run, written query by query.

    Nothing appears in the folder or on stdout before all of them are there: a run that fails or is ended leaves no
    half of them.

    Parameters
    ----------
    library : dict
        What results say of the library.
    as_json : bool
        Print JSON, not a table.

    Attributes
    ----------
    unanswered : int
        Queries that could be compared with nothing.
    """

    def __init__(self, library: dict[str, Any], *, as_json: bool) -> None:
        self._library = library
        self._as_json = as_json
        self._number = 0
        self.unanswered = 0
        self._printed, self._not_compared = _aside(), _aside()
        self._csv: list[IO[str]] = []
        self._json: list[IO[str]] = [self._printed] if as_json else []

    def __enter__(self) -> MatchResults:
        return self

    def __exit__(self, *_: object) -> None:
        self._printed.close()
        self._not_compared.close()

    @contextmanager
    def files(self, out: Path | None) -> Iterator[None]:
        """Write ``hits.csv`` and ``hits.json`` too; they appear at the end of the block, unless it raises."""
        with ExitStack() as stack:
            # The last that is entered is the first that appears.
            for name, streams in (("hits.json", self._json), ("hits.csv", self._csv)):
                if out is None:
                    continue
                partial = stack.enter_context(replacing(out / name))
                streams.append(stack.enter_context(partial.open("w", encoding="utf-8", newline="")))
            _write(self._csv, csv_head())
            _write(self._json, json_head(self._library))
            yield
            stop_if_interrupted()

    def add(self, query: QueryResult, hits: Sequence[Hit]) -> None:
        """The next query."""
        if self._csv:
            _write(self._csv, csv_of(hits))
        if self._json:
            _write(self._json, json_of(query, hits, self._number))
        if not self._as_json:
            self._printed.write(_shown(query, hits))
        if query.candidates == 0:
            self.unanswered += 1
            self._not_compared.write(f"NOT COMPARED {query.id}: {query.reason}\n")
        self._number += 1

    def end(self, rejects: Sequence[dict[str, Any]]) -> None:
        """After the last query."""
        _write(self._json, json_tail(rejects))
        if not self._as_json:
            notice = self._library["notice"]
            self._printed.write((f"\nNOTICE: {notice}\n" if notice else "") + f"\n{_CAUTION}\n")

    def show(self) -> None:
        """Print the results on stdout."""
        _copy(self._printed, sys.stdout)

    def show_not_compared(self) -> None:
        """Name the queries that could be compared with nothing, on stderr."""
        _copy(self._not_compared, sys.stderr)


def _aside() -> IO[str]:
    # Names may hold what UTF-8 cannot; what a console cannot show is settled where it is printed.
    return tempfile.SpooledTemporaryFile(_IN_MEMORY, "w+", encoding="utf-8", errors="surrogatepass", newline="")


def _copy(text: IO[str], stream: TextIO) -> None:
    text.seek(0)
    shutil.copyfileobj(text, stream, _IN_MEMORY)


def _write(streams: Sequence[IO[str]], text: str) -> None:
    for stream in streams:
        stream.write(text)


def _shown(query: QueryResult, hits: Sequence[Hit]) -> str:
    head = f"\n{query.name or 'unnamed'}  ({query.id})  {query.method}, {query.candidates} library spectra\n"
    if not hits:
        return f"{head}  no hit: {query.reason}\n"
    rows = [
        (
            str(hit.rank),
            _score(hit.score, query),
            _score(hit.reverse_score, query),
            str(hit.matched_peaks),
            f"{100 * hit.query_explained:.0f} %",
            hit.name or "unnamed",
            hit.formula or "",
        )
        for hit in hits
    ]
    header = ("rank", "score", "reverse", "peaks", "explained", "substance", "formula")
    return f"{head}{table(header, rows, (0, 1, 2, 3, 4))}\n"


def _score(value: float, query: QueryResult) -> str:
    if score_options(query.method, {}).resolve(query.technique).scale > 1:
        return str(printed_match_factor(value))
    return f"{value:.3f}"
