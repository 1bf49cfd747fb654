"""Records taken in batches: peaks converted together, lines remembered; nothing is told apart by it."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nps_spectra import read_spectra
from nps_spectra.errors import RecordError
from nps_spectra.formats import mgf, msp
from nps_spectra.formats.lines import Lines, starts_blank
from nps_spectra.formats.numbers import number_columns, pairs_of_texts
from nps_spectra.formats.record import ParsedRecord, TextFormat
from nps_spectra.formats.remembered import Remembered
from nps_spectra.spectrum import are_plain, plain_spectra

#: More records than are taken at once.
MANY: Final = 700

_cell = st.one_of(
    st.floats(allow_nan=False, width=64).map(repr),
    st.sampled_from(["1.", ".5", "+3", "-1", "1e5", "1E-3", "1.2.3", "--1", "nan", "1_0", "١", "x", "e", ""]),
)
_line = st.builds("{}{}{}".format, _cell, st.sampled_from([" ", "\t", "  ", "\x0b", ";", "\u00a0"]), _cell)
_text = st.lists(st.one_of(st.just("58.1 999"), _line), min_size=1, max_size=4).map("\n".join)


@given(st.lists(_text, min_size=1, max_size=6))
def test_numbers_of_many_texts_are_those_of_each_by_itself(texts: list[str]) -> None:
    first, second, plain = pairs_of_texts(texts, [text.count("\n") + 1 for text in texts])
    alone = [number_columns(text.split("\n"), 2) for text, good in zip(texts, plain, strict=True) if good]
    assert None not in alone
    for found, at in ((first, 0), (second, 1)):
        expected = np.concatenate([np.empty(0), *(one[at] for one in alone if one is not None)])
        assert found.tobytes() == expected.tobytes()


@given(st.lists(st.floats(min_value=0, allow_infinity=False), min_size=2, max_size=8).filter(lambda v: len(v) % 2 == 0))
def test_plainly_written_numbers_are_read_to_the_last_bit(values: list[float]) -> None:
    text = "\n".join(f"{a!r} {b!r}" for a, b in zip(values[::2], values[1::2], strict=True))
    first, second, plain = pairs_of_texts([text, "58 x"], [len(values) // 2, 1])
    assert plain.tolist() == [True, False]
    read = [number for pair in zip(first.tolist(), second.tolist(), strict=True) for number in pair]
    assert struct.pack(f"{len(read)}d", *read) == struct.pack(f"{len(values)}d", *values)


_value = st.sampled_from([0.0, -1.0, 1.0, 2.0, 2.0, 3.0, 1e-45, 1e39, float("inf"), float("nan")])


@given(st.lists(st.lists(st.tuples(_value, _value), min_size=1, max_size=4), min_size=1, max_size=5))
def test_spectra_together_are_as_plain_as_each_alone(spectra: list[list[tuple[float, float]]]) -> None:
    mz, intensity = np.array([peak for peaks in spectra for peak in peaks]).T
    bounds = np.cumsum([0, *map(len, spectra)])
    alone = [are_plain(*np.array(peaks).T) for peaks in spectra]
    assert plain_spectra(mz, intensity, bounds) == alone


@given(st.lists(st.sampled_from(["a", "", " ", "\t", "\x0b", "\x1c", "\x85", "\u2003", "é"]), max_size=6))
def test_no_line_that_is_blank_goes_unseen(parts: list[str]) -> None:
    block = "\n".join(parts)
    if any(line and line.isspace() for line in block.split("\n")[1:]):
        assert starts_blank(block)


_header = st.sampled_from(
    [
        *("Synon: A", "Synon: $:06 77", "MW: 194", "MW: 194.1", "CAS#: 58-08-2;  NIST#: 22", "Comment: x", "DB#: 7"),
        *("Ionization: EI", "Ionization: positive", "Ion_mode: N", "Charge: 0", "RetentionTime: 3.2", "Ontology: y"),
        *("Collision_energy: 20 eV", 'Comments: "SMILES=CC" "cas=58-08-2"', "Instrument_type: LC-ESI-QTOF"),
        *("PRECURSORMZ: 195.1", "Precursor_type: [M+2H]2+", "SMILES: ", "Contributor: \x1e", "58 1", "no field"),
    ]
)
_peak = st.sampled_from(["58 1", "58.1\t2", "59 1;60 2;", "58 1; 59 2; ", "61 0", "57 3", "62 1 a", "63", "64,1 2", ""])


def msp_text(header: list[str], peaks: list[str], count: str) -> str:
    return "\n".join(["Name: A", *header, f"Num Peaks: {count}", *peaks])


@given(st.lists(_header, max_size=6), st.lists(_peak, max_size=4), st.sampled_from(["1", "2", "x"]))
def test_a_usual_record_of_msp_says_what_the_careful_way_says(header: list[str], peaks: list[str], count: str) -> None:
    text = msp_text(header, peaks, count)
    assert_same(msp._parsed_usual(text), lambda: msp._parsed(text))


_parameter = st.sampled_from(
    ["TITLE=a", "PEPMASS=195.1 3 2+", "CHARGE=2+", "IONMODE=pos", "SYNONYM=b", "# remark", "TITLE=b", "", "word", "=x"]
)


@given(st.lists(_parameter, max_size=6), st.lists(_peak, max_size=4))
def test_a_usual_record_of_mgf_says_what_the_careful_way_says(parameters: list[str], peaks: list[str]) -> None:
    text = "\n".join(["BEGIN IONS", *parameters, *peaks, "END IONS"])
    assert_same(mgf._parsed_usual(text, ["CHARGE=1+"]), lambda: mgf._parsed(text, ["CHARGE=1+"]))


def assert_same(usual: ParsedRecord | None, careful: Callable[[], ParsedRecord]) -> None:
    if usual is None or usual.peaks is None:
        return
    first, second, plain = pairs_of_texts([usual.peaks.text], [usual.peaks.lines])
    if not plain[0]:
        return
    other = careful()
    assert (first.tolist(), second.tolist()) == (list(other.mz), list(other.intensity))
    for name in ("fields", "original", "packed", "repairs", "dialect"):
        assert getattr(usual, name) == getattr(other, name), name
    assert sorted(usual.notes) == sorted(other.notes)


@pytest.mark.parametrize("known", [msp.FORMAT, mgf.FORMAT], ids=["msp", "mgf"])
def test_rejects_stand_in_the_order_of_the_file(known: TextFormat, tmp_path: Path) -> None:
    bad = {3, 255, 256, MANY - 1}
    records = [
        msp_text([f"DB#: {number}"], ["58 1" if number not in bad else "58 x"], "1") + "\n\n"
        if known is msp.FORMAT
        else f"BEGIN IONS\nSPECTRUMID={number}\nPEPMASS=195.1\n58 {'x' if number in bad else 1}\nEND IONS\n\n"
        for number in range(MANY)
    ]
    file = tmp_path / f"a.{known.name}"
    file.write_text("".join(records), encoding="utf-8", newline="\n")
    spectra = read_spectra(file)
    length = records[0].count("\n")
    assert [(one.record, one.line) for one in spectra.report.rejects] == [(n + 1, n * length + 1) for n in sorted(bad)]
    kept = [number for number in range(MANY) if number not in bad]
    assert spectra.texts("accession").to_list() == [str(number) for number in kept]
    assert spectra.numbers("source_line").tolist() == [number * length + 1 for number in kept]
    with pytest.raises(RecordError, match="record 4"):
        read_spectra(file, strict=True)


def test_what_stood_before_the_damage_is_read_and_rejected_first(tmp_path: Path) -> None:
    file = tmp_path / "a.msp"
    good, bad = (msp_text([], [peak], "1") + "\n\n" for peak in ("58 1", "58 x"))
    # The last record may go on in what is damaged: the reject of the file stands for it.
    file.write_bytes((good + good + bad + good).encode() + b"\0" * 2_000_000)
    spectra = read_spectra(file, format="msp")
    assert len(spectra) == 2
    assert [(one.record, one.line) for one in spectra.report.rejects] == [(3, 9), (None, None)]
    assert spectra.report.records_in == 4
    with pytest.raises(RecordError):
        read_spectra(file, format="msp", strict=True)


def test_what_is_remembered_is_bounded_and_long_texts_are_not_kept() -> None:
    made: list[str] = []
    remembered = Remembered(lambda text: made.append(text) or len(text), most=2)
    assert [remembered[text] for text in ("a", "a", "bb", "x" * 300, "x" * 300, "ccc")] == [1, 1, 2, 300, 300, 3]
    assert made == ["a", "bb", "x" * 300, "x" * 300, "ccc"]
    assert dict(remembered) == {"ccc": 3}


def test_records_of_a_block_are_cut_by_their_lines() -> None:
    text = "\n\n".join(msp_text([f"DB#: {number}"], ["58 1", "59 2"], "2") for number in range(5))
    assert [raw.line for raw in msp.FORMAT.split(Lines.of(text))] == [1, 7, 13, 19, 25]
