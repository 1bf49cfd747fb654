"""One answer of a server: encrypted, redirected only to where it may lead, and never without an end."""

from __future__ import annotations

import contextlib
import email.message
import email.utils
import http.client
import socket
import ssl
import string
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Self

from nps_spectra.errors import DownloadError

_REDIRECTS: Final = (301, 302, 303, 307, 308)
_TEMPORARY: Final = (202, 408, 425, 429, 500, 502, 503, 504)
_HERE: Final = ("localhost", "127.0.0.1", "::1")
_SHOWN: Final = 300


@dataclass(frozen=True, slots=True)
class Limits:
    """What a transfer may take.

    Attributes
    ----------
    timeout_s : float
        Longest wait for a connection and for each next byte, seconds.
    slowest_bytes_per_s, patience_s : float
        An answer is given up if it brings less than this over so many seconds, its head included.
    attempts : int
        How often a broken transfer, or a server in trouble, is tried in all.
    pause_s : float
        Wait before the second attempt; it doubles each time. A server may ask for more (``Retry-After``).
    longest_pause_s : float
        A server that asks for more than this is not waited for.
    redirects : int
        Most redirects followed.
    """

    timeout_s: float = 30.0
    slowest_bytes_per_s: float = 500.0
    patience_s: float = 60.0
    attempts: int = 4
    pause_s: float = 2.0
    longest_pause_s: float = 120.0
    redirects: int = 5


class BrokenError(Exception):
    """The transfer broke or the server is in trouble: another attempt may succeed.

    Attributes
    ----------
    wait_s : float
        What the server asks to wait, seconds.
    """

    def __init__(self, reason: str, wait_s: float = 0.0) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


class Watch:
    """Cuts a connection that brings too little.

    A server that sends one byte now and then keeps every single wait short, and may do so in the head of its answer
    as well as in the body: so the bytes are counted from another thread.

    Attributes
    ----------
    received : int
        Bytes of the body so far; whoever reads counts them here.
    socket : socket or None
        The connection to cut.
    too_slow : str
        Why it was cut; empty if it was not.
    """

    def __init__(self, limits: Limits) -> None:
        self.received = 0
        self.socket: socket.socket | None = None
        self.too_slow = ""
        self._limits = limits
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        before, patience = 0, self._limits.patience_s
        while not self._over.wait(patience):
            came, before = self.received - before, self.received
            if came < self._limits.slowest_bytes_per_s * patience:
                self.too_slow = f"the transfer is too slow ({came} bytes in {patience:g} s)"
                if self.socket is not None:
                    with contextlib.suppress(OSError):  # it may have ended by itself
                        # Not SSLSocket.shutdown, which would take the encryption from under the reader.
                        socket.socket.shutdown(self.socket, socket.SHUT_RDWR)


def may_be_asked(address: str, first: str) -> bool:
    """Whether an address is https, or http to this machine if the `first` one, which led here, was so too."""
    try:
        parts = urllib.parse.urlsplit(address)
        if not parts.hostname or parts.username is not None or not address.isprintable() or " " in address:
            return False
    except ValueError:  # half of an IPv6 address
        return False
    return parts.scheme == "https" or (_is_here(address) and _is_here(first))


def _is_here(address: str) -> bool:
    parts = urllib.parse.urlsplit(address)
    return parts.scheme == "http" and parts.hostname in _HERE


def ask(address: str, headers: dict[str, str], *, limits: Limits, proxy: bool, watch: Watch) -> Any:
    """The answer to a request, after all redirects.

    Parameters
    ----------
    address : str
        One that `may_be_asked`.
    headers : dict
        Of the request, also to where it is redirected.
    limits : Limits
    proxy : bool
        Use the proxies named by the environment.
    watch : Watch
        Is told the connection.

    Returns
    -------
    http.client.HTTPResponse
        Of status 200; 206 or 416 if a ``Range`` was asked for. To be closed by the caller.

    Raises
    ------
    BrokenError
        Another attempt may succeed.
    DownloadError
        It would not.
    """
    opener = _opener(proxy, watch)
    wanted = (200, 206, 416) if "Range" in headers else (200,)
    asked = _ascii(address)
    for _ in range(limits.redirects + 1):
        response = _answer(opener, asked, headers, limits.timeout_s, watch)
        if response.status in wanted:
            return response
        with response:
            if response.status not in _REDIRECTS:
                raise _refusal(address, response)
            asked = _next(address, asked, response.headers)
    raise DownloadError(f"{address}: more than {limits.redirects} redirects, the last to {shown(asked)}")


def shown(text: object) -> str:
    """Text of a server or of the system for a message: no control characters, not without an end."""
    told = str(text) or type(text).__name__
    return "".join(letter if letter.isprintable() else "?" for letter in told[:_SHOWN])


class _Http(http.client.HTTPConnection):
    watch: Watch

    def connect(self) -> None:
        super().connect()
        self.watch.socket = self.sock


class _Https(http.client.HTTPSConnection):
    watch: Watch

    def connect(self) -> None:
        super().connect()
        self.watch.socket = self.sock


class _Handler(urllib.request.AbstractHTTPHandler):
    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch

    def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._watched(_Http), request)

    def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._watched(_Https), request, context=ssl.create_default_context())

    http_request = https_request = urllib.request.AbstractHTTPHandler.do_request_

    def _watched(self, kind: type[_Http | _Https]) -> Callable[..., Any]:
        def connection(host: str, **options: Any) -> _Http | _Https:
            made = kind(host, **options)
            made.watch = self._watch
            return made

        return connection


def _opener(proxy: bool, watch: Watch) -> urllib.request.OpenerDirector:
    # Put together by hand: the ready-made one also opens file: and ftp:, follows any redirect and obeys the
    # environment's proxies.
    opener = urllib.request.OpenerDirector()
    opener.add_handler(urllib.request.ProxyHandler(None if proxy else {}))
    opener.add_handler(_Handler(watch))
    return opener


def _answer(
    opener: urllib.request.OpenerDirector, address: str, headers: dict[str, str], timeout_s: float, watch: Watch
) -> Any:
    request = urllib.request.Request(address, headers=headers)  # noqa: S310  the scheme was checked
    try:
        response = opener.open(request, timeout=timeout_s)
    except urllib.error.URLError as error:
        reason = error.reason
        if isinstance(reason, ssl.SSLCertVerificationError):
            raise DownloadError(
                f"{address}: the certificate cannot be trusted ({shown(reason)}); where a proxy of the house puts its "
                "own in, the environment variable SSL_CERT_FILE names the file of certificates to trust"
            ) from error
        if isinstance(reason, socket.gaierror) and reason.errno != socket.EAI_AGAIN:
            raise DownloadError(f"{address}: no connection ({shown(reason)})") from error
        raise BrokenError(watch.too_slow or f"no connection ({shown(reason)})") from error
    except (http.client.InvalidURL, UnicodeError) as error:
        raise DownloadError(f"{address}: no address ({shown(error)})") from error
    except (OSError, http.client.HTTPException) as error:
        raise BrokenError(watch.too_slow or f"the transfer broke ({shown(error)})") from error
    if watch.too_slow:  # cut within the head, which then looks like a shorter one
        response.close()
        raise BrokenError(watch.too_slow)
    return response


def _refusal(address: str, response: Any) -> BrokenError | DownloadError:
    told = f"the server answers {response.status} {shown(response.reason)}"
    if response.status in _TEMPORARY:
        return BrokenError(told, _retry_after(response.headers))
    return DownloadError(f"{address}: {told}")


def _retry_after(headers: email.message.Message) -> float:
    """Seconds or a date: RFC 9110, section 10.2.3."""
    asked = (headers.get("Retry-After") or "").strip()
    if asked.isascii() and asked.isdigit():
        return float(asked)
    try:
        return max(0.0, (email.utils.parsedate_to_datetime(asked) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):  # no date, or one without a time zone
        return 0.0


def _next(address: str, asked: str, headers: email.message.Message) -> str:
    location = headers.get("Location")
    if not location:
        raise DownloadError(f"{address}: a redirect that leads nowhere")
    try:
        found = _ascii(urllib.parse.urljoin(asked, location))
    except ValueError:  # half of an IPv6 address
        found = location
    if not may_be_asked(found, address):
        raise DownloadError(f"{address}: leads to {shown(found)}, which is not followed: only https is")
    return found


def _ascii(address: str) -> str:
    """Path and query without letters that cannot stand in a request; what is percent-encoded stays."""
    parts = urllib.parse.urlsplit(address)
    try:
        path, query = parts.path.encode("latin-1"), parts.query.encode("latin-1")  # as headers are decoded
    except UnicodeEncodeError:
        path, query = parts.path.encode("utf-8", "surrogateescape"), parts.query.encode("utf-8", "surrogateescape")
    quoted = [urllib.parse.quote_from_bytes(part, safe=string.punctuation) for part in (path, query)]
    return urllib.parse.urlunsplit((parts.scheme, parts.netloc, quoted[0], quoted[1], ""))
