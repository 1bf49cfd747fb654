"""Run rules over the records of a library."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from typing import Final

from nps_spectra.errors import OptionError
from nps_spectra.library.library import Library
from nps_spectra.library.lint.findings import SEVERITIES, Found, Rule
from nps_spectra.library.lint.records import Records
from nps_spectra.library.lint.report import Finding, LintReport, RuleRun
from nps_spectra.library.lint.rules import RULES
from nps_spectra.spectra import Spectra
from nps_spectra.substances import substances_of

#: More related records than these are not listed one by one; the evidence says how many there are.
_MOST_RELATED: Final = 20


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
        Names of `nps_spectra.library.lint.rules.RULES`; default: all of them.
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
    structures_are_read = find_spec("rdkit") is not None
    for done, rule in enumerate(chosen):
        if progress is not None:
            progress(done, len(chosen))
        found, run = _run(rule, records, structures_are_read)
        findings += [_finding(records, rule, one) for one in found]
        runs.append(run)
    if progress is not None:
        progress(len(chosen), len(chosen))
    order = {rule.name: at for at, rule in enumerate(chosen)}
    findings.sort(key=lambda one: (SEVERITIES.index(one.severity), order[one.rule], one.library_id))
    return LintReport(findings, runs, len(records))


def _run(rule: Rule, records: Records, structures_are_read: bool) -> tuple[list[Found], RuleRun]:
    if rule.chem == "needed" and not structures_are_read:
        return [], RuleRun(rule.name, "not run", "needs the extra chem", 0, 0, 0, 0)
    outcome = rule.check(records)
    count = Counter(found.severity for found in outcome.found)
    partly = rule.chem == "used" and not structures_are_read
    return outcome.found, RuleRun(
        rule.name,
        "partly run" if partly else "run",
        "without the extra chem: no structure is read from SMILES, no tautomer is recognised" if partly else None,
        outcome.examined,
        count["error"],
        count["warning"],
        count["info"],
    )


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
