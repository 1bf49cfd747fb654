"""The contract of a format: sniff a file, split it into records, parse one record, write one record.

A format is one small module that makes one `Format`, found by the entry point group
``nps_spectra.formats``: a new one touches no other file. It never counts, never skips and never decides what
becomes of a bad record: the shared loops in `reading` and `writing` do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from nps_spectra.errors import NpsSpectraError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from nps_spectra.formats.lines import Lines
    from nps_spectra.spectrum import Spectrum


class RecordFault(NpsSpectraError):
    """Raised by a parser or writer: this record cannot be read, or not be written, for this reason."""


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One record as it stands in the file, not yet understood.

    Attributes
    ----------
    line : int or None
        Number of its first line in the file, counted from 1; None where the content has no lines.
    lines : sequence of str
        The lines of a record of text, without line ends.
    content : object
        What a format that is no text has found: an element, an object, the arrays of a scan.
    context : object
        What the records of a file share, such as the header of a table. For a run: a mapping of str to str
        with what the file says of the whole injection.
    fault : str or None
        Why this record cannot even be told from its surroundings; it is counted and rejected, and not parsed.
    """

    line: int | None
    lines: Sequence[str] = ()
    context: Any = None
    content: Any = None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class PeakText:
    """Peaks that are still text, so that the shared loop can convert those of many records at once.

    Attributes
    ----------
    text : str
        Lines of ``m/z intensity``, with LF between them.
    lines : int
        How many these are.
    otherwise : callable
        Parses the record anew, peaks and all; taken where a line is anything but two plain numbers.
    """

    text: str
    lines: int
    otherwise: Callable[[], ParsedRecord]


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
    peaks : PeakText or None
        Stands for `mz` and `intensity` where these are still to be converted.
    packed : str or None
        `original` as `nps_spectra.spectrum.pack_original` gives it, where the format knows it already.
    """

    mz: Sequence[float] | npt.NDArray[np.float64]
    intensity: Sequence[float] | npt.NDArray[np.float64]
    fields: dict[str, Any] = field(default_factory=dict)
    original: list[tuple[str, str]] = field(default_factory=list)
    repairs: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    dialect: str | None = None
    peaks: PeakText | None = None
    packed: str | None = None


@dataclass(frozen=True, slots=True)
class Writer:
    """How a format is written.

    Attributes
    ----------
    record : callable
        ``record(spectrum) -> str``: one whole record with its last line end; raises `RecordFault` where the format
        cannot hold the spectrum at all. What it can hold only in part, it leaves out: the shared loop reads
        every record back and says what is lost. m/z and intensities are written so that they read back exactly.
    before, between, after : str
        Around all records, and between two of them.
    keeps_original : bool
        Whether the original fields of the source are written too.
    """

    record: Callable[[Spectrum], str]
    before: str = ""
    between: str = ""
    after: str = ""
    keeps_original: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """What every format says of itself; `TextFormat` and `BinaryFormat` add how it is read.

    Attributes
    ----------
    name : str
        What ``format=`` takes.
    title : str
        What users call it.
    extensions : tuple of str
        Lower case, with the dot; writing goes by them.
    parse : callable
        ``parse(raw, file_name) -> ParsedRecord``; raises `RecordFault` with the reason.
    rank : int
        Formats are tried in ascending order; the first whose content fits is taken. A format with an
        unmistakable sign has a low rank, one that takes any columns of numbers a high one.
    holds : {"spectra", "run"}
        Whether a file is a set of spectra, or a run: the scans of one injection, in order.
    writer : Writer, optional
    """

    name: str
    title: str
    extensions: tuple[str, ...]
    parse: Callable[[RawRecord, str], ParsedRecord]
    rank: int = 50
    holds: Literal["spectra", "run"] = "spectra"
    writer: Writer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFormat(Format):
    """A format of lines of text.

    Attributes
    ----------
    sniff : callable
        ``sniff(head, file_name) -> bool`` for the first 64 KiB of text (whole lines) of a file: whether the
        content looks like this format. Content decides; the name only where content cannot.
    split : callable
        ``split(lines) -> iterator of RawRecord``; `lines` gives (line number, text without line end), or blocks of
        whole lines to a format that finds its records in them.
        Every non-blank line belongs to some record, so that rubbish between records is seen and rejected.
    """

    sniff: Callable[[str, str], bool]
    split: Callable[[Lines], Iterator[RawRecord]]


@dataclass(frozen=True, slots=True, kw_only=True)
class BinaryFormat(Format):
    """A format of bytes: binary files, and documents such as XML and JSON whose records are not lines.

    Attributes
    ----------
    sniff : callable
        ``sniff(head, file_name) -> bool`` for the first 64 KiB of the file.
    scan : callable
        ``scan(stream, file_name) -> iterator of RawRecord`` over a binary stream that need not be seekable. Memory
        does not grow with the file where the format allows it. What is damaged raises `InputError` in its
        place, after the records before it; a record that is bad by itself has a `RawRecord.fault`.
    """

    sniff: Callable[[bytes, str], bool]
    scan: Callable[[BinaryIO, str], Iterator[RawRecord]]


def attributes_of(raw: RawRecord) -> Mapping[str, str]:
    """What the file of a run says of the whole injection."""
    return raw.context if isinstance(raw.context, Mapping) else {}
