"""Figures as matplotlib axes, and as PNG and PDF; matplotlib is loaded when a figure is drawn, and pyplot never."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal

from nps_spectra.errors import MissingDependencyError
from nps_spectra.library import Library
from nps_spectra.options import Tolerance
from nps_spectra.report.comparison import compare
from nps_spectra.report.figure import Figure, LegendEntry, mirror_figure, spectrum_figure
from nps_spectra.report.lettering import Box, wrapped
from nps_spectra.report.panel import LABEL_SIZE, TEXT_SIZE, Panel, has_sign, mirror_panel, spectrum_panel
from nps_spectra.report.peaks import Kind
from nps_spectra.report.style import DRAWING_ORDER, GRID, INK, LEADER_WIDTH, SIGN_RADIUS, STYLES, Sign
from nps_spectra.report.wording import heading_of, score_lines, warnings_of
from nps_spectra.spectrum import Spectrum

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

_MM_PER_INCH: Final = 25.4
_POINTS: Final = 72 / _MM_PER_INCH
_FONT: Final = "DejaVu Sans"  # comes with matplotlib, so a figure looks the same on every machine
_SIGNS: Final = {"circle": "o", "square": "s", "triangle": "^", "diamond": "D"}
_PNG_DPI: Final = 200


def plot_spectrum(spectrum: Spectrum, *, ax: Axes | None = None) -> Axes:
    """Draw one spectrum on matplotlib axes.

    Parameters
    ----------
    spectrum : Spectrum
    ax : matplotlib.axes.Axes, optional
        Draw there; the name becomes the title. Without it a figure of its own is made, 170 mm wide, with everything
        that `spectrum_svg` shows; ``ax.figure.savefig("spectrum.pdf")`` writes it.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    MissingDependencyError
        matplotlib is not installed.

    Examples
    --------
    >>> axes = plot_spectrum(Spectrum([58, 91], [100, 9], name="mephedrone"))
    >>> [text.get_text() for text in axes.texts]
    ['58', '91']
    """
    if ax is None:
        return _canvas(spectrum_figure(spectrum)).axes[0]
    return _on(ax, lambda area: spectrum_panel(spectrum, area), [heading_of(spectrum).name])


def plot_mirror(
    query: Spectrum,
    reference: Spectrum | int,
    *,
    library: Library | None = None,
    method: str | None = None,
    tolerance: Tolerance | str = "0.01 Da",
    query_mass: int | None = None,
    ax: Axes | None = None,
    **options: Any,
) -> Axes:
    """Draw a query above a reference on matplotlib axes: a mirror plot with score.

    Parameters
    ----------
    query, reference, library, method, tolerance, query_mass, **options
        As for `mirror_svg`.
    ax : matplotlib.axes.Axes, optional
        Draw there; names and score become the title. Without it a figure of its own is made, 170 mm wide, with
        everything that `mirror_svg` shows; the difference is then ``ax.figure.axes[1]``.

    Returns
    -------
    matplotlib.axes.Axes
        Of the mirror plot; the reference stands at negative values.

    Raises
    ------
    MissingDependencyError
        matplotlib is not installed.
    OptionError
        As for `mirror_svg`.

    Examples
    --------
    >>> axes = plot_mirror(Spectrum([58, 91, 150], [100, 10, 5]), Spectrum([58, 91], [99, 9]))
    >>> [text.get_text() for text in axes.texts]
    ['58', '91', '150', '58', '91']
    """
    found = compare(
        query, reference, library=library, method=method, tolerance=tolerance, query_mass=query_mass, **options
    )
    if ax is None:
        return _canvas(mirror_figure(found)).axes[0]
    names = f"{heading_of(found.query).name} (above), {heading_of(found.reference).name} (below)"
    cautions = [warning for warning in warnings_of(found) if warning.startswith("CAUTION")]
    return _on(ax, lambda area: mirror_panel(found, area), [names, score_lines(found)[0], *cautions])


def figure_bytes(figure: Figure, format: Literal["png", "pdf"]) -> bytes:
    """A laid out figure as the content of a PNG (200 dots an inch) or PDF file; the same figure gives the same bytes.

    Raises
    ------
    MissingDependencyError
        matplotlib is not installed.
    """
    canvas = _canvas(figure)
    stream = io.BytesIO()
    metadata = {"Title": figure.title}
    if format == "pdf":
        metadata |= {"CreationDate": None}  # type: ignore[dict-item]
    with _letters():
        canvas.savefig(stream, format=format, dpi=_PNG_DPI, metadata=metadata)
    return stream.getvalue()


@contextmanager
def _letters() -> Iterator[None]:
    import matplotlib

    # Letters of PDF stay letters that can be searched and copied (TrueType), those of SVG too.
    with matplotlib.rc_context({"pdf.fonttype": 42, "svg.fonttype": "none"}):
        yield


def _canvas(figure: Figure) -> Canvas:
    """A matplotlib figure of its own with everything in it."""
    try:
        from matplotlib.figure import Figure as Canvas
    except ImportError as error:
        raise MissingDependencyError(
            'figures for matplotlib, PNG and PDF need matplotlib: pip install "nps_spectra[report]"; SVG needs nothing'
        ) from error
    canvas = Canvas(figsize=(figure.width / _MM_PER_INCH, figure.height / _MM_PER_INCH), facecolor="white")
    for panel in figure.panels:
        area = panel.area
        axes = canvas.add_axes(
            (
                area.left / figure.width,
                1 - area.bottom / figure.height,
                area.width / figure.width,
                area.height / figure.height,
            )
        )
        last = panel is figure.panels[-1]
        _draw_panel(axes, panel, last)
        for title in panel.titles:
            canvas.text(
                title.x / figure.width,
                1 - title.y / figure.height,
                title.text,
                rotation=90,
                ha="right",
                va="center",
                fontsize=title.size * _POINTS,
                fontfamily=_FONT,
            )
    for text in figure.texts:
        canvas.text(
            text.x / figure.width,
            1 - text.y / figure.height,
            _drawable(text.text),
            ha={"start": "left", "middle": "center", "end": "right"}[text.anchor],
            va="baseline",
            fontsize=text.size * _POINTS,
            fontweight="bold" if text.bold else "normal",
            color=text.colour,
            fontfamily=_FONT,
            parse_math=False,
        )
    for entry in figure.legend:
        _draw_legend(canvas, figure, entry)
    return canvas


def _on(ax: Axes, panel_of: Callable[[Box], Panel], titles: Sequence[str]) -> Axes:
    """Draw a panel on the axes of somebody else, laid out for their present size."""
    size = ax.get_window_extent()
    dots = ax.get_figure(root=True).dpi / _MM_PER_INCH  # type: ignore[union-attr]
    panel = panel_of(Box(0.0, 0.0, float(size.width) / dots, float(size.height) / dots))
    _draw_panel(ax, panel, last=True)
    words: dict[str, Any] = {"fontsize": TEXT_SIZE * _POINTS, "fontfamily": _FONT}
    ax.set_xlabel("m/z", **words)
    ax.set_ylabel("   ".join(title.text for title in reversed(panel.titles)), **words)
    ax.set_title(
        "\n".join(_drawable(line) for title in titles for line in wrapped(title, TEXT_SIZE, panel.area.width, 3)),
        loc="left",
        parse_math=False,
        **words,
    )
    return ax


def _draw_panel(ax: Axes, panel: Panel, last: bool) -> None:
    from matplotlib.collections import LineCollection

    ax.set_xlim(*panel.mz)
    ax.set_ylim(*panel.values)
    for tick in panel.value_ticks:
        if tick.value:
            ax.axhline(tick.value, color=GRID, linewidth=0.1 * _POINTS, zorder=0)
    for layer, kind in enumerate(DRAWING_ORDER, start=2):
        sticks = [stick for stick in panel.sticks if stick.kind == kind]
        if not sticks:
            continue
        style = STYLES[kind]
        width = style.weight * panel.thickness * _POINTS
        lines = [((stick.mz, 0.0), (stick.mz, stick.value)) for stick in sticks]
        ax.add_collection(
            LineCollection(
                lines, colors=style.colour, linewidths=width, linestyles=_dash(kind, width), zorder=layer, label=kind
            ),
            autolim=False,
        )
        signed = [stick for stick in sticks if has_sign(stick)]
        if style.sign is not None and signed:
            ax.plot(
                [stick.mz for stick in signed],
                [stick.value for stick in signed],
                linestyle="none",
                marker=_SIGNS[style.sign],
                markersize=_sign_size(style.sign),
                markerfacecolor="white",
                markeredgecolor=style.colour,
                markeredgewidth=0.25 * _POINTS,
                zorder=layer,
            )
    ax.axhline(0.0, color=INK, linewidth=0.2 * _POINTS, zorder=12)
    _draw_labels(ax, panel)
    look: dict[str, Any] = {"labelsize": TEXT_SIZE * _POINTS, "width": 0.2 * _POINTS, "length": 1.0 * _POINTS}
    ax.set_xticks([tick.value for tick in panel.mz_ticks], [tick.text if last else "" for tick in panel.mz_ticks])
    ax.set_yticks([tick.value for tick in panel.value_ticks], [tick.text for tick in panel.value_ticks])
    ax.tick_params(**look, labelfontfamily=_FONT)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_linewidth(0.2 * _POINTS)


def _draw_labels(ax: Axes, panel: Panel) -> None:
    area = panel.area
    per_mm = (panel.mz[1] - panel.mz[0]) / area.width, (panel.values[1] - panel.values[0]) / area.height

    def value(y: float) -> float:
        return panel.values[0] + per_mm[1] * (area.bottom - y)

    for label in panel.labels:
        middle = (label.box.left + label.box.right) / 2 - area.left
        ax.text(
            panel.mz[0] + per_mm[0] * middle,
            value(label.box.bottom - 0.05),
            label.text,
            ha="center",
            va="baseline",
            fontsize=LABEL_SIZE * _POINTS,
            color=STYLES[label.kind].colour,
            fontfamily=_FONT,
            zorder=13,
        )
        if label.leader is not None:
            _, start, end = label.leader
            ax.plot(
                [label.mz, label.mz],
                [value(start), value(end)],
                color=STYLES[label.kind].colour,
                linewidth=LEADER_WIDTH * _POINTS,
                zorder=11,
            )


def _draw_legend(canvas: Canvas, figure: Figure, entry: LegendEntry) -> None:
    from matplotlib.lines import Line2D

    style = STYLES[entry.kind]
    width = 0.55 * style.weight * _POINTS
    y = 1 - entry.y / figure.height
    ends = [entry.x / figure.width, (entry.x + 5.0) / figure.width]
    canvas.add_artist(Line2D(ends, [y, y], color=style.colour, linewidth=width, linestyle=_dash(entry.kind, width)))
    if style.sign is not None:
        canvas.add_artist(
            Line2D(
                ends[1:],
                [y],
                marker=_SIGNS[style.sign],
                markersize=_sign_size(style.sign),
                markerfacecolor="white",
                markeredgecolor=style.colour,
                markeredgewidth=0.25 * _POINTS,
            )
        )
    text = entry.text
    canvas.text(
        text.x / figure.width,
        1 - text.y / figure.height,
        text.text,
        va="baseline",
        fontsize=text.size * _POINTS,
        fontfamily=_FONT,
    )


def _sign_size(sign: Sign) -> float:
    # matplotlib takes the side of a diamond for its size, not its width.
    return 2 * SIGN_RADIUS * _POINTS / (math.sqrt(2) if sign == "diamond" else 1.0)


def _dash(kind: Kind, width: float) -> Any:
    """Dash of a class as matplotlib wants it: in multiples of the width of the line."""
    dash = STYLES[kind].dash
    return "solid" if dash is None else (0, (dash[0] * _POINTS / width, dash[1] * _POINTS / width))


@cache
def _letters_of_font() -> frozenset[int]:
    from matplotlib.font_manager import findfont, get_font

    return frozenset(get_font(findfont(_FONT)).get_charmap())


def _drawable(text: str) -> str:
    """The text with letters that the font lacks spelt out, where matplotlib would draw empty boxes."""
    known = _letters_of_font()
    return "".join(letter if ord(letter) in known else f"\\u{ord(letter):04x}" for letter in text)
