"""What the normalizer makes of an envelope, before the store gives it a place in a conversation."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from model.envelope import BlobRef
from model.rules import Rules
from model.ticket import Facts, Message, Redaction, Requester, Safety, Triage


class Heard(Struct, frozen=True):
    """What the customer said before in a conversation, so that a secret in several messages is seen as one."""

    message: str
    """The id of its event; of a message of the same batch its source id."""
    text: str
    addresses: tuple[str, ...] = ()
    """The addresses on chains that it named."""


class Correction(Struct, frozen=True):
    """What an earlier message must be from now on, because a later one showed that it held a part of a secret."""

    message: str
    """As `Heard` names it."""
    text: str
    redacted: tuple[Redaction, ...]


class PhishingLists(Struct, frozen=True, kw_only=True):
    """Lists of domains in a form that takes little memory and is quickly sent to another process."""

    blocked: bytes = b""
    """The digests of blocked domains: 8 bytes each (BLAKE2b), as integers of this machine, in ascending order."""
    allowed: bytes = b""
    """The digests of domains that are never blocked, in the same form."""
    imitated: tuple[str, ...] = ()
    """Names, without their top level, that others imitate."""
    tolerance: int = 2
    """How many letters an imitation may differ from such a name (Levenshtein distance)."""


class Context(Struct, frozen=True, kw_only=True):
    """All that a pure normalizer may know of the world."""

    now: datetime
    own_addresses: tuple[str, ...] = ()
    """Addresses that are ours, in lower case: mail from them is an answer or a loop."""
    trusted_authserv: tuple[str, ...] = ()
    """Names of the servers whose Authentication-Results fields are believed (RFC 8601 section 5)."""
    history: tuple[Heard, ...] = ()
    """The latest messages of this customer in the conversation that the message continues, in order."""
    number_patterns: tuple[tuple[str, str], ...] = ()
    """What numbers are called and a regular expression for the whole of one, such as ("order", "W[0-9]{10}")."""
    brands: tuple[str, ...] = ()
    """Names that only we speak under: a stranger who bears one poses as us."""
    phishing: PhishingLists | None = None
    """The lists of domains that are known for fraud, as far as they are configured."""
    rules: Rules | None = None
    """The rules of triage; without them there is none."""


class File(Struct, frozen=True, kw_only=True):
    """A decoded attachment with its content, or with the name of the blob that holds it already."""

    filename: str
    media_type: str
    declared_media_type: str | None = None
    inline: bool = False
    content_id: str | None = None
    content: bytes | BlobRef
    sha256: str

    @property
    def size(self) -> int:
        """The length of the content in bytes."""
        return self.content.size if isinstance(self.content, BlobRef) else len(self.content)


class Draft(Struct, frozen=True, kw_only=True):
    """A message understood: a ticket that lacks only its place.

    `message.id` and `requester.id` are empty, `files` still hold their content, secrets are gone.
    """

    requester: Requester
    message: Message
    files: tuple[File, ...] = ()
    facts: Facts = Facts()
    triage: Triage = Triage()
    safety: Safety = Safety()
    fingerprint: bytes | None = None
    """SHA-256 over what makes a mail the same mail wherever it is found: From, Date, Message-ID and all
    decoded parts.  None where the channel has no such sameness."""
    thread_keys: tuple[str, ...] = ()
    """Keys of the messages that this one says it answers, nearest first."""
    own_keys: tuple[str, ...] = ()
    """Keys under which later messages may answer this one."""
    participants: tuple[str, ...] = ()
    """Identities (`email:a@example.com`) that may join the conversation by a thread key."""
    joinable: bool = True
    """False where the sender is proven not to be who it says (dmarc=fail): then no key joins."""
    corrections: tuple[Correction, ...] = ()
    """Earlier messages that held a part of a secret which this one completes."""
