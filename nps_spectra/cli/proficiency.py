"""``nps-spectra proficiency``: make, check and evaluate a round of a proficiency test."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import get_args

from nps_spectra.cli.main import FINE, REJECTED
from nps_spectra.cli.output import table
from nps_spectra.errors import RoundError
from nps_spectra.proficiency.claim_verdicts import ClaimVerdict
from nps_spectra.proficiency.claims import FileStatus, NotJudged, SpectraCheck
from nps_spectra.proficiency.codes import draw_codes, write_key
from nps_spectra.proficiency.evaluation import Evaluation, evaluate
from nps_spectra.proficiency.over_rounds import history
from nps_spectra.proficiency.reading_rounds import read_round
from nps_spectra.proficiency.round_spreadsheets import collect_forms, round_to_xlsx, write_forms
from nps_spectra.proficiency.round_tables import has_spectra
from nps_spectra.proficiency.simulation import write_simulation
from nps_spectra.proficiency.submissions import Submissions, read_submissions, submissions_path
from nps_spectra.proficiency.submitted_spectra import SubmittedSpectrum, read_submitted_spectra
from nps_spectra.proficiency.template import write_template
from nps_spectra.proficiency.writing_spreadsheets import require_openpyxl

#: Rejects told on a terminal; files and JSON hold them all.
_SHOWN = 20


def new(options: argparse.Namespace) -> int:
    """Write the files of a round to start from."""
    return _wrote(write_template(options.folder, options.group, xlsx=options.xlsx), options.json)


def forms(options: argparse.Namespace) -> int:
    """Write the spreadsheets in which laboratories write their results."""
    return _wrote(write_forms(options.round, options.out), options.json)


def collect(options: argparse.Namespace) -> int:
    """Join forms that were filled in."""
    path, counts = collect_forms(options.round, options.forms)
    if options.json:
        print(json.dumps({"written": [str(path)], "rows": counts}, indent=1))
    else:
        for form, rows in counts.items():
            print(f"{form}: {rows} rows")
        print(f"wrote {path}")
    return FINE


def to_xlsx(options: argparse.Namespace) -> int:
    """Write a round with its tables as spreadsheets."""
    return _wrote(round_to_xlsx(options.round, options.out), options.json)


def check(options: argparse.Namespace) -> int:
    """Read a round and tell how every row would be treated."""
    folder = Path(options.round)
    round_, names = read_round(folder)
    submissions = read_submissions(submissions_path(folder), round_, names, strict=options.strict)
    noted = [entry for entry in submissions.entries if entry.notes]
    lost: list[SubmittedSpectrum] = []
    if has_spectra(folder):
        submitted = read_submitted_spectra(folder, round_, names, submissions)
        lost = [one for parts in submitted.values() for one in parts if one.status != "assigned"]
        print(f"files of spectra: {len(submitted)} found", file=sys.stderr)
        _tell_lost(lost)
    if options.json:
        content = {
            "rows": submissions.rows,
            "scored": len(submissions.entries),
            "rejected": [{"row": row.row, "reason": row.reason} for row in submissions.rejected],
            "spectra_lost": [{"file": one.file, "status": one.status, "reason": one.reason} for one in lost],
            "notes": [{"row": entry.row, "notes": list(entry.notes)} for entry in noted],
            "names": [
                {"written": one.written, "taken_for": one.name, "level": one.level, "how": one.how}
                for one in submissions.resolutions
            ],
        }
        print(json.dumps(content, ensure_ascii=False, indent=1))
    else:
        _tell_rows(submissions)
        for entry in noted:
            print(f"row {entry.row}: {'; '.join(entry.notes)}")
        rows = [(ascii(one.written)[1:-1], one.name, one.how) for one in submissions.resolutions]
        print(table(("written", "taken for", "how"), rows))
    return REJECTED if submissions.rejected or lost else FINE


def evaluate_round(options: argparse.Namespace) -> int:
    """Evaluate a round and write its tables and reports."""
    pdf = not (options.no_reports or options.no_pdf)
    if pdf:  # what is missing is told before anything is computed or written
        from nps_spectra.report.round_pages import pdf_writer

        pdf_writer()
    if options.xlsx:
        require_openpyxl()
    evaluation = evaluate(options.round, strict=options.strict, library=options.library)
    written = [path.name for path in evaluation.write(options.out)]
    if options.xlsx:
        written.append(evaluation.write_spreadsheet(Path(options.out, "evaluation.xlsx")).name)
    if not options.no_reports:
        from nps_spectra.report.round_pages import write_reports

        reports = write_reports(evaluation, options.out, pdf=pdf)
        kinds = "HTML and PDF" if pdf else "HTML"
        laboratories = len(reports) // (2 if pdf else 1) - 1
        written += [f"organiser's report ({kinds})", f"laboratories/ ({laboratories} reports, {kinds})"]
    _tell_rows(evaluation.submissions)
    lost = False
    if evaluation.spectra is not None:
        _tell_spectra(evaluation.spectra)
        lost = bool(evaluation.spectra.not_judged)
    elif options.library is not None:
        print("NOTICE: the round has no folder 'spectra': the library was not used", file=sys.stderr)
    if options.json:
        print(evaluation.to_json(), end="")
    else:
        _print(evaluation)
        print(f"wrote {', '.join(written)} to {options.out}")
    return REJECTED if evaluation.submissions.rejected or lost else FINE


def codes(options: argparse.Namespace) -> int:
    """Draw codes of laboratories and write their key."""
    try:
        text = Path(options.participants).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RoundError(options.participants, None, None, f"cannot be read ({error}), expected names") from error
    drawn = draw_codes([line for line in text.splitlines() if line.strip()])
    write_key(drawn, options.key)
    if options.json:
        print(json.dumps({"laboratories": list(drawn), "key": options.key}, indent=1))
    else:
        print(f"laboratories = {json.dumps(list(drawn))}")
    print(f"wrote the key of {len(drawn)} laboratories to {options.key}", file=sys.stderr)
    return FINE


def simulate(options: argparse.Namespace) -> int:
    """Invent submissions of a round."""
    return _wrote(write_simulation(options.round, options.laboratories, seed=options.seed), options.json)


def past(options: argparse.Namespace) -> int:
    """Join the evaluations of consecutive rounds."""
    found = history(options.evaluations, options.key)
    if options.json:
        print(json.dumps([asdict(one) for one in found], ensure_ascii=False, indent=1))
    else:
        rows = []
        for one in found:
            for place, part in enumerate(one.rounds):
                scores = part.scores
                told = "; ".join(rule for name, rule in one.signals if name == part.round)
                rows.append(
                    (
                        "" if place else one.laboratory,
                        part.round,
                        str(part.correct),
                        str(part.missed),
                        str(part.false_positive),
                        "" if scores is None else f"{scores.rescaled_sum:.2f}",
                        "" if scores is None else f"{scores.sum_of_squares:.1f} / {scores.critical:.1f}",
                        told,
                    )
                )
        header = ("laboratory", "round", "correct", "missed", "false", "rescaled z", "sum z^2 / limit", "signals")
        print(table(header, rows, (2, 3, 4, 5, 6)))
    return REJECTED if any(one.signals for one in found) else FINE


def _wrote(paths: Iterable[Path], as_json: bool) -> int:
    written = [str(path) for path in paths]
    print(json.dumps({"written": written}, indent=1) if as_json else "\n".join(f"wrote {path}" for path in written))
    return FINE


def _tell_rows(submissions: Submissions) -> None:
    print(
        f"rows: {submissions.rows} read, {len(submissions.entries)} scored, {len(submissions.rejected)} rejected",
        file=sys.stderr,
    )
    for row in submissions.rejected[:_SHOWN]:
        print(f"  REJECTED row {row.row}: {row.reason}", file=sys.stderr)
    if len(submissions.rejected) > _SHOWN:
        print(f"  ... and {len(submissions.rejected) - _SHOWN} more rejects", file=sys.stderr)


def _tell_spectra(check: SpectraCheck) -> None:
    counts = ", ".join(f"{check.count(status)} {status.replace('_', ' ')}" for status in get_args(FileStatus))
    print(f"files of spectra: {len(check.files)} found, {counts}", file=sys.stderr)
    _tell_lost(check.not_judged)
    if check.notice is not None:
        print(f"NOTICE: {check.notice}", file=sys.stderr)
    for verdict in get_args(ClaimVerdict):
        number = sum(one.verdict == verdict for one in check.claims)
        print(f"  claims, {verdict.replace('_', ' ')}: {number}", file=sys.stderr)


def _tell_lost(spectra: Sequence[NotJudged | SubmittedSpectrum]) -> None:
    for one in spectra[:_SHOWN]:
        record = "" if one.record is None else f", record {one.record}"
        print(f"  {one.status.replace('_', ' ').upper()} {one.file}{record}: {one.reason}", file=sys.stderr)
    if len(spectra) > _SHOWN:
        print(f"  ... and {len(spectra) - _SHOWN} more", file=sys.stderr)


def _print(evaluation: Evaluation) -> None:
    if evaluation.round.simulated:
        print("NOTICE: the submissions of this round are simulated", file=sys.stderr)
    rows = []
    for one in evaluation.result.samples:
        found = evaluation.round.sample(one.key)
        contents = ", ".join(content.substance for content in found.contents) if found is not None else ""
        rows.append(
            (
                one.key,
                contents or "blank",
                str(one.results),
                _share(one.sensitivity.value),
                _share(one.false_positive_rate.value),
                _share(one.fully_correct.value),
            )
        )
    header = ("sample", "contents", "results", "sensitivity", "false positive", "fully correct")
    print(table(header, rows, (2, 3, 4, 5)))
    for target in evaluation.targets:
        for warning in (*target.warnings, *filter(None, (target.note,))):
            print(f"WARNING {target.sample}, {target.substance}: {warning}", file=sys.stderr)


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


COMMANDS = {
    "new": new,
    "forms": forms,
    "collect": collect,
    "to-xlsx": to_xlsx,
    "check": check,
    "evaluate": evaluate_round,
    "codes": codes,
    "history": past,
    "simulate": simulate,
}
