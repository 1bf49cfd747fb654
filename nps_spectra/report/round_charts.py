"""Charts of a round of a proficiency test: scores as bars, sorted results, kernel density."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from nps_spectra.errors import OptionError
from nps_spectra.proficiency.density import Density, kernel_density
from nps_spectra.proficiency.outliers import youden_pairs
from nps_spectra.proficiency.quantities import Quantity
from nps_spectra.proficiency.targets import Target
from nps_spectra.report.chart import LETTERS, Anchor, Chart, shown_number
from nps_spectra.report.document_style import ACCEPTED, COLOURS, WARNED
from nps_spectra.report.lettering import fitted, width_of
from nps_spectra.report.style import INK

_Point = tuple[float, float]

_WIDTH: Final = 170.0
#: Bars in one row; more would leave no room for codes.
_ROW: Final = 60
#: Bars that a row has room for at least.
_FEWEST: Final = 4
#: Length of a label below a bar, in mm; longer names are cut, and stand whole in the table.
_LONGEST: Final = 44.0
#: From so many values on a density shows no single laboratory.
ANONYMOUS: Final = 10
#: Results that a bump of such a density holds at least.
_TOGETHER: Final = 2.5
#: Values outside a plot have their number beside them as long as they are no more.
_LABELS: Final = 6
#: Codes that stand beside a Youden plot at most, and from one to the next in mm.
_NAMES: Final = 28
_LINE: Final = 2.9
#: Scores beyond are drawn at the edge, with their number.
_HIGHEST: Final = 6.0


def score_bars(quantities: Sequence[Quantity], limits: tuple[float, float], title: str) -> list[Chart]:
    """Z scores in ascending order, with the codes of the laboratories below, in rows of up to 60."""
    scored = sorted((one for one in quantities if one.z is not None), key=lambda one: (one.z or 0.0, one.laboratory))
    if not scored:
        return []
    rows = -(-len(scored) // _ROW)
    size = -(-len(scored) // rows)
    top = _reach(scored, limits)
    longest = max(len(one.laboratory) for one in scored)
    charts = []
    for start in range(0, len(scored), size):
        part = scored[start : start + size]
        chart = Chart(title, _WIDTH, 38 + 1.45 * longest, (0, max(size, 12)), (-top, top), bottom=4 + 1.45 * longest)
        _limits(chart, limits)
        for place, one in enumerate(part):
            _score_bar(chart, place + 0.5, one, 0.8, top)
            chart.text(
                chart.across(place + 0.5) + 0.8,
                chart.height - chart.bottom + 1.2,
                one.laboratory,
                anchor="end",
                turn=-90,
            )
        chart.y_axis("z score", [-limits[1], -limits[0], 0, *limits])
        charts.append(chart)
    return charts


def own_scores(quantities: Sequence[Quantity], limits: tuple[float, float]) -> list[Chart]:
    """Z scores of one laboratory, a bar for each sample and substance, in rows of up to 60."""
    scored = [one for one in quantities if one.z is not None]
    if not scored:
        return []
    top = _reach(scored, limits)
    size = -(-len(scored) // -(-len(scored) // _ROW))
    room = (_WIDTH - 17) / max(size, _FEWEST)
    names = [fitted(one.substance, LETTERS, _LONGEST - width_of(one.sample, LETTERS)) for one in scored]
    turned = any(
        max(width_of(name, LETTERS), width_of(one.sample, LETTERS)) > room - 1
        for name, one in zip(names, scored, strict=True)
    )
    labels = [f"{one.sample} {name}" for name, one in zip(names, scored, strict=True)]
    foot = 3 + max(width_of(label, LETTERS) for label in labels) if turned else 10.0
    charts = []
    for start in range(0, len(scored), size):
        chart = Chart(
            "z scores of the laboratory", _WIDTH, 42 + foot, (0, max(size, _FEWEST)), (-top, top), bottom=foot
        )
        _limits(chart, limits)
        for place, one in enumerate(scored[start : start + size]):
            _score_bar(chart, place + 0.5, one, 0.35, top)
            x, y = chart.across(place + 0.5), chart.height - chart.bottom
            if turned:
                chart.text(x + 0.8, y + 1.2, labels[start + place], anchor="end", turn=-90, room=foot - 1.5)
            else:
                chart.text(x, y + 3.6, one.sample, room=room)
                chart.text(x, y + 7.2, names[start + place], room=room)
        chart.y_axis("z score", [-limits[1], -limits[0], 0, *limits])
        charts.append(chart)
    return charts


def sorted_results(
    quantities: Sequence[Quantity], target: Target, limits: tuple[float, float], title: str
) -> Chart | None:
    """Values in ascending order with their expanded uncertainty, and the range of acceptable results."""
    found = sorted((one for one in quantities if one.value is not None), key=lambda one: (one.value, one.laboratory))
    if not found:
        return None
    centre, spread = _centre(found, target)
    low = max(centre - 8 * spread, min((one.value or 0.0) - (one.expanded or 0.0) for one in found))
    high = min(centre + 8 * spread, max((one.value or 0.0) + (one.expanded or 0.0) for one in found))
    if target.assigned is not None and target.sigma_pt is not None:
        low, high = min(low, centre - 1.15 * limits[1] * spread), max(high, centre + 1.15 * limits[1] * spread)
    pad = 0.04 * (high - low) or 0.5 * abs(high) or 1.0
    chart = Chart(title, _WIDTH, 62, (0, len(found)), (low - pad, high + pad))
    _acceptable(chart, target, limits)
    beyond = sum(not chart.y[0] <= (one.value or 0.0) <= chart.y[1] for one in found)
    for place, one in enumerate(found):
        x, value = place + 0.5, float(one.value or 0.0)
        colour = COLOURS[one.verdict]
        inside = chart.y[0] <= value <= chart.y[1]
        if one.expanded is not None and inside:
            chart.line([(x, value - one.expanded), (x, value + one.expanded)], colour, 0.25)
        chart.point(x, value, colour, 0.8 if len(found) <= 100 else 0.5)
        if not inside and beyond <= _LABELS:
            # Neighbours stand on two lines.
            away = 3.4 + 2.6 * (place % 2) if value > chart.y[1] else -1.6 - 2.6 * (place % 2)
            chart.text(chart.across(x), chart.up(value) + away, shown_number(value))
    chart.y_axis(_axis(target, chart.height))
    chart.x_axis("laboratories, by value", [])
    return chart


def density_of(quantities: Sequence[Quantity], target: Target) -> Density | None:
    """Kernel density of all values; None of too few to be anonymous, or without spread."""
    values = [one.value for one in quantities if one.value is not None]
    if len(values) < ANONYMOUS:
        return None
    bandwidth = max(0.75 * (target.sigma_pt or 0.0), 0.9 * (target.robust_sd or 0.0) * len(values) ** -0.2)
    return kernel_density(values, bandwidth) if bandwidth else None


def density_chart(
    found: Density, target: Target, limits: tuple[float, float], own: float | None = None
) -> Chart | None:
    """Kernel density of all values near the assigned one, and where one laboratory stands.

    With `own`, for the report of a laboratory, no bump is drawn that is made by one or two laboratories.
    """
    centre = target.assigned if target.assigned is not None else found.modes[0].location
    spread = target.sigma_pt or target.robust_sd or found.bandwidth
    near = (centre - 6 * spread, centre + 6 * spread)
    points = zip(found.x.tolist(), found.density.tolist(), strict=True)
    # The grid has gaps where no result is near.
    pieces = _pieces(points, found.bandwidth / 4)
    if own is not None:
        pieces = [part for piece in pieces for part in _of_many(piece, target.values, found.bandwidth)]
    pieces = [part for piece in pieces if (part := [point for point in piece if near[0] <= point[0] <= near[1]])]
    if not pieces:
        return None
    highest = max(y for piece in pieces for _, y in piece)
    low, high = pieces[0][0][0], pieces[-1][-1][0]
    if target.assigned is not None and target.sigma_pt is not None:
        low, high = min(low, centre - 1.15 * limits[1] * spread), max(high, centre + 1.15 * limits[1] * spread)
    chart = Chart("kernel density of all values", _WIDTH, 50, (low, high), (0, 1.12 * highest), left=8, top=6)
    _acceptable(chart, target, limits, vertical=True)
    for piece in pieces:
        chart.line(piece, INK)
    if own is not None:
        chart.line([(own, 0), (own, 1.02 * highest)], COLOURS["unsatisfactory"], 0.5)
        edge = chart.left + 0.75 * (chart.width - chart.left)
        beyond = "" if low <= own <= high else ", beyond the plot"
        side: Anchor = "end" if chart.across(own) > edge else "start"
        chart.text(
            chart.across(own) + (-1 if side == "end" else 1),
            5.2,
            f"your value: {shown_number(own)}{beyond}",
            anchor=side,
        )
    chart.x_axis(_axis(target, chart.width - 20))
    chart.text(3.6, 22, "density", turn=-90)
    return chart


def _pieces(points: Iterable[_Point], step: float) -> list[list[_Point]]:
    """Points in runs without a gap."""
    pieces: list[list[_Point]] = []
    for point in points:
        if not pieces or point[0] - pieces[-1][-1][0] > step:
            pieces.append([])
        pieces[-1].append(point)
    return pieces


def _of_many(piece: list[_Point], count: int, bandwidth: float) -> Iterator[list[_Point]]:
    """What of a run may be shown to all: bumps of three results or more, and of them not the ends.

    The end of a density lies three bandwidths from the outermost result; so low a part of the curve that half a result
    makes it is left out.
    """
    least = 0.5 / (count * bandwidth * math.sqrt(2 * math.pi))
    heights = [y for _, y in piece]
    lows = [k for k in range(1, len(piece) - 1) if heights[k - 1] > heights[k] <= heights[k + 1]]
    for first, last in pairwise([0, *lows, len(piece) - 1]):
        results = count * sum(heights[first:last]) * (piece[-1][0] - piece[0][0]) / (len(piece) - 1)
        if results > _TOGETHER:
            yield [point for point in piece[first : last + 1] if point[1] >= least]


def youden_chart(pairs: Sequence[tuple[Quantity, Quantity]], names: tuple[str, str]) -> Chart | None:
    """Values of laboratories on two samples with the 95 % ellipse; None of fewer than 10, or without spread.

    Codes stand beside who lies outside, and beside who would lie inside with the two samples exchanged.
    """
    x = [float(one.value or 0.0) for one, _ in pairs]
    y = [float(other.value or 0.0) for _, other in pairs]
    if len(pairs) < ANONYMOUS:
        return None
    try:
        found = youden_pairs(x, y)
    except OptionError:  # no spread, no ellipse
        return None
    spans = []
    for place, values in enumerate((x, y)):
        centre, reach = found.centre[place], 8 * found.deviations[place]
        edges = found.ellipse[:, place]
        low, high = min(*values, float(edges.min())), max(*values, float(edges.max()))
        low, high = max(low, centre - reach), min(high, centre + reach)
        spans.append((low - 0.05 * (high - low), high + 0.05 * (high - low)))
    chart = Chart(f"Youden plot of {names[0]} and {names[1]}", _WIDTH, 100, spans[0], spans[1], right=_WIDTH - 109)
    chart.y_axis(names[1])
    chart.x_axis(names[0])
    ring = [(float(a), float(b)) for a, b in found.ellipse]
    chart.line([*ring, ring[0]], INK)
    outside = [place for place, distance in enumerate(found.distances.tolist()) if distance > found.limit]
    for place, (a, b) in enumerate(zip(x, y, strict=True)):
        chart.point(a, b, COLOURS["unsatisfactory" if place in outside else "satisfactory"])
    named = sorted(outside if len(outside) <= _LABELS * 2 else found.swapped, key=lambda place: (-y[place], x[place]))
    shown, more = named[:_NAMES], len(named) - _NAMES
    heights = _apart([chart.up(y[place]) for place in shown], _LINE, chart.top + 2, chart.height - chart.bottom)
    edge = chart.width - chart.right + 4
    for place, height in zip(shown, heights, strict=True):
        exchanged = " (exchanged?)" if place in found.swapped else ""
        chart.pointer((chart.across(x[place]), chart.up(y[place])), (edge, height))
        name = f"{pairs[place][0].laboratory}{exchanged}"
        chart.text(edge + 0.8, height + 0.9, name, anchor="start", room=chart.width - edge)
    if more > 0:
        chart.text(edge + 0.8, chart.height - chart.bottom + 4, f"and {more} more", anchor="start")
    return chart


def _apart(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Places near those wanted, in ascending order and `gap` from each other, between two limits if they can be."""
    found: list[float] = []
    for place in wanted:
        found.append(max(place, low, found[-1] + gap if found else low))
    limit = high
    for number in range(len(found) - 1, -1, -1):
        found[number] = min(found[number], limit)
        limit = found[number] - gap
    return found


def _reach(scored: Sequence[Quantity], limits: tuple[float, float]) -> float:
    """Height of the axis of scores."""
    return min(_HIGHEST, max(limits[1] + 1, *(abs(one.z or 0.0) for one in scored)))


def _limits(chart: Chart, limits: tuple[float, float]) -> None:
    chart.band(-limits[0], limits[0], ACCEPTED)
    chart.band(limits[0], limits[1], WARNED)
    chart.band(-limits[1], -limits[0], WARNED)
    chart.line([(chart.x[0], 0), (chart.x[1], 0)], INK, 0.15)


def _score_bar(chart: Chart, x: float, one: Quantity, width: float, top: float) -> None:
    score = one.z or 0.0
    chart.bar(x, 0, score, width, COLOURS[one.verdict])
    if abs(score) > top:
        # The number stands beyond the foot of the bar, where nothing else is.
        chart.text(
            chart.across(x) + 0.8, chart.up(0) + (8.5 if score > 0 else -1), shown_number(round(score, 1)), turn=-90
        )


def _acceptable(chart: Chart, target: Target, limits: tuple[float, float], vertical: bool = False) -> None:
    """Bands of the assigned value and of the scores about it."""
    if target.assigned is None:
        return
    if target.sigma_pt is not None:
        for times, colour in ((limits[1], WARNED), (limits[0], ACCEPTED)):
            chart.band(
                target.assigned - times * target.sigma_pt, target.assigned + times * target.sigma_pt, colour, vertical
            )
    ends = [(target.assigned, chart.y[0]), (target.assigned, chart.y[1])]
    if not vertical:
        ends = [(chart.x[0], target.assigned), (chart.x[1], target.assigned)]
    chart.line(ends, INK, 0.25, (1, 0.7))


def _axis(target: Target, room: float) -> str:
    """Title of an axis of values: of a long name the end is cut, never the unit."""
    unit = f", {target.unit}"
    return fitted(target.substance, LETTERS, room - width_of(unit, LETTERS)) + unit


def _centre(found: Sequence[Quantity], target: Target) -> tuple[float, float]:
    """Where the plot is centred and its unit of width."""
    values = sorted(float(one.value or 0.0) for one in found)
    centre = target.assigned if target.assigned is not None else values[len(values) // 2]
    return centre, target.sigma_pt or target.robust_sd or (values[-1] - values[0]) / 6
