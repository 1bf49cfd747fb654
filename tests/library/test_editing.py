"""Corrections: every change is in the log with its reason, and what the file said stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nps_spectra import Library, Spectra, Spectrum
from nps_spectra.errors import InputError, OptionError
from nps_spectra.library.editing import Edit, edit, read_edits
from nps_spectra.spectrum import Source

A = Spectrum(
    [58, 119],
    [999, 30],
    name="Mephedron",
    synonyms=("4-MMC",),
    formula="C11H15NO",
    accession="A1",
    source=Source("a.msp", 1, 1),
    original={"Name": ("Mephedron",), "Formula": ("C11H15NO",)},
)
B = Spectrum([91, 126], [80, 999], name="α-PVP", accession="B1", original={"Name": ("α-PVP",)})


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library.build(Spectra.of([A, B]), tmp_path / "in.h5")


def test_a_change_is_made_logged_and_given_its_reason(library: Library, tmp_path: Path) -> None:
    edited = edit(library, [Edit("A1", "name", " Mephedrone ", "typing error, certificate 17")], tmp_path / "out.h5")
    assert [spectrum.name for spectrum in edited] == ["Mephedrone", "α-PVP"]
    whole, event = edited.events[-2:]
    assert (whole.action, whole.record, whole.arguments["edits"]) == ("edit", None, 1)
    assert (event.record, event.digest, event.field) == ("A1", A.digest, "name")
    assert (event.before, event.after, event.why) == ("Mephedron", "Mephedrone", "typing error, certificate 17")
    edited.check()


def test_original_fields_peaks_and_place_stay(library: Library, tmp_path: Path) -> None:
    edited = edit(library, [Edit("A1", "name", "Mephedrone", "typing error")], tmp_path / "out.h5")
    assert edited[0].original == A.original
    assert (edited[0].mz.tolist(), edited[0].source) == ([58, 119], A.source)
    assert edited[0] == A.replace(name="Mephedrone")
    assert edited[1] == B


def test_the_library_that_was_read_stays(library: Library, tmp_path: Path) -> None:
    assert library.path is not None
    before = library.path.read_bytes()
    edit(library, [Edit("A1", "name", "x", "why")], tmp_path / "out.h5")
    assert library.path.read_bytes() == before


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("synonyms", "4-MMC; meow", ("4-MMC", "meow")),
        ("synonyms", "", ()),
        ("cas", "58-08-2", "58-08-2"),
        ("retention_index", "1500.5", 1500.5),
        ("nominal_mass", "177", 177),
        ("polarity", "+", "positive"),
        ("formula", "", None),
        ("inchikey", "PJMPHNIQZUBGLI-UHFFFAOYSA-N", "PJMPHNIQZUBGLI-UHFFFAOYSA-N"),
        ("licence", "CC BY 4.0", "CC BY 4.0"),
    ],
)
def test_a_value_is_read_as_from_a_file(library: Library, tmp_path: Path, field: str, text: str, value: Any) -> None:
    edited = edit(library, [Edit("A1", field, text, "why")], tmp_path / "out.h5")
    assert getattr(edited[0], field) == value


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (Edit("A1", "colour", "red", "why"), "unknown field 'colour'; known: accession"),
        (Edit("A1", "original", "x", "why"), "unknown field 'original'"),
        (Edit("A1", "name", "x", "  "), "no reason is given"),
        (Edit("A1", "name", "Mephedron", "why"), "name is 'Mephedron' already"),
        (Edit("A1", "retention_index", "", "why"), "retention_index is None already"),
        (Edit("A1", "retention_index", "high", "why"), "cannot be 'high'"),
        (Edit("A1", "inchikey", "PJMPH", "why"), "cannot be 'PJMPH'"),
        (Edit("A1", "name", "unknown", "why"), "cannot be 'unknown'"),
        (Edit("Z9", "name", "x", "why"), "no record 'Z9'"),
    ],
)
def test_an_edit_that_cannot_be_made_stops_all(library: Library, tmp_path: Path, one: Edit, said: str) -> None:
    with pytest.raises(OptionError) as caught:
        edit(library, [Edit("B1", "name", "PVP", "why"), one], tmp_path / "out.h5")
    assert said in str(caught.value)
    assert not (tmp_path / "out.h5").exists()


def test_edits_of_one_record_follow_each_other(library: Library, tmp_path: Path) -> None:
    edits = [
        Edit("A1", "name", "x", "first"),
        Edit("A1", "name", "y", "second"),
        Edit("A1", "accession", "A2", "third"),
    ]
    edited = edit(library, edits, tmp_path / "out.h5")
    assert [(event.before, event.after) for event in edited.events[-3:]] == [
        ("Mephedron", "x"),
        ("x", "y"),
        ("A1", "A2"),
    ]
    assert edited[0].accession == "A2"


def test_substances_follow_an_edit(tmp_path: Path) -> None:
    pair = [A, A.replace(accession="A2", name="Mephedrone")]
    library = Library.build(Spectra.of(pair), tmp_path / "in.h5")
    edited = edit(library, [Edit("A1", "name", "Mephedrone", "typing error")], tmp_path / "out.h5")
    assert (len(library.substances), len(edited.substances)) == (2, 1)


VALUES = st.dictionaries(st.sampled_from(["name", "formula", "comment", "contributor"]), st.text("abc", min_size=1))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(VALUES)
def test_the_log_alone_leads_back_to_the_library_before(tmp_path: Path, values: dict[str, str]) -> None:
    library = Library(Spectra.of([A, B]), name="lab")
    edits = [Edit("B1", field, value, "why") for field, value in values.items() if getattr(B, field) != value]
    if not edits:
        return
    found = edit(library, edits, tmp_path / "out.h5")
    back = found[1]
    for event in reversed(found.events):
        if event.field is not None:
            back = back.replace(**{event.field: event.before})
    assert back == B


def test_edits_are_read_from_csv_in_any_order_of_columns(tmp_path: Path) -> None:
    file = tmp_path / "edits.csv"
    file.write_text('\ufefffield,record,why,value\nname,A1,"typing, error",Mephedrone\n\n', encoding="utf-8")
    assert read_edits(file) == [Edit("A1", "name", "Mephedrone", "typing, error")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "the columns are none"),
        ("record,field,value\nA1,name,x\n", "the columns are record, field, value"),
        ("record,field,value,why\nA1,name,x\n", "row 2: 3 cells, expected 4"),
        ('record,field,value,why\n"A1,name,x,y\n', "cannot be read as CSV"),
    ],
)
def test_what_is_no_file_of_edits_is_refused(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "edits.csv"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_edits(file)
    assert said in str(caught.value)
