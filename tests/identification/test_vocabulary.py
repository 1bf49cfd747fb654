"""The closed vocabulary: no conclusion says more than the facts, whatever a laboratory writes in its file."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nps_spectra.errors import InputError, NpsSpectraError, OptionError
from nps_spectra.identification.laboratory_files import LARGEST_BYTES
from nps_spectra.identification.preconditions import SEPARATING_TECHNIQUES, Exclusion, Facts
from nps_spectra.identification.vocabulary import conclusion_for, load_vocabulary

#: design.md and issue: from strongest to weakest.
WORDS = [
    "identified",
    "consistent_with_library",
    "one_of_isomers",
    "class_indicated",
    "inconclusive",
    "not_detected",
    "invalid",
]
PACKAGED = load_vocabulary().to_toml()

#: All that a laboratory needs for `identified`: 4-FMC, whose ring isomers were excluded by retention and infrared.
BEST = Facts(
    controls_passed=True,
    spectrum_usable=True,
    something_found=True,
    lead_supported=True,
    group_supported=True,
    class_supported=True,
    contradicted=False,
    undistinguished=("2-FMC", "3-FMC"),
    missing_isomer_plausible=True,
    excluded=(
        Exclusion("2-FMC", "retention_time"),
        Exclusion("3-FMC", "retention_time"),
        Exclusion(None, "infrared_spectroscopy"),
    ),
    reference_material_in_batch=True,
    retention_agrees=True,
    scheme_met=True,
)

states = st.sampled_from([True, False, None])
MEMBERS = ["2-FMC", "3-FMC", "flephedrone salt"]
OTHER_EVIDENCE = ["mass_spectrometry", "tandem_mass_spectrometry", "opinion"]
techniques = st.sampled_from([*SEPARATING_TECHNIQUES, *OTHER_EVIDENCE])
exclusions = st.builds(Exclusion, st.sampled_from([*MEMBERS, None]), techniques)
FLAGS = [field.name for field in fields(Facts) if field.name not in ("undistinguished", "excluded", "something_found")]

#: The answer to each question that speaks for a substance.
SUPPORTING = dict.fromkeys(FLAGS, True) | {"contradicted": False, "missing_isomer_plausible": False}


@st.composite
def some_facts(draw: st.DrawFn, by: st.SearchStrategy[str] = techniques) -> Facts:
    # Most facts are good, so that the strong conclusions are within reach and what remains decides.
    flags: dict[str, Any] = {name: draw(st.sampled_from([SUPPORTING[name]] * 6) | states) for name in FLAGS}
    supported = any(flags[name] for name in ("lead_supported", "group_supported", "class_supported"))
    found = draw(st.sampled_from([True, None]) if supported else states)
    group = draw(st.sampled_from([None, (), ("2-FMC",), ("2-FMC", "3-FMC"), tuple(MEMBERS)]))
    # Most isomers were looked at by some technique, good or bad, so that its kind decides.
    looked_at = [one for one in (*(group or ()), None) if draw(st.sampled_from([True, True, True, False]))]
    excluded = tuple(Exclusion(one, draw(by)) for one in looked_at)
    return Facts(**flags, something_found=found, undistinguished=group, excluded=excluded)


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "words.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_vocabulary_is_closed_and_ordered() -> None:
    assert [term.name for term in load_vocabulary().terms] == WORDS
    assert [term.name for term in load_vocabulary().terms if term.single_name] == WORDS[:2]


def test_the_full_evidence_of_a_laboratory_identifies() -> None:
    conclusion = conclusion_for(BEST)
    assert (conclusion.name, conclusion.single_name, conclusion.not_reached) == ("identified", True, ())
    assert "4-FMC" in conclusion.sentence(named="4-FMC")


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"scheme_met": None}, "consistent_with_library"),
        ({"controls_passed": None}, "consistent_with_library"),
        ({"reference_material_in_batch": False}, "consistent_with_library"),
        ({"retention_agrees": None}, "consistent_with_library"),
        ({"excluded": BEST.excluded[1:]}, "one_of_isomers"),
        ({"excluded": BEST.excluded[:2]}, "one_of_isomers"),
        ({"undistinguished": None}, "one_of_isomers"),
        ({"lead_supported": None}, "one_of_isomers"),
        ({"contradicted": True}, "class_indicated"),
        ({"contradicted": None}, "class_indicated"),
        ({"contradicted": True, "class_supported": None}, "inconclusive"),
        ({"spectrum_usable": False}, "inconclusive"),
        ({"controls_passed": False}, "invalid"),
    ],
)
def test_each_missing_piece_weakens_the_conclusion(change: dict[str, Any], name: str) -> None:
    assert conclusion_for(replace(BEST, **change)).name == name


def test_retention_does_not_exclude_an_isomer_that_nobody_measured() -> None:
    excluded = (*BEST.excluded[:2], Exclusion(None, "retention_time"))
    conclusion = conclusion_for(replace(BEST, excluded=excluded))
    assert conclusion.name == "one_of_isomers"
    assert {reason.precondition for reason in conclusion.not_reached} == {"isomers_excluded"}


def test_knowing_nothing_is_inconclusive_and_says_why_for_each_stronger_word() -> None:
    conclusion = conclusion_for(Facts())
    assert conclusion.name == "inconclusive"
    assert list(dict.fromkeys(reason.conclusion for reason in conclusion.not_reached)) == WORDS[:4]
    assert {reason.state for reason in conclusion.not_reached} == {"unknown"}
    assert all(reason.text for reason in conclusion.not_reached)


@pytest.mark.parametrize("technique", OTHER_EVIDENCE)
def test_another_mass_spectrum_excludes_no_isomer(technique: str) -> None:
    excluded = (Exclusion("2-FMC", technique), *BEST.excluded[1:])
    assert conclusion_for(replace(BEST, excluded=excluded)).name == "one_of_isomers"


@pytest.mark.parametrize("found", [True, None])
def test_what_was_not_looked_for_is_not_called_not_detected(found: bool | None) -> None:
    facts = Facts(something_found=found, controls_passed=True, spectrum_usable=True, scope_and_limit_stated=True)
    assert conclusion_for(facts).name == "inconclusive"


@pytest.mark.parametrize(
    ("missing", "name"),
    [(None, "not_detected"), ("controls_passed", "inconclusive"), ("scope_and_limit_stated", "inconclusive")],
)
def test_not_detected_needs_controls_and_a_stated_scope(missing: str | None, name: str) -> None:
    facts = Facts(something_found=False, controls_passed=True, spectrum_usable=True, scope_and_limit_stated=True)
    assert conclusion_for(replace(facts, **{missing: None}) if missing else facts).name == name


def test_facts_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(OptionError, match="something_found is False"):
        Facts(something_found=False, lead_supported=True)


def test_no_combination_without_separating_evidence_names_one_substance_while_an_isomer_is_open() -> None:
    """Every combination, with all other facts as good as can be: what is not named here is not named with less."""
    groups: list[tuple[str, ...] | None] = [None, (), ("2-FMC",), ("2-FMC", "3-FMC")]
    named = 0
    for group, missing in product(groups, [True, False, None]):
        for by in product([None, *OTHER_EVIDENCE], repeat=len(group or ()) + 1):
            excluded = [Exclusion(one, how) for one, how in zip((*(group or ()), None), by, strict=True) if how]
            facts = replace(BEST, undistinguished=group, missing_isomer_plausible=missing, excluded=tuple(excluded))
            single = conclusion_for(facts).single_name
            assert single is (group == () and missing is False)
            named += single
    assert named == len(OTHER_EVIDENCE) + 1


@settings(max_examples=500)
@given(some_facts(by=st.sampled_from(OTHER_EVIDENCE)))
def test_without_separating_evidence_no_single_name_while_an_isomer_is_open(facts: Facts) -> None:
    open_isomer = facts.undistinguished != () or facts.missing_isomer_plausible is not False
    conclusion = conclusion_for(facts)
    assert not (open_isomer and conclusion.single_name)
    if conclusion.name == "one_of_isomers":
        assert "or another isomer" in conclusion.sentence(named="A")


@given(some_facts())
def test_every_named_isomer_is_excluded_by_its_own_evidence_before_a_single_name(facts: Facts) -> None:
    if conclusion_for(facts).single_name:
        members = {one.member for one in facts.excluded if one.technique in SEPARATING_TECHNIQUES}
        assert facts.undistinguished is not None
        assert members >= set(facts.undistinguished)
        assert facts.missing_isomer_plausible is False or None in members


@settings(max_examples=300)
@given(some_facts(), exclusions)
def test_more_supporting_evidence_never_lowers_the_conclusion(facts: Facts, extra: Exclusion) -> None:
    facts = replace(facts, something_found=True)
    before = conclusion_for(facts).term.rank
    assert conclusion_for(replace(facts, excluded=(*facts.excluded, extra))).term.rank <= before
    for flag, answer in SUPPORTING.items():
        assert conclusion_for(replace(facts, **{flag: answer})).term.rank <= before
        if getattr(facts, flag) is (not answer):
            assert conclusion_for(replace(facts, **{flag: None})).term.rank <= before
    if facts.undistinguished:
        assert conclusion_for(replace(facts, undistinguished=facts.undistinguished[1:])).term.rank <= before


@given(some_facts())
def test_equal_facts_give_equal_conclusions(facts: Facts) -> None:
    assert conclusion_for(facts) == conclusion_for(replace(facts))


def test_a_failed_control_gives_no_result_whatever_else_is_known() -> None:
    assert conclusion_for(replace(BEST, controls_passed=False)).name == "invalid"
    assert conclusion_for(Facts(controls_passed=False)).name == "invalid"


def test_the_file_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    assert load_vocabulary(written(tmp_path, PACKAGED)) == load_vocabulary()


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="{}")).filter(str.strip))
def test_any_words_survive_the_file(tmp_path_factory: pytest.TempPathFactory, words: str) -> None:
    ours = load_vocabulary()
    changed = replace(ours, version=words, texts={**ours.texts, "scheme_met": (words, words)})
    file = tmp_path_factory.mktemp("words") / "words.toml"
    file.write_bytes(changed.to_toml().encode())
    assert load_vocabulary(file) == changed


def test_a_translation_changes_the_words_and_nothing_else(tmp_path: Path) -> None:
    sentence = "Die Messung ist ungültig: eine Kontrolle ist durchgefallen."
    text = PACKAGED.replace('language = "en"', 'language = "de"')
    text = text.replace("The measurement is invalid: a control of the batch failed.", sentence)
    german = load_vocabulary(written(tmp_path, "\ufeff" + text))
    conclusion = conclusion_for(Facts(controls_passed=False), german)
    assert (conclusion.language, conclusion.name, conclusion.sentence()) == ("de", "invalid", sentence)


def test_a_laboratory_may_ask_for_more(tmp_path: Path) -> None:
    asked = PACKAGED.replace(
        '"group_supported", "not_contradicted"]', '"group_supported", "not_contradicted", "controls_passed"]'
    )
    strict = load_vocabulary(written(tmp_path, asked))
    facts = Facts(spectrum_usable=True, group_supported=True, contradicted=False)
    assert (conclusion_for(facts).name, conclusion_for(facts, strict).name) == ("one_of_isomers", "inconclusive")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"isomers_excluded", "ref', '"ref', "conclusions.identified, preconditions: isomers_excluded is missing"),
        ('"scheme_met"]', '"scheme_mett"]', "unknown precondition 'scheme_mett'; known: absence_established"),
        ("rank = 2", "rank = 1", "identified and consistent_with_library have the same rank 1"),
        ("rank = 2", "rank = 9", "consistent_with_library has rank 9 and one_of_isomers 3"),
        ("rank = 2", "rank = true", "rank: found True, expected a whole number"),
        ('limitation = "No single', 'limit = "No single', "class_indicated, limitation: missing, expected a text"),
        ('limitation = "No', 'colour = 1\nlimitation = "No', "class_indicated, colour: not a key of this table"),
        ('wording = "The data do not support a conclusion."', 'wording = " "', "inconclusive, wording: found an empty"),
        ("{group}, or another isomer", "{substance}", r"one_of_isomers, wording: found .* expected \{group\} once"),
        ("{group}, or", "{group.__class__}, or", r"one_of_isomers, wording: found .* expected \{group\} once"),
        ("{group}, or", "{group!r}, or", r"one_of_isomers, wording: found .* expected \{group\} once"),
        ("{group}, or", "{group, or", "braces stand only around a field"),
        ("{substance} was", "With 100 % certainty {substance} was", "found '100 %'; no identification is without"),
        ("[conclusions.invalid]", "[conclusions.certain]", "found 'certain', expected one of the closed vocabulary"),
        ("[preconditions.scheme_met]", "[preconditions.luck]", "unknown precondition 'luck'"),
        (
            '"x_ray_diffraction"]',
            '"mass_spectrometry"]',
            "found 'mass_spectrometry', expected evidence other than mass",
        ),
        ('"control_failed"]', '"control_failed", "control_failed"]', "found 'control_failed' twice"),
        ('["control_failed"]', '["control_failed", "spectrum_usable"]', "found spectrum_usable, expected none but"),
        ('["control_failed"]', '"control_failed"', "found 'control_failed', expected a list of texts"),
        ('version = "1"', "", "top of the file, version: missing"),
        ('language = "en"', 'language = "en', "not TOML"),
    ],
)
def test_a_faulty_file_is_refused_and_says_where(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in PACKAGED
    with pytest.raises(InputError, match=message) as caught:
        load_vocabulary(written(tmp_path, PACKAGED.replace(old, new, 1)))
    assert str(tmp_path / "words.toml") in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "top of the file, language: missing"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"a = 1\x00", "not TOML"),
        (b"a = " + b"[" * 100_000, "not TOML"),
        (b"#" * (LARGEST_BYTES + 1), "more than"),
        (PACKAGED[: len(PACKAGED) // 2].encode(), "words.toml"),
        (b"language = 'en'\nversion = '1'\nseparating = 3", "separating: found 3, expected a table"),
    ],
)
def test_ugly_files_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "words.toml").write_bytes(content)
    with pytest.raises(InputError, match=message):
        load_vocabulary(tmp_path / "words.toml")


@pytest.mark.parametrize("name", ["missing.toml", ".", "a\0b"])
def test_what_is_no_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError):
        load_vocabulary(tmp_path / name)


@given(st.integers(0, len(PACKAGED) - 1), st.binary(max_size=4))
def test_damage_is_either_harmless_or_an_error_of_ours(
    tmp_path_factory: pytest.TempPathFactory, place: int, junk: bytes
) -> None:
    file = tmp_path_factory.mktemp("words") / "words.toml"
    content = PACKAGED.encode()
    file.write_bytes(content[:place] + junk + content[place + len(junk) + 1 :])
    try:
        damaged = load_vocabulary(file)
    except NpsSpectraError:
        return
    assert [term.single_name for term in damaged.terms] == [True, True, False, False, False, False, False]


def test_a_sentence_names_what_the_conclusion_names() -> None:
    assert conclusion_for(BEST).sentence(named="{group}").startswith("{group} was identified")
    with pytest.raises(OptionError, match="expected the substance"):
        conclusion_for(BEST).sentence()
    with pytest.raises(OptionError, match="names nothing"):
        conclusion_for(Facts()).sentence(named="MDMA")
