"""A calibrated model: from the evidence of all candidates of one query to probabilities, or to nothing.

Two logistic steps, each a weighted sum of the features of `features.py` with weights that are never negative:

- presence: the odds that the substance is one of the candidates are ``sum_i exp(a + c . x_i)``;
- choice: given that, candidate i is the substance with probability ``exp(b . x_i) / sum_j exp(b . x_j)``
  (McFadden's conditional logit, 1974).

So P(candidate i) is the product of both, all of them and P(absent) sum to 1, and whatever supports a candidate more
never lowers its probability.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any, Final, get_args

import numpy as np
import numpy.typing as npt

from nps_spectra.atomic import write_text
from nps_spectra.errors import InputError, OptionError
from nps_spectra.identification.assessment import Assessment
from nps_spectra.identification.evidence import Evidence
from nps_spectra.identification.features import FEATURES, features_of
from nps_spectra.identification.laboratory_files import LARGEST_BYTES
from nps_spectra.scorers import Technique

Float = npt.NDArray[np.float64]

KIND: Final = "nps_spectra calibration"
VERSION: Final = 1
#: Features are written with this many decimals, and compared with their range that exactly.
_SLACK: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Weight:
    """One feature of a calibration.

    Attributes
    ----------
    feature : str
        Of `nps_spectra.identification.features.FEATURES`.
    presence, choice : float
        Its weights in the two steps, never negative.
    lowest, highest : float
        Of the leading candidates of the measured searches. Below it nothing is said; above it, for presence, the value
        counts as the highest measured.
    """

    feature: str
    presence: float
    choice: float
    lowest: float
    highest: float


@dataclass(frozen=True)
class LogitCalibration:
    """Probabilities from two logistic steps; see the module.

    Attributes
    ----------
    name, date : str
        Date in the form 2026-01-31.
    technique : {"EI", "MS/MS"}
    method : str
        Of the search whose candidates were measured.
    intercept : float
        Of presence.
    weights : tuple of Weight
    least_choice : float
        Candidates with at least this probability of choice are in the candidate set.
    absent_limit : float
        No candidate is supported if P(absent) is above this.
    data : mapping
        What it was made from: counts, digests, the share of present queries.
    validation : mapping
        Figures of substances that were not used.
    """

    name: str
    date: str
    technique: Technique
    method: str
    intercept: float
    weights: tuple[Weight, ...]
    least_choice: float
    absent_limit: float
    data: Mapping[str, Any]
    validation: Mapping[str, Any]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content as stored, in hexadecimal."""
        return hashlib.sha256(_canonical(self._content()).encode("utf-8")).hexdigest()

    def describe(self) -> dict[str, object]:
        """What a report says of the calibration used."""
        return {
            "name": self.name,
            "date": self.date,
            "technique": self.technique,
            "method": self.method,
            "digest": self.digest,
            "least_choice": self.least_choice,
            "data": dict(self.data),
            "validation": dict(self.validation),
        }

    def assess(self, evidence: Sequence[Evidence]) -> Assessment:
        """Probabilities of the candidates of one query, in their order.

        It abstains if there is no candidate, if they are of another method, and if a feature of the leading one is
        below all that were measured.

        Parameters
        ----------
        evidence : sequence of Evidence
            All candidates that the search listed.

        Examples
        --------
        >>> load_calibration().assess(()).abstained
        ('no candidate: there is nothing to assess',)
        """
        if not evidence:
            return Assessment(abstained=("no candidate: there is nothing to assess",))
        methods = sorted({one.method for one in evidence} - {self.method})
        if methods:
            return Assessment(
                abstained=(f"searched with {methods[0]}; the calibration {self.name!r} is of {self.method}",)
            )
        features = features_of(evidence, self.technique)
        choice, present = self.probabilities(features)
        leader = int(np.argmax(choice))
        outside = self._outside(features[leader])
        if outside:
            return Assessment(abstained=outside)
        chosen = () if 1 - present > self.absent_limit else candidate_set(choice, self.least_choice)
        each = present * choice
        return Assessment(tuple(each.tolist()), chosen, float(min(1.0, each[list(chosen)].sum())), float(1 - present))

    def probabilities(self, features: Float) -> tuple[Float, float]:
        """P(candidate, given that one is present) of each candidate, and P(one is present).

        Parameters
        ----------
        features : ndarray of float64, shape (candidates, features)
            In the order of `weights`.
        """
        choice = np.array([weight.choice for weight in self.weights])
        presence = np.array([weight.presence for weight in self.weights])
        # Better than any measured pair is no more than the best of them: the odds are not drawn out beyond the data.
        measured = np.minimum(features, [weight.highest for weight in self.weights])
        return softmax(features @ choice), logistic(self.intercept + log_sum(measured @ presence))

    def _outside(self, features: Float) -> tuple[str, ...]:
        found = []
        for weight, value in zip(self.weights, features.tolist(), strict=True):
            if not value >= weight.lowest - _SLACK:
                found.append(
                    f"{weight.feature} of the leading candidate is {value:.3g}; measured pairs have "
                    f"{weight.lowest:.3g} to {weight.highest:.3g}"
                )
        return tuple(found)

    def _content(self) -> dict[str, Any]:
        return {
            "kind": KIND,
            "version": VERSION,
            "name": self.name,
            "date": self.date,
            "technique": self.technique,
            "method": self.method,
            "intercept": self.intercept,
            "features": [
                {
                    "name": weight.feature,
                    "presence": weight.presence,
                    "choice": weight.choice,
                    "lowest": weight.lowest,
                    "highest": weight.highest,
                }
                for weight in self.weights
            ],
            "least_choice": self.least_choice,
            "absent_limit": self.absent_limit,
            "data": self.data,
            "validation": self.validation,
        }

    def to_json(self, path: Path | None = None) -> str:
        """The calibration as JSON with its digest, also written to `path` if given."""
        text = json.dumps(self._content() | {"digest": self.digest}, ensure_ascii=False, indent=1) + "\n"
        if path is not None:
            write_text(path, text)
        return text


def softmax(sums: Float) -> Float:
    """Shares of ``exp(sums)``.

    Examples
    --------
    >>> softmax(np.log([1.0, 3.0])).round(6).tolist()
    [0.25, 0.75]
    """
    raised = np.exp(sums - sums.max())
    shares: Float = raised / raised.sum()
    return shares


def log_sum(sums: Float) -> float:
    """Logarithm of the sum of ``exp(sums)``."""
    highest = float(sums.max())
    return highest + math.log(float(np.exp(sums - highest).sum()))


def logistic(logit: float) -> float:
    """Probability of a logit.

    Examples
    --------
    >>> logistic(0.0), logistic(800.0)
    (0.5, 1.0)
    """
    # Beyond this a double has no room for the difference from 0 or 1.
    bounded = min(max(logit, -700.0), 700.0)
    return 1 / (1 + math.exp(-bounded))


def candidate_set(choice: Float, least: float) -> tuple[int, ...]:
    """The candidates with at least this probability, the most probable first; the leading one whatever it has.

    Of all sets that hold the right one as often, these are the smallest on average: Sadinle, Lei and Wasserman, J. Am.
    Stat. Assoc. 2019, 114, 223, doi:10.1080/01621459.2017.1395341.

    Examples
    --------
    >>> candidate_set(np.array([0.2, 0.79, 0.01]), 0.02)
    (1, 0)
    """
    order = np.argsort(-choice, kind="stable")
    return tuple(order[(choice[order] >= least) | (choice[order] == choice.max())].tolist())


def load_calibration(path: Path | str | None = None, *, technique: Technique = "EI") -> LogitCalibration:
    """Read a calibration; without a path the one that comes with the program.

    Parameters
    ----------
    path : path-like, optional
        As ``nps-spectra calibrate`` writes it.
    technique : {"EI", "MS/MS"}

    Raises
    ------
    InputError
        The file is not there, no calibration, damaged, or of another technique.
    OptionError
        Unknown technique, or none comes with the program for it.

    Examples
    --------
    >>> load_calibration().method
    'nist_identity'
    """
    if technique not in get_args(Technique):
        raise OptionError(f"technique is {technique!r}: expected one of {', '.join(get_args(Technique))}")
    if path is None:
        embedded = EMBEDDED.get(technique)
        if embedded is None:
            raise OptionError(f"no calibration of {technique} comes with the program: make one with 'calibrate'")
        source = resources.files("nps_spectra.identification") / "data" / "calibrations" / embedded
        return read_calibration(source.read_text(encoding="utf-8"), embedded, technique)
    file = Path(path)
    try:
        with file.open("rb") as stream:
            content = stream.read(LARGEST_BYTES + 1)
        if len(content) > LARGEST_BYTES:
            raise InputError(f"{file}: more than {LARGEST_BYTES} bytes; a calibration is smaller")
        return read_calibration(content.decode("utf-8-sig"), str(file), technique)
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror or error})") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: not UTF-8 (byte {error.start}); expected a calibration in JSON") from error


#: Calibrations that come with the program.
EMBEDDED: Final[Mapping[Technique, str]] = {"EI": "ei.json", "MS/MS": "msms.json"}


def read_calibration(text: str, place: str, technique: Technique) -> LogitCalibration:
    """A calibration from its JSON; `place` is named in messages.

    Raises
    ------
    InputError
        What was found and what was expected.
    """
    try:
        content = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{place}: no calibration: not JSON ({error})") from error
    if not isinstance(content, dict) or content.get("kind") != KIND:
        raise InputError(f'{place}: no calibration: expected a JSON object with "kind": "{KIND}"')
    if content.get("version") != VERSION:
        raise InputError(
            f"{place}: calibration of version {content.get('version')!r}; this program reads version {VERSION}"
        )
    stated = content.pop("digest", None)
    digest = hashlib.sha256(_canonical(content).encode("utf-8")).hexdigest()
    if stated != digest:
        raise InputError(
            f"{place}: damaged: content has the digest {digest[:12]}, stated is {str(stated)[:12]}; a calibration is "
            "not edited by hand: make it anew"
        )
    try:
        return _checked(content, place, technique)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{place}: no calibration: {type(error).__name__}: {error}") from error


def _checked(content: dict[str, Any], place: str, technique: Technique) -> LogitCalibration:
    if content["technique"] != technique:
        raise InputError(f"{place}: a calibration of {content['technique']!r}; expected one of {technique}")
    weights = tuple(
        Weight(str(one["name"]), *(_number(one[name], name) for name in ("presence", "choice", "lowest", "highest")))
        for one in content["features"]
    )
    known = tuple(FEATURES[technique])
    if tuple(weight.feature for weight in weights) != known:
        raise InputError(
            f"{place}: made with other features than this program has ({', '.join(known)}): make it anew with "
            "'nps-spectra calibrate'"
        )
    for weight in weights:
        if weight.presence < 0 or weight.choice < 0 or weight.lowest > weight.highest:
            raise InputError(
                f"{place}: {weight.feature}: weights are not negative and lowest <= highest; found {weight}"
            )
    shares = {name: _number(content[name], name) for name in ("least_choice", "absent_limit")}
    for name, share in shares.items():
        if not 0 < share <= 1:
            raise InputError(f"{place}: {name} is {share!r}: expected a share above 0 and at most 1")
    return LogitCalibration(
        str(content["name"]),
        str(content["date"]),
        technique,
        str(content["method"]),
        _number(content["intercept"], "intercept"),
        weights,
        shares["least_choice"],
        shares["absent_limit"],
        dict(content["data"]),
        dict(content["validation"]),
    )


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"{name} is {value!r}: expected a number")
    return float(value)


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number")


def _canonical(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
