"""One file over the network: encrypted, resumed, bounded in size, time and redirects, checked before it has its name.

::

    FOLDER/file.part         what has arrived; kept when a transfer breaks, so that the next one goes on
    FOLDER/file.part.json    address, validator and length that it belongs to
    FOLDER/file              only when it is complete and is what was asked for
"""

from __future__ import annotations

import email.message
import hashlib
import http.client
import json
import os
import re
import socket
import ssl
import string
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from nps_spectra.atomic import settle, write_text
from nps_spectra.errors import DownloadError, OptionError

_CHUNK: Final = 2**16
_REDIRECTS: Final = (301, 302, 303, 307, 308)
_TEMPORARY: Final = (408, 425, 429, 500, 502, 503, 504)
_HERE: Final = ("localhost", "127.0.0.1", "::1")
_CONTENT_RANGE: Final = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_WEB_PAGE: Final = re.compile(rb"[\xef\xbb\xbf\s]*<(!doctype\s+html|html|head)\b", re.IGNORECASE)

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a transfer may take; see `download`.

    Attributes
    ----------
    timeout_s : float
        Longest wait for a connection and for each next byte, seconds.
    slowest_bytes_per_s, patience_s : float
        A transfer is given up if it brings less than this over so many seconds.
    attempts : int
        How often a broken transfer, or a server in trouble, is tried in all.
    pause_s : float
        Wait before the second attempt; it doubles each time.
    redirects : int
        Most redirects followed.
    """

    timeout_s: float = 30.0
    slowest_bytes_per_s: float = 500.0
    patience_s: float = 60.0
    attempts: int = 4
    pause_s: float = 2.0
    redirects: int = 5


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
    progress: Progress | None

    @property
    def partial(self) -> Path:
        return self.target.with_name(f"{self.target.name}.part")

    @property
    def notes(self) -> Path:
        return self.target.with_name(f"{self.target.name}.part.json")


class _BrokenError(Exception):
    """The transfer broke or the server is in trouble: another attempt may succeed."""


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

    Raises
    ------
    DownloadError
        What came is not what was asked for, or nothing came; a partial file that can be resumed stays.
    OptionError
        An address that is not https, or no folder to write to.
    """
    if not target.parent.is_dir():
        raise OptionError(f"{target}: the folder {target.parent} does not exist")
    allowed = "here" if _is_here(address) else "https"
    if not _may_follow(address, allowed):
        raise OptionError(f"{address}: expected an https address (http only to this machine)")
    wanted = _Wanted(address, target, sha256, size_bytes, largest_bytes, limits or Limits(), progress)
    opener = _opener(proxy)
    pause = wanted.limits.pause_s
    for attempt in range(1, wanted.limits.attempts + 1):
        try:
            resumed_at = _transfer(opener, wanted, allowed)
        except _BrokenError as error:
            if attempt == wanted.limits.attempts:
                kept = _size(wanted.partial)
                hint = (
                    f"; {kept} bytes are kept in {wanted.partial}, the same command goes on from there" if kept else ""
                )
                raise DownloadError(f"{address}: {error}, {attempt} attempts{hint}") from error
            time.sleep(pause)
            pause *= 2
        else:
            found = _finished(wanted)
            return Downloaded(target, address, _size(target), found, resumed_at)
    raise OptionError(f"attempts is {wanted.limits.attempts}: expected at least 1")


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def is_web_page(path: Path) -> bool:
    """Whether a file is a page that a server shows instead of what was asked for."""
    with path.open("rb") as stream:
        return _WEB_PAGE.match(stream.read(512)) is not None


def _opener(proxy: bool) -> urllib.request.OpenerDirector:
    # Put together by hand: the ready-made one also opens file: and ftp:, follows any redirect and obeys the
    # environment's proxies.
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(None if proxy else {}),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(context=ssl.create_default_context()),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _is_here(address: str) -> bool:
    try:
        return urllib.parse.urlsplit(address).hostname in _HERE
    except ValueError:
        return False


def _may_follow(address: str, allowed: str) -> bool:
    try:
        parts = urllib.parse.urlsplit(address)
        if not parts.hostname or parts.username is not None or not address.isprintable() or " " in address:
            return False
    except ValueError:  # half of an IPv6 address
        return False
    return parts.scheme == "https" or (allowed == "here" and parts.scheme == "http" and _is_here(address))


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _transfer(opener: urllib.request.OpenerDirector, wanted: _Wanted, allowed: str) -> int:
    """Bring the partial file to its end; the length at which the server went on, 0 if it began anew."""
    headers = {"Accept-Encoding": "identity", "User-Agent": "nps_spectra"}
    try:
        start, validator = _where_to_go_on(wanted)
        if start:
            headers |= {"Range": f"bytes={start}-", "If-Range": validator}
        response = _opened(opener, wanted, allowed, headers)
        if response is None:  # the server has nothing after what is here: is it the whole file?
            _discard_unless_complete(wanted)
            return start
        with response:
            if not _goes_on(wanted, response, start, validator):
                start = 0
            _receive(wanted, response, start)
            return start
    except (TimeoutError, ConnectionError, http.client.HTTPException, ssl.SSLError) as error:
        raise _BrokenError(f"the transfer broke ({_told(error)})") from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            raise DownloadError(f"{wanted.address}: the certificate cannot be trusted ({error.reason})") from error
        if isinstance(error.reason, socket.gaierror) and error.reason.errno != socket.EAI_AGAIN:
            raise DownloadError(f"{wanted.address}: no connection ({_told(error.reason)})") from error
        raise _BrokenError(f"no connection ({_told(error.reason)})") from error
    except OSError as error:
        raise DownloadError(f"{wanted.partial}: cannot be written ({_told(error)})") from error


def _told(error: object) -> str:
    return str(error) or type(error).__name__


def _where_to_go_on(wanted: _Wanted) -> tuple[int, str]:
    """Length of a partial file that belongs to this address, and the validator it was sent with."""
    start = _size(wanted.partial)
    try:
        notes = json.loads(wanted.notes.read_text(encoding="utf-8"))
        address, validator = str(notes["address"]), str(notes["validator"])
    except (OSError, ValueError, KeyError, TypeError):
        address = validator = ""
    if start and address == wanted.address and validator and start <= wanted.largest_bytes:
        return start, validator
    wanted.partial.unlink(missing_ok=True)
    return 0, ""


def _opened(
    opener: urllib.request.OpenerDirector, wanted: _Wanted, allowed: str, headers: dict[str, str]
) -> Any | None:
    """The response after all redirects; None if there is nothing after the partial file."""
    address = wanted.address
    for _ in range(wanted.limits.redirects + 1):
        request = urllib.request.Request(address, headers=headers)  # noqa: S310  the scheme was checked
        try:
            return opener.open(request, timeout=wanted.limits.timeout_s)
        except urllib.error.HTTPError as error:
            with error:
                if error.code == 416:
                    return None
                if error.code in _TEMPORARY:
                    raise _BrokenError(f"the server answers {error.code} {error.reason}") from error
                if error.code not in _REDIRECTS:
                    raise DownloadError(f"{wanted.address}: the server answers {error.code} {error.reason}") from error
                address = _next(wanted, address, error.headers, allowed)
    raise DownloadError(f"{wanted.address}: more than {wanted.limits.redirects} redirects, the last to {address}")


def _next(wanted: _Wanted, address: str, headers: email.message.Message, allowed: str) -> str:
    location = headers.get("Location")
    if not location:
        raise DownloadError(f"{wanted.address}: a redirect that leads nowhere")
    try:
        found = urllib.parse.urljoin(address, urllib.parse.quote(location, safe=string.punctuation))
    except ValueError:  # half of an IPv6 address
        found = location
    if not _may_follow(found, allowed):
        raise DownloadError(f"{wanted.address}: leads to {found}, which is not followed: only https is")
    return found


def _goes_on(wanted: _Wanted, response: Any, start: int, validator: str) -> bool:
    """Whether the response continues the partial file; checks what the response says of itself."""
    headers = response.headers
    kind = (headers.get("Content-Type") or "").partition(";")[0].strip().lower()
    if kind in ("text/html", "application/xhtml+xml"):
        raise DownloadError(f"{wanted.address}: a web page came instead of the file; open the address in a browser")
    if (headers.get("Content-Encoding") or "identity").lower() != "identity":
        raise DownloadError(f"{wanted.address}: the server sends {headers['Content-Encoding']} content unasked")
    resumed: bool = response.status == 206
    if resumed:
        place = _CONTENT_RANGE.fullmatch((headers.get("Content-Range") or "").strip())
        now = _validator(headers)
        if not start or place is None or int(place[1]) != start or (now and now != validator):
            # Another file by now, or another part of it than was asked for: from the start again.
            wanted.partial.unlink(missing_ok=True)
            raise _BrokenError("the server goes on with another file, or at another place")
    total = _total(headers, start if resumed else 0)
    if total is None and not _chunked(headers) and wanted.sha256 is None and wanted.size_bytes is None:
        raise DownloadError(
            f"{wanted.address}: the server does not say how long the file is, so a broken transfer could not be told"
        )
    if total is not None and total > wanted.largest_bytes:
        raise DownloadError(f"{wanted.address}: {total} bytes, more than the limit of {wanted.largest_bytes}")
    if total is not None and wanted.size_bytes is not None and total != wanted.size_bytes:
        raise DownloadError(
            f"{wanted.address}: {total} bytes, expected {wanted.size_bytes}: not the file that is known"
        )
    if not resumed:
        notes = {"address": wanted.address, "validator": _validator(headers)}
        write_text(wanted.notes, json.dumps(notes) + "\n")
    return resumed


def _validator(headers: email.message.Message) -> str:
    """What ``If-Range`` takes; a weak ETag does not promise equal bytes."""
    tag = headers.get("ETag") or ""
    return tag if tag.startswith('"') else headers.get("Last-Modified") or ""


def _chunked(headers: email.message.Message) -> bool:
    return "chunked" in (headers.get("Transfer-Encoding") or "").lower()


def _total(headers: email.message.Message, start: int) -> int | None:
    length = headers.get("Content-Length")
    return start + int(length) if length is not None and length.isascii() and length.isdigit() else None


def _receive(wanted: _Wanted, response: Any, start: int) -> None:
    total = _total(response.headers, start)
    received = start
    since, at = time.monotonic(), received
    with wanted.partial.open("ab" if start else "wb") as stream:
        while chunk := response.read1(_CHUNK):
            received += len(chunk)
            if received > wanted.largest_bytes:
                raise _not_kept(wanted, f"more than the limit of {wanted.largest_bytes} bytes")
            stream.write(chunk)
            if wanted.progress is not None:
                wanted.progress(received, total or wanted.size_bytes or 0)
            now = time.monotonic()
            if now - since >= wanted.limits.patience_s:
                if received - at < wanted.limits.slowest_bytes_per_s * (now - since):
                    raise _BrokenError(f"the transfer is too slow ({received - at} bytes in {now - since:.0f} s)")
                since, at = now, received
        stream.flush()
        os.fsync(stream.fileno())
    if total is not None and received != total:
        raise _BrokenError(f"the transfer ended after {received} of {total} bytes")
    if received == 0:
        raise _not_kept(wanted, "the file is empty")


def _not_kept(wanted: _Wanted, reason: str) -> DownloadError:
    wanted.partial.unlink(missing_ok=True)
    wanted.notes.unlink(missing_ok=True)
    return DownloadError(f"{wanted.address}: {reason}")


def _discard_unless_complete(wanted: _Wanted) -> None:
    """A server that has nothing to add: only a known digest or length tells that all is here."""
    size = _size(wanted.partial)
    if wanted.sha256 is None and size != wanted.size_bytes:
        wanted.partial.unlink(missing_ok=True)
        raise _BrokenError("the server has nothing after the part that came before")


def _finished(wanted: _Wanted) -> str:
    """Check the whole file and give it its name; its SHA-256."""
    size = _size(wanted.partial)
    if wanted.size_bytes is not None and size != wanted.size_bytes:
        raise _not_kept(wanted, f"{size} bytes came, expected {wanted.size_bytes}: not the file that is known")
    if is_web_page(wanted.partial):
        raise _not_kept(wanted, "a web page came instead of the file; open the address in a browser")
    found = sha256_of(wanted.partial)
    if wanted.sha256 is not None and found != wanted.sha256:
        raise _not_kept(wanted, f"SHA-256 is {found}, expected {wanted.sha256}: not the file that is known")
    settle(wanted.partial, wanted.target)
    wanted.notes.unlink(missing_ok=True)
    return found
