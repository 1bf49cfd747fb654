"""Codes that tell nothing, and laboratories over rounds."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from proficiency.round_files import ROUND, row, write_round

from nps_spectra.cli.main import main
from nps_spectra.errors import OptionError, RoundError
from nps_spectra.proficiency import draw_codes, evaluate, history, read_key, write_key
from nps_spectra.proficiency.reading_rounds import code_fault


def test_codes_are_new_every_time_and_in_no_order_of_the_participants() -> None:
    names = [f"laboratory {k:03}" for k in range(300)]
    one, other = draw_codes(names), draw_codes(names)
    assert set(one.values()) == set(other.values()) == set(names)
    assert not set(one) & set(other)
    assert list(one) == sorted(one)
    assert list(one.values()) != names
    assert all(code_fault(code) is None for code in one)


@pytest.mark.parametrize("names", [[], ["Vienna", " Vienna "], [" "]])
def test_participants_have_a_name_each(names: list[str]) -> None:
    with pytest.raises(OptionError):
        draw_codes(names)


def test_a_key_is_its_owners_and_never_overwritten(tmp_path: Path) -> None:
    codes = draw_codes(["Graz, Lab 1", "=Vienna"])
    write_key(codes, tmp_path / "key.csv")
    if os.name == "posix":
        assert (tmp_path / "key.csv").stat().st_mode & 0o777 == 0o600
    assert read_key(tmp_path / "key.csv") == codes
    before = (tmp_path / "key.csv").read_bytes()
    with pytest.raises(OptionError, match="never overwritten"):
        write_key(codes, tmp_path / "key.csv")
    assert (tmp_path / "key.csv").read_bytes() == before


@pytest.mark.parametrize("text", ["a,b\n", "laboratory,participant\n../x,Graz\n", "laboratory,participant\nA,B\nA,C\n"])
def test_what_is_no_key_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "key.csv").write_text(text, encoding="utf-8")
    with pytest.raises(RoundError, match=r"key\.csv"):
        read_key(tmp_path / "key.csv")


def rounds(tmp_path: Path) -> tuple[list[Path], list[Path]]:
    """Three rounds; Graz finds 2.4 sigma too much each time, under another code."""
    files, keys = [], []
    for number, (graz, vienna) in enumerate((("AA", "BB"), ("DD", "CC"), ("EE", "FF")), 1):
        folder = tmp_path / str(number)
        toml = ROUND.replace('"2026/1"', f'"2026/{number}"')
        rows = [row(graz, value="56"), row(vienna, value="50.5"), row(vienna, "SM-4", "heroin")]
        evaluate(write_round(folder, rows, toml)).write(folder)
        files.append(folder / "evaluation.json")
        keys.append(folder / "key.csv")
        write_key({graz: "Graz", vienna: "Vienna"}, keys[-1])
    return files, keys


def test_a_bias_that_no_round_shows_is_seen_over_rounds(tmp_path: Path) -> None:
    graz, vienna = history(*rounds(tmp_path))
    assert [one.round for one in graz.rounds] == ["SM 2026/1", "SM 2026/2", "SM 2026/3"]
    assert all(one.scores is not None and one.scores.unsatisfactory == 0 for one in graz.rounds)
    assert ("SM 2026/2", "two of three scores beyond 2 on one side") in graz.signals
    assert vienna.signals == ()
    assert [one.false_positive for one in vienna.rounds] == [1, 1, 1]


def test_without_keys_codes_are_the_laboratories(tmp_path: Path) -> None:
    files, _ = rounds(tmp_path)
    assert [one.laboratory for one in history(files)] == ["AA", "BB", "CC", "DD", "EE", "FF"]


def test_wrong_files_are_told(tmp_path: Path) -> None:
    files, keys = rounds(tmp_path)
    with pytest.raises(OptionError, match="3 evaluations and 1 keys"):
        history(files, keys[:1])
    with pytest.raises(OptionError, match="twice"):
        history([files[0], files[0]])
    with pytest.raises(RoundError, match="has no code"):
        history(files, keys[::-1])
    (tmp_path / "x.json").write_text("[]", encoding="utf-8")
    with pytest.raises(RoundError, match=r"x\.json"):
        history([tmp_path / "x.json"])


def test_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "names.txt").write_text("Graz\nVienna\n", encoding="utf-8")
    key = str(tmp_path / "key.csv")
    assert main(["proficiency", "codes", str(tmp_path / "names.txt"), "--key", key]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("laboratories = [")
    assert "Graz" not in printed
    assert main(["proficiency", "codes", str(tmp_path / "names.txt"), "--key", key]) == 2
    files, keys = rounds(tmp_path)
    arguments = [*map(str, files), *(part for path in keys for part in ("--key", str(path)))]
    assert main(["proficiency", "history", *arguments]) == 1
    assert "two of three" in capsys.readouterr().out
    assert main(["proficiency", "history", *arguments, "--json"]) == 1
    assert [one["laboratory"] for one in json.loads(capsys.readouterr().out)] == ["Graz", "Vienna"]
