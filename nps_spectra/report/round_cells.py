"""Cells of the reports of a round: numbers, shares and judgements in words."""

from __future__ import annotations

from nps_spectra.proficiency.identification import SampleOutcome
from nps_spectra.proficiency.intervals import Proportion
from nps_spectra.proficiency.methods import MethodAudit
from nps_spectra.proficiency.quantities import Quantity
from nps_spectra.proficiency.submissions import Entry
from nps_spectra.proficiency.targets import Target
from nps_spectra.report.chart import shown_number
from nps_spectra.report.document import Cell, Table, Tone, Toned


def level_name(level: str) -> str:
    """A level of reporting in words."""
    return level.replace("_", " ")


def level_text(level: str) -> str:
    """What has to be told apart, where that is less than the substance."""
    return "" if level == "substance" else f" ({level_name(level)} is enough)"


def number_text(value: float | None) -> str:
    """A number with four figures; empty where there is none."""
    return "" if value is None else shown_number(value)


def score_text(value: float | None) -> str:
    """A score with two decimals; empty where there is none."""
    return "" if value is None else f"{value:.2f}".replace("-", "−")


def share_text(one: Proportion) -> str:
    """Counts with the exact 95 % interval."""
    if one.value is None or one.exact_low is None or one.exact_high is None:
        return "–"
    return f"{one.successes}/{one.trials} ({one.exact_low:.2f}–{one.exact_high:.2f})"


def acceptable_text(target: Target, limit: float) -> str:
    """Range of results whose score is satisfactory."""
    if target.assigned is None or target.sigma_pt is None:
        return ""
    low = max(0.0, target.assigned - limit * target.sigma_pt)
    return f"{shown_number(low)}–{shown_number(target.assigned + limit * target.sigma_pt)}"


def studies_text(target: Target) -> str:
    """Outcome of the studies of homogeneity and stability."""
    words = {None: "not measured", True: "sufficient", False: "not sufficient"}
    if target.homogeneous is None and target.stable is None:
        return words[None]
    return f"{words[target.homogeneous]}, {words[target.stable]}"


def judged(outcome: SampleOutcome) -> tuple[Tone, str]:
    """Tone of a cell and the words for a result."""
    if outcome.status != "evaluated":
        return "none", outcome.status.replace("_", " ")
    if outcome.all_correct:
        return "right", "all correct"
    if outcome.false_positive:
        return "wrong", "false positive" + (", missed" if outcome.missed else "")
    return "other", "missed" if outcome.missed else "not specific"


def scheme_text(audit: MethodAudit) -> str:
    """Whether the minimum scheme is met."""
    return {True: "met", False: "not met", None: "not known"}[audit.met]


def audit_text(outcome: SampleOutcome) -> str:
    """Methods, whether they meet the minimum scheme, and why."""
    word = scheme_text(outcome.audit)
    told = ": ".join(filter(None, (None if outcome.audit.met is None else word, outcome.audit.reason)))
    return f"{' + '.join(outcome.methods)} ({told})" if outcome.methods else told


def taken_text(entry: Entry) -> str:
    """What a name was taken for, and how, unless it is that name."""
    found = entry.resolution
    return found.name if found.how in ("name", "none") else f"{found.name} ({found.how})"


def scores_table(quantities: list[Quantity], with_code: bool) -> Table:
    """Values and scores; scores that nothing in the table has are left out."""
    names = {"z": "z", "z_prime": "z'", "zeta": "zeta", "e_n": "E_n"}
    shown = [name for name in names if name == "z" or any(getattr(one, name) is not None for one in quantities)]
    rows: list[tuple[Cell, ...]] = []
    for one in quantities:
        value = number_text(one.value) if one.less_than is None else f"< {shown_number(one.less_than)}"
        first = (one.laboratory,) if with_code else (one.sample, one.substance)
        word = Toned(one.verdict.replace("_", " "), one.verdict)
        scores = (score_text(getattr(one, name)) for name in shown)
        unit = () if with_code else (one.unit,)
        rows.append((*first, value, *unit, number_text(one.uncertainty), *scores, word, one.reason))
    header: tuple[str, ...] = ("Laboratory", f"Value [{quantities[0].unit}]", "u")
    numbers = [1, 2]
    if not with_code:
        header, numbers = ("Sample", "Substance", "Value", "Unit", "u"), [2, 4]
    numbers += range(len(header), len(header) + len(shown))
    return Table((*header, *(names[name] for name in shown), "By z", "Remarks"), rows, tuple(numbers))
