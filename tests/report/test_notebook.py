"""What a notebook shows when the last line of a cell is a value of this package."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from figures import crowded
from hypothesis import strategies as st
from peaks import properties

from nps_spectra import Library, Spectra, Spectrum, read_spectra, search, spectrum_svg
from nps_spectra.library.starter import starter_library


def parsed(html: str | None) -> ElementTree.Element:
    """HTML that is XML too, but for being several elements side by side."""
    return ElementTree.fromstring(f"<div>{html}</div>")


@pytest.mark.parametrize("peaks", [0, 1, 2, 500])
def test_a_spectrum_is_drawn(peaks: int) -> None:
    spectrum = crowded(peaks)
    assert spectrum._repr_html_() == spectrum_svg(spectrum)


@pytest.mark.parametrize(
    ("number", "rows", "more"), [(0, 0, None), (1, 1, None), (20, 20, None), (500, 20, "and 480 more")]
)
def test_spectra_are_a_table_that_counts_what_it_leaves_out(number: int, rows: int, more: str | None) -> None:
    root = parsed(Spectra.of([Spectrum([58], [1], name=f"no. {at}") for at in range(number)])._repr_html_())
    assert len(root.findall("table/tbody/tr")) == rows
    assert root.findtext("p") == more
    assert (root.findtext("table/caption") or "").startswith(f"{number} spectr")


def test_a_table_says_where_spectra_were_read(root: Path) -> None:
    file = root / "examples" / "seizure_batch" / "02_tablet.msp"
    (row,) = parsed(read_spectra(file)._repr_html_()).findall("table/tbody/tr")
    assert [cell.text for cell in row][1:] == [
        "tablet (simulated)", None, "EI", None, "25", "194", str(file), "1",
    ]  # fmt: skip


def test_a_library_names_itself_and_what_users_have_to_know() -> None:
    library = starter_library()
    caption = parsed(library._repr_html_()).findtext("table/caption") or ""
    assert caption.startswith(f"Library {library.name}: {len(library)} spectra of {len(library.substances)} substances")
    assert "NOT reference data" in caption


def test_the_digest_of_a_library_is_shown_where_it_is_known(tmp_path: Path) -> None:
    made = Library.build(Spectra.of([Spectrum([58], [1], name="A")]), tmp_path / "one.h5")
    opened = Library.open(tmp_path / "one.h5")
    assert f"digest {made.digest[:12]}" in (opened._repr_html_() or "")


def test_hits_are_a_table_with_the_notice_of_the_library(root: Path) -> None:
    hits = search(read_spectra(root / "examples" / "seizure_batch" / "02_tablet.msp"), starter_library(), top=2)
    table = parsed(hits._repr_html_())
    assert len(table.findall("table/tbody/tr")) == len(hits) == 2
    assert "NOT reference data" in (table.findtext("table/caption") or "")


@properties(st.text(max_size=40))
def test_whatever_a_record_says_it_is_shown_as_text(name: str) -> None:
    spectrum = Spectrum([58], [1], name=f"<script>{name}</script>&")
    for value in (spectrum, Spectra.of([spectrum]), Library(Spectra.of([spectrum]), name=name)):
        assert not list(parsed(value._repr_html_()).iter("script"))
