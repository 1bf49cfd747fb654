"""Fitting: the gradients, the signs, the folds, and what the measured replicates give."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from nps_spectra import Library, Spectra, Spectrum, read_spectra
from nps_spectra.errors import OptionError
from nps_spectra.identification.fitting import (
    Table,
    calibrate,
    choice_loss,
    cross_validated,
    fit,
    fold_of,
    predict,
    presence_loss,
    table_of,
    weights_of,
)
from nps_spectra.identification.trials import Corpus, Trial, contradicts_its_formula


def table(trials: int = 400, seed: int = 0) -> Table:
    """Trials drawn from known weights: presence (2, 0) with intercept -1, choice (1, 3)."""
    random = np.random.default_rng(seed)
    features = random.normal(size=(trials, 4, 2))
    listed = np.ones((trials, 4), dtype=bool)
    listed[::3, 3] = False
    sums = np.where(listed, features @ [2.0, 0.0], -np.inf)
    present = random.random(trials) < 1 / (1 + 1 / (np.exp(-1) * np.exp(sums).sum(axis=1)))
    shares = np.where(listed, np.exp(features @ [1.0, 3.0]), 0)
    shares /= shares.sum(axis=1, keepdims=True)
    drawn = np.array([random.choice(4, p=share) for share in shares])
    fold = np.arange(trials) % 5
    return Table(features, listed, np.where(present, drawn, -1), np.full(trials, 1 / trials), fold, np.zeros_like(fold))


@pytest.mark.parametrize(("loss", "size"), [(choice_loss, 2), (presence_loss, 3)])
def test_gradients_are_those_of_small_steps(loss: object, size: int) -> None:
    at, step = np.linspace(-0.3, 0.8, size), 1e-6
    _, slope = loss(at, table())  # type: ignore[operator]
    for place in range(size):
        moved = np.eye(size)[place] * step
        numeric = (loss(at + moved, table())[0] - loss(at - moved, table())[0]) / (2 * step)  # type: ignore[operator]
        assert slope[place] == pytest.approx(numeric, abs=1e-7)


def test_the_weights_that_made_the_data_are_found() -> None:
    # The penalty draws weights towards 0 by less than a tenth.
    intercept, presence, choice = fit(table(5_000))
    assert intercept == pytest.approx(-1, abs=0.2)
    assert presence == pytest.approx([2, 0], abs=0.25)
    assert choice == pytest.approx([1, 3], abs=0.25)


def test_weights_are_never_negative_even_where_the_data_say_so() -> None:
    found = table()
    turned = Table(-found.features, found.listed, found.truth, found.weight, found.fold, found.source)
    _, presence, choice = fit(turned)
    assert presence.min() >= 0
    assert choice.min() >= 0


def test_a_trial_is_predicted_by_a_model_that_has_not_seen_its_fold() -> None:
    whole = table()
    held_out = cross_validated(whole)
    own = whole.fold == 2
    choice, present = predict(whole.part(own), *fit(whole.part(~own)))
    assert np.array_equal(held_out.choice[own], choice)
    assert np.array_equal(held_out.present[own], present)


def trial(kind: str, source: str, substance: str) -> Trial:
    return Trial("q", source, source, substance, "C9H13N", kind, (), None, False)  # type: ignore[arg-type]


def test_substances_count_the_same_however_often_they_were_measured() -> None:
    trials = [trial("present", "a", "x")] * 3 + [trial("present", "a", "y"), trial("substance left out", "a", "x")]
    weight = weights_of(trials)
    assert weight[:3].sum() == pytest.approx(weight[3])
    assert weight[:4].sum() / weight[4] == pytest.approx(0.5 / 0.25)


def test_folds_depend_on_the_family_alone() -> None:
    # int.from_bytes(sha256(b"C9H13N")[:8]) by hashlib, outside of this program.
    import hashlib

    number = int(hashlib.sha256(b"C9H13N").hexdigest()[:16], 16)
    assert fold_of("C9H13N") == number % 5


def test_too_few_replicates_make_no_calibration() -> None:
    with pytest.raises(OptionError, match="2 substances were measured"):
        table_of([trial("present", "a", "x"), trial("present", "a", "y")], "EI")


def library(spectra: list[Spectrum], name: str) -> Library:
    return Library(Spectra.of(spectra), name=name)


AMPHETAMINE = "KWTSXDURSIMDCE-UHFFFAOYSA-N"
PHENTERMINE = "DHHVAGZRUROJKS-UHFFFAOYSA-N"


def corpus() -> Corpus:
    def spectrum(heights: list[float], name: str, key: str | None, mz: tuple[int, ...]) -> Spectrum:
        formula = {AMPHETAMINE: "C9H13N", PHENTERMINE: "C10H15N"}.get(key or "")
        return Spectrum(list(mz), heights, name=name, inchikey=key, formula=formula, ionization="EI")

    light, heavy = (44, 65, 91, 135), (58, 65, 91, 149)
    searched = library(
        [
            spectrum([999, 40, 150, 8], "amphetamine", AMPHETAMINE, light),
            spectrum([999, 40, 170, 6], "phentermine", PHENTERMINE, heavy),
        ],
        "searched",
    )
    others = library(
        [
            spectrum([500, 20, 75, 4], "amphetamine", AMPHETAMINE, light),
            spectrum([999, 90, 290, 20], "Phentermine", None, heavy),
            spectrum([999, 90, 290, 20], "something else", None, heavy),
        ],
        "others",
    )
    return Corpus(searched, [others], "EI")


def test_copies_of_one_measurement_are_no_replicates() -> None:
    found = {(one.source, one.query): one for one in corpus().trials() if one.kind == "present"}
    assert set(found) == {("others", "Phentermine")}


def test_a_spectrum_without_a_known_substance_is_no_trial() -> None:
    assert "something else" not in {one.query for one in corpus().trials()}


def test_what_is_left_out_is_not_among_the_candidates() -> None:
    for one in corpus().trials():
        names = {candidate.name.lower() for candidate in one.evidence if candidate.name}
        assert (one.query.lower() in names) == (one.kind == "present")


def tandem(name: str, key: str, contributor: str, mz: list[float]) -> Spectrum:
    return Spectrum(
        mz,
        [100.0] * len(mz),
        name=name,
        inchikey=key,
        formula="C9H13N",
        precursor_mz=136.112,
        ionization="ESI",
        ms_level=2,
        contributor=contributor,
    )


def test_msms_queries_are_compared_with_what_other_contributors_measured_only() -> None:
    """The isomer that the same laboratory measured is no candidate: it would be alike for the instrument's sake."""
    isomer, alone = "FFFFFFFFFFFFFF-UHFFFAOYSA-N", "GGGGGGGGGGGGGG-UHFFFAOYSA-N"
    searched = library(
        [
            tandem("A", AMPHETAMINE, "one", [91.054, 119.085]),
            tandem("A", AMPHETAMINE, "two", [91.055, 119.085]),
            tandem("B", isomer, "one", [91.054, 105.070]),
            tandem("B", isomer, "three", [91.056, 105.070]),
            tandem("measured by one laboratory only", alone, "four", [77.039, 120.081]),
            tandem("measured by one laboratory only", alone, "four", [77.040, 120.081]),
        ],
        "searched",
    )
    trials = [one for one in Corpus(searched, [], "MS/MS").trials() if one.kind == "present"]
    found = {(one.query, one.contributor): {each.library_id for each in one.evidence} for one in trials}
    assert found == {("A", "one"): {1, 3}, ("A", "two"): {0, 2}, ("B", "one"): {1, 3}, ("B", "three"): {0, 2}}


def test_msms_queries_of_another_library_are_compared_with_all_of_the_one_searched() -> None:
    searched = library([tandem("A", AMPHETAMINE, "one", [91.054, 119.085])], "searched")
    others = library([tandem("A", AMPHETAMINE, "two", [91.055, 119.085])], "others")
    trials = [one for one in Corpus(searched, [others], "MS/MS").trials() if one.kind == "present"]
    assert [(one.contributor, one.truth) for one in trials] == [("two", 0)]


def test_a_derivative_under_the_name_of_its_parent_is_seen() -> None:
    # Serotonin, 5 TMS, stands in MassBank under the formula of serotonin.
    assert contradicts_its_formula(Spectrum([73, 174, 451], [30, 100, 20]), "C10H12N2O", "EI")
    assert not contradicts_its_formula(Spectrum([146, 176], [100, 30]), "C10H12N2O", "EI")


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="a whole library is searched: only with the JIT")
def test_replicates_of_a_measured_library_give_a_calibration_that_holds_what_it_says(
    data_folder: Path, tmp_path: Path
) -> None:
    whole = Library.build(data_folder / "swgdrug_ei" / "swgdrug_3.4.msp", tmp_path / "swgdrug.h5", name="SWGDRUG")
    fentanyls = Library(read_spectra(data_folder / "nist_fentanyl_ei" / "queries"), name="queries")
    trials = list(Corpus(whole, [fentanyls], "EI").trials(most=120))
    made = calibrate(trials, "EI", name="own", data={}, made=date(2026, 1, 31))
    assert made.validation["present_queries"] == 107
    assert made.validation["in_candidate_set"] >= 0.9
    assert calibrate(trials, "EI", name="own", data={}, made=date(2026, 1, 31)).to_json() == made.to_json()
