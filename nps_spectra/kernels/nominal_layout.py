"""A nominal-mass library laid out for bounds on the scores of all its spectra, in bare arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Int = npt.NDArray[np.int64]
Float = npt.NDArray[np.float64]
Single = npt.NDArray[np.float32]
Bits = npt.NDArray[np.int32]
Byte = npt.NDArray[np.uint8]
Word = npt.NDArray[np.uint16]

#: What is scored: values of `kind`.
COSINE, MATCH_FACTOR, COMPOSITE, HYBRID = 0, 1, 2, 3
#: Spectra of one block: its sums stay in the first-level cache, its places fit 16 bits.
BLOCK = 16384
#: Steps of the logarithm of a ratio of roots of intensities by e: those of 1 and 999 are 128 steps apart.
RATIO_STEPS = 36.0
#: Spectra whose bounds share one maximum.
GROUP = 64


class Peaks(NamedTuple):
    """Clean spectra as the exact kernels take them.

    ``bins`` numbers the m/z of the library: -1 is none of them. ``square`` is the sum of squared weights of a spectrum.
    """

    mz: Float
    intensity: Float
    values: Float
    offsets: Int
    masses: Float
    bins: Bits
    square: Float


class Columns(NamedTuple):
    """The library's bytes by m/z, in blocks of `BLOCK` places.

    Entry ``block * n_mz + k`` of ``dense`` says where the column of the k-th m/z starts in ``weights``, ``gaps`` and
    ``ratios`` (-1: it is a list), and entries ``e`` and ``e + 1`` of ``lists`` where its list starts and stops in the
    other four. A gap is the distance from the next lower peak that is no trace, at most 255, and 0 where there is no
    peak; a ratio is that to this peak, as `ratio_byte` gives it. Both are for ``nist_identity`` only.
    """

    n_mz: int
    dense: Int
    weights: Byte
    gaps: Byte
    ratios: Byte
    lists: Int
    place: Word
    list_weights: Byte
    list_gaps: Byte
    list_ratios: Byte


class Places(NamedTuple):
    """The spectra that can be compared, by lowest m/z, and what is known of the one at each place.

    ``runs`` are the places where the lowest m/z changes or a block begins, and the end. ``square`` is the sum of all
    squared weights, ``strong`` that of peaks above a trace.
    """

    row: Int
    lowest: Float
    lowest_bin: Int
    runs: Int
    square: Float
    strong: Float


class Roots(NamedTuple):
    """For ``nist_identity``: square roots of intensities and numbers of m/z, end to end in the order of the places."""

    offsets: Int
    bin: Word
    root: Single


class Moving(NamedTuple):
    """For hybrid scores: the places by molecular mass, where it changes, and the weight of every peak by its norm."""

    place: Int
    runs: Int
    weight: Single


class Method(NamedTuple):
    """How scores are computed, in scalars; ``mz_min`` is NaN where a match factor starts at the common lowest m/z."""

    kind: int
    identity: bool
    squared: bool
    mz_min: float
    mz_max: float
    scale: float
    tolerance: float


class Work(NamedTuple):
    """Arrays that are used again for every query.

    ``bound_bits`` is the memory of ``bound`` read as whole numbers: they are in the same order where they are positive,
    and their maxima are found in steps of many. ``likely`` orders places where the bound says little.
    """

    sums: Word
    few_matched: Byte
    few_neighbours: Byte
    column: Byte
    matched: Word
    neighbours: Word
    weighed: Word
    lost: Word
    bound: Single
    bound_bits: Bits
    likely: Single
    likely_bits: Bits
    highest: Bits
    single: Single
    single_bits: Bits
    table: Float
    root: Float
    present: Byte
    strong_below: Int
    strong_from: Float
    by_mz: Float
    moved: Float


class Layout(NamedTuple):
    """All that is kept of a library: ``distinct`` are the m/z that ``bins`` number, and ``substance`` is by row."""

    method: Method
    distinct: Float
    columns: Columns
    places: Places
    roots: Roots
    moving: Moving
    substance: Int
    peaks: Peaks
