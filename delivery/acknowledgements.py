"""The way back of what was handed over: what a helpdesk acknowledged is settled, what its queue lost is due again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import cast

import structlog

from delivery.base import Acknowledging
from delivery.desk import Desk
from delivery.turns import own_turn
from delivery.worker import Ledger, Worker
from model.clock import Clock
from model.errors import CredentialsRejected, Transient

log = structlog.get_logger()

POLL = timedelta(milliseconds=25)
"""How soon an acknowledgement is found."""
PAGE = 500
"""How many events are looked for together."""


class Acknowledgements:
    """Watches the queue of one helpdesk, without a coroutine or a row in memory for what lies in it."""

    def __init__(
        self, ledger: Ledger, worker: Worker, desk: Desk, clock: Clock, *, wake: Callable[[], None], walk: timedelta
    ) -> None:
        self._ledger, self._worker, self._desk, self._clock = ledger, worker, desk, clock
        self._wake, self._walk = wake, walk
        self._queue = cast("Acknowledging", desk.helpdesk)

    async def run(self) -> None:
        """Watch until cancelled; while the queue cannot be reached the helpdesk is paused."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._repeat(self._take_in), name=f"acknowledged {self._desk.name}")
            group.create_task(self._repeat(self._find_lost), name=f"lost {self._desk.name}")

    async def _repeat(self, step: Callable[[], Awaitable[timedelta]]) -> None:
        """Do a step again and again, each followed by the pause that it asks for."""
        while True:
            await self._desk.opened()
            pause = POLL
            try:
                async with own_turn(self._ledger.locks, f"{step.__name__} {self._desk.name}"):
                    pause = await step()
            except (Transient, CredentialsRejected) as error:
                self._desk.close(error)
            if pause:
                await self._clock.sleep(pause)

    async def _take_in(self) -> timedelta:
        """Book what was acknowledged, then remove it from the queue."""
        said = await self._queue.acknowledged()
        if not said:
            return POLL
        taken = [one.event_id for one in said if one.failure is None]
        await self._ledger.handed.acknowledge(self._desk.name, taken, self._clock.now())
        for one in said:
            if one.failure is not None and (due := await self._ledger.handed.find(one.event_id, self._desk.name)):
                await self._worker.refused(due, one.failure)
        await self._queue.forget([one.event_id for one in said])
        self._desk.health.proven()
        log.debug("events.acknowledged", helpdesk=self._desk.name, count=len(said))
        self._wake()
        return timedelta(0)

    async def _find_lost(self) -> timedelta:
        """Look for everything that was handed over, and make due again what is not there any more."""
        begun, after = time.monotonic(), ""
        while page := await self._ledger.handed.list(self._desk.name, after, PAGE):
            if lost := await self._queue.missing(page):
                await self._ledger.handed.hand_back(self._desk.name, lost)
                log.warning("helpdesk.lost_events", helpdesk=self._desk.name, count=len(lost))
                self._wake()
            after = page[-1]
        return max(self._walk, 20 * timedelta(seconds=time.monotonic() - begun))
