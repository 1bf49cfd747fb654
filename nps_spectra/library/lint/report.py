"""What `lint` found, and what it could and could not look at."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, overload

from nps_spectra.atomic import write_text
from nps_spectra.errors import OptionError
from nps_spectra.library.lint.findings import SEVERITIES, Severity
from nps_spectra.tables import csv_text, data_frame

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of one record.

    Attributes
    ----------
    record : str
        ``file#number`` of the record in its source file.
    library_id : int
        Row of the spectrum: ``library[library_id]``.
    accession, name : str or None
        Of the record.
    rule : str
        A name of `nps_spectra.library.lint.rules.RULES`.
    severity : {"error", "warning", "info"}
        The record contradicts itself or another; it is doubtful; it is incomplete or restricted.
    evidence : str
        What was found, with numbers.
    related : tuple of str
        ``file#number`` of the other records that the evidence speaks of, at most 20.
    related_ids : tuple of int
        Their rows.
    """

    record: str
    library_id: int
    accession: str | None
    name: str | None
    rule: str
    severity: Severity
    evidence: str
    related: tuple[str, ...] = ()
    related_ids: tuple[int, ...] = ()


#: Columns of every table of findings.
COLUMNS: Final = tuple(column.name for column in fields(Finding))


@dataclass(frozen=True, slots=True)
class RuleRun:
    """What became of one rule.

    Attributes
    ----------
    rule : str
    state : {"run", "partly run", "not run"}
    reason : str or None
        Why it was not or only partly run.
    records : int
        Records that have what the rule needs.
    error, warning, info : int
        Findings of each severity.
    """

    rule: str
    state: Literal["run", "partly run", "not run"]
    reason: str | None
    records: int
    error: int
    warning: int
    info: int


class LintReport(Sequence[Finding]):
    """Findings, errors first, then in the order of the rules and of the records.

    Attributes
    ----------
    runs : tuple of RuleRun
        One for every rule asked for, with the number of records it could look at, or why it did not run.
    records : int
        Number of records that were looked at.
    """

    def __init__(self, findings: Iterable[Finding], runs: Iterable[RuleRun], records: int) -> None:
        self._findings = tuple(findings)
        self.runs = tuple(runs)
        self.records = records

    def __len__(self) -> int:
        return len(self._findings)

    @overload
    def __getitem__(self, index: int) -> Finding: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Finding, ...]: ...
    def __getitem__(self, index: int | slice) -> Finding | tuple[Finding, ...]:
        return self._findings[index]

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._findings)

    def __repr__(self) -> str:
        shown = ", ".join(f"{count} {severity}" for severity, count in self.counts().items())
        return f"<LintReport of {self.records} records: {shown}>"

    def counts(self) -> dict[Severity, int]:
        """Number of findings of each severity."""
        found = Counter(finding.severity for finding in self)
        return {severity: found[severity] for severity in SEVERITIES}

    def at_least(self, severity: str) -> LintReport:
        """The findings of this severity and the graver ones; the account of the rules stays whole.

        Raises
        ------
        OptionError
            There is no such severity.
        """
        if severity not in SEVERITIES:
            raise OptionError(f"severity {severity!r}: expected one of {', '.join(SEVERITIES)}")
        kept = SEVERITIES[: SEVERITIES.index(severity) + 1]
        return LintReport((finding for finding in self if finding.severity in kept), self.runs, self.records)

    def to_dicts(self) -> list[dict[str, Any]]:
        """One dict a finding, with the keys of `COLUMNS`."""
        return [{name: getattr(finding, name) for name in COLUMNS} for finding in self]

    def to_pandas(self) -> pandas.DataFrame:
        """A table with the columns of `COLUMNS`, one row a finding.

        Raises
        ------
        MissingDependencyError
            pandas is not installed.
        """
        return data_frame(self.to_dicts(), COLUMNS, "LintReport.to_pandas")

    def to_csv(self, path: str | Path | None = None) -> str:
        """Comma-separated text with a header, also written to `path` if given.

        Related records are joined by blanks. Cells that a spreadsheet program would run as a formula get an
        apostrophe in front.
        """
        rows = (
            [" ".join(map(str, value)) if isinstance(value, tuple) else value for value in row.values()]
            for row in self.to_dicts()
        )
        return _written(csv_text(COLUMNS, rows), path)

    def to_json(self, path: str | Path | None = None) -> str:
        """One JSON object with ``records``, ``counts``, ``rules`` and ``findings``; also written to `path`."""
        return _written(json.dumps(self.as_dict(), ensure_ascii=False, indent=1) + "\n", path)

    def as_dict(self) -> dict[str, Any]:
        """What `to_json` writes, as plain data."""
        return {
            "records": self.records,
            "counts": self.counts(),
            "rules": [{column.name: getattr(run, column.name) for column in fields(RuleRun)} for run in self.runs],
            "findings": [
                row | {"related": list(row["related"]), "related_ids": list(row["related_ids"])}
                for row in self.to_dicts()
            ],
        }


def _written(text: str, path: str | Path | None) -> str:
    if path is not None:
        write_text(Path(path), text)
    return text
