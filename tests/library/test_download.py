"""Downloads against a server on this machine that does everything a server can do wrong.

What a server may answer to ``Range`` and ``If-Range``: RFC 9110, sections 13.1.5 and 14.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from library.scripted_server import Handler, Script, broken, ranged, running, status, whole

from nps_spectra.errors import DownloadError, OptionError
from nps_spectra.library.download import Limits, download

BODY = b"".join(b"Name: substance %d\nNum Peaks: 1\n58 999\n\n" % number for number in range(5_000))
DIGEST = hashlib.sha256(BODY).hexdigest()
QUICK = Limits(timeout_s=0.3, patience_s=0.2, slowest_bytes_per_s=10_000, attempts=2, pause_s=0.01, redirects=3)


@pytest.fixture
def server() -> Iterator[Script]:
    with running() as script:
        yield script


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "library.msp"


def get(address: str, target: Path, **options: Any) -> Any:
    return download(address, target, **({"largest_bytes": 10**7, "limits": QUICK} | options))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# ---- what arrives


def test_a_file_arrives_whole_with_its_digest_and_nothing_is_left_beside_it(server: Script, target: Path) -> None:
    done = get(server.on("/f", whole(BODY)), target, sha256=DIGEST, size_bytes=len(BODY))
    assert target.read_bytes() == BODY
    assert (done.size_bytes, done.sha256, done.resumed_at) == (len(BODY), DIGEST, 0)
    assert names(target.parent) == ["library.msp"]


def test_progress_tells_the_bytes_so_far_and_in_all(server: Script, target: Path) -> None:
    told: list[tuple[int, int]] = []
    get(server.on("/f", whole(BODY)), target, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (len(BODY), len(BODY))
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_the_content_is_asked_for_as_it_is(server: Script, target: Path) -> None:
    get(server.on("/f", whole(BODY)), target)
    assert server.requests[0][1]["Accept-Encoding"] == "identity"


def test_a_chunked_answer_needs_no_length(server: Script, target: Path) -> None:
    def answer(handler: Handler) -> None:
        handler.head(200, Transfer_Encoding="chunked")
        handler.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY))

    get(server.on("/f", answer), target)
    assert target.read_bytes() == BODY


# ---- broken and resumed


def test_a_broken_transfer_goes_on_where_it_stopped(server: Script, target: Path) -> None:
    done = get(server.on("/f", broken(BODY, 70_001), ranged(BODY)), target, sha256=DIGEST)
    assert done.resumed_at == 70_001
    second = server.requests[1][1]
    assert (second["Range"], second["If-Range"]) == ("bytes=70001-", '"one"')


def test_what_has_come_stays_after_the_last_attempt_and_the_next_call_goes_on(server: Script, target: Path) -> None:
    address = server.on("/f", broken(BODY, 50_000), status(503))
    with pytest.raises(DownloadError, match=r"503.*2 attempts; 50000 bytes are kept in .*library\.msp\.part"):
        get(address, target)
    assert not target.exists()
    server.on("/f", ranged(BODY))
    assert get(address, target, sha256=DIGEST).resumed_at == 50_000


def test_a_truncated_answer_never_becomes_the_file(server: Script, target: Path) -> None:
    with pytest.raises(DownloadError, match=f"ended after 100 of {len(BODY)} bytes"):
        get(server.on("/f", broken(BODY, 100, tag="W/weak")), target)
    assert not target.exists()


def test_a_truncated_chunked_answer_never_becomes_the_file(server: Script, target: Path) -> None:
    def answer(handler: Handler) -> None:
        handler.head(200, Transfer_Encoding="chunked")
        handler.wfile.write(b"%x\r\n%s" % (len(BODY), BODY[:100]))

    with pytest.raises(DownloadError, match="the transfer broke"):
        get(server.on("/f", answer), target)
    assert not target.exists()


def test_a_server_that_ignores_range_restarts_cleanly(server: Script, target: Path) -> None:
    done = get(server.on("/f", broken(BODY, 70_000), whole(BODY)), target, sha256=DIGEST)
    assert done.resumed_at == 0
    assert target.read_bytes() == BODY


def test_a_file_that_changed_meanwhile_is_fetched_anew(server: Script, target: Path) -> None:
    new = BODY.replace(b"58", b"91")
    done = get(server.on("/f", broken(BODY, 70_000), ranged(new, tag='"two"')), target)
    assert target.read_bytes() == new
    assert done.resumed_at == 0


def test_a_part_of_another_file_is_never_joined_to_it(server: Script, target: Path) -> None:
    new = BODY.replace(b"58", b"91")

    def careless(handler: Handler) -> None:  # goes on although the file is another one
        start = int(handler.headers["Range"].removeprefix("bytes=").rstrip("-"))
        place = f"bytes {start}-{len(new) - 1}/{len(new)}"
        handler.head(206, Content_Length=len(new) - start, Content_Range=place, ETag='"two"')
        handler.wfile.write(new[start:])

    limits = Limits(timeout_s=0.3, attempts=3, pause_s=0.01)
    get(server.on("/f", broken(BODY, 70_000), careless, whole(new)), target, limits=limits)
    assert target.read_bytes() == new


def test_an_answer_from_another_place_than_asked_is_not_joined(server: Script, target: Path) -> None:
    def elsewhere(handler: Handler) -> None:
        handler.head(206, Content_Length=10, Content_Range=f"bytes 0-9/{len(BODY)}", ETag='"one"')
        handler.wfile.write(BODY[:10])

    limits = Limits(timeout_s=0.3, attempts=3, pause_s=0.01)
    get(server.on("/f", broken(BODY, 70_000), elsewhere, whole(BODY)), target, limits=limits, sha256=DIGEST)
    assert target.read_bytes() == BODY


def test_a_part_that_was_already_all_is_finished_by_its_digest(server: Script, target: Path) -> None:
    address = server.on("/f", broken(BODY, 70_000), status(503))
    with pytest.raises(DownloadError):
        get(address, target)
    target.with_name("library.msp.part").write_bytes(BODY)  # killed between the last byte and the rename
    server.on("/f", ranged(BODY))
    get(address, target, sha256=DIGEST)
    assert target.read_bytes() == BODY


def test_without_a_validator_nothing_is_resumed(server: Script, target: Path) -> None:
    get(server.on("/f", broken(BODY, 70_000, tag="W/weak"), whole(BODY)), target, sha256=DIGEST)
    assert "Range" not in server.requests[1][1]


def test_a_part_of_another_address_is_not_resumed(server: Script, target: Path) -> None:
    with pytest.raises(DownloadError):
        get(server.on("/old", broken(BODY, 70_000), status(503)), target)
    get(server.on("/new", ranged(BODY)), target, sha256=DIGEST)
    assert "Range" not in server.requests[-1][1]


def test_a_killed_download_leaves_a_part_that_the_next_one_resumes(server: Script, target: Path) -> None:
    def halting(handler: Handler) -> None:
        handler.head(200, Content_Length=len(BODY), ETag='"one"')
        handler.wfile.write(BODY[:100_000])
        handler.wfile.flush()
        time.sleep(5)

    address = server.on("/f", halting, ranged(BODY))
    code = "import sys, pathlib; from nps_spectra.library.download import download as d; "
    code += "d(sys.argv[1], pathlib.Path(sys.argv[2]), largest_bytes=10**7)"
    child = subprocess.Popen([sys.executable, "-c", code, address, str(target)])
    part = target.with_name("library.msp.part")
    deadline = time.monotonic() + 10
    while not (part.exists() and part.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.1)
    child.kill()
    child.wait()
    assert not target.exists()
    kept = part.stat().st_size
    assert kept > 0
    assert get(address, target, sha256=DIGEST).resumed_at == kept


# ---- not what was asked for


@pytest.mark.parametrize("headers", [{"Content_Type": "text/html; charset=utf-8"}, {}])
def test_a_web_page_instead_of_the_file_is_refused(server: Script, target: Path, headers: dict[str, str]) -> None:
    page = b"\xef\xbb\xbf\n<!DOCTYPE html>\n<html><title>Sign in</title></html>"
    with pytest.raises(DownloadError, match="a web page came instead of the file"):
        get(server.on("/f", whole(page, **headers)), target)
    assert names(target.parent) == []


def test_another_digest_is_refused_and_nothing_is_kept(server: Script, target: Path) -> None:
    with pytest.raises(DownloadError, match=f"SHA-256 is {DIGEST}, expected 0000"):
        get(server.on("/f", whole(BODY)), target, sha256="0" * 64)
    assert names(target.parent) == []


def test_another_length_than_known_is_refused_before_the_transfer(server: Script, target: Path) -> None:
    with pytest.raises(DownloadError, match=f"{len(BODY)} bytes, expected 7"):
        get(server.on("/f", whole(BODY)), target, size_bytes=7)
    assert names(target.parent) == []


def test_an_empty_file_is_refused(server: Script, target: Path) -> None:
    with pytest.raises(DownloadError, match="the file is empty"):
        get(server.on("/f", whole(b"")), target)
    assert names(target.parent) == []


def test_a_length_above_the_limit_is_refused_before_the_transfer(server: Script, target: Path) -> None:
    with pytest.raises(DownloadError, match="more than the limit of 1000"):
        get(server.on("/f", lambda handler: handler.head(200, Content_Length=10**15)), target, largest_bytes=1000)


def test_a_file_that_turns_out_larger_than_the_limit_is_not_kept(server: Script, target: Path) -> None:
    def endless(handler: Handler) -> None:
        handler.head(200, Transfer_Encoding="chunked")
        try:
            for _ in range(1000):
                handler.wfile.write(b"%x\r\n%s\r\n" % (len(BODY), BODY))
        except OSError:
            pass  # the other side has had enough

    with pytest.raises(DownloadError, match="more than the limit of 1000000 bytes"):
        get(server.on("/f", endless), target, largest_bytes=1_000_000)
    assert names(target.parent) == []


def test_a_length_that_is_too_short_is_found_by_the_digest(server: Script, target: Path) -> None:
    def lying(handler: Handler) -> None:
        handler.head(200, Content_Length=1000)
        handler.wfile.write(BODY)

    with pytest.raises(DownloadError, match="SHA-256 is"):
        get(server.on("/f", lying), target, sha256=DIGEST)


def test_an_answer_without_any_length_is_refused_if_nothing_else_tells_its_end(server: Script, target: Path) -> None:
    def until_closed(handler: Handler) -> None:
        handler.head(200)
        handler.wfile.write(BODY)

    with pytest.raises(DownloadError, match="does not say how long the file is"):
        get(server.on("/f", until_closed), target)
    get(server.on("/f", until_closed), target, sha256=DIGEST)
    assert target.read_bytes() == BODY


def test_content_that_is_compressed_unasked_is_refused(server: Script, target: Path) -> None:
    with pytest.raises(DownloadError, match="gzip content unasked"):
        get(server.on("/f", whole(BODY, Content_Encoding="gzip")), target)


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
        get(server.on("/f", dripping), target)


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


def test_a_folder_that_cannot_be_written_is_an_error(server: Script, target: Path) -> None:
    target.with_name("library.msp.part").mkdir()
    with pytest.raises(DownloadError, match=r"library\.msp\.part: cannot be"):
        get(server.on("/f", whole(BODY)), target)


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


def test_the_folder_has_to_exist(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="does not exist"):
        get("https://example.org/f", tmp_path / "nowhere" / "f")


def test_importing_opens_no_connection() -> None:
    code = (
        "import socket\n"
        "def refuse(*a, **k): raise AssertionError('a connection was opened')\n"
        "socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse\n"
        "import nps_spectra.library.download, nps_spectra.library.fetch\n"
        "from nps_spectra.library.sources import library_sources\n"
        "print(len(library_sources()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert int(done.stdout) > 5
