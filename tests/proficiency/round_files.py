"""Small rounds written for a test."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from nps_spectra.proficiency.schema import schema

COLUMNS = tuple(schema("submissions")["properties"])
#: A sample with a quantity and declared minors, one whose isomer has to be told, one where the group does, a blank.
ROUND = """
format = 1
scheme = "test"
group = "SM"
round = "2026/1"
menu = ["cocaine", "heroin", "MDMA", "ortho-fluorofentanyl", "meta-fluorofentanyl", "para-fluorofentanyl"]
deadline = 2026-06-30

[aliases]
"coke" = "cocaine"

[codes]
"C01" = "cocaine"

[isomer_groups]
"fluorofentanyls" = ["ortho-fluorofentanyl", "meta-fluorofentanyl", "para-fluorofentanyl"]

[classes]
"4-fluorofentanyl" = "Fentanyl analogues"

[[substance]]
name = "benzoylecgonine"

[[sample]]
code = "SM-1"
tolerated = ["caffeine", "benzoylecgonine"]
[[sample.content]]
substance = "cocaine"
value = 50.0
unit = "% w/w"
sigma_pt = 2.5

[[sample]]
code = "SM-2"
[[sample.content]]
substance = "para-fluorofentanyl"

[[sample]]
code = "SM-3"
[[sample.content]]
substance = "para-fluorofentanyl"
level = "isomer_group"

[[sample]]
code = "SM-4"
blank = true
"""


def row(laboratory: str = "A", sample: str = "SM-1", substance: str = "cocaine", **cells: str) -> tuple[str, ...]:
    """A row of submissions.csv; cells that are not given are empty."""
    known = {"laboratory": laboratory, "sample": sample, "substance": substance, **cells}
    assert set(known) <= set(COLUMNS)
    return tuple(known.get(column, "") for column in COLUMNS)


def write_round(folder: Path, rows: Sequence[Sequence[str]] = (), toml: str = ROUND) -> Path:
    """A round in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "round.toml").write_text(toml, encoding="utf-8")
    # Cells stand as they are given: a laboratory guards no formula.
    with (folder / "submissions.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([COLUMNS, *rows])
    return folder


def values() -> dict[str, str]:
    """Laboratories with values that occur nowhere else."""
    return {f"QX{k:02}": f"{46.013 + 0.617 * k:.3f}" for k in range(14)}
