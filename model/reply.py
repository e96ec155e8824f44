"""The way back: what an agent answers, and what became of it."""

from __future__ import annotations

from msgspec import Struct

from model.envelope import BlobRef, Visibility


class Reply(Struct, frozen=True, kw_only=True):
    """An answer to a conversation; it goes to the requester, never merely to the last sender."""

    id: str
    conversation: str
    text: str
    html: str | None = None
    visibility: Visibility = "private"
    automatic: bool = False
    attachments: tuple[BlobRef, ...] = ()


class SentRef(Struct, frozen=True):
    """The channel's own name for the message that was sent."""

    value: str
