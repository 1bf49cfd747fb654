"""Simulate what laboratories submit in ``examples/ice_sm_round`` and ``examples/ice_bs_round``.

Run from anywhere: ``python examples/simulate_round.py [FOLDER]``. The same files come out every time. The assigned
contents are those of published rounds (see ``source`` in each ``round.toml``); every laboratory and every result is
invented, and everything written is labelled simulated.

Each laboratory has a bias of its own (normal, 4 %) and a repeatability of 3 %; one in twelve of its substances is
missed, one result in fifteen names a substance that is not there, and one value in twenty is a blunder of factor two.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from nps_spectra.atomic import write_text
from nps_spectra.proficiency.reading_rounds import read_round
from nps_spectra.proficiency.rounds import Round, Sample
from nps_spectra.proficiency.schema import schema
from nps_spectra.tables import csv_text

ROUNDS = {"ice_sm_round": 20160101, "ice_bs_round": 20150201}
LABORATORIES = 24
METHODS = {"SM": ("GC-MS+FTIR", "GC-MS", "COLOUR+TLC", "LC-MS/MS"), "BS": ("IMMUNOASSAY+LC-MS/MS", "GC-MS", "LC-QTOF")}
#: How some laboratories write names: synonyms and salts that the registry resolves.
WRITTEN = {"amphetamine": "amfetamine", "cocaine": "cocaine HCl", "MDMA": "3,4-methylenedioxymethamphetamine"}


def reported(generator: np.random.Generator, round_: Round, sample: Sample, bias: float) -> list[tuple[str, str, str]]:
    """Name, value and expanded uncertainty of what one laboratory reports for one sample."""
    rows = []
    for content in sample.contents:
        if generator.random() < 1 / 12:
            continue
        name = WRITTEN.get(content.substance, content.substance) if generator.random() < 0.3 else content.substance
        value = uncertainty = ""
        if content.scored and content.value is not None and generator.random() < 0.7:
            found = content.value * (1 + bias) * generator.lognormal(0, 0.03)
            found *= 2 if generator.random() < 1 / 20 else 1
            value, uncertainty = f"{found:.3g}", f"{found * 0.1:.2g}"
        rows.append((name, value, uncertainty))
    if sample.tolerated and generator.random() < 0.4:
        rows.append((sample.tolerated[0], "", ""))
    if generator.random() < 1 / 15:
        absent = [name for name in round_.menu if name not in sample.tolerated and sample.content(name) is None]
        rows.append((str(generator.choice(absent)), "", ""))
    return rows or [("none", "", "")]


def simulate(folder: Path, seed: int) -> None:
    """Write the submissions of a round that is declared in `folder`."""
    generator = np.random.default_rng(seed)
    round_, _ = read_round(folder)
    rows = []
    for number in range(1, LABORATORIES + 1):
        bias, methods = generator.normal(0, 0.04), str(generator.choice(METHODS[round_.group]))
        for sample in round_.samples:
            for name, value, uncertainty in reported(generator, round_, sample, bias):
                factor = "2" if uncertainty else ""
                laboratory = f"SIM-{number:03}"
                rows.append(
                    (laboratory, sample.code, name, value, "", uncertainty, factor, "", methods, "", "simulated")
                )
    write_text(folder / "submissions.csv", csv_text(tuple(schema("submissions")["properties"]), rows))


if __name__ == "__main__":
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent
    for name, seed in ROUNDS.items():
        simulate(root / name, seed)
        print(f"wrote {root / name / 'submissions.csv'}")
