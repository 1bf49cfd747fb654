"""Random codes of laboratories, drawn anew for every round, and the key file that only the organiser holds."""

from __future__ import annotations

import csv
import io
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from nps_spectra.errors import OptionError, RoundError
from nps_spectra.proficiency.reading_rounds import code_fault
from nps_spectra.tables import csv_text

#: Without letters and digits that are taken for each other.
_LETTERS: Final = "ACDEFGHJKLMNPQRTUVWXY34679"
_LENGTH: Final = 6
_HEADER: Final = ("laboratory", "participant")
_LARGEST: Final = 10_000_000


def draw_codes(participants: Sequence[str]) -> dict[str, str]:
    """A random code for each participant, in the order of the codes, so that the order tells nothing.

    Codes come from the system's source of randomness: nobody draws them a second time.

    Raises
    ------
    OptionError
        A participant is there twice or has no name, or there is none.

    Examples
    --------
    >>> codes = draw_codes(["Vienna", "Graz"])
    >>> sorted(codes.values()), len(set(codes))
    (['Graz', 'Vienna'], 2)
    """
    names = [" ".join(name.split()) for name in participants]
    if not names:
        raise OptionError("participants: found none, expected one or more")
    for place, name in enumerate(names, 1):
        if not name:
            raise OptionError(f"participant {place}: found no name")
        if names.index(name) != place - 1:
            raise OptionError(f"participant {place}: {name!r} is there twice, expected once")
    drawn: dict[str, str] = {}
    for name in names:
        while (code := "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))) in drawn or code_fault(code):
            pass
        drawn[code] = name
    return dict(sorted(drawn.items()))


def write_key(codes: dict[str, str], path: str | os.PathLike[str]) -> None:
    """Write a key file that only its owner reads; it is never overwritten: who lost a key cannot draw it again.

    Raises
    ------
    OptionError
        The file is there already, or cannot be written.
    """
    target = Path(path)
    rows = list(codes.items())
    try:
        # The mode is set as the file is made: there is no moment in which others can open it.
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(csv_text(_HEADER, rows))
            stream.flush()
            os.fsync(stream.fileno())
    except FileExistsError:
        raise OptionError(f"{target}: is there already; a key is never overwritten, choose another name") from None
    except OSError as error:
        raise OptionError(f"{target}: cannot be written ({error.strerror})") from error


def read_key(path: str | os.PathLike[str]) -> dict[str, str]:
    """Participants by their codes.

    Raises
    ------
    RoundError
        The file is no key.
    """
    file = Path(path)
    try:
        if file.stat().st_size > _LARGEST:
            raise RoundError(str(file), None, None, f"is larger than {_LARGEST} bytes, expected a key")
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RoundError(str(file), None, None, f"cannot be read ({error}), expected a key of codes") from error
    header, *rows = list(csv.reader(io.StringIO(text))) or [[]]
    if tuple(header) != _HEADER:
        raise RoundError(str(file), 1, None, f"found the columns {', '.join(header)}, expected {', '.join(_HEADER)}")
    found: dict[str, str] = {}
    for number, cells in enumerate(rows, 2):
        if not cells:
            continue
        if len(cells) != len(_HEADER) or code_fault(cells[0]) is not None or cells[0] in found:
            raise RoundError(str(file), number, None, "expected a code that is there once, and its participant")
        # The sign that keeps a name from being a formula in a spreadsheet program is no part of it.
        guarded = cells[1].startswith(("'=", "'+", "'-", "'@"))
        found[cells[0]] = cells[1][1:] if guarded else cells[1]
    return found
