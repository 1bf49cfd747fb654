"""Robust statistics of ISO 13528 against two others, on 10,000 random sets.

Run from the root: ``python benchmarks/robust_statistics.py [--sets N]``. Every set is drawn with seed 0: 5 to 60
normal results with up to a fifth of blunders, rounded to 1 to 4 decimals, so that ties occur. Compared are the plain
twins of the standard's text (``tests/proficiency/naive.py``) and, if it is installed, the package pt13528. Prints the
largest relative difference of each function, and the sets that differ by more than 1e-9. Also: CPU time and memory of
100 to 10,000 laboratories.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import numpy as np

from nps_spectra.proficiency import algorithm_a, hampel, kernel_density, mad_e, n_iqr, q_method, qn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "proficiency"))
naive = importlib.import_module("naive")
LIMIT = 1e-9


def sets(count: int) -> Iterator[np.ndarray]:
    """Random sets of results."""
    random = np.random.default_rng(0)
    for _ in range(count):
        p = int(random.integers(5, 61))
        values = random.normal(random.uniform(5, 100), random.uniform(0.2, 3), p)
        blunders = int(random.integers(0, p // 5 + 1))
        values[:blunders] *= random.choice([0.5, 2, 10], blunders)
        yield values.round(int(random.integers(1, 5)))


def plain() -> dict[str, Callable[[np.ndarray], tuple[float, float]]]:
    """The twins: own value and that of the plain text."""

    def scale(found: float, other: float) -> tuple[float, float]:
        return found, other

    return {
        "mad_e": lambda x: scale(mad_e(x).scale, naive.mad_e(x.tolist())),
        "qn": lambda x: scale(qn(x).scale, naive.qn(x.tolist())),
        "q_method, scale": lambda x: scale(q_method(x).scale, naive.q_scale([[one] for one in x.tolist()])),
    }


def package() -> dict[str, Callable[[np.ndarray], tuple[float, float]]]:
    """Own value and that of pt13528; empty if it is not installed."""
    if importlib.util.find_spec("pt13528") is None:
        return {}
    other = importlib.import_module("pt13528.robust")

    def both(x: np.ndarray, stop: Literal["iso", "converged"], part: str) -> tuple[float, float]:
        found = algorithm_a(x, stop=stop)
        theirs = other.algorithm_a(x, tol="iso2022" if stop == "iso" else 1e-14)
        return float(getattr(found, part)), float(getattr(theirs, part))

    def location(x: np.ndarray) -> tuple[float, float]:
        scale = q_method(x).scale
        return (hampel(x, scale), other.hampel(x, scale)) if scale > 0 else (0.0, 0.0)

    return {
        "mad_e": lambda x: (mad_e(x).scale, other.made(x)),
        "n_iqr": lambda x: (n_iqr(x).scale, other.niqr(x)),
        "qn": lambda x: (qn(x).scale, other.qn(x)),
        "q_method, scale": lambda x: (q_method(x).scale, other.q_method(x)),
        "hampel": location,
        "algorithm_a converged, location": lambda x: both(x, "converged", "location"),
        "algorithm_a converged, scale": lambda x: both(x, "converged", "scale"),
        "algorithm_a by the stopping rule, location": lambda x: both(x, "iso", "location"),
        "algorithm_a by the stopping rule, scale": lambda x: both(x, "iso", "scale"),
    }


def compare(title: str, pairs: dict[str, Callable[[np.ndarray], tuple[float, float]]], count: int) -> None:
    """Largest relative difference over all sets."""
    print(f"\n{title}, {count} sets")
    for name, pair in pairs.items():
        largest, differing, first = 0.0, 0, ""
        for number, values in enumerate(sets(count)):
            own, other = pair(values)
            difference = abs(own - other) / max(abs(other), 1e-12)
            largest = max(largest, difference)
            if difference > LIMIT:
                differing += 1
                first = first or f"; first: set {number}, p = {len(values)}, {own!r} against {other!r}"
        print(f"  {name}: largest relative difference {largest:.1e}, {differing} sets above {LIMIT}{first}")


def speed() -> None:
    """CPU time and peak memory by the number of laboratories."""
    print("\nlaboratories: CPU time / ms, peak memory / MiB")
    for p in (100, 1000, 10_000):
        values = np.random.default_rng(1).normal(50, 2, p)
        for function in (algorithm_a, q_method, qn, kernel_density):
            function(values)
            start = time.process_time()
            function(values)
            spent = 1000 * (time.process_time() - start)
            tracemalloc.start()
            function(values)
            peak = tracemalloc.get_traced_memory()[1] / 2**20
            tracemalloc.stop()
            print(f"  {p:6} {function.__name__}: {spent:.1f} ms, {peak:.1f} MiB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=10_000)
    options = parser.parse_args()
    compare("plain twins", plain(), options.sets)
    if found := package():
        compare("pt13528", found, options.sets)
    else:
        print("\npt13528 is not installed: not compared")
    speed()


if __name__ == "__main__":
    main()
