"""What is drawn: the peaks of one spectrum, or of two, each with its class.

A peak is drawn as matched if, and only if, the method counted it as matched: both spectra are cleaned by the recipe of
the method, and pairs, shifts and what takes part are those of its `Scorer`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from nps_spectra.cleaning import BinNominal, CleaningRecipe, MergePeaks
from nps_spectra.errors import OptionError
from nps_spectra.library import Library
from nps_spectra.options import Tolerance
from nps_spectra.report.peaks import Kind, Peak
from nps_spectra.scorers import Prepared, Scorer, Technique
from nps_spectra.scoring import checked_query_mass, score_options, technique_of, with_query_mass
from nps_spectra.searching.exact import DEFAULT_METHODS
from nps_spectra.spectrum import Spectrum

Float = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_COMPARED: Final = ("matched", "shifted", "unexplained")


@dataclass(frozen=True, slots=True)
class PeakPair:
    """A peak of the query and one of the reference that were scored as the same.

    Attributes
    ----------
    query, reference : int
        Positions among the peaks of a `Comparison`.
    shifted : bool
        Whether they match only shifted by the mass difference.
    share : float
        How much of the reference's peak is in the pair: 1, but for the split peaks of ``hybrid``.
    """

    query: int
    reference: int
    shifted: bool
    share: float


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
        Ascending in m/z. ``matched``, ``shifted``, ``unexplained`` (only in the query), ``missing`` (only in the
        reference) and ``not compared``.
    pairs : tuple of PeakPair
        The peaks that were scored as matched. A peak is in one pair, but for ``hybrid``, which splits peaks of the
        reference.
    matched_peaks : int
        Peaks of the query that are in a pair.
    mass_difference : float or None
        For a method that shifts peaks: query less reference of precursor m/z, or for ``hybrid`` of EI of nominal
        molecular masses, in Da; 0 inside the tolerance.
    supposed_mass : int or None
        Nominal molecular mass of the query that was supposed, because its record states none.
    score, reverse_score : float or None
        On the scale of the method; None is "no score".
    reason : str or None
        Why there is no score.
    query_explained, library_explained : float or None
        Share of the intensity of all clean peaks that have a partner, 0 to 1, as in a hit list.
    """

    query: Spectrum
    reference: Spectrum
    entry: LibraryEntry | None
    scorer: Scorer
    query_peaks: tuple[Peak, ...]
    reference_peaks: tuple[Peak, ...]
    pairs: tuple[PeakPair, ...]
    matched_peaks: int
    mass_difference: float | None
    supposed_mass: int | None
    score: float | None
    reverse_score: float | None
    reason: str | None
    query_explained: float | None
    library_explained: float | None

    @property
    def differences(self) -> tuple[Peak, ...]:
        """Query less reference in per cent of the tallest peaks, at every m/z that was compared.

        A peak of the reference that matches shifted counts where it matches.
        """
        left = {at: peak.percent for at, peak in enumerate(self.query_peaks) if peak.kind in _COMPARED}
        for pair in self.pairs:
            left[pair.query] -= pair.share * self.reference_peaks[pair.reference].percent
        found = [Peak(self.query_peaks[at].mz, value, self.query_peaks[at].kind) for at, value in left.items()]
        found += [Peak(peak.mz, -peak.percent, peak.kind) for peak in self.reference_peaks if peak.kind == "missing"]
        return tuple(sorted(found, key=lambda peak: peak.mz))


def compare(
    query: Spectrum,
    reference: Spectrum | int,
    *,
    library: Library | None = None,
    method: str | None = None,
    tolerance: Tolerance | str = "0.01 Da",
    query_mass: int | None = None,
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
    query_mass : int, optional
        ``hybrid`` of EI: supposed nominal molecular mass in Da of a query that does not state one.
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
    supposing = with_query_mass(query, checked_query_mass(method, query_mass))
    mine, theirs = scorer.prepare(supposing), scorer.prepare(spectrum)
    row = np.zeros(1, dtype=np.int64)
    scores = scorer.score(mine, 0, theirs, row)
    score, reverse = float(scores.score[0]), float(scorer.reverse(mine, 0, theirs, row).score[0])
    found = _Matches.of(scorer, mine, theirs) if not math.isnan(score) else _Matches.none(mine, theirs)
    query_peaks, query_at = _drawn(query, mine, found.query_kinds)
    reference_peaks, reference_at = _drawn(spectrum, theirs, found.reference_kinds)
    return Comparison(
        query=query,
        reference=spectrum,
        entry=entry,
        scorer=scorer,
        query_peaks=query_peaks,
        reference_peaks=reference_peaks,
        pairs=tuple(
            PeakPair(query_at[pair.query], reference_at[pair.reference], pair.shifted, pair.share)
            for pair in found.pairs
        ),
        matched_peaks=int(scores.matched[0]),
        mass_difference=_mass_difference(scorer, mine, theirs),
        supposed_mass=None if supposing is query else supposing.nominal_mass,
        score=None if math.isnan(score) else score,
        reverse_score=None if math.isnan(reverse) else reverse,
        reason=_lack(scorer, mine, theirs) if math.isnan(score) else None,
        query_explained=found.query_explained,
        library_explained=found.reference_explained,
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
class _Matches:
    """Classes of the clean peaks, and the pairs that were scored, by positions among the clean peaks."""

    pairs: list[PeakPair]
    query_kinds: list[Kind]
    reference_kinds: list[Kind]
    query_explained: float | None
    reference_explained: float | None

    @classmethod
    def of(cls, scorer: Scorer, query: Prepared, reference: Prepared) -> _Matches:
        pairs = scorer.pairs(query, 0, reference, 0)
        part, other_part = scorer.compared(query, 0, reference, 0)
        scored = [
            PeakPair(*pair)
            for pair in zip(
                pairs.query.tolist(), pairs.library.tolist(), pairs.shifted.tolist(), pairs.share.tolist(), strict=True
            )
            if part[pair[0]] and other_part[pair[1]]
        ]
        return cls(
            scored,
            _kinds(part, [(pair.query, pair.shifted) for pair in scored], "unexplained"),
            _kinds(other_part, [(pair.reference, pair.shifted) for pair in scored], "missing"),
            _explained(query, pairs.query),
            _explained(reference, pairs.library),
        )

    @classmethod
    def none(cls, query: Prepared, reference: Prepared) -> _Matches:
        nothing: list[Kind] = ["not compared"]
        return cls([], nothing * len(query.clean.mz), nothing * len(reference.clean.mz), None, None)


def _kinds(part: Mask, partnered: list[tuple[int, bool]], alone: Kind) -> list[Kind]:
    kinds: list[Kind] = [alone if compared else "not compared" for compared in part.tolist()]
    for at, shifted in partnered:
        kinds[at] = "shifted" if shifted and kinds[at] != "matched" else "matched"
    return kinds


def _explained(side: Prepared, paired: npt.NDArray[np.int64]) -> float:
    intensity = side.clean.peaks(0)[1]
    return float(intensity[np.unique(paired)].sum() / intensity.sum())


def _mass_difference(scorer: Scorer, query: Prepared, reference: Prepared) -> float | None:
    """What peaks may be shifted by; 0 inside the tolerance, None where the method shifts none or a mass lacks."""
    mine, theirs = float(query.masses[0]), float(reference.masses[0])
    if scorer.needs_mass is None or math.isnan(mine - theirs):
        return None
    return 0.0 if scorer.tolerance.matches(mine, theirs) else mine - theirs


def _lack(scorer: Scorer, query: Prepared, reference: Prepared) -> str:
    """Why two spectra have no score."""
    sides = (("query", query), ("reference", reference))
    if scorer.needs_mass is not None:
        for name, side in sides:
            if math.isnan(side.masses[0]):
                return f"The {name} does not state {scorer.needs_mass}, which {scorer.method} needs."
    for name, side in sides:
        if len(side.clean.mz) == 0:
            return f"The {name} has no peak to compare."
    return "The spectra have no peak to compare inside the limits of m/z."


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
