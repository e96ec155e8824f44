"""The way back in the store: answers are booked once, sent in order, and settled."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta

import msgspec
import pytest

from model.event import TicketRef
from model.reply import ReplyFile
from store.ledger import Settled
from store.replies import Outcome, Outgoing, Unsendable, Written
from store.retention import Retention
from store.store import Store
from tests.support.drafts import WHEN, arrival, batch, content, draft

ASKED = WHEN + timedelta(minutes=5)


async def opened(store: Store, number: int = 1) -> str:
    """A conversation with one message."""
    [receipt] = await store.accept(batch(arrival(draft(number))))
    assert receipt.conversation_id
    return receipt.conversation_id


def answer(conversation: str, key: str = "1", **more: object) -> Written:
    """An answer of the desk."""
    return msgspec.structs.replace(
        Written(helpdesk="desk", key=key, conversation=conversation, text=f"answer {key}", at=ASKED), **more
    )


async def outgoing(store: Store, *connectors: str) -> list[Outgoing]:
    """What is to be sent now."""
    found = await store.replies.outgoing("due", connectors or ("mail",), ASKED)
    return [one for one in found if isinstance(one, Outgoing)]


async def test_an_answer_takes_its_place_in_the_conversation(store: Store) -> None:
    """The answer to a first message is the second thing said, and what the customer says next the third."""
    conversation = await opened(store)

    booked = await store.replies.book(answer(conversation))
    [receipt] = await store.accept(batch(arrival(draft(2, answers=1))))

    assert (booked.outcome, booked.sequence) == ("booked", 2)
    assert (receipt.conversation_id, receipt.sequence) == (conversation, 3)
    assert (await store.account(["desk"])).imbalances == []


async def test_an_answer_is_booked_once_under_its_key(store: Store) -> None:
    """The same answer handed over again is known, and another under the same key is a conflict."""
    conversation = await opened(store)
    first = await store.replies.book(answer(conversation))

    again = await store.replies.book(answer(conversation))
    other = await store.replies.book(answer(conversation, text="something else"))

    assert (again.outcome, again.id, again.sequence) == ("known", first.id, first.sequence)
    assert other.outcome == "conflict"
    assert len(await store.replies.said(conversation, 0)) == 1


async def test_an_answer_goes_to_the_requester_and_not_to_the_last_sender(store: Store) -> None:
    """A participant who wrote last does not become the one who is answered."""
    first = draft(1)
    first = msgspec.structs.replace(first, participants=(*first.participants, "email:friend@example.com"))
    [receipt] = await store.accept(batch(arrival(first)))
    await store.accept(batch(arrival(draft(2, sender="friend@example.com", answers=1))))

    await store.replies.book(answer(receipt.conversation_id or ""))
    [due] = await outgoing(store)

    assert [one.value for one in due.reply.requester.identities] == ["customer@example.com"]
    assert due.reply.answers.text == "message 1"


async def test_answers_of_a_conversation_are_sent_in_order(store: Store) -> None:
    """The second answer of a conversation is not to be sent before the first is settled; others are."""
    conversation, other = await opened(store, 1), await opened(store, 5)
    first = await store.replies.book(answer(conversation, "1"))
    await store.replies.book(answer(conversation, "2"))
    await store.replies.book(answer(other, "3"))

    assert {due.reply.text for due in await outgoing(store)} == {"answer 1", "answer 3"}
    await store.replies.settle(Outcome(id=first.id, status="sent", at=ASKED, reference="ref"))

    assert {due.reply.text for due in await outgoing(store)} == {"answer 2", "answer 3"}


async def test_an_answer_that_was_being_sent_is_found_after_a_crash(store: Store) -> None:
    """An answer whose sending began and was not settled is neither due nor forgotten."""
    booked = await store.replies.book(answer(await opened(store)))

    await store.replies.begin(booked.id)

    assert await outgoing(store) == []
    assert await store.replies.interrupted(["mail"]) == [(booked.id, "mail")]
    assert await store.replies.interrupted(["other"]) == []


async def test_a_postponed_answer_waits_for_its_time(store: Store) -> None:
    """An answer that could not be sent is due again at its time, and remembers that it was tried."""
    booked = await store.replies.book(answer(await opened(store)))
    await store.replies.begin(booked.id)

    later = Outcome(id=booked.id, status="due", at=ASKED, due_at=ASKED + timedelta(minutes=1))
    await store.replies.settle(later)

    assert await outgoing(store) == []
    [due] = await store.replies.outgoing("due", ["mail"], ASKED + timedelta(minutes=2))
    assert isinstance(due, Outgoing)
    assert due.tries == 1


async def test_whoever_quotes_an_answers_name_continues_the_conversation(store: Store) -> None:
    """A mail from another address whose References name our reply joins; one that guesses does not."""
    conversation = await opened(store)
    await store.replies.book(answer(conversation))
    [due] = await outgoing(store)
    friend = draft(2, sender="other@example.com")

    told = msgspec.structs.replace(friend, thread_keys=(f"{due.reply.token}@support.example.com",))
    guessed = msgspec.structs.replace(
        draft(3, sender="thief@example.com"), thread_keys=("fanin-00@support.example.com",)
    )
    [joined], [apart] = await store.accept(batch(arrival(told))), await store.accept(batch(arrival(guessed)))

    assert joined.conversation_id == conversation
    assert apart.conversation_id != conversation


async def test_the_files_of_an_answer_are_kept_with_it(store: Store) -> None:
    """A file that the agent sends along is served under the answer's attachment id."""
    file = content(b"a picture")
    named = ReplyFile(filename="screen.png", media_type="image/png", size=file.size, sha256=file.sha256)

    booked = await store.replies.book(answer(await opened(store), files=(named,), contents=(file,)))

    stored = await store.find_attachment(store.replies.attachment_id(booked.id, 0))
    assert stored
    assert (stored.filename, stored.sha256) == ("screen.png", file.sha256)


@pytest.mark.parametrize("status", ["sent", "failed", "uncertain"])
async def test_what_became_of_an_answer_can_be_seen(store: Store, status: str) -> None:
    """A settled answer shows how it ended, and why, beside what it said."""
    conversation = await opened(store)
    booked = await store.replies.book(answer(conversation))

    await store.replies.settle(Outcome(id=booked.id, status=status, at=ASKED, detail="because"))  # type: ignore[arg-type]

    [said] = await store.replies.said(conversation, 0)
    assert (said.status, said.detail, said.text) == (status, "because", "answer 1")


async def test_answers_expire_with_the_messages(store: Store) -> None:
    """After the time of messages nothing of a sent answer can be read any more."""
    conversation = await opened(store)
    booked = await store.replies.book(answer(conversation))
    await store.replies.settle(Outcome(id=booked.id, status="sent", at=ASKED))
    day = timedelta(days=1)

    await store.expire(
        Retention(messages=day, attachments=day, originals=day, dead_letters=day), ASKED + timedelta(days=400)
    )

    assert await store.replies.said(conversation, 0) == []
    assert (await store.account(["desk"])).imbalances == []


async def test_an_answer_to_an_expired_conversation_is_refused(store: Store) -> None:
    """Where nobody is known any more to answer to, the helpdesk is told so."""
    booked = await store.replies.book(answer("no-such-conversation"))

    assert booked.outcome == "expired"


async def test_a_damaged_answer_does_not_hold_up_the_others(store: Store) -> None:
    """What cannot be opened any more is to be settled as failed, and says why; the next customer is answered."""
    one, other = await opened(store), await opened(store, 2)
    damaged = await store.replies.book(answer(one))
    await store.replies.book(answer(other))
    with closing(sqlite3.connect(store.data_dir / "fanin.db")) as connection, connection:
        connection.execute("UPDATE reply SET body = zeroblob(80) WHERE id = ?", (damaged.id,))

    found = await store.replies.outgoing("due", ("mail",), ASKED)

    [unsendable] = [each for each in found if isinstance(each, Unsendable)]
    assert (unsendable.outcome.id, unsendable.outcome.status) == (damaged.id, "failed")
    assert "damaged" in (unsendable.outcome.detail or "")
    assert [each.reply.conversation for each in found if isinstance(each, Outgoing)] == [other]


async def test_a_damaged_answer_is_told_without_its_words(store: Store) -> None:
    """The helpdesk hears of what cannot be opened any more, and of every other answer as well."""
    ids = []
    for number in (1, 2):
        conversation = await opened(store, number)
        [due], _ = await store.pair(conversation, "desk")
        await store.settle(Settled(due=due, ref=TicketRef(f"T{number}"), at=WHEN))
        ids.append((await store.replies.book(answer(conversation))).id)
        await store.replies.settle(Outcome(id=ids[-1], status="failed", at=ASKED, detail="no such mailbox"))
    with closing(sqlite3.connect(store.data_dir / "fanin.db")) as connection, connection:
        connection.execute("UPDATE reply SET body = zeroblob(80) WHERE id = ?", (ids[0],))

    told = {one.id: one for one in await store.replies.untold("desk")}

    assert [(told[id_].reason, told[id_].text) for id_ in ids] == [
        ("no such mailbox", ""),
        ("no such mailbox", "answer 1"),
    ]
