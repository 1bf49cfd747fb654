"""The published JSON Schemas of a round, and the checks they ask for.

What a reader accepts is what the schema says: there is no second list of keys. Of JSON Schema only the words used in
``schemas/`` are understood.
"""

from __future__ import annotations

import datetime
import difflib
import json
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

from nps_spectra.errors import RoundError

_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
_SHOWN: Final = 80


@cache
def schema(name: str) -> dict[str, Any]:
    """A published schema: ``round``, ``submissions``, ``homogeneity``, ``spectra`` or ``evaluation``.

    Examples
    --------
    >>> schema("submissions")["required"]
    ['laboratory', 'sample', 'substance']
    """
    path = Path(__file__).resolve().parent / "schemas" / f"{name}.schema.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def shown(value: object) -> str:
    """A foreign value as an error message may hold it: one line, no control characters, not long."""
    text = ascii(value) if not isinstance(value, str) else repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def checked(value: Any, rules: dict[str, Any], file: str, place: str = "") -> Any:
    """The value with dates as ISO 8601 text, if the schema allows it.

    Raises
    ------
    RoundError
        Naming file, place, what was found and what was expected.
    """
    if isinstance(value, datetime.date):
        if rules.get("format") != "date-time":
            raise RoundError(file, None, place, f"found the date {value}, expected {_kind(rules)}")
        return value.isoformat()
    wanted = _types(rules)
    allowed = tuple(kind for name in wanted for kind in _TYPES[name])
    if wanted and (not isinstance(value, allowed) or (isinstance(value, bool) and "boolean" not in wanted)):
        raise RoundError(file, None, place, f"found {shown(value)}, expected {_kind(rules)}")
    if isinstance(value, dict):
        return _checked_object(value, rules, file, place)
    if isinstance(value, list):
        return [checked(item, rules["items"], file, f"{place}[{number}]") for number, item in enumerate(value, 1)]
    _check_scalar(value, rules, file, place)
    return value


def _checked_object(value: dict[str, Any], rules: dict[str, Any], file: str, place: str) -> dict[str, Any]:
    known = rules.get("properties", {})
    for name in rules.get("required", ()):
        if name not in value:
            raise RoundError(file, None, _below(place, name), f"is missing, expected {_kind(known[name])}")
    found = {}
    for name, part in value.items():
        other = rules.get("additionalProperties", False)
        if name not in known and other is False:
            close = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {close[0]!r}?" if close else f"expected one of {', '.join(known)}"
            raise RoundError(file, None, _below(place, name), f"is no key of a round: {hint}")
        found[name] = checked(part, known.get(name, other), file, _below(place, name))
    return found


def _check_scalar(value: Any, rules: dict[str, Any], file: str, place: str) -> None:
    if "enum" in rules and value not in rules["enum"]:
        raise RoundError(
            file, None, place, f"found {shown(value)}, expected one of {', '.join(map(str, rules['enum']))}"
        )
    if isinstance(value, str):
        if len(value.strip()) < rules.get("minLength", 0):
            raise RoundError(file, None, place, "is empty, expected a text")
        if "pattern" in rules and not re.fullmatch(rules["pattern"], value):
            raise RoundError(file, None, place, f"found {shown(value)}, expected {rules['pattern']}")
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        low, above, high = rules.get("minimum"), rules.get("exclusiveMinimum"), rules.get("maximum")
        if not (abs(value) < float("inf")):
            raise RoundError(file, None, place, f"found {value}, expected a finite number")
        if low is not None and value < low:
            raise RoundError(file, None, place, f"found {value}, expected {low} or more")
        if above is not None and value <= above:
            raise RoundError(file, None, place, f"found {value}, expected more than {above}")
        if high is not None and value > high:
            raise RoundError(file, None, place, f"found {value}, expected {high} or less")


def _below(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _kind(rules: dict[str, Any]) -> str:
    if "enum" in rules:
        return f"one of {', '.join(map(str, rules['enum']))}"
    if rules.get("format") == "date-time":
        return "a date or a time such as 2026-06-30 or 2026-06-30T17:00:00Z"
    return " or ".join(f"{'an' if name[0] in 'aeiou' else 'a'} {name}" for name in _types(rules))


def _types(rules: dict[str, Any]) -> list[str]:
    named = rules.get("type", [])
    return [named] if isinstance(named, str) else named
