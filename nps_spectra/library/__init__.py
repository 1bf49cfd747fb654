"""The library of reference spectra: an HDF5 file that is opened as a memory map."""

from nps_spectra.library.library import Library

__all__ = ["Library"]
