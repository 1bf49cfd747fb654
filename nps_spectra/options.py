"""Values that say how something is to be done: tolerances, and names that a user chooses by."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Self, TypeVar

import numpy as np
import numpy.typing as npt

from nps_spectra.errors import OptionError

T = TypeVar("T")
Mz = TypeVar("Mz", float, npt.NDArray[np.float64])

#: Slack of every m/z comparison in Da. Spectra are written with four or five decimals and often differ by
#: *exactly* the tolerance; 0.1 micro-dalton is below any written digit and above float64 rounding, so a
#: difference that reads as equal to the tolerance is inside it, on every machine.
BOUNDARY_SLACK_DA = 1e-7

_PATTERN = re.compile(r"^\s*([0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)\s*(da|th|u|mda|ppm)\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far two m/z values may lie apart and still be the same peak.

    The limit itself is inside. ``ppm`` is taken of the mean of the two values, so that comparing a with b
    is comparing b with a.

    Parameters
    ----------
    value : float
        Half width of the window, > 0 (0 is allowed in Da: equal nominal masses).
    unit : {"Da", "ppm"}

    Examples
    --------
    >>> Tolerance.parse("20 ppm").matches(500.000, 500.010)
    True
    >>> Tolerance(0.01, "Da").matches(100.00, 100.02)
    False
    """

    value: float
    unit: Literal["Da", "ppm"] = "Da"

    def __post_init__(self) -> None:
        if self.unit not in ("Da", "ppm"):
            raise OptionError(f"tolerance unit {self.unit!r}: expected 'Da' or 'ppm'")
        try:
            finite = math.isfinite(self.value)
        except (TypeError, OverflowError):
            finite = False
        if not finite or self.value < 0 or (self.value == 0 and self.unit == "ppm"):
            raise OptionError(f"tolerance {self.value!r} {self.unit}: expected a finite positive number")
        if self.unit == "ppm" and self.value >= 1e6:
            raise OptionError(f"tolerance {self.value!r} ppm: expected less than 1,000,000")

    @classmethod
    def parse(cls, text: str | Self) -> Self:
        """Read ``"0.01 Da"``, ``"10 mDa"`` or ``"20 ppm"``; a Tolerance is returned as it is.

        Raises
        ------
        OptionError
            The text is not a number followed by a unit.
        """
        if isinstance(text, cls):
            return text
        found = _PATTERN.match(text) if isinstance(text, str) else None
        if found is None:
            raise OptionError(f"tolerance {text!r}: expected a number and a unit, such as '0.01 Da' or '20 ppm'")
        value, unit = float(found.group(1)), found.group(2).lower()
        if unit == "ppm":
            return cls(value, "ppm")
        return cls(value / 1000 if unit == "mda" else value, "Da")

    def matches(self, a: float, b: float) -> bool:
        """Whether `a` and `b` (m/z) agree within this tolerance."""
        width = self.value if self.unit == "Da" else self.value * 1e-6 * 0.5 * (a + b)
        return abs(a - b) <= width + BOUNDARY_SLACK_DA

    def bounds(self, mz: Mz) -> tuple[Mz, Mz]:
        """Lowest and highest m/z that match `mz`, a number or an array of them."""
        if self.unit == "Da":
            return mz - self.value - BOUNDARY_SLACK_DA, mz + self.value + BOUNDARY_SLACK_DA
        half = self.value * 0.5e-6
        low = (mz * (1 - half) - BOUNDARY_SLACK_DA) / (1 + half)
        high = (mz * (1 + half) + BOUNDARY_SLACK_DA) / (1 - half)
        return low, high

    def doubled(self) -> Tolerance:
        """The window inside which two peaks of one spectrum could both match one peak of another."""
        return Tolerance(2 * self.value, self.unit)

    def __str__(self) -> str:
        return f"{self.value:g} {self.unit}"


def chosen(known: Mapping[str, T], name: str, what: str) -> T:
    """The one of this name.

    Raises
    ------
    OptionError
        There is none; the message names the nearest and all that are known.

    Examples
    --------
    >>> chosen({"EI": 70}, "EI", "ionisation")
    70
    """
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name.lower(), known, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise OptionError(f"no {what} {name!r}: {hint}known: {', '.join(known)}")
