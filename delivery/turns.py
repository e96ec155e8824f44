"""Work that one process at a time had better do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from store.locks import NamedLocks

PATIENCE = timedelta(seconds=1)
"""So long the work is left to another process, which may have been stopped in the middle of it."""
PAUSE = timedelta(milliseconds=10)


@asynccontextmanager
async def own_turn(locks: NamedLocks, name: str) -> AsyncIterator[None]:
    """Wait for the turn, and go ahead without it after a second.

    For work that does no harm when it is done twice: the turn only spares it.
    """
    deadline = time.monotonic() + PATIENCE.total_seconds()
    while not (taken := locks.take(name)) and time.monotonic() < deadline:  # noqa: ASYNC110  another process's
        await asyncio.sleep(PAUSE.total_seconds())
    try:
        yield
    finally:
        if taken:
            locks.release(name)
