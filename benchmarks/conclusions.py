"""What `identify` concludes of substances in and not in the library: ``python benchmarks/conclusions.py``.

Absent: every NPS of SWGDRUG 3.4, in folds; the library of a fold lacks its substances, all others stay, isomers too.
Present: one spectrum of each substance that was measured independently at least twice, searched in the rest without
copies of it. The default profile and the calibration of the program, whose weights have seen these spectra (how
little that matters is what ``identification.py`` shows, where they have not). Intervals: Clopper-Pearson, 95 %.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from accuracy import SAME_MEASUREMENT, nominal
from identification import share

from nps_spectra import Library, Spectra, identify, read_spectra
from nps_spectra.identification.class_labels import labels_of
from nps_spectra.identification.fitting import fold_of
from nps_spectra.identification.record import Identification
from nps_spectra.substances import substances_of

FOLDS = 8
NONE = "None of these"
NAMING = ("identified", "consistent_with_library", "one_of_isomers")
Answer = tuple[Identification, str | None, str | None, bool]


def asked(spectra: Spectra, rows: Sequence[int], library: Library, keys: Sequence[str]) -> Iterable[Answer]:
    """Each conclusion with the InChIKey and formula that are right, and whether the library holds an isomer."""
    formulas = spectra.texts("formula").to_list()
    held = set(library.spectra.texts("formula").to_list())
    for one, row in zip(identify(spectra.select(list(rows)), library), rows, strict=True):
        yield one, keys[row], formulas[row], formulas[row] in held


def absent(spectra: Spectra, keys: Sequence[str]) -> list[Answer]:
    """NPS that their library lacks."""
    found: list[Answer] = []
    label = labels_of(spectra)
    fold = np.array([fold_of(key, FOLDS) for key in keys])
    for number in range(FOLDS):
        gone = np.flatnonzero(fold == number)
        rows = [row for row in gone.tolist() if label[row] not in (None, NONE)]
        library = Library(spectra.select(np.flatnonzero(fold != number)), name=f"without fold {number + 1}")
        found += asked(spectra, rows, library, keys)
        print(f"fold {number + 1} of {FOLDS}: {len(rows)} absent", file=sys.stderr, flush=True)
    return found


def replicates(spectra: Spectra, keys: Sequence[str]) -> tuple[list[int], Library]:
    """Rows of which a library holds another measurement and no copy, and that library."""
    unit = nominal(spectra)
    taken, chosen = np.zeros(len(spectra), dtype=bool), []
    many = Counter(keys)
    for row, key in enumerate(keys):
        if many[key] < 2 or any(keys[other] == key for other in chosen):
            continue
        copies = unit @ unit[row] >= SAME_MEASUREMENT
        others = [other for other in range(len(keys)) if keys[other] == key and not copies[other]]
        if others:
            chosen.append(row)
            taken |= copies
            taken[row] = True
            taken[others] = False
    kept = [row for row in chosen if any(keys[other] == keys[row] and not taken[other] for other in range(len(keys)))]
    return kept, Library(spectra.select(np.flatnonzero(~taken)), name="without one replicate of each")


def figures(label: str, answers: Sequence[Answer], spectrum_keys: dict[str | None, str]) -> dict[str, object]:
    """One column of the table."""
    named = [
        one for one in answers if one[0].conclusion.name in ("identified", "consistent_with_library", "one_of_isomers")
    ]
    single = [one for one in answers if one[0].conclusion.single_name]
    wrong_formula = [one for one in named if all(other.formula != one[2] for other in one[0].candidates)]
    held = [one for one in answers if any(spectrum_keys.get(other.inchikey) == one[1] for other in one[0].candidates)]
    sizes = [len(one[0].candidates) for one in answers]
    return {
        "queries": label,
        "n": len(answers),
        "conclusions": dict(sorted(Counter(one[0].conclusion.name for one in answers).items())),
        "named (a set, or one)": share(len(named), len(answers)),
        "named, and no candidate has the right formula": share(len(wrong_formula), len(answers)),
        "a single name": share(len(single), len(answers)),
        "the substance is a candidate": share(len(held), len(answers)),
        "candidates, median and mean": f"{np.median(sizes):g}, {np.mean(sizes):.2f}" if sizes else "-",
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--data", default=os.environ.get("NPS_SPECTRA_DATA", Path(__file__).parents[2] / "shared" / "data")
    )
    parser.add_argument("--out", help="write the figures to this JSON file")
    options = parser.parse_args()
    spectra = read_spectra(Path(options.data) / "swgdrug_ei" / "swgdrug_3.4.msp")
    substances = substances_of(spectra)
    keys = [substances.keys[number] for number in substances.of_row.tolist()]
    known = dict(zip(spectra.texts("inchikey").to_list(), keys, strict=True))
    gone = absent(spectra, keys)
    kept, library = replicates(spectra, keys)
    rows = [
        figures("present", list(asked(spectra, kept, library, keys)), known),
        figures("absent", gone, known),
        figures("absent, an isomer is in the library", [one for one in gone if one[3]], known),
        figures("absent, no isomer is in the library", [one for one in gone if not one[3]], known),
    ]
    for row in rows:
        print("\n" + "\n".join(f"{name}: {value}" for name, value in row.items()))
    if options.out:
        Path(options.out).write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
