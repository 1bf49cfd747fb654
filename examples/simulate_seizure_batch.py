"""Simulate the sample spectra in ``examples/seizure_batch`` from published principal ions.

Run from anywhere: ``python examples/simulate_seizure_batch.py [FOLDER]``. The same files come out every time.
Each ion gets a counting error (Poisson) and a tuning error of 8 % (log-normal), and chemical background is added;
everything written is labelled simulated. Nothing here was measured.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from nps_spectra.library.starter import starter_library

SEED = 20260101
#: Diisopropyltryptamine, which the starter library lacks: Shulgin & Shulgin, TiHKAL, 1997, entry 4.
LACKING = {72: 38, 114: 100, 130: 18}
#: Background of a gas chromatograph: carbon dioxide and siloxanes of the column and septum.
BACKGROUND = {44: 30, 73: 60, 147: 8, 207: 100, 281: 45}


def published(name: str) -> dict[int, float]:
    """Principal ions of a substance of the starter library, in per cent."""
    spectrum = next(spectrum for spectrum in starter_library() if spectrum.name == name)
    return dict(zip(spectrum.mz.astype(int).tolist(), spectrum.intensity.tolist(), strict=True))


def simulated(
    generator: np.random.Generator, parts: Mapping[float, Mapping[int, float]], counts: float, background: float
) -> dict[int, int]:
    """Counts at each m/z of a mixture; the keys of `parts` are the shares of the total ion signal."""
    expected: dict[int, float] = {}
    for share, ions in [*parts.items(), (background, BACKGROUND)]:
        total = sum(ions.values())
        for mz, height in ions.items():
            tuned = height * generator.lognormal(0, 0.08)
            expected[mz] = expected.get(mz, 0.0) + counts * share * tuned / total
    found = {mz: int(generator.poisson(height)) for mz, height in sorted(expected.items())}
    return {mz: height for mz, height in found.items() if height > 0}


def msp(name: str, peaks: Mapping[int, int], comment: str) -> str:
    """One NIST MSP record."""
    rows = "".join(f"{mz} {height}\n" for mz, height in peaks.items())
    return (
        f"Name: {name}\nComment: SIMULATED, not measured. {comment}\nIonization: EI\nNum Peaks: {len(peaks)}\n{rows}\n"
    )


def write(folder: Path) -> None:
    """Write all sample files."""
    generator = np.random.default_rng(SEED)
    folder.mkdir(parents=True, exist_ok=True)

    def save(name: str, text: str) -> None:
        (folder / name).write_text(text, encoding="utf-8", newline="\n")

    pure = simulated(generator, {1.0: published("fentanyl")}, 2e5, 0.01)
    save("01_white_powder.msp", msp("white powder (simulated)", pure, "One substance, strong signal."))
    mixed = simulated(generator, {0.55: published("caffeine"), 0.45: published("butyrylfentanyl")}, 2e5, 0.01)
    save("02_tablet.msp", msp("tablet (simulated)", mixed, "A drug and a cutting agent in one spectrum."))
    weak = simulated(generator, {1.0: published("acetylfentanyl")}, 600, 0.15)
    rows = "".join(f"{mz}\t{height}\n" for mz, height in weak.items())
    save("03_residue.txt", f"# SIMULATED, not measured: a residue, 600 ions in all\nm/z\tintensity\n{rows}")
    lacking = simulated(generator, {1.0: LACKING}, 5e4, 0.02)
    save("04_capsule.msp", msp("capsule (simulated)", lacking, "A substance that the starter library lacks."))
    blank = simulated(generator, {}, 3e3, 1.0)
    save("05_solvent_blank.msp", msp("solvent blank (simulated)", blank, "Background only."))
    table = {
        "bag A (simulated)": simulated(generator, {1.0: published("cocaine")}, 8e4, 0.02),
        "bag B (simulated)": simulated(generator, {1.0: published("safrole")}, 8e4, 0.02),
    }
    with (folder / "06_table.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["Name", *range(40, 321)])
        for name, peaks in table.items():
            writer.writerow([name, *(peaks.get(mz, 0) for mz in range(40, 321))])


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "seizure_batch")
