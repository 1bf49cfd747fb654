"""Files that arrive, break, go on, or are not what was asked for; from a server on this machine that does it all.

What a server may answer to ``Range`` and ``If-Range``: RFC 9110, sections 13.1.5 and 14.
"""

from __future__ import annotations

import email.utils
import gzip
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from library.downloads import BODY, DIGEST, QUICK, get, names
from library.scripted_server import Handler, Script, broken, ranged, status, whole

from nps_spectra.errors import DownloadError, OptionError
from nps_spectra.library.connection import Limits

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


@pytest.mark.parametrize("length", [{}, {"Content_Length": 7}], ids=["none", "to be ignored: RFC 9112, section 6.3"])
def test_a_chunked_answer_needs_no_length(server: Script, target: Path, length: dict[str, int]) -> None:
    def answer(handler: Handler) -> None:
        handler.head(200, Transfer_Encoding="chunked", **length)
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


def part(handler: Handler, body: bytes, place: str, tag: str | None = '"one"', **headers: object) -> None:
    tags = {} if tag is None else {"ETag": tag}
    handler.head(206, Content_Length=len(body), Content_Range=place, **tags, **headers)
    handler.wfile.write(body)


@pytest.mark.parametrize(
    ("place", "tag"),
    [
        ("bytes 70000-{last}/{more}", '"one"'),
        ("bytes 70001-{last}/{all}", '"one"'),
        ("bytes 70000-{less}/{all}", '"one"'),
        ("bytes 70000-69999/{all}", '"one"'),
        ("bytes 70000-{all}/{all}", '"one"'),
        ("70000-{last}/{all}", '"one"'),
        ("", '"one"'),
        ("bytes 70000-{last}/{all}", None),
        ("bytes 70000-{last}/{all}", 'W/"one"'),
    ],
)
def test_a_part_that_contradicts_itself_or_what_came_before_is_not_joined(
    server: Script, target: Path, place: str, tag: str | None
) -> None:
    size = len(BODY)
    place = place.format(last=size - 1, less=size - 2, all=size, more=size + 1)

    def lying(handler: Handler) -> None:
        part(handler, BODY[70_000:], place, tag)

    done = get(server.on("/f", broken(BODY, 70_000), lying, whole(BODY)), target, limits=replace(QUICK, attempts=3))
    assert done.resumed_at == 0
    assert target.read_bytes() == BODY


def test_a_server_that_sends_less_of_a_part_than_asked_is_asked_for_the_rest(server: Script, target: Path) -> None:
    def capped(handler: Handler) -> None:
        part(handler, BODY[70_000:80_000], f"bytes 70000-79999/{len(BODY)}")

    address = server.on("/f", broken(BODY, 70_000), capped, ranged(BODY))
    done = get(address, target, limits=replace(QUICK, attempts=3))
    assert done.resumed_at == 80_000
    assert target.read_bytes() == BODY


def test_a_part_of_unknown_whole_is_measured_by_what_was_said_before(server: Script, target: Path) -> None:
    def capped(handler: Handler) -> None:
        part(handler, BODY[70_000:80_000], "bytes 70000-79999/*")

    with pytest.raises(DownloadError, match=f"ended after 80000 of {len(BODY)} bytes"):
        get(server.on("/f", broken(BODY, 70_000), capped), target)


def test_a_part_of_a_file_of_another_length_is_not_joined(server: Script, target: Path) -> None:
    longer = BODY + b"more"

    def grown(handler: Handler) -> None:
        part(handler, longer[70_000:], f"bytes 70000-{len(longer) - 1}/{len(longer)}")

    get(server.on("/f", broken(BODY, 70_000), grown, whole(BODY)), target, limits=replace(QUICK, attempts=3))
    assert target.read_bytes() == BODY


@pytest.mark.parametrize("said", [0, 4], ids=["than it says", "than the file has"])
def test_a_part_that_brings_more_is_not_joined(server: Script, target: Path, said: int) -> None:
    def swollen(handler: Handler) -> None:
        rest = BODY[70_000:] + b"more"
        place = f"bytes 70000-{len(BODY) - 1 + said}/{len(BODY)}"
        handler.head(206, Transfer_Encoding="chunked", Content_Range=place, ETag='"one"')
        handler.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(rest), rest))

    with pytest.raises(DownloadError, match=f"more than the limit of {len(BODY)} bytes|another file"):
        get(server.on("/f", broken(BODY, 70_000), swollen), target)
    assert names(target.parent) == []


def test_a_date_of_change_tells_the_same_file_if_it_is_long_ago(server: Script, target: Path) -> None:
    changed = "Wed, 21 Oct 2015 07:28:00 GMT"

    def first(handler: Handler) -> None:
        handler.head(200, Content_Length=len(BODY), Last_Modified=changed)  # the server adds the date of today
        handler.wfile.write(BODY[:70_000])

    def second(handler: Handler) -> None:
        part(handler, BODY[70_000:], f"bytes 70000-{len(BODY) - 1}/{len(BODY)}", None, Last_Modified=changed)

    assert get(server.on("/f", first, second), target, sha256=DIGEST).resumed_at == 70_000
    assert server.requests[1][1]["If-Range"] == changed


def test_a_date_of_change_of_this_minute_tells_nothing(server: Script, target: Path) -> None:
    def first(handler: Handler) -> None:
        handler.head(200, Content_Length=len(BODY), Last_Modified=email.utils.formatdate(usegmt=True))
        handler.wfile.write(BODY[:70_000])

    get(server.on("/f", first, whole(BODY)), target, sha256=DIGEST)
    assert "Range" not in server.requests[1][1]


@pytest.mark.parametrize("known", [{"sha256": DIGEST}, {}], ids=["by its digest too", "by its length"])
def test_a_part_that_was_already_all_is_finished(server: Script, target: Path, known: dict[str, str]) -> None:
    address = server.on("/f", broken(BODY, 70_000), status(503))
    with pytest.raises(DownloadError):
        get(address, target)
    target.with_name("library.msp.part").write_bytes(BODY)  # killed between the last byte and the rename
    server.on("/f", ranged(BODY))
    get(address, target, **known)
    assert len(server.requests) == 3
    assert target.read_bytes() == BODY


def test_a_part_longer_than_the_file_is_fetched_anew(server: Script, target: Path) -> None:
    address = server.on("/f", broken(BODY, 70_000), status(503))
    with pytest.raises(DownloadError):
        get(address, target)
    target.with_name("library.msp.part").write_bytes(BODY + b"more")
    server.on("/f", ranged(BODY))
    get(address, target)
    assert target.read_bytes() == BODY


@pytest.mark.parametrize(
    "notes", ["", "[]", "null", '{"address": 1}', '{"address": "ADDRESS", "validator": "\\n", "total": null}', "\xff"]
)
def test_notes_that_are_damaged_are_not_believed(server: Script, target: Path, notes: str) -> None:
    address = server.on("/f", whole(BODY))
    target.with_name("library.msp.part").write_bytes(b"junk")
    notes_file = target.with_name("library.msp.part.json")
    notes_file.write_text(notes.replace("ADDRESS", address), encoding="latin-1")
    get(address, target)
    assert target.read_bytes() == BODY
    assert "Range" not in server.requests[0][1]


def test_without_a_validator_nothing_is_resumed(server: Script, target: Path) -> None:
    get(server.on("/f", broken(BODY, 70_000, tag="W/weak"), whole(BODY)), target, sha256=DIGEST)
    assert "Range" not in server.requests[1][1]


def test_a_part_that_cannot_be_resumed_is_not_left_behind(server: Script, target: Path) -> None:
    with pytest.raises(DownloadError, match=r"70000 of \d+ bytes, 2 attempts$"):
        get(server.on("/f", broken(BODY, 70_000, tag="W/weak")), target)
    assert names(target.parent) == []


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
@pytest.mark.parametrize(
    "page",
    [
        b"\xef\xbb\xbf\n<!DOCTYPE html>\n<html><title>Sign in</title></html>",
        b'<?xml version="1.0"?>\n<!-- portal -->\n<html xmlns="http://www.w3.org/1999/xhtml"></html>',
    ],
)
def test_a_web_page_instead_of_the_file_is_refused(
    server: Script, target: Path, headers: dict[str, str], page: bytes
) -> None:
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


def test_no_more_is_taken_than_the_file_is_known_to_have(server: Script, target: Path) -> None:
    def endless(handler: Handler) -> None:
        handler.head(200, Transfer_Encoding="chunked")
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(BODY), BODY))

    with pytest.raises(DownloadError, match="more than the limit of 1000 bytes"):
        get(server.on("/f", endless), target, size_bytes=1000)
    assert names(target.parent) == []


@pytest.mark.parametrize("length", ["-1", "1e6", "9" * 5000, "²", "0x10", ""])
def test_a_length_that_is_no_number_is_none(server: Script, target: Path, length: str) -> None:
    def lying(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n" % length.encode("utf-8") + BODY)

    with pytest.raises(DownloadError, match="does not say how long the file is"):
        get(server.on("/f", lying), target)


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


def test_a_file_that_is_compressed_itself_may_be_called_compressed_content(server: Script, target: Path) -> None:
    packed = target.with_name("library.msp.gz")
    get(server.on("/f", whole(gzip.compress(BODY), Content_Encoding="x-gzip")), packed)
    assert gzip.decompress(packed.read_bytes()) == BODY


# ---- the disk


def test_a_folder_that_cannot_be_written_is_an_error(server: Script, target: Path) -> None:
    target.with_name("library.msp.part").mkdir()
    with pytest.raises(DownloadError, match=r"library\.msp\.part: cannot be"):
        get(server.on("/f", whole(BODY)), target)


@pytest.mark.skipif(os.name != "posix", reason="limits of a process exist on POSIX systems")
def test_a_full_disk_is_told_and_what_came_is_kept(server: Script, target: Path) -> None:
    # A limit of 100,000 bytes a file stands for the end of the disk.
    code = "import resource, sys, pathlib; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)); "
    code += "from nps_spectra.library.download import download as d; "
    code += "d(sys.argv[1], pathlib.Path(sys.argv[2]), largest_bytes=10**7)"
    address = server.on("/f", ranged(BODY))
    done = subprocess.run([sys.executable, "-c", code, address, str(target)], capture_output=True, text=True)
    assert re.search(r"DownloadError: .*\.part: cannot be written \(File too large\); \d+ bytes are kept", done.stderr)
    assert not target.exists()
    assert get(address, target, sha256=DIGEST).resumed_at > 0


def test_a_disk_that_is_too_small_is_told_before_the_transfer(
    server: Script, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(target.parent)
    monkeypatch.setattr("nps_spectra.library.download.shutil.disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(DownloadError, match=f"{len(BODY)} bytes are to come and only 1000 are free"):
        get(server.on("/f", whole(BODY)), target)
    assert names(target.parent) == []


def test_a_part_that_another_program_wrote_into_does_not_become_the_file(server: Script, target: Path) -> None:
    def meddle(done: int, total: int) -> None:
        if done == total:
            with target.with_name("library.msp.part").open("rb+") as stream:
                stream.write(b"NAME")

    with pytest.raises(DownloadError, match="is not what came: is it being fetched twice"):
        get(server.on("/f", whole(BODY)), target, progress=meddle)
    assert names(target.parent) == []


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
