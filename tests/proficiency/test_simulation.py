"""Invented submissions: the same from the same seed, labelled, and with a truth that the evaluation finds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from proficiency.round_files import COLUMNS, ROUND, write_round

from nps_spectra.cli.main import main
from nps_spectra.errors import OptionError, RoundError
from nps_spectra.proficiency import Behaviour, evaluate, simulate, write_simulation
from nps_spectra.proficiency.evaluation import Evaluation
from nps_spectra.proficiency.reading_rounds import read_round

SIMULATED = ROUND.replace('scheme = "test"', 'scheme = "test"\nsimulated = true')
FLAWLESS_CHANCES = dict.fromkeys(
    ("blunder", "missed", "false_positive", "isomer", "no_value", "censored", "exchanged"), 0.0
)
FLAWLESS = Behaviour(**FLAWLESS_CHANCES)


def evaluated(folder: Path, behaviour: Behaviour | None) -> tuple[Evaluation, dict[str, object]]:
    write_simulation(write_round(folder, [], SIMULATED), 60, seed=3, behaviour=behaviour)
    return evaluate(folder), json.loads((folder / "truth.json").read_text(encoding="utf-8"))


def test_the_same_seed_invents_the_same(tmp_path: Path) -> None:
    round_, _ = read_round(write_round(tmp_path, [], SIMULATED))
    assert simulate(round_, 20, seed=1) == simulate(round_, 20, seed=1)
    assert simulate(round_, 20, seed=1).rows != simulate(round_, 20, seed=2).rows


def test_laboratories_without_fault_are_found_without_fault(tmp_path: Path) -> None:
    evaluation, truth = evaluated(tmp_path, FLAWLESS)
    assert truth["events"] == []
    assert all(one.all_correct for one in evaluation.result.outcomes)
    assert evaluation.submissions.rejected == ()


@pytest.mark.parametrize("what", ["missed", "isomer", "false positive"])
def test_every_fault_of_identification_is_found(tmp_path: Path, what: str) -> None:
    behaviour = Behaviour(
        **dict.fromkeys(("blunder", "no_value", "censored", "exchanged"), 0.0),
        missed=0.2,
        isomer=0.2,
        false_positive=0.2,
    )
    evaluation, truth = evaluated(tmp_path, behaviour)
    outcomes = {(one.laboratory, one.sample): one for one in evaluation.result.outcomes}
    events = [one for one in truth["events"] if one["what"] == what]  # type: ignore[attr-defined]
    assert events
    for one in events:
        outcome = outcomes[one["laboratory"], one["sample"]]
        if what == "missed":
            assert one["substance"] in outcome.missed or outcome.sample == "SM-3"  # there another isomer is enough
        elif what == "isomer" and outcome.sample != "SM-3":
            assert any(part.missed == one["substance"] and part.kind == "isomer" for part in outcome.partial)
        elif what == "false positive" and outcome.sample != "SM-3":
            assert one["substance"] in outcome.false_positive


def test_censored_values_and_blunders_are_seen(tmp_path: Path) -> None:
    behaviour = Behaviour(blunder=0.2, censored=0.2, no_value=0.0, missed=0.0, isomer=0.0, exchanged=0.0)
    evaluation, truth = evaluated(tmp_path, behaviour)
    scores = {(one.laboratory, one.sample): one for one in evaluation.scores}
    told = {(one["laboratory"], one["sample"]): one["what"] for one in truth["events"]}  # type: ignore[attr-defined]
    blunders = 0
    for place, score in scores.items():
        if score.less_than is not None:
            assert told[place] == "censored"
        elif told.get(place) == "blunder":
            blunders += 1
            assert score.verdict == "unsatisfactory"
    assert blunders > 3


@pytest.mark.parametrize("what", ["other_name", "tolerated"])
def test_other_names_and_declared_minors_are_no_fault(tmp_path: Path, what: str) -> None:
    behaviour = Behaviour(**(FLAWLESS_CHANCES | {"other_name": 0.0, "tolerated": 0.0, what: 1.0}))
    evaluation, truth = evaluated(tmp_path, behaviour)
    assert truth["events"] == []
    assert all(one.all_correct for one in evaluation.result.outcomes)
    if what == "other_name":
        assert {one.how for one in evaluation.submissions.resolutions} >= {"synonym"}
    else:
        tolerated = {one.sample for one in evaluation.result.outcomes if one.tolerated}
        assert tolerated == {"SM-1"}


def test_laboratories_have_methods_of_their_own(tmp_path: Path) -> None:
    round_, _ = read_round(write_round(tmp_path, [], SIMULATED))
    methods: dict[str, set[str]] = {}
    for cells in simulate(round_, 40).rows:
        methods.setdefault(cells[0], set()).add(cells[COLUMNS.index("methods")])
    assert {len(found) for found in methods.values()} == {1}
    assert len({found for codes in methods.values() for found in codes}) > 2


def test_biases_have_the_spread_asked_for(tmp_path: Path) -> None:
    round_, _ = read_round(write_round(tmp_path, [], SIMULATED))
    found = simulate(round_, 2000, behaviour=Behaviour(bias_sd=0.1))
    assert np.std(list(found.biases.values())) == pytest.approx(0.1, rel=0.05)


def test_invented_results_go_into_no_other_round(tmp_path: Path) -> None:
    with pytest.raises(RoundError, match="simulated"):
        write_simulation(write_round(tmp_path / "1"), 5)
    folder = write_round(tmp_path / "2", [], SIMULATED)
    write_simulation(folder, 5)
    with pytest.raises(OptionError, match="holds submissions already"):
        write_simulation(folder, 5)


@pytest.mark.parametrize(
    ("laboratories", "behaviour"), [(0, None), (5, Behaviour(missed=1.1)), (5, Behaviour(bias_sd=-1))]
)
def test_what_cannot_be_simulated_is_refused(tmp_path: Path, laboratories: int, behaviour: Behaviour | None) -> None:
    round_, _ = read_round(write_round(tmp_path, [], SIMULATED))
    with pytest.raises(OptionError, match="expected"):
        simulate(round_, laboratories, behaviour=behaviour)


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(write_round(tmp_path, [], SIMULATED))
    assert main(["proficiency", "simulate", folder, "--laboratories", "8"]) == 0
    assert "truth.json" in capsys.readouterr().out
    assert main(["proficiency", "check", folder]) == 0
    assert main(["proficiency", "simulate", folder]) == 2
