"""Search: exact against brute force, ties in the written order, gates, and refusals."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import naive
import numpy as np
import pytest

from nps_spectra import Library, Spectra, Spectrum, search
from nps_spectra.errors import CoverageError, NoHitsError, NoSpectraError, OptionError
from nps_spectra.searching.gates import Gates, Kind


def random_ei(generator: random.Random, name: str, inchikey: str | None = None) -> Spectrum:
    masses = sorted(generator.sample(range(40, 90), generator.randint(1, 15)))
    return Spectrum(
        [float(mass) for mass in masses],
        [float(generator.randint(1, 999)) for _ in masses],
        name=name,
        inchikey=inchikey,
        ionization="EI",
    )


def random_msms(generator: random.Random, name: str, **fields: object) -> Spectrum:
    masses = sorted(generator.sample(range(5000, 30000, 7), generator.randint(1, 12)))
    return Spectrum(
        [mass / 100 for mass in masses],
        [float(generator.randint(20, 999)) for _ in masses],
        name=name,
        **({"ionization": "ESI", "ms_level": 2, "polarity": "positive", "precursor_mz": 310.2} | fields),
    )


def library_of(spectra: Sequence[Spectrum]) -> Library:
    return Library(Spectra.of(spectra), name="test")


def peaks(spectrum: Spectrum) -> list[tuple[float, float]]:
    return list(zip(spectrum.mz.tolist(), spectrum.intensity.tolist(), strict=True))


@pytest.mark.parametrize("seed", range(5))
def test_the_first_hits_are_those_of_brute_force(seed: int) -> None:
    generator = random.Random(seed)
    library = library_of([random_ei(generator, f"substance {number}") for number in range(60)])
    query = random_ei(generator, "query")
    rows = []
    for number in range(60):
        score = naive.nist_match_factor(peaks(query), peaks(library[number]))
        if score is not None and score > 0:
            rows.append((score, number))
    expected = [number for _, number in sorted(rows, key=lambda row: -row[0])][:10]
    hits = search(query, library, method="nist_identity")
    assert [hit.library_id for hit in hits] == expected
    assert [hit.rank for hit in hits] == list(range(1, len(expected) + 1))
    for hit in hits:
        assert hit.score == pytest.approx(
            naive.nist_match_factor(peaks(query), peaks(library[hit.library_id])), rel=1e-9
        )


def test_every_spectrum_of_a_substance_is_available_best_first() -> None:
    key = "KRFJLUBVMFXRPN-UHFFFAOYSA-N"
    spectra = [
        Spectrum([58, 91], [999, 80], name="A", inchikey=key, formula="C9H9", ionization="EI"),
        Spectrum([58, 92], [999, 80], name="a", inchikey=key, formula="C9H9", ionization="EI"),
        Spectrum([58, 93], [100, 999], name="B", ionization="EI"),
    ]
    hits = search(Spectrum([58, 92], [999, 80], ionization="EI"), library_of(spectra))
    assert [(hit.name, hit.library_id) for hit in hits] == [("a", 1), ("B", 2)]
    assert [one.library_id for one in hits[0].spectra] == [1, 0]


def test_equal_scores_are_ordered_by_library_id() -> None:
    spectra = [Spectrum([58, 91], [999, 80], name=f"copy {number}", ionization="EI") for number in (3, 1, 2)]
    for method in ("nist_identity", "nist_simple", "weighted_cosine", "entropy"):
        hits = search(Spectrum([58, 91], [999, 80], ionization="EI"), library_of(spectra), method=method)
        assert [hit.library_id for hit in hits] == [0, 1, 2]


def test_equal_scores_are_ordered_by_matched_peaks_first() -> None:
    # With equal weights both cosines are exactly one half: 1 / (2 * 1) and 2 / (2 * 2).
    one = Spectrum([100.0], [1], name="one peak matched", ms_level=2)
    two = Spectrum([100.0, 200.0, 500.0, 600.0], [1, 1, 1, 1], name="two peaks matched", ms_level=2)
    query = Spectrum([100.0, 200.0, 300.0, 400.0], [1, 1, 1, 1], ms_level=2)
    hits = search(query, library_of([one, two]), method="weighted_cosine")
    assert [(hit.score, hit.matched_peaks) for hit in hits] == [(0.5, 2), (0.5, 1)]


def test_top_counts_substances_not_spectra() -> None:
    spectra = [
        Spectrum([58, 90 + number // 5], [999, 80], name=f"substance {number // 5}", ionization="EI")
        for number in range(20)
    ]
    hits = search(Spectrum([58, 91], [999, 80], ionization="EI"), library_of(spectra), top=3)
    assert len({hit.name for hit in hits}) == len(hits) == 3


def test_ei_queries_meet_only_ei_spectra() -> None:
    generator = random.Random(1)
    spectra = [random_msms(generator, "esi"), random_ei(generator, "ei")]
    query = Spectrum(spectra[0].mz, spectra[0].intensity, ionization="EI")
    result = search(query, library_of([*spectra, query.replace(name="same")]))
    assert {hit.name for hit in result} <= {"ei", "same"}


def test_a_library_of_another_technique_is_refused_with_the_reason() -> None:
    generator = random.Random(2)
    library = library_of([random_msms(generator, "esi")])
    with pytest.raises(CoverageError, match="holds no EI spectra"):
        search(random_ei(generator, "query"), library)


def test_polarity_known_on_both_sides_must_agree() -> None:
    generator = random.Random(3)
    positive = random_msms(generator, "positive")
    library = library_of(
        [
            positive,
            positive.replace(name="negative", polarity="negative"),
            positive.replace(name="silent", polarity=None),
        ]
    )
    hits = search(positive, library, method="entropy")
    assert sorted(str(hit.name) for hit in hits) == ["positive", "silent"]


def test_ions_made_at_atmospheric_pressure_share_their_rows() -> None:
    generator = random.Random(4)
    made = ["ESI", "APCI", "DART", "FAB", None, "esi", "EI"]
    gates = Gates(library_of([random_msms(generator, str(name), ionization=name) for name in made]))
    rows = {
        name: gates.allowed(Kind("MS/MS", name, "positive", 2.0, profile=False))
        for name in ("ESI", "appi", "FAB", "atmospheric pressure", None)
    }
    found = {name: allowed.rows.tolist() for name, allowed in rows.items()}
    assert found == {
        "ESI": [0, 1, 2, 4, 5],
        "appi": [0, 1, 2, 4, 5],
        "FAB": [3, 4],
        "atmospheric pressure": [4],  # no name of an ionisation that is known: only what names none
        None: [0, 1, 2, 3, 4, 5],
    }
    assert rows["ESI"] is rows["appi"]


def test_ms_levels_known_on_both_sides_must_agree() -> None:
    generator = random.Random(4)
    second = random_msms(generator, "MS2")
    library = library_of([second, second.replace(name="MS3", ms_level=3)])
    assert [hit.name for hit in search(second, library)] == ["MS2"]


def test_precursor_tolerance_keeps_what_is_inside_the_window_only() -> None:
    generator = random.Random(5)
    query = random_msms(generator, "query", precursor_mz=300.0)
    library = library_of(
        [
            query.replace(name="4 ppm", precursor_mz=300.0012),
            query.replace(name="40 ppm", precursor_mz=300.012),
            query.replace(name="unknown", precursor_mz=None),
        ]
    )
    hits = search(query, library, precursor_tolerance="20 ppm")
    assert [hit.name for hit in hits] == ["4 ppm"]
    assert hits[0].mass_difference == pytest.approx(-0.0012, abs=1e-9)


def test_a_query_without_precursor_is_told_why_it_has_no_hits() -> None:
    generator = random.Random(6)
    spectrum = random_msms(generator, "known")
    result = search(
        [spectrum, spectrum.replace(precursor_mz=None)], library_of([spectrum]), precursor_tolerance="20 ppm"
    )
    assert result.queries[0].hits
    assert result.queries[1].reason == "the query has no precursor m/z, which the search asks for"


def test_retention_index_that_is_not_known_is_no_disagreement() -> None:
    base = Spectrum([58, 91], [999, 80], ionization="EI", retention_index=1500)
    library = library_of(
        [
            base.replace(name="near", retention_index=1510),
            base.replace(name="far", retention_index=1700),
            base.replace(name="unknown", retention_index=None),
        ]
    )
    hits = search(base, library, retention_index_tolerance=20)
    assert [hit.name for hit in hits] == ["near", "unknown"]


def test_left_out_spectra_are_not_compared() -> None:
    generator = random.Random(7)
    spectra = [random_ei(generator, f"substance {number}") for number in range(5)]
    hits = search(spectra, library_of(spectra), leave_out=[0, np.array([1, 2]), None, 3, 4])
    ids = [{hit.library_id for hit in query.hits} for query in hits.queries]
    assert 0 not in ids[0]
    assert not {1, 2} & ids[1]
    assert hits.queries[2].hits[0].library_id == 2


def test_hits_explain_themselves() -> None:
    library = library_of([Spectrum([50, 60, 70], [10, 100, 40], name="reference", ionization="EI")])
    query = Spectrum([50, 60, 80], [20, 100, 80], ionization="EI")
    (hit,) = search(query, library, method="weighted_cosine")
    # Worked by hand: 120 of 200 of the query and 110 of 150 of the reference are in matched peaks.
    assert hit.query_explained == pytest.approx(0.6)
    assert hit.library_explained == pytest.approx(110 / 150)
    assert hit.base_peak_agrees
    assert (hit.unexplained_mz, hit.unexplained_intensity) == (80.0, pytest.approx(0.8))
    assert hit.matched_peaks == 2
    assert hit.reverse_score > hit.score


def test_a_mixture_has_a_reverse_score_far_above_its_score() -> None:
    pure = Spectrum([58, 91, 119], [999, 80, 60], name="pure", ionization="EI")
    mixed = Spectrum([58, 82, 91, 119, 182, 303], [999, 800, 80, 60, 900, 300], ionization="EI")
    (hit,) = search(mixed, library_of([pure]))
    assert hit.reverse_score - hit.score > 200


def test_no_peak_in_common_with_anything_is_an_error_and_not_an_empty_result() -> None:
    library = library_of([Spectrum([50], [10], name="A", ionization="EI")])
    with pytest.raises(NoHitsError, match="no peak in common"):
        search(Spectrum([60], [10], ionization="EI"), library)


def test_one_query_without_hits_does_not_end_the_others() -> None:
    library = library_of([Spectrum([50], [10], name="A", ionization="EI")])
    hits = search([Spectrum([60], [10], ionization="EI"), Spectrum([50], [10], ionization="EI")], library)
    assert [len(query.hits) for query in hits.queries] == [0, 1]
    assert "no peak in common" in str(hits.queries[0].reason)


def test_no_query_is_an_error() -> None:
    with pytest.raises(NoSpectraError, match="no query"):
        search([], library_of([Spectrum([50], [10])]))


@pytest.mark.parametrize(
    "options",
    [
        {"method": "best"},
        {"top": 0},
        {"top": 2.5},
        {"tolerance": "0.01"},
        {"tolerance": 0.01},
        {"precursor_tolerance": "20"},
        {"retention_index_tolerance": -1.0},
        {"retention_index_tolerance": math.nan},
        {"method": "entropy", "mz_exponent": 1.0},
        {"method": "nist_identity", "colour": "red"},
        {"colour": "red"},
        {"leave_out": [0, 1]},
    ],
)
def test_wrong_options_are_refused(options: dict[str, object]) -> None:
    library = library_of([Spectrum([50], [10], ionization="EI")])
    with pytest.raises(OptionError):
        search(Spectrum([50], [10], ionization="EI"), library, **options)  # type: ignore[arg-type]


def test_an_option_of_one_method_goes_to_the_technique_that_has_it() -> None:
    generator = random.Random(8)
    spectrum = random_msms(generator, "A")
    hits = search(spectrum, library_of([spectrum]), weighted=False)
    assert hits.options["resolved"][0]["weighted"] is False


def test_the_search_leaves_queries_and_library_as_they_were() -> None:
    generator = random.Random(9)
    spectra = Spectra.of([random_ei(generator, f"substance {number}") for number in range(5)])
    before = spectra.digests()
    search(spectra, Library(spectra, name="itself"))
    assert spectra.digests() == before


def test_spectra_without_ionisation_are_ei_only_if_all_masses_are_whole() -> None:
    library = library_of(
        [Spectrum([50.0, 60.0], [9, 10], name="whole"), Spectrum([50.01, 60.02], [9, 10], name="accurate")]
    )
    hits = search([Spectrum([50.0, 60.0], [9, 10]), Spectrum([50.01, 60.02], [9, 10])], library)
    assert [[hit.name for hit in query.hits] for query in hits.queries] == [["whole"], ["accurate"]]
    assert [query.method for query in hits.queries] == ["nist_identity", "entropy"]


def test_the_ionisation_of_queries_that_name_none_can_be_told() -> None:
    library = library_of([Spectrum([58, 91], [999, 80], name="A", ionization="EI")])
    query = Spectrum([58.1, 91.2], [999, 80])
    with pytest.raises(CoverageError, match="name the ionisation"):
        search(query, library)
    hits = search(query, library, ionization="EI")
    assert [hit.name for hit in hits] == ["A"]
    assert hits[0].score == 999.5
    assert hits.options["ionization_assumed"] == "EI"


def test_a_match_factor_is_asked_of_ei_spectra() -> None:
    library = library_of([Spectrum([58, 91], [999, 80], name="A", ionization="EI")])
    assert [hit.name for hit in search(Spectrum([58.1, 91.2], [999, 80]), library, method="nist_simple")] == ["A"]
    named = Spectrum([58.1, 91.2], [999, 80], ionization="ESI")
    with pytest.raises(CoverageError):
        search(named, library, method="nist_simple", ionization="EI")
