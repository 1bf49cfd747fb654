"""What is concluded of a query: no more than the data support, for every query, the same every time."""

from __future__ import annotations

import csv
import io
import itertools
import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from identification.fakes import MZ, FakeCalibration, FakeClasses, library, measured

from nps_spectra import Library, Spectra, Spectrum, identify, read_spectra
from nps_spectra.errors import NoSpectraError, OptionError
from nps_spectra.identification import defaults, examination
from nps_spectra.identification.findings import Findings
from nps_spectra.identification.identifications import COLUMNS
from nps_spectra.identification.identifying import identify_each
from nps_spectra.identification.preconditions import SEPARATING_TECHNIQUES, Exclusion
from nps_spectra.identification.scheme_evidence import TechniqueResult

MADE = library()
TWIN = measured(90, 7, "sample", 0.02, retention_time_s=600.0)
LONER = measured(91, 7, "other", retention_time_s=600.0)
SURE = FakeCalibration()
MATERIAL = [
    measured(90, 20, "2-FMC", retention_time_s=600.0),
    measured(90, 21, "3-FMC", retention_time_s=660.0),
    measured(91, 20, "loner", retention_time_s=601.0),
]
STRUCTURE = Findings(
    controls_passed=True,
    separate_samplings=True,
    data_reviewable=True,
    techniques=(TechniqueResult("infrared_spectroscopy", True, True),),
    excluded=(Exclusion(None, "infrared_spectroscopy"),),
)


def test_a_probable_substance_is_one_of_its_isomers_and_no_single_name() -> None:
    (found,) = identify(LONER, MADE, calibration=SURE)
    assert found.conclusion.name == "one_of_isomers"
    assert found.sentence == "loner, or another isomer: not distinguished by the methods used."
    assert not found.single_name
    assert [(one.name, one.probability) for one in found.candidates] == [("loner", 0.99)]
    assert "an isomer that the library lacks is plausible" in found.details["isomers_excluded"]


def test_an_isomer_of_the_library_that_is_not_told_apart_is_named_with_it() -> None:
    """The calibration supports one; the library's own replicates say that another one is as like."""
    (found,) = identify(TWIN, MADE, calibration=SURE)
    assert found.group is not None
    assert {found.group.lead, *(one.name for one in found.group.members)} == {"2-FMC", "3-FMC"}
    (member,) = found.group.members
    assert member.relation == "ring_position"
    assert member.separated_by
    assert "2-FMC or 3-FMC" in found.sentence or "3-FMC or 2-FMC" in found.sentence


def test_without_a_calibration_nothing_is_named_and_the_reason_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(defaults, "default_calibration", lambda technique: None)
    (found,) = identify(LONER, MADE)
    assert (found.conclusion.name, found.named) == ("inconclusive", None)
    assert found.because == "no calibration was given: no probability is known"
    assert [(one.name, one.probability) for one in found.candidates] == [("loner", None)]


def test_a_calibration_that_abstains_says_why() -> None:
    (found,) = identify(LONER, MADE, calibration=FakeCalibration(abstained=("score 12: outside 300 to 999",)))
    assert found.conclusion.name == "inconclusive"
    assert found.because is not None
    assert "outside 300 to 999" in found.because


def test_a_calibration_of_another_technique_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(defaults, "default_calibration", lambda technique: None)
    (found,) = identify(LONER, MADE, calibration=FakeCalibration(technique="MS/MS"))
    assert found.candidates[0].probability is None


@pytest.mark.parametrize(("lead", "group", "expected"), [(0.76, 0.78, "one_of_isomers"), (0.76, 0.76, "inconclusive")])
def test_the_limits_are_those_of_the_profile(lead: float, group: float, expected: str) -> None:
    (found,) = identify(LONER, MADE, calibration=FakeCalibration(lead, group))
    assert found.conclusion.name == expected
    assert found.details["group_supported"] == f"probability {group:.3f}, the limit is 0.77"


@pytest.mark.parametrize(("group", "expected"), [(0.91, "one_of_isomers"), (0.89, "inconclusive")])
def test_msms_has_a_limit_of_its_own(group: float, expected: str) -> None:
    fields = {"ionization": "ESI", "ms_level": 2, "polarity": "positive", "precursor_mz": 178.12}
    one = Spectrum([91.05, 119.09, 147.08], [40, 100, 30], name="loner", formula="C11H15NO", **fields)
    made = Library(Spectra.of([one]), name="tandem")
    (found,) = identify(one, made, calibration=FakeCalibration(0.5, group, technique="MS/MS"))
    assert found.conclusion.name == expected
    assert found.details["group_supported"] == f"probability {group:.3f}, the limit is 0.9"


def test_every_number_of_threads_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Samples of both techniques, in several parts, of which a thread may be first in any."""
    monkeypatch.setattr(examination, "_AT_A_TIME", 7)
    fields = {"ionization": "ESI", "ms_level": 2, "polarity": "positive", "precursor_mz": 178.12}
    tandem = [Spectrum([91.05, 119.09 + 0.1 * k], [50 + k, 100], name=f"tandem {k}", **fields) for k in range(6)]
    samples = [measured(90 + k % 2, k, f"sample {k}") for k in range(12)]
    mixed = [one for pair in itertools.zip_longest(tandem, samples) for one in pair if one is not None]
    whole = [*MADE.spectra, *(one.replace(name=f"reference {k}") for k, one in enumerate(tandem))]
    written = set()
    for threads in ("1", "2", "3"):
        monkeypatch.setenv("NPS_SPECTRA_THREADS", threads)
        found = identify(mixed, Library(Spectra.of(whole), name="both"), reference_material=MATERIAL)
        written.add(found.to_json() + found.to_csv())
    assert len(written) == 1


def test_a_class_is_indicated_where_no_substance_is_supported() -> None:
    (found,) = identify(LONER, MADE, calibration=FakeCalibration(supported=0), class_model=FakeClasses())
    assert found.conclusion.name == "class_indicated"
    assert found.sentence == "The mass spectrum indicates a substance of the class Synthetic cathinones."
    assert found.candidates == ()


@pytest.mark.parametrize("model", [FakeClasses("None of these"), FakeClasses(probability=0.9)])
def test_no_class_is_indicated_without_one(model: FakeClasses) -> None:
    (found,) = identify(LONER, MADE, calibration=FakeCalibration(supported=0), class_model=model)
    assert found.conclusion.name == "inconclusive"


def test_a_mixture_is_not_named_after_its_larger_part() -> None:
    """Half of the intensity is of something else, however sure the calibration is."""
    total = float(LONER.intensity.sum())
    mixed = Spectrum([*MZ, 170], [*LONER.intensity, total], ionization="EI", name="mixed")
    (found,) = identify(mixed, MADE, calibration=SURE)
    assert found.conclusion.name == "inconclusive"
    assert "another substance, a mixture, or background" in found.contradictions[0]


def test_a_peak_above_the_mass_of_the_candidate_contradicts_it() -> None:
    """loner has 163 Da."""
    heavy = Spectrum([*MZ, 240], [*LONER.intensity, 20], ionization="EI")
    (found,) = identify(heavy, MADE, calibration=SURE)
    assert found.conclusion.name == "inconclusive"
    assert any("m/z 240" in text and "heavier" in text for text in found.contradictions)


def test_retention_structure_and_a_scheme_that_is_met_identify() -> None:
    (found,) = identify(TWIN, MADE, calibration=SURE, reference_material=Spectra.of(MATERIAL), findings=STRUCTURE)
    assert found.group is not None
    assert found.group.lead == "2-FMC"
    assert found.scheme is not None
    assert found.scheme.met is True
    assert found.facts.excluded == (*STRUCTURE.excluded, Exclusion("3-FMC", "retention_time"))
    assert (found.conclusion.name, found.single_name) == ("identified", True)
    assert found.sentence.startswith("2-FMC was identified")


@pytest.mark.parametrize(
    ("change", "precondition"),
    [
        ({"reference_material": Spectra.of(MATERIAL[1:])}, "reference_material_in_batch"),
        ({"reference_material": None}, "retention_agrees"),
        ({"findings": Findings(controls_passed=True)}, "isomers_excluded"),
        ({"findings": Findings(excluded=STRUCTURE.excluded)}, "controls_passed"),
        ({"calibration": FakeCalibration(lead=0.9)}, "lead_supported"),
        ({"calibration": None}, "lead_supported"),
    ],
)
def test_nothing_is_identified_where_one_thing_is_missing(change: dict[str, object], precondition: str) -> None:
    options = {"calibration": SURE, "reference_material": Spectra.of(MATERIAL), "findings": STRUCTURE} | change
    (found,) = identify(TWIN, MADE, **options)
    assert found.conclusion.name != "identified"
    standing = {one.precondition for one in found.conclusion.not_reached if one.conclusion == "identified"}
    assert precondition in standing


def test_reference_material_with_another_retention_contradicts() -> None:
    late = measured(90, 7, "late", 0.02, retention_time_s=640.0)
    (found,) = identify(late, MADE, calibration=SURE, reference_material=Spectra.of(MATERIAL), findings=STRUCTURE)
    assert found.reference is not None
    assert found.reference.agrees is False
    assert found.conclusion.name == "inconclusive"
    assert any("retention" in text for text in found.contradictions)


def test_reference_material_without_a_retention_time_is_not_compared() -> None:
    material = Spectra.of([measured(91, 20, "Loner")])
    (found,) = identify(LONER, MADE, calibration=SURE, reference_material=material)
    assert found.reference is not None
    assert (found.reference.difference_min, found.reference.agrees) == (None, None)


def test_replicates_of_sample_and_reference_are_tested() -> None:
    sample = Spectra.of([measured(91, again, "loner sample") for again in range(3)])
    material = Spectra.of([measured(91, 10 + again, "loner") for again in range(3)])
    found = identify(sample, MADE, calibration=SURE, reference_material=material)
    assert found[0].reference is not None
    assert len(found[0].reference.tests) == 2
    assert "min-max test of 3 replicates of the sample and 3 of the reference" in found[0].reference.tests[0]


def test_material_that_the_library_lacks_is_told() -> None:
    found = identify(LONER, MADE, reference_material=Spectra.of([measured(5, 1, "unheard of")]))
    assert found.run["reference_material"] == {"spectra": 1, "not_in_library": ["unheard of"]}


def test_a_failed_control_makes_every_query_invalid() -> None:
    found = identify(
        Spectra.of([LONER, TWIN]), MADE, calibration=SURE, findings={None: Findings(controls_passed=False)}
    )
    assert [one.conclusion.name for one in found] == ["invalid", "invalid"]


def test_what_is_also_in_the_blank_is_not_found_however_well_it_fits() -> None:
    findings = Findings(controls_passed=True, something_found=False, scope_and_limit_stated=True)
    (found,) = identify(LONER, MADE, calibration=SURE, class_model=FakeClasses(), findings=findings)
    assert found.conclusion.name == "not_detected"


EMPTY = Spectrum([], [], ionization="EI", name="empty")
STRANGER = Spectrum([55.1, 80.2], [10, 20], ionization="ESI", precursor_mz=200.1, polarity="positive", name="esi")
FAR = Spectrum([400, 410, 420, 430, 440], [1, 2, 3, 4, 5], ionization="EI", name="far")


@pytest.mark.parametrize(
    "queries", list(itertools.chain(*(itertools.permutations((EMPTY, STRANGER, LONER), n) for n in (1, 2, 3))))
)
def test_every_query_has_a_record_also_one_that_cannot_be_searched(queries: tuple[Spectrum, ...]) -> None:
    found = identify(Spectra.of(queries), MADE, calibration=SURE)
    assert [one.name for one in found] == [query.name for query in queries]
    for one in found:
        if one.name != "other":
            assert (one.conclusion.name, one.evidence) == ("inconclusive", ())
            assert one.reason


def test_a_query_without_a_peak_in_common_is_inconclusive() -> None:
    (found,) = identify(FAR, MADE, calibration=SURE)
    assert found.conclusion.name == "inconclusive"


def test_too_few_peaks_are_not_usable_however_well_they_fit() -> None:
    few = Spectrum(MZ[:4], LONER.intensity[:4], ionization="EI")
    (found,) = identify(few, MADE, calibration=SURE, class_model=FakeClasses())
    assert found.conclusion.name == "inconclusive"
    assert found.because == "the spectrum is not usable: 4 peaks, at least 5 are asked for"


def test_a_library_that_cannot_say_what_is_alike_gives_no_single_name() -> None:
    """Not known which isomers are open: not even structure evidence against others closes that."""
    small = Library(Spectra.of([measured(91, 0, "loner")]), name="small")
    (found,) = identify(LONER, small, calibration=SURE, reference_material=Spectra.of(MATERIAL), findings=STRUCTURE)
    assert found.facts.undistinguished is None
    assert not found.single_name


def test_how_many_queries_go_at_a_time_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    queries = Spectra.of([LONER, EMPTY, TWIN, STRANGER, FAR, measured(3, 9, "S3?")])
    whole = identify(queries, MADE, calibration=SURE).to_json()
    monkeypatch.setattr(examination, "_AT_A_TIME", 1)
    assert identify(queries, MADE, calibration=SURE).to_json() == whole


def test_one_after_the_other_is_the_same_as_all_together() -> None:
    queries = Spectra.of([LONER, EMPTY, TWIN])
    assert list(identify_each(queries, MADE, calibration=SURE)) == list(identify(queries, MADE, calibration=SURE))


@settings(max_examples=60, deadline=None)
@given(
    lead=st.floats(0, 1),
    group=st.floats(0, 1),
    supported=st.integers(0, 5),
    query=st.sampled_from([LONER, TWIN, FAR, EMPTY, measured(3, 9, "S3?")]),
    flags=st.tuples(*[st.sampled_from([None, True, False])] * 3),
    technique=st.sampled_from(sorted(set(SEPARATING_TECHNIQUES) - {"infrared_spectroscopy"})),
    material=st.booleans(),
)
def test_never_a_single_name_unless_structure_evidence_excludes_missing_isomers(
    lead: float,
    group: float,
    supported: int,
    query: Spectrum,
    flags: tuple[bool | None, bool | None, bool | None],
    technique: str,
    material: bool,
) -> None:
    """Whatever the probabilities and retention say; only structure evidence closes the list of isomers."""
    findings = Findings(
        controls_passed=flags[0], separate_samplings=flags[1], data_reviewable=flags[2],
        excluded=(Exclusion("3-FMC", technique), Exclusion("2-FMC", technique)),
    )  # fmt: skip
    (found,) = identify(
        query,
        MADE,
        calibration=FakeCalibration(lead, group, supported),
        findings=findings,
        reference_material=Spectra.of(MATERIAL) if material else None,
    )
    assert not found.single_name


def test_tables_have_one_row_for_each_query_and_are_safe_for_spreadsheets() -> None:
    bad = measured(91, 7, "=HYPERLINK(1)")
    found = identify(Spectra.of([bad, EMPTY]), MADE, calibration=SURE)
    rows = list(csv.DictReader(io.StringIO(found.to_csv())))
    assert [row["name"] for row in rows] == ["'=HYPERLINK(1)", "empty"]
    assert tuple(rows[0]) == COLUMNS
    assert found.to_pandas().shape == (2, len(COLUMNS))


def test_json_holds_what_is_needed_to_do_it_again() -> None:
    found = json.loads(identify(LONER, MADE, calibration=SURE, class_model=FakeClasses()).to_json())
    run = found["run"]
    assert run["library"]["digest"] == MADE.digest
    assert run["calibrations"]["EI"]["digest"] == SURE.digest
    assert run["class_model"]["digest"] == FakeClasses().digest
    assert len(run["profile"]["vocabulary"]["sha256"]) == 64
    assert run["groups"]["EI"]["spread"]["limit"] is not None


def test_no_query_is_an_error() -> None:
    with pytest.raises(NoSpectraError):
        identify(Spectra.of([]), MADE)


def test_measured_replicates_of_swgdrug_are_among_their_candidates(data_folder: Path) -> None:
    """One spectrum of each substance that SWGDRUG 3.4 has twice is taken out and asked for in the rest. The
    margin was measured on such pairs, so 19 of 20 are expected."""
    if os.environ.get("NUMBA_DISABLE_JIT") == "1":
        pytest.skip("a whole library is compared: too slow without the JIT")
    everything = Library(read_spectra(data_folder / "swgdrug_ei" / "swgdrug_3.4.msp"), name="SWGDRUG")
    counts = np.bincount(everything.substances.of_row)[everything.substances.of_row]
    # All that is measured repeatedly, among a fifth of the rest: comparing all with all would take long.
    whole = everything.spectra.select(np.flatnonzero((counts > 1) | (np.arange(len(everything)) % 5 == 0)))
    made = Library(whole, name="SWGDRUG")
    of_row = made.substances.of_row.tolist()
    seen: dict[int, int] = {}
    held = [row for row, one in enumerate(of_row) if seen.setdefault(one, row) != row][:40]
    rest = [row for row in range(len(whole)) if row not in set(held)]
    others = Library(Spectra.of([whole[row] for row in rest]), name="rest")
    found = identify(Spectra.of([whole[row] for row in held]), others)
    right = [
        any(others.substances.keys[one.substance] == made.substances.keys[of_row[row]] for one in record.candidates)
        for row, record in zip(held, found, strict=True)
    ]
    assert sum(right) >= 0.9 * len(held)
    assert not any(record.single_name for record in found)


def test_findings_of_a_sample_that_is_not_there_are_not_lost() -> None:
    with pytest.raises(OptionError, match=r"findings of 'bag Z': no query has this id or name"):
        identify(LONER, MADE, findings={"bag Z": Findings(controls_passed=False)})
