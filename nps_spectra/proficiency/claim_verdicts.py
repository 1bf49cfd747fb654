"""What one spectrum says of one claim: the verdict, and the sentence that goes with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Final, Literal

from nps_spectra.identification.record import Identification
from nps_spectra.library import Library
from nps_spectra.proficiency.names import Names, Resolution
from nps_spectra.proficiency.rounds import Round
from nps_spectra.substances import nominal_mass, registry

ClaimVerdict = Literal["supported", "supported_as_group", "not_supported", "nothing_can_be_said"]

#: Conclusions that name a substance or the group that it is not told apart from.
_NAMING: Final = ("identified", "consistent_with_library", "one_of_isomers")
#: Length of a whole InChIKey, and the start of its second block where no stereochemistry is stated.
_WHOLE_KEY: Final = 27
_FLAT: Final = "UHFFFAOY"
_NAMES_SHOWN: Final = 8


class LibrarySubstances:
    """Which substances of a library a claim means, by number in ``library.substances``.

    Attributes
    ----------
    names : dict of int to str
        A name of each substance that has one.
    formulas : dict of int to str or None
    """

    def __init__(self, library: Library, round_: Round, names: Names) -> None:
        self._round = round_
        self._by_key = {key: number for number, key in enumerate(library.substances.keys)}
        self._by_name: dict[str, set[int]] = defaultdict(set)
        self.names: dict[int, str] = {}
        self.formulas: dict[int, str | None] = {}
        texts, formulas = library.spectra.texts("name").to_list(), library.spectra.texts("formula").to_list()
        for name, formula, number in zip(texts, formulas, library.substances.of_row.tolist(), strict=True):
            self.formulas.setdefault(number, formula)
            if name is None:
                continue
            self.names.setdefault(number, name)
            if (known := names.substance(name)) is not None:
                self._by_name[known].add(number)

    def of(self, claim: Resolution) -> frozenset[int]:
        """The substances of a claim that the library holds."""
        meant: Iterable[str] = (claim.name,)
        if claim.level == "isomer_group":
            meant = self._round.isomer_groups.get(claim.name, ())
        elif claim.level == "class":
            meant = [name for name, classes in self._round.classes.items() if claim.name in classes]
        return frozenset(number for name in meant for number in self._substance(name))

    def _substance(self, name: str) -> Collection[int]:
        """By structure; by name only where the library does not have the structure, or the registry none."""
        known = registry().find(name)
        if known is not None:
            number = self._by_key.get(f"{known.inchikey[:14]}/{nominal_mass(known.formula)}")
            if number is not None:
                return (number,)
        return self._by_name.get(name, ())


def verdict_of(claim: Resolution, found: Identification, members: LibrarySubstances) -> tuple[ClaimVerdict, str]:
    """The verdict on a claim, and why, in words.

    Parameters
    ----------
    claim : Resolution
        A substance, isomer group or class.
    found : Identification
        What is concluded of the spectrum alone.
    members : LibrarySubstances
        Of the library that it was searched in.
    """
    meant = members.of(claim)
    left = _left(found)
    if found.reason is not None:
        return "nothing_can_be_said", nothing(claim, f"the spectrum was not compared: {found.reason}")
    if claim.level == "class" and found.conclusion.name == "class_indicated":
        if found.class_estimate.label == claim.name:
            return "supported", f"The spectrum supports {claim.name}: {found.sentence}"
        return "nothing_can_be_said", nothing(claim, f"the spectrum indicates {found.class_estimate.label}")
    if not left:
        label = found.class_estimate.label if found.conclusion.name == "class_indicated" else None
        indicated = "" if label is None else f"; it indicates the class {label}"
        because = "" if found.because is None else f" ({found.because})"
        return "nothing_can_be_said", nothing(claim, f"the spectrum leads to no substance{because}{indicated}")
    fits = _told([members.names.get(number, "unnamed") for number in left])
    if not meant:
        return "nothing_can_be_said", nothing(claim, f"the library does not hold it; the spectrum fits {fits}")
    others = [number for number in left if number not in meant]
    if len(others) == len(left):
        if meant & _alike(found):
            alike = f"the spectrum fits {fits}, and the library does not tell {claim.name} from that by score"
            return "nothing_can_be_said", nothing(claim, alike)
        return "not_supported", f"The spectrum does not support {claim.name}: it fits {fits}."
    beside = _beside(found, claim)
    if not others:
        fits = "nothing else in the library fits it, and what the library does not hold is not excluded"
        return "supported", f"The spectrum supports {claim.name}: {fits}{beside}."
    told = _told([members.names.get(number, "unnamed") for number in others])
    formulas = {members.formulas.get(number) for number in left}
    isomers = claim.level == "substance" and len(formulas) == 1 and None not in formulas
    what = "support the isomer reported" if isomers else f"single out {claim.name}"
    return "supported_as_group", (
        f"The spectrum does not {what}: it fits {claim.name}, and {told} as well, which it does not tell apart{beside}."
    )


def _left(found: Identification) -> list[int]:
    """The substances that the conclusion names, by number, the leading one first; empty where it names none."""
    if found.conclusion.name not in _NAMING or not found.candidates:
        return []
    isomers = () if found.group is None else found.group.isomers
    numbers = [found.candidates[0].substance, *(one.substance for one in isomers if one.substance is not None)]
    return list(dict.fromkeys(numbers))


def _alike(found: Identification) -> frozenset[int]:
    """Substances of another formula that the library does not tell from the leading one by score."""
    members = () if found.group is None else found.group.members
    return frozenset(one.substance for one in members if one.substance is not None and not one.isomer)


def _beside(found: Identification, claim: Resolution) -> str:
    """What limits any verdict that names a substance, as the end of a sentence."""
    known = registry().find(claim.name) if claim.level == "substance" else None
    keys = (None if known is None else known.inchikey, found.candidates[0].inchikey)
    told = []
    if found.group is not None and not found.group.known:
        told.append("the library cannot say which of its substances are alike")
    if any(key is not None and len(key) == _WHOLE_KEY and key[15:23] != _FLAT for key in keys):
        told.append("stereoisomers are never told apart by mass spectrum")
    if _alike(found):
        told.append("the library holds substances of another formula that are as like it by score")
    return "".join(f"; {one}" for one in told)


def nothing(claim: Resolution, why: str) -> str:
    """The sentence of a claim of which nothing can be said."""
    return f"Nothing can be said of {claim.name}: {why.rstrip('.')}."


def _told(names: Sequence[str]) -> str:
    shown = names[:_NAMES_SHOWN]
    if len(names) > len(shown):
        return f"{', '.join(shown)} and {len(names) - len(shown)} more"
    return " or ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))
