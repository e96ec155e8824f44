"""What the pipeline asks the store to accept."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import Struct

from model.draft import Draft
from model.envelope import Visibility
from model.json import Json

SMALL = 64 * 1024
"""Content up to this many bytes lives in the database; larger content is a file of its own."""


class Content(Struct, frozen=True, kw_only=True):
    """Bytes to be kept: in the clear where they are small, else as the file that holds them already."""

    sha256: str
    size: int
    clear: bytes | None = None


class Target(Struct, frozen=True, kw_only=True):
    """A helpdesk that is to receive the message, and what its route says about how."""

    helpdesk: str
    options: dict[str, Json] = {}


class Arrival(Struct, frozen=True, kw_only=True):
    """One envelope after the normalizer: exactly one of `draft`, `ignored` and `dead` is set."""

    connector: str
    channel: str
    account: str
    source_id: str
    received_at: datetime
    visibility: Visibility = "private"
    media_type: str = "message/rfc822"
    draft: Draft | None = None
    ignored: str | None = None
    """The name of the rule by which it becomes no ticket."""
    dead: str | None = None
    """Why not even a stub could be made of it."""
    original: Content | None = None
    files: tuple[Content, ...] = ()
    """The content of `draft.files`, in their order."""
    targets: tuple[Target, ...] = ()


class Batch(Struct, frozen=True, kw_only=True):
    """What one call of `Intake.accept` brings: all of it and the cursor, or nothing."""

    connector: str
    arrivals: tuple[Arrival, ...]
    stream: str = ""
    cursor: Json | None = None


def milliseconds(moment: datetime) -> int:
    """The moment as the database keeps it."""
    return int(moment.timestamp() * 1000)


def moment(stored: int) -> datetime:
    """The moment that the database keeps as milliseconds."""
    return datetime.fromtimestamp(stored / 1000, UTC)
