"""From profile to centroid: where peaks are, what they weigh, and that nobody searches profiles unawares."""

from __future__ import annotations

import os
from pathlib import Path

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from run_files import Scan, mzml

from nps_spectra import Library, Spectra, Spectrum, read_spectra, search
from nps_spectra.centroiding import CENTROIDED, METHOD, centroided, centroids
from nps_spectra.errors import CoverageError, SpectrumError


def gauss(mz: np.ndarray, centre: float, height: float, fwhm: float) -> np.ndarray:
    return height * np.exp(-4 * np.log(2) * ((mz - centre) / fwhm) ** 2)


GRID = np.arange(57.0, 60.0, 0.01)


@pytest.mark.parametrize("centre", [58.0, 58.003, 58.0051, 58.0099])
def test_a_symmetric_peak_is_found_at_its_centre(centre: float) -> None:
    mz, intensity = centroids(GRID, gauss(GRID, centre, 1000, 0.1))
    assert mz.tolist() == pytest.approx([centre], abs=1e-4)
    assert intensity.tolist() == pytest.approx([1000], rel=0.01)


@pytest.mark.parametrize("shift", np.linspace(0, 1, 11))
def test_a_peak_of_an_orbitrap_with_few_points_is_found_within_1_percent_of_its_width(shift: float) -> None:
    """3.5 points in the full width at half maximum: 0.1 mDa of 11 mDa, or 0.6 ppm at m/z 200 and R 17,500."""
    grid = np.arange(40.0)
    mz, _ = centroids(200 + 0.0033 * grid, gauss(grid, 20 + shift, 1000, 3.5))
    assert (mz[0] - 200) / 0.0033 - (20 + shift) == pytest.approx(0, abs=0.035)


def test_a_baseline_does_not_draw_a_peak_aside() -> None:
    mz, intensity = centroids(GRID, gauss(GRID, 58.0, 1000, 0.1) + 20 * (GRID < 58.5))
    at = int(np.argmax(intensity))
    assert mz[at] == pytest.approx(58.0, abs=1e-6)


@pytest.mark.parametrize(("distance", "expected"), [(0.1, 1), (0.15, 2), (0.3, 2)])
def test_peaks_are_told_apart_if_the_valley_is_below_half(distance: float, expected: int) -> None:
    profile = gauss(GRID, 58.0, 1000, 0.1) + gauss(GRID, 58.0 + distance, 1000, 0.1)
    mz, _ = centroids(GRID, profile)
    assert len(mz) == expected


def test_points_left_out_between_peaks_end_them() -> None:
    """Steep flanks with the zeros between them removed: without a sense of gaps the four high points were one peak."""
    mz, _ = centroids([58.00, 58.01, 58.02, 58.30, 58.31, 58.32], [60, 100, 70, 80, 120, 75])
    assert len(mz) == 2


def test_steps_written_with_few_digits_are_no_gaps() -> None:
    mz, _ = centroids([58.00, 58.01, 58.03, 58.04, 58.06], [2, 6, 9, 8, 3])
    assert len(mz) == 1


def test_far_points_are_never_one_peak() -> None:
    assert centroids([58.0, 91.0], [5, 4])[0].tolist() == [58.0, 91.0]


HEIGHTS = st.lists(st.integers(0, 12), min_size=1, max_size=60)


@given(HEIGHTS)
def test_peaks_are_those_of_the_plain_definition(heights: list[int]) -> None:
    mz = [100 + 0.125 * at for at in range(len(heights))]
    found_mz, found_intensity = centroids(mz, heights)
    expected = naive.half_height_peaks(zip(mz, map(float, heights), strict=True))
    assert found_intensity.tolist() == [height for _, height in expected]
    assert found_mz.tolist() == pytest.approx([one for one, _ in expected], abs=1e-9)


@given(HEIGHTS, st.floats(1e-3, 1e6))
def test_the_scale_of_intensities_changes_no_mz(heights: list[int], factor: float) -> None:
    mz = [100 + 0.125 * at for at in range(len(heights))]
    once, scaled = (
        centroids(mz, np.array(heights) * 8.0),
        centroids(mz, np.array(heights) * 8.0 * 2.0 ** round(factor % 9)),
    )
    assert once[0].tolist() == scaled[0].tolist()


@settings(deadline=None)
@given(HEIGHTS)
def test_a_mirrored_profile_has_mirrored_peaks(heights: list[int]) -> None:
    mz = np.array([100 + 0.125 * at for at in range(len(heights))])
    plain, mirrored = centroids(mz, heights), centroids(mz, heights[::-1])
    assert (mz[0] + mz[-1] - mirrored[0][::-1]).tolist() == pytest.approx(plain[0].tolist(), abs=1e-9)
    assert mirrored[1][::-1].tolist() == plain[1].tolist()


#: Interpreted, the kernel is a hundred times slower.
MANY = 10_000 if os.environ.get("NUMBA_DISABLE_JIT") == "1" else 400_000


@pytest.mark.parametrize("shape", [np.linspace(0.5, 1, MANY), np.tile([0.8, 1.0], MANY // 2)])
def test_long_hills_and_long_ripples_take_no_long_time(shape: np.ndarray) -> None:
    """The plain definition needs the square of the number of points: 1e11 steps here."""
    mz = 100 + 1e-3 * np.arange(len(shape))
    assert len(centroids(mz, shape)[0]) == len(centroids(mz, shape[::-1])[0]) == 1


@pytest.mark.parametrize(
    ("mz", "intensity", "reason"),
    [([58.0], [1.0, 2.0], "equal lengths"), ([np.nan], [1.0], "m/z is nan"), ([58.0], [-1.0], "intensity is -1.0")],
)
def test_what_is_no_spectrum_is_refused(mz: list[float], intensity: list[float], reason: str) -> None:
    with pytest.raises(SpectrumError, match=reason):
        centroids(mz, intensity)


def test_a_centroid_spectrum_is_not_centroided_again() -> None:
    once = centroided(Spectrum([58.0, 58.1, 58.2], [4, 8, 4], representation="profile"))
    assert once.original[CENTROIDED] == (METHOD,)
    with pytest.raises(SpectrumError, match="already"):
        centroided(once)


PROFILE = Scan(tuple(zip(GRID.tolist(), np.floor(gauss(GRID, 58.0, 1000, 0.1)).tolist(), strict=True)), profile=True)


def test_profile_scans_are_centroided_on_reading_if_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.mzML"
    path.write_bytes(mzml([PROFILE, Scan()]))
    as_it_is, wanted = read_spectra(path), read_spectra(path, centroid=True)
    assert as_it_is.texts("representation").to_list() == ["profile", "centroid"]
    assert wanted.texts("representation").to_list() == ["centroid", "centroid"]
    assert wanted[0].mz.tolist() == pytest.approx([58.0], abs=1e-3)
    assert wanted[1].digest == as_it_is[1].digest
    assert wanted.report.notes["profile spectrum: centroided"] == 1
    assert wanted[0].original[CENTROIDED] == (METHOD,)


def test_search_refuses_a_profile_query_and_says_what_to_do() -> None:
    library = Library(Spectra.of([Spectrum([58, 91], [99, 8], name="A")]), name="one")
    profile = Spectrum([57.9, 58.0, 58.1], [1, 9, 1], representation="profile", ionization="EI")
    with pytest.raises(CoverageError, match=r"profile spectrum.*centroid=True"):
        search(profile, library)
    hits = search([profile, Spectrum([58, 91], [9, 1], ionization="EI")], library)
    assert [len(query.hits) for query in hits.queries] == [0, 1]
