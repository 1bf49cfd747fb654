"""The conclusions of all queries of a run; every output is made from their records."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from nps_spectra.atomic import write_text
from nps_spectra.identification.record import Identification
from nps_spectra.tables import csv_text, data_frame

if TYPE_CHECKING:
    import pandas

#: Columns of every table of conclusions.
COLUMNS: Final = (
    "id",
    "name",
    "source",
    "conclusion",
    "sentence",
    "single_name",
    "candidates",
    "probabilities",
    "group",
    "group_probability",
    "class",
    "class_probability",
    "p_absent",
    "contradictions",
    "reason",
    "limitation",
    "library_digest",
    "calibration_digest",
)


class Identifications(Sequence[Identification]):
    """One record for every query, in the order of the queries.

    Attributes
    ----------
    run : dict
        What has to be known to do the run again: versions, options, and the digests of library, profile, words,
        calibrations and class model.
    """

    def __init__(self, records: Sequence[Identification], run: dict[str, Any]) -> None:
        self._records = tuple(records)
        self.run = run

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, index: Any) -> Any:
        return self._records[index]

    def __iter__(self) -> Iterator[Identification]:
        return iter(self._records)

    def __repr__(self) -> str:
        return f"<Identifications, {len(self)} queries in {self.run['library']['name']!r}>"

    def to_dicts(self) -> list[dict[str, Any]]:
        """One dict a query, with the keys of `COLUMNS`."""
        return [self._row(one) for one in self]

    def _row(self, one: Identification) -> dict[str, Any]:
        calibration = self.run["calibrations"].get(one.technique)
        probabilities = [each.probability for each in one.candidates if each.probability is not None]
        values = (
            one.id,
            one.name,
            one.source,
            one.conclusion.name,
            one.sentence,
            one.single_name,
            "; ".join(each.name or "unnamed" for each in one.candidates) or None,
            "; ".join(f"{value:.4f}" for value in probabilities) or None,
            None if one.group is None else "; ".join(str(name) for name in one.group.to_dict()["members"]),
            None if one.group is None else one.group.probability,
            one.class_estimate.label,
            one.class_estimate.probability,
            one.p_absent,
            "; ".join(one.contradictions) or None,
            one.reason,
            one.conclusion.limitation,
            self.run["library"]["digest"],
            None if calibration is None else calibration["digest"],
        )
        return dict(zip(COLUMNS, values, strict=True))

    def to_pandas(self) -> pandas.DataFrame:
        """A table with the columns of `COLUMNS`, one row a query.

        Raises
        ------
        MissingDependencyError
            pandas is not installed.
        """
        return data_frame(self.to_dicts(), COLUMNS, "Identifications.to_pandas")

    def to_csv(self, path: str | Path | None = None) -> str:
        """Comma-separated text with a header, also written to `path` if given.

        Cells that a spreadsheet program would run as a formula get an apostrophe in front.
        """
        text = csv_text(COLUMNS, (row.values() for row in self.to_dicts()))
        if path is not None:
            write_text(Path(path), text)
        return text

    def as_dict(self, rejects: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
        """``run``, ``queries`` and ``rejects`` as plain data."""
        return {"run": self.run, "queries": [one.to_dict() for one in self], "rejects": list(rejects)}

    def to_json(self, path: str | Path | None = None, rejects: Sequence[dict[str, Any]] = ()) -> str:
        """One JSON object with ``run``, ``queries`` and ``rejects``, also written to `path` if given."""
        text = json.dumps(self.as_dict(rejects), ensure_ascii=False, indent=1, allow_nan=False) + "\n"
        if path is not None:
            write_text(Path(path), text)
        return text
