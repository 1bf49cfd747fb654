"""Layout of figures, by structure: which labels there are, that nothing covers anything, what the legend counts."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
from figures import crowded, nominal
from hypothesis import strategies as st
from peaks import properties

from nps_spectra import Library, Spectra, Spectrum, read_spectra
from nps_spectra.report import Peak, compare, mirror_figure, spectrum_figure
from nps_spectra.report.figure import Figure
from nps_spectra.report.lettering import CAP_HEIGHT, Box, width_of
from nps_spectra.report.panel import LABEL_SIZE, TEXT_SIZE, Panel, has_sign
from nps_spectra.report.style import SIGN_RADIUS

SIZES = (0, 1, 2, 500)
MAKERS = (crowded, nominal)


def letters(figure: Figure) -> list[Box]:
    """Boxes of everything that is written: headings, scores, legend, labels, numbers at ticks."""
    boxes = [text.box for text in figure.texts] + [entry.text.box for entry in figure.legend]
    for panel in figure.panels:
        boxes += [label.box for label in panel.labels]
        for tick in panel.value_ticks:
            middle, right = tick.at, panel.area.left - 1.6
            half = CAP_HEIGHT * TEXT_SIZE / 2
            boxes.append(Box(right - width_of(tick.text, TEXT_SIZE), middle - half, right, middle + half))
        for title in panel.titles:  # written upwards
            half = width_of(title.text, title.size) / 2
            boxes.append(Box(title.x - CAP_HEIGHT * title.size, title.y - half, title.x, title.y + half))
    last = figure.panels[-1]
    for tick in last.mz_ticks:
        half = width_of(tick.text, TEXT_SIZE) / 2
        base = last.area.bottom + 3.7
        boxes.append(Box(tick.at - half, base - CAP_HEIGHT * TEXT_SIZE, tick.at + half, base))
    return boxes


def assert_nothing_covers_anything(figure: Figure) -> None:
    boxes = letters(figure)
    for one, other in combinations(boxes, 2):
        assert not one.overlaps(other), (one, other)
    page = Box(0.0, 0.0, figure.width, figure.height)
    for box in boxes:
        assert page.left <= box.left, box
        assert page.top <= box.top, box
        assert box.right <= page.right, box
        assert box.bottom <= page.bottom, box
    for panel in figure.panels:
        assert_labels_are_off_the_sticks(panel)


def assert_labels_are_off_the_sticks(panel: Panel) -> None:
    for label in panel.labels:
        box = label.box
        assert panel.area.left - 1e-9 <= box.left
        assert box.right <= panel.area.right + 1e-9
        for stick in panel.sticks:
            top, bottom = sorted((stick.foot, stick.tip))
            assert not box.overlaps(Box(stick.x - 0.05, top, stick.x + 0.05, bottom)), (label, stick)
            if has_sign(stick):
                r = SIGN_RADIUS
                assert not box.overlaps(Box(stick.x - r, stick.tip - r, stick.x + r, stick.tip + r)), (label, stick)


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("peaks", SIZES)
def test_nothing_covers_anything_in_the_figure_of_one_spectrum(peaks: int, make: object) -> None:
    assert_nothing_covers_anything(spectrum_figure(make(peaks, name="a spectrum")))  # type: ignore[operator]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("peaks", SIZES)
@pytest.mark.parametrize("other", SIZES)
def test_nothing_covers_anything_in_a_mirror_plot(peaks: int, other: int, make: object) -> None:
    query, reference = make(peaks, 1, name="a query"), make(other, 2, name="a reference")  # type: ignore[operator]
    assert_nothing_covers_anything(mirror_figure(compare(query, reference)))


@st.composite
def drawable(draw: st.DrawFn) -> Spectrum:
    mz = draw(st.lists(st.integers(400_000, 460_000), max_size=40))
    intensity = draw(st.lists(st.integers(1, 1000), min_size=len(mz), max_size=len(mz)))
    divisor = draw(st.sampled_from([1_000.0, 10_000.0]))
    return Spectrum([value / divisor for value in mz], intensity, ionization="ESI", name=draw(st.text(max_size=120)))


@properties(drawable(), drawable())
def test_nothing_covers_anything_whatever_is_drawn(query: Spectrum, reference: Spectrum) -> None:
    assert_nothing_covers_anything(spectrum_figure(query))
    assert_nothing_covers_anything(mirror_figure(compare(query, reference)))


def test_nothing_covers_anything_in_figures_of_measured_spectra(data_folder: Path) -> None:
    library = Library(read_spectra(data_folder / "swgdrug_ei" / "swgdrug_3.4.msp"), name="SWGDRUG 3.4")
    for row in range(0, len(library), 91):
        assert_nothing_covers_anything(spectrum_figure(library[row]))
        other = (row * 7 + 13) % len(library)
        for method in ("nist_identity", "hybrid"):
            assert_nothing_covers_anything(mirror_figure(compare(library[row], other, library=library, method=method)))


def test_numbers_at_the_end_of_the_axis_stay_on_the_page() -> None:
    for high in (100.0, 265.5, 266.0, 1000.0, 99999.5):
        for span in (0.0, 1.2, 8.8, 10.0, 77.0):
            assert_nothing_covers_anything(spectrum_figure(Spectrum([high - span, high], [1, 2], ionization="ESI")))


def test_long_names_and_notices_stay_on_the_page() -> None:
    name = "N-(1-(2-phenylethyl)-4-piperidinyl)-N-phenyl-" * 20
    spectrum = nominal(30, name=name, formula="C22H28N2O", nominal_mass=336, contributor="laboratory " * 30)
    library = Library(Spectra.of([spectrum]), name="library " * 20, notice="what every user has to know " * 30)
    query = spectrum.replace(nominal_mass=None, formula=None, polarity="negative", ionization="ESI")
    mirror = mirror_figure(compare(query, 0, library=library, method="hybrid", query_mass=350))
    alone = spectrum_figure(spectrum)
    for figure, least in ((mirror, 60), (alone, 45)):
        assert_nothing_covers_anything(figure)
        assert figure.panels[0].area.height >= least - 1e-9
        assert figure.height <= 257  # A4 less margins
    # The notice is not cut: all of its 30 sentences are there.
    assert " ".join(text.text for text in mirror.texts).count("what every user") == 30
    assert sum(text.text.startswith("CAUTION") for text in mirror.texts) == 3


@pytest.mark.parametrize(
    "mz", [[1e-6], [1e6, 1e6 + 0.5], [1e300], [50.0, 1e300], [100.0] * 5, [100.0, 100.0 + 1e-9]], ids=str
)
def test_impossible_spectra_are_drawn_all_the_same(mz: list[float]) -> None:
    spectrum = Spectrum(mz, [10.0**-at for at in range(len(mz))], ionization="ESI", precursor_mz=mz[0])
    (panel,) = spectrum_figure(spectrum).panels
    assert len(panel.sticks) == len(mz)
    assert all(panel.area.left <= stick.x <= panel.area.right for stick in panel.sticks)
    assert_labels_are_off_the_sticks(panel)
    assert 1 <= len(panel.mz_ticks) <= 15
    mirror_figure(compare(spectrum, spectrum))


def labels(figure: Figure) -> list[tuple[str, str]]:
    return [(label.text, label.kind) for label in figure.panels[0].labels]


def test_the_labels_of_a_simple_mirror_plot_are_all_there() -> None:
    found = mirror_figure(compare(Spectrum([58, 91, 150], [100, 10, 60]), Spectrum([58, 91, 119], [99, 9, 30])))
    assert labels(found) == [
        ("58", "matched"), ("91", "matched"), ("150", "unexplained"),
        ("58", "matched"), ("91", "matched"), ("119", "missing"),
    ]  # fmt: skip


@pytest.mark.parametrize("make", MAKERS)
def test_the_tallest_peaks_of_a_crowded_spectrum_are_labelled(make: object) -> None:
    spectrum = make(500, 3)  # type: ignore[operator]
    (panel,) = spectrum_figure(spectrum).panels
    assert len(panel.labels) >= 10
    assert max(panel.sticks, key=lambda stick: stick.value).mz in {label.mz for label in panel.labels}


def test_the_precursor_is_labelled_however_small_it_is() -> None:
    found = spectrum_figure(crowded(500).replace(precursor_mz=float(crowded(500).mz[250])))
    (precursor,) = (label for label in found.panels[0].labels if label.kind == "precursor")
    assert precursor.mz == crowded(500).mz[250]


def test_peaks_are_labelled_with_the_decimals_that_they_were_measured_with() -> None:
    assert labels(spectrum_figure(Spectrum([58, 91], [1, 2])))[0][0] == "58"
    assert labels(spectrum_figure(Spectrum([58.1, 91.25], [1, 2])))[0][0] == "58.10"
    assert labels(spectrum_figure(Spectrum([58.0651, 91.0542], [1, 2])))[0][0] == "58.0651"


def test_the_legend_counts_every_class_and_names_the_shift() -> None:
    query = Spectrum([91.05, 202.10, 220.2, 230.1], [50, 100, 9, 8], precursor_mz=322.20)
    reference = Spectrum([91.05, 188.10, 120.5], [50, 100, 7], precursor_mz=308.20)
    found = mirror_figure(compare(query, reference, method="modified_cosine"))
    assert [entry.text.text for entry in found.legend] == [
        "matched: 1",
        "matched, shifted by +14.0000\u00a0Da: 1",
        "only in query (unexplained): 2",
        "only in reference: 1",
    ]
    assert any("differ by +14.0000\u00a0Da" in remark for remark in found.remarks)


def test_a_negative_shift_has_its_sign() -> None:
    query, reference = Spectrum([58], [1], nominal_mass=177), Spectrum([58], [1], nominal_mass=191)
    found = mirror_figure(compare(query, reference, method="hybrid"))
    assert any("differ by −14\u00a0Da" in remark for remark in found.remarks)  # a minus, not a hyphen


def test_without_a_score_nothing_looks_compared() -> None:
    found = mirror_figure(compare(Spectrum([58], [1]), Spectrum([], [], name="blank")))
    assert [entry.text.text for entry in found.legend] == ["not compared: 1"]
    assert found.remarks[:2] == ("nist_identity: no score", "The reference has no peak to compare.")
    written = [text.text for text in found.texts]
    assert "no peaks" in written
    assert "nothing was compared" in written


def test_equal_spectra_show_that_there_is_no_difference() -> None:
    one = Spectrum([58, 91], [100, 9])
    assert "every difference is below 0.1 %" in [text.text for text in mirror_figure(compare(one, one)).texts]
    other = mirror_figure(compare(one, Spectrum([58, 91], [100, 8])))
    assert "every difference is below 0.1 %" not in [text.text for text in other.texts]


@properties(drawable(), drawable(), st.sampled_from(["entropy", "weighted_cosine", "nist_simple"]))
def test_every_peak_and_every_difference_is_drawn_inside_its_panel(
    query: Spectrum, reference: Spectrum, method: str
) -> None:
    found = compare(query, reference, method=method)
    mirror, difference = mirror_figure(found).panels
    assert len(mirror.sticks) == len(found.query_peaks) + len(found.reference_peaks)
    assert [Peak(stick.mz, stick.value, stick.kind) for stick in difference.sticks] == list(found.differences)
    for panel in (mirror, difference):
        for stick in panel.sticks:
            assert panel.area.left <= stick.x <= panel.area.right
            assert panel.area.top <= stick.tip <= panel.area.bottom


def test_a_figure_fits_on_a4_between_margins() -> None:
    for figure in (spectrum_figure(crowded(500)), mirror_figure(compare(crowded(500), crowded(500, 1)))):
        assert figure.width <= 210 - 2 * 20
        assert figure.height <= 297 - 2 * 20
        assert min(text.size for text in figure.texts) >= 2.1  # 6 points
        assert LABEL_SIZE >= 2.1
