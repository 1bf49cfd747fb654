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
    _add_library(nouns)
    _add_convert(nouns)
    _add_formats(nouns)
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
    match.add_argument("--out", metavar="DIR", help="write hits.csv, hits.json, rejects.csv and run.json here")
    match.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    match.add_argument("--strict", action="store_true", help="stop at the first record that cannot be read")


def _add_library(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    library = nouns.add_parser("library", help="build, describe, check or lint a library")
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
    for verb, text in (("info", "what a library holds"), ("check", "compute every digest anew and compare")):
        command = verbs.add_parser(verb, help=text)
        command.add_argument("library", metavar="LIB")
        command.add_argument("--json", action="store_true", help="print one JSON object")


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
    convert.add_argument("--rejects", metavar="FILE", help="write all rejects to this CSV file")
    convert.add_argument("--json", action="store_true", help="print one JSON object")
    convert.add_argument("--strict", action="store_true", help="stop at the first record that cannot be read")


def _add_formats(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    formats = nouns.add_parser("formats", help="list the formats that can be read and written, plug-ins included")
    formats.add_argument("--json", action="store_true", help="print one JSON object")


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
    if options.noun in ("convert", "formats"):
        from nps_spectra.cli import convert

        return convert.convert(options) if options.noun == "convert" else convert.formats(options)
    if options.verb == "lint":
        from nps_spectra.cli import lint

        return lint.run(options)
    from nps_spectra.cli import library

    commands = {"build": library.build, "info": library.info, "check": library.check}
    return commands[options.verb](options)
