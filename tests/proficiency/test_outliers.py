"""Tests of outliers against critical values printed in ISO 5725-2, pairs of Youden and scores over rounds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from proficiency.round_files import ROUND, row, write_round

from nps_spectra.errors import OptionError
from nps_spectra.proficiency import (
    cochran_test,
    combine_scores,
    control_chart,
    evaluate,
    grubbs_test,
    mandel,
    repeatability_statistic,
    youden_pairs,
)


def test_critical_values_of_iso_5725_2() -> None:
    assert cochran_test([1, 1, 1, 1], 2, alpha=0.01).critical == pytest.approx(0.968, abs=5e-4)
    assert grubbs_test([1, 2, 3, 4, 5], alpha=0.01).critical == pytest.approx(1.764, abs=5e-4)


def test_cochran_of_nitrogen_in_fish_food() -> None:
    """Fearn and Thompson, doi:10.1039/B103812P: critical 0.60; 0.353 from the results of two decimals."""
    pairs = [(2.49, 2.39), (2.54, 2.32), (2.30, 2.33), (2.30, 2.44), (2.33, 2.42), (2.56, 2.40), (2.44, 2.53)]
    pairs += [(2.51, 2.47), (2.35, 2.47), (2.49, 2.47)]
    found = cochran_test([(a - b) ** 2 for a, b in pairs], 2)
    assert found.statistic == pytest.approx(0.353, abs=5e-4)
    assert found.critical == pytest.approx(0.60, abs=5e-3)
    assert found.place == 1
    assert not found.significant


def test_h_of_one_laboratory_is_that_of_grubbs() -> None:
    values = [1.0, 1.2, 0.9, 1.1, 3.0]
    found = mandel(values)
    assert max(abs(found.h)) == pytest.approx(grubbs_test(values).statistic)
    assert found.k is None


def test_limits_of_mandel_hold_for_normal_results() -> None:
    """At 5 % one in twenty laboratories without fault is beyond each limit."""
    random = np.random.default_rng(11)
    h = k = 0
    for _ in range(1000):
        found = mandel(random.normal(0, 1, (8, 3)), alpha=0.05)
        assert found.k is not None
        h += int((np.abs(found.h) > found.h_critical).sum())
        k += int((found.k > found.k_critical).sum())
    assert h / 8000 == pytest.approx(0.05, abs=0.01)
    assert k / 8000 == pytest.approx(0.05, abs=0.01)


def test_repeatability_by_hand() -> None:
    """ISO 13528:2022, 10.6: mean 11, s 3 against x* 10, w* 2 with 4 replicates is 1.986413."""
    assert repeatability_statistic([11], [3], 10, 2, 4) == pytest.approx(1.986413, abs=1.5e-6)


def test_replicates_of_a_round_are_compared(tmp_path: Path) -> None:
    """Six laboratories with duplicates 1 apart about 50 to 51, one of them 20 apart, one of them 9 higher."""
    pairs = {
        "A": (49.5, 50.5),
        "B": (50, 51),
        "C": (49.8, 50.8),
        "D": (40.5, 60.5),
        "E": (59.2, 60.2),
        "F": (50.2, 51.2),
    }
    rows = [row(code, value=str(x), replicate=str(n)) for code, pair in pairs.items() for n, x in enumerate(pair)]
    rows += [row("G", value=str(50 + n), replicate=str(n)) for n in range(3)] + [row("H", value="50")]
    found = {one.laboratory: one for one in evaluate(write_round(tmp_path, rows)).repeatability}
    assert list(found) == [*pairs, "G"]
    a, d, e = found["A"], found["D"], found["E"]
    assert (a.replicates, a.mean, a.sd) == (2, 50.0, pytest.approx(0.5**0.5))
    assert None not in (a.statistic, a.h, a.k, d.statistic, e.statistic)
    assert a.k < a.k_critical < d.k  # type: ignore[operator]
    assert e.h > e.h_critical > abs(a.h)  # type: ignore[operator, arg-type]
    assert d.statistic > 5.99 > a.statistic  # type: ignore[operator]
    assert e.statistic > 5.99  # type: ignore[operator]
    assert (found["G"].h, found["G"].reason) == (None, "3 replicates; compared are laboratories with 2")


def test_replicates_that_cannot_be_compared_say_why(tmp_path: Path) -> None:
    rows = [row(code, value="50", replicate=n) for code in "AB" for n in "12"]
    assert {one.reason for one in evaluate(write_round(tmp_path / "1", rows)).repeatability} == {
        "2 laboratories with 2 replicates, expected 3"
    }
    rows = [row(code, value=x, replicate=n) for code, x in (("A", "50"), ("B", "51"), ("C", "52")) for n in "12"]
    evaluation = evaluate(write_round(tmp_path / "2", rows))
    assert {(one.k, one.reason) for one in evaluation.repeatability} == {
        (0.0, "no statistic of mean and deviation: replicates without spread")
    }
    assert "repeatability.csv" in {path.name for path in evaluation.write(tmp_path / "out")}


def test_scores_of_a_laboratory_are_joined_in_its_row(tmp_path: Path) -> None:
    """Cocaine 55 and 60 against 50 with sigma_pt 2.5, two samples: z 2 and 4."""
    second = '[[sample]]\ncode = "SM-5"\n[[sample.content]]\nsubstance = "cocaine"\nvalue = 50.0\n'
    second += 'unit = "% w/w"\nsigma_pt = 2.5\n'
    rows = [row("A", value="55"), row("A", "SM-5", value="60"), row("B")]
    found = evaluate(write_round(tmp_path, rows, ROUND + second)).laboratories.set_index("laboratory")
    columns = ["z_scores", "rescaled_sum", "sum_of_squares", "sum_of_squares_limit"]
    assert found.loc["A", columns].tolist() == pytest.approx([2, 6 / 2**0.5, 20.0, 5.9915], abs=1e-4)
    assert found.loc["B", "z_scores"] == 0
    assert np.isnan(found.loc["B", "rescaled_sum"])


def test_the_ellipse_holds_the_share_it_promises() -> None:
    random = np.random.default_rng(5)
    pairs = random.multivariate_normal([10, 30], [[1, 1.6], [1.6, 4]], 4000)
    found = youden_pairs(pairs[:, 0], pairs[:, 1])
    assert (found.distances <= found.limit).mean() == pytest.approx(0.95, abs=0.01)
    assert found.correlation == pytest.approx(0.8, abs=0.02)
    assert found.swapped == ()


def test_points_of_the_ellipse_lie_on_its_limit() -> None:
    random = np.random.default_rng(6)
    first, second = random.normal(10, 1, 30), random.normal(20, 2, 30)
    found = youden_pairs(first, second)
    u = (found.ellipse[:, 0] - found.centre[0]) / found.deviations[0]
    v = (found.ellipse[:, 1] - found.centre[1]) / found.deviations[1]
    r = found.correlation
    assert (u**2 - 2 * r * u * v + v**2) / (1 - r**2) == pytest.approx(found.limit)


def test_two_samples_that_were_exchanged_are_told() -> None:
    random = np.random.default_rng(8)
    first, second = random.normal(50, 1, 30), random.normal(60, 1, 30)
    first[7], second[7] = second[7], first[7]
    found = youden_pairs(first, second)
    assert found.swapped == (7,)


def test_a_bias_adds_up_and_opposite_errors_do_not() -> None:
    assert combine_scores([1.5] * 9).rescaled_sum == pytest.approx(4.5)
    opposite = combine_scores([4.0, -4.0])
    assert opposite.rescaled_sum == 0
    assert opposite.sum_of_squares == 32 > opposite.critical
    assert opposite.unsatisfactory == 2


@pytest.mark.parametrize(
    ("scores", "rule"),
    [
        ([0, 3.0], "one score of 3 or more"),
        ([2.1, 0, 2.2], "two of three scores beyond 2 on one side"),
        ([-0.1] * 6, "six scores in a row on one side"),
        ([1.5, -0.1, *[1.5] * 7], "cumulative sum beyond its limit"),
    ],
)
def test_signals_over_rounds(scores: list[float], rule: str) -> None:
    assert rule in [text for _, text in control_chart(scores).signals]


def test_quiet_rounds_signal_nothing() -> None:
    assert control_chart([0.5, -1.2, 1.9, -0.3, 0.2, -1.9]).signals == ()
    assert control_chart([0.9, -0.1] * 12).signals == ()  # below the allowance nothing adds up


def test_what_cannot_be_tested_is_refused() -> None:
    with pytest.raises(OptionError, match="replicates 1"):
        cochran_test([1.0, 2.0], 1)
    with pytest.raises(OptionError, match="no spread"):
        youden_pairs([1.0] * 5, [2.0] * 5)
    with pytest.raises(OptionError, match="expected some spread"):
        grubbs_test([1.0, 1.0, 1.0])
