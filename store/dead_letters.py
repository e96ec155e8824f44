"""Dead letters: what was given up, why, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Row, and_, bindparam, delete, select, update

from store.arrival import moment
from store.ledger import THIS, publish_again
from store.schema import dead_letter, delivery, message


class DeadLetter(Struct, frozen=True, kw_only=True):
    """A message that could not be read (stage `normalize`) or not be delivered (stage `deliver`)."""

    id: str
    stage: str
    reason: str
    connector: str
    source_id: str
    event: str | None
    helpdesk: str | None
    buried_at: datetime


def list_letters(connection: Connection, limit: int) -> list[DeadLetter]:
    """The newest dead letters, newest first."""
    query = select(dead_letter).order_by(dead_letter.c.buried_at.desc(), dead_letter.c.id).limit(limit)
    return [_letter(row) for row in connection.execute(query)]


def find_letter(connection: Connection, id_: str) -> DeadLetter | None:
    """The dead letter whose id begins so, if it is the only one."""
    rows = connection.execute(
        select(dead_letter).where(dead_letter.c.id.startswith(id_, autoescape=True)).limit(2)
    ).all()
    return _letter(rows[0]) if len(rows) == 1 else None


def retry_letters(connection: Connection, letters: Sequence[DeadLetter]) -> list[None]:
    """Make given-up messages wanted again.

    A delivery is due again with all its tries; a message that could not be read is accepted when its connector
    hands it over anew (`fanin backfill`), and kept as it came until then.
    """
    for letter in letters:
        if letter.stage == "deliver":
            _make_due(connection, letter)
        else:
            connection.execute(_MARK_RETRIED, {"_letter": letter.id})
        connection.execute(_DROP, {"letter": letter.id})
    return [None] * len(letters)


def drop_letters(connection: Connection, letters: Sequence[DeadLetter]) -> list[None]:
    """Give messages up for good; that they existed stays on the account."""
    connection.execute(_MARK_DROPPED, [{"_event": one.event, "_helpdesk": one.helpdesk} for one in letters])
    connection.execute(_DROP, [{"letter": one.id} for one in letters])
    return [None] * len(letters)


def _make_due(connection: Connection, letter: DeadLetter) -> None:
    connection.execute(_MAKE_DUE, {"_event": letter.event, "_helpdesk": letter.helpdesk})
    publish_again(connection, and_(delivery.c.event == letter.event, delivery.c.helpdesk == letter.helpdesk))


def _letter(row: Row[Any]) -> DeadLetter:
    return DeadLetter(
        id=row.id,
        stage=row.stage,
        reason=row.reason,
        connector=row.connector,
        source_id=row.source_id,
        event=row.event,
        helpdesk=row.helpdesk,
        buried_at=moment(row.buried_at),
    )


# Two may hold the same letter: what the first did is not undone by the second.
_IS_DEAD = and_(THIS, delivery.c.status == "dead")
_MAKE_DUE = (
    update(delivery)
    .where(_IS_DEAD)
    .values(status="due", tries=0, failed_at=None, due_at=None, settled_at=None, handed_at=None)
)
_MARK_DROPPED = update(delivery).where(_IS_DEAD).values(status="dropped")
_MARK_RETRIED = (
    update(message).where(message.c.event == bindparam("_letter"), message.c.status == "dead").values(status="retried")
)
_DROP = delete(dead_letter).where(dead_letter.c.id == bindparam("letter"))
