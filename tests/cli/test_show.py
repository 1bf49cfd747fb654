"""``nps-spectra show`` as a user types it."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from pathlib import Path

import pytest

from nps_spectra.cli.arguments import parser
from nps_spectra.cli.main import main
from nps_spectra.cli.show import wants_colour
from nps_spectra.scoring import METHODS

GOOD = "Name: A\nNum Peaks: 2\n58 999\n91 80\n\nName: B\nNum Peaks: 2\n58 999\n119 90\n\n"
BAD = "Name: broken\nNum Peaks: 1\n58 nan\n\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "two.msp"
    path.write_text(GOOD, encoding="utf-8")
    return path


@pytest.fixture
def library(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert main(["library", "build", str(file), "--out", str(tmp_path / "two.h5")]) == 0
    capsys.readouterr()
    return tmp_path / "two.h5"


def test_a_file_is_drawn_and_which_of_its_spectra_is_said(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(file), "--width", "60"]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("A\n")
    assert "91" in printed.out
    assert "drawing the first of 2 spectra" in printed.err


def test_the_second_spectrum_is_named_by_its_record_not_by_its_place(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(GOOD.replace("Name: B", BAD + "Name: B"), encoding="utf-8")
    assert main(["show", str(file)]) == 1
    assert f"{file}#3 names the second" in capsys.readouterr().err
    assert main(["show", f"{file}#3"]) == 1
    assert capsys.readouterr().out.startswith("B\n")


def test_records_of_a_folder_are_named_by_file(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = file.with_name("three.msp")
    other.write_text("Name: C\nNum Peaks: 1\n58 999\n", encoding="utf-8")
    folder = file.parent
    assert main(["show", str(folder)]) == 0
    assert f"drawing the first of 3 spectra; name one of: {other.as_posix()}" in capsys.readouterr().err
    # Only one of the files has a second record, but nobody who looks at the folder knows which one.
    assert main(["show", f"{folder}#2"]) == 2
    assert "records are counted in one file; name one of: " in capsys.readouterr().err


def test_a_member_of_an_archive_is_named_after_an_exclamation_mark(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = file.with_name("a.zip")
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("one.msp", "Name: C\nNum Peaks: 1\n58 999\n")
        packed.writestr("sub/two.msp", GOOD)
    assert main(["show", f"{archive}!sub/two.msp#2"]) == 0
    assert capsys.readouterr().out.startswith("B\n")


def test_a_record_and_a_library_id_are_named_after_a_hash(
    file: Path, library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", f"{file}#2"]) == 0
    assert capsys.readouterr().out.startswith("B\n")
    assert main(["show", f"{library}#1"]) == 0  # ids count from 0, as a list of hits prints them
    assert capsys.readouterr().out.startswith("B\n")
    assert main(["show", "starter#0"]) == 0
    assert "NOT reference data" in capsys.readouterr().err


def test_a_mirror_plot_is_drawn_against_a_library_entry(
    file: Path, library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", f"{file}#1", "--against", f"{library}#1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(peak["mz"], peak["class"]) for peak in found["query"]["peaks"]] == [(58, "matched"), (91, "unexplained")]
    assert [(peak["mz"], peak["class"]) for peak in found["reference"]["peaks"]] == [(58, "matched"), (119, "missing")]
    assert found["pairs"] == [{"query_mz": 58.0, "reference_mz": 58.0, "shifted": False, "share": 1.0}]
    assert (found["library"]["library_id"], found["matched_peaks"], found["reason"]) == (1, 1, None)
    assert main(["show", f"{file}#1", "--against", f"{library}#1"]) == 0
    assert "nist_identity: match factor" in capsys.readouterr().out


@pytest.mark.parametrize("end", ["svg", "png", "pdf"])
def test_a_picture_is_written_instead(end: str, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / f"picture.{end}"
    assert main(["show", f"{file}#1", "--against", f"{file}#2", "--out", str(out)]) == 0
    assert out.stat().st_size > 1000
    assert capsys.readouterr().out == f"written to {out}\n"


def test_a_supposed_mass_is_used_and_said(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "r.msp").write_text("Name: R\nFormula: C11H15NO\nNum Peaks: 2\n58 999\n91 80\n", encoding="utf-8")
    command = ["show", f"{file}#1", "--against", str(tmp_path / "r.msp"), "--method", "hybrid"]
    assert main(command) == 0
    assert "The query does not state a molecular mass, which hybrid needs." in capsys.readouterr().out
    assert main([*command, "--query-mass", "191", "--width", "200"]) == 0
    printed = capsys.readouterr().out
    assert "191 Da, was supposed by the user" in printed
    assert "the nominal molecular masses differ by +14\u00a0Da" in printed


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["show", "FILE#7"], 2, "has no record 7"),
        (["show", "LIB#7"], 2, "has no spectrum with id 7"),
        (["show", "LIB"], 2, "is a library: name one of its spectra"),
        (["show", "nothing.msp"], 3, "no such file"),
        (["show", "FILE#x"], 3, "no such file"),
        (["show", "FILE", "--method", "entropy"], 2, "--method compares two spectra"),
        (["show", "FILE", "--query-mass", "191"], 2, "--query-mass compares two spectra"),
        (["show", "FILE", "--against", "FILE", "--query-mass", "191"], 2, "'query_mass' belongs to 'hybrid'"),
        (["show", "FILE", "--out", "a.jpg"], 2, "expected a name that ends in"),
        (["show", "FILE", "--width", "10"], 2, "expected at least 40 columns"),
        (["show", "FILE", "--format", "another"], 2, "'another'"),
        (["show", "FILE", "--against", "FILE", "--tolerance", "wide"], 2, "tolerance 'wide'"),
    ],
)
def test_wrong_use_is_said(
    arguments: list[str], code: int, message: str, file: Path, library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [word.replace("FILE", str(file)).replace("LIB", str(library)) for word in arguments]
    assert main(given) == code
    assert message in capsys.readouterr().err


def test_a_rejected_record_of_the_file_is_exit_code_1_and_said(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(GOOD + BAD, encoding="utf-8")
    assert main(["show", f"{file}#1"]) == 1
    assert "intensity is nan" in capsys.readouterr().err
    assert main(["show", f"{file}#3"]) == 3
    assert "record 3, line 11: " in capsys.readouterr().err


class Terminal(io.TextIOWrapper):
    """A terminal with an encoding."""

    def __init__(self, encoding: str) -> None:
        super().__init__(io.BytesIO(), encoding=encoding, newline="")

    def isatty(self) -> bool:
        return True

    def printed(self) -> str:
        self.flush()
        return self.buffer.getvalue().decode(self.encoding)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_colours_are_for_terminals_that_want_them(
    environment: dict[str, str], coloured: bool, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    terminal = Terminal("utf-8")
    monkeypatch.setattr(sys, "stdout", terminal)
    assert main(["show", str(file)]) == 0
    assert ("\x1b[" in terminal.printed()) == coloured


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [({}, False), ({"WT_SESSION": "1"}, True), ({"WT_SESSION": "1", "NO_COLOR": "1"}, False)],
)
def test_the_old_console_of_windows_gets_no_codes(environment: dict[str, str], coloured: bool) -> None:
    assert wants_colour(environment, "nt") == coloured


def test_what_is_no_terminal_gets_no_colours(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(file)]) == 0
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp850", "latin-1"])
def test_an_encoding_without_blocks_gets_ascii(encoding: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal(encoding)
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("NO_COLOR", "1")
    assert main(["show", f"{file}#1", "--against", f"{file}#2"]) == 0
    assert terminal.printed().isascii()


def test_the_parser_knows_every_method() -> None:
    for name in METHODS:
        assert parser().parse_args(["show", "x", "--against", "y", "--method", name])
