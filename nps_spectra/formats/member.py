"""One thing to read, and the guarded stream that its content comes through."""

from __future__ import annotations

import fnmatch
import io
import lzma
import re
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from nps_spectra.errors import ArchiveError, InputError

#: An archive that unpacks to more than this is given up once it also exceeds `BOMB_RATIO`.
BOMB_BYTES: Final = 256 * 2**20
BOMB_RATIO: Final = 100
#: Files and members up to this size are read at once, which is much faster than a chain of streams.
SMALL: Final = 4 * 2**20
BUFFER: Final = 2**18
#: So many first bytes tell what a file is.
HEAD: Final = tarfile.BLOCKSIZE

_SKIPPED_NAMES: Final = re.compile(
    "|".join(
        fnmatch.translate(pattern)
        for pattern in (
            *("readme*", "license*", "licence*", "copying*", "version", "version.txt", "changelog*"),
            *("*.md", "*.rst", "*.pdf", "*.html", "*.htm", "*.png", "*.jpg", "*.jpeg", "*.gif", "*.svg"),
            *("*.doc", "*.docx", "*.xls", "*.xlsx", "*.ppt", "*.pptx"),
            *("thumbs.db", "desktop.ini", "list_of_contributors*"),
        )
    )
)
_MAGIC: Final = re.compile(
    rb"(?P<zip>PK\x03\x04|PK\x05\x06)|(?P<gzip>\x1f\x8b\x08)|(?P<xz>\xfd7zXZ\x00)"
    rb"|(?P<bzip2>BZh[1-9](?:1AY&SY|\x17rE8P\x90))"
    rb"|(?P<sevenzip>7z\xbc\xaf\x27\x1c)|(?P<rar>Rar!\x1a\x07)|(?P<zstandard>\x28\xb5\x2f\xfd)"
)
#: What the readers of archives raise on damaged input; zipfile also raises RuntimeError.
DAMAGE: Final = (
    tarfile.TarError,
    zipfile.BadZipFile,
    lzma.LZMAError,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    ArithmeticError,
    LookupError,
    RuntimeError,
)


@dataclass(frozen=True, slots=True)
class Member:
    """One thing to read: a file on disk, or a member of an archive.

    Attributes
    ----------
    name : str
        Path to show, with forward slashes; a member of an archive is ``archive.tar.xz!folder/file.txt``.
    disk_file : str
        Path to show of the file on disk.
    sha256 : str
        Digest of the file on disk, in hexadecimal; empty if it was skipped or could not be read.
    open : callable
        Gives the content as a binary stream. Call it once, and read before the generator is advanced.
        Reading raises `ArchiveError` or `InputError` where the content is damaged.
    fault : str or None
        Why this cannot be read.
    skipped : str or None
        Why this is no spectrum file, judged by its name.
    """

    name: str
    disk_file: str
    sha256: str
    open: Callable[[], BinaryIO]
    fault: str | None = None
    skipped: str | None = None


def unread(name: str, file: str, sha256: str, fault: str | None = None, skipped: str | None = None) -> Member:
    """A member that has no content to read."""

    def refuse() -> BinaryIO:
        raise InputError(f"{name}: {fault or skipped}")

    return Member(name, file, sha256, refuse, fault, skipped)


def skip_reason(parts: Iterable[str]) -> str | None:
    """Why a path below a folder or inside an archive is no spectrum file; None if it may be one."""
    last = ""
    for last in parts:
        if last.startswith("."):
            return "hidden file"
    return "no spectrum file by its name" if _SKIPPED_NAMES.match(last.lower()) else None


def printable(name: str) -> str:
    """A name that can be shown and written as UTF-8: no control characters, no undecodable bytes."""
    if name.isprintable():
        return name
    return "".join("\ufffd" if unicodedata.category(letter) in ("Cc", "Cs") else letter for letter in name)


def kind_of(head: bytes) -> str | None:
    """Kind of archive or compression told by the first bytes of a file; None for any other content."""
    found = _MAGIC.match(head)
    if found is not None:
        return found.lastgroup
    if len(head) == HEAD and any(head):
        try:
            tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape")
        except tarfile.TarError:
            return None
        return "tar"
    return None


def reason_of(name: str, error: BaseException) -> str:
    """What went wrong, without the file name that a message of this package starts with."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).removeprefix(f"{name}: ") or type(error).__name__


class Budget:
    """Bytes that one file on disk has unpacked to, against the bytes read of it."""

    def __init__(self, consumed: Callable[[], int]) -> None:
        self.consumed = consumed
        self.produced = 0

    def exceeded(self, count: int) -> bool:
        """Add `count` bytes of output; whether this is a decompression bomb."""
        self.produced += count
        return self.produced > BOMB_BYTES and self.produced > BOMB_RATIO * self.consumed()


class Guard(io.RawIOBase):
    """A stream that turns whatever goes wrong below it into one error with the file's name, and stops bombs.

    Parameters
    ----------
    inner : binary stream
    name : str
        For the messages.
    budget : Budget, optional
        Refuses decompression bombs.
    expected : int, optional
        Size the content must have.
    error : type
        `InputError` or one derived from it.
    """

    def __init__(
        self,
        inner: Any,
        name: str,
        budget: Budget | None = None,
        expected: int | None = None,
        error: type[InputError] = ArchiveError,
    ) -> None:
        self.name, self.budget, self.expected, self.error = name, budget, expected, error
        # readinto of a buffered stream would drop what it has got when the damage comes.
        self.readinto_once = getattr(inner, "readinto1", inner.readinto)
        self.produced = 0
        self.failed: InputError | None = None

    def readable(self) -> bool:
        """Tell that this stream can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the whole buffer unless the content ends; what came before the damage is handed out first."""
        view, filled = memoryview(buffer).cast("B"), 0
        while filled < len(view) and self.failed is None:
            try:
                count = self.readinto_once(view[filled:])
            except InputError as error:
                self.failed = error
                break
            except DAMAGE as error:
                self.failed = self.error(f"{self.name}: damaged or cut short ({reason_of(self.name, error)})")
                break
            if not count:
                if self.expected is not None and self.produced != self.expected:
                    self.failed = self.error(
                        f"{self.name}: damaged: {self.produced} bytes, the archive announces {self.expected}"
                    )
                break
            filled += count
            self.produced += count
            if self.budget is not None and self.budget.exceeded(count):
                self.failed = ArchiveError(
                    f"{self.name}: refused: unpacks to more than {BOMB_BYTES // 2**20} MiB and {BOMB_RATIO} times "
                    "its size (a decompression bomb)"
                )
        if self.failed is not None and not filled:
            raise self.failed
        return filled
