"""The profile of a laboratory: what it may say, and that a slip is not taken for something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from nps_spectra.errors import InputError
from nps_spectra.identification import profile as module
from nps_spectra.identification.findings import Findings, findings_for, read_findings
from nps_spectra.identification.preconditions import Exclusion
from nps_spectra.identification.profile import load_profile
from nps_spectra.identification.schemes import scheme
from nps_spectra.identification.vocabulary import load_vocabulary

TEXT = (Path(module.__file__).with_name("data") / "profile.toml").read_text(encoding="utf-8")


def write(folder: Path, text: str, name: str = "own.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="")
    return path


def test_a_copy_of_the_packaged_file_is_the_packaged_profile(tmp_path: Path) -> None:
    assert load_profile(write(tmp_path, TEXT)) == load_profile()


def test_a_profile_reads_back_what_it_writes(tmp_path: Path) -> None:
    assert load_profile(write(tmp_path, load_profile().to_toml())) == load_profile()


def test_without_a_limit_of_its_own_msms_has_that_of_ei(tmp_path: Path) -> None:
    found = load_profile(write(tmp_path, TEXT.replace("group_other = 0.9\n", "")))
    assert found.least_group("MS/MS") == found.least_group("EI") == load_profile().group


def test_files_are_looked_for_beside_the_profile(tmp_path: Path) -> None:
    write(tmp_path, load_vocabulary().to_toml().replace('"en"', '"de"', 1), "words.toml")
    write(tmp_path, scheme("swgdrug-8").to_toml().replace("swgdrug-8", "our-scheme", 1), "scheme.toml")
    own = TEXT.replace('scheme = "swgdrug-8"', 'scheme = "scheme.toml"\nvocabulary = "words.toml"')
    found = load_profile(write(tmp_path, own))
    assert (found.scheme.name, found.vocabulary.language) == ("our-scheme", "de")
    assert found.describe()["sha256"] != load_profile().describe()["sha256"]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("lead = 0.95", "lead = 0.3", r"limits, lead: found 0.3, expected a number from 0.5 to 1"),
        ("lead = 0.95", "lead = 1.0", "limits, lead: found 1"),
        ("lead = 0.95", "lead = nan", "limits, lead: found nan"),
        ("lead = 0.95", 'lead = "high"', "limits, lead: found 'high', expected a number"),
        ("lead = 0.95", "laed = 0.95", "limits, lead: missing"),
        ("lead = 0.95", "lead = 0.95\nleda = 0.5", "limits, leda: not a key"),
        ('scheme = "swgdrug-8"', 'scheme = "swgdrug-7"', "scheme: .*did you mean 'swgdrug-8'"),
        ('scheme = "swgdrug-8"', 'scheme = "none.toml"', "none.toml: cannot be read"),
        ('tolerance = "0.01 Da"', 'tolerance = "0.01"', "search, tolerance"),
        ("candidates = 25", "candidates = 1", "search, candidates: found 1"),
        ("[retention]", "[retentoin]", "retention: missing"),
    ],
)
def test_a_slip_is_named_by_table_and_key(tmp_path: Path, before: str, after: str, said: str) -> None:
    assert before in TEXT
    with pytest.raises(InputError, match=said):
        load_profile(write(tmp_path, TEXT.replace(before, after)))


FINDINGS = """
[batch]
controls_passed = true

[[sample]]
sample = "bag A"
separate_samplings = true

[[sample.technique]]
technique = "infrared_spectroscopy"
positive = true
reviewable = true

[[sample.excluded]]
technique = "infrared_spectroscopy"
"""


def test_findings_of_a_sample_add_to_those_of_the_batch(tmp_path: Path) -> None:
    found = read_findings(write(tmp_path, FINDINGS))
    assert findings_for(found, "f.msp#1", "bag B") == Findings(controls_passed=True)
    own = findings_for(found, "f.msp#2", "bag A")
    assert (own.controls_passed, own.separate_samplings) == (True, True)
    assert own.excluded == (Exclusion(None, "infrared_spectroscopy"),)
    assert own.techniques[0].positive is True


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("controls_passed = true", 'controls_passed = "yes"', "batch, controls_passed: found 'yes'"),
        ("controls_passed", "controls_pased", "batch, controls_pased: not a key"),
        ('sample = "bag A"', "", "sample 1, sample: missing"),
        ("[[sample.excluded]]\ntechnique = ", "[[sample.excluded]]\ntechnic = ", "technique: missing"),
        (
            '[[sample.excluded]]\ntechnique = "infrared_spectroscopy"',
            '[[sample.excluded]]\ntechnique = "mass_spectrometry"',
            "found technique 'mass_spectrometry'",
        ),
    ],
)
def test_a_slip_in_findings_is_named(tmp_path: Path, before: str, after: str, said: str) -> None:
    assert before in FINDINGS
    with pytest.raises(InputError, match=said):
        read_findings(write(tmp_path, FINDINGS.replace(before, after)))
