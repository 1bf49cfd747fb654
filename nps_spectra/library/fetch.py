"""A public library from its address to a library file, with its licence and where it came from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nps_spectra.errors import DownloadError, InputError, NoSpectraError, OptionError
from nps_spectra.formats.member import HEAD, kind_of
from nps_spectra.library.clock import utc_now
from nps_spectra.library.connection import Limits
from nps_spectra.library.download import Downloaded, download, is_web_page, sha256_of
from nps_spectra.library.library import Library, library_file
from nps_spectra.library.sources import LibrarySource


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of fetching a public library.

    Attributes
    ----------
    library : Library
        Built and opened.
    file : Path
        The file it was built from; it stays.
    download : Downloaded or None
        None if the file was there already.
    missing : str or None
        What says that records are missing; None if as many were read as the source is known to hold.
    """

    library: Library
    file: Path
    download: Downloaded | None
    missing: str | None


def fetch_library(
    source: LibrarySource,
    out: Path,
    *,
    file: Path | None = None,
    given: Path | None = None,
    address: str | None = None,
    proxy: bool = False,
    limits: Limits | None = None,
    strict: bool = False,
    progress: Callable[[int, int], None] | None = None,
    reading: Callable[[int, int], None] | None = None,
    notice: Callable[[str], None] | None = None,
) -> Fetched:
    """Download a public library, unless its file is there already, and build a library file of it.

    Parameters
    ----------
    source : LibrarySource
        What to fetch; see `nps_spectra.library.sources.library_source`.
    out : Path
        The library file to write.
    file : Path, optional
        Where the download is kept; default: under its own name in the current folder. A file that is
        there is used as it is, and nothing is downloaded.
    given : Path, optional
        A file that was downloaded by hand: no connection is opened.
    address : str, optional
        Another address of the same file, for example a copy inside the laboratory.
    proxy, limits, progress, notice
        As for `nps_spectra.library.download.download`.
    strict, reading
        ``strict`` and ``progress`` of `Library.build`.

    Raises
    ------
    DownloadError
        It has to be downloaded by hand, or could not be downloaded, or is not what it should be.
    InputError
        `given` does not exist, or holds no spectra.
    OptionError
        A path that cannot be written, or an address that is not https.
    """
    target = library_file(out)
    path = given or file or (Path(source.file) if source.file else None)
    if path is not None:
        _check_place(path, target, given)
    downloaded = None
    if path is None or not path.exists():
        wanted = address or source.address
        if wanted is None:
            raise DownloadError(f"{source.name}: has to be downloaded by hand")
        if path is None:
            raise OptionError(f"{source.name}: say which file {wanted} is to be kept in (--keep FILE)")
        downloaded = download(
            wanted,
            path,
            largest_bytes=source.largest_bytes,
            sha256=source.sha256,
            size_bytes=source.size_bytes,
            limits=limits,
            proxy=proxy,
            progress=progress,
            notice=notice,
        )
    elif path.is_file():
        _check(path, source)
    try:
        library = Library.build(
            path,
            target,
            name=source.full_title if _is_known_version(source, downloaded) else source.title,
            licence=source.record_licence,
            format=source.format,
            only=source.only if _is_archive(path) else None,
            strict=strict,
            progress=reading,
            provenance=_provenance(source, path, downloaded),
        )
    except NoSpectraError as error:
        if given is not None:
            raise
        # Without these words the next run would find the same file and fail in the same way.
        raise NoSpectraError(f"{error}; {path} stays: remove it to have it downloaded again") from error
    return Fetched(library, path, downloaded, _missing(source, path, len(library)))


def by_hand(source: LibrarySource, file: Path | None, out: Path) -> str:
    """How to get a public library without this program's help, and the command that imports it."""
    get = source.by_hand.strip() if source.by_hand else f"Download {source.address}"
    place = file or (Path(source.file) if source.file else None)
    here = f"Put it at {place.resolve()} and give the same command again, or import" if place else "Import"
    given = source.file or "FILE"
    return "\n".join(
        [
            f"To get {source.full_title!r} by hand, on a computer with a connection:",
            f"  1. {get} (page: {source.page})",
            f"  2. Licence: {source.licence}; terms: {source.terms}.",
            f"  3. Carry the file to this computer. {here} it from any place:",
            f"     nps-spectra library fetch {source.name} --from {_quoted(given)} --out {_quoted(str(out))}",
        ]
    )


def _quoted(path: str) -> str:
    return f'"{path}"' if " " in path else path


def _check_place(path: Path, target: Path, given: Path | None) -> None:
    if given is not None and not given.exists():
        raise InputError(f"{given}: no such file")
    if given is None and path.is_dir():
        raise OptionError(f"{path}: is a folder; expected the name of a file to keep the download in")
    if target.resolve() == path.resolve():
        raise OptionError(f"{target}: the library would replace the file it is built from")


def _is_archive(path: Path) -> bool:
    """Whether the file has members to choose from; a part of an archive that was unpacked by hand has none."""
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return kind_of(stream.read(HEAD)) is not None


def _missing(source: LibrarySource, path: Path, count: int) -> str | None:
    if source.least_spectra is None or count >= source.least_spectra:
        return None
    return f"{path}: {count} spectra, expected at least {source.least_spectra}: the file is not the whole library"


def _check(path: Path, source: LibrarySource) -> None:
    """What is known of the file must hold for one that was here already."""
    size = path.stat().st_size
    if size == 0:
        raise DownloadError(f"{path}: the file is empty; download it again")
    if is_web_page(path):
        raise DownloadError(f"{path}: a web page was saved instead of the file; download it again")
    if source.size_bytes is not None and size != source.size_bytes:
        raise DownloadError(f"{path}: {size} bytes, expected {source.size_bytes}; remove it and fetch it again")
    if source.sha256 is not None and (found := sha256_of(path)) != source.sha256:
        raise DownloadError(f"{path}: SHA-256 is {found}, expected {source.sha256}; remove it and fetch it again")


def _is_known_version(source: LibrarySource, downloaded: Downloaded | None) -> bool:
    """Whether the file is the version named: a digest says so, or the publisher's address; a file's name does not."""
    return source.sha256 is not None or (downloaded is not None and downloaded.address == source.address)


def _provenance(source: LibrarySource, path: Path, downloaded: Downloaded | None) -> dict[str, Any]:
    return {
        "source": source.name,
        "title": source.title,
        "version": source.version if _is_known_version(source, downloaded) else None,
        "page": source.page,
        "licence": source.licence,
        "terms": source.terms,
        "address": downloaded.address if downloaded else None,
        "sha256": downloaded.sha256 if downloaded else sha256_of(path) if path.is_file() else None,
        "size_bytes": path.stat().st_size if path.is_file() else None,
        "imported": utc_now(),
        "downloaded_now": downloaded is not None,
    }
