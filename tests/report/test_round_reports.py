"""Reports of a round: what ISO/IEC 17043 asks for, nothing of others for a laboratory, nothing that runs or loads."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from proficiency.round_files import ROUND, row, write_round

from nps_spectra.cli.main import main
from nps_spectra.proficiency.evaluation import Evaluation, evaluate
from nps_spectra.report.chart import Chart, ticks
from nps_spectra.report.markup import Markup, element, table
from nps_spectra.report.round_pages import laboratory_report, organiser_report, write_reports

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples"
UGLY = "<script>alert(1)</script> <img src=x onerror=y> \x1b[2J ‮ =1+1"
STATED = """
[report]
provider = "Institute of Tests, Vienna"
coordinator = "A. Person, person@example.org"
subcontracted = "homogeneity: Laboratory & Sons"
report_id = "SM-2026-1/2"
issued = "2026-08-31"
status = "final"
confidentiality = "codes change with every round"
preparation = "ground, sieved, mixed"
design = "four samples a round"
traceability = "to the SI by weighing"
comments = "isomers were mixed up"
recommendations = "check retention times"

[[substance]]
"""


class Reading(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [key for key, _ in attrs if key in ("src", "href") or key.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.words)


def values() -> dict[str, str]:
    """Laboratories with values that occur nowhere else."""
    return {f"QX{k:02}": f"{46.013 + 0.617 * k:.3f}" for k in range(14)}


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    rows = []
    for code, value in values().items():
        rows.append(row(code, value=value, uncertainty="3.17", coverage_factor="2", remarks=f"remark of {code} {UGLY}"))
        rows.append(row(code, "SM-2", "meta-fluorofentanyl"))
        rows.append(row(code, "SM-7", remarks="wrong sample"))
    rows.append(row("QX03", "SM-4", "heroin"))
    toml = ROUND.replace("[[substance]]", STATED, 1).replace("sigma_pt = 2.5", "sigma_pt = 2.5\nuncertainty = 2.0")
    return evaluate(write_round(tmp_path_factory.mktemp("round"), rows, toml))


def test_a_laboratory_sees_no_code_and_no_value_of_another(evaluation: Evaluation) -> None:
    for own in values():
        report = laboratory_report(evaluation, own)
        assert own in report
        for code, value in values().items():
            if code != own:
                assert code not in report
                assert value not in report
                assert f"{float(value):.4g}" not in Reading(report).text.split()
        assert report.count("expected one of SM-1") == 1  # its own row that was rejected
    assert "heroin" in laboratory_report(evaluation, "QX03")
    assert "heroin" not in laboratory_report(evaluation, "QX04")


def test_figures_of_others_stand_in_no_chart_of_a_laboratory(evaluation: Evaluation) -> None:
    """A report draws the same density for two laboratories, but for where they stand: no point of a third."""
    reports = [laboratory_report(evaluation, code) for code in ("QX02", "QX05")]
    assert all("<circle" not in report for report in reports)


def test_few_values_make_no_density(tmp_path: Path) -> None:
    rows = [row(code, value=value) for code, value in list(values().items())[:9]]
    assert "all values and yours" not in laboratory_report(evaluate(write_round(tmp_path, rows)), "QX01")


#: ISO/IEC 17043:2023 on reports; what the provider states, then what the evaluation adds.
CONTENTS = [
    *(
        "Institute of Tests, Vienna",
        "A. Person",
        "homogeneity: Laboratory & Sons",
        "SM-2026-1/2",
        "2026-08-31",
        "final",
    ),
    *("codes change with every round", "ground, sieved, mixed", "four samples a round", "to the SI by weighing"),
    *("isomers were mixed up", "check retention times"),
    *("Samples and their contents", "Assigned values", "Assigned by", "sigma_pt by", "Homogeneity, stability"),
    *("Acceptable", "Statistical procedures", "How to read the scores", "is not below 0.3 sigma_pt"),
]


@pytest.mark.parametrize("content", CONTENTS)
def test_both_reports_hold_what_iso_iec_17043_asks_for(evaluation: Evaluation, content: str) -> None:
    assert content in Reading(organiser_report(evaluation)).text
    assert content in Reading(laboratory_report(evaluation, "QX03")).text


def test_the_report_of_a_laboratory_has_its_code_result_score_and_class(evaluation: Evaluation) -> None:
    """QX03: (46.013 + 3 * 0.617 - 50) / 2.5."""
    text = Reading(laboratory_report(evaluation, "QX03")).text
    for part in ("Laboratory QX03", "47.86", "−0.85", "satisfactory", "1.585", "zeta", "E_n", "SM-7"):
        assert part in text


def test_what_the_provider_did_not_state_is_said(tmp_path: Path) -> None:
    report = organiser_report(evaluate(write_round(tmp_path, [row()])))
    assert report.count("not stated by the provider") >= 12


def test_the_organiser_sees_all(evaluation: Evaluation) -> None:
    text = Reading(organiser_report(evaluation)).text
    for code, value in values().items():
        assert code in text
        assert f"{float(value):.4g}" in text
    assert "43 rows were read" in text
    assert "14 not" in text


def test_nothing_runs_and_nothing_is_loaded(evaluation: Evaluation) -> None:
    for report in (organiser_report(evaluation), laboratory_report(evaluation, "QX03")):
        read = Reading(report)
        assert not read.tags & {"script", "img", "link", "iframe", "object", "form", "base"}
        assert read.links == []
        assert "http" not in re.sub(r'xmlns="http://www.w3.org/2000/svg"|http-equiv', "", report)
        assert "\x1b" not in report
        assert "\u202e" not in report
    assert "<script>alert(1)</script>" in Reading(laboratory_report(evaluation, "QX03")).text


def test_charts_are_well_formed(evaluation: Evaluation) -> None:
    charts = re.findall(r"<svg.*?</svg>", organiser_report(evaluation))
    assert len(charts) == 3
    for chart in charts:
        root = ElementTree.fromstring(chart)
        for part in root.iter():
            for key in ("width", "height", "x", "y", "cx", "cy"):
                assert "nan" not in part.get(key, "")
                assert not part.get(key, "").startswith("-") or key == "y"


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


def test_reports_are_files_named_by_codes(evaluation: Evaluation, tmp_path: Path) -> None:
    written = write_reports(evaluation, tmp_path)
    assert written[0].name == "organiser.html"
    assert {path.stem for path in (tmp_path / "laboratories").iterdir()} == set(values())
    first = [path.read_bytes() for path in written]
    assert [path.read_bytes() for path in write_reports(evaluation, tmp_path)] == first


def test_the_command_writes_reports_unless_told_not_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example = str(EXAMPLES / "ice_bs_round")
    assert main(["proficiency", "evaluate", example, "--out", str(tmp_path / "1")]) == 0
    assert "24 reports" in capsys.readouterr().out
    assert "simulated" in (tmp_path / "1" / "organiser.html").read_text(encoding="utf-8")
    assert main(["proficiency", "evaluate", example, "--out", str(tmp_path / "2"), "--no-reports"]) == 0
    assert not (tmp_path / "2" / "organiser.html").exists()


def test_texts_are_escaped_wherever_they_come_from() -> None:
    assert element("p", "<b>", title='"') == '<p title="&quot;">&lt;b&gt;</p>'
    assert element("p", element("b", "x")) == "<p><b>x</b></p>"
    assert "<td><i></td>" not in table(("a",), [("<td><i></td>",)])
    assert isinstance(element("br"), Markup)


def test_ticks_are_round_and_inside() -> None:
    assert ticks(0.013, 0.053) == pytest.approx([0.02, 0.03, 0.04, 0.05])
    assert ticks(-3, 3) == [-3, -2, -1, 0, 1, 2, 3]


def test_what_lies_outside_a_chart_is_drawn_at_its_edge() -> None:
    chart = Chart("t", 100, 50, (0, 10), (0, 1))
    assert chart.across(1e9) == chart.across(10)
    assert chart.up(-5) == chart.up(0)
