"""The arq queue with a Redis that dies, hangs and forgets, and with workers that do."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from delivery.queues.arq import ArqQueue
from delivery.settings import ArqSettings
from model.event import Event, TicketRef
from model.json import Json
from store.store import Store
from tests.support.delivery import Bench, until
from tests.support.drafts import arrival, batch, draft
from tests.support.redis import RedisServer

SOAK = bool(os.environ.get("FANIN_SOAK"))
CONVERSATIONS, FOLLOW_UPS = (100, 9) if SOAK else (40, 4)
BACKLOG = 50_000 if SOAK else 2_000
COUNT = CONVERSATIONS * (FOLLOW_UPS + 1)


def bench_for(store: Store, server: RedisServer) -> Bench:
    """A delivery by way of Redis, of which a command may take half a second."""
    settings = ArqSettings(kind="arq", url=server.url, timeout=timedelta(milliseconds=500))
    return Bench(store, queue=ArqQueue(settings, {"desk": 4, "other": 4}))


async def say_everything(store: Store, bench: Bench) -> None:
    """Accept conversations of several messages each, a few at a time."""
    for round_ in range(FOLLOW_UPS + 1):
        for first in range(0, CONVERSATIONS, 10):
            drafts = [
                draft(round_ * CONVERSATIONS + one, answers=one if round_ else None) for one in range(first, first + 10)
            ]
            await store.accept(batch(*(arrival(one) for one in drafts)))
            bench.delivery.wake()
            await asyncio.sleep(0)


def assert_once_in_order(events: list[Event]) -> None:
    """Every message is there once, and each conversation in its order."""
    assert len({event.id for event in events}) == len(events) == COUNT
    sequences: dict[str, list[int]] = defaultdict(list)
    for event in events:
        sequences[event.partitionkey].append(int(event.sequence))
    assert list(sequences.values()) == [list(range(1, FOLLOW_UPS + 2))] * CONVERSATIONS


def _restart(server: RedisServer) -> None:
    server.kill()
    server.start()


def _restart_empty(server: RedisServer) -> None:
    _restart(server)
    server.wipe()


TROUBLES: dict[str, Callable[[RedisServer], None]] = {
    "killed": _restart,
    "wiped": RedisServer.wipe,
    "frozen": RedisServer.freeze,
    "empty after a crash": _restart_empty,
}


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_a_redis_in_trouble_loses_and_repeats_nothing(
    store: Store, redis_server: RedisServer, trouble: str
) -> None:
    """Whatever befalls Redis in mid-work, three times, every message is delivered once and in order."""
    bench = bench_for(store, redis_server)
    async with bench.running():
        saying = asyncio.create_task(say_everything(store, bench))
        for part in (COUNT // 10, COUNT // 3, COUNT // 2):
            await until(lambda part=part: len(bench.desk.events) >= part, within=30)  # type: ignore[misc]
            await asyncio.to_thread(TROUBLES[trouble], redis_server)
            if trouble == "frozen":
                await asyncio.sleep(1)  # longer than a command may take
                redis_server.thaw()
        await saying
        events = await bench.desk.until(COUNT, within=60)
    await bench.delivery.close()

    assert_once_in_order(events)
    assert len(bench.desk.tries) == COUNT


async def test_workers_that_are_restarted_again_and_again_forget_nothing(
    store: Store, redis_server: RedisServer
) -> None:
    """Stopped and started twenty times in mid-work, a hundred in the soak, the workers deliver everything once."""
    dice = random.Random(1)
    await say_everything(store, bench_for(store, redis_server))
    events: dict[str, Event] = {}
    for _ in range(100 if SOAK else 20):
        bench = bench_for(store, redis_server)
        async with bench.running():
            await asyncio.sleep(dice.uniform(0, 0.1))  # the instant is what is random; nothing is waited for
        await bench.delivery.close()
        events |= {event.id: event for event in bench.desk.events}
    bench = bench_for(store, redis_server)
    async with bench.running():
        async with asyncio.timeout(90):
            while await store.backlog():
                await asyncio.sleep(0.02)
    await bench.delivery.close()

    assert_once_in_order([*events.values(), *(event for event in bench.desk.events if event.id not in events)])
    assert (await store.account(["desk"])).imbalances == []


async def test_an_urgent_message_overtakes_a_backlog(store: Store, redis_server: RedisServer) -> None:
    """Behind 2,000 normal messages, 50,000 in the soak, urgent ones have 5 seconds in 99 of 100 cases."""
    desk = Modest()
    settings = ArqSettings(kind="arq", url=redis_server.url)
    bench = Bench(store, queue=ArqQueue(settings, {"desk": 4, "other": 4}), helpdesk=desk)
    for start in range(0, BACKLOG, 500):
        await store.accept(batch(*(arrival(draft(number)) for number in range(start, start + 500))))
    publishing = asyncio.create_task(bench.delivery.publish())
    async with asyncio.timeout(60):
        while await store.unpublished("desk", "normal", 1):
            await asyncio.sleep(0.01)
    publishing.cancel()
    accepted: dict[str, float] = {}
    async with bench.running():
        await until(lambda: len(desk.at) > 20)
        for number in range(BACKLOG, BACKLOG + 100):
            receipt = await bench.say(number, lane="urgent")
            accepted[receipt.message_id] = time.perf_counter()
            await asyncio.sleep(0.01)  # the pace of what comes in
        await until(lambda: accepted.keys() <= desk.at.keys(), within=60)
    await bench.delivery.close()

    delays = sorted(desk.at[id_] - at for id_, at in accepted.items())
    assert len(desk.at) < BACKLOG
    assert delays[98] < 5


class Modest:
    """A helpdesk that takes 20 ms for each event, and remembers when it had it."""

    def __init__(self) -> None:
        self.at: dict[str, float] = {}

    async def submit(self, event: Event, ref: TicketRef | None, options: Mapping[str, Json]) -> TicketRef:
        """Take it, in its time."""
        await asyncio.sleep(0.02)
        self.at[event.id] = time.perf_counter()
        return ref or TicketRef(event.subject)

    async def check(self) -> None:
        """Be well."""


async def test_two_workers_share_the_work(store: Store, redis_server: RedisServer, tmp_path: Path) -> None:
    """Two workers on one data_dir, each with a store of its own, deliver everything once between them."""
    second_store = await Store.open(tmp_path / "data")
    first, second = bench_for(store, redis_server), bench_for(second_store, redis_server)
    taken: list[Event] = []
    for bench in (first, second):
        bench.desk.events = taken
    async with first.running(), second.running():
        await say_everything(store, first)
        await until(lambda: len(taken) >= COUNT, within=60)
    for bench in (first, second):
        await bench.delivery.close()
    await second_store.close()

    assert_once_in_order(taken)
    assert min(len(bench.desk.tries) for bench in (first, second)) > 0


async def test_a_pair_that_another_process_holds_is_left_alone_until_it_is_free(
    store: Store, redis_server: RedisServer, tmp_path: Path
) -> None:
    """What a worker holds, which may be stopped in the middle of sending, no other sends; once it is free it goes."""
    bench = bench_for(store, redis_server)
    other = await Store.open(tmp_path / "data")
    held = await bench.say(1)
    assert other.locks.take(f"{held.conversation_id} desk")
    async with bench.running():
        await bench.say(2)
        await bench.desk.until(1)
        assert [event.data.message.text for event in bench.desk.events] == ["message 2"]
        other.locks.release(f"{held.conversation_id} desk")
        await bench.desk.until(2)
    await bench.delivery.close()
    await other.close()
