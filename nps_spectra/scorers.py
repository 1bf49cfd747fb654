"""Scoring methods with everything resolved: clean, prepare, call the kernel."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from nps_spectra.cleaning import CleaningRecipe, CleanSpectra, blocks, frozen, kernel_arrays, widths
from nps_spectra.options import Tolerance
from nps_spectra.spectra import Spectra
from nps_spectra.spectrum import Spectrum

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Technique = Literal["EI", "MS/MS"]

#: Spectra of lower entropy are re-weighted (Li et al. 2021).
_ENTROPY_LIMIT: Final = 3.0


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of one query against some rows of a library.

    Attributes
    ----------
    score : ndarray of float64, shape (rows,)
        NaN is "no score".
    matched : ndarray of int64, shape (rows,)
        Number of matched peaks.
    """

    score: Float
    matched: Int


@dataclass(frozen=True, slots=True)
class Prepared:
    """Clean spectra with what the kernel of a method needs beside the peaks.

    Attributes
    ----------
    clean : CleanSpectra
    values : ndarray of float64, shape (peaks,)
        Weights, shares or intensities: what is multiplied.
    masses : ndarray of float64, shape (n,)
        What mass differences are taken of: precursor m/z, or nominal molecular masses; NaN where not known.
    terms : ndarray of float64
        What a kernel would compute of one spectrum for each comparison, of every spectrum or peak; may be empty.
    """

    clean: CleanSpectra
    values: Float
    masses: Float
    terms: Float


@dataclass(frozen=True, slots=True)
class Pairs:
    """Which peaks of a query and a library spectrum a method takes for the same, of one or more comparisons.

    Attributes
    ----------
    bounds : ndarray of int64, shape (comparisons + 1,)
        The k-th comparison has the pairs ``bounds[k]`` to ``bounds[k + 1]``.
    query, library : ndarray of int64, shape (pairs,)
        Indices of clean peaks in their spectra. A peak is in one pair and those of the query ascend, but for
        ``hybrid``, whose library peaks may be split and whose query peaks may take up parts of two.
    shifted : ndarray of bool, shape (pairs,)
        Whether they match only shifted by the mass difference.
    share : ndarray of float64, shape (pairs,)
        How much of the library peak's intensity is in the pair: 1, but for the split peaks of ``hybrid``.
    """

    bounds: Int
    query: Int
    library: Int
    shifted: npt.NDArray[np.bool_]
    share: Float


@dataclass(frozen=True, kw_only=True)
class Scorer:
    """A method with everything resolved: what will run.

    Attributes
    ----------
    method : str
    technique : {"EI", "MS/MS"}
    recipe : CleaningRecipe
    tolerance : Tolerance
        0 Da where peaks are compared at nominal mass.
    scale : float
        Highest score: 1, or 999 for match factors.
    """

    method: str
    technique: Technique
    recipe: CleaningRecipe
    tolerance: Tolerance
    scale: float = 1.0

    @property
    def needs_mass(self) -> str | None:
        """What both spectra must state for a score, in words; None if peaks are enough."""
        return None

    def describe(self) -> dict[str, Any]:
        """Everything that was resolved, as plain data, for the record of a run."""
        own = {field.name: getattr(self, field.name) for field in fields(self)}
        return own | {"recipe": self.recipe.describe(), "tolerance": str(self.tolerance)}

    def prepare(self, spectra: Spectra | Spectrum, rows: Int | None = None) -> Prepared:
        """Clean by the recipe and compute what the kernel needs, once for many comparisons.

        With ascending `rows` only these are prepared; the others keep their places and have no peaks.
        """
        if isinstance(spectra, Spectrum):
            clean = self.recipe.apply(spectra)
            return self._prepared(spectra, clean, self.values_of(clean))
        chosen = np.arange(len(spectra), dtype=np.int64) if rows is None else rows
        before = np.zeros(len(chosen) + 1, dtype=np.int64)
        np.cumsum(spectra.offsets[chosen + 1] - spectra.offsets[chosen], out=before[1:])
        # No step adds a peak. What is not needed of this room is never touched, and so takes no memory.
        mz, intensity, values = np.empty(before[-1]), np.empty(before[-1]), np.empty(before[-1])
        lengths = np.zeros(len(spectra), dtype=np.int64)
        precursor_mz = np.full(len(spectra), math.nan)
        done, same = 0, False
        # Block by block, so that what is computed on the way stays small and in the cache.
        for first, last in pairwise(blocks(before)):
            block = chosen[first:last]
            clean = self.recipe.apply(spectra.peaks_of(block))
            own = self.values_of(clean)
            same = own is clean.intensity  # of all blocks then
            place = slice(done, done + len(clean.mz))
            mz[place], intensity[place] = clean.mz, clean.intensity
            if not same:
                values[place] = own
            lengths[block], precursor_mz[block] = np.diff(clean.offsets), clean.precursor_mz
            done = place.stop
        offsets = np.zeros(len(spectra) + 1, dtype=np.int64)
        np.cumsum(lengths, out=offsets[1:])
        peaks = frozen(mz[:done]), frozen(intensity[:done])
        whole = CleanSpectra(*peaks, frozen(offsets), frozen(precursor_mz), self.recipe)
        return self._prepared(spectra, whole, whole.intensity if same else frozen(values[:done]))

    def _prepared(self, spectra: Spectra | Spectrum, clean: CleanSpectra, values: Float) -> Prepared:
        return Prepared(clean, values, self.masses_of(spectra, clean), self.terms_of(clean, values))

    def masses_of(self, spectra: Spectra | Spectrum, clean: CleanSpectra) -> Float:
        """What mass differences are taken of, for every spectrum."""
        return clean.precursor_mz

    def values_of(self, clean: CleanSpectra) -> Float:
        """Value of every peak in the sums of this method."""
        raise NotImplementedError

    def terms_of(self, clean: CleanSpectra, values: Float) -> Float:
        """What the kernel of this method needs of each spectrum beside peaks and values."""
        return np.empty(0)

    def score(self, query: Prepared, row: int, library: Prepared, rows: Int) -> Scores:
        """Compare spectrum `row` of `query` with `rows` of `library`."""
        raise NotImplementedError

    def score_many(self, query: Prepared, queries: Int, library: Prepared, bounds: Int, rows: Int) -> Scores:
        """Compare the k-th of the spectra `queries` with ``rows[bounds[k]:bounds[k + 1]]`` of `library`."""
        score, matched = results_for(len(rows))
        for k, row in enumerate(queries.tolist()):
            part = slice(int(bounds[k]), int(bounds[k + 1]))
            found = self.score(query, row, library, rows[part])
            score[part], matched[part] = found.score, found.matched
        return Scores(score, matched)

    def reverse(self, query: Prepared, row: int, library: Prepared, rows: Int) -> Scores:
        """The same with query peaks that are in no pair left out of the query."""
        return self.reverse_many(query, np.full(len(rows), row, dtype=np.int64), library, rows)

    def reverse_many(self, query: Prepared, queries: Int, library: Prepared, rows: Int) -> Scores:
        """Reverse scores of the k-th of the spectra `queries` and the k-th of `rows`, for every k."""
        pairs = self.pairs_many(query, queries, library, rows)
        partners = np.repeat(query.clean.offsets[queries], np.diff(pairs.bounds)) + pairs.query
        mz, intensity = query.clean.mz[partners], query.clean.intensity[partners]
        part = CleanSpectra(mz, intensity, pairs.bounds, query.clean.precursor_mz[queries], self.recipe)
        values = self.values_of(part)
        prepared = Prepared(part, values, query.masses[queries], self.terms_of(part, values))
        each, bounds = np.arange(len(rows), dtype=np.int64), np.arange(len(rows) + 1, dtype=np.int64)
        found = self.score_many(prepared, each, library, bounds, rows)
        alone = np.diff(pairs.bounds) == 0
        if alone.any():
            # Nothing in common is a reverse score of 0, as for the score itself, where both have peaks.
            whole = self.score_many(query, queries[alone], library, bounds[: alone.sum() + 1], rows[alone])
            found.score[alone] = np.where(np.isnan(whole.score), math.nan, 0.0)
        return found

    def pairs(self, query: Prepared, row: int, library: Prepared, library_row: int) -> Pairs:
        """Pairs of peaks behind the score of two spectra."""
        one, other = np.array([row], dtype=np.int64), np.array([library_row], dtype=np.int64)
        return self.pairs_many(query, one, library, other)

    def pairs_many(self, query: Prepared, queries: Int, library: Prepared, rows: Int) -> Pairs:
        """Pairs behind the scores of the k-th of the spectra `queries` and the k-th of `rows`, for every k."""
        from nps_spectra.kernels.pairs import matched_pairs

        bounds, mine, theirs = room_for_pairs(query, queries, library, rows)
        query_mz, _, query_offsets = kernel_arrays(query.clean.mz, query.values, query.clean.offsets)
        mz, _, offsets = kernel_arrays(library.clean.mz, library.values, library.clean.offsets)
        matched_pairs(
            query_mz,
            query_offsets,
            kernel_rows(queries),
            mz,
            offsets,
            kernel_rows(rows),
            *widths(self.tolerance),
            bounds,
            mine,
            theirs,
        )
        count = int(bounds[-1])
        return Pairs(bounds, mine[:count], theirs[:count], np.zeros(count, dtype=bool), np.ones(count))

    def compared(self, query: Prepared, row: int, library: Prepared, library_row: int) -> tuple[Mask, Mask]:
        """Which clean peaks of the query and of the library spectrum take part in the score of the two."""
        return (
            np.ones(len(query.clean.peaks(row)[0]), dtype=bool),
            np.ones(len(library.clean.peaks(library_row)[0]), dtype=bool),
        )


@dataclass(frozen=True, kw_only=True)
class BothWays(Scorer):
    """A method whose kernel gives the score and its reverse at once."""

    def both(self, query: Prepared, row: int, library: Prepared, rows: Int) -> tuple[Float, Float, Int]:
        """Scores, reverse scores and numbers of matched peaks of spectrum `row` against `rows`."""
        raise NotImplementedError

    def score(self, query: Prepared, row: int, library: Prepared, rows: Int) -> Scores:
        forward, _, matched = self.both(query, row, library, rows)
        return Scores(forward, matched)

    def reverse_many(self, query: Prepared, queries: Int, library: Prepared, rows: Int) -> Scores:
        score, matched = results_for(len(rows))
        starts = np.flatnonzero(np.diff(queries, prepend=-1)).tolist()
        for start, stop in pairwise([*starts, len(rows)]):
            part = slice(start, stop)
            _, score[part], matched[part] = self.both(query, int(queries[start]), library, rows[part])
        return Scores(score, matched)


@dataclass(frozen=True, kw_only=True)
class MatchFactor(BothWays):
    """NIST's match factors; ``identity`` tells the two apart."""

    identity: bool
    mz_min: float | None
    mz_max: float | None

    def values_of(self, clean: CleanSpectra) -> Float:
        return clean.intensity

    def compared(self, query: Prepared, row: int, library: Prepared, library_row: int) -> tuple[Mask, Mask]:
        query_mz, mz = query.clean.peaks(row)[0], library.clean.peaks(library_row)[0]
        limits = match_factor_limits(query_mz, mz, self.mz_min, self.mz_max)
        return above_traces(query, row, library, library_row, self.pairs(query, row, library, library_row), limits)

    def both(self, query: Prepared, row: int, library: Prepared, rows: Int) -> tuple[Float, Float, Int]:
        from nps_spectra.kernels.match_factor import match_factors

        (forward, matched), (reverse, _) = results_for(len(rows)), results_for(len(rows))
        query_mz, query_values = query_arrays(query, row)
        match_factors(
            query_mz,
            query_values,
            *kernel_arrays(library.clean.mz, library.values, library.clean.offsets),
            kernel_rows(rows),
            math.nan if self.mz_min is None else float(self.mz_min),
            1e9 if self.mz_max is None else float(self.mz_max),
            self.identity,
            forward,
            reverse,
            matched,
        )
        return forward, reverse, matched


@dataclass(frozen=True, kw_only=True)
class SteinScott(BothWays):
    """The composite published in 1994: cosine of m^a I^b and ratios of consecutive common peaks."""

    mz_exponent: float
    intensity_exponent: float
    squared: bool

    def values_of(self, clean: CleanSpectra) -> Float:
        return peak_weights(clean, self.mz_exponent, self.intensity_exponent)

    def both(self, query: Prepared, row: int, library: Prepared, rows: Int) -> tuple[Float, Float, Int]:
        from nps_spectra.kernels.stein_scott import composite_scores

        (forward, matched), (reverse, _) = results_for(len(rows)), results_for(len(rows))
        query_mz, query_weight = query_arrays(query, row)
        query_intensity, _, _ = kernel_arrays(query.clean.peaks(row)[1], query_weight, query.clean.offsets)
        mz, intensity, _ = kernel_arrays(library.clean.mz, library.clean.intensity, library.clean.offsets)
        _, weight, offsets = kernel_arrays(mz, library.values, library.clean.offsets)
        composite_scores(
            query_mz,
            query_intensity,
            query_weight,
            mz,
            intensity,
            weight,
            offsets,
            kernel_rows(rows),
            self.squared,
            forward,
            reverse,
            matched,
        )
        return self.scale * forward, self.scale * reverse, matched


@dataclass(frozen=True, kw_only=True)
class WeightedCosine(Scorer):
    """Cosine of m^a I^b."""

    mz_exponent: float
    intensity_exponent: float

    def values_of(self, clean: CleanSpectra) -> Float:
        return peak_weights(clean, self.mz_exponent, self.intensity_exponent)

    def terms_of(self, clean: CleanSpectra, values: Float) -> Float:
        """Sum of the squared weights of every spectrum."""
        from nps_spectra.kernels.pairs import squares

        result = np.empty(len(clean))
        squares(kernel_values(values), kernel_rows(clean.offsets), result)
        return result

    def score(self, query: Prepared, row: int, library: Prepared, rows: Int) -> Scores:
        return self.score_many(query, np.array([row]), library, np.array([0, len(rows)]), rows)

    def score_many(self, query: Prepared, queries: Int, library: Prepared, bounds: Int, rows: Int) -> Scores:
        from nps_spectra.kernels.pairs import cosine_scores

        return _pair_scores(cosine_scores, query, queries, library, bounds, rows, self.tolerance)


@dataclass(frozen=True, kw_only=True)
class Entropy(Scorer):
    """Spectral entropy similarity."""

    weighted: bool

    def values_of(self, clean: CleanSpectra) -> Float:
        owner = np.repeat(np.arange(len(clean), dtype=np.int64), np.diff(clean.offsets))
        share = _shares(clean.intensity, owner, len(clean))
        if not self.weighted:
            return share
        entropy = np.bincount(owner, weights=-share * np.log(share), minlength=len(clean))
        exponent = np.where(entropy < _ENTROPY_LIMIT, 0.25 + 0.25 * entropy, 1.0)
        return _shares(share ** exponent[owner], owner, len(clean))

    def terms_of(self, clean: CleanSpectra, values: Float) -> Float:
        """The products x log2 x of every share."""
        from nps_spectra.kernels.pairs import entropies

        result = np.empty(len(values))
        entropies(kernel_values(values), result)
        return result

    def score(self, query: Prepared, row: int, library: Prepared, rows: Int) -> Scores:
        return self.score_many(query, np.array([row]), library, np.array([0, len(rows)]), rows)

    def score_many(self, query: Prepared, queries: Int, library: Prepared, bounds: Int, rows: Int) -> Scores:
        from nps_spectra.kernels.pairs import entropy_scores

        return _pair_scores(entropy_scores, query, queries, library, bounds, rows, self.tolerance)


def match_factor_limits(query_mz: Float, mz: Float, mz_min: float | None, mz_max: float | None) -> tuple[float, float]:
    """Lowest and highest m/z of the peaks that take part in a match factor of NIST."""
    start = 0.0 if mz_min is None else float(mz_min)
    if mz_min is None and len(query_mz) and len(mz):
        start = max(float(query_mz[0]), float(mz[0]))
    return start, math.inf if mz_max is None else float(mz_max)


def above_traces(
    query: Prepared, row: int, library: Prepared, library_row: int, pairs: Pairs, limits: tuple[float, float]
) -> tuple[Mask, Mask]:
    """Peaks inside the limits that are no traces: above 1 of 999, or paired with one that is."""
    mz, intensity = query.clean.peaks(row)
    other_mz, other_intensity = library.clean.peaks(library_row)
    inside, other_inside = ((side >= limits[0]) & (side <= limits[1]) for side in (mz, other_mz))
    part, other_part = inside & (intensity > 1.0), other_inside & (other_intensity > 1.0)
    strong, other_strong = part[pairs.query], other_part[pairs.library]
    part[pairs.query[other_strong]] = True
    other_part[pairs.library[strong]] = True
    return part & inside, other_part & other_inside


def peak_weights(clean: CleanSpectra, mz_exponent: float, intensity_exponent: float) -> Float:
    """m^a I^b of every peak."""
    result: Float = clean.mz**mz_exponent * clean.intensity**intensity_exponent
    return result


def _shares(values: Float, owner: Int, count: int) -> Float:
    result: Float = values / np.bincount(owner, weights=values, minlength=count)[owner]
    return result


def results_for(count: int) -> tuple[Float, Int]:
    """Room for scores and numbers of matched peaks."""
    return np.empty(count, dtype=np.float64), np.empty(count, dtype=np.int64)


def room_for_pairs(query: Prepared, queries: Int, library: Prepared, rows: Int, of_a_peak: int = 1) -> tuple[Int, ...]:
    """Room for bounds and for peaks of both sides, where a library peak is in so many pairs at most."""
    peaks = np.diff(library.clean.offsets)[rows]
    if of_a_peak == 1:
        peaks = np.minimum(peaks, np.diff(query.clean.offsets)[queries])
    count = of_a_peak * int(peaks.sum())
    return np.empty(len(rows) + 1, dtype=np.int64), np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)


def query_arrays(query: Prepared, row: int) -> tuple[Float, Float]:
    """m/z and values of one spectrum as kernels take them."""
    start, stop = int(query.clean.offsets[row]), int(query.clean.offsets[row + 1])
    mz, values, _ = kernel_arrays(query.clean.mz[start:stop], query.values[start:stop], query.clean.offsets)
    return mz, values


def kernel_values(values: Float) -> Float:
    """Values as kernels take them."""
    view = np.ascontiguousarray(values, dtype=np.float64).view(np.ndarray)
    view.flags.writeable = False
    return view


def kernel_rows(rows: Int) -> Int:
    """Row numbers as kernels take them."""
    view = np.ascontiguousarray(rows, dtype=np.int64).view(np.ndarray)
    view.flags.writeable = False
    return view


def _pair_scores(
    kernel: Any, query: Prepared, queries: Int, library: Prepared, bounds: Int, rows: Int, tolerance: Tolerance
) -> Scores:
    score, matched = results_for(len(rows))
    query_mz, query_values, query_offsets = kernel_arrays(query.clean.mz, query.values, query.clean.offsets)
    mz, values, offsets = kernel_arrays(library.clean.mz, library.values, library.clean.offsets)
    kernel(
        query_mz,
        query_values,
        kernel_values(query.terms),
        query_offsets,
        kernel_rows(queries),
        mz,
        values,
        kernel_values(library.terms),
        offsets,
        kernel_rows(bounds),
        kernel_rows(rows),
        *widths(tolerance),
        score,
        matched,
    )
    return Scores(score, matched)
