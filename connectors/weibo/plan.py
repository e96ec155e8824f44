"""When which list is read: at once what has news, and everything now and then.

The hour's calls are spread over what is left of it, so that there always are some: a list with news is read with half
of the pause that would be even, so what was saved while it was quiet is there for it, and the pause grows by itself
when much of the hour's calls is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import msgspec

MOST_IDLE = 3
"""A list without news is read half, a quarter, at last an eighth as often, where nothing announces news."""
HASTE = 2
"""How much faster than evenly calls are made for what has news."""


class _List(msgspec.Struct):
    """What is known of a list without reading it."""

    read_at: datetime | None = None
    idle: int = 0
    counted: int | None = None
    has_news: bool = True


class Plan:
    """Which lists are due; it is told what was counted and what was read."""

    def __init__(self, streams: Iterable[str], reconcile: timedelta) -> None:
        self._lists = {stream: _List() for stream in streams}
        self._reconcile = reconcile
        self._announced = False

    def counted(self, unread: Mapping[str, int] | None) -> None:
        """Take note of the counters of unread messages; None where they cannot be had."""
        self._announced = unread is not None
        for stream, count in (unread or {}).items():
            if (known := self._lists.get(stream)) is not None:
                # Reading by the interface does not set them back: what differs is news.
                known.has_news |= count > 0 and count != known.counted
                known.counted = count

    def told(self, stream: str) -> None:
        """Take note that a list has something new, as a push says."""
        if (known := self._lists.get(stream)) is not None:
            known.has_news = True

    def read(self, stream: str, now: datetime, count: int) -> None:
        """Take note that a list was read to its end, and how much was new."""
        known = self._lists[stream]
        known.read_at, known.has_news = now, False
        known.idle = 0 if count else min(known.idle + 1, MOST_IDLE)

    def due(self, now: datetime, slot: timedelta) -> list[str]:
        """The lists to be read now; `slot` is the pause between two calls that would be even."""
        return [stream for stream in self._lists if self._is_due(self._lists[stream], now, slot)]

    def _is_due(self, known: _List, now: datetime, slot: timedelta) -> bool:
        if known.read_at is None:
            return True
        since = now - known.read_at
        if known.has_news:
            pause: timedelta = slot * sum(one.has_news for one in self._lists.values()) / HASTE
            return since >= pause
        if self._announced:
            return since >= self._reconcile
        return since >= min(slot * len(self._lists) * (1 << known.idle), self._reconcile)
