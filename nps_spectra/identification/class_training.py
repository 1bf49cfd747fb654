"""Spectra that classes are learnt from: labelled, each measurement once, grouped so that isomers stay together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from nps_spectra.errors import OptionError
from nps_spectra.identification.class_features import nominal_intensities
from nps_spectra.identification.class_labels import NONE_OF_THESE, SEVEN, labels_of, structures_in
from nps_spectra.scoring import techniques_of
from nps_spectra.spectra import Spectra, joined
from nps_spectra.substances import normalised_name
from nps_spectra.substances.registry import registry

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

#: Cosine of intensities from which two records are one measurement.
SAME_MEASUREMENT: Final = 0.9995
#: Cosine of square-root intensities from which substances count as one group: a simple match factor of 950.
_NEAR_IDENTICAL: Final = 0.95**0.5
#: Rows compared at a time.
_BLOCK: Final = 1024
#: Original field of the seven-class table.
_TABLE_LABEL: Final = "label"


@dataclass(frozen=True)
class TrainingSet:
    """Labelled spectra.

    Attributes
    ----------
    spectra : Spectra
    labels : list of str
    groups : ndarray of int64, shape (spectra,)
        Substances of one formula, and near-identical spectra, share a group.
    origin : ndarray of int64, shape (spectra,)
        Which of the sources each is from.
    left_out : dict of str to int
        How many spectra were left out, and why.
    """

    spectra: Spectra
    labels: list[str]
    groups: Int
    origin: Int
    left_out: dict[str, int]


def training_set(sources: Sequence[Spectra], structures: Mapping[str, str] | None = None) -> TrainingSet:
    """EI spectra of these sources whose class is known, each measurement once.

    Parameters
    ----------
    sources : sequence of Spectra
        A copy of a measurement in a later source is left out. A field ``label`` of 0 to 6 is that of the table of Wong
        et al. 2023 and is used where it does not contradict what `labels_of` says.
    structures : mapping of str to str, optional
        SMILES by first block of the InChIKey, beside those that the sources state.

    Raises
    ------
    OptionError
        No EI spectrum of known class.
    """
    known = structures_in(sources) | dict(structures or {})
    every = joined(list(sources))
    origin = np.repeat(np.arange(len(sources)), [len(one) for one in sources])
    labels = labels_of(every, known)
    told = [_table_label(text) for text in every.texts("original").to_list()]
    ionisation = every.texts("ionization").to_list()
    is_ei = np.array([technique == "EI" for technique in techniques_of(every, ionisation)], dtype=bool)
    contradicted = np.array([a is not None and b is not None and a != b for a, b in zip(labels, told, strict=True)])
    chosen = [a if a is not None else b for a, b in zip(labels, told, strict=True)]
    unknown = np.array([label is None for label in chosen])
    rows = np.flatnonzero(is_ei & ~contradicted & ~unknown)
    intensities = nominal_intensities(every.select(rows))
    copy = _copies(_unit(intensities), np.array([str(chosen[row]) for row in rows.tolist()]))
    rows, intensities = rows[~copy], intensities[~copy]
    if len(rows) == 0:
        raise OptionError(f"found no EI spectrum of a known class among {len(every)}: expected a library of drugs")
    spectra = every.select(rows)
    return TrainingSet(
        spectra,
        [str(chosen[row]) for row in rows.tolist()],
        groups_of(spectra, intensities),
        origin[rows],
        {
            "no EI": int((~is_ei).sum()),
            "class unknown": int((is_ei & unknown & ~contradicted).sum()),
            "class contradicted by the table": int((is_ei & contradicted).sum()),
            "copy of another measurement": int(copy.sum()),
        },
    )


def _table_label(original: str | None) -> str | None:
    from nps_spectra.spectrum import unpack_original

    value = unpack_original(original).get(_TABLE_LABEL, ("",))[0]
    return SEVEN[int(value)] if value in {str(k) for k in range(len(SEVEN))} else None


def _copies(vectors: Float, labels: npt.NDArray[np.str_]) -> npt.NDArray[np.bool_]:
    """Which rows repeat an earlier measurement, or are one of a measurement that has several labels."""
    found = np.zeros(len(vectors), dtype=bool)
    for start in range(0, len(vectors), _BLOCK):
        same = vectors[start : start + _BLOCK] @ vectors.T >= SAME_MEASUREMENT
        for at in range(len(same)):
            row = start + at
            partners = np.flatnonzero(same[at])
            found[row] = bool((partners < row).any()) or bool((labels[partners] != labels[row]).any())
    return found


def groups_of(spectra: Spectra, intensities: Float | None = None) -> Int:
    """Group of each spectrum: substances of one formula or skeleton, and near-identical spectra, go together.

    Examples
    --------
    >>> from nps_spectra import Spectrum
    >>> groups_of(Spectra.of([Spectrum([44.0], [9.0], formula="C9H12FN", name="2-FA"),
    ...                       Spectrum([109.0], [9.0], formula="C9H12FN", name="4-FA"),
    ...                       Spectrum([58.0], [9.0], formula="C10H15N", name="MA")])).tolist()
    [0, 0, 1]
    """
    parent = np.arange(len(spectra))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = int(parent[row])
        return row

    def unite(first: int, second: int) -> None:
        low, high = sorted((root(first), root(second)))
        parent[high] = low

    first_of: dict[str, int] = {}
    for row, keys in enumerate(_identities(spectra)):
        for key in keys:
            unite(first_of.setdefault(key, row), row)
    vectors = _unit(np.sqrt(nominal_intensities(spectra) if intensities is None else intensities))
    for start in range(0, len(vectors), _BLOCK):
        near = np.argwhere(vectors[start : start + _BLOCK] @ vectors.T >= _NEAR_IDENTICAL)
        for at, other in near[near[:, 0] + start < near[:, 1]].tolist():
            unite(start + at, other)
    roots = np.array([root(row) for row in range(len(spectra))], dtype=np.int64)
    return np.asarray(np.unique(roots, return_inverse=True)[1], dtype=np.int64)


def _identities(spectra: Spectra) -> list[list[str]]:
    columns = (spectra.texts(field).to_list() for field in ("name", "inchikey", "formula"))
    found = []
    for name, key, formula in zip(*columns, strict=True):
        substance = registry().find(name) if name else None
        keys = [key[:14] if key else substance.inchikey[:14] if substance else ""]
        keys += [formula or (substance.formula if substance else "")]
        keys += [f"name {normalised_name(name)}" if name else ""]
        found.append([text for text in keys if text])
    return found


def _unit(vectors: Float) -> Float:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Float = np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0)
    return unit


def thinned(training: TrainingSet, most: int) -> TrainingSet:
    """At most this many spectra that are none of the classes, evenly taken: there is no end to such substances."""
    none = [row for row, label in enumerate(training.labels) if label == NONE_OF_THESE]
    if len(none) <= most:
        return training
    kept_none = {none[int(k)] for k in np.linspace(0, len(none) - 1, most)}
    rows = [row for row, label in enumerate(training.labels) if label != NONE_OF_THESE or row in kept_none]
    return TrainingSet(
        training.spectra.select(rows),
        [training.labels[row] for row in rows],
        training.groups[rows],
        training.origin[rows],
        training.left_out | {"none of the classes, not needed": len(none) - len(kept_none)},
    )
