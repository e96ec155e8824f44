"""A batch may be understood before it is handed over."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from fanin.pipeline import ConnectorIntake, Pipeline
from model.draft import Context
from model.envelope import BlobRef, Envelope
from model.errors import Transient
from model.spoken import SPOKEN
from store.store import Store
from tests.support.pipeline import processes

NOW = datetime(2026, 11, 1, tzinfo=UTC)
RAW = b"From: ann@example.org\r\nSubject: hi\r\n\r\nhello\r\n"
HOSTILE = b"From: ann@example.org\r\nContent-Type: text/html\r\n\r\n" + b"<div>" * 200_000
"""What is read in a process of its own."""


def mail(number: int, raw: bytes | BlobRef = RAW, **more: Any) -> Envelope:
    """A mail by its number."""
    if isinstance(raw, bytes):
        raw = raw.replace(b"hello", b"hello %d" % number)
    return Envelope(
        connector="mail",
        channel="email",
        account="support@example.com",
        source_id=f"INBOX:1:{number}",
        received_at=NOW,
        raw=raw,
        size=len(raw) if isinstance(raw, bytes) else raw.size,
        **more,
    )


@pytest.fixture
def read(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The source ids of what was understood, each time that something was."""
    found: list[list[str]] = []
    original = pipeline._isolation.read

    async def noted(messages: Sequence[tuple[Envelope, bytes]], contexts: Sequence[Context]) -> Any:
        if messages:
            found.append([envelope.source_id for envelope, _ in messages])
        return await original(messages, contexts)

    monkeypatch.setattr(pipeline._isolation, "read", noted)
    return found


def under_way() -> list[asyncio.Task[Any]]:
    """What is being understood ahead."""
    return [task for task in asyncio.all_tasks() if task.get_name() == "read ahead"]


@pytest.fixture
def intake(pipeline: Pipeline, store: Store) -> ConnectorIntake:
    """The pipeline as a mailbox sees it."""
    return ConnectorIntake(pipeline, store, "mail", lambda now: Context(now=now))


async def test_what_was_understood_ahead_is_not_understood_again(
    intake: ConnectorIntake, store: Store, read: list[list[str]]
) -> None:
    """Nothing is stored until the batch is handed over, which then stores what was understood."""
    async with intake.ahead([mail(1), mail(2)]) as ahead:
        await asyncio.wait(under_way())
        assert read == [["INBOX:1:1", "INBOX:1:2"]]
        assert await store.unknown("mail", ["INBOX:1:1", "INBOX:1:2"]) == ["INBOX:1:1", "INBOX:1:2"]

        receipts = await intake.accept(ahead, stream="INBOX", cursor=2)

    assert [one.status for one in receipts] == ["accepted", "accepted"]
    assert read == [["INBOX:1:1", "INBOX:1:2"]]
    said = [event.data.message.text for one in receipts for event in await store.events(one.conversation_id or "", 0)]
    assert said == ["hello 1\n", "hello 2\n"]
    assert await store.cursor("mail", "INBOX") == 2


async def test_large_messages_and_sessions_wait_for_their_turn(
    intake: ConnectorIntake, store: Store, read: list[list[str]]
) -> None:
    """Of a batch only what lies in memory and stands for itself is understood ahead; the rest is when it is stored."""

    async def whole() -> AsyncIterator[bytes]:
        yield RAW

    spooled = await store.write_blob(whole())
    spoken = mail(2, b'{"text": "hello", "key": "chat:1"}', media_type=SPOKEN)
    ignored = mail(3, b"", ignored="before-start")

    async with intake.ahead([mail(1, spooled), spoken, ignored, mail(4)]) as ahead:
        receipts = await intake.accept(ahead)

    assert [one.status for one in receipts] == ["accepted", "accepted", "ignored", "accepted"]
    assert read == [["INBOX:1:4"], ["INBOX:1:1", "INBOX:1:2"]]


async def test_what_is_known_by_then_is_a_duplicate(intake: ConnectorIntake) -> None:
    """A message that was accepted after it was understood ahead does not become a second ticket."""
    async with intake.ahead([mail(1), mail(2)]) as ahead:
        [first] = await intake.accept([mail(1)])
        receipts = await intake.accept(ahead)

    assert [one.status for one in receipts] == ["duplicate", "accepted"]
    assert receipts[0].message_id == first.message_id


async def test_what_is_not_handed_over_is_given_up(intake: ConnectorIntake) -> None:
    """A reader that leaves the block while its batch is being understood leaves nothing behind."""
    async with intake.ahead([mail(1, HOSTILE)]):
        while not processes():
            await asyncio.sleep(0)

    assert not under_way()
    assert processes() == set()


async def test_what_fails_unseen_is_no_ones_trouble(
    intake: ConnectorIntake, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where understanding ahead fails and the batch is not handed over, the loop has nothing to complain about."""
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))

    async def failing(*_: object) -> None:
        raise Transient("no space left on device")

    monkeypatch.setattr(pipeline._isolation, "read", failing)
    async with intake.ahead([mail(1)]):
        await asyncio.wait(under_way())
    gc.collect()

    assert complaints == []


async def test_nothing_is_begun_on_a_full_disk(
    intake: ConnectorIntake, store: Store, read: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch that could not be stored is refused before it is understood."""
    monkeypatch.setattr(store, "_min_free_disk", 2**62)

    with pytest.raises(Transient, match="min_free_disk"):
        async with intake.ahead([mail(1)]):
            pytest.fail("it is not refused")

    assert not under_way()
    assert read == []
