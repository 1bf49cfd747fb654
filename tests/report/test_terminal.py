"""Figures in a terminal: as wide as told, classes told apart by sign, colours only where asked for, ASCII as well."""

from __future__ import annotations

import re

import pytest
from figures import crowded, nominal
from hypothesis import strategies as st
from peaks import properties

from nps_spectra import Spectrum
from nps_spectra.report import compare, figure_text, mirror_figure, spectrum_figure
from nps_spectra.report.terminal import SIGNS

COLOUR = re.compile(r"\x1b\[\d+m")
MIRROR = mirror_figure(compare(Spectrum([58, 91, 150], [100, 50, 60]), Spectrum([58, 91, 119], [99, 50, 30])))


def picture(text: str) -> list[str]:
    """The lines of the drawing, without the scale on the left."""
    return [line[5:] for line in text.splitlines() if line[4:5] in ("│", "|", "└", "+")]


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("peaks", [0, 1, 2, 500])
@pytest.mark.parametrize("unicode", [True, False])
def test_no_line_is_wider_than_the_terminal(peaks: int, width: int, unicode: bool) -> None:
    query, reference = crowded(peaks, name="a query"), nominal(peaks, name="a reference")
    for figure in (spectrum_figure(query), spectrum_figure(reference), mirror_figure(compare(query, query))):
        lines = figure_text(figure, width=width, unicode=unicode).splitlines()
        assert max(map(len, lines)) <= width


@pytest.mark.parametrize(("height", "rows"), [(24, 24), (40, 40), (5, 14)])
def test_the_drawing_takes_the_lines_that_there_are_but_never_too_few(height: int, rows: int) -> None:
    figure = spectrum_figure(Spectrum([58, 91], [100, 40], name="A"))
    assert len(figure_text(figure, height=height).splitlines()) == pytest.approx(rows, abs=1)


def test_query_and_reference_stand_on_both_sides_of_the_line_of_zero() -> None:
    text = figure_text(MIRROR, width=80, height=40)
    lines = picture(text)
    (zero,) = (number for number, line in enumerate(lines) if line.startswith("─"))
    above, below = "".join(lines[:zero]), "".join(lines[zero + 1 :])
    assert {"58", "91", "150"} == set(re.findall(r"\d+", above))
    assert {"58", "91", "119"} == set(re.findall(r"\d+", below))
    assert ("░" in above, "░" in below, "▒" in above, "▒" in below) == (True, False, False, True)
    assert "only in the query: m/z 150 (60.0\u00a0%)" in text
    assert "only in the reference: m/z 119 (30.3\u00a0%)" in text


def test_heights_are_those_of_the_peaks() -> None:
    figure = spectrum_figure(Spectrum([50, 70, 90], [100, 50, 25], name="A", ionization="EI"))
    columns = [
        "".join(column)
        for column in zip(*(line.ljust(75) for line in picture(figure_text(figure, height=38))), strict=True)
    ]
    tall = sorted((sum(column.count(sign) for sign in "█┃╻╷") for column in columns), reverse=True)[:3]
    assert tall[1] / tall[0] == pytest.approx(0.5, abs=0.04)
    assert tall[2] / tall[0] == pytest.approx(0.25, abs=0.04)


def test_the_smallest_peak_is_seen() -> None:
    for unicode in (True, False):
        lines = picture(figure_text(spectrum_figure(Spectrum([58, 91], [1e6, 1])), unicode=unicode))
        assert lines[-2].rstrip() != lines[-3].rstrip()
        assert lines[-2].rstrip()[-1] in "╷|"


def test_colours_change_nothing_but_colours() -> None:
    plain, coloured = figure_text(MIRROR), figure_text(MIRROR, colour=True)
    assert "\x1b" not in plain
    assert COLOUR.sub("", coloured) == plain
    assert "\x1b[33m░" in coloured


@properties(st.text(max_size=60))
def test_no_name_can_steer_the_terminal(name: str) -> None:
    text = figure_text(spectrum_figure(Spectrum([58], [1], name=f"\x1b[2J{name}\r\x07")))
    assert not set(text) & {"\x1b", "\r", "\x07", "\x9b", "\u202e"}


def test_the_ascii_drawing_has_no_other_signs() -> None:
    query = Spectrum([91.05, 202.10, 220.2], [50, 100, 9], precursor_mz=308.20, name="A")
    reference = Spectrum([91.05, 216.10], [50, 100], precursor_mz=322.20, name="B")
    text = figure_text(mirror_figure(compare(query, reference, method="modified_cosine")), unicode=False)
    assert text.isascii()
    assert "matched, shifted by -14.0000 Da: 1" in text


def test_every_sign_of_a_drawing_is_asked_of_the_encoding() -> None:
    figures = [spectrum_figure(crowded(500)), mirror_figure(compare(crowded(500), crowded(500, 1))), MIRROR]
    drawn = {letter for figure in figures for line in picture(figure_text(figure)) for letter in line}
    assert {letter for letter in drawn if not letter.isascii()} <= set(SIGNS)


def test_nothing_to_draw_is_said() -> None:
    assert "no peaks" in figure_text(spectrum_figure(Spectrum([], [], name="blank")))
