"""How far the stated probabilities can be trusted: ``python benchmarks/identification.py --out FOLDER``.

Every figure is of predictions by a model that saw neither the substance nor any of its formula (five folds). A query is
never compared with a copy of itself. Weights and limits are held out, its form was chosen with such figures
of all substances in view. "half 1" is a fixed half of the formulas. Intervals: Clopper-Pearson, 95 %, over queries.

``--calibrations FOLDER --date 2026-11-24`` also writes the calibrations that come with the program.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nps_spectra import Library, read_spectra
from nps_spectra.identification.calibration import candidate_set
from nps_spectra.identification.fitting import Predicted, calibrate, cross_validated, fold_of, table_of
from nps_spectra.identification.reliability import (
    area_under_roc,
    expected_calibration_error,
    log_likelihood_ratio_cost,
    operating_point,
    reliability,
)
from nps_spectra.identification.trials import Corpus, Trial
from nps_spectra.proficiency.intervals import proportion
from nps_spectra.scorers import Technique
from nps_spectra.substances import normalised_name

CLASSES = ("cathinone", "cannabinoid", "phenethylamine", "piperazine", "tryptamine", "fentanyl", "other")
Row = dict[str, object]
Bool = npt.NDArray[np.bool_]


def corpora(data: Path, folder: Path, most: int) -> dict[Technique, tuple[list[Trial], dict[str, object]]]:
    """Trials of both techniques, and what they were made from."""
    whole = read_spectra(next((data / "massbank").glob("*.tar.xz")))
    level = whole.numbers("ms_level")
    kind, instrument, polarity = (
        np.array([name or "" for name in whole.texts(field).to_list()])
        for field in ("ionization", "instrument_type", "polarity")
    )
    ei = [
        Library.build(source, folder / f"{number}.h5", name=name)
        for number, (name, source) in enumerate(
            (
                ("SWGDRUG 3.4", data / "swgdrug_ei" / "swgdrug_3.4.msp"),
                ("SWGDRUG 3.11, NPS", data / "swgdrug_nps_ei" / "spectra.csv"),
                ("NIST fentanyl queries", data / "nist_fentanyl_ei" / "queries"),
                ("NIST single modification", data / "nist_fentanyl_ei" / "single_modification_library.msp"),
                ("MassBank EI", whole.select(np.flatnonzero((kind == "EI") & (level == 1)))),
            )
        )
    ]
    accurate = np.array([any(token in name for token in ("TOF", "FT")) for name in instrument])
    soft = np.isin(kind, ["ESI", "APCI", "APPI"]) & ~np.char.startswith(instrument, "GC")
    chosen = (level == 2) & (polarity == "positive") & accurate & soft & ~np.isnan(whole.numbers("precursor_mz"))
    tandem = Library.build(
        whole.select(np.flatnonzero(chosen)), folder / "tandem.h5", name="MassBank MS/MS, positive, TOF and FT"
    )
    found: dict[Technique, tuple[list[Trial], dict[str, object]]] = {}
    first = Corpus(ei[0], ei[1:], "EI")
    found["EI"] = list(first.trials()), first.describe()
    second = Corpus(tandem, [], "MS/MS")
    gate = {"precursor_tolerance": "20 ppm"}
    found["MS/MS"] = list(second.trials(most=most, **gate)), second.describe() | gate | {"most": most}
    return found


class Measured:
    """Held-out predictions of one technique, and the groups that figures are given for."""

    def __init__(self, technique: Technique, tried: Sequence[Trial]) -> None:
        self.technique = technique
        self.unlisted = sum(one.kind == "present" and not one.evidence for one in tried)
        self.trials = trials = [one for one in tried if one.evidence]
        self.table = table_of(trials, technique)
        self.predicted: Predicted = cross_validated(self.table)
        self.sets = self.predicted.candidate_sets()
        self.kind = np.array([one.kind for one in trials])
        self.source = np.array([one.source for one in trials])
        self.contributor = np.array([one.contributor for one in trials])
        self.isomer = np.array([one.isomer_leads for one in trials])
        self.listed = self.table.truth >= 0
        self.held = np.array([one.truth in chosen for one, chosen in zip(trials, self.sets, strict=True)])
        self.size = np.array([len(chosen) for chosen in self.sets])
        self.first = self.predicted.choice.argmax(axis=1) == self.table.truth
        self.half = np.array([fold_of(one.family, 2) for one in trials])
        present = self.predicted.present
        self.logit = np.log(np.maximum(present, 1e-12)) - np.log(np.maximum(1 - present, 1e-12))

    def sets_of(self, label: str, chosen: Bool) -> Row:
        """Candidate sets of present queries."""
        rows = np.flatnonzero(chosen & (self.kind == "present"))
        return {
            "technique": self.technique,
            "queries of": label,
            "n": len(rows),
            "substances": len({self.trials[row].substance for row in rows.tolist()}),
            "in the set": share(int(self.held[rows].sum()), len(rows)),
            "most probable is right": share(int(self.first[rows].sum()), len(rows)),
            "first by score": share(int((self.table.truth[rows] == 0).sum()), len(rows)),
            "median size": float(np.median(self.size[rows])) if len(rows) else None,
            "mean size": round(float(self.size[rows].mean()), 2) if len(rows) else None,
        }

    def with_unlisted(self) -> Row:
        """All present queries, also those that the search lists nothing for."""
        rows = np.flatnonzero(self.kind == "present")
        number = len(rows) + self.unlisted
        return {
            "technique": self.technique,
            "queries of": "all, also where nothing is listed",
            "n": number,
            "in the set": share(int(self.held[rows].sum()), number),
            "most probable is right": share(int(self.first[rows].sum()), number),
            "first by score": share(int((self.table.truth[rows] == 0).sum()), number),
            "listed": share(int(self.listed[rows].sum()), number),
        }

    def telling(self, label: str, present: Bool, absent: Bool) -> Row:
        """Present against absent."""
        own, other = self.predicted.present[present], self.predicted.present[absent]
        row: Row = {"technique": self.technique, "trials": label, "present": len(own), "absent": len(other)}
        if not (len(own) and len(other)):
            return row
        row["area under ROC"] = round(area_under_roc(own, other), 4)
        row["Cllr"] = round(
            log_likelihood_ratio_cost(
                np.concatenate([self.logit[present], self.logit[absent]]),
                np.concatenate([np.ones(len(own), bool), np.zeros(len(other), bool)]),
            ),
            3,
        )
        for percent in (1, 2, 5):
            limit, named, wrong = operating_point(own, other, percent / 100)
            row[f"named at {percent} % wrong"] = share(named, len(own))
            row[f"limit at {percent} %"] = round(limit, 3)
            row[f"wrong at {percent} %"] = share(wrong, len(other))
        return row


def share(number: int, of: int) -> str:
    """Percentage with its Clopper-Pearson interval."""
    if of == 0:
        return "-"
    found = proportion(number, of)
    return f"{100 * number / of:.1f} ({100 * found.exact_low:.1f}-{100 * found.exact_high:.1f}) {number}/{of}"


def tables(one: Measured, labels: dict[str, str]) -> dict[str, list[Row]]:
    """All tables of one technique."""
    everything = np.ones(len(one.trials), dtype=bool)
    sources = sorted(set(one.source))
    sets = [one.sets_of("all", everything), one.with_unlisted(), one.sets_of("all, half 1", one.half == 1)]
    sets += [one.sets_of(source, one.source == source) for source in sources]
    sets += [one.sets_of(f"{source}, half 1", (one.source == source) & (one.half == 1)) for source in sources]
    sets += [
        one.sets_of(f"contributor {name}", one.contributor == name)
        for name in sorted(set(one.contributor) - set(sources))
    ]
    name_class = np.array([labels.get(normalised_name(trial.query), "") for trial in one.trials])
    telling, classes = [], []
    for source in ("all", *sources):
        for half in ("", ", half 1"):
            inside = (everything if source == "all" else one.source == source) & ((one.half == 1) | (half == ""))
            own, gone = inside & (one.kind == "present"), inside & (one.kind == "substance left out")
            for label, absent in (
                ("no isomer leads", gone & ~one.isomer),
                ("an isomer leads", gone & one.isomer),
                ("substance left out", gone),
                ("isomers left out", inside & (one.kind == "isomers left out")),
            ):
                telling.append(one.telling(f"{source}{half}: {label}", own, absent))
    known = one.kind == "present"
    for name in sorted(set(name_class) - {""}):
        own = name_class == name
        classes.append(one.sets_of(f"class {name}", own))
        absent = own & (one.kind == "substance left out") & ~one.isomer
        telling.append(one.telling(f"class {name}: no isomer leads; present of all classes", known, absent))
    weight = one.table.weight
    calibration = [
        {
            "technique": one.technique,
            "statement": label,
            "expected calibration error": round(expected_calibration_error(stated, true, w), 4),
            "Cllr": cost,
        }
        for label, stated, true, w, cost in (
            (
                "one of the candidates is present",
                one.predicted.present,
                one.listed,
                weight,
                round(log_likelihood_ratio_cost(one.logit, one.listed), 3),
            ),
            (
                "the leading candidate is present",
                one.predicted.present * one.predicted.choice.max(axis=1),
                one.first,
                weight,
                None,
            ),
        )
    ]
    return {"sets": sets + classes, "present_absent": telling, "calibration": calibration, "curve": curve(one)}


def curve(one: Measured) -> list[Row]:
    """Share of substances in the set against its mean size, for limits on the probability of choice."""
    rows: list[Row] = []
    for source in sorted(set(one.source)):
        chosen = np.flatnonzero((one.source == source) & (one.kind == "present"))
        for least in (0.5, 0.2, 0.1, 0.05, 0.03, 0.02, 0.01, 0.005, 0.002, 0.001) if len(chosen) else ():
            sets = [candidate_set(one.predicted.choice[row][one.table.listed[row]], least) for row in chosen.tolist()]
            held = sum(one.trials[row].truth in found for row, found in zip(chosen.tolist(), sets, strict=True))
            rows.append(
                {
                    "technique": one.technique,
                    "queries of": source,
                    "least probability": least,
                    "in the set": share(held, len(chosen)),
                    "percent": 100 * held / len(chosen),
                    "mean size": round(float(np.mean([len(found) for found in sets])), 3),
                }
            )
    return rows


def misses(one: Measured) -> list[Row]:
    """Present queries whose substance is not in their set, and what leads instead."""
    return [
        {
            "technique": one.technique,
            "query": trial.query,
            "source": trial.source,
            "contributor": trial.contributor,
            "formula": trial.family,
            "place of the substance": None if trial.truth is None else trial.truth + 1,
            "leads": trial.evidence[0].name,
            "of formula": trial.evidence[0].formula,
            "score": round(trial.evidence[0].score, 3),
        }
        for trial, held in zip(one.trials, one.held.tolist(), strict=True)
        if trial.kind == "present" and not held
    ]


def goals(ei: Measured) -> list[Row]:
    """What was wished for, and what was measured, on replicates of SWGDRUG and of NIST."""
    rows: list[Row] = []
    library = ei.source == "SWGDRUG 3.4"
    present = ei.kind == "present"
    for label, source, goal in (
        ("SWGDRUG replicates: substance in the set", library, ">= 98 %, median <= 2, mean <= 2.5"),
        ("NIST fentanyl queries: substance in the set", ei.source == "NIST fentanyl queries", ">= 95 %"),
    ):
        found = ei.sets_of("", source)
        rows.append(
            {
                "figure": label,
                "goal": goal,
                "measured": f"{found['in the set']}, median {found['median size']}, mean {found['mean size']}",
            }
        )
    gone = library & (ei.kind == "substance left out")
    found = ei.telling("", library & present, gone & ~ei.isomer)
    rows.append(
        {
            "figure": "absent, no isomer leads (SWGDRUG)",
            "goal": "AUC >= 0.985; at <= 1 % wrong >= 85 % of the present named",
            "measured": f"AUC {found['area under ROC']}; {found['named at 1 % wrong']}",
        }
    )
    found = ei.telling("", library & present, gone)
    rows.append({"figure": "absent, all (SWGDRUG)", "goal": "-", "measured": f"AUC {found['area under ROC']}"})
    error = expected_calibration_error(ei.predicted.present, ei.listed, ei.table.weight)
    rows.append({"figure": "expected calibration error, EI", "goal": "<= 0.03", "measured": f"{error:.4f}"})
    random = np.random.default_rng(0)
    stated = ei.predicted.present
    drawn = [
        expected_calibration_error(stated, random.random(len(stated)) < stated, ei.table.weight) for _ in range(200)
    ]
    rows.append(
        {
            "figure": "the same if every probability were exact: mean and 95 % quantile of 200 draws",
            "goal": "-",
            "measured": f"{np.mean(drawn):.4f}, {np.quantile(drawn, 0.95):.4f}",
        }
    )
    return rows


def most_probable_absent(one: Measured, source: str, most: int = 10) -> list[Row]:
    """Substances that were left out, and no isomer leads, in the order of the probability that they are present."""
    gone = np.flatnonzero((one.source == source) & (one.kind == "substance left out") & ~one.isomer)
    rows: list[Row] = []
    for row in gone[np.argsort(-one.predicted.present[gone], kind="stable")][:most].tolist():
        trial = one.trials[row]
        lead = trial.evidence[int(one.predicted.choice[row].argmax())]
        rows.append(
            {
                "probability": round(float(one.predicted.present[row]), 3),
                "absent": trial.query,
                "formula": trial.family,
                "leads": lead.name,
                "of formula": lead.formula,
                "score": round(lead.score, 3),
            }
        )
    return rows


def draw(one: Measured, folder: Path) -> None:
    """Reliability diagram, ROC and curve of set size."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(13.5, 4.4), layout="constrained")
    leading = one.predicted.present * one.predicted.choice.max(axis=1)
    for stated, true, colour, label in (
        (one.predicted.present, one.listed, "#0072B2", "one of the candidates"),
        (leading, one.first, "#D55E00", "the leading candidate"),
    ):
        bins = reliability(stated, true, one.table.weight)
        axes[0].plot([b.predicted for b in bins], [b.observed for b in bins], "o-", color=colour, label=label)
    axes[0].plot([0, 1], [0, 1], color="0.6", linewidth=1)
    axes[0].set(xlabel="stated probability", ylabel="observed share (weighted)", xlim=(0, 1), ylim=(0, 1))
    axes[0].legend(frameon=False)
    own = one.predicted.present[one.kind == "present"]
    gone = one.kind == "substance left out"
    for absent, colour, label in (
        (gone & ~one.isomer, "#0072B2", "no isomer leads"),
        (gone & one.isomer, "#D55E00", "an isomer leads"),
        (one.kind == "isomers left out", "#009E73", "isomers left out"),
    ):
        other = np.sort(one.predicted.present[absent])[::-1]
        if len(other):
            wrong = np.arange(len(other) + 1) / len(other)
            limit = np.append(other, -1.0)
            named = [(own > value).mean() for value in limit]
            axes[1].plot(wrong, named, color=colour, label=f"{label}, AUC {area_under_roc(own, other):.3f}")
    axes[1].axvline(0.01, color="0.7", linewidth=1)
    axes[1].set(
        xlabel="absent substances named", ylabel="present substances named", xscale="symlog", xlim=(0, 1), ylim=(0, 1)
    )
    axes[1].set_xscale("symlog", linthresh=0.01)
    axes[1].set_xticks([0, 0.01, 0.1, 1], ["0", "1 %", "10 %", "100 %"])
    axes[1].legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.14), fontsize="small")
    colours = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9")
    rows = curve(one)
    for source, colour in zip(dict.fromkeys(str(row["queries of"]) for row in rows), colours, strict=False):
        points = [row for row in rows if row["queries of"] == source]
        axes[2].plot(
            [row["mean size"] for row in points], [row["percent"] for row in points], "o-", color=colour, label=source
        )
    axes[2].set(xlabel="mean size of the candidate set", ylabel="substance in the set / %")
    axes[2].legend(frameon=False, fontsize="small", loc="lower right")
    figure.suptitle(f"{one.technique}: substances that the model has not seen")
    figure.savefig(folder / f"identification_{one.technique.replace('/', '').lower()}.png", dpi=110)
    plt.close(figure)


def write(path: Path, rows: Sequence[Row]) -> None:
    """A table as CSV."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def show(title: str, rows: Iterable[Row]) -> None:
    print(f"\n{title}")
    for row in rows:
        print("  " + "; ".join(f"{key} {value}" for key, value in row.items() if value not in (None, "")))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--data", default=os.environ.get("NPS_SPECTRA_DATA", Path(__file__).parents[2] / "shared" / "data")
    )
    parser.add_argument("--out", required=True, help="folder for tables and plots")
    parser.add_argument("--most", type=int, default=2500, help="MS/MS queries with, and as many without, replicates")
    parser.add_argument("--calibrations", help="also write the calibrations of both techniques to this folder")
    parser.add_argument("--date", type=date.fromisoformat, default=date.today(), help="of the calibrations")
    options = parser.parse_args()
    data, out = Path(options.data), Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    labels = {
        normalised_name(spectrum.name or ""): CLASSES[int(spectrum.original["label"][0])]
        for spectrum in read_spectra(data / "swgdrug_nps_ei" / "spectra.csv")
    }
    with tempfile.TemporaryDirectory() as folder:
        found = corpora(data, Path(folder), options.most)
    figures: dict[str, object] = {}
    for technique, (trials, described) in found.items():
        one = Measured(technique, trials)
        short = technique.replace("/", "").lower()
        parts = tables(one, labels if technique == "EI" else {}) | {"misses": misses(one)}
        if technique == "EI":
            parts["goals"] = goals(one)
            parts["most_probable_absent"] = most_probable_absent(one, "SWGDRUG 3.4")
        for name, rows in parts.items():
            write(out / f"{short}_{name}.csv", rows)
            if name not in ("misses", "curve"):
                show(f"{technique}, {name.replace('_', ' ')}", rows)
        figures[technique] = parts
        draw(one, out)
        if options.calibrations:
            made = calibrate(trials, technique, name=f"nps_spectra {technique}", data=described, made=options.date)
            made.to_json(Path(options.calibrations) / f"{short}.json")
    (out / "identification.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
