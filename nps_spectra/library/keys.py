"""How a record of a library is named: by people who want to speak of it, and in the log of events.

A record is named by its accession; by ``FILE#N``, the source file and the number of the record in it; by the first
eight or more hexadecimal digits of the SHA-256 of its content; or by ``row:N``, its row in this one library.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from functools import cached_property
from typing import Final

from nps_spectra.errors import OptionError
from nps_spectra.library.library import Library

_ROW: Final = re.compile(r"row:(\d{1,12})", re.ASCII)
_PREFIX: Final = re.compile(r"[0-9a-f]{8,64}", re.ASCII)
#: Digits of a SHA-256 that name a record among a million by any chance but one in 10^7.
_DIGITS: Final = 16


class RecordKeys:
    """The names of the records of a library.

    Parameters
    ----------
    library : Library

    Examples
    --------
    >>> from nps_spectra import Spectra, Spectrum
    >>> spectra = Spectra.of([Spectrum([58], [1], accession="A1"), Spectrum([91], [1], accession="A2")])
    >>> keys = RecordKeys(Library(spectra, name="two"))
    >>> keys.key(1), keys.row("A2"), keys.row("row:0")
    ('A2', 1, 0)
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._accessions = library.spectra.texts("accession").to_list()
        files = library.spectra.texts("source_file").to_list()
        numbers = library.spectra.columns["source_record"].to_list()
        self._places = [
            None if file is None or number is None else f"{file}#{int(number)}"
            for file, number in zip(files, numbers, strict=True)
        ]
        self._times = Counter(name for name in self._accessions if name is not None)
        self._times.update(name for name in self._places if name is not None)

    def key(self, row: int) -> str:
        """The accession if no other record has it, else the place it was read from, else digits of its digest."""
        for name in (self._accessions[row], self._places[row]):
            if name is not None and self._times[name] == 1:
                return name
        return self.digest(row)[:_DIGITS]

    def digest(self, row: int) -> str:
        """SHA-256 of the content of a record."""
        return bytes(self._library.digests[row]).hex()

    def row(self, name: str) -> int:
        """The one record of this name.

        Raises
        ------
        OptionError
            No record has this name, or several have it.
        """
        found = self.rows(name)
        if len(found) == 1:
            return found[0]
        if not found:
            raise OptionError(
                f"{self._library.name}: no record {name!r}; a record is named by its accession, FILE#N, "
                "8 or more digits of its SHA-256, or row:N"
            )
        shown = ", ".join(f"row:{row}" for row in found[:5])
        more = f" and {len(found) - 5} more" if len(found) > 5 else ""
        raise OptionError(f"{self._library.name}: {len(found)} records are {name!r}: {shown}{more}; name one of these")

    def rows(self, name: str) -> list[int]:
        """All records of this name, ascending."""
        found = set(self._rows_by_name.get(name, ()))
        row = _ROW.fullmatch(name)
        if row and int(row.group(1)) < len(self._library):
            found.add(int(row.group(1)))
        prefix = name.lower()
        if _PREFIX.fullmatch(prefix):
            at = bisect_left(self._by_digest, (prefix, -1))
            while at < len(self._by_digest) and self._by_digest[at][0].startswith(prefix):
                found.add(self._by_digest[at][1])
                at += 1
        return sorted(found)

    @cached_property
    def _rows_by_name(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for names in (self._accessions, self._places):
            for row, name in enumerate(names):
                if name is not None:
                    found.setdefault(name, []).append(row)
        return found

    @cached_property
    def _by_digest(self) -> list[tuple[str, int]]:
        return sorted((digest.tobytes().hex(), row) for row, digest in enumerate(self._library.digests))
