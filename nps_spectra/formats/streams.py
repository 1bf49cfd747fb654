"""Files, folders and archives as streams of bytes, and bytes as numbered lines of text.

`members` walks over everything there is to read below a path, `text_lines` turns one stream into lines and
`peek_text` looks at the first of them without losing any. What cannot be read is a `Member` with a `fault`,
never an exception that would hide the members after it::

    for member in members("library.tar.xz"):
        if member.fault is None and member.skipped is None:
            head, lines = peek_text(text_lines(member.open(), notes))
            for number, text in lines: ...
"""

from __future__ import annotations

import codecs
import hashlib
import io
import itertools
import os
import stat
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path, PurePath
from typing import Any, BinaryIO, Final

from nps_spectra.errors import FormatError, InputError
from nps_spectra.formats.archives import content
from nps_spectra.formats.member import (
    BUFFER,
    HEAD,
    SMALL,
    Guard,
    Member,
    kind_of,
    printable,
    reason_of,
    skip_reason,
    unread,
)

__all__ = ["LONGEST_LINE", "PEEK", "Member", "members", "peek_bytes", "peek_text", "text_lines"]

#: No line of a spectrum file is this long (bytes).
LONGEST_LINE: Final = 64 * 2**20
#: How much of a file is looked at to tell its format (characters).
PEEK: Final = 2**16
_CHUNK: Final = 2**20
_UTF16: Final = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}

Progress = Callable[[int, int], None]
_Found = tuple[Path, str, Member | None]


def members(path: str | os.PathLike[str], progress: Progress | None = None) -> Iterator[Member]:
    """Everything there is to read in a file, a folder (with its subfolders) or an archive.

    Archives (zip, tar) and compressed files (gzip, xz, bzip2) are recognised by content, not by name.
    Folders are read in the order of names, archives in their own order. Members of an archive that are
    links, devices or further archives, or whose path leaves the archive, are faults; the others are read.
    Hidden files and those that are no spectra by their name (README, LICENSE, pictures ...) are `skipped`,
    except for a file that `path` names itself.

    Parameters
    ----------
    path : path-like
        File or folder.
    progress : callable, optional
        Called now and then with the bytes read of the files on disk, and their total.

    Raises
    ------
    InputError
        `path` does not exist.
    """
    root = Path(path)
    shown = printable(PurePath(path).as_posix())
    if not root.exists():
        raise InputError(f"{shown}: no such file or folder")
    found: list[_Found] = list(_walk(root, shown)) if root.is_dir() else [(root, shown, None)]
    sizes = [0 if member else _size(file) for file, _, member in found]
    meter = _Meter(progress, sum(sizes))
    for (file, name, member), size in zip(found, sizes, strict=True):
        if member is not None:
            yield member
        else:
            yield from _file(file, name, meter)
        meter.finish(size)


def _walk(root: Path, shown: str) -> Iterator[_Found]:
    """Files below a folder, in an order that does not depend on the machine; a `Member` for what is not read."""
    inside = os.path.realpath(root)
    visited = {inside}
    pending: list[tuple[Path, str]] = [(root, shown)]
    while pending:
        path, name = pending.pop()
        if path is not root:
            member = _refusal(path, name, inside, visited)
            if member is not None or not path.is_dir():
                yield path, name, member
                continue
        try:
            entries = [entry.name for entry in path.iterdir()]
        except OSError as error:
            yield path, name, unread(name, name, "", f"the folder cannot be listed ({reason_of(name, error)})")
            continue
        # NFC: some file systems hand out decomposed names, which sort differently.
        entries.sort(key=lambda entry: (unicodedata.normalize("NFC", entry), entry), reverse=True)
        pending.extend((path / entry, f"{name.rstrip('/')}/{printable(entry)}") for entry in entries)


def _refusal(path: Path, name: str, inside: str, visited: set[str]) -> Member | None:
    """A `Member` that says why a path below a folder is not read; None if it is."""
    skipped = skip_reason([path.name])
    if skipped is not None:
        return unread(name, name, "", skipped=skipped)
    real = os.path.realpath(path)
    if not _is_inside(real, inside):
        return unread(name, name, "", "link that leads out of the folder")
    if not path.exists():
        return unread(name, name, "", "link that leads nowhere")
    if path.is_dir():
        if path.is_symlink() or real in visited:
            return unread(name, name, "", skipped="link to a folder that is read where it lies")
        visited.add(real)
    return None


def _is_inside(real: str, folder: str) -> bool:
    try:
        return os.path.commonpath([folder, real]) == folder
    except ValueError:  # different drives
        return False


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


class _Meter:
    """Counts the bytes read of the files on disk and tells `progress`."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self.progress, self.total = progress, total
        self.finished = self.current = 0

    def read(self, count: int) -> None:
        self.current += count
        self._tell()

    def finish(self, size: int) -> None:
        self.finished, self.current = self.finished + size, 0
        self._tell()

    def _tell(self) -> None:
        if self.progress is not None:
            self.progress(min(self.finished + self.current, self.total), self.total)


class _DiskFile(io.FileIO):
    """A file on disk that counts what a buffer above it reads."""

    def __init__(self, path: Path, meter: _Meter) -> None:
        super().__init__(path, "rb")
        self.meter = meter
        self.consumed = 0

    def readinto(self, buffer: Any) -> int:
        count = super().readinto(buffer) or 0
        self.consumed += count
        self.meter.read(count)
        return count


def _file(path: Path, name: str, meter: _Meter) -> Iterator[Member]:
    """The members of one file on disk: itself, or what is in it."""
    digest = ""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            yield unread(name, name, "", "not a regular file (a device, pipe or socket)")
            return
        with _DiskFile(path, meter) as file:
            if status.st_size <= SMALL:
                data = file.readall()
                digest = hashlib.sha256(data).hexdigest()
                yield from content(io.BytesIO(data), kind_of(data[:HEAD]), name, digest, lambda: len(data))
                return
            with path.open("rb") as whole:
                kind = kind_of(whole.read(HEAD))
                whole.seek(0)
                digest = hashlib.file_digest(whole, "sha256").hexdigest()
            if kind == "zip":
                # zipfile jumps about in the file: what it has unpacked is held against the whole of it.
                with io.BufferedReader(file, BUFFER) as seekable:
                    yield from content(seekable, kind, name, digest, lambda: status.st_size)
            else:
                guarded = io.BufferedReader(Guard(file, name, error=InputError), BUFFER)
                yield from content(guarded, kind, name, digest, lambda: file.consumed)
    except InputError as error:
        yield unread(name, name, digest, reason_of(name, error))
    except OSError as error:
        yield unread(name, name, digest, f"cannot be read ({reason_of(name, error)})")


def text_lines(stream: BinaryIO, notes: Counter[str]) -> Iterator[tuple[int, str]]:
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
    >>> list(text_lines(io.BytesIO(b"Name: caf\xe9\r\nNum Peaks: 1\n"), Counter()))
    [(1, 'Name: café'), (2, 'Num Peaks: 1')]
    """
    count = 1
    for block in _blocks(_utf8_chunks(stream, notes)):
        lines = _decoded(block, notes)
        yield from enumerate(lines, count)
        count += len(lines)


def peek_text(lines: Iterator[tuple[int, str]], limit: int = PEEK) -> tuple[str, Iterator[tuple[int, str]]]:
    r"""The first lines as one text, and an iterator over all lines, these included.

    Parameters
    ----------
    lines : iterator
        As `text_lines` gives.
    limit : int
        As many whole lines are taken as fit into this (characters); a longer first line is cut.

    Raises
    ------
    FormatError, InputError
        As `text_lines`, if not one line can be read; later damage is raised by the iterator, in its place.

    Examples
    --------
    >>> head, lines = peek_text(text_lines(io.BytesIO(b"BEGIN IONS\nTITLE=a\n"), Counter()))
    >>> head, next(lines)
    ('BEGIN IONS\nTITLE=a', (1, 'BEGIN IONS'))
    """
    first: list[tuple[int, str]] = []
    length = 0
    rest: Iterator[tuple[int, str]] = lines
    try:
        for item in lines:
            first.append(item)
            length += len(item[1]) + 1
            if length > limit:
                break
    except InputError as error:
        if not first:
            raise
        rest = _failing(error)
    shown = first[:-1] if length > limit and len(first) > 1 else first
    return "\n".join(text for _, text in shown)[:limit], itertools.chain(first, rest)


def peek_bytes(stream: BinaryIO, limit: int = PEEK) -> tuple[bytes, BinaryIO]:
    r"""The first bytes of a stream, and a stream that gives all of them, these included.

    Parameters
    ----------
    stream : binary stream
        Need not be seekable.
    limit : int
        At most so many bytes are looked at.

    Raises
    ------
    InputError
        Not one byte can be read; later damage is raised by the stream, in its place.

    Examples
    --------
    >>> head, stream = peek_bytes(io.BytesIO(b"CDF\x01..."), 3)
    >>> head, stream.read()
    (b'CDF', b'CDF\x01...')
    """
    if isinstance(stream, io.BytesIO):
        head = stream.read(limit)
        stream.seek(0)
        return head, stream
    read: Callable[[int], bytes] = getattr(stream, "read1", stream.read)
    parts: list[bytes] = []
    length = 0
    failed: InputError | None = None
    while length < limit:
        try:
            part = read(limit - length)
        except InputError as error:
            if not parts:
                raise
            failed = error
            break
        if not part:
            break
        parts.append(part)
        length += len(part)
    head = b"".join(parts)
    return head, io.BufferedReader(_Replayed(head, stream, failed), BUFFER)


class _Replayed(io.RawIOBase):
    """What was looked at, then the rest of the stream, then the damage that was met while looking."""

    def __init__(self, head: bytes, rest: BinaryIO, failed: InputError | None) -> None:
        self._head = memoryview(head)
        self._rest = rest
        self._failed = failed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        if len(self._head):
            part = self._head[: len(view)]
            view[: len(part)] = part
            self._head = self._head[len(part) :]
            return len(part)
        if self._failed is not None:
            raise self._failed
        read: Callable[[int], bytes] = getattr(self._rest, "read1", self._rest.read)
        data = read(len(view))
        view[: len(data)] = data
        return len(data)


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


def _decoded(block: bytes, notes: Counter[str]) -> list[str]:
    block = block.removesuffix(b"\n")
    try:
        return block.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        lines = []
        for line in block.split(b"\n"):
            try:
                lines.append(line.decode("utf-8"))
            except UnicodeDecodeError:
                notes["line is not UTF-8: read as Latin-1"] += 1
                lines.append(line.decode("latin-1"))
        return lines
