"""The report of identifications: one page of HTML."""

from __future__ import annotations

from typing import Any

from nps_spectra.identification.identifications import Identifications
from nps_spectra.library import Library
from nps_spectra.spectra import Spectra


def identification_page(
    found: Identifications, queries: Spectra, library: Library, rejects: list[dict[str, Any]]
) -> str:
    return "<!doctype html>"
