"""The way out: order, failures, pauses, lanes and dead letters, on a real store."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest

from delivery.worker import Policy
from model.errors import CredentialsRejected, FaninError, Permanent, Transient
from model.event import Event
from store.store import Store
from tests.support.clock import ManualClock
from tests.support.delivery import QUICK, Bench, texts, until
from tests.support.drafts import arrival, batch, draft
from tests.support.helpdesk import MemoryHelpdesk


async def test_what_is_accepted_is_delivered_to_each_of_its_helpdesks(store: Store) -> None:
    """A message with two helpdesks reaches both, and its books balance."""
    bench = Bench(store)
    async with bench.running():
        await bench.say(1, to=("desk", "other"))
        await bench.helpdesks["desk"].until(1)
        await bench.helpdesks["other"].until(1)

    assert (await store.account(["desk", "other"])).imbalances == []


async def test_a_conversation_is_delivered_in_order(store: Store) -> None:
    """Follow-ups reach the helpdesk after what they follow, on the same ticket."""
    bench = Bench(store)
    await bench.say(0)
    for number in range(1, 120):
        await bench.say(number, answers=number - 1)
    async with bench.running():
        events = await bench.desk.until(120)

    assert texts(events) == [f"message {number}" for number in range(120)]
    assert len(set(bench.desk.refs.values())) == 1


async def test_order_holds_while_messages_fail_now_and_then(store: Store) -> None:
    """A transient failure in the middle of a conversation holds back what follows it."""
    bench = Bench(store)
    failed: set[str] = set()

    def fails_once(event: Event) -> FaninError | None:
        if event.id in failed or event.data.conversation.sequence % 3:
            return None
        failed.add(event.id)
        return Transient("try again")

    bench.desk.fails = fails_once
    async with bench.running():
        await bench.say(0)
        for number in range(1, 30):
            await bench.say(number, answers=number - 1)
        events = await bench.desk.until(30)

    assert texts(events) == [f"message {number}" for number in range(30)]


async def test_a_lost_answer_makes_no_second_copy(store: Store) -> None:
    """An event that the helpdesk took before it failed is there once."""
    bench = Bench(store)
    receipt = await bench.say(1)
    bench.desk.forgets_answer.add(receipt.message_id or "")
    async with bench.running():
        await until(lambda: len(bench.desk.tries) == 2)

    assert len(bench.desk.events) == 1


async def test_a_poison_event_is_buried_and_its_conversation_goes_on(store: Store) -> None:
    """After its tries an event becomes a dead letter, and the next message opens the ticket."""
    bench = Bench(store)
    poison = await bench.say(1)
    await bench.say(2, answers=1)
    bench.desk.fails = lambda event: Transient("cannot digest it") if event.id == poison.message_id else None
    async with bench.running():
        events = await bench.desk.until(1)

    assert texts(events) == ["message 2"]
    assert bench.desk.tries.count(poison.message_id or "") == QUICK.max_tries
    [letter] = await store.list_dead_letters()
    assert (letter.stage, letter.event, letter.helpdesk) == ("deliver", poison.message_id, "desk")
    assert "cannot digest it" in letter.reason
    assert (await store.account(["desk"])).imbalances == []


async def test_a_retried_dead_letter_is_delivered(store: Store) -> None:
    """`fanin dead-letters retry` brings an event back with all its tries."""
    bench = Bench(store)
    await bench.say(1)
    bench.desk.fails = lambda _: Permanent("no")
    async with bench.running():
        await until(lambda: len(bench.desk.tries) == 1)
        async with asyncio.timeout(60):
            while not (letters := await store.list_dead_letters()):
                await asyncio.sleep(0.002)
        bench.desk.fails = lambda _: None
        await store.retry(letters[0])
        bench.delivery.wake()
        await bench.desk.until(1)

    assert await store.list_dead_letters() == []


async def test_a_permanent_failure_is_not_repeated(store: Store) -> None:
    """Permanent means one try."""
    bench = Bench(store)
    await bench.say(1)
    bench.desk.fails = lambda _: Permanent("no")
    async with bench.running():
        await bench.say(2)
        bench.desk.fails = lambda event: Permanent("no") if event.data.message.text == "message 1" else None
        await bench.desk.until(1)

    assert len(bench.desk.tries) <= 3


async def test_a_helpdesk_that_is_down_for_a_day_buries_nothing(store: Store) -> None:
    """While a helpdesk is down its messages wait without losing tries, and go through when it is back."""
    clock = ManualClock()
    bench = Bench(store, Policy(max_tries=3), clock)
    bench.desk.down = Transient("connection refused")
    for number in range(5):
        await bench.say(number)
    async with bench.running():
        await until(lambda: bench.desks["desk"].health.status == "paused")
        await clock.move(timedelta(days=1), timedelta(minutes=1))
        assert await store.list_dead_letters() == []
        assert len(bench.desk.tries) <= 10

        bench.desk.down = None
        moving = asyncio.create_task(clock.move(timedelta(hours=2)))
        await bench.desk.until(5)
        moving.cancel()

    assert bench.desks["desk"].health.status == "running"


async def test_rejected_credentials_pause_the_helpdesk_and_say_what_to_do(store: Store) -> None:
    """A 401 costs no try: the helpdesk is `rejected`, with the remedy."""
    bench = Bench(store)
    bench.desk.down = CredentialsRejected("401", remedy="issue a new token")
    await bench.say(1)
    async with bench.running():
        await until(lambda: bench.desks["desk"].health.status == "rejected")
        assert bench.desks["desk"].health.remedy == "issue a new token"
        bench.desk.down = None
        await bench.desk.until(1)

    assert await store.list_dead_letters() == []


async def test_one_helpdesk_that_is_down_does_not_hold_back_another(store: Store) -> None:
    """Deliveries to a healthy helpdesk go on while another is down."""
    bench = Bench(store)
    bench.desk.down = Transient("down")
    async with bench.running():
        for number in range(50):
            await bench.say(number, to=("desk", "other"))
        await bench.helpdesks["other"].until(50)

    assert bench.desk.events == []


async def test_conversations_do_not_block_each_other(store: Store) -> None:
    """A conversation whose first message keeps failing holds back no other."""
    bench = Bench(store, Policy(max_tries=50, first_pause=timedelta(seconds=30)))
    stuck = await bench.say(0)
    bench.desk.fails = lambda event: Transient("not now") if event.id == stuck.message_id else None
    async with bench.running():
        for number in range(1, 40):
            await bench.say(number)
        await bench.desk.until(39)


async def test_an_urgent_message_overtakes_a_predecessor_that_keeps_failing(store: Store) -> None:
    """After three failures of what is before it, an urgent message of the same conversation goes first."""
    bench = Bench(
        store, Policy(max_tries=100, first_pause=timedelta(milliseconds=1), longest_pause=timedelta(seconds=1))
    )
    stuck = await bench.say(1)
    bench.desk.fails = lambda event: Transient("not now") if event.id == stuck.message_id else None
    async with bench.running():
        await bench.say(2, answers=1)
        await bench.say(3, answers=2, lane="urgent")
        events = await bench.desk.until(1)
        assert texts(events) == ["message 3"]

        bench.desk.fails = lambda _: None
        events = await bench.desk.until(3)

    assert texts(events) == ["message 3", "message 1", "message 2"]


async def test_a_defect_of_a_helpdesk_is_a_failed_try(store: Store) -> None:
    """An exception that no contract allows buries that event in the end, and stops nothing else."""

    class Defective(MemoryHelpdesk):
        async def check(self) -> None:
            return

    bench = Bench(store)

    def fails(event: Event) -> FaninError | None:
        if event.data.message.text == "message 1":
            raise ZeroDivisionError
        return None

    bench.desk.fails = fails
    async with bench.running():
        await bench.say(1)
        await bench.say(2)
        await bench.desk.until(1)
        async with asyncio.timeout(60):
            while not (letters := await store.list_dead_letters()):
                await asyncio.sleep(0.005)

    assert "ZeroDivisionError" in letters[0].reason


async def test_retry_after_is_obeyed_and_costs_no_try(store: Store) -> None:
    """A helpdesk that asks for a pause gets it, however often."""
    bench = Bench(store, Policy(max_tries=2))
    asked = 0

    def fails(_: Event) -> FaninError | None:
        nonlocal asked
        asked += 1
        return Transient("slow down", retry_after=timedelta(milliseconds=1)) if asked < 4 else None

    bench.desk.fails = fails
    await bench.say(1)
    async with bench.running():
        await bench.desk.until(1)

    assert await store.list_dead_letters() == []


async def test_what_a_dead_process_left_is_delivered_by_the_next(store: Store) -> None:
    """Jobs that were taken from the outbox but not delivered are found again at the start."""
    first = Bench(store)
    first.desk.down = Transient("down")
    async with first.running():
        for number in range(20):
            await first.say(number)
        await until(lambda: first.desks["desk"].health.status == "paused")

    second = Bench(store)
    async with second.running():
        await second.desk.until(20)


@pytest.mark.slow
async def test_an_urgent_message_overtakes_fifty_thousand(store: Store) -> None:
    """Behind a backlog of 50,000 normal messages an urgent one is delivered in under five seconds."""
    bench = Bench(store)
    for start in range(0, 50_000, 1000):
        arrivals = [arrival(draft(number)) for number in range(start, start + 1000)]
        await store.accept(batch(*arrivals))
    async with bench.running():
        await bench.desk.until(100)
        begun = time.monotonic()
        urgent = await bench.say(99_999, lane="urgent")
        await until(lambda: (urgent.message_id or "") in bench.desk.refs, within=30)
        taken = time.monotonic() - begun

    assert taken < 5
    assert len(bench.desk.events) < 50_000


async def test_due_times_are_kept_by_the_sweep(store: Store) -> None:
    """A postponed delivery is tried again when its time has come, and not before."""
    clock = ManualClock()
    bench = Bench(
        store, Policy(max_tries=5, first_pause=timedelta(minutes=10), longest_pause=timedelta(hours=1)), clock
    )
    bench.desk.fails = lambda _: Transient("later")
    await bench.say(1)
    async with bench.running():
        await until(lambda: len(bench.desk.tries) == 1)
        await clock.move(timedelta(minutes=8), timedelta(seconds=30))
        assert len(bench.desk.tries) == 1
        bench.desk.fails = lambda _: None
        await clock.move(timedelta(minutes=5), timedelta(seconds=30))
        await bench.desk.until(1)
