"""Whatever happens to the bytes of a file: only our errors, and in = out + rejected."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from run_files import andi, mzml, mzxml

from nps_spectra.errors import NpsSpectraError
from nps_spectra.formats.reading import read_spectra
from nps_spectra.formats.registry import format_names

Mutation = tuple[str, float, bytes]

#: One valid file of every format, with every field that is converted.
VALID = {
    "msp": """Name: First
Synon: Coded 1
Formula: C8H10N4O2
MW: 194
ExactMass: 194.080376
CAS#: 58-08-2;  NIST#: 229808
RetentionTime: 4.5 min
RetentionIndex: SemiStdNP=1843/2/3
Charge: 1
Comments: "author=A. Nobody" "exact mass=194.08"
Num Peaks: 3
42 15; 43 26;
44 999;

Name: Second
PrecursorMZ: 195.0877
Precursor_type: [M+H]+
Spectrum_type: MS2
Ion_mode: P
Collision_energy: 20 eV
Num Peaks: 2
110.0713 26,5 "C5H8N3+"
138.0662 100
""",
    "massbank": """ACCESSION: MSBNK-Nobody-NB000077
LICENSE: CC BY
CH$NAME: First
CH$NAME: Coded 1
CH$EXACT_MASS: 194.080376
CH$LINK: CAS 58-08-2
AC$INSTRUMENT_TYPE: LC-ESI-QTOF
AC$MASS_SPECTROMETRY: MS_TYPE MS2
AC$MASS_SPECTROMETRY: ION_MODE POSITIVE
AC$MASS_SPECTROMETRY: COLLISION_ENERGY 30 eV
AC$CHROMATOGRAPHY: RETENTION_TIME 4.5 min
MS$FOCUSED_ION: PRECURSOR_M/Z 195.0877
MS$FOCUSED_ION: PRECURSOR_TYPE [M+2H]2+
PK$ANNOTATION: m/z formula
  110.0713 C5H8N3+
PK$NUM_PEAK: 2
PK$PEAK: m/z int. rel.int.
  110.0713 26.5 265
  138.0662 100 999
//
ACCESSION: XX1
PK$NUM_PEAK: 1
PK$PEAK: m/z int. rel.int.
  58 1 999
//
""",
    "mgf": """COM=shared
BEGIN IONS
TITLE=First
PEPMASS=195.0877 100 1+
CHARGE=1+
RTINSECONDS=270.5
MSLEVEL=2
IONMODE=positive
COLLISION_ENERGY=30 eV
EXACTMASS=194.08
110.0713 26.5
138.0662 100
END IONS

BEGIN IONS
TITLE=Second
58 1
END IONS
""",
    "text": "# a comment\nm/z\tintensity\n58.1\t999\n91\t20\n119\t5\n",
    "wide_csv": "Name,label,58,91,92,93,94,95,96,97,98,99\n"
    + 'First,1,999,20,0,0,0,0,0,0,0,0\n"Se,cond",2,0,0,5,1e1,0,0,0,0,0,7\n',
    "mzspeclib": """<mzSpecLib>
MS:1003186|library format version=1.0
MS:1003197|license URI=CC0
<AttributeSet Spectrum=all>
MS:1000511|ms level=2
<AttributeSet Analyte=b>
MS:1000866|molecular formula=C8H10N4O2
<Spectrum=1>
MS:1003061|library spectrum name=First
[1]MS:1000894|retention time=4.5
[1]UO:0000000|unit=UO:0000031|minute
[2]MS:1000045|collision energy=30
[2]UO:0000000|unit=UO:0000266|electronvolt
MS:1000465|scan polarity=MS:1000130|positive scan
<Analyte=1>
MS:1000868|SMILES formula=C
MS:1003212|library attribute set name=b
<Peaks>
110.0713\t26.5\t?
138.0662\t100\ty1\t1/2

<Spectrum=2>
MS:1000744|selected ion m/z=195.0877
<Peaks>
58\t1
""",
    "json": """[
  {"compound_name": "First", "precursor_mz": 195.0877, "ionmode": "positive", "charge": 1, "ms_level": 2,
   "peaks_json": [[110.0713, 26.5], [138.0662, 100]]},
  {"Compound_Name": "Second", "Precursor_MZ": "195.0877", "Ion_Mode": "Negative", "ExactMass": "194.08",
   "collision_energy": "30 eV", "peaks_json": "[[58,1],[91,2]]"},
  {"compound": [{"names": [{"name": "Third"}], "metaData": [{"name": "SMILES", "value": "C"}]}],
   "metaData": [{"name": "retention time", "value": 4.5, "unit": "min"}], "spectrum": "58.1:999 91:20"},
  {"nps_spectra": 1, "name": "Fourth", "synonyms": ["a", "b"], "charge": -1, "original_fields": {"Name": ["x"]},
   "peaks_json": [[58, 1]]}
]
""",
    "jcamp": """##TITLE= A compound file $$ of four records
##DATA TYPE= LINK
##BLOCKS= 3
##TITLE= First
##JCAMP-DX= 5.00
##DATA TYPE= MASS SPECTRUM
##NAMES= Coded 1
##CAS REGISTRY NO= 58-08-2
##MOLFORM= C8 H10 N4 O2
##MW= 194
##$RETENTION INDEX= 1843
##.IONIZATION MODE= EI+
##XUNITS= M/Z
##XFACTOR= 1
##YFACTOR= 0.5
##FIRSTX= 42
##LASTX= 44
##NPOINTS= 3
##PEAK TABLE= (XY..XY)
42, 15; 43, 26 44, 999
##END=
##TITLE= Second
##DATA TYPE= CONTINUOUS MASS SPECTRUM
##XFACTOR= 0.1
##DELTAX= 0.1
##FIRSTX= 58
##LASTX= 59
##NPOINTS= 11
##XYDATA= (X++(Y..Y))
580AJTK5J+20 30 E%T
589E@ $$ checked
##END=
##TITLE= Third
##DATA TYPE= MASS SPECTRUM
##NTUPLES= MASS SPECTRUM
##VAR_NAME= MASS, INTENSITY, RETENTION TIME
##SYMBOL= X, Y, T
##UNITS= M/Z, COUNTS, MINUTES
##PAGE= T= 4.5
##NPOINTS= 2
##DATA TABLE= (XY..XY), PEAKS
58, 999; 91, 20
##PAGE= T= 4.6
##NPOINTS= 1
##DATA TABLE= (XY..XY), PEAKS
58, 7
##END NTUPLES= MASS SPECTRUM
##END=
##END=
""",
    "jcamp_run": """##TITLE= A run
##DATA TYPE= MASS SPECTRUM
##OWNER= somebody
##.IONIZATION MODE= EI+
##NTUPLES= MASS SPECTRUM
##VAR_NAME= MASS, INTENSITY, RETENTION TIME
##SYMBOL= X, Y, T
##UNITS= M/Z, COUNTS, MINUTES
##PAGE= T= 4.5
##NPOINTS= 2
##DATA TABLE= (XY..XY), PEAKS
58, 999; 91, 20
##PAGE= T= 4.6
##NPOINTS= 0
##DATA TABLE= (XY..XY), PEAKS
##PAGE= T= 4.7
##NPOINTS= 3
##FIRST= 58, , 4.7
##LAST= 60, , 4.7
##DATA TABLE= (X++(Y..Y)), XYDATA
58AJ%
60B
##END NTUPLES= MASS SPECTRUM
##END=
""",
    "sdf": """First
 made up

  1  0  0  0  0  0  0  0  0  0999 V2000
    0.0000    0.0000    0.0000 C   0  0
M  END
>  <NAME>
First

>  <SYNONYMS>
Coded 1
Coded 2

> <MW> (1)
194

>  <CASNO>
58-08-2

>  <PRECURSOR M/Z>
195.0877

>  <COLLISION ENERGY>
30 eV

>  <NUM PEAKS>
3

>  <MASS SPECTRAL PEAKS>
42 15; 43 26
44 999 "C2H6N"

$$$$
Second


  0  0  0     0  0            999 V3000
M  V30 BEGIN CTAB
M  END
>  <MASS SPECTRAL PEAKS>
58,1 91,2 119,3

>  <NUM PEAKS>
3

$$$$
""",
}
RECORDS = {
    "mzspeclib": 2,
    "json": 4,
    "msp": 2,
    "massbank": 2,
    "mgf": 2,
    "text": 1,
    "wide_csv": 2,
    "jcamp": 4,
    "jcamp_run": 3,
    "sdf": 2,
}
RECORDS |= {"andi": 3, "mzml": 3, "mzxml": 3}
CONTENT = {name: text.encode() for name, text in VALID.items()}
CONTENT |= {"andi": andi(), "mzml": mzml(compress=True), "mzxml": mzxml(nested=True)}

#: What breaks parsers more often than random bytes do.
SPITEFUL = [
    *(b"\n", b"\r", b" ", b"\t", b";", b",", b":", b"=", b'"', b"-", b"e", b"\0", b"\x1e", b"\x1f", b"\xe9"),
    *(b"nan", b"inf", b"1e999", b"1e-999", b"9" * 400, b"9" * 5000, "\u00b2".encode(), "\u0663".encode()),
    *(b"//\n", b"\n\n", b"\nName: X\n", b"\nBEGIN IONS\n", b"\nEND IONS\n", b"\nACCESSION: Y\n"),
    *(b'"}', b"]]", b"{", b"}", b"[", b"]", b"\\u", b"null", b'\n{"a": ', b"[" * 3000, b'{"a":' * 3000),
    *(
        b"\n##TITLE= x\n",
        b"\n##END=\n",
        b"\n##PAGE= 1\n",
        b"Z999999",
        b"T",
        b"%",
        b"J",
        b"\n$$$$\n",
        b"\n> <X>\n",
        b"$$",
    ),
    *(b"\nSynon: x\x1ey\n", b"\nMW: 1e999\n", b"\nCH$NAME: x\x1ey\n", b"\nCHARGE=99999\n"),
]
MUTATIONS = st.lists(
    st.tuples(
        st.sampled_from(["insert", "delete", "replace", "cut"]),
        st.floats(0, 1, exclude_max=True),
        st.one_of(st.binary(min_size=1, max_size=8), st.sampled_from(SPITEFUL)),
    ),
    min_size=1,
    max_size=6,
)


def mutated(content: bytes, mutations: list[Mutation]) -> bytes:
    for kind, where, new in mutations:
        at = int(where * len(content))
        if kind == "cut":
            content = content[:at]
        else:
            end = at if kind == "insert" else at + len(new)
            content = content[:at] + (b"" if kind == "delete" else new) + content[end:]
    return content


def test_the_files_are_valid(tmp_path: Path) -> None:
    assert set(CONTENT) == set(format_names())
    for name, content in CONTENT.items():
        path = tmp_path / name
        path.write_bytes(content)
        assert len(read_spectra(path, strict=True)) == RECORDS[name]


@pytest.mark.parametrize("name", sorted(CONTENT))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mutations=MUTATIONS, named=st.booleans())
@example(mutations=[("cut", 0.0, b"")], named=True)
@example(mutations=[("replace", 0.5, b"\0")], named=True)
def test_the_account_holds(tmp_path: Path, name: str, mutations: list[Mutation], named: bool) -> None:
    path = tmp_path / name
    path.write_bytes(mutated(CONTENT[name], mutations))
    chosen = name if named else None
    spectra = read_spectra(path, format=chosen)
    report = spectra.report
    assert report.records_in == len(spectra) + report.records_rejected
    assert all(reject.file == path.as_posix() and reject.reason for reject in report.rejects)
    assert spectra.digests() == [spectrum.digest for spectrum in spectra]
    if report.rejects:
        with pytest.raises(NpsSpectraError):
            read_spectra(path, format=chosen, strict=True)
    else:
        assert read_spectra(path, format=chosen, strict=True).digests() == spectra.digests()


@pytest.mark.parametrize("name", sorted(CONTENT))
def test_a_file_cut_anywhere(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    content = CONTENT[name]
    for length in range(0, len(content), 1 + len(content) // 1000):
        path.write_bytes(content[:length])
        spectra = read_spectra(path)
        assert spectra.report.records_in == len(spectra) + spectra.report.records_rejected > 0
