"""The other programs, each with the best settings its documentation gives, and what those are.

Every class raises ImportError where its program is not installed.
"""

from __future__ import annotations

import contextlib
import io
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from nps_spectra import Spectra
from nps_spectra.scorers import Prepared
from speed.timing import Work, cpu_seconds

TOLERANCE = 0.01
PPM = 20e-6
TOP = 10

SETTINGS = {
    "ms_entropy": "FlashEntropySearch(max_ms2_tolerance_in_da=0.024), everything in memory (its fastest), library "
    "float32 and cleaned by itself at 0.05 Da and 1 %, no precursor removed; queries cleaned beforehand, not timed; "
    "one call a query; top 10: get_topn_matches(topn=10, min_similarity=0)",
    "FlashSimilarity": "matchms FlashSimilarity.matrix, n_jobs=1, all queries in one call, no top; cosine (hybrid: "
    "modified cosine) and spectral_entropy; the index that each call builds is timed by a call of one query and "
    "taken off",
    "BlinkCosine": "matchms BlinkCosine(tolerance=0.01, bin_width=0.001, intensity_power=0.5, prefilter=False).matrix, "
    "stands in for BLINK, which no index of packages has; approximate; what each call prepares is taken off",
    "CosineGreedy": "matchms CosineGreedy(0.01, intensity_power=0.5).matrix, exact, its most used score",
    "SciPy": "CSR float32 library of unit vectors x dense float32 queries, one product a batch of 500, one thread",
    "GEMM": "NumPy float32 matrices of 1,000 whole m/z, BLAS on one thread, a batch of 500",
    "pyteomics": "pyteomics.mgf.MGF, read sequentially with use_header; it reads no MSP",
}


class MsEntropy:
    """ms_entropy's Flash entropy search."""

    def __init__(self, spectra: Spectra) -> None:
        from ms_entropy import FlashEntropySearch

        listed = [
            {"precursor_mz": one.precursor_mz, "peaks": np.column_stack([one.mz, one.intensity]).astype(np.float32)}
            for one in spectra
        ]
        self._engine = FlashEntropySearch(max_ms2_tolerance_in_da=0.024)
        start = time.process_time()
        self._engine.build_index(
            listed,
            max_indexed_mz=2000,
            precursor_ions_removal_da=None,
            noise_threshold=0.01,
            min_ms2_difference_in_da=0.05,
        )
        self.build_seconds = time.process_time() - start

    def works(self, queries: Spectra) -> dict[str, Work]:
        """Its searches: "open", "open, top 10", "gated", "neutral loss", "hybrid"."""
        engine = self._engine
        asked = [
            (
                float(one.precursor_mz or 0.0),
                engine.clean_spectrum_for_search(
                    one.precursor_mz,
                    np.column_stack([one.mz, one.intensity]),
                    precursor_ions_removal_da=None,
                    noise_threshold=0.01,
                    min_ms2_difference_in_da=0.05,
                ),
            )
            for one in queries
        ]
        searches: dict[str, Callable[[float, Any], Any]] = {
            "open": lambda mz, peaks: engine.open_search(peaks, TOLERANCE),
            "open, top 10": lambda mz, peaks: engine.get_topn_matches(
                engine.open_search(peaks, TOLERANCE), topn=TOP, min_similarity=0.0
            ),
            "gated": lambda mz, peaks: engine.identity_search(mz, peaks, mz * PPM, TOLERANCE),
            "neutral loss": lambda mz, peaks: engine.neutral_loss_search(mz, peaks, TOLERANCE),
            "hybrid": lambda mz, peaks: engine.hybrid_search(mz, peaks, TOLERANCE),
        }

        def every(search: Callable[[float, Any], Any]) -> None:
            for mz, peaks in asked:
                search(mz, peaks)

        for search in searches.values():
            search(*asked[0])
        return {name: Work(partial(every, search), len(asked)) for name, search in searches.items()}


class Matchms:
    """Scores of matchms, whole rows of them."""

    def __init__(self, spectra: Spectra) -> None:
        import matchms.similarity as similarity

        self._similarity = similarity
        start = time.process_time()
        self._references = spectra.to_matchms()
        self.seconds_of_objects = time.process_time() - start

    def seconds(self, score: str, queries: Spectra, rounds: int, tolerance: float = TOLERANCE) -> list[float]:
        """CPU seconds a query of one score, without what each call does once for the library."""
        engine = self._engine(score, tolerance)
        asked = queries.to_matchms()
        options = {"n_jobs": 1} if "Flash" in score else {}
        references = self._references
        found = []
        # The bars of progress cannot be turned off for all of its scores.
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            engine.matrix(references[:20], asked[:2], **options)  # compiles
            for _ in range(rounds):
                whole = cpu_seconds(lambda: engine.matrix(references, asked, **options))
                if "Greedy" in score:  # prepares nothing
                    found.append(whole / len(asked))
                    continue
                seconds = whole - cpu_seconds(lambda: engine.matrix(references, asked[:1], **options))
                if seconds > 0:  # else what it prepares took longer the second time than all the rest
                    found.append(seconds / (len(asked) - 1))
        return found

    def _engine(self, score: str, tolerance: float) -> Any:
        flash = self._similarity.FlashSimilarity
        if score == "FlashSimilarity entropy":
            return flash("spectral_entropy", "fragment", tolerance=tolerance)
        if score == "FlashSimilarity cosine":
            return flash("cosine", "fragment", tolerance=tolerance)
        if score == "FlashSimilarity modified cosine":
            return flash("cosine", "hybrid", tolerance=tolerance)
        if score == "FlashSimilarity entropy, 20 ppm":
            return flash(
                "spectral_entropy",
                "fragment",
                tolerance=tolerance,
                identity_precursor_tolerance=PPM * 1e6,
                identity_use_ppm=True,
            )
        if score == "BlinkCosine":
            return self._similarity.BlinkCosine(
                tolerance=tolerance, bin_width=0.001, intensity_power=0.5, prefilter=False
            )
        if score == "CosineGreedy":
            return self._similarity.CosineGreedy(tolerance=tolerance, intensity_power=0.5)
        return self._similarity.ModifiedCosineGreedy(tolerance=tolerance, intensity_power=0.5)


def products(prepared: Prepared, rows: npt.NDArray[np.int64]) -> dict[str, Work]:
    """The cosine of EI spectra as products of matrices, for a batch of spectra of the library itself.

    The queries are given as they are multiplied: neither cleaned nor weighted within the time.
    """
    from scipy import sparse

    clean = prepared.clean
    owner = np.repeat(np.arange(len(clean)), np.diff(clean.offsets))
    norm = np.sqrt(np.bincount(owner, prepared.values**2, minlength=len(clean)))
    unit = (prepared.values / norm[owner]).astype(np.float32)
    width = max(1000, int(clean.mz.max(initial=0)) + 1)
    matrix = sparse.csr_matrix((unit, clean.mz.astype(np.int32), clean.offsets), shape=(len(clean), width))
    queries = np.ascontiguousarray(matrix[rows].toarray().T)
    dense = np.ascontiguousarray(matrix[:, :1000].toarray())
    few = np.ascontiguousarray(queries[:1000])
    one = np.ascontiguousarray(few[:, 0])
    few, dense_t = np.ascontiguousarray(few.T), np.ascontiguousarray(dense.T)
    top = min(TOP, len(clean) - 1)

    def best(scores: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
        np.negative(scores, out=scores)
        found: npt.NDArray[np.int64] = np.argpartition(scores, top, axis=1)[:, :top]
        return found

    count = len(rows)
    return {
        "SciPy CSR x dense, no top-k": Work(lambda: matrix @ queries, count),
        "SciPy CSR x dense, top 10": Work(lambda: best(np.ascontiguousarray((matrix @ queries).T)), count),
        "dense GEMM, top 10": Work(lambda: best(few @ dense_t), count),
        "dense gemv, one query, no top-k": Work(lambda: dense @ one, 1),
    }
