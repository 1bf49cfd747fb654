"""Reports of a round, HTML and PDF: what ISO/IEC 17043 asks for, and of others nothing that is not published."""

from __future__ import annotations

import hashlib
import io
import os
import re
import signal
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from proficiency.round_files import ROUND, row, values, write_round
from proficiency.spectra_files import msp, put

from nps_spectra.cli.main import main
from nps_spectra.proficiency.evaluation import Evaluation, evaluate
from nps_spectra.report.markup import Markup, element, table
from nps_spectra.report.round_pages import (
    laboratory_pdf,
    laboratory_report,
    organiser_pdf,
    organiser_report,
    write_reports,
)

FORMS = ("HTML", "PDF")

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
REPLICATES = """
[[sample]]
code = "SM-5"
[[sample.content]]
substance = "MDMA"
value = 20.0
unit = "% w/w"
sigma_pt = 1.0
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


def pdf_words(content: bytes) -> str:
    """Everything a PDF tells: its pages, its title and its table of contents."""
    pypdf = pytest.importorskip("pypdf", reason="pypdf is not installed")
    found = pypdf.PdfReader(io.BytesIO(content))
    pages = [page.extract_text() for page in found.pages]

    def titles(outline: list[object]) -> list[str]:
        return [title for one in outline for title in (titles(one) if isinstance(one, list) else [str(one)])]

    return " ".join(" ".join([*pages, str(found.metadata), *titles(found.outline)]).split())


def words(form: str, evaluation: Evaluation, laboratory: str | None = None) -> str:
    """The words of a report: the organiser's, or that of a laboratory."""
    if form == "PDF":
        pytest.importorskip("reportlab", reason="reportlab is not installed")
        return pdf_words(organiser_pdf(evaluation) if laboratory is None else laboratory_pdf(evaluation, laboratory))
    return Reading(
        organiser_report(evaluation) if laboratory is None else laboratory_report(evaluation, laboratory)
    ).text


def replicates() -> dict[str, tuple[str, str]]:
    """Two values of each laboratory, of a mean and a deviation that are those of no other."""
    return {
        code: (f"{18.1 + 0.29 * k:.3f}", f"{18.1 + 0.29 * k + 0.137 * (k + 1):.3f}") for k, code in enumerate(values())
    }


def files() -> dict[str, tuple[str, str]]:
    """Names, that are those of no other and hold no code, of a spectrum of each laboratory and of what is none."""
    return {code: (f"r{1009 + 37 * k}.msp", f"d{2011 + 41 * k}.msp") for k, code in enumerate(values())}


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    rows = []
    for code, value in values().items():
        rows.append(row(code, value=value, uncertainty="3.17", coverage_factor="2", remarks=f"remark of {code} {UGLY}"))
        rows.append(row(code, "SM-2", "meta-fluorofentanyl"))
        rows.append(row(code, "SM-7", remarks="wrong sample"))
        for number, each in enumerate(replicates()[code], 1):
            rows.append(row(code, "SM-5", "MDMA", value=each, replicate=str(number)))
    rows.append(row("QX03", "SM-4", "heroin"))
    toml = ROUND.replace("[[substance]]", STATED, 1).replace("sigma_pt = 2.5", "sigma_pt = 2.5\nuncertainty = 2.0")
    folder = write_round(tmp_path_factory.mktemp("round"), rows, toml + REPLICATES)
    for k, (code, (spectrum, damaged)) in enumerate(files().items()):
        put(folder, f"{code}/SM-1/{spectrum}", msp(("cocaine", "atropine", "fentanyl")[k % 3]))
        # Nothing was reported in the blank; what is no record cannot be read where something was.
        put(
            folder,
            f"{code}/{('SM-4', 'SM-2')[k % 2]}/{damaged}",
            msp("cocaine") if k % 2 == 0 else "Num Peaks: 3\n41 x",
        )
    return evaluate(folder, library="starter")


@pytest.mark.parametrize("form", FORMS)
def test_a_laboratory_sees_no_code_and_no_value_of_another(evaluation: Evaluation, form: str) -> None:
    for k, own in enumerate(values()):
        text = " ".join(words(form, evaluation, own).split())
        whole = laboratory_report(evaluation, own) if form == "HTML" else text
        assert own in text
        for code, value in values().items():
            if code != own:
                assert code not in whole
                assert value not in whole
                assert f"{float(value):.4g}" not in text.split()
        assert text.count("expected one of SM-1") == 1  # its own row that was rejected
        for code, names in files().items():
            assert all((name in whole) == (code == own) for name in names)
        for code, (first, second) in replicates().items():
            deviation = abs(float(first) - float(second)) / 2**0.5
            assert (f"{deviation:.4g}" in text.split()) == (code == own)
        assert text.count("reported no substance in SM-4") == 1 - k % 2  # of its own file
        z = (float(values()[own]) - 50) / 2.5 + (sum(map(float, replicates()[own])) / 2 - 20)
        assert f"Rescaled sum {z / 2**0.5:.2f}".replace("-", "−") in text
        assert text.count("Rescaled sum") == 1
    assert "heroin" in words(form, evaluation, "QX03")
    assert "heroin" not in words(form, evaluation, "QX04")


def test_figures_of_others_stand_in_no_chart_of_a_laboratory(evaluation: Evaluation) -> None:
    """A report draws the same density for two laboratories, but for where they stand: no point of a third."""
    reports = [laboratory_report(evaluation, code) for code in ("QX02", "QX05")]
    assert all("<circle" not in report for report in reports)


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
    *("Provider", "Coordinator", "Subcontracted activities", "Date of issue", "Confidentiality", "Traceability"),
    *("test: SM, round 2026/1", "14 laboratories", "evaluation.json, SHA-256"),
]


@pytest.fixture(scope="module")
def reports(evaluation: Evaluation) -> dict[tuple[str, str], str]:
    """The words of the organiser's report and of one laboratory's, in both forms."""
    return {
        (form, who): words(form, evaluation, None if who == "organiser" else who)
        for form in FORMS
        for who in ("organiser", "QX03")
    }


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("content", CONTENTS)
def test_both_reports_hold_what_iso_iec_17043_asks_for(
    reports: dict[tuple[str, str], str], content: str, form: str
) -> None:
    assert content in reports[form, "organiser"]
    assert content in reports[form, "QX03"]


@pytest.mark.parametrize("form", FORMS)
def test_the_report_of_a_laboratory_has_its_code_result_score_and_class(
    reports: dict[tuple[str, str], str], form: str
) -> None:
    """QX03: (46.013 + 3 * 0.617 - 50) / 2.5."""
    text = reports[form, "QX03"]
    for part in ("Laboratory QX03", "47.86", "−0.85", "satisfactory", "1.585", "zeta", "E_n", "SM-7"):
        assert part in text


def test_what_the_provider_did_not_state_is_said(tmp_path: Path) -> None:
    report = organiser_report(evaluate(write_round(tmp_path, [row()])))
    assert report.count("not stated by the provider") >= 12


@pytest.mark.parametrize("form", FORMS)
def test_the_organiser_sees_all(reports: dict[tuple[str, str], str], form: str) -> None:
    text = reports[form, "organiser"]
    for section in ("Identified substances", "Methods used", "Results at a glance", "Codes of the laboratories"):
        assert section in text
    for code, value in values().items():
        assert code in text
        assert f"{float(value):.4g}" in text
    assert "71 rows were read" in text
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
    assert len(charts) == 6
    for chart in charts:
        root = ElementTree.fromstring(chart)
        for part in root.iter():
            for key in ("width", "height", "x", "y", "cx", "cy"):
                assert "nan" not in part.get(key, "")
                assert not part.get(key, "").startswith("-") or key == "y"


def test_identified_substances_are_counted_by_sample(evaluation: Evaluation) -> None:
    """14 laboratories found the cocaine of SM-1, all took the wrong isomer in SM-2, one found heroin in the blank."""
    report = organiser_report(evaluation)
    listed = report[report.index("Identified substances") :]
    rows = [Reading(row).words for row in re.findall("<tr>.*?</tr>", listed)[1:4]]
    assert rows == [
        ["SM-1", "cocaine", "14", "correct"],
        ["SM-2", "meta-fluorofentanyl", "14", "false positive"],
        ["SM-4", "heroin", "1", "false positive"],
    ]


def test_the_digest_of_a_report_is_that_of_the_evaluation_beside_it(evaluation: Evaluation, tmp_path: Path) -> None:
    evaluation.write(tmp_path)
    digest = hashlib.sha256((tmp_path / "evaluation.json").read_bytes()).hexdigest()
    assert digest in organiser_report(evaluation)
    assert digest in words("PDF", evaluation, "QX03")


def test_every_page_says_of_which_round_and_laboratory_it_is_and_its_number(evaluation: Evaluation) -> None:
    pytest.importorskip("reportlab", reason="reportlab is not installed")
    pypdf = pytest.importorskip("pypdf", reason="pypdf is not installed")
    pages = pypdf.PdfReader(io.BytesIO(laboratory_pdf(evaluation, "QX03"))).pages
    for number, page in enumerate(pages, 1):
        text = page.extract_text()
        assert f"{number} / {len(pages)}" in text
        assert "test: SM, round 2026/1 · report SM-2026-1/2 · laboratory QX03" in text


def test_a_round_without_submissions_has_a_report(tmp_path: Path) -> None:
    evaluation = evaluate(write_round(tmp_path))
    for form in FORMS:
        text = words(form, evaluation)
        assert "No laboratory took part." in text
        assert "too few values" in text


@pytest.mark.parametrize("pdf", [False, True])
def test_reports_are_files_named_by_codes(evaluation: Evaluation, tmp_path: Path, pdf: bool) -> None:
    pytest.importorskip("reportlab", reason="reportlab is not installed")
    written = write_reports(evaluation, tmp_path, pdf=pdf)
    ends = (".html", ".pdf") if pdf else (".html",)
    assert [path.name for path in written[: len(ends)]] == [f"organiser{end}" for end in ends]
    names = {path.name for path in (tmp_path / "laboratories").iterdir()}
    assert names == {f"{code}{end}" for code in values() for end in ends}
    first = [path.read_bytes() for path in written]
    assert [path.read_bytes() for path in write_reports(evaluation, tmp_path, pdf=pdf)] == first


def test_without_reportlab_nothing_is_written_and_the_message_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "reportlab.pdfbase.pdfmetrics", None)
    example = str(EXAMPLES / "ice_bs_round")
    assert main(["proficiency", "evaluate", example, "--out", str(tmp_path / "out")]) == 3
    message = capsys.readouterr().err
    assert "nps_spectra[report]" in message
    assert "--no-pdf" in message
    assert not (tmp_path / "out").exists()
    assert main(["proficiency", "evaluate", example, "--out", str(tmp_path / "out"), "--no-pdf"]) == 0
    assert not list((tmp_path / "out").rglob("*.pdf"))


def test_a_full_disk_leaves_the_old_report(
    evaluation: Evaluation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("reportlab", reason="reportlab is not installed")
    write_reports(evaluation, tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    write_bytes = Path.write_bytes

    def half(self: Path, content: bytes) -> int:
        write_bytes(self, content[: len(content) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(OSError, match="No space"):
        write_reports(evaluation, tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_killed_run_leaves_no_half_report(tmp_path: Path, root: Path) -> None:
    """Killed while reports are written: every report that is there is whole, others are temporary files."""
    pytest.importorskip("reportlab", reason="reportlab is not installed")
    pypdf = pytest.importorskip("pypdf", reason="pypdf is not installed")
    rows = [row(f"L{k:03}", value=str(45 + k / 40)) for k in range(400)]
    folder = write_round(tmp_path / "round", rows)
    code = "import sys; from nps_spectra.cli.main import main; sys.exit(main(sys.argv[1:]))"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "proficiency", "evaluate", folder, "--out", tmp_path / "out"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": str(root)},
    )
    reports = tmp_path / "out" / "laboratories"
    while not (reports.is_dir() and len(list(reports.glob("*.pdf"))) > 10):
        assert process.poll() is None, "all was written before it was killed"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    found = list(reports.glob("*.html")) + list(reports.glob("*.pdf"))
    assert 10 < len(found) < 800
    for path in found:
        if path.suffix == ".pdf":
            assert len(pypdf.PdfReader(path).pages) > 1
        else:
            assert path.read_text(encoding="utf-8").endswith("</html>\n")


def test_the_command_writes_reports_unless_told_not_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example = str(EXAMPLES / "ice_bs_round")
    assert main(["proficiency", "evaluate", example, "--out", str(tmp_path / "1")]) == 0
    assert "24 reports, HTML and PDF" in capsys.readouterr().out
    assert "simulated" in (tmp_path / "1" / "organiser.html").read_text(encoding="utf-8")
    assert main(["proficiency", "evaluate", example, "--out", str(tmp_path / "2"), "--no-reports"]) == 0
    assert not (tmp_path / "2" / "organiser.html").exists()


def test_texts_are_escaped_wherever_they_come_from() -> None:
    assert element("p", "<b>", title='"') == '<p title="&quot;">&lt;b&gt;</p>'
    assert element("p", element("b", "x")) == "<p><b>x</b></p>"
    assert "<td><i></td>" not in table(("a",), [("<td><i></td>",)])
    assert isinstance(element("br"), Markup)
