"""What stands in Redis is arq's: its own methods write what our workers take, and its worker takes what we publish."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import orjson
import pytest
from arq.connections import ArqRedis, RedisSettings, create_pool
from arq.worker import Worker, func

from delivery.queues import arq
from delivery.queues.arq import ArqQueue
from delivery.settings import ArqSettings
from model.event import Job
from tests.contract.queues import Recorder, job, working
from tests.support.delivery import until
from tests.support.redis import RedisServer


def queue_in(server: RedisServer) -> ArqQueue:
    """A queue with a helpdesk of two workers."""
    return ArqQueue(ArqSettings(kind="arq", url=server.url), {"desk": 2})


async def pool_of(server: RedisServer) -> ArqRedis:
    """A pool as arq makes it, with the serialisation that fanin uses."""
    return await create_pool(
        RedisSettings.from_dsn(server.url), job_serializer=orjson.dumps, job_deserializer=orjson.loads
    )


def keys(server: RedisServer) -> list[str]:
    """All the keys there are, in order."""
    with server.client() as client:
        return sorted(map(str, client.keys()))


async def test_the_worker_of_arq_takes_what_is_published(redis_server: RedisServer) -> None:
    """A plain worker of arq runs every job in the order of publishing, and leaves nothing behind of it."""
    queue, taken, pool = queue_in(redis_server), list[Job](), await pool_of(redis_server)
    await queue.publish([job(number) for number in range(20)])

    async def deliver(_context: dict[str, Any], one: dict[str, Any]) -> None:
        taken.append(msgspec.convert(one, Job))

    worker = Worker(
        [func(deliver, name="deliver")],
        queue_name="fanin:deliver:desk:normal",
        redis_pool=pool,
        max_jobs=1,
        burst=True,
        poll_delay=0.01,
        keep_result=0,
        handle_signals=False,
        job_serializer=orjson.dumps,
        job_deserializer=orjson.loads,
    )
    await worker.async_run()
    await pool.aclose()
    await queue.close()

    assert taken == [job(number) for number in range(20)]
    assert not [key for key in keys(redis_server) if not key.startswith("arq:retry:") and "health" not in key]


async def test_a_job_that_arq_enqueued_is_taken(redis_server: RedisServer) -> None:
    """What `enqueue_job` writes is delivered; what is no job of ours is put away, and holds up nothing."""
    pool, recorder = await pool_of(redis_server), Recorder()
    normal = {"_queue_name": "fanin:deliver:desk:normal"}
    await pool.enqueue_job("something else", 1, 2, **normal)
    await pool.enqueue_job("deliver", msgspec.to_builtins(job(1)), _job_id=job(1).id, **normal)
    async with working(queue_in(redis_server), recorder):
        assert await recorder.until(1) == [job(1)]
        await until(lambda: keys(redis_server) == [])
    await pool.aclose()


async def test_a_job_that_takes_long_stays_with_who_took_it(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Claims are renewed for as long as the job is under way, so that no second worker takes it."""
    monkeypatch.setattr(arq, "CLAIM", 0.3)
    monkeypatch.setattr(arq, "RENEWAL", 0.05)
    first, second = Recorder(), Recorder()
    first.allowed.clear()
    queue = queue_in(redis_server)
    async with working(queue, first):
        await queue.publish([job(1)])
        await first.until(1)
        async with working(queue_in(redis_server), second):
            await queue.publish([job(number) for number in range(2, 50)])
            await second.until(40)
            await asyncio.sleep(1)  # several times what a claim holds: that nothing happens has no event
            assert job(1) not in second.taken
            first.allowed.set()
            await until(lambda: keys(redis_server) == [])
    await queue.close()


async def test_a_worker_that_stops_gives_back_what_it_leaves_undone(redis_server: RedisServer) -> None:
    """The next worker has it at once, and does not wait for claims to lapse."""
    stuck, recorder = Recorder(), Recorder()
    stuck.allowed.clear()
    queue = queue_in(redis_server)
    await queue.publish([job(number) for number in range(4)])
    async with working(queue, stuck):
        await stuck.until(2)
    async with asyncio.timeout(arq.CLAIM / 2), working(queue, recorder):
        await recorder.until(4)
        await until(lambda: keys(redis_server) == [])
    await queue.close()


async def test_a_job_that_has_expired_is_put_away(redis_server: RedisServer) -> None:
    """A place in the queue whose job is gone keeps nothing waiting."""
    recorder, queue = Recorder(), queue_in(redis_server)
    await queue.publish([job(1), job(2)])
    with redis_server.client() as client:
        client.delete(f"arq:job:{job(1).id}")
    async with working(queue, recorder):
        assert await recorder.until(1) == [job(2)]
        await until(lambda: keys(redis_server) == [])
    await queue.close()
