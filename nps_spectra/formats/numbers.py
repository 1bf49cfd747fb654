"""Columns of numbers from lines of text, without a step of Python for every line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

_BETWEEN: Final = "|"

#: Characters of plain numbers, blanks, and the end of a line, by their byte; 0 is any other.
_NUMBER, _BLANK, _LINE_END = 1, 2, 3
_KINDS: Final = bytes(
    _NUMBER if byte in b"0123456789.eE+-" else _BLANK if byte in b" \t" else _LINE_END if byte in b"\n" else 0
    for byte in range(256)
)


def number_columns(
    lines: Sequence[str], width: int, wanted: int | None = None
) -> tuple[npt.NDArray[np.float64], ...] | None:
    """The columns of lines that hold `width` cells each, separated by blanks; None if a line is anything else.

    NaN and infinity are numbers here: the shared check of peaks names them.

    Parameters
    ----------
    lines : sequence of str
    width : int
        Cells on every line.
    wanted : int, optional
        The first so many columns are converted, the others need not be numbers; all if not given.

    Returns
    -------
    tuple of ndarray of float64, shape (lines,), or None

    Examples
    --------
    >>> number_columns(["58.1 999", "91 20.5"], 2)
    (array([58.1, 91. ]), array([999. ,  20.5]))
    >>> number_columns(["58.1 999", "91"], 2) is None
    True
    """
    taken = width if wanted is None else wanted
    if not lines:
        return tuple(np.empty(0) for _ in range(taken))
    text = f" {_BETWEEN} ".join(lines)
    # float() would take '1_000' and digits of other scripts.
    if "_" in text or not text.isascii():
        return None
    cells = text.split()
    step = width + 1
    # A line of another length moves a separator to where a number is expected, or a number to its place.
    if len(cells) != len(lines) * step - 1 or cells[width::step].count(_BETWEEN) != len(lines) - 1:
        return None
    try:
        return tuple(np.fromiter(map(float, cells[at::step]), np.float64, len(lines)) for at in range(taken))
    except ValueError:
        return None


def pairs_of_texts(
    texts: Sequence[str], lines: Sequence[int]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    r"""Two columns of numbers from many texts at once, as `number_columns` gives them for each.

    Parameters
    ----------
    texts : sequence of str
        One or more lines each, with LF between them.
    lines : sequence of int
        Number of lines of each.

    Returns
    -------
    first, second : ndarray of float64
        The columns of the plain texts, one after the other.
    plain : ndarray of bool, shape (texts,)
        Which texts these are: on every line two numbers with one blank between them, and nothing else.

    Examples
    --------
    >>> pairs_of_texts(["58.1 999\n91 20.5", "58 x", "44 1"], [2, 1, 1])
    (array([58.1, 91. , 44. ]), array([999. ,  20.5,   1. ]), array([ True, False,  True]))
    """
    plain = np.fromiter(map(str.isascii, texts), np.bool_, len(texts))
    if not plain.all():
        rows = np.flatnonzero(plain).tolist()
        first, second, plain[rows] = pairs_of_texts([texts[row] for row in rows], [lines[row] for row in rows])
        return first, second, plain
    whole = "\n".join(texts)
    sound = _lines_of_two(whole)
    if not sound.all():
        plain = np.bitwise_and.reduceat(sound, np.cumsum([0, *lines[:-1]])) if lines else plain
        whole = "\n".join([text for text, good in zip(texts, plain.tolist(), strict=True) if good])
    cells = whole.split()
    try:
        values = np.fromiter(map(float, cells), np.float64, len(cells))
    except ValueError:  # such as 1.2.3
        return np.empty(0), np.empty(0), np.zeros(len(texts), dtype=bool)
    return values[0::2].copy(), values[1::2].copy(), plain


def _lines_of_two(text: str) -> npt.NDArray[np.bool_]:
    """Which lines hold two cells of the characters of plain numbers with one blank between them, and nothing else."""
    kinds = np.frombuffer(f"{text}\n".encode("ascii").translate(_KINDS), dtype=np.uint8)
    ends = np.flatnonzero(kinds == _LINE_END)
    blanks = np.flatnonzero(kinds == _BLANK)
    starts = np.empty_like(ends)
    starts[0], starts[1:] = 0, ends[:-1] + 1
    if len(blanks) == len(ends) and bool(kinds.all()):
        sound: npt.NDArray[np.bool_] = (blanks > starts) & (blanks < ends - 1)
        if sound.all():
            return sound
    before = np.searchsorted(blanks, ends)
    sound = np.diff(before, prepend=0) == 1
    at = blanks[before[sound] - 1]
    sound[sound] = (at > starts[sound]) & (at < ends[sound] - 1)
    sound[np.searchsorted(ends, np.flatnonzero(kinds == 0))] = False
    return sound
