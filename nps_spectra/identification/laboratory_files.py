"""TOML files that a laboratory may edit: read with faults that say where, and written again."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from nps_spectra.errors import InputError

#: A file of words or numbers is a few kilobytes; this is refused before it is parsed.
LARGEST_BYTES: Final = 1 << 20


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file of at most one MiB.

    Raises
    ------
    InputError
        The file is not there, too large, not UTF-8 or not TOML.

    Examples
    --------
    >>> read_toml(Path("no_such_file.toml"))
    Traceback (most recent call last):
    ...
    nps_spectra.errors.InputError: no_such_file.toml: cannot be read (No such file or directory)
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error
    except ValueError as error:  # a NUL in the name
        raise InputError(f"{str(path)!r}: no name of a file ({error})") from error
    if len(content) > LARGEST_BYTES:
        raise InputError(f"{path}: more than {LARGEST_BYTES} bytes; a file of words or schemes is smaller")
    try:
        # An editor on Windows may put a byte-order mark in front.
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 (byte {error.start}); save the file as UTF-8") from error
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise InputError(f"{path}: not TOML ({str(error) or 'nested too deeply'})") from error


class Fields:
    """The keys of one table of a file, taken out one by one; what is left over is a fault.

    Parameters
    ----------
    path : Path
    place : str
        Where the table stands in the file, for messages.
    table : object
        What the file has there.

    Examples
    --------
    >>> Fields(Path("words.toml"), "invalid", {"rank": 7}).integer("rank")
    7
    """

    def __init__(self, path: Path, place: str, table: object) -> None:
        self.path = path
        self.place = place
        if not isinstance(table, dict):
            raise InputError(f"{path}, {place}: found {table!r}, expected a table")
        self._left: dict[str, Any] = dict(table)

    def fault(self, field: str, reason: str) -> InputError:
        """The error that says where the fault is."""
        return InputError(f"{self.path}, {self.place}, {field}: {reason}")

    def take(self, field: str, kind: type | tuple[type, ...], expected: str, default: Any = ...) -> Any:
        """The value of a key, of this type."""
        if field not in self._left:
            if default is ...:
                raise self.fault(field, f"missing, expected {expected}")
            return default
        value = self._left.pop(field)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.fault(field, f"found {value!r}, expected {expected}")
        return value

    def text(self, field: str) -> str:
        """A text that says something."""
        value: str = self.take(field, str, "a text")
        if not value.strip():
            raise self.fault(field, "found an empty text, expected words")
        return value

    def optional_text(self, field: str) -> str | None:
        """A text, or None where the key is absent."""
        return self.text(field) if field in self._left else None

    def integer(self, field: str) -> int:
        """A whole number."""
        value: int = self.take(field, int, "a whole number")
        return value

    def flag(self, field: str, default: Any = ...) -> bool:
        """True or false."""
        value: bool = self.take(field, bool, "true or false", default)
        return value

    def names(self, field: str) -> tuple[str, ...]:
        """A list of texts, none of them twice."""
        values = self.take(field, list, "a list of texts")
        for value in values:
            if not isinstance(value, str) or not value.strip():
                raise self.fault(field, f"found {value!r} in the list, expected a text")
            if values.count(value) > 1:
                raise self.fault(field, f"found {value!r} twice, expected it once")
        return tuple(values)

    def tables(self, field: str, default: Any = ...) -> list[Any]:
        """A list of tables, as ``[[field]]`` writes it."""
        values: list[Any] = self.take(field, list, f"tables [[{field}]]", default)
        return values

    def table(self, field: str) -> dict[str, Any]:
        """A table."""
        value: dict[str, Any] = self.take(field, dict, "a table")
        return value

    def end(self) -> None:
        """Complain about keys that nothing asked for: a misspelt key must not be ignored."""
        for field in self._left:
            raise self.fault(field, "not a key of this table; check the spelling")


def toml_text(tables: Iterable[tuple[str, Mapping[str, Any]]]) -> str:
    """TOML of (heading, key and value pairs); the heading is written as it is, empty for the top of the file.

    Values are texts, whole or decimal numbers, booleans, and lists of these; None is left out.

    Examples
    --------
    >>> print(toml_text([("", {"language": "en"}), ("[[clause]]", {"id": "1.2", "limits": [1, 2.5]})]))
    language = "en"
    <BLANKLINE>
    [[clause]]
    id = "1.2"
    limits = [1, 2.5]
    <BLANKLINE>
    """
    blocks = []
    for heading, values in tables:
        lines = [f"{key} = {_value(value)}" for key, value in values.items() if value is not None]
        blocks.append("\n".join([heading, *lines] if heading else lines) + "\n")
    return "\n".join(blocks)


def _value(value: Any) -> str:
    if isinstance(value, str):
        # JSON's escapes are TOML's, but for DEL, which JSON leaves bare and TOML forbids.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value!r} is no number of a scheme")
    if isinstance(value, int | float):
        return repr(value)
    return f"[{', '.join(_value(one) for one in value)}]"
