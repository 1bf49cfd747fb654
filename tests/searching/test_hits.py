"""Outputs of a search: one list of columns, safe cells, the same bytes every time."""

from __future__ import annotations

import csv
import gc
import io
import json
import weakref
from pathlib import Path

import pytest

from nps_spectra import Hits, Library, Spectra, Spectrum, search
from nps_spectra.searching import COLUMNS

REQUIRED = ("query_id", "rank", "name", "inchikey", "formula", "score", "reverse_score", "matched_peaks", "library_id")


@pytest.fixture
def hits() -> Hits:
    library = Library(
        Spectra.of(
            [
                Spectrum([58, 91], [999, 80], name="=1+1", formula="C10H15N", ionization="EI"),
                Spectrum([58, 92], [999, 70], name="β-keto <b>", ionization="EI"),
            ]
        ),
        name="two",
        notice="indicative <only>",
    )
    return search(Spectrum([58, 91, 92], [999, 80, 5], name="sample", ionization="EI"), library)


def test_the_table_has_the_promised_columns(hits: Hits) -> None:
    pytest.importorskip("pandas")
    table = hits.to_pandas()
    assert list(table.columns) == list(COLUMNS)
    assert set(REQUIRED) <= set(table.columns)
    assert len(table) == len(hits) == 2


def test_csv_holds_what_the_hits_hold(hits: Hits) -> None:
    rows = list(csv.DictReader(io.StringIO(hits.to_csv())))
    assert [float(row["score"]) for row in rows] == [hit.score for hit in hits]
    assert [row["formula"] for row in rows] == ["C10H15N", ""]


def test_a_name_that_is_a_formula_to_a_spreadsheet_is_made_harmless(hits: Hits) -> None:
    rows = list(csv.DictReader(io.StringIO(hits.to_csv())))
    assert rows[0]["name"] == "'=1+1"


def test_json_has_the_promised_shape(hits: Hits, tmp_path: Path) -> None:
    reject = {"file": "a.msp", "record": 1, "line": 1, "reason": "no peaks"}
    found = json.loads(hits.to_json(tmp_path / "hits.json", [reject]))
    assert json.loads((tmp_path / "hits.json").read_text(encoding="utf-8")) == found
    assert {"name", "digest", "spectra", "substances"} <= set(found["library"])
    assert found["rejects"] == [reject]
    (query,) = found["queries"]
    assert {"id", "name", "source", "hits"} <= set(query)
    for hit in query["hits"]:
        assert set(REQUIRED) - {"query_id"} <= set(hit)


def test_json_written_piece_by_piece_is_one_document_with_one_indent(hits: Hits) -> None:
    reject = {"file": "a\nb.msp", "record": None, "line": 1, "reason": 'a "quoted" \n line'}
    text = hits.to_json(rejects=[reject])
    assert text == json.dumps(json.loads(text), ensure_ascii=False, indent=1) + "\n"


def test_results_can_be_gone_through_without_keeping_them() -> None:
    spectra = Spectra.of(Spectrum([58, 91 + number], [999, 80], name=str(number)) for number in range(100))
    hits = search(spectra, Library(spectra, name="itself"), top=3)
    alive = [weakref.ref(found[0].spectra) for _, found in hits.by_query()]
    gc.collect()
    assert [ref() for ref in alive if ref() is not None] == []
    kept = hits.queries[5].hits
    assert next(found for query, found in hits.by_query() if query is hits.queries[5]) is kept


def test_files_have_unix_line_ends_on_every_system(hits: Hits, tmp_path: Path) -> None:
    hits.to_csv(tmp_path / "hits.csv")
    assert b"\r" not in (tmp_path / "hits.csv").read_bytes()


def test_parquet_reads_back(hits: Hits, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    hits.to_parquet(tmp_path / "hits.parquet")
    assert parquet.read_table(tmp_path / "hits.parquet").column("name").to_pylist() == [hit.name for hit in hits]


def test_the_notebook_view_escapes_what_files_bring(hits: Hits) -> None:
    html = hits._repr_html_()
    assert "<b>" not in html
    assert "indicative &lt;only&gt;" in html


def test_scores_are_not_rounded(hits: Hits) -> None:
    row = next(csv.DictReader(io.StringIO(hits.to_csv())))
    assert float(row["score"]) == hits[0].score
    assert hits[0].score != round(hits[0].score, 3)
