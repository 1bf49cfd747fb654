"""Do other programs give the same scores, and if not, why: ``python benchmarks/parity.py [--out FILE]``.

Measured spectra are compared in pairs by this package, by matchms and by ms_entropy. Every difference above 1e-6 is
traced: a plain model of the score is computed as we define it and with the peer's traits turned on one after the
other. Both ends must be met (our score and the peer's own); a difference belongs to the traits that change the score.
What the model does not reproduce is printed as unexplained, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import logging
import math
import os
import platform
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from parity_models import (
    EDGE,
    GREEDY,
    INTENSITY32,
    JOINING,
    MZ32,
    NEAR_ZERO,
    NOMINAL_TOLERANCE,
    TOLERANCE,
    UNBINNED,
    UNJOINED,
    Float,
    Raw,
    Traits,
    cosine_model,
    entropy_model,
    loss_model,
    losses,
)

from nps_spectra import Spectra, read_spectra
from nps_spectra.scoring import ScoreOptions
from nps_spectra.spectra import joined

#: Scores closer than this are the same.
SAME = 1e-6
#: The model in float64 must be our score to this.
EXACT = 1e-9

NO_SCORE = "0 where nothing can be compared"
UNEXPLAINED = "UNEXPLAINED"


@dataclass(frozen=True)
class Comparison:
    """One score of ours and the peer's.

    ``model`` computes the score from raw peaks for any set of traits, from none (as we define it) to all of ``traits``
    (as the peer does). ``peer`` yields scores of one query against rows of the pool.
    """

    name: str
    work: str
    ours: ScoreOptions
    technique: Any
    peer: Callable[[int, Sequence[int]], Sequence[float]]
    model: Callable[[Raw, Raw, Traits], float]
    traits: tuple[str, ...]


@dataclass
class Outcome:
    """What came out of one comparison."""

    name: str
    work: str
    pairs: int = 0
    equal: int = 0
    zero: int = 0
    largest: float = 0.0
    classes: Counter[str] = field(default_factory=Counter)
    examples: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, label: str, ours: float, theirs: float, names: tuple[str, str]) -> None:
        difference = abs(ours - theirs) if not math.isnan(ours) else abs(theirs)
        self.classes[label] += 1
        self.largest = max(self.largest, difference)
        if difference >= self.examples.get(label, {"difference": -1.0})["difference"]:
            self.examples[label] = {
                "difference": difference,
                "ours": None if math.isnan(ours) else ours,
                "peer": theirs,
                "pair": names,
            }


def greedy_or_hungarian(pool: Spectra, kind: str, tolerance: float, exponents: tuple[float, float]) -> Any:
    """Scores of a class of matchms, for spectra whose base peak is 1."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import matchms
        from matchms import similarity

        matchms.set_matchms_logger_level("ERROR")
    logging.getLogger("matchms").setLevel(logging.ERROR)
    theirs = [
        matchms.Spectrum(
            mz=np.array(one.mz),
            intensities=np.asarray(one.intensity, dtype=np.float64) / float(one.intensity.max()),
            metadata={} if one.precursor_mz is None else {"precursor_mz": one.precursor_mz},
        )
        for one in pool
    ]
    score = getattr(similarity, kind)(tolerance, *exponents)

    def peer(row: int, rows: Sequence[int]) -> Sequence[float]:
        return [float(score.pair(theirs[other], theirs[row])["score"]) for other in rows]

    return peer


def entropy_of_authors(pool: Spectra, tolerance: float) -> Any:
    """ms_entropy.calculate_entropy_similarity on raw peaks."""
    import ms_entropy

    peaks = [np.column_stack([one.mz, one.intensity]).astype(np.float32) for one in pool]

    def peer(row: int, rows: Sequence[int]) -> Sequence[float]:
        return [
            float(
                ms_entropy.calculate_entropy_similarity(
                    peaks[row].copy(), peaks[other].copy(), ms2_tolerance_in_da=tolerance
                )
            )
            for other in rows
        ]

    return peer


def losses_of_authors(pool: Spectra) -> Any:
    """ms_entropy.FlashEntropySearch.neutral_loss_search on clean spectra.

    NaN where its index takes no such spectrum: an empty one, or (in float32) gaps not above twice the tolerance.
    """
    import ms_entropy

    clean = []
    for one in pool:
        raw = losses(Raw.of(one))
        share = raw.intensity / max(raw.intensity.sum(), 1e-300)
        clean.append(np.column_stack([raw.mz, share]).astype(np.float32))
    taken = [
        row
        for row, peaks in enumerate(clean)
        if len(peaks) and (len(peaks) < 2 or np.min(np.diff(peaks[:, 0])) > 2 * TOLERANCE)
    ]
    precursors = [np.float32(value) for value in pool.numbers("precursor_mz").tolist()]
    index = ms_entropy.FlashEntropySearch(max_ms2_tolerance_in_da=TOLERANCE)
    entries = [{"precursor_mz": precursors[row], "peaks": clean[row], "row": row} for row in taken]
    order = [entry["row"] for entry in index.build_index(entries, clean_spectra=False)]
    known = set(order)

    def peer(row: int, rows: Sequence[int]) -> Sequence[float]:
        if row not in known:
            return [math.nan] * len(rows)
        found = index.neutral_loss_search(precursors[row], clean[row].copy(), TOLERANCE)
        of_row = dict(zip(order, found.tolist(), strict=True))
        return [of_row.get(other, math.nan) for other in rows]

    return peer


def comparisons(pool: Spectra, work: str, technique: str) -> list[Comparison]:
    """Everything that a peer defines as we do."""
    nominal = technique == "EI"
    exponents = (1.3, 0.53) if nominal else (0.0, 0.5)
    tolerance = NOMINAL_TOLERANCE if nominal else TOLERANCE
    clean = UNBINNED if nominal else UNJOINED
    width = f"{TOLERANCE} Da"
    found = []
    for modified in (False,) if nominal else (False, True):
        method = "modified_cosine" if modified else "weighted_cosine"
        for way in ("Greedy", "Hungarian"):
            kind = ("ModifiedCosine" if modified else "Cosine") + way
            found.append(
                Comparison(
                    f"{method} / matchms {kind}",
                    work,
                    ScoreOptions(method=method, tolerance=width),
                    technique,
                    greedy_or_hungarian(pool, kind, tolerance, exponents),
                    lambda q, r, traits, modified=modified: cosine_model(q, r, traits, exponents, nominal, modified),
                    (clean, EDGE, GREEDY) if way == "Greedy" else (clean, EDGE),
                )
            )
    found.append(
        Comparison(
            "entropy / ms_entropy",
            work,
            ScoreOptions(method="entropy", tolerance=width),
            technique,
            entropy_of_authors(pool, tolerance),
            lambda q, r, traits: entropy_model(q, r, traits, nominal),
            (UNBINNED, JOINING, MZ32, INTENSITY32) if nominal else (JOINING, MZ32, INTENSITY32),
        )
    )
    if not nominal:
        found.append(
            Comparison(
                "neutral_loss / ms_entropy",
                work,
                ScoreOptions(method="neutral_loss", tolerance=width),
                technique,
                losses_of_authors(pool),
                loss_model,
                (MZ32, NEAR_ZERO, INTENSITY32),
            )
        )
    return found


def reason(comparison: Comparison, query: Raw, reference: Raw, ours: float, theirs: float) -> str:
    """Traits of the peer that make the difference, if the model meets both ends."""
    values = [comparison.model(query, reference, frozenset())]
    for count in range(1, len(comparison.traits) + 1):
        values.append(comparison.model(query, reference, frozenset(comparison.traits[:count])))
    if math.isnan(ours):
        return NO_SCORE if math.isnan(values[0]) and theirs == 0.0 else UNEXPLAINED
    if abs(values[0] - ours) > EXACT or abs(values[-1] - theirs) > SAME:
        return UNEXPLAINED
    steps = np.abs(np.diff(values))
    least = min(SAME, float(steps.max()))
    return " + ".join(trait for trait, step in zip(comparison.traits, steps, strict=True) if step >= least)


def compare(comparison: Comparison, pool: Spectra, drawn: Sequence[tuple[int, Sequence[int]]]) -> Outcome:
    """All pairs of one comparison."""
    outcome = Outcome(comparison.name, comparison.work)
    scorer = comparison.ours.resolve(comparison.technique)
    prepared = scorer.prepare(pool)
    names = [name or f"row {row}" for row, name in enumerate(pool.texts("accession").to_list())]
    for row, others in drawn:
        ours = scorer.score(prepared, row, prepared, np.array(others, dtype=np.int64)).score
        for other, mine, theirs in zip(others, ours.tolist(), comparison.peer(row, others), strict=True):
            if math.isnan(theirs):
                continue
            outcome.pairs += 1
            if abs(mine - theirs) <= SAME:
                outcome.equal += 1
                outcome.zero += mine == 0.0
                outcome.largest = max(outcome.largest, abs(mine - theirs))
                continue
            label = reason(comparison, Raw.of(pool[row]), Raw.of(pool[other]), mine, theirs)
            outcome.add(label, mine, theirs, (names[row], names[other]))
    return outcome


def draw(order_by: Float, queries: int, references: int, seed: int) -> list[tuple[int, list[int]]]:
    """Queries, each with references: three quarters the nearest in what is given (precursor, base peak), then any."""
    generator = np.random.default_rng(seed)
    count = len(order_by)
    near = 3 * references // 4
    chosen = []
    for row in np.sort(generator.choice(count, queries, replace=False)).tolist():
        distance = np.abs(order_by - order_by[row])
        distance[row] = np.inf
        nearest = np.argsort(distance, kind="stable")[:near].tolist()
        rest = np.setdiff1d(np.arange(count), [row, *nearest])
        chosen.append((row, nearest + generator.choice(rest, references - near, replace=False).tolist()))
    return chosen


def pools(massbank: Spectra, swgdrug: Spectra, size: int, seed: int) -> Iterator[tuple[str, str, Spectra, Float]]:
    """Measured spectra to draw pairs from, with what makes neighbours: precursor m/z, or m/z of the base peak."""
    generator = np.random.default_rng(seed)
    level = massbank.numbers("ms_level")
    kind = np.array([name or "" for name in massbank.texts("ionization").to_list()])
    known = ~np.isnan(massbank.numbers("precursor_mz"))
    rows = np.flatnonzero((level == 2) & (kind != "EI") & known)
    pool = massbank.select(np.sort(generator.choice(rows, min(size, len(rows)), replace=False)))
    yield "MassBank MS/MS", "MS/MS", pool, pool.numbers("precursor_mz")
    electron = joined([massbank.select(np.flatnonzero((kind == "EI") & (level == 1))), swgdrug])
    pool = electron.select(np.sort(generator.choice(len(electron), min(size, len(electron)), replace=False)))
    base = np.array([float(one.mz[int(np.argmax(one.intensity))]) for one in pool])
    yield "MassBank and SWGDRUG EI", "EI", pool, base


def table(outcomes: Sequence[Outcome]) -> str:
    """The figures as a table in Markdown."""
    lines = [
        "| spectra | score / peer | pairs | equal | both 0 | different | largest | why (pairs, largest difference) |",
        "|---|---|---:|---:|---:|---:|---:|---|",
    ]
    for one in outcomes:
        why = "; ".join(
            f"{label}: {count} ({one.examples[label]['difference']:.2g})" for label, count in one.classes.most_common()
        )
        lines.append(
            f"| {one.work} | {one.name} | {one.pairs} | {one.equal} | {one.zero} | {one.pairs - one.equal} "
            f"| {one.largest:.2g} | {why or '-'} |"
        )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--data", default=os.environ.get("NPS_SPECTRA_DATA", Path(__file__).parents[2] / "shared" / "data")
    )
    parser.add_argument("--queries", type=int, default=500, help="queries of each kind of spectra")
    parser.add_argument("--references", type=int, default=100, help="references for each query")
    parser.add_argument("--pool", type=int, default=30000, help="spectra of each kind from which pairs are drawn")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", help="write the figures to this JSON file")
    options = parser.parse_args()
    data = Path(options.data)
    measured = read_spectra(next((data / "massbank").glob("*.tar.xz"))), read_spectra(data / "swgdrug_ei")
    outcomes = []
    for work, technique, pool, order_by in pools(*measured, options.pool, options.seed):
        drawn = draw(order_by, options.queries, options.references, options.seed)
        for comparison in comparisons(pool, work, technique):
            started = time.perf_counter()
            outcomes.append(compare(comparison, pool, drawn))
            seconds = time.perf_counter() - started
            print(f"{work}: {comparison.name}: {seconds:.0f} s", file=sys.stderr, flush=True)
    print(table(outcomes))
    if options.out:
        result = {
            "machine": platform.platform(),
            "python": platform.python_version(),
            "versions": {name: importlib.metadata.version(name) for name in ("numpy", "matchms", "ms_entropy")},
            "rows": [vars(one) | {"classes": dict(one.classes)} for one in outcomes],
        }
        Path(options.out).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8", newline="\n")
    return 1 if any(UNEXPLAINED in one.classes for one in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
