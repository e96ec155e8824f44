"""The queue that needs nothing installed: jobs in memory, workers in this process.

It forgets when the process ends, which costs nothing: at the start every unsettled delivery is put into
the outbox again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from delivery.base import Deliver
from model.event import Job
from model.ticket import Lane

CAPACITY = 5_000
"""Jobs of a lane that wait in memory; the rest wait in the outbox."""

_ALL: tuple[Lane, ...] = ("urgent", "normal", "bulk")


class _Lanes:
    """The jobs that wait for one helpdesk."""

    def __init__(self) -> None:
        self._jobs: dict[Lane, deque[Job]] = {lane: deque() for lane in _ALL}
        self._ids: set[str] = set()
        self._changed = asyncio.Condition()

    async def add(self, jobs: Iterable[Job]) -> None:
        """Add those that do not wait already, each when there is room; workers are woken once for all of them."""
        async with self._changed:
            for job in jobs:
                if job.id in self._ids:
                    continue
                if len(self._jobs[job.lane]) >= CAPACITY:
                    self._changed.notify_all()
                    await self._changed.wait_for(lambda lane=job.lane: len(self._jobs[lane]) < CAPACITY)  # type: ignore[misc]
                self._jobs[job.lane].append(job)
                self._ids.add(job.id)
            self._changed.notify_all()

    async def take(self, lanes: Sequence[Lane]) -> Job:
        """The oldest job of the first of the lanes that has one, when there is one."""
        async with self._changed:
            await self._changed.wait_for(lambda: any(self._jobs[lane] for lane in lanes))
            waiting = next(self._jobs[lane] for lane in lanes if self._jobs[lane])
            if len(waiting) == CAPACITY:
                self._changed.notify_all()  # somebody may wait for room
            job = waiting.popleft()
            self._ids.discard(job.id)
            return job


class EmbeddedQueue:
    """A priority queue a helpdesk, with `concurrency` workers and one more for urgent work alone."""

    shared = False

    def __init__(self, concurrency: Mapping[str, int]) -> None:
        self._concurrency = concurrency
        self._lanes = {helpdesk: _Lanes() for helpdesk in concurrency}

    async def publish(self, jobs: Sequence[Job]) -> None:
        """Add jobs, waiting for room where a lane is full."""
        for helpdesk, own in groupby(jobs, lambda job: job.helpdesk):
            await self._lanes[helpdesk].add(own)

    async def run(self, deliver: Deliver) -> None:
        """Take jobs and deliver them until cancelled."""
        async with asyncio.TaskGroup() as group:
            for helpdesk, lanes in self._lanes.items():
                group.create_task(_work(lanes, ("urgent",), deliver), name=f"{helpdesk} urgent")
                for number in range(self._concurrency[helpdesk]):
                    group.create_task(_work(lanes, _ALL, deliver), name=f"{helpdesk} {number}")

    async def check(self) -> None:
        """Return: it is in this process."""


async def _work(lanes: _Lanes, mine: Sequence[Lane], deliver: Deliver) -> None:
    while True:
        await deliver(await lanes.take(mine))
