"""Blocks of queries on all cores: kernels run without the interpreter's lock, results are taken in their order."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from nps_spectra.errors import OptionError

#: Environment variable that says how many threads a search uses.
VARIABLE: Final = "NPS_SPECTRA_THREADS"

Item = TypeVar("Item")
Result = TypeVar("Result")


def thread_count() -> int:
    """Threads of a search: what ``NPS_SPECTRA_THREADS`` says, else the cores that this process may use.

    Raises
    ------
    OptionError
        The variable is no whole number of at least 1.
    """
    named = os.environ.get(VARIABLE, "").strip()
    if named:
        if not (named.isascii() and named.isdigit() and int(named) > 0):
            raise OptionError(f"{VARIABLE} is {named!r}: expected a whole number of at least 1")
        return int(named)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_order(work: Callable[[Item], Result], items: Sequence[Item], threads: int) -> Iterator[Result]:
    """Results of `work` for every item, in the order of the items, computed on several threads.

    If an item fails, or the caller stops (Ctrl-C), what has not begun is not done, and no thread is left behind.

    Examples
    --------
    >>> list(in_order(abs, [-3, 1, -2], 2))
    [3, 1, 2]
    """
    if threads == 1 or len(items) < 2:
        yield from map(work, items)
        return
    executor = ThreadPoolExecutor(min(threads, len(items)), thread_name_prefix="nps_spectra search")
    try:
        for future in [executor.submit(work, item) for item in items]:
            yield future.result()
    finally:
        executor.shutdown(cancel_futures=True)
