"""Tables of JCAMP-DX: the forms of ordinates, and the checks of ordinates, abscissas and counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nps_spectra.formats.jcamp import FORMAT
from nps_spectra.formats.jcamp_tables import MOST_POINTS, ordinates, pairs
from nps_spectra.formats.record import ParsedRecord, RecordFault

#: Table VI of McDonald & Wilks 1988, as corrected in Baumbach et al., Pure Appl. Chem. 2001, 73, 1765.
DIFDUP = ["599.860@VKT%TLkj%J%KLJ%njKjL%kL%jJULJ%kLK1%lLMNPNPRLJ0QTOJ1P", "700.158A28"]
DIFDUP_VALUES = [
    *[0, 0, 0, 0, 2, 4, 4, 4, 7, 5, 4, 4, 5, 5, 7, 10, 11, 11, 6, 5, 7, 6, 9, 9, 7, 10, 10],
    *[9, 10, 11, 12, 15, 16, 16, 14, 17, 38, 38, 35, 38, 42, 47, 54, 59, 66, 75, 78, 88, 96, 104, 110, 121, 128],
]
# The peak at the start of ISAS_MS2.DX, the test file of a continuous spectrum of the standard (Lampen et al. 1994):
# its first line and the first ordinates of the next.
CONTINUOUS = ["32767D74l7J9J8j5M0M4Q1M7r7l1LL5R6r0j6lk8J9J8l4J44K5k50Oq7J25m4N0l8M7OJ44", "31247F71j19"]


def parse(table: list[str], *ldrs: str) -> ParsedRecord:
    text = ["##TITLE= A", "##DATA TYPE= MASS SPECTRUM", *ldrs, "##XYDATA= (X++(Y..Y))", *table, "##END="]
    (raw,) = FORMAT.split(enumerate(text, start=1))
    return FORMAT.parse(raw, "a.jdx")


def fault(table: list[str], *ldrs: str) -> str:
    with pytest.raises(RecordFault) as caught:
        parse(table, *ldrs)
    return str(caught.value)


def axis(first: float, last: float, points: int) -> tuple[str, ...]:
    return (f"##FIRSTX= {first}", f"##LASTX= {last}", f"##NPOINTS= {points}")


def test_the_example_of_the_standard_in_difference_and_duplicate_form() -> None:
    table = ordinates(DIFDUP)
    assert table.values == DIFDUP_VALUES
    assert not table.unchecked
    # 1.92881 is the step of the example: the check line stands at the last point.
    assert table.abscissas[1][:2] == (52, 700.158)
    assert table.abscissas[1][1] == pytest.approx(599.860 + 52 * 1.92881, abs=0.001)


@pytest.mark.parametrize(
    "line",
    [
        "0 1 2 3 3 2 1 0 -1 -2 -3",
        "0,1,2,3,3,2,1,0,-1,-2,-3",
        "0 1.0 2. 3 3E+0 2 1 0 -1 -20E-01 -3",
        "0+1+2+3+3+2+1+0-1-2-3",
        "0ABCCBA@abc",
        "0ABCTBA@abc",
        "0AJJ%jjjjjj",
        "0AJT%jX",
        "0ABC+3,2 A@-1bc",
    ],
)
def test_one_row_in_every_form(line: str) -> None:
    # The row by which McDonald & Wilks 1988 explain FIX, PAC, SQZ, DIF and DIFDUP.
    assert ordinates([line]).values == [1, 2, 3, 3, 2, 1, 0, -1, -2, -3]


def test_numbers_of_several_digits() -> None:
    assert ordinates(["0A23b45J6k7@S0"]).values == [123, -245, -229, -256, *[0] * 10]


def test_a_measured_continuous_spectrum() -> None:
    # D74 is 474, with which the first line of ISAS_MS2.DX starts; F71 is 671, in which it must end.
    table = ordinates(CONTINUOUS)
    assert (table.values[0], table.abscissas[1][:2]) == (474, (len(table.values) - 2, 31247))
    assert table.values[-2:] == [671, 552]
    # FIRSTY of the file: 9953464 counts with YFACTOR 20998.87
    assert table.values[0] * 20998.87 == pytest.approx(9953464, abs=1)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["0AJ", "1A"], "Y-value check found 1, expected 2"),
        (["0AJT", "2B"], "Y-value check found 2, expected 3"),
        ([DIFDUP[0], "700.158A27"], "Y-value check found 127, expected 128"),
        (["0J"], "'J' is a difference to no value"),
        (["0A?J"], "'J' is a difference to no value"),
        (["0T"], "'T' repeats no point"),
        (["0"], "an abscissa without ordinates"),
        (["A B"], "starts with 'A', expected an abscissa"),
        (["0 1 x 2"], "not a number, nor one squeezed"),
        (["0 1.2.3"], "not a number, nor one squeezed"),
        (["0 1 \u0663"], "not a number, nor one squeezed"),
        (["1E+999 1"], "expected an abscissa"),
        (["0AZ999999999"], "makes more than"),
        (["0A" + "S" + "9" * 5000], "makes more than"),
        ([f"0@T{MOST_POINTS}"], "makes more than"),
        (["0@T000000", "0@T000000"], "makes more than"),
        (["0AT000000"], "unpacks to too many points for so short a text"),
        (["0AJT000000"], "unpacks to too many points for so short a text"),
    ],
)
def test_reasons(lines: list[str], reason: str) -> None:
    with pytest.raises(RecordFault) as caught:
        ordinates(lines)
    assert reason in str(caught.value)


def test_a_long_empty_stretch_is_no_bomb() -> None:
    assert len(ordinates(["0@T000000"]).values) == 2_000_000


def test_a_check_may_be_followed_by_points() -> None:
    assert ordinates(["0AJ", "1BC", "2 4"]).values == [1, 2, 3, 4]
    assert ordinates(["0AJ", "1BT"]).values == [1, 2, 2]


def test_without_a_difference_at_its_end_a_line_is_not_checked() -> None:
    assert ordinates(["0A%B", "3B"]).values == [1, 1, 2, 2]


def squeezed(value: int) -> str:
    digits = str(abs(value))
    return ("@ABCDEFGHI" if value >= 0 else "@abcdefghi")[int(digits[0])] + digits[1:]


def difference(value: int) -> str:
    digits = str(abs(value))
    return ("%JKLMNOPQR" if value >= 0 else "%jklmnopqr")[int(digits[0])] + digits[1:]


def encoded(values: list[int], breaks: list[bool], forms: list[int]) -> list[str]:
    """The values in rows, in the form that `forms` asks for at each of them; written from section 5 of the standard."""
    rows = [f"0{squeezed(values[0])}"]
    by_difference = False
    repeated = 1
    for at in range(1, len(values)):
        step = values[at] - values[at - 1]
        was_step = values[at - 1] - values[at - 2] if at > 1 else None
        if breaks[at]:
            rows.append(
                f"{at - by_difference}" + (squeezed(values[at - 1]) if by_difference else "") + squeezed(values[at])
            )
            by_difference, repeated = False, 1
        elif forms[at] == 0 and repeated == 1 and (step == was_step if by_difference else step == 0):
            rows[-1] += "T"
            repeated = 2
        elif forms[at] == 1:
            rows[-1] += f" {values[at]}"
            by_difference, repeated = False, 1
        elif forms[at] == 2:
            rows[-1] += squeezed(values[at])
            by_difference, repeated = False, 1
        else:
            rows[-1] += difference(step)
            by_difference, repeated = True, 1
    return rows


@given(st.data())
def test_every_mixture_of_forms_is_decoded(data: st.DataObject) -> None:
    values = data.draw(st.lists(st.integers(-3, 3) | st.integers(-(10**9), 10**9), min_size=1, max_size=40))
    length = len(values)
    breaks = data.draw(st.lists(st.booleans(), min_size=length, max_size=length))
    forms = data.draw(st.lists(st.integers(0, 3), min_size=length, max_size=length))
    assert ordinates(encoded(values, breaks, forms)).values == values


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e30)), max_size=30), st.sampled_from([" ", ",", ", ", "\t"]))
def test_pairs_to_the_last_bit(peaks: list[tuple[float, float]], between: str) -> None:
    mz, intensity = pairs([f"{x!r}{between}{y!r}" for x, y in peaks])
    assert list(zip(mz, intensity, strict=True)) == peaks


def test_abscissas_go_from_first_to_last_in_equal_steps() -> None:
    record = parse(["100 1 2 3 4", "104 5"], *axis(10.0, 10.4, 5), "##XFACTOR= 0.1", "##YFACTOR= 2")
    assert record.mz == pytest.approx([10.0, 10.1, 10.2, 10.3, 10.4], abs=1e-12)
    assert list(record.intensity) == [2, 4, 6, 8, 10]
    assert record.fields["representation"] == "profile"
    assert record.repairs == record.notes == []


def test_points_on_the_line_of_the_form() -> None:
    text = ["##TITLE= A", *axis(41, 44, 4), "##XYDATA= (X++(Y..Y)) 41AB", "43CD", "##END="]
    (raw,) = FORMAT.split(enumerate(text, start=1))
    assert list(FORMAT.parse(raw, "a.jdx").intensity) == [1, 2, 3, 4]


def test_descending_abscissas() -> None:
    assert np.allclose(parse(["13 1 2 3"], *axis(13, 11, 3)).mz, [13, 12, 11])


def test_a_table_of_whole_masses_is_no_profile() -> None:
    assert "representation" not in parse(["41 7 0 9"], *axis(41, 43, 3)).fields


def test_a_continuous_spectrum_is_a_profile() -> None:
    table = "##DATA TYPE= CONTINUOUS MASS SPECTRUM"
    text = ["##TITLE= A", table, "##XYPOINTS= (XY..XY)", "41, 7; 42.1, 9", "##END="]
    (raw,) = FORMAT.split(enumerate(text, start=1))
    assert FORMAT.parse(raw, "a.jdx").fields["representation"] == "profile"


@pytest.mark.parametrize(
    ("table", "ldrs", "reason"),
    [
        (["41 1 2 3"], axis(41, 43, 4), "##NPOINTS= is 4, found 3 points"),
        (["41 1 2 3"], axis(41, 43, 2), "##NPOINTS= is 2, found 3 points"),
        (["41 1 2 3"], ("##NPOINTS= 3",), "##FIRSTX= and ##LASTX= (or ##DELTAX=) are missing"),
        (["41 1 2 3"], axis(31, 33, 3), "x check: point 1 stands at 41, expected 31"),
        (["41 1 2 3", "45 4"], axis(41, 44, 4), "x check: point 4 stands at 45, expected 44"),
        (["41AJJ", "44C4"], axis(41, 44, 4), "Y-value check found 34"),
        (["41AJJ", "44C@"], axis(41, 44, 4), "x check: point 3 stands at 44, expected 43"),
    ],
)
def test_a_failed_check_is_no_spectrum(table: list[str], ldrs: tuple[str, ...], reason: str) -> None:
    assert reason in fault(table, *ldrs)


def test_the_step_serves_where_first_and_last_are_missing() -> None:
    assert list(parse(["41 1 2 3"], "##DELTAX= 0.5", "##NPOINTS= 3").mz) == [41, 41.5, 42]


@pytest.mark.parametrize(
    ("ldr", "repairs", "notes"),
    [
        ("##DELTAX= 1", [], []),
        ("##DELTAX= -1", ["##DELTAX= does not fit first x, last x and number of points: not used"], []),
        ("##FIRSTY= 1", [], []),
        ("##FIRSTY= 700", [], ["##FIRSTX=, ##LASTX= or ##FIRSTY= is not that of the table"]),
    ],
)
def test_announced_values_are_compared(ldr: str, repairs: list[str], notes: list[str]) -> None:
    record = parse(["41 1 2 3"], *axis(41, 43, 3), ldr)
    assert (record.repairs, record.notes) == (repairs, notes)


def test_a_missing_last_check_is_noted() -> None:
    assert parse(["41AJJ"], *axis(41, 43, 3)).notes == ["the last Y-value check is missing"]


def test_points_without_a_value_are_left_out_and_told() -> None:
    record = parse(["41 1 ? 3"], *axis(41, 43, 3))
    assert (list(record.mz), list(record.intensity)) == ([41, 43], [1, 3])
    assert record.repairs == ["points without a value ('?') left out"]


@pytest.mark.parametrize("value", ["1e300", "-1e308", "0"])
def test_numbers_beyond_all_masses_raise_nothing_but_faults(value: str) -> None:
    ldrs: Any = ("##FIRSTX= -1e308", f"##LASTX= {value}", "##NPOINTS= 3", f"##YFACTOR= {value}")
    with pytest.raises(RecordFault):
        parse(["41A" + "9" * 400 + "JJ"], *ldrs)
