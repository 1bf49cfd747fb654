"""Rules about fields: what a record of its technique should state, and what its licence allows."""

from __future__ import annotations

from typing import Final

import numpy as np

from nps_spectra.library.licences import Redistribution, redistribution
from nps_spectra.library.lint.findings import Found, Outcome, Severity
from nps_spectra.library.lint.records import Records

_STRUCTURES: Final = ("formula", "smiles", "inchi", "inchikey")
_MEANINGS: Final[dict[Redistribution, tuple[Severity, str]]] = {
    "forbidden": ("warning", "must not be passed on"),
    "no-derivatives": ("info", "only unchanged copies may be passed on"),
    "unknown": ("info", "what it allows is not known here"),
}


def missing_fields(records: Records) -> Outcome:
    """One finding a record with everything its technique should state and it does not."""
    missing: list[list[str]] = [[] for _ in range(len(records))]

    def demand(label: str, present: list[bool], rows: list[int]) -> None:
        for row in rows:
            if not present[row]:
                missing[row].append(label)

    def has(*fields: str) -> list[bool]:
        columns = [records.texts(field) for field in fields]
        return [any(values) for values in zip(*columns, strict=True)]

    every = list(range(len(records)))
    not_ei = [row for row in every if records.kinds[row] != "EI"]
    fragmented = records.rows_of("MSn")
    demand("name", has("name"), every)
    demand("formula or structure", has(*_STRUCTURES), every)
    demand("ionisation", has("ionization"), every)
    demand("instrument", has("instrument", "instrument_type"), not_ei)
    demand("polarity", has("polarity"), not_ei)
    demand("precursor m/z", (~np.isnan(records.numbers("precursor_mz"))).tolist(), fragmented)
    demand("adduct", has("adduct"), fragmented)
    demand("collision energy", has("collision_energy"), fragmented)
    grave = {"name", "formula or structure", "precursor m/z"}
    found = [
        Found(row, "warning" if grave & set(labels) else "info", f"not stated: {', '.join(labels)}")
        for row, labels in enumerate(missing)
        if labels
    ]
    return Outcome(found, len(records))


def licence(records: Records) -> Outcome:
    """Records without a licence that is understood, and those whose licence forbids passing them on."""
    found = []
    for row, text in enumerate(records.texts("licence")):
        allowed = redistribution(text)
        if text is None:
            found.append(Found(row, "info", "no licence named: nobody knows whether the spectrum may be passed on"))
        elif allowed in _MEANINGS:
            severity, meaning = _MEANINGS[allowed]
            found.append(Found(row, severity, f"{text}: {meaning}"))
    return Outcome(found, len(records))
