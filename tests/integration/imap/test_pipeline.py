"""The reader and the pipeline behind it: what each makes of a batch harms nothing of the other's."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from connectors.email.settings import EmailSettings
from fanin.pipeline import ConnectorIntake, Pipeline
from model.draft import Context
from model.envelope import Envelope, Receipt
from model.errors import Transient
from store.arrival import Batch
from store.store import Store
from tests.integration.imap.conftest import Desk
from tests.support.dovecot import Dovecot, sample


@pytest.fixture
def intake(store: Store, pipeline: Pipeline) -> ConnectorIntake:
    """The pipeline as the mailbox sees it."""
    return ConnectorIntake(pipeline, store, "mail", lambda now: Context(now=now))


class Stuck:
    """Understands the first batch of mails, and is never done with the second."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.second = asyncio.Event()
        self._read, self._batches = pipeline._isolation.read, 0

    async def read(self, messages: Sequence[tuple[Envelope, bytes]], contexts: Sequence[Context]) -> Any:
        """Take the place of the pipeline's."""
        self._batches += bool(messages)
        if messages and self._batches == 2:
            self.second.set()
            await asyncio.Event().wait()
        return await self._read(messages, contexts)


@pytest.fixture
def stuck(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> Stuck:
    """A pipeline that gets no further than the second batch."""
    made = Stuck(pipeline)
    monkeypatch.setattr(pipeline._isolation, "read", made.read)
    return made


@pytest.fixture
def settings(dovecot: Dovecot, desk: Desk, user: str) -> EmailSettings:
    """Those of an account with mail for several batches."""
    dovecot.fill(user, [sample(number) for number in range(120)])
    return desk.settings(dovecot, user)


def _under_way() -> list[str]:
    return [task.get_name() for task in asyncio.all_tasks() if task.get_name() == "read ahead"]


async def test_a_folder_whose_name_looks_like_a_secret_is_read(
    dovecot: Dovecot, desk: Desk, user: str, intake: ConnectorIntake, store: Store
) -> None:
    """Its mails are stored under names that give nothing away, and are found by their UIDs all the same."""
    folder = "Card 4111 1111 1111 1111"
    await asyncio.to_thread(dovecot.append_folder, user, f'"{folder}"')
    for number in (1, 2):
        await asyncio.to_thread(dovecot.append, user, sample(number), folder=f'"{folder}"')
    settings = desk.settings(dovecot, user, folders=[folder], after="flag")
    reading = asyncio.create_task(desk.reader(settings).run(intake, desk.state))

    stored = asyncio.create_task(desk.health.until(lambda health: any(health.lags)))
    await asyncio.wait([reading, stored], return_when=asyncio.FIRST_COMPLETED)
    if reading.done():
        await reading
    async with asyncio.timeout(20):
        while (await intake.cursor(folder) or {}).get("tidied") != 2:
            await asyncio.sleep(0.02)
    reading.cancel()
    await asyncio.wait([reading, stored])

    with store._engine.connect() as connection:
        names = connection.exec_driver_sql("SELECT source_id FROM message").scalars().all()
    assert [name for name in names if "4111 1111" in name] == []
    assert len(names) == 2
    with dovecot.client(user) as client:
        client.select(f'"{folder}"', readonly=True)
        assert client.search(None, "SEEN")[1] == [b"1 2"]


async def test_a_batch_behind_one_that_failed_is_given_up(
    desk: Desk, settings: EmailSettings, intake: ConnectorIntake, stuck: Stuck, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the store refuses a batch, the next one is neither stored nor understood any further."""
    accept = Store.accept

    async def refuse(store: Store, batch: Batch) -> list[Receipt]:
        if not batch.arrivals:
            return await accept(store, batch)
        await stuck.second.wait()
        raise Transient("the store is told to refuse")

    monkeypatch.setattr(Store, "accept", refuse)

    with pytest.raises(Transient, match="told to refuse"):
        await desk.reader(settings).run(intake, desk.state)

    assert not _under_way()
    assert (await intake.cursor("INBOX") or {}).get("uid", 0) == 0


async def test_a_reader_that_is_stopped_leaves_no_batch_behind(
    desk: Desk, settings: EmailSettings, intake: ConnectorIntake, stuck: Stuck
) -> None:
    """Cancelling it while a batch is being understood ends that, too."""
    reading = asyncio.create_task(desk.reader(settings).run(intake, desk.state))
    await stuck.second.wait()

    reading.cancel()
    await asyncio.wait([reading])

    assert not _under_way()
