"""The calibrated model: its probabilities, what it refuses to say, and its file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nps_spectra import Library, Spectra, Spectrum
from nps_spectra.errors import InputError, OptionError
from nps_spectra.identification.calibration import LogitCalibration, Weight, load_calibration
from nps_spectra.identification.evidence import Evidence, gather
from nps_spectra.identification.features import FEATURES

EI = tuple(FEATURES["EI"])


@pytest.fixture(scope="module")
def evidence() -> tuple[Evidence, ...]:
    """Two candidates of amphetamine: it, and phentermine, one CH2 heavier."""
    records = [
        Spectrum([44, 65, 91, 120, 135], [999, 40, 150, 20, 8], name="amphetamine", formula="C9H13N"),
        Spectrum([58, 65, 91, 134, 149], [999, 40, 170, 60, 6], name="phentermine", formula="C10H15N"),
    ]
    library = Library(Spectra.of(records), name="two")
    (_, found), *_ = gather(Spectrum([44, 65, 91, 120, 135], [999, 44, 160, 21, 9], name="sample"), library)
    return found


def model(presence: float = 1.0, choice: float = 2.0, **changes: object) -> LogitCalibration:
    """A calibration of wide ranges with the same weights for all features."""
    weights = tuple(Weight(name, presence, choice, -100.0, 100.0) for name in EI)
    made = LogitCalibration(
        "test", "2026-01-31", "EI", "nist_identity", -3.0, weights, 0.02, 0.95, {"libraries": []}, {}
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_probabilities_of_all_candidates_and_of_absence_sum_to_one(evidence: tuple[Evidence, ...]) -> None:
    found = load_calibration().assess(evidence)
    assert found.p_absent is not None
    assert sum(found.probabilities) + found.p_absent == pytest.approx(1, abs=1e-12)


def test_the_group_has_the_probability_of_its_members(evidence: tuple[Evidence, ...]) -> None:
    found = load_calibration().assess(evidence)
    assert found.candidate_set[0] == 0
    assert found.group_probability == pytest.approx(sum(found.probabilities[at] for at in found.candidate_set))


def test_presence_and_choice_are_the_two_logits_of_the_model() -> None:
    # One feature counts: sums 1 and 0, so that choice is e/(e + 1), and the odds of presence exp(-1)(e + 1).
    weights = tuple(Weight(name, float(name == EI[0]), float(name == EI[0]), -9.0, 9.0) for name in EI)
    features = np.zeros((2, len(EI)))
    features[0, 0] = 1.0
    choice, present = model(weights=weights, intercept=-1.0).probabilities(features)
    odds = np.exp(-1) * (np.e + 1)
    assert choice == pytest.approx([np.e / (np.e + 1), 1 / (np.e + 1)])
    assert present == pytest.approx(odds / (1 + odds))


@given(
    st.lists(st.lists(st.floats(-3, 3), min_size=len(EI), max_size=len(EI)), min_size=1, max_size=6),
    st.integers(0, 5),
    st.integers(0, len(EI) - 1),
    st.floats(0, 3),
)
def test_more_support_never_lowers_a_probability(
    values: list[list[float]], candidate: int, feature: int, more: float
) -> None:
    features = np.array(values)
    at = candidate % len(features)
    raised = features.copy()
    raised[at, feature] += more
    before, after = (
        choice[at] * present for choice, present in map(load_calibration().probabilities, (features, raised))
    )
    assert after >= before - 1e-12


def test_no_weight_of_the_calibrations_of_the_program_speaks_the_wrong_way() -> None:
    for technique in ("EI", "MS/MS"):
        for weight in load_calibration(technique=technique).weights:  # type: ignore[arg-type]
            assert weight.presence >= 0, weight
            assert weight.choice >= 0, weight


def test_a_feature_below_all_measured_ones_is_named(evidence: tuple[Evidence, ...]) -> None:
    narrow = tuple(
        replace(weight, lowest=9.95, highest=9.99) if weight.feature == "match factor" else weight
        for weight in model().weights
    )
    found = model(weights=narrow).assess(evidence)
    assert found.probabilities == ()
    assert found.candidate_set == ()
    assert found.p_absent is None
    assert len(found.abstained) == 1
    assert found.abstained[0].startswith("match factor of the leading candidate is 9.")


def test_a_better_match_than_any_measured_gives_no_more_than_the_best_measured() -> None:
    weights = tuple(Weight(name, 1.0, 1.0, 0.0, 2.0) for name in EI)
    best, better = np.full((1, len(EI)), 2.0), np.full((1, len(EI)), 9.0)
    made = model(weights=weights, intercept=-20.0)
    assert made.probabilities(better)[1] == made.probabilities(best)[1]


def test_scores_of_another_method_are_not_assessed(evidence: tuple[Evidence, ...]) -> None:
    other = [replace(one, method="weighted_cosine") for one in evidence]
    assert load_calibration().assess(other).abstained[0].startswith("searched with weighted_cosine")


def test_without_candidates_nothing_is_said() -> None:
    assert load_calibration().assess(()).abstained


def test_no_candidate_is_supported_where_absence_is_more_probable_than_the_limit(
    evidence: tuple[Evidence, ...],
) -> None:
    found = model(intercept=-60.0, presence=0.0).assess(evidence)
    assert found.candidate_set == ()
    assert found.group_probability == 0
    assert found.p_absent is not None
    assert found.p_absent > 0.99


def test_what_is_not_known_is_not_held_against_a_candidate(evidence: tuple[Evidence, ...]) -> None:
    unknown = replace(
        evidence[0],
        molecular_ion=None,
        heavier_peaks=None,
        implausible_losses=None,
        impossible_share=None,
        isotopes=None,
    )
    for name in EI[EI.index("peaks impossible for the formula") :]:
        assert FEATURES["EI"][name](unknown, (unknown,)) == 0


def test_written_and_read_again_it_is_the_same(tmp_path: Path) -> None:
    made = model()
    made.to_json(tmp_path / "own.json")
    again = load_calibration(tmp_path / "own.json")
    assert again == made
    assert again.digest == made.digest


def test_the_digest_is_the_sha256_of_the_content_in_canonical_json(tmp_path: Path) -> None:
    import hashlib

    content = json.loads(model().to_json())
    stated = content.pop("digest")
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert stated == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text[:-20], "not JSON"),
        (lambda text: text.replace('"intercept": -3.0', '"intercept": -2.0'), "damaged"),
        (lambda text: text.replace('"version": 1', '"version": 2'), "version 2"),
        (lambda text: text.replace("nps_spectra calibration", "letter"), "no calibration"),
        (lambda text: text.replace("-3.0", "NaN"), "no number"),
        (lambda text: "[" * 100_000, "no calibration"),
        (lambda text: "[]", "no calibration"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, change: object, message: str) -> None:
    path = tmp_path / "own.json"
    path.write_text(change(model().to_json()), encoding="utf-8")  # type: ignore[operator]
    with pytest.raises(InputError, match=message):
        load_calibration(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weights": tuple(replace(one, choice=-1.0) for one in model().weights)}, "not negative"),
        ({"weights": model().weights[1:]}, "other features"),
        ({"weights": tuple(replace(one, lowest=200.0) for one in model().weights)}, "lowest <= highest"),
        ({"least_choice": 0.0}, "least_choice"),
        ({"technique": "MS/MS"}, "a calibration of 'MS/MS'"),
    ],
)
def test_a_file_with_the_right_digest_and_wrong_content_is_refused(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    model(**changes).to_json(tmp_path / "own.json")
    with pytest.raises(InputError, match=message):
        load_calibration(tmp_path / "own.json")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.json: cannot be read"):
        load_calibration(tmp_path / "none.json")


def test_an_unknown_technique_is_refused() -> None:
    with pytest.raises(OptionError, match="'GC'"):
        load_calibration(technique="GC")  # type: ignore[arg-type]
