"""Identify new psychoactive substances by their mass spectra: readers, libraries, exact scores, search.

Everything public is reached from here and loaded when it is first used; importing the package loads neither
numba nor h5py.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nps_spectra.display import drawn_by

if TYPE_CHECKING:
    from nps_spectra.cleaning import CleaningRecipe as CleaningRecipe
    from nps_spectra.errors import NpsSpectraError as NpsSpectraError
    from nps_spectra.formats import ReadReport as ReadReport
    from nps_spectra.formats import WriteReport as WriteReport
    from nps_spectra.formats import read_run as read_run
    from nps_spectra.formats import read_spectra as read_spectra
    from nps_spectra.formats import write_spectra as write_spectra
    from nps_spectra.identification.identifications import Identifications as Identifications
    from nps_spectra.identification.identifying import identify as identify
    from nps_spectra.library import Library as Library
    from nps_spectra.options import Tolerance as Tolerance
    from nps_spectra.report import mirror_svg as mirror_svg
    from nps_spectra.report import plot_mirror as plot_mirror
    from nps_spectra.report import plot_spectrum as plot_spectrum
    from nps_spectra.report import spectrum_svg as spectrum_svg
    from nps_spectra.run import Run as Run
    from nps_spectra.scoring import match_factor as match_factor
    from nps_spectra.scoring import similarity as similarity
    from nps_spectra.searching import Hits as Hits
    from nps_spectra.searching import search as search
    from nps_spectra.spectra import Spectra as Spectra
    from nps_spectra.spectrum import Spectrum as Spectrum

__version__ = "0.1.0"

_PUBLIC = {
    "CleaningRecipe": "cleaning",
    "Hits": "searching",
    "Identifications": "identification.identifications",
    "Library": "library",
    "NpsSpectraError": "errors",
    "ReadReport": "formats",
    "Run": "run",
    "Spectra": "spectra",
    "Spectrum": "spectrum",
    "Tolerance": "options",
    "WriteReport": "formats",
    "identify": "identification.identifying",
    "match_factor": "scoring",
    "mirror_svg": "report",
    "plot_mirror": "report",
    "plot_spectrum": "report",
    "read_run": "formats",
    "read_spectra": "formats",
    "search": "searching",
    "similarity": "scoring",
    "spectrum_svg": "report",
    "write_spectra": "formats",
}

__all__ = [
    "CleaningRecipe",
    "Hits",
    "Identifications",
    "Library",
    "NpsSpectraError",
    "ReadReport",
    "Run",
    "Spectra",
    "Spectrum",
    "Tolerance",
    "WriteReport",
    "__version__",
    "identify",
    "match_factor",
    "mirror_svg",
    "plot_mirror",
    "plot_spectrum",
    "read_run",
    "read_spectra",
    "search",
    "similarity",
    "spectrum_svg",
    "write_spectra",
]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        value = getattr(import_module(f"nps_spectra.{_PUBLIC[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _html_of(value: object) -> str | None:
    from nps_spectra.report.notebook import html_of

    return html_of(value)


drawn_by(_html_of)


def __dir__() -> list[str]:
    return sorted(__all__)
