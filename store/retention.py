"""Expiry: what was stored goes after its time; that it was there stays, so that a replay stays a duplicate."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from msgspec import Struct
from sqlalchemy import Connection, and_, delete, exists, or_, select, update

from store.arrival import milliseconds
from store.blobs import BlobFiles
from store.schema import attachment, blob, conversation, dead_letter, delivery, message, reply, state

log = structlog.get_logger()


class Retention(Struct, frozen=True, kw_only=True):
    """How long each kind of content is kept."""

    messages: timedelta
    attachments: timedelta
    originals: timedelta
    dead_letters: timedelta
    secrets: timedelta = timedelta(days=7)
    """The originals of messages that held a secret."""


class Expiry(Struct, frozen=True, kw_only=True):
    """A run of the sweep: by which rules, and at which time."""

    retention: Retention
    now: datetime


def expire(connection: Connection, runs: Sequence[Expiry]) -> list[int]:
    """Remove what has expired; returns how many contents went.  What is still to be delivered stays."""
    return [_expire(connection, run) for run in runs]


def sweep_files(connection: Connection, files: BlobFiles) -> int:
    """Remove the files that no row names and that nobody offered for a day; returns how many."""
    now, removed = time.time(), 0
    for path in files.orphans(now):
        if not connection.execute(select(exists().where(blob.c.sha256 == path.name))).scalar():
            removed += files.remove(path, now)
    return removed


def _expire(connection: Connection, run: Expiry) -> int:
    keep, now = run.retention, milliseconds(run.now)
    waiting = exists().where(delivery.c.event == message.c.event, delivery.c.status == "due")
    connection.execute(
        update(message)
        .where(message.c.accepted_at < _before(run.now, keep.messages), message.c.body.is_not(None), ~waiting)
        .values(body=None)
    )
    connection.execute(
        update(reply)
        .where(
            reply.c.created_at < _before(run.now, keep.messages),
            reply.c.body.is_not(None),
            reply.c.status.not_in(["due", "sending"]),
        )
        .values(body=None)
    )
    undelivered = exists().where(delivery.c.event == attachment.c.event, delivery.c.status == "due")
    old = or_(
        and_(attachment.c.role == "attachment", attachment.c.stored_at < _before(run.now, keep.attachments)),
        and_(attachment.c.role == "original", attachment.c.stored_at < _before(run.now, keep.originals)),
    )
    connection.execute(delete(attachment).where(old, ~undelivered))
    held = and_(attachment.c.role == "secret", attachment.c.stored_at < _before(run.now, keep.secrets))
    connection.execute(delete(attachment).where(held))  # no helpdesk is waiting for it
    _expire_requesters(connection, _before(run.now, keep.messages))
    _expire_letters(connection, _before(run.now, keep.dead_letters))
    connection.execute(delete(state).where(state.c.expires_at <= now))
    unreferenced = ~exists().where(attachment.c.sha256 == blob.c.sha256)
    return connection.execute(delete(blob).where(unreferenced)).rowcount


def _expire_requesters(connection: Connection, before: int) -> None:
    """Forget who asked in conversations of which nothing is left."""
    alive = exists().where(message.c.conversation == conversation.c.id, message.c.body.is_not(None))
    nothing_left = and_(conversation.c.opened_at < before, conversation.c.requester != b"", ~alive)
    connection.execute(update(conversation).where(nothing_left).values(requester=b""))


def _expire_letters(connection: Connection, before: int) -> None:
    """Drop what was given up long ago; that it existed stays on the account."""
    old = dead_letter.c.buried_at < before
    letter = exists().where(dead_letter.c.event == delivery.c.event, dead_letter.c.helpdesk == delivery.c.helpdesk, old)
    connection.execute(update(delivery).where(delivery.c.status == "dead", letter).values(status="dropped"))
    connection.execute(delete(dead_letter).where(old))


def _before(now: datetime, span: timedelta) -> int:
    return milliseconds(now - span)
