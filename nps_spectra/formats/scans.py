"""What the readers of runs share: how many scans a file announces, and which precursor a scan has."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import BinaryIO, Final

from nps_spectra.errors import InputError
from nps_spectra.formats.elements import Element
from nps_spectra.formats.fields import assign, number
from nps_spectra.formats.record import ParsedRecord

#: Ionisation techniques by their names in the PSI-MS vocabulary, which mzXML is written with too.
IONIZATION_NAMES: Final = {
    "electron ionization": "EI",
    "chemical ionization": "CI",
    "electrospray ionization": "ESI",
    "microelectrospray": "ESI",
    "nanoelectrospray": "ESI",
    "atmospheric pressure chemical ionization": "APCI",
    "atmospheric pressure photoionization": "APPI",
    "matrix-assisted laser desorption ionization": "MALDI",
    "fast atom bombardment ionization": "FAB",
    "field desorption": "FD",
    "field ionization": "FI",
    "desorption electrospray ionization": "DESI",
}
_WHOLE: Final = re.compile(r"\s*(\d{1,15})\s*", re.ASCII)
_TOO_MANY: Final = "more scans than the file announces: all were read"


def whole_number(text: str | None) -> int | None:
    """A whole number >= 0 of at most 15 digits; None for anything else."""
    found = _WHOLE.fullmatch(text or "")
    return int(found.group(1)) if found else None


class Progress:
    """A stream that counts what is read of it, and the account of the scans found against those announced.

    Parameters
    ----------
    stream : binary stream
    """

    def __init__(self, stream: BinaryIO) -> None:
        # read1 hands out what precedes the damage in a damaged stream; read would lose it.
        self._read: Callable[[int], bytes] = getattr(stream, "read1", stream.read)
        self._consumed = 0
        self._announced: int | None = None
        self._announced_by = ""
        self.found = 0

    def read(self, size: int) -> bytes:
        """At most `size` bytes; what precedes damage is handed out first."""
        data = self._read(size)
        self._consumed += len(data)
        return data

    def consumed(self) -> int:
        """Bytes read so far."""
        return self._consumed

    def announce(self, name: str, text: str | None) -> None:
        """Remember how many scans the file says it holds."""
        self._announced, self._announced_by = whole_number(text), name

    def notes(self) -> list[str]:
        """What is to be noted with the scan found last: whether it is beyond those announced."""
        return [_TOO_MANY] if self._announced is not None and self.found > self._announced else []

    def accounted(self, parts: Iterable[Element]) -> Iterator[Element]:
        """The parts of a file; a fault that ends them says how many scans came before it."""
        try:
            yield from parts
        except InputError as error:
            announced = "" if self._announced is None else f" of {self._announced} that the file announces"
            raise InputError(f"{error}; {self.found} scans{announced} came before") from error

    def finish(self) -> None:
        """Hold the scans found against those announced.

        Raises
        ------
        InputError
            Fewer were found.
        """
        if self._announced is not None and self.found < self._announced:
            raise InputError(
                f"{self._announced_by} announces {self._announced} scans, the file holds {self.found}: "
                "scans are missing, or the count is wrong"
            )


def assign_precursor(record: ParsedRecord, ions: Sequence[tuple[str, str]], targets: Sequence[str]) -> None:
    """Take m/z and charge of the precursor, if the file names exactly one.

    Parameters
    ----------
    record : ParsedRecord
        Changed.
    ions : sequence of (str, str)
        m/z and charge of every ion named, as texts; an empty charge is not known.
    targets : sequence of str
        Centres of the isolation windows, for want of an ion.
    """
    fields, notes = record.fields, record.notes
    if not ions and targets:
        ions = [(target, "") for target in targets]
        notes.append("no selected ion: precursor m/z is the centre of the isolation window")
    values = {number(mz) for mz, _ in ions}
    if len(values) > 1:
        notes.append(f"{len(values)} precursors: precursor m/z left missing, kept in the original fields")
        return
    charges = {charge for _, charge in ions if charge}
    for mz, _ in ions[:1]:
        assign(fields, notes, "precursor_mz", mz)
    if len(charges) == 1:
        assign(fields, notes, "charge", charges.pop())
