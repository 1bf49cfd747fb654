"""A round on disk: what is read, and what every ugly entry becomes."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from proficiency.round_files import COLUMNS, ROUND, row, write_round

from nps_spectra.errors import OptionError, RoundError
from nps_spectra.proficiency.names import Names
from nps_spectra.proficiency.reading_rounds import code_fault, read_round
from nps_spectra.proficiency.submissions import Entry, Submissions, read_submissions
from nps_spectra.proficiency.template import write_template
from nps_spectra.proficiency.units import conversion


def read(folder: Path, strict: bool = False) -> Submissions:
    round_, names = read_round(folder)
    return read_submissions(folder / "submissions.csv", round_, names, strict=strict)


def only(folder: Path, **cells: str) -> Entry:
    """The one entry of a round with one row."""
    (entry,) = read(write_round(folder, [row(**cells)])).entries
    return entry


def reason(folder: Path, *rows: tuple[str, ...]) -> str:
    """Why the first row that is rejected is rejected."""
    return read(write_round(folder, rows)).rejected[0].reason


def test_a_round_is_read_with_the_names_of_the_registry(tmp_path: Path) -> None:
    toml = ROUND.replace('menu = ["cocaine"', 'menu = ["benzoylmethylecgonine"')
    round_, _ = read_round(write_round(tmp_path, toml=toml))
    assert round_.menu[:3] == ("cocaine", "heroin", "MDMA")
    first, *_, blank = round_.samples
    assert (first.contents[0].value, first.contents[0].sigma_pt, first.contents[0].scored) == (50.0, 2.5, True)
    assert first.tolerated == ("caffeine", "benzoylecgonine")
    assert blank.blank
    assert not blank.contents


def test_a_date_as_deadline_means_its_whole_day(tmp_path: Path) -> None:
    assert only(tmp_path, submitted="2026-06-30T23:59:00Z").notes == ()
    assert "late: submitted 2026-07-01T00:00:00+00:00" in reason(tmp_path, row(submitted="2026-07-01"))


def test_a_late_row_is_scored_and_noted_if_the_round_says_so(tmp_path: Path) -> None:
    folder = write_round(tmp_path, [row(submitted="2026-07-01")], 'late = "accept"\n' + ROUND)
    assert "accepted by the round" in read(folder).entries[0].notes[0]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'menu = ["cocaine"',
            'menu = ["cocain"',
            "round.toml, menu[1]: 'cocain' is in no registry; did you mean cocaine",
        ),
        ('menu = ["cocaine"', 'menu = ["heroin", "cocaine"', "menu[3]: 'heroin' is heroin, which is there already"),
        ("value = 50.0", 'value = "50"', "sample[1].content[1].value: found '50', expected a number"),
        ("value = 50.0", "value = -1", "sample[1].content[1].value: found -1, expected more than 0"),
        ("value = 50.0", "value = nan", "sample[1].content[1].value: found nan, expected a finite number"),
        ("sigma_pt = 2.5", "", "sample[1].content[1].sigma_pt: found none"),
        ("sigma_pt = 2.5", "sigma = 2.5", "sample[1].content[1].sigma: is no key of a round: did you mean 'sigma_pt'?"),
        ('unit = "% w/w"', "", "sample[1].content[1].unit: is missing"),
        ('code = "SM-4"', 'code = "SM-1"', "sample[4].code: SM-1 is there twice"),
        ('code = "SM-4"', 'code = "sm-1"', "sample[4].code: sm-1 is there twice"),
        ("format = 1", 'format = 1\nlaboratories = ["A", "a"]', "laboratories[2]: a is there twice, expected once"),
        ('code = "SM-4"', 'code = "../SM-4"', "sample[4].code: found '../SM-4'"),
        ("blank = true", "blank = false", "sample[4]: found no content"),
        ('"coke" = "cocaine"', 'heroin = "cocaine"', "aliases.heroin: is heroin already"),
        ('"coke" = "cocaine"', 'ND = "cocaine"', "aliases.ND: is none already"),
        ('"C01" = "cocaine"', 'MDA = "MDMA"', "codes.MDA: is MDA already"),
        ('"fluorofentanyls" =', "MDMA =", "isomer_groups.MDMA: is MDMA already"),
        ("format = 1", "format = 2", "format: found 2, expected one of 1"),
        ("format = 1", "", "format: is missing"),
        ("deadline = 2026-06-30", 'deadline = "soon"', "deadline: found 'soon', expected a date"),
        ('name = "benzoylecgonine"', 'name = "caffeine"', "substance[1]: 'caffeine' is caffeine of the registry"),
        ('scheme = "test"', "scheme = 2026-01-01", "scheme: found the date 2026-01-01, expected a string"),
    ],
)
def test_a_fault_of_the_round_names_place_and_what_was_expected(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in ROUND
    with pytest.raises(RoundError) as raised:
        read_round(write_round(tmp_path, toml=ROUND.replace(old, new, 1)))
    assert message in str(raised.value)
    assert str(raised.value).startswith(str(tmp_path / "round.toml"))


def test_homogeneity_is_read_and_a_fault_names_row_and_column(tmp_path: Path) -> None:
    folder = write_round(tmp_path)
    header = "sample,substance,item,replicate,value\n"
    (folder / "homogeneity.csv").write_text(f"{header}SM-1,cocaine,1,1,49.8\n", encoding="utf-8")
    assert read_round(folder)[0].homogeneity[0].value == 49.8
    (folder / "homogeneity.csv").write_text(f"{header}SM-1,cocaine,1,1,-49.8\n", encoding="utf-8")
    with pytest.raises(RoundError, match=r"homogeneity\.csv, row 2, column value: found '-49\.8', expected a number"):
        read_round(folder)
    (folder / "homogeneity.csv").write_text(f"{header}SM-4,cocaine,1,1,1\n", encoding="utf-8")
    with pytest.raises(RoundError, match="row 2, column substance: found 'cocaine', expected none: it is a blank"):
        read_round(folder)


@pytest.mark.parametrize(
    ("written", "name", "how"),
    [
        ("cocaine", "cocaine", "name"),
        ("Benzoylmethylecgonine", "cocaine", "synonym"),
        ("Cocaine Hydrochloride", "cocaine", "salt"),
        ("cocaine HCl", "cocaine", "salt"),
        ("cocaine (hydrochloride)", "cocaine", "salt"),
        ("C01", "cocaine", "code"),
        ("coke", "cocaine", "alias"),
        ("fluorofentanyls", "fluorofentanyls", "isomer group"),
        ("synthetic cathinones", "Synthetic cathinones", "class"),
        ("Not detected", "none", "none"),
    ],
)
def test_a_name_is_resolved_and_how_is_logged(tmp_path: Path, written: str, name: str, how: str) -> None:
    (found,) = read(write_round(tmp_path, [row(substance=written)])).resolutions
    assert (found.written, found.name, found.how) == (written, name, how)


def test_an_unknown_name_is_an_error_with_suggestions(tmp_path: Path) -> None:
    folder = write_round(tmp_path, [row(), row("B", substance="cocain"), row("C", substance="xyzzy")])
    with pytest.raises(RoundError) as raised:
        read(folder)
    assert (raised.value.row, raised.value.column) == (3, "substance")
    assert "'cocain' (row 3): did you mean cocaine" in str(raised.value)
    assert "'xyzzy' (row 4): nothing is like it" in str(raised.value)


@given(st.text(max_size=30))
@settings(deadline=None)
def test_a_name_is_never_guessed(written: str) -> None:
    """Whatever is written, it stands for a substance only if the registry knows it, its salt taken off."""
    found = Names().resolve(written) if written.strip() else None
    assert found is None or found.how in ("name", "synonym", "salt", "none", "class")


@pytest.mark.parametrize(
    ("cells", "value", "note"),
    [
        ({"value": "50.5"}, 50.5, None),
        ({"value": "50,5"}, 50.5, "comma read as decimal point"),
        ({"value": "50.5 %"}, 50.5, None),
        ({"value": "0.505", "unit": "fraction"}, 50.5, "converted from 'fraction' to % w/w"),
        ({"value": "505", "unit": "mg/g"}, 50.5, "converted"),
        ({"value": "0.505"}, 0.505, "scored as written; it may be in another unit (factor 100)"),
        ({"value": "50.5", "unit": "ng/mL"}, None, "unit 'ng/mL', expected % w/w or one of its kind"),
        ({"value": "50.5 %", "unit": "mg/g"}, None, "contradict"),
        ({"value": "0"}, None, "zero, yet cocaine is reported as found"),
        ({"value": "-3"}, None, "negative"),
        ({"value": "<0.5"}, None, "censored"),
        ({"value": ">90"}, None, "only a lower limit"),
        ({"value": "1,150"}, None, "expected a number"),
        ({"value": "about 50"}, None, "expected a number"),
        ({"value": "1e999"}, None, "not finite"),
        ({"value": "50", "substance": "cocaine HCl"}, 50.0, "not converted to base"),
        ({"value": "50", "substance": "cocaine (free base)"}, 50.0, None),
        ({"value": "n.q."}, None, None),
        ({"value": "3", "substance": "caffeine"}, None, "no quantity of caffeine is asked for"),
    ],
)
def test_a_quantity_is_used_or_the_note_says_why_not(
    tmp_path: Path, cells: dict[str, str], value: float | None, note: str | None
) -> None:
    entry = only(tmp_path, submitted="2026-06-01", **cells)
    assert entry.value == (None if value is None else pytest.approx(value, rel=1e-15))
    assert (not entry.notes) if note is None else any(note in one for one in entry.notes)


def test_a_censored_value_keeps_its_limit(tmp_path: Path) -> None:
    assert only(tmp_path, value="< 0.005", unit="fraction").less_than == pytest.approx(0.5)


def test_an_uncertainty_is_divided_by_its_coverage_factor_and_unused_without(tmp_path: Path) -> None:
    assert only(tmp_path, value="50", uncertainty="5", coverage_factor="2").uncertainty == 2.5
    entry = only(tmp_path, value="50", uncertainty="5")
    assert entry.uncertainty is None
    assert any("no coverage factor" in note for note in entry.notes)
    assert only(tmp_path, value="50", uncertainty="-5", coverage_factor="2").uncertainty is None


def test_nothing_and_something_contradict_and_all_rows_of_the_sample_go(tmp_path: Path) -> None:
    found = read(write_round(tmp_path, [row(), row(substance="none"), row(sample="SM-4", substance="none")]))
    assert [one.row for one in found.rejected] == [2, 3]
    assert "contradictory" in found.rejected[0].reason
    assert [one.row for one in found.entries] == [4]


def test_a_value_beside_nothing_found_contradicts(tmp_path: Path) -> None:
    assert "contradictory" in reason(tmp_path, row(substance="none", value="3"))


def test_a_row_that_says_not_detected_reports_no_substance(tmp_path: Path) -> None:
    assert "says that cocaine was not found" in reason(tmp_path, row(value="nd"))


def test_a_substance_under_two_names_is_a_duplicate(tmp_path: Path) -> None:
    found = read(write_round(tmp_path, [row(value="50"), row(substance="coke", value="50")]))
    assert [(one.row, one.value) for one in found.entries] == [(2, 50.0)]
    assert found.rejected[0].reason == "duplicate: cocaine of this laboratory and sample is in row 2"


def test_of_two_values_that_contradict_none_is_scored(tmp_path: Path) -> None:
    found = read(write_round(tmp_path, [row(value="50"), row(value="60")]))
    assert found.entries[0].value is None
    assert "rows 2, 3 contradict" in found.entries[0].notes[-1]
    assert len(found.rejected) == 1


def test_numbered_replicates_are_no_duplicates(tmp_path: Path) -> None:
    found = read(write_round(tmp_path, [row(value="50", replicate="1"), row(value="52", replicate="2")]))
    assert [one.value for one in found.entries] == [50.0, 52.0]


@pytest.mark.parametrize(
    "code",
    ["../../etc/passwd", "..", "a/b", "a\\b", "C:", "=cmd()", "<b>", "CON", "nul", "", "a b", "-x", "x" * 33, "é"],
)
def test_a_code_that_is_a_trick_is_rejected_and_made_harmless(tmp_path: Path, code: str) -> None:
    found = read(write_round(tmp_path, [row(code)]))
    assert not found.entries
    assert found.rejected[0].laboratory.startswith(("'", '"'))
    assert code_fault(code) is not None


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"sample": "SM-9"}, "row 2, column sample: found 'SM-9', expected one of SM-1, SM-2, SM-3, SM-4"),
        ({"substance": ""}, "row 2, column substance: is empty"),
        ({"submitted": "yesterday"}, "row 2, column submitted: found 'yesterday', expected a date"),
    ],
)
def test_strict_reading_raises_the_first_reject_with_its_place(
    tmp_path: Path, cells: dict[str, str], message: str
) -> None:
    with pytest.raises(RoundError) as raised:
        read(write_round(tmp_path, [row(**cells)]), strict=True)
    assert message in str(raised.value)


def test_laboratories_that_do_not_take_part_are_rejected(tmp_path: Path) -> None:
    folder = write_round(tmp_path, [row("A"), row("B")], 'laboratories = ["A"]\n' + ROUND)
    assert "does not take part" in read(folder).rejected[0].reason


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("laboratory,sample\n", "row 1, column substance: is missing"),
        ("laboratory,sample,substance,purity\n", "row 1, column 'purity': is unknown"),
        ("laboratory,sample,substance,sample\n", "row 1, column sample: is there twice"),
        ("laboratory,sample,substance\nA,SM-1,cocaine,7\n", "row 2: has 4 cells, expected 3"),
        ('laboratory,sample,substance\nA,SM-1,"coc', "is no CSV"),
        ("", "row 1, column laboratory: is missing"),
    ],
)
def test_a_file_that_is_no_table_of_submissions_is_an_error(tmp_path: Path, text: str, message: str) -> None:
    folder = write_round(tmp_path)
    (folder / "submissions.csv").write_text(text, encoding="utf-8")
    with pytest.raises(RoundError) as raised:
        read(folder)
    assert message in str(raised.value)


def test_bytes_that_are_no_utf8_are_an_error(tmp_path: Path) -> None:
    folder = write_round(tmp_path)
    (folder / "submissions.csv").write_bytes("laboratory,sample,substance\nA,SM-1,caféine\n".encode("latin-1"))
    with pytest.raises(RoundError, match="is no UTF-8"):
        read(folder)


@pytest.mark.parametrize("separator", [";", "\t"])
def test_tables_of_other_spreadsheet_programs_are_read(tmp_path: Path, separator: str) -> None:
    folder = write_round(tmp_path)
    lines = ["laboratory,sample,substance,value", "A,SM-1,cocaine,50x5", ",,,", ""]
    text = "\ufeff" + "\r\n".join(line.replace(",", separator).replace("x", ",") for line in lines)
    (folder / "submissions.csv").write_bytes(text.encode())
    (entry,) = read(folder).entries
    assert entry.value == 50.5


CELLS = st.one_of(
    st.sampled_from(
        ["", "A", "B", "SM-1", "SM-4", "cocaine", "none", "coke", "50", "<0.5", "-1", "0", "2026-07-01", "=1+1"]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
)


@given(st.lists(st.lists(CELLS, min_size=len(COLUMNS), max_size=len(COLUMNS)), max_size=12))
@settings(max_examples=200, deadline=None)
def test_every_row_is_scored_or_rejected_or_its_name_is_told(rows: list[list[str]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = write_round(Path(name), rows)
        try:
            found = read(folder)
        except RoundError:
            return
        assert found.rows == len(found.entries) + len(found.rejected)
        numbers = [one.row for one in (*found.entries, *found.rejected)]
        assert len(set(numbers)) == found.rows


def test_units_of_one_kind_are_converted_and_others_are_not() -> None:
    assert conversion("µg/L", "ng/mL") == conversion("μg/l", "ng / ml") == 1.0
    assert conversion("mg/L", "ng/mL") == 1000.0
    assert conversion("% w/w (base)", "% w/w") == 1.0
    assert conversion("ng/mL", "% w/w") is None
    assert conversion("furlong", "% w/w") is None


def test_the_template_is_a_round_and_overwrites_nothing(tmp_path: Path) -> None:
    for group in ("SM", "BS"):
        write_template(tmp_path / group, group)
        assert read(tmp_path / group).rows == 0
    with pytest.raises(OptionError, match="is there already"):
        write_template(tmp_path / "SM")
