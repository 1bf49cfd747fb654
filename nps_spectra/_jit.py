"""The only jit decorator of the package, and the reasons for its flags.

Kernels compile on first use, without signatures: each sees one set of argument types, because its checked
wrapper fixes them. The machine code is cached on disk: in ``NUMBA_CACHE_DIR`` if that is set, else in ``__pycache__``
beside the kernels, or if that cannot be written to (a read-only installation), in numba's folder of the user's cache;
where there is none of these, every process compiles for itself. ``fastmath`` stays off, so that sums are the same on
every machine and NaN is NaN. ``error_model="numpy"`` makes a division by zero infinite instead of a branch.
``NUMBA_DISABLE_JIT=1`` runs the same functions as plain Python; ``NPS_SPECTRA_JIT_CACHE=0`` compiles anew.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import numba

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """Compile `function` (bare arrays and scalars in, bare arrays out) on first use."""
    cache = os.environ.get("NPS_SPECTRA_JIT_CACHE", "1") != "0"
    flags: dict[str, Any] = {"fastmath": False, "error_model": "numpy", "nogil": True}
    compiled: F
    try:
        compiled = numba.njit(cache=cache, **flags)(function)
    except RuntimeError as error:
        if "no locator available" not in str(error):
            raise
        compiled = numba.njit(**flags)(function)
    return compiled
