"""Figures in the letters of a terminal: the tallest peak of every column, upwards and downwards."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from nps_spectra.report.figure import Figure, MirrorFigure
from nps_spectra.report.panel import Panel, Stick
from nps_spectra.report.peaks import Kind, Peak
from nps_spectra.report.style import DRAWING_ORDER
from nps_spectra.report.wording import percent, reference_role

#: Narrower than this no axis can be read.
NARROWEST: Final = 40
_MARGIN: Final = 5
#: Lines of the drawing of one spectrum, and of a mirror plot, however low the terminal is.
_LEAST, _LEAST_MIRROR = 11, 17
_LISTED: Final = 6


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The signs of a drawing.

    Attributes
    ----------
    body : mapping
        Sign of a full cell for each class of peaks.
    parts : mapping
        For signs that can be cut: parts of a cell in equal steps, those of a stick upwards and those downwards.
    axis, corner, wall, tick : str
    """

    body: Mapping[Kind, str]
    parts: Mapping[str, tuple[str, str]]
    axis: str
    corner: str
    wall: str
    tick: str


UNICODE: Final = Glyphs(
    MappingProxyType(
        {
            "matched": "█",
            "shifted": "▓",
            "unexplained": "░",
            "missing": "▒",
            "not compared": "·",
            "base peak": "█",
            "molecular ion": "▓",
            "precursor": "▓",
            "other peak": "┃",
        }
    ),
    MappingProxyType({"█": ("▁▂▃▄▅▆▇", "▔▀"), "┃": ("╷╻", "╵╹")}),
    "─",
    "└",
    "│",
    "┬",
)
ASCII: Final = Glyphs(
    MappingProxyType(
        {
            "matched": "#",
            "shifted": "=",
            "unexplained": "|",
            "missing": ":",
            "not compared": ".",
            "base peak": "#",
            "molecular ion": "M",
            "precursor": "P",
            "other peak": "|",
        }
    ),
    MappingProxyType({}),
    "-",
    "+",
    "|",
    "+",
)
_COLOURS: Final[Mapping[Kind, str]] = MappingProxyType(
    {
        "matched": "\x1b[34m",
        "shifted": "\x1b[32m",
        "unexplained": "\x1b[33m",
        "missing": "\x1b[35m",
        "not compared": "\x1b[90m",
        "base peak": "\x1b[1m",
        "molecular ion": "\x1b[33m",
        "precursor": "\x1b[33m",
        "other peak": "\x1b[34m",
    }
)
_PLAIN: Final = "\x1b[0m"
_IN_ASCII: Final = str.maketrans({"·": "-", "\u2013": "-", "\u2212": "-", "…": "...", "\u00a0": " "})
#: What a terminal must be able to show for drawings that are not ASCII.
SIGNS: Final = "▁▂▃▄▅▆▇█▀▔░▒▓·┃╷╻╵╹│─└┬…"


def figure_text(
    figure: Figure, *, width: int = 80, height: int = 24, unicode: bool = True, colour: bool = False
) -> str:
    """A figure as lines of text.

    Parameters
    ----------
    figure : SpectrumFigure or MirrorFigure
    width : int
        Columns, at least 40 are used.
    height : int
        Lines to aim at, words included; the drawing has at least 11, a mirror plot 17.
    unicode : bool
        Draw with blocks and lines; False uses ASCII only for the drawing.
    colour : bool
        Tell the classes apart by ANSI colours too.

    Examples
    --------
    >>> from nps_spectra.report.figure import spectrum_figure
    >>> from nps_spectra.spectrum import Spectrum
    >>> figure = spectrum_figure(Spectrum([58, 91], [100, 40], name="A", ionization="EI"))
    >>> print(figure_text(figure, width=40, height=14, unicode=False), end="")
    A
      EI  -  2 peaks
        |58
    100 |#
        |#
        |#
        |#
        |#                                91
        |#                                 |
        |#                                 |
        |#                                 |
        |#                                 |
      0 +--+----+----+----+----+----+-----+-
    m/z   60   65   70   75   80   85    90
    # base peak   | other peaks: 1
    """
    glyphs = UNICODE if unicode else ASCII
    width = max(width, NARROWEST)
    head, tail = _head(figure, width), _tail(figure, width, glyphs, colour)
    rows = max(height - len(head) - len(tail) - 2, _LEAST_MIRROR if isinstance(figure, MirrorFigure) else _LEAST)
    picture = _Picture(figure.panels[0], width, rows, glyphs, colour)
    lines = [*head, *picture.lines(), *tail]
    return "\n".join(line if unicode else _plain(line) for line in lines) + "\n"


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, subsequent_indent="  ", break_on_hyphens=False)


def _plain(line: str) -> str:
    return line.translate(_IN_ASCII)


def _head(figure: Figure, width: int) -> list[str]:
    lines = []
    for heading in figure.headings:
        role = f"{heading.role}: " if heading.role else ""
        lines += _wrapped(f"{role}{heading.name}", width)
        lines += _wrapped(f"  {heading.facts}", width)
        lines += _wrapped(f"  {heading.origin}", width)[:2]
    if isinstance(figure, MirrorFigure):
        for remark in figure.remarks[:2]:
            lines += _wrapped(remark, width)
    return lines


def _tail(figure: Figure, width: int, glyphs: Glyphs, colour: bool) -> list[str]:
    entries = [f"{_painted(glyphs.body[entry.kind], entry.kind, colour)} {entry.text.text}" for entry in figure.legend]
    lines = _flowed(entries, [len(entry.text.text) + 2 for entry in figure.legend], width)
    if isinstance(figure, MirrorFigure):
        found = figure.comparison
        for words, peaks, kind in (
            ("only in the query", found.query_peaks, "unexplained"),
            (f"only in the {reference_role(found)}", found.reference_peaks, "missing"),
        ):
            alone = [peak for peak in peaks if peak.kind == kind]
            if alone:
                lines += _wrapped(f"{words}: {_listed(alone)}", width)
        for remark in figure.remarks[2:]:
            lines += _wrapped(remark, width)
    return lines


def _listed(peaks: Sequence[Peak]) -> str:
    tallest = sorted(peaks, key=lambda peak: (-peak.percent, peak.mz))[:_LISTED]
    named = ", ".join(f"m/z {peak.mz:.6g} ({percent(peak.percent / 100)})" for peak in tallest)
    return named + (f" and {len(peaks) - _LISTED} smaller" if len(peaks) > _LISTED else "")


def _flowed(entries: Sequence[str], widths: Sequence[int], width: int) -> list[str]:
    lines: list[str] = []
    used = width
    for entry, wide in zip(entries, widths, strict=True):
        if used + 3 + wide > width:
            lines.append(entry)
            used = wide
        else:
            lines[-1] += f"   {entry}"
            used += 3 + wide
    return lines


def _painted(text: str, kind: Kind, colour: bool) -> str:
    return f"{_COLOURS[kind]}{text}{_PLAIN}" if colour else text


class _Picture:
    """The cells of one panel."""

    def __init__(self, panel: Panel, width: int, rows: int, glyphs: Glyphs, colour: bool) -> None:
        self._panel, self._glyphs, self._colour = panel, glyphs, colour
        self._columns = width - _MARGIN
        mirrored = panel.values[0] < 0
        self._up = (rows - 1) // 2 if mirrored else rows - 1
        self._down = self._up if mirrored else 0

    def lines(self) -> list[str]:
        up = self._half([stick for stick in self._panel.sticks if stick.value > 0], self._up)
        down = self._half([stick for stick in self._panel.sticks if stick.value < 0], self._down)
        wall, corner = self._glyphs.wall, self._glyphs.corner
        lines = []
        for number, row in enumerate(up):
            lines.append(f"{'100' if number == 1 else '':>{_MARGIN - 2}} {wall}{row}")
        lines.append(f"{'0':>{_MARGIN - 2}} {corner}{self._axis()}")
        for number, row in enumerate(reversed(down)):
            lines.append(f"{'100' if number == self._down - 2 else '':>{_MARGIN - 2}} {wall}{row}")
        lines.append(f"{'m/z':>{_MARGIN - 2}}  {self._numbers()}")
        return [line.rstrip() for line in lines]

    def _column(self, mz: float) -> int:
        low, high = self._panel.mz
        return min(max(int((mz - low) / (high - low) * self._columns), 0), self._columns - 1)

    def _half(self, sticks: Sequence[Stick], rows: int) -> list[str]:
        """Rows from the far end to the line of zero; the row at the far end has room for labels only."""
        if rows == 0:
            return []
        tallest: dict[int, Stick] = {}
        for stick in sticks:
            column = self._column(stick.mz)
            other = tallest.get(column)
            if other is None or self._rank(stick) > self._rank(other):
                tallest[column] = stick
        cells = [[" "] * self._columns for _ in range(rows)]
        heights = {}
        for column, stick in tallest.items():
            heights[column] = self._draw(cells, column, stick, rows)
        self._label(cells, tallest, heights)
        if not sticks:
            words = "no peaks"
            start = (self._columns - len(words)) // 2
            cells[rows // 2][start : start + len(words)] = words
        return ["".join(row) for row in cells]

    def _rank(self, stick: Stick) -> tuple[float, int]:
        return abs(stick.value), DRAWING_ORDER.index(stick.kind)

    def _draw(self, cells: list[list[str]], column: int, stick: Stick, rows: int) -> int:
        """Fill the cells of one stick; returns how many it takes."""
        body = self._glyphs.body[stick.kind]
        parts = self._glyphs.parts.get(body, ("", ""))[stick.value < 0]
        exact = abs(stick.value) / 100 * (rows - 1)
        full = int(exact)
        part = int((exact - full) * (len(parts) + 1)) if parts else round(exact - full)
        signs = [body] * full
        if part or not full:  # the smallest peak is seen, too
            signs.append(parts[max(part - 1, 0)] if parts else body)
        for at, sign in enumerate(signs):
            cells[rows - 1 - at][column] = _painted(sign, stick.kind, self._colour)
        return len(signs)

    def _label(self, cells: list[list[str]], tallest: dict[int, Stick], heights: dict[int, int]) -> None:
        rows = len(cells)
        texts = {(label.mz, label.value > 0): label.text for label in self._panel.labels}
        for column, stick in sorted(tallest.items(), key=lambda item: (-abs(item[1].value), item[0])):
            text = texts.get((stick.mz, stick.value > 0))
            row = rows - 1 - heights[column]
            if text is None or row < 0:
                continue
            for start in (column - len(text) // 2, column - len(text) + 1, column):
                first, last = start - 1, start + len(text)
                if start < 0 or last > self._columns:
                    continue
                if all(cells[row][at] == " " for at in range(max(first, 0), min(last + 1, self._columns))):
                    for at, letter in enumerate(text, start=start):
                        cells[row][at] = _painted(letter, stick.kind, self._colour)
                    break

    def _axis(self) -> str:
        cells = [self._glyphs.axis] * self._columns
        for tick in self._panel.mz_ticks:
            cells[self._column(tick.value)] = self._glyphs.tick
        return "".join(cells)

    def _numbers(self) -> str:
        cells = [" "] * (self._columns + 8)
        free = 0
        for tick in self._panel.mz_ticks:
            start = max(self._column(tick.value) - len(tick.text) // 2, 0)
            if start < free or start + len(tick.text) > self._columns:
                continue
            cells[start : start + len(tick.text)] = tick.text
            free = start + len(tick.text) + 1
        return "".join(cells)
