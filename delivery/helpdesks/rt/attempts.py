"""Which events are perhaps being written into the helpdesk at this moment, kept where a crash leaves it.

A request whose answer was lost may still be carried out: by a server that is slow, for a daemon that has
died since.  Looking for the event finds nothing meanwhile, and a second request would make a second ticket.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from delivery.base import Kept
from model.errors import Transient

LOOK_AGAIN = timedelta(seconds=5)
"""How often an event whose outcome is unclear is looked for."""


class Attempts:
    """The attempts at one helpdesk whose requests last `limit` at most, on either side."""

    def __init__(self, kept: Kept, limit: timedelta) -> None:
        self._kept, self._limit = kept, limit

    async def refuse_unclear(self, event_id: str) -> int | None:
        """Return what `begun` needs where no earlier attempt can be under way; raises Transient where one can."""
        found = await self._kept.get(_key(event_id))
        if found is None:
            return None
        value, version = found
        left = datetime.fromtimestamp(float(str(value)), UTC) + self._limit - datetime.now(UTC)
        if left > timedelta(0):
            raise Transient(
                "whether an earlier request took effect is not known yet",
                retry_after=min(max(left, timedelta(milliseconds=50)), LOOK_AGAIN),
            )
        return version

    @asynccontextmanager
    async def begun(self, event_id: str, version: int | None, unclear: type[Exception]) -> AsyncIterator[None]:
        """Remember the attempt while the block runs, and after it where it ended by `unclear` or by the knife.

        Raises Transient if another process began meanwhile.
        """
        now = datetime.now(UTC)
        if not await self._kept.put(
            _key(event_id), now.timestamp(), version=version, expires=now + self._limit + timedelta(minutes=1)
        ):
            raise Transient("another process is writing this event", retry_after=LOOK_AGAIN)
        try:
            yield
        except unclear:
            raise
        except Exception:
            await self._kept.delete(_key(event_id))
            raise
        await self._kept.delete(_key(event_id))


def _key(event_id: str) -> str:
    return f"attempt/{event_id}"
