"""What a reader has to report: how many records came in, went out, were repaired or rejected, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Reject:
    """A record, or a whole file, that could not be read.

    Attributes
    ----------
    file : str
    line, record : int or None
        Where the record starts and its number in the file; None if the whole file is meant.
    reason : str
        What was found and what was expected.
    """

    file: str
    line: int | None
    record: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file on disk that was read.

    Attributes
    ----------
    file : str
    sha256 : str
    records_in, records_out : int
        Records found in it (in all members, for an archive) and spectra that came of them.
    formats : tuple of str
        Formats met in it, with the dialect where one was recognised.
    run : mapping of str to str, or None
        What the file says of the whole injection, if it is a run; None if it is a set of spectra.
    """

    file: str
    sha256: str
    records_in: int
    records_out: int
    formats: tuple[str, ...]
    run: Mapping[str, str] | None = None


@dataclass(slots=True)
class ReadReport:
    """The account of one reading; ``records_in == records_out + records_rejected`` always holds.

    A file that could not be read at all counts as one record in and one rejected.

    Attributes
    ----------
    records_in, records_out, records_rejected, records_repaired : int
    rejects : list of Reject
    repairs : Counter of str
        How often each kind of repair was made.
    notes : Counter of str
        What was assumed or not understood, and how often; original fields are kept in every case.
    skipped : list of (str, str)
        Files of a folder or archive that are no spectra by their name (README, LICENSE ...), and why.
    files : list of InputFile
    """

    records_in: int = 0
    records_out: int = 0
    records_repaired: int = 0
    rejects: list[Reject] = field(default_factory=list)
    repairs: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    files: list[InputFile] = field(default_factory=list)

    @property
    def records_rejected(self) -> int:
        """Number of records, or whole files, that could not be read."""
        return len(self.rejects)

    @property
    def nothing_read(self) -> str:
        """The account and the first reason, for a message that not one spectrum could be read."""
        first = f"; the first reason: {self.rejects[0].file}: {self.rejects[0].reason}" if self.rejects else ""
        return f"not one spectrum could be read ({self}){first}"

    def merged(self, other: ReadReport) -> ReadReport:
        """The account of two readings together."""
        return ReadReport(
            self.records_in + other.records_in,
            self.records_out + other.records_out,
            self.records_repaired + other.records_repaired,
            self.rejects + other.rejects,
            self.repairs + other.repairs,
            self.notes + other.notes,
            self.skipped + other.skipped,
            self.files + other.files,
        )

    def __str__(self) -> str:
        return (
            f"{self.records_in} in, {self.records_out} out, {self.records_rejected} rejected, "
            f"{self.records_repaired} repaired"
        )
