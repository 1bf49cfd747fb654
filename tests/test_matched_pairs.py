"""Peaks are paired by a table by m/z exactly as by walking along both spectra.

The walk is the definition: both spectra from the lowest m/z on; two peaks within the tolerance are a pair and both are
left behind, else the lower one is.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nps_spectra.kernels.pairs import matched_pairs


def walked(one: list[float], other: list[float], absolute: float, relative: float) -> list[tuple[int, int]]:
    """Pairs of two ascending lists of m/z."""
    found, i, j = [], 0, 0
    while i < len(one) and j < len(other):
        a, b = one[i], other[j]
        if abs(a - b) <= absolute + relative * 0.5 * (a + b):
            found.append((i, j))
            i, j = i + 1, j + 1
        elif a < b:
            i += 1
        else:
            j += 1
    return found


def tabled(one: list[float], other: list[float], absolute: float, relative: float) -> list[tuple[int, int]]:
    room = np.empty(len(other) + 1, dtype=np.int64), np.empty(len(other) + 1, dtype=np.int64)
    bounds = np.empty(2, dtype=np.int64)
    nothing = np.zeros(1, dtype=np.int64)

    def fixed(values: object, dtype: type) -> np.ndarray:
        array = np.array(values, dtype=dtype)
        array.flags.writeable = False  # one set of types, as everywhere
        return array

    matched_pairs(
        fixed(one, np.float64),
        fixed([0, len(one)], np.int64),
        fixed(nothing, np.int64),
        fixed(other, np.float64),
        fixed([0, len(other)], np.int64),
        fixed(nothing, np.int64),
        absolute,
        relative,
        bounds,
        *room,
    )
    return list(zip(*(side[: bounds[1]].tolist() for side in room), strict=True))


#: Also crowded ones, whose peaks have several partners, and some beyond 2,048 Da, where the table has one cell.
MZ = st.one_of(st.floats(40, 44), st.floats(100, 1500), st.floats(2040, 2060), st.floats(2048, 9000))
SPECTRUM = st.lists(MZ, max_size=25).map(sorted)


@settings(deadline=None)  # the first call compiles
@given(SPECTRUM, SPECTRUM, st.sampled_from([1e-9, 0.01, 0.02, 0.5, 3.0]), st.sampled_from([0.0, 20e-6, 0.01]))
def test_the_table_pairs_as_the_walk_does(
    one: list[float], other: list[float], absolute: float, relative: float
) -> None:
    assert tabled(one, other, absolute, relative) == walked(one, other, absolute, relative)


@settings(deadline=None)  # the first call compiles
@given(SPECTRUM, st.lists(st.floats(-0.011, 0.011), min_size=25, max_size=25))
def test_peaks_at_the_edge_of_the_tolerance(one: list[float], moves: list[float]) -> None:
    other = sorted(mz + move for mz, move in zip(one, moves, strict=False))
    assert tabled(one, other, 0.01, 0.0) == walked(one, other, 0.01, 0.0)


@pytest.mark.parametrize("edge", [2047.99, 2048.0, 2048.01])
def test_the_last_cell_of_the_table_has_all_beyond(edge: float) -> None:
    one, other = [edge, 3000.0, 3000.5], [edge + 0.005, 2999.995, 3000.2, 3000.505]
    assert tabled(one, other, 0.01, 0.0) == [(0, 0), (1, 1), (2, 3)]
