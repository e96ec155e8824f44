"""The ledger: what is still to be delivered to whom, and what became of it.

A row for every accepted event and each of its helpdesks: `due` until it is `delivered` or `dead`.  A job
in the outbox or in a queue is only a trigger; whether there is anything to do is decided here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
import orjson
import structlog
from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    bindparam,
    exists,
    func,
    insert,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.sqlite import insert as insert_unless_known

from model.errors import Permanent
from model.event import Event, Job, TicketRef
from model.json import Json
from model.ticket import Lane
from store.arrival import milliseconds, moment
from store.bulk import run
from store.crypto import Vault
from store.schema import dead_letter, delivery, message, outbox

log = structlog.get_logger()

PAGE = 50
"""How many deliveries of a conversation are looked at together."""


class Due(Struct, frozen=True, kw_only=True):
    """A delivery that is not settled: the event, how the helpdesk is to treat it, and how it went so far."""

    event_id: str
    helpdesk: str
    conversation: str
    sequence: int
    lane: Lane
    options: dict[str, Json]
    tries: int
    failed_at: datetime | None
    due_at: datetime | None
    handed_at: datetime | None = None
    """When it was handed over to a queue of the helpdesk's, which has not acknowledged it yet."""
    connector: str
    source_id: str
    body: bytes | None
    """The event, encrypted; None when it has expired."""


class Unreadable(Struct, frozen=True):
    """A message or an answer that is stored but cannot be opened or understood, and why."""

    id: str
    sequence: int
    at: datetime
    reason: str


class Backlog(Struct, frozen=True):
    """What waits for a helpdesk in a lane."""

    helpdesk: str
    lane: Lane
    count: int
    oldest: datetime


class Settled(Struct, frozen=True, kw_only=True):
    """A delivery that succeeded, and the ticket in which it now is."""

    due: Due
    ref: TicketRef
    at: datetime


class Failed(Struct, frozen=True, kw_only=True):
    """A delivery that is to be tried again; `counts` says whether this was a try of the event's own."""

    due: Due
    at: datetime
    due_at: datetime
    counts: bool = True


class Buried(Struct, frozen=True, kw_only=True):
    """A delivery that is given up, and why."""

    id: str
    """The dead letter's."""
    due: Due
    reason: str
    at: datetime


def pairs(connection: Connection, wanted: Sequence[tuple[str, str, bool]]) -> list[tuple[list[Due], TicketRef | None]]:
    """For each (conversation, helpdesk, urgent only) its next unsettled deliveries, in order, and their ticket."""
    found = []
    for conversation, helpdesk, urgent_only in wanted:
        rows = run(connection, _URGENT_SQL if urgent_only else _PAIR_SQL, (conversation, helpdesk)).fetchall()
        reference = rows[0][-1] if rows else None
        found.append(([_due(row) for row in rows], None if reference is None else TicketRef(reference)))
    return found


def find_due(connection: Connection, event_id: str, helpdesk: str) -> Due | None:
    """An unsettled delivery, or None."""
    row = run(connection, _ONE, (event_id, helpdesk)).fetchone()
    return None if row is None else _due(row)


def open_event(vault: Vault, due: Due) -> Event:
    """The event of a delivery, decrypted.  Raises Permanent if it cannot be opened or has expired."""
    if due.body is None:
        raise Permanent("the message has expired (retention.messages) before it could be delivered")
    return open_body(vault, due.event_id, due.body)


def open_body(vault: Vault, event_id: str, body: bytes) -> Event:
    """An event as it was stored.  Raises Permanent if it cannot be opened or understood."""
    try:
        return _DECODE(vault.open(body, event_id.encode()))
    except msgspec.MsgspecError as error:
        raise Permanent(f"the stored event cannot be understood by this version: {error}") from None


def messages(
    connection: Connection,
    vault: Vault,
    conversation: str,
    after: int = 0,
    limit: int | None = None,
    *,
    newest_first: bool = True,
) -> Iterator[Event | Unreadable]:
    """Yield what the customers said after a sequence number and has not expired; of many no more than `limit`."""
    query = select(message.c.event, message.c.sequence, message.c.received_at, message.c.body).where(
        message.c.conversation == conversation,
        message.c.sequence > after,
        message.c.body.is_not(None),
        message.c.status == "accepted",
    )
    order = message.c.sequence.desc() if newest_first else message.c.sequence
    for row in connection.execute(query.order_by(order).limit(limit)).all():
        try:
            yield open_body(vault, row.event, row.body)
        except Permanent as error:
            log.warning("message.damaged", event_id=row.event, reason=str(error))
            yield Unreadable(row.event, row.sequence, moment(row.received_at), str(error))


def events(
    connection: Connection, vault: Vault, conversation: str, after: int, limit: int | None = None
) -> list[Event | Unreadable]:
    """What the customers said after a sequence number and has not expired, in order; the first of it."""
    return list(messages(connection, vault, conversation, after, limit, newest_first=False))


def settle(connection: Connection, settled: Sequence[Settled]) -> list[None]:
    """Record deliveries that succeeded; the first of a conversation names its ticket.

    One statement for all of them: the database works through it without asking Python for each row.
    """
    tickets = [[one.due.conversation, one.due.helpdesk, one.ref.value] for one in settled]
    run(connection, _NAME_TICKETS, [orjson.dumps(tickets).decode()])
    rows = [[one.due.event_id, one.due.helpdesk, milliseconds(one.at)] for one in settled]
    run(connection, _SETTLE, [orjson.dumps(rows).decode()])
    return [None] * len(settled)


def postpone(connection: Connection, failed: Sequence[Failed]) -> list[None]:
    """Record deliveries that are to be tried again, and when."""
    rows = [
        {
            **_key(one.due),
            "tried": one.due.tries + one.counts,
            "first_failed_at": milliseconds(one.due.failed_at or one.at),
            "again_at": milliseconds(one.due_at),
        }
        for one in failed
    ]
    connection.execute(_POSTPONE, rows)
    return [None] * len(failed)


def bury(connection: Connection, buried: Sequence[Buried]) -> list[None]:
    """Give deliveries up: the conversation goes on without them until a person retries them."""
    connection.execute(_BURY, [{**_key(one.due), "at": milliseconds(one.at)} for one in buried])
    letters = [
        {
            "id": one.id,
            "stage": "deliver",
            "reason": one.reason,
            "connector": one.due.connector,
            "source_id": one.due.source_id,
            "event": one.due.event_id,
            "helpdesk": one.due.helpdesk,
            "buried_at": milliseconds(one.at),
        }
        for one in buried
    ]
    connection.execute(_ADD_LETTER, letters)
    return [None] * len(buried)


def unpublished(connection: Connection, wanted: Sequence[tuple[str, Lane, int]]) -> list[list[tuple[int, Job]]]:
    """For each (helpdesk, lane, limit) its oldest jobs that are not published, each with its place in the outbox."""
    return [
        [
            (
                position,
                Job(event=event, helpdesk=helpdesk, conversation=conversation, sequence=sequence, lane=lane),
            )
            for position, event, conversation, sequence in run(
                connection, _UNPUBLISHED, (helpdesk, lane, limit)
            ).fetchall()
        ]
        for helpdesk, lane, limit in wanted
    ]


def published(connection: Connection, positions: Sequence[Sequence[int]]) -> list[None]:
    """Take jobs that are published from the outbox."""
    places = [place for some in positions for place in some]
    run(connection, _PUBLISHED, [orjson.dumps(places).decode()])
    return [None] * len(positions)


def unsettled(connection: Connection, helpdesk: str, after: Job | None, limit: int) -> list[Job]:
    """Jobs of what is due now at a helpdesk and not in the outbox, in the order of their conversations' ids."""
    start = {"conversation": after.conversation, "sequence": after.sequence} if after else _START
    rows = connection.execute(_UNSETTLED, {**start, "helpdesk": helpdesk, "most": limit})
    return [_job(row) for row in rows]


def republish_due(connection: Connection, times: Sequence[datetime]) -> list[int]:
    """Put a job into the outbox for every postponed delivery whose time has come; returns how many."""
    now = milliseconds(max(times))
    due = and_(delivery.c.status == "due", delivery.c.due_at <= now)
    count = publish_again(connection, due)
    connection.execute(update(delivery).where(due).values(due_at=None))
    return [count] * len(times)


def any_due(connection: Connection, now: datetime) -> bool:
    """Whether the time of any postponed delivery has come; spares the writer an empty transaction."""
    query = select(exists().where(_IS_DUE, delivery.c.due_at <= milliseconds(now)))
    return bool(connection.execute(query).scalar())


def backlog(connection: Connection) -> list[Backlog]:
    """How much waits for each helpdesk in each lane, and since when the oldest of it."""
    query = (
        select(delivery.c.helpdesk, delivery.c.lane, func.count(), func.min(message.c.accepted_at))
        .join(message, message.c.event == delivery.c.event)
        .where(_IS_DUE)
        .group_by(delivery.c.helpdesk, delivery.c.lane)
    )
    return [
        Backlog(helpdesk, lane, count, moment(oldest)) for helpdesk, lane, count, oldest in connection.execute(query)
    ]


def republish_all(connection: Connection, helpdesks: Sequence[str]) -> list[int]:
    """Put a job into the outbox for every unsettled delivery to the helpdesks.

    For a queue that forgets (a restart, a wiped Redis) and for a helpdesk that is back: nothing that
    was waiting is lost, and a job too many finds nothing to do.
    """
    return [
        publish_again(
            connection,
            and_(delivery.c.status == "due", delivery.c.handed_at.is_(None), delivery.c.helpdesk == one),
        )
        for one in helpdesks
    ]


def publish_again(connection: Connection, condition: ColumnElement[bool]) -> int:
    """Put a job into the outbox for each delivery of which the condition holds, oldest first; returns how many."""
    names = ["event", "helpdesk", "conversation", "sequence", "lane"]
    rows = (
        select(*(delivery.c[name] for name in names))
        .join(message, message.c.event == delivery.c.event)
        .where(condition)
        .order_by(message.c.position)
    )
    return connection.execute(_PUBLISH.from_select(names, rows)).rowcount


def _job(row: Row[Any]) -> Job:
    return Job(
        event=row.event,
        helpdesk=row.helpdesk,
        conversation=row.conversation,
        sequence=row.sequence,
        lane=row.lane,
    )


def _due(row: Sequence[Any]) -> Due:
    event, helpdesk, conversation, sequence, lane, options, tries, *times, connector, source_id, body, _ = row
    failed_at, due_at, handed_at = (None if time is None else moment(time) for time in times)
    return Due(
        event_id=event,
        helpdesk=helpdesk,
        conversation=conversation,
        sequence=sequence,
        lane=lane,
        options=orjson.loads(options),
        tries=tries,
        failed_at=failed_at,
        due_at=due_at,
        handed_at=handed_at,
        connector=connector,
        source_id=source_id,
        body=body,
    )


def _key(due: Due) -> dict[str, str]:
    return {"_event": due.event_id, "_helpdesk": due.helpdesk}


_DECODE = msgspec.json.Decoder(Event).decode
THIS = and_(delivery.c.event == bindparam("_event"), delivery.c.helpdesk == bindparam("_helpdesk"))
_IS_DUE = delivery.c.status == literal("due", literal_execute=True)  # written out, so that the partial index serves
_DUE = """
    SELECT delivery.event, delivery.helpdesk, delivery.conversation, delivery.sequence, lane, options, tries,
           failed_at, due_at, handed_at, message.connector, source_id, body, reference
    FROM delivery JOIN message ON message.event = delivery.event
    LEFT JOIN ticket ON ticket.conversation = delivery.conversation AND ticket.helpdesk = delivery.helpdesk
    WHERE delivery.status = 'due'
"""
_ONE = f"{_DUE} AND delivery.event = ? AND delivery.helpdesk = ?"
_OF_PAIR = f"{_DUE} AND delivery.conversation = ? AND delivery.helpdesk = ?"
_IN_ORDER = f"ORDER BY delivery.sequence LIMIT {PAGE}"
_PAIR_SQL = f"{_OF_PAIR} {_IN_ORDER}"
_URGENT_SQL = f"{_OF_PAIR} AND delivery.lane = 'urgent' {_IN_ORDER}"
_NAME_TICKETS = """
    INSERT INTO ticket (conversation, helpdesk, reference)
    SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]')
    FROM json_each(?) WHERE true
    ON CONFLICT (conversation, helpdesk) DO UPDATE SET reference = excluded.reference
    WHERE reference <> excluded.reference
"""
_SETTLE = """
    UPDATE delivery SET status = 'delivered', settled_at = done.at, due_at = NULL, handed_at = NULL
    FROM (
        SELECT json_extract(value, '$[0]') AS event, json_extract(value, '$[1]') AS helpdesk,
               json_extract(value, '$[2]') AS at
        FROM json_each(?)
    ) AS done
    WHERE delivery.event = done.event AND delivery.helpdesk = done.helpdesk
"""
_BURY = update(delivery).where(THIS).values(status="dead", settled_at=bindparam("at"), due_at=None, handed_at=None)
_POSTPONE = update(delivery).where(THIS).values(
    tries=bindparam("tried"), failed_at=bindparam("first_failed_at"), due_at=bindparam("again_at"), handed_at=None
)  # fmt: skip
_UNPUBLISHED = """
    SELECT position, event, conversation, sequence FROM outbox WHERE helpdesk = ? AND lane = ?
    ORDER BY position LIMIT ?
"""
_PUBLISHED = "DELETE FROM outbox WHERE position IN (SELECT value FROM json_each(?))"
_START = {"conversation": "", "sequence": 0}
_OF_PLACE = (delivery.c.conversation, delivery.c.helpdesk, delivery.c.sequence)  # as the index of what is due has them
_UNSETTLED = (
    select(delivery)
    .where(
        _IS_DUE,
        delivery.c.due_at.is_(None),
        delivery.c.handed_at.is_(None),
        delivery.c.helpdesk == bindparam("helpdesk"),
        tuple_(*_OF_PLACE) > tuple_(bindparam("conversation"), bindparam("helpdesk"), bindparam("sequence")),
        ~exists().where(outbox.c.event == delivery.c.event, outbox.c.helpdesk == delivery.c.helpdesk),
    )
    .order_by(*_OF_PLACE)
    .limit(bindparam("most"))
)
# A job that waits already gets a new place: the relay may just be removing the old one, which it has published.
_PUBLISH = insert(outbox).prefix_with("OR REPLACE")
_ADD_LETTER = insert_unless_known(dead_letter).on_conflict_do_nothing()
