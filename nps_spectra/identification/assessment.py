"""What a calibration and a class model say of one query: the values that conclusions are drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from nps_spectra.identification.evidence import Evidence
from nps_spectra.spectrum import Spectrum


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a calibration makes of the evidence of one query.

    Attributes
    ----------
    probabilities : tuple of float
        P(this substance is present), 0 to 1, of each candidate in the order of its evidence; empty where the
        calibration abstains.
    candidate_set : tuple of int
        Positions of the candidates that the data support, the leading one first; empty if none is supported or the
        calibration abstains.
    group_probability : float or None
        P(the substance is one of the set), 0 to 1.
    p_absent : float or None
        P(the substance is not in the library), 0 to 1.
    abstained : tuple of str
        Why nothing is said, such as a feature outside the range of the measured pairs; empty where something is.
    """

    probabilities: tuple[float, ...] = ()
    candidate_set: tuple[int, ...] = ()
    group_probability: float | None = None
    p_absent: float | None = None
    abstained: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Indication:
    """An ion or a neutral loss that speaks for a class, by formula, with its source.

    Attributes
    ----------
    kind : {"ion", "loss"}
    formula : str
    mz : float
        m/z of the ion, or mass of the loss in Da.
    intensity : float
        Relative to the base peak of the query, 0 to 1.
    source : str
    """

    kind: str
    formula: str
    mz: float
    intensity: float
    source: str


@dataclass(frozen=True, slots=True)
class ClassEstimate:
    """NPS class of a spectrum, whether or not its substance is in any library.

    Attributes
    ----------
    label : str or None
        Of the most probable class; None where the model abstains.
    probability : float or None
        Of `label`, 0 to 1.
    probabilities : tuple of (str, float)
        All classes, the most probable first.
    indications : tuple of Indication
        Ions and losses of the query that speak for `label`.
    abstained : tuple of str
        Why no class is given.
    """

    label: str | None = None
    probability: float | None = None
    probabilities: tuple[tuple[str, float], ...] = ()
    indications: tuple[Indication, ...] = ()
    abstained: tuple[str, ...] = ()


class Calibration(Protocol):
    """A calibrated model: evidence of all candidates of one query to probabilities."""

    @property
    def digest(self) -> str:
        """SHA-256 of the model as stored, in hexadecimal."""

    def describe(self) -> dict[str, object]:
        """Name, date, technique, method, data, digests: what a report says of the calibration used."""

    def assess(self, evidence: Sequence[Evidence]) -> Assessment:
        """Probabilities of the candidates of one query, in their order."""


class ClassModel(Protocol):
    """A model of NPS classes."""

    @property
    def digest(self) -> str:
        """SHA-256 of the model as stored, in hexadecimal."""

    def describe(self) -> dict[str, object]:
        """Name, date, classes, data, digests."""

    def estimate(self, spectrum: Spectrum) -> ClassEstimate:
        """Class of one spectrum."""
