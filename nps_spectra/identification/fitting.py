"""Making a calibration: weights from trials, and predictions for trials that were not used for them."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from nps_spectra.errors import OptionError
from nps_spectra.identification.calibration import LogitCalibration, Weight, candidate_set
from nps_spectra.identification.features import FEATURES
from nps_spectra.identification.reliability import area_under_roc, expected_calibration_error, log_likelihood_ratio_cost
from nps_spectra.identification.trials import Kind, Trial
from nps_spectra.scorers import Technique

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]

FOLDS: Final = 5
#: Fewer substances with an independent replicate do not make a calibration.
FEWEST_SUBSTANCES: Final = 30
#: Penalty on the squares of the weights of standardised features: few replicates must not give large weights.
_PENALTY: Final = 1e-3
#: Share of the weight of each kind: present and absent count the same, and both ways of being absent.
_SHARES: Final[Mapping[Kind, float]] = {"present": 0.5, "substance left out": 0.25, "isomers left out": 0.25}
#: Share of the present queries, whose substance is listed, that the candidate set holds in training.
_HELD: Final = 0.98
#: Share of the present queries that may lose all candidates because absence is more probable.
_EMPTIED: Final = 0.002
#: Sources with so many substances that have replicates are asked for that share each.
_LARGE_SOURCE: Final = 20
_DECIMALS: Final = 6


@dataclass(frozen=True, slots=True)
class Table:
    """Trials as arrays, padded to the most candidates.

    Attributes
    ----------
    features : ndarray of float64, shape (trials, candidates, features)
    listed : ndarray of bool, shape (trials, candidates)
    truth : ndarray of int64, shape (trials,)
        Position of the substance; -1: not listed.
    weight : ndarray of float64, shape (trials,)
    fold, source : ndarray of int64, shape (trials,)
        Source: number of the library that the query is of; -1 where too few of its substances have replicates.
    """

    features: Float
    listed: Bool
    truth: Int
    weight: Float
    fold: Int
    source: Int

    def part(self, chosen: Bool) -> Table:
        """Some of the trials."""
        return Table(
            self.features[chosen],
            self.listed[chosen],
            self.truth[chosen],
            self.weight[chosen],
            self.fold[chosen],
            self.source[chosen],
        )


@dataclass(frozen=True, slots=True)
class Predicted:
    """What a model says of trials that it was not made from.

    Attributes
    ----------
    choice : ndarray of float64, shape (trials, candidates)
    present : ndarray of float64, shape (trials,)
    least_choice, absent_limit : ndarray of float64, shape (trials,)
        Of the model of each trial's fold.
    """

    choice: Float
    present: Float
    least_choice: Float
    absent_limit: Float

    def candidate_sets(self) -> list[tuple[int, ...]]:
        """The candidates of each trial that the model gives."""
        return [
            () if 1 - present > limit else candidate_set(choice, least)
            for choice, present, least, limit in zip(
                self.choice, self.present.tolist(), self.least_choice.tolist(), self.absent_limit.tolist(), strict=True
            )
        ]


def fold_of(family: str, folds: int = FOLDS) -> int:
    """Fold of a family of substances, the same on every machine."""
    return int.from_bytes(hashlib.sha256(family.encode("utf-8")).digest()[:8], "big") % folds


def table_of(trials: Sequence[Trial], technique: Technique) -> Table:
    """Arrays of the trials that have candidates.

    Raises
    ------
    OptionError
        Too few substances were measured repeatedly.
    """
    most = max((len(trial.evidence) for trial in trials), default=0)
    repeated = {trial.substance for trial in trials if trial.kind == "present"}
    if len(repeated) < FEWEST_SUBSTANCES:
        raise OptionError(
            f"{len(repeated)} substances were measured independently at least twice; a calibration needs "
            f"{FEWEST_SUBSTANCES}: give more libraries"
        )
    features = np.zeros((len(trials), most, len(FEATURES[technique])))
    listed = np.zeros((len(trials), most), dtype=np.bool_)
    for row, trial in enumerate(trials):
        features[row, : len(trial.evidence)] = trial.features(technique)
        listed[row, : len(trial.evidence)] = True
    return Table(
        features,
        listed,
        np.array([-1 if trial.truth is None else trial.truth for trial in trials], dtype=np.int64),
        weights_of(trials),
        np.array([fold_of(trial.family) for trial in trials], dtype=np.int64),
        _sources(trials),
    )


def _sources(trials: Sequence[Trial]) -> Int:
    """Number of the source of each trial; -1 where too few of its substances have replicates to ask for a share."""
    many = Counter(source for source, _ in {(one.source, one.substance) for one in trials if one.kind == "present"})
    large = sorted(source for source, count in many.items() if count >= _LARGE_SOURCE)
    return np.array([large.index(one.source) if one.source in large else -1 for one in trials], dtype=np.int64)


def weights_of(trials: Sequence[Trial]) -> Float:
    """Weights of trials, sum 1: of a kind its share, of a source the root of its substances, within it all the same.

    By the root, because many old spectra of one source are not to outweigh the few that are like those of casework.
    """
    many = Counter((trial.kind, trial.source, trial.substance) for trial in trials)
    substances = Counter((kind, source) for kind, source, _ in many)
    weight = np.array(
        [
            1 / many[trial.kind, trial.source, trial.substance] / math.sqrt(substances[trial.kind, trial.source])
            for trial in trials
        ]
    )
    kinds = np.array([trial.kind for trial in trials])
    for kind, share in _SHARES.items():
        if (kinds == kind).any():
            weight[kinds == kind] *= share / weight[kinds == kind].sum()
    total: Float = weight / weight.sum()
    return total


def choice_loss(weights: Float, table: Table) -> tuple[float, Float]:
    """Mean negative log-probability of the substance among the candidates that hold it, and its gradient."""
    part = table.part(table.truth >= 0)
    rows = np.arange(len(part.truth))
    sums, logs, shares = _sums(part, weights)
    chosen = part.features[rows, part.truth]
    slope = chosen - np.einsum("nk,nkf->nf", shares, part.features)
    weight = part.weight / part.weight.sum()
    return -float(weight @ (sums[rows, part.truth] - logs)), -(weight @ slope)


def presence_loss(weights: Float, table: Table) -> tuple[float, Float]:
    """Mean negative log-probability of "listed or not", and its gradient; the intercept is the first weight."""
    _, logs, shares = _sums(table, weights[1:])
    logit, truth = logs + weights[0], table.truth >= 0
    weight = table.weight / table.weight.sum()
    loss = float(weight @ np.logaddexp(0, np.where(truth, -logit, logit)))
    off = weight * (_logistic(logit) - truth)
    return loss, np.concatenate([[off.sum()], off @ np.einsum("nk,nkf->nf", shares, table.features)])


def _sums(table: Table, weights: Float) -> tuple[Float, Float, Float]:
    """Weighted sums of the candidates, the logarithm of the sum of their exponentials, and their shares of it."""
    sums = np.where(table.listed, table.features @ weights, -np.inf)
    highest = sums.max(axis=1, keepdims=True)
    raised = np.exp(sums - highest)
    total = raised.sum(axis=1, keepdims=True)
    return sums, (highest + np.log(total))[:, 0], raised / total


def _logistic(logit: Float) -> Float:
    from scipy.special import expit

    result: Float = expit(logit)
    return result


def fit(table: Table) -> tuple[float, Float, Float]:
    """Intercept and weights of presence, and weights of choice: none negative but the intercept."""
    from scipy.optimize import minimize

    scale = table.features[table.listed].std(axis=0)
    scale = np.where(scale > 1e-9, scale, 1.0)
    scaled = Table(table.features / scale, table.listed, table.truth, table.weight, table.fold, table.source)
    found = []
    for loss, free in ((presence_loss, 1), (choice_loss, 0)):

        def penalised(weights: Float, loss: Any = loss, free: int = free) -> tuple[float, Float]:
            value, slope = loss(weights, scaled)
            kept = np.concatenate([np.zeros(free), weights[free:]])
            return value + _PENALTY * float(kept @ kept), slope + 2 * _PENALTY * kept

        bounds = [(None, None)] * free + [(0, None)] * len(scale)
        start = np.concatenate([np.zeros(free), np.full(len(scale), 0.1)])
        found.append(minimize(penalised, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 500}).x)
    return float(found[0][0]), found[0][1:] / scale, found[1] / scale


def predict(table: Table, intercept: float, presence: Float, choice: Float) -> tuple[Float, Float]:
    """P(candidate, given that one is present), shape (trials, candidates), and P(one is present)."""
    shares = _sums(table, choice)[2]
    return shares, _logistic(intercept + _sums(table, presence)[1])


def limits(table: Table, choice: Float, present: Float) -> tuple[float, float]:
    """Least probability of choice, and limit of P(absent), that keep the shares of the present queries wanted."""
    rows = np.flatnonzero(table.truth >= 0)
    own, weight, source = choice[rows, table.truth[rows]], table.weight[rows], table.source[rows]
    # The source with the hardest queries decides: many easy ones elsewhere do not make a set of these too small.
    parts = [source == number for number in np.unique(source[source >= 0])] or [np.ones(len(rows), dtype=np.bool_)]
    least = min(_weighted_quantile(own[part], weight[part], 1 - _HELD) for part in parts)
    return least, max(_weighted_quantile(1 - present[rows], weight, 1 - _EMPTIED), 0.5)


def _weighted_quantile(values: Float, weight: Float, share: float) -> float:
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weight[order]) / weight.sum()
    return float(values[order[min(int(np.searchsorted(reached, share)), len(values) - 1)]])


def cross_validated(table: Table) -> Predicted:
    """Predictions for every trial by a model, and with limits, of the other folds.

    The limits are those of trials that the model had not seen either: cross-validation inside the other folds.
    """
    choice, present = np.zeros(table.listed.shape), np.zeros(len(table.truth))
    least, absent_limit = np.zeros(len(table.truth)), np.zeros(len(table.truth))
    for fold in np.unique(table.fold).tolist():
        own = table.fold == fold
        training = table.part(~own)
        least[own], absent_limit[own] = limits(training, *held_out(training))
        choice[own], present[own] = predict(table.part(own), *fit(training))
    return Predicted(choice, present, least, absent_limit)


def held_out(table: Table) -> tuple[Float, Float]:
    """As `predict`, for every trial by a model of the other folds."""
    choice, present = np.zeros(table.listed.shape), np.zeros(len(table.truth))
    for fold in np.unique(table.fold).tolist():
        own = table.fold == fold
        choice[own], present[own] = predict(table.part(own), *fit(table.part(~own)))
    return choice, present


def calibrate(
    trials: Sequence[Trial], technique: Technique, *, name: str, data: Mapping[str, Any], made: date | None = None
) -> LogitCalibration:
    """A calibration from trials, with the figures of its cross-validation.

    Parameters
    ----------
    trials : sequence of Trial
    technique : {"EI", "MS/MS"}
    name : str
    data : mapping
        What the trials were made from, as plain data.
    made : date, optional
        Default: today.

    Raises
    ------
    OptionError
        Too few substances were measured repeatedly.
    """
    usable = [trial for trial in trials if trial.evidence]
    table = table_of(usable, technique)
    model = fit(table)
    predicted = predict(table, *model)
    validated = cross_validated(table)
    least, absent_limit = limits(table, validated.choice, validated.present)
    leading = table.features[np.arange(len(usable)), predicted[0].argmax(axis=1)]
    lowest, highest = leading.min(axis=0), leading.max(axis=0)
    weights = tuple(
        Weight(feature, *(round(float(value), _DECIMALS) for value in values))
        for feature, *values in zip(FEATURES[technique], model[1], model[2], lowest, highest, strict=True)
    )
    methods = {one.method for trial in usable for one in trial.evidence}
    if len(methods) != 1:
        raise OptionError(f"trials of several methods: {', '.join(sorted(methods))}")
    counts = Counter(trial.kind for trial in usable)
    substances = len({trial.substance for trial in usable if trial.kind == "present"})
    return LogitCalibration(
        name=name,
        date=(made or date.today()).isoformat(),
        technique=technique,
        method=methods.pop(),
        intercept=round(model[0], _DECIMALS),
        weights=weights,
        least_choice=round(least, _DECIMALS),
        absent_limit=round(absent_limit, _DECIMALS),
        data={**data, "trials": dict(sorted(counts.items())), "repeated_substances": substances, "present_share": 0.5},
        validation=figures(usable, table, validated),
    )


def figures(trials: Sequence[Trial], table: Table, predicted: Predicted) -> dict[str, Any]:
    """What the cross-validation measured, as plain data."""
    sets = predicted.candidate_sets()
    present = [row for row, trial in enumerate(trials) if trial.kind == "present"]
    held = sum(trials[row].truth in sets[row] for row in present)
    sizes = np.array([len(sets[row]) for row in present])
    listed = table.truth >= 0
    logit = np.log(np.maximum(predicted.present, 1e-12)) - np.log(np.maximum(1 - predicted.present, 1e-12))
    return {
        "folds": FOLDS,
        "never_split": "substances of one formula",
        "present_queries": len(present),
        "in_candidate_set": round(held / len(present), 4),
        "median_set_size": float(np.median(sizes)),
        "mean_set_size": round(float(sizes.mean()), 3),
        "expected_calibration_error": round(expected_calibration_error(predicted.present, listed, table.weight), 4),
        "cllr": round(log_likelihood_ratio_cost(logit, listed), 4),
        "area_under_roc": round(area_under_roc(predicted.present[listed], predicted.present[~listed]), 4),
    }
