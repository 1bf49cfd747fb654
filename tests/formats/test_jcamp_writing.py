"""The writer of JCAMP-DX: what it writes is read back, whatever stands in the texts."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from nps_spectra import Spectrum, read_spectra
from nps_spectra.formats import write_spectra

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
NUMBERS = st.floats(1e-3, 1e6)
SPECTRA = st.builds(
    lambda peaks, **fields: Spectrum([mz for mz, _ in peaks], [height for _, height in peaks], **fields),
    st.lists(st.tuples(st.floats(0.001, 1e6), st.floats(2.0**-100, 2.0**100, width=32)), min_size=1, max_size=30),
    name=st.none() | TEXTS,
    synonyms=st.lists(TEXTS, max_size=3),
    comment=st.none() | TEXTS,
    licence=st.none() | TEXTS,
    precursor_mz=st.none() | NUMBERS,
    exact_mass=st.none() | NUMBERS,
    retention_time_s=st.none() | NUMBERS,
    retention_index=st.none() | NUMBERS,
    nominal_mass=st.none() | st.integers(1, 5000),
    ms_level=st.none() | st.integers(1, 9),
    polarity=st.sampled_from([None, "positive", "negative"]),
    ionization=st.sampled_from([None, "EI", "ESI", "CI"]),
    representation=st.sampled_from([None, "centroid", "profile"]),
)
NUMERIC = ["precursor_mz", "exact_mass", "retention_time_s", "retention_index", "nominal_mass"]


@given(spectrum=SPECTRA)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(Spectrum([58.1], [1], name="##END=", synonyms=["##TITLE= x", "$$"], comment="a $$ b", licence="##"))
@example(Spectrum([58.1], [1], name="7", synonyms=["", " "], comment="\n##END=\n"))
def test_what_is_written_is_read_back(tmp_path: Path, spectrum: Spectrum) -> None:
    path = tmp_path / "a.jdx"
    report = write_spectra([spectrum, spectrum], path)
    first, again = read_spectra(path, strict=True)
    assert first.digest == again.digest
    assert (again.mz.tolist(), again.intensity.tolist()) == (spectrum.mz.tolist(), spectrum.intensity.tolist())
    for name in NUMERIC:
        assert getattr(again, name) == getattr(spectrum, name)
    assert again.representation == spectrum.representation
    unreported = {"name", "synonyms", "comment", "licence"} - set(report.lost) - set(report.changed)
    for name in unreported:
        # A field that reads back as missing was blank before.
        assert getattr(again, name) == getattr(spectrum, name) or not getattr(spectrum, name)


def test_a_plain_spectrum_loses_nothing(tmp_path: Path) -> None:
    spectrum = Spectrum(
        [58.0651, 91], [999, 80.5], name="mephedrone", synonyms=("4-MMC",), formula="C11H15NO", cas="1189805-46-6",
        inchikey="YELGFTGWJGBAQU-UHFFFAOYSA-N", exact_mass=177.115364, ionization="ESI", polarity="positive",
        ms_level=2, precursor_mz=178.1226, adduct="[M+H]+", charge=1, collision_energy="35 eV",
        collision_energy_ev=35.0, retention_time_s=123.4, instrument="Orbitrap", accession="X1", comment="fine",
    )  # fmt: skip
    report = write_spectra([spectrum], tmp_path / "a.jdx")
    assert (report.lost, report.changed) == ({}, {})


def test_the_mark_of_a_comment_in_a_name_is_changed_and_told(tmp_path: Path) -> None:
    report = write_spectra([Spectrum([58.1], [1], name="A $$ B")], tmp_path / "a.jdx")
    assert read_spectra(tmp_path / "a.jdx")[0].name == "A $ $ B"
    assert report.changed == {"name": 1}


def test_the_block_that_is_written(tmp_path: Path) -> None:
    write_spectra([Spectrum([58.0651, 91], [999, 80.5], name="A", synonyms=["B"], ionization="EI")], tmp_path / "a.dx")
    assert (tmp_path / "a.dx").read_text(encoding="utf-8").split("\n") == [
        *("##TITLE= A", "##JCAMP-DX= 5.00", "##DATA TYPE= MASS SPECTRUM", "##DATA CLASS= PEAK TABLE", "##NAMES=", " B"),
        *("##ORIGIN=", "##OWNER=", "##.IONIZATION MODE= EI", "##XUNITS= M/Z", "##YUNITS= ARBITRARY UNITS"),
        *("##XFACTOR= 1", "##YFACTOR= 1", "##NPOINTS= 2", "##PEAK TABLE= (XY..XY)", "58.0651, 999", "91, 80.5"),
        *("##END=", ""),
    ]
