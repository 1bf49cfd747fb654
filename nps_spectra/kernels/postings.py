"""Sums over peaks within a tolerance, of many queries and a whole library, from postings sorted by m/z.

The library is cut into blocks of rows. The postings (peaks) of one block are sorted by m/z, and the sums of its rows
fit the cache nearest to the processor. All queries visit one block before the next.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nps_spectra._jit import kernel

Int = npt.NDArray[np.int64]
Float = npt.NDArray[np.float64]
Single = npt.NDArray[np.float32]
Bits = npt.NDArray[np.int32]
Row = npt.NDArray[np.uint16]
Mask = npt.NDArray[np.bool_]

#: Least part of a pair in a sum: above 0 in single precision, so that no row with a pair is taken for one without.
LEAST = np.float32(1e-30)
#: Rows whose sums are looked at together for the largest.
_STRIP = 64
#: Postings whose entropy is computed together.
_CHUNK = 256
#: Bits of a number that do not tell its level: eight levels for each power of two.
_LEVEL_BITS = np.int32(20)
#: Above the bits of any number.
_BEYOND = np.int32(0x7FFFFFFF)
_EXPONENT_BITS = np.int32(23)
_MANTISSA = np.int32(0x7FFFFF)
_ONE = np.int32(0x3F800000)
_BIAS = np.int32(127)
# log2(m) / (m - 1) for 1 <= m < 2: polynomial in m - 1 that interpolates at Chebyshev nodes.
_C0 = np.float32(1.442694725)
_C1 = np.float32(-0.7213067574)
_C2 = np.float32(0.4800124608)
_C3 = np.float32(-0.3530963533)
_C4 = np.float32(0.2551763492)
_C5 = np.float32(-0.1541520064)
_C6 = np.float32(0.06274843358)
_C7 = np.float32(-0.01207702027)


@kernel
def first_at_least(mz: Float, start: int, stop: int, limit: float) -> int:
    """Position of the first m/z >= limit in ``mz[start:stop]``, which is ascending; `stop` if there is none."""
    while start < stop:
        middle = (start + stop) >> 1
        if mz[middle] < limit:
            start = middle + 1
        else:
            stop = middle
    return start


@kernel
def add_products(sums: Single, rows: Row, values: Single, begin: int, end: int, value: np.float32) -> None:
    """Add ``value * values`` to the rows of the postings `begin` to `end`."""
    rows, values = rows[begin:end], values[begin:end]
    for x in range(len(rows)):
        sums[rows[x]] += value * values[x]


@kernel
def add_entropies(
    sums: Single,
    rows: Row,
    values: Single,
    own: Single,
    begin: int,
    end: int,
    value: np.float32,
    value_own: np.float32,
    total: Single,
    mantissa: Single,
    exponent: Single,
) -> None:
    """Add ``f(value + values) - f(value) - f(values)`` with f(x) = x log2 x, each at least `LEAST`.

    ``own`` and ``value_own`` are f of the values. The last three are room for `_CHUNK` numbers. The logarithm is the
    exponent of the number and a polynomial of its mantissa: absolute error below 5e-7.
    """
    total_bits, mantissa_bits = total.view(np.int32), mantissa.view(np.int32)
    while begin < end:
        count = min(end - begin, _CHUNK)
        # Slices that start at 0: with "begin + x" the compiler has to allow for indices that count from the end.
        part, part_own, part_rows = (
            values[begin : begin + count],
            own[begin : begin + count],
            rows[begin : begin + count],
        )
        for x in range(count):
            total[x] = value + part[x]
        for x in range(count):
            bits = total_bits[x]
            exponent[x] = np.float32((bits >> _EXPONENT_BITS) - _BIAS)
            mantissa_bits[x] = (bits & _MANTISSA) | _ONE
        for x in range(count):
            m = mantissa[x] - np.float32(1.0)
            p = ((((((_C7 * m + _C6) * m + _C5) * m + _C4) * m + _C3) * m + _C2) * m + _C1) * m + _C0
            mantissa[x] = max(total[x] * (exponent[x] + m * p) - value_own - part_own[x], LEAST)
        for x in range(count):
            sums[part_rows[x]] += mantissa[x]
        begin += count


@kernel
def add_peaks(
    sums: Single,
    low: Float,
    high: Float,
    value: Single,
    value_own: Single,
    first: int,
    stop: int,
    posting_mz: Float,
    posting_row: Row,
    posting_value: Single,
    posting_own: Single,
    table: Int,
    start: int,
    cells: int,
    cells_per_da: float,
    entropy: bool,
    room: Single,
) -> None:
    """Add what the peaks `first` to `stop` of a query and the rows of one block have in common.

    ``start`` is where the block begins in the table.
    """
    total, mantissa, exponent = room[:_CHUNK], room[_CHUNK : 2 * _CHUNK], room[2 * _CHUNK :]
    last = cells - 1
    for peak in range(first, stop):
        cell_low = start + max(0, min(int(low[peak] * cells_per_da), last))
        cell_high = start + max(0, min(int(high[peak] * cells_per_da), last))
        begin = first_at_least(posting_mz, table[cell_low], table[cell_low + 1], low[peak])
        end = first_at_least(posting_mz, max(begin, table[cell_high]), table[cell_high + 1], high[peak])
        if end == begin:
            continue
        if entropy:
            add_entropies(
                sums,
                posting_row,
                posting_value,
                posting_own,
                begin,
                end,
                value[peak],
                value_own[peak],
                total,
                mantissa,
                exponent,
            )
        else:
            add_products(sums, posting_row, posting_value, begin, end, value[peak])


@kernel
def largest_of(bits: Bits) -> np.int32:
    """Largest of the bits of numbers that are not negative: they have the order of the numbers."""
    largest = np.int32(0)
    for x in range(len(bits)):  # a length that is not known beforehand: else it is unrolled and not vectorised
        bit = bits[x]
        if bit > largest:
            largest = bit
    return largest


@kernel
def level_of(bits: Bits, count: int, histogram: Bits) -> np.int32:
    """A level that at least `count` of the numbers reach, and not many more; 0 where there are not so many.

    ``bits`` are those of numbers that are not negative, ``histogram`` is room.
    """
    histogram[:] = 0
    for x in range(len(bits)):
        histogram[bits[x] >> _LEVEL_BITS] += 1
    place = len(histogram)
    while count > 0 and place > 0:
        place -= 1
        count -= histogram[place]
    return np.int32(place) << _LEVEL_BITS if count <= 0 else np.int32(0)


@kernel
def note_substance(substances: Int, best: Single, substance: int, value: np.float32) -> None:
    """Take a value into the list of the best substances, descending."""
    place = len(best) - 1
    if value <= best[place]:
        return
    for k in range(len(substances)):
        if substances[k] == substance:
            place = k
    if value <= best[place]:
        return
    while place > 0 and best[place - 1] < value:
        best[place] = best[place - 1]
        substances[place] = substances[place - 1]
        place -= 1
    best[place] = value
    substances[place] = substance


@kernel
def kept_above(rows: Int, values: Single, count: int, limit: np.float32) -> int:
    """Drop what is below the limit, in place; how many are left."""
    left = 0
    for k in range(count):
        if values[k] >= limit:
            rows[left] = rows[k]
            values[left] = values[k]
            left += 1
    return left


@kernel
def kept_near_best(
    rows: Int, values: Single, count: int, substance: Int, substances: Int, best: Single, slack: np.float32
) -> int:
    """Drop rows that cannot be the best of their own substance, in place; how many are left.

    ``best`` are sure sums of the best row of each of the ``substances``; ``values`` are at least the sums of the rows.
    """
    left = 0
    for k in range(count):
        surpassed = False
        for known in range(len(substances)):
            if substances[known] == substance[rows[k]]:
                surpassed = values[k] < best[known] - slack
                break
        if not surpassed:
            rows[left] = rows[k]
            values[left] = values[k]
            left += 1
    return left


@kernel
def scan_postings(
    query_low: Float,
    query_high: Float,
    query_value: Single,
    query_own: Single,
    query_offsets: Int,
    queries: Int,
    posting_mz: Float,
    posting_row: Row,
    posting_value: Single,
    posting_own: Single,
    table: Int,
    shifted_low: Float,
    shifted_high: Float,
    shifted_mz: Float,
    shifted_row: Row,
    shifted_value: Single,
    shifted_table: Int,
    query_mass: Float,
    mass: Float,
    tolerance_da: float,
    tolerance_relative: float,
    shifted: bool,
    cells: int,
    cells_per_da: float,
    block_rows: int,
    allowed: Mask,
    substance: Int,
    left_out: Int,
    left_out_offsets: Int,
    entropy: bool,
    most: float,
    slack: Single,
    best_substances: Int,
    best_values: Single,
    found_rows: Int,
    found_values: Single,
    found: Int,
    least: Single,
) -> None:
    """Find for each query the rows whose sum is among those of the best substances, less a slack.

    A peak of a query meets the postings from ``query_low`` to below ``query_high``. Block b has the postings
    ``table[b * cells]`` to ``table[(b + 1) * cells]``, those with ``c <= m/z * cells_per_da < c + 1`` from
    ``table[b * cells + c]``; the first part has also all
    below, the last all above. ``left_out`` are rows that a query is not compared with. Sums above ``most`` count as
    ``most``. ``best_substances`` (-1) and ``best_values`` (0) have a place for each substance to be found.

    With ``shifted`` there is a second set of postings, of the same rows, and peaks may match in the one or the other:
    a score is at least the larger of the two sums and at most both together, but where query and row have the same
    mass within the tolerance, nothing is shifted and the first sum alone counts.

    Writes rows and sums of each query to its line of ``found_rows`` and ``found_values``, their number to ``found``,
    and to ``least`` the sum below which nothing was kept; above it, only rows are left out that another row of the same
    substance surpasses. Where a line is too short, ``found`` is -1.
    """
    n_rows = len(allowed)
    # Whole strips: what is beyond the last row stays 0.
    room_rows = (block_rows + _STRIP - 1) // _STRIP * _STRIP
    direct = np.zeros(room_rows, dtype=np.float32)
    moved = np.zeros(room_rows if shifted else 0, dtype=np.float32)
    sums = np.zeros(room_rows, dtype=np.float32) if shifted else direct
    sums_bits = sums.view(np.int32)
    room = np.empty(3 * _CHUNK, dtype=np.float32)
    strip_bits = np.empty(room_rows // _STRIP, dtype=np.int32)
    histogram = np.empty(1 << (31 - _LEVEL_BITS), dtype=np.int32)
    limit = np.empty(1, dtype=np.float32)
    limit_bits = limit.view(np.int32)
    capacity = found_rows.shape[1]
    for q in range(len(queries)):
        found[q] = 0
        least[q] = LEAST
    for block in range((n_rows + block_rows - 1) // block_rows):
        base = block * block_rows
        size = min(block_rows, n_rows - base)
        opened = False
        for x in range(base, base + size):
            opened = opened or allowed[x]
        if not opened:
            continue
        for q in range(len(queries)):
            if found[q] < 0:
                continue
            first, stop = query_offsets[queries[q]], query_offsets[queries[q] + 1]
            add_peaks(
                direct,
                query_low,
                query_high,
                query_value,
                query_own,
                first,
                stop,
                posting_mz,
                posting_row,
                posting_value,
                posting_own,
                table,
                block * cells,
                cells,
                cells_per_da,
                entropy,
                room,
            )
            if shifted:
                add_peaks(
                    moved,
                    shifted_low,
                    shifted_high,
                    query_value,
                    query_own,
                    first,
                    stop,
                    shifted_mz,
                    shifted_row,
                    shifted_value,
                    posting_own,
                    shifted_table,
                    block * cells,
                    cells,
                    cells_per_da,
                    False,
                    room,
                )
                for x in range(room_rows):
                    sums[x] = direct[x] + moved[x]
            for k in range(left_out_offsets[q], left_out_offsets[q + 1]):
                if base <= left_out[k] < base + size:
                    sums[left_out[k] - base] = 0.0
            limit[0] = least[q]
            strips = (size + _STRIP - 1) // _STRIP
            for strip in range(strips):
                strip_bits[strip] = largest_of(sums_bits[strip * _STRIP : (strip + 1) * _STRIP])
            # The largest sums first: then the limit is high soon, and few rows are taken for nothing.
            above, below = limit_bits[0], _BEYOND
            if found[q] == 0:
                above = max(above, level_of(strip_bits[:strips], 2 * best_values.shape[1], histogram))
            while True:
                for strip in range(strips):
                    if strip_bits[strip] < max(above, limit_bits[0]):
                        continue
                    for x in range(strip * _STRIP, min((strip + 1) * _STRIP, size)):
                        row = base + x
                        bits = sums_bits[x]
                        if bits < max(above, limit_bits[0]) or bits >= below or not allowed[row]:
                            continue
                        value = sums[x]
                        sure = value
                        if shifted:
                            a, b = query_mass[queries[q]], mass[row]
                            if abs(a - b) <= tolerance_da + tolerance_relative * 0.5 * (a + b):
                                value = direct[x]
                                sure = value
                                if value < limit[0]:
                                    continue
                            else:
                                sure = max(direct[x], moved[x])
                        if found[q] == capacity:
                            found[q] = kept_above(found_rows[q], found_values[q], capacity, limit[0])
                            if found[q] == capacity:
                                found[q] = -1
                                break
                        found_rows[q, found[q]] = row
                        found_values[q, found[q]] = min(value, np.float32(most))
                        found[q] += 1
                        sure = min(sure, np.float32(most))
                        note_substance(best_substances[q], best_values[q], substance[row], sure)
                        limit[0] = max(limit[0], best_values[q, -1] - slack[q])
                    if found[q] < 0:
                        break
                if found[q] < 0 or above <= limit_bits[0]:
                    break
                above, below = limit_bits[0], above
            direct[:] = np.float32(0.0)
            moved[:] = np.float32(0.0)
            least[q] = limit[0]
    for q in range(len(queries)):
        if found[q] > 0:
            found[q] = kept_above(found_rows[q], found_values[q], found[q], least[q])
            found[q] = kept_near_best(
                found_rows[q], found_values[q], found[q], substance, best_substances[q], best_values[q], slack[q]
            )
