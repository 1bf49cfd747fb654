"""What the commands that build, look after and compare libraries take."""

from __future__ import annotations

import argparse
from typing import Final

_SEVERITIES: Final = ("error", "warning", "info")


def add_library(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare ``library`` and its verbs."""
    library = nouns.add_parser("library", help="build, fetch, describe, check, merge, correct and compare libraries")
    verbs = library.add_subparsers(dest="verb", required=True, metavar="VERB")
    build = verbs.add_parser("build", help="build a library file from spectra")
    build.add_argument("sources", nargs="+", metavar="SOURCE", help="file, folder or archive of spectra")
    build.add_argument("--out", required=True, metavar="LIB", help="library file to write, for example swgdrug.h5")
    build.add_argument("--name", help="default: the file name without its extension")
    build.add_argument("--licence", help="licence of the sources where the records name none")
    build.add_argument("--format", metavar="NAME", help="see 'nps-spectra formats'; default: told by the content")
    build.add_argument("--rejects", metavar="FILE", help="write all rejects to this CSV file")
    build.add_argument("--strict", action="store_true", help="stop at the first record that cannot be read")
    build.add_argument(
        "--groups",
        action=argparse.BooleanOptionalAction,
        help="store which substances cannot be told apart; default: for up to 10,000 spectra of a technique",
    )
    build.add_argument("--json", action="store_true", help="print one JSON object")
    _add_fetch(verbs)
    _add_lint(verbs)
    _add_groups(verbs)
    for verb, text in (
        ("info", "what a library holds"),
        ("check", "compute every digest anew and compare"),
        ("log", "what was done to a library, and to which records"),
    ):
        command = verbs.add_parser(verb, help=text)
        command.add_argument("library", metavar="LIB")
        command.add_argument("--json", action="store_true", help="print one JSON object")
    _add_curation(verbs)


def _add_curation(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    merge = verbs.add_parser(
        "merge",
        help="make one library of several",
        description="Make one library of several: identical records are kept once, records that contradict each other "
        "are kept and listed, sources, licences and events of all are kept.",
    )
    merge.add_argument("libraries", nargs="+", metavar="LIB", help="library file")
    _add_new_library(merge)
    select = verbs.add_parser(
        "select",
        help="choose records",
        description="Write the records that meet every condition as a library of their own. A condition is "
        "'FIELD OP VALUE' (OP: = != < <= > >= contains), 'FIELD in (A, B)', 'FIELD not in (A, B)', 'has FIELD' or "
        "'lacks FIELD'; a record that lacks the field meets no other condition.",
    )
    select.add_argument("library", metavar="LIB")
    select.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="CONDITION",
        help="for example 'precursor_mz >= 300'; repeatable",
    )
    select.add_argument("--ids", metavar="FILE", help="only records named in this file, one to a line")
    select.add_argument("--names", metavar="FILE", help="only records with a name or synonym in this file")
    _add_new_library(select)
    edit = verbs.add_parser(
        "edit",
        help="correct fields of records",
        description="Correct fields of records, all or none. Every change is logged with its reason; the original "
        "fields stay. A record is named by its accession, FILE#N, 8 or more digits of its SHA-256, or row:N.",
    )
    edit.add_argument("library", metavar="LIB")
    edit.add_argument("--record", metavar="ID", help="record to change")
    edit.add_argument(
        "--set", action="append", default=[], metavar="FIELD=VALUE", help="repeatable; an empty value takes it away"
    )
    edit.add_argument("--why", metavar="TEXT", help="reason of the change")
    edit.add_argument("--edits", metavar="FILE", help="CSV with the columns record, field, value, why")
    _add_new_library(edit)
    consensus = verbs.add_parser(
        "consensus",
        help="make one spectrum of replicates",
        description="Make one spectrum of replicates: records of one substance with the same ionisation, polarity, MS "
        "level, kind of instrument, adduct, collision energy and precursor. The spread of every peak is kept in the "
        "library; replicates that are too different are named and stay as they are.",
    )
    consensus.add_argument("library", metavar="LIB")
    consensus.add_argument("--tolerance", default="0.01 Da", help="of peaks, not for EI (default '0.01 Da')")
    consensus.add_argument(
        "--min-share", type=float, default=0.5, metavar="X", help="of replicates that have a peak (default 0.5)"
    )
    consensus.add_argument(
        "--statistic", choices=("median", "mean"), default="median", help="of m/z and intensity (default median)"
    )
    consensus.add_argument(
        "--min-replicates", type=int, default=2, metavar="N", help="fewer stay as they are (default 2)"
    )
    consensus.add_argument(
        "--min-similarity", type=float, default=0.7, metavar="X", help="of a replicate that is used (default 0.7)"
    )
    consensus.add_argument("--only-consensus", action="store_true", help="leave out records that are in no consensus")
    _add_new_library(consensus)
    export = verbs.add_parser(
        "export",
        help="write the spectra in a format that others read",
        description="Write the spectra of a library in a format that others read. Records of which the licence forbids "
        "to give them away, is not understood or is not stated are left out and counted (exit code 1).",
    )
    export.add_argument("library", metavar="LIB")
    export.add_argument("destination", metavar="FILE", help="file to write; its ending names the format")
    export.add_argument("--format", metavar="NAME", help="to write (see 'nps-spectra formats'), whatever the ending")
    export.add_argument(
        "--allow-licence",
        action="append",
        default=[],
        metavar="TEXT",
        help="a licence that you know allows it, as the records have it; 'not stated' for records without; repeatable",
    )
    export.add_argument(
        "--despite-licence", action="store_true", help="write all records, for use within the laboratory"
    )
    export.add_argument("--json", action="store_true", help="print one JSON object")
    diff = verbs.add_parser(
        "diff",
        help="what is different between two libraries",
        description="List records that only one library has, and those that both have with other fields or peaks. "
        "Records are the same by equal peaks, else by accession, else by file, number and name. Exit code 1 if the "
        "libraries differ.",
    )
    diff.add_argument("libraries", nargs=2, metavar="LIB", help="library file")
    diff.add_argument("--tolerance", default="0.01 Da", help="of peaks, not for EI (default '0.01 Da')")
    diff.add_argument("--json", action="store_true", help="print one JSON object")


def _add_new_library(command: argparse.ArgumentParser) -> None:
    command.add_argument("--out", required=True, metavar="LIB", help="library file to write")
    command.add_argument("--name", help="of the new library; default: the file name without its extension")
    command.add_argument("--json", action="store_true", help="print one JSON object")


def _add_lint(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    lint = verbs.add_parser(
        "lint",
        help="find faults of records",
        description="Check the records of a library, or of source files, by rules. "
        "Exit code 1: there are findings of the severity asked for.",
    )
    lint.add_argument(
        "sources",
        nargs="*",
        metavar="LIB",
        help="library file, or files, folders and archives; without it: the embedded starter library",
    )
    lint.add_argument("--rules", action="append", metavar="R[,R]", help="run these rules only; default: all")
    lint.add_argument("--list-rules", action="store_true", help="list the rules and stop")
    lint.add_argument("--severity", choices=_SEVERITIES, default="info", help="report this and graver (default: info)")
    lint.add_argument("--out", metavar="FILE", help="write the findings to this file: JSON if it ends so, else CSV")
    lint.add_argument("--json", action="store_true", help="print one JSON object")


def _add_groups(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    groups = verbs.add_parser(
        "groups",
        help="which substances the method cannot tell apart",
        description="List the substances of a library whose spectra are as like each other as repeated measurements of "
        "one substance are, in this library.",
    )
    groups.add_argument("library", metavar="LIB")
    groups.add_argument("--technique", choices=("EI", "MS/MS"), default="EI", help="of the spectra (default EI)")
    groups.add_argument("--substance", metavar="NAME", help="only this one, with the nearest others; name or InChIKey")
    groups.add_argument(
        "--coverage",
        type=float,
        default=0.95,
        metavar="X",
        help="share of the pairs of repeated measurements that must be as like each other (default 0.95)",
    )
    groups.add_argument("--tolerance", default="0.01 Da", help="of peaks and precursors, not for EI")
    groups.add_argument("--store", metavar="NEW", help="write the library again with its groups, to this other file")
    groups.add_argument("--out", metavar="FILE", help="write all pairs that are not told apart to this CSV file")
    groups.add_argument("--json", action="store_true", help="print one JSON object")


def _add_fetch(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    fetch = verbs.add_parser(
        "fetch",
        help="download a public library and build it; without a name: list them",
        description="Download a public library and build a library file of it. Without a name: list the libraries that "
        "are known; nothing is downloaded.",
    )
    fetch.add_argument("name", nargs="?", metavar="NAME", help="a library of the list")
    fetch.add_argument("--out", metavar="LIB", help="library file to write (default NAME.h5)")
    place = fetch.add_mutually_exclusive_group()
    place.add_argument("--folder", metavar="DIR", help="where the downloaded file is kept (default: here)")
    place.add_argument("--keep", metavar="FILE", help="keep the downloaded file under this name")
    place.add_argument("--from", dest="given", metavar="FILE", help="import this file, fetched by hand: no connection")
    fetch.add_argument("--address", metavar="URL", help="another https address of the same file, e.g. a copy in-house")
    fetch.add_argument("--proxy", action="store_true", help="use the proxies that the environment names (https_proxy)")
    fetch.add_argument("--strict", action="store_true", help="stop at the first record that cannot be read")
    fetch.add_argument("--json", action="store_true", help="print one JSON object")
