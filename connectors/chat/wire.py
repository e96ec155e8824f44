"""What the chat API takes and answers: bodies of requests and responses, and frames of the WebSocket.

The OpenAPI document is made of these types.  Unknown fields are ignored, so that older servers understand
newer clients.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

UUID = r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
MOST_TEXT = 100_000
"""Characters of a text that no setting can exceed."""

ClientMessageId = Annotated[str, Meta(pattern=UUID, description="A UUID that the client makes for each message.")]
UploadId = Annotated[str, Meta(pattern=UUID)]
Line = Annotated[str, Meta(max_length=200)]
Place = Annotated[int, Meta(ge=0, lt=2**53)]
Platform = Literal["web", "ios", "android", "server"]
LanguageTag = Annotated[str, Meta(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}$", description="BCP 47.")]


class Claims(Struct, frozen=True, kw_only=True):
    """Who the customer is, as the app or page says; proven only by `jwt` or `user_hash`."""

    user_id: Line | None = None
    user_hash: Annotated[str, Meta(max_length=128)] | None = None
    """Hex HMAC-SHA256 of `user_id` under the identity secret, made by the app's own server."""
    jwt: Annotated[str, Meta(max_length=8192)] | None = None
    """A JSON Web Token (RFC 7519) that the app's own server signed; its claims take the place of all others."""
    name: Line | None = None
    email: Annotated[str, Meta(max_length=320)] | None = None
    phone: Annotated[str, Meta(max_length=40)] | None = None
    locale: LanguageTag | None = None


class OpenSession(Struct, frozen=True, kw_only=True):
    """Asks for a session."""

    channel: Platform = "web"
    identity: Claims | None = None
    locale: LanguageTag | None = None
    """The language of the device."""
    app_version: Line | None = None
    device: Line | None = None
    page_url: Annotated[str, Meta(max_length=2000)] | None = None
    metadata: Annotated[dict[Annotated[str, Meta(max_length=40)], Line], Meta(max_length=20)] = {}
    """What else agents should see, such as the wallet's network."""
    continues: Annotated[str, Meta(max_length=200)] | None = None
    """The token of an anonymous session, whose conversation goes on under the identity that is now proven;
    that session ends.  Without effect where the identity has an open conversation already."""


class Limits(Struct, frozen=True, kw_only=True):
    """What a message may hold."""

    max_text: int
    """Characters."""
    max_file: int
    """Bytes."""
    max_files: int
    media_types: tuple[str, ...]
    """Media types that are taken, `image/*` for all pictures."""


class SessionOpened(Struct, frozen=True, kw_only=True):
    """A session: keep the token, nobody can give it again."""

    session_id: str
    session_token: str
    expires_at: datetime
    """When it ends unless it is used before; each use puts it off."""
    verified: bool
    """Whether the identity was proven."""
    ws_url: str
    """The path of the WebSocket on this server."""
    last_seq: int
    """The newest message of the conversation; 0 where nothing was said yet."""
    tracking_number: str | None
    limits: Limits


class Bound(Struct, frozen=True, kw_only=True):
    """A file of a message."""

    upload_id: UploadId


class PostMessage(Struct, frozen=True, kw_only=True):
    """A message of the customer; text or attachments or both."""

    client_msg_id: ClientMessageId | None = None
    """The same id again is the same message.  The header Idempotency-Key may stand for it."""
    text: Annotated[str, Meta(max_length=MOST_TEXT)] = ""
    attachments: Annotated[tuple[Bound, ...], Meta(max_length=100)] = ()
    sent_at: datetime | None = None
    """When it was written, by the client's clock."""


class Acknowledged(Struct, frozen=True, kw_only=True):
    """The message is stored for good."""

    client_msg_id: str
    message_id: str | None
    seq: int
    """Its place in the conversation, in which both sides count."""
    tracking_number: str | None
    received_at: datetime
    replayed: bool = False
    """It was known already; nothing was stored now."""


class Attached(Struct, frozen=True, kw_only=True):
    """A file of a message, to be had at `…/messages/{seq}/attachments/{id}`."""

    id: str
    filename: str
    media_type: str
    size: int


class Said(Struct, frozen=True, kw_only=True):
    """A message of the conversation."""

    message_id: str
    seq: int
    author: Literal["customer", "agent", "system"]
    name: str = ""
    text: str
    at: datetime
    client_msg_id: str | None = None
    """The customer's own id for it, where it was written in a chat session."""
    attachments: tuple[Attached, ...] = ()


class History(Struct, frozen=True, kw_only=True):
    """Messages of the conversation, in order."""

    messages: tuple[Said, ...]
    last_seq: int
    """The newest message of the conversation; there is more to ask for while it is not in `messages`."""
    tracking_number: str | None


class Uploaded(Struct, frozen=True, kw_only=True):
    """A file that waits to be bound to a message."""

    upload_id: str
    filename: str
    size: int
    sha256: str
    media_type: str
    expires_at: datetime
    """Until when a message may name it."""


class ReadUpTo(Struct, frozen=True, kw_only=True):
    """Says that the customer has seen everything up to a place."""

    seq: Place


class Problem(Struct, frozen=True, kw_only=True):
    """Why a request failed (RFC 9457)."""

    type: str
    """`urn:fanin:problem:` and the code."""
    title: str
    status: int
    detail: str
    code: str
    """What a program decides by."""
    request_id: str


# -- frames of the WebSocket: JSON texts, told apart by `type` --------------------------------------


class Auth(Struct, frozen=True, kw_only=True, tag="auth"):
    """The first frame of a client."""

    token: Annotated[str, Meta(max_length=200)]
    last_seq: Place = 0
    """The newest message that the client has: what came after it follows at once."""


class Send(PostMessage, frozen=True, kw_only=True, tag="message"):
    """A message of the customer; `ack` or `error` answers."""


class Read(ReadUpTo, frozen=True, kw_only=True, tag="read"):
    """The customer has seen everything up to a place."""


class Ping(Struct, frozen=True, kw_only=True, tag="ping"):
    """Asks for a `pong`, by clients that cannot see the protocol's own pings."""


class Ready(Struct, frozen=True, kw_only=True, tag="ready"):
    """The session is known; what was missed follows as `message` frames."""

    session_id: str
    last_seq: int
    tracking_number: str | None


class Ack(Acknowledged, frozen=True, kw_only=True, tag="ack"):
    """The message is stored for good."""


class Heard(Said, frozen=True, kw_only=True, tag="message"):
    """Something was said, by whichever side, in the order of `seq`."""


class Error(Struct, frozen=True, kw_only=True, tag="error"):
    """A frame was refused."""

    code: str
    detail: str
    retryable: bool
    """Whether the same frame may succeed later."""
    retry_after: float | UnsetType = UNSET
    """Seconds after which it may."""
    client_msg_id: str | UnsetType = UNSET


class Pong(Struct, frozen=True, kw_only=True, tag="pong"):
    """Answers a ping."""


ClientFrame = Auth | Send | Read | Ping
ServerFrame = Ready | Ack | Heard | Error | Pong

encode = msgspec.json.Encoder().encode
decode_frame = msgspec.json.Decoder(ClientFrame).decode
