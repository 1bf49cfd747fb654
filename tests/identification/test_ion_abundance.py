"""The correlated ion-abundance model against refits by SciPy and against simulated replicates."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import linregress

from nps_spectra import Spectra, Spectrum
from nps_spectra.errors import OptionError
from nps_spectra.identification.ion_abundance import IonAbundanceModel

IONS = np.array([44, 58, 77, 91, 105, 119])


def replicates(count: int, seed: int, tie: float = 0.5) -> Spectra:
    """Spectra in which m/z 77 is `tie` times m/z 58 and the others vary freely; m/z 44 is the base peak."""
    random = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        free = random.uniform(20, 60, 6)
        free[0] = 500
        free[2] = tie * free[1] * random.normal(1, 0.01)
        found.append(Spectrum(IONS, free, ionization="EI"))
    return Spectra.of(found)


def test_left_out_residuals_are_those_of_models_fitted_without_the_replicate() -> None:
    spectra = replicates(16, 1)
    model = IonAbundanceModel.fit(spectra, ions=3)
    left = []
    for row in range(16):
        rest = np.delete(np.arange(16), row)
        shares = np.array([s.intensity[np.isin(s.mz, model.mz)] for s in spectra], dtype=float)
        shares = (shares / shares.sum(axis=1, keepdims=True))[:, 1:]
        errors = []
        for ion, other in ((0, 1), (1, 0)):
            line = linregress(shares[rest, other], shares[rest, ion])
            errors.append(abs(shares[row, ion] - line.intercept - line.slope * shares[row, other]))
        left.append(np.mean(errors))
    assert model.residuals == pytest.approx(sorted(left), rel=1e-6)


def test_spectrum_of_the_same_kind_is_as_likely_as_its_rank() -> None:
    """Of exchangeable spectra no more than a share p has a rank p or smaller."""
    model = IonAbundanceModel.fit(replicates(60, 2), ions=6)
    p = np.array([model.check(spectrum).p for spectrum in replicates(400, 3)])
    assert 0.02 <= np.mean(p <= 0.1) <= 0.2


def test_broken_relation_is_seen_though_each_abundance_is_usual() -> None:
    model = IonAbundanceModel.fit(replicates(60, 4), ions=6)
    broken = Spectrum(IONS, [500, 25, 28, 40, 40, 40], ionization="EI")
    assert model.check(broken).p == pytest.approx(1 / 61)


def test_too_few_replicates_are_refused() -> None:
    with pytest.raises(OptionError, match="expected at least 12"):
        IonAbundanceModel.fit(replicates(11, 5), ions=6)


def test_spectrum_without_ions_of_the_model_is_refused() -> None:
    model = IonAbundanceModel.fit(replicates(30, 6), ions=6)
    with pytest.raises(OptionError, match="none of the ions"):
        model.check(Spectrum([300], [1], ionization="EI"))


def test_model_reads_back_from_json() -> None:
    model = IonAbundanceModel.fit(replicates(30, 7), ions=6)
    again = IonAbundanceModel.from_dict(json.loads(json.dumps(model.to_dict(), allow_nan=False)))
    spectrum = replicates(1, 8)[0]
    assert again.check(spectrum).residual == model.check(spectrum).residual
    with pytest.raises(OptionError, match="no ion-abundance model"):
        IonAbundanceModel.from_dict({"mz": [44]})
