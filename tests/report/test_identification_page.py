"""The report of identifications: what it says, that it is one safe file, and what a browser makes of it."""

from __future__ import annotations

import html
import html.parser
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from identification.fakes import FakeCalibration, FakeClasses, library, measured

from nps_spectra import Spectra, Spectrum, identify
from nps_spectra.report.identification_page import identification_page
from nps_spectra.report.identification_sections import percent

MADE = library()
HOSTILE = '"><script>alert(1)</script><img src=https://evil.example/x.png onerror=alert(2)>\u202e{{7*7}}\x1b[2J'
LONG = "N-" + "x" * 300
_VOID = ("meta", "br")


class Page(html.parser.HTMLParser):
    """Every tag with its attributes; a tag that is closed in the wrong place is an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def page_of(*queries: Spectrum, **options: object) -> str:
    spectra = Spectra.of(queries)
    found = identify(spectra, MADE, **options)
    return identification_page(found, spectra, MADE, finished="2026-01-01")


def many_peaks() -> Spectrum:
    heights = np.random.default_rng(0).uniform(1, 100, 500)
    return Spectrum(np.arange(40, 540), heights, ionization="EI", name="five hundred")


def ugly() -> tuple[Spectrum, ...]:
    return (
        measured(91, 7, "plain"),
        measured(90, 7, HOSTILE),
        measured(3, 7, LONG),
        many_peaks(),
        Spectrum([], [], ionization="EI", name="nothing"),
        Spectrum([58], [1], ionization="EI"),
    )


SUPPORTED = {"calibration": FakeCalibration(supported=2), "class_model": FakeClasses()}


def test_every_query_has_its_line_its_section_and_the_words_of_its_conclusion() -> None:
    page = Page(page_of(*ugly(), **SUPPORTED))
    anchors = [found["id"] for tag, found in page.tags if tag == "section" and "id" in found]
    links = [found["href"] for tag, found in page.tags if tag == "a"]
    assert anchors == [f"sample-{number}" for number in range(1, 7)]
    assert links == [f"#{anchor}" for anchor in anchors]
    words = " ".join(page.words)
    assert words.count("loner or S0, or another isomer") + words.count("or another isomer: not distinguished") >= 2
    assert "no peak of the query is left after cleaning" in words


def test_names_of_samples_are_text_and_nothing_else() -> None:
    text = page_of(measured(91, 7, HOSTILE), **SUPPORTED)
    page = Page(text)
    assert not {"script", "img", "iframe", "object", "link", "embed"} & {tag for tag, _ in page.tags}
    assert not any(name.startswith("on") for _, found in page.tags for name in found)
    assert "&lt;script&gt;" in text
    assert "\u202e" not in text
    assert "\x1b" not in text


def test_the_page_loads_nothing() -> None:
    page = Page(page_of(*ugly()[:1], **SUPPORTED))
    for tag, found in page.tags:
        for name in ("src", "href", "xlink:href", "data", "action", "srcset", "style"):
            value = found.get(name) or ""
            assert not value or value.startswith("#"), (tag, name, value)
    assert "url(" not in page_of(*ugly()[:1])
    assert "http://" not in page_of(*ugly()[:1])
    assert "https://" not in page_of(*ugly()[:1])
    policies = [found["content"] for tag, found in page.tags if found.get("http-equiv") == "Content-Security-Policy"]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"]


@settings(max_examples=30, deadline=None)
@given(name=st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_no_name_breaks_the_page(name: str) -> None:
    Page(page_of(Spectrum([58, 91], [1, 2], ionization="EI", name=name or None)))


def test_leading_candidates_are_drawn_with_matched_and_unexplained_peaks_in_their_classes() -> None:
    text = page_of(Spectrum([*range(40, 60), 150], [*measured(91, 7, "x").intensity, 30], ionization="EI"), **SUPPORTED)
    assert text.count("<svg") == 2
    assert 'class="matched"' in text
    assert 'class="unexplained"' in text


def test_what_stood_in_the_way_and_the_digests_are_said() -> None:
    words = " ".join(Page(page_of(measured(91, 7, "plain"), **SUPPORTED)).words)
    assert "Other isomers are not excluded by evidence other than mass spectra." in words
    for digest in (MADE.digest, "f" * 64, "c" * 64):
        assert digest in words


def test_rejects_stand_at_the_top() -> None:
    spectra = Spectra.of([measured(91, 7, "plain")])
    rejects = [{"file": "bad.msp", "record": 3, "line": 20, "reason": "no <peaks>"}]
    text = identification_page(identify(spectra, MADE), spectra, MADE, rejects)
    assert text.index("bad.msp, record 3: no &lt;peaks&gt;") < text.index("1 spectrum: 1 ")


def test_the_page_depends_on_its_input_alone() -> None:
    assert page_of(*ugly(), **SUPPORTED) == page_of(*ugly(), **SUPPORTED)


@pytest.mark.parametrize("value", [1.0, 0.99999, 0.9991])
def test_no_probability_is_shown_as_certainty(value: float) -> None:
    assert percent(value) == "> 99.9 %"


# What a browser makes of it -------------------------------------------------------------------------------------

#: Put into a copy of the page under another policy, so that it may run; the report itself holds no script.
_PROBE = """<script>
const wide = [...document.querySelectorAll("body *")].filter(e => !e.closest("svg") &&
  e.getBoundingClientRect().right > document.documentElement.clientWidth + 1).map(e => e.tagName + "." + e.className);
const cut = [...document.querySelectorAll("svg text")].filter(e => {
  const own = e.getBoundingClientRect(), all = e.closest("svg").getBoundingClientRect();
  return own.right > all.right + 1 || own.left < all.left - 1 || own.bottom > all.bottom + 1;
}).map(e => e.textContent);
const broken = [...document.images].filter(e => !e.naturalWidth).length;
const labels = [...document.querySelectorAll("svg")].flatMap(svg => {
  const boxes = [...svg.querySelectorAll("text.label")].map(e => e.getBoundingClientRect());
  // The box of a text is higher than its digits: a third of it is room above and below them.
  return boxes.flatMap((a, i) => boxes.slice(i + 1).filter(b =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > 0.1 * a.height &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 0.34 * a.height));
}).length;
document.title = JSON.stringify({wide, cut, broken, labels, pictures: document.querySelectorAll("svg").length,
  scroll: document.documentElement.scrollWidth - document.documentElement.clientWidth});
</script>"""


def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium on this machine: the report is not looked at in a browser")
    return found


def browse(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [
        chromium(), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}",
        "--enable-logging=stderr", "--disable-background-networking", *arguments,
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)


@pytest.mark.parametrize("width", [1280, 680])
def test_nothing_overflows_collides_or_is_missing_in_a_browser(tmp_path: Path, width: int) -> None:
    """At the width of a desktop, and at that of A4 between its margins (174 mm are 658 px, and a scroll bar)."""
    text = page_of(*ugly(), **SUPPORTED)
    policy = re.sub("default-src 'none'", "default-src 'none'; script-src 'unsafe-inline'", text.replace("&#x27;", "'"))
    file = tmp_path / "report.html"
    file.write_text(policy.replace("</body>", _PROBE + "</body>"), encoding="utf-8")
    shown = browse(tmp_path, f"--window-size={width},1500", "--dump-dom", file.as_uri())
    title = re.search(r"<title>(.*?)</title>", shown.stdout, re.DOTALL)
    assert title is not None
    measured_page = json.loads(html.unescape(title.group(1)))
    pictures = measured_page.pop("pictures")
    assert measured_page == {"wide": [], "cut": [], "broken": 0, "labels": 0, "scroll": 0}
    assert pictures == text.count("<svg")
    assert "CONSOLE" not in shown.stderr


def test_the_page_as_it_is_prints_without_a_console_error(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(page_of(*ugly()[:2], **SUPPORTED), encoding="utf-8")
    shown = browse(tmp_path, f"--print-to-pdf={tmp_path / 'report.pdf'}", "--no-pdf-header-footer", file.as_uri())
    assert "CONSOLE" not in shown.stderr
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
