"""The library of reference spectra: an HDF5 file that is opened as a memory map."""

from nps_spectra.library.library import Library
from nps_spectra.library.lint import Finding, LintReport, lint

__all__ = ["Finding", "Library", "LintReport", "lint"]
