"""What reports of a round, HTML and PDF, say of spectra, replicates, joined scores and minimum schemes."""

from __future__ import annotations

import gzip
import statistics
from collections.abc import Sequence
from pathlib import Path

import pytest
from proficiency.round_files import ROUND, row, write_round
from proficiency.spectra_files import msp, put

from nps_spectra.proficiency.evaluation import Evaluation, evaluate
from nps_spectra.report.document import Block, Document, Facts, Heading, Paragraph, Table, cell_text
from nps_spectra.report.document_html import document_html
from nps_spectra.report.round_laboratory import laboratory_document
from nps_spectra.report.round_organiser import organiser_document
from nps_spectra.report.round_results import RoundResults
from nps_spectra.report.wording import percent

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples"
#: A second quantity, of which z scores are joined.
SECOND = """
[[sample]]
code = "SM-5"
[[sample.content]]
substance = "MDMA"
value = 20.0
unit = "% w/w"
sigma_pt = 1.0
"""


def report(evaluation: Evaluation, laboratory: str | None = None) -> Document:
    """The organiser's report, or that of a laboratory; its forms are drawn from this."""
    results = RoundResults(evaluation)
    return organiser_document(results) if laboratory is None else laboratory_document(results, laboratory)


def section(document: Document, title: str) -> list[Block]:
    """What stands below a heading, up to the next of its level; nothing if it is not there."""
    found: list[Block] = []
    level = 0
    for block in document.blocks:
        if isinstance(block, Heading) and level and block.level <= level:
            break
        if level:
            found.append(block)
        elif isinstance(block, Heading) and block.text == title:
            level = block.level
    return found


def rows(blocks: Sequence[Block]) -> list[dict[str, str]]:
    """Rows of all tables, by column."""
    return [
        dict(zip(block.header, map(cell_text, cells), strict=True))
        for block in blocks
        if isinstance(block, Table)
        for cells in block.rows
    ]


def told(blocks: Sequence[Block]) -> str:
    """The words of paragraphs and facts."""
    words = [block.text for block in blocks if isinstance(block, Paragraph)]
    return "\n".join((*words, *(" ".join(pair) for block in blocks if isinstance(block, Facts) for pair in block.rows)))


@pytest.fixture(scope="module")
def example() -> Evaluation:
    return evaluate(EXAMPLES / "ice_sm_round", library="starter")


@pytest.fixture(scope="module")
def every_kind(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    """Supported, as group, not supported; a file that cannot be read, and two that nobody or nothing stands for."""
    given = [row("QX1"), row("QX2"), row("QX2", "SM-2", "meta-fluorofentanyl"), row("QX3"), row("QX4", "SM-4", "none")]
    folder = write_round(tmp_path_factory.mktemp("round"), given)
    put(folder, "QX1/SM-1.msp", msp("cocaine"))
    put(folder, "QX2/SM-1.msp", msp("atropine"))
    put(folder, "QX2/SM-2.msp", msp("meta-fluorofentanyl", spread=0.1))
    put(folder, "QX3/SM-1.msp", "Num Peaks: 3\n41 x")
    put(folder, "QX4/SM-4.msp", msp("cocaine"))
    put(folder, "stray.msp", msp("cocaine"))
    return evaluate(folder, library="starter")


def test_a_laboratory_reads_claim_verdict_sentence_candidates_and_library(example: Evaluation) -> None:
    """SIM-0005 of the example has a spectrum of atropine with its cocaine."""
    blocks = section(report(example, "SIM-0005"), "Your spectra")
    assert example.spectra is not None
    (claim,) = [one for one in example.spectra.claims if one.laboratory == "SIM-0005"]
    assert rows(blocks) == [
        {
            "Sample": "SM-1",
            "Spectrum": "SM-1.msp, record 1",
            "Claim": "cocaine",
            "Verdict": "not supported",
            "Candidates": f"atropine {percent(claim.probabilities[0])}",
            "P(absent)": percent(claim.p_absent),
        },
        {
            "Sample": "SM-1",
            "Spectrum": "SM-1.msp, record 1",
            "In words": "The spectrum does not support cocaine: it fits atropine.",
        },
    ]
    words = told(blocks)
    assert "No score changes by them" in words
    assert "Notice of the library: the starter library holds published principal ions only" in words
    assert f"SHA-256 of the library {example.spectra.library_digest}" in words


def test_a_laboratory_without_spectra_is_told_that_none_arrived(example: Evaluation) -> None:
    blocks = section(report(example, "SIM-0002"), "Your spectra")
    assert "No spectrum of the laboratory was found among those of the round." in told(blocks)
    assert rows(blocks) == []


def test_what_was_not_judged_stands_with_its_reason(every_kind: Evaluation) -> None:
    unread = rows(section(report(every_kind, "QX3"), "Your spectra"))
    assert len(unread) == 2
    assert (unread[0]["Claim"], unread[0]["Verdict"]) == ("cocaine", "nothing can be said")
    assert "cannot be read: found 'Num Peaks: 3'" in unread[1]["In words"]
    assert rows(section(report(every_kind, "QX4"), "Your spectra")) == [
        {
            "Sample": "SM-4",
            "Spectrum": "SM-4.msp, record 1",
            "Reason": "the laboratory reported no substance in SM-4",
        }
    ]


def test_the_organiser_reads_what_became_of_every_file(every_kind: Evaluation) -> None:
    """Of six files, three have a verdict on a spectrum: SM-1 a supported and an unsupported claim, and one unread."""
    blocks = section(report(every_kind), "Spectra of the laboratories")
    assert told(blocks).startswith("6 files of spectra found: 3 judged, 1 unreadable, 2 not assigned.")
    listed = rows(blocks)
    assert listed[:2] == [
        {
            "Sample": "SM-1",
            "Supported": "1",
            "Supported as group": "0",
            "Not supported": "1",
            "Nothing can be said": "1",
        },
        {
            "Sample": "SM-2",
            "Supported": "0",
            "Supported as group": "1",
            "Not supported": "0",
            "Nothing can be said": "0",
        },
    ]
    by_claim = [one for one in listed if "Claim" in one]
    assert [(one["Laboratory"], one["Claim"]) for one in by_claim] == [
        ("QX2", "cocaine"),
        ("QX2", "meta-fluorofentanyl"),
    ]
    first, second = (one for one in listed if "In words" in one)
    assert first == {
        "Sample": "SM-1",
        "Spectra": "1",
        "In words": "The spectrum does not support cocaine: it fits atropine.",
    }
    assert second["In words"].startswith(
        "The spectrum does not support the isomer reported: it fits meta-fluorofentanyl"
    )
    assert {(one["Laboratory"], one["Spectrum"], one["Status"]) for one in listed if "Status" in one} == {
        ("QX3", "QX3/SM-1.msp, record 1", "unreadable"),
        ("QX4", "QX4/SM-4.msp, record 1", "not assigned"),
        ("", "stray.msp", "not assigned"),
    }


def test_a_path_that_holds_the_code_of_another_is_not_shown(tmp_path: Path) -> None:
    """A table may give any file to any laboratory: one that has several laboratories in it, or lies with another."""
    folder = write_round(tmp_path, [row("QX1"), row("QX2")])
    put(folder, "QX1 and QX2.msp", msp("cocaine") + msp("atropine"))
    put(folder, "QX1/mine.msp", msp("cocaine"))
    table = "file,record,laboratory,sample\nQX1 and QX2.msp,1,QX1,SM-1\nQX1 and QX2.msp,2,QX2,SM-1\n"
    (folder / "spectra.csv").write_text(table + "QX1/mine.msp,,QX2,SM-1\n")
    evaluation = evaluate(folder, library="starter")
    for own, other in (("QX1", "QX2"), ("QX2", "QX1")):
        assert other not in document_html(report(evaluation, own))
    shown = [one["Spectrum"] for one in rows(section(report(evaluation, "QX2"), "Your spectra"))]
    assert [one.rpartition(", ")[2] for one in shown] == ["record 2", "record 1"] * 2
    assert all(one.startswith("SHA-256 ") for one in shown)


def test_a_fault_of_a_file_of_several_laboratories_is_told_to_the_organiser(tmp_path: Path) -> None:
    folder = write_round(tmp_path, [row("QX1"), row("QX2")])
    whole = gzip.compress((msp("cocaine") * 2000).encode())
    put(folder, "all.msp.gz", whole[: len(whole) // 2])
    table = "file,record,laboratory,sample\nall.msp.gz,1,QX1,SM-1\nall.msp.gz,2,QX2,SM-1\n"
    (folder / "spectra.csv").write_text(table)
    evaluation = evaluate(folder, library="starter")
    for own in ("QX1", "QX2"):
        claims = rows(section(report(evaluation, own), "Your spectra"))
        assert [one["Verdict"] for one in claims if "Verdict" in one] == ["supported"]
    listed = rows(section(report(evaluation), "Spectra of the laboratories"))
    assert {(one["Laboratory"], one["Status"]) for one in listed[1:]} == {("", "unreadable"), ("", "not assigned")}
    assert any("cut short" in one["Reason"] for one in listed[1:])


def test_a_damaged_record_that_the_table_does_not_name_is_counted(tmp_path: Path) -> None:
    folder = write_round(tmp_path, [row("QX1")])
    put(folder, "all.msp", msp("cocaine") + msp("atropine") + "Name: x\nNum Peaks: 3\n41 x\n")
    (folder / "spectra.csv").write_text("file,record,laboratory,sample\nall.msp,1,QX1,SM-1\n")
    (left,) = rows(section(report(evaluate(folder, library="starter")), "Spectra that were not judged"))
    assert left["Reason"] == "spectra.csv does not name 2 of its 3 records"


def test_a_long_word_is_broken_in_its_cell_of_a_page(tmp_path: Path) -> None:
    name = f"SM-1/{'acquisition_' * 8}.msp"
    put(write_round(tmp_path, [row("QX1")]), f"QX1/{name}", msp("cocaine"))
    page = document_html(report(evaluate(tmp_path, library="starter"), "QX1"))
    assert page.count(f'<td class="long">{name}, record 1</td>') == 2
    assert "td.long { overflow-wrap: anywhere; }" in page


def test_without_a_library_both_reports_say_so(tmp_path: Path) -> None:
    put(write_round(tmp_path, [row("QX1")]), "QX1/SM-1.msp", msp("cocaine"))
    evaluation = evaluate(tmp_path)
    for blocks in (
        section(report(evaluation), "Spectra of the laboratories"),
        section(report(evaluation, "QX1"), "Your spectra"),
    ):
        assert "No library was given" in told(blocks)


def test_a_round_without_spectra_replicates_or_several_scores_has_no_section_of_them(tmp_path: Path) -> None:
    evaluation = evaluate(write_round(tmp_path, [row("QX1", value="49"), row("QX2", value="51")]))
    for laboratory in (None, "QX1"):
        text = document_html(report(evaluation, laboratory))
        for absent in ("Your spectra", "Spectra of the laboratories", "Repeatability", "taken together"):
            assert absent not in text


def test_replicates_stand_beside_those_of_the_others(tmp_path: Path) -> None:
    """h of C is its mean less the mean of means over their deviation, k its deviation over the pooled one."""
    pairs = {"QX1": (49.0, 49.4), "QX2": (50.0, 50.6), "QX3": (52.0, 54.0)}
    given = [
        row(code, value=str(value), replicate=str(number))
        for code, pair in pairs.items()
        for number, value in enumerate(pair, 1)
    ]
    evaluation = evaluate(write_round(tmp_path, given))
    means = [statistics.mean(pair) for pair in pairs.values()]
    variances = [statistics.variance(pair) for pair in pairs.values()]
    h = (means[2] - statistics.mean(means)) / statistics.stdev(means)
    k = (variances[2] / statistics.mean(variances)) ** 0.5
    (own,) = rows(section(report(evaluation, "QX3"), "Repeatability"))
    assert (own["Replicates"], own["Mean"], own["SD"], own["Unit"]) == ("2", "53", "1.414", "% w/w")
    assert own["h (limit)"].startswith(f"{h:.2f} (")
    assert own["k (limit)"].startswith(f"{k:.2f} (")
    assert own["Statistic (limit)"].endswith(" (5.99)")
    every = rows(section(report(evaluation), "Repeatability"))
    assert [one["Laboratory"] for one in every] == list(pairs)
    assert every[2]["h (limit)"] == own["h (limit)"]


def test_what_is_beyond_its_limit_is_said_in_words(tmp_path: Path) -> None:
    """One of eight laboratories has nearly all of the variance within: k is close to the root of 8."""
    given = [
        row(f"QX{k}", value=str(50 + 0.1 * k + number * (6 if k == 0 else 0.2)), replicate=str(number))
        for k in range(8)
        for number in (1, 2)
    ]
    evaluation = evaluate(write_round(tmp_path, given))
    wide, *others = rows(section(report(evaluation), "Repeatability"))
    assert wide["k (limit)"].startswith("2.8")
    assert "k" in wide["Remarks"].removeprefix("beyond its limit: ").split(", ")
    assert not any("k" in one["Remarks"].split(", ") for one in others)


def test_why_replicates_are_not_compared_is_said(tmp_path: Path) -> None:
    given = [row("QX1", value=value, replicate=number) for number, value in (("1", "49"), ("2", "50"))]
    (own,) = rows(section(report(evaluate(write_round(tmp_path, given)), "QX1"), "Repeatability"))
    assert (own["h (limit)"], own["Remarks"]) == ("", "1 laboratories with 2 replicates, expected 3")


def test_scores_of_a_laboratory_are_joined(tmp_path: Path) -> None:
    """z of QX1: (45 - 50) / 2.5 and (18 - 20) / 1, together -4 / sqrt(2) and 8; chi-squared of two degrees is 5.99."""
    given = [row("QX1", value="45"), row("QX1", "SM-5", "MDMA", value="18"), row("QX2", value="51")]
    evaluation = evaluate(write_round(tmp_path, given, ROUND + SECOND))
    assert "Rescaled sum −2.83\nSum of squares 8.00, above 5.99" in told(
        section(report(evaluation, "QX1"), "Your 2 z scores taken together")
    ).replace(" Sum", "\nSum")
    (one,) = rows(section(report(evaluation), "z scores of each laboratory taken together"))
    assert tuple(one.values()) == ("QX1", "2", "−2.83", "8.00", "above 5.99", "0")


def test_the_reason_of_a_minimum_scheme_is_said_whether_it_is_met_or_not(tmp_path: Path) -> None:
    evaluation = evaluate(write_round(tmp_path, [row("QX1", methods="GC-MS"), row("QX2", methods="COLOUR+TLC")]))
    met = "gas chromatography (B), mass spectrometry (A)"
    short = "colour tests (C), thin-layer chromatography (B); expected A and another, or three with two of B"
    assert rows(section(report(evaluation), "Minimum scheme")) == [
        {"Methods": "COLOUR+TLC", "Results": "1", "Met": "not met", "Reason": short},
        {"Methods": "GC-MS", "Results": "1", "Met": "met", "Reason": met},
    ]
    first = {code: rows(section(report(evaluation, code), "Identification"))[0] for code in ("QX1", "QX2")}
    assert first["QX1"]["Methods (minimum scheme)"] == f"GC-MS (met: {met})"
    assert first["QX2"]["Methods (minimum scheme)"] == f"COLOUR + TLC (not met: {short})"
