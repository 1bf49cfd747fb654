"""Reading block by block gives the spectra and the account of reading all at once."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from nps_spectra import Spectra, read_spectra
from nps_spectra.errors import InputError, RecordError
from nps_spectra.formats import ReadReport, blocks
from nps_spectra.formats.blocks import SpectraBlocks
from nps_spectra.spectra import joined

GOOD = "Name: {0}\nNum Peaks: 2\n58 999; 91 80\n\n"
UNSORTED = "Name: {0}\nNum Peaks: 2\n91 80; 58 999\n\n"
WITHOUT_PEAKS = "Name: {0}\nNum Peaks: 0\n\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nine files, read two at a time, with damage in several blocks and files that are no spectra."""
    monkeypatch.setattr(blocks, "_FILES", 2)
    texts = [GOOD, UNSORTED, "no spectrum", GOOD * 3, WITHOUT_PEAKS, GOOD + UNSORTED, "", GOOD, GOOD]
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.msp").write_text(text.format(number), encoding="utf-8")
    (tmp_path / "README.md").write_text("about", encoding="utf-8")
    return tmp_path


def test_the_spectra_and_the_account_are_those_of_one_reading(folder: Path) -> None:
    paths = [folder / "3.msp", folder, folder / "3.msp"]  # a file that is read three times, in different blocks
    whole = read_spectra(paths)
    read = SpectraBlocks(paths)
    parts = list(read)
    assert [last for _, last in parts] == [False] * (len(parts) - 1) + [True]
    assert len(parts) > 3
    assert same(joined([spectra for spectra, _ in parts]), whole)
    expected: ReadReport = whole.report
    for field in fields(ReadReport):
        assert getattr(read.report, field.name) == getattr(expected, field.name), field.name


def test_files_that_are_asked_for_together_are_one_block(folder: Path) -> None:
    [(spectra, last)] = SpectraBlocks(folder, whole=True)
    assert last
    assert same(spectra, read_spectra(folder))


def test_an_archive_is_not_divided(folder: Path, tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for number in range(5):
            archive.writestr(f"{number}.msp", GOOD.format(number))
    [(spectra, _)] = SpectraBlocks(tmp_path / "all.zip")
    assert len(spectra) == 5


def test_a_block_ends_after_many_bytes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "_FILES", 1000)
    monkeypatch.setattr(blocks, "_BYTES", len(GOOD) * 3)
    assert 1 < len(list(SpectraBlocks(folder))) < 9


def test_a_folder_without_anything_is_one_block_of_nothing(tmp_path: Path) -> None:
    [(spectra, last)] = SpectraBlocks(tmp_path)
    assert (len(spectra), last) == (0, True)


def test_what_cannot_be_read_at_all_is_refused_as_ever(folder: Path) -> None:
    with pytest.raises(RecordError, match=r"2\.msp"):
        list(SpectraBlocks(folder, strict=True))
    with pytest.raises(InputError, match="no such file"):
        list(SpectraBlocks([folder, folder / "nowhere"]))


def same(one: Spectra, other: Spectra) -> bool:
    return [(a, a.source) for a in one] == [(b, b.source) for b in other]
