"""The ways to a Redis: TLS under a certificate of one's own, an ACL user, Sentinel; and one that is slow."""

from __future__ import annotations

import asyncio
import re
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from delivery.helpdesks.consumer import ConsumerHelpdesk
from delivery.queues.arq import ArqQueue
from delivery.settings import ArqSettings, ConsumerSettings
from model.errors import CredentialsRejected, Transient
from model.event import TicketRef
from store.store import Store
from tests.contract.queues import Recorder, job, working
from tests.support.certificate import self_signed
from tests.support.daemon import until as until_outside
from tests.support.delivery import Bench
from tests.support.events import event
from tests.support.proxy import Proxy
from tests.support.redis import RedisServer, Sentinel, started

COUNT = 20
DELIVERY = Path(__file__).parents[3] / "delivery"


async def deliver(store: Store, settings: dict[str, Any]) -> None:
    """Deliver some messages by the queue and hand one over to a consumer, under the same settings of Redis."""
    timed = {"timeout": timedelta(seconds=2)} | settings
    bench = Bench(store, queue=ArqQueue(ArqSettings(kind="arq", **timed), {"desk": 4, "other": 4}))
    async with bench.running():
        for number in range(COUNT):
            await bench.say(number)
        await bench.desk.until(COUNT)
    await bench.delivery.close()
    for transport in ("stream", "arq"):
        desk = ConsumerHelpdesk(ConsumerSettings(kind="consumer", transport=transport, queue=transport, **timed))  # type: ignore[arg-type]
        assert await desk.submit(event(1), None, {}) == TicketRef(event(1).subject)
        assert await desk.missing([event(1).id]) == []
        await desk.forget([event(1).id])
        await desk.close()


async def test_tls_under_a_certificate_of_ones_own(store: Store, tmp_path: Path) -> None:
    """`ca_file` is what is trusted; without it, or for another name, nothing is sent."""
    good = self_signed(tmp_path, "127.0.0.1")
    server = started(tmp_path / "tls", tls=good)
    other = self_signed(tmp_path, "redis.example.com", name="other")
    stranger = started(tmp_path / "stranger", tls=other)
    try:
        await deliver(store, {"url": server.url, "ca_file": good.certificate})
        for url, trusted in ((server.url, {}), (stranger.url, {"ca_file": other.certificate})):
            queue = ArqQueue(ArqSettings(kind="arq", url=url, **trusted), {"desk": 1})  # type: ignore[arg-type]
            with pytest.raises(Transient, match="certificate verify failed"):
                await queue.publish([job(1)])
            with pytest.raises(Transient, match="certificate verify failed"):
                await _check({"url": url} | trusted)
            await queue.close()
    finally:
        server.kill()
        stranger.kill()


async def _check(settings: dict[str, Any]) -> None:
    desk = ConsumerHelpdesk(ConsumerSettings(kind="consumer", transport="stream", **settings))
    try:
        await desk.check()
    finally:
        await desk.close()


async def test_a_socket_of_this_machine(store: Store, tmp_path_factory: pytest.TempPathFactory) -> None:
    """`unix://` needs no port, and names the database behind it."""
    folder = tmp_path_factory.mktemp("redis")
    server = started(folder, "--unixsocket", str(folder / "socket"))
    try:
        await deliver(store, {"url": f"unix://{folder}/socket?db=3"})
    finally:
        server.kill()


@pytest.mark.parametrize("readme", ["queues/README.md", "helpdesks/README.md"])
async def test_the_documented_rights_of_an_acl_user_suffice(
    store: Store, redis_server: RedisServer, tmp_path: Path, readme: str
) -> None:
    """With exactly the rights that the READMEs name everything works; with fewer the remedy is told."""
    rights = re.search(r"ACL user: `(~fanin[^`]+)`", " ".join((DELIVERY / readme).read_text().split()))
    assert rights is not None
    with redis_server.client() as client:
        client.execute_command("ACL", "SETUSER", "fanin", "on", ">open sesame", *rights[1].split())
        client.execute_command("ACL", "SETUSER", "weak", "on", ">open sesame", "~fanin:*", "+@connection")
    (tmp_path / "password").write_text("open sesame")
    by = {"url": redis_server.url, "password_file": tmp_path / "password"}
    await deliver(store, _with_password(by | {"user": "fanin"}))
    queue = ArqQueue(ArqSettings.model_validate({"kind": "arq", **by, "user": "weak"}), {"desk": 1})
    with pytest.raises(Transient, match="correct user and password_file, or the rights"):
        await queue.publish([job(1)])
    with pytest.raises(CredentialsRejected, match=r"^Redis refuses: "):
        await queue.check()
    await queue.close()
    (tmp_path / "password").write_text("wrong")
    with pytest.raises(CredentialsRejected):
        await _check(_with_password(by | {"user": "fanin"}))


def _with_password(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings as the loader makes them: the password from its file."""
    made = ArqSettings.model_validate({"kind": "arq", **settings})
    return {name: getattr(made, name) for name in ("url", "user", "password")}


async def test_a_slow_redis_loses_and_repeats_nothing(store: Store, redis_server: RedisServer) -> None:
    """Answers that come late, and for a while too late, cost time alone."""
    async with Proxy(redis_server.port).serving() as proxy:
        proxy.delay = 0.05
        settings = ArqSettings(kind="arq", url=f"redis://127.0.0.1:{proxy.port}/0", timeout=timedelta(milliseconds=300))
        bench = Bench(store, queue=ArqQueue(settings, {"desk": 4, "other": 4}))
        async with bench.running():
            for number in range(COUNT):
                await bench.say(number)
            await bench.desk.until(3)
            proxy.delay = 0.4
            await bench.say(COUNT)
            await asyncio.sleep(1)  # commands run out of time meanwhile
            proxy.delay = 0.05
            await bench.desk.until(COUNT + 1, within=40)
        await bench.delivery.close()

    assert len({one.id for one in bench.desk.events}) == len(bench.desk.tries) == COUNT + 1


async def test_a_worker_stops_in_time_although_redis_hangs(redis_server: RedisServer) -> None:
    """What is under way is cancelled and the stop ends in seconds; once Redis is back, others have the jobs."""
    settings = ArqSettings(kind="arq", url=redis_server.url, timeout=timedelta(seconds=30))
    queue, stuck, recorder = ArqQueue(settings, {"desk": 2}), Recorder(), Recorder()
    stuck.allowed.clear()
    await queue.publish([job(number) for number in range(4)])
    task = asyncio.create_task(queue.run(stuck))
    await stuck.until(2)
    redis_server.freeze()
    await asyncio.sleep(0.1)  # so that a visit is under way
    begun = time.monotonic()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    took = time.monotonic() - begun
    redis_server.thaw()
    await queue.close()

    assert took < 8
    async with working(queue, recorder):
        await recorder.until(4)
    await queue.close()


async def test_a_fail_over_by_sentinel_loses_and_repeats_nothing(store: Store, tmp_path: Path) -> None:
    """The master is killed in mid-work, its replica takes over, and what comes is delivered there, once."""
    master = started(tmp_path / "master")
    replica = started(tmp_path / "replica", "--replicaof", f"127.0.0.1 {master.port}")
    sentinel = Sentinel(tmp_path / "sentinel", master)
    try:
        await asyncio.to_thread(until_outside, sentinel.knows_replica, within=30, what="a replica")
        settings = {"sentinels": [f"127.0.0.1:{sentinel.port}"], "master": "desk", "timeout": "500 ms"}
        bench = Bench(
            store,
            queue=ArqQueue(ArqSettings.model_validate({"kind": "arq", **settings}), {"desk": 4, "other": 4}),
        )
        async with bench.running():
            for number in range(COUNT):
                await bench.say(number)
                if number == COUNT // 2:
                    await bench.desk.until(3)
                    await asyncio.to_thread(master.kill)
            await bench.desk.until(COUNT, within=60)
        await bench.delivery.close()

        assert len({one.id for one in bench.desk.events}) == len(bench.desk.tries) == COUNT
        with replica.client() as client:
            assert client.role()[0] == "master"
    finally:
        for one in (sentinel, master, replica):
            one.kill()
