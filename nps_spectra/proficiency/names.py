"""Names that laboratories write, resolved to the substances of a round; nothing is guessed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from nps_spectra.substances import normalised_name, registry

ReportLevel = Literal["substance", "isomer_group", "class", "none"]

#: Ways to write that nothing was found.
_NONE: Final = frozenset(
    map(
        normalised_name,
        (
            "none",
            "no substance",
            "no substances",
            "negative",
            "not detected",
            "nd",
            "n.d.",
            "nothing detected",
            "blank",
        ),
    )
)
#: Words of salts and forms at the end of a name; the registry holds free bases.
_SALT: Final = re.compile(
    r"[\s,(-]+(?:mono|di)?(?:hydrochloride|hydrobromide|hcl|hbr|sulfate|sulphate|phosphate|tartrate|citrate|fumarate|"
    r"maleate|oxalate|acetate salt|mesylate|base|free base|freebase)(?:\s+salt)?\)?\s*$",
    re.IGNORECASE,
)
_SUGGESTIONS: Final = 3
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a name was taken for.

    Attributes
    ----------
    written : str
        As the laboratory wrote it.
    name : str
        Substance, isomer group or class in the round; ``none`` where nothing was found.
    level : {"substance", "isomer_group", "class", "none"}
    how : str
        ``name``, ``synonym``, ``salt``, ``code``, ``alias``, ``isomer group``, ``class`` or ``none``.
    """

    written: str
    name: str
    level: ReportLevel
    how: str


@dataclass(frozen=True, slots=True)
class Declared:
    """A substance of the round that the registry does not hold."""

    name: str
    synonyms: tuple[str, ...] = ()
    nps_class: str | None = None


class Names:
    """The names of a round: the registry, and what the organiser declares.

    Parameters
    ----------
    declared : iterable of Declared
        Substances that the registry does not hold.
    codes, aliases : mapping of str to str
        Code of the menu, or name as laboratories write it, to name.
    isomer_groups : mapping of str to sequence of str
    classes : mapping of str to str
        Class of a substance, put before those that the registry gives it.

    Examples
    --------
    >>> names = Names()
    >>> names.resolve("Cocaine hydrochloride")
    Resolution(written='Cocaine hydrochloride', name='cocaine', level='substance', how='salt')
    >>> names.resolve("cocain"), names.suggestions("cocain")[0]
    (None, 'cocaine')
    """

    def __init__(
        self,
        declared: Iterable[Declared] = (),
        codes: Mapping[str, str] | None = None,
        aliases: Mapping[str, str] | None = None,
        isomer_groups: Mapping[str, Sequence[str]] | None = None,
        classes: Mapping[str, str] | None = None,
    ) -> None:
        self._known: dict[str, str] = {}
        self._plain: dict[str, str] = {}
        self.classes: dict[str, tuple[str, ...]] = {}
        self.formulas: dict[str, str] = {}
        self._groups: dict[str, str] = {}
        self._class_names: dict[str, str] = {}
        for substance in registry():
            for name in (*substance.synonyms, substance.name):
                self._known[normalised_name(name)] = substance.name
            self._plain[normalised_name(substance.name)] = substance.name
            self.formulas[substance.name] = substance.formula
            self.classes[substance.name] = tuple(filter(None, (substance.nps_class, substance.effect_group)))
        for addition in declared:
            for name in (*addition.synonyms, addition.name):
                self._known.setdefault(normalised_name(name), addition.name)
            self._plain[normalised_name(addition.name)] = addition.name
            if addition.nps_class is not None:
                self.classes[addition.name] = (addition.nps_class,)
        for name, nps_class in (classes or {}).items():
            self.classes[name] = (nps_class, *(one for one in self.classes.get(name, ()) if one != nps_class))
        for one in sorted({one for found in self.classes.values() for one in found}):
            self._class_names[normalised_name(one)] = one
        for group in isomer_groups or {}:
            self._groups[normalised_name(group)] = group
        self._codes = dict(codes or {})
        self._aliases = {normalised_name(name): target for name, target in (aliases or {}).items()}
        self._found: dict[str, Resolution | None] = {}

    def substance(self, name: str) -> str | None:
        """The substance of a name or synonym, without codes, aliases and salts; None if unknown."""
        return self._known.get(normalised_name(name))

    def resolve(self, written: str) -> Resolution | None:
        """What a name stands for, None if it is unknown."""
        if written not in self._found:
            self._found[written] = self._resolve(written.strip())
        return self._found[written]

    def suggestions(self, written: str) -> tuple[str, ...]:
        """Known names that look like an unknown one, the most alike first."""
        plain = normalised_name(written[:_LONGEST])
        close = difflib.get_close_matches(plain, [*self._known, *self._groups], _SUGGESTIONS * 2, 0.7)
        names = [self._known.get(key) or self._groups[key] for key in close]
        return tuple(dict.fromkeys(names))[:_SUGGESTIONS]

    def _resolve(self, written: str) -> Resolution | None:
        if written in self._codes:
            return Resolution(written, self._codes[written], "substance", "code")
        plain = normalised_name(written[:_LONGEST])
        if plain in _NONE:
            return Resolution(written, "none", "none", "none")
        if plain in self._aliases:
            return Resolution(written, self._aliases[plain], "substance", "alias")
        if plain in self._known:
            how = "name" if plain in self._plain else "synonym"
            return Resolution(written, self._known[plain], "substance", how)
        bare = _SALT.sub("", written)
        if bare != written and normalised_name(bare) in self._known:
            return Resolution(written, self._known[normalised_name(bare)], "substance", "salt")
        if plain in self._groups:
            return Resolution(written, self._groups[plain], "isomer_group", "isomer group")
        if plain in self._class_names:
            return Resolution(written, self._class_names[plain], "class", "class")
        return None
