"""Libraries larger than the measured one: its spectra, then those of substances that differ by a few groups of atoms.

A copy that keeps its masses would be a bad stand-in for other substances: behind a precursor gate there would be as
many more spectra as there are copies. So every substance of every copy differs by one or two substitutions: the
precursor, and all peaks above a share of it that is drawn for the substance, move by their mass. What is written of a
copy beside its masses (names, formula, structure) is that of the measured spectrum; no search looks at it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nps_spectra import Library, Spectra
from nps_spectra.columns import Column, NumberColumn, TextColumn
from nps_spectra.library import store
from nps_spectra.substances import Substances

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

#: What substitutions add, in Da.
SUBSTITUTIONS = {
    "CH2": 14.015650,
    "O": 15.994915,
    "F for H": 17.990578,
    "Cl for H": 33.961028,
    "Br for H": 77.910512,
    "H2": 2.015650,
    "H2O": 18.010565,
    "NH": 15.010899,
    "CO": 27.994915,
    "CH2O": 30.010565,
    "CN for H": 24.995249,
    "NO2 for H": 44.985078,
    "CF3 for H": 67.987384,
    "C2H4": 28.031300,
    "C3H6": 42.046950,
    "C4H8": 56.062600,
    "C6H4": 76.031300,
    "SO2": 63.961901,
}
#: No mass falls below this, in Da.
_LEAST_MASS = 80.0
_LEAST_PEAK = 30.0
#: A text that takes most of a file of MassBank and that no search looks at.
_LEFT_OUT = ("original",)


@dataclass(frozen=True, slots=True)
class _Base:
    """What all copies are made of."""

    spectra: Spectra
    of_row: Int
    owner: Int
    #: Precursor m/z, of EI the nominal mass, else the highest m/z: what peaks are a share of.
    mass: Float
    whole: npt.NDArray[np.bool_]


def write(library: Library, count: int, file: Path) -> Path:
    """A library file of so many spectra, made of those of another library; some of them, or all and copies.

    The digests are numbers: those of millions of spectra would take longer than the search of them.
    """
    part = _lean(library.spectra)
    substances = library.substances
    if count < len(part):
        rows = np.sort(np.random.default_rng(1).permutation(len(part))[:count])
        part, substances = part.select(rows), substances.take(rows)
    parts = [part, *_copies(part, substances.of_row, count - len(part))]
    keys = tuple(f"{copy}:{key}" if copy else key for copy in range(len(parts)) for key in substances.keys)
    of_row = [substances.of_row[: len(one)] + copy * len(substances) for copy, one in enumerate(parts)]
    digests = np.zeros((count, 4), dtype=np.int64)
    digests[:, 0] = np.arange(count)
    store.write(
        file,
        name=f"{count} spectra",
        created_by="benchmarks",
        sources=[],
        parts=[(one, None) for one in parts],
        substances=Substances(keys, np.concatenate(of_row)),
        digests=digests.view(np.uint8),
        events=[],
    )
    return file


def _lean(spectra: Spectra) -> Spectra:
    none = TextColumn(np.empty(0, dtype=np.uint8), np.zeros(len(spectra) + 1, dtype=np.int64))
    columns = {name: none if name in _LEFT_OUT else column for name, column in spectra.columns.items()}
    return Spectra(spectra.mz, spectra.intensity, spectra.offsets, columns)


def _copies(spectra: Spectra, of_row: Int, count: int) -> Iterator[Spectra]:
    """So many spectra of other substances, in parts as large as what they are made of."""
    lengths = np.diff(spectra.offsets)
    precursor, nominal = spectra.numbers("precursor_mz"), spectra.numbers("nominal_mass")
    highest = np.maximum.reduceat(spectra.mz, spectra.offsets[:-1])
    mass = np.where(np.isnan(precursor), np.where(np.isnan(nominal), highest, nominal), precursor)
    base = _Base(spectra, of_row, np.repeat(np.arange(len(spectra)), lengths), mass, spectra.mz == np.round(spectra.mz))
    number = 0
    while count > 0:
        number += 1
        copy = _copy(base, np.random.default_rng(number))
        yield copy if count >= len(copy) else copy[:count]
        count -= len(copy)


def _copy(base: _Base, random: np.random.Generator) -> Spectra:
    """All spectra with other substituents, intensities that vary by a fifth, and m/z by 2 mDa if they are not whole."""
    spectra, owner, mass = base.spectra, base.owner, base.mass
    kinds = int(base.of_row.max()) + 1
    first, second = random.choice(list(SUBSTITUTIONS.values()), (2, kinds))
    sign, other = random.choice([-1.0, 1.0], (2, kinds))
    change = (sign * first + np.where(random.random(kinds) < 0.5, other * second, 0.0))[base.of_row]
    change = np.where(mass + change < np.maximum(_LEAST_MASS, 0.6 * mass), np.abs(change), change)
    above = np.maximum(random.uniform(0.15, 0.85, kinds)[base.of_row] * mass, _LEAST_PEAK - change)
    moved = np.where(spectra.mz > above[owner], change[owner], 0.0)
    noise = np.clip(random.normal(0.0, 0.002, len(moved)), -0.02, 0.02)
    mz = spectra.mz + np.where(base.whole, np.round(moved), moved + noise)
    intensity = spectra.intensity * random.lognormal(0.0, 0.2, len(mz)).astype(np.float32)
    order = np.lexsort((mz, owner))
    columns: dict[str, Column] = dict(spectra.columns)
    for name, by in (("precursor_mz", change), ("exact_mass", change), ("nominal_mass", np.round(change))):
        columns[name] = NumberColumn(spectra.numbers(name) + by)
    return Spectra(mz[order], intensity[order], spectra.offsets, columns)
