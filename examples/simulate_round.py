"""Invent what laboratories submit in ``examples/ice_sm_round`` and ``ice_bs_round``, in place of what is there.

Run from anywhere: ``python examples/simulate_round.py [FOLDER]``. The same files come out every time. The assigned
contents are those of published rounds (see ``source`` in each ``round.toml``); every laboratory and every result is
invented, everything written is labelled simulated, and ``truth.json`` tells what was done to which result.
"""

import sys
from pathlib import Path

from nps_spectra.proficiency import write_simulation

ROUNDS = {"ice_sm_round": 20160101, "ice_bs_round": 20150201}

if __name__ == "__main__":
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent
    for name, seed in ROUNDS.items():
        (root / name / "submissions.csv").unlink(missing_ok=True)
        for path in write_simulation(root / name, 24, seed=seed):
            print(f"wrote {path}")
