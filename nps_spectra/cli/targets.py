"""One spectrum named on a command line: ``FILE``, ``FILE#3``, ``LIB.h5#17``, ``starter#4``."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nps_spectra.cli.output import notice, tell_report
from nps_spectra.errors import InputError, NoSpectraError, OptionError
from nps_spectra.formats import ReadReport, read_spectra
from nps_spectra.library import Library
from nps_spectra.report.comparison import LibraryEntry
from nps_spectra.spectra import Spectra
from nps_spectra.spectrum import Spectrum

#: Name of the embedded starter library, where no file has it.
STARTER: Final = "starter"
_HDF5: Final = b"\x89HDF\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class Target:
    """A spectrum that was named.

    Attributes
    ----------
    spectrum : Spectrum
    library : Library or None
        The library that it stands in.
    library_id : int or None
    rejected : bool
        Whether the file holds records that could not be read.
    """

    spectrum: Spectrum
    library: Library | None = None
    library_id: int | None = None
    rejected: bool = False

    @property
    def entry(self) -> LibraryEntry | None:
        """Library, id and digest, for the heading of a figure."""
        if self.library is None or self.library_id is None:
            return None
        return LibraryEntry.of(self.library, self.library_id)


def find(target: str, format: str | None = None) -> Target:
    """The spectrum that a target names.

    ``#`` and a number at the end is the number of the record in a file, counted from 1, or the id in a library, as a
    list of hits prints it; a file whose own name ends like that is taken first.

    Raises
    ------
    InputError
        There is no such file, or the record cannot be read.
    OptionError
        There is no such record or id, or it has to be named.
    """
    path, number = _split(target)
    if path == STARTER and not Path(path).exists():
        from nps_spectra.library.starter import starter_library

        return _entry(starter_library(), STARTER, number)
    if _is_library(path):
        library = Library.open(path)
        library.check_quickly()
        return _entry(library, path, number)
    return _record(path, number, format)


def _split(target: str) -> tuple[str, int | None]:
    path, separator, number = target.rpartition("#")
    if Path(target).exists() or not separator:
        return target, None
    if not (number.isascii() and number.isdigit()):
        raise InputError(
            f"{target}: no such file; '#' and a number at the end names one of its spectra, as in {path or 'FILE'}#3"
        )
    return path, int(number)


def _is_library(path: str) -> bool:
    file = Path(path)
    if not file.is_file():
        return False
    try:
        with file.open("rb") as stream:
            return stream.read(len(_HDF5)) == _HDF5
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error})") from error


def _entry(library: Library, path: str, number: int | None) -> Target:
    if number is None or number >= len(library):
        found = "is a library: name one of its spectra" if number is None else f"has no spectrum with id {number}"
        raise OptionError(f"{path}: {found}, {path}#0 to {path}#{len(library) - 1}")
    notice(library)
    return Target(library[number], library, number)


def _record(path: str, number: int | None, format: str | None) -> Target:
    spectra = read_spectra(_on_disk(path), format=format)
    report: ReadReport = spectra.report
    chosen = spectra if Path(path).exists() else _of_member(spectra, path)
    if report.rejects or report.repairs:
        tell_report(report)
    if len(spectra) == 0:
        raise NoSpectraError(f"{path}: {report.nothing_read}")
    if len(chosen) == 0:
        raise InputError(f"{path}: no spectrum was read from it; {_files(spectra)}")
    records = [int(record) for record in chosen.numbers("source_record").tolist()]
    several = len(set(chosen.texts("source_file").to_list())) > 1
    if number is None:
        if len(chosen) > 1:
            others = _files(chosen) if several else f"{path}#{records[1]} names the second"
            print(f"{path}: drawing the first of {len(chosen)} spectra; {others}", file=sys.stderr)
        return Target(chosen[0], rejected=bool(report.rejects))
    if several:
        raise OptionError(f"{path}#{number}: records are counted in one file; {_files(chosen)}")
    rows = [row for row, record in enumerate(records) if record == number]
    if not rows:
        for reject in report.rejects:
            if reject.record == number:
                line = "" if reject.line is None else f", line {reject.line}"
                raise InputError(f"{path}, record {number}{line}: {reject.reason}")
        raise OptionError(f"{path}: has no record {number}; records are counted from 1, the last one is {max(records)}")
    return Target(chosen[rows[0]], rejected=bool(report.rejects))


def _on_disk(path: str) -> str:
    """The file on disk of ``archive!member``; the path itself otherwise."""
    at = path.find("!")
    while at > 0 and not Path(path).exists():
        if Path(path[:at]).is_file():
            return path[:at]
        at = path.find("!", at + 1)
    return path


def _of_member(spectra: Spectra, path: str) -> Spectra:
    wanted = path.replace("\\", "/")
    files = spectra.texts("source_file").to_list()
    return spectra.select([row for row, file in enumerate(files) if file == wanted] or [])


def _files(spectra: Spectra) -> str:
    names = list(dict.fromkeys(spectra.texts("source_file").to_list()))
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"name one of: {', '.join(str(name) for name in names[:5])}{more}"
