"""What every command takes; no command is loaded to say it."""

from __future__ import annotations

import argparse
from typing import Final

from nps_spectra import __version__
from nps_spectra.cli.library_arguments import add_library

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
    _add_identify(nouns)
    _add_show(nouns)
    add_library(nouns)
    _add_convert(nouns)
    _add_formats(nouns)
    _add_schemes(nouns)
    _add_calibrate(nouns)
    _add_proficiency(nouns)
    _add_warmup(nouns)
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
    _add_reading(match)
    match.add_argument("--out", metavar="DIR", help="write hits.csv, hits.json, rejects.csv and run.json here")
    match.add_argument("--json", action="store_true", help="print one JSON object instead of a table")


def _add_reading(command: argparse.ArgumentParser) -> None:
    """How samples are read, and which scans of runs."""
    command.add_argument(
        "--format", metavar="NAME", help="of the samples (see 'nps-spectra formats'); default: told by the content"
    )
    runs = command.add_argument_group(
        "runs", "of a run (mzML, mzXML, ANDI) the fragment spectra are searched; of other scans some must be chosen"
    )
    runs.add_argument("--scans", metavar="LIST", help="scan numbers, such as '812' or '812,820-825', each by itself")
    runs.add_argument("--time", metavar="START-STOP", help="mean of the scans in this time, such as '4.20-4.35 min'")
    runs.add_argument("--background", metavar="START-STOP", help="with --time: subtract the mean of this time")
    runs.add_argument("--ms-level", type=int, metavar="N", help="with --time: take only scans of this MS level")
    runs.add_argument("--polarity", choices=("positive", "negative"), help="with --time: take only such scans")
    runs.add_argument("--precursor-mz", type=float, metavar="MZ", help="with --time: take only scans of this precursor")
    command.add_argument("--centroid", action="store_true", help="turn profile spectra into centroid spectra first")
    command.add_argument("--strict", action="store_true", help="stop at the first record that cannot be read")


def _add_identify(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    identify = nouns.add_parser(
        "identify",
        help="say of every sample what the data support, and write a report",
        description="Search every spectrum of the samples, and say of each what the data support and no more: a "
        "conclusion, the substances that are not excluded with their probabilities, and what stood in the way of "
        "saying more. Exit code 1: something was rejected, or a sample could not be compared.",
    )
    identify.add_argument("samples", nargs="+", metavar="SAMPLE", help="file, folder or archive of spectra")
    identify.add_argument("--library", metavar="LIB", help="library file; without it: the embedded starter library")
    identify.add_argument("--profile", metavar="FILE", help="of the laboratory (TOML); without it: that of the package")
    identify.add_argument(
        "--reference-material",
        metavar="FILE",
        help="spectra of reference material measured in the same batch, with names and retention times",
    )
    identify.add_argument(
        "--findings", metavar="FILE", help="what is known beside the mass spectra (TOML): controls, other techniques"
    )
    identify.add_argument("--ionization", metavar="NAME", help="of samples that name none, e.g. EI")
    _add_reading(identify)
    identify.add_argument(
        "--out",
        metavar="DIR",
        help="write report.html, identifications.csv, identifications.json, rejects.csv and run.json here",
    )
    identify.add_argument("--json", action="store_true", help="print one JSON object instead of a table")


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


def _add_calibrate(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    calibrate = nouns.add_parser(
        "calibrate",
        help="make a calibration of probabilities from repeated measurements",
        description="Measure, on libraries with repeated substances, what probability the evidence deserves.",
    )
    calibrate.add_argument(
        "libraries",
        nargs="+",
        metavar="LIBRARY",
        help="library file: the first is searched, the spectra of all are queries of known substance",
    )
    calibrate.add_argument("--out", required=True, metavar="FILE.json", help="the calibration to write")
    calibrate.add_argument("--name", metavar="TEXT", help="of the calibration; default: the name of the file")
    calibrate.add_argument("--technique", choices=("EI", "MS/MS"), default="EI", help="default: EI")
    calibrate.add_argument(
        "--precursor-tolerance", metavar="TOL", help="of MS/MS: compare only spectra with this precursor, e.g. '20 ppm'"
    )
    calibrate.add_argument(
        "--most", type=int, metavar="N", help="queries with replicates, and as many without; default: all"
    )
    calibrate.add_argument("--json", action="store_true", help="print one JSON object")


def _add_proficiency(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    proficiency = nouns.add_parser("proficiency", help="make, check and evaluate a round of a proficiency test")
    verbs = proficiency.add_subparsers(dest="verb", required=True, metavar="VERB")
    new = verbs.add_parser("new", help="write the files of a round to start from")
    new.add_argument("folder", metavar="DIR", help="made if it is not there")
    new.add_argument(
        "--group", choices=("SM", "BS"), default="SM", help="seized materials (default) or biological specimens"
    )
    new.add_argument("--xlsx", action="store_true", help="tables as spreadsheets instead of CSV")
    new.add_argument("--json", action="store_true", help="print one JSON object")
    forms = verbs.add_parser(
        "forms",
        help="write the spreadsheets in which laboratories write their results",
        description="Write CODE.xlsx for each laboratory that the round declares, or submissions.xlsx where none is: "
        "a table with samples and menu to choose from, and instructions. Nothing in it tells what is in a sample.",
    )
    to_xlsx = verbs.add_parser(
        "to-xlsx",
        help="write a round with its tables as spreadsheets",
        description="Write the round into another folder with its tables as XLSX; it evaluates to the same results.",
    )
    for writing in (forms, to_xlsx):
        writing.add_argument("round", metavar="ROUND", help="folder with round.toml")
        writing.add_argument("--out", required=True, metavar="DIR", help="folder to write to, made if it is not there")
        writing.add_argument("--json", action="store_true", help="print one JSON object")
    collect = verbs.add_parser(
        "collect",
        help="join forms that laboratories filled in",
        description="Join forms that laboratories filled in into submissions.xlsx of the round. Exit code 3: a form "
        "cannot be read, or its laboratory is in doubt; then nothing is written.",
    )
    collect.add_argument("round", metavar="ROUND", help="folder with round.toml and no submissions")
    collect.add_argument("forms", nargs="+", metavar="FORM", help="XLSX of 'forms', or CSV with the same columns")
    collect.add_argument("--json", action="store_true", help="print one JSON object")
    check = verbs.add_parser(
        "check",
        help="read a round and tell how every row would be treated",
        description="Read a round and tell how every row would be treated. Exit code 1: rows are rejected; 3: a file "
        "cannot be used, or a name is unknown.",
    )
    evaluate = verbs.add_parser(
        "evaluate",
        help="score a round",
        description="Score identifications and quantities of a round and write evaluation.json, tables, "
        "the organiser's report, and one report for each laboratory, as HTML and as PDF. "
        "Exit code 1: rows were rejected, or files of spectra are unreadable or not assigned.",
    )
    evaluate.add_argument("--out", required=True, metavar="DIR", help="folder to write to, made if it is not there")
    evaluate.add_argument("--xlsx", action="store_true", help="write the tables as sheets of evaluation.xlsx too")
    evaluate.add_argument("--no-reports", action="store_true", help="write evaluation.json and tables only")
    evaluate.add_argument(
        "--library",
        metavar="LIB",
        help="library file that the laboratories' spectra in ROUND/spectra are held against, or 'starter'; "
        "without it: what round.toml names",
    )
    evaluate.add_argument("--no-pdf", action="store_true", help="write reports as HTML only")
    codes = verbs.add_parser(
        "codes",
        help="draw random codes of laboratories",
        description="Draw a random code for each participant and write the key file, which only its owner can read and "
        "which is never overwritten. The codes are printed as a line of round.toml.",
    )
    codes.add_argument("participants", metavar="FILE", help="UTF-8 text, one participant a line")
    codes.add_argument("--key", required=True, metavar="FILE", help="key file to write, away from the round")
    codes.add_argument("--json", action="store_true", help="print one JSON object")
    simulate = verbs.add_parser(
        "simulate",
        help="invent submissions of a round",
        description="Invent submissions of a round that says 'simulated = true', with the truth in truth.json.",
    )
    simulate.add_argument("round", metavar="ROUND", help="folder with round.toml and no submissions")
    simulate.add_argument("--laboratories", type=int, default=24, metavar="N", help="default: 24")
    simulate.add_argument("--seed", type=int, default=0, metavar="N", help="the same seed invents the same; default: 0")
    simulate.add_argument("--json", action="store_true", help="print one JSON object")
    past = verbs.add_parser(
        "history",
        help="performance of laboratories over rounds",
        description="Join evaluation.json of consecutive rounds by laboratory. Exit code 1: a laboratory signals.",
    )
    past.add_argument(
        "evaluations", nargs="+", metavar="EVALUATION", help="evaluation.json of each round, oldest first"
    )
    past.add_argument(
        "--key", action="append", default=[], metavar="FILE", help="key file of each round, in the same order"
    )
    past.add_argument("--json", action="store_true", help="print one JSON object")
    for command in (check, evaluate):
        command.add_argument("round", metavar="ROUND", help="folder with round.toml and submissions.csv")
        command.add_argument("--strict", action="store_true", help="stop at the first row that would be rejected")
        command.add_argument("--json", action="store_true", help="print one JSON object")


def _add_warmup(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    warmup = nouns.add_parser(
        "warmup",
        help="compile everything now instead of at first use",
        description="Compile everything that is otherwise compiled at first use, and say where the machine code is "
        "kept: in the folder NUMBA_CACHE_DIR if that is set, else beside the package, or if that cannot be written to, "
        "in numba's folder of the user's cache.",
    )
    warmup.add_argument("--json", action="store_true", help="print one JSON object")
