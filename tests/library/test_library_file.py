"""The library file: damage is always found, a killed build leaves the old library, opening is a memory map."""

from __future__ import annotations

import mmap
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
import pytest

from nps_spectra import Library, Spectra, Spectrum
from nps_spectra.columns import TextColumn
from nps_spectra.errors import (
    LibraryDamagedError,
    LibraryError,
    LibraryTruncatedError,
    LibraryVersionError,
    NoSpectraError,
    NotALibraryError,
    OptionError,
)
from nps_spectra.library import store
from nps_spectra.spectra import SpectraBuilder
from nps_spectra.spectrum import Source

FENTANYL = "PJMPHNIQZUBGLI-UHFFFAOYSA-N"


def some_spectra(count: int = 5) -> list[Spectrum]:
    return [
        Spectrum(
            [50.5, 60.25 + number],
            [1.0, 2.5 + number],
            name=f"substance {number}",
            inchikey=FENTANYL if number % 2 else None,
            ionization="EI",
            nominal_mass=336,
            comment="é" * number,
            source=Source("laboratory.msp", number + 1, 10 * number + 1, "ab" * 32),
            original={"Name": (f"substance {number}",)},
        )
        for number in range(count)
    ]


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.h5"
    Library.build(Spectra.of(some_spectra()), path)
    return path


def content(library: Library) -> tuple[Any, ...]:
    """All that a user can see of a library."""
    return (
        library.name,
        library.digest,
        library.digests.tobytes(),
        library.sources,
        library.substances.keys,
        library.substances.of_row.tolist(),
        [(spectrum, spectrum.source) for spectrum in library],
    )


def opened_and_checked(path: Path) -> Library:
    library = Library.open(path)
    library.check()
    return library


# ---- opening


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large") / "large.h5"
    mz = np.arange(40.0, 60.0)
    intensity = np.arange(1, 21, dtype=np.float32)
    builder = SpectraBuilder()
    for number in range(120_000):
        fields = {"name": f"substance {number // 3}", "formula": "C11H15NO", "ionization": "EI"}
        builder.append(mz, intensity, fields, "", None)
    Library.build(builder.finish(), path)
    return path


def test_a_library_of_120000_spectra_opens_in_a_tenth_of_a_second(large: Path) -> None:
    # In a process of its own: a tracer that measures coverage here would slow what is timed.
    code = (
        "import sys, time, h5py; from nps_spectra import Library; best = 9.0\n"
        "for _ in range(5):\n"
        "    start = time.perf_counter(); library = Library.open(sys.argv[1])\n"
        "    best = min(best, time.perf_counter() - start)\n"
        "print(len(library), best)"
    )
    command = [sys.executable, "-c", code, str(large)]
    count, seconds = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert int(count) == 120_000
    assert float(seconds) < 0.1


def bases(array: Any) -> Iterator[Any]:
    while array is not None:
        yield array
        array = getattr(array, "base", None) if isinstance(array, np.ndarray) else None


def stored_arrays(library: Library) -> dict[str, npt.NDArray[Any]]:
    arrays: dict[str, npt.NDArray[Any]] = {
        "mz": library.spectra.mz,
        "intensity": library.spectra.intensity,
        "offsets": library.spectra.offsets,
        "digests": library.digests,
        "of_row": library.substances.of_row,
    }
    for field, column in library.spectra.columns.items():
        if isinstance(column, TextColumn):
            arrays[f"{field} text"] = column.blob
            arrays[f"{field} offsets"] = column.offsets
        else:
            arrays[field] = column.values
    return arrays


def test_every_array_with_content_is_a_memory_map(small: Path) -> None:
    for name, array in stored_arrays(Library.open(small)).items():
        if array.size:
            assert isinstance(list(bases(array))[-1], mmap.mmap), name


def test_the_memory_map_cannot_be_written(small: Path) -> None:
    for name, array in stored_arrays(Library.open(small)).items():
        assert not (array.size and array.flags.writeable), name


def test_the_memory_map_is_aligned(small: Path) -> None:
    for name, array in stored_arrays(Library.open(small)).items():
        assert array.flags.aligned, name


def test_a_library_in_use_survives_a_new_build_under_its_name(small: Path) -> None:
    library = Library.open(small)
    before = content(library)
    Library.build(Spectra.of(some_spectra(2)), small)
    assert content(library) == before
    assert len(Library.open(small)) == 2


# ---- damage


def test_a_flipped_bit_is_found_or_changes_nothing(small: Path, tmp_path: Path) -> None:
    expected = content(Library.open(small))
    whole = small.read_bytes()
    generator = random.Random(20240229)
    found = 0
    for number in range(150):
        at, bit = generator.randrange(len(whole)), generator.randrange(8)
        damaged = bytearray(whole)
        damaged[at] ^= 1 << bit
        path = tmp_path / f"flipped-{number}.h5"
        path.write_bytes(damaged)
        try:
            library = opened_and_checked(path)
        except LibraryError:
            found += 1
        else:
            assert content(library) == expected, f"bit {bit} of byte {at}"
        path.unlink()
    assert found > 50  # padding and unused space of the file are less than half of it


@pytest.mark.parametrize("array", ["peaks/mz", "peaks/intensity", "columns/name/blob", "substances/of_row", "digests"])
def test_check_and_check_quickly_find_one_wrong_bit_in_an_array(small: Path, array: str) -> None:
    with h5py.File(small) as file:
        at = file[array].id.get_offset()
    whole = bytearray(small.read_bytes())
    whole[at] ^= 1
    small.write_bytes(whole)
    library = Library.open(small)
    with pytest.raises(LibraryDamagedError):
        library.check()
    with pytest.raises(LibraryDamagedError, match=array):
        library.check_quickly()


def test_check_names_the_spectrum_that_was_changed(small: Path) -> None:
    with h5py.File(small) as file:
        at = file["peaks/mz"].id.get_offset() + 8 * 2 * 3  # two peaks a spectrum: the first peak of spectrum 3
    whole = bytearray(small.read_bytes())
    whole[at] ^= 1
    small.write_bytes(whole)
    with pytest.raises(LibraryDamagedError, match=r"spectrum 3 \(substance 3\)"):
        opened_and_checked(small)


def test_an_undamaged_library_passes_both_checks(small: Path) -> None:
    library = opened_and_checked(small)
    library.check_quickly()


def test_a_shortened_file_is_truncated_at_every_length(small: Path, tmp_path: Path) -> None:
    whole = small.read_bytes()
    lengths = {*range(0, 12), 47, 48, 49, *range(64, len(whole), len(whole) // 15), len(whole) - 1}
    assert len(lengths) >= 30
    path = tmp_path / "short.h5"
    for length in sorted(lengths):
        path.write_bytes(whole[:length])
        with pytest.raises(LibraryTruncatedError):
            Library.open(path)


@pytest.mark.parametrize("array", ["peaks/intensity", "substances/of_row", "digests"])
def test_arrays_of_different_length_are_damage(small: Path, array: str) -> None:
    with h5py.File(small, "r+") as file:
        shorter = file[array][:-1]
        del file[array]
        file.create_dataset(array, data=shorter)
    with pytest.raises(LibraryDamagedError, match=array):
        Library.open(small)


def test_a_compressed_copy_cannot_be_mapped(small: Path) -> None:
    with h5py.File(small, "r+") as file:
        mz = file["peaks/mz"][:]
        del file["peaks/mz"]
        file.create_dataset("peaks/mz", data=mz, chunks=True, compression="gzip")
    with pytest.raises(LibraryDamagedError, match="peaks/mz is not stored in one piece"):
        Library.open(small)


def test_an_array_left_out_is_damage(small: Path) -> None:
    with h5py.File(small, "r+") as file:
        del file["columns/name"]
    with pytest.raises(LibraryDamagedError):
        Library.open(small)


# ---- foreign files


def write_text(path: Path) -> None:
    path.write_text("Name: cocaine\nNum Peaks: 1\n82 999\n", encoding="utf-8")


def write_other_hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["x"] = np.arange(5)


@pytest.mark.parametrize("write", [write_text, write_other_hdf5, Path.mkdir])
def test_what_is_no_library_is_named_so(tmp_path: Path, write: Callable[[Path], None]) -> None:
    path = tmp_path / "foreign.h5"
    write(path)
    with pytest.raises(NotALibraryError, match=r"foreign\.h5"):
        Library.open(path)


def test_a_file_that_does_not_exist_is_no_library(tmp_path: Path) -> None:
    with pytest.raises(NotALibraryError, match="no such file"):
        Library.open(tmp_path / "nothing.h5")


def test_an_empty_file_is_truncated(tmp_path: Path) -> None:
    path = tmp_path / "empty.h5"
    path.touch()
    with pytest.raises(LibraryTruncatedError, match="0 bytes"):
        Library.open(path)


def test_a_library_of_a_newer_version_asks_for_a_newer_program(small: Path) -> None:
    with h5py.File(small, "r+") as file:
        file.attrs["format_version"] = store.FORMAT_VERSION + 1
    with pytest.raises(LibraryVersionError, match="newer"):
        Library.open(small)


# ---- builds that do not end well

KILLED = """
import sys, time
from pathlib import Path
from nps_spectra import Library, Spectra, Spectrum
from nps_spectra.library import store
def slow(array):
    print("writing", flush=True)
    time.sleep(60)
store._checksum = slow
Library.build(Spectra.of([Spectrum([77.0], [1.0], name="new")]), sys.argv[1])
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_a_killed_build_leaves_the_old_library_and_the_next_build_works(small: Path, root: Path) -> None:
    before = small.read_bytes()
    command = [sys.executable, "-c", KILLED, str(small)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().strip() == b"writing"
            assert len(list(small.parent.iterdir())) == 2  # the library and what is being written
        finally:
            process.kill()
    assert process.returncode == -signal.SIGKILL
    assert small.read_bytes() == before
    opened_and_checked(small)
    Library.build(Spectra.of(some_spectra(2)), small)
    assert len(opened_and_checked(small)) == 2
    assert list(small.parent.iterdir()) == [small]


def test_an_error_in_the_middle_of_writing_leaves_the_old_library_alone(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = small.read_bytes()
    calls = 0

    def full(array: npt.NDArray[Any]) -> str:
        nonlocal calls
        calls += 1
        if calls == 5:
            raise OSError("no space left on device")
        return "0" * 64

    monkeypatch.setattr(store, "_checksum", full)
    with pytest.raises(OSError, match="no space left"):
        Library.build(Spectra.of(some_spectra(2)), small)
    assert small.read_bytes() == before
    assert list(small.parent.iterdir()) == [small]


def test_a_build_without_a_spectrum_keeps_the_old_library(small: Path, tmp_path: Path) -> None:
    before = small.read_bytes()
    source = tmp_path / "empty.msp"
    source.write_text("Name: without peaks\nNum Peaks: 2\nnot numbers\n\n", encoding="utf-8")
    with pytest.raises(NoSpectraError, match=r"empty\.msp"):
        Library.build(source, small)
    assert small.read_bytes() == before


def test_the_folder_of_the_library_must_exist(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="does not exist"):
        Library.build(Spectra.of(some_spectra()), tmp_path / "nowhere" / "library.h5")


def test_a_folder_is_not_overwritten_by_a_library(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="is a folder"):
        Library.build(Spectra.of(some_spectra()), tmp_path)
