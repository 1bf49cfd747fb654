"""Ctrl-C is raised as ever, but not where it would be lost, and it is remembered.

What is raised in a callback of the compiler (LLVM calls back into Python) is printed and lost, and the same holds for
finalisers. So Ctrl-C waits until the compiler has returned; and that it came is asked between files and batches.
"""

from __future__ import annotations

import _thread
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

#: Seconds until a Ctrl-C that came while the compiler ran comes again.
_AGAIN: Final = 0.05


class _Interrupts:
    """Ctrl-C during one command; plain attributes, because a handler must not wait for a lock."""

    def __init__(self) -> None:
        self.asked = False
        self.deferred = False
        self.over = False

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Handle the signal."""
        self.asked = True
        if self.over:
            return
        self.deferred = _in_compiler(frame)
        if not self.deferred:
            raise KeyboardInterrupt

    def watch(self, stop: threading.Event) -> None:
        """Send what was deferred again, until `stop`."""
        while not stop.wait(_AGAIN):
            if self.deferred:
                self.deferred = False
                _thread.interrupt_main()


_latest = _Interrupts()


@contextmanager
def remembering_interrupts() -> Iterator[None]:
    """Remember Ctrl-C inside the block; a program that was told to ignore it still does."""
    global _latest
    own = _latest = _Interrupts()
    main_thread = threading.current_thread() is threading.main_thread()
    if not main_thread or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield  # it is not ours to handle
        return
    stop = threading.Event()
    watcher = threading.Thread(target=own.watch, args=(stop,), name="nps_spectra Ctrl-C", daemon=True)
    watcher.start()
    signal.signal(signal.SIGINT, own.handle)
    try:
        yield
    finally:
        own.over = True
        _latest = _Interrupts()
        stop.set()
        watcher.join()
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _in_compiler(frame: FrameType | None) -> bool:
    while frame is not None:
        if str(frame.f_globals.get("__name__")).startswith("llvmlite."):
            return True
        frame = frame.f_back
    return False


def interrupted() -> bool:
    """Whether Ctrl-C came during the command that runs."""
    return _latest.asked


def stop_if_interrupted() -> None:
    """Raise if Ctrl-C came: between files and batches, and before results appear.

    Raises
    ------
    KeyboardInterrupt
    """
    if interrupted():
        raise KeyboardInterrupt
