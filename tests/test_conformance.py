"""The conformance file: what the exact arithmetic beside it gives, and what the scores of the package give."""

from __future__ import annotations

import importlib
import json
import math
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from nps_spectra import Spectrum
from nps_spectra.scoring import METHODS, score_options

FOLDER = Path(__file__).resolve().parent.parent / "reference_library" / "conformance"
CASES: list[dict[str, Any]] = json.loads((FOLDER / "scores.json").read_text(encoding="utf-8"))["cases"]


@pytest.fixture
def make_scores(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module("make_scores")


def test_the_file_is_what_the_exact_arithmetic_gives(make_scores: ModuleType) -> None:
    assert make_scores.text_of(make_scores.build()) == (FOLDER / "scores.json").read_text(encoding="utf-8")


def test_every_method_has_cases_with_and_without_a_score() -> None:
    for method in METHODS:
        found = [case["score"] for case in CASES if case["method"] == method]
        assert len(found) >= 20, method
        assert None in found, method
        assert 0.0 in found, method
    assert len({case["id"] for case in CASES}) == len(CASES)


def test_intensities_are_what_float32_holds() -> None:
    for case in CASES:
        for side in (case["query"], case["reference"]):
            assert all(float(np.float32(intensity)) == intensity for _, intensity in side["peaks"]), case["id"]


@pytest.mark.parametrize("direction", ["score", "reverse"])
@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_scores_are_those_of_the_conformance_file(case: dict[str, Any], direction: str) -> None:
    scorer = score_options(case["method"], case["options"]).resolve(case["technique"])
    query, reference = (
        scorer.prepare(
            Spectrum(
                [mz for mz, _ in side["peaks"]],
                [intensity for _, intensity in side["peaks"]],
                **{name: value for name, value in side.items() if name != "peaks"},
            )
        )
        for side in (case["query"], case["reference"])
    )
    compare = scorer.score if direction == "score" else scorer.reverse
    found = float(compare(query, 0, reference, np.zeros(1, dtype=np.int64)).score[0])
    expected = case[direction]
    if expected is None:
        assert math.isnan(found)
    else:
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)
