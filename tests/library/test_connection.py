"""Where a request may go, and servers in trouble; all of them on this machine."""

from __future__ import annotations

import shutil
import subprocess
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from library.downloads import BODY, DIGEST, IMPATIENT, QUICK, get
from library.scripted_server import Handler, Script, running, status, whole

from nps_spectra.errors import DownloadError, OptionError
from nps_spectra.library.connection import Limits

# ---- servers in trouble


@pytest.mark.parametrize("code", [403, 404, 410])
def test_an_answer_that_will_not_change_is_an_error_at_once(server: Script, target: Path, code: int) -> None:
    with pytest.raises(DownloadError, match=f"the server answers {code}"):
        get(server.on("/f", status(code)), target)
    assert len(server.requests) == 1


@pytest.mark.parametrize("code", [429, 500, 503])
def test_a_server_in_trouble_is_asked_again(server: Script, target: Path, code: int) -> None:
    get(server.on("/f", status(code), whole(BODY)), target, sha256=DIGEST)
    assert len(server.requests) == 2


def test_a_server_that_says_nothing_is_given_up(server: Script, target: Path) -> None:
    with pytest.raises(DownloadError, match=r"the transfer broke .*timed out.*2 attempts"):
        get(server.on("/f", lambda _: time.sleep(0.5)), target)


def test_a_transfer_that_stalls_is_given_up_and_kept(server: Script, target: Path) -> None:
    def stalling(handler: Handler) -> None:
        handler.head(200, Content_Length=len(BODY), ETag='"one"')
        handler.wfile.write(BODY[:1000])
        handler.wfile.flush()
        time.sleep(0.5)

    with pytest.raises(DownloadError, match="timed out"):
        get(server.on("/f", stalling), target)
    assert target.with_name("library.msp.part").read_bytes() == BODY[:1000]


def test_a_transfer_that_drips_is_given_up(server: Script, target: Path) -> None:
    def dripping(handler: Handler) -> None:
        handler.head(200, Content_Length=len(BODY))
        try:
            for at in range(100):
                handler.wfile.write(BODY[at : at + 1])
                handler.wfile.flush()
                time.sleep(0.02)
        except OSError:
            pass  # the other side has had enough

    with pytest.raises(DownloadError, match="too slow"):
        get(server.on("/f", dripping), target, limits=IMPATIENT)


def dripping_bytes(handler: Handler, start: bytes, drop: bytes) -> None:
    try:
        handler.wfile.write(start)
        for _ in range(100):
            handler.wfile.write(drop)
            handler.wfile.flush()
            time.sleep(0.02)
    except OSError:
        pass  # the other side has had enough


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        (b"HTTP/1.1 200 OK\r\nX-Header: ", b"x"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
    ],
    ids=["in a header", "never a final answer", "in the length of a chunk"],
)
def test_a_server_that_drips_where_no_content_comes_is_given_up(
    server: Script, target: Path, start: bytes, drop: bytes
) -> None:
    begun = time.monotonic()
    with pytest.raises(DownloadError, match="too slow"):
        get(server.on("/f", lambda handler: dripping_bytes(handler, start, drop)), target, limits=IMPATIENT)
    assert time.monotonic() - begun < 1.5


def test_a_head_without_an_end_is_given_up(server: Script, target: Path) -> None:
    def endless(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"X-Header: x\r\n" * 1000 + b"\r\n")

    with pytest.raises(DownloadError, match="more than 100 headers"):
        get(server.on("/f", endless), target)


def test_an_answer_that_is_no_http_is_an_error(server: Script, target: Path) -> None:
    with pytest.raises(DownloadError, match=r"the transfer broke \(\?\[31mSSH"):
        get(server.on("/f", lambda handler: handler.wfile.write(b"\x1b[31mSSH-2.0\r\n")), target)


def test_what_a_server_says_cannot_colour_the_screen(server: Script, target: Path) -> None:
    def painting(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 404 \x1b[2J\x9b31mgone\r\nContent-Length: 0\r\n\r\n")

    with pytest.raises(DownloadError, match=r"404 \?\[2J\?31mgone"):
        get(server.on("/f", painting), target)


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waits: list[float] = []
    monkeypatch.setattr("nps_spectra.library.download.time.sleep", waits.append)
    return waits


def test_a_server_is_given_the_time_it_asks_for(server: Script, target: Path, slept: list[float]) -> None:
    told: list[str] = []
    address = server.on("/f", status(503, Retry_After=7), whole(BODY))
    get(address, target, sha256=DIGEST, notice=told.append)
    assert slept == [7]
    assert told == ["the server answers 503 Service Unavailable; attempt 2 of 2 in 7 s"]


def test_a_server_may_ask_for_time_by_a_date(server: Script, target: Path, slept: list[float]) -> None:
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    get(server.on("/f", status(500, Retry_After=then), whole(BODY)), target)
    assert 50 < slept[0] <= 60


@pytest.mark.parametrize("asked", ["-5", "soon", "Wed, 21 Oct 2015 07:28:00 GMT", "²", ""])
def test_a_wait_that_makes_no_sense_is_the_usual_one(
    server: Script, target: Path, slept: list[float], asked: str
) -> None:
    get(server.on("/f", status(500, Retry_After=asked), whole(BODY)), target)
    assert slept == [QUICK.pause_s]


def test_a_server_that_asks_for_hours_is_not_waited_for(server: Script, target: Path, slept: list[float]) -> None:
    with pytest.raises(DownloadError, match="asks to wait 7200 s: try again then"):
        get(server.on("/f", status(429, Retry_After=7200)), target)
    assert slept == []


def test_a_file_that_is_not_ready_is_asked_for_again(server: Script, target: Path) -> None:
    get(server.on("/f", status(202), whole(BODY)), target, sha256=DIGEST)
    assert len(server.requests) == 2


def test_nothing_at_the_other_end_is_an_error(target: Path) -> None:
    with running() as script:
        gone = script.address
    with pytest.raises(DownloadError, match="no connection"):
        get(f"{gone}/f", target)


def test_a_name_that_does_not_exist_is_not_tried_again(target: Path) -> None:
    # .invalid never resolves: RFC 2606
    started = time.monotonic()
    with pytest.raises(DownloadError, match="no connection"):
        get("https://nothing.invalid/f", target, limits=Limits(attempts=2, pause_s=2))
    assert time.monotonic() - started < 4


# ---- addresses


def test_redirects_are_followed(server: Script, target: Path) -> None:
    server.on("/c d", whole(BODY))
    server.answers["/c%20d"] = server.answers.pop("/c d")
    server.on("/b", status(307, Location="/c d"))
    get(server.on("/a", status(302, Location=f"{server.address}/b")), target, sha256=DIGEST)
    assert [path for path, _ in server.requests] == ["/a", "/b", "/c%20d"]


def test_a_chain_of_redirects_has_an_end(server: Script, target: Path) -> None:
    for number in range(9):
        server.on(f"/{number}", status(301, Location=f"/{number + 1}"))
    with pytest.raises(DownloadError, match="more than 3 redirects"):
        get(f"{server.address}/0", target)


def test_a_loop_of_redirects_has_an_end(server: Script, target: Path) -> None:
    with pytest.raises(DownloadError, match="more than 3 redirects"):
        get(server.on("/a", status(302, Location="/a")), target)
    assert len(server.requests) == 4


@pytest.mark.parametrize(
    "location",
    [
        "http://example.org/f",
        "file:///etc/hostname",
        "ftp://example.org/f",
        "data:text/plain,hello",
        "//example.org/f",
        "https://name:secret@example.org/f",
        "http://[::1",
    ],
)
def test_redirects_to_anything_but_https_are_not_followed(server: Script, target: Path, location: str) -> None:
    with pytest.raises(DownloadError, match="not followed"):
        get(server.on("/f", status(302, Location=location)), target)
    assert not target.exists()


def test_a_redirect_without_an_address_is_an_error(server: Script, target: Path) -> None:
    with pytest.raises(DownloadError, match="leads nowhere"):
        get(server.on("/f", status(302)), target)


@pytest.mark.parametrize("address", ["http://example.org/f", "file:///etc/hostname", "ftp://example.org", "", "f.msp"])
def test_only_https_addresses_are_taken(target: Path, address: str) -> None:
    with pytest.raises(OptionError, match="expected an https address"):
        get(address, target)


def test_proxies_of_the_environment_are_used_only_if_asked_for(
    server: Script, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = server.on("/f", whole(BODY))
    with running() as proxy:
        proxy.on(address, whole(b"Name: from the proxy\nNum Peaks: 1\n58 999\n"))
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY"):
            monkeypatch.setenv(name, proxy.address)
        get(address, target, sha256=DIGEST)
        assert proxy.requests == []
        get(address, target.with_name("again.msp"), proxy=True)
        assert b"from the proxy" in target.with_name("again.msp").read_bytes()


def test_a_login_kept_for_the_server_is_not_sent(
    server: Script, target: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    login = tmp_path / "netrc"
    login.write_text("machine 127.0.0.1 login someone password secret\n", encoding="utf-8")
    login.chmod(0o600)
    monkeypatch.setenv("NETRC", str(login))
    monkeypatch.setenv("HOME", str(tmp_path))
    get(server.on("/f", whole(BODY)), target)
    assert "Authorization" not in server.requests[0][1]


# ---- encrypted


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate of this machine that nobody has signed, made for the occasion."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("no openssl program to make a certificate with")
    file = tmp_path_factory.mktemp("tls") / "here.pem"
    command = [program, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([*command, *names, "-keyout", file, "-out", f"{file}.crt"], check=True, capture_output=True)
    file.write_bytes(file.read_bytes() + Path(f"{file}.crt").read_bytes())
    return file


def test_a_certificate_that_nobody_signed_is_not_trusted(certificate: Path, target: Path) -> None:
    with running(certificate) as script:
        address = script.on("/f", whole(BODY))
        with pytest.raises(DownloadError, match="certificate cannot be trusted"):
            get(address, target)
        assert script.requests == []


def test_a_certificate_that_the_house_trusts_is_taken(
    certificate: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with running(certificate) as script:
        get(script.on("/f", whole(BODY)), target, sha256=DIGEST)
    assert target.read_bytes() == BODY


def test_an_encrypted_request_is_never_redirected_to_a_plain_one(
    certificate: Path, target: Path, monkeypatch: pytest.MonkeyPatch, server: Script
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    plain = server.on("/f", whole(BODY))
    with running(certificate) as script, pytest.raises(DownloadError, match="not followed: only https is"):
        get(script.on("/f", status(301, Location="http://example.org/f")), target)
    with running(certificate) as script:
        address = script.on("/f", status(301, Location=plain)).replace("127.0.0.1", "localhost")
        with pytest.raises(DownloadError, match="not followed: only https is"):
            get(address, target)
    assert server.requests == []


def test_an_encrypted_transfer_that_drips_is_given_up(
    certificate: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    start = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    with running(certificate) as script:
        address = script.on("/f", lambda handler: dripping_bytes(handler, start, b"N"))
        with pytest.raises(DownloadError, match="too slow"):
            get(address, target, limits=IMPATIENT)
