"""Letters of a figure: safe, not wider than told, and labels that leave each other and the sticks alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nps_spectra.report.lettering import Placed, Shelf, Wish, fitted, shown, width_of, wrapped


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("β-keto-MDMA", "β-keto-MDMA"),
        ("咖啡因", "咖啡因"),
        ("a\tb\nc", "a b c"),
        ("\x1b[31mred", "\\u001b[31mred"),
        ("abc\u202edef", "abc\\u202edef"),  # right-to-left override: would show the name backwards
        ("\ud800", "\\ud800"),
    ],
)
def test_signs_that_are_not_letters_are_spelt_out(text: str, expected: str) -> None:
    assert shown(text) == expected


def test_widths_are_not_below_those_of_the_fonts_that_draw() -> None:
    font_manager = pytest.importorskip("matplotlib.font_manager")
    textpath = pytest.importorskip("matplotlib.textpath")
    for weight in ("normal", "bold"):
        font = font_manager.FontProperties(family="DejaVu Sans", weight=weight)
        for text in ("0123456789", "304.1543", "N-(1-phenethyl-4-piperidyl)propionanilide", "β-keto αΔ", "WMQ@%"):
            width, _, _ = textpath.TextToPath().get_text_width_height_descent(text, font, ismath=False)
            size = font.get_size_in_points()
            assert width_of(text, size, weight == "bold") >= 0.97 * width


@given(st.text(max_size=80), st.floats(2.0, 80.0))
def test_fitted_text_fits(text: str, width: float) -> None:
    cut = fitted(text, 2.5, width)
    assert width_of(cut, 2.5) <= width or cut == "…"
    assert cut == text or text.startswith(cut.removesuffix("…"))


@given(st.text(alphabet="ab-,() ", max_size=120), st.integers(1, 4))
def test_wrapped_lines_fit_and_lose_nothing_unless_cut(text: str, lines: int) -> None:
    found = wrapped(text, 2.5, 30.0, lines)
    assert len(found) <= lines
    assert all(width_of(line, 2.5) <= 30.0 for line in found)
    if not any(line.endswith("…") for line in found):
        assert "".join(found).replace(" ", "") == text.replace(" ", "")


STICKS = st.lists(st.tuples(st.floats(0, 150), st.floats(0, 40)), min_size=1, max_size=120)


@given(STICKS, st.floats(0, 7))
def test_labels_overlap_neither_labels_nor_sticks(sticks: list[tuple[float, float]], rise: float) -> None:
    shelf = Shelf(0, 150, 45, sticks, 0.2)
    placed = shelf.place([Wish(at, x, height, "123.4567", rise) for at, (x, height) in enumerate(sticks)], 2.4)
    for number, one in enumerate(placed):
        room = one.room
        assert room.left >= 0
        assert room.right <= 150 + 1e-9
        assert room.head <= 45
        assert 0 <= room.foot - sticks[one.key][1] <= rise + 1.0
        for other in placed[:number]:
            apart = other.room.right <= room.left or room.right <= other.room.left
            assert apart or other.room.head <= room.foot or room.head <= other.room.foot
        for x, height in sticks:
            assert height <= room.foot or x + 0.2 <= room.left + 0.1 or x - 0.2 >= room.right - 0.1


def test_the_line_to_a_raised_label_crosses_no_label() -> None:
    sticks = [(50.0, 20.0), (50.4, 10.0), (51.0, 9.0), (49.2, 12.0)]
    placed = {one.key: one for one in Shelf(0, 100, 60, sticks, 0.1).place(_wishes(sticks), 2.4)}
    for one in placed.values():
        x, height = sticks[one.key]
        for other in placed.values():
            between = other.room.head > height and other.room.foot < one.room.foot
            assert one is other or not (between and other.room.left < x < other.room.right)


def _wishes(sticks: list[tuple[float, float]]) -> list[Wish]:
    return [Wish(at, x, height, "100", 12.0) for at, (x, height) in enumerate(sticks)]


def test_a_lone_peak_has_its_label_in_the_middle() -> None:
    (label,) = Shelf(0, 100, 60, [(50.0, 20.0)], 0.1).place(_wishes([(50.0, 20.0)]), 2.4)
    assert isinstance(label, Placed)
    assert (label.room.left + label.room.right) / 2 == pytest.approx(50.0)
