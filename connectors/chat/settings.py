"""Who may chat, how much, and how their identity is proven."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema, model_validator

from connectors.chat.wire import MOST_TEXT
from connectors.settings import ConnectorSettings
from model.settings import ByteSize, Duration, Form, OneOrMore, Secret, Settings, Several, UrlForm, mistakes

Name = Annotated[str, Form(r"[a-z][a-z0-9_]{0,63}", "a name is made of a-z, 0-9 and _, and begins with a letter")]
Key = Annotated[
    str, Form(r"[A-Za-z0-9_.-]{8,128}", "expected 8 to 128 letters, digits, _, . and -: it is public, not a secret")
]
Origin = Annotated[
    str,
    StringConstraints(to_lower=True),
    UrlForm(r"[a-z][a-z0-9+.-]*://[^\s/?#@]+", "expected an origin such as https://wallet.example.com, without a path"),
]
MediaType = Annotated[
    str, StringConstraints(to_lower=True), Form(r"[a-z0-9.+-]+/(\*|[a-z0-9.+-]+)", "expected image/png or image/*")
]


def _rate(value: Any) -> Any:
    import limits  # noqa: PLC0415 - 300 ms that only who sets a rate waits for

    try:
        limits.parse_many(value)
    except (TypeError, ValueError):
        msg = "expected a rate such as 60/minute, or several such as 5/second; 60/minute"
        raise ValueError(msg) from None
    return value


Rate = Annotated[
    str, BeforeValidator(_rate), WithJsonSchema({"type": "string", "title": "rate", "examples": ["60/minute"]})
]
"""How often something may happen: `60/minute`, or several rates that all hold: `5/second; 60/minute`."""


class Jwt(Settings):
    """Tokens by which the app's own server says who the customer is (JWT, RFC 7519)."""

    algorithm: Literal["HS256", "RS256", "ES256"]
    """The one algorithm that is believed: `HS256`, `RS256` or `ES256`."""
    key: Secret
    """The shared secret (HS256), or the public key as PEM."""
    issuer: str | None = None
    """What `iss` must be; not looked at where it is not given."""
    audience: str | None = None
    """What `aud` must be or hold; a token with an audience is refused where none is given."""
    longest: Duration = timedelta(hours=24)
    """How far ahead `exp` may lie."""


class Rates(Settings):
    """How often something may be done; what is more is refused with 429 and may come later."""

    messages: Rate = "10/second; 60/minute"
    """Messages of a session."""
    uploads: Rate = "30/minute"
    """Files of a session."""
    requests: Rate = "50/second; 1200/minute"
    """Whatever comes from an address (of IPv6 a /64), WebSocket frames included."""
    sessions: Rate = "30/minute; 300/hour"
    """New sessions of an address."""
    refusals: Rate = "20/minute"
    """Unknown tokens and unproven identities of an address."""
    app: Rate = "5000/second"
    """Messages of all customers of an app together."""
    app_sessions: Rate = "100/second; 20000/hour"
    """New sessions of an app, of all addresses together: so many addresses fill no disk."""


class Allowed(Settings):
    """The sizes and numbers that are taken."""

    text: Annotated[int, Field(ge=100, le=MOST_TEXT)] = 10_000
    """Characters of a message."""
    file: ByteSize = 25 << 20
    """Size of a file."""
    files: Annotated[int, Field(ge=0, le=100)] = 10
    """Files of a message."""
    media_types: Several[MediaType] = (
        "image/*",
        "video/*",
        "audio/*",
        "text/*",
        "application/pdf",
        "application/json",
        "application/zip",
        "application/gzip",
    )
    """Types of files, by their content where that tells, else as declared."""
    sockets: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    """WebSockets that are open at once."""
    sockets_per_session: Annotated[int, Field(ge=1, le=100)] = 8
    """WebSockets of a session: tabs of a page."""
    sockets_per_address: Annotated[int, Field(ge=1, le=1_000_000)] = 500
    """WebSockets of an address (of IPv6 a /64)."""


OVERHEAD = 32 * 1024
"""Bytes of a message in JSON beside its text."""


def most_bytes(allow: Allowed) -> int:
    """How many bytes a message can have in JSON, where each of its characters may be written as two escapes."""
    return allow.text * 12 + OVERHEAD


class Fallback(Settings):
    """The other way on which an answer goes that the customer does not read in the chat."""

    connector: Name
    """The email connector that sends it, to the address that the customer gave."""
    after: Duration = timedelta(minutes=10)
    """How long the answer may be unread before."""


class ChatSettings(ConnectorSettings):
    """A chat in an app or on a page."""

    kind: Literal["chat"]
    """Chat, by HTTP and WebSocket on the public listener."""
    origins: Several[Origin] = ()
    """Pages of which hosts may use it, as browsers send it in Origin; the public listener's own always may."""
    apps: dict[Name, OneOrMore[Key]] = Field(default_factory=dict)
    """The publishable keys of each app, more than one while they are exchanged.  With none, no key is asked for."""
    anonymous: bool = True
    """Whether customers may write who prove no identity."""
    identity_secret: Secret | None = None
    """The key of `user_hash`, an HMAC-SHA256 of the user's id; it never expires, so prefer `jwt`."""
    jwt: Jwt | None = None
    """How tokens of the app's own server prove an identity."""
    lifetime: Duration = timedelta(days=30)
    """How long a session stays valid without being used."""
    rates: Rates = Rates()
    """How often something may be done."""
    allow: Allowed = Allowed()
    """What is taken."""
    fallback: Fallback | None = None
    """Where an answer goes that is not read; nowhere where it is not given: it waits in the chat."""

    def describe(self) -> str:
        """Where it is served."""
        apps = f"; apps {', '.join(self.apps)}" if self.apps else ""
        return f"/v1/chat, pages of {', '.join(self.origins) or 'this host'}{apps}"

    def claims(self) -> tuple[str, ...]:
        """The addresses of the API are one chat's alone."""
        return ("the address /v1/chat",)

    @model_validator(mode="after")
    def _someone_may_write(self) -> Self:
        found: list[tuple[tuple[str | int, ...], str]] = []
        if not self.anonymous and not (self.identity_secret or self.jwt):
            found.append((("anonymous",), "nobody could write: give identity_secret_file or jwt, or let anonymous in"))
        keys = [key for several in self.apps.values() for key in several]
        if len(keys) != len(set(keys)):
            found.append((("apps",), "two apps have the same key"))
        if self.start != "now":
            found.append((("start",), "a chat has no past to read; leave it out"))
        if found:
            raise mistakes(found)
        return self
