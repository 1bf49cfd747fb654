"""From the text of a field to its typed value; what is not understood stays missing and is noted."""

from __future__ import annotations

from typing import Any

import pytest

from nps_spectra.formats.fields import (
    assign,
    assign_collision_energy,
    cas_number,
    complete,
    ionization_of,
    is_missing,
    number,
)
from nps_spectra.spectrum import FIELDS


def assigned(name: str, *texts: str, unit: str | None = None) -> tuple[Any, list[str]]:
    """Value of the field after all texts were assigned in turn, and the notes."""
    fields: dict[str, Any] = {}
    notes: list[str] = []
    for text in texts:
        assign(fields, notes, name, text, unit)
    assert set(fields) <= {name}
    return fields.get(name), notes


def completed(**fields: Any) -> dict[str, Any]:
    complete(fields, [])
    return fields


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("name", " 4-Fluoroamphetamine ", "4-Fluoroamphetamine"),
        ("name", "0", "0"),
        ("formula", "C9H12FN", "C9H12FN"),
        ("exact_mass", "153.0954", 153.0954),
        ("exact_mass", "1.530954e2", 153.0954),
        ("nominal_mass", "153", 153),
        ("nominal_mass", "153.0", 153),
        ("precursor_mz", "154.1", 154.1),
        ("precursor_mz", "609.3/195.1", 195.1),
        ("retention_index", "1350.5", 1350.5),
        ("retention_index", "SemiStdNP=1351/2/3 StdNP=1320/1/1 StdPolar=1800/0/1", 1351.0),
        ("retention_index", "StdNP=1320/1/1", 1320.0),
        ("ms_level", "MS", 1),
        ("ms_level", "MS2", 2),
        ("ms_level", "ms 3", 3),
        ("ms_level", "2", 2),
        ("charge", "1", 1),
        ("charge", "2+", 2),
        ("charge", "2-", -2),
        ("charge", "-2", -2),
        ("charge", "+1", 1),
        ("polarity", "P", "positive"),
        ("polarity", "NEGATIVE", "negative"),
        ("polarity", "+", "positive"),
        ("polarity", "-", "negative"),
        ("ionization", "EI", "EI"),
        ("ionization", "nanoESI", "ESI"),
        ("ionization", "electron, EI (70 eV)", "EI"),
    ],
)
def test_understood(name: str, text: str, value: object) -> None:
    assert assigned(name, text) == (value, [])


@pytest.mark.parametrize("text", ["", "  ", "N/A", "n/a", "NA", "None", "unknown", "Not available", "?", "--"])
@pytest.mark.parametrize("name", ["name", "cas", "precursor_mz", "ms_level", "polarity", "synonyms"])
def test_a_text_that_says_unknown_leaves_the_field_missing_without_a_note(name: str, text: str) -> None:
    assert assigned(name, text) == (None, [])


@pytest.mark.parametrize(
    "name", ["cas", "charge", "exact_mass", "ms_level", "nominal_mass", "precursor_mz", "retention_index"]
)
def test_a_zero_is_missing_where_no_value_can_be_zero(name: str) -> None:
    assert assigned(name, "0") == (None, [])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cas", "58-08-3"),
        ("inchikey", "RYYVLZVUVIJVGH"),
        ("polarity", "both"),
        ("ionization", "candle"),
        ("ms_level", "MSn"),
        ("charge", "one"),
        ("precursor_mz", "-1"),
        ("precursor_mz", "154,1"),
        ("exact_mass", "about 153"),
        ("exact_mass", "1_000"),
        ("nominal_mass", "153.4"),
        ("retention_index", "n. d."),
        ("retention_time_s", "8.1"),
        ("retention_time_s", "8.1-8.4 min"),
        ("retention_time_s", "soon"),
    ],
)
def test_what_is_not_understood_is_noted(name: str, text: str) -> None:
    value, notes = assigned(name, text)
    assert value is None
    assert notes == [f"{name}: value not understood, kept in the original fields only"]


@pytest.mark.parametrize("name", [name for name, kind in FIELDS.items() if kind in ("float", "int")])
@pytest.mark.parametrize("text", ["1e999", "-1e999", "inf", "9" * 5000, "²", "1e999 min", "[M]9999+"])
def test_no_number_field_takes_what_a_float_cannot_hold(name: str, text: str) -> None:
    assert assigned(name, text, unit="min")[0] is None


@pytest.mark.parametrize(
    ("text", "unit", "seconds"),
    [
        ("8.1 min", None, 486.0),
        ("8.1min", None, 486.0),
        ("486 sec", None, 486.0),
        ("486  s", None, 486.0),
        ("486 seconds", None, 486.0),
        ("8.1", "min", 486.0),
        ("486", "s", 486.0),
        ("486 s", "min", 486.0),
        ("8.1 min (in paper: 8.0 min)", None, 486.0),
        ("0", "s", 0.0),
    ],
)
def test_retention_time_is_in_seconds(text: str, unit: str | None, seconds: float) -> None:
    value, notes = assigned("retention_time_s", text, unit=unit)
    assert value == pytest.approx(seconds)
    assert notes == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Caffeine, water and formaldehyde: CAS Registry Numbers with their right check digits.
        ("58-08-2", "58-08-2"),
        ("58082", "58-08-2"),
        (" 7732-18-5 ", "7732-18-5"),
        ("7732185", "7732-18-5"),
        ("000050-00-0", "50-00-0"),
        ("58-08-1", None),
        ("58-082", "58-08-2"),
        ("0000-00-0", None),
        ("58-08-2 and others", None),
        ("", None),
        ("٥٨٠٨٢", None),
    ],
)
def test_cas_number_is_taken_only_with_its_check_digit(text: str, expected: str | None) -> None:
    assert cas_number(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1", 1.0), (" -2.5e1 ", -25.0), (".5", 0.5), ("5.", 5.0), ("1_0", None), ("nan", None), ("1 2", None)],
)
def test_number_is_one_number_and_nothing_else(text: str, expected: float | None) -> None:
    assert number(text) == expected


@pytest.mark.parametrize(("text", "expected"), [("N/A ", True), ("0", False), ("Nana", False)])
def test_is_missing(text: str, expected: bool) -> None:
    assert is_missing(text) is expected


def test_inchikey_is_found_in_lower_case_and_behind_a_prefix() -> None:
    key = "RYYVLZVUVIJVGH-UHFFFAOYSA-N"
    assert assigned("inchikey", key.lower())[0] == assigned("inchikey", f"InChIKey={key}")[0] == key


def test_the_first_value_of_a_repeated_field_wins() -> None:
    assert assigned("formula", "N/A", "C8H10N4O2", "C7H8N4O2") == ("C8H10N4O2", [])


def test_synonyms_are_collected() -> None:
    assert assigned("synonyms", "Coffein", "N/A", "Thein") == (("Coffein", "Thein"), [])


@pytest.mark.parametrize(
    ("instrument_type", "expected"),
    [
        ("LC-ESI-QTOF", "ESI"),
        ("GC-EI-TOF", "EI"),
        ("EI-B", "EI"),
        ("DART-TOF, in-source CID", "DART"),
        ("MALDI-TOFTOF", "MALDI"),
        ("LC-APCI-ITFT", "APCI"),
        ("CI-B", "CI"),
        ("ITFT", None),
        ("EIGHT", None),
    ],
)
def test_ionization_is_a_token_of_the_instrument_type(instrument_type: str, expected: str | None) -> None:
    assert ionization_of(instrument_type) == expected


@pytest.mark.parametrize(
    ("text", "ev"),
    [
        ("30 eV", 30.0),
        ("30eV", 30.0),
        ("+30 V", 30.0),
        ("CE 12.5 ev", 12.5),
        ("30 eV (nominal)", 30.0),
        ("MS2 30 eV", 30.0),
        ("30", None),
        ("35 NCE", None),
        ("30 eV (35 NCE)", None),
        ("30 %", None),
        ("20-40 eV", None),
        ("Ramp 21.1-31.6 eV", None),
        ("ramp to 40 eV", None),
        ("6->10V", None),
        ("20 40 60 eV", None),
        ("20, 40 and 60 eV", None),
        ("30 V, 60 V", None),
        ("1e999 eV", None),
        ("HCD", None),
    ],
)
def test_collision_energy_has_a_value_where_exactly_one_is_named(text: str, ev: float | None) -> None:
    fields: dict[str, Any] = {}
    assign_collision_energy(fields, [], text)
    assert (fields["collision_energy"], fields.get("collision_energy_ev")) == (text, ev)


def test_collision_energy_text_and_value_are_of_the_same_field() -> None:
    fields: dict[str, Any] = {}
    for text in ("N/A", "35 NCE", "20 eV"):
        assign_collision_energy(fields, [], text)
    assert fields == {"collision_energy": "35 NCE"}


@pytest.mark.parametrize(
    ("adduct", "charge", "polarity"),
    [
        ("[M+H]+", 1, "positive"),
        ("[M-H]-", -1, "negative"),
        ("[M+2H]2+", 2, "positive"),
        ("[M+2H]++", 2, "positive"),
        ("[M-2H]--", -2, "negative"),
        ("[M]+*", 1, "positive"),
        ("[M+CH3COO]-/[M-CH3]-", -1, "negative"),
    ],
)
def test_adduct_gives_charge_and_polarity(adduct: str, charge: int, polarity: str) -> None:
    assert completed(adduct=adduct) == {"adduct": adduct, "charge": charge, "polarity": polarity}


@pytest.mark.parametrize("adduct", ["M+H", "[M+H]", "+", "[M]" + "9" * 5000 + "+"])
def test_an_adduct_without_a_readable_charge_gives_none(adduct: str) -> None:
    assert completed(adduct=adduct) == {"adduct": adduct}


def test_a_charge_without_an_adduct_takes_the_sign_of_the_polarity() -> None:
    assert completed(charge=2, polarity="negative") == {"charge": -2, "polarity": "negative"}
    assert completed(charge=-1) == {"charge": -1, "polarity": "negative"}


def test_a_named_charge_is_not_overwritten_by_the_adduct() -> None:
    assert completed(adduct="[M+H]+", charge=2)["charge"] == 2


def test_ionization_follows_from_the_instrument_type_unless_named() -> None:
    assert completed(instrument_type="LC-ESI-QTOF")["ionization"] == "ESI"
    assert completed(instrument_type="LC-ESI-QTOF", ionization="APCI")["ionization"] == "APCI"
    assert "ionization" not in completed(instrument_type="QTOF")


def test_a_precursor_without_a_level_is_taken_as_ms2_and_noted() -> None:
    fields: dict[str, Any] = {"precursor_mz": 154.1}
    notes: list[str] = []
    complete(fields, notes)
    assert fields["ms_level"] == 2
    assert notes == ["a precursor m/z and no MS level: taken as MS2"]


def test_a_named_level_stays() -> None:
    assert completed(precursor_mz=154.1, ms_level=1)["ms_level"] == 1
