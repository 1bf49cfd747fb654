"""A library of reference spectra: built once, opened in an instant, the same for everybody who has its digest."""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Hashable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path, PurePath
from threading import RLock
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import numpy.typing as npt

from nps_spectra.columns import TextColumnBuilder
from nps_spectra.display import html_of
from nps_spectra.errors import LibraryDamagedError, NoSpectraError, OptionError
from nps_spectra.spectra import Spectra, joined
from nps_spectra.spectrum import Spectrum, normalise_polarity
from nps_spectra.substances import Substances, substances_of

if TYPE_CHECKING:
    from nps_spectra.formats.report import InputFile, ReadReport
    from nps_spectra.library.events import Event
    from nps_spectra.library.spread import Spread, Spreads
    from nps_spectra.library.store import StoredLibrary
    from nps_spectra.library.stored_groups import StoredGroups

PathLike = str | os.PathLike[str]


class Library(Sequence[Spectrum]):
    """Reference spectra with their substances, their sources and a content digest.

    ``len(library)`` is the number of spectra and ``library[i]`` the spectrum with ``library_id`` i.

    Attributes
    ----------
    name : str
    path : Path or None
        The file, for a library that was opened.
    spectra : Spectra
        Memory-mapped if the library was opened.
    substances : Substances
        Which spectra belong to the same substance.
    sources : list of dict
        For every source file: ``file``, ``sha256``, ``licence``, ``licences`` (counts per record),
        ``records_in``, ``records_out``, ``formats``, ``rejects``, and ``provenance`` where it was given.
    notice : str or None
        What every user of a result has to know about this library.
    events : tuple of Event
        What was done to it, in order: the log of `nps_spectra.library.events`.
    spreads : Spreads or None
        How far replicates differ, for a library that holds consensus spectra; see `spread`.
    groups : tuple of StoredGroups
        Substances that a method cannot tell apart, where they were stored with the library.
    report : ReadReport or None
        The account of reading the sources, right after `build`.
    """

    def __init__(
        self,
        spectra: Spectra,
        *,
        name: str,
        substances: Substances | None = None,
        sources: list[dict[str, Any]] | None = None,
        notice: str | None = None,
        events: Sequence[Event] = (),
        spreads: Spreads | None = None,
        groups: Sequence[StoredGroups] = (),
        stored: StoredLibrary | None = None,
        path: Path | None = None,
    ) -> None:
        self.name = name
        self.path = path
        self.spectra = spectra
        self.substances = substances_of(spectra) if substances is None else substances
        self.sources = [] if sources is None else sources
        self.notice = notice
        self.events = tuple(events)
        self.spreads = spreads
        self.groups = tuple(groups)
        self.report: ReadReport | None = None
        self._stored = stored
        self._kept: dict[Hashable, Any] = {}
        self._making = RLock()

    @classmethod
    def build(
        cls,
        sources: PathLike | Spectra | Iterable[PathLike | Spectra],
        out: PathLike,
        *,
        name: str | None = None,
        licence: str | None = None,
        format: str | None = None,
        only: str | None = None,
        strict: bool = False,
        progress: Callable[[int, int], None] | None = None,
        provenance: Mapping[str, Any] | None = None,
        groups: Callable[[Library], Sequence[StoredGroups]] | None = None,
    ) -> Library:
        """Build a library file and open it.

        The file appears under its name only when it is complete: a build that is killed leaves the old
        library as it was. The digest depends on the spectra, not on the order of the sources.

        Parameters
        ----------
        sources : path-like, Spectra, or iterable of them
            Files, folders and archives as `nps_spectra.read_spectra` takes them.
        out : path-like
            The library file to write, usually ``*.h5``.
        name : str, optional
            Default: the file name without its extension.
        licence : str, optional
            Licence of the spectra whose records do not name their own; it is stored with each of them.
        format, only, strict, progress
            As for `nps_spectra.read_spectra`.
        provenance : mapping, optional
            What is known of where the files come from (address, date ...), as plain data; it is stored with
            each of the `sources`.
        groups : callable, optional
            Makes of the library what is stored of substances that cannot be told apart:
            `nps_spectra.identification.group_store.groups_to_store`.

        Raises
        ------
        NoSpectraError
            Not one spectrum could be read; an existing library stays.
        InputError
            A source that does not exist, or any reject in strict mode.
        OptionError
            The folder of `out` does not exist, or a source is neither a path nor Spectra.
        """
        from nps_spectra.library import store
        from nps_spectra.library.events import new_event

        target = library_file(out)
        spectra, report = _read_all(sources, format, only, strict, progress)
        if len(spectra) == 0:
            raise NoSpectraError(f"{target}: {report.nothing_read}")
        if licence is not None:
            spectra = _licensed(spectra, licence)
        described = _described(report, spectra, licence, provenance)
        arguments = {"sources": [source["file"] for source in described], "licence": licence, "format": format}
        whole = cls(spectra, name=name or target.stem)
        event = new_event("build", arguments | {"records_in": report.records_in, "records_out": report.records_out})
        store.write(
            target,
            name=name or target.stem,
            created_by=event.program,
            sources=described,
            parts=[(spectra, None)],
            substances=whole.substances,
            digests=whole.digests,
            events=[event],
            groups=() if groups is None else groups(whole),
        )
        library = cls.open(target)
        library.report = report
        return library

    @classmethod
    def open(cls, path: PathLike) -> Library:
        """Open a library file as a memory map; no spectrum is read before it is needed.

        Raises
        ------
        NotALibraryError, LibraryVersionError, LibraryTruncatedError, LibraryDamagedError
            What is wrong with the file, and what to do.
        """
        from nps_spectra.library import store

        file = Path(path)
        stored = store.read(file)
        return cls(
            stored.spectra,
            name=stored.name,
            substances=stored.substances,
            sources=stored.sources,
            notice=stored.notice,
            events=stored.events,
            spreads=stored.spreads,
            groups=stored.groups,
            stored=stored,
            path=file,
        )

    def __len__(self) -> int:
        return len(self.spectra)

    @overload
    def __getitem__(self, index: int) -> Spectrum: ...
    @overload
    def __getitem__(self, index: slice) -> Spectra: ...
    def __getitem__(self, index: int | slice) -> Spectrum | Spectra:
        return self.spectra[index]

    def __repr__(self) -> str:
        return f"<Library {self.name!r}, {len(self)} spectra of {len(self.substances)} substances>"

    def _repr_html_(self) -> str | None:
        return html_of(self)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the content of all spectra, whatever their order."""
        from nps_spectra.library import store

        return self._stored.digest if self._stored is not None else store.digest_of(self.digests)

    @cached_property
    def digests(self) -> npt.NDArray[np.uint8]:
        """SHA-256 of the content of each spectrum, shape (spectra, 32)."""
        from nps_spectra.library import store

        return self._stored.digests if self._stored is not None else store.digests_of(self.spectra)

    def check(self) -> None:
        """Compute the digest of every spectrum anew and compare.

        Raises
        ------
        LibraryDamagedError
            Naming what is not as it was written.
        """
        from nps_spectra.library import store

        if self._stored is not None and self.path is not None:
            store.verify(self.path, self._stored)

    def check_quickly(self) -> None:
        """Compare the checksum of every stored array: what a run does before it trusts a library.

        Raises
        ------
        LibraryDamagedError
            Naming the arrays that are not as they were written.
        """
        from nps_spectra.library import store

        if self._stored is not None:
            damaged = store.damaged_arrays(self._stored)
            if damaged:
                raise LibraryDamagedError(
                    f"{self.path}: damaged: {', '.join(damaged)}; 'nps-spectra library check' names the spectra"
                )

    def spread(self, row: int) -> Spread | None:
        """How far the replicates behind spectrum `row` differ, peak by peak; None if it is no consensus."""
        return None if self.spreads is None else self.spreads.row(range(len(self))[row])

    def names_of(self, row: int) -> tuple[str, ...]:
        """All names of the substance of spectrum `row`, its own first."""
        names = self.spectra.texts("name")
        own = names[row]
        rows = np.flatnonzero(self.substances.of_row == self.substances.of_row[row])
        others = (names[other] for other in rows.tolist())
        return tuple(dict.fromkeys(name for name in (own, *others) if name))

    def select(
        self,
        *,
        ionization: str | Iterable[str] | None = None,
        polarity: str | None = None,
        ms_level: int | None = None,
        adduct: str | Iterable[str] | None = None,
        collision_energy_ev: tuple[float, float] | None = None,
        licence: str | Iterable[str] | None = None,
        contributor: str | Iterable[str] | None = None,
        without_contributor: str | Iterable[str] | None = None,
    ) -> Library:
        """The spectra that have the values asked for; a spectrum without a value does not have it.

        Parameters
        ----------
        ionization, adduct, licence, contributor : str or iterable of str
            One of these values.
        polarity : {"positive", "negative"}
        ms_level : int
        collision_energy_ev : (float, float)
            Lowest and highest energy in eV.
        without_contributor : str or iterable of str
            Leave these out.

        Raises
        ------
        OptionError
            A value that is not possible.
        """
        keep = np.ones(len(self), dtype=bool)
        wanted = {"ionization": ionization, "adduct": adduct, "licence": licence, "contributor": contributor}
        for field, values in wanted.items():
            if values is not None:
                keep &= self._has(field, values)
        if without_contributor is not None:
            keep &= ~self._has("contributor", without_contributor)
        if polarity is not None:
            normal = normalise_polarity(polarity)
            if normal is None:
                raise OptionError(f"polarity {polarity!r}: expected 'positive' or 'negative'")
            keep &= self._has("polarity", normal)
        if ms_level is not None:
            keep &= self.spectra.numbers("ms_level") == ms_level
        if collision_energy_ev is not None:
            if not collision_energy_ev[0] <= collision_energy_ev[1]:
                raise OptionError(f"collision_energy_ev {collision_energy_ev!r}: expected (lowest, highest) in eV")
            energy = self.spectra.numbers("collision_energy_ev")
            keep &= (energy >= collision_energy_ev[0]) & (energy <= collision_energy_ev[1])
        rows = np.flatnonzero(keep)
        chosen = Library(
            self.spectra.select(rows),
            name=self.name,
            substances=self.substances.take(rows),
            sources=self.sources,
            notice=self.notice,
            events=self.events,
            spreads=None if self.spreads is None else self.spreads.take(rows),
        )
        chosen.__dict__["digests"] = self.digests[rows]
        return chosen

    def _has(self, field: str, values: str | Iterable[str]) -> npt.NDArray[np.bool_]:
        known = {values} if isinstance(values, str) else set(values)
        return np.array([value in known for value in self.spectra.texts(field).to_list()], dtype=bool)

    def prepared(self, scorer: Any) -> Any:
        """The spectra as `scorer` compares them; computed once and kept while the library is open."""

        def made() -> Any:
            prepared = scorer.prepare(self.spectra)
            if self._stored is not None:
                self._stored.let_go()
            return prepared

        return self.kept(scorer, made)

    def prepared_for(self, scorer: Any, rows: npt.NDArray[np.int64]) -> Any:
        """The spectra as `scorer` compares them, as `prepared`, but perhaps without peaks outside `rows`.

        For searches of few spectra: those are prepared that are compared, and all of them as soon as that has taken
        as long as it takes for all.
        """
        with self._making:
            wanted = np.zeros(len(self), dtype=bool)
            wanted[rows] = True
            done, spent, part = self._kept.get(("part", scorer), (None, 0, None))
            if self.keeps(scorer) or spent + np.count_nonzero(wanted) >= len(self):
                self._kept.pop(("part", scorer), None)
                return self.prepared(scorer)
            if done is None or bool((wanted & ~done).any()):
                part = scorer.prepare(self.spectra, np.flatnonzero(wanted))
                self._kept["part", scorer] = wanted, spent + np.count_nonzero(wanted), part
            return part

    def keeps(self, key: Hashable) -> bool:
        """Whether something is kept under this key."""
        return key in self._kept

    def kept(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What `make` makes of the library, made once for each `key` and kept while the library is open."""
        with self._making:
            if key not in self._kept:
                self._kept[key] = make()
            return self._kept[key]


def library_file(path: PathLike) -> Path:
    """A path that a library can be written to.

    Raises
    ------
    OptionError
        Its folder does not exist, or it is a folder itself.
    """
    target = Path(path)
    if not target.parent.is_dir():
        raise OptionError(f"{target}: the folder {target.parent} does not exist")
    if target.is_dir():
        raise OptionError(f"{target}: is a folder; a library is a file, for example {target.name}.h5")
    return target


def _read_all(
    sources: PathLike | Spectra | Iterable[PathLike | Spectra],
    format: str | None,
    only: str | None,
    strict: bool,
    progress: Callable[[int, int], None] | None,
) -> tuple[Spectra, ReadReport]:
    from nps_spectra.formats import ReadReport, read_spectra

    given = [sources] if isinstance(sources, (str, os.PathLike, Spectra)) else list(sources)
    parts: list[Spectra] = []
    report = ReadReport()
    for source in given:
        if not isinstance(source, (str, os.PathLike, Spectra)):
            raise OptionError(
                f"source {source!r}: expected a path or Spectra (Spectra.of(...) collects single spectra, "
                "library.spectra are those of a library)"
            )
        part = (
            source
            if isinstance(source, Spectra)
            else read_spectra(source, format=format, only=only, strict=strict, progress=progress)
        )
        parts.append(part)
        own = part.report
        if not isinstance(own, ReadReport) or own.records_out != len(part):  # made by hand, or a selection
            own = _account_of(part)
        report = report.merged(own)
    return joined(parts, report), report


def _licensed(spectra: Spectra, licence: str) -> Spectra:
    """The spectra with this licence where none is named; the original fields stay as they are."""
    column = TextColumnBuilder()
    for own in spectra.texts("licence").to_list():
        column.append(own or licence)
    columns = {**spectra.columns, "licence": column.finish()}
    return Spectra(spectra.mz, spectra.intensity, spectra.offsets, columns, spectra.report)


def _account_of(spectra: Spectra) -> ReadReport:
    from nps_spectra.formats.report import InputFile, ReadReport

    read = {file.file for file in spectra.report.files} if isinstance(spectra.report, ReadReport) else set()
    counts: dict[tuple[str, str], int] = {}
    files, digests = spectra.texts("source_file").to_list(), spectra.texts("source_sha256").to_list()
    for file, sha256 in zip(files, digests, strict=True):
        if file is not None:
            key = (_disk_file(file, read), sha256 or "")
            counts[key] = counts.get(key, 0) + 1
    report = ReadReport(len(spectra), len(spectra))
    report.files = [InputFile(file, sha256, count, count, ()) for (file, sha256), count in counts.items()]
    return report


def _disk_file(name: str, known: Container[str]) -> str:
    """The file on disk of an archive's member; "!" may also be part of the name of a file."""
    at = len(name)
    while at > 0:
        if name[:at] in known:
            return name[:at]
        at = name.rfind("!", 0, at)
    return name.partition("!")[0]


def _described(
    report: ReadReport, spectra: Spectra, licence: str | None, provenance: Mapping[str, Any] | None
) -> list[dict[str, Any]]:
    read: dict[str, InputFile] = {}
    for file in report.files:  # the same file given twice was read twice, but is one source
        before = read.get(file.file)
        read[file.file] = (
            file
            if before is None
            else replace(
                file,
                records_in=before.records_in + file.records_in,
                records_out=before.records_out + file.records_out,
                formats=tuple(dict.fromkeys(before.formats + file.formats)),
            )
        )
    licences: dict[str, dict[str, int]] = {}
    for name, own in zip(spectra.texts("source_file").to_list(), spectra.texts("licence").to_list(), strict=True):
        counts = licences.setdefault(_disk_file(name or "", read), {})
        counts[own or "not stated"] = counts.get(own or "not stated", 0) + 1
    rejects: dict[str, list[dict[str, Any]]] = {}
    for reject in report.rejects:
        rejects.setdefault(_disk_file(reject.file, read), []).append(asdict(reject))
    return [
        {
            "file": PurePath(file.file).name,
            "sha256": file.sha256,
            "licence": licence,
            "licences": licences.get(file.file, {}),
            "records_in": file.records_in,
            "records_out": file.records_out,
            "formats": list(file.formats),
            "rejects": rejects.get(file.file, []),
        }
        | ({} if provenance is None else {"provenance": dict(provenance)})
        for file in read.values()
    ]
