"""Columns of tables on paper: how wide they are, and where their texts break."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

Measure = Callable[[str], float]

_NUMBERS: Final = re.compile(r"\\u[0-9a-f]{4}|\\U[0-9a-f]{8}")
#: A long word is broken after one of these, if there is one in the second half of the line.
_BREAKS: Final = frozenset("-/,;:)]_.+")


def broken(text: str, width: float, measure: Measure) -> list[str]:
    """A text on as many lines as it needs: broken at spaces, and within words that are wider than a line.

    Examples
    --------
    >>> broken("ab abc a", 4, len)
    ['ab', 'abc', 'a']
    >>> broken("abcdef", 4, len)
    ['abcd', 'ef']
    """
    if measure(text) <= width:
        return [text]
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if measure(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        line = word
        while measure(line) > width and len(line) > 1:
            at = _cut(line, width, measure)
            lines.append(line[:at])
            line = line[at:]
    return [*lines, line] if line or not lines else lines


def _cut(word: str, width: float, measure: Measure) -> int:
    """How many letters of a word stand on a line, at least one."""
    low, high = 1, len(word) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if measure(word[:middle]) <= width:
            low = middle
        else:
            high = middle - 1
    at = next((place for place in range(low, low // 2, -1) if word[place - 1] in _BREAKS), low)
    # A letter that is given by its number stays whole.
    return next((found.start() for found in _NUMBERS.finditer(word) if 0 < found.start() < at < found.end()), at)


def _capped(widths: Sequence[float], room: float) -> list[float]:
    """Widths of which the largest are cut to one length, so that they fill `room`."""
    rest, length = room, 0.0
    for place, width in enumerate(sorted(widths)):
        length = rest / (len(widths) - place)
        if width >= length:
            break
        rest -= width
    return [min(width, length) for width in widths]


def column_widths(
    natural: Sequence[float], least: Sequence[float], room: float, stretched: Sequence[int]
) -> list[float]:
    """Widths of columns that fill `room`.

    Parameters
    ----------
    natural : sequence of float
        Widths at which nothing is broken.
    least : sequence of float
        Widths at which no word is broken.
    room : float
    stretched : sequence of int
        Columns that take what is left.

    Examples
    --------
    >>> column_widths([2, 8], [2, 4], 20, [1])
    [2, 18.0]
    >>> column_widths([2, 20], [2, 4], 10, [1])
    [2.0, 8.0]
    >>> column_widths([2, 20, 20], [2, 20, 20], 12, [1])
    [2, 5.0, 5.0]
    """
    left = room - sum(natural)
    if left >= 0:
        return [width + (left / len(stretched) if place in stretched else 0) for place, width in enumerate(natural)]
    left = room - sum(least)
    if left < 0:
        return _capped(least, room)
    # One cell of a thousand words must not take the room of all others.
    wishes = [min(width, room) - small for width, small in zip(natural, least, strict=True)]
    total = sum(wishes) or 1.0
    return [small + left * wish / total for small, wish in zip(least, wishes, strict=True)]
