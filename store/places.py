"""Where something that a connector handed over, or a helpdesk has, has its place."""

from __future__ import annotations

from datetime import datetime

import orjson
from sqlalchemy import Connection, select

from store.arrival import moment
from store.schema import conversation, conversation_key, message, ticket


def find_place(connection: Connection, connector: str, thread_key: bytes) -> tuple[str, str, int] | None:
    """Conversation, tracking number and last sequence of the newest that a connector opened under a thread key."""
    of_key = select(conversation_key.c.conversation).where(conversation_key.c.thread_key == thread_key)
    columns = (conversation.c.id, conversation.c.tracking_number, conversation.c.last_sequence)
    wanted = select(*columns).where(conversation.c.id.in_(of_key), conversation.c.connector == connector)
    row = connection.execute(wanted.order_by(conversation.c.opened_at.desc()).limit(1)).one_or_none()
    return None if row is None else (row.id, row.tracking_number, row.last_sequence)


def find_accepted(connection: Connection, connector: str, source_id: str) -> tuple[str, datetime] | None:
    """The event of an accepted message and when that arrived, or None if no such message was accepted."""
    wanted = select(message.c.event, message.c.received_at).where(
        message.c.connector == connector, message.c.source_id == source_id, message.c.status == "accepted"
    )
    row = connection.execute(wanted).one_or_none()
    return None if row is None else (row.event, moment(row.received_at))


def find_conversation(connection: Connection, number: str) -> str | None:
    """The conversation that has the tracking number, or None."""
    return connection.execute(select(conversation.c.id).where(conversation.c.tracking_number == number)).scalar()


def helpdesks_of(connection: Connection, conversation_id: str) -> list[str]:
    """The helpdesks that a conversation is with, the first of its route first."""
    stored = connection.execute(select(conversation.c.helpdesks).where(conversation.c.id == conversation_id)).scalar()
    return list(orjson.loads(stored)) if stored else []


def conversation_of(connection: Connection, helpdesk: str, reference: str) -> str | None:
    """The conversation whose ticket at a helpdesk has the reference, or None."""
    wanted = select(ticket.c.conversation).where(ticket.c.helpdesk == helpdesk, ticket.c.reference == reference)
    return connection.execute(wanted.order_by(ticket.c.conversation).limit(1)).scalar()
