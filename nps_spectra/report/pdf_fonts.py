"""The letters of PDF reports: DejaVu Sans as matplotlib carries it, and what is drawn for letters that it lacks."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from nps_spectra.errors import MissingDependencyError
from nps_spectra.report.lettering import shown, spelt

#: Names under which the fonts are known to reportlab.
REGULAR: Final = "nps_spectra.DejaVuSans"
BOLD: Final = "nps_spectra.DejaVuSans-Bold"
_FILES: Final = {REGULAR: "DejaVuSans.ttf", BOLD: "DejaVuSans-Bold.ttf"}
#: Scripts written from right to left are not set by reportlab: their letters would stand in the wrong order.
_RIGHT_TO_LEFT: Final = frozenset(("R", "AL", "AN"))
#: reportlab tells readers no letter beyond the basic plane, so it could not be searched for or copied.
_LAST: Final = 0xFFFF


class Fonts:
    """Regular and bold letters: their widths, and which there are.

    Raises
    ------
    MissingDependencyError
        reportlab or matplotlib is not installed.
    """

    def __init__(self) -> None:
        try:
            metrics: Any = import_module("reportlab.pdfbase.pdfmetrics")
            fonts: Any = import_module("reportlab.pdfbase.ttfonts")
        except ImportError as error:
            raise MissingDependencyError(
                "reports as PDF need reportlab: pip install 'nps_spectra[report]', or write HTML only (--no-pdf)"
            ) from error
        self._faces: dict[bool, Any] = {}
        for name, file in _FILES.items():
            if name not in metrics.getRegisteredFontNames():
                metrics.registerFont(fonts.TTFont(name, str(_font_folder() / file)))
            self._faces[name == BOLD] = metrics.getFont(name).face
        # One cache for a writer, since the widths are those of its fonts.
        self._em = lru_cache(maxsize=65_536)(self._width)
        self.drawable = lru_cache(maxsize=65_536)(self._drawable)

    def width(self, text: str, size: float, bold: bool = False) -> float:
        """Width of a text in the unit of `size`."""
        return self._em(text, bold) * size

    def _width(self, text: str, bold: bool) -> float:
        face = self._faces[bold]
        widths, default = face.charWidths, face.defaultWidth
        return float(sum(widths.get(ord(letter), default) for letter in text)) / 1000

    def _drawable(self, text: str, bold: bool = False) -> tuple[str, bool]:
        """A text as it can be drawn, and whether a letter of it is given by its number instead."""
        known = self._faces[bold].charToGlyph
        found = []
        escaped = False
        for letter in unicodedata.normalize("NFC", shown(text)):
            code = ord(letter)
            if code <= _LAST and code in known and unicodedata.bidirectional(letter) not in _RIGHT_TO_LEFT:
                found.append(letter)
            else:
                found.append(spelt(letter))
                escaped = True
        return "".join(found), escaped


def _font_folder() -> Path:
    # Found without importing matplotlib, of which nothing else is needed.
    spec = find_spec("matplotlib")
    folder = None if spec is None or spec.origin is None else Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"
    if folder is None or not all((folder / file).is_file() for file in _FILES.values()):
        raise MissingDependencyError(
            "reports as PDF need the fonts of matplotlib: pip install 'nps_spectra[report]', "
            "or write HTML only (--no-pdf)"
        )
    return folder
