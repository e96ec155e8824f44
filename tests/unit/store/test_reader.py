"""Reading: whatever the database raises is named by what helps."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, text

from model.errors import Transient
from store.store import Store


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
