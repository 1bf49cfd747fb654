"""The model of NPS classes: what it answers, when it abstains, how it is stored."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nps_spectra import Spectra, Spectrum, read_spectra
from nps_spectra.errors import InputError, OptionError
from nps_spectra.identification.class_features import feature_names, features, nominal_intensities
from nps_spectra.identification.class_labels import NONE_OF_THESE
from nps_spectra.identification.classes import ClassEstimator, fold_of_groups, load_class_model


def two_kinds() -> tuple[Spectra, list[str]]:
    """Amines with m/z 58 and phthalates with m/z 149, with other small peaks in each."""
    amines = [Spectrum([58.0, 77.0 + k], [99.0, 9.0], ionization="EI") for k in range(20)]
    others = [Spectrum([149.0, 160.0 + k], [99.0, 9.0], ionization="EI") for k in range(20)]
    return Spectra.of([*amines, *others]), ["amine"] * 20 + [NONE_OF_THESE] * 20


@pytest.fixture(scope="module")
def model() -> ClassEstimator:
    return ClassEstimator().fit(*two_kinds())


def test_probabilities_of_a_spectrum_add_up_to_one(model: ClassEstimator) -> None:
    found = model.predict_proba(two_kinds()[0])
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    assert model.classes == (NONE_OF_THESE, "amine")


def test_a_spectrum_with_the_ion_of_a_class_gets_it(model: ClassEstimator) -> None:
    estimate = model.estimate(Spectrum([58.0, 80.0], [99.0, 8.0], ionization="EI"))
    assert estimate.label == "amine"
    assert estimate.probability is not None
    assert estimate.probability > 0.9
    assert estimate.abstained == ()


def test_why_is_told_by_the_names_of_features(model: ClassEstimator) -> None:
    reasons = model.reasons_for(Spectrum([58.0], [99.0], ionization="EI"), "amine")
    assert "ion 58" in [name for name, _ in reasons]
    assert len(feature_names()) == features(np.zeros((1, 601))).shape[1]


def test_far_from_everything_learnt_it_abstains_and_says_so(model: ClassEstimator) -> None:
    estimate = model.estimate(Spectrum([203.0, 231.0], [99.0, 40.0], ionization="EI"))
    assert estimate.label is None
    assert any("unlike all spectra learnt from" in reason for reason in estimate.abstained)


def test_ms_ms_spectra_are_not_judged(model: ClassEstimator) -> None:
    spectrum = Spectrum([58.0651], [99.0], ionization="ESI", ms_level=2, precursor_mz=178.12)
    assert "electron ionisation" in model.estimate(spectrum).abstained[0]


def test_a_spectrum_without_peaks_is_not_judged(model: ClassEstimator) -> None:
    assert model.estimate(Spectrum([], [], ionization="EI")).abstained == ("the spectrum has no peak",)


def test_a_stored_model_answers_the_same_to_the_last_bit(model: ClassEstimator, tmp_path: Path) -> None:
    model.save(tmp_path / "model.json")
    loaded = ClassEstimator.load(tmp_path / "model.json")
    spectra = two_kinds()[0]
    assert np.array_equal(loaded.predict_proba(spectra), model.predict_proba(spectra))
    assert loaded.digest == model.digest == hashlib.sha256((tmp_path / "model.json").read_bytes()).hexdigest()


def test_the_same_spectra_give_the_same_model() -> None:
    assert ClassEstimator().fit(*two_kinds()).digest == ClassEstimator().fit(*two_kinds()).digest


@pytest.mark.parametrize(
    "damage",
    [
        {"format": "something else"},
        {"version": 2},
        {"coefficients": [[1.0]]},
        {"intercepts": [1.0, "a"]},
        {"intercepts": [1.0, float("nan")]},
        {"classes": None},
        {"training": 3},
        {"right": 2.0},
    ],
    ids=lambda damage: next(iter(damage)),
)
def test_a_damaged_model_is_refused(model: ClassEstimator, tmp_path: Path, damage: dict[str, object]) -> None:
    model.save(tmp_path / "model.json")
    content = json.loads((tmp_path / "model.json").read_text(encoding="utf-8")) | damage
    (tmp_path / "model.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InputError, match=r"model\.json"):
        load_class_model(tmp_path / "model.json")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_model_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.json").write_bytes(content)
    with pytest.raises(InputError, match=r"model\.json"):
        load_class_model(tmp_path / "model.json")


def test_labels_and_spectra_must_be_as_many() -> None:
    with pytest.raises(OptionError, match="one label for each"):
        ClassEstimator().fit(two_kinds()[0], ["amine"])


def test_nothing_is_answered_before_anything_is_learnt() -> None:
    with pytest.raises(OptionError, match="learnt nothing"):
        ClassEstimator().predict(two_kinds()[0])


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 2)), min_size=1, max_size=60), st.integers(1, 8))
def test_folds_never_split_a_group(rows: list[tuple[int, int]], folds: int) -> None:
    groups, truth = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    fold = fold_of_groups(groups, truth, folds)
    assert all(len(set(fold[groups == group].tolist())) == 1 for group in groups.tolist())
    assert set(fold.tolist()) <= set(range(folds))


def test_intensities_are_summed_at_nominal_mz() -> None:
    dense = nominal_intensities(Spectra.of([Spectrum([58.1, 58.2, 91.0, 700.0], [30.0, 20.0, 5.0, 99.0])]))
    assert dense[0, [58, 91]].tolist() == [1.0, 0.1]  # m/z 700 is beyond what is looked at


def test_lists_of_principal_ions_are_not_judged(root: Path) -> None:
    """Of 42 fentanyls with six to ten ions each, Gilbert et al. 2020 (doi:10.1016/j.forc.2020.100287)."""
    with (root / "reference_library" / "starter_library.csv").open(encoding="utf-8", newline="") as stream:
        lists = [row[2] for row in csv.reader(stream) if "Gilbert" in row[3]]
    assert len(lists) == 42
    model = load_class_model()
    for text in lists:
        mz, intensity = zip(*(map(float, pair.split(":")) for pair in text.split()), strict=True)
        estimate = model.estimate(Spectrum(mz, intensity, ionization="EI"))
        assert any("principal ions" in reason for reason in estimate.abstained)


def test_fentanyl_measured_elsewhere_is_a_fentanyl_analogue(data_folder: Path) -> None:
    spectra = read_spectra(data_folder / "nist_fentanyl_ei" / "queries" / "FentanylReplicates")
    assert {load_class_model().estimate(one).label for one in spectra} == {"Fentanyl analogues"}


def test_the_embedded_model_is_of_the_files_it_names(data_folder: Path) -> None:
    training = load_class_model().describe()["training"]
    assert isinstance(training, dict)
    found = {path.name: path for path in data_folder.rglob("*") if path.suffix in (".msp", ".csv")}
    for file in training["files"]:
        assert hashlib.sha256(found[file["name"]].read_bytes()).hexdigest() == file["sha256"]


def test_the_embedded_model_is_small(root: Path) -> None:
    path = root / "nps_spectra" / "identification" / "data" / "class_model.json"
    assert path.stat().st_size < 300_000
    assert load_class_model().digest == hashlib.sha256(path.read_bytes()).hexdigest()
