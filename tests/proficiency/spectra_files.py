"""Spectra of laboratories written for a test, from the principal ions of the starter library."""

from __future__ import annotations

from pathlib import Path

from nps_spectra.library.starter import starter_library
from nps_spectra.spectrum import Spectrum


def starter(substance: str) -> Spectrum:
    """The entry of the starter library with this name."""
    return next(one for one in starter_library() if one.name == substance)


def msp(substance: str, name: str = "peak at 9.2 min") -> str:
    """A record of MSP with the ions of a substance, under a name that tells nothing."""
    found = starter(substance)
    peaks = "\n".join(f"{mz:g} {intensity:g}" for mz, intensity in zip(found.mz, found.intensity, strict=True))
    return f"Name: {name}\nNum Peaks: {len(found.mz)}\n{peaks}\n\n"


def put(round_folder: Path, file: str, content: str | bytes) -> None:
    """Write a file below ``spectra``."""
    path = round_folder / "spectra" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
