"""Conditions on the fields of records, as a user writes them: ``precursor_mz >= 300``.

::

    FIELD OP VALUE                OP is one of  =  !=  <  <=  >  >=  contains
    FIELD in (VALUE, VALUE, ...)
    FIELD not in (VALUE, VALUE, ...)
    has FIELD
    lacks FIELD

A value may stand in double quotes; in a list it has to if it holds a comma. Texts are compared without regard to
case, structures (``smiles``, ``inchi``) with; the order of texts is not asked for. One of several synonyms is enough
for ``=``, ``in`` and ``contains``. A record that lacks the field meets no condition but ``lacks``: what is not known is
neither equal nor unequal. Nothing of a condition is ever run as a program.
"""

from __future__ import annotations

import csv
import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from nps_spectra.errors import OptionError
from nps_spectra.spectra import Spectra
from nps_spectra.spectrum import END, FIELDS, Kind

#: What can be asked for: the typed fields, the number of peaks, and where the record was read.
ASKED: Final[dict[str, Kind]] = {
    **FIELDS,
    "peaks": "int",
    "source_file": "text",
    "source_record": "int",
    "source_sha256": "text",
}
_WITH_CASE: Final = ("smiles", "inchi")
_PRESENCE: Final = re.compile(r"(has|lacks)\s+(\S+)")
_LIST: Final = re.compile(r"(\S+)\s+(not\s+in|in)\s*\((.*)\)", re.DOTALL)
_COMPARISON: Final = re.compile(r"([A-Za-z_]\w*)\s*(<=|>=|!=|=|<|>|(?<=\s)contains(?=\s))\s*(.*)", re.DOTALL)
_FORMS: Final = "expected 'FIELD OP VALUE', 'FIELD in (A, B)', 'FIELD not in (A, B)', 'has FIELD' or 'lacks FIELD'"
_ORDERS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition on one field.

    Attributes
    ----------
    field : str
        A key of `ASKED`.
    operation : str
        ``=``, ``!=``, ``<``, ``<=``, ``>``, ``>=``, ``contains``, ``in``, ``not in``, ``has`` or ``lacks``.
    values : tuple of str or float
        Numbers for fields of numbers; one value, several for a list, none for ``has`` and ``lacks``.

    Examples
    --------
    >>> from nps_spectra import Spectrum
    >>> spectra = Spectra.of([Spectrum([58], [1], name="A", ionization="EI"), Spectrum([91], [1], name="B")])
    >>> [Condition.parse(text).holds(spectra).tolist() for text in ("ionization = ei", "name in (B, C)", "peaks > 1")]
    [[True, False], [False, True], [False, False]]
    """

    field: str
    operation: str
    values: tuple[str | float, ...]

    @classmethod
    def parse(cls, text: str) -> Condition:
        """Read a condition.

        Raises
        ------
        OptionError
            Not a condition; an unknown field (the message names all); an operation or a value that does not fit it.
        """
        plain = text.strip()
        found = _PRESENCE.fullmatch(plain)
        if found:
            return cls(_field(text, found.group(2)), found.group(1), ())
        found = _LIST.fullmatch(plain)
        if found:
            field, given = _field(text, found.group(1)), _listed(text, found.group(3))
            return cls(field, " ".join(found.group(2).split()), tuple(_value(text, field, one) for one in given))
        found = _COMPARISON.fullmatch(plain)
        if not found:
            raise OptionError(f"condition {text!r}: {_FORMS}")
        field, operation, rest = _field(text, found.group(1)), found.group(2), found.group(3).strip()
        numeric = ASKED[field] in ("float", "int")
        if numeric and operation == "contains":
            raise OptionError(f"condition {text!r}: {field} is a number; 'contains' is for texts")
        if not numeric and operation in _ORDERS:
            raise OptionError(f"condition {text!r}: {field} is a text; it has no order, ask for = or contains")
        if len(rest) > 1 and rest[0] == rest[-1] == '"':
            rest = rest[1:-1]
        return cls(field, operation, (_value(text, field, rest),))

    def holds(self, spectra: Spectra) -> npt.NDArray[np.bool_]:
        """Which spectra meet the condition, shape (spectra,)."""
        if ASKED[self.field] in ("float", "int"):
            values = (
                np.diff(spectra.offsets).astype(np.float64) if self.field == "peaks" else spectra.numbers(self.field)
            )
            return self._of_numbers(values)
        return self._of_texts(spectra.texts(self.field).to_list())

    def _of_numbers(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        known = ~np.isnan(values)
        if self.operation in ("has", "lacks"):
            return known if self.operation == "has" else ~known
        asked = np.array(self.values, dtype=np.float64)
        if self.operation in _ORDERS:
            met = _ORDERS[self.operation](values, asked[0])
        else:
            met = np.isin(values, asked) ^ (self.operation in ("!=", "not in"))
        return np.asarray(met & known, dtype=bool)

    def _of_texts(self, texts: list[str | None]) -> npt.NDArray[np.bool_]:
        if self.operation in ("has", "lacks"):
            return np.array([(text is not None) == (self.operation == "has") for text in texts], dtype=bool)
        asked = {self._plain(str(value)) for value in self.values}
        negated = self.operation in ("!=", "not in")
        met = []
        for text in texts:
            own = [] if text is None else [self._plain(one) for one in text.split(END)]
            if self.operation == "contains":
                found = any(part in one for one in own for part in asked)
            else:
                found = any(one in asked for one in own)
            met.append(bool(own) and found != negated)
        return np.array(met, dtype=bool)

    def _plain(self, text: str) -> str:
        return text if self.field in _WITH_CASE else text.casefold()


def _field(text: str, name: str) -> str:
    if name not in ASKED:
        raise OptionError(f"condition {text!r}: unknown field {name!r}; known: {', '.join(sorted(ASKED))}")
    return name


def _listed(text: str, inside: str) -> list[str]:
    try:
        (values,) = csv.reader([inside], skipinitialspace=True, strict=True)
    except (csv.Error, ValueError) as error:
        raise OptionError(f"condition {text!r}: the list is not understood ({error}); {_FORMS}") from error
    return [value.strip() for value in values] or [""]


def _value(text: str, field: str, given: str) -> str | float:
    if not given:
        raise OptionError(f"condition {text!r}: a value is missing; 'lacks {field}' asks for records without one")
    if ASKED[field] not in ("float", "int"):
        return given
    try:
        number = float(given)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise OptionError(f"condition {text!r}: {field} is a number, and {given!r} is none")
    return number
