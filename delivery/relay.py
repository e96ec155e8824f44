"""The relay: outbox to queue.

One loop for each lane of each helpdesk, so that neither a backlog nor a helpdesk that is down keeps an
urgent message of another from its queue.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Protocol, get_args

import structlog

from delivery.base import Queue
from delivery.turns import own_turn
from model.backoff import backoff
from model.errors import Transient
from model.event import Job
from model.ticket import Lane
from store.locks import NamedLocks

log = structlog.get_logger()

LANES: tuple[Lane, ...] = get_args(Lane)
BATCH = 500
POLL = timedelta(seconds=1)
"""How soon a job is found that another process put into the outbox."""


class Outbox(Protocol):
    """The part of the store that the relay needs."""

    locks: NamedLocks

    async def unpublished(self, helpdesk: str, lane: Lane, limit: int) -> list[tuple[int, Job]]: ...

    async def published(self, positions: Sequence[int]) -> None: ...


class Relay:
    """Publishes what is unpublished, oldest first, until cancelled."""

    def __init__(self, outbox: Outbox, queue: Queue, helpdesks: Iterable[str]) -> None:
        self._outbox, self._queue = outbox, queue
        self._wake = {(name, lane): asyncio.Event() for name in helpdesks for lane in LANES}

    def wake(self) -> None:
        """Say that there is something new in the outbox."""
        for event in self._wake.values():
            event.set()

    async def run(self) -> None:
        """Publish until cancelled; a queue that is down is tried again, and nothing leaves the outbox."""
        async with asyncio.TaskGroup() as group:
            for helpdesk, lane in self._wake:
                group.create_task(self._run_lane(helpdesk, lane), name=f"relay {helpdesk} {lane}")

    async def _run_lane(self, helpdesk: str, lane: Lane) -> None:
        failures = 0
        while True:
            try:
                await self._drain(helpdesk, lane)
                failures = 0
            except Transient as error:
                failures += 1
                log.warning("relay.retrying", helpdesk=helpdesk, lane=lane, reason=str(error))
                pause = backoff(failures, first=timedelta(seconds=0.1), most=timedelta(seconds=15))
                await asyncio.sleep(pause.total_seconds())

    async def _drain(self, helpdesk: str, lane: Lane) -> None:
        """Publish all there is, then wait for more."""
        wake = self._wake[helpdesk, lane]
        wake.clear()
        async with own_turn(self._outbox.locks, f"relay {helpdesk} {lane}"):
            while jobs := await self._outbox.unpublished(helpdesk, lane, BATCH):
                await self._queue.publish([job for _, job in jobs])
                await self._outbox.published([position for position, _ in jobs])
        try:
            async with asyncio.timeout(POLL.total_seconds()):
                await wake.wait()
        except TimeoutError:
            return
