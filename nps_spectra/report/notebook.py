"""What a notebook shows for a spectrum, for many, and for a library."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from nps_spectra.library import Library
from nps_spectra.report.figure import spectrum_figure
from nps_spectra.report.lettering import shown
from nps_spectra.report.svg import figure_svg
from nps_spectra.report.wording import counted
from nps_spectra.spectra import Spectra
from nps_spectra.spectrum import Spectrum

#: Rows of a table; the rest is counted.
SHOWN: Final = 20
_HEAD: Final = ("", "name", "formula", "ionization", "precursor m/z", "peaks", "base peak", "file", "record")


def html_of(value: object) -> str | None:
    """HTML of a value; None for one that has no picture here.

    Examples
    --------
    >>> html_of(Spectra.of([Spectrum([58], [1], name="<b>")])).count("&lt;b&gt;")
    1
    """
    if isinstance(value, Spectrum):
        return figure_svg(spectrum_figure(value))
    if isinstance(value, Spectra):
        return _table(value, f"{_spectra(len(value))}, {counted(len(value.mz), 'peak')}")
    if isinstance(value, Library):
        # The digest of a library in memory is not computed for a glance: it takes seconds where there are many.
        digest = "" if value.path is None else f", digest {value.digest[:12]}"
        notice = f"; {value.notice}" if value.notice else ""
        return _table(
            value.spectra,
            f"Library {value.name}: {_spectra(len(value))} of "
            f"{counted(len(value.substances), 'substance')}{digest}{notice}",
        )
    return None


def _spectra(number: int) -> str:
    return f"{number} spectrum" if number == 1 else f"{number} spectra"


def _table(spectra: Spectra, caption: str) -> str:
    head = "".join(f"<th>{name}</th>" for name in _HEAD)
    rows = "".join(_row(number, spectra[number]) for number in range(min(len(spectra), SHOWN)))
    more = f"<p>and {len(spectra) - SHOWN} more</p>" if len(spectra) > SHOWN else ""
    return (
        f"<table><caption>{escape(shown(caption))}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table>{more}"
    )


def _row(number: int, spectrum: Spectrum) -> str:
    source = spectrum.source
    cells: Sequence[object] = (
        number,
        spectrum.name,
        spectrum.formula,
        spectrum.ionization,
        spectrum.precursor_mz,
        len(spectrum),
        spectrum.base_peak_mz,
        None if source is None else source.file,
        None if source is None else source.record,
    )
    return "<tr>" + "".join(f"<td>{escape(_cell(value))}</td>" for value in cells) + "</tr>"


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.10g}" if isinstance(value, float) else shown(str(value))
