"""SVG as a reader of the file finds it: letters, labels, sizes, and nothing that loads or runs."""

from __future__ import annotations

import re
from itertools import combinations
from xml.etree import ElementTree

import pytest
from figures import crowded
from hypothesis import strategies as st
from peaks import properties

from nps_spectra import Spectrum, mirror_svg, spectrum_svg
from nps_spectra.report.lettering import CAP_HEIGHT, Box, width_of

SVG = "{http://www.w3.org/2000/svg}"


def parsed(picture: str) -> ElementTree.Element:
    root = ElementTree.fromstring(picture)
    assert root.tag == f"{SVG}svg"
    return root


def texts(root: ElementTree.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def label_boxes(root: ElementTree.Element) -> list[Box]:
    boxes = []
    for group in root.iter(f"{SVG}g"):
        for element in group.findall(f"{SVG}text[@class='label']"):
            assert group.get("text-anchor") == "middle"
            size = float(group.get("font-size", ""))
            x, y, half = float(element.get("x", "")), float(element.get("y", "")), width_of(element.text, size) / 2
            boxes.append(Box(x - half, y - CAP_HEIGHT * size, x + half, y))
    return boxes


@pytest.mark.parametrize("peaks", [0, 1, 2, 500])
def test_no_label_overlaps_another(peaks: int) -> None:
    for picture in (spectrum_svg(crowded(peaks)), mirror_svg(crowded(peaks), crowded(peaks, 1))):
        boxes = label_boxes(parsed(picture))
        assert len(boxes) >= min(peaks, 10)
        assert not [pair for pair in combinations(boxes, 2) if pair[0].overlaps(pair[1])]


def test_every_class_is_a_path_of_its_own_with_a_line_for_every_peak() -> None:
    root = parsed(mirror_svg(Spectrum([58, 91, 150], [100, 10, 60]), Spectrum([58, 91, 119], [99, 9, 30])))
    mirror, difference = ({}, {})
    for element in root.iter(f"{SVG}path"):
        if element.get("class"):
            found = mirror if element.get("class") not in mirror else difference
            found[element.get("class")] = len(re.findall(r"M[\d.]+ [\d.]+V", element.get("d", "")))
    assert mirror == {"matched": 4, "unexplained": 1, "missing": 1}
    assert difference == {"matched": 2, "unexplained": 1, "missing": 1}


def test_letters_stay_letters() -> None:
    root = parsed(mirror_svg(Spectrum([58], [1], name="4-MMC"), Spectrum([58], [1], name="mephedrone")))
    assert {"4-MMC", "mephedrone", "m/z", "58"} <= set(texts(root))
    assert any("match factor 999" in text for text in texts(root))


def test_the_size_is_in_mm_for_paper() -> None:
    root = parsed(spectrum_svg(Spectrum([58], [1])))
    assert root.get("width") == "170mm"
    assert root.get("viewBox") == f"0 0 170 {root.get('height', '').removesuffix('mm')}"


def test_a_screen_reader_is_told_everything() -> None:
    root = parsed(mirror_svg(Spectrum([58], [1], name="A"), Spectrum([58], [1], name="B")))
    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == "Mirror plot: A against B"
    description = root.findtext(f"{SVG}desc") or ""
    assert "match factor 999" in description
    assert "A score is not an identification" in description


@properties(st.text(max_size=60), st.text(max_size=60))
def test_whatever_a_record_says_the_file_is_sound_and_loads_nothing(name: str, formula: str) -> None:
    spectrum = Spectrum([58, 91], [1, 2], name=name, formula=formula, accession=f"{name}<script>")
    for picture in (spectrum_svg(spectrum), mirror_svg(spectrum, spectrum)):
        for element in parsed(picture).iter():
            assert element.tag.removeprefix(SVG) in {"svg", "title", "desc", "rect", "g", "path", "text"}
            assert not {name for name in element.attrib if name.startswith(("on", "href", "style")) or "}" in name}
            assert "url(" not in "".join(element.attrib.values())


def test_the_same_spectra_give_the_same_file() -> None:
    one, other = crowded(80), crowded(80, 1)
    assert mirror_svg(one, other) == mirror_svg(one, other)
