"""An address that is easily taken for another of its conversation is marked, whichever message named that one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from config.rules import shipped_rules
from fanin.pipeline import Pipeline
from model.draft import Context
from model.envelope import Envelope, Receipt
from model.spoken import SPOKEN, Spoken
from model.ticket import Identity
from store.store import Store
from tests.support.pipeline import make_pipeline

NOW = datetime(2026, 11, 1, tzinfo=UTC)
OWN = "0xa1b2000000000000000000000000000000009f8e"
TWIN = "0xa1b2333333333333333333333333333333339f8e"
OTHER = "0xc4d5333333333333333333333333333333337777"


def said(number: int, text: str, session: str = "1") -> Envelope:
    """A message of a chat session."""
    key = f"chat:{session}"
    content = Spoken(
        text=text,
        key=key,
        follows=(key,) if number else (),
        identities=(Identity(kind="chat", value=session),),
        participants=(f"chat:{session}",),
    )
    return _envelope(f"{session}/{number}", msgspec.json.encode(content), SPOKEN)


def mail(number: int, text: str, answers: int | None = None) -> Envelope:
    """A mail of one customer, which may answer another."""
    reference = f"In-Reply-To: <{answers}@example.org>\n" if answers is not None else ""
    header = f"From: ann@example.org\nMessage-ID: <{number}@example.org>\n{reference}Subject: coins\n\n"
    return _envelope(str(number), f"{header}{text}\n".encode(), "message/rfc822")


def _envelope(source_id: str, raw: bytes, media_type: str) -> Envelope:
    return Envelope(
        connector="web",
        channel="chat" if media_type == SPOKEN else "email",
        account="a",
        source_id=source_id,
        received_at=NOW,
        raw=raw,
        size=len(raw),
        media_type=media_type,
    )


async def accept(pipeline: Pipeline, *batch: Envelope) -> list[Receipt]:
    """Accept a batch."""
    return await pipeline.accept(Context(now=NOW, rules=shipped_rules()), "web", batch, "", None)


async def marks(store: Store, receipt: Receipt) -> list[list[str]]:
    """What is said of phishing in each message of a conversation."""
    assert receipt.conversation_id is not None
    events = await store.events(receipt.conversation_id, 0)
    return [[one.text for one in event.data.safety.phishing] for event in events]


MARK = [f"{OWN} {TWIN}"]


@pytest.mark.parametrize("kind", ["chat", "mail"])
async def test_it_is_compared_with_earlier_messages(pipeline: Pipeline, store: Store, kind: str) -> None:
    """The twin of an address that the customer named before is marked; another address is not."""
    texts = [f"my address is {OWN}", f"I copied {OTHER}", f"it went to {TWIN}"]
    if kind == "chat":
        batch = [said(number, text) for number, text in enumerate(texts)]
    else:
        batch = [mail(number, text, number - 1 if number else None) for number, text in enumerate(texts)]

    receipts = [(await accept(pipeline, one))[0] for one in batch]

    assert await marks(store, receipts[-1]) == [[], [], MARK]


@pytest.mark.parametrize("make", [said, mail])
async def test_it_is_compared_within_a_batch(pipeline: Pipeline, store: Store, make) -> None:
    """The messages of one batch are compared as if they had come one by one."""
    answer = (1, f"it went to {TWIN}", 0) if make is mail else (1, f"it went to {TWIN}")

    [_, last] = await accept(pipeline, make(0, f"my address is {OWN}"), make(*answer))

    assert await marks(store, last) == [[], MARK]


async def test_it_is_compared_after_a_restart(store: Store, tmp_path: Path) -> None:
    """What another process stored is known."""
    await accept(make_pipeline(store, tmp_path / "before"), said(0, f"my address is {OWN}"))

    [last] = await accept(make_pipeline(store, tmp_path / "after"), said(1, f"it went to {TWIN}"))

    assert await marks(store, last) == [[], MARK]


async def test_other_conversations_are_left_alone(pipeline: Pipeline, store: Store) -> None:
    """What another customer named means nothing."""
    await accept(pipeline, said(0, f"my address is {OWN}"))

    [last] = await accept(pipeline, said(0, f"it went to {TWIN}", session="2"))

    assert await marks(store, last) == [[]]


async def test_a_message_without_an_address_asks_nothing_of_the_store(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mail that names no address costs no look into its conversation."""

    async def heard(*_: object) -> None:
        pytest.fail("the store was asked")

    monkeypatch.setattr(Store, "heard", heard)

    [receipt] = await accept(pipeline, mail(1, "how do I add a token?", 0))

    assert receipt.status == "accepted"
