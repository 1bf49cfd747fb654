"""Random-effects consensus of CCQM-K25 (PCB-105) and of cadmium by heat."""

from __future__ import annotations

import numpy as np
import pytest

from nps_spectra.proficiency.assigned import dersimonian_laird, paule_mandel, sigma_horwitz

PCB = ([10.21, 10.9, 10.94, 10.58, 10.81, 9.62, 10.8], [0.381, 0.250, 0.130, 0.410, 0.445, 0.196, 0.093])


def test_pcb_105() -> None:
    found = dersimonian_laird(*PCB)
    assert (found.value, found.uncertainty) == pytest.approx((10.557083, 0.197073), abs=6e-7)
    found = paule_mandel(*PCB)
    assert (found.value, found.uncertainty) == pytest.approx((10.557736, 0.191625), abs=6e-7)


def test_cadmium() -> None:
    variances = np.array([0.003, 0.076, 0.464, 0.003, 0.014])
    found = paule_mandel([27.044, 26.022, 26.340, 26.787, 26.796], np.sqrt(variances))
    assert (found.value, found.uncertainty) == pytest.approx((26.712129, 0.171137), abs=6e-7)


def test_horwitz_of_table_e9() -> None:
    assert sigma_horwitz(2.565e-6) * 1e6 == pytest.approx(0.356, abs=5e-4)
