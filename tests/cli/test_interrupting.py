"""Ctrl-C while a search runs: one line, exit code 130, and no file that looks like a result."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nps_spectra import Library

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send Ctrl-C to one process"),
    pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="a block takes minutes without the JIT"),
]


@pytest.mark.parametrize("threads", ["1", "2"])
def test_an_interrupted_search_says_so_in_one_line_and_leaves_no_file(threads: str, root: Path, tmp_path: Path) -> None:
    generator = random.Random(0)
    records = []
    for number in range(4000):
        mz = sorted(generator.sample(range(50, 250), 40))
        peaks = "\n".join(f"{place}.0123 {generator.randint(1, 999)}" for place in mz)
        head = f"NAME: {number}\nPRECURSORMZ: {generator.randint(200, 300)}.05\nMS_LEVEL: 2\nNum Peaks: {len(mz)}\n"
        records.append(head + peaks + "\n")
    samples, out = tmp_path / "samples.msp", tmp_path / "out"
    samples.write_text("\n".join(records), encoding="utf-8")
    Library.build(samples, tmp_path / "library.h5")
    code = (
        "import signal, sys; from nps_spectra.cli.main import main; "
        # A shell that runs these tests in the background has them ignore Ctrl-C, and so all that they start.
        "signal.signal(signal.SIGINT, signal.default_int_handler); sys.exit(main(sys.argv[1:]))"
    )
    # With ppm there is no index: 16 million pairs of spectra, which takes far longer than this test waits.
    options = ["--method", "modified_cosine", "--tolerance", "20 ppm"]
    match = [sys.executable, "-c", code, "match"]
    environment = os.environ | {"PYTHONPATH": str(root), "NPS_SPECTRA_THREADS": threads}
    # Compiled beforehand: what the compiler calls back swallows a Ctrl-C that comes just then.
    (tmp_path / "first.msp").write_text(records[0], encoding="utf-8")
    first = [tmp_path / "first.msp", "--library", tmp_path / "library.h5", *options]
    subprocess.run([*match, *first], env=environment, check=True, capture_output=True)
    process = subprocess.Popen(
        [*match, samples, "--library", tmp_path / "library.h5", *options, "--out", out],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=environment,
    )
    assert process.stderr is not None
    while not process.stderr.readline().startswith("records:"):
        assert process.poll() is None
    time.sleep(2.0)
    assert process.poll() is None, "the search ended before it was interrupted"
    process.send_signal(signal.SIGINT)
    printed, told = process.communicate(timeout=60)
    assert (process.returncode, printed) == (130, "")
    assert told.splitlines()[-1] == "nps-spectra: interrupted"
    assert "Traceback" not in told
    assert list(out.iterdir()) == []
