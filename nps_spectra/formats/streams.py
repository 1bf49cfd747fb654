"""Files, folders and archives as streams of bytes.

`members` walks over everything there is to read below a path; `nps_spectra.formats.lines` turns a stream of text into
lines. What cannot be read is a `Member` with a `fault`,
never an exception that would hide the members after it::

    for member in members("library.tar.xz"):
        if member.fault is None and member.skipped is None:
            head, lines = peek_text(text_lines(member.open(), notes))
            for number, text in lines: ...
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path, PurePath
from typing import Any, BinaryIO, Final

from nps_spectra.errors import InputError
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

__all__ = ["PEEK", "Member", "members", "peek_bytes"]

#: How much of a file is looked at to tell its format (bytes or characters).
PEEK: Final = 2**16

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
