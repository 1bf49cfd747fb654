"""Measured libraries: everything that stands in them comes out. Counts are taken anew from the bytes of the files."""

from __future__ import annotations

import csv
import tarfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from nps_spectra.formats.reading import read_spectra
from nps_spectra.formats.report import ReadReport
from nps_spectra.spectra import Spectra

#: Records of each MSP file, by `grep -ci '^Name:'`.
MSP_FILES = {
    "swgdrug_ei/swgdrug_3.4.msp": 2733,
    "nist_mspepsearch/library_entries.msp": 28,
    "nist_mspepsearch/query_simple.msp": 1,
    "nist_mspepsearch/query_hybrid.msp": 1,
    "nist_fentanyl_ei/single_modification_library.msp": 44,
    "nist_dart_mixtures/reference_library.msp": 12,
    "nist_mssearch/massbank_alkanes.msp": 90,
    "nist_mssearch/alkanes.msp": 3,
    "nist_fentanyl_ei/queries/FentanylReplicates/250541.MSP": 1,
    "nist_fentanyl_ei/queries/FentanylReplicates/379198.MSP": 1,
    "nist_fentanyl_ei/queries/FentanylReplicates/457504.MSP": 1,
    "nist_fentanyl_ei/queries/Type1FentanylReplicates/TypeB/248324.MSP": 1,
    "nist_fentanyl_ei/queries/Type1FentanylReplicates/TypeC/125831.MSP": 1,
    "nist_fentanyl_ei/queries/Type1FentanylReplicates/TypeC/463843.MSP": 1,
    "nist_fentanyl_ei/queries/Type1FentanylReplicates/TypeD/248326.MSP": 1,
    "nist_fentanyl_ei/queries/Type1FentanylReplicates/TypeE/463670.MSP": 1,
    "nist_fentanyl_ei/queries/Type1FentanylReplicates/TypeE/64208.MSP": 1,
    "nist_fentanyl_ei/queries/Type1Synthesize/335007.MSP": 1,
    "nist_fentanyl_ei/queries/Type1Synthesize/463798.MSP": 1,
    "nist_fentanyl_ei/queries/Type1Synthesize/synthType1E.MSP": 1,
}
DART_FOLDERS = {"nist_dart_mixtures/pure": 12, "nist_dart_mixtures/mixtures": 18}
MASSBANK = "massbank/MassBank-data-2025.05.1.tar.xz"
#: Files of the release that are no records.
MASSBANK_OTHERS = ["List_of_Contributors_Prefixes_and_Projects.md", "README.md", "VERSION"]
#: Folders whose records name another contributor in their accessions.
RENAMED = {"Agilent": "AGILENT", "ENTACT_AGILENT": "EPA"}
CAS_NOTE = "cas: value not understood, kept in the original fields only"
LEVELS = {"MS": 1, "MS2": 2, "MS3": 3, "MS4": 4}


def check_whole(spectra: Spectra, expected: int) -> ReadReport:
    report = spectra.report
    assert isinstance(report, ReadReport)
    assert (report.records_in, len(spectra), report.rejects) == (expected, expected, [])
    return report


def listed_peaks(text: str) -> list[list[tuple[float, float]]]:
    """Peaks of each record of an MSP file whose peaks are only numbers, blanks and semicolons."""
    found = []
    for record in text.split("Name:")[1:]:
        lines = record.replace(";", " ").split("\n")
        at = next(number for number, line in enumerate(lines) if line.lower().startswith("num peaks"))
        cells = [float(cell) for cell in " ".join(lines[at + 1 :]).split()]
        found.append(sorted(zip(cells[::2], cells[1::2], strict=True)))
    return found


def test_every_msp_file_is_in_the_table(data_folder: Path) -> None:
    found = {
        path.relative_to(data_folder).as_posix() for path in data_folder.rglob("*") if path.suffix.lower() == ".msp"
    }
    assert found == set(MSP_FILES)


@pytest.mark.parametrize("file", MSP_FILES)
def test_msp_in_is_out(data_folder: Path, file: str) -> None:
    path = data_folder / file
    lines = path.read_text(encoding="utf-8").splitlines()
    names = [line.split(":", 1)[1].strip() for line in lines if line.lower().startswith("name:")]
    spectra = read_spectra(path)
    report = check_whole(spectra, MSP_FILES[file])
    assert spectra.texts("name").to_list() == names
    assert "Num Peaks is not the number of peaks: all peaks were read" not in report.repairs


@pytest.mark.parametrize("file", MSP_FILES)
def test_msp_peaks_are_those_of_the_file(data_folder: Path, file: str) -> None:
    path = data_folder / file
    for spectrum, peaks in zip(read_spectra(path), listed_peaks(path.read_text(encoding="utf-8")), strict=True):
        expected = [(mz, np.float32(intensity)) for mz, intensity in peaks if intensity > 0]
        assert sorted(zip(spectrum.mz.tolist(), spectrum.intensity, strict=True)) == sorted(expected)


def test_swgdrug_fields(data_folder: Path) -> None:
    path = data_folder / "swgdrug_ei/swgdrug_3.4.msp"
    keys = Counter(line.split(":", 1)[0] for line in path.read_text().splitlines() if ":" in line)
    without_cas = sum(line.strip() in ("CASNO: 0", "CASNO:") for line in path.read_text().splitlines())
    spectra = read_spectra(path)
    assert set(spectra.texts("ionization").to_list()) == {"EI"}
    assert [name for (name,) in (file.formats for file in spectra.report.files)] == ["MSP of SWGDRUG"]
    for key, name in (("Formula", "formula"), ("InChIKey", "inchikey"), ("ID", "accession"), ("Comment", "comment")):
        assert sum(value is not None for value in spectra.texts(name).to_list()) == keys[key]
    cas_known = sum(value is not None for value in spectra.texts("cas").to_list())
    assert cas_known + without_cas + spectra.report.notes[CAS_NOTE] == keys["CASNO"]
    assert int(np.isfinite(spectra.numbers("nominal_mass")).sum()) == keys["MW"]
    assert sum(len(spectrum.synonyms) for spectrum in spectra) == keys["Synon"]


def test_dart_library_has_precursor_adduct_and_voltage(data_folder: Path) -> None:
    spectra = read_spectra(data_folder / "nist_dart_mixtures/reference_library.msp")
    assert set(spectra.texts("ionization").to_list()) == {"DART"}
    assert Counter(spectra.numbers("collision_energy_ev").tolist()) == {30.0: 4, 60.0: 4, 90.0: 4}
    assert set(zip(spectra.texts("adduct").to_list(), spectra.texts("polarity").to_list(), strict=True)) == {
        ("[M+H]+", "positive")
    }


@pytest.mark.parametrize("folder", DART_FOLDERS)
def test_dart_text_files(data_folder: Path, folder: str) -> None:
    paths = sorted((data_folder / folder).glob("*.txt"))
    spectra = read_spectra(data_folder / folder)
    check_whole(spectra, DART_FOLDERS[folder])
    assert spectra.texts("name").to_list() == [path.stem for path in paths]
    for spectrum, path in zip(spectra, paths, strict=True):
        rows = [[float(cell) for cell in line.split()] for line in path.read_text().splitlines() if line.strip()]
        assert spectrum.mz.tolist() == [mz for mz, intensity in sorted(rows) if intensity > 0]


def test_wide_csv_of_swgdrug(data_folder: Path) -> None:
    path = data_folder / "swgdrug_nps_ei/spectra.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    spectra = read_spectra(path)
    check_whole(spectra, 628)
    assert spectra.texts("name").to_list() == [row["Name"].strip() for row in rows]
    assert [spectrum.original["label"] for spectrum in spectra] == [(row["label"],) for row in rows]
    for spectrum, row in zip(spectra, rows, strict=True):
        assert spectrum.mz.tolist() == [float(mz) for mz, cell in row.items() if mz.isdigit() and float(cell) > 0]


@dataclass(slots=True)
class Scan:
    """What the lines of the MassBank archive say, without any reader."""

    files: list[str] = field(default_factory=list)
    tags: Counter[str] = field(default_factory=Counter)
    values: Counter[str] = field(default_factory=Counter)
    peaks: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, path: Path) -> Scan:
        scan = cls()
        counted = ("LICENSE: ", "AC$MASS_SPECTROMETRY: MS_TYPE ", "AC$MASS_SPECTROMETRY: ION_MODE ", "DEPRECATED")
        with tarfile.open(path) as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isfile() else None
                if content is None:
                    continue
                text = content.read().decode("utf-8")
                if not text.startswith("ACCESSION:"):
                    continue
                scan.files.append(member.name)
                lines = text.split("\n")
                at = next(number for number, line in enumerate(lines) if line.startswith("PK$PEAK:"))
                rows = [line.split() for line in lines[at + 1 :] if line.startswith("  ")]
                scan.peaks.append(sum(float(row[1]) > 0 for row in rows))
                scan.tags.update(line.split(":", 1)[0] for line in lines if line[:1].isupper())
                scan.values.update(line.strip() for line in lines if line.startswith(counted))
        return scan


@dataclass(frozen=True, slots=True)
class MassBank:
    path: Path
    spectra: Spectra
    scan: Scan


@pytest.fixture(scope="session")
def massbank(data_folder: Path, massbank_spectra: Spectra) -> MassBank:
    path = data_folder / MASSBANK
    return MassBank(path, massbank_spectra, Scan.of(path))


def test_massbank_in_is_out(massbank: MassBank) -> None:
    report = check_whole(massbank.spectra, 118_617)
    assert len(massbank.scan.files) == 118_617
    assert [name.rpartition("/")[2] for name, _ in report.skipped] == MASSBANK_OTHERS


def test_massbank_records_come_in_the_order_of_the_archive_from_the_file_named(massbank: MassBank) -> None:
    shown = massbank.path.as_posix()
    assert massbank.spectra.texts("source_file").to_list() == [f"{shown}!{name}" for name in massbank.scan.files]
    accessions = massbank.spectra.texts("accession").to_list()
    assert accessions == [name.rpartition("/")[2].removesuffix(".txt") for name in massbank.scan.files]


def test_massbank_peaks_are_complete(massbank: MassBank) -> None:
    assert np.diff(massbank.spectra.offsets).tolist() == massbank.scan.peaks


def test_massbank_contributors_are_those_of_the_folders(massbank: MassBank) -> None:
    folders = [name.split("/")[1] for name in massbank.scan.files]
    assert len(set(folders)) == 57
    assert massbank.spectra.texts("contributor").to_list() == [RENAMED.get(folder, folder) for folder in folders]


@pytest.mark.parametrize(
    ("column", "tag"),
    [("licence", "LICENSE: "), ("polarity", "AC$MASS_SPECTROMETRY: ION_MODE ")],
)
def test_massbank_texts(massbank: MassBank, column: str, tag: str) -> None:
    expected = Counter({line.removeprefix(tag): n for line, n in massbank.scan.values.items() if line.startswith(tag)})
    found = Counter(massbank.spectra.texts(column).to_list())
    if column == "polarity":
        expected = Counter({mode.lower(): count for mode, count in expected.items()})
    assert found == expected
    assert sum(found.values()) == 118_617


def test_massbank_every_record_has_a_name_and_a_licence(massbank: MassBank) -> None:
    assert None not in massbank.spectra.texts("licence").to_list()
    assert None not in massbank.spectra.texts("name").to_list()


def test_massbank_ms_levels(massbank: MassBank) -> None:
    tag = "AC$MASS_SPECTROMETRY: MS_TYPE "
    named = {line.removeprefix(tag): n for line, n in massbank.scan.values.items() if line.startswith(tag)}
    expected = {level: named.pop(text) for text, level in LEVELS.items()}
    # "MSn" names no level; those records name a precursor and are taken as MS2, with a note.
    expected[2] += named.pop("MSn")
    assert named == {}
    assert Counter(massbank.spectra.numbers("ms_level").tolist()) == expected


def test_massbank_deprecated_records_are_noted(massbank: MassBank) -> None:
    note = "record is marked as deprecated by its contributor"
    assert massbank.spectra.report.notes[note] == massbank.scan.tags["DEPRECATED"]


def test_massbank_every_tag_is_kept(massbank: MassBank) -> None:
    kept: Counter[str] = Counter()
    annotated = 0
    for packed in massbank.spectra.texts("original").to_list():
        keys = [pair.split("\x1f", 1)[0] for pair in (packed or "").split("\x1e")[:-1]]
        annotated += "PK$ANNOTATION" in keys
        kept.update(keys)
    tags = dict(massbank.scan.tags)
    assert annotated == tags.pop("PK$ANNOTATION")
    assert {tag: kept[tag] for tag in tags} == tags


def test_massbank_digests_of_many_are_those_of_each(massbank: MassBank) -> None:
    some = massbank.spectra.select(np.arange(0, len(massbank.spectra), 997))
    assert some.digests() == [spectrum.digest for spectrum in some]
