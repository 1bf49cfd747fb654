"""The best spectra of the best substances, for many queries."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nps_spectra._jit import kernel

Int = npt.NDArray[np.int64]
Float = npt.NDArray[np.float64]


@kernel
def comes_before(score: float, matched: int, row: int, other_score: float, other_matched: int, other_row: int) -> bool:
    """The written order of ties: higher score, then more matched peaks, then lower library id."""
    if score != other_score:
        return score > other_score
    if matched != other_matched:
        return matched > other_matched
    return row < other_row


@kernel
def best_of_substances(
    bounds: Int,
    rows: Int,
    score: Float,
    matched: Int,
    substance: Int,
    lines: Int,
    best_rows: Int,
    best_score: Float,
    best_matched: Int,
    count: Int,
) -> None:
    """List for each query the best row of each of the best substances, in the written order.

    Query q was compared with ``rows[bounds[q]:bounds[q + 1]]``; a row without a matched peak, without score or with
    score 0 is no hit. ``substance`` is that of every library row. Query q has line ``lines[q]``
    of ``best_rows`` and its companions, as long as substances are wanted, and of ``count``, how many were found.
    """
    top = best_rows.shape[1]
    for question in range(len(bounds) - 1):
        q = lines[question]
        n = 0
        for k in range(bounds[question], bounds[question + 1]):
            if not (matched[k] > 0 and score[k] > 0.0):
                continue
            if n == top and not comes_before(
                score[k], matched[k], rows[k], best_score[q, n - 1], best_matched[q, n - 1], best_rows[q, n - 1]
            ):
                continue
            place = n
            for known in range(n):
                if substance[best_rows[q, known]] == substance[rows[k]]:
                    place = known
                    break
            if place < n:
                if not comes_before(
                    score[k], matched[k], rows[k], best_score[q, place], best_matched[q, place], best_rows[q, place]
                ):
                    continue
            elif n < top:
                n += 1
            else:
                place = n - 1
            while place > 0 and comes_before(
                score[k],
                matched[k],
                rows[k],
                best_score[q, place - 1],
                best_matched[q, place - 1],
                best_rows[q, place - 1],
            ):
                best_rows[q, place] = best_rows[q, place - 1]
                best_score[q, place] = best_score[q, place - 1]
                best_matched[q, place] = best_matched[q, place - 1]
                place -= 1
            best_rows[q, place] = rows[k]
            best_score[q, place] = score[k]
            best_matched[q, place] = matched[k]
        count[q] = n
