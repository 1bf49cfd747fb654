"""Substances that a method cannot tell apart, by the spread of a library's own repeated measurements.

The rule, in words: *Two substances are not told apart if a spectrum of one is as like a spectrum of the other as 19 of
20 repeated measurements of one and the same substance are like each other.* The limit is not chosen: for every
substance that the library has more than once, one pair of its measurements is compared (of different contributors
where there are enough such pairs, because the question put to a library comes from another laboratory), and the
limit is the score that all but 5 % of these pairs reach. With fewer than 20 such substances there is no limit, and no
group is made from spectra: the library cannot say how far measurements spread.

Which score: the default one of the technique. MS/MS spectra are compared at one precursor only (same polarity and MS
level, as in a search), because the precursor tells the others apart.

A *group* is a set in which no member is told apart from any other one: groups are joined from the most alike pair on,
as long as that holds (complete linkage), so no chain of resemblances puts unlike substances together. A substance may
be like some that are not in its group; `Groups.not_told_apart` has them all, and it is what an identification must
exclude. A labelled standard, a salt or a derivative is never in the group of its parent.

The same pairs tell how far another substance may lead over the right one in a search (`Spread.margin`). That is the
sharper tool for one query, because it compares candidates with each other: all within the margin of the leader stand.

The score alone is asked. Members of a group may have different masses: their molecular ions, where they are seen, tell
them apart, and that is evidence of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from nps_spectra.errors import OptionError
from nps_spectra.identification.families import NEVER_MERGED, SEPARATED_BY, Identity, Relation, relation
from nps_spectra.identification.repeatability import COVERAGE, Compared, Spread, rows_of, spread_of
from nps_spectra.library import Library
from nps_spectra.options import Tolerance
from nps_spectra.scorers import Scorer, Technique
from nps_spectra.scoring import ScoreOptions
from nps_spectra.searching.exact import DEFAULT_METHODS
from nps_spectra.searching.threads import in_order, thread_count

Int = npt.NDArray[np.int64]

#: Nearest substances kept for each substance, whatever their score.
NEAREST: Final = 5


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A substance near another one.

    Attributes
    ----------
    substance : int
        Number in ``library.substances``.
    name : str or None
    score : float
        Best of all pairs of their spectra.
    told_apart : bool or None
        Whether the score is below the limit; None where there is no limit.
    relation : str or None
        By formula and structure: ``ring_position``, ``acyl``, ``chain``, ``isomer``, ``same_formula``,
        ``isotopologue``, ``salt``, ``derivative``; None if there is none.
    separated_by : tuple of str
        What would tell the two apart, best first.
    """

    substance: int
    name: str | None
    score: float
    told_apart: bool | None
    relation: Relation | None
    separated_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """A substance, its group, and what is near it.

    Attributes
    ----------
    substance : int
    name : str or None
    number : int or None
        Of the group; None for a substance that is alone.
    members : tuple of int
        Substances of the group, itself among them.
    neighbours : tuple of Neighbour
        All that are not told apart from it, and the nearest others, most alike first.
    stereoisomers : tuple of str
        Whole InChIKeys in the library that are this one substance, where there are several: this program never tells
        them apart by mass spectrum.
    """

    substance: int
    name: str | None
    number: int | None
    members: tuple[int, ...]
    neighbours: tuple[Neighbour, ...]
    stereoisomers: tuple[str, ...]


class Groups:
    """What a library's substances are like each other, under the default score of one technique.

    Attributes
    ----------
    technique : {"EI", "MS/MS"}
    library_digest : str
    spread : Spread
    pairs : ndarray of int64, shape (pairs, 2)
        Substances near each other, lower number first, ascending.
    scores : ndarray of float64, shape (pairs,)
    of_substances : ndarray of int64, shape (substances,)
        Group of each substance; -1 for one that is alone.
    """

    def __init__(
        self,
        library: Library,
        technique: Technique,
        spread: Spread,
        pairs: Int,
        scores: npt.NDArray[np.float64],
        group: Int,
    ) -> None:
        self.technique = technique
        self.library_digest = library.digest
        self.spread = spread
        self.pairs = pairs
        self.scores = scores
        self.of_substances = group
        self._identities = identities(library)
        self._stereoisomers = _stereoisomers(library)

    @classmethod
    def of(
        cls,
        library: Library,
        *,
        technique: Technique = "EI",
        coverage: float = COVERAGE,
        tolerance: Tolerance | str = "0.01 Da",
        progress: Callable[[int, int], None] | None = None,
    ) -> Groups:
        """Compare all substances of a library with each other.

        Parameters
        ----------
        library : Library
        technique : {"EI", "MS/MS"}
        coverage : float
            Share of the pairs of repeated measurements that must reach the limit, above 0.5 and below 1.
        tolerance : Tolerance or str
            Of peaks and precursors, for MS/MS.
        progress : callable, optional
            Called with the number of spectra done and in all.

        Raises
        ------
        OptionError
            A coverage that is none, or no spectrum of this technique.

        Examples
        --------
        >>> from nps_spectra import Spectra, Spectrum
        >>> spectra = [Spectrum([44, 91], [99, h], name=name, ionization="EI") for name, h in (("A", 9), ("B", 8))]
        >>> groups = Groups.of(Library(Spectra.of(spectra), name="two"))
        >>> groups.spread.limit is None, [near.name for near in groups.of_substance(0).neighbours]
        (True, ['B'])
        """
        if not 0.5 < coverage < 1:
            raise OptionError(f"coverage {coverage!r}: expected a share above 0.5 and below 1, such as 0.95")
        width = Tolerance.parse(tolerance)
        rows = rows_of(library, technique)
        if not len(rows):
            raise OptionError(f"library {library.name!r} has no {technique} spectra with peaks")
        scorer = ScoreOptions(method=DEFAULT_METHODS[technique], tolerance=width).resolve(technique)
        spread = spread_of(library, scorer, width, coverage)
        best = _best_scores(library, scorer, rows, width, spread.limit, progress)
        keys = sorted(best)
        pairs = np.array(keys, dtype=np.int64).reshape(-1, 2)
        scores = np.array([best[key] for key in keys], dtype=np.float64)
        known = identities(library)
        group = _linked(library, pairs, scores, spread.limit, known)
        return cls(library, technique, spread, pairs, scores, group)

    def __len__(self) -> int:
        """Number of groups of two or more."""
        return int(self.of_substances.max(initial=-1)) + 1

    def __repr__(self) -> str:
        return f"<Groups, {len(self)} groups, {self.technique}, {self.spread.method} >= {self.spread.limit}>"

    def members(self, number: int) -> tuple[int, ...]:
        """Substances of a group."""
        return tuple(np.flatnonzero(self.of_substances == range(len(self))[number]).tolist())

    @cached_property
    def not_told_apart(self) -> tuple[frozenset[int], ...] | None:
        """For each substance all those whose spectra are not told apart from its own, those of its parent included.

        None where there is no limit: that is not known then, which is not "none".
        """
        if self.spread.limit is None:
            return None
        found: list[set[int]] = [set() for _ in self.of_substances]
        for a, b in self.pairs[self.scores >= self.spread.limit].tolist():
            found[a].add(b)
            found[b].add(a)
        return tuple(map(frozenset, found))

    def of_substance(self, substance: int) -> Group:
        """The group of a substance, its neighbours, and what would tell them apart.

        Raises
        ------
        IndexError
            There is no such substance.
        """
        own = range(len(self.of_substances))[substance]
        number = int(self.of_substances[own])
        near = [
            self._neighbour(own, a + b - own, score)
            for (a, b), score in ((self.pairs[at].tolist(), float(self.scores[at])) for at in self._near[own])
        ]
        near.sort(key=lambda one: (-one.score, one.substance))
        kept = [one for place, one in enumerate(near) if place < NEAREST or one.told_apart is False]
        return Group(
            own,
            self._identities[own].name,
            None if number < 0 else number,
            (own,) if number < 0 else self.members(number),
            tuple(kept),
            self._stereoisomers[own],
        )

    @cached_property
    def _near(self) -> list[list[int]]:
        found: list[list[int]] = [[] for _ in self.of_substances]
        for at, (a, b) in enumerate(self.pairs.tolist()):
            found[a].append(at)
            found[b].append(at)
        return found

    def _neighbour(self, own: int, other: int, score: float) -> Neighbour:
        kind = relation(self._identities[own], self._identities[other])
        limit = self.spread.limit
        # What has no relation has another formula, and with it most often another mass.
        ways = SEPARATED_BY[kind] if kind else ("molecular mass", "retention index", "MS/MS")
        return Neighbour(
            other, self._identities[other].name, score, None if limit is None else score < limit, kind, ways
        )

    def to_dicts(self) -> Iterator[dict[str, Any]]:
        """One dict for every substance that is in a group or not told apart from another."""
        for substance, others in enumerate(self.not_told_apart or ()):
            if others:
                yield asdict(self.of_substance(substance))

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """What a library file stores: the pairs, their scores and the group of each substance."""
        return {"pairs": self.pairs, "scores": self.scores, "group": self.of_substances}

    def describe(self) -> dict[str, Any]:
        """What a library file stores beside the arrays, as plain data for JSON."""
        return {"technique": self.technique, "library_digest": self.library_digest, "spread": asdict(self.spread)}

    @classmethod
    def stored(cls, library: Library, arrays: Mapping[str, npt.NDArray[Any]], described: Mapping[str, Any]) -> Groups:
        """The groups of `arrays` and `describe`.

        Raises
        ------
        OptionError
            They are of another library, or of another shape.
        """
        try:
            digest, technique = described["library_digest"], described["technique"]
            spread = Spread(**described["spread"])
            pairs, scores, group = (arrays[name] for name in ("pairs", "scores", "group"))
        except (KeyError, TypeError) as error:
            raise OptionError(f"no stored groups: {error}") from error
        if digest != library.digest:
            raise OptionError(
                f"groups of a library with digest {str(digest)[:12]}; {library.name!r} has {library.digest[:12]}: "
                "compute them anew"
            )
        size = len(library.substances)
        inside = len(group) == size and pairs.shape == (len(scores), 2)
        if not inside or (len(pairs) and not (pairs.min() >= 0 and pairs.max() < size)):
            raise OptionError(f"stored groups do not fit a library of {size} substances: compute them anew")
        return cls(library, technique, spread, pairs, scores, group)


def identities(library: Library) -> list[Identity]:
    """What is known of each substance, from the first of its spectra that states it."""
    fields = {name: library.spectra.texts(name).to_list() for name in ("name", "formula", "smiles")}
    found: list[dict[str, str]] = [{} for _ in library.substances.keys]
    for row, substance in enumerate(library.substances.of_row.tolist()):
        for name, values in fields.items():
            value = values[row]
            if value is not None:
                found[substance].setdefault(name, value)
    skeletons = (None if key.startswith("name:") else key.partition("/")[0] for key in library.substances.keys)
    return [
        Identity(known.get("name"), known.get("formula"), known.get("smiles"), skeleton)
        for known, skeleton in zip(found, skeletons, strict=True)
    ]


def _stereoisomers(library: Library) -> list[tuple[str, ...]]:
    found: list[dict[str, None]] = [{} for _ in library.substances.keys]
    keys = library.spectra.texts("inchikey").to_list()
    for key, substance in zip(keys, library.substances.of_row.tolist(), strict=True):
        if key is not None:
            found[substance][key] = None
    return [tuple(sorted(known)) if len(known) > 1 else () for known in found]


def _best_scores(
    library: Library,
    scorer: Scorer,
    rows: Int,
    tolerance: Tolerance,
    limit: float | None,
    progress: Callable[[int, int], None] | None,
) -> dict[tuple[int, int], float]:
    """Best score of every pair of substances that reaches the limit or is among the nearest of one of them."""
    prepared = library.prepared(scorer)
    substances = library.substances.of_row
    others_of = Compared(library, scorer.technique, tolerance)

    # On other threads: it must not ask the library for what it keeps, as whoever asks for groups may hold its lock.
    def near_to(row: int) -> dict[int, float]:
        others = others_of(row)
        if not len(others):
            return {}
        return _nearest(substances[others], scorer.score(prepared, row, prepared, others).score, limit)

    nearest: dict[int, dict[int, float]] = {}
    numbers: list[int] = rows.tolist()
    for done, (row, found) in enumerate(zip(numbers, in_order(near_to, numbers, thread_count()), strict=True), start=1):
        near = nearest.setdefault(int(substances[row]), {})
        for other, score in found.items():
            near[other] = max(score, near.get(other, 0.0))
        if progress is not None:
            progress(done, len(rows))
    best: dict[tuple[int, int], float] = {}
    for own, near in nearest.items():
        ranked = sorted(near.items(), key=lambda item: (-item[1], item[0]))
        for place, (other, score) in enumerate(ranked):
            if place < NEAREST or (limit is not None and score >= limit):
                pair = (min(own, other), max(own, other))
                best[pair] = max(score, best.get(pair, 0.0))
    return best


def _nearest(substances: Int, scores: npt.NDArray[np.float64], limit: float | None) -> dict[int, float]:
    """Best score of one spectrum with each other substance, as far as it can matter."""
    near: dict[int, float] = {}
    order = np.argsort(-scores, kind="stable")  # NaN, "no score", last
    for at in order.tolist():
        score = float(scores[at])
        if math.isnan(score) or score <= 0 or (len(near) >= NEAREST and (limit is None or score < limit)):
            break
        near.setdefault(int(substances[at]), score)
    return near


def _linked(
    library: Library,
    pairs: Int,
    scores: npt.NDArray[np.float64],
    limit: float | None,
    known: list[Identity],
) -> Int:
    """Groups by complete linkage, the most alike pair first; equal scores by the keys of the substances."""
    group = np.full(len(library.substances), -1, dtype=np.int64)
    if limit is None:
        return group
    keys = library.substances.keys
    able = {}
    for (a, b), score in zip(pairs.tolist(), scores.tolist(), strict=True):
        if score >= limit and relation(known[a], known[b]) not in NEVER_MERGED:
            able[a, b] = score
    members = {substance: [substance] for pair in able for substance in pair}
    # By keys and not by numbers: the groups do not depend on the order of the records.
    ordered = sorted(able, key=lambda pair: (-able[pair], *sorted((keys[pair[0]], keys[pair[1]]))))
    for a, b in ordered:
        mine, theirs = members[a], members[b]
        if mine is theirs:
            continue
        if all((min(one, other), max(one, other)) in able for one in mine for other in theirs):
            mine += theirs
            for substance in theirs:
                members[substance] = mine
    number = 0
    for substance in sorted(members):
        if group[substance] < 0 and len(members[substance]) > 1:
            group[members[substance]] = number
            number += 1
    return group
