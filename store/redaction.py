"""Messages that must be changed after all, since a later one shows what they held.

A secret that comes in several messages is known when the last of them comes.  Then, in the transaction that
accepts it, the parts that are stored already are written anew without it, and each helpdesk that had one is
told by an event of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec
import structlog
from msgspec import Struct
from sqlalchemy import Connection, bindparam, select, update

from model.draft import Correction, Draft, Heard
from model.errors import Permanent
from model.event import REDACTED, Event
from model.ticket import Fact, Facts, Lane, Matched, Redaction, Ticket
from store.bulk import among, select_among
from store.crypto import Vault
from store.ledger import open_body
from store.schema import conversation, conversation_key, delivery, message, original

log = structlog.get_logger()

LATEST = 30
"""Messages of a conversation in which parts of a secret are looked for."""
MAX_HEARD = 4000
"""Characters of a message that may be a part of one."""

T = TypeVar("T", Draft, Ticket)

_ENCODE = msgspec.json.Encoder().encode


class Told(Struct, frozen=True):
    """A corrected message, and the helpdesks that are to be told of it with the options that they had it with."""

    event: Event
    connector: str
    helpdesks: tuple[tuple[str, str], ...]


def heard(
    connection: Connection, vault: Vault, connector: str, keys: Sequence[str]
) -> dict[str, dict[str, list[Heard]]]:
    """For each key, what was said last in the conversations that a connector opened and that have the key."""
    by_digest = {vault.digest(b"thread", key): key for key in keys}
    found: dict[str, dict[str, list[Heard]]] = {key: {} for key in keys}
    for digest, id_ in select_among(connection, _CONVERSATIONS, list(by_digest), connector):
        rows = connection.execute(_HEARD, {"_conversation": id_}).all()
        heard = [_heard(vault, row.event, row.body) for row in reversed(rows)]
        found[by_digest[digest]][id_] = [one for one in heard if one and len(one.text) <= MAX_HEARD]
    return found


def _heard(vault: Vault, event_id: str, body: bytes) -> Heard | None:
    """What a stored message says; None where it is damaged, which must not keep new messages out."""
    try:
        said = open_body(vault, event_id, body).data
    except Permanent as error:
        log.warning("message.damaged", event_id=event_id, reason=str(error))
        return None
    return Heard(event_id, said.message.text, tuple(fact.value for fact in said.facts.addresses))


def correct(
    connection: Connection, vault: Vault, conversation_id: str, corrections: Sequence[Correction], by: str
) -> list[Told]:
    """Write the messages of a conversation anew; `by` is the event that showed what they held.

    One of another conversation, or one that has expired, is left as it is.
    """
    told = []
    for one in corrections:
        row = connection.execute(_BODY, {"_event": one.message, "_conversation": conversation_id}).one_or_none()
        if row is None:
            continue
        event = open_body(vault, one.message, row.body)
        event = msgspec.structs.replace(event, data=correct_message(event.data, one))
        sealed = vault.seal(_ENCODE(event), event.id.encode())
        connection.execute(_REWRITE, {"_event": event.id, "body": sealed})
        connection.execute(_HIDE, {"_event": event.id})
        helpdesks = connection.execute(_HELPDESKS, {"_event": event.id}).all()
        id_ = vault.uuid(b"redacted", event.id, by)
        told.append(
            Told(
                msgspec.structs.replace(event, id=id_, type=REDACTED),
                row.connector,
                tuple((desk.helpdesk, desk.options) for desk in helpdesks),
            )
        )
    return told


def correct_message(made: T, correction: Correction) -> T:
    """A ticket, or the draft of one, corrected: its text, and whatever quotes what is gone from it."""
    was = made.message.text
    counted: dict[tuple[Any, str], int] = {}
    for one in (*made.safety.redacted, *correction.redacted):
        counted[one.kind, one.where] = counted.get((one.kind, one.where), 0) + one.count
    redacted = tuple(Redaction(kind=kind, count=count, where=where) for (kind, where), count in counted.items())
    return msgspec.structs.replace(
        made,
        message=msgspec.structs.replace(made.message, text=correction.text, new_text=correction.text, html=None),
        facts=_facts_left(made.facts, was, correction.text),
        triage=msgspec.structs.replace(
            made.triage, matched=tuple(_matched_left(one, correction.text) for one in made.triage.matched)
        ),
        safety=msgspec.structs.replace(made.safety, redacted=redacted),
    )


def checkpoint(connection: Connection) -> None:
    """Empty the write-ahead log as far as nobody reads from it."""
    connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").all()


def redaction_row(told: Told, sequence: int, now: int, sealed: bytes) -> dict[str, Any]:
    """The row of a correction among the messages."""
    return {
        "connector": told.connector,
        "source_id": f"redaction/{told.event.id}",
        "status": "redaction",
        "detail": told.event.data.message.id,
        "event": told.event.id,
        "conversation": told.event.partitionkey,
        "sequence": sequence,
        "received_at": now,
        "accepted_at": now,
        "body": sealed,
    }


def redaction_event(told: Told, sequence: int, lane: Lane, time: datetime) -> Event:
    """The event that tells of a correction, at its place in the conversation."""
    trace = told.event.id.replace("-", "")
    return msgspec.structs.replace(
        told.event, sequence=f"{sequence:010d}", lane=lane, time=time, traceparent=f"00-{trace}-{trace[:16]}-01"
    )


def _facts_left(facts: Facts, was: str, text: str) -> Facts:
    """The facts that the text still states, each where it stands now; those of elsewhere stay."""
    changed = {}
    for name in facts.__struct_fields__:
        stated = getattr(facts, name)
        if isinstance(stated, tuple):
            changed[name] = tuple(left for one in stated if (left := _fact_left(one, was, text)))
    return msgspec.structs.replace(facts, **changed)


def _fact_left(fact: Fact, was: str, text: str) -> Fact | None:
    if fact.span is None:
        return fact
    words = was[slice(*fact.span)]
    place = text.find(words)
    return msgspec.structs.replace(fact, span=(place, place + len(words))) if place >= 0 else None


def _matched_left(matched: Matched, text: str) -> Matched:
    """The reason, without its words where one of them is no longer in the text."""
    words = _WORD.findall(matched.text.casefold())
    return matched if all(word in text.casefold() for word in words) else Matched(rule=matched.rule, text="")


_WORD = re.compile(r"\w+")
_CONVERSATIONS = (
    select(conversation_key.c.thread_key, conversation.c.id)
    .join(conversation, conversation.c.id == conversation_key.c.conversation)
    .where(conversation.c.connector == bindparam("connector"), among(conversation_key.c.thread_key))
    .order_by(conversation.c.opened_at, conversation.c.id)
)
_HEARD = (
    select(message.c.event, message.c.body)
    .where(
        message.c.conversation == bindparam("_conversation"),
        message.c.status == "accepted",
        message.c.body.is_not(None),
    )
    .order_by(message.c.sequence.desc())
    .limit(LATEST)
)
_BODY = select(message.c.body, message.c.connector).where(
    message.c.event == bindparam("_event"),
    message.c.conversation == bindparam("_conversation"),
    message.c.body.is_not(None),
)
_REWRITE = update(message).where(message.c.event == bindparam("_event")).values(body=bindparam("body"))
_HIDE = (
    update(original)
    .where(
        original.c.message == select(message.c.position).where(message.c.event == bindparam("_event")).scalar_subquery()
    )
    .values(secret=1)
)
_HELPDESKS = select(delivery.c.helpdesk, delivery.c.options).where(
    delivery.c.event == bindparam("_event"), delivery.c.status.in_(["due", "delivered"])
)
