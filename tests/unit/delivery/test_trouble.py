"""What keeps a conversation waiting, and what does not."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from delivery.worker import Policy
from model.errors import Transient
from store.store import Store
from tests.support.clock import ManualClock
from tests.support.delivery import Bench, texts, until


async def test_an_urgent_message_overtakes_one_that_was_told_to_wait_long(store: Store) -> None:
    """Ten seconds after a predecessor's first failure an urgent message goes, however long that one waits."""
    clock = ManualClock()
    bench = Bench(store, Policy(), clock)
    slow = await bench.say(1)
    wait = Transient("slow down", retry_after=timedelta(minutes=15))
    bench.desk.fails = lambda event: wait if event.id == slow.message_id else None
    async with bench.running():
        await until(lambda: len(bench.desk.tries) == 1)
        await clock.move(timedelta(seconds=3))
        await bench.say(2, answers=1, lane="urgent")
        moving = asyncio.create_task(clock.move(timedelta(seconds=30)))
        events = await bench.desk.until(1)
        moving.cancel()

    assert texts(events) == ["message 2"]


async def test_an_event_that_is_told_to_wait_for_ever_is_buried_after_a_day(store: Store) -> None:
    """Retry-After costs no try, but a helpdesk that is well and always says it does not block a conversation."""
    clock = ManualClock()
    bench = Bench(store, Policy(), clock)
    poison = await bench.say(1)
    await bench.say(2, answers=1)
    wait = Transient("slow down", retry_after=timedelta(days=400))
    bench.desk.fails = lambda event: wait if event.id == poison.message_id else None
    async with bench.running():
        await until(lambda: len(bench.desk.tries) == 1)
        moving = asyncio.create_task(clock.move(timedelta(hours=300), timedelta(minutes=10)))
        events = await bench.desk.until(1)
        moving.cancel()

    assert texts(events) == ["message 2"]


async def test_a_defect_in_a_check_is_a_helpdesk_that_is_down(store: Store) -> None:
    """An exception that no contract allows, in `check` of all places, pauses the helpdesk and stops nothing."""
    bench = Bench(store)
    broken = True

    async def check() -> None:
        if broken:
            raise ValueError

    bench.desk.check = check  # type: ignore[method-assign]
    bench.desk.fails = lambda _: Transient("no") if broken else None
    await bench.say(1)
    async with bench.running():
        await until(lambda: bench.desks["desk"].health.status == "paused")
        broken = False
        await bench.desk.until(1)


async def test_a_job_published_again_outlives_the_relays_clean_up(store: Store) -> None:
    """A job that is put into the outbox again while the relay removes what it has published is not lost."""
    await Bench(store).say(1)
    [(place, job)] = await store.unpublished("desk", "normal", 10)
    await store.republish_all("desk")

    await store.published([place])

    assert [again for _, again in await store.unpublished("desk", "normal", 10)] == [job]


async def test_a_helpdesk_that_asks_for_a_pause_is_left_alone_for_that_long(store: Store) -> None:
    """A helpdesk that is down and says for how long is neither submitted to nor probed sooner."""
    clock = ManualClock()
    bench = Bench(store, Policy(), clock)
    probes = 0

    async def check() -> None:
        nonlocal probes
        probes += 1
        raise Transient("busy")

    bench.desk.check = check  # type: ignore[method-assign]
    bench.desk.fails = lambda _: Transient("busy", retry_after=timedelta(minutes=2))
    await bench.say(1)
    async with bench.running():
        await until(lambda: probes == 1)
        await bench.say(2)
        await clock.move(timedelta(seconds=118))
        assert (probes, len(bench.desk.tries)) == (1, 1)
        await clock.move(timedelta(seconds=5))
        assert (probes >= 2, len(bench.desk.tries)) == (True, 1)
