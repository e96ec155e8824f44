"""When a user may be written to privately: 48 hours after they wrote, followed, subscribed or chose from the menu.

https://open.weibo.com/wiki/Send_Customer_Service_Message
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from connectors.base import State

OPEN_FOR = timedelta(hours=48)
_KEPT = timedelta(days=30)
"""How long it is remembered that somebody unfollowed us."""


class Window(msgspec.Struct, frozen=True):
    """Until when a user may be written to, and how many times; None: as often as is needed."""

    until: datetime
    uses: int | None = None

    def allows(self, now: datetime) -> bool:
        """Whether a message may be written now."""
        return now < self.until and self.uses != 0


async def find(state: State, uid: str) -> Window | None:
    """The window of a user; None where nothing is known of them."""
    stored = await state.get(_key(uid))
    try:
        return msgspec.convert(stored[0], Window) if stored else None
    except msgspec.ValidationError:
        return None


async def opened(state: State, uid: str, at: datetime, *, uses: int | None = None) -> None:
    """Remember that a user did at this time what opens the window; it never closes one that is open wider."""
    while True:
        stored = await state.get(_key(uid))
        known = await find(state, uid)
        window = Window(at + OPEN_FOR, uses)
        if known and known.uses is None and uses is not None and known.allows(at):
            return
        if known and known.until > window.until:
            return
        if await _put(state, uid, window, stored[1] if stored else None, window.until):
            return


async def closed(state: State, uid: str, at: datetime) -> None:
    """Remember that a user unfollowed us: nothing may be written until they do something again."""
    stored = await state.get(_key(uid))
    while not await _put(state, uid, Window(at), stored[1] if stored else None, at + _KEPT):
        stored = await state.get(_key(uid))


async def used(state: State, uid: str) -> None:
    """Count a message that was written."""
    while (stored := await state.get(_key(uid))) and (window := await find(state, uid)) and window.uses:
        window = Window(window.until, window.uses - 1)
        if await _put(state, uid, window, stored[1], window.until):
            return


async def _put(state: State, uid: str, window: Window, version: int | None, expires: datetime) -> bool:
    return await state.put(_key(uid), msgspec.to_builtins(window), version=version, expires=expires)


def _key(uid: str) -> str:
    return f"window:{uid}"
