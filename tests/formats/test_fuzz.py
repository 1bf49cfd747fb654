"""Five hundred damaged inputs for every format, always the same; the benchmark draws a hundred thousand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from nps_spectra.formats import format_names


@pytest.mark.skipif(sys.platform == "win32", reason="limits of memory and time are those of POSIX")
def test_no_damaged_input_breaks_a_reader(root: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(root / "benchmarks" / "fuzz_readers.py"), "--inputs", "500", "--seed", "7"]
    done = subprocess.run([*command, "--crashes", str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line.split(" | ")[0].removeprefix("| ") for line in done.stdout.splitlines()[2:]]
    assert rows == list(format_names())
    assert list(tmp_path.iterdir()) == []
