"""The bridge to matchms: exact both ways; harmonisation only where asked for, with every change listed."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nps_spectra.cli.main import main
from nps_spectra.formats import read_spectra, write_spectra
from nps_spectra.harmonising import harmonised
from nps_spectra.interop import KEYS, from_matchms, loaded_matchms, to_matchms
from nps_spectra.spectra import Spectra
from nps_spectra.spectrum import FIELDS, REPRESENTATIONS, Source, Spectrum

pytest.importorskip("matchms")
matchms = loaded_matchms()

TEXT = st.text(max_size=12)
VALUES = {
    "text": TEXT,
    "texts": st.lists(TEXT, max_size=3).map(tuple),
    "float": st.floats(1e-3, 1e6),
    "int": st.integers(-9, 9),
}
FIELD_VALUES = {name: st.none() | VALUES[kind] for name, kind in FIELDS.items() if kind != "texts"} | {
    "synonyms": VALUES["texts"],
    "polarity": st.sampled_from([None, "positive", "negative"]),
    "representation": st.sampled_from([None, *REPRESENTATIONS]),
}
SPECTRA = st.builds(
    lambda peaks, fields, original, source: Spectrum(
        [mz for mz, _ in peaks], [intensity for _, intensity in peaks], original=original, source=source, **fields
    ),
    st.lists(st.tuples(st.floats(1e-3, 1e6), st.floats(2.0**-99, 2.0**99, width=32)), max_size=6),
    st.fixed_dictionaries({}, optional=FIELD_VALUES),
    st.dictionaries(st.text(min_size=1, max_size=8), st.lists(TEXT, min_size=1, max_size=2).map(tuple), max_size=3),
    st.none() | st.builds(Source, st.just("a.msp"), st.integers(1, 9), st.none() | st.integers(1, 9)),
)


@settings(max_examples=200, deadline=None)
@given(spectrum=SPECTRA)
def test_there_and_back_is_the_same_spectrum(spectrum: Spectrum) -> None:
    again = from_matchms(to_matchms(spectrum))
    assert again == spectrum
    assert again.source == spectrum.source


@settings(max_examples=200, deadline=None)
@given(
    metadata=st.dictionaries(
        st.sampled_from(["compound_name", "charge", "precursor_mz", "ionmode", "my_field", "retention_time", "smiles"]),
        st.one_of(TEXT, st.integers(-9, 9), st.floats(-1e6, 1e6), st.lists(st.integers(), max_size=2), st.booleans()),
    )
)
def test_metadata_of_matchms_come_back_word_for_word(metadata: dict[str, object]) -> None:
    theirs = matchms.Spectrum(np.array([58.0651]), np.array([0.5]), metadata, metadata_harmonization=False)
    again = to_matchms(from_matchms(theirs))
    assert again.metadata == theirs.metadata
    assert {key: type(value) for key, value in again.metadata.items()} == {
        key: type(value) for key, value in theirs.metadata.items()
    }


def test_an_array_among_the_metadata_comes_back() -> None:
    theirs = matchms.Spectrum(np.array([58.0]), np.array([1.0]), {"fingerprint": np.array([0, 1, 1], dtype=np.int8)})
    fingerprint = to_matchms(from_matchms(theirs)).get("fingerprint")
    assert fingerprint.dtype == np.int8
    assert fingerprint.tolist() == [0, 1, 1]


def test_the_keys_are_those_that_matchms_itself_keeps() -> None:
    keys = {name: KEYS.get(name, name) for name in FIELDS}
    assert set(matchms.Metadata(dict.fromkeys(keys.values(), "x")).keys()) == set(keys.values())


def test_every_spectrum_of_a_real_library_comes_back(data_folder: Path) -> None:
    spectra = read_spectra(data_folder / "swgdrug_ei")[:500]
    assert Spectra.from_matchms(spectra.to_matchms()).digests() == spectra.digests()


def test_harmonisation_lists_what_it_changed_and_leaves_the_rest() -> None:
    spectrum = Spectrum(
        [58.0651], [1], name="mephedrone", adduct="M+H", polarity="positive", ms_level=2, original={"Adduct": ("M+H",)}
    )
    after, changes = harmonised([spectrum])
    assert after[0].adduct == "[M+H]+"
    assert ("adduct", "M+H", "[M+H]+") in [(change.field, change.before, change.after) for change in changes]
    changed = {change.field for change in changes}
    assert all(getattr(after[0], name) == getattr(spectrum, name) for name in FIELDS if name not in changed)
    assert after[0].original == spectrum.original
    assert after[0].mz.tolist() == [58.0651]


def test_convert_writes_the_log_of_the_harmonisation(tmp_path: Path) -> None:
    write_spectra([Spectrum([58.5], [1], name="A", adduct="M+H", polarity="positive", ms_level=2)], tmp_path / "a.json")
    log = tmp_path / "log.csv"
    assert main(["convert", str(tmp_path / "a.json"), str(tmp_path / "b.json"), "--harmonise", str(log)]) == 0
    assert read_spectra(tmp_path / "b.json")[0].adduct == "[M+H]+"
    with log.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {"record": "1", "field": "adduct", "before": "M+H", "after": "[M+H]+"}.items() <= rows[0].items() or any(
        row["field"] == "adduct" and row["after"] == "[M+H]+" for row in rows
    )
