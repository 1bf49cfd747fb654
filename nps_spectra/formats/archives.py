"""Archives and compressed files as streams: nothing is unpacked to disk, nothing is trusted, nothing is lost."""

from __future__ import annotations

import bz2
import gzip
import io
import itertools
import lzma
import re
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from typing import IO, Any, BinaryIO, Final, Self, cast

from nps_spectra.errors import ArchiveError, InputError
from nps_spectra.formats.member import (
    BUFFER,
    DAMAGE,
    HEAD,
    SMALL,
    Budget,
    Guard,
    Member,
    kind_of,
    printable,
    reason_of,
    skip_reason,
    unread,
)

_READABLE: Final = frozenset({"zip", "tar", "gzip", "xz", "bzip2"})


def content(
    stream: BinaryIO, kind: str | None, name: str, sha256: str, consumed: Callable[[], int]
) -> Iterator[Member]:
    """The members of one file on disk: those of an archive, or the file itself.

    Parameters
    ----------
    stream : binary stream
        At its start; one that can seek if `kind` is ``"zip"``.
    kind : str or None
        As `kind_of` tells.
    name : str
        Path to show.
    sha256 : str
        Digest of the file.
    consumed : callable
        Bytes read of the file so far.

    Raises
    ------
    ArchiveError
        The content cannot be read from its very start.
    """
    if kind == "zip":
        yield from _zip_members(stream, name, sha256, Budget(consumed))
    elif kind == "tar":
        yield from _tar_members(stream, name, sha256)
    elif kind is None:
        yield Member(name, name, sha256, lambda: stream)
    elif kind not in _READABLE:
        yield unread(name, name, sha256, f"{kind} archive: unpack it first")
    else:
        reader: Any = {"gzip": gzip.GzipFile, "xz": lzma.LZMAFile, "bzip2": bz2.BZ2File}[kind]
        raw = reader(fileobj=stream) if kind == "gzip" else reader(stream)
        unpacked = io.BufferedReader(Guard(raw, name, Budget(consumed)), BUFFER)
        inner = kind_of(unpacked.peek(HEAD)[:HEAD])
        if inner == "tar":
            yield from _tar_members(unpacked, name, sha256)
        elif inner is not None:
            yield unread(name, name, sha256, f"{inner} archive inside a {kind} file: unpack it first")
        else:
            yield Member(name, name, sha256, lambda: unpacked)


def _place(raw: str) -> tuple[list[str], str | None]:
    """Folders and name of a member, and why its path is refused."""
    path = printable(raw).replace("\\", "/")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if path.startswith("/") or re.match("[A-Za-z]:", path):
        return [path], "unsafe path: absolute"
    if ".." in parts:
        return [path], "unsafe path: '..' leads out of the archive"
    return parts, None if parts else "no name"


def _read_all(stream: IO[bytes], name: str, size: int) -> bytes:
    try:
        data = stream.read(size + 1)
    except InputError:
        raise
    except DAMAGE as error:
        raise ArchiveError(f"{name}: damaged or cut short ({reason_of(name, error)})") from error
    if len(data) != size:
        raise ArchiveError(f"{name}: damaged: {len(data)} bytes, the archive announces {size}")
    return data


def _member(data: bytes, name: str, file: str, sha256: str) -> Member:
    inner = kind_of(data[:HEAD])
    if inner is not None:
        return unread(name, file, sha256, f"{inner} archive inside an archive: unpack it first")
    return Member(name, file, sha256, lambda: io.BytesIO(data))


def _large_member(guard: Guard, name: str, file: str, sha256: str) -> Member:
    buffered = io.BufferedReader(guard, BUFFER)
    inner = kind_of(buffered.peek(HEAD)[:HEAD])
    if inner is not None:
        return unread(name, file, sha256, f"{inner} archive inside an archive: unpack it first")
    return Member(name, file, sha256, lambda: buffered)


# --- tar --------------------------------------------------------------------------------------------------------


class _CheckedHeader(tarfile.TarInfo):
    """A tar header that is right or an error: tarfile takes a damaged one for the end of the archive."""

    __slots__ = ()

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        info = super().frombuf(buf, encoding, errors)
        if info.size < 0 or (info.size > SMALL and info.type in (b"L", b"K", b"x", b"g", b"X")):
            # Headers of this kind are read into memory as a whole, whatever length they announce.
            raise ArchiveError(f"damaged: a header announces {info.size} bytes")
        return info

    @classmethod
    def fromtarfile(cls, tarfile_: tarfile.TarFile) -> Self:
        try:
            return super().fromtarfile(tarfile_)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
            raise
        except tarfile.EmptyHeaderError as error:  # type: ignore[attr-defined]
            raise ArchiveError("cut short: the end mark of the archive is missing") from error
        except tarfile.HeaderError as error:
            raise ArchiveError(f"damaged: {error}") from error


def _tar_members(stream: BinaryIO, name: str, sha256: str) -> Iterator[Member]:
    current, found = name, 0
    open_guard: Guard | None = None
    try:
        with tarfile.open(
            fileobj=stream, mode="r|", tarinfo=_CheckedHeader, encoding="utf-8", errors="surrogateescape"
        ) as archive:
            while (info := archive.next()) is not None:
                archive.members.clear()  # type: ignore[attr-defined]  # else all headers stay in memory
                if info.isdir():
                    continue
                found += 1
                parts, fault = _place(info.name)
                shown, open_guard = f"{name}!{'/'.join(parts)}", None
                if fault is None and (not info.isreg() or info.issparse()):
                    fault = _irregular(info)
                skipped = skip_reason(parts) if fault is None else None
                if fault is not None or skipped is not None:
                    yield unread(shown, name, sha256, fault, skipped)
                    continue
                current = shown
                data = cast("IO[bytes]", archive.extractfile(info))
                if info.size <= SMALL:
                    member = _member(_read_all(data, shown, info.size), shown, name, sha256)
                else:
                    guard = Guard(data, shown, expected=info.size)
                    member, open_guard = _large_member(guard, shown, name, sha256), guard
                current = name
                yield member
            _check_end(cast("IO[bytes]", archive.fileobj), name)
    except (*DAMAGE, InputError) as error:
        if open_guard is None or open_guard.failed is None:
            # Otherwise whoever read that member has seen the damage already.
            yield unread(current, name, sha256, f"{reason_of(current, error)}; nothing after this could be read")
        return
    if not found:
        yield unread(name, name, sha256, "empty archive")


def _irregular(info: tarfile.TarInfo) -> str:
    if info.islnk() or info.issym():
        return f"link (to {printable(info.linkname)!r}): links in archives are not followed"
    if info.isreg():
        return "sparse file: pack the archive again without sparse files"
    return "not a regular file (a device, pipe or unknown type)"


def _check_end(rest: IO[bytes], name: str) -> None:
    # Reading to the end also makes the decompressor compare its checksum.
    while block := rest.read(BUFFER):
        if any(block):
            raise ArchiveError(f"{name}: content after the end mark of the archive")


# --- zip --------------------------------------------------------------------------------------------------------


def _zip_members(stream: BinaryIO, name: str, sha256: str, budget: Budget) -> Iterator[Member]:
    try:
        archive = zipfile.ZipFile(stream)
    except DAMAGE as error:
        raise ArchiveError(f"{name}: damaged or cut short: no table of members ({reason_of(name, error)})") from error
    with archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        overlapping = _overlapping(infos)
        for at, info in enumerate(infos):
            # orig_filename: the name before zipfile replaces separators and cuts it at NUL.
            parts, fault = _place(info.orig_filename)
            shown = f"{name}!{'/'.join(parts)}"
            fault = fault or _zip_fault(info, at in overlapping)
            skipped = skip_reason(parts) if fault is None else None
            if fault is not None or skipped is not None:
                yield unread(shown, name, sha256, fault, skipped)
                continue
            try:
                guard = Guard(archive.open(info), shown, budget, info.file_size)
                if info.file_size <= SMALL:
                    member = _member(_read_all(io.BufferedReader(guard), shown, info.file_size), shown, name, sha256)
                else:
                    member = _large_member(guard, shown, name, sha256)
            except (*DAMAGE, InputError) as error:
                member = unread(shown, name, sha256, reason_of(shown, error))
            yield member
    if not infos:
        yield unread(name, name, sha256, "empty archive")


def _zip_fault(info: zipfile.ZipInfo, overlaps: bool) -> str | None:
    if info.flag_bits & 0x1:
        return "encrypted: unpack it first"
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
        return "link or special file: these are not followed in archives"
    return "damaged or malicious: overlaps the next member" if overlaps else None


def _overlapping(infos: list[zipfile.ZipInfo]) -> set[int]:
    """Members whose compressed content reaches into the next one; a local header has at least 30 bytes."""
    order = sorted(range(len(infos)), key=lambda at: infos[at].header_offset)
    return {
        at
        for at, after in itertools.pairwise(order)
        if infos[at].header_offset + 30 + len(infos[at].orig_filename) + infos[at].compress_size
        > infos[after].header_offset
    }
