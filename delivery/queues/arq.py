"""The queue in Redis, in arq's own layout of keys: several processes publish to it and work for it.

https://arq-docs.helpmanuel.com, version 0.28.  arq forgets a job that raised, expired or ran out of tries.  That
costs nothing here: a job is a trigger without content, whether there is anything to deliver is decided by
the ledger, and what is due and has no job is published again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, get_args

import msgspec
import orjson
from arq.connections import ArqRedis
from arq.constants import in_progress_key_prefix, job_key_prefix
from arq.worker import Worker, func

from delivery.base import Deliver
from delivery.redis import close, connect, named_errors
from delivery.settings import ArqSettings
from model.errors import CredentialsRejected, Transient
from model.event import Job
from model.ticket import Lane

LANES: tuple[Lane, ...] = get_args(Lane)
FUNCTION = "deliver"
PIPELINE = 100
"""Jobs that are published together."""
EXPIRY = 30 * 24 * 3600
"""Seconds for which a job waits for a worker; one that has expired is published again."""
CLAIM = 10
"""Seconds after which a job of a worker that has died is taken by another."""
RENEWAL = 3
"""Seconds after which a worker renews its claims."""
STOP = 5
"""Seconds in which jobs that are under way have to end when they are told to."""


class ArqQueue:
    """An arq queue for each lane of each helpdesk, so that neither keeps another waiting."""

    shared = True

    def __init__(self, settings: ArqSettings, concurrency: Mapping[str, int]) -> None:
        # It logs the arguments of jobs, and a warning for each that another worker has finished first.
        logging.getLogger("arq").setLevel(logging.ERROR)
        self._settings, self._concurrency = settings, concurrency
        self._redis: ArqRedis | None = None

    async def publish(self, jobs: Sequence[Job]) -> None:
        """Add the jobs whose ids are not known; raises Transient if Redis cannot take them."""
        with _transient():
            self._redis = self._redis or self._connect()
            for start in range(0, len(jobs), PIPELINE):
                await self._add(self._redis, jobs[start : start + PIPELINE])

    async def run(self, deliver: Deliver) -> None:
        """Run a worker of arq for each lane of each helpdesk until cancelled."""

        async def work(_context: dict[str, Any], job: dict[str, Any]) -> None:
            await deliver(msgspec.convert(job, Job))

        redis = self._connect()
        workers = [
            self._worker(redis, helpdesk, lane, work, slots)
            for helpdesk, slots in self._concurrency.items()
            for lane in LANES
        ]
        polls = [asyncio.create_task(worker.main(), name=worker.queue_name) for worker in workers]
        try:
            with _transient():
                ended, _ = await asyncio.wait(polls, return_when=asyncio.FIRST_COMPLETED)
                for poll in ended:
                    poll.result()  # it ends by failing alone
        finally:
            await asyncio.shield(_stop(polls, workers, redis))

    async def close(self) -> None:
        """Close the connections that publish."""
        if self._redis is not None:
            await close(self._redis)
            self._redis = None

    async def _add(self, redis: ArqRedis, jobs: Sequence[Job]) -> None:
        """Write jobs as `ArqRedis.enqueue_job` does, many in one round trip and all or nothing."""
        now = time.time() * 1000
        async with redis.pipeline(transaction=True) as pipe:
            for number, job in enumerate(jobs):
                entry: dict[str, Any] = {"t": None, "f": FUNCTION, "a": [job], "k": {}, "et": int(now)}
                pipe.set(job_key_prefix + job.id, msgspec.json.encode(entry), nx=True, ex=EXPIRY)
                # The fraction keeps the order within a millisecond; a time to come would have to be waited for.
                score = now - 1 + number / len(jobs)
                pipe.zadd(self._queue(job.helpdesk, job.lane), {job.id: score}, nx=True)
            await pipe.execute()

    def _worker(self, redis: ArqRedis, helpdesk: str, lane: Lane, work: Any, slots: int) -> _Worker:
        counts = {"urgent": self._settings.urgent, "normal": slots, "bulk": self._settings.bulk}
        return _Worker(
            [func(work, name=FUNCTION)],
            before=self._queue(helpdesk, "normal") if lane == "bulk" else None,
            queue_name=self._queue(helpdesk, lane),
            redis_pool=redis,
            max_jobs=counts[lane],
            poll_delay=self._settings.poll.total_seconds(),
            job_timeout=EXPIRY,
            keep_result=0,
            max_tries=2**62,
            handle_signals=False,
            log_results=False,
            health_check_interval=30,
            job_serializer=orjson.dumps,
            job_deserializer=orjson.loads,
        )

    def _queue(self, helpdesk: str, lane: Lane) -> str:
        return f"{self._settings.prefix}:deliver:{helpdesk}:{lane}"

    def _connect(self) -> ArqRedis:
        return connect(self._settings, ArqRedis, job_serializer=orjson.dumps, job_deserializer=orjson.loads)


class _Worker(Worker):
    """A worker of arq that keeps its claims alive, and lets another queue go before its own."""

    def __init__(self, *arguments: Any, before: str | None, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._before = before
        self._renewed = 0.0
        self.in_progress_timeout_s = CLAIM  # arq would wait for the longest time-out of a job, which has none

    async def _poll_iteration(self) -> None:
        if self._before is not None:
            self.allow_pick_jobs = not await self.pool.zcard(self._before)
        await super()._poll_iteration()

    async def heart_beat(self) -> None:
        """Renew the claims on what is under way."""
        await super().heart_beat()
        if self.tasks and time.monotonic() - self._renewed >= RENEWAL:
            self._renewed = time.monotonic()
            async with self.pool.pipeline(transaction=False) as pipe:
                for job_id in self.tasks:
                    pipe.pexpire(in_progress_key_prefix + job_id, CLAIM * 1000)
                await pipe.execute()


async def _stop(polls: Sequence[asyncio.Task[None]], workers: Sequence[Worker], redis: ArqRedis) -> None:
    """Cancel what is under way, let it be noted in Redis where that answers, and close the connections."""
    for poll in polls:
        poll.cancel()
    await asyncio.gather(*polls, return_exceptions=True)
    tasks = [task for worker in workers for task in worker.tasks.values()]
    for task in tasks:
        task.cancel()
    # What Redis was not told is started again when the claim has lapsed.
    if tasks:
        ended, _ = await asyncio.wait(tasks, timeout=STOP)
        for task in ended:
            if not task.cancelled():
                task.exception()  # looked at, so that asyncio does not complain of it
    await close(redis)


@contextmanager
def _transient() -> Iterator[None]:
    """A queue has no state of its own: refused credentials are tried again like any other failure."""
    try:
        with named_errors():
            yield
    except CredentialsRejected as error:
        raise Transient(f"{error}: {error.remedy}") from None
