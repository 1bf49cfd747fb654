"""Molecular mass, analogues and the changed part of a substance that no library holds."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from nps_spectra import Library, Spectra, Spectrum, read_spectra
from nps_spectra.errors import OptionError
from nps_spectra.identification.analogues import analogue_search
from nps_spectra.identification.fentanyl_parts import changed_parts
from nps_spectra.identification.molecular_mass import (
    MassHypothesis,
    fitted_weights,
    heaviest_peak,
    hit_evidence,
    molecular_masses_of,
    with_mass,
)


@pytest.fixture(scope="module")
def fentanyls(data_folder: Path) -> Spectra:
    return read_spectra(data_folder / "nist_fentanyl_ei" / "single_modification_library.msp")


def test_isotopes_do_not_end_a_spectrum() -> None:
    """M 278, 37Cl at 280, 13C beside both."""
    spectrum = np.zeros(601)
    spectrum[[278, 279, 280, 281]] = [0.9, 0.15, 0.3, 0.05]
    assert heaviest_peak(spectrum) == 278


def test_probabilities_of_hypotheses_add_up_to_one() -> None:
    found = molecular_masses_of(Spectrum([44.0, 91.0, 120.0], [99.0, 20.0, 5.0], ionization="EI"))
    assert sum(one.probability for one in found) == pytest.approx(1.0)
    assert [one.probability for one in found] == sorted((one.probability for one in found), reverse=True)


def test_what_a_spectrum_states_of_its_mass_is_not_used() -> None:
    spectrum = Spectrum([91.0, 146.0, 245.0, 336.0], [20.0, 60.0, 99.0, 2.0], ionization="EI")
    assert molecular_masses_of(with_mass(spectrum, 500)) == molecular_masses_of(spectrum)


def test_a_spectrum_without_peaks_has_no_mass() -> None:
    with pytest.raises(OptionError, match="no peak"):
        molecular_masses_of(Spectrum([], [], ionization="EI"))


def test_hits_speak_for_the_mass_that_makes_them_alike() -> None:
    """Every peak of the unknown but m/z 91 is 14 Da above that of the known substance: only 350 explains it."""
    known = Spectrum([91.0, 146.0, 189.0, 245.0], [30.0, 60.0, 40.0, 99.0], nominal_mass=336, ionization="EI")
    unknown = Spectrum([91.0, 160.0, 203.0, 259.0], [30.0, 60.0, 40.0, 99.0], ionization="EI")
    found = hit_evidence(unknown, np.array([336, 350, 364]), Library(Spectra.of([known]), name="one"))
    assert int(found[:, 0].argmax()) == 1
    assert found[1, 0] == pytest.approx(0.9995)


def test_weights_of_the_logit_are_the_log_odds() -> None:
    """Three of four times the row with evidence 1 is right: ln 3, which a small penalty hardly changes."""
    rows = [np.array([[1.0], [0.0]])] * 400
    found = fitted_weights(rows, [0] * 300 + [1] * 100)
    assert found[0] == pytest.approx(np.log(3), abs=0.01)


def test_a_hypothesis_without_weight_does_not_lead() -> None:
    known = Spectrum([91.0, 245.0], [30.0, 99.0], name="Fentanyl", nominal_mass=336, ionization="EI")
    unknown = Spectrum([91.0, 259.0], [30.0, 99.0], ionization="EI")
    asked = [MassHypothesis(350, 0.9, 0.0, None), MassHypothesis(336, 0.1, 0.0, None)]
    found = analogue_search(unknown, Library(Spectra.of([known]), name="one"), hypotheses=asked)[0]
    assert (found.molecular_mass, found.probability, found.mass_difference) == (350, 0.9, 14)
    assert found.expected_score < found.hit.score


def test_an_analogue_of_a_known_mass_is_searched_under_it_only() -> None:
    known = Spectrum([91.0, 245.0], [30.0, 99.0], name="Fentanyl", nominal_mass=336, ionization="EI")
    found = analogue_search(
        Spectrum([91.0, 259.0], [30.0, 99.0], nominal_mass=350, ionization="EI"),
        Library(Spectra.of([known]), name="one"),
    )
    assert [(one.molecular_mass, one.probability) for one in found] == [(350, 1.0)]


def test_the_list_of_analogues_needs_a_length() -> None:
    spectrum = Spectrum([91.0], [30.0], nominal_mass=336, ionization="EI")
    with pytest.raises(OptionError, match="top is 0"):
        analogue_search(spectrum, Library(Spectra.of([spectrum]), name="one"), top=0)


@pytest.mark.parametrize(
    ("peaks", "mass", "part"),
    [
        # thiofentanyl: thienylethyl, 97 and 111 in the place of 91 and 105
        ({245: 99, 146: 60, 189: 40, 97: 30, 111: 25, 96: 20}, 342, "A"),
        # beta-hydroxyfentanyl: the changed radical is lost whole
        ({245: 99, 146: 60, 189: 40, 91: 20, 96: 20}, 352, "B"),
        # para-fluorofentanyl: all ions with the aniline 18 Da higher
        ({263: 99, 164: 60, 207: 40, 91: 20, 105: 30, 96: 20}, 354, "D"),
        # cyclopropylfentanyl: only the ion with the acyl group is 12 Da higher
        ({257: 99, 146: 90, 189: 40, 91: 20, 105: 30, 96: 20}, 348, "E"),
    ],
)
def test_the_ions_that_move_say_which_part_was_changed(peaks: dict[int, int], mass: int, part: str) -> None:
    spectrum = Spectrum(sorted(peaks), [peaks[mz] for mz in sorted(peaks)], nominal_mass=mass, ionization="EI")
    assert changed_parts(spectrum)[0].part == part


def test_isomers_of_fentanyl_say_nothing() -> None:
    assert changed_parts(Spectrum([91.0, 245.0], [30.0, 99.0], nominal_mass=336)) == ()


def test_without_a_mass_no_part_is_told() -> None:
    with pytest.raises(OptionError, match="molecular mass is not known"):
        changed_parts(Spectrum([91.0, 245.0], [30.0, 99.0]))


def test_the_changed_part_of_nists_fentanyl_analogues(fentanyls: Spectra) -> None:
    """``modification_type`` of each, Moorthy et al. 2020, doi:10.1016/j.forc.2020.100237."""
    for spectrum in fentanyls:
        part = str(spectrum.original["Comments"][0])[-1]
        if part != "F":
            assert part in [one.part for one in changed_parts(spectrum)], spectrum.name


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="searches a measured library: with the JIT only")
def test_the_mass_of_an_analogue_whose_ion_is_missing(fentanyls: Spectra) -> None:
    """Butyrylfentanyl, molecular mass 350, shows no molecular ion above 1 %; its own spectrum is left out."""
    names = fentanyls.texts("name").to_list()
    row = names.index("Butyryl fentanyl")
    library = Library(fentanyls, name="NIST single modification")
    found = molecular_masses_of(fentanyls[row], library, leave_out=np.array([row]))
    assert 350 in [one.mass for one in found[:3]]
    best = analogue_search(with_mass(fentanyls[row], None), library, leave_out=np.array([row]), top=3)
    assert any("fentanyl" in str(one.hit.name).lower() for one in best)
