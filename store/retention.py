"""Expiry: what was stored goes after its time; that it was there stays, so that a replay stays a duplicate.

What has expired is looked for by a reader and removed by the writer in small steps, so that no message
waits long behind it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    Connection,
    Delete,
    Table,
    Update,
    and_,
    bindparam,
    delete,
    exists,
    or_,
    select,
    tuple_,
    update,
)

from store.arrival import milliseconds
from store.blobs import BlobFiles
from store.schema import attachment, blob, conversation, dead_letter, delivery, message, original, reply, state

STEP = 100
"""Rows that one transaction changes: each may hold 64 KiB that are overwritten."""
FOUND = 10_000
"""Rows that are looked for together: bounds what is kept of them in memory."""


class Retention(Struct, frozen=True, kw_only=True):
    """How long each kind of content is kept."""

    messages: timedelta
    attachments: timedelta
    originals: timedelta
    dead_letters: timedelta
    secrets: timedelta = timedelta(days=7)
    """The originals of messages that held a secret."""


class Rule(Struct, frozen=True):
    """The rows of a table that have expired, and what is done to them."""

    table: Table
    expired: ColumnElement[bool]
    changes: tuple[Update | Delete, ...]
    """The statements, in one transaction, each for one of the rows: its key is given under `_names`."""


class Step(Struct, frozen=True):
    """Rows that were found by a rule, by their keys."""

    rule: Rule
    keys: Sequence[tuple[Any, ...]]


def rules(keep: Retention, now: datetime) -> list[Rule]:
    """What expires, first what keeps other things alive.  What is still to be delivered stays."""
    before = milliseconds(now - keep.messages)
    return [
        _emptied(message, and_(message.c.accepted_at < before, message.c.body.is_not(None), ~_WAITING), body=None),
        _emptied(reply, and_(reply.c.created_at < before, reply.c.body.is_not(None), ~_UNSENT), body=None),
        _removed(attachment, and_(attachment.c.stored_at < milliseconds(now - keep.attachments), ~_UNDELIVERED)),
        _removed(
            original, and_(original.c.secret == 0, original.c.stored_at < milliseconds(now - keep.originals), ~_WANTED)
        ),
        # No helpdesk is waiting for one that held a secret.
        _removed(original, and_(original.c.secret == 1, original.c.stored_at < milliseconds(now - keep.secrets))),
        # Who asked in conversations of which nothing is left.
        _emptied(
            conversation,
            and_(conversation.c.opened_at < before, conversation.c.requester != b"", ~_ALIVE),
            requester=b"",
        ),
        _letters(milliseconds(now - keep.dead_letters)),
        _removed(state, state.c.expires_at <= milliseconds(now)),
        _removed(blob, ~or_(_ATTACHED, _CAME)),
    ]


def find(connection: Connection, rule: Rule) -> list[tuple[Any, ...]]:
    """The keys of rows that have expired, at most FOUND."""
    query = select(*rule.table.primary_key.columns).where(rule.expired).limit(FOUND)
    return [tuple(row) for row in connection.execute(query)]


def steps(rule: Rule, keys: Sequence[tuple[Any, ...]]) -> Iterator[Step]:
    """What is done in one transaction each."""
    for start in range(0, len(keys), STEP):
        yield Step(rule, keys[start : start + STEP])


def change(connection: Connection, taken: Sequence[Step]) -> list[None]:
    """Remove what has expired and still is: somebody may have asked for it meanwhile."""
    for step in taken:
        names = _names(step.rule.table)
        rows = [dict(zip(names, key, strict=True)) for key in step.keys]
        for statement in step.rule.changes:
            connection.execute(statement, rows)
    return [None] * len(taken)


def sweep_files(connection: Connection, files: BlobFiles) -> int:
    """Remove the files that no row names and that nobody offered for a day; returns how many."""
    now, removed = time.time(), 0
    for path in files.orphans(now):
        if not connection.execute(select(exists().where(blob.c.sha256 == path.name))).scalar():
            removed += files.remove(path, now)
    return removed


def _emptied(table: Table, expired: ColumnElement[bool], **values: Any) -> Rule:
    return Rule(table, expired, (update(table).where(_this(table), expired).values(values),))


def _removed(table: Table, expired: ColumnElement[bool]) -> Rule:
    return Rule(table, expired, (delete(table).where(_this(table), expired),))


def _letters(before: int) -> Rule:
    """What was given up long ago; that it existed stays on the account."""
    old = dead_letter.c.buried_at < before
    of_letter = select(dead_letter.c.event, dead_letter.c.helpdesk).where(_this(dead_letter), old)
    dropped = update(delivery).where(
        delivery.c.status == "dead", tuple_(delivery.c.event, delivery.c.helpdesk) == of_letter.scalar_subquery()
    )
    return Rule(
        dead_letter, old, (dropped.values(status="dropped"), delete(dead_letter).where(_this(dead_letter), old))
    )


def _this(table: Table) -> ColumnElement[bool]:
    """One row by its key, whatever else is asked of it: a list of keys would make SQLite walk an index of the rest."""
    columns = table.primary_key.columns
    return and_(*(column == bindparam(name) for column, name in zip(columns, _names(table), strict=True)))


def _names(table: Table) -> list[str]:
    return [f"_{column.name}" for column in table.primary_key.columns]


_WAITING = exists().where(delivery.c.event == message.c.event, delivery.c.status == "due")
_UNSENT = reply.c.status.in_(["due", "sending"])
_UNDELIVERED = exists().where(delivery.c.event == attachment.c.event, delivery.c.status == "due")
_WANTED = exists().where(
    message.c.position == original.c.message, delivery.c.event == message.c.event, delivery.c.status == "due"
)
_ALIVE = exists().where(message.c.conversation == conversation.c.id, message.c.body.is_not(None))
_ATTACHED = exists().where(attachment.c.sha256 == blob.c.sha256)
_CAME = exists().where(original.c.sha256 == blob.c.sha256, original.c.content.is_(None))
