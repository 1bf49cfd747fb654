"""What spectra say of claims that are right and wrong: ``python benchmarks/claims.py``.

Claims are held against what `identify` concludes of one spectrum of each substance that SWGDRUG 3.4 has independently
at least twice, searched in the rest without copies of it (as in ``conclusions.py``). Claimed is the substance itself,
under the name that the library has for it; another substance of the library with its formula, and one of another
formula, each the next by name. Of NPS that their library lacks (eight folds), claimed is the best hit, as a laboratory
would that copies it: the worst case. Intervals: Clopper-Pearson, 95 %.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import get_args

import numpy as np
from conclusions import FOLDS, NONE, replicates
from identification import share

from nps_spectra import Library, Spectra, read_spectra, search
from nps_spectra.identification.class_labels import labels_of
from nps_spectra.identification.fitting import fold_of
from nps_spectra.proficiency.claim_verdicts import ClaimVerdict
from nps_spectra.proficiency.claims import judge_claims
from nps_spectra.proficiency.names import Declared, Names, Resolution
from nps_spectra.proficiency.reading_rounds import read_round
from nps_spectra.proficiency.rounds import Round
from nps_spectra.proficiency.submitted_spectra import Claim, SubmittedSpectrum
from nps_spectra.proficiency.template import write_template
from nps_spectra.substances import substances_of

Pair = tuple[int, str]


def judged(spectra: Spectra, pairs: Iterable[Pair], library: Library, round_: Round) -> Counter[str]:
    """Verdicts on claims: rows of spectra with the name claimed."""
    known = Names()
    names = Names(
        [Declared(name) for name in set(library.spectra.texts("name").to_list()) if not known.substance(name)]
    )
    submitted = {}
    for number, (row, written) in enumerate(pairs):
        claim = Claim(
            "LAB", "SM-1", Resolution(written, names.substance(written) or written, "substance", "name"), True
        )
        file = f"{number}.msp"
        submitted[file] = [SubmittedSpectrum(file, 1, "LAB", "SM-1", claim, "assigned", "", spectra[row])]
    return Counter(one.verdict for one in judge_claims(submitted, library, round_, names).claims)


def beside(library: Library, rows: Sequence[int], spectra: Spectra, fits: Callable[[bool], bool]) -> list[Pair]:
    """Each row with a substance of the library that it is not: of its formula, or of another one."""
    every = sorted(
        {
            (name, formula, key)
            for name, formula, key in zip(
                library.spectra.texts("name").to_list(),
                library.spectra.texts("formula").to_list(),
                [library.substances.keys[number] for number in library.substances.of_row.tolist()],
                strict=True,
            )
            if name and formula
        }
    )
    keys = substances_of(spectra)
    found: list[Pair] = []
    for row in rows:
        own, formula = keys.keys[keys.of_row[row]], spectra[row].formula
        name = spectra[row].name or ""
        other = [one for one in every if one[2] != own and fits(one[1] == formula)]
        other = [one for one in other if one[0] > name] or other
        found += [(row, other[0][0])] if other else []
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--data", default=os.environ.get("NPS_SPECTRA_DATA", Path(__file__).parents[2] / "shared" / "data")
    )
    options = parser.parse_args()
    spectra = read_spectra(Path(options.data) / "swgdrug_ei" / "swgdrug_3.4.msp")
    of_row = substances_of(spectra)
    keys = [of_row.keys[number] for number in of_row.of_row.tolist()]
    with tempfile.TemporaryDirectory() as folder:
        write_template(folder)
        round_, _ = read_round(Path(folder))
    rows, library = replicates(spectra, keys)
    named = library.spectra.texts("name").to_list()
    held = {
        library.substances.keys[number]: name
        for number, name in zip(library.substances.of_row.tolist(), named, strict=True)
        if name is not None
    }
    columns = {
        "right": judged(spectra, [(row, held[keys[row]]) for row in rows], library, round_),
        "another isomer": judged(spectra, beside(library, rows, spectra, lambda same: same), library, round_),
        "another formula": judged(spectra, beside(library, rows, spectra, lambda same: not same), library, round_),
    }
    absent: Counter[str] = Counter()
    label, fold = labels_of(spectra), np.array([fold_of(key, FOLDS) for key in keys])
    for number in range(FOLDS):
        gone = [row for row in np.flatnonzero(fold == number).tolist() if label[row] not in (None, NONE)]
        left = Library(spectra.select(np.flatnonzero(fold != number)), name=f"without fold {number + 1}")
        answers = search(spectra.select(gone), left, top=1).queries
        best = [(row, one.hits[0].name) for row, one in zip(gone, answers, strict=True) if one.hits]
        pairs = [(row, name) for row, name in best if name is not None]
        absent += judged(spectra, pairs, left, round_)
        print(f"fold {number + 1} of {FOLDS}: {len(pairs)} absent", file=sys.stderr, flush=True)
    columns["absent, best hit claimed"] = absent
    print(f"| verdict, per cent | {' | '.join(f'{name} ({sum(one.values())})' for name, one in columns.items())} |")
    print(f"|---|{'---|' * len(columns)}")
    for verdict in get_args(ClaimVerdict):
        cells = [share(one[verdict], sum(one.values())) for one in columns.values()]
        print(f"| {verdict.replace('_', ' ')} | {' | '.join(cells)} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
