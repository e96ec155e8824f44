"""A clock that a test moves."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta


class ManualClock:
    """Stands still until it is moved; whoever sleeps wakes when their time has come."""

    def __init__(self, *, patient: bool = False) -> None:
        """Where all that was woken sleeps again sooner or later, a `patient` clock waits for that after each step."""
        self._now = datetime(2026, 11, 1, tzinfo=UTC)
        self._sleepers: list[tuple[datetime, asyncio.Future[None]]] = []
        self._awake = set[asyncio.Task[object]]()
        self._patient = patient

    def now(self) -> datetime:
        """The time."""
        return self._now

    async def sleep(self, span: timedelta) -> None:
        """Return when the clock was moved by the span."""
        woken = asyncio.get_running_loop().create_future()
        task = asyncio.current_task()
        assert task is not None
        self._awake.discard(task)
        self._sleepers.append((self._now + span, woken))
        await woken
        self._awake.add(task)

    async def move(self, span: timedelta, step: timedelta = timedelta(seconds=1)) -> None:
        """Let time pass in steps, with room for everything that wakes to do its work."""
        end = self._now + span
        while self._now < end:
            if self._patient:
                await self._all_asleep()
            self._now = min(self._now + step, end)
            for due, woken in self._sleepers:
                if due <= self._now and not woken.done():
                    woken.set_result(None)
            self._sleepers = [one for one in self._sleepers if not one[1].done()]
            await _settle()
        if self._patient:
            await self._all_asleep()

    async def _all_asleep(self) -> None:
        """Wait until somebody sleeps, and nobody that was woken is at work."""
        async with asyncio.timeout(60):
            while all(woken.done() for _, woken in self._sleepers) or any(not task.done() for task in self._awake):
                await asyncio.sleep(0.001)


async def _settle() -> None:
    """Give tasks, and the threads that they wait for, a moment."""
    for _ in range(5):
        await asyncio.sleep(0.001)


class FastClock:
    """Runs faster than the world: an hour may take a few seconds."""

    def __init__(self, factor: float) -> None:
        """Begins at fifty minutes past the next hour."""
        hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        self._factor, self._started = factor, time.monotonic()
        self._begin = hour + timedelta(minutes=110)

    def now(self) -> datetime:
        """The time."""
        return self._begin + timedelta(seconds=(time.monotonic() - self._started) * self._factor)

    async def sleep(self, span: timedelta) -> None:
        """Return after the span, which is shorter in the world."""
        await asyncio.sleep(span.total_seconds() / self._factor)
