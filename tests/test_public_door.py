"""The one door of the package: its names, their docstrings, and what it costs to open."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
import time

import pytest

import nps_spectra

NAMES = [
    "CleaningRecipe",
    "Hits",
    "Identifications",
    "Library",
    "NpsSpectraError",
    "ReadReport",
    "Run",
    "Spectra",
    "Spectrum",
    "Tolerance",
    "WriteReport",
    "__version__",
    "identify",
    "match_factor",
    "mirror_svg",
    "plot_mirror",
    "plot_spectrum",
    "read_run",
    "read_spectra",
    "search",
    "similarity",
    "spectrum_svg",
    "write_spectra",
]
HEAVY = ("numba", "h5py", "pyteomics", "matchms", "rdkit", "matplotlib", "pandas", "scipy")


def run(code: str) -> str:
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    return result.stdout


def fastest(command: list[str], times: int = 7) -> float:
    """Wall time of the fastest of several runs in seconds: the machine may be busy with other work."""
    best = float("inf")
    for _ in range(times):
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, env=os.environ)
        best = min(best, time.perf_counter() - started)
    return best


def test_the_public_names_are_these_in_this_order() -> None:
    assert nps_spectra.__all__ == NAMES == sorted(NAMES)
    assert dir(nps_spectra) == NAMES


@pytest.mark.parametrize("name", [name for name in NAMES if name != "__version__"])
def test_public_things_say_what_they_do(name: str) -> None:
    thing = getattr(nps_spectra, name)
    assert inspect.getdoc(thing)
    if inspect.isclass(thing):
        for attribute, value in vars(thing).items():
            if not attribute.startswith("_") and (inspect.isfunction(value) or isinstance(value, property)):
                assert inspect.getdoc(value), f"{name}.{attribute} has no docstring"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        nps_spectra.nothing  # noqa: B018


def test_search_stays_a_function_when_its_modules_are_loaded() -> None:
    assert (
        run("import nps_spectra, nps_spectra.searching.exact as e; print(nps_spectra.search is e.search)") == "True\n"
    )


def test_importing_the_package_loads_nothing_heavy() -> None:
    loaded = run(f"import sys, nps_spectra; print([name for name in {HEAVY} if name in sys.modules])")
    assert loaded == "[]\n"


def test_reading_spectra_loads_no_scoring_and_no_library() -> None:
    code = "import sys; from nps_spectra import Spectrum, read_spectra; Spectrum([1], [1])"
    loaded = run(f"{code}; print([name for name in {HEAVY} if name in sys.modules])")
    assert loaded == "[]\n"


def test_importing_the_package_costs_less_than_150_ms_over_numpy() -> None:
    numpy_alone = fastest([sys.executable, "-c", "import numpy"])
    both = fastest([sys.executable, "-c", "import numpy, nps_spectra; nps_spectra.Spectrum; nps_spectra.Tolerance"])
    assert both - numpy_alone < 0.15


def test_help_answers_in_less_than_300_ms() -> None:
    code = "import sys; from nps_spectra.cli.main import main; sys.exit(main(['--help']))"
    assert fastest([sys.executable, "-c", code]) < 0.3
