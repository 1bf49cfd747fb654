"""The commands as a laboratory uses them: files in, files out, exit codes that can be trusted."""

from __future__ import annotations

import atexit
import csv
import gc
import hashlib
import json
import socket
import sys
from pathlib import Path

import pytest

from nps_spectra.cli.arguments import parser
from nps_spectra.cli.main import main
from nps_spectra.formats import format_names
from nps_spectra.scoring import METHODS

GOOD = "Name: A\nNum Peaks: 2\n58 999\n91 80\n\nName: B\nNum Peaks: 2\n44 999\n91 90\n\n"
BAD = "Name: broken\nNum Peaks: 1\n58 nan\n\n"


@pytest.fixture
def library(tmp_path: Path) -> Path:
    source = tmp_path / "reference.msp"
    source.write_text(GOOD, encoding="utf-8")
    assert main(["library", "build", str(source), "--out", str(tmp_path / "reference.h5")]) == 0
    return tmp_path / "reference.h5"


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    folder = tmp_path / "samples" / "deep"
    folder.mkdir(parents=True)
    (folder / "one.msp").write_text("Name: sample\nNum Peaks: 2\n58 500\n91 50\n", encoding="utf-8")
    return tmp_path / "samples"


def test_build_reports_rejects_with_exit_code_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "mixed.msp"
    source.write_text(GOOD + BAD, encoding="utf-8")
    out, rejects = tmp_path / "mixed.h5", tmp_path / "rejects.csv"
    assert main(["library", "build", str(source), "--out", str(out), "--rejects", str(rejects), "--json"]) == 1
    printed = json.loads(capsys.readouterr().out)
    assert (printed["spectra"], len(printed["rejects"])) == (2, 1)
    (row,) = csv.DictReader(rejects.read_text(encoding="utf-8").splitlines())
    assert (row["record"], row["line"]) == ("3", "11")
    assert "intensity is nan" in row["reason"]


def test_info_and_check_tell_the_same_digest(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["library", "info", str(library), "--json"]) == 0
    info = json.loads(capsys.readouterr().out)
    assert main(["library", "check", str(library), "--json"]) == 0
    check = json.loads(capsys.readouterr().out)
    assert info["digest"] == check["digest"]
    assert (info["spectra"], info["substances"]) == (2, 2)


def test_a_damaged_library_is_not_searched(library: Path, samples: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = bytearray(library.read_bytes())
    at = content.find(b"Name\x1fA")
    assert at > 0
    content[at + 5] ^= 1
    library.write_bytes(bytes(content))
    assert main(["match", str(samples), "--library", str(library)]) == 3
    assert "damaged" in capsys.readouterr().err


def test_match_prints_one_json_object_of_the_promised_shape(
    library: Path, samples: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["match", str(samples), "--library", str(library), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"library", "queries", "rejects"}
    assert {"name", "digest", "spectra", "substances"} <= set(found["library"])
    (query,) = found["queries"]
    assert query["name"] == "sample"
    assert query["source"].endswith("samples/deep/one.msp")
    best = query["hits"][0]
    assert (best["rank"], best["name"], best["matched_peaks"], best["library_id"]) == (1, "A", 2, 0)
    assert {"inchikey", "formula", "score", "reverse_score"} <= set(best)


def test_a_bad_file_is_set_aside_and_the_rest_goes_on(
    library: Path, samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (samples / "broken.msp").write_text(BAD, encoding="utf-8")
    (samples / "picture.msp").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00")
    out = tmp_path / "out"
    assert main(["match", str(samples), "--library", str(library), "--out", str(out)]) == 1
    rejects = list(csv.DictReader((out / "rejects.csv").read_text(encoding="utf-8").splitlines()))
    assert [Path(row["file"]).name for row in rejects] == ["broken.msp", "picture.msp"]
    assert all(row["reason"] for row in rejects)
    assert len(json.loads((out / "hits.json").read_text(encoding="utf-8"))["queries"]) == 1
    assert "REJECTED" in capsys.readouterr().err


def test_strict_stops_at_the_first_bad_record(library: Path, samples: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (samples / "broken.msp").write_text(BAD, encoding="utf-8")
    assert main(["match", str(samples), "--library", str(library), "--strict"]) == 3
    assert "broken.msp, line 1, record 1" in capsys.readouterr().err


def test_the_record_of_a_run_names_everything_that_went_in(library: Path, samples: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["match", str(samples), "--library", str(library), "--out", str(out)]) == 0
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    (given,) = record["inputs"]
    assert given["sha256"] == hashlib.sha256((samples / "deep" / "one.msp").read_bytes()).hexdigest()
    assert (record["records"]["in"], record["records"]["out"]) == (1, 1)
    assert record["library"]["digest"]
    (resolved,) = record["search"]["resolved"]
    assert resolved["method"] == "nist_identity"
    assert [step["step"] for step in resolved["recipe"]] == ["BinNominal", "ScaleBasePeak"]
    assert [set(one) for one in record["search"]["layout"]] == [{"technique", "method", "layout", "reason"}]


def test_two_runs_give_the_same_bytes(library: Path, samples: Path, tmp_path: Path) -> None:
    for name in ("first", "second"):
        assert main(["match", str(samples), "--library", str(library), "--out", str(tmp_path / name)]) == 0
    for file in ("hits.csv", "hits.json", "rejects.csv"):
        assert (tmp_path / "first" / file).read_bytes() == (tmp_path / "second" / file).read_bytes()


def test_nothing_readable_is_an_error_that_leaves_its_reasons(
    library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.msp").write_text(BAD, encoding="utf-8")
    out = tmp_path / "out"
    assert main(["match", str(tmp_path / "broken.msp"), "--library", str(library), "--out", str(out)]) == 3
    assert "not one spectrum" in capsys.readouterr().err
    assert "intensity is nan" in (out / "rejects.csv").read_text(encoding="utf-8")
    assert not (out / "hits.csv").exists()


def test_a_library_of_another_technique_is_an_error(
    library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample = tmp_path / "lc.mgf"
    sample.write_text("BEGIN IONS\nTITLE=x\nPEPMASS=337.2274\n188.1434 100\nEND IONS\n", encoding="utf-8")
    assert main(["match", str(sample), "--library", str(library)]) == 3
    assert "holds no MS/MS spectra" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["match", "x.msp", "--library", "LIB", "--tolerance", "wide"],
        ["match", "x.msp", "--library", "LIB", "--top", "0"],
        ["match", "x.msp", "--library", "LIB", "--method", "entropy", "--precursor-tolerance", "5"],
    ],
)
def test_wrong_use_is_exit_code_2(arguments: list[str], library: Path, samples: Path) -> None:
    sample = str(samples / "deep" / "one.msp")
    given = [str(library) if word == "LIB" else sample if word == "x.msp" else word for word in arguments]
    assert main(given) == 2


@pytest.mark.parametrize("arguments", [["match"], ["library", "build", "x"], ["match", "x", "--method", "best"], []])
def test_arguments_that_do_not_parse_are_exit_code_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2


def test_a_missing_file_is_exit_code_3(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["match", "nothing.msp", "--library", str(library)]) == 3
    assert "nothing.msp: no such file or folder" in capsys.readouterr().err
    assert main(["library", "info", "nothing.h5"]) == 3


def test_an_unexpected_error_is_exit_code_4(
    library: Path, samples: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a fault of the program")

    monkeypatch.setattr("nps_spectra.cli.match.LibrarySearch", broken)
    assert main(["match", str(samples), "--library", str(library)]) == 4
    assert "internal error" in capsys.readouterr().err


def test_the_main_job_opens_no_connection(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    assert main(["match", str(root / "examples" / "seizure_batch"), "--out", str(tmp_path / "out")]) == 0
    captured = capsys.readouterr()
    assert "NOT reference data" in captured.err
    assert "NOT reference data" in captured.out
    assert "NOT reference data" in (tmp_path / "out" / "hits.json").read_text(encoding="utf-8")


def test_the_parser_knows_every_method() -> None:
    # The parser lists them itself, because --help must not load the modules that define them.
    for name in METHODS:
        assert parser().parse_args(["match", "x", "--method", name])
    with pytest.raises(SystemExit):
        parser().parse_args(["match", "x", "--method", "another"])


def test_an_unknown_format_is_wrong_use_and_lists_the_known_ones(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["match", str(root / "examples" / "seizure_batch"), "--format", "another"]) == 2
    message = capsys.readouterr().err
    assert all(name in message for name in ("'another'", *format_names()))


def test_only_the_program_itself_changes_how_garbage_is_collected(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    changed: list[object] = []
    monkeypatch.setattr(gc, "set_threshold", changed.append)
    monkeypatch.setattr(atexit, "register", changed.append)
    main(["formats"])
    assert changed == []
    monkeypatch.setattr(sys, "argv", ["nps-spectra", "formats"])
    main()
    assert changed == [100_000, gc.freeze]
