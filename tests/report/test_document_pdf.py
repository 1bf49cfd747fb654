"""Reports on paper: nothing is lost, nothing leaves the page, nothing runs, and the same report has the same bytes."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nps_spectra.report.chart import Box, Chart, Disc, Letters, Path
from nps_spectra.report.document import Block, Document, Facts, Heading, Paragraph, Table, Toned
from nps_spectra.report.document_html import chart_svg, document_html

pytest.importorskip("reportlab", reason="reportlab is not installed")
pypdf = pytest.importorskip("pypdf", reason="pypdf is not installed")

from nps_spectra.report.document_pdf import PdfWriter  # noqa: E402
from nps_spectra.report.pdf_fonts import Fonts  # noqa: E402
from nps_spectra.report.pdf_layout import HEIGHT, WIDTH, Page, laid_out  # noqa: E402

FONTS = Fonts()
#: Margins of the page and the foot of its text, in mm.
LEFT, RIGHT, FOOT = 18.0, 192.0, 276.0


def document(*blocks: Block) -> Document:
    return Document("a report", ("of a round", "of an evaluation"), blocks)


def pages(*blocks: Block) -> list[Page]:
    return laid_out(document(*blocks), FONTS)


def body(found: list[Page]) -> Iterator[Letters]:
    """Texts above the footers."""
    for page in found:
        yield from (mark for mark in page.marks if isinstance(mark, Letters) and mark.y <= FOOT)


def read(content: bytes) -> list[str]:
    """The text of each page."""
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages]


def bare(text: str) -> str:
    return "".join(text.split())


TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=300)


@given(TEXTS)
@settings(deadline=None)
def test_nothing_of_a_text_is_lost_wherever_it_stands(text: str) -> None:
    expected = bare(FONTS.drawable(text)[0])
    for block in (Paragraph(text), Facts([("", text)]), Table(("a", "b"), [("", text)])):
        drawn = "".join(bare(mark.text) for mark in body(pages(block)))
        assert drawn.removeprefix("ab" if isinstance(block, Table) else "") == expected


@given(st.lists(st.lists(TEXTS, min_size=4, max_size=4), max_size=8))
@settings(deadline=None, max_examples=40)
def test_nothing_leaves_the_page(rows: list[list[str]]) -> None:
    for page in pages(Heading("rows", 2), Table(("one", "two", "three", "four"), rows, (2,))):
        for mark in page.marks:
            if isinstance(mark, Letters):
                wide = FONTS.width(mark.text, mark.size, mark.bold)
                left = mark.x - wide if mark.anchor == "end" else mark.x
                # A letter alone may be wider than its column.
                assert left >= LEFT - 3
                assert left + wide <= RIGHT + 3
                assert 0 < mark.y < HEIGHT - 4


@given(TEXTS)
@settings(deadline=None)
def test_a_text_can_be_told_from_what_is_drawn(text: str) -> None:
    text = " ".join(text.replace("\\", "").split())
    drawn, _ = FONTS.drawable(text)
    found = re.sub(r"\\u([0-9a-f]{4})|\\U([0-9a-f]{8})", lambda number: chr(int(number[1] or number[2], 16)), drawn)
    assert unicodedata.normalize("NFC", found) == unicodedata.normalize("NFC", text)
    assert drawn.isprintable()


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("α-PVP, Größe, Привет, µg, ≤ 5 − 3 ✓ ✗", "α-PVP, Größe, Привет, µg, ≤ 5 − 3 ✓ ✗"),
        ("甲基", r"\u7532\u57fa"),
        ("שלום", r"\u05e9\u05dc\u05d5\u05dd"),
        ("😀", r"\U0001f600"),
        ("e\u0301", "é"),
        ("a\x1b[2J\u202e", r"a\u001b[2J\u202e"),
    ],
)
def test_letters_the_font_has_are_drawn_and_others_given_by_their_number(text: str, drawn: str) -> None:
    """A file can be searched for what stands in it; scripts from right to left would stand in the wrong order."""
    content = PdfWriter().pdf(document(Paragraph(text)))
    assert drawn in read(content)[0]


def test_a_page_with_a_number_for_a_letter_says_so_and_others_do_not() -> None:
    first, second = pages(Paragraph("甲"), *(Paragraph("a text") for _ in range(44)))
    told = [
        any("given by their number" in mark.text for mark in page.marks if isinstance(mark, Letters))
        for page in (first, second)
    ]
    assert told == [True, False]


def test_a_letter_that_is_given_by_its_number_is_not_broken() -> None:
    for mark in body(pages(Table(("a", "b"), [("甲" * 60, "x" * 300)]))):
        assert not re.search(r"\\u?[0-9a-f]{0,3}$", mark.text.replace("\\u7532", ""))


def test_a_long_word_takes_no_room_from_short_columns() -> None:
    """Where the words of all columns do not fit, the longest are broken and no others."""
    long = "x" * 300
    texts = [
        mark.text for mark in body(pages(Table(("Sample", "a", "b", "Outcome"), [("SM-1", long, long, "correct")])))
    ]
    assert {"Sample", "SM-1", "Outcome", "correct"} <= set(texts)
    assert "".join(text for text in texts if set(text) == {"x"}) == 2 * long


def test_the_head_of_a_table_stands_on_every_page_of_it() -> None:
    found = pages(Table(("Laboratory", "Value"), [(f"L{k}", k) for k in range(200)], (1,)))
    assert len(found) > 3
    for page in found:
        texts = [mark.text for mark in page.marks if isinstance(mark, Letters)]
        assert texts[:2] == ["Laboratory", "Value"]


def test_a_row_longer_than_a_page_goes_on_with_the_head_on_each() -> None:
    found = pages(Table(("Row", "Remarks"), [("1", "word " * 9000)]))
    assert len(found) > 2
    assert sum(mark.text.split().count("word") for mark in body(found)) == 9000
    assert all("Remarks" in [mark.text for mark in page.marks if isinstance(mark, Letters)] for page in found)


def test_a_heading_is_never_the_last_on_its_page() -> None:
    blocks: list[Block] = []
    for k in range(60):
        blocks += [Heading(f"section {k}", 2), Heading(f"part {k}", 3), Paragraph("one line"), Paragraph("one line")]
    for page in pages(*blocks):
        texts = [mark.text for mark in page.marks if isinstance(mark, Letters) and mark.y <= FOOT]
        assert not texts[-1].startswith(("section", "part"))


def test_no_page_is_empty() -> None:
    chart = Chart("bars", 170, 130, (0, 1), (0, 1))
    for page in pages(*(block for k in range(12) for block in (Heading(f"{k}", 2), chart))):
        assert page.charts
        assert page.headings


def test_a_chart_has_the_same_marks_in_both_forms() -> None:
    """Box, path, circle and text: in SVG as elements, in PDF as operators of the page."""
    chart = Chart("all marks", 100, 50, (0, 2), (0, 1))
    chart.bar(1, 0, 0.5, 0.5, "#c04f00")
    chart.point(1, 0.7, "#004c86")
    chart.line([(0, 0), (2, 1)], "#000000", 0.3, (1, 0.7))
    chart.text(50, 10, "turned", turn=-90)
    svg = chart_svg(chart)
    assert [svg.count(tag) for tag in ("<rect", "<circle", "stroke-dasharray", "rotate(-90")] == [1, 1, 1, 1]
    page = pypdf.PdfReader(io.BytesIO(PdfWriter().pdf(document(chart)))).pages[0]
    drawn = page.get_contents().get_data().decode("latin-1")
    assert f"{0xC0 / 255:.6f}"[1:] in drawn  # the colour of the bar
    assert re.search(r"\[2\.83\d* 1\.98\d*\] 0 d", drawn)  # 1 and 0.7 mm in points
    assert len(re.findall(r"(?<= )c(?=\s)", drawn)) == 4  # a circle is four curves
    assert "turned" in page.extract_text()
    assert "/XObject" not in page["/Resources"]  # no picture


def test_marks_of_a_chart_stand_where_svg_has_them() -> None:
    chart = Chart("a box", 170, 50, (0, 10), (0, 1), left=10)
    chart.bar(5, 0, 1, 2, "#004c86")
    (box,) = (mark for mark in chart.marks() if isinstance(mark, Box))
    (page,) = pages(chart)
    left, top, marks = page.charts[0]
    assert (left, top) == (LEFT, 16.0)
    assert box in marks
    content = PdfWriter().pdf(document(chart))
    data = pypdf.PdfReader(io.BytesIO(content)).pages[0].get_contents().get_data().decode("latin-1")
    x, y, width, height = (float(text) for text in re.search(r"n (\S+) (\S+) (\S+) (\S+) re f", data).groups())
    millimetre = 72 / 25.4
    expected = (left + box.x, HEIGHT - top - box.y - box.height, box.width, box.height)
    assert (x, y, width, height) == pytest.approx([length * millimetre for length in expected], abs=1e-3)


def test_the_same_report_has_the_same_bytes_and_no_date() -> None:
    one = document(Heading("title", 1), Paragraph("甲 α"), Table(("a",), [(Toned("x", "wrong"),)], is_map=True))
    other = document(Paragraph("something else"))
    writer = PdfWriter()
    first = writer.pdf(one)
    writer.pdf(other)
    assert writer.pdf(one) == first == PdfWriter().pdf(one)
    assert b"Date" not in first
    assert b"/D:" not in first


def test_pages_are_a4_and_a_table_of_contents_leads_to_headings() -> None:
    content = PdfWriter().pdf(document(Heading("report", 1), Heading("section", 2), Paragraph("x"), Heading("part", 3)))
    found = pypdf.PdfReader(io.BytesIO(content))
    assert [float(side) for side in found.pages[0].mediabox[2:]] == pytest.approx([595.28, 841.89], abs=0.01)
    assert (WIDTH, HEIGHT) == (210, 297)
    report, (section, (part,)) = found.outline
    assert [one.title for one in (report, section, part)] == ["report", "section", "part"]
    assert found.trailer["/Root"]["/Lang"] == "en"


def test_nothing_runs_and_nothing_is_loaded_whatever_a_text_holds() -> None:
    text = (
        "<script>alert(1)</script> http://example.org =1+1 /JS (app.alert) endstream endobj %%EOF \\) ( << /OpenAction"
    )
    content = PdfWriter().pdf(Document(text, (text, text), [Heading(text, 1), Paragraph(text), Facts([(text, text)])]))
    found = pypdf.PdfReader(io.BytesIO(content))
    assert "<script>alert(1)</script>" in found.pages[0].extract_text()
    assert found.metadata.title == text
    assert "/OpenAction" not in found.trailer["/Root"]
    assert not any("/Annots" in page for page in found.pages)
    streams = [found.get_object(number) for number in range(1, len(found.xref[0]) + 1)]
    assert not any(isinstance(one, dict) and {"/JS", "/URI", "/F", "/Launch"} & set(one) for one in streams)


def test_both_forms_hold_the_same_words() -> None:
    one = document(
        Heading("title", 1),
        Paragraph("a code", "code"),
        Paragraph("a warning", "warning"),
        Paragraph("simulated", "simulated"),
        Facts([("Provider", "an institute")]),
        Table(("Sample", "Outcome"), [("SM-1", Toned("false positive", "unsatisfactory"))]),
    )
    drawn = bare(" ".join(read(PdfWriter().pdf(one))))
    html = re.sub(r"<style>.*?</style>|<title>.*?</title>|<[^>]*>", " ", document_html(one), flags=re.DOTALL)
    for word in html.replace("&#x27;", "'").split():
        assert word in drawn or word == "DOCTYPE"


def test_paths_and_circles_stay_on_the_paper() -> None:
    chart = Chart("outside", 170, 50, (0, 1), (0, 1))
    chart.point(5, 5, "#000000")
    chart.line([(-5, -5), (5, 5)], "#000000")
    for mark in chart.marks():
        places = mark.points if isinstance(mark, Path) else [(mark.x, mark.y)] if isinstance(mark, Disc) else []
        assert all(0 <= x <= chart.width and 0 <= y <= chart.height for x, y in places)
