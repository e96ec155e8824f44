"""The ticket format, version 1: what every helpdesk receives, whatever the channel was.

Published as JSON Schema (`fanin schema ticket`).  Fields may be added; none may change its meaning or go.
Times are UTC, sizes are bytes, addresses are lower case where the channel ignores case.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from model.envelope import Visibility

Automated = Literal["auto_reply", "bounce", "feedback_report", "mailing_list", "delivery_receipt"]
Category = Literal["security", "technical", "how_to", "feedback", "other"]
Urgency = Literal["critical", "high", "normal", "low"]
Lane = Literal["urgent", "normal", "bulk"]
IdentityKind = Literal["email", "x", "weibo", "chat", "phone"]
SecretKind = Literal["mnemonic", "private_key", "keystore", "card_number", "one_time_password", "token"]

Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Size = Annotated[int, Meta(ge=0)]


class Address(Struct, frozen=True, kw_only=True):
    """A mailbox of a header field (RFC 5322 section 3.4); either part may be empty."""

    name: str = ""
    address: str = ""


class ConversationPart(Struct, frozen=True, kw_only=True):
    """Where the message stands in what was said."""

    id: str
    kind: Literal["new", "follow_up"]
    sequence: Annotated[int, Meta(ge=1)]
    visibility: Visibility
    transcript_url: str


class Channel(Struct, frozen=True, kw_only=True):
    """The way on which the message came."""

    kind: str
    connector: str
    account: str


class Identity(Struct, frozen=True, kw_only=True):
    """One name under which the requester is known on a channel; only `verified` ones are proven."""

    kind: IdentityKind
    value: str
    verified: bool = False


class Requester(Struct, frozen=True, kw_only=True):
    """Who asks, and to whom alone answers go."""

    id: str
    name: str = ""
    language: str | None = None
    identities: tuple[Identity, ...] = ()


class Language(Struct, frozen=True, kw_only=True):
    """A BCP 47 code (`zh-Hans` and `zh-Hant` told apart) and how sure the detection is, 0 to 1."""

    code: str
    confidence: float


class BounceRecipient(Struct, frozen=True, kw_only=True):
    """A recipient that was not reached (RFC 3464 section 2.3)."""

    address: str
    status: str | None = None
    """Enhanced status code (RFC 3463), such as `5.1.1`."""
    action: str | None = None
    reply_code: str | None = None
    """SMTP reply code, such as `550`."""
    reason: str | None = None
    hard: bool = False
    """The address will never work: unknown user or host, moved, or a host that takes no mail."""


class Bounce(Struct, frozen=True, kw_only=True):
    """What a report of non-delivery says."""

    recipients: tuple[BounceRecipient, ...] = ()


class Forwarded(Struct, frozen=True, kw_only=True):
    """The message inside a forwarded one, as its header block and text say."""

    from_: Address | None = field(name="from", default=None)
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    subject: str | None = None
    text: str = ""
    sent_at: datetime | None = None


class Message(Struct, frozen=True, kw_only=True):
    """What was said.  `text` is always whole; `new_text` is what the sender newly wrote."""

    id: str
    source_id: str
    url: str | None = None
    sent_at: datetime | None = None
    received_at: datetime
    from_: tuple[Address, ...] = field(name="from", default=())
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    message_id: str | None = None
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    subject: str = ""
    text: str = ""
    html: str | None = None
    new_text: str = ""
    language: Language | None = None
    automated: Automated | None = None
    bounce: Bounce | None = None
    forwarded: Forwarded | None = None


class Attachment(Struct, frozen=True, kw_only=True):
    """A file that came with the message; `url` is stable and asks for the helpdesk's token."""

    id: str
    filename: str
    media_type: str
    declared_media_type: str | None = None
    size: Size
    sha256: Sha256
    inline: bool = False
    content_id: str | None = None
    url: str


class Fact(Struct, frozen=True, kw_only=True):
    """Something that can be looked up: `value` in its normal form, `kind` the chain, currency or scheme."""

    value: str
    kind: str | None = None
    span: tuple[int, int] | None = None
    """Where it first stands: beginning and end in code points of `message.text`; null where it is elsewhere,
    such as in the subject."""


class Facts(Struct, frozen=True, kw_only=True):
    """What the message states that a machine can check."""

    tx_hashes: tuple[Fact, ...] = ()
    addresses: tuple[Fact, ...] = ()
    amounts: tuple[Fact, ...] = ()
    times: tuple[Fact, ...] = ()
    phones: tuple[Fact, ...] = ()
    urls: tuple[Fact, ...] = ()
    orders: tuple[Fact, ...] = ()
    """Numbers of orders, users and cases; `kind` is what the number is called."""
    versions: tuple[Fact, ...] = ()
    """Versions of the app (`kind` is `app`), and of the system or browser that `kind` names."""
    app: dict[str, str] | None = None


class Matched(Struct, frozen=True, kw_only=True):
    """A reason: the rule's name and the words that it matched."""

    rule: str
    text: str


class Triage(Struct, frozen=True, kw_only=True):
    """How urgent the message is and who should see it, with reasons that a person can check."""

    category: Category = "other"
    topic: str = "other"
    urgency: Urgency = "normal"
    lane: Lane = "normal"
    route: str | None = None
    """The name of the team that a rule wants to have it; routes of the configuration can ask for it."""
    tags: tuple[str, ...] = ()
    """What rules add besides, for whoever sorts tickets."""
    matched: tuple[Matched, ...] = ()


class Redaction(Struct, frozen=True, kw_only=True):
    """A kind of secret that was removed, how often and from where."""

    kind: SecretKind
    count: int
    where: str


class Authentication(Struct, frozen=True, kw_only=True):
    """Results that a trusted receiver recorded (RFC 8601), or null."""

    spf: str | None = None
    dkim: str | None = None
    dmarc: str | None = None


class Safety(Struct, frozen=True, kw_only=True):
    """What a reader must know before trusting the message."""

    redacted: tuple[Redaction, ...] = ()
    phishing: tuple[Matched, ...] = ()
    authentication: Authentication = Authentication()
    impersonation: Matched | None = None


class Ticket(Struct, frozen=True, kw_only=True):
    """One message for one helpdesk: everything it needs to open a case or to continue one."""

    tracking_number: str
    conversation: ConversationPart
    channel: Channel
    requester: Requester
    message: Message
    attachments: tuple[Attachment, ...] = ()
    facts: Facts = Facts()
    triage: Triage = Triage()
    safety: Safety = Safety()
