"""Reading some files at a time: the spectra that `read_spectra` gives, for those who need not have all at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from nps_spectra.formats.reading import PathLike, Reading
from nps_spectra.formats.registry import format_named
from nps_spectra.formats.report import InputFile, ReadReport
from nps_spectra.formats.streams import members
from nps_spectra.spectra import Spectra

#: Files of a block, and bytes after which it ends before.
_FILES: Final = 1024
_BYTES: Final = 64 * 2**20


class SpectraBlocks:
    r"""Spectra of files, folders and archives, some files at a time, with one account of all.

    All spectra of a file or archive are in one block.

    Parameters
    ----------
    path, format, strict, centroid, progress
        As for `read_spectra`.
    whole : bool
        All files in one block.

    Attributes
    ----------
    report : ReadReport
        The account of what was read so far, its files not yet in it; with the last block, that of `read_spectra`.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for name in "ab":
    ...     _ = (folder / f"{name}.msp").write_text(f"Name: {name}\nNum Peaks: 1\n58 999\n")
    >>> blocks = SpectraBlocks(folder)
    >>> [(len(spectra), last) for spectra, last in blocks], str(blocks.report)
    ([(2, True)], '2 in, 2 out, 0 rejected, 0 repaired')
    """

    def __init__(
        self,
        path: PathLike | Iterable[PathLike],
        *,
        format: str | None = None,
        strict: bool = False,
        centroid: bool = False,
        progress: Callable[[int, int], None] | None = None,
        whole: bool = False,
    ) -> None:
        self._paths = [path] if isinstance(path, (str, os.PathLike)) else list(path)
        self._format = None if format is None else format_named(format)
        self._strict = strict
        self._centroid = centroid
        self._progress = progress
        self._whole = whole
        self._files: dict[str, InputFile] = {}
        self.report = ReadReport()

    def __iter__(self) -> Iterator[tuple[Spectra, bool]]:
        """The blocks, and whether each is the last; their own reports are of their files.

        Raises
        ------
        InputError
            As `read_spectra`, when the path is come to.
        """
        self.report, self._files = ReadReport(), {}
        reading, files, latest, size = self._new(), 0, None, _Size(self._progress)
        for path in self._paths:
            size.begin()
            for member in members(path, size.told):
                if member.disk_file != latest:
                    if not self._whole and (files >= _FILES or size.read > _BYTES):
                        yield self._finished(reading), False
                        reading, files, size.read = self._new(), 0, 0
                    files, latest = files + 1, member.disk_file
                reading.read(member)
        spectra = self._finished(reading)
        self.report.files = list(self._files.values())
        yield spectra, True

    def _new(self) -> Reading:
        return Reading(self._format, self._strict, self._centroid)

    def _finished(self, reading: Reading) -> Spectra:
        spectra = reading.finish()
        whole, own = self.report, spectra.report
        for file in own.files:
            known = self._files.get(file.file)
            self._files[file.file] = file if known is None else _together(known, file)
        whole.records_in += own.records_in
        whole.records_out += own.records_out
        whole.records_repaired += own.records_repaired
        whole.rejects += own.rejects
        whole.repairs.update(own.repairs)
        whole.notes.update(own.notes)
        whole.skipped += own.skipped
        return spectra


class _Size:
    """Bytes read, of the whole of a path and since it was last set back."""

    def __init__(self, progress: Callable[[int, int], None] | None) -> None:
        self._progress = progress
        self._before = 0
        self.read = 0

    def begin(self) -> None:
        """Another path, whose bytes are counted from 0."""
        self._before = 0

    def told(self, done: int, total: int) -> None:
        self.read += done - self._before
        self._before = done
        if self._progress is not None:
            self._progress(done, total)


def _together(one: InputFile, other: InputFile) -> InputFile:
    """A file that was read twice."""
    return replace(
        one,
        records_in=one.records_in + other.records_in,
        records_out=one.records_out + other.records_out,
        formats=tuple(dict.fromkeys(one.formats + other.formats)),
        run=one.run if other.run is None else {**(one.run or {}), **other.run},
    )
