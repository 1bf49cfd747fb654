"""``nps-spectra identify``: what it prints and writes, and what it answers."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from identification.fakes import FakeCalibration, library, measured

from nps_spectra import Library, Spectra, write_spectra
from nps_spectra.cli.main import main
from nps_spectra.identification import defaults, profile

FILES = {"identifications.csv", "identifications.json", "rejects.csv", "report.html", "run.json"}
ASKED = {"id", "name", "source", "conclusion", "candidates", "group", "class", "p_absent", "single_name"}


@pytest.fixture
def batch(tmp_path: Path) -> Path:
    """Two samples, and a library file of its own."""
    made = library()
    Library.build(made.spectra, tmp_path / "library.h5", name="made")
    folder = tmp_path / "samples"
    folder.mkdir()
    for number, one in enumerate((measured(91, 7, "bag A"), measured(3, 7, "bag B"))):
        write_spectra(Spectra.of([one]), folder / f"{number}.msp")
    return folder


@pytest.fixture
def calibrated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(defaults, "default_calibration", lambda technique: FakeCalibration(technique=technique))


def test_the_example_runs_with_the_embedded_library(root: Path, tmp_path: Path) -> None:
    """Nothing of these simulated spectra may become a single name; the blank and the substance that the library lacks
    may not become anything."""
    out = tmp_path / "results"
    assert main(["identify", str(root / "examples" / "seizure_batch"), "--out", str(out)]) == 0
    assert {file.name for file in out.iterdir()} == FILES
    found = json.loads((out / "identifications.json").read_text(encoding="utf-8"))["queries"]
    assert len(found) == 7
    assert not any(one["single_name"] for one in found)
    by_file = {Path(one["source"]).name: one for one in found}
    for name in ("04_capsule.msp", "05_solvent_blank.msp"):
        assert (by_file[name]["conclusion"], by_file[name]["candidates"]) == ("inconclusive", [])


@pytest.mark.usefixtures("calibrated")
def test_json_has_what_a_program_asks_for(batch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["identify", str(batch), "--library", str(batch.parent / "library.h5"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["queries"]
    assert [one["name"] for one in found] == ["bag A", "bag B"]
    first = found[0]
    assert first.keys() >= ASKED
    assert first["conclusion"] == "one_of_isomers"
    assert [(one["name"], one["probability"]) for one in first["candidates"]] == [("loner", 0.99)]
    assert first["candidates"][0].keys() >= {"name", "inchikey", "probability"}
    assert first["class"].keys() >= {"label", "probability"}
    assert (first["p_absent"], first["single_name"]) == (0.005, False)


@pytest.mark.usefixtures("calibrated")
def test_the_printed_conclusion_is_a_sentence_with_its_limitation(
    batch: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["identify", str(batch), "--library", str(batch.parent / "library.h5")])
    printed = capsys.readouterr().out
    assert "ONE OF ISOMERS: loner, or another isomer: not distinguished by the methods used." in printed
    assert "The data do not say which of these substances is present." in printed


def test_a_damaged_record_is_rejected_counted_and_in_the_report(batch: Path, tmp_path: Path) -> None:
    (batch / "bad.msp").write_text("Name: broken\nNum Peaks: 2\n58 x\n91 y\n", encoding="utf-8")
    out = tmp_path / "out"
    assert main(["identify", str(batch), "--library", str(batch.parent / "library.h5"), "--out", str(out)]) == 1
    assert len(list(csv.DictReader((out / "rejects.csv").read_text(encoding="utf-8").splitlines()))) == 1
    assert "bad.msp, record 1" in (out / "report.html").read_text(encoding="utf-8")
    assert len(json.loads((out / "identifications.json").read_text(encoding="utf-8"))["queries"]) == 2


def test_a_sample_that_cannot_be_compared_stays_and_is_told(
    batch: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (batch / "esi.msp").write_text(
        "Name: esi\nInstrument_type: LC-ESI-QTOF\nPrecursorMZ: 337.2274\nNum Peaks: 2\n105.07 9\n188.14 99\n",
        encoding="utf-8",
    )
    assert main(["identify", str(batch), "--library", str(batch.parent / "library.h5"), "--json"]) == 1
    shown = capsys.readouterr()
    found = {one["name"]: one for one in json.loads(shown.out)["queries"]}
    assert len(found) == 3
    assert found["esi"]["conclusion"] == "inconclusive"
    assert found["esi"]["reason"]
    assert "NOT COMPARED" in shown.err


def test_two_runs_write_the_same_but_for_the_time(batch: Path, tmp_path: Path) -> None:
    texts = []
    for name in ("one", "two"):
        out = tmp_path / name
        main(["identify", str(batch), "--library", str(batch.parent / "library.h5"), "--out", str(out)])
        texts.append([(out / file).read_bytes() for file in ("identifications.csv", "identifications.json")])
        run = json.loads((out / "run.json").read_text(encoding="utf-8"))
        assert run["identification"]["library"]["digest"] == run["library"]["digest"]
        page = (out / "report.html").read_text(encoding="utf-8")
        texts[-1].append(page.replace(run["finished"], "").encode())
    assert texts[0] == texts[1]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--profile", "no.toml"], 3, "no.toml: cannot be read"),
        (["--findings", "no.toml"], 3, "no.toml: cannot be read"),
        (["--library", "no.h5"], 3, "no such file"),
        (["--time", "1-2 min"], 2, "a set of spectra, no run"),
    ],
)
def test_what_cannot_be_used_is_told(
    batch: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str
) -> None:
    assert main(["identify", str(batch), *arguments]) == code
    assert said in capsys.readouterr().err


def test_a_folder_without_spectra_is_unusable(tmp_path: Path) -> None:
    assert main(["identify", str(tmp_path)]) == 3


@pytest.mark.usefixtures("calibrated")
def test_profile_findings_and_reference_material_reach_the_conclusion(
    batch: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    strict = (Path(profile.__file__).with_name("data") / "profile.toml").read_text(encoding="utf-8")
    (tmp_path / "strict.toml").write_text(
        strict.replace("group = 0.77", "group = 0.999").replace("lead = 0.95", "lead = 0.999"), encoding="utf-8"
    )
    (tmp_path / "findings.toml").write_text('[[sample]]\nsample = "bag A"\ncontrols_passed = false\n', encoding="utf-8")
    write_spectra(Spectra.of([measured(91, 20, "loner")]), tmp_path / "material.msp")
    options = ["--profile", "strict.toml", "--findings", "findings.toml", "--reference-material", "material.msp"]
    options = [str(tmp_path / one) if not one.startswith("--") else one for one in options]
    assert main(["identify", str(batch), "--library", str(batch.parent / "library.h5"), "--json", *options]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["conclusion"] for one in found["queries"]] == ["invalid", "inconclusive"]
    assert found["queries"][0]["reference_material"]["name"] == "loner"
    assert found["run"]["profile"]["limits"]["group"] == 0.999
