"""Libraries made of libraries, as a laboratory makes them: exit codes that can be trusted, and nothing unsaid."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nps_spectra import Library, read_spectra
from nps_spectra.cli.main import main

RECORDS = (
    "Name: A\nDB#: 1\nNum Peaks: 3\n58 999\n91 80\n119 30\n\n"
    "Name: A\nDB#: 2\nNum Peaks: 3\n58 999\n91 100\n119 40\n\n"
    "Name: B\nDB#: 3\nNum Peaks: 3\n44 999\n77 10\n91 90\n\n"
)


@pytest.fixture
def lib(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    source = tmp_path / "reference.msp"
    source.write_text(RECORDS, encoding="utf-8")
    assert main(["library", "build", str(source), "--out", str(tmp_path / "reference.h5")]) == 0
    capsys.readouterr()
    return tmp_path / "reference.h5"


def run(*arguments: str | Path) -> int:
    return main(["library", *map(str, arguments)])


def printed(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def test_select_by_condition(lib: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("select", lib, "--where", "name = A", "--where", "accession != 2", "--out", tmp_path / "a.h5") == 0
    assert "1 spectra of 1 substances; 2 records left out" in capsys.readouterr().out


def test_names_that_are_not_there_are_said_and_give_exit_code_1(
    lib: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "names.txt").write_text("\ufeffb\n\nnobody\n", encoding="utf-8")
    assert run("select", lib, "--names", tmp_path / "names.txt", "--out", tmp_path / "b.h5", "--json") == 1
    output = capsys.readouterr()
    assert "NOT FOUND nobody" in output.err
    found = json.loads(output.out)
    assert (found["spectra"], found["left_out"], found["not_found"]) == (1, 2, ["nobody"])


def test_identifiers_come_from_a_file(lib: Path, tmp_path: Path) -> None:
    (tmp_path / "ids.txt").write_text("3\r\nrow:0\r\n", encoding="utf-8")
    assert run("select", lib, "--ids", tmp_path / "ids.txt", "--out", tmp_path / "b.h5") == 0
    assert [spectrum.accession for spectrum in Library.open(tmp_path / "b.h5")] == ["1", "3"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("select", "LIB", "--out", "OUT"),
        ("select", "LIB", "--where", "colour = red", "--out", "OUT"),
        ("select", "LIB", "--ids", "nowhere.txt", "--out", "OUT"),
        ("select", "LIB", "--where", "name = A", "--out", "LIB"),
        ("edit", "LIB", "--record", "1", "--set", "name=x", "--out", "OUT"),
        ("edit", "LIB", "--record", "1", "--set", "name", "--why", "x", "--out", "OUT"),
        ("edit", "LIB", "--record", "1", "--edits", "e.csv", "--out", "OUT"),
        ("consensus", "LIB", "--min-share", "0", "--out", "OUT"),
        ("export", "LIB", "OUT.unknown"),
        ("export", "LIB", "OUT.msp", "--allow-licence", "CC0"),
        ("diff", "LIB", "LIB", "--tolerance", "wide"),
    ],
)
def test_wrong_use_has_exit_code_2_and_leaves_no_file(lib: Path, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    before = sorted(tmp_path.iterdir())
    texts = [text.replace("LIB", str(lib)).replace("OUT", str(tmp_path / "out.h5")) for text in arguments]
    assert run(*texts) == 2
    assert sorted(tmp_path.iterdir()) == before


def test_edit_is_said_and_logged(lib: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "e.h5"
    change = ("--record", "3", "--set", "name=C", "--set", "synonyms=x; y", "--why", "own reference")
    assert run("edit", lib, *change, "--out", out) == 0
    said = capsys.readouterr().out
    assert "2 fields changed" in said
    assert 'record 3 name: "B" -> "C" (own reference)' in said
    assert run("log", out) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines] == ["build", "edit", "edit", "edit"]
    assert run("info", out, "--json") == 0
    assert printed(capsys)["events"] == 4


def test_the_log_as_json_has_every_event(lib: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("log", lib, "--json") == 0
    found = printed(capsys)
    assert isinstance(found["events"], list)
    (event,) = found["events"]
    assert set(event) == {
        *("time", "action", "program", "arguments", "record", "digest", "field", "before", "after", "why"),
    }


def test_edits_from_a_file(lib: Path, tmp_path: Path) -> None:
    edits = tmp_path / "edits.csv"
    edits.write_text("record,field,value,why\n1,formula,C11H15NO,x\n2,formula,C11H15NO,x\n", encoding="utf-8")
    assert run("edit", lib, "--edits", edits, "--out", tmp_path / "e.h5") == 0
    assert [spectrum.formula for spectrum in Library.open(tmp_path / "e.h5")] == ["C11H15NO", "C11H15NO", None]
    edits.write_text("record,field,value\n", encoding="utf-8")
    assert run("edit", lib, "--edits", edits, "--out", tmp_path / "e2.h5") == 3


def test_libraries_that_differ_have_exit_code_1(lib: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("diff", lib, lib) == 0
    assert "3 records equal, 0 only in" in capsys.readouterr().out
    assert run("edit", lib, "--record", "3", "--set", "name=C", "--why", "x", "--out", tmp_path / "e.h5") == 0
    capsys.readouterr()
    assert run("diff", lib, tmp_path / "e.h5") == 1
    assert 'name: "B" -> "C"' in capsys.readouterr().out
    assert run("diff", lib, tmp_path / "e.h5", "--json") == 1
    found = printed(capsys)
    assert (found["same"], found["only_in_a"], found["changed_peaks"]) == (2, [], [])


def test_merge_says_what_was_left_out_and_what_contradicts(
    lib: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("edit", lib, "--record", "3", "--set", "name=C", "--why", "x", "--out", tmp_path / "e.h5") == 0
    capsys.readouterr()
    assert run("merge", lib, tmp_path / "e.h5", "--out", tmp_path / "m.h5", "--name", "both") == 0
    output = capsys.readouterr()
    assert "6 records in, 2 identical ones left out, 1 conflicts" in output.out
    assert "CONFLICT same_peaks: 3 of reference and 3 of e differ in name" in output.err
    assert Library.open(tmp_path / "m.h5").name == "both"


def test_consensus_names_what_is_in_none(lib: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("consensus", lib, "--out", tmp_path / "c.h5") == 0
    output = capsys.readouterr()
    assert "1 consensus spectra of 2 replicates, 0 replicates not used" in output.out
    assert "in no group, 1 records: no other measurement" in output.err
    made = Library.open(tmp_path / "c.h5")
    assert made[0].intensity.tolist() == [999, 90, 35]


def test_export_leaves_out_what_has_no_licence_and_says_so(
    lib: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    licensed = tmp_path / "l.h5"
    assert run("edit", lib, "--record", "3", "--set", "licence=CC BY 4.0", "--why", "x", "--out", licensed) == 0
    capsys.readouterr()
    assert run("export", licensed, tmp_path / "a.msp") == 1
    output = capsys.readouterr()
    assert "1 spectra written as msp, 2 left out because of their licence" in output.out
    assert "LEFT OUT, licence not stated: 2 spectra" in output.err
    assert "CONDITION attribution: 1 spectra" in output.err
    assert run("export", licensed, tmp_path / "b.msp", "--despite-licence") == 0
    assert len(read_spectra(tmp_path / "b.msp")) == 3
    assert run("export", licensed, tmp_path / "c.msp", "--allow-licence", "not stated") == 0
    assert run("export", lib, tmp_path / "d.msp") == 3
    assert not (tmp_path / "d.msp").exists()
