"""A report as PDF: letters that can be searched, charts as lines, the same bytes from the same report."""

from __future__ import annotations

import io
from collections.abc import Iterable
from importlib import import_module
from typing import Any, Final

from nps_spectra.report.chart import Box, Disc, Letters, Mark, Path
from nps_spectra.report.document import Document
from nps_spectra.report.lettering import shown
from nps_spectra.report.pdf_fonts import BOLD, REGULAR, Fonts
from nps_spectra.report.pdf_layout import HEIGHT, WIDTH, laid_out

#: A millimetre in points.
_MM: Final = 72 / 25.4
_PRODUCER: Final = "nps_spectra"


class PdfWriter:
    """Draws reports as PDF; its fonts are loaded once.

    Raises
    ------
    MissingDependencyError
        reportlab is not installed, or matplotlib, whose fonts are embedded.

    Examples
    --------
    >>> from nps_spectra.report.document import Paragraph
    >>> PdfWriter().pdf(Document("Report", ("of a round", "evaluation"), [Paragraph("text")]))[:5]
    b'%PDF-'
    """

    def __init__(self) -> None:
        self._fonts = Fonts()
        self._canvas: Any = import_module("reportlab.pdfgen.canvas").Canvas
        self._info: Any = _undated(import_module("reportlab.pdfbase.pdfdoc"))

    def pdf(self, document: Document) -> bytes:
        """The report as one PDF file: the same bytes for the same report.

        Parameters
        ----------
        document : Document

        Returns
        -------
        bytes
        """
        target = io.BytesIO()
        size = (WIDTH * _MM, HEIGHT * _MM)
        canvas = self._canvas(target, pagesize=size, pageCompression=1, invariant=1, lang="en", initialFontName=REGULAR)
        canvas._doc.info = self._info(shown(document.title))
        pages = laid_out(document, self._fonts)
        depth = -1
        for number, page in enumerate(pages):
            _draw(canvas, 0.0, 0.0, page.marks)
            for x, y, marks in page.charts:
                _draw(canvas, x, y, marks)
            for place, (text, level, top) in enumerate(page.headings):
                key = f"{number}-{place}"
                depth = min(level - 1, depth + 1)  # no level may be skipped on the way down
                canvas.bookmarkPage(key, fit="XYZ", left=0, top=(HEIGHT - top) * _MM, zoom=0)
                canvas.addOutlineEntry(text, key, depth, closed=depth > 0)
            canvas.showPage()
        canvas.save()
        return target.getvalue()


def _undated(pdfdoc: Any) -> Any:
    class Undated(pdfdoc.PDFInfo):  # type: ignore[misc]
        """What a file says of itself: no date, so that a report does not depend on when it was made."""

        def __init__(self, title: str) -> None:
            super().__init__()
            self.title = title

        def format(self, document: Any) -> Any:
            words = {"Title": self.title, "Producer": _PRODUCER}
            found = pdfdoc.PDFDictionary({key: pdfdoc.PDFString(text) for key, text in words.items()})
            return found.format(document)

    return Undated


def _draw(canvas: Any, left: float, top: float, marks: Iterable[Mark]) -> None:
    """Marks with their corner at a place of the page."""
    for mark in marks:
        if isinstance(mark, Letters):
            _letters(canvas, left + mark.x, top + mark.y, mark)
        elif isinstance(mark, Path):
            _path(canvas, left, top, mark)
        elif isinstance(mark, Box):
            canvas.setFillColorRGB(*_rgb(mark.colour))
            canvas.rect(
                (left + mark.x) * _MM,
                (HEIGHT - top - mark.y - mark.height) * _MM,
                mark.width * _MM,
                mark.height * _MM,
                stroke=0,
                fill=1,
            )
        else:
            _disc(canvas, left, top, mark)


def _disc(canvas: Any, left: float, top: float, mark: Disc) -> None:
    canvas.setFillColorRGB(*_rgb(mark.colour))
    canvas.circle((left + mark.x) * _MM, (HEIGHT - top - mark.y) * _MM, mark.radius * _MM, stroke=0, fill=1)


def _path(canvas: Any, left: float, top: float, mark: Path) -> None:
    canvas.setStrokeColorRGB(*_rgb(mark.colour))
    canvas.setLineWidth(mark.width * _MM)
    canvas.setDash([] if mark.dash is None else [length * _MM for length in mark.dash])
    path = canvas.beginPath()
    places = [((left + x) * _MM, (HEIGHT - top - y) * _MM) for x, y in mark.points]
    path.moveTo(*places[0])
    for place in places[1:]:
        path.lineTo(*place)
    canvas.drawPath(path, stroke=1, fill=0)


def _letters(canvas: Any, x: float, y: float, mark: Letters) -> None:
    canvas.setFont(BOLD if mark.bold else REGULAR, mark.size * _MM)
    canvas.setFillColorRGB(*_rgb(mark.colour))
    draw = {"start": canvas.drawString, "middle": canvas.drawCentredString, "end": canvas.drawRightString}[mark.anchor]
    if not mark.turn:
        draw(x * _MM, (HEIGHT - y) * _MM, mark.text)
        return
    canvas.saveState()
    canvas.translate(x * _MM, (HEIGHT - y) * _MM)
    canvas.rotate(-mark.turn)
    draw(0, 0, mark.text)
    canvas.restoreState()


def _rgb(colour: str) -> tuple[float, float, float]:
    """Shares of red, green and blue of ``#rrggbb``."""
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return red, green, blue
