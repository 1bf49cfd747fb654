"""matplotlib axes: labels where the renderer puts them, on a figure of their own and on axes of somebody else."""

from __future__ import annotations

import subprocess
import sys
from itertools import combinations

import pytest
from figures import crowded, nominal

from nps_spectra import Spectrum, plot_mirror, plot_spectrum
from nps_spectra.report import compare, mirror_figure, spectrum_figure
from nps_spectra.report.axes import figure_bytes

pytest.importorskip("matplotlib")
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure


def assert_no_text_covers_another(axes: Axes) -> None:
    figure = axes.get_figure(root=True)
    renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[arg-type]
    boxes = [text.get_window_extent(renderer) for text in (*axes.texts, *figure.texts)]  # type: ignore[union-attr]
    # The renderer adds room for descenders that digits do not have.
    inner = [box.padded(-0.12 * box.height) for box in boxes]
    assert not [pair for pair in combinations(inner, 2) if pair[0].overlaps(pair[1])]


@pytest.mark.parametrize("make", [crowded, nominal])
@pytest.mark.parametrize("peaks", [0, 1, 2, 500])
def test_no_label_covers_another(peaks: int, make: object) -> None:
    query, reference = make(peaks, 1, name="query"), make(peaks, 2, name="reference")  # type: ignore[operator]
    assert_no_text_covers_another(plot_spectrum(query))
    assert_no_text_covers_another(plot_mirror(query, reference))


@pytest.mark.parametrize("size", [(3.0, 2.0), (6.0, 4.0), (12.0, 3.0)])
def test_labels_are_laid_out_for_the_axes_that_are_given(size: tuple[float, float]) -> None:
    axes = Figure(figsize=size).subplots()
    assert plot_mirror(crowded(300, 1), crowded(300, 2), ax=axes) is axes
    assert_no_text_covers_another(axes)
    assert axes.get_xlabel() == "m/z"


def test_axes_hold_what_was_compared() -> None:
    query = Spectrum([91.05, 202.10, 230.1], [50, 100, 8], precursor_mz=322.20, name="A")
    reference = Spectrum([91.05, 188.10], [50, 100], precursor_mz=308.20, name="B")
    axes = plot_mirror(query, reference, method="modified_cosine", ax=Figure().subplots())
    drawn = {
        str(lines.get_label()): sorted(float(segment[1][1]) for segment in lines.get_segments())
        for lines in axes.collections
    }
    assert drawn == {"matched": [-50.0, 50.0], "shifted": [-100.0, 100.0], "unexplained": [pytest.approx(8.0)]}
    names, score, caution = axes.get_title(loc="left").split("\n")[:3]
    # Weights are square roots: (50 + 100) / sqrt(158 * 150).
    assert (names, score) == ("A (above), B (below)", "modified_cosine: score 0.974, reverse 1.000 (of 1)")
    assert caution.startswith("CAUTION: the precursor m/z differ by +14.0000")


def test_a_figure_of_its_own_has_the_difference_below() -> None:
    axes = plot_mirror(Spectrum([58, 150], [100, 60]), Spectrum([58], [99]))
    mirror, difference = axes.get_figure(root=True).axes  # type: ignore[union-attr]
    assert mirror is axes
    assert {str(lines.get_label()) for lines in difference.collections} == {"matched", "unexplained"}


def test_pictures_are_files_of_their_kind_and_the_same_every_time() -> None:
    figure = mirror_figure(compare(crowded(50), crowded(50, 1)))
    for kind, start in (("png", b"\x89PNG\r\n\x1a\n"), ("pdf", b"%PDF-")):
        one = figure_bytes(figure, kind)  # type: ignore[arg-type]
        assert one.startswith(start)
        assert one == figure_bytes(figure, kind)  # type: ignore[arg-type]


def test_letters_in_pdf_are_embedded_as_letters() -> None:
    content = figure_bytes(spectrum_figure(Spectrum([58], [1], name="mephedrone")), "pdf")
    assert b"/FontFile2" in content  # TrueType: can be searched and copied
    assert b"/Subtype /Type3" not in content


def test_letters_that_the_font_lacks_are_spelt_out() -> None:
    axes = plot_spectrum(Spectrum([58], [1], name="咖啡因 $x$"), ax=Figure().subplots())
    assert axes.get_title(loc="left") == "\\u5496\\u5561\\u56e0 $x$"


def test_pyplot_is_never_loaded() -> None:
    code = (
        "import sys; from nps_spectra import Spectrum, plot_mirror; s = Spectrum([58], [1]); "
        "plot_mirror(s, s); print('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
