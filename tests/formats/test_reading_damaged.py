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
}
CONTENT = {name: text.encode() for name, text in VALID.items()}
CONTENT |= {"andi": andi(), "mzml": mzml(compress=True), "mzxml": mzxml(nested=True)}
RECORDS = {"andi": 3, "mzml": 3, "mzxml": 3, "msp": 2, "massbank": 2, "mgf": 2, "text": 1, "wide_csv": 2}

#: What breaks parsers more often than random bytes do.
SPITEFUL = [
    *(b"\n", b"\r", b" ", b"\t", b";", b",", b":", b"=", b'"', b"-", b"e", b"\0", b"\x1e", b"\x1f", b"\xe9"),
    *(b"nan", b"inf", b"1e999", b"1e-999", b"9" * 400, b"9" * 5000, "\u00b2".encode(), "\u0663".encode()),
    *(b"//\n", b"\n\n", b"\nName: X\n", b"\nBEGIN IONS\n", b"\nEND IONS\n", b"\nACCESSION: Y\n"),
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
