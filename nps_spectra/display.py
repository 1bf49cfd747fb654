"""What a notebook shows for a value.

The values know nothing of figures. The public door, which knows every floor, leaves word here who draws them; the
drawing code is loaded when a notebook asks for the first picture.
"""

from __future__ import annotations

from collections.abc import Callable

_painters: list[Callable[[object], str | None]] = []


def drawn_by(painter: Callable[[object], str | None]) -> None:
    """Name the function that gives the HTML of a value, or None if it has no picture of it."""
    _painters[:] = [painter]


def html_of(value: object) -> str | None:
    """HTML of a value for a notebook; None leaves the notebook with the text of the value."""
    return _painters[0](value) if _painters else None
