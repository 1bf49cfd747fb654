"""Scoring methods whose peaks may also match shifted by a mass difference, with everything resolved."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from nps_spectra.cleaning import CleanSpectra, kernel_arrays, widths
from nps_spectra.options import Tolerance
from nps_spectra.scorers import (
    BothWays,
    Entropy,
    Float,
    Int,
    Mask,
    Pairs,
    Prepared,
    Scorer,
    Scores,
    WeightedCosine,
    above_traces,
    kernel_rows,
    match_factor_limits,
    query_arrays,
    results_for,
)
from nps_spectra.spectra import Spectra
from nps_spectra.spectrum import Spectrum
from nps_spectra.substances.identity import mass_of

_PRECURSOR = "a precursor m/z"


def shifts_between(query_mass: float, masses: Float, tolerance: Tolerance) -> Float:
    """How far library peaks may move: the mass difference, 0 where it is inside the tolerance, NaN if not known."""
    absolute, relative = widths(tolerance)
    shifts = query_mass - masses
    shifts[np.abs(shifts) <= absolute + relative * 0.5 * (query_mass + masses)] = 0.0
    return shifts


def _run(
    kernel: Any,
    query: Prepared,
    row: int,
    library: Prepared,
    rows: Int,
    shifts: Float,
    tolerance: Tolerance,
    *rest: Any,
) -> None:
    """Call a kernel of this module: peaks of both sides, rows with their shifts, tolerance, and what is its own."""
    mz, values, offsets = kernel_arrays(library.clean.mz, library.values, library.clean.offsets)
    shifts, _, _ = kernel_arrays(shifts, shifts, offsets)
    kernel(*query_arrays(query, row), mz, values, offsets, kernel_rows(rows), shifts, *widths(tolerance), *rest)


def _both_arrays(query: Prepared, row: int, library: Prepared, library_row: int) -> tuple[Float, Float, Float, Float]:
    """m/z and values of two spectra as the kernels take them."""
    return *query_arrays(query, row), *query_arrays(library, library_row)


def _shift(query: Prepared, row: int, library: Prepared, library_row: int, tolerance: Tolerance) -> float:
    masses = library.masses[library_row : library_row + 1]
    return float(shifts_between(query.masses[row], masses, tolerance)[0])


@dataclass(frozen=True, kw_only=True)
class ModifiedCosine(BothWays, WeightedCosine):
    """Cosine of m^a I^b over the best one-to-one assignment of direct and shifted matches."""

    score_many = Scorer.score_many

    @property
    def needs_mass(self) -> str | None:
        return _PRECURSOR

    def both(self, query: Prepared, row: int, library: Prepared, rows: Int) -> tuple[Float, Float, Int]:
        from nps_spectra.kernels.modified_cosine import modified_cosine_scores

        (forward, matched), (reverse, _) = results_for(len(rows)), results_for(len(rows))
        shifts = shifts_between(query.masses[row], library.masses[rows], self.tolerance)
        _run(modified_cosine_scores, query, row, library, rows, shifts, self.tolerance, forward, reverse, matched)
        return forward, reverse, matched

    def pairs(self, query: Prepared, row: int, library: Prepared, library_row: int) -> Pairs:
        from nps_spectra.kernels.modified_cosine import assign

        shift = _shift(query, row, library, library_row, self.tolerance)
        arrays = _both_arrays(query, row, library, library_row)
        partner, shifted = np.empty(len(arrays[0]), dtype=np.int64), np.empty(len(arrays[0]), dtype=np.int64)
        assign(*arrays, shift, *widths(self.tolerance), partner, shifted)
        mine = np.flatnonzero(partner >= 0)
        return Pairs(mine, partner[mine], shifted[mine] > 0, np.ones(len(mine)))


@dataclass(frozen=True, kw_only=True)
class NeutralLoss(Entropy):
    """Spectral entropy similarity of the spectra of neutral losses."""

    @property
    def needs_mass(self) -> str | None:
        return _PRECURSOR

    def score_many(self, query: Prepared, queries: Int, library: Prepared, bounds: Int, rows: Int) -> Scores:
        from nps_spectra.kernels.neutral_loss import neutral_loss_scores

        score, matched = results_for(len(rows))
        shifts = np.repeat(query.masses[queries], np.diff(bounds)) - library.masses[rows]
        neutral_loss_scores(
            *kernel_arrays(query.clean.mz, query.values, query.clean.offsets),
            kernel_rows(queries),
            *kernel_arrays(library.clean.mz, library.values, library.clean.offsets),
            kernel_rows(bounds),
            kernel_rows(rows),
            kernel_arrays(shifts, shifts, bounds)[0],
            *widths(self.tolerance),
            score,
            matched,
        )
        return Scores(score, matched)

    def pairs(self, query: Prepared, row: int, library: Prepared, library_row: int) -> Pairs:
        from nps_spectra.kernels.neutral_loss import loss_partners

        arrays = _both_arrays(query, row, library, library_row)
        partner = np.empty(len(arrays[0]), dtype=np.int64)
        shift = float(query.masses[row] - library.masses[library_row])
        loss_partners(*arrays, shift, *widths(self.tolerance), partner)
        mine = np.flatnonzero(partner >= 0)
        # Losses of equal precursors agree where the peaks do: nothing is shifted.
        moved = _shift(query, row, library, library_row, self.tolerance) != 0
        return Pairs(mine, partner[mine], np.full(len(mine), moved), np.ones(len(mine)))


@dataclass(frozen=True, kw_only=True)
class Hybrid(BothWays):
    """NIST's hybrid similarity: library peaks are split between their own and their shifted m/z."""

    mz_min: float | None
    mz_max: float | None

    @property
    def needs_mass(self) -> str | None:
        return "a molecular mass" if self.technique == "EI" else _PRECURSOR

    def values_of(self, clean: CleanSpectra) -> Float:
        return clean.intensity

    def masses_of(self, spectra: Spectra | Spectrum, clean: CleanSpectra) -> Float:
        return molecular_masses(spectra) if self.technique == "EI" else clean.precursor_mz

    def both(self, query: Prepared, row: int, library: Prepared, rows: Int) -> tuple[Float, Float, Int]:
        from nps_spectra.kernels.hybrid import hybrid_scores

        (forward, matched), (reverse, _) = results_for(len(rows)), results_for(len(rows))
        _run(
            hybrid_scores,
            query,
            row,
            library,
            rows,
            shifts_between(query.masses[row], library.masses[rows], self.tolerance),
            self.tolerance,
            self.technique == "EI" and self.mz_min is None,
            0.0 if self.mz_min is None else float(self.mz_min),
            1e9 if self.mz_max is None else float(self.mz_max),
            1.0 if self.technique == "EI" else 0.0,
            forward,
            reverse,
            matched,
        )
        return self._scaled(forward), self._scaled(reverse), matched

    def _scaled(self, squared_cosine: Float) -> Float:
        if self.technique == "EI":
            return np.maximum(0.0, 1000.0 * squared_cosine - 0.5)
        return np.minimum(1.0, np.sqrt(squared_cosine))

    def pairs(self, query: Prepared, row: int, library: Prepared, library_row: int) -> Pairs:
        from nps_spectra.kernels.hybrid import split_peaks

        query_mz, query_values, mz, values = _both_arrays(query, row, library, library_row)
        low, high = self._limits(query_mz, mz)
        mine = slice(int(np.searchsorted(query_mz, low)), int(np.searchsorted(query_mz, high, "right")))
        theirs = slice(int(np.searchsorted(mz, low)), int(np.searchsorted(mz, high, "right")))
        arrays = query_mz[mine], query_values[mine], mz[theirs], values[theirs]
        n, m = len(arrays[0]), len(arrays[2])
        stays_at, moves_to = np.empty(m, dtype=np.int64), np.empty(m, dtype=np.int64)
        direct, arriving = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
        moved = np.empty(m)
        shift = _shift(query, row, library, library_row, self.tolerance)
        split_peaks(*arrays, shift, *widths(self.tolerance), stays_at, moves_to, direct, arriving, np.empty(n), moved)
        # Parts of less than one millionth of a peak are rounding.
        stay = np.flatnonzero((stays_at >= 0) & (arrays[3] - moved > 1e-6 * arrays[3]))
        move = np.flatnonzero((moves_to >= 0) & (moved > 1e-6 * arrays[3]))
        shifted = np.repeat([False, True], [len(stay), len(move)])
        going = moved / arrays[3]
        return Pairs(
            mine.start + np.concatenate([stays_at[stay], moves_to[move]]),
            theirs.start + np.concatenate([stay, move]),
            shifted,
            np.concatenate([1.0 - going[stay], going[move]]),
        )

    def compared(self, query: Prepared, row: int, library: Prepared, library_row: int) -> tuple[Mask, Mask]:
        if self.technique != "EI":
            return super().compared(query, row, library, library_row)
        limits = self._limits(query.clean.peaks(row)[0], library.clean.peaks(library_row)[0])
        return above_traces(query, row, library, library_row, self.pairs(query, row, library, library_row), limits)

    def _limits(self, query_mz: Float, mz: Float) -> tuple[float, float]:
        if self.technique == "EI":
            return match_factor_limits(query_mz, mz, self.mz_min, self.mz_max)
        return 0.0, math.inf  # the recipe applied them


def molecular_masses(spectra: Spectra | Spectrum) -> Float:
    """Nominal molecular mass of every spectrum: by its formula, else as stated, else by its exact mass; NaN: none."""
    if isinstance(spectra, Spectrum):
        found = [mass_of(spectra.formula, spectra.nominal_mass, spectra.exact_mass)]
    else:
        stated = (
            spectra.texts("formula").to_list(),
            *(
                [None if math.isnan(value) else value for value in spectra.numbers(name).tolist()]
                for name in ("nominal_mass", "exact_mass")
            ),
        )
        found = [mass_of(*one) for one in zip(*stated, strict=True)]
    return np.array([math.nan if mass is None else mass for mass in found], dtype=np.float64)
