"""The way by Redis: publishing, the time from a commit to the start of a job, and events through arq to nothing.

`python -m benchmarks.queue [COUNT]` starts a redis-server of its own.  Baselines: `enqueue_job` one at a time,
and a bare worker of arq with the same polling and as many jobs at once, whose function does nothing.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import orjson
import redis.asyncio
import uvloop
from arq.connections import ArqRedis, RedisSettings, create_pool
from arq.worker import Worker, func

from benchmarks.accept import _arrival
from delivery.delivery import Delivery
from delivery.desk import Desk
from delivery.helpdesks.consumer import ConsumerHelpdesk
from delivery.queues.arq import ArqQueue
from delivery.queues.embedded import EmbeddedQueue
from delivery.settings import ArqSettings, ConsumerSettings
from delivery.worker import Policy
from fanin import log
from model.clock import SystemClock
from model.event import Event, Job, TicketRef
from model.health import Health
from model.json import Json
from store.arrival import Batch
from store.store import Store
from tests.support.redis import RedisServer, started

SLOTS, POLL = 100, 0.025
ROUNDS = 3


def main(count: int = 10_000) -> None:
    """Measure everything, each beside its baseline."""
    log.set_up("warning", "json")
    with tempfile.TemporaryDirectory() as folder:
        server = started(Path(folder) / "redis", "--appendfsync", "everysec")
        try:
            uvloop.run(_measure(server, Path(folder), count))
        finally:
            server.kill()


async def _measure(server: RedisServer, folder: Path, count: int) -> None:
    pipelined, single = await _publishing(server)
    print(f"  publish, 500 a visit          {pipelined:8.0f} jobs/s")
    print(f"  enqueue_job, one at a time    {single:8.0f} jobs/s   {pipelined / single:.1f}x (at least 20x)")
    for name, delays in (("arq", await _starts(server, folder)), ("stream", await _arrivals(server, folder))):
        p99 = statistics.quantiles(delays, n=100)[98] * 1000
        most = 100 if name == "arq" else 20
        print(f"  commit to start, {name:12} p50 {statistics.median(delays) * 1000:5.1f} ms, p99 {p99:5.1f} ms"
              f" (under {most})")  # fmt: skip
    ratios = []
    for number in range(ROUNDS):
        (ours, cost), bare = await _through(server, folder / str(number), count), await _bare(server, count)
        ratios.append(ours / bare)
        print(f"  {count} events to nothing       {ours:8.0f} events/s, {cost * 1e6:4.0f} us CPU each,"
              f" bare arq {bare:8.0f} jobs/s")  # fmt: skip
    print(f"  ratio, median                 {statistics.median(ratios):8.2f}   (at least 0.80)")


async def _publishing(server: RedisServer) -> tuple[float, float]:
    """Jobs a second by our queue, and by arq's own method."""
    queue = ArqQueue(_settings(server), {"desk": 1})
    jobs = [_job(number) for number in range(20_000)]
    pool = await _pool(server)
    ours, single = [], []
    for _ in range(ROUNDS):
        server.wipe()
        begun = time.perf_counter()
        for start in range(0, len(jobs), 500):
            await queue.publish(jobs[start : start + 500])
        ours.append(len(jobs) / (time.perf_counter() - begun))
        begun = time.perf_counter()
        for number in range(1000):
            await pool.enqueue_job("deliver", {"event": number}, _job_id=str(number))
        single.append(1000 / (time.perf_counter() - begun))
    await queue.close()
    await pool.aclose()
    return statistics.median(ours), statistics.median(single)


async def _starts(server: RedisServer, folder: Path) -> list[float]:
    """Seconds from the commit of a message to the submit of its event, by way of arq."""
    helpdesk = Nothing()
    queue = ArqQueue(_settings(server), {"archive": 8})
    return await _delays(server, folder / "starts", queue, helpdesk, helpdesk.at)


async def _arrivals(server: RedisServer, folder: Path) -> list[float]:
    """Seconds from the commit of a message to the moment that a consumer of a stream has its event."""
    settings = ConsumerSettings(kind="consumer", transport="stream", url=server.url, queue="archive")
    seen: dict[str, float] = {}

    async def consume() -> None:
        client = redis.asyncio.Redis.from_url(server.url)
        key = "fanin:archive:normal"
        await client.xgroup_create(key, "consumers", id="0", mkstream=True)
        while True:
            for _, entries in await client.xreadgroup("consumers", "one", {key: ">"}, count=100, block=1000):
                for entry, fields in entries:
                    seen[fields[b"id"].decode()] = time.perf_counter()
                    await client.xack(key, "consumers", entry)

    return await _delays(
        server, folder / "arrivals", EmbeddedQueue({"archive": 8}), ConsumerHelpdesk(settings), seen, consume
    )


async def _delays(  # noqa: PLR0917
    server: RedisServer,
    folder: Path,
    queue: Any,
    helpdesk: Any,
    seen: dict[str, float],
    beside: Callable[[], Awaitable[None]] | None = None,
) -> list[float]:
    """Accept messages one at a time, and wait for each."""
    server.wipe()
    store = await Store.open(folder)
    delivery = _delivery(store, queue, helpdesk)
    tasks = [asyncio.ensure_future(one) for one in (delivery.run(), *([beside()] if beside else []))]
    delays = []
    for number in range(300):
        [receipt] = await store.accept(Batch(connector="bench", arrivals=(_arrival(number * 1000 + 1),)))
        committed = time.perf_counter()
        delivery.wake()
        while receipt.message_id not in seen:  # noqa: ASYNC110  as precise as it has to be
            await asyncio.sleep(0.0005)
        if number >= 20:
            delays.append(seen[receipt.message_id] - committed)
    await _end(tasks, delivery, store)
    return delays


async def _through(server: RedisServer, folder: Path, count: int) -> tuple[float, float]:
    """Events a second from Redis to a helpdesk that does nothing, settled in the ledger, and CPU seconds each."""
    server.wipe()
    store = await Store.open(folder)
    for start in range(0, count, 500):
        arrivals = tuple(_arrival(number * 1000 + 1) for number in range(start, start + 500))
        await store.accept(Batch(connector="bench", arrivals=arrivals))
    helpdesk = Nothing()
    delivery = _delivery(store, ArqQueue(_settings(server), {"archive": SLOTS}), helpdesk)
    publishing = asyncio.create_task(delivery.publish())
    while await store.unpublished("archive", "normal", 1):  # noqa: ASYNC110  as precise as it has to be
        await asyncio.sleep(0.01)
    await _end([publishing], None, None)
    begun, spent = time.perf_counter(), time.process_time()
    running = asyncio.create_task(delivery.run())
    while len(helpdesk.at) < count or await store.backlog():  # noqa: ASYNC110  as precise as it has to be
        await asyncio.sleep(0.02)
    rate, cost = count / (time.perf_counter() - begun), (time.process_time() - spent) / count
    await _end([running], delivery, store)
    return rate, cost


async def _bare(server: RedisServer, count: int) -> float:
    """Jobs a second that a worker of arq starts and ends."""
    server.wipe()
    pool, done = await _pool(server), 0
    queue = ArqQueue(_settings(server), {"desk": 1})
    await queue.publish([_job(number) for number in range(count)])
    await queue.close()

    async def nothing(_context: dict[str, Any], _job: Any) -> None:
        nonlocal done
        done += 1

    worker = Worker(
        [func(nothing, name="deliver")],
        queue_name="fanin:deliver:desk:normal",
        redis_pool=pool,
        max_jobs=SLOTS,
        poll_delay=POLL,
        keep_result=0,
        handle_signals=False,
        job_serializer=orjson.dumps,
        job_deserializer=orjson.loads,
    )
    begun = time.perf_counter()
    running = asyncio.create_task(worker.main())
    while done < count:  # noqa: ASYNC110  as precise as it has to be
        await asyncio.sleep(0.01)
    rate = count / (time.perf_counter() - begun)
    await _end([running], None, None)
    await pool.aclose()
    return rate


class Nothing:
    """A helpdesk that takes everything and does nothing."""

    def __init__(self) -> None:
        self.at: dict[str, float] = {}

    async def submit(self, event: Event, ref: TicketRef | None, options: Mapping[str, Json]) -> TicketRef:  # noqa: ARG002  takes what a helpdesk takes
        """Note when."""
        self.at[event.id] = time.perf_counter()
        return ref or TicketRef(event.subject)

    async def check(self) -> None:
        """Be well."""


def _delivery(store: Store, queue: Any, helpdesk: Any) -> Delivery:
    clock = SystemClock()
    desks = {"archive": Desk("archive", helpdesk, Health("archive", "helpdesk"), clock)}
    return Delivery(store, queue, desks, Policy(), clock)


async def _end(tasks: list[Any], delivery: Delivery | None, store: Store | None) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    if delivery is not None:
        await delivery.close()
    if store is not None:
        await store.close()


async def _pool(server: RedisServer) -> ArqRedis:
    settings = RedisSettings.from_dsn(server.url)
    return await create_pool(settings, job_serializer=orjson.dumps, job_deserializer=orjson.loads)


def _settings(server: RedisServer) -> ArqSettings:
    return ArqSettings.model_validate({"kind": "arq", "url": server.url, "poll": "25 ms"})


def _job(number: int) -> Job:
    return Job(event=f"event-{number}", helpdesk="desk", conversation=f"c{number}", sequence=1, lane="normal")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
