"""Spectra of laboratories written for a test, from the principal ions of the starter library."""

from __future__ import annotations

from pathlib import Path

from nps_spectra.library.starter import starter_library
from nps_spectra.spectrum import Spectrum


def starter(substance: str) -> Spectrum:
    """The entry of the starter library with this name."""
    return next(one for one in starter_library() if one.name == substance)


def msp(substance: str, name: str = "peak at 9.2 min", spread: float = 0.0) -> str:
    """A record of MSP with the ions of a substance, under a name that tells nothing.

    Heights are larger and smaller in turn by this part of them: those of no two instruments are equal.
    """
    found = starter(substance)
    heights = [high * (1 + spread * (1, -1)[place % 2]) for place, high in enumerate(found.intensity.tolist())]
    peaks = "\n".join(f"{mz:g} {high:g}" for mz, high in zip(found.mz, heights, strict=True))
    return f"Name: {name}\nNum Peaks: {len(found.mz)}\n{peaks}\n\n"


def put(round_folder: Path, file: str, content: str | bytes) -> None:
    """Write a file below ``spectra``."""
    path = round_folder / "spectra" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
