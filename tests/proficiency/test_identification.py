"""Identifications: what counts as correct, and figures with a source."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from proficiency.round_files import ROUND, row, write_round
from scipy import stats

from nps_spectra.errors import OptionError
from nps_spectra.proficiency.agreement import accordance, concordance, fleiss_kappa
from nps_spectra.proficiency.evaluation import evaluate
from nps_spectra.proficiency.identification import Identification, SampleOutcome
from nps_spectra.proficiency.intervals import likelihood_ratio, proportion
from nps_spectra.proficiency.methods import audit_methods
from nps_spectra.proficiency.ordinal import agreement_scores, ordinal_distances, summarise_categories


def identified(folder: Path, *rows: tuple[str, ...], toml: str = ROUND) -> Identification:
    return evaluate(write_round(folder, rows, toml)).result


def outcome(folder: Path, sample: str, *substances: str) -> SampleOutcome:
    """What one laboratory gets for one sample."""
    found = identified(folder, *(row("A", sample, substance) for substance in substances))
    return next(one for one in found.outcomes if one.sample == sample)


def test_declared_minor_components_are_tolerated(tmp_path: Path) -> None:
    found = outcome(tmp_path, "SM-1", "cocaine", "caffeine", "heroin")
    assert (found.correct, found.missed) == (("cocaine",), ())
    assert (found.false_positive, found.tolerated) == (("heroin",), ("caffeine",))
    assert not found.all_correct


def test_a_substance_outside_the_menu_is_a_false_positive(tmp_path: Path) -> None:
    found = identified(tmp_path, row(), row(substance="lidocaine"))
    assert found.outcomes[0].false_positive == ("lidocaine",)
    assert found.laboratories[0].false_positive_rate.successes == 1
    assert found.laboratories[0].specificity.value == 1.0


def test_a_blank_is_correct_if_nothing_was_reported(tmp_path: Path) -> None:
    assert outcome(tmp_path, "SM-4", "none").all_correct
    assert outcome(tmp_path, "SM-4", "cocaine").false_positive == ("cocaine",)


def test_nothing_reported_where_something_is_misses_it(tmp_path: Path) -> None:
    assert outcome(tmp_path, "SM-1", "none").missed == ("cocaine",)


def test_the_wrong_isomer_is_missed_and_false_with_credit_in_its_own_column(tmp_path: Path) -> None:
    found = outcome(tmp_path, "SM-2", "meta-fluorofentanyl")
    assert (found.missed, found.false_positive) == (("para-fluorofentanyl",), ("meta-fluorofentanyl",))
    (partial,) = found.partial
    assert (partial.kind, partial.reported, partial.credit) == ("isomer", "meta-fluorofentanyl", 0.5)


@pytest.mark.parametrize(
    ("written", "kind", "credit"),
    [("fluorofentanyls", "isomer_group", 0.5), ("Fentanyl analogues", "class", 0.25), ("Opioids", "class", 0.25)],
)
def test_a_group_is_not_enough_where_the_isomer_is_asked_for(
    tmp_path: Path, written: str, kind: str, credit: float
) -> None:
    found = outcome(tmp_path, "SM-2", written)
    assert (found.missed, found.false_positive, found.unspecific) == (("para-fluorofentanyl",), (), (written,))
    assert (found.partial[0].kind, found.partial[0].credit) == (kind, credit)


@pytest.mark.parametrize("written", ["fluorofentanyls", "para-fluorofentanyl", "meta-fluorofentanyl"])
def test_the_group_and_its_members_are_enough_where_the_group_is_asked_for(tmp_path: Path, written: str) -> None:
    found = outcome(tmp_path, "SM-3", written)
    assert found.correct == ("para-fluorofentanyl",)
    assert found.all_correct


def test_another_isomer_of_the_class_has_credit_without_a_declared_group(tmp_path: Path) -> None:
    """Mephedrone and 3-MMC: both C11H15NO, both synthetic cathinones."""
    toml = ROUND.replace('menu = ["cocaine"', 'menu = ["mephedrone", "cocaine"')
    toml = toml.replace('substance = "para-fluorofentanyl"', 'substance = "mephedrone"', 1)
    (found, *_) = identified(tmp_path, row("A", "SM-2", "3-MMC"), toml=toml).outcomes[1:]
    assert (found.missed, found.partial[0].kind) == (("mephedrone",), "isomer")


@pytest.mark.parametrize(("written", "correct"), [("Fentanyl analogues", True), ("fentanyl", True), ("Opioids", False)])
def test_the_narrowest_class_is_enough_where_the_class_is_asked_for(
    tmp_path: Path, written: str, correct: bool
) -> None:
    toml = ROUND.replace('level = "isomer_group"', 'level = "class"')
    toml = toml.replace("[classes]", '[classes]\nfentanyl = "Fentanyl analogues"')
    (found,) = (
        one for one in identified(tmp_path, row("A", "SM-3", written), toml=toml).outcomes if one.sample == "SM-3"
    )
    assert found.all_correct is correct
    assert found.false_positive == ()


def test_a_class_that_holds_nothing_of_the_sample_is_false(tmp_path: Path) -> None:
    assert outcome(tmp_path, "SM-2", "Synthetic cathinones").false_positive == ("Synthetic cathinones",)


def test_a_sample_without_a_row_is_not_reported_and_counts_nowhere(tmp_path: Path) -> None:
    found = identified(tmp_path, row())
    assert [one.status for one in found.outcomes] == ["evaluated", *["not_reported"] * 3]
    assert found.laboratories[0].sensitivity.trials == 1


def test_a_contradictory_sample_counts_nowhere_and_says_so(tmp_path: Path) -> None:
    found = identified(tmp_path, row(), row(substance="none"))
    assert found.outcomes[0].status == "contradictory"
    assert found.laboratories[0].results == 0
    assert found.laboratories[0].sensitivity.value is None


def test_rates_worked_out_by_hand(tmp_path: Path) -> None:
    """A: all right. B: misses cocaine, one false positive of 5 + 6 negatives."""
    found = identified(
        tmp_path,
        *(row("A"), row("A", "SM-4", "none")),
        *(row("B", substance="heroin"), row("B", "SM-4", "none")),
    )
    first, second = found.laboratories
    assert (first.sensitivity.value, first.specificity.successes, first.specificity.trials) == (1.0, 11, 11)
    assert (second.sensitivity.value, second.specificity.successes, second.specificity.trials) == (0.0, 10, 11)
    assert (second.false_positive_rate.successes, second.false_positive_rate.trials) == (1, 2)
    sample = next(one for one in found.samples if one.key == "SM-1")
    assert (sample.fully_correct.successes, sample.fully_correct.trials) == (1, 2)
    cocaine = next(one for one in found.substances if one.key == "cocaine")
    assert (cocaine.sensitivity.successes, cocaine.sensitivity.trials, cocaine.specificity.trials) == (1, 2, 2)


def test_specificity_asks_for_no_tolerated_substance_and_for_no_other_isomer_of_a_group(tmp_path: Path) -> None:
    """SM-1: six on the menu less cocaine and the tolerated heroin; SM-3: less the three fluorofentanyls."""
    toml = ROUND.replace('tolerated = ["caffeine"', 'tolerated = ["heroin", "caffeine"')
    found = identified(tmp_path, row("A"), row("B", "SM-3", "ortho-fluorofentanyl"), toml=toml)
    assert [one.specificity.trials for one in found.laboratories] == [4, 3]


def test_samples_of_one_material_give_accordance(tmp_path: Path) -> None:
    """A finds para-fluorofentanyl twice, B once in two: accordance (1 + 0) / 2; between them 2 of 4 pairs agree."""
    toml = ROUND.replace('level = "isomer_group"', "").replace('code = "SM-3"', 'code = "SM-3"\nsame_as = "SM-2"')
    name = "para-fluorofentanyl"
    rows = [row("A", "SM-2", name), row("A", "SM-3", name), row("B", "SM-2", name), row("B", "SM-3", "none")]
    (found,) = identified(tmp_path, *rows, toml=toml).agreement
    assert (found.samples, found.accordance, found.concordance) == (("SM-2", "SM-3"), 0.5, 0.5)


@pytest.mark.parametrize(
    ("successes", "trials", "exact", "wilson"),
    [
        (45, 50, (0.7819, 0.9667), (0.7864, 0.9565)),
        (9, 10, (0.5550, 0.9975), (0.5958, 0.9821)),
        (0, 10, (0.0, 0.3085), None),
        (175, 175, (0.9791, 1.0), None),
        (0, 716, (0.0, 0.0051), None),
    ],
)
def test_published_intervals(
    successes: int, trials: int, exact: tuple[float, float], wilson: tuple[float, float] | None
) -> None:
    found = proportion(successes, trials)
    assert (round(found.exact_low or 0, 4), round(found.exact_high or 0, 4)) == exact
    if wilson is not None:
        assert (round(found.wilson_low or 0, 4), round(found.wilson_high or 0, 4)) == wilson


@given(
    st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.sampled_from([0.9, 0.95, 0.99])
)
def test_intervals_agree_with_scipy(counts: tuple[int, int], confidence: float) -> None:
    found = proportion(*counts, confidence)
    test = stats.binomtest(*counts)
    for method, low, high in (
        ("exact", found.exact_low, found.exact_high),
        ("wilson", found.wilson_low, found.wilson_high),
    ):
        wanted = test.proportion_ci(confidence, method)
        assert (low, high) == pytest.approx((wanted.low, wanted.high), abs=1e-9)


def test_no_trial_has_no_proportion_and_wrong_counts_are_errors() -> None:
    assert proportion(0, 0).value is None
    with pytest.raises(OptionError, match="found 3 successes of 2 trials"):
        proportion(3, 2)
    assert likelihood_ratio(9, 1, 0, 100) is None


def test_ordinal_statistics_of_the_worked_examples() -> None:
    """ISO 13528:2022, annex E: two samples of 50 results in four categories."""
    first = summarise_categories({"1": 20, "2": 18, "3": 10, "4": 2}, ordered=True)
    second = summarise_categories({"1": 8, "2": 12, "3": 20, "4": 10}, ordered=True)
    assert (first.mode, first.median, second.mode, second.median) == (("1",), "2", ("3",), "3")


def test_a_middle_between_two_categories_is_no_median_and_ties_are_all_modes() -> None:
    found = summarise_categories({"low": 5, "high": 5}, ordered=True)
    assert (found.mode, found.median) == (("low", "high"), None)
    assert summarise_categories({"MDMA": 5, "MDA": 1}, ordered=False).median is None


def test_results_in_categories_are_scored_by_agreement_and_distance() -> None:
    assert agreement_scores(["MDMA", "MDA", None], "MDMA") == [1, 0, None]
    assert ordinal_distances(["a", "c", None], "b", ["a", "b", "c"]) == [-1, 1, None]
    with pytest.raises(OptionError, match="found 'd', expected one of a, b, c"):
        ordinal_distances(["d"], "b", ["a", "b", "c"])


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=6))
def test_accordance_and_concordance_count_pairs(raw: list[tuple[int, int]]) -> None:
    results = [[True] * k + [False] * n for k, n in raw]
    positives, totals = [sum(one) for one in results], [len(one) for one in results]
    between = [
        a == b for i, one in enumerate(results) for j, two in enumerate(results) if i != j for a in one for b in two
    ]
    assert concordance(positives, totals) == (pytest.approx(sum(between) / len(between)) if between else None)
    shares = []
    for one in results:
        pairs = [one[i] == one[j] for i in range(len(one)) for j in range(len(one)) if i != j]
        shares += [sum(pairs) / len(pairs)] if pairs else []
    assert accordance(positives, totals) == (pytest.approx(sum(shares) / len(shares)) if shares else None)


def test_kappa_of_a_published_table_and_where_it_is_not_defined() -> None:
    """Ten subjects, fourteen raters, five categories: the worked example that goes with Fleiss 1971 has 0.210."""
    counts = [
        *([0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1]),
        *([7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7]),
    ]
    assert fleiss_kappa(counts) == pytest.approx(0.210, abs=0.0005)
    assert fleiss_kappa([[5, 0], [5, 0]]) is None
    assert fleiss_kappa([[1, 0]]) is None


@pytest.mark.parametrize(
    ("codes", "met"),
    [
        (["GC-MS"], True),
        (["FTIR"], False),
        (["FTIR", "COLOUR"], True),
        (["COLOUR", "TLC", "UV"], True),
        (["COLOUR", "IMMUNOASSAY", "TLC"], False),
        (["COLOUR", "WITCHCRAFT"], None),
        ([], None),
    ],
)
def test_methods_are_held_against_the_minimum_scheme(codes: list[str], met: bool | None) -> None:
    """SWGDRUG / ASTM E2329: A and another, or three with two of B."""
    assert audit_methods(codes).met is met


@pytest.mark.parametrize(
    ("codes", "met", "moved"),
    [
        (["COLOUR", "TLC", "UV"], True, "UV/Vis spectroscopy (C)"),
        (["COLOUR", "TLC", "PHARMACEUTICAL IDENTIFIERS"], False, "pharmaceutical identifiers (B)"),
    ],
)
def test_an_outcome_that_depends_on_the_edition_says_so(codes: list[str], met: bool, moved: str) -> None:
    """UV stood in category C and identifiers of tablets in B in a draft of the first edition (TWGDRUG)."""
    found = audit_methods(codes)
    assert found.met is met
    assert found.reason.endswith(f"otherwise by the categories of the first editions: {moved}")
    assert "first editions" not in audit_methods(["GC-MS", "UV"]).reason


def test_two_names_of_one_technique_are_one() -> None:
    assert audit_methods(["FTIR", "IR"]).met is False
