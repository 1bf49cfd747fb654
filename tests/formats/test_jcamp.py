"""JCAMP-DX: what the blocks of a file say. Tables are in test_jcamp_tables, the writer in test_jcamp_writing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nps_spectra import Spectra, read_spectra
from nps_spectra.errors import FormatError
from nps_spectra.formats import read_run
from nps_spectra.formats.jcamp import FORMAT
from nps_spectra.formats.jcamp_blocks import DEEPEST, label_of
from nps_spectra.formats.record import RawRecord

# 2-Chlorophenol, electron ionisation: the numbers of the test file ISAS_MS1.DX that accompanies the standard
# (Lampen et al. 1994); the same spectrum is the second page of ISAS_MS3.DX.
CHLOROPHENOL = [
    *[(50, 5.84), (51, 9.55), (52, 4.19), (53, 1.12), (54, 12.67), (60, 3.8), (61, 10.16), (62, 13.47), (63, 58.3)],
    *[(64, 60.43), (65, 33.02), (66, 4.32), (72, 1.7), (75, 1.62), (91, 1.03), (92, 24.95), (93, 4.2), (94, 1.25)],
    *[(99, 7.2), (100, 19.83), (101, 3.45), (102, 6.47), (128, 100.0), (129, 6.52), (130, 32.45), (131, 2.13)],
]
PEAK_TABLE = """##TITLE= 2-Chlorphenol
##JCAMP-DX= 5.00   $$ a comment
##DATA TYPE= MASS SPECTRUM
##DATA CLASS= PEAKTABLE
##ORIGIN= H. Mayer, ISAS Dortmund
##OWNER= ISAS Dortmund
##SPECTROMETER/DATA SYSTEM= Finnigan MAT Magnum
##.SPECTROMETER TYPE= TRAP  $$ ion trap
##.INLET= GC
##.IONIZATION MODE= EI+     $$ positive ions
##XUNITS= M/Z
##YUNITS= RELATIVE ABUNDANCE
##NPOINTS= 26
##PEAK TABLE= (XY..XY)
50, 5.84 51, 9.55
52, 4.19; 53, 1.12; 54, 12.67; 60, 3.80
61, 10.16; 62, 13.47; 63, 58.30; 64, 60.43; 65, 33.02; 66, 4.32
72, 1.70; 75, 1.62; 91, 1.03; 92, 24.95; 93, 4.20; 94, 1.25  $$ half
99, 7.20; 100, 19.83; 101, 3.45; 102, 6.47; 128, 100.00; 129, 6.52
130, 32.45; 131, 2.13
##END=
"""
# As ISAS_MS3.DX, with the first peaks of its pages.
SERIES = """##TITLE= GC-MS analysis of Phenol, 2-Chlorphenol, and o-Kresol
##JCAMP-DX= 5.00
##DATA TYPE= MASS SPECTRUM
##DATA CLASS= NTUPLES
##CAS REGISTRY NO= 108-95-2
##.IONIZATION MODE= EI+
##NTUPLES= MASS SPECTRUM
##VAR_NAME= MASS, INTENSITY, RETENTION TIME,
##SYMBOL= X, Y, T
##VAR_TYPE= INDEPENDENT, DEPENDENT, INDEPENDENT
##VAR_DIM= , , 3
##UNITS= M/Z, RELATIVE ABUNDANCE, SECONDS
##FACTOR= 1, 10, 1
##PAGE= T= 272
##NPOINTS= 3
##DATA TABLE= (XY..XY), PEAKS
50, 2.52; 51, 9.32; 52, 7.42
##PAGE= T= 301
##NPOINTS= 2
##DATA TABLE= (XY..XY), PEAKS
50, 5.84; 51, 9.55
##PAGE= T= 333
##NPOINTS= 2
##DATA TABLE= (XY..XY), PEAKS
50, 3.93; 51, 22.60
##END NTUPLES= MASS SPECTRUM
##$AFTERWARDS= kept
##END=
"""


def split(text: str) -> list[RawRecord]:
    return list(FORMAT.split(enumerate(text.removesuffix("\n").split("\n"), start=1)))


def block(*ldrs: str, peaks: str = "58, 999; 91, 80") -> str:
    return "\n".join(["##TITLE= A", "##DATA TYPE= MASS SPECTRUM", *ldrs, "##PEAK TABLE= (XY..XY)", peaks, "##END=", ""])


def link(*blocks: str, declared: int | None = None) -> str:
    count = [] if declared is None else [f"##BLOCKS= {declared}\n"]
    return "".join(["##TITLE= all\n##DATA TYPE= LINK\n", *count, "##OWNER= somebody\n", *blocks, "##END=\n"])


@pytest.fixture
def reads(tmp_path: Path) -> Any:
    def read(text: str) -> Spectra:
        path = tmp_path / "a.jdx"
        path.write_text(text, encoding="utf-8")
        spectra = read_spectra(path, format="jcamp")
        assert spectra.report.records_in == len(spectra) + spectra.report.records_rejected
        return spectra

    return read


def test_a_peak_table_of_the_standard(reads: Any) -> None:
    (spectrum,) = reads(PEAK_TABLE)
    assert list(zip(spectrum.mz.tolist(), spectrum.intensity.tolist(), strict=True)) == [
        (mz, pytest.approx(height)) for mz, height in CHLOROPHENOL
    ]
    assert (spectrum.name, spectrum.ionization, spectrum.polarity) == ("2-Chlorphenol", "EI", "positive")
    assert (spectrum.instrument, spectrum.instrument_type) == ("Finnigan MAT Magnum", "TRAP")
    assert (spectrum.contributor, spectrum.licence) == ("H. Mayer, ISAS Dortmund", "ISAS Dortmund")
    assert spectrum.representation is None
    assert reads(PEAK_TABLE).report.repairs == {}


def test_every_field_is_kept_as_it_stands_and_comments_are(reads: Any) -> None:
    original = reads(PEAK_TABLE)[0].original
    assert original["JCAMP-DX"] == ("5.00   $$ a comment",)
    assert original[".INLET"] == ("GC",)
    assert original["PEAK TABLE"] == ("(XY..XY)",)
    assert original["$$"] == ("half",)


@pytest.mark.parametrize(
    ("line", "label"),
    [
        ("##PEAK TABLE= (XY..XY)", "PEAKTABLE"),
        ("##Peak_Table=", "PEAKTABLE"),
        ("##peak-table =", "PEAKTABLE"),
        ("## PEAK/TABLE=", "PEAKTABLE"),
        ("##$Retention Index= 7", "$RETENTIONINDEX"),
        ("##END", "END"),
        ("##END  $$ of the block", "END"),
        ("##END NTUPLES= MASS SPECTRUM", "ENDNTUPLES"),
        ("##" + "a" * 100 + "= 1", "A" * 100),
    ],
)
def test_labels_are_compared_without_case_blanks_hyphens_slashes_and_underlines(line: str, label: str) -> None:
    # McDonald & Wilks 1988 on label parsing
    assert label_of(line) == label


@pytest.mark.parametrize(
    ("ldr", "fields"),
    [
        ("##CAS REGISTRY NO= 000146-48-5", {"cas": "146-48-5"}),
        ("##CAS REGISTRY NO= 0 - 00 - 0", {"cas": None}),
        ("##MOLFORM= C7 H5 N3 O6", {"formula": "C7H5N3O6"}),
        ("##MOLFORM= C 8 H 8 O", {"formula": "C8H8O"}),
        ("##MOLFORM= a mixture", {"formula": "a mixture"}),
        ("##MW= 227", {"nominal_mass": 227}),
        ("##MW= 227.13", {"nominal_mass": None, "exact_mass": None}),
        ("##$RETENTION INDEX= 2026", {"retention_index": 2026.0}),
        ("##RI= 2026", {"retention_index": 2026.0}),
        ("##$RETENTION INDEX= 0.00000e+00", {"retention_index": None}),
        ("##$RETENTION TIME= 4.5 min", {"retention_time_s": 270.0}),
        ("##.IONISATION MODE= ESI-", {"ionization": "ESI", "polarity": "negative"}),
        ("##.IONIZATION MODE= CI", {"ionization": "CI", "polarity": None}),
        ("##$NIST MASS SPEC NO= 242273", {"accession": "242273"}),
        ("##NAMES= one $$ first\n two\n\n##$X=", {"synonyms": ("one", "two")}),
        ("##CAS NAME= Benzene, chloro-", {"name": "A", "synonyms": ("Benzene, chloro-",)}),
        ("##OWNER= NIST\nCollection (C) 2014", {"licence": "NIST Collection (C) 2014"}),
    ],
)
def test_typed_fields(reads: Any, ldr: str, fields: dict[str, Any]) -> None:
    spectra = reads(block(ldr))
    assert {name: getattr(spectra[0], name) for name in fields} == fields
    assert not [note for note in spectra.report.notes if "not understood" in note]


def test_the_entry_of_a_chemstation_library(reads: Any) -> None:
    # Layout: Mass Spectrometry Database Committee, "JCAMP files" (University of Alberta); no label before the peaks.
    spectra = reads(
        "##TITLE=Library Entry 1 in D:\\AAFS9912.XXX\n##JCAMPDX=Revision 4.10\n##CAS NAME=Yohimbine\n"
        "##CAS REGISTRY NO=000146-48-5\n##$RETENTION INDEX=0.00000e+00\n##NPOINTS=   3\n42 279\n43 212\n44 95\n##END=\n"
    )
    assert (spectra[0].name, spectra[0].cas, spectra[0].mz.tolist()) == ("Yohimbine", "146-48-5", [42, 43, 44])
    assert spectra.report.repairs == {"peaks without a label after ##NPOINTS=": 1}
    assert spectra.report.files[0].formats == ("JCAMP of Agilent ChemStation",)


def test_numbered_entries_are_named_by_the_chemical_name(reads: Any) -> None:
    spectra = reads("##TITLE= 2\n##CAS NAME= scyllo-inositol\n##XYDATA= (XY..XY)\n73.00,76\n##END=\n" * 2)
    assert [spectrum.name for spectrum in spectra] == ["scyllo-inositol"] * 2


def test_the_pages_of_a_series_are_spectra_with_their_times(reads: Any) -> None:
    spectra = reads(SERIES)
    assert [spectrum.retention_time_s for spectrum in spectra] == [272, 301, 333]
    assert [spectrum.mz.tolist() for spectrum in spectra] == [[50, 51, 52], [50, 51], [50, 51]]
    assert spectra[2].intensity.tolist() == pytest.approx([39.3, 226.0])
    assert [spectrum.source.line for spectrum in spectra if spectrum.source] == [14, 18, 22]
    assert {spectrum.ionization for spectrum in spectra} == {"EI"}
    assert spectra[1].original["VAR_DIM"] == (", , 3",)
    assert spectra[2].original["$AFTERWARDS"] == ("kept",)


def test_no_scan_of_a_chromatogram_is_the_substance_that_the_file_names(reads: Any) -> None:
    spectra = reads(SERIES)
    assert spectra[0].name == "GC-MS analysis of Phenol, 2-Chlorphenol, and o-Kresol (T= 272)"
    assert (spectra[0].cas, spectra[0].original["CAS REGISTRY NO"]) == (None, ("108-95-2",))


def test_a_series_without_times_is_of_one_substance(reads: Any) -> None:
    spectra = reads(SERIES.replace("RETENTION TIME", "COLLISION GAS"))
    assert {spectrum.cas for spectrum in spectra} == {"108-95-2"}
    assert {spectrum.retention_time_s for spectrum in spectra} == {None}


def test_a_series_over_time_is_a_run(tmp_path: Path) -> None:
    path = tmp_path / "a.dx"
    path.write_text(SERIES.replace("50, 5.84; 51, 9.55\n", ""), encoding="utf-8")
    run = read_run(path)
    assert run.retention_time_s.tolist() == [272, 301, 333]
    assert run.total_ion_current.tolist() == pytest.approx([192.6, 0, 265.3])
    assert len(run.at_level(1)) == 3
    assert run.attributes["TITLE"] == "GC-MS analysis of Phenol, 2-Chlorphenol, and o-Kresol"


@pytest.mark.parametrize("text", [PEAK_TABLE, SERIES.replace("RETENTION TIME", "COLLISION GAS"), link(SERIES)])
def test_other_files_are_no_run(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.dx"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FormatError, match="a set of spectra"):
        read_run(path)


@pytest.mark.parametrize(
    ("unit", "seconds"), [("MINUTES", 16320.0), ("SECONDS", 272.0), ("", None), ("FORTNIGHTS", None)]
)
def test_the_unit_of_the_times(reads: Any, unit: str, seconds: float | None) -> None:
    assert reads(SERIES.replace("SECONDS", unit))[0].retention_time_s == seconds


def test_a_series_cut_short_loses_its_last_page_only(reads: Any) -> None:
    spectra = reads(SERIES[: SERIES.index("22.60")])
    assert len(spectra) == 2
    assert "no end ('##END=')" in spectra.report.rejects[0].reason


def test_a_long_header_of_a_series_is_kept_once(reads: Any) -> None:
    spectra = reads(SERIES.replace("##NTUPLES", f"##$METHOD= {'x' * 5000}\n##NTUPLES"))
    assert ["$METHOD" in spectrum.original for spectrum in spectra] == [True, False, False]
    assert spectra.report.notes["the long header of the file is kept with the first spectrum only"] == 2


def test_blocks_of_a_compound_file(reads: Any) -> None:
    nested = link(block(), link(block(), declared=1), block(), declared=3)
    spectra = reads(nested)
    assert len(spectra) == 3
    assert spectra[0].original["LINK: OWNER"] == ("somebody",)
    assert spectra[1].original["LINK: OWNER"] == ("somebody", "somebody")
    assert spectra.report.rejects == []


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ("##TITLE= ir\n##DATA TYPE= INFRARED SPECTRUM\n##XYDATA= (X++(Y..Y))\n1 2\n##END=\n", "INFRARED SPECTRUM"),
        ("##TITLE= ims\n##DATA TYPE= ION MOBILITY SPECTRUM\n##XYDATA= (X++(Y..Y))\n1 2\n##END=\n", "ION MOBILITY"),
        ("##TITLE= s\n##JCAMP-CS= 3.7\n##ATOMLIST=\n1 C\n##END=\n", "a structure"),
        ("##TITLE= l\n##DATA TYPE= LINK\n##END=\n", "without blocks"),
        (block("##XUNITS= SECONDS"), "x is in 'SECONDS', expected m/z"),
        (block("##XUNITS= 1/CM"), "x is in '1/CM', expected m/z"),
        (block("##XFACTOR= 0"), "##XFACTOR= is '0'"),
        (block("##YFACTOR= many"), "##YFACTOR= is 'many'"),
        (block("##XYPOINTS= (XY..XY)\n1 2"), "two tables (##XYPOINTS= and ##PEAK TABLE=)"),
        (block().replace("(XY..XY)", "(XYW..XYW)"), "form '(XYW..XYW)', expected (XY..XY)"),
        (block(peaks="58, 999; 91, 8o"), "'58, 999; 91, 8o': expected pairs"),
        (block(peaks="58, 999; 91, 8-0"), "'8-0' is not a number"),
        (block(peaks="58, 999, 91"), "'58, 999, 91' is not in pairs"),
    ],
)
def test_a_block_that_is_no_mass_spectrum_costs_itself_alone(reads: Any, other: str, reason: str) -> None:
    spectra = reads(link(block(), other, block(), declared=3))
    assert len(spectra) == 2
    (reject,) = spectra.report.rejects
    assert (reject.record, reason in reject.reason) == (2, True), reject


@pytest.mark.parametrize("units", ["M/Z", "m/z", "MASS UNITS", "Daltons", "amu", "u", "MASS/CHARGE", ""])
def test_units_of_mass(reads: Any, units: str) -> None:
    assert len(reads(block(f"##XUNITS= {units}"))) == 1


def test_blocks_in_blocks_count_as_blocks(reads: Any) -> None:
    assert reads(link(link(block(), block()), declared=3)).report.rejects == []


def test_missing_blocks_are_told(reads: Any) -> None:
    spectra = reads(link(block(), block(), declared=5))
    assert len(spectra) == 2
    assert "##BLOCKS= is 5, but the LINK block holds 2" in spectra.report.rejects[0].reason


def test_more_blocks_than_announced_are_read_and_told(reads: Any) -> None:
    spectra = reads(link(block(), block(), declared=1))
    assert (len(spectra), spectra.report.repairs) == (2, {"more blocks than ##BLOCKS= says": 1})


def test_a_compound_file_cut_between_blocks_is_told(reads: Any) -> None:
    spectra = reads(link(block(), block()).removesuffix("##END=\n"))
    assert len(spectra) == 2
    assert "the LINK block has no end" in spectra.report.rejects[0].reason


def test_a_block_without_end_before_the_next_one_is_repaired(reads: Any) -> None:
    spectra = reads(block().removesuffix("##END=\n") + block())
    assert (len(spectra), spectra.report.repairs) == (2, {"##END= is missing before the next block": 1})


@pytest.mark.parametrize("cut", [1, 8, 20, 40])
def test_a_block_cut_short_by_the_end_of_the_file_is_no_spectrum(reads: Any, cut: int) -> None:
    spectra = reads(block() + block()[:-cut])
    assert len(spectra) == 2 if cut == 1 else len(spectra) == 1
    assert [reject.record for reject in spectra.report.rejects] == ([] if cut == 1 else [2])


@pytest.mark.parametrize("stray", ["91, 80", "##$STRAY= 7", "text"])
def test_what_stands_between_the_blocks_of_a_compound_file_is_told(reads: Any, stray: str) -> None:
    spectra = reads(link(block(), f"{stray}\n", block()))
    assert len(spectra) == 2
    assert [reject.record for reject in spectra.report.rejects] == [2]
    assert stray[:7] in spectra.report.rejects[0].reason


def test_comments_and_blank_lines_between_blocks_are_no_records() -> None:
    assert [raw.line for raw in split(f"$$ written by hand\n\n{block()}\n  $$ and\n{block()}")] == [3, 10]


def test_fields_before_the_title_belong_to_its_block(reads: Any) -> None:
    (spectrum,) = reads("##JCAMP-DX= 5.00\n" + block())
    assert (spectrum.name, spectrum.original["JCAMP-DX"]) == ("A", ("5.00",))


@pytest.mark.parametrize("closed", [True, False])
def test_blocks_nested_without_end_are_refused_one_by_one(closed: bool) -> None:
    depth = 100_000
    records = split("##TITLE= x\n##DATA TYPE= LINK\n" * depth + "##END=\n" * (depth if closed else 0))
    assert len(records) < depth + 2
    assert all(raw.fault is not None and f"more than {DEEPEST} deep" in raw.fault for raw in records[: depth - DEEPEST])


def test_a_wrong_count_costs_no_peak_and_is_told(reads: Any) -> None:
    spectra = reads(block("##NPOINTS= 7"))
    assert spectra[0].mz.tolist() == [58, 91]
    assert spectra.report.repairs == {"##NPOINTS= is not the number of points: all points were read": 1}


def test_decimal_commas_are_not_taken_for_twice_as_many_points(reads: Any) -> None:
    spectra = reads(block("##NPOINTS= 2", peaks="58,1 999,5\n91,2 80,5"))
    assert "##NPOINTS= is 2, found 4 points: commas may be decimal marks" in spectra.report.rejects[0].reason


def test_a_table_that_does_not_start_as_announced_is_told(reads: Any) -> None:
    assert reads(block("##FIRSTX= 58\n##LASTX= 91\n##FIRSTY= 999\n##NPOINTS= 2")).report.notes.keys() == {
        "whole m/z, no precursor and no ionisation named: taken as EI"
    }
    notes = reads(block("##FIRSTX= 41\n##LASTX= 91")).report.notes
    assert "##FIRSTX=, ##LASTX= or ##FIRSTY= is not that of the table" in notes


def test_factors_hold_for_peak_tables(reads: Any) -> None:
    (spectrum,) = reads(block("##XFACTOR= 0.5\n##YFACTOR= 0.001"))
    assert (spectrum.mz.tolist(), spectrum.intensity.tolist()) == ([29, 45.5], pytest.approx([0.999, 0.08]))


def test_the_point_0_0_that_programs_put_first_is_no_peak(reads: Any) -> None:
    # As in the test files pktab1.jdx and pktab2.jdx of R. J. Lancashire, University of the West Indies.
    spectra = reads(block("##NPOINTS= 3", peaks="0,0 58,999 91,80"))
    assert spectra[0].mz.tolist() == [58, 91]
    assert spectra.report.repairs == {"point 0, 0 left out: it is no peak": 1}


def test_data_on_the_line_of_the_form(reads: Any) -> None:
    assert reads(block().replace("(XY..XY)", "(XY..XY) 41,5 43,7"))[0].mz.tolist() == [41, 43, 58, 91]
    # QCxMS writes a lone 1 there.
    assert reads(block().replace("(XY..XY)", "(XY..XY) 1"))[0].mz.tolist() == [58, 91]


@pytest.mark.parametrize(
    "head",
    [
        "##TITLE= x\n",
        "##title=x",
        "$$ remark\n\n##TITLE=",
        "##JCAMP-DX= 5\n",
        "91, 80\n##END=\n##TITLE= x\n##NPOINTS=1",
    ],
)
def test_sniff_takes_jcamp(head: str) -> None:
    assert FORMAT.sniff(head, "a.txt")


@pytest.mark.parametrize(
    "head", ["", "Name: A\nNum Peaks: 1\n58 999\n", "# x\n58 1\n", "##\n58 1\n", "text ##TITLE= x\n"]
)
def test_sniff_leaves_other_files(head: str) -> None:
    assert not FORMAT.sniff(head, "a.jdx")
