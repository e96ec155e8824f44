"""Answers that did not reach the customer, or perhaps did not: those of which a helpdesk must still be told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Row, bindparam, literal_column, select, tuple_, update

from model.errors import Permanent
from store.arrival import milliseconds, moment
from store.crypto import Vault
from store.replies import text_of
from store.schema import reply, ticket

Ended = Literal["failed", "uncertain"]


class Untold(Struct, frozen=True, kw_only=True):
    """An answer that ended without having reached the customer for certain."""

    id: str
    ticket: str
    """The helpdesk's own name for the conversation."""
    status: Ended
    reason: str
    text: str
    """What was answered; empty where it has expired or cannot be opened."""
    at: datetime
    """When it was written."""
    settled_at: datetime
    """When it ended."""


def untold(connection: Connection, vault: Vault, helpdesk: str, after: Untold | None, limit: int) -> list[Untold]:
    """The answers of a helpdesk that it must be told of, in the order in which they ended, behind a given one."""
    start = {"_settled_at": milliseconds(after.settled_at), "_id": after.id} if after else _START
    return [
        Untold(
            id=row.id,
            ticket=row.ticket,
            status=msgspec.convert(row.status, Ended),
            reason=row.detail or "no reason is known",
            text=_text(vault, row),
            at=moment(row.created_at),
            settled_at=moment(row.settled_at),
        )
        for row in connection.execute(_UNTOLD, {"_helpdesk": helpdesk, "_limit": limit, **start}).all()
    ]


def _text(vault: Vault, row: Row[Any]) -> str:
    """What was answered; of one that has expired or is damaged it is told without its words."""
    try:
        return text_of(vault, row)
    except Permanent:
        return ""


def tell(connection: Connection, told: Sequence[tuple[str, datetime]]) -> list[None]:
    """Note of which answers the helpdesk was told, and when."""
    connection.execute(_TOLD, [{"_id": id_, "_at": milliseconds(at)} for id_, at in told])
    return [None] * len(told)


_START = {"_settled_at": 0, "_id": ""}
_UNTOLD = (
    select(reply, ticket.c.reference.label("ticket"))
    .join(ticket, (ticket.c.conversation == reply.c.conversation) & (ticket.c.helpdesk == reply.c.helpdesk))
    .where(
        literal_column("reply.status IN ('failed', 'uncertain')"),  # written out, so that the partial index serves
        reply.c.told_at.is_(None),
        reply.c.helpdesk == bindparam("_helpdesk"),
        tuple_(reply.c.settled_at, reply.c.id) > tuple_(bindparam("_settled_at"), bindparam("_id")),
    )
    .order_by(reply.c.settled_at, reply.c.id)
    .limit(bindparam("_limit"))
)
_TOLD = update(reply).where(reply.c.id == bindparam("_id")).values(told_at=bindparam("_at"))
