"""ANDI/MS: what a scan says; the standard's units and factors; headers that lie."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from run_files import EMPTY, RUN, SURVEY, NetCDFWriter, Scan, andi, andi_file

from nps_spectra.formats import read_run, read_spectra
from nps_spectra.run import Run
from nps_spectra.spectra import Spectra


def run_of(folder: Path, content: bytes) -> Run:
    path = folder / "a.cdf"
    path.write_bytes(content)
    return read_run(path, strict=True)


def spectra_of(folder: Path, content: bytes) -> Spectra:
    path = folder / "a.cdf"
    path.write_bytes(content)
    spectra = read_spectra(path)
    assert spectra.report.records_in == len(spectra) + spectra.report.records_rejected
    return spectra


def reasons(spectra: Spectra) -> list[str]:
    return [reject.reason for reject in spectra.report.rejects]


def test_a_scan_has_every_field_that_the_file_states(tmp_path: Path) -> None:
    run = run_of(tmp_path, andi())
    scan = run.scans[0]
    assert (scan.mz.tolist(), scan.intensity.tolist()) == ([58.0625, 91.125], [900.0, 80.5])
    assert (scan.ionization, scan.polarity, scan.representation) == ("EI", "positive", "centroid")
    assert (scan.retention_time_s, scan.accession, scan.ms_level) == (60.25, "scan=1", None)
    assert scan.original["total_intensity"] == ("980.5",)
    assert scan.source is not None
    assert (scan.source.record, scan.source.line) == (1, None)
    assert run.attributes["experiment_title"] == "sample 7"
    assert run.scans.report.files[0].formats == ("ANDI/MS",)


def test_empty_scans_are_kept_and_counted(tmp_path: Path) -> None:
    run = run_of(tmp_path, andi([SURVEY, EMPTY, EMPTY, SURVEY]))
    assert [len(scan) for scan in run.scans] == [2, 0, 0, 2]
    assert run.scans.report.notes["scan without peaks"] == 2


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("records", [None, "point_number", "scan_number"])
def test_arrays_are_those_that_scipy_reads(tmp_path: Path, version: int, records: str | None) -> None:
    io = pytest.importorskip("scipy.io")
    random = np.random.default_rng(3)
    scans = [
        Scan(tuple(zip(np.sort(random.uniform(40, 500, 25)), random.uniform(1, 1e6, 25), strict=True)), 1, 60.0 + at)
        for at in range(12)
    ]
    ours = run_of(tmp_path, andi(scans, version=version, records=records)).scans
    with io.netcdf_file(str(tmp_path / "a.cdf"), mmap=False) as theirs:
        variables = {name: np.array(one[:]) for name, one in theirs.variables.items()}
    bounds = [*variables["scan_index"].tolist(), len(variables["mass_values"])]
    assert len(ours) == 12
    for row, mine in enumerate(ours):
        assert mine.mz.tolist() == variables["mass_values"][bounds[row] : bounds[row + 1]].astype(float).tolist()
        assert mine.intensity.tolist() == variables["intensity_values"][bounds[row] : bounds[row + 1]].tolist()
        assert mine.retention_time_s == variables["scan_acquisition_time"][row]


def test_records_of_one_lone_variable_are_not_filled_up(tmp_path: Path) -> None:
    """NetCDF fills each value of a record up to four bytes, unless there is only one variable with records."""
    file = andi_file([SURVEY, EMPTY, SURVEY], records="scan_number")
    for name in ("scan_acquisition_time", "actual_scan_number", "total_intensity", "scan_index"):
        del file.variables[name]
    file.add("point_count", "scan_number", "h", [2, 0, 2])
    assert [len(scan) for scan in run_of(tmp_path, file.data()).scans] == [2, 0, 2]


def test_packed_numbers_are_unpacked_by_factor_and_offset(tmp_path: Path) -> None:
    file = andi_file([Scan(((1160, 30), (1820, 7)))])
    file.add("mass_values", "point_number", "h", [1160, 1820], {"scale_factor": 0.05})
    file.add("intensity_values", "point_number", "i", [30, 7], {"scale_factor": 10.0, "add_offset": 5.0})
    scan = run_of(tmp_path, file.data()).scans[0]
    assert scan.mz.tolist() == [1160 * 0.05, 1820 * 0.05]
    assert scan.intensity.tolist() == [305.0, 75.0]


def test_without_point_count_a_scan_ends_where_the_next_starts(tmp_path: Path) -> None:
    file = andi_file([SURVEY, EMPTY, SURVEY])
    del file.variables["point_count"]
    assert [len(scan) for scan in run_of(tmp_path, file.data()).scans] == [2, 0, 2]
    file.add("scan_index", "scan_number", "i", [0, -1, 2])
    assert [len(scan) for scan in run_of(tmp_path, file.data()).scans] == [2, 0, 2]


def test_without_scan_index_scans_follow_each_other(tmp_path: Path) -> None:
    file = andi_file([SURVEY, EMPTY, SURVEY])
    del file.variables["scan_index"]
    assert [scan.mz.tolist() for scan in run_of(tmp_path, file.data()).scans] == [
        [58.0625, 91.125],
        [],
        [58.0625, 91.125],
    ]


def test_unsorted_masses_are_sorted_and_reported(tmp_path: Path) -> None:
    spectra = spectra_of(tmp_path, andi([Scan(((91.0, 1.0), (58.0, 9.0)))]))
    assert (spectra[0].mz.tolist(), spectra[0].intensity.tolist()) == ([58.0, 91.0], [9.0, 1.0])
    assert spectra.report.repairs == {"peaks sorted by m/z": 1}


@pytest.mark.parametrize(
    ("attributes", "seconds", "note"),
    [
        ({"units": "Seconds"}, 60.0, None),
        ({"units": "minutes"}, 3600.0, None),
        ({}, 60.0, "scan_acquisition_time names no unit: seconds, as ASTM E2077 fixes"),
        (
            {"units": "furlongs"},
            None,
            "scan_acquisition_time in 'furlongs': not understood, kept in the original fields only",
        ),
    ],
)
def test_the_unit_of_time_is_read(
    tmp_path: Path, attributes: dict[str, object], seconds: float | None, note: str | None
) -> None:
    file = andi_file([SURVEY])
    file.add("scan_acquisition_time", "scan_number", "d", [60.0], attributes)
    spectra = spectra_of(tmp_path, file.data())
    assert spectra[0].retention_time_s == seconds
    assert note is None or spectra.report.notes[note] == 1


def test_minus_9999_is_not_known(tmp_path: Path) -> None:
    file = andi_file([SURVEY])
    file.add("scan_acquisition_time", "scan_number", "d", [-9999.0], {"units": "Seconds"})
    file.add("actual_scan_number", "scan_number", "i", [-9999])
    scan = run_of(tmp_path, file.data()).scans[0]
    assert (scan.retention_time_s, scan.accession) == (None, None)


def test_profile_scans_are_told(tmp_path: Path) -> None:
    file = andi_file([SURVEY])
    file.attributes["experiment_type"] = "Continuum Mass Spectrum"
    assert run_of(tmp_path, file.data()).scans[0].representation == "profile"


# --- lies and damage -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("index", "count", "reason"),
    [
        ([0, 2, 4], [2, 200, 0], "lead beyond the 4 points announced"),
        ([0, 2, 4], [2, -2, 0], "expected numbers >= 0"),
        ([0, -2, 4], [2, 2, 0], "expected numbers >= 0"),
        ([0, 0, 0], [4, 4, 4], "belong to other scans too"),
        ([0, 1, 4], [3, 1, 0], "belong to other scans too"),
    ],
)
def test_an_index_that_lies_costs_the_scans_concerned(
    tmp_path: Path, index: list[int], count: list[int], reason: str
) -> None:
    file = andi_file(RUN)
    file.add("scan_index", "scan_number", "i", index)
    file.add("point_count", "scan_number", "i", count)
    spectra = spectra_of(tmp_path, file.data())
    assert spectra.report.records_in == 3
    assert all(reason in one for one in reasons(spectra))
    assert reasons(spectra)


def test_points_between_scans_are_told(tmp_path: Path) -> None:
    file = andi_file(RUN)
    file.add("point_count", "scan_number", "i", [1, 2, 0])
    spectra = spectra_of(tmp_path, file.data())
    assert spectra.report.notes["points between two scans belong to neither"] == 1


def test_a_value_that_was_never_written_is_a_fault(tmp_path: Path) -> None:
    content = andi([SURVEY, SURVEY], records=None)
    at = content.rindex(struct.pack(">f", 80.5))
    spectra = spectra_of(tmp_path, content[:at] + struct.pack(">f", 9.969209968386869e36) + content[at + 4 :])
    assert len(spectra) == 1
    assert "never written" in reasons(spectra)[0]


@pytest.mark.parametrize("records", [None, "point_number"])
def test_a_file_cut_short_keeps_the_scans_before_the_cut(tmp_path: Path, records: str | None) -> None:
    content = andi([SURVEY] * 10, records=records)
    # 10 scans of two points of 8 bytes, if interleaved; else the intensities stand last.
    spectra = spectra_of(tmp_path, content[: -16 * 3 if records else -8 * 3])
    assert len(spectra) == 7
    assert all("cut short" in reason for reason in reasons(spectra))


@pytest.mark.parametrize("dimension", ["scan_number", "point_number"])
def test_dimensions_that_lie_take_neither_memory_nor_the_values_of_others(tmp_path: Path, dimension: str) -> None:
    content = andi([SURVEY, SURVEY, SURVEY, EMPTY], records=None)
    at = content.index(dimension.encode()) + 12
    spectra = spectra_of(tmp_path, content[:at] + b"\x7f\xff\xff\xff" + content[at + 4 :])
    assert len(spectra) == 0
    (reason,) = reasons(spectra)
    assert "damaged netCDF header" in reason
    assert "inside those of" in reason


def test_the_container_of_another_version_is_refused_with_what_to_do(tmp_path: Path) -> None:
    spectra = spectra_of(tmp_path, b"\x89HDF\r\n\x1a\n" + bytes(100))
    assert "nccopy -k classic" in reasons(spectra)[0]
    assert "version byte 4" in reasons(spectra_of(tmp_path, b"CDF\x04" + bytes(100)))[0]


def test_other_contents_of_netcdf_are_told(tmp_path: Path) -> None:
    chromatogram, other = NetCDFWriter(), NetCDFWriter()
    chromatogram.add("ordinate_values", "point_number", "f", [1.0, 2.0])
    other.add("temperature", "time", "f", [1.0, 2.0])
    assert "a chromatogram (ANDI of ASTM E1947)" in reasons(spectra_of(tmp_path, chromatogram.data()))[0]
    assert "found: temperature" in reasons(spectra_of(tmp_path, other.data()))[0]


def test_more_scans_than_other_readers_take(tmp_path: Path) -> None:
    run = run_of(tmp_path, andi([EMPTY, Scan(((58.0, 1.0),))] * 50_001))
    assert len(run) == 100_002
    assert run.total_ion_current.sum() == 50_001
