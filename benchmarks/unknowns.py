"""Molecular mass, analogues and changed parts of unknowns: ``python benchmarks/unknowns.py [--fit] [--out FILE]``.

Nothing asked is in the library: the query's group (formula, skeleton, near-identical spectra) is left out whole.
Weights of the molecular mass are fitted on one half of the groups of SWGDRUG 3.4 (``--fit`` writes them into the
package) and reported on the other, and on MassBank. ``--queries`` limits how many spectra the library is asked for, a
second each. Intervals are Clopper & Pearson's, 95 %.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nps_spectra import Library, Spectra, read_spectra
from nps_spectra.atomic import write_text
from nps_spectra.identification import molecular_mass
from nps_spectra.identification.analogues import analogue_search
from nps_spectra.identification.class_features import nominal_intensities
from nps_spectra.identification.class_training import SAME_MEASUREMENT, groups_of
from nps_spectra.identification.fentanyl_parts import FENTANYL, changed_parts
from nps_spectra.identification.molecular_mass import (
    OFFSETS,
    MassWeights,
    fitted_weights,
    heaviest_peak,
    hit_evidence,
    molecular_masses_of,
    peak_evidence,
)
from nps_spectra.proficiency.intervals import proportion
from nps_spectra.substances.identity import mass_of

Int = npt.NDArray[np.int64]
Row = dict[str, object]
#: Substances of SWGDRUG 3.11 with one change that NIST's single-modification library lacks: part and mass difference,
#: from the structures that the names say.
OTHER_ANALOGUES = {
    "2'-Fluorofentanyl": ("A", 18),
    "3'-Fluorofentanyl": ("A", 18),
    "4'-Fluorofentanyl": ("A", 18),
    "2'-Methyl Fentanyl": ("A", 14),
    "3'-Methyl Fentanyl": ("A", 14),
    "2',3'-Dimethoxy Fentanyl": ("A", 60),
    "3',4'-Dimethoxy Fentanyl": ("A", 60),
    "3',5'-Dimethoxy Fentanyl": ("A", 60),
    "2',5'-Dimethoxyfentanyl": ("A", 60),
    "4-Methyl Fentanyl": ("C", 14),
    "Hexanoyl fentanyl": ("E", 42),
    "Heptanoyl fentanyl": ("E", 56),
    "Senecioylfentanyl": ("E", 26),
    "Tigloyl fentanyl": ("E", 26),
    "Cyclopropaneacetyl fentanyl": ("E", 26),
    "Phenoxyacetyl fentanyl": ("E", 78),
    "para-Toluoyl fentanyl": ("E", 62),
    "beta'-Phenyl fentanyl": ("E", 76),
    "Thiophene fentanyl 3-thiophenecarboxamide": ("E", 54),
    "Tetrahydrothiophene fentanyl": ("E", 58),
    "Fentanyl Methyl Carbamate": ("E", 2),
}


def share(right: int, total: int) -> str:
    """A proportion in per cent with its interval."""
    if total == 0:
        return "-"
    found = proportion(right, total)
    assert found.value is not None
    assert found.exact_low is not None
    assert found.exact_high is not None
    return f"{100 * found.value:.1f} ({100 * found.exact_low:.1f}-{100 * found.exact_high:.1f}), n {total}"


def usable(spectra: Spectra) -> tuple[Int, Int]:
    """Rows with a known mass of 100 to 600 Da and five peaks, and the masses of all."""
    columns = (spectra.columns[name].to_list() for name in ("formula", "nominal_mass", "exact_mass"))
    masses = [mass_of(formula, nominal, exact) for formula, nominal, exact in zip(*columns, strict=True)]
    rows = [
        k
        for k, mass in enumerate(masses)
        if mass is not None and 100 <= mass <= 600 and np.diff(spectra.offsets)[k] >= 5
    ]
    return np.array(rows, dtype=np.int64), np.array([mass or 0 for mass in masses], dtype=np.int64)


def fit(spectra: Spectra, rows: Int, masses: Int, groups: Int, library: Library, count: int) -> MassWeights:
    """Offsets and weights of the peaks from all rows, of the library's hits from some."""
    intensities = nominal_intensities(spectra)
    counts = np.full(len(OFFSETS), 0.2)
    for row in rows.tolist():
        offset = int(masses[row]) - heaviest_peak(intensities[row])
        if offset in OFFSETS:
            counts[offset - OFFSETS.start] += 1
    offsets = np.log(counts / counts.sum())
    evidence, right = [], []
    for row in rows.tolist():
        asked, found = peak_evidence(spectra[row], offsets)
        if masses[row] in asked:
            evidence.append(found)
            right.append(int(np.flatnonzero(asked == masses[row])[0]))
    peaks = fitted_weights(evidence, right)
    evidence, right = [], []
    for row in rows[:count].tolist():
        asked, found = peak_evidence(spectra[row], offsets)
        first = np.sort(np.argsort(-(found @ peaks), kind="stable")[: molecular_mass.ASKED])
        if masses[row] in asked[first]:
            hits = hit_evidence(spectra[row], asked[first], library, np.flatnonzero(groups == groups[row]))
            evidence.append(np.hstack([found[first], hits]))
            right.append(int(np.flatnonzero(asked[first] == masses[row])[0]))
    return MassWeights(offsets, peaks, fitted_weights(evidence, right))


def mass_rows(
    name: str,
    spectra: Spectra,
    rows: Sequence[int],
    masses: Int,
    weights: MassWeights | None,
    library: Library | None,
    left_out: Sequence[Int] | None,
) -> Row:
    """How often the true mass is the first hypothesis, or among the first three."""
    ranks, said = [], []
    for at, row in enumerate(rows):
        found = molecular_masses_of(
            spectra[row], library, weights=weights, leave_out=None if left_out is None else left_out[at]
        )
        order = [one.mass for one in found]
        ranks.append(order.index(masses[row]) if masses[row] in order else len(order))
        said.append(found[0].probability)
    right = np.array(ranks) == 0
    sure = np.array(said) >= 0.9
    row_of: Row = {
        "spectra": name,
        "evidence": "peaks" if library is None else "peaks and hybrid hits",
        "first": share(int(right.sum()), len(ranks)),
        "among first three": share(sum(rank < 3 for rank in ranks), len(ranks)),
        "mean probability of the first": round(float(np.mean(said)), 3),
        "probability 0.9 or more": share(int(sure.sum()), len(ranks)),
        "then right": share(int(right[sure].sum()), int(sure.sum())),
    }
    print(row_of, flush=True)
    return row_of


def part_rows(data: Path) -> list[Row]:
    """Whether the changed part of fentanyl is told."""
    known = [
        (str(one.original["Comments"][0])[-1], one.nominal_mass, one)
        for one in read_spectra(data / "nist_fentanyl_ei" / "single_modification_library.msp")
    ]
    measured = [
        (folder.name[-1], one.nominal_mass, one)
        for folder in sorted((data / "nist_fentanyl_ei" / "queries" / "Type1FentanylReplicates").iterdir())
        for one in read_spectra(folder)
    ]
    # Some of the replicates are copies of the library's own measurements, number for number.
    vectors = nominal_intensities(Spectra.of([*(one for _, _, one in known), *(one for _, _, one in measured)]))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    copied = (vectors[len(known) :] @ vectors[: len(known)].T).max(axis=1) >= SAME_MEASUREMENT
    measured = [one for one, copy in zip(measured, copied.tolist(), strict=True) if not copy]
    table = [
        (*OTHER_ANALOGUES[str(one.name)], one)
        for one in read_spectra(data / "swgdrug_nps_ei" / "spectra.csv")
        if one.name in OTHER_ANALOGUES
    ]
    rows: list[Row] = []
    for name, cases in (
        ("single-modification library", known),
        ("replicates of it measured elsewhere", measured),
        ("other analogues of SWGDRUG 3.11", [(part, FENTANYL + step, one) for part, step, one in table]),
    ):
        asked = [(part, changed_parts(one, mass), one) for part, mass, one in cases if mass not in (None, FENTANYL)]
        single = [(part, found) for part, found, _ in asked if len(found) == 1]
        rows.append(
            {
                "spectra": name,
                "asked": len(asked),
                "true part among those given": share(
                    sum(part in [x.part for x in found] for part, found, _ in asked), len(asked)
                ),
                "one part given": share(len(single), len(asked)),
                "then right": share(sum(found[0].part == part for part, found in single), len(single)),
            }
        )
        print(rows[-1], flush=True)
        for part, found, one in asked:
            if part not in [x.part for x in found]:
                print(f"   {one.name}: {part}, given {[x.part for x in found]}")
    return rows


def analogue_rows(spectra: Spectra, rows: Sequence[int], masses: Int, groups: Int, library: Library) -> Row:
    """Whether fentanyl or an analogue leads the list of a fentanyl analogue whose mass is not known."""
    led, right = 0, 0
    for row in rows:
        query = molecular_mass.with_mass(spectra[row], None)
        found = analogue_search(query, library, top=1, leave_out=np.flatnonzero(groups == groups[row]))
        led += "fentan" in str(found[0].hit.name).lower()
        right += found[0].molecular_mass == masses[row]
    row_of: Row = {
        "spectra": "fentanyl analogues, molecular mass not stated",
        "a fentanyl leads": share(led, len(rows)),
        "under the true mass": share(right, len(rows)),
    }
    print(row_of, flush=True)
    return row_of


def main() -> None:
    """Run all parts and print their rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared" / "data")
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--massbank", action="store_true")
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    found: dict[str, list[Row]] = {"changed part of fentanyl": part_rows(chosen.data)}
    spectra = read_spectra(chosen.data / "swgdrug_ei" / "swgdrug_3.4.msp")
    library = Library(spectra, name="SWGDRUG 3.4")
    groups = groups_of(spectra)
    rows, masses = usable(spectra)
    draw = np.random.default_rng(0)
    half = set(draw.permutation(np.unique(groups))[: len(np.unique(groups)) // 2].tolist())
    first = draw.permutation(np.array([row for row in rows.tolist() if groups[row] in half], dtype=np.int64))
    second = draw.permutation(np.array([row for row in rows.tolist() if groups[row] not in half], dtype=np.int64))
    weights = None
    if chosen.fit:
        weights = fit(spectra, first, masses, groups, library, chosen.queries)
        lines = [
            f"{json.dumps(name)}: {json.dumps(np.round(getattr(weights, name), 4).tolist())}"
            for name in ("offsets", "peaks", "joint")
        ]
        write_text(
            Path(molecular_mass.__file__).parent / "data" / "molecular_mass.json", "{\n" + ",\n".join(lines) + "\n}\n"
        )
    some = second[: chosen.queries].tolist()
    left_out = [np.flatnonzero(groups == groups[row]) for row in some]
    name = "SWGDRUG 3.4, other half of the groups"
    found["molecular mass"] = [
        mass_rows(name, spectra, second.tolist(), masses, weights, None, None),
        mass_rows(name, spectra, some, masses, weights, library, left_out),
    ]
    if chosen.massbank:
        every = read_spectra(chosen.data / "massbank" / "MassBank-data-2025.05.1.tar.xz")
        names = every.texts("ionization").to_list()
        others = every.select([k for k, ionisation in enumerate(names) if ionisation == "EI"])
        usable_rows, other_masses = usable(others)
        drawn = draw.permutation(usable_rows)
        skeletons = [str(key or "")[:14] for key in spectra.texts("inchikey").to_list()]
        of_others = [str(key or "")[:14] for key in others.texts("inchikey").to_list()]
        same = [
            np.flatnonzero([key != "" and key == of_others[row] for key in skeletons])
            for row in drawn[: chosen.queries].tolist()
        ]
        found["molecular mass"] += [
            mass_rows("MassBank", others, drawn[:2000].tolist(), other_masses, weights, None, None),
            mass_rows("MassBank", others, drawn[: chosen.queries].tolist(), other_masses, weights, library, same),
        ]
    fentanyls = [row for row in second.tolist() if "fentan" in str(spectra[row].name).lower()]
    found["analogues"] = [analogue_rows(spectra, fentanyls[:40], masses, groups, library)]
    if chosen.out:
        chosen.out.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
