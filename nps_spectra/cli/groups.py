"""``nps-spectra library groups``."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from nps_spectra.atomic import write_text
from nps_spectra.cli.main import FINE
from nps_spectra.cli.output import notice, progress_bar, table
from nps_spectra.errors import OptionError
from nps_spectra.identification.group_store import groups_of, store_groups
from nps_spectra.identification.groups import Group, Groups
from nps_spectra.identification.repeatability import Spread, fewest_substances
from nps_spectra.library import Library
from nps_spectra.spectrum import END
from nps_spectra.substances import normalised_name
from nps_spectra.tables import csv_text

#: Groups printed on a terminal; files and JSON hold them all.
_SHOWN = 30
#: Members of a group printed in one line.
_MEMBERS = 6


def run(options: argparse.Namespace) -> int:
    """Say which substances of a library cannot be told apart."""
    out = Path(options.out) if options.out is not None else None
    if out is not None and not out.parent.is_dir():
        raise OptionError(f"{out}: the folder {out.parent} does not exist")
    library = Library.open(options.library)
    library.check_quickly()
    notice(library)
    asked = None if options.substance is None else _substance(library, options.substance)
    if options.store is not None:
        library = store_groups(
            library, options.store, tolerance=options.tolerance, progress=progress_bar("comparing", "spectra", 1)
        )
        print(f"{options.store}: the same library with its groups, digest {library.digest}", file=sys.stderr)
    groups = groups_of(
        library,
        options.technique,
        coverage=options.coverage,
        tolerance=options.tolerance,
        most=None,
        progress=progress_bar("comparing", "spectra", 1),
    )
    if out is not None:
        write_text(out, _csv(groups))
    if options.json:
        found = groups.to_dicts() if asked is None else [asdict(groups.of_substance(asked))]
        described = groups.describe() | {"library": library.name, "groups": len(groups), "substances": list(found)}
        print(json.dumps(described, ensure_ascii=False, indent=1))
        return FINE
    print(_rule(groups.spread))
    if asked is not None:
        _print_substance(groups.of_substance(asked), groups)
    else:
        _print_all(groups, options.out)
    return FINE


def _substance(library: Library, wanted: str) -> int:
    """The one substance with this name, synonym of a record, or InChIKey."""
    plain = normalised_name(wanted)
    names, synonyms, keys = (library.spectra.texts(field).to_list() for field in ("name", "synonyms", "inchikey"))
    found = {
        int(library.substances.of_row[row])
        for row, (name, key) in enumerate(zip(names, keys, strict=True))
        if key == wanted or plain in map(normalised_name, (name or "", *(synonyms[row] or "").split(END)))
    }
    if len(found) == 1:
        return found.pop()
    if not found:
        raise OptionError(f"{library.name}: no substance {wanted!r}; expected a name or an InChIKey of the library")
    raise OptionError(f"{library.name}: {len(found)} substances are {wanted!r}; name one by its InChIKey")


def _rule(spread: Spread) -> str:
    pairs = "different contributors" if spread.between_contributors else "the same library"
    if spread.limit is None:
        return (
            f"no limit: {spread.substances} substances are measured repeatedly, "
            f"{fewest_substances(spread.coverage)} are needed.\n"
            "What cannot be told apart is not known: --substance lists what is nearest, with its score."
        )
    low = "not known" if spread.low is None else f"{spread.low:.4g}"
    high = "not known" if spread.high is None else f"{spread.high:.4g}"
    return (
        f"not told apart: {spread.method} of at least {spread.limit:.4g}, which {spread.coverage:.0%} of the pairs of "
        f"repeated measurements reach\n({spread.substances} substances, one pair each, of {pairs}; median "
        f"{spread.median:.4g}; 95 % confidence interval of the limit: {low} to {high})\n"
        f"in {spread.coverage:.0%} of these pairs no other substance scores more than {spread.margin:.4g} above the "
        "own one"
    )


def _print_substance(group: Group, groups: Groups) -> None:
    print(f"\n{group.name or 'unnamed'}")
    if groups.not_told_apart is None:
        print("group not known")
    elif group.number is None:
        print("in no group")
    else:
        print(f"group {group.number + 1}: {_listed(groups, group.number, len(group.members))}")
    if group.stereoisomers:
        print(f"stereoisomers that are this one substance here: {', '.join(group.stereoisomers)}")
    rows = [
        (
            f"{near.score:.4g}",
            near.name or "unnamed",
            {True: "yes", False: "NO", None: "not known"}[near.told_apart],
            (near.relation or "").replace("_", " "),
            "; ".join(near.separated_by),
        )
        for near in group.neighbours
    ]
    print(table(("score", "near", "told apart", "relation", "separated by"), rows, (0,)))


def _print_all(groups: Groups, out: str | None) -> None:
    if groups.not_told_apart is None:
        return
    alike = sum(bool(others) for others in groups.not_told_apart)
    print(
        f"{len(groups)} groups; {alike} of {len(groups.not_told_apart)} substances are not told apart from at least one"
    )
    largest = sorted(range(len(groups)), key=lambda number: (-len(groups.members(number)), number))
    for number in largest[:_SHOWN]:
        print(f"  group {number + 1}: {_listed(groups, number, _MEMBERS)}")
    if len(groups) > _SHOWN:
        where = f"all pairs are in {out}" if out else "--out FILE or --json has them all"
        print(f"  ... and {len(groups) - _SHOWN} smaller groups: {where}")


def _listed(groups: Groups, number: int, most: int) -> str:
    members = groups.members(number)
    names = [groups.of_substance(member).name or "unnamed" for member in members[:most]]
    more = f" and {len(members) - most} more" if len(members) > most else ""
    return "; ".join(names) + more


def _csv(groups: Groups) -> str:
    rows = []
    for substance, others in enumerate(groups.not_told_apart or ()):
        own = groups.of_substance(substance) if others else None
        for near in () if own is None else own.neighbours:
            if own is not None and near.told_apart is False:
                rows.append(
                    (
                        own.name,
                        near.name,
                        near.score,
                        near.relation,
                        "yes" if near.substance in own.members else "no",
                        "; ".join(near.separated_by),
                    )
                )
    return csv_text(("name", "not_told_apart_from", "score", "relation", "same_group", "separated_by"), rows)
