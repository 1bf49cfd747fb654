"""Whatever stands in the fields and peaks of records, every rule comes to an end and says something of them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from nps_spectra import Spectra, Spectrum
from nps_spectra.library.lint import RULES, lint

#: Texts that some rule understands, half understands, or must not compute with.
KNOWN = [
    *("C11H15NO", "C9H13N", "[C5H14NO]+", "C999H999N999O999S999P999Cl999", "mephedrone"),
    *("[M+H]+", "[M-2H]2-", "[99M+99Na]99+", "M+", "CC BY", "58-08-2", "2147483647"),
    *("CNC", "C.C", "[2H]C", "*C", "C1CC", "InChI=1S/CH4/h1H4", "VNWKTOKETHGBQD-UHFFFAOYSA-N"),
]
TEXT_FIELDS = (
    *("name", "formula", "smiles", "inchi", "inchikey", "cas"),
    *("adduct", "licence", "ionization", "comment", "instrument_type"),
)
TEXTS = st.one_of(st.text(max_size=12), st.sampled_from(KNOWN))
RECORDS = st.builds(
    lambda peaks, texts, numbers, level: Spectrum(
        [mz for mz, _ in peaks], [intensity for _, intensity in peaks], **texts, **numbers, ms_level=level
    ),
    st.lists(st.tuples(st.floats(0.1, 3000), st.floats(1e-6, 1e6)), max_size=12),
    st.fixed_dictionaries({}, optional=dict.fromkeys(TEXT_FIELDS, TEXTS)),
    st.fixed_dictionaries({}, optional=dict.fromkeys(("precursor_mz", "exact_mass"), st.floats(0, 5000))),
    st.sampled_from([None, 1, 2, 3]),
)


@settings(deadline=None, max_examples=150)
@given(st.lists(RECORDS, max_size=6))
def test_no_content_of_fields_makes_a_rule_fail(records: list[Spectrum]) -> None:
    report = lint(Spectra.of(records))
    assert [run.rule for run in report.runs] == [rule.name for rule in RULES]
    assert all(0 <= finding.library_id < len(records) for finding in report)
    assert sum(report.counts().values()) == len(report)
