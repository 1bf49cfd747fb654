"""Charts of numbers: axes with ticks, bands, bars, points and lines, as marks at their places in mm on paper."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from nps_spectra.report.style import FAINT, GRID, INK

#: Size of letters, in mm.
LETTERS: Final = 2.5
#: Width of lines of the grid and of the axes, in mm.
GRID_WIDTH: Final = 0.15
AXIS_WIDTH: Final = 0.25

Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle; all lengths of marks are in mm, y grows downwards."""

    x: float
    y: float
    width: float
    height: float
    colour: str


@dataclass(frozen=True, slots=True)
class Path:
    """A line through points; `dash` has the lengths of dash and gap."""

    points: tuple[tuple[float, float], ...]
    colour: str
    width: float
    dash: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Disc:
    """A filled circle."""

    x: float
    y: float
    radius: float
    colour: str


@dataclass(frozen=True, slots=True)
class Letters:
    """A text whose baseline starts, has its middle or ends at a place, turned about it by degrees clockwise.

    Whoever draws it cuts it to `room`, by the widths of the letters it is drawn in.
    """

    x: float
    y: float
    text: str
    anchor: Anchor = "start"
    colour: str = INK
    turn: int = 0
    size: float = LETTERS
    bold: bool = False
    room: float | None = None


Mark = Box | Path | Disc | Letters


def ticks(low: float, high: float, wanted: int = 6) -> list[float]:
    """Round numbers from low to high, some `wanted` of them.

    Examples
    --------
    >>> ticks(0, 10)
    [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    """
    rough = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next((factor * power for factor in (1, 2, 5) if factor * power >= rough * 0.99), 10 * power)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(k * step, 12) for k in range(first, last + 1)]


@dataclass(slots=True)
class Chart:
    """A plot of `width` x `height` mm with x and y limits; what is outside the limits is drawn at their edge.

    Examples
    --------
    >>> chart = Chart("one bar", 80, 40, (0, 2), (0, 5))
    >>> chart.bar(1, 0, 4, 0.5, "#004c86")
    >>> [type(mark).__name__ for mark in chart.marks()]
    ['Box', 'Path']
    """

    title: str
    width: float
    height: float
    x: tuple[float, float]
    y: tuple[float, float]
    left: float = 14.0
    bottom: float = 11.0
    top: float = 4.0
    right: float = 3.0
    _below: list[Mark] = field(default_factory=list)
    _above: list[Mark] = field(default_factory=list)

    def across(self, value: float) -> float:
        """Place of an x value in mm."""
        return self.left + _share(value, self.x) * (self.width - self.left - self.right)

    def up(self, value: float) -> float:
        """Place of a y value in mm, from the top."""
        return self.height - self.bottom - _share(value, self.y) * (self.height - self.bottom - self.top)

    def band(self, low: float, high: float, colour: str, vertical: bool = False) -> None:
        """A coloured band behind everything, over y or, if `vertical`, over x."""
        if vertical:
            a, b = self.across(low), self.across(high)
            box = Box(a, self.top, b - a, self.height - self.bottom - self.top, colour)
        else:
            a, b = self.up(high), self.up(low)
            box = Box(self.left, a, self.width - self.left - self.right, b - a, colour)
        self._below.append(box)

    def bar(self, x: float, foot: float, tip: float, width: float, colour: str) -> None:
        """A bar at `x`, `width` in the unit of x."""
        a, b = self.across(x - width / 2), self.across(x + width / 2)
        low, high = sorted((self.up(foot), self.up(tip)))
        height = max(high - low, 0.15)  # a score of 0 is seen as well
        self._above.append(Box(a, low, b - a, height, colour))

    def line(
        self,
        points: Iterable[tuple[float, float]],
        colour: str,
        width: float = 0.3,
        dash: tuple[float, float] | None = None,
    ) -> None:
        """A line through points."""
        places = tuple((self.across(x), self.up(y)) for x, y in points)
        self._above.append(Path(places, colour, width, dash))

    def point(self, x: float, y: float, colour: str, radius: float = 0.8) -> None:
        """A filled circle, `radius` in mm."""
        self._above.append(Disc(self.across(x), self.up(y), radius, colour))

    def text(
        self, x: float, y: float, text: str, *, anchor: Anchor = "middle", turn: int = 0, room: float | None = None
    ) -> None:
        """A text at a place in mm, with as much of it as there is room for."""
        self._above.append(Letters(x, y, text, anchor, turn=turn, room=room))

    def pointer(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """A thin line behind everything, between two places in mm."""
        self._below.append(Path((start, end), FAINT, GRID_WIDTH))

    def y_axis(self, title: str, at: Sequence[float] | None = None) -> None:
        """Ticks, grid lines and title at the left."""
        for value in ticks(*self.y) if at is None else at:
            y = self.up(value)
            self._below.append(Path(((self.left, y), (self.width - self.right, y)), GRID, GRID_WIDTH))
            self.text(self.left - 1.2, y + 0.9, shown_number(value), anchor="end")
        middle = (self.top + self.height - self.bottom) / 2
        self.text(3.2, middle, title, turn=-90, room=self.height - 1)

    def x_axis(self, title: str, at: Sequence[float] | None = None) -> None:
        """Ticks and title below."""
        foot = self.height - self.bottom
        for value in ticks(*self.x, 8) if at is None else at:
            x = self.across(value)
            self._above.append(Path(((x, foot), (x, foot + 1)), INK, AXIS_WIDTH))
            self.text(x, foot + 3.8, shown_number(value))
        self.text((self.left + self.width - self.right) / 2, self.height - 1.2, title, room=self.width - self.left)

    def marks(self) -> Iterator[Mark]:
        """Everything that is drawn, from the bottom to the top, in mm from the upper left corner."""
        yield from self._below
        yield from self._above
        foot = self.height - self.bottom
        yield Path(((self.left, self.top), (self.left, foot), (self.width - self.right, foot)), FAINT, AXIS_WIDTH)


def shown_number(value: float) -> str:
    """A number at an axis or in a table: four figures, with a minus sign."""
    text = f"{value:.4g}"
    if "e" in text and 1e-4 <= abs(value) < 1e7:
        text = f"{float(text):.0f}"
    return text.replace("-", "\u2212")


def _share(value: float, limits: tuple[float, float]) -> float:
    return min(1.0, max(0.0, (value - limits[0]) / (limits[1] - limits[0])))
