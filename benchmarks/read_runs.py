"""Reading runs, against the readers that others use: ``python benchmarks/read_runs.py [--scans N] [FILE ...]``.

Without files: a generated run (5,000 scans of 300 peaks, three of four MS2, zlib) as mzML, mzXML and ANDI. CPU time,
median of five, all in one process; pyteomics and SciPy give arrays, matchms and this package checked spectra. matchms
takes one MS level of a run, so it does part of the work.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np

from nps_spectra import read_run

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
import run_files


def generated(folder: Path, count: int) -> list[Path]:
    random = np.random.default_rng(1)
    scans = []
    for at in range(count):
        peaks = zip(np.sort(random.uniform(50, 1000, 300)).tolist(), random.exponential(1e3, 300).tolist(), strict=True)
        fragments = at % 4 > 0
        scans.append(
            run_files.Scan(
                tuple(peaks),
                2 if fragments else 1,
                0.3 * at,
                precursor=300.1 if fragments else None,
                charge=1 if fragments else None,
                energy=30.0 if fragments else None,
            )
        )
    contents = {
        "generated.mzML": run_files.mzml(scans, compress=True),
        "generated.mzXML": run_files.mzxml(scans, compress=True),
        "generated.cdf": run_files.andi(scans, records=None),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in contents]


def scipy_scans(path: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    from scipy.io import netcdf_file

    with netcdf_file(str(path), mmap=False) as file:
        bounds = [*file.variables["scan_index"][:].tolist(), file.dimensions["point_number"] or 0]
        mz, intensity = (np.array(file.variables[name][:]) for name in ("mass_values", "intensity_values"))
    ends = [*bounds[1:-1], len(mz)]
    return [(mz[a:b].astype(float), intensity[a:b]) for a, b in zip(bounds, ends, strict=False)]


def peers(path: Path) -> dict[str, Callable[[], object]]:
    if path.suffix == ".cdf":
        return {"SciPy": lambda: scipy_scans(path)}
    from matchms.importing import load_from_mzml, load_from_mzxml
    from pyteomics import mzml, mzxml

    if path.suffix == ".mzML":
        return {
            "pyteomics": lambda: list(mzml.MzML(str(path), use_index=False)),
            "matchms, MS2 alone": lambda: list(load_from_mzml(str(path), ms_level=2)),
        }
    return {
        "pyteomics": lambda: list(mzxml.MzXML(str(path), use_index=False)),
        "matchms, MS2 alone": lambda: list(load_from_mzxml(str(path), ms_level=2)),
    }


def seconds(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(5):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return statistics.median(taken)


def main() -> None:
    warnings.simplefilter("ignore")  # of the peers
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("files", nargs="*", type=Path, metavar="FILE")
    options.add_argument("--scans", type=int, default=5000)
    given = options.parse_args()
    print(", ".join(f"{name} {version(name)}" for name in ("nps_spectra", "pyteomics", "matchms", "scipy", "numpy")))
    with tempfile.TemporaryDirectory() as folder:
        for path in given.files or generated(Path(folder), given.scans):
            readers = {"nps_spectra": lambda path=path: read_run(path), **peers(path)}
            times = "; ".join(f"{name} {seconds(work):.2f} s" for name, work in readers.items())
            print(f"{path.name}, {path.stat().st_size / 1e6:.1f} MB: {times}")


if __name__ == "__main__":
    main()
