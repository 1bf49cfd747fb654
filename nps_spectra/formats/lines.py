"""Lines of text: decoded, numbered, one by one or in blocks.

`text_lines` turns a stream into lines and `peek_text` looks at the first of them without losing any.
"""

from __future__ import annotations

import codecs
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, Final

import numpy as np

from nps_spectra.errors import FormatError, InputError
from nps_spectra.formats.streams import PEEK

#: No line of a spectrum file is this long (bytes).
LONGEST_LINE: Final = 64 * 2**20
_CHUNK: Final = 2**20
_UTF16: Final = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


class Lines:
    r"""Lines of a text without their ends, numbered from 1: one by one, or in blocks of whole lines.

    Examples
    --------
    >>> list(Lines.of("a\nb"))
    [(1, 'a'), (2, 'b')]
    """

    def __init__(self, blocks: Iterable[tuple[int, str]]) -> None:
        self._blocks = iter(blocks)

    @classmethod
    def of(cls, text: str) -> Lines:
        """The lines of a text that is there."""
        return cls([(1, text)])

    def __iter__(self) -> Iterator[tuple[int, str]]:
        for number, block in self._blocks:
            yield from enumerate(block.split("\n"), number)

    def blocks(self) -> Iterator[tuple[int, str]]:
        """Number of the first line of each block, and the block: whole lines with LF between them."""
        return self._blocks


def text_lines(stream: BinaryIO, notes: Counter[str]) -> Lines:
    r"""Lines of a stream as (number from 1, text without line end).

    UTF-8, with or without byte order mark; UTF-16 with one. A line that is not UTF-8 is read as Latin-1.
    Lines end with LF, CR LF or CR, and nowhere else.

    Parameters
    ----------
    stream : binary stream
    notes : Counter of str
        Receives what was assumed about the encoding; changed.

    Raises
    ------
    FormatError
        Binary content (a NUL byte), broken UTF-16, or a line longer than `LONGEST_LINE`.
    InputError
        The stream cannot be read to its end.

    Examples
    --------
    >>> import io
    >>> list(text_lines(io.BytesIO(b"Name: caf\xe9\r\nNum Peaks: 1\n"), Counter()))
    [(1, 'Name: café'), (2, 'Num Peaks: 1')]
    """
    return Lines(_decoded_blocks(stream, notes))


def _decoded_blocks(stream: BinaryIO, notes: Counter[str]) -> Iterator[tuple[int, str]]:
    number = 1
    for block in _blocks(_utf8_chunks(stream, notes)):
        text = _decoded(block, notes)
        yield number, text
        number += text.count("\n") + 1


def peek_text(lines: Lines, limit: int = PEEK) -> tuple[str, Lines]:
    r"""The first lines as one text, and all lines, these included.

    Parameters
    ----------
    lines : Lines
        As `text_lines` gives.
    limit : int
        As many whole lines are taken as fit into this (characters); a longer first line is cut.

    Raises
    ------
    FormatError, InputError
        As `text_lines`, if not one line can be read; later damage is raised by the lines, in its place.

    Examples
    --------
    >>> import io
    >>> head, lines = peek_text(text_lines(io.BytesIO(b"BEGIN IONS\nTITLE=a\n"), Counter()))
    >>> head, next(iter(lines))
    ('BEGIN IONS\nTITLE=a', (1, 'BEGIN IONS'))
    """
    first: list[tuple[int, str]] = []
    length = 0
    blocks = lines.blocks()
    rest: Iterator[tuple[int, str]] = blocks
    try:
        for item in blocks:
            first.append(item)
            length += len(item[1]) + 1
            if length > limit:
                break
    except InputError as error:
        if not first:
            raise
        rest = _failing(error)
    shown = "\n".join(text for _, text in first)
    if len(shown) > limit:
        shown = shown[: shown.rfind("\n", 0, limit + 1)] if "\n" in shown[: limit + 1] else shown[:limit]
    return shown, Lines(itertools.chain(first, rest))


def _failing(error: InputError) -> Iterator[tuple[int, str]]:
    raise error
    yield


def _utf8_chunks(stream: BinaryIO, notes: Counter[str]) -> Iterator[bytes]:
    # read1 hands out what precedes the damage in a damaged stream; read would lose it.
    read: Callable[[int], bytes] = getattr(stream, "read1", stream.read)
    chunk = read(_CHUNK)
    encoding = _UTF16.get(chunk[:2])
    if encoding is None:
        chunk = chunk.removeprefix(codecs.BOM_UTF8)
        while chunk:
            yield chunk
            chunk = read(_CHUNK)
        return
    notes["text is UTF-16"] += 1
    decoder = codecs.getincrementaldecoder(encoding)()
    chunk = chunk[2:]
    try:
        while chunk:
            yield decoder.decode(chunk).encode("utf-8")
            chunk = read(_CHUNK)
        decoder.decode(b"", final=True)
    except UnicodeError as error:
        raise FormatError(f"starts as UTF-16 text but is not: {error}") from error


def _blocks(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Whole lines, joined by LF alone; the last block may lack the last line end."""
    kept: list[bytes] = []
    length, line = 0, 1
    held = b""
    for chunk in chunks:
        # A CR at the end of a chunk may be the first half of a CR LF: it waits for the next chunk.
        text = held + chunk
        held = text[-1:] if text.endswith(b"\r") else b""
        text = text.removesuffix(held)
        cut = text.rfind(b"\n") + 1 or text.rfind(b"\r") + 1
        if cut:
            block = _line_ends(b"".join((*kept, text[:cut])), line)
            yield block
            line += block.count(b"\n")
            kept, length = [], 0
        kept.append(text[cut:])
        length += len(text) - cut
        if length > LONGEST_LINE:
            raise FormatError(f"line {line} is longer than {LONGEST_LINE // 2**20} MiB: no text format")
    if length or held:
        yield _line_ends(b"".join((*kept, held)), line)


def _line_ends(block: bytes, line: int) -> bytes:
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if b"\0" in block:
        line += block.count(b"\n", 0, block.index(b"\0"))
        raise FormatError(f"binary content (a NUL byte in line {line}): no text format, or UTF-16 without a mark")
    return block


def _decoded(block: bytes, notes: Counter[str]) -> str:
    block = block.removesuffix(b"\n")
    try:
        return block.decode("utf-8")
    except UnicodeDecodeError:
        lines = []
        for line in block.split(b"\n"):
            try:
                lines.append(line.decode("utf-8"))
            except UnicodeDecodeError:
                notes["line is not UTF-8: read as Latin-1"] += 1
                lines.append(line.decode("latin-1"))
        return "\n".join(lines)


def starts_blank(block: str) -> bool:
    r"""Whether a line of a block, but for the first, may begin with white space; false only if none does.

    Examples
    --------
    >>> starts_blank("a\n b"), starts_blank("a\n\nb")
    (True, False)
    """
    if not block.isascii():
        return _STARTS_BLANK.search(block) is not None
    codes = np.frombuffer(block.encode("ascii"), dtype=np.uint8)
    starts, first = codes[:-1] == _LINE_END, codes[1:]
    return bool((starts & (first <= _LAST_SPACE) & (first != _LINE_END)).any())


_STARTS_BLANK: Final = re.compile(r"\n[^\S\n]")
_LINE_END: Final = ord("\n")
#: All white space of ASCII is up to here.
_LAST_SPACE: Final = ord(" ")
