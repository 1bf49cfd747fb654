"""Find a library's faults before they reach a case: a table of rules, run over its records."""

from nps_spectra.library.lint.checking import lint
from nps_spectra.library.lint.report import Finding, LintReport, RuleRun
from nps_spectra.library.lint.rules import RULES

__all__ = ["RULES", "Finding", "LintReport", "RuleRun", "lint"]
