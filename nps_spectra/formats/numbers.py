"""Columns of numbers from lines of text, without a step of Python for every line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

_BETWEEN: Final = "|"


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
