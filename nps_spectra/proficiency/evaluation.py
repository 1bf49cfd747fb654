"""A round evaluated: identifications, quantities, laboratories; as data frames, JSON and tables."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from nps_spectra.atomic import write_text
from nps_spectra.errors import MissingDependencyError
from nps_spectra.proficiency.identification import Identification, Rates, identify
from nps_spectra.proficiency.intervals import Proportion
from nps_spectra.proficiency.performance import CombinedScore, combine_scores
from nps_spectra.proficiency.quantities import Quantity, quantify
from nps_spectra.proficiency.reading_rounds import read_round
from nps_spectra.proficiency.repeatability import Repeatability, repeatabilities
from nps_spectra.proficiency.round_tables import has_spectra
from nps_spectra.proficiency.rounds import Round
from nps_spectra.proficiency.submissions import Submissions, read_submissions, submissions_path
from nps_spectra.proficiency.targets import Target
from nps_spectra.proficiency.writing_spreadsheets import cut_text, write_book
from nps_spectra.tables import csv_text

if TYPE_CHECKING:
    import pandas

    from nps_spectra.library import Library
    from nps_spectra.proficiency.claims import SpectraCheck

_SEPARATOR: Final = "; "
_OUTCOMES: Final = (
    *("laboratory", "sample", "status", "reported", "correct", "missed", "false_positive", "tolerated", "unspecific"),
    *("partial", "partial_credit", "all_correct", "methods", "scheme_met", "scheme_reason"),
)
_PROPORTIONS: Final = (*("sensitivity", "specificity", "false_negative_rate", "false_positive_rate", "fully_correct"),)
#: Scores of a laboratory taken together (ISO 13528:2022, 9.9).
_COMBINED: Final = ("z_scores", "rescaled_sum", "sum_of_squares", "sum_of_squares_limit")
_LABORATORY: Final = ("not_evaluated", "partial_credit", "satisfactory", "questionable", "unsatisfactory", "not_scored")

Table = tuple[tuple[str, ...], list[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A round of a proficiency test, evaluated.

    Attributes
    ----------
    round : Round
    submissions : Submissions
    result : Identification
    targets : tuple of Target
    scores : tuple of Quantity
    repeatability : tuple of Repeatability
        Of laboratories that reported replicates.
    spectra : SpectraCheck or None
        Spectra of the laboratories beside their claims; None if the round has none. It changes no score.
    """

    round: Round
    submissions: Submissions
    result: Identification
    targets: tuple[Target, ...]
    scores: tuple[Quantity, ...]
    repeatability: tuple[Repeatability, ...] = ()
    spectra: SpectraCheck | None = None

    @property
    def identification(self) -> pandas.DataFrame:
        """One row for each laboratory and sample; lists of substances as text, separated by ``"; "``.

        Raises
        ------
        MissingDependencyError
            pandas is not installed.
        """
        return _frame(self._identification_table())

    @property
    def quantities(self) -> pandas.DataFrame:
        """One row for each quantity asked for of a substance that the laboratory reported.

        Raises
        ------
        MissingDependencyError
            pandas is not installed.
        """
        return _frame(self._quantities_table())

    @property
    def laboratories(self) -> pandas.DataFrame:
        """One row for each laboratory: rates with intervals, and counts of verdicts.

        Raises
        ------
        MissingDependencyError
            pandas is not installed.
        """
        return _frame(self._laboratories_table())

    @property
    def claims(self) -> pandas.DataFrame:
        """One row for each spectrum that was submitted for a claim, with the verdict; without rows if there is none.

        Raises
        ------
        MissingDependencyError
            pandas is not installed.
        """
        from nps_spectra.proficiency.claims import claims_table

        return _frame(claims_table(self.spectra))

    @property
    def combined_scores(self) -> dict[str, CombinedScore]:
        """Z scores of each laboratory that has any, taken together, by code."""
        z: dict[str, list[float]] = {}
        for score in self.scores:
            if score.z is not None:
                z.setdefault(score.laboratory, []).append(score.z)
        return {code: combine_scores(found) for code, found in z.items()}

    def to_json(self) -> str:
        """The evaluation as JSON: the same bytes from the same files.

        ``results`` has an object for each laboratory and sample that was evaluated; what was not is in
        ``not_evaluated``, and every row that was not scored in ``rows``.
        """
        scores: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for one in self.scores:
            scores.setdefault((one.laboratory, one.sample), []).append(
                {
                    "substance": one.substance,
                    "value": one.value,
                    "assigned": one.assigned,
                    "z": one.z,
                    "verdict": one.verdict,
                }
            )
        evaluated = [one for one in self.result.outcomes if one.status == "evaluated"]
        others = [one for one in self.result.outcomes if one.status != "evaluated"]
        content = {
            "format": 1,
            "scheme": self.round.scheme,
            "group": self.round.group,
            "round": self.round.name,
            "simulated": self.round.simulated,
            "source": self.round.source,
            "targets": [_target_json(one) for one in self.targets],
            "results": [
                {
                    "laboratory": one.laboratory,
                    "sample": one.sample,
                    "correct": list(one.correct),
                    "missed": list(one.missed),
                    "false_positive": list(one.false_positive),
                    "tolerated": list(one.tolerated),
                    "scores": scores.get((one.laboratory, one.sample), []),
                }
                for one in evaluated
            ],
            "not_evaluated": [
                {"laboratory_code": one.laboratory, "sample_code": one.sample, "status": one.status} for one in others
            ],
            "agreement_beyond_chance": self.result.kappa,
            "rows": {
                "read": self.submissions.rows,
                "scored": len(self.submissions.entries),
                "rejected": [
                    {"row": row.row, "laboratory_code": row.laboratory, "sample_code": row.sample, "reason": row.reason}
                    for row in self.submissions.rejected
                ],
            },
        }
        if self.spectra is not None:
            content["spectra"] = self.spectra.to_dict()
        return json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1) + "\n"

    def write(self, folder: str | os.PathLike[str]) -> tuple[Path, ...]:
        """Write ``evaluation.json`` and one CSV table for each subject, each whole or not at all.

        Returns
        -------
        tuple of Path
            What was written.
        """
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        texts = {"evaluation.json": self.to_json()}
        texts.update({f"{name}.csv": csv_text(header, rows) for name, (header, rows) in self._tables().items()})
        for name, text in texts.items():
            write_text(target / name, text)
        return tuple(target / name for name in texts)

    def write_spreadsheet(self, path: str | os.PathLike[str]) -> Path:
        """Write the tables as the sheets of one XLSX file; a text too long for a cell is cut, and says so.

        Raises
        ------
        MissingDependencyError
            openpyxl is not installed.
        OptionError
            A table has more rows than a sheet can hold.
        """
        target = Path(path)
        sheets = {
            name: (header, [[cut_text(value, f"{name}.csv") for value in row] for row in rows])
            for name, (header, rows) in self._tables().items()
        }
        write_book(target, sheets)
        return target

    def _tables(self) -> dict[str, Table]:
        result = self.result
        beside = {} if self.spectra is None else self.spectra.tables()
        if self.repeatability:
            names = tuple(field.name for field in fields(Repeatability))
            beside["repeatability"] = names, [tuple(getattr(one, name) for name in names) for one in self.repeatability]
        return beside | {
            "identification": self._identification_table(),
            "quantities": self._quantities_table(),
            "targets": self._targets_table(),
            "laboratories": self._laboratories_table(),
            "substances": _rates_table("substance", result.substances),
            "classes": _rates_table("class", result.classes),
            "samples": _samples_table(result.samples),
            "methods": _rates_table("methods", result.methods),
            "agreement": (
                ("samples", "substance", "reported", "results", "accordance", "concordance"),
                [
                    (
                        _SEPARATOR.join(one.samples),
                        one.substance,
                        one.reported.successes,
                        one.reported.trials,
                        one.accordance,
                        one.concordance,
                    )
                    for one in result.agreement
                ],
            ),
            "rows": self._rows_table(),
            "names": (
                ("written", "taken_for", "level", "how"),
                [(one.written, one.name, one.level, one.how) for one in self.submissions.resolutions],
            ),
        }

    def _identification_table(self) -> Table:
        rows: list[tuple[Any, ...]] = []
        for one in self.result.outcomes:
            partial = [f"{part.reported} for {part.missed} ({part.kind})" for part in one.partial]
            lists = (one.reported, one.correct, one.missed, one.false_positive, one.tolerated, one.unspecific, partial)
            rows.append(
                (
                    one.laboratory,
                    one.sample,
                    one.status,
                    *map(_SEPARATOR.join, lists),
                    sum((part.credit for part in one.partial), 0.0),
                    one.all_correct if one.status == "evaluated" else None,
                    "+".join(one.methods),
                    one.audit.met,
                    one.audit.reason,
                )
            )
        return _OUTCOMES, rows

    def _quantities_table(self) -> Table:
        names = tuple(field.name for field in fields(Quantity))
        return names, [tuple(getattr(one, name) for name in names) for one in self.scores]

    def _targets_table(self) -> Table:
        names = tuple(field.name for field in fields(Target))
        rows = [[getattr(one, name) for name in names] for one in self.targets]
        where = names.index("warnings")
        return names, [(*row[:where], _SEPARATOR.join(row[where]), *row[where + 1 :]) for row in rows]

    def _laboratories_table(self) -> Table:
        header, rows = _rates_table("laboratory", self.result.laboratories)
        counts = {row[0]: dict.fromkeys(_LABORATORY, 0.0) for row in rows}
        for one in self.result.outcomes:
            counts[one.laboratory]["not_evaluated"] += one.status != "evaluated"
            counts[one.laboratory]["partial_credit"] += sum(part.credit for part in one.partial)
        for score in self.scores:
            counts[score.laboratory][score.verdict] += 1
        whole = {name for name in _LABORATORY if name != "partial_credit"}
        joined = {
            code: (one.n, one.rescaled_sum, one.sum_of_squares, one.critical)
            for code, one in self.combined_scores.items()
        }
        return (*header, *_LABORATORY, *_COMBINED), [
            (
                *row,
                *(int(value) if name in whole else value for name, value in counts[row[0]].items()),
                *joined.get(row[0], (0, None, None, None)),
            )
            for row in rows
        ]

    def _rows_table(self) -> Table:
        rows: list[tuple[Any, ...]] = [
            (
                one.row,
                one.laboratory,
                one.sample,
                "scored",
                one.resolution.written,
                one.resolution.name,
                _SEPARATOR.join(one.notes),
                one.remarks,
            )
            for one in self.submissions.entries
        ]
        rows += [
            (one.row, one.laboratory, one.sample, "rejected", None, None, one.reason, None)
            for one in self.submissions.rejected
        ]
        header = ("row", "laboratory", "sample", "treatment", "written", "taken_for", "notes", "remarks")
        return header, sorted(rows, key=lambda row: row[0])


def evaluate(
    round_path: str | os.PathLike[str],
    *,
    strict: bool = False,
    library: Library | str | os.PathLike[str] | None = None,
) -> Evaluation:
    """Evaluate a round of a proficiency test.

    Parameters
    ----------
    round_path : path
        Folder of the round with ``round.toml`` and ``submissions.csv``, and if there are any ``homogeneity.csv`` and
        ``stability.csv``; each table may be XLSX instead. Spectra of the laboratories stand in ``spectra``, see
        `nps_spectra.proficiency.submitted_spectra`.
    strict : bool
        Raise the first row that would be rejected.
    library : Library or path, optional
        That the spectra of the laboratories are held against; ``"starter"`` is the embedded one. Default: what
        ``round.toml`` names.

    Raises
    ------
    RoundError
        A file cannot be used, or a name is unknown: it names file, row, column, what was found and what was expected.
    LibraryError
        The library cannot be used.
    MissingDependencyError
        SciPy is not installed.

    Examples
    --------
    >>> import tempfile
    >>> from nps_spectra.proficiency.template import write_template
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = write_template(folder)
    ...     evaluate(folder).submissions.rows
    0
    """
    folder = Path(round_path)
    round_, names = read_round(folder)
    submissions = read_submissions(submissions_path(folder), round_, names, strict=strict)
    identification = identify(round_, submissions)
    targets, scores = quantify(round_, submissions, identification)
    spectra = None
    if has_spectra(folder):  # a round without any loads nothing of identification
        from nps_spectra.proficiency.claims import check_spectra

        spectra = check_spectra(folder, round_, names, submissions, library)
    repeated = repeatabilities(round_, submissions)
    return Evaluation(round_, submissions, identification, targets, scores, repeated, spectra)


def _target_json(target: Target) -> dict[str, Any]:
    found = {field.name: getattr(target, field.name) for field in fields(Target)}
    return found | {"warnings": list(target.warnings)}


def _frame(table: Table) -> pandas.DataFrame:
    try:
        import pandas
    except ImportError as error:
        raise MissingDependencyError(
            "frames of an evaluation need pandas: pip install 'nps_spectra[proficiency]'"
        ) from error
    header, rows = table
    return pandas.DataFrame(rows, columns=list(header))


def _rates_table(key: str, rates: Sequence[Rates]) -> Table:
    header = [key, "results"]
    for name in _PROPORTIONS:
        header += [name, *(f"{name}_{limit}" for limit in ("exact_low", "exact_high", "wilson_low", "wilson_high"))]
    return (*header, "likelihood_ratio"), [
        (
            one.key,
            one.results,
            *(value for name in _PROPORTIONS for value in _limits(getattr(one, name))),
            one.likelihood_ratio,
        )
        for one in rates
    ]


def _samples_table(rates: Sequence[Rates]) -> Table:
    """Rates of samples with their difficulty: the share of results that were not fully correct."""
    header, rows = _rates_table("sample", rates)
    shares = [one.fully_correct.value for one in rates]
    return (*header, "difficulty"), [
        (*row, None if share is None else 1 - share) for row, share in zip(rows, shares, strict=True)
    ]


def _limits(one: Proportion) -> Iterable[float | None]:
    return one.value, one.exact_low, one.exact_high, one.wilson_low, one.wilson_high
