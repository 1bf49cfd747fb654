"""``nps-spectra NOUN VERB``: parsing of arguments and exit codes.

0 fine; 1 finished, but something was rejected or failed a check; 2 wrong use; 3 input unusable; 4 internal error;
130 interrupted (Ctrl-C).
"""

from __future__ import annotations

import argparse
import atexit
import gc
import os
import sys
from collections.abc import Sequence
from typing import Final

from nps_spectra.cli.arguments import parser
from nps_spectra.cli.interrupting import interrupted, remembering_interrupts
from nps_spectra.errors import NpsSpectraError, OptionError

FINE: Final = 0
REJECTED: Final = 1
WRONG_USE: Final = 2
UNUSABLE: Final = 3
INTERNAL: Final = 4
#: As shells do for a program that Ctrl-C ended.
INTERRUPTED: Final = 130

#: Objects that the garbage collector lets be made before it looks for those that only hold each other.
_MADE_BETWEEN_COLLECTIONS: Final = 100_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # Names of substances are not ASCII; a console that cannot show a letter must not end the run.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    if arguments is None:
        _collect_seldom()
    options = parser().parse_args(arguments)
    with remembering_interrupts():
        code = _outcome(options)
        if code != INTERRUPTED and not interrupted():
            return code
    # On a terminal a progress bar stands on the line.
    print("\nnps-spectra: interrupted" if sys.stderr.isatty() else "nps-spectra: interrupted", file=sys.stderr)
    return INTERRUPTED


def _outcome(options: argparse.Namespace) -> int:
    """The exit code of a command, its errors told of."""
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
        return INTERRUPTED
    except Exception:
        if interrupted():  # what was ended in the middle of its work may fail in any way
            return INTERRUPTED
        import traceback

        traceback.print_exc()
        print("nps-spectra: internal error; please report it with the lines above", file=sys.stderr)
        return INTERNAL


def _collect_seldom() -> None:
    """Let the garbage collector look through memory seldom, and not at all at the end of the program.

    Nearly all that a command makes lives until it ends: a third of the time of a short one would go into looking
    through what its imports made.
    """
    gc.set_threshold(_MADE_BETWEEN_COLLECTIONS)
    atexit.register(gc.freeze)


def _failed(error: Exception, code: int) -> int:
    print(f"nps-spectra: {error}", file=sys.stderr)
    return code


def _run(options: argparse.Namespace) -> int:
    if options.noun == "match":
        from nps_spectra.cli.match import match

        return match(options)
    if options.noun == "identify":
        from nps_spectra.cli.identify import identify

        return identify(options)
    if options.noun == "show":
        from nps_spectra.cli.show import show

        return show(options)
    if options.noun in ("convert", "formats"):
        from nps_spectra.cli import convert

        return convert.convert(options) if options.noun == "convert" else convert.formats(options)
    if options.noun == "schemes":
        from nps_spectra.cli import schemes

        return schemes.run(options)
    if options.noun == "warmup":
        from nps_spectra.cli import warmup

        return warmup.run(options)
    if options.noun == "calibrate":
        from nps_spectra.cli import calibrate

        return calibrate.run(options)
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
