"""Reading: whatever the database raises is named by what helps."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, text

from model.errors import Transient
from store.database import READERS
from store.replies import Written
from store.store import Store
from tests.support.drafts import WHEN, arrival, batch, draft


def _through_sqlalchemy(connection: Connection, asked: Any) -> Any:
    return connection.execute(text("SELECT nothing FROM nowhere"), {"asked": asked})


def _past_it(connection: Connection, asked: Any) -> Any:
    return connection.connection.cursor().execute("SELECT nothing FROM nowhere", asked)


def _busy(_connection: Connection, _asked: Any) -> Any:
    raise sqlite3.OperationalError("database is locked")


@pytest.mark.parametrize("query", [_through_sqlalchemy, _past_it, _busy])
async def test_a_database_that_cannot_be_read_is_a_transient_trouble(store: Store, query: Callable[..., Any]) -> None:
    """A query fails as Transient, alone or with others, whether it goes through SQLAlchemy or past it."""
    with pytest.raises(Transient, match="the store cannot be read"):
        await store._reader.do(query, ())
    with pytest.raises(Transient, match="the store cannot be read"):
        await store._reader.together(query).ask(())


async def test_a_question_that_cannot_be_asked_fails_alone(store: Store) -> None:
    """A source id that is no text fails for who asked for it; those who asked with it have their answers."""
    await store.accept(batch(arrival(draft(1))))

    asked = [store.known("mail", [one]) for one in ("1", "\ud800", "2")]
    one, wrong, other = await asyncio.gather(*asked, return_exceptions=True)

    assert isinstance(one, dict)
    assert list(one) == ["1"]
    assert isinstance(wrong, UnicodeError)
    assert other == {}


async def test_a_reader_that_failed_holds_nothing_back(store: Store) -> None:
    """A row that breaks its reader half-way does not keep the write-ahead log, while the error is held."""
    [receipt] = await store.accept(batch(arrival(draft(1))))
    conversation = receipt.conversation_id or ""
    for key in ("1", "2", "3"):
        written = Written(helpdesk="desk", key=key, conversation=conversation, text="yes", at=WHEN)
        await store.replies.book(written)
    with store._engine.connect() as connection:
        connection.exec_driver_sql("UPDATE reply SET body = 1")

    asked = (store.replies.said(conversation, 0), store.replies.outgoing("due", ["mail"], WHEN))
    held = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(error) for error in held] == [TypeError, TypeError]
    await store.accept(batch(arrival(draft(2))))
    await store.scrub()

    assert (store.data_dir / "fanin.db-wal").stat().st_size == 0


async def test_a_reader_holds_nothing_back_between_questions(store: Store) -> None:
    """Readers keep their connections, yet the write-ahead log can be emptied, and each sees what came last."""
    for number in range(1, 2 * READERS):
        [receipt] = await store.accept(batch(arrival(draft(number, answers=number - 1))))
        conversation = receipt.conversation_id or ""
        written = Written(helpdesk="desk", key=str(number), conversation=conversation, text="yes", at=WHEN)
        await store.replies.book(written)
        asked = [
            store.events(conversation, 0),
            store.replies.outgoing("due", ["mail"], WHEN),
            store.pair(conversation, "desk"),
        ]
        [events, *_] = await asyncio.gather(*asked)
        assert len(events) == number

    await store.scrub()

    assert (store.data_dir / "fanin.db-wal").stat().st_size == 0
