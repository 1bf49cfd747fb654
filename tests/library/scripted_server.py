"""A web server on this machine whose every answer a test writes down beforehand."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

#: What answers a request: it is given the handler, and writes head and body itself.
Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Answers the next request of a path by the next answer written for it; the last one stays."""

    protocol_version = "HTTP/1.1"
    script: Script

    def do_GET(self) -> None:
        self.script.requests.append((self.path, dict(self.headers)))
        answers = self.script.answers[self.path]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        self.close_connection = True
        answer(self)

    def head(self, status: int, **headers: object) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep the tests' output clean."""


@dataclass
class Script:
    """The answers of a server and the requests it had."""

    address: str
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def on(self, path: str, *answers: Answer) -> str:
        """Answer `path` so, one after the other; its address."""
        self.answers[path] = list(answers)
        return self.address + path


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that leave are what is tested."""


@contextmanager
def running(certificate: Path | None = None) -> Iterator[Script]:
    """A server for the time of the block; encrypted with a file of key and certificate."""
    handler: Any = type("Scripted", (Handler,), {})
    server = _Server(("127.0.0.1", 0), handler)
    scheme = "http"
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        scheme = "https"
    script = Script(f"{scheme}://127.0.0.1:{server.server_address[1]}")
    handler.script = script
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def whole(body: bytes, **headers: object) -> Answer:
    """All of it, ignoring ``Range``."""

    def answer(handler: Handler) -> None:
        handler.head(200, Content_Length=len(body), **headers)
        handler.wfile.write(body)

    return answer


def ranged(body: bytes, tag: str = '"one"') -> Answer:
    """What RFC 9110 asks of a server that knows ``Range`` and ``If-Range``."""

    def answer(handler: Handler) -> None:
        asked = handler.headers.get("Range")
        if asked is None or handler.headers.get("If-Range") != tag:
            handler.head(200, Content_Length=len(body), ETag=tag)
            handler.wfile.write(body)
            return
        start = int(asked.removeprefix("bytes=").rstrip("-"))
        if start >= len(body):
            handler.head(416, Content_Range=f"bytes */{len(body)}", Content_Length=0)
            return
        handler.head(
            206, Content_Length=len(body) - start, Content_Range=f"bytes {start}-{len(body) - 1}/{len(body)}", ETag=tag
        )
        handler.wfile.write(body[start:])

    return answer


def broken(body: bytes, after: int, tag: str = '"one"') -> Answer:
    """The connection breaks after some bytes."""

    def answer(handler: Handler) -> None:
        handler.head(200, Content_Length=len(body), ETag=tag)
        handler.wfile.write(body[:after])

    return answer


def status(code: int, **headers: object) -> Answer:
    """No body."""
    return lambda handler: handler.head(code, Content_Length=0, **headers)
