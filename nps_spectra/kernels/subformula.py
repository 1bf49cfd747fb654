"""Whether a mass is that of some part of a molecule."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nps_spectra._jit import kernel

Int = npt.NDArray[np.int64]
Float = npt.NDArray[np.float64]


@kernel
def masses_of_parts(
    masses: Float,
    tolerance: Float,
    parts: Float,
    hydrogens: Int,
    most: int,
    hydrogen_mass: float,
    out: npt.NDArray[np.bool_],
) -> None:
    """Set ``out[i]`` where a part with 0 to its number of hydrogens has ``masses[i]`` within ``tolerance[i]``.

    Assumes ``parts`` (masses without hydrogen) ascending, ``hydrogens[k]`` the most that part k may have, and
    ``most`` the largest of them.
    """
    for peak in range(len(masses)):
        mass, width = masses[peak], tolerance[peak]
        out[peak] = False
        at = np.searchsorted(parts, mass - width - most * hydrogen_mass)
        while at < len(parts) and parts[at] <= mass + width:
            rest = mass - parts[at]
            needed = min(max(np.rint(rest / hydrogen_mass), 0.0), float(hydrogens[at]))
            if abs(rest - needed * hydrogen_mass) <= width:
                out[peak] = True
                break
            at += 1
