"""Figures as files: SVG, PNG or PDF by the end of the name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from nps_spectra.atomic import replacing
from nps_spectra.errors import OptionError
from nps_spectra.report.figure import Figure

#: Ends of names that can be written.
SUFFIXES: Final = (".svg", ".png", ".pdf")


def writable(path: str | os.PathLike[str]) -> Path:
    """The path, if a figure can be written there.

    Raises
    ------
    OptionError
        Another end of the name, a folder, or a folder that does not exist.
    """
    target = Path(path)
    if target.suffix.lower() not in SUFFIXES:
        raise OptionError(f"{target}: expected a name that ends in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}")
    if target.is_dir():
        raise OptionError(f"{target}: is a folder; name a file")
    if not target.parent.is_dir():
        raise OptionError(f"{target}: the folder {target.parent} does not exist")
    return target


def write_figure(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure; the file appears under its name only when it is complete.

    Parameters
    ----------
    figure : Figure
    path : path-like
        Ends in ``.svg``, ``.png`` or ``.pdf``.

    Raises
    ------
    OptionError
        As `writable`.
    MissingDependencyError
        PNG and PDF need matplotlib.

    Examples
    --------
    >>> import tempfile
    >>> from nps_spectra.report.figure import spectrum_figure
    >>> from nps_spectra.spectrum import Spectrum
    >>> file = Path(tempfile.mkdtemp(), "a.svg")
    >>> write_figure(spectrum_figure(Spectrum([58], [1])), file)
    >>> file.read_text(encoding="utf-8")[:4]
    '<svg'
    """
    target = writable(path)
    if target.suffix.lower() == ".svg":
        from nps_spectra.report.svg import figure_svg

        content = figure_svg(figure).encode("utf-8")
    else:
        from nps_spectra.report.axes import figure_bytes

        content = figure_bytes(figure, "png" if target.suffix.lower() == ".png" else "pdf")
    try:
        with replacing(target) as partial:
            partial.write_bytes(content)
    except OSError as error:
        raise OptionError(f"{target}: cannot be written ({error})") from error
