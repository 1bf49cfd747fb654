"""The benchmark against other programs, on a few spectra: it measures, names what is missing and what it leaves."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="times of kernels that are not compiled say nothing"
)
FEW = ["--spectra", "150", "--rounds", "2", "--seconds", "0.01", "--quick"]


@pytest.fixture
def peers(root: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """The command, without measured data and without ms_entropy and matchms."""
    monkeypatch.syspath_prepend(root / "benchmarks")
    for name in ("ms_entropy", "matchms"):
        monkeypatch.setitem(sys.modules, name, None)
        monkeypatch.setitem(sys.modules, f"{name}.similarity", None)
    from speed.command import main

    return lambda *arguments: main([*FEW, "--data", str(root / "nowhere"), *arguments])


def test_a_run_without_data_and_peers(peers: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, plot = tmp_path / "out.json", tmp_path / "growth.png"
    assert peers("--rows", "msms,ei,growth", "--out", str(out), "--plot", str(plot)) == 0
    result = json.loads(out.read_text(encoding="utf-8"))
    printed = capsys.readouterr().out

    assert result["data"] == "generated spectra"
    assert set(result["skipped"]) == {"ms_entropy", "matchms"}
    assert "skipped: matchms is not installed" in printed

    figures = {(one["work"], one["figure"]): one for one in result["figures"]}
    rate = figures["MS/MS open, cosine", "queries/s"]
    assert rate["goal"] == 20_000
    assert 0 < rate["min"] <= rate["median"] <= rate["max"]
    ratio = figures["EI weighted_cosine, batches of 500", "x SciPy CSR x dense, no top-k"]
    assert (ratio["must"], ratio["goal"]) == (2, 4)

    assert "two threads: x one thread: EI nist_identity" in result["not_measured"]
    assert "| not measured |" in printed
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_a_work_that_does_not_exist_is_refused(peers: object, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        peers("--rows", "msms,spee")
    assert "spee: expected some of msms, ei, latency" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "value", "verdict"),
    [(True, 25.0, "goal"), (True, 9.0, "must"), (True, 7.0, "missed"), (False, 25.0, "missed"), (False, 7.0, "goal")],
)
def test_a_figure_is_held_against_what_is_asked(
    root: Path, monkeypatch: pytest.MonkeyPatch, more: bool, value: float, verdict: str
) -> None:
    monkeypatch.syspath_prepend(root / "benchmarks")
    from speed.goals import Goal

    must, goal = (8, 20) if more else (20, 8)
    assert Goal("search", "figure", must, goal, more=more).verdict(value) == verdict
