"""Score a round from Python and look at it with pandas.

Run from anywhere: ``python examples/score_round.py [ROUND]``; without one, the simulated round beside this file.
"""

import sys
from pathlib import Path

from nps_spectra.proficiency import evaluate

if __name__ == "__main__":
    folder = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parent / "ice_sm_round"
    evaluation = evaluate(folder)

    found = evaluation.identification  # one row a laboratory and sample
    wrong = found[(found["missed"] != "") | (found["false_positive"] != "")]
    print(wrong[["laboratory", "sample", "missed", "false_positive"]].to_string(index=False), "\n")

    scores = evaluation.quantities.dropna(subset=["z"])  # one row a value
    print(scores.pivot(index="laboratory", columns="substance", values="z").round(2).to_string(na_rep=""), "\n")
    print(scores.groupby("substance")["verdict"].value_counts().unstack(fill_value=0).to_string())
