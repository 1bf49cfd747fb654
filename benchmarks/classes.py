"""How often the NPS class of an EI spectrum is right: ``python benchmarks/classes.py [--massbank] [--out FILE]``.

Three questions, each on spectra that the model had not seen. Seven classes: the table of Wong et al. 2023, plain 5-fold
(as published figures are made) and with substances of one formula or near-identical spectra never on both sides.
Absent substances: nested, grouped cross-validation over SWGDRUG 3.4, that table and NIST's fentanyl analogues, in which
each measurement counts once; scores are calibrated and thresholds set by folds inside the training folds. Another
laboratory: MassBank's EI spectra, by the model of all the others. Intervals are Clopper & Pearson's, 95 %.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nps_spectra import Spectra, read_spectra
from nps_spectra.identification.class_features import nominal_intensities
from nps_spectra.identification.class_labels import NONE_OF_THESE, SEVEN, structures_in
from nps_spectra.identification.class_training import TrainingSet, groups_of, training_set
from nps_spectra.identification.classes import ClassEstimator, fold_of_groups
from nps_spectra.proficiency.intervals import proportion

Int = npt.NDArray[np.int64]
Row = dict[str, object]
FOLDS, OUTER, SEEDS = 5, 8, 5


def share(right: int, total: int) -> str:
    """A proportion in per cent with its interval."""
    if total == 0:
        return "-"
    found = proportion(right, total)
    assert found.value is not None
    assert found.exact_low is not None
    assert found.exact_high is not None
    return f"{100 * found.value:.1f} ({100 * found.exact_low:.1f}-{100 * found.exact_high:.1f})"


def seven_classes(table: Spectra) -> list[Row]:
    """Accuracy of seven classes, plain and grouped, ours and (where it is installed) that of scikit-learn."""
    truth = [SEVEN[int(one.original["label"][0])] for one in table]
    numbers = np.array([SEVEN.index(label) for label in truth], dtype=np.int64)
    groups = groups_of(table)
    rows: list[Row] = []
    for name, chosen in (("plain", np.arange(len(table), dtype=np.int64)), ("isomer groups never split", groups)):
        for model in ("ours", "ExtraTrees", "HistGradientBoosting"):
            started = time.process_time()
            seeds = SEEDS if model != "HistGradientBoosting" else 1
            right = [_seven(table, truth, numbers, _shuffled(chosen, seed), model, seed) for seed in range(seeds)]
            if right[0] is None:
                continue
            found = np.array(right, dtype=np.float64)
            rows.append(
                {
                    "folds": name,
                    "model": model,
                    "accuracy": f"{100 * found.mean() / len(table):.1f}",
                    "sd over draws": f"{100 * found.std() / len(table):.1f}" if seeds > 1 else "",
                    "first draw": share(int(found[0]), len(table)),
                    "CPU s": round(time.process_time() - started),
                }
            )
            print(rows[-1], flush=True)
    return rows


def _shuffled(groups: Int, seed: int) -> Int:
    """The same groups with other names, so that folds are dealt out anew."""
    names = np.random.default_rng(seed).permutation(int(groups.max()) + 1)
    return np.asarray(names[groups], dtype=np.int64)


def _seven(table: Spectra, truth: Sequence[str], numbers: Int, groups: Int, model: str, seed: int) -> int | None:
    fold = fold_of_groups(groups, numbers, FOLDS)
    right = 0
    for number in range(FOLDS):
        kept, out = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        if model == "ours":
            fitted = ClassEstimator().fit(table.select(kept), [truth[k] for k in kept], groups[kept].tolist())
            said = fitted.predict(table.select(out))
            right += sum(a == truth[k] for a, k in zip(said, out.tolist(), strict=True))
        else:
            peer = _peer(model, seed)
            if peer is None:
                return None
            intensities = np.sqrt(nominal_intensities(table))
            right += int((peer.fit(intensities[kept], numbers[kept]).predict(intensities[out]) == numbers[out]).sum())
    return right


def _peer(model: str, seed: int):  # type: ignore[no-untyped-def]
    try:
        from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier
    except ImportError:
        return None
    if model == "ExtraTrees":
        return ExtraTreesClassifier(500, random_state=seed)
    return HistGradientBoostingClassifier(random_state=seed)


def absent_substances(training: TrainingSet) -> list[Row]:
    """Class of substances whose group the model has never seen, and whether it was stated."""
    names = sorted(set(training.labels))
    numbers = np.array([names.index(label) for label in training.labels], dtype=np.int64)
    fold = fold_of_groups(training.groups, numbers, OUTER)
    said: list[str | None] = [None] * len(numbers)
    highest = np.zeros(len(numbers))
    best = [""] * len(numbers)
    for number in range(OUTER):
        kept, out = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        model = ClassEstimator().fit(
            training.spectra.select(kept), [training.labels[k] for k in kept], training.groups[kept].tolist()
        )
        for k, estimate in zip(out.tolist(), model.estimates(training.spectra.select(out)), strict=True):
            said[k] = estimate.label
            best[k], highest[k] = estimate.probabilities[0]
    rows = _tables(training.labels, said, best, highest, names)
    wrong = [
        f"{name}: {truth} stated as {label}"
        for name, truth, label in zip(training.spectra.texts("name").to_list(), training.labels, said, strict=True)
        if label not in (None, truth) and truth != NONE_OF_THESE
    ]
    print(*wrong, sep="\n", flush=True)
    return rows


def _tables(
    truth: Sequence[str],
    said: Sequence[str | None],
    best: Sequence[str],
    highest: npt.NDArray[np.float64],
    names: list[str],
) -> list[Row]:
    rows: list[Row] = []
    for name in ["every class", *[one for one in names if one != NONE_OF_THESE], NONE_OF_THESE]:
        mine = [
            k for k, label in enumerate(truth) if label == name or (name == "every class" and label != NONE_OF_THESE)
        ]
        stated = [k for k in mine if said[k] not in (None, NONE_OF_THESE)]
        rows.append(
            {
                "class": name,
                "spectra": len(mine),
                "most probable class right": share(sum(best[k] == truth[k] for k in mine), len(mine)),
                "a class stated": share(len(stated), len(mine)),
                "right where stated": share(sum(said[k] == truth[k] for k in stated), len(stated))
                if name != NONE_OF_THESE
                else "-",
                '"none of these" stated': share(sum(said[k] == NONE_OF_THESE for k in mine), len(mine)),
            }
        )
        print(rows[-1], flush=True)
    bins = np.minimum((highest * 10).astype(int), 9)
    right = np.array([a == b for a, b in zip(best, truth, strict=True)])
    error = sum(
        abs(float(right[bins == b].mean() - highest[bins == b].mean())) * float((bins == b).mean())
        for b in set(bins.tolist())
    )
    rows.append(
        {
            "class": "expected calibration error, 10 bins",
            "spectra": len(right),
            "most probable class right": f"{error:.3f}",
        }
    )
    print(rows[-1], flush=True)
    return rows


def other_laboratories(training: TrainingSet, others: Spectra, structures: dict[str, str]) -> list[Row]:
    """Spectra of MassBank by the model of the rest: copies of its spectra and members of its groups are left out."""
    joint = training_set([training.spectra, others], structures)
    taken = {int(group) for group in joint.groups[joint.origin == 0]}
    rows = [k for k in range(len(joint.labels)) if joint.origin[k] == 1 and int(joint.groups[k]) not in taken]
    model = ClassEstimator().fit(training.spectra, training.labels, training.groups.tolist())
    estimates = model.estimates(joint.spectra.select(rows))
    truth = [joint.labels[k] for k in rows]
    best, highest = zip(*(one.probabilities[0] for one in estimates), strict=True)
    return _tables(truth, [one.label for one in estimates], best, np.array(highest), sorted(set(truth)))


def markdown(rows: Sequence[Row]) -> str:
    """A table for benchmarks/README.md."""
    columns = list(rows[0])
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return "\n".join(lines + ["| " + " | ".join(str(row.get(name, "")) for name in columns) + " |" for row in rows])


def main() -> None:
    """Run the parts and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared" / "data")
    parser.add_argument("--massbank", action="store_true", help="also the spectra of other laboratories")
    parser.add_argument("--skip-seven", action="store_true")
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    table = read_spectra(chosen.data / "swgdrug_nps_ei" / "spectra.csv")
    found: dict[str, list[Row]] = {} if chosen.skip_seven else {"seven classes": seven_classes(table)}
    massbank = read_spectra(chosen.data / "massbank" / "MassBank-data-2025.05.1.tar.xz")
    structures = structures_in([massbank])
    training = training_set(
        [
            read_spectra(chosen.data / "swgdrug_ei" / "swgdrug_3.4.msp"),
            table,
            read_spectra(chosen.data / "nist_fentanyl_ei" / "single_modification_library.msp"),
        ],
        structures,
    )
    print(
        f"{len(training.spectra)} spectra in {len(set(training.groups.tolist()))} groups; left out {training.left_out}"
    )
    found["absent substances"] = absent_substances(training)
    if chosen.massbank:
        ionisation = massbank.texts("ionization").to_list()
        others = massbank.select([k for k, name in enumerate(ionisation) if name == "EI"])
        found["other laboratories"] = other_laboratories(training, others, structures)
    for name, rows in found.items():
        print(f"\n## {name}\n\n{markdown(rows)}")
    if chosen.out:
        chosen.out.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
