"""A store, helpdesks in memory and the delivery between them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

from delivery.base import Helpdesk, Queue
from delivery.delivery import Delivery
from delivery.desk import Desk
from delivery.queues.embedded import EmbeddedQueue
from delivery.worker import Policy
from model.clock import Clock, SystemClock
from model.envelope import Receipt
from model.event import Event
from model.health import Health
from model.ticket import Lane
from store.store import Store
from tests.support.drafts import arrival, batch, draft
from tests.support.helpdesk import MemoryHelpdesk

QUICK = Policy(max_tries=4, first_pause=timedelta(milliseconds=1), longest_pause=timedelta(milliseconds=5))


class Bench:
    """A store, two helpdesks in memory (or another one in the place of `desk`) and the delivery between them."""

    def __init__(
        self,
        store: Store,
        policy: Policy = QUICK,
        clock: Clock | None = None,
        *,
        helpdesk: Helpdesk | None = None,
        queue: Queue | None = None,
    ) -> None:
        self.store, self.helpdesks = store, {"desk": MemoryHelpdesk(), "other": MemoryHelpdesk()}
        self.desk = self.helpdesks["desk"]
        clock = clock or SystemClock()
        made: dict[str, Helpdesk] = {**self.helpdesks, **({"desk": helpdesk} if helpdesk else {})}
        self.desks = {name: Desk(name, one, Health(name, "helpdesk"), clock) for name, one in made.items()}
        self.queue = queue or EmbeddedQueue(dict.fromkeys(made, 4))
        self.delivery = Delivery(store, self.queue, self.desks, policy, clock, walk=timedelta(milliseconds=300))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The delivery for as long as the block runs."""
        task = asyncio.create_task(self.delivery.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def say(
        self, number: int, *, answers: int | None = None, lane: Lane = "normal", to: tuple[str, ...] = ("desk",)
    ) -> Receipt:
        """Accept a message; with `answers` it follows up another."""
        [receipt] = await self.store.accept(batch(arrival(draft(number, answers=answers, lane=lane), to=to)))
        self.delivery.wake()
        return receipt


async def until(condition: Callable[[], bool], within: float = 20) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.002)


def texts(events: list[Event]) -> list[str]:
    """What the events say."""
    return [event.data.message.text for event in events]
