"""Answers: booked once under the helpdesk's key, sent in order, and settled like deliveries.

An answer takes its place in the sequence of its conversation when it is booked, so that whoever reads the
conversation later sees what was said in order, whichever side said it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Literal

import msgspec
import orjson
import structlog
from msgspec import Struct
from sqlalchemy import Connection, Row, Select, bindparam, exists, insert, or_, select, update
from sqlalchemy.dialects.sqlite import insert as insert_unless_known

from model.envelope import Visibility
from model.errors import Permanent
from model.event import Event
from model.reply import Reply, ReplyFile, ReplyStatus
from model.ticket import Identity, Requester
from store.arrival import Content, milliseconds, moment
from store.conversations import token_key
from store.crypto import Vault
from store.ledger import Unreadable, messages
from store.rows import Rows
from store.schema import conversation, conversation_key, reply

log = structlog.get_logger()

LATEST = 50
"""Messages of a conversation among which the requester's newest is looked for."""


class Written(Struct, frozen=True, kw_only=True):
    """An answer as a helpdesk hands it over; `key` is its own name for it, the same at every attempt."""

    helpdesk: str
    key: str
    conversation: str
    author: str = ""
    text: str
    html: str | None = None
    visibility: Visibility | None = None
    """None: where the customer asked."""
    automatic: bool = False
    files: tuple[ReplyFile, ...] = ()
    contents: tuple[Content, ...] = ()
    """The contents of `files`, in their order."""
    at: datetime


class Booked(Struct, frozen=True):
    """What became of an answer that was handed over.

    `conflict`: the key was used for another answer.  `expired`: nothing is left of the conversation that
    says to whom the answer goes.
    """

    outcome: Literal["booked", "known", "conflict", "expired"]
    id: str
    sequence: int = 0
    status: ReplyStatus = "due"
    detail: str | None = None
    """Why it was not sent, where it was not."""


Which = Literal["due", "unread"]
"""Answers to be sent now, oldest first and at most one of a conversation; or such as were shown so long ago that it is
time to ask whether they were read."""


class Outgoing(Struct, frozen=True):
    """An answer that is to be sent now, and how often it was tried."""

    reply: Reply
    tries: int


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of an attempt to send: settled, or `due` again at a time."""

    id: str
    status: ReplyStatus | Literal["shown"]
    """`shown`: it was sent where the customer may not look; at `due_at` it is asked whether they did."""
    at: datetime
    detail: str | None = None
    """Why it was not sent, in words for the agent."""
    reference: str | None = None
    """The channel's name for it."""
    due_at: datetime | None = None


class Unsendable(Struct, frozen=True):
    """An answer that can no longer be sent to anybody, and how it is settled."""

    connector: str
    outcome: Outcome


class Said(Struct, frozen=True, kw_only=True):
    """An answer as it stands in a conversation."""

    id: str
    sequence: int
    helpdesk: str
    author: str
    text: str
    html: str | None
    automatic: bool
    visibility: Visibility
    status: ReplyStatus
    detail: str | None
    files: tuple[ReplyFile, ...]
    at: datetime


class _Body(Struct, frozen=True, kw_only=True):
    """The part of an answer that is encrypted."""

    author: str
    text: str
    html: str | None
    visibility: Visibility
    automatic: bool
    files: tuple[ReplyFile, ...]


_ENCODE = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder(_Body).decode


def book(connection: Connection, vault: Vault, written: Sequence[Written]) -> list[Booked]:
    """Take answers, each as the newest of its conversation, unless they are known."""
    return [_book(connection, vault, one) for one in written]


def outgoing(
    connection: Connection, vault: Vault, which: Which, connectors: Sequence[str], now: datetime, *, limit: int
) -> list[Outgoing | Unsendable]:
    """The answers of connectors whose time has come: to be sent, or to be asked whether they were read."""
    query = _WHICH[which].where(reply.c.connector.in_(connectors)).limit(limit)
    # All are read before one fails, which would keep the query open.
    rows = connection.execute(query, {"now": milliseconds(now)}).all()
    return [_outgoing(connection, vault, row, now) for row in rows]


def begin(connection: Connection, ids: Sequence[str]) -> list[None]:
    """Note that answers are being sent: a process that dies now leaves it unknown whether they were."""
    connection.execute(_BEGIN, [{"_id": id_} for id_ in ids])
    return [None] * len(ids)


def settle(connection: Connection, outcomes: Sequence[Outcome]) -> list[None]:
    """Note what became of answers."""
    rows = [
        {
            "_id": one.id,
            "state": one.status,
            "why": one.detail,
            "name": one.reference,
            "again_at": one.due_at and milliseconds(one.due_at),
            "at": None if one.status == "due" else milliseconds(one.at),
        }
        for one in outcomes
    ]
    connection.execute(_SETTLE, rows)
    return [None] * len(rows)


def interrupted(connection: Connection, connectors: Sequence[str]) -> list[tuple[str, str]]:
    """The answers that a process which no longer runs was sending, each with its connector."""
    query = select(reply.c.id, reply.c.connector).where(reply.c.status == "sending", reply.c.connector.in_(connectors))
    return [(row.id, row.connector) for row in connection.execute(query)]


def find(connection: Connection, conversation_id: str, reply_id: str) -> Booked | None:
    """How an answer stands, or None where the conversation has no such one."""
    query = select(reply).where(reply.c.id == reply_id, reply.c.conversation == conversation_id)
    row = connection.execute(query).one_or_none()
    return Booked("known", row.id, row.sequence, _shown(row.status), row.detail) if row else None


def said(
    connection: Connection, vault: Vault, conversation_id: str, after: int, limit: int | None = None
) -> list[Said | Unreadable]:
    """The first answers in a conversation after a sequence number that have not expired, in order."""
    query = select(reply).where(
        reply.c.conversation == conversation_id, reply.c.sequence > after, reply.c.body.is_not(None)
    )
    rows = connection.execute(query.order_by(reply.c.sequence).limit(limit)).all()
    return [_said(vault, row) for row in rows]


def _said(vault: Vault, row: Row[Any]) -> Said | Unreadable:
    try:
        body = _open(vault, row)
    except Permanent as error:
        log.warning("reply.damaged", reply_id=row.id, reason=str(error))
        return Unreadable(row.id, row.sequence, moment(row.created_at), str(error))
    return Said(
        id=row.id,
        sequence=row.sequence,
        helpdesk=row.helpdesk,
        author=body.author,
        text=body.text,
        html=body.html,
        automatic=body.automatic,
        visibility=body.visibility,
        status=_shown(row.status),
        detail=row.detail,
        files=body.files,
        at=moment(row.created_at),
    )


def _book(connection: Connection, vault: Vault, one: Written) -> Booked:
    id_ = vault.uuid(b"reply", one.helpdesk, one.conversation, one.key)
    home = connection.execute(select(conversation).where(conversation.c.id == one.conversation)).one_or_none()
    if home is None or not home.requester:
        return Booked("expired", id_)
    body = _ENCODE(
        _Body(
            author=one.author,
            text=one.text,
            html=one.html,
            visibility=one.visibility or home.visibility,
            automatic=one.automatic,
            files=one.files,
        )
    )
    digest = hashlib.blake2b(body, key=vault.digest(b"answer", id_), digest_size=16).digest()
    if known := connection.execute(select(reply).where(reply.c.id == id_)).one_or_none():
        outcome: Literal["known", "conflict"] = "known" if known.digest == digest else "conflict"
        return Booked(outcome, id_, known.sequence, _shown(known.status))
    row = {
        "id": id_,
        "conversation": home.id,
        "sequence": home.last_sequence + 1,
        "helpdesk": one.helpdesk,
        "connector": home.connector,
        "status": "due",
        "tries": 0,
        "digest": digest,
        "body": vault.seal(body, id_.encode()),
        "created_at": milliseconds(one.at),
    }
    connection.execute(insert(reply), row)
    connection.execute(_GROW, {"_id": home.id})
    key = {"thread_key": token_key(vault, token(vault, id_)), "conversation": home.id}
    connection.execute(insert_unless_known(conversation_key).on_conflict_do_nothing(), key)
    _add_files(connection, vault, one, id_)
    return Booked("booked", id_, row["sequence"])


def _add_files(connection: Connection, vault: Vault, one: Written, id_: str) -> None:
    rows = Rows(vault, milliseconds(one.at), "")
    for index, (file, content) in enumerate(zip(one.files, one.contents, strict=True)):
        rows.add_attachment(id_, index, content, file.filename, file.media_type)
    rows.write(connection)


def token(vault: Vault, reply_id: str) -> str:
    """The answer's name that nobody can guess."""
    return f"fanin-{vault.digest(b'reply token', reply_id).hex()}"


def _outgoing(connection: Connection, vault: Vault, row: Row[Any], now: datetime) -> Outgoing | Unsendable:
    failed = partial(Outcome, id=row.id, status="failed", at=now)
    if not row.requester:
        return Unsendable(row.connector, failed(detail="the conversation has expired: nobody is known to send it to"))
    try:
        sent = _reply(connection, vault, row)
    except Permanent as error:  # a damaged answer must not hold up the others
        return Unsendable(row.connector, failed(detail=str(error)))
    if sent is None:
        return Unsendable(row.connector, failed(detail="the messages of the conversation have expired"))
    return Outgoing(sent, row.tries)


def _reply(connection: Connection, vault: Vault, row: Row[Any]) -> Reply | None:
    """The answer as it is sent; None where nothing is left of what it answers.

    Raises Permanent where what is stored has expired or cannot be opened.
    """
    body, requester = _open(vault, row), _requester(vault, row.conversation, row.requester)
    newest = messages(connection, vault, row.conversation, limit=LATEST)
    answers = _newest_of(requester, (one for one in newest if isinstance(one, Event)))
    if answers is None:
        return None
    return Reply(
        id=row.id,
        token=token(vault, row.id),
        conversation=row.conversation,
        sequence=row.sequence,
        tracking_number=row.tracking_number,
        connector=row.connector,
        helpdesk=row.helpdesk,
        author=body.author,
        requester=requester,
        answers=answers.data.message,
        text=body.text,
        html=body.html,
        visibility=body.visibility,
        automatic=body.automatic,
        attachments=body.files,
        at=moment(row.created_at),
    )


def _newest_of(requester: Requester, events: Iterable[Event]) -> Event | None:
    """The requester's newest message; the oldest of all where none is known to be theirs."""
    names = {(one.kind, one.value) for one in requester.identities}
    event = None
    for event in events:
        if names & {(one.kind, one.value) for one in event.data.requester.identities}:
            break
    return event


def _requester(vault: Vault, conversation_id: str, sealed: bytes) -> Requester:
    stored = orjson.loads(vault.open(sealed, conversation_id.encode()))
    identities = tuple(msgspec.convert(one, Identity) for one in stored["identities"])
    first = identities[0] if identities else None
    id_ = vault.uuid(b"requester", f"{first.kind}:{first.value}" if first else conversation_id)
    return Requester(id=id_, name=stored["name"], language=stored["language"], identities=identities)


def text_of(vault: Vault, row: Row[Any]) -> str:
    """What a stored answer says.  Raises Permanent if it has expired or cannot be opened."""
    return _open(vault, row).text


def _open(vault: Vault, row: Row[Any]) -> _Body:
    if row.body is None:
        raise Permanent("the reply has expired")
    try:
        return _DECODE(vault.open(row.body, row.id.encode()))
    except msgspec.MsgspecError as error:
        raise Permanent(f"the stored reply cannot be understood by this version: {error}") from None


def _shown(status: str) -> ReplyStatus:
    """A status as others see it: one that is being sent is still due, one that was shown is sent."""
    seen: ReplyStatus = msgspec.convert({"sending": "due", "shown": "sent"}.get(status, status), ReplyStatus)
    return seen


_OUTGOING = select(reply, conversation.c.tracking_number, conversation.c.requester).join(
    conversation, conversation.c.id == reply.c.conversation
)
_EARLIER = reply.alias()
_WAITS = exists().where(
    _EARLIER.c.connector == reply.c.connector,
    _EARLIER.c.conversation == reply.c.conversation,
    _EARLIER.c.sequence < reply.c.sequence,
    _EARLIER.c.status.in_(["due", "sending"]),
)
_WHICH: dict[Which, Select[Any]] = {
    "due": _OUTGOING.where(
        reply.c.status == "due", or_(reply.c.due_at.is_(None), reply.c.due_at <= bindparam("now")), ~_WAITS
    ).order_by(reply.c.created_at),
    "unread": _OUTGOING.where(reply.c.status == "shown", reply.c.due_at <= bindparam("now")),
}
_GROW = (
    update(conversation)
    .where(conversation.c.id == bindparam("_id"))
    .values(last_sequence=conversation.c.last_sequence + 1)
)
_BEGIN = update(reply).where(reply.c.id == bindparam("_id")).values(status="sending", tries=reply.c.tries + 1)
_SETTLE = (
    update(reply)
    .where(reply.c.id == bindparam("_id"))
    .values(
        status=bindparam("state"),
        detail=bindparam("why"),
        reference=bindparam("name"),
        due_at=bindparam("again_at"),
        settled_at=bindparam("at"),
    )
)
