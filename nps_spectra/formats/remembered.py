"""What was made of a text that comes again and again, such as the lines that records of a file share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, TypeVar

Value = TypeVar("Value")

#: Longer texts are taken anew each time, so that what is remembered takes little memory whatever a file holds.
_LONGEST: Final = 250


class Remembered(dict[str, Value], Generic[Value]):
    """What a function gives for a text, by ``remembered[text]``; what fails is tried anew.

    When it is full it begins anew: what comes often is soon there again.

    Examples
    --------
    >>> lengths = Remembered(len)
    >>> lengths["four"], dict(lengths)
    (4, {'four': 4})
    """

    def __init__(self, make: Callable[[str], Value], most: int = 8192) -> None:
        super().__init__()
        self._make = make
        self._most = most

    def __missing__(self, text: str) -> Value:
        value = self._make(text)
        if len(text) <= _LONGEST:
            if len(self) >= self._most:
                self.clear()
            self[text] = value
        return value
