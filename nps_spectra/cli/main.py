"""``nps-spectra NOUN VERB``: parsing of arguments and exit codes.

0 fine; 1 finished, but something was rejected or failed a check; 2 wrong use; 3 input unusable; 4 internal error.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Final

from nps_spectra import __version__
from nps_spectra.errors import NpsSpectraError, OptionError

FINE: Final = 0
REJECTED: Final = 1
WRONG_USE: Final = 2
UNUSABLE: Final = 3
INTERNAL: Final = 4

_METHODS: Final = (
    "nist_identity",
    "nist_simple",
    "stein_scott_1994",
    "hybrid",
    "weighted_cosine",
    "modified_cosine",
    "entropy",
    "neutral_loss",
)
_SEVERITIES: Final = ("error", "warning", "info")


def parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    top = argparse.ArgumentParser(
        prog="nps-spectra",
        description="Compare mass spectra of seized samples with a library of reference spectra.",
        epilog="exit codes: 0 fine; 1 finished, but something was rejected or failed a check; "
        "2 wrong use; 3 input unusable; 4 internal error",
    )
    top.add_argument("--version", action="version", version=f"nps_spectra {__version__}")
    nouns = top.add_subparsers(dest="noun", required=True, metavar="COMMAND")
    _add_match(nouns)
    _add_show(nouns)
    _add_library(nouns)
    _add_convert(nouns)
    _add_formats(nouns)
    _add_schemes(nouns)
    _add_proficiency(nouns)
    return top


def _add_match(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    match = nouns.add_parser(
        "match",
        help="match samples against a library",
        description="Match every spectrum of the samples against a library and list substances, best first.",
    )
    match.add_argument("samples", nargs="+", metavar="SAMPLE", help="file, folder or archive of spectra")
    match.add_argument("--library", metavar="LIB", help="library file; without it: the embedded starter library")
    match.add_argument("--method", choices=_METHODS, help="default: nist_identity for EI, entropy for other spectra")
    match.add_argument("--top", type=int, default=5, metavar="N", help="substances for each spectrum (default 5)")
    match.add_argument("--tolerance", default="0.01 Da", help="of peaks, not for EI (default '0.01 Da')")
    match.add_argument(
        "--precursor-tolerance", metavar="TOL", help="compare only spectra with this precursor, e.g. '20 ppm'"
    )
    match.add_argument("--retention-index-tolerance", type=float, metavar="RI", help="largest known difference")
    match.add_argument("--collision-energy-tolerance", type=float, metavar="EV", help="largest known difference in eV")
    match.add_argument(
        "--ionization",
        metavar="NAME",
        help="of samples that name none, e.g. EI where m/z are written 58.1",
    )
    match.add_argument(
        "--query-mass",
        type=int,
        metavar="DA",
        help="hybrid of EI: supposed nominal molecular mass of samples that state none",
    )
    match.add_argument(
        "--format", metavar="NAME", help="of the samples (see 'nps-spectra formats'); default: told by the content"
    )
    runs = match.add_argument_group(
        "runs", "of a run (mzML, mzXML, ANDI) the fragment spectra are searched; of other scans some must be chosen"
    )
    runs.add_argument("--scans", metavar="LIST", help="scan numbers, such as '812' or '812,820-825', each by itself")
    runs.add_argument("--time", metavar="START-STOP", help="mean of the scans in this time, such as '4.20-4.35 min'")
    runs.add_argument("--background", metavar="START-STOP", help="with --time: subtract the mean of this time")
    runs.add_argument("--ms-level", type=int, metavar="N", help="with --time: take only scans of this MS level")
    runs.add_argument("--polarity", choices=("positive", "negative"), help="with --time: take only such scans")
    runs.add_argument("--precursor-mz", type=float, metavar="MZ", help="with --time: take only scans of this precursor")
    match.add_argument("--centroid", action="store_true", help="turn profile spectra into centroid spectra first")
    match.add_argument("--out", metavar="DIR", help="write hits.csv, hits.json, rejects.csv and run.json here")
    match.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    match.add_argument("--strict", action="store_true", help="stop at the first record that cannot be read")


def _add_show(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    show = nouns.add_parser(
        "show",
        help="draw a spectrum, or two as a mirror plot",
        description="Draw a spectrum in the terminal or to a file; with --against, two and which peaks match.",
        epilog="TARGET is FILE (its first spectrum), FILE#3 (its third record), LIB.h5#17 (a library id, as a list of "
        "hits prints it) or starter#17 (the same of the embedded starter library)",
    )
    show.add_argument("target", metavar="TARGET", help="the spectrum to draw; with --against: the query")
    show.add_argument("--against", metavar="TARGET", help="the reference to draw below it")
    show.add_argument("--method", choices=_METHODS, help="default: nist_identity for EI, entropy for other spectra")
    show.add_argument("--tolerance", default="0.01 Da", help="of peaks, not for EI (default '0.01 Da')")
    show.add_argument(
        "--query-mass",
        type=int,
        metavar="DA",
        help="hybrid of EI: supposed nominal molecular mass of a query that states none",
    )
    show.add_argument(
        "--format", metavar="NAME", help="of the files (see 'nps-spectra formats'); default: told by the content"
    )
    show.add_argument("--out", metavar="FILE", help="write FILE.svg, FILE.png or FILE.pdf instead of drawing here")
    show.add_argument(
        "--json", action="store_true", help="print peaks, their classes and the scores as one JSON object"
    )
    show.add_argument("--width", type=int, metavar="N", help="columns of the drawing; default: those of the terminal")


def _add_library(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
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
    groups.add_argument("--out", metavar="FILE", help="write all pairs that are not told apart to this CSV file")
    groups.add_argument("--json", action="store_true", help="print one JSON object")


def _add_convert(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    convert = nouns.add_parser(
        "convert",
        help="write spectra in another format",
        description="Write spectra in another format, and say what that format cannot hold.",
    )
    convert.add_argument("source", metavar="SOURCE", help="file, folder or archive of spectra")
    convert.add_argument("destination", metavar="DESTINATION", help="file to write; its ending names the format")
    convert.add_argument("--format", metavar="NAME", help="to write (see 'nps-spectra formats'), whatever the ending")
    convert.add_argument("--source-format", metavar="NAME", help="to read; default: told by the content")
    convert.add_argument(
        "--harmonise",
        metavar="LOG",
        help="let matchms harmonise the metadata (extra 'interop') and list every change in LOG, a CSV file",
    )
    convert.add_argument("--centroid", action="store_true", help="turn profile spectra into centroid spectra")
    convert.add_argument("--rejects", metavar="FILE", help="write all rejects to this CSV file")
    convert.add_argument("--json", action="store_true", help="print one JSON object")
    convert.add_argument("--strict", action="store_true", help="stop at the first record that cannot be read")


def _add_formats(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    formats = nouns.add_parser("formats", help="list the formats that can be read and written, plug-ins included")
    formats.add_argument("--json", action="store_true", help="print one JSON object")


def _add_schemes(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    schemes = nouns.add_parser(
        "schemes",
        help="list acceptance schemes and which of their numbers are not verified",
        description="List the acceptance schemes for identifications, their clauses, and every number that could not "
        "be confirmed from its document.",
    )
    schemes.add_argument(
        "--file", action="append", default=[], metavar="FILE", help="also this scheme of the laboratory; repeatable"
    )
    schemes.add_argument("--json", action="store_true", help="print one JSON object, with values and sources")


def _add_proficiency(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    proficiency = nouns.add_parser("proficiency", help="make, check and evaluate a round of a proficiency test")
    verbs = proficiency.add_subparsers(dest="verb", required=True, metavar="VERB")
    new = verbs.add_parser("new", help="write the files of a round to start from")
    new.add_argument("folder", metavar="DIR", help="made if it is not there")
    new.add_argument(
        "--group", choices=("SM", "BS"), default="SM", help="seized materials (default) or biological specimens"
    )
    new.add_argument("--json", action="store_true", help="print one JSON object")
    check = verbs.add_parser(
        "check",
        help="read a round and tell how every row would be treated",
        description="Read a round and tell how every row would be treated. Exit code 1: rows are rejected; 3: a file "
        "cannot be used, or a name is unknown.",
    )
    evaluate = verbs.add_parser(
        "evaluate",
        help="score a round",
        description="Score identifications and quantities of a round and write evaluation.json and tables. "
        "Exit code 1: rows were rejected.",
    )
    evaluate.add_argument("--out", required=True, metavar="DIR", help="folder to write to, made if it is not there")
    for command in (check, evaluate):
        command.add_argument("round", metavar="ROUND", help="folder with round.toml and submissions.csv")
        command.add_argument("--strict", action="store_true", help="stop at the first row that would be rejected")
        command.add_argument("--json", action="store_true", help="print one JSON object")


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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # Names of substances are not ASCII; a console that cannot show a letter must not end the run.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    options = parser().parse_args(arguments)
    try:
        return _run(options)
    except OptionError as error:
        return _failed(error, WRONG_USE)
    except NpsSpectraError as error:
        return _failed(error, UNUSABLE)
    except BrokenPipeError:
        # The reader of our output has gone (``| head``): nothing is wrong with the run.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINE
    except KeyboardInterrupt:
        print("nps-spectra: interrupted", file=sys.stderr)
        return 130
    except Exception:
        import traceback

        traceback.print_exc()
        print("nps-spectra: internal error; please report it with the lines above", file=sys.stderr)
        return INTERNAL


def _failed(error: Exception, code: int) -> int:
    print(f"nps-spectra: {error}", file=sys.stderr)
    return code


def _run(options: argparse.Namespace) -> int:
    if options.noun == "match":
        from nps_spectra.cli.match import match

        return match(options)
    if options.noun == "show":
        from nps_spectra.cli.show import show

        return show(options)
    if options.noun in ("convert", "formats"):
        from nps_spectra.cli import convert

        return convert.convert(options) if options.noun == "convert" else convert.formats(options)
    if options.noun == "schemes":
        from nps_spectra.cli import schemes

        return schemes.run(options)
    if options.noun == "proficiency":
        from nps_spectra.cli import proficiency

        return proficiency.COMMANDS[options.verb](options)
    if options.verb == "lint":
        from nps_spectra.cli import lint

        return lint.run(options)
    if options.verb == "groups":
        from nps_spectra.cli import groups

        return groups.run(options)
    from nps_spectra.cli import fetch, library

    commands = {"build": library.build, "info": library.info, "check": library.check, "fetch": fetch.fetch}
    if options.verb in commands:
        return commands[options.verb](options)
    from nps_spectra.cli import curation

    return curation.COMMANDS[options.verb](options)
