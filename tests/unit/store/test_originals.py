"""Messages as they came: read back, kept from view where they held a secret, and gone in time."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import event

from model.ticket import Redaction, Safety
from store.retention import STEP, Retention
from store.store import Store
from tests.support.drafts import arrival, batch, content, draft

GONE = Retention(messages=timedelta(0), attachments=timedelta(0), originals=timedelta(0), dead_letters=timedelta(0))


async def read(store: Store, owner: str | None) -> bytes | None:
    """The original of an event or a dead letter."""
    pieces = await store.original(owner or "")
    return None if pieces is None else b"".join([piece async for piece in pieces])


@pytest.mark.parametrize("length", [0, 1000, 65_537])
async def test_an_original_is_read_back_as_it_came(store: Store, length: int) -> None:
    """A small original, in its row, and a large one, in a file, are what was handed over."""
    raw = os.urandom(length)
    [kept] = await store.keep([(content(raw).sha256, raw)])
    first, second = arrival(draft(1)), msgspec.structs.replace(arrival(draft(2)), original=kept)

    receipts = await store.accept(batch(first, second))

    assert [await read(store, one.message_id) for one in receipts] == [b"raw 1", raw]


async def test_the_place_of_a_forgotten_message_does_not_lead_to_its_original(store: Store) -> None:
    """The message that takes the place of one that was forgotten has its own original or none."""
    dead = msgspec.structs.replace(arrival(draft(1)), draft=None, files=(), targets=(), dead="for the test")
    await store.accept(batch(dead))
    [letter] = await store.list_dead_letters()
    await store.retry(letter)

    [receipt] = await store.accept(batch(msgspec.structs.replace(arrival(draft(1)), original=None)))

    assert receipt.status == "accepted"
    assert await read(store, receipt.message_id) is None


async def test_an_original_that_held_a_secret_is_opened_on_record_alone(store: Store) -> None:
    """It is not shown with its message, and goes sooner than others."""
    held = Safety(redacted=(Redaction(kind="mnemonic", count=1, where="text"),))
    made = msgspec.structs.replace(draft(1), safety=held)
    [receipt] = await store.accept(batch(arrival(made)))
    event_id = receipt.message_id or ""

    assert await read(store, event_id) is None
    pieces = await store.open_original(event_id, "root")
    assert pieces is not None
    assert b"".join([piece async for piece in pieces]) == b"raw 1"

    year = timedelta(days=365)
    keep = Retention(messages=year, attachments=year, originals=year, dead_letters=year, secrets=timedelta(days=7))
    await store.expire(keep, datetime.now(UTC) + timedelta(days=8))
    assert await store.open_original(event_id, "root") is None


async def test_what_is_to_be_delivered_keeps_its_original(store: Store) -> None:
    """Originals of what was delivered expire, one of what is still due does not."""
    one, other = await store.accept(batch(arrival(draft(1), to=("desk",)), arrival(draft(2))))
    [due], _ = await store.pair(one.conversation_id or "", "desk")
    await store.bury(due, "for the test", datetime.now(UTC))

    await store.expire(GONE, datetime.now(UTC) + timedelta(seconds=5))

    assert await read(store, one.message_id) is None
    assert await read(store, other.message_id) == b"raw 2"


async def test_a_file_goes_with_the_last_that_names_it(store: Store) -> None:
    """A large original that is an attachment of another message stays as long as that one."""
    raw = os.urandom(70_000)
    [kept] = await store.keep([(content(raw).sha256, raw)])
    made = msgspec.structs.replace(arrival(draft(1)), original=kept)
    [receipt] = await store.accept(batch(made))
    [due], _ = await store.pair(receipt.conversation_id or "", "desk")
    await store.bury(due, "for the test", datetime.now(UTC))
    year = timedelta(days=365)
    keep = Retention(messages=year, attachments=year, originals=timedelta(0), dead_letters=year)

    await store.expire(keep, datetime.now(UTC) - timedelta(days=1))
    assert await read(store, receipt.message_id) == raw
    assert _blobs(store) == 1

    await store.expire(keep, datetime.now(UTC) + timedelta(seconds=5))
    assert await read(store, receipt.message_id) is None
    assert _blobs(store) == 0


async def test_what_expires_goes_in_small_steps(store: Store) -> None:
    """However much has expired, no transaction changes more than a few rows, and in the end all of it is gone."""
    arrivals = [msgspec.structs.replace(arrival(draft(number)), targets=()) for number in range(2 * STEP + 1)]
    receipts = await store.accept(batch(*arrivals))
    changed: list[int] = []

    @event.listens_for(store._engine, "after_cursor_execute")
    def count(_c: Any, cursor: Any, *_: Any) -> None:
        changed.append(cursor.rowcount)

    await store.expire(GONE, datetime.now(UTC) + timedelta(seconds=5))

    assert max(changed) == STEP
    assert {await read(store, one.message_id) for one in receipts} == {None}
    assert [await store.events(one.conversation_id or "", 0) for one in receipts[:3]] == [[], [], []]


def _blobs(store: Store) -> int:
    with store._engine.connect() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM blob").scalar_one())
