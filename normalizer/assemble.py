"""The draft of a mail, put together from what was read of it."""

from __future__ import annotations

from typing import NamedTuple

from model.draft import Context, Draft, File
from model.envelope import Envelope
from model.ticket import (
    Address,
    Automated,
    Bounce,
    Forwarded,
    Identity,
    Language,
    Message,
    Redaction,
    Requester,
    Safety,
)
from normalizer.mime.origin import Origin

MAX_PARTICIPANTS = 50
MAX_THREAD_KEYS = 50


class Reading(NamedTuple):
    """What was understood of a mail beyond its header."""

    text: str
    html: str | None = None
    new_text: str = ""
    language: Language | None = None
    automated: Automated | None = None
    bounce: Bounce | None = None
    forwarded: Forwarded | None = None
    files: tuple[File, ...] = ()


def assemble(
    envelope: Envelope,
    context: Context,
    origin: Origin,
    reading: Reading,
    fingerprint: bytes | None,
    *,
    removed: tuple[Redaction, ...] = (),
) -> Draft:
    """A draft that lacks only its place in a conversation; `removed` says which secrets were taken out."""
    message = Message(
        id="",
        source_id=envelope.source_id,
        sent_at=origin.sent_at,
        received_at=envelope.received_at,
        from_=origin.senders,
        to=origin.to,
        cc=origin.cc,
        reply_to=origin.reply_to,
        message_id=origin.message_id,
        in_reply_to=origin.in_reply_to,
        references=origin.references,
        subject=origin.subject,
        text=reading.text,
        html=reading.html,
        new_text=reading.new_text,
        language=reading.language,
        automated=reading.automated,
        bounce=reading.bounce,
        forwarded=reading.forwarded,
    )
    return Draft(
        requester=_requester(origin, reading, context),
        message=message,
        files=reading.files,
        safety=Safety(authentication=origin.authentication, redacted=removed),
        fingerprint=fingerprint,
        thread_keys=_thread_keys(origin),
        own_keys=(origin.message_id,) if origin.message_id else (),
        participants=_participants(origin, context),
        joinable=origin.authentication.dmarc != "fail",
    )


def _requester(origin: Origin, reading: Reading, context: Context) -> Requester:
    """Who asks: the sender or, where one of us forwards a mail, its author."""
    senders = origin.senders
    forwarded = reading.forwarded.from_ if reading.forwarded else None
    if forwarded and forwarded.address and _is_ours(senders, context):
        senders = (forwarded,)
    person = next((one for one in senders if one.address), senders[0] if senders else Address())
    identities = (Identity(kind="email", value=person.address),) if person.address else ()
    language = reading.language.code if reading.language else None
    return Requester(id="", name=person.name, language=language, identities=identities)


def _participants(origin: Origin, context: Context) -> tuple[str, ...]:
    """Who may follow up: the senders and, of a mail of ours, those it was sent to."""
    people = list(origin.senders)
    if _is_ours(origin.senders, context):
        people += [one for one in (*origin.to, *origin.cc) if one.address not in context.own_addresses]
    keys = dict.fromkeys(f"email:{one.address}" for one in people if one.address)
    return tuple(keys)[:MAX_PARTICIPANTS]


def _thread_keys(origin: Origin) -> tuple[str, ...]:
    """The messages that this one says it answers, nearest first."""
    keys = dict.fromkeys((*origin.in_reply_to, *reversed(origin.references)))
    return tuple(key for key in keys if key != origin.message_id)[:MAX_THREAD_KEYS]


def _is_ours(senders: tuple[Address, ...], context: Context) -> bool:
    return any(one.address in context.own_addresses for one in senders)
