"""Evidence beside the score: what speaks for and against every candidate of a search.

Nothing here is a conclusion. What cannot be known is None: no retention index in the library is not a retention
index that disagrees.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from nps_spectra.errors import OptionError
from nps_spectra.identification.heights import HeightDifference, height_difference
from nps_spectra.identification.isotope_fit import IsotopeFit, isotope_fit
from nps_spectra.identification.molecular_ion import (
    MolecularIon,
    Peak,
    implausible_losses,
    impossible_share,
    molecular_ion,
    peaks_above,
)
from nps_spectra.identification.precursor import precursor_error
from nps_spectra.library import Library
from nps_spectra.options import Tolerance
from nps_spectra.scorers import Prepared, Scorer, Technique
from nps_spectra.scoring import ScoreOptions
from nps_spectra.searching.exact import Queries, as_spectra, search
from nps_spectra.searching.hits import Hit, QueryResult
from nps_spectra.spectrum import Spectrum
from nps_spectra.substances.adducts import parse_adduct
from nps_spectra.substances.formula import parse_formula

Float = npt.NDArray[np.float64]

#: Peaks listed of those that a candidate does not explain.
_LISTED: Final = 5
#: Best scores of a substance's spectra that are averaged: one spectrum may be like the query by chance.
_REPEATED: Final = 3
#: Scores that stand beside the one of the search, for each technique.
_BESIDE: Final[Mapping[Technique, tuple[str, ...]]] = {"EI": ("nist_identity", "entropy"), "MS/MS": ("entropy",)}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one candidate of one query.

    Attributes
    ----------
    query_id : str
    rank : int
        Of the search, from 1.
    name, inchikey, formula : str or None
    library_id, substance : int
        Row of the best spectrum, and number of its substance in ``library.substances``.
    method : str
        Of the search.
    score, reverse_score : float
        On the scale of `method`.
    match_factor, reverse_match_factor : float or None
        NIST identity match factors, 0 to 999.5; None for MS/MS.
    entropy_similarity : float or None
        0 to 1.
    neutral_loss_similarity : float or None
        0 to 1, of MS/MS, where both state a precursor: the best of the substance's spectra that the search compared.
    repeated_score : float
        Mean of the three best scores of the substance's spectra (fewer, if it has fewer), on the scale of `method`.
    query_explained, library_explained : float
        Share of the intensity of the clean peaks of each that is in matched peaks, 0 to 1.
    unexplained : tuple of Peak
        Largest peaks of the query without a partner, largest first.
    heights : HeightDifference or None
        Of EI: what differs between the heights of the query and of the best spectrum.
    molecular_ion : MolecularIon or None
        None for MS/MS, and where no formula is known.
    heavier_peaks, implausible_losses : tuple of Peak or None
        Of EI: peaks that the molecule is too light for, and such as no loss from it makes.
    impossible_share : float or None
        Share of the intensity at m/z that no part of the formula has.
    isotopes : IsotopeFit or None
        None also where the molecular ion is too weak.
    retention_index_difference : float or None
        Query less library.
    retention_time_difference_s : float or None
        Query less library, in seconds; it means something only if both were run by one method.
    gap_to_substance : float or None
        Score less the best score of any other substance: below 0 unless this one leads; None if it is the only one.
    gap_to_group : float or None
        Score less the best score of any substance that can be told apart from this one; None without `groups`, and if
        the search listed no such substance.
    precursor_error_da, precursor_error_ppm : float or None
        Precursor m/z of the query less that of the candidate's formula with the adduct of the query (else of the
        library spectrum).
    adduct_agrees : bool or None
        None unless both state one.
    collision_energy_difference_ev : float or None
        Query less library, in eV.
    """

    query_id: str
    rank: int
    name: str | None
    inchikey: str | None
    formula: str | None
    library_id: int
    substance: int
    method: str
    score: float
    reverse_score: float
    match_factor: float | None
    reverse_match_factor: float | None
    entropy_similarity: float | None
    neutral_loss_similarity: float | None
    repeated_score: float
    query_explained: float
    library_explained: float
    unexplained: tuple[Peak, ...]
    heights: HeightDifference | None
    molecular_ion: MolecularIon | None
    heavier_peaks: tuple[Peak, ...] | None
    implausible_losses: tuple[Peak, ...] | None
    impossible_share: float | None
    isotopes: IsotopeFit | None
    retention_index_difference: float | None
    retention_time_difference_s: float | None
    gap_to_substance: float | None
    gap_to_group: float | None
    precursor_error_da: float | None
    precursor_error_ppm: float | None
    adduct_agrees: bool | None
    collision_energy_difference_ev: float | None

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain data for JSON."""
        return asdict(self)


def gather(
    queries: Queries,
    library: Library,
    *,
    top: int = 10,
    not_told_apart: Sequence[frozenset[int]] | None = None,
    **options: Any,
) -> Iterator[tuple[QueryResult, tuple[Evidence, ...]]]:
    """Search the queries and gather the evidence of every candidate.

    Parameters
    ----------
    queries : Spectrum, Spectra, iterable of Spectrum, or path-like
    library : Library
    top : int
        Candidates of each query.
    not_told_apart : sequence of frozenset of int, optional
        For each substance of the library those that the method cannot tell from it
        (`nps_spectra.identification.groups.Groups.not_told_apart`).
    **options
        Of `nps_spectra.search`.

    Yields
    ------
    (QueryResult, tuple of Evidence)
        In the order of the queries.

    Raises
    ------
    SearchError, OptionError
        As for `nps_spectra.search`.

    Examples
    --------
    >>> from nps_spectra import Spectra
    >>> library = Library(Spectra.of([Spectrum([58, 91], [99, 8], name="A"), Spectrum([44, 91], [99, 9], name="B")]),
    ...                   name="two")
    >>> for _, found in gather(Spectrum([58, 91], [100, 10]), library):
    ...     print([(one.name, one.unexplained[:1], one.retention_index_difference) for one in found])
    [('A', (), None), ('B', (Peak(mz=58.0, intensity=1.0),), None)]
    """
    spectra = as_spectra(queries)
    hits = search(spectra, library, top=top, **options)
    tolerance = options.get("tolerance", "0.01 Da")
    for spectrum, result in zip(spectra, hits.queries, strict=True):
        yield result, evidence_of(spectrum, result, library, tolerance=tolerance, not_told_apart=not_told_apart)


def evidence_of(
    query: Spectrum,
    result: QueryResult,
    library: Library,
    *,
    tolerance: Tolerance | str = "0.01 Da",
    not_told_apart: Sequence[frozenset[int]] | None = None,
) -> tuple[Evidence, ...]:
    """Evidence of every candidate of one query that was searched.

    Parameters
    ----------
    query : Spectrum
    result : QueryResult
        What `nps_spectra.search` says of it.
    library : Library
        The one that was searched.
    tolerance : Tolerance or str
        Of peaks, for spectra that are not EI.
    not_told_apart : sequence of frozenset of int, optional
        As for `gather`.

    Raises
    ------
    OptionError
        The result is of another library.
    """
    if result.hits and result.hits[0].library_digest != library.digest:
        raise OptionError(
            f"result of library {result.hits[0].library!r}, digest {result.hits[0].library_digest[:12]}; the library "
            f"given is {library.name!r}, digest {library.digest[:12]}"
        )
    scorers = {
        method: ScoreOptions(method=method, tolerance=tolerance).resolve(result.technique)
        for method in _BESIDE[result.technique]
    }
    # Peaks are held against each other without any cut of small ones.
    peaks = ScoreOptions(method="weighted_cosine", tolerance=tolerance).resolve(result.technique)
    clean, reference = peaks.prepare(query), library.prepared(peaks)
    rows = np.array([hit.library_id for hit in result.hits], dtype=np.int64)
    scores = {
        method: _both_scores(scorer, scorer.prepare(query), library.prepared(scorer), rows)
        for method, scorer in scorers.items()
    }
    nothing = [(None, None)] * len(rows)
    losses = _best_losses(query, result, library, tolerance)
    pairs = peaks.pairs_many(clean, np.zeros(len(rows), dtype=np.int64), reference, rows)
    substances = library.substances.of_row
    gaps = _gaps(result.hits, substances[rows].tolist(), not_told_apart)
    found = []
    for at, (hit, gap) in enumerate(zip(result.hits, gaps, strict=True)):
        partners = pairs.query[pairs.bounds[at] : pairs.bounds[at + 1]]
        match_factor, reverse = scores.get("nist_identity", nothing)[at]
        found.append(
            Evidence(
                query_id=result.id,
                rank=hit.rank,
                name=hit.name,
                inchikey=hit.inchikey,
                formula=hit.formula,
                library_id=hit.library_id,
                substance=int(substances[hit.library_id]),
                method=hit.method,
                score=hit.score,
                reverse_score=hit.reverse_score,
                match_factor=match_factor,
                reverse_match_factor=reverse,
                entropy_similarity=scores["entropy"][at][0],
                neutral_loss_similarity=losses[at],
                repeated_score=float(np.mean([one.score for one in hit.spectra[:_REPEATED]])),
                query_explained=hit.query_explained,
                library_explained=hit.library_explained,
                unexplained=largest_unexplained(*clean.clean.peaks(0), partners),
                heights=None
                if result.technique != "EI"
                else height_difference(*clean.clean.peaks(0), *reference.clean.peaks(hit.library_id)),
                **_of_formula(clean, reference, hit, result.technique),
                retention_index_difference=_from_library(query, library, hit, "retention_index"),
                retention_time_difference_s=_from_library(query, library, hit, "retention_time_s"),
                gap_to_substance=gap[0],
                gap_to_group=gap[1],
                **_of_precursor(query, library, hit, result.technique),
            )
        )
    return tuple(found)


def largest_unexplained(
    mz: Float, intensity: Float, partners: npt.NDArray[np.int64], most: int = _LISTED
) -> tuple[Peak, ...]:
    """The largest peaks that are in no pair, largest first; heights relative to the base peak.

    Examples
    --------
    >>> largest_unexplained(np.array([44.0, 58.0, 91.0]), np.array([50.0, 100.0, 20.0]), np.array([1]))
    (Peak(mz=44.0, intensity=0.5), Peak(mz=91.0, intensity=0.2))
    """
    alone = np.setdiff1d(np.arange(len(mz)), partners)
    order = alone[np.argsort(-intensity[alone], kind="stable")][:most]
    return tuple(Peak(float(mz[at]), float(intensity[at] / intensity.max())) for at in order.tolist())


def difference(query: float | None, reference: float | None) -> float | None:
    """Value of the query less that of the reference; None unless both are known.

    Examples
    --------
    >>> difference(1520.0, 1512.0), difference(1520.0, None)
    (8.0, None)
    """
    return None if query is None or reference is None else query - reference


def _gaps(
    hits: Sequence[Hit], substances: Sequence[int], not_told_apart: Sequence[frozenset[int]] | None
) -> list[tuple[float | None, float | None]]:
    """For each hit its distance from the best other substance, and from the best one that can be told apart."""
    found = []
    for hit, substance in zip(hits, substances, strict=True):
        alike = None if not_told_apart is None else not_told_apart[substance] | {substance}
        others = [one.score for one, other in zip(hits, substances, strict=True) if other != substance]
        apart = (
            []
            if alike is None
            else [one.score for one, other in zip(hits, substances, strict=True) if other not in alike]
        )
        found.append((_above(hit.score, others), _above(hit.score, apart)))
    return found


def _above(score: float, others: Sequence[float]) -> float | None:
    return score - max(others) if others else None


def _both_scores(
    scorer: Scorer, query: Prepared, library: Prepared, rows: npt.NDArray[np.int64]
) -> list[tuple[float | None, float | None]]:
    """Score and reverse score of each row; None is "no score"."""
    both = (scorer.score(query, 0, library, rows).score, scorer.reverse(query, 0, library, rows).score)
    known = [[None if math.isnan(value) else value for value in scores.tolist()] for scores in both]
    return list(zip(*known, strict=True))


def _best_losses(
    query: Spectrum, result: QueryResult, library: Library, tolerance: Tolerance | str
) -> list[float | None]:
    """For each hit the best neutral loss similarity of its spectra; None is "no score", as in EI."""
    if result.technique != "MS/MS" or not result.hits:
        return [None] * len(result.hits)
    scorer = ScoreOptions(method="neutral_loss", tolerance=tolerance).resolve("MS/MS")
    rows = [[one.library_id for one in hit.spectra] for hit in result.hits]
    scores = scorer.score(
        scorer.prepare(query), 0, library.prepared(scorer), np.array([row for own in rows for row in own], np.int64)
    ).score
    starts = np.cumsum([0, *map(len, rows[:-1])])
    # Of "no score" and a number the number; hits have a spectrum at least.
    best = np.fmax.reduceat(scores, starts).tolist()
    return [None if math.isnan(value) else value for value in best]


def _of_formula(clean: Prepared, reference: Prepared, hit: Hit, technique: Technique) -> dict[str, Any]:
    """What the formula of an EI candidate says of the peaks."""
    atoms = parse_formula(hit.formula) if hit.formula and technique == "EI" else None
    if atoms is None:
        names = ("molecular_ion", "heavier_peaks", "implausible_losses", "impossible_share", "isotopes")
        return dict.fromkeys(names)
    peaks = clean.clean.peaks(0)
    return {
        "molecular_ion": molecular_ion(*peaks, atoms, reference.clean.peaks(hit.library_id)),
        "heavier_peaks": peaks_above(*peaks, atoms),
        "implausible_losses": implausible_losses(*peaks, atoms),
        "impossible_share": impossible_share(*peaks, atoms),
        "isotopes": isotope_fit(*peaks, atoms),
    }


def _of_precursor(query: Spectrum, library: Library, hit: Hit, technique: Technique) -> dict[str, Any]:
    """Precursor, adduct and collision energy of an MS/MS candidate."""
    error, agrees, energy = None, None, None
    if technique == "MS/MS":
        spectra, row = library.spectra, hit.library_id
        stated = spectra.texts("adduct")[row]
        adduct = query.adduct or stated
        if query.precursor_mz is not None and hit.formula and adduct:
            error = precursor_error(query.precursor_mz, hit.formula, adduct)
        own, other = (parse_adduct(text) if text else None for text in (query.adduct, stated))
        if own is not None and other is not None:
            agrees = own == other
        energy = _from_library(query, library, hit, "collision_energy_ev", of_row=True)
    return {
        "precursor_error_da": None if error is None else error[0],
        "precursor_error_ppm": None if error is None else error[1],
        "adduct_agrees": agrees,
        "collision_energy_difference_ev": energy,
    }


def _from_library(query: Spectrum, library: Library, hit: Hit, field: str, *, of_row: bool = False) -> float | None:
    """A number of the query less that of the best spectrum; where that states none, less the median of its substance.

    With `of_row` other spectra do not stand in.
    """
    own: float | None = getattr(query, field)
    if own is None:
        return None
    values = library.spectra.numbers(field)
    stated = values[hit.library_id : hit.library_id + 1]
    if np.isnan(stated[0]) and not of_row:
        stated = values[library.substances.of_row == library.substances.of_row[hit.library_id]]
    known = stated[~np.isnan(stated)]
    return own - float(np.median(known)) if len(known) else None
