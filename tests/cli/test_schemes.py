"""``nps-spectra schemes``: what is listed, and what is said of numbers that nobody has confirmed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nps_spectra.cli.main import main
from nps_spectra.identification.schemes import scheme


def test_the_list_names_every_scheme_and_what_is_not_verified(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schemes"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("NOT VERIFIED") == 5
    assert "    Annex I, 1.2.4.2, ion ratios: relative_percent\n" in printed
    assert "Annex I, 1.2.4.2, points: lr_ms_ion\n" not in printed


def test_the_json_has_values_sources_and_flags(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schemes", "--json"]) == 0
    found = {one["name"]: one for one in json.loads(capsys.readouterr().out)["schemes"]}
    points = {one["name"]: one for one in found["eu-2021-808"]["clauses"][0]["numbers"]}
    assert (points["lr_msn_product"]["value"], points["lr_msn_product"]["verified"]) == (1.5, True)
    assert points["needed_prohibited"]["verified"] is False
    assert "lexaris.de" in points["lr_msn_product"]["source"]
    assert found["wada-td-idcr"]["clauses"][2]["numbers"][0]["value"] == {
        "from_percent": 50.0,
        "tolerance": 10.0,
        "relative": False,
    }


def test_a_scheme_of_the_laboratory_is_listed_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (
        scheme("wada-td-idcr")
        .to_toml()
        .replace("wada-td-idcr", "our-lab")
        .replace("verified = false", "verified = true")
    )
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    assert main(["schemes", "--file", str(tmp_path / "own.toml")]) == 0
    assert capsys.readouterr().out.rstrip().endswith("all numbers verified")


def test_a_file_that_is_no_scheme_ends_with_code_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "own.toml").write_text("name = 3", encoding="utf-8")
    assert main(["schemes", "--file", str(tmp_path / "own.toml")]) == 3
    assert "own.toml, top of the file, name: found 3, expected a text" in capsys.readouterr().err
