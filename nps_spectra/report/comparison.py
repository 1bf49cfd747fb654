"""What is drawn: the peaks of one spectrum, or of two, each with its class.

A peak is drawn as matched if, and only if, the method counted it as matched: both spectra are cleaned by the recipe of
the method, and the pairs are those of the score.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from nps_spectra.cleaning import BinNominal, CleaningRecipe, MergePeaks
from nps_spectra.errors import OptionError
from nps_spectra.library import Library
from nps_spectra.options import Tolerance
from nps_spectra.scorers import MatchFactor, Prepared, Scorer, Technique, matched_pairs
from nps_spectra.scoring import score_options, technique_of
from nps_spectra.searching.exact import DEFAULT_METHODS
from nps_spectra.spectrum import Spectrum
from nps_spectra.substances import exact_mass, nominal_mass

Float = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

#: Classes of peaks. ``not compared``: outside the range that the method compares, below its threshold, or removed by
#: its recipe; such a peak changes no score.
Kind = Literal[
    "matched", "unexplained", "missing", "not compared", "base peak", "molecular ion", "precursor", "other peak"
]
#: A precursor m/z is written with this accuracy at least; where m/z are written with one decimal, to half a unit.
_PRECURSOR: Final = Tolerance(0.01, "Da")
_PRECURSOR_NOMINAL: Final = Tolerance(0.5, "Da")


@dataclass(frozen=True, slots=True)
class Peak:
    """One peak as it is drawn.

    Attributes
    ----------
    mz : float
    percent : float
        Height in per cent of the tallest peak of its spectrum.
    kind : str
        Its class.
    """

    mz: float
    percent: float
    kind: Kind


@dataclass(frozen=True, slots=True)
class LibraryEntry:
    """Which spectrum of which library was drawn.

    Attributes
    ----------
    library : str
        Name of the library.
    library_id : int
    digest : str
        SHA-256 over the content of the library.
    notice : str or None
        What every user of a result has to know about this library.
    """

    library: str
    library_id: int
    digest: str
    notice: str | None = None

    @classmethod
    def of(cls, library: Library, library_id: int) -> LibraryEntry:
        """The entry `library_id` of a library."""
        return cls(library.name, library_id, library.digest, library.notice)


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Two spectra compared by one method, peak by peak.

    Attributes
    ----------
    query, reference : Spectrum
    entry : LibraryEntry or None
        Where the reference was taken from.
    scorer : Scorer
        What ran.
    query_peaks, reference_peaks : tuple of Peak
        Ascending in m/z. ``matched``, ``unexplained`` (only in the query), ``missing`` (only in the reference) and
        ``not compared``.
    pairs : tuple of (int, int)
        Positions in `query_peaks` and `reference_peaks` of the peaks that were scored as matched.
    score, reverse_score : float or None
        On the scale of the method; None is "no score": one spectrum has no peak to compare.
    query_explained, library_explained : float or None
        Share of the intensity of all clean peaks that have a partner, 0 to 1, as in a hit list.
    """

    query: Spectrum
    reference: Spectrum
    entry: LibraryEntry | None
    scorer: Scorer
    query_peaks: tuple[Peak, ...]
    reference_peaks: tuple[Peak, ...]
    pairs: tuple[tuple[int, int], ...]
    score: float | None
    reverse_score: float | None
    query_explained: float | None
    library_explained: float | None

    @property
    def matched_peaks(self) -> int:
        """Number of matched peaks."""
        return len(self.pairs)

    @property
    def differences(self) -> tuple[Peak, ...]:
        """Query less reference in per cent of the tallest peaks, at every m/z that was compared."""
        matched = [
            Peak(self.query_peaks[a].mz, self.query_peaks[a].percent - self.reference_peaks[b].percent, "matched")
            for a, b in self.pairs
        ]
        alone = [peak for peak in self.query_peaks if peak.kind == "unexplained"]
        alone += [Peak(peak.mz, -peak.percent, peak.kind) for peak in self.reference_peaks if peak.kind == "missing"]
        return tuple(sorted(matched + alone, key=lambda peak: peak.mz))


def compare(
    query: Spectrum,
    reference: Spectrum | int,
    *,
    library: Library | None = None,
    method: str | None = None,
    tolerance: Tolerance | str = "0.01 Da",
    **options: Any,
) -> Comparison:
    """Compare two spectra as a search does, and keep which peaks matched.

    Parameters
    ----------
    query : Spectrum
    reference : Spectrum or int
        A spectrum, or its id in `library`.
    library : Library, optional
        Where the reference stands; its name and digest are then part of the result.
    method : str, optional
        Of `nps_spectra.scoring.METHODS`; default ``nist_identity`` for EI and ``entropy`` for other spectra.
    tolerance : Tolerance or str
        Of peaks, for spectra that are not EI.
    **options
        Fields of `nps_spectra.scoring.ScoreOptions`.

    Raises
    ------
    OptionError
        Unknown or contradictory options, an id without a library, or one that the library does not have.

    Examples
    --------
    >>> found = compare(Spectrum([58, 91, 150], [100, 10, 5]), Spectrum([58, 91, 119], [99, 9, 3]))
    >>> [(peak.mz, peak.kind) for peak in found.query_peaks]
    [(58.0, 'matched'), (91.0, 'matched'), (150.0, 'unexplained')]
    """
    spectrum, entry = _reference(reference, library)
    technique: Technique = "EI" if "EI" in (technique_of(query), technique_of(spectrum)) else "MS/MS"
    given = {**options, "tolerance": tolerance}
    scorer = score_options(method or DEFAULT_METHODS[technique], given).resolve(technique)
    mine, theirs = scorer.prepare(query), scorer.prepare(spectrum)
    row = np.zeros(1, dtype=np.int64)
    score = float(scorer.score(mine, 0, theirs, row).score[0])
    reverse = float(scorer.reverse(mine, 0, theirs, row).score[0])
    pairs = _Pairs.of(scorer, mine, theirs, comparable=not math.isnan(score))
    query_peaks, query_at = _drawn(query, mine, pairs.query_kinds)
    reference_peaks, reference_at = _drawn(spectrum, theirs, pairs.reference_kinds)
    return Comparison(
        query=query,
        reference=spectrum,
        entry=entry,
        scorer=scorer,
        query_peaks=query_peaks,
        reference_peaks=reference_peaks,
        pairs=tuple((query_at[a], reference_at[b]) for a, b in pairs.matched),
        score=None if math.isnan(score) else score,
        reverse_score=None if math.isnan(reverse) else reverse,
        query_explained=pairs.query_explained,
        library_explained=pairs.reference_explained,
    )


def _reference(reference: Spectrum | int, library: Library | None) -> tuple[Spectrum, LibraryEntry | None]:
    if isinstance(reference, Spectrum):
        if library is not None:
            raise OptionError("a library goes with an id: reference=7, library=library draws library[7]")
        return reference, None
    if library is None:
        raise OptionError(f"reference is {reference!r}: expected a Spectrum, or an id together with library=...")
    if isinstance(reference, bool) or not 0 <= reference < len(library):
        raise OptionError(
            f"library {library.name!r} has no spectrum with id {reference!r}: expected 0 to {len(library) - 1}"
        )
    return library[int(reference)], LibraryEntry.of(library, int(reference))


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Which clean peaks a method compared, and which of them matched."""

    matched: list[tuple[int, int]]
    query_kinds: list[Kind]
    reference_kinds: list[Kind]
    query_explained: float | None
    reference_explained: float | None

    @classmethod
    def of(cls, scorer: Scorer, query: Prepared, reference: Prepared, comparable: bool) -> _Pairs:
        mz, intensity = query.clean.peaks(0)
        other_mz, other_intensity = reference.clean.peaks(0)
        mine, theirs = matched_pairs(mz, other_mz, scorer.tolerance)
        if not comparable:
            nothing: list[Kind] = ["not compared"]
            return cls([], nothing * len(mz), nothing * len(other_mz), None, None)
        part, other_part = _in_range(scorer, mz, other_mz), _in_range(scorer, other_mz, mz)
        scored = part[mine] & other_part[theirs]
        if isinstance(scorer, MatchFactor):
            # NIST's programs leave out traces: unmatched peaks, and pairs of peaks, of 1 or less on the scale of 999.
            scored &= (intensity[mine] > 1) | (other_intensity[theirs] > 1)
            part, other_part = part & (intensity > 1), other_part & (other_intensity > 1)
        return cls(
            list(zip(mine[scored].tolist(), theirs[scored].tolist(), strict=True)),
            _kinds(part, mine, mine[scored], "unexplained"),
            _kinds(other_part, theirs, theirs[scored], "missing"),
            float(intensity[mine].sum() / intensity.sum()),
            float(other_intensity[theirs].sum() / other_intensity.sum()),
        )


def _in_range(scorer: Scorer, mz: Float, other_mz: Float) -> Mask:
    """Peaks inside the limits that a match factor compares; other methods apply their limits in the recipe."""
    if not isinstance(scorer, MatchFactor):
        return np.ones(len(mz), dtype=bool)
    start = max(mz[0], other_mz[0]) if scorer.mz_min is None else scorer.mz_min
    inside: Mask = mz >= start
    return inside if scorer.mz_max is None else inside & (mz <= scorer.mz_max)


def _kinds(part: Mask, partnered: npt.NDArray[np.int64], scored: npt.NDArray[np.int64], alone: Kind) -> list[Kind]:
    kinds: list[Kind] = [alone if compared else "not compared" for compared in part.tolist()]
    for at in partnered.tolist():
        kinds[at] = "not compared"
    for at in scored.tolist():
        kinds[at] = "matched"
    return kinds


def _drawn(spectrum: Spectrum, prepared: Prepared, kinds: list[Kind]) -> tuple[tuple[Peak, ...], dict[int, int]]:
    """Clean peaks and those that the recipe removed, and where each clean peak stands among them."""
    mz, intensity = prepared.clean.peaks(0)
    whole = CleaningRecipe(
        tuple(step for step in prepared.clean.recipe.steps if isinstance(step, (BinNominal, MergePeaks)))
    )
    all_mz, all_intensity = whole.apply(spectrum).peaks(0)
    if len(all_mz) == 0:
        return (), {}
    kept = _contains(mz, all_mz)
    tallest = float(all_intensity.max())
    # The recipe may have removed the tallest peak, and may have scaled what it kept.
    scale = 100.0 * (float(all_intensity[kept].max()) / tallest if kept.any() else 1.0)
    percent = scale * intensity / intensity.max() if len(mz) else intensity
    rows: list[tuple[float, float, Kind, int]] = [
        (m, p, kind, at) for at, (m, p, kind) in enumerate(zip(mz.tolist(), percent.tolist(), kinds, strict=True))
    ]
    removed = ~kept
    for m, p in zip(all_mz[removed].tolist(), (100.0 * all_intensity[removed] / tallest).tolist(), strict=True):
        rows.append((m, p, "not compared", -1))
    rows.sort(key=lambda row: (row[0], row[3]))
    places = {row[3]: place for place, row in enumerate(rows) if row[3] >= 0}
    return tuple(Peak(m, p, kind) for m, p, kind, _ in rows), places


def _contains(mz: Float, wanted: Float) -> Mask:
    """Whether each of `wanted` is among `mz` (ascending), but for rounding."""
    if len(mz) == 0:
        return np.zeros(len(wanted), dtype=bool)
    right = np.clip(np.searchsorted(mz, wanted), 0, len(mz) - 1)
    left = np.clip(right - 1, 0, None)
    nearest = np.minimum(np.abs(mz[left] - wanted), np.abs(mz[right] - wanted))
    found: Mask = nearest <= 1e-9 * wanted
    return found


def peaks_of(spectrum: Spectrum) -> tuple[Peak, ...]:
    """The peaks of one spectrum as they were read: base peak, molecular ion or precursor, others.

    The molecular ion (EI) or the precursor is where the fields of the spectrum say that it must be; the class says
    nothing about what the peak is.

    Examples
    --------
    >>> [peak.kind for peak in peaks_of(Spectrum([44, 178], [999, 20], ionization="EI", formula="C11H14O2"))]
    ['base peak', 'molecular ion']
    """
    if len(spectrum) == 0:
        return ()
    percent = 100.0 * spectrum.intensity.astype(np.float64) / float(spectrum.intensity.max())
    kinds: list[Kind] = ["other peak"] * len(spectrum)
    kinds[int(np.argmax(spectrum.intensity))] = "base peak"
    ion = _named_ion(spectrum)
    if ion is not None:
        kind, mz, tolerance = ion
        near = int(np.argmin(np.abs(spectrum.mz - mz)))
        if tolerance.matches(mz, float(spectrum.mz[near])):
            kinds[near] = kind
    return tuple(Peak(m, p, kind) for m, p, kind in zip(spectrum.mz.tolist(), percent.tolist(), kinds, strict=True))


def _named_ion(spectrum: Spectrum) -> tuple[Kind, float, Tolerance] | None:
    """The molecular ion or the precursor that the fields name, and how closely a peak has to agree."""
    coarse = decimals_of(spectrum) <= 1
    if spectrum.precursor_mz is not None and technique_of(spectrum) != "EI":
        return "precursor", spectrum.precursor_mz, _PRECURSOR_NOMINAL if coarse else _PRECURSOR
    if technique_of(spectrum) != "EI":
        return None
    mass: float | None
    if coarse:
        mass, tolerance = _mass(spectrum.formula, nominal_mass, spectrum.nominal_mass), _PRECURSOR_NOMINAL
    else:
        mass, tolerance = _mass(spectrum.formula, exact_mass, spectrum.exact_mass), _PRECURSOR
    return None if mass is None else ("molecular ion", mass, tolerance)


def _mass(formula: str | None, mass_of: Callable[[str], float | None], written: float | None) -> float | None:
    computed = None if formula is None else mass_of(formula)
    return written if computed is None else float(computed)


def decimals_of(spectrum: Spectrum) -> int:
    """Decimals with which the m/z of a spectrum are written, at most 4."""
    for decimals in range(4):
        if bool(np.all(np.abs(np.round(spectrum.mz, decimals) - spectrum.mz) < 5e-6)):
            return decimals
    return 4
