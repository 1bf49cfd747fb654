"""From the table of a JCAMP-DX block to m/z and intensities, and the checks that the format provides."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from nps_spectra.formats.fields import number
from nps_spectra.formats.jcamp_blocks import TABLES, Header, Ldr, plain, without_comment
from nps_spectra.formats.jcamp_tables import ordinates, pairs
from nps_spectra.formats.record import ParsedRecord, RecordFault

_PAIRS: Final = re.compile(r"\s*\(\s*([A-Z]\d*)\s*,?\s*([A-Z]\d*)\s*\.\.\s*\1\s*,?\s*\2\s*\)", re.IGNORECASE)
_EQUIDISTANT: Final = re.compile(r"\s*\(\s*(\w+)\s*\+\+\s*\(\s*(\w+)\s*\.\.\s*\2\s*\)\s*\)", re.IGNORECASE)
_LONGEST_FORM: Final = 100
_MASS_UNITS: Final = re.compile(r"M/?Z|MASS|DALTON|\bDA\b|\bAMU\b|\bU\b|\bTH\b|THOMSON", re.IGNORECASE)
#: Points of a profile are closer than the masses of two nominal peaks.
_NOMINAL_STEP: Final = 1.0
#: Checks of first values are written with few digits.
_LOOSE: Final = 0.01

COUNT_REPAIR: Final = "##NPOINTS= is not the number of points: all points were read"
_FIRST_AND_LAST: Final = "##FIRSTX=, ##LASTX= or ##FIRSTY= is not that of the table"


@dataclass(frozen=True, slots=True)
class Axis:
    """What a block says of one variable.

    Attributes
    ----------
    units : str
        Empty if not said.
    factor : float
        By which numbers of the table are multiplied.
    first, last : float or None
        Values of the first and the last point.
    """

    units: str
    factor: float
    first: float | None
    last: float | None


class Fields:
    """LDRs of a block, or of a page and the block around it, by label."""

    def __init__(self, own: Sequence[Ldr], header: Header | None) -> None:
        self._own = {one.label: one for one in reversed(own)}
        self._shared = header.by_label if header is not None else {}
        self._symbols = [plain(symbol) for symbol in self.text("SYMBOL").split(",")]

    def text(self, label: str) -> str:
        """Value on one line, empty where there is none."""
        found = self._own.get(label) or self._shared.get(label)
        return found.text if found is not None else ""

    def value(self, label: str) -> float | None:
        """Value as a number; None where there is none, or none that can be read."""
        return number(self.text(label))

    def column(self, label: str, symbol: str) -> str:
        """Value of a series for the variable with this symbol."""
        cells = [cell.strip() for cell in self.text(label).split(",")]
        at = self._symbols.index(symbol) if symbol in self._symbols else len(cells)
        return cells[at] if at < len(cells) else ""

    def axis(self, symbol: str, letter: str) -> Axis:
        """The variable that the form of the table calls `symbol`; of a block without series it is X or Y."""
        units = self.column("UNITS", symbol) or self.text(f"{letter}UNITS")
        factor = self.column("FACTOR", symbol) or self.text(f"{letter}FACTOR")
        first = self.column("FIRST", symbol) or self.text(f"FIRST{letter}")
        last = self.column("LAST", symbol) or self.text(f"LAST{letter}")
        size = number(factor) if factor else 1.0
        if size is None or size <= 0:
            raise RecordFault(f"##{letter}FACTOR= is {factor[:40]!r}, expected a number above 0")
        return Axis(units, size, number(first), number(last))


def read_points(record: ParsedRecord, own: Sequence[Ldr], fields: Fields) -> None:
    """Put m/z and intensities into `record`, with what was repaired and noted.

    Raises
    ------
    RecordFault
        There is no table or several, its form is not that of a spectrum, its x is no m/z, or a check fails.
    """
    first_line, lines = _table(record, own)
    start = first_line[:_LONGEST_FORM]
    equidistant = _EQUIDISTANT.match(start)
    found = equidistant or _PAIRS.match(start)
    if found is None and first_line.strip():
        raise RecordFault(f"table of the form {first_line.strip()[:40]!r}, expected (XY..XY) or (X++(Y..Y))")
    if found is None:
        record.notes.append("table without its form: taken as (XY..XY)")
    symbols = (plain(found.group(1)), plain(found.group(2))) if found else ("X", "Y")
    rest = first_line[found.end() :].strip(" \t,;") if found else ""
    # A word there ("PEAKS", "PROFILE") names the kind of the table; numbers are its first points.
    if rest and not rest[0].isalpha():
        if equidistant or len(rest.split()) > 1 or "," in rest:
            lines = [rest, *lines]
        else:
            record.notes.append("a number behind the form of the table is not understood")
    x, y = fields.axis(symbols[0], "X"), fields.axis(symbols[1], "Y")
    if x.units and not _MASS_UNITS.search(x.units):
        raise RecordFault(f"x is in {x.units[:40]!r}, expected m/z: not a mass spectrum, or one without mass scale")
    if equidistant:
        _read_equidistant(record, lines, fields, x, y)
    else:
        _read_pairs(record, lines, fields, x, y)
    if plain(fields.text("DATATYPE")).startswith("CONTINUOUS"):
        record.fields["representation"] = "profile"


def _table(record: ParsedRecord, own: Sequence[Ldr]) -> tuple[str, list[str]]:
    """The first line of the table, which tells its form, and the others without comments."""
    tables = [one for one in own if one.label in TABLES]
    if len(tables) > 1:
        raise RecordFault(f"two tables (##{tables[0].name}= and ##{tables[1].name}=), expected one a block")
    if tables:
        lines = tables[0].lines
    else:
        # Agilent ChemStation lists the peaks right after their number.
        counts = [one.lines for one in own if one.label == "NPOINTS" and Ldr("", "", one.lines[1:]).text]
        if not counts:
            raise RecordFault("no table of points (##PEAK TABLE=, ##XYDATA=, ##XYPOINTS= or ##DATA TABLE=)")
        lines = ["(XY..XY)", *counts[0][1:]]
        record.repairs.append("peaks without a label after ##NPOINTS=")
    if "$$" in "".join(lines):
        lines = [without_comment(line) for line in lines]
    return lines[0], lines[1:]


def _read_pairs(record: ParsedRecord, lines: list[str], fields: Fields, x: Axis, y: Axis) -> None:
    mz, intensity = pairs(lines)
    _check_count(record, fields, len(mz), commas="," in "".join(lines))
    if x.factor != 1:
        mz = [value * x.factor for value in mz]
    if y.factor != 1:
        intensity = [value * y.factor for value in intensity]
    if not fields.text("NTUPLES"):
        # In a series these are the ends of all its tables together.
        _check_ends(record, mz, intensity, x, y)
    if 0.0 in mz:
        kept = [at for at, value in enumerate(mz) if value != 0 or intensity[at] != 0]
        if len(kept) < len(mz):
            record.repairs.append("point 0, 0 left out: it is no peak")
            mz, intensity = [mz[at] for at in kept], [intensity[at] for at in kept]
    record.mz, record.intensity = mz, intensity


def _check_count(record: ParsedRecord, fields: Fields, points: int, *, commas: bool) -> None:
    text = fields.text("NPOINTS").split()
    declared = number(text[0]) if text else None
    if commas and declared and 2 * declared == points:
        # "58,1 999,5" is two points by the standard, and one point of a program that writes decimal commas.
        raise RecordFault(
            f"##NPOINTS= is {text[0]}, found {points} points: commas may be decimal marks, expected points"
        )
    if not text:
        record.notes.append("##NPOINTS= is missing: all points were read")
    elif declared != points:
        record.repairs.append(COUNT_REPAIR)


def _check_ends(record: ParsedRecord, mz: Sequence[float], intensity: Sequence[float], x: Axis, y: Axis) -> None:
    if not len(mz):
        return
    for declared, found in ((x.first, mz[0]), (x.last, mz[-1]), (y.first, intensity[0])):
        if declared is not None and not math.isclose(declared, found, rel_tol=_LOOSE):
            record.notes.append(_FIRST_AND_LAST)
            return


def _read_equidistant(record: ParsedRecord, lines: list[str], fields: Fields, x: Axis, y: Axis) -> None:
    table = ordinates(lines)
    points = len(table.values)
    if not points:
        return
    declared = fields.text("NPOINTS").split()
    if declared and number(declared[0]) != points:
        raise RecordFault(f"##NPOINTS= is {declared[0][:20]}, found {points} points: m/z cannot be assigned to them")
    if not declared:
        record.notes.append("##NPOINTS= is missing: all points were read")
    first, last = _ends(table.abscissas[0][1] * x.factor, points, fields, x)
    step = (last - first) / (points - 1) if points > 1 else 0.0
    for at, written, half_a_digit in table.abscissas:
        expected = first + at * step
        # A point too many or too few shows, and a rounded abscissa does not matter.
        slack = abs(step) / 4 + half_a_digit * x.factor * 1.001 + 1e-9 * abs(expected)
        if not abs(written * x.factor - expected) <= slack:
            raise RecordFault(
                f"x check: point {at + 1} stands at {written * x.factor:.8g}, expected {expected:.8g} by ##FIRSTX=, "
                "##LASTX= and the number of points"
            )
    delta = fields.value("DELTAX")
    if delta is not None and abs(delta - step) > _LOOSE * abs(step):
        record.repairs.append("##DELTAX= does not fit first x, last x and number of points: not used")
    if table.unchecked:
        record.notes.append("the last Y-value check is missing")
    # Numbers too large are found by the check of all formats.
    with np.errstate(over="ignore", invalid="ignore"):
        mz: npt.NDArray[np.float64] = np.linspace(first, last, points)
        intensity = np.array(table.values, dtype=np.float64) * y.factor
    if y.first is not None and not math.isclose(y.first, float(intensity[0]), rel_tol=_LOOSE, abs_tol=y.factor):
        record.notes.append(_FIRST_AND_LAST)
    known = ~np.isnan(intensity)
    if not known.all():
        record.repairs.append("points without a value ('?') left out")
        mz, intensity = mz[known], intensity[known]
    record.mz, record.intensity = mz, intensity
    if 0 < abs(step) < _NOMINAL_STEP:
        record.fields["representation"] = "profile"


def _ends(first_written: float, points: int, fields: Fields, x: Axis) -> tuple[float, float]:
    """First and last x; from the step where the block does not say them."""
    if x.first is not None and x.last is not None:
        return x.first, x.last
    delta = fields.value("DELTAX")
    if delta is None:
        raise RecordFault("##FIRSTX= and ##LASTX= (or ##DELTAX=) are missing: m/z cannot be assigned to the points")
    first = x.first if x.first is not None else first_written
    return first, first + (points - 1) * delta
