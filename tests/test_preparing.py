"""What a library is compared by does not depend on how much of it is prepared together."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pytest

from nps_spectra import Spectra, Spectrum
from nps_spectra.scorers import Technique
from nps_spectra.scoring import METHODS, NOMINAL_METHODS, score_options

PAIRS: list[tuple[str, Technique]] = [(method, "EI") for method in METHODS]
PAIRS += [(method, "MS/MS") for method in METHODS if method not in NOMINAL_METHODS]


@pytest.mark.parametrize(("method", "technique"), PAIRS)
def test_a_large_library_is_prepared_as_a_small_one(method: str, technique: Technique) -> None:
    random = np.random.default_rng(8)
    spectra = Spectra.of(
        Spectrum(
            np.sort(random.uniform(40, 200, peaks)),
            random.uniform(1, 999, peaks),
            precursor_mz=210.0,
            formula="C10H15N",
        )
        for peaks in (30, 1, 50, 7, 90)
    )
    scorer = score_options(method, {}).resolve(technique)
    whole = scorer.prepare(spectra)
    with mock.patch("nps_spectra.cleaning._PEAKS_TOGETHER", 40):
        parts = scorer.prepare(spectra)
    np.testing.assert_array_equal(parts.clean.mz, whole.clean.mz, strict=True)
    np.testing.assert_array_equal(parts.clean.intensity, whole.clean.intensity, strict=True)
    np.testing.assert_array_equal(parts.values, whole.values, strict=True)
    np.testing.assert_array_equal(parts.masses, whole.masses, strict=True)
    # Where the values are the intensities, no copy of them is kept.
    assert (parts.values is parts.clean.intensity) == (whole.values is whole.clean.intensity)
