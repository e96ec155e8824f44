"""The ticket for a message that could not be read: who, when, how large, and why."""

from __future__ import annotations

from model.draft import Context, Draft
from model.envelope import Envelope
from normalizer.assemble import Reading, assemble
from normalizer.mime.content import Content
from normalizer.mime.headers import read_fields
from normalizer.mime.origin import origin
from normalizer.mime.parse import split
from normalizer.mime.part import Part
from normalizer.safety.guard import Tally, guard_mail

MAX_HEAD = 64 * 1024


def stub(envelope: Envelope, head: bytes, reason: str, context: Context) -> Draft:
    """A draft from the beginning of a message alone, cheap and safe whatever the message is.

    `head` is as much of the message as is at hand; at most MAX_HEAD bytes of it are looked at.  `reason`
    completes the sentence "This message could not be read: …".
    """
    text = f"[This message of {envelope.size} bytes could not be read: {reason}. It is attached as it came.]"
    return from_header(envelope, head, text, context)


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
