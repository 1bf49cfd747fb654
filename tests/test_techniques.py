"""The technique of many spectra at once is that of each of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nps_spectra import Spectra, Spectrum
from nps_spectra.scoring import technique_of, techniques_of

SPECTRA = st.builds(
    lambda mz, **known: Spectrum(mz, [1.0] * len(mz), **known),
    st.lists(st.sampled_from([58.0, 91.0, 91.05, 119.0]), max_size=3, unique=True),
    ionization=st.sampled_from([None, "EI", "ei", "ESI"]),
    precursor_mz=st.sampled_from([None, 310.2]),
    adduct=st.sampled_from([None, "[M+H]+"]),
    ms_level=st.sampled_from([None, 1, 2]),
)


@given(st.lists(SPECTRA, min_size=1, max_size=5))
def test_techniques_of_many_spectra(spectra: list[Spectrum]) -> None:
    together = Spectra.of(spectra)
    found = techniques_of(together, together.texts("ionization").to_list())
    assert found == [technique_of(spectrum) for spectrum in spectra]
