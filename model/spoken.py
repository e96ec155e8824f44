"""The raw form of messages that are no mail: what a chat, a post or a phone connector hands over.

An envelope with the media type SPOKEN has the JSON of a `Spoken` as its `raw`.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from model.envelope import BlobRef
from model.ticket import Identity, Matched

SPOKEN = "application/vnd.fanin.spoken+json"


class SpokenFile(Struct, frozen=True, kw_only=True):
    """A file that came with the message, stored already (`State.write_blob`)."""

    filename: str
    media_type: str
    """What the channel or the sender says that it is; the normalizer looks for itself."""
    blob: BlobRef
    head: bytes = b""
    """The first 8 KiB of its content, by which its type is told."""
    text: str | None = None
    """Its whole content where it is a text of up to 256 KiB, so that it can be read for secrets."""


class Spoken(Struct, frozen=True, kw_only=True):
    """One message as somebody said it on a channel that has no header fields."""

    text: str
    html: str | None = None
    subject: str = ""
    sender: str = ""
    """The display name."""
    identities: tuple[Identity, ...] = ()
    """Under which names the channel knows the sender, the lasting one first."""
    sent_at: datetime | None = None
    url: str | None = None
    """Where the message can be seen, if it is public."""
    language: str | None = None
    """The language that the sender's device asked for (BCP 47); it decides only where the text does not."""
    files: tuple[SpokenFile, ...] = ()
    key: str
    """The key under which later messages of the same conversation name this one, such as `chat:<session>`."""
    follows: tuple[str, ...] = ()
    """Keys of the conversations that it continues, nearest first; most connectors give `key` alone."""
    participants: tuple[str, ...] = ()
    """Identities (`x:2244994945`) that may join the conversation by a key."""
    app: dict[str, str] | None = None
    """What the app says of itself: version, system, device."""
    impersonation: Matched | None = None
    """Why the sender seems to pose as us, where the connector can tell."""
