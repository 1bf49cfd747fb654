"""What laboratories submitted: every row becomes an entry or a reject with its reason, none is lost."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from nps_spectra.errors import RoundError
from nps_spectra.proficiency.names import Names, Resolution
from nps_spectra.proficiency.reading_rounds import code_fault, parsed_time
from nps_spectra.proficiency.round_tables import table_path, table_rows
from nps_spectra.proficiency.rounds import Content, Round
from nps_spectra.proficiency.schema import shown
from nps_spectra.proficiency.units import conversion

_VALUE: Final = re.compile(r"([<>≤≥]?)\s*([+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?)\s*(%|[^\d\s.,].*)?")
_AMBIGUOUS: Final = re.compile(r"\d{1,3}(?:,\d{3})+")
_METHOD: Final = re.compile(r"[A-Z0-9][A-Z0-9 ()/_-]{0,39}")
_NOT_FOUND: Final = frozenset(("nd", "n.d.", "not detected", "none", "negative"))
_NOT_DETERMINED: Final = frozenset(("", "-", "n/a", "na", "nq", "n.q.", "not determined", "not quantified"))
#: Ratios of assigned to reported value that a confusion of units leaves.
_CONFUSED: Final = (100.0, 1000.0, 0.01, 0.001)
_UNKNOWN_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Entry:
    """A row that is scored.

    Attributes
    ----------
    row : int
        Row of ``submissions.csv``, the header being row 1.
    laboratory, sample : str
    resolution : Resolution
    value : float or None
        In the unit of the round; None if there is none to score, then `notes` say why.
    less_than : float or None
        Limit of a result such as ``<0.5``, in the unit of the round.
    uncertainty : float or None
        Standard uncertainty, in the unit of the round.
    expanded : float or None
        Expanded uncertainty as stated, in the unit of the round.
    replicate : str
    methods : tuple of str
    submitted : datetime or None
    remarks : str
        Free text, as it was written.
    notes : tuple of str
        How the row was treated, wherever that is not plain.
    """

    row: int
    laboratory: str
    sample: str
    resolution: Resolution
    value: float | None
    less_than: float | None
    uncertainty: float | None
    expanded: float | None
    replicate: str
    methods: tuple[str, ...]
    submitted: datetime | None
    remarks: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that is not scored: where, whose, and why. What is no code is shown as a Python text."""

    row: int
    laboratory: str
    sample: str
    reason: str


@dataclass(frozen=True, slots=True)
class Submissions:
    """All rows of a round.

    Attributes
    ----------
    rows : int
        Rows read; always ``len(entries) + len(rejected)``.
    entries : tuple of Entry
    rejected : tuple of RejectedRow
    """

    rows: int
    entries: tuple[Entry, ...]
    rejected: tuple[RejectedRow, ...]

    @property
    def resolutions(self) -> tuple[Resolution, ...]:
        """What every distinct name was taken for, by the name written."""
        return tuple(sorted({entry.resolution for entry in self.entries}, key=lambda found: found.written))

    def laboratories(self, round_: Round) -> tuple[str, ...]:
        """Codes of all that take part, in their order: those declared, else all that submitted."""
        codes = set(round_.laboratories or ()) | {entry.laboratory for entry in self.entries}
        if round_.laboratories is None:
            # A laboratory of which every row was rejected still takes part; what is no code was quoted and is none.
            codes |= {row.laboratory for row in self.rejected if not row.laboratory.startswith(("'", '"'))}
        return tuple(sorted(codes))


class _Rejected(Exception):
    """Why a row is not scored; it never leaves this module."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason


def read_submissions(path: Path, round_: Round, names: Names, *, strict: bool = False) -> Submissions:
    """Read what the laboratories of a round submitted.

    Raises
    ------
    RoundError
        The file is no such table; a name is unknown (all of them are told, with suggestions); or, if `strict`, a row is
        rejected.
    """
    entries: list[Entry] = []
    rejected: list[RejectedRow] = []
    unknown: list[tuple[int, str]] = []
    rows = 0
    taking_part = None if round_.laboratories is None else frozenset(round_.laboratories)
    for number, cells in table_rows(path, "submissions"):
        rows += 1
        try:
            entry = _entry(number, cells, round_, names, taking_part)
        except _Rejected as fault:
            if strict:
                raise RoundError(str(path), number, fault.column, fault.reason) from None
            reason = f"column {fault.column}: {fault.reason}"
            rejected.append(RejectedRow(number, _safe(cells["laboratory"]), _safe(cells["sample"]), reason))
            continue
        if entry is None:
            unknown.append((number, cells["substance"]))
        else:
            entries.append(entry)
    if unknown:
        raise_unknown(path, unknown, names)
    if round_.laboratories is None:
        entries, rejected = _of_one_case(entries, rejected)
    kept, faults = _consistent(entries)
    rejected.extend(faults)
    if strict and rejected:
        first = min(rejected, key=lambda fault: fault.row)
        raise RoundError(str(path), first.row, "substance" if first in faults else "laboratory", first.reason)
    return Submissions(rows, tuple(kept), tuple(sorted(rejected, key=lambda fault: fault.row)))


def _safe(text: str) -> str:
    """A code as it stands if it is one, else made harmless."""
    return text if code_fault(text) is None else shown(text)


def submissions_path(folder: Path) -> Path:
    """``submissions.csv`` or ``submissions.xlsx`` of a round; the first where neither is there: reading it tells so."""
    return table_path(folder, "submissions") or folder / "submissions.csv"


def raise_unknown(path: Path, unknown: Sequence[tuple[int, str]], names: Names) -> None:
    """Tell all rows whose names are unknown, with suggestions.

    Raises
    ------
    RoundError
    """
    told = []
    first_rows: dict[str, int] = {}
    for number, written in unknown:
        first_rows.setdefault(written, number)
    for written, number in list(first_rows.items())[:_UNKNOWN_SHOWN]:
        close = names.suggestions(written)
        hint = f"did you mean {' or '.join(close)}?" if close else "nothing is like it"
        told.append(f"{shown(written)} (row {number}): {hint}")
    more = len(first_rows) - len(told)
    raise RoundError(
        str(path),
        unknown[0][0],
        "substance",
        f"{len(first_rows)} names are unknown; expected a name of the registry or of round.toml, where [aliases] and "
        f"[[substance]] add names. {'; '.join(told)}{f'; and {more} more' if more > 0 else ''}",
    )


def _entry(
    number: int, cells: dict[str, str], round_: Round, names: Names, taking_part: frozenset[str] | None
) -> Entry | None:
    """The row; None if its name is unknown."""
    laboratory, code, written = cells["laboratory"], cells["sample"], cells["substance"]
    if (fault := code_fault(laboratory)) is not None:
        raise _Rejected("laboratory", fault)
    if taking_part is not None and laboratory not in taking_part:
        raise _Rejected("laboratory", f"found {laboratory}, which does not take part in this round")
    sample = round_.sample(code)
    if sample is None:
        expected = ", ".join(sample.code for sample in round_.samples)
        raise _Rejected("sample", f"found {shown(code)}, expected one of {expected}")
    if not written:
        raise _Rejected("substance", "is empty, expected a name, or 'none' where nothing was found")
    notes: list[str] = []
    submitted = _submitted(cells.get("submitted", ""), round_, notes)
    resolution = names.resolve(written)
    if resolution is None:
        return None
    if resolution.how == "salt" and cells.get("value") and not written.casefold().rstrip(") ").endswith("base"):
        notes.append(f"{shown(written)} taken for {resolution.name}; the value was not converted to base")
    content = sample.content(resolution.name) if resolution.level == "substance" else None
    value, less_than, factor = _quantity(cells, content, resolution, notes)
    uncertainty, expanded = (None, None) if value is None else _uncertainty(cells, factor, notes)
    return Entry(
        row=number,
        laboratory=laboratory,
        sample=code,
        resolution=resolution,
        value=value,
        less_than=less_than,
        uncertainty=uncertainty,
        expanded=expanded,
        replicate=cells.get("replicate", ""),
        methods=_methods(cells.get("methods", ""), notes),
        submitted=submitted,
        remarks=cells.get("remarks", ""),
        notes=tuple(notes),
    )


def _submitted(text: str, round_: Round, notes: list[str]) -> datetime | None:
    if not text:
        if round_.deadline is not None:
            notes.append("no time of submission: taken as in time")
        return None
    try:
        found = parsed_time(text)
    except ValueError:
        raise _Rejected("submitted", f"found {shown(text)}, expected a date or time of ISO 8601") from None
    if round_.deadline is not None and found > round_.deadline:
        late = f"late: submitted {found.isoformat()}, after the deadline {round_.deadline.isoformat()}"
        if not round_.accept_late:
            raise _Rejected("submitted", late)
        notes.append(f"{late}; accepted by the round")
    return found


def _quantity(
    cells: dict[str, str], content: Content | None, resolution: Resolution, notes: list[str]
) -> tuple[float | None, float | None, float]:
    """The value in the unit of the round, the limit of a censored one, and the factor of conversion."""
    text = cells.get("value", "")
    nothing = None, None, 1.0
    if text.casefold() in _NOT_DETERMINED:
        return nothing
    if resolution.level == "none":
        raise _Rejected("value", f"contradictory: nothing found, yet the value {shown(text)}")
    if text.casefold() in _NOT_FOUND:
        raise _Rejected(
            "value",
            f"found {shown(text)}: the row says that {resolution.name} was not found, so it reports no substance",
        )
    if content is None or not content.scored or content.unit is None:
        notes.append(f"value {shown(text)} not scored: no quantity of {resolution.name} is asked for in this sample")
        return nothing
    match = _VALUE.fullmatch(text)
    if match is None or _AMBIGUOUS.search(match[2]):
        notes.append(f"value {shown(text)} not scored: expected a number such as 50.5, or <0.5")
        return nothing
    sign, digits, suffix = match.groups()
    unit = cells.get("unit", "")
    if suffix and unit and conversion(suffix, unit) != 1.0:
        notes.append(f"value {shown(text)} not scored: its unit and the column unit ({shown(unit)}) contradict")
        return nothing
    unit = unit or suffix or content.unit
    factor = conversion(unit, content.unit)
    if factor is None:
        notes.append(f"value {shown(text)} not scored: unit {shown(unit)}, expected {content.unit} or one of its kind")
        return nothing
    value = float(digits.replace(",", ".")) * factor
    if "," in digits:
        notes.append(f"value {shown(text)}: comma read as decimal point")
    if not 0 < value < float("inf"):
        what = "zero" if value == 0 else "negative" if value < 0 else "not finite"
        notes.append(f"value {shown(text)} not scored: {what}, yet {resolution.name} is reported as found")
        return nothing
    if factor != 1.0:
        notes.append(f"value converted from {shown(unit)} to {content.unit}")
    if sign in ("<", "≤"):
        notes.append(f"value {shown(text)} not scored: censored")
        return None, value, factor
    if sign:
        notes.append(f"value {shown(text)} not scored: only a lower limit")
        return nothing
    for ratio in _CONFUSED:
        if content.value is not None and 0.5 <= value * ratio / content.value <= 2:
            notes.append(f"value {shown(text)} scored as written; it may be in another unit (factor {ratio:g})")
    return value, None, factor


def _uncertainty(cells: dict[str, str], factor: float, notes: list[str]) -> tuple[float | None, float | None]:
    """Standard and expanded uncertainty in the unit of the round."""
    text, coverage = cells.get("uncertainty", ""), cells.get("coverage_factor", "")
    if not text:
        return None, None
    if not coverage:
        notes.append(f"uncertainty {shown(text)} not used: no coverage factor")
        return None, None
    try:
        stated, k = float(text.replace(",", ".")), float(coverage.replace(",", "."))
    except ValueError:
        stated = k = float("nan")
    if not (0 < stated < float("inf") and 0 < k < float("inf")):
        notes.append(f"uncertainty {shown(text)} with k {shown(coverage)} not used: expected two numbers above 0")
        return None, None
    return stated * factor / k, stated * factor


def _methods(text: str, notes: list[str]) -> tuple[str, ...]:
    found: list[str] = []
    for part in re.split(r"[+;,|]", text.upper()):
        code = " ".join(part.split())
        if not code or code in found:
            continue
        if _METHOD.fullmatch(code):
            found.append(code)
        else:
            notes.append(f"method {shown(part)} left out: expected a code of letters, digits, blanks and ()/_-")
    return tuple(sorted(found))


def _of_one_case(entries: Sequence[Entry], rejected: Sequence[RejectedRow]) -> tuple[list[Entry], list[RejectedRow]]:
    """Entries and rejects, without the codes of laboratories that differ from each other by case only.

    The reports of such laboratories would be one file where names of files have no case. Nobody can tell which one is
    meant, so that all rows of both are rejected, and their codes are no codes.
    """
    spellings: dict[str, set[str]] = defaultdict(set)
    for code in {*(row.laboratory for row in entries), *(row.laboratory for row in rejected)}:
        if code_fault(code) is None:
            spellings[code.casefold()].add(code)
    doubtful = {code: " and ".join(sorted(found)) for found in spellings.values() if len(found) > 1 for code in found}
    faults = [replace(row, laboratory=shown(row.laboratory)) if row.laboratory in doubtful else row for row in rejected]
    for row in entries:
        if (found := doubtful.get(row.laboratory)) is not None:
            told = f"{found} differ by case only: which laboratory is meant?"
            faults.append(RejectedRow(row.row, shown(row.laboratory), row.sample, told))
    return [row for row in entries if row.laboratory not in doubtful], faults


def _consistent(entries: Iterable[Entry]) -> tuple[list[Entry], list[RejectedRow]]:
    """Entries without duplicates and contradictions, and what was taken out.

    A laboratory that found nothing and something in one sample contradicts itself: nobody can tell what it meant, so
    all its rows of the sample go. Of one substance reported twice the first row counts; if the
    values differ, none of them does.
    """
    together: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        together[entry.laboratory, entry.sample].append(entry)
    kept: list[Entry] = []
    rejected: list[RejectedRow] = []
    for (laboratory, sample), rows in together.items():
        levels = {entry.resolution.level == "none" for entry in rows}
        if len(levels) > 1:
            told = f"contradictory: nothing found, and substances found, in rows {_listed(rows)}"
            rejected.extend(RejectedRow(entry.row, laboratory, sample, told) for entry in rows)
            continue
        same: dict[tuple[str, str], list[Entry]] = defaultdict(list)
        for entry in rows:
            same[entry.resolution.name, entry.replicate].append(entry)
        for (name, _), group in same.items():
            first, *others = group
            if any((other.value, other.less_than) != (first.value, first.less_than) for other in others):
                told = f"values of rows {_listed(group)} contradict each other: none is scored"
                first = replace(
                    first, value=None, less_than=None, uncertainty=None, expanded=None, notes=(*first.notes, told)
                )
            kept.append(first)
            rejected.extend(
                RejectedRow(
                    other.row,
                    laboratory,
                    sample,
                    f"duplicate: {name} of this laboratory and sample is in row {first.row}",
                )
                for other in others
            )
    return sorted(kept, key=lambda entry: entry.row), rejected


def _listed(rows: Iterable[Entry]) -> str:
    return ", ".join(str(entry.row) for entry in rows)
