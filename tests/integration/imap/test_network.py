"""Whatever the network does, nothing is lost and nothing hangs."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack, suppress

import pytest

from model.errors import Transient
from tests.integration.imap.conftest import Desk
from tests.support.dovecot import Dovecot, sample
from tests.support.proxy import Proxy


async def test_cuts_at_random_bytes_lose_and_repeat_nothing(dovecot: Dovecot, desk: Desk, user: str) -> None:
    """Connections that are reset at random bytes still bring every message, whole, in order, once."""
    numbers = random.Random(7)
    messages = [sample(number, size=numbers.choice((700, 9000, 60000))) for number in range(150)]
    dovecot.fill(user, messages)
    async with Proxy(dovecot.imap).serving() as proxy:
        proxy.cut_after = lambda: numbers.randrange(1, 400_000)
        settings = desk.settings(dovecot, user, port=proxy.port, source_tls=False)
        async with desk.supervised(settings) as failures:
            await desk.intake.until_accepted(150, within=60)

    assert desk.bodies() == messages
    assert failures
    assert all(isinstance(failure, Transient) for failure in failures)


async def test_a_large_message_crosses_a_line_that_breaks(dovecot: Dovecot, desk: Desk, user: str) -> None:
    """A message that no single connection can carry is read on where the last connection broke."""
    message = sample(1, size=8 << 20)
    dovecot.fill(user, [message])
    async with Proxy(dovecot.imaps).serving() as proxy:
        proxy.cut_after = lambda: 2 << 20
        async with desk.supervised(desk.settings(dovecot, user, port=proxy.port)):
            await desk.intake.until_accepted(1, within=60)

    assert desk.bodies() == [message]
    assert desk.state.largest_piece < 1 << 20


@pytest.mark.parametrize("when", ["idle", "fetch"])
async def test_a_stalled_connection_is_given_up(dovecot: Dovecot, desk: Desk, user: str, when: str) -> None:
    """A server that falls silent is noticed within the patience, in IDLE and in the middle of a FETCH."""
    dovecot.fill(user, [sample(number, size=200_000) for number in range(40)])
    async with Proxy(dovecot.imaps).serving() as proxy:
        settings = desk.settings(dovecot, user, port=proxy.port, source_poll="300 ms")
        task = asyncio.create_task(desk.run(settings, patience=1))
        await desk.intake.until_accepted(40 if when == "idle" else 1)
        proxy.stall()
        with pytest.raises(Transient):
            async with asyncio.timeout(20):
                await task


async def test_a_reset_during_idle_is_noticed_at_once(dovecot: Dovecot, desk: Desk, user: str) -> None:
    """With a poll of an hour, a lost connection still ends the run immediately."""
    async with Proxy(dovecot.imaps).serving() as proxy:
        task = asyncio.create_task(desk.run(desk.settings(dovecot, user, port=proxy.port, source_poll="1 h")))
        await desk.health.until(lambda health: health.reads >= 2)
        proxy.reset()
        with pytest.raises(Transient):
            async with asyncio.timeout(5):
                await task


async def test_a_slow_line_is_no_dead_line(dovecot: Dovecot, desk: Desk, user: str) -> None:
    """A transfer that takes longer than the patience, but never pauses that long, succeeds."""
    message = sample(1, size=900_000)
    dovecot.fill(user, [message])
    async with Proxy(dovecot.imap).serving() as proxy:
        proxy.delay = 0.05
        settings = desk.settings(dovecot, user, port=proxy.port, source_tls=False)
        async with desk.running(settings, patience=1):
            await desk.intake.until_accepted(1)

    assert desk.bodies() == [message]


async def test_mail_delivered_while_reconnecting_is_read(dovecot: Dovecot, desk: Desk, user: str) -> None:
    """What arrives between two connections is there after the next."""
    async with AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(Proxy(dovecot.imaps).serving())
        await stack.enter_async_context(desk.supervised(desk.settings(dovecot, user, port=proxy.port)))
        for number in range(5):
            proxy.reset()
            await asyncio.to_thread(dovecot.deliver, user, [sample(number)])
            await desk.intake.until_accepted(number + 1)

    assert len(desk.intake.accepted) == 5
    assert not desk.intake.duplicates


@pytest.mark.parametrize("how", ["kill", "stop"])
async def test_a_server_that_goes_in_mid_fetch_loses_nothing(own_dovecot: Dovecot, desk: Desk, how: str) -> None:
    """The server dies or stops while it sends; after its return everything arrives once, in order."""
    messages = [sample(number, size=100_000) for number in range(120)]
    own_dovecot.fill("a@example.com", messages)
    async with desk.supervised(desk.settings(own_dovecot, "a@example.com")):
        for count in (1, 60):
            await desk.intake.until_accepted(count)
            await asyncio.to_thread(getattr(own_dovecot, how))
            await asyncio.to_thread(own_dovecot.start)
        await desk.intake.until_accepted(120)

    assert desk.bodies() == messages


async def test_a_server_that_dies_in_idle_is_read_again_after_its_return(own_dovecot: Dovecot, desk: Desk) -> None:
    """Ten times the server is killed while it idles, mail is put there, and each arrives once."""
    user = "a@example.com"
    own_dovecot.fill(user, [sample(0)])
    async with desk.supervised(desk.settings(own_dovecot, user, source_poll="1 h")):
        for number in range(1, 11):
            await desk.intake.until_accepted(number)
            await asyncio.to_thread(own_dovecot.kill)
            own_dovecot.fill(user, [sample(number)])
            await asyncio.to_thread(own_dovecot.start)
        await desk.intake.until_accepted(11)

    assert [b"sample %d\r" % number in body for number, body in enumerate(desk.bodies())] == [True] * 11


async def test_stopping_is_immediate(dovecot: Dovecot, desk: Desk, user: str) -> None:
    """Cancellation ends IDLE, a FETCH and a connect to a silent server in well under a second."""
    dovecot.fill(user, [sample(number, size=100_000) for number in range(200)])
    async with Proxy(dovecot.imaps).serving() as proxy:
        for stage in range(3):
            desk = Desk()
            task = asyncio.create_task(desk.run(desk.settings(dovecot, user, port=proxy.port)))
            if stage == 2:
                proxy.stall()
                await asyncio.sleep(0)
            else:
                await desk.intake.until_accepted(200 if stage == 0 else 1)
            task.cancel()
            async with asyncio.timeout(1):
                with suppress(asyncio.CancelledError):
                    await task


async def test_a_reader_can_be_cancelled_at_any_instant(dovecot: Dovecot, user: str) -> None:
    """No cancellation is swallowed, also not one that comes together with an answer."""
    instants = random.Random(3)

    async def one() -> None:
        desk = Desk()
        task = asyncio.create_task(desk.run(desk.settings(dovecot, user, source_poll="5 ms")))
        await asyncio.sleep(instants.uniform(0, 0.1))
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=5)
        assert done
        assert task.cancelled()

    for _ in range(25):
        await asyncio.gather(*(one() for _ in range(5)))


async def test_a_store_that_refuses_stops_the_reading_and_nothing_else(dovecot: Dovecot, desk: Desk, user: str) -> None:
    """When the store refuses, or its answer is lost, the same messages are handed over again, in order."""
    messages = [sample(number) for number in range(120)]
    dovecot.fill(user, messages)
    desk.intake.refuse(2)
    async with desk.supervised(desk.settings(dovecot, user)) as failures:
        await desk.intake.until_accepted(50)
        desk.intake.refuse()
        desk.intake.lose_answer()
        await desk.intake.until_accepted(120)

    assert desk.bodies() == messages
    assert len(failures) >= 2
