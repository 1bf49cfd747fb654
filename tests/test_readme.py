"""README keeps its word: every command and every line of Python in it is run here or by ``.ci/run``."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nps_spectra.cli.arguments import parser
from nps_spectra.cli.main import main


def blocks(root: Path, language: str) -> list[str]:
    text = (root / "README.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def commands_under(root: Path, heading: str) -> list[list[str]]:
    """The commands under a heading, as words."""
    text = (root / "README.md").read_text(encoding="utf-8")
    (section,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    found = re.findall(r"^```sh\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    return [shlex.split(line) for block in found for line in block.splitlines()]


def test_the_two_commands_do_all_the_set_up(root: Path) -> None:
    run, test = blocks(root, "sh")[:2]
    for command in (run, test):
        assert command.count("\n") == 1
        assert command.startswith("python3 -m venv .venv && .venv/bin/python -m pip install ")
    arguments = shlex.split(run.rpartition("&&")[2])[1:]
    assert parser().parse_args(arguments).samples == ["examples/seizure_batch"]
    assert test.rstrip().endswith("-m pytest")


def test_the_table_is_what_the_command_prints(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(root)
    assert main(["match", "examples/seizure_batch", "--out", str(tmp_path / "results")]) == 0
    printed = capsys.readouterr().out
    (table,) = blocks(root, "text")
    assert table.rstrip() in printed


def test_the_python_runs(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (code,) = blocks(root, "python")
    assert len([line for line in code.splitlines() if line]) == 3
    shutil.copytree(root / "examples" / "seizure_batch", tmp_path / "examples" / "seizure_batch")
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), namespace)
    assert "white powder (simulated)" in capsys.readouterr().out
    assert len(namespace["hits"].to_pandas())  # type: ignore[attr-defined]


def test_links_lead_somewhere(root: Path) -> None:
    for name in (
        "README.md",
        "ARCHITECTURE.md",
        "reference_library/README.md",
        "benchmarks/README.md",
        "reference_library/conformance/README.md",
    ):
        text = (root / name).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#:]+)\)", text):
            assert (root / name).parent.joinpath(target).exists(), f"{name}: {target}"


def test_every_module_that_architecture_names_is_there(root: Path) -> None:
    text = (root / "ARCHITECTURE.md").read_text(encoding="utf-8")
    for name in re.findall(r"([a-z_]+(?:/[a-z_]+)?\.py)", text):
        assert list(root.glob(f"**/{name}")), name


@pytest.fixture(scope="module")
def commands(root: Path) -> list[list[str]]:
    """The commands of "Real libraries"."""
    return commands_under(root, "Real libraries")


@pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="groups of a whole library take hours without the JIT"
)
def test_swgdrug_as_readme_says(
    commands: list[list[str]],
    data_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(data_folder / "swgdrug_ei" / "swgdrug_3.4.msp", tmp_path)
    shutil.copytree(data_folder / "nist_fentanyl_ei" / "queries", tmp_path / "samples")
    own = [words for words in commands if "massbank.h5" not in words]
    assert len(own) == 5
    for words in own:
        assert words[0] == "nps-spectra"
        assert main(words[1:]) == 0, words
    assert "2733 spectra" in capsys.readouterr().out


def test_a_library_is_kept_in_order_as_readme_says(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    shutil.copytree(root / "examples" / "seizure_batch", tmp_path / "examples" / "seizure_batch")
    monkeypatch.chdir(tmp_path)
    for words in commands_under(root, "Keep a library in order"):
        assert words[0] == "nps-spectra"
        assert main(words[1:]) == 0, (words, capsys.readouterr().err)
    written = {path.name for path in tmp_path.iterdir()}
    assert {"findings.csv", "corrected.h5", "consensus.h5", "corrected.msp", "tablet.jdx", "mirror.svg"} <= written
    assert "stated by the author" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("heading", "written"),
    [
        (
            "What can be concluded",
            {"results/report.html", "results/identifications.csv", "results/identifications.json", "results/run.json"},
        ),
        ("Proficiency tests", {"scored/evaluation.json", "scored/targets.csv"}),
    ],
)
def test_a_command_writes_what_readme_says(
    heading: str, written: set[str], root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copytree(root / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    ((program, *words),) = commands_under(root, heading)
    assert program == "nps-spectra"
    assert main(words) == 0
    assert written <= {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}


def test_massbank_as_readme_says_within_90_s_and_1_5_gib(
    commands: list[list[str]], data_folder: Path, root: Path, tmp_path: Path
) -> None:
    archive = next((data_folder / "massbank").glob("*.tar.xz"))
    shutil.copy(archive, tmp_path)
    samples = tmp_path / "lc_samples"
    samples.mkdir()
    # A spectrum as it may come from a laboratory: the peaks of fentanyl's protonated molecule, invented intensities.
    sample = (
        "BEGIN IONS\nTITLE=powder\nPEPMASS=337.2274\nCHARGE=1+\n105.0699 420\n188.1434 999\n337.2274 80\nEND IONS\n"
    )
    (samples / "powder.mgf").write_text(sample, encoding="utf-8")
    build, match = (words for words in commands if "massbank.h5" in words)
    # Where there is /proc: what the resource module says of a process begins with the size of the one that started it.
    code = (
        "import os, re, resource, sys; from nps_spectra.cli.main import main; status = main(sys.argv[1:]); "
        "used = resource.getrusage(resource.RUSAGE_SELF); proc = '/proc/self/status'; "
        "own = re.search(r'VmHWM:\\s*(\\d+) kB', open(proc).read())[1] if os.path.exists(proc) else used.ru_maxrss; "
        "print('PEAK', own, used.ru_utime + used.ru_stime); sys.exit(status)"
    )
    if sys.platform == "win32":
        pytest.skip("peak memory is measured by the module resource, which Windows lacks")
    environment = os.environ | {"PYTHONPATH": str(root)}
    for words, seconds in ((build, 90), (match, 60)):
        result = subprocess.run(
            [sys.executable, "-c", code, *words[1:]],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert result.returncode == 0, result.stderr
        peak, processor_seconds = result.stdout.rpartition("PEAK")[2].split()
        # Of the processor, so that another program on the machine changes nothing.
        assert float(processor_seconds) < seconds
        assert int(peak) / (1024 if sys.platform == "darwin" else 1) < 1.5 * 2**20
        if words is build:
            assert "118617 in, 118617 out, 0 rejected" in result.stderr
    assert "Fentanyl" in result.stdout
