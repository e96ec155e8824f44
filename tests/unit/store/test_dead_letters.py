"""Dead letters: settled by an operator, without the only copy of a message going with them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from model.event import TicketRef
from store.arrival import Arrival
from store.dead_letters import DeadLetter
from store.ledger import Settled
from store.retention import Retention
from store.store import Store
from tests.support.drafts import arrival, batch, draft


def dead(number: int) -> Arrival:
    """An arrival that could not be read."""
    return msgspec.structs.replace(arrival(draft(number)), draft=None, files=(), targets=(), dead="for the test")


async def bury(store: Store, number: int) -> DeadLetter:
    """The dead letter of a message that could not be read, between two others."""
    await store.accept(batch(arrival(draft(100 + number)), dead(number), arrival(draft(200 + number))))
    [letter] = await store.list_dead_letters()
    return letter


async def read(store: Store, owner: str | None) -> bytes | None:
    """The original of an event or a dead letter."""
    pieces = await store.open_original(owner or "", "root")
    return None if pieces is None else b"".join([piece async for piece in pieces])


@pytest.mark.parametrize("settle", [Store.retry, Store.drop])
async def test_a_settled_letter_leaves_its_message_as_it_came(
    store: Store, settle: Callable[[Store, DeadLetter], Awaitable[None]]
) -> None:
    """Retried or dropped, a letter is no longer listed, and its original opens until it expires."""
    letter = await bury(store, 1)
    assert await read(store, letter.id) == b"raw 1"

    await settle(store, letter)

    assert await store.list_dead_letters() == []
    assert await read(store, letter.id) == b"raw 1"
    long = timedelta(days=9)
    keep = Retention(messages=long, attachments=long, originals=timedelta(0), dead_letters=long)
    await store.expire(keep, datetime.now(UTC) + timedelta(seconds=5))
    assert await read(store, letter.id) is None


async def test_a_letter_that_expired_leaves_its_message_as_it_came(store: Store) -> None:
    """The reason goes in its time, and the original in its own."""
    letter = await bury(store, 1)
    long = timedelta(days=9)
    keep = Retention(messages=long, attachments=long, originals=long, dead_letters=timedelta(0))

    await store.expire(keep, datetime.now(UTC) + timedelta(seconds=5))

    assert await store.list_dead_letters() == []
    assert await read(store, letter.id) == b"raw 1"


async def test_a_retried_message_is_taken_when_it_is_handed_over_anew(store: Store) -> None:
    """Until then it is to be read again, and then it takes the place of what could not be read."""
    letter = await bury(store, 1)
    assert [one.message_id for one in (await store.known("mail", ["1"])).values()] == [None]
    assert await store.unknown("mail", ["1"]) == []

    await store.retry(letter)
    assert await store.known("mail", ["1"]) == {}
    assert await store.unknown("mail", ["1"]) == ["1"]
    assert await store.find_accepted("mail", "1") is None
    assert [line.state for line in (await store.account(["desk"])).lines] == ["accepted", "retried", "due"]

    [receipt] = await store.accept(batch(arrival(draft(1))))
    assert receipt.status == "accepted"
    assert [await read(store, one) for one in (letter.id, receipt.message_id)] == [None, b"raw 1"]
    account = await store.account(["desk"])
    assert [line.state for line in account.lines] == ["accepted", "due"]
    assert account.imbalances == []


async def test_a_retried_message_may_end_otherwise(store: Store) -> None:
    """Handed over anew it is dead again, with its letter and its original, or ignored by a rule."""
    await store.retry(await bury(store, 1))

    [receipt] = await store.accept(batch(dead(1)))
    [letter] = await store.list_dead_letters()
    assert receipt.status == "dead"
    assert await read(store, letter.id) == b"raw 1"

    await store.retry(letter)
    ignored = msgspec.structs.replace(dead(1), dead=None, ignored="for the test")
    assert [one.status for one in await store.accept(batch(ignored))] == ["ignored"]


async def test_a_letter_retried_twice_harms_no_message_that_was_accepted_meanwhile(store: Store) -> None:
    """Who holds a letter that another has settled changes nothing more."""
    letter = await bury(store, 1)
    await store.retry(letter)
    [receipt] = await store.accept(batch(arrival(draft(1))))

    await store.retry(letter)
    await store.drop(letter)

    due, _ = await store.pair(receipt.conversation_id or "", "desk")
    assert [one.event_id for one in due] == [receipt.message_id]
    assert (await store.account(["desk"])).imbalances == []


async def test_a_delivery_retried_twice_is_not_made_twice(store: Store) -> None:
    """Once it is delivered, a second retry or drop of its letter does not touch it."""
    [receipt] = await store.accept(batch(arrival(draft(1))))
    conversation = receipt.conversation_id or ""
    [due], _ = await store.pair(conversation, "desk")
    await store.bury(due, "for the test", datetime.now(UTC))
    [letter] = await store.list_dead_letters()
    await store.retry(letter)
    [due], _ = await store.pair(conversation, "desk")
    await store.settle(Settled(due=due, ref=TicketRef("1"), at=datetime.now(UTC)))

    await store.retry(letter)
    await store.drop(letter)

    assert (await store.pair(conversation, "desk"))[0] == []
    assert [line.state for line in (await store.account(["desk"])).lines] == ["accepted", "delivered"]
