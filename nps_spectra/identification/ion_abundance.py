"""Correlated ion abundances: does a spectrum keep the relations between ions that a substance's replicates have?

The most abundant ions of many replicates vary together. Each ion is regressed on the others, so that a questioned
spectrum predicts its own abundances; what counts is how far they are from their predictions. This is the general
linear model of EASI, the expert algorithm for substance identification (Jackson and co-workers, J. Am. Soc. Mass
Spectrom. 2023). How large a residual may be is taken from the replicates themselves, each predicted by a model that
was fitted without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from nps_spectra.errors import OptionError
from nps_spectra.identification.replicates import abundances
from nps_spectra.spectra import Spectra
from nps_spectra.spectrum import Spectrum

Float = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class AbundanceFit:
    """How well a spectrum fits the model of a substance.

    Attributes
    ----------
    measured, predicted : ndarray of float64, shape (ions,)
        Shares of the ions of the model, which are 1 together.
    residual : float
        Mean absolute difference of the two.
    p : float
        Share of the replicates with a residual at least as large, the spectrum itself counted among them: small if it
        is unlike them. It cannot be below 1 / (replicates + 1).
    share : float
        How much of the intensity of the spectrum is in the ions of the model, 0 to 1; the model says nothing of the
        rest.
    """

    measured: Float
    predicted: Float
    residual: float
    p: float
    share: float


@dataclass(frozen=True, slots=True, eq=False)
class IonAbundanceModel:
    """The relations between the most abundant ions of one substance.

    Attributes
    ----------
    mz : ndarray of float64, shape (ions,)
        Nominal m/z, ascending.
    intercept : ndarray of float64, shape (ions,)
    coefficients : ndarray of float64, shape (ions, ions)
        Row i predicts ion i from the others; the diagonal is 0.
    residuals : ndarray of float64, shape (replicates,)
        Mean absolute residual of each replicate, left out of the model; ascending.
    """

    mz: Float
    intercept: Float
    coefficients: Float
    residuals: Float

    @classmethod
    def fit(cls, replicates: Spectra, *, ions: int = 20) -> IonAbundanceModel:
        """Fit the model to EI spectra of one substance.

        The ion with the largest share is left out: shares add up to 1, and with all of them in the model each would
        follow from the others without error.

        Parameters
        ----------
        replicates : Spectra
            At least twice as many as `ions`.
        ions : int
            Most abundant ions to take, at least 3; fewer if the spectra have fewer.

        Raises
        ------
        OptionError
            Too few replicates or ions.

        Examples
        --------
        >>> random = np.random.default_rng(0)
        >>> def measured(ratio=0.5):
        ...     a, b = random.uniform(50, 90), random.uniform(10, 30)
        ...     return Spectrum([44, 65, 91, 120], [400, a, b, ratio * a], ionization="EI")
        >>> model = IonAbundanceModel.fit(Spectra.of([measured() for _ in range(30)]), ions=4)
        >>> model.check(measured()).p > 0.05, model.check(measured(0.2)).p < 0.05
        (True, True)
        """
        if ions < 3:
            raise OptionError(f"ions is {ions!r}: relations need at least 3")
        if len(replicates) < 2 * ions:
            raise OptionError(
                f"{len(replicates)} replicates for {ions} ions: expected at least {2 * ions}; with fewer "
                "replicates use fewer ions, or the min-max test or Welch's test"
            )
        mz, abundance = abundances(replicates)
        chosen = np.sort(np.argsort(-abundance.mean(axis=0), kind="stable")[:ions])
        if len(chosen) < 3:
            raise OptionError(f"the replicates have {len(chosen)} ions: relations need at least 3")
        shares = _closed(abundance[:, chosen])
        kept = np.arange(len(chosen)) != int(np.argmax(shares.mean(axis=0)))
        shares = shares[:, kept]
        intercept, coefficients, left_out = _regressed(shares)
        return cls(mz[chosen][kept], intercept, coefficients, np.sort(np.abs(left_out).mean(axis=1)))._with_base(
            mz[chosen][~kept]
        )

    def _with_base(self, base: Float) -> IonAbundanceModel:
        """The same model with the ion left out back in its place, predicted from nothing (NaN)."""
        order = np.argsort(np.concatenate([self.mz, base]), kind="stable")
        size = len(order)
        coefficients = np.zeros((size, size))
        coefficients[:-1, :-1] = self.coefficients
        return IonAbundanceModel(
            np.concatenate([self.mz, base])[order],
            np.append(self.intercept, np.nan)[order],
            coefficients[np.ix_(order, order)],
            self.residuals,
        )

    def check(self, spectrum: Spectrum) -> AbundanceFit:
        """Hold a spectrum against the model.

        Raises
        ------
        OptionError
            The spectrum has no peaks, or none of the ions of the model.
        """
        mz, abundance = abundances(Spectra.of([spectrum]))
        raw = np.zeros(len(self.mz))
        own, at = np.intersect1d(mz, self.mz, return_indices=True)[1:]
        raw[at] = abundance[0, own]
        share = float(raw.sum())
        if share == 0:
            raise OptionError("the spectrum has none of the ions of the model")
        measured = raw / share
        predicted = self.intercept + self.coefficients @ measured
        residual = float(np.nanmean(np.abs(measured - predicted)))
        larger = len(self.residuals) - int(np.searchsorted(self.residuals, residual, side="left"))
        return AbundanceFit(measured, predicted, residual, (larger + 1) / (len(self.residuals) + 1), share)

    def to_dict(self) -> dict[str, Any]:
        """The model as plain data for JSON; None for the ion that is not predicted."""
        found = {field.name: getattr(self, field.name).tolist() for field in fields(self)}
        return found | {"intercept": [None if np.isnan(value) else float(value) for value in self.intercept]}

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> IonAbundanceModel:
        """The model of `to_dict`.

        Raises
        ------
        OptionError
            Something else.
        """
        try:
            values = {field.name: np.array(given[field.name], dtype=np.float64) for field in fields(cls)}
        except (KeyError, TypeError, ValueError) as error:
            raise OptionError(f"no ion-abundance model: {error}; expected what to_dict gives") from error
        size = len(values["mz"])
        if values["coefficients"].shape != (size, size) or len(values["intercept"]) != size:
            raise OptionError(f"no ion-abundance model: {size} m/z, and coefficients of another number")
        return cls(**values)


def _closed(abundance: Float) -> Float:
    """Shares of the chosen ions among themselves."""
    total = abundance.sum(axis=1, keepdims=True)
    if (total == 0).any():
        raise OptionError(f"replicate {int(np.argmin(total)) + 1} has none of the most abundant ions of the others")
    result: Float = abundance / total
    return result


def _regressed(shares: Float) -> tuple[Float, Float, Float]:
    """Intercepts, coefficients, and the residual of every replicate from the model fitted without it."""
    count, size = shares.shape
    intercept, coefficients = np.empty(size), np.zeros((size, size))
    left_out = np.empty_like(shares)
    for ion in range(size):
        others = np.arange(size) != ion
        design = np.column_stack([np.ones(count), shares[:, others]])
        solution = np.linalg.lstsq(design, shares[:, ion], rcond=None)[0]
        # A fit without replicate i misses it by e / (1 - h): no fit has to be repeated.
        leverage = np.einsum("ij,ji->i", design, np.linalg.pinv(design))
        error = shares[:, ion] - design @ solution
        left_out[:, ion] = error / np.maximum(1.0 - leverage, 1e-12)
        intercept[ion], coefficients[ion, others] = solution[0], solution[1:]
    return intercept, coefficients, left_out
