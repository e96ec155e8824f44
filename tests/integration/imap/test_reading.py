"""A mailbox is read to its last message, once and in order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from datetime import UTC, datetime, timedelta

from model.envelope import Envelope, Receipt
from model.json import Json
from tests.integration.imap.conftest import Desk, plain
from tests.support.dovecot import Dovecot, sample
from tests.support.memory import MemoryIntake


async def test_all_messages_are_read_in_order(dovecot: Dovecot, desk: Desk, user: str) -> None:
    """A folder of 5,000 messages is handed over whole, in order, each once."""
    messages = [sample(number, size=600) for number in range(5000)]
    dovecot.fill(user, messages)

    async with desk.running(desk.settings(dovecot, user)):
        await desk.intake.until_accepted(5000, within=60)

    assert desk.bodies() == messages
    assert not desk.intake.duplicates
    assert all(envelope.size == len(envelope.raw) for envelope in desk.intake.accepted)


class Slow(MemoryIntake):
    """Stores nothing before a second batch is being understood."""

    def __init__(self) -> None:
        super().__init__()
        self._begun, self._second = 0, asyncio.Event()

    def ahead(self, batch: Sequence[Envelope]) -> AbstractAsyncContextManager[Sequence[Envelope]]:
        """Count the batch."""
        self._begun += 1
        if self._begun == 2:
            self._second.set()
        return super().ahead(batch)

    async def accept(self, batch: Sequence[Envelope], *, stream: str = "", cursor: Json | None = None) -> list[Receipt]:
        """Wait where there is something to store."""
        if batch:
            await self._second.wait()
        return await super().accept(batch, stream=stream, cursor=cursor)


async def test_the_next_batch_is_understood_while_one_is_stored(dovecot: Dovecot, desk: Desk, user: str) -> None:
    """As long as the first batch is not stored, the second is read and begun; both arrive in order."""
    messages = [sample(number) for number in range(120)]
    dovecot.fill(user, messages)
    desk.intake = Slow()

    async with desk.running(desk.settings(dovecot, user)):
        await desk.intake.until_accepted(120)

    assert desk.bodies() == messages


async def test_reading_goes_on_where_it_ended(dovecot: Dovecot, desk: Desk, user: str) -> None:
    """A second run hands over what is new and nothing else."""
    settings = desk.settings(dovecot, user)
    await asyncio.to_thread(dovecot.deliver, user, [sample(1), sample(2)])
    async with desk.running(settings):
        await desk.intake.until_accepted(2)
    await asyncio.to_thread(dovecot.deliver, user, [sample(3)])

    async with desk.running(settings):
        await desk.intake.until_accepted(3)

    assert [plain(body) for body in desk.bodies()][2].splitlines()[2] == b"Subject: sample 3"
    assert not desk.intake.duplicates


async def test_mail_delivered_during_idle_arrives_at_once(dovecot: Dovecot, desk: Desk, user: str) -> None:
    """With a poll of an hour, new mail is read because the server tells of it."""
    async with desk.running(desk.settings(dovecot, user, source_poll="1 h")):
        await desk.health.until(lambda health: health.reads >= 2)
        for number in range(3):
            await asyncio.to_thread(dovecot.deliver, user, [sample(number)])
            await desk.intake.until_accepted(number + 1, within=10)


async def test_without_idle_the_poll_finds_it(dovecot: Dovecot, desk: Desk, user: str) -> None:
    """Where IDLE is off, new mail is found by the poll."""
    async with desk.running(desk.settings(dovecot, user, source_idle=False, source_poll="200 ms")):
        await desk.health.until(lambda health: health.reads >= 2)
        await asyncio.to_thread(dovecot.deliver, user, [sample(1)])
        await desk.intake.until_accepted(1, within=10)


async def test_mail_before_the_first_start_is_accounted_for_and_not_read(
    dovecot: Dovecot, desk: Desk, user: str
) -> None:
    """With `start: now`, what lay in the folder is ignored by name, and what comes is read."""
    dovecot.append(user, sample(1), at=datetime.now(UTC) - timedelta(days=3))
    await asyncio.to_thread(dovecot.deliver, user, [sample(2)])
    async with desk.running(desk.settings(dovecot, user, start="now")):
        await desk.intake.until(lambda intake: len(intake.ignored) == 2)
        await asyncio.to_thread(dovecot.deliver, user, [sample(3)])
        await desk.intake.until_accepted(1)

    assert {envelope.ignored for envelope in desk.intake.ignored} == {"before-start"}
    assert b"sample 3" in desk.bodies()[0]


async def test_the_first_start_is_remembered(dovecot: Dovecot, desk: Desk, user: str) -> None:
    """What arrives while the daemon is down is newer than its first start, and is read."""
    settings = desk.settings(dovecot, user, start="now")
    async with desk.running(settings):
        await desk.health.until(lambda health: health.reads >= 2)
    await asyncio.to_thread(dovecot.deliver, user, [sample(1)])

    async with desk.running(settings):
        await desk.intake.until_accepted(1)


async def test_a_start_time_decides_by_arrival(dovecot: Dovecot, desk: Desk, user: str) -> None:
    """A message is before the start by its INTERNALDATE, not by its Date field."""
    dovecot.append(user, sample(1), at=datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC))
    dovecot.append(user, sample(2), at=datetime(2026, 11, 1, tzinfo=UTC))

    async with desk.running(desk.settings(dovecot, user, start="2026-11-01T00:00:00Z")):
        await desk.intake.until_accepted(1)

    assert [envelope.received_at for envelope in desk.intake.accepted] == [datetime(2026, 11, 1, tzinfo=UTC)]
    assert len(desk.intake.ignored) == 1


async def test_nothing_is_marked_as_read(dovecot: Dovecot, desk: Desk, user: str) -> None:
    """Reading leaves no trace on the server: other clients still see the message as new."""
    await asyncio.to_thread(dovecot.deliver, user, [sample(1)])
    async with desk.running(desk.settings(dovecot, user)):
        await desk.intake.until_accepted(1)

    with dovecot.client(user) as client:
        client.select(readonly=True)
        assert client.search(None, "UNSEEN")[1] == [b"1"]


async def test_two_hundred_accounts_share_a_process(dovecot: Dovecot, desk: Desk, user: str) -> None:
    """200 mailboxes are read side by side, each to its last message, by push."""
    async with AsyncExitStack() as stack:
        desks = []
        for number in range(200):
            name = f"{number}{user}"
            dovecot.fill(name, [sample(number)])
            desks.append(other := Desk())
            await stack.enter_async_context(other.running(desk.settings(dovecot, name, source_poll="1 h")))
        await asyncio.gather(*(other.intake.until_accepted(1) for other in desks))
        for number in (0, 99, 199):
            await asyncio.to_thread(dovecot.deliver, f"{number}{user}", [sample(1000)])
            await desks[number].intake.until_accepted(2)
