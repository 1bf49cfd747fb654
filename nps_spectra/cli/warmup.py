"""``nps-spectra warmup``: compile what is otherwise compiled at first use."""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import sys
import time
from typing import Any

import numpy as np

from nps_spectra import kernels
from nps_spectra.centroiding import centroids
from nps_spectra.cli.main import FINE
from nps_spectra.library import Library
from nps_spectra.scoring import METHODS, NOMINAL_METHODS
from nps_spectra.searching import search
from nps_spectra.spectra import Spectra
from nps_spectra.spectrum import Spectrum
from nps_spectra.substances.subformula import AccurateIons

#: As many queries as make a search use its index.
_QUERIES = 64


def run(options: argparse.Namespace) -> int:
    """Compile every kernel, and say where the machine code is kept and how long it took."""
    start = time.perf_counter()
    _use_every_kernel()
    seconds = time.perf_counter() - start
    found = compiled_kernels()
    stats = [kernel.stats for kernel in found.values()]
    folders = sorted({one.cache_path for one in stats if one.cache_path})
    compiled, loaded = sum(bool(one.cache_misses) for one in stats), sum(bool(one.cache_hits) for one in stats)
    if options.json:
        told = {"compiled": compiled, "loaded": loaded, "cache": folders, "seconds": round(seconds, 3)}
        print(json.dumps(told, ensure_ascii=False, indent=1))
        return FINE
    if not found:
        print("nothing to compile: NUMBA_DISABLE_JIT is set")
        return FINE
    print(f"{compiled} kernels compiled and {loaded} loaded from the cache in {seconds:.1f} s")
    for folder in folders:
        print(f"machine code is kept in {folder}")
    if not folders:
        print(
            "it is not kept: no folder can be written to; set NUMBA_CACHE_DIR to one that can, and do not set "
            "NPS_SPECTRA_JIT_CACHE=0",
            file=sys.stderr,
        )
    return FINE


def compiled_kernels() -> dict[str, Any]:
    """All kernels of the package by name, as numba holds them; none with the JIT switched off."""
    found = {}
    for module in pkgutil.iter_modules(kernels.__path__, f"{kernels.__name__}."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if hasattr(value, "stats") and value.__module__ == module.name:
                found[f"{module.name}.{name}"] = value
    return found


def _use_every_kernel() -> None:
    """Searches by every method, and what else has a kernel, on a few peaks."""
    for ionization in ("EI", "ESI"):
        soft = ionization == "ESI"
        spectra = Spectra.of(
            Spectrum(
                [58.0, 91.0, 92.0 + number % 7],
                [999.0, 80.0, 20.0 + number],
                name=f"substance {number % 9}",
                formula="C10H15N",
                ionization=ionization,
                ms_level=2 if soft else None,
                precursor_mz=150.0 + number % 3,
            )
            for number in range(_QUERIES)
        )
        library = Library(spectra, name="warm-up")
        for method in METHODS:
            if not (soft and method in NOMINAL_METHODS):
                for hit in search(spectra, library, method=method, top=2):
                    len(hit.spectra)
    centroids(np.array([58.0, 58.1, 58.2]), np.array([1.0, 8.0, 1.0]))
    AccurateIons({"C": 2, "H": 6}).possible(np.array([29.0391]), np.array([0.005]))
