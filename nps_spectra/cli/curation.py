"""``nps-spectra library log|merge|select|edit|diff|consensus|export``: libraries made of libraries."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from nps_spectra.cli.convert import tell_written, written_summary
from nps_spectra.cli.main import FINE, REJECTED
from nps_spectra.cli.output import progress_bar, reject_dicts, table
from nps_spectra.errors import OptionError
from nps_spectra.formats.registry import format_to_write
from nps_spectra.library import Library, curation
from nps_spectra.library.events import Event
from nps_spectra.options import Tolerance

#: Lines of details on stderr; the rest is counted.
_SHOWN: Final = 10


def log(options: argparse.Namespace) -> int:
    """Print the events of a library."""
    library = Library.open(options.library)
    if options.json:
        _print_json({"name": library.name, "digest": library.digest, "events": [e.describe() for e in library.events]})
        return FINE
    for event in library.events:
        print(_line(event))
    if not library.events:
        print(f"{options.library}: no event is known; it was written before libraries had a log")
    return FINE


def _line(event: Event) -> str:
    start = f"{event.time}  {event.action:<9}  "
    if event.record is None:
        known = {key: value for key, value in event.arguments.items() if value not in (None, [], "")}
        shown = ", ".join(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in known.items())
        return f"{start}{event.program}: {shown}"
    change = f" {event.field}: {_shown(event.before)} -> {_shown(event.after)}" if event.field else ""
    why = f" ({event.why})" if event.why else ""
    return f"{start}record {event.record}{change}{why}"


def _shown(value: Any) -> str:
    return "missing" if value is None or value == () else json.dumps(value, ensure_ascii=False)


def merge(options: argparse.Namespace) -> int:
    """Make one library of several."""
    found = curation.merge([Library.open(file) for file in options.libraries], options.out, name=options.name)
    for conflict in found.conflicts[:_SHOWN]:
        print(
            f"  CONFLICT {conflict.kind}: {conflict.first} of {conflict.first_library} and {conflict.second} of "
            f"{conflict.second_library} differ in {', '.join(conflict.fields)}",
            file=sys.stderr,
        )
    if len(found.conflicts) > _SHOWN:
        print(f"  ... and {len(found.conflicts) - _SHOWN} more conflicts (--json lists all)", file=sys.stderr)
    _tell(
        options,
        found.library,
        {
            "records_in": found.records_in,
            "identical": found.identical,
            "conflicts": [asdict(conflict) for conflict in found.conflicts],
        },
        f"{found.records_in} records in, {found.identical} identical ones left out, {len(found.conflicts)} conflicts",
    )
    return FINE


def select(options: argparse.Namespace) -> int:
    """Choose records of a library."""
    found = curation.select(
        Library.open(options.library),
        options.out,
        where=options.where,
        ids=_lines(options.ids),
        names=_lines(options.names),
        name=options.name,
    )
    for missing in found.not_found:
        print(f"  NOT FOUND {missing}", file=sys.stderr)
    _tell(
        options,
        found.library,
        {"left_out": found.left_out, "not_found": list(found.not_found)},
        f"{found.left_out} records left out",
    )
    return REJECTED if found.not_found else FINE


def edit(options: argparse.Namespace) -> int:
    """Correct fields of records."""
    single = (options.record, options.why, *options.set)
    if options.edits is not None:
        if any(single):
            raise OptionError("--edits takes the place of --record, --set and --why")
        edits = curation.read_edits(options.edits)
    else:
        if not (options.record and options.why and options.set):
            raise OptionError("--record, --set and --why are needed, or --edits")
        edits = [curation.Edit(options.record, *_assignment(text), options.why) for text in options.set]
    library = curation.edit(Library.open(options.library), edits, options.out, name=options.name)
    made = library.events[len(library.events) - len(edits) :]
    _tell(options, library, {"edits": [event.describe() for event in made]}, f"{len(made)} fields changed")
    if not options.json:
        for event in made[:_SHOWN]:
            print(_line(event))
        if len(made) > _SHOWN:
            print(f"... and {len(made) - _SHOWN} more ('nps-spectra library log' lists all)")
    return FINE


def _assignment(text: str) -> tuple[str, str]:
    field, equals, value = text.partition("=")
    if not equals:
        raise OptionError(f"--set {text!r}: expected FIELD=VALUE")
    return field.strip(), value


def diff(options: argparse.Namespace) -> int:
    """Tell what is different between two libraries."""
    Tolerance.parse(options.tolerance)
    a, b = (Library.open(file) for file in options.libraries)
    found = curation.diff(a, b, tolerance=options.tolerance)
    if options.json:
        both = {"a": {"name": a.name, "digest": a.digest}, "b": {"name": b.name, "digest": b.digest}}
        _print_json(both | found.describe())
        return REJECTED if found else FINE
    rows = [("only in A", one.record, _short(one.name), "") for one in found.only_in_a]
    rows += [("only in B", one.record, _short(one.name), "") for one in found.only_in_b]
    for one in found.changed_fields:
        rows.append(("fields", one.record_a, _short(one.name), _fields(one)))
    for one in found.changed_peaks:
        score = "nothing to compare" if one.score is None else f"{one.method} {one.score:.3g}"
        rows.append(("peaks", one.record_a, _short(one.name), f"{score}; {_fields(one)}".removesuffix("; ")))
    if rows:
        print(table(("", "record", "name", "what"), rows))
    print(
        f"{found.same} records equal, {len(found.only_in_a)} only in {options.libraries[0]}, "
        f"{len(found.only_in_b)} only in {options.libraries[1]}, {len(found.changed_fields)} with other fields, "
        f"{len(found.changed_peaks)} with other peaks"
    )
    return REJECTED if found else FINE


def _short(name: str | None, letters: int = 40) -> str:
    text = name or ""
    return text if len(text) <= letters else f"{text[: letters - 1]}…"


def _fields(one: curation.Changed) -> str:
    return "; ".join(
        name if name == "original" else f"{name}: {_shown(before)} -> {_shown(after)}"
        for name, (before, after) in one.fields.items()
    )


def export(options: argparse.Namespace) -> int:
    """Write the spectra of a library in a format that others read."""
    format_to_write(Path(options.destination), options.format)
    found = curation.export(
        Library.open(options.library),
        options.destination,
        format=options.format,
        allow_licences=options.allow_licence,
        despite_licence=options.despite_licence,
        progress=progress_bar("writing", "spectra", 1),
    )
    tell_written(found.written)
    for term, count in found.conditions.most_common():
        if term != "allowed":
            print(f"  CONDITION {term}: {count} spectra", file=sys.stderr)
    for licence, count in found.left_out.most_common():
        print(f"  LEFT OUT, licence {licence}: {count} spectra", file=sys.stderr)
    left_out = found.left_out.total()
    if options.json:
        _print_json(
            written_summary(found.written)
            | {"left_out": dict(found.left_out), "conditions": dict(found.conditions)}
            | {"rejects": reject_dicts(found.written.rejects)}
        )
    else:
        print(
            f"{options.destination}: {found.written.records_out} spectra written as {found.written.format}, "
            f"{left_out} left out because of their licence"
        )
    return REJECTED if left_out or found.written.rejects else FINE


def consensus(options: argparse.Namespace) -> int:
    """Make one spectrum of replicates."""
    asked = curation.ConsensusOptions(
        tolerance=options.tolerance,
        min_share=options.min_share,
        statistic=options.statistic,
        min_replicates=options.min_replicates,
        min_similarity=options.min_similarity,
        keep_others=not options.only_consensus,
    )
    found = curation.consensus(Library.open(options.library), options.out, asked, name=options.name)
    notes = [
        f"NOT USED {one.record} {one.name or ''}: {one.reason}, similarity {one.similarity:.3f}" for one in found.unused
    ]
    notes += [
        f"NO CONSENSUS {one.name or ''}: {', '.join(one.records)}, median similarity {one.similarity:.3f}"
        for one in found.disagreements
    ]
    for note in notes[:_SHOWN]:
        print(f"  {note}", file=sys.stderr)
    if len(notes) > _SHOWN:
        print(f"  ... and {len(notes) - _SHOWN} more ('nps-spectra library log' or --json list all)", file=sys.stderr)
    for reason, count in found.others.most_common():
        print(f"  in no group, {count} records: {reason}", file=sys.stderr)
    more = {
        "consensus_spectra": found.made,
        "replicates": found.replicates,
        "unused": [asdict(one) for one in found.unused],
        "disagreements": [asdict(one) for one in found.disagreements],
        "others": dict(found.others),
    }
    text = f"{found.made} consensus spectra of {found.replicates} replicates, {len(found.unused)} replicates not used"
    _tell(options, found.library, more, f"{text}, {len(found.disagreements)} groups disagree")
    return FINE


def _lines(file: str | None) -> list[str] | None:
    """The lines of a file that hold something."""
    if file is None:
        return None
    try:
        text = Path(file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise OptionError(f"{file}: cannot be read as UTF-8 text ({error})") from error
    return [line.strip() for line in text.splitlines() if line.strip()]


def _tell(options: argparse.Namespace, library: Library, more: Mapping[str, Any], text: str) -> None:
    if options.json:
        whole = {"name": library.name, "digest": library.digest, "spectra": len(library)}
        _print_json(whole | {"substances": len(library.substances)} | dict(more))
    else:
        print(f"{options.out}: {len(library)} spectra of {len(library.substances)} substances; {text}")
        print(f"digest {library.digest}")


def _print_json(value: Mapping[str, Any]) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1))


COMMANDS: Final[Mapping[str, Callable[[argparse.Namespace], int]]] = {
    "log": log,
    "merge": merge,
    "select": select,
    "edit": edit,
    "diff": diff,
    "consensus": consensus,
    "export": export,
}
