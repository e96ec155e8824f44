"""What every queue must do (`delivery.base.Queue`)."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from delivery.base import Queue
from model.event import Job
from model.ticket import Lane


def job(number: int, lane: Lane = "normal", helpdesk: str = "desk") -> Job:
    """A job that has a number for everything."""
    return Job(event=f"e{number}", helpdesk=helpdesk, conversation=f"c{number}", sequence=1, lane=lane)


class Recorder:
    """A worker that remembers what it was asked, and works only while it is allowed to."""

    def __init__(self) -> None:
        self.taken: list[Job] = []
        self.allowed = asyncio.Event()
        self.allowed.set()
        self._changed = asyncio.Condition()

    async def __call__(self, asked: Job) -> None:
        async with self._changed:
            self.taken.append(asked)
            self._changed.notify_all()
        await self.allowed.wait()

    async def until(self, count: int) -> list[Job]:
        """Wait until that many jobs were taken."""
        async with asyncio.timeout(20), self._changed:
            await self._changed.wait_for(lambda: len(self.taken) >= count)
        return self.taken


@asynccontextmanager
async def working(queue: Queue, recorder: Recorder) -> AsyncIterator[None]:
    """Workers of the queue for as long as the block runs."""
    task = asyncio.create_task(queue.run(recorder))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class QueueContract:
    """Inherit, and say how a queue with two helpdesks (`desk`, `other`) of two workers each is made."""

    @pytest.fixture
    @abstractmethod
    def queue(self) -> Queue:
        """A queue, empty."""

    async def test_every_published_job_is_delivered(self, queue: Queue) -> None:
        """What is published, before or after the workers start, is delivered."""
        recorder = Recorder()
        await queue.publish([job(number) for number in range(50)])
        async with working(queue, recorder):
            await queue.publish([job(number) for number in range(50, 100)])
            taken = await recorder.until(100)

        assert {one.event for one in taken} == {f"e{number}" for number in range(100)}

    async def test_a_job_that_waits_is_not_added_again(self, queue: Queue) -> None:
        """Publishing is idempotent by the job's id while it waits."""
        recorder = Recorder()
        await queue.publish([job(1), job(1)])
        await queue.publish([job(1), job(2)])

        async with working(queue, recorder):
            await recorder.until(2)
            await queue.publish([job(3)])
            taken = await recorder.until(3)

        assert sorted(one.event for one in taken) == ["e1", "e2", "e3"]

    async def test_urgent_jobs_are_taken_before_a_backlog(self, queue: Queue) -> None:
        """An urgent job that is published last is among the first to be taken."""
        recorder = Recorder()
        await queue.publish([job(number) for number in range(1000)])
        await queue.publish([job(5000, "urgent")])

        async with working(queue, recorder):
            taken = await recorder.until(10)

        assert "e5000" in [one.event for one in taken[:4]]

    async def test_bulk_waits_for_normal(self, queue: Queue) -> None:
        """A bulk job is taken when no normal one waits."""
        recorder = Recorder()
        await queue.publish([job(9000, "bulk"), *[job(number) for number in range(100)]])

        async with working(queue, recorder):
            taken = await recorder.until(101)

        assert "e9000" in [one.event for one in taken[-4:]]

    async def test_a_check_changes_nothing(self, queue: Queue) -> None:
        """Before the first job and after it, a queue that can be used says so, and keeps what waits."""
        await queue.check()
        await queue.publish([job(1)])
        await queue.check()
        recorder = Recorder()
        async with working(queue, recorder):
            assert await recorder.until(1) == [job(1)]

    async def test_an_urgent_job_finds_a_worker_while_all_others_are_busy(self, queue: Queue) -> None:
        """Where every ordinary worker hangs, the one for urgent work is still free."""
        recorder = Recorder()
        recorder.allowed.clear()
        async with working(queue, recorder):
            await queue.publish([job(number) for number in range(10)])
            await recorder.until(2)
            await queue.publish([job(5000, "urgent")])
            async with asyncio.timeout(60):
                while "e5000" not in [one.event for one in recorder.taken]:
                    await recorder.until(len(recorder.taken) + 1)

    async def test_helpdesks_do_not_wait_for_one_another(self, queue: Queue) -> None:
        """A helpdesk whose workers hang keeps no job of another waiting."""
        recorder = Recorder()
        recorder.allowed.clear()
        async with working(queue, recorder):
            await queue.publish([job(number) for number in range(10)])
            await recorder.until(2)
            await queue.publish([job(100, helpdesk="other")])
            taken = await recorder.until(3)

        assert "other" in [one.helpdesk for one in taken]
