"""Which part of fentanyl an analogue has changed: the ions that keep their m/z, and those that move by the difference.

Parts as in Moorthy, Kearsley, Mallard & Wallace 2020, Forensic Chem. 19, 100237, doi:10.1016/j.forc.2020.100237: A the
aryl of the phenethyl group, B its ethyl linker, C the piperidine ring, D the aryl of the aniline, E the acyl group. The
ions of fentanyl that hold some of them are at m/z 245 (loss of the benzyl radical), 189 and 146 (the same without the
acyl group), 105 and 91 (phenethyl, benzyl) and 96 (a fragment of the piperidine ring).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from nps_spectra.errors import OptionError
from nps_spectra.identification.class_features import nominal_intensities
from nps_spectra.spectra import Spectra
from nps_spectra.spectrum import Spectrum

Part = Literal["A", "B", "C", "D", "E"]

#: Nominal molecular mass of fentanyl, C22H28N2O, in Da.
FENTANYL: Final = 336
PARTS: Final[Mapping[Part, str]] = MappingProxyType(
    {
        "A": "aryl of the phenethyl group",
        "B": "ethyl linker",
        "C": "piperidine ring",
        "D": "aryl of the aniline",
        "E": "acyl group",
    }
)
#: Which ions of fentanyl move when a part is changed. The ethyl linker is changed beside the ring, where the loss of
#: the arylalkyl radical takes the change along, or beside the nitrogen, where it stays.
_IONS: Final = (245, 189, 146, 105, 96, 91)
_MOVES: Final[tuple[tuple[Part, frozenset[int]], ...]] = (
    ("A", frozenset({105, 91})),
    ("B", frozenset({105})),
    ("B", frozenset({245, 105, 96})),
    ("C", frozenset({245, 189, 146, 96})),
    ("D", frozenset({245, 189, 146})),
    ("E", frozenset({245})),
)
#: Two parts are not told apart if their agreement differs by less; the base peak counts 1.
_MARGIN: Final = 0.15


@dataclass(frozen=True, slots=True)
class ChangedPart:
    """One part of fentanyl, and how well the spectrum agrees with its being the one that was changed.

    Attributes
    ----------
    part : {"A", "B", "C", "D", "E"}
    name : str
    mass_difference : int
        Molecular mass less that of fentanyl, in Da.
    agreement : float
        Sum over the ions of the square root of the intensity where the ion should be, less that where it should not.
    moved, kept : tuple of int
        m/z in fentanyl of the ions that are found moved by the difference, and in their place.
    """

    part: Part
    name: str
    mass_difference: int
    agreement: float
    moved: tuple[int, ...]
    kept: tuple[int, ...]


def changed_parts(spectrum: Spectrum, molecular_mass: int | None = None) -> tuple[ChangedPart, ...]:
    """Parts of fentanyl that a fentanyl analogue may have changed, best first, if it has changed one only.

    An analogue of the mass of fentanyl moves no ion, and nothing can be said.

    Parameters
    ----------
    spectrum : Spectrum
        EI spectrum of a fentanyl analogue.
    molecular_mass : int, optional
        Nominal, in Da; default what the spectrum states.

    Returns
    -------
    tuple of ChangedPart
        Those that are not told apart from the best one; empty if the mass is that of fentanyl or no ion is found.

    Raises
    ------
    OptionError
        No molecular mass is known.

    Examples
    --------
    The acyl group of cyclopropylfentanyl is 12 Da heavier:

    >>> analogue = Spectrum([91, 105, 146, 189, 257], [30, 34, 90, 50, 99], nominal_mass=348, ionization="EI")
    >>> [(one.part, one.moved, one.kept) for one in changed_parts(analogue)]
    [('E', (245,), (189, 146, 105, 91))]
    """
    mass = spectrum.nominal_mass if molecular_mass is None else molecular_mass
    if mass is None:
        raise OptionError("the molecular mass is not known: state it, or infer it (molecular_masses_of)")
    difference = mass - FENTANYL
    intensities = np.sqrt(nominal_intensities(Spectra.of([spectrum]))[0])
    if difference == 0:
        return ()
    best: dict[Part, ChangedPart] = {}
    for part, moves in _MOVES:
        one = _agreement(part, moves, difference, intensities)
        if part not in best or one.agreement > best[part].agreement:
            best[part] = one
    order = sorted(best.values(), key=lambda one: (-one.agreement, one.part))
    if order[0].agreement <= 0:
        return ()
    return tuple(one for one in order if order[0].agreement - one.agreement < _MARGIN)


def _agreement(part: Part, moves: frozenset[int], difference: int, intensities: npt.NDArray[np.float64]) -> ChangedPart:
    found = 0.0
    moved: list[int] = []
    kept: list[int] = []
    for ion in _IONS:
        place, other = (ion + difference, ion) if ion in moves else (ion, ion + difference)
        here, there = (float(intensities[at]) if 0 <= at < len(intensities) else 0.0 for at in (place, other))
        found += here - there
        if here > max(there, 0.1):
            (moved if ion in moves else kept).append(ion)
    return ChangedPart(part, PARTS[part], difference, found, tuple(moved), tuple(kept))
