"""One file over the network: resumed, bounded in size, and checked before it has its name.

::

    FOLDER/file.part         what has arrived; kept when a transfer breaks, so that the next one goes on
    FOLDER/file.part.json    address, validator and length that it belongs to
    FOLDER/file              only when it is complete and is what was asked for
"""

from __future__ import annotations

import contextlib
import email.message
import email.utils
import hashlib
import http.client
import json
import os
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from nps_spectra.atomic import settle, write_text
from nps_spectra.errors import DownloadError, OptionError
from nps_spectra.library.connection import BrokenError, Limits, Watch, ask, may_be_asked, shown

_CHUNK: Final = 2**16
_HEAD: Final = 4096
_LENGTH: Final = re.compile(r"\d{1,18}", re.ASCII)
_CONTENT_RANGE: Final = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.ASCII)
_WEB_PAGE: Final = re.compile(
    rb"[\xef\xbb\xbf\s]*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
# A date of change has whole seconds: a file that was changed while it was sent may have the same.
_SETTLED_S: Final = 60

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A file that is complete.

    Attributes
    ----------
    path : Path
    address : str
        The address asked for.
    size_bytes : int
    sha256 : str
    resumed_at : int
        Bytes that were there when the last attempt went on; 0 if it began anew.
    """

    path: Path
    address: str
    size_bytes: int
    sha256: str
    resumed_at: int


@dataclass(frozen=True, slots=True)
class _Wanted:
    address: str
    target: Path
    sha256: str | None
    size_bytes: int | None
    largest_bytes: int
    limits: Limits
    proxy: bool
    progress: Progress | None

    @property
    def partial(self) -> Path:
        return self.target.with_name(f"{self.target.name}.part")

    @property
    def notes(self) -> Path:
        return self.target.with_name(f"{self.target.name}.part.json")


class _Part(NamedTuple):
    """What is here of a file; `validator` is empty if another part could not be told to be of the same one."""

    size: int
    validator: str
    total: int | None


class _Span(NamedTuple):
    """What an answer brings: bytes `start` to `end` of `total`; None where the server does not say."""

    start: int
    end: int | None
    total: int | None


def download(
    address: str,
    target: Path,
    *,
    largest_bytes: int,
    sha256: str | None = None,
    size_bytes: int | None = None,
    limits: Limits | None = None,
    proxy: bool = False,
    progress: Progress | None = None,
    notice: Callable[[str], None] | None = None,
) -> Downloaded:
    """Download one file; a transfer that was broken before goes on where it stopped.

    Only https is used, also after a redirect; http only to this machine, and only if `address` itself says
    so. Proxies that the environment names are used only if asked for. The file gets its name when it has
    the length that the server announced and the digest that is known.

    Parameters
    ----------
    address : str
    target : Path
        Where the file is to lie; its folder exists.
    largest_bytes : int
        More than this is refused.
    sha256, size_bytes : optional
        What the file must have, where it is known.
    limits : Limits, optional
    proxy : bool
        Use the proxies named by the environment (``https_proxy`` ...).
    progress : callable, optional
        Called now and then with the bytes so far and in all (0 if unknown).
    notice : callable, optional
        Called with a line of text before every further attempt.

    Raises
    ------
    DownloadError
        What came is not what was asked for, or nothing came; a partial file that can be resumed stays.
    OptionError
        An address that is not https, or no folder to write to.

    Source: RFC 9110, sections 8.8 (validators), 13.1.5 (If-Range) and 14 (range requests).
    """
    if not target.parent.is_dir():
        raise OptionError(f"{target}: the folder {target.parent} does not exist")
    if not may_be_asked(address, address):
        raise OptionError(
            f"{shown(address)}: expected an https address without spaces or a user's name (http only to this machine)"
        )
    limits = limits or Limits()
    wanted = _Wanted(address, target, sha256, size_bytes, largest_bytes, limits, proxy, progress)
    pause = limits.pause_s
    for attempt in range(1, limits.attempts + 1):
        try:
            return _attempt(wanted)
        except BrokenError as error:
            wait = max(pause, error.wait_s)
            if wait > limits.longest_pause_s:
                hint = f"; it asks to wait {error.wait_s:.0f} s: try again then{_kept(wanted)}"
                raise DownloadError(f"{address}: {error}{hint}") from error
            if attempt == limits.attempts:
                raise DownloadError(f"{address}: {error}, {attempt} attempts{_kept(wanted)}") from error
            if notice is not None:
                notice(f"{error}; attempt {attempt + 1} of {limits.attempts} in {wait:.0f} s")
            time.sleep(wait)
            pause *= 2
    raise OptionError(f"attempts is {limits.attempts}: expected at least 1")


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def is_web_page(path: Path) -> bool:
    """Whether a file is a page that a server shows instead of what was asked for."""
    with path.open("rb") as stream:
        return _WEB_PAGE.match(stream.read(_HEAD)) is not None


def _attempt(wanted: _Wanted) -> Downloaded:
    headers = {"Accept-Encoding": "identity", "User-Agent": "nps_spectra"}
    try:
        part = _part(wanted)
        if part.validator:
            headers |= {"Range": f"bytes={part.size}-", "If-Range": part.validator}
        with (
            Watch(wanted.limits) as watch,
            ask(wanted.address, headers, limits=wanted.limits, proxy=wanted.proxy, watch=watch) as response,
        ):
            if response.status == 416:  # the server has nothing after what is here
                _require_all(wanted, part, response.headers)
                return _finished(wanted, part.size, None)
            span = _span(wanted, response, part)
            arrived = _receive(wanted, response, span, watch)
        return _finished(wanted, span.start, arrived)
    except FileNotFoundError as error:
        raise DownloadError(f"{wanted.partial}: has gone meanwhile; is it being fetched twice at a time?") from error
    except OSError as error:  # of the disk: those of the network were dealt with where they arose
        raise DownloadError(
            f"{wanted.partial}: cannot be written ({error.strerror or shown(error)}){_kept(wanted)}"
        ) from error


def _part(wanted: _Wanted) -> _Part:
    """What is here of the file at this address."""
    try:
        size = wanted.partial.stat().st_size
        notes = json.loads(wanted.notes.read_text(encoding="utf-8"))
        address, validator, total = notes["address"], notes["validator"], notes["total"]
    except (OSError, ValueError, KeyError, TypeError):
        return _Part(0, "", None)
    known = total is None or isinstance(total, int)
    if not size or address != wanted.address or not isinstance(validator, str) or not validator.isascii() or not known:
        return _Part(0, "", None)
    return _Part(size, validator, total) if validator.isprintable() else _Part(0, "", None)


def _kept(wanted: _Wanted) -> str:
    """What a message says of the part that is here; one that nothing can be joined to is removed."""
    part = _part(wanted)
    if not part.validator:
        with contextlib.suppress(OSError):  # the message is about another fault
            wanted.partial.unlink(missing_ok=True)
            wanted.notes.unlink(missing_ok=True)
        return ""
    return f"; {part.size} bytes are kept in {wanted.partial}, the same command goes on from there"


def _require_all(wanted: _Wanted, part: _Part, headers: email.message.Message) -> None:
    """A server that has nothing to add: only a length tells that all is here."""
    place = (headers.get("Content-Range") or "").strip().removeprefix("bytes */")
    total = int(place) if _LENGTH.fullmatch(place) else part.total
    if part.size != total:
        raise _begin_anew(wanted, "the server has nothing after the part that came before")


def _begin_anew(wanted: _Wanted, reason: str) -> BrokenError:
    wanted.partial.unlink(missing_ok=True)
    return BrokenError(reason)


def _span(wanted: _Wanted, response: Any, part: _Part) -> _Span:
    """What the response says of itself, checked; notes for the next attempt are written if it begins the file."""
    headers = response.headers
    kind = (headers.get("Content-Type") or "").partition(";")[0].strip().lower()
    if kind in ("text/html", "application/xhtml+xml"):
        raise DownloadError(f"{wanted.address}: a web page came instead of the file; open the address in a browser")
    encoding = (headers.get("Content-Encoding") or "identity").strip().lower()
    # Some servers call a file that is compressed itself, and is wanted so, compressed content.
    own = encoding in ("gzip", "x-gzip") and wanted.target.name.endswith((".gz", ".tgz"))
    if encoding != "identity" and not own:
        raise DownloadError(f"{wanted.address}: the server sends {shown(encoding)} content unasked")
    chunked = "chunked" in (headers.get("Transfer-Encoding") or "").lower()
    stated = (headers.get("Content-Length") or "").strip()
    length = int(stated) if _LENGTH.fullmatch(stated) and not chunked else None
    span = _Span(0, length, length)
    if response.status == 206:
        span = _continued(wanted, headers, part, length)
    elif length is None and not chunked and wanted.sha256 is None and wanted.size_bytes is None:
        raise DownloadError(
            f"{wanted.address}: the server does not say how long the file is, so a broken transfer could not be told"
        )
    _check_length(wanted, span)
    if response.status != 206:
        notes = {"address": wanted.address, "validator": _validator(headers), "total": span.total}
        # First the old part goes: its end must never be joined to the notes of another file.
        wanted.partial.unlink(missing_ok=True)
        write_text(wanted.notes, json.dumps(notes) + "\n")
    return span


def _continued(wanted: _Wanted, headers: email.message.Message, part: _Part, length: int | None) -> _Span:
    place = _CONTENT_RANGE.fullmatch((headers.get("Content-Range") or "").strip())
    if place is None:
        raise _begin_anew(wanted, "the server goes on without saying where")
    start, end = int(place[1]), int(place[2]) + 1
    total = part.total if place[3] == "*" else int(place[3])
    if start != part.size or (length is not None and length != end - start) or not start < end:
        raise _begin_anew(wanted, f"the server goes on at another place ({place[0]}) than asked for")
    if total is None or end > total or part.total not in (None, total) or _is_another(headers, part.validator):
        raise _begin_anew(wanted, "the server goes on with another file")
    return _Span(start, end, total)


def _check_length(wanted: _Wanted, span: _Span) -> None:
    total = span.total
    if total is None:
        return
    if total > wanted.largest_bytes:
        raise DownloadError(f"{wanted.address}: {total} bytes, more than the limit of {wanted.largest_bytes}")
    if wanted.size_bytes not in (None, total):
        raise DownloadError(
            f"{wanted.address}: {total} bytes, expected {wanted.size_bytes}: not the file that is known"
        )
    folder, to_come = wanted.target.parent.resolve(), total - span.start
    free = shutil.disk_usage(folder).free
    if to_come > free:
        raise DownloadError(f"{folder}: {to_come} bytes are to come and only {free} are free on this disk")


def _validator(headers: email.message.Message) -> str:
    """What ``If-Range`` takes; a weak ETag does not promise equal bytes, a date only long after the change."""
    tag = headers.get("ETag") or ""
    if tag.startswith('"'):
        return tag
    changed = headers.get("Last-Modified") or ""
    try:
        then, now = (email.utils.parsedate_to_datetime(text) for text in (changed, headers.get("Date") or ""))
        return changed if (now - then).total_seconds() >= _SETTLED_S else ""
    except (ValueError, TypeError, OverflowError):  # no dates, or one of them without a time zone
        return ""


def _is_another(headers: email.message.Message, validator: str) -> bool:
    if validator.startswith('"'):  # the tag has to be in every part
        return headers.get("ETag") != validator
    return headers.get("Last-Modified", validator) != validator


def _receive(wanted: _Wanted, response: Any, span: _Span, watch: Watch) -> str:
    """Write what comes after the part that is here; SHA-256 of both together, as they came."""
    digest = hashlib.sha256()
    if span.start:
        with wanted.partial.open("rb") as before:
            digest = hashlib.file_digest(before, "sha256")
    most = min(limit for limit in (span.end, wanted.size_bytes, wanted.largest_bytes) if limit is not None)
    received = span.start
    with wanted.partial.open("ab" if span.start else "wb") as stream:
        while chunk := _chunk(response, watch):
            received += len(chunk)
            watch.received += len(chunk)
            if received > most:
                raise _not_kept(wanted, f"more than the limit of {most} bytes")
            stream.write(chunk)
            digest.update(chunk)
            if wanted.progress is not None:
                wanted.progress(received, span.total or wanted.size_bytes or 0)
        stream.flush()
        os.fsync(stream.fileno())
    if watch.too_slow:
        raise BrokenError(watch.too_slow)
    expected = wanted.size_bytes if span.total is None else span.total
    if expected is not None and received < expected:
        raise BrokenError(f"the transfer ended after {received} of {expected} bytes")
    if received == 0:
        raise _not_kept(wanted, "the file is empty")
    if wanted.progress is not None:
        wanted.progress(received, received)  # where nobody knew, it is known now
    return digest.hexdigest()


def _chunk(response: Any, watch: Watch) -> bytes:
    try:
        found: bytes = response.read1(_CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise BrokenError(watch.too_slow or f"the transfer broke ({shown(error)})") from error
    return found


def _not_kept(wanted: _Wanted, reason: str) -> DownloadError:
    wanted.partial.unlink(missing_ok=True)
    wanted.notes.unlink(missing_ok=True)
    return DownloadError(f"{wanted.address}: {reason}")


def _finished(wanted: _Wanted, resumed_at: int, arrived: str | None) -> Downloaded:
    """Check the whole file and give it its name."""
    size = wanted.partial.stat().st_size
    if wanted.size_bytes not in (None, size):
        raise _not_kept(wanted, f"{size} bytes came, expected {wanted.size_bytes}: not the file that is known")
    if is_web_page(wanted.partial):
        raise _not_kept(wanted, "a web page came instead of the file; open the address in a browser")
    found = sha256_of(wanted.partial)
    if arrived not in (None, found):
        raise _not_kept(
            wanted, f"{wanted.partial} is not what came: is it being fetched twice at a time, or is the disk failing?"
        )
    if wanted.sha256 not in (None, found):
        raise _not_kept(wanted, f"SHA-256 is {found}, expected {wanted.sha256}: not the file that is known")
    settle(wanted.partial, wanted.target)
    wanted.notes.unlink(missing_ok=True)
    return Downloaded(wanted.target, wanted.address, size, found, resumed_at)
