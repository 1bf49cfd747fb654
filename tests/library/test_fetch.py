"""The list of public libraries, and one of them from its address to a library file."""

from __future__ import annotations

import hashlib
import io
import json
import re
import socket
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from library.downloads import QUICK
from library.scripted_server import Handler, Script, broken, ranged, status, whole

from nps_spectra import Library
from nps_spectra.cli.main import main
from nps_spectra.errors import DownloadError, InputError, NoSpectraError, OptionError
from nps_spectra.formats import format_names
from nps_spectra.library.fetch import by_hand, fetch_library
from nps_spectra.library.sources import LibrarySource, library_source, library_sources

MSP = b"Name: A\nNum Peaks: 2\n58 999\n91 80\n\nName: B\nLicense: CC0\nNum Peaks: 2\n44 999\n91 90\n\n"


@pytest.fixture
def source(server: Script) -> LibrarySource:
    return LibrarySource(
        name="test",
        title="A test library",
        version="version 7",
        holds="two spectra",
        page="https://example.org",
        licence="CC BY 4.0",
        record_licence="CC BY 4.0",
        terms="name the authors",
        check="digest",
        largest_bytes=10_000,
        checked=date(2026, 11, 24),
        facts_from=("https://example.org",),
        format="msp",
        address=server.on("/f.msp", whole(MSP)),
        file="f.msp",
        sha256=hashlib.sha256(MSP).hexdigest(),
        size_bytes=len(MSP),
    )


# ---- the list


@pytest.mark.parametrize("known", library_sources(), ids=lambda known: known.name)
def test_every_source_says_what_a_laboratory_has_to_know(known: LibrarySource) -> None:
    for text in (known.title, known.holds, known.licence, known.terms, known.check):
        assert text.strip() == text
        assert "\n" not in text
        assert len(text) < 200
    assert re.fullmatch(r"[a-z0-9.-]+", known.name)
    assert isinstance(known.checked, date)
    assert known.facts_from
    assert known.format in (None, *format_names())
    assert known.largest_bytes >= (known.size_bytes or 1)
    assert known.sha256 is None or re.fullmatch("[0-9a-f]{64}", known.sha256)


@pytest.mark.parametrize("known", library_sources(), ids=lambda known: known.name)
def test_every_source_is_downloaded_over_https_or_says_how_to_do_it_by_hand(known: LibrarySource) -> None:
    assert (known.address is None) == (known.file is None)
    assert (known.address is None) == (known.by_hand is not None)
    assert known.address is None or known.address.startswith("https://")
    assert known.file is None or Path(known.file).name == known.file


def test_names_are_not_given_twice() -> None:
    names = [known.name for known in library_sources()]
    assert len(names) == len(set(names))


def test_a_name_that_is_unknown_is_answered_with_the_nearest() -> None:
    with pytest.raises(OptionError, match=r"no public library 'MassBnak': did you mean 'massbank'\?"):
        library_source("MassBnak")


# ---- from the address to the library


def test_a_library_is_built_with_its_licence_and_where_it_came_from(
    source: LibrarySource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1704067200")
    fetched = fetch_library(source, tmp_path / "lib.h5", file=tmp_path / "f.msp", limits=QUICK)
    (entry,) = Library.open(tmp_path / "lib.h5").sources
    assert entry["sha256"] == source.sha256
    assert entry["licences"] == {"CC BY 4.0": 1, "CC0": 1}
    assert entry["provenance"] == {
        "source": "test",
        "title": "A test library",
        "version": "version 7",
        "page": "https://example.org",
        "licence": "CC BY 4.0",
        "terms": "name the authors",
        "address": source.address,
        "sha256": source.sha256,
        "size_bytes": len(MSP),
        "imported": "2024-01-01T00:00:00Z",
        "downloaded_now": True,
    }
    assert fetched.library.name == "A test library, version 7"
    assert (tmp_path / "f.msp").read_bytes() == MSP


def test_a_file_that_is_here_is_not_downloaded_again(source: LibrarySource, server: Script, tmp_path: Path) -> None:
    fetch_library(source, tmp_path / "lib.h5", file=tmp_path / "f.msp", limits=QUICK)
    again = fetch_library(source, tmp_path / "lib.h5", file=tmp_path / "f.msp", limits=QUICK)
    assert again.download is None
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"", "empty"), (b"<html>", "web page"), (MSP + b"\n", "bytes, expected"), (MSP.replace(b"58", b"59"), "SHA-256")],
)
def test_a_file_that_is_here_and_is_not_it_is_refused(
    source: LibrarySource, tmp_path: Path, content: bytes, told: str
) -> None:
    (tmp_path / "f.msp").write_bytes(content)
    with pytest.raises(DownloadError, match=told):
        fetch_library(source, tmp_path / "lib.h5", file=tmp_path / "f.msp")
    assert not (tmp_path / "lib.h5").exists()


def test_a_file_given_by_hand_needs_no_connection(
    source: LibrarySource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket, "create_connection", refuse)
    (tmp_path / "carried.msp").write_bytes(MSP)
    fetched = fetch_library(source, tmp_path / "lib.h5", given=tmp_path / "carried.msp")
    assert fetched.download is None
    assert fetched.library.sources[0]["provenance"]["address"] is None


def test_a_version_is_claimed_only_of_a_file_that_is_known_to_be_it(
    source: LibrarySource, server: Script, tmp_path: Path
) -> None:
    loose = replace(source, sha256=None, size_bytes=None)
    first = fetch_library(loose, tmp_path / "1.h5", file=tmp_path / "f.msp", limits=QUICK)
    copy = server.on("/copy", whole(MSP))
    second = fetch_library(loose, tmp_path / "2.h5", file=tmp_path / "g.msp", address=copy, limits=QUICK)
    third = fetch_library(loose, tmp_path / "3.h5", given=tmp_path / "f.msp")
    fourth = fetch_library(source, tmp_path / "4.h5", given=tmp_path / "f.msp")
    known = [
        (each.library.name, each.library.sources[0]["provenance"]["version"]) for each in (first, second, third, fourth)
    ]
    with_version, without = ("A test library, version 7", "version 7"), ("A test library", None)
    assert known == [with_version, without, without, with_version]


def test_a_file_given_by_hand_that_does_not_exist_is_an_error(source: LibrarySource, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        fetch_library(source, tmp_path / "lib.h5", given=tmp_path / "nothing.msp")


def test_only_the_members_asked_for_are_read(source: LibrarySource, server: Script, tmp_path: Path) -> None:
    path = tmp_path / "archive.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("repo-1/library/1.MSP", MSP)
        archive.writestr("repo-1/other/2.MSP", MSP)
        archive.writestr("repo-1/program.exe", b"MZ\x00\x01")
    chosen = replace(
        source,
        address=server.on("/a.zip", whole(path.read_bytes())),
        file="a.zip",
        only="*/library/*",
        sha256=None,
        size_bytes=None,
    )
    library = fetch_library(chosen, tmp_path / "lib.h5", file=tmp_path / "a.zip", limits=QUICK).library
    assert len(library) == 2
    assert library.report is not None
    assert library.report.rejects == []
    assert [reason for _, reason in library.report.skipped] == ["not asked for", "not asked for"]


def test_a_member_that_was_unpacked_by_hand_is_read_whatever_it_is_called(
    source: LibrarySource, tmp_path: Path
) -> None:
    chosen = replace(source, only="*/library/*", sha256=None, size_bytes=None)
    (tmp_path / "unpacked.msp").write_bytes(MSP)
    assert len(fetch_library(chosen, tmp_path / "lib.h5", given=tmp_path / "unpacked.msp").library) == 2


def test_a_file_with_fewer_spectra_than_the_library_has_is_told(source: LibrarySource, tmp_path: Path) -> None:
    fetched = fetch_library(replace(source, least_spectra=3), tmp_path / "lib.h5", file=tmp_path / "f.msp")
    assert fetched.missing is not None
    assert "f.msp: 2 spectra, expected at least 3" in fetched.missing
    assert fetch_library(replace(source, least_spectra=2), tmp_path / "l.h5", file=tmp_path / "f.msp").missing is None


def test_a_file_that_holds_no_spectra_is_not_found_again_without_a_word(
    source: LibrarySource, server: Script, tmp_path: Path
) -> None:
    server.on("/f.msp", whole(b'{"message": "moved"}'))
    loose = replace(source, sha256=None, size_bytes=None)
    with pytest.raises(NoSpectraError, match=r"f\.msp stays: remove it to have it downloaded again"):
        fetch_library(loose, tmp_path / "lib.h5", file=tmp_path / "f.msp", limits=QUICK)
    with pytest.raises(NoSpectraError, match=r"starts with 'Name:'$"):
        fetch_library(loose, tmp_path / "lib.h5", given=tmp_path / "f.msp")
    assert not (tmp_path / "lib.h5").exists()


def test_a_folder_is_no_place_for_one_file(source: LibrarySource, server: Script, tmp_path: Path) -> None:
    (tmp_path / "downloads").mkdir()
    (tmp_path / "downloads" / "other.msp").write_bytes(MSP)
    with pytest.raises(OptionError, match="is a folder; expected the name of a file"):
        fetch_library(source, tmp_path / "lib.h5", file=tmp_path / "downloads")
    assert server.requests == []


def test_a_copy_in_house_is_fetched_from_its_address(source: LibrarySource, server: Script, tmp_path: Path) -> None:
    address = server.on("/copy", whole(MSP))
    fetch_library(source, tmp_path / "lib.h5", file=tmp_path / "f.msp", address=address, limits=QUICK)
    assert [path for path, _ in server.requests] == ["/copy"]


def test_a_library_that_is_there_stays_when_the_download_fails(
    source: LibrarySource, server: Script, tmp_path: Path
) -> None:
    fetch_library(source, tmp_path / "lib.h5", file=tmp_path / "f.msp", limits=QUICK)
    before = (tmp_path / "lib.h5").read_bytes()
    server.on("/f.msp", status(404))
    with pytest.raises(DownloadError):
        fetch_library(source, tmp_path / "lib.h5", file=tmp_path / "new.msp", limits=QUICK)
    assert (tmp_path / "lib.h5").read_bytes() == before


def test_the_library_does_not_replace_the_file_it_is_built_from(source: LibrarySource, tmp_path: Path) -> None:
    (tmp_path / "f.msp").write_bytes(MSP)
    with pytest.raises(OptionError, match="would replace the file"):
        fetch_library(source, tmp_path / "f.msp", given=tmp_path / "f.msp")
    with pytest.raises(OptionError, match="would replace the file"):
        fetch_library(source, tmp_path / "new.msp", file=tmp_path / "new.msp")
    assert (tmp_path / "f.msp").read_bytes() == MSP


def test_a_source_without_an_address_is_fetched_by_hand(source: LibrarySource, tmp_path: Path) -> None:
    hand = replace(source, address=None, file=None, by_hand="\nPress the button.", sha256=None, size_bytes=None)
    with pytest.raises(DownloadError, match="has to be downloaded by hand"):
        fetch_library(hand, tmp_path / "lib.h5")
    told = by_hand(hand, None, Path("lib.h5"))
    assert "Press the button. (page: https://example.org)" in told
    assert "nps-spectra library fetch test --from FILE --out lib.h5" in told
    with pytest.raises(OptionError, match="--keep FILE"):
        fetch_library(hand, tmp_path / "lib.h5", address="https://example.org/copy")


def test_without_a_connection_it_is_said_what_to_fetch_and_where_to_put_it(
    source: LibrarySource, tmp_path: Path
) -> None:
    told = by_hand(source, tmp_path / "my files" / "f.msp", Path("my libraries/lib.h5"))
    assert f"Download {source.address} (page: https://example.org)" in told
    assert "Licence: CC BY 4.0; terms: name the authors." in told
    assert f"Put it at {tmp_path / 'my files' / 'f.msp'} and give the same command again" in told
    assert 'nps-spectra library fetch test --from f.msp --out "my libraries/lib.h5"' in told


# ---- the command


@pytest.fixture
def known(source: LibrarySource, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> LibrarySource:
    monkeypatch.setattr("nps_spectra.library.sources.library_sources", lambda: (source,))
    monkeypatch.chdir(tmp_path)
    return source


def test_the_list_downloads_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    assert main(["library", "fetch"]) == 0
    printed = capsys.readouterr().out
    assert "massbank: MassBank" in printed
    assert "Nothing was downloaded" in printed
    assert main(["library", "fetch", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed["downloaded"] is None
    assert {"name", "licence", "terms", "size_bytes", "holds", "checked", "sha256"} <= set(listed["sources"][0])


def test_one_command_gives_a_library(known: LibrarySource, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["library", "fetch", "test", "--json"]) == 0
    captured = capsys.readouterr()
    told = json.loads(captured.out)
    assert (told["library"], told["spectra"], told["file"]) == ("test.h5", 2, "f.msp")
    assert told["provenance"]["address"] == known.address
    assert "name the authors" in captured.err
    assert len(Library.open("test.h5")) == 2


def test_a_broken_download_goes_on_by_the_same_command(
    known: LibrarySource, server: Script, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    server.on("/f.msp", broken(MSP, 20), status(503))
    assert main(["library", "fetch", "test"]) == 3
    told = capsys.readouterr().err
    assert "20 bytes are kept in f.msp.part" in told
    assert "nps-spectra library fetch test --from f.msp --out test.h5" in told
    server.on("/f.msp", ranged(MSP))
    assert main(["library", "fetch", "test"]) == 0
    assert server.requests[-1][1]["Range"] == "bytes=20-"


@pytest.mark.parametrize(("option", "place"), [("--folder", "downloads/f.msp"), ("--keep", "downloads/mine.msp")])
def test_the_download_is_kept_where_the_user_says(known: LibrarySource, option: str, place: str) -> None:
    Path("downloads").mkdir()
    given = place if option == "--keep" else "downloads"
    assert main(["library", "fetch", "test", "--out", "lib.h5", option, given]) == 0
    assert Path(place).read_bytes() == MSP
    assert Path("lib.h5").exists()


def test_an_unknown_name_is_wrong_use(known: LibrarySource) -> None:
    assert main(["library", "fetch", "another"]) == 2


def test_rejects_are_told_and_are_exit_code_1(
    known: LibrarySource, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("carried.msp").write_bytes(MSP + b"Name: broken\nNum Peaks: 1\n58 nan\n")
    loose = replace(known, sha256=None, size_bytes=None)
    monkeypatch.setattr("nps_spectra.library.sources.library_sources", lambda: (loose,))
    assert main(["library", "fetch", "test", "--from", "carried.msp"]) == 1
    captured = capsys.readouterr()
    assert "intensity is nan" in captured.err
    assert "carried.msp was here: nothing was downloaded" in captured.err


def test_missing_spectra_are_told_and_are_exit_code_1(
    known: LibrarySource, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nps_spectra.library.sources.library_sources", lambda: (replace(known, least_spectra=3),))
    assert main(["library", "fetch", "test", "--json"]) == 1
    captured = capsys.readouterr()
    assert "MISSING: f.msp: 2 spectra, expected at least 3" in captured.err
    assert json.loads(captured.out)["missing"].startswith("f.msp: 2 spectra")


def test_the_list_says_what_could_not_be_verified(capsys: pytest.CaptureFixture[str]) -> None:
    main(["library", "fetch"])
    assert "facts as of 2026-11-24; not verified: size, number of spectra, licence" in capsys.readouterr().out


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("total", [len(MSP), 0], ids=["of known length", "of unknown length"])
def test_a_bar_is_one_line_on_a_terminal_only(
    known: LibrarySource, server: Script, monkeypatch: pytest.MonkeyPatch, total: int
) -> None:
    def chunked(handler: Handler) -> None:
        handler.head(200, Transfer_Encoding="chunked")
        handler.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(MSP), MSP))

    loose = replace(known, sha256=None, size_bytes=None)
    monkeypatch.setattr("nps_spectra.library.sources.library_sources", lambda: (loose,))
    server.on("/f.msp", whole(MSP) if total else chunked)
    terminal, file = Terminal(), io.StringIO()
    monkeypatch.setattr("sys.stderr", terminal)
    assert main(["library", "fetch", "test"]) == 0
    assert len(re.findall(r"\rdownloading \[#{30}\] 0/0 MB *\n", terminal.getvalue())) == 1
    monkeypatch.setattr("sys.stderr", file)
    assert main(["library", "fetch", "test", "--keep", "again.msp"]) == 0
    assert "downloading" not in file.getvalue()


def test_the_swgdrug_library_of_hand_is_imported(
    data_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = data_folder / "swgdrug_ei" / "swgdrug_3.4.msp"
    assert main(["library", "fetch", "swgdrug", "--from", str(file), "--out", str(tmp_path / "s.h5"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["spectra"] == 2733  # counted in the data folder's README
    assert told["provenance"]["licence"].startswith("SWGDRUG, all rights reserved")
