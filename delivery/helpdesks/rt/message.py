"""What an event looks like in Request Tracker: subject, requestor, body and names.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Literal

from delivery.base import Setback
from model.event import Event
from model.ticket import Attachment, Requester, Ticket

MARKER = re.compile(r"fanin-[0-9a-f-]{36}\.json")
"""The name of the attachment that says which event a message is."""
LONGEST_SUBJECT = 200
NOBODY = "fanin.invalid"
"""The domain (RFC 6761) of requestors that have no mail address."""


def marker_name(event_id: str) -> str:
    """The name of the attachment that marks a message as the event."""
    return f"fanin-{event_id}.json"


def subject(ticket: Ticket) -> str:
    """The subject; the first words where the channel has none."""
    text = ticket.message.subject or ticket.message.new_text or ticket.message.text
    return " ".join(text[: 4 * LONGEST_SUBJECT].split())[:LONGEST_SUBJECT] or ticket.tracking_number


def requestor_address(requester: Requester) -> str:
    """The address by which RT knows the requester: their own, a proven one first, else one that no mail reaches."""
    addresses = [one for one in requester.identities if one.kind == "email" and _is_address(one.value)]
    if addresses:
        return max(addresses, key=lambda one: one.verified).value
    lasting = requester.identities[0] if requester.identities else None
    kind, value = (lasting.kind, lasting.value) if lasting else ("requester", requester.id)
    return f"{re.sub(r'[^A-Za-z0-9]+', '-', value).strip('-').lower()[:60] or requester.id}@{kind}.{NOBODY}"


def requestor(requester: Requester) -> str:
    """The requester as a mailbox (RFC 5322 section 3.4), the name left in its own script."""
    name = " ".join(re.sub(r'["\\<>\x00-\x1f\x7f]', " ", requester.name).split())[:120]
    address = requestor_address(requester)
    return f'"{name}" <{address}>' if name else address


def body(event: Event, notes: Iterable[str], form: Literal["html", "text"]) -> tuple[str, str]:
    """What agents read, and its media type; `notes` are said at its end."""
    ticket = event.data
    above, below = _heading(ticket), [*notes, f"Everything said so far: {ticket.conversation.transcript_url}"]
    if form == "html" and ticket.message.html:
        return f"{_lines(above)}<hr>{ticket.message.html}<hr>{_lines(below)}", "text/html"
    return "\n".join([*above, "", ticket.message.text, "", "--", *below]), "text/plain"


def warning(setback: Setback) -> str:
    """What agents read about an answer of theirs that did not reach the customer."""
    said = " ".join(setback.text[:200].split())[:80]
    which = f"The answer of {setback.at:%Y-%m-%d %H:%M} UTC" + (f" (“{said}…”)" if said else "")
    if setback.uncertain:
        return f"{which} may not have reached the customer, and is not sent again by itself: {setback.reason}"
    return f"{which} did not reach the customer: {setback.reason}"


def filename(attachment: Attachment, number: int) -> str:
    """The name of a file: quotes would break the form, and no customer's file may look like a marker."""
    name = re.sub(r"[\x00-\x1f\x7f/\\]", "_", attachment.filename.replace('"', "'")).strip() or f"attachment-{number}"
    return f"_{name}" if MARKER.fullmatch(name) else name


def media_type(attachment: Attachment, *, is_utf8: bool) -> str:
    """The type under which RT leaves every byte as it is.

    RT re-encodes `text/plain`, `text/html` and `message/rfc822` (RT::I18N, IsTextualContentType), and takes
    what is multipart apart.
    """
    main = attachment.media_type.partition("/")[0]
    if attachment.media_type in ("text/plain", "text/html"):
        return f"{attachment.media_type}; charset=utf-8" if is_utf8 else "application/octet-stream"
    if main in ("message", "multipart") or not re.fullmatch(r"[\w.+-]+/[\w.+-]+", attachment.media_type, re.ASCII):
        return "application/octet-stream"
    return attachment.media_type


def left_out(attachment: Attachment, reason: str) -> str:
    """The line that stands in a message for a file that is not attached."""
    return f"Not attached ({reason}): {attachment.filename}, {attachment.size} bytes: {attachment.url}"


def _heading(ticket: Ticket) -> list[str]:
    """Where the message comes from, and what a reader must know before trusting it."""
    sender = ", ".join(f"{one.name} <{one.address}>".strip() for one in ticket.message.from_) or _known_as(ticket)
    lines = [f"{ticket.tracking_number} | {ticket.channel.kind} {ticket.channel.account} | {sender}"]
    if ticket.message.url:
        lines.append(f"Posted at {ticket.message.url}")
    if ticket.conversation.visibility == "public":
        lines.append("This was said in public.")
    if ticket.safety.redacted:
        kinds = ", ".join(sorted({one.kind for one in ticket.safety.redacted}))
        lines.append(f"Secrets were removed from this message: {kinds}.")
    if ticket.safety.phishing:
        lines.append(f"Beware, phishing: {_texts(matched.text for matched in ticket.safety.phishing)}")
    if ticket.safety.impersonation:
        lines.append(f"Beware, the sender may pose as us: {ticket.safety.impersonation.text}")
    return lines


def _known_as(ticket: Ticket) -> str:
    requester = ticket.requester
    return " ".join([requester.name, *(f"({one.kind} {one.value})" for one in requester.identities)]).strip()


def _texts(texts: Iterable[str]) -> str:
    return ", ".join(sorted(set(texts)))


def _lines(lines: Sequence[str]) -> str:
    return "".join(f"<div>{escape(line)}</div>" for line in lines)


def _is_address(value: str) -> bool:
    return re.fullmatch(r"[^@\s<>\",;]+@[^@\s<>\",;]+", value) is not None
