"""Letters: what may be shown of a text, how wide it is, and where the label of a peak finds room."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

#: Advance widths of the printable ASCII characters in thousandths of the size of the letters: DejaVu Sans, the widest
#: of the fonts that a figure may be shown in (Arial and Helvetica are about a tenth narrower).
_WIDTHS: Final = (
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337,
    636, 636, 636, 636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531,
    1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748, 787,
    603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500,
    500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612,
    635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
)  # fmt: skip
#: The no-break space and the dot between facts are as narrow as the space, the minus as wide as the plus.
_NARROW: Final = {"\u00a0": 318, "·": 318, "–": 500, "−": 838}
_OTHER: Final = 790
_WIDE: Final = 1000
_BOLD: Final = 1.12
#: Height of digits, in parts of the size of the letters.
CAP_HEIGHT: Final = 0.74
ELLIPSIS: Final = "…"
_HIDDEN: Final = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))


def shown(text: str) -> str:
    r"""A text as it may be drawn: on one line, with control characters, marks of direction and the like spelt out.

    Examples
    --------
    >>> shown("4-MMC\x1b[2J")
    '4-MMC\\u001b[2J'
    """
    text = " ".join(text.split())
    if text.isprintable():
        return text
    return "".join(spelt(letter) if unicodedata.category(letter) in _HIDDEN else letter for letter in text)


def spelt(letter: str) -> str:
    r"""A letter by its number, with four digits or, beyond the basic plane, eight.

    Examples
    --------
    >>> spelt("\x1b"), spelt("\U0001f600")
    ('\\u001b', '\\U0001f600')
    """
    code = ord(letter)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


@lru_cache(maxsize=4096)
def width_of(text: str, size: float, bold: bool = False) -> float:
    """Width of a text in the unit of `size`, rather too wide than too narrow."""
    total = 0
    for letter in text:
        code = ord(letter)
        if 32 <= code < 127:
            total += _WIDTHS[code - 32]
        elif letter in _NARROW:
            total += _NARROW[letter]
        elif not unicodedata.combining(letter):
            total += _WIDE if unicodedata.east_asian_width(letter) in "WF" else _OTHER
    return total * size * (_BOLD if bold else 1.0) / 1000


def fitted(text: str, size: float, width: float, bold: bool = False) -> str:
    """The text, its end replaced by an ellipsis where it is wider than `width`."""
    if width_of(text, size, bold) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if width_of(text[:middle].rstrip() + ELLIPSIS, size, bold) <= width:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + ELLIPSIS


def wrapped(text: str, size: float, width: float, lines: int, bold: bool = False) -> list[str]:
    """The text on at most `lines` lines, broken at spaces, else after hyphens and brackets; the last may be cut."""
    found: list[str] = []
    rest = text
    while rest and len(found) < lines - 1 and width_of(rest, size, bold) > width:
        room = len(fitted(rest, size, width, bold)) - len(ELLIPSIS)
        at = max(room, 1)
        for signs in (" ", " -,;/)]"):
            breaks = [place + 1 for place in range(room) if rest[place] in signs]
            if breaks and breaks[-1] > room // 2:
                at = breaks[-1]
                break
        found.append(rest[:at].rstrip(" ·"))
        rest = rest[at:].lstrip(" ·")
    if rest:
        found.append(fitted(rest, size, width, bold))
    return found


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in mm; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Right less left."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Bottom less top."""
        return self.bottom - self.top

    def overlaps(self, other: Box) -> bool:
        """Whether the two have an area in common."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


@dataclass(frozen=True, slots=True)
class Wish:
    """A peak that would like a label: its place, its height above the line of zero, how far the label may rise."""

    key: int
    x: float
    height: float
    text: str
    rise: float


@dataclass(frozen=True, slots=True)
class Room:
    """A rectangle that is taken, in mm above the line of zero."""

    left: float
    right: float
    foot: float
    head: float


@dataclass(frozen=True, slots=True)
class Placed:
    """A label and the room it takes."""

    key: int
    text: str
    room: Room


class Shelf:
    """Room for labels above the sticks of one spectrum; the line of zero is height 0, and heights grow away from it.

    No label overlaps another one, nor a stick.

    Parameters
    ----------
    left, right : float
        Limits of the area in mm.
    ceiling : float
        Greatest height in mm.
    sticks : sequence of (float, float)
        x and height in mm of every stick.
    half_width : float
        Half the width of a stick in mm.
    signs : sequence of Room
        Where signs are drawn on the tips.
    """

    _STEP: Final = 0.05
    _GAP: Final = 0.55
    _APART: Final = 0.35
    _SHIFTS: Final = (0.0, -0.25, 0.25, -0.5, 0.5)

    def __init__(
        self,
        left: float,
        right: float,
        ceiling: float,
        sticks: Sequence[tuple[float, float]],
        half_width: float,
        signs: Sequence[Room] = (),
    ) -> None:
        self._left, self._right, self._ceiling = left, right, ceiling
        self._tops = np.zeros(int((right - left) / self._STEP) + 2)
        for x, height in sticks:
            span = self._tops[self._bin(x - half_width) : self._bin(x + half_width) + 1]
            np.maximum(span, height, out=span)
        self._signs = signs
        self._placed: list[Placed] = []

    def _bin(self, x: float) -> int:
        return min(max(int((x - self._left) / self._STEP), 0), len(self._tops) - 1)

    def place(self, wishes: Iterable[Wish], size: float) -> tuple[Placed, ...]:
        """Place labels in the order of the wishes; a wish that finds no room is left out."""
        for wish in wishes:
            label = self._best(wish, size)
            if label is not None:
                self._placed.append(label)
                at = self._bin(wish.x)  # the line from the tip to a label that was raised
                self._tops[at] = max(self._tops[at], label.room.foot - self._GAP)
        return tuple(self._placed)

    def _best(self, wish: Wish, size: float) -> Placed | None:
        width = width_of(wish.text, size) + 0.25 * size
        tall = CAP_HEIGHT * size + 0.1
        foot = wish.height + self._GAP
        best: Placed | None = None
        if width > self._right - self._left:
            return None
        for shift in self._SHIFTS:
            left = min(max(wish.x + (shift - 0.5) * width, self._left), self._right - width)
            lowest = self._lowest(left, left + width, foot, tall, foot + wish.rise)
            if lowest > foot + wish.rise or lowest + tall > self._ceiling or self._crosses(wish, lowest):
                continue
            if best is None or lowest < best.room.foot - 0.05:
                best = Placed(wish.key, wish.text, Room(left, left + width, lowest, lowest + tall))
            if lowest == foot:
                break
        return best

    def _crosses(self, wish: Wish, foot: float) -> bool:
        """Whether the line from the tip to a label at `foot` would cross another label."""
        return any(
            room.left < wish.x < room.right and wish.height < room.head and room.foot < foot
            for room in (other.room for other in self._placed)
        )

    def _lowest(self, left: float, right: float, foot: float, tall: float, highest: float) -> float:
        """The least height at which a label between `left` and `right` is free; beyond `highest` none is sought."""
        sticks = float(self._tops[self._bin(left) : self._bin(right) + 1].max()) + self._GAP
        height = max(foot, sticks)
        if height > highest:
            return height
        near = [other.room for other in self._placed if other.room.left < right and left < other.room.right]
        near += [
            sign for sign in self._signs if sign.left < right and left < sign.right and sign.head + self._APART > height
        ]
        for room in sorted(near, key=lambda room: room.foot):
            if room.foot < height + tall + self._APART and height < room.head + self._APART:
                height = room.head + self._APART
        return height
