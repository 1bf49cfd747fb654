"""What a rule is and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from nps_spectra.library.lint.records import Records

Severity = Literal["error", "warning", "info"]
#: From the gravest: the record contradicts itself or another, it is doubtful, it is incomplete or restricted.
SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning", "info")


class Found(NamedTuple):
    """One fault: the record, how grave it is, what was found, and the other records it speaks of."""

    row: int
    severity: Severity
    evidence: str
    related: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rule found, and how many records had what it needs."""

    found: list[Found]
    examined: int


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table of rules.

    Attributes
    ----------
    name : str
    severity : {"error", "warning", "info"}
        The gravest that it gives.
    needs : str
        What a record must have to be looked at.
    chem : {"needed", "used", "not used"}
        Whether the rule reads structures by RDKit (the extra ``chem``): without it a rule that needs it does not
        run, and one that uses it says what it left out.
    check : callable
        From records to findings.
    description : str
    """

    name: str
    severity: Severity
    needs: str
    chem: Literal["needed", "used", "not used"]
    check: Callable[[Records], Outcome]
    description: str
