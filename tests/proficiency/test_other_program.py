"""Robust statistics of ISO 13528 against another implementation of the standard, the package pt13528.

``benchmarks/robust_statistics.py`` does the same on 10,000 sets.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

NAMES = (
    "mad_e",
    "n_iqr",
    "qn",
    "q_method, scale",
    "hampel",
    "algorithm_a converged, location",
    "algorithm_a converged, scale",
    "algorithm_a by the stopping rule, location",
    "algorithm_a by the stopping rule, scale",
)


@pytest.fixture
def benchmark_of_statistics(root: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    pytest.importorskip("pt13528")
    monkeypatch.syspath_prepend(str(root / "benchmarks"))
    return importlib.import_module("robust_statistics")


@pytest.mark.parametrize("name", NAMES)
def test_another_implementation_of_the_standard_agrees_on_random_sets(benchmark_of_statistics: Any, name: str) -> None:
    both: Callable[[np.ndarray], tuple[float, float]] = benchmark_of_statistics.package()[name]
    for values in benchmark_of_statistics.sets(300):
        own, other = both(values)
        assert own == pytest.approx(other, rel=1e-9, abs=1e-12), values


def test_all_that_is_compared_is_tested(benchmark_of_statistics: Any) -> None:
    assert set(benchmark_of_statistics.package()) == set(NAMES)
