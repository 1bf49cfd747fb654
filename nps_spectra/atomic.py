"""Files that are either the old one or the new one, never half of one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; on success sync it to disk and rename it to `path`.

    If the block raises, the temporary file goes and `path` stays as it was.
    """
    partial = path.with_name(f"{path.name}.partial")
    try:
        yield partial
        settle(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def settle(partial: Path, path: Path) -> None:
    """Sync a finished file to disk and rename it to `path`, in the same folder."""
    with partial.open("rb+") as stream:
        os.fsync(stream.fileno())
    partial.replace(path)
    _sync_folder(path.parent)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text with the line ends it has, on every system."""
    write_pieces(path, [text])


def write_pieces(path: Path, pieces: Iterable[str]) -> None:
    """Write texts one after the other as one file, so that a large one need not be in memory."""
    with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="") as stream:
        stream.writelines(pieces)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return  # Windows cannot open folders; the rename itself is durable there
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
