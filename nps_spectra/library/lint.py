"""Find a library's faults before they reach a case: run rules over its records and report what they found."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from nps_spectra.atomic import write_text
from nps_spectra.errors import MissingDependencyError, OptionError
from nps_spectra.library.findings import SEVERITIES, Found, Rule, Severity
from nps_spectra.library.library import Library
from nps_spectra.library.records import Records
from nps_spectra.library.rules import RULES
from nps_spectra.spectra import Spectra
from nps_spectra.substances import substances_of

if TYPE_CHECKING:
    import pandas

#: A cell that starts with one of these is a formula to a spreadsheet program.
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
#: More related records than these are not listed one by one; the evidence says how many there are.
_MOST_RELATED: Final = 20


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
        A name of `nps_spectra.library.rules.RULES`.
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
    records : int
        Records that have what the rule needs.
    error, warning, info : int
        Findings of each severity.
    not_run : str or None
        Why the rule did not run at all.
    """

    rule: str
    records: int
    error: int
    warning: int
    info: int
    not_run: str | None


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

    def __getitem__(self, index: Any) -> Any:
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
        try:
            import pandas
        except ImportError as error:
            raise MissingDependencyError("LintReport.to_pandas needs pandas: pip install pandas") from error
        return pandas.DataFrame(self.to_dicts(), columns=list(COLUMNS))

    def to_csv(self, path: str | Path | None = None) -> str:
        """Comma-separated text with a header, also written to `path` if given.

        Related records are joined by blanks. Cells that a spreadsheet program would run as a formula get an
        apostrophe in front.
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in self.to_dicts():
            writer.writerow([_cell(row[name]) for name in COLUMNS])
        return _written(text.getvalue(), path)

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


def lint(
    library: Library | Spectra,
    rules: Iterable[str] | str | None = None,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> LintReport:
    """Check the records of a library by rules, and report the faults found.

    Parameters
    ----------
    library : Library or Spectra
        Reference spectra; nothing of them is changed.
    rules : iterable of str, optional
        Names of `nps_spectra.library.rules.RULES`; default: all of them.
    progress : callable, optional
        Called with the number of rules done and of all rules.

    Raises
    ------
    OptionError
        There is no such rule, or `library` is neither a Library nor Spectra.

    Examples
    --------
    >>> from nps_spectra import Spectra, Spectrum
    >>> wrong = Spectrum([58, 91, 119], [999, 80, 30], name="mephedrone", formula="C11H15NO", exact_mass=193.11)
    >>> [finding.evidence for finding in lint(Spectra.of([wrong]), rules=["formula_mass"])]
    ['exact mass 193.11, but C11H15NO has 177.1154 (difference +15.9946)']
    """
    if not isinstance(library, (Library, Spectra)):
        raise OptionError(f"{library!r}: expected a Library or Spectra")
    chosen = _chosen(rules)
    if isinstance(library, Library):
        records = Records(library.spectra, library.substances)
    else:
        records = Records(library, substances_of(library))
    findings: list[Finding] = []
    runs: list[RuleRun] = []
    for done, rule in enumerate(chosen):
        if progress is not None:
            progress(done, len(chosen))
        missing = [package for package in rule.packages if find_spec(package) is None]
        if missing:
            names = ", ".join(_PACKAGES.get(package, package) for package in missing)
            runs.append(RuleRun(rule.name, 0, 0, 0, 0, f"{names} missing"))
            continue
        outcome = rule.check(records)
        findings += [_finding(records, rule, found) for found in outcome.found]
        count = Counter(found.severity for found in outcome.found)
        runs.append(RuleRun(rule.name, outcome.examined, count["error"], count["warning"], count["info"], None))
    if progress is not None:
        progress(len(chosen), len(chosen))
    order = {rule.name: at for at, rule in enumerate(chosen)}
    findings.sort(key=lambda one: (SEVERITIES.index(one.severity), order[one.rule], one.library_id))
    return LintReport(findings, runs, len(records))


_PACKAGES: Final = {"rdkit": "RDKit"}


def _chosen(names: Iterable[str] | str | None) -> list[Rule]:
    if names is None:
        return list(RULES)
    wanted = [names] if isinstance(names, str) else list(names)
    known = {rule.name: rule for rule in RULES}
    for name in wanted:
        if name not in known:
            raise OptionError(f"unknown rule {name!r}; known: {', '.join(known)}")
    return [rule for rule in RULES if rule.name in wanted]


def _finding(records: Records, rule: Rule, found: Found) -> Finding:
    related = found.related[:_MOST_RELATED]
    return Finding(
        records.place(found.row),
        found.row,
        records.texts("accession")[found.row],
        records.texts("name")[found.row],
        rule.name,
        found.severity,
        found.evidence,
        tuple(records.place(row) for row in related),
        related,
    )


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _written(text: str, path: str | Path | None) -> str:
    if path is not None:
        write_text(Path(path), text)
    return text
