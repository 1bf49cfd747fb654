"""Rules about one peak list by itself."""

from __future__ import annotations

from typing import Final

import numpy as np

from nps_spectra.library.lint.findings import Found, Outcome
from nps_spectra.library.lint.records import Records

#: Fewer peaks than this can have equal intensities, or few levels of them, by chance.
_ENOUGH_FOR_EQUAL: Final = 4
_ENOUGH_FOR_LEVELS: Final = 20
_FEW_LEVELS: Final = 3
#: Peaks of a centroided spectrum are not closer than this; points of a profile are, nearly all of them.
_PROFILE_STEP_DA: Final = 0.05
_PROFILE_POINTS: Final = 100
_PROFILE_SHARE: Final = 0.8


def empty_or_constant(records: Records) -> Outcome:
    """Peak lists that tell nothing, or whose intensities were lost."""
    found = []
    for row in range(len(records)):
        _, intensity = records.peaks(row)
        count = len(intensity)
        levels = len(np.unique(intensity))
        if count == 0:
            found.append(Found(row, "error", "no peaks"))
        elif count == 1:
            found.append(Found(row, "info", "one peak only: it tells a mass and nothing about a structure"))
        elif levels == 1 and count >= _ENOUGH_FOR_EQUAL:
            found.append(Found(row, "warning", f"all {count} peaks have the same intensity"))
        elif levels <= _FEW_LEVELS and count >= _ENOUGH_FOR_LEVELS:
            found.append(Found(row, "warning", f"{count} peaks with only {levels} different intensities"))
    return Outcome(found, len(records))


def mz_decimals(records: Records) -> Outcome:
    """Whole m/z in spectra of instruments that measure accurate masses.

    EI is left out: the fast time-of-flight instruments of GC give unit masses.
    """
    found = []
    examined = 0
    for row in range(len(records)):
        start, stop = records.spectra.offsets[row : row + 2]
        if stop - start < 2 or records.kinds[row] == "EI" or records.claims_accurate(row) is not True:
            continue
        examined += 1
        if records.decimals[row] == 0:
            named = records.texts("instrument_type")[row] or records.texts("instrument")[row]
            found.append(Found(row, "warning", f"all {stop - start} m/z are whole, but the instrument is {named}"))
    return Outcome(found, examined)


def profile_points(records: Records) -> Outcome:
    """Spectra that are points of a profile, not centroids: scores take every point for a peak."""
    found = []
    examined = 0
    for row in range(len(records)):
        start, stop = (int(at) for at in records.spectra.offsets[row : row + 2])
        if stop - start < _PROFILE_POINTS:
            continue
        examined += 1
        steps = np.diff(records.spectra.mz[start:stop])
        close = float(np.mean(steps < _PROFILE_STEP_DA))
        if close >= _PROFILE_SHARE:
            found.append(
                Found(row, "warning", f"{stop - start} points, {close:.0%} of them within {_PROFILE_STEP_DA} Da")
            )
    return Outcome(found, examined)
