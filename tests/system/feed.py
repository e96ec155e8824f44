"""Mails that arrive one after the other while something else happens."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

PACE = 0.05
"""Seconds between two mails: more than the daemon is idle for."""


class Feed(threading.Thread):
    """Delivers mails in order, at a pace that keeps the daemon busy; `deliver` is given number and mail.

    It waits for leave to go on, so that there is always more to come however slow the machine is.
    """

    def __init__(self, mails: Sequence[bytes], deliver: Callable[[int, bytes], None]) -> None:
        super().__init__()
        self._mails, self._deliver = mails, deliver
        self._hurry, self._allowed = threading.Event(), threading.Semaphore(0)
        self.count = 0

    def allow(self, count: int) -> None:
        """Let so many more arrive."""
        self._allowed.release(count)

    def run(self) -> None:
        """Deliver everything."""
        for number, content in enumerate(self._mails):
            self._allowed.acquire()
            self._deliver(number, content)
            self.count = number + 1
            self._hurry.wait(PACE)

    def finish(self) -> None:
        """Deliver the rest at once."""
        self._hurry.set()
        self.allow(len(self._mails))
        self.join()


@contextmanager
def fed(mails: Sequence[bytes], deliver: Callable[[int, bytes], None]) -> Iterator[Feed]:
    """Deliver while the block lasts, and the rest at its end."""
    feed = Feed(mails, deliver)
    feed.start()
    try:
        yield feed
    finally:
        feed.finish()
