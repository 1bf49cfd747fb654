"""Archives: every member is read or named as a fault, and nothing hangs or explodes."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import random
import struct
import tarfile
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from nps_spectra.errors import ArchiveError
from nps_spectra.formats import member as member_module
from nps_spectra.formats.lines import peek_text, text_lines
from nps_spectra.formats.streams import Member, members

TEXT = b"Name: A\nNum Peaks: 1\n58 999\n"
TAR_MODES = {"tar": "w", "tar.gz": "w:gz", "tar.xz": "w:xz", "tar.bz2": "w:bz2"}
COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {"gz": gzip.compress, "xz": lzma.compress, "bz2": bz2.compress}


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


def read_on(stream: BinaryIO, sizes: list[int]) -> None:
    sizes.extend(len(block) for block in iter(lambda: stream.read(2**20), b""))


def tar_entry(name: str, data: bytes = TEXT, **attributes: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for key, value in attributes.items():
        setattr(info, key, value)
    return info, data


def write_tar(path: Path, *entries: tuple[tarfile.TarInfo, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for info, data in entries:
            archive.addfile(info, io.BytesIO(data))
    return path


def write_zip(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


def incompressible(size: int, seed: int = 7) -> bytes:
    return random.Random(seed).randbytes(size)


@pytest.mark.parametrize("suffix", COMPRESSORS)
def test_a_compressed_file_keeps_its_name_and_is_known_by_content(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / "a.msp"
    path.write_bytes(COMPRESSORS[suffix](TEXT))
    (member,) = members(path)
    assert member.name == path.as_posix()
    assert member.open().read() == TEXT


@pytest.mark.parametrize("mode", TAR_MODES.values(), ids=list(TAR_MODES))
def test_tar_is_read_in_its_own_order(tmp_path: Path, mode: str) -> None:
    path = write_tar(tmp_path / "archive", tar_entry("z/b.txt", b"1"), tar_entry("./a.txt", b"2"), mode=mode)
    assert list(read(path).items()) == [("z/b.txt", b"1"), ("a.txt", b"2")]
    assert {member.sha256 for member in members(path)} == {hashlib.sha256(path.read_bytes()).hexdigest()}


@pytest.mark.parametrize("kind", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_and_foreign_names_in_tar(tmp_path: Path, kind: int) -> None:
    name = f"{'folder/' * 14}{'n' * 90}-é.txt"
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w", format=kind, encoding="utf-8") as archive:
        archive.addfile(tar_entry(name)[0], io.BytesIO(TEXT))
    assert read(path) == {name: TEXT}


def test_zip_is_read_in_its_own_order(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "archive", {"z/b.txt": b"1", "a.txt": b"2"})
    assert list(read(path).items()) == [("z/b.txt", b"1"), ("a.txt", b"2")]


def test_large_members_are_streamed_whole(tmp_path: Path) -> None:
    data = incompressible(member_module.SMALL + 100_000)
    tar = write_tar(tmp_path / "a.tar", tar_entry("a.txt", data), tar_entry("b.txt"))
    archive = write_zip(tmp_path / "a.zip", {"a.txt": data, "b.txt": TEXT})
    assert read(tar) == read(archive) == {"a.txt": data, "b.txt": TEXT}


def test_a_large_member_that_is_not_read_does_not_disturb_the_next(tmp_path: Path) -> None:
    data = incompressible(member_module.SMALL + 100_000)
    path = write_tar(tmp_path / "a.tar", tar_entry("a.txt", data), tar_entry("b.txt"))
    assert [member.open().read() for member in members(path) if member.name.endswith("b.txt")] == [TEXT]


def test_archives_inside_a_folder_are_read(tmp_path: Path) -> None:
    write_tar(tmp_path / "a.tar.xz", tar_entry("x.txt"), mode="w:xz")
    write_zip(tmp_path / "b.zip", {"y.txt": TEXT})
    assert list(read(tmp_path)) == ["a.tar.xz!x.txt", "b.zip!y.txt"]


def test_other_files_are_skipped_inside_archives(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"README": b"", "__MACOSX/._a.txt": b"", ".git/x": b"", "a.txt": TEXT})
    assert skipped(path) == ["README", "__MACOSX/._a.txt", ".git/x"]
    assert list(read(path)) == ["a.txt"]


@pytest.mark.parametrize(
    "name", ["../a.txt", "/etc/a.txt", "x/../../a.txt", "C:/a.txt", "c:a.txt", "..\\a.txt", "\\\\host\\share\\a.txt"]
)
def test_a_path_that_leaves_the_archive_is_a_fault_and_the_others_are_read(tmp_path: Path, name: str) -> None:
    tar = write_tar(tmp_path / "a.tar", tar_entry(name), tar_entry("b.txt"))
    archive = write_zip(tmp_path / "a.zip", {name: TEXT, "b.txt": TEXT})
    for path in (tar, archive):
        assert [reason.partition(":")[0] for reason in faults(path).values()] == ["unsafe path"]
        assert list(read(path)) == ["b.txt"]


def test_backslashes_inside_an_archive_are_shown_as_slashes(tmp_path: Path) -> None:
    assert list(read(write_zip(tmp_path / "a.zip", {"x\\a.txt": TEXT}))) == ["x/a.txt"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_in_tar_are_faults_and_the_others_are_read(tmp_path: Path, kind: bytes) -> None:
    path = write_tar(tmp_path / "a.tar", tar_entry("l.txt", b"", type=kind, linkname="b.txt"), tar_entry("b.txt"))
    assert list(faults(path)) == ["l.txt"]
    assert list(read(path)) == ["b.txt"]


def test_a_sparse_member_is_a_fault_whatever_size_it_claims(tmp_path: Path) -> None:
    claims = {"GNU.sparse.size": str(2**40), "GNU.sparse.map": "0,0", "GNU.sparse.name": "a.txt"}
    path = write_tar(tmp_path / "a.tar", tar_entry("a.txt", b"", pax_headers=claims), tar_entry("b.txt"))
    assert "sparse" in faults(path)["a.txt"]
    assert list(read(path)) == ["b.txt"]


def test_a_link_in_zip_is_a_fault(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("l.txt")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, "b.txt")
        archive.writestr("b.txt", TEXT)
    assert "link" in faults(tmp_path / "a.zip")["l.txt"]
    assert list(read(tmp_path / "a.zip")) == ["b.txt"]


def test_an_encrypted_zip_member_is_a_fault_and_the_others_are_read(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"a.txt": TEXT, "b.txt": TEXT})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1  # general purpose bit 0 of the first member (APPNOTE 4.4.4)
    path.write_bytes(data)
    assert faults(path) == {"a.txt": "encrypted: unpack it first"}
    assert list(read(path)) == ["b.txt"]


@pytest.mark.parametrize("inner", ["gz", "xz", "bz2", "zip", "tar"])
def test_an_archive_inside_an_archive_is_a_fault(tmp_path: Path, inner: str) -> None:
    if inner == "zip":
        data = write_zip(tmp_path / "inner", {"a.txt": TEXT}).read_bytes()
    elif inner == "tar":
        data = write_tar(tmp_path / "inner", tar_entry("a.txt")).read_bytes()
    else:
        data = COMPRESSORS[inner](TEXT)
    tar = write_tar(tmp_path / "a.tar", tar_entry("inner.txt", data), tar_entry("b.txt"))
    archive = write_zip(tmp_path / "a.zip", {"inner.txt": data, "b.txt": TEXT})
    for path in (tar, archive):
        assert faults(path)["inner.txt"].endswith("unpack it first")
        assert list(read(path)) == ["b.txt"]


@pytest.mark.parametrize("head", [b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07\x01", b"\x28\xb5\x2f\xfd"])
def test_archives_that_are_not_supported_say_what_to_do(tmp_path: Path, head: bytes) -> None:
    (tmp_path / "a.msp").write_bytes(head + bytes(100))
    assert faults(tmp_path)["a.msp"].endswith("unpack it first")


def test_a_file_compressed_twice_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(gzip.compress(TEXT)))
    assert faults(tmp_path)["a.gz"].endswith("unpack it first")


@pytest.mark.parametrize("suffix", ["tar", "zip"])
def test_an_archive_without_files_is_a_fault(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / "a"
    if suffix == "zip":
        write_zip(path, {"folder/": b""})
    else:
        write_tar(path, tar_entry("folder", b"", type=tarfile.DIRTYPE))
    assert faults(path) == {"": "empty archive"}


# --- damage


@pytest.mark.parametrize("suffix", COMPRESSORS)
def test_a_cut_compressed_file_gives_its_lines_and_then_an_error_with_its_name(tmp_path: Path, suffix: str) -> None:
    text = b"".join(b"%x\n" % n for n in incompressible(1_000_000))
    path = tmp_path / f"a.txt.{suffix}"
    packed = COMPRESSORS[suffix](text)
    path.write_bytes(packed[: len(packed) // 2])
    (member,) = members(path)
    _, lines = peek_text(text_lines(member.open(), Counter()))
    seen: list[str] = []
    with pytest.raises(ArchiveError, match=rf"a\.txt\.{suffix}: damaged or cut short"):
        seen.extend(text for _, text in lines)
    assert len(seen) > 100
    assert "\n".join(seen).encode() == text[: len("\n".join(seen))]


@pytest.mark.parametrize("mode", TAR_MODES.values(), ids=list(TAR_MODES))
def test_a_cut_tar_gives_the_members_before_the_damage_and_one_fault(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "a"
    write_tar(path, *(tar_entry(f"{n}.txt", incompressible(300_000, n)) for n in range(9)), mode=mode)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert 1 <= len(read(path)) <= 4
    (reason,) = faults(path).values()
    assert "nothing after this could be read" in reason


def test_a_cut_tar_with_a_large_member_reports_the_damage_once(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "a.tar", tar_entry("a.txt", incompressible(2 * member_module.SMALL)))
    path.write_bytes(path.read_bytes()[: member_module.SMALL])
    names = []
    for member in members(path):
        names.append(below(path, member))
        with pytest.raises(ArchiveError, match=r"a\.txt: damaged"):
            member.open().read()
    assert names == ["a.txt"]


def test_a_tar_cut_between_two_members_is_noticed(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "a.tar", tar_entry("a.txt"), tar_entry("b.txt"))
    path.write_bytes(path.read_bytes()[:1024])
    assert list(read(path)) == ["a.txt"]
    assert "end mark" in faults(path)[""]


def test_a_damaged_header_inside_a_tar_is_not_taken_for_its_end(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "a.tar", tar_entry("a.txt"), tar_entry("b.txt"), tar_entry("c.txt"))
    data = bytearray(path.read_bytes())
    data[1024] ^= 0xFF
    path.write_bytes(data)
    assert list(read(path)) == ["a.txt"]
    assert "bad checksum" in faults(path)[""]


def test_content_after_the_end_mark_of_a_tar_is_noticed(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "a.tar", tar_entry("a.txt"))
    path.write_bytes(path.read_bytes() * 2)
    assert list(read(path)) == ["a.txt"]
    assert "after the end mark" in faults(path)[""]


def test_a_tar_header_that_announces_a_terabyte_is_a_fault(tmp_path: Path) -> None:
    info = tarfile.TarInfo("x")
    info.size = 2**40
    for kind in (tarfile.REGTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE):
        info.type = kind
        path = tmp_path / "a.tar"
        path.write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(10_240))
        found = list(members(path))
        if found[-1].fault is None:
            with pytest.raises(ArchiveError, match="damaged"):
                found[-1].open().read()
        else:
            assert "damaged" in found[-1].fault


def test_a_wrong_checksum_at_the_end_of_a_compressed_tar_is_noticed(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "a.tgz", tar_entry("a.txt"), mode="w:gz")
    data = bytearray(path.read_bytes())
    data[-8] ^= 0xFF  # CRC-32, RFC 1952 section 2.3.1
    path.write_bytes(data)
    assert list(read(path)) == ["a.txt"]
    assert "CRC" in faults(path)[""]


def test_a_zip_without_its_table_is_one_fault(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"a.txt": TEXT, "b.txt": TEXT})
    path.write_bytes(path.read_bytes()[:-60])
    assert "no table of members" in faults(path)[""]


def test_a_damaged_zip_member_is_a_fault_and_the_others_are_read(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"a.txt": incompressible(5000), "b.txt": TEXT})
    data = bytearray(path.read_bytes())
    data[2000] ^= 0xFF
    path.write_bytes(data)
    assert "damaged" in faults(path)["a.txt"]
    assert list(read(path)) == ["b.txt"]


@pytest.mark.parametrize("claimed", [10, 10_000])
def test_a_zip_member_that_lies_about_its_size_is_a_fault(tmp_path: Path, claimed: int) -> None:
    path = write_zip(tmp_path / "a.zip", {"a.txt": TEXT})
    at = path.read_bytes().index(b"PK\x01\x02") + 24  # uncompressed size (APPNOTE 4.3.12)
    data = bytearray(path.read_bytes())
    data[at : at + 4] = struct.pack("<I", claimed)
    path.write_bytes(data)
    assert "a.txt" in faults(path)


def test_overlapping_zip_members_are_faults(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"a.txt": TEXT, "b.txt": TEXT})
    data = bytearray(path.read_bytes())
    second = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 4)
    data[second + 42 : second + 46] = bytes(4)  # offset of the local header (APPNOTE 4.3.12): that of the first
    path.write_bytes(data)
    assert "overlaps" in faults(path)["a.txt"]
    assert read(path) == {}


@pytest.mark.parametrize("suffix", ["gz", "xz", "bz2", "zip", "tar.gz"])
def test_a_decompression_bomb_is_refused(tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(member_module, "BOMB_BYTES", 2**24)
    zeros = bytes(2**26)
    path = tmp_path / "bomb"
    if suffix == "zip":
        write_zip(path, {"a.txt": zeros})
    elif suffix == "tar.gz":
        write_tar(path, tar_entry("a.txt", zeros), mode="w:gz")
    else:
        path.write_bytes(COMPRESSORS[suffix](zeros))
    produced: list[int] = []
    for member in members(path):
        stream = member.open()
        with pytest.raises(ArchiveError, match="decompression bomb"):
            read_on(stream, produced)
    assert 0 < sum(produced) < 2**25


def test_many_small_zip_members_together_are_a_bomb_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(member_module, "BOMB_BYTES", 2**22)
    path = write_zip(tmp_path / "a.zip", {f"{n}.txt": bytes(2**20) for n in range(8)})
    assert len(read(path)) == 4
    assert all("decompression bomb" in reason for reason in faults(path).values())


def test_a_real_bomb_of_zeros_is_refused_at_256_mib(tmp_path: Path) -> None:
    packer = lzma.LZMACompressor(preset=0)
    parts = [packer.compress(bytes(2**24)) for _ in range(20)]
    (tmp_path / "a.xz").write_bytes(b"".join([*parts, packer.flush()]))
    (member,) = members(tmp_path / "a.xz")
    produced: list[int] = []
    stream = member.open()
    with pytest.raises(ArchiveError, match="256 MiB"):
        read_on(stream, produced)
    assert 2**28 - 2**23 < sum(produced) < 2**28 + 2**23


def test_text_that_packs_well_is_no_bomb(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(TEXT * 1_000_000))
    assert sum(1 for member in members(path) for _ in text_lines(member.open(), Counter())) == 3_000_000


def test_the_release_of_massbank_is_read_whole(data_folder: Path) -> None:
    """The README of the data counts 118,617 records, one in each file."""
    path = data_folder / "massbank" / "MassBank-data-2025.05.1.tar.xz"
    notes: Counter[str] = Counter()
    records = ends = others = 0
    for member in members(path):
        assert member.fault is None
        if member.skipped is not None:
            others += 1
            continue
        texts = [text for _, text in text_lines(member.open(), notes)]
        records += texts[0].startswith("ACCESSION: ")
        ends += texts[-1] == "//"
    assert (records, ends, others, dict(notes)) == (118_617, 118_617, 3, {})
