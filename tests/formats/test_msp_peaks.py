"""NIST MSP: peaks in every layout, and where a record ends whatever its count says."""

from __future__ import annotations

import pytest

from nps_spectra.formats.lines import Lines
from nps_spectra.formats.msp import FORMAT
from nps_spectra.formats.record import ParsedRecord, RawRecord, RecordFault

COUNT_WRONG = "Num Peaks is not the number of peaks: all peaks were read"
COUNT_MISSING = "Num Peaks is missing: all peaks were read"


def split(text: str) -> list[RawRecord]:
    return list(FORMAT.split(Lines.of(text)))


def parse(text: str) -> ParsedRecord:
    (raw,) = split(text)
    return parsed(raw)


def parsed(raw: RawRecord) -> ParsedRecord:
    record = FORMAT.parse(raw, "a.msp")
    return record if record.peaks is None else record.peaks.otherwise()


def peaks(text: str) -> list[tuple[float, float]]:
    record = parse(text)
    return list(zip(record.mz, record.intensity, strict=True))


def fault(text: str) -> str:
    with pytest.raises(RecordFault) as caught:
        parse(text)
    return str(caught.value)


def listed(declared: object, *lines: str) -> str:
    return "\n".join(["Name: A", f"Num Peaks: {declared}", *lines])


@pytest.mark.parametrize(
    "lines",
    [
        ["58.1 999", "91 20.5"],
        ["58.1\t999", "91\t20.5"],
        ["58.1 999 91 20.5"],
        ["58.1 999; 91 20.5;"],
        ["58.1 999;91 20.5"],
        ["58.1;999", "91;20.5"],
        ["58.1,999", "91,20.5"],
        ["58.1, 999", "91 , 20.5"],
        ["58.1,999; 91,20.5"],
        ["58.1,999 91,20.5"],
        ["58.1, 999; 91, 20.5;"],
        ["(58.1,999) (91,20.5)"],
        ["(58.1 999)(91 20.5)"],
        ["[58.1 999] [91 20.5]"],
        ["[58.1, 999], [91, 20.5]"],
        ["{58.1;999}", "{91;20.5}"],
        ["  58.1   999  ", "\t91 \t 20.5 "],
        ["5.81e1 9.99E+2", "0.91e+02 205e-1"],
        ["+58.1 +999", "91. 20.5"],
        ['58.1 999 "C3H8N"', '91 20.5 "?"'],
        ['58.1 999 "C3; 1, 2" 91 20.5 "x"'],
        ["58.1 999 C3H8N", "91 20.5 [M+H]+"],
        ["58.1\t999\tC3H8N", "91\t20.5"],
    ],
)
def test_peaks_in_every_layout(lines: list[str]) -> None:
    record = parse(listed(2, *lines))
    assert list(zip(record.mz, record.intensity, strict=True)) == [(58.1, 999), (91, 20.5)]
    assert record.repairs == []


def test_many_pairs_a_line() -> None:
    assert peaks(listed(5, "40 4; 41 5; 42 6;", "43 7; 44 8;")) == [(40, 4), (41, 5), (42, 6), (43, 7), (44, 8)]


@pytest.mark.parametrize(
    ("lines", "annotations"),
    [
        (['58 9 "C3H8N"', '91 5 "C7H7 +1.2ppm"'], ['58 9 "C3H8N"', '91 5 "C7H7 +1.2ppm"']),
        (["58 9 C3H8N", "91 5"], ["58 9 C3H8N"]),
        (["58 9 [M+H]+", "91 5"], ["58 9 [M+H]+"]),
        (["58 9 C3H8N; 91 5 C7H7"], ["58 9 C3H8N; 91 5 C7H7", "58 9 C3H8N; 91 5 C7H7"]),
    ],
)
def test_annotations_are_kept(lines: list[str], annotations: list[str]) -> None:
    record = parse(listed(2, *lines))
    assert list(zip(record.mz, record.intensity, strict=True)) == [(58, 9), (91, 5)]
    assert [value for key, value in record.original if key == "Peak annotation"] == annotations


@pytest.mark.parametrize(
    ("declared", "lines", "expected"),
    [
        (2, ["58,5 999", "91 20,25"], [(58.5, 999), (91, 20.25)]),
        (1, ["58,5 99,9"], [(58.5, 99.9)]),
        (2, ["58,5 99,9"], [(58, 5), (99, 9)]),
        (2, ["58,5\t99,9", "91,5\t20,1"], [(58.5, 99.9), (91.5, 20.1)]),
        (2, ["58,5;99,9", "91,5;20,1"], [(58.5, 99.9), (91.5, 20.1)]),
        (2, ["58,5 99,9; 91,5 20,1"], [(58.5, 99.9), (91.5, 20.1)]),
        (2, ["(58,5 99,9) (91,5 20,1)"], [(58.5, 99.9), (91.5, 20.1)]),
        ("none", ["58,5 999", "91,5 20"], [(58.5, 999), (91.5, 20)]),
    ],
)
def test_decimal_commas_where_only_one_reading_fits(
    declared: object, lines: list[str], expected: list[tuple[float, float]]
) -> None:
    assert peaks(listed(declared, *lines)) == expected


@pytest.mark.parametrize("declared", [3, "none", "0", ""])
@pytest.mark.parametrize("line", ["58,5 99,9", "58,5 99,9; 91,5 20,1", "58,5;99,9"])
def test_commas_that_may_be_either_are_refused(declared: object, line: str) -> None:
    assert "commas may be decimal" in fault(listed(declared, line))


@pytest.mark.parametrize(
    ("declared", "repair"),
    [
        ("2", []),
        (" 2 ", []),
        ("1", [COUNT_WRONG]),
        ("200", [COUNT_WRONG]),
        ("two", [COUNT_WRONG]),
        ("²", [COUNT_WRONG]),
        ("9" * 5000, [COUNT_WRONG]),
        ("-2", [COUNT_WRONG]),
        ("", [COUNT_WRONG]),
    ],
)
def test_a_wrong_count_costs_no_peak_and_is_reported(declared: str, repair: list[str]) -> None:
    record = parse(listed(declared, "58 999", "91 20"))
    assert list(zip(record.mz, record.intensity, strict=True)) == [(58, 999), (91, 20)]
    assert record.repairs == repair


@pytest.mark.parametrize("between", ["", "\n", "\n  \n\t\n"])
def test_a_short_record_does_not_swallow_the_next(between: str) -> None:
    first, second = split(f"Name: A\nNum Peaks: 4\n58 1\n91 2\n{between}Name: B\nNum Peaks: 1\n105 3\n")
    assert list(parsed(first).mz) == [58, 91]
    assert parsed(first).repairs == [COUNT_WRONG]
    assert list(parsed(second).mz) == [105]


def test_a_long_record_loses_no_peak() -> None:
    first, second = split("Name: A\nNum Peaks: 1\n58 1\n91 2\n119 3\n\nName: B\nNum Peaks: 1\n105 3\n")
    assert list(parsed(first).mz) == [58, 91, 119]
    assert list(parsed(second).mz) == [105]


@pytest.mark.parametrize(
    "key", ["Num Peaks", "Num peaks", "NUM PEAKS", "num_peaks", "NumPeaks", "Num Peak", "Num  Peaks"]
)
def test_spellings_of_the_count(key: str) -> None:
    record = parse(f"Name: A\n{key} : 1\n58 999")
    assert (list(record.mz), record.repairs) == ([58], [])


def test_peaks_right_after_the_header_without_a_count() -> None:
    record = parse("Name: A\nMW: 58\n58 999\n91 20")
    assert (list(record.mz), record.repairs, record.fields["nominal_mass"]) == ([58, 91], [COUNT_MISSING], 58)


def test_a_blank_line_between_peaks_is_bridged_where_the_count_confirms_it() -> None:
    first, second = split("Name: A\nNum Peaks: 3\n\n58 1\n91 2\n\n\n119 3\n\nName: B\nNum Peaks: 1\n105 3\n")
    record = parsed(first)
    assert (list(record.mz), record.repairs) == ([58, 91, 119], ["blank lines between the peaks"])
    assert second.line == 10


def test_half_a_spectrum_is_not_taken_for_a_whole_one() -> None:
    (raw,) = split("Name: A\nNum Peaks: 9\n58 1\n91 2\n\n119 3\n")
    with pytest.raises(RecordFault, match="3 in all, Num Peaks is 9"):
        parsed(raw)


def test_peaks_after_a_complete_record_are_not_added_to_it() -> None:
    first, rubbish = split("Name: A\nNum Peaks: 2\n58 1\n91 2\n\n119 3\n")
    assert list(parsed(first).mz) == [58, 91]
    assert (rubbish.line, rubbish.lines) == (6, ["119 3"])
    with pytest.raises(RecordFault, match="'Name:'"):
        parsed(rubbish)


def test_a_record_cut_at_the_end_of_the_file_shows_in_the_count() -> None:
    assert parse("Name: A\nNum Peaks: 3\n58 1\n91 2").repairs == [COUNT_WRONG]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Formula: C3H8\nNum Peaks: 1\n58 1", "found 'Formula: C3H8', expected a record that starts with 'Name:'"),
        ("58 1\n91 2", "found '58 1', expected a record that starts with 'Name:'"),
        ("Name: A\nwithout any colon\nNum Peaks: 1\n58 1", "found 'without any colon'"),
        ("Name: A\nNum Peaks: 2\n58 1\n91", "peak 2: '91' is not in pairs"),
        ("Name: A\nNum Peaks: 2\n58 1 91\n2", "peak 2: '58 1 91' is not in pairs"),
        ("Name: A\nNum Peaks: 2\n58 1\n91 x2", "peak 2: 'x2' is not a number"),
        ("Name: A\nNum Peaks: 2\n58 1\n9-1 2", "peak 2: '9-1' is not a number"),
        ("Name: A\nNum Peaks: 2\n58 1_0\n91 2", "peak 1: '1_0' is not a number"),
        ("Name: A\nNum Peaks: 1\n58 1 2", "not in pairs"),
        # In quadratic time this would take minutes.
        ("Name: A\nNum Peaks: 1\n58 " + "9" * 100_000 + "x", "is not a number"),
        ('Name: A\nNum Peaks: 1\n58 1 "C3', "a quote is not closed"),
        ("Name: A\nNum Peaks: 1\n58 1\nRT: 7", "peak 2: 'RT:' is not a number"),
        ("Name: A\nNum Peaks: 1\n58 1\nNum Peaks: 1\n58 1", "is not a number"),
    ],
)
def test_reasons(text: str, reason: str) -> None:
    assert reason in fault(text)


def test_a_cut_header_has_no_peaks() -> None:
    assert peaks("Name: A\nFormula: C3H8") == []


@pytest.mark.parametrize("word", ["nan", "NaN", "inf", "-inf", "Infinity", "-1", "0"])
def test_unphysical_numbers_are_handed_on_for_the_check_of_all_formats(word: str) -> None:
    record = parse(listed(1, f"58 {word}"))
    assert str(record.intensity[0]) == str(float(word))


def test_order_duplicates_and_zeros_are_left_as_they_are() -> None:
    assert peaks(listed(4, "91 5", "58 0", "91 5", "58 7")) == [(91, 5), (58, 0), (91, 5), (58, 7)]
