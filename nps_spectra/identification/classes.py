"""NPS class of an EI spectrum, also of a substance that no library holds: a linear model that may abstain.

One ridge regression for each class on the features of `class_features`, its scores turned into probabilities by
a multinomial calibration on spectra of substance groups that the regression had not seen. Every coefficient has a name
("ion 58"), so that an answer can be checked by hand.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from nps_spectra.atomic import write_text
from nps_spectra.errors import InputError, OptionError
from nps_spectra.identification.assessment import ClassEstimate, ClassModel
from nps_spectra.identification.class_features import feature_names, features, nominal_intensities
from nps_spectra.identification.class_indications import indications
from nps_spectra.identification.class_labels import NONE_OF_THESE
from nps_spectra.scoring import technique_of
from nps_spectra.spectra import Spectra
from nps_spectra.spectrum import Spectrum

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

_FORMAT: Final = "nps_spectra class model"
_VERSION: Final = 1
_EMBEDDED: Final = Path(__file__).parent / "data" / "class_model.json"
#: A model is a few hundred kilobytes; a file larger than this is refused before it is parsed.
_LARGEST_BYTES: Final = 1 << 23
#: Constant feature, for the intercepts.
_CONSTANT: Final = 0.1
#: Folds on which scores are calibrated.
_FOLDS: Final = 10
#: Share of the training spectra that are less like their classes than what the model answers for.
_REMOTE: Final = 0.01
#: Significant digits of stored numbers.
_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class _Fitted:
    """What a fit has learnt; see `ClassEstimator` for the shapes."""

    classes: tuple[str, ...]
    coefficients: Float
    intercepts: Float
    slope: float
    offsets: Float
    least_probability: float
    least_other: float
    means: Float
    least_likeness: float
    least_density: float
    training: Mapping[str, Any]


class ClassEstimator:
    """Estimator of NPS classes in the manner of scikit-learn: `fit`, `predict_proba`, `predict`, `estimate`.

    Parameters
    ----------
    regularisation : float
        Of the ridge regressions.
    balance : float
        0: every spectrum weighs the same; 1: every class does.
    right : float
        Share of right answers on unseen groups for which the least probability of an answer is set.
    false : float
        Largest share of spectra that are none of the classes for which one may be stated.

    Examples
    --------
    >>> spectra = Spectra.of([Spectrum([58.0, 77.0 + k], [99.0, 9.0], name=f"a{k}") for k in range(20)]
    ...                      + [Spectrum([91.0, 200.0 + k], [99.0, 9.0], name=f"b{k}") for k in range(20)])
    >>> model = ClassEstimator().fit(spectra, ["amine"] * 20 + ["other"] * 20)
    >>> model.predict(Spectra.of([Spectrum([58.0, 79.0], [99.0, 8.0])]))
    ['amine']
    """

    def __init__(
        self, *, regularisation: float = 0.3, balance: float = 0.5, right: float = 0.975, false: float = 0.04
    ) -> None:
        if not (regularisation > 0 and 0 <= balance <= 1 and 0 < right < 1 and 0 < false < 1):
            raise OptionError(
                f"found regularisation {regularisation}, balance {balance}, right {right}, false {false}: expected a "
                "number > 0, one of 0 to 1, and two between 0 and 1"
            )
        self.regularisation = regularisation
        self.balance = balance
        self.right = right
        self.false = false
        self._fitted: _Fitted | None = None

    def fit(
        self,
        spectra: Spectra,
        labels: Sequence[str],
        groups: Sequence[int] | None = None,
        training: Mapping[str, Any] | None = None,
    ) -> Self:
        """Learn classes.

        Parameters
        ----------
        spectra : Spectra
        labels : sequence of str
            Class of each.
        groups : sequence of int, optional
            Spectra that share one are never on both sides when scores are calibrated; without them each is alone.
        training : mapping, optional
            What `describe` shall say of the data.

        Raises
        ------
        OptionError
            The lengths differ, or fewer than two classes.
        """
        if len(labels) != len(spectra) or (groups is not None and len(groups) != len(spectra)):
            raise OptionError(f"found {len(spectra)} spectra and {len(labels)} labels: expected one label for each")
        classes = tuple(sorted(set(labels)))
        if len(classes) < 2:
            raise OptionError(f"found the classes {list(classes)}: expected at least two")
        intensities = nominal_intensities(spectra)
        found = features(intensities)
        truth = np.array([classes.index(label) for label in labels], dtype=np.int64)
        grouped = np.arange(len(spectra)) if groups is None else np.asarray(groups, dtype=np.int64)
        gram = found @ found.T + _CONSTANT
        scores = self._unseen_scores(gram, truth, len(classes), grouped)
        slope, offsets = _calibrated(scores, truth)
        dual = self._dual(gram, truth, len(classes))
        means = np.stack([_unit(_likeness_vectors(intensities[truth == k]).mean(axis=0)) for k in range(len(classes))])
        likeness = (_likeness_vectors(intensities) @ means.T).max(axis=1)
        self._fitted = _Fitted(
            classes,
            _rounded(found.T @ dual).T,
            _rounded(_CONSTANT * dual.sum(axis=0)),
            float(_rounded(np.array(slope))),
            _rounded(offsets),
            *_least_probabilities(_softmax(slope * scores + offsets), truth, _other(classes), self.right, self.false),
            _rounded(means),
            float(_rounded(np.quantile(likeness, _REMOTE))),
            float(_rounded(np.quantile(_densities(intensities), _REMOTE))),
            {
                "spectra": len(spectra),
                "groups": len(set(grouped.tolist())),
                "spectra_of_class": dict(sorted(Counter(labels).items())),
                **(training or {}),
            },
        )
        return self

    def _dual(self, gram: Float, truth: Int, classes: int) -> Float:
        """Dual coefficients of the ridge regressions, shape (spectra, classes)."""
        targets = np.where(truth[:, np.newaxis] == np.arange(classes), 1.0, -1.0)
        counts = np.bincount(truth, minlength=classes)
        weights = (counts.mean() / counts[truth]) ** self.balance
        return np.asarray(np.linalg.solve(gram + np.diag(self.regularisation / weights), targets), dtype=np.float64)

    def _unseen_scores(self, gram: Float, truth: Int, classes: int, groups: Int) -> Float:
        """Scores of each spectrum by regressions that saw nothing of its group, shape (spectra, classes)."""
        fold = fold_of_groups(groups, truth, _FOLDS)
        scores = np.full((len(truth), classes), -1.0)
        for number in range(_FOLDS):
            kept, out = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
            known = np.unique(truth[kept])
            dual = self._dual(gram[np.ix_(kept, kept)], np.searchsorted(known, truth[kept]), len(known))
            scores[np.ix_(out, known)] = gram[np.ix_(out, kept)] @ dual
        return scores

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes that were learnt, sorted."""
        return self._known().classes

    def _known(self) -> _Fitted:
        if self._fitted is None:
            raise OptionError("this estimator has learnt nothing: call fit, or load a model")
        return self._fitted

    def predict_proba(self, spectra: Spectra) -> Float:
        """Probability of each class, shape (spectra, classes), in the order of `classes`."""
        fitted = self._known()
        found = features(nominal_intensities(spectra))
        return _softmax(fitted.slope * (found @ fitted.coefficients.T + fitted.intercepts) + fitted.offsets)

    def predict(self, spectra: Spectra) -> list[str]:
        """The most probable class of each, also where `estimate` would abstain."""
        return [self.classes[k] for k in self.predict_proba(spectra).argmax(axis=1)]

    def likeness(self, spectra: Spectra) -> Float:
        """How alike each is to the mean spectrum of the class most alike, 0 to 1: cosine of square-root intensities."""
        return np.asarray((_likeness_vectors(nominal_intensities(spectra)) @ self._known().means.T).max(axis=1))

    def estimates(self, spectra: Spectra) -> list[ClassEstimate]:
        """Class of each spectrum, with what speaks for it, or why none is given."""
        fitted = self._known()
        found = []
        for spectrum, row, likeness in zip(spectra, self.predict_proba(spectra), self.likeness(spectra), strict=True):
            order = np.argsort(-row, kind="stable")
            best = int(order[0])
            probabilities = tuple((fitted.classes[k], float(row[k])) for k in order.tolist())
            reasons = _reasons(spectrum, fitted.classes[best], float(row[best]), float(likeness), fitted)
            if reasons:
                found.append(ClassEstimate(probabilities=probabilities, abstained=reasons))
                continue
            label = fitted.classes[best]
            found.append(ClassEstimate(label, float(row[best]), probabilities, indications(spectrum, label)))
        return found

    def estimate(self, spectrum: Spectrum) -> ClassEstimate:
        """Class of one EI spectrum; abstains on other spectra, far from what was learnt, and where it is unsure."""
        return self.estimates(Spectra.of([spectrum]))[0]

    def reasons_for(self, spectrum: Spectrum, label: str, count: int = 10) -> list[tuple[str, float]]:
        """The features of a spectrum that add most to the score of a class, largest first."""
        fitted = self._known()
        if label not in fitted.classes:
            raise OptionError(f"found the class {label!r}, expected one of {', '.join(fitted.classes)}")
        row = (
            features(nominal_intensities(Spectra.of([spectrum])))[0] * fitted.coefficients[fitted.classes.index(label)]
        )
        names = feature_names()
        return [(names[k], float(row[k])) for k in np.argsort(-row, kind="stable")[:count].tolist() if row[k] > 0]

    def describe(self) -> dict[str, object]:
        """Classes, data, thresholds and digest: what a report says of the model."""
        fitted = self._known()
        return {
            "format": _FORMAT,
            "classes": list(fitted.classes),
            "least_probability": fitted.least_probability,
            "least_probability_of_none": fitted.least_other,
            "least_likeness": fitted.least_likeness,
            "least_density": fitted.least_density,
            "training": dict(fitted.training),
            "digest": self.digest,
        }

    @property
    def digest(self) -> str:
        """SHA-256 of the model as stored, in hexadecimal."""
        return hashlib.sha256(self._text().encode("utf-8")).hexdigest()

    def _text(self) -> str:
        fitted = self._known()
        content: dict[str, Any] = {
            "format": _FORMAT,
            "version": _VERSION,
            "regularisation": self.regularisation,
            "balance": self.balance,
            "right": self.right,
            "false": self.false,
            "classes": list(fitted.classes),
            "training": dict(fitted.training),
            "slope": fitted.slope,
            "least_probability": fitted.least_probability,
            "least_probability_of_none": fitted.least_other,
            "least_likeness": fitted.least_likeness,
            "least_density": fitted.least_density,
            "offsets": fitted.offsets.tolist(),
            "intercepts": fitted.intercepts.tolist(),
            "coefficients": fitted.coefficients.tolist(),
            "means": fitted.means.tolist(),
        }
        lines = [f"{json.dumps(key)}: {json.dumps(value, separators=(',', ':'))}" for key, value in content.items()]
        return "{\n" + ",\n".join(lines) + "\n}\n"

    def save(self, path: str | Path) -> None:
        """Write the model as JSON."""
        write_text(Path(path), self._text())

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a model that `save` wrote.

        Raises
        ------
        InputError
            The file cannot be read or is no such model.
        """
        content = _read(Path(path))
        try:
            model = cls(
                regularisation=content["regularisation"],
                balance=content["balance"],
                right=content["right"],
                false=content["false"],
            )
            classes = tuple(str(label) for label in content["classes"])
            count = len(classes)
            model._fitted = _Fitted(
                classes,
                _array(content, "coefficients", (count, len(feature_names()))),
                _array(content, "intercepts", (count,)),
                float(content["slope"]),
                _array(content, "offsets", (count,)),
                float(content["least_probability"]),
                float(content["least_probability_of_none"]),
                _array(content, "means", (count, None)),
                float(content["least_likeness"]),
                float(content["least_density"]),
                dict(content["training"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{path}: no sound class model ({error!r}); train it anew") from error
        return model


def load_class_model(path: str | Path | None = None) -> ClassModel:
    """The embedded model of NPS classes, or one that `ClassEstimator.save` wrote.

    Raises
    ------
    InputError
        The file cannot be read or is no such model.

    Examples
    --------
    >>> "Fentanyl analogues" in load_class_model().describe()["classes"]
    True
    """
    return _embedded() if path is None else ClassEstimator.load(path)


@cache
def _embedded() -> ClassEstimator:
    return ClassEstimator.load(_EMBEDDED)


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from error
    if len(content) > _LARGEST_BYTES:
        raise InputError(f"{path}: more than {_LARGEST_BYTES} bytes; a class model is smaller")
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not JSON ({error})") from error
    if not isinstance(found, dict) or found.get("format") != _FORMAT:
        raise InputError(f"{path}: found something else, expected a {_FORMAT}")
    if found.get("version") != _VERSION:
        raise InputError(f"{path}: version {found.get('version')!r} of a class model, expected {_VERSION}")
    return found


def _array(content: Mapping[str, Any], field: str, shape: tuple[int | None, ...]) -> Float:
    found = np.array(content[field], dtype=np.float64)
    sizes = tuple(size for size in found.shape)
    if len(sizes) != len(shape) or any(b is not None and a != b for a, b in zip(sizes, shape, strict=True)):
        raise ValueError(f"{field} has the shape {sizes}, expected {shape}")
    if not np.isfinite(found).all():
        raise ValueError(f"{field} has a value that is no number")
    return found


def _reasons(spectrum: Spectrum, label: str, probability: float, likeness: float, fitted: _Fitted) -> tuple[str, ...]:
    """Why no class is given; empty if one is."""
    if len(spectrum.mz) == 0:
        return ("the spectrum has no peak",)
    if technique_of(spectrum) != "EI":
        return ("the spectrum is not from electron ionisation, of which the classes were learnt",)
    reasons = []
    density = float(_densities(nominal_intensities(Spectra.of([spectrum])))[0])
    if density < fitted.least_density:
        reasons.append(
            f"peaks at {density:.0%} of all m/z up to the heaviest, expected at least {fitted.least_density:.0%}: "
            "a list of principal ions is no whole spectrum"
        )
    if likeness < fitted.least_likeness:
        reasons.append(
            f"unlike all spectra learnt from: cosine {likeness:.2f} with the class most alike, "
            f"expected at least {fitted.least_likeness:.2f}"
        )
    least = fitted.least_other if label == NONE_OF_THESE else fitted.least_probability
    if probability < least:
        reasons.append(f"the most probable class, {label}, has {probability:.2f}: expected at least {least:.2f}")
    return tuple(reasons)


def fold_of_groups(groups: Int, truth: Int, folds: int) -> Int:
    """Fold of each spectrum: groups stay whole, and the groups of each class are dealt out evenly, largest first.

    Examples
    --------
    >>> fold_of_groups(np.array([0, 0, 1, 2, 3]), np.array([0, 0, 0, 1, 1]), 2).tolist()
    [0, 0, 1, 1, 0]
    """
    fold = np.zeros(len(groups), dtype=np.int64)
    sizes = np.zeros(folds, dtype=np.int64)
    for label in np.unique(truth):
        of_class = np.zeros(folds, dtype=np.int64)
        members = groups[truth == label]
        names, counts = np.unique(members, return_counts=True)
        for name in names[np.lexsort((names, -counts))].tolist():
            rows = groups == name
            if truth[rows][0] != label:
                continue  # a group of several classes was dealt out with its first
            to = int(np.lexsort((np.arange(folds), sizes, of_class))[0])
            fold[rows] = to
            of_class[to] += rows.sum()
            sizes[to] += rows.sum()
    return fold


def _softmax(values: Float) -> Float:
    shifted = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), dtype=np.float64)


def _calibrated(scores: Float, truth: Int) -> tuple[float, Float]:
    """Slope and offset of each class that make the scores most likely probabilities."""
    from scipy.optimize import minimize

    rows = np.arange(len(truth))
    targets = (truth[:, np.newaxis] == np.arange(scores.shape[1])).astype(np.float64)

    def loss(parameters: Float) -> tuple[float, Float]:
        slope, offsets = parameters[0], parameters[1:]
        found = _softmax(slope * scores + offsets)
        error = found - targets
        value = -np.log(np.maximum(found[rows, truth], 1e-300)).sum() + 0.05 * (offsets**2).sum()
        return float(value), np.concatenate([[(error * scores).sum()], error.sum(axis=0) + 0.1 * offsets])

    start = np.concatenate([[3.0], np.zeros(scores.shape[1])])
    best = minimize(loss, start, jac=True, method="L-BFGS-B")
    return float(best.x[0]), np.asarray(best.x[1:])


def _other(classes: Sequence[str]) -> int | None:
    """Which of the classes is that of everything else."""
    return classes.index(NONE_OF_THESE) if NONE_OF_THESE in classes else None


def _least_probabilities(
    probabilities: Float, truth: Int, other: int | None, right: float, false: float
) -> tuple[float, float]:
    """Least probabilities of a class, and of "none of these", above which answers are right often enough; 1 if never.

    Of the spectra of a class for which one is stated, the share `right` must be given their own; and a class may be
    stated for no more than the share `false` of those that have none.
    """
    highest, answer = probabilities.max(axis=1), probabilities.argmax(axis=1)
    is_class = truth != other
    stated = answer != other
    least = _least(highest[stated & is_class], (answer == truth)[stated & is_class], right)
    wrongly = np.sort(highest[stated & ~is_class])[::-1]
    allowed = int(false * int((~is_class).sum()))
    if len(wrongly) > allowed:
        least = max(least, _up(float(wrongly[allowed])))
    return least, _least(highest[~stated], (answer == truth)[~stated], right)


def _least(highest: Float, correct: npt.NDArray[np.bool_], right: float) -> float:
    order = np.argsort(-highest, kind="stable")
    share = np.cumsum(correct[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(share >= right)
    return 1.0 if len(enough) == 0 else min(1.0, float(np.floor(highest[order[enough[-1]]] * 1e4) / 1e4))


def _up(value: float) -> float:
    return min(1.0, float(np.floor(value * 1e4) / 1e4 + 1e-4))


def _densities(intensities: Float) -> Float:
    """Share of the nominal m/z up to the heaviest peak at which there is a peak, shape (spectra,)."""
    present = intensities > 0
    heaviest = intensities.shape[1] - 1 - np.argmax(present[:, ::-1], axis=1)
    return np.asarray(present.sum(axis=1) / np.maximum(heaviest, 1), dtype=np.float64)


def _likeness_vectors(intensities: Float) -> Float:
    root = np.sqrt(intensities)
    return _unit(root)


def _unit(vectors: Float) -> Float:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: Float = np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0)
    return unit


def _rounded(values: Float | np.floating[Any]) -> Float:
    """Values with few significant digits, as they are stored."""
    given = np.asarray(values, dtype=np.float64)
    return np.array([float(f"{value:.{_DIGITS}g}") for value in given.ravel()]).reshape(given.shape)
