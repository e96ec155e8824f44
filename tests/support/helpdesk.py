"""A helpdesk in memory that does what a test tells it to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from model.errors import FaninError, Transient
from model.event import Event, TicketRef
from model.json import Json


class MemoryHelpdesk:
    """Keeps the contract, and fails on demand.

    `down` makes everything fail, `fails` says of single events how they fail, `forgets_answer` commits
    and then fails, as a time-out after the commit does.
    """

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.refs: dict[str, TicketRef] = {}
        self.tries: list[str] = []
        self.down: FaninError | None = None
        self.fails: Callable[[Event], FaninError | None] = lambda _: None
        self.forgets_answer: set[str] = set()
        self._changed = asyncio.Condition()

    async def submit(self, event: Event, ref: TicketRef | None, options: Mapping[str, Json]) -> TicketRef:
        """Take an event, once."""
        self.tries.append(event.id)
        if failure := self.down or self.fails(event):
            raise failure
        if event.id not in self.refs:
            self.events.append(event)
            self.refs[event.id] = ref or TicketRef(f"T{len(self.refs)}")
        async with self._changed:
            self._changed.notify_all()
        if event.id in self.forgets_answer:
            self.forgets_answer.discard(event.id)
            raise Transient("the answer was lost")
        return self.refs[event.id]

    async def check(self) -> None:
        """Fail while it is down."""
        if self.down:
            raise self.down

    async def until(self, count: int, *, within: float = 20) -> list[Event]:
        """Wait until it has that many events."""
        async with asyncio.timeout(within), self._changed:
            await self._changed.wait_for(lambda: len(self.events) >= count)
        return self.events
