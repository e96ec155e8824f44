"""One damaged row of a conversation leaves the others to be seen."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from aiohttp.test_utils import TestClient, TestServer

from connectors.base import Entry
from fanin.door import Door
from fanin.http import Surface
from fanin.state import ConnectorState
from store.replies import Outgoing, Written
from store.store import Store
from tests.support.drafts import WHEN, arrival, batch, draft


@pytest.fixture
async def number(store: Store) -> str:
    """A conversation of two messages and two answers, of which the newest message and the first answer are damaged."""
    first, second = await store.accept(batch(arrival(draft(1)), arrival(draft(2, answers=1))))
    home = first.conversation_id or ""
    answers = [
        await store.replies.book(Written(helpdesk="desk", key=text, conversation=home, text=text, at=WHEN))
        for text in ("yes", "no")
    ]
    with closing(sqlite3.connect(store.data_dir / "fanin.db")) as connection, connection:
        connection.execute("UPDATE message SET body = zeroblob(80) WHERE event = ?", (second.message_id,))
        connection.execute("UPDATE reply SET body = zeroblob(80) WHERE id = ?", (answers[0].id,))
    return first.tracking_number or ""


async def test_a_transcript_shows_where_something_cannot_be_read(store: Store, number: str) -> None:
    """Each damaged message and answer stands in its place as unreadable, and the others say what they say."""
    application = Surface(store, list).private(None, Door(store, {}, None, lambda: None))

    async with TestClient(TestServer(application)) as client:
        answer = await client.get(f"/v1/tickets/{number}/transcript")
        said = (await answer.json())["messages"]

    assert [(one["sequence"], one["author"], one["text"]) for one in said] == [
        (1, "customer", "message 1"),
        (2, "customer", ""),
        (3, "agent", ""),
        (4, "agent", "no"),
    ]
    assert ["damaged" in one.get("unreadable", "") for one in said] == [False, True, True, False]


async def test_a_customer_sees_what_can_be_read(store: Store, number: str) -> None:
    """The history of a conversation leaves the damaged out, and in parts, however small, it comes to its end."""
    home = await store.find_conversation(number) or ""
    state = ConnectorState(store, "mail")

    for limit in (1, 2, 10):
        history: list[Entry] = []
        while part := await state.history(home, history[-1].sequence if history else 0, limit):
            assert len(part) <= limit
            history += part
        assert [(one.sequence, one.text) for one in history] == [(1, "message 1"), (4, "no")]


async def test_a_customer_whose_message_is_damaged_is_answered(store: Store, number: str) -> None:
    """An answer goes to the newest message that can be read."""
    with closing(sqlite3.connect(store.data_dir / "fanin.db")) as connection, connection:
        connection.execute("UPDATE reply SET status = 'sent' WHERE sequence = 3")

    [found] = await store.replies.outgoing("due", ["mail"], WHEN)

    assert isinstance(found, Outgoing)
    assert (found.reply.text, found.reply.answers.text) == ("no", "message 1")
    assert await store.find_conversation(number) == found.reply.conversation
