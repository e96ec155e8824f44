"""Messages as they came, and who opened those that held a secret."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from sqlalchemy import Connection, bindparam, insert, select

from store.arrival import milliseconds, moment
from store.schema import message, opening, original


class StoredOriginal(Struct, frozen=True):
    """A message as it came: sealed in its row, or a blob of that name."""

    sha256: str
    content: bytes | None
    secret: bool


class Opening(Struct, frozen=True):
    """That somebody looked at the original of a message."""

    event: str
    by: str
    at: datetime


def find_original(connection: Connection, owner: str) -> StoredOriginal | None:
    """The original of an event or of a dead letter, or None if there is none (any more)."""
    row = connection.execute(_OF_OWNER, {"owner": owner}).one_or_none()
    return None if row is None else StoredOriginal(row.sha256, row.content, bool(row.secret))


def record_openings(connection: Connection, openings: Sequence[Opening]) -> list[None]:
    """Remember who looked at which original."""
    rows = [{"event": one.event, "opened_by": one.by, "opened_at": milliseconds(one.at)} for one in openings]
    connection.execute(insert(opening), rows)
    return [None] * len(openings)


def list_openings(connection: Connection) -> list[Opening]:
    """Who looked at which original, first things first."""
    rows = connection.execute(select(opening).order_by(opening.c.position))
    return [Opening(row.event, row.opened_by, moment(row.opened_at)) for row in rows]


_OF_OWNER = (
    select(original)
    .join(message, message.c.position == original.c.message)
    .where(message.c.event == bindparam("owner"))
)
