"""A report on pages of A4: where each text, line and chart of it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from nps_spectra.report.chart import Anchor, Box, Chart, Letters, Mark, Path
from nps_spectra.report.document import Block, Cell, Document, Facts, Heading, Paragraph, Table, Toned, cell_text
from nps_spectra.report.document_style import ACCEPTED, BOLD, COLOURS, GROUNDS
from nps_spectra.report.lettering import ELLIPSIS
from nps_spectra.report.pdf_fonts import Fonts
from nps_spectra.report.pdf_tables import broken, column_widths
from nps_spectra.report.style import FAINT, GRID, INK

#: A4 in mm, and the area of the text on it.
WIDTH: Final = 210.0
HEIGHT: Final = 297.0
_LEFT: Final = 18.0
_TOP: Final = 16.0
_END: Final = 276.0
_ROOM: Final = WIDTH - 2 * _LEFT
#: Sizes of letters in mm, and from one line to the next.
_BODY: Final = 3.1
_LEADING: Final = 1.38
_HEADINGS: Final = {1: 5.4, 2: 4.1, 3: 3.3}
_BEFORE: Final = {1: 0.0, 2: 7.0, 3: 4.0}
_CELL: Final = 2.6
#: Above and below the lines of a row together.
_PAD: Final = 1.2
_FOOTER: Final = 2.2
_NAMES: Final = 51.0
_GAP: Final = 2.4
_AFTER: Final = 2.6
#: Lines of a row that are kept together; of a longer row as many as there is room for, but not fewer than `_FEW`.
_LINES: Final = 24
_FEW: Final = 5
#: A column that is no wider is not broken, in mm.
_SHORT: Final = 24.0
#: What a heading must have below it on its page.
_BELOW: Final = 14.0
#: Where a baseline is below the top of its line, in parts of the size.
_ASCENT: Final = 1.03

ESCAPED: Final = (
    r"Letters that the font of this file lacks or cannot set are given by their number, such as \u4e2d; "
    "the report as HTML shows them."
)


@dataclass(slots=True)
class Page:
    """What stands on a page, in mm from its upper left corner.

    Attributes
    ----------
    marks : list of Mark
    charts : list of (float, float, list of Mark)
        Charts with their places.
    headings : list of (str, int, float)
        Text, level and top.
    escaped : bool
        Whether a letter is given by its number.
    """

    marks: list[Mark] = field(default_factory=list)
    charts: list[tuple[float, float, list[Mark]]] = field(default_factory=list)
    headings: list[tuple[str, int, float]] = field(default_factory=list)
    escaped: bool = False


@dataclass(frozen=True, slots=True)
class _Part:
    """A text broken into lines, and how it looks."""

    lines: Sequence[str]
    escaped: bool
    bold: bool = False
    colour: str = INK
    ground: str | None = None


def laid_out(document: Document, fonts: Fonts) -> list[Page]:
    """The pages of a report, with their footers."""
    layout = _Layout(fonts)
    for place, block in enumerate(document.blocks):
        layout.block(block, document.blocks[place + 1 :])
    return layout.finished(document.footer)


class _Layout:
    """Fills pages from the top to the bottom."""

    def __init__(self, fonts: Fonts) -> None:
        self._fonts = fonts
        self._pages = [Page()]
        self._y = _TOP

    def block(self, block: Block, following: Sequence[Block]) -> None:
        """Place a block; what follows it tells how much a heading must keep below it."""
        if isinstance(block, Heading):
            self._heading(block, following)
        elif isinstance(block, Paragraph):
            self._paragraph(block)
        elif isinstance(block, Facts):
            self._facts(block)
        elif isinstance(block, Table):
            self._table(block)
        else:
            self._chart(block)

    def finished(self, footer: Sequence[str]) -> list[Page]:
        """All pages, with the footer and their numbers."""
        for number, page in enumerate(self._pages, 1):
            count = f"{number} / {len(self._pages)}"
            y = _END + 7.0
            page.marks.append(Path(((_LEFT, y - 3.4), (WIDTH - _LEFT, y - 3.4)), GRID, 0.15))
            page.marks.append(Letters(WIDTH - _LEFT, y, count, "end", FAINT, size=_FOOTER))
            room = _ROOM - 18.0
            for text in footer:
                part = self._part(text, room, _FOOTER, colour=FAINT)
                page.escaped |= part.escaped
                for line in part.lines[:2]:
                    page.marks.append(Letters(_LEFT, y, line, colour=FAINT, size=_FOOTER))
                    y += 1.3 * _FOOTER
            if page.escaped:
                page.marks.append(Letters(_LEFT, y, ESCAPED, colour=FAINT, size=_FOOTER))
        return self._pages

    @property
    def _page(self) -> Page:
        return self._pages[-1]

    def _room(self, height: float) -> bool:
        """Go to a new page if the height is not left on this one; whether that was so."""
        if self._y + height <= _END or self._y == _TOP:
            return False
        self._pages.append(Page())
        self._y = _TOP
        return True

    def _part(
        self, text: str, width: float, size: float, bold: bool = False, colour: str = INK, ground: str | None = None
    ) -> _Part:
        drawn, escaped = self._fonts.drawable(text, bold)
        lines = broken(drawn, width, lambda part: self._fonts.width(part, size, bold))
        return _Part(lines, escaped, bold, colour, ground)

    def _write(self, x: float, y: float, text: str, size: float, part: _Part, right: float | None = None) -> None:
        """A line whose top is at `y`, ending at `right` if that is given."""
        if text:
            anchor: Anchor = "start" if right is None else "end"
            self._page.marks.append(
                Letters(right or x, y + _ASCENT * size, text, anchor, part.colour, size=size, bold=part.bold)
            )
        self._page.escaped |= part.escaped

    def _heading(self, block: Heading, following: Sequence[Block]) -> None:
        size = _HEADINGS[block.level]
        part = self._part(block.text, _ROOM, size, bold=True)
        tall = len(part.lines) * size * _LEADING
        before = 0.0 if self._y == _TOP else _BEFORE[block.level]
        self._room(before + tall + 1.5 + _kept(following))
        if self._y > _TOP:
            self._y += before
        self._page.headings.append((" ".join(part.lines), block.level, self._y))
        for line in part.lines:
            self._write(_LEFT, self._y, line, size, part)
            self._y += size * _LEADING
        if block.level == 2:
            self._page.marks.append(Path(((_LEFT, self._y), (WIDTH - _LEFT, self._y)), INK, 0.25))
            self._y += 1.0
        self._y += 1.0

    def _paragraph(self, block: Paragraph) -> None:
        size = 4.6 if block.kind == "code" else _BODY
        boxed = block.kind in ("code", "simulated")
        indent = 3.0 if boxed or block.kind == "warning" else 0.0
        bold = boxed
        colour = FAINT if block.kind == "faint" else INK
        part = self._part(block.text, _ROOM - 2 * indent, size, bold, colour)
        leading, pad = size * _LEADING, 1.5 if boxed else 0.0
        rest = list(part.lines)
        while rest:
            self._room(min(len(rest), 2) * leading + 2 * pad)
            fitting = max(1, int((_END - self._y - 2 * pad) / leading))
            lines, rest = rest[:fitting], rest[fitting:]
            tall = len(lines) * leading + 2 * pad
            self._page.marks += _frame(block.kind, self._y, tall)
            self._y += pad
            for line in lines:
                self._write(_LEFT + indent, self._y, line, size, part)
                self._y += leading
            self._y += pad
        self._y += _AFTER

    def _facts(self, block: Facts) -> None:
        leading = _BODY * _LEADING
        for name, text in block.rows:
            label = self._part(name, _NAMES - 2, _BODY, colour=FAINT)
            value = self._part(text, _ROOM - _NAMES, _BODY)
            count = max(len(label.lines), len(value.lines))
            self._room(min(count, 2) * leading)
            for place in range(count):
                self._room(leading)
                for x, part in ((_LEFT, label), (_LEFT + _NAMES, value)):
                    if place < len(part.lines):
                        self._write(x, self._y, part.lines[place], _BODY, part)
                self._y += leading
            self._y += 0.5
        self._y += _AFTER

    def _chart(self, chart: Chart) -> None:
        marks: list[Mark] = []
        escaped = False
        for mark in chart.marks():
            if isinstance(mark, Letters):
                text, changed = self._fonts.drawable(mark.text, mark.bold)
                escaped |= changed
                if mark.room is not None:
                    text = self._cut(text, mark.size, mark.room)
                marks.append(mark if text == mark.text else replace(mark, text=text))
            else:
                marks.append(mark)
        self._room(chart.height)
        self._page.charts.append((_LEFT, self._y, marks))
        self._page.escaped |= escaped
        self._y += chart.height + _AFTER

    def _cut(self, text: str, size: float, room: float) -> str:
        """A text with an ellipsis for what there is no room for."""
        if self._fonts.width(text, size) <= room:
            return text
        lines = broken(text, room - self._fonts.width(ELLIPSIS, size), lambda part: self._fonts.width(part, size))
        return lines[0].rstrip() + ELLIPSIS

    def _table(self, block: Table) -> None:
        widths = self._widths(block)
        starts = [_LEFT + sum(widths[:place]) + place * _GAP for place in range(len(widths))]
        head = [self._part(text, width, _CELL, bold=True) for text, width in zip(block.header, widths, strict=True)]
        leading = _CELL * _LEADING
        tall = max(len(part.lines) for part in head) * leading + 1.0
        first = True
        for row in block.rows:
            parts = [
                self._part(cell_text(cell), width, _CELL, *_look(cell)) for cell, width in zip(row, widths, strict=True)
            ]
            start, count = 0, max(len(part.lines) for part in parts)
            while start < count:
                wanted = count - start if count <= _LINES else _FEW
                if self._room(wanted * leading + _PAD + (tall if first else 0)) or first:
                    self._head(head, starts, widths, block, tall)
                    first = False
                end = min(count, start + max(wanted, int((_END - self._y - _PAD) / leading)))
                self._row(parts, starts, widths, block, (start, end))
                start = end
        if first:
            self._room(tall)
            self._head(head, starts, widths, block, tall)
        self._y += _AFTER

    def _head(
        self, head: Sequence[_Part], starts: Sequence[float], widths: Sequence[float], block: Table, tall: float
    ) -> None:
        leading = _CELL * _LEADING
        for place, part in enumerate(head):
            y = self._y + tall - 1.0 - len(part.lines) * leading  # titles stand at the foot of the head
            for line in part.lines:
                self._aligned(starts[place], widths[place], y, line, part, block, place)
                y += leading
        self._y += tall
        self._page.marks.append(Path(((_LEFT, self._y), (WIDTH - _LEFT, self._y)), INK, 0.25))
        self._y += 0.3

    def _row(
        self,
        parts: Sequence[_Part],
        starts: Sequence[float],
        widths: Sequence[float],
        block: Table,
        lines: tuple[int, int],
    ) -> None:
        """Some of the lines of a row, all of them unless it is long."""
        height = (lines[1] - lines[0]) * _CELL * _LEADING + _PAD
        for place, part in enumerate(parts):
            if part.ground is not None:
                left = starts[place] - 0.5 * _GAP
                right = min(starts[place] + widths[place] + 0.5 * _GAP - 0.2, WIDTH - _LEFT)
                self._page.marks.append(Box(left, self._y, right - left, height - 0.1, part.ground))
            for number, line in enumerate(part.lines[slice(*lines)]):
                y = self._y + 0.5 * _PAD + number * _CELL * _LEADING
                self._aligned(starts[place], widths[place], y, line, part, block, place)
        self._y += height
        if not block.is_map:
            self._page.marks.append(Path(((_LEFT, self._y), (WIDTH - _LEFT, self._y)), GRID, 0.1))

    def _aligned(self, x: float, width: float, y: float, line: str, part: _Part, block: Table, place: int) -> None:
        if block.is_map and place:
            x += (width - self._fonts.width(line, _CELL, part.bold)) / 2
        self._write(x, y, line, _CELL, part, x + width if place in block.numbers else None)

    def _widths(self, block: Table) -> list[float]:
        natural, least = [], []
        for place, title in enumerate(block.header):
            whole, words = self._extent(title, True)
            if place in block.numbers and whole > _SHORT:
                whole = words  # a title of numbers may break, the numbers may not
            for row in block.rows:
                cell_whole, cell_words = self._extent(cell_text(row[place]), _look(row[place])[0])
                whole = max(whole, cell_whole)
                words = max(words, cell_whole if place in block.numbers else cell_words)
            natural.append(whole)
            least.append(whole if whole <= _SHORT else words)
        room = _ROOM - _GAP * (len(natural) - 1)
        if block.is_map and len(natural) > 1:
            natural[1:] = [max(natural[1:])] * (len(natural) - 1)
            least[1:] = [max(least[1:])] * (len(least) - 1)
        stretched = [
            place for place in range(len(natural)) if place not in block.numbers and (place or not block.is_map)
        ]
        return column_widths(natural, least, room, stretched or range(len(natural)))

    def _extent(self, text: str, bold: bool) -> tuple[float, float]:
        """Width of a text, and of its widest word, in the size of cells."""
        drawn, _ = self._fonts.drawable(text, bold)
        whole = self._fonts.width(drawn, _CELL, bold)
        if " " not in drawn:
            return whole, whole
        return whole, max(self._fonts.width(word, _CELL, bold) for word in drawn.split(" "))


def _look(cell: Cell) -> tuple[bool, str, str | None]:
    """Whether a cell is bold, its colour and its ground."""
    if not isinstance(cell, Toned):
        return False, INK, None
    ground = GROUNDS.get(cell.tone)
    colour = COLOURS.get(cell.tone, FAINT if cell.tone == "none" else INK)
    return cell.tone in BOLD, colour, ground


def _frame(kind: str | None, top: float, tall: float) -> list[Mark]:
    """What stands about a paragraph."""
    colour = COLOURS["unsatisfactory"]
    if kind == "code":
        return [Box(_LEFT, top, _ROOM, tall, ACCEPTED)]
    if kind == "warning":
        return [Box(_LEFT, top, 1.2, tall, colour)]
    if kind == "simulated":
        right, foot = _LEFT + _ROOM, top + tall
        return [Path(((_LEFT, top), (right, top), (right, foot), (_LEFT, foot), (_LEFT, top)), colour, 0.6)]
    return []


def _kept(following: Sequence[Block]) -> float:
    """Height that must be left below a heading, so that it does not stand alone at the foot of a page."""
    if not following:
        return 0.0
    first = following[0]
    if isinstance(first, Chart):
        return first.height
    if isinstance(first, Heading):
        size = _HEADINGS[first.level]
        return _BEFORE[first.level] + size * _LEADING + 1.5 + _kept(following[1:])
    if isinstance(first, Paragraph) and len(following) > 1 and isinstance(following[1], Table):
        return 2 * _BODY * _LEADING + _AFTER + _BELOW
    if isinstance(first, Facts) and len(following) > 1 and isinstance(following[1], Chart):
        return len(first.rows) * (_BODY * _LEADING + 0.5) + _AFTER + following[1].height
    return _BELOW
