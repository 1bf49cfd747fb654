"""Whether the methods that a laboratory names make a scheme that identifies a substance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

Category = Literal["A", "B", "C"]

#: Techniques and their category (SWGDRUG Recommendations, part III B: methods of analysis), as commonly quoted for the
#: editions from 7.1 on, whose table was not read. Hyphenated techniques count as two: the separation and the detector.
#: UV counts as B with its full spectrum, microscopy for cannabis only.
CATEGORIES: Final[dict[str, tuple[tuple[str, Category], ...]]] = {
    **dict.fromkeys(("MS", "DART-MS", "ASAP-MS", "MS/MS"), (("mass spectrometry", "A"),)),
    **dict.fromkeys(("IR", "FTIR", "FT-IR", "ATR-FTIR"), (("infrared spectroscopy", "A"),)),
    "RAMAN": (("Raman spectroscopy", "A"),),
    "NMR": (("nuclear magnetic resonance", "A"),),
    "XRD": (("X-ray diffractometry", "A"),),
    **dict.fromkeys(
        ("GC-MS", "GC/MS", "GC-MS/MS", "GC-QTOF"), (("gas chromatography", "B"), ("mass spectrometry", "A"))
    ),
    **dict.fromkeys(
        ("LC-MS", "LC/MS", "LC-MS/MS", "LC-QTOF", "LC-HRMS", "UHPLC-MS/MS"),
        (("liquid chromatography", "B"), ("mass spectrometry", "A")),
    ),
    **dict.fromkeys(("GC-IR", "GC-FTIR"), (("gas chromatography", "B"), ("infrared spectroscopy", "A"))),
    **dict.fromkeys(("GC", "GC-FID", "GC-NPD"), (("gas chromatography", "B"),)),
    **dict.fromkeys(("LC", "HPLC", "UHPLC"), (("liquid chromatography", "B"),)),
    **dict.fromkeys(
        ("LC-DAD", "HPLC-DAD", "LC-UV", "HPLC-UV"), (("liquid chromatography", "B"), ("UV/Vis spectroscopy", "B"))
    ),
    "SFC": (("supercritical fluid chromatography", "B"),),
    "CE": (("capillary electrophoresis", "B"),),
    "TLC": (("thin-layer chromatography", "B"),),
    "IMS": (("ion mobility spectrometry", "B"),),
    "UV": (("UV/Vis spectroscopy", "B"),),
    "UV/VIS": (("UV/Vis spectroscopy", "B"),),
    "MICROCRYSTAL": (("microcrystalline tests", "B"),),
    "MICROSCOPY": (("microscopy", "B"),),
    "COLOUR": (("colour tests", "C"),),
    "COLOR": (("colour tests", "C"),),
    "IMMUNOASSAY": (("immunoassay", "C"),),
    "FLUORESCENCE": (("fluorescence spectroscopy", "C"),),
    "PHARMACEUTICAL IDENTIFIERS": (("pharmaceutical identifiers", "C"),),
    "MELTING POINT": (("melting point", "C"),),
}


#: Categories in the table of the first editions, which was read (a draft): an outcome that depends on them says so.
_EARLIER: Final[dict[str, Category]] = {"UV/Vis spectroscopy": "C", "pharmaceutical identifiers": "B"}


@dataclass(frozen=True, slots=True)
class MethodAudit:
    """What the methods of a result amount to.

    Attributes
    ----------
    met : bool or None
        Whether they make a minimum scheme; None if no method was named, or if unknown ones could make the difference.
    reason : str
    """

    met: bool | None
    reason: str


def audit_methods(codes: Iterable[str], further: Mapping[str, str] | None = None) -> MethodAudit:
    """Hold method codes against the minimum scheme of SWGDRUG / ASTM E2329.

    With a technique of category A one other technique is enough; without, three different ones are needed, two of them
    of category B. No list of codes can say that they were applied to separate portions, or that
    reference material was compared.

    Parameters
    ----------
    codes : iterable of str
        As in ``submissions.csv``, upper case.
    further : mapping of str to str, optional
        Category of codes that are not known here.

    Examples
    --------
    >>> audit_methods(["GC-MS"]).met, audit_methods(["COLOUR", "TLC"]).met, audit_methods([]).met
    (True, False, None)
    """
    techniques: dict[str, str] = {}
    unknown = []
    for code in sorted(set(codes)):
        if further and code in further:
            techniques[code] = further[code]
        elif code in CATEGORIES:
            techniques.update(CATEGORIES[code])
        else:
            unknown.append(code)
    if not techniques and not unknown:
        return MethodAudit(None, "no method was named")
    listed = ", ".join(f"{name} ({category})" for name, category in sorted(techniques.items()))
    met = _met(techniques.values())
    if not met and unknown:
        return MethodAudit(None, f"category unknown: {', '.join(unknown)}; known: {listed or 'none'}")
    reason = listed if met else f"{listed}; expected A and another, or three with two of B"
    if met is not _met([_EARLIER.get(name, category) for name, category in techniques.items()]):
        moved = ", ".join(f"{name} ({_EARLIER[name]})" for name in sorted(techniques) if name in _EARLIER)
        reason += f"; otherwise by the categories of the first editions: {moved}"
    return MethodAudit(met, reason)


def _met(categories: Iterable[str]) -> bool:
    found = list(categories)
    return len(found) >= 2 and ("A" in found or (len(found) >= 3 and found.count("B") >= 2))
