"""``nps-spectra warmup``: afterwards nothing is left to compile."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nps_spectra._jit import kernel
from nps_spectra.cli import warmup
from nps_spectra.cli.main import main


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled without the JIT")
def test_no_kernel_is_left_to_compile_and_each_has_seen_one_set_of_types(root: Path) -> None:
    code = (
        "import json; from nps_spectra.cli import warmup; from nps_spectra.cli.main import main\n"
        "main(['warmup', '--json'])\n"
        "print(json.dumps({name: len(one.signatures) for name, one in warmup.compiled_kernels().items()}))"
    )
    environment = os.environ | {"PYTHONPATH": str(root)}
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    told, after = result.stdout.split("}\n", 1)
    found, signatures = json.loads(told + "}"), json.loads(after)
    assert found["compiled"] + found["loaded"] > 15
    assert all(list(Path(folder).glob("*.nbc")) for folder in found["cache"])
    called = called_kernels(root) & signatures.keys()
    assert len(called) > 15
    assert {name: signatures[name] for name in called if signatures[name] != 1} == {}


def called_kernels(root: Path) -> set[str]:
    """What the rest of the package imports from its kernels; other kernels are compiled as part of these."""
    found = set()
    package = root / "nps_spectra"
    for module in set(package.rglob("*.py")) - set((package / "kernels").iterdir()):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("nps_spectra.kernels."):
                found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_it_says_how_long_and_where(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    class Stats:
        cache_path = "/some/folder"
        cache_hits = ("(int64,)",)
        cache_misses = ()

    class Compiled:
        stats = Stats()

    monkeypatch.setattr(warmup, "_use_every_kernel", lambda: None)
    monkeypatch.setattr(warmup, "compiled_kernels", lambda: {"one": Compiled()})
    assert main(["warmup"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "0 kernels compiled and 1 loaded from the cache in 0.0 s",
        "machine code is kept in /some/folder",
    ]


def test_where_nothing_can_be_kept_kernels_still_run() -> None:
    # Machine code is filed by the source; of a function without a file there is no place for it.
    defined: dict[str, Any] = {}
    exec(compile("def twice(x):\n    return x + x\n", "/no/such/folder/twice.py", "exec"), defined)
    assert kernel(defined["twice"])(21) == 42
