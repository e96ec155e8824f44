"""The account of everything: how many messages ended how, and whether the books balance."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from msgspec import Struct
from sqlalchemy import Connection, and_, exists, func, select, text

from store.schema import conversation, dead_letter, delivery, message, reply

LOOKED_UP = 1000
"""Source ids that one statement names, well below what any SQLite allows."""


class Line(Struct, frozen=True):
    """A count: of what (`messages`, `deliveries` or `replies`), where (connector or helpdesk), in which state."""

    what: str
    where: str
    state: str
    count: int


class Account(Struct, frozen=True):
    """All counts, and in words what does not balance (empty when everything does)."""

    lines: list[Line]
    imbalances: list[str]


def take_account(connection: Connection, helpdesks: list[str]) -> Account:
    """Count every message by connector and state, and every delivery by helpdesk and state."""
    lines = _messages(connection) + _deliveries(connection) + _replies(connection)
    return Account(lines, _imbalances(connection, helpdesks))


def unknown_sources(connection: Connection, connector: str, source_ids: Sequence[str]) -> list[str]:
    """Those of a connector's source ids that are not accounted for, or to be read again, in their order."""
    known: set[str] = set()
    rest = iter(source_ids)
    while some := list(islice(rest, LOOKED_UP)):
        query = select(message.c.source_id).where(
            message.c.connector == connector, message.c.source_id.in_(some), message.c.status != "retried"
        )
        known.update(connection.execute(query).scalars())
    return [one for one in source_ids if one not in known]


def _messages(connection: Connection) -> list[Line]:
    state = func.iif(
        message.c.status.in_(["ignored", "dead"]), message.c.status + ": " + message.c.detail, message.c.status
    )
    query = (
        select(message.c.connector, state, func.count())
        .group_by(message.c.connector, state)
        .order_by(text("1"), text("2"))
    )
    return [Line("messages", *row) for row in connection.execute(query)]


def _deliveries(connection: Connection) -> list[Line]:
    query = select(delivery.c.helpdesk, delivery.c.status, func.count()).group_by(
        delivery.c.helpdesk, delivery.c.status
    )
    return [Line("deliveries", *row) for row in connection.execute(query.order_by(text("1"), text("2")))]


def _replies(connection: Connection) -> list[Line]:
    query = select(reply.c.connector, reply.c.status, func.count()).group_by(reply.c.connector, reply.c.status)
    return [Line("replies", *row) for row in connection.execute(query.order_by(text("1"), text("2")))]


def _imbalances(connection: Connection, helpdesks: list[str]) -> list[str]:
    found = []
    unrouted = select(func.count()).where(
        message.c.status == "accepted", ~exists().where(delivery.c.event == message.c.event)
    )
    if count := connection.execute(unrouted).scalar_one():
        found.append(f"{count} accepted messages have no delivery to any helpdesk")
    orphans = (
        select(delivery.c.helpdesk, func.count())
        .where(delivery.c.status == "due", delivery.c.helpdesk.not_in(helpdesks))
        .group_by(delivery.c.helpdesk)
    )
    for name, count in connection.execute(orphans):
        found.append(f"{count} deliveries wait for helpdesk {name}, which is no longer configured: configure it again")
    unexplained = select(func.count()).where(
        delivery.c.status == "dead",
        ~exists().where(and_(dead_letter.c.event == delivery.c.event, dead_letter.c.helpdesk == delivery.c.helpdesk)),
    )
    if count := connection.execute(unexplained).scalar_one():
        found.append(f"{count} dead deliveries have no dead letter that says why")
    gaps = (
        select(func.count())
        .select_from(conversation)
        .where(
            conversation.c.last_sequence
            != select(func.count()).where(message.c.conversation == conversation.c.id).scalar_subquery()
            + select(func.count()).where(reply.c.conversation == conversation.c.id).scalar_subquery()
        )
    )
    if count := connection.execute(gaps).scalar_one():
        found.append(f"{count} conversations lack a message or a reply of their sequence")
    return found
