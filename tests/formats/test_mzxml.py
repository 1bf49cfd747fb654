"""mzXML: what a scan says; nested scans; faults told by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from run_files import EMPTY, FRAGMENTS, RUN, SURVEY, Scan, mzxml

from nps_spectra.formats import read_run, read_spectra
from nps_spectra.formats.mzxml import duration_s
from nps_spectra.run import Run
from nps_spectra.spectra import Spectra


def run_of(folder: Path, content: bytes) -> Run:
    path = folder / "a.mzXML"
    path.write_bytes(content)
    return read_run(path, strict=True)


def spectra_of(folder: Path, content: bytes) -> Spectra:
    path = folder / "a.mzXML"
    path.write_bytes(content)
    spectra = read_spectra(path)
    assert spectra.report.records_in == len(spectra) + spectra.report.records_rejected
    return spectra


def test_a_fragment_spectrum_has_every_field_that_the_file_states(tmp_path: Path) -> None:
    run = run_of(tmp_path, mzxml(bits=64))
    scan = run.scans[1]
    assert (scan.mz.tolist(), scan.intensity.tolist()) == ([119.0855, 145.0886], [50.0, 999.0])
    assert (scan.ms_level, scan.polarity, scan.representation, scan.ionization) == (2, "positive", "centroid", "ESI")
    assert (scan.precursor_mz, scan.charge, scan.retention_time_s) == (178.1226, 1, 61.5)
    assert (scan.instrument, scan.accession) == ("Thermo Q Exactive", "scan=2")
    assert scan.original["filterLine"] == ("ITMS + p ESI",)
    assert scan.original["precursorMz windowWideness"] == ("1.5",)
    assert scan.original["precursorMz activationMethod"] == ("HCD",)
    assert run.scans.report.files[0].formats == ("mzXML 3.2",)
    assert run.attributes["source file"] == "sample7.raw"


def test_an_energy_without_unit_has_no_value_in_ev(tmp_path: Path) -> None:
    scan = run_of(tmp_path, mzxml([FRAGMENTS])).scans[0]
    assert (scan.collision_energy, scan.collision_energy_ev) == ("35.0", None)


def test_version_2_as_proteowizard_writes_it_is_read(tmp_path: Path) -> None:
    """Seen in ProteoWizard's example tiny.pwiz.mzXML: other names, no flag of centroids, a polarity that is unknown."""
    content = mzxml([SURVEY], bits=64).replace(b"mzXML_3.2", b"mzXML_2.0").replace(b"contentType", b"pairOrder")
    content = content.replace(b'value="ESI"', b'value="nanoelectrospray"').replace(b' compressionType="none"', b"")
    content = content.replace(b'polarity="+"', b'polarity="Unknown"').replace(b'centroided="1"', b"")
    run = run_of(tmp_path, content)
    scan = run.scans[0]
    assert scan.mz.tolist() == [58.0625, 91.125]
    assert (scan.ionization, scan.polarity, scan.representation) == ("ESI", None, None)
    assert run.scans.report.files[0].formats == ("mzXML 2.0",)


def test_scans_inside_scans_are_read_in_the_order_of_the_file(tmp_path: Path) -> None:
    flat, nested = run_of(tmp_path, mzxml()).scans, run_of(tmp_path, mzxml(nested=True)).scans
    assert nested.digests() == flat.digests()
    assert nested.texts("accession").to_list() == ["scan=1", "scan=2", "scan=3"]


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("split", [False, True])
def test_width_compression_and_pairs_change_nothing(tmp_path: Path, bits: int, compress: bool, split: bool) -> None:
    scan = run_of(tmp_path, mzxml([SURVEY], bits=bits, compress=compress, split=split)).scans[0]
    assert (scan.mz.tolist(), scan.intensity.tolist()) == ([58.0625, 91.125], [900.0, 80.5])


@pytest.mark.filterwarnings("ignore")  # pyteomics imports psims where it is installed, which leaves a file open
@pytest.mark.parametrize("compress", [False, True])
def test_arrays_are_those_that_pyteomics_reads(tmp_path: Path, compress: bool) -> None:
    reader = pytest.importorskip("pyteomics.mzxml")
    random = np.random.default_rng(2)
    scans = [
        Scan(tuple(zip(np.sort(random.uniform(50, 900, 30)), random.uniform(1, 9e5, 30), strict=True)), 1, 60.0 + at)
        for at in range(10)
    ]
    ours = run_of(tmp_path, mzxml(scans, compress=compress)).scans
    with reader.MzXML(str(tmp_path / "a.mzXML"), use_index=False) as theirs:
        found = list(theirs)
    assert len(found) == len(ours) == 10
    for mine, other in zip(ours, found, strict=True):
        assert mine.mz.tolist() == other["m/z array"].astype(np.float64).tolist()
        assert mine.intensity.tolist() == other["intensity array"].astype(np.float32).tolist()
        assert mine.retention_time_s == pytest.approx(60 * float(other["retentionTime"]))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT270.5S", 270.5),
        ("PT4.5M", 270.0),
        ("PT1H2M3S", 3723.0),
        ("P1DT1S", 86401.0),
        ("PT1.5E2S", 150.0),
        ("270.5", None),
        ("PT", None),
        ("P", None),
        ("PT-1S", None),
        ("PT" + "9" * 400 + "S", None),
    ],
)
def test_durations_are_those_of_xml_schema(text: str, seconds: float | None) -> None:
    assert duration_s(text) == seconds


def changed(old: bytes, new: bytes) -> bytes:
    content = mzxml([SURVEY, SURVEY, SURVEY], compress=True)
    assert old in content
    first, second, third = content.partition(b'num="2"')
    return first + second + third.replace(old, new, 1)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b'peaksCount="2"', b'peaksCount="5"', "peaksCount announces 5 points, the arrays hold 2"),
        (b'precision="32"', b'precision="16"', "precision is '16'"),
        (b'precision="32"', b'precision="64"', "announces 2 points"),
        (b'byteOrder="network"', b'byteOrder="little"', "byteOrder is 'little'"),
        (b'compressionType="zlib"', b'compressionType="lzma"', "compressed by 'lzma'"),
        (b">eJ", b">eK", "damaged zlib data"),
        (b">eJ", b">*J", "broken base64"),
        (b'contentType="m/z-int"', b'contentType="m/z"', "no intensity values"),
    ],
)
def test_a_fault_of_one_scan_costs_that_scan_alone(tmp_path: Path, old: bytes, new: bytes, reason: str) -> None:
    spectra = spectra_of(tmp_path, changed(old, new))
    (reject,) = spectra.report.rejects
    assert (len(spectra), reject.record, reject.line) == (2, 2, 4)
    assert reason in reject.reason


def test_an_empty_scan_written_as_one_pair_of_zeros_is_empty(tmp_path: Path) -> None:
    content = mzxml([Scan(((0.0, 0.0),))]).replace(b'peaksCount="1"', b'peaksCount="0"')
    assert [len(scan) for scan in run_of(tmp_path, content).scans] == [0]


def test_a_file_cut_short_keeps_the_scans_before_the_cut(tmp_path: Path) -> None:
    content = mzxml()
    spectra = spectra_of(tmp_path, content[: content.index(b'num="3"')])
    assert len(spectra) == 2
    assert "2 scans of 3 that the file announces came before" in spectra.report.rejects[0].reason


def test_fewer_scans_than_announced_is_one_fault(tmp_path: Path) -> None:
    spectra = spectra_of(tmp_path, mzxml(RUN, count=4))
    assert len(spectra) == 3
    assert "scanCount announces 4 scans, the file holds 3" in spectra.report.rejects[0].reason


def test_document_types_are_refused(tmp_path: Path) -> None:
    content = mzxml().replace(b"<mzXML", b'<!DOCTYPE mzXML [<!ENTITY a "b">]><mzXML')
    spectra = spectra_of(tmp_path, content)
    assert len(spectra) == 0
    assert "refused: a document type" in spectra.report.rejects[0].reason


def test_more_scans_than_other_readers_take(tmp_path: Path) -> None:
    """100,002 scans: a list of objects, or one element tree, is where readers of runs give up."""
    scans = [EMPTY, Scan(((58.0, 1.0),))] * 50_001
    run = run_of(tmp_path, mzxml(scans))
    assert len(run) == 100_002
    assert run.total_ion_current.sum() == 50_001
