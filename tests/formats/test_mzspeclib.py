"""mzSpecLib text: attributes, groups, sets and analytes; the reference implementation reads the same."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from nps_spectra.formats import read_spectra

#: As section 3 of the specification (version 1.0) lays a library out.
LIBRARY = """<mzSpecLib>
MS:1003186|library format version=1.0
MS:1003188|library name=two molecules
MS:1003197|license URI=https://creativecommons.org/publicdomain/zero/1.0/
<AttributeSet Spectrum=all>
MS:1000511|ms level=2
<AttributeSet Spectrum=esi>
MS:1000008|ionization type=MS:1000073|electrospray ionization
<AttributeSet Analyte=drug>
MS:1000866|molecular formula=C8H10N4O2
<Spectrum=1>
MS:1003061|library spectrum name=Caffeine
MS:1003212|library attribute set name=esi
MS:1000744|selected ion m/z=195.0877
MS:1000041|charge state=1
MS:1000465|scan polarity=MS:1000130|positive scan
[1]MS:1000894|retention time=4.5
[1]UO:0000000|unit=UO:0000031|minute
[2]MS:1000045|collision energy=30
[2]UO:0000000|unit=UO:0000266|electronvolt
[3]MS:1003275|other attribute name=contributor note
[3]MS:1003276|other attribute value=measured twice
<Analyte=1>
MS:1003212|library attribute set name=drug
MS:1002894|InChIKey=RYYVLZVUVIJVGH-UHFFFAOYSA-N
MS:1000868|SMILES formula=CN1C=NC2=C1C(=O)N(C(=O)N2C)C
<Peaks>
110.0713\t26.5\t?
138.0662\t100.0\t?

<Spectrum=2>
MS:1003061|library spectrum name=Mixture
<Analyte=1>
MS:1000866|molecular formula=CH4
<Analyte=2>
MS:1000866|molecular formula=C2H6
<Peaks>
15.0\t1.0\t?
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.mzlb.txt"
    path.write_text(LIBRARY, encoding="utf-8")
    return path


def test_attributes_with_their_units_and_sets(file: Path) -> None:
    spectrum = read_spectra(file, strict=True)[0]
    assert (spectrum.name, spectrum.precursor_mz, spectrum.charge, spectrum.polarity) == (
        "Caffeine",
        195.0877,
        1,
        "positive",
    )
    assert (spectrum.ms_level, spectrum.ionization, spectrum.formula) == (2, "ESI", "C8H10N4O2")
    assert (spectrum.retention_time_s, spectrum.collision_energy_ev) == (270.0, 30.0)
    assert spectrum.inchikey == "RYYVLZVUVIJVGH-UHFFFAOYSA-N"
    assert spectrum.licence == "https://creativecommons.org/publicdomain/zero/1.0/"
    assert spectrum.original["contributor note"] == ("measured twice",)
    assert spectrum.mz.tolist() == [110.0713, 138.0662]


def test_the_analytes_of_a_mixture_all_stay(file: Path) -> None:
    spectra = read_spectra(file, strict=True)
    assert spectra[1].formula == "CH4"
    assert spectra[1].original["MS:1000866|molecular formula"] == ("CH4", "C2H6")
    assert any("several analytes" in note for note in spectra.report.notes)


def test_a_set_of_one_kind_does_not_reach_another(file: Path) -> None:
    file.write_text(LIBRARY.replace("name=drug", "name=esi"), encoding="utf-8")
    assert read_spectra(file, strict=True)[0].formula is None


def test_the_reference_implementation_reads_the_same(file: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        backends = pytest.importorskip("mzspeclib.backends.text")
        memory = pytest.importorskip("mzspeclib.index")
        library = backends.TextSpectralLibrary(str(file), index_type=memory.MemoryIndex)
        theirs = [library.get_spectrum(spectrum_number=number) for number in (1, 2)]
    ours = read_spectra(file, strict=True)
    for one, other in zip(ours, theirs, strict=True):
        assert one.name == other.name
        assert one.mz.tolist() == [peak[0] for peak in other.peak_list]
        assert one.intensity.tolist() == [peak[1] for peak in other.peak_list]
    assert ours[0].charge == theirs[0].precursor_charge
    assert ours[0].precursor_mz == theirs[0].get_attribute("MS:1000744|selected ion m/z")
