"""What a connector hands over, and what it is told in return."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

Visibility = Literal["private", "public"]


class BlobRef(msgspec.Struct, frozen=True):
    """Names a blob in the store: the SHA-256 (hex) and the length in bytes of its clear content."""

    sha256: str
    size: int


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """One message as its channel gave it, not yet understood.

    `raw` is the message in the form that `media_type` names, or a reference to it where it is too large
    to be held in memory.  `size` is its length at the source, in bytes: where it exceeds what `raw`
    holds, the rest was not read (`max_message_size`) and the ticket says so.
    """

    connector: str
    channel: str
    account: str
    source_id: str
    received_at: datetime
    """When it arrived at the channel, by the channel's clock and never by the sender's."""
    raw: bytes | BlobRef
    size: int
    media_type: str = "message/rfc822"
    visibility: Visibility = "private"
    ignored: str | None = None
    """The name of the rule by which this message becomes no ticket: accounted for, not read."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one envelope; it is durable when the receipt exists."""

    status: Literal["accepted", "duplicate", "ignored", "dead"]
    message_id: str | None = None
    conversation_id: str | None = None
    sequence: int | None = None
    tracking_number: str | None = None
