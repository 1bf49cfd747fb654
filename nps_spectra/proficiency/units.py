"""Units of quantities in proficiency tests: mass fractions of seized materials, mass concentrations of fluids."""

from __future__ import annotations

from typing import Final

#: Unit as it is compared -> (what it measures, how many g/g or g/L one of it is).
_UNITS: Final[dict[str, tuple[str, float]]] = {
    **dict.fromkeys(("%", "%w/w", "%m/m", "percent", "g/100g", "wt%"), ("mass fraction", 1e-2)),
    **dict.fromkeys(("fraction", "g/g", "kg/kg", "w/w", "1"), ("mass fraction", 1.0)),
    **dict.fromkeys(("mg/g", "g/kg"), ("mass fraction", 1e-3)),
    **dict.fromkeys(("ug/g", "mg/kg", "ppm"), ("mass fraction", 1e-6)),
    **dict.fromkeys(("g/l", "mg/ml"), ("mass concentration", 1.0)),
    **dict.fromkeys(("mg/l", "ug/ml"), ("mass concentration", 1e-3)),
    **dict.fromkeys(("ug/l", "ng/ml"), ("mass concentration", 1e-6)),
    **dict.fromkeys(("ng/l", "pg/ml"), ("mass concentration", 1e-9)),
}


def plain_unit(unit: str) -> str:
    """A unit as it is compared: without blanks, case, the kind of micro sign, and a basis in brackets."""
    return unit.partition("(")[0].casefold().replace("µ", "u").replace("μ", "u").replace(" ", "")


def conversion(found: str, wanted: str) -> float | None:
    """Factor from one unit to another; None where there is none.

    Examples
    --------
    >>> conversion("fraction", "% w/w"), conversion("µg/L", "ng/mL"), conversion("ng/mL", "% w/w")
    (100.0, 1.0, None)
    """
    if plain_unit(found) == plain_unit(wanted):
        return 1.0
    one, other = _UNITS.get(plain_unit(found)), _UNITS.get(plain_unit(wanted))
    if one is None or other is None or one[0] != other[0]:
        return None
    # Division of the powers of ten as written keeps 0.505 * 100 = 50.5 exact to the last bit.
    return round(one[1] / other[1], 12) if one[1] >= other[1] else one[1] / other[1]
