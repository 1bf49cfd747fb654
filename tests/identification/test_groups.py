"""Groups that a method cannot tell apart: from the spread of the library's own repeated measurements."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from nps_spectra import Library, Spectra, Spectrum, read_spectra
from nps_spectra.cli.main import main
from nps_spectra.errors import OptionError
from nps_spectra.identification.groups import NEAREST, Groups
from nps_spectra.identification.repeatability import Spread

MZ = np.arange(40, 60)


def measured(seed: int, noise: float, name: str, formula: str = "C9H12FN", **fields: object) -> Spectrum:
    """A spectrum drawn by `seed` and disturbed by `noise`; every call is another measurement."""
    pattern = np.random.default_rng(seed).uniform(10, 100, len(MZ))
    spread = np.random.default_rng([seed, round(noise * 1e6), *name.encode()]).normal(1, noise, len(MZ))
    return Spectrum(MZ, pattern * np.abs(spread), ionization="EI", name=name, formula=formula, **fields)


def library(*more: Spectrum, repeated: int = 24) -> Library:
    """Substances measured twice each, and others."""
    found = []
    for number in range(repeated):
        for noise in (0.05, 0.051):
            found.append(measured(number, noise, f"repeated {number}", formula=f"C{number + 3}H8"))
    return Library(Spectra.of([*found, *more]), name="made")


def number_of(made: Library, name: str) -> int:
    row = made.spectra.texts("name").to_list().index(name)
    return int(made.substances.of_row[row])


def test_twins_are_not_told_apart_and_strangers_are() -> None:
    made = library(measured(99, 0.03, "A"), measured(99, 0.031, "B"), measured(98, 0.03, "C"))
    groups = Groups.of(made)
    a, b, c = (number_of(made, name) for name in "ABC")
    assert groups.not_told_apart[a] == {b}
    assert not groups.not_told_apart[c]
    found = groups.of_substance(a)
    assert found.members == (a, b)
    assert (found.neighbours[0].name, found.neighbours[0].relation) == ("B", "same_formula")
    assert found.neighbours[0].separated_by
    assert len(found.neighbours) == NEAREST


def test_every_number_of_threads_gives_the_same_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for threads in ("1", "2", "3"):
        monkeypatch.setenv("NPS_SPECTRA_THREADS", threads)
        made = library(measured(99, 0.03, "A"), measured(99, 0.031, "B"), measured(98, 0.03, "C"))
        groups = Groups.of(made)
        found.append((groups.pairs.tobytes(), groups.scores.tobytes(), groups.of_substances.tobytes()))
    assert found[0] == found[1] == found[2]


def test_limit_is_the_score_that_19_of_20_pairs_reach() -> None:
    """24 pairs, of which a share of at least 0.95, so 23, must reach the limit: the second lowest score."""
    from nps_spectra import similarity

    made = library()
    scores = sorted(similarity(made[2 * n], made[2 * n + 1], "nist_identity") for n in range(24))
    spread = Groups.of(made).spread
    assert spread.substances == 24
    assert spread.limit == pytest.approx(scores[1], abs=1e-9)


def test_margin_is_how_far_another_substance_leads_in_all_but_one_of_20_pairs() -> None:
    """Of 24 pairs two are drowned in noise, so that others are more like them: 23 must be inside the margin."""
    from nps_spectra import similarity

    noisy = {number: measured(number, 0.8, f"repeated {number}", formula=f"C{number + 3}H8") for number in (0, 1)}
    rows = [noisy.get(row // 2, one) if row % 2 else one for row, one in enumerate(library().spectra)]
    made = Library(Spectra.of(rows), name="made")
    excess = []
    for number in range(24):
        order = sorted((2 * number, 2 * number + 1), key=lambda row: made.digests[row].tobytes())
        own = similarity(made[order[0]], made[order[1]], "nist_identity")
        others = [row for row in range(48) if row // 2 != number]
        excess.append(max(similarity(made[order[0]], made[row], "nist_identity") for row in others) - own)
    assert Groups.of(made).spread.margin == pytest.approx(max(0, sorted(excess)[22]))


def test_library_that_measured_too_few_substances_twice_calls_nothing_the_same() -> None:
    made = library(measured(99, 0.0, "A"), measured(99, 0.0, "B"), repeated=19)
    groups = Groups.of(made)
    assert groups.spread.limit is None
    assert len(groups) == 0
    assert groups.not_told_apart is None
    nearest = groups.of_substance(number_of(made, "A")).neighbours[0]
    assert (nearest.name, nearest.told_apart) == ("B", None)


def test_share_of_99_of_100_cannot_be_stated_from_24_substances() -> None:
    assert Groups.of(library(), coverage=0.99).spread.limit is None


def test_copies_of_one_measurement_are_no_repeated_measurement() -> None:
    one = [measured(number, 0.05, f"S{number}", formula=f"C{number + 3}H8") for number in range(30)]
    scaled = [
        spectrum.replace(intensity=np.rint(spectrum.intensity / spectrum.intensity.max() * 9999)) for spectrum in one
    ]
    assert Groups.of(Library(Spectra.of([*one, *scaled]), name="copied")).spread.substances == 0


def test_labelled_standard_is_never_in_the_group_of_its_parent() -> None:
    made = library(measured(99, 0.01, "A"), measured(99, 0.011, "B"), measured(99, 0.012, "A-d5", formula="C9H7D5FN"))
    groups = Groups.of(made)
    a, b, labelled = (number_of(made, name) for name in ("A", "B", "A-d5"))
    assert groups.of_substance(a).members == (a, b)
    assert groups.of_substance(labelled).number is None
    assert labelled in groups.not_told_apart[a]


@pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="millions of pairs take too long without the JIT"
)
def test_every_member_of_a_group_is_not_told_apart_from_every_other(data_folder: Path) -> None:
    spectra = read_spectra(data_folder / "swgdrug_ei" / "swgdrug_3.4.msp")
    groups = Groups.of(Library(spectra, name="swgdrug"))
    assert len(groups) > 0
    for number in range(len(groups)):
        members = set(groups.members(number))
        for one in members:
            assert members - {one} <= groups.not_told_apart[one]
    # Ring-position isomers of this library are the example that every forensic chemist knows.
    names = {groups.of_substance(one).name: one for one in range(len(groups.of_substances))}
    meph, meta = names["Mephedrone"], names["3-Methylmethcathinone"]
    assert meta in groups.not_told_apart[meph]


def test_order_of_the_records_does_not_matter() -> None:
    made = library(*(measured(99, 0.02 + n / 1000, name) for n, name in enumerate("ABCD")))
    turned = Library(made.spectra.select(np.arange(len(made))[::-1]), name="turned")
    sets = [
        {
            frozenset(groups.of_substance(member).name for member in groups.members(number))
            for number in range(len(groups))
        }
        for groups in (Groups.of(made), Groups.of(turned))
    ]
    assert sets[0] == sets[1]


def test_groups_are_stored_as_arrays_and_json_and_refuse_another_library() -> None:
    made = library(measured(99, 0.03, "A"), measured(99, 0.031, "B"))
    groups = Groups.of(made)
    described = json.loads(json.dumps(groups.describe(), allow_nan=False))
    again = Groups.stored(made, groups.arrays(), described)
    assert again.spread == groups.spread
    assert [again.of_substance(n) for n in range(26)] == [groups.of_substance(n) for n in range(26)]
    with pytest.raises(OptionError, match="anew"):
        Groups.stored(library(), groups.arrays(), described)


def test_technique_that_the_library_lacks_and_impossible_coverage_are_refused() -> None:
    with pytest.raises(OptionError, match="no MS/MS spectra"):
        Groups.of(library(), technique="MS/MS")
    with pytest.raises(OptionError, match="coverage"):
        Groups.of(library(), coverage=1.0)


def test_msms_is_compared_at_one_precursor_only() -> None:
    def fragment(name: str, precursor: float) -> Spectrum:
        return Spectrum(
            [91.05, 119.08],
            [100, 50],
            name=name,
            ionization="ESI",
            ms_level=2,
            polarity="positive",
            precursor_mz=precursor,
        )

    made = Library(Spectra.of([fragment("A", 136.1121), fragment("B", 136.1125), fragment("C", 150.1277)]), name="ms2")
    groups = Groups.of(made, technique="MS/MS")
    assert groups.pairs.tolist() == [[0, 1]]


def test_command_states_its_rule_and_lists_what_would_separate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "made.h5"
    Library.build(library(measured(99, 0.03, "A"), measured(99, 0.031, "B")).spectra, source)
    assert main(["library", "groups", str(source), "--substance", "a", "--out", str(tmp_path / "g.csv")]) == 0
    shown = capsys.readouterr().out
    assert "95% of the pairs of repeated measurements reach" in shown
    assert "retention index" in shown
    assert "A,B," in (tmp_path / "g.csv").read_text(encoding="utf-8")
    assert main(["library", "groups", str(source), "--json"]) == 0
    assert Spread(**json.loads(capsys.readouterr().out)["spread"]).substances == 24
    assert main(["library", "groups", str(source), "--substance", "nothing"]) == 2
