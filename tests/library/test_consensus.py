"""Consensus spectra: numbers worked by hand, no replicate used that is none, and no spread that is too small."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nps_spectra import Library, Spectra, Spectrum, similarity
from nps_spectra.errors import LibraryDamagedError, OptionError
from nps_spectra.library.alignment import aligned
from nps_spectra.library.consensus import ConsensusOptions, consensus
from nps_spectra.library.exporting import export
from nps_spectra.library.merging import merge
from nps_spectra.library.replicates import replicates_of
from nps_spectra.library.selection import select
from nps_spectra.options import Tolerance

FENTANYL = "PJMPHNIQZUBGLI-UHFFFAOYSA-N"
EPHEDRINE, PSEUDOEPHEDRINE = "KWGRBVOPPLSCSI-WPRPVWTQSA-N", "KWGRBVOPPLSCSI-WCBMZHEXSA-N"


def ei(mz: list[float], intensity: list[float], **fields: object) -> Spectrum:
    return Spectrum(mz, intensity, **({"name": "A", "ionization": "EI"} | fields))


def msms(mz: list[float], intensity: list[float], **fields: object) -> Spectrum:
    known = {"name": "A", "ionization": "ESI", "precursor_mz": 337.2274, "ms_level": 2, "collision_energy_ev": 20.0}
    return Spectrum(mz, intensity, **(known | fields))


def library(*spectra: Spectrum) -> Library:
    return Library(Spectra.of(spectra), name="lab")


#: Scaled to 999: m/z 91 is 99.9, 199.8, 149.85; m/z 119 is in two of three, 49.95 and 29.97; m/z 77 is in one.
THREE = [
    ei([58, 91, 119], [1000, 100, 50], accession="A1"),
    ei([58, 91, 119], [500, 100, 15], accession="A2"),
    ei([58, 77, 91], [2000, 20, 300], accession="A3"),
]


def test_median_and_spread_worked_by_hand(tmp_path: Path) -> None:
    made = consensus(library(*THREE), tmp_path / "a.h5")
    (spectrum,) = made.library
    assert spectrum.mz.tolist() == [58, 91, 119]  # m/z 77 is in one of three, less than half
    assert spectrum.intensity.tolist() == pytest.approx([999, 149.85, 39.96], rel=1e-6)
    spread = made.library.spread(0)
    assert spread is not None
    assert (spread.replicates, spread.present.tolist()) == (3, [3, 3, 2])
    # 99.9, 199.8, 149.85: mean 149.85, deviations -49.95, 49.95, 0, so s = 49.95 and s / mean = 1 / 3.
    # 49.95, 29.97: mean 39.96, deviations 9.99 each, so s = 9.99 * sqrt(2) and s / mean = sqrt(2) / 4.
    assert spread.intensity_rsd.tolist() == pytest.approx([0, 1 / 3, math.sqrt(2) / 4])
    assert spread.mz_sd.tolist() == [0, 0, 0]
    assert (made.made, made.replicates, made.unused, made.others) == (1, 3, [], Counter())
    whole = made.library.events[0]
    assert [whole.arguments[name] for name in ("records_in", "records_out", "replicates", "min_share")] == [
        3,
        1,
        3,
        0.5,
    ]


def test_the_mean_where_it_is_asked_for(tmp_path: Path) -> None:
    spectra = [ei([58, 91], [999, height]) for height in (100, 110, 150)]
    made = consensus(library(*spectra), tmp_path / "a.h5", ConsensusOptions(statistic="mean"))
    assert made.library[0].intensity.tolist() == pytest.approx([999, 120])
    made = consensus(library(*spectra), tmp_path / "a.h5", ConsensusOptions(statistic="median"))
    assert made.library[0].intensity.tolist() == pytest.approx([999, 110])


@pytest.mark.parametrize(
    ("share", "kept"), [(0.1, [58, 77, 91, 119]), (0.5, [58, 91, 119]), (2 / 3, [58, 91, 119]), (1, [58, 91])]
)
def test_a_peak_is_kept_from_the_share_of_replicates_on(tmp_path: Path, share: float, kept: list[float]) -> None:
    made = consensus(library(*THREE), tmp_path / "a.h5", ConsensusOptions(min_share=share))
    assert made.library[0].mz.tolist() == kept


def test_a_peak_of_one_replicate_has_no_spread_and_not_a_spread_of_zero(tmp_path: Path) -> None:
    made = consensus(library(*THREE), tmp_path / "a.h5", ConsensusOptions(min_share=0.1))
    spread = made.library.spread(0)
    assert spread is not None
    assert spread.present.tolist() == [3, 1, 3, 2]
    assert math.isnan(spread.intensity_rsd[1])
    assert math.isnan(spread.mz_sd[1])


def test_accurate_peaks_are_aligned_within_the_tolerance_and_their_spread_is_kept(tmp_path: Path) -> None:
    """m/z 188.140, 188.142, 188.147: median 188.142; mean 188.143, deviations -3, -1, 4 mDa, s = sqrt(13) mDa."""
    spectra = [msms([105.07, mz], [40 + mz / 1000, 100]) for mz in (188.140, 188.142, 188.147)]
    made = consensus(library(*spectra), tmp_path / "a.h5")
    assert made.library[0].mz.tolist() == pytest.approx([105.07, 188.142], abs=1e-12)
    spread = made.library.spread(0)
    assert spread is not None
    assert spread.mz_sd.tolist() == pytest.approx([0, math.sqrt(13) * 1e-3], abs=1e-9)
    assert made.library[0].precursor_mz == 337.2274


def test_a_peak_joins_the_nearest_one_and_only_one_of_a_spectrum() -> None:
    one = (np.array([100.000, 100.012]), np.array([999.0, 500.0]))
    other = (np.array([100.004, 100.009]), np.array([400.0, 800.0]))
    mz, _ = aligned([one, other], Tolerance(0.01))
    assert mz.tolist() == [[100.000, 100.004], [100.012, 100.009]]


def test_of_two_peaks_within_the_tolerance_the_nearer_one_joins() -> None:
    one, other = (np.array([100.000]), np.array([999.0])), (np.array([99.993, 100.004]), np.array([400.0, 300.0]))
    mz, _ = aligned([one, other], Tolerance(0.01))
    np.testing.assert_array_equal(mz, [[np.nan, 99.993], [100.000, 100.004]])


def test_peaks_out_of_the_tolerance_stay_apart() -> None:
    mz, intensity = aligned(
        [(np.array([100.0]), np.array([9.0])), (np.array([100.02]), np.array([8.0]))], Tolerance(0.01)
    )
    np.testing.assert_array_equal(mz, [[100.0, np.nan], [np.nan, 100.02]])
    np.testing.assert_array_equal(intensity, [[9.0, np.nan], [np.nan, 8.0]])


# ---- which records are replicates

BASE = msms([105.07, 188.14], [40, 100], polarity="positive", adduct="[M+H]+", instrument_type="LC-ESI-QTOF")


@pytest.mark.parametrize(
    "other",
    [
        {"name": "B"},
        {"ionization": "APCI"},
        {"polarity": "negative"},
        {"ms_level": 3},
        {"instrument_type": "LC-ESI-QQ"},
        {"adduct": "[M+Na]+"},
        {"collision_energy_ev": 40.0},
        {"precursor_mz": 337.26},
        {"precursor_mz": None},
    ],
)
def test_another_way_of_measuring_is_no_replicate(other: dict[str, object]) -> None:
    groups, _ = replicates_of(library(BASE, BASE.replace(**other)), Tolerance(0.01))
    assert groups == []


@pytest.mark.parametrize(
    "other", [{"instrument_type": "ESI-QTOF"}, {"collision_energy_ev": 20.2}, {"precursor_mz": 337.23}, {"name": "a"}]
)
def test_the_same_measurement_written_otherwise_is_a_replicate(other: dict[str, object]) -> None:
    groups, _ = replicates_of(library(BASE, BASE.replace(**other)), Tolerance(0.01))
    assert [sorted(group.rows) for group in groups] == [[0, 1]]


def test_stereoisomers_are_not_made_one(tmp_path: Path) -> None:
    """Their EI spectra are alike, but one name for both would be wrong for one."""
    pair = [
        ei([58, 77], [999, h], name=n, inchikey=k)
        for h, n, k in ((30, "Ephedrine", EPHEDRINE), (31, "Pseudoephedrine", PSEUDOEPHEDRINE))
    ]
    made = consensus(library(*pair), tmp_path / "a.h5")
    assert (made.made, made.others) == (0, Counter({"no other measurement": 2}))
    assert {spectrum.name for spectrum in made.library} == {"Ephedrine", "Pseudoephedrine"}


def test_a_record_without_structure_has_that_of_its_name_if_there_is_one_only() -> None:
    known = ei([58], [1], name="Ephedrine", inchikey=EPHEDRINE)
    unknown = ei([58, 77], [9, 1], name="ephedrine")
    other = ei([58], [1], name="Ephedrine", inchikey=PSEUDOEPHEDRINE)
    groups, _ = replicates_of(library(known, unknown), Tolerance(0.01))
    assert [sorted(group.rows) for group in groups] == [[0, 1]]
    assert replicates_of(library(known, unknown, other), Tolerance(0.01))[0] == []
    assert replicates_of(library(known, ei([58, 77], [9, 1], name="Pseudoephedrine")), Tolerance(0.01))[0] == []


def test_where_the_structure_leaves_it_open_the_consensus_bears_all_names(tmp_path: Path) -> None:
    pair = [
        ei([58, 77], [999, h], name=n, inchikey=FENTANYL) for h, n in ((30, "N-Methyl-A"), (31, "N-Methyl-pseudo-A"))
    ]
    made = consensus(library(*pair), tmp_path / "a.h5")
    assert made.library[0].name == "N-Methyl-A / N-Methyl-pseudo-A"
    assert made.library[0].synonyms == ("N-Methyl-A", "N-Methyl-pseudo-A")
    (event,) = (event for event in made.library.events if event.field == "name")
    assert (event.before, event.record) == (("N-Methyl-A", "N-Methyl-pseudo-A"), made.library[0].digest[:16])


def test_without_collision_energy_there_is_no_replicate(tmp_path: Path) -> None:
    pair = [BASE.replace(collision_energy_ev=None), BASE.replace(collision_energy_ev=None, comment="x")]
    made = consensus(library(*pair), tmp_path / "a.h5")
    assert (made.made, len(made.library)) == (0, 2)
    assert made.others == Counter({"not EI, and no collision energy": 2})


def test_a_copy_of_a_measurement_is_no_replicate(tmp_path: Path) -> None:
    """Two copies would halve the spread: 999:100 and 999:300 have 200 +- 141.4, whatever the number of copies."""
    spectra = [ei([58, 91], [999, 100]), ei([58, 91], [999, 300]), ei([58, 91], [499.5, 50], comment="half as high")]
    made = consensus(library(*spectra), tmp_path / "a.h5")
    spread = made.library.spread(0)
    assert spread is not None
    assert (spread.replicates, made.replicates, len(made.library)) == (2, 2, 1)
    assert spread.intensity_rsd[1] == pytest.approx(math.sqrt(2) / 2)
    assert [one.reason for one in made.unused] == ["copy"]


def test_copies_alone_stay_as_they_are(tmp_path: Path) -> None:
    made = consensus(library(ei([58, 91], [999, 100]), ei([58, 91], [999, 100], comment="x")), tmp_path / "a.h5")
    assert (made.made, len(made.library)) == (0, 2)
    assert made.others == Counter({"fewer independent measurements than asked for": 2})


# ---- what is too different

ODD = ei([44, 58, 150], [999, 50, 700], accession="ODD")


def test_an_outlier_is_named_with_its_similarity_and_stays_as_it_is(tmp_path: Path) -> None:
    made = consensus(library(*THREE, ODD), tmp_path / "a.h5")
    (one,) = made.unused
    assert (one.record, one.reason) == ("ODD", "outlier")
    # To the most typical of the three; a match factor is the mean of both directions, of 999.
    factors = [
        (similarity(ODD, other, "nist_identity") + similarity(other, ODD, "nist_identity")) / 2 / 999 for other in THREE
    ]
    assert min(abs(one.similarity - factor) for factor in factors) < 1e-12
    assert [spectrum.accession for spectrum in made.library] == [None, "ODD"]
    assert made.library[0] == consensus(library(*THREE), tmp_path / "b.h5").library[0]
    (event,) = (event for event in made.library.events if event.record == "ODD")
    assert (
        event.why == f"not used for consensus {made.library[0].digest[:16]}: outlier, similarity {one.similarity:.3f}"
    )


def test_two_that_differ_have_no_consensus(tmp_path: Path) -> None:
    made = consensus(library(THREE[0], ODD), tmp_path / "a.h5")
    (one,) = made.disagreements
    assert set(one.records) == {"A1", "ODD"}
    assert one.similarity < 0.7
    assert {spectrum.accession for spectrum in made.library} == {"A1", "ODD"}
    assert made.library.spread(0) is None


def test_half_against_half_has_no_consensus(tmp_path: Path) -> None:
    other_odd = ei([44, 58, 150], [999, 40, 690], accession="ODD2")
    made = consensus(library(*THREE[:2], ODD, other_odd), tmp_path / "a.h5")
    assert (made.made, len(made.disagreements), len(made.library)) == (0, 1, 4)


# ---- fields


def test_fields_that_agree_stay_and_others_are_missing_and_logged(tmp_path: Path) -> None:
    spectra = [
        one.replace(retention_index=index, instrument="GC 1", contributor=lab, cas=cas)
        for one, index, lab, cas in zip(
            THREE, (1500, 1510, None), ("b", "a", "a"), ("58-08-2", None, "58-08-2"), strict=True
        )
    ]
    made = consensus(library(*spectra), tmp_path / "a.h5")
    spectrum = made.library[0]
    assert (spectrum.instrument, spectrum.cas, spectrum.contributor) == ("GC 1", "58-08-2", "a; b")
    assert (spectrum.retention_index, spectrum.accession, spectrum.source) == (None, None, None)
    assert spectrum.comment == "consensus of 3 spectra: median of peaks in at least 50 % of them, nominal m/z"
    (event,) = (event for event in made.library.events if event.field == "retention_index")
    assert (event.before, event.after) == (("1500.0", "1510.0"), None)


def test_the_digests_of_the_replicates_are_the_original_of_a_consensus(tmp_path: Path) -> None:
    made = consensus(library(*THREE), tmp_path / "a.h5")
    assert made.library[0].original == {"consensus of sha256": tuple(sorted(one.digest for one in THREE))}
    logged = {event.digest for event in made.library.events if event.record is not None and event.field is None}
    assert logged == {one.digest for one in THREE}


@pytest.mark.parametrize(
    ("licences", "licence"),
    [
        (("CC0", "CC0", "CC0"), "CC0"),
        (("CC BY-NC", "CC0", "CC0"), "CC BY-NC AND CC0"),
        (("CC0", "CC0", None), None),
    ],
)
def test_a_consensus_has_the_licences_of_all_or_none(
    tmp_path: Path, licences: tuple[str | None, ...], licence: str | None
) -> None:
    spectra = [one.replace(licence=own) for one, own in zip(THREE, licences, strict=True)]
    assert consensus(library(*spectra), tmp_path / "a.h5").library[0].licence == licence


def test_a_consensus_of_what_may_not_be_changed_is_not_given_away(tmp_path: Path) -> None:
    spectra = [one.replace(licence="CC BY-ND") for one in THREE]
    alone = ei([44, 77], [999, 40], name="B", licence="CC BY-ND")
    found = export(consensus(library(*spectra, alone), tmp_path / "a.h5").library, tmp_path / "a.msp")
    assert (found.written.records_out, found.left_out) == (1, Counter({"CC BY-ND (changed since)": 1}))


# ---- the library

OPTIONS = st.builds(
    ConsensusOptions, min_share=st.sampled_from([0.3, 0.5, 1.0]), statistic=st.sampled_from(["median", "mean"])
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations([*THREE, ODD, ODD.replace(name="B")]), OPTIONS)
def test_the_digest_does_not_depend_on_the_order(
    tmp_path: Path, order: list[Spectrum], options: ConsensusOptions
) -> None:
    made = consensus(library(*order), tmp_path / "a.h5", options).library
    expected = consensus(library(*THREE, ODD, ODD.replace(name="B")), tmp_path / "b.h5", options).library
    assert made.digest == expected.digest


@given(st.lists(st.tuples(st.floats(50, 60), st.floats(1, 999)), min_size=1, max_size=12), st.integers(1, 3))
def test_alignment_keeps_every_peak_once(peaks: list[tuple[float, float]], count: int) -> None:
    spectra = []
    for number in range(count):
        own = sorted(peaks[number::count]) or [(55.0, 1.0)]
        spectra.append((np.array([mz for mz, _ in own]), np.array([height for _, height in own])))
    mz, intensity = aligned(spectra, Tolerance(0.5))
    for number, (own_mz, own_intensity) in enumerate(spectra):
        there = ~np.isnan(mz[:, number])
        assert sorted(mz[there, number]) == own_mz.tolist()
        assert sorted(intensity[there, number]) == sorted(own_intensity.tolist())
    assert np.all(np.nanmax(mz, axis=1) - np.nanmin(mz, axis=1) <= 2 * 0.5 + 1e-6)


def test_the_spread_follows_its_spectrum_through_every_other_step(tmp_path: Path) -> None:
    two = [*THREE, *(one.replace(name="B", accession=None) for one in THREE[:2])]
    made = consensus(library(ei([44], [1], name="C"), *two), tmp_path / "a.h5").library
    assert [made.spread(row) is None for row in range(3)] == [False, False, True]
    chosen = select(made, tmp_path / "b.h5", where="name in (B, C)").library
    merged = merge([library(ODD), chosen], tmp_path / "c.h5").library
    merged.check()
    rows = {spectrum.name: row for row, spectrum in enumerate(merged)}
    spread = merged.spread(rows["B"])
    assert spread is not None
    assert spread.replicates == 2
    assert [merged.spread(rows[name]) for name in ("A", "C")] == [None, None]


def test_a_consensus_is_no_replicate(tmp_path: Path) -> None:
    made = consensus(library(*THREE), tmp_path / "a.h5").library
    more = merge([made, library(THREE[0])], tmp_path / "b.h5").library
    again = consensus(more, tmp_path / "c.h5")
    assert (again.made, again.library.digest) == (0, more.digest)


def test_what_is_in_no_consensus_can_be_left_out(tmp_path: Path) -> None:
    spectra = library(*THREE, ei([44], [1], name="C"))
    assert len(consensus(spectra, tmp_path / "a.h5").library) == 2
    assert len(consensus(spectra, tmp_path / "a.h5", ConsensusOptions(keep_others=False)).library) == 1
    with pytest.raises(OptionError, match="no replicates that agree"):
        consensus(library(THREE[0]), tmp_path / "a.h5", ConsensusOptions(keep_others=False))


def test_a_damaged_spread_is_found(tmp_path: Path) -> None:
    made = consensus(library(*THREE), tmp_path / "a.h5").library
    spread = made.spread(0)
    assert spread is not None
    content = bytearray((tmp_path / "a.h5").read_bytes())
    at = content.find(spread.intensity_rsd.tobytes())
    assert at > 0
    content[at + 8] ^= 1
    (tmp_path / "a.h5").write_bytes(content)
    with pytest.raises(LibraryDamagedError, match="spread/intensity_rsd"):
        Library.open(tmp_path / "a.h5").check_quickly()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"min_share": 0}, "min_share"),
        ({"min_share": 1.1}, "min_share"),
        ({"min_similarity": -0.1}, "min_similarity"),
        ({"min_replicates": 1}, "min_replicates"),
        ({"statistic": "mode"}, "statistic"),
        ({"tolerance": "wide"}, "tolerance"),
    ],
)
def test_options_out_of_range_are_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        ConsensusOptions(**options)  # type: ignore[arg-type]


# ---- measured spectra


def test_replicates_of_swgdrug(tmp_path: Path, data_folder: Path) -> None:
    whole = Library.build(data_folder / "swgdrug_ei" / "swgdrug_3.4.msp", tmp_path / "whole.h5")
    made = consensus(whole, tmp_path / "a.h5")
    copies = sum(one.reason == "copy" for one in made.unused)
    assert len(made.library) == len(whole) - made.replicates - copies + made.made
    assert made.made > 20
    by_digest = {spectrum.digest: spectrum for spectrum in whole}
    for row in range(made.made):
        spectrum, spread = made.library[row], made.library.spread(row)
        assert spread is not None
        used = [by_digest[digest] for digest in spectrum.original["consensus of sha256"]]
        assert spread.replicates == len(used)
        assert all(similarity(spectrum, one, "nist_identity") > 600 for one in used)
