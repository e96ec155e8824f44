"""The way out as a whole: relay, queue, worker, and the sweep that forgets nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from delivery.base import Queue
from delivery.desk import Desk
from delivery.relay import Outbox, Relay
from delivery.worker import Ledger, Policy, Worker
from model.backoff import backoff
from model.clock import Clock
from model.errors import Transient

log = structlog.get_logger()

SWEEP = timedelta(milliseconds=500)
"""How exactly the time of a postponed delivery is kept."""


class Books(Outbox, Ledger, Protocol):
    """The part of the store that delivery needs."""

    async def republish_due(self, now: datetime) -> int: ...

    async def republish_all(self, helpdesk: str) -> int: ...


class Delivery:
    """Delivers what is in the store until cancelled."""

    def __init__(self, books: Books, queue: Queue, desks: Mapping[str, Desk], policy: Policy, clock: Clock) -> None:
        self._books, self._queue, self._desks, self._clock = books, queue, desks, clock
        self._relay = Relay(books, queue, desks)
        self._worker = Worker(books, desks, policy, clock)

    def wake(self) -> None:
        """Say that the store has something new to deliver."""
        self._relay.wake()

    async def run(self) -> None:
        """Deliver until cancelled.  What the last process left unsettled comes first."""
        for name in self._desks:
            await self._insist(lambda name=name: self._books.republish_all(name))  # type: ignore[misc]
        async with asyncio.TaskGroup() as group:
            group.create_task(self._relay.run(), name="relay")
            group.create_task(self._consume(), name="queue")
            group.create_task(self._sweep(), name="sweep")
            for desk in self._desks.values():
                group.create_task(self._reopen(desk), name=f"probe {desk.name}")

    async def _consume(self) -> None:
        failures = 0
        while True:
            try:
                await self._queue.run(self._worker.deliver)
            except Transient as error:
                failures += 1
                log.warning("queue.retrying", reason=str(error))
                await self._clock.sleep(
                    backoff(failures, first=timedelta(milliseconds=100), most=timedelta(seconds=15))
                )

    async def _sweep(self) -> None:
        """Publish again, every half second, the postponed deliveries whose time has come."""
        while True:
            await self._clock.sleep(SWEEP)
            if await self._insist(lambda: self._books.republish_due(self._clock.now())):
                self.wake()

    async def _reopen(self, desk: Desk) -> None:
        """Wait for a helpdesk that is down, again and again, and publish what waited for it."""
        while True:
            await desk.wait_for_return()
            await self._insist(lambda: self._books.republish_all(desk.name))
            self.wake()

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
