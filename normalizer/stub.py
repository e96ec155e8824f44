"""The ticket for a message that could not be read: who, when, how large, and why."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

import msgspec

from model.draft import Context, Draft
from model.envelope import Envelope
from model.spoken import SPOKEN, Spoken
from model.ticket import Address, Message, Redaction, Requester, Safety, SecretKind
from normalizer.assemble import Reading, assemble
from normalizer.mime.content import Content
from normalizer.mime.headers import read_fields
from normalizer.mime.origin import origin
from normalizer.mime.parse import split
from normalizer.mime.part import Part
from normalizer.safety.guard import Tally, guard_mail

MAX_HEAD = 64 * 1024
_ATTACHED = "It is attached as it came."
ORIGINAL = "original"
"""Where a secret is that keeps the original from being attached."""
_APART = "It holds a secret and is kept apart."
_SPOKEN = msgspec.json.Decoder(Spoken).decode


def stub(envelope: Envelope, raw: bytes, reason: str, context: Context) -> Draft:
    """A draft that says who wrote, when, how much and why it could not be read, safe whatever the message is.

    At most MAX_HEAD bytes of a mail are looked at.  `reason` completes the sentence "This message could not be
    read: …".
    """
    text = f"[This message of {envelope.size} bytes could not be read: {reason}. {_ATTACHED}]"
    if envelope.media_type == SPOKEN:
        with suppress(msgspec.MsgspecError):
            return _unspoken(envelope, _SPOKEN(raw), text)
    return from_header(envelope, raw, text, context)


def _unspoken(envelope: Envelope, said: Spoken, text: str) -> Draft:
    """The draft of a message of a conversation, where it belongs, with a text of our own."""
    tally = Tally()
    name = tally.text("name", said.sender)
    sender = Address(name=name, address=said.identities[0].value if said.identities else "")
    return Draft(
        requester=Requester(id="", name=name, identities=said.identities),
        message=Message(
            id="",
            source_id=envelope.source_id,
            url=said.url,
            sent_at=said.sent_at,
            received_at=envelope.received_at,
            from_=(sender,),
            text=text,
        ),
        safety=Safety(impersonation=said.impersonation, redacted=tally.redactions()),
        thread_keys=said.follows,
        own_keys=(said.key,),
        participants=said.participants,
    )


def without_original(draft: Draft, held: Counter[SecretKind]) -> Draft:
    """A stub of a message that holds a secret: it is kept apart (`fanin original show`) and not attached."""
    text = draft.message.text.replace(_ATTACHED, _APART)
    hidden = tuple(Redaction(kind=kind, count=count, where=ORIGINAL) for kind, count in held.items())
    return msgspec.structs.replace(
        draft,
        message=msgspec.structs.replace(draft.message, text=text, new_text=""),
        safety=msgspec.structs.replace(draft.safety, redacted=(*draft.safety.redacted, *hidden)),
    )


def too_large(envelope: Envelope, head: bytes, context: Context) -> Draft:
    """The draft of a message of which only the beginning, `head`, was taken from its channel."""
    text = f"[This message of {envelope.size} bytes is larger than what is read here and was not read whole.]"
    return from_header(envelope, head, text, context)


def from_header(envelope: Envelope, head: bytes, text: str, context: Context) -> Draft:
    """A draft of what the header says, with a text of our own."""
    head = head[:MAX_HEAD]
    root = Part(fields=read_fields(head[: split(head, 0, len(head))[0]]))
    tally = Tally()
    said, _ = guard_mail(origin(root, None, context.trusted_authserv), Content("", None, [], []), tally)
    return assemble(envelope, context, said, Reading(text), None, removed=tally.redactions())
