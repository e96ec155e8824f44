"""Who listens: the open WebSockets of each conversation, and how they are told of what was said.

Nothing is pushed that is not in the store.  A socket is only told that there is something, and fetches what
comes after the last message that it was sent; so it misses nothing, repeats nothing, and holds no queue.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Protocol

from connectors.base import Entry, Place, State
from connectors.chat.problem import Refused
from connectors.chat.settings import Allowed


class Listener(Protocol):
    """An open socket."""

    def tell(self) -> asyncio.Task[None]:
        """Send what it has not been sent, in a task that runs already or is begun."""

    async def close(self, code: int, reason: str) -> None:
        """Close it, waiting no longer than a moment."""


async def said_after(state: State, key: str, after: int, limit: int) -> tuple[Place | None, list[Entry]]:
    """The place of a conversation, and the first of what was said in it after a sequence number, without a gap.

    The place is read first.  Questions and answers are read one after the other, so that behind the last
    sequence number of that moment something may still be missing.
    """
    place = await state.place(key)
    if place is None or place.last_sequence <= after or not limit:
        return place, []
    entries = await state.history(place.conversation, after, limit)
    return place, [one for one in entries if one.sequence <= place.last_sequence]


class Rooms:
    """The open sockets of a chat."""

    def __init__(self, allow: Allowed) -> None:
        self._allow = allow
        self._strangers: set[Listener] = set()
        self._rooms: dict[str, set[Listener]] = {}
        self._threads: dict[str, str] = {}
        """The thread of each conversation that has a room."""
        self._conversations: dict[str, str] = {}
        self._counts: Counter[str] = Counter()
        self._count = 0

    def knock(self, listener: Listener) -> None:
        """Note a socket that has not said yet of which session it is."""
        self._strangers.add(listener)

    def turn_away(self, listener: Listener) -> None:
        """Forget a socket that has never said it."""
        self._strangers.discard(listener)

    def enter(self, listener: Listener, thread: str, session: str, address: str) -> None:
        """Let a socket listen.  Raises Refused if too many do."""
        own, at_address = f"session:{session}", f"address:{address}"
        if (
            self._count >= self._allow.sockets
            or self._counts[own] >= self._allow.sockets_per_session
            or self._counts[at_address] >= self._allow.sockets_per_address
        ):
            raise Refused("rate_limited", "too many connections are open")
        self._strangers.discard(listener)
        self._rooms.setdefault(thread, set()).add(listener)
        self._counts.update((own, at_address))
        self._count += 1

    def leave(self, listener: Listener, thread: str, session: str, address: str) -> None:
        """Forget a socket."""
        room = self._rooms[thread]
        room.discard(listener)
        if not room:
            del self._rooms[thread]
            if conversation := self._conversations.pop(thread, None):
                self._threads.pop(conversation, None)
        for name in (f"session:{session}", f"address:{address}"):
            self._counts[name] -= 1
            if not self._counts[name]:
                del self._counts[name]
        self._count -= 1

    def name(self, thread: str, conversation: str) -> None:
        """Remember which conversation is had in a room, if there is one."""
        if thread in self._rooms and self._conversations.get(thread) != conversation:
            self._conversations[thread] = conversation
            self._threads[conversation] = thread

    def tell(self, thread: str, beside: Listener | None = None) -> list[asyncio.Task[None]]:
        """Tell everybody who listens to a thread, beside one, that something was said."""
        return [listener.tell() for listener in self._rooms.get(thread, ()) if listener is not beside]

    def tell_conversation(self, conversation: str) -> list[asyncio.Task[None]]:
        """Tell everybody who listens to a conversation that something was said."""
        thread = self._threads.get(conversation)
        return [] if thread is None else self.tell(thread)

    async def close(self, code: int, reason: str) -> None:
        """Close all sockets."""
        listeners = [*self._strangers, *(listener for room in self._rooms.values() for listener in room)]
        await asyncio.gather(*(listener.close(code, reason) for listener in listeners))
