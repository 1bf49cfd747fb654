"""What is different between two libraries.

Records of two libraries are the same record if, in this order,

1. their content is equal: peaks, fields and original fields;
2. their peaks are equal (of several with these peaks: those with the same accession, then those with the same name,
   then the rest in the order of their digests);
3. they state the same accession, which no other record that is left has;
4. they were read as the same record of a file of the same name, and have the same name.

Whatever is left is only in one of the libraries. Where a record was read does not make it different.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable
from dataclasses import asdict, dataclass
from pathlib import PurePath
from typing import Any

import numpy as np
import numpy.typing as npt

from nps_spectra.library.keys import RecordKeys
from nps_spectra.library.library import Library
from nps_spectra.library.merging import differing_fields, peak_digests
from nps_spectra.spectra import Spectra
from nps_spectra.spectrum import FIELDS

Int = npt.NDArray[np.int64]
_Pairs = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class OnlyIn:
    """A record that one library has.

    Attributes
    ----------
    record : str
        Its key (`nps_spectra.library.keys`).
    row : int
    name : str or None
    """

    record: str
    row: int
    name: str | None


@dataclass(frozen=True, slots=True)
class Changed:
    """A record that both libraries have, and what is different.

    Attributes
    ----------
    record_a, record_b : str
        Its keys.
    row_a, row_b : int
    name : str or None
        In the first library.
    fields : mapping of str to (value, value)
        Fields that differ, in the first and in the second library; ``original`` as mappings.
    score : float or None
        Similarity of the peaks on the scale of `method`; None if they are equal, or if one has nothing to compare.
    method : str or None
        ``nist_identity`` (0 to 999) for EI, ``entropy`` (0 to 1) for other spectra.
    """

    record_a: str
    record_b: str
    row_a: int
    row_b: int
    name: str | None
    fields: dict[str, tuple[Any, Any]]
    score: float | None
    method: str | None


@dataclass(frozen=True, slots=True)
class Difference:
    """The differences of two libraries.

    Attributes
    ----------
    same : int
        Records of equal content.
    only_in_a, only_in_b : list of OnlyIn
    changed_fields : list of Changed
        Equal peaks, other fields.
    changed_peaks : list of Changed
        Other peaks, and perhaps other fields.
    """

    same: int
    only_in_a: list[OnlyIn]
    only_in_b: list[OnlyIn]
    changed_fields: list[Changed]
    changed_peaks: list[Changed]

    def __bool__(self) -> bool:
        """Whether there is any difference."""
        return bool(self.only_in_a or self.only_in_b or self.changed_fields or self.changed_peaks)

    def describe(self) -> dict[str, Any]:
        """The differences as plain data."""
        return asdict(self)


def diff(a: Library, b: Library, *, tolerance: str = "0.01 Da") -> Difference:
    """Tell what is different between two libraries.

    Parameters
    ----------
    a, b : Library
    tolerance : str
        Of peaks, for the score of spectra that are not EI.

    Raises
    ------
    LibraryDamagedError
        A library is not as it was written.

    Examples
    --------
    >>> from nps_spectra import Spectra, Spectrum
    >>> record = Spectrum([58, 91], [999, 80], name="A", accession="A1", ionization="EI")
    >>> one = Library(Spectra.of([record]), name="one")
    >>> other = Library(Spectra.of([record.replace(name="B"), record]), name="other")
    >>> found = diff(one, other)
    >>> found.same, [record.name for record in found.only_in_b], bool(diff(one, one))
    (1, ['B'], False)
    """
    for library in (a, b):
        library.check_quickly()
    same, left_a, left_b = _equal(a, b)
    peaks_a = dict(zip(left_a, peak_digests(a.spectra, np.array(left_a, dtype=np.int64)), strict=True))
    peaks_b = dict(zip(left_b, peak_digests(b.spectra, np.array(left_b, dtype=np.int64)), strict=True))
    by_peaks, left_a, left_b = _paired_by_peaks(a, b, peaks_a, peaks_b)
    others: _Pairs = []
    for key_of in (_accession, _place):
        found = _paired(left_a, left_b, key_of(a.spectra), key_of(b.spectra))
        others += found
        taken_a, taken_b = {one for one, _ in found}, {other for _, other in found}
        left_a = [row for row in left_a if row not in taken_a]
        left_b = [row for row in left_b if row not in taken_b]
    keys_a, keys_b = RecordKeys(a), RecordKeys(b)
    return Difference(
        same,
        [OnlyIn(keys_a.key(row), row, a.spectra.texts("name")[row]) for row in left_a],
        [OnlyIn(keys_b.key(row), row, b.spectra.texts("name")[row]) for row in left_b],
        _changes(a, b, keys_a, keys_b, sorted(by_peaks), None),
        _changes(a, b, keys_a, keys_b, sorted(others), tolerance),
    )


def _equal(a: Library, b: Library) -> tuple[int, list[int], list[int]]:
    """Number of records of equal content, and the rows of the others; equal records pair one to one."""
    counts: dict[bytes, list[int]] = {}
    for row, digest in enumerate(a.digests):
        counts.setdefault(digest.tobytes(), []).append(row)
    left_b = []
    for row, digest in enumerate(b.digests):
        rows = counts.get(digest.tobytes())
        if rows:
            rows.pop()
        else:
            left_b.append(row)
    left_a = sorted(row for rows in counts.values() for row in rows)
    return len(a) - len(left_a), left_a, left_b


def _paired_by_peaks(
    a: Library, b: Library, peaks_a: dict[int, bytes], peaks_b: dict[int, bytes]
) -> tuple[_Pairs, list[int], list[int]]:
    groups: dict[bytes, tuple[list[int], list[int]]] = {}
    for side, peaks in enumerate((peaks_a, peaks_b)):
        for row, digest in peaks.items():
            groups.setdefault(digest, ([], []))[side].append(row)
    accessions = [library.spectra.texts("accession") for library in (a, b)]
    names = [library.spectra.texts("name") for library in (a, b)]
    pairs: _Pairs = []
    for one, other in groups.values():
        if not one or not other:
            continue
        mine, theirs = one, other
        for columns in (accessions, names):
            found = _paired(mine, theirs, columns[0].__getitem__, columns[1].__getitem__)
            pairs += found
            taken_a, taken_b = {row for row, _ in found}, {row for _, row in found}
            mine = [row for row in mine if row not in taken_a]
            theirs = [row for row in theirs if row not in taken_b]
        mine.sort(key=lambda row: a.digests[row].tobytes())
        theirs.sort(key=lambda row: b.digests[row].tobytes())
        pairs += zip(mine, theirs, strict=False)  # the longer side has records that are only there
    taken_a, taken_b = {row for row, _ in pairs}, {row for _, row in pairs}
    return pairs, [row for row in peaks_a if row not in taken_a], [row for row in peaks_b if row not in taken_b]


def _paired(
    rows_a: Iterable[int],
    rows_b: Iterable[int],
    key_a: Callable[[int], Hashable],
    key_b: Callable[[int], Hashable],
) -> _Pairs:
    """Pairs of rows with a key that exactly one row of each side has; None is no key."""
    sides: list[dict[Hashable, list[int]]] = []
    for rows, key_of in ((rows_a, key_a), (rows_b, key_b)):
        side: dict[Hashable, list[int]] = {}
        for row in rows:
            key = key_of(row)
            if key is not None:
                side.setdefault(key, []).append(row)
        sides.append(side)
    mine, theirs = sides
    return [(rows[0], theirs[key][0]) for key, rows in mine.items() if len(rows) == 1 and len(theirs.get(key, ())) == 1]


def _accession(spectra: Spectra) -> Callable[[int], Hashable]:
    return spectra.texts("accession").__getitem__


def _place(spectra: Spectra) -> Callable[[int], Hashable]:
    def key(row: int) -> Hashable:
        file, number = spectra.texts("source_file")[row], spectra.columns["source_record"][row]
        name = spectra.texts("name")[row]
        return None if file is None or number is None or name is None else (PurePath(file).name, number, name)

    return key


def _changes(
    a: Library, b: Library, keys_a: RecordKeys, keys_b: RecordKeys, pairs: _Pairs, tolerance: str | None
) -> list[Changed]:
    """What differs in each pair; the peaks too if a tolerance is given."""
    from nps_spectra.scoring import similarity, technique_of

    rows_a, rows_b = (np.array(side, dtype=np.int64) for side in (zip(*pairs, strict=True) if pairs else ((), ())))
    found = []
    for (one, other), names in zip(pairs, differing_fields(a.spectra, rows_a, b.spectra, rows_b), strict=True):
        first, second = a[one], b[other]
        score = method = None
        if tolerance is not None:
            method = "nist_identity" if "EI" in (technique_of(first), technique_of(second)) else "entropy"
            found_score = similarity(first, second, method, tolerance)
            score = None if math.isnan(found_score) else found_score
        fields = {name: (_plain(first, name), _plain(second, name)) for name in names}
        found.append(Changed(keys_a.key(one), keys_b.key(other), one, other, first.name, fields, score, method))
    return found


def _plain(spectrum: Any, name: str) -> Any:
    value = getattr(spectrum, name)
    if name not in FIELDS:
        return {key: list(values) for key, values in value.items()}
    return list(value) if isinstance(value, tuple) else value
