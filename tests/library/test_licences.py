"""What licences allow, for the texts that records and data collections carry."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nps_spectra import Spectra
from nps_spectra.library.licences import Redistribution, redistribution, terms

#: The identifiers of the SPDX licence list, the wording of Creative Commons, what MassBank's records write, and
#: sentences as suppliers of libraries put them.
TEXTS: dict[str, Redistribution] = {
    "CC0": "allowed",
    "CC0-1.0": "allowed",
    "https://creativecommons.org/publicdomain/zero/1.0/": "allowed",
    "Public Domain": "allowed",
    "PDDL-1.0": "allowed",
    "DL-DE-ZERO-2.0": "allowed",
    "NIST-PD": "allowed",
    "U.S. Government Work": "allowed",
    "CC BY": "attribution",
    "CC-BY-4.0": "attribution",
    "CCBY": "attribution",
    "cc_by": "attribution",
    "Creative Commons Attribution 4.0 International": "attribution",
    "https://creativecommons.org/licenses/by/4.0/": "attribution",
    "dl-de/by-2-0": "attribution",
    "Datenlizenz Deutschland – Namensnennung – Version 2.0": "attribution",
    "ODC-By-1.0": "attribution",
    "Apache-2.0": "attribution",
    "MIT": "attribution",
    "BSD-3-Clause": "attribution",
    "CC BY-SA": "share-alike",
    "Creative Commons Attribution-ShareAlike 3.0": "share-alike",
    "ODbL-1.0": "share-alike",
    "GPL-3.0-or-later": "share-alike",
    "CC BY-NC": "non-commercial",
    "CC BY-NC-SA": "non-commercial",
    "CC BY-NC-SA 4.0": "non-commercial",
    "Creative Commons Attribution-NonCommercial-ShareAlike 4.0 International": "non-commercial",
    "for academic use only": "non-commercial",
    "CC BY-ND 4.0": "no-derivatives",
    "CC BY-NC-ND": "no-derivatives",
    "https://creativecommons.org/licenses/by-nc-nd/4.0/deed.de": "no-derivatives",
    "proprietary": "forbidden",
    "All rights  reserved": "forbidden",
    "not for redistribution": "forbidden",
    "The library must not be redistributed": "forbidden",
    "Redistribution is strictly prohibited.": "forbidden",
    "redistribution not permitted": "forbidden",
    "for internal use only": "forbidden",
    "CC BY 4.0; confidential": "forbidden",
    "": "unknown",
    "unknown": "unknown",
    "n/a": "unknown",
    "CC": "unknown",
    "CC BY-X": "unknown",
    "Copyright: provided by MIT": "unknown",
    "spectra kindly provided by the forensic institute": "unknown",
    "this is not in the public domain": "unknown",
    "redistribution permitted": "unknown",
}


@pytest.mark.parametrize(("text", "expected"), TEXTS.items())
def test_a_licence_is_read_as_its_strictest_term(text: str, expected: Redistribution) -> None:
    assert redistribution(text) == expected


def test_no_licence_is_unknown() -> None:
    assert redistribution(None) == "unknown"


def test_all_terms_are_named_for_those_who_must_keep_them() -> None:
    assert terms("CC BY-NC-SA") == ("attribution", "share-alike", "non-commercial")
    assert terms("Creative Commons Attribution-NonCommercial-NoDerivatives 4.0") == (
        "attribution",
        "non-commercial",
        "no-derivatives",
    )


@given(st.text(max_size=60))
def test_what_forbids_is_never_outdone_by_what_stands_around_it(text: str) -> None:
    assert redistribution(f"{text}\nnot for redistribution\n{text}") == "forbidden"


def test_every_licence_of_massbank_is_understood(massbank_spectra: Spectra) -> None:
    # The record format of MassBank demands a licence; `README.md` of the data lists those in use.
    found = {text: redistribution(text) for text in set(massbank_spectra.texts("licence").to_list())}
    assert found == {
        "CC0": "allowed",
        "CC BY": "attribution",
        "CC BY-SA": "share-alike",
        "CC BY-NC": "non-commercial",
        "CC BY-NC-SA": "non-commercial",
        "CC BY-NC-ND": "no-derivatives",
        "dl-de/by-2-0": "attribution",
    }
