"""Charts of a round: what they show, what they show to the organiser alone, and labels that do not overlap."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from proficiency.round_files import ROUND, row, values, write_round

from nps_spectra.proficiency.evaluation import evaluate
from nps_spectra.report.chart import Chart, ticks
from nps_spectra.report.chart import Path as Line
from nps_spectra.report.round_pages import laboratory_report, organiser_report
from nps_spectra.report.round_results import RoundResults


def curve(chart: Chart) -> list[tuple[float, float]]:
    """Points of the density in mm: the lines that are neither dashed nor thick."""
    return [
        place
        for mark in chart.marks()
        if isinstance(mark, Line) and mark.dash is None and mark.width == 0.3
        for place in mark.points
    ]


@pytest.mark.parametrize(("far", "drawn"), [((62.0,), False), ((62.0, 62.3), False), ((62.0, 62.3, 61.7), True)])
def test_a_density_shows_a_laboratory_no_bump_of_one_or_two_others(
    tmp_path: Path, far: tuple[float, ...], drawn: bool
) -> None:
    """Whoever reads the place of a lone bump reads the value of a laboratory; the organiser sees it."""
    rows = [row(code, value=value) for code, value in values().items()]
    rows += [row(f"FAR{k}", value=str(value)) for k, value in enumerate(far)]
    results = RoundResults(evaluate(write_round(tmp_path, rows)))
    (target,) = results.targets.values()
    own, whole = results.density(target, 50.0), results.density(target)
    assert own is not None
    assert whole is not None
    assert any(abs(x - whole.across(62.0)) < 2 for x, _ in curve(whole))
    assert any(x > own.across(59.0) for x, _ in curve(own)) is drawn


def test_the_end_of_a_density_does_not_tell_the_least_value(tmp_path: Path) -> None:
    """The kernel ends three bandwidths below the least value; the curve in a report begins further in."""
    results = RoundResults(
        evaluate(write_round(tmp_path, [row(code, value=value) for code, value in values().items()]))
    )
    (target,) = results.targets.values()
    own, whole = results.density(target, 50.0), results.density(target)
    assert own is not None
    assert whole is not None
    width = 3 * 0.75 * 2.5
    least, greatest = 46.013 - width, 46.013 + 13 * 0.617 + width
    for chart, told in ((own, False), (whole, True)):
        places = [x for x, _ in curve(chart)]
        assert (abs(min(places) - chart.across(least)) < 1.0) is told
        assert (abs(max(places) - chart.across(greatest)) < 1.0) is told


def test_few_values_make_no_density(tmp_path: Path) -> None:
    rows = [row(code, value=value) for code, value in list(values().items())[:9]]
    assert "all values and yours" not in laboratory_report(evaluate(write_round(tmp_path, rows)), "QX01")


def test_bars_have_one_for_each_score_and_the_number_of_what_is_off_the_plot(tmp_path: Path) -> None:
    rows = [row(f"L{k}", value=str(48 + k)) for k in range(5)] + [row("L9", value="500")]
    report = organiser_report(evaluate(write_round(tmp_path, rows)))
    bars = re.findall(r"<svg.*?</svg>", report)[-1]
    assert bars.count('fill="#004c86"') + bars.count('fill="#c04f00"') == 6
    assert ">180</text>" in bars


def test_pairs_of_samples_are_plotted_for_the_organiser_only(tmp_path: Path) -> None:
    """L07 exchanged its two samples; the others lie along the diagonal."""
    other = '[[sample]]\ncode = "SM-5"\n[[sample.content]]\nsubstance = "cocaine"\n'
    other += 'value = 20.0\nunit = "% w/w"\nsigma_pt = 1.0\n'
    rows = []
    for k in range(12):
        first, second = 49 + k / 6 + (k % 3) / 4, 19.6 + k / 15 + (k % 2) / 5
        first, second = (second, first) if k == 7 else (first, second)
        rows += [row(f"L{k:02}", value=f"{first:.2f}"), row(f"L{k:02}", "SM-5", value=f"{second:.2f}")]
    evaluation = evaluate(write_round(tmp_path, rows, ROUND + other))
    report = organiser_report(evaluation)
    assert "Youden plot of SM-1: cocaine" in report
    assert ">L07 (exchanged?)</text>" in report
    assert report.count("(exchanged?)") == 1
    assert "Youden" not in laboratory_report(evaluation, "L07")
    assert "samples exchanged?" in laboratory_report(evaluation, "L07")


def test_a_map_of_many_samples_is_split_and_has_every_result_once(tmp_path: Path) -> None:
    samples = "".join(
        f'[[sample]]\ncode = "MANY-{k:02}"\n[[sample.content]]\nsubstance = "cocaine"\n' for k in range(23)
    )
    rows = [row(code, f"MANY-{k:02}") for code in ("A", "B") for k in range(23)]
    report = organiser_report(evaluate(write_round(tmp_path, rows, ROUND + samples)))
    maps = re.findall('<table class="map">.*?</table>', report)
    assert [one.count("<th ") for one in maps] == [11 + 2, 11 + 2, 8 + 2]  # 27 samples, two laboratories
    assert sum(one.count(">✓</td>") for one in maps) == 46


def test_codes_beside_a_plot_of_pairs_do_not_overlap(tmp_path: Path) -> None:
    other = '[[sample]]\ncode = "SM-5"\n[[sample.content]]\nsubstance = "cocaine"\n'
    other += 'value = 20.0\nunit = "% w/w"\nsigma_pt = 1.0\n'
    rows = []
    for k in range(120):
        first, second = (49 + k % 7 / 6, 19.6 + k % 7 / 15 + k % 3 / 9) if k > 9 else (60 + k / 50, 25 + k / 90)
        rows += [row(f"L{k:03}", value=f"{first:.2f}"), row(f"L{k:03}", "SM-5", value=f"{second:.2f}")]
    report = organiser_report(evaluate(write_round(tmp_path, rows, ROUND + other)))
    plot = report[report.index("<title>Youden plot") :]
    codes = re.findall(r'y="([\d.]+)" text-anchor="start"[^>]*>L00\d', plot[: plot.index("</svg>")])
    heights = sorted(map(float, codes))
    assert len(heights) == 10
    assert all(below - above > 2.5 for above, below in pairwise(heights))


def test_ticks_are_round_and_inside() -> None:
    assert ticks(0.013, 0.053) == pytest.approx([0.02, 0.03, 0.04, 0.05])
    assert ticks(-3, 3) == [-3, -2, -1, 0, 1, 2, 3]


def test_what_lies_outside_a_chart_is_drawn_at_its_edge() -> None:
    chart = Chart("t", 100, 50, (0, 10), (0, 1))
    assert chart.across(1e9) == chart.across(10)
    assert chart.up(-5) == chart.up(0)
