"""The profile of a laboratory: limits of probability, scheme, words and search, as one TOML file."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from nps_spectra.errors import OptionError
from nps_spectra.identification.laboratory_files import Fields, read_toml, toml_text
from nps_spectra.identification.schemes import Scheme, load_scheme, scheme
from nps_spectra.identification.vocabulary import Vocabulary, load_vocabulary
from nps_spectra.options import Tolerance
from nps_spectra.scorers import Technique

_FILE: Final = Path(__file__).with_name("data") / "profile.toml"
#: Below this a limit would let through what is as likely wrong as right.
_LEAST_LIMIT: Final = 0.5


@dataclass(frozen=True, slots=True)
class Profile:
    """How a laboratory concludes.

    Attributes
    ----------
    name, version : str
    scheme : Scheme
    vocabulary : Vocabulary
    lead, group, substance_class : float
        Calibrated probabilities from which on something is said, at least 0.5 and below 1.
    group_other : float
        As `group`, of spectra that are not EI.
    candidates : int
        Of each query.
    method : str or None
        Of the search; None: the default of the technique.
    tolerance, precursor_tolerance : Tolerance
        Of spectra that are not EI.
    fewest_peaks_ei, fewest_peaks_other : int
        A spectrum with fewer is not usable.
    least_explained : float
        Share of the intensity of the query that a candidate must explain, 0 to 1.
    heavier_peak : float
        Share of the base peak that a peak above the mass of a candidate must have to contradict it.
    retention_index : float
        Largest difference from the library.
    margin : float
        As a share of the scale of the score, where the library's own replicates give none.
    retention_time_min : float
        Largest difference from reference material of the batch.
    """

    name: str
    version: str
    scheme: Scheme
    vocabulary: Vocabulary
    lead: float
    group: float
    group_other: float
    substance_class: float
    candidates: int
    method: str | None
    tolerance: Tolerance
    precursor_tolerance: Tolerance
    fewest_peaks_ei: int
    fewest_peaks_other: int
    least_explained: float
    heavier_peak: float
    retention_index: float
    margin: float
    retention_time_min: float

    @property
    def limits(self) -> dict[str, float]:
        """Calibrated probabilities from which on something is said, by their names in the file."""
        return {
            "lead": self.lead,
            "group": self.group,
            "group_other": self.group_other,
            "class": self.substance_class,
        }

    def least_group(self, technique: Technique) -> float:
        """Probability from which on one of a set is named.

        Examples
        --------
        >>> load_profile().least_group("EI") < load_profile().least_group("MS/MS")
        True
        """
        return self.group if technique == "EI" else self.group_other

    def to_toml(self) -> str:
        """The profile with every value, the scheme and the vocabulary by name: what its digest is made of."""
        head = {"name": self.name, "version": self.version, "scheme": self.scheme.name}
        tables: list[tuple[str, dict[str, Any]]] = [
            ("", head),
            ("[limits]", self.limits),
            (
                "[search]",
                {
                    "candidates": self.candidates,
                    "method": self.method,
                    "tolerance": str(self.tolerance),
                    "precursor_tolerance": str(self.precursor_tolerance),
                },
            ),
            (
                "[spectrum]",
                {"fewest_peaks_ei": self.fewest_peaks_ei, "fewest_peaks_other": self.fewest_peaks_other},
            ),
            (
                "[contradiction]",
                {
                    "least_explained": self.least_explained,
                    "heavier_peak": self.heavier_peak,
                    "retention_index": self.retention_index,
                },
            ),
            ("[candidates]", {"margin": self.margin}),
            ("[retention]", {"time_min": self.retention_time_min}),
        ]
        return toml_text(tables)

    def describe(self) -> dict[str, Any]:
        """Name, version, and digests of the profile, its scheme and its words."""
        return {
            "name": self.name,
            "version": self.version,
            "sha256": _sha256(self.to_toml()),
            "limits": self.limits,
            "scheme": {
                "name": self.scheme.name,
                "version": self.scheme.version,
                "sha256": _sha256(self.scheme.to_toml()),
            },
            "vocabulary": {
                "language": self.vocabulary.language,
                "version": self.vocabulary.version,
                "sha256": _sha256(self.vocabulary.to_toml()),
            },
        }


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def load_profile(path: str | Path | None = None) -> Profile:
    """Load the profile of a laboratory.

    Parameters
    ----------
    path : str or Path, optional
        Default: the file of the package. Files that it names are looked for beside it.

    Raises
    ------
    InputError
        The file, or one that it names, cannot be read or says something that is not allowed; the message names table
        and key.

    Examples
    --------
    >>> load_profile().scheme.name, load_profile().lead
    ('swgdrug-8', 0.95)
    """
    return _packaged() if path is None else _load(Path(path))


@cache
def _packaged() -> Profile:
    return _load(_FILE)


def _load(path: Path) -> Profile:
    top = Fields(path, "top of the file", read_toml(path))
    name, version, named = top.text("name"), top.text("version"), top.text("scheme")
    words = top.optional_text("vocabulary")
    limits, search, spectrum, contradiction, candidates, retention = (
        Fields(path, table, top.table(table))
        for table in ("limits", "search", "spectrum", "contradiction", "candidates", "retention")
    )
    top.end()
    group = _limit(limits, "group")
    found = Profile(
        name=name,
        version=version,
        scheme=_scheme(top, path, named),
        vocabulary=load_vocabulary(None if words is None else path.parent / words),
        lead=_limit(limits, "lead"),
        group=group,
        group_other=_limit(limits, "group_other", group),
        substance_class=_limit(limits, "class"),
        candidates=_whole(search, "candidates", 2, 1000),
        method=search.optional_text("method"),
        tolerance=_tolerance(search, "tolerance"),
        precursor_tolerance=_tolerance(search, "precursor_tolerance"),
        fewest_peaks_ei=_whole(spectrum, "fewest_peaks_ei", 1, 1000),
        fewest_peaks_other=_whole(spectrum, "fewest_peaks_other", 1, 1000),
        least_explained=_number(contradiction, "least_explained", 0.0, 1.0),
        heavier_peak=_number(contradiction, "heavier_peak", 0.0, 1.0),
        retention_index=_number(contradiction, "retention_index", 0.0, 1e4),
        margin=_number(candidates, "margin", 0.0, 1.0),
        retention_time_min=_number(retention, "time_min", 0.0, 60.0),
    )
    for table in (limits, search, spectrum, contradiction, candidates, retention):
        table.end()
    return found


def _scheme(top: Fields, path: Path, named: str) -> Scheme:
    if named.endswith(".toml"):
        return load_scheme(path.parent / named)
    try:
        return scheme(named)
    except OptionError as error:
        raise top.fault("scheme", str(error)) from error


def _number(fields: Fields, field: str, least: float, most: float, default: Any = ...) -> float:
    value = fields.take(field, (int, float), "a number", default)
    if not (math.isfinite(value) and least <= value <= most):
        raise fields.fault(field, f"found {value!r}, expected a number from {least:g} to {most:g}")
    return float(value)


def _limit(fields: Fields, field: str, default: Any = ...) -> float:
    value = _number(fields, field, _LEAST_LIMIT, 1.0, default)
    if value == 1.0:
        raise fields.fault(field, "found 1, expected less: no probability reaches it")
    return value


def _whole(fields: Fields, field: str, least: int, most: int) -> int:
    value = fields.integer(field)
    if not least <= value <= most:
        raise fields.fault(field, f"found {value!r}, expected a whole number from {least} to {most}")
    return value


def _tolerance(fields: Fields, field: str) -> Tolerance:
    try:
        return Tolerance.parse(fields.text(field))
    except OptionError as error:
        raise fields.fault(field, str(error)) from error
