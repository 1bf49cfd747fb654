"""``match`` with runs: which scans are searched, and that nobody searches a whole GC-MS run unawares."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from run_files import EMPTY, FRAGMENTS, SURVEY, Scan, andi, mzml, mzxml

from nps_spectra.cli.main import main
from nps_spectra.library.starter import starter_library

COLUMN_BLEED = ((73.0, 30.0), (207.0, 90.0), (281.0, 40.0))


def gc_run(seconds: float = 252.0) -> tuple[str, bytes]:
    """A peak of a substance of the starter library at 4.2 min on column bleed (simulated), and the substance's name."""
    spectrum = next(one for one in starter_library().spectra if one.name == "fentanyl")
    scans = []
    for at in range(40):
        height = max(0.0, 1 - abs(at - 20) / 5)
        peaks = {mz: 0.5 * intensity for mz, intensity in COLUMN_BLEED}
        for mz, intensity in zip(spectrum.mz.tolist(), spectrum.intensity.tolist(), strict=True):
            if height:
                peaks[mz] = peaks.get(mz, 0.0) + height * intensity
        scans.append(Scan(tuple(sorted(peaks.items())), seconds=seconds - 20 + at))
    return str(spectrum.name), andi(scans)


def test_the_mean_of_a_peak_less_its_background_is_searched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name, content = gc_run()
    path = tmp_path / "a.cdf"
    path.write_bytes(content)
    out = tmp_path / "out"
    code = main(
        ["match", str(path), "--time", "4.17-4.23 min", "--background", "232-240 s", "--json", "--out", str(out)]
    )
    printed = capsys.readouterr()
    (query,) = json.loads(printed.out)["queries"]
    assert (code, query["hits"][0]["name"]) == (0, name)
    assert query["hits"][0]["score"] > 950
    assert "RUN" in printed.err
    assert "mean of 3 scans (20 to 22) searched, less the mean of 9 scans (1 to 9)" in printed.err
    assert "mean of 3 scans" in json.loads((out / "run.json").read_text(encoding="utf-8"))["runs"][0]


def test_a_gc_run_without_a_choice_is_refused_and_says_how_to_choose(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.cdf"
    path.write_bytes(gc_run()[1])
    assert main(["match", str(path)]) == 2
    error = capsys.readouterr().err
    for word in ("a run of 40 scans", "--time", "--background", "--scans", "3.87 to 4.52 min"):
        assert word in error


@pytest.fixture
def ms2_library(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    source = tmp_path / "reference.msp"
    source.write_text(
        "Name: 4-MMC\nPrecursorMZ: 178.1226\nMS_level: 2\nNum Peaks: 2\n119.0855 50\n145.0886 999\n", encoding="utf-8"
    )
    assert main(["library", "build", str(source), "--out", str(tmp_path / "lib.h5")]) == 0
    capsys.readouterr()
    return str(tmp_path / "lib.h5")


def test_of_a_run_with_fragment_spectra_only_these_are_searched(
    tmp_path: Path, ms2_library: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.mzML"
    path.write_bytes(mzml([SURVEY, FRAGMENTS, EMPTY, FRAGMENTS, Scan((), 2, 63.0, precursor=100.0)]))
    assert main(["match", str(path), "--library", ms2_library, "--json"]) == 0
    printed = capsys.readouterr()
    assert [query["id"][-2:] for query in json.loads(printed.out)["queries"]] == ["#2", "#4"]
    assert "2 fragment spectra searched; not searched: 2 other scans, 1 fragment spectra without peaks" in printed.err


def test_scans_are_searched_by_number(tmp_path: Path, ms2_library: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.mzXML"
    path.write_bytes(mzxml([SURVEY, FRAGMENTS, FRAGMENTS], nested=True))
    assert main(["match", str(path), "--library", ms2_library, "--scans", "2-3", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["queries"]) == 2
    assert main(["match", str(path), "--library", ms2_library, "--scans", "9"]) == 2
    assert "no scan 9; its scans are 1 to 3" in capsys.readouterr().err


def test_spectra_and_runs_together_keep_their_order(
    tmp_path: Path, ms2_library: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    text = "Name: A\nPrecursorMZ: 178.1226\nMS_level: 2\nNum Peaks: 1\n145.0886 9\n"
    (tmp_path / "in" / "a.msp").write_text(text, encoding="utf-8")
    (tmp_path / "in" / "b.mzML").write_bytes(mzml())
    (tmp_path / "in" / "c.msp").write_text(text, encoding="utf-8")
    assert main(["match", str(tmp_path / "in"), "--library", ms2_library, "--json"]) == 0
    ids = [query["id"].rpartition("/")[2] for query in json.loads(capsys.readouterr().out)["queries"]]
    assert ids == ["a.msp#1", "b.mzML#2", "c.msp#1"]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--scans", "x"], "expected scan numbers"),
        (["--scans", "5-3"], "expected scan numbers"),
        (["--scans", "1-999999999"], "expected scan numbers"),
        (["--time", "4.2-4.4"], "expected start, stop and unit"),
        (["--time", "4.4-4.2 min"], "expected start, stop and unit"),
        (["--scans", "1", "--time", "1-2 min"], "exclude each other"),
        (["--ms-level", "2"], "--ms-level needs --time"),
        (["--scans", "1"], "a set of spectra, no run"),
    ],
)
def test_choices_that_mean_nothing_are_wrong_use(
    tmp_path: Path, options: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.msp"
    path.write_text("Name: A\nNum Peaks: 1\n58 9\n", encoding="utf-8")
    assert main(["match", str(path), *options]) == 2
    assert reason in capsys.readouterr().err


def test_profile_scans_are_not_compared_until_centroided(
    tmp_path: Path, ms2_library: str, capsys: pytest.CaptureFixture[str]
) -> None:
    points = ((145.0, 0.0), (145.04, 40.0), (145.0886, 999.0), (145.13, 40.0), (145.2, 0.0))
    path = tmp_path / "a.mzML"
    path.write_bytes(mzml([Scan(points, 2, 60.0, profile=True, precursor=178.1226)]))
    assert main(["match", str(path), "--library", ms2_library]) == 3
    assert "--centroid" in capsys.readouterr().err
    assert main(["match", str(path), "--library", ms2_library, "--centroid", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["queries"][0]["hits"][0]["name"] == "4-MMC"
    assert main(["convert", str(path), str(tmp_path / "a.msp"), "--centroid"]) == 0
    assert "Num Peaks: 1\n" in (tmp_path / "a.msp").read_text(encoding="utf-8")
