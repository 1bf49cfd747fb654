"""Classes of peaks look different, to all kinds of colour vision, on grey paper, and in black."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest

from nps_spectra.report.peaks import Kind
from nps_spectra.report.style import DRAWING_ORDER, FAINT, STYLES
from nps_spectra.report.terminal import ASCII, UNICODE

Float = npt.NDArray[np.float64]

#: Complete lack of one kind of cones: Machado, Oliveira & Fernandes 2009, doi:10.1109/TVCG.2009.113, severity 1.0.
VISION: dict[str, list[list[float]]] = {
    "all cones": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
#: IEC 61966-2-1 (sRGB) to CIE XYZ, white D65.
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
#: What stands together in a mirror plot, and in the plot of one spectrum.
TOGETHER: list[list[Kind]] = [
    ["matched", "shifted", "unexplained", "missing", "not compared"],
    ["base peak", "other peak", "precursor"],
    ["base peak", "other peak", "molecular ion"],
]


def linear(colour: str) -> Float:
    values = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(rgb: Float) -> Float:
    """CIE L*a*b* (ISO/CIE 11664-4) of linear RGB."""
    part = (XYZ @ rgb) / (XYZ @ np.ones(3))
    root = np.where(part > (6 / 29) ** 3, np.cbrt(part), part / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("kinds", TOGETHER)
def test_colours_differ_to_every_kind_of_colour_vision(vision: str, kinds: list[Kind]) -> None:
    seen = {kind: lab(np.clip(np.array(VISION[vision]) @ linear(STYLES[kind].colour), 0, 1)) for kind in kinds}
    for one, other in combinations(kinds, 2):
        assert np.linalg.norm(seen[one] - seen[other]) >= 15, (one, other)


def contrast_on_white(colour: str) -> float:
    """WCAG 2.1, "contrast ratio"."""
    return 1.05 / (float(np.array([0.2126, 0.7152, 0.0722]) @ linear(colour)) + 0.05)


@pytest.mark.parametrize("colour", sorted({style.colour for style in STYLES.values()} | {FAINT}))
def test_letters_can_be_read_on_white(colour: str) -> None:
    assert contrast_on_white(colour) >= 4.5  # WCAG 2.1, 1.4.3, level AA


@pytest.mark.parametrize("kinds", TOGETHER)
def test_classes_can_be_told_apart_in_black(kinds: list[Kind]) -> None:
    looks = {(STYLES[kind].sign, STYLES[kind].dash, STYLES[kind].weight) for kind in kinds}
    assert len(looks) == len(kinds)


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["blocks", "ASCII"])
@pytest.mark.parametrize("kinds", TOGETHER)
def test_classes_can_be_told_apart_in_a_terminal_without_colours(kinds: list[Kind], glyphs: object) -> None:
    assert len({glyphs.body[kind] for kind in kinds}) == len(kinds)  # type: ignore[attr-defined]


def test_every_class_has_a_place_in_the_drawing_order() -> None:
    assert set(DRAWING_ORDER) == set(STYLES) == set(UNICODE.body) == set(ASCII.body)
    # What does not fit is never hidden behind what does.
    order = [DRAWING_ORDER.index(kind) for kind in ("not compared", "matched", "shifted", "missing", "unexplained")]
    assert order == sorted(order)


def test_the_ascii_drawing_is_ascii() -> None:
    assert all(sign.isascii() for sign in (*ASCII.body.values(), ASCII.axis, ASCII.corner, ASCII.wall, ASCII.tick))
