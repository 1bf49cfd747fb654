"""Files, folders and lines: everything is read or named as a fault, in an order that is the same everywhere."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import random
import sys
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nps_spectra.errors import FormatError, InputError
from nps_spectra.formats import lines as lines_module
from nps_spectra.formats import streams
from nps_spectra.formats.lines import peek_text, text_lines
from nps_spectra.formats.streams import Member, members

TEXT = b"Name: A\nNum Peaks: 1\n58 999\n"


def read(path: Path) -> dict[str, bytes]:
    """Content of all readable members by name below `path`."""
    return {
        below(path, member): member.open().read()
        for member in members(path)
        if member.fault is None and member.skipped is None
    }


def below(path: Path, member: Member) -> str:
    return member.name.removeprefix(path.as_posix()).lstrip("/!")


def faults(path: Path) -> dict[str, str]:
    return {below(path, member): member.fault for member in members(path) if member.fault is not None}


def skipped(path: Path) -> list[str]:
    return [below(path, member) for member in members(path) if member.skipped is not None]


def incompressible(size: int, seed: int = 7) -> bytes:
    return random.Random(seed).randbytes(size)


def test_a_file_is_one_member_with_its_digest(tmp_path: Path) -> None:
    path = tmp_path / "a.msp"
    path.write_bytes(TEXT)
    (member,) = members(path)
    assert (member.name, member.disk_file) == (path.as_posix(), path.as_posix())
    assert member.sha256 == hashlib.sha256(TEXT).hexdigest()
    assert member.open().read() == TEXT


def test_a_large_file_has_the_same_digest_and_content(tmp_path: Path) -> None:
    data = TEXT * 200_000
    path = tmp_path / "a.msp"
    path.write_bytes(data)
    for member in members(path):
        assert member.sha256 == hashlib.sha256(data).hexdigest()
        assert member.open().read() == data


def test_a_missing_path_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        list(members(tmp_path / "absent.msp"))


def test_an_empty_file_is_a_member_without_content(tmp_path: Path) -> None:
    (tmp_path / "a.msp").write_bytes(b"")
    assert read(tmp_path / "a.msp") == {"": b""}


def test_a_folder_is_read_with_subfolders_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("b.txt", "a/2.txt", "a/1.txt", "B.txt", "c/x/y.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    assert list(read(tmp_path)) == ["B.txt", "a/1.txt", "a/2.txt", "b.txt", "c/x/y.txt"]


def test_an_empty_folder_has_no_members(tmp_path: Path) -> None:
    assert list(members(tmp_path)) == []


def test_files_that_are_no_spectra_by_their_name_are_skipped_in_folders(tmp_path: Path) -> None:
    names = ["README.md", "licence.txt", "VERSION", ".hidden", "plot.PNG", "Thumbs.db", "List_of_Contributors.txt"]
    for name in [*names, "version_2.msp"]:
        (tmp_path / name).write_bytes(TEXT)
    assert sorted(skipped(tmp_path)) == sorted(names)
    assert list(read(tmp_path)) == ["version_2.msp"]


def test_a_hidden_folder_is_skipped_as_one(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "a.txt").write_bytes(TEXT)
    assert skipped(tmp_path) == [".git"]


def test_a_file_named_directly_is_never_skipped(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_bytes(TEXT)
    assert read(tmp_path / "README.md") == {"": TEXT}


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
class TestLinks:
    def test_a_link_to_a_file_of_the_folder_is_read(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_bytes(TEXT)
        (tmp_path / "b.txt").symlink_to("a.txt")
        assert read(tmp_path) == {"a.txt": TEXT, "b.txt": TEXT}

    def test_a_link_that_leads_out_is_a_fault(self, tmp_path: Path) -> None:
        (tmp_path / "secret.txt").write_bytes(TEXT)
        folder = tmp_path / "folder"
        folder.mkdir()
        (folder / "a.txt").symlink_to(tmp_path / "secret.txt")
        assert faults(folder) == {"a.txt": "link that leads out of the folder"}

    def test_a_loop_of_links_ends(self, tmp_path: Path) -> None:
        (tmp_path / "sub").mkdir()
        (tmp_path / "sub" / "a.txt").write_bytes(TEXT)
        (tmp_path / "sub" / "up").symlink_to(tmp_path)
        (tmp_path / "self").symlink_to("self")
        assert list(read(tmp_path)) == ["sub/a.txt"]
        assert list(faults(tmp_path)) == ["self"]
        assert skipped(tmp_path) == ["sub/up"]

    def test_a_pipe_is_a_fault_and_does_not_hang(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe.txt")
        assert "not a regular file" in faults(tmp_path)["pipe.txt"]

    def test_control_characters_do_not_get_into_names(self, tmp_path: Path) -> None:
        (tmp_path / "a\x1b[2J\n.txt").write_bytes(TEXT)
        assert list(read(tmp_path)) == ["a\ufffd[2J\ufffd.txt"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_a_fault_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(TEXT)
    (tmp_path / "a.txt").chmod(0)
    (tmp_path / "b.txt").write_bytes(TEXT)
    assert list(faults(tmp_path)) == ["a.txt"]
    assert list(read(tmp_path)) == ["b.txt"]


def test_progress_ends_at_the_total_of_the_files_on_disk(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(incompressible(6 * 2**20))
    (tmp_path / "b.gz").write_bytes(gzip.compress(incompressible(5 * 2**20)))
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.writestr("c.txt", incompressible(5 * 2**20))
    total = sum(path.stat().st_size for path in tmp_path.iterdir())
    calls: list[tuple[int, int]] = []
    for member in members(tmp_path, lambda done, of: calls.append((done, of))):
        member.open().read()
    assert len(calls) > 4
    assert calls == sorted(calls)
    assert {of for _, of in calls} == {total}
    assert calls[-1] == (total, total)


# --- lines


def lines_of(data: bytes) -> list[str]:
    found = list(text_lines(io.BytesIO(data), Counter()))
    assert [number for number, _ in found] == list(range(1, len(found) + 1))
    return [text for _, text in found]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_all_three_line_ends(end: bytes) -> None:
    assert lines_of(end.join([b"a", b"", b"b", b""])) == ["a", "", "b"]


def test_a_last_line_without_end_is_a_line() -> None:
    assert lines_of(b"a\nb") == ["a", "b"]


def test_nothing_has_no_lines() -> None:
    assert lines_of(b"") == []


def test_other_separators_of_unicode_do_not_end_a_line() -> None:
    assert lines_of("a\x0b\x0c\x85\u2028b\n".encode()) == ["a\x0b\x0c\x85\u2028b"]


def test_a_byte_order_mark_is_no_text() -> None:
    assert lines_of(b"\xef\xbb\xbfName: A\n") == ["Name: A"]


def test_only_the_line_that_is_not_utf8_is_read_as_latin1() -> None:
    notes: Counter[str] = Counter()
    found = list(text_lines(io.BytesIO("µ\n".encode() + "µ\n".encode("latin-1")), notes))
    assert found == [(1, "µ"), (2, "µ")]
    assert notes == {"line is not UTF-8: read as Latin-1": 1}


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_with_a_mark_is_decoded_and_noted(encoding: str) -> None:
    notes: Counter[str] = Counter()
    data = "\ufeffName: é\r\n58\t999\r\n".encode(encoding)
    assert [text for _, text in text_lines(io.BytesIO(data), notes)] == ["Name: é", "58\t999"]
    assert notes == {"text is UTF-16": 1}


@pytest.mark.parametrize("tail", [b"\x00", b"\x00\xd8a\x00"])
def test_broken_utf16_is_an_error(tail: bytes) -> None:
    with pytest.raises(FormatError, match="UTF-16"):
        lines_of("\ufeffName: é\n".encode("utf-16-le") + tail)


@pytest.mark.parametrize("data", [b"a\nb\x00c\n", "Name\nA: A\n".encode("utf-16-le")])
def test_binary_content_is_an_error(data: bytes) -> None:
    with pytest.raises(FormatError, match="binary content"):
        lines_of(data)


def test_binary_content_is_placed_by_its_line() -> None:
    with pytest.raises(FormatError, match="line 200003"):
        lines_of(b"58 999999\r\n" * 200_002 + b"\x00")


def test_a_line_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines_module, "LONGEST_LINE", 2**21)
    with pytest.raises(FormatError, match="line 2 is longer"):
        lines_of(b"a\n" + b"1" * (3 * 2**21))


@given(st.lists(st.sampled_from([b"\r", b"\n", b"a", "µ".encode(), b"\xb5", b"\x85"]), max_size=20), st.integers(1, 9))
def test_lines_do_not_depend_on_how_the_stream_is_cut(pieces: list[bytes], size: int) -> None:
    data = b"x" + b"".join(pieces)

    class Pieces(io.BytesIO):
        def read1(self, _size: int | None = -1, /) -> bytes:
            return self.read(size)

    whole = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").removesuffix(b"\n").split(b"\n")
    assert [text for _, text in text_lines(Pieces(data), Counter())] == [
        line.decode("utf-8") if _is_utf8(line) else line.decode("latin-1") for line in whole
    ]


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def test_a_long_file_with_cr_alone_is_not_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines_module, "LONGEST_LINE", 2**21)
    assert lines_of(b"58 1\r" * 10**6) == ["58 1"] * 10**6


def test_peeking_loses_no_line() -> None:
    data = b"".join(b"line %d\n" % n for n in range(50_000))
    head, lines = peek_text(text_lines(io.BytesIO(data), Counter()))
    assert head.split("\n") == [f"line {n}" for n in range(head.count("\n") + 1)]
    assert 65_000 < len(head) <= streams.PEEK
    assert list(lines) == [(n + 1, f"line {n}") for n in range(50_000)]


def test_peeking_at_nothing() -> None:
    head, lines = peek_text(text_lines(io.BytesIO(b""), Counter()))
    assert (head, list(lines)) == ("", [])


def test_peeking_at_one_long_line_cuts_the_head_only() -> None:
    head, lines = peek_text(text_lines(io.BytesIO(b"1" * 100_000), Counter()))
    assert (len(head), len(next(iter(lines))[1])) == (streams.PEEK, 100_000)


def test_peeking_at_binary_content_is_an_error() -> None:
    with pytest.raises(FormatError, match="binary"):
        peek_text(text_lines(io.BytesIO(b"\x89PNG\x00"), Counter()))
