"""Writers: every record is read back before it counts, and what a format cannot hold is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nps_spectra.cli.main import main
from nps_spectra.errors import NoSpectraError, OptionError
from nps_spectra.formats import formats, read_spectra, write_spectra
from nps_spectra.formats.fields import is_missing
from nps_spectra.formats.written import one_line
from nps_spectra.spectrum import FIELDS, Spectrum

WRITABLE = sorted(one.name for one in formats().known if one.writer is not None)
KEEPS_ORIGINAL = {one.name for one in formats().known if one.writer is not None and one.writer.keeps_original}
ENDING = {one.name: one.extensions[0] for one in formats().known}

EI = Spectrum([44.0, 58.0, 91.0], [80, 999, 12.5], name="mephedrone", formula="C11H15NO", ionization="EI", ms_level=1)
MSMS = Spectrum(
    [58.0651, 119.0855, 145.08865],
    [0.1, 1e6, 33.3],
    name="mephedrone; 4-MMC",
    synonyms=("4-methylmethcathinone", "4-MMC"),
    inchikey="YELGFTGWJGBAQU-UHFFFAOYSA-N",
    precursor_mz=178.1226,
    adduct="[M+H]+",
    polarity="positive",
    charge=1,
    ms_level=2,
    ionization="ESI",
    collision_energy="35 eV",
    collision_energy_ev=35.0,
    retention_time_s=123.4,
    licence="CC BY",
)


@pytest.mark.parametrize("name", WRITABLE)
@pytest.mark.parametrize("spectrum", [EI, MSMS], ids=["EI", "MS/MS"])
def test_peaks_come_back_to_the_last_bit(tmp_path: Path, name: str, spectrum: Spectrum) -> None:
    path = tmp_path / f"a{ENDING[name]}"
    report = write_spectra([spectrum, spectrum], path, format=name)
    again = read_spectra(path, format=name, strict=True)
    assert (report.records_in, report.records_out, len(again)) == (2, 2, 2)
    for read in again:
        assert read.mz.tolist() == spectrum.mz.tolist()
        assert read.intensity.tolist() == spectrum.intensity.tolist()


@pytest.mark.parametrize("name", WRITABLE)
@pytest.mark.parametrize("spectrum", [EI, MSMS], ids=["EI", "MS/MS"])
def test_the_report_names_exactly_the_fields_that_do_not_come_back(
    tmp_path: Path, name: str, spectrum: Spectrum
) -> None:
    path = tmp_path / f"a{ENDING[name]}"
    report = write_spectra([spectrum], path, format=name)
    (again,) = read_spectra(path, format=name, strict=True)
    different = {field for field in FIELDS if getattr(again, field) != getattr(spectrum, field)}
    assert different == set(report.lost) | set(report.changed)
    assert {"name", "precursor_mz"} & different == set()


TEXT = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(["N/A", "//", "0", "END IONS", "a=b", " x"])
NUMBER = st.floats(1e-3, 1e9) | st.integers(1, 2000).map(float)
#: Peaks of any size that float32 holds, duplicates included.
PEAKS = st.lists(
    st.tuples(
        st.floats(1e-3, 1e6) | st.integers(1, 600).map(float), st.floats(0, 2.0**127, width=32, exclude_min=True)
    ),
    min_size=1,
    max_size=8,
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": TEXT,
    "texts": st.lists(TEXT, max_size=3).map(tuple),
    "float": NUMBER,
    "int": st.integers(-3, 9),
}
CHOICES = {"polarity": ("positive", "negative"), "representation": ("centroid", "profile")}
KNOWN = st.fixed_dictionaries(
    {},
    optional={
        name: st.sampled_from(CHOICES[name]) if name in CHOICES else VALUES[kind] for name, kind in FIELDS.items()
    },
)
ORIGINAL = st.dictionaries(
    TEXT | st.sampled_from(["CH$NAME", "COMMENT", "TITLE", "Charge", "PK$PEAK", "ACCESSION"]),
    st.lists(TEXT, min_size=1, max_size=2).map(tuple),
    max_size=3,
)


@pytest.mark.parametrize("name", WRITABLE)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(peaks=PEAKS, known=KNOWN, original=ORIGINAL)
def test_whatever_a_spectrum_holds_comes_back_or_is_told(
    tmp_path: Path, name: str, peaks: list[tuple[float, float]], known: dict[str, Any], original: Any
) -> None:
    spectrum = Spectrum([mz for mz, _ in peaks], [height for _, height in peaks], original=original, **known)
    path = tmp_path / f"a{ENDING[name]}"
    report = write_spectra([spectrum, EI], path, format=name)
    assert report.records_in == 2 == report.records_out + len(report.rejects)
    read = list(read_spectra(path, format=name, strict=True))
    assert len(read) == report.records_out
    if report.rejects:
        return
    assert read[0].mz.tolist() == spectrum.mz.tolist()
    assert read[0].intensity.tolist() == spectrum.intensity.tolist()
    alone = write_spectra([spectrum], path, format=name)
    different = {field for field in FIELDS if getattr(read[0], field) != getattr(spectrum, field)}
    assert different == set(alone.lost) | set(alone.changed)
    if name in KEEPS_ORIGINAL:
        kept = "\n".join(one_line(value) for values in read[0].original.values() for value in values)
        values = [value for key, values in spectrum.original.items() if not key.startswith("PK$") for value in values]
        assert all(is_missing(value) or one_line(value).strip() in kept for value in values)


def test_a_spectrum_that_the_format_cannot_hold_is_rejected_with_its_place(tmp_path: Path) -> None:
    report = write_spectra([EI, Spectrum([], [], name="empty"), EI], tmp_path / "a.msp")
    assert str(report) == "3 in, 2 written, 1 rejected"
    assert (report.rejects[0].record, report.rejects[0].reason) == (2, "no peaks")
    assert len(read_spectra(tmp_path / "a.msp", strict=True)) == 2


def test_a_name_of_two_lines_is_told_to_be_changed_and_breaks_no_record(tmp_path: Path) -> None:
    report = write_spectra([EI.replace(name="A\nNum Peaks: 1\n5 5"), EI], tmp_path / "a.msp")
    again = read_spectra(tmp_path / "a.msp", strict=True)
    assert [spectrum.name for spectrum in again] == ["A Num Peaks: 1 5 5", "mephedrone"]
    assert report.changed == {"name": 1}


def test_an_old_file_stays_if_nothing_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / "a.msp"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(NoSpectraError, match="no peaks"):
        write_spectra([Spectrum([], [])], path)
    assert path.read_text(encoding="utf-8") == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.msp"]


@pytest.mark.parametrize(
    ("name", "format", "reason"),
    [
        ("a.docx", None, "names no format that can be written"),
        ("a.msp", "text", "is read only"),
        ("a.msp", "another", "unknown format"),
        ("missing/a.msp", None, "does not exist"),
    ],
)
def test_what_cannot_be_written_is_wrong_use(tmp_path: Path, name: str, format: str | None, reason: str) -> None:
    with pytest.raises(OptionError, match=reason):
        write_spectra([EI], tmp_path / name, format=format)


def test_convert_says_what_is_not_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.msp").write_text("Name: A\nOddity: 7\nNum Peaks: 1\n58 999\n\nName: B\n\n", encoding="utf-8")
    assert main(["convert", str(tmp_path / "a.msp"), str(tmp_path / "b.msp")]) == 1
    captured = capsys.readouterr()
    assert "original fields of 1 spectra are not kept" in captured.err
    assert "REJECTED" in captured.err
    assert "1 spectra written as msp" in captured.out


def test_convert_refuses_to_write_over_its_source(tmp_path: Path) -> None:
    path = tmp_path / "a.msp"
    path.write_text("Name: A\nNum Peaks: 1\n58 999\n", encoding="utf-8")
    assert main(["convert", str(path), str(path)]) == 2
    assert path.read_text(encoding="utf-8").startswith("Name: A")


def test_a_measured_library_comes_back_whole(data_folder: Path, tmp_path: Path) -> None:
    spectra = read_spectra(data_folder / "swgdrug_ei" / "swgdrug_3.4.msp")
    report = write_spectra(spectra, tmp_path / "a.msp")
    assert (report.records_out, report.lost, report.changed) == (2733, {}, {})
    again = read_spectra(tmp_path / "a.msp", strict=True)
    assert again.mz.tolist() == spectra.mz.tolist()
    assert again.intensity.tolist() == spectra.intensity.tolist()
    assert again.texts("inchikey").to_list() == spectra.texts("inchikey").to_list()
