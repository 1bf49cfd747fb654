"""Figures as SVG, written by hand: letters stay letters, sizes are in mm, nothing is loaded and nothing runs."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any, Final

from nps_spectra.library import Library
from nps_spectra.options import Tolerance
from nps_spectra.report.comparison import compare
from nps_spectra.report.figure import Figure, LegendEntry, mirror_figure, spectrum_figure
from nps_spectra.report.panel import LABEL_SIZE, TEXT_SIZE, Label, Panel, Stick, Text, has_sign
from nps_spectra.report.peaks import Kind
from nps_spectra.report.style import DRAWING_ORDER, GRID, INK, LEADER_WIDTH, SIGN_RADIUS, STYLES, Sign
from nps_spectra.spectrum import Spectrum

_FONTS: Final = "Arial, Helvetica, 'Liberation Sans', 'DejaVu Sans', sans-serif"


def spectrum_svg(spectrum: Spectrum) -> str:
    """Draw one spectrum as SVG, 170 mm wide.

    The base peak and the peak at the m/z of the molecular ion (EI) or of the precursor, where the record names one,
    are marked; peaks are labelled with their m/z as far as there is room.

    Parameters
    ----------
    spectrum : Spectrum

    Returns
    -------
    str
        One ``<svg>`` element, without script, style sheet or reference to anything outside.

    Examples
    --------
    >>> picture = spectrum_svg(Spectrum([58, 91], [100, 9], name="mephedrone"))
    >>> picture.startswith("<svg "), ">58</text>" in picture
    (True, True)
    """
    return figure_svg(spectrum_figure(spectrum))


def mirror_svg(
    query: Spectrum,
    reference: Spectrum | int,
    *,
    library: Library | None = None,
    method: str | None = None,
    tolerance: Tolerance | str = "0.01 Da",
    query_mass: int | None = None,
    **options: Any,
) -> str:
    """Draw a query above a reference as SVG, 170 mm wide: a mirror plot with score and difference.

    Both spectra are drawn as the method compared them, and a peak is drawn as matched only if it was scored as
    matched.

    Parameters
    ----------
    query : Spectrum
    reference : Spectrum or int
        A spectrum, or its id in `library`.
    library : Library, optional
        Where the reference stands; its name and digest are then written on the figure.
    method : str, optional
        Of `nps_spectra.scoring.METHODS`; default ``nist_identity`` for EI and ``entropy`` for other spectra.
    tolerance : Tolerance or str
        Of peaks, for spectra that are not EI.
    query_mass : int, optional
        ``hybrid`` of EI: supposed nominal molecular mass in Da of a query that does not state one.
    **options
        Fields of `nps_spectra.scoring.ScoreOptions`.

    Returns
    -------
    str
        One ``<svg>`` element.

    Raises
    ------
    OptionError
        Unknown or contradictory options, an id without a library, or one that the library does not have.

    Examples
    --------
    >>> picture = mirror_svg(Spectrum([58, 91, 150], [100, 10, 5]), Spectrum([58, 91], [99, 9]))
    >>> "2 matched peaks" in picture
    True
    """
    found = compare(
        query, reference, library=library, method=method, tolerance=tolerance, query_mass=query_mass, **options
    )
    return figure_svg(mirror_figure(found))


def figure_svg(figure: Figure) -> str:
    """A laid out figure as one ``<svg>`` element."""
    width, height = _number(figure.width), _number(figure.height)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}mm" height="{height}mm" viewBox="0 0 {width} {height}" '
        f'role="img" font-family="{escape(_FONTS)}">',
        f"<title>{escape(figure.title)}</title>",
        f"<desc>{escape(_description(figure))}</desc>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    parts += [_text(text) for text in figure.texts]
    for entry in figure.legend:
        parts += _legend(entry)
    for panel in figure.panels:
        parts += _panel(panel, last=panel is figure.panels[-1])
    return "\n".join([*parts, "</svg>\n"])


def _description(figure: Figure) -> str:
    lines = [
        f"{heading.role}: {heading.name}; {heading.facts}; {heading.origin}".strip(": ") for heading in figure.headings
    ]
    return "\n".join((*lines, *figure.remarks))


def _panel(panel: Panel, last: bool) -> list[str]:
    area, zero = panel.area, panel.zero()
    parts = [f'<g fill="none" stroke="{INK}" stroke-width="0.2">']
    grid = "".join(
        f"M{_number(area.left)} {_number(tick.at)}H{_number(area.right)}" for tick in panel.value_ticks if tick.value
    )
    parts.append(f'<path d="{grid}" stroke="{GRID}" stroke-width="0.1"/>')
    for kind in DRAWING_ORDER:
        parts += _sticks([stick for stick in panel.sticks if stick.kind == kind], kind, panel.thickness)
    frame = f"M{_number(area.left)} {_number(area.top)}V{_number(area.bottom)}"
    frame += f"M{_number(area.left)} {_number(zero)}H{_number(area.right)}"
    frame += "".join(f"M{_number(area.left)} {_number(tick.at)}h-1" for tick in panel.value_ticks)
    frame += f"M{_number(area.left)} {_number(area.bottom)}H{_number(area.right)}"
    frame += "".join(f"M{_number(tick.at)} {_number(area.bottom)}v1" for tick in panel.mz_ticks)
    parts.append(f'<path d="{frame}"/>')
    parts += [
        f'<path d="M{_number(label.leader[0])} {_number(label.leader[1])}V{_number(label.leader[2])}" '
        f'stroke="{STYLES[label.kind].colour}" stroke-width="{LEADER_WIDTH}"/>'
        for label in panel.labels
        if label.leader is not None
    ]
    parts.append("</g>")
    parts.append(f'<g font-size="{LABEL_SIZE}" text-anchor="middle">')
    parts += [_label(label) for label in panel.labels]
    parts.append("</g>")
    parts.append(f'<g font-size="{TEXT_SIZE}" text-anchor="middle">')
    if last:
        parts += [f'<text x="{_number(t.at)}" y="{_number(area.bottom + 3.7)}">{t.text}</text>' for t in panel.mz_ticks]
    parts += [
        f'<text x="{_number(area.left - 1.6)}" y="{_number(tick.at + 0.36 * TEXT_SIZE)}" text-anchor="end">'
        f"{tick.text}</text>"
        for tick in panel.value_ticks
    ]
    parts += [
        f'<text transform="translate({_number(title.x)} {_number(title.y)}) rotate(-90)" '
        f'font-size="{_number(title.size)}">{escape(title.text)}</text>'
        for title in panel.titles
    ]
    parts.append("</g>")
    return parts


def _sticks(sticks: list[Stick], kind: Kind, thickness: float) -> list[str]:
    if not sticks:
        return []
    style = STYLES[kind]
    lines = "".join(f"M{_number(stick.x)} {_number(stick.foot)}V{_number(stick.tip)}" for stick in sticks)
    width = _number(style.weight * thickness)
    dash = f' stroke-dasharray="{style.dash[0]} {style.dash[1]}"' if style.dash else ""
    parts = [
        f'<path class="{kind.replace(" ", "-")}" d="{lines}" stroke="{style.colour}" stroke-width="{width}"{dash}/>'
    ]
    if style.sign is not None:
        signs = "".join(_sign(style.sign, stick.x, stick.tip) for stick in sticks if has_sign(stick))
        if signs:
            parts.append(f'<path d="{signs}" fill="#ffffff" stroke="{style.colour}" stroke-width="0.25"/>')
    return parts


def _sign(sign: Sign, x: float, y: float) -> str:
    r = SIGN_RADIUS
    if sign == "circle":
        return f"M{_number(x - r)} {_number(y)}a{r} {r} 0 1 0 {2 * r} 0a{r} {r} 0 1 0 {-2 * r} 0z"
    if sign == "square":
        return f"M{_number(x - r)} {_number(y - r)}h{2 * r}v{2 * r}h{-2 * r}z"
    if sign == "diamond":
        return f"M{_number(x - r)} {_number(y)}l{r} {-r}l{r} {r}l{-r} {r}z"
    return f"M{_number(x - r)} {_number(y + r)}h{2 * r}L{_number(x)} {_number(y - r)}z"


def _label(label: Label) -> str:
    x, y = _number((label.box.left + label.box.right) / 2), _number(label.box.bottom - 0.05)
    return f'<text class="label" x="{x}" y="{y}" fill="{STYLES[label.kind].colour}">{label.text}</text>'


def _legend(entry: LegendEntry) -> Iterable[str]:
    style = STYLES[entry.kind]
    dash = f' stroke-dasharray="{style.dash[0]} {style.dash[1]}"' if style.dash else ""
    yield (
        f'<path d="M{_number(entry.x)} {_number(entry.y)}h5" fill="none" stroke="{style.colour}" '
        f'stroke-width="{_number(0.55 * style.weight)}"{dash}/>'
    )
    if style.sign is not None:
        yield (
            f'<path d="{_sign(style.sign, entry.x + 5, entry.y)}" fill="#ffffff" stroke="{style.colour}" '
            'stroke-width="0.25"/>'
        )
    yield _text(entry.text)


def _text(text: Text) -> str:
    bold = ' font-weight="bold"' if text.bold else ""
    anchor = f' text-anchor="{text.anchor}"' if text.anchor != "start" else ""
    colour = f' fill="{text.colour}"' if text.colour != INK else ""
    return (
        f'<text x="{_number(text.x)}" y="{_number(text.y)}" font-size="{_number(text.size)}"{bold}{anchor}{colour}>'
        f"{escape(text.text)}</text>"
    )


def _number(value: float) -> str:
    """A length to a hundredth of a mm, as short as it can be written."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
