"""What the statistics of a round can do, on rounds with known truth, against what theory says."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from proficiency.round_files import ROUND, row, write_round

from nps_spectra.proficiency import Behaviour, algorithm_a, evaluate, kernel_density, mad_e, q_method, write_simulation
from nps_spectra.proficiency.intervals import proportion
from nps_spectra.proficiency.robust import RobustEstimate

SIMULATED = ROUND.replace('scheme = "test"', 'scheme = "test"\nsimulated = true')
FLAWLESS = dict.fromkeys(("blunder", "missed", "false_positive", "isomer", "no_value", "censored", "exchanged"), 0.0)
ROUNDS = 400


def beyond(limit: float, shift: float = 0.0, sd: float = 1.0) -> float:
    """P(|x| >= limit) of a normal x."""
    law = statistics.NormalDist(shift, sd)
    return law.cdf(-limit) + 1 - law.cdf(limit)


def agrees(hits: int, of: int, expected: float) -> bool:
    """Whether the exact 99.9 % interval of a share holds what theory says."""
    found = proportion(int(hits), of, 0.999)
    assert found.exact_low is not None
    assert found.exact_high is not None
    return found.exact_low <= expected <= found.exact_high


def rounds(laboratories: int, seed: int = 0) -> np.ndarray:
    """Rounds of laboratories without fault: standard normal, 0.8 of it between laboratories and 0.6 within."""
    random = np.random.default_rng(seed)
    shape = (ROUNDS, laboratories)
    return random.normal(0, 0.8, shape) + random.normal(0, 0.6, shape)


def held(found: RobustEstimate) -> bool:
    """Whether 2 u(x_pt) about the location holds the truth, 0."""
    assert found.location is not None
    assert found.uncertainty is not None
    return abs(found.location) <= 2 * found.uncertainty


def test_the_interval_of_an_assigned_value_holds_the_truth_as_often_as_theory_says() -> None:
    """u(x_pt) = 1.25 s*/sqrt(p) (ISO 13528:2022, 7.7.7) is that of the median, whose standard error is sqrt(pi/2)
    sigma/sqrt(p) for many results: 95.4 % within 2 u. Huber's location varies as E psi^2 / (E psi')^2
    (doi:10.1214/aoms/1177703732), of which E psi^2 is 1/1.13339^2 and E psi' the chance to lie within 1.5: the same
    interval holds the truth in 98.6 %.
    """
    values = rounds(200)
    median = beyond(2 * 1.25 / math.sqrt(math.pi / 2))
    huber = beyond(2 * 1.25 * 1.1333926553 * (1 - beyond(1.5)))
    assert agrees(sum(held(mad_e(one)) for one in values), ROUNDS, 1 - median)
    assert agrees(sum(held(algorithm_a(one)) for one in values), ROUNDS, 1 - huber)


def test_laboratories_without_fault_alarm_as_often_as_a_normal_law(tmp_path: Path) -> None:
    """Independent assigned value and sigma_pt, 5 % of it as large as bias and repeatability together."""
    behaviour = Behaviour(**FLAWLESS, bias_sd=0.04, repeatability_sd=0.03)
    write_simulation(write_round(tmp_path, [], SIMULATED), 2000, seed=5, behaviour=behaviour)
    z = np.array([one.z for one in evaluate(tmp_path).scores])
    assert len(z) == 2000
    assert agrees((np.abs(z) >= 2).sum(), 2000, beyond(2))
    assert agrees((np.abs(z) >= 3).sum(), 2000, beyond(3))


@pytest.mark.parametrize("estimator", [algorithm_a, q_method])
def test_of_a_consensus_about_as_many_alarm(estimator: object) -> None:
    """Both scales are consistent for a normal law; of 50 laboratories one is taken at random."""
    values = rounds(50, 1)
    alarms = 0
    for one in values:
        found = estimator(one)  # type: ignore[operator]
        alarms += abs(one[0] - found.location) >= 2 * found.scale
    assert agrees(alarms, ROUNDS, beyond(2))


@pytest.mark.parametrize("bias", [1, 2, 3, 4])
def test_a_biased_laboratory_is_found_as_often_as_its_repeatability_allows(bias: int, tmp_path: Path) -> None:
    """z of a laboratory with a bias of its own scatters by its repeatability alone, here 0.6 sigma_pt."""
    values = 50 + 2.5 * (bias + np.random.default_rng(bias).normal(0, 0.6, ROUNDS))
    scores = evaluate(write_round(tmp_path, [row(f"L{n}", value=str(one)) for n, one in enumerate(values)])).scores
    verdicts = Counter(one.verdict for one in scores)
    assert agrees(verdicts["unsatisfactory"], ROUNDS, beyond(3, bias, 0.6))
    assert agrees(ROUNDS - verdicts["satisfactory"], ROUNDS, beyond(2, bias, 0.6))


def test_a_consensus_of_few_hides_a_biased_laboratory() -> None:
    """It carries the location towards itself and widens the scale: of 10 laboratories more than of 200."""
    power = {}
    for laboratories in (10, 200):
        values = rounds(laboratories, 2)
        values[:, 0] = 4 + np.random.default_rng(3).normal(0, 0.6, ROUNDS)
        found = [algorithm_a(one) for one in values]
        power[laboratories] = sum(
            one[0] - (each.location or 0.0) >= 3 * each.scale for one, each in zip(values, found, strict=True)
        )
    assert agrees(power[200], ROUNDS, beyond(3, 4, 0.6))
    assert power[10] < 0.8 * power[200]


def off(estimator: object, share: float) -> float:
    """Median error of the location of 50 laboratories, of which a share reports twice the value (20 sigma_pt away)."""
    values = rounds(50, 4)[:100]
    values[:, : round(share * 50)] += 20
    return float(np.median([abs(estimator(one).location) for one in values]))  # type: ignore[operator]


def test_each_estimator_breaks_down_where_it_is_known_to() -> None:
    """The mean at once, Algorithm A at about 30 % (documentation of metRology), Hampel's location below one half."""
    assert off(lambda x: RobustEstimate(float(x.mean()), 1.0, None, 50, 0, ""), 0.1) == pytest.approx(2, abs=0.2)
    assert off(algorithm_a, 0.2) < 1 < 5 < off(algorithm_a, 0.3)
    assert off(mad_e, 0.3) < 1
    assert off(q_method, 0.4) < 0.2


def test_two_groups_of_laboratories_are_warned_of_and_one_is_not() -> None:
    """30 % with the response of an isomer, 0.8 of the value: 4 sigma_pt where sigma_pt is 5 %."""
    one_group = rounds(50, 6)[:100]
    two_groups = one_group.copy()
    two_groups[:, :15] -= 4
    assert sum(kernel_density(one, 0.75).bimodal for one in one_group) <= 2
    assert sum(kernel_density(one, 0.75).bimodal for one in two_groups) >= 95


def test_mistakes_of_identification_are_counted_as_they_were_made(tmp_path: Path) -> None:
    """Each of three substances is missed with a chance of 0.2: laboratories without a miss are binomial."""
    behaviour = Behaviour(**{**FLAWLESS, "missed": 0.2})
    write_simulation(write_round(tmp_path, [], SIMULATED), 1000, seed=7, behaviour=behaviour)
    rates = [one.false_negative_rate for one in evaluate(tmp_path).result.laboratories]
    assert agrees(sum(one.successes for one in rates), sum(one.trials for one in rates), 0.2)
    assert agrees(sum(one.successes == 0 for one in rates), len(rates), 0.8**3)


@pytest.mark.parametrize(("results", "needed", "power"), [(4, 2, 0.181), (24, 2, 0.967), (160, 5, 1.000)])
def test_few_samples_tell_little_of_a_laboratory(results: int, needed: int, power: float) -> None:
    """Told from one with 1 % mistakes if the exact lower limit is above 1 %: false alarms are 2.5 % at most, and the
    power against 20 % mistakes is a sum of the binomial law."""
    limits = [proportion(k, results).exact_low or 0.0 for k in range(results + 1)]
    assert next(k for k, low in enumerate(limits) if low > 0.01) == needed

    def tail(rate: float) -> float:
        return sum(math.comb(results, k) * rate**k * (1 - rate) ** (results - k) for k in range(needed, results + 1))

    assert tail(0.01) <= 0.025
    assert tail(0.2) == pytest.approx(power, abs=5e-4)
