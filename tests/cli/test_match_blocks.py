"""``match`` takes its samples block by block: the outputs are those of all at once, and no more of them is kept."""

from __future__ import annotations

import contextlib
import json
import signal
import time
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np
import pytest

from nps_spectra import Library, read_spectra
from nps_spectra.cli.interrupting import interrupted, remembering_interrupts
from nps_spectra.cli.main import main
from nps_spectra.cli.match_results import MatchResults
from nps_spectra.formats import blocks
from nps_spectra.searching.exact import LibrarySearch, search
from nps_spectra.searching.hits import Hit, QueryResult

RECORD = "Name: {name}\n{more}Num Peaks: 3\n{a} 999; 91 80; {b} 40\n\n"
FOLDER = ("hits.csv", "hits.json", "rejects.csv", "run.json")


@pytest.fixture
def library(tmp_path: Path) -> Path:
    records = [RECORD.format(name=f"substance {n}", more="", a=40 + n, b=100 + n) for n in range(20)]
    soft = "Precursor_type: [M+H]+\nPrecursorMZ: {0}.05\nMS_LEVEL: 2\n"
    records += [RECORD.format(name=f"ion {n}", more=soft.format(150 + n), a=50.01 + n, b=120.02) for n in range(9)]
    (tmp_path / "library.msp").write_text("".join(records), encoding="utf-8")
    Library.build(tmp_path / "library.msp", tmp_path / "library.h5")
    return tmp_path / "library.h5"


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    """Forty files: EI, from the thirtieth on also MS/MS, some damaged, one without anything in common."""
    folder = tmp_path / "samples"
    folder.mkdir()
    for n in range(40):
        text = RECORD.format(name=f"sample {n}", more="", a=40 + n % 20, b=101 + n % 20)
        if n > 30:
            text += RECORD.format(name=f"soft {n}", more="PrecursorMZ: 152.05\nMS_LEVEL: 2\n", a=52.01, b=120.02)
        text = "damaged" if n % 11 == 4 else text
        text = "Name: alone\nNum Peaks: 1\n700 999\n" if n == 6 else text
        (folder / f"{n:02}.msp").write_text(text, encoding="utf-8")
    return folder


def outputs(samples: Path, library: Path, out: Path, *options: str) -> tuple[int, dict[str, Any]]:
    code = main(["match", str(samples), "--library", str(library), "--out", str(out), *options])
    found: dict[str, Any] = {name: (out / name).read_bytes() for name in FOLDER if (out / name).exists()}
    if "run.json" in found:
        found["run.json"] = {
            name: value for name, value in json.loads(found["run.json"]).items() if name not in ("finished", "options")
        }
    return code, found


@pytest.mark.parametrize(
    "options", [[], ["--json"], ["--precursor-tolerance", "20 ppm"], ["--method", "weighted_cosine"]]
)
@pytest.mark.parametrize("files", [1, 3, 8])
def test_outputs_do_not_depend_on_the_size_of_blocks(
    options: list[str],
    files: int,
    samples: Path,
    library: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    whole = outputs(samples, library, tmp_path / "whole", *options)
    told = capsys.readouterr()
    monkeypatch.setattr(blocks, "_FILES", files)
    assert outputs(samples, library, tmp_path / "parts", *options) == whole
    told_again = capsys.readouterr()
    assert told_again.err == told.err
    assert told_again.out == told.out.replace(str(tmp_path / "whole"), str(tmp_path / "parts"))
    assert whole[0] == 1
    assert set(whole[1]) == set(FOLDER)


def test_a_search_by_blocks_of_queries_is_the_search_of_all(samples: Path, library: Path) -> None:
    read, opened = read_spectra(samples), Library.open(library)
    queries = read.select(np.arange(len(read))[::-1])  # MS/MS only in the first blocks
    whole = search(queries, opened)
    asked = LibrarySearch(opened)
    results = [one for start in range(0, len(queries), 7) for one in asked.results(queries[start : start + 7])]
    assert results == list(whole.queries)
    assert asked.described() == whole.options


def test_results_of_earlier_blocks_are_gone(
    samples: Path, library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "_FILES", 4)
    alive: list[weakref.ref[QueryResult]] = []
    most = 0
    add = MatchResults.add

    def counting(self: MatchResults, query: QueryResult, hits: Sequence[Hit]) -> None:
        nonlocal most
        alive.append(weakref.ref(query))
        most = max(most, sum(one() is not None for one in alive))
        add(self, query, hits)

    monkeypatch.setattr(MatchResults, "add", counting)
    main(["match", str(samples), "--library", str(library), "--out", str(tmp_path / "out")])
    assert len(alive) > 40
    assert most <= 8 + 1  # two queries a file, and the last of the block before


@pytest.fixture
def control_c() -> Iterator[None]:
    """Ctrl-C does what it does for a program that nobody told to ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("control_c")
def test_an_interrupt_that_is_swallowed_ends_the_run_all_the_same(
    samples: Path,
    library: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def swallowing(self: LibrarySearch) -> dict[str, Any]:
        with contextlib.suppress(KeyboardInterrupt):  # as what LLVM calls back does
            signal.raise_signal(signal.SIGINT)
        return {}

    monkeypatch.setattr(LibrarySearch, "described", swallowing)
    code, found = outputs(samples, library, tmp_path / "out")
    assert (code, found) == (130, {})
    assert list((tmp_path / "out").iterdir()) == []
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines()[-1] == "nps-spectra: interrupted"


@pytest.mark.usefixtures("control_c")
def test_an_interrupt_inside_the_compiler_comes_when_it_has_returned() -> None:
    def callback() -> str:
        signal.raise_signal(signal.SIGINT)
        return "returned"

    seen: list[object] = []

    def work() -> None:
        seen.append(FunctionType(callback.__code__, globals() | {"__name__": "llvmlite.binding.ffi"})())
        seen.append(interrupted())
        for _ in range(1000):
            time.sleep(0.01)
        seen.append("to the end")

    with pytest.raises(KeyboardInterrupt), remembering_interrupts():
        work()
    assert seen == ["returned", True]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
