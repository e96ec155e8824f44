"""The tables.  Times are integers, milliseconds of the Unix epoch; ids are UUIDs in their text form.

Columns named `*_key` hold a keyed digest (BLAKE2b) of an address or a Message-ID: enough to recognise it,
useless without the store's key.  Columns of content are encrypted (`store.crypto`).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()

BIG_ID = BigInteger().with_variant(Integer, "sqlite")
"""SQLite increments a primary key by itself only where its type is INTEGER."""

conversation = Table(
    "conversation",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tracking_number", Text, nullable=False, unique=True),
    Column("connector", Text, nullable=False),
    Column("visibility", Text, nullable=False),
    Column("requester", LargeBinary, nullable=False),
    Column("last_sequence", Integer, nullable=False),
    Column("linked_to", Text),
    Column("helpdesks", Text, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
)

conversation_key = Table(
    "conversation_key",
    metadata,
    Column("thread_key", LargeBinary, nullable=False),
    Column("conversation", Text, ForeignKey("conversation.id"), nullable=False),
    PrimaryKeyConstraint("thread_key", "conversation"),
    sqlite_with_rowid=False,
)

participant = Table(
    "participant",
    metadata,
    Column("conversation", Text, ForeignKey("conversation.id"), nullable=False),
    Column("identity_key", LargeBinary, nullable=False),
    PrimaryKeyConstraint("conversation", "identity_key"),
    sqlite_with_rowid=False,
)

message = Table(
    "message",
    metadata,
    Column("position", BIG_ID, primary_key=True, autoincrement=False),  # given out by acceptance (`store.rows`)
    Column("connector", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("detail", Text),
    Column("event", Text, unique=True),  # of a message that could not be read: its dead letter
    Column("conversation", Text, ForeignKey("conversation.id")),
    Column("sequence", Integer),
    Column("received_at", BigInteger, nullable=False),
    Column("accepted_at", BigInteger, nullable=False),
    Column("body", LargeBinary),
    UniqueConstraint("connector", "source_id"),
)
Index("message_conversation", message.c.conversation, message.c.sequence)
_is_kept = text("body IS NOT NULL")
Index("message_kept", message.c.accepted_at, sqlite_where=_is_kept, postgresql_where=_is_kept)

original = Table(
    "original",
    metadata,
    Column(
        "message", BIG_ID, ForeignKey("message.position", ondelete="CASCADE"), primary_key=True, autoincrement=False
    ),
    Column("secret", Integer, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("content", LargeBinary),
    Column("stored_at", BigInteger, nullable=False),
    Index("original_stored", "secret", "stored_at"),
)
_is_blob = text("content IS NULL")
Index("original_blob", original.c.sha256, sqlite_where=_is_blob, postgresql_where=_is_blob)

attachment = Table(
    "attachment",
    metadata,
    Column("id", Text, primary_key=True),
    Column("event", Text, nullable=False),
    Column("sha256", Text, nullable=False, index=True),
    Column("size", BigInteger, nullable=False),
    Column("filename", LargeBinary),
    Column("media_type", Text, nullable=False),
    Column("stored_at", BigInteger, nullable=False),
    Index("attachment_event", "event"),
    Index("attachment_stored", "stored_at"),
    sqlite_with_rowid=False,
)

blob = Table(
    "blob",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("content", LargeBinary),
    Column("stored_at", BigInteger, nullable=False),
)

ticket = Table(
    "ticket",
    metadata,
    Column("conversation", Text, ForeignKey("conversation.id"), nullable=False),
    Column("helpdesk", Text, nullable=False),
    Column("reference", Text, nullable=False),
    PrimaryKeyConstraint("conversation", "helpdesk"),
    sqlite_with_rowid=False,
)

delivery = Table(
    "delivery",
    metadata,
    Column("event", Text, nullable=False),
    Column("helpdesk", Text, nullable=False),
    Column("conversation", Text, ForeignKey("conversation.id"), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("lane", Text, nullable=False),
    Column("options", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("tries", Integer, nullable=False, default=0),
    Column("failed_at", BigInteger),
    Column("due_at", BigInteger),
    Column("settled_at", BigInteger),
    Column("handed_at", BigInteger),
    PrimaryKeyConstraint("event", "helpdesk"),
    sqlite_with_rowid=False,
)
_is_due = text("status = 'due'")
Index(
    "delivery_pair",
    delivery.c.conversation,
    delivery.c.helpdesk,
    delivery.c.sequence,
    sqlite_where=_is_due,
    postgresql_where=_is_due,
)
_is_postponed = text("status = 'due' AND due_at IS NOT NULL")
Index("delivery_postponed", delivery.c.due_at, sqlite_where=_is_postponed, postgresql_where=_is_postponed)
_is_handed = text("status = 'due' AND handed_at IS NOT NULL")
Index("delivery_handed", delivery.c.helpdesk, delivery.c.event, sqlite_where=_is_handed, postgresql_where=_is_handed)

outbox = Table(
    "outbox",
    metadata,
    Column("position", BIG_ID, primary_key=True, autoincrement=True),
    Column("event", Text, nullable=False),
    Column("helpdesk", Text, nullable=False),
    Column("conversation", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("lane", Text, nullable=False),
    UniqueConstraint("event", "helpdesk"),
    Index("outbox_lane", "helpdesk", "lane", "position"),
    sqlite_autoincrement=True,  # a place is never given twice: the relay removes what it published by place
)

reply = Table(
    "reply",
    metadata,
    Column("id", Text, primary_key=True),
    Column("conversation", Text, ForeignKey("conversation.id"), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("helpdesk", Text, nullable=False),
    Column("connector", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("detail", Text),
    Column("tries", Integer, nullable=False, default=0),
    Column("due_at", BigInteger),
    Column("reference", Text),
    Column("digest", LargeBinary, nullable=False),
    Column("body", LargeBinary),
    Column("created_at", BigInteger, nullable=False),
    Column("settled_at", BigInteger),
    Column("told_at", BigInteger),
    Index("reply_conversation", "conversation", "sequence"),
    sqlite_with_rowid=False,
)
_is_open = text("status IN ('due', 'sending', 'shown')")
Index(
    "reply_open",
    reply.c.connector,
    reply.c.conversation,
    reply.c.sequence,
    sqlite_where=_is_open,
    postgresql_where=_is_open,
)
_is_untold = text("status IN ('failed', 'uncertain') AND told_at IS NULL")
Index("reply_untold", reply.c.helpdesk, reply.c.settled_at, sqlite_where=_is_untold, postgresql_where=_is_untold)

dead_letter = Table(
    "dead_letter",
    metadata,
    Column("id", Text, primary_key=True),
    Column("stage", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("connector", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("event", Text),
    Column("helpdesk", Text),
    Column("buried_at", BigInteger, nullable=False, index=True),
)

opening = Table(
    "opening",
    metadata,
    Column("position", BIG_ID, primary_key=True, autoincrement=True),
    Column("event", Text, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
)

cursor = Table(
    "cursor",
    metadata,
    Column("connector", Text, nullable=False),
    Column("stream", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("moved_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("connector", "stream"),
)

state = Table(
    "state",
    metadata,
    Column("connector", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("version", Integer, nullable=False),
    Column("secret", Integer, nullable=False),
    Column("expires_at", BigInteger),
    PrimaryKeyConstraint("connector", "name"),
)
