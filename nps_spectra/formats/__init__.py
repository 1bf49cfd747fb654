"""Readers: files, folders and archives of spectra, with an account of every record."""

from nps_spectra.formats.reading import format_names, read_spectra
from nps_spectra.formats.report import InputFile, ReadReport, Reject

__all__ = ["InputFile", "ReadReport", "Reject", "format_names", "read_spectra"]
