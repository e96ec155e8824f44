"""The way back: what an agent answers, and what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from model.envelope import Visibility
from model.ticket import Message, Requester, Sha256, Size

ReplyStatus = Literal["due", "sent", "failed", "uncertain"]
"""`uncertain`: whether it reached the customer is not known, and it is not sent again by itself."""


class ReplyFile(Struct, frozen=True, kw_only=True):
    """A file that an agent sends along; its content is a blob in the store."""

    filename: str
    media_type: str
    size: Size
    sha256: Sha256


class Reply(Struct, frozen=True, kw_only=True):
    """An answer to a conversation; it goes to the requester, never merely to the last sender."""

    id: str
    """A UUID, the same however often the helpdesk hands the answer over."""
    token: str
    """An unguessable name of the reply: whoever quotes it in a Message-ID may continue the conversation."""
    conversation: str
    sequence: Annotated[int, Meta(ge=1)]
    """Its place among everything that was said in the conversation, by either side."""
    tracking_number: str
    connector: str
    helpdesk: str
    """Who answers: the configured name of the helpdesk."""
    author: str = ""
    """The agent's name as customers may see it; empty where none is to be shown."""
    requester: Requester
    """The conversation's requester, as it opened the conversation."""
    answers: Message
    """The newest message of the requester: what the channel's own threading refers to."""
    text: str
    html: str | None = None
    visibility: Visibility = "private"
    automatic: bool = False
    attachments: tuple[ReplyFile, ...] = ()
    at: datetime


class SentRef(Struct, frozen=True):
    """The channel's own name for the message that was sent."""

    value: str
