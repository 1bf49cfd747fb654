"""How the classes of peaks look: told apart by colour, by lightness on a grey print, and by line and sign in black."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from nps_spectra.report.peaks import Kind

Sign = Literal["circle", "square", "triangle", "diamond"]


@dataclass(frozen=True, slots=True)
class Style:
    """The look of one class of peaks.

    Attributes
    ----------
    colour : str
        Of sticks, signs and labels.
    weight : float
        Width of the stick relative to that of a matched peak.
    dash : (float, float) or None
        Lengths of dash and gap in mm.
    sign : str or None
        Drawn on the tip.
    """

    colour: str
    weight: float
    dash: tuple[float, float] | None = None
    sign: Sign | None = None


#: Blue, vermilion, purple and green after Okabe & Ito's palette for all kinds of colour vision
#: (jfly.uni-koeln.de/color), made so dark that letters in them have a contrast of 4.5 on white (WCAG 2.1, 1.4.3), and
#: so far apart that two classes differ by 15 units of CIE L*a*b* or more also to those who lack one kind of cones.
STYLES: Final[Mapping[Kind, Style]] = MappingProxyType(
    {
        "not compared": Style("#767676", 0.5, (0.3, 0.5)),
        "other peak": Style("#004c86", 0.8),
        "matched": Style("#004c86", 1.0),
        "shifted": Style("#127a46", 1.0, None, "diamond"),
        "missing": Style("#a03ac2", 0.7, (0.9, 0.5), "square"),
        "unexplained": Style("#c04f00", 0.7, None, "circle"),
        "base peak": Style("#000000", 1.2),
        "precursor": Style("#c04f00", 1.0, None, "triangle"),
        "molecular ion": Style("#c04f00", 1.0, None, "triangle"),
    }
)
#: From the bottom to the top: what does not fit is never hidden behind what does.
DRAWING_ORDER: Final[tuple[Kind, ...]] = tuple(STYLES)
#: Half the width of a sign, in mm.
SIGN_RADIUS: Final = 0.55
#: Sticks shorter than this have no sign, in mm.
SIGN_FROM: Final = 2.0
#: Width of the line to a label that was raised, in mm.
LEADER_WIDTH: Final = 0.13
INK: Final = "#000000"
FAINT: Final = "#595959"
GRID: Final = "#d9d9d9"
