"""The way out as a whole: relay, queue, worker, and the sweep that forgets nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from delivery.acknowledgements import Acknowledgements
from delivery.base import Acknowledging, Closable, Queue
from delivery.desk import Desk
from delivery.relay import Outbox, Relay
from delivery.turns import own_turn
from delivery.worker import Ledger, Policy, Worker
from model.backoff import backoff
from model.clock import Clock
from model.errors import Transient
from model.event import Job
from store.locks import NamedLocks

log = structlog.get_logger()

SWEEP = timedelta(milliseconds=500)
"""How exactly the time of a postponed delivery is kept."""
WALK = timedelta(seconds=5)
"""So often at the most, and for a twentieth of the time, what is due is held against a queue that can lose jobs."""
PAGE = 500


class Books(Outbox, Ledger, Protocol):
    """The part of the store that delivery needs."""

    locks: NamedLocks

    async def republish_due(self, now: datetime) -> int: ...

    async def republish_all(self, helpdesk: str) -> int: ...

    async def unsettled(self, helpdesk: str, after: Job | None, limit: int) -> list[Job]: ...


class Delivery:
    """Delivers what is in the store until cancelled."""

    def __init__(
        self,
        books: Books,
        queue: Queue,
        desks: Mapping[str, Desk],
        policy: Policy,
        clock: Clock,
        *,
        walk: timedelta = WALK,
    ) -> None:
        self._books, self._queue, self._desks, self._clock, self._walk = books, queue, desks, clock, walk
        self._relay = Relay(books, queue, desks)
        self._worker = Worker(books, desks, policy, clock)

    @property
    def shared(self) -> bool:
        """Whether several processes may publish and deliver at once."""
        return self._queue.shared

    def wake(self) -> None:
        """Say that the store has something new to deliver."""
        self._relay.wake()

    async def publish(self) -> None:
        """Bring what is accepted to the queue, for other processes to deliver, until cancelled."""
        await self._relay.run()

    async def run(self) -> None:
        """Deliver until cancelled.  What the last process left unsettled comes first."""
        if not self.shared:
            for name in self._desks:
                await self._insist(lambda name=name: self._books.republish_all(name))  # type: ignore[misc]
        async with asyncio.TaskGroup() as group:
            group.create_task(self._relay.run(), name="relay")
            group.create_task(self._queue.run(self._worker.deliver), name="queue")
            group.create_task(self._sweep(), name="sweep")
            if self.shared:
                group.create_task(self._find_lost(), name="walk")
            for desk in self._desks.values():
                group.create_task(_reopen(desk), name=f"probe {desk.name}")
                if isinstance(desk.helpdesk, Acknowledging):
                    watch = Acknowledgements(
                        self._books, self._worker, desk, self._clock, wake=self.wake, walk=self._walk
                    )
                    group.create_task(watch.run(), name=f"acknowledgements {desk.name}")

    async def check(self) -> None:
        """Return if the queue can be used.  Raises Transient or CredentialsRejected."""
        await self._queue.check()

    async def close(self) -> None:
        """Close the connections of the queue and of the helpdesks."""
        for one in (self._queue, *(desk.helpdesk for desk in self._desks.values())):
            if isinstance(one, Closable):
                await one.close()

    async def _sweep(self) -> None:
        """Publish again, every half second, the postponed deliveries whose time has come."""
        while True:
            await self._clock.sleep(SWEEP)
            if await self._insist(lambda: self._books.republish_due(self._clock.now())):
                self.wake()

    async def _find_lost(self) -> None:
        """Publish, again and again, what is due and has no job: the queue was wiped, or a worker died."""
        while True:
            begun = time.monotonic()
            try:
                async with own_turn(self._books.locks, "walk"):
                    for name in self._desks:
                        await self._publish_unsettled(name)
            except Transient as error:
                log.warning("delivery.retrying", reason=str(error))
            await self._clock.sleep(max(self._walk, 20 * timedelta(seconds=time.monotonic() - begun)))

    async def _publish_unsettled(self, helpdesk: str) -> None:
        after: Job | None = None
        while jobs := await self._books.unsettled(helpdesk, after, PAGE):
            await self._queue.publish(jobs)
            after = jobs[-1]

    async def _insist(self, write: Callable[[], Awaitable[int]]) -> int:
        """Write, again and again where the store cannot take it now."""
        failures = 0
        while True:
            try:
                return await write()
            except Transient as error:
                failures += 1
                log.warning("delivery.retrying", reason=str(error))
                await self._clock.sleep(
                    backoff(failures, first=timedelta(milliseconds=100), most=timedelta(seconds=15))
                )


async def _reopen(desk: Desk) -> None:
    """Wait for a helpdesk that is down, again and again; whoever delivers to it waits for that."""
    while True:
        await desk.wait_for_return()
