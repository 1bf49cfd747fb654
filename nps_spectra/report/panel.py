"""Panels: sticks, labels and ticks in an area of any size, in mm; y grows downwards, as on paper."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final, Literal

from nps_spectra.report.comparison import Comparison
from nps_spectra.report.lettering import CAP_HEIGHT, Box, Placed, Room, Shelf, Wish, width_of
from nps_spectra.report.peaks import Kind, Peak, decimals_of, peaks_of
from nps_spectra.report.style import INK, SIGN_FROM, SIGN_RADIUS, STYLES
from nps_spectra.report.wording import reference_role
from nps_spectra.spectrum import Spectrum

Anchor = Literal["start", "middle", "end"]

#: Sizes of letters in mm: 10, 8, 7 and 6.2 points.
NAME_SIZE: Final = 3.5
TEXT_SIZE: Final = 2.8
LABEL_SIZE: Final = 2.45
SMALL_SIZE: Final = 2.2
#: Room above the tallest peak for its label, in mm.
_HEADROOM: Final = 5.0
#: How far numbers at ticks may reach beyond an area, in mm.
_OVERHANG: Final = 2.5
#: Peaks from this share of the tallest one ask for a label, and this many of them on each side.
_LABEL_FROM: Final = 1.0
_MOST_LABELS: Final = 90
#: Importance of the ion that the record names; that of other peaks is about their height in per cent.
_NAMED: Final = 1000.0
_THICKEST, _THINNEST = 0.55, 0.22


@dataclass(frozen=True, slots=True)
class Stick:
    """A peak in a panel: its class, and where it stands in mm."""

    mz: float
    value: float
    kind: Kind
    x: float
    foot: float
    tip: float


@dataclass(frozen=True, slots=True)
class Label:
    """The m/z beside a peak; `leader` is the line from the tip to a label that had to be raised: x, from y, to y."""

    text: str
    kind: Kind
    mz: float
    value: float
    box: Box
    leader: tuple[float, float, float] | None


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis: value, what is written, and place in mm."""

    value: float
    text: str
    at: float


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text; (x, y) is where its baseline starts, has its middle, or ends."""

    text: str
    x: float
    y: float
    size: float
    bold: bool = False
    colour: str = INK
    anchor: Anchor = "start"

    @property
    def box(self) -> Box:
        """The room that the text takes."""
        width = width_of(self.text, self.size, self.bold)
        left = self.x - {"start": 0.0, "middle": width / 2, "end": width}[self.anchor]
        return Box(left, self.y - CAP_HEIGHT * self.size, left + width, self.y)


@dataclass(frozen=True, slots=True)
class Panel:
    """An area with axes.

    Attributes
    ----------
    area : Box
    mz : (float, float)
        Limits of the m/z axis.
    values : (float, float)
        Limits of the vertical axis in per cent, the lower one first.
    sticks : tuple of Stick
    labels : tuple of Label
    mz_ticks, value_ticks : tuple of Tick
    titles : tuple of Text
        Of the vertical axis, written upwards; (x, y) is the middle of the baseline.
    thickness : float
        Width of the stick of a matched peak, in mm.
    """

    area: Box
    mz: tuple[float, float]
    values: tuple[float, float]
    sticks: tuple[Stick, ...]
    labels: tuple[Label, ...]
    mz_ticks: tuple[Tick, ...]
    value_ticks: tuple[Tick, ...]
    titles: tuple[Text, ...]
    thickness: float

    def zero(self) -> float:
        """The y of intensity 0."""
        return _y(self.area, self.values, 0.0)


def spectrum_panel(spectrum: Spectrum, area: Box) -> Panel:
    """The panel of one spectrum in an area of any size."""
    peaks, decimals = peaks_of(spectrum), decimals_of(spectrum)
    limits = _mz_limits(peaks, area, decimals)
    scale = area.height / max(area.height - _HEADROOM, 1.0)
    values = (0.0, 100.0 * scale)
    thickness = _thickness(area, limits, peaks)
    sticks = _sticks(peaks, area, limits, values, 1.0)
    return Panel(
        area=area,
        mz=limits,
        values=values,
        sticks=sticks,
        labels=_labels(sticks, area, decimals, thickness),
        mz_ticks=_mz_ticks(limits, area),
        value_ticks=_value_ticks((0.0, 25.0, 50.0, 75.0, 100.0), area, values),
        titles=(_value_title("relative intensity / %", area, 0.5),),
        thickness=thickness,
    )


def mirror_panel(comparison: Comparison, area: Box) -> Panel:
    """The panel of two spectra in an area of any size: the query upwards, the reference downwards."""
    query, reference = comparison.query_peaks, comparison.reference_peaks
    nominal = comparison.scorer.tolerance.value == 0
    decimals = [0 if nominal else decimals_of(spectrum) for spectrum in (comparison.query, comparison.reference)]
    limits = _mz_limits((*query, *reference), area, max(decimals))
    half = area.height / 2
    top = 100.0 * half / max(half - _HEADROOM, 1.0)
    values = (-top, top)
    thickness = _thickness(area, limits, query, reference)
    up = _sticks(query, area, limits, values, 1.0)
    down = _sticks(reference, area, limits, values, -1.0)
    labels = [_labels(sticks, area, places, thickness) for sticks, places in zip((up, down), decimals, strict=True)]
    ticks = _value_ticks((-100.0, -50.0, 0.0, 50.0, 100.0), area, values)
    return Panel(
        area=area,
        mz=limits,
        values=values,
        sticks=up + down,
        labels=labels[0] + labels[1],
        mz_ticks=_mz_ticks(limits, area),
        value_ticks=ticks,
        titles=(
            _value_title("query / %", area, 0.25),
            _value_title(f"{reference_role(comparison).removesuffix(' spectrum')} / %", area, 0.75),
        ),
        thickness=thickness,
    )


def difference_panel(comparison: Comparison, area: Box, mirror: Panel) -> Panel:
    peaks = comparison.differences
    largest = max((abs(peak.percent) for peak in peaks), default=0.0)
    # Two peaks of a split reference that fall on one of the query can leave more than 100 per cent.
    limit = next((limit for limit in (10.0, 20.0, 50.0, 100.0, 200.0) if largest <= 1.0001 * limit), 300.0)
    values = (-1.12 * limit, 1.12 * limit)
    sticks = tuple(
        Stick(peak.mz, peak.percent, peak.kind, _x(area, mirror.mz, peak.mz), _y(area, values, 0.0), tip)
        for peak in peaks
        for tip in (_y(area, values, peak.percent),)
    )
    return Panel(
        area=area,
        mz=mirror.mz,
        values=values,
        sticks=sticks,
        labels=(),
        mz_ticks=mirror.mz_ticks,
        value_ticks=_value_ticks((-limit, 0.0, limit), area, values, signed=True),
        titles=(_value_title("difference / %", area, 0.5),),
        thickness=mirror.thickness,
    )


def _x(area: Box, limits: tuple[float, float], mz: float) -> float:
    return area.left + area.width * (mz - limits[0]) / (limits[1] - limits[0])


def _y(area: Box, values: tuple[float, float], value: float) -> float:
    return area.bottom - area.height * (value - values[0]) / (values[1] - values[0])


def _mz_limits(peaks: Iterable[Peak], area: Box, decimals: int) -> tuple[float, float]:
    """Limits that leave room for half a label on the left and for a whole one on the right."""
    found = [peak.mz for peak in peaks]
    if not found:
        return 0.0, 100.0
    low, high = min(found), max(found)
    if high - low < 1.0:
        room = max(10.0, 1e-6 * high)
        return max(low - room, 0.0), high + room
    label = min(width_of(f"{high:.{decimals}f}", LABEL_SIZE) + 1.0, 0.15 * area.width)
    per_mm = (high - low) / (area.width - 1.5 * label)
    return max(low - 0.5 * label * per_mm, 0.0), high + label * per_mm


def _thickness(area: Box, limits: tuple[float, float], *spectra: Sequence[Peak]) -> float:
    """As thick as leaves gaps between most neighbouring sticks."""
    gaps = [median(right.mz - left.mz for left, right in pairwise(peaks)) for peaks in spectra if len(peaks) > 1]
    gap = area.width / (limits[1] - limits[0]) * min(gaps, default=math.inf)
    return min(max(0.6 * gap, _THINNEST), _THICKEST)


def _sticks(
    peaks: Sequence[Peak], area: Box, limits: tuple[float, float], values: tuple[float, float], sign: float
) -> tuple[Stick, ...]:
    foot = _y(area, values, 0.0)
    rise = sign * area.height / (values[1] - values[0])
    left, across = area.left - area.width * limits[0] / (limits[1] - limits[0]), area.width / (limits[1] - limits[0])
    return tuple(
        Stick(peak.mz, sign * peak.percent, peak.kind, left + across * peak.mz, foot, foot - rise * peak.percent)
        for peak in peaks
    )


def has_sign(stick: Stick) -> bool:
    """Whether the sign of its class is drawn on the tip of a stick."""
    return STYLES[stick.kind].sign is not None and abs(stick.tip - stick.foot) >= SIGN_FROM


def _labels(sticks: Sequence[Stick], area: Box, decimals: int, thickness: float) -> tuple[Label, ...]:
    """Labels of the sticks of one spectrum, in the order of m/z."""
    if not sticks:
        return ()
    zero = sticks[0].foot
    upwards = sticks[0].value > 0
    heights = [abs(stick.tip - zero) + (SIGN_RADIUS if has_sign(stick) else 0.0) for stick in sticks]
    shelf = Shelf(
        area.left,
        area.right,
        zero - area.top if upwards else area.bottom - zero,
        [(stick.x, abs(stick.tip - zero)) for stick in sticks],
        thickness / 2,
        [
            Room(stick.x - SIGN_RADIUS, stick.x + SIGN_RADIUS, height - 2 * SIGN_RADIUS, height)
            for stick, height in zip(sticks, heights, strict=True)
            if has_sign(stick)
        ],
    )
    wishes = sorted(
        (
            (_importance(stick), at)
            for at, stick in enumerate(sticks)
            if abs(stick.value) >= _LABEL_FROM or stick.kind in ("molecular ion", "precursor")
        ),
        key=lambda wish: (-wish[0], wish[1]),
    )[:_MOST_LABELS]
    placed = shelf.place(
        (
            Wish(at, sticks[at].x, heights[at], f"{sticks[at].mz:.{decimals}f}", _rise(importance))
            for importance, at in wishes
        ),
        LABEL_SIZE,
    )
    return tuple(
        _label(one, sticks[one.key], heights[one.key], zero, upwards)
        for one in sorted(placed, key=lambda one: (one.key, one.text))
    )


def _rise(importance: float) -> float:
    """How far above its peak a label may stand, in mm."""
    if importance >= _NAMED:
        return math.inf
    return 6.5 if importance >= 10 else 1.0


def _importance(stick: Stick) -> float:
    """What is labelled first: the ion that the record names, then what is tall; the unexplained before the matched."""
    height = abs(stick.value)
    if stick.kind in ("molecular ion", "precursor"):
        return _NAMED
    return height * {"unexplained": 1.5, "missing": 1.5, "not compared": 0.2}.get(stick.kind, 1.0)


def _label(one: Placed, stick: Stick, height: float, zero: float, upwards: bool) -> Label:
    room = one.room
    if upwards:
        box = Box(room.left, zero - room.head, room.right, zero - room.foot)
    else:
        box = Box(room.left, zero + room.foot, room.right, zero + room.head)
    leader = None
    if room.foot - height > 0.9:
        leader = (stick.x, *((zero - height, box.bottom) if upwards else (zero + height, box.top)))
    return Label(one.text, stick.kind, stick.mz, stick.value, box, leader)


def _value_title(text: str, area: Box, part: float) -> Text:
    return Text(text, area.left - 10.3, area.top + part * area.height, LABEL_SIZE, anchor="middle")


def _mz_ticks(limits: tuple[float, float], area: Box) -> tuple[Tick, ...]:
    """Ticks at round m/z whose labels have room."""
    span = limits[1] - limits[0]
    most = max(area.width / 12.0, 2.0)
    power = 10.0 ** math.floor(math.log10(span / most))
    step = next(step for step in (power, 2 * power, 5 * power, 10 * power, 20 * power) if span / step <= most)
    first, last = math.ceil(limits[0] / step - 1e-9), math.floor(limits[1] / step + 1e-9)
    values = (step * at for at in range(first, last + 1))
    ticks = [Tick(value, f"{value:.6g}", _x(area, limits, value)) for value in values]
    # A number at the very end would leave the page.
    return tuple(tick for tick in ticks if tick.at + width_of(tick.text, TEXT_SIZE) / 2 <= area.right + _OVERHANG)


def _value_ticks(
    wanted: Sequence[float], area: Box, values: tuple[float, float], signed: bool = False
) -> tuple[Tick, ...]:
    return tuple(
        Tick(
            value,
            (f"{value:+g}".replace("-", "\u2212") if value else "0") if signed else f"{abs(value):g}",
            _y(area, values, value),
        )
        for value in wanted
    )
