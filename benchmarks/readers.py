"""How fast files are read, against other readers: ``python benchmarks/readers.py [--spectra N] [--out FILE]``.

The first spectra of the MassBank release are written once in every format that can be written; then each reader
reads the same file in a fresh process of its own, one after the other. Given are the CPU time of the reading
alone (imports excluded; the smallest of several runs), and by how much the peak memory of the process grew. Then
our readers read the same file and one four times as long: what is left of the growth beyond the spectra
returned must not depend on the length of the file.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

ENDING = {"msp": ".msp", "mgf": ".mgf", "massbank": ".txt", "json": ".json"}


def ours(path: str) -> Any:
    from nps_spectra import read_spectra

    return read_spectra(path)


def pyteomics_mgf(path: str, **options: Any) -> Any:
    from pyteomics import mgf

    with mgf.MGF(path, **options) as reader:
        return list(reader)


def matchms(path: str, harmonise: bool) -> Any:
    import matchms.importing as importing

    read = {".msp": importing.load_from_msp, ".mgf": importing.load_from_mgf, ".json": importing.load_from_json}
    return list(read[Path(path).suffix](path, metadata_harmonization=harmonise))


def ms_entropy(path: str) -> Any:
    from ms_entropy import read_one_spectrum

    return list(read_one_spectrum(path))


def loadtxt(path: str) -> Any:
    import numpy as np

    return [np.loadtxt(file) for file in sorted(Path(path).iterdir())]


def pandas(path: str) -> Any:
    import pandas

    return pandas.read_csv(path)


READERS: dict[str, Callable[[str], Any]] = {
    "nps_spectra": ours,
    "pyteomics": pyteomics_mgf,
    "pyteomics, read_charges=False": lambda path: pyteomics_mgf(path, read_charges=False),
    "matchms": lambda path: matchms(path, True),
    "matchms, metadata_harmonization=False": lambda path: matchms(path, False),
    "ms_entropy": ms_entropy,
    "numpy.loadtxt, peaks alone": loadtxt,
    "pandas.read_csv, no spectra": pandas,
}
PEERS = {
    "msp": ["matchms", "matchms, metadata_harmonization=False", "ms_entropy"],
    "mgf": [
        *("pyteomics", "pyteomics, read_charges=False", "matchms", "matchms, metadata_harmonization=False"),
        "ms_entropy",
    ],
    "json": ["matchms", "matchms, metadata_harmonization=False"],
    "massbank": [],
    "text": ["numpy.loadtxt, peaks alone"],
    "wide_csv": ["pandas.read_csv, no spectra"],
}


def worker(reader: str, path: str) -> None:
    """Read once for the imports and first calls, then once for the figures."""
    warnings.simplefilter("ignore")
    read = READERS[reader]
    small = Path(path).with_name(f"small{Path(path).suffix}")
    if small.exists():
        read(str(small))
    before = peak_mib()
    started = time.process_time()
    found = read(path)
    seconds = time.process_time() - started
    growth = peak_mib() - before
    returned = None
    if reader == "nps_spectra":
        columns = [value for column in found.columns.values() for value in vars_of(column)]
        returned = sum(array.nbytes for array in (found.mz, found.intensity, found.offsets, *columns)) / 2**20
    print(json.dumps({"spectra": len(found), "seconds": seconds, "growth_mib": growth, "returned_mib": returned}))


def peak_mib() -> float:
    """Peak memory of this process alone; `getrusage` counts what the process that started it had."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def vars_of(column: Any) -> list[Any]:
    return [getattr(column, name) for name in ("blob", "offsets", "values") if hasattr(column, name)]


def measured(reader: str, path: Path, runs: int) -> dict[str, Any]:
    best: dict[str, Any] = {}
    for _ in range(runs):
        command = [sys.executable, __file__, "--worker", reader, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return {"failed": done.stderr.strip().splitlines()[-1]}
        found = json.loads(done.stdout.splitlines()[-1])
        if not best or found["seconds"] < best["seconds"]:
            best = found
    return best


def prepare(data: Path, folder: Path, count: int) -> dict[str, Path]:
    """The same spectra in every format; beside each file a small one for warming up."""
    from nps_spectra import read_spectra, write_spectra
    from nps_spectra.formats import format_names

    whole = read_spectra(next((data / "massbank").glob("*.tar.xz")))
    first = [whole[row].replace(original={}) for row in range(min(count, len(whole)))]
    files = {}
    for name, ending in ENDING.items():
        if name not in format_names():
            continue
        (folder / name).mkdir()
        files[name] = folder / name / f"spectra{ending}"
        write_spectra(first, files[name], format=name)
        write_spectra(first[:50], folder / name / f"small{ending}", format=name)
        write_spectra(first * 4, folder / name / f"four{ending}", format=name)
    files["text"] = folder / "text"
    files["text"].mkdir()
    for row, spectrum in enumerate(first[:2000]):
        peaks = zip(spectrum.mz.tolist(), spectrum.intensity.tolist(), strict=True)
        text = "\n".join(f"{mz!r}\t{height!r}" for mz, height in peaks)
        (files["text"] / f"{row:05}.txt").write_text(text + "\n", encoding="utf-8")
    files["wide_csv"] = data / "swgdrug_nps_ei" / "spectra.csv"
    return files


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--data", default=os.environ.get("NPS_SPECTRA_DATA", Path(__file__).parents[2] / "shared" / "data")
    )
    parser.add_argument("--spectra", type=int, default=20_000, help="the first so many of the release")
    parser.add_argument("--runs", type=int, default=3, help="processes a reader; the quickest counts")
    parser.add_argument("--out", help="write the figures to this JSON file")
    parser.add_argument("--worker", nargs=2, metavar=("READER", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        worker(*options.worker)
        return 0
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        files = prepare(Path(options.data), Path(name), options.spectra)
        print(
            "| format | reader | spectra | us a spectrum | times ours | memory / MiB |\n|---|---|---:|---:|---:|---:|"
        )
        for kind, path in files.items():
            own = 0.0
            for reader in ("nps_spectra", *PEERS[kind]):
                found = measured(reader, path, options.runs)
                rows.append({"format": kind, "reader": reader, **found})
                if "failed" in found:
                    print(f"| {kind} | {reader} | | {found['failed']} | | |", flush=True)
                    continue
                each = found["seconds"] / found["spectra"] * 1e6
                own = own or each
                print(
                    f"| {kind} | {reader} | {found['spectra']} | {each:.1f} | {each / own:.2f} "
                    f"| {found['growth_mib']:.0f} |",
                    flush=True,
                )
        print("\n| format | length | grown / MiB | returned / MiB | beyond / MiB |\n|---|---|---:|---:|---:|")
        for kind, ending in ENDING.items():
            for length in ("spectra", "four"):
                if kind not in files:
                    continue
                found = measured("nps_spectra", Path(name) / kind / f"{length}{ending}", 1)
                rows.append({"format": kind, "length": length, **found})
                beyond = found["growth_mib"] - found["returned_mib"]
                label = {"spectra": "once", "four": "four times"}[length]
                print(
                    f"| {kind} | {label} | {found['growth_mib']:.0f} | {found['returned_mib']:.0f} | {beyond:.0f} |",
                    flush=True,
                )
    if options.out:
        result = {"machine": platform.platform(), "python": platform.python_version(), "rows": rows}
        Path(options.out).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
