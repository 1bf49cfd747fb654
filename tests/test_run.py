"""The run of one injection: chromatograms, scans by number and time, means less a background."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nps_spectra import Library, Run, Spectra, Spectrum, search
from nps_spectra.errors import OptionError


def scan(number: int | None, seconds: float | None, peaks: dict[float, float], **fields: object) -> Spectrum:
    accession = None if number is None else f"controllerType=0 scan={number}"
    return Spectrum(list(peaks), list(peaks.values()), retention_time_s=seconds, accession=accession, **fields)


def run_of(*scans: Spectrum) -> Run:
    return Run(Spectra.of(scans), "a.mzML", {})


PEAK = run_of(
    scan(11, 60.0, {207.0: 4}, ms_level=1),
    scan(12, 61.0, {58.0: 90, 207.0: 4}, ms_level=1),
    scan(13, 61.5, {58.0: 40}, ms_level=2, precursor_mz=178.1),
    scan(14, 62.0, {58.02: 30, 91.0: 6, 207.0: 4}, ms_level=1),
    scan(15, 63.0, {}, ms_level=1),
)


def test_chromatograms_of_all_ions_and_of_one() -> None:
    assert PEAK.total_ion_current.tolist() == PEAK.chromatogram().tolist() == [4, 94, 40, 40, 0]
    assert PEAK.chromatogram(58.0, "0.01 Da").tolist() == [0, 90, 40, 0, 0]
    assert PEAK.chromatogram(58.0, "0.5 Da").tolist() == [0, 90, 40, 30, 0]
    assert PEAK.at_level(1).chromatogram(58.0, "400 ppm").tolist() == [0, 90, 30, 0]


@pytest.mark.parametrize(
    ("mz", "tolerance"), [(58.0, None), (None, "0.5 Da"), (-1.0, "0.5 Da"), (float("nan"), "1 Da")]
)
def test_an_ion_chromatogram_needs_mz_and_width(mz: float | None, tolerance: str | None) -> None:
    with pytest.raises(OptionError, match="expected both"):
        PEAK.chromatogram(mz, tolerance)


@given(st.lists(st.dictionaries(st.integers(50, 60), st.integers(1, 9), max_size=5), min_size=1, max_size=8))
def test_ion_chromatograms_of_disjoint_windows_add_up_to_the_total(scans: list[dict[int, int]]) -> None:
    run = run_of(
        *(scan(None, float(at), {float(mz): float(h) for mz, h in one.items()}) for at, one in enumerate(scans))
    )
    parts = sum(run.chromatogram(float(mz), "0.2 Da") for mz in range(50, 61))
    assert np.asarray(parts).tolist() == run.total_ion_current.tolist()


def test_scans_are_found_by_number_and_by_time() -> None:
    assert PEAK.scan_numbers.tolist() == [11, 12, 13, 14, 15]
    assert PEAK.scan(14).retention_time_s == 62.0
    assert PEAK.scan_at(61.3).accession == "controllerType=0 scan=13"
    with pytest.raises(OptionError, match="no scan 3; its scans are 11 to 15"):
        PEAK.scan(3)
    with pytest.raises(OptionError, match="outside of the run, which lasts from 60 to 63 s"):
        PEAK.scan_at(64.0)


@pytest.mark.parametrize(
    "accession", ["scan=7", "controllerType=0 controllerNumber=1 scan=7", "scanId=7", "spectrum=7"]
)
def test_numbers_are_those_of_the_native_identifiers(accession: str) -> None:
    assert run_of(Spectrum([], [], accession=accession)).scan_numbers.tolist() == [7]


def test_scans_that_the_file_does_not_number_have_their_place_for_a_number() -> None:
    assert run_of(scan(7, 1.0, {}), scan(7, 2.0, {}), scan(8, 3.0, {})).scan_numbers.tolist() == [1, 2, 3]
    assert run_of(scan(None, 1.0, {}), scan(9, 2.0, {})).scan_numbers.tolist() == [1, 2]


def test_a_mean_counts_scans_without_the_peak_and_names_its_scans() -> None:
    mean = PEAK.averaged(61.0, 63.0, ms_level=1, tolerance="0.05 Da")
    assert mean.mz.tolist() == pytest.approx([(90 * 58.0 + 30 * 58.02) / 120, 91.0, 207.0])
    assert mean.intensity.tolist() == pytest.approx([120 / 3, 6 / 3, 8 / 3])
    assert (mean.ms_level, mean.retention_time_s) == (1, 62.0)
    assert mean.original["averaged scans"] == ("12", "14", "15")
    assert mean.original["averaged within"] == ("0.05 Da",)


def test_a_background_is_subtracted() -> None:
    mean = PEAK.averaged(61.0, 62.0, ms_level=1, background=(60.0, 60.0), tolerance="0.05 Da")
    assert 207.0 not in mean.mz.tolist()
    assert mean.original["background scans subtracted"] == ("11",)
    assert mean.intensity.tolist() == [60.0, 3.0]


def test_a_background_peak_counts_against_the_nearest_alone() -> None:
    run = run_of(scan(1, 1.0, {58.0: 8, 58.05: 8}), scan(2, 9.0, {58.04: 2}), scan(3, 9.5, {}))
    mean = run.averaged(1.0, 1.0, background=(9.0, 9.5), tolerance="0.045 Da")
    assert mean.intensity.tolist() == [8.0, 7.0]


@pytest.mark.parametrize(("ionization", "peaks"), [("EI", 1), ("ESI", 2)])
def test_the_width_within_which_peaks_are_the_same_is_that_of_the_technique(ionization: str, peaks: int) -> None:
    run = run_of(scan(1, 1.0, {58.0: 5}, ionization=ionization), scan(2, 2.0, {58.2: 5}, ionization=ionization))
    assert len(run.averaged(1.0, 2.0)) == peaks


def test_scans_of_different_kinds_have_no_mean() -> None:
    with pytest.raises(OptionError, match="scans of ms_level 1, 2 lie there: name ms_level"):
        PEAK.averaged(61.0, 62.0)
    signs = run_of(scan(1, 1.0, {58: 1}, polarity="positive"), scan(2, 2.0, {58: 1}, polarity="negative"))
    with pytest.raises(OptionError, match="polarity negative, positive lie there: name polarity"):
        signs.averaged(1.0, 2.0)
    assert signs.averaged(1.0, 2.0, polarity="negative").polarity == "negative"
    ions = run_of(scan(1, 1.0, {58: 1}, precursor_mz=178.1), scan(2, 2.0, {58: 1}, precursor_mz=337.2))
    with pytest.raises(OptionError, match=r"different precursors lie there \(178.1000, 337.2000"):
        ions.averaged(1.0, 2.0)
    assert ions.averaged(1.0, 2.0, precursor_mz=337.2).precursor_mz == 337.2
    profile = run_of(scan(1, 1.0, {58: 1}, representation="profile"))
    with pytest.raises(OptionError, match="centroid=True"):
        profile.averaged(1.0, 1.0)


def test_a_time_without_scans_is_refused_with_the_times_there_are() -> None:
    with pytest.raises(OptionError, match="no scan between 70 and 80 s; such scans lie between 60 and 63 s"):
        PEAK.averaged(70.0, 80.0)
    with pytest.raises(OptionError, match="no scan has a time"):
        run_of(scan(1, None, {58: 1})).averaged(0.0, 1.0)


def test_a_run_is_no_query() -> None:
    library = Library(Spectra.of([Spectrum([58, 91], [99, 8], name="A")]), name="one")
    with pytest.raises(OptionError, match=r"no set of spectra.*run\.averaged"):
        search(PEAK, library)  # type: ignore[arg-type]
