"""The contract of all readers: in = out + rejected, each reject in its place, and nothing but our errors."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import pytest
from run_files import andi, mzml, mzxml

from nps_spectra.errors import InputError, OptionError, RecordError
from nps_spectra.formats.reading import EI_ASSUMED, read_spectra
from nps_spectra.formats.record import TextFormat
from nps_spectra.formats.registry import format_names, formats
from nps_spectra.spectra import Spectra
from nps_spectra.spectrum import Spectrum

#: For each format: a file name, what stands before the records, a good record with the peaks 58.1 and 91, and
#: bad ones with their reason. Formats that hold one record a file are in `SINGLE`.
GOOD = {
    "msp": "Name: Fine\nNum Peaks: 2\n58.1 999\n91 20\n\n",
    "massbank": "ACCESSION: XX1\nCH$NAME: Fine\nPK$NUM_PEAK: 2\nPK$PEAK: m/z int. rel.int.\n"
    "  58.1 999 999\n  91 20 20\n//\n",
    "mgf": "BEGIN IONS\nTITLE=Fine\nPEPMASS=120.1\n58.1 999\n91 20\nEND IONS\n\n",
    "wide_csv": "Fine,999,20,0,0,0,0,0,0,0,0\n",
    "mzspeclib": "<Spectrum=1>\nMS:1003061|library spectrum name=Fine\n<Peaks>\n58.1\t999\n91\t20\n\n",
    "json": '{"name": "Fine", "peaks_json": [[58.1, 999], [91, 20]]}\n',
    "jcamp": "##TITLE= Fine\n##JCAMP-DX= 5.00\n##DATA TYPE= MASS SPECTRUM\n##XUNITS= M/Z\n##NPOINTS= 2\n"
    "##PEAK TABLE= (XY..XY)\n58.1, 999\n91, 20\n##END=\n",
    "sdf": "mol\n\n\n  0  0  0  0  0  0  0  0  0  0999 V2000\nM  END\n>  <NAME>\nFine\n\n>  <NUM PEAKS>\n2\n\n"
    ">  <MASS SPECTRAL PEAKS>\n58.1 999\n91 20\n\n$$$$\n",
}
HEADER = {
    "wide_csv": "Name,58.1,91,92,93,94,95,96,97,98,99\n",
    "mzspeclib": "<mzSpecLib>\nMS:1003186|library format version=1.0\n",
}
FILE = {
    "msp": "a.msp",
    "massbank": "a.txt",
    "mgf": "a.mgf",
    "wide_csv": "a.csv",
    "text": "a.xy",
    "json": "a.json",
    "mzspeclib": "a.mzlb.txt",
    "jcamp": "a.jdx",
    "jcamp_run": "b.jdx",
    "sdf": "a.sdf",
}
FILE |= {"andi": "a.cdf", "mzml": "a.mzML", "mzxml": "a.mzXML"}
UGLY = {
    "msp": [
        ("Num Peaks: 1\n58 1\n\n", "'Name:'"),
        ("rubbish\n\n", "'Name:'"),
        ("Name: Bad\nNum Peaks: 2\n58 nan\n91 1\n\n", "peak 1: intensity is nan"),
        ("Name: Bad\nNum Peaks: 2\n58 1\n91 -1\n\n", "peak 2: intensity is -1.0"),
        ("Name: Bad\nNum Peaks: 1\n58 inf\n\n", "intensity is inf"),
        ("Name: Bad\nNum Peaks: 1\n58 1e39\n\n", "larger than float32"),
        ("Name: Bad\nNum Peaks: 1\n0 5\n\n", "m/z is 0.0"),
        ("Name: Bad\nNum Peaks: 0\n\n", "no peaks"),
        ("Name: Bad\nNum Peaks: 1\n58 0\n\n", "no peak has an intensity above 0"),
        ("Name: Bad\nNum Peaks: 1\n58\n\n", "not in pairs"),
        ("Name: Bad\n\n", "no peaks"),
    ],
    "massbank": [
        ("ACCESSION: XX2\nPK$NUM_PEAK: 1\n//\n", "no 'PK$PEAK:' block"),
        ("ACCESSION: XX2\nPK$PEAK: m/z int. rel.int.\n  58 1 1\n", "no end"),
        ("ACCESSION: XX2\nPK$PEAK: m/z int. rel.int.\n  58 1\n//\n", "peak 1 is '58 1'"),
        ("ACCESSION: XX2\nPK$PEAK: m/z int. rel.int.\n  58 nan 1\n//\n", "intensity is nan"),
        ("ACCESSION: XX2\nPK$PEAK: m/z int. rel.int.\n  -58 1 1\n//\n", "m/z is -58.0"),
        ("ACCESSION: XX2\nPK$PEAK: m/z int. rel.int.\n//\n", "no peaks"),
        ("rubbish\n", "'ACCESSION:'"),
    ],
    "mgf": [
        ("BEGIN IONS\nTITLE=Bad\n58 x\nEND IONS\n", "peak 1"),
        ("BEGIN IONS\nTITLE=Bad\n58 nan\nEND IONS\n", "intensity is nan"),
        ("BEGIN IONS\nTITLE=Bad\n58 -1\nEND IONS\n", "intensity is -1.0"),
        ("BEGIN IONS\nTITLE=Bad\nEND IONS\n", "no peaks"),
        ("BEGIN IONS\nTITLE=Bad\n58 1\n", "END IONS missing"),
        ("rubbish\n", "outside a block"),
    ],
    "wide_csv": [
        ("Bad,1,2\n", "3 cells, expected 11"),
        ("Bad,1,x,0,0,0,0,0,0,0,0\n", "column '91' is 'x'"),
        ("Bad,1,nan,0,0,0,0,0,0,0,0\n", "intensity is nan"),
        ("Bad,-1,0,0,0,0,0,0,0,0,0\n", "intensity is -1.0"),
        ("Bad,0,0,0,0,0,0,0,0,0,0\n", "no peaks"),
    ],
    "mzspeclib": [
        ("<Spectrum=2>\n<Peaks>\n58\tnan\n", "intensity is nan"),
        ("<Spectrum=2>\n<Peaks>\n58\t-1\n", "intensity is -1.0"),
        ("<Spectrum=2>\n<Peaks>\n58\n", "peak 1 is '58'"),
        ("<Spectrum=2>\n<Peaks>\n", "no peaks"),
        ("<Spectrum=2>\nMS:1000041|charge state=1\n", "no '<Peaks>' section"),
        ("<Spectrum=2>\nrubbish\n<Peaks>\n58\t1\n", "found 'rubbish'"),
        ("<Cluster=1>\nMS:1003322|similarity=1\n", "a cluster"),
    ],
    "json": [
        ('{"name": "Bad", "peaks_json": [[58, NaN]]}\n', "intensity is nan"),
        ('{"name": "Bad", "peaks_json": [[58, -1]]}\n', "intensity is -1.0"),
        ('{"name": "Bad", "peaks_json": [[0, 1]]}\n', "m/z is 0.0"),
        ('{"name": "Bad", "peaks_json": [[58, 1e39]]}\n', "larger than float32"),
        ('{"name": "Bad", "peaks_json": [[58]]}\n', "peak 1 is [58]"),
        ('{"name": "Bad", "peaks_json": [[58, null]]}\n', "peak 1: null is not a number"),
        ('{"name": "Bad", "peaks_json": [[58, true]]}\n', "peak 1: true is not a number"),
        ('{"name": "Bad", "peaks_json": []}\n', "no peaks"),
        ('{"name": "Bad", "peaks_json": "58 1 91"}\n', "not in pairs"),
        ('{"name": "Bad", "peaks_json": "[[58, 1"}\n', "no list of peaks"),
        ('{"name": "Bad", "mz": [58, 91], "intensity": [1]}\n', "2 values of 'mz' and 1 of 'intensity'"),
        ('{"name": "Bad"}\n', "none of the keys"),
        ('{"name": "Bad", "peaks_json": [[58, 1}\n', "not JSON"),
        ('{"name": "Bad", "peaks_json": [[58, 1\n', "not JSON"),
        ('{"name": "Bad, "peaks_json": [[58, 1]]}\n', "not JSON"),
        ('{"name": "Bad", "peaks_json": [[58, ' + "1" * 5000 + "]]}\n", "not JSON that can be read"),
        ("rubbish\n", "found 'rubbish'"),
    ],
    "jcamp": [
        ("rubbish\n", "found 'rubbish' outside a block"),
        ("##END=\n", "found '##END=' outside a block"),
        ("##TITLE= Bad\n##END=\n", "no table of points"),
        ("##TITLE= Bad\n##PEAK TABLE= (XY..XY)\n58, nan\n##END=\n", "'58, nan': expected pairs"),
        ("##TITLE= Bad\n##PEAK TABLE= (XY..XY)\n58, 1\n91, -1\n##END=\n", "intensity is -1.0"),
        ("##TITLE= Bad\n##PEAK TABLE= (XY..XY)\n58, 1\n91\n##END=\n", "'91' is not in pairs"),
        ("##TITLE= Bad\n##PEAK TABLE= (XY..XY)\n##END=\n", "no peaks"),
        ("##TITLE= Bad\n##PEAK TABLE= (XY..XY)\n0, 5\n##END=\n", "m/z is 0.0"),
        ("##TITLE= Bad\n##DATA TYPE= INFRARED SPECTRUM\n##XYDATA= (X++(Y..Y))\n1 2\n##END=\n", "INFRARED SPECTRUM"),
        ("##TITLE= Bad\n##XYDATA= (X++(Y..Y))\n1AJ\n2A\n##END=\n", "Y-value check found 1, expected 2"),
    ],
    "sdf": [
        ("rubbish\n$$$$\n", "0 data items <MASS SPECTRAL PEAKS>"),
        ("Bad\n\n\n\nM  END\n>  <MASS SPECTRAL PEAKS>\n58 nan\n\n$$$$\n", "intensity is nan"),
        ("Bad\n\n\n\nM  END\n>  <MASS SPECTRAL PEAKS>\n58 1\n91 -1\n\n$$$$\n", "intensity is -1.0"),
        ("Bad\n\n\n\nM  END\n>  <MASS SPECTRAL PEAKS>\n58 x\n\n$$$$\n", "'x' is not a number"),
        ("Bad\n\n\n\nM  END\n>  <MASS SPECTRAL PEAKS>\n58\n\n$$$$\n", "not in pairs"),
        ("Bad\n\n\n\nM  END\n>  <MASS SPECTRAL PEAKS>\n\n$$$$\n", "no peaks"),
    ],
}
SINGLE_UGLY = [
    ("58 1\n91 2\n105 x\n", "two numbers"),
    ("58 1\n91 nan\n", "intensity is nan"),
    ("58 1\n91 -2\n", "intensity is -2.0"),
    ("58 0\n91 0\n", "no peak has an intensity above 0"),
    ("0 5\n91 2\n", "m/z is 0.0"),
]
CASES = [(name, bad, reason) for name, variants in UGLY.items() for bad, reason in variants]
#: One valid file of every format, with more than one record where the format allows it.
VALID = {name: HEADER.get(name, "") + good * 3 for name, good in GOOD.items()} | {
    "text": "# a comment\nm/z\tintensity\n58.1\t999\n91\t20\n119\t5\n",
    "jcamp_run": "##TITLE= Fine\n##DATA TYPE= MASS SPECTRUM\n##NTUPLES= MASS SPECTRUM\n##SYMBOL= X, Y, T\n"
    "##VAR_NAME= MASS, INTENSITY, RETENTION TIME\n##UNITS= M/Z, COUNTS, SECONDS\n"
    + "".join(f"##PAGE= T= {time}\n##NPOINTS= 1\n##DATA TABLE= (XY..XY), PEAKS\n58.1, 7\n" for time in (60, 61, 62))
    + "##END NTUPLES= MASS SPECTRUM\n##END=\n",
}
#: Runs of three scans; what is in them is tested beside their readers.
RUNS = {"andi": andi(), "mzml": mzml(), "mzxml": mzxml()}


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def check_account(spectra: Spectra) -> None:
    report = spectra.report
    assert report.records_in == len(spectra) + report.records_rejected
    assert report.records_out == len(spectra)
    assert sum(file.records_in for file in report.files) == report.records_in
    assert sum(file.records_out for file in report.files) == report.records_out
    assert all(reject.file and reject.reason for reject in report.rejects)


def test_the_tables_of_this_file_know_every_format() -> None:
    assert set(VALID) | set(RUNS) == set(format_names()) == set(FILE)


@pytest.mark.parametrize(("name", "bad", "reason"), CASES)
def test_one_bad_record_costs_that_record_alone(tmp_path: Path, name: str, bad: str, reason: str) -> None:
    before, after = HEADER.get(name, "") + GOOD[name] * 2, GOOD[name]
    path = write(tmp_path, FILE[name], before + bad + after)
    spectra = read_spectra(path)
    check_account(spectra)
    assert [spectrum.mz.tolist() for spectrum in spectra] == [[58.1, 91.0]] * 3
    (reject,) = spectra.report.rejects
    assert (reject.file, reject.line, reject.record) == (path.as_posix(), before.count("\n") + 1, 3)
    assert reason in reject.reason


@pytest.mark.parametrize(("name", "bad", "reason"), CASES)
def test_strict_stops_at_the_place_the_report_names(tmp_path: Path, name: str, bad: str, reason: str) -> None:
    path = write(tmp_path, FILE[name], HEADER.get(name, "") + GOOD[name] + bad + GOOD[name])
    (reject,) = read_spectra(path).report.rejects
    with pytest.raises(RecordError) as caught:
        read_spectra(path, strict=True)
    error = caught.value
    assert (error.file, error.line, error.record, error.reason) == (
        reject.file,
        reject.line,
        reject.record,
        reject.reason,
    )
    assert reason in str(error)


@pytest.mark.parametrize(("text", "reason"), SINGLE_UGLY)
def test_a_file_that_is_one_bad_record(tmp_path: Path, text: str, reason: str) -> None:
    path = write(tmp_path, "a.txt", text)
    spectra = read_spectra(path)
    check_account(spectra)
    (reject,) = spectra.report.rejects
    assert (len(spectra), reject.line, reject.record) == (0, 1, 1)
    assert reason in reject.reason
    with pytest.raises(RecordError, match="line 1, record 1"):
        read_spectra(path, strict=True)


@pytest.mark.parametrize("name", sorted(VALID))
def test_strict_reads_what_is_fine(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, FILE[name], VALID[name])
    assert len(read_spectra(path, strict=True)) == (1 if name == "text" else 3)


@pytest.mark.parametrize("name", sorted(VALID))
def test_a_format_is_known_by_its_content_whatever_the_file_is_called(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, "library", VALID[name])
    text = VALID[name]
    fits = [
        known.name
        for known in formats().known
        if (known.sniff(text, "library") if isinstance(known, TextFormat) else known.sniff(text.encode(), "library"))
    ]
    assert fits[0] == name
    assert read_spectra(path).digests() == read_spectra(path, format=name).digests()


@pytest.mark.parametrize("name", sorted(RUNS))
def test_a_run_is_known_by_its_content_whatever_the_file_is_called(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, "library", RUNS[name])
    spectra = read_spectra(path, strict=True)
    assert len(spectra) == 3
    assert spectra.digests() == read_spectra(path, format=name).digests()
    check_digests(spectra)


@pytest.mark.parametrize("name", ["msp", "massbank", "jcamp"])
def test_half_a_record_at_the_start_does_not_hide_the_others(tmp_path: Path, name: str) -> None:
    text = "".join(GOOD[name].splitlines(keepends=True)[-2:]) + GOOD[name] * 2
    spectra = read_spectra(write(tmp_path, FILE[name], text))
    check_account(spectra)
    assert (len(spectra), spectra.report.records_rejected) == (2, 1)


@pytest.mark.parametrize("name", sorted(VALID))
@pytest.mark.parametrize(
    ("change", "note"),
    [
        (lambda text: text.replace("\n", "\r\n").encode(), None),
        (lambda text: text.replace("\n", "\r").encode(), None),
        (lambda text: codecs.BOM_UTF8 + text.encode(), None),
        (lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"), "text is UTF-16"),
        (lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"), "text is UTF-16"),
    ],
    ids=["CRLF", "CR", "UTF-8 mark", "UTF-16 LE", "UTF-16 BE"],
)
def test_line_ends_and_encodings(tmp_path: Path, name: str, change: object, note: str | None) -> None:
    assert callable(change)
    plain = read_spectra(write(tmp_path, "plain/" + FILE[name], VALID[name]))
    changed = read_spectra(write(tmp_path, "changed/" + FILE[name], change(VALID[name])))
    assert changed.digests() == plain.digests()
    assert note is None or changed.report.notes[note] == 1


@pytest.mark.parametrize("name", sorted(GOOD))
def test_latin_1_is_read_and_noted(tmp_path: Path, name: str) -> None:
    text = (HEADER.get(name, "") + GOOD[name]).replace("Fine", "Caf\xe9ine")
    spectra = read_spectra(write(tmp_path, FILE[name], text.encode("latin-1")))
    assert spectra[0].name == "Caf\xe9ine"
    assert spectra.report.notes["line is not UTF-8: read as Latin-1"] == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b" \n\t\r\n", "empty"),
        (b"\x00\x01\x02" * 100, "binary content"),
        ("Name: A\n58 1\n".encode("utf-16-le"), "binary content"),
        (codecs.BOM_UTF16_LE + b"\x00\xd8\x00", "UTF-16"),
        (b"what is this\n", "no known format"),
        (b"\x89PNG\r\n\x1a\n not a picture", "no known format"),
    ],
)
def test_a_file_that_is_nothing_counts_as_one_record_lost(tmp_path: Path, content: bytes, reason: str) -> None:
    path = write(tmp_path, "a.msp", content)
    spectra = read_spectra(path)
    check_account(spectra)
    (reject,) = spectra.report.rejects
    assert (len(spectra), reject.file, reject.line, reject.record) == (0, path.as_posix(), None, None)
    assert reason in reject.reason
    assert path.name not in reject.reason
    with pytest.raises(RecordError, match=r"a\.msp"):
        read_spectra(path, strict=True)


def test_a_named_format_that_finds_no_record_says_so(tmp_path: Path) -> None:
    path = write(tmp_path, "a.txt", "# only a comment\n")
    (reject,) = read_spectra(path, format="mgf").report.rejects
    assert reject.reason == "no record of format 'mgf' found"


def test_an_unknown_format_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"unknown format 'raw': expected one of .*massbank, .*mgf"):
        read_spectra(write(tmp_path, "a.msp", VALID["msp"]), format="raw")


def test_a_path_that_does_not_exist_is_an_error_even_when_lenient(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_spectra(tmp_path / "none.msp")


def test_a_folder_with_mixed_files_and_archives(tmp_path: Path) -> None:
    for name, text in VALID.items():
        write(tmp_path, f"{name}/{FILE[name]}", text)
    write(tmp_path, "README.txt", "about\n")
    write(tmp_path, "empty.msp", b"")
    write(tmp_path, "packed/a.msp.gz", gzip.compress(VALID["msp"].encode()))
    with zipfile.ZipFile(tmp_path / "packed" / "b.zip", "w") as archive:
        archive.writestr("in/a.mgf", VALID["mgf"])
        archive.writestr("LICENSE", "free")
    with tarfile.open(tmp_path / "packed" / "c.tar.xz", "w:xz") as tar:
        data = VALID["massbank"].encode()
        info = tarfile.TarInfo("in/a.txt")
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))
    spectra = read_spectra(tmp_path)
    check_account(spectra)
    root = tmp_path.as_posix()
    files = [
        *(
            "jcamp/a.jdx",
            "jcamp_run/b.jdx",
            "json/a.json",
            "massbank/a.txt",
            "mgf/a.mgf",
            "msp/a.msp",
            "mzspeclib/a.mzlb.txt",
            "packed/a.msp.gz",
            "packed/b.zip!in/a.mgf",
        ),
        *("packed/c.tar.xz!in/a.txt", "sdf/a.sdf", "text/a.xy", "wide_csv/a.csv"),
    ]
    expected = [f"{root}/{file}" for file in files for _ in range(1 if file.startswith("text") else 3)]
    assert [spectrum.source.file for spectrum in spectra if spectrum.source] == expected
    assert [reject.file for reject in spectra.report.rejects] == [f"{root}/empty.msp"]
    assert [name for name, _ in spectra.report.skipped] == [f"{root}/README.txt", f"{root}/packed/b.zip!LICENSE"]


def test_several_paths_are_read_in_their_order(tmp_path: Path) -> None:
    paths = [write(tmp_path, name, f"Name: {name}\n58 1\n") for name in ("b.msp", "a.msp")]
    assert read_spectra(paths).texts("name").to_list() == ["b.msp", "a.msp"]


@pytest.mark.parametrize("name", sorted(GOOD))
def test_source_is_file_record_line_and_digest_of_the_file(tmp_path: Path, name: str) -> None:
    head = HEADER.get(name, "")
    path = write(tmp_path, FILE[name], head + GOOD[name] * 2)
    sources = [spectrum.source for spectrum in read_spectra(path)]
    lines = [head.count("\n") + 1, head.count("\n") + 1 + GOOD[name].count("\n")]
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert [(s.file, s.record, s.line, s.sha256) for s in sources if s] == [
        (path.as_posix(), record, line, sha256) for record, line in enumerate(lines, start=1)
    ]


def test_the_digest_of_an_archive_member_is_that_of_the_archive(tmp_path: Path) -> None:
    path = write(tmp_path, "a.msp.gz", gzip.compress(VALID["msp"].encode()))
    source = read_spectra(path)[0].source
    assert source is not None
    assert source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def check_digests(spectra: Spectra) -> None:
    assert spectra.digests() == [spectrum.digest for spectrum in spectra]
    again = Spectra.of(spectra)
    assert again.digests() == spectra.digests()


@pytest.mark.parametrize("name", sorted(VALID))
def test_digests_of_many_are_those_of_each(tmp_path: Path, name: str) -> None:
    check_digests(read_spectra(write(tmp_path, FILE[name], VALID[name])))


def test_separators_of_packed_texts_in_a_field_lose_nothing(tmp_path: Path) -> None:
    text = "Name: A\nSynon: b\x1ec\nSynon: d\x1fe\nComment: x\x1ey\x1fz\n58 1\n"
    spectra = read_spectra(write(tmp_path, "a.msp", text))
    check_digests(spectra)
    assert spectra[0].synonyms == ("b\u241ec", "d\u241fe")
    assert spectra[0].original["Comment"] == ("x\u241ey\u241fz",)
    assert Spectrum([58], [1], synonyms=["b\x1ec"]).synonyms == ("b\u241ec",)


def test_repairs_are_counted(tmp_path: Path) -> None:
    text = "Name: A\nNum Peaks: 3\n91 5\n58 1\n60 0\n\nName: B\nNum Peaks: 2\n58 1\n\nName: C\nNum Peaks: 1\n58 1\n"
    spectra = read_spectra(write(tmp_path, "a.msp", text))
    report = spectra.report
    assert spectra[0].mz.tolist() == [58, 91]
    assert report.records_repaired == 2
    assert report.repairs == {
        "peaks of intensity 0 left out": 1,
        "peaks sorted by m/z": 1,
        "Num Peaks is not the number of peaks: all peaks were read": 1,
    }


def test_duplicate_peaks_stay(tmp_path: Path) -> None:
    spectra = read_spectra(write(tmp_path, "a.msp", "Name: A\nNum Peaks: 3\n58 1\n58 1\n58 2\n"))
    assert (spectra[0].mz.tolist(), spectra[0].intensity.tolist()) == ([58, 58, 58], [1, 1, 2])


@pytest.mark.parametrize(
    ("field", "peaks", "expected"),
    [
        ("MW: 58", "58 1", "EI"),
        ("MW: 58", "58.1 1", None),
        ("Ionization: ESI", "58 1", "ESI"),
        ("PrecursorMZ: 59", "58 1", None),
        ("Spectrum_type: MS2", "58 1", None),
        ("Spectrum_type: MS1\nPrecursorMZ: 59", "58 1", None),
        ("Collision_energy: 20 eV", "58 1", None),
    ],
)
def test_ei_is_inferred_only_where_nothing_speaks_against_it(
    tmp_path: Path, field: str, peaks: str, expected: str | None
) -> None:
    spectra = read_spectra(write(tmp_path, "a.msp", f"Name: A\n{field}\nNum Peaks: 1\n{peaks}\n"))
    assert spectra[0].ionization == expected
    assert spectra.report.notes[EI_ASSUMED] == (1 if expected == "EI" else 0)


def test_report_names_files_and_their_dialects(tmp_path: Path) -> None:
    path = write(tmp_path, "a.msp", "Name: A\nCASNO: 58082\n58 1\n\nName: B\nNIST#: 7\n58 1\n\nName: C\n\n")
    (file,) = read_spectra(path).report.files
    assert (file.file, file.sha256) == (path.as_posix(), hashlib.sha256(path.read_bytes()).hexdigest())
    assert (file.records_in, file.records_out, file.formats) == (3, 2, ("MSP of SWGDRUG", "MSP of NIST"))
