"""Figures of merit of probabilities, on cases that were computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from nps_spectra.errors import OptionError
from nps_spectra.identification.reliability import (
    area_under_roc,
    expected_calibration_error,
    log_likelihood_ratio_cost,
    operating_point,
    reliability,
)


def test_calibration_error_is_the_weighted_mean_gap_of_the_bins() -> None:
    # 0.15 and 0.15, one true: gap 0.35, share 2/5. 0.9, 0.9, 0.9, two true: gap 0.2333, share 3/5. 0.14 + 0.14 = 0.28.
    stated = np.array([0.15, 0.15, 0.9, 0.9, 0.9])
    true = np.array([True, False, True, True, False])
    assert expected_calibration_error(stated, true) == pytest.approx(0.28)


def test_weights_count_as_repeated_trials() -> None:
    stated, true = np.array([0.2, 0.8]), np.array([True, True])
    repeated = expected_calibration_error(np.array([0.2, 0.2, 0.2, 0.8]), np.ones(4, dtype=bool))
    assert expected_calibration_error(stated, true, np.array([3.0, 1.0])) == pytest.approx(repeated)


def test_a_probability_of_one_is_in_the_last_bin() -> None:
    assert reliability(np.array([1.0, 0.95]), np.array([True, True]))[0].count == 2


def test_likelihood_ratios_of_three_cost_as_computed_by_hand() -> None:
    # log2(1 + 1/3) for both kinds.
    assert log_likelihood_ratio_cost(np.log([3.0, 1 / 3]), np.array([True, False])) == pytest.approx(np.log2(4 / 3))


def test_confident_and_wrong_costs_more_than_saying_nothing() -> None:
    assert log_likelihood_ratio_cost(np.array([-5.0, 5.0]), np.array([True, False])) > 1


def test_area_is_the_share_of_pairs_in_the_right_order() -> None:
    present, absent = np.array([0.9, 0.4, 0.4]), np.array([0.8, 0.4])
    pairs = [(a > b) + (a == b) / 2 for a in present for b in absent]
    assert area_under_roc(present, absent) == pytest.approx(np.mean(pairs))


def test_no_more_than_the_share_asked_for_is_wrongly_named() -> None:
    random = np.random.default_rng(0)
    present, absent = random.normal(1, 1, 300), random.normal(0, 1, 250)
    limit, named, wrong = operating_point(present, absent, 0.02)
    assert wrong == 5
    assert named == int((present > limit).sum())


def test_numbers_that_are_no_probabilities_are_refused() -> None:
    with pytest.raises(OptionError, match="between 0 and 1"):
        reliability(np.array([1.2]), np.array([True]))
    with pytest.raises(OptionError, match="both kinds"):
        log_likelihood_ratio_cost(np.array([0.0]), np.array([True]))
