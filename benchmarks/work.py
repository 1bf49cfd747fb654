"""What a search does, without a clock: ``python benchmarks/work.py [--record]``.

Times depend on the machine and on who else uses it; these figures do not, so that a test can hold them against recorded
ones (`work.json`, `tests/test_work.py`). For the paths that are used most, on a generated library:

- **instructions**: of one search, as callgrind of valgrind counts them, kernels and interpreter together. The kernels
  are compiled for one named processor, whatever the real one is, and the counting begins after the second call, so that
  neither compiling nor importing is in it. Two runs differ by about 1 %. Needs valgrind, its ``vgdb``, and an
  interpreter with symbols; figures of other versions of Python, NumPy or numba are other figures.
- **calls**: of Python and C functions by the interpreter, in one search.
- **pairs scored**: library spectra that the exact score was computed for, after whatever an index leaves out.
- **KiB at once** and **KiB kept**: largest memory of one search beyond what was there before, and what the first search
  of a library leaves in it: clean spectra and index.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import tracemalloc
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).with_name("work.json")
#: Method, gate, and the spectra that are searched.
PATHS = {
    "MS/MS open, entropy": ("entropy", None, "MS/MS"),
    "MS/MS open, cosine": ("weighted_cosine", None, "MS/MS"),
    "MS/MS 20 ppm, entropy": ("entropy", "20 ppm", "MS/MS"),
    "EI nist_identity": ("nist_identity", None, "EI"),
}
#: How far a figure may be above the recorded one. Instructions and calls differ a little between machines.
LIMITS = {"instructions": 1.05, "calls": 1.05, "pairs scored": 1.0, "KiB at once": 1.1, "KiB kept": 1.1}
_SIZES = {"MS/MS": (1500, 256), "EI": (600, 32)}
_PROCESSOR = {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "+avx,+avx2,+fma,+bmi,+bmi2,+sse4.2,+popcnt"}
#: The function of the interpreter inside which is counted: it does nothing but call what it is given.
_COUNTED = "functools_reduce"


def searches() -> dict[str, Callable[[bool], object]]:
    """A search for each path, and the library it was in; with True, one that nothing is kept of yet."""
    from speed.data import cleaned, generated_ei, generated_msms

    from nps_spectra import Library, Spectra, search

    made = {"MS/MS": cleaned(generated_msms(_SIZES["MS/MS"][0])), "EI": generated_ei(_SIZES["EI"][0])}
    libraries = {kind: Library(spectra, name=kind) for kind, spectra in made.items()}
    queries = {kind: spectra[: _SIZES[kind][1]] for kind, spectra in made.items()}

    def run(library: Library, asked: Spectra, method: str, gate: str | None, fresh: bool) -> object:
        if fresh:
            library = Library(library.spectra, name=library.name, substances=library.substances)
        return search(asked, library, method=method, precursor_tolerance=gate), library

    return {
        name: partial(run, libraries[kind], queries[kind], method, gate) for name, (method, gate, kind) in PATHS.items()
    }


def figures() -> dict[str, dict[str, float]]:
    """All figures but the instructions, for every path, of one thread: how threads overlap is different every time."""
    found: dict[str, dict[str, float]] = {}
    before = os.environ.get("NPS_SPECTRA_THREADS")
    os.environ["NPS_SPECTRA_THREADS"] = "1"
    try:
        for name, run in searches().items():
            run(False)
            run(False)
            found[name] = {"calls": _calls(run), "pairs scored": _pairs(run)} | _memory(run)
    finally:
        if before is None:
            del os.environ["NPS_SPECTRA_THREADS"]
        else:
            os.environ["NPS_SPECTRA_THREADS"] = before
    return found


def _calls(run: Callable[[bool], object]) -> int:
    count = 0

    def note(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        run(False)
    finally:
        sys.setprofile(before)
    return count


def _pairs(run: Callable[[bool], object]) -> int:
    """Rows given to the scorers, however they are asked."""
    from nps_spectra.scorers import Scorer

    count = 0
    inside = False
    replaced = []

    def counting(original: Callable[..., Any], rows_at: int) -> Callable[..., Any]:
        @functools.wraps(original)
        def counted(*arguments: Any) -> Any:
            nonlocal count, inside
            if inside:
                return original(*arguments)
            count += len(arguments[rows_at])
            inside = True
            try:
                return original(*arguments)
            finally:
                inside = False

        return counted

    kinds = [Scorer]
    for kind in kinds:  # grows while it is gone through
        kinds += kind.__subclasses__()
        for name, rows_at in (("score_many", 5), ("score", 4)):
            if name in vars(kind):
                replaced.append((kind, name, vars(kind)[name]))
                setattr(kind, name, counting(vars(kind)[name], rows_at))
    try:
        run(False)
    finally:
        for kind, name, original in replaced:
            setattr(kind, name, original)
    return count


def _memory(run: Callable[[bool], object]) -> dict[str, float]:
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        run(False)
        peak = tracemalloc.get_traced_memory()[1] - before
        library: Any = run(True)[1]  # type: ignore[index]
        with_library = tracemalloc.get_traced_memory()[0]
        library._kept.clear()
        kept = with_library - tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    return {"KiB at once": round(peak / 1024, 1), "KiB kept": round(kept / 1024, 1)}


def no_instructions() -> str | None:
    """Why instructions cannot be counted here; None: they can."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return "instructions are counted on Linux on x86-64"
    if "avx2" not in Path("/proc/cpuinfo").read_text(encoding="utf-8"):
        return "the processor lacks AVX2"
    for program in ("valgrind", "vgdb", "nm"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    shared = Path(sysconfig.get_config_var("LIBDIR") or "", sysconfig.get_config_var("INSTSONAME") or "none")
    for file in (shared, Path(sys.executable).resolve()):
        if file.is_file():
            symbols = subprocess.run(["nm", "-a", str(file)], capture_output=True, text=True, check=False).stdout
            if f" {_COUNTED}\n" in symbols:
                return None
    return "the interpreter has no symbols"


def instructions() -> dict[str, int]:
    """Instructions of one search of each path."""
    here = Path(__file__).resolve()
    single = {"OPENBLAS_NUM_THREADS": "1", "NPS_SPECTRA_THREADS": "1", "PYTHONHASHSEED": "0"}
    environment = os.environ | _PROCESSOR | single | {"NUMBA_DISABLE_JIT": "0", "NUMBA_BOUNDSCHECK": "0"}
    command = [sys.executable, str(here), "--counted"]
    with tempfile.TemporaryDirectory() as folder:
        _run(command, environment)  # compiles and keeps the kernels
        valgrind = ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={folder}/counts"]
        counting = [f"--toggle-collect={_COUNTED}", f"--dump-after={_COUNTED}", f"--vgdb-prefix={folder}/vgdb"]
        _run([*valgrind, *counting, *command], environment | {"VGDB_PREFIX": f"{folder}/vgdb"})
        counts = []
        for number in range(1, len(PATHS) + 1):
            text = Path(folder, f"counts.{number}").read_text(encoding="utf-8")
            counts.append(int(text.split("totals:")[1].split()[0]))
    return dict(zip(PATHS, counts, strict=True))


def _run(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr[-3000:]}")


def _counted() -> None:
    """What runs inside valgrind, and once before without it."""
    works = searches()
    for run in works.values():
        run(False)
        run(False)
    prefix = os.environ.get("VGDB_PREFIX")
    if prefix is not None:
        command = ["vgdb", f"--vgdb-prefix={prefix}", f"--pid={os.getpid()}", "instrumentation", "on"]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
    for run in works.values():
        functools.reduce(lambda _, search: search(False), [run], None)


def versions() -> dict[str, str]:
    """What the number of instructions depends on, beside the code."""
    python = ".".join(platform.python_version_tuple()[:2])
    return {"python": python} | {name: version(name) for name in ("numpy", "numba")}


def main() -> int:
    """Count, and compare with what is recorded or record it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--record", action="store_true", help=f"write what is found to {RECORDED.name}")
    parser.add_argument("--counted", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.counted:
        _counted()
        return 0
    found = figures()
    reason = no_instructions()
    if reason is None:
        for name, count in instructions().items():
            found[name]["instructions"] = count
    else:
        print(f"no instructions: {reason}", file=sys.stderr)
    recorded = json.loads(RECORDED.read_text(encoding="utf-8")) if RECORDED.exists() else {"paths": {}}
    print("| path | figure | recorded | now | now / recorded | limit |\n|---|---|---:|---:|---:|---:|")
    above = 0
    for name, values in found.items():
        for figure, value in values.items():
            before = recorded["paths"].get(name, {}).get(figure)
            share = value / before if before else 1.0
            above += share > LIMITS[figure]
            print(f"| {name} | {figure} | {before or ''} | {value:,} | {share:.3f} | {LIMITS[figure]} |")
    if options.record:
        result = {"versions": versions(), "paths": found}
        RECORDED.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8", newline="\n")
        return 0
    return 1 if above else 0


if __name__ == "__main__":
    sys.exit(main())
