"""Times of works that are compared: CPU seconds of this process, one after the other in every round."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Work:
    """Something to time: what it does, and for how many queries."""

    run: Callable[[], object]
    queries: int = 1


def cpu_seconds(run: Callable[[], object]) -> float:
    """CPU seconds of this process, all its threads, for one call."""
    start = time.process_time()
    run()
    return time.process_time() - start


def alternating(works: Mapping[str, Work], rounds: int) -> dict[str, list[float]]:
    """CPU seconds a query of each work in every round.

    The works take turns, so that what slows the machine for a while slows all of them.
    """
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            times[name].append(max(cpu_seconds(work.run), 1e-9) / work.queries)
    return times


def times_faster(ours: list[float], other: list[float]) -> list[float]:
    """Ratios of the times of the other to ours, round by round."""
    return [their / own for own, their in zip(ours, other, strict=True)]


def affordable(search: Callable[[int], object], available: int, seconds: float) -> int:
    """How many queries a run may take for about so many seconds, after two runs of a few that warm everything."""
    few = min(64, available)
    search(few)
    one = cpu_seconds(lambda: search(few)) / few
    return max(few, min(available, int(seconds / max(one, 1e-9))))


def peak_mib() -> float:
    """Largest memory that this process ever had."""
    return _status("VmHWM")


def resident_mib() -> float:
    """Memory that this process has now."""
    return _status("VmRSS")


def _status(field: str) -> float:
    file = Path("/proc/self/status")
    if not file.exists():  # no Linux
        sys.exit("memory is measured on Linux only: leave out the works 'index', 'files' and 'growth'")
    return int(file.read_text(encoding="ascii").split(f"{field}:")[1].split()[0]) / 1024
