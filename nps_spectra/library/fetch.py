"""A public library from its address to a library file, with its licence and where it came from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nps_spectra.errors import DownloadError, InputError, OptionError
from nps_spectra.library.clock import utc_now
from nps_spectra.library.download import Downloaded, Limits, download, is_web_page, sha256_of
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
    """

    library: Library
    file: Path
    download: Downloaded | None


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
    proxy, limits, progress
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
    path, downloaded = given or file or (Path(source.file) if source.file else None), None
    if given is not None and not given.exists():
        raise InputError(f"{given}: no such file")
    if path is None or not path.exists():
        wanted = address or source.address
        if wanted is None:
            raise DownloadError(f"{source.name}: has to be downloaded by hand")
        if path is None:
            raise OptionError(f"{source.name}: say how the file at {wanted} is to be called here")
        downloaded = download(
            wanted,
            path,
            largest_bytes=source.largest_bytes,
            sha256=source.sha256,
            size_bytes=source.size_bytes,
            limits=limits,
            proxy=proxy,
            progress=progress,
        )
    if target.exists() and target.samefile(path):
        raise OptionError(f"{target}: the library would replace the file it is built from")
    if downloaded is None and path.is_file():
        _check(path, source)
    library = Library.build(
        path,
        target,
        name=source.title,
        licence=source.record_licence,
        format=source.format,
        only=None if given is not None and given.is_dir() else source.only,
        strict=strict,
        progress=reading,
        provenance=_provenance(source, path, downloaded),
    )
    return Fetched(library, path, downloaded)


def by_hand(source: LibrarySource, file: Path | None, out: Path) -> str:
    """How to get a public library without this program's help, and the command that imports it."""
    get = source.by_hand.strip() if source.by_hand else f"Download {source.address}"
    here = f"as {file or source.file}, or under any name" if source.file else "under any name"
    return "\n".join(
        [
            f"To fetch {source.title!r} by hand, on a computer with a connection:",
            f"  1. {get} (page: {source.page})",
            f"  2. Licence: {source.licence}; terms: {source.terms}.",
            f"  3. Carry the file to this computer, {here}.",
            f"  4. nps-spectra library fetch {source.name} --from {source.file or 'FILE'} --out {out}",
        ]
    )


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


def _provenance(source: LibrarySource, path: Path, downloaded: Downloaded | None) -> dict[str, Any]:
    return {
        "source": source.name,
        "title": source.title,
        "page": source.page,
        "licence": source.licence,
        "terms": source.terms,
        "address": downloaded.address if downloaded else None,
        "sha256": downloaded.sha256 if downloaded else sha256_of(path) if path.is_file() else None,
        "size_bytes": path.stat().st_size if path.is_file() else None,
        "imported": utc_now(),
        "downloaded_now": downloaded is not None,
    }
