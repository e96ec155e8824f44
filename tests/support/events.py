"""Events and deliveries for tests of what comes after the store."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

from model.event import Event
from model.ticket import Attachment, Channel, ConversationPart, Lane, Message, Requester, Ticket
from tests.support.memory import MemoryState

WHEN = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


def event(number: int, *, sequence: int = 1, lane: Lane = "normal", files: tuple[bytes, ...] = ()) -> Event:
    """An event that has a number for everything, with attachments of the given content."""
    id_ = str(uuid.UUID(int=number))
    ticket = Ticket(
        tracking_number=f"FN-0000-{number:04d}-0",
        conversation=ConversationPart(
            id="c", kind="new", sequence=sequence, visibility="private", transcript_url="http://127.0.0.1/t"
        ),
        channel=Channel(kind="email", connector="mail", account="support@example.com"),
        requester=Requester(id="r"),
        message=Message(id=id_, source_id=str(number), received_at=WHEN, text=f"text {number}\n第二行"),
        attachments=tuple(_attachment(content) for content in files),
    )
    return Event(
        id=id_,
        source="/fanin/mail",
        subject=ticket.tracking_number,
        time=WHEN,
        partitionkey="c",
        sequence=f"{sequence:010d}",
        lane=lane,
        traceparent="00-1-1-01",
        data=ticket,
    )


def _attachment(content: bytes) -> Attachment:
    sha256 = hashlib.sha256(content).hexdigest()
    return Attachment(
        id=sha256, filename="a", media_type="text/plain", size=len(content), sha256=sha256, url="http://127.0.0.1/a"
    )


class MemoryFiles:
    """Content by digest."""

    def __init__(self, *contents: bytes) -> None:
        self._contents = {hashlib.sha256(content).hexdigest(): content for content in contents}

    def iter_blob(self, sha256: str) -> Iterator[bytes]:
        """Yield the content in two pieces."""
        content = self._contents[sha256]
        yield content[: len(content) // 2]
        yield content[len(content) // 2 :]

    async def read_blob(self, sha256: str) -> AsyncIterator[bytes]:
        """The same."""
        for piece in self.iter_blob(sha256):
            yield piece


class MemoryPlace(MemoryFiles, MemoryState):
    """Content by digest, and what a helpdesk keeps until the test ends."""

    def __init__(self, *contents: bytes) -> None:
        MemoryFiles.__init__(self, *contents)
        MemoryState.__init__(self)
