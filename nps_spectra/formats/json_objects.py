"""The objects of a JSON document one by one, without ever holding the document.

A document is a list of objects, one object, or objects in lines (JSON Lines). What is damaged costs the object in
which it stands: the next one is found again by its brackets or, where they are lost, by how the objects before began.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Final

from nps_spectra.errors import FormatError, InputError
from nps_spectra.formats.record import RawRecord

#: A longer object is no record of a spectrum; a bracket or quote that is never closed must not fill the memory.
LARGEST_OBJECT: Final = 16 * 2**20
_CHUNK: Final = 2**20
#: As the readers of lines say it.
LATIN_1: Final = "line is not UTF-8: read as Latin-1"
UTF_16: Final = "text is UTF-16"
_UTF16: Final = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
#: A text cut anywhere fails within the length of its longest literal ("-Infinity") from its end, or in a string.
_LONGEST_LITERAL: Final = 12
_BETWEEN: Final = re.compile(r"[\s,]*")
#: Possessive: a text of millions of letters must not be kept to go back in.
_TOKEN: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"|[{}\[\]]', re.DOTALL)
_FIRST_KEY: Final = re.compile(r'\{\s*"((?:[^"\\]|\\.){1,80})"')
_OTHER: Final = re.compile(r"[^\n{]*(?:\n\s*)?")
#: What "surrogateescape" makes of the bytes 0x80 to 0xff.
_ESCAPED: Final = re.compile("[\udc80-\udcff]")


class Record(dict[str, Any]):
    """One JSON object; `repeated` holds the values of keys that stand more than once, which a dict would lose."""

    __slots__ = ("repeated",)

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.repeated: list[tuple[str, Any]] = []
        if len(self) < len(pairs):
            seen: set[str] = set()
            for key, value in reversed(pairs):
                if key in seen:
                    self.repeated.append((key, value))
                seen.add(key)


def objects(stream: BinaryIO) -> Iterator[RawRecord]:
    r"""Every object of a JSON document as the ``content`` of a `RawRecord`; its ``context`` are notes on the encoding.

    Parameters
    ----------
    stream : binary stream
        UTF-8, or UTF-16 with a byte order mark. Bytes that are not UTF-8 are read as Latin-1.

    Raises
    ------
    InputError
        The stream is damaged, or the list ends before its closing bracket; after the objects before it.

    Examples
    --------
    >>> import io
    >>> [raw.content or raw.fault for raw in objects(io.BytesIO(b'[{"a": 1}, 2,\n{"a": 3}]'))]
    [{'a': 1}, "found '2,', expected an object '{'", {'a': 3}]
    """
    return _Objects(stream).find()


class _Objects:
    def __init__(self, stream: BinaryIO) -> None:
        self._read: Callable[[int], bytes] = getattr(stream, "read1", stream.read)
        self._decoder: codecs.IncrementalDecoder | None = None
        self._text = ""
        self._at = 0
        self._line = 1
        self._ended = False
        self._failed: InputError | None = None
        self._notes: list[str] = []
        self._scan = json.JSONDecoder(object_pairs_hook=Record).raw_decode
        self._first_key: str | None = None
        self._indent: str | None = None

    def find(self) -> Iterator[RawRecord]:
        open_list = False
        started = False
        while self._skip():
            letter = self._text[self._at]
            if letter == "{":
                yield self._object()
                started = True
            elif letter == "[" and not started:
                open_list = started = True
                self._forward(self._at + 1)
            elif letter == "]" and open_list:
                open_list = False
                self._forward(self._at + 1)
            else:
                yield self._rubbish()
        if self._failed is not None:
            raise self._failed
        if open_list:
            raise InputError(f"the list of the document is not closed (line {self._line}): the file is cut short")

    def _more(self, wanted: int = _CHUNK) -> bool:
        """Read on until `wanted` characters are there beyond the place; False if nothing came."""
        before = len(self._text) - self._at
        parts = [self._text[self._at :]]
        length = before
        while not self._ended and (length == before or length < wanted):
            try:
                data = self._read(_CHUNK)
            except InputError as error:
                # What stood before the damage counts; the damage is told when the document ends.
                self._failed = error
                data = b""
            self._ended = not data
            part = self._decoded(data)
            parts.append(part)
            length += len(part)
        self._text, self._at = "".join(parts), 0
        return length > before

    def _decoded(self, data: bytes) -> str:
        if self._decoder is None:
            encoding = _UTF16.get(data[:2])
            self._decoder = codecs.getincrementaldecoder(encoding or "utf-8-sig")("surrogateescape")
            if encoding:
                data = data[2:]
                self._notes.append(UTF_16)
        try:
            text = self._decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            self._failed = FormatError(f"starts as UTF-16 text but is not: {error}")
            self._ended = True
            return ""
        if text.isascii():
            return text
        text, count = _ESCAPED.subn(lambda found: chr(ord(found.group()) - 0xDC00), text)
        if count:
            self._notes.append(LATIN_1)
        return text

    def _forward(self, to: int) -> None:
        self._line += self._text.count("\n", self._at, to)
        self._at = to

    def _skip(self) -> bool:
        """Go to the next letter that is no blank and no comma; False at the end."""
        while True:
            found = _BETWEEN.match(self._text, self._at)
            self._forward(found.end() if found else self._at)
            if self._at < len(self._text):
                return True
            if not self._more():
                return False

    def _rubbish(self) -> RawRecord:
        line, shown = self._line, ""
        while True:
            found = _OTHER.match(self._text, self._at)
            end = max(found.end() if found else 0, self._at + (not shown))
            shown = (shown + self._text[self._at : end])[:60]
            cut = end < len(self._text)
            self._forward(end)
            if cut or not self._more():
                break
        return RawRecord(line, fault=f"found {shown.strip()[:40]!r}, expected an object '{{'")

    def _object(self) -> RawRecord:
        line = self._line
        wanted = _CHUNK
        while True:
            try:
                content, end = self._scan(self._text, self._at)
            except RecursionError:
                return self._broken(line, "brackets nested too deep")
            except json.JSONDecodeError as error:
                if self._ended or not _may_go_on(error, self._text):
                    place = self._line + self._text.count("\n", self._at, error.pos)
                    return self._broken(line, f"not JSON: {error.msg} (line {place})")
            except ValueError as error:
                # A whole number of more digits than Python converts.
                return self._broken(line, f"not JSON that can be read: {error}")
            else:
                break
            if len(self._text) - self._at >= LARGEST_OBJECT:
                return self._broken(line, f"an object longer than {LARGEST_OBJECT // 2**20} MiB")
            wanted = min(2 * wanted, LARGEST_OBJECT)
            self._more(wanted)
        if self._first_key is None:
            self._learn()
        notes, self._notes = tuple(self._notes), []
        self._forward(end)
        return RawRecord(line, content=content, context=notes)

    def _learn(self) -> None:
        """How the objects of this document begin, to find them again after damage."""
        found = _FIRST_KEY.match(self._text, self._at)
        self._first_key = found.group(1) if found else None
        before = self._text[: self._at].rpartition("\n")[2]
        self._indent = before if before.isspace() or (not before and self._at > 0) else None

    def _broken(self, line: int, fault: str) -> RawRecord:
        """Go to where the next object can begin."""
        if len(self._text) - self._at < LARGEST_OBJECT:
            self._more(LARGEST_OBJECT)
        limit = self._next_start()
        depth, end = 0, limit
        for token in _TOKEN.finditer(self._text, self._at, limit):
            letter = token.group()
            depth += letter in "{[" if len(letter) == 1 else 0
            depth -= letter in "}]" if len(letter) == 1 else 0
            if depth <= 0:
                end = token.end()
                break
        self._forward(end)
        return RawRecord(line, fault=fault)

    def _next_start(self) -> int:
        marks = []
        if self._first_key is not None:
            marks.append(r'\{\s*"' + re.escape(self._first_key) + '"')
        if self._indent is not None or self._first_key is None:
            marks.append(r"(?<=\n)" + re.escape(self._indent or "") + r",?\{")
        found = re.compile("|".join(marks)).search(self._text, self._at + 1)
        return found.start() if found else len(self._text)


def _may_go_on(error: json.JSONDecodeError, text: str) -> bool:
    return error.pos >= len(text) - _LONGEST_LITERAL or error.msg.startswith("Unterminated string")
