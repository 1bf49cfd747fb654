"""Readers and writers: files, folders and archives of spectra, with an account of every record."""

from nps_spectra.formats.reading import read_run, read_spectra
from nps_spectra.formats.registry import format_names, formats
from nps_spectra.formats.report import InputFile, ReadReport, Reject
from nps_spectra.formats.writing import WriteReport, write_spectra

__all__ = [
    "InputFile",
    "ReadReport",
    "Reject",
    "WriteReport",
    "format_names",
    "formats",
    "read_run",
    "read_spectra",
    "write_spectra",
]
