"""What the statistics of a round can do: coverage, power, false alarms, breakdown, warnings; with exact 95 % intervals.

Run from the root: ``python benchmarks/proficiency_statistics.py [--rounds 2000]``. Everything is drawn with seeds and
known truth: results are normal about 0 with the standard deviation sigma_pt = 1, of which 0.8 is between laboratories
and 0.6 within, as ``proficiency simulate`` draws them. It prints the tables of ``benchmarks/README.md``.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from nps_spectra import __version__
from nps_spectra.proficiency import RobustEstimate, algorithm_a, mad_e, mean_without_outliers, q_method, qn
from nps_spectra.proficiency.intervals import proportion
from nps_spectra.proficiency.reading_rounds import read_round
from nps_spectra.proficiency.targets import target_of
from nps_spectra.proficiency.template import write_template

Values = npt.NDArray[np.float64]
Estimator = Callable[[Values], RobustEstimate]

LABORATORIES: Final = (10, 20, 50, 200)
BETWEEN, WITHIN = 0.8, 0.6
#: sigma_pt is 5 % of the assigned value, so that a factor of two lies 20 sigma_pt away.
LEVEL: Final = 20.0


def mean_sd(values: Values) -> RobustEstimate:
    """Mean and SD of all results."""
    scale = float(np.std(values, ddof=1))
    return RobustEstimate(float(values.mean()), scale, scale / len(values) ** 0.5, len(values), 0, "mean/SD")


METHODS: Final[dict[str, Estimator]] = {
    "Algorithm A": algorithm_a,
    "Q/Hampel": q_method,
    "median/Qn": qn,
    "median/MADe": mad_e,
    "mean/SD": mean_sd,
    "mean/SD without outliers": mean_without_outliers,
}


def results(random: np.random.Generator, rounds: int, laboratories: int) -> Values:
    """Results of laboratories without fault."""
    shape = (rounds, laboratories)
    return random.normal(0, BETWEEN, shape) + random.normal(0, WITHIN, shape)


def blundered(random: np.random.Generator, values: Values, share: float) -> Values:
    """The same with a share of results twice as large, exactly that share in every round."""
    found = values.copy()
    found[:, : round(share * values.shape[1])] += LEVEL
    return found


def share(hits: int, of: int) -> str:
    """A share in per cent with its exact 95 % interval."""
    found = proportion(int(hits), int(of))
    assert found.value is not None
    assert found.exact_low is not None
    assert found.exact_high is not None
    return f"{100 * found.value:.1f} ({100 * found.exact_low:.1f}-{100 * found.exact_high:.1f})"


def table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table in Markdown."""
    print(f"\n{title}\n")
    print(f"| {' | '.join(header)} |\n|{'---|' * len(header)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")


def coverage(rounds: int, blunders: float) -> None:
    """How often location +- 2 u(x_pt) holds the true value."""
    random = np.random.default_rng(0)
    drawn = {p: blundered(random, results(random, rounds, p), blunders) for p in LABORATORIES}
    rows = []
    for name, method in METHODS.items():
        cells = [name]
        for values in drawn.values():
            found = [method(one) for one in values]
            held = sum(abs(one.location or 0.0) <= 2 * (one.uncertainty or 0.0) for one in found)
            cells.append(share(held, rounds))
        rows.append(cells)
    header = ("estimator", *(f"{p} laboratories" for p in LABORATORIES))
    told = "no blunders" if not blunders else f"{blunders:.0%} of the results twice as large"
    table(f"**Coverage** of x_pt +- 2 u(x_pt) in per cent, {told} ({rounds} rounds each)", header, rows)


def power(rounds: int) -> None:
    """How often a biased laboratory is found, and how often one without fault."""
    random = np.random.default_rng(1)
    rows = []
    for bias in range(6):
        for p in LABORATORIES:
            values = results(random, rounds, p)
            if bias:
                values[:, 0] = bias + random.normal(0, WITHIN, rounds)
            scores = [values[:, 0]]
            for method in (algorithm_a, q_method):
                found = [method(one) for one in values]
                scores.append(
                    np.array([(one[0] - (e.location or 0.0)) / e.scale for one, e in zip(values, found, strict=True)])
                )
            hits = [share((np.abs(z) >= limit).sum(), rounds) for limit in (2, 3) for z in scores]
            rows.append([f"{bias} sigma_pt" if bias else "none", str(p), *hits])
    kinds = ("independent", "Algorithm A", "Q/Hampel")
    header = ("bias", "laboratories", *(f"z {limit}, {kind}" for limit in (2, 3) for kind in kinds))
    told = "a laboratory with this bias has |z| of 2 or 3 and more, per cent; without bias: false alarms"
    why = "x_pt and sigma_pt are independent of the participants, or their consensus"
    table(f"**Power**: {told}; {why} ({rounds} rounds each)", header, rows)


def breakdown(rounds: int) -> None:
    """How far blunders to one side carry the location."""
    random = np.random.default_rng(2)
    shares = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45)
    for p in (20, 50):
        clean = results(random, rounds, p)
        rows = []
        for name, method in METHODS.items():
            cells = [name]
            first = None
            for part in shares:
                locations = [method(one).location or 0.0 for one in blundered(random, clean, part)]
                off = float(np.median(np.abs(locations)))
                first = part if first is None and off > 1 else first
                cells.append(f"{off:.2f}")
            rows.append([*cells, "none" if first is None else f"{first:.0%}"])
        header = ("estimator", *(f"{part:.0%}" for part in shares), "off by more than 1")
        told = "median |location - truth| in sigma_pt, by the share of results that are twice as large"
        table(f"**Breakdown**, {p} laboratories: {told} ({rounds} rounds each)", header, rows)


def bimodal(rounds: int) -> None:
    """Whether a round with two groups of laboratories is warned of, and one without is not."""
    random = np.random.default_rng(3)
    with tempfile.TemporaryDirectory() as folder:
        write_template(folder)
        round_, _ = read_round(Path(folder))
    content = replace(
        round_.samples[0].contents[0],
        value=None,
        uncertainty=None,
        assigned_by="participants",
        sigma_pt=LEVEL / 20,
        estimator="q_method",
    )
    mistakes = {
        "none": 1.0,
        "salt in place of base (x 1.12)": 1.12,
        "response of an isomer (x 0.8)": 0.8,
        "fraction in place of per cent (x 0.01)": 0.01,
    }
    rows = []
    for name, factor in mistakes.items():
        for part in (0.1, 0.2, 0.3, 0.5) if factor != 1 else (0.0,):
            cells = [name, f"{part:.0%}"]
            for p in LABORATORIES:
                values = LEVEL + results(random, rounds, p)
                values[:, : round(part * p)] *= factor
                found = [target_of("SM-1", content, "% w/w", one.tolist(), round_) for one in values]
                warned = sum(any("two modes" in text for text in one.warnings) for one in found)
                off = float(np.median([abs((one.assigned or 0.0) - LEVEL) for one in found]))
                cells.append(f"{share(warned, rounds)}; {off:.1f}")
            rows.append(cells)
    header = ("mistake", "of laboratories", *(f"{p} laboratories" for p in LABORATORIES))
    told = "rounds warned of two modes, per cent; median error of x_pt (Q/Hampel) in sigma_pt"
    table(f"**Two groups of laboratories**: {told} ({rounds} rounds each)", header, rows)


def identification() -> None:
    """Power to tell a laboratory by its mistakes of identification; computed, not drawn."""
    from scipy.stats import binom

    rows = []
    for n in (4, 8, 16, 24, 40, 80, 160):
        # Mistakes of which the exact lower limit is above 1 %.
        least = next(k for k in range(1, n + 2) if k > n or (proportion(k, n).exact_low or 0) > 0.01)
        rows.append(
            [str(n), str(least)] + [f"{100 * float(binom.sf(least - 1, n, rate)):.1f}" for rate in (0.01, 0.05, 0.2)]
        )
    header = ("results", "mistakes needed", "found at 1 % (false alarm)", "at 5 %", "at 20 %")
    table(
        "**Identification**: a laboratory is told from one with 1 % mistakes if the exact lower limit (95 %) of its "
        "rate is above 1 %; per cent, exact binomial",
        header,
        rows,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2000, metavar="N")
    options = parser.parse_args()
    print(f"nps_spectra {__version__}, numpy {np.__version__}, seed 0")
    coverage(options.rounds, 0.0)
    coverage(options.rounds, 0.1)
    power(options.rounds)
    breakdown(min(options.rounds, 500))
    bimodal(min(options.rounds, 500))
    identification()


if __name__ == "__main__":
    main()
