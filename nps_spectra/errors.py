"""Every error this package raises on purpose.

::

    NpsSpectraError
    ├── OptionError               an argument or a combination of arguments is wrong (also a ValueError)
    ├── SpectrumError             arrays or fields that are no spectrum (also a ValueError)
    ├── MissingDependencyError    an optional package is needed and not installed
    ├── InputError                a file that cannot be used
    │   ├── FormatError           the format is unknown, or the file is not in the format named
    │   ├── RecordError           one record cannot be read (raised in strict mode)
    │   ├── ArchiveError          an archive is damaged, or unsafe to unpack
    │   ├── NoSpectraError        not one spectrum could be read
    │   ├── DownloadError         a library could not be fetched, or what came is not it
    │   └── RoundError            a proficiency test that cannot be evaluated as it is written
    ├── LibraryError              a library file that cannot be used
    │   ├── NotALibraryError      the file is something else
    │   ├── LibraryVersionError   written by a newer version of this package
    │   ├── LibraryTruncatedError the file is shorter than when it was written
    │   └── LibraryDamagedError   content and digest disagree
    └── SearchError               a search that cannot give a result
        ├── CoverageError         the library holds nothing this query may be compared with
        └── NoHitsError           no query of the whole batch has a single hit

Messages say where (file, record, field), what was found, what was expected and what to do. Only the
command line turns them into exit codes.
"""

from __future__ import annotations


class NpsSpectraError(Exception):
    """Base of all errors of this package."""


class OptionError(NpsSpectraError, ValueError):
    """An argument or a combination of arguments is wrong."""


class SpectrumError(NpsSpectraError, ValueError):
    """Arrays or fields that do not make a spectrum."""


class MissingDependencyError(NpsSpectraError, ImportError):
    """An optional package is needed for this call and is not installed."""


class InputError(NpsSpectraError):
    """A file that cannot be used."""


class FormatError(InputError):
    """The format of a file is unknown, or it is not in the format named."""


class RecordError(InputError):
    """One record of a file cannot be read.

    Attributes
    ----------
    file : str
        Path of the file; a member of an archive is ``archive!member``.
    line : int or None
        Line on which the record starts, counted from 1; None where the file has no lines, or as a whole is at fault.
    record : int or None
        Number of the record in its file, counted from 1; None where the file as a whole is at fault.
    reason : str
        What was found and what was expected.
    """

    def __init__(self, file: str, line: int | None, record: int | None, reason: str) -> None:
        place = [file]
        if line is not None:
            place.append(f"line {line}")
        if record is not None:
            place.append(f"record {record}")
        super().__init__(f"{', '.join(place)}: {reason}")
        self.file = file
        self.line = line
        self.record = record
        self.reason = reason


class ArchiveError(InputError):
    """An archive is damaged or unsafe to unpack."""


class NoSpectraError(InputError):
    """Not one spectrum could be read from what was given."""


class DownloadError(InputError):
    """A library of spectra could not be fetched, or what came is not what was asked for."""


class RoundError(InputError):
    """A file of a proficiency test cannot be used as it is written.

    Attributes
    ----------
    file : str
    row : int or None
        Line of a table, counted from 1 with the header; None where the file has no rows, or as a whole is at fault.
    column : str or None
        Column of a table, or the path of a key such as ``sample[2].content[1].value``.
    reason : str
        What was found and what was expected.
    """

    def __init__(self, file: str, row: int | None, column: str | None, reason: str) -> None:
        place = [file]
        if row is not None:
            place.append(f"row {row}")
        if column is not None:
            place.append(f"column {column}" if row is not None else column)
        super().__init__(f"{', '.join(place)}: {reason}")
        self.file = file
        self.row = row
        self.column = column
        self.reason = reason


class LibraryError(NpsSpectraError):
    """A library file that cannot be used."""


class NotALibraryError(LibraryError):
    """The file is not a library of this package."""


class LibraryVersionError(LibraryError):
    """The library was written by a newer version of this package."""


class LibraryTruncatedError(LibraryError):
    """The library file is shorter than when it was written."""


class LibraryDamagedError(LibraryError):
    """The content of the library does not have the digest it was written with."""


class SearchError(NpsSpectraError):
    """A search that cannot give a result."""


class CoverageError(SearchError):
    """The library holds no spectrum that the queries may be compared with."""


class NoHitsError(SearchError):
    """No query of the whole batch has a single hit."""
