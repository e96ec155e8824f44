"""Deliveries to helpdesks that take events from a queue of their own and acknowledge them later.

A row of the ledger that was handed over stays `due`, with the time of it, until it is acknowledged; what
follows in its conversation waits meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import orjson
from msgspec import Struct
from sqlalchemy import Connection, bindparam, select, text

from store.arrival import milliseconds
from store.bulk import run
from store.ledger import Due, find_due
from store.reader import Reader
from store.schema import delivery
from store.writer import Writer


class Handed(Struct, frozen=True):
    """A delivery that was handed over, and when."""

    due: Due
    at: datetime


class Acknowledged(Struct, frozen=True):
    """Events that a helpdesk has acknowledged."""

    helpdesk: str
    events: tuple[str, ...]
    at: datetime


def hand_over(connection: Connection, handed: Sequence[Handed]) -> list[None]:
    """Record what was handed over.  One that is acknowledged already stays settled."""
    rows = [[one.due.event_id, one.due.helpdesk, milliseconds(one.at)] for one in handed]
    run(connection, _HAND_OVER, [orjson.dumps(rows).decode()])
    return [None] * len(handed)


def acknowledge(connection: Connection, acknowledged: Sequence[Acknowledged]) -> list[None]:
    """Settle what was acknowledged, and publish what follows it in its conversation."""
    rows = [[event, one.helpdesk, milliseconds(one.at)] for one in acknowledged for event in one.events]
    told = orjson.dumps(rows).decode()
    run(connection, _ACKNOWLEDGE, [told])
    run(connection, _PUBLISH_NEXT, [told])
    return [None] * len(acknowledged)


def hand_back(connection: Connection, lost: Sequence[tuple[str, Sequence[str]]]) -> list[None]:
    """Make due again, with a job, what a queue has lost before it was acknowledged."""
    told = orjson.dumps([[event, helpdesk] for helpdesk, events in lost for event in events]).decode()
    run(connection, _HAND_BACK, [told])
    run(connection, _PUBLISH_THESE, [told])
    return [None] * len(lost)


def list_handed(connection: Connection, helpdesk: str, after: str, limit: int) -> list[str]:
    """The events that wait to be acknowledged by a helpdesk, in the order of their ids."""
    return list(connection.execute(_LIST, {"helpdesk": helpdesk, "after": after, "most": limit}).scalars())


class HandedBook:
    """The part of an open store that keeps what was handed over."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer, self._reader = writer, reader

    async def hand_over(self, due: Due, at: datetime) -> None:
        """Record that the queue of a helpdesk has an event, which is not acknowledged yet."""
        await self._writer.do(hand_over, Handed(due, at))

    async def acknowledge(self, helpdesk: str, events: Sequence[str], at: datetime) -> None:
        """Record events that a helpdesk has acknowledged; what follows them is due."""
        await self._writer.do(acknowledge, Acknowledged(helpdesk, tuple(events), at))

    async def hand_back(self, helpdesk: str, events: Sequence[str]) -> None:
        """Record that the queue of a helpdesk has lost events: they are due."""
        await self._writer.do(hand_back, (helpdesk, events))

    async def list(self, helpdesk: str, after: str, limit: int) -> list[str]:
        """The events that the queue of a helpdesk holds, in the order of their ids, after one of them."""
        return await self._reader.do(list_handed, helpdesk, after, limit)

    async def find(self, event_id: str, helpdesk: str) -> Due | None:
        """A delivery that was handed over and is not settled, or None."""
        due = await self._reader.do(find_due, event_id, helpdesk)
        return due if due is not None and due.handed_at is not None else None


_ROWS = """(
    SELECT json_extract(value, '$[0]') AS event, json_extract(value, '$[1]') AS helpdesk,
           json_extract(value, '$[2]') AS at
    FROM json_each(?)
) AS these"""
_THESE = "delivery.event = these.event AND delivery.helpdesk = these.helpdesk"
_HAND_OVER = f"""
    UPDATE delivery SET handed_at = these.at, due_at = NULL FROM {_ROWS} WHERE {_THESE} AND status = 'due'
"""  # noqa: S608  made of constants
_ACKNOWLEDGE = f"""
    UPDATE delivery SET status = 'delivered', settled_at = these.at, handed_at = NULL, due_at = NULL
    FROM {_ROWS} WHERE {_THESE} AND status = 'due'
"""  # noqa: S608  made of constants
_HAND_BACK = f"""
    UPDATE delivery SET handed_at = NULL FROM {_ROWS} WHERE {_THESE} AND status = 'due' AND handed_at IS NOT NULL
"""  # noqa: S608  made of constants
_ADD_JOBS = """
    INSERT OR REPLACE INTO outbox (event, helpdesk, conversation, sequence, lane)
    SELECT next.event, next.helpdesk, next.conversation, next.sequence, next.lane
"""
_PUBLISH_NEXT = f"""
    {_ADD_JOBS}
    FROM {_ROWS} CROSS JOIN delivery ON {_THESE}
    CROSS JOIN delivery AS next ON next.status = 'due' AND next.conversation = delivery.conversation
        AND next.helpdesk = delivery.helpdesk AND next.sequence = (
            SELECT min(sequence) FROM delivery AS later WHERE later.status = 'due'
            AND later.conversation = delivery.conversation AND later.helpdesk = delivery.helpdesk)
    WHERE next.handed_at IS NULL
"""  # noqa: S608  made of constants
_PUBLISH_THESE = f"""
    {_ADD_JOBS}
    FROM {_ROWS} CROSS JOIN delivery AS next ON next.event = these.event AND next.helpdesk = these.helpdesk
    WHERE next.status = 'due' AND next.handed_at IS NULL
"""
_IS_HANDED = text("status = 'due' AND handed_at IS NOT NULL")
_LIST = (
    select(delivery.c.event)
    .where(_IS_HANDED, delivery.c.helpdesk == bindparam("helpdesk"), delivery.c.event > bindparam("after"))
    .order_by(delivery.c.event)
    .limit(bindparam("most"))
)
