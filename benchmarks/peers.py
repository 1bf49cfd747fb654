"""Speed against other programs, every work in one run: ``python benchmarks/peers.py [--rows WORK,...] [--quick]``.

What is measured and how stands in `speed/command.py`; ``--help`` lists the works.
"""

from __future__ import annotations

import os
import sys

if __name__ == "__main__":
    # One thread, for everybody. The libraries read these when they are loaded, so they come before any import.
    for name in ("OPENBLAS", "OMP", "MKL", "NUMBA"):
        os.environ[f"{name}_NUM_THREADS"] = "1"
    os.environ["NPS_SPECTRA_THREADS"] = "1"
    from speed.command import main

    sys.exit(main())
