"""What the tests of downloads share: a file, limits that do not keep a test waiting, and one call."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from nps_spectra.library.connection import Limits
from nps_spectra.library.download import Downloaded, download

BODY = b"".join(b"Name: substance %d\nNum Peaks: 1\n58 999\n\n" % number for number in range(5_000))
DIGEST = hashlib.sha256(BODY).hexdigest()
#: A connection that is silent ends by its timeout, one that drips by its patience.
QUICK = Limits(timeout_s=0.3, patience_s=30, slowest_bytes_per_s=0, attempts=2, pause_s=0.01, redirects=3)
IMPATIENT = Limits(timeout_s=5, patience_s=0.2, slowest_bytes_per_s=10_000, attempts=1)


def get(address: str, target: Path, **options: Any) -> Downloaded:
    return download(address, target, **({"largest_bytes": 10**7, "limits": QUICK} | options))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())
