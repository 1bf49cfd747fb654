"""What tests share: where the measured spectra are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from nps_spectra import Spectra, read_spectra

ROOT = Path(__file__).resolve().parent.parent

# The same commit gets the same verdict everywhere; `pytest --hypothesis-profile=hunt` draws anew and much more.
settings.register_profile("fixed", derandomize=True)
settings.register_profile("hunt", max_examples=2000)
settings.load_profile("fixed")


def _data_folder() -> Path:
    named = os.environ.get("NPS_SPECTRA_DATA")
    return Path(named) if named else ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Measured spectra of public sources; they are not part of the project."""
    folder = _data_folder()
    if not folder.is_dir():
        pytest.skip(f"no measured data in {folder}: set NPS_SPECTRA_DATA")
    return folder


@pytest.fixture(scope="session")
def massbank_spectra(data_folder: Path) -> Spectra:
    """All of MassBank, read once for all tests (about 40 s)."""
    return read_spectra(data_folder / "massbank" / "MassBank-data-2025.05.1.tar.xz")


@pytest.fixture(scope="session")
def root() -> Path:
    """The project folder."""
    return ROOT
