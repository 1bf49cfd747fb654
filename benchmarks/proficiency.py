"""How long a round of a proficiency test takes to evaluate and to report, by the number of laboratories.

Run from the root: ``python benchmarks/proficiency.py [--reports]``. A round of 8 samples with 3 substances each, values
asked for all, is simulated for 400, 2,000 and 10,000 laboratories (seed 0). Each is evaluated once to warm up and three
times measured; the median is printed, CPU and wall time. Tables are written once as CSV and JSON, and of the smallest
round as XLSX. ``--reports`` writes all reports of the smallest round too, as HTML alone and as HTML and PDF.
"""

from __future__ import annotations

import argparse
import platform
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from nps_spectra import __version__
from nps_spectra.proficiency import evaluate, write_simulation
from nps_spectra.report.round_pages import write_reports

#: Laboratories; more is measured of the first.
SIZES = (400, 2000, 10_000)
SUBSTANCES = [
    *(
        "cocaine",
        "heroin",
        "MDMA",
        "ketamine",
        "amfetamine",
        "metamfetamine",
        "morphine",
        "codeine",
        "MDA",
        "methadone",
    ),
    *("buprenorphine", "mephedrone"),
]


def declared() -> str:
    """``round.toml`` of 8 samples with 3 substances each."""
    menu = ", ".join(f'"{name}"' for name in SUBSTANCES)
    lines = [
        "format = 1",
        'scheme = "benchmark"',
        'group = "SM"',
        'round = "1"',
        "simulated = true",
        f"menu = [{menu}]",
    ]
    for sample in range(8):
        lines += ["[[sample]]", f'code = "SM-{sample + 1}"']
        for place in range(3):
            lines += ["[[sample.content]]", f'substance = "{SUBSTANCES[(sample + 4 * place) % len(SUBSTANCES)]}"']
            lines += ['unit = "% w/w"', 'assigned_by = "participants"', 'sigma_pt_by = "participants"']
            lines += ['estimator = "q_method"'] if place == 2 else []
    return "\n".join(lines) + "\n"


def measured(times: int, work: Callable[..., object], *arguments: object) -> str:
    """Median CPU and wall time of several runs."""
    cpu, wall = [], []
    for _ in range(times):
        start = time.process_time(), time.perf_counter()
        work(*arguments)
        cpu.append(time.process_time() - start[0])
        wall.append(time.perf_counter() - start[1])
    return f"{statistics.median(cpu):.2f} s CPU, {statistics.median(wall):.2f} s wall"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", action="store_true")
    options = parser.parse_args()
    print(f"nps_spectra {__version__}, Python {platform.python_version()}, {platform.machine()}")
    with tempfile.TemporaryDirectory() as root:
        for laboratories in SIZES:
            folder = Path(root) / str(laboratories)
            folder.mkdir()
            (folder / "round.toml").write_text(declared(), encoding="utf-8")
            write_simulation(folder, laboratories)
            rows = evaluate(folder).submissions.rows
            print(f"{laboratories} laboratories, {rows} rows: evaluate {measured(3, evaluate, folder)}")
            evaluation = evaluate(folder)
            print(f"  tables and JSON: {measured(1, evaluation.write, folder / 'out')}")
            if laboratories > SIZES[0]:
                continue
            print(f"  XLSX: {measured(1, evaluation.write_spreadsheet, folder / 'out' / 'evaluation.xlsx')}")
            if options.reports:
                for pdf in (False, True):
                    out = folder / ("pdf" if pdf else "html")
                    kind = "HTML and PDF" if pdf else "HTML"
                    print(f"  all reports, {kind}: {measured(1, partial(write_reports, evaluation, out, pdf=pdf))}")
                    size = sum(path.stat().st_size for path in out.rglob("*.*"))
                    print(f"    {sum(1 for _ in out.rglob('*.*'))} files, {size / 1e6:.0f} MB")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
