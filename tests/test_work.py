"""What a search does is held against recorded figures that no clock is in: see `benchmarks/work.py`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import ModuleType

import pytest

from nps_spectra.searching import indexes

pytestmark = pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="the figures are those of compiled kernels"
)


@pytest.fixture
def work(root: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The benchmark that counts."""
    monkeypatch.syspath_prepend(root / "benchmarks")
    import work

    return work


def recorded(work: ModuleType) -> dict[str, dict[str, float]]:
    return json.loads(work.RECORDED.read_text(encoding="utf-8"))["paths"]


def above(work: ModuleType, found: dict[str, dict[str, float]]) -> list[str]:
    """Figures that are more than is recorded, within their limits."""
    before = recorded(work)
    return [
        f"{path}, {figure}: {value:,}, recorded {before[path][figure]:,}"
        for path, figures in found.items()
        for figure, value in figures.items()
        if value > before[path][figure] * work.LIMITS[figure]
    ]


def test_a_search_calls_scores_and_keeps_no_more_than_before(work: ModuleType) -> None:
    assert above(work, work.figures()) == [], "if this is meant: python benchmarks/work.py --record"


def test_a_search_without_its_index_is_noticed(work: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexes, "FEW_QUERIES", 1 << 60)
    assert any("open, entropy, pairs scored" in line for line in above(work, work.figures()))


def test_a_search_takes_no_more_instructions_than_before(work: ModuleType) -> None:
    reason = work.no_instructions()
    if reason is not None:
        pytest.skip(reason)
    before = json.loads(work.RECORDED.read_text(encoding="utf-8"))["versions"]
    if work.versions() != before:
        pytest.skip(f"recorded with {before}, here are {work.versions()}")
    found = {path: {"instructions": count} for path, count in work.instructions().items()}
    assert above(work, found) == [], "if this is meant: python benchmarks/work.py --record"
