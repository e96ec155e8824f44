"""How a mailbox is read."""

from __future__ import annotations

from datetime import timedelta
from email.utils import parseaddr
from os.path import realpath
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from connectors.settings import ConnectorSettings, SecretUrl
from model.settings import ByteSize, Duration, FilePath, Form, Host, OneOrMore, Secret, Settings, Several, mistakes

Text = Annotated[str, StringConstraints(min_length=1)]
MailAddress = Annotated[
    str,
    StringConstraints(strip_whitespace=True, to_lower=True, max_length=320),
    Form(r"[^@\s<>]+@[^@\s<>]+", "expected an address such as support@example.com"),
]


def _tls(value: Any) -> Any:
    known = {"true": True, "false": False, "starttls": "starttls"}
    if str(value).lower() not in known:
        msg = "expected true, false or starttls"
        raise ValueError(msg)
    return known[str(value).lower()]


Tls = Annotated[Literal[True, False, "starttls"], BeforeValidator(_tls)]


class MaildirSource(Settings):
    """A Maildir on this machine: what lies in `new/` becomes a ticket and moves to `cur/`."""

    type: Literal["maildir"]
    """A folder on this machine."""
    path: FilePath
    """The Maildir; it and its `new/`, `cur/` and `tmp/` are created where they do not exist."""
    poll: Duration = timedelta(seconds=1)
    """How often `new/` is looked at, also where the system announces changes."""
    rest: Duration = timedelta(milliseconds=500)
    """How long a file's size must not change before it is read, so that one still being copied is left alone."""


class StaticToken(Settings):
    """An access token that something else keeps fresh."""

    provider: Literal["token"]
    """A token as it is."""
    token: Secret
    """The access token."""


class TokenCommand(Settings):
    """A program that prints an access token."""

    provider: Literal["command"]
    """A token that a program prints."""
    command: Annotated[tuple[Text, ...], Field(min_length=1)]
    """The program and its arguments; no shell is involved."""
    lifetime: Duration = timedelta(minutes=30)
    """How long a token is used before the program is asked again."""


class MicrosoftToken(Settings):
    """Client credentials at Microsoft Entra ID (OAuth 2.0, RFC 6749 section 4.4)."""

    provider: Literal["microsoft"]
    """Exchange Online by client credentials."""
    tenant: Annotated[str, Form(r"[A-Za-z0-9.-]+", "expected the directory's id or domain")]
    """The directory (tenant) id or its domain."""
    client_id: Text
    """The application (client) id."""
    client_secret: Secret
    """The client secret's value."""
    scope: Text = "https://outlook.office365.com/.default"
    """The scope that is asked for; national clouds have their own."""
    token_url: SecretUrl = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token"  # noqa: S105 - an address
    """Where tokens are issued; `{tenant}` is filled in."""


class GoogleToken(Settings):
    """A refresh token of Google (OAuth 2.0, RFC 6749 section 6)."""

    provider: Literal["google"]
    """Gmail by refresh token."""
    client_id: Text
    """The OAuth client's id."""
    client_secret: Secret
    """The OAuth client's secret."""
    refresh_token: Secret
    """The refresh token that was issued for the scope https://mail.google.com/."""
    token_url: SecretUrl = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
    """Where tokens are issued."""


XOAuth2 = Annotated[StaticToken | TokenCommand | MicrosoftToken | GoogleToken, Field(discriminator="provider")]


class ImapSource(Settings):
    """An account on an IMAP server (RFC 9051, RFC 3501)."""

    type: Literal["imap"]
    """An account on an IMAP server."""
    host: Host
    """The server's name."""
    tls: Tls = True
    """`true` (TLS from the first byte), `starttls`, or `false` (nothing is encrypted)."""
    port: Annotated[int, Field(ge=1, le=65535, default_factory=lambda data: 993 if data.get("tls") is True else 143)]
    """The server's port; 993 where `tls` is `true`, else 143."""
    ca_file: FilePath | None = None
    """Certificates (PEM) that are trusted instead of the system's."""
    user: Text
    """The user name, mostly the address."""
    password: Secret | None = None
    """The password, or the app password; exclusive with `xoauth2`."""
    xoauth2: XOAuth2 | None = None
    """Log in by an OAuth access token (SASL XOAUTH2)."""
    idle: bool = True
    """Be told of new mail by IDLE (RFC 2177) where the server can; else only the poll finds it."""
    poll: Duration = timedelta(minutes=5)
    """How often every folder is compared with what was read, also beside IDLE."""
    connections: Annotated[int, Field(ge=1, le=100)] = 3
    """The most connections that are open to the server at once."""
    id: dict[str, str] = Field(default={"name": "fanin"}, max_length=30)
    """What the client calls itself (ID, RFC 2971; 163 and QQ ask for it); `{}` says nothing."""

    @model_validator(mode="after")
    def _one_way_to_log_in(self) -> Self:
        if (self.password is None) == (self.xoauth2 is None):
            raise mistakes([((), "expected either password (or password_file) or xoauth2")])
        return self


class SmtpSettings(Settings):
    """A server that takes answers (RFC 6409)."""

    host: Host
    """The server's name."""
    tls: Tls = "starttls"
    """`starttls`, `true` (TLS from the first byte), or `false` (nothing is encrypted)."""
    port: Annotated[int, Field(ge=1, le=65535, default_factory=lambda data: 465 if data.get("tls") is True else 587)]
    """The server's port; 465 where `tls` is `true`, else 587."""
    ca_file: FilePath | None = None
    """Certificates (PEM) that are trusted instead of the system's."""
    user: Text | None = None
    """The user name; without it nobody logs in."""
    password: Secret | None = None
    """The password."""
    from_: Annotated[
        str,
        Field(alias="from"),
        Form(r"[^\r\n]*[^@\s<>]+@[^@\s<>]+>?", "expected an address, such as Support <support@example.com>"),
    ]
    """Who answers: an address, or a name and an address in angle brackets."""

    @property
    def address(self) -> str:
        """The address that answers come from."""
        return parseaddr(self.from_)[1]

    @property
    def name(self) -> str:
        """The name that answers come from; it may be empty."""
        return parseaddr(self.from_)[0]

    @model_validator(mode="after")
    def _user_and_password(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise mistakes([(("user",), "user and password (or password_file) need each other")])
        if self.user and self.tls is False and self.host not in ("127.0.0.1", "localhost", "::1"):
            raise mistakes([(("tls",), "the password would be sent unencrypted; use starttls or true")])
        return self


class EmailSettings(ConnectorSettings):
    """A mailbox that customers write to."""

    kind: Literal["email"]
    """Email."""
    source: Annotated[MaildirSource | ImapSource, Field(discriminator="type")]
    """Where the mailbox is."""
    folders: OneOrMore[Text] = ("INBOX",)
    """The folders of an IMAP account that are read, as people write them (not in modified UTF-7)."""
    max_message_size: ByteSize = 50 << 20
    """Of a larger message only the header is read: its ticket says so."""
    after: Literal["nothing", "flag", "move"] = "nothing"
    """What is done to a message on the IMAP server once it is safe: `nothing`, `flag` (\\Seen), or `move`."""
    move_to: Text | None = None
    """The folder that `after: move` moves to; it must not be one of `folders`."""
    own_addresses: Several[MailAddress] = ()
    """Addresses that are ours: mail from them is an answer or a loop.  The first names the account."""
    send: SmtpSettings | None = None
    """The server that takes the answers; without it none can be sent from this mailbox."""
    trusted_authserv: Several[Text] = ()
    """Names of the servers whose Authentication-Results are believed (RFC 8601); none are by default."""

    @property
    def account(self) -> str:
        """The address that customers write to, as far as it is known."""
        if self.own_addresses:
            return self.own_addresses[0]
        return self.source.user if isinstance(self.source, ImapSource) else ""

    def describe(self) -> str:
        """Which mailbox it is."""
        if isinstance(self.source, MaildirSource):
            return f"Maildir {self.source.path}"
        return f"IMAP {self.source.user} on {self.source.host}, {', '.join(self.folders)}"

    def claims(self) -> tuple[str, ...]:
        """A Maildir's messages move when they are read: two readers would take them from each other."""
        return (f"the Maildir {realpath(self.source.path)}",) if isinstance(self.source, MaildirSource) else ()

    @model_validator(mode="after")
    def _what_happens_after(self) -> Self:
        found: list[tuple[tuple[str | int, ...], str]] = []
        if isinstance(self.source, MaildirSource):
            given = sorted(self.model_fields_set & {"folders", "after", "move_to"})
            found += [((name,), "only an IMAP source knows this key; leave it out") for name in given]
        elif (self.after == "move") != (self.move_to is not None):
            found.append((("after",), "after: move and move_to need each other"))
        elif self.move_to in self.folders:
            found.append((("move_to",), "must not be one of the folders that are read"))
        if found:
            raise mistakes(found)
        return self
