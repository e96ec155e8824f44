"""Ends what a thread does when it takes too long.

A thread cannot be killed.  But one that runs Python, as one in an endless loop does, can have an exception raised in
it (CPython's `PyThreadState_SetAsyncExc`).  What is stuck in native code holds the interpreter with it, so that the
health check fails: that is left to whoever restarts the daemon.
"""

from __future__ import annotations

import ctypes
import threading
from typing import Self

_raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
_raise_in.argtypes = (ctypes.c_ulong, ctypes.py_object)


class Overrun(BaseException):
    """It took too long.  No `Exception`, so that nothing in the work takes it for one of its own."""


class Work:
    """What one thread does inside the block; another may end it, then and only then."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: int | None = None
        self.is_given_up = False
        """Nobody waits for it any more: what has not begun need not."""

    def __enter__(self) -> Self:
        with self._lock:
            self._thread = threading.get_ident()
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._thread = None
            _raise_in(threading.get_ident(), ctypes.py_object())  # what was not raised yet never is

    def end(self) -> bool:
        """Raise Overrun in the thread at its next instruction; whether there is something to end."""
        with self._lock:
            if self._thread is not None:
                _raise_in(self._thread, Overrun)
            return self._thread is not None
