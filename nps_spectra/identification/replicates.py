"""Are two sets of replicate spectra those of different substances: the min-max test and Welch's test per ion.

Both tests can say "different". Neither can say "the same": what is not told apart is not told apart by this
test, on these replicates, and no more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nps_spectra.errors import OptionError
from nps_spectra.options import Tolerance
from nps_spectra.scorers import Technique
from nps_spectra.scoring import ScoreOptions, technique_of
from nps_spectra.spectra import Spectra, joined

Float = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MinMaxResult:
    """Outcome of the min-max test.

    Attributes
    ----------
    different : bool
        Whether every similarity between the sets is below every similarity inside them. False means "not told
        apart by this test", never "the same".
    index : float
        1 less the distance of the lowest similarity inside the sets from the highest between them; 1 if they overlap.
    lowest_within, highest_between : float
        Similarities, 0 to 1.
    first, second : int
        Number of replicates of each set.
    false_different_bound : float
        No more than this share of tests of one substance against itself can say "different", whatever the measure
        of similarity, if the order of all replicates is without meaning (same instrument, same day).
    """

    different: bool
    index: float
    lowest_within: float
    highest_between: float
    first: int
    second: int
    false_different_bound: float


def false_different_bound(first: int, second: int) -> float:
    """Largest probability that the min-max test calls two sets of one substance different.

    If all replicates are exchangeable, each way to deal them into sets of these sizes is equally likely. At most one
    division into two sets can satisfy the rule: of two different divisions each would separate a pair that the other
    keeps together, and the similarity of each of the two pairs would have to be the larger one. Sets of equal size
    are one division dealt in two ways.

    Parameters
    ----------
    first, second : int
        Number of replicates, at least 2 each.

    Raises
    ------
    OptionError
        Fewer than two replicates.

    Examples
    --------
    >>> [round(false_different_bound(*sizes), 4) for sizes in ((3, 3), (3, 5), (5, 5))]
    [0.1, 0.0179, 0.0079]
    """
    if first < 2 or second < 2:
        raise OptionError(f"sets of {first} and {second} replicates: the min-max test needs at least 2 and 2")
    return (2 if first == second else 1) / math.comb(first + second, first)


def min_max_test(first: Spectra, second: Spectra, *, tolerance: Tolerance | str = "0.01 Da") -> MinMaxResult:
    """Min-max test of two sets of replicates: Moorthy & Sisco 2021, doi:10.1021/acs.analchem.1c03053.

    The similarity is the cosine of the square roots of the intensities, of EI spectra at nominal m/z.

    Parameters
    ----------
    first, second : Spectra
        At least two spectra each, of one technique, measured on one instrument on one day.
    tolerance : Tolerance or str
        Of peaks, for spectra that are not EI.

    Raises
    ------
    OptionError
        Fewer than two replicates in a set, or spectra of different techniques.

    Examples
    --------
    >>> from nps_spectra import Spectra, Spectrum
    >>> a = Spectra.of([Spectrum([44, 91], [100, height]) for height in (10, 11, 12)])
    >>> b = Spectra.of([Spectrum([44, 91], [100, height]) for height in (40, 41, 42)])
    >>> min_max_test(a, b).different
    True
    """
    false_different_bound(len(first), len(second))  # refuses too few before anything is computed
    scorer = ScoreOptions(
        method="weighted_cosine", tolerance=tolerance, mz_exponent=0.0, intensity_exponent=0.5
    ).resolve(_technique(first, second))
    prepared = scorer.prepare(joined([first, second]))
    rows = np.arange(len(first) + len(second), dtype=np.int64)
    return min_max_of(np.array([scorer.score(prepared, int(row), prepared, rows).score for row in rows]), len(first))


def min_max_of(similarity: npt.ArrayLike, first: int) -> MinMaxResult:
    """The rule of the min-max test, for any measure of similarity.

    Parameters
    ----------
    similarity : array_like of float, shape (n, n)
        Symmetric, of all replicates of both sets; the first `first` rows are those of the first set.
    first : int

    Raises
    ------
    OptionError
        Fewer than two replicates in a set, or similarities that are not known.

    Examples
    --------
    >>> round(min_max_of([[1, 0.9, 0.5, 0.6], [0.9, 1, 0.5, 0.5], [0.5, 0.5, 1, 0.8], [0.6, 0.5, 0.8, 1]], 2).index, 6)
    0.8
    """
    matrix = np.asarray(similarity, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise OptionError(f"similarities of shape {matrix.shape}: expected one of every replicate with every other")
    bound = false_different_bound(first, len(matrix) - first)
    if np.isnan(matrix).any():
        raise OptionError("a similarity is not known: a replicate without peaks cannot be tested")
    own = np.arange(len(matrix)) < first
    upper = np.triu(np.ones(matrix.shape, dtype=bool), 1)
    within = float(matrix[upper & (own[:, None] == own)].min())
    between = float(matrix[upper & (own[:, None] != own)].max())
    index = 1.0 - max(0.0, within - between)
    return MinMaxResult(within > between, index, within, between, first, len(matrix) - first, bound)


@dataclass(frozen=True, slots=True, eq=False)
class IonTests:
    """Welch's test of every ion of two sets of replicates; arrays are parallel.

    Attributes
    ----------
    mz : ndarray of float64, shape (ions,)
        Nominal m/z that at least one replicate has.
    first_mean, second_mean : ndarray of float64
        Mean abundance; a replicate without the ion counts as 0.
    t, degrees_of_freedom, p : ndarray of float64
        NaN for an ion that has no spread in either set: there is no test without spread.
    p_holm : ndarray of float64
        p corrected for the number of ions tested, by Holm's method.
    """

    mz: Float
    first_mean: Float
    second_mean: Float
    t: Float
    degrees_of_freedom: Float
    p: Float
    p_holm: Float

    def discriminating(self, confidence: float = 0.999, *, corrected: bool = True) -> Float:
        """m/z of the ions in which the sets differ; empty: not told apart at this confidence.

        Parameters
        ----------
        confidence : float
            Between 0 and 1.
        corrected : bool
            By Holm; else each ion by itself, which is the rule as published, where many ions tested at 99.9 % make
            a false difference likely.

        Raises
        ------
        OptionError
            A confidence that is none.
        """
        if not 0 < confidence < 1:
            raise OptionError(f"confidence {confidence!r}: expected a number between 0 and 1")
        p = self.p_holm if corrected else self.p
        return self.mz[~np.isnan(p) & (p <= 1 - confidence)]


def welch_ion_tests(first: Spectra, second: Spectra) -> IonTests:
    """Welch's unequal-variance t-test of every ion: Bodnar Willard et al. 2017, doi:10.1016/j.forsciint.2016.11.013.

    Abundances are shares of the total, of EI spectra at nominal m/z: relative to the base peak, the base peak itself
    could never differ. Holm's correction (Holm 1979, Scand. J. Statist. 6, 65) is ours; `IonTests.discriminating`
    gives both. Random-match probabilities are not computed: they take ions for independent, which they are not.

    Parameters
    ----------
    first, second : Spectra
        EI spectra, at least two each.

    Raises
    ------
    OptionError
        Fewer than two replicates in a set, spectra that are not EI, or one without peaks.

    Examples
    --------
    >>> from nps_spectra import Spectra, Spectrum
    >>> a = Spectra.of([Spectrum([44, 91], [100, height]) for height in (10, 11, 12)])
    >>> b = Spectra.of([Spectrum([44, 91], [100, height]) for height in (40, 41, 42)])
    >>> welch_ion_tests(a, b).discriminating().tolist()
    [44.0, 91.0]
    """
    if len(first) < 2 or len(second) < 2:
        raise OptionError(f"sets of {len(first)} and {len(second)} replicates: Welch's test needs at least 2 and 2")
    if _technique(first, second) != "EI":
        raise OptionError("Welch's test per ion compares EI spectra at nominal m/z; these are MS/MS spectra")
    mz, abundance = abundances(joined([first, second]))
    a, b = abundance[: len(first)], abundance[len(first) :]
    t, freedom, p = welch_t(a, b)
    return IonTests(mz, a.mean(axis=0), b.mean(axis=0), t, freedom, p, holm(p))


def abundances(spectra: Spectra) -> tuple[Float, Float]:
    """Abundance of every nominal m/z in every EI spectrum, as a share of its total.

    Returns
    -------
    mz : ndarray of float64, shape (ions,)
        Ascending; those that at least one spectrum has.
    abundance : ndarray of float64, shape (spectra, ions)

    Raises
    ------
    OptionError
        A spectrum without peaks.
    """
    clean = ScoreOptions(method="weighted_cosine").resolve("EI").recipe.apply(spectra)
    lengths = np.diff(clean.offsets)
    if (lengths == 0).any():
        raise OptionError(f"replicate {int(np.argmin(lengths)) + 1} has no peaks")
    mz, column = np.unique(clean.mz, return_inverse=True)
    abundance = np.zeros((len(spectra), len(mz)))
    abundance[np.repeat(np.arange(len(spectra)), lengths), column] = clean.intensity
    return mz.astype(np.float64), abundance / abundance.sum(axis=1, keepdims=True)


def welch_t(first: npt.ArrayLike, second: npt.ArrayLike) -> tuple[Float, Float, Float]:
    """Welch's t, its degrees of freedom (Welch-Satterthwaite) and two-sided p, down the columns.

    Parameters
    ----------
    first, second : array_like of float, shape (replicates, columns)

    Returns
    -------
    t, degrees_of_freedom, p : ndarray of float64, shape (columns,)
        NaN where neither set has any spread.

    Examples
    --------
    >>> t, freedom, p = welch_t([[100], [98], [102]], [[90], [93], [87]])
    >>> round(float(t[0]), 6), round(float(freedom[0]), 6), round(float(p[0]), 7)
    (4.803845, 3.484536, 0.0120875)
    """
    from scipy.special import stdtr

    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    # The variance of equal values is a rounding error, not a spread.
    va, vb = (np.where(np.ptp(x, axis=0) == 0, 0.0, x.var(axis=0, ddof=1)) / len(x) for x in (a, b))
    total = va + vb
    known = total > 0
    t, freedom, p = (np.full(a.shape[1], np.nan) for _ in range(3))
    difference = a.mean(axis=0) - b.mean(axis=0)
    t[known] = difference[known] / np.sqrt(total[known])
    # Shares of the variance, because the squares of small variances would leave the range of numbers.
    share = va[known] / total[known]
    freedom[known] = 1.0 / (share**2 / (len(a) - 1) + (1 - share) ** 2 / (len(b) - 1))
    p[known] = 2.0 * stdtr(freedom[known], -np.abs(t[known]))
    return t, freedom, p


def holm(p: npt.ArrayLike) -> Float:
    """p-values corrected for their number by Holm's step-down method; NaN are not counted and stay.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03, 0.005]).round(3).tolist()
    [0.03, 0.06, 0.06, 0.02]
    """
    given = np.asarray(p, dtype=np.float64)
    corrected = np.full(given.shape, np.nan)
    known = np.flatnonzero(~np.isnan(given))
    order = known[np.argsort(given[known], kind="stable")]
    stepped = np.maximum.accumulate(given[order] * np.arange(len(order), 0, -1))
    corrected[order] = np.minimum(stepped, 1.0)
    return corrected


def _technique(first: Spectra, second: Spectra) -> Technique:
    found = {technique_of(spectrum) for spectra in (first, second) for spectrum in spectra}
    if len(found) != 1:
        raise OptionError("replicates of EI and of MS/MS together: sets that are compared have one technique")
    return found.pop()
