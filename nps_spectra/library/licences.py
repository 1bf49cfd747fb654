"""What the licence of a record says about passing the record on."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal

Redistribution = Literal[
    "allowed", "attribution", "share-alike", "non-commercial", "no-derivatives", "forbidden", "unknown"
]
#: From the mildest to the strictest; "unknown" is no degree: nobody has said anything that is understood here.
_DEGREES: Final[tuple[Redistribution, ...]] = (
    "allowed",
    "attribution",
    "share-alike",
    "non-commercial",
    "no-derivatives",
    "forbidden",
)
#: Elements of the Creative Commons licences.
_ELEMENTS: Final[dict[str, Redistribution]] = {
    "by": "attribution",
    "sa": "share-alike",
    "nc": "non-commercial",
    "nd": "no-derivatives",
}
#: "CC BY-NC-SA 4.0", "cc-by-4.0", "CCBY", ".../licenses/by-nd/4.0/"; "CC BY-X" is another licence.
_CREATIVE_COMMONS: Final = re.compile(
    r"(?:(?<![a-z])cc[\s_-]*|creativecommons\.org/licen[cs]es/)((?:by|nc|nd|sa)(?:[\s_-]*(?:nc|nd|sa|by))*)(?![_-]?[a-z])"
)
_WORDS: Final[tuple[tuple[Redistribution, re.Pattern[str]], ...]] = (
    (
        "allowed",
        re.compile(
            r"(?<![a-z])cc[\s_-]*(?:0|zero)(?![a-z])|creativecommons\.org/publicdomain/|(?<![a-z])(?:pddl|unlicense)(?![a-z])|"
            r"(?<!not )(?<!not in )(?<!not in the )public[\s-]domain|dl-de[/-]zero|nist-pd|"
            r"(?<![a-z])(?:u\.?\s?s\.?|united states) government work"
        ),
    ),
    (
        "attribution",
        re.compile(
            r"creative commons attribution|dl-de[/-]by|datenlizenz deutschland\W+namensnennung|odc[\s-]by|etalab|"
            r"open government licen[cs]e|(?<![a-z])ogl(?![a-z])|cdla-permissive|"
            r"(?<![a-z])(?:apache|mit|bsd|isc)[\s-](?:\d|licen[cs]e)|^(?:apache|mit|bsd|isc)$"
        ),
    ),
    (
        "share-alike",
        re.compile(
            r"share[\s-]?alike|(?<![a-z])(?:odbl|open database licen[cs]e|cdla-sharing)(?![a-z])|"
            r"(?<![a-z])(?:[al]?gpl|mpl)(?![a-z])|general public licen[cs]e|mozilla public licen[cs]e"
        ),
    ),
    (
        "non-commercial",
        re.compile(
            r"non[\s-]?commercial|(?:no|not for) commercial|academic (?:use )?only|for (?:academic|research) use only"
        ),
    ),
    ("no-derivatives", re.compile(r"no[\s-]?deriv|non[\s-]?derivative")),
    (
        "forbidden",
        re.compile(
            r"proprietary|all rights reserved|confidential|internal use|commercial licen[cs]e (?:required|only)|"
            r"(?:not for|no) (?:re)?distribution|"
            r"(?:do|may|must|shall|can|should) ?not (?:be )?(?:re-?)?(?:distribut|shar)|"
            r"distribution (?:is )?(?:(?:strictly )?(?:forbidden|prohibited|restricted)|not (?:permitted|allowed))"
        ),
    ),
)


def redistribution(licence: str | None) -> Redistribution:
    """Whether a record may be passed on under this licence, as the strictest of the terms that its text names.

    A text that names several licences is taken by the strictest, because which one applies is not known here.
    A licence that was not understood is never taken for a permission.

    Parameters
    ----------
    licence : str or None
        As the record has it: an SPDX identifier, an abbreviation, an address, or words.

    Returns
    -------
    str
        ``"allowed"`` without any condition; ``"attribution"`` if the origin is named; ``"share-alike"`` under the
        same licence only; ``"non-commercial"``; ``"no-derivatives"``: unchanged copies only; ``"forbidden"``;
        ``"unknown"``: no licence, or none that is known here.

    Notes
    -----
    The Creative Commons elements: https://creativecommons.org/share-your-work/cclicenses/; identifiers: the SPDX
    licence list. This is a reading of the text, no legal advice.

    Examples
    --------
    >>> [redistribution(text) for text in ("CC0", "CC BY-NC-SA", "dl-de/by-2-0", "Copyright: a laboratory", None)]
    ['allowed', 'non-commercial', 'attribution', 'unknown', 'unknown']
    """
    named = terms(licence)
    return max(named, key=_DEGREES.index) if named else "unknown"


@lru_cache(maxsize=4096)
def terms(licence: str | None) -> tuple[Redistribution, ...]:
    """Every term that the text of a licence names, mildest first; empty if it names none that is known here.

    Examples
    --------
    >>> terms("CC BY-NC-SA 4.0")
    ('attribution', 'share-alike', 'non-commercial')
    """
    plain = " ".join((licence or "").lower().split())
    found = {
        _ELEMENTS[element] for code in _CREATIVE_COMMONS.findall(plain) for element in re.findall("by|nc|nd|sa", code)
    }
    found |= {term for term, pattern in _WORDS if pattern.search(plain)}
    return tuple(term for term in _DEGREES if term in found)
