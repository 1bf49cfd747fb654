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
    room_for_pairs,
)
from nps_spectra.spectra import Spectra
from nps_spectra.spectrum import Spectrum
from nps_spectra.substances.identity import mass_of

_PRECURSOR = "a precursor m/z"


def shifts_between(query_mass: float | Float, masses: Float, tolerance: Tolerance) -> Float:
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


def _run_pairs(
    kernel: Any,
    query: Prepared,
    queries: Int,
    library: Prepared,
    rows: Int,
    shifts: Float,
    tolerance: Tolerance,
    *rest: Any,
) -> None:
    """Call a kernel that lists pairs: the same of many queries, the k-th with the k-th row."""
    kernel(
        *kernel_arrays(query.clean.mz, query.values, query.clean.offsets),
        kernel_rows(queries),
        *kernel_arrays(library.clean.mz, library.values, library.clean.offsets),
        kernel_rows(rows),
        kernel_arrays(shifts, shifts, rows)[0],
        *widths(tolerance),
        *rest,
    )


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

    def pairs_many(self, query: Prepared, queries: Int, library: Prepared, rows: Int) -> Pairs:
        from nps_spectra.kernels.modified_cosine import assigned_pairs

        bounds, mine, theirs = room_for_pairs(query, queries, library, rows)
        shifted = np.empty_like(mine)
        shifts = shifts_between(query.masses[queries], library.masses[rows], self.tolerance)
        _run_pairs(assigned_pairs, query, queries, library, rows, shifts, self.tolerance, bounds, mine, theirs, shifted)
        count = int(bounds[-1])
        return Pairs(bounds, mine[:count], theirs[:count], shifted[:count] > 0, np.ones(count))


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

    def pairs_many(self, query: Prepared, queries: Int, library: Prepared, rows: Int) -> Pairs:
        from nps_spectra.kernels.neutral_loss import loss_pairs

        bounds, mine, theirs = room_for_pairs(query, queries, library, rows)
        masses, others = query.masses[queries], library.masses[rows]
        _run_pairs(loss_pairs, query, queries, library, rows, masses - others, self.tolerance, bounds, mine, theirs)
        count = int(bounds[-1])
        # Losses of equal precursors agree where the peaks do: nothing is shifted.
        moved = np.repeat(shifts_between(masses, others, self.tolerance) != 0, np.diff(bounds))
        return Pairs(bounds, mine[:count], theirs[:count], moved, np.ones(count))


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
            *self._limits_of_peaks(),
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

    def pairs_many(self, query: Prepared, queries: Int, library: Prepared, rows: Int) -> Pairs:
        from nps_spectra.kernels.hybrid import split_pairs

        bounds, mine, theirs = room_for_pairs(query, queries, library, rows, 2)
        shifted, share = np.empty_like(mine), np.empty(len(mine))
        shifts = shifts_between(query.masses[queries], library.masses[rows], self.tolerance)
        _run_pairs(
            split_pairs,
            query,
            queries,
            library,
            rows,
            shifts,
            self.tolerance,
            *self._limits_of_peaks(),
            bounds,
            mine,
            theirs,
            shifted,
            share,
        )
        count = int(bounds[-1])
        return Pairs(bounds, mine[:count], theirs[:count], shifted[:count] > 0, share[:count])

    def _limits_of_peaks(self) -> tuple[bool, float, float]:
        """Whether peaks take part from the larger of the two lowest m/z on, and the lowest and highest m/z."""
        return (
            self.technique == "EI" and self.mz_min is None,
            0.0 if self.mz_min is None else float(self.mz_min),
            1e9 if self.mz_max is None else float(self.mz_max),
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
