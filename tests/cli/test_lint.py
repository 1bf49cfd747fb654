"""``nps-spectra library lint``: exit codes, the JSON that programs read, and files."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from nps_spectra.cli.main import main
from nps_spectra.library.lint import RULES

SOUND = "Name: MDMA\nFormula: C11H15NO2\nMW: 193\nLicense: CC0\nNum Peaks: 3\n58 999; 135 80; 77 30\n\n"
WRONG = "Name: Mephedrone\nFormula: C11H15NO\nMW: 193\nLicense: CC0\nNum Peaks: 2\n58 999; 119 30\n\n"
BROKEN = "Name: broken\nNum Peaks: 1\n58 nan\n\n"


@pytest.fixture
def library(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    (tmp_path / "reference.msp").write_text(SOUND + WRONG, encoding="utf-8")
    out = str(tmp_path / "reference.h5")
    assert main(["library", "build", str(tmp_path / "reference.msp"), "--licence", "CC0", "--out", out]) == 0
    capsys.readouterr()
    return out


def printed(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_the_json_has_the_promised_shape(library: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["library", "lint", library, "--severity", "error", "--json"]) == 1
    found = printed(capsys)
    assert set(found) == {"records", "counts", "rules", "findings"}
    assert found["records"] == 2
    assert found["counts"] == {"error": 1, "warning": 0, "info": 0}
    (finding,) = found["findings"]
    assert {name: type(finding[name]) for name in ("record", "rule", "severity", "evidence")} == dict.fromkeys(
        ("record", "rule", "severity", "evidence"), str
    )
    assert finding["record"].endswith("reference.msp#2")
    assert (finding["library_id"], finding["rule"], finding["severity"]) == (1, "formula_mass", "error")
    assert [rule["rule"] for rule in found["rules"]] == [rule.name for rule in RULES]
    assert {rule["state"] for rule in found["rules"]} <= {"run", "partly run", "not run"}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--rules", "formula_mass"], 1),
        (["--rules", "formula_mass", "--severity", "error"], 1),
        (["--rules", "cas_checksum"], 0),
        (["--rules", "licence"], 0),
        (["--rules", "cas_checksum,licence", "--rules", "formula_mass"], 1),
        (["--rules", "best"], 2),
    ],
)
def test_exit_codes(library: str, arguments: list[str], code: int) -> None:
    assert main(["library", "lint", library, *arguments]) == code


def test_findings_below_the_severity_asked_for_do_not_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "reference.msp").write_text(SOUND.replace("License: CC0\n", ""), encoding="utf-8")
    assert main(["library", "lint", str(tmp_path / "reference.msp"), "--rules", "licence"]) == 1
    assert "no licence named" in capsys.readouterr().out
    assert main(["library", "lint", str(tmp_path / "reference.msp"), "--rules", "licence", "--severity", "error"]) == 0


def test_source_files_are_checked_like_a_library_and_rejects_count(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "reference.msp").write_text(SOUND + BROKEN, encoding="utf-8")
    assert main(["library", "lint", str(tmp_path / "reference.msp"), "--rules", "formula_mass"]) == 1
    assert "REJECTED" in capsys.readouterr().err


def test_people_read_what_was_found_and_what_each_rule_looked_at(
    library: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["library", "lint", library])
    out = capsys.readouterr().out
    assert "ERROR formula_mass: " in out
    assert "(library id 1, Mephedrone)\n  nominal mass 193, but C11H15NO has 177" in out
    assert "formula_mass                      1         0      0  2 records" in out


@pytest.mark.parametrize("name", ["findings.csv", "findings.json"])
def test_the_file_has_every_finding(
    library: str, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["library", "lint", library, "--severity", "error", "--out", str(tmp_path / name)]) == 1
    text = (tmp_path / name).read_text(encoding="utf-8")
    rows = json.loads(text)["findings"] if name.endswith("json") else list(csv.DictReader(text.splitlines()))
    assert [(row["rule"], row["severity"]) for row in rows] == [("formula_mass", "error")]


def test_rules_that_need_rdkit_are_named_on_both_outputs(
    library: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "rdkit", None)
    main(["library", "lint", library])
    captured = capsys.readouterr()
    (line,) = [line for line in captured.out.splitlines() if line.startswith("  formula_structure ")]
    assert line.endswith(" not run: needs the extra chem")
    assert "NOT RUN formula_structure: needs the extra chem" in captured.err
    assert main(["library", "lint", library, "--rules", "formula_structure", "--json"]) == 0
    (rule,) = printed(capsys)["rules"]
    assert (rule["state"], rule["reason"]) == ("not run", "needs the extra chem")


def test_without_a_library_the_starter_library_is_checked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["library", "lint", "--severity", "warning"]) == 0
    captured = capsys.readouterr()
    assert "NOT reference data" in captured.err
    assert "63 records" in captured.out


def test_the_table_of_rules_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["library", "lint", "--list-rules", "--json"]) == 0
    assert [rule["name"] for rule in printed(capsys)["rules"]] == [rule.name for rule in RULES]
    assert main(["library", "lint", "--list-rules"]) == 0
    text = capsys.readouterr().out
    assert all(rule.name in text and rule.description in text for rule in RULES)


def test_a_file_or_folder_that_does_not_exist_is_told(
    library: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["library", "lint", "nothing.h5"]) == 3
    assert "nothing.h5: no such file or folder" in capsys.readouterr().err
    assert main(["library", "lint", library, "--out", str(tmp_path / "nowhere" / "findings.csv")]) == 2
    assert "nowhere does not exist" in capsys.readouterr().err


def test_a_damaged_library_is_not_checked(library: str, capsys: pytest.CaptureFixture[str]) -> None:
    content = bytearray(Path(library).read_bytes())
    at = content.find(b"Name\x1fMDMA")
    assert at > 0
    content[at + 5] ^= 1
    Path(library).write_bytes(bytes(content))
    assert main(["library", "lint", library]) == 3
    assert "damaged" in capsys.readouterr().err
