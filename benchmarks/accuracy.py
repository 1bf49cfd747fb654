"""How often the right substance comes first, on measured spectra: ``python benchmarks/accuracy.py [--out FILE]``.

Queries are never in the library they are searched in: a replicate of the same substance must be a different
measurement (plain cosine below 0.9995), and across contributors everything of the query's contributor is left
out. A substance is right if its molecular skeleton and nominal mass are those of the query. Confidence
intervals are Wilson's, 95 %, over queries.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nps_spectra import Library, Spectra, read_spectra, search
from nps_spectra.spectra import joined
from nps_spectra.substances import normalised_name, substances_of

SAME_MEASUREMENT = 0.9995
METHODS: dict[str, dict[str, object]] = {
    "nist_identity": {},
    "nist_simple": {},
    "weighted_cosine": {},
    "weighted_cosine, square root": {"mz_exponent": 0.0, "intensity_exponent": 0.5},
    "entropy": {},
    "entropy, unweighted": {"weighted": False},
}
TOPS = (1, 3, 10)
Row = dict[str, object]


def wilson(right: int, total: int) -> tuple[float, float]:
    """95 % confidence interval of a proportion (Wilson 1927, doi:10.1080/01621459.1927.10502953), in per cent."""
    if total == 0:
        return (0.0, 100.0)
    z, share = 1.959964, right / total
    centre = share + z * z / (2 * total)
    half = z * np.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 100 / (1 + z * z / total)
    return (float(scale * (centre - half)), float(scale * (centre + half)))


def evaluate(
    work: str,
    queries: Spectra,
    truth: Sequence[int],
    library: Library,
    leave_out: Sequence[npt.NDArray[np.int64] | None],
    methods: Sequence[str],
    **options: object,
) -> list[Row]:
    """Share of queries whose substance is among the first hits, one row a method."""
    rows: list[Row] = []
    for label in methods:
        started = time.perf_counter()
        hits = search(
            queries,
            library,
            method=label.split(",")[0],
            top=max(TOPS),
            leave_out=leave_out,
            **(METHODS[label] | options),  # type: ignore[arg-type]
        )
        seconds = time.perf_counter() - started
        ranks = []
        for query, right in zip(hits.queries, truth, strict=True):
            found = [library.substances.of_row[hit.library_id] for hit in query.hits]
            ranks.append(found.index(right) + 1 if right in found else 10**9)
        row: Row = {"work": work, "method": label, "queries": len(ranks), "seconds": round(seconds, 1)}
        for top in TOPS:
            right = sum(rank <= top for rank in ranks)
            row[f"top{top}"] = round(100 * right / len(ranks), 2)
            row[f"top{top}_ci"] = [round(limit, 1) for limit in wilson(right, len(ranks))]
        rows.append(row)
        print(
            f"{work:<44} {label:<28} n {len(ranks):>5}   top-1 {row['top1']:>6} {row['top1_ci']}   "
            f"top-3 {row['top3']:>6} {row['top3_ci']}   top-10 {row['top10']:>6}   {seconds:.1f} s",
            flush=True,
        )
    return rows


def nominal(spectra: Spectra) -> npt.NDArray[np.float32]:
    """Unit vectors of nominal-mass spectra, shape (spectra, 1200): to tell copies of one measurement."""
    dense = np.zeros((len(spectra), 1200), dtype=np.float32)
    for row in range(len(spectra)):
        start, stop = spectra.offsets[row], spectra.offsets[row + 1]
        np.add.at(
            dense[row],
            np.minimum(np.ceil(spectra.mz[start:stop] - 0.649).astype(int), 1199),
            spectra.intensity[start:stop],
        )
    return dense / np.maximum(np.linalg.norm(dense, axis=1, keepdims=True), 1e-12)


def swgdrug(data: Path, folder: Path) -> list[Row]:
    """Replicates inside SWGDRUG 3.4, and the fentanyl analogues measured elsewhere."""
    library = Library.build(data / "swgdrug_ei" / "swgdrug_3.4.msp", folder / "swgdrug.h5")
    substance = library.substances.of_row
    counts = Counter(substance.tolist())
    copies = nominal(library.spectra) @ nominal(library.spectra).T >= SAME_MEASUREMENT
    chosen, left_out = [], []
    for row in range(len(library)):
        same = np.flatnonzero(copies[row]).astype(np.int64)
        others = set(np.flatnonzero(substance == substance[row]).tolist()) - set(same.tolist())
        if counts[int(substance[row])] > 1 and others:
            chosen.append(row)
            left_out.append(np.union1d(same, [row]))
    truth = [int(substance[row]) for row in chosen]
    rows = evaluate(
        "SWGDRUG 3.4, own replicates", library.spectra.select(chosen), truth, library, left_out, list(METHODS)
    )
    queries = read_spectra(data / "nist_fentanyl_ei" / "queries")
    keep, truth, left_out = _fentanyl_truth(queries, library, data)
    rows += evaluate("fentanyl queries in SWGDRUG 3.4", queries.select(keep), truth, library, left_out, list(METHODS))
    return rows


def _fentanyl_truth(
    queries: Spectra, library: Library, data: Path
) -> tuple[list[int], list[int], list[npt.NDArray[np.int64] | None]]:
    """Queries with their substance: by InChIKey, else by a name that the library or the NIST set has."""
    named = read_spectra(data / "nist_fentanyl_ei" / "single_modification_library.msp")
    both = substances_of(joined([library.spectra, named, queries]))
    at = len(library) + len(named)
    similar = nominal(queries) @ nominal(library.spectra).T
    by_name = {normalised_name(name): row for row, name in enumerate(library.spectra.texts("name").to_list()) if name}
    keep, truth, left_out = [], [], []
    for number, query in enumerate(queries):
        substance = both.of_row[at + number]
        rows = np.flatnonzero(both.of_row[: len(library)] == substance)
        names = [query.name or "", *query.synonyms]
        rows = (
            rows
            if len(rows)
            else np.array([by_name[normalised_name(n)] for n in names if normalised_name(n) in by_name])
        )
        copies = np.flatnonzero(similar[number] >= SAME_MEASUREMENT).astype(np.int64)
        if len(np.setdiff1d(rows, copies)):
            keep.append(number)
            truth.append(int(library.substances.of_row[int(rows[0])]))
            left_out.append(copies)
    return keep, truth, left_out


def across_contributors(
    work: str,
    library: Library,
    candidates: npt.NDArray[np.bool_],
    methods: Sequence[str],
    limit: int | None,
    **options: object,
) -> list[Row]:
    """Every query searched among the spectra of the other contributors that have its substance."""
    contributors = np.array([name or "" for name in library.spectra.texts("contributor").to_list()])
    substance = library.substances.of_row
    keyed = np.array([key is not None for key in library.spectra.texts("inchikey").to_list()])
    pairs = {(int(s), str(c)) for s, c in zip(substance[candidates], contributors[candidates], strict=True) if c}
    several = {s for s, count in Counter(s for s, _ in pairs).items() if count > 1}
    eligible = np.flatnonzero(candidates & keyed & (contributors != "") & np.isin(substance, list(several)))
    if limit is not None and len(eligible) > limit:
        eligible = np.sort(np.random.default_rng(0).choice(eligible, limit, replace=False))
    outside = np.flatnonzero(~candidates).astype(np.int64)
    own = {name: np.union1d(np.flatnonzero(contributors == name), outside) for name in set(contributors[eligible])}
    truth = [int(substance[row]) for row in eligible]
    left_out = [own[contributors[row]] for row in eligible]
    return evaluate(work, library.spectra.select(eligible), truth, library, left_out, methods, **options)


def massbank(data: Path, folder: Path, limit: int) -> list[Row]:
    """MassBank EI with the SWGDRUG 3.11 spectra, and MassBank MS/MS, across contributors."""
    whole = read_spectra(next((data / "massbank").glob("*.tar.xz")))
    level, kind = whole.numbers("ms_level"), np.array([name or "" for name in whole.texts("ionization").to_list()])
    electron = np.flatnonzero((kind == "EI") & (level == 1))
    ei = Library.build([whole.select(electron), data / "swgdrug_nps_ei" / "spectra.csv"], folder / "massbank_ei.h5")
    rows = across_contributors("MassBank EI, other contributors", ei, np.ones(len(ei), bool), list(METHODS), None)
    instrument = np.array([name or "" for name in whole.texts("instrument_type").to_list()])
    positive = np.array([polarity == "positive" for polarity in whole.texts("polarity").to_list()])
    chosen = np.flatnonzero(
        (level == 2)
        & positive
        & np.isin(kind, ["ESI", "APCI", "APPI"])
        & ~np.char.startswith(instrument, "GC")
        & ~np.isnan(whole.numbers("precursor_mz"))
    )
    msms = Library.build(whole.select(chosen), folder / "massbank_msms.h5")
    types = np.array([name or "" for name in msms.spectra.texts("instrument_type").to_list()])
    accurate = np.array([any(token in name for token in ("TOF", "FT")) for name in types])
    methods = ["weighted_cosine", "entropy", "entropy, unweighted"]
    for label, mask in (("all instruments", np.ones(len(msms), bool)), ("TOF and FT", accurate)):
        rows += across_contributors(
            f"MassBank MS/MS, {label}, 20 ppm", msms, mask, methods, limit, precursor_tolerance="20 ppm"
        )
        rows += across_contributors(f"MassBank MS/MS, {label}, open", msms, mask, methods, limit)
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--data", default=os.environ.get("NPS_SPECTRA_DATA", Path(__file__).parents[2] / "shared" / "data")
    )
    parser.add_argument("--only", choices=("swgdrug", "massbank"))
    parser.add_argument("--queries", type=int, default=2000, help="MS/MS queries, drawn with seed 0")
    parser.add_argument("--out", help="write the figures to this JSON file")
    options = parser.parse_args()
    data = Path(options.data)
    parts: dict[str, Callable[[Path, Path], list[Row]]] = {
        "swgdrug": swgdrug,
        "massbank": lambda source, folder: massbank(source, folder, options.queries),
    }
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, part in parts.items():
            if options.only in (None, name):
                rows += part(data, Path(folder))
    if options.out:
        result = {"machine": platform.platform(), "python": platform.python_version(), "rows": rows}
        Path(options.out).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
