"""A whole round: the promised interface, files that are the same every time, and the examples."""

from __future__ import annotations

import csv
import json
import runpy
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from proficiency.round_files import ROUND, row, write_round

from nps_spectra.cli.main import main
from nps_spectra.errors import MissingDependencyError, RoundError
from nps_spectra.proficiency.evaluation import Evaluation, evaluate
from nps_spectra.proficiency.schema import checked, schema
from nps_spectra.proficiency.scores import verdicts

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples"
UGLY = '<script>alert(1)</script>, "quoted"\nsecond line'


@pytest.fixture
def evaluation(tmp_path: Path) -> Evaluation:
    rows = [
        row("B", value="57", remarks="=HYPERLINK(1)"),
        row("B", substance="heroin"),
        row("A", value="51", uncertainty="2", coverage_factor="2", methods="GC-MS", remarks=UGLY),
        row("A", "SM-4", "none"),
        row("C", value="<0.5"),
        row("../D"),
    ]
    return evaluate(write_round(tmp_path / "round", rows))


def test_the_json_has_the_promised_keys(evaluation: Evaluation) -> None:
    content = json.loads(evaluation.to_json())
    assert [(one["laboratory"], one["sample"]) for one in content["results"]] == [
        *(("A", "SM-1"), ("A", "SM-4"), ("B", "SM-1"), ("C", "SM-1"))
    ]
    for one in content["results"]:
        assert list(one) == ["laboratory", "sample", "correct", "missed", "false_positive", "tolerated", "scores"]
        for score in one["scores"]:
            assert list(score) == ["substance", "value", "assigned", "z", "verdict"]
    assert content["results"][2]["false_positive"] == ["heroin"]
    assert content["results"][0]["scores"][0]["assigned"] == 50.0


def test_the_json_is_what_its_schema_says(evaluation: Evaluation) -> None:
    content = json.loads(evaluation.to_json())
    assert checked(content, schema("evaluation"), "evaluation.json") == content
    content["results"][0]["scores"][0]["verdict"] = "good"
    with pytest.raises(RoundError, match=r"results\[1\]\.scores\[1\]\.verdict: found 'good'"):
        checked(content, schema("evaluation"), "evaluation.json")


def test_every_row_is_in_the_files(evaluation: Evaluation, tmp_path: Path) -> None:
    evaluation.write(tmp_path / "out")
    with (tmp_path / "out" / "rows.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [one["row"] for one in rows] == ["2", "3", "4", "5", "6", "7"]
    assert [one["treatment"] for one in rows] == ["scored"] * 5 + ["rejected"]
    counted = json.loads(evaluation.to_json())["rows"]
    assert counted["read"] == counted["scored"] + len(counted["rejected"]) == 6


def test_formulas_are_no_formulas_in_tables(evaluation: Evaluation, tmp_path: Path) -> None:
    for path in evaluation.write(tmp_path / "out"):
        if path.suffix == ".csv":
            with path.open(encoding="utf-8", newline="") as stream:
                for cells in csv.reader(stream):
                    for text in cells:
                        assert not text.startswith(("=", "+", "@", "\t")), (path.name, text)
    assert "'=HYPERLINK(1)" in (tmp_path / "out" / "rows.csv").read_text(encoding="utf-8")


def test_nothing_is_written_outside_the_folder(evaluation: Evaluation, tmp_path: Path) -> None:
    before = set(tmp_path.iterdir())
    evaluation.write(tmp_path / "out")
    assert set(tmp_path.iterdir()) - before == {tmp_path / "out"}
    assert all(path.is_file() and not path.name.endswith(".partial") for path in (tmp_path / "out").iterdir())


def test_frames_have_a_row_for_each_laboratory_and_sample(evaluation: Evaluation) -> None:
    pytest.importorskip("pandas", reason="pandas is not installed")
    identification = evaluation.identification
    assert len(identification) == 3 * 4
    first = identification[(identification["laboratory"] == "B") & (identification["sample"] == "SM-1")].iloc[0]
    assert (first["correct"], first["false_positive"]) == ("cocaine", "heroin")
    assert list(evaluation.laboratories["laboratory"]) == ["A", "B", "C"]
    quantities = evaluation.quantities
    assert list(quantities["value"].dropna()) == [51.0, 57.0]
    assert quantities["less_than"].iloc[2] == 0.5
    assert "censored" in quantities["reason"].iloc[2]


def test_frames_without_pandas_name_the_extra(evaluation: Evaluation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingDependencyError, match=r"nps_spectra\[proficiency\]"):
        _ = evaluation.quantities


def test_quantities_are_scored_against_the_assigned_value(evaluation: Evaluation) -> None:
    """(51 - 50) / 2.5 and (57 - 50) / 2.5."""
    assert [(one.z, one.verdict) for one in evaluation.scores] == [
        *((pytest.approx(0.4), "satisfactory"), (pytest.approx(2.8), "questionable"), (None, "not_scored"))
    ]


def test_participants_set_the_assigned_value_by_algorithm_a(tmp_path: Path) -> None:
    """ISO 13528:2022, annex E.3 (atrazine, p = 34): 0.2570 and 0.0395."""
    values = (
        *(0.040, 0.055, 0.178, 0.202, 0.206, 0.227, 0.228, 0.230, 0.230, 0.235, 0.236, 0.237),
        *(0.243, 0.244, 0.245, 0.2555, 0.260, 0.264, 0.267, 0.270, 0.273, 0.274, 0.274, 0.278),
        *(0.2811, 0.287, 0.287, 0.288, 0.289, 0.295, 0.296, 0.311, 0.331, 0.4246),
    )
    toml = ROUND.replace("value = 50.0", 'assigned_by = "participants"')
    toml = toml.replace("sigma_pt = 2.5", 'sigma_pt_by = "participants"')
    rows = [row(f"L{number}", value=str(value)) for number, value in enumerate(values)]
    (target,) = evaluate(write_round(tmp_path, rows, toml)).targets
    assert target.assigned == pytest.approx(0.2570, abs=5e-5)
    assert target.sigma_pt == pytest.approx(0.0395, abs=5e-5)
    assert target.values == 34


def test_too_few_values_make_no_consensus_and_say_so(tmp_path: Path) -> None:
    toml = ROUND.replace("value = 50.0", 'assigned_by = "participants"')
    evaluation = evaluate(write_round(tmp_path, [row(value="50")], toml))
    assert evaluation.targets[0].assigned is None
    assert evaluation.scores[0].z is None
    assert "1 values, too few for a consensus" in evaluation.scores[0].reason


@pytest.mark.parametrize(
    ("z", "expected"),
    [(2.0, "satisfactory"), (-2.01, "questionable"), (2.99, "questionable"), (-3.0, "unsatisfactory")],
)
def test_limits_of_the_verdict(z: float, expected: str) -> None:
    """ISO 13528:2022, 9.4.2: up to 2.0 acceptable, from 3.0 on unacceptable."""
    assert verdicts([z]) == [expected]


UNCERTAIN = ROUND.replace("sigma_pt = 2.5", "sigma_pt = 2.5\nuncertainty = 2.0")


def test_scores_with_uncertainty(tmp_path: Path) -> None:
    """x 55, U 4 (k = 2) against 50, u 2, sigma_pt 2.5; by hand from ISO 13528:2022, 9.3 to 9.7."""
    rows = [row(value="55", uncertainty="4", coverage_factor="2"), row("B", value="55")]
    one, other = evaluate(write_round(tmp_path, rows, UNCERTAIN)).scores
    assert one.d_percent == pytest.approx(10)
    assert one.z == pytest.approx(2.0)
    assert one.z_prime == pytest.approx(5 / (2.5**2 + 2**2) ** 0.5)
    assert one.zeta == pytest.approx(5 / 8**0.5)
    assert one.e_n == pytest.approx(5 / 32**0.5)
    assert (one.verdict, one.verdict_z_prime, one.verdict_e_n) == ("satisfactory",) * 3
    assert (other.zeta, other.e_n, other.verdict_zeta) == (None, None, "not_scored")


def test_an_uncertain_assigned_value_is_warned_of(tmp_path: Path) -> None:
    (target,) = evaluate(write_round(tmp_path / "1", [row(value="55")], UNCERTAIN)).targets
    assert target.negligible is False
    assert "not below 0.3 sigma_pt" in target.warnings[0]
    certain = UNCERTAIN.replace("uncertainty = 2.0", "uncertainty = 0.7")
    (target,) = evaluate(write_round(tmp_path / "2", [row(value="55")], certain)).targets
    assert (target.negligible, target.warnings) == (True, ())


def test_two_groups_of_values_and_a_biased_consensus_are_warned_of(tmp_path: Path) -> None:
    rows = [
        row(f"L{k}", value=str(value)) for k, value in enumerate([49, 50, 51, 50, 49.5, 50.5, 62, 63, 62, 61, 62.5])
    ]
    (target,) = evaluate(write_round(tmp_path / "1", rows)).targets
    assert any("two modes" in text for text in target.warnings)
    rows = [row(f"L{k}", value=str(60 + k / 10)) for k in range(20)]
    (target,) = evaluate(write_round(tmp_path / "2", rows)).targets
    assert any("differs from the assigned value" in text for text in target.warnings)


def test_expert_laboratories_and_a_precision_experiment_set_the_target(tmp_path: Path) -> None:
    """CCQM-K25, PCB-105, by Paule and Mandel; table E.10 of ISO 13528:2022."""
    results = (
        (10.21, 0.381),
        (10.9, 0.250),
        (10.94, 0.130),
        (10.58, 0.410),
        (10.81, 0.445),
        (9.62, 0.196),
        (10.8, 0.093),
    )
    experts = ", ".join(f"{{ value = {x}, uncertainty = {u} }}" for x, u in results)
    toml = ROUND.replace("value = 50.0", f'assigned_by = "expert_laboratories"\nexperts = [{experts}]')
    precision = "{ reproducibility_sd = 23.2, repeatability_sd = 14.3, replicates = 2 }"
    toml = toml.replace("sigma_pt = 2.5", f"precision = {precision}")
    (target,) = evaluate(write_round(tmp_path, [row(value="10")], toml)).targets
    assert (target.assigned, target.uncertainty) == pytest.approx((10.557736, 0.191625), abs=6e-7)
    assert target.sigma_pt == pytest.approx(20.9, abs=0.05)
    assert (target.assigned_by, target.sigma_pt_by) == ("expert_laboratories", "precision")


def test_horwitz_is_warned_of(tmp_path: Path) -> None:
    toml = ROUND.replace("sigma_pt = 2.5", 'sigma_pt_by = "horwitz"')
    (target,) = evaluate(write_round(tmp_path, [row(value="50")], toml)).targets
    assert target.sigma_pt == pytest.approx(100 * 0.01 * 0.5**0.5)
    assert "Horwitz" in target.warnings[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("experts = [{ value = 1.0, uncertainty = 1.0 }]\nsigma_pt = 2.5", "go with assigned_by"),
        ("sigma_pt = 2.5\nsigma_pt_by = 'horwitz'", "expected one of"),
        ("precision = { reproducibility_sd = 1, repeatability_sd = 2, replicates = 2 }", "above the reproducibility"),
    ],
)
def test_contradictory_rules_of_a_target_are_refused(tmp_path: Path, change: str, message: str) -> None:
    with pytest.raises(RoundError, match=message):
        evaluate(write_round(tmp_path, [], ROUND.replace("sigma_pt = 2.5", change)))


def test_the_organisers_measurements_are_tested(tmp_path: Path) -> None:
    """Items 20 apart with duplicates 0.1 apart; the end 20 below the start; 0.3 sigma_pt is 0.75."""
    folder = write_round(tmp_path, [row(value="50")])
    header = "sample,substance,item,replicate,value\n"
    items = "".join(f"SM-1,cocaine,{k},{r},{50 + 20 * (k % 2) + r / 10}\n" for k in range(10) for r in (1, 2))
    (folder / "homogeneity.csv").write_text(header + items, encoding="utf-8")
    times = "".join(
        f"SM-1,cocaine,{name},{r},{value}\n" for name, value in (("start", 50), ("end", 30)) for r in (1, 2)
    )
    (folder / "stability.csv").write_text(header + times, encoding="utf-8")
    (target,) = evaluate(folder).targets
    assert (target.homogeneous, target.stable) == (False, False)
    assert any("not homogeneous enough" in text for text in target.warnings)
    assert any("not stable" in text for text in target.warnings)


def test_exchanged_samples_are_told_and_scored_as_reported(tmp_path: Path) -> None:
    other = '[[sample]]\ncode = "SM-5"\n[[sample.content]]\nsubstance = "cocaine"\n'
    other += 'value = 20.0\nunit = "% w/w"\nsigma_pt = 1.0\n'
    rows = [row(value="20.5"), row(sample="SM-5", value="50.5"), row("B", value="20"), row("B", "SM-5", value="20")]
    scores = evaluate(write_round(tmp_path, rows, ROUND + other)).scores
    told = [(one.laboratory, one.sample) for one in scores if "samples exchanged?" in one.reason]
    assert told == [("A", "SM-1"), ("A", "SM-5")]
    assert {one.verdict for one in scores if one.laboratory == "A"} == {"unsatisfactory"}


def test_replicates_are_scored_by_their_mean(tmp_path: Path) -> None:
    rows = [row(value="50", replicate="1"), row(value="52", replicate="2")]
    (found,) = evaluate(write_round(tmp_path, rows)).scores
    assert (found.value, found.replicates) == (51.0, 2)


def test_the_order_of_rows_changes_no_byte_of_the_results(tmp_path: Path) -> None:
    rows = [row(code, value=str(50 + number)) for number, code in enumerate("ABCDE")]
    one = json.loads(evaluate(write_round(tmp_path / "1", rows)).to_json())
    other = json.loads(evaluate(write_round(tmp_path / "2", rows[::-1])).to_json())
    assert one == other


def example(name: str) -> Evaluation:
    return evaluate(EXAMPLES / name)


@pytest.mark.parametrize("name", ["ice_sm_round", "ice_bs_round"])
def test_an_example_is_what_its_script_makes_and_is_labelled_simulated(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for one in ("ice_sm_round", "ice_bs_round"):
        (tmp_path / one).mkdir()
        shutil.copy(EXAMPLES / one / "round.toml", tmp_path / one)
    script = EXAMPLES / "simulate_round.py"
    monkeypatch.setattr(sys, "argv", [str(script), str(tmp_path)])
    runpy.run_path(str(script), run_name="__main__")
    for file in ("submissions.csv", "truth.json"):
        assert (tmp_path / name / file).read_bytes() == (EXAMPLES / name / file).read_bytes()
    assert json.loads(example(name).to_json())["simulated"] is True


def test_the_assigned_contents_of_the_examples_are_the_published_ones() -> None:
    """UNODC ICE, summary reports 2016/1 (seized materials, % w/w base) and 2015/2 (urine, ng/mL)."""
    published: dict[str, dict[str, Any]] = {
        "ice_sm_round": {"cocaine": 50.5, "MDMA": 13.8, "amphetamine": 5.5},
        "ice_bs_round": {
            **{"buprenorphine": 1150, "norbuprenorphine": 2300, "MDA": 920, "methadone": 2300, "nordazepam": 1150},
        },
    }
    for name, contents in published.items():
        assert {one.substance: one.assigned for one in example(name).targets} == contents
    assert example("ice_sm_round").round.samples[3].blank


def test_evaluate_writes_the_same_bytes_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder in ("one", "two"):
        assert main(["proficiency", "evaluate", str(EXAMPLES / "ice_sm_round"), "--out", str(tmp_path / folder)]) == 0
    names = sorted(str(path.relative_to(tmp_path / "one")) for path in (tmp_path / "one").rglob("*") if path.is_file())
    assert {"evaluation.json", "organiser.html"} <= set(names)
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert "simulated" in capsys.readouterr().err


def test_commands_and_their_exit_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(tmp_path / "round")
    assert main(["proficiency", "new", folder]) == 0
    assert main(["proficiency", "new", folder]) == 2
    assert main(["proficiency", "check", folder]) == 0
    write_round(tmp_path / "round", [row(), row("a/b")])
    capsys.readouterr()
    assert main(["proficiency", "check", folder, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["rejected"][0]["row"] == 3
    assert main(["proficiency", "evaluate", folder, "--out", str(tmp_path / "out"), "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == json.loads((tmp_path / "out/evaluation.json").read_text("utf-8"))
    assert main(["proficiency", "check", folder, "--strict"]) == 3
    assert main(["proficiency", "check", str(tmp_path / "nowhere")]) == 3
    assert "'proficiency new' makes one" in capsys.readouterr().err


def test_the_example_scores_a_round_with_pandas(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In no more than 30 lines; what is wrong and what is far off is in what it prints, and nothing else."""
    script = EXAMPLES / "score_round.py"
    assert len(script.read_text(encoding="utf-8").splitlines()) <= 30
    monkeypatch.setattr("sys.argv", [str(script)])
    runpy.run_path(str(script), run_name="__main__")
    wrong, scores, verdicts = capsys.readouterr().out.split("\n\n")
    evaluation = evaluate(EXAMPLES / "ice_sm_round")
    found = evaluation.identification
    mistaken = found[(found["missed"] != "") | (found["false_positive"] != "")]
    assert [line.split()[:2] for line in wrong.splitlines()[1:] if line.strip()] == mistaken[
        ["laboratory", "sample"]
    ].to_numpy().tolist()
    laboratories = evaluation.quantities.dropna(subset=["z"])["laboratory"].unique().tolist()
    assert [line.split()[0] for line in scores.splitlines() if line.startswith("SIM-")] == laboratories
    assert "unsatisfactory" in verdicts
