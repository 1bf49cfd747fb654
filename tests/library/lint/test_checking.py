"""The report of `lint`: what every finding names, what did not run, and that measured libraries can be read by it."""

from __future__ import annotations

import csv
import json
import os
import sys
from pathlib import Path

import pytest

from nps_spectra import Library, Spectra, Spectrum, read_spectra
from nps_spectra.errors import OptionError
from nps_spectra.library.lint import RULES, LintReport, lint
from nps_spectra.library.lint.report import COLUMNS
from nps_spectra.library.starter import starter_library

WRONG_MASS = "Name: Mephedrone\nFormula: C11H15NO\nMW: 193\nNum Peaks: 2\n58 999; 119 30\n\n"
SOUND = "Name: MDMA\nFormula: C11H15NO2\nMW: 193\nNum Peaks: 3\n58 999; 135 80; 77 30\n\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "reference.msp"
    path.write_text(SOUND + WRONG_MASS, encoding="utf-8")
    return path


def test_a_finding_names_record_rule_severity_and_evidence(source: Path) -> None:
    (found,) = lint(read_spectra(source), "formula_mass")
    assert found.record.endswith("reference.msp#2")
    assert (found.library_id, found.name) == (1, "Mephedrone")
    assert (found.rule, found.severity) == ("formula_mass", "error")
    assert found.evidence == "nominal mass 193, but C11H15NO has 177"


def test_a_library_and_its_source_give_the_same_findings(source: Path, tmp_path: Path) -> None:
    Library.build(source, tmp_path / "reference.h5")
    from_library = lint(Library.open(tmp_path / "reference.h5"))
    assert from_library.to_dicts() == lint(read_spectra(source)).to_dicts()


def test_related_records_are_named_as_records_are(source: Path) -> None:
    twice = source.with_name("twice.msp")
    twice.write_text(
        "".join(
            f"Name: {name}\nFormula: {formula}\nNum Peaks: 5\n42 9; 58 999; 77 20; 91 80; 119 30\n\n"
            for name, formula in (("A", "C11H15NO"), ("B", "C12H17NO"))
        ),
        encoding="utf-8",
    )
    first, second = lint(read_spectra(twice), "same_peaks")
    assert first.related == (second.record,)
    assert first.related_ids == (second.library_id,)
    assert "B (C12H17NO, library id 1)" in first.evidence


def test_the_gravest_come_first() -> None:
    records = [Spectrum([58.0], [1], name="x"), Spectrum([], [], name="y")]
    report = lint(Spectra.of(records), ["licence", "empty_or_constant"])
    assert [(finding.severity, finding.library_id) for finding in report] == [
        ("error", 1),
        ("info", 0),
        ("info", 0),
        ("info", 1),
    ]
    assert report.counts() == {"error": 1, "warning": 0, "info": 3}
    assert [finding.rule for finding in report.at_least("warning")] == ["empty_or_constant"]
    assert report.at_least("error").runs == report.runs


def test_the_account_of_the_rules_says_how_many_records_each_looked_at(source: Path) -> None:
    (run,) = lint(read_spectra(source), "formula_mass").runs
    assert (run.rule, run.state, run.records, run.error, run.reason) == ("formula_mass", "run", 2, 1, None)


def test_without_the_extra_chem_rules_say_that_they_did_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rdkit", None)
    report = lint(Spectra.of([Spectrum([58.0], [1], formula="C3H8N", smiles="C", inchi="InChI=1S/CH4/h1H4")]))
    states = {run.rule: (run.state, run.reason) for run in report.runs}
    for rule in RULES:
        if rule.chem == "needed":
            assert states[rule.name] == ("not run", "needs the extra chem")
        elif rule.chem == "used":
            assert states[rule.name][0] == "partly run"
            assert "without the extra chem" in str(states[rule.name][1])
        else:
            assert states[rule.name] == ("run", None)
    assert {rule.name for rule in RULES if rule.chem == "needed"} == {"formula_structure", "inchikey_structure"}


def test_unknown_rules_and_severities_are_errors_that_list_the_known_ones() -> None:
    with pytest.raises(OptionError, match=r"unknown rule 'best'; known: .*formula_mass"):
        lint(Spectra.of([]), ["best"])
    with pytest.raises(OptionError, match="severity 'grave': expected one of error, warning, info"):
        lint(Spectra.of([]), ["licence"]).at_least("grave")
    with pytest.raises(OptionError, match="expected a Library or Spectra"):
        lint([Spectrum([58], [1])])  # type: ignore[arg-type]


def test_csv_json_and_pandas_hold_the_same_findings(source: Path, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    report = lint(read_spectra(source))
    assert len(report) > 1
    rows = list(csv.DictReader(report.to_csv(tmp_path / "findings.csv").splitlines()))
    assert (tmp_path / "findings.csv").read_text(encoding="utf-8") == report.to_csv()
    found = json.loads(report.to_json(tmp_path / "findings.json"))
    assert found == json.loads((tmp_path / "findings.json").read_text(encoding="utf-8"))
    table = report.to_pandas()
    assert tuple(table.columns) == tuple(rows[0]) == tuple(found["findings"][0]) == COLUMNS
    assert len(table) == len(rows) == len(found["findings"]) == len(report)
    assert [row["evidence"] for row in rows] == [finding.evidence for finding in report]
    assert isinstance(table, pandas.DataFrame)


def test_a_name_that_is_a_formula_is_none_to_a_spreadsheet() -> None:
    report = lint(Spectra.of([Spectrum([58.0], [1], name="=1+1")]), ["licence"])
    (row,) = csv.DictReader(report.to_csv().splitlines())
    assert row["name"] == "'=1+1"


# ---- measured and published libraries


def test_the_starter_library_has_no_fault_of_an_error_or_a_warning() -> None:
    assert lint(starter_library()).at_least("warning").to_dicts() == []


def test_swgdrug_has_three_wrong_cas_numbers(data_folder: Path) -> None:
    # 2147483647 is the largest number that four bytes hold: the program that made the file ran over.
    report = lint(read_spectra(data_folder / "swgdrug_ei" / "swgdrug_3.4.msp"), ["cas_checksum"])
    assert {finding.name for finding in report} == {"4-Cyano CUMYL-BUT7AICA", "Flunitrazolam", "5-Bromo-APINACA"}
    assert all("2147483-64-7" in finding.evidence for finding in report)


def test_labels_that_were_exchanged_are_found_by_the_peaks(data_folder: Path) -> None:
    spectra = read_spectra(data_folder / "swgdrug_ei" / "swgdrug_3.4.msp")
    clean = lint(spectra, ["peak_above_molecular_ion", "no_subformula", "looks_like_another"])
    assert not clean.to_dicts()
    records = list(spectra)
    by_mass = sorted(range(len(records)), key=lambda row: (records[row].nominal_mass or 0, row))
    exchanged = []
    for light, heavy in zip(by_mass[:200:10], by_mass[-200::10], strict=True):
        records[light] = records[light].replace(mz=spectra[heavy].mz, intensity=spectra[heavy].intensity)
        exchanged.append(light)
    found = lint(Spectra.of(records), ["peak_above_molecular_ion"])
    assert {finding.library_id for finding in found} == set(exchanged)


@pytest.fixture(scope="module")
def massbank_report(massbank_spectra: Spectra) -> LintReport:
    if os.environ.get("NUMBA_DISABLE_JIT") == "1":
        pytest.skip("118,617 spectra take too long without the JIT")
    return lint(massbank_spectra, [rule.name for rule in RULES if rule.chem != "needed"])


def test_massbank_gives_the_faults_that_were_verified_by_hand(massbank_report: LintReport) -> None:
    found = {(finding.accession, finding.rule, finding.severity) for finding in massbank_report}
    # One record of DDD is the spectrum of ametryn (base peak 227, its molecular ion); a CAS number is impossible; the
    # exact mass of an epoxide is 50 Da off; an oxprenolol has the fragments of mirtazapine.
    assert ("MSBNK-MSSJ-MSJ01049", "looks_like_another", "warning") in found
    assert ("MSBNK-RIKEN-PR040125", "cas_checksum", "error") in found
    assert ("MSBNK-MSSJ-MSJ02047", "formula_mass", "error") in found
    assert ("MSBNK-Athens_Univ-AU220906", "looks_like_another", "error") in found
    assert ("MSBNK-Athens_Univ-AU249106", "same_peaks", "error") in found


def test_every_finding_of_massbank_can_be_traced(massbank_report: LintReport, massbank_spectra: Spectra) -> None:
    for finding in massbank_report:
        assert finding.record.endswith(f"{finding.accession}.txt#1")
        assert finding.evidence
        assert 0 <= finding.library_id < len(massbank_spectra)
