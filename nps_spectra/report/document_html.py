"""A report as HTML: one document that loads nothing and runs nothing, charts as SVG within it."""

from __future__ import annotations

from typing import Final

from nps_spectra.report.chart import LETTERS, Box, Chart, Disc, Letters, Mark, Path
from nps_spectra.report.document import Block, Cell, Document, Facts, Heading, Paragraph, Table, Toned, cell_text
from nps_spectra.report.document_style import STYLE
from nps_spectra.report.lettering import fitted
from nps_spectra.report.markup import Child, Markup, element, page, table

_FONTS: Final = "Arial, Helvetica, 'Liberation Sans', 'DejaVu Sans', sans-serif"
#: Tones that colour a whole cell.
_CELLS: Final = frozenset(("right", "other", "wrong", "none"))
#: A longer word is broken anywhere; else it would push its table off the page.
_LONGEST: Final = 30


def document_html(document: Document) -> str:
    """The report as one HTML document.

    Parameters
    ----------
    document : Document

    Returns
    -------
    str

    Examples
    --------
    >>> text = document_html(Document("Report", ("of a round", "evaluation"), [Paragraph("2 < 3")]))
    >>> text.splitlines()[0], "<p>2 &lt; 3</p>" in text
    ('<!DOCTYPE html>', True)
    """
    footer = element("footer", *(element("p", line) for line in document.footer))
    return page(document.title, STYLE, *(_block(one) for one in document.blocks), footer)


def chart_svg(chart: Chart) -> Markup:
    """A chart as one ``<svg>`` element.

    Parameters
    ----------
    chart : Chart

    Examples
    --------
    >>> chart_svg(Chart("empty", 80, 40, (0, 2), (0, 5))).startswith("<svg")
    True
    """
    width, height = _number(chart.width), _number(chart.height)
    return element(
        "svg",
        element("title", chart.title),
        *(_mark(one) for one in chart.marks()),
        xmlns="http://www.w3.org/2000/svg",
        width=f"{width}mm",
        height=f"{height}mm",
        viewBox=f"0 0 {width} {height}",
        role="img",
        font_family=_FONTS,
        font_size=_number(LETTERS),
    )


def _block(block: Block) -> Markup:
    if isinstance(block, Heading):
        return element(f"h{block.level}", block.text)
    if isinstance(block, Paragraph):
        return element("p", block.text, class_=block.kind)
    if isinstance(block, Facts):
        return element(
            "dl", *(part for name, text in block.rows for part in (element("dt", name), element("dd", text)))
        )
    if isinstance(block, Chart):
        return chart_svg(block)
    return _table(block)


def _table(block: Table) -> Markup:
    rows = [[_cell(cell) if place else cell_text(cell) for place, cell in enumerate(row)] for row in block.rows]
    return table(block.header, rows, block.numbers, class_="map" if block.is_map else None)


def _cell(cell: Cell) -> Child:
    if isinstance(cell, str) and max(map(len, cell.split()), default=0) > _LONGEST:
        return element("td", cell, class_="long")
    if not isinstance(cell, Toned):
        return cell
    return element("td" if cell.tone in _CELLS else "span", cell.text, class_=cell.tone)


def _mark(mark: Mark) -> Markup:
    if isinstance(mark, Box):
        return element(
            "rect",
            x=_number(mark.x),
            y=_number(mark.y),
            width=_number(mark.width),
            height=_number(mark.height),
            fill=mark.colour,
        )
    if isinstance(mark, Disc):
        return element("circle", cx=_number(mark.x), cy=_number(mark.y), r=_number(mark.radius), fill=mark.colour)
    if isinstance(mark, Path):
        return element(
            "path",
            d=f"M{'L'.join(f'{_number(x)} {_number(y)}' for x, y in mark.points)}",
            fill="none",
            stroke=mark.colour,
            stroke_width=_number(mark.width),
            stroke_dasharray=None if mark.dash is None else " ".join(map(_number, mark.dash)),
        )
    return _letters(mark)


def _letters(mark: Letters) -> Markup:
    x, y = _number(mark.x), _number(mark.y)
    return element(
        "text",
        mark.text if mark.room is None else fitted(mark.text, mark.size, mark.room),
        x=x,
        y=y,
        text_anchor=mark.anchor,
        fill=mark.colour,
        font_size=None if mark.size == LETTERS else _number(mark.size),
        font_weight="bold" if mark.bold else None,
        transform=f"rotate({mark.turn} {x} {y})" if mark.turn else None,
    )


def _number(value: float) -> str:
    """A length to a hundredth of a mm."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
