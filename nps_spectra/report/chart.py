"""Charts of numbers as SVG: axes with ticks, bands, bars, points and lines, in mm as on paper."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from nps_spectra.report.markup import Markup, element
from nps_spectra.report.style import FAINT, GRID, INK

#: Size of letters, in mm.
LETTERS: Final = 2.5
_FONTS: Final = "Arial, Helvetica, 'Liberation Sans', 'DejaVu Sans', sans-serif"


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
    >>> chart.svg().startswith("<svg")
    True
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
    _below: list[Markup] = field(default_factory=list)
    _parts: list[Markup] = field(default_factory=list)

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
            box = {"x": a, "width": b - a, "y": self.top, "height": self.height - self.bottom - self.top}
        else:
            a, b = self.up(high), self.up(low)
            box = {"y": a, "height": b - a, "x": self.left, "width": self.width - self.left - self.right}
        self._below.append(element("rect", fill=colour, **{key: number(value) for key, value in box.items()}))

    def bar(self, x: float, foot: float, tip: float, width: float, colour: str) -> None:
        """A bar at `x`, `width` in the unit of x."""
        a, b = self.across(x - width / 2), self.across(x + width / 2)
        low, high = sorted((self.up(foot), self.up(tip)))
        height = max(high - low, 0.15)  # a score of 0 is seen as well
        self._parts.append(
            element("rect", x=number(a), y=number(low), width=number(b - a), height=number(height), fill=colour)
        )

    def line(
        self, points: Iterable[tuple[float, float]], colour: str, width: float = 0.3, dash: str | None = None
    ) -> None:
        """A line through points."""
        path = "L".join(f"{number(self.across(x))} {number(self.up(y))}" for x, y in points)
        self._parts.append(
            element("path", d=f"M{path}", fill="none", stroke=colour, stroke_width=number(width), stroke_dasharray=dash)
        )

    def point(self, x: float, y: float, colour: str, radius: float = 0.8) -> None:
        """A filled circle, `radius` in mm."""
        self._parts.append(
            element("circle", cx=number(self.across(x)), cy=number(self.up(y)), r=number(radius), fill=colour)
        )

    def text(self, x: float, y: float, text: str, *, anchor: str = "middle", colour: str = INK, turn: int = 0) -> None:
        """A text at a place in mm."""
        turned = f"rotate({turn} {number(x)} {number(y)})" if turn else None
        self._parts.append(
            element("text", text, x=number(x), y=number(y), text_anchor=anchor, fill=colour, transform=turned)
        )

    def y_axis(self, title: str, at: Sequence[float] | None = None) -> None:
        """Ticks, grid lines and title at the left."""
        for value in ticks(*self.y) if at is None else at:
            y = self.up(value)
            self._below.append(
                element("path", d=f"M{number(self.left)} {number(y)}H{number(self.width - self.right)}", stroke=GRID)
            )
            self.text(self.left - 1.2, y + 0.9, shown_number(value), anchor="end")
        middle = (self.top + self.height - self.bottom) / 2
        self.text(3.2, middle, title, turn=-90)

    def x_axis(self, title: str, at: Sequence[float] | None = None) -> None:
        """Ticks and title below."""
        foot = self.height - self.bottom
        for value in ticks(*self.x, 8) if at is None else at:
            x = self.across(value)
            self._parts.append(element("path", d=f"M{number(x)} {number(foot)}v1", stroke=INK))
            self.text(x, foot + 3.8, shown_number(value))
        self.text((self.left + self.width - self.right) / 2, self.height - 1.2, title)

    def svg(self) -> Markup:
        """The chart as one element."""
        foot = number(self.height - self.bottom)
        frame = element(
            "path",
            d=f"M{number(self.left)} {number(self.top)}V{foot}H{number(self.width - self.right)}",
            stroke=FAINT,
            fill="none",
        )
        return element(
            "svg",
            element("title", self.title),
            element("g", *self._below, stroke_width="0.15"),
            element("g", *self._parts, frame, stroke_width="0.25"),
            xmlns="http://www.w3.org/2000/svg",
            width=f"{number(self.width)}mm",
            height=f"{number(self.height)}mm",
            viewBox=f"0 0 {number(self.width)} {number(self.height)}",
            role="img",
            font_family=_FONTS,
            font_size=number(LETTERS),
        )


def number(value: float) -> str:
    """A length to a hundredth of a mm."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def shown_number(value: float) -> str:
    """A number at an axis or in a table: four figures, with a minus sign."""
    text = f"{value:.4g}"
    if "e" in text and 1e-4 <= abs(value) < 1e7:
        text = f"{float(text):.0f}"
    return text.replace("-", "\u2212")


def _share(value: float, limits: tuple[float, float]) -> float:
    return min(1.0, max(0.0, (value - limits[0]) / (limits[1] - limits[0])))
