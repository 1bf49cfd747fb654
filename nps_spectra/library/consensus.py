"""One spectrum for all replicates of a substance, with how far these differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from nps_spectra.cleaning import BinNominal, CleaningRecipe, MergePeaks, ScaleBasePeak
from nps_spectra.errors import OptionError
from nps_spectra.library.alignment import aligned, copies_in, deviation
from nps_spectra.library.events import Event, Value, new_event
from nps_spectra.library.keys import RecordKeys
from nps_spectra.library.library import Library, PathLike
from nps_spectra.library.merging import substances_of_parts
from nps_spectra.library.replicates import Replicates, replicates_of
from nps_spectra.library.spread import Spread, Spreads
from nps_spectra.library.writing import checked_target, write_library
from nps_spectra.options import Tolerance
from nps_spectra.scorers import Scorer, Technique
from nps_spectra.spectra import Spectra
from nps_spectra.spectrum import FIELDS, Spectrum
from nps_spectra.substances import normalised_name

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

#: Scale of consensus spectra, as in NIST's libraries.
_BASE_PEAK: Final = 999.0
_METHODS: Final[Mapping[Technique, str]] = {"EI": "nist_identity", "MS/MS": "entropy"}
#: Original field of a consensus: the digests of its replicates.
_MADE_OF: Final = "consensus of sha256"
#: Ways to write one structure: of these the most frequent value is taken. Other fields are kept only where all
#: replicates that state them agree.
_NOTATIONS: Final = ("formula", "smiles", "inchi")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsensusOptions:
    """How replicates become one spectrum.

    Attributes
    ----------
    tolerance : Tolerance or str
        Largest m/z difference of equal peaks, and of equal precursors; EI is taken at nominal m/z.
    min_share : float
        A peak is kept if at least this share of the replicates has it, more than 0 and at most 1. Half is the default
        of the consensus spectra of MSnbase (its ``minProp``; Gatto et al. 2021, doi:10.1021/acs.jproteome.0c00313).
    statistic : {"median", "mean"}
        Of m/z and intensities, among the replicates that have the peak, each scaled to a base peak of 999; the median
        is the default there too.
    min_replicates : int
        Fewer independent replicates than this, at least 2, stay as they are.
    min_similarity : float
        A replicate less similar to the most typical one is not used, as a share of the highest score: match factors
        below 700 are no good match in the reading of NIST's programs (MS Search manual).
    keep_others : bool
        Records that are in no consensus stay in the library.
    """

    tolerance: Tolerance | str = "0.01 Da"
    min_share: float = 0.5
    statistic: Literal["median", "mean"] = "median"
    min_replicates: int = 2
    min_similarity: float = 0.7
    keep_others: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "tolerance", Tolerance.parse(self.tolerance))
        if not 0 < self.min_share <= 1:
            raise OptionError(f"min_share is {self.min_share!r}: expected more than 0, at most 1")
        if not 0 <= self.min_similarity <= 1:
            raise OptionError(f"min_similarity is {self.min_similarity!r}: expected 0 to 1")
        if self.statistic not in ("median", "mean"):
            raise OptionError(f"statistic is {self.statistic!r}: expected 'median' or 'mean'")
        if self.min_replicates != int(self.min_replicates) or self.min_replicates < 2:
            raise OptionError(f"min_replicates is {self.min_replicates!r}: expected a whole number from 2 on")

    def describe(self) -> dict[str, Any]:
        """The options as plain data."""
        return asdict(self) | {"tolerance": str(self.tolerance)}


@dataclass(frozen=True, slots=True)
class Unused:
    """A replicate that its consensus was not made of.

    Attributes
    ----------
    record : str
        Its key (`nps_spectra.library.keys`).
    name : str or None
    reason : {"outlier", "copy"}
        Too little like the others: it stays in the library as it is. Or the same measurement as another replicate,
        so that it says nothing new: it goes.
    similarity : float
        To the most typical replicate, 0 to 1.
    """

    record: str
    name: str | None
    reason: Literal["outlier", "copy"]
    similarity: float


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Replicates that are too different for one spectrum; they stay in the library as they are.

    Attributes
    ----------
    records : tuple of str
    name : str or None
    similarity : float
        The median of all pairs, 0 to 1.
    """

    records: tuple[str, ...]
    name: str | None
    similarity: float


@dataclass(frozen=True, slots=True, eq=False)
class Consensus:
    """What the making of consensus spectra gave.

    Attributes
    ----------
    library : Library
        The library of consensus spectra and of what is in none, opened; ``library.spread(row)`` is the spread.
    made : int
        Number of consensus spectra.
    replicates : int
        Records that they were made of.
    unused : list of Unused
        Records of their groups that they were not made of.
    disagreements : list of Disagreement
    others : Counter of str
        Records in no group, by reason.
    """

    library: Library
    made: int
    replicates: int
    unused: list[Unused]
    disagreements: list[Disagreement]
    others: Counter[str]


def consensus(
    library: Library, out: PathLike, options: ConsensusOptions | None = None, *, name: str | None = None
) -> Consensus:
    """Write a library in which replicates are one spectrum each, with the spread of every peak.

    Replicates are what `nps_spectra.library.replicates` says. Identical measurements count once. The replicate of the
    highest median similarity to the others is the most typical one; those too different from it are not used, and
    stay as they are, as long as they are less than half of all; otherwise there is no consensus.

    Parameters
    ----------
    library : Library
    out : path-like
        The library file to write.
    options : ConsensusOptions, optional
    name : str, optional
        Default: the file name without its extension.

    Raises
    ------
    OptionError
        No replicates, or only what disagrees, and nothing else is to be kept.
    LibraryDamagedError
        The library is not as it was written.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from nps_spectra import Spectra, Spectrum
    >>> heights = ([999, 100], [999, 200], [999, 120])
    >>> spectra = Spectra.of(Spectrum([58, 91], two, name="A", ionization="EI") for two in heights)
    >>> made = consensus(Library(spectra, name="three"), pathlib.Path(tempfile.mkdtemp(), "a.h5"))
    >>> made.library[0].intensity.tolist(), made.library.spread(0).intensity_rsd.round(3).tolist()
    ([999.0, 120.0], [0.0, 0.378])
    """
    asked = ConsensusOptions() if options is None else options
    target = checked_target(out, [library])
    library.check_quickly()
    tolerance = Tolerance.parse(asked.tolerance)
    groups, others = replicates_of(library, tolerance)
    keys = RecordKeys(library)
    spectra: list[Spectrum] = []
    spreads: dict[int, Spread] = {}
    made: list[_Made] = []
    unused: list[Unused] = []
    disagreements: list[Disagreement] = []
    used = 0
    gone: set[int] = set()
    for group in groups:
        members = _Members(library, group, asked, tolerance)
        if len(members.chosen) < asked.min_replicates:
            if members.disagree:
                disagreements.append(
                    Disagreement(
                        tuple(keys.key(row) for row in group.rows), library[group.rows[0]].name, members.typical
                    )
                )
            else:
                others["fewer independent measurements than asked for"] += len(group.rows)
            continue
        spectrum, spread, choices = members.combined()
        spreads[len(spectra)] = spread
        spectra.append(spectrum)
        used += len(members.chosen)
        new = members.unused(keys)
        gone |= {row for row in group.rows if row not in new or new[row].reason == "copy"}
        unused += new.values()
        made.append(_Made(spectrum, group.rows, new, choices))
    kept = np.array([row for row in range(len(library)) if row not in gone], dtype=np.int64)
    if not asked.keep_others:
        kept = kept[:0]
    if not spectra and len(kept) == 0:
        raise OptionError(f"{library.name}: no replicates that agree, and nothing else is to be kept")
    arguments = {
        "library": library.name,
        "library_digest": library.digest,
        **asked.describe(),
        "records_in": len(library),
        "records_out": len(spectra) + len(kept),
        "consensus_spectra": len(spectra),
        "replicates": used,
        "outliers": sum(one.reason == "outlier" for one in unused),
        "copies": sum(one.reason == "copy" for one in unused),
        "disagreements": len(disagreements),
    }
    event = new_event("consensus", arguments)
    log = [one for each in made for one in each.events(event, keys)]
    parts = [(Spectra.of(spectra), np.arange(len(spectra), dtype=np.int64)), (library.spectra, kept)]
    written = write_library(
        target,
        name=name,
        sources=library.sources,
        parts=parts,
        substances=substances_of_parts(parts),
        digests=np.concatenate([_digests(spectra), library.digests[kept]]),
        events=[*library.events, event, *log],
        spreads=Spreads.joined(
            [
                (Spreads.of(spreads), len(spectra)),
                (None if library.spreads is None else library.spreads.take(kept), len(kept)),
            ]
        ),
        notice=library.notice,
    )
    return Consensus(written, len(spectra), used, unused, disagreements, others)


@dataclass(frozen=True, slots=True)
class _Made:
    """A consensus, the rows of its replicates, those not used, and the fields in which they differ."""

    spectrum: Spectrum
    rows: tuple[int, ...]
    unused: Mapping[int, Unused]
    choices: Mapping[str, tuple[list[str], Value]]

    def events(self, event: Event, keys: RecordKeys) -> Iterator[Event]:
        """What became of each replicate, and of the fields in which they differ."""
        key = self.spectrum.digest[:16]
        for row in self.rows:
            left = self.unused.get(row)
            why = f"replicate of consensus {key}"
            if left is not None:
                why = f"not used for consensus {key}: {left.reason}, similarity {left.similarity:.3f}"
            yield event.of_record(keys.key(row), keys.digest(row), why=why)
        for field, (values, taken) in self.choices.items():
            yield event.of_record(key, self.spectrum.digest, field, tuple(values), taken, "replicates differ")


class _Members:
    """The replicates of one group: which of them are used, and the spectrum that they give."""

    def __init__(self, library: Library, group: Replicates, options: ConsensusOptions, tolerance: Tolerance) -> None:
        self._library = library
        self._group = group
        self._options = options
        nominal = group.technique == "EI"
        self._tolerance = Tolerance(0.0) if nominal else tolerance
        spectra = library.spectra.select(np.array(group.rows))
        joining = BinNominal() if nominal else MergePeaks(tolerance.doubled())
        self._clean = CleaningRecipe((joining, ScaleBasePeak(_BASE_PEAK, whole=False))).apply(spectra)
        self._scores = _similarities(_scorer(group.technique, tolerance), spectra)
        copies = copies_in(self._clean)
        single = [number for number in range(len(group.rows)) if number not in copies]
        self._copies = copies
        self.disagree = False
        self._most_typical, self.typical = single[0], 1.0
        self.chosen = single
        if len(single) < 2:
            return
        among = self._scores[np.ix_(single, single)]
        off_diagonal = ~np.eye(len(single), dtype=bool)
        self.typical = float(np.median(among[off_diagonal]))
        medians = [float(np.median(among[number][off_diagonal[number]])) for number in range(len(single))]
        self._most_typical = single[int(np.argmax(medians))]
        close = [
            number
            for number in single
            if number == self._most_typical or self._scores[self._most_typical, number] >= options.min_similarity
        ]
        # A majority has to agree: of two that differ, nothing tells which one is wrong.
        self.disagree = 2 * len(close) <= len(single)
        self.chosen = [] if self.disagree else close

    def unused(self, keys: RecordKeys) -> dict[int, Unused]:
        """Replicates that are not used, by row."""
        found: dict[int, Unused] = {}
        for number, row in enumerate(self._group.rows):
            if number not in self.chosen:
                reason: Literal["outlier", "copy"] = "copy" if number in self._copies else "outlier"
                similarity = float(self._scores[self._most_typical, number])
                name = self._library.spectra.texts("name")[row]
                found[row] = Unused(keys.key(row), name, reason, similarity)
        return found

    def combined(self) -> tuple[Spectrum, Spread, dict[str, tuple[list[str], Value]]]:
        """The consensus, its spread, and for fields in which replicates differ their values and what was taken."""
        peaks = [self._clean.peaks(number) for number in self.chosen]
        mz, intensity = aligned(peaks, self._tolerance)
        present = np.sum(~np.isnan(mz), axis=1)
        keep = present >= self._options.min_share * len(peaks) - 1e-9
        mz, intensity, present = mz[keep], intensity[keep], present[keep]
        centre = np.nanmedian if self._options.statistic == "median" else np.nanmean
        centre_mz, centre_intensity = centre(mz, axis=1), centre(intensity, axis=1)
        order = np.argsort(centre_mz, kind="stable")
        spread = Spread(
            len(peaks),
            present[order].astype(np.int64),
            (deviation(intensity) / np.nanmean(intensity, axis=1))[order],
            deviation(mz)[order],
        )
        members = [self._library[self._group.rows[number]] for number in self.chosen]
        fields, choices = _fields(members)
        share = f"{100 * self._options.min_share:g} %"
        fields["comment"] = (
            f"consensus of {len(peaks)} spectra: {self._options.statistic} of peaks in at least {share} of them"
            f"{', nominal m/z' if self._group.technique == 'EI' else ''}"
        )
        fields["representation"] = "centroid"
        original = {_MADE_OF: tuple(member.digest for member in members)}
        return (
            Spectrum(centre_mz[order], centre_intensity[order], original=original, **fields),
            spread,
            choices,
        )


def _scorer(technique: Technique, tolerance: Tolerance) -> Scorer:
    from nps_spectra.scoring import ScoreOptions

    return ScoreOptions(method=_METHODS[technique], tolerance=tolerance).resolve(technique)


def _similarities(scorer: Scorer, spectra: Spectra) -> Float:
    """Similarity of all pairs as a share of the highest score; 0 where nothing can be compared."""
    prepared = scorer.prepare(spectra)
    rows = np.arange(len(spectra), dtype=np.int64)
    scores = np.array([scorer.score(prepared, row, prepared, rows).score for row in rows.tolist()]) / scorer.scale
    mean: Float = np.nan_to_num((scores + scores.T) / 2)
    return mean


def _fields(members: Sequence[Spectrum]) -> tuple[dict[str, Any], dict[str, tuple[list[str], Value]]]:
    """Fields of a consensus, and those in which its replicates differ."""
    fields: dict[str, Any] = {}
    choices: dict[str, tuple[list[str], Value]] = {}
    for name in FIELDS:
        if name in ("name", "synonyms", "accession", "comment", "representation"):
            continue
        stated = [getattr(member, name) for member in members if getattr(member, name) is not None]
        counts = Counter(stated)
        if name == "licence":
            # Whoever gives the consensus away needs the permission of all; without one of them there is none.
            fields[name] = " AND ".join(sorted(counts)) if len(stated) == len(members) else None
        elif name in ("precursor_mz", "collision_energy_ev"):
            fields[name] = float(np.median(stated)) if stated else None
            continue
        elif len(counts) < 2 or name in _NOTATIONS:
            # Of equally frequent values the first in the order of texts.
            fields[name] = max(sorted(counts), key=counts.__getitem__, default=None)
        elif name == "contributor":
            fields[name] = "; ".join(sorted(counts))
        else:
            fields[name] = None
        if len(counts) > 1 or (name == "licence" and counts and fields[name] is None):
            choices[name] = (sorted(map(str, counts)), fields[name])
    names = {text for member in members for text in (member.name, *member.synonyms) if text}
    own = sorted({member.name for member in members if member.name})
    distinct = {normalised_name(name): name for name in reversed(own)}
    # All names: the structure may leave open which stereoisomer was measured, and then one name would be wrong.
    fields["name"] = " / ".join(sorted(distinct.values())) or None
    if len(distinct) > 1:
        choices["name"] = (own, fields["name"])
    fields["synonyms"] = tuple(sorted(names - {fields["name"]}))
    return fields, choices


def _digests(spectra: Sequence[Spectrum]) -> npt.NDArray[np.uint8]:
    joined = bytes.fromhex("".join(spectrum.digest for spectrum in spectra))
    return np.frombuffer(joined, dtype=np.uint8).reshape(len(spectra), 32)
