"""SPLASH, the identifier of a spectrum that MassBank, MoNA and GNPS write beside it.

Wohlgemuth et al., "SPLASH, a hashed identifier for mass spectra", Nature Biotechnology 34, 1099 (2016),
doi:10.1038/nbt.3689; version 0 of the kind "mass spectrum".
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

#: The definition adds this before it cuts off digits, so that 2.9999999 (a sum of binary fractions) counts as 3.
_SLACK: Final = 1e-7
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


def splash(mz: Sequence[float], intensity: Sequence[float]) -> str:
    """SPLASH of a spectrum: the same for the same peaks, whatever the scale of their intensities.

    Parameters
    ----------
    mz, intensity : sequence of float
        As they stand in a file; in any order, at least one intensity above 0.

    Returns
    -------
    str
        ``splash10-``, what the ten most intense peaks look like, what all peaks look like, and a hash of the peaks.

    References
    ----------
    Wohlgemuth et al. 2016, doi:10.1038/nbt.3689, with its supplement.

    Examples
    --------
    The example of the definition:

    >>> splash([100.0, 101.0, 102.0], [1.0, 2.0, 3.0])
    'splash10-0udi-0900000000-f5bf6f6a4a1520a35d4f'
    """
    most = max(intensity)
    peaks = sorted(
        ((at, height / most * 100.0) for at, height in zip(mz, intensity, strict=True)),
        key=lambda peak: (peak[0], -peak[1]),
    )
    # Peaks of at least a tenth of the base peak; of these the ten most intense.
    strongest = sorted((peak for peak in peaks if peak[1] + _SLACK >= 10.0), key=lambda peak: (-peak[1], peak[0]))[:10]
    likeness = int(_histogram(strongest, bin_width=5, largest=2), 3)
    listed = " ".join(f"{int((at + _SLACK) * 1e6)}:{_whole(height)}" for at, height in peaks)
    hashed = hashlib.sha256(listed.encode("ascii")).hexdigest()[:20]
    return f"splash10-{_base_36(likeness)}-{_histogram(peaks, bin_width=100, largest=9)}-{hashed}"


def _histogram(peaks: Sequence[tuple[float, float]], bin_width: int, largest: int) -> str:
    """Ten digits: intensities summed up in bins, wrapped around after the tenth, the largest sum as `largest`."""
    sums = [0.0] * 10
    for mz, intensity in peaks:
        sums[int(mz / bin_width) % 10] += intensity
    most = max(sums)
    return "".join(str(_whole(largest * value / most)) for value in sums)


def _whole(value: float) -> int:
    return int(value + _SLACK)


def _base_36(value: int) -> str:
    digits = ""
    for _ in range(4):
        value, digit = divmod(value, 36)
        digits = _DIGITS[digit] + digits
    return digits
