"""The contract of a reader: sniff a file, split it into records, parse one record.

A format is one small module that makes one `Format`. It never counts, never skips and never decides what
becomes of a bad record: the shared loop in `reading` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from nps_spectra.errors import NpsSpectraError


class RecordFault(NpsSpectraError):
    """Raised by a parser: this record cannot be read, for this reason."""


@dataclass(frozen=True, slots=True)
class RawRecord:
    """The lines of one record as they stand in the file.

    Attributes
    ----------
    line : int
        Number of the first line in the file, counted from 1.
    lines : sequence of str
        Without line ends.
    context : object
        What the records of a file share, such as the header of a table.
    """

    line: int
    lines: Sequence[str]
    context: Any = None


@dataclass(slots=True)
class ParsedRecord:
    """What one record says.

    Attributes
    ----------
    mz, intensity : sequence of float
        As written, in the order of the file, zero intensities included.
    fields : dict
        Typed fields of a `Spectrum`.
    original : list of (str, str)
        Every field as it stands in the file.
    repairs, notes : list of str
        Kinds of repair made, and of things assumed or not understood; short, countable texts.
    dialect : str or None
        Which flavour of the format the record is written in.
    """

    mz: Sequence[float]
    intensity: Sequence[float]
    fields: dict[str, Any] = field(default_factory=dict)
    original: list[tuple[str, str]] = field(default_factory=list)
    repairs: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    dialect: str | None = None


@dataclass(frozen=True, slots=True)
class Format:
    """One file format.

    Attributes
    ----------
    name : str
        What ``format=`` takes.
    extensions : tuple of str
        Lower case, with the dot.
    sniff : callable
        ``sniff(head, file_name) -> bool`` for the first 64 KiB of text (whole lines) of a file: whether the
        content looks like this format. Content decides; the name only where content cannot.
    split : callable
        ``split(lines) -> iterator of RawRecord``; `lines` are (line number, text without line end).
        Every non-blank line belongs to some record, so that rubbish between records is seen and rejected.
    parse : callable
        ``parse(raw, file_name) -> ParsedRecord``; raises `RecordFault` with the reason.
    """

    name: str
    extensions: tuple[str, ...]
    sniff: Callable[[str, str], bool]
    split: Callable[[Iterable[tuple[int, str]]], Iterator[RawRecord]]
    parse: Callable[[RawRecord, str], ParsedRecord]
