"""Figures as files: whole or not at all, and what is missing is named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from nps_spectra import NpsSpectraError, Spectrum
from nps_spectra.report import figure_svg, spectrum_figure, write_figure

FIGURE = spectrum_figure(Spectrum([58, 91], [100, 9], name="mephedrone"))


def test_svg_is_written_as_it_is_made(tmp_path: Path) -> None:
    write_figure(FIGURE, tmp_path / "a.svg")
    assert (tmp_path / "a.svg").read_bytes() == figure_svg(FIGURE).encode("utf-8")


@pytest.mark.parametrize(("name", "start"), [("a.PNG", b"\x89PNG"), ("a.pdf", b"%PDF-"), ("a.SVG", b"<svg ")])
def test_the_end_of_the_name_says_the_kind(tmp_path: Path, name: str, start: bytes) -> None:
    write_figure(FIGURE, tmp_path / name)
    assert (tmp_path / name).read_bytes().startswith(start)
    assert [file.name for file in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.jpg", "expected a name that ends in .svg, .png or .pdf"),
        ("a", "expected a name that ends in .svg, .png or .pdf"),
        ("nowhere/a.svg", "does not exist"),
        ("folder.svg", "is a folder"),
    ],
)
def test_a_name_that_cannot_be_written_is_refused(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "folder.svg").mkdir()
    with pytest.raises(NpsSpectraError, match=message):
        write_figure(FIGURE, tmp_path / name)


def test_a_failed_drawing_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.svg"
    file.write_text("old", encoding="utf-8")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("nps_spectra.atomic.os.fsync", full)
    with pytest.raises(NpsSpectraError, match=r"a\.svg: cannot be written .*No space left"):
        write_figure(FIGURE, file)
    assert file.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [file]


WITHOUT_MATPLOTLIB = """
import sys
sys.modules["matplotlib"] = None  # as if it were not installed
from nps_spectra import Spectrum, plot_spectrum, spectrum_svg
from nps_spectra.errors import MissingDependencyError
from nps_spectra.report import figure_text, spectrum_figure, write_figure
spectrum = Spectrum([58, 91], [100, 9])
figure = spectrum_figure(spectrum)
assert spectrum_svg(spectrum) and figure_text(figure) and spectrum._repr_html_()
write_figure(figure, sys.argv[1] + "/a.svg")
for draw in (lambda: plot_spectrum(spectrum), lambda: write_figure(figure, sys.argv[1] + "/a.png")):
    try:
        draw()
    except MissingDependencyError as error:
        print(error)
"""


def test_only_png_pdf_and_axes_need_matplotlib_and_say_how_to_get_it(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", WITHOUT_MATPLOTLIB, str(tmp_path)], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert len(told) == 2
    assert all('pip install "nps_spectra[report]"' in line for line in told)
    assert [file.name for file in tmp_path.iterdir()] == ["a.svg"]
