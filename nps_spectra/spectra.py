"""Many spectra as parallel arrays: what readers return, libraries hold and searches take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, overload

import numpy as np
import numpy.typing as npt

from nps_spectra.columns import Column, NumberColumn, NumberColumnBuilder, TextColumn, TextColumnBuilder, gathered
from nps_spectra.display import html_of
from nps_spectra.errors import OptionError
from nps_spectra.spectrum import END, FIELDS, Kind, Source, Spectrum, content_digest, packable, unpack_original

if TYPE_CHECKING:
    import matchms

_TEXT_EXTRAS: Final = ("original", "source_file", "source_sha256")
_NUMBER_EXTRAS: Final = ("source_record", "source_line")
#: Fields, original fields, and file, record, line and SHA-256 of the source of one spectrum.
_Row = tuple[Mapping[str, Any], str, str | None, int | None, int | None, str | None]
#: So many rows wait until they are put into the columns together.
_AT_ONCE: Final = 128


class Spectra(Sequence[Spectrum]):
    """Many spectra as parallel arrays; ``spectra[i]`` gives a `Spectrum`.

    Attributes
    ----------
    mz : ndarray of float64, shape (peaks,)
    intensity : ndarray of float32, shape (peaks,)
        Peaks of all spectra, one after the other; ascending in m/z inside each spectrum.
    offsets : ndarray of int64, shape (n + 1,)
        Spectrum i owns peaks ``offsets[i]`` to ``offsets[i + 1]``.
    columns : mapping of str to column
        One column for every field of `FIELDS`, and ``original``, ``source_file``, ``source_record``,
        ``source_line``, ``source_sha256``.
    report : object
        What the reader that made them has to report (`nps_spectra.formats.ReadReport`), None otherwise.
    """

    def __init__(
        self,
        mz: npt.NDArray[np.float64],
        intensity: npt.NDArray[np.float32],
        offsets: npt.NDArray[np.int64],
        columns: Mapping[str, Column],
        report: Any = None,
    ) -> None:
        self.mz = mz
        self.intensity = intensity
        self.offsets = offsets
        self.columns = columns
        self.report = report

    @classmethod
    def of(cls, spectra: Iterable[Spectrum]) -> Spectra:
        """Collect single spectra."""
        builder = SpectraBuilder()
        for spectrum in spectra:
            builder.add(spectrum)
        return builder.finish()

    @classmethod
    def from_matchms(cls, spectra: Iterable[matchms.Spectrum]) -> Spectra:
        """Collect spectra of matchms; see `nps_spectra.interop.from_matchms` for what becomes of their metadata."""
        from nps_spectra.interop import from_matchms

        return cls.of(from_matchms(spectrum) for spectrum in spectra)

    def to_matchms(self) -> list[matchms.Spectrum]:
        """The same spectra for matchms, exact: `from_matchms` gives these again.

        Raises
        ------
        MissingDependencyError
            matchms is not installed (extra ``interop``).
        """
        from nps_spectra.interop import to_matchms

        return [to_matchms(spectrum) for spectrum in self]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @overload
    def __getitem__(self, index: int) -> Spectrum: ...
    @overload
    def __getitem__(self, index: slice) -> Spectra: ...
    def __getitem__(self, index: int | slice) -> Spectrum | Spectra:
        if isinstance(index, slice):
            return self.select(np.arange(len(self))[index])
        row = range(len(self))[index]
        start, stop = int(self.offsets[row]), int(self.offsets[row + 1])
        values: dict[str, Any] = {}
        for name, kind in FIELDS.items():
            value = self.columns[name][row]
            values[name] = _from_column(kind, value)
        file = self.columns["source_file"][row]
        source = None
        if file is not None:
            line = self.columns["source_line"][row]
            source = Source(
                str(file),
                int(self.columns["source_record"][row] or 0),
                None if line is None else int(line),
                self._text("source_sha256", row),
            )
        return Spectrum(
            self.mz[start:stop],
            self.intensity[start:stop],
            source=source,
            original=unpack_original(self._text("original", row)),
            **values,
        )

    def __iter__(self) -> Iterator[Spectrum]:
        for row in range(len(self)):
            yield self[row]

    def __repr__(self) -> str:
        return f"<Spectra, {len(self)} spectra, {len(self.mz)} peaks>"

    def _repr_html_(self) -> str | None:
        return html_of(self)

    def _text(self, column: str, row: int) -> str | None:
        value = self.columns[column][row]
        return None if value is None else str(value)

    def texts(self, field: str) -> TextColumn:
        """The column of a text field."""
        column = self.columns[field]
        if not isinstance(column, TextColumn):
            raise OptionError(f"field {field!r} holds numbers")
        return column

    def numbers(self, field: str) -> npt.NDArray[np.float64]:
        """The values of a number field as float64, NaN where missing."""
        column = self.columns[field]
        if not isinstance(column, NumberColumn):
            raise OptionError(f"field {field!r} holds text")
        return column.values

    def select(self, rows: npt.ArrayLike) -> Spectra:
        """The spectra of `rows`, in that order.

        Raises
        ------
        OptionError
            `rows` are no row numbers (a mask: use ``np.flatnonzero``).
        IndexError
            There is no such row.
        """
        given = np.asarray(rows)
        if given.ndim != 1 or (len(given) and not np.issubdtype(given.dtype, np.integer)):
            raise OptionError(f"rows are {given.dtype} of shape {given.shape}: expected a list of row numbers")
        chosen = np.arange(len(self), dtype=np.int64)[given.astype(np.int64)]  # negative ones count from the end
        offsets = np.zeros(len(chosen) + 1, dtype=np.int64)
        np.cumsum(self.offsets[chosen + 1] - self.offsets[chosen], out=offsets[1:])
        mz, intensity = (gathered(values, self.offsets, chosen) for values in (self.mz, self.intensity))
        columns = {name: column.take(chosen) for name, column in self.columns.items()}
        return Spectra(mz, intensity, offsets, columns, self.report)

    def peaks_of(self, rows: npt.NDArray[np.int64]) -> Spectra:
        """Peaks and precursor m/z of `rows`, and no other field: what cleaning looks at."""
        if len(rows) and int(rows[-1]) - int(rows[0]) == len(rows) - 1 and bool((np.diff(rows) == 1).all()):
            first, last = int(rows[0]), int(rows[-1]) + 1
            peaks = slice(int(self.offsets[first]), int(self.offsets[last]))
            mz, intensity = self.mz[peaks], self.intensity[peaks]
            offsets = self.offsets[first : last + 1] - self.offsets[first]
        else:
            offsets = np.zeros(len(rows) + 1, dtype=np.int64)
            np.cumsum(self.offsets[rows + 1] - self.offsets[rows], out=offsets[1:])
            mz, intensity = (gathered(values, self.offsets, rows) for values in (self.mz, self.intensity))
        return Spectra(mz, intensity, offsets, {"precursor_mz": NumberColumn(self.numbers("precursor_mz")[rows])})

    def digests(self) -> list[str]:
        """SHA-256 of the content of every spectrum; equal to ``spectra[i].digest``."""
        decoded = {name: self.columns[name].to_list() for name in FIELDS}
        original = self.texts("original")
        bounds = self.offsets.tolist()
        names = [(name, kind, decoded[name]) for name, kind in FIELDS.items()]
        return [
            content_digest(
                self.mz[bounds[row] : bounds[row + 1]],
                self.intensity[bounds[row] : bounds[row + 1]],
                [(name, _from_column(kind, column[row])) for name, kind, column in names],
                original.raw(row),
            )
            for row in range(len(self))
        ]


def _from_column(kind: Kind, value: str | float | None) -> Any:
    if kind == "texts":
        return tuple(str(value).split(END)) if value is not None else ()
    if value is not None and kind == "int":
        return int(value)
    return value


class SpectraBuilder:
    """Grows `Spectra` one spectrum at a time, without an object for each."""

    def __init__(self) -> None:
        # Bytes that grow in their place and become the arrays: a list of arrays would be in memory twice at the end.
        self._mz = bytearray()
        self._intensity = bytearray()
        self._lengths: list[int] = []
        self._waiting: list[_Row] = []
        self._texts = {
            name: TextColumnBuilder()
            for name in (*(n for n, k in FIELDS.items() if k in ("text", "texts")), *_TEXT_EXTRAS)
        }
        self._numbers = {
            name: NumberColumnBuilder()
            for name in (*(n for n, k in FIELDS.items() if k in ("float", "int")), *_NUMBER_EXTRAS)
        }

    def __len__(self) -> int:
        return len(self._lengths)

    def add(self, spectrum: Spectrum) -> None:
        """Append one spectrum."""
        values = {name: getattr(spectrum, name) for name in FIELDS}
        self.append(spectrum.mz, spectrum.intensity, values, spectrum.original_text(), spectrum.source)

    def append(
        self,
        mz: npt.NDArray[np.float64],
        intensity: npt.NDArray[np.float32],
        values: Mapping[str, Any],
        original: str,
        source: Source | None,
    ) -> None:
        """Append peaks as `checked_peaks` returns them and fields as a `Spectrum` would hold them.

        `values` must not be changed afterwards.
        """
        where = (None, None, None, None) if source is None else (source.file, source.record, source.line, source.sha256)
        self.extend(mz, intensity, [len(mz)], [(values, original, *where)])

    def extend(
        self,
        mz: npt.NDArray[np.float64],
        intensity: npt.NDArray[np.float32],
        lengths: Sequence[int],
        rows: Iterable[_Row],
    ) -> None:
        """Append many spectra, as `append` does one.

        Parameters
        ----------
        mz, intensity : ndarray
            Peaks of all of them, one after the other.
        lengths : sequence of int
            Number of peaks of each.
        rows : iterable of tuple
            Of each: fields, original fields, and file, record, line and SHA-256 of its source.
        """
        self._mz += mz.tobytes()
        self._intensity += intensity.tobytes()
        self._lengths += lengths
        self._waiting += rows
        if len(self._waiting) >= _AT_ONCE:
            self._take_waiting()

    def _take_waiting(self) -> None:
        """Put what waits into the columns: one column after the other is much quicker than one row after the other."""
        if not self._waiting:
            return
        rows, originals, files, records, lines, digests = zip(*self._waiting, strict=True)
        extra: dict[str, list[Any]] = {
            "original": [original or None for original in originals],
            "source_file": list(files),
            "source_sha256": list(digests),
            "source_record": list(records),
            "source_line": list(lines),
        }
        for name, texts in self._texts.items():
            column = extra[name] if name in extra else [values.get(name) for values in rows]
            if FIELDS.get(name) == "texts":
                column = [END.join(map(packable, value)) if value else None for value in column]
            texts.extend(column)
        for name, numbers in self._numbers.items():
            numbers.extend(extra[name] if name in extra else [values.get(name) for values in rows])
        self._waiting.clear()

    def finish(self, report: Any = None) -> Spectra:
        """The spectra collected; nothing can be appended after this, because they share the memory."""
        self._take_waiting()
        offsets = np.zeros(len(self._lengths) + 1, dtype=np.int64)
        np.cumsum(np.array(self._lengths, dtype=np.int64), out=offsets[1:])
        mz = np.frombuffer(self._mz, dtype=np.float64)
        intensity = np.frombuffer(self._intensity, dtype=np.float32)
        mz.flags.writeable = intensity.flags.writeable = False
        columns: dict[str, Column] = {name: builder.finish() for name, builder in self._texts.items()}
        columns |= {name: builder.finish() for name, builder in self._numbers.items()}
        return Spectra(mz, intensity, offsets, columns, report)


def joined(parts: Sequence[Spectra], report: Any = None) -> Spectra:
    """Several `Spectra` one after the other."""
    if not parts:
        return SpectraBuilder().finish(report)
    if len(parts) == 1:
        return Spectra(parts[0].mz, parts[0].intensity, parts[0].offsets, parts[0].columns, report)
    lengths = np.concatenate([np.diff(part.offsets) for part in parts])
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    columns: dict[str, Column] = {}
    for name, first in parts[0].columns.items():
        if isinstance(first, TextColumn):
            columns[name] = TextColumn.joined([part.texts(name) for part in parts])
        else:
            columns[name] = NumberColumn(np.concatenate([part.numbers(name) for part in parts]))
    return Spectra(
        np.concatenate([part.mz for part in parts]),
        np.concatenate([part.intensity for part in parts]),
        offsets,
        columns,
        report,
    )
