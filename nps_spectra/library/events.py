"""What was done to a library: the log that travels with it.

An event of a whole library (build, merge, select, consensus, groups) has no record; an event of one record names it,
and the field with its value before and after. Events are never removed: a library that was made of others has theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from nps_spectra.spectrum import FIELDS

#: What can be done to a library.
ACTIONS: Final = ("build", "merge", "select", "edit", "consensus", "groups")
#: What an event of a record may concern: a typed field, or where the record was read.
_CONCERNED: Final = frozenset({*FIELDS, "source_file"})
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")

Value = str | float | Sequence[str] | None


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that was done to a library.

    Attributes
    ----------
    time : str
        UTC as ``2024-02-29T12:00:00Z``; no digest depends on it.
    action : {"build", "merge", "select", "edit", "consensus", "groups"}
    program : str
        Name and version of the program that did it.
    arguments : mapping
        How it was called, and for events of a whole library what came of it; plain data.
    record : str or None
        Key of the record concerned (`nps_spectra.library.keys`); None if the event is of the whole library.
    digest : str or None
        SHA-256 of the record's content before the event; of a consensus, its own.
    field : str or None
        Typed field concerned, or ``source_file``.
    before, after : str, number, list of str, or None
        Values; None is missing.
    why : str or None
        The reason, as whoever did it gave it, or as the rule says.
    """

    time: str
    action: str
    program: str
    arguments: Mapping[str, Any]
    record: str | None = None
    digest: str | None = None
    field: str | None = None
    before: Value = None
    after: Value = None
    why: str | None = None

    def describe(self) -> dict[str, Any]:
        """The event as plain data."""
        names = ("time", "action", "program", "record", "digest", "field", "before", "after", "why")
        return {name: getattr(self, name) for name in names} | {"arguments": dict(self.arguments)}

    def of_record(
        self,
        record: str,
        digest: str,
        field: str | None = None,
        before: Value = None,
        after: Value = None,
        why: str | None = None,
    ) -> Event:
        """An event of one record that belongs to this one of the whole library."""
        return Event(self.time, self.action, self.program, self.arguments, record, digest, field, before, after, why)


def new_event(action: str, arguments: Mapping[str, Any]) -> Event:
    """An event of a whole library that happens now."""
    from nps_spectra import __version__

    time = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Event(time, action, f"nps_spectra {__version__}", MappingProxyType(dict(arguments)))


def packed(events: Iterable[Event]) -> dict[str, Any]:
    """Events as the library file has them: what many events share is written once."""
    numbers: dict[tuple[Any, ...], int] = {}
    operations: list[dict[str, Any]] = []
    rows: list[list[Any]] = []
    for event in events:
        # Arguments are one object for all events of an operation; that they are equal need not be known.
        shared = (event.time, event.action, event.program, id(event.arguments))
        if shared not in numbers:
            numbers[shared] = len(operations)
            operations.append(
                {
                    "time": event.time,
                    "action": event.action,
                    "program": event.program,
                    "arguments": dict(event.arguments),
                }
            )
        after = list(event.after) if isinstance(event.after, tuple) else event.after
        before = list(event.before) if isinstance(event.before, tuple) else event.before
        rows.append([numbers[shared], event.record, event.digest, event.field, before, after, event.why])
    return {"operations": operations, "events": rows}


def unpacked(stored: Any) -> tuple[Event, ...]:
    """Events from what `packed` made.

    Raises
    ------
    ValueError
        Not a log of events; the message names the first thing that is wrong.
    """
    if not isinstance(stored, dict) or set(stored) != {"operations", "events"}:
        raise ValueError("the log of events has other parts than operations and events")
    operations = [_operation(number, given) for number, given in enumerate(stored["operations"])]
    return tuple(_event(number, given, operations) for number, given in enumerate(stored["events"]))


def _operation(number: int, given: Any) -> Event:
    fault = None
    if not isinstance(given, dict) or set(given) != {"time", "action", "program", "arguments"}:
        fault = f"is {given!r}: expected time, action, program and arguments"
    elif not (isinstance(given["time"], str) and _TIME.fullmatch(given["time"])):
        fault = f"has the time {given['time']!r}: expected UTC such as 2024-02-29T12:00:00Z"
    elif given["action"] not in ACTIONS:
        fault = f"is {given['action']!r}: expected one of {', '.join(ACTIONS)}"
    elif not isinstance(given["program"], str) or not isinstance(given["arguments"], dict):
        fault = "has a program that is no text, or arguments that are no mapping"
    if fault is not None:
        raise ValueError(f"operation {number} of the log {fault}")
    return Event(given["time"], given["action"], given["program"], MappingProxyType(given["arguments"]))


def _event(number: int, given: Any, operations: Sequence[Event]) -> Event:
    if not isinstance(given, list) or len(given) != 7:
        raise ValueError(f"event {number} of the log is {given!r}: expected seven values")
    operation, record, digest, field, before, after, why = given
    if isinstance(operation, bool) or not isinstance(operation, int) or not 0 <= operation < len(operations):
        raise ValueError(f"event {number} of the log belongs to operation {operation!r}, which is not there")
    if not all(text is None or isinstance(text, str) for text in (record, digest, field, why)):
        raise ValueError(f"event {number} of the log has a record, digest, field or reason that is no text")
    if digest is not None and not _DIGEST.fullmatch(digest):
        raise ValueError(f"event {number} of the log has the digest {digest!r}: expected 64 hexadecimal digits")
    if field is not None and field not in _CONCERNED:
        raise ValueError(f"event {number} of the log concerns the field {field!r}, which no record has")
    whole = operations[operation]
    if record is None:
        return whole
    if digest is None:
        raise ValueError(f"event {number} of the log concerns a record without its digest")
    return whole.of_record(record, digest, field, _value(number, before), _value(number, after), why)


def _value(number: int, given: Any) -> Value:
    if given is None or (isinstance(given, (str, int, float)) and not isinstance(given, bool)):
        return given
    if isinstance(given, list) and all(isinstance(text, str) for text in given):
        return tuple(given)
    raise ValueError(f"event {number} of the log has the value {given!r}: expected text, a number or several texts")
