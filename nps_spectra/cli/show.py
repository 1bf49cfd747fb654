"""``nps-spectra show``: one spectrum, or two as a mirror plot, in the terminal or as a file."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Mapping

from nps_spectra.cli.main import FINE, REJECTED
from nps_spectra.cli.targets import Target, find
from nps_spectra.errors import OptionError
from nps_spectra.report.comparison import compare
from nps_spectra.report.data import figure_dict
from nps_spectra.report.figure import Figure, mirror_figure, spectrum_figure
from nps_spectra.report.output import writable, write_figure
from nps_spectra.report.terminal import NARROWEST, SIGNS, figure_text


def show(options: argparse.Namespace) -> int:
    """Draw a spectrum, or a query against a reference."""
    for option, value in (("--method", options.method), ("--query-mass", options.query_mass)):
        if options.against is None and value is not None:
            raise OptionError(f"{option} compares two spectra: name the second one with --against")
    if options.width is not None and options.width < NARROWEST:
        raise OptionError(f"--width {options.width}: expected at least {NARROWEST} columns")
    out = None if options.out is None else writable(options.out)
    target = find(options.target, options.format)
    against = None if options.against is None else find(options.against, options.format)
    figure = _figure(target, against, options)
    if out is not None:
        write_figure(figure, out)
    if options.json:
        print(json.dumps(figure_dict(figure), ensure_ascii=False, indent=1))
    elif out is None:
        print(_drawn(figure, options.width), end="")
    if out is not None:
        print(f"written to {out}", file=sys.stderr if options.json else sys.stdout)
    return REJECTED if target.rejected or (against is not None and against.rejected) else FINE


def _figure(target: Target, against: Target | None, options: argparse.Namespace) -> Figure:
    if against is None:
        return spectrum_figure(target.spectrum, target.entry)
    reference = against.spectrum if against.library_id is None else against.library_id
    return mirror_figure(
        compare(
            target.spectrum,
            reference,
            library=against.library,
            method=options.method,
            tolerance=options.tolerance,
            query_mass=options.query_mass,
        )
    )


def _drawn(figure: Figure, width: int | None) -> str:
    size = shutil.get_terminal_size()
    return figure_text(
        figure,
        width=width or size.columns,
        height=size.lines - 1,
        unicode=_shows(SIGNS),
        colour=sys.stdout.isatty() and wants_colour(os.environ, os.name),
    )


def wants_colour(environment: Mapping[str, str], system: str) -> bool:
    """Whether a terminal is to get colours (https://no-color.org: unset, or empty)."""
    if environment.get("NO_COLOR") or environment.get("TERM") == "dumb":
        return False
    # The old console of Windows prints the codes instead of obeying them.
    return system != "nt" or bool({"WT_SESSION", "TERM", "ANSICON"} & set(environment))


def _shows(signs: str) -> bool:
    """Whether the encoding of the output has these signs."""
    try:
        signs.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
