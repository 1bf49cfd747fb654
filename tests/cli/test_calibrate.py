"""``nps-spectra calibrate``: what it refuses, and that its file is a calibration."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nps_spectra import Library, Spectra, Spectrum
from nps_spectra.cli.main import main
from nps_spectra.identification.calibration import load_calibration


def measured(path: Path, substances: int) -> Path:
    """A library in which every substance was measured twice, with other noise."""
    random = np.random.default_rng(7)
    spectra = []
    for number in range(substances):
        mz = np.sort(random.choice(np.arange(40, 250), 12, replace=False))
        heights = random.uniform(20, 999, 12)
        for contributor in ("A", "B"):
            spectra.append(
                Spectrum(
                    mz.tolist(),
                    (heights * random.uniform(0.7, 1.4, 12)).tolist(),
                    name=f"substance {number}",
                    ionization="EI",
                    contributor=contributor,
                )
            )
    Library.build(Spectra.of(spectra), path)
    return path


def test_a_library_with_repeated_substances_gives_a_calibration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    library, out = measured(tmp_path / "own.h5", 40), tmp_path / "own.json"
    assert main(["calibrate", str(library), "--out", str(out), "--name", "ours"]) == 0
    assert load_calibration(out).describe()["name"] == "ours"
    assert "of 80 queries" in capsys.readouterr().out


def test_too_few_replicates_are_refused_and_leave_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    library, out = measured(tmp_path / "own.h5", 5), tmp_path / "own.json"
    assert main(["calibrate", str(library), "--out", str(out)]) == 2
    assert not out.exists()
    assert "a calibration needs 30" in capsys.readouterr().err


def test_a_folder_that_does_not_exist_is_told_before_the_search(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calibrate", "none.h5", "--out", str(tmp_path / "no" / "own.json")]) == 2
    assert "does not exist" in capsys.readouterr().err
