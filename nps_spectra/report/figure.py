"""Layout of figures in mm, without any plotting library: what stands where, and that no label covers another.

`spectrum_figure` and `mirror_figure` give values that `svg.py`, `axes.py` and `terminal.py` draw. Widths are those of
A4 between margins of 20 mm; y grows downwards, as on paper.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from nps_spectra.report.comparison import Comparison, LibraryEntry
from nps_spectra.report.lettering import Box, width_of, wrapped
from nps_spectra.report.panel import (
    NAME_SIZE,
    SMALL_SIZE,
    TEXT_SIZE,
    Panel,
    Text,
    difference_panel,
    mirror_panel,
    spectrum_panel,
)
from nps_spectra.report.peaks import Kind, Peak, decimals_of, peaks_of
from nps_spectra.report.style import FAINT, INK
from nps_spectra.report.wording import (
    CAUTION,
    Heading,
    heading_of,
    method_line,
    reference_role,
    score_lines,
    shift_text,
    warnings_of,
)
from nps_spectra.spectrum import Spectrum

#: A4 is 210 mm wide.
WIDTH: Final = 170.0
#: In mm; a figure grows where many words would leave its panel less than the least.
SPECTRUM_HEIGHT: Final = 90.0
MIRROR_HEIGHT: Final = 135.0
_LEAST_SPECTRUM, _LEAST_MIRROR, _DIFFERENCE = 45.0, 60.0, 17.0
_LEFT, _RIGHT = 15.0, 3.0
_LINE: Final = 1.36


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """One class of peaks in the legend, with their number; (x, y) is the middle of the left end of its sample."""

    kind: Kind
    text: Text
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Figure:
    """A laid out figure.

    Attributes
    ----------
    width, height : float
        In mm.
    title : str
    headings : tuple of Heading
        In full; `texts` holds what fits.
    remarks : tuple of str
        Score lines, warnings, method and caution, in full.
    panels : tuple of Panel
        The spectrum, or the mirror plot and the differences.
    texts : tuple of Text
    legend : tuple of LegendEntry
    """

    width: float
    height: float
    title: str
    headings: tuple[Heading, ...]
    remarks: tuple[str, ...]
    panels: tuple[Panel, ...]
    texts: tuple[Text, ...]
    legend: tuple[LegendEntry, ...]


@dataclass(frozen=True, slots=True)
class SpectrumFigure(Figure):
    """One spectrum."""

    spectrum: Spectrum
    peaks: tuple[Peak, ...]


@dataclass(frozen=True, slots=True)
class MirrorFigure(Figure):
    """A query above, a reference below, and their difference."""

    comparison: Comparison


def spectrum_figure(spectrum: Spectrum, entry: LibraryEntry | None = None) -> SpectrumFigure:
    """Lay out one spectrum; `entry` says where in a library it stands.

    Examples
    --------
    >>> figure = spectrum_figure(Spectrum([58, 91, 119], [100, 9, 4], name="mephedrone"))
    >>> [label.text for label in figure.panels[0].labels]
    ['58', '91', '119']
    """
    heading = heading_of(spectrum, entry=entry)
    peaks = peaks_of(spectrum)
    column = _Column(_LEFT - 11, WIDTH - _RIGHT, 1.5)
    column.heading(heading)
    decimals = decimals_of(spectrum)
    words: dict[Kind, str] = {
        "base peak": "base peak",
        "molecular ion": "",
        "precursor": "",
        "other peak": "other peaks",
    }
    for peak in peaks:
        if peak.kind in ("molecular ion", "precursor"):
            words[peak.kind] = f"m/z {peak.mz:.{decimals}f}: {peak.kind} by the record"
    legend = column.legend(Counter(peak.kind for peak in peaks), words)
    top = column.y + 1.5
    area = Box(_LEFT, top, WIDTH - _RIGHT, max(SPECTRUM_HEIGHT - 9.0, top + _LEAST_SPECTRUM))
    panel = spectrum_panel(spectrum, area)
    return SpectrumFigure(
        width=WIDTH,
        height=area.bottom + 9.0,
        title=f"Mass spectrum: {heading.name}",
        headings=(heading,),
        remarks=(),
        panels=(panel,),
        texts=(*column.texts, *_axis_title(area), *_empty(area, peaks)),
        legend=legend,
        spectrum=spectrum,
        peaks=peaks,
    )


def mirror_figure(comparison: Comparison) -> MirrorFigure:
    """Lay out a query above a reference, with the difference below.

    Examples
    --------
    >>> from nps_spectra.report.comparison import compare
    >>> figure = mirror_figure(compare(Spectrum([58, 150], [100, 60]), Spectrum([58, 119], [99, 30])))
    >>> [(label.text, label.kind) for label in figure.panels[0].labels]
    [('58', 'matched'), ('150', 'unexplained'), ('58', 'matched'), ('119', 'missing')]
    """
    role = reference_role(comparison)
    headings = heading_of(comparison.query, "query"), heading_of(comparison.reference, role, comparison.entry)
    scores, warnings = score_lines(comparison), warnings_of(comparison)
    middle = _LEFT - 11 + (WIDTH - _RIGHT - _LEFT + 11) / 2
    left, right = _Column(_LEFT - 11, middle - 2, 1.5), _Column(middle + 2, WIDTH - _RIGHT, 1.5)
    left.heading(headings[0], "above")
    right.heading(headings[1], "below")
    column = _Column(_LEFT - 11, WIDTH - _RIGHT, max(left.y, right.y) + 1.0)
    column.line(scores[0], NAME_SIZE, bold=True)
    column.line(scores[1], TEXT_SIZE)
    for warning in warnings:
        if warning.startswith("CAUTION"):
            column.paragraph(warning, TEXT_SIZE, 4, bold=True)
    words: dict[Kind, str] = {
        "matched": "matched",
        "shifted": f"matched, shifted by {shift_text(comparison)}",
        "unexplained": "only in query (unexplained)",
        "missing": f"only in {role.removesuffix(' spectrum')}",
        "not compared": "not compared",
    }
    counts = Counter(peak.kind for peak in (*comparison.query_peaks, *comparison.reference_peaks))
    for kind in ("matched", "shifted"):  # a pair is one match, not two
        counts[kind] = sum(peak.kind == kind for peak in comparison.query_peaks)
    if comparison.score is None:
        words = {"not compared": words["not compared"]}
    legend = column.legend(counts, words)
    remarks = [warning for warning in warnings if not warning.startswith("CAUTION")]
    foot = _Column(_LEFT - 11, WIDTH - _RIGHT, 0.0)
    for remark in (method_line(comparison), CAUTION, *remarks):
        foot.paragraph(remark, SMALL_SIZE, 12, colour=FAINT)
    top = column.y + 1.5
    below = max(MIRROR_HEIGHT - foot.y - 1.0, top + _LEAST_MIRROR + 3.0 + _DIFFERENCE + 8.5)
    difference = Box(_LEFT, below - 8.5 - _DIFFERENCE, WIDTH - _RIGHT, below - 8.5)
    area = Box(_LEFT, top, WIDTH - _RIGHT, difference.top - 3.0)
    mirror = mirror_panel(comparison, area)
    return MirrorFigure(
        width=WIDTH,
        height=below + foot.y + 1.0,
        title=f"Mirror plot: {headings[0].name} against {headings[1].name}",
        headings=headings,
        remarks=(*scores, *warnings, method_line(comparison), CAUTION),
        panels=(mirror, difference_panel(comparison, difference, mirror)),
        texts=(
            *left.texts,
            *right.texts,
            *column.texts,
            *_axis_title(difference),
            *foot.moved(below),
            *_no_difference(difference, comparison),
            *_empty(Box(area.left, area.top, area.right, mirror.zero()), comparison.query_peaks),
            *_empty(Box(area.left, mirror.zero(), area.right, area.bottom), comparison.reference_peaks),
        ),
        legend=legend,
        comparison=comparison,
    )


class _Column:
    """Lines of text one below the other, between two limits."""

    def __init__(self, left: float, right: float, top: float) -> None:
        self.left, self.right, self.y = left, right, top
        self.texts: list[Text] = []

    @property
    def width(self) -> float:
        return self.right - self.left

    def line(self, text: str, size: float, bold: bool = False, colour: str = INK) -> None:
        self.paragraph(text, size, 1, bold, colour)

    def paragraph(self, text: str, size: float, lines: int, bold: bool = False, colour: str = INK) -> None:
        for part in wrapped(text, size, self.width, lines, bold):
            self.y += _LINE * size
            self.texts.append(Text(part, self.left, self.y - 0.3 * size, size, bold, colour))

    def heading(self, heading: Heading, place: str = "") -> None:
        if heading.role:
            self.line(f"{heading.role}, {place}", SMALL_SIZE, colour=FAINT)
        self.paragraph(heading.name, NAME_SIZE, 3, bold=True)
        self.paragraph(heading.facts, TEXT_SIZE, 3)
        self.paragraph(heading.origin, SMALL_SIZE, 3, colour=FAINT)

    def legend(self, counts: Counter[Kind], words: dict[Kind, str]) -> tuple[LegendEntry, ...]:
        entries = []
        x, height = self.left, _LINE * TEXT_SIZE + 0.6
        self.y += height
        for kind, words_of_kind in words.items():
            if kind not in ("matched", "unexplained", "missing") and not counts[kind]:
                continue
            single = kind in ("base peak", "precursor", "molecular ion")
            named = words_of_kind if single else f"{words_of_kind}: {counts[kind]}"
            width = 7.0 + width_of(named, TEXT_SIZE) + 4.0
            if x > self.left and x + width - 4.0 > self.right:
                x = self.left
                self.y += height
            baseline = self.y - 0.3 * TEXT_SIZE
            entries.append(LegendEntry(kind, Text(named, x + 7.0, baseline, TEXT_SIZE), x, baseline - 0.36 * TEXT_SIZE))
            x += width
        return tuple(entries)

    def moved(self, down: float) -> list[Text]:
        return [Text(one.text, one.x, one.y + down, one.size, one.bold, one.colour, one.anchor) for one in self.texts]


def _axis_title(area: Box) -> tuple[Text, ...]:
    return (Text("m/z", (area.left + area.right) / 2, area.bottom + 7.6, TEXT_SIZE, anchor="middle"),)


def _empty(area: Box, peaks: Sequence[Peak]) -> tuple[Text, ...]:
    return () if peaks else (_inside(area, "no peaks", 0.5),)


def _no_difference(area: Box, comparison: Comparison) -> tuple[Text, ...]:
    """What stands where no difference can be seen: there is none, or nothing was compared."""
    if comparison.score is None:
        return (_inside(area, "nothing was compared", 0.3),)
    if all(abs(peak.percent) < 0.05 for peak in comparison.differences):
        return (_inside(area, "every difference is below 0.1 %", 0.3),)
    return ()


def _inside(area: Box, text: str, part: float) -> Text:
    return Text(
        text,
        (area.left + area.right) / 2,
        area.top + part * area.height,
        TEXT_SIZE,
        colour=FAINT,
        anchor="middle",
    )
