"""mzML: what a scan says, in its units; and every fault of the file told by name."""

from __future__ import annotations

import base64
import gzip
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from run_files import EMPTY, EV, FRAGMENTS, HEAD, MINUTE, RUN, SECOND, SURVEY, Scan, cv, mzml, mzml_array

from nps_spectra.errors import InputError, NoSpectraError, RecordError
from nps_spectra.formats import read_run, read_spectra
from nps_spectra.run import Run
from nps_spectra.spectra import Spectra


def written(folder: Path, content: bytes, name: str = "a.mzML") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def run_of(folder: Path, content: bytes) -> Run:
    return read_run(written(folder, content), strict=True)


def spectra_of(folder: Path, content: bytes) -> Spectra:
    spectra = read_spectra(written(folder, content))
    assert spectra.report.records_in == len(spectra) + spectra.report.records_rejected
    return spectra


def reasons(spectra: Spectra) -> list[str]:
    return [reject.reason for reject in spectra.report.rejects]


def arrays(mz: str, intensity: str) -> dict[str, str]:
    return {"arrays": f'<binaryDataArrayList count="2">{mz}{intensity}</binaryDataArrayList>'}


MZ, INTENSITY = mzml_array("mz", [58, 91], 64, False), mzml_array("intensity", [9, 1], 32, False)


def test_a_fragment_spectrum_has_every_field_that_the_file_states(tmp_path: Path) -> None:
    scan = run_of(tmp_path, mzml()).scans[1]
    assert (scan.mz.tolist(), scan.intensity.tolist()) == ([119.0855, 145.0886], [50.0, 999.0])
    assert (scan.ms_level, scan.polarity, scan.representation, scan.ionization) == (2, "positive", "centroid", "ESI")
    assert (scan.precursor_mz, scan.charge, scan.collision_energy_ev) == (178.1226, 1, 35.0)
    assert scan.retention_time_s == pytest.approx(61.5, abs=1e-9)
    assert (scan.instrument, scan.accession) == ("Thermo Fisher Scientific instrument model", "scan=2")
    assert scan.original["filter string"] == ("FTMS + p ESI Full ms2",)
    assert scan.original["isolation window lower offset"] == ("0.5",)
    assert scan.original["beam-type collision-induced dissociation"] == ("",)
    assert scan.original["collision energy"] == ("35.0 electronvolt",)
    assert scan.source is not None
    assert (scan.source.record, scan.source.line) == (2, 4)


def test_a_run_says_what_it_was_measured_with_and_keeps_empty_scans(tmp_path: Path) -> None:
    run = run_of(tmp_path, mzml())
    assert [len(scan) for scan in run.scans] == [2, 2, 0]
    assert run.scans.report.files[0].formats == ("mzML 1.1.0",)
    assert run.attributes == {
        "source file": "sample7.raw",
        "software": "ProteoWizard software 3.0",
        "source": "electrospray ionization",
        "analyzer": "orbitrap",
        "instrument": "Thermo Fisher Scientific instrument model",
        "instrument serial number": "S7",
        "run": "R1",
        "start time": "2026-01-02T03:04:05Z",
    }


@pytest.mark.parametrize("bits", [(64, 32), (32, 32), (64, 64)])
@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("indexed", [False, True])
def test_widths_compression_and_index_change_nothing(
    tmp_path: Path, bits: tuple[int, int], compress: bool, indexed: bool
) -> None:
    scan = run_of(tmp_path, mzml(bits=bits, compress=compress, indexed=indexed)).scans[0]
    assert (scan.mz.tolist(), scan.intensity.tolist()) == ([58.0625, 91.125], [900.0, 80.5])


@pytest.mark.filterwarnings("ignore")  # pyteomics imports psims where it is installed, which leaves a file open
@pytest.mark.parametrize("bits", [(64, 32), (32, 64)])
@pytest.mark.parametrize("compress", [False, True])
def test_arrays_are_those_that_pyteomics_reads(tmp_path: Path, bits: tuple[int, int], compress: bool) -> None:
    mzml_reader = pytest.importorskip("pyteomics.mzml")
    random = np.random.default_rng(1)
    scans = [
        Scan(tuple(zip(np.sort(random.uniform(50, 900, 40)), random.uniform(1, 9e5, 40), strict=True)), 2, 60.0 + at)
        for at in range(20)
    ]
    path = written(tmp_path, mzml(scans, bits=bits, compress=compress))
    ours = read_run(path, strict=True).scans
    with mzml_reader.MzML(str(path), use_index=False) as theirs:
        found = list(theirs)
    assert len(found) == len(ours) == 20
    for mine, other in zip(ours, found, strict=True):
        assert mine.mz.tolist() == other["m/z array"].astype(np.float64).tolist()
        assert mine.intensity.tolist() == other["intensity array"].astype(np.float32).tolist()
        assert mine.ms_level == other["ms level"]
        # pyteomics gives the number with its unit, minutes here.
        assert mine.retention_time_s == pytest.approx(60 * float(other["scanList"]["scan"][0]["scan start time"]))


@pytest.mark.parametrize(
    ("value", "unit", "seconds"),
    [
        (1.5, MINUTE, 90.0),
        (90.0, SECOND, 90.0),
        (90000.0, ("UO:0000028", "millisecond"), 90.0),
        (1.5, ("", "minute"), 90.0),
    ],
)
def test_the_unit_of_time_is_read(tmp_path: Path, value: float, unit: tuple[str, str], seconds: float) -> None:
    scan = Scan(mzml={"scan": f"<scanList><scan>{cv('1000016', 'scan start time', value, unit)}</scan></scanList>"})
    assert run_of(tmp_path, mzml([scan])).scans[0].retention_time_s == seconds


def test_a_time_without_unit_is_not_guessed(tmp_path: Path) -> None:
    spectra = spectra_of(tmp_path, mzml([SURVEY], unit=None))
    assert spectra[0].retention_time_s is None
    assert spectra[0].original["scan start time"] == ("60.25",)
    assert (
        spectra.report.notes["retention_time_s: no number with a unit of time, kept in the original fields only"] == 1
    )


@pytest.mark.parametrize(
    ("energy", "text", "ev"),
    [
        (cv("1000045", "collision energy", "35", EV), "35 eV", 35.0),
        (cv("1000045", "collision energy", "35"), "35", None),
        (cv("1000138", "normalized collision energy", "30", ("UO:0000187", "percent")), "30 NCE", None),
    ],
)
def test_an_energy_is_in_ev_only_where_the_file_says_so(
    tmp_path: Path, energy: str, text: str, ev: float | None
) -> None:
    precursor = f"<precursorList><precursor><activation>{energy}</activation></precursor></precursorList>"
    scan = run_of(tmp_path, mzml([Scan(level=2, mzml={"precursor": precursor})])).scans[0]
    assert (scan.collision_energy, scan.collision_energy_ev) == (text, ev)


def test_profile_and_centroid_negative_and_positive_are_told_apart(tmp_path: Path) -> None:
    scans = run_of(tmp_path, mzml([Scan(profile=True, polarity="negative"), SURVEY])).scans
    assert scans.texts("representation").to_list() == ["profile", "centroid"]
    assert scans.texts("polarity").to_list() == ["negative", "positive"]


def ion(mz: float, level: int | None = None) -> str:
    known = "" if level is None else f'<userParam name="ms level" value="{level}"/>'
    return (
        f"<precursor><isolationWindow>{cv('1000827', 'isolation window target m/z', mz)}{known}</isolationWindow>"
        f"<selectedIonList><selectedIon>{cv('1000744', 'selected ion m/z', mz)}</selectedIon></selectedIonList>"
        "</precursor>"
    )


def test_the_precursor_of_an_ms3_scan_is_the_ion_fragmented_last(tmp_path: Path) -> None:
    precursors = f"<precursorList>{ion(337.2, 1)}{ion(188.1, 2)}</precursorList>"
    scan = run_of(tmp_path, mzml([Scan(level=3, mzml={"precursor": precursors})])).scans[0]
    assert (scan.ms_level, scan.precursor_mz) == (3, 188.1)


def test_of_several_precursors_none_is_chosen(tmp_path: Path) -> None:
    precursors = f"<precursorList>{ion(337.2)}{ion(188.1)}</precursorList>"
    spectra = spectra_of(tmp_path, mzml([Scan(level=2, mzml={"precursor": precursors})]))
    assert spectra[0].precursor_mz is None
    assert spectra[0].original["selected ion m/z"] == ("337.2", "188.1")
    assert any(note.startswith("2 precursors") for note in spectra.report.notes)


def test_compressed_files_and_utf_16_are_read(tmp_path: Path) -> None:
    plain = run_of(tmp_path, mzml()).scans.digests()
    assert read_run(written(tmp_path, gzip.compress(mzml()), "a.mzML.gz")).scans.digests() == plain
    wide = mzml(declaration='<?xml version="1.0" encoding="utf-16"?>').decode().encode("utf-16")
    assert run_of(tmp_path, wide).scans.digests() == plain


# --- faults of one scan --------------------------------------------------------------------------------------------


def with_binary(array: str, text: str) -> str:
    return array[: array.index("<binary>")] + f"<binary>{text}</binary></binaryDataArray>"


ZLIB_MZ = mzml_array("mz", [58, 91], 64, True)
BOMB = base64.b64encode(zlib.compress(bytes(2**27))).decode()
FAULTS = [
    ({"length": "3"}, "defaultArrayLength announces 3 points, the arrays hold 2"),
    (arrays(mzml_array("mz", [58], 64, False), INTENSITY), "1 m/z values and 2 intensities"),
    (arrays(with_binary(MZ, "AAA"), INTENSITY), "m/z array: broken base64"),
    (arrays(with_binary(MZ, "AA*ABBBB"), INTENSITY), "m/z array: broken base64"),
    (arrays(with_binary(MZ, "AAAAAAAA"), INTENSITY), "6 bytes are no whole number of 64-bit values"),
    (arrays(with_binary(ZLIB_MZ, "AAAAAAAA"), INTENSITY), "m/z array: damaged zlib data"),
    (arrays(with_binary(ZLIB_MZ, "eJxjYGBg"), INTENSITY), "zlib data is cut short"),
    (arrays(with_binary(ZLIB_MZ, BOMB), INTENSITY), "decompression bomb"),
    (
        arrays(MZ.replace("1000576", "1002312").replace("no c", "MS-Numpress linear prediction c"), INTENSITY),
        "Numpress",
    ),
    (arrays(MZ.replace("1000523", "1000520"), INTENSITY), "expected one"),
    (arrays(MZ, MZ), "two arrays of m/z array"),
    (arrays(MZ, ""), "no intensity array"),
    (arrays("", INTENSITY), "no m/z array"),
    (arrays(mzml_array("mz", [58, float("nan")], 64, False), INTENSITY), "peak 2: m/z is nan"),
    (arrays(MZ, mzml_array("intensity", [9, -1], 32, False)), "peak 2: intensity is -1.0"),
]


@pytest.mark.parametrize(("parts", "reason"), FAULTS, ids=[reason[:30] for _, reason in FAULTS])
def test_a_fault_of_one_scan_costs_that_scan_alone(tmp_path: Path, parts: dict[str, str], reason: str) -> None:
    spectra = spectra_of(tmp_path, mzml([SURVEY, Scan(mzml=parts), SURVEY]))
    (reject,) = spectra.report.rejects
    assert (len(spectra), reject.record, reject.line) == (2, 2, 4)
    assert reason in reject.reason


def test_more_points_than_declared_are_all_read_and_reported(tmp_path: Path) -> None:
    spectra = spectra_of(tmp_path, mzml([Scan(mzml={"length": "1"})]))
    assert len(spectra[0]) == 2
    assert spectra.report.repairs == {"defaultArrayLength is less than the number of points: all were read": 1}


def test_unsorted_points_are_sorted_and_reported(tmp_path: Path) -> None:
    spectra = spectra_of(tmp_path, mzml([Scan(((91.0, 1.0), (58.0, 9.0)))]))
    assert spectra[0].mz.tolist() == [58.0, 91.0]
    assert spectra.report.repairs == {"peaks sorted by m/z": 1}


# --- faults of a file ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_a_run_that_is_cut_short_keeps_the_scans_before_the_cut_and_says_so(tmp_path: Path, kept: int) -> None:
    content = mzml()
    cut = -1
    for _ in range(kept + 1):
        cut = content.index(b"<binary>", cut + 1)
        cut = content.index(b"<binary>", cut + 1) if _ < kept else cut
    spectra = spectra_of(tmp_path, content[: cut + 9])
    assert len(spectra) == kept
    (reason,) = reasons(spectra)
    assert "cut short" in reason
    assert f"inside the <spectrum> of line {3 + kept}" in reason
    assert f"{kept} scans of 3 that the file announces came before" in reason


def test_a_compressed_run_that_is_cut_short_keeps_the_scans_before_the_cut(tmp_path: Path) -> None:
    packed = gzip.compress(mzml(RUN * 200), compresslevel=0)
    spectra = read_spectra(written(tmp_path, packed[: len(packed) // 2], "a.mzML.gz"))
    assert 250 < len(spectra) < 350
    (reason,) = reasons(spectra)
    assert "damaged or cut short" in reason


def test_tags_that_do_not_match_end_the_file_there(tmp_path: Path) -> None:
    content = mzml().replace(b"</spectrum>", b"</spectra>", 2).replace(b"</spectra>", b"</spectrum>", 1)
    spectra = spectra_of(tmp_path, content)
    assert len(spectra) == 1
    assert "not well-formed XML in line 4" in reasons(spectra)[0]
    with pytest.raises(RecordError, match="not well-formed"):
        read_spectra(tmp_path / "a.mzML", strict=True)


def test_fewer_scans_than_announced_is_one_fault(tmp_path: Path) -> None:
    spectra = spectra_of(tmp_path, mzml(count=10))
    assert len(spectra) == 3
    assert reasons(spectra) == [
        "spectrumList count announces 10 scans, the file holds 3: scans are missing, or the count is wrong"
    ]


def test_more_scans_than_announced_are_read_and_noted(tmp_path: Path) -> None:
    spectra = spectra_of(tmp_path, mzml(count=1))
    assert (len(spectra), spectra.report.records_rejected) == (3, 0)
    assert spectra.report.notes["more scans than the file announces: all were read"] == 2


LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE mzML [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefgh", "bcdefghi", strict=True))
    + "]>"
)
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE mzML [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
REMOTE = '<?xml version="1.0"?><!DOCTYPE mzML SYSTEM "http://localhost:9/a.dtd">'


@pytest.mark.parametrize("declaration", [LAUGHS, OUTSIDE, REMOTE], ids=["bomb", "external entity", "external type"])
def test_document_types_are_refused(tmp_path: Path, declaration: str) -> None:
    content = mzml(declaration=declaration).replace(b'id="R1"', b'id="&a;"')
    spectra = spectra_of(tmp_path, content)
    assert len(spectra) == 0
    (reason,) = reasons(spectra)
    assert "refused: a document type" in reason
    assert "root:" not in reason


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (mzml(declaration='<?xml version="1.0" encoding="idna"?>'), "encoding 'idna'"),
        (mzml().replace(b"<run ", b"<x>" * 100 + b"<run "), "nested more than 64 deep"),
        (mzml().replace(b"</scan>", b"<userParam/>" * 30_000 + b"</scan>", 1), "more than 20000 elements"),
        (mzml().replace(b'id="R1"', b'id="' + b"x" * 4_000_000 + b'"'), "longer than 1 MiB"),
        (
            mzml(()).replace(b"</run>", b'<chromatogramList><chromatogram id="TIC"/></chromatogramList></run>'),
            "only 1 chrom",
        ),
    ],
    ids=["encoding", "depth", "elements", "tag", "chromatograms"],
)
def test_what_could_hurt_or_holds_nothing_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    spectra = spectra_of(tmp_path, content)
    assert len(spectra) <= 1
    assert reason in reasons(spectra)[0]


def test_spitefully_large_files_take_little_memory(tmp_path: Path) -> None:
    """Arrays that unpack to 32 MiB each, and a text of 300 MB: less than 512 MiB, as Linux counts it."""
    if not Path("/proc/self/status").exists():
        pytest.skip("the peak of memory is read from /proc")
    zeros = base64.b64encode(zlib.compress(bytes(2**25))).decode()
    array = arrays(with_binary(ZLIB_MZ, zeros), with_binary(mzml_array("intensity", [1], 64, True), zeros))
    bomb = written(tmp_path, mzml([Scan(mzml={**array, "length": str(2**22)})] * 40), "bomb.mzML")
    endless = tmp_path / "endless.mzML.gz"
    start, _, end = mzml([Scan(mzml=arrays(with_binary(MZ, "here"), INTENSITY))]).partition(b"here")
    with gzip.open(endless, "wb", compresslevel=1) as file:
        file.write(start)
        for _ in range(300):
            file.write(b"A" * 1_000_000)
        file.write(end)
    code = (
        "import sys; from nps_spectra import read_spectra\n"
        "for path in sys.argv[1:]: print([reject.reason for reject in read_spectra(path).report.rejects][-1])\n"
        "print([line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')][0])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, str(bomb), str(endless)], capture_output=True, text=True, check=True
    )
    first, second, peak = result.stdout.splitlines()
    assert "decompression bomb" in first
    assert "longer than 128 MiB" in second
    assert int(peak) < 512 * 1024


def test_a_set_without_a_readable_scan_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(NoSpectraError, match="defaultArrayLength announces 9 points"):
        read_run(written(tmp_path, mzml([Scan(mzml={"length": "9"})])))
    with pytest.raises(InputError, match="no such file"):
        read_run(tmp_path / "none.mzML")


def test_a_file_without_a_head_is_read(tmp_path: Path) -> None:
    scan = run_of(tmp_path, mzml([FRAGMENTS, EMPTY], head="")).scans[0]
    assert (scan.instrument, scan.ionization, scan.precursor_mz) == (None, None, 178.1226)
    assert "electrospray" in HEAD
