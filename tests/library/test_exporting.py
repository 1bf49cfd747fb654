"""Giving records away: what may not leave the house stays, and is counted."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from nps_spectra import Library, Spectra, Spectrum, read_spectra
from nps_spectra.errors import NoSpectraError, OptionError
from nps_spectra.library.editing import Edit, edit
from nps_spectra.library.exporting import export

LICENCES = ["CC0", "CC BY 4.0", "CC BY-NC-SA", "CC BY-ND", "all rights reserved", "in-house rule 7", None, None]


def library(licences: list[str | None] = LICENCES) -> Library:
    spectra = [
        Spectrum([58, 91 + number], [999, 80], name=f"S{number}", licence=licence, ionization="EI")
        for number, licence in enumerate(licences)
    ]
    return Library(Spectra.of(spectra), name="lab")


def names(file: Path) -> list[str | None]:
    return [spectrum.name for spectrum in read_spectra(file)]


def test_records_without_a_permission_are_left_out_and_counted_by_licence(tmp_path: Path) -> None:
    found = export(library(), tmp_path / "a.msp")
    assert names(tmp_path / "a.msp") == ["S0", "S1", "S2", "S3"]
    assert found.left_out == Counter({"not stated": 2, "all rights reserved": 1, "in-house rule 7": 1})
    assert found.written.records_out + found.left_out.total() == len(LICENCES)


def test_what_the_licences_ask_for_is_told(tmp_path: Path) -> None:
    """The terms are the elements of the Creative Commons licences, each record by its strictest."""
    found = export(library(), tmp_path / "a.msp")
    assert found.conditions == Counter({"allowed": 1, "attribution": 1, "non-commercial": 1, "no-derivatives": 1})


def test_a_licence_may_be_allowed_by_name(tmp_path: Path) -> None:
    found = export(library(), tmp_path / "a.msp", allow_licences=["in-house rule 7", "not stated"])
    assert names(tmp_path / "a.msp") == ["S0", "S1", "S2", "S3", "S5", "S6", "S7"]
    assert found.left_out == Counter({"all rights reserved": 1})


def test_everything_is_written_when_told_so(tmp_path: Path) -> None:
    found = export(library(), tmp_path / "a.msp", despite_licence=True)
    assert len(names(tmp_path / "a.msp")) == len(LICENCES)
    assert found.left_out.total() == 0


def test_a_licence_that_no_record_has_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"no record has the licence 'CC BY'; there are CC BY 4\.0"):
        export(library(), tmp_path / "a.msp", allow_licences=["CC BY"])


def test_nothing_that_may_be_given_away_is_an_error_and_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "a.msp").write_text("old", encoding="utf-8")
    with pytest.raises(NoSpectraError, match="not stated: 2"):
        export(library([None, None]), tmp_path / "a.msp")
    assert (tmp_path / "a.msp").read_text(encoding="utf-8") == "old"


def test_an_edited_record_is_no_unchanged_copy(tmp_path: Path) -> None:
    edited = edit(
        library(["CC BY-ND", "CC BY-ND", "CC BY"]), [Edit("row:1", "accession", "N1", "why")], tmp_path / "e.h5"
    )
    found = export(edited, tmp_path / "a.msp")
    assert names(tmp_path / "a.msp") == ["S0", "S2"]
    assert found.left_out == Counter({"CC BY-ND (changed since)": 1})


def test_the_library_itself_is_not_overwritten(tmp_path: Path) -> None:
    built = Library.build(library().spectra, tmp_path / "a.h5")
    with pytest.raises(OptionError, match="is the library that is read"):
        export(built, tmp_path / "a.h5", format="msp")


def test_massbank_is_given_away_by_its_own_licences(tmp_path: Path, massbank_spectra: Spectra) -> None:
    """Every record of MassBank names a licence; of these the release has CC0, CC BY* and dl-de/by-2-0."""
    part = Library(massbank_spectra[::400], name="massbank")
    found = export(part, tmp_path / "a.msp")
    assert found.left_out.total() == 0
    assert found.written.records_out == len(part)
