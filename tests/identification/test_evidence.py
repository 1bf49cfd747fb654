"""Evidence of candidates: what is known is told, what is not known is None."""

from __future__ import annotations

import json

import pytest

from nps_spectra import Library, Spectra, Spectrum
from nps_spectra.errors import OptionError
from nps_spectra.identification.evidence import Evidence, evidence_of, gather
from nps_spectra.searching.exact import search

METHAMPHETAMINE = Spectrum(
    [58, 65, 91, 134, 148],
    [999, 30, 80, 12, 6],
    name="methamphetamine",
    formula="C10H15N",
    ionization="EI",
    retention_index=1176,
)
PHENTERMINE = Spectrum([58, 65, 91, 134], [999, 40, 90, 60], name="phentermine", formula="C10H15N", ionization="EI")
AMPHETAMINE = Spectrum([44, 65, 91, 120], [999, 30, 80, 10], name="amphetamine", formula="C9H13N", ionization="EI")
LIBRARY = Library(Spectra.of([METHAMPHETAMINE, PHENTERMINE, AMPHETAMINE]), name="three")
QUERY = Spectrum([58, 65, 91, 134, 148, 200], [999, 33, 85, 14, 5, 50], ionization="EI", retention_index=1180)


def of(query: Spectrum, **options: object) -> dict[str | None, Evidence]:
    (_, found), *_ = gather(query, LIBRARY, **options)  # type: ignore[arg-type]
    return {one.name: one for one in found}


def test_unknown_retention_index_is_none_and_a_known_one_is_a_difference() -> None:
    found = of(QUERY)
    assert found["methamphetamine"].retention_index_difference == 4
    assert found["phentermine"].retention_index_difference is None


def test_peak_that_no_candidate_explains_is_listed_first_and_is_too_heavy() -> None:
    found = of(QUERY)["methamphetamine"]
    assert (found.unexplained[0].mz, found.unexplained[0].intensity) == pytest.approx((200, 50 / 999))
    assert found.heavier_peaks is not None
    assert [peak.mz for peak in found.heavier_peaks] == [200]
    assert found.molecular_ion is not None
    assert found.molecular_ion.state == "contradicted"


def test_gap_to_the_next_substance_is_negative_for_all_but_the_leader() -> None:
    first, second, third = sorted(of(QUERY).values(), key=lambda one: one.rank)
    assert first.gap_to_substance == pytest.approx(first.score - second.score)
    assert second.gap_to_substance == pytest.approx(second.score - first.score)
    assert third.gap_to_substance == pytest.approx(third.score - first.score)
    assert first.gap_to_group is None


def test_gap_to_the_next_group_passes_over_what_cannot_be_told_apart() -> None:
    alike = [frozenset({1}), frozenset({0}), frozenset[int]()]
    found = of(QUERY, not_told_apart=alike)
    apart = found["methamphetamine"].score - found["amphetamine"].score
    assert found["methamphetamine"].gap_to_group == pytest.approx(apart)


def test_match_factors_beside_another_score_are_those_of_a_search_by_them() -> None:
    by_entropy = of(QUERY, method="entropy")["methamphetamine"]
    by_identity = of(QUERY)["methamphetamine"]
    assert by_entropy.match_factor == by_identity.score
    assert by_entropy.reverse_match_factor == by_identity.reverse_score
    assert by_identity.entropy_similarity == by_entropy.score


def test_msms_has_precursor_adduct_and_energy_and_no_molecular_ion() -> None:
    fields = {"ionization": "ESI", "ms_level": 2, "polarity": "positive"}
    reference = Spectrum(
        [105.0699, 188.1434],
        [40, 100],
        precursor_mz=337.2274,
        adduct="[M+H]+",
        formula="C22H28N2O",
        collision_energy_ev=30,
        name="fentanyl",
        **fields,
    )
    query = Spectrum(
        [105.0700, 188.1430], [45, 100], precursor_mz=337.2280, adduct="[M+Na]+", collision_energy_ev=20, **fields
    )
    ((_, (found,)),) = gather(query, Library(Spectra.of([reference]), name="one"))
    assert found.molecular_ion is None
    assert found.match_factor is None
    assert found.adduct_agrees is False
    assert found.collision_energy_difference_ev == -10
    assert found.precursor_error_da == pytest.approx(337.2280 - 359.2094, abs=2e-4)


def test_scores_of_several_spectra_of_a_substance_are_averaged_and_losses_are_those_of_the_best() -> None:
    fields = {"ionization": "ESI", "ms_level": 2, "polarity": "positive", "precursor_mz": 300.0}
    query = Spectrum([100.0, 200.0], [50, 100], **fields)
    others = [[100.0, 200.0], [100.0, 210.0], [100.0, 220.0], [100.0, 230.0]]
    library = Library(Spectra.of(Spectrum(mz, [50, 100], name="A", **fields) for mz in others), name="one")
    ((result, (found,)),) = gather(query, library)
    scores = sorted((one.score for one in result.hits[0].spectra), reverse=True)
    assert scores[0] == pytest.approx(1.0)
    assert found.repeated_score == pytest.approx(sum(scores[:3]) / 3)
    assert found.repeated_score < 0.75
    assert found.neutral_loss_similarity == pytest.approx(1.0)  # of equal precursors, of the one that is equal


def test_losses_of_msms_without_precursor_are_not_known() -> None:
    fields = {"ionization": "ESI", "ms_level": 2, "polarity": "positive"}
    one = Spectrum([100.0, 200.0], [50, 100], name="A", **fields)
    ((_, (found,)),) = gather(one, Library(Spectra.of([one]), name="one"))
    assert found.neutral_loss_similarity is None


def test_candidate_without_formula_has_no_molecular_ion() -> None:
    library = Library(Spectra.of([METHAMPHETAMINE.replace(formula=None)]), name="one")
    ((_, (found,)),) = gather(QUERY, library)
    assert found.molecular_ion is found.isotopes is found.heavier_peaks is None


def test_result_of_another_library_is_refused() -> None:
    result = search(QUERY, LIBRARY).queries[0]
    with pytest.raises(OptionError, match="digest"):
        evidence_of(QUERY, result, Library(Spectra.of([AMPHETAMINE]), name="other"))


def test_evidence_is_plain_json() -> None:
    for one in of(QUERY).values():
        assert json.loads(json.dumps(one.to_dict(), allow_nan=False))["rank"] == one.rank
