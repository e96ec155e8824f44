"""Writing: whatever the database says reaches who asked, in words that callers know."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from sqlalchemy import Connection

from model.errors import Transient
from store.bulk import run
from store.store import Store


def _write_nowhere(connection: Connection, asked: Sequence[str]) -> list[None]:
    run(connection, "INSERT INTO nowhere VALUES (?)", asked)
    return [None for _ in asked]


async def test_trouble_of_the_driver_is_a_transient_one(store: Store) -> None:
    """What goes past SQLAlchemy and fails in the database is told as what may pass, and the next call is written."""
    with pytest.raises(Transient, match="nowhere"):
        await store._writer.do(_write_nowhere, "anything")

    await store.ready()
