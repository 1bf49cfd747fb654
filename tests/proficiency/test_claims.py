"""Spectra beside the claims of laboratories: a verdict for each, an account of every file, and no score changed."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from proficiency.round_files import ROUND, row, write_round
from proficiency.spectra_files import msp, put
from run_files import mzml

from nps_spectra import Library, read_spectra
from nps_spectra.cli.main import main
from nps_spectra.errors import LibraryError, NpsSpectraError, RoundError
from nps_spectra.proficiency import evaluate
from nps_spectra.proficiency.claims import JudgedClaim, SpectraCheck
from nps_spectra.proficiency.schema import checked, schema

EXAMPLE = Path(__file__).resolve().parent.parent.parent / "examples" / "ice_sm_round"
WITH_LIBRARY = 'library = "starter"\n' + ROUND


def check(folder: Path, library: Library | str | None = "starter") -> SpectraCheck:
    """The spectra of a round, counted: every file is judged, unreadable or not assigned, and has its reason."""
    found = evaluate(folder, library=library).spectra
    assert found is not None
    on_disk = {
        path.relative_to(folder / "spectra").as_posix() for path in (folder / "spectra").rglob("*") if not path.is_dir()
    }
    assert set(found.files) == on_disk
    assert sum(found.count(status) for status in ("judged", "unreadable", "not_assigned")) == len(on_disk)
    for file, status in found.files.items():
        reasons = [one.reason for one in found.not_judged if one.file.partition("!")[0] == file]
        assert all(reasons)
        assert status == "judged" or reasons
    return found


def only(folder: Path, library: Library | str | None = "starter") -> JudgedClaim:
    (claim,) = check(folder, library).claims
    return claim


def claim(folder: Path, written: str, substance: str, sample: str = "SM-2", spread: float = 0.0) -> JudgedClaim:
    """The verdict on what a laboratory wrote, with a spectrum of a substance of the starter library."""
    put(write_round(folder, [row("A", sample, written)]), f"A/{sample}.msp", msp(substance, spread=spread))
    return only(folder)


def reason(folder: Path) -> str:
    """Why the only file of a round has no verdict."""
    (one,) = check(folder).not_judged
    return one.reason


def test_a_claim_that_is_alone_in_the_set_is_supported(tmp_path: Path) -> None:
    found = claim(tmp_path, "cocaine", "cocaine")
    assert (found.verdict, found.candidates, found.conclusion) == ("supported", ("cocaine",), "one_of_isomers")
    assert found.sentence.startswith("The spectrum supports cocaine: nothing else in the library fits it")
    assert "what the library does not hold is not excluded" in found.sentence
    assert "cannot say which of its substances are alike" in found.sentence
    assert "stereoisomers are never told apart by mass spectrum" in found.sentence


def test_a_claim_without_stereoisomers_is_not_warned_of_any(tmp_path: Path) -> None:
    assert "stereoisomers" not in claim(tmp_path, "caffeine", "caffeine").sentence


@pytest.mark.parametrize("written", ["para-fluorofentanyl", "meta-fluorofentanyl"])
def test_an_isomer_that_is_one_of_several_is_supported_as_a_group_only(tmp_path: Path, written: str) -> None:
    """The starter library has the three fluorofentanyls; the leading one is no better supported than the others."""
    found = claim(tmp_path, written, written, spread=0.1)
    assert found.verdict == "supported_as_group"
    assert found.sentence.startswith(f"The spectrum does not support the isomer reported: it fits {written}, and ")
    assert {"para-fluorofentanyl", "meta-fluorofentanyl"} <= set(found.group)


@pytest.mark.parametrize("written", ["fluorofentanyls", "Fentanyl analogues"])
def test_a_group_or_class_is_supported_by_any_of_its_members(tmp_path: Path, written: str) -> None:
    assert claim(tmp_path, written, "para-fluorofentanyl").verdict == "supported"


def test_a_claim_that_is_not_in_the_set_is_not_supported(tmp_path: Path) -> None:
    found = claim(tmp_path, "cocaine", "atropine")
    assert (found.verdict, found.sentence) == (
        "not_supported",
        "The spectrum does not support cocaine: it fits atropine.",
    )


def test_the_names_of_a_claim_are_those_of_the_submissions(tmp_path: Path) -> None:
    for number, written in enumerate(("coke", "C01", "Benzoylmethylecgonine", "cocaine HCl")):
        found = claim(tmp_path / str(number), written, "cocaine", "SM-1")
        assert (found.claimed, found.verdict) == ("cocaine", "supported")


def test_of_what_the_library_does_not_hold_nothing_can_be_said(tmp_path: Path) -> None:
    found = claim(tmp_path, "heroin", "cocaine", "SM-1")
    assert (found.verdict, found.sentence) == (
        "nothing_can_be_said",
        "Nothing can be said of heroin: the library does not hold it; the spectrum fits cocaine.",
    )


def test_a_spectrum_that_leads_nowhere_says_nothing(tmp_path: Path) -> None:
    put(write_round(tmp_path, [row("A")]), "A/SM-1.msp", "Name: x\nNum Peaks: 3\n51 10\n61 999\n71 30\n")
    found = only(tmp_path)
    assert found.verdict == "nothing_can_be_said"
    assert "the spectrum leads to no substance" in found.sentence


def test_without_spectra_of_its_technique_the_library_says_nothing(tmp_path: Path) -> None:
    text = "Name: x\nPrecursorMZ: 304.1543\nIon_mode: P\nSpectrum_type: MS2\nNum Peaks: 2\n182.1176 999\n82.0651 300\n"
    put(write_round(tmp_path, [row("A")]), "A/SM-1.msp", text)
    found = only(tmp_path)
    assert (found.verdict, found.technique) == ("nothing_can_be_said", "MS/MS")
    assert "not compared" in found.sentence


def test_every_damaged_record_and_every_other_member_of_an_archive_is_there_once(tmp_path: Path) -> None:
    """Members count their records anew: the first of each is damaged, the second is not."""
    folder = write_round(tmp_path, [row("A")])
    put(folder, "A/SM-1.zip", "")
    with zipfile.ZipFile(folder / "spectra" / "A" / "SM-1.zip", "w") as archive:
        for member in ("a.msp", "b.msp"):
            archive.writestr(member, "Name: x\nNum Peaks: 1\n41 x\n\n" + msp("cocaine"))
        archive.writestr("letter.pdf", "%PDF-1.7")
    found = check(folder)
    assert [(one.file, one.record, one.status) for one in found.not_judged] == [
        ("A/SM-1.zip!letter.pdf", None, "not_assigned"),
        ("A/SM-1.zip!a.msp", 1, "unreadable"),
        ("A/SM-1.zip!b.msp", 1, "unreadable"),
    ]
    assert [one.verdict for one in found.claims] == ["nothing_can_be_said", "supported"] * 2


def test_without_a_library_nothing_can_be_said(tmp_path: Path) -> None:
    put(write_round(tmp_path, [row("A")]), "A/SM-1.msp", msp("cocaine"))
    assert only(tmp_path, None).sentence == "Nothing can be said of cocaine: no library was given."


def test_the_round_names_its_library_by_a_path_from_its_folder(tmp_path: Path) -> None:
    Library.build(_written(tmp_path / "own.msp", msp("cocaine", "cocaine")), tmp_path / "own.h5")
    put(write_round(tmp_path / "round", [row("A")], 'library = "../own.h5"\n' + ROUND), "A/SM-1.msp", msp("cocaine"))
    found = evaluate(tmp_path / "round").spectra
    assert found is not None
    assert found.library == "own"
    with pytest.raises((LibraryError, NpsSpectraError)):
        evaluate(write_round(tmp_path / "round", [row("A")], 'library = "nowhere.h5"\n' + ROUND))


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_scores_are_the_same_with_and_without_spectra(tmp_path: Path) -> None:
    rows = [row("A", value="51"), row("B", value="57"), row("B", substance="heroin"), row("C", "SM-4", "none")]
    alone = write_round(tmp_path / "1", rows, WITH_LIBRARY)
    beside = write_round(tmp_path / "2", rows, WITH_LIBRARY)
    put(beside, "A/SM-1.msp", msp("atropine"))
    one, other = (json.loads(evaluate(folder).to_json()) for folder in (alone, beside))
    assert other.pop("spectra")["claims"][0]["verdict"] == "not_supported"
    assert one == other


def test_the_json_is_what_its_schema_says_and_the_tables_hold_all(tmp_path: Path) -> None:
    folder = write_round(tmp_path / "round", [row("A"), row("B")], WITH_LIBRARY)
    put(folder, "A/SM-1.msp", msp("cocaine") + "Name: broken\nNum Peaks: 1\n58 nan\n\n")
    put(folder, "B/SM-1.msp", b"\x00\xff" * 40)
    evaluation = evaluate(folder)
    content = json.loads(evaluation.to_json())
    assert checked(content, schema("evaluation"), "evaluation.json") == content
    assert content["spectra"]["files"] == {"found": 2, "judged": 1, "unreadable": 1, "not_assigned": 0}
    assert content["spectra"]["library"] == "starter library (indicative)"
    assert set(content["spectra"]["models"]) == {"EI", "MS/MS"}
    digest = hashlib.sha256((folder / "spectra" / "A" / "SM-1.msp").read_bytes()).hexdigest()
    assert [one["sha256"] for one in content["spectra"]["claims"]] == [digest, None, None]
    assert {"claims.csv", "spectra.csv"} <= {path.name for path in evaluation.write(tmp_path / "out")}
    lines = (tmp_path / "out" / "spectra.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[:3] for line in lines[1:]] == [
        ["A/SM-1.msp", "judged", ""],
        ["A/SM-1.msp", "unreadable", "2"],
        ["B/SM-1.msp", "unreadable", ""],
    ]
    assert evaluation.claims["verdict"].tolist() == ["supported", "nothing_can_be_said", "nothing_can_be_said"]


def test_a_round_without_spectra_says_nothing_of_them(tmp_path: Path) -> None:
    evaluation = evaluate(write_round(tmp_path, [row("A")]))
    assert evaluation.spectra is None
    assert "spectra" not in json.loads(evaluation.to_json())
    assert len(evaluation.claims) == 0
    assert "verdict" in evaluation.claims


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "the file is empty"),
        (b"\x00\x01\xff" * 30, "binary content"),
        (b"Name: x\nNum Peaks: 2\n58 nan\n", "intensity is nan"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_of_and_judged_as_nothing(tmp_path: Path, content: bytes, told: str) -> None:
    put(write_round(tmp_path, [row("A")]), "A/SM-1.msp", content)
    found = check(tmp_path)
    assert found.files == {"A/SM-1.msp": "unreadable"}
    assert told in found.not_judged[0].reason
    assert found.claims[0].verdict == "nothing_can_be_said"
    assert found.claims[0].sentence.startswith("Nothing can be said of cocaine: the spectrum cannot be read: ")


def test_a_file_of_which_nothing_says_whose_it_is_is_not_assigned(tmp_path: Path) -> None:
    put(write_round(tmp_path, [row("A")]), "stray.msp", msp("cocaine"))
    assert reason(tmp_path).startswith("stands in no folder of a laboratory")


@pytest.mark.parametrize("name", [".DS_Store", "Thumbs.db", ".hidden/x.msp"])
def test_what_operating_systems_leave_behind_is_not_assigned(tmp_path: Path, name: str) -> None:
    put(write_round(tmp_path, [row("A")]), f"A/{name}", "x")
    assert reason(tmp_path) == "is a file of the operating system"


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege under Windows")
def test_links_are_not_followed(tmp_path: Path) -> None:
    folder = write_round(tmp_path / "round", [row("A")])
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "SM-1.msp").write_text(msp("cocaine"), encoding="utf-8")
    put(folder, "A/SM-2.msp", msp("cocaine"))
    (folder / "spectra" / "A" / "SM-1.msp").symlink_to(tmp_path / "secret" / "SM-1.msp")
    (folder / "spectra" / "B").symlink_to(tmp_path / "secret")
    found = evaluate(folder, library="starter").spectra
    assert found is not None
    assert [(one.file, one.reason) for one in found.not_judged if "link" in one.reason] == [
        ("A/SM-1.msp", "is a link, which is not followed"),
        ("B", "is a link, which is not followed"),
    ]


def test_a_spectrum_of_a_sample_in_which_nothing_was_reported_stands_for_nothing(tmp_path: Path) -> None:
    put(write_round(tmp_path, [row("A", "SM-4", "none")]), "A/SM-4.msp", msp("cocaine"))
    assert reason(tmp_path) == "the laboratory reported no substance in SM-4"


def test_of_several_substances_the_name_of_the_spectrum_tells_which(tmp_path: Path) -> None:
    folder = write_round(tmp_path, [row("A"), row("A", substance="caffeine")])
    put(folder, "A/SM-1/1.msp", msp("cocaine", "Cocaine HCl"))
    put(folder, "A/SM-1/2.msp", msp("caffeine", "caffeine"))
    put(folder, "A/SM-1/3.msp", msp("caffeine", "peak 7"))
    put(folder, "A/SM-1/4.msp", msp("caffeine", "heroin"))
    found = check(folder)
    assert [(one.claimed, one.verdict) for one in found.claims] == [("cocaine", "supported"), ("caffeine", "supported")]
    assert [one.reason for one in found.not_judged] == [
        "the laboratory reported cocaine, caffeine in SM-1: spectra.csv can say which one it shows",
        "it is named 'heroin', and the laboratory reported cocaine, caffeine in SM-1",
    ]


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (
            "Z/SM-1.msp",
            r"spectra.Z: found the laboratory 'Z', which does not take part in this round; those that do: A",
        ),
        ("A/SM-9.msp", r"found the sample 'SM-9', expected one of SM-1, SM-2, SM-3, SM-4"),
        ("A/SM-1_2.msp", r"found the sample 'SM-1_2'.*several files of a sample go into a folder of its code"),
    ],
)
def test_an_unknown_laboratory_or_sample_is_an_error_that_names_it(tmp_path: Path, file: str, message: str) -> None:
    put(write_round(tmp_path, [row("A")]), file, msp("cocaine"))
    with pytest.raises(RoundError, match=message):
        evaluate(tmp_path)


def listed(folder: Path, *lines: str) -> Path:
    """A round with two spectra in one file, and a table that says whose they are."""
    write_round(folder, [row("A"), row("B", "SM-2", "para-fluorofentanyl")])
    put(folder, "run 7.msp", msp("cocaine") + msp("atropine"))
    (folder / "spectra.csv").write_text(
        "\n".join(("file,record,laboratory,sample,substance", *lines)), encoding="utf-8"
    )
    return folder


def test_a_table_says_whose_each_spectrum_is(tmp_path: Path) -> None:
    folder = listed(tmp_path, "run 7.msp,1,A,SM-1,", "run 7.msp,2,B,SM-2,coke")
    put(folder, "A/SM-1.msp", msp("cocaine"))
    found = check(folder)
    assert [(one.laboratory, one.record, one.claimed, one.reported, one.verdict) for one in found.claims] == [
        ("A", 1, "cocaine", True, "supported"),
        ("B", 2, "cocaine", False, "not_supported"),
    ]
    assert [(one.file, one.reason) for one in found.not_judged] == [("A/SM-1.msp", "spectra.csv does not name it")]


def test_records_that_the_table_does_not_name_are_counted(tmp_path: Path) -> None:
    found = check(listed(tmp_path, "run 7.msp,2,A,SM-1,"))
    assert [one.reason for one in found.not_judged] == ["spectra.csv does not name 1 of its 2 records"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("../submissions.csv,,A,SM-1,", r"row 2, column file: found '\.\./submissions\.csv', expected a file below"),
        ("/etc/passwd,,A,SM-1,", "column file: found '/etc/passwd'"),
        ("run 8.msp,,A,SM-1,", "column file: found 'run 8.msp'"),
        ("run 7.msp,3,A,SM-1,", "row 2, column record: found 3, expected 1 to 2, which are all of 'run 7.msp'"),
        ("run 7.msp,0,A,SM-1,", "column record: found '0', expected the number of a record, from 1"),
        ("run 7.msp,x,A,SM-1,", "column record: found 'x'"),
        ("run 7.msp,,Z,SM-1,", "row 2, column laboratory: found the laboratory 'Z'"),
        ("run 7.msp,,A,SM-9,", "row 2, column sample: found 'SM-9', expected one of SM-1"),
        ("run 7.msp,,A,SM-1,cocain", "column substance: .*'cocain' \\(row 2\\): did you mean cocaine"),
        ("run 7.msp,1,A,SM-1,\nrun 7.msp,1,B,SM-2,", "row 3, column file: record 1 of 'run 7.msp' is named twice"),
        ("run 7.msp,1,A,SM-1,\nrun 7.msp,,B,SM-2,", "row 3, column file: the file 'run 7.msp' is named twice"),
    ],
)
def test_a_fault_of_the_table_names_row_and_column(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(RoundError, match=message):
        evaluate(listed(tmp_path, line))


def test_a_run_is_no_spectrum_and_one_of_its_scans_is(tmp_path: Path) -> None:
    folder = write_round(tmp_path, [row("A")])
    put(folder, "A/SM-1.mzML", mzml())
    assert "is a run of 3 scans, which is no spectrum" in reason(folder)
    (folder / "spectra.csv").write_text("file,record,laboratory,sample\nA/SM-1.mzML,2,A,SM-1\n", encoding="utf-8")
    (one,) = check(folder).claims
    assert one.record == 2


def test_spectra_in_an_archive_are_told_apart_by_its_members(tmp_path: Path) -> None:
    folder = write_round(tmp_path, [row("A")])
    put(folder, "A/SM-1.zip", b"")
    with zipfile.ZipFile(folder / "spectra" / "A" / "SM-1.zip", "w") as archive:
        archive.writestr("one.msp", msp("cocaine"))
        archive.writestr("two.msp", msp("atropine"))
    found = check(folder)
    assert [(one.file, one.verdict) for one in found.claims] == [
        ("A/SM-1.zip!one.msp", "supported"),
        ("A/SM-1.zip!two.msp", "not_supported"),
    ]


@pytest.mark.skipif(os.name == "nt", reason="names of files are no bytes under Windows")
def test_a_name_that_is_no_text_is_written_harmlessly(tmp_path: Path) -> None:
    folder = write_round(tmp_path / "round", [row("A")], WITH_LIBRARY)
    (folder / "spectra" / "A" / "SM-1").mkdir(parents=True)
    (folder / "spectra" / "A" / "SM-1" / os.fsdecode(b"\xff\n.msp")).write_text(msp("cocaine"), encoding="utf-8")
    evaluation = evaluate(folder)
    evaluation.write(tmp_path / "out")
    assert evaluation.claims["file"].tolist() == ["A/SM-1/\\udcff\\n.msp"]


FILES = st.sampled_from(
    ["A/SM-1.msp", "A/SM-2/x.msp", "A/SM-2/y.txt", "B/SM-1.msp.gz", "README.md", "A/SM-4.json", "B/.x", "A/SM-3.csv"]
)
CONTENTS = st.one_of(
    st.sampled_from(
        [msp("cocaine"), msp("cocaine") * 2, msp("caffeine", "heroin"), "Name: x\nNum Peaks: 1\n58 nan\n", "a"]
    ),
    st.binary(max_size=40),
)


@given(st.dictionaries(FILES, CONTENTS, max_size=5))
@settings(max_examples=40, deadline=None)
def test_every_file_is_judged_unreadable_or_not_assigned(files: dict[str, str | bytes]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = write_round(Path(name), [row("A"), row("A", "SM-2"), row("B"), row("A", "SM-4", "none")])
        (folder / "spectra").mkdir()
        for file, content in files.items():
            put(folder, file, content)
        check(folder, None)


def test_the_command_holds_spectra_against_a_library_and_tells_what_was_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_round(tmp_path / "round", [row("A")])
    put(folder, "A/SM-1.msp", msp("cocaine"))
    command = ["proficiency", "evaluate", str(folder), "--out", str(tmp_path / "out"), "--no-reports"]
    assert main([*command, "--library", "starter"]) == 0
    assert "files of spectra: 1 found, 1 judged, 0 unreadable, 0 not assigned" in capsys.readouterr().err
    put(folder, "A/SM-1/damaged.msp", b"\x00")
    assert main([*command, "--library", "starter"]) == 1
    assert "UNREADABLE A/SM-1/damaged.msp" in capsys.readouterr().err
    assert main(["proficiency", "check", str(folder), "--json"]) == 1
    told = capsys.readouterr()
    assert "UNREADABLE A/SM-1/damaged.msp" in told.err
    assert [one["file"] for one in json.loads(told.out)["spectra_lost"]] == ["A/SM-1/damaged.msp"]


def test_a_library_that_nothing_is_held_against_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(write_round(tmp_path / "round", [row("A")]))
    out = str(tmp_path / "out")
    assert main(["proficiency", "evaluate", folder, "--out", out, "--no-reports", "--library", "starter"]) == 0
    assert "the library was not used" in capsys.readouterr().err


def test_the_example_shows_what_spectra_say(tmp_path: Path) -> None:
    """Its spectra are made from the principal ions of the starter library: cocaine twice, atropine, fentanyl."""
    evaluation = evaluate(EXAMPLE)
    assert evaluation.round.simulated
    assert evaluation.spectra is not None
    assert [(one.claimed, one.verdict) for one in evaluation.spectra.claims] == [
        ("cocaine", "supported"),
        ("cocaine", "supported"),
        ("cocaine", "not_supported"),
        ("amphetamine", "nothing_can_be_said"),
    ]
    for path in (EXAMPLE / "spectra").rglob("*.msp"):
        assert "Comments: simulated: principal ions of" in path.read_text(encoding="utf-8")


def test_measured_spectra_of_other_laboratories(tmp_path: Path, data_folder: Path) -> None:
    """NIST's fentanyl queries against SWGDRUG 3.4: 4-ANPP, and fentanyl lengthened by a methylene (propyl analog).

    The second one has isomers in the library (beta-methylfentanyl, methyl on the ring). A third is of fentanyl itself,
    which thiofentanyl, of another formula, resembles as far as the score can tell. No query equals an entry.
    """
    if os.environ.get("NUMBA_DISABLE_JIT") == "1":
        pytest.skip("a library is compared with itself: too slow without the JIT")
    every = read_spectra(data_folder / "swgdrug_ei" / "swgdrug_3.4.msp")
    rows = Library(every, name="all").substances.of_row
    # All that is measured repeatedly, which tells how far spectra spread, and the substances asked for.
    chosen = np.bincount(rows)[rows] > 1
    asked = ("fent", "cocaine", "4-anilino")
    chosen |= np.array([any(part in (name or "").lower() for part in asked) for name in every.texts("name").to_list()])
    library = Library(every.select(np.flatnonzero(chosen)), name="part of SWGDRUG 3.4")
    queries = data_folder / "nist_fentanyl_ei" / "queries"
    anpp = (queries / "Type1Synthesize" / "335007.MSP").read_bytes()
    propyl = (queries / "Type1FentanylReplicates" / "TypeB" / "248324.MSP").read_bytes()
    fentanyl = (queries / "FentanylReplicates" / "379198.MSP").read_bytes()
    claims = {
        "RIGHT": ("4-ANPP", anpp),
        "ISOMER": ("beta-methylfentanyl", propyl),
        "WRONG": ("cocaine", anpp),
        "DAMAGED": ("4-ANPP", anpp[: len(anpp) // 3]),
        "LEAD": ("fentanyl", fentanyl),
        "ALIKE": ("thiofentanyl", fentanyl),
    }
    toml = ROUND.replace("menu = [", 'menu = ["4-ANPP", "beta-methylfentanyl", "fentanyl", "thiofentanyl", ')
    write_round(tmp_path, [row(code, "SM-2", name) for code, (name, _) in claims.items()], toml)
    for code, (_, content) in claims.items():
        put(tmp_path, f"{code}/SM-2.msp", content.replace(b"Name: ", b"Name: scan 812 ", 1))
    found = check(tmp_path, library)
    verdicts = {one.laboratory: one.verdict for one in found.claims}
    assert verdicts == {
        "RIGHT": "supported",
        "ISOMER": "supported_as_group",
        "WRONG": "not_supported",
        "DAMAGED": "nothing_can_be_said",
        "LEAD": "supported",
        "ALIKE": "nothing_can_be_said",
    }
    told = {one.laboratory: one.sentence for one in found.claims}
    assert told["ISOMER"].startswith(
        "The spectrum does not support the isomer reported: it fits beta-methylfentanyl, and"
    )
    assert "Fentanyl propyl analog" in told["ISOMER"]
    assert "the library holds substances of another formula that are as like it by score" in told["LEAD"]
    assert "the library does not tell thiofentanyl from that by score" in told["ALIKE"]
    assert Counter(found.files.values()) == {"judged": 5, "unreadable": 1}
